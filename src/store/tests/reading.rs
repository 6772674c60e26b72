use std::collections::BTreeMap;

use super::*;
use crate::model::{EncodedBody, RawPage};

/// docs/schema.md: `## name` of a view, then a table whose first column is the column, in order.
fn documented() -> Vec<(String, Vec<String>)> {
    let text = include_str!("../../../docs/schema.md");
    let mut views: Vec<(String, Vec<String>)> = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("## `").and_then(|rest| rest.strip_suffix('`')) {
            views.push((name.to_owned(), Vec::new()));
        } else if let (Some(cell), Some(view)) = (line.strip_prefix("| `"), views.last_mut()) {
            view.1.push(cell.split('`').next().unwrap().to_owned());
        }
    }
    views
}

#[test]
fn every_column_of_every_view_is_documented_in_order() {
    let fixture = StoreFixture::new();
    // A view that was made anew stands behind the others.
    let views: BTreeMap<String, Vec<String>> = fixture
        // One is only a part of another.
        .strings("SELECT name FROM sqlite_schema WHERE type = 'view' AND name <> 'source_next'")
        .into_iter()
        .map(|view| {
            let columns =
                fixture.strings(&format!("SELECT name FROM pragma_table_info('{view}') ORDER BY cid"));
            (view, columns)
        })
        .collect();
    assert_eq!(documented().into_iter().collect::<BTreeMap<_, _>>(), views);
}

#[test]
fn the_recipes_of_the_documentation_run() {
    let fixture = StoreFixture::new();
    let db = fixture.sql();
    let text = include_str!("../../../docs/schema.md");
    let recipes: Vec<&str> =
        text.split("```sql\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(recipes.len() >= 4);
    for recipe in recipes {
        let mut query = db.prepare(recipe).unwrap_or_else(|error| panic!("{recipe}: {error}"));
        let parameters = vec![0_i64; query.parameter_count()];
        let mut rows = query.query(rusqlite::params_from_iter(parameters)).unwrap();
        while rows.next().unwrap_or_else(|error| panic!("{recipe}: {error}")).is_some() {}
    }
}

/// The cells of a documented column: name, type, whether it may be null.
fn columns(view: &str) -> Vec<(String, String, bool)> {
    let text = include_str!("../../../docs/schema.md");
    let section = text.split(&format!("## `{view}`\n")).nth(1).unwrap();
    section
        .split("\n## ")
        .next()
        .unwrap()
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            (cells[1].trim_matches('`').to_owned(), cells[2].to_owned(), cells[3] == "yes")
        })
        .collect()
}

#[tokio::test]
async fn every_value_is_of_the_documented_type_and_null_only_where_that_is_said() {
    use crate::model::{Precision, Timestamp};
    let (mut fixture, claims) = StoreFixture::with(&["one", "sick"]).await;
    fixture
        .publish(&claims[0], &["https://one.example/a", "https://one.example/b", "https://one.example/c"])
        .await;
    fixture
        .store
        .record_poll(fixture.polled(&claims[1], PollResult::Failed(failure("http-503"))))
        .await
        .unwrap();
    // One with everything, one with nothing, and one that is both of them.
    let mut full = cutting("one.example/a", &words("a"), &[(KeyKind::ShortLink, "sho.rt/a")]);
    let fields = &mut full.extraction;
    fields.standfirst = Some("Lead".into());
    fields.byline = Some("By A".into());
    fields.authors = vec!["A".into()];
    let at = chrono::DateTime::parse_from_rfc3339("2018-01-05T23:59:58+05:30").unwrap();
    fields.published = Some(Timestamp { precision: Precision::Minute, ..Timestamp::instant(at) });
    fields.modified = Some(Timestamp::instant(at));
    fields.image = Some(url("https://one.example/a.jpg"));
    fields.image_size.width = Some(1200);
    fields.language = Some("en".into());
    fields.site = Some("One".into());
    fields.links.short_link = Some(url("https://sho.rt/a"));
    full.published_at = Some(at.to_utc());
    full.claims = vec![crate::model::Claim {
        kind: KeyKind::Canonical,
        key: "other.example/a".into(),
        url: "https://other.example/a".into(),
    }];
    let mut empty = cutting("one.example/b", "", &[]);
    empty.extraction.title = None;
    let bridge = [(KeyKind::Canonical, "one.example/a"), (KeyKind::OgUrl, "one.example/b")];
    for page in [full, empty, cutting("one.example/c", &words("a"), &bridge)] {
        fixture.collect(page).await;
        fixture.pass(60);
    }
    let mut checked = 0;
    for (view, _) in documented() {
        assert_ne!(fixture.number(&format!("SELECT count(*) FROM {view}")), 0, "{view} has rows");
        for (column, kind, may_be_null) in columns(&view) {
            let found = fixture.strings(&format!("SELECT DISTINCT typeof({column}) FROM {view}"));
            for found in found {
                let right = found == kind || (found == "null" && may_be_null);
                assert!(right, "{view}.{column} is {found}, documented as {kind}, null: {may_be_null}");
                checked += 1;
            }
        }
    }
    assert!(checked > 80, "{checked}");
}

