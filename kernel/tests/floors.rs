//! Reads the kernel's sources: imports run downward only, and rooms of one floor do not see
//! each other. The floors are those of the table in `lib.rs`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Floors by room, from the rows of the table: `//! | 5 | [`cli`] | …`.
fn floors(lib: &str) -> BTreeMap<String, u8> {
    let row = |line: &str| {
        let mut cells = line.strip_prefix("//! |")?.split('|').map(str::trim);
        let floor = cells.next()?.parse().ok()?;
        let room = cells.next()?.strip_prefix("[`")?.strip_suffix("`]")?;
        Some((room.to_string(), floor))
    };
    lib.lines().filter_map(row).collect()
}

/// The source without comments and texts, which may say what they like.
fn code(source: &str) -> String {
    let mut code = String::new();
    for line in source.lines() {
        let line = line.split("//").next().unwrap_or_default();
        for (n, part) in line.split('"').enumerate() {
            code.push_str(if n % 2 == 0 { part } else { "\"\"" });
        }
        code.push('\n');
    }
    code
}

/// The first names of what follows `crate::`, or as many `super::` as lead out of the room.
fn names(source: &str, depth: usize) -> Vec<String> {
    let code = code(source);
    let out = "super::".repeat(depth);
    let mut names = Vec::new();
    for prefix in ["crate::", out.as_str()] {
        for (at, _) in code.match_indices(prefix) {
            // The end of a longer name: `my_crate::`, or one more `super::`.
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            names.extend(first_names(&code[at + prefix.len()..]));
        }
    }
    names
}

/// `a::b` is about `a`; `{a, b::{c, d}, e as f}` about `a`, `b` and `e`.
fn first_names(path: &str) -> Vec<String> {
    let word = |text: &str| {
        let text = text.trim_start();
        text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>()
    };
    let Some(group) = path.strip_prefix('{') else { return vec![word(path)] };
    let (mut level, mut start, mut names) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => level += 1,
            '}' if level == 0 => {
                names.push(word(&group[start..at]));
                break;
            }
            '}' => level -= 1,
            ',' if level == 0 => {
                names.push(word(&group[start..at]));
                start = at + 1;
            }
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// The rooms that a file of a room must not know, and does.
fn violations(
    room: &str,
    source: &str,
    depth: usize,
    floors: &BTreeMap<String, u8>,
) -> Vec<String> {
    let own = floors[room];
    let is_wrong = |name: &String| name != room && floors.get(name).is_some_and(|f| *f >= own);
    names(source, depth)
        .into_iter()
        .filter(is_wrong)
        .map(|name| {
            let how = if floors[&name] == own { "a sibling" } else { "upward" };
            format!("`{room}` (floor {own}) imports `{name}` (floor {}): {how}", floors[&name])
        })
        .collect()
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            files.push(path);
        }
    }
    files
}

#[test]
fn imports_run_downward() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let lib = fs::read_to_string(src.join("lib.rs")).unwrap();
    let floors = floors(&lib);
    let mut found = Vec::new();
    let mut read = 0;
    for path in rust_files(&src) {
        let inside = path.strip_prefix(&src).unwrap();
        let parts: Vec<&str> = inside.iter().map(|part| part.to_str().unwrap()).collect();
        let [room, .., file] = parts[..] else { continue };
        let depth = if file == "mod.rs" { parts.len() - 1 } else { parts.len() };
        let source = fs::read_to_string(&path).unwrap();
        let wrong = violations(room, &source, depth, &floors);
        found.extend(wrong.into_iter().map(|what| format!("{}: {what}", inside.display())));
        read += 1;
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
    assert!(read > 50, "the sources were read");
}

#[test]
fn every_room_stands_in_the_table() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let lib = fs::read_to_string(src.join("lib.rs")).unwrap();
    let mut rooms: Vec<String> = fs::read_dir(&src)
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().path().is_dir())
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    rooms.sort();
    assert_eq!(floors(&lib).into_keys().collect::<Vec<_>>(), rooms);
    let others: Vec<String> = fs::read_dir(&src)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".rs") && !["lib.rs", "main.rs"].contains(&name.as_str()))
        .collect();
    assert!(others.is_empty(), "files outside of all rooms: {others:?}");
}

#[test]
fn an_import_in_the_wrong_direction_is_found() {
    let floors =
        floors("//! | 2 | [`top`] | x |\n//! | 1 | [`left`] | x |\n//! | 1 | [`right`] | x |");
    let wrong = |source: &str, depth| violations("left", source, depth, &floors).len();
    for bad in [
        "use crate::top::X;",
        "use crate::right;",
        "use crate::{left::{a, b}, right::c};",
        "use crate::{\n    left::a,\n    top,\n};",
        "fn f() -> crate::top::Y { crate::top::Y }",
        "pub(crate) use crate::right as other;",
        "use super::super::top::X;",
    ] {
        assert!(wrong(bad, 2) > 0, "{bad}");
    }
    assert_eq!(wrong("use super::right::X;", 1), 1);
    for good in [
        "use crate::left::top::X;",
        "// use crate::top;",
        "let text = \"crate::top\";",
        "use other_crate::top;",
        "use super::right::X;",
        "use super::super::super::top;",
    ] {
        assert_eq!(wrong(good, 2), 0, "{good}");
    }
    assert_eq!(violations("top", "use crate::{left, right};", 2, &floors), Vec::<String>::new());
}
