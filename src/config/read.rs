//! From sections to a [`Config`]: what is wrong is noted, and reading goes on with the defaults.
//!
//! `[politeness]` comes first, as it says how low intervals may go, then `[defaults]`, then the sources of all files.

use std::collections::HashMap;
use std::sync::Arc;

use ipnet::IpNet;
use url::Url;

use super::access;
use super::fault::quoted;
use super::files::folder_of;
use super::keys::{self, DAEMON, DEFAULTS, FETCH, Keys, METRICS, OUTPUT, POLITENESS, SOURCE};
use super::output;
use super::settings::Settings;
use super::value::{Section, Value};
use super::{
    BackoffScope, Config, DaemonConfig, FetchConfig, Filters, ListenAddress, MetricsConfig, PagePolicy,
    PolitenessConfig, RevisionPolicy, Sites, Source, SourceKind, SourceTest, listing, rules,
};

/// Reads the tops of all files, the main file first.
pub(super) fn config(tops: &[Section<'_>]) -> Config {
    let politeness =
        only_section(tops, "politeness", &POLITENESS).map_or_else(PolitenessConfig::default, politeness);
    let impolite = politeness.impolite;
    let defaults = only_section(tops, "defaults", &DEFAULTS)
        .map(|section| Settings::read(&section, &Settings::default(), impolite))
        .unwrap_or_default();
    let sections = tops
        .iter()
        .filter_map(|top| top.get("source"))
        .flat_map(|value| value.sections(&SOURCE));
    let mut sources = Sources::default();
    for section in sections {
        sources.add(&section, &defaults, impolite);
    }
    sources.check_renames();
    let outputs = tops
        .iter()
        .filter_map(|top| top.get("output"))
        .flat_map(|value| value.sections(&OUTPUT));
    Config {
        daemon: daemon(tops),
        politeness,
        fetch: only_section(tops, "fetch", &FETCH)
            .map_or_else(FetchConfig::default, |section| fetch(&section)),
        metrics: only_section(tops, "metrics", &METRICS).map_or_else(MetricsConfig::default, |section| {
            MetricsConfig {
                listen: section.get("listen").and_then(|value| listen(&value)),
            }
        }),
        sources: sources.read,
        outputs: output::outputs(outputs),
        sites: Sites::default(),
    }
}

/// The value of a key that only one file may have: that of the first.
pub(super) fn only_one<'a>(tops: &[Section<'a>], key: &'static str) -> Option<Value<'a>> {
    let mut values = tops.iter().filter_map(|top| top.get(key));
    let first = values.next()?;
    for again in values {
        again.fault_at_key(
            format!("`{key}` is set already, at {}", first.place()),
            "one file of a configuration has it; move what differs there",
        );
    }
    Some(first)
}

/// The section that only one file may have.
fn only_section<'a>(tops: &[Section<'a>], key: &'static str, keys: &'static Keys) -> Option<Section<'a>> {
    only_one(tops, key)?.section(keys)
}

