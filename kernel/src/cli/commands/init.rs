//! `windlass init`: files to start from.

use std::path::Path;

use crate::model::diagnostic::Kind;

use super::super::workspace::bundled_plugins;
use super::{Cli, Failure};

const DEPLOY: &str = "\
# The name of your app: containers are named after it.
service: my-app

# The image's repository, without tag.
image: my-user/my-app

servers:
  web:
    - 192.0.2.1
  # workers:
  #   hosts:
  #     - 192.0.2.2
  #   cmd: bin/jobs

registry:
  # Leave `server` out for the engine's default.
  server: registry.example.com
  username: my-user
  # Secrets are named here; their values are in .env or the environment.
  password:
    - KAMAL_REGISTRY_PASSWORD

env:
  clear:
    GREETING: hello
  # secret:
  #   - DATABASE_URL

# The app answers GET /up with 200 when it can serve.
healthcheck:
  path: /up
  port: 3000
";

const ENV: &str = "KAMAL_REGISTRY_PASSWORD=change-this\n";

/// The kernel's own hooks, and what each is for; plugins have others.
const HOOKS: [(&str, &str); 3] = [
    ("pre-connect", "before the first connection: open a tunnel, check a VPN"),
    ("pre-deploy", "under the lock, before any host is changed: wait for CI to pass"),
    ("post-deploy", "after a deploy: tell the team; $KAMAL_RUNTIME is its length in seconds"),
];

/// Writes each file only if it is not there.
pub fn run(cli: &Cli) -> Result<(), Failure> {
    let config = &cli.globals.config;
    write(cli, config, DEPLOY, 0o644)?;
    write(cli, Path::new(".env"), ENV, 0o600)?;
    let plugins = bundled_plugins(&cli.plugins)?;
    let theirs = plugins.iter().flat_map(|plugin| &plugin.description().hooks);
    let theirs = theirs.map(|hook| (hook.name.as_str(), hook.about.as_str()));
    // They run once the `.sample` is taken off their names.
    for (name, about) in HOOKS.into_iter().chain(theirs) {
        let text = format!(
            "#!/bin/sh\n# {about}.\n\necho \"$KAMAL_PERFORMER: {name} of $KAMAL_SERVICE_VERSION on $KAMAL_HOSTS\"\n"
        );
        write(cli, Path::new(&format!(".kamal/hooks/{name}.sample")), &text, 0o755)?;
    }
    cli.output.say("Next: edit both, keep .env out of version control, then: windlass setup");
    Ok(())
}

fn write(cli: &Cli, path: &Path, text: &str, mode: u32) -> Result<(), Failure> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let place =
        |error: std::io::Error| Failure::of(Kind::Io, format!("{}: {error}", path.display()));
    if path.exists() {
        cli.output.say(&format!("{} is there already; it stays as it is", path.display()));
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(place)?;
    }
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .map_err(place)?;
    file.write_all(text.as_bytes()).map_err(place)?;
    cli.output.say(&format!("wrote {}", path.display()));
    Ok(())
}
