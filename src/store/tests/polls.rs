use super::*;
use crate::model::{SkippedEntry, Timestamp};
use crate::timing::Schedule;

#[tokio::test]
async fn sources_follow_the_configuration_and_keep_their_state() {
    let (mut fixture, claims) = StoreFixture::with(&["one", "two"]).await;
    fixture.publish(&claims[0], &["https://one.example/a"]).await;
    fixture.publish(&claims[1], &[]).await;

    // Renamed, and gone.
    let renamed = Source { was: Some("one".into()), ..source("uno") };
    let same_feed = Source { feed: source("one").feed, ..renamed };
    let rows = fixture.store.sync_sources(std::slice::from_ref(&same_feed), fixture.now).await.unwrap();
    assert_eq!(rows, [(claims[0].id, "uno".to_owned())]);
    assert_eq!(fixture.strings("SELECT name FROM sources WHERE configured = 1"), ["uno"]);

    // Switched off: nothing of it is claimed, not even what waits.
    let off = Source { enabled: false, ..same_feed.clone() };
    fixture.store.sync_sources(&[off], fixture.now).await.unwrap();
    fixture.pass(3600);
    assert!(fixture.store.claim_sources(fixture.now, 9, None).await.unwrap().is_empty());
    assert!(fixture.entries(9).await.is_empty());
    assert_eq!(fixture.store.backlog(fixture.now).await.unwrap(), Backlog::default());

    // Back again, both with what they knew.
    let rows = fixture.store.sync_sources(&[same_feed, source("two")], fixture.now).await.unwrap();
    assert_eq!(rows[1].0, claims[1].id);
    assert_eq!(fixture.entries(9).await.len(), 1);
    let again = fixture.store.claim_sources(fixture.now, 9, None).await.unwrap();
    assert_eq!(again.len(), 2);
    assert!(again.iter().all(|claim| !claim.first_poll && claim.validators == validators("\"1\"")));
}

#[tokio::test]
async fn p07_validators_belong_to_the_url_they_came_from() {
    let (fixture, claims) = StoreFixture::with(&["one"]).await;
    assert!(claims[0].validators.is_empty() && claims[0].body_hash.is_none() && claims[0].first_poll);
    fixture.publish(&claims[0], &[]).await;
    let fixture = fixture.restart();
    let moved = Source { feed: url("https://one.example/other"), ..source("one") };
    fixture.store.sync_sources(&[moved], fixture.now).await.unwrap();
    let claim = fixture.store.claim_sources(fixture.now, 9, None).await.unwrap().remove(0);
    assert!(claim.validators.is_empty() && claim.body_hash.is_none(), "another URL starts unconditional");

    // What is under way when the URL changes back speaks of the other document.
    fixture.store.sync_sources(&[source("one")], fixture.now).await.unwrap();
    let late = fixture.store.record_poll(fixture.taken(&claim, Vec::new(), None)).await;
    assert!(late.unwrap_err().is_lease_lost());
    let claim = fixture.store.claim_sources(fixture.now, 9, None).await.unwrap().remove(0);
    assert_eq!((claim.validators, claim.body_hash), (validators("\"1\""), Some(vec![1, 2, 3])));
}

#[tokio::test]
async fn p05_p06_validators_are_replaced_by_a_200_and_completed_by_a_304() {
    let (mut fixture, claims) = StoreFixture::with(&["one"]).await;
    let both =
        Validators { etag: Some(b"W/\"\xff, \"".to_vec()), last_modified: Some(b"yesterday".to_vec()) };
    let next = async |fixture: &mut StoreFixture, claim: &ClaimedSource, result| {
        let outcome = fixture.polled(claim, result);
        fixture.store.record_poll(outcome).await.unwrap();
        fixture.pass(1800);
        fixture.store.claim_sources(fixture.now, 1, None).await.unwrap().remove(0)
    };
    fixture.publish(&claims[0], &[]).await;
    fixture.pass(1800);
    let claim = fixture.store.claim_sources(fixture.now, 1, None).await.unwrap().remove(0);
    let claim = next(&mut fixture, &claim, PollResult::Unchanged(both.clone())).await;
    assert_eq!((&claim.validators, claim.body_hash.is_some()), (&both, true));
    let claim = next(&mut fixture, &claim, PollResult::NotModified(validators("\"2\""))).await;
    assert_eq!(claim.validators.etag.as_deref(), Some(&b"\"2\""[..]));
    assert_eq!(claim.validators.last_modified, both.last_modified, "a 304 erases none");
    let claim = next(&mut fixture, &claim, PollResult::Failed(failure("timeout"))).await;
    assert_eq!(claim.validators.last_modified, both.last_modified, "a failure changes none");
    let claim = next(&mut fixture, &claim, PollResult::Unchanged(Validators::default())).await;
    assert!(claim.validators.is_empty(), "a 200 without any clears both");
    assert_eq!(
        fixture.strings("SELECT outcome FROM poll ORDER BY id"),
        ["taken", "unchanged", "not-modified", "failed", "unchanged"]
    );
}

