//! What a page files its article under: its section and its tags.

use super::fields::Automatic;
use super::meta::fold;
use crate::model::Origin;

/// Tags that are kept of one article, and characters of the longest.
const MOST: usize = 30;
const LONGEST: usize = 60;

impl Automatic<'_> {
    /// The section of the paper.
    pub(super) fn section(&self) -> Option<(String, Origin)> {
        let declared = self.meta.first(&[
            "article:section",
            "og:article:section",
            "parsely-section",
            "cxenseparse:section",
        ]);
        let linked = || Some((self.linked.section.as_deref()?, Origin::JsonLd));
        declared
            .map(|section| (section, Origin::Meta))
            .or_else(linked)
            .filter(|(section, _)| (1..=LONGEST).contains(&section.chars().count()))
            .map(|(section, origin)| (section.to_owned(), origin))
    }

    /// The tags, each once, as the page says them, and where the first of them stands.
    pub(super) fn tags(&self) -> (Vec<String>, Option<Origin>) {
        let mut tags: Vec<String> = Vec::new();
        let one = self.meta.all("article:tag").map(|tag| (tag, Origin::Meta));
        let linked = self.linked.keywords.iter();
        let linked = linked.map(|tag| (tag.as_str(), Origin::JsonLd));
        let many = || {
            ["news_keywords", "keywords", "parsely-tags", "sailthru.tags"]
                .iter()
                .find_map(|name| self.meta.all(name).next())
                .map(|tags| (tags, Origin::Meta))
        };
        let mut given: Vec<(&str, Origin)> = one.chain(linked).collect();
        if given.is_empty() {
            given.extend(many());
        }
        let mut from = None;
        for (list, origin) in given {
            for tag in list.split([',', ';', '،', '、']) {
                let tag = tag.trim();
                let folded = fold(tag);
                let fits = !folded.is_empty() && tag.chars().count() <= LONGEST && tags.len() < MOST;
                // Systems file under names of their own, too: `type:article`.
                let own = tag.contains([':', '=', '|', '/']) && !tag.contains(' ');
                if fits && !own && !tags.iter().any(|known| fold(known) == folded) {
                    tags.push(tag.to_owned());
                    from = from.or(Some(origin));
                }
            }
        }
        (tags, from)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use chrono_tz::Tz;
    use url::Url;

    use crate::extract::{PageInput, article};
    use crate::model::{Field, Origin};

    #[test]
    fn section_and_tags_say_where_they_are_from() {
        let url = Url::parse("https://paper.example/a").unwrap();
        let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let of = |head: &str| {
            let html = format!("<html><head>{head}</head><body><p>Text.</p></body></html>");
            let page = PageInput {
                html: &html,
                url: &url,
                link_header: None,
            };
            let found = article(&page, &[], Tz::UTC, now).unwrap();
            let origin = |field| found.origins.get(&field).copied();
            let origins = (origin(Field::Section), origin(Field::Tags));
            (found.section, found.tags, origins)
        };
        let list = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
        let linked = r#"<script type="application/ld+json">{"@type":"NewsArticle","articleSection":"Sport",
            "keywords":["Rowing","rowing","Lake"]}</script>"#;
        assert_eq!(
            of(linked),
            (
                Some("Sport".into()),
                list(&["Rowing", "Lake"]),
                (Some(Origin::JsonLd), Some(Origin::JsonLd))
            )
        );
        let meta =
            r#"<meta property="article:section" content="World"><meta name=keywords content="a, b; type:x">"#;
        assert_eq!(
            of(meta),
            (
                Some("World".into()),
                list(&["a", "b"]),
                (Some(Origin::Meta), Some(Origin::Meta))
            )
        );
        assert_eq!(of(""), (None, Vec::new(), (None, None)));
    }
}
