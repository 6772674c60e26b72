//! Unpacks a sitemap as its bytes arrive, cuts it behind whole elements, and hands the blocks to the parser.
//!
//! ```text
//! bytes ─┬─ gzip ───┐
//!        ├─ UTF-16 ─┼─ BlockCutter ─ blocks of whole elements ─ SitemapParser
//!        └─ others ─┘
//! ```
//!
//! Memory holds one block of the document (at most [`MAX_ELEMENT`] and a chunk), never the whole.

use std::io::{self, Write};
use std::sync::LazyLock;

use encoding_rs::{CoderResult, Decoder, UTF_16BE, UTF_16LE};
use flate2::write::MultiGzDecoder;
use regex::bytes::Regex;
use url::Url;

use super::parser::{Sitemap, SitemapParser};
use crate::feed::decode::content_type_of_parts;
use crate::feed::error::NotAFeed;

/// Bytes of an unpacked sitemap: what sitemaps.org allows.
const MAX_SITEMAP: u64 = 50 << 20;

/// Bytes that are added to a block at a time.
const CHUNK: usize = 64 << 10;

/// Bytes of one `<url>` element; the longest sane one has a dozen images.
const MAX_ELEMENT: usize = 256 << 10;

/// Bytes of the longest end tag that is found where two chunks meet.
const MAX_END_TAG: usize = 80;

/// Bytes that tell how a document is packed or encoded.
const SIGNATURE: usize = 4;

/// The end tag of a `<url>` or `<sitemap>` element, with any prefix.
static END_TAG: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)</(?:[a-z][a-z0-9_.-]*:)?(?:url|sitemap)\s*>").ok());

/// Reads a sitemap piece by piece.
pub struct SitemapReader(StreamState);

/// How the bytes are unpacked, known from the first of them.
enum StreamState {
    /// Fewer bytes than a [`SIGNATURE`].
    Unknown(Vec<u8>, BlockCutter),
    Plain(BlockCutter),
    Gzip(Box<MultiGzDecoder<BlockCutter>>),
    Utf16(Box<Decoder>, BlockCutter),
}

impl SitemapReader {
    /// `content_type` is the header as the server sent it; `base` the URL the document comes from.
    pub fn new(content_type: Option<&str>, base: Option<&Url>) -> Self {
        Self(StreamState::Unknown(Vec::new(), BlockCutter::new(content_type, base)))
    }

    /// Adds the next piece, of any length.
    pub fn push(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            StreamState::Unknown(head, _) => {
                let missing = SIGNATURE.saturating_sub(head.len()).min(bytes.len());
                let (start, rest) = bytes.split_at_checked(missing).unwrap_or((bytes, &[]));
                head.extend_from_slice(start);
                if head.len() == SIGNATURE {
                    self.begin();
                    self.push(rest);
                }
            }
            StreamState::Plain(cutter) => cutter.add(bytes),
            StreamState::Gzip(decoder) => {
                // Nothing after an error can be unpacked.
                if !decoder.get_ref().is_done
                    && let Err(error) = decoder.write_all(bytes)
                {
                    // The decoder still holds what it unpacked before the error.
                    let _ = decoder.try_finish();
                    decoder.get_mut().fail(&error);
                }
            }
            StreamState::Utf16(decoder, cutter) => cutter.add_utf16(decoder, bytes, false),
        }
    }

    /// Chooses the state by the first bytes.
    fn begin(&mut self) {
        let StreamState::Unknown(head, cutter) = &mut self.0 else {
            return;
        };
        let (head, cutter) = (std::mem::take(head), std::mem::take(cutter));
        let utf16 =
            |encoding: &'static encoding_rs::Encoding| Box::new(encoding.new_decoder_with_bom_removal());
        self.0 = match head.as_slice() {
            [0x1f, 0x8b, ..] => StreamState::Gzip(Box::new(MultiGzDecoder::new(cutter))),
            [0xfe, 0xff, ..] | [0, b'<', ..] => StreamState::Utf16(utf16(UTF_16BE), cutter),
            [0xff, 0xfe, ..] | [b'<', 0, ..] => StreamState::Utf16(utf16(UTF_16LE), cutter),
            _ => StreamState::Plain(cutter),
        };
        self.push(&head);
    }

    /// Ends the document. Returns what it lists, and whether it arrived completely.
    pub fn finish(mut self) -> Result<(Sitemap, bool), NotAFeed> {
        if matches!(self.0, StreamState::Unknown(..)) {
            self.begin();
        }
        match self.0 {
            StreamState::Plain(cutter) | StreamState::Unknown(_, cutter) => cutter.finish(),
            StreamState::Gzip(mut decoder) => {
                if !decoder.get_ref().is_done
                    && let Err(error) = decoder.try_finish()
                {
                    decoder.get_mut().fail(&error);
                }
                std::mem::take(decoder.get_mut()).finish()
            }
            StreamState::Utf16(mut decoder, mut cutter) => {
                cutter.add_utf16(&mut decoder, &[], true);
                cutter.finish()
            }
        }
    }

    /// The most bytes of the document that were held at a time.
    #[cfg(test)]
    pub(in crate::feed) fn most_held(&self) -> usize {
        match &self.0 {
            StreamState::Unknown(_, cutter) | StreamState::Plain(cutter) | StreamState::Utf16(_, cutter) => {
                cutter.most_held
            }
            StreamState::Gzip(decoder) => decoder.get_ref().most_held,
        }
    }
}

