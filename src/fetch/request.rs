//! A request as `poll`, `collect` and `cli` build it, and the headers it is sent with.

use std::fmt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::cookies::{self, ChainCookies};
use super::error::FetchError;
use crate::config::{self, CookieHost, UrlCommand};
use crate::content_coding;
use crate::link;
use crate::model::Validators;

/// A GET request for one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// http or https; anything else is refused.
    pub url: Url,
    /// Decides `Accept`, the size limit, and which types are accepted.
    pub kind: ResourceKind,
    /// Validators of the stored document. Empty: the request is unconditional.
    pub validators: Validators,
    /// The URL that served the validators, if a redirect led there; they are sent to no other. `None`: `url`.
    pub validators_from: Option<Url>,
    /// Whether robots.txt of each origin on the way is obeyed (RFC 9309).
    pub robots: bool,
    /// Whether a body that ended too soon, or is not coded as its header says, is a document all the same, with its
    /// [`fault`](super::FetchedDocument::fault).
    pub takes_faulty: bool,
    /// Headers that the source configures.
    pub headers: SourceHeaders,
    /// Proxy, HTTP version and CA file.
    pub transport: Transport,
    /// The program that prints the document, in place of the request; see [`Request::for_source`].
    pub(super) program: Option<PageProgram>,
    /// Whether `url` is the file that a source names as its feed.
    pub(super) is_local_file: bool,
}

/// A program that prints a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PageProgram {
    /// The program, which gets the URL.
    pub(super) command: UrlCommand,
    /// The source that configures it.
    pub(super) source: String,
    /// The user agent of that source, for the program to use; `None`: ours.
    pub(super) user_agent: Option<String>,
}

impl Request {
    /// An unconditional request that ignores robots.txt, without configured headers, over the default transport.
    pub fn new(url: Url, kind: ResourceKind) -> Self {
        Self {
            url,
            kind,
            validators: Validators::default(),
            validators_from: None,
            robots: false,
            takes_faulty: false,
            headers: SourceHeaders::default(),
            transport: Transport::default(),
            program: None,
            is_local_file: false,
        }
    }

    /// Makes it conditional.
    #[must_use]
    pub fn with_validators(self, validators: Validators) -> Self {
        Self { validators, ..self }
    }

    /// Makes it obey robots.txt.
    #[must_use]
    pub fn obeying_robots(self) -> Self {
        Self { robots: true, ..self }
    }

    /// Makes it take a body with a fault of its transfer: the caller knows a whole document when it sees one.
    #[must_use]
    pub fn taking_faulty(self) -> Self {
        Self { takes_faulty: true, ..self }
    }

    /// Adds headers that are sent to the origin of `url` only.
    #[must_use]
    pub fn with_headers(self, lines: Vec<(String, String)>) -> Self {
        let origin = self.url.clone();
        self.with_headers_for(origin, lines)
    }

    /// Adds headers that are sent to the origin of `origin` only, which need not be that of `url`: credentials of a feed
    /// must not reach the hosts that its entries link to.
    #[must_use]
    pub fn with_headers_for(self, origin: Url, lines: Vec<(String, String)>) -> Self {
        Self { headers: SourceHeaders { origin: Some(origin), lines, cookies: Vec::new() }, ..self }
    }

    /// Adds the cookies that the source configures, after its headers.
    #[must_use]
    pub(super) fn with_cookies(mut self, cookies: Vec<ConfiguredCookie>) -> Self {
        self.headers.cookies = cookies;
        self
    }

    /// Sends it over another transport.
    #[must_use]
    pub fn with_transport(self, transport: Transport) -> Self {
        Self { transport, ..self }
    }

    /// Distinguishes requests whose answers may differ: transport and configured user agent. Empty for the defaults;
    /// contains no secret.
    pub(super) fn transport_id(&self) -> String {
        let name = self.headers.user_agent();
        if self.transport == Transport::default() && name.is_none() {
            return String::new();
        }
        let proxy = self.transport.proxy.as_ref().map(link::mask_secrets).unwrap_or_default();
        let ca_file = self.transport.ca_file.as_deref().unwrap_or(Path::new(""));
        format!(
            "{proxy} {} {} {}",
            u8::from(self.transport.http1_only),
            ca_file.display(),
            name.unwrap_or_default()
        )
    }

