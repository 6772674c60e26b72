use std::collections::BTreeMap;

use super::*;
use crate::store::articles;

fn one(db: &Connection, sql: &str) -> i64 {
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// A writer's connection without its thread: a few hundred cases need no disk.
pub(super) fn memory() -> Connection {
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch(crate::store::schema::SCHEMA).unwrap();
    db.pragma_update(None, "foreign_keys", true).unwrap();
    db.execute_batch(
        "INSERT INTO source (id, name, url, host, enabled, configured, schedule, timezone, first_seen, next_at) \
         VALUES (1, 'one', '', '', 1, 1, '', '', '', 0)",
    )
    .unwrap();
    db
}

#[test]
fn following_the_changes_gives_the_content_of_the_database() {
    let db = memory();
    let mut mirror: BTreeMap<i64, i64> = BTreeMap::new();
    let mut seen = 0;
    for round in 0..40_u8 {
        // Most pages say the same, so that keys join them. From some time on others contradict the keys.
        let text = words(&format!("t{}x", if round > 20 { round % 3 } else { 0 }));
        let key = |number: u8| format!("paper.example/key/{number}");
        let (short, canonical, og_url) = (key(round % 5), key(round % 7), key(round % 11 + 20));
        let keys =
            [(KeyKind::ShortLink, &*short), (KeyKind::Canonical, &*canonical), (KeyKind::OgUrl, &*og_url)];
        let article = cutting(&format!("paper.example/{round}"), &text, &keys);
        let now = start_of_time() + chrono::Duration::seconds(round.into());
        articles::record(&db, SourceId(1), &article, &article.keys, None, now).unwrap();
        let mut query =
            db.prepare("SELECT seq, article_id, op FROM changes WHERE seq > ?1 ORDER BY seq").unwrap();
        let changes: Vec<(i64, i64, String)> = query
            .query_map([seen], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        for (seq, article, op) in changes {
            seen = seq;
            match op.as_str() {
                "merged" => assert!(mirror.remove(&article).is_some(), "{article} was known"),
                _ => {
                    mirror.insert(article, seq);
                }
            }
        }
    }
    let mut query = db.prepare("SELECT article_id, seq FROM articles").unwrap();
    let articles: BTreeMap<i64, i64> =
        query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect();
    assert_eq!(mirror, articles);
    assert!(one(&db, "SELECT count(*) FROM changes WHERE op = 'merged'") > 0, "the test tests something");
}
