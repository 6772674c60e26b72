//! The nearest of some names to one that was mistyped.

/// The name with the fewest changes to `typed`, where these are few enough for a slip of the finger.
pub fn nearest<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed: Vec<char> = typed.to_lowercase().chars().take(LONGEST + 1).collect();
    let allowed = (typed.len() / 3).clamp(1, 4);
    if typed.is_empty() || typed.len() > LONGEST {
        return None;
    }
    names
        .into_iter()
        .map(|name| (distance(&typed, name), name))
        .filter(|(changes, _)| *changes <= allowed)
        .min_by_key(|(changes, _)| *changes)
        .map(|(_, name)| name)
}

/// Longer ones are no names.
const LONGEST: usize = 64;

/// Letters put in, left out, changed or swapped with their neighbour (optimal string alignment), case aside.
fn distance(typed: &[char], name: &str) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=typed.len()).collect();
    let mut last = None;
    for c in name.chars().flat_map(char::to_lowercase) {
        let mut next = vec![row.first().map_or(1, |cost| cost + 1)];
        let mut left = None;
        for (index, typed_c) in typed.iter().enumerate() {
            let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX / 2);
            let changed = at(&row, index) + usize::from(c != *typed_c);
            let mut cost = changed.min(at(&row, index + 1) + 1).min(at(&next, index) + 1);
            if last == Some(*typed_c) && left == Some(c) && index > 0 {
                cost = cost.min(at(&before, index - 1) + 1);
            }
            next.push(cost);
            left = Some(*typed_c);
        }
        before = std::mem::replace(&mut row, next);
        last = Some(c);
    }
    row.last().copied().unwrap_or_default()
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

    #[test]
    fn changes_are_counted() {
        for (a, b, changes) in [
            ("abc", "abc", 0),
            ("abc", "acb", 1),
            ("abc", "", 3),
            ("", "ab", 2),
            ("kitten", "sitting", 3),
        ] {
            let typed: Vec<char> = a.chars().collect();
            assert_eq!(distance(&typed, b), changes, "{a} {b}");
        }
    }
}
