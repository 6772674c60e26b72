//! What a press answers: a response, and the faults it is sent with.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::press::Seen;

/// A response, built up and then sent as often as it is asked for.
#[derive(Clone, Debug)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    manner: Manner,
    chunked: bool,
    close: bool,
    conditional: bool,
    delay: Duration,
    latch: Option<Latch>,
}

#[derive(Clone, Debug)]
enum Manner {
    /// As HTTP wants it.
    Whole,
    /// Framed as if whole, but the connection closes after so many bytes of the body.
    Cut(usize),
    /// So many bytes of the body at a time, with so long between them.
    Drip(usize, Duration),
    /// The body again and again, in chunks, for as long as the client listens.
    Endless,
    /// Header lines for as long as the client listens.
    EndlessHead,
    /// The body's bytes and nothing else, then the end: no HTTP unless they are.
    Raw,
    /// A reset instead of an answer.
    Reset,
}

impl Reply {
    /// An answer with a status and a short text that names it.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            manner: Manner::Whole,
            chunked: false,
            close: false,
            conditional: false,
            delay: Duration::ZERO,
            latch: None,
        }
        .body(format!("{status} {}\n", reason(status)))
        .header("Content-Type", "text/plain; charset=utf-8")
    }

    /// 200 with a body and its type.
    pub fn ok(mime: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::status(200).header("Content-Type", mime).body(body)
    }

    /// 200 with an HTML page in UTF-8.
    pub fn html(body: impl Into<Vec<u8>>) -> Self {
        Self::ok("text/html; charset=utf-8", body)
    }

    /// 200 with an RSS 2.0 feed.
    pub fn rss(body: impl Into<Vec<u8>>) -> Self {
        Self::ok("application/rss+xml; charset=utf-8", body)
    }

    /// 200 with an Atom feed.
    pub fn atom(body: impl Into<Vec<u8>>) -> Self {
        Self::ok("application/atom+xml; charset=utf-8", body)
    }

    /// 200 with a JSON Feed.
    pub fn json_feed(body: impl Into<Vec<u8>>) -> Self {
        Self::ok("application/feed+json", body)
    }

    /// A redirect to an absolute or relative URL.
    pub fn redirect(status: u16, to: &str) -> Self {
        Self::status(status).header("Location", to)
    }

    /// 503, with `Retry-After` where one is given: seconds, a date, nonsense.
    pub fn busy(retry_after: Option<&str>) -> Self {
        let reply = Self::status(503);
        match retry_after {
            Some(value) => reply.header("Retry-After", value),
            None => reply,
        }
    }

    /// Bytes and then the end of the connection.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        let mut reply = Self::status(200).body(bytes);
        reply.manner = Manner::Raw;
        reply
    }

    /// A connection reset instead of an answer.
    pub fn reset() -> Self {
        let mut reply = Self::status(200);
        reply.manner = Manner::Reset;
        reply
    }

    /// 200 and header lines without end.
    pub fn endless_head() -> Self {
        let mut reply = Self::status(200);
        reply.manner = Manner::EndlessHead;
        reply
    }

    /// Another status, the rest as it is.
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Sets a header in place of any of that name. The value goes out byte for byte.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.more_header(name, value)
    }

    /// Adds a header beside others of that name.
    pub fn more_header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Another body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// An `ETag`, quotes and all. A request that carries it in `If-None-Match` is answered 304.
    pub fn etag(mut self, etag: impl AsRef<[u8]>) -> Self {
        self.conditional = true;
        self.header("ETag", etag)
    }

    /// A `Last-Modified`, however odd. A request that carries the very same string in `If-Modified-Since` and no
    /// `If-None-Match` that differs is answered 304.
    pub fn last_modified(mut self, date: impl AsRef<[u8]>) -> Self {
        self.conditional = true;
        self.header("Last-Modified", date)
    }

    /// Compresses the body; the caller need not have asked for it.
    pub fn gzip(mut self) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&self.body).expect("a write to memory");
        self.body = encoder.finish().expect("a write to memory");
        self.header("Content-Encoding", "gzip")
    }

    /// Sends the body in chunks instead of under a `Content-Length`.
    pub fn chunked(mut self) -> Self {
        self.chunked = true;
        self
    }

    /// Ends the connection after the answer.
    pub fn close(mut self) -> Self {
        self.close = true;
        self
    }

    /// Closes after so many bytes of a body announced in full.
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.manner = Manner::Cut(bytes);
        self
    }

    /// Sends the body in small pieces with a pause between them.
    pub fn drip(mut self, bytes: usize, pause: Duration) -> Self {
        self.manner = Manner::Drip(bytes.max(1), pause);
        self
    }

    /// Sends the body again and again, in chunks, and never ends.
    pub fn endless(mut self) -> Self {
        self.manner = Manner::Endless;
        self.chunked = true;
        self
    }

    /// Waits before the answer. For deadlines; where order is meant, [`Reply::held`] says it without a clock.
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Waits until the latch is opened.
    pub fn held(mut self, latch: &Latch) -> Self {
        self.latch = Some(latch.clone());
        self
    }

    /// Sends it, and tells when it begins to; whether the connection goes on.
    pub(super) async fn send(&self, stream: &mut TcpStream, seen: &Seen, begins: impl FnOnce()) -> bool {
        let wait = async {
            if !self.delay.is_zero() {
                tokio::time::sleep(self.delay).await;
            }
            if let Some(latch) = &self.latch {
                latch.opened().await;
            }
        };
        // A client that leaves while it waits is gone at once, so that it no longer counts as in flight.
        let mut next = [0];
        tokio::select! {
            biased;
            () = wait => {}
            Ok(0) | Err(_) = stream.peek(&mut next) => return false,
        }
        begins();
        match self.write(stream, seen).await {
            Ok(()) => {
                let asked = seen.text("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
                !asked && !self.close && matches!(self.manner, Manner::Whole | Manner::Drip(..))
            }
            Err(_) => false,
        }
    }

    async fn write(&self, stream: &mut TcpStream, seen: &Seen) -> std::io::Result<()> {
        match self.manner {
            Manner::Reset => return stream.set_zero_linger(),
            Manner::Raw => {
                stream.write_all(&self.body).await?;
                return stream.shutdown().await;
            }
            _ => {}
        }
        let not_modified = self.conditional && self.status == 200 && self.is_known_to(seen);
        let mut head = self.head(if not_modified { 304 } else { self.status });
        if matches!(self.manner, Manner::EndlessHead) {
            stream.write_all(&head).await?;
            loop {
                stream.write_all(b"X-More: and more and more\r\n").await?;
            }
        }
        head.extend_from_slice(b"\r\n");
        if not_modified || self.status == 304 || seen.method == "HEAD" {
            return stream.write_all(&head).await;
        }
        match self.manner {
            // In one write, so that a client never sees a head without its body for want of luck.
            Manner::Whole => {
                if self.chunked {
                    chunk(&mut head, &self.body);
                    head.extend_from_slice(b"0\r\n\r\n");
                } else {
                    head.extend_from_slice(&self.body);
                }
                stream.write_all(&head).await
            }
            Manner::Cut(bytes) => {
                if self.chunked {
                    head.extend_from_slice(format!("{:x}\r\n", self.body.len()).as_bytes());
                }
                head.extend_from_slice(&self.body[..bytes.min(self.body.len())]);
                stream.write_all(&head).await?;
                stream.shutdown().await
            }
            Manner::Drip(bytes, pause) => {
                stream.write_all(&head).await?;
                for piece in self.body.chunks(bytes) {
                    let mut framed = Vec::new();
                    if self.chunked {
                        chunk(&mut framed, piece);
                    } else {
                        framed.extend_from_slice(piece);
                    }
                    stream.write_all(&framed).await?;
                    tokio::time::sleep(pause).await;
                }
                if self.chunked { stream.write_all(b"0\r\n\r\n").await } else { Ok(()) }
            }
            Manner::Endless => {
                stream.write_all(&head).await?;
                let mut framed = Vec::new();
                chunk(&mut framed, &self.body);
                loop {
                    stream.write_all(&framed).await?;
                }
            }
            Manner::EndlessHead | Manner::Raw | Manner::Reset => Ok(()),
        }
    }

    /// Status line and headers, without the empty line that ends them. A length that a test has set stays.
    fn head(&self, status: u16) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {status} {}\r\n", reason(status)).into_bytes();
        for (name, value) in &self.headers {
            let of_body = ["content-type", "content-encoding", "content-length"];
            if status == 304 && of_body.contains(&name.to_ascii_lowercase().as_str()) {
                continue;
            }
            head.extend_from_slice(name.as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value);
            head.extend_from_slice(b"\r\n");
        }
        if self.chunked && status != 304 {
            head.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
        } else if status != 304 && self.own("content-length").is_none() {
            head.extend_from_slice(format!("Content-Length: {}\r\n", self.body.len()).as_bytes());
        }
        if self.close {
            head.extend_from_slice(b"Connection: close\r\n");
        }
        head
    }

    /// RFC 9110, 13.1: `If-None-Match` decides where it is there, else `If-Modified-Since`.
    fn is_known_to(&self, seen: &Seen) -> bool {
        match (seen.header("if-none-match"), seen.header("if-modified-since")) {
            (Some(tag), _) => self.own("etag") == Some(tag),
            (None, Some(date)) => self.own("last-modified") == Some(date),
            (None, None) => false,
        }
    }

    fn own(&self, name: &str) -> Option<&[u8]> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_slice())
    }
}

