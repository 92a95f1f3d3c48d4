//! The load client and the sample app on loopback: a load that could not see a
//! failure would make every other test worthless.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use windlass_sample_app::behaviour::Behaviour;
use windlass_sample_app::server::Server;
use windlass_tests::http;
use windlass_tests::load::{Load, LoadPlan, Report};

fn app(settings: &'static [(&str, &str)]) -> Server {
    let find = |name: &str| settings.iter().find(|(key, _)| *key == name);
    let behaviour = Behaviour::read(|name| find(name).map(|(_, value)| value.to_string()));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    Server::start(behaviour.expect("valid settings"), listener).expect("it listens")
}

fn authority(server: &Server) -> String {
    format!("127.0.0.1:{}", server.port())
}

/// A server that answers the first request of each connection, and closes it.
fn one_answer_each(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let target = listener.local_addr().expect("its address").to_string();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 1000];
            if stream.read(&mut request).is_ok() {
                drop(stream.write_all(answer.as_bytes()));
            }
        }
    });
    target
}

fn short_load(target: String, versions: &[&str]) -> Report {
    let load = Load::start(&LoadPlan::new([target]).versions(versions));
    thread::sleep(Duration::from_millis(300));
    load.stop()
}

#[test]
fn good_answers_are_counted_by_version() {
    let server = app(&[("APP_VERSION", "7")]);
    let report = short_load(authority(&server), &["7"]);
    report.expect(40, &["7"], 40).expect("a healthy server");
    assert_eq!(report.reconnects, 0, "connections are kept alive");
}

#[test]
fn an_unexpected_version_is_a_failure() {
    let server = app(&[("APP_VERSION", "8")]);
    let report = short_load(authority(&server), &["7"]);
    assert!(report.failed > 0 && report.answered() == 0, "{report}");
    assert!(report.failures[0].reason.contains("version 8"), "{report}");
}

#[test]
fn a_refused_connection_is_a_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let target = listener.local_addr().expect("its address").to_string();
    drop(listener);
    let report = short_load(target, &[]);
    assert!(report.failed > 0, "{report}");
    assert!(report.expect(0, &[], 0).is_err());
}

#[test]
fn a_connection_cut_without_warning_is_a_failure() {
    // One good answer that promises more, then the end.
    let target = one_answer_each("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nversion 7\n");
    let report = short_load(target, &["7"]);
    assert!(report.failed > 0 && report.answered() > 0, "{report}");
}

#[test]
fn an_announced_close_is_no_failure() {
    let answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10\r\n\r\nversion 7\n";
    let report = short_load(one_answer_each(answer), &["7"]);
    assert_eq!(report.failed, 0, "{report}");
    assert_eq!(report.reconnects, report.answered());
}

#[test]
fn a_stopping_app_finishes_its_running_requests() {
    let server = app(&[("APP_VERSION", "7"), ("APP_SLOW_MS", "400")]);
    let target = authority(&server);
    let asking = thread::spawn(move || http::get(&target, "/slow", Duration::from_secs(5)));
    thread::sleep(Duration::from_millis(100));
    let started = Instant::now();
    assert_eq!(server.stop(Duration::from_secs(5)), 0, "nothing is cut off");
    assert!(started.elapsed() > Duration::from_millis(200), "it waited for the request");
    let answer = asking.join().expect("no panic").expect("a whole answer");
    assert!(answer.closes && answer.text() == "version 7\n");
}

#[test]
fn the_app_can_become_unhealthy() {
    let server = app(&[]);
    let status = |path: &str| {
        http::get(&authority(&server), path, Duration::from_secs(5)).expect("an answer").status
    };
    assert_eq!(status("/up"), 200);
    assert_eq!(status("/fail"), 200);
    assert_eq!(status("/up"), 503);
    assert_eq!(status("/nothing"), 404);
}
