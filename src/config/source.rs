//! A source of the configuration, with its defaults.

use std::time::Duration;

use chrono_tz::Tz;
use regex::Regex;
use url::Url;

use super::article_rules::ArticleRules;
use super::filter::Filters;
use super::listing::SourceKind;
use super::request::RequestOptions;
use super::url_command::UrlCommand;
use crate::link::SameSite;
use crate::timing::Schedule;

/// `[[source]]`, with `[defaults]` applied.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key that a person sets by itself")]
pub struct Source {
    /// Identifies the source: its state is stored under it.
    pub name: String,
    /// Its former name, whose state it takes over.
    pub was: Option<String>,
    /// Whether it is polled.
    pub enabled: bool,
    /// The document that is polled.
    pub feed: Url,
    /// What that document is.
    pub kind: SourceKind,
    /// When it is polled: adaptively, `every` or `cron`.
    pub schedule: Schedule,
    /// Zone of `cron`, and of times in the feed or page that have none.
    pub timezone: Tz,
    /// Labels for selections.
    pub tags: Vec<String>,
    /// BCP 47; of pages that do not state one.
    pub language: Option<String>,
    /// Its first group, else the whole match, in any URL of an article is a key of the article.
    pub key_from_url: Option<Regex>,
    /// Domains that are one site, its own and those of the files in `sites/`.
    pub same_site: SameSite,
    /// Whether a link to a redirector that carries its target is replaced by the target.
    pub unwrap: bool,
    /// Whether pages are fetched.
    pub pages: PagePolicy,
    /// Whether the feed's own text is stored while the page cannot be fetched, until it comes.
    pub provisional: bool,
    /// How long fetched pages are stored.
    pub keep_pages: Retention,
    /// Which articles are kept.
    pub keep: ArticleRetention,
    /// Which texts of an article are stored when it changes.
    pub revisions: RevisionPolicy,
    /// Ages of an article, counted from its first fetch, at which its page is fetched again; ascending, each once.
    pub revisit: Vec<Duration>,
    /// Most pages that are fetched after the first poll; the other entries are recorded as seen.
    pub first_poll: usize,
    /// Which entries are collected.
    pub filters: Filters,
    /// Longest delay that hints of the server or the feed can cause.
    pub max_hint: Duration,
    /// Whether permanent redirects of the feed are only reported, not followed at the next poll.
    pub pin: bool,
    /// Whether robots.txt is ignored for pages.
    pub ignore_robots: bool,
    /// Whether robots.txt applies to the feed too.
    pub feed_robots: bool,
    /// The program that prints the document, in place of a request for `feed`, which stays the base of its links.
    pub feed_command: Option<UrlCommand>,
    /// The program that prints a page, in place of a request for it.
    pub fetch_command: Option<UrlCommand>,
    /// Options of its requests.
    pub request: RequestOptions,
    /// `[source.article]`, or what `[defaults.article]` has. Its `timezone`, `language` and `key_from_url` are those
    /// of the source itself, where it has them: they go before a site's, those of `[defaults]` after.
    pub article: ArticleRules,
    /// `[[source.rules]]`, newest first: each goes before [`Source::article`] on pages of its time.
    pub rules: Vec<ArticleRules>,
    /// `[[source.test]]`
    pub tests: Vec<SourceTest>,
    /// `file:line` of the section, for messages.
    pub at: String,
}

impl Source {
    /// A source with every setting at its default. This is the only place of these defaults.
    pub fn new(name: &str, feed: Url) -> Self {
        Self {
            name: name.to_owned(),
            was: None,
            enabled: true,
            feed,
            kind: SourceKind::Feed,
            schedule: Schedule::Adaptive,
            timezone: Tz::UTC,
            tags: Vec::new(),
            language: None,
            key_from_url: None,
            same_site: SameSite::default(),
            unwrap: true,
            pages: PagePolicy::default(),
            provisional: true,
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
            feed_command: None,
            fetch_command: None,
            request: RequestOptions::default(),
            article: ArticleRules::default(),
            rules: Vec::new(),
            tests: Vec::new(),
            at: String::new(),
        }
    }
}

/// `[[source.test]]`: a passage that the rules of a source must find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceTest {
    /// A page of the source.
    pub url: Url,
    /// A passage of its text.
    pub contains: String,
    /// `file:line` of the section, for messages.
    pub at: String,
}

/// Whether the pages of a source are fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PagePolicy {
    /// Every page.
    #[default]
    Always,
    /// Every page, except where the feed has the full text.
    Auto,
    /// No page: the article is the text of the feed.
    Never,
}

/// How long something is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// Not at all.
    Never,
    /// For this time.
    For(Duration),
    /// Without end.
    Forever,
}

/// Which articles of a source are kept. Those that are not are deleted, announced as deleted, and never fetched again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ArticleRetention {
    /// All.
    #[default]
    Forever,
    /// For this time after they were first stored.
    For(Duration),
    /// The newest, this many.
    Newest(usize),
}

/// Which texts of an article are stored when it changes.
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
