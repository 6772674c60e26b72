//! Finds the next page of an article without a rule: by a link whose URL differs from the page's own only by a page number
//! that is one higher, in an element that looks like a pager.
//!
//! A number in a URL can mean many things, so every URL has several readings: the same URL without each number that may
//! be a page number. Two URLs are pages of one article if any two readings agree.

use memchr::memmem;
use url::Url;

use super::page_meta::PageMeta;
use crate::html::{Document, NodeId, Tag, text_line};
use crate::link;

/// Names of query parameters for page numbers.
#[rustfmt::skip]
const PARAMETERS: &[&str] = &[
    "page", "p", "pg", "pagina", "seite", "pagenum", "pageno", "pagenumber", "page_no", "paged", "sida", "side",
    "strona",
];

/// Words before a page number in a path.
const PAGE_WORDS: &[&str] = &[
    "page", "pages", "p", "pg", "pagina", "página", "seite", "sida", "side", "strona", "str", "sivu",
    "sayfa", "s",
];

/// Parts of the classes and ids of pagers.
#[rustfmt::skip]
const PAGER_PARTS: &[&str] = &[
    "pagin", "pager", "paging", "pagenav", "nextpage", "next-page", "next_page", "page-link", "page-num",
    "pagelink", "page-break", "multipage",
];

/// Highest page number; higher numbers mean something else.
const HIGHEST_PAGE: u32 = 99;

