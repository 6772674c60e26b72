//! AMP caches: servers with copies of the AMP pages of other sites. The address of a copy names the host it is of.
//!
//! The caches are those of <https://cdn.ampproject.org/caches.json>, and the AMP viewer of Google's search. How addresses are
//! made: <https://amp.dev/documentation/guides-and-tutorials/learn/amp-caches-and-cors/amp-cache-urls/>, for example
//! `https://paper-example.cdn.ampproject.org/c/s/paper.example/a` for `https://paper.example/a`.

use url::{Host, Url, quirks};

use super::registrable;

/// Domains of caches. A copy is on the domain itself, or on a name below it that repeats the host of the page.
const CACHES: &[&str] = &["cdn.ampproject.org", "www.bing-amp.com", "bing-amp.com"];

/// First parts of the paths of documents: a page, a page in a viewer, a signed exchange of a page.
const DOCUMENTS: &[&str] = &["c", "v", "wp"];

/// First part of the paths of documents in Google's viewer.
const VIEWER: &str = "amp";

/// Endings of the domains `google.…` of Google's search (<https://www.google.com/supported_domains>). Under other endings the
/// name may be anybody's.
const GOOGLE: &[&str] = &[
    "ac", "ad", "ae", "al", "am", "as", "at", "az", "ba", "be", "bf", "bg", "bi", "bj", "bs", "bt", "by",
    "ca", "cat", "cd", "cf", "cg", "ch", "ci", "cl", "cm", "cn", "co.ao", "co.bw", "co.ck", "co.cr", "co.id",
    "co.il", "co.in", "co.jp", "co.ke", "co.kr", "co.ls", "co.ma", "co.mz", "co.nz", "co.th", "co.tz",
    "co.ug", "co.uk", "co.uz", "co.ve", "co.vi", "co.za", "co.zm", "co.zw", "com", "com.af", "com.ag",
    "com.ar", "com.au", "com.bd", "com.bh", "com.bn", "com.bo", "com.br", "com.bz", "com.co", "com.cu",
    "com.cy", "com.do", "com.ec", "com.eg", "com.et", "com.fj", "com.gh", "com.gi", "com.gt", "com.hk",
    "com.jm", "com.kh", "com.kw", "com.lb", "com.ly", "com.mm", "com.mt", "com.mx", "com.my", "com.na",
    "com.ng", "com.ni", "com.np", "com.om", "com.pa", "com.pe", "com.pg", "com.ph", "com.pk", "com.pr",
    "com.py", "com.qa", "com.sa", "com.sb", "com.sg", "com.sl", "com.sv", "com.tj", "com.tr", "com.tw",
    "com.ua", "com.uy", "com.vc", "com.vn", "cv", "cz", "de", "dj", "dk", "dm", "dz", "ee", "es", "fi", "fm",
    "fr", "ga", "ge", "gg", "gl", "gm", "gr", "gy", "hn", "hr", "ht", "hu", "ie", "im", "iq", "is", "it",
    "je", "jo", "kg", "ki", "kz", "la", "li", "lk", "lt", "lu", "lv", "md", "me", "mg", "mk", "ml", "mn",
    "mu", "mv", "mw", "ne", "nl", "no", "nr", "nu", "pl", "pn", "ps", "pt", "ro", "rs", "ru", "rw", "sc",
    "se", "sh", "si", "sk", "sm", "sn", "so", "sr", "st", "td", "tg", "tl", "tm", "tn", "to", "tt", "us",
    "vg", "vu", "ws",
];

/// Whether a URL is one of a cache.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CacheAddress {
    /// It is not.
    None,
    /// A copy of a page of this host.
    Of(String),
    /// It is on a cache, and names no host, or two.
    Unclear,
}

/// Reads a URL whose host is `host`.
pub(super) fn cache_address(url: &Url, host: &str) -> CacheAddress {
    if is_google(host) {
        let encoded = document_host(url, &[VIEWER]);
        return encoded.map_or(CacheAddress::None, CacheAddress::Of);
    }
    let Some(label) = CACHES.iter().find_map(|cache| label_before(host, cache)) else {
        return CacheAddress::None;
    };
    let encoded = document_host(url, DOCUMENTS).filter(|encoded| is_label_of(label, encoded));
    encoded.map_or(CacheAddress::Unclear, CacheAddress::Of)
}

