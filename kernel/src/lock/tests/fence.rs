//! Raising a host's fence.

use super::*;

fn raise(bench: &Bench, number: u64, or_more: bool) -> Vec<LockAnswer> {
    bench.run(&script::raise(&bench.paths, number, or_more))
}

#[test]
fn the_number_grows() {
    each_shell(|bench| {
        assert_eq!(raise(&bench, 1, false), [LockAnswer::Raised { number: 1 }]);
        assert_eq!(raise(&bench, 5, false), [LockAnswer::Raised { number: 5 }]);
        assert_eq!(bench.text(&bench.paths.guard()).unwrap(), "5\n");
        for number in [4, 5] {
            assert_eq!(raise(&bench, number, false), [LockAnswer::Larger { number: 5 }]);
        }
        assert_eq!(raise(&bench, 2, true), [LockAnswer::Raised { number: 6 }]);
        assert_eq!(raise(&bench, 9, true), [LockAnswer::Raised { number: 9 }]);
        assert_eq!(bench.text(&bench.paths.guard()).unwrap(), "9\n");
    });
}

#[test]
fn a_guard_without_number_counts_as_none() {
    each_shell(|bench| {
        bench.put(&bench.paths.guard(), "");
        assert_eq!(raise(&bench, 1, true), [LockAnswer::Raised { number: 1 }]);
    });
}

/// Raises the fence to a number and holds it as a trip does, until it is asked to stop.
fn holder(bench: &Bench, number: u64, at_the_end: &str) -> Running {
    raise(bench, number, false);
    let (guard, group) = (bench.paths.guard(), bench.paths.group());
    let mut running = bench.start(&format!(
        "exec 9>>{guard}; flock 9; printf '%s\\n' $$ >{group}; ev holds\n\
         while [ -z \"$I\" ]; do sleep 0.05 9>&-; done; {at_the_end}\n"
    ));
    assert_eq!(running.event(), Some(vec!["holds".to_string()]));
    running
}

#[test]
fn a_script_that_holds_the_fence_is_asked_to_stop_and_waited_for() {
    each_shell(|bench| {
        let held = holder(&bench, 1, "sleep 0.5 9>&-; echo undone >>log; ev undone");
        assert_eq!(raise(&bench, 2, false), [LockAnswer::Raised { number: 2 }]);
        assert_eq!(bench.text("log").unwrap(), "undone\n", "it had the time to take back");
        assert_eq!(held.answers(), []);
        assert_eq!(bench.text(&bench.paths.guard()).unwrap(), "2\n");
    });
}

#[test]
fn a_larger_number_stays_even_if_its_holder_was_stopped() {
    each_shell(|bench| {
        let held = holder(&bench, 7, "");
        assert_eq!(raise(&bench, 3, false), [LockAnswer::Larger { number: 7 }]);
        held.answers();
        assert_eq!(bench.text(&bench.paths.guard()).unwrap(), "7\n");
    });
}

/// A process id in the file of a run that ended long ago may be somebody else's by now.
#[test]
fn nobody_is_stopped_for_a_fence_that_is_free() {
    each_shell(|bench| {
        raise(&bench, 1, false);
        let mut other = Command::new("sleep").arg("300").process_group(0).spawn().unwrap();
        bench.put(&bench.paths.group(), &format!("{}\n", other.id()));
        assert_eq!(raise(&bench, 2, false), [LockAnswer::Raised { number: 2 }]);
        assert!(other.try_wait().unwrap().is_none(), "it runs");
        other.kill().unwrap();
        other.wait().unwrap();
    });
}

#[test]
fn a_script_that_does_not_stop_is_ended() {
    each_shell(|bench| {
        raise(&bench, 1, false);
        let mut held = bench.start(&format!(
            "exec 9>>{}; flock 9; printf '%s\\n' $$ >{}; trap '' TERM; ev holds\n\
             while :; do sleep 0.05 9>&-; done\n",
            bench.paths.guard(),
            bench.paths.group()
        ));
        assert!(held.event().is_some());
        // Nobody has the time for the whole wait.
        let hasty = script::raise(&bench.paths, 2, false).replace("flock -w 15", "flock -w 1");
        assert_eq!(bench.run(&hasty), [LockAnswer::Raised { number: 2 }]);
        assert_eq!(held.answers(), []);
    });
}
