//! Names of HTML elements as an enum, and groups of elements (WHATWG HTML, 13.1.2 and 15.3).
//!
//! A page has thousands of tags, so a name is looked up by a perfect hash of its last eight bytes, without a copy.
//! Elements that are not in the table, such as custom elements, are [`Tag::Other`]; the document has their names.

/// Declares [`Tag`] and its names in one table.
macro_rules! tags {
    ($($variant:ident $name:literal),* $(,)?) => {
        /// A known name of an HTML element. [`Tag::Text`] stands for a text node, which has none.
        #[allow(missing_docs, reason = "each variant is the element of that name")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Tag { $($variant),*, /** Any other element. */ Other, /** Text. */ Text }

        impl Tag {
            /// Packed names and tags, in alphabetical order.
            const NAMES: &[((u64, u8), Self)] = &[$((packed($name), Self::$variant)),*];

            /// Lower-case name; empty for [`Tag::Other`] and [`Tag::Text`].
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* Self::Other | Self::Text => "" }
            }
        }
    };
}

/// A name as a number, its last eight bytes, and its length.
#[allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "`get` and `try_from` are not for constants; names are short"
)]
const fn packed(name: &str) -> (u64, u8) {
    let bytes = name.as_bytes();
    let (mut number, mut at) = (0, 0);
    while at < bytes.len() {
        number = number << 8 | bytes[at] as u64;
        at += 1;
    }
    (number, at as u8)
}

/// Size of the hash table that finds a tag by its packed name.
const SLOTS: usize = 1024;

/// The slot of a packed name. The factor was searched so that no two names have the same slot.
#[allow(clippy::cast_possible_truncation, reason = "ten bits are left")]
const fn slot(number: u64) -> usize {
    (number.wrapping_mul(0x5a39_8ec0_5fc1_803d) >> 54) as usize
}

#[allow(clippy::indexing_slicing, reason = "done while compiling, where a wrong index is an error")]
static TABLE: [(u64, u8, Tag); SLOTS] = {
    let mut table = [(0, 0, Tag::Other); SLOTS];
    let mut next = 0;
    while next < Tag::NAMES.len() {
        let ((number, length), tag) = Tag::NAMES[next];
        assert!(table[slot(number)].1 == 0, "another factor is needed");
        table[slot(number)] = (number, length, tag);
        next += 1;
    }
    table
};

/// The lower-case byte for each byte of a tag name; 0 for bytes that end the name.
#[allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "done while compiling, of 256 bytes"
)]
static LOWER: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < table.len() {
        if !matches!(byte as u8, b'\t' | b'\n' | b'\x0c' | b'\r' | b' ' | b'/' | b'>') {
            table[byte] = (byte as u8).to_ascii_lowercase();
        }
        byte += 1;
    }
    table
};

tags! {
    A "a", Abbr "abbr", Acronym "acronym", Address "address", Amp "amp-img", Applet "applet", Area "area", Article "article",
    Aside "aside", Audio "audio", B "b", Base "base", Basefont "basefont", Bdi "bdi", Bdo "bdo", Bgsound "bgsound", Big "big", Blockquote "blockquote",
    Body "body", Br "br", Button "button", Canvas "canvas", Caption "caption", Center "center", Cite "cite",
    Code "code", Col "col", Colgroup "colgroup", Data "data", Datalist "datalist", Dd "dd", Del "del",
    Details "details", Dfn "dfn", Dialog "dialog", Dir "dir", Div "div", Dl "dl", Dt "dt", Em "em", Embed "embed",
    Fieldset "fieldset", Figcaption "figcaption", Figure "figure", Font "font", Footer "footer", Form "form",
    Frame "frame", Frameset "frameset", H1 "h1", H2 "h2", H3 "h3", H4 "h4", H5 "h5", H6 "h6", Head "head",
    Header "header", Hgroup "hgroup", Hr "hr", Html "html", I "i", Iframe "iframe", Image "image", Img "img", Input "input",
    Ins "ins", Isindex "isindex", Kbd "kbd", Keygen "keygen", Label "label", Legend "legend", Li "li", Link "link", Listing "listing", Main "main", Map "map", Mark "mark",
    Marquee "marquee", Math "math", Menu "menu", Meta "meta", Meter "meter", Nav "nav", Nobr "nobr",
    Noembed "noembed", Noframes "noframes", Noscript "noscript", Object "object", Ol "ol", Optgroup "optgroup",
    Option "option", Output "output", P "p", Param "param", Picture "picture", Plaintext "plaintext", Pre "pre",
    Progress "progress", Q "q", Rb "rb", Rp "rp", Rt "rt", Rtc "rtc", Ruby "ruby", S "s", Samp "samp",
    Script "script", Search "search", Section "section", Select "select", Slot "slot", Small "small",
    Source "source", Span "span", Strike "strike", Strong "strong", Style "style", Sub "sub", Summary "summary",
    Sup "sup", Svg "svg", Table "table", Tbody "tbody", Td "td", Template "template", Textarea "textarea",
    Tfoot "tfoot", Th "th", Thead "thead", Time "time", Title "title", Tr "tr", Track "track", Tt "tt", U "u",
    Ul "ul", Var "var", Video "video", Wbr "wbr", Xmp "xmp",
}

/// A set of tags. Made from a list while compiling; asking it is a test of one bit.
#[derive(Clone, Copy)]
pub(super) struct TagSet([u64; 3]);

