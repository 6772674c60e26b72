//! Wrapper links: addresses of a redirector that carry the address they lead to, as search alerts, social networks and mail
//! filters write them. What is no row of [`WRAPPERS`] is left as it is: in the address of a login, a proxy, a translation or
//! an archive, a second address means something else.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use url::{Url, form_urlencoded};

use super::{host, is_wall, web_url};

/// Wrappers within wrappers that are taken off.
const MOST_LAYERS: usize = 3;

/// A kind of wrapper.
struct Wrapper {
    /// The host, or a domain with all hosts below it; empty for any host.
    host: &'static str,
    /// Lower case, without a slash or the name of a program (`.php`) at the end. With a `*` at its end: what a path begins with.
    path: &'static str,
    carries: Carries,
}

/// How a wrapper carries its target.
#[derive(Clone, Copy)]
enum Carries {
    /// As the first of these parameters that is an address, percent-encoded once.
    Parameter(&'static [&'static str]),
    /// As the whole query.
    Query,
    /// As what follows this mark in the address.
    After(&'static str),
    /// As what stands between these marks of the address.
    Between(&'static str, &'static str),
    /// As a parameter in base64, behind two characters.
    Base64(&'static str),
    /// In the last part of the path: a record in base64 whose first text is the address.
    Record,
}

/// Parameters that carry a target, where the path says that there is one.
const TARGET: &[&str] = &[
    "url", "u", "q", "to", "target", "dest", "destination", "goto", "redirect", "redirect_url",
    "redirect_uri", "redirecturl", "redirect_to", "redirectto", "link", "href", "uri", "location", "out",
    "r",
];

const fn on_any_host(path: &'static str) -> Wrapper {
    Wrapper { host: "", path, carries: Carries::Parameter(TARGET) }
}

const fn on(host: &'static str, path: &'static str, carries: Carries) -> Wrapper {
    Wrapper { host, path, carries }
}

/// All wrappers that are known.
const WRAPPERS: &[Wrapper] = &[
    // Google and its alerts, Bing, Facebook, forums, papers and programs that count clicks.
    on_any_host("/url"),
    on_any_host("/news/url"),
    on_any_host("/scholar_url"),
    on_any_host("/apiclick"),
    on_any_host("/news/apiclick"),
    on_any_host("/l"),
    on_any_host("/ct"),
    on_any_host("/ct/ct"),
    on_any_host("/c/link"),
    on_any_host("/r"),
    on_any_host("/rd"),
    on_any_host("/redir"),
    on_any_host("/redirect"),
    on_any_host("/redirector"),
    on_any_host("/redirection"),
    on_any_host("/redir/redirect"),
    on_any_host("/cgi-bin/redirect"),
    on_any_host("/rss/redirect"),
    on_any_host("/feed/redirect"),
    on_any_host("/feeds/redirect"),
    on_any_host("/rss/click"),
    on_any_host("/feed/click"),
    on_any_host("/go"),
    on_any_host("/goto"),
    on_any_host("/go-wild"),
    on_any_host("/safety/go"),
    on_any_host("/out"),
    on_any_host("/outgoing"),
    on_any_host("/outbound"),
    on_any_host("/outlink"),
    on_any_host("/exit"),
    on_any_host("/leave"),
    on_any_host("/leaving"),
    on_any_host("/away"),
    on_any_host("/jump"),
    on_any_host("/forward"),
    on_any_host("/offsite"),
    on_any_host("/external"),
    on_any_host("/external-link"),
    on_any_host("/link"),
    on_any_host("/linkout"),
    on_any_host("/linkfilter"),
    on_any_host("/click"),
    on_any_host("/clickthrough"),
    on_any_host("/track"),
    on_any_host("/track/click"),
    on_any_host("/tracking/click"),
    // Some have a host of their own, or a parameter that nobody else has.
    on("l.facebook.com", "", Carries::Parameter(&["u"])),
    on("lm.facebook.com", "", Carries::Parameter(&["u"])),
    on("l.instagram.com", "", Carries::Parameter(&["u"])),
    on("l.threads.com", "", Carries::Parameter(&["u"])),
    on("l.threads.net", "", Carries::Parameter(&["u"])),
    on("safelinks.protection.outlook.com", "", Carries::Parameter(&["url"])),
    on("out.reddit.com", "*", Carries::Parameter(&["url"])),
    on("duckduckgo.com", "/l", Carries::Parameter(&["uddg"])),
    on("t.umblr.com", "/redirect", Carries::Parameter(&["z"])),
    on("go.redirectingat.com", "", Carries::Parameter(&["url"])),
    on("go.skimresources.com", "", Carries::Parameter(&["url"])),
    on("exit.sc", "", Carries::Parameter(&["url"])),
    on("weibo.cn", "/sinaurl", Carries::Parameter(&["u", "url"])),
    on("link.zhihu.com", "", Carries::Parameter(&["target"])),
    on("link.juejin.cn", "", Carries::Parameter(&["target"])),
    on("link.csdn.net", "", Carries::Parameter(&["target"])),
    on("bing.com", "/ck/a", Carries::Base64("u")),
    on("news.google.com", "/rss/articles/*", Carries::Record),
    on("news.google.com", "/articles/*", Carries::Record),
    on("href.li", "", Carries::Query),
    on("nullrefer.com", "", Carries::Query),
    on("anonym.to", "", Carries::Query),
    on("urldefense.com", "/v3/*", Carries::Between("__", "__;")),
    on("r.search.yahoo.com", "*", Carries::Between("/RU=", "/RK=")),
    on("feedblitz.com", "/~/t/*", Carries::After("/~http")),
    on("rd.yahoo.com", "*", Carries::After("*http")),
];

/// What a name within a host is, or has in it, on which a second address means something else; and a service that adds
/// something to the address.
const NOT_ON: (&[&str], &[&str]) = (
    &["sso", "auth", "idp", "save", "share", "fanyi", "cache", "disq"],
    &["login", "signin", "proxy", "translat", "archiv", "wayback", "webcache"],
);

/// The address that a wrapper link carries: absolute, http or https, on another host. Up to `MOST_LAYERS` wrappers are taken
/// off. `None` for an address that is no wrapper.
pub fn unwrapped(url: &Url) -> Option<Url> {
    let mut found = None;
    for _ in 0..MOST_LAYERS {
        let Some(target) = target(found.as_ref().unwrap_or(url)) else { break };
        found = Some(target);
    }
    found
}

fn target(url: &Url) -> Option<Url> {
    let own_host = host(url);
    let (names, parts) = NOT_ON;
    let is_other = |label: &str| names.contains(&label) || parts.iter().any(|part| label.contains(part));
    if is_wall(url) || own_host.split('.').any(is_other) {
        return None;
    }
    let path = url.path().to_ascii_lowercase();
    let path = without_program(path.trim_end_matches('/'));
    let is_row = |row: &&Wrapper| is_at(row.host, &own_host) && is_path(row.path, path);
    let mut targets = WRAPPERS.iter().filter(is_row).filter_map(|row| carried(row.carries, url));
    targets.find(|target| host(target) != own_host)
}

/// Whether a host is this one or below it.
fn is_at(domain: &str, host: &str) -> bool {
    domain.is_empty()
        || host.strip_suffix(domain).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

fn is_path(pattern: &str, path: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == path, |start| path.starts_with(start))
}

/// A path without the ending of a program.
fn without_program(path: &str) -> &str {
    const ENDINGS: &[&str] =
        &[".php", ".aspx", ".asp", ".ashx", ".cfm", ".jsp", ".cgi", ".pl", ".do", ".html", ".htm"];
    ENDINGS.iter().find_map(|ending| path.strip_suffix(ending)).unwrap_or(path)
}

/// The target that a wrapper carries in this way, if it is absolute.
fn carried(carries: Carries, url: &Url) -> Option<Url> {
    let query = url.query().unwrap_or_default();
    match carries {
        Carries::Parameter(names) => names.iter().find_map(|name| {
            // Feeds that escape an ampersand twice leave a rest of it.
            let is_named =
                |known: &str| known.strip_prefix("amp;").unwrap_or(known).eq_ignore_ascii_case(name);
            let raw = pairs(query).find(|(known, _)| is_named(known));
            absolute(&decoded(raw?.1))
        }),
        Carries::Query => absolute(query).or_else(|| absolute(&decoded(query))),
        Carries::After(mark) => {
            let (_, after) = url.as_str().split_once(mark)?;
            let target = format!("http{after}");
            absolute(&target).or_else(|| absolute(&decoded(&target)))
        }
        Carries::Between(start, end) => {
            let (_, after) = url.as_str().split_once(start)?;
            // Asterisks stand for other characters there.
            let (target, _) = after.split_once(end).filter(|(target, _)| !target.contains('*'))?;
            absolute(target).or_else(|| absolute(&decoded(target)))
        }
        Carries::Base64(name) => {
            let (_, value) = pairs(query).find(|(known, _)| *known == name)?;
            absolute(std::str::from_utf8(&base64(value.get(2..)?)?).ok()?)
        }
        Carries::Record => {
            let record = base64(url.path_segments()?.next_back()?)?;
            absolute(std::str::from_utf8(first_text(&record)?).ok()?)
        }
    }
}

/// The pairs of a query, as written.
fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').filter_map(|pair| pair.split_once('='))
}

