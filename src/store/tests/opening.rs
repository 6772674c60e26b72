use super::super::schema::MIGRATIONS;
use super::*;

#[tokio::test]
async fn h24_a_second_daemon_is_refused_and_told_of_the_first() {
    let desk = Desk::new();
    let error = Store::open(&desk.path(), desk.now).unwrap_err();
    assert_eq!(error.code(), "store-locked");
    let text = error.to_string();
    assert!(text.contains(&std::process::id().to_string()), "{text}");
    assert!(text.contains("2026-11-24T03:50:00Z"), "{text}");
    desk.store.close().await.unwrap();
    let second = Store::open(&desk.path(), desk.now).unwrap();
    assert_eq!(second.run(), 2, "the lock went with the first");
    assert_eq!(
        desk.store.waiting(desk.now).await.unwrap_err(),
        StoreError::Closed
    );
}

#[test]
fn an_older_database_is_brought_up_to_date_by_the_writer_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cuttings.db");
    let db = Connection::open(&path).unwrap();
    db.execute_batch(MIGRATIONS[0]).unwrap();
    db.execute_batch(
        "PRAGMA application_id = 0x63757474; PRAGMA user_version = 1;
         INSERT INTO meta VALUES ('store_id', 'of the first');
         INSERT INTO article (id, seq, first_seen) VALUES (7, 1, '2026-11-01T00:00:00Z');
         INSERT INTO page (id, article_id, page_key, url, first_seen)
             VALUES (5, 7, 'one.example/a', 'https://one.example/a', '2026-11-01T00:00:00Z');
         INSERT INTO revision (id, page_id, seq, fetched_at, url, text, html, image, method, kind)
             VALUES (3, 5, 1, '2026-11-01T00:00:00Z', 'https://one.example/a', 'Text', '<p>Text</p>',
                     'https://one.example/a.jpg', 'auto', 'article');
         UPDATE article SET revision_id = 3;",
    )
    .unwrap();
    drop(db);
    for error in [
        Reader::open(&path).unwrap_err(),
        ControlClient::open(&path).unwrap_err(),
    ] {
        assert_eq!(error.code(), "store-older");
        assert!(error.to_string().contains("`cuttings run`"), "{error}");
    }
    drop(Store::open(&path, start_of_time()).unwrap());
    let reader = Reader::open(&path).unwrap();
    let articles = articles_since(&reader, 0, 10);
    let [article] = articles.as_slice() else {
        panic!("{articles:?}")
    };
    assert_eq!(article["article_id"], 7);
    assert_eq!(article["image"], "https://one.example/a.jpg");
    assert!(article["image_width"].is_null() && article["image_height"].is_null());
    let id: String = Connection::open(&path)
        .unwrap()
        .query_row("SELECT value FROM meta WHERE key = 'store_id'", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(id, "of the first");
}

#[test]
fn h23_a_newer_database_is_left_as_it_is() {
    let desk = Desk::new();
    let path = desk.path();
    desk.sql().pragma_update(None, "user_version", 99).unwrap();
    let Desk { folder, store, now } = desk;
    drop(store);
    let before = std::fs::read(&path).unwrap();
    let error = Store::open(&path, now).unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error}");
    assert_eq!(Reader::open(&path).unwrap_err().code(), "store-newer");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    drop(folder);
}

#[test]
fn h23_what_is_no_database_of_ours_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(
        &text,
        "Not a database, but longer than a header of one hundred bytes. ".repeat(20),
    )
    .unwrap();
    let other = folder.path().join("other.db");
    Connection::open(&other)
        .unwrap()
        .execute_batch("CREATE TABLE t (x)")
        .unwrap();
    for path in [&text, &other] {
        let before = std::fs::read(path).unwrap();
        for error in [
            Store::open(path, start_of_time()).unwrap_err(),
            Reader::open(path).unwrap_err(),
        ] {
            assert_eq!(error.code(), "store-foreign", "{error}");
            assert!(error.to_string().contains("left as it is"), "{error}");
        }
        assert_eq!(std::fs::read(path).unwrap(), before);
    }
    // A folder where the file should be; the lock that is made beside it goes with the test.
    let inner = folder.path().join("folder.db");
    std::fs::create_dir(&inner).unwrap();
    assert_eq!(
        Store::open(&inner, start_of_time()).unwrap_err().code(),
        "store-file"
    );
}

#[test]
fn h23_a_missing_database_is_said_to_be_missing() {
    let folder = tempfile::tempdir().unwrap();
    let error = Reader::open(&folder.path().join("news.db")).unwrap_err();
    assert!(error.to_string().contains("no database yet"), "{error}");
    assert!(
        std::fs::read_dir(folder.path()).unwrap().next().is_none(),
        "and none is made"
    );
}

