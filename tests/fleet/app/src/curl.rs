//! The app called as `curl -f URL`: the image is built from scratch and has no
//! curl, but the usual health command of a deploy is `curl -f URL || exit 1`.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Exit code 22 is curl's own for `-f` and an HTTP error, 7 for "cannot connect".
pub fn run(args: &[String]) -> u8 {
    let Some(url) = args.iter().find(|arg| arg.starts_with("http://")) else {
        eprintln!("curl: only `curl -f http://HOST:PORT/PATH` works in this image");
        return 2;
    };
    match get(url) {
        Ok((status, body)) if status >= 400 => {
            // Docker keeps this text in the container's health log.
            eprintln!("curl: (22) {url} answered {status}: {}", body.trim());
            22
        }
        Ok((_, body)) => {
            print!("{body}");
            0
        }
        Err(error) => {
            eprintln!("curl: (7) {url}: {error}");
            7
        }
    }
}

fn get(url: &str) -> std::io::Result<(u16, String)> {
    let rest = url.trim_start_matches("http://");
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let authority =
        if authority.contains(':') { authority.to_string() } else { format!("{authority}:80") };
    // A static binary has no resolver; the health check only ever asks itself.
    let address = authority.replace("localhost:", "127.0.0.1:");
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n")?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head
        .split_whitespace()
        .nth(1)
        .and_then(|code| code.parse().ok())
        .ok_or_else(|| std::io::Error::other("no HTTP answer"))?;
    Ok((status, body.to_string()))
}
