//! Repairs text that was UTF-8, was decoded with a single-byte encoding, and was encoded again ("mojibake").
//!
//! Two cases, at two times: [`repair_latin1`] while a feed is parsed, because such text has no other meaning, and
//! [`repair_mojibake`] after it, because `itâ€™s` is also written on purpose, to show the damage. So
//! [`parse`](super::parse) says what a feed contains, and `repair_mojibake` what it meant.
//!
//! A text is changed only if all of it turns back into UTF-8; hardly anything people write does so by chance.

use std::borrow::Cow;
use std::sync::Arc;

use encoding_rs::WINDOWS_1252;

use super::limits;
use super::reference::windows_1252;
use crate::model::{Entry, EntryDetails, ParsedFeed};

/// Repairs the titles, names, categories, summaries and contents of a feed that were decoded as windows-1252, and drops
/// control characters beyond ASCII. Ids stay as they are: they are names, not texts.
pub(super) fn repair_mojibake(feed: &mut ParsedFeed) {
    repair_all(feed.title.iter_mut());
    for entry in &mut feed.entries {
        let Entry { title, summary, content, details, .. } = entry;
        repair_all(title.iter_mut().chain(summary).chain(content));
        let may_need_repair = |details: &EntryDetails| {
            let mut names = details.authors.iter().chain(&details.categories);
            names.any(|name| !name.is_ascii())
        };
        // Entries share their details with others: they are copied only if needed.
        if let Some(details) = details.as_mut().filter(|details| may_need_repair(details)) {
            let details = Arc::make_mut(details);
            repair_all(details.authors.iter_mut().chain(&mut details.categories));
        }
    }
}

fn repair_all<'t>(texts: impl Iterator<Item = &'t mut String>) {
    for text in texts {
        // Each round makes the text shorter; more than three were never seen.
        for _ in 0..3 {
            match decoded_again(text) {
                Some(repaired) => *text = repaired,
                None => break,
            }
        }
        text.retain(|c| !is_c1(c));
    }
}

/// What a text was before it was decoded as windows-1252 and encoded again. `None` if it was not.
fn decoded_again(text: &str) -> Option<String> {
    if text.is_ascii() || text.len() > limits::TEXT * 2 {
        return None;
    }
    let (Cow::Owned(bytes), _, false) = WINDOWS_1252.encode(text) else {
        return None;
    };
    let mut repaired = String::with_capacity(text.len());
    let (mut characters, mut chunks) = (0_usize, bytes.utf8_chunks().peekable());
    while let Some(chunk) = chunks.next() {
        characters += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        repaired.push_str(chunk.valid());
        let next = chunks.peek().and_then(|next| next.valid().chars().next());
        match (chunk.invalid(), next) {
            // The second byte was a no-break space, and what followed it is left.
            ([], _) | ([0xc2], Some(' ') | None) => {}
            // The third byte of ” is a control character in windows-1252, which not every publisher keeps.
            ([0xe2, 0x80], _) => repaired.push('”'),
            // The second byte was a no-break space and was folded into the space that follows.
            ([0xc3], Some(' ')) => repaired.push('à'),
            _ => return None,
        }
    }
    // Control characters that windows-1252 reads no byte as: the likeness was chance.
    let is_chance = |c: char| {
        u8::try_from(u32::from(c))
            .is_ok_and(|byte| (0x80..0xa0).contains(&byte) && windows_1252(byte).is_some())
    };
    (characters > 0 && !repaired.contains(is_chance)).then_some(repaired)
}

/// Repairs text that was decoded as Latin-1 and encoded again (`Ã©` for `é`), and windows-1252 punctuation that was
/// decoded as control characters.
pub(super) fn repair_latin1(text: String) -> String {
    if text.is_ascii() {
        return text;
    }
    let byte = |c: char| u8::try_from(u32::from(c)).ok();
    let bytes: Option<Vec<u8>> = text.chars().map(byte).collect();
    if let Some(repaired) = bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
        return repaired;
    }
    if !text.contains(is_c1) {
        return text;
    }
    let meant = |c: char| byte(c).filter(|_| is_c1(c)).and_then(windows_1252).unwrap_or(c);
    text.chars().map(meant).collect()
}

/// Whether a character is a control character beyond ASCII (C1).
fn is_c1(c: char) -> bool {
    ('\u{80}'..='\u{9f}').contains(&c)
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
            assert_eq!(decoded_again(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn every_text_of_an_entry_is_repaired_and_nothing_else() {
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
        let twice = |text: &str| WINDOWS_1252.decode_without_bom_handling(text.as_bytes()).0.into_owned();
        let mut feed =
            ParsedFeed { title: Some(twice(&twice(&twice("l’été")))), ..ParsedFeed::default() };
        repair_mojibake(&mut feed);
        assert_eq!(feed.title.as_deref(), Some("l’été"));
    }

    #[test]
    fn h12_text_that_was_encoded_twice() {
        for (text, expected) in [
            ("cafÃ©", "café"),
            ("itâ€™s", "itâ€™s"),
            ("it\u{e2}\u{80}\u{99}s", "it’s"),
            ("\u{93}quoted\u{94}", "“quoted”"),
            ("café", "café"),
            ("Ã", "Ã"),
            ("it’s cafÃ©", "it’s cafÃ©"),
            ("日本", "日本"),
        ] {
            assert_eq!(repair_latin1(text.to_owned()), expected, "{text}");
        }
    }
}
