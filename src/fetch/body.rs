//! Bodies: decoded and counted while they stream, so that a bomb is left after its first blast.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::stream;
use ring::digest::{Context, Digest, SHA256};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _};
use tokio::sync::mpsc;
use tokio_util::bytes::Bytes;
use tokio_util::io::StreamReader;

use super::headers::Headers;
use super::{BodyChunk, FetchError};
use crate::content_coding::{self, ByteStream, decode_stream};
use crate::model::EncodedBody;

/// What a body may have around it on the wire (headers of members, empty blocks) beyond the limit of its content.
const WIRE_SLACK: u64 = 64 << 10;

/// How much longer pages are than what is sent of them, at most as a rule; and the most that is made ready for a length that
/// a server only says.
const RATIO: u64 = 10;
const EXPECTED: u64 = 1 << 20;

/// Limits of one body.
#[derive(Clone, Copy, Debug)]
pub(super) struct BodyLimits {
    /// Decoded bytes.
    pub(super) bytes: u64,
    /// Whether what lies beyond is left unread; else a longer body is an error.
    pub(super) cut: bool,
    /// Whether the body is wanted as it was sent, too.
    pub(super) as_sent: bool,
    /// Longest silence.
    pub(super) idle: Duration,
}

/// A body, decoded, and as it was sent where that was compressed and is wanted.
pub(super) type Body = (Vec<u8>, Option<EncodedBody>);

/// Reads a body to its end. Whatever it errs with, the connection is not used again.
pub(super) async fn read(
    response: reqwest::Response,
    headers: &Headers,
    limits: BodyLimits,
) -> Result<Body, FetchError> {
    let sent = response.content_length().unwrap_or(0);
    let Some(Opened {
        source,
        codings,
        kept,
    }) = open(response, headers, limits).await?
    else {
        return Ok((Vec::new(), None));
    };
    let expected = sent.saturating_mul(if codings.is_empty() { 1 } else { RATIO });
    let mut body = Vec::with_capacity(expected.min(limits.bytes).min(EXPECTED).try_into().unwrap_or(0));
    source
        .take(limits.bytes.saturating_add(1))
        .read_to_end(&mut body)
        .await
        .map_err(|error| fault(error, &codings))?;
    if body.len() as u64 > limits.bytes {
        if !limits.cut {
            return Err(FetchError::TooLarge { limit: limits.bytes });
        }
        body.pop();
    }
    let sent = kept
        .map(|kept| std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner)))
        .filter(|bytes| bytes.len() < body.len())
        .map(|bytes| EncodedBody { codings, bytes });
    Ok((body, sent))
}

/// Hands a body on as it comes; nobody keeps it. Gives its length and its hash. Where nobody takes it any more it is read
/// to its end all the same, for the hash.
pub(super) async fn pass_on(
    response: reqwest::Response,
    headers: &Headers,
    limits: BodyLimits,
    pieces: &mpsc::Sender<BodyChunk>,
) -> Result<(u64, Digest), FetchError> {
    let mut hash = Context::new(&SHA256);
    let mut length = 0_u64;
    if let Some(mut opened) = open(response, headers, limits).await? {
        let mut wanted = true;
        loop {
            let piece = opened.source.fill_buf().await;
            let piece = piece.map_err(|error| fault(error, &opened.codings))?;
            let came = piece.len();
            if came == 0 {
                break;
            }
            length = length.saturating_add(came as u64);
            if length > limits.bytes {
                return Err(FetchError::TooLarge { limit: limits.bytes });
            }
            hash.update(piece);
            wanted = wanted && pieces.send(BodyChunk::Bytes(piece.to_vec())).await.is_ok();
            opened.source.consume(came);
        }
    }
    Ok((length, hash.finish()))
}

/// A body that begins to come.
struct Opened {
    /// Decoded.
    source: ByteStream<'static>,
    /// As a list.
    codings: String,
    /// What was sent so far, where that is wanted.
    kept: Option<Arc<Mutex<Vec<u8>>>>,
}

