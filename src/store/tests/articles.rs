use super::*;
use crate::model::{ArticleId, RawPage, SelectorOutcome, Timestamp};

#[tokio::test]
async fn an_article_its_entry_and_its_keys_are_stored_together() {
    let (fixture, claims) = StoreFixture::with(&["one"]).await;
    fixture.publish(&claims[0], &["https://one.example/a"]).await;
    let mut page =
        cutting("one.example/a", "First.\n\nSecond\u{0}\u{7}.", &[(KeyKind::ShortLink, "on.ex/7")]);
    let fields = &mut page.extraction;
    fields.published = Some(Timestamp::date(chrono::NaiveDate::from_ymd_opt(2018, 1, 5).unwrap()));
    fields.authors = vec!["Bassel Oudat".into()];
    fields.links.short_link = Some(url("https://on.ex/7"));
    fields.origins.insert(crate::model::Field::Title, crate::model::Origin::Rule);
    page.published_at = Some("2018-01-04T22:00:00Z".parse().unwrap());
    let body = b"<html>the page as received</html>".repeat(50);
    page.raw_page = Some(RawPage {
        status: 200,
        headers: "content-type: text/html".into(),
        body: body.clone(),
        encoded: None,
        expires: None,
    });
    let claim = fixture.one_entry().await;
    let outcome = PageOutcome {
        entry: claim.id,
        lease: claim.lease,
        at: fixture.now,
        fetch: None,
        result: PageResult::Article(Box::new(page)),
        selectors: [true, false, false]
            .map(|hit| SelectorOutcome {
                field: crate::model::Field::Title,
                selector: "h1".into(),
                matched: hit,
                length: if hit { 20 } else { 0 },
                defined_in: "[source.article]".into(),
            })
            .to_vec(),
        revisit_at: None,
    };
    assert_eq!(fixture.store.record_page(outcome).await.unwrap(), StoreOutcome::New(ArticleId(1)));

    let rows = articles_since(&Reader::open(&fixture.path()).unwrap(), 0, 9);
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["seq"], 1);
    let now = time::text(fixture.now);
    for (column, value) in [
        ("text", "First.\n\nSecond."),
        ("published", "2018-01-05"),
        ("precision", "day"),
        ("published_at", "2018-01-04T22:00:00Z"),
        ("short_link", "https://on.ex/7"),
        ("source", "one"),
        ("method", "auto"),
        ("kind", "article"),
        ("authors", "[\"Bassel Oudat\"]"),
        ("origins", "{\"title\":\"rule\"}"),
        ("first_seen", now.as_str()),
        ("fetched_at", now.as_str()),
    ] {
        assert_eq!(rows[0][column], value, "{column}");
    }
    assert_eq!(
        fixture.strings("SELECT kind || ' ' || key FROM aliases ORDER BY kind"),
        ["final-url one.example/a", "short-link on.ex/7"]
    );
    assert_eq!(fixture.strings("SELECT state FROM entry"), ["done"]);
    let raw: Vec<u8> = fixture.sql().query_row("SELECT body FROM raw_page", [], |row| row.get(0)).unwrap();
    assert!(raw.len() < 200);
    assert_eq!(zstd::bulk::decompress(&raw, 1 << 20).unwrap(), body);
    assert_eq!(fixture.strings("SELECT hits || ' ' || misses FROM rule_stat"), ["1 2"]);
}

