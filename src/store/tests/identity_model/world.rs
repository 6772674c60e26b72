//! Plays steps on a database, through the code that records polls and pages, and tells the model what happened.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::super::*;
use super::checks::{Deed, check};
use super::rules::{Dead, Fetched, Group, Rank, Rules, Said, Sheet};
use super::web::{Address, Answer, FEEDS, HOSTS, Line, PATTERN, Printed, Setting, Step, Words, same_site};
use crate::identity::{KeyRules, PageUrls};
use crate::model::{EntryKeys, Timestamp};
use crate::store::changes::DeletionReason;
use crate::store::claims::Claims;
use crate::store::cluster::RecentSketches;
use crate::store::{entry_claims, expiry, ingest, page_outcomes, retention, text_index};

/// A web, a database that reads it, and the model of what must be in it.
pub(super) struct World<'a> {
    pub(super) db: &'a Connection,
    setting: Setting,
    same_site: SameSite,
    pattern: Option<regex::Regex>,
    answers: BTreeMap<Address, Answer>,
    claims: Claims,
    sketches: RecentSketches,
    pub(super) now: DateTime<Utc>,
    pub(super) rules: Rules,
}

/// A page as it was fetched.
struct Visit {
    served: Address,
    hops: Vec<Address>,
    words: Words,
    printed: Printed,
}

impl<'a> World<'a> {
    /// A world in which nothing was polled yet.
    pub(super) fn new(db: &'a Connection, setting: Setting) -> Self {
        for (source, host) in FEEDS.iter().enumerate() {
            db.prepare_cached(
                "INSERT OR REPLACE INTO source (id, name, url, host, feed_site, position, enabled, configured, schedule, timezone, \
                 first_seen, next_at) VALUES (?1, ?2, ?3, ?4, ?5, ?1, 1, 1, '', '', '', 0)",
            )
            .unwrap()
            .execute(params![
                source as i64 + 1,
                format!("source-{source}"),
                feed(source).as_str(),
                HOSTS[*host],
                same_site().all_names(&feed(source))
            ])
            .unwrap();
        }
        Self {
            db,
            same_site: same_site(),
            pattern: setting.has_pattern.then(|| regex::Regex::new(PATTERN).unwrap()),
            setting,
            answers: BTreeMap::new(),
            claims: Claims::new(1),
            sketches: RecentSketches::default(),
            now: start_of_time(),
            rules: Rules::default(),
        }
    }

    /// The text of a page that goes first: its rank, source and words, and the URL that is shown with it.
    pub(super) fn shown(&self, page: &str) -> Option<(Rank, usize, Words, String)> {
        let sheet = &self.rules.sheets[page];
        let said = |said: &Said| {
            let rank = match (said.is_own, self.setting.fetches[said.source]) {
                (false, _) => Rank::Stranger,
                (true, true) => Rank::OwnFallback,
                (true, false) => Rank::OwnFeed,
            };
            (rank, said.source, said.words, sheet.address.clone())
        };
        let fetched = sheet.fetched.as_ref().map(|fetched| {
            let rank = if sheet.owner.1 { Rank::OwnPage } else { Rank::Fetched };
            let is_shared = self.rules.shared.contains(&fetched.canonical_key());
            let url = if is_shared { &fetched.served } else { &fetched.url };
            (rank, sheet.owner.0, fetched.words, url.clone())
        });
        // Of several with one rank the first.
        sheet.said.iter().rev().map(said).chain(fetched).max_by_key(|(rank, ..)| *rank)
    }

    /// Does one step; compares the database with the model after everything that it records.
    pub(super) fn play(&mut self, step: &Step) {
        self.now += chrono::Duration::minutes(1);
        match step {
            Step::Serve(address, answer) => {
                self.answers.insert(*address, answer.clone());
            }
            Step::Poll(source, lines) => {
                self.poll(*source, lines);
                self.collect();
            }
            Step::Pass(hours) => {
                self.now += chrono::Duration::hours(*hours);
                self.collect();
            }
            Step::Delete(number) => self.delete(*number),
            Step::Prune(source) => self.prune(*source),
        }
    }

