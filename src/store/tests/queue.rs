use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// The invariant of the queue: `ready_at` says of every host what its entries say.
fn assert_ready(fixture: &StoreFixture) {
    let wrong = fixture.strings(
        "SELECT name || ': ' || ifnull(ready_at, 'null') FROM host WHERE ready_at IS NOT \
         iif(name <> '' AND EXISTS (SELECT 1 FROM entry WHERE host = name AND lease_run IS NOT NULL), NULL, \
             max(backoff_until, next_page_at, (SELECT min(next_at) FROM entry WHERE host = name AND lease_run IS NULL)))",
    );
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[tokio::test]
async fn a_host_is_asked_for_one_page_at_a_time() {
    let (mut fixture, claims) = StoreFixture::with(&["one"]).await;
    fixture.publish(&claims[0], &["https://a.example/1", "https://a.example/2", "https://b.example/1"]).await;
    let first = fixture.entries(9).await;
    assert_eq!(first.len(), 2, "one of each host");
    fixture.pass(60);
    assert!(fixture.entries(9).await.is_empty(), "none while one is being collected");
    assert_ready(&fixture);
    let on_a = first
        .iter()
        .find(|claim| claim.entry.link.as_ref().unwrap().host_str() == Some("a.example"))
        .unwrap();
    fixture.page(on_a, PageResult::Retry(failure("http-404"), fixture.now)).await.unwrap();
    let again = fixture.one_entry().await;
    assert_eq!(again.entry.link.as_ref().unwrap().path(), "/2", "the other has waited longer");
    fixture.page(&again, PageResult::Retry(failure("http-404"), fixture.now)).await.unwrap();
    assert!(fixture.entries(9).await.is_empty(), "not within the gap");
    let waiting = fixture.store.backlog(fixture.now).await.unwrap();
    assert_eq!(waiting.next_entry, Some(fixture.now + chrono::Duration::seconds(1)));
    assert_eq!((waiting.pending, waiting.leased), (2, 1));
    fixture.pass(1);
    let again = fixture.one_entry().await;
    assert_eq!((again.id, again.attempts), (on_a.id, 1));
    assert_ready(&fixture);
}

#[tokio::test]
async fn sources_and_entries_share_the_room_of_one_claim() {
    let (mut fixture, claims) = StoreFixture::with(&["one", "two", "three"]).await;
    let links: Vec<String> = (0..9).map(|i| format!("https://h{i}.example/a")).collect();
    for claim in &claims {
        fixture.publish(claim, &links.iter().map(String::as_str).collect::<Vec<_>>()).await;
    }
    fixture.pass(7200);
    let wanted = |room, sources| ClaimRequest { room, sources, all: None, gap: GAP };
    let claimed = |sources: &[ClaimedSource], entries: &[ClaimedEntry]| (sources.len(), entries.len());
    let (sources, entries) = fixture.store.claim(fixture.now, wanted(4, 1)).await.unwrap();
    assert_eq!(claimed(&sources, &entries), (1, 3));
    let (sources, entries) = fixture.store.claim(fixture.now, wanted(2, 2)).await.unwrap();
    assert_eq!(claimed(&sources, &entries), (2, 0));
    let (sources, entries) = fixture.store.claim(fixture.now, wanted(99, 99)).await.unwrap();
    assert_eq!(claimed(&sources, &entries), (0, 6), "one of each host that is left");
    assert_ready(&fixture);
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_keeps_no_source_from_being_polled() {
    let (mut fixture, claims) = StoreFixture::with(&["one"]).await;
    fixture.publish(&claims[0], &["https://a.example/1"]).await;
    fixture.sql().execute("UPDATE entry SET payload = 'no JSON'", []).unwrap();
    fixture.pass(7200);
    let wanted = ClaimRequest { room: 9, sources: 9, all: None, gap: GAP };
    assert!(fixture.store.claim(fixture.now, wanted).await.is_err());
    let sources = fixture.store.claim_sources(fixture.now, 9, None).await.unwrap();
    assert_eq!(sources.len(), 1, "nothing is left of the claim that failed");
}

#[tokio::test]
async fn what_waits_to_be_recorded_is_counted_as_long_as_it_does() {
    let (fixture, claims) = StoreFixture::with(&["one"]).await;
    let other = fixture.sql();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let poll = fixture.publish(&claims[0], &["https://a.example/1"]);
    let watch = async {
        while fixture.store.recording() == 0 {
            tokio::task::yield_now().await;
        }
        let counted = fixture.store.recording();
        other.execute_batch("ROLLBACK").unwrap();
        counted
    };
    let (counts, counted) = tokio::join!(poll, watch);
    assert_eq!((counts.new, counted), (1, 1));
    assert_eq!(fixture.store.recording(), 0);
}

#[tokio::test]
async fn sources_take_turns_at_a_host_and_among_hosts() {
    let names = ["big", "small", "other"];
    let (mut fixture, claims) = StoreFixture::with(&names).await;
    let many: Vec<String> = (0..50).map(|i| format!("https://shared.example/big/{i}")).collect();
    fixture.publish(&claims[0], &many.iter().map(String::as_str).collect::<Vec<_>>()).await;
    fixture.publish(&claims[1], &["https://shared.example/small/1", "https://shared.example/small/2"]).await;
    let mut served = Vec::new();
    for _ in 0..5 {
        let claim = fixture.one_entry().await;
        served.push(claim.source_name.clone());
        fixture
            .page(
                &claim,
                PageResult::Article(Box::new(cutting(claim.entry.link.as_ref().unwrap().path(), "x", &[]))),
            )
            .await
            .unwrap();
        fixture.pass(1);
    }
    assert_eq!(served, ["big", "small", "big", "small", "big"]);

    // Where there is room for fewer than there are hosts, the source served longest ago comes first.
    let spread: Vec<String> = (0..20).map(|i| format!("https://h{i}.example/a")).collect();
    let claim = fixture.store.claim_sources(fixture.now, 9, Some(fixture.now)).await.unwrap();
    fixture.publish(&claim[0], &spread.iter().map(String::as_str).collect::<Vec<_>>()).await;
    fixture.publish(&claims[2], &["https://z.example/a"]).await;
    let mut taken = BTreeMap::new();
    for claim in fixture.entries(2).await {
        *taken.entry(claim.source_name).or_insert(0) += 1;
    }
    assert_eq!(taken.get("other"), Some(&1), "{taken:?}");
    assert_ready(&fixture);
}

#[tokio::test]
async fn p32_trouble_of_the_host_costs_the_page_no_attempt() {
    let (mut fixture, claims) = StoreFixture::with(&["one"]).await;
    fixture.publish(&claims[0], &["https://one.example/a", "https://one.example/b"]).await;
    let claim = fixture.one_entry().await;
    let rests = PageResult::HostUnavailable(failure("http-503"), None);
    let stored =
        fixture.page_with(&claim, rests.clone(), vec![host_failure("one.example", None)]).await.unwrap();
    assert_eq!(stored, StoreOutcome::Waiting);
    assert!(fixture.entries(9).await.is_empty(), "the whole host rests");
    assert_ready(&fixture);
    let next = fixture.store.backlog(fixture.now).await.unwrap().next_entry.unwrap();
    let rest = (next - fixture.now).num_seconds();
    assert!((60..=73).contains(&rest), "{rest}");
    // Feeds of the host rest with it.
    fixture.pass(1800 - 1);
    fixture.now = next;
    let claim = fixture.one_entry().await;
    assert_eq!(claim.attempts, 0);
    // Twice as long after the second time.
    fixture.page_with(&claim, rests, vec![host_failure("one.example", None)]).await.unwrap();
    let again = fixture.store.backlog(fixture.now).await.unwrap().next_entry.unwrap();
    let rest = (again - fixture.now).num_seconds();
    assert!((120..=146).contains(&rest), "{rest}");
    // Good health ends it.
    fixture.now = again;
    let claim = fixture.one_entry().await;
    fixture
        .page_with(&claim, PageResult::Retry(failure("http-404"), fixture.now), vec![healthy("one.example")])
        .await
        .unwrap();
    assert_eq!(fixture.number("SELECT failures + backoff_until FROM host WHERE name = 'one.example'"), 0);
    assert_ready(&fixture);
}

#[tokio::test]
async fn p13_a_retry_after_decides_alone_and_is_capped() {
    let (mut fixture, claims) = StoreFixture::with(&["one", "two"]).await;
    fixture.publish(&claims[0], &["https://one.example/a"]).await;
    for (asked, expected) in [
        (7, 7..=7),
        (600, 600..=600),
        // A time that has passed is none: our own rest, a minute at least.
        (-50, 60..=73),
        (0, 120..=146),
        (90 * 86400, 86400..=86400),
    ] {
        let claim = fixture.one_entry().await;
        let note = host_failure("one.example", Some(fixture.now + chrono::Duration::seconds(asked)));
        fixture
            .page_with(&claim, PageResult::HostUnavailable(failure("http-429"), None), vec![note])
            .await
            .unwrap();
        let next = fixture.store.backlog(fixture.now).await.unwrap().next_entry.unwrap();
        let waits = (next - fixture.now).num_seconds();
        assert!(expected.contains(&waits), "{asked}: {waits}");
        // An answer in good health that was under way does not end a rest the server asked for.
        if asked == 600 {
            let mut other = fixture.polled(&claims[1], PollResult::Failed(failure("x")));
            other.fetch.hosts.push(healthy("one.example"));
            fixture.store.record_poll(other).await.unwrap();
            assert_eq!(fixture.store.backlog(fixture.now).await.unwrap().next_entry, Some(next));
        }
        fixture.now = next + chrono::Duration::seconds(1);
    }
    assert_ready(&fixture);
}

#[tokio::test]
async fn trouble_behind_a_redirect_makes_the_entry_wait_not_the_first_host() {
    let (mut fixture, claims) = StoreFixture::with(&["one"]).await;
    fixture.publish(&claims[0], &["https://one.example/a", "https://one.example/b"]).await;
    let claim = fixture.one_entry().await;
    let notes = vec![
        healthy("one.example"),
        host_failure("far.example", Some(fixture.now + chrono::Duration::hours(1))),
    ];
    fixture.page_with(&claim, PageResult::HostUnavailable(failure("http-503"), None), notes).await.unwrap();
    fixture.pass(1);
    let other = fixture.one_entry().await;
    assert_ne!(other.id, claim.id);
    fixture.store.release(vec![other.lease]).await.unwrap();
    fixture.pass(3599);
    assert_eq!(fixture.one_entry().await.id, other.id, "released, no attempt counted");
}

#[tokio::test]
async fn what_a_redirect_leads_to_may_rest_for_long_before_the_entry_is_tried_again() {
    let (mut fixture, claims) = StoreFixture::with(&["one"]).await;
    fixture.publish(&claims[0], &["https://one.example/a"]).await;
    for _ in 0..5 {
        let claim = fixture.one_entry().await;
        assert_eq!(claim.attempts, 0);
        let until = fixture.now + chrono::Duration::hours(3);
        let rests = PageResult::HostUnavailable(failure("host-backoff"), Some(until));
        let stored = fixture.page_with(&claim, rests, vec![healthy("one.example")]).await;
        assert_eq!(stored.unwrap(), StoreOutcome::Waiting);
        let waiting = fixture.store.backlog(fixture.now).await.unwrap();
        assert_eq!(waiting.next_entry, Some(until), "the first host is not asked before");
        fixture.pass(3 * 3600);
    }
}

#[tokio::test]
async fn an_entry_whose_link_became_an_article_is_not_fetched() {
    let (mut fixture, claims) = StoreFixture::with(&["one", "two"]).await;
    fixture.publish(&claims[0], &["https://feeds.example/r/1"]).await;
    fixture.publish(&claims[1], &["https://paper.example/a?utm_source=two", "https://paper.example/b"]).await;
    // The first redirects to where the second points.
    let claims = fixture.entries(9).await;
    let via = claims.iter().find(|claim| claim.source_name == "one").unwrap();
    let direct = claims.iter().find(|claim| claim.source_name == "two").unwrap();
    fixture.store.release(vec![direct.lease]).await.unwrap();
    let page = cutting("paper.example/a", &words("a"), &[(KeyKind::Link, "feeds.example/r/1")]);
    fixture.page(via, PageResult::Article(Box::new(page))).await.unwrap();
    fixture.pass(2);
    let next = fixture.one_entry().await;
    assert_eq!(next.entry.link.as_ref().unwrap().path(), "/b");
    assert_eq!(fixture.strings("SELECT state FROM entry ORDER BY id"), ["done", "known", "pending"]);
    assert_ready(&fixture);
}

#[tokio::test]
async fn entries_without_a_page_are_not_spared() {
    let (fixture, claims) = StoreFixture::with(&["one"]).await;
    let entries: Vec<Entry> = (0..5)
        .map(|i| Entry {
            id: Some(i.to_string()),
            content: Some("<p>All of it.</p>".into()),
            ..Entry::default()
        })
        .collect();
    fixture.store.record_poll(fixture.taken(&claims[0], entries.clone(), None)).await.unwrap();
    let claimed = fixture.entries(3).await;
    assert_eq!(claimed.len(), 3);
    assert_eq!(fixture.entries(9).await.len(), 2);
    let found: BTreeSet<_> = claimed.iter().map(|claim| claim.entry.id.clone().unwrap()).collect();
    assert_eq!(found.len(), 3);
    assert_eq!(claimed[0].entry, entries[0], "as the feed said it");
    assert_ready(&fixture);
}

#[tokio::test]
async fn what_the_feed_said_survives_the_queue() {
    use crate::model::{Enclosure, EntryDetails, Precision, Timestamp};
    let (fixture, claims) = StoreFixture::with(&["one"]).await;
    let at = chrono::DateTime::parse_from_rfc3339("2018-01-05T23:59:58+05:30").unwrap();
    let full = Entry {
        id: Some("tag:7\u{0}".into()),
        link: Some(url("https://one.example/a?b=%20ü")),
        wrapper: Some(Box::new(url("https://two.example/url?url=https://one.example/a"))),
        title: Some("Naïve – “quoted”\n".into()),
        published: Some(Timestamp::instant(at)),
        has_own_date: true,
        updated: Some(Timestamp {
            precision: Precision::Month,
            ..Timestamp::date(chrono::NaiveDate::from_ymd_opt(2018, 1, 1).unwrap())
        }),
        summary: Some("<b>s</b>".into()),
        content: Some("<p>c</p>".into()),
        details: EntryDetails {
            authors: vec!["Bassel".into(), String::new()],
            categories: vec!["x".into()],
            language: Some("ar".into()),
            enclosures: vec![Enclosure {
                url: url("https://one.example/m.mp3"),
                mime: Some("audio/mpeg".into()),
                length: Some(u64::MAX),
            }],
            rights: Some("© One".into()),
            // Not of the article: see the view `entries`.
            credit: None,
            false_date: None,
        }
        .kept(),
        permalink: None,
        recalled: Some(vec![Field::Title, Field::Published]),
        base: Some(Box::new(url("https://one.example/x/"))),
    };
    fixture.store.record_poll(fixture.taken(&claims[0], vec![full.clone()], None)).await.unwrap();
    let claim = fixture.one_entry().await;
    assert_eq!(claim.entry, full);
    assert_eq!((claim.source_name.as_str(), claim.ident.as_str()), ("one", "id:tag:7\u{0}"));
    fixture.page(&claim, PageResult::Article(Box::new(cutting("one.example/a", "x", &[])))).await.unwrap();
    assert_eq!(fixture.number("SELECT count(payload) FROM entry"), 0, "and is dropped after");
}
