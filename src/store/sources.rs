//! The configured sources as rows of the `source` table.
//!
//! A source is identified by its name; `was` in the configuration names it after a rename. Its row outlives the
//! configuration: a source that is removed and added again continues where it was. Validators and the hash of the body
//! belong to the URL that gave them (docs/politeness.md, P7): under another URL a claim carries none, and they count
//! again when the URL changes back.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row, named_params, params};

use super::error::StoreError;
use super::{host_backoff, memberships, queue, revisits, time};
use crate::config::{ArticleRetention, BackoffScope, RevisionPolicy, Schedule, Source};
use crate::model::SourceId;

/// A configured source.
#[derive(Debug)]
pub(super) struct ConfiguredSource {
    name: String,
    /// Its name before it was renamed.
    previous_name: Option<String>,
    schedule: Schedule,
    /// Ages at which its pages are fetched again.
    revisit: Vec<Duration>,
    settings: SourceSettings,
}

/// The columns that the configuration decides, as they are stored.
#[derive(Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column")]
struct SourceSettings {
    config_enabled: bool,
    url: String,
    document_kind: String,
    host: String,
    /// See [`crate::link::SameSite::all_names`].
    feed_site: String,
    schedule: String,
    timezone: String,
    /// A JSON list.
    tags: String,
    ignore_robots: bool,
    /// Its place in the configuration.
    position: i64,
    /// Whether a filter judges what its pages say.
    judges_pages: bool,
    /// Whether the feed's own text is stored until the page comes.
    provisional: bool,
    /// Milliseconds.
    keep_for: Option<i64>,
    keep_newest: Option<i64>,
    revisions: &'static str,
    /// A JSON list of milliseconds.
    revisit: String,
}

/// A row of the database.
struct StoredSource {
    id: i64,
    name: String,
    configured: bool,
    enabled: bool,
    paused: bool,
    settings: SourceSettings,
}

impl ConfiguredSource {
    /// `position` is its place in the configuration.
    pub(super) fn of(source: &Source, position: usize, scope: BackoffScope) -> Self {
        let ages: serde_json::Value = source.revisit.iter().map(|&age| time::duration_ms(age)).collect();
        let (keep_for, keep_newest) = match source.keep {
            ArticleRetention::Forever => (None, None),
            ArticleRetention::For(length) => (Some(time::duration_ms(length)), None),
            ArticleRetention::Newest(count) => (None, Some(count as i64)),
        };
        Self {
            name: source.name.clone(),
            previous_name: source.was.clone(),
            schedule: source.schedule.clone(),
            revisit: source.revisit.clone(),
            settings: SourceSettings {
                config_enabled: source.enabled,
                url: source.feed.to_string(),
                document_kind: source.kind.reading_key(),
                host: scope.host_key(&source.feed),
                feed_site: source.same_site.all_names(&source.feed),
                schedule: source.schedule.to_string(),
                timezone: source.timezone.name().to_owned(),
                tags: serde_json::Value::from(source.tags.clone()).to_string(),
                ignore_robots: source.ignore_robots,
                position: position as i64,
                judges_pages: source.filters.judge_pages(),
                // Such filters judge the settled text.
                provisional: source.provisional && !source.filters.judge_pages(),
                keep_for,
                keep_newest,
                revisions: revisions_word(source.revisions),
                revisit: ages.to_string(),
            },
        }
    }
}

fn revisions_word(policy: RevisionPolicy) -> &'static str {
    match policy {
        RevisionPolicy::All => "all",
        RevisionPolicy::Latest => "latest",
        RevisionPolicy::First => "first",
    }
}

/// Which revisions of its pages a source keeps.
pub(super) fn revision_policy(db: &Connection, source: SourceId) -> Result<RevisionPolicy, StoreError> {
    Ok(db
        .prepare_cached("SELECT revisions FROM source WHERE id = ?1")?
        .query_row([source.0], |row| read_revisions(row, 0))?)
}

/// Whether a source is polled.
pub(super) fn is_enabled(db: &Connection, source: Option<SourceId>) -> Result<bool, StoreError> {
    Ok(db
        .prepare_cached("SELECT 1 FROM source WHERE id = ?1 AND enabled = 1 AND gone = 0")?
        .exists([source.map(|source| source.0)])?)
}

