//! Which steps run: order, conditions, blocks, what earlier trips left.

use std::collections::BTreeMap;

use super::*;
use crate::execute::script::command_line;
use crate::model::wit::{Action, ContainerAction, LogOptions, LogSearch};

/// A step that adds its id to a file, then ends with a code.
fn log(id: &str, code: i32) -> PlannedStep {
    does(id, &format!("echo {id} >>log; exit {code}"))
}

#[test]
fn steps_run_in_their_order_and_say_how_they_ended() {
    each_shell(|bench| {
        let outcome = bench.run(&trip(vec![log("a", 0), log("b", 0), log("c", 0)]));
        assert_eq!(bench.text("log").unwrap(), "a\nb\nc\n");
        assert_eq!(outcome.begun, ["a", "b", "c"]);
        assert!(outcome.report.done && outcome.report.pid.is_some());
        assert_eq!(outcome.report.codes, [("a", 0), ("b", 0), ("c", 0)].map(own).into());
        assert!(outcome.report.undone.is_empty() && outcome.stray.is_empty(), "{outcome:?}");
    });
}

fn own<T>((id, value): (&str, T)) -> (String, T) {
    (id.to_string(), value)
}

#[test]
fn a_failure_ends_the_lane_and_what_explains_it_still_runs() {
    each_shell(|bench| {
        let trip = trip(vec![
            log("a", 0),
            log("b", 7),
            log("c", 0),
            log("why", 0).when(failed("b")),
            log("why-a", 0).when(failed("a")),
            log("after-why", 0).when(ok("why")),
        ]);
        let outcome = bench.run(&trip);
        assert_eq!(bench.text("log").unwrap(), "a\nb\nwhy\n");
        assert_eq!(outcome.code("b"), Some(7));
        assert_eq!(outcome.report.failure(&trip.steps).unwrap().id, "b");
        assert!(outcome.report.done);
    });
}

#[test]
fn an_explanation_that_fails_fails_nothing_by_itself() {
    each_shell(|bench| {
        let steps = vec![log("a", 1).may_fail(), log("why", 3).when(failed("a")), log("b", 0)];
        let trip = trip(steps);
        let outcome = bench.run(&trip);
        assert_eq!(bench.text("log").unwrap(), "a\nwhy\nb\n");
        assert!(outcome.report.failure(&trip.steps).is_none() && outcome.report.undone.is_empty());
    });
}

#[test]
fn a_step_that_may_fail_is_reported_and_passed() {
    each_shell(|bench| {
        let outcome = bench.run(&trip(vec![log("a", 9).may_fail(), log("b", 0)]));
        assert_eq!(outcome.report.codes, [("a", 9), ("b", 0)].map(own).into());
        assert_eq!(outcome.report.endings, [("a", false), ("b", true)].map(own).into());
        assert!(outcome.report.undone.is_empty());
    });
}

/// Clone; or reset what is there; or remove it and clone again.
fn clone(first: i32, fetch: i32, reset: i32) -> Vec<PlannedStep> {
    vec![
        log("clone", first).may_fail(),
        log("fetch", fetch).when(failed("clone")).block("reset").may_fail(),
        log("hard", reset).when(failed("clone")).block("reset").may_fail(),
        log("remove", 0).when(failed("reset")).block("again"),
        log("clone2", 0).when(failed("reset")).block("again"),
        log("build", 0),
    ]
}

#[test]
fn blocks_are_alternatives_that_stop_at_their_first_failure() {
    let cases = [
        ((0, 0, 0), "clone build"),
        ((1, 0, 0), "clone fetch hard build"),
        ((1, 1, 0), "clone fetch remove clone2 build"),
        ((1, 0, 1), "clone fetch hard remove clone2 build"),
    ];
    each_shell(|bench| {
        for ((first, fetch, reset), expected) in &cases {
            let _ = std::fs::remove_file(bench.file("log"));
            let outcome = bench.run(&trip(clone(*first, *fetch, *reset)));
            assert_eq!(
                bench.text("log").unwrap().split_whitespace().collect::<Vec<_>>().join(" "),
                *expected
            );
            assert_eq!(outcome.begun.join(" "), *expected);
            assert_eq!(outcome.code("build"), Some(0));
            if *first != 0 {
                assert_eq!(outcome.report.endings["reset"], *fetch == 0 && *reset == 0);
            }
        }
    });
}

