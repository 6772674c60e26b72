//! The nouns that pass between modules. No behaviour beyond printing and small conversions.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, TimeZone, Utc};
use chrono_tz::Tz;
use url::Url;

/// Row id of a configured source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub i64);

/// Row id of an entry, the unit of the queue between the two halves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryId(pub i64);

/// Row id of an article; survives revisions, and merges in favour of the older.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ArticleId(pub i64);

/// The opaque validators of a stored document, byte for byte as the server sent them (RFC 9110, 8.8).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`, with its quotes, `W/` and suffixes.
    pub etag: Option<Vec<u8>>,
    /// `Last-Modified`, however odd.
    pub last_modified: Option<Vec<u8>>,
}

impl Validators {
    /// Nothing to be conditional with.
    pub fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }
}

/// How much of a moment was printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Precision {
    /// `2018`
    Year,
    /// `2018-01`
    Month,
    /// `2018-01-05`
    Day,
    /// Hours and minutes, with an offset.
    Minute,
    /// Seconds, with an offset.
    Instant,
}

impl Precision {
    /// The word kept in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Month => "month",
            Self::Day => "day",
            Self::Minute => "minute",
            Self::Instant => "instant",
        }
    }
}

/// A moment as the page or feed wrote it: local time, the offset where one applies, and how precise it was.
///
/// A bare date has no offset: it is a date, not an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp {
    /// Local time as printed; the parts finer than `precision` are at their first value.
    pub local: NaiveDateTime,
    /// Offset from UTC; always there for [`Precision::Minute`] and [`Precision::Instant`], never for coarser ones.
    pub offset: Option<FixedOffset>,
    /// How much of it was printed.
    pub precision: Precision,
}

impl Timestamp {
    /// A moment with its offset, to the second.
    pub fn instant(at: DateTime<FixedOffset>) -> Self {
        Self {
            local: at.naive_local(),
            offset: Some(*at.offset()),
            precision: Precision::Instant,
        }
    }

    /// A bare date.
    pub fn date(date: NaiveDate) -> Self {
        Self {
            local: date.and_time(NaiveTime::MIN),
            offset: None,
            precision: Precision::Day,
        }
    }

    /// A printed local time with no offset, read in `zone`: the earlier of two at the end of summer time, and the
    /// first moment after the gap at its beginning.
    pub fn in_zone(local: NaiveDateTime, precision: Precision, zone: Tz) -> Self {
        if precision < Precision::Minute {
            return Self {
                local,
                offset: None,
                precision,
            };
        }
        let at = resolve(local, zone);
        Self {
            local: at.naive_local(),
            offset: Some(at.offset().fix_offset()),
            precision,
        }
    }

    /// The same in UTC, for sorting. A bare date is midnight of `zone`.
    pub fn utc(&self, zone: Tz) -> DateTime<Utc> {
        match self.offset {
            Some(offset) => (self.local - offset).and_utc(),
            None => resolve(self.local, zone).with_timezone(&Utc),
        }
    }
}

trait FixOffset {
    fn fix_offset(&self) -> FixedOffset;
}

impl<O: chrono::Offset> FixOffset for O {
    fn fix_offset(&self) -> FixedOffset {
        self.fix()
    }
}

/// A local time in a zone; one that summer time skipped moves on by the hour that is missing.
fn resolve(local: NaiveDateTime, zone: Tz) -> DateTime<Tz> {
    zone.from_local_datetime(&local)
        .earliest()
        .or_else(|| {
            zone.from_local_datetime(&(local + chrono::Duration::hours(1)))
                .earliest()
        })
        .unwrap_or_else(|| zone.from_utc_datetime(&local))
}

impl fmt::Display for Timestamp {
    /// RFC 3339 with whole seconds; a bare date stays `2018-01-05`, a month `2018-01`, a year `2018`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.precision, self.offset) {
            (Precision::Year, _) => write!(f, "{}", self.local.format("%Y")),
            (Precision::Month, _) => write!(f, "{}", self.local.format("%Y-%m")),
            (Precision::Day, _) | (_, None) => write!(f, "{}", self.local.format("%Y-%m-%d")),
            (_, Some(offset)) => {
                let at = DateTime::<FixedOffset>::from_naive_utc_and_offset(self.local - offset, offset);
                f.write_str(&at.to_rfc3339_opts(SecondsFormat::Secs, true))
            }
        }
    }
}

