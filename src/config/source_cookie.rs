//! `cookies` of a source: their values, and the hosts that they are for.

use toml::de::DeValue;
use url::Host;

use super::fault::quoted;
use super::keys::COOKIE;
use super::same_site::is_name;
use super::secret_source::{SecretSource, one_of, secret};
use super::value::ConfigValue;
use crate::link;

/// A whole line that would be right.
const EXAMPLE: &str = "cookies = { session = { file = \"/run/paper\", hosts = [\"www.paper.example\"] } }";

/// A cookie that a source sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceCookie {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: SecretSource,
    /// The hosts it is for; none: the origin of the feed.
    pub hosts: Vec<CookieHost>,
}

/// What a cookie is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CookieHost {
    /// One host, as [`link::host`] names it.
    One(String),
    /// All hosts below a domain, which is no public suffix; `*.paper.example`.
    Below(String),
}

impl CookieHost {
    /// Whether a host, as [`link::host`] names it, is meant.
    pub fn contains(&self, host: &str) -> bool {
        match self {
            Self::One(name) => name == host,
            Self::Below(domain) => host.strip_suffix(&**domain).is_some_and(|rest| rest.ends_with('.')),
        }
    }
}

/// The table of cookies of a source: each is text, a place, or a table with hosts.
pub(super) fn read_cookies(value: &ConfigValue<'_>) -> Vec<SourceCookie> {
    let cookies = value.named(EXAMPLE).unwrap_or_default();
    cookies.iter().filter_map(cookie).collect()
}

fn cookie(value: &ConfigValue<'_>) -> Option<SourceCookie> {
    let name = value.key();
    let is_named = is_token(name);
    if !is_named {
        value.fault_at_key(format!("no cookie has the name {}", quoted(name)), "letters, digits and dashes");
    }
    let (secret, hosts) = match value.parsed() {
        DeValue::Table(_) => {
            let section = value.section(&COOKIE)?;
            let secret = one_of(value, &section, &["value", "credential", "env", "file"]);
            let hosts = section.get("hosts").map_or(Some(Vec::new()), |hosts| read_hosts(&hosts));
            (secret, hosts)
        }
        _ => (secret(value), Some(Vec::new())),
    };
    let (value, hosts) = secret.zip(hosts)?;
    is_named.then(|| SourceCookie { name: name.to_owned(), value, hosts })
}

/// Whether a text is a token (RFC 9110, 5.6.2): the name of a header or a cookie.
pub(super) fn is_token(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_part)
}

fn read_hosts(value: &ConfigValue<'_>) -> Option<Vec<CookieHost>> {
    let hint = "write hosts = [\"www.paper.example\"]; \"*.paper.example\" is all hosts below a domain";
    let values = value.each();
    if values.is_empty() {
        value.fault_at_key("`hosts` names no host", format!("{hint}; without the key it is the feed's own"));
        return None;
    }
    let read = |value: &ConfigValue<'_>| {
        let typed = value.string("hosts = [\"www.paper.example\"]")?.trim();
        let host = cookie_host(typed);
        if let Err(message) = &host {
            value.fault(format!("{} {message}", quoted(typed)), hint);
        }
        host.ok()
    };
    let hosts: Vec<CookieHost> = values.iter().filter_map(read).collect();
    (hosts.len() == values.len()).then_some(hosts)
}

