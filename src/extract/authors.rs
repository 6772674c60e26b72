//! Extracts clean names from printed bylines: "By Ada Lovelace and Grace Hopper, Staff writer" has two.
//!
//! Bylines are written for readers, in many languages. The words that tell names from the rest are in `author_words`.

use super::author_words::{
    ACCOUNTS, AGENCIES, CONJUNCTIONS, DEGREES, ENDINGS, OPENINGS, ORGANISATIONS, PICTURES, ROLE_ENDINGS,
    ROLES, WITHIN,
};
use super::words::fold;

/// Names of one article that are kept.
const MOST_NAMES: usize = 12;

/// Characters of a name.
const LONGEST_NAME: usize = 60;

/// Words that begin a byline and are followed by a name.
#[rustfmt::skip]
const BYLINE_WORDS: &[&str] = &[
    "by", "von", "par", "por", "door", "av", "af", "przez", "oleh", "di", "escrito por", "written by", "text:",
    "words by", "de:", "от", "автор:", "بقلم", "כתב",
];

/// The names in printed bylines, each once, in order. Dates, addresses, sentences and roles are left out; agencies and
/// `site` itself, too, if a person is named. Where there is only a role ("Paper staff reporter"), that is returned.
pub(super) fn names(bylines: &[String], site: Option<&str>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut roles: Vec<String> = Vec::new();
    for text in bylines {
        // The URL of the author's page, or the credit of a picture.
        if text.contains("://") && !text.contains(' ') || is_picture_credit(text) {
            continue;
        }
        if is_role(text) && text.split_whitespace().count() > 2 {
            roles.push(text.clone());
        }
        for part in split_names(names_part(text)) {
            let Some(name) = clean_name(&part) else { continue };
            let folded = fold(&name);
            if names.len() < MOST_NAMES && !names.iter().any(|known| fold(known) == folded) {
                names.push(name);
            }
        }
    }
    let site = site.map(fold);
    let is_person = |name: &String| !is_agency(name) && site.as_ref().is_none_or(|site| fold(name) != *site);
    if names.iter().any(is_person) {
        names.retain(is_person);
    }
    if names.is_empty() { roles } else { names }
}

/// True for the name of a news agency.
pub(super) fn is_agency(name: &str) -> bool {
    AGENCIES.contains(&fold(name).as_str())
}

/// True if a text has the form of a person's full name: two to five words of letters, most of them capitalised.
pub(super) fn is_full_name(name: &str) -> bool {
    // Letters with their combining marks, and what stands between the parts of names.
    let is_name_char = |c: char| {
        c.is_alphabetic() || matches!(c, ' ' | '-' | '.' | '\'' | '’') || ('\u{300}'..'\u{370}').contains(&c)
    };
    let count = name.split_whitespace().count();
    let lower = name.split_whitespace().filter(|word| word.starts_with(char::is_lowercase)).count();
    (2..=5).contains(&count) && lower * 2 < count && name.chars().all(is_name_char)
}

/// True if a name is that of an account: one ASCII word without capitals.
pub(super) fn is_account(name: &str) -> bool {
    name.is_ascii() && !name.contains(' ') && !name.chars().any(char::is_uppercase)
}

/// Characters of a name in Chinese, Japanese or Korean.
const CJK_NAME: std::ops::RangeInclusive<usize> = 2..=6;

/// True if a name is that of a person in full: no organisation, no role, no account.
pub(crate) fn is_person(name: &str) -> bool {
    let is_cjk = |c: char| matches!(c, '\u{3040}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | ' ');
    let is_cjk_name = CJK_NAME.contains(&name.chars().count()) && name.chars().all(is_cjk);
    let is_institution =
        name.ends_with(['部', '社', '局', '网', '網', '报', '報', '闻', '聞', '室', '团', '團']);
    let names_organisation = || {
        let folded = name.to_lowercase();
        folded.split(|c: char| !c.is_alphabetic()).any(|word| ORGANISATIONS.contains(&word))
    };
    (is_full_name(name) || is_cjk_name && !is_institution)
        && !is_role(name)
        && !is_agency(name)
        && !names_organisation()
}

/// True if what a feed names as a creator is none: an account, an e-mail address, a URL, a role.
pub(crate) fn is_no_author(name: &str) -> bool {
    let name = name.trim();
    let is_word = !name.contains(char::is_whitespace);
    let is_technical = |c: char| c.is_ascii_digit() || matches!(c, '_' | '/' | '@');
    is_word && (name.contains(is_technical) || ACCOUNTS.contains(&name.to_lowercase().as_str()))
        || name.contains('@')
        || is_account(name)
        || is_role(name)
        || !name.chars().any(char::is_alphabetic)
}

/// True if a line begins as bylines do, and a name follows: something with a capital, or of a script without.
pub(super) fn begins_byline(text: &str) -> bool {
    let text = text.trim_start();
    BYLINE_WORDS.iter().any(|word| {
        let Some((head, rest)) = text.split_at_checked(word.len()) else {
            return false;
        };
        let name = rest.trim_start_matches([':', ' ', '\u{a0}']);
        head.to_lowercase() == *word
            && name.len() < rest.len()
            && name.starts_with(|c: char| !c.is_lowercase() && c.is_alphabetic())
    })
}

/// True for a line that names who made a picture.
fn is_picture_credit(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| !c.is_alphabetic() && c != '©').to_lowercase();
    PICTURES.iter().any(|word| {
        text.strip_prefix(word).is_some_and(|rest| rest.trim_start().starts_with([':', '©']) || *word == "©")
    })
}

