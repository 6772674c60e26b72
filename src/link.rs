//! URL normalisation and link keys; pure.
//!
//! A *link key* is what two spellings of one address have in common. It ignores the scheme, `www.`, the default port,
//! user info, the fragment, a trailing slash, tracking parameters, the order of parameters and the case of percent
//! escapes; it keeps everything that may tell two pages apart. The table in the tests is its specification.

use std::borrow::Cow;

use url::{Host, Url};

/// Longest URL that is taken in, in bytes. Browsers and proxies stop at about 8 KiB; longer ones are junk or an attack.
pub const MAX_URL: usize = 4096;

/// Parameters that only say how a reader came: dropped from keys whatever their value.
const TRACKING: &[&str] = &[
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "_openstat",
    "cmpid",
    "dclid",
    "dicbo",
    "fb_action_ids",
    "fb_action_types",
    "fb_ref",
    "fb_source",
    "fbclid",
    "ftag",
    "gbraid",
    "gclid",
    "gclsrc",
    "icid",
    "igsh",
    "igshid",
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "msclkid",
    "ncid",
    "ns_campaign",
    "ns_fee",
    "ns_linkname",
    "ns_mchannel",
    "ns_source",
    "ocid",
    "oly_anon_id",
    "oly_enc_id",
    "rb_clickid",
    "s_cid",
    "scid",
    "smid",
    "spm",
    "sr_share",
    "srsltid",
    "taid",
    "tduid",
    "trk",
    "ttclid",
    "twclid",
    "vero_id",
    "wbraid",
    "wickedid",
    "wt_mc",
    "wt_zmc",
    "xtor",
    "yclid",
    "ysclid",
];

/// The same, by the beginning of the name.
const TRACKING_PREFIXES: &[&str] = &[
    "utm_",
    "at_",
    "hsa_",
    "mtm_",
    "pk_",
    "piwik_",
    "matomo_",
    "stm_",
    "ga_",
    "__twitter",
];

/// Parameters that are tracking only with these values: elsewhere the same names choose a page.
const TRACKING_PAIRS: &[(&str, &str)] = &[
    ("ref", "rss"),
    ("ref", "feed"),
    ("ref", "atom"),
    ("source", "rss"),
    ("src", "rss"),
    ("from", "rss"),
    ("cmp", "rss"),
    ("partner", "rss"),
    ("emc", "rss"),
    ("feature", "rss"),
    ("via", "rss"),
    ("rss", "1"),
    ("rss", "yes"),
    ("output", "rss"),
    ("feedtype", "rss"),
    ("feedname", "rss"),
    ("sref", "rss"),
    ("outputtype", "amp"),
];

/// An absolute http or https URL out of text typed by others, or nothing. White space around it and control
/// characters within it do not count (URL standard, 4.4); user info is dropped.
pub fn web_url(text: &str) -> Option<Url> {
    accept(Url::parse(text.trim_matches(is_space)).ok()?)
}

/// The same, relative to `base`.
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

/// The host that is asked, without port, in lower case, without a trailing dot: what politeness counts by.
pub fn host(url: &Url) -> String {
    match url.host() {
        Some(Host::Domain(name)) => name.trim_end_matches('.').to_ascii_lowercase(),
        Some(Host::Ipv4(ip)) => ip.to_string(),
        Some(Host::Ipv6(ip)) => ip.to_string(),
        None => String::new(),
    }
}

/// The link key: `host[:port]/path[?query]`.
pub fn key(url: &Url) -> String {
    let mut key = site_name(url);
    if let Some(port) = url.port() {
        key.push(':');
        key.push_str(&port.to_string());
    }
    let path = without_session(url.path());
    key.push_str(&escapes(path.trim_end_matches('/')));
    let mut pairs: Vec<&str> = query(url).collect();
    pairs.sort_by_key(|pair| name_of(pair));
    for (i, pair) in pairs.iter().enumerate() {
        key.push(if i == 0 { '?' } else { '&' });
        key.push_str(&escapes(pair).replace("%20", "+"));
    }
    // A fragment that begins with `!` chooses a page on sites that are one program.
    if let Some(route) = url
        .fragment()
        .filter(|fragment| fragment.starts_with('!') && fragment.len() > 2)
    {
        key.push('#');
        key.push_str(route);
    }
    key
}

