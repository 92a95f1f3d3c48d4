//! The argv of questions and waits.

use insta::assert_snapshot;
use windlass_sdk::types::{ContainerCondition, ContainerQuery as Query, ContainerWait, Extension};

use super::{pairs, quoted, shown};

fn question(query: Query) -> String {
    match crate::queries::lower(&query) {
        Ok(lowered) => [Some(lowered.command), lowered.each]
            .into_iter()
            .flatten()
            .map(|argv| argv.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "))
            .collect::<Vec<_>>()
            .join("\n"),
        Err(why) => format!("error: {why}"),
    }
}

fn wait(until: ContainerCondition) -> String {
    let wait = ContainerWait { container: "shop-web-3f9a".to_string(), until, steady_ms: 7000 };
    let lowered = crate::waits::lower(&wait).unwrap();
    let argv: Vec<String> = lowered.argv.iter().map(|word| quoted(&shown(word))).collect();
    let (accept, reject, steady) = (lowered.accept, lowered.reject, lowered.steady);
    format!("{}\naccept {accept:?}\nreject {reject:?}\nsteady {steady:?}", argv.join(" "))
}

#[test]
fn questions() {
    let labels = pairs(&[("service", "shop"), ("destination", "")]);
    assert_snapshot!(question(Query::Containers(labels)), @r#"
    docker ps --all --quiet --no-trunc --filter label=service=shop --filter label=destination=
    docker container inspect --format '{"id":{{json .ID}},"name":{{json .Name}},"image":{{json .Config.Image}},"image_id":{{json .Image}},"labels":{{json .Config.Labels}},"status":{{json .State.Status}},"health":{{if .State.Health}}{{json .State.Health.Status}}{{else}}"none"{{end}},"created_at":{{json .Created}},"mounts":[{{range .Mounts}}[{{json .Source}},{{json .Destination}}],{{end}}null],"addresses":[{{range $n, $e := .NetworkSettings.Networks}}[{{json $n}},{{json $e.IPAddress}}],{{end}}null]}'
    "#);
    assert_snapshot!(question(Query::Container("shop-web-1.2".to_string())), @r#"
    docker ps --all --quiet --no-trunc --filter 'name=^shop-web-1\.2$'
    docker container inspect --format '{"id":{{json .ID}},"name":{{json .Name}},"image":{{json .Config.Image}},"image_id":{{json .Image}},"labels":{{json .Config.Labels}},"status":{{json .State.Status}},"health":{{if .State.Health}}{{json .State.Health.Status}}{{else}}"none"{{end}},"created_at":{{json .Created}},"mounts":[{{range .Mounts}}[{{json .Source}},{{json .Destination}}],{{end}}null],"addresses":[{{range $n, $e := .NetworkSettings.Networks}}[{{json $n}},{{json $e.IPAddress}}],{{end}}null]}'
    "#);
    assert_snapshot!(question(Query::Images("10.0.0.5/shop".to_string())), @r#"
    docker image ls --quiet --no-trunc 10.0.0.5/shop
    docker image inspect --format '{"id":{{json .ID}},"tags":{{json .RepoTags}},"created_at":{{json .Created}}}'
    "#);
    let volumes = Extension { name: "volumes".to_string(), data: "{}".to_string() };
    assert_snapshot!(question(Query::Other(volumes)), @"error: docker does not know the question `volumes`");
    assert_snapshot!(question(Query::Images("--all".to_string())), @"error: `--all` cannot be a name, a reference or a path: docker would read it as something else");
}

#[test]
fn waits() {
    assert_snapshot!(wait(ContainerCondition::Ready), @r#"
    docker container inspect --format '{{$s := .State.Status}}{{$h := ""}}{{if .State.Health}}{{$h = .State.Health.Status}}{{end}}{{if ne $s "running"}}{{if and (eq $s "restarting") (ge .RestartCount 3)}}crash-looping{{else}}{{$s}}{{end}}{{else if or (eq $h "") (eq $h "none")}}running{{else}}{{$h}}{{end}} {{.RestartCount}} {{.State.StartedAt}}' shop-web-3f9a
    accept ["healthy"]
    reject ["exited", "dead", "removing", "crash-looping", "gone"]
    steady ["running"]
    "#);
    assert_snapshot!(wait(ContainerCondition::OutOfService), @r#"
    docker container inspect --format '{{$s := .State.Status}}{{$h := ""}}{{if .State.Health}}{{$h = .State.Health.Status}}{{end}}{{if ne $s "running"}}{{if and (eq $s "restarting") (ge .RestartCount 3)}}crash-looping{{else}}{{$s}}{{end}}{{else if or (eq $h "") (eq $h "none")}}running{{else}}{{$h}}{{end}} {{.RestartCount}} {{.State.StartedAt}}' shop-web-3f9a
    accept ["unhealthy", "exited", "dead", "created", "crash-looping", "gone"]
    reject []
    steady []
    "#);
}
