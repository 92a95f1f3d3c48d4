//! Values: what steps yield, what children get in their environment, what stands in no argv.

use super::*;
use crate::execute::ScriptError;
use crate::model::outputs::CASES;

/// Values that quoting, line-wise formats or shells have trouble with.
const NASTY: &[&str] = &[
    "",
    " ",
    "a'b\"c`d$(id)${HOME}\\",
    "two\nlines\n",
    "trailing\n\n\n",
    "\n",
    "carriage\r",
    "#comment = $x; | & > < * ? [ ] ~ ! %s %d",
    "-e",
    "-----BEGIN KEY-----\nabc+/=\n-----END KEY-----\n",
    "größe 日本 🚀",
    "tab\tand\x07bell",
    "\\n is not a newline, \\\\ neither",
];

/// Prints the value of `V` byte for byte into a file.
const KEEP: &str = "printenv -0 V | head -c -1 >got";

fn child(commands: &str, env: Vec<EnvVar>) -> PlannedStep {
    let mut process = process(&["sh", "-c", commands]);
    process.env = env;
    step("child", processes(vec![process]))
}

#[test]
fn exports_reach_a_child_unchanged() {
    each_shell(|mut bench| {
        for value in NASTY {
            bench.secrets.insert("SECRET", *value);
            for text in [literal(value), vec![Part::Secret("SECRET".into())]] {
                let outcome = bench.run(&trip(vec![child(KEEP, vec![var("V", text)])]));
                assert_eq!(outcome.code("child"), Some(0), "{outcome:?}");
                assert_eq!(bench.text("got").unwrap(), *value, "{:?}", bench.shell);
            }
        }
    });
}

#[test]
fn exports_of_any_name_change_neither_each_other_nor_the_script() {
    // Names that the script might use for itself.
    let names = [
        "K", "M", "F", "I", "U", "E", "R", "L", "a", "c", "d", "f", "l", "n", "o", "t", "u", "w",
        "x", "_x", "now", "was", "V",
    ];
    each_shell(|bench| {
        bench.put("value", "from a file\n");
        for name in names {
            let env = vec![
                var(name, literal("mine; $K")),
                var("ZZ", vec![Part::HostFile("value".into())]),
                var("YY", literal("other")),
            ];
            let commands = format!("printf '%s|%s|%s' \"${name}\" \"$ZZ\" \"$YY\" >got");
            let outcome = bench.run(&trip(vec![child(&commands, env), does("next", "true")]));
            assert_eq!(bench.text("got").unwrap(), "mine; $K|from a file\n|other", "{name}");
            assert_eq!(outcome.code("next"), Some(0), "{name}: {outcome:?}");
        }
    });
}

#[test]
fn an_export_lasts_for_one_process() {
    each_shell(|bench| {
        let mut first = process(&["true"]);
        first.env = vec![var("V", literal("leak"))];
        let second = process(&["sh", "-c", "printf %s \"${V-unset}\" >got"]);
        bench.run(&trip(vec![step("both", processes(vec![first, second]))]));
        assert_eq!(bench.text("got").unwrap(), "unset");
    });
}

#[test]
fn no_argv_on_the_host_holds_a_secret() {
    const TOKEN: &str = "sesame-5c1fe0";
    // Every process of the machine, while the child runs.
    let look =
        "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' >argvs; printenv V >got; cat >in";
    each_shell(|mut bench| {
        bench.secrets.insert("SECRET", TOKEN);
        let secret = || vec![Part::Secret("SECRET".into())];
        let mut process = process(&["sh", "-c", look]);
        process.env = vec![var("V", secret())];
        process.stdin = Some(secret());
        let outcome = bench.run(&trip(vec![step("child", processes(vec![process]))]));
        assert_eq!(outcome.code("child"), Some(0), "{outcome:?}");
        assert_eq!(bench.text("got").unwrap().trim_end(), TOKEN);
        assert_eq!(bench.text("in").unwrap(), TOKEN);
        let argvs =
            String::from_utf8_lossy(&std::fs::read(bench.file("argvs")).unwrap()).into_owned();
        assert!(argvs.contains("printenv") || argvs.contains("cmdline"), "it saw processes");
        assert!(!argvs.contains(TOKEN), "{argvs}");
    });
}

