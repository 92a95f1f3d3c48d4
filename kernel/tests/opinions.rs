//! The kernel has no opinions about engines, proxies or other tools: its sources name them only
//! where this list says so.

use std::fs;
use std::path::{Path, PathBuf};

/// Words that belong to plugins.
const WORDS: [&str; 4] = ["traefik", "docker", "caddy", "kamal"];

/// Where a word may stand: the file, a part of the line, and why.
const ALLOWED: [(&str, &str, &str); 5] = [
    ("cli/args.rs", "over SSH and Docker", "the program's own description"),
    ("", "KAMAL_", "names of variables that users' hooks and files already have"),
    ("", ".kamal", "directories that users and hosts already have"),
    ("config/project.rs", "Kamal", "the file is Kamal's, and says which one it needs"),
    ("config/project.rs", "KAMAL", "the version of Kamal whose file is read"),
];

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.contains("tests") || name == "fixture.rs" || name == "snapshots" {
            continue;
        }
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn the_kernel_names_no_tool_of_a_plugin() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let (mut found, mut used) = (Vec::new(), [false; ALLOWED.len()]);
    for path in files {
        let inside = path.strip_prefix(&src).unwrap().display().to_string();
        let text = fs::read_to_string(&path).unwrap();
        let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        for (number, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("//") {
                continue;
            }
            let mut rest = line.to_string();
            for (n, (file, part, _)) in ALLOWED.iter().enumerate() {
                if (file.is_empty() || *file == inside) && rest.contains(part) {
                    used[n] = true;
                    rest = rest.replace(part, "");
                }
            }
            let rest = rest.to_lowercase();
            if let Some(word) = WORDS.iter().find(|word| rest.contains(*word)) {
                found.push(format!("{inside}:{}: {word}: {}", number + 1, line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
    for (allowed, used) in ALLOWED.iter().zip(used) {
        assert!(used, "nothing needs {allowed:?} any more");
    }
}
