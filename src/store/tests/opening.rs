use super::*;

#[tokio::test]
async fn h24_a_second_daemon_is_refused_and_told_of_the_first() {
    let fixture = StoreFixture::new();
    let error = Store::open(&fixture.path(), fixture.now).unwrap_err();
    assert_eq!(error.code(), "store-locked");
    let text = error.to_string();
    assert!(text.contains(&std::process::id().to_string()), "{text}");
    assert!(text.contains("2026-11-24T03:50:00Z"), "{text}");
    fixture.store.close().await.unwrap();
    let second = Store::open(&fixture.path(), fixture.now).unwrap();
    assert_eq!(second.run(), 2, "the lock went with the first");
    assert_eq!(fixture.store.backlog(fixture.now).await.unwrap_err(), StoreError::Closed);
}

/// A database as a development build left it, killed: some of it is in the log only.
fn of_development_build(path: &std::path::Path, version: i64) {
    let db = Connection::open(path).unwrap();
    db.execute_batch(&format!(
        "PRAGMA application_id = 0x63757474; PRAGMA user_version = {version}; PRAGMA journal_mode = WAL;
         CREATE TABLE meta (key TEXT, value TEXT); INSERT INTO meta VALUES ('store_id', 'old');"
    ))
    .unwrap();
    let killed = path.with_extension("killed");
    for suffix in ["", "-wal"] {
        std::fs::copy(lock::beside(path, suffix), lock::beside(&killed, suffix)).unwrap();
    }
    drop(db);
    for suffix in ["", "-wal"] {
        std::fs::rename(lock::beside(&killed, suffix), lock::beside(path, suffix)).unwrap();
    }
}

#[test]
fn h23_the_database_of_a_development_build_is_left_as_it_is_and_the_way_out_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for version in (1..=6).chain([schema::VERSION - 1]) {
        let path = folder.path().join(format!("{version}.db"));
        of_development_build(&path, version);
        let files = || ["", "-wal"].map(|suffix| std::fs::read(lock::beside(&path, suffix)).unwrap());
        let before = files();
        for error in [
            Store::open(&path, start_of_time()).unwrap_err(),
            Reader::open(&path).unwrap_err(),
            ControlClient::open(&path).unwrap_err(),
            MaintenanceWriter::open(&path).unwrap_err(),
        ] {
            assert_eq!(error.code(), "store-development-build");
            let message = error.to_string();
            for part in [
                "left as it is",
                &format!("schema {version}"),
                "`cuttings export --format jsonl --to PATH`",
                "`cuttings import PATH`",
            ] {
                assert!(message.contains(part), "{message}");
            }
            assert_eq!(files(), before, "schema {version}");
        }
    }
}

#[test]
fn a_new_database_has_the_version_and_enforces_its_checks() {
    let fixture = StoreFixture::new();
    assert_eq!(fixture.number("PRAGMA user_version"), 12);
    let checked = |sql: &'static str| {
        let db = schema::open_writer(&fixture.path(), "").unwrap();
        db.execute_batch("BEGIN").unwrap();
        let error = db.execute(sql, []).unwrap_err().to_string();
        assert!(error.contains("CHECK"), "{sql}: {error}");
    };
    checked("INSERT INTO sequence (one, seq) VALUES (2, 0)");
    checked("INSERT INTO change (seq, article_id, op, at) VALUES (1, 1, 'lost', '')");
    checked("INSERT INTO entry (source_id, ident, state, first_seen) VALUES (1, '', 'lost', '')");
}

#[test]
fn h23_a_newer_database_is_left_as_it_is() {
    let fixture = StoreFixture::new();
    let path = fixture.path();
    fixture.sql().pragma_update(None, "user_version", 99).unwrap();
    let StoreFixture { folder, store, now } = fixture;
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
    std::fs::write(&text, "Not a database, but longer than a header of one hundred bytes. ".repeat(20))
        .unwrap();
    let other = folder.path().join("other.db");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    for path in [&text, &other] {
        let before = std::fs::read(path).unwrap();
        for error in [Store::open(path, start_of_time()).unwrap_err(), Reader::open(path).unwrap_err()] {
            assert_eq!(error.code(), "store-foreign", "{error}");
            assert!(error.to_string().contains("left as it is"), "{error}");
        }
        assert_eq!(std::fs::read(path).unwrap(), before);
    }
    // A folder where the file should be; the lock that is made beside it goes with the test.
    let inner = folder.path().join("folder.db");
    std::fs::create_dir(&inner).unwrap();
    assert_eq!(Store::open(&inner, start_of_time()).unwrap_err().code(), "store-file");
}

#[test]
fn h23_a_missing_database_is_said_to_be_missing() {
    let folder = tempfile::tempdir().unwrap();
    let error = Reader::open(&folder.path().join("news.db")).unwrap_err();
    assert!(error.to_string().contains("no database yet"), "{error}");
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "and none is made");
}

