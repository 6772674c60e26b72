//! WARC 1.1 (ISO 28500): the stored pages as `response` records.

use std::io::Write as _;

use flate2::write::GzEncoder;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};

use super::{ExportError, OutputSink};
use crate::store::{RawPageRow, RawPages, Reader};

/// Pages read at a time.
const BATCH: usize = 10;

/// Writes the stored pages; gives how many. With `gzip` each record is a member of its own, as WARC readers expect.
pub(crate) fn warc(
    reader: &Reader,
    which: &RawPages,
    limit: u64,
    gzip: bool,
    mut out: OutputSink,
    mut step: impl FnMut(u64),
) -> Result<u64, ExportError> {
    let info = "software: cuttings\r\nformat: WARC File Format 1.1\r\n\
                conformsTo: http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/\r\n";
    let store = reader.store_id()?;
    let mut last = 0;
    let mut written = 0;
    let mut first = true;
    loop {
        let pages = reader.raw_pages_after(which, last, BATCH)?;
        for page in &pages {
            if written >= limit {
                break;
            }
            if std::mem::take(&mut first) {
                // Of the date of the first page: the same pages make the same bytes.
                let head = Record {
                    kind: "warcinfo",
                    id: format!("{store}/warcinfo/{}", page.page_id),
                    date: date(page),
                    content_type: "application/warc-fields",
                    more: String::new(),
                };
                write(&head.bytes(info.as_bytes()), gzip, &mut out)?;
            }
            write(&response(page, &store), gzip, &mut out)?;
            written += 1;
            last = page.page_id;
        }
        step(written);
        if pages.len() < BATCH || written >= limit {
            break;
        }
    }
    out.finish()?;
    Ok(written)
}

fn write(record: &[u8], gzip: bool, out: &mut OutputSink) -> Result<(), ExportError> {
    if gzip {
        let mut member = GzEncoder::new(Vec::new(), flate2::Compression::default());
        member.write_all(record)?;
        out.write_all(&member.finish()?)?;
    } else {
        out.write_all(record)?;
    }
    Ok(())
}

struct Record {
    kind: &'static str,
    /// What its id is made of.
    id: String,
    date: String,
    content_type: &'static str,
    more: String,
}

impl Record {
    fn bytes(&self, block: &[u8]) -> Vec<u8> {
        let mut out = format!(
            "WARC/1.1\r\nWARC-Type: {}\r\nWARC-Record-ID: <{}>\r\nWARC-Date: {}\r\n{}Content-Type: {}\r\nContent-Length: {}\r\n\r\n",
            self.kind,
            uuid(&self.id),
            self.date,
            self.more,
            self.content_type,
            block.len()
        )
        .into_bytes();
        out.extend_from_slice(block);
        out.extend_from_slice(b"\r\n\r\n");
        out
    }
}

/// The response as it was received, but for its codings, which are undone.
fn response(page: &RawPageRow, store: &str) -> Vec<u8> {
    let mut block = format!("HTTP/1.1 {} {}\r\n", page.status, reason(page.status)).into_bytes();
    for line in page.headers.lines() {
        let name = line
            .split(':')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        if !matches!(
            name.as_str(),
            "content-encoding" | "content-length" | "transfer-encoding" | ""
        ) {
            block.extend_from_slice(line.trim_end().as_bytes());
            block.extend_from_slice(b"\r\n");
        }
    }
    block.extend_from_slice(format!("content-length: {}\r\n\r\n", page.body.len()).as_bytes());
    block.extend_from_slice(&page.body);
    let url: String = page
        .url
        .chars()
        .filter(|c| !c.is_control() && *c != ' ')
        .collect();
    let payload = digest(&SHA1_FOR_LEGACY_USE_ONLY, &page.body);
    let record = Record {
        kind: "response",
        id: format!("{store}/page/{}/{}", page.page_id, page.fetched_at),
        date: date(page),
        content_type: "application/http; msgtype=response",
        more: format!(
            "WARC-Target-URI: {url}\r\nWARC-Payload-Digest: sha1:{}\r\n",
            base32(payload.as_ref())
        ),
    };
    record.bytes(&block)
}

fn date(page: &RawPageRow) -> String {
    page.fetched_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// A name-based UUID (RFC 9562, version 8).
fn uuid(name: &str) -> String {
    super::feeds::urn_of(&digest(&SHA256, name.as_bytes()))
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        203 => "Non-Authoritative Information",
        404 => "Not Found",
        410 => "Gone",
        _ => "Unknown",
    }
}

/// RFC 4648, without padding.
fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut out = String::new();
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in bytes {
        held = (held << 8 | u32::from(*byte)) & 0xFFFF;
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            let letter = LETTERS.get((held >> bits & 31) as usize).copied().unwrap_or(b'A');
            out.push(char::from(letter));
        }
    }
    if bits > 0 {
        let letter = LETTERS
            .get((held << (5 - bits) & 31) as usize)
            .copied()
            .unwrap_or(b'A');
        out.push(char::from(letter));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_by_the_rfc() {
        for (text, code) in [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foobar", "MZXW6YTBOI")] {
            assert_eq!(base32(text.as_bytes()), code, "{text}");
        }
    }
}
