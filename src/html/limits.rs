//! What a page may cost, seen before html5ever parses it. Our own parser keeps to the same bounds as it goes, and gives up
//! where a page goes beyond them.
//!
//! A tree builder is quadratic in depth, in attributes of one element, and in formatting elements left open; a page
//! of a megabyte can keep it busy for minutes. One linear scan finds what would be too much and leaves it out: tags
//! below a depth no reader sees, attributes beyond a number none needs, formatting that is never closed. Their text
//! stays. The scan need not agree with the parser on every stray tag; where unsure it counts too much.

use std::borrow::Cow;

use memchr::{memchr, memmem};

use super::tag::Tag;

/// Bounds of one page. Deeper and wider pages are flattened; larger ones are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseLimits {
    /// Bytes of decoded HTML.
    pub bytes: usize,
    /// Elements open at once; browsers stop at 512.
    pub depth: usize,
    /// Attributes of one element.
    pub attributes: usize,
    /// Formatting elements (`<b>`, `<font>`) open at once.
    pub formatting: usize,
    /// Elements, texts and attributes in all.
    pub nodes: usize,
    /// Work on the page in steps of about 10 ns (see `steps`): parsing, selectors and extraction together. Ordinary pages
    /// take 45 steps per node, the dearest of our corpora a million.
    pub steps: u32,
}

impl Default for ParseLimits {
    fn default() -> Self {
        Self {
            bytes: 16 << 20,
            depth: 300,
            attributes: 200,
            formatting: 12,
            nodes: 250_000,
            steps: 50_000_000,
        }
    }
}

/// A page that is not parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitExceeded {
    /// More bytes than [`Limits::bytes`].
    #[error("the page has {0} bytes of HTML, which is more than we parse")]
    Bytes(usize),
    /// More than [`Limits::nodes`].
    #[error("the page has more than {0} elements and texts, which is more than we parse")]
    Nodes(usize),
    /// More than [`ParseLimits::steps`].
    #[error("the page takes too much work to read")]
    Steps,
}

/// A copy of the page that the parser can be given, or the page itself where nothing is too much.
pub(super) fn bounded<'a>(html: &'a str, limits: &ParseLimits) -> Result<Cow<'a, str>, LimitExceeded> {
    let mut scan = Scan {
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

/// An element the scan believes to be open.
struct Open<'a> {
    tag: Tag,
    name: &'a [u8],
    dropped: bool,
}

struct Scan<'a, 'l> {
    html: &'a str,
    limits: &'l ParseLimits,
    /// The copy, up to `copied` of the original; unused while nothing was left out.
    out: String,
    copied: usize,
    open: Vec<Open<'a>>,
    /// How many of `open` have a name with this hash: a stray end tag costs nothing.
    counts: [u32; 256],
    formatting: usize,
    /// Open `<svg>` and `<math>`: raw text elements are ordinary ones inside.
    foreign: usize,
    nodes: usize,
}

/// A start or end tag: where it ends, and where its attributes are cut.
struct Tagged {
    end: usize,
    cut: Option<usize>,
    attributes: usize,
    self_closing: bool,
}

