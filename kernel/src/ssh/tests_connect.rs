//! How masters start, fail and end.

use super::fixture::{Server, gone, script};
use super::{ConnectError, ConnectFailure, Options, Pool, Target};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

async fn refusal(server: &Server, target: Target) -> ConnectError {
    let mut pool = Pool::new(server.options()).unwrap();
    let (_, outcome) = pool.connect(vec![target]).await.remove(0);
    outcome.map(|_| ()).expect_err("this must not connect")
}

#[tokio::test]
async fn masters_end_with_close_and_with_drop_and_leave_nothing() {
    let server = Server::start("");
    for by_drop in [false, true] {
        let mut pool = Pool::new(server.options()).unwrap();
        let sessions = pool.connect(vec![server.target(), server.target(), server.target()]).await;
        assert!(sessions.iter().all(|(_, session)| session.is_ok()), "{sessions:?}");
        let pids = pool.pids();
        assert_eq!(pids.len(), 3);
        match by_drop {
            true => drop(pool),
            false => pool.close().await,
        }
        assert!(gone(&pids, Duration::from_secs(5)), "masters are still there");
        let left: Vec<_> = std::fs::read_dir(&server.directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert!(!left.iter().any(|name| name.to_string_lossy().starts_with("wl-")), "{left:?}");
    }
}

#[tokio::test]
async fn a_master_lasts_as_long_as_the_run_and_little_longer() {
    let server = Server::start("");
    let mut pool =
        Pool::new(Options { linger: Duration::from_secs(2), ..server.options() }).unwrap();
    let session = pool.connect(vec![server.target()]).await.remove(0).1.unwrap();
    let pids = pool.pids();
    tokio::time::sleep(Duration::from_millis(3500)).await;
    assert_eq!(script(&session, b"echo idle\n").await.unwrap().out, b"idle\n");
    // What SIGKILL of this process does: the leash closes, nothing is said.
    pool.forget();
    assert!(gone(&pids, Duration::from_secs(5)), "the master outlives a killed run");
}

#[tokio::test]
async fn a_wrong_key_is_explained_and_tried_once() {
    let server = Server::start("");
    std::fs::copy(server.at("stranger"), server.at("id")).unwrap();
    let _ = std::fs::copy(server.at("stranger.pub"), server.at("id.pub"));
    let error = refusal(&server, server.target()).await;
    assert_eq!(error.failure, ConnectFailure::Denied, "{error}");
    assert!(error.detail.contains("Permission denied (publickey"), "{error}");
    assert!(error.help.contains(&format!("-l {} -p {}", server.user(), server.port)), "{error}");
    assert_eq!(server.logged("Connection from"), 2, "one of them is the fixture's own probe");
    assert!(!error.detail.contains("debug1:"), "{error}");

    let mut pool = Pool::new(Options { debug: true, ..server.options() }).unwrap();
    let (_, outcome) = pool.connect(vec![server.target()]).await.remove(0);
    let error = outcome.map(|_| ()).expect_err("this must not connect");
    assert!(error.detail.contains("debug1:"), "{error}");
}

#[tokio::test]
async fn a_key_file_that_is_missing_is_named() {
    let server = Server::start("");
    server.write(
        "client",
        &format!("UserKnownHostsFile {}\nIdentityAgent none\n", server.at("known").display()),
    );
    let target =
        Target { keys: vec![server.at("no-such-key")], keys_only: true, ..server.target() };
    let error = refusal(&server, target).await;
    assert!(error.detail.contains("no-such-key not accessible"), "{error}");
}

#[tokio::test]
async fn host_keys_are_the_users_own_rules() {
    let server = Server::start("");
    server.write("known", "");
    let error = refusal(&server, server.target()).await;
    assert_eq!(error.failure, ConnectFailure::HostKeyUnknown, "{error}");
    assert!(error.help.contains("accept the key"), "{error}");

    server.know_host_key("stranger");
    let error = refusal(&server, server.target()).await;
    assert_eq!(error.failure, ConnectFailure::HostKeyChanged, "{error}");
    assert!(
        error.help.contains(&format!("ssh-keygen -R '[127.0.0.1]:{}'", server.port)),
        "{error}"
    );
}

#[tokio::test]
async fn a_closed_port_a_silent_server_and_an_unknown_name() {
    let server = Server::start("");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = Some(listener.local_addr().unwrap().port());

    let mut pool =
        Pool::new(Options { connect_timeout: Duration::from_secs(1), ..server.options() }).unwrap();
    let silent =
        pool.connect(vec![Target { port, ..server.target() }]).await.remove(0).1.unwrap_err();
    assert_eq!(silent.failure, ConnectFailure::TimedOut, "{silent}");

    drop(listener);
    let closed = refusal(&server, Target { port, ..server.target() }).await;
    assert_eq!(closed.failure, ConnectFailure::Refused, "{closed}");
    let nowhere =
        refusal(&server, Target { host: "no-such-host.invalid".into(), ..server.target() }).await;
    assert_eq!(nowhere.failure, ConnectFailure::NameUnknown, "{nowhere}");

    let missing = Options { program: server.at("no-ssh"), ..server.options() };
    let error =
        Pool::new(missing).unwrap().connect(vec![server.target()]).await.remove(0).1.unwrap_err();
    assert_eq!(error.failure, ConnectFailure::NoProgram, "{error}");
}

#[tokio::test]
async fn a_server_that_is_busy_is_asked_again() {
    let server = Server::start("MaxStartups 3:100:3");
    let mut pool = Pool::new(server.options()).unwrap();
    let results = pool.connect(vec![server.target(); 12]).await;
    let errors: Vec<_> = results.iter().filter_map(|(_, session)| session.as_ref().err()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    // It really was too busy, or this test says nothing.
    assert!(server.logged("MaxStartups") > 0);
}

#[tokio::test]
async fn a_server_that_stays_busy_is_given_up() {
    let server = Server::start("");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let counter = std::thread::spawn(move || {
        listener.incoming().take(5).filter(|stream| stream.is_ok()).count()
    });
    let error = refusal(&server, Target { port: Some(port), ..server.target() }).await;
    assert_eq!(error.failure, ConnectFailure::TooMany, "{error}");
    assert_eq!(counter.join().unwrap(), 5);
}

#[tokio::test]
async fn a_jump_host_takes_six_at_a_time_and_explains_itself() {
    let server = Server::start("MaxStartups 7:100:7");
    let jump = format!("{}@127.0.0.1:{}", server.user(), server.port);
    let target = Target { proxy: Some(jump), ..server.target() };
    let mut pool = Pool::new(server.options()).unwrap();
    // The targets are another sshd, so that only the jump counts.
    let behind = Server::start("MaxStartups 50");
    std::fs::copy(server.at("authorized"), behind.at("authorized")).unwrap();
    let known = [&server, &behind].map(|one| std::fs::read_to_string(one.at("known")).unwrap());
    server.write("known", &known.concat());
    let target = Target { port: Some(behind.port), ..target };
    let results = pool.connect(vec![target.clone(); 14]).await;
    for (_, session) in &results {
        let session = session.as_ref().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(script(session, b"echo through\n").await.unwrap().out, b"through\n");
    }
    assert_eq!(server.logged("MaxStartups"), 0);
    assert_eq!(behind.logged("Accepted publickey"), 14);
    let pids = pool.pids();
    pool.close().await;
    assert!(gone(&pids, Duration::from_secs(1)));

    let stranger =
        Target { proxy: Some(format!("nobody-at-all@127.0.0.1:{}", server.port)), ..target };
    let before = server.logged("Connection from");
    let error = refusal(&server, stranger).await;
    assert_eq!(error.failure, ConnectFailure::Denied, "{error}");
    assert!(error.detail.contains("nobody-at-all@127.0.0.1: Permission denied"), "{error}");
    assert_eq!(server.logged("Connection from") - before, 1, "a refused jump is tried once");
}

#[tokio::test]
async fn one_failure_does_not_hide_the_others() {
    let server = Server::start("");
    let bad = Target { host: "no-such-host.invalid".into(), ..server.target() };
    let mut pool = Pool::new(server.options()).unwrap();
    let results = pool.connect(vec![server.target(), bad, server.target()]).await;
    let shape: Vec<_> =
        results.iter().map(|(host, session)| (host.as_str(), session.is_ok())).collect();
    assert_eq!(shape, [("127.0.0.1", true), ("no-such-host.invalid", false), ("127.0.0.1", true)]);
}

#[tokio::test]
async fn a_person_is_asked_only_where_an_answer_may_help() {
    let server = Server::start("");
    let key = server.at("id").display().to_string();
    let locked = std::process::Command::new("ssh-keygen")
        .args(["-q", "-p", "-N", "open sesame", "-f", &key])
        .status();
    assert!(locked.unwrap().success());
    // Stands in for the person: ssh asks this program, because the tests have no terminal.
    let asked = server.at("asked").display().to_string();
    server.write("answer", &format!("#!/bin/sh\necho \"$1\" >>{asked}\necho open sesame\n"));
    server.write("ssh", &format!(
        "#!/bin/sh\ncase $2 in BatchMode=yes) ;; *) export SSH_ASKPASS_REQUIRE=force SSH_ASKPASS={} ;; esac\nexec ssh \"$@\"\n",
        server.at("answer").display()
    ));
    for program in ["answer", "ssh"] {
        std::fs::set_permissions(server.at(program), std::fs::Permissions::from_mode(0o755))
            .unwrap();
    }
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let targets =
        vec![server.target(), Target { port: Some(closed), ..server.target() }, server.target()];

    let alone = Options { program: server.at("ssh"), ..server.options() };
    let mut pool = Pool::new(alone.clone()).unwrap();
    let failures: Vec<_> = pool
        .connect(targets.clone())
        .await
        .into_iter()
        .map(|(_, s)| s.unwrap_err().failure)
        .collect();
    assert_eq!(failures, [ConnectFailure::Denied, ConnectFailure::Refused, ConnectFailure::Denied]);
    assert!(!server.at("asked").exists());

    let mut pool = Pool::new(Options { interactive: true, ..alone }).unwrap();
    let results = pool.connect(targets).await;
    let connected: Vec<_> = results.iter().map(|(_, session)| session.is_ok()).collect();
    assert_eq!(connected, [true, false, true], "{results:?}");
    assert_eq!(std::fs::read_to_string(server.at("asked")).unwrap().lines().count(), 2);
}

#[tokio::test]
async fn a_connect_that_is_given_up_leaves_no_process() {
    let server = Server::start("");
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = Some(silent.local_addr().unwrap().port());
    let jump = Some(format!("{}@127.0.0.1:{}", server.user(), silent.local_addr().unwrap().port()));
    let targets = vec![
        Target { port, ..server.target() },
        Target { proxy: jump, ..server.target() },
        server.target(),
    ];
    let mut pool = Pool::new(server.options()).unwrap();
    let given_up = tokio::time::timeout(Duration::from_millis(700), pool.connect(targets)).await;
    assert!(given_up.is_err());
    drop(pool);
    let ours = server.at("client").display().to_string();
    let left = || -> Vec<String> {
        let list = std::process::Command::new("ps").args(["-A", "-o", "args="]).output().unwrap();
        let lines = String::from_utf8_lossy(&list.stdout).into_owned();
        lines.lines().filter(|line| line.contains(&ours)).map(str::to_owned).collect()
    };
    // On a busy machine they take a while to go; by themselves they would after 5 s.
    let started = Instant::now();
    while !left().is_empty() && started.elapsed() < Duration::from_secs(4) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let left = left();
    assert!(left.is_empty(), "{left:?}");
}