#[tokio::test]
async fn the_status_shows_the_state_of_each_source() {
    let (mut fixture, claims) = StoreFixture::with(&["gone", "good", "off", "sick"]).await;
    let by_name = |name: &str| claims.iter().find(|claim| claim.name == name).unwrap();
    fixture.publish(by_name("good"), &["https://good.example/a", "https://good.example/b"]).await;
    fixture.collect(cutting("good.example/a", &words("a"), &[])).await;
    let mut outcome = fixture.polled(by_name("sick"), PollResult::Failed(failure("http-503")));
    outcome.failures = 0.25;
    outcome.fetch.hosts.push(host_failure("sick.example", None));
    fixture.store.record_poll(outcome).await.unwrap();
    let off = Source { enabled: false, ..source("off") };
    let fresh = source("new");
    fixture.store.sync_sources(&[source("good"), off, source("sick"), fresh], fixture.now).await.unwrap();

    let reader = Reader::open(&fixture.path()).unwrap();
    let statuses = reader.sources_status(fixture.now).unwrap();
    let states: Vec<_> =
        statuses.iter().map(|status| (status.name.as_str(), status.state.as_str())).collect();
    assert_eq!(
        states,
        [("gone", "gone"), ("good", "ok"), ("new", "new"), ("off", "disabled"), ("sick", "failing")]
    );
    let good = &statuses[1];
    assert_eq!((good.pending, good.articles, good.articles_day, good.articles_week), (1, 1, 1, 1));
    assert_eq!(good.next.as_ref().unwrap().why, "every 30m");
    assert_eq!((good.title.as_deref(), good.tags.as_slice()), (Some("The Paper"), &["news".to_owned()][..]));
    assert!(good.polled_at.is_some() && good.polled_at == good.succeeded_at && good.last_error.is_none());
    let sick = &statuses[4];
    assert_eq!(sick.last_error.as_ref().unwrap().code, "http-503");
    assert!(sick.host_backoff_until.is_some() && sick.failures > 0.0 && sick.succeeded_at.is_none());
    assert!(statuses[0].next.is_none() && statuses[3].next.is_none());

    fixture.pass(2 * 86400);
    let later = reader.sources_status(fixture.now).unwrap();
    assert_eq!((later[1].articles, later[1].articles_day, later[1].articles_week), (1, 0, 1));
    let summary = reader.summary().unwrap();
    assert_eq!((summary.sources, summary.articles, summary.pending, summary.seq), (4, 1, 1, 1));
}

