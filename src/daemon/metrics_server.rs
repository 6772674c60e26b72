//! `[metrics] listen`: serves `/metrics` for Prometheus and `/health`, over TCP or a Unix socket.
//!
//! A minimal HTTP/1.1 server for programs on this machine: GET and HEAD, one request per connection, limits on time, size
//! and concurrency. Each request reads the database anew.

use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, JoinSet};
use tracing::{debug, info};

use super::health::Health;
use super::metrics::exposition;
use crate::config::ListenAddress;
use crate::store::{Reader, StoreMetrics};

/// Requests answered at a time; more wait.
const MAX_REQUESTS: usize = 8;

/// Longest request head in bytes.
const MAX_HEAD: u64 = 8 << 10;

/// Request timeout.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Delay after an error of accept(), such as too many open files.
const ACCEPT_BACKOFF: Duration = Duration::from_secs(1);

/// A running server; it stops when dropped.
#[derive(Debug)]
pub(super) struct MetricsServer {
    address: ListenAddress,
    task: AbortHandle,
    /// The socket file to remove.
    socket: Option<PathBuf>,
}

impl Drop for MetricsServer {
    fn drop(&mut self) {
        self.task.abort();
        if let Some(path) = &self.socket {
            let _ = std::fs::remove_file(path);
        }
    }
}

impl MetricsServer {
    /// Binds to `address` and serves from now on.
    pub(super) async fn start(
        address: &ListenAddress,
        database: PathBuf,
        health: Health,
    ) -> std::io::Result<Self> {
        let handler = RequestHandler {
            database: database.into(),
            health,
            permits: Arc::new(Semaphore::new(MAX_REQUESTS)),
        };
        let (listener, socket) = Listener::bind(address).await?;
        let task = tokio::spawn(async move {
            let mut requests = JoinSet::new();
            loop {
                match listener.accept().await {
                    Ok(stream) => {
                        let answer = handler.clone().answer(stream);
                        requests.spawn(async {
                            if tokio::time::timeout(TIMEOUT, answer).await.is_err() {
                                debug!("a request for metrics took too long");
                            }
                        });
                    }
                    Err(error) => {
                        debug!("a connection for metrics could not be accepted: {error}");
                        tokio::time::sleep(ACCEPT_BACKOFF).await;
                    }
                }
                while requests.try_join_next().is_some() {}
            }
        });
        Ok(Self { address: address.clone(), task: task.abort_handle(), socket })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> &ListenAddress {
        &self.address
    }
}

/// Accepts connections.
enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// A connection.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

impl Listener {
    /// Binds; also returns the path of the socket file.
    async fn bind(address: &ListenAddress) -> std::io::Result<(Self, Option<PathBuf>)> {
        match address {
            ListenAddress::Tcp(address) => {
                let listener = TcpListener::bind(address).await?;
                info!(address = %listener.local_addr()?, "metrics at /metrics, health at /health");
                Ok((Self::Tcp(listener), None))
            }
            ListenAddress::Unix(path) => {
                // A run that was killed leaves its socket. Another file of that name is not removed.
                if std::fs::metadata(path).is_ok_and(|found| found.file_type().is_socket()) {
                    std::fs::remove_file(path)?;
                }
                let listener = UnixListener::bind(path)?;
                info!(socket = %path.display(), "metrics at /metrics, health at /health");
                Ok((Self::Unix(listener), Some(path.clone())))
            }
        }
    }

    /// Waits for the next connection.
    async fn accept(&self) -> std::io::Result<Box<dyn Stream>> {
        Ok(match self {
            Self::Tcp(listener) => Box::new(listener.accept().await?.0),
            Self::Unix(listener) => Box::new(listener.accept().await?.0),
        })
    }
}

/// Answers requests.
#[derive(Clone)]
struct RequestHandler {
    /// Opened anew for each request.
    database: Arc<Path>,
    health: Health,
    /// One for each request that is answered at the same time.
    permits: Arc<Semaphore>,
}

impl RequestHandler {
    /// Reads one request and answers it.
    async fn answer(self, mut stream: Box<dyn Stream>) {
        let Ok(_permit) = self.permits.acquire().await else {
            return;
        };
        let Some(line) = request_line(&mut stream).await else {
            return;
        };
        let mut words = line.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let path = target.split('?').next().unwrap_or_default();
        let plain = "text/plain; charset=utf-8";
        let (status, content_type, body) = match (method, path) {
            ("GET" | "HEAD", "/metrics") => match self.metrics().await {
                Ok(metrics) => (
                    200,
                    "application/openmetrics-text; version=1.0.0; charset=utf-8",
                    exposition(&metrics, &self.health.store_failures()),
                ),
                Err(error) => (500, plain, format!("{error}\n")),
            },
            ("GET" | "HEAD", "/health") => {
                let (status, body) = self.health.report();
                (status, "application/json", body)
            }
            ("GET" | "HEAD", _) => (404, plain, "there are /metrics and /health\n".to_owned()),
            _ => (405, plain, "only GET\n".to_owned()),
        };
        let mut response = format!(
            "HTTP/1.1 {status} {}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            if status == 200 { "OK" } else { "Error" },
            body.len()
        );
        if method != "HEAD" {
            response.push_str(&body);
        }
        let _ = stream.write_all(response.as_bytes()).await;
        let _ = stream.shutdown().await;
    }

    /// Reads the metrics on the blocking pool; the error is a text for the response.
    async fn metrics(&self) -> Result<StoreMetrics, String> {
        let database = Arc::clone(&self.database);
        let read = move || Reader::open(&database)?.metrics(Utc::now());
        match tokio::task::spawn_blocking(read).await {
            Ok(metrics) => metrics.map_err(|error| {
                self.health.count_store_failure(&error);
                error.to_string()
            }),
            Err(panic) => Err(panic.to_string()),
        }
    }
}

/// The first line of a request, once its head is complete; none where it is too long or broken off.
async fn request_line(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    let mut limited = stream.take(MAX_HEAD);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if limited.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let line = head.split(|&byte| byte == b'\r').next()?;
    Some(String::from_utf8_lossy(line).into_owned())
}
