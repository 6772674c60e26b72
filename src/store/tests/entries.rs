//! Entries under other ids, entries with one link, and entries whose links carry a session.

use super::*;
use crate::model::{EntryKeys, PollState, Timestamp};

/// An entry with an id, a link, a title, a day and a text of its own.
fn item(id: &str, link: &str, title: &str, day: u32) -> Entry {
    Entry {
        id: Some(id.to_owned()),
        title: Some(title.to_owned()),
        published: chrono::NaiveDate::from_ymd_opt(2026, 11, day).map(Timestamp::date),
        summary: Some(format!("What {title} says on day {day}.")),
        ..entry(link)
    }
}

async fn one_source() -> StoreFixture {
    let fixture = StoreFixture::new();
    fixture.store.sync_sources(&[source("one")], fixture.now).await.unwrap();
    fixture
}

/// Records a document of the first source; gives (new, known), after asking what is new of it.
async fn publish(fixture: &mut StoreFixture, entries: Vec<Entry>) -> (u64, u64) {
    publish_with(fixture, entries, |keys| keys, PollState::default()).await
}

async fn publish_with(
    fixture: &mut StoreFixture,
    entries: Vec<Entry>,
    with: impl Fn(EntryKeys) -> EntryKeys,
    state: PollState,
) -> (u64, u64) {
    fixture.pass(3600);
    let claim = fixture.store.claim_sources(fixture.now, 1, Some(fixture.now)).await.unwrap().remove(0);
    let mut outcome = fixture.taken(&claim, entries, None);
    outcome.state = state;
    let session = outcome.state.session_parameters.clone();
    let PollResult::Document { feed, keys, .. } = &mut outcome.result else { panic!() };
    let rules = identity::KeyRules { pattern: None, same_site: &SameSite::default(), session: &session };
    *keys = std::iter::zip(&feed.entries, keys.iter())
        .map(|(entry, keys)| {
            with(EntryKeys {
                ident: identity::ident(entry, crate::model::EntryIdentifier::Id, &session),
                link_keys: identity::link_keys(rules, entry.link.as_ref()),
                ..keys.clone()
            })
        })
        .collect();
    let unseen = fixture.store.unseen(claim.id, feed.clone(), keys.clone(), session).await.unwrap().positions;
    let counts = fixture.store.record_poll(outcome).await.unwrap();
    assert!(unseen.len() as u64 >= counts.new, "the schedule learns of all that are new: {unseen:?}");
    let excluded_or_stored = unseen.len() as u64 - counts.new;
    assert!(excluded_or_stored <= counts.known, "{unseen:?}");
    (counts.new, counts.known)
}

fn counter(fixture: &StoreFixture, name: &str) -> i64 {
    fixture.number(&format!("SELECT coalesce(sum(value), 0) FROM counter WHERE name = '{name}'"))
}

#[tokio::test]
async fn an_entry_with_another_id_keeps_its_row() {
    let mut fixture = one_source().await;
    let link = "https://one.example/a";
    let other = item("x", "https://one.example/x", "X", 1);
    publish(&mut fixture, vec![item("1", link, "A", 2), other.clone()]).await;
    for (what, entry) in [
        ("another id", item("2", link, "A", 2)),
        ("and another date", item("3", link, "A", 5)),
        ("and another text", Entry { summary: Some("Other words".into()), ..item("4", link, "A", 5) }),
        ("without text", Entry { summary: None, ..item("5", link, "A", 5) }),
        ("another spelling of the link", item("6", "http://www.one.example/a/?utm_source=x#y", "A", 5)),
    ] {
        assert_eq!(publish(&mut fixture, vec![entry, other.clone()]).await, (0, 2), "{what}");
    }
    assert_eq!(fixture.strings("SELECT ident FROM entry ORDER BY id"), ["id:6", "id:x"]);
    assert_eq!((counter(&fixture, "identity.renamed"), counter(&fixture, "identity.shared-links")), (5, 0));
}

