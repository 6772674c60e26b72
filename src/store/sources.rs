//! Sources: what is configured, and what is due.
//!
//! A source is its name. Its row outlives the configuration: one that is taken out and put back goes on where it was.
//! Validators and the hash of the body belong to the URL they came from (POLITENESS P7): under another URL a claim
//! carries none, and they count again when the URL changes back.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row, params};

use super::claims::Claims;
use super::error::StoreError;
use super::memory::{self, memory_columns};
use super::{host_backoff, queue, revisits, time};
use crate::config::{ArticleRetention, BackoffScope, RevisionPolicy, Schedule, Source};
use crate::model::{ClaimedSource, SourceId, Validators};

/// What the database keeps of a configured source.
#[derive(Debug)]
pub(super) struct Seed {
    name: String,
    was: Option<String>,
    schedule: Schedule,
    revisit: Vec<Duration>,
    wish: Wish,
}

/// The columns that the configuration decides. Compared before anything is written: at a start nearly all are as they were.
#[derive(Debug, PartialEq, Eq)]
struct Wish {
    wanted: bool,
    url: String,
    reading: String,
    host: String,
    schedule: String,
    timezone: String,
    tags: String,
    ignore_robots: bool,
    keep_for: Option<i64>,
    keep_newest: Option<i64>,
    revisions: String,
    /// The ages, as JSON.
    revisit: String,
}

/// A row as it was, before the configuration is taken in.
struct Before {
    id: i64,
    name: String,
    configured: bool,
    enabled: bool,
    paused: bool,
    wish: Wish,
}

impl Seed {
    pub(super) fn of(source: &Source, scope: BackoffScope) -> Self {
        Self {
            name: source.name.clone(),
            was: source.was.clone(),
            schedule: source.schedule.clone(),
            revisit: source.revisit.clone(),
            wish: Wish {
                wanted: source.enabled,
                url: source.feed.to_string(),
                reading: source.kind.reading_key(),
                host: scope.host_key(&source.feed),
                schedule: source.schedule.to_string(),
                timezone: source.timezone.name().to_owned(),
                tags: serde_json::Value::from(source.tags.clone()).to_string(),
                ignore_robots: source.ignore_robots,
                keep_for: match source.keep {
                    ArticleRetention::For(length) => Some(time::length(length)),
                    _ => None,
                },
                keep_newest: match source.keep {
                    ArticleRetention::Newest(count) => Some(count as i64),
                    _ => None,
                },
                revisions: match source.revisions {
                    RevisionPolicy::All => "all",
                    RevisionPolicy::Latest => "latest",
                    RevisionPolicy::First => "first",
                }
                .to_owned(),
                revisit: source
                    .revisit
                    .iter()
                    .map(|&age| time::length(age))
                    .collect::<serde_json::Value>()
                    .to_string(),
            },
        }
    }
}

/// Brings the rows in line with the configuration. Sources that are gone keep their state, and rest. One pass over the
/// rows; what has not changed is not written, nor even taken out of the database.
pub(super) fn sync(
    db: &Connection,
    seeds: &[Seed],
    now: DateTime<Utc>,
) -> Result<Vec<(SourceId, String)>, StoreError> {
    let places: HashMap<&str, usize> = seeds.iter().map(|seed| seed.name.as_str()).zip(0..).collect();
    let (unchanged, mut rows) = before(db, seeds, &places)?;
    let mut ids = Vec::with_capacity(seeds.len());
    for (seed, unchanged) in seeds.iter().zip(unchanged) {
        let id = if let Some(id) = unchanged {
            id
        } else {
            let mut found = rows.remove(&seed.name);
            if let Some(was) = seed
                .was
                .as_deref()
                .filter(|was| found.is_none() && !places.contains_key(was))
            {
                found = rows.remove(was);
            }
            match found {
                Some(row) => update(db, &row, seed, now)?,
                None => insert(db, seed, now)?,
            }
        };
        ids.push((SourceId(id), seed.name.clone()));
    }
    let gone = rows.into_values().filter(|row| row.configured);
    for row in gone {
        db.prepare_cached("UPDATE source SET configured = 0, enabled = 0 WHERE id = ?1")?
            .execute([row.id])?;
        queue::park(db, SourceId(row.id))?;
    }
    Ok(ids)
}

/// The rows of seeds that are as they should be, by their place among these; and all others, by name.
type Found = (Vec<Option<i64>>, HashMap<String, Before>);