/// One entry of a feed, a listing page or a sitemap. What is rare is boxed: a document may have ten thousand of them, of
/// fifty bytes each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    /// The feed's own id (`guid`, `atom:id`, `rdf:about`), as printed.
    pub id: Option<String>,
    /// The page to fetch; http or https, absolute.
    pub link: Option<Url>,
    /// Plain text.
    pub title: Option<String>,
    /// Publication time.
    pub published: Option<Timestamp>,
    /// Time of the last change.
    pub updated: Option<Timestamp>,
    /// HTML as the feed carries it, not sanitised.
    pub summary: Option<String>,
    /// HTML of the full text, where the feed has it; not sanitised.
    pub content: Option<String>,
    /// Whether `id` is the address of the page too (RSS `isPermaLink`, said or meant); none where it is no `guid`.
    pub permalink: Option<bool>,
    /// What relative links within `content`, else `summary`, start from (`xml:base`, else the feed's own URL).
    pub base: Option<Box<Url>>,
    /// What else it says; entries that only take over what their feed says of them all share it.
    pub details: Option<Arc<EntryDetails>>,
}

/// What an entry says beyond what it is and where.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EntryDetails {
    /// Names as printed.
    pub authors: Vec<String>,
    /// Category terms or labels.
    pub categories: Vec<String>,
    /// BCP 47, as declared by the entry or its feed.
    pub language: Option<String>,
    /// Media files: http or https, absolute.
    pub enclosures: Vec<Enclosure>,
    /// Who may do what with it, as one line: the entry's own words, else its feed's.
    pub rights: Option<Arc<str>>,
    /// The feed that it was taken over from (RSS and Atom `source`).
    pub credit: Option<CreditedFeed>,
}

impl EntryDetails {
    const NONE: &Self = &Self {
        authors: Vec::new(),
        categories: Vec::new(),
        language: None,
        enclosures: Vec::new(),
        rights: None,
        credit: None,
    };

    /// To be kept with an entry: nothing, where nothing is said.
    pub fn kept(self) -> Option<Arc<Self>> {
        (self != *Self::NONE).then(|| Arc::new(self))
    }
}

impl Entry {
    /// Whether there is nothing in it by which it could be known, fetched or read.
    pub fn is_blank(&self) -> bool {
        self.id.is_none()
            && self.link.is_none()
            && self.title.is_none()
            && self.summary.is_none()
            && self.content.is_none()
            && self.details().enclosures.is_empty()
    }

    /// What else it says.
    pub fn details(&self) -> &EntryDetails {
        self.details.as_deref().unwrap_or(EntryDetails::NONE)
    }

    /// Whether the feed carries its full text.
    pub fn has_full_text(&self) -> bool {
        self.content
            .as_deref()
            .is_some_and(|content| !content.trim().is_empty())
    }
}

/// A media file an entry points to.
#[derive(Clone, Debug, PartialEq)]
pub struct Enclosure {
    /// http or https, absolute.
    pub url: Url,
    /// MIME type as declared.
    pub mime: Option<String>,
    /// Bytes as declared.
    pub length: Option<u64>,
}

/// Another feed, as an entry names it that was taken over from there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreditedFeed {
    /// Its title; plain text.
    pub title: Option<String>,
    /// RSS: the feed itself; Atom: the site, else the feed. http or https, absolute.
    pub url: Option<Url>,
}

/// What a feed document said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ParsedFeed {
    /// Plain text.
    pub title: Option<String>,
    /// The site the feed belongs to.
    pub link: Option<Url>,
    /// BCP 47, as declared.
    pub language: Option<String>,
    /// Who may do what with it, as one line.
    pub rights: Option<String>,
    /// Servers that tell subscribers what is new (WebSub `rel=hub`), of the document or of its `Link:` header.
    pub hubs: Vec<Url>,
    /// The address by which hubs know the feed (`rel=self`).
    pub topic: Option<Url>,
    /// In document order.
    pub entries: Vec<Entry>,
    /// Entries that could not be read: data, never a lost feed.
    pub skipped: Vec<SkippedEntry>,
    /// When the feed wishes to be polled.
    pub hints: FeedHints,
}

/// An entry that could not be read, or was cut at a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedEntry {
    /// Which entry, counted from 0 in document order.
    pub position: usize,
    /// Why, as a sentence.
    pub reason: String,
}

