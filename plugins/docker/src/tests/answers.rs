//! What engines printed, as facts. The lines are those of Docker 20.10 and 28.2.

use windlass_sdk::types::{
    Address, Answer, ContainerFact as Fact, ContainerQuery as Query, ContainerStatus, Extension,
    HealthStatus, Mount, Output,
};

use super::pairs;

const RUNNING: &str = r#"{"id":"8c2a","name":"/shop-web-3f9a","image":"10.0.0.5/shop:3f9a","image_id":"sha256:327e","labels":{"destination":"","role":"web","service":"shop"},"status":"running","health":"healthy","created_at":"2026-11-23T13:27:30.5634Z","mounts":[["/root/.kamal/cords/x","/tmp/kamal-cord"],null],"addresses":[["bridge","172.17.0.5"],null]}"#;
const CREATED: &str = r#"{"id":"a95a","name":"/shop-web-3f9a_replaced_01","image":"10.0.0.5/shop:3f9a","image_id":"sha256:327e","labels":{"service":"shop","destination":"staging"},"status":"created","health":"none","created_at":"2026-11-23T13:27:30Z","mounts":[null],"addresses":[["none",""],null]}"#;

fn read(query: Query, exit_code: i32, stdout: &str) -> Result<Fact, String> {
    let output = Output { exit_code, stdout: stdout.as_bytes().to_vec() };
    crate::answers::read(&Answer { query, output })
}

fn names(fact: Result<Fact, String>) -> Vec<String> {
    match fact {
        Ok(Fact::Containers(all)) => all.into_iter().map(|c| c.name).collect(),
        other => panic!("no containers: {other:?}"),
    }
}

#[test]
fn a_container_is_read() {
    let Ok(Fact::Containers(all)) = read(Query::Containers(Vec::new()), 0, RUNNING) else {
        panic!("no containers");
    };
    let one = &all[0];
    assert_eq!(one.name, "shop-web-3f9a");
    assert_eq!((one.status, one.health), (ContainerStatus::Running, HealthStatus::Healthy));
    assert_eq!(one.created_at, "2026-11-23T13:27:30.563400000Z");
    let (source, target) = ("/root/.kamal/cords/x".to_string(), "/tmp/kamal-cord".to_string());
    assert_eq!(one.mounts, [Mount { source, target }]);
    let (network, address) = ("bridge".to_string(), "172.17.0.5".to_string());
    assert_eq!(one.addresses, [Address { network, address }]);
    assert_eq!(one.labels, pairs(&[("destination", ""), ("role", "web"), ("service", "shop")]));
}

#[test]
fn only_what_was_asked_for_is_told() {
    let both = format!("{RUNNING}\n{CREATED}\n");
    let labels = |destination| pairs(&[("service", "shop"), ("destination", destination)]);
    assert_eq!(names(read(Query::Containers(labels("")), 0, &both)), ["shop-web-3f9a"]);
    let staging = names(read(Query::Containers(labels("staging")), 0, &both));
    assert_eq!(staging, ["shop-web-3f9a_replaced_01"]);
    let name = Query::Container("shop-web-3f9a".to_string());
    assert_eq!(names(read(name, 0, &both)), ["shop-web-3f9a"]);
}

#[test]
fn a_container_may_vanish_while_we_look() {
    let all = || Query::Containers(Vec::new());
    assert_eq!(names(read(all(), 1, &format!("{RUNNING}\n"))), ["shop-web-3f9a"]);
    assert_eq!(names(read(all(), 0, "")), Vec::<String>::new());
    assert_eq!(read(all(), 1, "\n").unwrap_err(), "docker did not answer (exit code 1)");
    assert!(read(all(), 127, "").unwrap_err().contains("not installed"));
    assert!(read(all(), 0, "<html>").unwrap_err().contains("unexpected"));
}

#[test]
fn images_of_one_repository_by_tag() {
    let lines = concat!(
        r#"{"id":"sha256:32","tags":["dhh/app:1","dhh/app:latest","other/app:1"],"created_at":"2026-11-23T13:26:41.26964483Z"}"#,
        "\n",
        r#"{"id":"sha256:32","tags":["dhh/app:1","dhh/app:latest"],"created_at":"2026-11-23T13:26:41.26964483Z"}"#,
        "\n",
        r#"{"id":"sha256:33","tags":null,"created_at":"2026-11-23T13:26:41Z"}"#,
    );
    let references = |repository: &str| match read(Query::Images(repository.to_string()), 0, lines)
    {
        Ok(Fact::Images(images)) => images.into_iter().map(|i| i.reference).collect::<Vec<_>>(),
        other => panic!("no images: {other:?}"),
    };
    assert_eq!(references("dhh/app"), ["dhh/app:1", "dhh/app:latest"]);
    assert_eq!(
        references("docker.io/dhh/app"),
        ["docker.io/dhh/app:1", "docker.io/dhh/app:latest"]
    );
    assert_eq!(references("app"), Vec::<String>::new());
}

#[test]
fn a_strangers_question_is_refused() {
    let volumes = Extension { name: "volumes".to_string(), data: "{}".to_string() };
    let refused = "docker does not know the question `volumes`";
    assert_eq!(read(Query::Other(volumes), 0, "").unwrap_err(), refused);
}
