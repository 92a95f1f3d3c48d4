//! What steps hand to later ones: the syntax of each kind, and its name.

use std::net::IpAddr;

use super::address::is_metadata;
use super::wit::OutputKind;

/// The kind as the contract writes it.
pub fn name(kind: OutputKind) -> &'static str {
    match kind {
        OutputKind::ContainerId => "container-id",
        OutputKind::IpAddress => "ip-address",
        OutputKind::Port => "port",
        OutputKind::Digest => "digest",
        OutputKind::SecretText => "secret-text",
    }
}

/// The kind in a sentence.
pub fn with_article(kind: OutputKind) -> &'static str {
    match kind {
        OutputKind::ContainerId => "the id of a container",
        OutputKind::IpAddress => "an IP address",
        OutputKind::Port => "a port",
        OutputKind::Digest => "a digest",
        OutputKind::SecretText => "a text that is not empty",
    }
}

/// Whether a value has the syntax of the kind; see `output-kind` in the WIT. Hosts check the same
/// in their scripts, as well as a shell can: `execute::script`.
pub fn has_syntax(kind: OutputKind, value: &str) -> bool {
    let hexadecimal =
        |text: &str| text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'));
    match kind {
        OutputKind::ContainerId => (12..=64).contains(&value.len()) && hexadecimal(value),
        OutputKind::IpAddress => {
            is_plain(value) && value.parse().is_ok_and(|address: IpAddr| !is_metadata(address))
        }
        OutputKind::Port => {
            value.bytes().all(|b| b.is_ascii_digit())
                && value.len() <= 5
                && value.parse::<u16>().is_ok_and(|port| port > 0)
        }
        OutputKind::Digest => {
            value.strip_prefix("sha256:").is_some_and(|d| d.len() == 64 && hexadecimal(d))
        }
        OutputKind::SecretText => !value.is_empty(),
    }
}

/// Whether an IPv6 address is none of those behind which an IPv4 address may be.
fn is_plain(address: &str) -> bool {
    let is_other = |start| address.starts_with(start);
    !address.contains(':')
        || !(address.contains('.') || [":", "0", "64:", "2002:"].into_iter().any(is_other))
}

/// What has the syntax of a kind and what does not: this machine and hosts must agree on these.
#[cfg(test)]
pub const CASES: [(OutputKind, &[&str], &[&str]); 6] = [
    (
        OutputKind::ContainerId,
        &["0123456789ab", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"],
        &[
            "",
            "0123456789a",
            "0123456789aZ",
            "0123456789AB",
            "0123456789ab; id",
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0",
        ],
    ),
    (
        OutputKind::IpAddress,
        &["172.17.0.2", "10.0.0.1", "192.168.254.169", "fd00::1", "2001:db8::a9fe:1"],
        &["", "not-an-ip", "1.2.3.4 5", "$(id)", "a.b.c.d", "1.2.3", "1.2.3.4.5", "shop"],
    ),
    // Link-local and metadata addresses, and what may be one, however they are written.
    (
        OutputKind::IpAddress,
        &[],
        &[
            "169.254.169.254",
            "169.254.0.1",
            "168.63.129.16",
            "100.100.100.200",
            "2852039166",
            "0251.0376.0251.0376",
            "169.0376.169.254",
            "169.16689662",
            "fe80::1",
            "FEbf::1",
            "fe80:0:0::1",
            "::1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:a9fe:a9fe",
            "0:0:0:0:0:ffff:a9fe:a9fe",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "fd00:0EC2::254",
        ],
    ),
    (
        OutputKind::Port,
        &["1", "80", "65535"],
        &["", "0", "-1", "+80", "80a", "65536", "99999", "123456", "8 0"],
    ),
    (
        OutputKind::Digest,
        &["sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"],
        &[
            "",
            "sha256:",
            "sha256:xyz",
            "sha256:00 11",
            "md5:00",
            "sha256:0123456789abcdef",
            "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0",
            "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeF",
        ],
    ),
    (OutputKind::SecretText, &["any thing $x"], &[""]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_syntax() {
        for (kind, good, bad) in CASES {
            assert!(good.iter().all(|value| has_syntax(kind, value)), "{kind:?}");
            for value in bad {
                assert!(!has_syntax(kind, value), "{kind:?} {value:?}");
            }
        }
    }
}
