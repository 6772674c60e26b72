//! What a person decided holds, whatever is found later.

use super::grouping::memory;
use super::*;
use crate::model::{ArticleId, LinkVerdict, PairVerdict};
use crate::store::decisions::{join, part};
use crate::store::{articles, explain};

const A: &str = "paper.example/a";
const B: &str = "paper.example/b";
const C: &str = "paper.example/c";

fn store(db: &Connection, minute: i64, cutting: &CollectedArticle) {
    let now = start_of_time() + chrono::Duration::minutes(minute);
    articles::record(db, SourceId(1), cutting, &cutting.keys, None, now).unwrap();
}

fn now() -> DateTime<Utc> {
    start_of_time() + chrono::Duration::hours(1)
}

fn article(db: &Connection, page_key: &str) -> i64 {
    db.query_row("SELECT article_id FROM page WHERE page_key = ?1", [page_key], |row| row.get(0)).unwrap()
}

fn is_one(db: &Connection, one: &str, other: &str) -> bool {
    article(db, one) == article(db, other)
}

fn decide(decided: Result<Result<Decided, DecisionRefused>, StoreError>) -> Vec<i64> {
    decided.unwrap().unwrap().articles
}

fn ops(db: &Connection) -> Vec<String> {
    let mut query = db.prepare("SELECT op FROM change ORDER BY seq").unwrap();
    query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn what_a_person_joined_stays_one_whatever_its_texts_and_keys_say() {
    let db = &memory();
    store(db, 0, &cutting(A, &words("a"), &[]));
    store(db, 1, &cutting("other.example/b", &words("b"), &[]));
    let (one, other) = (article(db, A), article(db, "other.example/b"));
    assert_eq!(decide(join(db, ArticleId(one), ArticleId(other), now())), [one]);
    assert_eq!(ops(db)[..3], ["new", "new", "merged"]);
    // Other texts, and a key that both have, which they so contradict.
    store(db, 70, &cutting(A, &words("x"), &[(KeyKind::Canonical, C)]));
    store(db, 71, &cutting("other.example/b", &words("y"), &[(KeyKind::Canonical, C)]));
    assert!(is_one(db, A, "other.example/b"));
    // A page that another key joins to one of them is of that article, too.
    store(db, 72, &cutting(B, &words("x"), &[(KeyKind::ShortLink, A)]));
    assert!(is_one(db, B, "other.example/b"));
}

#[test]
fn what_a_person_parted_stays_apart_whatever_keys_they_have() {
    let db = &memory();
    for (minute, page) in [A, B, C].iter().enumerate() {
        store(db, minute as i64, &cutting(page, &words("same"), &[(KeyKind::Canonical, A)]));
    }
    assert!(is_one(db, A, B) && is_one(db, A, C));
    let before = article(db, A);
    let parted = decide(part(db, ArticleId(before), &[format!("https://www.{B}/?utm_source=x")], now()));
    assert_eq!(parted.len(), 2);
    assert!(is_one(db, A, C) && !is_one(db, A, B));
    assert_eq!(article(db, A), before, "the oldest page keeps its article");
    // The same text again, with one key more; and a page that is of both by its keys.
    store(
        db,
        90,
        &cutting(B, &words("same"), &[(KeyKind::Canonical, A), (KeyKind::ShortLink, "t.example/1")]),
    );
    store(
        db,
        91,
        &cutting(A, &words("same"), &[(KeyKind::Canonical, A), (KeyKind::ShortLink, "t.example/1")]),
    );
    store(
        db,
        92,
        &cutting("paper.example/d", &words("same"), &[(KeyKind::Canonical, A), (KeyKind::ShortLink, B)]),
    );
    assert!(!is_one(db, A, B));
    // All of them, each by itself.
    decide(part(db, ArticleId(article(db, A)), &[], now()));
    assert!(!is_one(db, A, C));
    // Joined again: the opposite decisions count no longer.
    let (one, other) = (article(db, A), article(db, B));
    assert_eq!(decide(join(db, ArticleId(one), ArticleId(other), now())).len(), 1);
    assert!(is_one(db, A, B) && !is_one(db, A, C));
}

#[test]
fn a_link_that_led_to_a_page_stays_with_it_when_its_article_is_parted() {
    let db = &memory();
    let mut address = cutting("feeds.example/7", "In short.", &[]);
    address.method = Method::Feed;
    address.keys = vec![key(KeyKind::Link, "feeds.example/7")];
    store(db, 0, &address);
    store(
        db,
        1,
        &cutting(A, &words("same"), &[(KeyKind::Asked, "feeds.example/7"), (KeyKind::Canonical, A)]),
    );
    store(db, 2, &cutting(B, &words("same"), &[(KeyKind::Canonical, A)]));
    assert!(is_one(db, A, B) && is_one(db, A, "feeds.example/7"));
    decide(part(db, ArticleId(article(db, A)), &[], now()));
    assert!(!is_one(db, A, B) && is_one(db, A, "feeds.example/7"));
    // By its name it goes.
    decide(part(db, ArticleId(article(db, A)), &["feeds.example/7".to_owned()], now()));
    assert!(!is_one(db, A, "feeds.example/7"));
}

#[test]
fn what_cannot_be_decided_is_refused_and_changes_nothing() {
    let db = &memory();
    store(db, 0, &cutting(A, &words("a"), &[]));
    store(db, 1, &cutting(B, &words("b"), &[(KeyKind::Canonical, C)]));
    store(db, 2, &cutting(C, &words("b"), &[]));
    let (one, two) = (ArticleId(article(db, A)), ArticleId(article(db, B)));
    let refused = |decided: Result<Result<Decided, DecisionRefused>, StoreError>| {
        decided.unwrap().unwrap_err().to_string()
    };
    let url = |key: &str| format!("https://{key}");
    assert_eq!(refused(join(db, one, one, now())), "both are article 1 already");
    assert_eq!(
        refused(part(db, one, &[], now())),
        "article 1 has one page, https://paper.example/a; there is nothing to part"
    );
    assert_eq!(
        refused(part(db, two, &[url(A)], now())),
        "https://paper.example/a is no page of article 2; its pages are https://paper.example/b, https://paper.example/c"
    );
    assert!(refused(part(db, two, &[url(B), url(C)], now())).starts_with("these are all pages of article 2"));
    super::super::retention::drop_article(db, two, super::super::changes::DeletionReason::Takedown, now())
        .unwrap();
    let deleted = "article 2 was deleted (takedown); nothing of it is stored that could be joined or parted";
    assert_eq!(refused(join(db, one, two, now())), deleted);
    assert_eq!(refused(part(db, two, &[], now())), deleted);
    assert_eq!(db.query_row("SELECT count(*) FROM decision", [], |row| row.get::<_, i64>(0)).unwrap(), 0);
    assert!(is_one(db, B, C));
}

#[tokio::test]
async fn an_explanation_says_what_joins_pages_and_what_keeps_them_apart() {
    let (fixture, claims) = StoreFixture::with(&["one"]).await;
    let links = ["a", "b", "c", "d", "e"].map(|path| format!("https://paper.example/{path}"));
    fixture.publish(&claims[0], &links.each_ref().map(String::as_str)).await;
    let short = (KeyKind::RelShortlink, "t.example/7");
    let mut evil = cutting("evil.example/x", &words("x"), &[]);
    evil.claims = vec![crate::model::Claim {
        kind: KeyKind::Canonical,
        key: A.to_owned(),
        url: format!("https://{A}"),
    }];
    let pages = [
        cutting(A, &words("same"), &[short]),
        cutting(B, &words("same"), &[(KeyKind::Canonical, A), (KeyKind::OgUrl, "paper.example/never")]),
        cutting(C, &words("other"), &[short]),
        cutting("paper.example/d", "A line.", &[(KeyKind::Canonical, B)]),
        evil,
    ];
    let mut fixture = fixture;
    for page in pages {
        fixture.collect(page).await;
        fixture.pass(60);
    }
    let reader = Reader::open(&fixture.path()).unwrap();
    let article = reader.find_article(&links[0]).unwrap().unwrap();
    let told: explain::ArticleExplanation = reader.explain_article(article).unwrap();
    assert_eq!(told.pages.iter().map(|page| page.page_key.as_str()).collect::<Vec<_>>(), [A, B]);
    let pairs: Vec<_> = told
        .pairs
        .iter()
        .map(|pair| {
            (pair.one.page_key.as_str(), pair.other.page_key.as_str(), pair.verdict, pair.key.as_deref())
        })
        .collect();
    assert_eq!(
        pairs,
        [
            (A, B, PairVerdict::Key, Some(A)),
            (A, C, PairVerdict::SharedKey, Some("t.example/7")),
            (B, "paper.example/d", PairVerdict::TooShort, Some(B)),
        ]
    );
    assert_eq!(told.claims_by_others.len(), 1);
    assert!(told.pages[0].keys.iter().any(|key| key.shared && key.key == "t.example/7"));
    assert!(told.sources.iter().any(|member| member.source == "one" && member.is_shown));

    let verdict = |link: &str| {
        let keys = keys_of(&entry(link)).link_keys;
        reader.explain_link(&keys).unwrap().verdict
    };
    assert_eq!(verdict("https://paper.example/a"), LinkVerdict::Known);
    assert_eq!(verdict("https://paper.example/never"), LinkVerdict::Claimed);
    assert_eq!(verdict("https://t.example/7"), LinkVerdict::SharedKey);
    assert_eq!(verdict("https://nowhere.example/1"), LinkVerdict::Unknown);
    assert_eq!(verdict("https://paper.example/"), LinkVerdict::NoKey);
    // The pages stay apart because a person says so.
    let mut writer = MaintenanceWriter::open(&fixture.path()).unwrap();
    writer.part(article, &[], fixture.now).unwrap().unwrap();
    let told = reader.explain_article(article).unwrap();
    assert!(told.pairs.iter().any(|pair| pair.other.page_key == B && pair.verdict == PairVerdict::Parted));
    assert_eq!(told.decisions.len(), 1);
    writer.delete(article, fixture.now).unwrap();
    assert_eq!(verdict("https://paper.example/a"), LinkVerdict::TakenDown);
    assert!(reader.explain_article(article).unwrap().deleted.is_some_and(|(_, why)| why == "takedown"));
}
