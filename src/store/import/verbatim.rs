//! Imports into an empty database: numbers, keys, memberships and entries are those of the file.
//!
//! What a line says is checked against the earlier ones before anything is written, so a line that is refused leaves no
//! trace. With all versions of an article in the file the page of an older one is described later, on the line of the
//! current one: until then its row has a key that no page has.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};
use url::Url;

use super::super::article_identity::{EntryRecord, EntryState, MembershipRecord};
use super::super::error::StoreError;
use super::super::reader::source_by_name;
use super::super::{memberships, text_index, time};
use super::records::{ImportOutcome, ImportRecord, ImportedArticle, ImportedIdentity, ImportedPage};
use super::rows::{self, page_of_page_key, source_named};
use crate::link;
use crate::model::ArticleId;

/// Key of a page that the file has not described yet: this and its number.
const UNNAMED: &str = "page:";

/// Imports a record with its numbers.
pub(super) fn insert(db: &Connection, record: &ImportRecord) -> Result<Option<ImportOutcome>, StoreError> {
    let (seq, id, identity) = match record {
        ImportRecord::Article(article) => (article.seq, article.id, &article.identity),
        ImportRecord::Gone { seq, id, identity, .. } => (*seq, *id, identity),
    };
    if let Some(why) = contradiction(db, seq, id, identity)? {
        return Ok(Some(ImportOutcome::Refused(why)));
    }
    match record {
        ImportRecord::Article(article) => {
            insert_article(db, article)?;
            Ok(Some(ImportOutcome::New))
        }
        ImportRecord::Gone { into: Some(into), .. } if is_gone(db, *into, true)? => Ok(Some(
            ImportOutcome::Refused(format!("article {into}, named by `into`, was merged on an earlier line")),
        )),
        ImportRecord::Gone { into, at, why, .. } => {
            insert_tombstone(db, seq, id, *into, *at, why.as_deref())?;
            insert_identity(db, ArticleId(id), identity)?;
            memberships::write_names(db, ArticleId(id))?;
            Ok(Some(ImportOutcome::Gone))
        }
    }
}

/// Why a record cannot be imported: it contradicts earlier ones.
fn contradiction(
    db: &Connection,
    seq: i64,
    id: i64,
    identity: &ImportedIdentity,
) -> Result<Option<String>, StoreError> {
    let mut changes = BTreeSet::from([seq]);
    let joined = identity.memberships.iter().filter(|member| member.joined.is_some());
    for change in std::iter::once(seq).chain(joined.clone().filter_map(|member| member.seq)) {
        if db.prepare_cached("SELECT 1 FROM change WHERE seq = ?1")?.exists([change])? {
            return Ok(Some(format!("change {change} is on an earlier line")));
        }
    }
    if let Some(again) = joined.filter_map(|member| member.seq).find(|seq| !changes.insert(*seq)) {
        return Ok(Some(format!("change {again} is there twice")));
    }
    if is_gone(db, id, false)? {
        return Ok(Some(format!("article {id} was merged or deleted on an earlier line")));
    }
    let mut keys = BTreeSet::new();
    for ImportedPage { record, .. } in &identity.pages {
        if record.key.starts_with(UNNAMED) || !keys.insert(&record.key) {
            return Ok(Some(format!("{:?} is no key of page {}", record.key, record.page)));
        }
        let known: Option<String> = db
            .prepare_cached("SELECT page_key FROM page WHERE id = ?1")?
            .query_row([record.page], |row| row.get(0))
            .optional()?;
        if known.is_some_and(|key| !key.starts_with(UNNAMED)) {
            return Ok(Some(format!("page {} is on an earlier line", record.page)));
        }
        if let Some(other) = page_of_page_key(db, &record.key)? {
            return Ok(Some(format!("the key {:?} is that of page {other}", record.key)));
        }
    }
    for MembershipRecord { source, entries, .. } in &identity.memberships {
        let known = source_by_name(db, source)?;
        let mut idents = BTreeSet::new();
        for EntryRecord { entry: ident, .. } in entries {
            let is_known = match known {
                None => false,
                Some(known) => db
                    .prepare_cached("SELECT 1 FROM entry WHERE source_id = ?1 AND ident = ?2")?
                    .exists(params![known.0, ident])?,
            };
            if is_known || !idents.insert(ident) {
                return Ok(Some(format!("entry {ident:?} of {source:?} led to an article before")));
            }
        }
    }
    Ok(None)
}

/// Whether an article was merged, or (unless `merged_only`) deleted.
fn is_gone(db: &Connection, article: i64, merged_only: bool) -> Result<bool, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT 1 FROM article WHERE id = ?1 AND (merged_into IS NOT NULL OR (deleted_at IS NOT NULL AND NOT ?2))",
        )?
        .exists(params![article, merged_only])?)
}

