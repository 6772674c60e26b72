//! What may stand in the HTML we write: elements, attributes, addresses.

use std::collections::HashSet;
use std::sync::LazyLock;

use memchr::memchr_iter;
use url::Url;

use super::limits::ParseLimits;
use super::quick;
use super::steps::Steps;
use super::tag::Tag;

/// Absolute http or https.
pub(super) fn web(base: &Url, href: &str) -> Option<Url> {
    let href = href.trim();
    if href.is_empty() || href.len() > 4096 {
        return None;
    }
    let url = base.join(href).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}

/// Whether a URL may stand in what we write.
pub(super) fn is_web_or_mail(url: &str) -> bool {
    ["http://", "https://", "mailto:"]
        .iter()
        .any(|scheme| url.starts_with(scheme))
}

/// Attributes that may stand in what we write, by element; none at the others.
const ATTRIBUTES: &[(Tag, &[&str])] = &[
    (Tag::A, &["href"]),
    (Tag::Img, &["src", "alt", "width", "height"]),
    (Tag::Ol, &["start"]),
    (Tag::Td, &["colspan", "rowspan"]),
    (Tag::Th, &["colspan", "rowspan"]),
    (Tag::Time, &["datetime"]),
];

/// Holds what was written to the lists here: it is parsed again, and where anything in its tree is none of them, ammonia
/// makes it so.
pub(super) fn clean(html: String) -> String {
    if is_clean(&html) { html } else { sanitised(&html) }
}

/// Whether a browser would make of it the tree that is written: of nothing but what may stand there, each element where
/// its tag is.
pub(super) fn is_clean(html: &str) -> bool {
    let mut tags = 0;
    for at in memchr_iter(b'<', html.as_bytes()) {
        match html.as_bytes().get(at + 1) {
            Some(b'/') => {}
            Some(byte) if byte.is_ascii_alphabetic() => tags += 1,
            // Comments and instructions are in no tree.
            _ => return false,
        }
    }
    let Ok(document) = quick::parse(html, &ParseLimits::default(), &Steps::new(u32::MAX)) else {
        return false;
    };
    let mut elements = 0;
    let is_known = document.nodes().all(|at| match document.tag(at) {
        Tag::Text => true,
        // The parser's own.
        Tag::Html | Tag::Head | Tag::Body => document.attrs(at).next().is_none(),
        tag => {
            elements += 1;
            may_stand(tag) && document.attrs(at).all(|(name, value)| has(tag, name, value))
        }
    });
    is_known && elements == tags
}

fn may_stand(tag: Tag) -> bool {
    matches!(tag, Tag::A | Tag::Img | Tag::Br | Tag::Hr)
        || [BLOCKS, PARTS, INLINE].iter().any(|tags| tags.contains(&tag))
}

fn has(tag: Tag, name: &str, value: &str) -> bool {
    let known = ATTRIBUTES.iter().find(|(known, _)| *known == tag);
    known.is_some_and(|(_, names)| names.contains(&name))
        && (!matches!(name, "href" | "src") || is_web_or_mail(value))
}

pub(super) fn sanitised(html: &str) -> String {
    static GUARD: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
        let tags = BLOCKS.iter().chain(PARTS).chain(INLINE).map(|tag| tag.name());
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
    GUARD.clean(html).to_string()
}

/// Blocks that hold text.
pub(super) const BLOCKS: &[Tag] = &[
    Tag::P,
    Tag::H1,
    Tag::H2,
    Tag::H3,
    Tag::H4,
    Tag::H5,
    Tag::H6,
    Tag::Li,
    Tag::Pre,
    Tag::Td,
    Tag::Th,
    Tag::Dt,
    Tag::Dd,
    Tag::Figcaption,
    Tag::Caption,
];

/// Blocks that hold blocks.
pub(super) const PARTS: &[Tag] = &[
    Tag::Ul,
    Tag::Ol,
    Tag::Dl,
    Tag::Blockquote,
    Tag::Figure,
    Tag::Table,
    Tag::Thead,
    Tag::Tbody,
    Tag::Tfoot,
    Tag::Tr,
];

/// Elements within a text.
pub(super) const INLINE: &[Tag] = &[
    Tag::B,
    Tag::Strong,
    Tag::I,
    Tag::Em,
    Tag::U,
    Tag::S,
    Tag::Del,
    Tag::Ins,
    Tag::Sub,
    Tag::Sup,
    Tag::Code,
    Tag::Kbd,
    Tag::Samp,
    Tag::Var,
    Tag::Q,
    Tag::Cite,
    Tag::Abbr,
    Tag::Mark,
    Tag::Small,
    Tag::Time,
];

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
            assert_eq!(sanitised(html), html);
        }
        for html in [
            "<script>x</script>",
            "<p onclick=\"x\">y</p>",
            "<a href=\"javascript:x\">y</a>",
            "<a href=\"/x\">y</a>",
            "<img src=\"data:image/png;base64,x\">",
            "<div>x</div>",
            "<svg><p>x</p></svg>",
            "<p style=\"x\">y</p>",
            "<!-- x -->",
            "<?x>",
            "<body onload=x>",
            "<math><mi>x</mi></math>",
            "<textarea><p>x</p>",
            "<p>x<plaintext>",
            "<td>x</td>",
            "<table><tr><td>x</td></tr></table>",
            "<table><br></table>",
        ] {
            assert!(!is_clean(html), "{html}");
            assert!(is_clean(&clean(html.to_owned())), "{html}");
        }
    }
}
