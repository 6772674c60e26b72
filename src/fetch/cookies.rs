//! Cookies of one redirect chain (RFC 6265): what a host sets on the way goes back to that very host until the chain ends, and
//! is forgotten then. Some sites redirect to themselves until their cookie comes back.
//!
//! `Domain` widens nothing: a cookie is for the host that set it. `Path`, `Secure`, `Max-Age`, `Expires` and the prefixes
//! `__Secure-` and `__Host-` are honoured; other attributes are about scripts and users. Times: a cookie that has ended when it
//! arrives is removed; no chain lasts longer than the others.

use std::fmt;

use chrono::{DateTime, Utc};
use url::Url;

use super::headers::Headers;
use super::hints;
use crate::link;

/// Cookies kept in one chain; later ones are ignored.
const MOST_COOKIES: usize = 50;

/// Bytes of the name and value of one cookie (RFC 6265, 6.1). A longer one is ignored.
const MAX_COOKIE: usize = 4096;

/// Bytes of the names and values of all cookies. Servers refuse longer headers.
const MAX_TOTAL: usize = 16 << 10;

/// Bytes of an attribute of a cookie; a longer one is ignored (RFC 6265bis, 5.6).
const MAX_ATTRIBUTE: usize = 1024;

/// Requests for one URL in one chain: the second brings a cookie that the first did not.
const MOST_REQUESTS: usize = 2;

/// The cookies of one chain, and what was sent. `Debug` shows no value.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct ChainCookies {
    /// In the order in which they were first set.
    cookies: Vec<Cookie>,
    /// The requests so far: URL without its fragment, and the cookies that went with it.
    sent: Vec<(Url, Vec<u8>)>,
}

#[derive(Clone, PartialEq, Eq)]
struct Cookie {
    host: String,
    path: Vec<u8>,
    name: Vec<u8>,
    value: Vec<u8>,
    /// Sent over https only.
    is_secure: bool,
}

impl fmt::Debug for ChainCookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cookies", self.cookies.len())
    }
}

impl ChainCookies {
    /// Takes in what a response from `url` sets.
    pub(super) fn take(&mut self, url: &Url, headers: &Headers, now: DateTime<Utc>) {
        for line in headers.all("set-cookie") {
            if let Some((cookie, is_over)) = read(url, line, now) {
                self.set(cookie, is_over);
            }
        }
    }

    /// The cookies for a request to `url`, as pairs of name and value, the most specific path first (RFC 6265, 5.4).
    pub(super) fn pairs_for(&self, url: &Url) -> Vec<(&[u8], &[u8])> {
        let host = link::host(url);
        let mut cookies: Vec<&Cookie> =
            self.cookies.iter().filter(|cookie| cookie.is_for(url, &host)).collect();
        cookies.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        cookies.into_iter().map(|cookie| (&*cookie.name, &*cookie.value)).collect()
    }

    /// Notes that `url` is requested with the cookies that there are for it.
    pub(super) fn note_request(&mut self, url: &Url) {
        let cookies = self.line_for(url);
        self.sent.push((without_fragment(url), cookies));
    }

    /// Whether a redirect to `url` leads on: it was not requested in this chain, or once, and without a cookie that goes there now.
    pub(super) fn leads_on(&self, url: &Url) -> bool {
        let url = without_fragment(url);
        let mut before = self.sent.iter().filter(|(asked, _)| *asked == url);
        let line = self.line_for(&url);
        before.all(|(_, sent)| !line.is_empty() && *sent != line)
            && self.sent.iter().filter(|(asked, _)| *asked == url).count() < MOST_REQUESTS
    }

    fn line_for(&self, url: &Url) -> Vec<u8> {
        join(self.pairs_for(url).into_iter())
    }

