//! Query parameters of a source that turned out to carry a session: what was stored with them is known without them from then
//! on, so that nothing is fetched again.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};
use url::Url;

use super::articles;
use super::error::StoreError;
use super::page_id::PageId;
use super::reader::Reader;
use crate::identity::{self, Fingerprint, KeyRules};
use crate::link::{self, SameSite};
use crate::model::{EntryId, Key, KeyKind, SourceId};

/// Sessions in the links of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionLinks {
    /// Names of the query parameters.
    pub parameters: Vec<String>,
    /// The `key_from_url` that makes keys without them.
    pub key_from_url: String,
}

/// Links that the `key_from_url` is made for: the latest.
const MAX_LINKS: i64 = 50;

impl Reader {
    /// The sessions that were found in the links of a source.
    pub(super) fn session_links(&self, source: SourceId) -> Result<Option<SessionLinks>, StoreError> {
        let parameters = stored(&self.db, source)?;
        if parameters.is_empty() {
            return Ok(None);
        }
        let urls: Vec<String> = self
            .db
            .prepare_cached(
                "SELECT url FROM entry WHERE id IN (SELECT id FROM entry WHERE source_id = ?1 ORDER BY id DESC LIMIT ?2) \
                 AND url IS NOT NULL",
            )?
            .query_map([source.0, MAX_LINKS], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let links: Vec<Url> = urls.iter().filter_map(|url| link::web_url(url)).collect();
        Ok(Some(SessionLinks { key_from_url: identity::key_pattern(&links, &parameters), parameters }))
    }
}

/// An entry that is stored with a session, as it is without.
pub(super) struct SessionRow {
    row: EntryId,
    pub(super) ident: String,
    /// Hash of its link.
    pub(super) link: Option<i64>,
    page: Option<PageId>,
}

/// Those of these parameters that are not stored as such yet.
pub(super) fn found(
    db: &Connection,
    source: SourceId,
    session: &[String],
) -> Result<Vec<String>, StoreError> {
    if session.is_empty() {
        return Ok(Vec::new());
    }
    let stored = stored(db, source)?;
    Ok(session.iter().filter(|name| !stored.contains(name)).cloned().collect())
}

fn stored(db: &Connection, source: SourceId) -> Result<Vec<String>, StoreError> {
    let stored: String = db
        .prepare_cached("SELECT session_parameters FROM source WHERE id = ?1")?
        .query_row([source.0], |row| row.get(0))?;
    Ok(serde_json::from_str(&stored).unwrap_or_default())
}

/// The entries of a source that have one of these parameters in ident or link.
pub(super) fn rows_with(
    db: &Connection,
    source: SourceId,
    session: &[String],
) -> Result<Vec<SessionRow>, StoreError> {
    let mut found = Vec::new();
    let same_site = SameSite::default();
    let rules = KeyRules { pattern: None, same_site: &same_site, session };
    let mut query =
        db.prepare_cached("SELECT id, ident, coalesce(url, ''), page_id FROM entry WHERE source_id = ?1")?;
    let mut rows = query.query([source.0])?;
    while let Some(row) = rows.next()? {
        let text = |column| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
        let (ident, url): (&str, &str) = (text(1)?, text(2)?);
        let has = |name: &String| {
            let written = format!("{name}=");
            ident.contains(&written) || url.contains(&written)
        };
        if session.iter().any(has) {
            found.push(SessionRow {
                row: EntryId(row.get(0)?),
                ident: identity::ident_without_session(ident, session),
                link: Fingerprint::link_of(&identity::link_keys(rules, link::web_url(url).as_ref())),
                page: row.get::<_, Option<i64>>(3)?.map(PageId),
            });
        }
    }
    Ok(found)
}

/// Gives the entries of a source the idents that they have without these parameters, and their pages the keys.
pub(super) fn leave_out(
    db: &Connection,
    source: SourceId,
    session: &[String],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut pages = BTreeSet::new();
    for SessionRow { row, ident, link, page } in rows_with(db, source, session)? {
        db.prepare_cached("UPDATE entry SET link_hash = ?2 WHERE id = ?1")?.execute(params![row.0, link])?;
        // Where an article was stored twice, the ident is taken.
        db.prepare_cached("UPDATE OR IGNORE entry SET ident = ?2 WHERE id = ?1")?
            .execute(params![row.0, ident])?;
        pages.extend(page);
    }
    for page in pages {
        add_short_keys(db, page, source, session, now)?;
    }
    Ok(())
}

/// Adds the keys that a page has without these parameters.
fn add_short_keys(
    db: &Connection,
    page: PageId,
    source: SourceId,
    session: &[String],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    // The page is found by the same key when it is fetched again. A decision of a person names it by the old one.
    let page_key: String = db
        .prepare_cached("SELECT page_key FROM page WHERE id = ?1")?
        .query_row([page.0], |row| row.get(0))?;
    if !page_key.starts_with(identity::ENTRY_KEY) {
        db.prepare_cached(
            "UPDATE OR IGNORE page SET page_key = ?2 WHERE id = ?1 \
             AND NOT EXISTS (SELECT 1 FROM decision WHERE one_key = page_key OR other_key = page_key)",
        )?
        .execute(params![page.0, link::text_without_session(&page_key, session)])?;
    }
    let mut keys = Vec::new();
    let mut query = db.prepare_cached("SELECT key, kind, proof, url FROM alias WHERE page_id = ?1")?;
    let mut rows = query.query([page.0])?;
    while let Some(row) = rows.next()? {
        let (key, kind, proof): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let short = link::text_without_session(&key, session);
        if let (true, Ok(kind), Ok(proof)) = (short != key, kind.parse::<KeyKind>(), proof.parse())
            && kind != KeyKind::FromUrl
        {
            keys.push(Key { kind, proof, key: short.into_owned(), url: row.get(3)? });
        }
    }
    drop(rows);
    drop(query);
    articles::add_keys(db, page, &keys, source, now)
}
