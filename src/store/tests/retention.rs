use super::*;
use crate::config::{ArticleRetention, RevisionPolicy};
use crate::model::{ArticleId, RawPage};

const DAY: i64 = 24 * 3600;

/// A fixture whose source `one` keeps what `change` says, with `count` articles, a day apart, each with a raw page.
async fn kept(count: usize, change: impl Fn(&mut Source)) -> (StoreFixture, Vec<Source>) {
    let mut fixture = StoreFixture::new();
    let mut sources = vec![source("one"), source("two")];
    change(&mut sources[0]);
    fixture.store.sync_sources(&sources, fixture.now).await.unwrap();
    for i in 0..count {
        fixture.publish_again(&[&format!("https://one.example/{i}")]).await;
        fixture
            .collect(with_raw(
                cutting(&format!("one.example/{i}"), &words(&format!("t{i}x")), &[]),
                fixture.now,
            ))
            .await;
        fixture.pass(DAY);
    }
    (fixture, sources)
}

fn with_raw(mut page: CollectedArticle, now: DateTime<Utc>) -> CollectedArticle {
    page.raw_page = Some(RawPage {
        status: 200,
        headers: String::new(),
        body: b"<p>secret</p>".repeat(50),
        encoded: None,
        expires: Some(now + chrono::Duration::days(3)),
    });
    page
}

fn live(fixture: &StoreFixture) -> Vec<String> {
    fixture.strings("SELECT url FROM articles ORDER BY article_id")
}

#[tokio::test]
async fn an_expired_article_is_dropped_announced_and_never_stored_again() {
    for (keep, left) in [
        (ArticleRetention::For(Duration::from_hours(60)), 2_usize),
        (ArticleRetention::Newest(2), 2),
        (ArticleRetention::Forever, 5),
    ] {
        let (fixture, _) = kept(5, |source| source.keep = keep).await;
        let tidied = fixture.store.prune(fixture.now).await.unwrap();
        assert_eq!(tidied.articles, 5 - left as u64, "{keep:?}");
        let expected: Vec<String> = (5 - left..5).map(|i| format!("https://one.example/{i}")).collect();
        assert_eq!(live(&fixture), expected, "{keep:?}");
        let gone =
            fixture.strings("SELECT CAST(article_id AS TEXT) FROM changes WHERE op = 'deleted' ORDER BY seq");
        let expected: Vec<String> = (1..=5 - left).map(|id| id.to_string()).collect();
        assert_eq!(gone, expected);
        assert_eq!(fixture.number("SELECT count(*) FROM search"), left as i64);
        assert_eq!(fixture.number("SELECT count(*) FROM revision"), left as i64);
        assert_eq!(fixture.number("SELECT count(*) FROM aliases"), 5, "the tombstones");
        // The feed still has them: known, and not asked for again.
        let claims = fixture.store.claim_sources(fixture.now, 9, Some(fixture.now)).await.unwrap();
        let entries = (0..5)
            .map(|i| Entry { id: Some(format!("again {i}")), ..entry(&format!("https://one.example/{i}")) })
            .collect();
        let counts = fixture.store.record_poll(fixture.taken(&claims[0], entries, None)).await.unwrap();
        assert_eq!((counts.new, counts.known), (0, 5), "{keep:?}");
        assert_eq!(fixture.strings("PRAGMA integrity_check"), ["ok"]);
        assert_eq!(fixture.number("SELECT count(*) FROM pragma_foreign_key_check"), 0);
    }
}

#[tokio::test]
async fn raw_pages_expire_and_their_space_is_freed() {
    let (fixture, _) = kept(5, |_| {}).await;
    assert_eq!(fixture.number("SELECT count(*) FROM raw_page"), 5);
    assert_eq!(fixture.store.prune(fixture.now).await.unwrap().pages, 3);
    assert_eq!(fixture.number("SELECT count(*) FROM raw_page"), 2);
    assert_eq!(fixture.number("PRAGMA freelist_count"), 0);
}