    /// The request for robots.txt that precedes this one: same transport, same user agent.
    pub(super) fn for_robots(&self, robots: Url) -> Self {
        let name = self.headers.user_agent();
        let lines = name.map(|name| ("User-Agent".to_owned(), name.to_owned()));
        Self::new(robots, ResourceKind::Robots)
            .with_headers(lines.into_iter().collect())
            .with_transport(self.transport.clone())
    }

    /// The headers of the request to `to`. A cookie that the source configures goes before one of that name from the chain.
    pub(super) fn header_map(&self, to: &Url, cookies: &ChainCookies) -> Result<HeaderMap, FetchError> {
        let mut lines = HeaderMap::new();
        lines.insert(header::ACCEPT, HeaderValue::from_static(self.kind.accept()));
        lines.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(content_coding::ACCEPT_ENCODING));
        self.headers.add(&mut lines, to)?;
        add_cookies(&mut lines, &cookies.pairs_for(to));
        if self.is_conditional(to) {
            let mut add = |name, value: &Option<Vec<u8>>| {
                // The stored bytes came from a header. If they are damaged, the request is unconditional.
                if let Some(Ok(value)) = value.as_deref().map(HeaderValue::from_bytes) {
                    lines.insert(name, value);
                }
            };
            add(header::IF_NONE_MATCH, &self.validators.etag);
            add(header::IF_MODIFIED_SINCE, &self.validators.last_modified);
        }
        Ok(lines)
    }

    /// Whether validators are sent to `to`.
    pub(super) fn is_conditional(&self, to: &Url) -> bool {
        !self.validators.is_empty() && self.validators_from.as_ref().unwrap_or(&self.url) == to
    }
}

/// What a document is expected to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceKind {
    /// A feed or a listing page.
    Feed,
    /// A sitemap, gzipped or not; up to 50 MiB.
    Sitemap,
    /// The page of an article. Other types than HTML, text and XML are refused without reading the body.
    Page,
    /// robots.txt.
    Robots,
}

impl ResourceKind {
    fn accept(self) -> &'static str {
        match self {
            Self::Feed => {
                "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml;q=0.9, \
                 application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, text/html;q=0.5, */*;q=0.1"
            }
            Self::Sitemap => "application/xml, text/xml, application/gzip;q=0.9, text/plain;q=0.5, */*;q=0.1",
            Self::Page => {
                "text/html, application/xhtml+xml;q=0.9, application/xml;q=0.5, text/plain;q=0.3, */*;q=0.1"
            }
            Self::Robots => "text/plain, */*;q=0.1",
        }
    }
}

/// How requests of a source are sent. Each transport has its own connections.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Transport {
    /// `http://`, `https://`, `socks5://` (names are resolved here) or `socks5h://` (by the proxy); may contain a password.
    pub proxy: Option<Url>,
    /// Do not use HTTP/2: for servers with a broken one.
    pub http1_only: bool,
    /// PEM file of certificates that are trusted in addition to the system's.
    pub ca_file: Option<PathBuf>,
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Via")
            .field("proxy", &self.proxy.as_ref().map(link::mask_secrets))
            .field("http1_only", &self.http1_only)
            .field("ca_file", &self.ca_file)
            .finish()
    }
}

/// Headers that a source configures. Their values are secret: not logged, and sent to one origin only, or where a cookie is for.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SourceHeaders {
    origin: Option<Url>,
    lines: Vec<(String, String)>,
    cookies: Vec<ConfiguredCookie>,
}

/// A cookie that a source configures.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct ConfiguredCookie {
    /// `name=value`
    pub(super) pair: String,
    /// The hosts it is for; none: the origin of the feed.
    pub(super) hosts: Vec<CookieHost>,
}

