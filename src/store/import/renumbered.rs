//! Imports into a database that has articles: each article that it does not know gets new numbers.
//!
//! The file is the word of whoever made it, and here it stands beside what was proved. An article comes with one page, its
//! text, the sources that named it, and those keys that a response proved and that are on the page's own site. Nothing else
//! in a line counts: no key that a page only prints, no claim, no key of another site, no entry, no tombstone. So nothing in
//! the file joins, hides or replaces what is there or is yet to come from other sites.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};
use url::Url;

use super::super::article_identity::{DecisionRecord, PageRecord};
use super::super::error::StoreError;
use super::super::page_id::page_of_key;
use super::super::time;
use super::super::{changes, memberships};
use super::records::{ImportOutcome, ImportRecord, ImportedArticle};
use super::rows::{self, page_of_page_key};
use crate::identity;
use crate::link::SameSite;
use crate::model::{Key, Proof};

/// Imports an article with new numbers, unless the database knows it. `None`: the record is no article.
pub(super) fn insert(
    db: &Connection,
    record: &ImportRecord,
    now: DateTime<Utc>,
) -> Result<Option<ImportOutcome>, StoreError> {
    let ImportRecord::Article(import) = record else {
        return Ok(None);
    };
    let text = &import.text;
    let shown = import.identity.pages.iter().find(|page| Some(page.record.page) == import.page);
    let (page, keys) = match shown {
        Some(shown) => match page_and_keys(db, import, &shown.record)? {
            Some(found) => found,
            None => return Ok(Some(ImportOutcome::Known)),
        },
        None => match page_by_url(db, import)? {
            Some(found) => found,
            None => return Ok(Some(ImportOutcome::Known)),
        },
    };
    let (article, seq) = changes::insert_article(db, &time::text(import.first_seen), now)?;
    let page_id = rows::put_page(db, article, &page)?;
    rows::add_free_keys(db, page_id, &keys, text.fetched_at)?;
    let members =
        import.identity.memberships.iter().filter_map(|member| Some((&member.source, member.first_seen?)));
    let owner = text.source.iter().map(|name| (name, import.first_seen));
    for (name, first_seen) in members.chain(owner) {
        let source = rows::source_named(db, name, first_seen)?;
        memberships::insert_imported(db, article, source, first_seen, seq, true)?;
    }
    let revision = rows::insert_text(db, page_id, text, Some(seq))?;
    rows::note_evidence(db, page_id)?;
    changes::set_first_revision(db, article, revision)?;
    Ok(Some(ImportOutcome::New))
}

/// The page of an article by its URL, for the file of an earlier version; `None` where the database knows it.
fn page_by_url(
    db: &Connection,
    import: &ImportedArticle,
) -> Result<Option<(PageRecord, Vec<Key>)>, StoreError> {
    let text = &import.text;
    let fallback = rows::import_key(text, import.id);
    let identity = rows::identity_by_url(text.url.as_ref(), text.short_link.as_ref(), &fallback);
    let key = &identity.page_key;
    if page_of_page_key(db, key)?.is_some() || page_of_key(db, key)?.is_some() {
        return Ok(None);
    }
    let page = rows::page_by_url(0, identity.page_key, text, import.first_seen);
    let keys = identity.keys.into_iter().filter(|key| key.proof == Proof::Response).collect();
    Ok(Some((page, keys)))
}

/// The page of an article as the file describes it, and its keys that count; `None` where the database knows it.
fn page_and_keys(
    db: &Connection,
    import: &ImportedArticle,
    described: &PageRecord,
) -> Result<Option<(PageRecord, Vec<Key>)>, StoreError> {
    let site = PageRecord::usual_site(&described.url);
    let key = if is_on_site(&described.key, &site) || described.key.starts_with("import:") {
        described.key.clone()
    } else if described.key.starts_with(identity::ENTRY_KEY) {
        // The source may still have an entry of that name.
        format!("import:{}", described.key)
    } else {
        rows::import_key(&import.text, import.id)
    };
    for key in [&key, &described.key] {
        if page_of_page_key(db, key)?.is_some() {
            return Ok(None);
        }
    }
    let mut keys = Vec::new();
    for alias in import.identity.pages.iter().flat_map(|page| &page.record.aliases) {
        if alias.proof != Proof::Response || alias.shared || !is_on_site(&alias.key, &site) {
            continue;
        }
        if db
            .prepare_cached("SELECT 1 FROM alias WHERE key = ?1 AND shared = 0 AND proof = 'response'")?
            .exists([&alias.key])?
        {
            return Ok(None);
        }
        keys.push(Key {
            kind: alias.kind,
            proof: alias.proof,
            key: alias.key.clone(),
            url: alias.url.clone().unwrap_or_else(|| described.url.clone()),
        });
    }
    let page =
        PageRecord { page: 0, key, site: None, aliases: Vec::new(), claims: Vec::new(), ..described.clone() };
    Ok(Some((page, keys)))
}

/// Whether a key is that of an address of a site.
fn is_on_site(key: &str, site: &str) -> bool {
    let address = key.strip_prefix('=').unwrap_or(key);
    Url::parse(&format!("https://{address}")).is_ok_and(|url| SameSite::default().site(&url) == site)
}

/// Inserts the decisions about pages that both came with this import: those after `last_page`.
pub(super) fn insert_decisions(
    db: &Connection,
    decisions: &[DecisionRecord],
    last_page: i64,
) -> Result<(), StoreError> {
    for decision in decisions {
        let imported: i64 = db
            .prepare_cached("SELECT count(*) FROM page WHERE page_key IN (?1, ?2) AND id > ?3")?
            .query_row(params![decision.one, decision.other, last_page], |row| row.get(0))?;
        if imported == 2 {
            rows::insert_decision(db, decision)?;
        }
    }
    Ok(())
}