#[tokio::test]
async fn entries_with_one_link_are_judged_by_title_and_text() {
    let link = "https://one.example/status";
    let first = || item("1", link, "A", 2);
    let text = || first().summary;
    for (what, second, is_new) in [
        ("another title and text", item("2", link, "B", 3), true),
        ("another title, the same text", Entry { summary: text(), ..item("2", link, "B", 3) }, false),
        ("another title, no text", Entry { summary: None, ..item("2", link, "B", 3) }, true),
        ("the same title, date and text differ", item("2", link, "A", 3), true),
        ("the same title and text", Entry { summary: text(), ..item("2", link, "A", 3) }, false),
        (
            "the same title and date",
            Entry { summary: Some("Other".into()), ..item("2", link, "A", 2) },
            false,
        ),
        ("no title, another date", Entry { title: None, ..item("2", link, "B", 3) }, true),
    ] {
        for together in [false, true] {
            let mut fixture = one_source().await;
            if !together {
                publish(&mut fixture, vec![first()]).await;
            }
            let counts = publish(&mut fixture, vec![second.clone(), first()]).await;
            let new = u64::from(together) + u64::from(is_new);
            assert_eq!(counts, (new, 2 - new), "{what}, {together}");
            let shared = fixture.number("SELECT count(*) FROM shared_link");
            assert_eq!(shared, i64::from(is_new), "{what}, {together}");
            let own = fixture.number("SELECT count(*) FROM entry WHERE own_text = 1 AND host = ''");
            assert_eq!(own, if is_new { 2 } else { 0 }, "{what}, {together}");
            assert_eq!(counter(&fixture, "identity.same-link"), i64::from(!is_new), "{what}, {together}");
        }
    }
}

#[tokio::test]
async fn a_link_on_another_site_is_never_shared() {
    let mut fixture = one_source().await;
    let foreign = |keys: EntryKeys| EntryKeys { is_own_link: false, ..keys };
    let items = ["1", "2", "3"].map(|id| item(id, "https://other.example/a", id, 2));
    let counts = publish_with(&mut fixture, items.to_vec(), foreign, PollState::default()).await;
    assert_eq!((counts, fixture.number("SELECT count(*) FROM shared_link")), ((3, 0), 0));
    assert_eq!(fixture.number("SELECT count(*) FROM entry WHERE own_text = 0 AND host = 'other.example'"), 3);
}

#[tokio::test]
async fn an_entry_under_lease_gets_its_page_and_later_ones_their_own_text() {
    let (mut fixture, claims) = StoreFixture::with(&["one"]).await;
    let link = "https://one.example/status";
    let outcome = fixture.taken(&claims[0], vec![item("1", link, "A", 1)], None);
    fixture.store.record_poll(outcome).await.unwrap();
    let leased = fixture.one_entry().await;
    publish(&mut fixture, vec![item("2", link, "B", 2), item("1", link, "A", 1)]).await;
    assert_eq!(fixture.strings("SELECT own_text || host FROM entry ORDER BY id"), ["0one.example", "1"]);
    let stored = fixture
        .page(&leased, PageResult::Article(Box::new(cutting("one.example/status", &words("a"), &[]))))
        .await;
    assert!(matches!(stored, Ok(StoreOutcome::New(_))), "{stored:?}");
    fixture.pass(60);
    let own = fixture.one_entry().await;
    assert!(
        own.own_text && own.ident == "id:2",
        "its link is an article, and yet it is not settled: {own:?}"
    );
}

#[tokio::test]
async fn an_entry_that_is_the_same_article_gets_the_page_with_the_other() {
    let mut fixture = one_source().await;
    let link = "https://one.example/a";
    let twice = [item("1", link, "A", 1), item("2", link, "A", 1)];
    assert_eq!(publish(&mut fixture, twice.to_vec()).await, (1, 1));
    fixture.collect(cutting("one.example/a", &words("a"), &[])).await;
    fixture.pass(3600);
    assert!(fixture.entries(9).await.is_empty(), "one request");
    assert_eq!(
        fixture.strings("SELECT state FROM entries WHERE article_id = 1 ORDER BY state"),
        ["done", "known"]
    );
}

#[tokio::test]
async fn an_excluded_entry_is_no_member_of_a_known_article() {
    let (mut fixture, claims) = StoreFixture::with(&["one", "two"]).await;
    fixture.publish(&claims[0], &["https://one.example/a"]).await;
    fixture.collect(cutting("one.example/a", &words("a"), &[])).await;
    let mut outcome = fixture.taken(&claims[1], vec![entry("https://one.example/a")], None);
    let PollResult::Document { keys, .. } = &mut outcome.result else { panic!() };
    *keys = keys.iter().map(|keys| EntryKeys { excluded_by: Some("title"), ..keys.clone() }).collect();
    fixture.store.record_poll(outcome).await.unwrap();
    assert_eq!(fixture.strings("SELECT state FROM entry ORDER BY id"), ["done", "unwanted"]);
    assert_eq!(fixture.number("SELECT count(*) FROM membership"), 1);
    fixture.pass(60);
    assert!(fixture.entries(9).await.is_empty());
}

#[tokio::test]
async fn a_source_that_judges_pages_gets_known_articles_to_judge_without_a_request() {
    let (fixture, claims) = StoreFixture::with(&["one", "two"]).await;
    fixture.publish(&claims[0], &["https://one.example/a"]).await;
    fixture.collect(cutting("one.example/a", &words("a"), &[])).await;
    let mut outcome = fixture.taken(&claims[1], vec![entry("https://one.example/a")], None);
    let PollResult::Document { keys, .. } = &mut outcome.result else { panic!() };
    *keys = keys.iter().map(|keys| EntryKeys { judges_page: true, ..keys.clone() }).collect();
    fixture.store.record_poll(outcome).await.unwrap();
    assert_eq!(
        fixture.strings("SELECT state || host FROM entry ORDER BY id"),
        ["doneone.example", "pending"]
    );
}

