//! Flattens pages before html5ever parses them.
//!
//! A tree builder takes quadratic time in the depth of a page, in the attributes of one element and in formatting
//! elements left open: a page of one megabyte can keep it busy for minutes. One linear scan removes the tags below
//! the greatest depth, attributes beyond the greatest number, and formatting elements that are never closed; their
//! text stays. The scan does not have to agree with the parser on every stray tag: in doubt it counts too many. See
//! docs/threats.md, H13.
//!
//! The fast parser keeps the same limits itself and gives up where a page exceeds them.

use std::borrow::Cow;

use memchr::{memchr, memmem};

use super::limits::{LimitExceeded, ParseLimits};
use super::tag::Tag;

/// The page within the limits: itself if it is, else a copy without what exceeds them.
pub(super) fn flattened<'a>(html: &'a str, limits: &ParseLimits) -> Result<Cow<'a, str>, LimitExceeded> {
    let mut scan = LimitScan {
        html,
        limits,
        out: String::new(),
        copied: 0,
        open: Vec::new(),
        counts: [0; 256],
        formatting: 0,
        foreign: 0,
        nodes: 0,
    };
    scan.run()?;
    if scan.copied == 0 {
        return Ok(html.into());
    }
    scan.out.push_str(html.get(scan.copied..).unwrap_or_default());
    Ok(scan.out.into())
}

/// An element that the scan takes to be open.
struct ScannedElement<'a> {
    tag: Tag,
    /// As in the page, in any case.
    name: &'a [u8],
    /// Whether its start tag was removed: then its end tag is removed, too.
    is_removed: bool,
}

struct LimitScan<'a, 'l> {
    html: &'a str,
    limits: &'l ParseLimits,
    /// The copy of the page up to `copied`; empty while nothing is removed.
    out: String,
    /// Bytes of the page that are copied or removed.
    copied: usize,
    open: Vec<ScannedElement<'a>>,
    /// Number of `open` elements by hash of the name: a stray end tag then needs no search.
    counts: [u32; 256],
    /// Number of open formatting elements.
    formatting: usize,
    /// Number of open `<svg>` and `<math>`, in which no element has raw text.
    foreign: usize,
    /// Estimated number of nodes the parser will make.
    nodes: usize,
}

/// What the scan learns of a start or end tag.
struct TagExtent {
    /// Position after its `>`.
    end: usize,
    /// Position of the first attribute that is one too many.
    cut: Option<usize>,
    /// Number of its attributes.
    attributes: usize,
    self_closing: bool,
}

