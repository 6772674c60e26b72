use super::*;
use crate::model::{ArticleId, RawPage};

/// A fixture with articles that have pages.
async fn fixture(count: usize) -> StoreFixture {
    let (mut fixture, claims) = StoreFixture::with(&["one"]).await;
    let links: Vec<String> = (0..count).map(|i| format!("https://one.example/{i}")).collect();
    fixture.publish(&claims[0], &links.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for _ in 0..count {
        let claim = fixture.one_entry().await;
        let key = crate::link::key(claim.entry.link.as_ref().unwrap());
        let mut page = cutting(&key, &words(&key.replace(['.', '/'], "")), &[]);
        page.raw_page = Some(RawPage {
            status: 200,
            headers: "content-type: text/html".into(),
            body: b"<p>stored</p>".repeat(20),
            encoded: None,
            expires: None,
        });
        fixture.page(&claim, PageResult::Article(Box::new(page))).await.unwrap();
        fixture.pass(60);
    }
    fixture
}

fn findings(path: &std::path::Path) -> Vec<String> {
    Reader::open(path).unwrap().verify(|_| {}).unwrap()
}

#[tokio::test]
async fn a_backup_is_complete_checked_and_has_its_own_store_id() {
    let fixture = fixture(5).await;
    let copy = fixture.folder.path().join("copy.db");
    std::fs::write(&copy, "an older backup").unwrap();
    // A reader's transaction and the writer are no hindrance.
    let reader = fixture.sql();
    reader.execute_batch("BEGIN; SELECT count(*) FROM article").unwrap();
    backup(&fixture.path(), &copy).unwrap();
    assert_eq!(findings(&copy), Vec::<String>::new());
    let id = |path: &std::path::Path| Reader::open(path).unwrap().summary().unwrap().store_id;
    assert_ne!(id(&copy), id(&fixture.path()));
    let names: Vec<String> = std::fs::read_dir(fixture.folder.path())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("copy"))
        .collect();
    assert_eq!(names, ["copy.db"], "nothing is left beside it");
    // It works as a database: claims go on, numbers go on.
    let store = Store::open(&copy, fixture.now).unwrap();
    let reader = Reader::open(&copy).unwrap();
    assert_eq!(
        articles_since(&reader, 0, 99),
        articles_since(&Reader::open(&fixture.path()).unwrap(), 0, 99)
    );
    assert_eq!(store.backlog(fixture.now).await.unwrap().pending, 0);
}

#[tokio::test]
async fn a_harmful_backup_is_refused_and_changes_nothing() {
    let fixture = fixture(1).await;
    let refused = |to: &std::path::Path| backup(&fixture.path(), to).unwrap_err().to_string();
    assert!(refused(&fixture.path()).contains("the database itself"));
    assert!(refused(fixture.folder.path()).contains("folder"));
    assert!(refused(&fixture.folder.path().join("no/such/copy.db")).contains("copy the database"));
    let used = fixture.folder.path().join("used.db");
    std::fs::write(&used, "in use").unwrap();
    std::fs::write(lock::beside(&used, "-wal"), "log").unwrap();
    assert!(refused(&used).contains("in use"));
    assert_eq!(std::fs::read(&used).unwrap(), b"in use");
    assert!(matches!(backup(&fixture.folder.path().join("none.db"), &used), Err(StoreError::Missing { .. })));
}

#[tokio::test]
async fn verify_finds_violated_invariants() {
    let fixture = fixture(3).await;
    assert_eq!(findings(&fixture.path()), Vec::<String>::new());
    let db = fixture.sql();
    db.pragma_update(None, "foreign_keys", false).unwrap();
    for (harm, sign) in [
        ("UPDATE sequence SET seq = seq + 1", "number of a change"),
        ("UPDATE article SET revision_id = NULL WHERE id = 1", "without a text"),
        ("UPDATE article SET seq = 99 WHERE id = 1", "not that of its last change"),
        ("DELETE FROM page WHERE id = 2", "refers to one that is not there"),
        ("UPDATE alias SET shared = 1 WHERE page_id = 1", "own URL counts as shared"),
        ("UPDATE entry SET page_id = NULL", "has no page"),
        ("DELETE FROM search_docsize WHERE id = 3", "--rebuild-search"),
        ("UPDATE raw_page SET body = x'00' WHERE page_id = 1", "cannot be unpacked"),
        ("UPDATE article SET deleted_at = 'x' WHERE id = 1", "still has a text"),
    ] {
        db.execute_batch(harm).unwrap();
        let found = findings(&fixture.path()).join("\n");
        assert!(found.contains(sign), "{harm}: {found}");
    }
}

