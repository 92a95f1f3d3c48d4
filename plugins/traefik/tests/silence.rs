//! A host that did not answer is a problem, and not a host without containers.

use windlass_sdk::testing;

#[test]
fn nothing_is_planned_for_hosts_that_did_not_answer() {
    let context = testing::configured("deploy", r#"{"servers": {"web": {}, "workers": {}}}"#);
    let problems = windlass_traefik::commands::plan(&context, &[]).unwrap_err();
    assert_eq!(problems[0].host.as_deref(), Some("web-1"));
}