impl<'a> LimitScan<'a, '_> {
    /// Scans the whole page. An error if the parser would make far more nodes than the limit.
    fn run(&mut self) -> Result<(), LimitExceeded> {
        let bytes = self.html.as_bytes();
        let mut at = 0;
        while let Some(found) = bytes.get(at..).and_then(|rest| memchr(b'<', rest)) {
            let start = at + found;
            at = match bytes.get(start + 1) {
                Some(b'!') => self.markup_declaration(start),
                Some(b'/') if bytes.get(start + 2).is_some_and(u8::is_ascii_alphabetic) => {
                    self.end_tag(start)
                }
                Some(byte) if byte.is_ascii_alphabetic() => self.start_tag(start),
                _ => start + 1,
            };
            if self.nodes > self.limits.nodes * 2 {
                return Err(LimitExceeded::Nodes(self.limits.nodes));
            }
        }
        Ok(())
    }

    /// Position after a comment, document type or the like.
    fn markup_declaration(&self, start: usize) -> usize {
        let rest = self.html.as_bytes().get(start..).unwrap_or_default();
        if rest.starts_with(b"<!-->") {
            start + 5
        } else if rest.starts_with(b"<!--") {
            memmem::find(rest, b"-->").map_or(self.html.len(), |found| start + found + 3)
        } else {
            memchr(b'>', rest).map_or(self.html.len(), |found| start + found + 1)
        }
    }

    /// The name at the start of a tag.
    fn name(&self, from: usize) -> &'a [u8] {
        let rest = self.html.as_bytes().get(from..).unwrap_or_default();
        let end = rest
            .iter()
            .position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>'))
            .unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default()
    }

    /// Closes elements as the parser would. Returns the position after the tag.
    fn end_tag(&mut self, start: usize) -> usize {
        let name = self.name(start + 2);
        let extent = self.attributes(start + 2 + name.len());
        self.nodes += 1;
        let tag = Tag::of_bytes(name);
        if tag.is_formatting() {
            self.formatting = self.formatting.saturating_sub(1);
        }
        if self.counts.get(hash(name)).is_none_or(|count| *count == 0) {
            return extent.end;
        }
        let is_block = tag.is_block();
        let mut depth = self.open.len();
        let mut found = None;
        while let Some(open) = depth.checked_sub(1).and_then(|i| self.open.get(i)) {
            depth -= 1;
            if open.name.eq_ignore_ascii_case(name) {
                found = Some(open.is_removed);
                break;
            }
            // Where the parser stops searching, the scan has to: each `<span><div></span>` would hide a level.
            let is_barrier = if is_block {
                matches!(open.tag, Tag::Table | Tag::Object | Tag::Applet | Tag::Marquee | Tag::Template)
            } else {
                open.tag.is_block() || matches!(open.tag, Tag::Object | Tag::Button | Tag::Template)
            };
            if is_barrier && tag != Tag::Table {
                return extent.end;
            }
        }
        let Some(is_removed) = found else {
            return extent.end;
        };
        for open in self.open.drain(depth..) {
            if let Some(count) = self.counts.get_mut(hash(open.name)) {
                *count = count.saturating_sub(1);
            }
            if matches!(open.tag, Tag::Svg | Tag::Math) {
                self.foreign = self.foreign.saturating_sub(1);
            }
        }
        if is_removed {
            self.remove(start, extent.end);
        }
        extent.end
    }

    /// Opens an element, or removes its tag or some attributes. Returns the position after the tag, of elements with
    /// raw text that after the end tag.
    fn start_tag(&mut self, start: usize) -> usize {
        let name = self.name(start + 1);
        let extent = self.attributes(start + 1 + name.len());
        let tag = Tag::of_bytes(name);
        // The element, a text after it, and the formatting elements that are opened again inside.
        self.nodes += 1 + extent.attributes / 2;
        if tag.is_block() {
            self.nodes += self.formatting.min(self.limits.formatting);
        }
        if self.open_element(tag, name, &extent) {
            if let Some(cut) = extent.cut {
                self.remove(cut, extent.end.saturating_sub(1));
            }
        } else {
            self.remove(start, extent.end);
        }
        if tag.has_raw_text() && self.foreign == 0 {
            return self.raw_end(extent.end, name);
        }
        extent.end
    }

    /// Records an element as open if it stays open. `false` if it is one too many and has to be removed.
    fn open_element(&mut self, tag: Tag, name: &'a [u8], extent: &TagExtent) -> bool {
        if tag.is_void()
            || tag.has_optional_end()
            || (self.foreign > 0 && extent.self_closing)
            || (self.foreign == 0 && tag.has_raw_text())
        {
            return true;
        }
        if tag.is_formatting() {
            // A link closes the link before.
            if tag != Tag::A || self.formatting == 0 {
                self.formatting += 1;
            }
            if self.formatting > self.limits.formatting {
                return false;
            }
        }
        let is_removed = self.open.len() >= self.limits.depth;
        if !is_removed && matches!(tag, Tag::Svg | Tag::Math) {
            self.foreign += 1;
        }
        if let Some(count) = self.counts.get_mut(hash(name)) {
            *count += 1;
        }
        self.open.push(ScannedElement { tag, name, is_removed });
        !is_removed
    }

    /// Scans from the end of a tag's name to after its `>`.
    fn attributes(&self, from: usize) -> TagExtent {
        let bytes = self.html.as_bytes();
        let mut at = from;
        let mut extent = TagExtent { end: bytes.len(), cut: None, attributes: 0, self_closing: false };
        let skip = |at: usize, stop: fn(u8) -> bool| {
            let rest = bytes.get(at..).unwrap_or_default();
            at + rest.iter().position(|byte| stop(*byte)).unwrap_or(rest.len())
        };
        loop {
            at = skip(at, |byte| !byte.is_ascii_whitespace());
            match bytes.get(at) {
                None => return extent,
                Some(b'>') => {
                    extent.end = at + 1;
                    return extent;
                }
                Some(b'/') => {
                    extent.self_closing = bytes.get(at + 1) == Some(&b'>');
                    at += 1;
                    continue;
                }
                Some(_) => {}
            }
            extent.attributes += 1;
            if extent.attributes == self.limits.attributes + 1 {
                extent.cut = Some(at);
            }
            // A name may begin with `=`.
            at = skip(at + 1, |byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>' | b'='));
            let value = skip(at, |byte| !byte.is_ascii_whitespace());
            if bytes.get(value) != Some(&b'=') {
                continue;
            }
            at = skip(value + 1, |byte| !byte.is_ascii_whitespace());
            at = match bytes.get(at) {
                Some(quote @ (b'"' | b'\'')) => {
                    let rest = bytes.get(at + 1..).unwrap_or_default();
                    memchr(*quote, rest).map_or(bytes.len(), |found| at + found + 2)
                }
                _ => skip(at, |byte| byte.is_ascii_whitespace() || byte == b'>'),
            };
        }
    }

    /// Position after the end tag of an element with raw text.
    fn raw_end(&self, from: usize, name: &[u8]) -> usize {
        let bytes = self.html.as_bytes();
        let mut at = from;
        while let Some(rest) = bytes.get(at..) {
            let Some(found) = memchr(b'<', rest) else {
                break;
            };
            let start = at + found;
            let after = bytes.get(start + 2..).unwrap_or_default();
            if bytes.get(start + 1) == Some(&b'/')
                && after.get(..name.len()).is_some_and(|end| end.eq_ignore_ascii_case(name))
            {
                return self.attributes(start + 2 + name.len()).end;
            }
            at = start + 1;
        }
        bytes.len()
    }

    /// Removes a part of the page: copies what is before it.
    fn remove(&mut self, from: usize, to: usize) {
        self.out.push_str(self.html.get(self.copied..from).unwrap_or_default());
        self.copied = to;
    }
}

/// A hash of a name in any case, below 256.
fn hash(name: &[u8]) -> usize {
    name.iter().fold(name.len(), |hash, byte| hash.wrapping_mul(31) ^ usize::from(byte.to_ascii_lowercase()))
        & 255
}
