//! P30 and P31: what the fetcher does with robots.txt.

use chrono::TimeDelta;

use super::*;
use crate::model::{Grade, RobotsResponse};

async fn get_page(fetcher: &Fetcher, url: Url) -> Result<Response, Box<FailedFetch>> {
    get_page_at(fetcher, url, now()).await
}

async fn get_page_at(fetcher: &Fetcher, url: Url, at: DateTime<Utc>) -> Result<Response, Box<FailedFetch>> {
    fetcher.get(Request::new(url, ResourceKind::Page).obeying_robots(), at).await
}

/// A site with this answer for robots.txt and a page everywhere else.
async fn site(robots: Vec<Act>) -> Server {
    Server::start(move |target, _| match target {
        "/robots.txt" => robots.clone(),
        _ => page(),
    })
    .await
}

fn page() -> Vec<Act> {
    answer(200, "Content-Type: text/html\r\n", b"<p>x")
}

fn rules(text: &str) -> Vec<Act> {
    answer(200, "Content-Type: text/plain\r\n", text.as_bytes())
}

fn redirect(to: &str) -> Vec<Act> {
    answer(302, &format!("Location: {to}\r\n"), b"")
}

#[tokio::test]
async fn p30_pages_obey_and_feeds_named_by_the_user_do_not() {
    let server = site(rules("User-agent: *\nDisallow: /private\nSitemap: https://paper.example/s.xml")).await;
    let fetcher = fetcher(&limits());
    let fetched = get_page(&fetcher, server.url("/article?id=1")).await.unwrap();
    let [note] = fetched.fetch.robots.as_slice() else {
        panic!("{:?}", fetched.fetch.robots);
    };
    assert_eq!(note.origin, format!("http://{}", server.address));
    assert_eq!((note.status, note.fetched_at >= now()), (Some(200), true));
    assert_eq!(note.sitemaps, ["https://paper.example/s.xml"]);
    assert!(note.body.starts_with(b"User-agent"));

    let failed = get_page(&fetcher, server.url("/private/a")).await.unwrap_err();
    assert_eq!(failed.error.code(), "robots-denied");
    assert_eq!(failed.error.grade(), Grade::Soft);
    assert!(!failed.is_host_failure() && failed.fetch.hosts.is_empty() && failed.fetch.robots.is_empty());
    assert_eq!(failed.fetch.status, None);

    get_feed(&fetcher, server.url("/private/feed")).await.unwrap();
    fetcher
        .get(Request::new(server.url("/robots.txt"), ResourceKind::Robots).obeying_robots(), now())
        .await
        .unwrap();
    assert_eq!(server.targets(), ["/robots.txt", "/article?id=1", "/private/feed", "/robots.txt"]);
    let seen = server.seen();
    assert_eq!(seen[0].header("user-agent"), seen[1].header("user-agent"));
    assert_eq!(seen[0].header("accept").unwrap(), b"text/plain, */*;q=0.1");
}

#[tokio::test]
async fn p30_many_pages_of_one_origin_ask_once() {
    let server = site(rules("User-agent: cuttings\nDisallow: /7")).await;
    let fetcher = fetcher(&limits());
    let pages = (0..20).map(|n| get_page(&fetcher, server.url(&format!("/{n}"))));
    let all = futures_util::future::join_all(pages).await;
    assert_eq!(all.iter().filter(|result| result.is_ok()).count(), 19);
    let asked = server.targets().iter().filter(|target| *target == "/robots.txt").count();
    assert_eq!((asked, server.seen().len()), (1, 20));
    // One of them brings the note home.
    let notes = all.iter().flatten().map(|fetched| fetched.fetch.robots.len()).sum::<usize>();
    assert_eq!(notes, 1);
}

