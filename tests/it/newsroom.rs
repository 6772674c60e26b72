//! Tests of the test server: the newsroom and the press that the other tests use.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::newsroom::Newsroom;
use crate::support::press::{Press, most_at_once, shortest_gap};
use crate::support::reply::{Latch, Reply, busy_for, busy_until};

/// What comes back for a GET, to the end of the connection.
fn get(press: &Press, target: &str, headers: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(press.address()).unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A reset is an answer, too.
    let _ = stream.read_to_end(&mut answer);
    answer
}

fn text(press: &Press, target: &str, headers: &str) -> String {
    String::from_utf8_lossy(&get(press, target, headers)).into_owned()
}

/// The target of an absolute URL.
fn target(url: &str) -> &str {
    let path = url.match_indices('/').nth(2).map_or(url.len(), |(at, _)| at);
    &url[path..]
}

#[test]
fn every_link_of_the_newsroom_leads_to_its_article() {
    let room = Newsroom::start();
    assert_eq!((room.served().len(), room.entries(), room.gone().len()), (15, 19, 1));
    for served in room.served() {
        for link in &served.links {
            let press =
                room.sources().map(|name| room.press(name)).find(|press| link.starts_with(&press.url("/")));
            let press = press.unwrap_or_else(|| panic!("{link} is nobody's"));
            let mut answer = text(press, target(link), "");
            if answer.starts_with("HTTP/1.1 503 ") {
                assert!(answer.contains("\r\nRetry-After: 2\r\n"), "{answer}");
                answer = text(press, target(link), "");
            }
            if link.contains("/go/") {
                assert!(answer.starts_with("HTTP/1.1 301 ") && answer.contains(&served.page), "{answer}");
            } else {
                assert!(answer.starts_with("HTTP/1.1 200 "), "{link}: {answer}");
            }
        }
    }
    let first_words: std::collections::BTreeSet<_> =
        room.served().iter().map(|served| served.first_words).collect();
    assert_eq!(first_words.len(), 15);
    let asked = room.requests().len();
    assert_eq!(asked, room.page_requests().len());
    assert_eq!(asked, 15 + 3 + 1, "links, repeated ones, one that was busy");
}

#[test]
fn the_configuration_names_every_paper_and_nothing_twice() {
    let room = Newsroom::start();
    let config: toml::Table = room.config_toml().parse().unwrap();
    let sources = config["source"].as_array().unwrap();
    let names: Vec<_> = sources.iter().map(|source| source["name"].as_str().unwrap()).collect();
    assert_eq!(names, room.sources().collect::<Vec<_>>());
    for source in sources {
        let (name, feed) = (source["name"].as_str().unwrap(), source["feed"].as_str().unwrap());
        let answer = text(room.press(name), target(feed), "");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert_eq!(room.feed_requests(name).len(), 1);
        assert_eq!(source.get("article").is_some(), name != "small-hours");
    }
    assert!(room.page_requests().is_empty());
}

#[test]
fn a_recorded_request_is_what_was_sent() {
    let press = Press::start("127.0.0.2");
    press.page("/a", Reply::html("<p>a").etag("W/\"a, b\""));
    assert!(
        text(&press, "/a?b=%7e", "If-None-Match: W/\"a, b\"\r\nX: \u{e9}\r\n").starts_with("HTTP/1.1 304 ")
    );
    assert!(text(&press, "/a", "If-None-Match: \"a, b\"\r\n").ends_with("\r\n\r\n<p>a"));
    let seen = &press.requests_for("/a?b=%7e")[0];
    assert_eq!((seen.method.as_str(), seen.target.as_str(), seen.path()), ("GET", "/a?b=%7e", "/a"));
    assert_eq!(seen.header("if-none-match"), Some(&b"W/\"a, b\""[..]));
    assert_eq!(seen.header("x"), Some("\u{e9}".as_bytes()));
    assert!(
        seen.head.starts_with(b"GET /a?b=%7e HTTP/1.1\r\nHost: x\r\n") && seen.head.ends_with(b"\r\n\r\n")
    );
    assert_eq!((press.count("/a"), press.count("/b"), press.connections()), (2, 0, 2));
    press.forget();
    assert_eq!(press.count("/a"), 0);
}

