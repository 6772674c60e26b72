//! Content codings (RFC 9110, 8.4): gzip, deflate, br, zstd.
//!
//! `fetch` decodes a response as it streams in; `store` decodes pages that it keeps as they were sent. Limits on the
//! decoded size are those of the caller. Errors are of kind `InvalidData`, `UnexpectedEof` or what the decoder gives.

use std::io;
use std::pin::Pin;

use async_compression::tokio::bufread::{
    BrotliDecoder, DeflateDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder,
};
use async_compression::zstd::DParameter;
use futures_util::FutureExt as _;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};

/// Value of `Accept-Encoding`: exactly what [`decode_stream`] decodes (RFC 9110, 12.5.3).
pub(crate) const ACCEPT_ENCODING: &str = "gzip, deflate, br, zstd";

/// Most codings that are applied one on top of the other; more are an attack.
const MAX_CODINGS: usize = 2;

/// A body as it streams in.
pub(crate) type ByteStream<'a> = Pin<Box<dyn AsyncBufRead + Send + 'a>>;

/// Reads the values of `Content-Encoding`: the codings in the order in which they were applied, in lower case, without
/// `identity`. The error is a coding that is unknown, or one too many.
pub(crate) fn parse_codings<'a>(lists: impl IntoIterator<Item = &'a str>) -> Result<Vec<String>, String> {
    let mut codings = Vec::new();
    for coding in lists.into_iter().flat_map(|list| list.split(',')) {
        let coding = coding.trim().to_ascii_lowercase();
        match coding.as_str() {
            "" | "identity" => {}
            "gzip" | "x-gzip" | "deflate" | "br" | "zstd" if codings.len() < MAX_CODINGS => {
                codings.push(coding);
            }
            _ => return Err(coding),
        }
    }
    Ok(codings)
}

/// Decodes one coding of [`parse_codings`].
pub(crate) async fn decode_stream<'a>(
    coding: &str,
    mut source: ByteStream<'a>,
) -> io::Result<ByteStream<'a>> {
    fn buffered<'a>(decoder: impl AsyncRead + Send + 'a) -> ByteStream<'a> {
        Box::pin(BufReader::with_capacity(16 << 10, decoder))
    }
    let start = source.fill_buf().await?;
    Ok(match coding {
        "gzip" | "x-gzip" => {
            let mut gzip = GzipDecoder::new(source);
            gzip.multiple_members(true);
            buffered(gzip)
        }
        // RFC 9110, 8.4.1.2: zlib, but some servers send the bare stream.
        "deflate" if is_zlib(start) => buffered(ZlibDecoder::new(source)),
        "deflate" => buffered(DeflateDecoder::new(source)),
        "br" => {
            // The large-window variant has windows of up to a gigabyte; RFC 7932 reserves this pattern.
            if start.first().is_some_and(|byte| byte & 0x7f == 0x11) {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a window too large for the web"));
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

/// Decodes a whole body. `codings` is a list as in `Content-Encoding`; fails if the result has not `length` bytes.
pub(crate) fn decode_body(codings: &str, body: &[u8], length: usize) -> io::Result<Vec<u8>> {
    let broken = |cause: String| io::Error::new(io::ErrorKind::InvalidData, cause);
    let codings =
        parse_codings([codings]).map_err(|coding| broken(format!("an unknown coding {coding:?}")))?;
    let read = async {
        let mut source: ByteStream<'_> = Box::pin(body);
        for coding in codings.iter().rev() {
            source = decode_stream(coding, source).await?;
        }
        let mut plain = Vec::with_capacity(length.min(1 << 20));
        source.take(length as u64 + 1).read_to_end(&mut plain).await?;
        Ok(plain)
    };
    // Memory is always ready.
    let plain = read.now_or_never().unwrap_or_else(|| Err(broken("it cannot be read at once".to_owned())))?;
    if plain.len() != length {
        return Err(broken(format!("{} bytes instead of {length}", plain.len())));
    }
    Ok(plain)
}

/// RFC 1950, 2.2: method 8, and a check that makes the first two bytes a multiple of 31.
fn is_zlib(start: &[u8]) -> bool {
    match start {
        [cmf, flg, ..] => cmf & 0x0f == 8 && (u16::from(*cmf) << 8 | u16::from(*flg)) % 31 == 0,
        // Only one byte has arrived; bare streams do not begin with it in practice.
        [cmf] => *cmf == 0x78,
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_body_is_what_it_was_or_an_error() {
        let plain = b"the page as it was received ".repeat(5000);
        let packed = zstd::bulk::compress(&plain, 3).unwrap();
        let twice = zstd::bulk::compress(&packed, 3).unwrap();
        assert_eq!(decode_body("", &plain, plain.len()).unwrap(), plain);
        assert_eq!(decode_body("zstd", &packed, plain.len()).unwrap(), plain);
        assert_eq!(decode_body("zstd, zstd", &twice, plain.len()).unwrap(), plain);
        for (codings, body, length) in [
            ("zstd", &packed[..], plain.len() - 1),
            ("zstd", &packed[..], plain.len() + 1),
            ("zstd", &packed[..packed.len() / 2], plain.len()),
            ("gzip", &packed[..], plain.len()),
            ("snappy", &packed[..], plain.len()),
            ("zstd, zstd, zstd", &twice[..], plain.len()),
        ] {
            assert!(decode_body(codings, body, length).is_err(), "{codings} {length}");
        }
    }
}
