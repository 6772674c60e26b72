//! What a person does with a database: find, compare, cut anew, take down, drop, copy, check. All beside a daemon.

use serde_json::Value;

use crate::support::newsroom::Newsroom;
use crate::support::press::Press;
use crate::support::reply::Reply;
use crate::way::{config, page, rss};
use crate::workspace::{Ended, Workspace};

fn done(workspace: &Workspace, words: &[&str]) -> Ended {
    let ended = workspace.run(words);
    assert_eq!(ended.code, Some(0), "{words:?}: {}{}", ended.stdout, ended.stderr);
    ended
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The newsroom, collected.
fn collected() -> (Newsroom, Workspace) {
    let newsroom = Newsroom::start();
    let workspace = Workspace::new(&newsroom.config_toml());
    workspace.run(&["run", "--once", "--all", "--wait", "20s"]);
    assert_eq!(workspace.one("SELECT count(*) FROM articles"), newsroom.served().len().to_string());
    (newsroom, workspace)
}

#[test]
fn every_article_of_the_press_is_found_by_its_words() {
    let (newsroom, workspace) = collected();
    for article in newsroom.served() {
        let words = article.title.replace('"', " ");
        let found = lines(
            &done(&workspace, &["search", "--json", "--limit", "100", &format!("title:\"{words}\"")]).stdout,
        );
        assert!(found.iter().any(|hit| hit["title"] == article.title), "{words}: {found:?}");
        let phrase = format!("\"{}\"*", article.first_words.replace('"', " "));
        let mut owner = String::new();
        for order in [&["search", "--json"][..], &["search", "--json", "--rank"]] {
            let found = lines(&done(&workspace, &[order, &[&phrase]].concat()).stdout);
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
        assert_eq!(done(&workspace, &["search", "--source", other, &phrase]).stdout, "");
    }
}

#[test]
fn a_beginning_of_too_many_words_is_said_beside_what_was_found() {
    let workspace = Workspace::new("[daemon]\ncontact = 'x'\n");
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
    std::fs::write(workspace.path().join("in.jsonl"), articles).unwrap();
    done(&workspace, &["import", "in.jsonl"]);
    let found = done(&workspace, &["search", "--json", "wa*"]);
    assert_eq!(lines(&found.stdout).len(), 20, "data alone");
    assert!(
        found.stderr.starts_with("`wa*` begins more words than") && found.stderr.lines().count() == 1,
        "{}",
        found.stderr
    );
    let found = done(&workspace, &["search", "--json", "wa1x"]);
    assert_eq!((lines(&found.stdout).len(), found.stderr.as_str()), (20, ""));
}

#[test]
fn h19_a_query_that_cannot_find_anything_is_a_plain_message() {
    let (_newsroom, workspace) = collected();
    for (query, sign) in [("NOT the", "put a word before NOT"), ("\"\" !!", "no word to look for")] {
        let ended = workspace.run(&["search", query]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{query}");
        assert!(ended.stderr.contains(sign) && ended.stderr.lines().count() == 1, "{}", ended.stderr);
    }
    for query in ["'; DROP TABLE article; --", "a\" OR \"b", "NEAR(a b)", "{title}:x", "*", "a^2"] {
        let ended = workspace.run(&["search", query]);
        assert!(matches!(ended.code, Some(0 | 2)), "{query}: {}", ended.stderr);
        assert!(!ended.stderr.to_lowercase().contains("sql"), "{}", ended.stderr);
    }
    let ended = workspace.run(&["search", "--since", "yesterday", "a"]);
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
    let workspace = Workspace::new(&config(&[("a", press.url("/a.rss"))]));
    done(&workspace, &["run", "--once"]);
    assert!(workspace.run(&["diff", &link]).stderr.contains("one text"));
    // The page is met again under another entry.
    press.page("/bridge", page("The bridge", &text("Ninety"), ""));
    press.page("/again", Reply::redirect(302, "/bridge"));
    press.page("/a.rss", rss(&[("The bridge", press.url("/again"))]).etag("\"v2\""));
    done(&workspace, &["run", "--once", "--all"]);
    for name in ["1", &link, &press.url("/again")] {
        let shown = done(&workspace, &["diff", name]).stdout;
        assert!(
            shown.contains("- Forty people came to see it.\n+ Ninety people came to see it."),
            "{name}: {shown}"
        );
        assert!(!shown.contains("- The bridge over"), "{shown}");
    }
    let json = lines(&done(&workspace, &["diff", "1", "--json"]).stdout);
    assert_eq!(json[0]["sentences"][1]["out"], "Forty people came to see it.");
    let unknown = workspace.run(&["diff", "https://nowhere.example/"]);
    assert!(unknown.code == Some(1) && unknown.stderr.contains("no article"), "{}", unknown.stderr);

    // Another rule: told first, then done, then nothing is left to do.
    let rules = "[source.article]\nstandfirst = \"article p\"\n";
    workspace.configure(&(config(&[("a", press.url("/a.rss"))]) + rules));
    let asked = press.requests().len();
    let dry = done(&workspace, &["reextract", "--dry-run"]);
    assert!(
        dry.stdout.contains("standfirst") && dry.stderr.contains("1 articles would change"),
        "{}{}",
        dry.stdout,
        dry.stderr
    );
    assert_eq!(workspace.one("SELECT max(seq) FROM changes"), "2");
    done(&workspace, &["reextract", "--source", "a"]);
    assert_eq!(workspace.one("SELECT max(seq) FROM changes"), "3");
    assert!(workspace.one("SELECT standfirst FROM articles").starts_with("The bridge over"));
    let again = done(&workspace, &["reextract"]);
    assert!(again.stdout.is_empty() && again.stderr.contains("0 articles changed"), "{}", again.stderr);
    assert_eq!(press.requests().len(), asked, "nobody was asked");
    assert_eq!(workspace.run(&["reextract", "--source", "b"]).code, Some(2));
    done(&workspace, &["verify"]);
}

#[test]
fn what_is_taken_down_or_dropped_never_comes_back_and_a_copy_keeps_what_was() {
    let (newsroom, workspace) = collected();
    let all = newsroom.served().len();
    let copy = workspace.path().join("copy.db");
    done(&workspace, &["backup", copy.to_str().unwrap()]);
    let first = newsroom.served()[0].page.clone();
    let deleted = done(&workspace, &["delete", &first]);
    assert!(deleted.stderr.contains("never comes back"), "{}", deleted.stderr);
    assert_eq!(workspace.one("SELECT count(*) FROM articles"), (all - 1).to_string());

    // One article of a paper is kept, as configured now.
    let with_keep = newsroom.config_toml().replace("[defaults]\n", "[defaults]\nkeep = 1\n");
    workspace.configure(&with_keep);
    let plan = done(&workspace, &["prune", "--dry-run"]);
    assert!(
        plan.stdout.contains("harbour-gazette") && plan.stderr.contains("nothing was dropped"),
        "{}",
        plan.stdout
    );
    assert_eq!(workspace.one("SELECT count(*) FROM articles"), (all - 1).to_string());
    done(&workspace, &["prune"]);
    let left: usize = workspace.one("SELECT count(*) FROM articles").parse().unwrap();
    assert_eq!(left.to_string(), workspace.one("SELECT count(DISTINCT source) FROM articles"));
    assert!(left < all - 1);
    assert_eq!(workspace.one("SELECT count(*) FROM changes WHERE op = 'deleted'"), (all - left).to_string());
    // Nothing of it is asked for again, or stored.
    newsroom.forget();
    workspace.run(&["run", "--once", "--all"]);
    assert_eq!(newsroom.page_requests().len(), 0);
    assert_eq!(workspace.one("SELECT count(*) FROM articles"), left.to_string());
    done(&workspace, &["verify"]);

    // The copy takes the place of the database.
    let id = workspace.one("SELECT value FROM meta WHERE key = 'store_id'");
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", workspace.database().display()));
    }
    std::fs::copy(&copy, workspace.database()).unwrap();
    workspace.configure(&newsroom.config_toml());
    workspace.run(&["run", "--once", "--all"]);
    assert_eq!(workspace.one("SELECT count(*) FROM articles"), all.to_string());
    assert_ne!(workspace.one("SELECT value FROM meta WHERE key = 'store_id'"), id);
    done(&workspace, &["verify"]);
}

#[test]
fn a_disk_that_is_nearly_full_pauses_the_run_with_a_word() {
    let newsroom = Newsroom::start();
    let full = newsroom.config_toml().replace(
        "database = \"cuttings.db\"\n",
        "database = \"cuttings.db\"\nmin_free_disk = \"1000000 GiB\"\n",
    );
    let workspace = Workspace::new(&full);
    let ended = workspace.run(&["run", "--once"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("min_free_disk"), "{}", ended.stderr);
    assert_eq!(newsroom.requests().len(), 0);
    assert!(workspace.run(&["status"]).stdout.contains("paused: since "));
    workspace.configure(&newsroom.config_toml());
    workspace.run(&["run", "--once", "--wait", "20s"]);
    assert_eq!(workspace.one("SELECT count(*) FROM articles"), newsroom.served().len().to_string());
    assert!(!workspace.run(&["status"]).stdout.contains("paused"));
}
