//! Scripts over channels of a real connection.

use super::fixture::{Server, finish, gone, script};
use super::{Channel, Chunk, Exit, Session, SshError, quote_bytes};
use rustix::process::{Signal, kill_process};
use std::future::{pending, ready};
use std::time::{Duration, Instant};

/// A channel whose shell reads this script.
async fn started(session: &Session, script: &str) -> Channel {
    let mut channel = session.channel().await.unwrap();
    channel.write_all(script.as_bytes()).await.unwrap();
    channel
}

#[tokio::test]
async fn a_script_reads_and_writes_a_mebibyte() {
    let server = Server::start("");
    let (pool, session) = server.connect().await;
    let random = |index: u32| index.wrapping_mul(2_654_435_761).to_be_bytes()[0];
    let body: Vec<u8> = (0..1 << 20).map(random).filter(|byte| *byte != 0).collect();
    // As part of the script: a shell may read its stdin ahead (dash does, 8 KiB), so a command gets
    // no clean rest.
    let text =
        [b"{ echo before >&2; printf %s ", quote_bytes(&body).as_slice(), b"; exit; }\n"].concat();
    assert!(text.len() > 1 << 20);
    let ran = script(&session, &text).await.unwrap();
    assert!(ran.out == body, "{} bytes came back", ran.out.len());
    assert_eq!(ran.err, b"before\n");
    assert_eq!(ran.exit, Exit::Code(0));
    assert_eq!(session.round_trips(), 1);
    pool.close().await;
    assert_eq!(server.logged("Starting session"), 1);
}

#[tokio::test]
async fn output_before_input_blocks_nobody() {
    let server = Server::start("");
    let (_pool, session) = server.connect().await;
    let mut channel =
        started(&session, "head -c 4000000 /dev/zero; cat >/dev/null; echo end\n").await;
    channel.write_all(&vec![b'x'; 8_000_000]).await.unwrap();
    channel.close_stdin();
    let ran = finish(channel).await;
    assert_eq!(ran.out.len(), 4_000_000 + b"end\n".len());

    let mut channel = started(&session, "cat /dev/zero; exit\n").await;
    let flood = channel.write_all(&vec![b'x'; 64 << 20]).await;
    assert!(matches!(flood, Err(SshError::Flood { .. })), "{flood:?}");
    drop(channel);

    let mut channel = started(&session, "exit 4\n").await;
    let closed = channel.write_all(&vec![b'x'; 64 << 20]).await;
    assert!(matches!(closed, Err(SshError::StdinClosed { .. })), "{closed:?}");
    assert_eq!(finish(channel).await.exit, Exit::Code(4));
}

#[tokio::test]
async fn every_exit_code_arrives_and_output_with_it() {
    let server = Server::start("");
    let (_pool, session) = server.connect().await;
    for code in [0, 1, 3, 126, 127, 128, 130, 137, 254, 255] {
        let ran = script(&session, format!("echo out; echo err >&2; exit {code}\n").as_bytes())
            .await
            .unwrap();
        assert_eq!(
            (ran.out.as_slice(), ran.err.as_slice(), ran.exit),
            (&b"out\n"[..], &b"err\n"[..], Exit::Code(code))
        );
    }
    assert_eq!(session.round_trips(), 10);
}

#[tokio::test]
async fn a_killed_shell_is_not_a_lost_connection() {
    let server = Server::start("");
    let (_pool, session) = server.connect().await;
    let ran = script(&session, b"echo out; kill -9 $$\n").await.unwrap();
    assert_eq!((ran.out.as_slice(), ran.exit), (&b"out\n"[..], Exit::Signal));
    assert_eq!(script(&session, b"exit 5\n").await.unwrap().exit, Exit::Code(5));
}

#[tokio::test]
async fn a_killed_master_is_a_lost_connection() {
    let server = Server::start("");
    let (pool, session) = server.connect().await;
    let mut channel = started(&session, "echo on; sleep 20; echo off\n").await;
    assert_eq!(channel.next().await, Some(Chunk::Stdout(b"on\n".to_vec())));
    kill_process(pool.pids()[0], Signal::KILL).unwrap();
    let ran = finish(channel).await;
    assert!(matches!(ran.exit, Exit::ConnectionLost(SshError::Lost { .. })), "{ran:?}");
    let refused = session.channel().await.unwrap_err();
    assert!(refused.to_string().contains("the connection to 127.0.0.1 was lost"), "{refused}");
    assert_eq!(session.round_trips(), 1);
    pool.close().await;
}

