//! The names in an env file, which leave the host without the values.

use super::*;
use crate::execute::observe::{Answers, Ask, Reply, script};
use crate::model::paths::Paths;
use crate::ssh::frame::{Frame, preamble};

/// Asks for the names in a file, and gives all that was said, too.
fn names(bench: &Bench, path: &str) -> (Option<Reply>, String) {
    let paths = Paths::new(".kamal", "shop", None);
    let asked = script(&[Ask::EnvNames(path.into())], &paths);
    let mut child = bench.spawn();
    send(&mut child, &format!("{}{asked}exit\n}}\n", preamble(MARK)));
    let output = child.wait_with_output().unwrap();
    let mut answers = Answers::default();
    for frame in Frames::new(MARK).read(&Chunk::Stdout(output.stdout.clone())) {
        if let Frame::Event(words) = frame {
            answers.take(&words);
        }
    }
    let said = [output.stdout, output.stderr].concat();
    (answers.replies.remove(&0), String::from_utf8(said).unwrap())
}

fn found(names: &[&str]) -> Option<Reply> {
    Some(Reply::EnvNames(Some(names.iter().map(ToString::to_string).collect())))
}

#[test]
fn names_are_told_and_values_are_not() {
    each_shell(|bench| {
        let file = "B=pearl\nA=p=earl\n# C=pearl\n  D.d-1=\nnopearl\npearl+/==\nE F=pearl\n\nB=pearl\nZ=pearl";
        bench.put("it's here/web.env", file);
        let (reply, said) = names(&bench, "it's here/web.env");
        assert_eq!(reply, found(&["A", "B", "D.d-1", "Z"]));
        assert!(!said.contains("pearl"), "{said}");
    });
}

#[test]
fn an_empty_file_is_not_a_missing_one() {
    each_shell(|bench| {
        bench.put("empty.env", "\n");
        assert_eq!(names(&bench, "empty.env").0, found(&[]));
        assert_eq!(names(&bench, "none.env").0, Some(Reply::EnvNames(None)));
    });
}
