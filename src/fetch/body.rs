//! Response bodies: decoded and counted while they arrive, so that a decompression bomb is aborted at the limit.
//!
//! `client` reads feeds and pages whole, streams sitemaps, and reads the start of bodies it does not need. After an error
//! the connection is not reused.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::stream;
use ring::digest::{Context, Digest, SHA256};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _};
use tokio::sync::mpsc;
use tokio_util::bytes::Bytes;
use tokio_util::io::StreamReader;

use super::client_error;
use super::error::FetchError;
use super::headers::Headers;
use super::response::BodyChunk;
use crate::content_coding::{self, ByteStream, decode_stream};
use crate::model::EncodedBody;

/// Bytes that an encoded body may have beyond the limit of its content: headers of gzip members, empty blocks.
const ENCODING_OVERHEAD: u64 = 64 << 10;

/// Pages rarely decode to more than this many times their `Content-Length`; so much is reserved.
const USUAL_RATIO: u64 = 10;

/// Most bytes reserved for a `Content-Length`, which may be a lie.
const MAX_RESERVED: u64 = 1 << 20;

/// Limits of one body.
#[derive(Clone, Copy, Debug)]
pub(super) struct BodyLimits {
    /// Decoded bytes.
    pub(super) bytes: u64,
    /// Whether a longer body is truncated; else it is an error.
    pub(super) truncate: bool,
    /// Whether the encoded bytes are returned, too.
    pub(super) keep_encoded: bool,
    /// Whether what was read before an error is returned, and a coding that means nothing is passed over.
    pub(super) takes_faulty: bool,
    /// Longest time without a byte.
    pub(super) idle_timeout: Duration,
}

/// Codings that are tried of a list with one that is unknown, or of a list that is too long.
const MAX_KNOWN: usize = 2;

/// A body that was read.
#[derive(Debug, Default)]
pub(super) struct WholeBody {
    pub(super) decoded: Vec<u8>,
    /// As transferred, with `keep_encoded` and if that is smaller.
    pub(super) encoded: Option<EncodedBody>,
    /// What was wrong with its transfer, with `takes_faulty`.
    pub(super) fault: Option<FetchError>,
}

/// Reads a whole body.
pub(super) async fn read(
    response: reqwest::Response,
    headers: &Headers,
    limits: BodyLimits,
) -> Result<WholeBody, FetchError> {
    let length = response.content_length().unwrap_or(0);
    let Some(OpenBody { decoded, codings, encoded, mut fault }) = open(response, headers, limits).await?
    else {
        return Ok(WholeBody::default());
    };
    let expected = length.saturating_mul(if codings.is_empty() { 1 } else { USUAL_RATIO });
    let reserved = expected.min(limits.bytes).min(MAX_RESERVED);
    let mut body = Vec::with_capacity(reserved.try_into().unwrap_or(0));
    let read = decoded.take(limits.bytes.saturating_add(1)).read_to_end(&mut body).await;
    if let Err(error) = read.map_err(|error| fetch_error(error, &codings)) {
        if body.is_empty() || !limits.takes_faulty || !is_at_the_end(&error) {
            return Err(error);
        }
        fault = Some(error);
    }
    if body.len() as u64 > limits.bytes {
        if !limits.truncate {
            return Err(FetchError::TooLarge { limit: limits.bytes });
        }
        body.pop();
    }
    let encoded = encoded
        .map(|bytes| std::mem::take(&mut *bytes.lock().unwrap_or_else(PoisonError::into_inner)))
        .filter(|bytes| bytes.len() < body.len())
        .map(|bytes| EncodedBody { codings, bytes });
    Ok(WholeBody { decoded: body, encoded, fault })
}

/// Whether what came before an error may be all there is.
fn is_at_the_end(error: &FetchError) -> bool {
    use FetchError::{Broken, Coding, Idle, Protocol};
    matches!(error, Broken { .. } | Coding { .. } | Idle { .. } | Protocol { .. })
}

/// Sends a body to `chunks` while it arrives. Returns its decoded length and its hash. If the receiver is gone it is
/// still read to its end, for the hash.
pub(super) async fn stream(
    response: reqwest::Response,
    headers: &Headers,
    limits: BodyLimits,
    chunks: &mpsc::Sender<BodyChunk>,
) -> Result<(u64, Digest), FetchError> {
    let mut hash = Context::new(&SHA256);
    let mut total = 0_u64;
    if let Some(mut body) = open(response, headers, limits).await? {
        let mut has_receiver = true;
        loop {
            let chunk = body.decoded.fill_buf().await;
            let chunk = chunk.map_err(|error| fetch_error(error, &body.codings))?;
            let length = chunk.len();
            if length == 0 {
                break;
            }
            total = total.saturating_add(length as u64);
            if total > limits.bytes {
                return Err(FetchError::TooLarge { limit: limits.bytes });
            }
            hash.update(chunk);
            has_receiver = has_receiver && chunks.send(BodyChunk::Bytes(chunk.to_vec())).await.is_ok();
            body.decoded.consume(length);
        }
    }
    Ok((total, hash.finish()))
}

/// SHA-256 of a body.
pub(super) fn hash(body: &[u8]) -> Vec<u8> {
    ring::digest::digest(&SHA256, body).as_ref().to_vec()
}

/// Reads at most `limits.bytes` of a body. What cannot be read or decoded is left out.
pub(super) async fn read_start(
    response: reqwest::Response,
    headers: &Headers,
    limits: BodyLimits,
) -> Vec<u8> {
    let mut start = Vec::new();
    if let Ok(Some(body)) = open(response, headers, limits).await {
        // After an error `start` holds what was read before it.
        let _ = body.decoded.take(limits.bytes).read_to_end(&mut start).await;
    }
    start
}