#[tokio::test]
async fn a_prune_plan_drops_nothing() {
    let (fixture, mut sources) = kept(5, |_| {}).await;
    // As configured now, not as the daemon last took it in.
    sources[0].keep = ArticleRetention::Newest(1);
    let mut maintenance = MaintenanceWriter::open(&fixture.path()).unwrap();
    let policies = maintenance.policies(&sources).unwrap();
    let forecast = maintenance.forecast(&policies, fixture.now).unwrap();
    assert_eq!((forecast.sources.len(), forecast.sources[0].articles), (1, 4));
    assert_eq!((forecast.articles, forecast.pages), (4, 3));
    assert_eq!(live(&fixture).len(), 5);
    // Beside the daemon, which goes on writing.
    let sum = maintenance.prune(&policies, fixture.now, |_| {}).unwrap();
    assert_eq!((sum.articles, sum.pages), (4, 0), "the expired pages went with their articles");
    assert_eq!(live(&fixture), ["https://one.example/4"]);
    fixture.publish_again(&["https://one.example/new"]).await;
    fixture.collect(cutting("one.example/new", &words("new"), &[])).await;
    assert_eq!(fixture.number("SELECT count(*) FROM changes"), fixture.number("SELECT seq FROM sequence"));
}

#[tokio::test]
async fn a_takedown_overwrites_the_article_and_its_duplicates_in_the_file() {
    let (mut fixture, _) = kept(3, |_| {}).await;
    let mut maintenance = MaintenanceWriter::open(&fixture.path()).unwrap();
    assert!(maintenance.delete(2, fixture.now).unwrap());
    assert!(!maintenance.delete(2, fixture.now).unwrap(), "once is enough");
    assert_eq!(live(&fixture), ["https://one.example/0", "https://one.example/2"]);
    assert_eq!(fixture.number("SELECT count(*) FROM changes WHERE op = 'deleted'"), 1);
    assert_eq!(fixture.number("SELECT count(*) FROM aliases WHERE article_id = 2"), 1);
    drop(maintenance);
    // Its page is met again under another link, and another page names it as its own: both stay empty.
    fixture.publish_again(&["https://short.example/1"]).await;
    let again = cutting("one.example/1", &words("t1x"), &[(KeyKind::ShortLink, "short.example/1")]);
    let stored = fixture.collect(with_raw(again, fixture.now)).await;
    assert_eq!(stored, StoreOutcome::Known(ArticleId(2)));
    fixture.pass(DAY);
    fixture.publish_again(&["https://one.example/1/print"]).await;
    let twin = cutting("one.example/1/print", &words("t1x"), &[(KeyKind::Canonical, "one.example/1")]);
    assert_eq!(fixture.collect(with_raw(twin, fixture.now)).await, StoreOutcome::Known(ArticleId(2)));
    fixture.pass(DAY);
    // One of another title that says it is that page is an article of its own, and takes none with it.
    fixture.publish_again(&["https://one.example/bridge"]).await;
    let bridge = [(KeyKind::Canonical, "one.example/1")];
    fixture.collect(with_raw(cutting("one.example/bridge", &words("bridge"), &bridge), fixture.now)).await;
    assert_eq!(
        live(&fixture),
        ["https://one.example/0", "https://one.example/2", "https://one.example/bridge"]
    );
    assert_eq!(fixture.number("SELECT count(*) FROM pragma_foreign_key_check"), 0);
    // No byte of it in any of the files.
    fixture.store.close().await.unwrap();
    MaintenanceWriter::open(&fixture.path()).unwrap().delete(2, fixture.now).unwrap();
    for suffix in ["", "-wal"] {
        let bytes = std::fs::read(lock::beside(&fixture.path(), suffix)).unwrap_or_default();
        let holds = |words: &str| bytes.windows(words.len()).any(|window| window == words.as_bytes());
        assert!(!holds("t1x7"), "{suffix}");
        assert!(suffix == "-wal" || holds("t0x7"), "the others are there");
    }
}

