//! Which capabilities a host's container gets: all that this machine has itself and
//! that Docker Engine knows. `--privileged` would ask for all there are, and fails
//! where the machine lacks one.

use anyhow::{Context, Result};

/// By number, as the kernel counts them; older engines know only these.
const NAMES: &[&str] = &[
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
];

/// Arguments for `docker run`.
pub fn for_hosts() -> Result<Vec<String>> {
    let status = std::fs::read_to_string("/proc/self/status")
        .context("the fleet needs Linux: /proc/self/status cannot be read")?;
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("CapBnd:"))
        .and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok())
        .context("/proc/self/status has no CapBnd line")?;
    Ok(from_mask(mask))
}

fn from_mask(mask: u64) -> Vec<String> {
    NAMES
        .iter()
        .enumerate()
        .filter(|(number, _)| mask & (1 << number) != 0)
        .map(|(_, name)| format!("--cap-add={name}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_capability_is_not_asked_for() {
        let args = from_mask(0x0000_01ff_feff_ffff);
        assert_eq!(args.len(), NAMES.len() - 1);
        assert!(!args.contains(&"--cap-add=SYS_RESOURCE".to_string()));
    }
}
