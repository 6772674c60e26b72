//! An index of sitemaps: which of the sitemaps it names are requested, and what they bring (sitemaps.org).
//!
//! The index of a newspaper names one sitemap per month of its history. Those that were there at the first poll, beyond
//! the newest five, are the archive: they are requested only once the index gives them a new `lastmod`. New and changed
//! sitemaps, and those without `lastmod`, are requested conditionally, five per poll; the others wait for the next poll.

use std::cmp::Reverse;
use std::collections::HashMap;

use chrono::{DateTime, Utc};
use url::Url;

use super::document::{ParsedDocument, PolledContent, SitemapCrawl};
use super::download::{download, request};
use super::parse::parse;
use super::run::PollRun;
use crate::config::Source;
use crate::feed::SitemapLink;
use crate::fetch::ResponseContent;
use crate::link;
use crate::model::{
    ChildSitemap, ChildSitemapState, ClaimedSource, Failure, FetchStats, ParsedFeed, SkippedEntry, Validators,
};

/// Child sitemaps requested per poll.
const MAX_REQUESTS: usize = 5;

/// Child sitemaps stored per index, the newest ones. An index may name a sitemap for each month of a century.
const MAX_CHILDREN: usize = 2000;

/// An index of sitemaps as it was fetched.
pub(super) struct Index {
    /// The sitemaps it names.
    pub(super) links: Vec<SitemapLink>,
    /// They replace those of the source.
    pub(super) validators: Validators,
    /// SHA-256 of the index; empty if there was none before a 304.
    pub(super) body_hash: Vec<u8>,
}

impl Index {
    /// The stored index, after a 304 that carried `validators`.
    pub(super) fn not_modified(claim: &ClaimedSource, validators: Validators) -> Self {
        Self {
            links: links(&claim.state.sitemaps),
            validators: validators.or(claim.validators.clone()),
            body_hash: claim.body_hash.clone().unwrap_or_default(),
        }
    }
}

/// A child sitemap to request.
struct SitemapCandidate {
    link: SitemapLink,
    /// Of the last time it was read.
    validators: Validators,
    /// Whether its entries are old, and limited by `first_poll`.
    is_archive: bool,
}

/// A child sitemap that was fetched.
struct FetchedSitemap {
    /// `None` after a 304.
    parsed: Option<ParsedDocument>,
    /// False if truncated: it is requested again.
    complete: bool,
    /// To send the next time.
    validators: Validators,
}

/// Requests the sitemaps of an index that are worth it. What the requests learned is added to `fetch`. Fails only if not
/// one of the requested sitemaps could be read.
pub(super) async fn crawl(
    run: PollRun<'_>,
    source: &Source,
    claim: &ClaimedSource,
    index: Index,
    fetch: &mut FetchStats,
) -> PolledContent {
    let (mut children, candidates) = choose(index.links, &claim.state.sitemaps);
    let mut feed = ParsedFeed::default();
    let (mut is_archive, mut any_read, mut first_failure) = (false, candidates.is_empty(), None);
    for candidate in candidates {
        let (SitemapLink { url, changed }, of_archive) = (candidate.link.clone(), candidate.is_archive);
        let now = run.started_at + fetch.duration;
        let fetched = match fetch_child(run, source, claim, candidate, fetch, now).await {
            Ok(fetched) => fetched,
            Err(failure) => {
                feed.skipped.push(skipped(&url, &failure.message));
                first_failure.get_or_insert(failure);
                continue;
            }
        };
        any_read = true;
        is_archive |= of_archive;
        match fetched.parsed {
            Some(ParsedDocument::Feed(pages)) => {
                feed.append(*pages);
            }
            Some(ParsedDocument::Index(_)) => {
                feed.skipped
                    .push(skipped(&url, "is an index within an index, which the protocol does not allow"));
            }
            None => {}
        }
        if !fetched.complete {
            feed.skipped.push(skipped(&url, "is truncated: it is requested again"));
        } else if let Some(child) = children.iter_mut().find(|child| child.url == url) {
            child.state = ChildSitemapState::Read;
            child.lastmod_read = changed;
            child.validators = fetched.validators;
        }
    }
    match first_failure {
        Some(failure) if !any_read => PolledContent::Failed { failure, retry_after: None },
        _ => PolledContent::Sitemaps(Box::new(SitemapCrawl {
            feed,
            children,
            is_archive,
            validators: index.validators,
            body_hash: index.body_hash,
        })),
    }
}

