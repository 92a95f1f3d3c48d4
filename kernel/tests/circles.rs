//! Reads the sources of the kernel, of the plugins and of the tests: no file imports in a circle. A
//! module and the ones below it may know each other. What a module imports only to hand it on
//! belongs to the file that defines it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The code of a file: without comments, texts, and the tests at its end.
fn code(source: &str) -> String {
    let mut tests = source.match_indices("#[cfg(test)]\nmod ").map(|(at, _)| at);
    let is_inline =
        |at: &usize| source[*at..].lines().nth(1).is_some_and(|mod_| mod_.contains('{'));
    let source = &source[..tests.find(is_inline).unwrap_or(source.len())];
    let mut code = String::new();
    for line in source.lines() {
        for (n, part) in line.split("//").next().unwrap_or_default().split('"').enumerate() {
            code.push_str(if n % 2 == 0 { part } else { "\"\"" });
        }
        code.push(' ');
    }
    code
}

/// `a::{b, c::{d, e}}` as `a::b`, `a::c::d`, `a::c::e`. The text may go on behind the path.
fn paths(text: &str) -> Vec<String> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let word: String = text.chars().take_while(|c| is_word(*c)).collect();
    let rest = &text[word.len()..];
    let Some(rest) = rest.trim_start().strip_prefix("::").map(str::trim_start) else {
        return vec![word];
    };
    let below = match rest.strip_prefix('{') {
        None => paths(rest),
        Some(group) => {
            let (mut level, mut start, mut found) = (0, 0, Vec::new());
            for (at, c) in group.char_indices() {
                match c {
                    '{' => level += 1,
                    '}' if level > 0 => level -= 1,
                    ',' | '}' if level == 0 => {
                        found.extend(paths(group[start..at].trim()));
                        start = at + 1;
                        if c == '}' {
                            break;
                        }
                    }
                    _ => {}
                }
            }
            found
        }
    };
    below.into_iter().map(|path| format!("{word}::{path}")).collect()
}

/// A path that a module writes, from the crate's root.
fn full(module: &str, path: &str) -> String {
    let mut full: Vec<&str> = module.split("::").filter(|name| !name.is_empty()).collect();
    for segment in path.split("::") {
        match segment {
            "crate" => full.clear(),
            "super" => drop(full.pop()),
            "self" => {}
            name => full.push(name),
        }
    }
    full.join("::")
}

/// The modules that a module's code names, as paths from the crate's root.
fn imports(module: &str, code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(start) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            found.extend(paths(&code[at..]).iter().map(|path| full(module, path)));
        }
    }
    found
}

/// The names that modules import, by which the modules below them and, of `pub use`, all others
/// can name what is defined elsewhere; and where each leads.
fn handed_on(modules: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for (module, code) in modules {
        for (at, _) in code.match_indices("use ") {
            let is_word = code[..at].chars().next_back().is_some_and(|c| !c.is_whitespace());
            let imported = if is_word { Vec::new() } else { paths(&code[at + "use ".len()..]) };
            for path in imported {
                let name = path.rsplit("::").next().unwrap_or_default();
                let (name, leads_to) = (full(module, name), full(module, &path));
                // Else it begins with the name of another crate.
                let first = full(module, path.split("::").next().unwrap_or_default());
                if modules.contains_key(&first) && name != leads_to {
                    names.insert(name, leads_to);
                }
            }
        }
    }
    names
}

/// The files below a directory as modules, tests aside; the crate's root has an empty name.
fn modules(src: &Path) -> BTreeMap<String, String> {
    let mut modules = BTreeMap::new();
    let mut open: Vec<PathBuf> = vec![src.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let inside = path.strip_prefix(src).unwrap().with_extension("");
            let parts: Vec<&str> = inside.iter().map(|part| part.to_str().unwrap()).collect();
            if parts.iter().any(|part| part.contains("tests") || *part == "fixture") {
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                let name = parts.join("::");
                let name = name.strip_suffix("::mod").unwrap_or(&name);
                if name != "main" {
                    let source = fs::read_to_string(&path).unwrap();
                    let name = if name == "lib" { "" } else { name };
                    modules.insert(name.to_string(), code(&source));
                }
            }
        }
    }
    modules
}