/// What the feed itself says of its schedule (RSS 2.0 `ttl`, `skipHours`, `skipDays`; the syndication module).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedHints {
    /// RSS `ttl`.
    pub ttl: Option<Duration>,
    /// Hours of the day in GMT, 0 to 23.
    pub skip_hours: Vec<u8>,
    /// Weekdays in GMT.
    pub skip_days: Vec<chrono::Weekday>,
    /// `sy:updatePeriod` divided by `sy:updateFrequency`.
    pub update_period: Option<Duration>,
    /// `sy:updateBase`.
    pub update_base: Option<DateTime<Utc>>,
}

/// The fields of an article, as configuration, columns and `origins` name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// Headline.
    Title,
    /// The lead, deck or summary printed above the text.
    Standfirst,
    /// Who wrote it.
    Byline,
    /// When it was published.
    Published,
    /// When it was last changed.
    Modified,
    /// The text.
    Body,
    /// The lead image.
    Image,
    /// The page's own short link.
    ShortLink,
    /// Language of the text.
    Language,
    /// Name of the site.
    Site,
    /// The section of the paper.
    Section,
    /// What the page files it under.
    Tags,
    /// The page's canonical URL.
    Canonical,
    /// The link to the next page of the article.
    NextPage,
    /// The link to the whole article on one page.
    SinglePage,
}

impl Field {
    /// The name used in configuration, columns and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Standfirst => "standfirst",
            Self::Byline => "byline",
            Self::Published => "published",
            Self::Modified => "modified",
            Self::Body => "body",
            Self::Image => "image",
            Self::ShortLink => "short_link",
            Self::Language => "language",
            Self::Site => "site",
            Self::Section => "section",
            Self::Tags => "tags",
            Self::Canonical => "canonical",
            Self::NextPage => "next_page",
            Self::SinglePage => "single_page",
        }
    }
}

/// Where a field came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// A selector of the source or of its site rule.
    Rule,
    /// schema.org data in the page.
    JsonLd,
    /// `<meta>`, `<link>`, `<title>` and the like.
    Meta,
    /// Found without being told where.
    Auto,
    /// The feed's own text.
    Feed,
    /// JSON that the page's scripts would have made the text of.
    State,
}

impl Origin {
    /// The word used in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::JsonLd => "json-ld",
            Self::Meta => "meta",
            Self::Auto => "auto",
            Self::Feed => "feed",
            Self::State => "state",
        }
    }
}

/// What kind of page it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PageKind {
    /// An article.
    #[default]
    Article,
    /// An article of which only the beginning is shown.
    Paywalled,
    /// A page that asks whether we are human.
    Challenge,
    /// A front page, a section, a "not found" sent with 200.
    NotArticle,
}

impl PageKind {
    /// The word used in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Article => "article",
            Self::Paywalled => "paywalled",
            Self::Challenge => "challenge",
            Self::NotArticle => "not-an-article",
        }
    }
}

/// What was cut out of a page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extraction {
    /// What kind of page it was.
    pub kind: PageKind,
    /// Plain text.
    pub title: Option<String>,
    /// Plain text.
    pub standfirst: Option<String>,
    /// As printed.
    pub byline: Option<String>,
    /// Clean names.
    pub authors: Vec<String>,
    /// As the page wrote it.
    pub published: Option<Timestamp>,
    /// As the page wrote it.
    pub modified: Option<Timestamp>,
    /// Paragraphs parted by a blank line.
    pub text: String,
    /// Sanitised, links absolute.
    pub html: String,
    /// The lead image.
    pub image: Option<Url>,
    /// How large it is, as the page says.
    pub image_size: ImageSize,
    /// BCP 47, lower case primary tag.
    pub language: Option<String>,
    /// Name of the site.
    pub site: Option<String>,
    /// The section of the paper.
    pub section: Option<String>,
    /// What the page files it under, each once; else the categories of the feed.
    pub tags: Vec<String>,
    /// Who may do what with it, as the feed says.
    pub rights: Option<String>,
    /// Media files that the feed names.
    pub enclosures: Vec<Enclosure>,
    /// Links by which the page names itself.
    pub links: PageLinks,
    /// Where more of the article may be had.
    pub more: PaginationLinks,
    /// Where each field came from.
    pub origins: BTreeMap<Field, Origin>,
    /// One for each selector that was tried, in order.
    pub tried: Vec<SelectorOutcome>,
}

