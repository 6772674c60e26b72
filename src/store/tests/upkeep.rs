use super::*;
use crate::model::{ArticleId, RawPage};

/// A desk with articles that have pages.
async fn desk(count: usize) -> Desk {
    let (mut desk, claims) = Desk::with(&["one"]).await;
    let links: Vec<String> = (0..count).map(|i| format!("https://one.example/{i}")).collect();
    desk.publish(&claims[0], &links.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for _ in 0..count {
        let claim = desk.one_entry().await;
        let key = crate::link::key(claim.entry.link.as_ref().unwrap());
        let mut page = cutting(&key, &words(&key.replace(['.', '/'], "")), &[]);
        page.raw_page = Some(RawPage {
            status: 200,
            headers: "content-type: text/html".into(),
            body: b"<p>stored</p>".repeat(20),
            encoded: None,
            expires: None,
        });
        desk.page(&claim, PageResult::Article(Box::new(page))).await.unwrap();
        desk.pass(60);
    }
    desk
}

fn findings(path: &std::path::Path) -> Vec<String> {
    Reader::open(path).unwrap().verify(|_| {}).unwrap()
}

#[tokio::test]
async fn a_backup_is_complete_checked_and_has_its_own_store_id() {
    let desk = desk(5).await;
    let copy = desk.folder.path().join("copy.db");
    std::fs::write(&copy, "an older backup").unwrap();
    // A reader's transaction and the writer are no hindrance.
    let reader = desk.sql();
    reader.execute_batch("BEGIN; SELECT count(*) FROM article").unwrap();
    backup(&desk.path(), &copy).unwrap();
    assert_eq!(findings(&copy), Vec::<String>::new());
    let id = |path: &std::path::Path| Reader::open(path).unwrap().summary().unwrap().store_id;
    assert_ne!(id(&copy), id(&desk.path()));
    let names: Vec<String> = std::fs::read_dir(desk.folder.path())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("copy"))
        .collect();
    assert_eq!(names, ["copy.db"], "nothing is left beside it");
    // It works as a database: claims go on, numbers go on.
    let store = Store::open(&copy, desk.now).unwrap();
    let reader = Reader::open(&copy).unwrap();
    assert_eq!(articles_since(&reader, 0, 99), articles_since(&Reader::open(&desk.path()).unwrap(), 0, 99));
    assert_eq!(store.backlog(desk.now).await.unwrap().pending, 0);
}

#[tokio::test]
async fn a_harmful_backup_is_refused_and_changes_nothing() {
    let desk = desk(1).await;
    let refused = |to: &std::path::Path| backup(&desk.path(), to).unwrap_err().to_string();
    assert!(refused(&desk.path()).contains("the database itself"));
    assert!(refused(desk.folder.path()).contains("folder"));
    assert!(refused(&desk.folder.path().join("no/such/copy.db")).contains("copy the database"));
    let used = desk.folder.path().join("used.db");
    std::fs::write(&used, "in use").unwrap();
    std::fs::write(lock::beside(&used, "-wal"), "log").unwrap();
    assert!(refused(&used).contains("in use"));
    assert_eq!(std::fs::read(&used).unwrap(), b"in use");
    assert!(matches!(backup(&desk.folder.path().join("none.db"), &used), Err(StoreError::Missing { .. })));
}

#[tokio::test]
async fn verify_finds_violated_invariants() {
    let desk = desk(3).await;
    assert_eq!(findings(&desk.path()), Vec::<String>::new());
    let db = desk.sql();
    db.pragma_update(None, "foreign_keys", false).unwrap();
    for (harm, sign) in [
        ("UPDATE sequence SET seq = seq + 1", "number of a change"),
        ("UPDATE article SET revision_id = NULL WHERE id = 1", "without a text"),
        ("UPDATE article SET seq = 99 WHERE id = 1", "not that of its last change"),
        ("DELETE FROM page WHERE id = 2", "refers to one that is not there"),
        (
            "INSERT INTO alias SELECT 'one.example/0', 'final-url', 3, url, 0, seen_at FROM alias LIMIT 1",
            "names two articles",
        ),
        ("UPDATE entry SET page_id = NULL", "has no page"),
        ("DELETE FROM search_docsize WHERE id = 3", "--rebuild-search"),
        ("UPDATE raw_page SET body = x'00' WHERE page_id = 1", "cannot be unpacked"),
        ("UPDATE article SET deleted_at = 'x' WHERE id = 1", "still has a text"),
    ] {
        db.execute_batch(harm).unwrap();
        let found = findings(&desk.path()).join("\n");
        assert!(found.contains(sign), "{harm}: {found}");
    }
}

