//! Files that scripts write, change and remove; the audit log.

use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::execute::ScriptError;
use crate::model::file_content::FileContent;

fn write(path: &str, content: &str, mode: u16) -> Program {
    Program::WriteFile { path: path.into(), content: literal(content), mode }
}

fn mode(bench: &Bench, path: &str) -> u32 {
    std::fs::metadata(bench.file(path)).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_file_is_written_whole_with_its_mode_and_parents() {
    let content = "line one\n'quoted' \"$HOME\" `id` \\ \n\nno newline at the end: ü";
    each_shell(|bench| {
        let outcome = bench.run(&trip(vec![
            step("plain", write("a/b c/file", content, 0o644)),
            step("empty", write("empty", "", 0o600)),
            step("secret", write("a/secret", "x", 0o640)),
        ]));
        assert_eq!(outcome.report.endings.values().filter(|ok| **ok).count(), 3, "{outcome:?}");
        assert_eq!(bench.text("a/b c/file").unwrap(), content);
        assert_eq!(bench.text("empty").unwrap(), "");
        assert_eq!(
            ["a/b c/file", "empty", "a/secret"].map(|p| mode(&bench, p)),
            [0o644, 0o600, 0o640]
        );
        let names: Vec<_> = std::fs::read_dir(bench.file("a")).unwrap().flatten().collect();
        assert_eq!(names.len(), 2, "no temporary file is left: {names:?}");
    });
}

#[test]
fn an_uploaded_file_arrives_byte_for_byte() {
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let upload = |path: &str, content: FileContent| {
        step(path, Program::Upload { path: path.into(), content, mode: 0o755 })
    };
    each_shell(|bench| {
        bench.run(&trip(vec![
            upload("db/etc/my.cnf", FileContent::new(bytes.clone())),
            upload("empty", FileContent::new(Vec::new())),
        ]));
        assert_eq!(std::fs::read(bench.file("db/etc/my.cnf")).unwrap(), bytes);
        assert_eq!(std::fs::read(bench.file("empty")).unwrap(), b"");
        assert_eq!(mode(&bench, "db/etc/my.cnf"), 0o755);
    });
}

#[test]
fn a_file_is_replaced_in_one_moment() {
    each_shell(|bench| {
        bench.put("file", "old");
        // A second name of the old file shows whether it was changed or replaced.
        std::fs::hard_link(bench.file("file"), bench.file("before")).unwrap();
        bench.run(&trip(vec![step("w", write("file", "new", 0o644))]));
        assert_eq!(bench.text("file").unwrap(), "new");
        assert_eq!(bench.text("before").unwrap(), "old");
    });
}

#[test]
fn a_file_that_cannot_be_written_fails_the_step_and_keeps_the_old_one() {
    each_shell(|bench| {
        bench.put("file", "old");
        bench.put("file.windlass-new/in-the-way", "");
        let outcome = bench.run(&trip(vec![
            step("w", write("file", "new", 0o644)).may_fail(),
            step("below", write("file/x", "new", 0o644)).may_fail(),
            does("next", "true"),
        ]));
        assert_eq!(bench.text("file").unwrap(), "old");
        assert!(!outcome.report.endings["w"] && !outcome.report.endings["below"]);
        assert_eq!(outcome.code("next"), Some(0));
    });
}

/// For an engine whose client reads these variables itself.
fn env_file(vars: Vec<EnvVar>) -> PlannedStep {
    let client_variables =
        ["PATH", "HOME", "DOCKER_*", "LD_*", "*_proxy"].map(String::from).to_vec();
    step("env", Program::WriteEnvFile { path: "env/web.env".into(), vars, client_variables })
}

#[test]
fn an_env_file_has_dockers_format_and_exact_values_beside_it() {
    each_shell(|mut bench| {
        bench.secrets.insert("KEY", "first\nsecond $x 'y'\n\n");
        let vars = || {
            vec![
                var("PLAIN", literal("a=b #c 'd' \"e\" $f \\ ü ")),
                var("EMPTY", literal("")),
                var("KEY", vec![Part::Secret("KEY".into())]),
                var("CR", literal("x\r")),
                var("WIDE", literal(&"w".repeat(70_000))),
            ]
        };
        let outcome = bench.run(&trip(vec![env_file(vars())]));
        assert_eq!(outcome.code("env"), Some(0), "{outcome:?}");
        let text = bench.text("env/web.env").unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..2], ["PLAIN=a=b #c 'd' \"e\" $f \\ ü ", "EMPTY="]);
        assert_eq!(lines[2..4], ["KEY=first\\nsecond $x 'y'\\n\\n", "CR=x\\r"]);
        assert_eq!(bench.text("env/web.env.d/KEY").unwrap(), "first\nsecond $x 'y'\n\n");
        assert_eq!(bench.text("env/web.env.d/CR").unwrap(), "x\r");
        assert_eq!(bench.text("env/web.env.d/WIDE").unwrap().len(), 70_000);
        assert!(!bench.file("env/web.env.d/PLAIN").exists());
        for path in ["env/web.env", "env/web.env.d/KEY"] {
            assert_eq!(mode(&bench, path), 0o600);
        }
        // What is not exact any more leaves.
        bench.run(&trip(vec![env_file(vec![var("KEY", literal("short"))])]));
        assert_eq!(bench.text("env/web.env").unwrap(), "KEY=short\n");
        assert!(!bench.file("env/web.env.d").exists());
        bench.run(&trip(vec![env_file(Vec::new())]));
        assert_eq!(bench.text("env/web.env").unwrap(), "\n");
    });
}

