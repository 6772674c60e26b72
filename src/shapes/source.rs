//! Sources: those of the configuration, and those that a site offers.

use std::sync::Arc;

use serde::Serialize;
use url::Url;

use super::time::UtcSeconds;
use crate::config::{NewSource, Source};
use crate::link;

/// The sources of the configuration, in its order. `list --json` prints it.
#[derive(Serialize)]
pub(crate) struct SourceListJson<'a> {
    sources: Vec<SourceJson<'a>>,
}

/// A source of the configuration.
#[derive(Serialize)]
struct SourceJson<'a> {
    /// Name.
    source: &'a str,
    /// Whether it is polled.
    enabled: bool,
    /// When it is polled: `adaptive`, `every 30m`, `cron …`.
    when: String,
    /// Labels.
    tags: &'a [String],
    /// `feed`, `listing` or `sitemap`.
    kind: &'static str,
    /// URL of the document that is polled; masked.
    feed: String,
    /// Where it stands in the configuration, `file:line`.
    at: &'a str,
}

impl<'a> From<&'a [Arc<Source>]> for SourceListJson<'a> {
    fn from(sources: &'a [Arc<Source>]) -> Self {
        let sources = sources.iter().map(|source| SourceJson {
            source: &source.name,
            enabled: source.enabled,
            when: source.schedule.to_string(),
            tags: &source.tags,
            kind: source.kind.as_str(),
            feed: link::mask_secrets(&source.feed),
            at: &source.at,
        });
        Self { sources: sources.collect() }
    }
}

/// What a site offers, and what was added. `add --json` prints it.
#[derive(Serialize)]
pub(crate) struct AddJson<'a> {
    /// Documents that can be polled, best first.
    found: &'a [CandidateJson],
    /// The new source; `null`: none was added.
    added: Option<AddedSourceJson<'a>>,
}

/// A document that can be polled.
#[derive(Serialize)]
pub(crate) struct CandidateJson {
    /// The key of the configuration that names it: `feed` or `sitemap`.
    pub(crate) kind: &'static str,
    /// Its URL.
    pub(crate) url: Url,
    /// Title of the feed.
    pub(crate) title: Option<String>,
    /// Entries in it.
    pub(crate) entries: usize,
    /// Date of the newest entry; `null`: none has a date.
    pub(crate) newest: Option<UtcSeconds>,
}

/// A source that was added to the configuration.
#[derive(Serialize)]
struct AddedSourceJson<'a> {
    /// Its name.
    source: &'a str,
    /// As [`CandidateJson::kind`].
    kind: &'static str,
    /// The document that is polled.
    url: &'a Url,
    /// Labels.
    tags: &'a [String],
}

impl<'a> AddJson<'a> {
    pub(crate) fn new(found: &'a [CandidateJson], added: Option<&'a NewSource>) -> Self {
        Self {
            found,
            added: added.map(|source| AddedSourceJson {
                source: &source.name,
                kind: source.key,
                url: &source.url,
                tags: &source.tags,
            }),
        }
    }
}
