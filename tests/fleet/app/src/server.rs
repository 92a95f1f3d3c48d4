//! Connections: one thread each, HTTP/1.1 with keep-alive, and a graceful stop
//! that finishes running requests and closes idle connections.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::behaviour::Behaviour;
use crate::respond::{Response, respond};

/// What the connections share.
pub struct Shared {
    pub behaviour: Behaviour,
    /// Set by `/fail`; from then on `/up` says 503.
    pub failed: AtomicBool,
    stopping: AtomicBool,
    accepted: AtomicU64,
    /// Open connections and whether each is in the middle of a request.
    open: Mutex<HashMap<u64, Connection>>,
}

struct Connection {
    stream: TcpStream,
    busy: bool,
}

/// A running server.
pub struct Server {
    shared: Arc<Shared>,
    port: u16,
}

impl Server {
    /// Starts to serve on `listener`; returns at once.
    pub fn start(behaviour: Behaviour, listener: TcpListener) -> std::io::Result<Self> {
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared {
            behaviour,
            failed: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            accepted: AtomicU64::new(0),
            open: Mutex::new(HashMap::new()),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&accepting);
                thread::spawn(move || shared.serve(stream));
            }
        });
        Ok(Self { shared, port })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Finishes running requests (at most `limit`) and closes the rest. Returns
    /// how many requests were cut off.
    pub fn stop(&self, limit: Duration) -> usize {
        self.shared.stopping.store(true, Ordering::SeqCst);
        let end = Instant::now() + limit;
        loop {
            let busy = {
                let mut open = self.shared.open();
                open.retain(|_, connection| {
                    if !connection.busy {
                        // An error means that the peer closed it already.
                        let _ = connection.stream.shutdown(Shutdown::Both);
                    }
                    connection.busy
                });
                open.len()
            };
            if busy == 0 || Instant::now() >= end {
                return busy;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Shared {
    fn open(&self) -> MutexGuard<'_, HashMap<u64, Connection>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, stream: TcpStream) {
        let id = self.accepted.fetch_add(1, Ordering::Relaxed);
        let Ok(copy) = stream.try_clone() else { return };
        self.open().insert(id, Connection { stream: copy, busy: false });
        // An error here is a peer that went away: nobody is left to tell.
        let _ = self.converse(id, &stream);
        self.open().remove(&id);
        let _ = stream.shutdown(Shutdown::Both);
    }

    fn converse(&self, id: u64, stream: &TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream);
        while let Some(request) = self.read_request(id, &mut reader)? {
            let response = respond(&request.path, self);
            let close = request.close || self.stopping.load(Ordering::SeqCst);
            (&*stream).write_all(&response.bytes(close, request.head))?;
            if let Some(connection) = self.open().get_mut(&id) {
                connection.busy = false;
            }
            if close {
                break;
            }
        }
        Ok(())
    }

    /// The next request, or `None` when the peer closed the connection. The
    /// connection counts as busy from the first byte on.
    fn read_request(
        &self,
        id: u64,
        reader: &mut BufReader<&TcpStream>,
    ) -> std::io::Result<Option<Request>> {
        if reader.fill_buf()?.is_empty() {
            return Ok(None);
        }
        match self.open().get_mut(&id) {
            Some(connection) => connection.busy = true,
            None => return Ok(None),
        }
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let mut words = line.split_whitespace();
        let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or("/"));
        let mut request = Request {
            path: path.to_string(),
            head: method == "HEAD",
            close: words.next() == Some("HTTP/1.0"),
        };
        let mut body = 0;
        loop {
            let mut header = String::new();
            if reader.read_line(&mut header)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            let header = header.trim_end().to_ascii_lowercase();
            match header.split_once(':') {
                None if header.is_empty() => break,
                Some(("connection", value)) => request.close |= value.trim() == "close",
                Some(("content-length", value)) => body = value.trim().parse().unwrap_or(0),
                _ => {}
            }
        }
        let mut rest = vec![0; body];
        std::io::Read::read_exact(reader, &mut rest)?;
        Ok(Some(request))
    }
}

struct Request {
    path: String,
    head: bool,
    close: bool,
}

impl Response {
    fn bytes(&self, close: bool, head: bool) -> Vec<u8> {
        let connection = if close { "close" } else { "keep-alive" };
        let mut bytes = format!(
            "HTTP/1.1 {}\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Length: {}\r\nConnection: {connection}\r\n\r\n",
            self.status,
            self.body.len()
        )
        .into_bytes();
        if !head {
            bytes.extend_from_slice(&self.body);
        }
        bytes
    }
}
