//! Databases with everything that a line of an export can say, made of pseudo-random numbers.

use std::path::Path;

use chrono::Duration;
use rusqlite::{Connection, params};

use crate::store::Store;

const SOURCES: i64 = 4;

/// Pseudo-random numbers (xorshift), and the numbers that were given so far.
struct Maker<'d> {
    db: &'d Connection,
    state: u64,
    seq: i64,
    pages: i64,
    revisions: i64,
    /// Grows by one with every row.
    seconds: i64,
}

/// What becomes of an article.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Lives,
    MergedInto(i64),
    Deleted(Option<&'static str>),
}

/// Fills a new database with this many articles.
pub(super) fn fill(database: &Path, seed: u64, articles: usize) {
    drop(Store::open(database, "2026-11-24T03:50:00Z".parse().unwrap()).unwrap());
    let mut db = Connection::open(database).unwrap();
    db.pragma_update(None, "foreign_keys", false).unwrap();
    let db = db.transaction().unwrap();
    let mut make = Maker { db: &db, state: seed | 1, seq: 0, pages: 0, revisions: 0, seconds: 0 };
    make.all(articles);
    db.commit().unwrap();
}

fn index(number: i64) -> usize {
    usize::try_from(number).unwrap()
}

impl Maker<'_> {
    fn below(&mut self, limit: i64) -> i64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 16).cast_signed() % limit
    }

    /// True once in so many times.
    fn once_in(&mut self, times: i64) -> bool {
        self.below(times) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[index(self.below(from.len() as i64))]
    }

    fn maybe<T>(&mut self, value: T) -> Option<T> {
        (!self.once_in(3)).then_some(value)
    }

    fn time(&mut self) -> String {
        self.seconds += 1;
        let start: chrono::DateTime<chrono::Utc> = "2026-11-24T04:00:00Z".parse().unwrap();
        (start + Duration::seconds(self.seconds)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
    }

    fn all(&mut self, articles: usize) {
        for source in 1..=SOURCES {
            let at = self.time();
            self.db
                .execute(
                    "INSERT INTO source (id, name, url, host, enabled, configured, schedule, timezone, first_seen, next_at) \
                     VALUES (?1, ?2, '', '', 0, 0, '', 'UTC', ?3, 0)",
                    params![source, format!("paper {source}"), at],
                )
                .unwrap();
        }
        let mut fates: Vec<Fate> = (0..articles)
            .map(|_| match self.below(8) {
                0 => Fate::MergedInto(0),
                1 => Fate::Deleted(Some("takedown")),
                2 => Fate::Deleted(Some("expired")),
                3 => Fate::Deleted(None),
                _ => Fate::Lives,
            })
            .collect();
        // Articles are numbered from 1.
        let live: Vec<i64> =
            (1..).zip(&fates).filter(|(_, fate)| **fate == Fate::Lives).map(|(article, _)| article).collect();
        for fate in &mut fates {
            if let Fate::MergedInto(into) = fate {
                if live.is_empty() {
                    *fate = Fate::Lives;
                } else {
                    *into = self.pick(&live);
                }
            }
        }
        // How many steps each article still has: the first, others, and its end.
        let mut steps: Vec<i64> = (0..articles).map(|_| 2 + self.below(5)).collect();
        let whole = steps.clone();
        while steps.iter().any(|left| *left > 0) {
            let article = 1 + self.below(articles as i64);
            let at = index(article - 1);
            match steps[at] {
                0 => continue,
                left if left == whole[at] => self.begin(article),
                1 => {
                    if let Fate::MergedInto(into) = fates[at]
                        && steps[index(into - 1)] == whole[index(into - 1)]
                    {
                        continue;
                    }
                    self.end(article, fates[at]);
                }
                _ => self.go_on(article),
            }
            steps[at] -= 1;
        }
        self.decide();
        self.db
            .execute_batch(
                "UPDATE article SET sources = (SELECT json_group_array(name) FROM (SELECT source.name FROM membership \
                 JOIN source ON source.id = source_id WHERE article_id = article.id ORDER BY source.name))",
            )
            .unwrap();
        self.db.execute("UPDATE sequence SET seq = ?1", [self.seq]).unwrap();
    }

    fn change(&mut self, article: i64, op: &str, into: Option<i64>, source: Option<i64>) -> i64 {
        self.seq += 1;
        let at = self.time();
        self.db
            .execute(
                "INSERT INTO change (seq, article_id, op, into_id, source_id, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![self.seq, article, op, into, source, at],
            )
            .unwrap();
        self.seq
    }

    /// A new article with its first page, text and source.
    fn begin(&mut self, article: i64) {
        let seq = self.change(article, "new", None, None);
        let at = self.time();
        let cluster = if self.once_in(4) { Some(1) } else { None };
        self.db
            .execute(
                "INSERT INTO article (id, first_seen, seq, cluster) VALUES (?1, ?2, ?3, ?4)",
                params![article, at, seq, cluster.filter(|_| article > 1)],
            )
            .unwrap();
        let page = self.page(article);
        let source = 1 + self.below(SOURCES);
        self.announce(article, page, Some(source), seq);
        if !self.once_in(6) {
            self.member(article, source, seq);
            self.entries(page, source);
        }
    }

    /// One more page, text, source or entry.
    fn go_on(&mut self, article: i64) {
        let page = self.page_of(article);
        match self.below(6) {
            0 => {
                let page = self.page(article);
                let source = 1 + self.below(SOURCES);
                self.text(page, Some(source), None);
            }
            1 => {
                let source = 1 + self.below(SOURCES);
                let sql = "SELECT 1 FROM membership WHERE article_id = ?1 AND source_id = ?2";
                if !self.db.prepare(sql).unwrap().exists(params![article, source]).unwrap() {
                    let seq = self.change(article, "joined", None, Some(source));
                    self.member(article, source, seq);
                }
                self.entries(page, source);
            }
            2 => {
                let source = Some(1 + self.below(SOURCES)).filter(|_| !self.once_in(5));
                self.text(page, source, None);
            }
            3 => self.entries(page, 1),
            4 => {
                // An older text is shown again.
                let seq = self.change(article, "revised", None, None);
                self.db
                    .execute(
                        "UPDATE article SET seq = ?2, revision_id = (SELECT min(revision.id) FROM revision \
                         JOIN page ON page.id = page_id WHERE page.article_id = ?1 AND revision.seq IS NOT NULL) WHERE id = ?1",
                        params![article, seq],
                    )
                    .unwrap();
            }
            _ => {
                let seq = self.change(article, "revised", None, None);
                let source = Some(1 + self.below(SOURCES)).filter(|_| !self.once_in(5));
                self.announce(article, page, source, seq);
            }
        }
    }

    fn end(&mut self, article: i64, fate: Fate) {
        match fate {
            Fate::Lives => {}
            Fate::MergedInto(into) => {
                let seq = self.change(article, "merged", Some(into), None);
                let sql = "UPDATE article SET merged_into = ?2, revision_id = NULL, seq = ?3 WHERE id = ?1";
                self.db.execute(sql, params![article, into, seq]).unwrap();
                let sql = "UPDATE page SET article_id = ?2 WHERE article_id = ?1";
                self.db.execute(sql, params![article, into]).unwrap();
            }
            Fate::Deleted(why) => {
                let seq = self.change(article, "deleted", None, None);
                let sql = "UPDATE article SET deleted_at = (SELECT at FROM change WHERE seq = ?3), deleted_why = ?2, \
                           revision_id = NULL, seq = ?3 WHERE id = ?1";
                self.db.execute(sql, params![article, why, seq]).unwrap();
                let sql = "DELETE FROM revision WHERE page_id IN (SELECT id FROM page WHERE article_id = ?1)";
                self.db.execute(sql, [article]).unwrap();
            }
        }
    }

    fn page_of(&mut self, article: i64) -> i64 {
        let mut query = self.db.prepare("SELECT id FROM page WHERE article_id = ?1").unwrap();
        let pages: Vec<i64> =
            query.query_map([article], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        self.pick(&pages)
    }

    /// A page with keys and claims.
    fn page(&mut self, article: i64) -> i64 {
        // Numbers of pages have gaps, too.
        self.pages += 1 + self.below(2);
        let page = self.pages;
        let at = self.time();
        let is_siteless = self.once_in(6);
        let url = if is_siteless { String::new() } else { format!("https://www.paper.example/{page}") };
        let key =
            if is_siteless { format!("entry:paper 1/id:{page}") } else { format!("paper.example/{page}") };
        let site = self.pick(&["paper.example", "paper.example", "press.example"]);
        let source = 1 + self.below(SOURCES);
        let (source, requested) = (self.maybe(source), self.maybe(1_764_000_000_123_i64 + page));
        let (first_party, own_feed) = (!self.once_in(4), !self.once_in(4));
        self.db
            .execute(
                "INSERT INTO page (id, article_id, source_id, page_key, url, site, first_party, own_feed, comparable, first_seen, \
                 requested_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, ?9, ?10)",
                params![page, article, source, key, url, site, first_party, own_feed, at, requested],
            )
            .unwrap();
        for (kind, proof, key, key_url) in [
            ("final-url", "response", key.clone(), url),
            ("canonical", "site", key, "https://paper.example/canonical".to_owned()),
            ("short-link", "site", "paper.example>sho.rt/1".to_owned(), "https://sho.rt/1".to_owned()),
            (
                "asked",
                "response",
                format!("feeds.example/{page}"),
                format!("https://feeds.example/{page}?utm_source=x"),
            ),
            (
                "from-url",
                "response",
                format!("=paper.example/{}", page / 2),
                format!("https://paper.example/{page}"),
            ),
            ("link", "none", "paper.example/linked".to_owned(), "https://paper.example/linked".to_owned()),
        ] {
            if self.once_in(2) || key_url.is_empty() {
                continue;
            }
            let later = self.time();
            let (shared, seen_at) = (self.once_in(4), if self.once_in(2) { &at } else { &later });
            self.db
                .execute(
                    "INSERT INTO alias (key, kind, page_id, url, proof, shared, seen_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                    params![key, kind, page, key_url, proof, shared, seen_at],
                )
                .unwrap();
        }
        if self.once_in(3) {
            let (kind, seen_at) = (self.pick(&["canonical", "og-url", "amp"]), self.time());
            self.db
                .execute(
                    "INSERT INTO claim (page_id, kind, key, url, seen_at) VALUES (?1, ?2, 'agency.example/1', 'https://agency.example/1', ?3)",
                    params![page, kind, seen_at],
                )
                .unwrap();
        }
        page
    }

    /// A text that readers see from this change on.
    fn announce(&mut self, article: i64, page: i64, source: Option<i64>, seq: i64) {
        let revision = self.text(page, source, Some(seq));
        let sql = "UPDATE article SET seq = ?2, revision_id = ?3 WHERE id = ?1";
        self.db.execute(sql, params![article, seq, revision]).unwrap();
    }

    fn text(&mut self, page: i64, source: Option<i64>, seq: Option<i64>) -> i64 {
        self.revisions += 1;
        let at = self.time();
        let number = self.revisions;
        let (title, language) = (self.maybe(format!("Title {number} „quoted“")), self.maybe("en"));
        let short_link = self.maybe(format!("https://sho.rt/{number}"));
        let (method, first_party) = (self.pick(&["auto", "rule", "feed"]), !self.once_in(4));
        self.db
            .execute(
                "INSERT INTO revision (id, page_id, source_id, seq, fetched_at, first_party, url, short_link, title, authors, published, \
                 published_at, precision, text, html, image, image_width, language, tags, enclosures, method, kind, origins) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, '[\"Ada L\"]', '2026-11-24', '2026-11-24T00:00:00Z', 'day', ?10, ?11, \
                 'https://paper.example/a.jpg', 600, ?12, '[\"Trade\"]', \
                 '[{\"length\":null,\"type\":\"audio/mpeg\",\"url\":\"https://paper.example/a.mp3\"}]', ?13, 'article', \
                 '{\"text\":\"auto\",\"title\":\"meta\"}')",
                params![
                    number,
                    page,
                    source,
                    seq,
                    at,
                    first_party,
                    format!("https://paper.example/{page}"),
                    short_link,
                    title,
                    format!("Text {number}.\n\nMore of it."),
                    format!("<p>Text {number}.</p><p>More of it.</p>"),
                    language,
                    method
                ],
            )
            .unwrap();
        number
    }

    fn member(&mut self, article: i64, source: i64, seq: i64) {
        let (at, imported) = (self.time(), self.once_in(4));
        self.db
            .execute(
                "INSERT INTO membership (article_id, source_id, first_seen, seq, imported) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![article, source, at, seq, imported],
            )
            .unwrap();
    }

    fn entries(&mut self, page: i64, source: i64) {
        for number in 0..=self.below(2) {
            let own = self.time();
            let sql = "SELECT membership.first_seen FROM membership JOIN page USING (article_id) WHERE page.id = ?1";
            let named: Option<String> = self.db.query_row(sql, [page], |row| row.get(0)).ok();
            let at = if self.once_in(2) { own.clone() } else { named.unwrap_or_else(|| own.clone()) };
            let url = self.maybe(format!("https://paper.example/{page}#c{number}"));
            let hash = self.state.cast_signed();
            let (updated, permalink) = (self.maybe(own.clone()), self.maybe(true));
            let (credit, link_hash, dated) =
                (self.maybe("Agency"), self.maybe(hash), self.maybe(1_764_000_000_000_i64));
            let (state, own_text) = (self.pick(&["done", "known", "unwanted"]), self.once_in(4));
            self.db
                .execute(
                    "INSERT INTO entry (source_id, ident, state, url, link_hash, title_hash, text_hash, dated, own_text, page_id, text_state, \
                     updated, permalink, credit, credit_url, first_seen) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8, ?9, 'final', ?10, ?11, ?12, 'https://agency.example/feed', ?13)",
                    params![
                        source, format!("id:{page} {own}"), state, url, link_hash, hash, dated, own_text, page, updated, permalink,
                        credit, at
                    ],
                )
                .unwrap();
        }
    }

    /// Decisions about pages, and about one that is not there.
    fn decide(&mut self) {
        let mut query = self.db.prepare("SELECT page_key FROM page").unwrap();
        let keys: Vec<String> = query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        for _ in 0..self.below(4) {
            let (a, b) = (index(self.below(keys.len() as i64)), index(self.below(keys.len() as i64)));
            let other = if self.once_in(4) { "paper.example/not-here" } else { keys[b].as_str() };
            let (one, other) = if *keys[a] < *other { (&*keys[a], other) } else { (other, &*keys[a]) };
            if one != other {
                let (verdict, at) = (self.pick(&["join", "part"]), self.time());
                self.db
                    .execute(
                        "INSERT OR IGNORE INTO decision VALUES (?1, ?2, ?3, ?4)",
                        params![one, other, verdict, at],
                    )
                    .unwrap();
            }
        }
    }
}