/// One article that is known by `one.example/a`.
async fn with_an_article(text: &str) -> StoreFixture {
    let (fixture, claims) = StoreFixture::with(&["one"]).await;
    let links: Vec<String> = (0..9).map(|i| format!("https://one.example/{i}")).collect();
    fixture.publish(&claims[0], &links.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut fixture = fixture;
    assert_eq!(fixture.collect(cutting("one.example/a", text, &[])).await, StoreOutcome::New(ArticleId(1)));
    fixture.pass(1);
    fixture
}

#[tokio::test]
async fn only_what_says_something_new_is_a_revision() {
    let mut fixture = with_an_article(&words("a")).await;
    let one = ArticleId(1);
    let folded = words("a").replace(' ', " \n\t ");
    assert_eq!(
        fixture.collect(cutting("one.example/a", &folded, &[])).await,
        StoreOutcome::Known(one),
        "white space"
    );
    fixture.pass(1);
    assert_eq!(
        fixture.collect(cutting("one.example/a", &words("b"), &[])).await,
        StoreOutcome::Revised(one),
        "a live blog"
    );
    fixture.pass(1);
    let mut retitled = cutting("one.example/a", &words("b"), &[]);
    retitled.extraction.title = Some("Another title".into());
    assert_eq!(fixture.collect(retitled).await, StoreOutcome::Revised(one));
    fixture.pass(1);
    let mut weaker = cutting("one.example/a", "Two words.", &[]);
    weaker.method = Method::Feed;
    assert_eq!(fixture.collect(weaker).await, StoreOutcome::Known(one), "the feed's text replaces no page's");
    assert_eq!(fixture.strings("SELECT op FROM changes ORDER BY seq"), ["new", "revised", "revised"]);
    assert_eq!(fixture.strings("SELECT title FROM articles"), ["Another title"]);
    assert_eq!(fixture.number("SELECT count(*) FROM revisions"), 3);
    assert_eq!(fixture.number("SELECT seq FROM articles"), 3);
}

#[tokio::test]
async fn another_page_of_an_article_is_a_revision_only_if_it_says_more() {
    let mut fixture = with_an_article(&words("a")).await;
    let one = ArticleId(1);
    let canonical = [(KeyKind::Canonical, "one.example/a")];
    let print = words("a") + "Printed on 24 November";
    assert_eq!(
        fixture.collect(cutting("one.example/print/a", &print, &canonical)).await,
        StoreOutcome::Known(one)
    );
    fixture.pass(1);
    let whole = words("a") + &words("b");
    assert_eq!(
        fixture.collect(cutting("one.example/full/a", &whole, &canonical)).await,
        StoreOutcome::Revised(one)
    );
    assert_eq!(fixture.number("SELECT count(*) FROM articles"), 1);
    assert_eq!(fixture.number("SELECT count(*) FROM aliases WHERE article_id = 1"), 5);
    assert_eq!(fixture.number("SELECT count(DISTINCT url) FROM aliases WHERE article_id = 1"), 3);
}

#[tokio::test]
async fn an_article_of_the_feeds_text_is_upgraded_when_its_page_comes_back() {
    for (kept_as, comes_back_as) in [
        ("one.example/0", "one.example/moved/0"),
        ("one.example/0", "elsewhere.example/0"),
        ("one.example/0", "one.example/0"),
    ] {
        let (mut fixture, claims) = StoreFixture::with(&["one"]).await;
        fixture.publish(&claims[0], &["https://one.example/0"]).await;
        let claim = fixture.one_entry().await;
        let mut kept = cutting(kept_as, &words("summary"), &[]);
        kept.method = Method::Feed;
        kept.failure = Some(failure("http-500"));
        kept.page_retry_at = Some(fixture.now + chrono::Duration::days(7));
        kept.keys = vec![key(KeyKind::Link, kept_as)];
        let stored = fixture.page(&claim, PageResult::Article(Box::new(kept))).await.unwrap();
        assert_eq!(stored, StoreOutcome::New(ArticleId(1)));
        let waiting = fixture.store.backlog(fixture.now).await.unwrap();
        assert_eq!((waiting.pending, waiting.next_entry), (0, Some(fixture.now + chrono::Duration::days(7))));
        assert_eq!(fixture.number("SELECT count(*) FROM failure WHERE code = 'http-500'"), 1);

        fixture.pass(7 * 86400);
        let claim = fixture.one_entry().await;
        assert!(claim.text_state.is_stored() && claim.entry.link.is_some());
        let page = cutting(comes_back_as, &words("whole"), &[(KeyKind::Asked, kept_as)]);
        let stored = fixture.page(&claim, PageResult::Article(Box::new(page))).await.unwrap();
        assert_eq!(stored, StoreOutcome::Revised(ArticleId(1)), "{kept_as}");
        assert_eq!(fixture.strings("SELECT method FROM articles"), ["auto"]);
        assert_eq!(fixture.store.backlog(fixture.now).await.unwrap().next_entry, None);
        assert_eq!(fixture.number("SELECT count(payload) FROM entry"), 0);
    }
}

#[tokio::test]
async fn an_upgrade_that_fails_ends_with_the_feeds_text() {
    let (mut fixture, claims) = StoreFixture::with(&["one"]).await;
    fixture.publish(&claims[0], &["https://one.example/0"]).await;
    let mut kept = cutting("one.example/0", &words("summary"), &[]);
    kept.method = Method::Feed;
    kept.page_retry_at = Some(fixture.now + chrono::Duration::days(7));
    fixture.collect(kept).await;
    fixture.pass(7 * 86400);
    let claim = fixture.one_entry().await;
    let stored = fixture.page(&claim, PageResult::Retry(failure("http-404"), fixture.now)).await.unwrap();
    assert_eq!(stored, StoreOutcome::Known(ArticleId(1)));
    assert_eq!(fixture.store.backlog(fixture.now).await.unwrap().next_entry, None);
    assert_eq!(fixture.strings("SELECT state || ' ' || text_state FROM entry"), ["done final"]);
}

#[tokio::test]
async fn a_late_key_merges_two_articles_into_the_older() {
    let mut fixture = with_an_article(&words("a")).await;
    fixture.collect(cutting("one.example/b", &words("b"), &[])).await;
    fixture.pass(1);
    // A third page has both texts, and says that it is both.
    let bridge = cutting(
        "one.example/c",
        &(words("a") + &words("b")),
        &[(KeyKind::Canonical, "one.example/a"), (KeyKind::OgUrl, "one.example/b")],
    );
    assert_eq!(fixture.collect(bridge).await, StoreOutcome::Revised(ArticleId(1)));
    assert_eq!(
        fixture.strings("SELECT concat_ws(' ', seq, article_id, op, into_id) FROM changes ORDER BY seq"),
        ["1 1 new", "2 2 new", "3 1 revised", "4 2 merged 1",]
    );
    assert_eq!(fixture.number("SELECT count(*) FROM articles"), 1);
    assert_eq!(fixture.number("SELECT count(*) FROM revisions WHERE article_id = 1"), 3, "neither loses any");
    assert_eq!(Reader::open(&fixture.path()).unwrap().summary().unwrap().merged, 1);
}

#[tokio::test]
async fn h30_a_short_link_that_a_template_prints_joins_nothing() {
    let mut fixture = with_an_article(&words("zero")).await;
    let short = [(KeyKind::ShortLink, "on.ex")];
    // Two pages alike: one article, so far.
    let a = fixture.collect(cutting("one.example/1", &words("a"), &short)).await;
    fixture.pass(1);
    let print = fixture.collect(cutting("one.example/1/print", &(words("a") + "x"), &short)).await;
    fixture.pass(1);
    assert_eq!((a, print), (StoreOutcome::New(ArticleId(2)), StoreOutcome::Known(ArticleId(2))));
    // A different one: all three are told apart.
    let b = fixture.collect(cutting("one.example/2", &words("b"), &short)).await;
    fixture.pass(1);
    assert!(matches!(b, StoreOutcome::New(_)));
    assert_eq!(fixture.number("SELECT count(*) FROM articles"), 4);
    assert_eq!(fixture.number("SELECT count(*) FROM aliases WHERE shared = 1"), 3);
    let summary = Reader::open(&fixture.path()).unwrap().summary().unwrap();
    assert_eq!((summary.shared, summary.split, summary.merged), (1, 1, 0));
    // The split-off page shows its own text, and is told as new.
    assert_eq!(fixture.number("SELECT count(*) FROM revisions"), 4);
    let seqs = fixture.number("SELECT count(*) FROM changes WHERE op = 'new'");
    assert_eq!(seqs, 4);
    assert_eq!(fixture.strings("SELECT url FROM articles ORDER BY url")[1], "https://one.example/1/print");
    // Whoever comes next with it is on its own, too.
    let c = fixture.collect(cutting("one.example/3", &words("b"), &short)).await;
    assert!(matches!(c, StoreOutcome::New(_)));
}

#[tokio::test]
async fn h30_a_key_of_the_page_itself_is_never_shared() {
    let mut fixture = with_an_article(&words("a")).await;
    // Another page that says it is this one, and is not.
    let other = [(KeyKind::Canonical, "one.example/a")];
    let stored = fixture.collect(cutting("one.example/b", &words("b"), &other)).await;
    assert!(matches!(stored, StoreOutcome::New(_)), "{stored:?}");
    fixture.pass(1);
    // A link that leads elsewhere each day is told by the texts.
    let today = [(KeyKind::Asked, "one.example/today")];
    fixture.collect(cutting("one.example/monday", &words("mon"), &today)).await;
    fixture.pass(1);
    fixture.collect(cutting("one.example/tuesday", &words("tue"), &today)).await;
    assert_eq!(fixture.number("SELECT count(*) FROM articles"), 4);
    assert_eq!(
        fixture.strings(
            "SELECT key || ' ' || shared FROM aliases WHERE kind = 'final-url' AND key = 'one.example/a'"
        ),
        ["one.example/a 0"]
    );
    assert_eq!(fixture.number("SELECT count(*) FROM aliases WHERE shared = 1"), 3);
}