fn before(db: &Connection, seeds: &[Seed], places: &HashMap<&str, usize>) -> Result<Found, StoreError> {
    let mut query = db.prepare(
        "SELECT id, name, configured, enabled, paused, wanted, url, reading, host, schedule, timezone, tags, \
         ignore_robots, keep_for, keep_newest, revisions, revisit FROM source",
    )?;
    let mut rows = query.query([])?;
    let (mut unchanged, mut others) = (vec![None; seeds.len()], HashMap::new());
    while let Some(row) = rows.next()? {
        let place = places.get(row.get_ref(1)?.as_str().unwrap_or_default());
        let known = place.and_then(|&place| Some((seeds.get(place)?, unchanged.get_mut(place)?)));
        match known {
            Some((seed, id)) if is_as(row, &seed.wish)? => *id = Some(row.get(0)?),
            _ => {
                let row = row_before(row)?;
                others.insert(row.name.clone(), row);
            }
        }
    }
    Ok((unchanged, others))
}

/// Whether a row of [`before`] is what the configuration wants.
fn is_as(row: &Row<'_>, wish: &Wish) -> rusqlite::Result<bool> {
    let (configured, enabled, paused): (bool, bool, bool) = (row.get(2)?, row.get(3)?, row.get(4)?);
    let is = |column, wanted: &str| -> rusqlite::Result<bool> {
        Ok(row.get_ref(column)?.as_str().is_ok_and(|text| text == wanted))
    };
    Ok(configured
        && enabled == (wish.wanted && !paused)
        && row.get::<_, bool>(5)? == wish.wanted
        && is(6, &wish.url)?
        && is(7, &wish.reading)?
        && is(8, &wish.host)?
        && is(9, &wish.schedule)?
        && is(10, &wish.timezone)?
        && is(11, &wish.tags)?
        && row.get::<_, bool>(12)? == wish.ignore_robots
        && row.get::<_, Option<i64>>(13)? == wish.keep_for
        && row.get::<_, Option<i64>>(14)? == wish.keep_newest
        && is(15, &wish.revisions)?
        && is(16, &wish.revisit)?)
}

fn row_before(row: &Row<'_>) -> rusqlite::Result<Before> {
    Ok(Before {
        id: row.get(0)?,
        name: row.get(1)?,
        configured: row.get(2)?,
        enabled: row.get(3)?,
        paused: row.get(4)?,
        wish: Wish {
            wanted: row.get(5)?,
            url: row.get(6)?,
            reading: row.get(7)?,
            host: row.get(8)?,
            schedule: row.get(9)?,
            timezone: row.get(10)?,
            tags: row.get(11)?,
            ignore_robots: row.get(12)?,
            keep_for: row.get(13)?,
            keep_newest: row.get(14)?,
            revisions: row.get(15)?,
            revisit: row.get(16)?,
        },
    })
}

/// A source never seen before: due at once.
fn insert(db: &Connection, seed: &Seed, now: DateTime<Utc>) -> Result<i64, StoreError> {
    let wish = &seed.wish;
    db.prepare_cached(
        "INSERT INTO source (name, url, host, enabled, wanted, configured, schedule, timezone, tags, first_seen, next_at, next_why, \
         reading, ignore_robots, keep_for, keep_newest, revisions, revisit) \
         VALUES (?1, ?2, ?3, ?4, ?4, 1, ?5, ?6, ?7, ?8, ?9, 'new', ?10, ?11, ?12, ?13, ?14, ?15)",
    )?
    .execute(params![
        seed.name,
        wish.url,
        wish.host,
        wish.wanted,
        wish.schedule,
        wish.timezone,
        wish.tags,
        time::text(now),
        time::ms(now),
        wish.reading,
        wish.ignore_robots,
        wish.keep_for,
        wish.keep_newest,
        wish.revisions,
        wish.revisit
    ])?;
    let id = db.last_insert_rowid();
    host_backoff::know(db, &wish.host)?;
    Ok(id)
}

