//! Which names are fit for what: step ids, exported variables.

use crate::texts::is_name;

/// A part of a step id made from any name, one to one: what an id may not hold stands as
/// `.` and two hexadecimal digits per byte.
pub fn id_part(name: &str) -> String {
    name.bytes().fold(String::new(), |mut id, byte| {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => id.push(byte as char),
            _ => id.push_str(&format!(".{byte:02x}")),
        }
        id
    })
}

/// Variables that a shell, the client of a container engine or what loads it reads itself; `*`
/// stands for any text.
pub const CLIENT_VARIABLES: [&str; 29] = [
    "PATH",
    "HOME",
    "IFS",
    "PWD",
    "OLDPWD",
    "ENV",
    "PS4",
    "PPID",
    "UID",
    "EUID",
    "SHELLOPTS",
    "BASHOPTS",
    "BASH_ENV",
    "TMPDIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "GODEBUG",
    "GOTRACEBACK",
    "GOGC",
    "GOMAXPROCS",
    "GOMEMLIMIT",
    "*_PROXY",
    "DOCKER_*",
    "BUILDKIT_*",
    "BUILDX_*",
    "CONTAINER_*",
    "CONTAINERS_*",
    "LD_*",
    "XDG_*",
];

/// True if the variable may be exported around the client of a container engine: a shell
/// accepts the name, and neither the shell nor the client changes its ways by it, however the
/// name is written.
pub fn is_exportable(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let is_read = |pattern: &&str| match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), _) => upper.ends_with(end),
        (None, Some(start)) => upper.starts_with(start),
        (None, None) => upper == **pattern,
    };
    is_name(name) && !CLIENT_VARIABLES.iter().any(is_read)
}

/// The name that was probably meant: the nearest of the known ones, if it is near enough.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let near = |candidate: &&str| {
        let distance = distance(&name.to_lowercase(), &candidate.to_lowercase());
        (distance <= 1.max(candidate.chars().count() / 3)).then_some(distance)
    };
    let best = known.iter().filter(|candidate| near(candidate).is_some());
    best.min_by_key(|candidate| near(candidate)).copied()
}

/// How many letters must be added, left out or changed (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, r) in right.iter().enumerate() {
            let changed = diagonal + usize::from(l != *r);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[right.len()]
}

/// True if a secret can have this name: letters and digits of ASCII, `_`, `.` and `-`, which every
/// file of secrets can hold.
pub fn is_secret_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}

/// `first` for 0.
pub fn ordinal(index: usize) -> String {
    const WORDS: [&str; 10] = [
        "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
        "tenth",
    ];
    match WORDS.get(index) {
        Some(word) => (*word).to_string(),
        None => {
            let number = index + 1;
            let ending = match (number % 100, number % 10) {
                (11..=13, _) => "th",
                (_, 1) => "st",
                (_, 2) => "nd",
                (_, 3) => "rd",
                _ => "th",
            };
            format!("{number}{ending}")
        }
    }
}

/// Names in a sentence: `a, b and c`.
pub fn enumerate(names: &[&str]) -> String {
    match names {
        [] => "none".to_string(),
        [one] => (*one).to_string(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_stay_apart() {
        assert_eq!(id_part("web-1_a"), "web-1_a");
        assert_eq!(id_part("Web.é"), ".57eb.2e.c3.a9");
    }

    #[test]
    fn what_the_client_reads_is_not_exported() {
        for name in ["DATABASE_URL", "GOOGLE_KEY", "RAILS_MASTER_KEY", "_x"] {
            assert!(is_exportable(name), "{name}");
        }
        for name in ["PATH", "DOCKER_HOST", "https_proxy", "LD_PRELOAD", "GODEBUG", "a-b", "1A", ""]
        {
            assert!(!is_exportable(name), "{name}");
        }
    }

    #[test]
    fn typing_errors_are_near() {
        assert_eq!(nearest("worker", &["web", "workers"]), Some("workers"));
        assert_eq!(nearest("WBE", &["web", "workers"]), None);
        assert_eq!(nearest("wb", &["web"]), Some("web"));
        assert_eq!(nearest("mysql", &["redis"]), None);
        assert_eq!(enumerate(&["a", "b", "c"]), "a, b and c");
        assert_eq!(
            [0, 9, 10, 20, 21, 110].map(ordinal).join(" "),
            "first tenth 11th 21st 22nd 111th"
        );
    }
}
