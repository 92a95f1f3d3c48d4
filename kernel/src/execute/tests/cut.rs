//! What cuts a script off: the fence, a transfer that ends early, a client that goes away, a
//! request to stop.

use std::io::{BufRead as _, BufReader};

use super::*;
use crate::execute::report::Refusal;
use crate::model::wit::HttpWait;

fn fenced(number: u64) -> Trip {
    let fence = Fence { guard: "run/guard".into(), group: "run/group".into(), number };
    Trip { fence: Some(fence), ..trip(vec![does("a", "cat run/group >seen; echo a >>log")]) }
}

#[test]
fn only_the_run_with_the_fences_number_may_write() {
    each_shell(|bench| {
        bench.put("run/guard", "7\n");
        let outcome = bench.run(&fenced(7));
        assert_eq!(bench.text("log").unwrap(), "a\n");
        // The next run finds whom to stop.
        let pid = outcome.report.pid.unwrap().to_string();
        assert_eq!(bench.text("seen").unwrap().trim(), pid);
        for number in [6, 8, 77] {
            let outcome = bench.run(&fenced(number));
            let found = "7".to_string();
            assert_eq!(outcome.report.refusal, Some(Refusal::Fenced { found }));
            assert!(outcome.begun.is_empty() && !outcome.report.done);
        }
        assert_eq!(bench.text("log").unwrap(), "a\n");
        assert_eq!(bench.text("run/guard").unwrap(), "7\n");
    });
}

#[test]
fn a_fence_that_nobody_raised_refuses() {
    each_shell(|bench| {
        let refused = |found: &str| Some(Refusal::Fenced { found: found.into() });
        let outcome = bench.run(&fenced(1));
        assert_eq!(outcome.report.refusal, refused("missing"), "{:?} {outcome:?}", bench.shell);
        bench.put("run/other", "");
        assert_eq!(bench.run(&fenced(1)).report.refusal, refused("missing"));
        bench.put("run/guard", "");
        assert_eq!(bench.run(&fenced(1)).report.refusal, refused("none"));
        assert!(bench.text("log").is_none());
    });
}

#[test]
fn the_fence_is_held_to_the_end_but_not_by_what_steps_leave_running() {
    each_shell(|bench| {
        bench.put("run/guard", "1\n");
        let held = "! flock -n run/guard true";
        // Left in the background, with the descriptors that it got.
        let daemon = "sleep 300 & echo $! >daemon";
        let mut trip = fenced(1);
        let other = "echo 10.0.0.1; sleep 300 >&- 2>&- & echo $! >>daemon";
        let other = does("out", other).yields(OutputKind::IpAddress);
        trip.steps = vec![does("held", held), does("daemon", daemon), other];
        // A descriptor of the daemon's keeps our pipes open: end it to see the end.
        let mut child = bench.spawn();
        send(&mut child, &bench.script(&trip).text);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ends = |line: &str| line.starts_with(&format!("{MARK} done"));
        assert!(lines.any(|line| ends(&line.unwrap())));
        child.wait().unwrap();
        let mut free = Command::new("flock");
        free.args(["-n", "run/guard", "true"]).current_dir(bench.home.path());
        assert!(free.status().unwrap().success());
        for pid in bench.text("daemon").unwrap().split_whitespace() {
            let _ = Command::new("kill").arg(pid).status();
        }
    });
}

#[test]
fn a_script_that_did_not_arrive_whole_runs_nothing() {
    each_shell(|bench| {
        let mut first = does("a", "echo a >>log").back(shell("echo undone >>log"));
        first.spec.audit = Some("began".into());
        let trip = trip(vec![first, does("b", "echo b >>log")]);
        let text = bench.script(&trip).text;
        let whole = text.trim_end().len();
        let mut cuts: Vec<usize> = (0..whole).step_by(97).collect();
        cuts.extend([whole - 1, whole - 2, whole - 6]);
        for cut in cuts.into_iter().filter(|cut| text.is_char_boundary(*cut)) {
            let outcome = bench.run_text(&trip, &text[..cut]);
            assert!(outcome.begun.is_empty() && !outcome.report.done, "cut after {cut} bytes");
            assert!(bench.text("log").is_none() && bench.text("audit.log").is_none(), "{cut}");
        }
        bench.run(&trip);
        assert_eq!(bench.text("log").unwrap(), "a\nb\n");
    });
}

