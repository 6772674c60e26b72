//! What the user typed, checked as a whole and compiled into what runs.
//!
//! Every default stands in the `Default` impls and in [`Source::new`] below and nowhere else; a test holds
//! `config/cuttings.toml` to them.
//!
//! [`find`] looks for the file, [`load`] reads it with all it includes and answers either what runs or everything that
//! is wrong, each mistake with its place and a hint.

mod access;
mod edit;
mod fault;
mod files;
mod filter;
mod find;
mod keys;
mod listing;
mod load;
mod nearest;
mod output;
mod pages;
mod place;
mod read;
mod rules;
mod scalar;
mod schema;
mod settings;
mod text;
mod value;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use chrono_tz::Tz;
use ipnet::IpNet;
use regex::Regex;
use url::Url;

use crate::html::Css;
pub use crate::timing::Schedule;

pub use access::{RequestOptions, SecretSource, refused_header};
pub use edit::{Names, NewSource, NotAdded, append};
pub use fault::{Fault, Faults, SHOWN, Severity, counted};
pub use filter::{Filter, FilterInput, Filters};
pub use find::{NotFound, find, find_or_begin, search};
pub use listing::{Listing, SourceKind};
pub use load::{LoadedConfig, NamedDatabase, load, load_rules, load_sites, load_text, named_database};
pub use nearest::nearest;
pub use output::{FeedGrouping, OutputConfig, OutputKind, Secret};
pub use schema::schema;

/// A whole configuration, valid.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// `[daemon]`
    pub daemon: DaemonConfig,
    /// `[politeness]`
    pub politeness: PolitenessConfig,
    /// `[fetch]`
    pub fetch: FetchConfig,
    /// `[metrics]`
    pub metrics: MetricsConfig,
    /// `[[source]]`, in the order of the files.
    pub sources: Vec<Arc<Source>>,
    /// `[[output]]`, in the order of the files.
    pub outputs: Vec<OutputConfig>,
    /// Rules of `sites/HOST.toml`.
    pub sites: Sites,
}

/// `[daemon]`: who we are and where things are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DaemonConfig {
    /// A page or address that tells a site's owner whom to ask; goes into the User-Agent.
    pub contact: Option<String>,
    /// Where the database is; `None`: `$STATE_DIRECTORY/cuttings.db`, else the user's XDG data folder.
    pub database: Option<PathBuf>,
    /// With fewer bytes free where the database is, nothing is collected.
    pub min_free_disk: u64,
}

impl Default for DaemonConfig {
    fn default() -> Self {
        Self {
            contact: None,
            database: None,
            min_free_disk: 200 << 20,
        }
    }
}

/// `[politeness]`: how little of a server we take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolitenessConfig {
    /// Least time between two requests to one host. Under a second needs `impolite`.
    pub host_gap: Duration,
    /// Requests in flight to one host. Over one needs `impolite`.
    pub per_host: usize,
    /// Requests in flight in all.
    pub in_flight: usize,
    /// How far a server's wish to be left alone, and trouble with it, reach.
    pub scope: BackoffScope,
    /// Allows what is ruder than the floors: for servers of one's own.
    pub impolite: bool,
}

impl Default for PolitenessConfig {
    fn default() -> Self {
        Self {
            host_gap: Duration::from_secs(1),
            per_host: 1,
            in_flight: 32,
            scope: BackoffScope::default(),
            impolite: false,
        }
    }
}

/// What `Retry-After` and trouble hold for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BackoffScope {
    /// The feed that was asked, and no other of its host.
    Feed,
    /// All that is fetched from the host.
    #[default]
    Host,
    /// All hosts of a registrable domain, which also share the gap and the one request at a time.
    Domain,
}

/// `[fetch]`: limits of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchConfig {
    /// Time to connect, TLS included.
    pub connect_timeout: Duration,
    /// Longest silence while a response arrives.
    pub idle_timeout: Duration,
    /// Time for the whole of one request, redirects not included.
    pub total_timeout: Duration,
    /// Decoded bytes of a feed.
    pub max_feed: u64,
    /// Decoded bytes of a page.
    pub max_page: u64,
    /// Hops of one request.
    pub max_redirects: usize,
    /// Private networks that may be reached all the same.
    pub allow_networks: Vec<IpNet>,
}

impl Default for FetchConfig {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(20),
            total_timeout: Duration::from_mins(1),
            max_feed: 10 << 20,
            max_page: 5 << 20,
            max_redirects: 10,
            allow_networks: Vec::new(),
        }
    }
}

