//! Getting the lock, or hearing who has it.

use super::*;

#[test]
fn a_free_lock_is_ours_with_details_and_lease() {
    each_shell(|bench| {
        let before = uptime();
        assert_eq!(bench.acquire("r1"), acquired());
        assert_eq!(bench.owner().unwrap(), "Jo r1");
        let (run, on, deadline) = bench.lease().unwrap();
        assert_eq!((run.as_str(), on), ("r1", boot()));
        let lasts = deadline - before;
        assert!(lasts >= LEASE_S as i64 * 100 && lasts < LEASE_S as i64 * 100 + 6_000, "{lasts}");
        // What Kamal reads stands where it looks.
        let text = bench.text(".kamal/locks/shop-eu/details").unwrap();
        assert_eq!(Details::decode(&text), details("r1"));
    });
}

#[test]
fn a_held_lock_tells_its_owner_and_stays() {
    each_shell(|bench| {
        bench.acquire("r1");
        let lease = bench.lease();
        let answers = bench.acquire("r2");
        let [LockAnswer::Held { by, lease_s: Some(left) }] = &answers[..] else {
            panic!("{answers:?}")
        };
        assert_eq!(by, &details("r1"));
        assert_eq!(by.id(), details("r1").id());
        assert!((0..=LEASE_S as i64).contains(left), "{left}");
        assert_eq!((bench.owner().unwrap().as_str(), bench.lease()), ("Jo r1", lease));
    });
}

#[test]
fn whoever_waits_gets_a_lock_that_is_given_back() {
    each_shell(|bench| {
        bench.acquire("r1");
        let mut waiting = bench.start(&script::acquire(&bench.paths, "r2", &details("r2"), 300));
        let told = waiting.answer();
        assert!(
            matches!(&told, Some(LockAnswer::Held { by, .. }) if by.owner() == "Jo r1"),
            "{told:?}"
        );
        assert_eq!(bench.run(&script::release(&bench.paths, "r1")), [LockAnswer::Released]);
        assert_eq!(waiting.answers(), acquired());
        assert_eq!(bench.owner().unwrap(), "Jo r2");
    });
}

#[test]
fn a_lease_that_has_ended_is_taken_over_in_place() {
    each_shell(|bench| {
        bench.acquire("r1");
        let inode = |bench: &Bench| {
            use std::os::unix::fs::MetadataExt as _;
            std::fs::metadata(bench.path(&bench.paths.lock())).unwrap().ino()
        };
        let place = inode(&bench);
        bench.set_lease("r1", &boot(), uptime() - 1);
        let taken = vec![LockAnswer::Acquired { taken_over_from: Some(details("r1")) }];
        assert_eq!(bench.acquire("r2"), taken);
        assert_eq!(bench.owner().unwrap(), "Jo r2");
        assert_eq!(bench.lease().unwrap().0, "r2");
        assert_eq!(inode(&bench), place, "there was no moment without a lock");
    });
}

#[test]
fn a_waiting_run_takes_over_when_the_lease_ends() {
    each_shell(|bench| {
        bench.acquire("r1");
        bench.set_lease("r1", &boot(), uptime() + 100);
        let mut answers = bench.run(&script::acquire(&bench.paths, "r2", &details("r2"), 300));
        let last = answers.pop();
        assert_eq!(last, Some(LockAnswer::Acquired { taken_over_from: Some(details("r1")) }));
        assert!(
            answers.iter().all(|a| matches!(a, LockAnswer::Held { .. })) && !answers.is_empty()
        );
    });
}

#[test]
fn a_lease_of_an_earlier_boot_has_ended() {
    each_shell(|bench| {
        bench.acquire("r1");
        bench.set_lease("r1", "00000000-0000-0000-0000-000000000000", uptime() + 1_000_000);
        assert_eq!(
            bench.acquire("r2"),
            [LockAnswer::Acquired { taken_over_from: Some(details("r1")) }]
        );
    });
}

