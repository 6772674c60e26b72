//! Bodies: decoded and counted while they stream, so that a bomb is left after its first blast.

use std::io;
use std::pin::Pin;
use std::time::Duration;

use async_compression::tokio::bufread::{
    BrotliDecoder, DeflateDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder,
};
use async_compression::zstd::DParameter;
use futures_util::stream;
use ring::digest::{Context, Digest, SHA256};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::sync::mpsc;
use tokio_util::bytes::Bytes;
use tokio_util::io::StreamReader;

use super::headers::Headers;
use super::{FetchError, Piece};

/// What [`read`] decodes, exactly (RFC 9110, 12.5.3).
pub(super) const ACCEPT_ENCODING: &str = "gzip, deflate, br, zstd";

/// Codings on top of each other that are taken off; more are an attack.
const MAX_CODINGS: usize = 2;

/// What a body may have around it on the wire (headers of members, empty blocks) beyond the limit of its content.
const WIRE_SLACK: u64 = 64 << 10;

/// Limits of one body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Decoded bytes.
    pub(super) bytes: u64,
    /// Whether what lies beyond is left unread; else a longer body is an error.
    pub(super) cut: bool,
    /// Longest silence.
    pub(super) idle: Duration,
}

type Source = Pin<Box<dyn AsyncBufRead + Send>>;

/// Reads a body to its end. Whatever it errs with, the connection is not used again.
pub(super) async fn read(
    response: reqwest::Response,
    headers: &Headers,
    limits: Limits,
) -> Result<Vec<u8>, FetchError> {
    let Some((source, named)) = open(response, headers, limits).await? else {
        return Ok(Vec::new());
    };
    let mut body = Vec::new();
    source
        .take(limits.bytes.saturating_add(1))
        .read_to_end(&mut body)
        .await
        .map_err(|error| fault(error, &named))?;
    if body.len() as u64 > limits.bytes {
        if !limits.cut {
            return Err(FetchError::TooLarge { limit: limits.bytes });
        }
        body.pop();
    }
    Ok(body)
}

/// Hands a body on as it comes; nobody keeps it. Gives its length and its hash. Where nobody takes it any more it is read
/// to its end all the same, for the hash.
pub(super) async fn pass_on(
    response: reqwest::Response,
    headers: &Headers,
    limits: Limits,
    pieces: &mpsc::Sender<Piece>,
) -> Result<(u64, Digest), FetchError> {
    let mut hash = Context::new(&SHA256);
    let mut length = 0_u64;
    if let Some((mut source, named)) = open(response, headers, limits).await? {
        let mut wanted = true;
        loop {
            let piece = source.fill_buf().await.map_err(|error| fault(error, &named))?;
            let came = piece.len();
            if came == 0 {
                break;
            }
            length = length.saturating_add(came as u64);
            if length > limits.bytes {
                return Err(FetchError::TooLarge { limit: limits.bytes });
            }
            hash.update(piece);
            wanted = wanted && pieces.send(Piece::Bytes(piece.to_vec())).await.is_ok();
            source.consume(came);
        }
    }
    Ok((length, hash.finish()))
}

/// The decoded bytes of a body, and the names of its codings; nothing, where it is empty.
async fn open(
    response: reqwest::Response,
    headers: &Headers,
    limits: Limits,
) -> Result<Option<(Source, String)>, FetchError> {
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
    let mut source: Source = Box::pin(StreamReader::new(Box::pin(wire(response, limits))));
    let fault = |error: io::Error| fault(error, &named);
    if !codings.is_empty() && source.fill_buf().await.map_err(fault)?.is_empty() {
        // Nothing at all is said to be encoded by servers that mean just that.
        return Ok(None);
    }
    for coding in codings.iter().rev() {
        source = decoder(coding, source).await.map_err(fault)?;
    }
    Ok(Some((source, named)))
}

/// Reads at most `limit` decoded bytes of a body that is only looked at; what cannot be read is not there.
pub(super) async fn peek(response: reqwest::Response, headers: &Headers, limits: Limits) -> Vec<u8> {
    let mut body = Vec::new();
    let Ok(codings) = codings(headers) else {
        return body;
    };
    let mut source: Source = Box::pin(StreamReader::new(Box::pin(wire(response, limits))));
    for coding in codings.iter().rev() {
        match decoder(coding, source).await {
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
    let mut codings = Vec::new();
    for value in headers.all("content-encoding") {
        for coding in String::from_utf8_lossy(value).split(',') {
            let coding = coding.trim().to_ascii_lowercase();
            match coding.as_str() {
                "" | "identity" => {}
                "gzip" | "x-gzip" | "deflate" | "br" | "zstd" if codings.len() < MAX_CODINGS => {
                    codings.push(coding);
                }
                _ => return Err(FetchError::UnknownCoding { coding }),
            }
        }
    }
    Ok(codings)
}

async fn decoder(coding: &str, mut source: Source) -> io::Result<Source> {
    fn buffered(decoder: impl AsyncRead + Send + 'static) -> Source {
        Box::pin(BufReader::with_capacity(16 << 10, decoder))
    }
    let start = source.fill_buf().await?;
    Ok(match coding {
        "gzip" | "x-gzip" => {
            let mut gzip = GzipDecoder::new(source);
            gzip.multiple_members(true);
            buffered(gzip)
        }
        // RFC 9110, 8.4.1.2 says zlib and notes that some send the bare stream.
        "deflate" if is_zlib(start) => buffered(ZlibDecoder::new(source)),
        "deflate" => buffered(DeflateDecoder::new(source)),
        "br" => {
            // The large-window variant announces windows of up to a gigabyte (RFC 7932 reserves this pattern).
            if start.first().is_some_and(|byte| byte & 0x7f == 0x11) {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "a window too large for the web",
                ));
            }
            buffered(BrotliDecoder::new(source))
        }
        _ => {
            // RFC 9659: at most 8 MiB of window.
            let mut zstd = ZstdDecoder::with_params(source, &[DParameter::window_log_max(23)]);
            zstd.multiple_members(true);
            buffered(zstd)
        }
    })
}

/// RFC 1950, 2.2: method 8, and a check that makes the first two bytes a multiple of 31.
fn is_zlib(start: &[u8]) -> bool {
    match start {
        [cmf, flg, ..] => cmf & 0x0f == 8 && (u16::from(*cmf) << 8 | u16::from(*flg)) % 31 == 0,
        // One byte came alone; bare streams do not begin so in practice.
        [cmf] => *cmf == 0x78,
        [] => false,
    }
}

/// The bytes as they come, with a limit to the silence between them and to their number.
fn wire(response: reqwest::Response, limits: Limits) -> impl stream::Stream<Item = io::Result<Bytes>> {
    let left = limits.bytes.saturating_add(WIRE_SLACK);
    stream::try_unfold((response, left), move |(mut response, left)| async move {
        let chunk = match tokio::time::timeout(limits.idle, response.chunk()).await {
            Err(_) => Err(FetchError::Idle { after: limits.idle }),
            Ok(Err(error)) => Err(FetchError::of_client(&error, "", limits.idle)),
            Ok(Ok(chunk)) => Ok(chunk),
        };
        let Some(chunk) = chunk.map_err(io::Error::other)? else {
            return Ok(None);
        };
        match left.checked_sub(chunk.len() as u64) {
            Some(left) => Ok(Some((chunk, (response, left)))),
            None if limits.cut && left > 0 => Ok(Some((chunk, (response, 0)))),
            None if limits.cut => Ok(None),
            None => Err(io::Error::other(FetchError::TooLarge { limit: limits.bytes })),
        }
    })
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
