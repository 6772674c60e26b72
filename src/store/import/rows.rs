//! The rows that both ways of importing write.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};
use url::Url;

use super::super::article_identity::{DecisionRecord, PageRecord};
use super::super::error::StoreError;
use super::super::reader::source_by_name;
use super::super::revision_columns::COLUMNS;
use super::super::{similarity, time};
use super::records::ImportedText;
use crate::identity::{self, Identity, KeyRules, PageUrls};
use crate::link::SameSite;
use crate::model::{ArticleId, Key, PageLinks, SourceId};

/// The source with a name. One that is not there is added as not configured.
pub(super) fn source_named(db: &Connection, name: &str, at: DateTime<Utc>) -> Result<SourceId, StoreError> {
    if let Some(source) = source_by_name(db, name)? {
        return Ok(source);
    }
    db.prepare_cached(
        "INSERT INTO source (name, url, host, enabled, config_enabled, configured, schedule, timezone, first_seen, next_at, next_why) \
         VALUES (?1, '', '', 0, 0, 0, '', 'UTC', ?2, 0, 'imported')",
    )?
    .execute(params![name, time::text(at)])?;
    Ok(SourceId(db.last_insert_rowid()))
}

/// The page key and the keys that an article has by its URL and short link alone. `fallback` is the page key of a URL that
/// names no article.
pub(super) fn identity_by_url(url: Option<&Url>, short_link: Option<&Url>, fallback: &str) -> Identity {
    let Some(url) = url else {
        return Identity { page_key: fallback.to_owned(), keys: Vec::new(), claims: Vec::new() };
    };
    let links = PageLinks { short_link: short_link.cloned(), ..PageLinks::default() };
    let rules = KeyRules { pattern: None, same_site: &SameSite::default(), session: &[] };
    let urls = PageUrls { served: url, asked: None, redirects: &[], joined: &[] };
    identity::of_page(rules, &links, urls, fallback)
}

/// A page key of the file's own, for an article whose URL names none.
pub(super) fn import_key(text: &ImportedText, article: i64) -> String {
    format!("import:{}/{article}", text.source.as_deref().unwrap_or_default())
}

pub(super) fn page_of_page_key(db: &Connection, page_key: &str) -> Result<Option<i64>, StoreError> {
    Ok(db
        .prepare_cached("SELECT id FROM page WHERE page_key = ?1")?
        .query_row([page_key], |row| row.get(0))
        .optional()?)
}

/// The record of a page that is known by its URL alone.
pub(super) fn page_by_url(
    page: i64,
    key: String,
    text: &ImportedText,
    first_seen: DateTime<Utc>,
) -> PageRecord {
    PageRecord {
        page,
        key,
        url: text.url.as_ref().map(Url::to_string).unwrap_or_default(),
        site: None,
        source: text.source.clone(),
        first_party: text.first_party,
        own_feed: text.first_party,
        first_seen,
        requested_at: Some(text.fetched_at).filter(|_| text.method != "feed"),
        aliases: Vec::new(),
        claims: Vec::new(),
    }
}

/// Inserts a page, or replaces the row with its number; returns its number. `page` 0 takes the next one.
pub(super) fn put_page(db: &Connection, article: ArticleId, page: &PageRecord) -> Result<i64, StoreError> {
    let source = page.source.as_deref().map(|name| source_named(db, name, page.first_seen)).transpose()?;
    db.prepare_cached(
        "INSERT INTO page (id, article_id, source_id, page_key, url, site, first_party, own_feed, comparable, first_seen, \
         requested_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, ?9, ?10) \
         ON CONFLICT (id) DO UPDATE SET article_id = ?2, source_id = ?3, page_key = ?4, url = ?5, site = ?6, first_party = ?7, \
         own_feed = ?8, first_seen = ?9, requested_at = ?10",
    )?
    .execute(params![
        Some(page.page).filter(|page| *page > 0),
        article.0,
        source.map(|source| source.0),
        page.key,
        page.url,
        page.site.clone().unwrap_or_else(|| PageRecord::usual_site(&page.url)),
        page.first_party,
        page.own_feed,
        time::text(page.first_seen),
        page.requested_at.map(time::ms)
    ])?;
    Ok(if page.page > 0 { page.page } else { db.last_insert_rowid() })
}

/// Gives a page keys; one that leads to another page stays with that.
pub(super) fn add_free_keys(
    db: &Connection,
    page: i64,
    keys: &[Key],
    seen_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    for key in keys {
        db.prepare_cached(
            "INSERT OR IGNORE INTO alias (key, kind, page_id, url, proof, shared, seen_at) SELECT ?1, ?2, ?3, ?4, ?5, 0, ?6 \
             WHERE NOT EXISTS (SELECT 1 FROM alias WHERE key = ?1 AND page_id <> ?3)",
        )?
        .execute(params![
            key.key,
            key.kind.as_str(),
            page,
            key.url,
            key.proof.as_str(),
            time::text(seen_at)
        ])?;
    }
    Ok(())
}

/// Inserts a text, announced by the change `seq` if there is one; returns its row id.
pub(super) fn insert_text(
    db: &Connection,
    page: i64,
    text: &ImportedText,
    seq: Option<i64>,
) -> Result<i64, StoreError> {
    let source = text.source.as_deref().map(|name| source_named(db, name, text.fetched_at)).transpose()?;
    let marks = vec!["?"; 29].join(", ");
    db.prepare_cached(&format!(
        "INSERT INTO revision ({COLUMNS}, page_id, source_id, fetched_at, first_party, seq) VALUES ({marks})"
    ))?
    .execute(params![
        text.url.as_ref().map(Url::as_str).unwrap_or_default(),
        text.short_link.as_ref().map(Url::as_str),
        text.title,
        text.standfirst,
        text.byline,
        serde_json::Value::from(text.authors.clone()).to_string(),
        text.published,
        text.published_at.map(time::text),
        text.precision,
        text.modified,
        text.text,
        text.html,
        text.image,
        text.language,
        text.site,
        text.method,
        text.kind,
        text.origins,
        text.section,
        serde_json::Value::from(text.tags.clone()).to_string(),
        text.rights,
        text.enclosures,
        text.image_width,
        text.image_height,
        page,
        source.map(|source| source.0),
        time::text(text.fetched_at),
        text.first_party,
        seq
    ])?;
    Ok(db.last_insert_rowid())
}

/// Notes of a page what its text is compared by. A title that the feed gave a page is no evidence of it.
pub(super) fn note_evidence(db: &Connection, page: i64) -> Result<(), StoreError> {
    let latest: Option<(Option<String>, String)> = db
        .prepare_cached(
            "SELECT iif(method <> 'feed' AND origins ->> 'title' = 'feed', NULL, title), text \
             FROM revision JOIN page ON page.id = page_id WHERE page_id = ?1 \
             ORDER BY method = 'feed', revision.source_id IS NOT page.source_id, revision.id DESC LIMIT 1",
        )?
        .query_row([page], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((title, text)) = latest else {
        return Ok(());
    };
    db.prepare_cached("UPDATE page SET title_hash = ?2, comparable = ?3 WHERE id = ?1")?.execute(params![
        page,
        title.as_deref().and_then(similarity::title_hash),
        similarity::is_comparable(&text)
    ])?;
    Ok(())
}

/// Inserts a decision, unless there is one about the same pages.
pub(super) fn insert_decision(db: &Connection, decision: &DecisionRecord) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT OR IGNORE INTO decision (one_key, other_key, verdict, at) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![
        decision.one,
        decision.other,
        decision.verdict.as_str(),
        time::text(decision.at)
    ])?;
    Ok(())
}
