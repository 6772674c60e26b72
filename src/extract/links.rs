//! The URLs by which a page names itself: canonical, short link, `og:url`; and the base of its relative links.
//!
//! They are the identity of an article (see the `identity` module), so only declared or printed ones are taken, never
//! guessed ones. All are absolute, `http` or `https`, and without credentials ([`link::resolve`]).

use url::Url;

use super::page_meta::PageMeta;
use super::words::class_words;
use crate::html::{Document, NodeId, Tag};
use crate::link;
use crate::model::PageLinks;

/// Labels of short links, in lower case.
#[rustfmt::skip]
const LABELS: &[&str] = &[
    "short link", "shortlink", "short url", "kurzlink", "kurz-url", "lien court", "url courte", "enlace corto",
    "url corta", "link curto", "link breve", "korte link", "kortlänk", "kort lenke", "короткая ссылка",
    "kısa link", "kısa bağlantı", "رابط مختصر", "الرابط المختصر", "رابط قصير", "لینک کوتاه", "短链接", "短網址",
    "短縮url",
];

/// Bytes: a longer text is no label.
const LONGEST_LABEL: usize = 200;

/// Bytes: a longer text is no URL.
const LONGEST_URL: usize = 300;

/// Nodes after its label in which the short link stands.
const LABEL_DISTANCE: usize = 6;

/// The base of a page's relative links: `<base href>`, else its own URL.
pub(super) fn base(meta: &PageMeta, page_url: &Url) -> Url {
    meta.base
        .as_deref()
        .and_then(|href| page_url.join(href).ok())
        .filter(|base| matches!(base.scheme(), "http" | "https"))
        .unwrap_or_else(|| page_url.clone())
}

/// `rel=shortlink`, `rel=canonical` and `og:url`. A relation of the `Link:` header counts where the page has none.
pub(super) fn page_links(meta: &PageMeta, base: &Url, link_header: Option<&str>) -> PageLinks {
    let in_header = |rel: &str| {
        let mut links = link_header.into_iter().flat_map(header_links);
        let (_, target) =
            links.find(|(rels, _)| rels.split_whitespace().any(|known| known.eq_ignore_ascii_case(rel)))?;
        link::resolve(base, target)
    };
    let in_page = |rel: &str| link::resolve(base, meta.link(rel)?);
    PageLinks {
        short_link: None,
        shortlink: in_page("shortlink").or_else(|| in_header("shortlink")),
        canonical: in_page("canonical").or_else(|| in_header("canonical")),
        og_url: meta.first(&["og:url"]).and_then(|url| link::resolve(base, url)),
        amp: in_page("amphtml"),
    }
}

/// The short link that a page prints for its readers: the value of a text box or a link that is named so, or what stands
/// behind a label such as "Short link:". An empty box gives none.
pub(super) fn printed_short_link(document: &Document, base: &Url) -> Option<Url> {
    // The last label that was met.
    let mut label: Option<NodeId> = None;
    for at in document.nodes() {
        let is_labelled = || label.is_some_and(|label| at.index() <= label.index() + LABEL_DISTANCE);
        let url = match document.tag(at) {
            Tag::Text => {
                let text = document.text(at).unwrap_or_default();
                if text.len() < LONGEST_LABEL && is_label(text) {
                    label = Some(at);
                    None
                } else {
                    is_labelled().then(|| url_of_text(base, text)).flatten()
                }
            }
            tag @ (Tag::Input | Tag::A) => {
                let attribute = if tag == Tag::A { "href" } else { "value" };
                (is_labelled() || is_short_link(document, at))
                    .then(|| document.attr(at, attribute))
                    .flatten()
                    .map(str::trim)
                    .filter(|value| value.starts_with("http") || value.starts_with('/'))
                    .and_then(|value| link::resolve(base, value))
            }
            _ => None,
        };
        if url.is_some() {
            return url;
        }
    }
    None
}

/// True if an element is named a short link.
fn is_short_link(document: &Document, at: NodeId) -> bool {
    let is_named = document.attr(at, "name").is_some_and(|name| name.eq_ignore_ascii_case("shortlink"));
    is_named || class_words(document, at).any(|word| matches!(&*word, "shortlink" | "shorturl" | "kurzlink"))
}

/// True if a text ends with the label of a short link, with or without a colon.
fn is_label(text: &str) -> bool {
    let text = text.trim().trim_end_matches([':', '：', ' ']).to_lowercase();
    LABELS.iter().any(|label| text.ends_with(label))
}

/// The URL that is all of a text.
fn url_of_text(base: &Url, text: &str) -> Option<Url> {
    let text = text.trim();
    let is_url = text.starts_with("http") && text.len() < LONGEST_URL && !text.contains(char::is_whitespace);
    is_url.then(|| link::resolve(base, text)).flatten()
}

/// Relations and targets of a `Link:` header (RFC 8288, section 3): `<target>; rel="a b"`, separated by commas.
fn header_links(header: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = header;
    while let Some((_, after)) = rest.split_once('<') {
        let Some((target, after)) = after.split_once('>') else {
            break;
        };
        let parameters = after.split_once('<').map_or(after, |(before, _)| before);
        let rel = parameters.split([';', ',']).find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.trim().eq_ignore_ascii_case("rel").then(|| value.trim().trim_matches('"'))
        });
        if let Some(rel) = rel {
            found.push((rel, target.trim()));
        }
        rest = after;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_link_in_a_box_or_behind_its_label() {
        let base = Url::parse("https://a.example/long/path").unwrap();
        for (html, expected) in [
            ("<p>Short link:</p><input type=text value='/News/1'>", Some("https://a.example/News/1")),
            ("<input class='text_inner_ShortLink' value='https://s.example/1'>", Some("https://s.example/1")),
            (
                "<span>Kurzlink:</span> <a href='https://s.example/2'>kopieren</a>",
                Some("https://s.example/2"),
            ),
            ("<b>Short URL</b> <i>https://s.example/3</i>", Some("https://s.example/3")),
            ("<p>Short link:</p><input type=text value=''><p>Other</p>", None),
            ("<script>'Short link:'</script><p>https://s.example/4</p>", None),
            ("<p>https://s.example/5</p>", None),
        ] {
            let document = Document::parse(html, &crate::html::ParseLimits::default()).unwrap();
            let found = printed_short_link(&document, &base).map(|url| url.to_string());
            assert_eq!(found.as_deref(), expected, "{html}");
        }
    }

    #[test]
    fn the_header_is_read_as_lists_of_relations() {
        let header = "<https://s.example/a>; title=\"x\"; rel=shortlink, </b?c=1,2>; rel=\"canonical next\"";
        assert_eq!(
            header_links(header),
            [("shortlink", "https://s.example/a"), ("canonical next", "/b?c=1,2")]
        );
        assert_eq!(header_links("<<>;rel"), []);
    }
}