/// What stands before a domain in a host; empty where the host is the domain.
fn label_before<'a>(host: &'a str, domain: &str) -> Option<&'a str> {
    let before = host.strip_suffix(domain)?;
    if before.is_empty() { Some(before) } else { before.strip_suffix('.') }
}

fn is_google(host: &str) -> bool {
    let host = host.strip_prefix("www.").unwrap_or(host);
    host.strip_prefix("google.").is_some_and(|ending| GOOGLE.contains(&ending))
}

/// The host in `/c/s/HOST/…` or, without TLS, `/c/HOST/…`: the whole name of a host on a site, and nothing with it. Hosts of
/// caches are none.
fn document_host(url: &Url, documents: &[&str]) -> Option<String> {
    let mut segments = url.path_segments()?;
    let is_document = segments.next().is_some_and(|first| documents.contains(&first));
    if !is_document || url.port().is_some() {
        return None;
    }
    let first = segments.next()?;
    let segment = if first == "s" { segments.next()? } else { first };
    if has_ascii_escape(segment) {
        return None;
    }
    let Ok(Host::Domain(host)) = Host::parse(segment) else {
        return None;
    };
    let host = host.trim_end_matches('.');
    let is_cached = is_google(host) || CACHES.iter().any(|cache| label_before(host, cache).is_some());
    (!is_cached && registrable(host).is_some()).then(|| host.to_owned())
}

/// Whether a character that needs no escape in a host, or ends one, is escaped: servers differ in what they make of it.
fn has_ascii_escape(segment: &str) -> bool {
    segment.split('%').skip(1).any(|after| {
        let byte = after.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        byte.is_none_or(|byte| byte.is_ascii())
    })
}

/// Whether a label is the one of a host, or of a domain above it on the same site. There may be none; and for a host that is
/// too long there is a hash, of 52 characters.
fn is_label_of(label: &str, host: &str) -> bool {
    let is_hash = label.len() == 52 && label.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'));
    if label.is_empty() || is_hash {
        return true;
    }
    let site = registrable(host).unwrap_or(host);
    let mut name = host;
    loop {
        if label_of(name).as_deref() == Some(label) {
            return true;
        }
        match name.split_once('.') {
            Some((_, parent)) if name.len() > site.len() => name = parent,
            _ => return false,
        }
    }
}