#[tokio::test]
async fn p30_an_asker_that_gives_up_leaves_the_question_to_the_next() {
    let server = Server::start(|target, number| match (target, number) {
        (_, 0) => vec![Act::Hang],
        ("/robots.txt", _) => rules("User-agent: *\nDisallow: /no"),
        _ => page(),
    })
    .await;
    let fetcher = fetcher(&limits());
    let first = get_page(&fetcher, server.url("/a"));
    assert!(tokio::time::timeout(Duration::from_millis(200), first).await.is_err());
    server.closed(0).await;
    get_page(&fetcher, server.url("/a")).await.unwrap();
    assert_eq!(server.targets(), ["/robots.txt", "/robots.txt", "/a"]);
}

#[tokio::test]
async fn p30_answers_that_say_there_is_none_allow_everything() {
    for status in [400, 401, 403, 404, 410, 451, 204, 304] {
        let server = site(answer(status, "", b"")).await;
        let fetched = get_page(&fetcher(&limits()), server.url("/a")).await.unwrap();
        assert_eq!(fetched.fetch.robots[0].status, Some(status));
    }
    let html = site(answer(200, "Content-Type: text/html\r\n", b"<html><p>Disallow: all")).await;
    get_page(&fetcher(&limits()), html.url("/a")).await.unwrap();
}

