//! Exports that are imported again: the same bytes, and the same rows behind them.

mod any_database;

use std::ops::ControlFlow;
use std::path::Path;

use proptest::prelude::*;
use rusqlite::Connection;

use super::destination::MemoryOutput;
use super::error::ExportError;
use super::fields::Fields;
use super::identity_json::IdentityJson;
use super::jsonl::JsonlWriter;
use super::{ArticleWriter as _, read_line};
use crate::store::{ArticleQuery, ExportItem, ImportSummary, Reader, Store};

/// What is behind the lines of an export, table by table, without row ids that mean nothing elsewhere.
const ROWS: &[&str] = &[
    "SELECT id, article_id, page_key, url, site, first_party, own_feed, first_seen, requested_at / 1000, \
     (SELECT name FROM source WHERE source.id = source_id) FROM page ORDER BY id",
    "SELECT page_id, kind, key, url, proof, shared, seen_at FROM alias ORDER BY 1, 2, 3, 6",
    "SELECT page_id, kind, key, url, seen_at FROM claim ORDER BY 1, 2, 3",
    "SELECT article_id, source.name, membership.first_seen, seq, imported FROM membership JOIN source ON source.id = source_id ORDER BY 1, 2",
    "SELECT source.name, ident, state, entry.url, page_id, own_text, entry.first_seen, updated, permalink, credit, credit_url, \
     link_hash, title_hash, text_hash, dated, published FROM entry JOIN source ON source.id = source_id ORDER BY 1, 2",
    "SELECT one_key, other_key, verdict, at FROM decision ORDER BY 1, 2",
    "SELECT id, merged_into, deleted_at, deleted_why FROM article ORDER BY id",
    "SELECT seq, article_id, source.name, at FROM change LEFT JOIN source ON source.id = source_id WHERE op = 'joined' ORDER BY seq",
    "SELECT seq FROM sequence",
];

/// The export of a database, as `cuttings export --format jsonl` writes it.
fn exported(database: &Path, revisions: bool) -> String {
    let reader = Reader::open(database).unwrap();
    let output = MemoryOutput::default();
    let mut writer =
        JsonlWriter { out: Box::new(output.clone()), fields: Fields::default(), buffer: Vec::new() };
    let mut identity = IdentityJson::default();
    let query = ArticleQuery { revisions, gone: true, ..ArticleQuery::default() };
    reader
        .for_each(&query, |item| {
            match item {
                ExportItem::Article(article) => {
                    identity.read_article(&reader, article, revisions)?;
                    writer.article_with(article, &identity)?;
                }
                ExportItem::Gone(change) => {
                    identity.read_removal(&reader, change)?;
                    writer.removed_with(change, &identity)?;
                }
            }
            Ok::<_, ExportError>(ControlFlow::Continue(()))
        })
        .unwrap();
    Box::new(writer).finish().unwrap();
    String::from_utf8(output.take()).unwrap()
}

/// Imports lines in batches of eight; a line that cannot be read counts as refused.
fn import(database: &Path, lines: &str) -> ImportSummary {
    let now = "2026-12-24T12:00:00Z".parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(database, now).unwrap();
        let mut import = store.begin_import().await.unwrap();
        let mut summary = ImportSummary::default();
        let lines: Vec<(usize, &str)> = lines.lines().enumerate().collect();
        for some in lines.chunks(8) {
            let (mut batch, mut numbers) = (Vec::new(), Vec::new());
            for (number, line) in some {
                match read_line(line) {
                    Ok(record) => {
                        batch.push(record);
                        numbers.push(*number);
                    }
                    Err(why) => summary.refused.push((*number, why)),
                }
            }
            let done = store.import(&mut import, batch, now).await.unwrap();
            summary.new += done.new;
            summary.known += done.known;
            summary.gone += done.gone;
            summary.refused.extend(done.refused.into_iter().map(|(at, why)| (numbers[at], why)));
        }
        store.end_import(import).await.unwrap();
        store.close().await.unwrap();
        summary
    })
}

/// A folder in memory, where the system has one: each case syncs many times.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// The rows of a query, each as text.
fn rows(database: &Path, sql: &str) -> Vec<String> {
    let db = Connection::open(database).unwrap();
    let mut query = db.prepare(sql).unwrap();
    let columns = query.column_count();
    query
        .query_map([], |row| {
            let values = (0..columns).map(|column| Ok(format!("{:?}", row.get_ref(column)?)));
            Ok(values.collect::<rusqlite::Result<Vec<_>>>()?.join(" "))
        })
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

fn assert_same_lines(one: &str, other: &str) {
    for (a, b) in one.lines().zip(other.lines()) {
        assert_eq!(a, b);
    }
    assert_eq!(one, other);
}

/// Exports, imports into an empty database and exports again, the latest texts and all of them.
fn check_round_trip(database: &Path) {
    for revisions in [false, true] {
        let folder = folder();
        let other = folder.path().join("other.db");
        let lines = exported(database, revisions);
        let summary = import(&other, &lines);
        assert_eq!(summary.refused, []);
        assert_same_lines(&lines, &exported(&other, revisions));
        // Whoever has all texts has the latest ones.
        assert_same_lines(&exported(database, false), &exported(&other, false));
        for sql in ROWS {
            assert_eq!(rows(database, sql), rows(&other, sql), "{sql}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..crate::proptest_config() })]

    /// Each case makes five databases; so there are fewer cases, with more articles.
    #[test]
    fn any_database_comes_out_of_an_import_as_it_went_in(seed: u64, articles in 1_usize..24) {
        let folder = folder();
        let database = folder.path().join("news.db");
        any_database::fill(&database, seed, articles);
        check_round_trip(&database);
    }
}

#[test]
fn of_a_file_that_is_imported_twice_everything_is_known() {
    let folder = folder();
    let (database, other) = (folder.path().join("news.db"), folder.path().join("other.db"));
    any_database::fill(&database, 7, 20);
    let lines = exported(&database, false);
    let first = import(&other, &lines);
    let again = import(&other, &lines);
    assert!(first.new > 5, "{first:?}");
    assert_eq!((again.new, again.known, again.gone), (0, first.new, 0), "{again:?}");
    assert_same_lines(&lines, &exported(&other, false));
}
