//! The yardstick: the same work as anybody would write it in an afternoon. Fixed, so that ratios can be compared.

use std::io::Read as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use rusqlite::{Connection, params};
use scraper::{Html, Selector};
use tokio::sync::Semaphore;

/// Names the folder to a process that is to be the yardstick.
pub(crate) const FOLDER: &str = "CUTTINGS_BENCH_YARDSTICK";

/// The CSS selectors of a paper's articles.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) title: String,
    pub(crate) byline: String,
    pub(crate) body: String,
}

/// Articles in the database of `folder` with texts of at least so many characters.
pub(crate) fn articles(folder: &Path, text: i64) -> i64 {
    let db = Connection::open(folder.join("plain.db")).unwrap();
    let sql = "SELECT count(*) FROM article WHERE length(text) >= ?1";
    db.query_row(sql, [text], |row| row.get(0)).unwrap()
}

/// Writes the work of [`run`]: for each feed a line with its URL and its three selectors, with tabs between them.
pub(crate) fn write_feeds<'a>(folder: &Path, feeds: impl Iterator<Item = (String, &'a Rules)>) {
    let lines = feeds.map(|(url, rules)| {
        let Rules { title, byline, body } = rules;
        format!("{url}\t{title}\t{byline}\t{body}\n")
    });
    std::fs::write(folder.join("feeds"), lines.collect::<String>()).unwrap();
}

/// Fetches the feeds of `folder/feeds` and every page they link to.
pub(crate) fn run(folder: &Path) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let db = Connection::open(folder.join("plain.db")).unwrap();
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE article (id INTEGER PRIMARY KEY, url TEXT UNIQUE, title TEXT, byline TEXT, text TEXT, html BLOB);
         CREATE VIRTUAL TABLE search USING fts5 (title, text);",
    )
    .unwrap();
    let db = Arc::new(Mutex::new(db));
    let feeds = std::fs::read_to_string(folder.join("feeds")).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = reqwest::Client::builder().user_agent("plain").build().unwrap();
        let permits = Arc::new(Semaphore::new(32));
        let mut work = tokio::task::JoinSet::new();
        for feed in feeds.lines() {
            let words: Vec<&str> = feed.split('\t').collect();
            let rules =
                Rules { title: words[1].to_owned(), byline: words[2].to_owned(), body: words[3].to_owned() };
            let (client, permits, db, feed) =
                (client.clone(), Arc::clone(&permits), Arc::clone(&db), words[0].to_owned());
            work.spawn(async move {
                let _permit = permits.acquire_owned().await.unwrap();
                let xml = get(&client, &feed).await;
                let parsed = feed_rs::parser::parse(xml.as_bytes()).unwrap();
                for entry in parsed.entries {
                    let url = entry.links[0].href.clone();
                    let html = get(&client, &url).await;
                    store(&db, &url, &html, &rules);
                }
            });
        }
        while let Some(done) = work.join_next().await {
            done.unwrap();
        }
    });
}

async fn get(client: &reqwest::Client, url: &str) -> String {
    let response = client.get(url).header("accept-encoding", "gzip").send().await.unwrap();
    let bytes = response.error_for_status().unwrap().bytes().await.unwrap();
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(bytes.as_ref()).read_to_string(&mut text).unwrap();
    text
}

fn store(db: &Mutex<Connection>, url: &str, html: &str, rules: &Rules) {
    let page = Html::parse_document(html);
    let text = |selector: &str, between: &str| {
        page.select(&Selector::parse(selector).unwrap())
            .map(|element| element.text().collect::<String>())
            .collect::<Vec<_>>()
            .join(between)
    };
    let (title, byline, body) =
        (text(&rules.title, " "), text(&rules.byline, " "), text(&rules.body, "\n\n"));
    let mut db = db.lock().unwrap();
    let transaction = db.transaction().unwrap();
    transaction
        .execute(
            "INSERT INTO article (url, title, byline, text) VALUES (?1, ?2, ?3, ?4)",
            params![url, title, byline, body],
        )
        .unwrap();
    transaction
        .execute(
            "INSERT INTO search (rowid, title, text) VALUES (last_insert_rowid(), ?1, ?2)",
            params![title, body],
        )
        .unwrap();
    transaction.commit().unwrap();
}
