//! Real databases in temporary folders; time is a parameter and never passes by itself.

mod articles;
mod clusters;
mod control;
mod decisions;
mod durability;
mod entries;
mod grouping;
mod identity_model;
mod memberships;
mod opening;
mod plans;
mod polls;
mod queue;
mod reading;
mod retention;
mod search;
mod upkeep;

use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};
use tempfile::TempDir;
use url::Url;

use super::*;
use crate::config::Source;
use crate::identity;
use crate::link::SameSite;
use crate::model::{
    ClaimedEntry, ClaimedSource, CollectedArticle, Entry, Extraction, Failure, FetchStats, Field, Grade,
    HostFailure, HostObservation, Key, KeyKind, Method, NextPoll, PageOutcome, PageResult, ParsedFeed,
    PollCounts, PollOutcome, PollResult, Proof, SourceId, StoreOutcome, Validators,
};

const GAP: Duration = Duration::from_secs(1);

/// What docs/schema.md tells readers to ask for.
const SINCE: &str = "SELECT * FROM articles WHERE seq > ?1 ORDER BY seq LIMIT ?2";

/// The articles after a number, each as its columns are.
fn articles_since(reader: &Reader, seq: i64, limit: i64) -> Vec<serde_json::Value> {
    use rusqlite::types::ValueRef;
    let mut query = reader.db.prepare(SINCE).unwrap();
    let names: Vec<String> = query.column_names().map(str::to_owned).collect();
    let rows = query.query_map([seq, limit], |row| {
        let columns = names.iter().enumerate().map(|(column, name)| {
            let value = match row.get_ref(column).unwrap() {
                ValueRef::Null => serde_json::Value::Null,
                ValueRef::Integer(number) => number.into(),
                text => text.as_str().unwrap().into(),
            };
            (name.clone(), value)
        });
        Ok(columns.collect())
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// A database of its own, and a clock that stands.
struct StoreFixture {
    folder: TempDir,
    store: Store,
    now: DateTime<Utc>,
}

fn start_of_time() -> DateTime<Utc> {
    "2026-11-24T03:50:00Z".parse().unwrap()
}

impl StoreFixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now = start_of_time();
        let store = Store::open(&folder.path().join("news.db"), now).unwrap();
        Self { folder, store, now }
    }

    /// One with sources that were just claimed.
    async fn with(names: &[&str]) -> (Self, Vec<ClaimedSource>) {
        let fixture = Self::new();
        let sources: Vec<_> = names.iter().map(|name| source(name)).collect();
        fixture.store.sync_sources(&sources, fixture.now).await.unwrap();
        let claims = fixture.store.claim_sources(fixture.now, names.len(), None).await.unwrap();
        assert_eq!(claims.len(), names.len());
        (fixture, claims)
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("news.db")
    }

    fn pass(&mut self, seconds: i64) {
        self.now += chrono::Duration::seconds(seconds);
    }

    /// As after a kill: the leases and what was under way are as they were.
    fn restart(self) -> Self {
        let Self { folder, store, now } = self;
        drop(store);
        let store = Store::open(&folder.path().join("news.db"), now).unwrap();
        Self { folder, store, now }
    }

    /// Another connection that may do anything.
    fn sql(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }

    fn number(&self, sql: &str) -> i64 {
        self.sql().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    fn strings(&self, sql: &str) -> Vec<String> {
        let db = self.sql();
        let mut query = db.prepare(sql).unwrap();
        query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    async fn entries(&self, limit: usize) -> Vec<ClaimedEntry> {
        self.store.claim_entries(self.now, limit, GAP).await.unwrap()
    }

    async fn one_entry(&self) -> ClaimedEntry {
        let mut entries = self.entries(1).await;
        assert_eq!(entries.len(), 1, "an entry waits");
        entries.remove(0)
    }

    /// Records a document with these links.
    async fn publish(&self, claim: &ClaimedSource, links: &[&str]) -> PollCounts {
        let entries: Vec<Entry> = links.iter().map(|link| entry(link)).collect();
        self.store.record_poll(self.taken(claim, entries, None)).await.unwrap()
    }

    /// The same for the first source, claimed anew.
    async fn publish_again(&self, links: &[&str]) {
        let claims = self.store.claim_sources(self.now, 9, Some(self.now)).await.unwrap();
        self.publish(&claims[0], links).await;
    }

    fn taken(&self, claim: &ClaimedSource, entries: Vec<Entry>, limit: Option<usize>) -> PollOutcome {
        let keys = entries.iter().map(keys_of).collect();
        let feed = ParsedFeed { title: Some("The Paper".into()), entries, ..ParsedFeed::default() };
        self.polled(
            claim,
            PollResult::Document {
                feed: feed.into(),
                keys,
                validators: validators("\"1\""),
                body_hash: vec![1, 2, 3],
                limit,
            },
        )
    }

    fn polled(&self, claim: &ClaimedSource, result: PollResult) -> PollOutcome {
        PollOutcome {
            source: claim.id,
            lease: claim.lease,
            at: self.now,
            fetch: FetchStats { status: Some(200), bytes: 1000, ..FetchStats::new(claim.address.clone()) },
            result,
            state: crate::model::PollState::default(),
            overflowed: false,
            ids_degraded: false,
            faults: Vec::new(),
            followed: 0,
            failures: 0.0,
            next: NextPoll { at: self.now + chrono::Duration::minutes(30), why: "every 30m".into() },
        }
    }

    async fn page(&self, claim: &ClaimedEntry, result: PageResult) -> Result<StoreOutcome, StoreError> {
        self.page_with(claim, result, Vec::new()).await
    }

    async fn page_with(
        &self,
        claim: &ClaimedEntry,
        result: PageResult,
        hosts: Vec<HostObservation>,
    ) -> Result<StoreOutcome, StoreError> {
        let outcome = PageOutcome {
            entry: claim.id,
            lease: claim.lease,
            at: self.now,
            fetch: Some(FetchStats {
                hosts,
                ..FetchStats::new(Url::parse("https://paper.example/page").unwrap())
            }),
            result,
            selectors: Vec::new(),
            revisit_at: None,
        };
        self.store.record_page(outcome).await
    }

    /// Claims the next entry and stores a cutting as its page.
    async fn collect(&self, cutting: CollectedArticle) -> StoreOutcome {
        let claim = self.one_entry().await;
        self.page(&claim, PageResult::Article(Box::new(cutting))).await.unwrap()
    }
}

fn source(name: &str) -> Source {
    let mut source = Source::new(name, url(&format!("https://{name}.example/feed")));
    source.tags = vec!["news".into()];
    // What waits in the queues is only the pages; see `provisional`.
    source.provisional = false;
    source
}

fn url(text: &str) -> Url {
    crate::link::web_url(text).unwrap()
}

fn validators(etag: &str) -> Validators {
    Validators { etag: Some(etag.as_bytes().to_vec()), last_modified: None }
}

fn entry(link: &str) -> Entry {
    Entry { link: Some(url(link)), title: Some(format!("About {link}")), ..Entry::default() }
}

/// Forty words that only this seed gives.
fn words(seed: &str) -> String {
    (0..40).fold(String::new(), |text, i| text + seed + &i.to_string() + " ")
}

fn keys_of(entry: &Entry) -> crate::model::EntryKeys {
    let rules = identity::KeyRules { pattern: None, same_site: &SameSite::default(), session: &[] };
    crate::model::EntryKeys {
        ident: identity::ident(entry, crate::model::EntryIdentifier::Id, &[]),
        host: entry.link.as_ref().map(crate::link::host),
        link_keys: identity::link_keys(rules, entry.link.as_ref()),
        is_own_link: true,
        ..crate::model::EntryKeys::default()
    }
}

/// A key with the proof that its kind has most often.
fn key(kind: KeyKind, key: &str) -> Key {
    let proof = match kind {
        KeyKind::FinalUrl | KeyKind::Asked | KeyKind::Redirect | KeyKind::NextPage => Proof::Response,
        KeyKind::Link => Proof::None,
        _ => Proof::Site,
    };
    Key { kind, proof, key: key.to_owned(), url: format!("https://{key}") }
}

/// A page served under `page_key`, with other keys beside its final URL.
fn cutting(page_key: &str, text: &str, keys: &[(KeyKind, &str)]) -> CollectedArticle {
    let mut all: Vec<Key> = keys.iter().map(|&(kind, name)| key(kind, name)).collect();
    all.push(key(KeyKind::FinalUrl, page_key));
    CollectedArticle {
        extraction: Extraction {
            // Another text has another title.
            title: Some(format!(
                "Title {}",
                text.bytes().take_while(|byte| *byte != b' ').map(u64::from).sum::<u64>()
            )),
            text: text.to_owned(),
            html: format!("<p>{text}</p>"),
            ..Extraction::default()
        },
        method: Method::Auto,
        published_at: None,
        url: format!("https://{page_key}"),
        served_url: format!("https://{page_key}"),
        site: SameSite::default().site(&url(&format!("https://{page_key}"))),
        own_feed: true,
        page_key: page_key.to_owned(),
        keys: all,
        claims: Vec::new(),
        contradictions: Vec::new(),
        raw_page: None,
        validators: Validators::default(),
        failure: None,
        page_retry_at: None,
        awaits_page: false,
    }
}

fn failure(code: &'static str) -> Failure {
    Failure {
        code,
        grade: Grade::Temporary,
        message: format!("{code}: try again"),
        url: Some("https://one.example/a".into()),
        status: None,
    }
}

fn host_failure(host: &str, retry_after: Option<DateTime<Utc>>) -> HostObservation {
    HostObservation { host: host.to_owned(), failure: Some(HostFailure { code: "http-503", retry_after }) }
}

fn healthy(host: &str) -> HostObservation {
    HostObservation { host: host.to_owned(), failure: None }
}
