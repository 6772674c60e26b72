//! An index of sitemaps: which of those it names are worth a request, and what they bring.
//!
//! An index of a paper names a sitemap for every month of its life. What was there before us is an archive: it is known,
//! and read only once the index says that it changed. What is new since, or changed, or does not say, is asked for,
//! conditionally, a few at a time; the rest has its turn with the next poll.

use std::cmp::Reverse;
use std::collections::HashMap;

use chrono::{DateTime, Utc};
use url::Url;

use super::ask::{Answer, Came, Read, get, read};
use crate::config::Source;
use crate::feed::SitemapLink;
use crate::fetch::{Fetcher, ResponseContent};
use crate::link;
use crate::model::{
    ChildSitemap, ChildSitemapState, ClaimedSource, Failure, ParsedFeed, SkippedEntry, Validators,
};
use crate::store::Store;

/// Sitemaps asked for in one poll.
const AT_ONCE: usize = 5;

/// Sitemaps of one index that are remembered, the newest; a paper of a hundred years has one for every month.
const REMEMBERED: usize = 2000;

/// What came of a walk.
pub(super) type Walked = Result<Taken, Failure>;

/// What the sitemaps of an index brought.
pub(super) struct Taken {
    /// Entries of those that were read.
    pub(super) feed: ParsedFeed,
    /// What is known of all of them now.
    pub(super) notes: Vec<ChildSitemap>,
    /// Whether it is an archive: most of it is older than our interest.
    pub(super) archive: bool,
}

/// A sitemap that is worth a request.
struct Wanted {
    child: SitemapLink,
    validators: Validators,
    archive: bool,
}

/// Asks for what an index names, where the answer is one or is the one we know. Leaves in the answer what was learned.
pub(super) async fn walk(
    store: &Store,
    fetcher: &Fetcher,
    source: &Source,
    claim: &ClaimedSource,
    full: bool,
    answer: &mut Answer,
    now: DateTime<Utc>,
) {
    let unchanged = match &answer.came {
        Came::NotModified(_) => true,
        Came::Document { body_hash, .. } => claim.body_hash.as_ref() == Some(body_hash),
        Came::Nothing { .. } => return,
    };
    let known = &claim.state.sitemaps;
    let children = match &answer.came {
        Came::Document { read: Ok(read), .. } => match read {
            Read::Index(children) => children.clone(),
            Read::Entries(_) if unchanged && !known.is_empty() => named_by(known),
            Read::Entries(_) => return,
        },
        Came::NotModified(_) if !known.is_empty() => named_by(known),
        _ => return,
    };
    let (mut notes, wanted) = choose(children, known);
    let mut feed = ParsedFeed::default();
    let (mut archive, mut read_any, mut failed) = (false, wanted.is_empty(), None);
    for Wanted {
        child,
        validators,
        archive: is_archive,
    } in wanted
    {
        let mut request = super::ask::request(source, &child.url);
        if !full {
            request = request.with_validators(validators.clone());
        }
        let request = match request.for_source(source).await {
            Ok(request) => request,
            Err(error) => {
                failed = Some(error.failure(&child.url));
                continue;
            }
        };
        let (fetched, streamed) = get(
            store,
            fetcher,
            source,
            claim,
            request,
            now + answer.fetch.duration,
        )
        .await;
        let result = match fetched {
            Ok(fetched) => {
                let url = fetched.fetch.url.clone();
                answer.fetch.add(fetched.fetch);
                match fetched.content {
                    ResponseContent::NotModified(new) => Ok((
                        None,
                        Validators {
                            etag: new.etag.or(validators.etag),
                            last_modified: new.last_modified.or(validators.last_modified),
                        },
                        true,
                    )),
                    ResponseContent::Document(document) => {
                        let validators = document.validators.clone();
                        let (read, whole) = match streamed {
                            Some(streamed) => streamed.of(source, document.status),
                            None => (read(store, source, claim, document, &url).await, true),
                        };
                        if !whole {
                            feed.skipped
                                .push(remark(&child.url, "breaks off: it is not taken for known"));
                        }
                        read.map(|read| (Some(read), validators, whole))
                    }
                }
            }
            Err(refused) => {
                let failure = refused.failure();
                answer.fetch.add(refused.fetch);
                Err(failure)
            }
        };
        match result {
            Ok((read, validators, whole)) => {
                read_any = true;
                archive |= is_archive;
                match read {
                    Some(Read::Entries(pages)) => {
                        feed.entries.extend(pages.entries);
                        feed.skipped.extend(pages.skipped);
                    }
                    Some(Read::Index(_)) => feed.skipped.push(remark(
                        &child.url,
                        "is an index within an index, which the protocol does not know",
                    )),
                    None => {}
                }
                if let Some(note) = notes.iter_mut().find(|note| whole && note.url == child.url) {
                    note.state = ChildSitemapState::Read;
                    note.lastmod_read = child.changed;
                    note.validators = validators;
                }
            }
            Err(failure) => {
                feed.skipped.push(remark(&child.url, &failure.message));
                failed.get_or_insert(failure);
            }
        }
    }
    answer.walked = Some(match failed {
        // Nothing at all was had: the source fails, and comes back as such sources do.
        Some(failure) if !read_any => Err(failure),
        _ => Ok(Taken { feed, notes, archive }),
    });
}

