use super::repack::{self, Due};
use super::*;
use crate::model::{EncodedBody, RawPage};

/// Numbers, the same in every run.
fn dice(seed: &str) -> impl FnMut() -> u64 + use<> {
    let mut state = seed
        .bytes()
        .fold(7_u64, |sum, byte| sum.wrapping_mul(31) + u64::from(byte));
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    }
}

/// A page of its own words in a site's markup, of which there is more than of them.
fn page(site: &str, number: usize) -> Vec<u8> {
    let mut roll = dice(site);
    let mut html = String::from("<!DOCTYPE html><html><body>\n");
    for _ in 0..300 {
        html += &format!("<div class=\"{site}-{:x}\" id=\"{:x}\">\n", roll(), roll());
    }
    html += &format!(
        "<a href=/latest>Headlines of the day in {site}</a><p>{}</p></body></html>\n",
        own(site, number)
    );
    html.into_bytes()
}

/// What no other page says.
fn own(site: &str, number: usize) -> String {
    let mut roll = dice(&format!("{site} {number}"));
    (0..200).fold(String::new(), |text, _| text + &format!("w{:x} ", roll()))
}

fn beginning(site: &str, number: usize) -> String {
    own(site, number).chars().take(20).collect()
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    std::io::Write::write_all(&mut gzip, plain).unwrap();
    gzip.finish().unwrap()
}

/// Stores `count` more pages of a site, which came with gzip.
async fn collect(desk: &mut Desk, site: &str, from: usize, count: usize) {
    for number in from..from + count {
        let key = format!("{site}.example/{number}");
        desk.publish_again(&[&format!("https://{key}")]).await;
        let mut cutting = cutting(&key, &own(site, number), &[]);
        let body = page(site, number);
        cutting.raw = Some(RawPage {
            status: 200,
            headers: "content-encoding: gzip\n".into(),
            sent: Some(EncodedBody {
                codings: "gzip".into(),
                bytes: gzip(&body),
            }),
            body,
            expires: Some(desk.now + chrono::Duration::days(40)),
        });
        desk.collect(cutting).await;
        desk.pass(60);
    }
}

async fn with_pages(count: usize) -> Desk {
    let mut desk = Desk::new();
    desk.store.sync_sources(&[source("one")], desk.now).await.unwrap();
    collect(&mut desk, "one", 0, count).await;
    desk
}

/// Packs until there is nothing left to do.
async fn pack(desk: &Desk) -> Repacked {
    let mut sum = Repacked::default();
    loop {
        let step = desk.store.repack(desk.now).await.unwrap();
        sum.pages += step.pages;
        sum.before += step.before;
        sum.after += step.after;
        if !step.more {
            return sum;
        }
    }
}

fn rows(desk: &Desk) -> Vec<RawPageRow> {
    let reader = Reader::open(&desk.path()).unwrap();
    reader.raw_pages_after(&RawPages::default(), 0, 1000).unwrap()
}

fn verified(desk: &Desk) -> Vec<String> {
    Reader::open(&desk.path()).unwrap().verify(|_| {}).unwrap()
}

/// Everything that is in dictionaries.
fn dictionaries(desk: &Desk) -> Vec<String> {
    let db = desk.sql();
    let mut query = db
        .prepare("SELECT body, length FROM raw_dictionary ORDER BY id")
        .unwrap();
    let rows = query
        .query_map([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?)))
        .unwrap();
    rows.map(|row| {
        let (body, length) = row.unwrap();
        String::from_utf8(dictionary::stored(&body, length).unwrap()).unwrap()
    })
    .collect()
}