/// `paper-example` for `paper.example`: in letters, `-` doubled, `.` made `-`, and IDN again.
fn label_of(host: &str) -> Option<String> {
    let mut label = quirks::domain_to_unicode(host).replace('-', "--").replace('.', "-");
    // Nothing but punycode has `--` there.
    if label.chars().skip(2).take(2).all(|c| c == '-') {
        label = format!("0-{label}-0");
    }
    match Host::parse(&label) {
        Ok(Host::Domain(label)) => Some(label),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> CacheAddress {
        let url = Url::parse(text).unwrap();
        cache_address(&url, &super::super::host(&url))
    }

    #[test]
    fn an_address_in_a_cache_names_the_host_of_the_page() {
        for (text, host) in [
            ("https://paper-example.cdn.ampproject.org/c/s/paper.example/a?amp_js_v=0.1", "paper.example"),
            ("https://paper-example.cdn.ampproject.org/v/s/paper.example/a", "paper.example"),
            ("https://paper-example.cdn.ampproject.org/wp/s/paper.example/a", "paper.example"),
            ("https://paper-example.cdn.ampproject.org/c/paper.example/a", "paper.example"),
            ("https://PAPER-example.cdn.ampproject.org./c/s/Paper.Example/a", "paper.example"),
            ("https://paper-example.cdn.ampproject.org/c/s/www.paper.example/a", "www.paper.example"),
            ("https://www-my--paper-co-uk.cdn.ampproject.org/c/s/www.my-paper.co.uk/a", "www.my-paper.co.uk"),
            (
                "https://0-en--us-paper-example-0.cdn.ampproject.org/c/s/en-us.paper.example/a",
                "en-us.paper.example",
            ),
            (
                "https://xn--bcher-example-wob.cdn.ampproject.org/c/s/b%C3%BCcher.example/a",
                "xn--bcher-kva.example",
            ),
            (
                "https://xn--bcher-example-wob.cdn.ampproject.org/c/s/xn--bcher-kva.example/a",
                "xn--bcher-kva.example",
            ),
            ("https://cdn.ampproject.org/c/s/paper.example/a", "paper.example"),
            ("https://cdn.ampproject.org/c/s/paper.example", "paper.example"),
            ("https://cdn.ampproject.org/c/s/paper.example//c/s/other.example/a", "paper.example"),
            ("https://paper-example.bing-amp.com/c/s/paper.example/a", "paper.example"),
            ("https://paper-example.www.bing-amp.com/c/s/paper.example/a", "paper.example"),
            ("https://www.bing-amp.com/c/s/paper.example/a", "paper.example"),
            ("https://www.google.com/amp/s/paper.example/a", "paper.example"),
            ("https://google.co.uk/amp/paper.example/a", "paper.example"),
        ] {
            assert_eq!(read(text), CacheAddress::Of(host.to_owned()), "{text}");
        }
        let long = format!(
            "https://{}.cdn.ampproject.org/c/s/{}.example/a",
            "a2".repeat(26),
            "long-".repeat(12) + "paper"
        );
        assert!(matches!(read(&long), CacheAddress::Of(_)), "{long}");
    }

    #[test]
    fn h30_only_a_known_cache_that_names_one_whole_host_counts() {
        for text in [
            "https://cdn.ampproject.org.evil.example/c/s/paper.example/a",
            "https://paper-example.cdn.ampproject.org.evil.example/c/s/paper.example/a",
            "https://evilcdn.ampproject.org/c/s/paper.example/a",
            "https://evil.example/c/s/paper.example/a",
            "https://evilbing-amp.com/c/s/paper.example/a",
            "https://www.google.evil.example/amp/s/paper.example/a",
            "https://google.github.io/amp/s/paper.example/a",
            "https://www.google.example/amp/s/paper.example/a",
            "https://sites.google.com/amp/s/paper.example/a",
            "https://www.google.com/url?q=/amp/s/paper.example/a",
            "https://www.google.com/search/amp/s/paper.example/a",
            "https://www.google.com:8443/amp/s/paper.example/a",
            "https://www.google.com/amp/s/paper.example%40evil.example/a",
        ] {
            assert_eq!(read(text), CacheAddress::None, "{text}");
        }
        for text in [
            "https://evil-example.cdn.ampproject.org/c/s/paper.example/a",
            "https://a.paper-example.cdn.ampproject.org/c/s/paper.example/a",
            "https://example.cdn.ampproject.org/c/s/paper.example/a",
            "https://cdn.ampproject.org:8443/c/s/paper.example/a",
            "https://cdn.ampproject.org/",
            "https://cdn.ampproject.org/v0.js",
            "https://cdn.ampproject.org/i/s/paper.example/a.png",
            "https://cdn.ampproject.org/x/c/s/paper.example/a",
            "https://cdn.ampproject.org//c/s/paper.example/a",
            "https://cdn.ampproject.org/c//s/paper.example/a",
            "https://cdn.ampproject.org/c/s//paper.example/a",
            "https://cdn.ampproject.org/c/s/",
            "https://cdn.ampproject.org/c/s/paper.example:8443/a",
            "https://cdn.ampproject.org/c/s/paper.example%3A8443/a",
            "https://cdn.ampproject.org/c/s/joe@paper.example/a",
            "https://cdn.ampproject.org/c/s/joe%40paper.example/a",
            "https://cdn.ampproject.org/c/s/evil.example%2Fpaper.example/a",
            "https://cdn.ampproject.org/c/s/paper%2Eexample/a",
            "https://cdn.ampproject.org/c/s/p%61per.example/a",
            "https://cdn.ampproject.org/c/s/paper.example%00/a",
            "https://cdn.ampproject.org/c/s/paper.example%/a",
            "https://cdn.ampproject.org/c%2Fs%2Fpaper.example/a",
            "https://cdn.ampproject.org/c/s/127.0.0.1/a",
            "https://cdn.ampproject.org/c/s/2130706433/a",
            "https://cdn.ampproject.org/c/s/[::1]/a",
            "https://cdn.ampproject.org/c/s/localhost/a",
            "https://cdn.ampproject.org/c/s/co.uk/a",
            "https://cdn.ampproject.org/c/s/s/paper.example/a",
            "https://cdn.ampproject.org/c/s/cdn.ampproject.org/c/s/paper.example/a",
            "https://cdn.ampproject.org/c/s/www.google.com/amp/s/paper.example/a",
        ] {
            assert_eq!(read(text), CacheAddress::Unclear, "{text}");
        }
    }
}
