//! Reads the sections of all files into a [`Config`]. A mistake is reported, and reading goes on with the default.
//!
//! `[politeness]` comes first, because it decides how short intervals may be, then `[defaults]`, then the sources.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use ipnet::IpNet;
use url::Url;

use super::article_rules::Sites;
use super::fault::quoted;
use super::filter::Filters;
use super::keys::{self, DAEMON, DEFAULTS, FETCH, Keys, METRICS, OUTPUT, POLITENESS, SOURCE};
use super::listing::SourceKind;
use super::sections::{
    BackoffScope, Config, DaemonConfig, FetchConfig, ListenAddress, MetricsConfig, PolitenessConfig,
};
use super::settings::Settings;
use super::source::{PagePolicy, RevisionPolicy, Source, SourceTest};
use super::url_command::UrlCommand;
use super::value::{ConfigValue, Section};
use super::{files::folder_of, listing, output, request, rules, url_command};

/// Reads the top levels of all files, the main file first.
pub(super) fn config(tops: &[Section<'_>]) -> Config {
    let politeness =
        only_section(tops, "politeness", &POLITENESS).map_or_else(PolitenessConfig::default, politeness);
    let impolite = politeness.impolite;
    let defaults = only_section(tops, "defaults", &DEFAULTS)
        .map(|section| Settings::read(&section, &Settings::default(), impolite))
        .unwrap_or_default();
    let fetch =
        only_section(tops, "fetch", &FETCH).map_or_else(FetchConfig::default, |section| fetch(&section));
    let sections = tops.iter().filter_map(|top| top.get("source")).flat_map(|value| value.sections(&SOURCE));
    let mut reader = SourceReader { opens_files: !fetch.allow_files.is_empty(), ..SourceReader::default() };
    for section in sections {
        reader.add(&section, &defaults, impolite);
    }
    reader.check_renames();
    let outputs = tops.iter().filter_map(|top| top.get("output")).flat_map(|value| value.sections(&OUTPUT));
    Config {
        daemon: daemon(tops),
        politeness,
        fetch,
        metrics: only_section(tops, "metrics", &METRICS).map_or_else(MetricsConfig::default, |section| {
            MetricsConfig { listen: section.get("listen").and_then(|value| listen(&value)) }
        }),
        sources: reader.sources,
        outputs: output::outputs(outputs),
        sites: Sites::default(),
    }
}

/// The value of a key that only one file may have: that of the first.
pub(super) fn only_one<'a>(tops: &[Section<'a>], key: &'static str) -> Option<ConfigValue<'a>> {
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

/// The section that only one file may have; a second one is a mistake where it is, and the first counts.
fn only_section<'a>(tops: &[Section<'a>], key: &'static str, keys: &'static Keys) -> Option<Section<'a>> {
    only_one(tops, key)?.section(keys)
}

