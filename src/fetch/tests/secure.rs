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
        Self {
            issuer: Issuer::new(params, key),
            folder,
        }
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

async fn get(url: Url, ca_file: Option<PathBuf>) -> Result<Fetched, Box<Failed>> {
    let via = Via {
        ca_file,
        ..Via::default()
    };
    fetcher(&limits())
        .get(Request::new(url, Want::Feed).via(via), now())
        .await
}

#[tokio::test]
async fn h10_a_certificate_that_holds_is_taken_and_others_are_refused() {
    let ours = Authority::new();
    let good = secure(ours.vouch(&named(&["127.0.0.1"])), answer(200, "", b"x")).await;
    assert_eq!(
        document(get(good.url("/"), Some(ours.file())).await.unwrap()).body,
        b"x"
    );

    let mut expired = named(&["127.0.0.1"]);
    (expired.not_before, expired.not_after) = (date_time_ymd(2019, 1, 1), date_time_ymd(2020, 1, 1));
    let mut early = named(&["127.0.0.1"]);
    (early.not_before, early.not_after) = (date_time_ymd(2400, 1, 1), date_time_ymd(2401, 1, 1));
    let key = KeyPair::generate().unwrap();
    let signed_by_itself = named(&["127.0.0.1"]).self_signed(&key).unwrap();
    let refused = [
        ("expired", ours.vouch(&expired)),
        ("of the future", ours.vouch(&early)),
        (
            "of another host",
            ours.vouch(&named(&["other.example", "127.0.0.2"])),
        ),
        (
            "signed by itself",
            acceptor(signed_by_itself.der().clone(), &key, &[]),
        ),
        (
            "of another authority",
            Authority::new().vouch(&named(&["127.0.0.1"])),
        ),
    ];
    for (what, tls) in refused {
        let server = secure(tls, answer(200, "", b"x")).await;
        let failed = get(server.url("/"), Some(ours.file())).await.unwrap_err();
        assert_eq!(failed.error.code(), "certificate", "{what}: {failed}");
        assert!(!failed.rests_host(), "{what}");
        // Neither the request nor a second try without encryption.
        assert_eq!(server.seen().len(), 0, "{what}");
    }
    // What one source trusts, another does not.
    assert_eq!(code(get(good.url("/"), None).await), "certificate");
    assert_eq!(good.seen().len(), 1);
}

#[tokio::test]
async fn h10_a_page_behind_a_bad_certificate_is_not_blamed_on_robots_txt() {
    let server = secure(
        Authority::new().vouch(&named(&["127.0.0.1"])),
        answer(200, "", b"x"),
    )
    .await;
    let request = Request::new(server.url("/a"), Want::Page).obeying_robots();
    let failed = fetcher(&limits()).get(request, now()).await.unwrap_err();
    assert_eq!(failed.error.code(), "certificate");
    assert!(!failed.rests_host());
}

#[tokio::test]
async fn h10_what_is_no_tls_is_no_certificate() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("https://{}/", listener.local_addr().unwrap())).unwrap();
    let talks_first = async {
        let (mut socket, _) = listener.accept().await.unwrap();
        socket
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .unwrap();
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
    let there = answer(
        301,
        &format!("Location: {}\r\n", plain.url("/feed?token=hush")),
        b"",
    );
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
        let via = Via {
            http1_only,
            ca_file: Some(ours.file()),
            ..Via::default()
        };
        let fetcher = fetcher(&hasty());
        let asking = fetcher.get(Request::new(url, Want::Feed).via(via), now());
        let listening = async {
            let (socket, _) = listener.accept().await.unwrap();
            let socket = tls.accept(socket).await.unwrap();
            socket.get_ref().1.alpn_protocol().map(<[u8]>::to_vec)
        };
        let (_, protocol) = futures_util::join!(asking, listening);
        assert_eq!(protocol.as_deref(), Some(spoken));
    }
}
