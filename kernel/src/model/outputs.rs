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
/// in their scripts.
pub fn has_syntax(kind: OutputKind, value: &str) -> bool {
    let hexadecimal =
        |text: &str| text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'));
    match kind {
        OutputKind::ContainerId => (12..=64).contains(&value.len()) && hexadecimal(value),
        OutputKind::IpAddress => value.parse().is_ok_and(|address: IpAddr| !is_metadata(address)),
        OutputKind::Port => value.parse::<u16>().is_ok_and(|port| port > 0),
        OutputKind::Digest => {
            value.strip_prefix("sha256:").is_some_and(|d| d.len() == 64 && hexadecimal(d))
        }
        OutputKind::SecretText => !value.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use OutputKind as K;

    #[test]
    fn what_this_machine_yields_has_the_syntax_that_hosts_insist_on() {
        let id = "0123456789ab";
        let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
        let cases: [(K, &[&str], &[&str]); 5] = [
            (K::ContainerId, &[id], &["", "0123456789a", "0123456789aZ"]),
            (
                K::IpAddress,
                &["172.17.0.2", "fd00::1"],
                &[
                    "",
                    "shop",
                    "1.2.3",
                    "2852039166",
                    "169.254.169.254",
                    "100.100.100.200",
                    "fe80::1",
                    "::ffff:169.254.169.254",
                    "2002:a9fe:a9fe::1",
                    "fd00:ec2::254",
                ],
            ),
            (K::Port, &["1", "65535"], &["", "0", "-1", "65536", "8 0"]),
            (K::Digest, &[&digest], &["", "sha256:", "sha256:xyz"]),
            (K::SecretText, &["any thing"], &[""]),
        ];
        for (kind, good, bad) in cases {
            assert!(good.iter().all(|value| has_syntax(kind, value)), "{kind:?}");
            for value in bad {
                assert!(!has_syntax(kind, value), "{kind:?} {value:?}");
            }
        }
    }
}
