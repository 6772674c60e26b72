//! Feeds that a program prints (`feed_command`), and feeds in files (`file:`).

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::programs::{printing, script, source};
use crate::support::press::Press;
use crate::support::reply::Reply;
use crate::way::{config, page, rss};
use crate::workspace::{Workspace, tally};

const TEXT: &str = "The bell of the town hall was taken down on Friday, and for the first time since the flood \
                    nobody in the market square knew when it was noon.";

/// An RSS document with these titles; links count from the address of the feed.
fn document(titles: &[&str]) -> String {
    let items: String = titles
        .iter()
        .map(|title| {
            format!("<item><title>{title}</title><link>/news/{title}</link><guid>{title}</guid></item>")
        })
        .collect();
    format!("<rss version=\"2.0\"><channel><title>The Paper</title>{items}</channel></rss>\n")
}

fn press_with(titles: &[&str]) -> Press {
    let press = Press::start("127.0.0.2");
    for title in titles {
        press.page(&format!("/news/{title}"), page(title, &format!("{TEXT} So says {title}."), ""));
    }
    press
}

/// Code and message of the last failure of a poll.
fn failure(workspace: &Workspace) -> (String, String) {
    let rows =
        workspace.rows("SELECT code, message FROM failure WHERE stage = 'poll' ORDER BY id DESC LIMIT 1");
    let row = rows.into_iter().next().unwrap_or_default();
    (row.first().cloned().unwrap_or_default(), row.get(1).cloned().unwrap_or_default())
}

fn poll(workspace: &Workspace) -> (u64, u64, u64) {
    let ended = workspace.run(&["run", "--once", "--all", "--json"]);
    tally(&ended.stdout, "a")
}

#[test]
fn a_feed_that_a_program_prints_is_polled_like_any_other() {
    let press = press_with(&["one", "two", "three"]);
    let workspace = Workspace::new(&source(&press, "feed_command = [\"sh\", \"feed\"]\n"));
    fs::write(workspace.path().join("document"), document(&["one", "two"])).unwrap();
    script(&workspace, "feed", "echo \"$# $CUTTINGS_URL\" >> ran\ncat document\n");
    assert_eq!(poll(&workspace), (2, 0, 0));
    let mut urls: Vec<String> =
        workspace.exported(&[]).iter().map(|article| article["url"].as_str().unwrap().to_owned()).collect();
    urls.sort();
    assert_eq!(urls, [press.url("/news/one"), press.url("/news/two")], "links count from `feed`");
    assert_eq!(press.count("/a.rss"), 0);
    assert_eq!(
        fs::read_to_string(workspace.path().join("ran")).unwrap(),
        format!("0 {}\n", press.url("/a.rss"))
    );

    // The same bytes are no news; others are.
    press.forget();
    assert_eq!(poll(&workspace), (0, 0, 0));
    assert_eq!(press.requests().len(), 0);
    fs::write(workspace.path().join("document"), document(&["three", "one", "two"])).unwrap();
    assert_eq!(poll(&workspace), (1, 2, 0));
    assert_eq!(workspace.run(&["run", "--once"]).code, Some(0));
    assert_eq!(
        fs::read_to_string(workspace.path().join("ran")).unwrap().lines().count(),
        3,
        "it was not due"
    );
}

#[test]
fn a_program_for_a_feed_fails_like_a_feed() {
    let press = press_with(&[]);
    for (text, code, said) in [
        ("echo no mail >&2; exit 2", "program-failed", "sh ended with exit code 2: no mail"),
        ("exit 75", "program-later", "exit code 75"),
        ("sleep 600", "program-timeout", "within 2s"),
        ("exit 0", "program-failed", "printed nothing"),
        ("echo hello", "not-a-feed", ""),
        ("head -c 100000 /dev/zero", "not-a-feed", ""),
        ("while :; do echo '<rss>'; done", "too-large", "1024 bytes"),
    ] {
        let config = source(&press, "feed_command = [\"sh\", \"feed\", \"{url}\"]\n");
        let config = if code == "too-large" {
            config.replace("max_page = \"64 KiB\"", "max_feed = 1024")
        } else {
            config
        };
        let workspace = Workspace::new(&config);
        script(&workspace, "feed", text);
        assert_eq!(poll(&workspace), (0, 0, 1), "{text}");
        let (found, message) = failure(&workspace);
        assert!(found == code && message.contains(said), "{text}: {found}: {message}");
        let blamed = workspace.one("SELECT count(*) FROM host WHERE failures > 0");
        assert_eq!(blamed, if code == "program-later" { "1" } else { "0" }, "{text}");
    }
}