/// The feed's text of an entry that waits for another look at its page.
#[tokio::test]
async fn a_takedown_overwrites_what_the_feed_said_too() {
    let (fixture, _) = kept(1, |_| {}).await;
    let payload = format!("{{\"content\": \"{}\"}}", "feedtext ".repeat(3_000));
    let db = rusqlite::Connection::open(fixture.path()).unwrap();
    let changed =
        db.execute("UPDATE entry SET payload = ?1, text_state = 'revisit', next_at = 0", [payload]).unwrap();
    assert_eq!(changed, 1);
    drop(db);
    MaintenanceWriter::open(&fixture.path()).unwrap().delete(1, fixture.now).unwrap();
    fixture.store.close().await.unwrap();
    for suffix in ["", "-wal"] {
        let bytes = std::fs::read(lock::beside(&fixture.path(), suffix)).unwrap_or_default();
        assert!(!bytes.windows(9).any(|window| window == b"feedtext "), "{suffix}");
    }
}

#[tokio::test]
async fn nothing_is_merged_into_an_expired_article() {
    let (mut fixture, _) = kept(2, |source| source.keep = ArticleRetention::Newest(1)).await;
    fixture.store.prune(fixture.now).await.unwrap();
    fixture.publish_again(&["https://one.example/bridge"]).await;
    let bridge = [(KeyKind::Canonical, "one.example/0"), (KeyKind::OgUrl, "one.example/1")];
    fixture.collect(cutting("one.example/bridge", &words("t1x"), &bridge)).await;
    fixture.pass(1);
    assert_eq!(fixture.strings("SELECT CAST(article_id AS TEXT) FROM articles"), ["2"]);
    assert_eq!(fixture.strings("SELECT op FROM changes WHERE article_id = 1"), ["new", "deleted"]);
}

async fn edited(revisions: RevisionPolicy) -> Vec<String> {
    let (mut fixture, _) = kept(0, |source| source.revisions = revisions).await;
    // First only the feed's text, then the page, then the page edited twice.
    let texts =
        [("feed", Method::Feed), ("first", Method::Auto), ("second", Method::Auto), ("third", Method::Auto)];
    for (i, (text, method)) in texts.into_iter().enumerate() {
        fixture.publish_again(&[&format!("https://other.example/{i}")]).await;
        let mut page = cutting("one.example/a", &words(text), &[]);
        page.method = method;
        fixture.collect(page).await;
        fixture.pass(DAY);
    }
    fixture.strings("SELECT substr(text, 1, instr(text, '0') - 1) FROM revisions ORDER BY seq")
}

#[tokio::test]
async fn the_revision_policy_of_each_source_is_followed() {
    assert_eq!(edited(RevisionPolicy::All).await, ["feed", "first", "second", "third"]);
    assert_eq!(edited(RevisionPolicy::Latest).await, ["third"]);
    assert_eq!(
        edited(RevisionPolicy::First).await,
        ["feed", "first"],
        "a page still replaces the feed's text"
    );
}

#[tokio::test]
async fn a_view_counter_makes_no_revision() {
    let (mut fixture, _) = kept(0, |_| {}).await;
    let mut stored = Vec::new();
    for (i, more) in ["12 views", "1,305 views", "3 dead"].into_iter().enumerate() {
        fixture.publish_again(&[&format!("https://other.example/{i}")]).await;
        let text = format!("{}\n\n{more}", words("a"));
        stored.push(fixture.collect(cutting("one.example/a", &text, &[])).await);
        fixture.pass(DAY);
    }
    let id = ArticleId(1);
    assert_eq!(stored, [StoreOutcome::New(id), StoreOutcome::Known(id), StoreOutcome::Revised(id)]);
}

#[tokio::test]
async fn an_article_is_found_by_its_id_and_by_any_of_its_urls() {
    let (fixture, _) = kept(2, |_| {}).await;
    let reader = Reader::open(&fixture.path()).unwrap();
    let named = |name: &str| reader.find_article(name).unwrap().ok();
    assert_eq!(named("2"), Some(2));
    assert_eq!(named("http://www.one.example/1?utm_source=x"), Some(2));
    assert_eq!((named("3"), named("https://one.example/9"), named("?"), named("")), (None, None, None, None));
}
