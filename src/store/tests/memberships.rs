use std::collections::BTreeMap;
use std::ops::ControlFlow;

use proptest::prelude::*;

use super::*;
use crate::config::ArticleRetention;
use crate::store::{ArticleQuery, ArticleQueryError, ExportItem, Reader, SearchRequest, SortOrder};

const DAY: i64 = 24 * 3600;

/// Two sources with one tag each and one in common; `one` has the articles 1 to 3, `two` names the second, later.
async fn front_and_sport() -> (StoreFixture, Vec<ClaimedSource>) {
    let mut fixture = StoreFixture::new();
    let sources = [tagged("one", "front"), tagged("two", "sport")];
    fixture.store.sync_sources(&sources, fixture.now).await.unwrap();
    let claims = fixture.store.claim_sources(fixture.now, 2, None).await.unwrap();
    let links = ["https://one.example/1", "https://one.example/2", "https://one.example/3"];
    fixture.publish(&claims[0], &links).await;
    for _ in links {
        let claim = fixture.one_entry().await;
        let path = claim.entry.link.as_ref().unwrap().path().to_owned();
        let page = cutting(&format!("one.example{path}"), &words(&path), &[]);
        fixture.page(&claim, PageResult::Article(Box::new(page))).await.unwrap();
        fixture.pass(1);
    }
    (fixture, claims)
}

fn tagged(name: &str, tag: &str) -> Source {
    Source { tags: vec![tag.into(), "all".into()], ..source(name) }
}

fn reader(fixture: &StoreFixture) -> Reader {
    Reader::open(&fixture.path()).unwrap()
}

fn of_sources(sources: &[&str]) -> ArticleQuery {
    ArticleQuery {
        sources: sources.iter().map(ToString::to_string).collect(),
        gone: true,
        ..ArticleQuery::default()
    }
}

fn of_tag(tag: &str) -> ArticleQuery {
    ArticleQuery { tags: vec![tag.into()], gone: true, ..ArticleQuery::default() }
}

/// Each item as operation, article and number: `new 2 (2)`; the number of the change too where it is another: `new 2 (2) at 4`.
/// And up to where the database was read.
fn items(reader: &Reader, query: &ArticleQuery) -> (Vec<String>, i64) {
    let mut items = Vec::new();
    let upto = reader
        .for_each(query, |item| {
            items.push(match item {
                ExportItem::Article(article) => {
                    let at = if item.change() == article.seq {
                        String::new()
                    } else {
                        format!(" at {}", item.change())
                    };
                    format!("{} {} ({}){at}", article.op, article.article_id, article.seq)
                }
                ExportItem::Gone(change) => format!("{} {} ({})", change.op, change.article_id, change.seq),
            });
            Ok::<_, ArticleQueryError>(ControlFlow::Continue(()))
        })
        .unwrap();
    (items, upto)
}

fn found(fixture: &StoreFixture, query: &str, source: &str) -> Vec<i64> {
    let request = SearchRequest {
        query: query.into(),
        source: Some(source.into()),
        limit: 9,
        ..SearchRequest::default()
    };
    let mut ids: Vec<i64> =
        reader(fixture).search(&request).unwrap().hits.iter().map(|hit| hit.article_id).collect();
    ids.sort_unstable();
    ids
}

/// What `cuttings verify` finds.
fn faults(fixture: &StoreFixture) -> Vec<String> {
    reader(fixture).verify(|_| ()).unwrap()
}

