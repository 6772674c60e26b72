//! `[metrics] listen`: figures for Prometheus at `/metrics`, and whether it lives at `/health`. A few lines of HTTP for
//! readers on this machine; everything it tells is read from the database at that moment.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::fs::FileTypeExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, Utc};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, JoinSet};
use tracing::{debug, info};

use crate::config::ListenAddress;
use crate::store::{Reader, StoreError, StoreMetrics};

/// Readers at a time; more wait.
const READERS: usize = 8;

/// Longest request head.
const MAX_HEAD: u64 = 8 << 10;

/// A reader that is slower is left.
const PATIENCE: Duration = Duration::from_secs(10);

/// A loop that has not gone round for so long does not live: it does at least every half minute.
const STILL: Duration = Duration::from_mins(2);

/// What the loop lets others see of itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Health(Arc<Mutex<Vitals>>);

#[derive(Debug, Default)]
struct Vitals {
    /// The last time round, by both clocks.
    progress: Option<(Instant, DateTime<Utc>)>,
    /// By code, since the start: a store that fails cannot count its own failures.
    store_failures: BTreeMap<&'static str, u64>,
}

impl Health {
    fn vitals(&self) -> MutexGuard<'_, Vitals> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The loop went round, and the store answered.
    pub(super) fn progressed(&self, now: DateTime<Utc>) {
        self.vitals().progress = Some((Instant::now(), now));
    }

    /// The store did not do what it was asked. That somebody else holds the work now is no failure.
    pub(super) fn store_failed(&self, error: &StoreError) {
        if !error.is_lease_lost() {
            *self.vitals().store_failures.entry(error.code()).or_default() += 1;
        }
    }

    /// Failures by code; those that never happened too, for a rate needs a zero to begin with.
    fn store_failures(&self) -> Vec<(String, u64)> {
        let mut all: BTreeMap<&str, u64> = StoreError::CODES.iter().map(|&code| (code, 0)).collect();
        all.extend(&self.vitals().store_failures);
        all.into_iter()
            .map(|(code, count)| (format!("{{code=\"{code}\"}}"), count))
            .collect()
    }

    /// Status and JSON of `/health`.
    fn tell(&self) -> (u16, String) {
        let last = self.vitals().progress;
        let live = last.is_some_and(|(at, _)| at.elapsed() < STILL);
        let moment = last.map(|(_, at)| at.to_rfc3339_opts(SecondsFormat::Secs, true));
        let body = format!(
            "{{\"ready\":{},\"live\":{live},\"last_progress\":{}}}\n",
            last.is_some(),
            moment.map_or("null".to_owned(), |at| format!("\"{at}\""))
        );
        (if live { 200 } else { 503 }, body)
    }
}

/// Listens until dropped.
#[derive(Debug)]
pub(super) struct Metrics {
    on: ListenAddress,
    task: AbortHandle,
    socket: Option<PathBuf>,
}

