//! Outputs of the daemon: feeds, JSON Lines, webhooks, commands.

use std::fs;

use ring::hmac;
use serde_json::Value;

use crate::support::press::Press;
use crate::support::reply::Reply;
use crate::way::{config, page, rss};
use crate::workspace::{Workspace, send};

const TEXT: &str =
    "Nobody in the street had seen the lamplighter for a week, and yet every evening all the lamps were lit.";

/// A paper with these articles, and a server of ours that is told.
fn paper(articles: &[&str]) -> (Press, Press) {
    let (press, own) = (Press::start("127.0.0.2"), Press::start("127.0.0.3"));
    publish(&press, articles);
    own.page("/hook", Reply::status(204));
    (press, own)
}

fn publish(press: &Press, articles: &[&str]) {
    let mut entries = Vec::new();
    for name in articles {
        press.page(&format!("/{name}"), page(name, &format!("{TEXT} So says {name}."), ""));
        entries.push((*name, press.url(&format!("/{name}"))));
    }
    press.page("/a.rss", rss(&entries).etag(format!("\"{}\"", articles.len())));
}

fn workspace(press: &Press, outputs: &str) -> Workspace {
    let workspace = Workspace::new("");
    fs::write(workspace.path().join("hook.key"), "a secret\n").unwrap();
    let source = config(&[("paper", press.url("/a.rss"))]);
    workspace.configure(&format!("{source}tags = [\"news\"]\n{outputs}"));
    workspace
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn all_sorts_of_outputs_get_what_is_new_and_only_that() {
    let (press, own) = paper(&["one", "two"]);
    let workspace = workspace(
        &press,
        &format!(
            "[[output]]\nname = \"site\"\nfeeds = \"feeds\"\nurl = \"https://own.example/feeds\"\n\
             [[output]]\nname = \"tags\"\nfeeds = \"tags\"\nper = \"tag\"\n\
             [[output]]\nname = \"days\"\njsonl = \"days\"\n\
             [[output]]\nname = \"hook\"\nwebhook = \"{}\"\nsecret_file = \"hook.key\"\n\
             [[output]]\nname = \"tee\"\ncommand = [\"tee\", \"-a\", \"{}\"]\n",
            own.url("/hook"),
            marker_path()
        ),
    );
    let ended = workspace.run(&["run", "--once"]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);

    let feed = |name: &str| fs::read(workspace.path().join("feeds").join(name)).unwrap();
    for (name, own) in
        [("paper.rss", "rel=\"self\""), ("paper.atom", "rel=\"self\""), ("paper.json", "\"feed_url\"")]
    {
        let text = String::from_utf8(feed(name)).unwrap();
        assert!(text.contains(own) && text.contains(&format!("https://own.example/feeds/{name}")), "{text}");
        assert!(text.contains("So says one.") && text.contains("So says two."), "{text}");
        let mut unpacked = String::new();
        let packed = feed(&format!("{name}.gz"));
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&packed[..]), &mut unpacked).unwrap();
        assert_eq!(unpacked, text);
    }
    assert!(workspace.path().join("tags/news.atom").exists());

    let requests = own.requests_for("/hook");
    assert_eq!(requests.len(), 1);
    let told = &requests[0];
    assert_eq!(told.method, "POST");
    let at = told.text("x-cuttings-timestamp").unwrap();
    let signed = [at.as_bytes(), b".", &told.body].concat();
    let signature = told.text("x-cuttings-signature").unwrap();
    let tag: Vec<u8> = (0..32)
        .map(|at| u8::from_str_radix(&signature["sha256=".len()..][2 * at..2 * at + 2], 16).unwrap())
        .collect();
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"a secret");
    hmac::verify(&key, &signed, &tag).unwrap();
    let titles = |lines: Vec<Value>| -> Vec<String> {
        let mut titles: Vec<String> =
            lines.iter().map(|line| line["title"].as_str().unwrap().to_owned()).collect();
        titles.sort();
        titles
    };
    assert_eq!(titles(lines(&told.body)), ["one", "two"]);
    assert_eq!(titles(lines(&fs::read(marker_path()).unwrap())), ["one", "two"]);
    let day = || {
        let files = fs::read_dir(workspace.path().join("days")).unwrap();
        let mut bytes = Vec::new();
        for file in files {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|end| end == "jsonl") {
                bytes.extend(fs::read(path).unwrap());
            }
        }
        bytes
    };
    assert_eq!(titles(lines(&day())), ["one", "two"]);

    // Nothing new: nobody is told, no file is touched. The crash of a daemon before it could move the mark, and in the
    // middle of a line, is made good.
    let modified = fs::metadata(workspace.path().join("feeds/paper.rss")).unwrap().modified().unwrap();
    let db = rusqlite::Connection::open(workspace.database()).unwrap();
    db.execute("UPDATE consumer SET seq = 0 WHERE name = 'output.days'", []).unwrap();
    let file = fs::read_dir(workspace.path().join("days"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .find(|path| path.extension().is_some_and(|end| end == "jsonl"))
        .unwrap();
    let mut cut = fs::read(&file).unwrap();
    cut.extend_from_slice(b"{\"seq\":99,\"id\"");
    fs::write(&file, cut).unwrap();
    assert_eq!(workspace.run(&["run", "--once"]).code, Some(0));
    assert_eq!(fs::metadata(workspace.path().join("feeds/paper.rss")).unwrap().modified().unwrap(), modified);
    assert_eq!(own.count("/hook"), 1);
    assert_eq!(titles(lines(&day())), ["one", "two"]);

    publish(&press, &["one", "two", "three"]);
    assert_eq!(workspace.run(&["run", "--once", "--all"]).code, Some(0));
    assert_eq!(titles(lines(&own.requests_for("/hook")[1].body)), ["three"]);
    assert_eq!(titles(lines(&day())), ["one", "three", "two"]);
    fs::remove_file(marker_path()).unwrap();
}

/// What the command writes: it is in the configuration before there is a workspace.
fn marker_path() -> String {
    let name = format!("cuttings-tee-{}.jsonl", std::process::id());
    std::env::temp_dir().join(name).to_str().unwrap().to_owned()
}

#[test]
fn an_output_that_is_down_delays_itself_only_and_gets_everything_later() {
    let (press, own) = paper(&["one"]);
    own.page("/hook", Reply::status(500));
    let outputs = format!(
        "[[output]]\nname = \"hook\"\nwebhook = \"{}\"\n[[output]]\nname = \"days\"\njsonl = \"days\"\n\
         [[output]]\nname = \"none\"\ncommand = [\"/no/such/program\"]\n",
        own.url("/hook")
    );
    let workspace = workspace(&press, &outputs);
    let ended = workspace.run(&["run", "--once"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert_eq!(workspace.exported(&[]).len(), 1);
    assert!(workspace.path().join("days").exists());
    let status = workspace.run(&["status"]);
    assert_eq!(status.code, Some(1));
    assert!(
        status.stdout.contains("output hook: the webhook answered 500 (1 times, again in"),
        "{}",
        status.stdout
    );
    assert!(status.stdout.contains("output none: /no/such/program: cannot be run"), "{}", status.stdout);
    // It rests: nobody is asked.
    workspace.run(&["run", "--once"]);
    assert_eq!(own.count("/hook"), 1);

    own.page("/hook", Reply::status(200));
    let db = rusqlite::Connection::open(workspace.database()).unwrap();
    db.execute("UPDATE output SET next_at = NULL", []).unwrap();
    workspace.run(&["run", "--once"]);
    assert_eq!(lines(&own.requests_for("/hook")[1].body)[0]["title"], "one");
    assert!(!workspace.run(&["status"]).stdout.contains("output hook"));

    // What it will never take is set aside, and seen.
    own.page("/hook", Reply::status(422));
    publish(&press, &["one", "two"]);
    workspace.run(&["run", "--once", "--all"]);
    let status = workspace.run(&["status"]).stdout;
    assert!(status.contains("output hook: 1 dead letters, the last: the webhook answered 422"), "{status}");
    own.page("/hook", Reply::status(200));
    publish(&press, &["one", "two", "three"]);
    workspace.run(&["run", "--once", "--all"]);
    let last = own.requests_for("/hook").pop().unwrap();
    assert_eq!(lines(&last.body)[0]["title"], "three");
}

#[test]
fn a_saved_query_has_a_feed_and_a_command_gets_again_what_it_refused() {
    let (press, own) = paper(&["one", "two"]);
    own.page("/hook", Reply::status(503));
    let outputs = format!(
        "[[output]]\nname = \"second\"\nfeeds = \"second\"\nper = \"all\"\nquery = \"title:two\"\n\
         [[output]]\nname = \"all\"\nfeeds = \"all\"\n\
         [[output]]\nname = \"moody\"\ncommand = [\"sh\", \"-c\", \"cat >> got; test -e ready || {{ echo not yet >&2; exit 3; }}\"]\n\
         [[output]]\nname = \"hook\"\nwebhook = \"{}\"\n",
        own.url("/hook")
    );
    let workspace = workspace(&press, &outputs);
    assert_eq!(workspace.run(&["run", "--once"]).code, Some(1));
    // A feed of what a query finds; an article has the same id in all of them.
    let ids = |file: &str| -> Vec<(String, String)> {
        let feed: Value = serde_json::from_slice(&fs::read(workspace.path().join(file)).unwrap()).unwrap();
        let text = |item: &Value, key: &str| item[key].as_str().unwrap().to_owned();
        let items = feed["items"].as_array().unwrap().iter();
        items.map(|item| (text(item, "title"), text(item, "id"))).collect()
    };
    let found = ids("second/second.json");
    assert_eq!((found.len(), found[0].0.as_str()), (1, "two"));
    assert!(ids("all/paper.json").contains(&found[0]), "{found:?}");
    // No shell of ours: the words reach the program as they are. What it said is shown.
    let status = workspace.run(&["status"]).stdout;
    assert!(
        status.contains("output moody: sh: ended with exit code 3: not yet (1 times, again in"),
        "{status}"
    );
    fs::write(workspace.path().join("ready"), "").unwrap();
    let db = rusqlite::Connection::open(workspace.database()).unwrap();
    // The webhook has failed for three days.
    db.execute_batch(
        "UPDATE output SET next_at = NULL; UPDATE output SET failures = 79 WHERE name = 'hook';",
    )
    .unwrap();
    workspace.run(&["run", "--once"]);
    let got = lines(&fs::read(workspace.path().join("got")).unwrap());
    assert_eq!(got.len(), 4, "both articles, twice");
    assert_eq!(got[..2], got[2..]);
    let status = workspace.run(&["status"]).stdout;
    assert!(!status.contains("output moody"), "{status}");
    assert!(status.contains("output hook: 1 dead letters, the last: the webhook answered 503"), "{status}");
    // What was set aside is sent again once a person wants it.
    own.page("/hook", Reply::status(204));
    db.execute("UPDATE output SET next_at = NULL", []).unwrap();
    let reset = workspace.run(&["consumers", "--reset", "output.hook"]);
    assert_eq!(reset.code, Some(0), "{}", reset.stderr);
    workspace.run(&["run", "--once"]);
    assert_eq!(lines(&own.requests_for("/hook").pop().unwrap().body).len(), 2);
}

#[test]
fn a_running_daemon_tells_soon_and_can_be_exported_from() {
    let (press, own) = paper(&["one"]);
    let outputs =
        format!("[[output]]\nname = \"hook\"\nwebhook = \"{}\"\ndebounce = \"10ms\"\n", own.url("/hook"));
    let workspace = workspace(&press, &outputs);
    let mut child = workspace.spawn(&["run"]);
    assert!(own.wait_until(|seen| !seen.is_empty()), "the webhook is told");
    let got = workspace.run(&["export", "--format", "jsonl", "--consumer", "beside"]);
    assert_eq!((got.code, got.stdout.lines().count()), (Some(0), 1), "{}", got.stderr);
    send("TERM", &child);
    assert!(child.wait().unwrap().success());
}

#[test]
fn an_output_that_goes_nowhere_is_a_mistake_with_its_line() {
    for (text, says) in [
        ("[[output]]\nname = \"a\"\n", "an output goes nowhere"),
        ("[[output]]\nname = \"a\"\njsonl = \"x\"\nfeeds = \"y\"\n", "an output is one thing"),
        ("[[output]]\nname = \"a/b\"\njsonl = \"x\"\n", "is no name of an output"),
        ("[[output]]\nname = \"a\"\njsonl = \"x\"\nlimit = 5\n", "it belongs to feeds"),
        (
            "[[output]]\nname = \"a\"\nwebhook = \"https://own.example/\"\nsecret_file = \"no\"\n",
            "the secret cannot be read",
        ),
    ] {
        let workspace = Workspace::new(&format!("[daemon]\ncontact = \"https://press.example/bot\"\n{text}"));
        let ended = workspace.run(&["check"]);
        assert_eq!(ended.code, Some(2), "{text}");
        assert!(ended.stderr.contains(says) && ended.stderr.contains("cuttings.toml:"), "{}", ended.stderr);
    }
}
