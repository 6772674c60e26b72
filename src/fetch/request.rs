//! What is asked for, and by which way.

use std::fmt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::FetchError;
use crate::config;
use crate::content_coding;
use crate::link;
use crate::model::Validators;

/// One document to get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// http or https; anything else is refused.
    pub url: Url,
    /// What it should be.
    pub kind: ResourceKind,
    /// Of the document we have: an answer may be "not modified". Empty: unconditional.
    pub validators: Validators,
    /// The URL that gave the validators, where a redirect led to it; they are sent to it alone. `None`: `url`.
    pub validators_from: Option<Url>,
    /// Whether robots.txt of each origin on the way is asked first (RFC 9309).
    pub robots: bool,
    /// Lines the source configures.
    pub headers: SourceHeaders,
    /// How it goes out.
    pub via: Transport,
}

impl Request {
    /// An unconditional request that asks no robots.txt, with nothing added, by the straight way.
    pub fn new(url: Url, kind: ResourceKind) -> Self {
        Self {
            url,
            kind,
            validators: Validators::default(),
            validators_from: None,
            robots: false,
            headers: SourceHeaders::default(),
            via: Transport::default(),
        }
    }

    /// The same, conditional on what `url` gave with the document we have.
    #[must_use]
    pub fn with_validators(self, validators: Validators) -> Self {
        Self { validators, ..self }
    }

    /// The same, if robots.txt allows it.
    #[must_use]
    pub fn obeying_robots(self) -> Self {
        Self { robots: true, ..self }
    }

    /// The same with lines that belong to the origin of `url`: they are sent to no other.
    #[must_use]
    pub fn with_headers(self, lines: Vec<(String, String)>) -> Self {
        let home = self.url.clone();
        self.with_headers_of(home, lines)
    }

    /// The same with lines that belong to the origin of `home`, which need not be that of `url`: what a feed's owner is
    /// told is not told to whatever its entries link to.
    #[must_use]
    pub fn with_headers_of(self, home: Url, lines: Vec<(String, String)>) -> Self {
        Self {
            headers: SourceHeaders {
                home: Some(home),
                lines,
            },
            ..self
        }
    }

    /// The same by another way.
    #[must_use]
    pub fn via(self, via: Transport) -> Self {
        Self { via, ..self }
    }

    /// What distinguishes the asker from others, as far as an answer may depend on it: the way out, and another name than
    /// ours. Empty for most; holds no secret.
    pub(super) fn way(&self) -> String {
        let name = self.headers.user_agent();
        if self.via == Transport::default() && name.is_none() {
            return String::new();
        }
        let proxy = self
            .via
            .proxy
            .as_ref()
            .map(link::mask_secrets)
            .unwrap_or_default();
        let ca_file = self.via.ca_file.as_deref().unwrap_or(Path::new(""));
        format!(
            "{proxy} {} {} {}",
            u8::from(self.via.http1_only),
            ca_file.display(),
            name.unwrap_or_default()
        )
    }

    /// The question for robots.txt that goes before this request: by the same way, under the same name.
    pub(super) fn for_robots(&self, robots: Url) -> Self {
        let name = self.headers.user_agent();
        let lines = name.map(|name| ("User-Agent".to_owned(), name.to_owned()));
        Self::new(robots, ResourceKind::Robots)
            .with_headers(lines.into_iter().collect())
            .via(self.via.clone())
    }

    /// The lines of one hop.
    pub(super) fn lines(&self, to: &Url) -> Result<HeaderMap, FetchError> {
        let mut lines = HeaderMap::new();
        lines.insert(header::ACCEPT, HeaderValue::from_static(self.kind.accept()));
        lines.insert(
            header::ACCEPT_ENCODING,
            HeaderValue::from_static(content_coding::ACCEPT_ENCODING),
        );
        self.headers.add(&mut lines, to)?;
        if self.is_conditional(to) {
            let mut add = |name, value: &Option<Vec<u8>>| {
                // Stored bytes were a header once; if they are none now, the request is unconditional.
                if let Some(Ok(value)) = value.as_deref().map(HeaderValue::from_bytes) {
                    lines.insert(name, value);
                }
            };
            add(header::IF_NONE_MATCH, &self.validators.etag);
            add(header::IF_MODIFIED_SINCE, &self.validators.last_modified);
        }
        Ok(lines)
    }

