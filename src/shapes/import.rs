//! What an import of a list of feeds (OPML) did.

use serde::Serialize;

use crate::config::NewSource;

/// The result of an import of feeds. `import --json` prints it.
#[derive(Serialize)]
pub(crate) struct FeedImportJson<'a> {
    /// Sources written to the configuration, or that would be.
    added: Vec<ImportedFeedJson<'a>>,
    /// Feeds that were left out.
    left: &'a [SkippedFeedJson],
    /// Whether nothing was written.
    dry_run: bool,
}

/// A feed that became a source.
#[derive(Serialize)]
struct ImportedFeedJson<'a> {
    /// Name of the new source.
    source: &'a str,
    /// URL of the feed.
    feed: &'a str,
    /// Labels, from the folders of the list.
    tags: &'a [String],
}

/// A feed that was left out.
#[derive(Serialize)]
pub(crate) struct SkippedFeedJson {
    /// Its URL; masked where it is one.
    pub(crate) feed: String,
    /// The reason, as a phrase.
    pub(crate) why: String,
}

impl<'a> FeedImportJson<'a> {
    pub(crate) fn new(added: &'a [NewSource], left: &'a [SkippedFeedJson], dry_run: bool) -> Self {
        let added = added.iter().map(|source| ImportedFeedJson {
            source: &source.name,
            feed: source.url.as_str(),
            tags: &source.tags,
        });
        Self { added: added.collect(), left, dry_run }
    }
}