#[tokio::test]
async fn p30_no_answer_forbids_everything_for_a_while() {
    let short = vec![Act::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nUser".to_vec()), Act::Close];
    let failing = [
        (answer(500, "", b""), Some(500)),
        (answer(503, "", b""), Some(503)),
        (answer(429, "", b""), Some(429)),
        (vec![Act::Hang], None),
        (vec![Act::Close], None),
        (short, None),
    ];
    for (robots, status) in failing {
        let server = site(robots).await;
        let fetcher = fetcher(&short_timeouts());
        let failed = get_page(&fetcher, server.url("/a")).await.unwrap_err();
        assert_eq!(failed.error.code(), "robots-unreachable", "{status:?}");
        assert_eq!(failed.error.grade(), Grade::Temporary);
        assert!(failed.is_host_failure());
        let [note] = failed.fetch.hosts.as_slice() else {
            panic!("{:?}", failed.fetch.hosts);
        };
        assert_eq!(note.failure.as_ref().unwrap().code, "robots-unreachable");
        assert_eq!(failed.fetch.robots[0].status, status);
        let asked = server.seen().len();
        // Nine minutes later nobody is asked, eleven minutes later robots.txt is.
        let later = |minutes| get_page_at(&fetcher, server.url("/a"), now() + TimeDelta::minutes(minutes));
        assert_eq!(code(later(9).await), "robots-unreachable");
        assert_eq!(server.seen().len(), asked);
        assert_eq!(code(later(11).await), "robots-unreachable");
        assert!(server.seen().len() > asked);
        assert!(server.targets().iter().all(|target| target == "/robots.txt"));
    }
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = Url::parse(&format!("http://{gone}/a")).unwrap();
    let failed = get_page(&fetcher(&short_timeouts()), url).await.unwrap_err();
    assert_eq!(failed.error.code(), "robots-unreachable");
    assert!(failed.to_string().contains("could not be connected"), "{failed}");
}

#[tokio::test]
async fn p13_p30_retry_after_of_robots_txt_rests_the_host() {
    let server = site(answer(503, "Retry-After: 3600\r\n", b"")).await;
    let fetcher = fetcher(&limits());
    let failed = get_page(&fetcher, server.url("/a")).await.unwrap_err();
    let until = failed.error.retry_after().unwrap();
    assert!((until - now()).num_seconds() >= 3600);
    assert_eq!(failed.fetch.hosts[0].failure.as_ref().unwrap().retry_after, Some(until));
    assert_eq!(failed.fetch.robots[0].expires_at, until);
    // Feeds of the host share it.
    let feed = get_feed(&fetcher, server.url("/feed")).await.unwrap_err();
    assert_eq!((feed.error.code(), feed.error.retry_after()), ("host-backoff", Some(until)));
    assert!(feed.is_host_failure());
    assert_eq!(server.targets(), ["/robots.txt"]);
}

#[tokio::test]
async fn p30_old_rules_serve_while_no_new_ones_can_be_had() {
    let server = Server::start(|target, number| match (target, number) {
        ("/robots.txt", 0) => rules("User-agent: *\nDisallow: /no"),
        ("/robots.txt", _) => answer(500, "", b""),
        _ => page(),
    })
    .await;
    let fetcher = fetcher(&limits());
    get_page(&fetcher, server.url("/a")).await.unwrap();
    let later = now() + TimeDelta::hours(25);
    let fetched = get_page_at(&fetcher, server.url("/a"), later).await.unwrap();
    // What is kept of the old ones stays.
    assert_eq!(fetched.fetch.robots, []);
    assert_eq!(code(get_page_at(&fetcher, server.url("/no"), later).await), "robots-denied");
    assert_eq!(server.targets(), ["/robots.txt", "/a", "/robots.txt", "/a"]);
    let much_later = now() + TimeDelta::days(31);
    assert_eq!(code(get_page_at(&fetcher, server.url("/a"), much_later).await), "robots-unreachable");
}

#[tokio::test]
async fn p30_rules_are_asked_for_again_after_their_max_age_an_hour_at_least_a_day_at_most() {
    for (lines, believed, doubted) in [
        ("Cache-Control: max-age=5\r\n", 59, 62),
        ("Cache-Control: max-age=7200\r\n", 119, 122),
        ("Cache-Control: max-age=9999999\r\n", 24 * 60 - 1, 24 * 60 + 2),
        ("", 24 * 60 - 1, 24 * 60 + 2),
    ] {
        let server = site(answer(200, lines, b"User-agent: *\nDisallow: /no")).await;
        let fetcher = fetcher(&limits());
        for minutes in [0, believed] {
            get_page_at(&fetcher, server.url("/a"), now() + TimeDelta::minutes(minutes)).await.unwrap();
        }
        assert_eq!(server.targets(), ["/robots.txt", "/a", "/a"], "{lines}");
        get_page_at(&fetcher, server.url("/a"), now() + TimeDelta::minutes(doubted)).await.unwrap();
        assert_eq!(server.targets()[3..], ["/robots.txt", "/a"], "{lines}");
    }
}

#[tokio::test]
async fn p30_a_redirect_is_judged_by_the_rules_of_where_it_leads() {
    let strict = site(rules("User-agent: *\nDisallow: /no")).await;
    let to = [strict.url("/no").to_string(), strict.url("/yes").to_string()];
    let open = Server::start(move |target, _| match target {
        "/robots.txt" => answer(404, "", b""),
        "/no" => redirect(&to[0]),
        "/here" => redirect("/shut"),
        _ => redirect(&to[1]),
    })
    .await;
    let fetcher = fetcher(&limits());
    let failed = get_page(&fetcher, open.url("/no")).await.unwrap_err();
    assert_eq!(failed.error.code(), "robots-denied");
    assert_eq!((failed.fetch.hops.len(), failed.fetch.status), (1, None));
    assert_eq!(failed.fetch.robots.len(), 2);
    assert_eq!(strict.targets(), ["/robots.txt"]);
    let fetched = get_page(&fetcher, open.url("/yes")).await.unwrap();
    assert_eq!(fetched.fetch.url, strict.url("/yes"));
    assert_eq!(open.targets(), ["/robots.txt", "/no", "/yes"]);
}

#[tokio::test]
async fn p30_robots_txt_is_followed_over_five_hops_and_no_further() {
    for (hops, may) in [(1, false), (5, false), (6, true)] {
        let server = Server::start(move |target, _| match target.strip_prefix("/hop") {
            _ if target == "/robots.txt" => redirect("/hop1"),
            Some(n) if n.parse::<usize>().unwrap() < hops => {
                redirect(&format!("/hop{}", n.parse::<usize>().unwrap() + 1))
            }
            Some(_) => rules("User-agent: *\nDisallow: /"),
            None => page(),
        })
        .await;
        let got = get_page(&fetcher(&limits()), server.url("/a")).await;
        assert_eq!(got.is_ok(), may, "{hops} hops");
    }
    for nowhere in ["http://10.0.0.1/robots.txt", "ftp://paper.example/", "/robots.txt"] {
        let server = site(redirect(nowhere)).await;
        get_page(&fetcher(&limits()), server.url("/a")).await.unwrap();
    }
}

#[tokio::test]
async fn p30_a_file_larger_than_counts_is_cut_not_refused() {
    let mut text = "User-agent: *\nDisallow: /no\n".to_owned();
    text.push_str(&"# and more\n".repeat(60_000));
    assert!(text.len() > 500 << 10);
    let server = site(rules(&text)).await;
    let fetcher = fetcher(&limits());
    let fetched = get_page(&fetcher, server.url("/a")).await.unwrap();
    assert!(fetched.fetch.robots[0].body.len() <= 500 << 10);
    assert_eq!(code(get_page(&fetcher, server.url("/no")).await), "robots-denied");
}

#[tokio::test]
async fn p30_what_earlier_runs_were_told_is_not_asked_again() {
    let server = site(answer(500, "", b"")).await;
    let note = |status: Option<u16>, body: &[u8]| RobotsResponse {
        origin: format!("http://{}", server.address),
        transport: String::new(),
        fetched_at: now() - TimeDelta::hours(1),
        expires_at: now() + TimeDelta::hours(1),
        status,
        body: body.to_vec(),
        sitemaps: Vec::new(),
    };
    let with = |note: RobotsResponse| {
        let fetcher = fetcher(&limits());
        fetcher.restore_robots(&[note]);
        fetcher
    };
    let told = with(note(Some(200), b"User-agent: *\nDisallow: /no"));
    assert_eq!(code(get_page(&told, server.url("/no")).await), "robots-denied");
    get_page(&told, server.url("/a")).await.unwrap();
    get_page(&with(note(Some(404), b"")), server.url("/a")).await.unwrap();
    for status in [None, Some(503)] {
        assert_eq!(code(get_page(&with(note(status, b"")), server.url("/a")).await), "robots-unreachable");
    }
    assert_eq!(server.targets(), ["/a", "/a"]);
    let expired = RobotsResponse { expires_at: now(), ..note(None, b"") };
    assert_eq!(code(get_page(&with(expired), server.url("/a")).await), "robots-unreachable");
    assert_eq!(server.targets().len(), 3);
}

#[tokio::test]
async fn p30_an_address_that_is_refused_is_not_blamed_on_robots_txt() {
    let closed = fetcher(&config::FetchConfig::default());
    let url = Url::parse("http://127.0.0.1:1/a").unwrap();
    assert_eq!(code(get_page(&closed, url).await), "refused-address");
}

#[tokio::test]
async fn p31_a_crawl_delay_is_kept_between_requests() {
    let server = site(rules("User-agent: *\nCrawl-delay: 0.25")).await;
    let fetcher = fetcher(&limits());
    let begun = std::time::Instant::now();
    for path in ["/a", "/b"] {
        get_page(&fetcher, server.url(path)).await.unwrap();
    }
    // After robots.txt, and between the pages.
    assert!(begun.elapsed() >= Duration::from_millis(500));
    // Feeds of the host wait too.
    get_feed(&fetcher, server.url("/feed")).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(750));
}

#[tokio::test]
async fn p35_a_restart_does_not_ask_a_host_in_its_gap_or_rest() {
    let server = Server::always(page()).await;
    let again = fetcher(&limits());
    again.restore_hosts(&[("127.0.0.1".into(), now() + TimeDelta::milliseconds(300))], now());
    let begun = std::time::Instant::now();
    get_feed(&again, server.url("/feed")).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(300));
    again.restore_hosts(&[("127.0.0.1".into(), now() + TimeDelta::hours(2))], now());
    assert_eq!(code(get_feed(&again, server.url("/feed")).await), "host-backoff");
    assert_eq!(server.seen().len(), 1);
}
