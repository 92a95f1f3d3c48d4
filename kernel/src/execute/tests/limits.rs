//! Time limits: of a command, of a wait, of a whole script.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

/// What `timeout` says.
const OUT_OF_TIME: Option<i32> = Some(124);

#[test]
fn a_command_that_takes_too_long_is_ended_and_taken_back() {
    each_shell(|bench| {
        let endless = does("endless", "echo started >>log; exec sleep 300").limit(900);
        let outcome = bench.run(&trip(vec![
            endless.back(shell("echo back >>log")),
            does("next", "echo next >>log"),
        ]));
        assert_eq!(outcome.code("endless"), OUT_OF_TIME);
        assert_eq!(bench.text("log").unwrap(), "started\nback\n");
    });
}

#[test]
fn the_limit_holds_with_an_environment_and_a_stdin() {
    each_shell(|bench| {
        let mut process = process(&["sleep", "300"]);
        process.env = vec![var("K", literal("echo never"))];
        process.stdin = Some(literal("x"));
        let outcome = bench.run(&trip(vec![step("a", processes(vec![process])).limit(500)]));
        assert_eq!(outcome.code("a"), OUT_OF_TIME);
    });
}

#[test]
fn waits_say_what_they_saw_last() {
    each_shell(|bench| {
        let watch = waits::watch("echo starting 3 of 9", &["healthy"], &["gone"], &[]);
        let until = Program::Until(process(&["sh", "-c", "exit 5"]));
        let outcome = bench.run(&trip(vec![
            step("watch", watch).limit(300).may_fail(),
            step("until", until).limit(300).may_fail(),
        ]));
        assert_eq!((outcome.code("watch"), outcome.code("until")), (OUT_OF_TIME, OUT_OF_TIME));
        assert!(outcome.printed("watch").contains("last answer: starting 3 of 9"));
        assert!(outcome.printed("until").contains("code 5"));
    });
}

#[test]
fn a_delay_is_as_long_as_configured() {
    each_shell(|bench| {
        let outcome = bench.run(&trip(vec![step("delay", Program::Delay { ms: 1_050 })]));
        assert_eq!(outcome.code("delay"), Some(0));
    });
}

#[test]
fn a_script_past_its_own_deadline_begins_nothing_more() {
    each_shell(|bench| {
        let trip = a_then_b("echo a >>log");
        // As after a clock that ran on while the host was busy elsewhere.
        let text =
            bench.script(&trip).text.replace("up; B=$U; [ $U", "E=$((E-9000)); up; B=$U; [ $U");
        let outcome = bench.run_text(&trip, &text);
        assert_eq!(outcome.begun, ["a"]);
        assert_eq!(bench.text("log").unwrap(), "a\n-a\n");
        assert!(outcome.report.done && outcome.report.interrupted(&trip.steps));
    });
}

/// A `timeout` that ends what it was given with this code.
fn killing(bench: &mut Bench, code: i32, after: &str) {
    let path = bench.file("bin/timeout");
    // The preamble looks for it with `true`.
    let text = format!(
        "#!/bin/sh\ncase $* in *true) exit 0;; *work) sleep {after}; exit {code};; esac\n\
         while [ \"$1\" != sh ]; do shift; done\nexec \"$@\"\n"
    );
    bench.put("bin/timeout", text);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let rest = std::env::var("PATH").unwrap_or_default();
    bench.path = Some(format!("{}:{rest}", bench.file("bin").display()));
}

#[test]
fn a_time_out_is_one_whatever_the_code_of_what_was_killed() {
    // As the tool ends what does not end when asked to, and as busybox's tool does.
    for code in [137, 143] {
        for (after, told) in [("1.1", 124), ("0.1", code)] {
            let mut bench = Bench::new(SHELLS[0]);
            killing(&mut bench, code, after);
            let work = step("work", processes(vec![process(&["work"])])).limit(1_000);
            assert_eq!(bench.run(&trip(vec![work])).code("work"), Some(told), "{code} {after}");
        }
    }
}

/// A step that leaves something behind unless it is ended.
fn leaving(id: &str, commands: &str) -> PlannedStep {
    let mut step = does(id, commands);
    if let Program::Processes { abort, .. } = &mut step.program {
        *abort = vec![
            process(&["sh", "-c", "echo ended >>log; exit 3"]),
            process(&["sh", "-c", "echo and more >>log"]),
        ];
    }
    step
}

#[test]
fn the_end_of_a_step_out_of_time_is_the_end_of_what_it_left() {
    each_shell(|bench| {
        let slow = leaving("slow", "exec sleep 300").limit(900).back(shell("echo back >>log"));
        let outcome = bench.run(&trip(vec![slow]));
        assert_eq!(outcome.code("slow"), OUT_OF_TIME);
        // All of it, before anything is taken back.
        assert_eq!(bench.text("log").unwrap(), "ended\nand more\nback\n");
        assert!(outcome.printed("slow").contains("could not be ended"), "{outcome:?}");
    });
}

#[test]
fn what_ended_by_itself_is_not_ended_again() {
    each_shell(|bench| {
        let steps = vec![leaving("good", "true"), leaving("bad", "exit 1")];
        let outcome = bench.run(&trip(steps));
        assert_eq!((outcome.code("good"), outcome.code("bad")), (Some(0), Some(1)));
        assert_eq!(bench.text("log"), None);
    });
}

#[test]
fn what_a_step_left_is_ended_when_it_is_interrupted() {
    each_shell(|bench| {
        // What whoever raises the fence sends to the group.
        let cut = leaving("cut", "kill -TERM 0; exec sleep 300");
        bench.run(&trip(vec![cut]));
        assert_eq!(bench.text("log").unwrap(), "ended\nand more\n");
    });
}