#[test]
fn conditions_look_back_to_earlier_trips() {
    each_shell(|bench| {
        let mut next = trip(vec![
            log("if-ok", 0).when(ok("plugin.early")),
            log("if-failed", 0).when(failed("plugin.early")),
            log("if-other-ok", 0).when(ok("plugin.late")),
            log("if-other-failed", 0).when(failed("plugin.late")),
            log("if-unknown", 0).when(ok("plugin.never")),
        ]);
        let endings = BTreeMap::from([("plugin.early", true), ("plugin.late", false)].map(own));
        next.known = StepResults { endings, outputs: BTreeMap::new() };
        assert_eq!(bench.run(&next).begun, ["if-ok", "if-other-failed"]);
    });
}

#[test]
fn ids_that_differ_only_in_signs_stay_apart() {
    each_shell(|bench| {
        let steps = vec![
            log("a.b", 0),
            log("a-b", 1).may_fail(),
            log("a_b", 0),
            log("dot", 0).when(ok("a.b")),
            log("dash", 0).when(ok("a-b")),
            log("line", 0).when(ok("a_b")),
        ];
        assert_eq!(bench.run(&trip(steps)).begun, ["a.b", "a-b", "a_b", "dot", "line"]);
    });
}

#[test]
fn of_several_processes_the_first_failure_ends_the_step() {
    each_shell(|bench| {
        let two = |first: &str| {
            processes(vec![process(&["sh", "-c", first]), process(&["sh", "-c", "echo two >>log"])])
        };
        let outcome = bench.run(&trip(vec![step("good", two("true")), step("bad", two("exit 5"))]));
        assert_eq!(bench.text("log").unwrap(), "two\n");
        assert_eq!((outcome.code("good"), outcome.code("bad")), (Some(0), Some(5)));
    });
}

#[test]
fn chosen_exit_codes_are_a_success() {
    each_shell(|bench| {
        let ends = |id: &str, code: &str, success: &[i32]| {
            let mut process = process(&["sh", "-c", &format!("exit {code}")]);
            process.success = success.to_vec();
            step(id, processes(vec![process])).may_fail()
        };
        let outcome = bench.run(&trip(vec![
            ends("listed", "3", &[0, 3]),
            ends("zero", "0", &[0, 3]),
            ends("other", "4", &[0, 3]),
            ends("only-one", "0", &[1]),
        ]));
        let codes = ["listed", "zero", "other"].map(|id| outcome.code(id).unwrap());
        assert_eq!(codes, [0, 0, 4]);
        assert!(!outcome.report.endings["only-one"]);
    });
}

#[test]
fn what_steps_print_is_told_apart_even_if_it_imitates_events() {
    each_shell(|bench| {
        let outcome = bench.run(&trip(vec![
            does("a", "echo 'end 1 9'; printf 'no newline'; echo 'M end 0 9' >&2"),
            does("b", "printf '\\nsecond\\n'; head -c 3 /dev/zero; echo"),
        ]));
        assert_eq!(outcome.report.codes, [("a", 0), ("b", 0)].map(own).into());
        assert!(outcome.printed("a").starts_with("end 1 9\n"), "{outcome:?}");
        assert!(outcome.printed("a").contains("M end 0 9"), "{outcome:?}");
        assert!(outcome.printed("b").contains("second"), "{outcome:?}");
    });
}

#[test]
fn a_step_that_reads_its_stdin_does_not_eat_the_script() {
    each_shell(|bench| {
        let outcome = bench.run(&trip(vec![does("greedy", "cat >eaten"), log("next", 0)]));
        assert_eq!(bench.text("eaten").unwrap(), "");
        assert_eq!(outcome.code("next"), Some(0));
    });
}

#[test]
fn of_what_steps_print_the_wanted_lines_are_told() {
    each_shell(|bench| {
        let told = |text: &str, ignore_case: bool, invert: bool| {
            let said = "printf 'Error one\\nfine\\n' >&2; printf 'error two\\n'";
            let mut step = does("a", said);
            let search = LogSearch { text: text.to_string(), ignore_case, invert };
            step.spec.action = Action::Container(ContainerAction::Logs(LogOptions {
                container: "shop".into(),
                tail: None,
                since: None,
                timestamps: false,
                follow: false,
                search: Some(search),
            }));
            // At the user's terminal it is the same.
            let line = command_line(&step, &SecretStore::default()).unwrap();
            let shown = Command::new("sh").args(["-c", &line]).output().unwrap().stdout;
            let told = bench.run(&trip(vec![step])).printed("a");
            assert_eq!(String::from_utf8(shown).unwrap().trim_end(), told, "{line}");
            told
        };
        assert_eq!(told("error", false, false), "error two");
        assert_eq!(told("error", true, false), "Error one\nerror two");
        assert_eq!(told("error", false, true), "Error one\nfine");
        assert_eq!(told("error", true, true), "fine");
        assert_eq!(told("it's", false, false), "");
    });
}
