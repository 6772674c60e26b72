//! The same pages in any order.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rusqlite::Connection;

use super::super::*;
use super::on_a_database;
use super::rules::{Fetched, Rules, Sheet};
use super::web::{Address, TEXTS, TITLES, Words};
use crate::store::articles;

/// A page: its words, and keys of a few that are about.
#[derive(Clone, Debug)]
struct Leaf {
    words: Words,
    keys: Vec<(KeyKind, u8)>,
}

fn leaf() -> impl Strategy<Value = Leaf> {
    let kind = prop::sample::select(vec![
        KeyKind::FromUrl,
        KeyKind::ShortLink,
        KeyKind::RelShortlink,
        KeyKind::Asked,
        KeyKind::Redirect,
        KeyKind::Canonical,
        KeyKind::OgUrl,
        KeyKind::Amp,
    ]);
    let keys = prop::collection::vec((kind, 0..5_u8), 0..4);
    (0..TITLES.len(), 0..TEXTS, keys)
        .prop_map(|(title, text, keys)| Leaf { words: Words { title, text }, keys })
}

fn leaves() -> impl Strategy<Value = (Vec<Leaf>, Vec<usize>)> {
    prop::collection::vec(leaf(), 1..7).prop_flat_map(|leaves| {
        let order: Vec<usize> = (0..leaves.len()).collect();
        (Just(leaves), Just(order).prop_shuffle())
    })
}

/// Some pages are served under what others print. All but the last are of one site.
fn article(number: usize, leaf: &Leaf) -> CollectedArticle {
    let keys: Vec<(KeyKind, String)> =
        leaf.keys.iter().map(|(kind, key)| (*kind, format!("key.example/{key}"))).collect();
    // What a page prints of another site is no key of it.
    let is_led = |kind: KeyKind| matches!(kind, KeyKind::Asked | KeyKind::Redirect);
    let keys: Vec<(KeyKind, &str)> = keys
        .iter()
        .filter(|(kind, _)| number != 5 || is_led(*kind))
        .map(|(kind, key)| (*kind, key.as_str()))
        .collect();
    let page_key = match number {
        0 | 1 => format!("key.example/{number}"),
        5 => "other.example/5".to_owned(),
        _ => format!("key.example/page/{number}"),
    };
    let mut article = cutting(&page_key, &leaf.words.text(), &keys);
    article.extraction.title = Some(leaf.words.title());
    article
}

fn store_all(db: &Connection, articles: &[CollectedArticle], order: &[usize]) {
    for (at, &number) in order.iter().enumerate() {
        let now = start_of_time() + chrono::Duration::seconds(at as i64);
        articles::record(db, SourceId(1), &articles[number], &articles[number].keys, None, now).unwrap();
    }
}

/// What the rules say of a set of pages, in no order.
fn by_the_rules(leaves: &[Leaf], articles: &[CollectedArticle]) -> BTreeSet<BTreeSet<String>> {
    let mut rules = Rules::default();
    for (leaf, article) in leaves.iter().zip(articles) {
        let fetched = Fetched {
            words: leaf.words,
            at: start_of_time(),
            url: article.url.clone(),
            served: article.served_url.clone(),
        };
        let sheet = Sheet {
            site: article.site.clone(),
            address: article.served_url.clone(),
            fetched: Some(fetched),
            said: Vec::new(),
            keys: article.keys.iter().map(Into::into).collect(),
            claims: BTreeSet::new(),
            dead: None,
            owner: (0, true),
        };
        rules.sheets.insert(article.page_key.clone(), sheet);
    }
    for article in articles {
        rules.judge(&article.page_key);
    }
    rules.groups()
}

fn as_stored(db: &Connection) -> BTreeSet<BTreeSet<String>> {
    let mut query = db.prepare_cached("SELECT article_id, page_key FROM page").unwrap();
    let mut groups: std::collections::BTreeMap<i64, BTreeSet<String>> = std::collections::BTreeMap::new();
    for row in query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap() {
        let (article, page) = row.unwrap();
        groups.entry(article).or_default().insert(page);
    }
    groups.into_values().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: super::stories(), ..crate::proptest_config() })]

    #[test]
    fn h30_any_order_of_arrival_ends_in_the_same_articles((leaves, order) in leaves()) {
        let articles: Vec<CollectedArticle> = leaves.iter().enumerate().map(|(number, leaf)| article(number, leaf)).collect();
        let expected = by_the_rules(&leaves, &articles);
        on_a_database(|db| {
            store_all(db, &articles, &order);
            assert_eq!(as_stored(db), expected);
            // The same again changes nothing.
            let seq = |db: &Connection| db.query_row("SELECT seq FROM sequence", [], |row| row.get::<_, i64>(0)).unwrap();
            let before = seq(db);
            store_all(db, &articles, &order);
            assert_eq!(as_stored(db), expected);
            assert_eq!(seq(db), before);
            super::checks::check_end(db);
        });
    }
}

#[test]
fn the_addresses_of_the_web_are_different_pages() {
    let keys: BTreeSet<String> = Address::all().map(|address| crate::link::key(&address.url())).collect();
    assert_eq!(keys.len(), Address::all().count());
}