    fn key_rules(&self) -> KeyRules<'_> {
        KeyRules { pattern: self.pattern.as_ref(), same_site: &self.same_site, session: &[] }
    }

    pub(super) fn site(&self, url: &Url) -> String {
        self.same_site.site(url)
    }

    fn poll(&mut self, source: usize, lines: &[Line]) {
        let mut seen = BTreeSet::new();
        let entries: Vec<Entry> = lines
            .iter()
            .filter(|line| seen.insert(line.link))
            .map(|line| {
                let updated = if line.is_updated { self.now } else { start_of_time() };
                Entry {
                    id: Some(line.link.url().to_string()),
                    link: Some(line.link.url()),
                    title: Some(line.words.title()),
                    updated: Some(Timestamp::instant(updated.fixed_offset())),
                    content: Some(line.words.text()),
                    ..Entry::default()
                }
            })
            .collect();
        let keys: Vec<EntryKeys> = entries
            .iter()
            .map(|entry| {
                let link = entry.link.as_ref().unwrap();
                EntryKeys {
                    ident: identity::ident(entry, crate::model::EntryIdentifier::Id, &[]),
                    host: self.setting.fetches[source].then(|| crate::link::host(link)),
                    link_keys: identity::link_keys(self.key_rules(), Some(link)),
                    is_own_link: self.same_site.is_same(link, &feed(source)),
                    ..EntryKeys::default()
                }
            })
            .collect();
        let feed = ParsedFeed { entries, ..ParsedFeed::default() };
        self.does(&Deed::Feed { source }, |world| {
            ingest::store_entries(world.db, SourceId(source as i64 + 1), &feed, &keys, None, world.now)
                .unwrap();
        });
    }

    /// Fetches all pages that wait.
    fn collect(&mut self) {
        loop {
            let mut claimed = Vec::new();
            self.does(&Deed::Settle, |world| {
                claimed = entry_claims::claim(world.db, world.now, 1, Duration::ZERO, &world.claims).unwrap();
            });
            let Some(claim) = claimed.pop() else { return };
            self.collect_one(&claim);
        }
    }

    fn collect_one(&mut self, claim: &ClaimedEntry) {
        let source = usize::try_from(claim.source.0).unwrap() - 1;
        let link = claim.entry.link.clone().unwrap();
        let visit = if self.setting.fetches[source] { self.fetch(&link) } else { None };
        let failure = Failure { url: Some(link.to_string()), ..failure("http-404") };
        let outcome = |result, served: &Url| PageOutcome {
            entry: claim.id,
            lease: claim.lease,
            at: self.now,
            fetch: Some(FetchStats::new(served.clone())),
            result,
            selectors: Vec::new(),
            revisit_at: None,
        };
        let Some(visit) = visit else {
            if self.setting.fetches[source] && claim.text_state.is_stored() {
                let outcome = outcome(PageResult::Retry(failure, self.now), &link);
                self.does(&Deed::Feed { source }, |world| {
                    page_outcomes::record(world.db, &outcome, None).unwrap();
                });
                return;
            }
            let mut article = self.said(source, claim, &link);
            if self.setting.fetches[source] {
                article.failure = Some(failure);
                article.page_retry_at = Some(self.now + chrono::Duration::days(7));
            }
            let words = words_of(&claim.entry);
            let outcome = outcome(PageResult::Article(Box::new(article.clone())), &link);
            self.does(&Deed::Feed { source }, |world| {
                page_outcomes::record(world.db, &outcome, None).unwrap();
                world.note_said(source, &article, words);
            });
            return;
        };
        // A page that is fetched again is read by the rules of the source that its text is of.
        let name = claim.owner.as_ref().map_or(&claim.source_name, |owner| &owner.source_name);
        let reader = (0..FEEDS.len()).find(|source| *name == format!("source-{source}")).unwrap();
        let article = self.article(reader, claim, &link, &visit);
        let before: Option<String> = self
            .db
            .prepare_cached("SELECT page.page_key FROM entry LEFT JOIN page ON page.id = entry.page_id WHERE entry.id = ?1")
            .unwrap()
            .query_row([claim.id.0], |row| row.get(0))
            .unwrap();
        let is_again = claim.text_state.is_whole() && before.as_ref() == Some(&article.page_key);
        let source = if is_again { reader } else { source };
        let outcome = outcome(PageResult::Article(Box::new(article.clone())), &visit.served.url());
        let chain: Vec<Url> = visit.hops.iter().map(|hop| hop.url()).chain([link]).collect();
        let deed = Deed::Page {
            page: article.page_key.clone(),
            site: article.site.clone(),
            chain: chain.iter().map(|url| self.site(url)).collect(),
        };
        self.does(&deed, |world| {
            page_outcomes::record(world.db, &outcome, None).unwrap();
            world.note_fetched(source, &article, visit.words);
        });
    }

    /// Follows redirects to a page.
    fn fetch(&self, link: &Url) -> Option<Visit> {
        let mut at = Address::all().find(|address| address.url() == *link)?;
        let mut hops = Vec::new();
        while hops.len() < 5 {
            match self.answers.get(&at)? {
                Answer::Gone => return None,
                Answer::Page(words, printed) => {
                    return Some(Visit { served: at, hops, words: *words, printed: *printed });
                }
                Answer::Redirect(to) => {
                    hops.push(at);
                    at = *to;
                }
            }
        }
        None
    }

    fn article(&self, source: usize, claim: &ClaimedEntry, link: &Url, visit: &Visit) -> CollectedArticle {
        let served = visit.served.url();
        let links = visit.printed.links();
        let hops: Vec<Url> = visit.hops.iter().map(|hop| hop.url()).collect();
        let urls = PageUrls { served: &served, asked: Some(link), redirects: &hops, joined: &[] };
        let fallback = identity::entry_key(&feed(source), &claim.ident);
        let identity = identity::of_page(self.key_rules(), &links, urls, &fallback);
        CollectedArticle {
            extraction: extraction(visit.words.title(), visit.words.text()),
            url: identity::shown_url(&self.same_site, &links, &served).to_string(),
            site: self.site(&served),
            own_feed: self.same_site.is_same(&served, &feed(source)),
            page_key: identity.page_key,
            keys: identity.keys,
            claims: identity.claims,
            served_url: served.to_string(),
            ..cutting("page.example/1", "", &[])
        }
    }

    fn said(&self, source: usize, claim: &ClaimedEntry, link: &Url) -> CollectedArticle {
        let fallback = identity::entry_key(&feed(source), &claim.ident);
        let identity = identity::of_entry(self.key_rules(), Some(link), &fallback);
        let (title, text) = (claim.entry.title.clone(), claim.entry.content.clone());
        CollectedArticle {
            extraction: extraction(title.unwrap_or_default(), text.unwrap_or_default()),
            method: Method::Feed,
            url: link.to_string(),
            site: self.site(link),
            own_feed: self.same_site.is_same(link, &feed(source)),
            page_key: identity.page_key,
            keys: identity.keys,
            served_url: link.to_string(),
            ..cutting("page.example/1", "", &[])
        }
    }

    /// Records something, and compares.
    fn does(&mut self, deed: &Deed, record: impl FnOnce(&mut Self)) {
        check(self, deed, |world| {
            record(world);
            // As at the end of each transaction.
            text_index::update(world.db, &mut world.sketches).unwrap();
        });
    }

    /// What the model takes from a page that was fetched.
    fn note_fetched(&mut self, source: usize, article: &CollectedArticle, words: Words) {
        let fetched =
            Fetched { words, at: self.now, url: article.url.clone(), served: article.served_url.clone() };
        let page = &article.page_key;
        let is_new = !self.rules.sheets.contains_key(page);
        let sheet = self.sheet(source, article);
        if sheet.dead.as_ref().is_some_and(|dead| !may_return(sheet, dead, source, true)) {
            return;
        }
        if sheet.dead.take().is_some() {
            sheet.said.clear();
            sheet.fetched = None;
            sheet.owner = (source, article.own_feed);
        }
        sheet.claims.extend(article.claims.iter().map(|claim| claim.key.clone()));
        // A page's text comes from one source, the first that fetched it; or from that of its own site.
        let is_own = source == sheet.owner.0 || article.own_feed && !sheet.owner.1;
        if is_own || sheet.fetched.is_none() {
            sheet.fetched = Some(fetched);
            sheet.owner = (source, article.own_feed);
        }
        self.rules.judge(page);
        if is_new && let Some(dead) = self.rules.is_form_of_deleted(page, source) {
            let groups = self.rules.groups();
            let is_alone = groups.iter().any(|group| group.len() == 1 && group.contains(page));
            if is_alone {
                self.rules.sheets.get_mut(page).unwrap().dead = Some(dead);
            }
        }
    }

    /// What the model takes from the words of a feed.
    fn note_said(&mut self, source: usize, article: &CollectedArticle, words: Words) {
        let said = Said { source, words, is_own: article.own_feed };
        let sheet = self.sheet(source, article);
        if sheet.dead.as_ref().is_some_and(|dead| !may_return(sheet, dead, source, article.own_feed)) {
            return;
        }
        if sheet.dead.take().is_some() {
            sheet.said.clear();
            sheet.fetched = None;
            sheet.owner = (source, article.own_feed);
        }
        match sheet.said.iter_mut().find(|known| known.source == source) {
            Some(known) => *known = said,
            None => sheet.said.push(said),
        }
        self.rules.judge(&article.page_key);
    }

    /// The page of an article, with its keys.
    fn sheet(&mut self, source: usize, article: &CollectedArticle) -> &mut Sheet {
        let sheet = self.rules.sheets.entry(article.page_key.clone()).or_insert_with(|| Sheet {
            site: article.site.clone(),
            address: article.served_url.clone(),
            fetched: None,
            said: Vec::new(),
            keys: BTreeSet::new(),
            claims: BTreeSet::new(),
            dead: None,
            owner: (source, article.own_feed),
        });
        sheet.keys.extend(article.keys.iter().map(Into::into));
        sheet
    }

    fn delete(&mut self, number: usize) {
        let articles = self.articles();
        if articles.is_empty() {
            return;
        }
        let (article, pages) =
            articles.iter().cycle().nth(number).map(|(article, pages)| (*article, pages.clone())).unwrap();
        self.does(&Deed::Delete { article }, |world| {
            retention::drop_article(
                world.db,
                crate::model::ArticleId(article),
                DeletionReason::Takedown,
                world.now,
            )
            .unwrap();
            world.bury(&pages, &Dead::Deleted);
        });
    }

    fn prune(&mut self, source: usize) {
        let before = self.articles();
        let members: BTreeMap<i64, BTreeSet<usize>> =
            before.keys().map(|&article| (article, self.members(article))).collect();
        let keep = |world: &Self, newest: Option<i64>| {
            world
                .db
                .execute(
                    "UPDATE source SET keep_newest = ?2 WHERE id = ?1",
                    params![source as i64 + 1, newest],
                )
                .unwrap();
        };
        self.does(&Deed::Prune { source }, |world| {
            keep(world, Some(1));
            let policies = expiry::stored_policies(world.db).unwrap();
            while retention::prune(world.db, &policies, world.now).unwrap().more {}
            keep(world, None);
            let after = world.articles();
            for (article, pages) in before.iter().filter(|(article, _)| !after.contains_key(article)) {
                assert_eq!(members[article], BTreeSet::from([source]), "pruned, and another source keeps it");
                world.bury(pages, &Dead::Expired(members[article].clone()));
            }
            let own = |articles: &BTreeMap<i64, Group>| {
                articles.keys().filter(|article| members[article].contains(&source)).count()
            };
            assert!(own(&after) >= own(&before).min(1), "its newest article is kept");
        });
    }

    fn bury(&mut self, pages: &Group, why: &Dead) {
        for page in pages {
            self.rules.sheets.get_mut(page).unwrap().dead = Some(why.clone());
        }
    }

    /// The articles that readers see, and their pages.
    pub(super) fn articles(&self) -> BTreeMap<i64, Group> {
        let mut query = self
            .db
            .prepare_cached(
                "SELECT article.id, page.page_key FROM article JOIN page ON page.article_id = article.id \
                 WHERE deleted_at IS NULL AND merged_into IS NULL",
            )
            .unwrap();
        let mut articles: BTreeMap<i64, Group> = BTreeMap::new();
        for row in query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap() {
            let (article, page) = row.unwrap();
            articles.entry(article).or_default().insert(page);
        }
        articles
    }

    /// The sources of an article.
    fn members(&self, article: i64) -> BTreeSet<usize> {
        let mut query =
            self.db.prepare_cached("SELECT source_id - 1 FROM membership WHERE article_id = ?1").unwrap();
        let members = query.query_map([article], |row| row.get::<_, i64>(0)).unwrap();
        members.map(|member| usize::try_from(member.unwrap()).unwrap()).collect()
    }
}