#[tokio::test]
async fn pages_are_packed_with_what_they_have_in_common_and_come_back_as_they_were() {
    let mut desk = with_pages(20).await;
    let before = rows(&desk);
    assert_eq!(before[7].body, page("one", 7));
    let packed = pack(&desk).await;
    // Four of them wait for others.
    assert_eq!(
        (packed.pages, desk.number("SELECT count(*) FROM raw_page_due")),
        (16, 4)
    );
    assert!(packed.after * 2 < packed.before, "{packed:?}");
    assert_eq!(
        desk.number("SELECT sum(length(body)) FROM raw_page WHERE dictionary IS NOT NULL")
            .unsigned_abs()
            + desk
                .number("SELECT sum(length(body)) FROM raw_dictionary")
                .unsigned_abs(),
        packed.after
    );
    assert_eq!(rows(&desk), before);
    let first = Reader::open(&desk.path())
        .unwrap()
        .raw_page_of("one.example/0")
        .unwrap();
    assert_eq!(first, Some(before[0].clone()));
    assert_eq!(verified(&desk), Vec::<String>::new());
    assert_eq!(
        pack(&desk).await,
        Repacked::default(),
        "nothing is looked at twice"
    );
    assert_eq!(
        desk.strings("SELECT value || '' FROM counter WHERE name = 'pages.packed'"),
        ["16"]
    );

    // Those that come later are packed with it too, for a month.
    collect(&mut desk, "one", 20, 12).await;
    assert_eq!(pack(&desk).await.pages, 16);
    assert_eq!(desk.number("SELECT count(*) FROM raw_dictionary"), 1);
    desk.pass(31 * 24 * 3600);
    collect(&mut desk, "one", 32, 8).await;
    assert_eq!(pack(&desk).await.pages, 8);
    assert_eq!(
        desk.strings("SELECT dictionary || ' ' || count(*) FROM raw_page GROUP BY dictionary"),
        ["1 32", "2 8"]
    );
    assert_eq!(
        desk.strings("SELECT pages || '' FROM raw_dictionary"),
        ["16", "8"]
    );
    for row in rows(&desk) {
        let number = row.url.rsplit('/').next().unwrap().parse().unwrap();
        assert_eq!(row.body, page("one", number));
    }
    let copy = desk.folder.path().join("copy.db");
    backup(&desk.path(), &copy).unwrap();
    let copy = Reader::open(&copy).unwrap();
    assert_eq!(
        copy.raw_pages_after(&RawPages::default(), 0, 1000).unwrap(),
        rows(&desk)
    );
}

#[tokio::test]
async fn a_dictionary_is_made_anew_after_a_redesign_and_goes_with_its_last_page() {
    let mut desk = with_pages(8).await;
    pack(&desk).await;
    collect(&mut desk, "redesigned", 8, 8).await;
    pack(&desk).await;
    assert_eq!(
        desk.strings("SELECT dictionary || ' ' || count(*) FROM raw_page GROUP BY dictionary"),
        ["1 8", "2 8"]
    );
    let [old, new] = dictionaries(&desk).try_into().unwrap();
    assert!(
        old.contains("Headlines of the day in one") && new.contains("Headlines of the day in redesigned")
    );
    for number in 0..8 {
        // Pages expire; what they alone said must not stay behind in what others are packed with.
        assert!(
            !old.contains(&beginning("one", number)) && !new.contains(&beginning("redesigned", number + 8))
        );
    }
    desk.sql()
        .execute_batch("UPDATE raw_page SET expires = 0 WHERE page_id < 8")
        .unwrap();
    desk.store.tidy(desk.now).await.unwrap();
    assert_eq!(dictionaries(&desk).len(), 2, "a page needs it still");
    desk.sql()
        .execute_batch("UPDATE raw_page SET expires = 0 WHERE page_id = 8")
        .unwrap();
    desk.store.tidy(desk.now).await.unwrap();
    assert_eq!(dictionaries(&desk), [new]);
    assert_eq!(verified(&desk), Vec::<String>::new());
}

#[tokio::test]
async fn pages_that_do_not_get_smaller_stay_as_they_are_and_are_looked_at_once() {
    let desk = with_pages(9).await;
    // Of a kind that nothing makes smaller; too large; damaged; gone.
    let db = desk.sql();
    db.execute_batch(
        "UPDATE raw_page SET codings = '', body = randomblob(9000), length = 9000 WHERE page_id < 7",
    )
    .unwrap();
    db.execute_batch(
        "UPDATE raw_page SET length = 1 << 40 WHERE page_id = 7; UPDATE raw_page SET body = x'00' WHERE page_id = 8; \
         DELETE FROM raw_page WHERE page_id = 9",
    )
    .unwrap();
    let bodies = "SELECT page_id || codings || hex(body) || length FROM raw_page WHERE dictionary IS NULL";
    let before = desk.strings(bodies);
    assert_eq!(pack(&desk).await.pages, 0);
    assert_eq!(desk.strings(bodies), before);
    assert_eq!(desk.number("SELECT count(*) FROM raw_page_due"), 0);
    assert_eq!(desk.number("SELECT count(*) FROM raw_dictionary"), 0);
}

