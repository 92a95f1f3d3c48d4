//! Real programs, real groups, real repositories.

use super::*;
use crate::model::wit::{GitState, Machine};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn sh(script: &str) -> Command {
    Command::new(["sh", "-c", script])
}

async fn ran(command: Command) -> (Result<Exit, LocalError>, Vec<u8>, Vec<u8>) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = run(command, |stream, bytes| match stream {
        Stream::Stdout => out.extend_from_slice(bytes),
        Stream::Stderr => err.extend_from_slice(bytes),
    })
    .await;
    (exit, out, err)
}

fn lines(bytes: &[u8]) -> Vec<i32> {
    String::from_utf8_lossy(bytes).lines().map(|line| line.parse().unwrap()).collect()
}

/// Whether the process runs; a zombie has ended.
fn runs(pid: &i32) -> bool {
    let arguments = ["-o", "stat=", "-p", &pid.to_string()];
    let list = std::process::Command::new("ps").args(arguments).output().unwrap();
    !list.stdout.is_empty() && list.stdout[0] != b'Z'
}

/// Waits until none of the processes runs, at most about a second.
fn gone(pids: &[i32]) -> bool {
    (0..50).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        !pids.iter().any(runs)
    })
}

#[tokio::test]
async fn output_codes_and_signals_arrive() {
    let (exit, out, err) = ran(sh("echo out; echo err >&2; exit 7")).await;
    assert_eq!(
        (exit.unwrap(), out.as_slice(), err.as_slice()),
        (Exit::Code(7), &b"out\n"[..], &b"err\n"[..])
    );
    assert_eq!(ran(sh("kill -9 $$")).await.0.unwrap(), Exit::Signal(9));
    assert!(ran(sh("")).await.0.unwrap().ok());
}

#[tokio::test]
async fn a_large_stdin_goes_in_while_output_comes_out() {
    let body = vec![b'x'; 5 << 20];
    let (exit, out, _) = ran(Command { stdin: Some(body.clone()), ..Command::new(["cat"]) }).await;
    assert!(exit.unwrap().ok() && out == body);
    // A program need not read its input, and without input there is an empty one.
    assert!(ran(Command { stdin: Some(body), ..sh("exit 0") }).await.0.unwrap().ok());
    assert_eq!(ran(sh("wc -c")).await.1.trim_ascii(), b"0");
}

#[tokio::test]
async fn the_environment_is_the_users_minus_and_plus() {
    let script = "echo ${PATH:+path} ${HOME-none} $NAME; pwd";
    let command = Command {
        env: [("NAME".into(), "a b\nc".into())].into(),
        env_removed: vec!["HOME".into(), "NAME".into()],
        cwd: Some("/".into()),
        ..sh(script)
    };
    assert_eq!(ran(command).await.1, b"path none a b c\n/\n");
}

#[tokio::test]
async fn a_time_limit_ends_the_whole_group() {
    let polite = Command {
        time_limit: Some(Duration::from_millis(300)),
        ..sh("sleep 30 & echo $!; echo $$; wait")
    };
    let (exit, out, _) = ran(polite).await;
    assert!(matches!(exit, Err(LocalError::TimedOut { .. })), "{exit:?}");
    assert!(gone(&lines(&out)));

    let deaf = "trap '' TERM; sleep 30 & echo $!; echo $$; while :; do sleep 1; done";
    let (exit, out, _) =
        ran(Command { time_limit: Some(Duration::from_millis(300)), ..sh(deaf) }).await;
    assert!(exit.unwrap_err().to_string().contains("longer than 0.3 s"));
    assert!(gone(&lines(&out)));
}

#[tokio::test]
async fn dropping_the_future_ends_the_whole_group() {
    let mut out = Vec::new();
    let running =
        run(sh("sleep 30 & echo $!; echo $$; wait"), |_, bytes| out.extend_from_slice(bytes));
    assert!(tokio::time::timeout(Duration::from_millis(400), running).await.is_err());
    let pids = lines(&out);
    assert_eq!(pids.len(), 2);
    assert!(gone(&pids));
}

#[tokio::test]
async fn a_child_that_stays_behind_delays_nobody_and_lives() {
    let started = Instant::now();
    let (exit, out, _) = ran(sh("sleep 30 & echo $!")).await;
    assert!(exit.unwrap().ok());
    assert!(started.elapsed() < Duration::from_secs(25), "{:?}", started.elapsed());
    let left = lines(&out)[0];
    assert!(runs(&left));
    std::process::Command::new("kill").arg(left.to_string()).status().unwrap();
}