/// The part of a byline with the names: in "Posted on September 21, 2020 by Ada Lovelace" what follows "by".
fn names_part(byline: &str) -> &str {
    match WITHIN.iter().find_map(|within| byline.split_once(within)) {
        Some((before, names)) if before.contains(|c: char| c.is_ascii_digit()) => names,
        _ => byline,
    }
}

/// Splits a byline at commas, slashes and words for "and".
fn split_names(byline: &str) -> Vec<String> {
    let mut text = format!(" {} ", byline.split_whitespace().collect::<Vec<_>>().join(" "));
    for conjunction in CONJUNCTIONS.iter().copied() {
        // The single letters are initials, too: they count where there is one of them.
        let is_letter = matches!(conjunction.trim(), "i" | "e" | "y");
        if !is_letter || text.split(conjunction).count() == 2 {
            text = text.replace(conjunction, ";");
        }
    }
    text.split([';', '|', ',', '/', '•', '·', '、', '，', '‧', '\n', '（', '）', '(', ')'])
        .map(|part| part.trim().to_owned())
        .filter(|part| !part.is_empty())
        .collect()
}

/// The name in a part of a byline, without openings ("By") and what follows the name; none if it is no name.
fn clean_name(part: &str) -> Option<String> {
    let mut name = part.trim_matches(|c: char| c.is_whitespace() || ":-–—.,*\"“”".contains(c));
    while let Some(rest) = without_opening(name) {
        name = rest;
    }
    let lower = name.to_lowercase();
    if OPENINGS.contains(&lower.as_str()) {
        return None;
    }
    // Byte positions hold for both where lower case has the same length.
    if lower.len() == name.len()
        && let Some(end) = ENDINGS.iter().filter_map(|ending| lower.find(ending)).min()
    {
        name = name.get(..end)?;
    }
    let name = name.trim_matches(|c: char| c.is_whitespace() || ":-–—,*\"“”|".contains(c));
    let letters = name.chars().filter(|c| c.is_alphabetic()).count();
    let digits = name.chars().filter(char::is_ascii_digit).count();
    let words = name.split_whitespace().count();
    let fits =
        (2..=LONGEST_NAME).contains(&name.chars().count()) && letters >= 2 && words <= 6 && digits <= 2;
    let is_address = ["@", "://", "www.", "{"].iter().any(|part| name.contains(part));
    let is_role = is_role(name) || DEGREES.contains(&fold(name).as_str());
    let is_sentence = name.starts_with(char::is_lowercase) && words > 2;
    (fits && !is_address && !is_role && !is_sentence).then(|| name.to_owned())
}

/// What follows the opening of a byline; none where there is no opening.
fn without_opening(name: &str) -> Option<&str> {
    let lower = name.to_lowercase();
    let from = OPENINGS.iter().find_map(|opening| {
        let rest = lower.strip_prefix(opening)?;
        rest.starts_with([' ', ':']).then(|| name.len().checked_sub(rest.len()))?
    })?;
    let rest = name.get(from..)?;
    Some(rest.trim_start_matches(|c: char| c.is_whitespace() || c == ':'))
}

/// True for what somebody is, not who: "Staff writer".
fn is_role(name: &str) -> bool {
    let lower = name.to_lowercase();
    ROLES.contains(&lower.as_str())
        || ROLE_ENDINGS.iter().any(|role| lower.ends_with(role))
        || lower.starts_with("redakteur")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(byline: &str) -> Vec<String> {
        names(&[byline.to_owned()], Some("The Paper"))
    }

    #[test]
    fn names_by_example() {
        for (text, expected) in [
            ("By Ada Lovelace", vec!["Ada Lovelace"]),
            ("By Ada Lovelace and Grace Hopper, Staff writer", vec!["Ada Lovelace", "Grace Hopper"]),
            ("Von Ada Lovelace und Grace Hopper", vec!["Ada Lovelace", "Grace Hopper"]),
            ("Bassel Oudat , Friday 5 Jan 2018", vec!["Bassel Oudat"]),
            ("Ada Lovelace; Ada Lovelace", vec!["Ada Lovelace"]),
            ("Ada Lovelace, The Paper", vec!["Ada Lovelace"]),
            ("The Paper", vec!["The Paper"]),
            ("By", vec![]),
            ("(Image: Some Pictures/Others)", vec![]),
            ("Posted on September 21, 2020 by Ada Lovelace", vec!["Ada Lovelace"]),
            ("VON ADA LOVELACE am 21. April 2020", vec!["ADA LOVELACE"]),
            ("Ada Lovelace, PhD", vec!["Ada Lovelace"]),
            ("Ada Lovelace, Reuters", vec!["Ada Lovelace"]),
            ("Reuters", vec!["Reuters"]),
            ("Paper staff reporter", vec!["Paper staff reporter"]),
            ("Staff reporter", vec![]),
            ("https://social.example/ada", vec![]),
            ("ada@paper.example", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
    }
}
