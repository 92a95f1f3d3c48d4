//! Reads the sources of the kernel, of the plugins and of the tests: no file imports in a circle. A
//! module and the ones below it may know each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The code of a file: without comments, texts, and the tests at its end.
fn code(source: &str) -> String {
    let source = source.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
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

/// The modules that a module's code names, as paths from the crate's root.
fn imports(module: &str, code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(start) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            for path in paths(&code[at..]) {
                let mut full: Vec<&str> = module.split("::").collect();
                for segment in path.split("::") {
                    match segment {
                        "crate" => full.clear(),
                        "super" => drop(full.pop()),
                        "self" => {}
                        name => full.push(name),
                    }
                }
                found.push(full.join("::"));
            }
        }
    }
    found
}

/// The files below a directory as modules, tests aside.
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
                if !["lib", "main"].contains(&name) {
                    let source = fs::read_to_string(&path).unwrap();
                    modules.insert(name.to_string(), code(&source));
                }
            }
        }
    }
    modules
}

/// Which modules each module imports, its own parents and children aside.
fn edges(modules: &BTreeMap<String, String>) -> BTreeMap<&str, BTreeSet<&str>> {
    let known = |path: &str| {
        let mut path = path;
        loop {
            if let Some((name, _)) = modules.get_key_value(path) {
                return Some(name.as_str());
            }
            path = path.rsplit_once("::")?.0;
        }
    };
    let is_below = |one: &str, other: &str| {
        one == other || one.strip_prefix(other).is_some_and(|rest| rest.starts_with("::"))
    };
    modules
        .iter()
        .map(|(module, code)| {
            let others = imports(module, code);
            let others = others.iter().filter_map(|path| known(path));
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
        let found = of(&[("a", "use crate::b::Y;"), ("b", back), ("c", "")]);
        assert_eq!(found.as_deref(), Some("a → b → a"), "{back}");
    }
    let longer = [("a", "use super::b;"), ("b", "use super::c;"), ("c", "use super::a;")];
    assert_eq!(of(&longer).as_deref(), Some("a → b → c → a"));
    // Parent and child; a comment; a text; tests.
    assert_eq!(of(&[("a", "mod b; use b::X;"), ("a::b", "use super::Y;")]), None);
    for none in ["// use super::a;", "\"super::a\"", "#[cfg(test)]\nmod tests { use super::a; }"] {
        assert_eq!(of(&[("a", "use super::b;"), ("b", none)]), None, "{none}");
    }
}