/// `[daemon]`; who leaves `contact` empty is warned once, in the main file.
fn daemon(tops: &[Section<'_>]) -> DaemonConfig {
    let section = only_section(tops, "daemon", &DAEMON);
    let get = |key| section.and_then(|section| section.get(key));
    let contact = get("contact");
    let typed = contact
        .as_ref()
        .and_then(|value| value.text_or_empty("contact = \"https://example.org/bot\""))
        .map(str::trim);
    let sendable = typed.is_none_or(|typed| {
        typed
            .bytes()
            .all(|byte| matches!(byte, b' '..=b'~') && !b"()\\".contains(&byte))
    });
    if let (Some(value), false) = (&contact, sendable) {
        value.fault(
            "`contact` goes into the User-Agent, which is plain ASCII without round brackets",
            "write an address such as https://example.org/bot or mailto:press@example.org",
        );
    }
    if typed.is_none_or(str::is_empty)
        && let Some(main) = tops.first()
    {
        let at = contact.map(|value| value.key_at()).or(section
            .filter(|section| std::ptr::eq(section.text(), main.text()))
            .map(|section| section.at()));
        main.text().warning(
            at.unwrap_or(0..0),
            "`contact` in [daemon] is empty: a site's owner who minds cannot ask, only block",
            "write contact = \"https://example.org/bot\" or an address of yours",
        );
    }
    DaemonConfig {
        contact: typed.filter(|typed| !typed.is_empty()).map(str::to_owned),
        database: get("database").and_then(|value| {
            let typed = value.string("database = \"cuttings.db\"")?;
            Some(folder_of(value.text().path()).join(typed))
        }),
        min_free_disk: get("min_free_disk")
            .and_then(|value| value.disk_size())
            .unwrap_or(DaemonConfig::default().min_free_disk),
    }
}

/// A port of this machine, or a socket in its file system.
fn listen(value: &Value<'_>) -> Option<ListenAddress> {
    let typed = value.string("listen = \"127.0.0.1:9187\"")?.trim();
    if let Some(path) = typed.strip_prefix("unix:") {
        return Some(ListenAddress::Unix(folder_of(value.text().path()).join(path)));
    }
    match typed.parse::<std::net::SocketAddr>() {
        Ok(address) if address.ip().is_loopback() => Some(ListenAddress::Tcp(address)),
        Ok(_) => {
            value.fault(
                "`listen` is an address that other machines can reach, and there is no password on it",
                "listen on 127.0.0.1 or [::1], and let a proxy show it to others",
            );
            None
        }
        Err(_) => {
            value.fault(
                format!("`listen` is {}", quoted(typed)),
                "it is an address and a port such as \"127.0.0.1:9187\", or \"unix:/run/cuttings/metrics\"",
            );
            None
        }
    }
}

/// `[politeness]`, held to its defaults as floors unless `impolite`.
fn politeness(section: Section<'_>) -> PolitenessConfig {
    let mut politeness = PolitenessConfig::default();
    let floor = PolitenessConfig::default();
    if let Some(impolite) = section.get("impolite").and_then(|value| value.boolean()) {
        politeness.impolite = impolite;
    }
    let rude = "be gentler, or add `impolite = true` for servers of your own";
    if let Some(value) = section.get("host_gap")
        && let Some(gap) = value.duration_or_none("1s")
    {
        if gap < floor.host_gap && !politeness.impolite {
            value.fault("`host_gap` is under a second", rude);
        }
        politeness.host_gap = gap;
    }
    if let Some(value) = section.get("per_host")
        && let Some(number) = value.number(1..=64)
    {
        if number > floor.per_host && !politeness.impolite {
            value.fault("`per_host` is over one request at a time", rude);
        }
        politeness.per_host = number;
    }
    if let Some(number) = section.get("in_flight").and_then(|value| value.number(1..=1024)) {
        politeness.in_flight = number;
    }
    if let Some(scope) = section.get("scope").and_then(|value| scope(&value)) {
        politeness.scope = scope;
    }
    politeness
}

/// What `Retry-After` and trouble hold for.
fn scope(value: &Value<'_>) -> Option<BackoffScope> {
    value.one_of(&[
        ("host", BackoffScope::Host),
        ("feed", BackoffScope::Feed),
        ("domain", BackoffScope::Domain),
    ])
}

/// `[fetch]`
fn fetch(section: &Section<'_>) -> FetchConfig {
    let mut fetch = FetchConfig::default();
    for (key, field, example) in [
        ("connect_timeout", &mut fetch.connect_timeout, "10s"),
        ("idle_timeout", &mut fetch.idle_timeout, "20s"),
        ("total_timeout", &mut fetch.total_timeout, "1m"),
    ] {
        if let Some(timeout) = section.get(key).and_then(|value| value.duration(example)) {
            *field = timeout;
        }
    }
    for (key, field) in [
        ("max_feed", &mut fetch.max_feed),
        ("max_page", &mut fetch.max_page),
    ] {
        if let Some(size) = section.get(key).and_then(|value| value.size()) {
            *field = size;
        }
    }
    if let Some(hops) = section
        .get("max_redirects")
        .and_then(|value| value.number(0..=10))
    {
        fetch.max_redirects = hops;
    }
    if let Some(value) = section.get("allow_networks") {
        fetch.allow_networks = value.each().iter().filter_map(network).collect();
    }
    fetch
}

/// A network, or a single address.
fn network(value: &Value<'_>) -> Option<IpNet> {
    let typed = value.string("allow_networks = [\"192.168.1.0/24\"]")?.trim();
    let network = typed
        .parse::<IpNet>()
        .or_else(|_| typed.parse().map(|address: std::net::IpAddr| address.into()))
        .ok();
    if network.is_none() {
        value.fault(
            format!("{} is no network", quoted(typed)),
            "write an address and the length of its prefix, such as \"192.168.1.0/24\"",
        );
    }
    network
}

/// Sources, and where their names and feeds stand: looked up by hash, as there may be many.
#[derive(Default)]
struct Sources<'a> {
    read: Vec<Arc<Source>>,
    /// Names and where they are given.
    names: HashMap<&'a str, Value<'a>>,
    /// Feeds and where they are given first.
    feeds: HashMap<Url, Value<'a>>,
    /// Names given up by `was`.
    renamed: HashMap<&'a str, Value<'a>>,
}

