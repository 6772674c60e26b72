//! P25 to P29: headers and connections.

use super::driver::{Driver, config, hours, noon};
use crate::support::press::{Press, Seen};
use crate::support::reply::Reply;
use crate::way::{self, page, rss};
use crate::workspace::Workspace;

const TEXT: &str =
    "The ferry left without its captain, who had gone ashore for a newspaper and came back to an empty pier.";

/// A press with a feed of one page and a robots.txt, collected by the binary.
fn collected(more: &str) -> (Press, Workspace, String) {
    let press = Press::start("127.0.0.2");
    press.page("/page", page("The ferry", TEXT, "").header("Set-Cookie", "id=7; Path=/"));
    press.page("/other", page("The pier", &TEXT.replace("ferry", "pier"), ""));
    press.page(
        "/robots.txt",
        Reply::ok("text/plain", "User-agent: *\nAllow: /\n").header("Set-Cookie", "r=1"),
    );
    press.page(
        "/feed",
        rss(&[("The ferry", press.url("/page")), ("The pier", press.url("/other"))])
            .header("Set-Cookie", "f=1; Path=/"),
    );
    let text = format!("{}{more}", way::config(&[("a", press.url("/feed"))]));
    let workspace = Workspace::new(&text);
    let ended = workspace.run(&["run", "--once"]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert_eq!(workspace.run(&["run", "--once", "--all"]).code, Some(0));
    (press, workspace, text)
}

fn names(seen: &Seen) -> Vec<String> {
    let head = String::from_utf8_lossy(&seen.head).into_owned();
    let mut names: Vec<String> =
        head.lines().skip(1).filter_map(|line| Some(line.split_once(':')?.0.to_ascii_lowercase())).collect();
    names.sort();
    names
}

#[test]
fn p25_one_user_agent_for_feeds_pages_and_robots() {
    let ours = format!("cuttings/{} (+https://press.example/bot)", env!("CARGO_PKG_VERSION"));
    let (press, ..) = collected("");
    let requests = press.requests();
    assert_eq!(requests.len(), 5, "feed, robots.txt, two pages, feed again");
    for seen in &requests {
        assert_eq!(seen.text("user-agent").as_deref(), Some(ours.as_str()), "{}", seen.target);
    }
    // Another one where it is configured, with whom to ask in it.
    let own = "press/2 (+mailto:bot@press.example)";
    let (press, ..) = collected(&format!("user_agent = \"{own}\"\n"));
    for path in ["/feed", "/page", "/other"] {
        assert_eq!(press.requests_for(path)[0].text("user-agent").as_deref(), Some(own), "{path}");
    }
}

#[test]
fn p26_no_cookie_no_referer_nothing_that_is_not_configured() {
    let (press, ..) = collected("");
    for seen in press.requests() {
        let mut known = vec!["accept", "accept-encoding", "host", "if-none-match", "user-agent"];
        known.retain(|name| *name != "if-none-match" || seen.header(name).is_some());
        assert_eq!(names(&seen), known, "{}", seen.target);
    }
    let (press, ..) = collected(
        "headers = { X-Key = \"k\", Accept-Language = \"ar\" }\ncookies = { a = \"1\", b = \"2\" }\n",
    );
    let seen = &press.requests_for("/page")[0];
    assert_eq!(seen.text("cookie").as_deref(), Some("a=1; b=2"));
    assert_eq!(seen.text("x-key").as_deref(), Some("k"));
    assert_eq!(seen.text("accept-language").as_deref(), Some("ar"));
    assert_eq!(press.requests_for("/robots.txt")[0].header("cookie"), None);
}

#[tokio::test]
async fn p26_path_and_query_go_out_as_they_are_configured() {
    let press = Press::start("127.0.0.2");
    let targets = ["/feed?b=2&a=1&b=", "/a%20b/%C3%A9?q=%7E~", "/x//y/?utm_source=rss&=", "/feed;v=1?"];
    for target in targets {
        press.page(target.split('?').next().unwrap(), rss(&[]));
    }
    let sources: Vec<(String, String)> = targets
        .iter()
        .enumerate()
        .map(|(number, target)| (format!("s{number}"), press.url(target)))
        .collect();
    let sources: Vec<(&str, String, &str)> =
        sources.iter().map(|(name, url)| (name.as_str(), url.clone(), "")).collect();
    let driver = Driver::start(&config("", &sources), noon()).await;
    driver.polls(noon()).await;
    let mut asked: Vec<String> = press.requests().into_iter().map(|seen| seen.target).collect();
    let mut meant: Vec<String> = targets.iter().map(|target| (*target).to_owned()).collect();
    asked.sort();
    meant.sort();
    assert_eq!(asked, meant);
}

#[tokio::test]
async fn p27_what_is_accepted_is_decoded_and_a_wrong_coding_keeps_the_validators() {
    let press = Press::start("127.0.0.2");
    let whole = || rss(&[]).etag("\"good\"");
    let text = config("", &[("a", press.url("/feed"), "every = \"1h\"\npages = \"never\"")]);
    press.page("/feed", whole().gzip());
    let driver = Driver::start(&text, noon()).await;
    assert!(driver.poll(noon()).await.failure.is_none());
    // Each of these is decoded in fetch::tests::hostile.
    let accepted = press.requests()[0].text("accept-encoding");
    assert_eq!(accepted.as_deref(), Some("gzip, deflate, br, zstd"));
    for (reply, code) in [
        (Reply::rss("x").header("Content-Encoding", "zstd"), "bad-coding"),
        (Reply::rss("x").header("Content-Encoding", "compress"), "unknown-coding"),
        (whole().gzip().cut_after(15), "reset"),
        // A feed that is whole is taken; its validators are not.
        (whole().gzip().header("Content-Encoding", "zstd"), "broken-transfer"),
        (whole().header("Content-Encoding", "gzip"), "broken-transfer"),
        (whole().header("Content-Encoding", "utf-8"), "broken-transfer"),
    ] {
        press.page("/feed", reply.etag("\"bad\""));
        let now = noon() + hours(24 * i64::try_from(press.requests().len()).unwrap());
        let report = driver.poll(now).await;
        let failure = report.failure.or(report.faults.into_iter().next()).unwrap();
        assert_eq!(failure.code, code);
        assert_eq!(press.requests().last().unwrap().text("if-none-match").as_deref(), Some("\"good\""));
    }
}

#[test]
fn p28_one_get_each_that_says_what_it_likes_to_have() {
    let (press, ..) = collected("");
    let asked: Vec<(String, String)> =
        press.requests().into_iter().map(|seen| (seen.method.clone(), seen.target)).collect();
    let mut asked: Vec<(&str, &str)> =
        asked.iter().map(|(method, target)| (method.as_str(), target.as_str())).collect();
    asked.sort_unstable();
    assert_eq!(
        asked,
        [("GET", "/feed"), ("GET", "/feed"), ("GET", "/other"), ("GET", "/page"), ("GET", "/robots.txt")]
    );
    let accept = |path: &str| press.requests_for(path)[0].text("accept").unwrap();
    assert!(accept("/feed").starts_with("application/rss+xml, application/atom+xml"), "{}", accept("/feed"));
    assert!(accept("/page").starts_with("text/html"), "{}", accept("/page"));
    assert!(accept("/robots.txt").starts_with("text/plain"));
}

#[test]
fn p29_a_host_is_asked_over_one_connection() {
    let press = Press::start("127.0.0.2");
    let entries: Vec<(String, String)> =
        (0..12).map(|number| (format!("Number {number}"), press.url(&format!("/{number}")))).collect();
    for (title, url) in &entries {
        let path = &url[press.url("").len()..];
        press.page(path, page(title, &format!("{TEXT} This was number {path}."), ""));
    }
    let named: Vec<(&str, String)> =
        entries.iter().map(|(title, url)| (title.as_str(), url.clone())).collect();
    press.page("/feed", rss(&named));
    let workspace = Workspace::new(&way::config(&[("a", press.url("/feed"))]));
    assert_eq!(workspace.run(&["run", "--once"]).code, Some(0));
    assert_eq!(press.requests().len(), 14);
    assert_eq!(press.connections(), 1);
}

#[tokio::test]
async fn p29_a_body_we_stop_reading_closes_its_connection() {
    let press = Press::start("127.0.0.2");
    press.page("/page", Reply::ok("video/mp4", "0123456789".repeat(1000)).endless());
    press.page("/feed", rss(&[("A film", press.url("/page"))]));
    let driver = Driver::start(&config("", &[("a", press.url("/feed"), "")]), noon()).await;
    driver.poll(noon()).await;
    driver.pages(noon()).await;
    // The press writes until the other side is gone.
    press.until(|seen| seen.iter().any(|seen| seen.path() == "/page" && seen.answered.is_some())).await;
}

#[test]
fn nonsense_in_a_header_is_passed_over_said_and_counted() {
    let press = Press::start("127.0.0.2");
    let long = "x".repeat(5000);
    let nonsense: [&[(&str, &str)]; 8] = [
        &[("Cache-Control", "max-age=soon")],
        &[("Cache-Control", "max-age=-1"), ("Age", "old")],
        &[("Age", "-5")],
        &[("Expires", "tomorrow at noon")],
        &[("Date", "today"), ("Expires", "Wed, 24 Nov 2100 14:00:00 GMT")],
        &[("ETag", &long)],
        &[("Last-Modified", &long)],
        &[("Retry-After", "when we are back")],
    ];
    let mut sources = Vec::new();
    for (number, lines) in nonsense.iter().enumerate() {
        // Its place is in an answer that sends us away.
        let busy = lines[0].0 == "Retry-After";
        let reply = if busy { Reply::busy(None) } else { rss(&[]) };
        let reply = lines.iter().fold(reply, |reply, (name, value)| reply.header(name, value));
        // Hosts of their own: one of them is busy.
        let host = format!("127.0.0.{}", 10 + number);
        let press = Press::start(&host);
        press.page("/feed", reply);
        sources.push((format!("s{number}"), press.url("/feed"), press));
    }
    // And one where all is well: nothing is counted.
    press.page(
        "/feed",
        rss(&[]).header("Cache-Control", "max-age=60").header("Age", "0").header("Expires", "0"),
    );
    let mut named: Vec<(&str, String)> =
        sources.iter().map(|(name, url, _)| (name.as_str(), url.clone())).collect();
    named.push(("well", press.url("/feed")));
    let workspace = Workspace::new(&way::config(&named));
    let ended = workspace.command(&["run", "--once"]).env("CUTTINGS_LOG", "debug").output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    for (number, lines) in nonsense.iter().enumerate() {
        let name = format!("s{number}");
        let counted = workspace.one(&format!(
            "SELECT coalesce(sum(value), 0) FROM counter JOIN source ON source.id = source_id \
             WHERE counter.name = 'headers.odd' AND source.name = '{name}'"
        ));
        let odd: Vec<&str> =
            lines.iter().filter(|(_, value)| !value.ends_with("GMT")).map(|(name, _)| *name).collect();
        assert_eq!(counted, odd.len().to_string(), "{name}: {lines:?}");
        let busy = lines[0].0 == "Retry-After";
        let code = workspace.one(&format!("SELECT coalesce(code, 'well') FROM source WHERE name = '{name}'"));
        assert_eq!(code, if busy { "http-503" } else { "well" }, "{name}: no error for the feed");
        for header in odd {
            let line = said.lines().any(|line| {
                line.contains("DEBUG")
                    && line.contains("invalid header value ignored")
                    && line.contains(&header.to_ascii_lowercase())
            });
            assert!(line, "no debug line for {header} in {said}");
        }
    }
    assert_eq!(
        workspace.one("SELECT count(*) FROM counter JOIN source ON source.id = source_id WHERE counter.name = 'headers.odd' AND source.name = 'well'"),
        "0"
    );
}
