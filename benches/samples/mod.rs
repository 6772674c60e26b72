//! Sample outcomes of polls and pages, and sample articles, for the benches of the store.

#![allow(unreachable_pub, dead_code, reason = "each bench uses a part of it")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "numbers that are drawn are small"
)]

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use cuttings::identity::{self, KeyRules};
use cuttings::link::{self, SameSite};
use cuttings::model::{
    ClaimedEntry, ClaimedSource, CollectedArticle, Entry, EntryIdentifier, EntryKeys, Extraction, FetchStats,
    Key, KeyKind, Method, NextPoll, PageOutcome, PageResult, ParsedFeed, PollOutcome, PollResult, PollState,
    Proof, Validators,
};
use cuttings::store::{ImportedArticle, ImportedIdentity, ImportedText};
use url::Url;

/// A poll that got a document with these entries.
pub fn poll_with(claim: &ClaimedSource, entries: Vec<Entry>, at: DateTime<Utc>) -> PollOutcome {
    let keys = entries.iter().map(keys_of).collect();
    let feed = Arc::new(ParsedFeed { entries, ..ParsedFeed::default() });
    let result = PollResult::Document {
        feed,
        keys,
        validators: Validators::default(),
        body_hash: vec![1],
        limit: None,
    };
    poll(claim, 200, result, at)
}

/// The keys of an entry as `poll` makes them.
pub fn keys_of(entry: &Entry) -> EntryKeys {
    let rules = KeyRules { pattern: None, same_site: &SameSite::default(), session: &[] };
    EntryKeys {
        ident: identity::ident(entry, EntryIdentifier::Id, &[]),
        host: entry.link.as_ref().map(link::host),
        link_keys: identity::link_keys(rules, entry.link.as_ref()),
        is_own_link: true,
        ..EntryKeys::default()
    }
}

/// A poll that got 304.
pub fn unchanged_poll(claim: &ClaimedSource, at: DateTime<Utc>) -> PollOutcome {
    poll(claim, 304, PollResult::NotModified(Validators::default()), at)
}

fn poll(claim: &ClaimedSource, status: u16, result: PollResult, at: DateTime<Utc>) -> PollOutcome {
    PollOutcome {
        source: claim.id,
        lease: claim.lease,
        at,
        fetch: FetchStats { status: Some(status), ..FetchStats::new(claim.address.clone()) },
        result,
        state: PollState::default(),
        overflowed: false,
        ids_degraded: false,
        faults: Vec::new(),
        followed: 0,
        failures: 0.0,
        next: NextPoll { at: at + Duration::from_hours(1), why: "every hour".into() },
    }
}

/// A page that was fetched and cut out completely.
pub fn collected_page(claim: &ClaimedEntry, article: CollectedArticle, at: DateTime<Utc>) -> PageOutcome {
    PageOutcome {
        entry: claim.id,
        lease: claim.lease,
        at,
        fetch: None,
        result: PageResult::Article(Box::new(article)),
        selectors: Vec::new(),
        revisit_at: None,
    }
}

/// An article cut out of its page without rules.
pub fn collected_article(
    extraction: Extraction,
    url: String,
    page_key: String,
    keys: Vec<Key>,
    at: DateTime<Utc>,
) -> CollectedArticle {
    CollectedArticle {
        extraction,
        method: Method::Auto,
        published_at: Some(at),
        served_url: url.clone(),
        url,
        site: "paper.example".into(),
        own_feed: true,
        page_key,
        keys,
        claims: Vec::new(),
        contradictions: Vec::new(),
        raw_page: None,
        validators: Validators::default(),
        failure: None,
        page_retry_at: None,
        awaits_page: false,
    }
}

/// An article of another database with a text and nothing else.
pub fn imported_article(
    number: i64,
    url: &str,
    text: String,
    html: String,
    at: DateTime<Utc>,
) -> ImportedArticle {
    ImportedArticle {
        seq: number,
        id: number,
        revised: false,
        cluster: number,
        first_seen: at,
        page: None,
        text: imported_text(url, text, html, at),
        identity: ImportedIdentity::default(),
    }
}

fn imported_text(url: &str, text: String, html: String, at: DateTime<Utc>) -> ImportedText {
    ImportedText {
        source: Some("paper".into()),
        first_party: true,
        url: Some(Url::parse(url).unwrap()),
        short_link: None,
        title: None,
        standfirst: None,
        byline: None,
        authors: Vec::new(),
        published: None,
        published_at: Some(at),
        precision: None,
        modified: None,
        text,
        html,
        image: None,
        image_width: None,
        image_height: None,
        language: None,
        site: None,
        section: None,
        tags: Vec::new(),
        rights: None,
        enclosures: "[]".into(),
        method: "auto".into(),
        kind: "article".into(),
        origins: "{}".into(),
        fetched_at: at,
    }
}

/// Pseudo-random numbers (xorshift), the same in every run.
pub struct Random(pub u64);

impl Random {
    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 16
    }

    /// A word of 50,000, the common ones as common as in a newspaper (Zipf).
    pub fn word(&mut self) -> String {
        let part = (self.number() % 1_000_000) as f64 / 1_000_000.0;
        format!("w{}", (50_000_f64.powf(part) - 1.0) as u64)
    }

    pub fn title(&mut self) -> String {
        (0..8).map(|_| self.word()).collect::<Vec<_>>().join(" ")
    }

    pub fn text(&mut self, bytes: usize) -> String {
        let mut text = String::with_capacity(bytes + 8);
        while text.len() < bytes {
            text.push_str(&self.word());
            text.push_str(if self.number().is_multiple_of(60) { ".\n\n" } else { " " });
        }
        text
    }

    /// What was cut out of a page: a text of `bytes`, title and standfirst.
    pub fn extraction(&mut self, bytes: usize) -> Extraction {
        let text = self.text(bytes);
        Extraction {
            title: Some(self.title()),
            standfirst: Some(self.text(150)),
            html: html_of(&text),
            text,
            ..Extraction::default()
        }
    }

    /// An article as it was collected, with three keys.
    pub fn collected_article(
        &mut self,
        claim: &ClaimedEntry,
        bytes: usize,
        at: DateTime<Utc>,
    ) -> CollectedArticle {
        let page_key = format!("paper.example/2026/{}/{}", self.number(), claim.ident);
        let key = |kind, proof, key: String| Key { kind, proof, url: format!("https://{key}"), key };
        let keys = vec![
            key(KeyKind::Canonical, Proof::Site, page_key.clone()),
            key(KeyKind::ShortLink, Proof::Site, format!("sho.rt/{}", self.number())),
            key(KeyKind::Asked, Proof::Response, format!("feeds.example/{}", self.number())),
        ];
        let url = format!("https://{page_key}");
        collected_article(self.extraction(bytes), url, page_key, keys, at)
    }

    /// An article of another database.
    pub fn imported_article(&mut self, number: usize, bytes: usize, at: DateTime<Utc>) -> ImportedArticle {
        let Extraction { title, standfirst, text, html, .. } = self.extraction(bytes);
        let url = format!("https://paper.example/2026/{}", self.number());
        let mut article = imported_article(number as i64 + 1, &url, text, html, at);
        article.text.short_link = Url::parse(&format!("https://sho.rt/{}", self.number())).ok();
        article.text.title = title;
        article.text.standfirst = standfirst;
        article
    }
}

pub fn html_of(text: &str) -> String {
    format!("<p>{}</p>", text.replace("\n\n", "</p><p>"))
}