/// Takes over what may have changed in the configuration; nothing is asked sooner for what has not (P15).
fn update(db: &Connection, row: &Before, seed: &Seed, now: DateTime<Utc>) -> Result<i64, StoreError> {
    let (id, was, wish) = (row.id, &row.wish, &seed.wish);
    let enabled = wish.wanted && !row.paused;
    if row.configured && row.enabled == enabled && row.name == seed.name && was == wish {
        return Ok(id);
    }
    db.prepare_cached(
        "UPDATE source SET name = ?2, url = ?3, host = ?4, enabled = ?5, wanted = ?6, configured = 1, \
         schedule = ?7, timezone = ?8, tags = ?9, reading = ?10, ignore_robots = ?11, keep_for = ?12, keep_newest = ?13, \
         revisions = ?14, revisit = ?15 WHERE id = ?1",
    )?
    .execute(params![
        id,
        seed.name,
        wish.url,
        wish.host,
        enabled,
        wish.wanted,
        wish.schedule,
        wish.timezone,
        wish.tags,
        wish.reading,
        wish.ignore_robots,
        wish.keep_for,
        wish.keep_newest,
        wish.revisions,
        wish.revisit
    ])?;
    if was.reading != wish.reading {
        // The document may be the same, but what is read in it is not.
        db.prepare_cached(
            "UPDATE source SET next_at = min(next_at, ?2), next_why = 'read in another way', validators_url = NULL, rhythm = NULL, \
             sitemaps = '[]', known_by = 'id', known_why = NULL, names = x'', failures = 0, crashes = 0, claimed_run = NULL, claimed_claim = NULL WHERE id = ?1",
        )?
        .execute(params![id, time::ms(now)])?;
    }
    if was.url != wish.url {
        // Another document: what is under way speaks of the old one.
        db.prepare_cached(
            "UPDATE source SET next_at = min(next_at, ?2), next_why = 'another feed URL', failures = 0, crashes = 0, \
             moved_to = NULL, moved_since = NULL, moved_times = 0, address = NULL, gone = 0, rhythm = NULL, hints = '{}', \
             sitemaps = '[]', known_by = 'id', known_why = NULL, names = x'', full_at = NULL, claimed_run = NULL, claimed_claim = NULL WHERE id = ?1",
        )?
        .execute(params![id, time::ms(now)])?;
    } else if was.schedule != wish.schedule {
        db.prepare_cached(
            "UPDATE source SET next_at = ?2, next_why = 'another schedule' WHERE id = ?1 AND next_at > ?2",
        )?
        .execute(params![id, time::ms(seed.schedule.next_after(now))])?;
    }
    host_backoff::know(db, &wish.host)?;
    if was.revisit != wish.revisit {
        revisits::follow(db, SourceId(id), &seed.revisit, now)?;
    }
    switch(db, id, row.enabled, enabled)?;
    Ok(id)
}

/// Puts the entries of a source into the queue or takes them out, as it is switched.
pub(super) fn switch(db: &Connection, id: i64, was: bool, is: bool) -> Result<(), StoreError> {
    match (was, is) {
        (true, false) => queue::park(db, SourceId(id)),
        (false, true) => {
            // Switched on anew: a person believes in it again.
            db.prepare_cached("UPDATE source SET gone = 0 WHERE id = ?1")?
                .execute([id])?;
            queue::unpark(db, SourceId(id))
        }
        _ => Ok(()),
    }
}

/// Leases sources that are due and whose host does not rest, one of each host; with `all`, every one that was not claimed since then and
/// whose host has not named a time to come back.
pub(super) fn claim(
    db: &Connection,
    now: DateTime<Utc>,
    limit: usize,
    all: Option<DateTime<Utc>>,
    claims: &Claims,
) -> Result<Vec<ClaimedSource>, StoreError> {
    let now = time::ms(now);
    let mut due: Vec<i64> = Vec::new();
    let mut busy = busy_hosts(db)?;
    let queries = match all {
        Some(since) => [(NEVER, None), (BEFORE, Some(time::ms(since)))],
        None => [(STRAY, Some(now.saturating_add(SLACK))), (DUE, Some(now))],
    };
    for (sql, bound) in queries {
        let mut query = db.prepare_cached(sql)?;
        let mut rows = query.query([bound])?;
        while let Some(row) = rows.next()?.filter(|_| due.len() < limit) {
            let (id, host): (i64, String) = (row.get(0)?, row.get(1)?);
            if busy.contains(&host) {
                continue;
            }
            let (rest_until, retry_after) = host_backoff::of(db, &host)?;
            let rest = if all.is_some() { retry_after } else { rest_until };
            let held = host_backoff::is_resting(rest, now);
            if !held && !due.contains(&id) {
                due.push(id);
                busy.insert(host);
            }
        }
    }
    let mut claimed = Vec::with_capacity(due.len());
    let mut taken = HashSet::new();
    for id in due {
        // An address configured twice is asked once: whoever is due takes its twins along.
        for id in std::iter::once(id).chain(twins(db, id)?) {
            if taken.insert(id) {
                claimed.push(lease(db, id, now, claims)?);
            }
        }
    }
    Ok(claimed)
}

