//! A small HTTP/1.1 server that keeps every byte it was sent and misbehaves when told to.
//!
//! It runs on a runtime of its own, so that tests without one, tests that pause the clock and benches can all use
//! it. One [`Press`] is one address; `127.0.0.2` to `127.0.0.254` are as many hosts (Linux answers on all of
//! `127/8`; elsewhere they have to be added to the loopback interface).

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

use super::reply::Reply;

/// Longest request head that is read.
const MAX_HEAD: usize = 1 << 16;

/// How long [`Press::wait_until`] waits before it gives the test up.
const PATIENCE: Duration = Duration::from_secs(30);

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("press")
        .enable_all()
        .build()
        .expect("a runtime for the press")
});

/// Answers a request.
pub type Handler = Arc<dyn Fn(&Seen) -> Reply + Send + Sync>;

/// A server on loopback; stops, with all its connections, when dropped.
pub struct Press {
    shared: Arc<Shared>,
    server: AbortHandle,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Counted from 1 in order of arrival; goes on after [`Press::forget`].
    pub number: u64,
    /// `GET`
    pub method: String,
    /// Path and query, byte for byte.
    pub target: String,
    /// Request line and headers as received, with the empty line that ends them.
    pub head: Vec<u8>,
    /// Body, as long as `Content-Length` says.
    pub body: Vec<u8>,
    /// When its head was complete.
    pub at: Instant,
    /// When the answer was about to be sent.
    pub answering: Option<Instant>,
    /// When the answer had been sent, or given up; `None` while it is under way.
    pub answered: Option<Instant>,
    /// Connections counted from 1 in order of their acceptance.
    pub connection: u64,
    /// Requests under way at this press when it arrived, itself included.
    pub in_flight: usize,
}

struct Shared {
    address: SocketAddr,
    routes: Mutex<HashMap<String, Handler>>,
    record: Mutex<Vec<Seen>>,
    numbers: AtomicU64,
    under_way: Mutex<Vec<u64>>,
    /// Changes with every request and every answer.
    changed: watch::Sender<u64>,
}

impl Press {
    /// Starts on a free port of `host`, an address such as `127.0.0.2`. Until a route is added everything is 404.
    pub fn start(host: &str) -> Self {
        let listener = std::net::TcpListener::bind((host, 0)).unwrap_or_else(|error| {
            panic!("cannot listen on {host}: {error}; outside Linux add it to the loopback interface")
        });
        listener.set_nonblocking(true).expect("a listener that does not block");
        let shared = Arc::new(Shared {
            address: listener.local_addr().expect("an address that was bound"),
            routes: Mutex::default(),
            record: Mutex::default(),
            numbers: AtomicU64::new(0),
            under_way: Mutex::default(),
            changed: watch::Sender::new(0),
        });
        let accepting = accept(Arc::clone(&shared), listener);
        let server = RUNTIME.spawn(accepting).abort_handle();
        Self { shared, server }
    }

    /// `127.0.0.2`
    pub fn host(&self) -> String {
        self.shared.address.ip().to_string()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.shared.address
    }

