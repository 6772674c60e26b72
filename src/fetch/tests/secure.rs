//! H10 and P23 over real TLS: certificates that do not hold, and the way out of the encrypted.

use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;

use super::*;

/// An authority of our own, and the file that makes it known.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    fn new() -> Self {
        install_crypto();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        std::fs::write(folder.path().join("ca.pem"), pem).unwrap();
        Self { issuer: Issuer::new(params, key), folder }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// What a server needs to be `params`.
    fn vouch(&self, params: &CertificateParams) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        acceptor(certificate.der().clone(), &key, &[])
    }
}

fn acceptor(certificate: CertificateDer<'static>, key: &KeyPair, protocols: &[&[u8]]) -> TlsAcceptor {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let mut config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}

fn named(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap()
}

async fn secure(tls: TlsAcceptor, acts: Vec<Act>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Server::over(listener, Some(tls), move |_, _| acts.clone())
}

async fn get(url: Url, ca_file: Option<PathBuf>) -> Result<Response, Box<FailedFetch>> {
    let via = Transport { ca_file, ..Transport::default() };
    fetcher(&limits()).get(Request::new(url, ResourceKind::Feed).with_transport(via), now()).await
}

#[tokio::test]
async fn h10_a_certificate_that_holds_is_taken_and_others_are_refused() {
    let ours = Authority::new();
    let good = secure(ours.vouch(&named(&["127.0.0.1"])), answer(200, "", b"x")).await;
    assert_eq!(document(get(good.url("/"), Some(ours.file())).await.unwrap()).body, b"x");

    let mut expired = named(&["127.0.0.1"]);
    (expired.not_before, expired.not_after) = (date_time_ymd(2019, 1, 1), date_time_ymd(2020, 1, 1));
    let mut early = named(&["127.0.0.1"]);
    (early.not_before, early.not_after) = (date_time_ymd(2400, 1, 1), date_time_ymd(2401, 1, 1));
    let key = KeyPair::generate().unwrap();
    let signed_by_itself = named(&["127.0.0.1"]).self_signed(&key).unwrap();
    let refused = [
        ("expired", ours.vouch(&expired)),
        ("of the future", ours.vouch(&early)),
        ("of another host", ours.vouch(&named(&["other.example", "127.0.0.2"]))),
        ("signed by itself", acceptor(signed_by_itself.der().clone(), &key, &[])),
        ("of another authority", Authority::new().vouch(&named(&["127.0.0.1"]))),
    ];
    for (what, tls) in refused {
        let server = secure(tls, answer(200, "", b"x")).await;
        let failed = get(server.url("/"), Some(ours.file())).await.unwrap_err();
        assert_eq!(failed.error.code(), "certificate", "{what}: {failed}");
        assert!(!failed.is_host_failure(), "{what}");
        // Neither the request nor a second try without encryption.
        assert_eq!(server.seen().len(), 0, "{what}");
    }
    // What one source trusts, another does not.
    assert_eq!(code(get(good.url("/"), None).await), "certificate");
    assert_eq!(good.seen().len(), 1);
}

#[tokio::test]
async fn h10_a_page_behind_a_bad_certificate_is_not_blamed_on_robots_txt() {
    let server = secure(Authority::new().vouch(&named(&["127.0.0.1"])), answer(200, "", b"x")).await;
    let request = Request::new(server.url("/a"), ResourceKind::Page).obeying_robots();
    let failed = fetcher(&limits()).get(request, now()).await.unwrap_err();
    assert_eq!(failed.error.code(), "certificate");
    assert!(!failed.is_host_failure());
}

#[tokio::test]
async fn h10_what_is_no_tls_is_no_certificate() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("https://{}/", listener.local_addr().unwrap())).unwrap();
    let talks_first = async {
        let (mut socket, _) = listener.accept().await.unwrap();
        socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        // Until the other side is gone: an early end would be a reset.
        while socket.read_u8().await.is_ok() {}
    };
    let (got, ()) = futures_util::join!(get(url, None), talks_first);
    assert_eq!(code(got), "tls");
}

#[tokio::test]
async fn p23_encrypted_does_not_lead_to_unencrypted() {
    let ours = Authority::new();
    let plain = Server::always(answer(200, "", b"x")).await;
    let there = answer(301, &format!("Location: {}\r\n", plain.url("/feed?token=hush")), b"");
    let server = secure(ours.vouch(&named(&["127.0.0.1"])), there).await;
    let failed = get(server.url("/"), Some(ours.file())).await.unwrap_err();
    assert_eq!(failed.error.code(), "refused-downgrade");
    assert!(!failed.to_string().contains("hush"), "{failed}");
    assert_eq!((server.seen().len(), plain.seen().len()), (1, 0));
    // The other way round is the way of the web.
    let secured = secure(ours.vouch(&named(&["127.0.0.1"])), answer(200, "", b"x")).await;
    let up = Server::always(answer(301, &format!("Location: {}\r\n", secured.url("/")), b"")).await;
    get(up.url("/"), Some(ours.file())).await.unwrap();
}

