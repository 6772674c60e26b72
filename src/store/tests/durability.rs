use super::*;

/// Entries enough for a transaction of some size.
fn many(count: usize) -> Vec<String> {
    (0..count).map(|i| format!("https://one.example/{i}/{}", "x".repeat(500))).collect()
}

#[tokio::test]
async fn h22_a_full_disk_is_rolled_back_said_and_forgotten_when_there_is_room() {
    let (fixture, claims) = StoreFixture::with(&["one", "two"]).await;
    fixture.publish(&claims[1], &["https://two.example/a"]).await;
    // SQLite's own limit stands for the disk's: the same error on the same path.
    let limit = |pages: &'static str| {
        fixture.store.writer.call("limit", move |db| Ok(db.query_row(pages, [], |row| row.get::<_, i64>(0))?))
    };
    let pages = limit("PRAGMA page_count").await.unwrap();
    limit("PRAGMA max_page_count = 1").await.unwrap();
    let links = many(500);
    let links: Vec<&str> = links.iter().map(String::as_str).collect();
    let entries = links.iter().map(|link| entry(link)).collect();
    let outcome = fixture.taken(&claims[0], entries, None);
    let error = fixture.store.record_poll(outcome.clone()).await.unwrap_err();
    assert_eq!(error.code(), "store-full", "{error}");
    assert!(error.to_string().contains("record a poll") && error.to_string().contains("room"), "{error}");
    assert_eq!(fixture.number("SELECT count(*) FROM entry WHERE source_id = 1"), 0);
    assert_eq!(fixture.number("SELECT count(etag) FROM source WHERE id = 1"), 0, "no validator moved ahead");
    assert_eq!(fixture.number("PRAGMA page_count"), pages);

    limit("PRAGMA max_page_count = 1073741823").await.unwrap();
    assert_eq!(fixture.store.record_poll(outcome).await.unwrap().new, 500, "the lease still stands");
    assert_eq!(fixture.strings("PRAGMA integrity_check"), ["ok"]);
}

#[tokio::test]
async fn a_step_that_panics_harms_only_itself() {
    let (fixture, claims) = StoreFixture::with(&["one"]).await;
    let panics = fixture.store.writer.call("try", |db| -> Result<(), StoreError> {
        db.execute("UPDATE source SET name = 'broken'", [])?;
        panic!("on purpose");
    });
    let (error, counts) = tokio::join!(panics, fixture.publish(&claims[0], &["https://one.example/a"]));
    assert!(error.unwrap_err().to_string().contains("panicked"));
    assert_eq!(counts.new, 1);
    assert_eq!(fixture.strings("SELECT name FROM source"), ["one"]);
}

#[tokio::test]
async fn a_step_that_fails_takes_none_of_its_transaction_along() {
    let fixture = StoreFixture::new();
    let writer = &fixture.store.writer;
    let (go, held) = std::sync::mpsc::channel::<()>();
    // Until all of them are sent the thread is kept busy, so that they share a transaction.
    let busy = writer.call("wait", move |_| {
        let _ = held.recv();
        Ok(0)
    });
    let runs = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let step = |name: &'static str, end: fn() -> Result<i64, StoreError>| {
        let runs = std::sync::Arc::clone(&runs);
        writer.call("note", move |db| {
            runs.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            db.execute("INSERT INTO meta (key, value) VALUES (?1, '')", [name])?;
            end()
        })
    };
    let mut steps = [
        Box::pin(step("note 1", || Ok(1))),
        Box::pin(step("note 2", || Err(StoreError::damaged("on purpose")))),
        Box::pin(step("note 3", || Ok(3))),
        Box::pin(step("note 4", || panic!("on purpose"))),
        Box::pin(step("note 5", || Ok(5))),
    ];
    let mut busy = Box::pin(busy);
    assert!(futures_util::poll!(&mut busy).is_pending());
    for step in &mut steps {
        assert!(futures_util::poll!(step).is_pending());
    }
    go.send(()).unwrap();
    // It may run again.
    drop(go);
    busy.await.unwrap();
    let ends = futures_util::future::join_all(steps).await;
    let ends: Vec<_> = ends.into_iter().map(|end| end.map_err(|error| error.to_string())).collect();
    assert_eq!([&ends[0], &ends[2], &ends[4]], [&Ok(1), &Ok(3), &Ok(5)]);
    assert!(ends[1].as_ref().unwrap_err().contains("on purpose"), "{ends:?}");
    assert!(ends[3].as_ref().unwrap_err().contains("panicked"), "{ends:?}");
    assert_eq!(
        fixture.strings("SELECT key FROM meta WHERE key LIKE 'note %' ORDER BY key"),
        ["note 1", "note 3", "note 5"]
    );
    let runs = runs.load(std::sync::atomic::Ordering::SeqCst);
    assert_eq!(runs, 7, "the two before the mistake ran twice");
}

