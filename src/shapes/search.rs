//! An article that a search found.

use serde::Serialize;

use super::time::UtcSeconds;
use crate::store::Hit;

/// A hit. `search --json` prints one a line.
#[derive(Serialize)]
pub(crate) struct SearchHitJson<'a> {
    /// Number of the article; stays through revisions.
    id: i64,
    /// URL of the article.
    url: &'a str,
    /// Headline.
    title: Option<&'a str>,
    /// Name of the source of its text; `null`: not known any more.
    source: Option<&'a str>,
    /// Names of all sources that it belongs to.
    sources: &'a [String],
    /// As the page writes it.
    published: Option<&'a str>,
    /// BCP 47.
    language: Option<&'a str>,
    /// When the article was first stored.
    first_seen: UtcSeconds,
    /// Articles with the same number tell the same story.
    cluster: i64,
    /// The passage that matches.
    snippet: &'a str,
    /// Matches within `snippet`: first character and the one behind the last, counted in characters from 0.
    marks: Vec<[usize; 2]>,
    /// How well it fits, larger is better; `null` unless ranked.
    score: Option<f64>,
}

impl<'a> From<&'a Hit> for SearchHitJson<'a> {
    fn from(hit: &'a Hit) -> Self {
        let text = &hit.snippet.text;
        let characters = |bytes: usize| text.get(..bytes).unwrap_or_default().chars().count();
        Self {
            id: hit.article_id,
            url: &hit.url,
            title: hit.title.as_deref(),
            source: hit.source.as_deref(),
            sources: &hit.sources,
            published: hit.published.as_deref(),
            language: hit.language.as_deref(),
            first_seen: UtcSeconds(hit.first_seen),
            cluster: hit.cluster,
            snippet: text,
            marks: hit
                .snippet
                .marks
                .iter()
                .map(|mark| [characters(mark.start), characters(mark.end)])
                .collect(),
            score: hit.score,
        }
    }
}