/// Hosts that a source is being polled at. The others of such a host would only stand in line at its gate, and take up
/// room that other hosts' sources could use.
pub(super) fn busy_hosts(db: &Connection) -> Result<HashSet<String>, StoreError> {
    let hosts = db
        .prepare_cached("SELECT host FROM source WHERE claimed_run IS NOT NULL")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(hosts)
}

/// Other sources with the same address that nobody holds.
pub(super) const TWINS: &str = "SELECT id FROM source WHERE enabled = 1 AND gone = 0 AND claimed_run IS NULL AND id <> ?1 \
     AND coalesce(address, url) = (SELECT coalesce(address, url) FROM source WHERE id = ?1)";

fn twins(db: &Connection, id: i64) -> Result<Vec<i64>, StoreError> {
    let found = db
        .prepare_cached(TWINS)?
        .query_map([id], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

/// Sources that are due at a moment and that nobody holds, soonest first.
pub(super) const DUE: &str = "SELECT id, host, asked_at, next_at FROM source \
     WHERE enabled = 1 AND gone = 0 AND claimed_run IS NULL AND next_at <= ?1 ORDER BY next_at";

/// Sources that were asked in what is the future now: the clock was wrong then, and with it their next time (P17).
/// How far ahead that lies proves nothing: a cron line may fire once a year.
pub(super) const STRAY: &str = "SELECT id, host, asked_at, next_at FROM source \
     WHERE enabled = 1 AND gone = 0 AND claimed_run IS NULL AND asked_at > ?1 ORDER BY asked_at";

/// Sources that were never asked (bound to null), and those that were not asked since a moment, longest ago first.
pub(super) const NEVER: &str = "SELECT id, host, asked_at, next_at FROM source \
     WHERE enabled = 1 AND gone = 0 AND claimed_run IS NULL AND asked_at IS ?1 ORDER BY id";
pub(super) const BEFORE: &str = "SELECT id, host, asked_at, next_at FROM source \
     WHERE enabled = 1 AND gone = 0 AND claimed_run IS NULL AND asked_at < ?1 ORDER BY asked_at";

/// How far a clock may be set back without anybody minding, in milliseconds.
pub(super) const SLACK: i64 = 5 * 60_000;

/// Gives a source to this run, with what its poll needs to be conditional.
fn lease(db: &Connection, id: i64, now: i64, claims: &Claims) -> Result<ClaimedSource, StoreError> {
    let lease = claims.next();
    db.prepare_cached(
        "UPDATE source SET claimed_run = ?2, claimed_claim = ?3, asked_at = ?4, again = 0 WHERE id = ?1",
    )?
    .execute(params![id, lease.run, lease.claim, now])?;
    Ok(db
        .prepare_cached(concat!(
            "SELECT name, iif(validators_url = url, etag, NULL), iif(validators_url = url, last_modified, NULL), \
             iif(validators_url = url, body_hash, NULL), failures, succeeded_at IS NULL, crashes, \
             iif(validators_url = url, served_by, NULL), coalesce(address, url), ",
            memory_columns!(),
            " FROM source WHERE id = ?1",
        ))?
        .query_row([id], |row| {
            let address: String = row.get(8)?;
            Ok(ClaimedSource {
                id: SourceId(id),
                name: row.get(0)?,
                address: url_of(&address)?,
                state: memory::read(row, 9)?,
                lease,
                validators: Validators {
                    etag: row.get(1)?,
                    last_modified: row.get(2)?,
                },
                body_hash: row.get(3)?,
                failures: row.get(4)?,
                first_poll: row.get(5)?,
                crashes: row.get(6)?,
                validators_from: row.get::<_, Option<String>>(7)?.as_deref().and_then(crate::link::web_url),
            })
        })?)
}

/// An address as it was stored; it was one when it was configured.
fn url_of(text: &str) -> rusqlite::Result<url::Url> {
    url::Url::parse(text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
    })
}

/// Which of these entries a source has not had yet, by their position.
pub(super) fn unseen(db: &Connection, source: SourceId, idents: &[String]) -> Result<Vec<usize>, StoreError> {
    let mut known = db.prepare_cached("SELECT 1 FROM entry WHERE source_id = ?1 AND ident = ?2")?;
    let mut unseen = Vec::new();
    for (position, ident) in idents.iter().enumerate() {
        if !known.exists(params![source.0, ident])? {
            unseen.push(position);
        }
    }
    Ok(unseen)
}
