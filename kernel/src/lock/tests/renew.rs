//! The heartbeat of a lease.

use super::*;

/// A lease that `r1` has and renews.
fn renewing(bench: &Bench) -> Running {
    bench.acquire("r1");
    let mut renewing = bench.start(&script::renew(&bench.paths, "r1"));
    assert_eq!(renewing.event(), Some(vec!["ready".to_string()]));
    renewing
}

#[test]
fn each_line_renews_the_lease() {
    each_shell(|bench| {
        let mut renewing = renewing(&bench);
        for _ in 0..3 {
            bench.set_lease("r1", &boot(), 1);
            renewing.say("beat\n");
            assert_eq!(renewing.answer(), Some(LockAnswer::Renewed));
            let (run, on, deadline) = bench.lease().unwrap();
            assert_eq!((run.as_str(), on), ("r1", boot()));
            assert!(deadline > uptime());
        }
        // It holds nothing between the lines, and ends with the stream.
        assert!(matches!(bench.acquire("r2")[..], [LockAnswer::Held { .. }]));
        drop(renewing.child.stdin.take());
        assert_eq!(renewing.answers(), []);
        assert_eq!(bench.owner().unwrap(), "Jo r1");
    });
}

#[test]
fn a_lease_that_somebody_took_is_lost_and_stays_theirs() {
    each_shell(|bench| {
        let mut renewing = renewing(&bench);
        bench.set_lease("r1", &boot(), uptime() - 1);
        assert!(matches!(bench.acquire("r2")[..], [LockAnswer::Acquired { .. }]));
        let theirs = bench.lease();
        renewing.say("beat\n");
        assert_eq!(renewing.answers(), [LockAnswer::Lost]);
        assert_eq!(bench.lease(), theirs);
    });
}

#[test]
fn a_lock_that_somebody_released_is_lost() {
    each_shell(|bench| {
        let mut renewing = renewing(&bench);
        std::fs::remove_dir_all(bench.path(&bench.paths.lock())).unwrap();
        renewing.say("beat\n");
        assert_eq!(renewing.answers(), [LockAnswer::Lost]);
        assert!(!bench.path(&bench.paths.lock()).exists());
    });
}