fn insert_article(db: &Connection, import: &ImportedArticle) -> Result<(), StoreError> {
    let article = ArticleId(import.id);
    let cluster = Some(import.cluster).filter(|cluster| *cluster != import.id);
    db.prepare_cached(
        "INSERT INTO article (id, first_seen, seq, cluster) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (id) DO UPDATE SET first_seen = ?2, seq = max(seq, ?3), cluster = ?4",
    )?
    .execute(params![import.id, time::text(import.first_seen), import.seq, cluster])?;
    let op = if import.revised { "revised" } else { "new" };
    insert_change(db, import.seq, article, op, None, import.text.fetched_at)?;
    insert_identity(db, article, &import.identity)?;
    let page = match import.page {
        None => page_by_url(db, article, import)?,
        Some(page) => page_of_text(db, article, page, import)?,
    };
    let revision = rows::insert_text(db, page, &import.text, Some(import.seq))?;
    rows::note_evidence(db, page)?;
    // A text of a page that is another article's by now belongs to an article that a later line says was merged.
    db.prepare_cached(
        "UPDATE article SET revision_id = ?2 WHERE id = ?1 AND seq = ?3 \
         AND EXISTS (SELECT 1 FROM page WHERE id = ?4 AND article_id = ?1)",
    )?
    .execute(params![import.id, revision, import.seq, page])?;
    text_index::mark_changed(db, article)
}

/// The page of a text in the file of an earlier version, which says nothing of pages and memberships.
fn page_by_url(db: &Connection, article: ArticleId, import: &ImportedArticle) -> Result<i64, StoreError> {
    let ImportedArticle { text, first_seen, .. } = import;
    if let Some(name) = &text.source {
        let source = source_named(db, name, *first_seen)?;
        memberships::insert_imported(db, article, source, *first_seen, import.seq, true)?;
    }
    let known: Option<i64> = db
        .prepare_cached("SELECT id FROM page WHERE article_id = ?1 ORDER BY url IS NOT ?2, id LIMIT 1")?
        .query_row(params![article.0, text.url.as_ref().map(Url::as_str)], |row| row.get(0))
        .optional()?;
    if let Some(page) = known {
        return Ok(page);
    }
    let own_key = rows::import_key(text, article.0);
    let identity = rows::identity_by_url(text.url.as_ref(), text.short_link.as_ref(), &own_key);
    let is_taken = page_of_page_key(db, &identity.page_key)?.is_some();
    let page_key = if is_taken { own_key } else { identity.page_key };
    let page = rows::put_page(db, article, &rows::page_by_url(0, page_key, text, *first_seen))?;
    rows::add_free_keys(db, page, &identity.keys, text.fetched_at)?;
    Ok(page)
}

/// The page with this number; one that is not there yet is described on a later line.
fn page_of_text(
    db: &Connection,
    article: ArticleId,
    page: i64,
    import: &ImportedArticle,
) -> Result<i64, StoreError> {
    if !db.prepare_cached("SELECT 1 FROM page WHERE id = ?1")?.exists([page])? {
        let key = format!("{UNNAMED}{page}");
        rows::put_page(db, article, &rows::page_by_url(page, key, &import.text, import.first_seen))?;
    }
    Ok(page)
}

/// Inserts what an article is known by.
fn insert_identity(
    db: &Connection,
    article: ArticleId,
    identity: &ImportedIdentity,
) -> Result<(), StoreError> {
    for ImportedPage { record, texts } in &identity.pages {
        let page = rows::put_page(db, article, record)?;
        for alias in &record.aliases {
            db.prepare_cached(
                "INSERT OR IGNORE INTO alias (key, kind, page_id, url, proof, shared, seen_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                alias.key,
                alias.kind.as_str(),
                page,
                alias.url.as_ref().unwrap_or(&record.url),
                alias.proof.as_str(),
                alias.shared,
                time::text(alias.seen_at.unwrap_or(record.first_seen))
            ])?;
        }
        for claim in &record.claims {
            db.prepare_cached(
                "INSERT OR IGNORE INTO claim (page_id, kind, key, url, seen_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                page,
                claim.kind.as_str(),
                claim.key,
                claim.url,
                time::text(claim.seen_at.unwrap_or(record.first_seen))
            ])?;
        }
        for text in texts {
            rows::insert_text(db, page, text, None)?;
        }
        rows::note_evidence(db, page)?;
    }
    let first_page = identity.pages.first().map(|page| page.record.page);
    for member in &identity.memberships {
        insert_membership(db, article, member, first_page)?;
    }
    for decision in &identity.decisions {
        rows::insert_decision(db, decision)?;
    }
    Ok(())
}