impl TagSet {
    #[allow(clippy::indexing_slicing, reason = "done while compiling, where a wrong index is an error")]
    /// The set of some tags.
    pub(super) const fn of(tags: &[Tag]) -> Self {
        let mut bits = [0; 3];
        let mut next = 0;
        while next < tags.len() {
            let tag = tags[next] as usize;
            bits[tag / 64] |= 1 << (tag % 64);
            next += 1;
        }
        Self(bits)
    }

    /// The tags of the set, in alphabetical order.
    pub(super) fn tags(self) -> impl Iterator<Item = Tag> {
        let known = Tag::NAMES.iter().map(|(_, tag)| *tag);
        known.filter(move |tag| self.contains(*tag))
    }

    /// Whether a tag is in the set.
    pub(super) fn contains(self, tag: Tag) -> bool {
        let tag = tag as usize;
        self.0.get(tag / 64).is_some_and(|bits| bits & (1 << (tag % 64)) != 0)
    }
}

/// A [`TagSet`] of the tags listed.
macro_rules! tag_set {
    ($($tag:ident)*) => { $crate::html::tag::TagSet::of(&[$($crate::html::tag::Tag::$tag),*]) };
}
pub(super) use tag_set;

const VOID: TagSet = tag_set! {
    Area Base Br Col Embed Frame Hr Img Input Link Meta Param Source Track Wbr
};

const OPTIONAL_END: TagSet = tag_set! {
    P Li Dt Dd Option Optgroup Tr Td Th Tbody Thead Tfoot Colgroup Rb Rp Rt Rtc Html Head Body
};

const FORMATTING: TagSet = tag_set! {
    A B Big Code Em Font I Nobr S Small Strike Strong Tt U
};

const RAW_TEXT: TagSet = tag_set! {
    Script Style Textarea Title Xmp Iframe Noembed Noframes Noscript
};

const NO_TEXT: TagSet = tag_set! {
    Script Style Template Noscript Noframes Noembed Iframe Object Applet Embed Svg Math Canvas Audio Video Head
    Textarea Select Datalist Input Button Meter Progress Rp Rt Rtc
};

const BLOCKS: TagSet = tag_set! {
    Address Article Aside Blockquote Body Caption Center Dd Details Dialog Dir Div Dl Dt Fieldset Figcaption Figure
    Footer Form H1 H2 H3 H4 H5 H6 Header Hgroup Hr Html Legend Li Main Marquee Menu Nav Ol Optgroup Option P
    Plaintext Pre Search Section Summary Table Tbody Td Tfoot Th Thead Tr Ul Xmp
};

impl Tag {
    /// The tag of a lower-case name.
    pub fn of(name: &str) -> Self {
        let number = name.bytes().fold(0, |number, byte| number << 8 | u64::from(byte));
        Self::packed(number, name.as_bytes(), name.len())
    }

    /// The tag of a name in any case.
    pub(super) fn of_bytes(name: &[u8]) -> Self {
        let (tag, length) = Self::at_start(name);
        if length == name.len() { tag } else { Self::Other }
    }

    /// The tag of the name at the start of `text`, in any case, and the length of the name in bytes.
    #[inline]
    pub(super) fn at_start(text: &[u8]) -> (Self, usize) {
        let (mut number, mut length) = (0, 0);
        while let Some(lower) = text.get(length).and_then(|byte| LOWER.get(usize::from(*byte)))
            && *lower != 0
        {
            number = number << 8 | u64::from(*lower);
            length += 1;
        }
        (Self::packed(number, text, length), length)
    }

    /// The tag by the last eight bytes of its name in lower case; `text` begins with the whole name.
    #[inline]
    fn packed(number: u64, text: &[u8], length: usize) -> Self {
        let is_whole = |tag: Self| {
            let name = text.get(..length).unwrap_or_default();
            length <= 8 || name.eq_ignore_ascii_case(tag.name().as_bytes())
        };
        match TABLE.get(slot(number)) {
            Some((known, long, tag))
                if *known == number && usize::from(*long) == length && is_whole(*tag) =>
            {
                *tag
            }
            _ => Self::Other,
        }
    }

    /// Elements without an end tag.
    pub fn is_void(self) -> bool {
        VOID.contains(self)
    }

    /// Elements whose end tag is optional: they close each other, so that they nest only through other elements.
    pub(super) fn has_optional_end(self) -> bool {
        OPTIONAL_END.contains(self)
    }

    /// Formatting elements: the parser opens them again in every block until they are closed (13.2.4.3).
    pub(super) fn is_formatting(self) -> bool {
        FORMATTING.contains(self)
    }

    /// Elements that the tokenizer reads as text up to their end tag.
    pub(super) fn has_raw_text(self) -> bool {
        RAW_TEXT.contains(self)
    }

    /// Elements that show a reader no text of an article: scripts, media, form controls, the head, ruby annotations.
    pub fn has_no_text(self) -> bool {
        NO_TEXT.contains(self)
    }

    /// Elements that begin on a new line.
    pub fn is_block(self) -> bool {
        BLOCKS.contains(self)
    }

    /// `h1` to `h6`, as 1 to 6.
    pub fn heading(self) -> Option<u8> {
        Some(match self {
            Self::H1 => 1,
            Self::H2 => 2,
            Self::H3 => 3,
            Self::H4 => 4,
            Self::H5 => 5,
            Self::H6 => 6,
            _ => return None,
        })
    }
}
