//! The section of an article and its tags.

use super::extractor::FallbackExtractor;
use crate::extract::words::fold;
use crate::model::Origin;

/// Tags of one article that are kept.
const MOST_TAGS: usize = 30;

/// Characters of a section or tag; longer ones are dropped.
const LONGEST: usize = 60;

impl FallbackExtractor<'_> {
    /// The section of the paper: by `<meta>`, else by JSON-LD.
    pub(super) fn section(&self) -> Option<(String, Origin)> {
        let in_meta = self
            .meta
            .first(&["article:section", "og:article:section", "parsely-section", "cxenseparse:section"]);
        let in_json_ld = || Some((self.json_ld.section.as_deref()?, Origin::JsonLd));
        in_meta
            .map(|section| (section, Origin::Meta))
            .or_else(in_json_ld)
            .filter(|(section, _)| (1..=LONGEST).contains(&section.chars().count()))
            .map(|(section, origin)| (section.to_owned(), origin))
    }

    /// The tags, each once, and the origin of the first: of `article:tag` and JSON-LD together, else of a list of
    /// keywords in `<meta>`.
    pub(super) fn tags(&self) -> (Vec<String>, Option<Origin>) {
        let mut lists: Vec<(&str, Origin)> = Vec::new();
        lists.extend(self.meta.all("article:tag").map(|tag| (tag, Origin::Meta)));
        let keywords = self.json_ld.keywords.iter();
        lists.extend(keywords.map(|list| (list.as_str(), Origin::JsonLd)));
        if lists.is_empty() {
            let names = ["news_keywords", "keywords", "parsely-tags", "sailthru.tags"];
            lists.extend(self.meta.first(&names).map(|list| (list, Origin::Meta)));
        }
        let mut tags: Vec<String> = Vec::new();
        let mut first_origin = None;
        for (list, origin) in lists {
            for tag in list.split([',', ';', '،', '、']) {
                let tag = tag.trim();
                let folded = fold(tag);
                let fits = !folded.is_empty() && tag.chars().count() <= LONGEST && tags.len() < MOST_TAGS;
                // Keys of content management systems, such as `type:article`, are no tags.
                let is_key = tag.contains([':', '=', '|', '/']) && !tag.contains(' ');
                if fits && !is_key && !tags.iter().any(|known| fold(known) == folded) {
                    tags.push(tag.to_owned());
                    first_origin = first_origin.or(Some(origin));
                }
            }
        }
        (tags, first_origin)
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
            let page = PageInput { html: &html, url: &url, link_header: None };
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
            (Some("Sport".into()), list(&["Rowing", "Lake"]), (Some(Origin::JsonLd), Some(Origin::JsonLd)))
        );
        let meta =
            r#"<meta property="article:section" content="World"><meta name=keywords content="a, b; type:x">"#;
        assert_eq!(
            of(meta),
            (Some("World".into()), list(&["a", "b"]), (Some(Origin::Meta), Some(Origin::Meta)))
        );
        assert_eq!(of(""), (None, Vec::new(), (None, None)));
    }
}