#[test]
fn last_modified_counts_only_without_if_none_match() {
    let press = Press::start("127.0.0.2");
    press.page("/a", Reply::html("a").etag("\"1\"").last_modified("yesterday"));
    assert!(text(&press, "/a", "If-Modified-Since: yesterday\r\n").starts_with("HTTP/1.1 304 "));
    let both = "If-Modified-Since: yesterday\r\nIf-None-Match: \"0\"\r\n";
    assert!(text(&press, "/a", both).starts_with("HTTP/1.1 200 "));
}

#[test]
fn faults_are_what_they_are_called() {
    let press = Press::start("127.0.0.2");
    press.page("/cut", Reply::html("0123456789").cut_after(4));
    press.page("/cut-chunk", Reply::html("0123456789").chunked().cut_after(4));
    press.page("/reset", Reply::reset());
    press.page("/raw", Reply::raw("SSH-2.0-surprise\r\n"));
    press.page("/drip", Reply::html("0123456789").chunked().drip(4, std::time::Duration::ZERO));
    let cut = text(&press, "/cut", "");
    assert!(cut.contains("Content-Length: 10\r\n") && cut.ends_with("\r\n\r\n0123"), "{cut}");
    let cut = text(&press, "/cut-chunk", "");
    assert!(cut.contains("Transfer-Encoding: chunked\r\n") && cut.ends_with("\r\n\r\na\r\n0123"), "{cut}");
    assert!(get(&press, "/reset", "").is_empty());
    assert_eq!(text(&press, "/raw", ""), "SSH-2.0-surprise\r\n");
    assert!(text(&press, "/drip", "").ends_with("\r\n\r\n4\r\n0123\r\n4\r\n4567\r\n2\r\n89\r\n0\r\n\r\n"));
    assert!(text(&press, "/nothing", "").starts_with("HTTP/1.1 404 "));
}

#[test]
fn a_busy_page_recovers_by_count_and_when_told() {
    let press = Press::start("127.0.0.2");
    let status = |path: &str| text(&press, path, "")[9..12].to_owned();
    press.on("/count", busy_for(2, Reply::busy(Some("1")), Reply::html("a")));
    assert_eq!([status("/count"), status("/count"), status("/count")], ["503", "503", "200"]);
    let on = Arc::new(AtomicBool::new(false));
    press.on("/told", busy_until(&on, Reply::busy(None), Reply::html("a")));
    assert_eq!(status("/told"), "503");
    on.store(true, Ordering::SeqCst);
    assert_eq!(status("/told"), "200");
}

#[test]
fn requests_under_way_are_counted_and_let_go_together() {
    let press = Arc::new(Press::start("127.0.0.2"));
    let latch = Latch::closed();
    press.page("/held", Reply::html("a").held(&latch));
    let clients: Vec<_> = (0..3)
        .map(|_| {
            let press = Arc::clone(&press);
            std::thread::spawn(move || text(&press, "/held", ""))
        })
        .collect();
    assert!(press.wait_until(|seen| seen.len() == 3));
    assert!(press.requests().iter().all(|seen| seen.answered.is_none()));
    latch.open();
    for client in clients {
        assert!(client.join().unwrap().starts_with("HTTP/1.1 200 "));
    }
    assert!(press.wait_until(|seen| seen.iter().all(|seen| seen.answered.is_some())));
    assert_eq!((press.most_in_flight(), most_at_once(&press.requests())), (3, 3));
    text(&press, "/held", "");
    assert!(press.wait_until(|seen| seen.len() == 4 && seen.iter().all(|seen| seen.answered.is_some())));
    assert_eq!(press.requests()[3].in_flight, 1);
    assert!(shortest_gap(&press.requests()[2..]).is_some_and(|gap| !gap.is_zero()));
}

#[test]
fn a_connection_is_kept_and_a_body_of_a_request_is_read() {
    let press = Press::start("127.0.0.2");
    press.page("/hook", Reply::status(200).body("ok"));
    let mut stream = TcpStream::connect(press.address()).unwrap();
    for body in ["first", "second"] {
        let request = format!("POST /hook HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\nok") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            answer.push(byte[0]);
        }
    }
    let bodies: Vec<_> = press.requests().into_iter().map(|seen| seen.body).collect();
    assert_eq!(bodies, [b"first".to_vec(), b"second".to_vec()]);
    assert_eq!(press.connections(), 1);
}