#[test]
fn what_no_environment_can_hold_is_refused_before_anything_runs() {
    let refused = |name: &str, value: &str| {
        let error = trip(vec![env_file(vec![var(name, literal(value))])])
            .script(MARK, &SecretStore::default())
            .err()
            .expect("it is refused");
        let ScriptError::Value { name: named, why } = &error else { panic!("{error}") };
        assert_eq!(named, name);
        assert!(value.is_empty() || !why.contains(value), "the value stays hidden");
        why.clone()
    };
    for name in ["", "A=B", "A\nB", "A\0", "#A"] {
        assert!(refused(name, "value").contains("no environment can hold"), "{name:?}");
    }
    assert!(refused("A", "sesame\0").contains("NUL"));
    assert!(refused("A", &"x".repeat(128 * 1024)).contains("128 KiB"));
    for name in ["PATH", "HOME", "DOCKER_HOST", "LD_PRELOAD", "https_proxy", "A.B", "1A"] {
        assert!(refused(name, "two\nlines").contains("give it another name"), "{name}");
    }
    // On one line those names are no problem.
    let fine = trip(vec![env_file(vec![var("PATH", literal("/bin")), var("A.B", literal("c"))])]);
    assert!(fine.script(MARK, &SecretStore::default()).is_ok());
}

#[test]
fn lines_are_appended_and_paths_removed() {
    let line = |text: &str| Program::AppendLine { path: "log/h i".into(), line: literal(text) };
    each_shell(|bench| {
        bench.put("d/below/file", "");
        let remove = |id: &str, path: &str| step(id, Program::RemoveFile { path: path.into() });
        let outcome = bench.run(&trip(vec![
            step("one", line("a\t$HOME")),
            step("two", line("b 'c'")),
            step("mkdir", Program::MakeDirectory { path: "-made/deep".into() }),
            remove("file", "log/none"),
            step("dir", Program::RemoveDirectory { path: "d".into() }),
            step("no-dir", Program::RemoveDirectory { path: "d".into() }),
            remove("not-a-file", "-made").may_fail(),
        ]));
        assert_eq!(bench.text("log/h i").unwrap(), "a\t$HOME\nb 'c'\n");
        assert!(bench.file("-made/deep").is_dir() && !bench.file("d").exists());
        assert_eq!(outcome.code("file"), Some(0));
        assert_eq!(outcome.code("no-dir"), Some(0));
        assert!(!outcome.report.endings["not-a-file"]);
    });
}

#[test]
fn directories_are_merged_without_replacing_anything() {
    let merge = |id: &str, from: &str, to: &str| {
        step(id, Program::MergeDirectory { from: from.into(), to: to.into() })
    };
    each_shell(|bench| {
        bench.put("new/deep/b", "new b");
        bench.put("new/.dot", "new dot");
        bench.put("new/a", "new a");
        bench.put("to/a", "old a");
        let outcome = bench.run(&trip(vec![
            merge("one", "new", "to"),
            merge("again", "new", "to"),
            merge("none", "not-there", "made/deep"),
        ]));
        for id in ["one", "again", "none"] {
            assert_eq!(outcome.code(id), Some(0), "{outcome:?}");
        }
        let texts = ["to/a", "to/deep/b", "to/.dot"].map(|path| bench.text(path).unwrap());
        assert_eq!(texts, ["old a", "new b", "new dot"]);
        assert!(bench.file("made/deep").is_dir(), "the directory is made");
    });
}

