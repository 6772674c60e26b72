//! What must hold after everything that the database records.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use super::world::{World, feed};

/// What was recorded: who did it, and about whom.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    /// The words of a feed.
    Feed {
        source: usize,
    },
    /// Entries turned out to be known.
    Settle,
    /// A page of a site; `chain`: the sites of the URLs that led there.
    Page {
        page: String,
        site: String,
        chain: Vec<String>,
    },
    Delete {
        article: i64,
    },
    Prune {
        source: usize,
    },
}

/// What readers see of an article.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    title: String,
    text: String,
    url: String,
    source: String,
    sources: String,
    seq: i64,
    /// The page whose revision is shown, and its site.
    page: String,
    site: String,
    is_of_feed: bool,
    is_first_party: bool,
}

/// Everything that readers see, and the ids of all revisions.
struct Snapshot {
    articles: BTreeMap<i64, Seen>,
    revisions: BTreeSet<i64>,
    seq: i64,
}

impl Snapshot {
    fn of(db: &Connection) -> Self {
        let mut query = db
            .prepare_cached(
                "SELECT articles.article_id, articles.title, articles.text, articles.url, articles.source, articles.sources, \
                 articles.seq, page.page_key, page.site, revision.method = 'feed', revision.first_party \
                 FROM articles JOIN article ON article.id = articles.article_id \
                 JOIN revision ON revision.id = article.revision_id JOIN page ON page.id = revision.page_id",
            )
            .unwrap();
        let articles = query.query_map([], |row| {
            let seen = Seen {
                title: row.get(1)?,
                text: row.get(2)?,
                url: row.get(3)?,
                source: row.get(4)?,
                sources: row.get(5)?,
                seq: row.get(6)?,
                page: row.get(7)?,
                site: row.get(8)?,
                is_of_feed: row.get(9)?,
                is_first_party: row.get(10)?,
            };
            Ok((row.get(0)?, seen))
        });
        let mut ids = db.prepare_cached("SELECT id FROM revision").unwrap();
        Self {
            articles: articles.unwrap().map(Result::unwrap).collect(),
            revisions: ids.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect(),
            seq: one(db, "SELECT seq FROM sequence"),
        }
    }
}

fn one(db: &Connection, sql: &str) -> i64 {
    db.prepare_cached(sql).unwrap().query_row([], |row| row.get(0)).unwrap()
}

/// Records something, and compares the database before and after, and with the model.
pub(super) fn check<'a>(world: &mut World<'a>, deed: &Deed, record: impl FnOnce(&mut World<'a>)) {
    let before = Snapshot::of(world.db);
    let pages = world.articles();
    record(world);
    let after = Snapshot::of(world.db);
    let groups = world.articles();

    let stored: BTreeSet<_> = groups.values().cloned().collect();
    assert_eq!(
        stored,
        world.rules.groups(),
        "{deed:?}: which pages are articles (left: database, right: model)"
    );
    assert_eq!(after.articles.len(), groups.len(), "{deed:?}: readers see each article");
    for (article, seen) in &after.articles {
        assert!(
            groups[article].contains(&seen.page),
            "{deed:?}: article {article} shows a page that is not its own"
        );
        check_shown(world, &groups[article], seen);
    }

    // Nobody changes what is another site's.
    for (article, seen) in &before.articles {
        let now = after.articles.get(article);
        let is_changed = now.is_none_or(|now| {
            (&now.title, &now.text, &now.url, &now.source)
                != (&seen.title, &seen.text, &seen.url, &seen.source)
        });
        assert!(
            !is_changed || may_change(world, deed, *article, seen, &pages[article]),
            "{deed:?}: changed article {article} of another site\nbefore: {seen:?}\nafter: {now:?}"
        );
    }

    // Revisions are dropped with their article only.
    if !matches!(deed, Deed::Delete { .. } | Deed::Prune { .. }) {
        let lost: Vec<_> = before.revisions.difference(&after.revisions).collect();
        assert!(lost.is_empty(), "{deed:?}: revisions {lost:?} are lost");
    }
    check_changes(world.db, deed, &before, &after);
    check_members(world.db, deed);
}

/// Whether something may change an article: its own site and its own source, a person, or a site that it claims.
fn may_change(world: &World<'_>, deed: &Deed, article: i64, seen: &Seen, pages: &BTreeSet<String>) -> bool {
    let name = |source: &usize| format!("source-{source}");
    match deed {
        Deed::Delete { article: deleted } => *deleted == article,
        Deed::Prune { source } => seen.sources == format!("[\"{}\"]", name(source)),
        Deed::Settle => false,
        Deed::Feed { source } => {
            let is_own_site = world.site(&feed(*source)) == seen.site;
            is_own_site || !seen.is_first_party && name(source) == seen.source
        }
        Deed::Page { page, site, chain } => {
            let sheets = || pages.iter().filter_map(|page| world.rules.sheets.get(page));
            let served = world.rules.sheets.get(page);
            let is_claimed = served.is_some_and(|served| {
                sheets().any(|sheet| served.keys.iter().any(|row| sheet.claims.contains(&row.key)))
            });
            let has_page = sheets().any(|sheet| sheet.fetched.is_some() && sheet.site == *site);
            // A stranger's words give way to any page.
            *site == seen.site || chain.contains(&seen.site) || is_claimed || has_page || !seen.is_first_party
        }
    }
}