#[tokio::test]
async fn a_server_that_dies_is_a_lost_connection() {
    let mut server = Server::start("");
    let (_pool, session) = server.connect().await;
    let mut channel = started(&session, "echo on; exec sleep 60\n").await;
    assert_eq!(channel.next().await, Some(Chunk::Stdout(b"on\n".to_vec())));
    server.cut();
    let started = Instant::now();
    let ran = finish(channel).await;
    let Exit::ConnectionLost(error) = ran.exit else { panic!("{ran:?}") };
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
    let (text, help) = (error.to_string(), error.help().unwrap());
    assert!(text.contains("was lost") && help.contains("Try ssh -F"), "{text}: {help}");
}

#[tokio::test]
async fn a_master_that_hangs_is_killed_at_the_end() {
    let server = Server::start("");
    let (pool, session) = server.connect().await;
    let pids = pool.pids();
    kill_process(pids[0], Signal::STOP).unwrap();
    let started = Instant::now();
    assert!(!session.alive().await);
    assert!(started.elapsed() < Duration::from_secs(30));
    pool.close().await;
    assert!(gone(&pids, Duration::from_secs(5)));
}

#[tokio::test]
async fn twenty_channels_at_once_need_no_more_than_eight_sessions() {
    let server = Server::start("MaxSessions 8");
    let (_pool, session) = server.connect().await;
    let started = Instant::now();
    let all = (0..20).map(|number| {
        let session = session.clone();
        tokio::spawn(async move {
            script(&session, format!("sleep 0.2; echo {number}\n").as_bytes()).await.unwrap()
        })
    });
    for (number, task) in all.collect::<Vec<_>>().into_iter().enumerate() {
        let ran = task.await.unwrap();
        assert_eq!((ran.out, ran.exit), (format!("{number}\n").into_bytes(), Exit::Code(0)));
    }
    assert!(
        started.elapsed() >= Duration::from_millis(600),
        "more than 8 ran at once: {:?}",
        started.elapsed()
    );
    assert_eq!(session.round_trips(), 20);
}

#[tokio::test]
async fn a_dropped_channel_gives_its_place_back_and_a_refused_one_is_explained() {
    let server = Server::start("MaxSessions 1");
    let (_pool, session) = server.connect().await;
    let dropped = started(&session, "sleep 0.7\n").await;
    drop(dropped);
    // sshd still counts the dropped one for a while, so this is refused at first.
    assert_eq!(script(&session, b"echo ok\n").await.unwrap().out, b"ok\n");

    let mut held = started(&session, "echo on; read line\n").await;
    held.next().await;
    let refused = session.channel().await.unwrap_err();
    assert!(
        matches!(refused, SshError::NoSession { .. })
            && refused.help().is_some_and(|help| help.contains("MaxSessions")),
        "{refused}"
    );
    held.close_stdin();
    assert_eq!(finish(held).await.exit, Exit::Code(1));
}

#[tokio::test]
async fn an_interactive_command_uses_the_same_connection() {
    let server = Server::start("");
    let (pool, session) = server.connect().await;
    let file = server.at("from interactive");
    let line = format!("echo hello >{}; exit 7", super::quote(&file.display().to_string()));
    assert_eq!(session.interactive(&line, pending()).await.unwrap().unwrap().code(), Some(7));
    // Whoever has read enough need not wait for its end.
    let cut = session.interactive("sleep 300", ready(()));
    let cut = tokio::time::timeout(Duration::from_secs(10), cut).await;
    assert_eq!(cut.unwrap().unwrap(), None);
    assert_eq!(std::fs::read_to_string(file).unwrap(), "hello\n");
    assert_eq!(server.logged("Accepted publickey"), 1);
    pool.close().await;
    // Without a master there is no second way in.
    assert_eq!(session.interactive("exit 0", pending()).await.unwrap().unwrap().code(), Some(255));
    assert_eq!(server.logged("Accepted publickey"), 1);
}