#[tokio::test]
async fn a_page_that_changed_while_it_was_packed_is_left_alone() {
    let desk = with_pages(10).await;
    let db = desk.sql();
    let packed = || {
        let Due::Batch(batch) = repack::look(&db, desk.now).unwrap() else {
            panic!("pages wait")
        };
        repack::weigh(batch).unwrap()
    };
    let first = packed();
    // Of a dictionary that was made of it, nothing is kept.
    db.execute_batch("DELETE FROM raw_page WHERE page_id = 3")
        .unwrap();
    assert_eq!(repack::swap(&db, &first, desk.now).unwrap().pages, 0);
    assert_eq!(dictionaries(&desk), Vec::<String>::new());
    pack(&desk).await;
    assert_eq!(
        desk.number("SELECT count(*) FROM raw_page WHERE dictionary = 1"),
        9
    );

    // Otherwise only the page itself is passed over, and waits for another turn.
    db.execute_batch("INSERT INTO raw_page_due SELECT 1, page_id FROM raw_page")
        .unwrap();
    db.execute_batch("UPDATE raw_page SET codings = '', body = zeroblob(length), dictionary = NULL")
        .unwrap();
    let second = packed();
    db.execute_batch("UPDATE raw_page SET body = zeroblob(9), length = 9 WHERE page_id = 5")
        .unwrap();
    repack::swap(&db, &second, desk.now).unwrap();
    assert_eq!(desk.strings("SELECT page_id || '' FROM raw_page_due"), ["5"]);
    assert_eq!(
        desk.strings("SELECT page_id || '' FROM raw_page WHERE codings = ''"),
        ["5"]
    );
    assert_eq!(rows(&desk)[3].body, [0; 9]);

    // One that is retired meanwhile is not used.
    drop(db);
    let mut desk = desk;
    collect(&mut desk, "one", 10, 8).await;
    let db = desk.sql();
    let Due::Batch(batch) = repack::look(&db, desk.now).unwrap() else {
        panic!("pages wait")
    };
    let third = repack::weigh(batch).unwrap();
    MaintenanceWriter::open(&desk.path())
        .unwrap()
        .delete(1, desk.now)
        .unwrap();
    assert_eq!(repack::swap(&db, &third, desk.now).unwrap().pages, 0);
    assert_eq!(verified(&desk), Vec::<String>::new());
}

/// Whether a part of `bytes` is in the file of the database or its log.
fn is_on_disk(desk: &Desk, bytes: &[u8]) -> bool {
    let files = ["", "-wal"].map(|suffix| std::fs::read(super::lock::beside(&desk.path(), suffix)).unwrap());
    bytes.chunks_exact(100).any(|part| {
        files
            .iter()
            .any(|file| memchr::memmem::find(file, part).is_some())
    })
}

