//! WARC 1.1 (ISO 28500): the stored pages as `response` records, for web archives.
//!
//! A record holds the response as it was received, with its content and transfer codings removed. The same
//! pages make the same bytes: ids and the date of the `warcinfo` record are derived from them.

use std::io::Write as _;

use flate2::write::GzEncoder;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use super::ExportError;
use super::article::uuid_of;
use super::destination::OutputSink;
use super::writer::RecordExport;
use crate::store::{RawPageRow, RawPages};

/// Pages read from the database at a time.
const BATCH: usize = 10;

/// Content of the `warcinfo` record, which begins the file.
const INFO: &str = "software: cuttings\r\nformat: WARC File Format 1.1\r\n\
     conformsTo: http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/\r\n";

/// Writes the stored pages; returns how many. With gzip each record is a member of its own, as WARC readers expect.
pub(super) fn write(mut export: RecordExport<'_>) -> Result<u64, ExportError> {
    let pages = RawPages { source: export.query.sources.first().cloned(), since: export.query.since };
    let limit = export.query.limit.unwrap_or(u64::MAX);
    let store = export.reader.store_id()?;
    let (mut written, mut last_page) = (0, 0);
    loop {
        let batch = export.reader.raw_pages_after(&pages, last_page, BATCH)?;
        for page in &batch {
            if written >= limit {
                break;
            }
            if written == 0 {
                let info = Record {
                    kind: "warcinfo",
                    name: format!("{store}/warcinfo/{}", page.page_id),
                    date: date(page),
                    content_type: "application/warc-fields",
                    more: String::new(),
                };
                write_record(&info.bytes(INFO.as_bytes()), export.gzip, &mut export.sink)?;
            }
            write_record(&response(page, &store), export.gzip, &mut export.sink)?;
            written += 1;
            last_page = page.page_id;
        }
        (export.progress)(written);
        if batch.len() < BATCH || written >= limit {
            break;
        }
    }
    export.sink.finish()?;
    Ok(written)
}

/// Writes a record, compressed by itself where wanted.
fn write_record(record: &[u8], gzip: bool, out: &mut OutputSink) -> Result<(), ExportError> {
    if gzip {
        let mut member = GzEncoder::new(Vec::new(), flate2::Compression::default());
        member.write_all(record)?;
        out.write_all(&member.finish()?)?;
    } else {
        out.write_all(record)?;
    }
    Ok(())
}

/// The header of a record.
struct Record {
    /// `WARC-Type`.
    kind: &'static str,
    /// The record's id is derived from it.
    name: String,
    /// RFC 3339 in UTC.
    date: String,
    content_type: &'static str,
    /// Further header lines, each with its CRLF.
    more: String,
}

impl Record {
    fn bytes(&self, block: &[u8]) -> Vec<u8> {
        let header = format!(
            "WARC/1.1\r\nWARC-Type: {}\r\nWARC-Record-ID: <{}>\r\nWARC-Date: {}\r\n{}Content-Type: {}\r\nContent-Length: {}\r\n\r\n",
            self.kind,
            uuid_of(&self.name),
            self.date,
            self.more,
            self.content_type,
            block.len()
        );
        [header.as_bytes(), block, b"\r\n\r\n"].concat()
    }
}

/// A `response` record.
fn response(page: &RawPageRow, store: &str) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {} {}\r\n", page.status, reason(page.status));
    for line in page.headers.lines() {
        let name = line.split(':').next().unwrap_or_default().trim().to_ascii_lowercase();
        // The body is no longer coded, and its length is that of the plain bytes.
        if !["content-encoding", "content-length", "transfer-encoding", ""].contains(&name.as_str()) {
            head.extend([line.trim_end(), "\r\n"]);
        }
    }
    head.push_str(&format!("content-length: {}\r\n\r\n", page.body.len()));
    let url = page.url.replace(|c: char| c.is_control() || c == ' ', "");
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, &page.body);
    let record = Record {
        kind: "response",
        name: format!("{store}/page/{}/{}", page.page_id, page.fetched_at),
        date: date(page),
        content_type: "application/http; msgtype=response",
        more: format!("WARC-Target-URI: {url}\r\nWARC-Payload-Digest: sha1:{}\r\n", base32(hash.as_ref())),
    };
    record.bytes(&[head.as_bytes(), &page.body].concat())
}

/// `WARC-Date`.
fn date(page: &RawPageRow) -> String {
    page.fetched_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// The reason phrase; pages are stored with few statuses.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        203 => "Non-Authoritative Information",
        404 => "Not Found",
        410 => "Gone",
        _ => "Unknown",
    }
}

/// Base 32 (RFC 4648, 6), without padding.
fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    bytes
        .chunks(5)
        .flat_map(|chunk| {
            let bits =
                chunk.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte)) << (40 - 8 * chunk.len());
            let digits = (8 * chunk.len()).div_ceil(5);
            (0..digits).filter_map(move |at| LETTERS.get((bits >> (35 - 5 * at) & 31) as usize))
        })
        .map(|letter| char::from(*letter))
        .collect()
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