#[test]
fn a_listing_and_a_sitemap_may_be_printed_too() {
    let press = press_with(&["one", "two"]);
    let base = config(&[]);
    let workspace = Workspace::new(&format!(
        "{base}[[source]]\nname = \"list\"\nlisting = {{ url = \"{}\", links = \"h2 a\" }}\nfeed_command = [\"./print\", \"list\"]\n\
         [[source]]\nname = \"map\"\nsitemap = \"{}\"\nfeed_command = [\"./print\", \"{{url}}\"]\n",
        press.url("/front"),
        press.url("/index.xml"),
    ));
    script(
        &workspace,
        "print",
        &format!(
            "case $1 in\nlist) echo '<html><body><h2><a href=/news/one>One is here</a></h2></body></html>' ;;\n\
             */index.xml) echo '<sitemapindex><sitemap><loc>{}</loc></sitemap></sitemapindex>' ;;\n\
             *) echo '<urlset><url><loc>{}</loc></url></urlset>' ;;\nesac\n",
            press.url("/child.xml"),
            press.url("/news/two"),
        ),
    );
    let ended = workspace.run(&["run", "--once", "--wait", "10s", "--json"]);
    assert_eq!(
        (tally(&ended.stdout, "list"), tally(&ended.stdout, "map")),
        ((1, 0, 0), (1, 0, 0)),
        "{}",
        ended.stderr
    );
    assert_eq!(press.count("/front") + press.count("/index.xml") + press.count("/child.xml"), 0);
    assert_eq!(workspace.exported(&[]).len(), 2);
}

/// A workspace with a folder of feeds, which `allow_files` names, and one source of this address.
fn files(feed: &str) -> Workspace {
    let workspace = Workspace::new("");
    fs::create_dir_all(workspace.path().join("feeds/below")).unwrap();
    let feed = feed.replace("DIR", workspace.path().to_str().unwrap());
    let text = config(&[("a", feed)])
        .replace("[fetch]\n", "[fetch]\nallow_files = [\"feeds\"]\nmax_feed = \"64 KiB\"\n");
    workspace.configure(&text);
    workspace
}

#[test]
fn a_feed_in_a_file_is_read_and_its_time_and_size_tell_whether_it_changed() {
    let press = press_with(&["one", "two"]);
    let workspace = files("file://DIR/feeds/below/a.xml");
    let path = workspace.path().join("feeds/below/a.xml");
    let write = |titles: &[&str], age: u64| {
        let text = document(titles).replace("/news/", &press.url("/news/"));
        fs::write(&path, text).unwrap();
        let then = SystemTime::now() - Duration::from_secs(age);
        fs::File::options().append(true).open(&path).unwrap().set_modified(then).unwrap();
    };
    write(&["one"], 100);
    let check = workspace.run(&["check"]);
    assert_eq!((check.code, &*check.stderr), (Some(0), ""));
    assert_eq!(poll(&workspace), (1, 0, 0));
    assert_eq!(workspace.exported(&[])[0]["url"], press.url("/news/one"));
    let tag = workspace.one("SELECT CAST(etag AS TEXT) FROM source");
    assert!(tag.starts_with("file:") && !tag.ends_with('?'), "{tag}");
    assert_eq!(poll(&workspace), (0, 0, 0));
    assert_eq!(
        workspace.one("SELECT count(*) FROM poll WHERE bytes > 0"),
        "1",
        "an unchanged file is not read"
    );

    write(&["two", "one"], 50);
    assert_eq!(poll(&workspace), (1, 1, 0));
    // Written again at once: the time may be the same, so it is read.
    write(&["two", "one"], 0);
    poll(&workspace);
    assert!(workspace.one("SELECT CAST(etag AS TEXT) FROM source").ends_with('?'));
    assert_eq!(workspace.one("SELECT count(*) FROM failure"), "0");
}

