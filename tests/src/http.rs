//! A small HTTP/1.1 client over one connection: enough to ask hosts what they serve.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// An answer.
#[derive(Debug, Clone)]
pub struct Response {
    pub status: u16,
    pub body: Vec<u8>,
    /// The server announced that it closes the connection.
    pub closes: bool,
}

impl Response {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A connection that stays open between requests.
pub struct Connection {
    reader: BufReader<TcpStream>,
    authority: String,
    /// Requests answered on it.
    pub answered: u64,
}

impl Connection {
    /// Connects to `HOST:PORT`; the limit also bounds each later read.
    pub fn open(authority: &str, limit: Duration) -> Result<Self> {
        let address = authority
            .to_socket_addrs()
            .ok()
            .and_then(|mut all| all.next())
            .with_context(|| format!("{authority} is no HOST:PORT"))?;
        let stream = TcpStream::connect_timeout(&address, limit)
            .with_context(|| format!("cannot connect to {authority}"))?;
        stream.set_read_timeout(Some(limit))?;
        stream.set_write_timeout(Some(limit))?;
        stream.set_nodelay(true)?;
        Ok(Self { reader: BufReader::new(stream), authority: authority.into(), answered: 0 })
    }

    /// Asks for `path`.
    pub fn get(&mut self, path: &str) -> Result<Response> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.authority);
        self.reader.get_mut().write_all(request.as_bytes()).context("sending failed")?;
        let status_line = self.line().context("no answer")?;
        let status = status_line
            .split_whitespace()
            .nth(1)
            .and_then(|code| code.parse().ok())
            .with_context(|| format!("no status in {status_line:?}"))?;
        let mut length = None;
        let mut chunked = false;
        let mut closes = false;
        loop {
            let header = self.line().context("the answer ends within its headers")?;
            let header = header.trim_end().to_ascii_lowercase();
            match header.split_once(':').map(|(name, value)| (name, value.trim())) {
                None if header.is_empty() => break,
                Some(("content-length", value)) => length = value.parse::<usize>().ok(),
                Some(("transfer-encoding", value)) => chunked = value.contains("chunked"),
                Some(("connection", value)) => closes |= value.contains("close"),
                _ => {}
            }
        }
        let mut body = Vec::new();
        match length {
            _ if chunked => self.chunks(&mut body)?,
            Some(length) => {
                body.resize(length, 0);
                self.reader.read_exact(&mut body).context("the answer's body is cut off")?;
            }
            None => {
                closes = true;
                self.reader.read_to_end(&mut body).context("the answer's body is cut off")?;
            }
        }
        self.answered += 1;
        Ok(Response { status, body, closes })
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.reader.read_line(&mut line)? == 0 {
            bail!("{} closed the connection", self.authority);
        }
        Ok(line)
    }

    fn chunks(&mut self, body: &mut Vec<u8>) -> Result<()> {
        loop {
            let line = self.line()?;
            let size = usize::from_str_radix(line.split(';').next().unwrap_or("").trim(), 16)
                .with_context(|| format!("{line:?} is no chunk size"))?;
            let start = body.len();
            body.resize(start + size + 2, 0);
            self.reader.read_exact(&mut body[start..]).context("a chunk is cut off")?;
            body.truncate(start + size);
            if size == 0 {
                return Ok(());
            }
        }
    }
}

/// One request on a connection of its own.
pub fn get(authority: &str, path: &str, limit: Duration) -> Result<Response> {
    Connection::open(authority, limit)?
        .get(path)
        .with_context(|| format!("GET http://{authority}{path}"))
}
