//! P1 to P8 and P21 to P33, as far as the fetcher decides them.

use super::*;

fn validators(etag: Option<&[u8]>, last_modified: Option<&[u8]>) -> Validators {
    Validators { etag: etag.map(<[u8]>::to_vec), last_modified: last_modified.map(<[u8]>::to_vec) }
}

fn conditional(url: Url, validators: Validators) -> Request {
    Request::new(url, ResourceKind::Feed).with_validators(validators)
}

fn lines(etag: &[u8], last_modified: &[u8], body: &[u8]) -> Vec<Act> {
    let head = [
        b"HTTP/1.1 200 OK\r\nETag: ",
        etag,
        b"\r\nLast-Modified: ",
        last_modified,
        format!("\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes(),
        body,
    ]
    .concat();
    vec![Act::Send(head)]
}

#[tokio::test]
async fn p01_the_first_request_is_unconditional() {
    let server = Server::always(answer(200, "", b"x")).await;
    get_feed(&fetcher(&limits()), server.url("/feed")).await.unwrap();
    let seen = &server.seen()[0];
    assert_eq!(seen.header("if-none-match"), None);
    assert_eq!(seen.header("if-modified-since"), None);
}

#[tokio::test]
async fn p02_p03_validators_go_back_byte_for_byte() {
    let tags: &[&[u8]] = &[
        b"\"plain\"", b"W/\"weak\"", b"\"abc-gzip\"", b"unquoted", b"\"with space, and comma\"",
        b"\"8-bit \xe9\xff\"", b"\"a\" \"b\"",
    ];
    let dates: &[&[u8]] = &[
        b"Sun, 06 Nov 1994 08:49:37 GMT", b"yesterday", b"Thu, 01 Jan 1970 00:00:00 +0000", b"0",
        b"\xd0\xb2", b"Sun,  06  Nov", b"-1",
    ];
    for (tag, date) in tags.iter().zip(dates) {
        let (tag, date) = (tag.to_vec(), date.to_vec());
        let acts = lines(&tag, &date, b"x");
        let server = Server::always(acts).await;
        let fetcher = fetcher(&limits());
        let document = document(get_feed(&fetcher, server.url("/feed")).await.unwrap());
        assert_eq!(document.validators, validators(Some(&tag), Some(&date)));
        let again = conditional(server.url("/feed"), document.validators);
        fetcher.get(again, now()).await.unwrap();
        let seen = &server.seen()[1];
        assert_eq!(seen.header("if-none-match"), Some(tag));
        assert_eq!(seen.header("if-modified-since"), Some(date));
    }
}

#[tokio::test]
async fn p04_only_what_was_given_is_sent() {
    let server = Server::always(answer(304, "", b"")).await;
    let fetcher = fetcher(&limits());
    for (etag, date) in [(Some(&b"\"a\""[..]), None), (None, Some(&b"d"[..]))] {
        let request = conditional(server.url("/"), validators(etag, date));
        fetcher.get(request, now()).await.unwrap();
        let seen = server.seen().pop().unwrap();
        assert_eq!(seen.header("if-none-match").as_deref(), etag);
        assert_eq!(seen.header("if-modified-since").as_deref(), date);
    }
}

#[tokio::test]
async fn p05_a_document_says_which_validators_it_lacks() {
    let server = Server::always(answer(200, "Last-Modified: new\r\nETag: \r\n", b"x")).await;
    let request = conditional(server.url("/"), validators(Some(b"\"old\""), Some(b"old")));
    let fetched = fetcher(&limits()).get(request, now()).await.unwrap();
    assert_eq!(document(fetched).validators, validators(None, Some(b"new")));
}

#[tokio::test]
async fn p06_a_304_carries_what_it_carries() {
    let server = Server::always(vec![Act::Send(b"HTTP/1.1 304 X\r\nETag: \"b\"\r\n\r\n".to_vec())]).await;
    let request = conditional(server.url("/"), validators(Some(b"\"a\""), Some(b"d")));
    let fetched = fetcher(&limits()).get(request, now()).await.unwrap();
    assert_eq!(fetched.fetch.status, Some(304));
    assert_eq!(fetched.content, ResponseContent::NotModified(validators(Some(b"\"b\""), None)));
}

#[tokio::test]
async fn p06_a_304_to_no_question_is_an_error() {
    let server = Server::always(vec![Act::Send(b"HTTP/1.1 304 X\r\n\r\n".to_vec())]).await;
    assert_eq!(code(get_feed(&fetcher(&limits()), server.url("/")).await), "unasked-304");
}

#[tokio::test]
async fn p07_validators_belong_to_the_url_they_came_from() {
    let server = Server::start(|target, _| match target {
        "/old" => answer(301, "Location: /new\r\n", b""),
        _ => answer(200, "ETag: \"n\"\r\n", b"x"),
    })
    .await;
    let fetcher = fetcher(&limits());
    let mut request = conditional(server.url("/old"), validators(Some(b"\"n\""), None));
    fetcher.get(request.clone(), now()).await.unwrap();
    request.validators_from = Some(server.url("/new"));
    fetcher.get(request, now()).await.unwrap();
    let sent: Vec<bool> = server.seen().iter().map(|seen| seen.header("if-none-match").is_some()).collect();
    assert_eq!(sent, [true, false, false, true]);
}

#[tokio::test]
async fn p21_only_the_leading_permanent_part_of_a_chain_moves_the_address() {
    let server = Server::start(|target, _| match target {
        "/a" => answer(301, "Location: /b\r\n", b"<p>moved</p>"),
        "/b" => answer(308, "Location: c?x=1\r\n", b""),
        "/c?x=1" => answer(302, "Location: /d\r\n", b""),
        "/d" => answer(307, "Location: /e\r\n", b""),
        "/e" => answer(301, "Location: /f\r\n", b""),
        _ => answer(200, "", b"x"),
    })
    .await;
    let fetched = get_feed(&fetcher(&limits()), server.url("/a#top")).await.unwrap();
    assert_eq!(fetched.fetch.moved_to().unwrap().path(), "/c");
    assert_eq!(fetched.fetch.hops.len(), 5);
    assert_eq!(fetched.fetch.url, server.url("/f#top"));
    assert_eq!(fetched.fetch.hosts.len(), 1);
    // One connection did for all of it: small bodies nobody wants are read.
    assert!(server.seen().iter().all(|seen| seen.connection == 0));
    let fetched = get_feed(&fetcher(&limits()), server.url("/d")).await.unwrap();
    assert_eq!(fetched.fetch.moved_to(), None);
}

#[tokio::test]
async fn p23_hops_are_counted_and_loops_end() {
    let server = Server::start(|target, number| match target {
        "/loop" => answer(302, "Location: /back\r\n", b""),
        "/back" => answer(302, "Location: /loop\r\n", b""),
        "/self" => answer(302, "Location: /self\r\n", b""),
        "/nowhere" => answer(302, "", b""),
        "/no-host" => answer(302, "Location: //{host}/\r\n", b""),
        _ => answer(302, &format!("Location: /{number}\r\n"), b""),
    })
    .await;
    let fetcher = fetcher(&limits());
    assert_eq!(code(get_feed(&fetcher, server.url("/loop")).await), "redirect-loop");
    assert_eq!(code(get_feed(&fetcher, server.url("/self")).await), "redirect-loop");
    assert_eq!(code(get_feed(&fetcher, server.url("/nowhere")).await), "bad-redirect");
    assert_eq!(code(get_feed(&fetcher, server.url("/no-host")).await), "bad-url");
    let before = server.seen().len();
    let failed = get_feed(&fetcher, server.url("/start")).await.unwrap_err();
    assert_eq!(failed.error.code(), "too-many-redirects");
    assert_eq!((failed.fetch.hops.len(), server.seen().len() - before), (10, 11));
}

#[tokio::test]
async fn p24_a_challenge_is_named() {
    let server = Server::start(|target, _| match target {
        "/header" => answer(403, "cf-mitigated: challenge\r\n", b"Just a moment"),
        "/body" => answer(503, "", b"<script src='/cdn-cgi/challenge-platform/x.js'></script>"),
        "/ok" => answer(200, "cf-mitigated: challenge\r\nContent-Type: text/html\r\n", b"Just a moment"),
        _ => answer(403, "", b"no"),
    })
    .await;
    let fetcher = fetcher(&limits());
    for path in ["/header", "/body", "/ok"] {
        assert_eq!(code(get_feed(&fetcher, server.url(path)).await), "challenge", "{path}");
    }
    assert_eq!(code(get_feed(&fetcher, server.url("/plain")).await), "http-403");
}

#[tokio::test]
async fn p13_a_429_rests_its_host_until_the_time_it_names() {
    let server = Server::always(answer(429, "Retry-After: 120\r\n", b"")).await;
    let failed = get_feed(&fetcher(&limits()), server.url("/")).await.unwrap_err();
    assert!(failed.is_host_failure());
    let trouble = failed.fetch.hosts[0].failure.clone().unwrap();
    assert_eq!(trouble.code, "http-429");
    let wait = trouble.retry_after.unwrap() - now();
    assert!(wait >= chrono::Duration::seconds(120));
}

#[tokio::test]
async fn p32_trouble_of_a_host_behind_a_redirect_is_the_pages_own() {
    let there = Server::always(answer(503, "", b"")).await;
    let mut far = there.url("/x");
    far.set_host(Some("localhost")).unwrap();
    let here = Server::always(answer(302, &format!("Location: {far}\r\n"), b"")).await;
    let failed = get_feed(&fetcher(&limits()), here.url("/")).await.unwrap_err();
    assert_eq!(failed.error.code(), "http-503");
    assert!(failed.error.is_host_failure() && !failed.is_host_failure());
    let notes: Vec<_> = failed.fetch.hosts.iter().map(|n| (n.host.as_str(), n.failure.is_some())).collect();
    assert_eq!(notes, [("127.0.0.1", false), ("localhost", true)]);
}

#[tokio::test]
async fn p32_a_host_behind_a_redirect_that_rests_costs_the_page_nothing() {
    let there = Server::always(answer(503, "Retry-After: 600\r\n", b"")).await;
    let mut far = there.url("/x");
    far.set_host(Some("localhost")).unwrap();
    let here = Server::always(answer(302, &format!("Location: {far}\r\n"), b"")).await;
    let fetcher = fetcher(&limits());
    let failed = get_feed(&fetcher, here.url("/")).await.unwrap_err();
    assert_eq!((failed.error.code(), failed.not_asked_until()), ("http-503", None));
    let until = failed.error.retry_after();
    let failed = get_feed(&fetcher, here.url("/")).await.unwrap_err();
    assert_eq!((failed.error.code(), failed.is_host_failure()), ("host-backoff", false));
    assert_eq!(failed.not_asked_until(), until);
    assert_eq!(there.seen().len(), 1);
}

#[tokio::test]
async fn p25_p26_p28_one_get_with_our_name_and_nothing_added() {
    let server = Server::start(|target, _| match target {
        "/b?b=2&a=1&a=%7e" => answer(200, "Set-Cookie: a=b\r\n", b"x"),
        _ => answer(302, "Set-Cookie: a=b\r\nLocation: /b?b=2&a=1&a=%7e\r\n", b""),
    })
    .await;
    let fetcher = fetcher(&limits());
    get_feed(&fetcher, server.url("/a?z=&y#frag")).await.unwrap();
    fetcher.get(Request::new(server.url("/a"), ResourceKind::Page), now()).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen.len(), 4);
    assert_eq!(seen[0].target(), "/a?z=&y");
    assert_eq!(seen[1].target(), "/b?b=2&a=1&a=%7e");
    for (number, request) in seen.iter().enumerate() {
        assert!(request.head.starts_with(b"GET "));
        let name = format!("cuttings/{} (+https://paper.example/bot)", env!("CARGO_PKG_VERSION"));
        assert_eq!(request.header("user-agent"), Some(name.into_bytes()));
        assert_eq!(request.header("accept-encoding").as_deref(), Some(&b"gzip, deflate, br, zstd"[..]));
        let mut names: Vec<String> = String::from_utf8_lossy(&request.head)
            .lines()
            .skip(1)
            .filter_map(|line| Some(line.split_once(':')?.0.to_ascii_lowercase()))
            .collect();
        names.sort();
        // The cookie of a redirect goes with the request that follows it, and is forgotten then.
        if number % 2 == 1 {
            assert_eq!(request.header("cookie").as_deref(), Some(&b"a=b"[..]));
            names.retain(|name| name != "cookie");
        }
        assert_eq!(names, ["accept", "accept-encoding", "host", "user-agent"]);
    }
    assert!(seen[0].header("accept").unwrap().starts_with(b"application/rss+xml"));
    assert!(seen[2].header("accept").unwrap().starts_with(b"text/html"));
}