#[tokio::test]
async fn http2_is_offered_unless_the_source_says_otherwise() {
    let ours = Authority::new();
    for (http1_only, spoken) in [(false, &b"h2"[..]), (true, b"http/1.1")] {
        let key = KeyPair::generate().unwrap();
        let certificate = named(&["127.0.0.1"]).signed_by(&key, &ours.issuer).unwrap();
        let tls = acceptor(certificate.der().clone(), &key, &[b"h2", b"http/1.1"]);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("https://{}/", listener.local_addr().unwrap())).unwrap();
        let via = Transport { http1_only, ca_file: Some(ours.file()), ..Transport::default() };
        let fetcher = fetcher(&short_timeouts());
        let asking = fetcher.get(Request::new(url, ResourceKind::Feed).with_transport(via), now());
        let listening = async {
            let (socket, _) = listener.accept().await.unwrap();
            let socket = tls.accept(socket).await.unwrap();
            socket.get_ref().1.alpn_protocol().map(<[u8]>::to_vec)
        };
        let (_, protocol) = futures_util::join!(asking, listening);
        assert_eq!(protocol.as_deref(), Some(spoken));
    }
}

/// What a server that speaks HTTP/2 saw: the connection, the target and the headers of each stream.
type Streams = Arc<Mutex<Vec<(usize, String, hyper::HeaderMap)>>>;

/// A server that speaks nothing but HTTP/2, and how many of its endless answers were given up.
async fn http2(ours: &Authority) -> (SocketAddr, Streams, watch::Receiver<usize>) {
    let key = KeyPair::generate().unwrap();
    let certificate = named(&["127.0.0.1"]).signed_by(&key, &ours.issuer).unwrap();
    let tls = acceptor(certificate.der().clone(), &key, &[b"h2"]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (streams, (given_up, seen_given_up)) = (Streams::default(), watch::channel(0));
    let log = Arc::clone(&streams);
    tokio::spawn(async move {
        for connection in 0.. {
            let (socket, _) = listener.accept().await.unwrap();
            let socket = tls.accept(socket).await.unwrap();
            let (log, given_up) = (Arc::clone(&log), given_up.clone());
            tokio::spawn(async move {
                let mut streams = h2::server::handshake(socket).await.unwrap();
                while let Some(Ok((request, mut respond))) = streams.accept().await {
                    let target = request.uri().path().to_owned();
                    let known = request.headers().contains_key("if-none-match");
                    log.lock().unwrap().push((connection, target.clone(), request.headers().clone()));
                    let head = hyper::Response::builder().header("etag", "\"one\"");
                    match target.as_str() {
                        "/reset" => respond.send_reset(h2::Reason::INTERNAL_ERROR),
                        "/endless" => {
                            let body = respond.send_response(head.body(()).unwrap(), false).unwrap();
                            tokio::spawn(endless(body, given_up.clone()));
                        }
                        _ if known => {
                            respond.send_response(head.status(304).body(()).unwrap(), true).unwrap();
                        }
                        _ => {
                            let mut body = respond.send_response(head.body(()).unwrap(), false).unwrap();
                            body.send_data("a feed".into(), true).unwrap();
                        }
                    }
                }
            });
        }
    });
    (address, streams, seen_given_up)
}

/// Sends until the other side has had enough.
async fn endless(mut body: h2::SendStream<hyper::body::Bytes>, given_up: watch::Sender<usize>) {
    body.reserve_capacity(1024);
    while let Some(Ok(room)) = std::future::poll_fn(|cx| body.poll_capacity(cx)).await {
        if body.send_data(vec![b'x'; room].into(), false).is_err() {
            break;
        }
        body.reserve_capacity(1024);
    }
    given_up.send_modify(|number| *number += 1);
}

#[tokio::test]
async fn p29_http2_is_spoken_over_one_connection_and_what_is_given_up_is_reset() {
    let ours = Authority::new();
    let (address, streams, mut given_up) = http2(&ours).await;
    let url = |path: &str| Url::parse(&format!("https://{address}{path}")).unwrap();
    let small = config::FetchConfig { max_feed: 4096, ..limits() };
    let fetcher = fetcher(&small);
    let get = |path: &str, validators: Validators| {
        let via = Transport { ca_file: Some(ours.file()), ..Transport::default() };
        let request =
            Request::new(url(path), ResourceKind::Feed).with_transport(via).with_validators(validators);
        fetcher.get(request, now())
    };
    let first = document(get("/feed", Validators::default()).await.unwrap());
    assert_eq!(first.body, b"a feed");
    let again = get("/feed", first.validators.clone()).await.unwrap();
    assert_eq!(again.content, ResponseContent::NotModified(first.validators));
    // A body that we stop reading ends its stream, and one that the server ends is an error that passes.
    assert_eq!(code(get("/endless", Validators::default()).await), "too-large");
    given_up.wait_for(|number| *number == 1).await.unwrap();
    let failed = get("/reset", Validators::default()).await.unwrap_err();
    assert_eq!(failed.error.grade(), crate::model::Grade::Temporary, "{failed}");
    assert_eq!(get("/feed", Validators::default()).await.unwrap().fetch.status, Some(200));

    let streams = streams.lock().unwrap();
    let targets: Vec<&str> = streams.iter().map(|(_, target, _)| target.as_str()).collect();
    assert_eq!(targets, ["/feed", "/feed", "/endless", "/reset", "/feed"]);
    for (connection, target, headers) in streams.iter() {
        assert_eq!(*connection, 0, "{target}");
        let name = headers["user-agent"].to_str().unwrap();
        assert!(name.starts_with("cuttings/") && name.ends_with("(+https://paper.example/bot)"));
        for none in ["cookie", "referer", "authorization"] {
            assert!(!headers.contains_key(none), "{target}: {none}");
        }
    }
    assert_eq!(streams[1].2["if-none-match"], "\"one\"");
}
