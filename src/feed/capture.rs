//! The text of a field while its element is open, and how that text is to be read.
//!
//! A field holds text, escaped markup or bare markup, and often not what it declares. Bare markup is written down again
//! as tags without prefixes and namespaces, so that the field is HTML in the end.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::fields::FeedField;
use super::limits::{self, truncated};
use super::plain_text::{TextKind, escape_html, is_in_list};
use super::reference::decode_references;
use super::token::StartTag;

/// The field whose element is open.
#[derive(Debug)]
pub(super) struct FieldCapture {
    /// Index of its element on the stack of open elements.
    pub(super) at: usize,
    pub(super) field: FeedField,
    /// See [`ElementRole::Field`](super::fields::ElementRole::Field).
    pub(super) rank: u8,
    declared: DeclaredType,
    /// Whether its text says nothing: a link whose address is in an attribute.
    pub(super) is_mute: bool,
    /// `isPermaLink` of a `guid`; `None` if it says nothing.
    pub(super) permalink: Option<bool>,
    text: String,
    /// Whether there are elements in it: its text is markup from then on.
    has_markup: bool,
}

/// How a field says its text is to be read (RFC 4287, 3.1; Atom 0.3, 3.1). RSS does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DeclaredType {
    Nothing,
    Text,
    Html,
    Xhtml,
    /// Base64 of text, of markup, or of neither.
    Binary,
}

impl FieldCapture {
    /// Begins with the start tag of a field. `is_atom`: a field without a type is text.
    pub(super) fn new(at: usize, field: FeedField, rank: u8, tag: &StartTag<'_>, is_atom: bool) -> Self {
        Self {
            at,
            field,
            rank,
            declared: DeclaredType::of(tag, is_atom),
            is_mute: false,
            permalink: tag
                .attribute("ispermalink")
                .map(|value| !decode_references(value).trim().eq_ignore_ascii_case("false")),
            text: String::new(),
            has_markup: false,
        }
    }

    /// Adds text up to [`limits::TEXT`]; false if some was cut.
    pub(super) fn push_text(&mut self, text: &str) -> bool {
        let fitting = truncated(text, limits::TEXT.saturating_sub(self.text.len()));
        if self.has_markup && self.is_inline_markup() {
            self.text.push_str(&escape_html(fitting));
        } else {
            self.text.push_str(fitting);
        }
        fitting.len() == text.len()
    }

    /// Whether text beside the elements in it is text. Elsewhere it is escaped markup beside bare markup.
    fn is_inline_markup(&self) -> bool {
        matches!(self.declared, DeclaredType::Xhtml | DeclaredType::Text)
    }

    /// Whether the field is declared as XHTML, so that elements in it are its own.
    pub(super) fn is_xhtml(&self) -> bool {
        self.declared == DeclaredType::Xhtml
    }

    /// Adds the start tag of an element in the field, without its prefix.
    pub(super) fn push_start_tag(&mut self, tag: &StartTag<'_>, local: &str) {
        if !self.has_markup {
            if self.is_inline_markup() {
                self.text = escape_html(&self.text);
            }
            self.has_markup = true;
        }
        if self.text.len() > limits::TEXT {
            return;
        }
        self.text.extend(["<", local]);
        for (name, value) in &tag.attributes {
            if !name.starts_with("xmlns") {
                let value = escape_html(&decode_references(value));
                self.text.extend([" ", name, "=\"", &value, "\""]);
            }
        }
        self.text.push_str(if is_void(local) { "/>" } else { ">" });
    }

    /// Adds the end tag of an element in the field, without its prefix.
    pub(super) fn push_end_tag(&mut self, name: &str) {
        let local = name.split_once(':').map_or(name, |(_, local)| local);
        self.text.extend(["</", local, ">"]);
    }

    /// The text and how it is to be read; `None` if it is neither text nor markup.
    pub(super) fn finish(self) -> Option<(String, TextKind)> {
        let kind = match self.declared {
            DeclaredType::Binary => return decode_base64(&self.text).map(|text| (text, TextKind::Either)),
            DeclaredType::Text | DeclaredType::Xhtml if self.has_markup => TextKind::Html,
            DeclaredType::Html => TextKind::Html,
            // Escaped markup that is called XHTML is more common than XHTML without a tag.
            DeclaredType::Nothing | DeclaredType::Xhtml => TextKind::Either,
            DeclaredType::Text => TextKind::Text,
        };
        Some((self.text, kind))
    }
}

impl DeclaredType {
    /// Reads the attributes `type` and `mode`.
    fn of(tag: &StartTag<'_>, is_atom: bool) -> Self {
        let value = |name| tag.attribute(name).unwrap_or_default().trim().to_ascii_lowercase();
        let (mime, mode) = (value("type"), value("mode"));
        let mime = mime.split(';').next().unwrap_or_default().trim();
        if mode == "base64" {
            return Self::Binary;
        }
        match mime {
            "" if !is_atom || mode == "escaped" => Self::Nothing,
            "" | "text" | "text/plain" | "plain" => Self::Text,
            _ if mime.contains("html") && mode == "escaped" => Self::Html,
            _ if mime.contains("xhtml") || mime.ends_with("+xml") || mime.ends_with("/xml") => Self::Xhtml,
            _ if mime.contains("html") && mode == "xml" => Self::Xhtml,
            _ if mime.contains("html") => Self::Html,
            _ if mime.starts_with("text/") => Self::Text,
            "application/octet-stream" => Self::Binary,
            _ => Self::Nothing,
        }
    }
}

/// The text that Base64 stands for, in either alphabet (RFC 4648, 4 and 5); `None` if it is no text.
fn decode_base64(text: &str) -> Option<String> {
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone);
    let mut digits: Vec<u8> = text
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .take_while(|byte| *byte != b'=')
        .map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            byte => byte,
        })
        .collect();
    // A lone last digit stands for less than a byte, which no decoder accepts.
    let has_lone_digit = digits.len() % 4 == 1;
    if has_lone_digit {
        digits.push(b'A');
    }
    let mut bytes = GeneralPurpose::new(&alphabet::STANDARD, config).decode(digits).ok()?;
    if has_lone_digit {
        bytes.pop();
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

/// Whether an element of HTML has no end tag.
pub(super) fn is_void(local: &str) -> bool {
    const NAMES: &str = "br hr img input meta link area base col embed param source track wbr";
    is_in_list(local, NAMES)
}