impl SourceHeaders {
    fn add(&self, lines: &mut HeaderMap, to: &Url) -> Result<(), FetchError> {
        let is_origin = self.origin.as_ref().is_some_and(|origin| origin.origin() == to.origin());
        let mut configured = HeaderMap::new();
        for (name, value) in &self.lines {
            let (name, value) = header_line(name, value)?;
            if is_origin || CROSS_ORIGIN.contains(&name) {
                configured.append(name, value);
            }
        }
        let pairs: Vec<&str> = self
            .cookies
            .iter()
            .filter(|cookie| self.is_for(cookie, to))
            .map(|cookie| &*cookie.pair)
            .collect();
        if !pairs.is_empty() {
            let (name, value) = header_line("Cookie", &pairs.join("; "))?;
            configured.append(name, value);
        }
        // A configured header replaces the default one; several with one name are all sent.
        lines.extend(configured);
        Ok(())
    }

    /// Whether a cookie goes to `to`. Unencrypted it goes to other hosts only if the feed itself is requested so.
    fn is_for(&self, cookie: &ConfiguredCookie, to: &Url) -> bool {
        let Some(origin) = &self.origin else { return false };
        if cookie.hosts.is_empty() {
            return origin.origin() == to.origin();
        }
        let host = link::host(to);
        (to.scheme() == "https" || origin.scheme() == "http")
            && cookie.hosts.iter().any(|named| named.contains(&host))
    }

    /// The configured user agent, if any.
    pub(super) fn user_agent(&self) -> Option<&str> {
        let (_, value) = self.lines.iter().find(|(name, _)| name.eq_ignore_ascii_case("user-agent"))?;
        Some(value)
    }
}

impl fmt::Debug for SourceHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cookies = self.cookies.iter().map(|_| "Cookie");
        f.debug_list().entries(self.lines.iter().map(|(name, _)| &**name).chain(cookies)).finish()
    }
}

/// Adds the cookies of a chain to those that the source configures: one line (RFC 6265, 5.4).
fn add_cookies(lines: &mut HeaderMap, cookies: &[(&[u8], &[u8])]) {
    let configured = lines.get(header::COOKIE).map(|line| line.as_bytes().to_vec()).unwrap_or_default();
    let names: Vec<&[u8]> = configured
        .split(|byte| *byte == b';')
        .map(|pair| pair.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii())
        .collect();
    let added = cookies::join(cookies.iter().copied().filter(|(name, _)| !names.contains(name)));
    if added.is_empty() {
        return;
    }
    let all = if configured.is_empty() { added } else { [configured, added].join(&b"; "[..]) };
    if let Ok(mut line) = HeaderValue::from_bytes(&all) {
        line.set_sensitive(true);
        lines.insert(header::COOKIE, line);
    }
}

/// Configured headers that are sent to every origin: they are no secrets.
const CROSS_ORIGIN: &[HeaderName] = &[header::ACCEPT, header::ACCEPT_LANGUAGE, header::USER_AGENT];

/// Fails if a source may not configure this header. The error does not contain the value.
pub(super) fn check_header(name: &str, value: &str) -> Result<(), FetchError> {
    header_line(name, value).map(drop)
}

/// `Authorization` for a name and a password (RFC 7617).
pub fn basic_auth(user: &str, password: &str) -> (String, String) {
    let value = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
    ("Authorization".to_owned(), value)
}

/// `Authorization` for a token (RFC 6750).
pub fn bearer(token: &str) -> (String, String) {
    ("Authorization".to_owned(), format!("Bearer {token}"))
}