impl Drop for Metrics {
    fn drop(&mut self) {
        self.task.abort();
        if let Some(path) = &self.socket {
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Metrics {
    /// Where it listens.
    pub(super) fn on(&self) -> &ListenAddress {
        &self.on
    }

    /// Begins to listen; the database is opened anew for every look at it.
    pub(super) async fn listen(
        on: &ListenAddress,
        database: PathBuf,
        health: Health,
    ) -> std::io::Result<Self> {
        let tower = Tower {
            database: database.into(),
            health,
            room: Arc::new(Semaphore::new(READERS)),
        };
        let (door, socket) = Door::open(on).await?;
        let task = tokio::spawn(async move {
            let mut readers = JoinSet::new();
            loop {
                match door.accept().await {
                    Ok(stream) => tower.clone().spawn(&mut readers, stream),
                    Err(error) => wait_after(&error).await,
                }
                while readers.try_join_next().is_some() {}
            }
        });
        Ok(Self {
            on: on.clone(),
            task: task.abort_handle(),
            socket,
        })
    }
}

/// Where readers come in.
enum Door {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// A reader, however it came.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

impl Door {
    /// Binds; gives the socket's path, which is to be removed at the end.
    async fn open(on: &ListenAddress) -> std::io::Result<(Self, Option<PathBuf>)> {
        match on {
            ListenAddress::Tcp(address) => {
                let listener = TcpListener::bind(address).await?;
                info!(address = %listener.local_addr()?, "metrics at /metrics, health at /health");
                Ok((Self::Tcp(listener), None))
            }
            ListenAddress::Unix(path) => {
                // Of a run that was killed; anything else of that name is not ours to remove.
                if std::fs::metadata(path).is_ok_and(|found| found.file_type().is_socket()) {
                    std::fs::remove_file(path)?;
                }
                let listener = UnixListener::bind(path)?;
                info!(socket = %path.display(), "metrics at /metrics, health at /health");
                Ok((Self::Unix(listener), Some(path.clone())))
            }
        }
    }

    async fn accept(&self) -> std::io::Result<Box<dyn Stream>> {
        Ok(match self {
            Self::Tcp(listener) => Box::new(listener.accept().await?.0),
            Self::Unix(listener) => Box::new(listener.accept().await?.0),
        })
    }
}

/// Too many open files: the next try fails as well.
async fn wait_after(error: &std::io::Error) {
    debug!("a reader of the metrics could not be let in: {error}");
    tokio::time::sleep(Duration::from_secs(1)).await;
}

#[derive(Clone)]
struct Tower {
    database: Arc<std::path::Path>,
    health: Health,
    room: Arc<Semaphore>,
}

impl Tower {
    fn spawn(self, readers: &mut JoinSet<()>, stream: Box<dyn Stream>) {
        readers.spawn(async move {
            if tokio::time::timeout(PATIENCE, self.serve(stream)).await.is_err() {
                debug!("a reader of the metrics was too slow");
            }
        });
    }

    /// One request, one answer.
    async fn serve(self, mut stream: Box<dyn Stream>) {
        let Ok(_room) = self.room.acquire().await else {
            return;
        };
        let Some(line) = request_line(&mut stream).await else {
            return;
        };
        let mut words = line.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let path = target.split('?').next().unwrap_or_default();
        let plain = "text/plain; charset=utf-8";
        let (status, kind, body) = match (method, path) {
            ("GET" | "HEAD", "/metrics") => match self.figures().await {
                Ok(figures) => (
                    200,
                    "application/openmetrics-text; version=1.0.0; charset=utf-8",
                    exposition(&figures, &self.health.store_failures()),
                ),
                Err(error) => (500, plain, format!("{error}\n")),
            },
            ("GET" | "HEAD", "/health") => {
                let (status, body) = self.health.tell();
                (status, "application/json", body)
            }
            ("GET" | "HEAD", _) => (404, plain, "there are /metrics and /health\n".to_owned()),
            _ => (405, plain, "only GET\n".to_owned()),
        };
        let mut answer = format!(
            "HTTP/1.1 {status} {}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            if status == 200 { "OK" } else { "Error" },
            body.len()
        );
        if method != "HEAD" {
            answer.push_str(&body);
        }
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
    }

    async fn figures(&self) -> Result<StoreMetrics, String> {
        let database = Arc::clone(&self.database);
        let look = move || Reader::open(&database)?.figures(Utc::now());
        match tokio::task::spawn_blocking(look).await {
            Ok(figures) => figures.map_err(|error| {
                self.health.store_failed(&error);
                error.to_string()
            }),
            Err(panic) => Err(panic.to_string()),
        }
    }
}

/// The first line of a request whose head is whole and not too long.
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

/// Families whose samples are counters of the store, by the first part of their names; the rest is the label.
const COUNTED: &[(&str, &str, &str, &str)] = &[
    ("polls", "cuttings_polls", "outcome", "Polls by how they ended."),
    (
        "failed",
        "cuttings_failures",
        "code",
        "Failures of polls and pages by code.",
    ),
    (
        "entries",
        "cuttings_entries",
        "kind",
        "Entries of feeds by what they were.",
    ),
    (
        "articles",
        "cuttings_articles",
        "kind",
        "Pages taken in by what they were.",
    ),
    (
        "method",
        "cuttings_texts",
        "method",
        "Texts by how they were won.",
    ),
    (
        "identity",
        "cuttings_identity",
        "event",
        "Articles joined or told apart.",
    ),
];

/// The figures as OpenMetrics text. Every family is there, also without a sample; labels come from closed sets.
fn exposition(figures: &StoreMetrics, store_failures: &[(String, u64)]) -> String {
    let mut text = String::new();
    let mut family = |name: &str, kind: &str, help: &str, samples: &[(String, u64)]| {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        let suffix = if kind == "counter" { "_total" } else { "" };
        for (labels, value) in samples {
            let _ = writeln!(text, "{name}{suffix}{labels} {value}");
        }
    };
    let one = |value: u64| [(String::new(), value)];
    let states: Vec<_> = figures
        .sources
        .iter()
        .map(|(state, count)| (format!("{{state=\"{state}\"}}"), *count))
        .collect();
    family(
        "cuttings_sources",
        "gauge",
        "Configured sources by state.",
        &states,
    );
    for (prefix, name, label, help) in COUNTED {
        let samples: Vec<_> = figures
            .counters
            .iter()
            .filter_map(|(counter, value)| {
                let (first, rest) = counter.split_once('.')?;
                (first == *prefix).then(|| (format!("{{{label}=\"{rest}\"}}"), *value))
            })
            .collect();
        family(name, "counter", help, &samples);
    }
    family(
        "cuttings_store_failures",
        "counter",
        "Times the database did not do what it was asked, by code, since the start.",
        store_failures,
    );
    let overflows: u64 = figures
        .counters
        .iter()
        .filter(|(name, _)| name == "overflows")
        .map(|(_, value)| *value)
        .sum();
    family(
        "cuttings_feed_overflows",
        "counter",
        "Polls that found nothing known: entries may have been missed.",
        &one(overflows),
    );
    let (hits, misses) = figures.rules;
    family(
        "cuttings_selectors",
        "counter",
        "Selectors tried on pages by whether they found something.",
        &[
            ("{found=\"yes\"}".to_owned(), hits),
            ("{found=\"no\"}".to_owned(), misses),
        ],
    );
    family(
        "cuttings_changes",
        "counter",
        "The last sequence number given to a change.",
        &one(figures.seq),
    );
    family(
        "cuttings_pages_waiting",
        "gauge",
        "Entries that wait for their page.",
        &one(figures.pending),
    );
    family(
        "cuttings_hosts_resting",
        "gauge",
        "Hosts that are left alone for a while.",
        &one(figures.resting),
    );
    family(
        "cuttings_database_bytes",
        "gauge",
        "Size of the database.",
        &one(figures.bytes),
    );
    let succeeded = figures.succeeded_at.map_or(0, |at| at.timestamp().unsigned_abs());
    family(
        "cuttings_last_success_timestamp_seconds",
        "gauge",
        "When a poll last went well.",
        &one(succeeded),
    );
    let version = [(format!("{{version=\"{}\"}}", env!("CARGO_PKG_VERSION")), 1)];
    family("cuttings_build", "info", "The program.", &[]);
    for (labels, value) in version {
        let _ = writeln!(text, "cuttings_build_info{labels} {value}");
    }
    text.push_str("# EOF\n");
    text
}
