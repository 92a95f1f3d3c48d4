//! The arrival of another package of the contract, rehearsed.

use serde_json::json;

use super::*;
use crate::model::wit::{Fact, FileState, FileWrite, Observation};

/// A host's answer to the question of the guest.
fn seen(host: &str, file: Option<FileState>) -> Observation {
    let (host, id) = (host.to_owned(), "soaked".to_owned());
    Observation { host, id, answer: Ok(Fact::File(file)) }
}

#[test]
fn a_component_of_the_successor_works_beside_one_of_this_package() {
    let bench = Bench::new();
    let loader = bench.loader();
    let bytes = guest("windlass-successor");
    let sources = vec![bench.source("hostile", &HOSTILE), bench.source("successor", &bytes)];
    let [old, new] = <[Plugin; 2]>::try_from(loader.load_all(sources).unwrap()).unwrap();
    let granted = |plugin: Plugin| {
        let asked = describe::asked(&plugin.description().capabilities).unwrap();
        plugin.granted(asked)
    };
    let (old, new) = (granted(old), granted(new));
    assert_eq!([old.kind(), new.kind()], [Kind::Role, Kind::Step]);

    let own = step("own", "web-1", Phase::Start, Action::Say("hello".to_owned()));
    let cx = context(&json!({ "steps": [own] }));
    assert_eq!(old.plan(&cx, &[]), Ok(vec![own.clone()]));

    let found = new.check(&cx).unwrap();
    assert_eq!(found[0].message, "shop will soak");
    let asked = new.observe(&cx).unwrap();
    let hosts: Vec<&str> = asked.iter().map(|question| question.host.as_str()).collect();
    assert_eq!(hosts, ["web-1", "web-2", "jobs-1"]);
    assert_eq!(bench.logged(), ["asked"]);

    let there = FileState { mode: 0o600, size: 0, digest: String::new() };
    let steps = new.plan(&cx, &[seen("web-1", None), seen("web-2", Some(there))]).unwrap();
    let [touch] = &steps[..] else { panic!("{steps:?}") };
    assert_eq!((touch.title.as_str(), touch.host.as_str()), ("Touch a file on web-1", "web-1"));
    let path = ".kamal/data/soaked".to_owned();
    let empty = FileWrite { path: path.clone(), content: Vec::new(), mode: 0o600 };
    assert_eq!(touch.action, Action::WriteFile(empty));
    assert_eq!(touch.undo, Some(Action::RemoveFile(path)));

    let ungranted = new.granted(Vec::new()).plan(&cx, &[seen("web-1", None)]).unwrap_err();
    assert!(matches!(ungranted.fault, Fault::Grant(_)), "{ungranted}");
    assert_eq!(old.plan(&cx, &[]), Ok(vec![own]));
}