/// Cuts unpacked bytes behind the end of an element, and has each block parsed.
#[derive(Default)]
struct BlockCutter {
    parser: SitemapParser,
    content_type: Option<String>,
    /// Bytes that are not parsed yet.
    held: Vec<u8>,
    most_held: usize,
    /// Bytes so far.
    total: u64,
    /// Whether the first block was parsed.
    is_begun: bool,
    /// Whether further bytes are ignored.
    is_done: bool,
    /// Whether the document could not be unpacked to its end.
    is_broken: bool,
}

impl BlockCutter {
    fn new(content_type: Option<&str>, base: Option<&Url>) -> Self {
        Self {
            parser: SitemapParser::new(base),
            content_type: content_type.map(str::to_owned),
            ..Self::default()
        }
    }

    /// Adds unpacked bytes, up to [`MAX_SITEMAP`] in all.
    fn add(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(CHUNK) {
            if self.is_done {
                return;
            }
            self.total += chunk.len() as u64;
            if self.total > MAX_SITEMAP {
                self.parser.record_loss("it is larger than 50 MiB; the rest was left out");
                self.is_done = true;
                return;
            }
            self.add_chunk(chunk);
        }
    }

    /// Parses what is held, up to the last end of an element in it.
    fn add_chunk(&mut self, chunk: &[u8]) {
        let before = self.held.len();
        self.held.extend_from_slice(chunk);
        self.most_held = self.most_held.max(self.held.len());
        if self.parser.is_text.is_none() {
            let mut bytes = self.held.iter();
            let first = bytes.find(|byte| !byte.is_ascii_whitespace() && byte.is_ascii());
            self.parser.is_text = first.map(|byte| *byte != b'<');
        }
        let end = if self.parser.is_text == Some(true) {
            self.held.iter().rposition(|byte| *byte == b'\n').map(|at| at + 1)
        } else {
            // Of the bytes that were searched before, only the last can be the beginning of an end tag.
            let from = before.saturating_sub(MAX_END_TAG);
            let new = self.held.get(from..).unwrap_or_default();
            let last = END_TAG.as_ref().and_then(|end_tag| end_tag.find_iter(new).last());
            last.map(|tag| from + tag.end())
        };
        if let Some(end) = end {
            let rest = self.held.split_off(end);
            self.parse_held();
            self.held = rest;
        } else if self.held.len() > MAX_ELEMENT {
            self.parser.record_loss("one page says more than 256 kB; it was left out");
            self.held = self.held.split_off(self.held.len() - MAX_END_TAG);
            self.parse_held();
            self.held.clear();
        }
        self.is_done |= self.parser.is_refused;
    }

    /// Adds UTF-16 as UTF-8.
    fn add_utf16(&mut self, decoder: &mut Decoder, mut bytes: &[u8], is_last: bool) {
        let mut text = String::with_capacity(CHUNK);
        loop {
            let (result, read, _) = decoder.decode_to_string(bytes, &mut text, is_last);
            bytes = bytes.get(read..).unwrap_or_default();
            self.add(text.as_bytes());
            text.clear();
            if result == CoderResult::InputEmpty {
                return;
            }
        }
    }

    /// Ends the document at an error of the decoder, unless it has ended.
    fn fail(&mut self, error: &io::Error) {
        if !self.is_done {
            self.parser.record_loss(format!("the rest cannot be unpacked: {error}"));
            self.is_broken = true;
        }
        self.is_done = true;
    }

    /// Has the parser read what is held. The first block says which encoding the document declares.
    fn parse_held(&mut self) {
        if !self.is_begun {
            self.is_begun = true;
            self.content_type = content_type_of_parts(&self.held, self.content_type.take());
        }
        self.parser.read_block(&self.held, self.content_type.as_deref());
    }

    fn finish(mut self) -> Result<(Sitemap, bool), NotAFeed> {
        self.parse_held();
        // A sitemap that is cut at the limit counts as complete: no further request would bring more.
        let is_complete = !self.is_broken && (self.total > MAX_SITEMAP || self.parser.is_complete());
        Ok((self.parser.finish()?, is_complete))
    }
}

impl Write for BlockCutter {
    /// Adds unpacked bytes. The error once no more are read stops the decoder, so that a bomb is not unpacked further.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.add(bytes);
        if self.is_done {
            return Err(io::Error::other("enough was read"));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