impl<'a> Sources<'a> {
    /// Reads a source; one without a name or a feed that can be used is noted and left out.
    fn add(&mut self, section: &Section<'a>, defaults: &Settings, impolite: bool) {
        let name = section
            .need("name", "write name = \"my-paper\"")
            .and_then(|value| self.name(&value));
        let document = self.document(section);
        let was = section.get("was").and_then(|value| self.was(value));
        let settings = Settings::read(section, defaults, impolite);
        let dated = section
            .get("rules")
            .map(|value| rules::dated(&value))
            .unwrap_or_default();
        let tests = section.get("test").map(|value| tests(&value)).unwrap_or_default();
        let (Some(name), Some((feed, form))) = (name, document) else {
            return;
        };
        let mut source = Source {
            was,
            form,
            filters: Filters::read(section),
            rules: dated,
            tests,
            at: section.text().place(section.at().start),
            ..Source::new(name, feed)
        };
        settings.apply(defaults, &mut source);
        access::of_source(section, &mut source.access);
        if !source.revisit.is_empty()
            && source.revisions == RevisionPolicy::First
            && let Some(value) = section.get("revisit").or_else(|| section.get("revisions"))
        {
            value.fault_at_key(
                "`revisit` looks for later texts, and `revisions` is \"first\", which keeps none",
                "leave one of the two out",
            );
        }
        if source.pages == PagePolicy::Never
            && !matches!(source.form, SourceKind::Feed)
            && let Some(value) = section.get("listing").or_else(|| section.get("sitemap"))
        {
            value.fault_at_key(
                format!(
                    "a {} has no texts, and `pages` is \"never\"",
                    source.form.as_str()
                ),
                "write pages = \"always\" for this source",
            );
        }
        self.read.push(Arc::new(source));
    }

    /// What is polled: exactly one of `feed`, `listing` and `sitemap`.
    fn document(&mut self, section: &Section<'a>) -> Option<(Url, SourceKind)> {
        let given: Vec<Value<'a>> = ["feed", "listing", "sitemap"]
            .into_iter()
            .filter_map(|key| section.get(key))
            .collect();
        if let [first, second, ..] = given.as_slice() {
            second.fault_at_key(
                format!("`{}` and `{}` are both set", first.key(), second.key()),
                "a source polls one of them; make two sources to poll both",
            );
        }
        match given.first() {
            Some(value) if value.key() == "listing" => {
                let (url, listing) = listing::read(value)?;
                Some((url, SourceKind::Listing(Box::new(listing))))
            }
            Some(value) if value.key() == "sitemap" => Some((self.feed(value)?, SourceKind::Sitemap)),
            Some(value) => Some((self.feed(value)?, SourceKind::Feed)),
            None => {
                section.need(
                    "feed",
                    "write feed = \"https://example.org/rss\"; a site without a feed has `listing` or `sitemap`",
                );
                None
            }
        }
    }

    /// A name nobody else has.
    fn name(&mut self, value: &Value<'a>) -> Option<&'a str> {
        const LONGEST: usize = 100;
        let name = value.string("name = \"my-paper\"")?;
        if name != name.trim() || name.len() > LONGEST || name.chars().any(char::is_control) {
            value.fault(
                "`name` is no name",
                format!("at most {LONGEST} bytes, no space at its ends and no control characters"),
            );
            return None;
        }
        if let Some(first) = self.names.get(name) {
            value.fault(
                format!("there is a source {} already, at {}", quoted(name), first.place()),
                "each source has a name of its own: its articles are kept under it",
            );
            return None;
        }
        self.names.insert(name, value.clone());
        Some(name)
    }

    /// The feed; one that is polled already is a warning, as it costs one request only.
    fn feed(&mut self, value: &Value<'a>) -> Option<Url> {
        let feed = value.url()?;
        if let Some(first) = self.feeds.get(&feed) {
            value.text().warning(
                value.key_at(),
                format!(
                    "this {} is polled already, by the source at {}",
                    value.key(),
                    first.place()
                ),
                "one of the two is enough; a second polls nothing new",
            );
        } else {
            self.feeds.insert(feed.clone(), value.clone());
        }
        Some(feed)
    }

    /// The name the source had before.
    fn was(&mut self, value: Value<'a>) -> Option<String> {
        let was = value.string("was = \"old-name\"")?;
        if let Some(first) = self.renamed.get(was) {
            value.fault(
                format!("{} was renamed already, at {}", quoted(was), first.place()),
                "only one source can carry on its state",
            );
            return None;
        }
        self.renamed.insert(was, value);
        Some(was.to_owned())
    }

    /// A name that was given up must not be in use.
    fn check_renames(&self) {
        for (was, value) in &self.renamed {
            if let Some(other) = self.names.get(*was) {
                let place = other.place();
                value.fault(
                    format!("a source is still called {}, at {place}", quoted(was)),
                    "`was` is the name a source had before; rename that one, or leave `was` out",
                );
            }
        }
    }
}

/// `[[source.test]]`
fn tests(value: &Value<'_>) -> Vec<SourceTest> {
    let read = |section: Section<'_>| {
        let url = section.need("url", "write url = \"https://example.org/an-article\"");
        let contains = section.need("contains", "write contains = \"a passage of its text\"");
        let url = url.and_then(|value| value.url());
        let contains = contains.and_then(|value| value.string("contains = \"a passage of its text\""));
        Some(SourceTest {
            url: url?,
            contains: contains?.to_owned(),
            at: section.text().place(section.at().start),
        })
    };
    value.sections(&keys::TEST).into_iter().filter_map(read).collect()
}
