//! Installs what is missing on a Debian machine, and says what and why.

use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process::Cmd;

const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// A program that is needed, the package that has it, and what it is for.
struct Need {
    program: &'static str,
    package: &'static str,
    why: &'static str,
}

const FLEET: &[Need] = &[
    Need { program: "docker", package: "docker.io", why: "runs the fleet's hosts" },
    Need { program: "debootstrap", package: "debootstrap", why: "builds the image of the hosts" },
    Need { program: "ssh", package: "openssh-client", why: "talks to the hosts" },
    Need { program: "git", package: "git", why: "gives a project its version" },
    Need { program: "strace", package: "strace", why: "shows every argv in the secrets test" },
    Need { program: "python3", package: "python3", why: "unpacks wheels" },
];

/// What builds WASM without rustup's target.
const DEBIAN_WASM: &[(&str, &str)] = &[
    ("rustc-web", "a compiler whose library sources are packaged too"),
    ("rust-web-src", "those sources"),
    ("lld-19", "links WASM"),
];

/// Everything that building the product needs.
pub fn for_building() -> Result<()> {
    wasm_target()
}

/// What the tests without the fleet need beside that: those of connections start a server of
/// their own on loopback.
pub fn for_testing() -> Result<()> {
    // Its directory is not in every user's PATH.
    if has_program("sshd") || std::path::Path::new("/usr/sbin/sshd").exists() {
        return Ok(());
    }
    apt_install(&[("openssh-server", "is what the tests of connections connect to")])
}

/// What fuzzing needs beside that: libFuzzer is written in C++.
pub fn for_fuzzing() -> Result<()> {
    if has_program("c++") {
        return Ok(());
    }
    apt_install(&[("g++", "compiles libFuzzer, which the fuzz targets are linked with")])
}

/// Everything that the fleet needs, apart from a running Docker Engine.
pub fn for_fleet() -> Result<()> {
    let mut missing: Vec<(&str, &str)> = FLEET
        .iter()
        .filter(|need| !has_program(need.program))
        .map(|need| (need.package, need.why))
        .collect();
    // Asked each time that a test begins, so cheaper than by running pip.
    if !Cmd::new("python3").args(["-c", "import pip"]).succeeds() {
        missing.push(("python3-pip", "downloads Traefik's binary"));
    }
    apt_install(&missing)
}

/// What `cargo xtask measure` needs beside the fleet.
pub fn for_measuring() -> Result<()> {
    match has_program("hyperfine") {
        true => Ok(()),
        false => apt_install(&[("hyperfine", "times commands")]),
    }
}

/// Installs the engine itself, for a machine that has only Docker's client.
pub fn docker_engine() -> Result<()> {
    if has_program("dockerd") {
        return Ok(());
    }
    apt_install(&[("docker.io", "Docker Engine, which runs the fleet's hosts")])
}

/// Makes the wasm32 standard library available: from the toolchain, else from
/// rustup, else Debian's compiler together with its library sources.
fn wasm_target() -> Result<()> {
    let missing: Vec<(&str, &str)> =
        DEBIAN_WASM.iter().copied().filter(|(package, _)| !has_package(package)).collect();
    if toolchain_has_wasm() || missing.is_empty() {
        return Ok(());
    }
    println!("adding the {WASM_TARGET} target with rustup");
    // Without network rustup retries for a long time, hence the limit.
    let rustup =
        Cmd::new("rustup").args(["target", "add", WASM_TARGET]).limit(Duration::from_secs(20));
    if rustup.succeeds() && toolchain_has_wasm() {
        return Ok(());
    }
    println!("rustup could not add it; using Debian's compiler for the plugins instead");
    apt_install(&missing)
}

fn toolchain_has_wasm() -> bool {
    let sysroot = Cmd::new("rustc").args(["--print", "sysroot"]).ok().unwrap_or_default();
    std::path::Path::new(sysroot.trim()).join("lib/rustlib").join(WASM_TARGET).join("lib").exists()
}

/// `sudo -n` in front, unless this is root already.
pub fn as_root(program: &str) -> Cmd {
    let uid = Cmd::new("id").arg("-u").ok().unwrap_or_default();
    if uid.trim() == "0" { Cmd::new(program) } else { Cmd::new("sudo").args(["-n", program]) }
}

/// Whether a program is in the PATH.
pub fn has_program(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = ["/usr/sbin".into(), "/sbin".into()];
    std::env::split_paths(&path).chain(places).any(|dir| dir.join(name).is_file())
}

fn has_package(name: &str) -> bool {
    Cmd::new("dpkg-query")
        .args(["-W", "-f", "${db:Status-Status}", name])
        .ok()
        .is_ok_and(|status| status == "installed")
}

fn apt_install(missing: &[(&str, &str)]) -> Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|(package, _)| *package).collect();
    if !has_program("apt-get") {
        bail!("not found: {}; install them with your package manager", names.join(", "));
    }
    for (package, why) in missing {
        println!("installing {package} with apt-get: {why}");
    }
    let install = || {
        as_root("env")
            .args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y"])
            .arg("--no-install-recommends")
            .args(&names)
            .limit(Duration::from_secs(600))
            .ok()
    };
    // The package lists may be older than the archive: refresh them once.
    if install().is_err() {
        apt_update()?;
        install().with_context(|| {
            format!("install by hand: sudo apt-get install {}", names.join(" "))
        })?;
    }
    Ok(())
}

/// Refreshes the package lists.
pub fn apt_update() -> Result<()> {
    println!("refreshing the package lists with apt-get update");
    as_root("apt-get").arg("update").limit(Duration::from_secs(180)).ok()?;
    Ok(())
}
