//! What a source may configure: headers that stay with their origin (P23), proxies that the guard looks behind (H5).

use tokio::net::TcpStream;

use super::*;

fn proxied(url: Url, proxy: &str) -> Request {
    Request::new(url, ResourceKind::Feed)
        .with_transport(Transport { proxy: Some(Url::parse(proxy).unwrap()), ..Transport::default() })
}

fn secrets() -> Vec<(String, String)> {
    let line = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    vec![
        basic_auth("me", "hush"),
        line("Cookie", "session=hush"),
        line("X-Api-Key", "hush"),
        line("Accept-Language", "ar"),
    ]
}

#[tokio::test]
async fn p23_what_a_source_configures_stays_with_its_origin() {
    let other = Server::always(answer(200, "", b"x")).await;
    let there = other.url("/end").to_string();
    let home = Server::start(move |target, _| match target {
        "/feed" => answer(302, "Location: /moved\r\n", b""),
        _ => answer(302, &format!("Location: {there}\r\n"), b""),
    })
    .await;
    let request = Request::new(home.url("/feed"), ResourceKind::Feed).with_headers(secrets());
    fetcher(&limits()).get(request, now()).await.unwrap();
    for seen in home.seen() {
        assert_eq!(seen.header("authorization").unwrap(), b"Basic bWU6aHVzaA==");
        assert_eq!(seen.header("cookie").unwrap(), b"session=hush");
        assert_eq!(seen.header("x-api-key").unwrap(), b"hush");
    }
    assert_eq!(home.seen().len(), 2);
    // Another port is another origin (RFC 6454).
    let seen = &other.seen()[0];
    assert_eq!(seen.header("accept-language").unwrap(), b"ar");
    for name in ["authorization", "cookie", "x-api-key"] {
        assert_eq!(seen.header(name), None, "{name}");
    }
    assert!(!String::from_utf8_lossy(&seen.head).contains("hush"));
}

#[tokio::test]
async fn p23_what_the_feeds_owner_is_told_is_not_told_to_its_links() {
    let (home, link) =
        (Server::always(answer(200, "", b"x")).await, Server::always(answer(200, "", b"x")).await);
    let fetcher = fetcher(&limits());
    for server in [&home, &link] {
        let request = Request::new(server.url("/a"), ResourceKind::Page)
            .obeying_robots()
            .with_headers_for(home.url("/feed"), secrets());
        fetcher.get(request, now()).await.unwrap();
    }
    assert!(home.seen()[1].header("cookie").is_some());
    // robots.txt is the same for everybody.
    for seen in [&home.seen()[0], &link.seen()[0], &link.seen()[1]] {
        assert!(!String::from_utf8_lossy(&seen.head).contains("hush"), "{}", seen.target());
    }
}

#[tokio::test]
async fn p25_a_name_of_ones_own_replaces_ours_and_is_what_robots_txt_calls_us() {
    let server = Server::start(|target, _| match target {
        "/robots.txt" => answer(200, "", b"User-agent: clippings\nDisallow: /no\n"),
        _ => answer(200, "", b"x"),
    })
    .await;
    let fetcher = fetcher(&limits());
    let ask = |path: &str, name: &str| {
        let line = ("User-Agent".to_owned(), name.to_owned());
        let request = Request::new(server.url(path), ResourceKind::Page).obeying_robots();
        fetcher.get(request.with_headers(vec![line]), now())
    };
    ask("/no", "other/1 (+https://paper.example)").await.unwrap();
    // robots.txt is asked under the name that its rules are read for.
    for seen in server.seen() {
        assert_eq!(
            seen.header("user-agent").unwrap(),
            b"other/1 (+https://paper.example)",
            "{}",
            seen.target()
        );
    }
    assert_eq!(server.targets(), ["/robots.txt", "/no"]);
    assert_eq!(code(ask("/no", "Clippings/1 (+https://paper.example)").await), "robots-denied");
}

#[tokio::test]
async fn a_header_that_is_none_sends_nothing() {
    let server = Server::always(answer(200, "", b"x")).await;
    for (name, value) in [("X-A", "hush\r\nX-B: c"), ("a b", "hush"), ("Host", "hush")] {
        let request =
            Request::new(server.url("/"), ResourceKind::Feed).with_headers(vec![(name.into(), value.into())]);
        let failed = fetcher(&limits()).get(request, now()).await.unwrap_err();
        assert_eq!(failed.error.code(), "bad-header");
        assert!(!format!("{failed:?}").contains("hush"));
    }
    assert_eq!(server.seen().len(), 0);
}

#[tokio::test]
async fn h05_behind_a_proxy_the_guard_still_judges_the_target() {
    let proxy = Server::always(answer(200, "", b"x")).await;
    // The proxy itself is at home on loopback, which is closed to everybody else.
    let closed = config::FetchConfig::default();
    let through =
        |host: &str| proxied(Url::parse(&format!("http://{host}/feed")).unwrap(), proxy.url("/").as_str());
    for address in ["127.0.0.1", "10.0.0.1", "::ffff:192.168.0.1"] {
        let fetcher = with_names(&[&[address]], &closed);
        assert_eq!(code(fetcher.get(through("paper.example"), now()).await), "refused-address");
    }
    let fetcher = with_names(&[&["8.8.8.8"]], &closed);
    assert_eq!(code(fetcher.get(through("10.0.0.1"), now()).await), "refused-address");
    assert_eq!(code(with_names(&[&[]], &closed).get(through("paper.example"), now()).await), "dns");
    assert_eq!(proxy.seen().len(), 0);

    let fetched = fetcher.get(through("paper.example"), now()).await.unwrap();
    assert_eq!(fetched.fetch.hosts[0].host, "paper.example");
    assert_eq!(proxy.targets(), ["http://paper.example/feed"]);
}

