use std::collections::BTreeMap;

use super::*;
use crate::store::articles;
use crate::store::cluster::RecentSketches;
use crate::store::tests::grouping::memory;
use crate::store::text_index;

/// A stream of numbers, the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    /// A word of a vocabulary in which some are far more common than others.
    fn word(&mut self) -> String {
        let common = self.roll(3) > 0;
        format!("w{}", if common { self.roll(60) } else { self.roll(6000) })
    }

    fn paragraph(&mut self) -> Vec<String> {
        (0..30 + self.roll(40)).map(|_| self.word()).collect()
    }
}

/// A story as a wire sends it, and as a paper prints it: a paragraph cut or put before, one word in twenty replaced.
fn printed(wire: &[Vec<String>], dice: &mut Dice) -> String {
    let mut paragraphs = wire.to_vec();
    match dice.roll(3) {
        0 => {
            paragraphs.pop();
        }
        1 => paragraphs.insert(0, dice.paragraph().into_iter().take(15).collect()),
        _ => {}
    }
    for word in paragraphs.iter_mut().flatten() {
        if dice.roll(20) == 0 {
            *word = dice.word();
        }
    }
    let lines: Vec<String> = paragraphs.into_iter().map(|words| words.join(" ")).collect();
    lines.join("\n\n")
}

#[test]
fn an_agency_story_is_one_cluster_of_several_articles() {
    let db = memory();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let stories: Vec<Vec<Vec<String>>> =
        (0..150).map(|_| (0..5 + dice.roll(5)).map(|_| dice.paragraph()).collect()).collect();
    let mut latest = RecentSketches::default();
    let mut story_of = BTreeMap::new();
    for paper in 0..4 {
        for (number, story) in stories.iter().enumerate() {
            let page = cutting(&format!("p{paper}.example/{number}"), &printed(story, &mut dice), &[]);
            db.execute_batch("BEGIN").unwrap();
            articles::record(&db, crate::model::SourceId(1), &page, &page.keys, None, start_of_time())
                .unwrap();
            text_index::update(&db, &mut latest).unwrap();
            db.execute_batch("COMMIT").unwrap();
            story_of.insert(story_of.len() as i64 + 1, number);
        }
        // What is held in memory is read back after a restart.
        latest = RecentSketches::default();
    }
    let mut query = db.prepare("SELECT article_id, cluster FROM articles").unwrap();
    let found: Vec<(i64, i64)> =
        query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect();
    assert_eq!(found.len(), 600, "no article is merged");
    let wrong = found.iter().filter(|(id, cluster)| story_of[id] != story_of[cluster]).count();
    assert_eq!(wrong, 0, "no story is taken for another");
    let later: Vec<_> = found.iter().filter(|(id, _)| *id > 150).collect();
    let joined = later.iter().filter(|(id, cluster)| id != cluster).count();
    // Measured: 93 in a hundred, of prints that differ in one word in ten and in a paragraph.
    assert!(joined * 100 >= later.len() * 90, "{joined} of {} found their story", later.len());
}

#[test]
fn short_notices_have_no_cluster() {
    let db = memory();
    let mut latest = RecentSketches::default();
    for i in 0..3 {
        let page = cutting(&format!("p.example/{i}"), &words("subscribe"), &[]);
        db.execute_batch("BEGIN").unwrap();
        articles::record(&db, crate::model::SourceId(1), &page, &page.keys, None, start_of_time()).unwrap();
        text_index::update(&db, &mut latest).unwrap();
        db.execute_batch("COMMIT").unwrap();
    }
    let apart: i64 = db
        .query_row("SELECT count(*) FROM articles WHERE cluster = article_id", [], |row| row.get(0))
        .unwrap();
    assert_eq!(apart, 3);
}

#[tokio::test]
async fn a_search_may_show_each_story_once() {
    let mut fixture = StoreFixture::new();
    fixture.store.sync_sources(&[source("one")], fixture.now).await.unwrap();
    let story = words("s") + &words("t");
    for (i, text) in
        [story.clone(), story.clone() + "one more line", words("other") + "s7"].iter().enumerate()
    {
        fixture.publish_again(&[&format!("https://h{i}.example/a")]).await;
        fixture.collect(cutting(&format!("h{i}.example/a"), text, &[])).await;
        fixture.pass(60);
    }
    let reader = Reader::open(&fixture.path()).unwrap();
    let ids = |one_of_a_cluster, order| -> Vec<i64> {
        let search = SearchRequest {
            query: "s7".into(),
            limit: 9,
            one_of_a_cluster,
            order,
            ..SearchRequest::default()
        };
        reader.search(&search).unwrap().hits.iter().map(|hit| hit.article_id).collect()
    };
    assert_eq!(ids(false, SortBy::Newest), [3, 2, 1]);
    assert_eq!(ids(true, SortBy::Newest), [3, 2]);
    assert_eq!(ids(true, SortBy::Rank).len(), 2);
    let clusters: Vec<_> =
        articles_since(&reader, 0, 9).iter().map(|article| article["cluster"].clone()).collect();
    assert_eq!(clusters, [1, 1, 3]);
}
