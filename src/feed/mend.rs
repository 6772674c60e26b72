//! Mends text that was UTF-8, was taken for windows-1252 and was encoded again: `itâ€™s` is “it’s”.
//!
//! A step of its own, after [`super::parse`]: that gives what the feed says, this what it meant. A text is changed only
//! if all of it turns back into UTF-8; hardly anything people write does so by chance. Control characters that are left
//! go.

use std::borrow::Cow;
use std::sync::Arc;

use encoding_rs::WINDOWS_1252;

use super::plain::is_c1;
use super::{limits, reference};
use crate::model::{Entry, EntryDetails, ParsedFeed};

/// Mends the titles, names, categories, summaries and contents of a feed.
pub fn repair_mojibake(feed: &mut ParsedFeed) {
    mend_each(feed.title.iter_mut());
    for entry in &mut feed.entries {
        let Entry {
            title,
            summary,
            content,
            details,
            ..
        } = entry;
        mend_each(title.iter_mut().chain(summary).chain(content));
        let garbled = |details: &EntryDetails| {
            let mut names = details.authors.iter().chain(&details.categories);
            names.any(|name| !name.is_ascii())
        };
        // Not copied from what entries share but where something may have to be mended.
        if let Some(details) = details.as_mut().filter(|details| garbled(details)) {
            let EntryDetails {
                authors, categories, ..
            } = Arc::make_mut(details);
            mend_each(authors.iter_mut().chain(categories));
        }
    }
}

fn mend_each<'t>(texts: impl Iterator<Item = &'t mut String>) {
    for text in texts {
        // Each turn makes the text shorter; three are as many as were ever seen.
        for _ in 0..3 {
            match mended(text) {
                Some(better) => *text = better,
                None => break,
            }
        }
        text.retain(|c| !is_c1(c));
    }
}

/// What a text was before it was encoded twice; none if it was not.
fn mended(text: &str) -> Option<String> {
    if text.is_ascii() || text.len() > limits::TEXT * 2 {
        return None;
    }
    let (bytes, _, has_others) = WINDOWS_1252.encode(text);
    let Cow::Owned(bytes) = bytes else {
        return None;
    };
    if has_others {
        return None;
    }
    let mut better = String::with_capacity(text.len());
    let (mut whole, mut chunks) = (0_usize, bytes.utf8_chunks().peekable());
    while let Some(chunk) = chunks.next() {
        whole += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        better.push_str(chunk.valid());
        let next = chunks.peek().and_then(|next| next.valid().chars().next());
        match (chunk.invalid(), next) {
            // The second byte was a no-break space, and what followed it is left.
            ([], _) | ([0xc2], Some(' ') | None) => {}
            // The third byte of ” is a control character in windows-1252, which not every publisher keeps.
            ([0xe2, 0x80], _) => better.push('”'),
            // The second byte was a no-break space and was folded into the space that follows.
            ([0xc3], Some(' ')) => better.push('à'),
            _ => return None,
        }
    }
    // Control characters that no byte of windows-1252 is read as: the likeness was chance.
    let is_chance = |c: char| {
        u8::try_from(u32::from(c))
            .is_ok_and(|byte| (0x80..0xa0).contains(&byte) && reference::windows_1252(byte).is_some())
    };
    (whole > 0 && !better.contains(is_chance)).then_some(better)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h12_text_that_was_taken_for_windows_1252_and_encoded_again() {
        for (text, expected) in [
            ("itâ€™s", Some("it’s")),
            ("â€œquotedâ€\u{9d}", Some("“quoted”")),
            ("â€œquotedâ€ he said", Some("“quoted” he said")),
            ("lâ€™Ã©cole Ã la carte", Some("l’école à la carte")),
            ("3Â€ â€“ 4", None),
            ("âˆ’5Â Â°C", Some("−5 °C")),
            ("it’s", None),
            ("it’s cafÃ©", None),
            ("plain", None),
            ("日本â€™", None),
            ("IRMÃ SOFIA", None),
            ("MAÇÃ", None),
            ("Â", None),
            ("â€", None),
            ("naïve café", None),
            ("Дом", None),
        ] {
            assert_eq!(mended(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn every_text_of_an_entry_is_mended_and_nothing_else() {
        let garbled = || "Ã¢â‚¬â„¢ nâ€™est".to_owned();
        let mut feed = ParsedFeed {
            title: Some(garbled()),
            entries: vec![Entry {
                id: Some(garbled()),
                title: Some(garbled()),
                summary: Some(format!("<p>{}</p>", garbled())),
                content: Some(garbled()),
                details: EntryDetails {
                    authors: vec![garbled()],
                    categories: vec!["ok".to_owned(), garbled()],
                    ..EntryDetails::default()
                }
                .kept(),
                ..Entry::default()
            }],
            ..ParsedFeed::default()
        };
        repair_mojibake(&mut feed);
        let good = "â€™ n’est";
        let entry = &feed.entries[0];
        assert_eq!(feed.title.as_deref(), Some(good));
        assert_eq!(entry.id, Some(garbled()), "an id is a name, not a text");
        assert_eq!(entry.title.as_deref(), Some(good));
        assert_eq!(entry.summary, Some(format!("<p>{good}</p>")));
        assert_eq!(entry.content.as_deref(), Some(good));
        assert_eq!(entry.details().authors, [good]);
        assert_eq!(entry.details().categories, ["ok", good]);
    }

    #[test]
    fn text_that_was_encoded_three_times_over() {
        let twice = |text: &str| {
            WINDOWS_1252
                .decode_without_bom_handling(text.as_bytes())
                .0
                .into_owned()
        };
        let mut feed = ParsedFeed {
            title: Some(twice(&twice(&twice("l’été")))),
            ..ParsedFeed::default()
        };
        repair_mojibake(&mut feed);
        assert_eq!(feed.title.as_deref(), Some("l’été"));
    }
}