#[test]
fn a_secret_in_a_command_line_is_refused_before_anything_runs() {
    let mut secrets = SecretStore::default();
    secrets.insert("SECRET", "x");
    let mut argv = process(&["echo"]);
    argv.argv.push(vec![Part::Secret("SECRET".into())]);
    let refused = |program: Program| trip(vec![step("a", program)]).script(MARK, &secrets).err();
    let name = "SECRET".to_string();
    assert_eq!(refused(processes(vec![argv])), Some(ScriptError::SecretInCommand { name }));
    let mut unknown = process(&["true"]);
    unknown.stdin = Some(vec![Part::Secret("OTHER".into())]);
    assert!(matches!(refused(processes(vec![unknown])), Some(ScriptError::NoSecret(_))));
    let mut badly = process(&["true"]);
    badly.env = vec![var("a b", literal(""))];
    assert!(matches!(refused(processes(vec![badly])), Some(ScriptError::BadName { .. })));
}

#[test]
fn files_of_the_host_become_values_byte_for_byte() {
    each_shell(|bench| {
        for value in NASTY {
            bench.put("store/VALUE", value);
            let text = vec![
                Part::Literal("<".into()),
                Part::HostFile("store/VALUE".into()),
                Part::Literal(">".into()),
            ];
            let outcome = bench.run(&trip(vec![child(KEEP, vec![var("V", text)])]));
            assert_eq!(outcome.code("child"), Some(0), "{outcome:?}");
            assert_eq!(bench.text("got").unwrap(), format!("<{value}>"));
        }
        let missing = var("V", vec![Part::HostFile("store/NONE".into())]);
        let outcome = bench.run(&trip(vec![child("echo ran >ran", vec![missing])]));
        assert_eq!(outcome.code("child"), Some(66));
        assert!(!bench.file("ran").exists());
    });
}

#[test]
fn variables_of_the_server_keep_their_value_as_one_word() {
    each_shell(|bench| {
        let mut words = process(&["sh", "-c", "printf '%s|' \"$@\" >got", "sh"]);
        words.argv.push(vec![Part::HostEnv("HOME".into()), Part::Literal("/a b/*".into())]);
        words.argv.push(vec![Part::HostEnv("WINDLASS_NOT_SET".into())]);
        let outcome = bench.run(&trip(vec![step("words", processes(vec![words]))]));
        assert_eq!(outcome.code("words"), Some(0));
        let home = bench.home.path().display();
        assert_eq!(bench.text("got").unwrap(), format!("{home}/a b/*||"));
    });
}

#[test]
fn hosts_check_outputs_as_this_machine_does() {
    each_shell(|bench| {
        for (kind, good, bad) in CASES {
            for (value, accepted) in
                good.iter().map(|v| (v, true)).chain(bad.iter().map(|v| (v, false)))
            {
                bench.put("value", value);
                let outcome = bench.run(&trip(vec![does("out", "cat value").yields(kind)]));
                let code = if accepted { 0 } else { 65 };
                assert_eq!(outcome.code("out"), Some(code), "{kind:?} {value:?}");
                let told = outcome.report.outputs.get("out").map(String::as_str);
                assert_eq!(told, accepted.then_some(*value));
                let is_secret = accepted && kind == OutputKind::SecretText;
                let secrets = is_secret.then(|| Secret::new(*value));
                assert_eq!(outcome.secrets, Vec::from_iter(secrets), "{kind:?} {value:?}");
            }
        }
    });
}

#[test]
fn an_output_is_used_later_in_the_same_trip_and_in_later_ones() {
    each_shell(|bench| {
        let mut noisy = does("ip", "echo 10.0.0.7").yields(OutputKind::IpAddress);
        if let Program::Processes { processes, .. } = &mut noisy.program {
            // Only what the last process prints counts.
            processes.insert(0, process(&["echo", "pulled 10.9.9.9"]));
        }
        let mut use_it = process(&["sh", "-c", "printf '%s %s' \"$1\" \"$V\" >got", "sh"]);
        use_it.argv.push(vec![
            Part::Literal("http://".into()),
            output("ip", OutputKind::IpAddress),
            Part::Literal(":80/".into()),
        ]);
        use_it.env = vec![var("V", vec![output("ip", OutputKind::IpAddress)])];
        let uses = || step("use", processes(vec![use_it.clone()]));
        let outcome = bench.run(&trip(vec![noisy, uses()]));
        assert_eq!(bench.text("got").unwrap(), "http://10.0.0.7:80/ 10.0.0.7");
        assert!(outcome.printed("ip").contains("pulled"));

        std::fs::remove_file(bench.file("got")).unwrap();
        let mut later = trip(vec![uses()]);
        later.known.outputs = outcome.report.outputs;
        bench.run(&later);
        assert_eq!(bench.text("got").unwrap(), "http://10.0.0.7:80/ 10.0.0.7");

        let nobody = trip(vec![uses()]).script(MARK, &bench.secrets).err();
        assert!(matches!(nobody, Some(ScriptError::NoOutput { .. })));
    });
}
