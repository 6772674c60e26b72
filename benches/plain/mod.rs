//! The yardstick: the same work as anybody would write it in an afternoon. Fixed, so that ratios can be compared.

use std::io::Read as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use rusqlite::{Connection, params};
use scraper::{Html, Selector};
use tokio::sync::Semaphore;

/// Names the folder to a process that is to be the yardstick.
pub(crate) const FOLDER: &str = "CUTTINGS_BENCH_PLAIN";

/// Articles in the database of `folder`.
pub(crate) fn articles(folder: &Path) -> i64 {
    let db = Connection::open(folder.join("plain.db")).unwrap();
    db.query_row(
        "SELECT count(*) FROM article WHERE length(text) > 4500",
        [],
        |row| row.get(0),
    )
    .unwrap()
}

/// Fetches the feeds named in `folder/feeds` and every page they link to.
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
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let client = reqwest::Client::builder().user_agent("plain").build().unwrap();
        let room = Arc::new(Semaphore::new(32));
        let mut work = tokio::task::JoinSet::new();
        for feed in feeds.lines() {
            let (client, room, db, feed) = (
                client.clone(),
                Arc::clone(&room),
                Arc::clone(&db),
                feed.to_owned(),
            );
            work.spawn(async move {
                let _place = room.acquire_owned().await.unwrap();
                let xml = get(&client, &feed).await;
                let parsed = feed_rs::parser::parse(xml.as_bytes()).unwrap();
                for entry in parsed.entries {
                    let url = entry.links[0].href.clone();
                    let html = get(&client, &url).await;
                    keep(&db, &url, &html);
                }
            });
        }
        while let Some(done) = work.join_next().await {
            done.unwrap();
        }
    });
}

async fn get(client: &reqwest::Client, url: &str) -> String {
    let response = client
        .get(url)
        .header("accept-encoding", "gzip")
        .send()
        .await
        .unwrap();
    let bytes = response.error_for_status().unwrap().bytes().await.unwrap();
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(bytes.as_ref())
        .read_to_string(&mut text)
        .unwrap();
    text
}

fn keep(db: &Mutex<Connection>, url: &str, html: &str) {
    let page = Html::parse_document(html);
    let text = |selector: &str, between: &str| {
        page.select(&Selector::parse(selector).unwrap())
            .map(|element| element.text().collect::<String>())
            .collect::<Vec<_>>()
            .join(between)
    };
    let (title, byline, body) = (text("h1", " "), text(".by", " "), text(".text p", "\n\n"));
    let mut db = db.lock().unwrap();
    let all = db.transaction().unwrap();
    all.execute(
        "INSERT INTO article (url, title, byline, text) VALUES (?1, ?2, ?3, ?4)",
        params![url, title, byline, body],
    )
    .unwrap();
    all.execute(
        "INSERT INTO search (rowid, title, text) VALUES (last_insert_rowid(), ?1, ?2)",
        params![title, body],
    )
    .unwrap();
    all.commit().unwrap();
}
