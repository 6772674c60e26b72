//! The next page of an article, found by its link: an address that differs from this page's by a page number only, one
//! higher, in a link that is made like those of a pager.

use memchr::memmem;
use url::Url;

use super::meta::Meta;
use crate::html::{Document, NodeId, Tag, text_line};
use crate::link;

/// Names of query parameters that number the pages of one article.
const PARAMETERS: &[&str] = &[
    "page",
    "p",
    "pg",
    "pagina",
    "seite",
    "pagenum",
    "pageno",
    "pagenumber",
    "page_no",
    "paged",
    "sida",
    "side",
    "strona",
];

/// Words that stand before a page number in a path.
const WORDS: &[&str] = &[
    "page", "pages", "p", "pg", "pagina", "página", "seite", "sida", "side", "strona", "str", "sivu",
    "sayfa", "s",
];

/// Parts of classes and ids of pagers.
const PAGERS: &[&str] = &[
    "pagin",
    "pager",
    "paging",
    "pagenav",
    "nextpage",
    "next-page",
    "next_page",
    "page-link",
    "page-num",
    "pagelink",
    "page-break",
    "multipage",
];

/// Highest number of a page.
const HIGHEST: u32 = 99;

/// The address of the next page of the article, where the page links to it.
pub(super) fn next(document: &Document, meta: &Meta, base: &Url, page: &Url) -> Option<Url> {
    let own = readings(page);
    let stem = memmem::Finder::new(stem(page));
    let host = link::host(page);
    let follows = |url: &Url| is_next(&own, &numbers(url)) && link::host(url) == host;
    if let Some(url) = meta.link("next").and_then(|href| link::resolve(base, href))
        && follows(&url)
    {
        return Some(url);
    }
    document
        .nodes()
        .filter(|at| document.tag(*at) == Tag::A)
        .find_map(|at| {
            let href = document.attr(at, "href")?;
            // Cheap before dear: most links of a page lead to other stories.
            let is_relative = href.len() < SHORT && !href.starts_with('/');
            let may_be = is_relative || href.starts_with('?') || stem.find(href.as_bytes()).is_some();
            if !may_be || !href.bytes().any(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let url = link::resolve(base, href).filter(follows)?;
            is_of_pager(document, at).then_some(url)
        })
}

/// Bytes under which a link may be relative to the page itself, such as `page/2`.
const SHORT: usize = 12;

/// What links to other pages of the same article have in common with its address: the last part of its path that is not
/// all page number. A story that is named by a number above [`HIGHEST`] is named by that.
fn stem(page: &Url) -> &str {
    let path = page.path().trim_end_matches('/');
    path.rsplit('/')
        .map(|segment| {
            let name = segment.split('.').next().unwrap_or(segment);
            let before = name.trim_end_matches(|c: char| c.is_ascii_digit());
            match number(name.get(before.len()..).unwrap_or_default()) {
                Some(_) => before.trim_end_matches(['-', '_', ',']),
                None => name,
            }
        })
        .find(|name| !name.is_empty() && !WORDS.contains(name))
        .unwrap_or_default()
}

/// Whether a link says that it leads to a page: `rel=next`, a bare number, or the names of a pager around it.
fn is_of_pager(document: &Document, at: NodeId) -> bool {
    let has_next = |name: &str| {
        document.attr(at, name).is_some_and(|value| {
            value
                .split_whitespace()
                .any(|word| word.eq_ignore_ascii_case("next"))
        })
    };
    if has_next("rel") || has_next("class") {
        return true;
    }
    let text = text_line(document, at);
    if text.len() <= 2 && text.parse::<u32>().is_ok() {
        return true;
    }
    std::iter::once(at)
        .chain(document.ancestors(at).take(4))
        .any(|at| {
            ["class", "id"].iter().any(|name| {
                document.attr(at, name).is_some_and(|value| {
                    let value = value.to_ascii_lowercase();
                    PAGERS.iter().any(|pager| value.contains(pager))
                })
            })
        })
}

/// An address without its page number, and the number: all ways to read it so, the address as it is first.
type Numbered = Vec<(String, Option<u32>)>;

/// Whether one reading of an address is that of the page after another. The first page often has no number, and the
/// second is then 2, or 1 where pages are counted from 0.
fn is_next(own: &Numbered, other: &Numbered) -> bool {
    other.iter().any(|(theirs, number)| {
        number.is_some_and(|number| {
            own.iter().any(|(ours, at)| {
                ours == theirs
                    && match at {
                        Some(at) => number == at + 1,
                        None => number == 2 || number == 1 && theirs.ends_with('='),
                    }
            })
        })
    })
}

/// All readings of this page's own address.
fn readings(url: &Url) -> Numbered {
    let path = url.path().trim_end_matches('/');
    let query = url.query().unwrap_or_default();
    let mut found = vec![(whole(path, query), None)];
    // The first page often lacks the parameter of its number.
    for name in PARAMETERS {
        if !url
            .query_pairs()
            .any(|(known, _)| known.eq_ignore_ascii_case(name))
        {
            found.push((format!("{}{name}=", whole(path, query)), None));
        }
    }
    found.extend(numbers(url));
    found
}

fn whole(path: &str, query: &str) -> String {
    format!("{}?{query}", path.trim_end_matches('/').to_lowercase())
}

/// The readings of an address that have a number.
fn numbers(url: &Url) -> Numbered {
    let path = url.path().trim_end_matches('/');
    let query = url.query().unwrap_or_default();
    let mut found = Vec::new();
    // `?page=2`; its name stays, so that it is known as a parameter.
    for (name, value) in url.query_pairs() {
        if let Some(number) = number(&value)
            && PARAMETERS.contains(&name.to_lowercase().as_str())
        {
            let rest: Vec<&str> = query
                .split('&')
                .filter(|pair| pair.split('=').next() != Some(&*name))
                .collect();
            found.push((
                format!("{}{}=", whole(path, &rest.join("&")), name.to_lowercase()),
                Some(number),
            ));
        }
    }
    let (folder, last) = path.rsplit_once('/').unwrap_or(("", path));
    let (stem, extension) = match last.rsplit_once('.') {
        Some((stem, extension))
            if (3..6).contains(&extension.len()) && !extension.contains(char::is_numeric) =>
        {
            (stem, last.get(stem.len()..).unwrap_or_default())
        }
        _ => (last, ""),
    };
    // `/story/2`, `/story/page/2`, `/story/page2`.
    if let Some(number) = number(stem) {
        found.push((whole(folder, query), Some(number)));
        if let Some((outer, word)) = folder.rsplit_once('/')
            && WORDS.contains(&word.to_lowercase().as_str())
        {
            found.push((whole(outer, query), Some(number)));
        }
    }
    let digits = stem.len() - stem.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let (head, tail) = stem.split_at_checked(stem.len() - digits).unwrap_or((stem, ""));
    if let (Some(number), false) = (number(tail), head.is_empty()) {
        let parted = head.trim_end_matches(['-', '_', ',', '.']);
        if WORDS.contains(&parted.to_lowercase().as_str()) {
            found.push((whole(folder, query), Some(number)));
        }
        // `/story-2.html`, `/story-page-2.html`.
        if parted.len() < head.len() {
            found.push((
                whole(&format!("{folder}/{parted}{extension}"), query),
                Some(number),
            ));
        }
        let before = parted.trim_end_matches(char::is_alphabetic);
        let word = parted.get(before.len()..).unwrap_or_default().to_lowercase();
        let story = before.trim_end_matches(['-', '_', ',', '.']);
        if WORDS.contains(&word.as_str()) && story.len() < before.len() && !story.is_empty() {
            found.push((
                whole(&format!("{folder}/{story}{extension}"), query),
                Some(number),
            ));
        }
    }
    found
}

fn number(text: &str) -> Option<u32> {
    if text.starts_with('0') && text.len() > 1 {
        return None;
    }
    text.parse().ok().filter(|number| *number <= HIGHEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::ParseLimits;

    fn found(page: &str, html: &str) -> Option<String> {
        let page = Url::parse(page).unwrap();
        let document = Document::parse(html, &ParseLimits::default()).unwrap();
        next(&document, &Meta::read(&document), &page, &page).map(String::from)
    }

    #[test]
    fn addresses_of_the_next_page() {
        for (page, href) in [
            ("/story", "/story?page=2"),
            ("/story", "/story?page=1"),
            ("/story?a=b", "/story?a=b&p=2"),
            ("/story?page=2", "/story?page=3"),
            ("/story/", "/story/2/"),
            ("/story/2", "/story/3"),
            ("/story", "/story/page/2"),
            ("/story", "/story/seite-2"),
            ("/story.html", "/story-2.html"),
            ("/story,2.html", "/story,3.html"),
            ("/story.html", "/story_page2.html"),
            ("/2026/11/24/story/", "/2026/11/24/story/2/"),
            ("/story-page-2.html", "/story-page-3.html"),
            ("/2026/11/a-story-of-2026.html", "/2026/11/a-story-of-2026,2.html"),
            ("/2026/4711", "/2026/4711?page=2"),
            ("/2026/4711", "/2026/4711/2"),
            ("/2026/4711.html", "/2026/4711-2.html"),
            ("/2026/4711/2", "/2026/4711/3"),
            ("/2026/11/23", "/2026/11/23/2"),
            ("/007", "/007/2"),
        ] {
            let html = format!("<p>Text</p><div class=pagination><a href='{href}'>Weiter</a></div>");
            let expected = Some(format!("https://a.example{href}"));
            assert_eq!(
                found(&format!("https://a.example{page}"), &html),
                expected,
                "{page}"
            );
        }
    }

    #[test]
    fn other_links_are_no_next_page() {
        for (page, html) in [
            // Another story, whose name has a number.
            (
                "/story",
                "<p>See <a href='/story-2'>the second part of our series</a>",
            ),
            ("/story", "<div class=pagination><a href='/story/3'>3</a></div>"),
            (
                "/story",
                "<div class=pagination><a href='/story/comment-page-2/'>2</a></div>",
            ),
            (
                "/story",
                "<div class=pagination><a href='/story?comment=2'>2</a></div>",
            ),
            (
                "/story",
                "<div class=pagination><a href='https://b.example/story/2'>2</a></div>",
            ),
            ("/story/3", "<div class=pagination><a href='/story/2'>2</a></div>"),
            ("/2026/11/23", "<link rel=next href='/2026/12/1'>"),
            ("/a-1-story", "<link rel=next href='/another-story'>"),
        ] {
            assert_eq!(found(&format!("https://a.example{page}"), html), None, "{html}");
        }
    }
}
