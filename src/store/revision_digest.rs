//! The only test, outside `reextract`, of whether a fetched page makes a new revision.
//!
//! Pictures, markup, language and the like are stored with a revision but do not make a new one.

use rusqlite::{Connection, OptionalExtension, Row};

use super::error::StoreError;
use super::page_id::PageId;
use super::revision_columns::clean;
use crate::identity::lasting_words;
use crate::model::{ArticleId, CollectedArticle, Method, SourceId};

/// The columns of [`RevisionDigest::read`].
macro_rules! digest_columns {
    () => {
        "SELECT title, standfirst, byline, published, text, method FROM revision "
    };
}

/// The fields of a revision that are compared.
pub(super) struct RevisionDigest {
    pub(super) title: Option<String>,
    standfirst: Option<String>,
    byline: Option<String>,
    published: Option<String>,
    pub(super) text: String,
    method: String,
}

impl RevisionDigest {
    /// Of an article that is about to be stored.
    pub(super) fn of(collected: &CollectedArticle) -> Self {
        let fields = &collected.extraction;
        Self {
            title: fields.title.as_deref().map(clean),
            standfirst: fields.standfirst.as_deref().map(clean),
            byline: fields.byline.as_deref().map(clean),
            published: fields.published.as_ref().map(ToString::to_string),
            text: clean(&fields.text),
            method: collected.method.as_str().to_owned(),
        }
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            title: row.get(0)?,
            standfirst: row.get(1)?,
            byline: row.get(2)?,
            published: row.get(3)?,
            text: row.get(4)?,
            method: row.get(5)?,
        })
    }

    /// Of the latest revision of a page that is its own text; none where only feeds had a text.
    pub(super) fn latest_of_page(db: &Connection, page: PageId) -> Result<Option<Self>, StoreError> {
        Ok(db
            .prepare_cached(concat!(
                digest_columns!(),
                "WHERE page_id = ?1 AND method <> 'feed' ORDER BY id DESC LIMIT 1"
            ))?
            .query_row([page.0], Self::read)
            .optional()?)
    }

    /// Of the latest text that the feed of a source has of a page.
    pub(super) fn latest_of_feed(
        db: &Connection,
        page: PageId,
        source: SourceId,
    ) -> Result<Option<Self>, StoreError> {
        Ok(db
            .prepare_cached(concat!(
                digest_columns!(),
                "WHERE page_id = ?1 AND source_id = ?2 AND method = 'feed' ORDER BY id DESC LIMIT 1"
            ))?
            .query_row([page.0, source.0], Self::read)
            .optional()?)
    }

    /// Whether the text is the feed's own. That may be a summary by somebody else, so pages are not compared by it.
    pub(super) fn is_of_feed(&self) -> bool {
        self.method == Method::Feed.as_str()
    }

    /// Whether a reader would see no difference.
    pub(super) fn reads_like(&self, other: &Self) -> bool {
        let same = |a: &Option<String>, b: &Option<String>| {
            is_same_text(a.as_deref().unwrap_or_default(), b.as_deref().unwrap_or_default())
        };
        same(&self.title, &other.title)
            && same(&self.standfirst, &other.standfirst)
            && same(&self.byline, &other.byline)
            && self.published == other.published
            && lasting_words(&self.text).eq(lasting_words(&other.text))
    }
}

/// Whose text is shown, in SQL over `revision` and its `page`; the highest is shown. 4: a page that a source of its site fetched. 3: that
/// site's feed, where the source wants no page. 2: a page that a source of another site fetched. 1: the site's feed, because the
/// page failed. 0: the feed of another site.
pub(super) const TEXT_RANK: &str = "CASE WHEN revision.method <> 'feed' THEN iif(page.own_feed, 4, 2) \
     WHEN revision.first_party THEN iif(EXISTS (SELECT 1 FROM entry WHERE entry.page_id = page.id \
         AND entry.source_id IS revision.source_id AND entry.host = ''), 3, 1) ELSE 0 END";

/// The revision that readers see of an article.
pub(super) struct ShownRevision {
    pub(super) digest: RevisionDigest,
    pub(super) page: PageId,
    pub(super) source: Option<SourceId>,
    /// See [`TEXT_RANK`].
    pub(super) rank: i64,
}

impl ShownRevision {
    pub(super) fn of(db: &Connection, article: ArticleId) -> Result<Option<Self>, StoreError> {
        Ok(db
            .prepare_cached(&format!(
                "SELECT revision.title, revision.standfirst, revision.byline, revision.published, revision.text, revision.method, \
                 revision.page_id, revision.source_id, {TEXT_RANK} FROM article \
                 JOIN revision ON revision.id = article.revision_id JOIN page ON page.id = revision.page_id \
                 WHERE article.id = ?1"
            ))?
            .query_row([article.0], |row| {
                Ok(Self {
                    digest: RevisionDigest::read(row)?,
                    page: PageId(row.get(6)?),
                    source: row.get::<_, Option<i64>>(7)?.map(SourceId),
                    rank: row.get(8)?,
                })
            })
            .optional()?)
    }
}

/// Whether two texts differ in white space at most.
pub(super) fn is_same_text(a: &str, b: &str) -> bool {
    a.split_whitespace().eq(b.split_whitespace())
}
