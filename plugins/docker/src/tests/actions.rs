//! The argv of every action but `run`.

use insta::assert_snapshot;
use windlass_sdk::texts::{secret, text, with_host_env, words};
use windlass_sdk::types::{
    BuildOptions, ContainerAction as A, ContainerList, ExecOptions, Extension, ImageCopy,
    ImageFilter, ImageLabel, ImageTag, LogOptions, NetworkSpec, Part, RegistryLogin, Rename,
    StopOptions,
};

use super::{lowered, pairs, var};

const IMAGE: &str = "10.0.0.5/shop:3f9a";

fn login(username: windlass_sdk::types::Text) -> A {
    A::Login(RegistryLogin {
        server: Some("10.0.0.5".to_string()),
        username,
        password: secret("REGISTRY_PASSWORD"),
    })
}

fn stopping(timeout_s: Option<u32>) -> StopOptions {
    StopOptions { container: "shop-web-3f9a".to_string(), timeout_s }
}

#[test]
fn registries() {
    assert_snapshot!(lowered(login(text("dhh"))), @"docker login 10.0.0.5 --username dhh --password-stdin <<< <secret REGISTRY_PASSWORD>");
    assert_snapshot!(lowered(login(secret("REGISTRY_USER"))), @"error: `docker login` takes the user name as an argument, where every process of the machine can read it, so it cannot be a secret");
    assert_snapshot!(lowered(A::Logout(None)), @"docker logout");
    assert_snapshot!(lowered(A::Logout(Some("10.0.0.5".to_string()))), @"docker logout 10.0.0.5");
}