/// `[metrics]`: what programs that watch can ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetricsConfig {
    /// Where `/metrics` and `/health` are served; `None`: nowhere.
    pub listen: Option<ListenAddress>,
}

/// A place that only this machine can reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    /// A loopback address and a port.
    Tcp(std::net::SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
}

/// `[[source]]`, with `[defaults]` applied.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a key that a person sets by itself"
)]
pub struct Source {
    /// The key of the source: state follows it.
    pub name: String,
    /// Its name before it was renamed.
    pub was: Option<String>,
    /// Whether it is polled.
    pub enabled: bool,
    /// The document that is polled: a feed, or what `form` says.
    pub feed: Url,
    /// What that document is.
    pub form: SourceKind,
    /// When it is polled: `every` or `cron`.
    pub schedule: Schedule,
    /// Zone of printed times without one, and of `cron`.
    pub timezone: Tz,
    /// Labels for selections.
    pub tags: Vec<String>,
    /// BCP 47; for pages that do not say.
    pub language: Option<String>,
    /// A regular expression whose first group (else whole match) names the article in any of its URLs.
    pub key_from_url: Option<Regex>,
    /// Whether pages are fetched.
    pub pages: PagePolicy,
    /// How long raw pages are kept.
    pub keep_pages: Retention,
    /// Which articles are kept.
    pub keep: ArticleRetention,
    /// Which texts of an article are kept when it changes.
    pub revisions: RevisionPolicy,
    /// Ages, counted from when an article's page was had, at which it is looked at again; shortest first, each once.
    pub revisit: Vec<Duration>,
    /// Pages fetched of a source never seen before; the rest of its entries are recorded as seen.
    pub first_poll: usize,
    /// Which entries are wanted.
    pub filters: Filters,
    /// Longest that wishes of server and feed may delay a poll.
    pub max_hint: Duration,
    /// Whether a feed that moved for good is only reported.
    pub pin: bool,
    /// Whether pages are fetched without asking robots.txt.
    pub ignore_robots: bool,
    /// Whether robots.txt holds for the feed too.
    pub feed_robots: bool,
    /// How it is asked.
    pub access: RequestOptions,
    /// `[source.article]`, or what `[defaults.article]` has. Its `timezone`, `language` and `key_from_url` are those
    /// of the source itself, where it has them: they go before a site's, those of `[defaults]` after.
    pub article: ArticleRules,
    /// `[[source.rules]]`, newest first: each goes before [`Source::article`] on pages of its time.
    pub rules: Vec<ArticleRules>,
    /// `[[source.test]]`
    pub tests: Vec<SourceTest>,
    /// `file:line` where it stands, for messages.
    pub at: String,
}

impl Source {
    /// A source with every setting at its default.
    pub fn new(name: &str, feed: Url) -> Self {
        Self {
            name: name.to_owned(),
            was: None,
            enabled: true,
            feed,
            form: SourceKind::Feed,
            schedule: Schedule::Adaptive,
            timezone: Tz::UTC,
            tags: Vec::new(),
            language: None,
            key_from_url: None,
            pages: PagePolicy::default(),
            keep_pages: Retention::For(Duration::from_hours(30 * 24)),
            keep: ArticleRetention::default(),
            revisions: RevisionPolicy::default(),
            revisit: Vec::new(),
            first_poll: 50,
            filters: Filters::default(),
            max_hint: Duration::from_hours(24),
            pin: false,
            ignore_robots: false,
            feed_robots: false,
            access: RequestOptions::default(),
            article: ArticleRules::default(),
            rules: Vec::new(),
            tests: Vec::new(),
            at: String::new(),
        }
    }
}

/// `[[source.test]]`: what the rules of a source must find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceTest {
    /// A page of the source.
    pub url: Url,
    /// A passage of its text.
    pub contains: String,
    /// `file:line` where it stands, for messages.
    pub at: String,
}

/// Whether the pages of a source are fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PagePolicy {
    /// Each one.
    #[default]
    Always,
    /// Not where the feed carries the full text.
    Auto,
    /// None: the feed's text is the article.
    Never,
}

/// How long something is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// Not at all.
    Never,
    /// So long.
    For(Duration),
    /// For good.
    Forever,
}