#[test]
fn a_script_goes_on_to_its_end_when_the_client_is_gone() {
    each_shell(|bench| {
        for (fails, expected) in [(0, "a\nb\nc\n"), (1, "a\nb\nc\n-c\n-a\n")] {
            let _ = std::fs::remove_file(bench.file("log"));
            bench.put("audit.log", "");
            let mut b = does("b", "echo b >>log");
            b.spec.audit = Some("b".into());
            let mut trip = trip(vec![
                // Goes on when the client has left.
                does("a", "while [ ! -e gone ]; do sleep 0.02; done; echo a >>log")
                    .back(shell("echo -a >>log")),
                b,
                does("c", &format!("echo c >>log; exit {fails}")).back(shell("echo -c >>log")),
            ]);
            trip.undo = true;
            let mut child = bench.spawn();
            send(&mut child, &bench.script(&trip).text);
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
            assert!(lines.any(|line| line.unwrap() == format!("{MARK} begin 0")));
            drop(lines);
            drop(child.stderr.take());
            // What sshd sends to the group when a connection ends.
            signal("HUP", child.id());
            bench.put("gone", "");
            child.wait().unwrap();
            assert_eq!(bench.text("log").unwrap(), expected, "{:?}", bench.shell);
            assert_eq!(bench.text("audit.log").unwrap().lines().count(), 1);
            std::fs::remove_file(bench.file("gone")).unwrap();
        }
    });
}

fn signal(name: &str, pid: u32) {
    let sent = Command::new("kill").args([format!("-{name}"), pid.to_string()]).status();
    assert!(sent.unwrap().success());
}

/// Runs a trip and asks it to stop when step number `at` has begun.
fn stopped(bench: &Bench, trip: &Trip, at: usize) -> Outcome {
    let mut child = bench.spawn();
    send(&mut child, &bench.script(trip).text);
    let mut out = Vec::new();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut err = child.stderr.take().unwrap();
    let errors = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        err.read_to_end(&mut bytes).unwrap();
        bytes
    });
    let begins = format!("{MARK} begin {at}\n");
    while lines.read_until(b'\n', &mut out).unwrap() > 0 {
        if out.ends_with(begins.as_bytes()) {
            signal("TERM", child.id());
        }
    }
    child.wait().unwrap();
    read(trip, &out, &errors.join().unwrap())
}

/// Waits that never hold, by what they wait for.
fn waits() -> Vec<Program> {
    let never = |port_after: Option<Text>| {
        let wait = HttpWait { port_after, ..waits::http("http://127.0.0.1:9/") };
        Program::Http { wait, fail_fast: None }
    };
    vec![
        waits::watch("echo starting", &["healthy"], &[], &[]),
        never(None),
        never(Some(literal("x"))),
        Program::Until(process(&["false"])),
    ]
}

#[test]
fn asked_to_stop_in_a_wait_it_gives_up_and_takes_back() {
    each_shell(|bench| {
        for wait in waits() {
            let _ = std::fs::remove_file(bench.file("log"));
            let trip = trip(vec![
                does("a", "echo a >>log").back(shell("echo -a >>log")),
                step("wait", wait).limit(600_000).back(shell("echo -wait >>log")),
                does("next", "echo next >>log"),
            ]);
            let outcome = stopped(&bench, &trip, 1);
            assert_eq!(bench.text("log").unwrap(), "a\n-wait\n-a\n", "{outcome:?}");
            assert_eq!(outcome.undone(), ["wait", "a"]);
            assert!(outcome.report.done && !outcome.report.endings["wait"]);
        }
    });
}

#[test]
fn asked_to_stop_in_a_command_it_ends_that_and_takes_back() {
    each_shell(|bench| {
        let trip = a_then_b("sleep 0.3; echo a >>log");
        let outcome = stopped(&bench, &trip, 0);
        assert_eq!(bench.text("log").unwrap(), "a\n-a\n");
        assert_eq!(outcome.code("a"), Some(0), "the command itself was not cut");
        assert!(outcome.report.interrupted(&trip.steps));
    });
}

#[test]
fn past_the_gate_a_request_to_stop_comes_too_late() {
    each_shell(|bench| {
        let late = |id: &str, commands: &str| {
            let mut step = does(id, commands);
            step.spec.phase = Phase::Retire;
            step
        };
        let steps = vec![late("a", "sleep 0.3; echo a >>log"), late("b", "echo b >>log")];
        let trip = Trip { undo: false, ..trip(steps) };
        let outcome = stopped(&bench, &trip, 0);
        assert_eq!(bench.text("log").unwrap(), "a\nb\n");
        assert!(!outcome.report.interrupted(&trip.steps));
    });
}