#[test]
fn p25_a_contact_that_is_no_header_is_cleaned() {
    let bare = format!("cuttings/{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(user_agent(None), bare);
    assert_eq!(user_agent(Some(" \r\n ")), bare);
    assert_eq!(user_agent(Some("a\r\nX: é")), format!("{bare} (+aX: )").replace(": )", ":)"));
}

#[tokio::test]
async fn p33_what_is_no_page_is_dropped_at_its_headers() {
    let server = Server::start(|target, _| {
        let kind = match target {
            "/pdf" => "Content-Type: application/pdf\r\n",
            "/image" => "Content-Type: Image/PNG; x=y\r\n",
            "/xhtml" => "Content-Type: application/xhtml+xml; charset=utf-8\r\n",
            "/odd" => "Content-Type: html\r\n",
            _ => "",
        };
        match target {
            "/pdf" | "/image" => vec![
                Act::Send(format!("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n{kind}\r\nabc").into_bytes()),
                Act::Hang,
            ],
            _ => answer(200, kind, b"x"),
        }
    })
    .await;
    let fetcher = fetcher(&limits());
    for path in ["/pdf", "/image"] {
        assert_eq!(
            code(fetcher.get(Request::new(server.url(path), ResourceKind::Page), now()).await),
            "not-html"
        );
    }
    for path in ["/xhtml", "/odd", "/none"] {
        fetcher.get(Request::new(server.url(path), ResourceKind::Page), now()).await.unwrap();
    }
}
