//! Links by which a page names itself.

use std::sync::LazyLock;

use url::Url;

use super::fields::words_of;
use super::meta::Meta;
use crate::html::{Document, NodeId, Tag};
use crate::link;
use crate::model::PageLinks;

/// What relative links of a page stand on: `<base href>` where it has one.
pub(super) fn base(meta: &Meta, page: &Url) -> Url {
    meta.base
        .as_deref()
        .and_then(|href| page.join(href).ok())
        .filter(|base| matches!(base.scheme(), "http" | "https"))
        .unwrap_or_else(|| page.clone())
}

/// `rel=shortlink`, `rel=canonical`, `og:url`; the header counts where the page does not say.
pub(super) fn of_page(meta: &Meta, base: &Url, header: Option<&str>) -> PageLinks {
    let in_header = |rel: &str| {
        header
            .into_iter()
            .flat_map(header_links)
            .find(|(rels, _)| {
                rels.split_whitespace()
                    .any(|known| known.eq_ignore_ascii_case(rel))
            })
            .and_then(|(_, target)| link::resolve(base, target))
    };
    let in_page = |rel: &str| link::resolve(base, meta.link(rel)?);
    PageLinks {
        short_link: None,
        shortlink: in_page("shortlink").or_else(|| in_header("shortlink")),
        canonical: in_page("canonical").or_else(|| in_header("canonical")),
        og_url: meta.first(&["og:url"]).and_then(|url| link::resolve(base, url)),
    }
}

/// The short link a page prints for readers: a text box or a link called so, or behind a label such as "Short link:".
/// An empty box is absent.
pub(super) fn printed(document: &Document, base: &Url) -> Option<Url> {
    // The label, and the node after which it no longer counts.
    let mut label: Option<NodeId> = None;
    for at in document.nodes() {
        match document.tag(at) {
            Tag::Text => {
                let text = document.text(at).unwrap_or_default();
                if text.len() < 200 && is_label(text) {
                    label = Some(at);
                } else if let Some(url) = label
                    .filter(|label| at.index() <= label.index() + REACH)
                    .and_then(|_| address(base, text))
                {
                    return Some(url);
                }
            }
            tag @ (Tag::Input | Tag::A) => {
                let labelled = label.is_some_and(|label| at.index() <= label.index() + REACH);
                let value = if tag == Tag::A { "href" } else { "value" };
                let url = || {
                    let value = document.attr(at, value)?.trim();
                    let like = value.starts_with("http") || value.starts_with('/');
                    like.then(|| link::resolve(base, value)).flatten()
                };
                if (labelled || is_named(document, at))
                    && let Some(url) = url()
                {
                    return Some(url);
                }
            }
            _ => {}
        }
    }
    None
}

/// Whether an element is called a short link.
fn is_named(document: &Document, at: NodeId) -> bool {
    document.attrs(at).any(|(name, value)| match name {
        // Cheap before dear: a page has hundreds of links with classes.
        "class" | "id" => {
            may_name(value)
                && words_of(value).any(|word| matches!(&*word, "shortlink" | "shorturl" | "kurzlink"))
        }
        "name" => value.eq_ignore_ascii_case("shortlink"),
        _ => false,
    })
}

/// Whether one of the words could be in a list of classes.
fn may_name(classes: &str) -> bool {
    let has = |part: &[u8]| {
        classes
            .as_bytes()
            .windows(part.len())
            .any(|here| here.eq_ignore_ascii_case(part))
    };
    has(b"tlink") || has(b"turl") || has(b"zlink")
}

/// Nodes after its label in which the short link stands.
const REACH: usize = 6;

/// Whether a text is the label of a short link: it ends with it, colon or not.
fn is_label(text: &str) -> bool {
    const LABELS: &[&str] = &[
        "short link",
        "shortlink",
        "short url",
        "kurzlink",
        "kurz-url",
        "lien court",
        "url courte",
        "enlace corto",
        "url corta",
        "link curto",
        "link breve",
        "korte link",
        "kortlänk",
        "kort lenke",
        "короткая ссылка",
        "kısa link",
        "kısa bağlantı",
        "رابط مختصر",
        "الرابط المختصر",
        "رابط قصير",
        "لینک کوتاه",
        "短链接",
        "短網址",
        "短縮url",
    ];
    // Hardly a text ends like one. Most end in ASCII.
    static ENDS: LazyLock<Vec<[Option<char>; 2]>> =
        LazyLock::new(|| LABELS.iter().map(|label| end(label)).collect());
    static PLAIN_ENDS: LazyLock<Vec<[u8; 2]>> = LazyLock::new(|| {
        let ends = LABELS.iter().filter_map(|label| label.as_bytes().last_chunk());
        ends.copied().filter(|end| end.is_ascii()).collect()
    });
    let is_behind = |byte: &u8| byte.is_ascii_whitespace() || *byte == b':';
    let behind = text.bytes().rev().take_while(is_behind).count();
    match text.as_bytes().get(..text.len() - behind) {
        Some([.., one, two]) if one.is_ascii() && two.is_ascii() => {
            if !PLAIN_ENDS.contains(&[one.to_ascii_lowercase(), two.to_ascii_lowercase()]) {
                return false;
            }
        }
        Some([] | [_]) | None => return false,
        Some(_) => {}
    }
    let text = text.trim().trim_end_matches([':', '：', ' ']);
    if !ENDS.contains(&end(text)) {
        return false;
    }
    let text = text.to_lowercase();
    LABELS.iter().any(|label| text.ends_with(label))
}

/// The last two characters of a text in lower case, the last one first.
fn end(text: &str) -> [Option<char>; 2] {
    let mut last = text.chars().rev().map(|c| c.to_lowercase().next());
    [last.next().flatten(), last.next().flatten()]
}

/// An address that is all of a text.
fn address(base: &Url, text: &str) -> Option<Url> {
    let text = text.trim();
    let whole = text.starts_with("http") && text.len() < 300 && !text.contains(char::is_whitespace);
    whole.then(|| link::resolve(base, text)).flatten()
}

/// Relations and targets of a `Link:` header (RFC 8288, 3): `<target>; rel="a b"`, parted by commas.
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
            name.trim()
                .eq_ignore_ascii_case("rel")
                .then(|| value.trim().trim_matches('"'))
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
            (
                "<p>Short link:</p><input type=text value='/News/1'>",
                Some("https://a.example/News/1"),
            ),
            (
                "<input class='text_inner_ShortLink' value='https://s.example/1'>",
                Some("https://s.example/1"),
            ),
            (
                "<span>Kurzlink:</span> <a href='https://s.example/2'>kopieren</a>",
                Some("https://s.example/2"),
            ),
            (
                "<b>Short URL</b> <i>https://s.example/3</i>",
                Some("https://s.example/3"),
            ),
            ("<p>Short link:</p><input type=text value=''><p>Other</p>", None),
            ("<script>'Short link:'</script><p>https://s.example/4</p>", None),
            ("<p>https://s.example/5</p>", None),
        ] {
            let document = Document::parse(html, &crate::html::ParseLimits::default()).unwrap();
            let found = printed(&document, &base).map(|url| url.to_string());
            assert_eq!(found.as_deref(), expected, "{html}");
        }
    }

    #[test]
    fn the_header_is_read_as_lists_of_relations() {
        let header = "<https://s.example/a>; title=\"x\"; rel=shortlink, </b?c=1,2>; rel=\"canonical next\"";
        assert_eq!(
            header_links(header),
            [
                ("shortlink", "https://s.example/a"),
                ("canonical next", "/b?c=1,2")
            ]
        );
        assert_eq!(header_links("<<>;rel"), []);
    }
}