/// Requests one child sitemap, as its index was requested. What the request learned is added to `fetch` also if it fails.
async fn fetch_child(
    run: PollRun<'_>,
    source: &Source,
    claim: &ClaimedSource,
    candidate: SitemapCandidate,
    fetch: &mut FetchStats,
    now: DateTime<Utc>,
) -> Result<FetchedSitemap, Failure> {
    let url = candidate.link.url;
    let mut request = request(source, &url);
    if !run.full {
        request = request.with_validators(candidate.validators.clone());
    }
    let request = request.for_source(source).await.map_err(|error| error.failure(&url))?;
    let download = match download(run, source, claim, request, now).await {
        Ok(download) => download,
        Err(failed) => {
            let failure = failed.failure();
            fetch.add(failed.fetch);
            return Err(failure);
        }
    };
    let served_by = download.response.fetch.url.clone();
    fetch.add(download.response.fetch);
    match download.response.content {
        ResponseContent::NotModified(validators) => Ok(FetchedSitemap {
            parsed: None,
            complete: true,
            validators: validators.or(candidate.validators),
        }),
        ResponseContent::Document(document) => {
            let validators = document.validators.clone();
            let streamed = download.streamed;
            let (parsed, complete) = parse(run, source, claim, document, streamed, &served_by).await?;
            Ok(FetchedSitemap { parsed: Some(parsed), complete, validators })
        }
    }
}

/// What a stored index names.
pub(super) fn links(known: &[ChildSitemap]) -> Vec<SitemapLink> {
    known.iter().map(|child| SitemapLink { url: child.url.clone(), changed: child.lastmod.clone() }).collect()
}

/// The state of each child before any is read, newest first, and those to request, best first. O(n log n) in `links`.
fn choose(mut links: Vec<SitemapLink>, known: &[ChildSitemap]) -> (Vec<ChildSitemap>, Vec<SitemapCandidate>) {
    // Numbers in the names of sitemaps grow with time.
    links.sort_by_cached_key(|link| Reverse((link.changed_at(), natural_key(link.url.as_str()))));
    links.truncate(MAX_CHILDREN);
    let known_by_url: HashMap<&Url, &ChildSitemap> = known.iter().map(|child| (&child.url, child)).collect();
    let (mut children, mut candidates) = (Vec::with_capacity(links.len()), Vec::new());
    for link in links {
        let mut child =
            known_by_url.get(&link.url).map_or_else(|| new_child(&link.url), |child| (*child).clone());
        child.lastmod.clone_from(&link.changed);
        let is_due = match child.state {
            ChildSitemapState::Waiting => true,
            ChildSitemapState::Read => child.lastmod.is_none() || child.lastmod != child.lastmod_read,
            ChildSitemapState::Archive => child.lastmod != child.lastmod_read,
        };
        if is_due {
            candidates.push(SitemapCandidate {
                link,
                validators: child.validators.clone(),
                is_archive: child.state == ChildSitemapState::Archive,
            });
        }
        children.push(child);
    }
    // New sitemaps come before archives, and never in one poll with them: `first_poll` limits entries of archives.
    if candidates.iter().any(|candidate| !candidate.is_archive) {
        candidates.retain(|candidate| !candidate.is_archive);
    }
    if known.is_empty() {
        for candidate in candidates.iter().skip(MAX_REQUESTS) {
            if let Some(child) = children.iter_mut().find(|child| child.url == candidate.link.url) {
                child.state = ChildSitemapState::Archive;
                child.lastmod_read.clone_from(&child.lastmod);
            }
        }
    }
    candidates.truncate(MAX_REQUESTS);
    (children, candidates)
}

