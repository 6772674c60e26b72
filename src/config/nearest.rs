//! Suggests the name that a mistyped one was meant to be.

/// Longer words are no names, and comparing them would take long.
const MAX_LENGTH: usize = 64;

/// The name with the fewest edits to `typed`, if they are at most a third of its letters, and four. An edit inserts,
/// deletes or changes a letter, or swaps two neighbours; case does not count.
pub fn nearest<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = typed.chars().take(MAX_LENGTH + 1).count();
    if length == 0 || length > MAX_LENGTH {
        return None;
    }
    let allowed = (length / 3).clamp(1, 4);
    let typed = typed.to_lowercase();
    names
        .into_iter()
        .map(|name| (strsim::osa_distance(&typed, &name.to_lowercase()), name))
        .filter(|(edits, _)| *edits <= allowed)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_other_words_are_not() {
        let names = ["every", "timezone", "feed", "keep_pages"];
        for (typed, name) in [
            ("evry", Some("every")),
            ("fede", Some("feed")),
            ("Timezone", Some("timezone")),
            ("keep-pages", Some("keep_pages")),
            ("keeppage", Some("keep_pages")),
            ("", None),
            ("colour", None),
        ] {
            assert_eq!(nearest(typed, names), name, "{typed}");
        }
        assert_eq!(nearest(&"e".repeat(1_000_000), names), None);
    }
}