/// The file that a path leads to.
fn home<'a>(
    path: &str,
    modules: &'a BTreeMap<String, String>,
    handed_on: &BTreeMap<String, String>,
) -> Option<&'a str> {
    let (mut path, mut steps) = (path.to_string(), 0);
    let mut end = path.len();
    loop {
        if let Some((name, _)) = modules.get_key_value(&path[..end]) {
            return Some(name.as_str());
        }
        end = match handed_on.get(&path[..end]) {
            Some(leads_to) if steps < 9 => {
                (path, steps) = (format!("{leads_to}{}", &path[end..]), steps + 1);
                path.len()
            }
            _ => path[..end].rfind("::")?,
        };
    }
}

/// Which modules each module imports, its own parents and children aside.
fn edges(modules: &BTreeMap<String, String>) -> BTreeMap<&str, BTreeSet<&str>> {
    let handed_on = handed_on(modules);
    let is_below = |one: &str, other: &str| {
        other.is_empty()
            || one.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    modules
        .iter()
        .map(|(module, code)| {
            let others = imports(module, code);
            let others = others.iter().filter_map(|path| home(path, modules, &handed_on));
            let others =
                others.filter(|other| !is_below(module, other) && !is_below(other, module));
            (module.as_str(), others.collect())
        })
        .collect()
}

/// One way from a module back to itself, if there is any.
fn circle(modules: &BTreeMap<String, String>) -> Option<String> {
    let edges = edges(modules);
    for start in edges.keys() {
        let mut ways: Vec<Vec<&str>> = vec![vec![start]];
        let mut seen = BTreeSet::new();
        while let Some(way) = ways.pop() {
            for next in &edges[way[way.len() - 1]] {
                if next == start {
                    return Some([&way[..], &[start]].concat().join(" → "));
                }
                if seen.insert(*next) {
                    ways.push([&way[..], &[next]].concat());
                }
            }
        }
    }
    None
}

/// Where the crates have their sources: the kernel, the tests, and every plugin.
fn sources(workspace: &Path) -> Vec<PathBuf> {
    let mut crates = vec![workspace.join("kernel"), workspace.join("tests")];
    for plugins in ["plugins", "tests/plugins"] {
        let found = fs::read_dir(workspace.join(plugins)).unwrap();
        crates.extend(found.map(|entry| entry.unwrap().path()));
    }
    let sources = crates.into_iter().map(|root| root.join("src"));
    sources.filter(|src| src.is_dir()).collect()
}

#[test]
fn no_file_imports_in_a_circle() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut read = 0;
    for src in sources(&workspace) {
        let modules = modules(&src);
        read += modules.len();
        assert_eq!(circle(&modules), None, "in {}", src.display());
    }
    assert!(read > 250, "the sources were read");
}

#[test]
fn a_circle_is_found_however_it_is_written() {
    let of = |pairs: &[(&str, &str)]| {
        circle(&pairs.iter().map(|(name, text)| (name.to_string(), code(text))).collect())
    };
    for back in ["use crate::a::X;", "use super::{c, a::{X, Y}};", "fn f() -> super::a::X { }"] {
        let found = of(&[("a", "use crate::b::Z;"), ("b", back), ("c", "")]);
        assert_eq!(found.as_deref(), Some("a → b → a"), "{back}");
    }
    let longer = [("a", "use super::b;"), ("b", "use super::c;"), ("c", "use super::a;")];
    assert_eq!(of(&longer).as_deref(), Some("a → b → c → a"));
    // By a name that another module hands on, and by one that two do.
    let parent = ("p", "mod a; mod b; pub use a::X; pub(crate) use b::{Y, Z};");
    for (there, back) in [("Y", "super::X"), ("{Q, Y}", "super::X::V"), ("Z", "crate::X")] {
        let (there, back) = (format!("use super::{there};"), format!("use {back};"));
        let found = of(&[("", "use p::X;"), parent, ("p::a", &there), ("p::b", &back)]);
        assert_eq!(found.as_deref(), Some("p::a → p::b → p::a"), "{there} {back}");
    }
    // Behind tests that lie in a file of their own.
    let tests = "#[cfg(test)]\nmod tests;\nuse super::a;";
    assert!(of(&[("a", "use super::b;"), ("b", tests)]).is_some());
    // Parent and child; a comment; a text; tests.
    assert_eq!(of(&[("a", "mod b; use b::X;"), ("a::b", "use super::Y;")]), None);
    for none in ["// use super::a;", "\"super::a\"", "#[cfg(test)]\nmod tests { use super::a; }"] {
        assert_eq!(of(&[("a", "use super::b;"), ("b", none)]), None, "{none}");
    }
}
