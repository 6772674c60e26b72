//! Values that all formats write alike: web addresses, language tags, names of persons.

use url::Url;

use crate::link;

/// An http or https address, resolved against `base` if there is one. Ampersands that were escaped twice become one.
pub(super) fn web_address(href: &str, base: Option<&Url>) -> Option<Url> {
    let href = href.replace("&amp;", "&");
    match base {
        Some(base) => link::resolve(base, &href),
        None => link::web_url(&href),
    }
}

/// The address that is printed as a link, resolved against `base` if there is one. `None` for text that is no address:
/// words, markup, a fragment alone. What is
/// relative has a `.`, `/`, `?` or `=`.
pub(super) fn link_address(text: &str, base: Option<&Url>) -> Option<Url> {
    let text = text.trim();
    let has_scheme = |text: &str| {
        let scheme = text.split_once("://").map_or("", |(scheme, _)| scheme);
        scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
    };
    if has_scheme(text) {
        // Of two addresses the first.
        let words = text.split_once(char::is_whitespace).filter(|(_, rest)| has_scheme(rest.trim_start()));
        return web_address(words.map_or(text, |(first, _)| first), base);
    }
    if text.is_empty() || text.starts_with('#') || text.contains(['<', '>']) {
        return None;
    }
    if text.starts_with(['/', '.', '?']) {
        return web_address(text, base);
    }
    let is_address = text.contains(['.', '/', '?', '=']) && !text.contains(char::is_whitespace);
    if !is_address || text.eq_ignore_ascii_case("n/a") {
        return None;
    }
    let is_host = text.split_at_checked(4).is_some_and(|(www, _)| www.eq_ignore_ascii_case("www."));
    if is_host { web_address(&format!("//{text}"), base) } else { web_address(text, base) }
}

/// A language tag (BCP 47) of letters, digits and hyphens; `_` is read as a hyphen.
pub(super) fn language_tag(text: &str) -> Option<String> {
    let tag = text.trim().replace('_', "-");
    let is_tag = (2..=35).contains(&tag.len())
        && tag.starts_with(|c: char| c.is_ascii_alphabetic())
        && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_tag.then_some(tag)
}

/// The name of a person: `joe@paper.example (Joe Bloggs)` and `Joe Bloggs <joe@paper.example>` are Joe Bloggs. Other
/// texts stay as they are.
pub(super) fn person_name(text: &str) -> &str {
    let text = text.trim();
    if !text.contains('@') {
        return text;
    }
    for (open, close) in [('(', ')'), ('（', '）')] {
        if let Some((outside, inside)) = text.split_once(open) {
            let inside = inside.trim().trim_end_matches(close).trim();
            let name = if inside.contains('@') { outside.trim() } else { inside };
            if !name.is_empty() {
                return name;
            }
        }
    }
    match text.split_once('<') {
        Some((name, _)) if !name.trim().is_empty() => name.trim().trim_matches('"'),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_as_they_are_written() {
        for (text, expected) in [
            ("Joe Bloggs", "Joe Bloggs"),
            ("joe@paper.example", "joe@paper.example"),
            ("joe@paper.example (Joe Bloggs)", "Joe Bloggs"),
            ("Joe Bloggs <joe@paper.example>", "Joe Bloggs"),
            ("joe@paper.example（山田太郎）", "山田太郎"),
            ("Joe (joe@paper.example)", "Joe"),
            ("（joe@paper.example）日本", "（joe@paper.example）日本"),
            ("By Joe (Rome)", "By Joe (Rome)"),
        ] {
            assert_eq!(person_name(text), expected, "{text}");
        }
    }

    #[test]
    fn text_that_is_no_address_is_taken_for_none() {
        let base = Url::parse("https://paper.example/feeds/news.xml").unwrap();
        for (text, expected) in [
            (" http://h.example/1\n", Some("http://h.example/1")),
            ("HTTP://h.example/a b", Some("http://h.example/a%20b")),
            ("http://h.example/1 http://h.example/2", Some("http://h.example/1")),
            ("/2026/a b", Some("https://paper.example/2026/a%20b")),
            ("../a", Some("https://paper.example/a")),
            ("?p=1", Some("https://paper.example/feeds/news.xml?p=1")),
            ("a.html", Some("https://paper.example/feeds/a.html")),
            ("//h.example/1", Some("https://h.example/1")),
            ("www.h.example/1", Some("https://www.h.example/1")),
            ("Read more", None),
            ("Read more at http://h.example/1", None),
            ("<x:length>30</x:length>", None),
            ("<b/>", None),
            ("#top", None),
            ("N/A", None),
            ("null", None),
            ("Words", None),
            ("", None),
            ("mailto:a@h.example", None),
            ("javascript:void(0)", None),
            ("urn:1", None),
            ("http://", None),
        ] {
            assert_eq!(link_address(text, Some(&base)).as_ref().map(Url::as_str), expected, "{text}");
        }
    }

    #[test]
    fn languages_are_tags() {
        assert_eq!(language_tag(" en_GB "), Some("en-GB".to_owned()));
        for text in ["", "e", "English language", "<b>", "12"] {
            assert_eq!(language_tag(text), None, "{text}");
        }
    }
}