#[tokio::test]
async fn an_article_belongs_to_every_source_that_names_it_whichever_was_first() {
    let (mut fixture, claims) = front_and_sport().await;
    fixture.pass(60);
    fixture.publish(&claims[1], &["https://one.example/2"]).await;
    assert!(fixture.entries(9).await.is_empty(), "nothing is fetched for the second source");
    assert_eq!(
        fixture.strings(
            "SELECT article_id || ' ' || source || ' ' || sources FROM articles ORDER BY article_id"
        ),
        [r#"1 one ["one"]"#, r#"2 one ["one","two"]"#, r#"3 one ["one"]"#]
    );
    let reader = reader(&fixture);
    let all = ["new 1 (1)", "new 2 (2)", "new 3 (3)"];
    for query in [of_sources(&["one"]), of_tag("front"), of_sources(&["one", "two"]), of_tag("all")] {
        assert_eq!(items(&reader, &query).0, all, "{query:?}");
    }
    for query in [of_sources(&["two"]), of_tag("sport")] {
        assert_eq!(items(&reader, &query), (vec!["new 2 (2) at 4".to_owned()], 4), "{query:?}");
        for order in [SortOrder::Newest, SortOrder::SourceAndDay] {
            assert_eq!(items(&reader, &ArticleQuery { order, ..query.clone() }).0, ["new 2 (2)"]);
        }
        assert_eq!(reader.count_articles(&query).unwrap(), 1);
    }
    assert_eq!(items(&reader, &of_sources(&["three"])).0, Vec::<String>::new());
    assert_eq!(found(&fixture, "title", "one"), [1, 2, 3]);
    assert_eq!(found(&fixture, "title", "two"), [2]);
    let counts = |at: usize| {
        let status = &reader.sources_status(fixture.now).unwrap()[at];
        (status.articles, status.articles_day, status.silence.is_some())
    };
    assert_eq!((counts(0), counts(1)), ((3, 3, true), (1, 1, true)));
    assert_eq!(reader.summary().unwrap().articles, 3);
    assert_eq!(
        fixture.strings(
            "SELECT source || ' ' || entry FROM article_sources WHERE article_id = 2 ORDER BY source"
        ),
        ["one one.example/2", "two one.example/2"]
    );
    assert_eq!(faults(&fixture), Vec::<String>::new());
}

#[tokio::test]
async fn a_source_that_joins_is_a_change_and_no_revision() {
    let (mut fixture, claims) = front_and_sport().await;
    let reader = reader(&fixture);
    let before = fixture.strings("SELECT seq || url FROM articles ORDER BY seq");
    let clusters = fixture.strings("SELECT ifnull(cluster, '') || hex(sketch) FROM article ORDER BY id");
    fixture.pass(60);
    fixture.publish(&claims[1], &["https://one.example/2"]).await;
    assert_eq!(
        fixture.strings("SELECT seq || op || article_id || ' ' || source FROM changes WHERE op = 'joined'"),
        ["4joined2 two"]
    );
    assert_eq!(fixture.strings("SELECT seq || url FROM articles ORDER BY seq"), before);
    assert_eq!(
        fixture.strings("SELECT ifnull(cluster, '') || hex(sketch) FROM article ORDER BY id"),
        clusters
    );
    assert_eq!(fixture.number("SELECT count(*) FROM revisions"), 3);
    let since = |query: ArticleQuery, since_seq| items(&reader, &ArticleQuery { since_seq, ..query });
    // Only who selects by source or tag gets it, once, and the mark moves for all.
    assert_eq!(since(ArticleQuery::default(), 3), (vec![], 4));
    assert_eq!(since(of_tag("sport"), 3), (vec!["new 2 (2) at 4".to_owned()], 4));
    assert_eq!(since(of_tag("sport"), 4), (vec![], 4));
    assert_eq!(since(of_tag("front"), 3), (vec![], 4), "it was there already");
    assert_eq!(since(of_tag("all"), 3), (vec![], 4), "by another of its sources");
    let rest = ArticleQuery { since_seq: 3, order: SortOrder::Newest, ..of_tag("sport") };
    assert_eq!(items(&reader, &rest).0, ["new 2 (2)"]);
    assert_eq!(reader.count_articles(&rest).unwrap(), 1);
    let revisions = ArticleQuery { revisions: true, ..of_tag("sport") };
    assert_eq!(since(revisions.clone(), 0).0, ["new 2 (2)"]);
    assert_eq!(since(revisions, 3).0, ["new 2 (2) at 4"]);
    let foreign = ArticleQuery { query: Some("nothing".into()), ..of_tag("sport") };
    assert_eq!(since(foreign, 3).0, Vec::<String>::new());
    // The same source again, under another link of the article: no change.
    fixture.publish_again(&["https://one.example/2"]).await;
    assert_eq!(fixture.number("SELECT seq FROM sequence"), 4);
}

#[tokio::test]
async fn what_joined_and_was_revised_comes_once_as_new() {
    let (mut fixture, claims) = front_and_sport().await;
    fixture.pass(60);
    fixture.publish(&claims[1], &["https://one.example/2"]).await;
    fixture.publish_again(&["https://other.example/x"]).await;
    fixture.collect(cutting("one.example/2", &words("edited"), &[])).await;
    let reader = reader(&fixture);
    let range = |query: ArticleQuery, since_seq, upto| {
        items(&reader, &ArticleQuery { since_seq, upto: Some(upto), ..query }).0
    };
    assert_eq!(range(of_tag("sport"), 3, 9), ["new 2 (5)"], "not as the revision it is to others");
    assert_eq!(range(of_tag("sport"), 4, 9), ["revised 2 (5)"]);
    assert_eq!(range(of_tag("sport"), 3, 4), Vec::<String>::new(), "it changed again: the next range has it");
    assert_eq!(range(of_tag("front"), 3, 9), ["revised 2 (5)"]);
    assert_eq!(range(ArticleQuery::default(), 0, 9), ["new 1 (1)", "new 3 (3)", "revised 2 (5)"]);
}

#[tokio::test]
async fn merged_and_deleted_articles_are_told_to_all_their_sources() {
    let (mut fixture, claims) = StoreFixture::with(&["one", "two", "three"]).await;
    for (claim, name) in claims.iter().zip(["one", "two"]) {
        fixture.publish(claim, &[&format!("https://{name}.example/a")]).await;
        fixture.collect(cutting(&format!("{name}.example/a"), &words("same"), &[])).await;
        fixture.pass(60);
    }
    fixture.publish(&claims[2], &["https://three.example/a"]).await;
    let bridge = [(KeyKind::Canonical, "one.example/a"), (KeyKind::OgUrl, "two.example/a")];
    fixture.collect(cutting("three.example/a", &words("same"), &bridge)).await;
    assert_eq!(fixture.strings("SELECT article_id || sources FROM articles"), [r#"1["one","three","two"]"#]);
    assert_eq!(
        fixture.strings(
            "SELECT op || article_id || ifnull(source, '') FROM changes WHERE op IN ('joined', 'merged') ORDER BY op, source"
        ),
        ["joined1three", "joined1two", "merged2"]
    );
    let reader = reader(&fixture);
    let since = |name: &str, since_seq| items(&reader, &ArticleQuery { since_seq, ..of_sources(&[name]) }).0;
    let of_two = since("two", 2);
    assert_eq!(of_two.len(), 2, "{of_two:?}");
    assert!(of_two[0].starts_with("merged 2 (3)") && of_two[1].starts_with("new 1 ("), "{of_two:?}");
    assert_eq!(since("one", 2), ["revised 1 (4)"], "it was there already");
    assert_eq!(since("three", 2).len(), 1);
    assert_eq!(faults(&fixture), Vec::<String>::new());

    let mut maintenance = MaintenanceWriter::open(&fixture.path()).unwrap();
    let last = reader.last_seq().unwrap();
    maintenance.delete(1, fixture.now).unwrap();
    for name in ["one", "two", "three"] {
        assert_eq!(since(name, last), [format!("deleted 1 ({})", last + 1)]);
        assert_eq!(reader.sources_status(fixture.now).unwrap()[0].articles, 0);
        assert_eq!(found(&fixture, "title", name), Vec::<i64>::new());
    }
    // A tombstone takes no more sources.
    fixture.publish_again(&["https://three.example/a"]).await;
    assert_eq!(reader.last_seq().unwrap(), last + 1);
}

#[tokio::test]
async fn sources_part_with_the_pages_that_they_named() {
    let (mut fixture, claims) = StoreFixture::with(&["one", "two"]).await;
    let printed = [(KeyKind::ShortLink, "sho.rt/1")];
    for (claim, host) in claims.iter().zip(["one.example", "m.one.example"]) {
        fixture.publish(claim, &[&format!("https://{host}/a")]).await;
        fixture.collect(cutting(&format!("{host}/a"), &words("same"), &printed)).await;
        fixture.pass(60);
    }
    assert_eq!(fixture.strings("SELECT sources FROM articles"), [r#"["one","two"]"#]);
    // Another text under the same short link: it names none of them, and the two are articles of their own.
    fixture.publish_again(&["https://one.example/b"]).await;
    fixture.collect(cutting("one.example/b", &words("other"), &printed)).await;
    assert_eq!(
        fixture.strings("SELECT url || sources FROM articles ORDER BY url"),
        [
            r#"https://m.one.example/a["two"]"#, r#"https://one.example/a["one"]"#,
            r#"https://one.example/b["one"]"#
        ]
    );
    assert_eq!(faults(&fixture), Vec::<String>::new());
    let parted = fixture.number("SELECT article_id FROM articles WHERE url LIKE 'https://m.%'");
    let of_two = items(&reader(&fixture), &of_sources(&["two"])).0;
    assert!(of_two.len() == 1 && of_two[0].starts_with(&format!("new {parted} ")), "{of_two:?}");
    assert_eq!(found(&fixture, "title", "two"), [parted]);
}

#[tokio::test]
async fn a_renamed_or_removed_source_keeps_its_articles() {
    let (fixture, claims) = front_and_sport().await;
    fixture.publish(&claims[1], &["https://one.example/2"]).await;
    let renamed = Source { was: Some("one".into()), ..tagged("zebra", "front") };
    fixture.store.sync_sources(&[renamed], fixture.now).await.unwrap();
    assert_eq!(
        fixture.strings("SELECT sources FROM articles ORDER BY article_id"),
        [r#"["zebra"]"#, r#"["two","zebra"]"#, r#"["zebra"]"#]
    );
    let reader = reader(&fixture);
    assert_eq!(items(&reader, &of_sources(&["zebra"])).0.len(), 3);
    assert_eq!(items(&reader, &of_sources(&["two"])).0.len(), 1);
    assert_eq!((found(&fixture, "title", "zebra").len(), found(&fixture, "title", "two").len()), (3, 1));
    assert_eq!(faults(&fixture), Vec::<String>::new());
}

#[tokio::test]
async fn an_index_made_anew_finds_the_articles_of_each_source() {
    let (fixture, claims) = front_and_sport().await;
    fixture.publish(&claims[1], &["https://one.example/2"]).await;
    let mut maintenance = MaintenanceWriter::open(&fixture.path()).unwrap();
    maintenance.rebuild_search(|_| ()).unwrap();
    assert_eq!((found(&fixture, "title", "one").len(), found(&fixture, "title", "two")), (3, vec![2]));
    // What was written is what is removed: nothing of it stays in the index.
    for article in 1..=3 {
        maintenance.delete(article, fixture.now).unwrap();
    }
    assert_eq!(fixture.number("SELECT count(*) FROM search WHERE search MATCH 'title'"), 0);
}

/// Articles of `one`, a day apart, some of them named by `two` as well when they were stored.
async fn kept_by_two(count: usize, both: &[usize], keep: [ArticleRetention; 2]) -> StoreFixture {
    let mut fixture = StoreFixture::new();
    configure(&fixture, keep).await;
    for i in 0..count {
        let link = format!("https://one.example/{i}");
        let claims = fixture.store.claim_sources(fixture.now, 9, Some(fixture.now)).await.unwrap();
        let of = |name: &str| claims.iter().find(|claim| claim.name == name).unwrap();
        fixture.publish(of("one"), &[&link]).await;
        fixture.collect(cutting(&format!("one.example/{i}"), &words(&format!("t{i}x")), &[])).await;
        let named: Vec<&str> = both.iter().filter(|at| **at == i).map(|_| link.as_str()).collect();
        fixture.publish(of("two"), &named).await;
        fixture.pass(DAY);
    }
    fixture
}

async fn configure(fixture: &StoreFixture, keep: [ArticleRetention; 2]) {
    let sources = [("one", keep[0]), ("two", keep[1])].map(|(name, keep)| Source { keep, ..source(name) });
    fixture.store.sync_sources(&sources, fixture.now).await.unwrap();
}

async fn pruned(fixture: &StoreFixture) -> Vec<String> {
    let policies = crate::store::expiry::stored_policies(&fixture.sql()).unwrap();
    let maintenance = MaintenanceWriter::open(&fixture.path()).unwrap();
    let forecast = maintenance.forecast(&policies, fixture.now).unwrap();
    let mut dropped = 0;
    loop {
        let part = fixture.store.prune(fixture.now).await.unwrap();
        dropped += part.articles;
        if !part.more {
            break;
        }
    }
    assert_eq!(forecast.articles, dropped, "the forecast was {forecast:?}");
    assert_eq!(faults(fixture), Vec::<String>::new());
    fixture.strings("SELECT substr(url, 21) FROM articles ORDER BY article_id")
}

#[tokio::test]
async fn an_article_is_pruned_when_none_of_its_sources_keeps_it() {
    use ArticleRetention::{For, Forever, Newest};
    let days = |days: u64| For(Duration::from_secs(days * DAY as u64));
    for (keep, left) in [
        ([days(2), Forever], vec!["0", "2", "4", "5"]),
        ([days(2), days(4)], vec!["2", "4", "5"]),
        ([days(4), days(2)], vec!["2", "3", "4", "5"]),
        ([Newest(1), Newest(2)], vec!["2", "4", "5"]),
        ([Newest(1), days(1)], vec!["5"]),
        ([Forever, Newest(1)], vec!["0", "1", "2", "3", "4", "5"]),
    ] {
        let fixture = kept_by_two(6, &[0, 2, 4], keep).await;
        assert_eq!(pruned(&fixture).await, left, "{keep:?}");
        let reader = reader(&fixture);
        let counted: u64 =
            reader.sources_status(fixture.now).unwrap().iter().map(|status| status.articles).sum();
        let of_both = left.iter().filter(|name| ["0", "2", "4"].contains(name)).count();
        assert_eq!(usize::try_from(counted).unwrap(), left.len() + of_both, "the sum over the sources");
        // Nothing is looked at twice, and nothing is overlooked.
        assert_eq!(fixture.store.prune(fixture.now).await.unwrap().articles, 0);
    }
}

#[tokio::test]
async fn what_one_source_kept_goes_when_that_source_lets_it_go() {
    use ArticleRetention::{For, Forever, Newest};
    let days = |days: u64| For(Duration::from_secs(days * DAY as u64));
    let mut fixture = kept_by_two(6, &[0, 2, 4], [days(1), Forever]).await;
    assert_eq!(pruned(&fixture).await, ["0", "2", "4", "5"]);
    configure(&fixture, [days(1), Newest(2)]).await;
    assert_eq!(pruned(&fixture).await, ["2", "4", "5"]);
    // One that keeps more than before lets go of the same articles again later.
    configure(&fixture, [days(9), Newest(1)]).await;
    assert_eq!(pruned(&fixture).await, ["2", "4", "5"]);
    fixture.pass(6 * DAY);
    assert_eq!(pruned(&fixture).await, ["4", "5"]);
    // No longer configured: it keeps what it has.
    fixture.store.sync_sources(&[Source { keep: days(1), ..source("one") }], fixture.now).await.unwrap();
    assert_eq!(pruned(&fixture).await, ["4"]);
    configure(&fixture, [days(1), days(1)]).await;
    assert_eq!(pruned(&fixture).await, Vec::<String>::new());
}

#[tokio::test]
async fn pruning_passes_what_others_keep_in_bounded_steps() {
    use ArticleRetention::{For, Forever};
    let fixture = kept_by_two(0, &[], [For(Duration::from_hours(1)), Forever]).await;
    // Many old ones that `two` keeps, and a few behind them that nobody does.
    fixture
        .sql()
        .execute_batch(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000) \
             INSERT INTO article (id, first_seen, seq) SELECT i, '2020-01-01T00:00:00Z', i FROM n; \
             INSERT INTO membership (article_id, source_id, first_seen, seq) SELECT id, 1, first_seen, seq FROM article; \
             INSERT INTO membership (article_id, source_id, first_seen, seq) SELECT id, 2, first_seen, seq FROM article WHERE id <= 11990; \
             UPDATE sequence SET seq = 12000;",
        )
        .unwrap();
    let mut steps = Vec::new();
    loop {
        let part = fixture.store.prune(fixture.now).await.unwrap();
        steps.push(part.articles);
        if !part.more {
            break;
        }
    }
    assert_eq!(steps, [0, 0, 10]);
    assert_eq!(
        fixture.strings("SELECT pruned_first_seen || ' ' || pruned_article FROM source WHERE id = 1"),
        ["2020-01-01T00:00:00Z 12000"],
        "the next pass begins behind them"
    );
    let plan = super::plans::plan(&fixture.sql(), crate::store::expiry::PASSED);
    assert_eq!(
        plan,
        [
            "SEARCH membership USING COVERING INDEX membership_source (source_id=? AND (first_seen,article_id)>(?,?) AND (first_seen,article_id)<(?,?))"
        ]
    );
}

/// A step of the test below.
#[derive(Clone, Debug)]
enum Step {
    /// Stores an article of a source.
    Store {
        source: i64,
    },
    /// Another source names an article.
    Join {
        article: usize,
        source: i64,
    },
    Revise {
        article: usize,
    },
    Delete {
        article: usize,
    },
    /// Everybody reads, but so many items at most.
    Read {
        limit: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1..4_i64).prop_map(|source| Step::Store { source }),
        (0..6_usize, 1..4_i64).prop_map(|(article, source)| Step::Join { article, source }),
        (0..6_usize).prop_map(|article| Step::Revise { article }),
        (0..6_usize).prop_map(|article| Step::Delete { article }),
        (1..5_usize).prop_map(|limit| Step::Read { limit }),
    ]
}

/// A consumer: up to where it has read, and what it has.
#[derive(Default)]
struct Follower {
    mark: i64,
    has: BTreeMap<i64, i64>,
    /// It did not read to the end once: what was revised before it came to it is `revised`.
    was_cut: bool,
}

impl Follower {
    /// Reads up to `limit` items after its mark.
    fn read(&mut self, reader: &Reader, query: &ArticleQuery, limit: usize) {
        let query = ArticleQuery { since_seq: self.mark, ..query.clone() };
        let (mut count, mut last) = (0, self.mark);
        let upto = reader
            .for_each(&query, |item| {
                if count == limit {
                    return Ok::<_, ArticleQueryError>(ControlFlow::Break(()));
                }
                count += 1;
                assert!(item.change() > last, "in order");
                last = item.change();
                match item {
                    ExportItem::Article(article) => {
                        let before = self.has.insert(article.article_id, article.seq);
                        assert_ne!(before, Some(article.seq), "nothing comes twice");
                        let is_first = before.is_none();
                        assert!(article.op != "new" || is_first, "article {}", article.article_id);
                        let is_told_apart = !query.sources.is_empty() && !self.was_cut;
                        assert!(
                            !is_told_apart || article.op == "new" || !is_first,
                            "article {}",
                            article.article_id
                        );
                    }
                    ExportItem::Gone(change) => {
                        self.has.remove(&change.article_id);
                    }
                }
                Ok(ControlFlow::Continue(()))
            })
            .unwrap();
        self.was_cut |= count == limit;
        self.mark = if count == limit { last } else { upto };
    }
}

proptest! {
    #![proptest_config(crate::proptest_config())]

    #[test]
    fn who_follows_a_selection_in_any_steps_has_it_and_got_each_change_once(
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let db = super::grouping::memory();
        db.execute_batch(
            "INSERT INTO source (id, name, url, host, enabled, configured, schedule, timezone, first_seen, next_at) \
             VALUES (2, 'two', '', '', 1, 1, '', '', '', 0), (3, 'three', '', '', 1, 1, '', '', '', 0)",
        )
        .unwrap();
        let reader = Reader { db };
        let db = &reader.db;
        let queries = [
            ArticleQuery { gone: true, ..ArticleQuery::default() },
            of_sources(&["one"]), of_sources(&["two"]), of_sources(&["two", "three"]),
        ];
        let mut followers: Vec<Follower> = queries.iter().map(|_| Follower::default()).collect();
        let mut pages = Vec::new();
        for (at, step) in steps.into_iter().chain([Step::Read { limit: 999 }]).enumerate() {
            let now = start_of_time() + chrono::Duration::seconds(at as i64);
            let store = |page: &str, source: i64, text: &str| {
                let page = cutting(page, &words(text), &[]);
                let source = crate::model::SourceId(source);
                let (id, stored) = crate::store::articles::record(db, source, &page, &page.keys, None, now).unwrap();
                name(db, id.0, source.0, at);
                crate::store::memberships::enter(db, source, &stored, now).unwrap();
                id.0
            };
            match step {
                Step::Store { source } => pages.push((store(&format!("p{at}.example/a"), source, &format!("t{at}x")), source, at)),
                Step::Join { article, source } => {
                    if let Some((page, ..)) = pages.get(article) {
                        name(db, *page, source, at);
                        let article = crate::store::page_id::article_of(db, crate::store::page_id::PageId(*page)).unwrap();
                        crate::store::memberships::refresh(db, article, now).unwrap();
                    }
                }
                Step::Revise { article } => {
                    if let Some((_, source, first)) = pages.get(article).copied() {
                        store(&format!("p{first}.example/a"), source, &format!("r{at}x"));
                    }
                }
                Step::Delete { article } => {
                    if let Some((page, ..)) = pages.get(article) {
                        let article = crate::store::page_id::article_of(db, crate::store::page_id::PageId(*page)).unwrap();
                        let reason = crate::store::changes::DeletionReason::Takedown;
                        crate::store::retention::drop_article(db, article, reason, now).unwrap();
                    }
                }
                Step::Read { limit } => {
                    for (follower, query) in followers.iter_mut().zip(&queries) {
                        follower.read(&reader, query, limit);
                    }
                }
            }
        }
        for (follower, query) in followers.iter().zip(&queries) {
            let mut all = Follower::default();
            all.read(&reader, query, 999);
            prop_assert_eq!(&follower.has, &all.has);
            prop_assert_eq!(reader.count_articles(query).unwrap(), all.has.len() as u64);
        }
    }
}

/// An entry of a source that led to a page.
fn name(db: &Connection, page: i64, source: i64, at: usize) {
    db.execute(
        "INSERT OR IGNORE INTO entry (source_id, ident, state, page_id, first_seen) VALUES (?1, ?2, 'done', ?3, '2026-11-24T03:50:00Z')",
        params![source, format!("id:{at}"), page],
    )
    .unwrap();
}