/// A value with its percent escapes resolved, once. A plus sign stays one: addresses have it.
fn decoded(value: &str) -> String {
    let written = value.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    form_urlencoded::parse(written.as_bytes()).next().map(|(value, _)| value.into_owned()).unwrap_or_default()
}

/// An address that says its scheme.
fn absolute(text: &str) -> Option<Url> {
    let text = text.trim();
    let says =
        |scheme: &str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    (says("http://") || says("https://")).then(|| web_url(text)).flatten()
}

fn base64(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

/// The first text of a record (protocol buffers): field 4, behind a number in field 1. Its length is one byte or two.
fn first_text(record: &[u8]) -> Option<&[u8]> {
    let [0x08, _, 0x22, rest @ ..] = record else { return None };
    let (length, rest) = match rest {
        [low, high, rest @ ..] if *low >= 0x80 => (usize::from(*low & 0x7f) | usize::from(*high) << 7, rest),
        [length, rest @ ..] => (usize::from(*length), rest),
        [] => return None,
    };
    rest.get(..length)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn of(text: &str) -> Option<String> {
        unwrapped(&Url::parse(text).unwrap()).map(String::from)
    }

    #[test]
    fn a_wrapper_gives_the_address_that_it_carries() {
        let record = |url: &str| {
            let mut bytes = vec![0x08, 0x13, 0x22];
            if url.len() >= 0x80 {
                bytes.push(u8::try_from(url.len() & 0x7f).unwrap() | 0x80);
                bytes.push(u8::try_from(url.len() >> 7).unwrap());
            } else {
                bytes.push(u8::try_from(url.len()).unwrap());
            }
            bytes.extend(url.as_bytes());
            bytes.extend(b"\xd2\x01\x04more");
            format!("https://news.google.com/rss/articles/{}?oc=5", URL_SAFE_NO_PAD.encode(bytes))
        };
        let long = format!("https://paper.example/{}", "a".repeat(200));
        let bing = URL_SAFE_NO_PAD.encode("https://paper.example/1?a=b");
        for (wrapper, target) in [
            (
                "https://www.google.com/url?rct=j&sa=t&url=https://paper.example/1&ct=ga&cd=CAIy&usg=AOv",
                "https://paper.example/1",
            ),
            (
                "https://www.google.com/url?rct=j&url=https%3A%2F%2Fpaper.example%2F1%3Fa%3Db%26c%3Dd+e%2Bf&usg=x",
                "https://paper.example/1?a=b&c=d+e+f",
            ),
            ("http://www.google.de/url?q=http://paper.example/1&sa=U", "http://paper.example/1"),
            (
                "https://news.google.com/news/url?sa=t&fd=R&url=http://paper.example/1",
                "http://paper.example/1",
            ),
            (
                "https://scholar.google.com/scholar_url?url=https://paper.example/1.pdf&hl=en",
                "https://paper.example/1.pdf",
            ),
            (
                "https://www.youtube.com/redirect?event=x&q=https%3A%2F%2Fpaper.example%2F1",
                "https://paper.example/1",
            ),
            (
                "https://l.facebook.com/l.php?u=https%3A%2F%2Fpaper.example%2F1%3Ffbclid%3Dx&h=AT0",
                "https://paper.example/1?fbclid=x",
            ),
            ("https://l.instagram.com/?u=https%3A%2F%2Fpaper.example%2F1&e=AT", "https://paper.example/1"),
            (
                "http://www.bing.com/news/apiclick.aspx?ref=FexRss&aid=&tid=5&url=https%3a%2f%2fpaper.example%2f1&c=9&mkt=en-us",
                "https://paper.example/1",
            ),
            (
                "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fpaper.example%2F1&data=05%7C01&reserved=0",
                "https://paper.example/1",
            ),
            ("https://feeds.rival.example/ct?id=7&url=https://paper.example/1", "https://paper.example/1"),
            ("https://rival.example/redirect?u=https://paper.example/1", "https://paper.example/1"),
            ("https://rival.example/Redirect.aspx?URL=HTTPS://paper.example/1", "https://paper.example/1"),
            ("https://rival.example/out/?to=https://paper.example/1%23part", "https://paper.example/1#part"),
            ("https://rival.example:8443/out?to=https://paper.example/1", "https://paper.example/1"),
            ("https://vk.com/away.php?to=https%3A%2F%2Fpaper.example%2F1&cc_key=", "https://paper.example/1"),
            (
                "https://duckduckgo.com/l/?uddg=https%3A%2F%2Fpaper.example%2F1&rut=9",
                "https://paper.example/1",
            ),
            (
                "https://out.reddit.com/t3_abc?url=https%3A%2F%2Fpaper.example%2F1&token=A",
                "https://paper.example/1",
            ),
            ("https://href.li/?https://paper.example/1?a=b", "https://paper.example/1?a=b"),
            ("https://feeds.feedblitz.com/~/t/0/_/paper/~https://paper.example/1", "https://paper.example/1"),
            ("http://us.rd.yahoo.com/dailynews/rss/x/*http://paper.example/1", "http://paper.example/1"),
            ("http://us.rd.yahoo.com/x/SIG=1/*http%3A//paper.example/1?a=b", "http://paper.example/1?a=b"),
            (&*format!("https://www.bing.com/ck/a?!&&p=1&u=a1{bing}&ntb=1"), "https://paper.example/1?a=b"),
            (&*record("https://paper.example/1"), "https://paper.example/1"),
            (&*record(&long), &*long),
            (
                "http://cts.businesswire.com/ct/CT?id=smartlink&url=http%3A%2F%2Fpaper.example%2F1&esheet=5&lan=en-US",
                "http://paper.example/1",
            ),
            (
                "https://c212.net/c/link/?t=0&l=en&o=3-1&h=27&u=https%3A%2F%2Fpaper.example%2F1&a=x",
                "https://paper.example/1",
            ),
            ("https://urldefense.com/v3/__https://paper.example/1__;!!AbC!x$", "https://paper.example/1"),
            (
                "https://r.search.yahoo.com/_ylt=A0;_ylu=Y2/RV=2/RE=1/RO=10/RU=https%3a%2f%2fpaper.example%2f1/RK=2/RS=x-",
                "https://paper.example/1",
            ),
            ("https://rival.example/out.cfm?url=https://paper.example/1", "https://paper.example/1"),
            // An ampersand that was escaped twice.
            (
                "https://www.google.com/url?rct=j&amp;sa=t&amp;url=https://paper.example/1&amp;ct=ga",
                "https://paper.example/1",
            ),
            // A name before an `@` is no host.
            (
                "https://rival.example/url?url=https://paper.example@other.example/1",
                "https://other.example/1",
            ),
            (
                "https://rival.example/url?url=https://paper.example%5C@other.example/1",
                "https://paper.example/@other.example/1",
            ),
            ("https://rival.example/url?url=http://[::ffff:10.0.0.1]:8080/x", "http://[::ffff:a00:1]:8080/x"),
            ("https://rival.example/url?url=http://0x0a000001/x", "http://10.0.0.1/x"),
            ("https://rival.example/url?url=%20%0d%0ahttps://paper.example/1%00", "https://paper.example/1"),
            // The first parameter is no address.
            ("https://rival.example/url?url=sports&q=https://paper.example/1", "https://paper.example/1"),
            // User info goes, as everywhere; the guard judges what is left.
            ("https://rival.example/url?url=https://me:pw@127.0.0.1/1", "https://127.0.0.1/1"),
        ] {
            assert_eq!(of(wrapper).as_deref(), Some(target), "{wrapper}");
        }
    }

    #[test]
    fn what_is_no_wrapper_stays_as_it_is() {
        for url in [
            // Not in the table.
            "https://paper.example/article?url=https://other.example/1",
            "https://paper.example/2026/url?url=https://other.example/1",
            "https://paper.example/search?q=https://other.example/1",
            "https://paper.example/share?url=https://other.example/1",
            "https://www.facebook.com/sharer.php?u=https://other.example/1",
            "https://twitter.com/intent/tweet?url=https://other.example/1",
            "https://paper.example/save?url=https://other.example/1",
            "https://paper.example/proxy?url=https://other.example/1",
            "https://proxy.library.example/login?url=https://other.example/1",
            "https://paper.example/login?redirect=https://other.example/1",
            "https://paper.example/oembed?url=https://other.example/1",
            "https://translate.google.com/translate?sl=de&u=https://other.example/1",
            "https://web.archive.org/web/2020/https://other.example/1",
            "https://web.archive.org/save/https://other.example/1",
            "https://www.reddit.com/submit?url=https://other.example/1",
            // A path of the table where it means something else.
            "https://login.library.example/redirect?url=https://other.example/1",
            "https://proxy.library.example/url?url=https://other.example/1",
            "https://ezproxy.library.example/go?url=https://other.example/1",
            "https://translate.google.com/url?u=https://other.example/1",
            "https://web.archive.org/redirect?url=https://other.example/1",
            "https://archive.ph/go?url=https://other.example/1#",
            "https://accounts.google.com/url?q=https://other.example/1",
            "https://eu.sso.paper.example/redirect?url=https://other.example/1",
            "https://libproxy.uni.example/redirect?url=https://other.example/1",
            "https://paper-example.translate.goog/redirect?url=https://other.example/1",
            "https://webarchive.state.example/url?url=https://other.example/1",
            "https://urldefense.com/v3/__https://other.example/1*a__;Kw!!AbC!x$",
            "https://urldefense.com/v3/__https://other.example/1",
            "https://r.search.yahoo.com/_ylt=A0/RU=sports/RK=2",
            "http://disq.us/url?url=https%3A%2F%2Fother.example%2F1%3AAbCd&cuid=1",
            // No address of another host.
            "https://paper.example/redirect?url=https://paper.example/1",
            "https://paper.example/redirect?url=https://paper.example:8443/1",
            "https://paper.example/redirect?url=https://PAPER.example./1",
            "https://paper.example/redirect?url=/1",
            "https://paper.example/redirect?url=//other.example/1",
            "https://paper.example/redirect?url=other.example/1",
            "https://paper.example/redirect?url=https:other.example/1",
            "https://paper.example/redirect?url=javascript:alert(1)",
            "https://paper.example/redirect?url=file:///etc/passwd",
            "https://paper.example/redirect?url=data:text/html,x",
            "https://paper.example/redirect?url=ftp://other.example/1",
            "https://paper.example/redirect?url=feed:https://other.example/1",
            "https://paper.example/redirect?url=https%253A%252F%252Fother.example%252F1",
            "https://paper.example/redirect?url=https://",
            "https://paper.example/redirect?url=",
            "https://paper.example/redirect?url",
            "https://paper.example/redirect",
            "https://www.baidu.com/link?url=ZcX0abcDEF",
            "https://www.bing.com/ck/a?u=a1%%%",
            "https://www.bing.com/ck/a?u=a",
            "https://www.bing.com/ck/a?u=é1",
            "https://news.google.com/rss/articles/CBMiAU_yqLN?oc=5",
            "https://news.google.com/rss/articles/CBMi",
            "https://rival.google.com.example/rss/articles/CBMi",
        ] {
            assert_eq!(of(url), None, "{url}");
        }
    }

    #[test]
    fn wrappers_within_wrappers_are_taken_off_three_times() {
        let mut url = String::from("https://paper.example/1");
        let layers: Vec<String> = (0..4)
            .map(|n| {
                let encoded: String = form_urlencoded::byte_serialize(url.as_bytes()).collect();
                url = format!("https://h{n}.example/url?url={encoded}");
                url.clone()
            })
            .collect();
        assert_eq!(of(&layers[2]).as_deref(), Some("https://paper.example/1"));
        assert_eq!(of(&layers[3]).as_deref(), Some(&*layers[0]));
    }

    #[test]
    fn a_hundred_wrappers_are_taken_off_three_times_too() {
        let mut url = String::from("https://paper.example/1");
        for n in 0..100 {
            url = format!("https://h{n}.example/url?url={url}");
        }
        assert!(of(&url).unwrap().starts_with("https://h96.example/url?url=https://h95.example/"));
        let mut url = String::from("https://paper.example/1");
        while url.len() < 100_000 {
            let encoded: String = form_urlencoded::byte_serialize(url.as_bytes()).collect();
            url = format!("https://h{}.example/url?url={encoded}", url.len());
        }
        // Too long to be asked.
        assert_eq!(of(&url), None);
    }

    #[test]
    fn a_wrapper_around_what_is_none_is_taken_off_once() {
        let archive = "https://web.archive.org/web/2020/https://paper.example/1";
        assert_eq!(of(&format!("https://www.google.com/url?url={archive}")).as_deref(), Some(archive));
    }

    #[test]
    fn hostile_links_take_linear_time() {
        let begun = Instant::now();
        for text in [
            format!("https://a.example/url?{}", "url=x&".repeat(600)),
            format!("https://a.example/url?url={}", "%".repeat(4000)),
            format!("https://a.example/url?url=https://{}", "%2B+".repeat(1000)),
            format!("https://us.rd.yahoo.com/{}", "*http".repeat(700)),
            format!("https://news.google.com/rss/articles/{}", "CBMi".repeat(900)),
        ] {
            let url = Url::parse(&text).unwrap();
            for _ in 0..100 {
                let _ = unwrapped(&url);
            }
        }
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}
