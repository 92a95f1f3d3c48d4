//! Options of every command and the keys about connections, on projects whose `ssh` only writes
//! down how it was called.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output, Stdio};

/// Lists its arguments and the keys that it was given, and lets nobody in.
const SSH: &str = r#"#!/bin/sh
here=${0%/*}/..
echo begin >>"$here/turns"
for word; do
    case $last in -i) [ ! -r "$word" ] || { stat -c %a "$word"; cat "$word"; } >>"$here/keys" ;; esac
    last=$word
done
all="$*" && log=${all#* -E }
echo 'debug1: a secret handshake' >"${log%% *}"
printf '%s\n' "$all" >>"$here/called"
[ ! -e "$here/slow" ] || sleep 0.2
echo end >>"$here/turns"
echo 'root@host: Permission denied (publickey).' >&2
exit 255
"#;

/// A hook that keeps what it was told.
const HOOK: &str = "#!/bin/sh\nenv | grep ^KAMAL_ | sort >told\n";

const CONFIG: &str = "
service: shop
image: acme/shop
servers:
  web: [web-1, web-2]
  jobs: {hosts: [job-1, web-2]}
accessories:
  db: {image: mysql, host: db-1}
";

/// A project in a directory of its own.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new(config: &str) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        desk.put("config/deploy.yml", config, 0o644);
        desk.put("bin/ssh", SSH, 0o755);
        desk.put(".kamal/hooks/pre-connect", HOOK, 0o755);
        desk
    }

    fn put(&self, name: &str, text: &str, mode: u32) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// A file's text, which is removed; empty if there is none.
    fn take(&self, name: &str) -> String {
        let path = self.0.path().join(name);
        let text = fs::read_to_string(&path).unwrap_or_default();
        let _ = fs::remove_file(path);
        text
    }

    fn windlass(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    fn command(&self, words: &[&str]) -> Command {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new(env!("CARGO_BIN_EXE_windlass"));
        command
            .args(words)
            .current_dir(self.0.path())
            .env_clear()
            .env("PATH", format!("{}:{path}", self.0.path().join("bin").display()))
            .env("HOME", env!("CARGO_TARGET_TMPDIR"))
            .env("GIT_CONFIG_COUNT", "1")
            .env("GIT_CONFIG_KEY_0", "user.email")
            .env("GIT_CONFIG_VALUE_0", "$HOME `id`@example.com")
            .stdin(Stdio::null());
        command
    }

    /// A run that gets as far as the hosts, and no further.
    fn reaches_out(&self, words: &[&str]) -> String {
        let output = self.windlass(words);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{words:?}: {said}");
        assert!(said.contains("the login was refused"), "{words:?}: {said}");
        said
    }

    /// The hosts that a run is about.
    fn hosts(&self, words: &[&str]) -> String {
        self.reaches_out(&[words, &["--version", "v1"]].concat());
        let told = self.take("told");
        let hosts = told.lines().find_map(|line| line.strip_prefix("KAMAL_HOSTS="));
        hosts.unwrap_or_else(|| panic!("{words:?}: {told}")).to_string()
    }

    /// How `ssh` was called for one host, without what is always the same.
    fn called(&self) -> String {
        self.reaches_out(&["app", "version", "-p"]);
        let called = self.take("called");
        let (before, _) = called.split_once(" -M ").unwrap_or_else(|| panic!("{called}"));
        before.trim_start_matches("-o BatchMode=yes -o ForwardAgent=no ").to_string()
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn hosts_roles_and_primary_choose_the_hosts_in_play() {
    let desk = Desk::new(CONFIG);
    let all = "web-1,web-2,job-1";
    assert_eq!(desk.hosts(&["app", "version"]), all);
    for primary in ["-p", "--primary"] {
        assert_eq!(desk.hosts(&["app", "version", primary]), "web-1");
    }
    assert_eq!(desk.hosts(&["app", "version", "-h", "*-2,job-?"]), "web-2,job-1");
    assert_eq!(desk.hosts(&["app", "version", "--hosts", "web-[1]"]), "web-1");
    assert_eq!(desk.hosts(&["app", "version", "-r", "job*"]), "web-2,job-1");
    assert_eq!(desk.hosts(&["app", "version", "--roles", "web", "--hosts=web-2"]), "web-2");
    // The primary host overrides other hosts; options stand before commands too.
    assert_eq!(desk.hosts(&["-p", "--hosts", "web-2", "app", "version"]), "web-1");
    for (nobody, message) in
        [(["-h", "db-2"], "no host matches `db-2`"), (["-r", "cron"], "no role matches `cron`")]
    {
        let output = desk.windlass(&[&["app", "version"], &nobody[..]].concat());
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains(message), "{}", stderr(&output));
        assert_eq!(desk.take("told"), "", "a hook ran although there is no host");
    }
}

#[test]
fn hooks_are_told_what_is_done_and_can_be_skipped() {
    let desk = Desk::new(&format!("{CONFIG}hooks_path: our/hooks\n"));
    desk.put("config/deploy.eu.yml", "{}\n", 0o644);
    let words = ["traefik", "details", "--version", "abcdef0123", "-d", "eu"];
    desk.reaches_out(&words);
    assert_eq!(desk.take("told"), "", "the hooks are elsewhere");
    desk.put("our/hooks/pre-connect", HOOK, 0o755);
    desk.reaches_out(&words);
    let told = desk.take("told");
    let lines: Vec<&str> = told.lines().filter(|l| !l.starts_with("KAMAL_RECORDED_AT")).collect();
    // What no shell has touched.
    assert_eq!(
        lines,
        [
            "KAMAL_COMMAND=traefik",
            "KAMAL_DESTINATION=eu",
            "KAMAL_HOSTS=web-1,web-2,job-1",
            "KAMAL_PERFORMER=$HOME `id`@example.com",
            "KAMAL_SERVICE=shop",
            "KAMAL_SERVICE_VERSION=shop@abcdef0",
            "KAMAL_SUBCOMMAND=details",
            "KAMAL_VERSION=abcdef0123",
        ]
    );
    assert!(told.contains("KAMAL_RECORDED_AT=20"), "{told}");
    for skip in ["-H", "--skip-hooks"] {
        desk.reaches_out(&[&words[..], &[skip]].concat());
        assert_eq!(desk.take("told"), "", "{skip} did not skip it");
    }
    desk.put("our/hooks/pre-connect", "#!/bin/sh\necho no way\nexit 3\n", 0o755);
    desk.take("called");
    let said = stderr(&desk.windlass(&words));
    assert!(said.contains("pre-connect failed: exit code 3") && said.contains("no way"), "{said}");
    assert_eq!(desk.take("called"), "", "it connected after the hook had failed");
}

#[test]
fn a_file_and_a_destination_are_chosen() {
    let desk = Desk::new(CONFIG);
    desk.put("other.yml", &CONFIG.replace("web-", "other-"), 0o644);
    desk.put("other.eu.yml", "servers: {web: [eu-1]}\n", 0o644);
    for file in ["-c", "--config-file"] {
        let words = ["app", "version", file, "other.yml", "-r", "web"];
        assert_eq!(desk.hosts(&words), "other-1,other-2");
    }
    for destination in ["-d", "--destination"] {
        let words = ["app", "version", "-c", "other.yml", destination, "eu", "-r", "web"];
        assert_eq!(desk.hosts(&words), "eu-1");
    }
}

#[test]
fn quiet_leaves_out_progress_and_warnings_but_no_error() {
    let desk = Desk::new(&format!("{CONFIG}env: {{clear: {{A: x}}, secret: [A]}}\n"));
    let words = ["app", "stop", "--version", "v1"];
    let said = desk.reaches_out(&words);
    assert!(said.contains("Connect to 3 hosts") && said.contains("`A` is also a secret"), "{said}");
    for quiet in ["-q", "--quiet"] {
        let said = desk.reaches_out(&[&words[..], &[quiet]].concat());
        assert!(!said.contains("Connect to") && !said.contains("`A`"), "{said}");
    }
}

#[test]
fn ssh_is_told_what_the_file_says() {
    let ssh = |settings: &str| {
        let desk = Desk::new(&format!("{CONFIG}ssh: {{{settings}}}\n"));
        (desk.called(), desk.take("keys"))
    };
    assert_eq!(ssh("").0, "-l root");
    assert_eq!(ssh("user: deploy").0, "-l deploy");
    assert_eq!(ssh("port: 2222").0, "-l root -p 2222");
    let jump = ssh("proxy: bastion").0;
    assert!(jump.starts_with("-l root -o ProxyCommand=ssh "), "{jump}");
    assert!(jump.ends_with(" -W '[%h]:%p' -- ssh://bastion"), "{jump}");
    let command = "proxy_command: nc %h %p";
    assert_eq!(ssh(command).0, "-l root -o ProxyCommand=nc %h %p");
    assert_eq!(ssh("keys: [/no/one, /no/two]").0, "-l root -i /no/one -i /no/two");
    assert_eq!(ssh("keys_only: true").0, "-l root -o IdentitiesOnly=yes");
    for (level, told) in [("debug", true), ("info", false), ("fatal", false)] {
        let desk = Desk::new(&format!("{CONFIG}ssh: {{log_level: {level}}}\n"));
        let said = desk.reaches_out(&["app", "version", "-p"]);
        assert_eq!(said.contains("debug1: a secret handshake"), told, "{level}: {said}");
    }
    let (called, keys) = ssh("key_data: [\"-----BEGIN KEY-----\\nsesame\\n\"]");
    assert!(called.starts_with("-l root -i /") && !called.contains("sesame"), "{called}");
    let text = keys.strip_prefix("600\n").unwrap_or_else(|| panic!("it is open to others: {keys}"));
    assert_eq!(text, "-----BEGIN KEY-----\nsesame\n");
}

#[test]
fn as_many_connections_begin_at_once_as_the_file_says() {
    let turns = |config: &str| {
        let desk = Desk::new(config);
        desk.put("slow", "", 0o644);
        desk.reaches_out(&["app", "version"]);
        desk.take("turns")
    };
    let one = turns(&format!("{CONFIG}sshkit: {{max_concurrent_starts: 1}}\n"));
    assert_eq!(one, "begin\nend\n".repeat(3));
    let two = turns(&format!("{CONFIG}sshkit: {{max_concurrent_starts: 2}}\n"));
    assert!(two.starts_with("begin\nbegin\nend\n"), "{two}");
}

#[test]
fn options_in_kamals_spelling() {
    let desk = Desk::new(CONFIG);
    let words = ["app", "version", "--config_file", "other.yml", "--skip_hooks"];
    let said = stderr(&desk.windlass(&words));
    assert!(said.contains("other.yml"), "{said}");
    for words in [
        &["deploy", "--skip_push", "--help"][..],
        &["registry", "login", "--skip_local", "--skip_remote", "--help"],
        &["app", "logs", "--grep_options=-i", "--help"],
    ] {
        let output = desk.windlass(words);
        assert_eq!(output.status.code(), Some(0), "{words:?}: {}", stderr(&output));
    }
}

#[test]
fn questions_take_no_answer_for_a_no() {
    let desk = Desk::new(CONFIG);
    let questions: [&[&str]; 7] = [
        &["remove"],
        &["downgrade", "--rolling"],
        &["traefik", "downgrade"],
        &["accessory", "downgrade", "db"],
        &["traefik", "reboot"],
        &["accessory", "remove", "db"],
        &["traefik", "reboot", "--rolling"],
    ];
    for words in questions {
        let output = desk.windlass(words);
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        assert!(stderr(&output).contains("pass -y"), "{words:?}: {}", stderr(&output));
        assert_eq!(desk.take("called"), "", "{words:?} has connected");
        for yes in ["-y", "--yes", "--confirmed"] {
            desk.reaches_out(&[words, &[yes]].concat());
            desk.take("called");
        }
    }
}

#[test]
fn what_is_typed_wrongly_is_refused_before_anything_happens() {
    let desk = Desk::new(CONFIG);
    let wrong: [&[&str]; 6] = [
        &["deploy", "--bogus"],
        &["lock", "acquire"],
        &["app", "bogus"],
        &["accessory", "boot"],
        &["app", "exec"],
        &["deploy", "extra"],
    ];
    for words in wrong {
        assert_eq!(desk.windlass(words).status.code(), Some(2), "{words:?}");
    }
    let output = desk.windlass(&["prune", "containers", "--retain", "0"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("at least 1"), "{}", stderr(&output));
    let output = desk.windlass(&["accessory", "boot", "bd"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("the accessories are db"), "{}", stderr(&output));
    assert_eq!(desk.take("called"), "", "a host was asked");
}

#[test]
fn init_writes_what_is_missing_and_nothing_else() {
    let desk = Desk(tempfile::tempdir().unwrap());
    let hooks = ["docker-setup", "pre-connect", "pre-build", "pre-deploy", "post-deploy"];
    let hooks = [&hooks[..], &["pre-traefik-reboot", "post-traefik-reboot"]].concat();
    assert!(desk.windlass(&["init"]).status.success());
    let mode = |name: &str| {
        let path = desk.0.path().join(name);
        fs::metadata(path).unwrap_or_else(|_| panic!("no {name}")).permissions().mode() & 0o777
    };
    for hook in &hooks {
        assert_eq!(mode(&format!(".kamal/hooks/{hook}.sample")), 0o755);
    }
    assert_eq!(mode(".env"), 0o600);
    let output = desk.windlass(&["config", "--version", "v1"]);
    assert!(output.status.success(), "{}", stderr(&output));
    desk.put("config/deploy.yml", CONFIG, 0o644);
    desk.put(".env", "TOKEN=mine\n", 0o600);
    fs::remove_file(desk.0.path().join(".kamal/hooks/pre-build.sample")).unwrap();
    let output = desk.windlass(&["init"]);
    assert!(output.status.success() && stderr(&output).contains("is there already"));
    assert_eq!(
        (desk.take("config/deploy.yml"), desk.take(".env")),
        (CONFIG.into(), "TOKEN=mine\n".into())
    );
    assert_eq!(mode(".kamal/hooks/pre-build.sample"), 0o755);
}

/// A standard stream of which nobody reads.
fn unread() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

#[test]
fn a_closed_pipe_is_no_crash() {
    let desk = Desk::new(CONFIG);
    // What only tells something ends as other programs do; the reader has had enough.
    for words in [&["version"][..], &["docs"], &["config", "--version", "v1"]] {
        let output = desk.command(words).stdout(unread()).output().unwrap();
        assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(141), ""), "{words:?}");
    }
    // What changes hosts goes on, here as far as it gets.
    for words in [&["deploy", "--version", "v1"][..], &["deploy", "--version", "v1", "--json"]] {
        let status = desk.command(words).stdout(Stdio::null()).stderr(unread()).status().unwrap();
        assert_eq!(status.code(), Some(1), "{words:?}");
        assert!(desk.take("called").contains("web-1"), "{words:?} did not go on");
    }
}

#[test]
fn with_json_errors_are_objects_on_standard_output() {
    let desk = Desk::new(CONFIG);
    let errors = |words: &[&str], code: i32| -> Vec<serde_json::Value> {
        let output = desk.windlass(&[words, &["--json"]].concat());
        assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(code), ""), "{words:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let values = text.lines().map(|line| serde_json::from_str(line).unwrap());
        values.filter(|value: &serde_json::Value| value["event"] == "error").collect()
    };
    let refused = errors(&["deploy", "--version", "v1", "-h", "web-*"], 1);
    for (error, host) in refused.iter().zip(["web-1", "web-2"]) {
        assert_eq!(
            (&error["kind"], &error["hosts"][0]["host"]),
            (&"connection".into(), &host.into())
        );
        assert!(error["help"][0].as_str().unwrap().starts_with("try ssh "), "{error}");
    }
    assert_eq!(refused.len(), 2);
    let nobody = &errors(&["app", "version", "-h", "db-2"], 1)[0];
    assert_eq!((&nobody["kind"], &nobody["places"]), (&"command".into(), &serde_json::json!([])));
    assert_eq!(errors(&["deploi"], 2)[0]["kind"], "usage");

    desk.put("config/deploy.yml", &format!("{CONFIG}env: {{secret: [NONE]}}\nvolums: []\n"), 0o644);
    let wrong = &errors(&["config"], 1)[0];
    assert_eq!(
        (&wrong["kind"], &wrong["places"][0]["line"]),
        (&"configuration".into(), &10.into())
    );
}

#[test]
fn what_stands_in_the_place_of_a_name_is_not_shown() {
    let url = "postgres://shop:hunter2@db/shop";
    let places = [
        "env: {secret: [A, VALUE]}",
        "env: {secret: [A, VALUE]}\nvolums: []",
        "env: {secret: [A, VALUE]}\nretain_containers: many",
        "env: {tags: {eu: {secret: [A, VALUE]}}}",
        "traefik: {env: {secret: [A, VALUE]}}",
        "builder: {secrets: [A, VALUE]}",
        "registry: {username: me, password: [VALUE]}",
    ];
    for place in places {
        for value in ["\"<%= ENV['DB'] %>\"", url] {
            let desk = Desk::new(&format!("{CONFIG}{}\n", place.replace("VALUE", value)));
            for words in [&["config"][..], &["deploy"], &["env", "push"]] {
                let words = [words, &["--version", "v1"]].concat();
                let output = desk.command(&words).env("DB", url).output().unwrap();
                let said = stderr(&output) + &String::from_utf8(output.stdout.clone()).unwrap();
                assert_eq!(output.status.code(), Some(1), "{place}: {said}");
                assert!(!said.contains("hunter2"), "{place}: {said}");
            }
        }
    }
    let desk = Desk::new(&format!("{CONFIG}env: {{secret: [A, \"{url}\"]}}\n"));
    let said = stderr(&desk.windlass(&["config", "--version", "v1"]));
    for part in ["the second item is not a valid name", "deploy.yml:9:", "its value in `.env`"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn uncommitted_work_makes_a_version_only_where_it_is_built() {
    let version = |settings: &str| {
        let desk = Desk::new(&format!("{CONFIG}{settings}"));
        let git = |words: &[&str]| {
            let output = Command::new("git").args(words).current_dir(desk.0.path()).output();
            assert!(output.unwrap().status.success(), "git {words:?}");
        };
        git(&["init", "-q"]);
        let who = ["-c", "user.name=me", "-c", "user.email=me@example.com"];
        git(&[&who[..], &["commit", "-q", "--allow-empty", "-m", "one"]].concat());
        let output = desk.windlass(&["config"]);
        assert!(output.status.success(), "{}", stderr(&output));
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().find_map(|line| line.strip_prefix("version: ")).unwrap().to_string()
    };
    let committed = version("builder: {dockerfile: Dockerfile}\n");
    assert!(committed.len() == 40 && !committed.contains('_'), "{committed}");
    let with_the_rest = version("builder: {context: .}\n");
    assert!(with_the_rest.contains("_uncommitted_"), "{with_the_rest}");
}

#[test]
fn version_and_help_need_no_project() {
    let desk = Desk(tempfile::tempdir().unwrap());
    let printed = |words: &[&str]| {
        let output = desk.windlass(words);
        assert!(output.status.success(), "{words:?}: {}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(printed(&["version"]), format!("{}\n", env!("CARGO_PKG_VERSION")));
    for help in ["-h", "--help", "help"] {
        assert!(printed(&[help]).contains("redeploy"));
    }
    assert!(printed(&["docs"]).contains("healthcheck "));
    for section in
        "accessory boot builder env healthcheck logging registry role servers ssh sshkit traefik"
            .split(' ')
    {
        assert!(printed(&["docs", section]).contains(':'), "docs {section}");
    }
    assert!(printed(&["docs", "env"]).contains("\n  secret: "), "{}", printed(&["docs", "env"]));
}