/// A child that the index names for the first time.
fn new_child(url: &Url) -> ChildSitemap {
    ChildSitemap {
        url: url.clone(),
        lastmod: None,
        lastmod_read: None,
        state: ChildSitemapState::Waiting,
        validators: Validators::default(),
    }
}

/// A sort key in which numbers count as numbers: `9` comes before `10`.
fn natural_key(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 20);
    let mut digits = String::new();
    for c in text.chars().chain(std::iter::once('\0')) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        if !digits.is_empty() {
            out.push_str(&format!("{digits:0>20}"));
            digits.clear();
        }
        out.push(c);
    }
    out
}

/// A remark on a child sitemap, among the entries that were skipped.
fn skipped(url: &Url, reason: &str) -> SkippedEntry {
    SkippedEntry { position: 0, reason: format!("the sitemap {}: {reason}", link::mask_secrets(url)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn child(name: &str, changed: Option<&str>) -> SitemapLink {
        SitemapLink {
            url: Url::parse(&format!("https://paper.example/{name}.xml")).unwrap(),
            changed: changed.map(str::to_owned),
        }
    }

    fn names(candidates: &[SitemapCandidate]) -> Vec<&str> {
        candidates.iter().map(|candidate| candidate.link.url.path()).collect()
    }

    /// Reads all that is candidates.
    fn settled(mut children: Vec<ChildSitemap>, candidates: &[SitemapCandidate]) -> Vec<ChildSitemap> {
        for child in &mut children {
            if candidates.iter().any(|candidate| candidate.link.url == child.url) {
                child.state = ChildSitemapState::Read;
                child.lastmod_read.clone_from(&child.lastmod);
            }
        }
        children
    }

    #[test]
    fn the_newest_are_read_and_the_rest_is_an_archive_until_it_changes() {
        let month = |n: usize| format!("2026-{n:02}-01");
        let mut index: Vec<SitemapLink> = (1..=9).map(|n| child(&n.to_string(), Some(&month(n)))).collect();
        let (children, candidates) = choose(index.clone(), &[]);
        assert_eq!(names(&candidates), ["/9.xml", "/8.xml", "/7.xml", "/6.xml", "/5.xml"]);
        let children = settled(children, &candidates);
        assert_eq!(names(&choose(index.clone(), &children).1), [""; 0], "nothing has changed");

        index[0].changed = Some("2026-10-02".to_owned());
        let (_, candidates) = choose(index.clone(), &children);
        assert_eq!((names(&candidates), candidates[0].is_archive), (vec!["/1.xml"], true));

        index.push(child("10", Some(&month(10))));
        index[8].changed = Some("2026-10-01".to_owned());
        let (children, candidates) = choose(index.clone(), &children);
        assert_eq!(names(&candidates), ["/10.xml", "/9.xml"], "archives wait for what is new");
        // One that was not had is candidates still, though the index has not changed.
        let children = settled(children, &candidates[..1]);
        let (children, candidates) = choose(links(&children), &children);
        assert_eq!(names(&candidates), ["/9.xml"]);
        let children = settled(children, &candidates);
        assert_eq!(names(&choose(links(&children), &children).1), ["/1.xml"]);
    }

    #[test]
    fn without_dates_numbers_count_up_and_what_was_read_is_asked_again() {
        let index: Vec<SitemapLink> = (1..=12).map(|n| child(&format!("post-{n}"), None)).collect();
        let (children, candidates) = choose(index.clone(), &[]);
        assert_eq!(names(&candidates)[..2], ["/post-12.xml", "/post-11.xml"]);
        let children = settled(children, &candidates);
        let (_, again) = choose(index, &children);
        assert_eq!(names(&again), names(&candidates));
    }
}