#[tokio::test]
async fn articles_come_in_pages_and_revised_ones_come_again() {
    let (mut fixture, claims) = StoreFixture::with(&["one"]).await;
    let links: Vec<String> = (0..8).map(|i| format!("https://h{i}.example/a")).collect();
    fixture.publish(&claims[0], &links.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for i in 0..7 {
        let page = format!("p{i}.example/a");
        fixture.collect(cutting(&page, &words(&page), &[])).await;
        fixture.pass(1);
    }
    let reader = Reader::open(&fixture.path()).unwrap();
    let mut seen = Vec::new();
    let mut seq = 0;
    loop {
        let rows = articles_since(&reader, seq, 3);
        let Some(last) = rows.last() else { break };
        seq = last["seq"].as_i64().unwrap();
        seen.extend(rows.iter().map(|row| row["article_id"].as_i64().unwrap()));
    }
    assert_eq!(seen, (1..=7).collect::<Vec<_>>());
    fixture.collect(cutting("p3.example/a", &words("new"), &[])).await;
    let again = articles_since(&reader, seq, 9);
    assert_eq!(again.len(), 1);
    assert_eq!((&again[0]["article_id"], &again[0]["seq"]), (&4.into(), &8.into()));
    assert_eq!(articles_since(&reader, 0, 99).len(), 7, "each once");

    // The same with the daemon stopped, and nothing can be written.
    fixture.store.close().await.unwrap();
    let reader = Reader::open(&fixture.path()).unwrap();
    assert_eq!(articles_since(&reader, 0, 99).len(), 7);
    assert!(reader.db.execute("DELETE FROM article", []).is_err());
}

#[tokio::test]
async fn raw_pages_come_back_as_they_were_received() {
    let (mut fixture, claims) = StoreFixture::with(&["one", "two"]).await;
    fixture.publish(&claims[0], &["https://one.example/a", "https://one.example/b"]).await;
    let body: Vec<u8> = (0..100_000_u32).flat_map(|i| (i % 251).to_le_bytes()).collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    std::io::Write::write_all(&mut gzip, &body).unwrap();
    let gzip = gzip.finish().unwrap();
    for (name, sent) in
        [("a", None), ("b", Some(EncodedBody { codings: "gzip".into(), bytes: gzip.clone() }))]
    {
        let mut page = cutting(&format!("one.example/{name}"), &words(name), &[]);
        page.raw_page = Some(RawPage {
            status: 200,
            headers: "content-type: text/html\nx: ü\n".into(),
            body: body.clone(),
            encoded: sent,
            expires: None,
        });
        fixture.collect(page).await;
        fixture.pass(10);
    }
    let stored: Vec<(String, Vec<u8>)> = fixture
        .sql()
        .prepare("SELECT codings, body FROM raw_page ORDER BY page_id")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(stored[0].0, "zstd", "it came uncompressed");
    assert!(stored[0].1.len() * 10 < body.len());
    assert_eq!(stored[1], ("gzip".into(), gzip), "it is kept as it was sent");
    let reader = Reader::open(&fixture.path()).unwrap();
    let all = RawPages::default();
    let first = reader.raw_pages_after(&all, 0, 1).unwrap().remove(0);
    assert_eq!((first.body == body, first.status), (true, 200));
    assert_eq!(first.headers, "content-type: text/html\nx: ü\n");
    assert_eq!(first.url, "https://one.example/a");
    assert_eq!(first.source.as_deref(), Some("one"));
    let rest = reader.raw_pages_after(&all, first.page_id, 9).unwrap();
    assert_eq!((rest.len(), rest[0].body == body), (1, true));
    let count = |which: &RawPages| reader.raw_pages_count(which).unwrap();
    let of = |source: &str| RawPages { source: Some(source.into()), since: None };
    assert_eq!((count(&all), count(&of("one")), count(&of("two"))), (2, 2, 0));
    let later = RawPages { source: None, since: Some(first.fetched_at + chrono::Duration::seconds(1)) };
    assert_eq!(count(&later), 1);
}
