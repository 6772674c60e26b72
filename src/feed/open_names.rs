//! Counts the open elements of each name, so that a stray end tag costs no search through all of them.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// How many elements of each name are open, in any case. At most [`DEPTH`](super::limits::DEPTH) are.
#[derive(Debug, Default)]
pub(super) struct OpenNames<'a>(BTreeMap<AnyCase<'a>, usize>);

impl<'a> OpenNames<'a> {
    pub(super) fn open(&mut self, name: &'a str) {
        *self.0.entry(AnyCase(name)).or_default() += 1;
    }

    pub(super) fn close(&mut self, name: &'a str) {
        if let Entry::Occupied(mut count) = self.0.entry(AnyCase(name)) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }

    pub(super) fn contains(&self, name: &'a str) -> bool {
        self.0.contains_key(&AnyCase(name))
    }
}

/// A name as written; two that differ in the case of ASCII letters only are equal.
#[derive(Clone, Copy, Debug)]
struct AnyCase<'a>(&'a str);

impl Ord for AnyCase<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let lower = |byte: u8| byte.to_ascii_lowercase();
        self.0.bytes().map(lower).cmp(other.0.bytes().map(lower))
    }
}

impl PartialOrd for AnyCase<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for AnyCase<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for AnyCase<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_names_are_counted_in_any_case() {
        let names: Vec<String> = (0..40).map(|i| format!("Name-{i}")).collect();
        let lower: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
        let mut open = OpenNames::default();
        let mut counts = [0_usize; 40];
        let mut dice = 7_u64;
        for _ in 0..5000 {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let at = usize::try_from(dice >> 40).unwrap() % 40;
            if dice >> 62 == 0 || counts.iter().sum::<usize>() < 3 {
                open.open(&names[at]);
                counts[at] += 1;
            } else if dice >> 62 == 1 {
                for (name, count) in names.iter().zip(&mut counts).take(at) {
                    open.open(name);
                    *count += 1;
                }
            } else {
                for (name, count) in lower.iter().zip(&mut counts).skip(at / 2) {
                    open.close(name);
                    *count = count.saturating_sub(1);
                }
            }
            for (name, count) in lower.iter().zip(&counts) {
                assert_eq!(open.contains(name), *count > 0, "{name}");
            }
        }
    }
}
