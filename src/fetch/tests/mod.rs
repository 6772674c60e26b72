//! The fetcher against a server of raw bytes on loopback.

mod connections;
mod hostile;
mod politeness;
mod robots;
mod secure;
mod transport;

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use url::Url;

use super::*;
use crate::config;
use crate::model::Validators;

/// The closed set of codes of [`FetchError::code`], sorted.
pub(super) const CODES: &[&str] = &[
    "bad-coding", "bad-header", "bad-http", "bad-redirect", "bad-settings", "bad-url", "certificate",
    "challenge", "connect", "connect-timeout", "dns", "file", "host-backoff", "http-2xx", "http-3xx",
    "http-400", "http-401", "http-403", "http-404", "http-410", "http-429", "http-4xx", "http-500",
    "http-502", "http-503", "http-504", "http-5xx", "http-other", "idle-timeout", "not-html",
    "program-failed", "program-later", "program-missing", "program-timeout", "proxy", "redirect-loop",
    "refused-address", "refused-downgrade", "refused-file", "refused-scheme", "reset", "robots-denied",
    "robots-unreachable", "tls", "too-large", "too-many-redirects", "total-timeout", "unasked-304",
    "unknown-coding",
];

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
    scheme: &'static str,
    seen: Arc<Mutex<Vec<Seen>>>,
    /// Connections that have ended.
    closed: watch::Receiver<Vec<usize>>,
}

impl Server {
    /// Answers each request with what `script` says to its target and its number, counted from 0.
    pub(super) async fn start(script: impl Fn(&str, usize) -> Vec<Act> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::over(listener, None, script)
    }

    /// The same, behind TLS or not.
    pub(super) fn over(
        listener: TcpListener,
        tls: Option<TlsAcceptor>,
        script: impl Fn(&str, usize) -> Vec<Act> + Send + Sync + 'static,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (ended, closed) = watch::channel(Vec::new());
        let (script, log) = (Arc::new(script), Arc::clone(&seen));
        tokio::spawn(async move {
            for connection in 0.. {
                let (socket, _) = listener.accept().await.unwrap();
                let (script, log, tls) = (Arc::clone(&script), Arc::clone(&log), tls.clone());
                let ended = ended.clone();
                tokio::spawn(async move {
                    match tls {
                        None => drop(serve(socket, connection, &*script, &log).await),
                        Some(tls) => {
                            if let Ok(socket) = tls.accept(socket).await {
                                serve(socket, connection, &*script, &log).await;
                            }
                        }
                    }
                    ended.send_modify(|closed| closed.push(connection));
                });
            }
        });
        Self { address, scheme, seen, closed }
    }

    /// The same answer to everything.
    pub(super) async fn always(acts: Vec<Act>) -> Self {
        Self::start(move |_, _| acts.clone()).await
    }

    pub(super) fn url(&self, path: &str) -> Url {
        Url::parse(&format!("{}://{}{path}", self.scheme, self.address)).unwrap()
    }

    /// The same under a name.
    pub(super) fn named(&self, host: &str, path: &str) -> Url {
        Url::parse(&format!("{}://{host}:{}{path}", self.scheme, self.address.port())).unwrap()
    }

    /// Requests so far.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Targets of the requests so far.
    pub(super) fn targets(&self) -> Vec<String> {
        self.seen().iter().map(Seen::target).collect()
    }

    /// Waits until a connection has ended.
    pub(super) async fn closed(&self, connection: usize) {
        let mut closed = self.closed.clone();
        closed.wait_for(|all| all.contains(&connection)).await.unwrap();
    }
}

async fn serve(
    mut socket: impl AsyncRead + AsyncWrite + Unpin,
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
                Act::Send(bytes) => {
                    socket.write_all(&bytes).await.ok()?;
                    socket.flush().await.ok()?;
                }
                Act::Dribble(bytes, every) => loop {
                    socket.write_all(&bytes).await.ok()?;
                    socket.flush().await.ok()?;
                    tokio::time::sleep(every).await;
                },
                // Until the other side is gone.
                Act::Hang => while socket.read_u8().await.is_ok() {},
                Act::Close => return None,
            }
        }
    }
}

/// A complete answer; `lines` end in `\r\n` each.
pub(super) fn answer(status: u16, lines: &str, body: &[u8]) -> Vec<Act> {
    let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n{lines}\r\n", body.len());
    vec![Act::Send([head.as_bytes(), body].concat())]
}

pub(super) fn now() -> DateTime<Utc> {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

/// Limits for servers on loopback.
pub(super) fn limits() -> config::FetchConfig {
    config::FetchConfig {
        allow_networks: vec!["127.0.0.0/8".parse().unwrap()],
        ..config::FetchConfig::default()
    }
}

/// Deadlines that a test can wait for.
pub(super) fn short_timeouts() -> config::FetchConfig {
    config::FetchConfig {
        connect_timeout: Duration::from_millis(200),
        idle_timeout: Duration::from_millis(200),
        total_timeout: Duration::from_millis(600),
        ..limits()
    }
}

pub(super) fn fetcher(limits: &config::FetchConfig) -> Fetcher {
    let politeness = config::PolitenessConfig {
        host_gap: Duration::ZERO,
        impolite: true,
        ..config::PolitenessConfig::default()
    };
    Fetcher::new(limits, &politeness, user_agent(Some("https://paper.example/bot"))).unwrap()
}

pub(super) async fn get_feed(fetcher: &Fetcher, url: Url) -> Result<Response, Box<FailedFetch>> {
    fetcher.get(Request::new(url, ResourceKind::Feed), now()).await
}

/// The code of a failure that must be.
pub(super) fn code(result: Result<Response, Box<FailedFetch>>) -> &'static str {
    let code = result.unwrap_err().error.code();
    assert!(CODES.contains(&code));
    code
}

pub(super) fn document(fetched: Response) -> FetchedDocument {
    match fetched.content {
        ResponseContent::Document(document) => document,
        ResponseContent::NotModified(_) => panic!("not modified"),
    }
}

/// A resolver that answers as told, one list after the other, the last for ever.
pub(super) struct ScriptedResolver(pub(super) Mutex<Vec<Vec<IpAddr>>>);

impl Lookup for ScriptedResolver {
    fn lookup(&self, _: String) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>> {
        let mut answers = self.0.lock().unwrap();
        let answer = if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() };
        Box::pin(async move { Ok(answer) })
    }
}

/// A fetcher that finds these addresses, one list after the other.
pub(super) fn with_names(answers: &[&[&str]], limits: &config::FetchConfig) -> Fetcher {
    let answers = answers.iter().map(|all| all.iter().map(|ip| ip.parse().unwrap()).collect()).collect();
    let politeness =
        config::PolitenessConfig { host_gap: Duration::ZERO, ..config::PolitenessConfig::default() };
    Fetcher::with_resolver(
        limits,
        &politeness,
        "x".to_owned(),
        Arc::new(ScriptedResolver(Mutex::new(answers))),
    )
    .unwrap()
}