    fn set(&mut self, cookie: Cookie, is_over: bool) {
        let place = self.cookies.iter().position(|known| {
            (&known.host, &known.path, &known.name) == (&cookie.host, &cookie.path, &cookie.name)
        });
        let replaced = place.and_then(|place| self.cookies.get_mut(place));
        if replaced.as_ref().is_some_and(|known| known.is_secure && !cookie.is_secure) {
            return;
        }
        let others: usize = self.cookies.iter().map(Cookie::len).sum();
        let others = others - place.and_then(|place| self.cookies.get(place)).map_or(0, Cookie::len);
        match place {
            Some(place) if is_over => drop(self.cookies.remove(place)),
            _ if is_over || others + cookie.len() > MAX_TOTAL => {}
            Some(place) => {
                if let Some(known) = self.cookies.get_mut(place) {
                    *known = cookie;
                }
            }
            None if self.cookies.len() < MOST_COOKIES => self.cookies.push(cookie),
            None => {}
        }
    }
}

impl Cookie {
    fn len(&self) -> usize {
        self.name.len() + self.value.len()
    }

    fn is_for(&self, url: &Url, host: &str) -> bool {
        let path = url.path().as_bytes();
        let is_within = path
            .strip_prefix(&*self.path)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/") || self.path.ends_with(b"/"));
        self.host == host && is_within && (!self.is_secure || url.scheme() == "https")
    }
}

/// `name=value; name=value`
pub(super) fn join<'a>(pairs: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Vec<u8> {
    let pairs: Vec<Vec<u8>> = pairs.map(|(name, value)| [name, b"=", value].concat()).collect();
    pairs.join(&b"; "[..])
}

/// Reads a `Set-Cookie` line of a response from `url` (RFC 6265, 5.2 and 5.3), and whether it ends the cookie. `None` for one
/// that is ignored.
fn read(url: &Url, line: &[u8], now: DateTime<Utc>) -> Option<(Cookie, bool)> {
    let mut parts = line.split(|byte| *byte == b';');
    let (name, value) = pair(parts.next()?)?;
    let is_control = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
    if name.is_empty() || name.len() + value.len() > MAX_COOKIE || line.iter().any(is_control) {
        return None;
    }
    let (mut path, mut is_secure, mut has_domain) = (None, false, false);
    let (mut max_age, mut expires) = (None, None);
    for part in parts {
        let (key, value) = pair(part).unwrap_or((part.trim_ascii(), b""));
        if value.len() > MAX_ATTRIBUTE {
            continue;
        }
        let text = || std::str::from_utf8(value).ok();
        match &*key.to_ascii_lowercase() {
            b"path" => path = Some(value).filter(|value| value.starts_with(b"/")),
            b"secure" => is_secure = true,
            b"domain" => has_domain = !value.is_empty(),
            b"max-age" => max_age = text().and_then(seconds).or(max_age),
            b"expires" => expires = text().and_then(|text| hints::http_date(text, now)).or(expires),
            _ => {}
        }
    }
    let is_encrypted = url.scheme() == "https";
    let is_named =
        |prefix: &[u8]| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    let is_refused = (is_secure && !is_encrypted)
        || (is_named(b"__secure-") && !is_secure)
        || (is_named(b"__host-") && (!is_secure || has_domain || path != Some(b"/")));
    if is_refused {
        return None;
    }
    let is_over = match (max_age, expires) {
        (Some(seconds), _) => seconds <= 0,
        (None, Some(at)) => at <= now,
        (None, None) => false,
    };
    let cookie = Cookie {
        host: link::host(url),
        path: path.unwrap_or_else(|| default_path(url)).to_vec(),
        name: name.to_vec(),
        value: value.to_vec(),
        is_secure,
    };
    Some((cookie, is_over))
}

/// A name and a value at the first `=`, without white space around them.
fn pair(part: &[u8]) -> Option<(&[u8], &[u8])> {
    let middle = part.iter().position(|byte| *byte == b'=')?;
    let (name, value) = part.split_at_checked(middle)?;
    Some((name.trim_ascii(), value.get(1..)?.trim_ascii()))
}

