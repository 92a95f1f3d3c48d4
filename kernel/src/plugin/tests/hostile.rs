//! Crashes, limits, lies and foreign imports: each is an error that names the plugin, and
//! the same host goes on working.

use serde_json::{Value, json};

use super::*;

/// What the plugin did wrong in `plan` with these settings; it must still work afterwards.
fn fault(bench: &Bench, settings: &Value) -> PluginError {
    let plugin = bench.hostile();
    let error = plugin.plan(&context(settings), &[]).unwrap_err();
    assert_eq!((error.plugin.as_str(), error.call), ("hostile", "plan"));
    assert!(error.to_string().contains("`hostile`"), "{error}");
    assert_eq!(plugin.plan(&context(&json!({})), &[]), Ok(Vec::new()));
    error
}

fn deed(deed: &str) -> PluginError {
    fault(&Bench::new(), &json!({ "do": deed }))
}

fn violation(settings: &Value) -> String {
    match fault(&Bench::new(), settings).fault {
        Fault::ContractViolation(violation) => violation,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_crash_says_where_and_why() {
    let error = deed("trap");
    let Fault::Trap { message, backtrace, .. } = &error.fault else { panic!("{error:?}") };
    assert!(message.contains("unreachable"), "{message}");
    assert!(!backtrace.is_empty());

    let error = deed("panic");
    let Fault::Trap { said, .. } = &error.fault else { panic!("{error:?}") };
    assert!(said.as_ref().is_some_and(|said| said.contains("out of ideas")), "{error}");
    assert!(error.to_string().contains("out of ideas"), "{error}");

    let error = deed("recurse");
    let Fault::Trap { message, .. } = &error.fault else { panic!("{error:?}") };
    assert!(message.contains("stack"), "{message}");
}

#[test]
fn an_endless_loop_ends_at_the_time_limit() {
    let bench = Bench::hurried();
    let start = std::time::Instant::now();
    let error = fault(&bench, &json!({ "do": "loop" }));
    assert_eq!(error.fault, Fault::Time { limit: bench.limits.time });
    assert!(start.elapsed() >= bench.limits.time);
}

#[test]
fn time_is_counted_per_call_also_with_many_at_once() {
    let bench = Bench::hurried();
    let plugin = bench.hostile();
    std::thread::scope(|scope| {
        let looping = scope.spawn(|| plugin.plan(&context(&json!({ "do": "loop" })), &[]));
        for _ in 0..20 {
            assert_eq!(plugin.plan(&context(&json!({})), &[]), Ok(Vec::new()));
        }
        assert!(matches!(looping.join().unwrap().unwrap_err().fault, Fault::Time { .. }));
    });
}

#[test]
fn four_gigabytes_are_refused() {
    let limit = Limits::default().memory;
    assert_eq!(deed("allocate").fault, Fault::Memory { limit });
}

#[test]
fn what_it_logs_is_bounded_and_harmless() {
    let bench = Bench::new();
    let plugin = bench.hostile();
    plugin.plan(&context(&json!({ "do": "say" })), &[]).unwrap();
    assert_eq!(bench.logged(), ["\u{fffd}[2Jhello"]);
    plugin.plan(&context(&json!({ "do": "flood" })), &[]).unwrap();
    assert_eq!(bench.logged().len(), 1 + bench.limits.messages);

    let shout = deed("shout");
    assert!(matches!(shout.fault, Fault::Size { .. }), "{shout:?}");
}

#[test]
fn s8_what_it_logs_or_finds_forges_no_line() {
    let bench = Bench::new();
    bench.hostile().plan(&context(&json!({ "do": "forge" })), &[]).unwrap();
    assert_eq!(bench.logged(), ["done ⏎   web-1  ✓ \u{fffd}Boot"]);
    let problem = Problem {
        severity: Severity::Error,
        message: "a\nerror: b".to_owned(),
        pointer: None,
        host: None,
        help: Some("\u{2066}c\u{2028}d".to_owned()),
    };
    let found = bench.hostile().check(&context(&json!({ "problems": [problem] }))).unwrap();
    assert_eq!(found[0].message, "a ⏎ error: b");
    assert_eq!(found[0].help.as_deref(), Some("\u{fffd}c\u{fffd}d"));
}

#[test]
fn a_huge_answer_is_refused() {
    let bench = Bench::new();
    let error = bench.hostile().check(&context(&json!({ "do": "huge" }))).unwrap_err();
    assert_eq!(error.fault, Fault::Size { limit: bench.limits.answer });
    let few = Bench { limits: Limits { items: 1, ..bench.limits }, ..Bench::new() };
    let steps = ["a", "b"].map(|id| step(id, "web-1", Phase::Stage, say()));
    let error = fault(&few, &json!({ "steps": steps }));
    assert!(error.to_string().contains("2 steps; at most 1"), "{error}");
}

fn say() -> Action {
    Action::Say("hello".to_owned())
}

#[test]
fn nonsense_is_called_so() {
    let at = |id: &str, host: &str| step(id, host, Phase::Prepare, say());
    let twice =
        violation(&json!({ "steps": [at("a", "web-1"), at("b", "web-1"), at("a", "web-1")] }));
    assert!(twice.contains("two steps on `web-1` are called `a`"), "{twice}");
    let nowhere = violation(&json!({ "steps": [at("a", "db-9")] }));
    assert!(nowhere.contains("there is no host \"db-9\""), "{nowhere}");
    let bad = violation(&json!({ "steps": [at("A b", "web-1")] }));
    assert!(bad.contains("the id \"A b\""), "{bad}");
    let silent = violation(&json!({ "problems": [] }));
    assert!(silent.contains("without a reason"), "{silent}");
}

#[test]
fn findings_are_no_crime() {
    let problem = Problem {
        severity: Severity::Error,
        message: "no image is named".to_owned(),
        pointer: Some("/image".to_owned()),
        host: None,
        help: Some("add `image:`".to_owned()),
    };
    let settings = json!({ "problems": [problem] });
    let bench = Bench::new();
    assert_eq!(bench.hostile().check(&context(&settings)), Ok(vec![problem.clone()]));
    assert_eq!(fault(&bench, &settings).fault, Fault::Problems(vec![problem]));
}

#[test]
fn wasi_can_be_imported_but_not_called() {
    let error = deed("wasi");
    let name = "wasi:cli/environment@0.2.0#get-environment";
    assert_eq!(error.fault, Fault::Wasi(name.to_owned()));
    assert!(error.to_string().contains("no clock, randomness, environment"), "{error}");
}

#[test]
fn other_imports_and_versions_are_refused_before_compiling() {
    let bench = Bench::uncached();
    let loader = bench.loader();
    let refused = |bytes: &[u8]| loader.load(bench.source("hostile", bytes)).unwrap_err();

    let error = refused(&renamed("wasi:cli/environment", "evil:cli/environment"));
    assert_eq!(error.fault, Fault::Import("evil:cli/environment@0.2.0".to_owned()));

    let error = refused(&renamed("lifecycle@0.2.0", "lifecycle@0.7.0"));
    assert!(matches!(&error.fault, Fault::Contract { found, .. } if found == "0.7.0"), "{error:?}");
    assert!(error.to_string().contains("update Windlass"), "{error}");

    let error = refused(b"\x7fELF");
    assert!(matches!(error.fault, Fault::NotAComponent(_)), "{error:?}");
    let error = refused(&HOSTILE[..HOSTILE.len() / 2]);
    assert!(matches!(error.fault, Fault::NotAComponent(_)), "{error:?}");
    assert_eq!(loader.compilations(), 0);

    let error = loader.load(bench.source("other", &HOSTILE)).unwrap_err();
    assert!(error.to_string().contains("calls itself `hostile`"), "{error}");
    let path = bench.directory.path().join("missing.wasm");
    let error = loader.load(Source::File { name: "gone".to_owned(), path }).unwrap_err();
    assert!(matches!(error.fault, Fault::Source(_)), "{error:?}");
    assert!(loader.load(bench.source("hostile", &HOSTILE)).is_ok());
}

#[test]
fn several_load_at_once_and_one_failure_is_told() {
    let bench = Bench::new();
    let loader = bench.loader();
    let good = bench.source("hostile", &HOSTILE);
    let names = |plugins: Vec<Plugin>| plugins.iter().map(|p| p.name().to_owned()).collect();
    let all = loader.load_all(vec![good.clone(), good.clone()]).map(names);
    assert_eq!(all, Ok(vec!["hostile".to_owned(); 2]));
    let bad = Source::Bundled("unheard-of".to_owned());
    let error = loader.load_all(vec![good, bad]).unwrap_err();
    assert!(error.to_string().contains("the plugin `unheard-of` cannot be loaded"), "{error}");
}

#[test]
fn no_call_knows_of_an_earlier_one() {
    let bench = Bench::new();
    let plugin = bench.hostile();
    for _ in 0..2 {
        plugin.plan(&context(&json!({ "do": "remember" })), &[]).unwrap();
    }
    assert_eq!(bench.logged(), ["before: 0", "before: 0"]);
}

#[test]
fn a_function_of_another_kind_is_not_there() {
    let error = Bench::new().hostile().traffic(&context(&json!({})), &[], &[]).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("is of kind role") && text.contains("kind proxy"), "{text}");
}
