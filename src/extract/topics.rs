//! What a page files its article under: its section and its tags.

use super::fields::Automatic;
use super::meta::fold;

/// Tags that are kept of one article, and characters of the longest.
const MOST: usize = 30;
const LONGEST: usize = 60;

impl Automatic<'_> {
    /// The section of the paper.
    pub(super) fn section(&self) -> Option<String> {
        let linked = self.linked.section.as_deref();
        let declared = self.meta.first(&[
            "article:section",
            "og:article:section",
            "parsely-section",
            "cxenseparse:section",
        ]);
        declared
            .or(linked)
            .filter(|section| (1..=LONGEST).contains(&section.chars().count()))
            .map(str::to_owned)
    }

    /// The tags, each once, as the page says them.
    pub(super) fn tags(&self) -> Vec<String> {
        let mut tags: Vec<String> = Vec::new();
        let one = self.meta.all("article:tag").map(str::to_owned);
        let linked = self.linked.keywords.iter().cloned();
        let many = || {
            ["news_keywords", "keywords", "parsely-tags", "sailthru.tags"]
                .iter()
                .find_map(|name| self.meta.all(name).next())
                .map(str::to_owned)
        };
        let mut given: Vec<String> = one.chain(linked).collect();
        if given.is_empty() {
            given.extend(many());
        }
        for tag in given.iter().flat_map(|list| list.split([',', ';', '،', '、'])) {
            let tag = tag.trim();
            let folded = fold(tag);
            let fits = !folded.is_empty() && tag.chars().count() <= LONGEST && tags.len() < MOST;
            // Systems file under names of their own, too: `type:article`.
            let own = tag.contains([':', '=', '|', '/']) && !tag.contains(' ');
            if fits && !own && !tags.iter().any(|known| fold(known) == folded) {
                tags.push(tag.to_owned());
            }
        }
        tags
    }
}