#[tokio::test]
async fn h05_a_redirect_behind_a_proxy_is_judged_too() {
    let proxy = Server::always(answer(302, "Location: http://inside.example/\r\n", b"")).await;
    let fetcher = with_names(&[&["8.8.8.8"], &["10.0.0.1"]], &config::FetchConfig::default());
    let request = proxied(Url::parse("http://paper.example/").unwrap(), proxy.url("/").as_str());
    assert_eq!(code(fetcher.get(request, now()).await), "refused-address");
    assert_eq!(proxy.seen().len(), 1);
}

#[tokio::test]
async fn a_proxy_that_is_away_is_named_without_its_password() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for scheme in ["http", "socks5"] {
        let fetcher = with_names(&[&["127.0.0.1"]], &limits());
        let url = Url::parse("http://paper.example/").unwrap();
        let failed =
            fetcher.get(proxied(url, &format!("{scheme}://me:hush@{gone}")), now()).await.unwrap_err();
        assert_eq!(failed.error.code(), "proxy", "{failed}");
        assert!(failed.is_host_failure());
        let shown = format!("{failed} {failed:?} {fetcher:?}");
        assert!(shown.contains(&gone.to_string()) && !shown.contains("hush"), "{shown}");
    }
}

#[tokio::test]
async fn a_proxys_password_goes_to_the_proxy() {
    let proxy = Server::always(answer(200, "", b"x")).await;
    let fetcher = with_names(&[&["8.8.8.8"]], &limits());
    let url = Url::parse("http://paper.example/").unwrap();
    let at = format!("http://me:hush@{}", proxy.address);
    fetcher.get(proxied(url, &at), now()).await.unwrap();
    assert_eq!(proxy.seen()[0].header("proxy-authorization").unwrap(), b"Basic bWU6aHVzaA==");
}

/// A SOCKS5 proxy (RFC 1928) for one connection; gives back the address it was asked for.
async fn socks(listener: TcpListener, target: SocketAddr) -> Vec<u8> {
    let (mut client, _) = listener.accept().await.unwrap();
    let mut hello = [0; 2];
    client.read_exact(&mut hello).await.unwrap();
    client.read_exact(&mut vec![0; usize::from(hello[1])]).await.unwrap();
    client.write_all(&[5, 0]).await.unwrap();
    let mut wish = [0; 4];
    client.read_exact(&mut wish).await.unwrap();
    let length = match wish[3] {
        1 => 4,
        4 => 16,
        _ => usize::from(client.read_u8().await.unwrap()),
    };
    let mut address = vec![0; length];
    client.read_exact(&mut address).await.unwrap();
    client.read_u16().await.unwrap();
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
    let mut server = TcpStream::connect(target).await.unwrap();
    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
    address
}

#[tokio::test]
async fn h05_socks_proxies_are_used_and_looked_behind() {
    for (scheme, asked) in [("socks5", &[127, 0, 0, 1][..]), ("socks5h", b"paper.example")] {
        let server = Server::always(answer(200, "Connection: close\r\n", b"x")).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = format!("{scheme}://{}", listener.local_addr().unwrap());
        let url = server.named("paper.example", "/feed");
        let closed = with_names(&[&["10.0.0.1"]], &limits());
        assert_eq!(code(closed.get(proxied(url.clone(), &at), now()).await), "refused-address");
        let open = with_names(&[&["127.0.0.1"]], &limits());
        let (got, address) = futures_util::join!(
            async {
                let got = open.get(proxied(url, &at), now()).await;
                drop(open);
                got
            },
            socks(listener, server.address)
        );
        got.unwrap();
        assert_eq!(address, asked);
    }
}

#[tokio::test]
async fn settings_that_cannot_be_are_said_and_harm_nothing_else() {
    let server = Server::always(answer(200, "", b"x")).await;
    let fetcher = fetcher(&limits());
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "no certificate").unwrap();
    let ca = |file| Transport { ca_file: Some(file), ..Transport::default() };
    let ftp =
        Transport { proxy: Some(Url::parse("ftp://me:hush@proxy.example").unwrap()), ..Transport::default() };
    for via in [ca(empty), ca(folder.path().join("missing.pem")), ca(folder.path().to_owned()), ftp] {
        let request =
            Request::new(server.named("127.0.0.1", "/"), ResourceKind::Feed).with_transport(via.clone());
        let failed = fetcher.get(request, now()).await.unwrap_err();
        assert_eq!(failed.error.code(), "bad-settings", "{via:?}: {failed}");
        assert!(!failed.is_host_failure() && !failed.to_string().contains("hush"));
    }
    get_feed(&fetcher, server.url("/")).await.unwrap();
}
