//! Links by which a page names itself.

use url::Url;

use super::meta::Meta;
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
