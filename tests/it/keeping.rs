//! What a person does with a database: find, compare, cut anew, take down, drop, copy, check. All beside a daemon.

use serde_json::Value;

use crate::desk::{Desk, Ended};
use crate::support::newsroom::Newsroom;
use crate::support::press::Press;
use crate::support::reply::Reply;
use crate::way::{config, page, rss};

fn done(desk: &Desk, words: &[&str]) -> Ended {
    let ended = desk.run(words);
    assert_eq!(ended.code, Some(0), "{words:?}: {}{}", ended.stdout, ended.stderr);
    ended
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The newsroom, collected.
fn collected() -> (Newsroom, Desk) {
    let newsroom = Newsroom::start();
    let desk = Desk::new(&newsroom.config_toml());
    desk.run(&["run", "--once", "--all", "--wait", "20s"]);
    assert_eq!(desk.one("SELECT count(*) FROM articles"), newsroom.served().len().to_string());
    (newsroom, desk)
}

#[test]
fn every_article_of_the_press_is_found_by_its_words() {
    let (newsroom, desk) = collected();
    for article in newsroom.served() {
        let words = article.title.replace('"', " ");
        let found = lines(
            &done(&desk, &["search", "--json", "--limit", "100", &format!("title:\"{words}\"")]).stdout,
        );
        assert!(found.iter().any(|hit| hit["title"] == article.title), "{words}: {found:?}");
        let phrase = format!("\"{}\"*", article.first_words.replace('"', " "));
        let mut owner = String::new();
        for order in [&["search", "--json"][..], &["search", "--json", "--rank"]] {
            let found = lines(&done(&desk, &[order, &[&phrase]].concat()).stdout);
            assert_eq!(found.len(), 1, "{phrase}");
            let hit = &found[0];
            assert_eq!(hit["title"], article.title);
            // One that two sources lead to belongs to the one that came first.
            owner = hit["source"].as_str().unwrap().to_owned();
            assert!(hit["marks"][0].is_array(), "{phrase}: {hit}");
            let mark = &hit["marks"][0];
            let (from, to) = (mark[0].as_u64().unwrap(), mark[1].as_u64().unwrap());
            assert!(from < to && to <= hit["snippet"].as_str().unwrap().chars().count() as u64, "{hit}");
        }
        let other = newsroom.sources().find(|source| *source != owner).unwrap();
        assert_eq!(done(&desk, &["search", "--source", other, &phrase]).stdout, "");
    }
}

#[test]
fn a_beginning_of_too_many_words_is_said_beside_what_was_found() {
    let desk = Desk::new("[daemon]\ncontact = 'x'\n");
    // 48,000 places of words that begin with `wa`.
    let text: String = (0..120).map(|word| format!("wa{}x ", word % 40)).collect();
    let articles: String = (1..=400)
        .map(|number| {
            format!(
                "{{\"seq\":{number},\"id\":{number},\"url\":\"https://press.example/{number}\",\"title\":\"Article\",\
                 \"text\":\"{text}\",\"first_seen\":\"2026-11-24T03:50:00Z\"}}\n"
            )
        })
        .collect();
    std::fs::write(desk.path().join("in.jsonl"), articles).unwrap();
    done(&desk, &["import", "in.jsonl"]);
    let found = done(&desk, &["search", "--json", "wa*"]);
    assert_eq!(lines(&found.stdout).len(), 20, "data alone");
    assert!(
        found.stderr.starts_with("`wa*` begins more words than") && found.stderr.lines().count() == 1,
        "{}",
        found.stderr
    );
    let found = done(&desk, &["search", "--json", "wa1x"]);
    assert_eq!((lines(&found.stdout).len(), found.stderr.as_str()), (20, ""));
}

#[test]
fn h19_a_query_that_cannot_find_anything_is_a_plain_message() {
    let (_newsroom, desk) = collected();
    for (query, sign) in [("NOT the", "put a word before NOT"), ("\"\" !!", "no word to look for")] {
        let ended = desk.run(&["search", query]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{query}");
        assert!(ended.stderr.contains(sign) && ended.stderr.lines().count() == 1, "{}", ended.stderr);
    }
    for query in ["'; DROP TABLE article; --", "a\" OR \"b", "NEAR(a b)", "{title}:x", "*", "a^2"] {
        let ended = desk.run(&["search", query]);
        assert!(matches!(ended.code, Some(0 | 2)), "{query}: {}", ended.stderr);
        assert!(!ended.stderr.to_lowercase().contains("sql"), "{}", ended.stderr);
    }
    let ended = desk.run(&["search", "--since", "yesterday", "a"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("--since") && ended.stderr.contains("7d"), "{}", ended.stderr);
}

#[test]
fn an_edited_article_shows_what_changed_and_a_better_rule_cuts_it_anew() {
    let press = Press::start("127.0.0.2");
    let text = |count: &str| {
        format!(
            "The bridge over the river was opened on Tuesday. {count} people came to see it. One brass band played."
        )
    };
    let link = press.url("/bridge");
    press.page("/bridge", page("The bridge", &text("Forty"), ""));
    press.page("/a.rss", rss(&[("The bridge", link.clone())]));
    let desk = Desk::new(&config(&[("a", press.url("/a.rss"))]));
    done(&desk, &["run", "--once"]);
    assert!(desk.run(&["diff", &link]).stderr.contains("one text"));
    // The page is met again under another entry.
    press.page("/bridge", page("The bridge", &text("Ninety"), ""));
    press.page("/again", Reply::redirect(302, "/bridge"));
    press.page("/a.rss", rss(&[("The bridge", press.url("/again"))]).etag("\"v2\""));
    done(&desk, &["run", "--once", "--all"]);
    for name in ["1", &link, &press.url("/again")] {
        let shown = done(&desk, &["diff", name]).stdout;
        assert!(
            shown.contains("- Forty people came to see it.\n+ Ninety people came to see it."),
            "{name}: {shown}"
        );
        assert!(!shown.contains("- The bridge over"), "{shown}");
    }
    let json = lines(&done(&desk, &["diff", "1", "--json"]).stdout);
    assert_eq!(json[0]["sentences"][1]["out"], "Forty people came to see it.");
    let unknown = desk.run(&["diff", "https://nowhere.example/"]);
    assert!(unknown.code == Some(1) && unknown.stderr.contains("no article"), "{}", unknown.stderr);

    // Another rule: told first, then done, then nothing is left to do.
    let rules = "[source.article]\nstandfirst = \"article p\"\n";
    desk.configure(&(config(&[("a", press.url("/a.rss"))]) + rules));
    let asked = press.requests().len();
    let dry = done(&desk, &["reextract", "--dry-run"]);
    assert!(
        dry.stdout.contains("standfirst") && dry.stderr.contains("1 articles would change"),
        "{}{}",
        dry.stdout,
        dry.stderr
    );
    assert_eq!(desk.one("SELECT max(seq) FROM changes"), "2");
    done(&desk, &["reextract", "--source", "a"]);
    assert_eq!(desk.one("SELECT max(seq) FROM changes"), "3");
    assert!(desk.one("SELECT standfirst FROM articles").starts_with("The bridge over"));
    let again = done(&desk, &["reextract"]);
    assert!(again.stdout.is_empty() && again.stderr.contains("0 articles changed"), "{}", again.stderr);
    assert_eq!(press.requests().len(), asked, "nobody was asked");
    assert_eq!(desk.run(&["reextract", "--source", "b"]).code, Some(2));
    done(&desk, &["verify"]);
}

#[test]
fn what_is_taken_down_or_dropped_never_comes_back_and_a_copy_keeps_what_was() {
    let (newsroom, desk) = collected();
    let all = newsroom.served().len();
    let copy = desk.path().join("copy.db");
    done(&desk, &["backup", copy.to_str().unwrap()]);
    let first = newsroom.served()[0].page.clone();
    let deleted = done(&desk, &["delete", &first]);
    assert!(deleted.stderr.contains("never comes back"), "{}", deleted.stderr);
    assert_eq!(desk.one("SELECT count(*) FROM articles"), (all - 1).to_string());

    // One article of a paper is kept, as configured now.
    let with_keep = newsroom.config_toml().replace("[defaults]\n", "[defaults]\nkeep = 1\n");
    desk.configure(&with_keep);
    let plan = done(&desk, &["prune", "--dry-run"]);
    assert!(
        plan.stdout.contains("harbour-gazette") && plan.stderr.contains("nothing was dropped"),
        "{}",
        plan.stdout
    );
    assert_eq!(desk.one("SELECT count(*) FROM articles"), (all - 1).to_string());
    done(&desk, &["prune"]);
    let left: usize = desk.one("SELECT count(*) FROM articles").parse().unwrap();
    assert_eq!(left.to_string(), desk.one("SELECT count(DISTINCT source) FROM articles"));
    assert!(left < all - 1);
    assert_eq!(desk.one("SELECT count(*) FROM changes WHERE op = 'deleted'"), (all - left).to_string());
    // Nothing of it is asked for again, or stored.
    newsroom.forget();
    desk.run(&["run", "--once", "--all"]);
    assert_eq!(newsroom.page_requests().len(), 0);
    assert_eq!(desk.one("SELECT count(*) FROM articles"), left.to_string());
    done(&desk, &["verify"]);

    // The copy takes the place of the database.
    let id = desk.one("SELECT value FROM meta WHERE key = 'store_id'");
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", desk.database().display()));
    }
    std::fs::copy(&copy, desk.database()).unwrap();
    desk.configure(&newsroom.config_toml());
    desk.run(&["run", "--once", "--all"]);
    assert_eq!(desk.one("SELECT count(*) FROM articles"), all.to_string());
    assert_ne!(desk.one("SELECT value FROM meta WHERE key = 'store_id'"), id);
    done(&desk, &["verify"]);
}

#[test]
fn a_disk_that_is_nearly_full_pauses_the_run_with_a_word() {
    let newsroom = Newsroom::start();
    let full = newsroom.config_toml().replace(
        "database = \"cuttings.db\"\n",
        "database = \"cuttings.db\"\nmin_free_disk = \"1000000 GiB\"\n",
    );
    let desk = Desk::new(&full);
    let ended = desk.run(&["run", "--once"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("min_free_disk"), "{}", ended.stderr);
    assert_eq!(newsroom.requests().len(), 0);
    assert!(desk.run(&["status"]).stdout.contains("paused: since "));
    desk.configure(&newsroom.config_toml());
    desk.run(&["run", "--once", "--wait", "20s"]);
    assert_eq!(desk.one("SELECT count(*) FROM articles"), newsroom.served().len().to_string());
    assert!(!desk.run(&["status"]).stdout.contains("paused"));
}