#[test]
fn images() {
    let image = || IMAGE.to_string();
    assert_snapshot!(lowered(A::Pull(image())), @"docker pull 10.0.0.5/shop:3f9a");
    assert_snapshot!(lowered(A::Push(image())), @"docker push 10.0.0.5/shop:3f9a");
    assert_snapshot!(lowered(A::InspectImage(image())), @"
    docker image inspect --format {{.ID}} 10.0.0.5/shop:3f9a
    yields OutputKind::Digest
    ");
    let tag = ImageTag { image: image(), reference: "10.0.0.5/shop:latest".to_string() };
    assert_snapshot!(lowered(A::Tag(tag)), @"docker tag 10.0.0.5/shop:3f9a 10.0.0.5/shop:latest");
    assert_snapshot!(lowered(A::RemoveImage(image())), @"docker image rm 10.0.0.5/shop:3f9a");
    assert_snapshot!(lowered(A::ListImages("10.0.0.5/shop".to_string())), @"docker image ls 10.0.0.5/shop");
    let filter = |all| ImageFilter { labels: pairs(&[("service", "shop")]), all };
    assert_snapshot!(lowered(A::PruneImages(filter(false))), @"docker image prune --force --filter label=service=shop");
    assert_snapshot!(lowered(A::PruneImages(filter(true))), @"docker image prune --all --force --filter label=service=shop");
}

/// Kamal runs it, with a command that the image's entrypoint may not tolerate.
#[test]
fn files_come_out_of_a_container_that_never_runs() {
    let copy = ImageCopy {
        image: IMAGE.to_string(),
        container: "shop-web-assets".to_string(),
        source: "/public/".to_string(),
        directory: "assets/new".to_string(),
    };
    assert_eq!(
        lowered(A::CopyFromImage(copy)).lines().collect::<Vec<_>>(),
        [
            "mkdir -p assets",
            "docker rm --force shop-web-assets # success: [0, 1]",
            "docker create --name shop-web-assets 10.0.0.5/shop:3f9a true",
            "docker cp --follow-link shop-web-assets:/public/. assets/new",
            "docker rm --force shop-web-assets",
        ]
    );
}

#[test]
fn a_missing_label_fails_the_inspection() {
    let require = |value: &str| {
        A::RequireLabel(ImageLabel {
            image: IMAGE.to_string(),
            label: "service".to_string(),
            value: value.to_string(),
        })
    };
    assert_snapshot!(lowered(require("shop")), @r#"docker image inspect --format '{{if .Config.Labels}}{{if ne (printf "%v" (index .Config.Labels "service")) "shop"}}{{index "" "image 10.0.0.5/shop:3f9a lacks the label service=shop"}}{{end}}{{else}}{{index "" "image 10.0.0.5/shop:3f9a lacks the label service=shop"}}{{end}}' 10.0.0.5/shop:3f9a"#);
    assert_snapshot!(lowered(require("a\"b\\\n")), @r#"docker image inspect --format '{{if .Config.Labels}}{{if ne (printf "%v" (index .Config.Labels "service")) "a\"b\\\u000a"}}{{index "" "image 10.0.0.5/shop:3f9a lacks the label service=a\"b\\\u000a"}}{{end}}{{else}}{{index "" "image 10.0.0.5/shop:3f9a lacks the label service=a\"b\\\u000a"}}{{end}}' 10.0.0.5/shop:3f9a"#);
}

#[test]
fn builds() {
    let mut options = BuildOptions {
        context: ".".to_string(),
        dockerfile: "Dockerfile".to_string(),
        tags: vec![IMAGE.to_string(), "10.0.0.5/shop:latest".to_string()],
        labels: pairs(&[("service", "shop")]),
        arguments: Vec::new(),
        target: None,
        options: Vec::new(),
    };
    assert_snapshot!(lowered(A::Build(options.clone())), @"docker build --tag 10.0.0.5/shop:3f9a --tag 10.0.0.5/shop:latest --label service=shop --file Dockerfile .");
    options.arguments = vec![
        ("RUBY".to_string(), text("3.3")),
        ("BUILT_BY".to_string(), with_host_env("me@${HOST}")),
        ("TOKEN".to_string(), secret("TOKEN")),
    ];
    options.target = Some("production".to_string());
    options.options = vec!["--platform".to_string(), "linux/amd64".to_string()];
    assert_snapshot!(lowered(A::Build(options)), @"TOKEN=<secret TOKEN> docker build --tag 10.0.0.5/shop:3f9a --tag 10.0.0.5/shop:latest --label service=shop --build-arg RUBY=3.3 --build-arg BUILT_BY=me@${HOST} --build-arg TOKEN --file Dockerfile --target production --platform linux/amd64 .");
}

#[test]
fn lives_of_containers() {
    let name = || "shop-web-3f9a".to_string();
    assert_snapshot!(lowered(A::Start(name())), @"docker start shop-web-3f9a");
    assert_snapshot!(lowered(A::Stop(stopping(None))), @"docker stop shop-web-3f9a");
    assert_snapshot!(lowered(A::Stop(stopping(Some(30)))), @"docker stop -t 30 shop-web-3f9a");
    assert_snapshot!(lowered(A::Remove(stopping(Some(1)))), @"
    docker stop -t 1 shop-web-3f9a # success: [0, 1]
    docker rm --force shop-web-3f9a
    ");
    let rename = Rename { container: name(), name: "shop-web-3f9a_replaced_01".to_string() };
    assert_snapshot!(lowered(A::Rename(rename)), @"docker rename shop-web-3f9a shop-web-3f9a_replaced_01");
}

#[test]
fn looking_at_containers() {
    let name = || "shop-web-3f9a".to_string();
    assert_snapshot!(lowered(A::HealthLog(name())), @"docker container inspect --format '{{json .State.Health}}' shop-web-3f9a");
    assert_snapshot!(lowered(A::InspectAddress(name())), @r#"
    docker container inspect --format '{{$a := ""}}{{range .NetworkSettings.Networks}}{{if not $a}}{{$a = .IPAddress}}{{end}}{{end}}{{if eq .HostConfig.NetworkMode "host"}}127.0.0.1{{else}}{{$a}}{{end}}' shop-web-3f9a
    yields OutputKind::IpAddress
    "#);
    let port = lowered(A::InspectPort(name()));
    assert!(port.contains(".Config.ExposedPorts") && port.ends_with("yields OutputKind::Port"));
    let labels = pairs(&[("service", "shop"), ("destination", "")]);
    let list = |all| A::ListContainers(ContainerList { labels: labels.clone(), all });
    assert_snapshot!(lowered(list(false)), @"docker ps --filter label=service=shop --filter label=destination=");
    assert_snapshot!(lowered(list(true)), @"docker ps --all --filter label=service=shop --filter label=destination=");
}

#[test]
fn logs() {
    let mut options = LogOptions {
        container: "shop-web-3f9a".to_string(),
        tail: None,
        since: None,
        timestamps: false,
        follow: false,
        search: None,
    };
    assert_snapshot!(lowered(A::Logs(options.clone())), @"docker logs shop-web-3f9a");
    options.since = Some("10m".to_string());
    options.tail = Some(100);
    options.timestamps = true;
    options.follow = true;
    assert_snapshot!(lowered(A::Logs(options)), @"docker logs --timestamps --since 10m --tail 100 --follow shop-web-3f9a");
}

#[test]
fn exec_exports_secrets_and_names_them() {
    let options = |tty| ExecOptions {
        container: "shop-web-3f9a".to_string(),
        argv: words(["bin/rails", "runner", "puts 1"]),
        env: vec![var("A", with_host_env("x${HOME}")), var("KEY", secret("KEY"))],
        tty,
    };
    assert_snapshot!(lowered(A::Exec(options(false))), @"KEY=<secret KEY> docker exec --env A=x${HOME} --env KEY shop-web-3f9a bin/rails runner 'puts 1'");
    assert_snapshot!(lowered(A::Exec(options(true))), @"KEY=<secret KEY> docker exec --interactive --tty --env A=x${HOME} --env KEY shop-web-3f9a bin/rails runner 'puts 1'");
}

#[test]
fn networks_are_made_and_removed_whoever_else_does_so() {
    let spec = |subnet: Option<&str>| NetworkSpec {
        name: "shop".to_string(),
        subnet: subnet.map(str::to_string),
        labels: pairs(&[("service", "shop")]),
    };
    assert_snapshot!(lowered(A::EnsureNetwork(spec(Some("10.9.0.0/24")))), @"
    docker network create --subnet 10.9.0.0/24 --label service=shop shop # success: [0, 1]
    docker network inspect --format {{.Name}} shop
    ");
    assert_snapshot!(lowered(A::EnsureNetwork(spec(None))), @"
    docker network create --label service=shop shop # success: [0, 1]
    docker network inspect --format {{.Name}} shop
    ");
    assert_snapshot!(lowered(A::RemoveNetwork("shop.net".to_string())), @r#"
    docker network rm shop.net # success: [0, 1]
    docker network ls --filter 'name=^shop\.net$' --format '{{index "" "the network shop.net is still there"}}'
    "#);
}

#[test]
fn nothing_is_read_as_an_option() {
    assert_snapshot!(lowered(A::Pull("--all-tags".to_string())), @"error: `--all-tags` cannot be a name, a reference or a path: docker would read it as something else");
    assert_snapshot!(lowered(A::Start(String::new())), @"error: `` cannot be a name, a reference or a path: docker would read it as something else");
    assert_snapshot!(lowered(A::Other(Extension { name: "checkpoint".to_string(), data: "{}".to_string() })), @"error: docker has no action `checkpoint`");
}

#[test]
fn an_exported_secret_is_not_picked_up_by_a_word() {
    let options = ExecOptions {
        container: "c".to_string(),
        argv: vec![vec![Part::HostEnv("KEY".to_string())]],
        env: vec![var("KEY", secret("KEY"))],
        tty: false,
    };
    assert_snapshot!(lowered(A::Exec(options)), @"error: `${KEY}` cannot refer to a variable of the server, since `KEY` is exported with a secret value for the same container");
}