/// What an index said that has not changed.
fn named_by(known: &[ChildSitemap]) -> Vec<SitemapLink> {
    known
        .iter()
        .map(|note| SitemapLink {
            url: note.url.clone(),
            changed: note.lastmod.clone(),
        })
        .collect()
}

/// What is known of each child before any is read, and which are worth a request, best first.
fn choose(mut children: Vec<SitemapLink>, known: &[ChildSitemap]) -> (Vec<ChildSitemap>, Vec<Wanted>) {
    // Names with numbers in them count up with time.
    children.sort_by_cached_key(|child| Reverse((child.changed_at(), natural(child.url.as_str()))));
    children.truncate(REMEMBERED);
    let by_url: HashMap<&Url, &ChildSitemap> = known.iter().map(|note| (&note.url, note)).collect();
    let (mut notes, mut wanted) = (Vec::with_capacity(children.len()), Vec::new());
    for child in children {
        let mut note = by_url
            .get(&child.url)
            .map_or_else(|| unknown(&child), |note| (*note).clone());
        note.lastmod.clone_from(&child.changed);
        let wants = match note.state {
            ChildSitemapState::Waiting => true,
            ChildSitemapState::Read => note.lastmod.is_none() || note.lastmod != note.lastmod_read,
            ChildSitemapState::Archive => note.lastmod != note.lastmod_read,
        };
        if wants {
            wanted.push(Wanted {
                child,
                validators: note.validators.clone(),
                archive: note.state == ChildSitemapState::Archive,
            });
        }
        notes.push(note);
    }
    // What is new goes before archives, and never with them: those are taken in as at a first poll.
    if wanted.iter().any(|wanted| !wanted.archive) {
        wanted.retain(|wanted| !wanted.archive);
    }
    if known.is_empty() {
        for left in wanted.iter().skip(AT_ONCE) {
            if let Some(note) = notes.iter_mut().find(|note| note.url == left.child.url) {
                note.state = ChildSitemapState::Archive;
                note.lastmod_read.clone_from(&note.lastmod);
            }
        }
    }
    wanted.truncate(AT_ONCE);
    (notes, wanted)
}

fn unknown(child: &SitemapLink) -> ChildSitemap {
    ChildSitemap {
        url: child.url.clone(),
        lastmod: None,
        lastmod_read: None,
        state: ChildSitemapState::Waiting,
        validators: Validators::default(),
    }
}

/// A text for comparing: numbers in it count as numbers, so that `9` comes before `10`.
fn natural(text: &str) -> String {
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

fn remark(url: &Url, what: &str) -> SkippedEntry {
    SkippedEntry {
        position: 0,
        reason: format!("the sitemap {}: {what}", link::mask_secrets(url)),
    }
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

    fn names(wanted: &[Wanted]) -> Vec<&str> {
        wanted.iter().map(|wanted| wanted.child.url.path()).collect()
    }

    /// Reads all that is wanted.
    fn settled(mut notes: Vec<ChildSitemap>, wanted: &[Wanted]) -> Vec<ChildSitemap> {
        for note in &mut notes {
            if wanted.iter().any(|wanted| wanted.child.url == note.url) {
                note.state = ChildSitemapState::Read;
                note.lastmod_read.clone_from(&note.lastmod);
            }
        }
        notes
    }

    #[test]
    fn the_newest_are_read_and_the_rest_is_an_archive_until_it_changes() {
        let month = |n: usize| format!("2026-{n:02}-01");
        let mut index: Vec<SitemapLink> = (1..=9).map(|n| child(&n.to_string(), Some(&month(n)))).collect();
        let (notes, wanted) = choose(index.clone(), &[]);
        assert_eq!(names(&wanted), ["/9.xml", "/8.xml", "/7.xml", "/6.xml", "/5.xml"]);
        let notes = settled(notes, &wanted);
        assert_eq!(
            names(&choose(index.clone(), &notes).1),
            [""; 0],
            "nothing has changed"
        );

        index[0].changed = Some("2026-10-02".to_owned());
        let (_, wanted) = choose(index.clone(), &notes);
        assert_eq!((names(&wanted), wanted[0].archive), (vec!["/1.xml"], true));

        index.push(child("10", Some(&month(10))));
        index[8].changed = Some("2026-10-01".to_owned());
        let (notes, wanted) = choose(index.clone(), &notes);
        assert_eq!(
            names(&wanted),
            ["/10.xml", "/9.xml"],
            "archives wait for what is new"
        );
        // One that was not had is wanted still, though the index has not changed.
        let notes = settled(notes, &wanted[..1]);
        let (notes, wanted) = choose(named_by(&notes), &notes);
        assert_eq!(names(&wanted), ["/9.xml"]);
        let notes = settled(notes, &wanted);
        assert_eq!(names(&choose(named_by(&notes), &notes).1), ["/1.xml"]);
    }

    #[test]
    fn without_dates_numbers_count_up_and_what_was_read_is_asked_again() {
        let index: Vec<SitemapLink> = (1..=12).map(|n| child(&format!("post-{n}"), None)).collect();
        let (notes, wanted) = choose(index.clone(), &[]);
        assert_eq!(names(&wanted)[..2], ["/post-12.xml", "/post-11.xml"]);
        let notes = settled(notes, &wanted);
        let (_, again) = choose(index, &notes);
        assert_eq!(names(&again), names(&wanted));
    }
}