fn read_revisions(row: &Row<'_>, column: usize) -> rusqlite::Result<RevisionPolicy> {
    let word = row.get_ref(column)?.as_str()?;
    Ok([RevisionPolicy::Latest, RevisionPolicy::First]
        .into_iter()
        .find(|&policy| revisions_word(policy) == word)
        .unwrap_or_default())
}

/// Brings the rows in line with the configuration; gives their ids and names in its order. Only what changed is written.
/// Sources that are no longer configured keep their rows, and are not polled.
pub(super) fn apply_config(
    db: &Connection,
    configured: &[ConfiguredSource],
    now: DateTime<Utc>,
) -> Result<Vec<(SourceId, String)>, StoreError> {
    let names: HashSet<&str> = configured.iter().map(|source| source.name.as_str()).collect();
    let mut rows = stored_sources(db)?;
    let mut ids = Vec::with_capacity(configured.len());
    for source in configured {
        let previous = source.previous_name.as_deref().filter(|name| !names.contains(name));
        let row = rows.remove(&source.name).or_else(|| previous.and_then(|name| rows.remove(name)));
        let id = match row {
            Some(row) => update(db, &row, source, now)?,
            None => insert(db, source, now)?,
        };
        ids.push((SourceId(id), source.name.clone()));
    }
    for row in rows.into_values().filter(|row| row.configured) {
        db.prepare_cached("UPDATE source SET configured = 0, enabled = 0 WHERE id = ?1")?
            .execute([row.id])?;
        queue::park(db, SourceId(row.id))?;
    }
    Ok(ids)
}