#[tokio::test]
async fn h23_a_damaged_page_is_an_error_and_the_writer_lives() {
    let (fixture, claims) = StoreFixture::with(&["one"]).await;
    fixture.publish(&claims[0], &["https://one.example/a"]).await;
    fixture.store.close().await.unwrap();
    let path = fixture.path();
    let mut bytes = std::fs::read(&path).unwrap();
    // Everything behind the schema's first page.
    bytes[4096..].fill(0xa5);
    std::fs::write(&path, bytes).unwrap();
    let error = Store::open(&path, fixture.now).unwrap_err();
    assert!(["store-corrupt", "store-foreign", "store-damaged"].contains(&error.code()), "{error}");
}

#[test]
fn the_folder_is_made_and_the_files_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/news.db");
    drop(Store::open(&path, start_of_time()).unwrap());
    for suffix in ["", "-wal", "-shm", "-lock", "-work"] {
        assert!(lock::beside(&path, suffix).exists(), "{suffix}");
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
    let (fixture, claims) = StoreFixture::with(&["one", "two"]).await;
    fixture.publish(&claims[0], &["https://one.example/a"]).await;
    let entry = fixture.one_entry().await;
    assert!(fixture.entries(9).await.is_empty(), "it is held");
    let mut fixture = fixture.restart();
    assert_eq!(fixture.store.backlog(fixture.now).await.unwrap().leased, 0);
    // What the dead run found out is not recorded any more.
    let late = fixture.page(&entry, PageResult::Retry(failure("timeout"), fixture.now)).await;
    assert!(late.unwrap_err().is_lease_lost());
    fixture.pass(1);
    let again = fixture.one_entry().await;
    assert_eq!((again.id, again.attempts), (entry.id, 0));
    let polls = fixture.store.claim_sources(fixture.now, 9, None).await.unwrap();
    assert_eq!(polls.iter().map(|claim| claim.name.as_str()).collect::<Vec<_>>(), ["two"]);
}

#[tokio::test]
async fn h14_what_was_being_read_when_the_process_died_is_suspect() {
    let (mut fixture, claims) = StoreFixture::with(&["one", "two"]).await;
    fixture.publish(&claims[0], &["https://one.example/a", "https://one.example/b"]).await;
    for crashes in 0..3 {
        fixture.pass(2);
        let entry = fixture.one_entry().await;
        assert_eq!((entry.crashes, entry.entry.link.unwrap().path()), (crashes, "/a"));
        // A feed whose parsing ended well, and a process that died parsing a page and another feed.
        drop(fixture.store.begin_work(WorkItem::Source(claims[0].id)));
        std::mem::forget(fixture.store.begin_work(WorkItem::Entry(entry.id)));
        std::mem::forget(fixture.store.begin_work(WorkItem::Source(claims[1].id)));
        fixture = fixture.restart();
    }
    fixture.pass(2);
    let entry = fixture.one_entry().await;
    let polls = fixture.store.claim_sources(fixture.now, 9, None).await.unwrap();
    assert_eq!((entry.crashes, polls[0].crashes, polls[0].name.as_str()), (3, 3, "two"));
    assert_eq!(fixture.number("SELECT crashes FROM source WHERE name = 'one'"), 0);

    // A child that died of it counts; another failure does not; a document that was read clears the name.
    let mut two = polls.into_iter().find(|claim| claim.name == "two").unwrap();
    for code in ["set-aside", "timeout"] {
        let outcome = fixture.polled(&two, PollResult::Failed(failure(code)));
        fixture.store.record_poll(outcome).await.unwrap();
        assert_eq!(fixture.number("SELECT crashes FROM source WHERE name = 'two'"), 4, "{code}");
        fixture.pass(3600);
        let polls = fixture.store.claim_sources(fixture.now, 9, None).await.unwrap();
        two = polls.into_iter().find(|claim| claim.name == "two").unwrap();
    }
    fixture.publish(&two, &[]).await;
    assert_eq!(fixture.number("SELECT crashes FROM source WHERE name = 'two'"), 0);

    // The article is kept with the feed's text, and the queue goes on.
    let mut kept = cutting("one.example/a", "From the feed.", &[]);
    kept.method = Method::Feed;
    fixture.page(&entry, PageResult::Article(Box::new(kept))).await.unwrap();
    fixture.pass(2);
    assert_eq!(fixture.one_entry().await.entry.link.unwrap().path(), "/b", "the next one");
}

#[test]
fn a_torn_list_of_work_convicts_nobody() {
    let fixture = StoreFixture::new();
    let StoreFixture { folder, store, now } = fixture;
    drop(store);
    let path = folder.path().join("news.db");
    std::fs::write(lock::beside(&path, "-work"), b"entry \xff\nsour\nentry 99999999999999999999\nentry 7")
        .unwrap();
    let store = Store::open(&path, now).unwrap();
    let _mark = store.begin_work(WorkItem::Entry(crate::model::EntryId(7)));
    let text = std::fs::read_to_string(lock::beside(&path, "-work")).unwrap();
    assert_eq!(text.split_whitespace().collect::<Vec<_>>(), ["entry", "7"]);
}
