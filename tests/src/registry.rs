//! The fleet's registry: Distribution with basic authentication. Its name is the
//! same on the client and on the hosts, a loopback address, because every Docker
//! Engine accepts plain HTTP there without any configuration.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::engine::{NETWORK, docker};
use crate::process::Cmd;
use crate::wait;

pub const PORT: u16 = 5059;
pub const ADDRESS: &str = "198.18.77.5";
pub const CONTAINER: &str = "windlass-fleet-registry";
/// What deploy.yml names as `registry.server`.
pub const SERVER: &str = "127.0.0.1:5059";

/// User and password, random for each fleet.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub user: String,
    pub password: String,
}

/// The full reference of an image of the fleet's registry.
pub fn image(name: &str, tag: &str) -> String {
    format!("{SERVER}/library/{name}:{tag}")
}

/// Starts the registry and waits until it asks for a password.
pub fn start(host_image: &str, generation: &str, credentials: &Credentials) -> Result<()> {
    let line = htpasswd(host_image, credentials)?;
    let publish = format!("{SERVER}:{PORT}");
    docker(["run", "--detach", "--name", CONTAINER, "--restart", "unless-stopped"])
        .args(["--network", NETWORK, "--ip", ADDRESS, "--publish", &publish])
        .args(["--label", &format!("windlass-fleet={generation}")])
        .args(["--env", "HTPASSWD", "--volume", "windlass-fleet-registry:/var/lib/registry"])
        .arg(host_image)
        .args(["sh", "-c"])
        .arg(
            "printf '%s\\n' \"$HTPASSWD\" >/etc/registry/htpasswd && \
             exec docker-registry serve /etc/fleet-registry.yml",
        )
        .env("HTPASSWD", line)
        .ok()
        .context("the registry's container does not start")?;
    wait::for_true("the registry to answer", Duration::from_secs(20), || {
        let answer = crate::http::get(SERVER, "/v2/", Duration::from_secs(2))?;
        Ok(answer.status == 401)
    })
}

/// Pushes an image of this machine, with a docker configuration of its own so that
/// the user's logins stay untouched.
pub fn push(image: &str, credentials: &Credentials, docker_config: &Path) -> Result<()> {
    let with_config =
        |args: &[&str]| docker(args.iter().copied()).env("DOCKER_CONFIG", docker_config);
    with_config(&["login", "--username", &credentials.user, "--password-stdin", SERVER])
        .stdin(credentials.password.clone())
        .ok()
        .context("the registry refuses the fleet's own login")?;
    with_config(&["push", "--quiet", image]).limit(Duration::from_secs(300)).ok()?;
    Ok(())
}

/// A line of an htpasswd file. The registry takes bcrypt only; Perl's `crypt` on
/// the host image can do that.
fn htpasswd(host_image: &str, credentials: &Credentials) -> Result<String> {
    let salt: String = credentials.user.chars().chain("Windlass0Windlass0Windl".chars()).collect();
    let salt: String = salt.chars().filter(char::is_ascii_alphanumeric).take(21).collect();
    let hash = Cmd::new("docker")
        .args(["run", "--rm", "--interactive", host_image, "perl", "-e"])
        .arg(format!("chomp(my $p = <STDIN>); print crypt($p, '$2y$05${salt}e')"))
        .stdin(credentials.password.clone())
        .ok()?;
    anyhow::ensure!(hash.starts_with("$2y$05$"), "perl on the host image made no bcrypt hash");
    Ok(format!("{}:{hash}", credentials.user))
}
