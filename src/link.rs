//! URL normalisation and link keys. Pure; every room that handles URLs uses it.
//!
//! A *link key* is the same for all spellings of one address. It ignores the scheme, `www.`, the default port, user info,
//! the fragment, a trailing slash, tracking parameters, sessions, the order of parameters and the case of percent escapes. It keeps
//! whatever may distinguish two pages. The table in the tests is its specification.

mod amp_cache;
mod secrets;
mod session;
mod site;
#[cfg(test)]
mod tests;
mod tracking;
mod wall;
mod wrapper;

use std::borrow::Cow;

use url::{Host, Url};

pub use secrets::mask_secrets;
pub use session::text_without_session;
use session::{is_session, path_without_session};
pub use site::{SameSite, have_one_site};
use tracking::{is_tracking, parameter_name};
pub use wall::is_wall;
pub use wrapper::unwrapped;

/// Longest accepted URL, in bytes. Browsers and proxies stop at about 8 KiB; longer ones are junk or an attack.
pub const MAX_URL: usize = 4096;

/// Parses an absolute http or https URL. White space around it and control characters in it are ignored (URL standard,
/// 4.4); user info is dropped.
pub fn web_url(text: &str) -> Option<Url> {
    accept(Url::parse(text.trim_matches(is_space)).ok()?)
}

/// The same for a URL relative to `base`; `None` for an empty one.
pub fn resolve(base: &Url, href: &str) -> Option<Url> {
    let href = href.trim_matches(is_space);
    if href.is_empty() || href.len() > MAX_URL {
        return None;
    }
    accept(base.join(href).ok()?)
}

fn is_space(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn accept(mut url: Url) -> Option<Url> {
    if !matches!(url.scheme(), "http" | "https") || url.as_str().len() > MAX_URL {
        return None;
    }
    if !url.username().is_empty() || url.password().is_some() {
        url.set_username("").ok()?;
        url.set_password(None).ok()?;
    }
    url.host_str().is_some_and(|host| !host.is_empty()).then_some(url)
}

/// The host without port, in lower case, without a trailing dot. Politeness counts requests by it.
pub fn host(url: &Url) -> String {
    match url.host() {
        Some(Host::Domain(name)) => name.trim_end_matches('.').to_ascii_lowercase(),
        Some(Host::Ipv4(_)) => url.host_str().unwrap_or_default().to_owned(),
        Some(Host::Ipv6(ip)) => ip.to_string(),
        None => String::new(),
    }
}

/// The link key: `host[:port]/path[?query]`, and the fragment where that is a route (`#!`).
pub fn key(url: &Url) -> String {
    let mut key = site_name(url);
    if let Some(port) = url.port() {
        key.push(':');
        key.push_str(&port.to_string());
    }
    let path = path_without_session(url.path());
    key.push_str(&normalize_escapes(path.trim_end_matches('/')));
    let mut pairs: Vec<&str> = relevant_pairs(url).collect();
    pairs.sort_by_key(|pair| parameter_name(pair));
    for (i, pair) in pairs.iter().enumerate() {
        key.push(if i == 0 { '?' } else { '&' });
        key.push_str(&normalize_escapes(pair).replace("%20", "+"));
    }
    if let Some(route) = route(url) {
        key.push('#');
        key.push_str(route);
    }
    key
}

/// The host without `www.`, as it is in keys.
pub fn site_name(url: &Url) -> String {
    let host = host(url);
    match host.strip_prefix("www.") {
        Some(rest) if rest.contains('.') => rest.to_owned(),
        _ => host,
    }
}

/// The key that a source's `key_from_url` finds in a URL: `=host/` and its first group, else its whole match.
pub fn key_from_url(pattern: &regex::Regex, url: &Url) -> Option<String> {
    let found = pattern.captures(url.as_str())?;
    let value =
        found.get(1).or_else(|| found.get(0)).map(|m| m.as_str()).filter(|value| !value.is_empty())?;
    Some(format!("={}/{value}", site_name(url)))
}

/// Whether a URL is the front page of its host: no path, no route, and only tracking parameters.
pub fn is_front_page(url: &Url) -> bool {
    path_without_session(url.path()).trim_matches('/').is_empty()
        && relevant_pairs(url).next().is_none()
        && route(url).is_none()
}

/// The fragment of a URL where it chooses a page: `#!…` on sites that are one program.
fn route(url: &Url) -> Option<&str> {
    url.fragment().filter(|fragment| fragment.starts_with('!') && fragment.len() > 2)
}

/// A URL without the query parameters of these names.
pub fn without_parameters<'a>(url: &'a Url, names: &[String]) -> Cow<'a, Url> {
    if names.is_empty() {
        return Cow::Borrowed(url);
    }
    without_pairs(url, |pair| names.iter().any(|name| name == parameter_name(pair)))
}

/// A URL without tracking parameters, to be shown.
pub fn without_tracking(url: &Url) -> Cow<'_, Url> {
    without_pairs(url, is_tracking)
}

/// A URL without the `name=value` pairs that `is_dropped` names.
fn without_pairs(url: &Url, is_dropped: impl Fn(&str) -> bool) -> Cow<'_, Url> {
    let Some(query) = url.query().filter(|query| query.split('&').any(&is_dropped)) else {
        return Cow::Borrowed(url);
    };
    let kept: Vec<&str> = query.split('&').filter(|pair| !is_dropped(pair)).collect();
    let query = kept.join("&");
    let mut url = url.clone();
    url.set_query(Some(&*query).filter(|query| !query.is_empty()));
    Cow::Owned(url)
}

/// The registrable domain of a host by the public suffix list; `None` for IP addresses and bare suffixes. The host is as
/// [`host`] gives it.
pub fn registrable(host: &str) -> Option<&str> {
    if host.parse::<std::net::IpAddr>().is_ok() {
        return None;
    }
    psl::domain_str(host)
}

/// Whether a host is a public suffix that is listed: anybody can have a domain below it.
pub fn is_public_suffix(host: &str) -> bool {
    psl::suffix(host.as_bytes()).is_some_and(|suffix| suffix.is_known() && suffix == host)
}

/// The parameters that choose a page, as written: neither tracking nor a session.
fn relevant_pairs(url: &Url) -> impl Iterator<Item = &str> {
    let query = url.query().unwrap_or_default();
    query.split('&').filter(move |pair| !pair.is_empty() && !is_tracking(pair) && !is_session(pair, query))
}

/// The names of the query parameters that may choose a page.
pub fn parameter_names(url: &Url) -> impl Iterator<Item = &str> {
    relevant_pairs(url).map(parameter_name)
}

/// The value of the first query parameter of a name, as written.
pub fn parameter<'a>(url: &'a Url, name: &str) -> Option<&'a str> {
    let pair = url.query()?.split('&').find(|pair| parameter_name(pair) == name)?;
    Some(pair.split_once('=').map_or("", |(_, value)| value))
}

/// Normalises percent escapes: upper case, and none where the character needs none (RFC 3986, 6.2.2).
fn normalize_escapes(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let code = after.get(..2).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
        let Some((hex, byte)) = code.and_then(|hex| Some((hex, u8::from_str_radix(hex, 16).ok()?))) else {
            out.push('%');
            rest = after;
            continue;
        };
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&hex.to_ascii_uppercase());
        }
        rest = after.get(2..).unwrap_or_default();
    }
    out.push_str(rest);
    out.into()
}