fn insert_membership(
    db: &Connection,
    article: ArticleId,
    member: &MembershipRecord,
    first_page: Option<i64>,
) -> Result<(), StoreError> {
    let named_at = member.first_seen.or_else(|| member.entries.first().and_then(|entry| entry.first_seen));
    let source = source_named(db, &member.source, named_at.unwrap_or_default())?;
    if let (Some(first_seen), Some(seq)) = (member.first_seen, member.seq) {
        memberships::insert_imported(db, article, source, first_seen, seq, member.imported)?;
        if let Some(at) = member.joined {
            insert_change(db, seq, article, "joined", None, at)?;
            db.prepare_cached("UPDATE change SET source_id = ?2 WHERE seq = ?1")?.execute([seq, source.0])?;
        }
        reach(db, seq)?;
    }
    for entry in &member.entries {
        let url = entry.url.as_deref().and_then(|url| Url::parse(url).ok());
        let (state, text_state) = match entry.state {
            EntryState::Done => ("done", "final"),
            EntryState::Known => ("known", "missing"),
            EntryState::Unwanted => ("unwanted", "missing"),
        };
        db.prepare_cached(
            "INSERT INTO entry (source_id, ident, state, host, url, link_hash, title_hash, text_hash, dated, own_text, page_id, \
             text_state, updated, permalink, credit, credit_url, first_seen, published) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
        )?
        .execute(params![
            source.0,
            entry.entry,
            state,
            // An entry of its own text waits for no host.
            url.as_ref().filter(|_| !entry.own_text).map(link::host).unwrap_or_default(),
            entry.url,
            entry.link_hash,
            entry.title_hash,
            entry.text_hash,
            entry.dated,
            entry.own_text,
            entry.page.or(first_page),
            text_state,
            entry.updated.map(time::text),
            entry.permalink,
            entry.credit,
            entry.credit_url,
            time::text(entry.first_seen.or(member.first_seen).unwrap_or_default()),
            entry.published
        ])?;
        if let Some(link_hash) = entry.link_hash.filter(|_| entry.own_text) {
            db.prepare_cached(
                "INSERT OR IGNORE INTO shared_link (source_id, link_hash, seen_at) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![source.0, link_hash, time::text(named_at.unwrap_or_default())])?;
        }
    }
    Ok(())
}

/// Inserts a merged or deleted article.
fn insert_tombstone(
    db: &Connection,
    seq: i64,
    id: i64,
    into: Option<i64>,
    at: DateTime<Utc>,
    why: Option<&str>,
) -> Result<(), StoreError> {
    // The line of the article it was merged into may follow later.
    for (article, seq) in [(id, seq), (into.unwrap_or(id), 0)] {
        db.prepare_cached(
            "INSERT INTO article (id, first_seen, seq) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET seq = max(seq, ?3)",
        )?
        .execute(params![article, time::text(at), seq])?;
    }
    let deleted_at = into.is_none().then(|| time::text(at));
    db.prepare_cached(
        "UPDATE article SET merged_into = ?2, deleted_at = ?3, deleted_why = ?4, revision_id = NULL WHERE id = ?1",
    )?
    .execute(params![id, into, deleted_at, why])?;
    if let Some(into) = into {
        for update in [
            "UPDATE page SET article_id = ?2 WHERE article_id = ?1",
            "UPDATE article SET merged_into = ?2 WHERE merged_into = ?1",
        ] {
            db.prepare_cached(update)?.execute([id, into])?;
        }
    }
    let op = if into.is_some() { "merged" } else { "deleted" };
    insert_change(db, seq, ArticleId(id), op, into, at)?;
    text_index::mark_changed(db, ArticleId(id))
}

/// Inserts a change with its number, which no change has.
fn insert_change(
    db: &Connection,
    seq: i64,
    article: ArticleId,
    op: &str,
    into: Option<i64>,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    db.prepare_cached("INSERT INTO change (seq, article_id, op, into_id, at) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![seq, article.0, op, into, time::text(at)])?;
    reach(db, seq)
}

/// The next change gets a number after this one.
fn reach(db: &Connection, seq: i64) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE sequence SET seq = max(seq, ?1)")?.execute([seq])?;
    Ok(())
}

/// Gives keys by their URLs to the pages that no line described: those of a file with some of the versions only.
pub(super) fn name_pages(db: &Connection) -> Result<(), StoreError> {
    let unnamed: Vec<(i64, String)> = db
        .prepare("SELECT id, url FROM page WHERE page_key >= ?1 AND page_key < ?1 || 'a'")?
        .query_map([UNNAMED], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (page, url) in unnamed {
        let own_key = format!("import:{page}");
        let identity = rows::identity_by_url(link::web_url(&url).as_ref(), None, &own_key);
        let is_taken = page_of_page_key(db, &identity.page_key)?.is_some();
        let page_key = if is_taken { own_key } else { identity.page_key };
        db.prepare_cached("UPDATE OR IGNORE page SET page_key = ?2 WHERE id = ?1")?
            .execute(params![page, page_key])?;
        let seen_at = DateTime::<Utc>::default();
        rows::add_free_keys(db, page, &identity.keys, seen_at)?;
    }
    Ok(())
}
