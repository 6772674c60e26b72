//! Look-ups from a key to its page, and from a page to its article. Every file that writes pages uses them.

use rusqlite::{Connection, OptionalExtension, params};

use super::error::StoreError;
use crate::link::have_one_site;
use crate::model::{ArticleId, Key, KeyKind, SourceId};

/// Row id of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct PageId(pub i64);

/// Selects the pages with a key that is not shared, the page that the key itself serves first, then the oldest; the parameter
/// is the key.
pub(super) const PAGE_OF_KEY: &str = "SELECT page_id FROM alias WHERE key = ?1 AND shared = 0 \
     ORDER BY kind <> 'final-url', page_id LIMIT 1";

/// Selects pages that an entry of source ?2 leads to, if its link has the key ?1: those that a response proved, with a
/// text of their own. An article that other sources kept no longer is new for this one. The last columns say whose page it is.
pub(super) const KNOWN_PAGES: &str = "SELECT alias.page_id, page.article_id, alias.kind = 'final-url', page.own_feed, page.site \
     FROM alias JOIN page ON page.id = alias.page_id JOIN article ON article.id = page.article_id \
     WHERE alias.key = ?1 AND alias.shared = 0 AND alias.proof = 'response' \
     AND page.requested_at IS NOT NULL AND (article.deleted_why IS NOT 'expired' OR EXISTS (SELECT 1 FROM membership \
         WHERE membership.article_id = article.id AND membership.source_id = ?2)) \
     ORDER BY alias.kind <> 'final-url', alias.page_id LIMIT 8";

/// A page that an entry leads to.
#[derive(Clone, Copy, Debug)]
pub(super) struct KnownPage {
    pub(super) id: PageId,
    /// Whether a source of another site fetched it, and the entry is of its own: then it is fetched once more, for what that
    /// site's feed says of it, and its text is that source's from then on.
    pub(super) awaits_own_source: bool,
}

/// The title of an entry that is looked up.
#[derive(Clone, Copy, Debug)]
pub(super) enum EntryTitle {
    /// Its hash, as in `entry.title_hash`.
    Hash(Option<i64>),
    /// Not compared.
    Any,
}

/// The page of an entry with these keys that needs no request: we asked for its link before. Where a link led to different
/// articles at different times, it has to be asked again. So has a URL of which only `key_from_url` is known, where no entry of
/// that article has its title: the pattern may match more than it should.
pub(super) fn known_page(
    db: &Connection,
    keys: &[Key],
    source: SourceId,
    title: EntryTitle,
) -> Result<Option<KnownPage>, StoreError> {
    for key in keys {
        // Nearly all links are new. This looks at one index, and not at four tables.
        let is_known = db
            .prepare_cached("SELECT 1 FROM alias WHERE key = ?1 AND shared = 0 LIMIT 1")?
            .exists([&key.key])?;
        if !is_known {
            continue;
        }
        let pages: Vec<(PageId, i64, bool, bool, String)> = db
            .prepare_cached(KNOWN_PAGES)?
            .query_map(params![key.key, source.0], |row| {
                Ok((PageId(row.get(0)?), row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
            })?
            .collect::<Result<_, _>>()?;
        if let Some((page, article, is_served, own_feed, site)) = pages.first()
            && (*is_served || pages.iter().all(|(_, other, ..)| other == article))
            && (key.kind != KeyKind::FromUrl || has_entry_of_title(db, *article, title)?)
        {
            let awaits_own_source = !own_feed && is_of_site(db, source, site)?;
            return Ok(Some(KnownPage { id: *page, awaits_own_source }));
        }
    }
    Ok(None)
}

/// Whether the feed of a source is of this site (`page.site`).
pub(super) fn is_of_site(db: &Connection, source: SourceId, site: &str) -> Result<bool, StoreError> {
    let own: Option<String> = db
        .prepare_cached("SELECT feed_site FROM source WHERE id = ?1")?
        .query_row([source.0], |row| row.get(0))
        .optional()?;
    Ok(own.is_some_and(|own| have_one_site(&own, site)))
}

/// Whether an entry of an article has this title.
fn has_entry_of_title(db: &Connection, article: i64, title: EntryTitle) -> Result<bool, StoreError> {
    let EntryTitle::Hash(title) = title else { return Ok(true) };
    Ok(db
        .prepare_cached(
            "SELECT 1 FROM page JOIN entry ON entry.page_id = page.id WHERE page.article_id = ?1 AND entry.title_hash = ?2",
        )?
        .exists(params![article, title])?)
}

/// The page that an unshared key leads to.
pub(super) fn page_of_key(db: &Connection, key: &str) -> Result<Option<PageId>, StoreError> {
    Ok(db.prepare_cached(PAGE_OF_KEY)?.query_row([key], |row| row.get(0).map(PageId)).optional()?)
}

/// The article that a page belongs to.
pub(super) fn article_of(db: &Connection, page: PageId) -> Result<ArticleId, StoreError> {
    Ok(db
        .prepare_cached("SELECT article_id FROM page WHERE id = ?1")?
        .query_row([page.0], |row| row.get(0).map(ArticleId))?)
}
