//! The bytes of a sitemap as they come: unpacked, cut where a page ends, and handed to the reader.
//!
//! What is in memory is a stretch of the document, never the whole; [`SitemapReader::most_held`] says how much it was.

use std::io::{self, Write};
use std::sync::LazyLock;

use encoding_rs::{CoderResult, Decoder, UTF_16BE, UTF_16LE};
use flate2::write::MultiGzDecoder;
use regex::bytes::Regex;
use url::Url;

use super::{Reader, Sitemap};
use crate::feed::{NotAFeed, decode};

/// Bytes of an unpacked sitemap: what the protocol allows.
const SITEMAP: u64 = 50 << 20;

/// Bytes looked at at a time.
const CHUNK: usize = 64 << 10;

/// Bytes of what one page may say; the longest sane one has a dozen images.
const BLOCK: usize = 256 << 10;

/// Longest end tag that is found over the seam of two pieces.
const SEAM: usize = 80;

/// Bytes that tell how a document is packed or written.
const HEAD: usize = 4;

/// The end of what one page or sitemap says, whatever its prefix.
static END: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)</(?:[a-z][a-z0-9_.-]*:)?(?:url|sitemap)\s*>").ok());

/// Reads a sitemap piece by piece.
pub struct SitemapReader(Form);

enum Form {
    /// Too little came to tell.
    Unknown(Vec<u8>, Pages),
    Plain(Pages),
    Packed(Box<MultiGzDecoder<Pages>>),
    /// UTF-16.
    Wide(Box<Decoder>, Pages),
}

impl SitemapReader {
    /// `content_type` is the header as the server sent it; `base` the URL the document comes from.
    pub fn new(content_type: Option<&str>, base: Option<&Url>) -> Self {
        Self(Form::Unknown(Vec::new(), Pages::new(content_type, base)))
    }

    /// Takes the next piece, of any length.
    pub fn push(&mut self, bytes: &[u8]) {
        if let Form::Unknown(head, _) = &mut self.0 {
            let more = HEAD.saturating_sub(head.len()).min(bytes.len());
            let (start, rest) = bytes.split_at_checked(more).unwrap_or((bytes, &[]));
            head.extend_from_slice(start);
            if head.len() == HEAD {
                self.begin();
                self.push(rest);
            }
            return;
        }
        match &mut self.0 {
            Form::Unknown(..) => {}
            Form::Plain(pages) => pages.take(bytes),
            Form::Packed(unpacker) => {
                // Nothing behind what cannot be unpacked makes sense.
                if !unpacker.get_ref().done
                    && let Err(error) = unpacker.write_all(bytes)
                {
                    // What was unpacked before the fault still waits in there.
                    let _ = unpacker.try_finish();
                    unpacker.get_mut().broken(&error);
                }
            }
            Form::Wide(decoder, pages) => pages.take_wide(decoder, bytes, false),
        }
    }

    /// Knows the form by the first bytes.
    fn begin(&mut self) {
        let Form::Unknown(head, pages) = &mut self.0 else {
            return;
        };
        let (head, pages) = (std::mem::take(head), std::mem::take(pages));
        let wide = match head.as_slice() {
            [0x1f, 0x8b, ..] => {
                self.0 = Form::Packed(Box::new(MultiGzDecoder::new(pages)));
                return self.push(&head);
            }
            [0xfe, 0xff, ..] | [0, b'<', ..] => Some(UTF_16BE),
            [0xff, 0xfe, ..] | [b'<', 0, ..] => Some(UTF_16LE),
            _ => None,
        };
        self.0 = match wide {
            Some(encoding) => Form::Wide(Box::new(encoding.new_decoder_with_bom_removal()), pages),
            None => Form::Plain(pages),
        };
        self.push(&head);
    }

    /// The end of the document: what it was, and whether it was there to its end.
    pub fn finish(mut self) -> Result<(Sitemap, bool), NotAFeed> {
        if matches!(self.0, Form::Unknown(..)) {
            self.begin();
        }
        match self.0 {
            Form::Plain(pages) | Form::Unknown(_, pages) => pages.finish(),
            Form::Packed(mut unpacker) => {
                if !unpacker.get_ref().done
                    && let Err(error) = unpacker.try_finish()
                {
                    unpacker.get_mut().broken(&error);
                }
                std::mem::take(unpacker.get_mut()).finish()
            }
            Form::Wide(mut decoder, mut pages) => {
                pages.take_wide(&mut decoder, &[], true);
                pages.finish()
            }
        }
    }