#[test]
fn h01_a_file_outside_of_its_folders_and_what_is_no_file_is_not_opened() {
    for (address, prepare, code, said) in [
        ("feeds/link.xml", "ln -s ../secret.xml feeds/link.xml", "refused-file", "it leads to"),
        ("feeds/up/secret.xml", "ln -s .. feeds/up", "refused-file", "in no folder of allow_files"),
        ("feeds/../secret.xml", ":", "refused-file", "in no folder of allow_files"),
        ("feeds/%2e%2e/secret.xml", ":", "refused-file", "in no folder of allow_files"),
        ("feedsecret.xml", "cp secret.xml feedsecret.xml", "refused-file", "in no folder of allow_files"),
        ("feeds/pipe", "mkfifo feeds/pipe", "refused-file", "a pipe, a socket or a device"),
        ("feeds/zero", "ln -s /dev/zero feeds/zero", "refused-file", "in no folder"),
        ("feeds/below", ":", "refused-file", "it is a folder"),
        ("feeds/none.xml", ":", "file", "No such file"),
        ("feeds/loop", "ln -s loop feeds/loop", "file", "cannot be read"),
        ("feeds/large.xml", "head -c 70000 /dev/zero > feeds/large.xml", "too-large", "65536 bytes"),
        ("feeds/none.xml/x", "touch feeds/none.xml", "file", "cannot be read"),
    ] {
        let workspace = files(&format!("file://DIR/{address}"));
        fs::write(workspace.path().join("secret.xml"), document(&["secret"])).unwrap();
        let made = Command::new("sh").args(["-ec", prepare]).current_dir(workspace.path()).status().unwrap();
        assert!(made.success(), "{prepare}");
        assert_eq!(poll(&workspace), (0, 0, 1), "{address}");
        let (found, message) = failure(&workspace);
        assert!(found == code && message.contains(said), "{address}: {found}: {message}");
        assert_eq!(workspace.one("SELECT count(*) FROM entry"), "0", "{address}");
        if code != "too-large" {
            let check = workspace.run(&["check"]);
            assert_eq!(check.code, Some(if code == "file" { 0 } else { 2 }), "{address}: {}", check.stderr);
            assert!(
                check.stderr.contains("feed: ") && check.stderr.contains(said),
                "{address}: {}",
                check.stderr
            );
        }
    }
    // Inside, a link is a file as any other.
    let workspace = files("file://DIR/feeds/link.xml");
    fs::write(workspace.path().join("feeds/below/a.xml"), document(&["one"])).unwrap();
    symlink("below/a.xml", workspace.path().join("feeds/link.xml")).unwrap();
    poll(&workspace);
    // Its link counts from the file, so it is none.
    assert_eq!(workspace.rows("SELECT count(*), count(url) FROM entry"), [["1", "0"]]);
    assert_eq!(failure(&workspace).0, "");
}