/// Pixels of an image; none where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImageSize {
    /// From left to right.
    pub width: Option<u32>,
    /// From top to bottom.
    pub height: Option<u32>,
}

/// Links to other pages of the same article, absolute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PaginationLinks {
    /// The page after this one.
    pub next: Option<Url>,
    /// The whole on one page, by rule.
    pub single: Option<Url>,
    /// Its AMP form: `<link rel=amphtml>`.
    pub amp: Option<Url>,
    /// Other pages whose text is in it: the links that were followed, and what served them.
    pub joined: Vec<Url>,
}

/// Links by which a page names itself; all http or https and absolute, none judged yet (see [`crate::identity`]).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageLinks {
    /// By the source's `short_link` rule; an empty box is absent.
    pub short_link: Option<Url>,
    /// `<link rel=shortlink>`; the `Link:` header is added by the caller.
    pub shortlink: Option<Url>,
    /// `<link rel=canonical>`.
    pub canonical: Option<Url>,
    /// `og:url`.
    pub og_url: Option<Url>,
}

/// A selector that was tried on a page.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SelectorOutcome {
    /// For which field.
    pub field: Field,
    /// As typed, with its `@attr`.
    pub selector: String,
    /// Whether it gave a value that survived `match` and `format`.
    pub hit: bool,
    /// Characters of the value; 0 where it gave none.
    pub length: usize,
    /// Where the rule stands: `[source.article]`, `sites/paper.example.toml`.
    pub layer: String,
}

/// How bad a failure is, and with it how soon to come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Grade {
    /// Will pass by itself: a timeout, a 503, a full disk.
    Temporary,
    /// May need time or a person: a 403, an odd document.
    Soft,
    /// Will not pass by itself: a 410, a refused address.
    Permanent,
}

impl Grade {
    /// The word used in the database and in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Temporary => "temporary",
            Self::Soft => "soft",
            Self::Permanent => "permanent",
        }
    }
}

/// Something that went wrong, as it is kept: a row, a counter and one log line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// From a closed set: database column and metric label, such as `http-404`, `timeout`, `not-a-feed`.
    pub code: &'static str,
    /// How bad.
    pub grade: Grade,
    /// What, why and what to do, in a sentence or two.
    pub message: String,
    /// Where, with passwords masked.
    pub url: Option<String>,
    /// HTTP status, where there was an answer.
    pub status: Option<u16>,
}

/// What a fetch learned about a host; [`crate::store`] applies it in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostObservation {
    /// Host name without port, lower case.
    pub host: String,
    /// Whether the host answered in good health.
    pub trouble: Option<HostFailure>,
}

/// Trouble of a host as a whole: DNS, connect, 429, 503.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostFailure {
    /// As in [`Failure::code`].
    pub code: &'static str,
    /// When the server asked us to come back (`Retry-After`).
    pub retry_after: Option<DateTime<Utc>>,
}

/// What an origin answered for robots.txt; kept, it saves the question after a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RobotsResponse {
    /// Scheme, host and port, the default port left out: `https://paper.example`.
    pub origin: String,
    /// By which way and under which name it was asked; empty for the straight one under ours.
    pub way: String,
    /// When it was asked.
    pub fetched_at: DateTime<Utc>,
    /// Until when it counts, at most a day later.
    pub expires_at: DateTime<Utc>,
    /// HTTP status of the last answer; `None`: there was none.
    pub status: Option<u16>,
    /// The file, at most 500 KiB; empty unless the status is a success.
    pub body: Vec<u8>,
    /// Its `Sitemap:` lines as printed.
    pub sitemaps: Vec<String>,
}

/// When to do something next, and why then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextPoll {
    /// Not before.
    pub at: DateTime<Utc>,
    /// A phrase for `status`: "every 30m", "the server asked for Retry-After".
    pub why: String,
}

