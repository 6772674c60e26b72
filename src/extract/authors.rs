//! Clean names out of bylines.

use super::author_words::{
    AGENCIES, ANDS, DEGREES, ENDINGS, OPENINGS, PICTURES, ROLE_ENDINGS, ROLES, WITHIN,
};
use super::meta::fold;

/// Most names of one article, and the longest that is one.
const MOST: usize = 12;
const LONGEST: usize = 60;

/// Names out of what was printed, each once, in order. What is no name (a date, an address, a sentence) is left out.
pub(super) fn clean(printed: &[String], site: Option<&str>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut roles: Vec<String> = Vec::new();
    for text in printed {
        // The page of an author, where a name should be; or who made the picture.
        if text.contains("://") && !text.contains(' ') || is_picture(text) {
            continue;
        }
        if is_role(text) && text.split_whitespace().count() > 2 {
            roles.push(text.clone());
        }
        for part in parts(after_by(text)) {
            let Some(name) = name(&part) else { continue };
            let folded = fold(&name);
            if names.len() < MOST && !names.iter().any(|known| fold(known) == folded) {
                names.push(name);
            }
        }
    }
    // The paper and agencies are authors only where nobody else is.
    let site = site.map(fold);
    let is_person = |name: &String| !is_agency(name) && site.as_ref().is_none_or(|site| fold(name) != *site);
    if names.iter().any(is_person) {
        names.retain(is_person);
    }
    // "Guardian staff reporter", alone.
    if names.is_empty() { roles } else { names }
}

/// Whether it is an agency, not a person.
pub(super) fn is_agency(name: &str) -> bool {
    AGENCIES.contains(&fold(name).as_str())
}

fn is_picture(text: &str) -> bool {
    let text = text
        .trim_start_matches(|c: char| !c.is_alphabetic() && c != '©')
        .to_lowercase();
    PICTURES.iter().any(|word| {
        text.strip_prefix(word)
            .is_some_and(|rest| rest.trim_start().starts_with([':', '©']) || *word == "©")
    })
}

/// Whether a line begins as bylines do, with a name behind it.
pub(super) fn opens(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "by",
        "von",
        "par",
        "por",
        "door",
        "av",
        "af",
        "przez",
        "oleh",
        "di",
        "escrito por",
        "written by",
        "text:",
        "words by",
        "de:",
        "от",
        "автор:",
        "بقلم",
        "כתב",
    ];
    let text = text.trim_start();
    WORDS.iter().any(|word| {
        let head = text.get(..word.len()).unwrap_or_default();
        let rest = text.get(word.len()..).unwrap_or_default();
        let name = rest.trim_start_matches([':', ' ', '\u{a0}']);
        head.to_lowercase() == *word
            && name.len() < rest.len()
            && name
                .chars()
                .next()
                .is_some_and(|c| !c.is_lowercase() && c.is_alphabetic())
    })
}

/// What follows "by" in a line that begins with when: "Posted on September 21, 2020 by Ada Lovelace".
fn after_by(text: &str) -> &str {
    let found = WITHIN.iter().find_map(|within| text.split_once(within));
    match found {
        Some((before, names)) if before.contains(|c: char| c.is_ascii_digit()) => names,
        _ => text,
    }
}

/// A byline cut at commas, slashes and words for "and".
fn parts(text: &str) -> Vec<String> {
    let mut text = format!(" {} ", text.split_whitespace().collect::<Vec<_>>().join(" "));
    for and in ANDS.iter().copied() {
        if and.trim().chars().count() > 1
            || !matches!(and.trim(), "i" | "e" | "y")
            || text.split(and).count() == 2
        {
            text = text.replace(and, ";");
        }
    }
    text.split([
        ';', '|', ',', '/', '•', '·', '、', '，', '‧', '\n', '（', '）', '(', ')',
    ])
    .map(|part| part.trim().to_owned())
    .filter(|part| !part.is_empty())
    .collect()
}

/// One name, or nothing.
fn name(part: &str) -> Option<String> {
    let mut name = part
        .trim_matches(|c: char| c.is_whitespace() || ":-–—.,*\"“”".contains(c))
        .to_owned();
    loop {
        let lower = name.to_lowercase();
        let opening = OPENINGS.iter().find_map(|opening| {
            let rest = lower.strip_prefix(opening)?;
            let end = rest.starts_with([' ', ':']);
            end.then(|| name.len().checked_sub(rest.len()))?
        });
        let Some(rest) = opening.and_then(|at| name.get(at..)) else {
            break;
        };
        name = rest
            .trim_start_matches(|c: char| c.is_whitespace() || c == ':')
            .to_owned();
    }
    // Parted from its name, or nothing else.
    if OPENINGS.contains(&name.to_lowercase().as_str()) {
        return None;
    }
    let lower = name.to_lowercase();
    if lower.len() == name.len()
        && let Some(at) = ENDINGS.iter().filter_map(|ending| lower.find(ending)).min()
    {
        name.truncate(at);
    }
    let name = name
        .trim_matches(|c: char| c.is_whitespace() || ":-–—,*\"“”|".contains(c))
        .to_owned();
    let letters = name.chars().filter(|c| c.is_alphabetic()).count();
    let digits = name.chars().filter(char::is_ascii_digit).count();
    let words = name.split_whitespace().count();
    let fits = (2..=LONGEST).contains(&name.chars().count()) && letters >= 2 && words <= 6 && digits <= 2;
    let address = name.contains('@') || name.contains("://") || name.contains("www.") || name.contains('{');
    let role = is_role(&name) || DEGREES.contains(&fold(&name).as_str());
    let sentence = name.starts_with(char::is_lowercase) && words > 2;
    (fits && !address && !role && !sentence).then_some(name)
}

/// Whether a part of a byline is what someone is, not who.
fn is_role(name: &str) -> bool {
    let lower = name.to_lowercase();
    ROLES.contains(&lower.as_str())
        || ROLE_ENDINGS.iter().any(|role| lower.ends_with(role))
        || lower.starts_with("redakteur")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        clean(&[text.to_owned()], Some("The Paper"))
    }

    #[test]
    fn names_by_example() {
        for (text, expected) in [
            ("By Ada Lovelace", vec!["Ada Lovelace"]),
            (
                "By Ada Lovelace and Grace Hopper, Staff writer",
                vec!["Ada Lovelace", "Grace Hopper"],
            ),
            (
                "Von Ada Lovelace und Grace Hopper",
                vec!["Ada Lovelace", "Grace Hopper"],
            ),
            ("Bassel Oudat , Friday 5 Jan 2018", vec!["Bassel Oudat"]),
            ("Ada Lovelace; Ada Lovelace", vec!["Ada Lovelace"]),
            ("Ada Lovelace, The Paper", vec!["Ada Lovelace"]),
            ("The Paper", vec!["The Paper"]),
            ("By", vec![]),
            ("(Image: Some Pictures/Others)", vec![]),
            (
                "Posted on September 21, 2020 by Ada Lovelace",
                vec!["Ada Lovelace"],
            ),
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
            assert_eq!(names(text), expected, "{text}");
        }
    }
}