/// A handler that answers `busy` to the first `times` requests and `then` to the rest.
pub fn busy_for(times: usize, busy: Reply, then: Reply) -> impl Fn(&Seen) -> Reply + Send + Sync + 'static {
    let asked = AtomicUsize::new(0);
    move |_| {
        if asked.fetch_add(1, Ordering::SeqCst) < times { busy.clone() } else { then.clone() }
    }
}

/// A handler that answers `busy` until the switch is turned on, and `then` from there on.
pub fn busy_until(
    on: &Arc<AtomicBool>,
    busy: Reply,
    then: Reply,
) -> impl Fn(&Seen) -> Reply + Send + Sync + 'static {
    let on = Arc::clone(on);
    move |_| {
        if on.load(Ordering::SeqCst) { then.clone() } else { busy.clone() }
    }
}

/// Holds replies back until the test lets them go.
#[derive(Clone, Debug)]
pub struct Latch(watch::Sender<bool>);

impl Latch {
    /// A closed one.
    pub fn closed() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Lets everything go that waits and will wait.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    async fn opened(&self) {
        // The sender lives as long as `self`.
        let _ = self.0.subscribe().wait_for(|open| *open).await;
    }
}

fn chunk(out: &mut Vec<u8>, piece: &[u8]) {
    out.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
    out.extend_from_slice(piece);
    out.extend_from_slice(b"\r\n");
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        410 => "Gone",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Whatever",
    }
}