fn stored_sources(db: &Connection) -> Result<HashMap<String, StoredSource>, StoreError> {
    let mut query = db.prepare(
        "SELECT id, name, configured, enabled, paused, config_enabled, url, document_kind, host, schedule, timezone, tags, \
         ignore_robots, keep_for, keep_newest, revisions, revisit, position, judges_pages, provisional, feed_site FROM source",
    )?;
    let rows = query.query_map([], |row| {
        let stored = StoredSource {
            id: row.get(0)?,
            name: row.get(1)?,
            configured: row.get(2)?,
            enabled: row.get(3)?,
            paused: row.get(4)?,
            settings: SourceSettings {
                config_enabled: row.get(5)?,
                url: row.get(6)?,
                document_kind: row.get(7)?,
                host: row.get(8)?,
                schedule: row.get(9)?,
                timezone: row.get(10)?,
                tags: row.get(11)?,
                ignore_robots: row.get(12)?,
                keep_for: row.get(13)?,
                keep_newest: row.get(14)?,
                revisions: revisions_word(read_revisions(row, 15)?),
                revisit: row.get(16)?,
                position: row.get(17)?,
                judges_pages: row.get(18)?,
                provisional: row.get(19)?,
                feed_site: row.get(20)?,
            },
        };
        Ok((stored.name.clone(), stored))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A source never seen before: due at once.
fn insert(db: &Connection, source: &ConfiguredSource, now: DateTime<Utc>) -> Result<i64, StoreError> {
    db.prepare_cached(
        "INSERT INTO source (name, url, host, enabled, configured, schedule, timezone, first_seen, next_at, next_why) \
         VALUES (?1, '', '', ?2, 1, '', '', ?3, ?4, 'new')",
    )?
    .execute(params![
        source.name,
        source.settings.config_enabled,
        time::text(now),
        time::ms(now)
    ])?;
    let id = db.last_insert_rowid();
    write_settings(db, id, source, source.settings.config_enabled)?;
    host_backoff::ensure_host(db, &source.settings.host)?;
    Ok(id)
}

/// Writes what changed in the configuration of a source. No source is polled sooner because another one changed
/// (docs/politeness.md, P15).
fn update(
    db: &Connection,
    row: &StoredSource,
    source: &ConfiguredSource,
    now: DateTime<Utc>,
) -> Result<i64, StoreError> {
    let (id, before, after) = (row.id, &row.settings, &source.settings);
    let enabled = after.config_enabled && !row.paused;
    if row.configured && row.enabled == enabled && row.name == source.name && before == after {
        return Ok(id);
    }
    write_settings(db, id, source, enabled)?;
    if row.name != source.name {
        memberships::rename(db, SourceId(id))?;
    }
    if before.document_kind != after.document_kind {
        // The document may be the same, but other entries are read from it.
        db.prepare_cached(
            "UPDATE source SET next_at = min(next_at, ?2), next_why = 'read in another way', validators_url = NULL, rhythm = NULL, \
             sitemaps = '[]', identified_by = 'id', identified_why = NULL, last_names = x'', \
             last_links = x'', session_parameters = '[]', failures = 0, crashes = 0, \
             lease_run = NULL, lease_claim = NULL WHERE id = ?1",
        )?
        .execute(params![id, time::ms(now)])?;
    }
    if before.url != after.url {
        // A poll that is under way is of the other document.
        db.prepare_cached(
            "UPDATE source SET next_at = min(next_at, ?2), next_why = 'another feed URL', failures = 0, crashes = 0, \
             moved_to = NULL, moved_since = NULL, moved_polls = 0, permanent_url = NULL, gone = 0, rhythm = NULL, \
             hints = '{}', sitemaps = '[]', identified_by = 'id', identified_why = NULL, last_names = x'', \
             last_links = x'', session_parameters = '[]', \
             unconditional_at = NULL, lease_run = NULL, lease_claim = NULL WHERE id = ?1",
        )?
        .execute(params![id, time::ms(now)])?;
    } else if before.schedule != after.schedule {
        db.prepare_cached(
            "UPDATE source SET next_at = ?2, next_why = 'another schedule' WHERE id = ?1 AND next_at > ?2",
        )?
        .execute(params![id, time::ms(source.schedule.next_after(now))])?;
    }
    host_backoff::ensure_host(db, &after.host)?;
    if before.revisit != after.revisit {
        revisits::reschedule_source(db, SourceId(id), &source.revisit, now)?;
    }
    if before.provisional && !after.provisional {
        db.prepare_cached(
            "UPDATE entry SET feed_text_at = NULL WHERE source_id = ?1 AND feed_text_at IS NOT NULL",
        )?
        .execute([id])?;
    }
    set_enabled(db, id, row.enabled, enabled)?;
    Ok(id)
}

fn write_settings(
    db: &Connection,
    id: i64,
    source: &ConfiguredSource,
    enabled: bool,
) -> Result<(), StoreError> {
    let settings = &source.settings;
    db.prepare_cached(
        "UPDATE source SET name = :name, url = :url, host = :host, feed_site = :feed_site, enabled = :enabled, \
         config_enabled = :config_enabled, configured = 1, schedule = :schedule, timezone = :timezone, tags = :tags, \
         document_kind = :document_kind, ignore_robots = :ignore_robots, position = :position, judges_pages = :judges_pages, provisional = :provisional, keep_for = :keep_for, \
         keep_newest = :keep_newest, revisions = :revisions, revisit = :revisit WHERE id = :id",
    )?
    .execute(named_params! {
        ":id": id,
        ":name": source.name,
        ":url": settings.url,
        ":host": settings.host,
        ":feed_site": settings.feed_site,
        ":enabled": enabled,
        ":config_enabled": settings.config_enabled,
        ":schedule": settings.schedule,
        ":timezone": settings.timezone,
        ":tags": settings.tags,
        ":document_kind": settings.document_kind,
        ":ignore_robots": settings.ignore_robots,
        ":position": settings.position,
        ":judges_pages": settings.judges_pages,
        ":provisional": settings.provisional,
        ":keep_for": settings.keep_for,
        ":keep_newest": settings.keep_newest,
        ":revisions": settings.revisions,
        ":revisit": settings.revisit,
    })?;
    Ok(())
}

/// Puts the entries of a source into the queue, or takes them out, when its `enabled` changed.
pub(super) fn set_enabled(db: &Connection, id: i64, before: bool, after: bool) -> Result<(), StoreError> {
    match (before, after) {
        (true, false) => queue::park(db, SourceId(id)),
        (false, true) => {
            // A person enabled it: a feed that was gone (410) is asked again.
            db.prepare_cached("UPDATE source SET gone = 0 WHERE id = ?1")?.execute([id])?;
            queue::unpark(db, SourceId(id))
        }
        _ => Ok(()),
    }
}
