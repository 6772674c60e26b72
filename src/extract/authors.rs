//! Clean names out of bylines.

use super::meta::fold;

/// Most names of one article, and the longest that is one.
const MOST: usize = 12;
const LONGEST: usize = 60;

/// Words that open a byline, lower case.
const OPENINGS: &[&str] = &[
    "written by",
    "words by",
    "story by",
    "reported by",
    "posted by",
    "text by",
    "edited by",
    "published by",
    "by",
    "von",
    "par",
    "por",
    "di",
    "av",
    "af",
    "door",
    "przez",
    "author",
    "authors",
    "autor",
    "autorin",
    "autoren",
    "auteur",
    "escrito por",
    "publié par",
    "ein artikel von",
    "eine analyse von",
    "ein kommentar von",
    "text",
    "redacción",
    "автор",
    "текст",
    "oleh",
    "penulis",
    "yazan",
    "kirjoittaja",
    "od",
    "tekst",
    "foto",
    "γράφει",
    "του",
    "από",
    "بقلم",
    "كتب",
    "מאת",
    "from",
];

/// Phrases after which a byline speaks of something else.
const ENDINGS: &[&str] = &[
    " updated",
    " published",
    " posted",
    " last updated",
    " aktualisiert",
    " in ",
    " aus ",
    " à ",
    " at ",
    " for ",
    " für ",
    " is a ",
    " ist ",
    " with ",
    " @",
];

/// Names out of what was printed, each once, in order. What is no name (a date, an address, a sentence) is left out.
pub(super) fn clean(printed: &[String], site: Option<&str>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for text in printed {
        // The page of an author, where a name should be.
        if text.contains("://") && !text.contains(' ') {
            continue;
        }
        for part in parts(text) {
            let Some(name) = name(&part) else { continue };
            let folded = fold(&name);
            if names.len() < MOST && !names.iter().any(|known| fold(known) == folded) {
                names.push(name);
            }
        }
    }
    // The paper is an author only where nobody else is.
    if names.len() > 1
        && let Some(site) = site.map(fold)
    {
        let persons: Vec<String> = names.iter().filter(|name| fold(name) != site).cloned().collect();
        if !persons.is_empty() {
            names = persons;
        }
    }
    names
}

/// A byline cut at commas, slashes and words for "and".
fn parts(text: &str) -> Vec<String> {
    let mut text = format!(" {} ", text.split_whitespace().collect::<Vec<_>>().join(" "));
    for and in [
        " and ",
        " und ",
        " et ",
        " y ",
        " e ",
        " og ",
        " och ",
        " en ",
        " ja ",
        " i ",
        " и ",
        " und\u{a0}",
        " & ",
        " + ",
        " și ",
        " và ",
        " ve ",
        " dan ",
        " και ",
        " та ",
    ] {
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
    let role = is_role(&name);
    (fits && !address && !role).then_some(name)
}

/// Whether a part of a byline is what someone is, not who.
fn is_role(name: &str) -> bool {
    const ROLES: &[&str] = &[
        "reporter",
        "staff reporter",
        "staff writer",
        "correspondent",
        "editor",
        "senior reporter",
        "senior editor",
        "writer",
        "contributor",
        "senior correspondent",
        "political correspondent",
        "news editor",
        "journalist",
        "redakteur",
        "redakteurin",
        "korrespondent",
        "admin",
        "administrator",
        "author",
        "authors",
        "null",
        "undefined",
        "none",
        "unknown",
        "guest",
        "anonymous",
        "n/a",
        "photographer",
        "updated",
        "published",
        "journaliste",
        "periodista",
        "redactor",
        "columnist",
        "follow",
        "twitter",
        "facebook",
        "email",
        "share",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    let lower = name.to_lowercase();
    ROLES.contains(&lower.as_str())
        || lower.ends_with(" reporter")
        || lower.ends_with(" correspondent")
        || lower.ends_with(" editor")
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
            ("https://social.example/ada", vec![]),
            ("ada@paper.example", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(names(text), expected, "{text}");
        }
    }
}