/// `[daemon]`; an empty `contact` is one warning, in the main file.
fn daemon(tops: &[Section<'_>]) -> DaemonConfig {
    let section = only_section(tops, "daemon", &DAEMON);
    let get = |key| section.and_then(|section| section.get(key));
    let contact = get("contact");
    let typed = contact
        .as_ref()
        .and_then(|value| value.text_or_empty("contact = \"https://example.org/bot\""))
        .map(str::trim);
    let sendable = typed.is_none_or(|typed| {
        typed.bytes().all(|byte| matches!(byte, b' '..=b'~') && !b"()\\".contains(&byte))
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
            .filter(|section| std::ptr::eq(section.file(), main.file()))
            .map(|section| section.at()));
        main.file().warning(
            at.unwrap_or(0..0),
            "`contact` in [daemon] is empty: a site's owner who minds cannot ask, only block",
            "write contact = \"https://example.org/bot\" or an address of yours",
        );
    }
    DaemonConfig {
        contact: typed.filter(|typed| !typed.is_empty()).map(str::to_owned),
        database: get("database").and_then(|value| value.path("database = \"cuttings.db\"")),
        min_free_disk: get("min_free_disk")
            .and_then(|value| value.disk_size())
            .unwrap_or(DaemonConfig::default().min_free_disk),
    }
}

/// A loopback address with a port, or a socket in the file system.
fn listen(value: &ConfigValue<'_>) -> Option<ListenAddress> {
    let typed = value.string("listen = \"127.0.0.1:9187\"")?.trim();
    if let Some(path) = typed.strip_prefix("unix:") {
        return Some(ListenAddress::Unix(folder_of(value.file().path()).join(path)));
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

/// `[politeness]`; without `impolite` nothing may be ruder than the defaults.
fn politeness(section: Section<'_>) -> PolitenessConfig {
    let floor = PolitenessConfig::default();
    let mut politeness = floor.clone();
    let impolite = section.read("impolite", ConfigValue::boolean);
    politeness.impolite = impolite.unwrap_or(floor.impolite);
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
    let in_flight = section.read("in_flight", |value| value.number(1..=1024));
    politeness.in_flight = in_flight.unwrap_or(floor.in_flight);
    politeness.scope = section.read("scope", scope).unwrap_or(floor.scope);
    politeness
}

/// `scope`: how far a backoff reaches.
fn scope(value: &ConfigValue<'_>) -> Option<BackoffScope> {
    value.one_of(&[
        ("host", BackoffScope::Host),
        ("feed", BackoffScope::Feed),
        ("domain", BackoffScope::Domain),
    ])
}

/// `[fetch]`: each limit is read by itself, so that one mistake leaves the others.
fn fetch(section: &Section<'_>) -> FetchConfig {
    let mut fetch = FetchConfig::default();
    for (key, timeout, example) in [
        ("connect_timeout", &mut fetch.connect_timeout, "10s"),
        ("idle_timeout", &mut fetch.idle_timeout, "20s"),
        ("total_timeout", &mut fetch.total_timeout, "1m"),
    ] {
        *timeout = section.read(key, |value| value.duration(example)).unwrap_or(*timeout);
    }
    for (key, size) in [("max_feed", &mut fetch.max_feed), ("max_page", &mut fetch.max_page)] {
        *size = section.read(key, ConfigValue::size).unwrap_or(*size);
    }
    let max_redirects = section.read("max_redirects", |value| value.number(0..=10));
    fetch.max_redirects = max_redirects.unwrap_or(fetch.max_redirects);
    let programs = section.read("programs", |value| value.number(1..=64));
    fetch.programs = programs.unwrap_or(fetch.programs);
    if let Some(value) = section.get("allow_networks") {
        fetch.allow_networks = value.each().iter().filter_map(network).collect();
    }
    if let Some(value) = section.get("allow_files") {
        fetch.allow_files = value.each().iter().filter_map(folder).collect();
    }
    fetch
}

/// A folder whose files may be feeds.
fn folder(value: &ConfigValue<'_>) -> Option<PathBuf> {
    let path = value.path("allow_files = [\"/srv/feeds\"]")?;
    if value.string("")?.trim_start().starts_with("file:") {
        value.fault("`allow_files` names folders, not addresses", "write allow_files = [\"/srv/feeds\"]");
        return None;
    }
    Some(path)
}

/// A network, or a single address.
fn network(value: &ConfigValue<'_>) -> Option<IpNet> {
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

/// Reads sources and finds names and feeds that are used twice. There may be tens of thousands.
#[derive(Default)]
struct SourceReader<'a> {
    sources: Vec<Arc<Source>>,
    /// Whether `allow_files` names any folder.
    opens_files: bool,
    /// Names that are used.
    names: HashMap<&'a str, ConfigValue<'a>>,
    /// Feeds that are polled; the first source of each.
    feeds: HashMap<Url, ConfigValue<'a>>,
    /// Names in `was`.
    renamed: HashMap<&'a str, ConfigValue<'a>>,
}

impl<'a> SourceReader<'a> {
    /// Reads a source. Without a valid name or feed it is left out.
    fn add(&mut self, section: &Section<'a>, defaults: &Settings, impolite: bool) {
        let name = section.need("name", "write name = \"my-paper\"").and_then(|value| self.name(&value));
        let document = self.document(section);
        let was = section.get("was").and_then(|value| self.was(value));
        let settings = Settings::read(section, defaults, impolite);
        let dated = section.get("rules").map(|value| rules::dated(&value)).unwrap_or_default();
        let tests = section.get("test").map(|value| tests(&value)).unwrap_or_default();
        let (Some(name), Some((feed, form))) = (name, document) else {
            return;
        };
        let mut source = Source {
            was,
            kind: form,
            filters: Filters::read(section),
            rules: dated,
            tests,
            at: section.file().place(section.at().start),
            ..Source::new(name, feed)
        };
        settings.apply(defaults, &mut source);
        request::read_source_keys(section, &mut source.request);
        source.feed_command = feed_command(section, &source);
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
            && !matches!(source.kind, SourceKind::Feed)
            && let Some(value) = section.get("listing").or_else(|| section.get("sitemap"))
        {
            value.fault_at_key(
                format!("a {} has no texts, and `pages` is \"never\"", source.kind.as_str()),
                "write pages = \"always\" for this source",
            );
        }
        self.sources.push(Arc::new(source));
    }

    /// What is polled: exactly one of `feed`, `listing` and `sitemap`.
    fn document(&mut self, section: &Section<'a>) -> Option<(Url, SourceKind)> {
        let given: Vec<ConfigValue<'a>> =
            ["feed", "listing", "sitemap"].into_iter().filter_map(|key| section.get(key)).collect();
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
            Some(value) if value.key() == "sitemap" => {
                let url = value.url()?;
                Some((self.not_twice(value, url), SourceKind::Sitemap))
            }
            Some(value) => {
                let url = value.feed_url(self.opens_files)?;
                Some((self.not_twice(value, url), SourceKind::Feed))
            }
            None => {
                let hint = if section.get("feed_command").is_some() {
                    "write the address that the feed counts as, and its links count from: feed = \"https://example.org/\""
                } else {
                    "write feed = \"https://example.org/rss\"; a site without a feed has `listing` or `sitemap`"
                };
                section.need("feed", hint);
                None
            }
        }
    }

    /// A name that no other source has.
    fn name(&mut self, value: &ConfigValue<'a>) -> Option<&'a str> {
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

    /// That a document is polled already is only a warning, because it costs no second request.
    fn not_twice(&mut self, value: &ConfigValue<'a>, feed: Url) -> Url {
        if let Some(first) = self.feeds.get(&feed) {
            value.file().warning(
                value.key_at(),
                format!("this {} is polled already, by the source at {}", value.key(), first.place()),
                "one of the two is enough; a second polls nothing new",
            );
        } else {
            self.feeds.insert(feed.clone(), value.clone());
        }
        feed
    }

    /// The former name; only one source can take over its state.
    fn was(&mut self, value: ConfigValue<'a>) -> Option<String> {
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

    /// Reports names in `was` that a source still has.
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

/// The program that prints the document of a source.
fn feed_command(section: &Section<'_>, source: &Source) -> Option<UrlCommand> {
    let value = section.get("feed_command")?;
    if source.feed.scheme() == "file" {
        value.fault_at_key(
            "`feed` is a file, and `feed_command` would print the feed",
            "leave one of them out; with a program `feed` is the address of the site, which its links count from",
        );
        return None;
    }
    // An index names further sitemaps, which the program must be able to tell apart.
    url_command::read(&value, matches!(source.kind, SourceKind::Sitemap))?.or_none()
}

/// `[[source.test]]`: both keys are needed.
fn tests(value: &ConfigValue<'_>) -> Vec<SourceTest> {
    let read = |section: Section<'_>| {
        let url = section.need("url", "write url = \"https://example.org/an-article\"");
        let contains = section.need("contains", "write contains = \"a passage of its text\"");
        let url = url.and_then(|value| value.url());
        let contains = contains.and_then(|value| value.string("contains = \"a passage of its text\""));
        Some(SourceTest {
            url: url?,
            contains: contains?.to_owned(),
            at: section.file().place(section.at().start),
        })
    };
    value.sections(&keys::TEST).into_iter().filter_map(read).collect()
}