    /// The most bytes of the document that were held at a time.
    #[cfg(test)]
    pub(in crate::feed) fn most_held(&self) -> usize {
        match &self.0 {
            Form::Unknown(_, pages) | Form::Plain(pages) | Form::Wide(_, pages) => pages.most,
            Form::Packed(unpacker) => unpacker.get_ref().most,
        }
    }
}

/// Cuts unpacked bytes behind the end of a page.
#[derive(Default)]
struct Pages {
    reader: Reader,
    content_type: Option<String>,
    held: Vec<u8>,
    /// Bytes that came.
    total: u64,
    /// The most that was held.
    most: usize,
    /// Whether its beginning was read.
    begun: bool,
    /// Whether nothing more is wanted.
    done: bool,
    /// Whether the document broke off.
    broken: bool,
}

impl Pages {
    fn new(content_type: Option<&str>, base: Option<&Url>) -> Self {
        Self {
            reader: Reader::new(base),
            content_type: content_type.map(str::to_owned),
            ..Self::default()
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(CHUNK) {
            if self.done {
                return;
            }
            self.total += piece.len() as u64;
            if self.total > SITEMAP {
                self.reader
                    .remark("it is larger than 50 MiB; the rest was left out".into());
                self.done = true;
                return;
            }
            self.cut(piece);
        }
    }

    fn cut(&mut self, piece: &[u8]) {
        let before = self.held.len();
        self.held.extend_from_slice(piece);
        self.most = self.most.max(self.held.len());
        if self.reader.is_text.is_none() {
            let first = self
                .held
                .iter()
                .find(|byte| !byte.is_ascii_whitespace() && byte.is_ascii());
            self.reader.is_text = first.map(|byte| *byte != b'<');
        }
        let end = if self.reader.is_text == Some(true) {
            self.held.iter().rposition(|byte| *byte == b'\n').map(|at| at + 1)
        } else {
            // Where it was looked for already, only the last bytes can be the beginning of an end.
            let from = before.saturating_sub(SEAM);
            let new = self.held.get(from..).unwrap_or_default();
            END.as_ref()
                .and_then(|end| end.find_iter(new).last().map(|found| from + found.end()))
        };
        if let Some(end) = end {
            let rest = self.held.split_off(end);
            self.block();
            self.held = rest;
        } else if self.held.len() > BLOCK {
            self.reader
                .remark("one page says more than 256 kB; it was left out".into());
            self.held = self.held.split_off(self.held.len() - SEAM);
            self.block();
            self.held.clear();
        }
        self.done |= self.reader.refused;
    }

    /// UTF-16 as UTF-8.
    fn take_wide(&mut self, decoder: &mut Decoder, mut bytes: &[u8], last: bool) {
        let mut text = String::with_capacity(CHUNK);
        loop {
            let (result, read, _) = decoder.decode_to_string(bytes, &mut text, last);
            bytes = bytes.get(read..).unwrap_or_default();
            self.take(text.as_bytes());
            text.clear();
            if result == CoderResult::InputEmpty {
                return;
            }
        }
    }

    fn broken(&mut self, error: &io::Error) {
        if !self.done {
            self.reader
                .remark(format!("the rest cannot be unpacked: {error}"));
            self.broken = true;
        }
        self.done = true;
    }

    fn block(&mut self) {
        if !self.begun {
            self.begun = true;
            self.content_type = decode::named(&self.held, self.content_type.take());
        }
        self.reader.block(&self.held, self.content_type.as_deref());
    }

    fn finish(mut self) -> Result<(Sitemap, bool), NotAFeed> {
        self.block();
        // What was left out was left out on purpose.
        let whole = !self.broken && (self.total > SITEMAP || self.reader.is_complete());
        Ok((self.reader.finish()?, whole))
    }
}

impl Write for Pages {
    /// Takes what was unpacked; an error where no more is wanted, so that a bomb is left after its first blast.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.take(bytes);
        if self.done {
            return Err(io::Error::other("enough was read"));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
