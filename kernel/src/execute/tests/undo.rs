//! Taking back, in the same script.

use super::*;

fn log(id: &str, code: i32) -> PlannedStep {
    does(id, &format!("echo {id} >>log; exit {code}")).back(shell(&format!("echo -{id} >>log")))
}

#[test]
fn a_failure_takes_back_what_was_begun_last_first() {
    each_shell(|bench| {
        let outcome = bench.run(&trip(vec![
            log("a", 0),
            does("b", "echo b >>log"),
            log("c", 0),
            log("half", 1),
            log("never", 0),
            does("why", "echo why >>log").when(failed("half")),
        ]));
        assert_eq!(bench.text("log").unwrap(), "a\nb\nc\nhalf\nwhy\n-half\n-c\n-a\n");
        assert_eq!(outcome.undone(), ["half", "c", "a"]);
    });
}

#[test]
fn nothing_is_taken_back_without_a_failure_or_when_the_trip_must_not() {
    each_shell(|bench| {
        let outcome = bench.run(&trip(vec![log("a", 0), log("b", 4).may_fail()]));
        assert_eq!(bench.text("log").unwrap(), "a\nb\n");
        assert!(outcome.report.undone.is_empty());

        let finishing = Trip { undo: false, ..trip(vec![log("c", 0), log("d", 1)]) };
        let outcome = bench.run(&finishing);
        assert_eq!(bench.text("log").unwrap(), "a\nb\nc\nd\n");
        assert!(outcome.report.undone.is_empty() && outcome.report.done);
    });
}

#[test]
fn an_undo_that_fails_is_told_and_the_rest_goes_on() {
    each_shell(|bench| {
        let stubborn = does("stubborn", "echo s >>log").back(shell("echo cannot; exit 1"));
        let outcome = bench.run(&trip(vec![log("a", 0), stubborn, log("bad", 1)]));
        assert_eq!(bench.text("log").unwrap(), "a\ns\nbad\n-bad\n-a\n");
        let told: Vec<(&str, bool)> =
            outcome.report.undone.iter().map(|(id, ok)| (id.as_str(), *ok)).collect();
        assert_eq!(told, [("bad", true), ("stubborn", false), ("a", true)]);
        assert!(outcome.printed("stubborn").contains("cannot"));
    });
}

#[test]
fn an_undo_may_use_what_steps_yielded() {
    each_shell(|bench| {
        let id = "0123456789abcdef";
        let run = does("run", &format!("echo {id}")).yields(OutputKind::ContainerId);
        let mut remove = process(&["sh", "-c", "printf %s \"$1\" >removed", "sh"]);
        remove.argv.push(vec![output("run", OutputKind::ContainerId)]);
        let outcome = bench.run(&trip(vec![run.back(processes(vec![remove])), log("bad", 1)]));
        assert_eq!(outcome.undone(), ["bad", "run"]);
        assert_eq!(bench.text("removed").unwrap(), id);
    });
}

#[test]
fn a_refused_output_counts_as_half_done() {
    each_shell(|bench| {
        let run = does("run", "echo not-an-id").yields(OutputKind::ContainerId);
        let outcome = bench.run(&trip(vec![run.back(shell("echo back >>log"))]));
        assert_eq!(outcome.code("run"), Some(65));
        assert_eq!(bench.text("log").unwrap(), "back\n");
        assert!(outcome.printed("run").contains("unexpected output: not-an-id"));
    });
}

#[test]
fn files_and_directories_are_taken_back() {
    each_shell(|bench| {
        bench.put("old/cord", "");
        let write =
            |path: &str| Program::WriteFile { path: path.into(), content: Vec::new(), mode: 0o644 };
        let outcome = bench.run(&trip(vec![
            step("tie", write("new/cord")).back(Program::RemoveDirectory { path: "new".into() }),
            step("cut", Program::RemoveFile { path: "old/cord".into() }).back(write("old/cord")),
            does("bad", "test -e new/cord && ! test -e old/cord && exit 1"),
        ]));
        assert_eq!(outcome.undone(), ["cut", "tie"]);
        assert!(bench.file("old/cord").exists() && !bench.file("new").exists());
    });
}

/// Kamal leaves a failed container running if its log cannot be read.
#[test]
fn an_explanation_that_fails_stops_no_undo() {
    each_shell(|bench| {
        let why = does("why", "echo why >>log; exit 3").when(failed("bad"));
        let outcome = bench.run(&trip(vec![log("a", 0), log("bad", 1), why]));
        assert_eq!(bench.text("log").unwrap(), "a\nbad\nwhy\n-bad\n-a\n");
        assert_eq!(outcome.undone(), ["bad", "a"]);
    });
}