#[tokio::test]
async fn h23_a_damaged_page_is_an_error_and_the_writer_lives() {
    let (desk, claims) = Desk::with(&["one"]).await;
    desk.publish(&claims[0], &["https://one.example/a"]).await;
    desk.store.close().await.unwrap();
    let path = desk.path();
    let mut bytes = std::fs::read(&path).unwrap();
    // Everything behind the schema's first page.
    bytes[4096..].fill(0xa5);
    std::fs::write(&path, bytes).unwrap();
    let error = Store::open(&path, desk.now).unwrap_err();
    assert!(
        ["store-corrupt", "store-foreign", "store-damaged"].contains(&error.code()),
        "{error}"
    );
}

#[test]
fn the_folder_is_made_and_the_files_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/news.db");
    drop(Store::open(&path, start_of_time()).unwrap());
    for suffix in ["", "-wal", "-shm", "-lock", "-work"] {
        assert!(super::lock::beside(&path, suffix).exists(), "{suffix}");
    }
    let reader = Reader::open(&path).unwrap();
    let summary = reader.summary().unwrap();
    assert_eq!((summary.store_id.len(), summary.seq), (32, 0));
    // The name stays over restarts.
    drop(Store::open(&path, start_of_time()).unwrap());
    assert_eq!(reader.summary().unwrap().store_id, summary.store_id);
}

#[tokio::test]
async fn a_start_voids_the_leases_of_earlier_runs() {
    let (desk, claims) = Desk::with(&["one", "two"]).await;
    desk.publish(&claims[0], &["https://one.example/a"]).await;
    let entry = desk.one_entry().await;
    assert!(desk.entries(9).await.is_empty(), "it is held");
    let mut desk = desk.restart();
    assert_eq!(desk.store.waiting(desk.now).await.unwrap().leased, 0);
    // What the dead run found out is not recorded any more.
    let late = desk
        .page(&entry, PageResult::Retry(failure("timeout"), desk.now))
        .await;
    assert!(late.unwrap_err().is_lease_lost());
    desk.pass(1);
    let again = desk.one_entry().await;
    assert_eq!((again.id, again.attempts), (entry.id, 0));
    let polls = desk.store.claim_sources(desk.now, 9, None).await.unwrap();
    assert_eq!(
        polls.iter().map(|claim| claim.name.as_str()).collect::<Vec<_>>(),
        ["two"]
    );
}

#[tokio::test]
async fn h14_what_was_being_read_when_the_process_died_is_suspect() {
    let (mut desk, claims) = Desk::with(&["one", "two"]).await;
    desk.publish(&claims[0], &["https://one.example/a", "https://one.example/b"])
        .await;
    for crashes in 0..3 {
        desk.pass(2);
        let entry = desk.one_entry().await;
        assert_eq!((entry.crashes, entry.entry.link.unwrap().path()), (crashes, "/a"));
        // A feed whose parsing ended well, and a process that died parsing a page and another feed.
        drop(desk.store.working(WorkItem::Source(claims[0].id)));
        std::mem::forget(desk.store.working(WorkItem::Entry(entry.id)));
        std::mem::forget(desk.store.working(WorkItem::Source(claims[1].id)));
        desk = desk.restart();
    }
    desk.pass(2);
    let entry = desk.one_entry().await;
    let polls = desk.store.claim_sources(desk.now, 9, None).await.unwrap();
    assert_eq!(
        (entry.crashes, polls[0].crashes, polls[0].name.as_str()),
        (3, 3, "two")
    );
    assert_eq!(desk.number("SELECT crashes FROM source WHERE name = 'one'"), 0);

    // A child that died of it counts; another failure does not; a document that was read clears the name.
    let mut two = polls.into_iter().find(|claim| claim.name == "two").unwrap();
    for code in ["set-aside", "timeout"] {
        let outcome = desk.polled(&two, PollResult::Failed(failure(code)));
        desk.store.record_poll(outcome).await.unwrap();
        assert_eq!(
            desk.number("SELECT crashes FROM source WHERE name = 'two'"),
            4,
            "{code}"
        );
        desk.pass(3600);
        let polls = desk.store.claim_sources(desk.now, 9, None).await.unwrap();
        two = polls.into_iter().find(|claim| claim.name == "two").unwrap();
    }
    desk.publish(&two, &[]).await;
    assert_eq!(desk.number("SELECT crashes FROM source WHERE name = 'two'"), 0);

    // The article is kept with the feed's text, and the queue goes on.
    let mut kept = cutting("one.example/a", "From the feed.", &[]);
    kept.method = Method::Feed;
    desk.page(&entry, PageResult::Article(Box::new(kept)))
        .await
        .unwrap();
    desk.pass(2);
    assert_eq!(
        desk.one_entry().await.entry.link.unwrap().path(),
        "/b",
        "the next one"
    );
}

#[test]
fn a_torn_list_of_work_convicts_nobody() {
    let desk = Desk::new();
    let Desk { folder, store, now } = desk;
    drop(store);
    let path = folder.path().join("news.db");
    std::fs::write(
        super::lock::beside(&path, "-work"),
        b"entry \xff\nsour\nentry 99999999999999999999\nentry 7",
    )
    .unwrap();
    let store = Store::open(&path, now).unwrap();
    let _mark = store.working(WorkItem::Entry(crate::model::EntryId(7)));
    let text = std::fs::read_to_string(super::lock::beside(&path, "-work")).unwrap();
    assert_eq!(text.split_whitespace().collect::<Vec<_>>(), ["entry", "7"]);
}