#[test]
fn h01_a_file_is_named_by_the_configuration_and_by_nobody_else() {
    let press = Press::start("127.0.0.2");
    let workspace = Workspace::new("");
    let path = workspace.path().join("feeds/secret.xml");
    let file = format!("file://{}", path.display());
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, document(&["secret"])).unwrap();
    let entry = |link: &str| {
        format!(
            "<rss version=\"2.0\" xml:base=\"{file}\"><channel><title>T</title><link>{file}</link><item><title>One</title><link>{link}</link><guid>{file}</guid></item></channel></rss>"
        )
    };
    press.page("/moved.rss", Reply::redirect(301, &file));
    press.page("/entry.rss", Reply::rss(entry(&file)));
    press.page("/relative.rss", Reply::rss(entry("secret.xml")));
    press.page(
        "/map.xml",
        Reply::ok("text/xml", format!("<sitemapindex><sitemap><loc>{file}</loc></sitemap></sitemapindex>")),
    );
    press.page("/page.rss", rss(&[("One", press.url("/1"))]));
    press.page("/1", Reply::redirect(302, &file));
    let text = config(&[
        ("moved", press.url("/moved.rss")),
        ("entry", press.url("/entry.rss")),
        ("relative", press.url("/relative.rss")),
        ("page", press.url("/page.rss")),
    ])
    .replace("[fetch]\n", "[fetch]\nallow_files = [\"feeds\"]\n");
    workspace
        .configure(&format!("{text}[[source]]\nname = \"map\"\nsitemap = \"{}\"\n", press.url("/map.xml")));
    let ended = workspace.run(&["run", "--once", "--wait", "10s", "--json"]);
    assert!(ended.code.is_some(), "{}", ended.stderr);
    assert_eq!(
        workspace.one("SELECT count(*) FROM entry WHERE ident LIKE '%secret' OR url LIKE 'file:%'"),
        "0"
    );
    assert_eq!(
        workspace.one("SELECT count(*) FROM articles WHERE title = 'secret' OR url LIKE 'file:%'"),
        "0"
    );
    let codes = workspace
        .rows("SELECT name, failure.code FROM failure JOIN source ON source.id = source_id ORDER BY name");
    let code =
        |name: &str| codes.iter().find(|row| row[0] == name).map(|row| row[1].clone()).unwrap_or_default();
    assert_eq!((&*code("moved"), &*code("page")), ("refused-scheme", "refused-scheme"), "{codes:?}");

    let before = fs::read_to_string(workspace.config()).unwrap();
    press.page(
        "/",
        Reply::html(format!(
            "<html><head><link rel=alternate type=application/rss+xml href=\"{file}\"></head>"
        )),
    );
    for words in [&["add", &file, "--yes"][..], &["add", &press.url("/"), "--yes"]] {
        let added = workspace.run(words);
        assert_ne!(added.code, Some(0), "{}", added.stdout);
    }
    let list = format!(
        "<opml version=\"2.0\"><body><outline type=\"rss\" text=\"x\" xmlUrl=\"{file}\"/></body></opml>"
    );
    fs::write(workspace.path().join("list.opml"), list).unwrap();
    let list = workspace.path().join("list.opml");
    let imported = workspace.run(&["import", list.to_str().unwrap()]);
    assert!(imported.stderr.contains("0 sources added"), "{}{}", imported.stdout, imported.stderr);
    assert_eq!(fs::read_to_string(workspace.config()).unwrap(), before);
}

#[test]
fn h01_addresses_of_files_that_the_configuration_may_not_have_are_mistakes() {
    let base = "[daemon]\ncontact = 'x'\n[fetch]\nallow_files = ['/srv/feeds']\n[[source]]\nname = 'a'\n";
    for (text, said) in [
        (
            "[daemon]\ncontact = 'x'\n[[source]]\nname = 'a'\nfeed = 'file:///srv/feeds/a.xml'\n".to_owned(),
            "name its folder in [fetch]",
        ),
        (format!("{base}feed = 'file://srv/feeds/a.xml'\n"), "three slashes"),
        (format!("{base}feed = 'file:a.xml?x'\n"), "names no file"),
        (format!("{base}sitemap = 'file:///srv/feeds/a.xml'\n"), "only `feed` may be a file"),
        (
            format!("{base}listing = {{ url = 'file:///srv/feeds/a.html', links = 'a' }}\n"),
            "only `feed` may be a file",
        ),
        (
            format!("{base}feed = 'file:///srv/feeds/a.xml'\nfeed_command = ['cat']\n"),
            "leave one of them out",
        ),
        (base.replace("'/srv/feeds'", "'file:///srv'"), "names folders, not addresses"),
        (
            format!("{base}sitemap = 'https://a.example/s.xml'\nfeed_command = ['cat']\n"),
            "no argument of `feed_command` holds {url}",
        ),
    ] {
        let workspace = Workspace::new(&text);
        let check = workspace.run(&["check"]);
        assert_eq!(check.code, Some(2), "{text}");
        assert!(
            check.stderr.contains(said) && check.stderr.contains("cuttings.toml:"),
            "{text}{}",
            check.stderr
        );
    }
}

#[test]
fn a_page_by_a_program_of_a_feed_by_a_program_needs_no_server_at_all() {
    let press = Press::start("127.0.0.2");
    press.page("/robots.txt", Reply::status(404));
    let workspace = Workspace::new(&source(
        &press,
        "feed_command = [\"./feed\"]\nfetch_command = [\"./get\", \"{url}\"]\n",
    ));
    script(&workspace, "feed", &format!("cat <<'END'\n{}END\n", document(&["one"])));
    script(&workspace, "get", &printing("One"));
    assert_eq!(poll(&workspace), (1, 0, 0));
    assert_eq!(workspace.exported(&[])[0]["url"], press.url("/news/one"));
    assert!(press.requests().iter().all(|seen| seen.path() == "/robots.txt"));
}