#[tokio::test]
async fn the_text_index_is_rebuilt_from_the_articles() {
    let fixture = fixture(3).await;
    fixture.sql().execute_batch("INSERT INTO search (search) VALUES ('delete-all')").unwrap();
    assert!(!findings(&fixture.path()).is_empty());
    let mut counts = Vec::new();
    MaintenanceWriter::open(&fixture.path()).unwrap().rebuild_search(|count| counts.push(count)).unwrap();
    assert_eq!(counts, [3]);
    assert_eq!(findings(&fixture.path()), Vec::<String>::new());
    assert_eq!(fixture.number("SELECT rowid FROM search WHERE search MATCH 'oneexample17'"), 2);
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
    let mut fixture = fixture(2).await;
    let reader = Reader::open(&fixture.path()).unwrap();
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

    fixture.pass(3600);
    let mut maintenance = MaintenanceWriter::open(&fixture.path()).unwrap();
    assert_eq!(maintenance.store_reextraction(&same, fixture.now).unwrap(), ReextractionOutcome::Same);
    assert_eq!(fixture.number("SELECT seq FROM sequence"), 2);
    assert_eq!(
        maintenance.store_reextraction(&other, fixture.now).unwrap(),
        ReextractionOutcome::Changed(vec!["title", "text"])
    );
    assert_eq!(maintenance.store_reextraction(&other, fixture.now).unwrap(), ReextractionOutcome::Same);
    let now = articles_since(&reader, 2, 9);
    assert_eq!(now.len(), 1);
    assert_eq!((&now[0]["article_id"], &now[0]["method"]), (&1.into(), &"rule".into()));
    assert_eq!(now[0]["fetched_at"], time::text(start_of_time()), "as old as the page");
    assert_eq!(fixture.strings("SELECT op FROM changes WHERE article_id = 1"), ["new", "revised"]);
    assert_eq!(fixture.number("SELECT rowid FROM search WHERE search MATCH 'better'"), 1);
    // Its new short link is a way to it.
    assert_eq!(reader.find_article("https://sho.rt/1").unwrap(), Ok(1));
    assert_eq!(findings(&fixture.path()), Vec::<String>::new());
    // What only the feed knew stays.
    fixture
        .sql()
        .execute_batch("UPDATE revision SET title = 'Of the feed', origins = '{\"title\":\"feed\"}'")
        .unwrap();
    let mut untitled = anew("Cut by a better rule.");
    untitled.extraction.title = None;
    assert_eq!(reader.compare(&untitled).unwrap(), ReextractionOutcome::Same);
    // Deleted meanwhile: nothing comes back.
    maintenance.delete(ArticleId(1).0, fixture.now).unwrap();
    assert_eq!(maintenance.store_reextraction(&other, fixture.now).unwrap(), ReextractionOutcome::Gone);
}

#[tokio::test]
async fn low_disk_space_is_reported_until_there_is_enough() {
    let fixture = fixture(1).await;
    let paused = || Reader::open(&fixture.path()).unwrap().summary().unwrap().paused;
    let word = fixture.store.disk_shortage(u64::MAX, fixture.now).await.unwrap();
    assert!(word.contains("min_free_disk"), "{word}");
    assert!(paused().unwrap().starts_with("since 2026-11-24T"));
    fixture.store.disk_shortage(u64::MAX, fixture.now + chrono::Duration::days(1)).await.unwrap();
    assert!(paused().unwrap().starts_with("since 2026-11-24T"), "since when stays");
    assert_eq!(fixture.store.disk_shortage(0, fixture.now).await, None);
    assert_eq!(paused(), None);
}
