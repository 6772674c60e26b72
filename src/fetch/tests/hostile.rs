//! H1 to H10, as far as the fetcher decides them.

use std::io::Write;

use async_compression::tokio::write as encode;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::mpsc;

use super::*;
use crate::content_coding;

fn redirect(to: &str) -> Vec<Act> {
    answer(302, &format!("Location: {to}\r\n"), b"")
}

#[tokio::test]
async fn h01_a_redirect_to_another_scheme_is_not_opened() {
    for to in ["file:///etc/passwd", "javascript:alert(1)", "data:text/html,x", "ftp://127.0.0.1/"] {
        let server = Server::always(redirect(to)).await;
        let failed = get_feed(&fetcher(&limits()), server.url("/")).await.unwrap_err();
        assert_eq!(failed.error.code(), "refused-scheme", "{to}");
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn h04_literals_names_hops_and_second_answers_are_judged() {
    let server = Server::start(|target, _| match target {
        "/hop" => redirect("http://127.0.0.1:1/"),
        _ => answer(200, "Connection: close\r\n", b"x"),
    })
    .await;
    let closed = config::FetchConfig::default();
    let port = server.address.port();
    let named = |path: &str| Url::parse(&format!("http://paper.example:{port}{path}")).unwrap();
    // A literal.
    assert_eq!(code(get_feed(&fetcher(&closed), server.url("/")).await), "refused-address");
    // A name with a private address, alone or beside a public one.
    for answers in [&["127.0.0.1"][..], &["8.8.8.8", "127.0.0.1"], &["::ffff:127.0.0.1"]] {
        let failed = get_feed(&with_names(&[answers], &closed), named("/")).await.unwrap_err();
        assert_eq!(failed.error.code(), "refused-address", "{answers:?}");
        assert!(!failed.error.is_host_failure());
    }
    assert_eq!(server.seen().len(), 0);
    // A hop to a literal, and a name whose second answer is another. 127.0.0.1 stands for a public address here.
    let open = config::FetchConfig {
        allow_networks: vec!["127.0.0.1/32".parse().unwrap()],
        ..config::FetchConfig::default()
    };
    let fetcher = with_names(&[&["127.0.0.1"], &["10.0.0.1"]], &open);
    assert_eq!(document(get_feed(&fetcher, named("/")).await.unwrap()).body, b"x");
    assert_eq!(code(get_feed(&fetcher, named("/")).await), "refused-address");
    let there = Server::always(redirect("http://127.0.0.2:1/")).await;
    assert_eq!(code(get_feed(&fetcher_of(&open), there.url("/")).await), "refused-address");
    assert_eq!(server.seen().len(), 1);
}

fn fetcher_of(limits: &config::FetchConfig) -> Fetcher {
    fetcher(limits)
}

#[tokio::test]
async fn h03_a_document_in_pieces_is_never_held_whole() {
    let text = "A line of a sitemap that is much like all the others of its kind.\n".repeat(40_000);
    let packed = encoded("gzip", text.as_bytes()).await;
    let server = Server::start(move |target, _| match target {
        "/packed" => answer(200, "Content-Encoding: gzip\r\n", &packed),
        "/moved" => redirect("/plain"),
        "/endless" => answer(200, "", &vec![b' '; 51 << 20]),
        _ => answer(200, "Content-Type: text/plain\r\n", text.as_bytes()),
    })
    .await;
    let fetcher = fetcher(&limits());
    let whole = fetcher.get(Request::new(server.url("/plain"), ResourceKind::Sitemap), now()).await;
    let whole = document(whole.unwrap());
    for path in ["/moved", "/packed"] {
        let (sender, mut pieces) = mpsc::channel(1);
        let request = Request::new(server.url(path), ResourceKind::Sitemap);
        let taking = async {
            let mut all = Vec::new();
            let first = pieces.recv().await;
            let Some(BodyChunk::Begins { url, .. }) = first else {
                panic!("{first:?}");
            };
            assert_ne!(url.path(), "/moved");
            while let Some(BodyChunk::Bytes(bytes)) = pieces.recv().await {
                // What the client reads of a connection at a time, at most.
                assert!(bytes.len() <= 512 << 10, "a piece of {}", bytes.len());
                all.extend(bytes);
            }
            all
        };
        let (fetched, all) = tokio::join!(fetcher.get_streamed(request, now(), sender), taking);
        let fetched = fetched.unwrap();
        let bytes = fetched.fetch.bytes;
        let got = document(fetched);
        assert!(got.body.is_empty() && all == whole.body, "{path}");
        assert_eq!((bytes, &got.body_hash), (whole.body.len() as u64, &whole.body_hash), "{path}");
    }
    // Nobody listens: it is read for its hash, up to the cap.
    let (sender, pieces) = mpsc::channel(1);
    drop(pieces);
    let request = Request::new(server.url("/endless"), ResourceKind::Sitemap);
    let failed = fetcher.get_streamed(request, now(), sender).await.unwrap_err();
    assert_eq!(failed.error.code(), "too-large");
}

#[tokio::test]
async fn h04_a_name_without_address_is_trouble_of_its_host() {
    let fetcher = with_names(&[&[]], &limits());
    let url = Url::parse("http://paper.example/").unwrap();
    let failed = get_feed(&fetcher, url).await.unwrap_err();
    assert_eq!(failed.error.code(), "dns");
    assert!(failed.is_host_failure());
    assert_eq!(failed.fetch.hosts[0].host, "paper.example");
    assert_eq!(failed.fetch.hosts[0].failure.as_ref().unwrap().code, "dns");
}

async fn encoded(coding: &str, plain: &[u8]) -> Vec<u8> {
    macro_rules! through {
        ($encoder:ident) => {{
            let mut encoder = encode::$encoder::new(Vec::new());
            encoder.write_all(plain).await.unwrap();
            encoder.shutdown().await.unwrap();
            encoder.into_inner()
        }};
    }
    match coding {
        "gzip" => through!(GzipEncoder),
        "deflate" => through!(ZlibEncoder),
        "raw-deflate" => through!(DeflateEncoder),
        "br" => through!(BrotliEncoder),
        "zstd" => through!(ZstdEncoder),
        _ => panic!("{coding}"),
    }
}

/// An answer whose body is sent in two pieces.
fn coded(coding: &str, body: &[u8]) -> Vec<Act> {
    answer(200, &format!("Content-Encoding: {coding}\r\n"), body)
}

#[tokio::test]
async fn h07_bombs_end_at_the_limit() {
    let limits = config::FetchConfig { max_feed: 1 << 20, ..limits() };
    let plain = vec![0; 64 << 20];
    for coding in ["gzip", "deflate", "br", "zstd"] {
        let bomb = encoded(coding, &plain).await;
        // The end is never sent: whoever wanted all of it would wait.
        let mut acts = vec![Act::Send(
            format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: 99999999\r\n\r\n")
                .into_bytes(),
        )];
        acts.push(Act::Send(bomb));
        acts.push(Act::Hang);
        let server = Server::always(acts).await;
        assert_eq!(code(get_feed(&fetcher(&limits), server.url("/")).await), "too-large", "{coding}");
    }
}

#[tokio::test]
async fn h07_members_without_content_end_at_the_limit_too() {
    let limits = config::FetchConfig { max_feed: 1 << 10, ..limits() };
    let member = encoded("gzip", b"").await;
    let lot = member.repeat(1000);
    let head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n".to_vec();
    let server = Server::always(vec![Act::Send(head), Act::Dribble(lot, Duration::ZERO)]).await;
    assert_eq!(code(get_feed(&fetcher(&limits), server.url("/")).await), "too-large");
}

#[tokio::test]
async fn h07_windows_larger_than_the_web_allows_are_refused() {
    let mut zstd = zstd::stream::Encoder::new(Vec::new(), 1).unwrap();
    zstd.window_log(27).unwrap();
    zstd.write_all(b"x").unwrap();
    let server = Server::always(coded("zstd", &zstd.finish().unwrap())).await;
    assert_eq!(code(get_feed(&fetcher(&limits()), server.url("/")).await), "bad-coding");
    let server = Server::always(coded("br", b"\x11\x1e\x00\x00")).await;
    assert_eq!(code(get_feed(&fetcher(&limits()), server.url("/")).await), "bad-coding");
}

#[tokio::test]
async fn h08_a_length_over_the_limit_is_refused_at_the_headers() {
    for (length, told) in [
        ("10485761", "too-large"),
        ("9999999999999999", "too-large"),
        ("18446744073709551615", "bad-http"),
        ("99999999999999999999999", "bad-http"),
        ("-1", "bad-http"),
    ] {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").into_bytes();
        let server = Server::always(vec![Act::Send(head), Act::Hang]).await;
        assert_eq!(code(get_feed(&fetcher(&limits()), server.url("/")).await), told, "{length}");
    }
}

#[tokio::test]
async fn h08_endless_chunks_end_at_the_limit() {
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    let chunk = [&b"8000\r\n"[..], &vec![b'x'; 0x8000], b"\r\n"].concat();
    let server = Server::always(vec![Act::Send(head), Act::Dribble(chunk, Duration::ZERO)]).await;
    assert_eq!(code(get_feed(&fetcher(&limits()), server.url("/")).await), "too-large");
}

#[tokio::test]
async fn h08_silence_before_and_in_an_answer_has_an_end() {
    let server = Server::always(vec![Act::Hang]).await;
    let failed = get_feed(&fetcher(&short_timeouts()), server.url("/")).await.unwrap_err();
    assert_eq!(failed.error.code(), "idle-timeout");
    assert!(!failed.is_host_failure());
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc".to_vec();
    let server = Server::always(vec![Act::Send(head), Act::Hang]).await;
    assert_eq!(code(get_feed(&fetcher(&short_timeouts()), server.url("/")).await), "idle-timeout");
}

#[tokio::test]
async fn h08_a_byte_now_and_then_ends_with_the_whole_time() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n".to_vec();
    let drip = Act::Dribble(b"x".to_vec(), Duration::from_millis(20));
    let server = Server::always(vec![Act::Send(head), drip]).await;
    let limits = config::FetchConfig {
        // A machine with other work to do must not make it a silence.
        idle_timeout: Duration::from_mins(1),
        ..short_timeouts()
    };
    let fetched = get_feed(&fetcher(&limits), server.url("/")).await;
    assert_eq!(code(fetched), "total-timeout");
}

#[tokio::test]
async fn h08_headers_without_end_have_one() {
    let start = b"HTTP/1.1 200 OK\r\n".to_vec();
    let line = b"X-Endless: yes\r\n".repeat(100);
    let server = Server::always(vec![Act::Send(start.clone()), Act::Dribble(line, Duration::ZERO)]).await;
    assert_eq!(code(get_feed(&fetcher(&limits()), server.url("/")).await), "bad-http");
    let one = Act::Dribble(vec![b'x'; 4096], Duration::ZERO);
    let server = Server::always(vec![Act::Send(b"HTTP/1.1 200 OK\r\nX: ".to_vec()), one]).await;
    assert_eq!(code(get_feed(&fetcher(&limits()), server.url("/")).await), "bad-http");
    let slowly = Act::Dribble(b"X: y\r\n".to_vec(), Duration::from_millis(20));
    let server = Server::always(vec![Act::Send(start), slowly]).await;
    assert_eq!(code(get_feed(&fetcher(&short_timeouts()), server.url("/")).await), "idle-timeout");
}

#[tokio::test]
async fn h09_a_short_body_is_no_document() {
    let short = |head: &str| vec![Act::Send(format!("HTTP/1.1 200 OK\r\n{head}").into_bytes()), Act::Close];
    for head in [
        "Content-Length: 10\r\n\r\nabc",
        "Transfer-Encoding: chunked\r\n\r\na\r\nabc",
        "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "Content-Length: 1",
    ] {
        let server = Server::always(short(head)).await;
        assert_eq!(code(get_feed(&fetcher(&limits()), server.url("/")).await), "reset", "{head:?}");
    }
    let server = Server::always(vec![Act::Close]).await;
    assert_eq!(code(get_feed(&fetcher(&limits()), server.url("/")).await), "reset");
    let server = Server::always(vec![Act::Send(b"SSH-2.0-x\r\n\r\n".to_vec())]).await;
    assert_eq!(code(get_feed(&fetcher(&limits()), server.url("/")).await), "bad-http");
}

#[tokio::test]
async fn h09_nobody_listening_is_trouble_of_the_host() {
    let server = Server::always(vec![]).await;
    // Port 1 of loopback: refused at once.
    let mut url = server.url("/");
    url.set_port(Some(1)).unwrap();
    let failed = get_feed(&fetcher(&limits()), url).await.unwrap_err();
    assert_eq!(failed.error.code(), "connect");
    assert!(failed.is_host_failure());
}

#[tokio::test]
async fn p27_what_is_accepted_is_decoded() {
    let plain = b"<rss/>".repeat(10_000);
    for coding in ["gzip", "deflate", "raw-deflate", "br", "zstd"] {
        let body = encoded(coding, &plain).await;
        let named = coding.trim_start_matches("raw-");
        // Once in one piece, once in many chunks, the first of one byte.
        let mut chunks =
            format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: {named}\r\n\r\n")
                .into_bytes();
        for piece in std::iter::once(&body[..1]).chain(body[1..].chunks(7)) {
            chunks.extend([format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat());
        }
        chunks.extend(b"0\r\n\r\n");
        for acts in [coded(named, &body), vec![Act::Send(chunks)]] {
            let server = Server::always(acts).await;
            let document = document(get_feed(&fetcher(&limits()), server.url("/")).await.unwrap());
            assert!(document.body == plain, "{coding}");
        }
    }
    let twice = encoded("br", &encoded("gzip", &plain).await).await;
    let server = Server::always(coded("gzip, BR", &twice)).await;
    let document1 = document(get_feed(&fetcher(&limits()), server.url("/")).await.unwrap());
    assert!(document1.body == plain);
    let members = [encoded("gzip", b"<rss").await, encoded("gzip", b"/>").await].concat();
    let server = Server::always(coded("x-gzip", &members)).await;
    let document2 = document(get_feed(&fetcher(&limits()), server.url("/")).await.unwrap());
    assert_eq!(document2.body, b"<rss/>");
}

/// What a page is kept as must be what was read, whatever the server put around it.
#[tokio::test]
async fn p27_a_page_as_it_was_sent_decodes_to_what_was_read() {
    let plain = b"<p>One paragraph after the other, and none of them new.</p>".repeat(2000);
    let page = async |codings: &str, body: &[u8]| {
        let head = format!("Content-Type: text/html\r\nContent-Encoding: {codings}\r\n");
        let server = Server::always(answer(200, &head, body)).await;
        let fetcher = fetcher(&limits());
        let fetched = fetcher.get(Request::new(server.url("/"), ResourceKind::Page), now()).await;
        document(fetched.unwrap())
    };
    for coding in ["gzip", "deflate", "raw-deflate", "br", "zstd"] {
        let (first, second) = plain.split_at(777);
        let whole = encoded(coding, &plain).await;
        let members = [encoded(coding, first).await, encoded(coding, second).await].concat();
        let trailing = [&whole[..], b"\0\0\0\0"].concat();
        let named = coding.trim_start_matches("raw-");
        let twice = encoded("gzip", &whole).await;
        let mut bodies = vec![(named.to_owned(), whole), (format!("{named}, GZIP"), twice)];
        match coding {
            "gzip" | "zstd" => bodies.push((named.to_owned(), members)),
            _ => bodies.push((named.to_owned(), trailing)),
        }
        for (codings, body) in bodies {
            let document = page(&codings, &body).await;
            let sent = document.encoded.unwrap();
            assert_eq!(document.body, plain, "{coding}: {codings}");
            assert!(sent.bytes.len() < plain.len() / 2);
            let again = content_coding::decode_body(&sent.codings, &sent.bytes, plain.len()).unwrap();
            assert_eq!(again, plain, "{coding}: {codings}");
        }
    }
    assert_eq!(page("identity", &plain).await.encoded, None);
    assert_eq!(page("gzip", b"").await.encoded, None);
}

#[tokio::test]
async fn p27_a_wrong_or_truncated_coding_is_an_error() {
    let plain: Vec<u8> = (0..50_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
    for coding in ["gzip", "deflate", "raw-deflate", "br", "zstd"] {
        let whole = encoded(coding, &plain).await;
        let named = coding.trim_start_matches("raw-");
        for body in [&whole[..whole.len() / 2], &whole[..whole.len() - 1], b"<rss><channel></channel></rss>"]
        {
            let server = Server::always(coded(named, body)).await;
            let got = get_feed(&fetcher(&limits()), server.url("/")).await;
            assert_eq!(code(got), "bad-coding", "{coding}, {} of {} bytes", body.len(), whole.len());
        }
    }
    let server = Server::always(coded("compress", b"x")).await;
    assert_eq!(code(get_feed(&fetcher(&limits()), server.url("/")).await), "unknown-coding");
    let server = Server::always(coded("gzip, gzip, gzip", b"x")).await;
    assert_eq!(code(get_feed(&fetcher(&limits()), server.url("/")).await), "unknown-coding");
    let server = Server::always(coded("gzip", b"")).await;
    assert_eq!(document(get_feed(&fetcher(&limits()), server.url("/")).await.unwrap()).body, b"");
}
