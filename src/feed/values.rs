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
    fn languages_are_tags() {
        assert_eq!(language_tag(" en_GB "), Some("en-GB".to_owned()));
        for text in ["", "e", "English language", "<b>", "12"] {
            assert_eq!(language_tag(text), None, "{text}");
        }
    }
}
