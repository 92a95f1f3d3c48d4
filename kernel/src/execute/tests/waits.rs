//! Waits: for what a command says, for what a URL answers.

use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::model::wit::HttpWait;

pub(super) fn watch(commands: &str, accept: &[&str], reject: &[&str], steady: &[&str]) -> Program {
    let words = |words: &[&str]| words.iter().map(ToString::to_string).collect();
    Program::Watch {
        argv: process(&["sh", "-c", commands]).argv,
        accept: words(accept),
        reject: words(reject),
        steady: words(steady),
        steady_ms: 300,
    }
}

pub(super) fn http(url: &str) -> HttpWait {
    HttpWait::new(literal(url))
}

/// Counts its calls in a file and says the word of each; the last one again and again.
fn sequence(words: &[&str]) -> String {
    let cases: String = words[..words.len() - 1]
        .iter()
        .enumerate()
        .map(|(n, word)| format!("{n}) {word};; "))
        .collect();
    let last = words[words.len() - 1];
    format!(
        "n=$(cat calls 2>/dev/null || echo 0); echo $((n+1)) >calls; case $n in {cases}*) {last};; esac"
    )
}

#[test]
fn a_watch_ends_with_the_first_word_that_decides() {
    let cases: &[(&[&str], Option<i32>, u32)] = &[
        (&["echo starting 1", "echo starting 2", "echo healthy 9"], Some(0), 3),
        (&["echo starting", "echo unhealthy x"], Some(1), 2),
        // A failing command is the word `gone`.
        (&["echo starting", "exit 1"], Some(1), 2),
        // Only the first word counts, and only whole.
        (&["echo not healthy", "echo healthyish", "echo healthy"], Some(0), 3),
    ];
    each_shell(|bench| {
        for (words, code, calls) in cases {
            let _ = std::fs::remove_file(bench.file("calls"));
            let wait = watch(&sequence(words), &["healthy"], &["unhealthy", "gone"], &[]);
            let outcome = bench.run(&trip(vec![step("wait", wait)]));
            assert_eq!(outcome.code("wait"), *code, "{words:?} {outcome:?}");
            assert_eq!(bench.text("calls").unwrap().trim(), calls.to_string());
        }
    });
}

#[test]
fn words_are_no_patterns() {
    each_shell(|bench| {
        let wait = watch("echo anything", &["*", "an?thing"], &[], &[]);
        assert_eq!(bench.run(&trip(vec![step("w", wait).limit(300)])).code("w"), Some(124));
    });
}

#[test]
fn steady_means_the_same_line_for_a_while() {
    each_shell(|bench| {
        let steady = watch("echo running 0", &[], &["exited"], &["running"]);
        assert_eq!(bench.run(&trip(vec![step("w", steady)])).code("w"), Some(0));
        // A container that restarts again and again never has the same line for long.
        let counts = "n=$(cat calls 2>/dev/null || echo 0); echo $((n+1)) >calls; echo running $n";
        let restarts = watch(counts, &[], &["exited"], &["running"]);
        let outcome = bench.run(&trip(vec![step("w", restarts).limit(1_200)]));
        assert_eq!(outcome.code("w"), Some(124));
        let dies =
            watch(&sequence(&["echo running 0", "echo exited 1"]), &[], &["exited"], &["running"]);
        let _ = std::fs::remove_file(bench.file("calls"));
        assert_eq!(bench.run(&trip(vec![step("w", dies)])).code("w"), Some(1));
    });
}

#[test]
fn a_command_is_run_until_it_succeeds() {
    each_shell(|bench| {
        let until =
            Program::Until(process(&["sh", "-c", &sequence(&["exit 1", "exit 2", "exit 0"])]));
        let outcome = bench.run(&trip(vec![step("until", until)]));
        assert_eq!(outcome.code("until"), Some(0));
        assert_eq!(bench.text("calls").unwrap(), "3\n");
    });
}

/// A server that gives each of its answers once, then the last one again.
struct Server {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
    over: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    fn answering(answers: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let over = Arc::new(AtomicBool::new(false));
        let answers: Vec<String> = answers.iter().map(ToString::to_string).collect();
        let (asked, ended) = (requests.clone(), over.clone());
        let thread = std::thread::spawn(move || {
            for (n, stream) in listener.incoming().enumerate() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(mut stream) = stream else { return };
                let mut request = Vec::new();
                let mut byte = [0];
                while !request.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
                    request.push(byte[0]);
                }
                asked.lock().unwrap().push(String::from_utf8_lossy(&request).into_owned());
                let _ = stream.write_all(answers[n.min(answers.len() - 1)].as_bytes());
            }
        });
        Self { port, requests, over, thread: Some(thread) }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn asked(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        let _ = std::net::TcpStream::connect(("127.0.0.1", self.port));
        let _ = self.thread.take().unwrap().join();
    }
}

fn answer(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nServer: test\r\n\r\n{body}")
}

/// Runs a test with curl, and with nothing but bash to ask with.
fn each_way(test: impl Fn(&Bench)) {
    each_shell(|mut bench| {
        test(&bench);
        let bin = bench.file("bin");
        std::fs::create_dir(&bin).unwrap();
        for tool in ["bash", "timeout", "true", "head", "tr", "sed", "sleep", "cat", "sh"] {
            std::os::unix::fs::symlink(program(tool).unwrap(), bin.join(tool)).unwrap();
        }
        bench.shell = absolute(bench.shell);
        bench.path = Some(bin.display().to_string());
        test(&bench);
    });
}