/// The host that was typed; else what is wrong with it.
fn cookie_host(typed: &str) -> Result<CookieHost, &'static str> {
    if typed.contains(['/', '@', '?', '#', '\\']) {
        return Err("is an address; a cookie is for a host");
    }
    let (name, is_below) = typed.strip_prefix("*.").map_or((typed, false), |rest| (rest, true));
    // An address of version 6 in brackets, as in a URL, or without.
    let parsed = name.parse().map_or_else(|_| Host::parse(name), |ip| Ok(Host::Ipv6(ip)));
    match parsed {
        Ok(Host::Domain(host)) if is_name(&host) => {
            let host = host.trim_end_matches('.').to_owned();
            if !is_below {
                Ok(CookieHost::One(host))
            } else if link::registrable(&host).is_some() {
                Ok(CookieHost::Below(host))
            } else {
                Err("is all of a public suffix, and the domains below that belong to many")
            }
        }
        Ok(Host::Ipv4(_) | Host::Ipv6(_)) if is_below => Err("is an IP address, which has no hosts below it"),
        Ok(Host::Ipv4(ip)) => Ok(CookieHost::One(ip.to_string())),
        Ok(Host::Ipv6(ip)) => Ok(CookieHost::One(ip.to_string())),
        _ if name.contains(':') => Err("has a port; a cookie is for all ports of a host"),
        _ => Err("is not the name of a host"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::load_text;
    use super::*;

    fn cookies(line: &str) -> Result<Vec<SourceCookie>, String> {
        let text =
            format!("daemon.contact = 'x'\n[[source]]\nname = 'a'\nfeed = 'https://a.example/'\n{line}\n");
        let config = load_text("d/cuttings.toml", &text).map_err(|faults| faults.render(false))?.config;
        Ok(config.sources[0].request.cookies.clone())
    }

    #[test]
    fn a_cookie_may_name_the_hosts_it_is_for() {
        let of = |value: &str| cookies(&format!("cookies = {{ s = {value} }}")).unwrap().remove(0);
        assert_eq!(of("'hush'").hosts, []);
        assert_eq!(of("{ value = 'hush' }"), of("'hush'"));
        assert_eq!(of("{ env = 'S' }").value, SecretSource::Env("S".into()));
        for (typed, expected) in [
            ("'www.paper.example'", CookieHost::One("www.paper.example".into())),
            ("['WWW.Paper.example.']", CookieHost::One("www.paper.example".into())),
            ("'zeitung.österreich.example'", CookieHost::One("zeitung.xn--sterreich-z7a.example".into())),
            ("'*.paper.example'", CookieHost::Below("paper.example".into())),
            ("'*.a.paper.co.uk'", CookieHost::Below("a.paper.co.uk".into())),
            ("'127.0.0.4'", CookieHost::One("127.0.0.4".into())),
            ("'[::1]'", CookieHost::One("::1".into())),
            ("'0:0::1'", CookieHost::One("::1".into())),
            ("'localhost'", CookieHost::One("localhost".into())),
        ] {
            let cookie = of(&format!("{{ value = 'hush', hosts = {typed} }}"));
            assert_eq!(cookie.hosts, [expected], "{typed}");
            assert!(!format!("{cookie:?}").contains("hush"));
        }
        let both = of("{ file = 'x', hosts = ['a.example', 'b.example'] }");
        assert_eq!(both.hosts.len(), 2);
        let section = cookies("[source.cookies.s]\nvalue = 'hush'\nhosts = ['a.example']").unwrap();
        assert_eq!(section[0].hosts, [CookieHost::One("a.example".into())]);
    }

    #[test]
    fn a_host_is_itself_and_what_is_below_a_domain_is_not_the_domain() {
        let below = CookieHost::Below("paper.example".into());
        for (host, is_below) in [
            ("www.paper.example", true),
            ("a.b.paper.example", true),
            ("paper.example", false),
            ("newspaper.example", false),
            ("paper.example.rival.example", false),
        ] {
            assert_eq!(below.contains(host), is_below, "{host}");
        }
        let one = CookieHost::One("paper.example".into());
        assert!(one.contains("paper.example") && !one.contains("www.paper.example"));
    }

    #[test]
    fn hosts_that_are_none_are_mistakes_and_the_value_is_not_shown() {
        for (value, said) in [
            ("{ value = 'hush', hosts = [] }", "`hosts` names no host"),
            ("{ value = 'hush', hosts = 'https://paper.example/' }", "is an address"),
            ("{ value = 'hush', hosts = 'paper.example:8443' }", "has a port"),
            ("{ value = 'hush', hosts = '*' }", "is not the name of a host"),
            ("{ value = 'hush', hosts = 'www.*.example' }", "is not the name of a host"),
            ("{ value = 'hush', hosts = '.paper.example' }", "is not the name of a host"),
            ("{ value = 'hush', hosts = '*.co.uk' }", "public suffix"),
            ("{ value = 'hush', hosts = '*.github.io' }", "public suffix"),
            ("{ value = 'hush', hosts = '*.127.0.0.1' }", "no hosts below it"),
            ("{ value = 'hush', hosts = ['a.example', 5] }", "`hosts` is a number"),
            ("{ value = 'hush', hosts = '' }", "`hosts` is empty"),
            ("{ hosts = 'a.example' }", "does not say where"),
            ("{ value = 'hush', file = 'x', hosts = 'a.example' }", "does not say where"),
            ("{ value = 'hush', host = 'a.example' }", "unknown key `host`"),
            ("{ value = 5 }", "`value` is a number"),
            ("5", "text, or where it is"),
        ] {
            let faults = cookies(&format!("cookies = {{ s = {value} }}")).unwrap_err();
            assert!(faults.contains(said) && faults.contains("cuttings.toml:5"), "{value}: {faults}");
            assert!(!faults.contains("hush"), "{value}: {faults}");
        }
        assert!(cookies("cookies = { 'a b' = 'hush' }").unwrap_err().contains("no cookie has the name"));
    }
}