/// Whether an article is stored again under the address of one that was deleted: nobody but strangers had words there, or the
/// sources that had it kept it no longer and this one is not among them.
fn may_return(sheet: &Sheet, dead: &Dead, source: usize, is_first_party: bool) -> bool {
    let was_first_party = sheet.fetched.is_some() || sheet.said.iter().any(|said| said.is_own);
    let is_new_source = matches!(dead, Dead::Expired(members) if !members.contains(&source));
    is_first_party && !was_first_party || is_new_source
}

/// The URL of a source's feed.
pub(super) fn feed(source: usize) -> Url {
    Url::parse(&format!("https://{}/feed", HOSTS[FEEDS[source]])).unwrap()
}

fn extraction(title: String, text: String) -> Extraction {
    Extraction { title: Some(title), html: format!("<p>{text}</p>"), text, ..Extraction::default() }
}

/// The words of an entry, by number.
fn words_of(entry: &Entry) -> Words {
    let all = (0..super::web::TITLES.len())
        .flat_map(|title| (0..super::web::TEXTS).map(move |text| Words { title, text }));
    let is_said = |words: &Words| {
        entry.title.as_deref() == Some(&*words.title()) && entry.content.as_deref() == Some(&*words.text())
    };
    all.into_iter().find(is_said).unwrap_or_else(|| panic!("{entry:?}"))
}
