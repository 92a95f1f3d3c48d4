//! Which URLs a wait may ask. The grant `http` means: web servers that somebody runs on or
//! beside the host; not its files, and not the cloud's metadata service, which answers with
//! credentials.
//!
//! Only the plainest spelling of a URL is accepted, because each program that reads one has
//! spellings of its own: `0xa9fea9fe`, `2852039166`, `%31%36%39`, full-width digits and `x@`
//! all lead curl to 169.254.169.254.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::model::address::is_metadata;
use crate::model::wit::{OutputKind, Part, Text};

/// Names of metadata services.
const METADATA: [&str; 5] = [
    "instance-data",
    "instance-data.ec2.internal",
    "metadata",
    "metadata.goog",
    "metadata.google.internal",
];

/// Stands for an address that an earlier step yields; no literal can hold it.
const ADDRESS: char = '\0';
/// The same for a port.
const PORT: char = '\u{1}';

/// Checks the URL of a wait.
///
/// # Errors
/// One sentence: what is wrong with it.
pub(super) fn check(url: &Text) -> Result<(), String> {
    let mut whole = String::new();
    for part in url {
        match part {
            Part::Literal(text) if text.contains(|c: char| c.is_control() || c == ' ') => {
                return Err(format!("{text:?} has a space or a control character, in a URL"));
            }
            Part::Literal(text) => whole.push_str(text),
            Part::OutputOf(output) if output.kind == OutputKind::IpAddress => whole.push(ADDRESS),
            Part::OutputOf(output) if output.kind == OutputKind::Port => whole.push(PORT),
            // Refused beforehand, with their names.
            Part::OutputOf(_)
            | Part::Secret(_)
            | Part::HostEnv(_)
            | Part::HostFile(_)
            | Part::Other(_) => return Err("a part that a URL must not have".to_owned()),
        }
    }
    let shown = whole.replace(ADDRESS, "ADDRESS").replace(PORT, "PORT");
    let rest = ["http://", "https://"].iter().find_map(|scheme| whole.strip_prefix(scheme));
    let Some(rest) = rest else {
        return Err(format!("the URL {shown:?} does not begin with `http://` or `https://`"));
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    authority(&rest[..end]).map_err(|why| format!("the URL {shown:?} {why}"))
}

/// Checks a host with or without a port.
fn authority(text: &str) -> Result<(), String> {
    let unclear = || {
        Err("does not name its host plainly: write a name, an IPv4 address as four decimal \
             numbers, or an IPv6 address in brackets, and at most a port after it"
            .to_owned())
    };
    let (host, port) = match text.strip_prefix('[').map(|rest| rest.split_once(']')) {
        Some(Some((address, after))) => {
            let Ok(address) = address.parse::<Ipv6Addr>() else { return unclear() };
            if is_metadata(address.into()) {
                return Err(refused());
            }
            ("", after)
        }
        Some(None) => return unclear(),
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let digits = |port: &str| {
        (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_port = |port: &str| digits(port) || port == PORT.to_string();
    if !port.is_empty() && !port.strip_prefix(':').is_some_and(is_port) {
        return unclear();
    }
    if text.starts_with('[') || host == ADDRESS.to_string() {
        return Ok(());
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    if host.is_empty() || host.starts_with('-') || !host.chars().all(plain) {
        return unclear();
    }
    let last = host.rsplit('.').next().unwrap_or_default();
    // What ends in a number is read as an address, also an octal or hexadecimal one.
    if last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x") {
        return match host.parse::<Ipv4Addr>() {
            Ok(address) if is_metadata(address.into()) => Err(refused()),
            Ok(_) => Ok(()),
            Err(_) => unclear(),
        };
    }
    if METADATA.contains(&host.as_str()) { Err(refused()) } else { Ok(()) }
}

fn refused() -> String {
    "leads to a link-local or metadata address, which answers with the machine's own credentials"
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::wit::OutputRef;

    fn literal(url: &str) -> Result<(), String> {
        check(&vec![Part::Literal(url.to_owned())])
    }

    fn output(kind: OutputKind) -> Part {
        Part::OutputOf(OutputRef { step: "s".to_owned(), kind })
    }

    #[test]
    fn s1_http_never_reads_files() {
        for url in [
            "file:///etc/passwd",
            "FILE:///etc/passwd",
            "/root/.docker/config.json",
            "gopher://localhost/",
            "localhost/up",
            "",
            "-K/etc/passwd",
            "--config",
            " http://localhost/",
            "HTTP://localhost/",
            "http:/localhost",
        ] {
            let error = literal(url).unwrap_err();
            assert!(error.contains("http://") || error.contains("space"), "{url}: {error}");
        }
        let late = [output(OutputKind::IpAddress), Part::Literal("http://".to_owned())];
        assert!(check(&late.to_vec()).is_err());
    }

    #[test]
    fn s2_http_never_asks_for_the_machines_credentials() {
        for host in [
            "169.254.169.254",
            "169.254.169.254.",
            "169.254.0.1:80",
            "[fe80::1]",
            "[febf::1]:80",
            "[fd00:ec2::254]",
            "[fd20:ce::254]",
            "[FD00:0EC2:0:0:0:0:0:254]",
            "[::ffff:169.254.169.254]",
            "[::ffff:a9fe:a9fe]",
            "[::a9fe:a9fe]",
            "[64:ff9b::a9fe:a9fe]",
            "[2002:a9fe:a9fe::1]",
            "metadata.google.internal",
            "Metadata.Google.Internal.",
            "metadata",
            "100.100.100.200",
        ] {
            for url in [format!("http://{host}/x"), format!("https://{host}?x")] {
                let error = literal(&url).unwrap_err();
                assert!(error.contains("credentials"), "{url}: {error}");
            }
        }
        // Spellings that curl reads as one of them, and others that are not plain.
        for host in [
            "2852039166",
            "0xa9fea9fe",
            "0xA9.0xFE.0xA9.0xFE",
            "0251.0376.0251.0376",
            "169.16689662",
            "169.254.43518",
            "%31%36%39.254.169.254",
            "１６９.254.169.254",
            "169。254。169。254",
            "x@169.254.169.254",
            "localhost@169.254.169.254",
            "{169.254.169.254,x}",
            "[1-2]",
            "[fe80::1%25eth0]",
            "[fe80::1",
            "fe80::1",
            "localhost\\@169.254.169.254",
            "localhost:80:81",
            "localhost:x",
            "localhost:",
            "",
            ".",
            "-x",
        ] {
            assert!(literal(&format!("http://{host}/")).is_err(), "{host}");
        }
    }

    #[test]
    fn what_plugins_ask_is_allowed() {
        for url in [
            "http://localhost",
            "http://localhost:3000/up?a=b@c#d",
            "https://shop-web_1.example.com./x",
            "http://172.17.0.2:8080/",
            "http://[fd12::2]:80/",
            "http://metadata.example.com/",
            "http://3com.example/",
        ] {
            assert_eq!(literal(url), Ok(()), "{url}");
        }
        let (scheme, path) = (Part::Literal("http://".to_owned()), Part::Literal("/up".to_owned()));
        let (address, port) = (output(OutputKind::IpAddress), output(OutputKind::Port));
        let colon = Part::Literal(":".to_owned());
        let url = vec![scheme.clone(), address.clone(), colon, port.clone(), path.clone()];
        assert_eq!(check(&url), Ok(()));
        assert_eq!(check(&vec![scheme.clone(), address.clone(), path.clone()]), Ok(()));
        // A host is an output as a whole or not at all.
        let x = || Part::Literal("1".to_owned());
        assert!(check(&vec![scheme.clone(), x(), address.clone(), path.clone()]).is_err());
        assert!(check(&vec![scheme.clone(), address, x(), path.clone()]).is_err());
        assert!(check(&vec![scheme, port, path]).is_err());
    }
}
