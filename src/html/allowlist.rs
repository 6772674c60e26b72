//! What HTML that we write may contain: elements, attributes, schemes of URLs. And the check of what was written.
//!
//! The check parses the HTML again. Only HTML that a browser parses into the same elements passes, so that markup which
//! changes its meaning between two parsers ("mutation XSS") does not.

use std::collections::HashSet;
use std::sync::LazyLock;

use memchr::memchr_iter;
use url::Url;

use super::limits::ParseLimits;
use super::quick;
use super::tag::{Tag, TagSet, tag_set};

/// Longest URL of a link or image, in bytes.
const MAX_URL: usize = 4096;

/// Blocks that hold text.
pub(super) const TEXT_BLOCKS: TagSet = tag_set! {
    P H1 H2 H3 H4 H5 H6 Li Pre Td Th Dt Dd Figcaption Caption
};

/// Blocks that hold blocks.
pub(super) const CONTAINERS: TagSet = tag_set! {
    Ul Ol Dl Blockquote Figure Table Thead Tbody Tfoot Tr
};

/// Elements within a text, `<a>` aside.
pub(super) const INLINE: TagSet = tag_set! {
    B Strong I Em U S Del Ins Sub Sup Code Kbd Samp Var Q Cite Abbr Mark Small Time
};

/// The allowed attributes of an element; elements that are not here have none.
const ATTRIBUTES: &[(Tag, &[&str])] = &[
    (Tag::A, &["href"]),
    (Tag::Img, &["src", "alt", "width", "height"]),
    (Tag::Ol, &["start"]),
    (Tag::Td, &["colspan", "rowspan"]),
    (Tag::Th, &["colspan", "rowspan"]),
    (Tag::Time, &["datetime"]),
];

/// Resolves a link or image; `None` unless it is http or https.
pub(super) fn web_url(base: &Url, href: &str) -> Option<Url> {
    let href = href.trim();
    if href.is_empty() || href.len() > MAX_URL {
        return None;
    }
    let url = base.join(href).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}

/// Whether an absolute URL has one of the allowed schemes.
pub(super) fn is_web_or_mail(url: &str) -> bool {
    ["http://", "https://", "mailto:"].iter().any(|scheme| url.starts_with(scheme))
}

/// Ensures that HTML has only what is allowed: HTML that does not pass [`is_clean`] goes through ammonia.
pub(super) fn ensure_clean(html: String) -> String {
    if is_clean(&html) { html } else { clean(&html) }
}

/// Whether HTML has only what is allowed, and a browser builds exactly the elements whose tags are written. Ammonia
/// then leaves it as it is, but takes as long as html5ever and a serializer.
fn is_clean(html: &str) -> bool {
    let mut tags = 0;
    for at in memchr_iter(b'<', html.as_bytes()) {
        match html.as_bytes().get(at + 1) {
            Some(b'/') => {}
            Some(byte) if byte.is_ascii_alphabetic() => tags += 1,
            // Comments and processing instructions are in no tree.
            _ => return false,
        }
    }
    let Some(document) = quick::parse(html, &ParseLimits::default()) else {
        return false;
    };
    let mut elements = 0;
    let is_allowed = document.nodes().all(|id| match document.tag(id) {
        Tag::Text => true,
        // The parser adds these.
        Tag::Html | Tag::Head | Tag::Body => document.attrs(id).next().is_none(),
        tag => {
            elements += 1;
            is_allowed_element(tag)
                && document.attrs(id).all(|(name, value)| is_allowed_attribute(tag, name, value))
        }
    });
    is_allowed && elements == tags
}

/// Whether an element may be written.
fn is_allowed_element(tag: Tag) -> bool {
    matches!(tag, Tag::A | Tag::Img | Tag::Br | Tag::Hr)
        || [TEXT_BLOCKS, CONTAINERS, INLINE].iter().any(|tags| tags.contains(tag))
}

/// Whether an attribute may be written; URLs need an allowed scheme.
fn is_allowed_attribute(tag: Tag, name: &str, value: &str) -> bool {
    let allowed = ATTRIBUTES.iter().find(|(element, _)| *element == tag);
    allowed.is_some_and(|(_, names)| names.contains(&name))
        && (!matches!(name, "href" | "src") || is_web_or_mail(value))
}

/// Removes everything that is not allowed. Done by ammonia.
pub(super) fn clean(html: &str) -> String {
    static CLEANER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
        let tags = [TEXT_BLOCKS, CONTAINERS, INLINE].into_iter().flat_map(TagSet::tags).map(Tag::name);
        let mut builder = ammonia::Builder::empty();
        builder
            .tags(tags.chain(["a", "img", "br", "hr"]).collect::<HashSet<_>>())
            .clean_content_tags(HashSet::from(["script", "style"]))
            .url_schemes(HashSet::from(["http", "https", "mailto"]))
            .url_relative(ammonia::UrlRelative::Deny)
            .link_rel(None);
        for (tag, names) in ATTRIBUTES {
            builder.add_tag_attributes(tag.name(), names.iter().copied());
        }
        builder
    });
    CLEANER.clean(html).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_clean_is_what_ammonia_leaves_as_it_is() {
        for html in [
            "",
            "text &amp; more",
            "<p>One <b>two</b> <a href=\"https://x.example/\">three</a></p><ul><li>four</li></ul>",
            "<figure><img src=\"https://x.example/a.jpg\" alt=\"A\"><figcaption>B</figcaption></figure>",
            "<table><tbody><tr><td colspan=\"2\">x</td></tr></tbody></table>",
        ] {
            assert!(is_clean(html), "{html}");
            assert_eq!(clean(html), html);
        }
        for html in [
            "<script>x</script>", "<p onclick=\"x\">y</p>", "<a href=\"javascript:x\">y</a>",
            "<a href=\"/x\">y</a>", "<img src=\"data:image/png;base64,x\">", "<div>x</div>",
            "<svg><p>x</p></svg>", "<p style=\"x\">y</p>", "<!-- x -->", "<?x>", "<body onload=x>",
            "<math><mi>x</mi></math>", "<textarea><p>x</p>", "<p>x<plaintext>", "<td>x</td>",
            "<table><tr><td>x</td></tr></table>", "<table><br></table>",
        ] {
            assert!(!is_clean(html), "{html}");
            assert!(is_clean(&ensure_clean(html.to_owned())), "{html}");
        }
    }
}