    /// The URL of a path that begins with `/`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.shared.address)
    }

    /// Gives `path` always the same answer, in place of what it had. A path with a query answers that query only.
    pub fn page(&self, path: &str, reply: Reply) {
        self.on(path, move |_| reply.clone());
    }

    /// Answers requests for `path` with whatever the function makes of them.
    pub fn on(&self, path: &str, handler: impl Fn(&Seen) -> Reply + Send + Sync + 'static) {
        lock(&self.shared.routes).insert(path.to_owned(), Arc::new(handler));
    }

    /// Takes `path` away: 404 from now on.
    pub fn remove(&self, path: &str) {
        lock(&self.shared.routes).remove(path);
    }

    /// Everything that was asked so far, in order of arrival.
    pub fn requests(&self) -> Vec<Seen> {
        lock(&self.shared.record).clone()
    }

    /// Requests for a path, whatever their query, or for exactly this path and query where one is given.
    pub fn count(&self, path: &str) -> usize {
        lock(&self.shared.record).iter().filter(|seen| seen.is_for(path)).count()
    }

    /// The requests for a path, as [`Press::count`] counts them.
    pub fn requests_for(&self, path: &str) -> Vec<Seen> {
        let mut requests = self.requests();
        requests.retain(|seen| seen.is_for(path));
        requests
    }

    /// Connections that asked something.
    pub fn connections(&self) -> usize {
        let mut numbers: Vec<u64> = lock(&self.shared.record).iter().map(|seen| seen.connection).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.len()
    }

    /// The most requests that were under way here at one time.
    pub fn most_in_flight(&self) -> usize {
        lock(&self.shared.record).iter().map(|seen| seen.in_flight).max().unwrap_or(0)
    }

    /// Empties the record.
    pub fn forget(&self) {
        lock(&self.shared.record).clear();
    }

    /// Returns as soon as the record satisfies `enough`. Never gives up: for tests on a runtime of their own.
    pub async fn until(&self, enough: impl Fn(&[Seen]) -> bool) {
        let mut changes = self.shared.changed.subscribe();
        while !enough(&lock(&self.shared.record)) {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// The same for tests without a runtime; whether it came to be within half a minute.
    pub fn wait_until(&self, enough: impl Fn(&[Seen]) -> bool) -> bool {
        RUNTIME.block_on(async { tokio::time::timeout(PATIENCE, self.until(enough)).await.is_ok() })
    }
}

impl Drop for Press {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Seen {
    /// The target without its query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The first header of that name, byte for byte but without the white space around it.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers().find(|(known, _)| known.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value)
    }

    /// The same as text; bytes that are not UTF-8 are replaced.
    pub fn text(&self, name: &str) -> Option<String> {
        self.header(name).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// Names and values in the order of the request.
    pub fn headers(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.head.split(|&byte| byte == b'\n').skip(1).filter_map(|line| {
            let colon = line.iter().position(|&byte| byte == b':')?;
            Some((&line[..colon], line[colon + 1..].trim_ascii()))
        })
    }

    /// Whether it carries a validator.
    pub fn is_conditional(&self) -> bool {
        self.header("if-none-match").is_some() || self.header("if-modified-since").is_some()
    }

    fn is_for(&self, path: &str) -> bool {
        if path.contains('?') { self.target == path } else { self.path() == path }
    }
}

/// The most of these requests that were under way at one time, whichever presses they came from: the concurrency of
/// a host with several ports. One that is still under way counts to the end.
pub fn most_at_once(requests: &[Seen]) -> usize {
    let overlaps = |one: &Seen| {
        requests
            .iter()
            .filter(|other| other.at <= one.at && other.answered.is_none_or(|end| end > one.at))
            .count()
    };
    requests.iter().map(overlaps).max().unwrap_or(0)
}

/// The shortest time from the answer to one of these requests to the beginning of the next, in order of arrival. Counted
/// from when the answer was about to be sent: by when it has been, on a busy machine, the client may be further on.
pub fn shortest_gap(requests: &[Seen]) -> Option<Duration> {
    let mut requests: Vec<&Seen> = requests.iter().collect();
    requests.sort_by_key(|seen| seen.at);
    requests
        .windows(2)
        .map(|pair| pair[0].answering.map_or(Duration::ZERO, |end| pair[1].at.saturating_duration_since(end)))
        .min()
}

async fn accept(shared: Arc<Shared>, listener: std::net::TcpListener) {
    let listener = TcpListener::from_std(listener).expect("a listener on this runtime");
    // Dropped with this task, and every connection with it.
    let mut connections = JoinSet::new();
    for number in 1.. {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        connections.spawn(serve(Arc::clone(&shared), stream, number));
        while connections.try_join_next().is_some() {}
    }
}

/// Answers one connection until either side ends it.
async fn serve(shared: Arc<Shared>, mut stream: TcpStream, connection: u64) {
    let _ = stream.set_nodelay(true);
    let mut buffer = Vec::new();
    while let Some((head, body)) = read_request(&mut stream, &mut buffer).await {
        let seen = shared.arrived(head, body, connection);
        let under_way = UnderWay { shared: &shared, number: seen.number };
        let handler = {
            let routes = lock(&shared.routes);
            routes.get(&seen.target).or_else(|| routes.get(seen.path())).cloned()
        };
        let reply = handler.map_or_else(|| Reply::status(404), |handler| handler(&seen));
        let goes_on = reply.send(&mut stream, &seen, || shared.answering(seen.number)).await;
        drop(under_way);
        if !goes_on {
            return;
        }
    }
}

/// A request whose answer is under way; ends with it, whatever becomes of the connection.
struct UnderWay<'a> {
    shared: &'a Shared,
    number: u64,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        lock(&self.shared.under_way).retain(|&number| number != self.number);
        if let Some(seen) = lock(&self.shared.record).iter_mut().find(|seen| seen.number == self.number) {
            seen.answered = Some(Instant::now());
        }
        self.shared.changed.send_modify(|changes| *changes += 1);
    }
}

impl Shared {
    fn answering(&self, number: u64) {
        if let Some(seen) = lock(&self.record).iter_mut().find(|seen| seen.number == number) {
            seen.answering = Some(Instant::now());
        }
    }

    fn arrived(&self, head: Vec<u8>, body: Vec<u8>, connection: u64) -> Seen {
        let line = String::from_utf8_lossy(head.split(|&byte| byte == b'\r').next().unwrap_or_default());
        let mut words = line.split(' ').map(str::to_owned);
        let number = self.numbers.fetch_add(1, Ordering::Relaxed) + 1;
        let in_flight = {
            let mut under_way = lock(&self.under_way);
            under_way.push(number);
            under_way.len()
        };
        let seen = Seen {
            number,
            method: words.next().unwrap_or_default(),
            target: words.next().unwrap_or_default(),
            at: Instant::now(),
            answering: None,
            answered: None,
            connection,
            in_flight,
            head,
            body,
        };
        lock(&self.record).push(seen.clone());
        self.changed.send_modify(|changes| *changes += 1);
        seen
    }
}

/// Head and body of the next request, or nothing when the client is gone or talks nonsense.
async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<(Vec<u8>, Vec<u8>)> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if buffer.len() > MAX_HEAD || stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head: Vec<u8> = buffer.drain(..end).collect();
    let length = String::from_utf8_lossy(&head)
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0);
    while buffer.len() < length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    Some((head, buffer.drain(..length).collect()))
}

/// A test that failed while it held a lock has said so itself.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