/// Which articles of a source are kept. What is dropped is told to readers and never fetched again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ArticleRetention {
    /// All.
    #[default]
    Forever,
    /// So long after they were first stored.
    For(Duration),
    /// So many, the newest.
    Newest(usize),
}

/// Which texts of an article are kept when it changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RevisionPolicy {
    /// Every one.
    #[default]
    All,
    /// The latest; older ones are dropped.
    Latest,
    /// The first; later ones are not stored. A page still replaces the feed's own text.
    First,
}

/// Rules that cut an article out of a page, compiled. Of a source, or of a site.
#[derive(Clone, Debug, Default)]
pub struct ArticleRules {
    /// Selectors of the headline.
    pub title: Vec<FieldRule>,
    /// Selectors of the lead.
    pub standfirst: Vec<FieldRule>,
    /// Selectors of who wrote it.
    pub byline: Vec<FieldRule>,
    /// Selectors of the date of publication.
    pub published: Vec<FieldRule>,
    /// Selectors of the date of the last change.
    pub modified: Vec<FieldRule>,
    /// Selectors of the text; each takes all its matches, in document order.
    pub body: Vec<FieldRule>,
    /// Selectors of the lead image.
    pub image: Vec<FieldRule>,
    /// Selectors of the page's own short link.
    pub short_link: Vec<FieldRule>,
    /// Selectors of the link to the next page of the article.
    pub next_page: Vec<FieldRule>,
    /// Selectors of the link to the whole article on one page.
    pub single_page: Vec<FieldRule>,
    /// Elements taken out of the body before it is read.
    pub remove: Vec<Css>,
    /// Plain texts: the body ends before the first text node that contains one.
    pub cut_after: Vec<String>,
    /// Plain texts: a page whose text contains one is no article (a "not found" sent with 200).
    pub reject_if_contains: Vec<String>,
    /// Zone of printed times. Of a site rule: where the source has none of its own.
    pub timezone: Option<Tz>,
    /// As [`Source::key_from_url`].
    pub key_from_url: Option<Regex>,
    /// As [`Source::language`].
    pub language: Option<String>,
    /// The last day on which pages were made this way; `None`: they still are.
    pub valid_until: Option<NaiveDate>,
    /// Where they stand, for people: `[source.article]`, `sites/paper.example.toml`.
    pub layer: String,
}

impl ArticleRules {
    /// Each selector of a field, as typed, with the name of the field.
    pub fn selectors(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("title", &self.title),
            ("standfirst", &self.standfirst),
            ("byline", &self.byline),
            ("published", &self.published),
            ("modified", &self.modified),
            ("body", &self.body),
            ("image", &self.image),
            ("short_link", &self.short_link),
        ]
        .into_iter()
        .flat_map(|(field, rules)| rules.iter().map(move |rule| (field, rule.typed.as_str())))
    }
}

/// One selector of a field.
#[derive(Clone, Debug)]
pub struct FieldRule {
    /// What to look for.
    pub css: Css,
    /// The attribute that holds the value; `None`: its text.
    pub attr: Option<String>,
    /// Its first group, else the whole match, is the value. Applied before `format`.
    pub matches: Option<Regex>,
    /// strftime pattern of a date.
    pub format: Option<String>,
    /// As typed, with its `@attr`: the name of the rule in counters and logs.
    pub typed: String,
}

/// Site rules by host.
#[derive(Clone, Debug, Default)]
pub struct Sites {
    rules: std::collections::BTreeMap<String, ArticleRules>,
}

impl Sites {
    /// Adds the rules of `sites/HOST.toml`.
    pub fn insert(&mut self, host: &str, rules: ArticleRules) {
        self.rules.insert(host.to_ascii_lowercase(), rules);
    }

    /// The rules of all hosts.
    pub fn all(&self) -> impl Iterator<Item = &ArticleRules> {
        self.rules.values()
    }

    /// How many hosts have rules.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether no host has rules.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The rules for a page of `host`: of the host itself, with or without `www.`, else of the nearest parent domain.
    pub fn of(&self, host: &str) -> Option<&ArticleRules> {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let mut rest = host.strip_prefix("www.").unwrap_or(&host);
        if let Some(rules) = self
            .rules
            .get(&host)
            .or_else(|| self.rules.get(&format!("www.{rest}")))
        {
            return Some(rules);
        }
        loop {
            if let Some(rules) = self.rules.get(rest) {
                return Some(rules);
            }
            (_, rest) = rest.split_once('.')?;
        }
    }
}
