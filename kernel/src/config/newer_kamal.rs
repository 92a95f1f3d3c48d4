//! Keys that came with Kamal 2, or went before 1.9: what to write instead.

/// Whose key `key` under `path` is, and what does its work; none for one that no Kamal has.
pub fn instead(path: &[String], key: &str) -> Option<(&'static str, &'static str)> {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let older = match (path.as_slice(), key) {
        ([], "env_tags") => Some("tags stand under `env`: `env: {tags: …}`"),
        (["healthcheck"] | ["servers", _, "healthcheck"], "exposed_port") => {
            Some("remove it: the container itself is asked, at `port`")
        }
        _ => None,
    };
    older
        .map(|help| ("an older Kamal", help))
        .or_else(|| Some(("Kamal 2", of_kamal_2(&path, key)?)))
}

fn of_kamal_2(path: &[&str], key: &str) -> Option<&'static str> {
    Some(match (path, key) {
        ([], "proxy") => {
            "`servers/ROLE/traefik` says which roles get requests, `traefik` configures the \
                 proxy, `healthcheck` the check (`app_port` is `healthcheck/port`), and the host \
                 is a label: `traefik.http.routers.NAME.rule: Host(`…`)`; or name a plugin that \
                 owns `proxy` under `x-windlass: plugins`"
        }
        (["servers", _], "proxy") => {
            "write `traefik: true` or `traefik: false`: whether requests reach the role"
        }
        (["accessories", _], "proxy") => {
            "give the accessory `traefik.…` labels; Traefik finds it by them"
        }
        ([], "aliases") => "make it an alias of your shell: `alias console='windlass app exec …'`",
        ([], "secrets" | "secrets_path") => {
            "name the secrets under `env: {secret: […]}`; their values stand in `.env` or the \
                 environment"
        }
        ([], "deploy_timeout") => {
            "`healthcheck: {max_attempts: …}` bounds the wait for a new container"
        }
        ([], "drain_timeout" | "stop_timeout") => {
            "`stop_wait_time: SECONDS` is what a container gets to finish its work"
        }
        (["servers", _], "stop_timeout") => "`stop_wait_time` at the root counts for all roles",
        ([], "error_pages_path") => {
            "Traefik serves error pages through its `errors` middleware: see `traefik/labels`"
        }
        ([], "hooks_output") => "`-v` shows what hooks print, `-q` hides it",
        ([], "output") => "`--json` prints every event as a line for your tools",
        (["ssh"], "config") => {
            "remove it: your own ssh with its ssh_config is used, always; `ssh -G HOST` shows it"
        }
        (["ssh"], "forward_agent") => "write `ForwardAgent yes` for these hosts in ~/.ssh/config",
        (["sshkit"], "dns_retries") => "remove it: your own ssh resolves names",
        (["boot"], "parallel_roles") => "remove it: the roles of a host are started together",
        (["builder"], "arch") => {
            "`local: {arch: amd64}` builds for this one architecture; without it the machine's \
                 own is taken"
        }
        (["builder"], "driver" | "cloud" | "provenance" | "sbom" | "pack") => {
            "build elsewhere with the tool that has it, and deploy with `--skip-push`"
        }
        (["accessories", _], "network") => "write it as an option: `options: {network: …}`",
        (["accessories", _], "registry") => {
            "log in on the hosts once; `docker login` there is kept"
        }
        (["accessories", _], "role" | "tag" | "tags") => {
            "`host`, `hosts` or `roles` says where it runs"
        }
        _ => return None,
    })
}
