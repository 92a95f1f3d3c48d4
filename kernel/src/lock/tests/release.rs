//! Giving the lock back, and taking it away by hand.

use super::*;

#[test]
fn only_its_own_run_gives_a_lock_back() {
    each_shell(|bench| {
        assert_eq!(bench.run(&script::release(&bench.paths, "r1")), [LockAnswer::Lost]);
        bench.acquire("r1");
        assert_eq!(bench.run(&script::release(&bench.paths, "r2")), [LockAnswer::Lost]);
        assert_eq!(bench.owner().unwrap(), "Jo r1");
        assert_eq!(bench.run(&script::release(&bench.paths, "r1")), [LockAnswer::Released]);
        assert!(!bench.path(&bench.paths.lock()).exists());
        assert_eq!(bench.acquire("r2"), acquired());
    });
}

#[test]
fn a_lock_is_taken_away_by_hand_only_from_the_one_that_was_shown() {
    each_shell(|bench| {
        let by_hand =
            |shown: Option<&Details>| bench.run(&script::release_by_hand(&bench.paths, shown));
        assert_eq!(by_hand(None), [LockAnswer::Free]);
        bench.acquire("r1");
        let held = [LockAnswer::Held { by: details("r1"), lease_s: None }];
        assert_eq!(by_hand(Some(&details("r0"))), held);
        assert_eq!(by_hand(None), held);
        assert_eq!(bench.owner().unwrap(), "Jo r1");
        assert_eq!(by_hand(Some(&details("r1"))), [LockAnswer::Released]);
        assert_eq!(by_hand(Some(&details("r1"))), [LockAnswer::Free]);
        // One that nobody has signed.
        std::fs::create_dir_all(bench.path(&bench.paths.lock())).unwrap();
        assert_eq!(by_hand(None), [LockAnswer::Released]);
    });
}

#[test]
fn a_lock_by_hand_has_no_lease_and_excludes_runs() {
    each_shell(|bench| {
        let by_hand = script::acquire_by_hand(&bench.paths, &details("hand"));
        assert_eq!(bench.run(&by_hand), acquired());
        assert!(bench.lease().is_none());
        let held = [LockAnswer::Held { by: details("hand"), lease_s: None }];
        assert_eq!(bench.acquire("r1"), held);
        assert_eq!(bench.run(&by_hand), held);
        assert_eq!(bench.run(&script::release(&bench.paths, "r1")), [LockAnswer::Lost]);
    });
}