#[tokio::test]
async fn h24_a_reader_with_an_open_transaction_stops_nobody() {
    let (mut fixture, claims) = StoreFixture::with(&["one"]).await;
    fixture.publish(&claims[0], &["https://one.example/a", "https://one.example/b"]).await;
    fixture.collect(cutting("one.example/a", &words("a"), &[])).await;
    fixture.pass(1);
    let reader = fixture.sql();
    reader.execute_batch("BEGIN").unwrap();
    let before: i64 = reader.query_row("SELECT max(seq) FROM articles", [], |row| row.get(0)).unwrap();
    fixture.collect(cutting("one.example/b", &words("b"), &[])).await;
    let during: i64 = reader.query_row("SELECT max(seq) FROM articles", [], |row| row.get(0)).unwrap();
    assert_eq!((before, during), (1, 1), "it keeps its view");
    assert_eq!(fixture.number("SELECT max(seq) FROM articles"), 2, "and others see the new one");
}

#[tokio::test]
async fn h21_what_was_answered_survives_a_copy_of_the_files_at_any_moment() {
    let (mut fixture, claims) = StoreFixture::with(&["one"]).await;
    let links: Vec<String> = (0..10).map(|i| format!("https://h{i}.example/a")).collect();
    fixture.publish(&claims[0], &links.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for stored in 1..=10_usize {
        let claim = fixture.one_entry().await;
        let page = crate::link::key(claim.entry.link.as_ref().unwrap());
        let result = PageResult::Article(Box::new(cutting(&page, &words(&page), &[])));
        fixture.page(&claim, result).await.unwrap();
        fixture.pass(1);
        // What a kill would leave behind.
        let copy = tempfile::tempdir().unwrap();
        for suffix in ["", "-wal", "-work"] {
            let from = lock::beside(&fixture.path(), suffix);
            std::fs::copy(&from, copy.path().join(from.file_name().unwrap())).unwrap();
        }
        let again = Store::open(&copy.path().join("news.db"), fixture.now).unwrap();
        let reader = Reader::open(again.path()).unwrap();
        assert_eq!(articles_since(&reader, 0, 99).len(), stored);
        assert_eq!(reader.summary().unwrap().pending, 10 - stored as u64);
        let check: String = reader.db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(check, "ok");
    }
}

#[tokio::test]
async fn what_may_wait_shares_a_transaction_and_what_only_reads_does_not_wait() {
    let fixture = StoreFixture::new();
    let writer = &fixture.store.writer;
    let (go, held) = std::sync::mpsc::channel::<()>();
    // Until all of them are sent the thread is kept busy.
    let busy = writer.call("wait", move |_| {
        let _ = held.recv();
        Ok(())
    });
    let note = |name: &'static str| {
        let path = fixture.store.path().to_owned();
        writer.call_in(writer::BatchPriority::Gather, "note", move |db| {
            db.execute("INSERT INTO meta (key, value) VALUES (?1, '')", [name])?;
            // What others see while this is done.
            count_notes(&rusqlite::Connection::open(&path)?)
        })
    };
    let look = writer.call_in(writer::BatchPriority::Read, "look", count_notes);
    let (mut busy, mut one, mut look, mut two) =
        (Box::pin(busy), Box::pin(note("note 1")), Box::pin(look), Box::pin(note("note 2")));
    assert!(futures_util::poll!(&mut busy).is_pending());
    assert!(futures_util::poll!(&mut one).is_pending());
    assert!(futures_util::poll!(&mut look).is_pending());
    assert!(futures_util::poll!(&mut two).is_pending());
    go.send(()).unwrap();
    busy.await.unwrap();
    assert_eq!(look.await.unwrap(), 0, "it sees what is committed");
    assert_eq!(one.await.unwrap(), 0);
    assert_eq!(two.await.unwrap(), 0, "the first is committed with it, not before");
    let after = writer.call_in(writer::BatchPriority::Read, "look", count_notes);
    assert_eq!(after.await.unwrap(), 2);
}

fn count_notes(db: &rusqlite::Connection) -> Result<i64, StoreError> {
    Ok(db.query_row("SELECT count(*) FROM meta WHERE key LIKE 'note %'", [], |row| row.get(0))?)
}

#[tokio::test]
async fn callers_that_go_away_do_not_stop_the_writer() {
    let (fixture, claims) = StoreFixture::with(&["one"]).await;
    {
        let mut call = Box::pin(fixture.publish(&claims[0], &["https://one.example/a"]));
        // Sent, and then dropped before the answer.
        let _ = futures_util::poll!(&mut call);
    }
    // What is changed later is changed after it.
    fixture.store.release(Vec::new()).await.unwrap();
    assert_eq!(fixture.number("SELECT count(*) FROM entry"), 1);
}