/// Nothing, where the body is empty.
async fn open(
    response: reqwest::Response,
    headers: &Headers,
    limits: BodyLimits,
) -> Result<Option<Opened>, FetchError> {
    let codings = codings(headers)?;
    if !limits.cut
        && codings.is_empty()
        && response
            .content_length()
            .is_some_and(|length| length > limits.bytes)
    {
        return Err(FetchError::TooLarge { limit: limits.bytes });
    }
    let named = codings.join(", ");
    let kept = (limits.as_sent && !codings.is_empty()).then(Arc::<Mutex<Vec<u8>>>::default);
    let mut source: ByteStream<'static> =
        Box::pin(StreamReader::new(Box::pin(wire(response, limits, kept.clone()))));
    let fault = |error: io::Error| fault(error, &named);
    if !codings.is_empty() && source.fill_buf().await.map_err(fault)?.is_empty() {
        // Nothing at all is said to be encoded by servers that mean just that.
        return Ok(None);
    }
    for coding in codings.iter().rev() {
        source = decode_stream(coding, source).await.map_err(fault)?;
    }
    Ok(Some(Opened {
        source,
        codings: named,
        kept,
    }))
}

/// Reads at most `limit` decoded bytes of a body that is only looked at; what cannot be read is not there.
pub(super) async fn peek(response: reqwest::Response, headers: &Headers, limits: BodyLimits) -> Vec<u8> {
    let mut body = Vec::new();
    let Ok(codings) = codings(headers) else {
        return body;
    };
    let mut source: ByteStream<'_> = Box::pin(StreamReader::new(Box::pin(wire(response, limits, None))));
    for coding in codings.iter().rev() {
        match decode_stream(coding, source).await {
            Ok(decoded) => source = decoded,
            Err(_) => return body,
        }
    }
    // What was read before an error is in `body`, and will do.
    let _ = source.take(limits.bytes).read_to_end(&mut body).await;
    body
}

/// The codings of a body in the order they were applied, in lower case.
fn codings(headers: &Headers) -> Result<Vec<String>, FetchError> {
    let lists: Vec<_> = headers
        .all("content-encoding")
        .map(String::from_utf8_lossy)
        .collect();
    content_coding::parse_codings(lists.iter().map(AsRef::as_ref))
        .map_err(|coding| FetchError::UnknownCoding { coding })
}

/// The bytes as they come, with a limit to the silence between them and to their number; a copy of them in `kept`.
fn wire(
    response: reqwest::Response,
    limits: BodyLimits,
    kept: Option<Arc<Mutex<Vec<u8>>>>,
) -> impl stream::Stream<Item = io::Result<Bytes>> {
    let left = limits.bytes.saturating_add(WIRE_SLACK);
    stream::try_unfold(
        (response, left, kept),
        move |(mut response, left, kept)| async move {
            let chunk = match tokio::time::timeout(limits.idle, response.chunk()).await {
                Err(_) => Err(FetchError::Idle { after: limits.idle }),
                Ok(Err(error)) => Err(FetchError::of_client(&error, "", limits.idle)),
                Ok(Ok(chunk)) => Ok(chunk),
            };
            let Some(chunk) = chunk.map_err(io::Error::other)? else {
                return Ok(None);
            };
            match left.checked_sub(chunk.len() as u64) {
                Some(left) => {
                    if let Some(kept) = &kept {
                        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                        kept.extend_from_slice(&chunk);
                    }
                    Ok(Some((chunk, (response, left, kept))))
                }
                None if limits.cut && left > 0 => Ok(Some((chunk, (response, 0, kept)))),
                None if limits.cut => Ok(None),
                None => Err(io::Error::other(FetchError::TooLarge { limit: limits.bytes })),
            }
        },
    )
}

/// An error on the wire is what it is; one of a decoder is the body's.
fn fault(error: io::Error, coding: &str) -> FetchError {
    let cause = error.to_string();
    error
        .into_inner()
        .and_then(|inner| inner.downcast::<FetchError>().ok())
        .map_or_else(
            || FetchError::Coding {
                coding: coding.to_owned(),
                cause,
            },
            |known| *known,
        )
}