#[tokio::test]
async fn what_cannot_start_is_explained() {
    let missing = ran(Command::new(["no-such-program"])).await.0.unwrap_err();
    assert_eq!(missing, LocalError::NotFound { program: "no-such-program".into() });
    let nowhere = ran(Command { cwd: Some("/no/such".into()), ..sh("") }).await.0.unwrap_err();
    assert!(nowhere.to_string().contains("/no/such"), "{nowhere}");
    let directory = temp();
    let file = directory.join("plain");
    std::fs::write(&file, "x").unwrap();
    let plain = ran(Command::new([file])).await.0.unwrap_err();
    assert!(matches!(plain, LocalError::NotStarted { .. }), "{plain}");
    assert!(ran(Command::default()).await.0.is_err());
    std::fs::remove_dir_all(directory).unwrap();
}

fn temp() -> PathBuf {
    let path = std::env::temp_dir().join(format!("wll-{:08x}", fastrand::u32(..)));
    std::fs::create_dir(&path).unwrap();
    path
}

fn git(directory: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=n", "-c", "user.email=n@example.com"];
    let status = std::process::Command::new("git")
        .args(identity)
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap();
    assert!(status.status.success(), "{status:?}");
}

#[tokio::test]
async fn git_names_versions_as_kamal_does() {
    let directory = temp();
    assert_eq!(repository(&directory).await.unwrap(), None);
    git(&directory, &["init", "-q"]);
    let empty = repository(&directory).await.unwrap_err();
    assert!(matches!(empty, LocalError::Git { .. }), "{empty}");

    git(&directory, &["commit", "-q", "--allow-empty", "-m", "one"]);
    let clean = repository(&directory).await.unwrap().unwrap();
    let id = clean.revision.clone();
    assert!(id.len() == 40 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    assert_eq!(clean.version(false), id);
    assert_eq!((clean.prefix.as_str(), clean.uncommitted.as_str()), ("", ""));

    std::fs::create_dir(directory.join("a sub")).unwrap();
    std::fs::write(directory.join("a sub/new file"), "").unwrap();
    let dirty = repository(&directory.join("a sub")).await.unwrap().unwrap();
    assert_eq!(dirty.root, directory.canonicalize().unwrap().to_str().unwrap());
    assert_eq!((dirty.prefix.as_str(), dirty.revision.as_str()), ("a sub/", id.as_str()));
    assert_eq!(dirty.uncommitted, "?? \"a sub/\"");
    let version = dirty.version(false);
    let suffix = version.strip_prefix(&format!("{id}_uncommitted_")).unwrap();
    assert!(suffix.len() == 16 && suffix.bytes().all(|byte| byte.is_ascii_hexdigit()), "{version}");
    assert_ne!(dirty.version(false), version);
    assert_eq!(dirty.version(true), id);

    git(&directory, &["config", "user.email", "me@example.com"]);
    assert_eq!(performer(&directory).await.unwrap(), "me@example.com");
    git(&directory, &["config", "user.email", ""]);
    let login = performer(&directory).await.unwrap();
    assert!(!login.is_empty() && !login.contains('@'), "{login}");
    std::fs::remove_dir_all(directory).unwrap();
}

#[tokio::test]
async fn plugins_are_told_where_the_project_is() {
    let directory = temp();
    let plain = Here::look(&directory, Some("/cache".into())).await.machine();
    let project = directory.canonicalize().unwrap().to_string_lossy().into_owned();
    let cache = Some("/cache".to_string());
    assert_eq!(plain, Machine { directory: project, cache, git: GitState::None });

    git(&directory, &["init", "-q"]);
    let unborn = Here::look(&directory, None).await.machine();
    assert_eq!(unborn.cache, None);
    assert!(matches!(unborn.git, GitState::Unknown(why) if !why.is_empty()));

    git(&directory, &["commit", "-q", "--allow-empty", "-m", "one"]);
    std::fs::write(directory.join("new"), "").unwrap();
    let born = Here::look(&directory, None).await.machine();
    let GitState::WorkTree(tree) = born.git else { panic!("{:?}", born.git) };
    assert_eq!((tree.root, tree.prefix.as_str()), (born.directory, ""));
    assert_eq!((tree.revision.len(), tree.uncommitted.as_str()), (40, "?? new"));
    std::fs::remove_dir_all(directory).unwrap();
}

#[tokio::test]
async fn a_project_is_built_by_one_at_a_time() {
    let directory = temp();
    let (path, short) = (directory.join("turns/shop"), Duration::from_millis(300));
    let first = Turn::take(&path, short, || panic!("nobody has it")).await.unwrap();
    let mut told = 0;
    let second = Turn::take(&path, short, || told += 1).await.unwrap_err();
    assert!(matches!(second, LocalError::Busy { .. }) && told == 1, "{second}");
    let third = async { Turn::take(&path, Duration::from_secs(5), || {}).await };
    let ends = async {
        tokio::time::sleep(short).await;
        drop(first);
    };
    assert!(tokio::join!(third, ends).0.is_ok());
    std::fs::write(directory.join("plain"), "").unwrap();
    let nowhere = Turn::take(&directory.join("plain/x"), short, || {}).await.unwrap_err();
    assert!(nowhere.to_string().contains("plain/x"), "{nowhere}");
    std::fs::remove_dir_all(directory).unwrap();
}
