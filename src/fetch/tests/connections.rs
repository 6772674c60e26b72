//! P29, H5 and H28: what becomes of connections, and which are made at all.

use std::process::Command;

use tokio::net::{TcpSocket, TcpStream};

use super::*;

/// A body without end.
fn endless() -> Vec<Act> {
    vec![
        Act::Send(b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n\r\n".to_vec()),
        Act::Dribble(vec![b'x'; 1024], Duration::from_millis(1)),
    ]
}

#[tokio::test]
async fn p29_connections_are_reused_and_closed_when_idle() {
    let server = Server::always(answer(200, "", b"x")).await;
    let fetcher = fetcher(&limits());
    for _ in 0..3 {
        get_feed(&fetcher, server.url("/feed")).await.unwrap();
    }
    assert!(server.seen().iter().all(|seen| seen.connection == 0));
    // From here the clock runs as fast as nothing happens.
    tokio::time::pause();
    server.closed(0).await;
    get_feed(&fetcher, server.url("/feed")).await.unwrap();
    assert_eq!(server.seen()[3].connection, 1);
}

#[tokio::test]
async fn p29_a_short_answer_nobody_wants_leaves_its_connection_fit_for_the_next() {
    let server = Server::start(|target, _| match target {
        "/missing" => answer(404, "", b"<p>Not here"),
        "/moved" => answer(302, "Location: /feed\r\n", b"<p>There"),
        _ => answer(200, "", b"x"),
    })
    .await;
    let fetcher = fetcher(&limits());
    assert_eq!(code(get_feed(&fetcher, server.url("/missing")).await), "http-404");
    get_feed(&fetcher, server.url("/moved")).await.unwrap();
    assert!(server.seen().iter().all(|seen| seen.connection == 0));
}

#[tokio::test]
async fn p29_a_body_we_stop_reading_closes_its_connection() {
    let server = Server::start(|target, _| match target {
        "/error" => vec![
            Act::Send(b"HTTP/1.1 500 X\r\n\r\n".to_vec()),
            Act::Dribble(vec![b'x'; 1024], Duration::from_millis(1)),
        ],
        _ => endless(),
    })
    .await;
    let small = config::FetchConfig { max_feed: 4096, ..limits() };
    let fetcher = fetcher(&small);
    // Dropped at its headers, too large, and not worth reading.
    let page = fetcher.get(Request::new(server.url("/video"), ResourceKind::Page), now()).await;
    assert_eq!(code(page), "not-html");
    server.closed(0).await;
    assert_eq!(code(get_feed(&fetcher, server.url("/feed")).await), "too-large");
    server.closed(1).await;
    assert_eq!(code(get_feed(&fetcher, server.url("/error")).await), "http-500");
    server.closed(2).await;
}

#[tokio::test]
async fn h28_a_request_that_is_given_up_closes_its_socket() {
    let server = Server::start(|target, _| match target {
        "/silent" => vec![Act::Hang],
        _ => endless(),
    })
    .await;
    // Small, so that the last answer is soon too large on the busiest machine.
    let fetcher = fetcher(&config::FetchConfig { max_feed: 64 << 10, ..limits() });
    for (number, path) in ["/silent", "/endless"].into_iter().enumerate() {
        let request = get_feed(&fetcher, server.url(path));
        let given_up = tokio::time::timeout(Duration::from_millis(100), request).await;
        assert!(given_up.is_err());
        server.closed(number).await;
    }
    // And its place at the gate.
    assert_eq!(code(get_feed(&fetcher, server.url("/after")).await), "too-large");
}

/// Names that have no answer, or none in time.
#[derive(Clone, Copy)]
enum Broken {
    Silent,
    Failing,
}

impl Lookup for Broken {
    fn lookup(&self, _: String) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>> {
        match self {
            Self::Silent => Box::pin(std::future::pending()),
            Self::Failing => Box::pin(async { Err(std::io::Error::other("no server answers")) }),
        }
    }
}

#[tokio::test]
async fn h28_no_names_for_long_costs_no_memory_and_passes() {
    let fetcher = |names: Arc<dyn Lookup>| {
        let politeness =
            config::PolitenessConfig { host_gap: Duration::ZERO, ..config::PolitenessConfig::default() };
        Fetcher::with_resolver(&short_timeouts(), &politeness, "x".to_owned(), names).unwrap()
    };
    let failing = fetcher(Arc::new(Broken::Failing));
    for n in 0..3000 {
        let url = Url::parse(&format!("http://paper{n}.example/feed")).unwrap();
        let failed = get_feed(&failing, url).await.unwrap_err();
        assert_eq!(failed.error.code(), "dns");
        assert!(failed.is_host_failure());
    }
    assert!(failing.gate().len() <= 1100, "{} hosts", failing.gate().len());

    let silent = fetcher(Arc::new(Broken::Silent));
    let all =
        (0..100).map(|n| get_feed(&silent, Url::parse(&format!("http://paper{n}.example/feed")).unwrap()));
    for result in futures_util::future::join_all(all).await {
        let failed = result.unwrap_err();
        assert!(failed.error.is_host_failure(), "{failed}");
    }

    let server = Server::always(answer(200, "", b"x")).await;
    let recovering =
        fetcher(Arc::new(ScriptedResolver(Mutex::new(vec![vec![], vec!["127.0.0.1".parse().unwrap()]]))));
    let url = server.named("paper.example", "/feed");
    assert_eq!(code(get_feed(&recovering, url.clone()).await), "dns");
    get_feed(&recovering, url).await.unwrap();
}

/// A socket that accepts nothing more: packets to it vanish.
async fn black_hole(address: SocketAddr) -> Option<(tokio::net::TcpListener, Vec<TcpStream>)> {
    let socket = TcpSocket::new_v6().ok()?;
    socket.bind(address).ok()?;
    let listener = socket.listen(1).ok()?;
    let mut waiting = Vec::new();
    for _ in 0..64 {
        let connecting = TcpStream::connect(listener.local_addr().ok()?);
        match tokio::time::timeout(Duration::from_millis(200), connecting).await {
            Ok(stream) => waiting.push(stream.ok()?),
            Err(_) => return Some((listener, waiting)),
        }
    }
    None
}

#[tokio::test]
async fn h28_a_black_holed_ipv6_is_passed_by() {
    let server = Server::always(answer(200, "", b"x")).await;
    let hole = SocketAddr::new("::1".parse().unwrap(), server.address.port());
    let Some(_hole) = black_hole(hole).await else {
        println!("h28: this machine gives no black hole on ::1; nothing tried");
        return;
    };
    let both = config::FetchConfig {
        allow_networks: vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()],
        connect_timeout: Duration::from_secs(5),
        ..limits()
    };
    let url = server.named("paper.example", "/feed");
    let alone = config::FetchConfig { connect_timeout: Duration::from_millis(500), ..both.clone() };
    assert_eq!(code(get_feed(&with_names(&[&["::1"]], &alone), url.clone()).await), "connect-timeout");
    get_feed(&with_names(&[&["::1", "127.0.0.1"]], &both), url).await.unwrap();
}

/// Set for the child process of the test below.
const CHILD: &str = "CUTTINGS_TEST_ASKS";

#[tokio::test]
async fn h05_proxies_of_the_environment_are_not_used() {
    if let Ok(url) = std::env::var(CHILD) {
        get_feed(&fetcher(&limits()), Url::parse(&url).unwrap()).await.unwrap();
        return;
    }
    let server = Server::always(answer(200, "", b"x")).await;
    let proxy = Server::always(answer(200, "", b"proxied")).await;
    let name = "fetch::tests::connections::h05_proxies_of_the_environment_are_not_used";
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", name]).env(CHILD, server.url("/feed").as_str());
    for variable in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        child.env(variable, proxy.url("/").as_str());
    }
    child.env_remove("no_proxy").env_remove("NO_PROXY").env_remove("REQUEST_METHOD");
    let output = tokio::task::spawn_blocking(move || child.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    assert_eq!((server.seen().len(), proxy.seen().len()), (1, 0));
}