impl<'a> Scan<'a, '_> {
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

    fn name(&self, from: usize) -> &'a [u8] {
        let rest = self.html.as_bytes().get(from..).unwrap_or_default();
        let end = rest
            .iter()
            .position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>'))
            .unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default()
    }

    fn end_tag(&mut self, start: usize) -> usize {
        let name = self.name(start + 2);
        let tagged = self.attributes(start + 2 + name.len());
        self.nodes += 1;
        let tag = Tag::of_bytes(name);
        if tag.is_formatting() {
            self.formatting = self.formatting.saturating_sub(1);
        }
        if self.counts.get(hash(name)).is_none_or(|count| *count == 0) {
            return tagged.end;
        }
        let special = tag.is_block();
        let mut depth = self.open.len();
        let mut found = None;
        while let Some(open) = depth.checked_sub(1).and_then(|i| self.open.get(i)) {
            depth -= 1;
            if open.name.eq_ignore_ascii_case(name) {
                found = Some(open.dropped);
                break;
            }
            // What stops the parser stops us: else `<span><div></span>` would hide a level each time.
            let wall = if special {
                matches!(
                    open.tag,
                    Tag::Table | Tag::Object | Tag::Applet | Tag::Marquee | Tag::Template
                )
            } else {
                open.tag.is_block() || matches!(open.tag, Tag::Object | Tag::Button | Tag::Template)
            };
            if wall && tag != Tag::Table {
                return tagged.end;
            }
        }
        let Some(dropped) = found else {
            return tagged.end;
        };
        for open in self.open.drain(depth..) {
            if let Some(count) = self.counts.get_mut(hash(open.name)) {
                *count = count.saturating_sub(1);
            }
            if matches!(open.tag, Tag::Svg | Tag::Math) {
                self.foreign = self.foreign.saturating_sub(1);
            }
        }
        if dropped {
            self.leave_out(start, tagged.end);
        }
        tagged.end
    }

    fn start_tag(&mut self, start: usize) -> usize {
        let name = self.name(start + 1);
        let tagged = self.attributes(start + 1 + name.len());
        let tag = Tag::of_bytes(name);
        // An element, a text after it, and what formatting is opened again inside.
        self.nodes += 1 + tagged.attributes / 2;
        if tag.is_block() {
            self.nodes += self.formatting.min(self.limits.formatting);
        }
        if self.is_kept(tag, name, &tagged) {
            if let Some(cut) = tagged.cut {
                self.leave_out(cut, tagged.end.saturating_sub(1));
            }
        } else {
            self.leave_out(start, tagged.end);
        }
        if tag.is_raw() && self.foreign == 0 {
            return self.raw(tagged.end, name);
        }
        tagged.end
    }

    /// Counts a start tag as open where it stays open; `false` where it would be one too many.
    fn is_kept(&mut self, tag: Tag, name: &'a [u8], tagged: &Tagged) -> bool {
        if tag.is_void()
            || tag.ends_by_itself()
            || (self.foreign > 0 && tagged.self_closing)
            || (self.foreign == 0 && tag.is_raw())
        {
            return true;
        }
        if tag.is_formatting() {
            // A link closes the one before.
            if tag != Tag::A || self.formatting == 0 {
                self.formatting += 1;
            }
            if self.formatting > self.limits.formatting {
                return false;
            }
        }
        let dropped = self.open.len() >= self.limits.depth;
        if !dropped && matches!(tag, Tag::Svg | Tag::Math) {
            self.foreign += 1;
        }
        if let Some(count) = self.counts.get_mut(hash(name)) {
            *count += 1;
        }
        self.open.push(Open { tag, name, dropped });
        !dropped
    }

    /// From the end of a name to behind the `>`.
    fn attributes(&self, from: usize) -> Tagged {
        let bytes = self.html.as_bytes();
        let mut at = from;
        let mut tagged = Tagged {
            end: bytes.len(),
            cut: None,
            attributes: 0,
            self_closing: false,
        };
        let skip = |at: usize, stop: fn(u8) -> bool| {
            let rest = bytes.get(at..).unwrap_or_default();
            at + rest.iter().position(|byte| stop(*byte)).unwrap_or(rest.len())
        };
        loop {
            at = skip(at, |byte| !byte.is_ascii_whitespace());
            match bytes.get(at) {
                None => return tagged,
                Some(b'>') => {
                    tagged.end = at + 1;
                    return tagged;
                }
                Some(b'/') => {
                    tagged.self_closing = bytes.get(at + 1) == Some(&b'>');
                    at += 1;
                    continue;
                }
                Some(_) => {}
            }
            tagged.attributes += 1;
            if tagged.attributes == self.limits.attributes + 1 {
                tagged.cut = Some(at);
            }
            // A name may begin with `=`.
            at = skip(at + 1, |byte| {
                byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>' | b'=')
            });
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

    /// Behind the end of a raw text element: at its end tag.
    fn raw(&self, from: usize, name: &[u8]) -> usize {
        let bytes = self.html.as_bytes();
        let mut at = from;
        while let Some(rest) = bytes.get(at..) {
            let Some(found) = memchr(b'<', rest) else {
                break;
            };
            let start = at + found;
            let after = bytes.get(start + 2..).unwrap_or_default();
            if bytes.get(start + 1) == Some(&b'/')
                && after
                    .get(..name.len())
                    .is_some_and(|end| end.eq_ignore_ascii_case(name))
            {
                return self.attributes(start + 2 + name.len()).end;
            }
            at = start + 1;
        }
        bytes.len()
    }

    /// Copies what lies before and goes on behind.
    fn leave_out(&mut self, from: usize, to: usize) {
        self.out
            .push_str(self.html.get(self.copied..from).unwrap_or_default());
        self.copied = to;
    }
}

fn hash(name: &[u8]) -> usize {
    name.iter().fold(name.len(), |hash, byte| {
        hash.wrapping_mul(31) ^ usize::from(byte.to_ascii_lowercase())
    }) & 255
}