/// Whether an article shows the text that goes first of those that its pages have, see [`Rank`].
fn check_shown(world: &World<'_>, pages: &BTreeSet<String>, seen: &Seen) {
    let best = pages.iter().filter_map(|page| world.shown(page)).map(|(rank, ..)| rank).max().unwrap();
    let (rank, source, words, url) = world.shown(&seen.page).unwrap();
    assert_eq!(rank, best, "another text goes first: {seen:?}");
    let expected = (words.title(), words.text());
    assert_eq!(
        (&seen.title, seen.text.trim()),
        (&expected.0, expected.1.trim()),
        "the latest text of {source}"
    );
    assert_eq!(seen.source, format!("source-{source}"), "whose text it is");
    assert_eq!(seen.url, url, "the canonical URL, where it is that of one page");
}

/// Everything that readers see otherwise than before is a change that they are told.
fn check_changes(db: &Connection, deed: &Deed, before: &Snapshot, after: &Snapshot) {
    let mut query = db.prepare_cached("SELECT article_id, op FROM change WHERE seq > ?1").unwrap();
    let told: BTreeSet<(i64, String)> = query
        .query_map([before.seq], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let is_told =
        |article: i64, ops: &[&str]| ops.iter().any(|op| told.contains(&(article, (*op).to_owned())));
    for (article, seen) in &after.articles {
        match before.articles.get(article) {
            None => assert!(is_told(*article, &["new"]), "{deed:?}: article {article} is not told as new"),
            Some(was) => {
                let is_same = Seen { sources: seen.sources.clone(), seq: seen.seq, ..was.clone() } == *seen;
                let is_same = is_same
                    || (&was.title, &was.text, &was.url, &was.source)
                        == (&seen.title, &seen.text, &seen.url, &seen.source);
                assert!(
                    is_same || is_told(*article, &["revised"]),
                    "{deed:?}: article {article} is not told as revised"
                );
                let joined = was.sources == seen.sources || is_told(*article, &["joined", "revised"]);
                assert!(
                    joined,
                    "{deed:?}: sources of {article}: {} {} are not told",
                    was.sources, seen.sources
                );
            }
        }
    }
    for article in before.articles.keys().filter(|article| !after.articles.contains_key(article)) {
        assert!(
            is_told(*article, &["merged", "deleted"]),
            "{deed:?}: article {article} is gone without a word"
        );
    }
}

/// The sources of an article are those whose entries lead to its pages.
fn check_members(db: &Connection, deed: &Deed) {
    let entries = "SELECT DISTINCT page.article_id, entry.source_id FROM entry JOIN page ON page.id = entry.page_id \
         JOIN article ON article.id = page.article_id WHERE article.deleted_at IS NULL";
    let members = "SELECT article_id, source_id FROM membership JOIN article ON article.id = article_id \
         WHERE deleted_at IS NULL AND merged_into IS NULL";
    for (what, sql) in [
        ("entries without membership", format!("SELECT count(*) FROM ({entries} EXCEPT {members})")),
        ("memberships without entry", format!("SELECT count(*) FROM ({members} EXCEPT {entries})")),
    ] {
        assert_eq!(one(db, &sql), 0, "{deed:?}: {what}");
    }
}

/// What must hold of a database at the end.
pub(super) fn check_end(db: &Connection) {
    for (what, sql) in [
        ("foreign keys", "SELECT count(*) FROM pragma_foreign_key_check"),
        (
            "a tombstone leads to a tombstone",
            "SELECT count(*) FROM article WHERE merged_into IN (SELECT id FROM article WHERE merged_into IS NOT NULL)",
        ),
        (
            "an article's number is that of its last change",
            "SELECT count(*) FROM article WHERE seq <> (SELECT max(seq) FROM change WHERE change.article_id = article.id AND op <> 'joined')",
        ),
        ("numbers are given once", "SELECT (SELECT count(*) FROM change) <> (SELECT seq FROM sequence)"),
        (
            "readers see what was announced",
            "SELECT count(*) FROM article JOIN revision ON revision.id = revision_id WHERE revision.seq IS NULL",
        ),
    ] {
        assert_eq!(one(db, sql), 0, "{what}");
    }
}