#[tokio::test]
async fn old_news_under_other_hosts_and_ids_are_old_news() {
    let mut fixture = one_source().await;
    let at = |host: &str, n: u32| {
        item(&format!("{host}{n}"), &format!("https://{host}.example/{n}"), &format!("N{n}"), n)
    };
    publish(&mut fixture, (1..=4).map(|n| at("old", n)).collect()).await;
    fixture.collect(cutting("old.example/4", &words("a"), &[])).await;
    // Two are too few to tell; and so are three of seven.
    let few: Vec<Entry> = (1..=2).map(|n| at("few", n)).collect();
    assert_eq!(publish(&mut fixture, few).await, (2, 0));
    let some: Vec<Entry> = (1..=3).map(|n| at("some", n)).chain((11..=14).map(|n| at("some", n))).collect();
    assert_eq!(publish(&mut fixture, some).await, (7, 0));
    let mut fixture = one_source().await;
    publish(&mut fixture, (1..=4).map(|n| at("old", n)).collect()).await;
    fixture.collect(cutting("old.example/4", &words("a"), &[])).await;
    let moved: Vec<Entry> = (2..=6).map(|n| at("new", n)).collect();
    assert_eq!(publish(&mut fixture, moved).await, (2, 3));
    assert_eq!(counter(&fixture, "identity.moved"), 3);
    assert_eq!(
        fixture.strings("SELECT ident || ' ' || host FROM entry ORDER BY ident"),
        [
            "id:new2 new.example", "id:new3 new.example", "id:new4 old.example", "id:new5 new.example",
            "id:new6 new.example", "id:old1 old.example"
        ]
    );
    assert_eq!(fixture.strings("SELECT proof FROM alias WHERE key = 'new.example/4'"), ["none"]);
}

#[tokio::test]
async fn what_was_stored_with_a_session_is_known_without_it() {
    let mut fixture = one_source().await;
    let at = |poll: u32, n: u32| {
        let link = format!("https://one.example/a?id={n}&zz={poll}");
        item(&link, &link, &format!("N{n}"), n)
    };
    publish(&mut fixture, (1..=3).map(|n| at(1, n)).collect()).await;
    fixture
        .collect(cutting(
            "one.example/a?id=3&zz=1",
            &words("a"),
            &[(KeyKind::Canonical, "one.example/a?zz=1")],
        ))
        .await;
    let state = PollState { session_parameters: vec!["zz".into()], ..PollState::default() };
    let counts = publish_with(&mut fixture, (1..=3).map(|n| at(2, n)).collect(), |keys| keys, state).await;
    assert_eq!((counts, counter(&fixture, "identity.session")), ((0, 3), 1));
    let idents = fixture.strings("SELECT ident FROM entry ORDER BY ident");
    assert_eq!(idents, [1, 2, 3].map(|n| format!("id:https://one.example/a?id={n}")));
    assert_eq!(fixture.strings("SELECT page_key FROM page"), ["one.example/a?id=3"]);
    assert_eq!(
        fixture.strings("SELECT key || ' ' || proof FROM alias WHERE key NOT LIKE '%zz%' ORDER BY key"),
        ["one.example/a site", "one.example/a?id=3 response"]
    );
}

#[tokio::test]
async fn idents_keep_their_rows_when_a_source_is_identified_in_another_way() {
    let mut fixture = one_source().await;
    publish(
        &mut fixture,
        vec![item("1", "https://one.example/1", "A", 1), item("4", "https://one.example/4", "B", 2)],
    )
    .await;
    // Two entries have one id now: the row is that of the one with its link.
    let by_link = |keys: EntryKeys| EntryKeys {
        previous_ident: Some(keys.ident.clone()),
        ident: format!("link:{}", keys.link_keys[0].key),
        ..keys
    };
    let three = vec![
        item("1", "https://one.example/1", "A", 1),
        item("4", "https://one.example/5", "C", 5),
        item("4", "https://one.example/4", "B, mended", 2),
    ];
    assert_eq!(publish_with(&mut fixture, three.clone(), by_link, PollState::default()).await, (1, 2));
    assert_eq!(publish_with(&mut fixture, three, by_link, PollState::default()).await, (0, 3));
    assert_eq!(
        fixture.strings("SELECT ident FROM entry ORDER BY id"),
        ["link:one.example/4", "link:one.example/1", "link:one.example/5"]
    );
}
