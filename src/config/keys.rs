//! The keys there are, by section, and what an unknown one may have been meant to be.
//!
//! A test holds `config/cuttings.toml` to them, both ways.

use super::nearest::nearest;

/// A section and its keys.
pub(super) struct Keys {
    /// As it is written in a file, such as `[daemon]`.
    pub(super) section: &'static str,
    /// In the order in which they are usually written.
    pub(super) keys: &'static [&'static str],
}

/// Of every file; all but `include` and `source` in one file only.
pub(super) const TOP: Keys = Keys {
    section: "the top of the file",
    keys: &[
        "include",
        "sites",
        "daemon",
        "politeness",
        "fetch",
        "metrics",
        "defaults",
        "source",
        "output",
    ],
};

/// Who we are and where things are kept.
pub(super) const DAEMON: Keys = Keys {
    section: "[daemon]",
    keys: &["contact", "database", "min_free_disk"],
};

/// How little of a server we take.
pub(super) const POLITENESS: Keys = Keys {
    section: "[politeness]",
    keys: &["host_gap", "per_host", "in_flight", "scope", "impolite"],
};

/// Limits of one request.
pub(super) const FETCH: Keys = Keys {
    section: "[fetch]",
    keys: &[
        "connect_timeout",
        "idle_timeout",
        "total_timeout",
        "max_feed",
        "max_page",
        "max_redirects",
        "allow_networks",
    ],
};

/// What programs that watch can ask.
pub(super) const METRICS: Keys = Keys {
    section: "[metrics]",
    keys: &["listen"],
};

/// What holds for every source that does not say otherwise.
pub(super) const DEFAULTS: Keys = Keys {
    section: "[defaults]",
    keys: &[
        "every",
        "cron",
        "timezone",
        "tags",
        "language",
        "key_from_url",
        "pages",
        "keep_pages",
        "keep",
        "revisions",
        "revisit",
        "first_poll",
        "enabled",
        "max_hint",
        "pin",
        "ignore_robots",
        "feed_robots",
        "proxy",
        "http1_only",
        "ca_file",
        "user_agent",
        "article",
    ],
};

/// The keys of [`DEFAULTS`] and those that only one source can have.
pub(super) const SOURCE: Keys = Keys {
    section: "[[source]]",
    keys: &[
        "name",
        "was",
        "feed",
        "listing",
        "sitemap",
        "include",
        "exclude",
        "max_age",
        "every",
        "cron",
        "timezone",
        "tags",
        "language",
        "key_from_url",
        "pages",
        "keep_pages",
        "keep",
        "revisions",
        "revisit",
        "first_poll",
        "enabled",
        "max_hint",
        "pin",
        "ignore_robots",
        "feed_robots",
        "proxy",
        "http1_only",
        "ca_file",
        "user_agent",
        "headers",
        "cookies",
        "basic_auth",
        "bearer",
        "article",
        "rules",
        "test",
    ],
};

/// What is wanted of a source, and what is not.
pub(super) const FILTER: Keys = Keys {
    section: "include and exclude of a source",
    keys: &["title", "link", "category", "language", "text"],
};

/// A page that links to articles.
pub(super) const LISTING: Keys = Keys {
    section: "listing",
    keys: &["url", "links", "pattern", "title", "date"],
};

/// Rules that cut an article out of a page.
pub(super) const ARTICLE: Keys = Keys {
    section: "[source.article]",
    keys: &[
        "title",
        "standfirst",
        "byline",
        "published",
        "modified",
        "body",
        "image",
        "short_link",
        "next_page",
        "single_page",
        "remove",
        "cut_after",
        "reject_if_contains",
    ],
};

/// The keys of [`ARTICLE`] and the day on which they end.
pub(super) const RULES: Keys = Keys {
    section: "[[source.rules]]",
    keys: &[
        "valid_until",
        "title",
        "standfirst",
        "byline",
        "published",
        "modified",
        "body",
        "image",
        "short_link",
        "next_page",
        "single_page",
        "remove",
        "cut_after",
        "reject_if_contains",
    ],
};

/// A file of site rules: the keys of [`ARTICLE`] and three of a source.
pub(super) const SITE: Keys = Keys {
    section: "a file of site rules",
    keys: &[
        "title",
        "standfirst",
        "byline",
        "published",
        "modified",
        "body",
        "image",
        "short_link",
        "next_page",
        "single_page",
        "remove",
        "cut_after",
        "reject_if_contains",
        "timezone",
        "language",
        "key_from_url",
    ],
};

/// A selector with more to say: `{ select, match, format }`.
pub(super) const RULE: Keys = Keys {
    section: "a rule",
    keys: &["select", "match", "format"],
};

/// A user name and a password.
pub(super) const BASIC_AUTH: Keys = Keys {
    section: "basic_auth",
    keys: &["user", "password"],
};

/// Where a secret is.
pub(super) const SECRET: Keys = Keys {
    section: "a value from elsewhere",
    keys: &["credential", "env", "file"],
};

/// A page and a passage its text must contain.
pub(super) const TEST: Keys = Keys {
    section: "[[source.test]]",
    keys: &["url", "contains"],
};

/// What the daemon keeps up to date for others.
pub(super) const OUTPUT: Keys = Keys {
    section: "[[output]]",
    keys: &[
        "name",
        "feeds",
        "per",
        "url",
        "limit",
        "jsonl",
        "webhook",
        "secret_file",
        "command",
        "source",
        "tag",
        "query",
        "debounce",
    ],
};

/// Where a key that stands in the wrong section may belong.
const SECTIONS: &[&Keys] = &[
    &TOP,
    &DAEMON,
    &POLITENESS,
    &FETCH,
    &METRICS,
    &SOURCE,
    &DEFAULTS,
    &ARTICLE,
    &RULES,
    &RULE,
    &TEST,
    &OUTPUT,
    &LISTING,
    &FILTER,
];

/// Other programs' words for ours.
const ALSO_KNOWN_AS: &[(&str, &str)] = &[
    ("url", "feed"),
    ("rss", "feed"),
    ("link", "feed"),
    ("interval", "every"),
    ("schedule", "cron"),
    ("tz", "timezone"),
    ("id", "name"),
    ("author", "byline"),
    ("authors", "byline"),
    ("date", "published"),
    ("content", "body"),
    ("text", "body"),
    ("lead", "standfirst"),
    ("summary", "standfirst"),
    ("next", "next_page"),
    ("expires", "valid_until"),
    ("until", "valid_until"),
    ("selector", "select"),
    ("regex", "match"),
    ("db", "database"),
    ("sources", "source"),
    ("includes", "include"),
];

impl Keys {
    /// What the writer of an unknown key may have meant: a key of this section, else the section it belongs to.
    pub(super) fn hint(&self, typed: &str) -> String {
        let synonym = ALSO_KNOWN_AS
            .iter()
            .find(|(other, ours)| *other == typed && self.keys.contains(ours))
            .map(|(_, ours)| *ours);
        if let Some(name) = synonym.or_else(|| nearest(typed, self.keys.iter().copied())) {
            return format!("did you mean `{name}`?");
        }
        if let Some(home) = SECTIONS.iter().find(|keys| keys.keys.contains(&typed)) {
            let first = if home.section == TOP.section {
                ", before the first section"
            } else {
                ""
            };
            return format!("`{typed}` belongs to {}{first}", home.section);
        }
        format!("the keys of {} are {}", self.section, self.keys.join(", "))
    }
}