    /// Whether the validators are sent to `to`.
    pub(super) fn is_conditional(&self, to: &Url) -> bool {
        !self.validators.is_empty() && self.validators_from.as_ref().unwrap_or(&self.url) == to
    }
}

/// What a document should be: decides `Accept`, the limit of its size, and what is dropped at its headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceKind {
    /// A feed, or what may be one.
    Feed,
    /// A sitemap, which may be larger than any feed, packed or not.
    Sitemap,
    /// An article's page: HTML, or it is dropped without its body.
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

/// How requests go out, where a source wants it otherwise. Each way has its own connections.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Transport {
    /// `http://`, `https://`, `socks5://` (names looked up here) or `socks5h://` (by the proxy); may hold a password.
    pub proxy: Option<Url>,
    /// Not HTTP/2, for servers that do it badly.
    pub http1_only: bool,
    /// PEM file of certificates that are trusted besides the system's.
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

/// Header lines a source configures. Their values are secrets: shown nowhere, sent to one origin.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SourceHeaders {
    home: Option<Url>,
    lines: Vec<(String, String)>,
}

impl SourceHeaders {
    fn add(&self, lines: &mut HeaderMap, to: &Url) -> Result<(), FetchError> {
        let at_home = self
            .home
            .as_ref()
            .is_some_and(|home| home.origin() == to.origin());
        let mut of_source = HeaderMap::new();
        for (name, value) in &self.lines {
            let (name, value) = header_line(name, value)?;
            if at_home || TRAVEL.contains(&name) {
                of_source.append(name, value);
            }
        }
        // One of theirs replaces ours; several of theirs stay several.
        lines.extend(of_source);
        Ok(())
    }

    /// The user agent that was configured in the place of ours.
    pub(super) fn user_agent(&self) -> Option<&str> {
        let (_, value) = self
            .lines
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("user-agent"))?;
        Some(value)
    }
}

impl fmt::Debug for SourceHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.lines.iter().map(|(name, _)| name))
            .finish()
    }
}

/// Lines that say what we are and read, and so go wherever a redirect leads; all others stay with their origin.
const TRAVEL: &[HeaderName] = &[header::ACCEPT, header::ACCEPT_LANGUAGE, header::USER_AGENT];

/// Whether a source may configure this line; the error says why not, and never the value. For the configuration's check.
pub fn check_header(name: &str, value: &str) -> Result<(), FetchError> {
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
    let bad = |cause| FetchError::Header {
        name: name.escape_debug().take(80).collect(),
        cause,
    };
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
            .with_headers(vec![
                basic_auth("me", "hush"),
                ("Cookie".into(), "a=hush-cookie".into()),
            ])
            .via(Transport {
                proxy: Some(proxy),
                ..Transport::default()
            });
        let shown = format!("{request:?} {:?}", request.lines(&url).unwrap());
        assert!(shown.contains("Cookie"), "{shown}");
        assert!(!shown.contains("hush") && !shown.contains("bWU6"), "{shown}");
        let error = check_header("X-Key", "hush\r\nX: y").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hush"));
    }

    #[test]
    fn lines_of_ours_and_lines_that_are_none_are_refused() {
        for name in [
            "Host",
            "content-length",
            "If-None-Match",
            "Accept-Encoding",
            "a b",
            "",
            "é",
        ] {
            assert_eq!(
                check_header(name, "x").unwrap_err().code(),
                "bad-header",
                "{name}"
            );
        }
        for name in [
            "Authorization",
            "Cookie",
            "X-Api-Key",
            "Accept-Language",
            "Referer",
        ] {
            check_header(name, "x").unwrap();
        }
        assert_eq!(
            basic_auth("Aladdin", "open sesame").1,
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        );
    }
}