/// `Max-Age` (RFC 6265, 5.2.2), which may have more digits than a number; `None` for what is none.
fn seconds(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let most = if digits.len() < text.len() { i64::MIN } else { i64::MAX };
    is_number.then(|| text.parse().unwrap_or(most))
}

/// The folder of the URL that sets a cookie (RFC 6265, 5.1.4).
fn default_path(url: &Url) -> &[u8] {
    let path = url.path();
    path.rsplit_once('/')
        .map(|(folder, _)| folder)
        .filter(|folder| !folder.is_empty())
        .unwrap_or("/")
        .as_bytes()
}

fn without_fragment(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_fragment(None);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn now() -> DateTime<Utc> {
        "2026-11-24T12:00:00Z".parse().unwrap()
    }

    /// The `Cookie` line for `to` after these lines of a response from `from`.
    fn line(from: &str, lines: &[&str], to: &str) -> String {
        let mut cookies = ChainCookies::default();
        let headers: Headers = lines.iter().map(|line| ("Set-Cookie", *line)).collect();
        cookies.take(&url(from), &headers, now());
        String::from_utf8(cookies.line_for(&url(to))).unwrap()
    }

    #[test]
    fn p26_a_cookie_goes_back_to_its_own_host_and_path() {
        let from = "https://paper.example/news/1";
        for (set, to, expected) in [
            ("a=b", "https://paper.example/news/2", "a=b"),
            ("a=b", "https://paper.example/news/", "a=b"),
            ("a=b", "https://paper.example/newsroom", ""),
            ("a=b", "https://paper.example/", ""),
            ("a=b; Path=/", "https://paper.example/x", "a=b"),
            ("a=b; path=/x; Path=/", "https://paper.example/y", "a=b"),
            ("a=b; Path=x", "https://paper.example/news/2", "a=b"),
            ("a=b; Path=/ne", "https://paper.example/news/2", ""),
            ("a=b; Path=/", "https://PAPER.example.:8443/x", "a=b"),
            ("a=b; Path=/; Domain=paper.example", "https://www.paper.example/x", ""),
            ("a=b; Path=/; Domain=.example", "https://rival.example/x", ""),
            ("a=b; Path=/", "https://rival.example/x", ""),
            ("a=b; Path=/; Secure", "https://paper.example/", "a=b"),
            ("a=b; Path=/; Secure", "http://paper.example/", ""),
            ("a=b; Path=/", "http://paper.example/", "a=b"),
            ("a=b=c; Path=/", "https://paper.example/", "a=b=c"),
            (" a = \"b c\" ;Path = / ", "https://paper.example/", "a=\"b c\""),
            ("a=; Path=/", "https://paper.example/", "a="),
            ("=b; Path=/", "https://paper.example/", ""),
            ("a; Path=/", "https://paper.example/", ""),
            ("", "https://paper.example/", ""),
            (";;;", "https://paper.example/", ""),
            ("a=b\u{1}; Path=/", "https://paper.example/", ""),
            (
                "a=b; Path=/; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
                "https://paper.example/",
                "a=b",
            ),
            ("a=b; Path=/; Max-Age=0", "https://paper.example/", ""),
            ("a=b; Path=/; Max-Age=-5", "https://paper.example/", ""),
            ("a=b; Path=/; Max-Age=long", "https://paper.example/", "a=b"),
            ("a=b; Path=/; Max-Age=99999999999999999999999", "https://paper.example/", "a=b"),
            ("a=b; Path=/; Max-Age=-99999999999999999999999", "https://paper.example/", ""),
            ("a=b; Path=/; Max-Age=", "https://paper.example/", "a=b"),
            ("a=b; Path=/; Max-Age=-", "https://paper.example/", "a=b"),
            ("a=b; Path=/; Max-Age=0; Max-Age=5", "https://paper.example/", "a=b"),
            ("a=b; Path=/; Expires=Thu, 01 Jan 99999 00:00:00 GMT", "https://paper.example/", "a=b"),
            ("a=b; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "https://paper.example/", ""),
            ("a=b; Path=/; Expires=soon", "https://paper.example/", "a=b"),
            ("__Secure-a=b; Path=/", "https://paper.example/", ""),
            ("__Host-a=b; Path=/; Secure", "https://paper.example/", "__Host-a=b"),
            ("__Host-a=b; Path=/; Secure; Domain=paper.example", "https://paper.example/", ""),
        ] {
            assert_eq!(line(from, &[set], to), expected, "{set} to {to}");
        }
    }

    #[test]
    fn p26_a_cookie_is_replaced_and_removed_by_its_own_host() {
        let from = "https://paper.example/";
        assert_eq!(line(from, &["a=1", "b=2", "a=3"], from), "a=3; b=2");
        assert_eq!(line(from, &["a=1", "b=2", "a=; Max-Age=0"], from), "b=2");
        assert_eq!(line(from, &["a=1; Path=/", "a=2; Path=/x"], "https://paper.example/x"), "a=2; a=1");
        // Over http nobody replaces what came over https alone.
        let mut cookies = ChainCookies::default();
        for (from, set) in [("https://paper.example/", "a=1; Secure"), ("http://paper.example/", "a=2")] {
            let headers: Headers = [("set-cookie", set)].into_iter().collect();
            cookies.take(&url(from), &headers, now());
        }
        assert_eq!(cookies.line_for(&url(from)), b"a=1");
        assert_eq!(cookies.line_for(&url("http://paper.example/")), b"");
    }

    #[test]
    fn p26_cookies_are_few_and_small() {
        let from = "https://paper.example/";
        let many: Vec<String> = (0..10_000).map(|n| format!("c{n}={n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(line(from, &many, from).matches('=').count(), MOST_COOKIES);
        let huge = format!("a={}", "x".repeat(1 << 20));
        assert_eq!(line(from, &[&huge, "b=1"], from), "b=1");
        let large: Vec<String> = (0..MOST_COOKIES).map(|n| format!("c{n}={}", "x".repeat(2000))).collect();
        let large: Vec<&str> = large.iter().map(String::as_str).collect();
        assert!(line(from, &large, from).len() < MAX_TOTAL + 1000);
        let path = format!("a=1; Path=/{}", "x".repeat(5000));
        assert_eq!(line(from, &[&path], from), "a=1");
        let attributes = format!("a=1{}", "; Path=/".repeat(100_000));
        assert_eq!(line(from, &[&attributes], from), "a=1");
        let shown = {
            let mut cookies = ChainCookies::default();
            let headers: Headers = [("Set-Cookie", "session=hush")].into_iter().collect();
            cookies.take(&url(from), &headers, now());
            cookies.note_request(&url(from));
            format!("{cookies:?}")
        };
        assert_eq!(shown, "1 cookies");
    }

    #[test]
    fn p23_a_url_is_asked_again_only_with_a_cookie_that_it_did_not_have() {
        let page = url("https://paper.example/1");
        let mut cookies = ChainCookies::default();
        let set = |cookies: &mut ChainCookies, line: &str| {
            let headers: Headers = [("Set-Cookie", line)].into_iter().collect();
            cookies.take(&page, &headers, now());
        };
        assert!(cookies.leads_on(&page));
        cookies.note_request(&page);
        assert!(!cookies.leads_on(&page) && !cookies.leads_on(&url("https://paper.example/1#a")));
        set(&mut cookies, "a=1; Path=/other");
        assert!(!cookies.leads_on(&page));
        set(&mut cookies, "a=1");
        assert!(cookies.leads_on(&page));
        cookies.note_request(&page);
        // Another value each time: twice is enough.
        set(&mut cookies, "a=2");
        assert!(!cookies.leads_on(&page) && cookies.leads_on(&url("https://paper.example/2")));
    }
}