#[tokio::test]
async fn the_text_index_is_rebuilt_from_the_articles() {
    let desk = desk(3).await;
    desk.sql().execute_batch("INSERT INTO search (search) VALUES ('delete-all')").unwrap();
    assert!(!findings(&desk.path()).is_empty());
    let mut counts = Vec::new();
    MaintenanceWriter::open(&desk.path()).unwrap().rebuild_search(|count| counts.push(count)).unwrap();
    assert_eq!(counts, [3]);
    assert_eq!(findings(&desk.path()), Vec::<String>::new());
    assert_eq!(desk.number("SELECT rowid FROM search WHERE search MATCH 'oneexample17'"), 2);
}

fn anew(text: &str) -> Reextraction {
    let page = cutting("one.example/0", text, &[(KeyKind::ShortLink, "sho.rt/1")]);
    Reextraction {
        page_id: 1,
        fetched_at: start_of_time(),
        extraction: page.extraction,
        method: Method::Rule,
        published_at: None,
        keys: page.keys,
    }
}

#[tokio::test]
async fn a_reextracted_page_is_a_revision() {
    let mut desk = desk(2).await;
    let reader = Reader::open(&desk.path()).unwrap();
    let before = articles_since(&reader, 0, 9);
    let same = anew(before[0]["text"].as_str().unwrap());
    assert_eq!(reader.compare(&same).unwrap(), ReextractionOutcome::Same);
    let mut other = anew("Cut by a better rule.");
    other.extraction.title = Some("A better title".into());
    assert_eq!(reader.compare(&other).unwrap(), ReextractionOutcome::Changed(vec!["title", "text"]));
    assert_eq!(reader.compare(&anew("  ")).unwrap(), ReextractionOutcome::NoText);
    assert_eq!(
        reader.compare(&Reextraction { page_id: 99, ..anew("x") }).unwrap(),
        ReextractionOutcome::Gone
    );
    assert_eq!(articles_since(&reader, 0, 9), before, "comparing stores nothing");

    desk.pass(3600);
    let mut clerk = MaintenanceWriter::open(&desk.path()).unwrap();
    assert_eq!(clerk.store_reextraction(&same, desk.now).unwrap(), ReextractionOutcome::Same);
    assert_eq!(desk.number("SELECT seq FROM sequence"), 2);
    assert_eq!(
        clerk.store_reextraction(&other, desk.now).unwrap(),
        ReextractionOutcome::Changed(vec!["title", "text"])
    );
    assert_eq!(clerk.store_reextraction(&other, desk.now).unwrap(), ReextractionOutcome::Same);
    let now = articles_since(&reader, 2, 9);
    assert_eq!(now.len(), 1);
    assert_eq!((&now[0]["article_id"], &now[0]["method"]), (&1.into(), &"rule".into()));
    assert_eq!(now[0]["fetched_at"], time::text(start_of_time()), "as old as the page");
    assert_eq!(desk.strings("SELECT op FROM changes WHERE article_id = 1"), ["new", "revised"]);
    assert_eq!(desk.number("SELECT rowid FROM search WHERE search MATCH 'better'"), 1);
    // Its new short link is a way to it.
    assert_eq!(reader.find_article("https://sho.rt/1").unwrap(), Ok(1));
    assert_eq!(findings(&desk.path()), Vec::<String>::new());
    // What only the feed knew stays.
    desk.sql()
        .execute_batch("UPDATE revision SET title = 'Of the feed', origins = '{\"title\":\"feed\"}'")
        .unwrap();
    let mut untitled = anew("Cut by a better rule.");
    untitled.extraction.title = None;
    assert_eq!(reader.compare(&untitled).unwrap(), ReextractionOutcome::Same);
    // Deleted meanwhile: nothing comes back.
    clerk.delete(ArticleId(1).0, desk.now).unwrap();
    assert_eq!(clerk.store_reextraction(&other, desk.now).unwrap(), ReextractionOutcome::Gone);
}

#[tokio::test]
async fn low_disk_space_is_reported_until_there_is_enough() {
    let desk = desk(1).await;
    let paused = || Reader::open(&desk.path()).unwrap().summary().unwrap().paused;
    let word = desk.store.disk_shortage(u64::MAX, desk.now).await.unwrap();
    assert!(word.contains("min_free_disk"), "{word}");
    assert!(paused().unwrap().starts_with("since 2026-11-24T"));
    desk.store.disk_shortage(u64::MAX, desk.now + chrono::Duration::days(1)).await.unwrap();
    assert!(paused().unwrap().starts_with("since 2026-11-24T"), "since when stays");
    assert_eq!(desk.store.disk_shortage(0, desk.now).await, None);
    assert_eq!(paused(), None);
}