#[test]
fn a_lock_without_lease_never_ends() {
    each_shell(|bench| {
        // As Kamal makes it, with its line breaks.
        let long =
            Details::new("Kamal User", "2020-01-01T00:00:00Z", "v0", "long ".repeat(40).trim_end());
        bench.put(&bench.paths.lock_details(), &format!("{}\n", long.encode()));
        age(&bench, "2020-01-01T00:00:00Z");
        assert_eq!(bench.acquire("r2"), [LockAnswer::Held { by: long, lease_s: None }]);
        assert!(bench.lease().is_none());
    });
}

/// Sets when the lock's directory was changed last.
fn age(bench: &Bench, when: &str) {
    let path = bench.path(&bench.paths.lock());
    let touched = Command::new("touch").args(["-d", when]).arg(path).status();
    assert!(touched.unwrap().success());
}

#[test]
fn an_unsigned_lock_is_abandoned_after_a_while_and_not_before() {
    each_shell(|bench| {
        std::fs::create_dir_all(bench.path(&bench.paths.lock())).unwrap();
        let answers = bench.acquire("r2");
        let [LockAnswer::Held { by, lease_s: Some(left) }] = &answers[..] else {
            panic!("{answers:?}")
        };
        assert_eq!(by.text, "");
        assert!((1..=30).contains(left), "{left}");
        age(&bench, "31 seconds ago");
        let taken = vec![LockAnswer::Acquired { taken_over_from: Some(Details::default()) }];
        assert_eq!(bench.acquire("r2"), taken);
        assert_eq!(bench.owner().unwrap(), "Jo r2");
    });
}

/// A client that died while it signed the lock leaves one that ends by itself.
#[test]
fn a_half_signed_lock_is_one_with_a_lease() {
    each_shell(|bench| {
        let whole = script::acquire(&bench.paths, "r1", &details("r1"), 0);
        // The host fails between the two files.
        let half = whole.replacen("lease && printf", "lease && exit; printf", 1);
        assert_ne!(half, whole);
        bench.run(&half);
        assert!(bench.lease().is_some() && bench.owner().is_none());
        assert!(matches!(bench.acquire("r2")[..], [LockAnswer::Held { lease_s: Some(_), .. }]));
        bench.set_lease("r1", &boot(), uptime() - 1);
        assert!(matches!(bench.acquire("r2")[..], [LockAnswer::Acquired { .. }]));
    });
}

/// A host that lost its power may have the file without its content.
#[test]
fn an_empty_lease_has_ended() {
    each_shell(|bench| {
        bench.acquire("r1");
        bench.put(&bench.paths.lease(), "");
        assert_eq!(
            bench.acquire("r2"),
            [LockAnswer::Acquired { taken_over_from: Some(details("r1")) }]
        );
    });
}

#[test]
fn of_many_that_ask_at_once_exactly_one_wins() {
    each_shell(|bench| {
        for former in [false, true] {
            if former {
                bench.set_lease("r0", &boot(), uptime() - 1);
            }
            let runs: Vec<String> = (0..20).map(|n| format!("run-{former}-{n}")).collect();
            let running: Vec<Running> = runs
                .iter()
                .map(|run| bench.start(&script::acquire(&bench.paths, run, &details(run), 0)))
                .collect();
            let answers: Vec<Vec<LockAnswer>> = running.into_iter().map(Running::answers).collect();
            let won =
                |answers: &Vec<LockAnswer>| matches!(answers[..], [LockAnswer::Acquired { .. }]);
            let winner = answers.iter().position(won).expect("somebody wins");
            assert_eq!(answers.iter().filter(|a| won(a)).count(), 1, "{answers:?}");
            let owner = format!("Jo {}", runs[winner]);
            assert_eq!(bench.owner().unwrap(), owner);
            for told in answers.iter().filter(|a| !won(a)) {
                let [LockAnswer::Held { by, .. }] = &told[..] else { panic!("{told:?}") };
                assert_eq!(by.owner(), owner);
            }
        }
    });
}