/// A source row, leased for a poll.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimedSource {
    /// Row.
    pub id: SourceId,
    /// Its name in the configuration.
    pub name: String,
    /// The address to ask: the configured one, or the one it moved to for good. Claims of one address come together,
    /// so that it is asked once.
    pub address: Url,
    /// The lease that [`PollOutcome`] must still hold.
    pub lease: Lease,
    /// Validators of the document last taken in, for the configured URL only.
    pub validators: Validators,
    /// Hash of the body last taken in.
    pub body_hash: Option<Vec<u8>>,
    /// Weighted failures in a row: temporary 0.25, soft 0.5, permanent 1.
    pub failures: f64,
    /// Whether it was never polled with success: `first_poll` applies.
    pub first: bool,
    /// How often reading its document ended a process. From the first time on it is read by a child process first.
    pub crashes: u32,
    /// The URL that gave the validators, where a redirect led to it.
    pub validators_from: Option<Url>,
    /// What is remembered from poll to poll.
    pub memory: PollState,
}

/// What is remembered of a source from poll to poll, to decide when to ask next, and where.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PollState {
    /// What it was seen to publish, as [`crate::schedule`] writes it.
    pub rhythm: Vec<u8>,
    /// What its last document wished.
    pub hints: FeedHints,
    /// When it was last asked without validators.
    pub full_at: Option<DateTime<Utc>>,
    /// Where permanent redirects lead.
    pub moved: Option<PermanentRedirect>,
    /// The address it moved to for good.
    pub address: Option<Url>,
    /// Whether the server said that it is gone for good (410).
    pub gone: bool,
    /// Of an index of sitemaps: what it names.
    pub sitemaps: Vec<ChildSitemap>,
    /// By what the entries of the feed are known.
    pub known_by: EntryIdentifier,
    /// Why not by something better, as a phrase.
    pub known_why: Option<String>,
    /// Links and ids of its last document, as [`crate::identity`] writes them.
    pub names: Vec<u8>,
}

/// By what entries are known within their source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryIdentifier {
    /// Their ids, as the feed gives them.
    #[default]
    Id,
    /// Their links: the ids are missing, doubled or change.
    Link,
    /// Title and date: the links are no better.
    Title,
}

impl EntryIdentifier {
    /// The word kept in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Link => "link",
            Self::Title => "title",
        }
    }
}

/// What is remembered of a sitemap that an index names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildSitemap {
    /// Where it is.
    pub url: Url,
    /// When it was changed, as the index prints it.
    pub changed: Option<String>,
    /// What `changed` was when it was last read, of an archive when it was first named.
    pub settled: Option<String>,
    /// Whether it was read.
    pub standing: ChildSitemapState,
    /// Of what was read.
    pub validators: Validators,
}

/// How far we are with a sitemap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChildSitemapState {
    /// There before us, and not read.
    Archive,
    /// To be read.
    #[default]
    Waiting,
    /// Read.
    Read,
}

impl ChildSitemapState {
    /// The word kept in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Archive => "archive",
            Self::Waiting => "waiting",
            Self::Read => "read",
        }
    }
}

/// A permanent redirect that was met again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermanentRedirect {
    /// Where it leads: the end of the leading 301 and 308 hops.
    pub to: Url,
    /// Since when.
    pub since: DateTime<Utc>,
    /// In how many polls in a row.
    pub times: u32,
}

/// Codes of failures that end a process: a child's, or after three of them the input is set aside for a day.
pub const CRASHED: [&str; 2] = ["crashed", "set-aside"];

/// Processes that an input may end before it is set aside.
pub const SET_ASIDE: u32 = 3;

/// Who holds a claim: the run that made it. A lost lease can record nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Number of the run, unique in the database.
    pub run: i64,
    /// Number of the claim, unique in the run.
    pub claim: i64,
}

/// Everything one poll changes; recorded in one transaction.
#[derive(Clone, Debug, PartialEq)]
pub struct PollOutcome {
    /// Which source.
    pub source: SourceId,
    /// Must still be held.
    pub lease: Lease,
    /// When the poll began.
    pub at: DateTime<Utc>,
    /// How long it took.
    pub took: Duration,
    /// HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// Decoded bytes of the document.
    pub bytes: u64,
    /// What came of it.
    pub result: PollResult,
    /// The URL that answered, after redirects: validators belong to it.
    pub served_by: Option<Url>,
    /// What is remembered from poll to poll, as it is now.
    pub memory: PollState,
    /// Whether the document had nothing in common with the one before: something may have been missed.
    pub overflowed: bool,
    /// Whether its ids were found to be bad now.
    pub degraded: bool,
    /// What was learned about the hosts on the way.
    pub hosts: Vec<HostObservation>,
    /// What origins answered for robots.txt on the way.
    pub robots: Vec<RobotsResponse>,
    /// Header values on the way that mean nothing and were passed over.
    pub odd_headers: u64,
    /// Weighted failures in a row, after this poll.
    pub failures: f64,
    /// When next, and why.
    pub next: NextPoll,
}

