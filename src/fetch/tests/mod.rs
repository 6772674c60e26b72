//! The fetcher against a server of raw bytes on loopback.

mod hostile;
mod polite;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use super::*;
use crate::config;

/// What a server does with a request. At the end of the list it waits for the next one on the same connection.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// These bytes.
    Send(Vec<u8>),
    /// These bytes again and again, until the other side is gone; one lot each so long.
    Dribble(Vec<u8>, Duration),
    /// Nothing more, with the connection open.
    Hang,
    /// The end of the connection.
    Close,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// Request line and headers.
    pub(super) head: Vec<u8>,
    /// Which connection it came on.
    pub(super) connection: usize,
}

impl Seen {
    /// The value of a header, byte for byte, if it came exactly once.
    pub(super) fn header(&self, name: &str) -> Option<Vec<u8>> {
        let prefix = format!("{name}: ").to_ascii_lowercase().into_bytes();
        let mut found = self
            .head
            .split(|byte| *byte == b'\n')
            .filter(|line| line.to_ascii_lowercase().starts_with(&prefix))
            .map(|line| line[prefix.len()..].trim_ascii_end().to_vec());
        found.next().filter(|_| found.next().is_none())
    }

    /// The request line's target.
    pub(super) fn target(&self) -> String {
        let line = String::from_utf8_lossy(&self.head).into_owned();
        line.split(' ').nth(1).unwrap().to_owned()
    }
}

/// A server that does as it is told and remembers what it was asked.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Answers each request with what `script` says to its target and its number, counted from 0.
    pub(super) async fn start(script: impl Fn(&str, usize) -> Vec<Act> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (script, log) = (Arc::new(script), Arc::clone(&seen));
        tokio::spawn(async move {
            for connection in 0.. {
                let (socket, _) = listener.accept().await.unwrap();
                let (script, log) = (Arc::clone(&script), Arc::clone(&log));
                tokio::spawn(async move { serve(socket, connection, &*script, &log).await });
            }
        });
        Self { address, seen }
    }

    /// The same answer to everything.
    pub(super) async fn always(acts: Vec<Act>) -> Self {
        Self::start(move |_, _| acts.clone()).await
    }

    pub(super) fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://{}{path}", self.address)).unwrap()
    }

    /// Requests so far.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve(
    mut socket: TcpStream,
    connection: usize,
    script: &(impl Fn(&str, usize) -> Vec<Act> + Send + Sync),
    log: &Mutex<Vec<Seen>>,
) -> Option<()> {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(socket.read_u8().await.ok()?);
        }
        let seen = Seen { head, connection };
        let target = seen.target();
        let number = {
            let mut log = log.lock().unwrap();
            log.push(seen);
            log.len() - 1
        };
        for act in script(&target, number) {
            match act {
                Act::Send(bytes) => socket.write_all(&bytes).await.ok()?,
                Act::Dribble(bytes, every) => loop {
                    socket.write_all(&bytes).await.ok()?;
                    tokio::time::sleep(every).await;
                },
                Act::Hang => std::future::pending().await,
                Act::Close => return None,
            }
        }
    }
}

/// A complete answer; `lines` end in `\r\n` each.
pub(super) fn answer(status: u16, lines: &str, body: &[u8]) -> Vec<Act> {
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Length: {}\r\n{lines}\r\n",
        body.len()
    );
    vec![Act::Send([head.as_bytes(), body].concat())]
}

pub(super) fn now() -> DateTime<Utc> {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

/// Limits for servers on loopback.
pub(super) fn limits() -> config::Fetch {
    config::Fetch {
        allow_networks: vec!["127.0.0.0/8".parse().unwrap()],
        ..config::Fetch::default()
    }
}

/// Deadlines that a test can wait for.
pub(super) fn hasty() -> config::Fetch {
    config::Fetch {
        connect_timeout: Duration::from_millis(200),
        idle_timeout: Duration::from_millis(200),
        total_timeout: Duration::from_millis(600),
        ..limits()
    }
}

pub(super) fn fetcher(limits: &config::Fetch) -> Fetcher {
    let politeness = config::Politeness {
        host_gap: Duration::ZERO,
        impolite: true,
        ..config::Politeness::default()
    };
    Fetcher::new(limits, &politeness, user_agent(Some("https://paper.example/bot"))).unwrap()
}

pub(super) async fn get_feed(fetcher: &Fetcher, url: Url) -> Result<Fetched, Box<Failed>> {
    fetcher.get(Request::new(url, Want::Feed), now()).await
}

/// The code of a failure that must be.
pub(super) fn code(result: Result<Fetched, Box<Failed>>) -> &'static str {
    let code = result.unwrap_err().error.code();
    assert!(CODES.contains(&code));
    code
}

pub(super) fn document(fetched: Fetched) -> Document {
    match fetched.outcome {
        Outcome::Document(document) => document,
        Outcome::NotModified(_) => panic!("not modified"),
    }
}
