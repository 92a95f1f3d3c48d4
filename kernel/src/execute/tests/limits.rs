//! Time limits: of a command, of a wait, of a whole script.

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
        let trip = trip(vec![
            does("a", "echo a >>log").back(shell("echo -a >>log")),
            does("b", "echo b >>log"),
        ]);
        // As after a clock that ran on while the host was busy elsewhere.
        let text = bench
            .script(&trip)
            .text
            .replace("up; [ $U -lt $E ]", "E=$((E-9000)); up; [ $U -lt $E ]");
        let outcome = bench.run_text(&trip, &text);
        assert_eq!(outcome.begun, ["a"]);
        assert_eq!(bench.text("log").unwrap(), "a\n-a\n");
        assert!(outcome.report.done && outcome.report.interrupted(&trip.steps));
    });
}