/// A body of which at least one byte has arrived.
struct OpenBody {
    decoded: ByteStream<'static>,
    /// Content codings as a list, in the order they were applied.
    codings: String,
    /// What was transferred so far, if it is to be returned.
    encoded: Option<Arc<Mutex<Vec<u8>>>>,
    /// That it is not coded as its header says.
    fault: Option<FetchError>,
}

/// `None` if the body is empty.
async fn open(
    response: reqwest::Response,
    headers: &Headers,
    limits: BodyLimits,
) -> Result<Option<OpenBody>, FetchError> {
    let (codings, mut fault) = match codings(headers) {
        Ok(codings) => (codings, None),
        // `Content-Encoding: utf-8` means nothing.
        Err(error) if limits.takes_faulty => (known_codings(headers), Some(error)),
        Err(error) => return Err(error),
    };
    let length = response.content_length();
    if !limits.truncate && codings.is_empty() && length.is_some_and(|length| length > limits.bytes) {
        return Err(FetchError::TooLarge { limit: limits.bytes });
    }
    let listed = codings.join(", ");
    let encoded = (limits.keep_encoded && !codings.is_empty()).then(Arc::<Mutex<Vec<u8>>>::default);
    let bytes = encoded_bytes(response, limits, encoded.clone());
    let mut decoded: ByteStream<'static> = Box::pin(StreamReader::new(Box::pin(bytes)));
    let fetch_error = |error: io::Error| fetch_error(error, &listed);
    if !codings.is_empty() && decoded.fill_buf().await.map_err(fetch_error)?.is_empty() {
        // Some servers name a coding for an empty body that is not encoded.
        return Ok(None);
    }
    for coding in codings.iter().rev() {
        if limits.takes_faulty && !may_be(coding, decoded.fill_buf().await.map_err(fetch_error)?) {
            let cause = "it is not encoded so".to_owned();
            fault = Some(FetchError::Coding { coding: coding.clone(), cause });
            continue;
        }
        decoded = decode_stream(coding, decoded).await.map_err(fetch_error)?;
    }
    Ok(Some(OpenBody { decoded, codings: listed, encoded, fault }))
}

/// Whether a body that begins so may be of a coding. Those of gzip and zstd begin with their magic numbers (RFC 1952, 2.3.1;
/// RFC 8878, 3.1), others neither like gzip nor like a feed in plain text.
fn may_be(coding: &str, start: &[u8]) -> bool {
    const GZIP: &[u8] = b"\x1f\x8b\x08";
    const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";
    let begins = |magic: &[u8]| start.iter().zip(magic).all(|(byte, of_magic)| byte == of_magic);
    match coding {
        "gzip" | "x-gzip" => begins(GZIP),
        "zstd" => begins(ZSTD),
        _ => start.len() < GZIP.len() || !(begins(GZIP) || is_plain(start)),
    }
}

/// Whether bytes are the beginning of a feed in plain text.
fn is_plain(start: &[u8]) -> bool {
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    matches!(text, [b'<' | b'{', rest @ ..] if rest.len() >= 4 && rest.iter().take(8).all(is_text))
}

/// Those of the codings of a body that are known.
fn known_codings(headers: &Headers) -> Vec<String> {
    let lists: Vec<_> = headers.all("content-encoding").map(String::from_utf8_lossy).collect();
    let each = lists.iter().flat_map(|list| list.split(','));
    each.filter_map(|coding| content_coding::parse_codings([coding]).ok()).flatten().take(MAX_KNOWN).collect()
}

/// The codings of a body in the order they were applied, in lower case.
fn codings(headers: &Headers) -> Result<Vec<String>, FetchError> {
    let lists: Vec<_> = headers.all("content-encoding").map(String::from_utf8_lossy).collect();
    content_coding::parse_codings(lists.iter().map(AsRef::as_ref))
        .map_err(|coding| FetchError::UnknownCoding { coding })
}

/// The bytes as they are transferred, with limits to their number and to the time without one. They are copied to `copy`.
fn encoded_bytes(
    response: reqwest::Response,
    limits: BodyLimits,
    copy: Option<Arc<Mutex<Vec<u8>>>>,
) -> impl stream::Stream<Item = io::Result<Bytes>> {
    let left = limits.bytes.saturating_add(ENCODING_OVERHEAD);
    stream::try_unfold((response, left, copy), move |(mut response, left, copy)| async move {
        let after = limits.idle_timeout;
        let chunk = match tokio::time::timeout(after, response.chunk()).await {
            Err(_) => Err(FetchError::Idle { after }),
            Ok(Err(error)) => Err(client_error::classify(&error, "", after)),
            Ok(Ok(chunk)) => Ok(chunk),
        };
        let Some(chunk) = chunk.map_err(io::Error::other)? else {
            return Ok(None);
        };
        match left.checked_sub(chunk.len() as u64) {
            Some(left) => {
                if let Some(copy) = &copy {
                    let mut copy = copy.lock().unwrap_or_else(PoisonError::into_inner);
                    copy.extend_from_slice(&chunk);
                }
                Ok(Some((chunk, (response, left, copy))))
            }
            None if limits.truncate && left > 0 => Ok(Some((chunk, (response, 0, copy)))),
            None if limits.truncate => Ok(None),
            None => Err(io::Error::other(FetchError::TooLarge { limit: limits.bytes })),
        }
    })
}

/// The error of the transfer if it is one, else the decoder's.
fn fetch_error(error: io::Error, coding: &str) -> FetchError {
    let cause = error.to_string();
    let inner = error.into_inner();
    match inner.and_then(|inner| inner.downcast::<FetchError>().ok()) {
        Some(of_transfer) => *of_transfer,
        None => FetchError::Coding { coding: coding.to_owned(), cause },
    }
}