#[tokio::test]
async fn a_takedown_leaves_nothing_in_a_dictionary_and_no_older_form_in_the_file() {
    let desk = with_pages(24).await;
    // Behind what SQLite keeps in the tree itself, which it moves about without overwriting it.
    let sent = gzip(&page("one", 4))[500..].to_vec();
    assert!(is_on_disk(&desk, &sent));
    pack(&desk).await;
    desk.sql()
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    assert!(
        !is_on_disk(&desk, &sent),
        "nobody would know where it lies when it is taken down"
    );
    assert_eq!(dictionaries(&desk).len(), 1);
    let packed: Vec<u8> = desk
        .sql()
        .query_row("SELECT body FROM raw_page WHERE page_id = 5", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert!(is_on_disk(&desk, &packed));
    let stored: Vec<u8> = desk
        .sql()
        .query_row("SELECT body FROM raw_dictionary", [], |row| row.get(0))
        .unwrap();
    assert!(is_on_disk(&desk, &stored));
    let others: Vec<RawPageRow> = rows(&desk).into_iter().filter(|row| row.page_id != 5).collect();

    let mut clerk = MaintenanceWriter::open(&desk.path()).unwrap();
    assert!(clerk.delete(5, desk.now).unwrap());
    assert_eq!(dictionaries(&desk), Vec::<String>::new());
    for (what, gone) in [("packed", packed), ("dictionary", stored)] {
        assert!(!is_on_disk(&desk, &gone), "{what}");
    }
    assert_eq!(rows(&desk), others);
    assert_eq!(verified(&desk), Vec::<String>::new());
    // They are packed again, with another.
    pack(&desk).await;
    assert_eq!(desk.strings("SELECT id || '' FROM raw_dictionary"), ["2"]);
    assert_eq!(rows(&desk), others);
}

#[tokio::test]
async fn a_takedown_that_was_cut_off_is_finished_by_the_daemon() {
    let desk = with_pages(24).await;
    pack(&desk).await;
    let before = rows(&desk);
    // As far as its first transaction goes. One page is beyond reading, and cannot hold it up.
    let db = desk.sql();
    repack::retire(&db, crate::model::ArticleId(5)).unwrap();
    db.execute_batch("UPDATE raw_page SET body = x'00' WHERE page_id = 7")
        .unwrap();
    desk.store.repack(desk.now).await.unwrap();
    assert_eq!(dictionaries(&desk).len(), 1, "a part at a time");
    pack(&desk).await;
    assert_eq!(desk.strings("SELECT id || '' FROM raw_dictionary"), ["2"]);
    let after = rows(&desk);
    assert_eq!(after.len(), 23);
    assert!(after.iter().all(|row| before.contains(row)));
}

#[tokio::test]
async fn verify_names_what_cannot_be_unpacked() {
    let desk = with_pages(8).await;
    pack(&desk).await;
    let copy = desk.folder.path().join("copy.db");
    // Another dictionary of the same length: no page may be taken for what it makes of it.
    let length = desk.number("SELECT length FROM raw_dictionary");
    let other = zstd::bulk::compress(&vec![b'x'; usize::try_from(length).unwrap()], 3).unwrap();
    for (harm, signs) in [
        (
            "UPDATE raw_dictionary SET length = length + 1",
            &["dictionary 1", "page 1 "][..],
        ),
        (
            "UPDATE raw_dictionary SET length = -1",
            &["dictionary 1", "page 1 "],
        ),
        (
            "UPDATE raw_dictionary SET length = 1 << 40",
            &["dictionary 1", "page 1 "],
        ),
        (
            "UPDATE raw_dictionary SET body = x'00'",
            &["dictionary 1", "page 1 "],
        ),
        ("UPDATE raw_dictionary SET body = ?1", &["page 1 "]),
        ("UPDATE raw_page SET length = length - 1", &["page 2 "]),
        ("UPDATE raw_page SET length = 1 << 40", &["page 2 "]),
        ("UPDATE raw_page SET length = -1", &["page 2 "]),
        ("UPDATE raw_page SET body = substr(body, 1, 20)", &["page 2 "]),
        (
            "DELETE FROM raw_dictionary",
            &["refers to one that is not there", "page 1 "],
        ),
    ] {
        backup(&desk.path(), &copy).unwrap();
        let db = Connection::open(&copy).unwrap();
        db.pragma_update(None, "foreign_keys", false).unwrap();
        let mut harmful = db.prepare(harm).unwrap();
        let parameters = [&other].into_iter().take(harmful.parameter_count());
        harmful.execute(rusqlite::params_from_iter(parameters)).unwrap();
        let reader = Reader::open(&copy).unwrap();
        let found = reader.verify(|_| {}).unwrap().join("\n");
        for sign in signs {
            assert!(found.contains(sign), "{harm}: {found}");
        }
        let read = reader.raw_pages_after(&RawPages::default(), 0, 9);
        assert_eq!(read.unwrap_err().code(), "store-damaged", "{harm}");
    }
}

/// `CUTTINGS_PAGES=FOLDER cargo test --release --lib how_small -- --ignored --nocapture`: what the pages (`*.html`, also
/// in folders below) of sites with three or more of them take, by what they are packed with. A site is the host of the
/// canonical link.
#[test]
#[ignore = "a figure, of pages that are not in the repository"]
fn how_small_pages_become() {
    let mut sites: std::collections::BTreeMap<String, Vec<Vec<u8>>> = std::collections::BTreeMap::new();
    let mut folders = vec![std::path::PathBuf::from(
        std::env::var_os("CUTTINGS_PAGES").unwrap(),
    )];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "html") {
                let page = std::fs::read(path).unwrap();
                let text = String::from_utf8_lossy(&page);
                let host = ["canonical", "og:url"].iter().find_map(|sign| {
                    let (_, tag) = text.split_once(sign)?;
                    let (_, rest) = tag.split_once("://")?;
                    let host = rest.split(['/', '"', '\'']).next()?;
                    Some(host.trim_start_matches("www.").to_owned())
                });
                sites.entry(host.unwrap_or_default()).or_default().push(page);
            }
        }
    }
    sites.remove("");
    sites.retain(|_, pages| pages.len() >= dictionary::SEVERAL);
    let (mut count, mut sums) = (0, [0; 5]);
    for pages in sites.values() {
        let sample: Vec<&[u8]> = pages.iter().map(Vec::as_slice).collect();
        let dictionary = dictionary::common(&sample);
        sums[4] += dictionary::packed(&dictionary, None).unwrap().len();
        for page in pages {
            count += 1;
            let alone = dictionary::packed(page, None).unwrap().len();
            let with = dictionary::packed(page, Some(&dictionary)).unwrap();
            assert_eq!(
                dictionary::unpacked(&with, &dictionary, page.len()).unwrap(),
                *page
            );
            for (sum, bytes) in
                sums.iter_mut()
                    .zip([page.len(), gzip(page).len(), alone, with.len().min(alone)])
            {
                *sum += bytes;
            }
        }
    }
    let [plain, gzip, alone, with, dictionaries] = sums.map(|sum| sum / count);
    println!(
        "{count} pages of {} sites, bytes a page: plain {plain}, gzip {gzip}, zstd {alone}, with a dictionary {with} and {dictionaries} of it",
        sites.len()
    );
}
