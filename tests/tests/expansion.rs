//! What of deploy.yml the server's own shell has a say in: its variables, and nothing else.

use anyhow::{Context, Result, ensure};
use windlass_tests::story::Story;

/// YAML's and a shell's own characters, all of them literal.
const LITERAL: &str = "$HOME $(id) `id` \"two\" 'one' \\ #{x} ${ ; | & * ~ grün";

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn variables_are_expanded_on_the_host() -> Result<()> {
    let story = Story::prepare("expand")?;
    let quoted = LITERAL.replace('\'', "''");
    let servers = r#"servers:
  web:
    - web-1
  workers:
    hosts:
      - web-1
    cmd: sh -c 'echo "$0, $USER, $1" >/said; exec app worker' "${USER} of $HOME" 'a $USER' b\ c
volumes:
  - $PWD/shared:/shared
  - '"${HOME}/with space":/spaced:ro'
labels:
  home: in ${HOME}

accessories:
  cache:
    image: IMAGE
    roles:
      - web
    cmd: --ping '--providers.file.directory=/conf of $USER'
    volumes:
      - $PWD/cache:/conf
    env:
      FROM_HOST: ${USER}
"#;
    story.project.servers(&servers.replace("IMAGE", &story.fleet.traefik_image))?;
    story.project.edit_config(|text| {
        let clear = format!(
            "  clear:\n    FROM_HOST: ${{USER}} of ${{HOME}}\n    UNSET: '[${{NO_SUCH_NAME}}]'\n    \
             EMPTY: ''\n    DISABLED: no\n    LITERAL: '{quoted}'\n"
        );
        text.replace("  clear:\n", &clear)
    })?;
    story.windlass.ok(&["setup"])?;
    let web = story.web()?;
    // On this machine the user and her home are called otherwise.
    for (name, value) in [
        ("FROM_HOST", "root of /root"),
        ("UNSET", "[]"),
        ("EMPTY", ""),
        ("DISABLED", "false"),
        ("LITERAL", LITERAL),
    ] {
        let answer = web.get(&format!("/env/{name}"))?;
        ensure!(answer.status == 200, "the container has no {name}");
        ensure!(answer.text() == value, "{name} is {:?} and not {value:?}", answer.text());
    }
    let head = story.project.head()?;
    let (app, worker) = (format!("expand-web-{head}"), format!("expand-workers-{head}"));
    let mounts = web.inspect(&app, "{{json .HostConfig.Binds}}")?;
    for mount in ["\"/root/shared:/shared\"", "\"/root/with space:/spaced:ro\""] {
        ensure!(mounts.contains(mount), "{mount} is missing in {mounts}");
    }
    let label = web.inspect(&app, "{{index .Config.Labels \"home\"}}")?;
    ensure!(label == "in /root", "the label is {label:?}");
    // Split on the host, read by no shell but the container's, which has no USER.
    let command = web.inspect(&worker, "{{json .Config.Cmd}}")?;
    let words = r#""root of /root","a $USER","b c"]"#;
    ensure!(command.ends_with(words), "the command is {command}");
    let said = web.docker(&["exec", &worker, "cat", "/said"])?;
    ensure!(said == "root of /root, , a $USER\n", "the command said {said:?}");

    // An accessory beside a role, booted by `setup`, is no exception.
    let format =
        "{{.State.Running}} {{json .HostConfig.Binds}} {{json .Config.Cmd}} {{.Config.Env}}";
    let cache = web.inspect("expand-cache", format)?;
    for part in [
        "true",
        "[\"/root/cache:/conf\"]",
        "[\"--ping\",\"--providers.file.directory=/conf of $USER\"]",
        "FROM_HOST=root",
    ] {
        ensure!(cache.contains(part), "{part} is missing in {cache}");
    }
    Ok(())
}

#[test]
#[ignore = "needs the fleet: cargo xtask test"]
fn operators_are_refused_with_the_line() -> Result<()> {
    let story = Story::prepare("refused")?;
    let commands = [
        "app worker | cat",
        "app worker && true",
        "app worker; true",
        "app worker >log",
        "app worker <jobs",
        "app worker &",
        "(app worker)",
        "app $(hostname)",
        "app `hostname`",
        "app \"$(hostname)\"",
    ];
    // All of them at once, and before anything is done.
    let mut roles = String::from("servers:\n  web:\n    - web-1\n");
    for (number, command) in commands.iter().enumerate() {
        roles += &format!("  jobs{number}:\n    hosts: [web-1]\n    cmd: {command}\n");
    }
    roles += "accessories:\n  db:\n    image: any\n    host: web-2\n    cmd: run `nproc`\n";
    roles += "volumes:\n  - $(pwd)/data:/data\n";
    let template = story.project.read("config/deploy.yml")?;
    story.project.servers(&roles)?;
    let config = story.project.read("config/deploy.yml")?;
    let web = story.web()?;
    let mark = web.mark()?;
    let refused = story.windlass.fails(&["deploy"])?;
    ensure!(web.ssh_use_since(&mark)?.handshakes == 0, "it connected all the same");
    let lines = commands.iter().map(|command| format!("    cmd: {command}"));
    for text in lines.chain(["    cmd: run `nproc`", "  - $(pwd)/data:/data"].map(String::from)) {
        let line = config.lines().position(|line| line == text);
        let line = line.context("the test looks for another line")? + 1;
        refused.expect(&[&format!("deploy.yml:{line}:"), &format!("{line} | {text}")])?;
    }
    refused.expect(&["wrap it in sh -c '…'", "${NAME} stands for a variable of the server"])?;

    story.project.write("config/deploy.yml", &template)?;
    let typed = story.windlass.fails(&["app", "exec", "ls | wc -l"])?;
    typed.expect(&["`|` is an operator", "sh -c '…'"])
}
