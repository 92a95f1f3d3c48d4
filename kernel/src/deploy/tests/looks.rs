//! An operation that only looks changes nothing, whatever its plugin answers.

use super::bench::{Bench, ONE, operation};
use super::client::Cut;
use crate::model::wit::{Aim, Area, Intent};

#[tokio::test]
async fn a_plan_that_writes_is_refused_in_an_operation_that_only_looks() {
    let (mut run, _) = Bench::new(ONE).run("v1", Cut::Never);
    run.request.operation = operation("traefik boot", &run.request.arguments);
    let seen = run.observe().await.unwrap();
    assert!(run.plan(&seen).unwrap().writes());
    run.request.operation.aims = vec![Aim { intent: Intent::Look, areas: vec![Area::Proxies] }];
    let error = run.plan(&seen).unwrap_err().to_string();
    assert!(error.contains("the plugin `traefik` would change a host"), "{error}");
    assert!(error.contains("in `traefik boot`, which only looks"), "{error}");
}