/// What came of a poll.
#[derive(Clone, Debug, PartialEq)]
pub enum PollResult {
    /// 304: validators it carried replace ours, none is erased (RFC 9111, 3.2).
    NotModified(Validators),
    /// 200 with the body we already took in.
    Unchanged(Validators),
    /// A document taken in.
    Document {
        /// What it said; entries already cut to `first_poll` are marked `seen`.
        feed: Box<ParsedFeed>,
        /// Keys of each entry, in the order of `feed.entries`.
        keys: Vec<EntryKeys>,
        /// Replaces what was stored, both together.
        validators: Validators,
        /// Hash of the body.
        body_hash: Vec<u8>,
        /// At most so many unseen entries become pending, newest first; the rest are recorded as seen.
        limit: Option<usize>,
    },
    /// Nothing taken in; validators stay.
    Failed(Failure),
}

/// How an entry is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryKeys {
    /// Within its source: its id, else its link, else title and date.
    pub ident: String,
    /// What `ident` was before the feed's ids were found to be bad.
    pub was: Option<String>,
    /// The host that serves its link, for the queue.
    pub host: Option<String>,
    /// Keys its link may be known by, strongest first.
    pub link: Vec<Key>,
    /// Why it is left out, as the source's filters are named: `title`, `age`.
    pub unwanted: Option<&'static str>,
}

/// What an outcome of [`PollOutcome`] came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PollCounts {
    /// Entries never seen before.
    pub new: u64,
    /// Entries seen before, or whose link is an article already.
    pub known: u64,
    /// Entries that could not be read.
    pub skipped: u64,
}

/// What names an article, strongest first. The words are those of the `aliases` view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyKind {
    /// `key_from_url` of the source, prefixed by the host.
    FromUrl,
    /// The source's `short_link` rule.
    ShortLink,
    /// `<link rel=shortlink>` or the `Link:` header.
    RelShortlink,
    /// `rel=canonical`.
    Canonical,
    /// `og:url`.
    OgUrl,
    /// The URL that served the page, after redirects.
    FinalUrl,
    /// Any other URL that led to it: the entry's link, a hop of a redirect.
    Link,
}

impl KeyKind {
    /// The word used in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FromUrl => "from-url",
            Self::ShortLink => "short-link",
            Self::RelShortlink => "rel-shortlink",
            Self::Canonical => "canonical",
            Self::OgUrl => "og-url",
            Self::FinalUrl => "final-url",
            Self::Link => "link",
        }
    }

    /// Whether pages that differ in final URL and in text show that the key is shared and names nothing.
    pub fn can_be_shared(self) -> bool {
        matches!(self, Self::ShortLink | Self::RelShortlink | Self::Link)
    }
}

/// A key of an article.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// How it names the article.
    pub kind: KeyKind,
    /// Normalised; equal keys name the same article.
    pub key: String,
    /// The URL it was made from, as it may be shown and opened.
    pub url: String,
}

/// An entry leased for collecting.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimedEntry {
    /// Row.
    pub id: EntryId,
    /// The lease that [`PageOutcome`] must still hold.
    pub lease: Lease,
    /// Row of its source.
    pub source: SourceId,
    /// Name of its source in the configuration.
    pub source_name: String,
    /// What the feed said.
    pub entry: Entry,
    /// How it is known within its source.
    pub ident: String,
    /// Failures of the page itself so far.
    pub attempts: u32,
    /// Whether the article is already kept: with the feed's text, and this is the try a week later, or in part.
    pub upgrade: bool,
    /// Whether only some of the article's pages are kept.
    pub partial: bool,
    /// Whether a person asked for this try of a page whose article is kept with the feed's text: should it fail, the
    /// one a week later is still to come.
    pub asked: bool,
    /// How often reading its page ended a process. From the first time on it is read by a child process first.
    pub crashes: u32,
    /// Its page was had whole before, and is looked at again.
    pub revisit: Option<Revisit>,
}

