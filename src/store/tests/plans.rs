//! How SQLite finds what is asked in the hot paths.

use std::collections::BTreeSet;

use super::*;
use crate::store::query::QuerySql;
use crate::store::{ArticleQuery, SortOrder};

#[tokio::test]
async fn a_claim_looks_at_no_more_than_it_needs() {
    let (fixture, claims) = StoreFixture::with(&["one"]).await;
    // Ten thousand hosts with an entry each, and one host with ten thousand.
    let links: Vec<String> = (0..10_000)
        .flat_map(|i| [format!("https://h{i}.example/a"), format!("https://big.example/{i}")])
        .collect();
    fixture.publish(&claims[0], &links.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let hosts: BTreeSet<_> = fixture
        .entries(32)
        .await
        .iter()
        .map(|c| c.entry.link.clone().unwrap().host_str().map(str::to_owned))
        .collect();
    assert_eq!(hosts.len(), 32);

    let db = fixture.sql();
    for (sql, expected) in [
        (
            super::super::entry_claims::READY_HOSTS,
            "SEARCH host USING INDEX host_ready (ready_at>? AND ready_at<?)",
        ),
        (
            super::super::entry_claims::NEXT_SOURCE,
            "SEARCH entry USING INDEX entry_host_source (host=? AND source_id>?)",
        ),
        (
            super::super::entry_claims::NEXT_ENTRY,
            "SEARCH entry USING INDEX entry_host_source (host=? AND source_id=? AND next_at>? AND next_at<?)",
        ),
        (super::super::source_claims::DUE, "SEARCH source USING INDEX source_due (next_at<?)"),
        (
            super::super::source_claims::NEVER_CLAIMED,
            "SEARCH source USING INDEX source_claimed_at (claimed_at=?)",
        ),
        (
            super::super::source_claims::CLAIMED_BEFORE,
            "SEARCH source USING INDEX source_claimed_at (claimed_at<?)",
        ),
        (super::super::source_claims::SAME_ADDRESS, "SEARCH source USING INDEX source_url (<expr>=?)"),
        (SINCE, "SEARCH article USING INDEX article_seq (seq>?)"),
    ] {
        let plan = plan(&db, sql);
        assert_eq!(
            plan.first().map(|step| step.replace("COVERING ", "")).as_deref(),
            Some(expected),
            "{sql}"
        );
        assert!(plan.iter().all(|step| !step.contains("SCAN") && !step.contains("TEMP B-TREE")), "{plan:?}");
    }
    // The few pages of one key are sorted.
    for sql in [super::super::page_id::PAGE_OF_KEY, super::super::page_id::KNOWN_PAGES] {
        let plan = plan(&db, sql);
        assert_eq!(plan[0], "SEARCH alias USING PRIMARY KEY (key=? AND shared=?)");
        assert!(plan.iter().all(|step| !step.contains("SCAN")), "{plan:?}");
    }
    let pending = plan(&db, super::super::backlog::PENDING);
    assert_eq!(pending, ["SCAN entry USING COVERING INDEX entry_pending"], "no more than what waits");
    let held = plan(&db, super::super::queue::LEASED);
    assert_eq!(held, ["SCAN entry USING INDEX entry_lease"], "no more than what is claimed");
    let refresh = plan(&db, super::super::queue::REFRESH_HOST);
    assert!(refresh.iter().any(|step| step.contains("entry_next (host=?")), "{refresh:?}");
    assert!(refresh.iter().any(|step| step.contains("entry_lease (host=?")), "{refresh:?}");
    assert!(refresh.iter().all(|step| !step.contains("SCAN entry")), "{refresh:?}");
}

/// A selection by sources reads articles in the order of their numbers, and of each only its memberships before its text.
#[tokio::test]
async fn a_selection_by_sources_looks_up_memberships_before_texts() {
    let (fixture, _) = StoreFixture::with(&["one"]).await;
    let query = ArticleQuery {
        since_seq: 5,
        sources: vec!["one".into()],
        tags: vec!["news".into()],
        ..ArticleQuery::default()
    };
    let newest = ArticleQuery { order: SortOrder::Newest, limit: Some(50), ..query.clone() };
    let db = fixture.sql();
    for (sql, first) in [
        (QuerySql::of(&query).unwrap().rows, "SEARCH article USING INDEX article_seq (seq>? AND seq<?)"),
        (QuerySql::of(&newest).unwrap().rows, "SEARCH article USING INDEX article_seq (seq<?)"),
        (QuerySql::of(&query).unwrap().joining, "SEARCH article USING INTEGER PRIMARY KEY (rowid=?)"),
    ] {
        let plan = plan(&db, &sql);
        assert_eq!(plan.first().map(String::as_str), Some(first), "{plan:#?}");
        let step = |part: &str| plan.iter().position(|step| step.starts_with(part));
        let member = step("SEARCH membership USING PRIMARY KEY (article_id=?");
        assert!(member.is_some() && member < step("SEARCH revision"), "{plan:#?}");
        assert!(plan.iter().all(|step| !step.contains("TEMP B-TREE")), "{plan:#?}");
    }
}

pub(super) fn plan(db: &Connection, sql: &str) -> Vec<String> {
    let mut query = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let nulls = vec![rusqlite::types::Null; query.parameter_count()];
    query
        .query_map(rusqlite::params_from_iter(nulls), |row| row.get(3))
        .unwrap()
        .map(Result::unwrap)
        .collect()
}