/// The shell by its path, for a host that has few programs.
fn absolute(shell: &'static [&'static str]) -> &'static [&'static str] {
    let path = program(shell[0]).unwrap().display().to_string();
    let mut words: Vec<&'static str> = vec![String::leak(path)];
    words.extend(&shell[1..]);
    Vec::leak(words)
}

fn ask(bench: &Bench, wait: HttpWait, limit_ms: u32) -> Outcome {
    let program = Program::Http { wait, fail_fast: None };
    bench.run(&trip(vec![step("ask", program).limit(limit_ms)]))
}

#[test]
fn a_url_is_asked_until_its_status_fits() {
    each_way(|bench| {
        let server = Server::answering(&[
            &answer("503 No", ""),
            &answer("404 No", ""),
            &answer("204 Yes", ""),
        ]);
        let outcome = ask(bench, http(&server.url("/up?x=1")), 30_000);
        assert_eq!(outcome.code("ask"), Some(0), "{outcome:?}");
        assert_eq!(server.asked(), 3);
        let requests = server.requests.lock().unwrap();
        assert!(requests[0].starts_with("GET /up?x=1 HTTP/1.0\r\n"), "{requests:?}");
        assert!(requests[0].contains(&format!("Host: 127.0.0.1:{}", server.port)));
        assert!(outcome.printed("ask").contains("503 No"));
    });
}

#[test]
fn the_ends_of_the_range_belong_to_it() {
    each_way(|bench| {
        for (status, code) in [("200", 0), ("399", 0), ("400", 124), ("199", 124), ("999", 124)] {
            let server = Server::answering(&[&answer(&format!("{status} X"), "")]);
            let wait = HttpWait { status_to: 399, ..http(&server.url("")) };
            assert_eq!(ask(bench, wait, 200).code("ask"), Some(code), "{status}");
        }
    });
}

#[test]
fn an_answer_must_contain_one_text_and_none_of_others() {
    let body = |servers: &str| answer("200 OK", &format!("{{\"serverStatus\":{{{servers}}}}}"));
    let old = "\"http://10.0.0.1:80\":\"UP\"";
    let new = "\"http://10.0.0.2:80\":\"UP\"";
    each_way(|bench| {
        let answers = [body(old), body(&format!("{old},{new}")), body(new)];
        let server = Server::answering(&answers.each_ref().map(String::as_str));
        let wait = HttpWait {
            contains: Some(literal("\"http://10.0.0.2:80\":\"UP\"")),
            absent: vec![literal("://10.0.0.9:"), literal("://10.0.0.1:")],
            ..http(&server.url("/api"))
        };
        assert_eq!(ask(bench, wait, 30_000).code("ask"), Some(0));
        assert_eq!(server.asked(), 3);
        // Texts are no patterns.
        let star = HttpWait { contains: Some(literal("*")), ..http(&server.url("/")) };
        let outcome = ask(bench, star, 200);
        assert_eq!(outcome.code("ask"), Some(124));
        assert!(outcome.printed("ask").contains("10.0.0.2"), "the body's start is told");
    });
}

#[test]
fn the_port_after_a_text_is_yielded() {
    let with = answer("200 OK", "{\"http://10.0.0.2:3000\":\"UP\",\"http://10.0.0.2:4000\":1}");
    each_way(|bench| {
        let server = Server::answering(&[&answer("200 OK", "{}"), &with]);
        let after = literal("\"http://10.0.0.2:");
        let wait = HttpWait { port_after: Some(after), ..http(&server.url("/")) };
        let outcome = ask(bench, wait, 30_000);
        assert_eq!(outcome.report.outputs["ask"], "3000");
        assert_eq!(server.asked(), 2);
    });
}

#[test]
fn s1_a_url_leads_to_no_file_and_no_redirect_is_followed() {
    each_way(|bench| {
        bench.put("private", "sesame\n");
        let url = format!("file://{}", bench.file("private").display());
        let outcome = ask(bench, http(&url), 200);
        assert_eq!(outcome.code("ask"), Some(124));
        assert!(!outcome.printed("ask").contains("sesame"), "{outcome:?}");

        // Not even if the login user wants curl to.
        bench.put(".curlrc", "location\n");
        let inside = Server::answering(&[&answer("200 OK", "sesame")]);
        let location = format!("302 Found\r\nLocation: {}", inside.url("/"));
        let server = Server::answering(&[&answer(&location, "")]);
        let wait = HttpWait { status_from: 302, status_to: 302, ..http(&server.url("/")) };
        assert_eq!(ask(bench, wait, 30_000).code("ask"), Some(0));
        assert_eq!(inside.asked(), 0);
    });
}

#[test]
fn no_answer_is_never_a_match() {
    each_way(|bench| {
        // Nobody listens; whatever listens says nothing; it is no HTTP.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let nobody = format!("http://127.0.0.1:{}/", {
            let closed = TcpListener::bind("127.0.0.1:0").unwrap();
            closed.local_addr().unwrap().port()
        });
        let mute = Server::answering(&[""]);
        let other = Server::answering(&["220 smtp\r\n200 OK\r\n"]);
        let silent_url = format!("http://{}/", silent.local_addr().unwrap());
        for url in [nobody, mute.url("/"), other.url("/"), silent_url] {
            let wait = HttpWait {
                status_from: 0,
                status_to: 65_535,
                absent: vec![literal("x")],
                ..http(&url)
            };
            let outcome = ask(bench, wait, 200);
            assert_eq!(outcome.code("ask"), Some(124), "{url}: {outcome:?}");
            assert!(outcome.printed("ask").contains("no answer"), "{outcome:?}");
        }
    });
}
