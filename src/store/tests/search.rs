use proptest::prelude::*;

use super::*;

/// Articles with these titles and texts, in order of arrival.
async fn library(articles: &[(&str, &str)]) -> StoreFixture {
    let (mut fixture, claims) = StoreFixture::with(&["one", "two"]).await;
    let links: Vec<String> = (0..articles.len()).map(|i| format!("https://h{i}.example/{i}")).collect();
    fixture.publish(&claims[0], &links.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for (i, (title, text)) in articles.iter().enumerate() {
        let mut page = cutting(&format!("h{i}.example/{i}"), text, &[]);
        page.extraction.title = Some((*title).to_owned());
        page.extraction.standfirst = Some(format!("Lead number{i}"));
        page.published_at = Some(fixture.now - chrono::Duration::days(10 - i as i64));
        let claims = fixture.entries(99).await;
        let claim =
            claims.iter().find(|claim| claim.entry.link.as_ref().unwrap().as_str() == links[i]).unwrap();
        fixture.page(claim, PageResult::Article(Box::new(page))).await.unwrap();
        fixture.store.release_all().await.unwrap();
        fixture.pass(60);
    }
    fixture
}

fn ids(fixture: &StoreFixture, query: &str) -> Vec<i64> {
    with(fixture, query, |_| {})
}

fn with(fixture: &StoreFixture, query: &str, change: impl Fn(&mut SearchRequest)) -> Vec<i64> {
    let mut search = SearchRequest { query: query.into(), limit: 20, ..SearchRequest::default() };
    change(&mut search);
    let reader = Reader::open(&fixture.path()).unwrap();
    let hits = reader.search(&search).unwrap().hits;
    hits.iter().map(|hit| hit.article_id).collect()
}

#[tokio::test]
async fn words_phrases_prefixes_operators_and_fields_find_newest_first() {
    let fixture = library(&[
        ("The harbour", "Ferries leave the old harbour each morning."),
        ("Été à Paris", "Pas de bateau dans le vieux port."),
        ("北京新闻", "在北京市中心的学校,今天开学了。"),
        ("ข่าว", "ข้าวผัดอร่อยมากในกรุงเทพ"),
        ("A new bridge", "The harbour old and new, without a ferry."),
        ("हिन्दी", "यह हिन्दी में एक समाचार है"),
    ])
    .await;
    for (query, expected) in [
        ("harbour", vec![5, 1]),
        ("HARBOUR the", vec![5, 1]),
        ("\"old harbour\"", vec![1]),
        ("ferr*", vec![5, 1]),
        ("harbour NOT ferries", vec![5]),
        ("harbour -new", vec![1]),
        ("ferries OR bateau", vec![2, 1]),
        ("title:harbour", vec![1]),
        ("title:(harbour OR bridge)", vec![5, 1]),
        ("standfirst:number1", vec![2]),
        ("ete paris", vec![2]),
        ("北京", vec![3]),
        ("北京市", vec![3]),
        ("市", vec![3]),
        ("了", vec![3]),
        ("上海", vec![]),
        ("京北", vec![]),
        ("ผัด", vec![4]),
        ("กรุงเทพ", vec![4]),
        ("हिन्दी", vec![6]),
        ("हिन", vec![]),
    ] {
        assert_eq!(ids(&fixture, query), expected, "{query}");
    }
    // Plain SQL finds the same.
    assert_eq!(
        fixture.number("SELECT count(*) FROM articles WHERE article_id IN (SELECT rowid FROM search WHERE search MATCH 'harbour AND new')"),
        1
    );
    assert_eq!(fixture.number("SELECT rowid FROM search WHERE search MATCH '\"北京 京市\"'"), 3);
    let source = |name: &'static str| move |search: &mut SearchRequest| search.source = Some(name.into());
    assert_eq!(with(&fixture, "harbour", source("one")), [5, 1]);
    assert!(with(&fixture, "harbour", source("two")).is_empty());
    let then = start_of_time() - chrono::Duration::days(8);
    assert_eq!(with(&fixture, "harbour", |search| search.since = Some(then)), [5]);
    assert_eq!(with(&fixture, "harbour", |search| search.until = Some(then)), [1]);
    assert_eq!(with(&fixture, "harbour", |search| search.limit = 1), [5]);
    // The first is the better: it has the word in its headline.
    assert_eq!(with(&fixture, "harbour", |search| search.order = SortBy::Rank), [1, 5]);
}

#[tokio::test]
async fn only_current_revisions_are_found() {
    let mut fixture = library(&[("One", &words("old")), ("Two", &words("two"))]).await;
    assert_eq!(ids(&fixture, "old7"), [1]);
    // Its text changes, as a page that is seen under another link.
    fixture.publish_again(&["https://other.example/a"]).await;
    fixture.collect(cutting("h0.example/0", &words("new"), &[])).await;
    assert!(ids(&fixture, "old7").is_empty());
    assert_eq!(ids(&fixture, "new7"), [1]);
    fixture.pass(60);
    // Another page of it says more: both are found once.
    fixture.publish_again(&["https://h1.example/1/print"]).await;
    let canonical = [(KeyKind::Canonical, "h1.example/1")];
    let third = cutting("h1.example/1/print", &(words("two") + &words("third")), &canonical);
    fixture.collect(third).await;
    assert_eq!(ids(&fixture, "two7 OR third7"), [2]);
    assert_eq!(fixture.number("SELECT count(*) FROM search_due"), 0);
    assert_eq!(fixture.number("SELECT count(*) FROM search"), 2);
}

/// What is published last comes first, in whatever order it arrived; a source and a time are found without what lies
/// between.
#[tokio::test]
async fn newest_sorts_by_publication() {
    let (fixture, claims) = StoreFixture::with(&["one", "two"]).await;
    for (number, (source, days)) in [(0, 2), (0, 9), (1, 5), (0, 1)].into_iter().enumerate() {
        let mut page = cutting(&format!("h{number}.example/{number}"), "a common word", &[]);
        page.published_at = Some(fixture.now - chrono::Duration::days(days));
        let (source, now): (SourceId, _) = (claims[source].id, fixture.now);
        let record = move |db: &Connection| {
            let (_, stored) = crate::store::articles::record(db, source, &page, &page.keys, None, now)?;
            crate::store::memberships::enter(db, source, &stored, now)
        };
        fixture.store.writer.call("record", record).await.unwrap();
    }
    assert_eq!(ids(&fixture, "common"), [4, 1, 3, 2]);
    assert_eq!(with(&fixture, "common", |search| search.limit = 2), [4, 1]);
    assert_eq!(with(&fixture, "common", |search| search.source = Some("two".into())), [3]);
    assert_eq!(with(&fixture, "common OR absent", |search| search.source = Some("one".into())), [4, 1, 2]);
    assert!(with(&fixture, "common", |search| search.source = Some("none".into())).is_empty());
    let day = |days| start_of_time() - chrono::Duration::days(days);
    assert_eq!(
        with(&fixture, "common", |search| {
            search.since = Some(day(6));
            search.until = Some(day(1));
        }),
        [1, 3]
    );
    // The word of a source is no word of a text: nobody finds it by typing.
    assert!(ids(&fixture, "1 OR 2 OR \u{e000}*").is_empty());
}

/// Of a beginning that stands for too much the commonest words are looked for, and it is said; no other search is touched.
#[tokio::test]
async fn a_prefix_of_too_many_words_is_shortened_and_reported() {
    let (fixture, claims) = StoreFixture::with(&["one"]).await;
    let (source, now) = (claims[0].id, fixture.now);
    let record = move |db: &Connection| {
        for number in 0..400 {
            // Forty words begin with `wa` and are everywhere, a hundred are in one article each.
            let common: String = (0..40).map(|word| format!("wa{word}x ")).collect();
            let text = format!("{common}{common}{common} rare{number} wa{number}rare");
            let page = cutting(&format!("one.example/{number}"), &text, &[]);
            crate::store::articles::record(db, source, &page, &page.keys, None, now)?;
        }
        Ok(())
    };
    fixture.store.writer.call("record", record).await.unwrap();
    let reader = Reader::open(&fixture.path()).unwrap();
    let found = |query: &str, order| {
        let search = SearchRequest { query: query.into(), limit: 20, order, ..SearchRequest::default() };
        let found = reader.search(&search).unwrap();
        let ids: Vec<i64> = found.hits.iter().map(|hit| hit.article_id).collect();
        (ids, found.shortened)
    };
    let newest: Vec<i64> = (381..=400).rev().collect();
    let said = vec!["Wa*".to_owned()];
    assert_eq!(found("Wa*", SortBy::Newest), (newest.clone(), said.clone()));
    assert_eq!(found("Wa*", SortBy::Rank).1, said);
    assert_eq!(found("title:Wa* OR rare7", SortBy::Newest), (vec![8], said.clone()));
    assert_eq!(found("rare7 Wa*", SortBy::Newest), (vec![8], said.clone()));
    assert_eq!(found("\"rare7 Wa\"*", SortBy::Newest).1, ["rare7 Wa*"]);
    // Few places, so all of them, whatever the word.
    assert_eq!(found("wa7r*", SortBy::Newest), (vec![8], Vec::new()));
    assert_eq!(found("rare1* -rare1", SortBy::Newest).0.len(), 20);
    assert_eq!(found("wa0x", SortBy::Newest), (newest, Vec::new()));
}

fn any_query() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "\"", "(", ")", "*", ":", "-", "^", "{", "}", "+", "AND ", "OR ", "NOT ", "NEAR(", "title:", "text :", "'",
            "a", "word ", "北京", "๏ก็", "\0", "\u{0301}", "é", ";", "--", "/*", "%", "rank", "search ", "Ⓐ", "\u{10ffff}",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

#[test]
fn h19_any_text_is_a_query() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("news.db");
    drop(Store::open(&path, start_of_time()).unwrap());
    Connection::open(&path)
        .unwrap()
        .execute_batch("INSERT INTO search (rowid, title, standfirst, text) VALUES (1, 'a word', '北京 京', 'rank search title')")
        .unwrap();
    let reader = Reader::open(&path).unwrap();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(3000));
    runner
        .run(&any_query(), |query| {
            for order in [SortBy::Newest, SortBy::Rank] {
                let search =
                    SearchRequest { query: query.clone(), order, limit: 5, ..SearchRequest::default() };
                match reader.search(&search) {
                    Ok(_) | Err(SearchError::Query(_)) => {}
                    Err(SearchError::Store(error)) => prop_assert!(false, "{query:?}: {error}"),
                }
            }
            Ok(())
        })
        .unwrap();
    for typed in [
        "(".repeat(500),
        "a OR ".repeat(500),
        "title:".repeat(300) + "a",
        "NOT ".repeat(400) + "a",
        "-".repeat(900) + "a",
    ] {
        let search = SearchRequest { query: typed.clone(), limit: 5, ..SearchRequest::default() };
        if let Err(SearchError::Store(error)) = reader.search(&search) {
            panic!("{typed:.20}…: {error}");
        }
    }
}
