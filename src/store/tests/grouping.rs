use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::store::articles;

/// A page of the property test: which text it has, and which keys.
#[derive(Clone, Debug)]
struct Sheet {
    text: u8,
    keys: Vec<(KeyKind, u8)>,
}

fn sheet() -> impl Strategy<Value = Sheet> {
    let kind = prop::sample::select(vec![
        KeyKind::ShortLink,
        KeyKind::RelShortlink,
        KeyKind::Link,
        KeyKind::Canonical,
        KeyKind::OgUrl,
    ]);
    (0..3_u8, prop::collection::vec((kind, 0..5_u8), 0..4)).prop_map(|(text, keys)| Sheet { text, keys })
}

fn sheets() -> impl Strategy<Value = (Vec<Sheet>, Vec<usize>)> {
    prop::collection::vec(sheet(), 1..7).prop_flat_map(|sheets| {
        let order: Vec<usize> = (0..sheets.len()).collect();
        (Just(sheets), Just(order).prop_shuffle())
    })
}

fn cut(number: usize, sheet: &Sheet) -> CollectedArticle {
    let keys: Vec<(KeyKind, String)> =
        sheet.keys.iter().map(|(kind, key)| (*kind, format!("key.example/{key}"))).collect();
    let keys: Vec<(KeyKind, &str)> = keys.iter().map(|(kind, key)| (*kind, key.as_str())).collect();
    // Some pages are served under what others print as their short link.
    let page_key =
        if number < 2 { format!("key.example/{number}") } else { format!("page.example/{number}") };
    // The last text is too short to be judged.
    let text = if sheet.text == 2 { "A line.".to_owned() } else { words(&format!("t{}x", sheet.text)) };
    cutting(&page_key, &text, &keys)
}

/// What the rules say of a set of pages, in no order.
fn by_the_rules(cuttings: &[CollectedArticle]) -> BTreeSet<BTreeSet<String>> {
    let judged = |cutting: &CollectedArticle| cutting.extraction.text.split(' ').count() > 20;
    let differ = |a: &CollectedArticle, b: &CollectedArticle| {
        judged(a) && judged(b) && a.extraction.text != b.extraction.text
    };
    let soft = |cutting: &CollectedArticle, key: &str| {
        cutting.keys.iter().any(|k| k.key == key && k.kind != KeyKind::FinalUrl)
    };
    let hard = |cutting: &CollectedArticle, key: &str| {
        cutting.keys.iter().any(|k| k.key == key && k.kind == KeyKind::FinalUrl)
    };
    let mut holders: BTreeMap<&str, Vec<&CollectedArticle>> = BTreeMap::new();
    for cutting in cuttings {
        for key in &cutting.keys {
            holders.entry(&key.key).or_default().push(cutting);
        }
    }
    let mut group: BTreeMap<&str, usize> =
        cuttings.iter().enumerate().map(|(i, cutting)| (cutting.page_key.as_str(), i)).collect();
    for (key, holders) in holders {
        let shared =
            holders.iter().any(|a| holders.iter().any(|b| differ(a, b) && (soft(a, key) || soft(b, key))));
        let joined: Vec<_> = holders.into_iter().filter(|holder| !shared || hard(holder, key)).collect();
        for pair in joined.windows(2) {
            let (a, b) = (group[pair[0].page_key.as_str()], group[pair[1].page_key.as_str()]);
            group.values_mut().filter(|value| **value == a).for_each(|value| *value = b);
        }
    }
    let mut groups: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for (page, number) in group {
        groups.entry(number).or_default().insert(page.to_owned());
    }
    groups.into_values().collect()
}

fn as_stored(db: &Connection) -> BTreeSet<BTreeSet<String>> {
    let mut query = db.prepare("SELECT article_id, page_key FROM page").unwrap();
    let mut groups: BTreeMap<i64, BTreeSet<String>> = BTreeMap::new();
    for row in query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap() {
        let (article, page) = row.unwrap();
        groups.entry(article).or_default().insert(page);
    }
    groups.into_values().collect()
}

