//! How steps read: words that cannot pass for others, placeholders, folds.

use super::*;
use crate::model::wit::{OutputKind, OutputRef};

fn literal(text: &str) -> Text {
    vec![Part::Literal(text.to_owned())]
}

fn command(argv: &[&str]) -> Process {
    let argv = argv.iter().map(|word| literal(word)).collect();
    Process { argv, env: Vec::new(), stdin: None, success: Vec::new() }
}

fn line(processes: Vec<Process>) -> String {
    program(&Program::Processes { processes, yields: None, abort: Vec::new() }).join(" ")
}

#[test]
fn literals_cannot_pass_for_anything_else() {
    let words = ["echo", "", "A=b", "it's", "<secret A>", "${HOME}", "a b", "&&", "<<<"];
    assert_eq!(
        line(vec![command(&words)]),
        r"echo '' A=b 'it'\''s' '<secret A>' '${HOME}' 'a b' '&&' '<<<'"
    );
    let typed = line(vec![command(&words)]);
    assert_eq!(shlex::split(&typed).unwrap(), words);
}

#[test]
fn nothing_steers_the_terminal_or_hides() {
    let words = ["echo", "\x1b[2K", "a\u{202e}b'\\", "\r"];
    assert_eq!(line(vec![command(&words)]), r"echo $'\u001b[2K' $'a\u202eb\'\\' $'\u000d'");
}

#[test]
fn what_is_known_later_has_a_name() {
    let output = OutputRef { step: "app.run".into(), kind: OutputKind::IpAddress };
    let url = [literal("http://"), vec![Part::OutputOf(output)], literal("/a b")].concat();
    assert_eq!(word(&url), "http://<ip-address of app.run>'/a b'");
    let home = [vec![Part::HostEnv("HOME".into())], literal("/x")].concat();
    assert_eq!(word(&home), "${HOME}/x");
    assert_eq!(word(&vec![Part::HostFile("a b".into())]), "<file 'a b'>");
    let login = Process {
        env: vec![EnvVar { name: "TOKEN".into(), value: vec![Part::Secret("KEY".into())] }],
        stdin: Some(vec![Part::Secret("PASSWORD".into())]),
        success: vec![0, 3],
        ..command(&["docker", "login"])
    };
    assert_eq!(
        line(vec![login, command(&["true"])]),
        "TOKEN=<secret KEY> docker login <<< <secret PASSWORD> (success: 0|3) && true"
    );
}

#[test]
fn waits_say_what_they_wait_for() {
    let watch = Program::Watch {
        argv: vec![literal("state"), literal("web")],
        accept: vec!["healthy".into()],
        reject: vec!["dead".into(), "gone".into()],
        steady: vec!["running".into()],
        steady_ms: 1500,
    };
    assert_eq!(
        program(&watch).join(" "),
        "ask: state web until healthy or running for 1500 ms unless dead|gone"
    );
    let wait = HttpWait {
        url: literal("http://web/up"),
        status_from: 200,
        status_to: 299,
        contains: Some(literal("UP")),
        absent: vec![literal("DOWN")],
        port_after: Some(literal("http://:")),
        container: None,
    };
    let fail_fast = Some(FailFast { argv: vec![literal("state")], words: vec!["gone".into()] });
    assert_eq!(
        program(&Program::Http { wait, fail_fast }).join(" "),
        "GET http://web/up until 200-299 contains UP without DOWN (yields port after http://:) \
         unless state says gone"
    );
    let until = Program::Until(command(&["test", "-e", "/x"]));
    assert_eq!(program(&until).join(" "), "repeat: test -e /x until it succeeds");
    assert_eq!(program(&Program::Delay { ms: 5000 }), ["wait 5 s"]);
}

#[test]
fn files_are_shown_with_path_mode_and_content() {
    let content = literal("* * * * * root true\n");
    let write = Program::WriteFile { path: "/etc/cron.d/x".into(), content, mode: 0o644 };
    assert_eq!(
        program(&write).join(" "),
        "write /etc/cron.d/x (mode 0644) <<< '* * * * * root true\n'"
    );
}

#[test]
fn long_commands_are_folded_before_an_option() {
    let option = format!("--label={}", "x".repeat(40));
    let words = ["docker", "run", &option, &option, "--name", "web", "image", "sh", "-c", "a\nb"];
    let processes = vec![command(&words)];
    let folded = fold(&program(&Program::Processes { processes, yields: None, abort: Vec::new() }));
    let lines: Vec<&str> = folded.lines().collect();
    assert_eq!(lines[0], format!("docker run {option} \\"));
    assert_eq!(lines[1], format!("  {option} --name web image sh -c 'a"));
    // A line within a word has a margin, too.
    assert_eq!(lines[2..], ["  b'"]);
    let unfolded = folded.replace(" \\\n  ", " ").replace("\n  ", "\n");
    assert_eq!(shlex::split(&unfolded).unwrap(), words);
}