/// The host as keys show it: without `www.`.
pub fn site_name(url: &Url) -> String {
    let host = host(url);
    match host.strip_prefix("www.") {
        Some(rest) if rest.contains('.') => rest.to_owned(),
        _ => host,
    }
}

/// The key that `pattern` finds in a URL: its first group, else the whole match, within the host. A source's
/// `key_from_url`.
pub fn key_from_url(pattern: &regex::Regex, url: &Url) -> Option<String> {
    let found = pattern.captures(url.as_str())?;
    let value = found
        .get(1)
        .or_else(|| found.get(0))
        .map(|m| m.as_str())
        .filter(|value| !value.is_empty())?;
    Some(format!("={}/{value}", site_name(url)))
}

/// Whether a URL is the front page of its host: no path and no query that counts.
pub fn is_front_page(url: &Url) -> bool {
    url.path().trim_matches('/').is_empty()
        && query(url).next().is_none()
        && !url
            .fragment()
            .is_some_and(|fragment| fragment.starts_with('!') && fragment.len() > 2)
}

/// Whether a URL is a wall that sites put before their pages: consent, login. Told by whole labels of the host and
/// whole segments of the path, so that an article about consent is none.
pub fn is_wall(url: &Url) -> bool {
    const LABELS: &[&str] = &[
        "consent",
        "login",
        "signin",
        "auth",
        "sso",
        "accounts",
        "account",
        "guce",
        "myprivacy",
        "idp",
        "captcha",
    ];
    const SEGMENTS: &[&str] = &[
        "login",
        "log-in",
        "signin",
        "sign-in",
        "sign_in",
        "consent",
        "cookie-consent",
        "cookiewall",
        "gdpr",
        "collectconsent",
        "sso",
        "oauth",
        "captcha",
        "wp-login.php",
        "login.aspx",
        "login.php",
        "privacy-gate",
    ];
    let host = host(url);
    let first = host.split('.').next().unwrap_or_default();
    (host.contains('.') && LABELS.contains(&first))
        || url.path_segments().is_some_and(|mut segments| {
            segments.any(|segment| SEGMENTS.contains(&segment.to_ascii_lowercase().as_str()))
        })
}

/// Whether two URLs belong to one site: the same registrable domain, or the same host where there is none.
pub fn same_site(a: &Url, b: &Url) -> bool {
    let (a, b) = (host(a), host(b));
    a == b || registrable(&a).is_some_and(|domain| registrable(&b) == Some(domain))
}

/// The registrable domain of a host by the public suffix list; none for addresses and bare suffixes.
pub fn registrable(host: &str) -> Option<&str> {
    if host.parse::<std::net::IpAddr>().is_ok() {
        return None;
    }
    psl::domain_str(host)
}

/// A URL as it may be shown: the password, and what parameters named like secrets hold, are masked.
pub fn masked(url: &Url) -> String {
    const SECRETS: &[&str] = &[
        "access_token",
        "api_key",
        "api-key",
        "apikey",
        "auth",
        "auth_token",
        "key",
        "pass",
        "passwd",
        "password",
        "pwd",
        "secret",
        "sig",
        "signature",
        "token",
    ];
    let secret = |pair: &str| SECRETS.contains(&name_of(pair).to_ascii_lowercase().as_str());
    let mut url = url.clone();
    if url.password().is_some() {
        // Only URLs without a host refuse a password, and those have none.
        let _ = url.set_password(Some("***"));
    }
    if let Some(query) = url.query().filter(|query| query.split('&').any(secret)) {
        let shown: Vec<Cow<'_, str>> = query
            .split('&')
            .map(|pair| {
                if secret(pair) {
                    format!("{}=***", name_of(pair)).into()
                } else {
                    pair.into()
                }
            })
            .collect();
        url.set_query(Some(&shown.join("&")));
    }
    url.to_string()
}

/// The parameters that count, as written.
fn query(url: &Url) -> impl Iterator<Item = &str> {
    url.query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty() && !is_tracking(pair))
}

fn name_of(pair: &str) -> &str {
    pair.split_once('=').map_or(pair, |(name, _)| name)
}

fn is_tracking(pair: &str) -> bool {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let (name, value) = (name.to_ascii_lowercase(), value.to_ascii_lowercase());
    TRACKING.contains(&name.as_str())
        || TRACKING_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || TRACKING_PAIRS.contains(&(name.as_str(), value.as_str()))
}

