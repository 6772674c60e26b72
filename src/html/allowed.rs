//! What may stand in the HTML we write: elements, attributes, addresses. Ammonia holds the result to it.

use std::collections::HashSet;
use std::sync::LazyLock;

use url::Url;

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

/// Holds what was written to the lists here.
pub(super) fn clean(html: &str) -> String {
    static GUARD: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
        let tags = BLOCKS.iter().chain(PARTS).chain(INLINE).map(|tag| tag.name());
        let mut builder = ammonia::Builder::empty();
        builder
            .tags(tags.chain(["a", "img", "br", "hr"]).collect::<HashSet<_>>())
            .clean_content_tags(HashSet::from(["script", "style"]))
            .url_schemes(HashSet::from(["http", "https", "mailto"]))
            .url_relative(ammonia::UrlRelative::Deny)
            .link_rel(None)
            .add_tag_attributes("a", ["href"])
            .add_tag_attributes("img", ["src", "alt", "width", "height"])
            .add_tag_attributes("ol", ["start"])
            .add_tag_attributes("td", ["colspan", "rowspan"])
            .add_tag_attributes("th", ["colspan", "rowspan"])
            .add_tag_attributes("time", ["datetime"]);
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
