//! The fleet's images. Each is tagged with a digest of its recipe, so a second run
//! finds it, and a changed recipe builds a new one.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::engine::docker;
use crate::process::Cmd;
use crate::{artifacts, paths, registry, setup};

const PACKAGES: &str = "openssh-server,docker.io,iptables,ca-certificates,curl,git,procps,\
                        docker-registry,xz-utils";
const SUITE: &str = "bookworm";
const INIT: &str = include_str!("../fleet/host/init.sh");
const SSHD_CONFIG: &str = include_str!("../fleet/host/sshd_config");
const REGISTRY_CONFIG: &str = include_str!("../fleet/host/registry.yml");

/// The image of a host (and, since it has the program, of the registry).
pub fn host() -> Result<String> {
    let base = base()?;
    let files = [INIT, SSHD_CONFIG, REGISTRY_CONFIG];
    let tag = format!("windlass-fleet/host:{}", digest(&[&base, &files.concat()]));
    let recipe = format!(
        "FROM {base}\n\
         COPY init.sh /usr/local/sbin/fleet-host\n\
         COPY sshd_config /etc/ssh/sshd_config\n\
         COPY registry.yml /etc/fleet-registry.yml\n\
         RUN chmod 755 /usr/local/sbin/fleet-host && mkdir -p /etc/registry\n\
         CMD [\"fleet-host\"]\n"
    );
    built("host", tag, &recipe, |dir| {
        let names = ["init.sh", "sshd_config", "registry.yml"];
        names.into_iter().zip(files).try_for_each(|(name, text)| write(&dir.join(name), text))
    })
}

/// Traefik under the name that deploys pull it by.
pub fn traefik() -> Result<String> {
    let name = registry::image("traefik", artifacts::TRAEFIK_VERSION);
    // The title is the official image's own; deploy tools find it by that.
    let recipe = "FROM scratch\nCOPY traefik /traefik\nEXPOSE 80\n\
                  LABEL org.opencontainers.image.title=Traefik\nENTRYPOINT [\"/traefik\"]\n";
    built("traefik", name, recipe, |dir| place(&artifacts::traefik()?, &dir.join("traefik")))
}

/// Caddy with a shell beside it.
pub fn caddy() -> Result<String> {
    let name = registry::image("caddy", artifacts::CADDY_VERSION);
    let recipe = "FROM scratch\nENV PATH=/bin\nCOPY bin /bin\nEXPOSE 80\n\
                  CMD [\"caddy\", \"run\", \"--config\", \"/etc/caddy/Caddyfile\"]\n";
    built("caddy", name, recipe, |dir| {
        let bin = dir.join("bin");
        fs::create_dir_all(&bin)?;
        place(&artifacts::caddy()?, &bin.join("caddy"))?;
        shell_tools(&bin)
    })
}

/// Puts busybox into `bin` under the names that health commands and hooks use.
pub fn shell_tools(bin: &Path) -> Result<()> {
    place(&artifacts::busybox()?, &bin.join("busybox"))?;
    for name in ["sh", "stat", "sleep", "cat", "echo", "ls", "env", "touch", "rm", "ps", "cp"] {
        let link = bin.join(name);
        if fs::symlink_metadata(&link).is_err() {
            std::os::unix::fs::symlink("busybox", &link)
                .with_context(|| format!("cannot link {}", link.display()))?;
        }
    }
    Ok(())
}

/// A minimal Debian with the packages of a host. Slow, so it is an image of its own
/// that survives changes of our files.
fn base() -> Result<String> {
    let tag = format!("windlass-fleet/base:{}", digest(&[PACKAGES, SUITE, "2"]));
    cached(tag, |tag| {
        let root = paths::state_dir("images")?.join("rootfs");
        let remove = || setup::as_root("rm").arg("-rf").arg(&root).ok();
        remove()?;
        setup::as_root("debootstrap")
            .args(["--variant=minbase", &format!("--include={PACKAGES}"), SUITE])
            .arg(&root)
            .env("PATH", with_sbin())
            .limit(Duration::from_secs(600))
            .ok()
            .context("debootstrap could not build the hosts' system")?;
        // Manuals, languages and package lists are half of its size.
        let slim = "rm -rf var/cache/apt/* var/lib/apt/lists/* usr/share/doc usr/share/man \
                    usr/share/locale usr/share/info etc/ssh/ssh_host_* && tar -c . | \
                    docker import - ";
        setup::as_root("sh")
            .args(["-c", &format!("{slim}{tag}")])
            .dir(&root)
            .limit(Duration::from_secs(300))
            .ok()
            .context("the hosts' system could not be imported as an image")?;
        remove()?;
        Ok(())
    })
}

/// The image `tag`, made unless it is there.
fn cached(tag: String, make: impl FnOnce(&str) -> Result<()>) -> Result<String> {
    if !docker(["image", "inspect", "--format", "{{.Id}}", &tag]).succeeds() {
        println!("building the image {tag}");
        let started = Instant::now();
        make(&tag)?;
        println!("  built in {:.1} s", started.elapsed().as_secs_f32());
    }
    Ok(tag)
}

/// The same, built by a recipe in a directory of its own with the files that it copies.
fn built(
    name: &str,
    tag: String,
    recipe: &str,
    fill: impl FnOnce(&Path) -> Result<()>,
) -> Result<String> {
    cached(tag, |tag| {
        let dir = paths::state_dir(&format!("images/{name}"))?;
        fill(&dir)?;
        write(&dir.join("Dockerfile"), recipe)?;
        let build = Cmd::new("docker").args(["build", "--quiet", "--tag", tag, "."]);
        build.env("DOCKER_BUILDKIT", "0").dir(&dir).limit(Duration::from_secs(180)).ok().map(drop)
    })
}

/// Copies a file unless the same is there.
pub fn place(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to)
        .map(drop)
        .with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn with_sbin() -> String {
    format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default())
}

/// FNV-1a: names a recipe, guards nothing.
pub fn digest(parts: &[&str]) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in parts.iter().flat_map(|part| part.bytes().chain([0])) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}