/// Drops `;jsessionid=…` and its like, which Java servers put behind the path.
fn without_session(path: &str) -> &str {
    match path.split_once(';') {
        Some((before, after)) if name_of(after).to_ascii_lowercase().contains("sessionid") => before,
        _ => path,
    }
}

/// Percent escapes in one form: upper case, and none where the character needs none (RFC 3986, 6.2.2).
fn escapes(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let code = after
            .get(..2)
            .filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        web_url(text).unwrap_or_else(|| panic!("{text} is refused"))
    }

    /// What two spellings share, and what they must not.
    #[test]
    fn link_keys_by_example() {
        for (what, text, expected) in [
            ("the scheme", "http://paper.example/a", "paper.example/a"),
            ("the other scheme", "https://paper.example/a", "paper.example/a"),
            ("www", "https://www.paper.example/a", "paper.example/a"),
            (
                "www as a name of its own",
                "https://www.example/a",
                "www.example/a",
            ),
            (
                "another subdomain stays",
                "https://m.paper.example/a",
                "m.paper.example/a",
            ),
            ("case of the host", "https://PAPER.Example/a", "paper.example/a"),
            (
                "case of the path stays",
                "https://paper.example/A",
                "paper.example/A",
            ),
            ("the trailing dot", "https://paper.example./a", "paper.example/a"),
            ("the default port", "http://paper.example:80/a", "paper.example/a"),
            (
                "the other default port",
                "https://paper.example:443/a",
                "paper.example/a",
            ),
            (
                "an odd port stays",
                "https://paper.example:8443/a",
                "paper.example:8443/a",
            ),
            (
                "user info",
                "https://joe:secret@paper.example/a",
                "paper.example/a",
            ),
            (
                "the fragment",
                "https://paper.example/a#comments",
                "paper.example/a",
            ),
            (
                "a fragment that is a route stays",
                "https://paper.example/#!/a/7",
                "paper.example#!/a/7",
            ),
            ("a trailing slash", "https://paper.example/a/", "paper.example/a"),
            ("the front page", "https://paper.example/", "paper.example"),
            (
                "slashes within stay",
                "https://paper.example//a//b",
                "paper.example//a//b",
            ),
            (
                "dots in the path",
                "https://paper.example/x/../a/./b",
                "paper.example/a/b",
            ),
            ("an empty query", "https://paper.example/a?", "paper.example/a"),
            (
                "tracking",
                "https://paper.example/a?utm_source=rss&utm_medium=x&fbclid=1",
                "paper.example/a",
            ),
            (
                "tracking in capitals",
                "https://paper.example/a?UTM_Source=rss",
                "paper.example/a",
            ),
            (
                "tracking beside a parameter",
                "https://paper.example/a?id=7&gclid=x",
                "paper.example/a?id=7",
            ),
            (
                "ref that says rss",
                "https://paper.example/a?ref=rss",
                "paper.example/a",
            ),
            (
                "ref that may choose a page stays",
                "https://paper.example/a?ref=main",
                "paper.example/a?ref=main",
            ),
            (
                "order of parameters",
                "https://paper.example/a?b=2&a=1",
                "paper.example/a?a=1&b=2",
            ),
            (
                "order of one name's values stays",
                "https://paper.example/a?b=2&b=1",
                "paper.example/a?b=2&b=1",
            ),
            (
                "an empty value stays",
                "https://paper.example/a?p=",
                "paper.example/a?p=",
            ),
            (
                "a bare parameter stays",
                "https://paper.example/?123",
                "paper.example?123",
            ),
            (
                "a session behind the path",
                "https://paper.example/a;jsessionid=0AF?x=1",
                "paper.example/a?x=1",
            ),
            (
                "another path parameter stays",
                "https://paper.example/a;v=2",
                "paper.example/a;v=2",
            ),
            (
                "IDN as letters",
                "https://bücher.example/a",
                "xn--bcher-kva.example/a",
            ),
            (
                "IDN as punycode",
                "https://xn--bcher-kva.example/a",
                "xn--bcher-kva.example/a",
            ),
            (
                "letters in the path",
                "https://paper.example/ä",
                "paper.example/%C3%A4",
            ),
            (
                "percent case",
                "https://paper.example/%c3%a4",
                "paper.example/%C3%A4",
            ),
            (
                "needless escapes",
                "https://paper.example/%7Ejoe/%61",
                "paper.example/~joe/a",
            ),
            (
                "an escape that matters stays",
                "https://paper.example/a%2fb",
                "paper.example/a%2Fb",
            ),
            (
                "a broken escape stays",
                "https://paper.example/100%",
                "paper.example/100%",
            ),
            (
                "spaces in the query",
                "https://paper.example/a?q=x%20y",
                "paper.example/a?q=x+y",
            ),
            ("an address", "http://127.0.0.2:8080/a", "127.0.0.2:8080/a"),
            ("a short address", "http://127.1/a", "127.0.0.1/a"),
        ] {
            assert_eq!(key(&url(text)), expected, "{what}: {text}");
        }
    }

    #[test]
    fn only_web_urls_are_taken_in() {
        for text in [
            "javascript:alert(1)",
            "data:text/html,x",
            "ftp://paper.example/a",
            "mailto:a@b",
            "/a",
            "",
            "http://",
            "file:///etc/passwd",
        ] {
            assert_eq!(web_url(text), None, "{text}");
        }
        assert_eq!(
            web_url(&format!("https://paper.example/{}", "x".repeat(10_000))),
            None,
            "10 kB"
        );
        assert_eq!(
            url(" \u{feff}\nhttps://paper.example/a\t").as_str(),
            "https://paper.example/a"
        );
        let base = url("https://paper.example/x/y");
        assert_eq!(
            resolve(&base, "../z?q").map(String::from).as_deref(),
            Some("https://paper.example/z?q")
        );
        assert_eq!(
            resolve(&base, "//other.example/z").map(String::from).as_deref(),
            Some("https://other.example/z")
        );
        assert_eq!(resolve(&base, "javascript:void(0)"), None);
        assert_eq!(resolve(&base, " "), None, "an empty box is absent");
    }

    #[test]
    fn a_pattern_finds_one_key_in_every_form_of_a_url() {
        let pattern = regex::Regex::new(r"/News(?:Content(?:Print)?/\d+/\d+)?/(\d+)").unwrap();
        for text in [
            "https://english.paper.example/News/286958.aspx",
            "http://english.paper.example/NewsContent/2/8/286958/World/Region/Calls.aspx",
            "http://www.english.paper.example/NewsContentPrint/2/8/286958.aspx",
        ] {
            assert_eq!(
                key_from_url(&pattern, &url(text)).as_deref(),
                Some("=english.paper.example/286958"),
                "{text}"
            );
        }
        assert_eq!(
            key_from_url(&pattern, &url("https://english.paper.example/Index.aspx")),
            None
        );
        let other = key_from_url(&pattern, &url("https://arabic.paper.example/News/286958.aspx"));
        assert_eq!(
            other.as_deref(),
            Some("=arabic.paper.example/286958"),
            "another host counts for itself"
        );
    }

    #[test]
    fn front_pages_walls_and_sites() {
        for text in [
            "https://paper.example",
            "https://paper.example/?utm_source=x",
            "https://paper.example/#top",
        ] {
            assert!(is_front_page(&url(text)), "{text}");
        }
        for text in [
            "https://paper.example/?p=7",
            "https://paper.example/a",
            "https://paper.example/#!/a",
        ] {
            assert!(!is_front_page(&url(text)), "{text}");
        }
        assert!(is_wall(&url("https://consent.paper.example/collect?sid=1")));
        assert!(is_wall(&url("https://paper.example/login?next=/a")));
        assert!(!is_wall(&url("https://paper.example/2024/the-age-of-consent")));
        assert!(!is_wall(&url("https://paper.example/login-problems-at-bank")));
        assert!(same_site(
            &url("https://www.paper.co.uk/a"),
            &url("http://amp.paper.co.uk/b")
        ));
        assert!(!same_site(
            &url("https://one.co.uk/a"),
            &url("https://two.co.uk/a")
        ));
        assert!(!same_site(&url("http://127.0.0.2/a"), &url("http://127.0.0.3/a")));
    }

    #[test]
    fn h20_secrets_in_urls_are_masked() {
        let shown = |text: &str| masked(&Url::parse(text).unwrap());
        assert_eq!(
            shown("https://joe:secret@paper.example/a"),
            "https://joe:***@paper.example/a"
        );
        assert_eq!(
            shown("https://paper.example/a?x=1&Token=abc"),
            "https://paper.example/a?x=1&Token=***"
        );
        assert_eq!(
            shown("https://paper.example/a?x=1"),
            "https://paper.example/a?x=1"
        );
    }
}