/// A database of each earlier schema, with articles in it, is brought up to date when it is opened, and says the same.
#[tokio::test]
async fn a_database_of_any_schema_says_the_same_after_it_is_opened() {
    for version in 1..MIGRATIONS.len() {
        println!("schema {version}");
        is_brought_up_to_date_from(version).await;
    }
}

async fn is_brought_up_to_date_from(version: usize) {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old.db"), folder.path().join("new.db"));
    drop(Store::open(&new, start_of_time()).unwrap());
    let db = Connection::open(&old).unwrap();
    db.execute_batch(MIGRATIONS[0]).unwrap();
    db.execute_batch(
        "PRAGMA application_id = 0x63757474; PRAGMA user_version = 1; PRAGMA journal_mode = WAL; \
         INSERT INTO meta VALUES ('store_id', 'old'); \
         INSERT INTO source (id, name, url, host, enabled, configured, schedule, timezone, first_seen, next_at) \
         VALUES (1, 'one', 'https://one.example/feed', 'one.example', 0, 0, '', 'UTC', '', 0); \
         INSERT INTO article (id, source_id, first_seen, seq) VALUES (1, 1, '2026-11-24T00:00:00Z', 1), (2, 1, '2026-11-24T00:00:00Z', 2); \
         INSERT INTO page (id, article_id, source_id, page_key, url, first_seen) VALUES \
         (1, 1, 1, 'one.example/a', 'https://one.example/a', ''), (2, 2, 1, 'one.example/b', 'https://one.example/b', ''); \
         INSERT INTO revision (id, page_id, source_id, seq, fetched_at, url, title, text, html, method, kind) VALUES \
         (1, 1, 1, 1, '2026-11-24T00:00:00Z', 'https://one.example/a', 'Harbour', 'ferries leave', '', 'auto', 'article'), \
         (2, 2, 1, 2, '2026-11-24T00:00:00Z', 'https://one.example/b', 'Bridge', 'cars pass', '', 'auto', 'article'); \
         UPDATE article SET revision_id = id, indexed_id = id, shown_at = id; \
         UPDATE sequence SET seq = 2; \
         INSERT INTO change VALUES (1, 1, 'new', NULL, ''), (2, 2, 'new', NULL, ''); \
         INSERT INTO search (rowid, title, text) SELECT page_id, title, text FROM revision; \
         INSERT INTO alias VALUES \
         ('one.example/a', 'final-url', 1, 'https://one.example/a', 0, ''), ('one.example/a', 'link', 1, 'https://one.example/a', 0, ''), \
         ('one.example/b', 'final-url', 2, 'https://one.example/b', 0, ''), \
         ('one.example/today', 'link', 1, 'https://one.example/today', 1, ''), ('one.example/today', 'link', 2, 'https://one.example/today', 1, ''); \
         INSERT INTO raw_page VALUES (2, '2026-11-24T00:00:00Z', 200, 'a: b', '', x'3c703e', 3, NULL)",
    )
    .unwrap();
    let rows = |db: &Connection, sql: &str| -> Vec<String> {
        let mut query = db.prepare(sql).unwrap();
        let rows = query.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    for step in &MIGRATIONS[1..version] {
        db.execute_batch(step).unwrap();
    }
    db.pragma_update(None, "user_version", version as i64).unwrap();
    let told = "SELECT article_id || ' ' || key || ' ' || kind || ' ' || url || ' ' || shared FROM aliases ORDER BY 1";
    let before = rows(&db, told);
    assert_eq!(before.len(), 5);
    drop(db);
    let store = Store::open(&old, start_of_time()).unwrap();
    store.close().await.unwrap();
    let reader = Reader::open(&old).unwrap();
    assert_eq!(reader.verify(|_| {}).unwrap(), Vec::<String>::new());
    assert_eq!(reader.summary().unwrap().store_id, "old");
    let pages = reader.raw_pages_after(&RawPages::default(), 0, 9).unwrap();
    let [page] = pages.as_slice() else {
        panic!("{pages:?}")
    };
    assert_eq!((page.page_id, page.body.as_slice()), (2, &b"<p>"[..]));
    let (old, new) = (Connection::open(&old).unwrap(), Connection::open(&new).unwrap());
    assert_eq!(rows(&old, told), before);
    assert_eq!(
        rows(&old, "SELECT source_id || ' ' || page_id FROM raw_page_due"),
        ["1 2"]
    );
    let found = |key: &str| {
        old.prepare(super::super::articles::NAMED)
            .unwrap()
            .query_map([key], |row| row.get::<_, i64>(0))
            .unwrap()
            .map(Result::unwrap)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (found("one.example/b"), found("one.example/today")),
        (vec![2], vec![])
    );
    let schema = "SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY name";
    assert_eq!(
        rows(&old, schema),
        rows(&new, schema),
        "as if it had been made today"
    );
}