#[test]
fn the_audit_log_tells_who_did_what_when_a_step_begins() {
    each_shell(|bench| {
        let mut first = does("a", "exit 1").may_fail();
        first.spec.audit = Some("It's \"done\": $HOME `id` \\".into());
        first.spec.role = Some("web".into());
        let mut skipped = does("b", "true").when(failed("nobody"));
        skipped.spec.audit = Some("never".into());
        let mut last = does("c", "true");
        last.spec.audit = Some("last".into());
        let mut trip = trip(vec![first, skipped, last]);
        trip.audit.performer = "Jo 'X' Doe".into();
        trip.audit.destination = Some("staging".into());
        bench.run(&trip);
        let log = bench.text("audit.log").unwrap();
        let said: Vec<&str> = log.lines().map(|line| line.split_once("] ").unwrap().1).collect();
        assert_eq!(
            said,
            [
                "[Jo 'X' Doe] [staging] [web] It's \"done\": $HOME `id` \\",
                "[Jo 'X' Doe] [staging] last"
            ]
        );
        let time = &log[..23];
        assert!(
            time.starts_with("[20") && time.ends_with("Z] ") && time.as_bytes()[11] == b'T',
            "{time}"
        );
    });
}

#[test]
fn the_first_audit_line_of_a_host_makes_the_directory() {
    each_shell(|bench| {
        let mut first = does("a", "true");
        first.spec.audit = Some("first".into());
        let mut trip = trip(vec![first]);
        trip.audit.path = "run dir/deep/audit.log".into();
        let outcome = bench.run(&trip);
        assert_eq!(outcome.code("a"), Some(0));
        assert!(bench.text("run dir/deep/audit.log").unwrap().ends_with("[Jo] first\n"));
        assert!(outcome.printed("a").is_empty() && outcome.stray.is_empty(), "{outcome:?}");
    });
}

#[test]
fn an_audit_log_that_cannot_be_written_stops_nothing() {
    each_shell(|bench| {
        bench.put("audit.log/in-the-way", "");
        let mut first = does("a", "true");
        first.spec.audit = Some("x".into());
        assert_eq!(bench.run(&trip(vec![first])).code("a"), Some(0));
    });
}

#[test]
fn s8_a_strangers_step_follows_no_symbolic_link() {
    let path = || String::from(".kamal/data/x");
    let (root, dir) = (String::from(".kamal/data"), String::from(".kamal/data"));
    let programs = || {
        [
            write(&path(), "theirs", 0o600),
            Program::Upload { path: path(), content: FileContent::new(b"x".to_vec()), mode: 0o600 },
            Program::WriteEnvFile {
                path: path(),
                vars: vec![var("A", literal("1"))],
                client_variables: Vec::new(),
            },
            Program::AppendLine { path: path(), line: literal("theirs") },
            Program::MakeDirectory { path: path() },
            Program::RemoveFile { path: path() },
            Program::RemoveDirectory { path: path() },
            Program::MergeDirectory { from: "from".into(), to: path() },
        ]
    };
    each_shell(|bench| {
        bench.put("etc/x", "ours");
        bench.put("from/new", "theirs");
        // Above what is checked a link is the user's own.
        std::fs::create_dir_all(bench.file("disk/kamal")).unwrap();
        std::os::unix::fs::symlink("disk/kamal", bench.file(".kamal")).unwrap();
        let confined = |id: &str, program: Program| {
            let mut step = step(id, program);
            step.unlinked = vec![root.clone(), path(), format!("{}.windlass-new", path())];
            step
        };
        let outside = || std::fs::read_dir(bench.file("etc")).unwrap().count();
        let refused = |what: &str| {
            for program in programs() {
                let shown = format!("{what}: {program:?}");
                let mut undone = confined("undone", shell("true")).back(program.clone());
                undone.spec.may_fail = true;
                let outcome = bench.run(&trip(vec![undone, does("fail", "exit 1")]));
                assert_eq!(outcome.code("undone"), Some(73), "{shown}");
                assert!(outcome.report.undone.iter().all(|(_, ok)| !ok), "{shown}");
                let outcome = bench.run(&trip(vec![confined("a", program)]));
                assert_eq!(outcome.code("a"), Some(73), "{shown}");
                assert!(outcome.printed("a").contains("is a symbolic link"), "{outcome:?}");
                assert_eq!(bench.text("etc/x").as_deref(), Some("ours"), "{shown}");
                assert_eq!(outside(), 1, "{shown}");
            }
        };
        std::os::unix::fs::symlink("../../etc", bench.file(&dir)).unwrap();
        refused("the directory");
        std::fs::remove_file(bench.file(&dir)).unwrap();
        std::fs::create_dir(bench.file(&dir)).unwrap();
        std::os::unix::fs::symlink("../../../etc/x", bench.file(&path())).unwrap();
        refused("the file");
        std::fs::remove_file(bench.file(&path())).unwrap();
        let temporary = bench.file(&format!("{}.windlass-new", path()));
        std::os::unix::fs::symlink("../../../etc/y", &temporary).unwrap();
        refused("the temporary file");
        std::fs::remove_file(temporary).unwrap();
        assert_eq!(
            bench.run(&trip(vec![confined("a", write(&path(), "theirs", 0o600))])).code("a"),
            Some(0)
        );
        assert_eq!(bench.text(".kamal/data/x").as_deref(), Some("theirs"));
    });
}
