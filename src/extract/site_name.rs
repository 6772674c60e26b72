//! Removes the name of the site from a title: "Calls to boycott - The Paper" is "Calls to boycott".

use super::words::fold;

/// Separators of headline and site name.
pub(crate) const SEPARATORS: &[&str] = &[
    " | ", " - ", " – ", " — ", " :: ", " · ", " » ", " « ", " • ", " ‹ ", " › ", " ~ ", "｜", " / ", "|",
    " \\\\ ",
];

/// Segments that are removed at most: a section, the site, its host.
const MOST_REMOVED: usize = 3;

/// Letters from which on a bare headline within a longer title is no coincidence.
const LEAST_HEADLINE: usize = 12;

/// A title without the name of the site, where it can be told apart. `site` is its name, `host` its host name, and
/// `headlines` are texts of the page that may be the bare headline: one that the title begins with is taken.
pub(crate) fn without_site(title: &str, site: Option<&str>, host: &str, headlines: &[&str]) -> String {
    let folded = fold(title);
    let is_headline = |headline: &&&str| {
        let headline = fold(headline);
        let is_long = headline.chars().count() >= LEAST_HEADLINE;
        folded == headline || is_long && folded.starts_with(&headline)
    };
    if let Some(headline) = headlines.iter().find(is_headline) {
        return (*headline).to_owned();
    }
    let mut names: Vec<String> = site.map(fold).into_iter().collect();
    let labels = host.split('.').filter(|label| label.len() > 3 && *label != "www");
    names.extend(labels.map(fold));
    names.push(fold(host));
    let mut kept = title.trim();
    for _ in 0..MOST_REMOVED {
        let shorter = SEPARATORS.iter().find_map(|separator| without_segment(kept, separator, &names));
        match shorter {
            Some(shorter) => kept = shorter,
            None => break,
        }
    }
    kept.to_owned()
}

/// The title without its last segment if that is a name of the site, else without its first if that is one.
fn without_segment<'t>(title: &'t str, separator: &str, names: &[String]) -> Option<&'t str> {
    let last = title.rsplit_once(separator).map(|(before, last)| (last, before));
    let first = title.split_once(separator);
    [last, first]
        .into_iter()
        .flatten()
        .find(|(segment, rest)| is_site_name(segment, names) && !rest.trim().is_empty())
        .map(|(_, rest)| rest.trim())
}

/// True if a segment is a name of the site, or contains one, or is contained in one.
fn is_site_name(segment: &str, names: &[String]) -> bool {
    let segment = fold(segment);
    !segment.is_empty()
        && names.iter().any(|name| {
            !name.is_empty()
                && (segment == *name
                    || (name.chars().count() > 3 && segment.chars().count() > 3)
                        && segment.chars().count() < 40
                        && (segment.contains(name.as_str()) || name.contains(&segment)))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_site_goes() {
        for (title, site, host, expected) in [
            ("Calls to boycott - The Paper", Some("The Paper"), "a.example", "Calls to boycott"),
            ("The Paper | Calls - again", Some("The Paper"), "a.example", "Calls - again"),
            ("Calls | World | thepaper.example", None, "www.thepaper.example", "Calls | World"),
            ("Calls - a study", Some("The Paper"), "a.example", "Calls - a study"),
            ("The Paper", Some("The Paper"), "a.example", "The Paper"),
            (
                "Rufe nach Boykott – Politik – Zeitung",
                Some("Zeitung"),
                "z.example",
                "Rufe nach Boykott – Politik",
            ),
        ] {
            assert_eq!(without_site(title, site, host, &[]), expected, "{title}");
        }
        assert_eq!(
            without_site("Calls to boycott it | World", None, "a.example", &["Calls to boycott it"]),
            "Calls to boycott it"
        );
    }
}