#[tokio::test]
async fn p08_a_failing_step_leaves_nothing_behind() {
    let (fixture, claims) = StoreFixture::with(&["one", "two"]).await;
    let mut broken = fixture.taken(&claims[0], vec![entry("https://one.example/a")], None);
    if let PollResult::Document { keys, .. } = &mut broken.result {
        *keys = [].into();
    }
    broken.fetch.hosts.push(host_failure("one.example", None));
    // Both in one transaction, as far as the queue has it.
    let (broken, good) = tokio::join!(fixture.store.record_poll(broken), async {
        fixture.publish(&claims[1], &["https://two.example/a"]).await
    });
    assert_eq!((broken.unwrap_err().code(), good.new), ("store-damaged", 1));
    assert_eq!(fixture.number("SELECT count(*) FROM entry"), 1);
    assert_eq!(fixture.number("SELECT count(*) FROM source WHERE etag IS NOT NULL"), 1);
    assert_eq!(fixture.number("SELECT coalesce(max(backoff_until), 0) FROM host"), 0);
    // The lease still stands, so the outcome can be recorded after all.
    fixture.publish(&claims[0], &["https://one.example/a"]).await;
}

#[tokio::test]
async fn entries_are_known_by_themselves_and_by_their_link() {
    let (mut fixture, claims) = StoreFixture::with(&["one", "two"]).await;
    let counts =
        fixture.publish(&claims[0], &["https://one.example/a", "https://one.example/a?utm_source=x"]).await;
    assert_eq!((counts.new, counts.known), (1, 1), "the same link twice in a document");
    fixture.collect(cutting("one.example/a", &words("a"), &[])).await;

    // Another source has it under its own id, and another spelling of the link.
    let other = Entry { id: Some("urn:7".into()), ..entry("http://www.one.example/a/") };
    let outcome = fixture.taken(&claims[1], vec![other.clone()], None);
    let counts = fixture.store.record_poll(outcome).await.unwrap();
    assert_eq!((counts.new, counts.known), (0, 1));
    fixture.pass(3600);
    assert!(fixture.entries(9).await.is_empty(), "no page is fetched for it");
    assert_eq!(fixture.strings("SELECT state FROM entry ORDER BY id"), ["done", "known"]);

    // A newer date on a known entry is counted, while it waits to be looked at once.
    for (hours, revisits) in [(1, 0), (2, 1), (2, 1), (3, 1)] {
        let claim = fixture.store.claim_sources(fixture.now, 1, Some(fixture.now)).await.unwrap().remove(0);
        let at = (start_of_time() + chrono::Duration::hours(hours)).fixed_offset();
        let dated = Entry { updated: Some(Timestamp::instant(at)), ..entry("https://one.example/a") };
        let outcome = fixture.taken(&claim, vec![dated], None);
        fixture.store.record_poll(outcome).await.unwrap();
        let found =
            fixture.number("SELECT coalesce(sum(value), 0) FROM counter WHERE name = 'entries.revisit'");
        assert_eq!(found, revisits, "{hours}");
        fixture.pass(3600);
        let two = fixture.store.claim_sources(fixture.now, 1, Some(fixture.now)).await.unwrap().remove(0);
        fixture.publish(&two, &[]).await;
        fixture.pass(3600);
    }
}

#[tokio::test]
async fn p34_of_a_first_poll_the_newest_become_pending() {
    let (fixture, claims) = StoreFixture::with(&["one"]).await;
    let dated = |day: u32| Entry {
        published: Some(Timestamp::date(chrono::NaiveDate::from_ymd_opt(2026, 11, day).unwrap())),
        ..entry(&format!("https://one.example/{day}"))
    };
    let mut entries: Vec<Entry> = (1..=9).map(dated).collect();
    entries.push(entry("https://one.example/undated"));
    let counts = fixture.store.record_poll(fixture.taken(&claims[0], entries, Some(3))).await.unwrap();
    assert_eq!(counts.new, 10);
    assert_eq!(
        fixture.strings("SELECT url FROM entry WHERE state = 'pending' ORDER BY next_at, id"),
        ["https://one.example/9", "https://one.example/8", "https://one.example/7"]
    );
    assert_eq!(fixture.number("SELECT count(*) FROM entry WHERE state = 'seen' AND payload IS NULL"), 7);
}