fn header_line(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), FetchError> {
    let bad = |cause| FetchError::Header { name: name.escape_debug().take(80).collect(), cause };
    if let Some(why) = config::refused_header(name) {
        return Err(bad(why));
    }
    let known = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad("no header has such a name"))?;
    let mut value = HeaderValue::from_str(value)
        .or_else(|_| HeaderValue::from_bytes(value.as_bytes()))
        .map_err(|_| bad("its value holds a line break or another control character"))?;
    value.set_sensitive(true);
    Ok((known, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h20_what_a_source_configures_is_not_shown() {
        let url = Url::parse("https://paper.example/feed").unwrap();
        let proxy = Url::parse("socks5://me:hush-proxy@proxy.example:1080").unwrap();
        let request = Request::new(url.clone(), ResourceKind::Feed)
            .with_headers(vec![basic_auth("me", "hush"), ("Cookie".into(), "a=hush-cookie".into())])
            .with_transport(Transport { proxy: Some(proxy), ..Transport::default() });
        let shown = format!("{request:?} {:?}", request.header_map(&url, &ChainCookies::default()).unwrap());
        assert!(shown.contains("Cookie"), "{shown}");
        assert!(!shown.contains("hush") && !shown.contains("bWU6"), "{shown}");
        let error = check_header("X-Key", "hush\r\nX: y").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hush"));
    }

    #[test]
    fn p23_a_cookie_goes_where_it_is_for_and_not_unencrypted_instead() {
        let cookie = |pair: &str, hosts: &[CookieHost]| ConfiguredCookie {
            pair: pair.to_owned(),
            hosts: hosts.to_vec(),
        };
        let one = |host: &str| CookieHost::One(host.to_owned());
        let cookies = vec![
            cookie("own=1", &[]),
            cookie("www=2", &[one("www.paper.example")]),
            cookie("all=3", &[one("paper.example"), CookieHost::Below("paper.example".to_owned())]),
        ];
        let sent = |feed: &str, to: &str| {
            let (feed, to) = (Url::parse(feed).unwrap(), Url::parse(to).unwrap());
            let request = Request::new(to.clone(), ResourceKind::Page).with_headers_for(feed, Vec::new());
            let request = request.with_cookies(cookies.clone());
            let shown = format!("{request:?}");
            assert!(shown.contains("Cookie") && !shown.contains("all=3"), "{shown}");
            let lines = request.header_map(&to, &ChainCookies::default()).unwrap();
            let line = lines.get(header::COOKIE).map(|line| line.to_str().unwrap().to_owned());
            line.unwrap_or_default()
        };
        let (feed, plain) = ("https://feeds.example/paper", "http://feeds.example/paper");
        for (feed, to, expected) in [
            (feed, "https://feeds.example/1", "own=1"),
            (feed, "https://feeds.example:8443/1", ""),
            (feed, "http://feeds.example/1", ""),
            (feed, "https://www.paper.example/1", "www=2; all=3"),
            (feed, "https://WWW.paper.example.:8443/1", "www=2; all=3"),
            (feed, "https://paper.example/1", "all=3"),
            (feed, "https://a.b.paper.example/1", "all=3"),
            (feed, "http://www.paper.example/1", ""),
            (plain, "http://www.paper.example/1", "www=2; all=3"),
            ("file:///srv/paper.xml", "http://www.paper.example/1", ""),
            ("file:///srv/paper.xml", "https://www.paper.example/1", "www=2; all=3"),
            (feed, "https://paper.example.rival.example/1", ""),
            (feed, "https://rivalpaper.example/1", ""),
            ("https://www.paper.example/feed", "https://www.paper.example/1", "own=1; www=2; all=3"),
        ] {
            assert_eq!(sent(feed, to), expected, "{to} of {feed}");
        }
    }

    #[test]
    fn lines_of_ours_and_lines_that_are_none_are_refused() {
        for name in ["Host", "content-length", "If-None-Match", "Accept-Encoding", "a b", "", "é"] {
            assert_eq!(check_header(name, "x").unwrap_err().code(), "bad-header", "{name}");
        }
        for name in ["Authorization", "Cookie", "X-Api-Key", "Accept-Language", "Referer"] {
            check_header(name, "x").unwrap();
        }
        assert_eq!(basic_auth("Aladdin", "open sesame").1, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }
}
