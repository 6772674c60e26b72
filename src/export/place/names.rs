//! File names from titles, dates and sources: whatever they say, a name in the folder it is meant for.

use ring::digest::{SHA256, digest};

use crate::store::ArticleRef;

/// Bytes of a title in a name; with date, number and ending it is far from the 255 that file systems take.
const TITLE: usize = 120;

/// Bytes of a partition's name.
const PARTITION: usize = 200;

/// `2026-11-24-the-bridge-is-open-17`, without an ending: the number makes it unique, the date keeps reserved names
/// (`con`, `nul`) and leading dots away.
pub(crate) fn of_article(article: &ArticleRef<'_>) -> String {
    let slug = slug(article.title.unwrap_or_default());
    let dash = if slug.is_empty() { "" } else { "-" };
    format!("{}{dash}{slug}-{}", day(article), article.article_id)
}

/// The number at the end of a name made by [`of_article`].
pub(super) fn number_of(name: &str) -> Option<i64> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    stem.rsplit_once('-')?.1.parse().ok()
}

/// The day of publication in UTC; of the first sight, where no date is known.
pub(crate) fn day<'a>(article: &ArticleRef<'a>) -> &'a str {
    let at = article.published_at.unwrap_or(article.first_seen);
    at.get(..10)
        .filter(|day| day.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'))
        .unwrap_or("0000-00-00")
}

/// Letters, marks and digits of any script, in small letters; a dash for anything else.
fn slug(title: &str) -> String {
    let mut slug = String::new();
    for c in title.chars().flat_map(char::to_lowercase) {
        if slug.len() + c.len_utf8() > TITLE {
            break;
        }
        if c.is_alphanumeric() || is_mark(c) {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

/// Signs that belong to the letter before them: without them Indic and decomposed Latin words fall apart.
fn is_mark(c: char) -> bool {
    matches!(u32::from(c), 0x300..=0x36F | 0x900..=0x903 | 0x93A..=0x94F | 0x981..=0x983 | 0x9BC..=0x9CD | 0xE31..=0xE4E)
}

/// `key=value`, as Hive writes partitions: what is not plain is percent-encoded.
pub(super) fn partition(key: &str, value: Option<&str>) -> String {
    let Some(value) = value.filter(|value| !value.is_empty()) else {
        return format!("{key}=__HIVE_DEFAULT_PARTITION__");
    };
    format!("{key}={}", encoded(value))
}

/// A text as part of a file name: letters, digits and a few signs stay, the rest is percent-encoded.
pub fn encoded(value: &str) -> String {
    let mut name = String::new();
    for c in value.chars() {
        let hidden = c == '.' && name.is_empty();
        if (c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ')) && !hidden {
            name.push(c);
        } else {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                name.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    if name.len() > PARTITION {
        let hash = digest(&SHA256, value.as_bytes());
        let hex: String = hash
            .as_ref()
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let mut end = PARTITION - 17;
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        name.truncate(end);
        name.push_str(&format!("-{hex}"));
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h18_a_title_is_a_name_whatever_it_says() {
        for (title, name) in [
            ("The bridge is open", "the-bridge-is-open"),
            ("../../etc/passwd", "etc-passwd"),
            ("CON", "con"),
            ("a\0b\u{7}c", "a-b-c"),
            ("…", ""),
            (".hidden", "hidden"),
            ("Zürich – “heute”", "zürich-heute"),
            ("世界 新聞", "世界-新聞"),
            ("C:\\x|y?", "c-x-y"),
            ("-rf *", "rf"),
        ] {
            assert_eq!(slug(title), name, "{title:?}");
        }
        let long = slug(&"é".repeat(500));
        assert!(long.len() <= TITLE && long.chars().all(|c| c == 'é'), "{long}");
        assert_eq!(number_of("2026-11-24-the-bridge-17.md"), Some(17));
        assert_eq!(number_of("index.html"), None);
    }

    #[test]
    fn partitions_are_one_folder() {
        assert_eq!(partition("source", Some("my-paper")), "source=my-paper");
        assert_eq!(partition("source", Some("a/../b")), "source=a%2F..%2Fb");
        assert_eq!(partition("source", None), "source=__HIVE_DEFAULT_PARTITION__");
        let long = partition("source", Some(&"/".repeat(100)));
        assert!(long.len() <= PARTITION + 7, "{}", long.len());
        assert_ne!(long, partition("source", Some(&"/".repeat(101))));
    }
}
