//! File names made of titles, dates and source names. Whatever those say, a name stays within its folder and within the
//! 255 bytes of file systems (docs/threats.md, H18).

use ring::digest::{SHA256, digest};

use crate::export::article::day_of;
use crate::store::ArticleRef;

/// Bytes of a title in a name; date, number and ending come on top.
const MAX_TITLE: usize = 120;

/// Bytes of an encoded name, such as the value of a partition.
const MAX_ENCODED: usize = 200;

/// `2026-11-24-the-bridge-is-open-17`, without an ending. The number makes it unique; the date in front avoids reserved
/// names (`con`, `nul`) and leading dots.
pub(super) fn article_file_name(article: &ArticleRef<'_>) -> String {
    let slug = slug(article.title.unwrap_or_default());
    let dash = if slug.is_empty() { "" } else { "-" };
    format!("{}{dash}{slug}-{}", day_of(article), article.article_id)
}

/// The number of the article at the end of a name made by [`article_file_name`].
pub(super) fn article_id_of(name: &str) -> Option<i64> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    stem.rsplit_once('-')?.1.parse().ok()
}

/// Letters, marks and digits of any script in lower case, with one dash for anything else between them.
fn slug(title: &str) -> String {
    let mut slug = String::new();
    for c in title.chars().flat_map(char::to_lowercase) {
        if slug.len() + c.len_utf8() > MAX_TITLE {
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

/// Marks that belong to the letter before them, in Indic scripts, Thai and decomposed Latin.
fn is_mark(c: char) -> bool {
    matches!(u32::from(c), 0x300..=0x36F | 0x900..=0x903 | 0x93A..=0x94F | 0x981..=0x983 | 0x9BC..=0x9CD | 0xE31..=0xE4E)
}

/// `key=value` as Hive names partitions; a missing value has a name of its own there.
pub(super) fn partition_name(key: &str, value: Option<&str>) -> String {
    let Some(value) = value.filter(|value| !value.is_empty()) else {
        return format!("{key}=__HIVE_DEFAULT_PARTITION__");
    };
    format!("{key}={}", encode_file_name(value))
}

/// A text as part of a file name: letters, digits, `-`, `_`, `.` and spaces stay, the rest is percent-encoded. A long one
/// is cut and gets a hash of the whole, so that different texts have different names.
pub(crate) fn encode_file_name(value: &str) -> String {
    let mut name = String::new();
    for c in value.chars() {
        let is_hidden = c == '.' && name.is_empty();
        if (c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ')) && !is_hidden {
            name.push(c);
        } else {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                name.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    if name.len() > MAX_ENCODED {
        let hash = digest(&SHA256, value.as_bytes());
        let hex: String = hash.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let mut end = MAX_ENCODED - 17;
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
        assert!(long.len() <= MAX_TITLE && long.chars().all(|c| c == 'é'), "{long}");
        assert_eq!(article_id_of("2026-11-24-the-bridge-17.md"), Some(17));
        assert_eq!(article_id_of("index.html"), None);
    }

    #[test]
    fn partitions_are_one_folder() {
        assert_eq!(partition_name("source", Some("my-paper")), "source=my-paper");
        assert_eq!(partition_name("source", Some("a/../b")), "source=a%2F..%2Fb");
        assert_eq!(partition_name("source", None), "source=__HIVE_DEFAULT_PARTITION__");
        let long = partition_name("source", Some(&"/".repeat(100)));
        assert!(long.len() <= MAX_ENCODED + 7, "{}", long.len());
        assert_ne!(long, partition_name("source", Some(&"/".repeat(101))));
    }
}