#[tokio::test]
async fn h15_long_ids_and_many_failures_are_capped() {
    let (mut fixture, claims) = StoreFixture::with(&["one"]).await;
    let with_id = |id: String| Entry { id: Some(id), ..entry("https://one.example/") };
    let long = "x".repeat(100_000);
    let entries = vec![with_id(long.clone() + "a"), with_id(long.clone() + "b"), with_id(long + "a")];
    let counts = fixture.store.record_poll(fixture.taken(&claims[0], entries, None)).await.unwrap();
    assert_eq!((counts.new, counts.known), (2, 1), "still told apart");
    assert!(fixture.number("SELECT max(length(ident)) FROM entry") < 600);
    let entries = ["a", "c"].map(|end| with_id(format!("{}{end}", "x".repeat(100_000))));
    let keys: Vec<_> = entries.iter().map(keys_of).collect();
    let feed = ParsedFeed { entries: entries.into(), ..ParsedFeed::default() };
    let unseen =
        fixture.store.unseen(claims[0].id, feed.into(), keys.into(), Vec::new()).await.unwrap().positions;
    assert_eq!(unseen, [1], "a long id is known by what is stored of it");

    for _ in 0..130 {
        fixture.pass(3600);
        let claim = fixture.store.claim_sources(fixture.now, 1, None).await.unwrap().remove(0);
        let mut failed = failure("timeout");
        failed.message = "é".repeat(100_000);
        let outcome = fixture.polled(&claim, PollResult::Failed(failed));
        fixture.store.record_poll(outcome).await.unwrap();
    }
    assert_eq!(fixture.number("SELECT count(*) FROM failure"), 100);
    assert_eq!(fixture.number("SELECT count(*) FROM poll"), 100);
    assert_eq!(fixture.number("SELECT value FROM counter WHERE name = 'failed.timeout'"), 130);
    assert!(fixture.number("SELECT max(length(message)) FROM failure") <= 2000);
}

#[tokio::test]
async fn skipped_entries_are_rows_too() {
    let (fixture, claims) = StoreFixture::with(&["one"]).await;
    let mut outcome = fixture.taken(&claims[0], vec![entry("https://one.example/a")], None);
    if let PollResult::Document { feed, .. } = &mut outcome.result {
        std::sync::Arc::make_mut(feed).skipped = (0..50)
            .map(|position| SkippedEntry { position, reason: "neither title nor link".into() })
            .collect();
    }
    let counts = fixture.store.record_poll(outcome).await.unwrap();
    assert_eq!((counts.new, counts.skipped), (1, 50));
    assert_eq!(fixture.number("SELECT count(*) FROM failure WHERE code = 'entry-skipped'"), 20);
    assert_eq!(fixture.number("SELECT value FROM counter WHERE name = 'entries.skipped'"), 50);
}

#[tokio::test]
async fn p13_a_host_that_asked_for_rest_is_left_alone_by_all() {
    let (mut fixture, claims) = StoreFixture::with(&["one"]).await;
    let asked = fixture.now + chrono::Duration::hours(3);
    let mut outcome = fixture.polled(&claims[0], PollResult::Failed(failure("http-429")));
    outcome.fetch.hosts.push(host_failure("one.example", Some(asked)));
    fixture.store.record_poll(outcome).await.unwrap();
    fixture.pass(2 * 3600);
    let all = Some(fixture.now);
    assert!(
        fixture.store.claim_sources(fixture.now, 9, None).await.unwrap().is_empty(),
        "due, but its host rests"
    );
    assert!(
        fixture.store.claim_sources(fixture.now, 9, all).await.unwrap().is_empty(),
        "even when asked for all"
    );
    assert_eq!(fixture.store.backlog(fixture.now).await.unwrap().next_source, Some(asked));
    fixture.pass(3600 + 1);
    assert_eq!(fixture.store.claim_sources(fixture.now, 9, None).await.unwrap().len(), 1);
}

#[tokio::test]
async fn p18_all_asks_each_source_once() {
    let (mut fixture, claims) = StoreFixture::with(&["one", "two"]).await;
    fixture.publish(&claims[0], &[]).await;
    // A rest of our own making does not stop people.
    let mut outcome = fixture.polled(&claims[1], PollResult::Failed(failure("http-503")));
    outcome.fetch.hosts.push(host_failure("two.example", None));
    fixture.store.record_poll(outcome).await.unwrap();
    fixture.pass(5);
    assert!(fixture.store.claim_sources(fixture.now, 9, None).await.unwrap().is_empty());
    let since = Some(fixture.now);
    let claims = fixture.store.claim_sources(fixture.now, 9, since).await.unwrap();
    assert_eq!(claims.len(), 2);
    for claim in &claims {
        fixture.publish(claim, &[]).await;
    }
    assert!(fixture.store.claim_sources(fixture.now, 9, since).await.unwrap().is_empty());
}