/// The URL of the next page: `<link rel=next>` or the first fitting link of a pager.
pub(super) fn find_next(document: &Document, meta: &PageMeta, base: &Url, page_url: &Url) -> Option<Url> {
    let own = own_readings(page_url);
    let stem = memmem::Finder::new(stem(page_url));
    let host = link::host(page_url);
    let follows = |url: &Url| is_next(&own, &numbered_readings(url)) && link::host(url) == host;
    if let Some(url) = meta.link("next").and_then(|href| link::resolve(base, href))
        && follows(&url)
    {
        return Some(url);
    }
    document.nodes().filter(|at| document.tag(*at) == Tag::A).find_map(|at| {
        let href = document.attr(at, "href")?;
        // Most links of a page lead to other articles, which is seen before they are parsed.
        let is_relative = href.len() < SHORT_LINK && !href.starts_with('/');
        let may_be = is_relative || href.starts_with('?') || stem.find(href.as_bytes()).is_some();
        if !may_be || !href.bytes().any(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let url = link::resolve(base, href).filter(follows)?;
        is_of_pager(document, at).then_some(url)
    })
}

/// Bytes: a shorter link may be relative to the page itself, such as `page/2`.
const SHORT_LINK: usize = 12;

/// What the links to other pages of an article have in common with its URL: the last segment of the path that is not
/// only a page number. A segment with a number above [`HIGHEST_PAGE`] is the article's own.
fn stem(page_url: &Url) -> &str {
    let path = page_url.path().trim_end_matches('/');
    path.rsplit('/')
        .map(|segment| {
            let name = segment.split('.').next().unwrap_or(segment);
            let before = name.trim_end_matches(|c: char| c.is_ascii_digit());
            match page_number(name.get(before.len()..).unwrap_or_default()) {
                Some(_) => before.trim_end_matches(['-', '_', ',']),
                None => name,
            }
        })
        .find(|name| !name.is_empty() && !PAGE_WORDS.contains(name))
        .unwrap_or_default()
}

/// True if a link looks like one of a pager: `rel=next`, a bare number, or the class names around it.
fn is_of_pager(document: &Document, at: NodeId) -> bool {
    let has_next = |name: &str| {
        document
            .attr(at, name)
            .is_some_and(|value| value.split_whitespace().any(|word| word.eq_ignore_ascii_case("next")))
    };
    if has_next("rel") || has_next("class") {
        return true;
    }
    let text = text_line(document, at);
    if text.len() <= 2 && text.parse::<u32>().is_ok() {
        return true;
    }
    std::iter::once(at).chain(document.ancestors(at).take(4)).any(|at| {
        ["class", "id"].iter().any(|name| {
            document.attr(at, name).is_some_and(|value| {
                let value = value.to_ascii_lowercase();
                PAGER_PARTS.iter().any(|part| value.contains(part))
            })
        })
    })
}

/// A URL without a page number, and the number that was taken out; none for the URL as it is.
type Reading = (String, Option<u32>);

/// True if a reading of `other` is that of the page after a reading of `own`. The first page often has no number. The
/// second is then 2, or 1 where a parameter counts pages from 0.
fn is_next(own: &[Reading], other: &[Reading]) -> bool {
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

/// All readings of the page's own URL.
fn own_readings(url: &Url) -> Vec<Reading> {
    let path = url.path().trim_end_matches('/');
    let query = url.query().unwrap_or_default();
    let mut found = vec![(normal_form(path, query), None)];
    // The first page often lacks the parameter of its number.
    for name in PARAMETERS {
        if !url.query_pairs().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            found.push((format!("{}{name}=", normal_form(path, query)), None));
        }
    }
    found.extend(numbered_readings(url));
    found
}

/// Path and query in lower case, without a trailing slash in the path.
fn normal_form(path: &str, query: &str) -> String {
    format!("{}?{query}", path.trim_end_matches('/').to_lowercase())
}

/// The readings of a URL with a page number.
fn numbered_readings(url: &Url) -> Vec<Reading> {
    let path = url.path().trim_end_matches('/');
    let query = url.query().unwrap_or_default();
    let mut found = Vec::new();
    // `?page=2`; the name stays, which tells it from a number in the path.
    for (name, value) in url.query_pairs() {
        if let Some(number) = page_number(&value)
            && PARAMETERS.contains(&name.to_lowercase().as_str())
        {
            let rest: Vec<&str> =
                query.split('&').filter(|pair| pair.split('=').next() != Some(&*name)).collect();
            found.push((
                format!("{}{}=", normal_form(path, &rest.join("&")), name.to_lowercase()),
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
    let is_page_word = |word: &str| PAGE_WORDS.contains(&word.to_lowercase().as_str());
    let mut add = |path: &str, number| found.push((normal_form(path, query), Some(number)));
    // `/story/2`, `/story/page/2`.
    if let Some(number) = page_number(stem) {
        add(folder, number);
        if let Some((outer, word)) = folder.rsplit_once('/')
            && is_page_word(word)
        {
            add(outer, number);
        }
    }
    let head = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    let tail = stem.get(head.len()..).unwrap_or_default();
    if let (Some(number), false) = (page_number(tail), head.is_empty()) {
        let name = head.trim_end_matches(['-', '_', ',', '.']);
        // `/story/page2`.
        if is_page_word(name) {
            add(folder, number);
        }
        // `/story-2.html`.
        if name.len() < head.len() {
            add(&format!("{folder}/{name}{extension}"), number);
        }
        // `/story-page-2.html`, `/story_page2.html`.
        let before = name.trim_end_matches(char::is_alphabetic);
        let word = name.get(before.len()..).unwrap_or_default();
        let story = before.trim_end_matches(['-', '_', ',', '.']);
        if is_page_word(word) && story.len() < before.len() && !story.is_empty() {
            add(&format!("{folder}/{story}{extension}"), number);
        }
    }
    found
}

/// A page number: without leading zeros, at most [`HIGHEST_PAGE`].
fn page_number(text: &str) -> Option<u32> {
    if text.starts_with('0') && text.len() > 1 {
        return None;
    }
    text.parse().ok().filter(|number| *number <= HIGHEST_PAGE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::ParseLimits;

    fn found(page: &str, html: &str) -> Option<String> {
        let page = Url::parse(page).unwrap();
        let document = Document::parse(html, &ParseLimits::default()).unwrap();
        find_next(&document, &PageMeta::read(&document), &page, &page).map(String::from)
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
            assert_eq!(found(&format!("https://a.example{page}"), &html), expected, "{page}");
        }
    }

    #[test]
    fn other_links_are_no_next_page() {
        for (page, html) in [
            // Another story, whose name has a number.
            ("/story", "<p>See <a href='/story-2'>the second part of our series</a>"),
            ("/story", "<div class=pagination><a href='/story/3'>3</a></div>"),
            ("/story", "<div class=pagination><a href='/story/comment-page-2/'>2</a></div>"),
            ("/story", "<div class=pagination><a href='/story?comment=2'>2</a></div>"),
            ("/story", "<div class=pagination><a href='https://b.example/story/2'>2</a></div>"),
            ("/story/3", "<div class=pagination><a href='/story/2'>2</a></div>"),
            ("/2026/11/23", "<link rel=next href='/2026/12/1'>"),
            ("/a-1-story", "<link rel=next href='/another-story'>"),
        ] {
            assert_eq!(found(&format!("https://a.example{page}"), html), None, "{html}");
        }
    }
}