fn one(db: &Connection, sql: &str) -> i64 {
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// A writer's connection without its thread: a few hundred cases need no disk.
pub(super) fn memory() -> Connection {
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch(crate::store::schema::SCHEMA).unwrap();
    db.pragma_update(None, "foreign_keys", true).unwrap();
    db.execute_batch(
        "INSERT INTO source (id, name, url, host, enabled, configured, schedule, timezone, first_seen, next_at) \
         VALUES (1, 'one', '', '', 1, 1, '', '', '', 0)",
    )
    .unwrap();
    db
}

fn store_all(db: &Connection, cuttings: &[CollectedArticle], order: &[usize]) {
    for (at, &number) in order.iter().enumerate() {
        let now = start_of_time() + chrono::Duration::seconds(at as i64);
        articles::record(db, crate::model::SourceId(1), &cuttings[number], &cuttings[number].keys, now)
            .unwrap();
    }
}

thread_local! {
    /// Empty between cases: making the tables would take longer than a case.
    static MEMORY: Connection = memory();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..crate::proptest_config() })]

    #[test]
    fn h30_any_order_of_arrival_ends_in_the_same_articles((sheets, order) in sheets()) {
        let cuttings: Vec<CollectedArticle> = sheets.iter().enumerate().map(|(number, sheet)| cut(number, sheet)).collect();
        MEMORY.with(|db| {
        db.execute_batch("SAVEPOINT one_case").unwrap();
        store_all(db, &cuttings, &order);
        prop_assert_eq!(as_stored(db), by_the_rules(&cuttings));
        // The same again changes nothing.
        let seq = one(db, "SELECT seq FROM sequence");
        store_all(db, &cuttings, &order);
        prop_assert_eq!(as_stored(db), by_the_rules(&cuttings));
        prop_assert_eq!(one(db, "SELECT seq FROM sequence"), seq);
        hold(db, cuttings.len());
        db.execute_batch("ROLLBACK TO one_case; RELEASE one_case").unwrap();
        Ok(())
        })?;
    }
}

/// What holds of every database: readers see each article once, with a text of its own, and every number is told.
fn hold(db: &Connection, pages: usize) {
    assert_eq!(
        one(db, "SELECT count(*) FROM articles"),
        one(db, "SELECT count(DISTINCT article_id) FROM page")
    );
    assert_eq!(one(db, "SELECT count(*) FROM page"), pages as i64);
    assert_eq!(
        one(
            db,
            "SELECT count(*) FROM article LEFT JOIN revision ON revision.id = revision_id LEFT JOIN page ON page.id = page_id \
             WHERE merged_into IS NULL AND (page.article_id IS NOT article.id OR revision.seq IS NULL)"
        ),
        0,
        "a live article shows a revision of one of its own pages"
    );
    assert_eq!(one(db, "SELECT count(*) FROM changes"), one(db, "SELECT seq FROM sequence"));
    assert_eq!(
        one(
            db,
            "SELECT count(*) FROM article WHERE merged_into IN (SELECT id FROM article WHERE merged_into IS NOT NULL)"
        ),
        0,
        "a tombstone leads to a living article"
    );
    assert_eq!(
        one(
            db,
            "SELECT count(*) FROM article WHERE seq <> (SELECT max(seq) FROM change WHERE change.article_id = article.id)"
        ),
        0
    );
    assert_eq!(one(db, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

#[test]
fn following_the_changes_gives_the_content_of_the_database() {
    let db = memory();
    let mut mirror: BTreeMap<i64, i64> = BTreeMap::new();
    let mut seen = 0;
    for round in 0..40_u8 {
        let sheet = Sheet {
            text: 2 - round % 3,
            keys: vec![
                (KeyKind::ShortLink, round % 5),
                (KeyKind::Canonical, round % 7),
                (KeyKind::OgUrl, round % 11 + 20),
            ],
        };
        store_all(&db, &[cut(usize::from(round) + 2, &sheet)], &[0]);
        let mut query =
            db.prepare("SELECT seq, article_id, op FROM changes WHERE seq > ?1 ORDER BY seq").unwrap();
        let changes: Vec<(i64, i64, String)> = query
            .query_map([seen], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        for (seq, article, op) in changes {
            seen = seq;
            match op.as_str() {
                "merged" => assert!(mirror.remove(&article).is_some(), "{article} was known"),
                _ => {
                    mirror.insert(article, seq);
                }
            }
        }
    }
    let mut query = db.prepare("SELECT article_id, seq FROM articles").unwrap();
    let articles: BTreeMap<i64, i64> =
        query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect();
    assert_eq!(mirror, articles);
    assert!(one(&db, "SELECT count(*) FROM changes WHERE op = 'merged'") > 0, "the test tests something");
}
