//! The keys of each section, and hints for unknown ones.
//!
//! A key that two sections share stands in one list that both refer to. A test checks that `config/cuttings.toml` shows
//! every key and no other.

use super::nearest::nearest;

/// A section and its keys.
pub(super) struct Keys {
    /// As it is written in a file, such as `[daemon]`.
    pub(super) section: &'static str,
    /// Lists that together are the keys, in the order in which they are usually written.
    lists: &'static [&'static [&'static str]],
}

/// Keys of `[defaults]` and `[[source]]`, beside `article`.
const SHARED_KEYS: &[&str] = &[
    "every", "cron", "timezone", "tags", "language", "key_from_url", "same_site", "unwrap", "pages",
    "provisional", "keep_pages", "keep", "revisions", "revisit", "first_poll", "enabled", "max_hint", "pin",
    "ignore_robots", "feed_robots", "fetch_command", "proxy", "http1_only", "ca_file", "user_agent",
];

/// Keys of all rules that extract an article.
const ARTICLE_KEYS: &[&str] = &[
    "title", "standfirst", "byline", "published", "modified", "body", "image", "short_link", "next_page",
    "single_page", "remove", "cut_after", "reject_if_contains",
];

/// Of every file; all but `include` and `source` in one file only.
pub(super) const TOP: Keys = Keys {
    section: "the top of the file",
    lists: &[&[
        "include", "sites", "daemon", "politeness", "fetch", "metrics", "defaults", "source", "output",
    ]],
};

/// The daemon itself.
pub(super) const DAEMON: Keys =
    Keys { section: "[daemon]", lists: &[&["contact", "database", "min_free_disk"]] };

/// How servers are spared.
pub(super) const POLITENESS: Keys =
    Keys { section: "[politeness]", lists: &[&["host_gap", "per_host", "in_flight", "scope", "impolite"]] };

/// Limits of one request.
pub(super) const FETCH: Keys = Keys {
    section: "[fetch]",
    lists: &[&[
        "connect_timeout", "idle_timeout", "total_timeout", "max_feed", "max_page", "max_redirects",
        "programs", "allow_networks", "allow_files",
    ]],
};

/// What monitoring can read.
pub(super) const METRICS: Keys = Keys { section: "[metrics]", lists: &[&["listen"]] };

/// Values for sources that do not set them.
pub(super) const DEFAULTS: Keys = Keys { section: "[defaults]", lists: &[SHARED_KEYS, &["article"]] };

/// A source.
pub(super) const SOURCE: Keys = Keys {
    section: "[[source]]",
    lists: &[
        &["name", "was", "feed", "listing", "sitemap", "feed_command", "include", "exclude", "max_age"],
        SHARED_KEYS,
        &["headers", "cookies", "basic_auth", "bearer", "article", "rules", "test"],
    ],
};

/// Which entries of a source are collected.
pub(super) const FILTER: Keys = Keys {
    section: "include and exclude of a source",
    lists: &[&["title", "link", "category", "language", "text"]],
};

/// A page that links to articles.
pub(super) const LISTING: Keys =
    Keys { section: "listing", lists: &[&["url", "links", "pattern", "title", "date"]] };

/// Rules that extract an article.
pub(super) const ARTICLE: Keys = Keys { section: "[source.article]", lists: &[ARTICLE_KEYS] };

/// Rules until a day.
pub(super) const RULES: Keys = Keys { section: "[[source.rules]]", lists: &[&["valid_until"], ARTICLE_KEYS] };

/// A file of site rules.
pub(super) const SITE: Keys = Keys {
    section: "a file of site rules",
    lists: &[ARTICLE_KEYS, &["timezone", "language", "key_from_url", "same_site"]],
};

/// A selector as a table: `{ select, match, format }`.
pub(super) const RULE: Keys = Keys { section: "a rule", lists: &[&["select", "match", "format"]] };

/// A user name and a password.
pub(super) const BASIC_AUTH: Keys = Keys { section: "basic_auth", lists: &[&["user", "password"]] };

/// Where a secret is.
pub(super) const SECRET: Keys =
    Keys { section: "a value from elsewhere", lists: &[&["credential", "env", "file"]] };

/// A cookie, where it is, and what it is for.
pub(super) const COOKIE: Keys =
    Keys { section: "a cookie", lists: &[&["value", "credential", "env", "file", "hosts"]] };

/// A page and a passage its text must contain.
pub(super) const TEST: Keys = Keys { section: "[[source.test]]", lists: &[&["url", "contains"]] };

/// An output of the daemon.
pub(super) const OUTPUT: Keys = Keys {
    section: "[[output]]",
    lists: &[&[
        "name", "feeds", "per", "url", "limit", "jsonl", "webhook", "secret_file", "command", "source",
        "tag", "query", "settled", "debounce",
    ]],
};

/// Where a key that is in the wrong section may belong.
const SECTIONS: &[&Keys] = &[
    &TOP, &DAEMON, &POLITENESS, &FETCH, &METRICS, &SOURCE, &DEFAULTS, &ARTICLE, &RULES, &RULE, &TEST,
    &OUTPUT, &LISTING, &FILTER,
];

/// What other programs call a key.
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
    /// All keys.
    pub(super) fn all(&self) -> impl Iterator<Item = &'static str> {
        self.lists.iter().copied().flatten().copied()
    }

    /// Whether a key is one of them.
    pub(super) fn contains(&self, key: &str) -> bool {
        self.all().any(|known| known == key)
    }

    /// What an unknown key may have been meant to be: a key of this section, else the section that has it.
    pub(super) fn hint(&self, typed: &str) -> String {
        let synonym = ALSO_KNOWN_AS
            .iter()
            .find(|(other, ours)| *other == typed && self.contains(ours))
            .map(|(_, ours)| *ours);
        if let Some(name) = synonym.or_else(|| nearest(typed, self.all())) {
            return format!("did you mean `{name}`?");
        }
        if let Some(home) = SECTIONS.iter().find(|keys| keys.contains(typed)) {
            let first = if home.section == TOP.section { ", before the first section" } else { "" };
            return format!("`{typed}` belongs to {}{first}", home.section);
        }
        let all: Vec<&str> = self.all().collect();
        format!("the keys of {} are {}", self.section, all.join(", "))
    }
}