#[tokio::test]
async fn p17_what_a_wrong_clock_wrote_is_due() {
    let (mut fixture, claims) = StoreFixture::with(&["one"]).await;
    // All of this happens four hundred days ahead of the day that it is then found to be.
    let host = host_failure("one.example", None);
    let mut outcome = fixture.taken(&claims[0], vec![entry("https://one.example/a")], None);
    outcome.fetch.hosts.push(host);
    fixture.store.record_poll(outcome).await.unwrap();
    fixture.pass(-400 * 86400);
    let waiting = fixture.store.backlog(fixture.now).await.unwrap();
    assert_eq!((waiting.next_source, waiting.next_entry), (Some(fixture.now), Some(fixture.now)));
    let claims = fixture.store.claim_sources(fixture.now, 9, None).await.unwrap();
    assert_eq!(claims.len(), 1);
    let entry = fixture.one_entry().await;
    fixture
        .page(&entry, PageResult::Retry(failure("http-404"), fixture.now + chrono::Duration::days(1)))
        .await
        .unwrap();
    // A host that was told to rest by the wrong clock has nothing due, and must not be looked at for ever.
    assert!(fixture.entries(9).await.is_empty());
    let next = fixture.store.backlog(fixture.now).await.unwrap().next_entry;
    assert_eq!(next, Some(fixture.now + chrono::Duration::days(1)));

    // A source that fires once a year is not due all the time.
    let mut outcome = fixture.taken(&claims[0], Vec::new(), None);
    outcome.next.at = fixture.now + chrono::Duration::days(365);
    fixture.store.record_poll(outcome).await.unwrap();
    fixture.pass(86400);
    assert!(fixture.store.claim_sources(fixture.now, 9, None).await.unwrap().is_empty());
    let next = fixture.store.backlog(fixture.now).await.unwrap().next_source;
    assert_eq!(next, Some(fixture.now + chrono::Duration::days(364)));
}

#[tokio::test]
async fn another_schedule_is_due_no_later_than_it_says() {
    let (fixture, claims) = StoreFixture::with(&["one"]).await;
    fixture.publish(&claims[0], &[]).await;
    let mut faster = source("one");
    faster.schedule = Schedule::Every(Duration::from_mins(10));
    fixture.store.sync_sources(&[faster.clone()], fixture.now).await.unwrap();
    let due = Some(fixture.now + chrono::Duration::minutes(10));
    assert_eq!(fixture.store.backlog(fixture.now).await.unwrap().next_source, due);
    // P15: reading the same configuration again moves nothing.
    let later = fixture.now + chrono::Duration::minutes(5);
    fixture.store.sync_sources(&[faster], later).await.unwrap();
    assert_eq!(fixture.store.backlog(later).await.unwrap().next_source, due);
}

/// A start with the same configuration writes no row of a source: ten thousand of them would take a second.
#[tokio::test]
async fn a_configuration_that_has_not_changed_writes_nothing() {
    let fixture = StoreFixture::new();
    let mut sources: Vec<Source> = ["one", "two", "three"].into_iter().map(source).collect();
    let first = fixture.store.sync_sources(&sources, fixture.now).await.unwrap();
    let changes = || async {
        let count = |db: &Connection| Ok(db.total_changes());
        fixture.store.writer.call("count", count).await.unwrap()
    };
    let before = changes().await;
    assert_eq!(
        fixture.store.sync_sources(&sources, fixture.now).await.unwrap(),
        first,
        "in the order of the configuration"
    );
    assert_eq!(changes().await, before);
    // Each thing that the configuration decides is taken over, alone.
    let change: [fn(&mut Source); 5] = [
        |source| source.tags.clear(),
        |source| source.keep = crate::config::ArticleRetention::Newest(7),
        |source| source.revisions = crate::config::RevisionPolicy::First,
        |source| source.ignore_robots = true,
        |source| source.enabled = false,
    ];
    for change in change {
        let before = changes().await;
        change(&mut sources[1]);
        fixture.store.sync_sources(&sources, fixture.now).await.unwrap();
        assert!(changes().await > before);
    }
    assert_eq!(
        fixture.strings(
            "SELECT name FROM source WHERE tags = '[]' AND keep_newest = 7 AND revisions = 'first' AND ignore_robots = 1 \
             AND enabled = 0"
        ),
        ["two"]
    );
}