/// A page that was had whole, and what its server needs to tell whether it changed since.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Revisit {
    /// When it was first had.
    pub had_at: DateTime<Utc>,
    /// Of its last answer.
    pub validators: Validators,
    /// The URL that gave them.
    pub validators_from: Option<Url>,
}

/// Everything one collected page changes; recorded in one transaction.
#[derive(Clone, Debug, PartialEq)]
pub struct PageOutcome {
    /// Which entry.
    pub entry: EntryId,
    /// Must still be held.
    pub lease: Lease,
    /// When the step began.
    pub at: DateTime<Utc>,
    /// How long it took.
    pub took: Duration,
    /// What came of it.
    pub result: PageResult,
    /// What was learned about the hosts on the way.
    pub hosts: Vec<HostObservation>,
    /// What origins answered for robots.txt on the way.
    pub robots: Vec<RobotsResponse>,
    /// Header values on the way that mean nothing and were passed over.
    pub odd_headers: u64,
    /// Selectors tried, for the hit rates of the source.
    pub tried: Vec<SelectorOutcome>,
    /// When the page is looked at again, if this one is had.
    pub again: Option<DateTime<Utc>>,
}

/// What came of a page.
#[derive(Clone, Debug, PartialEq)]
pub enum PageResult {
    /// An article, from the page or (method `feed`) from the feed's own text.
    Article(Box<CollectedArticle>),
    /// The page that we have did not change (304). Validators it carried replace ours, none is erased.
    NotModified(Validators),
    /// The page itself failed; it is tried again then.
    Retry(Failure, DateTime<Utc>),
    /// Not wanted after all, by what its page says: the name of a filter of the source.
    Unwanted(&'static str),
    /// Trouble of the host: costs the page no attempt. When it is tried again is the host's affair; not before the time,
    /// where it is another host that rests, one that a redirect led to.
    HostUnavailable(Failure, Option<DateTime<Utc>>),
}

/// How the text of an article was won.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// By the selectors of the source or site.
    Rule,
    /// Automatically.
    Auto,
    /// The feed's own text.
    Feed,
}

impl Method {
    /// The word used in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Auto => "auto",
            Self::Feed => "feed",
        }
    }
}

/// An article cut out, ready to be stored.
#[derive(Clone, Debug, PartialEq)]
pub struct CollectedArticle {
    /// The fields.
    pub extraction: Extraction,
    /// How the text was won.
    pub method: Method,
    /// `published` in UTC, for sorting.
    pub published_at: Option<DateTime<Utc>>,
    /// The URL to show: the final URL, or the entry's link where no page was had.
    pub url: String,
    /// Normalised final URL: the identity of this page. Two pages with one `page_key` are the same page.
    pub page_key: String,
    /// Keys that name the article, strongest first, [`KeyKind::Link`] aliases last.
    pub keys: Vec<Key>,
    /// The page as received, where the source keeps pages.
    pub raw: Option<RawPage>,
    /// Of the answer from `url`, both replacing what was stored; empty where the article is not all there.
    pub validators: Validators,
    /// Why the page is not the source of the text, where `method` is [`Method::Feed`] for want of a page.
    pub failure: Option<Failure>,
    /// When to try the page again, where `method` is [`Method::Feed`] for want of a page, or one of several is missing.
    pub upgrade_at: Option<DateTime<Utc>>,
}

/// A fetched page, kept for re-extraction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawPage {
    /// HTTP status.
    pub status: u16,
    /// Response headers as lines of `name: value`.
    pub headers: String,
    /// Decoded body, before charset decoding.
    pub body: Vec<u8>,
    /// The same as it was sent, where that was compressed: kept in its place.
    pub sent: Option<EncodedBody>,
    /// When it may be dropped; `None` keeps it.
    pub expires: Option<DateTime<Utc>>,
}

/// A body as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedBody {
    /// Its content codings, in the order they were applied; at least one.
    pub codings: String,
    /// With them.
    pub bytes: Vec<u8>,
}

/// What storing a page came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreOutcome {
    /// An article not seen before.
    New(ArticleId),
    /// A changed text of an article we had.
    Revised(ArticleId),
    /// Another way to an article we had; nothing new in it.
    Known(ArticleId),
    /// Left out by a filter of the source.
    Unwanted,
    /// Waiting for another try.
    Waiting,
}
