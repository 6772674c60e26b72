//! The keys there are, by section. A test holds `config/cuttings.toml` to them.

use super::nearest::nearest;

/// A section and its keys.
pub(super) struct Keys {
    /// As it is written in a file, such as `[daemon]`.
    pub(super) section: &'static str,
    pub(super) keys: &'static [&'static str],
}

pub(super) const TOP: Keys = Keys {
    section: "the top of the file",
    keys: &[
        "include",
        "sites",
        "daemon",
        "politeness",
        "fetch",
        "defaults",
        "source",
    ],
};

pub(super) const DAEMON: Keys = Keys {
    section: "[daemon]",
    keys: &["contact", "database"],
};

pub(super) const POLITENESS: Keys = Keys {
    section: "[politeness]",
    keys: &["host_gap", "per_host", "in_flight", "impolite"],
};

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
        "first_poll",
        "enabled",
        "article",
    ],
};

pub(super) const SOURCE: Keys = Keys {
    section: "[[source]]",
    keys: &[
        "name",
        "was",
        "feed",
        "every",
        "cron",
        "timezone",
        "tags",
        "language",
        "key_from_url",
        "pages",
        "keep_pages",
        "first_poll",
        "enabled",
        "article",
        "test",
    ],
};

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
        "remove",
        "cut_after",
        "reject_if_contains",
        "timezone",
        "language",
        "key_from_url",
    ],
};

pub(super) const RULE: Keys = Keys {
    section: "a rule",
    keys: &["select", "match", "format"],
};

pub(super) const TEST: Keys = Keys {
    section: "[[source.test]]",
    keys: &["url", "contains"],
};

/// Where a key that stands in the wrong section may belong.
const SECTIONS: &[&Keys] = &[
    &TOP,
    &DAEMON,
    &POLITENESS,
    &FETCH,
    &SOURCE,
    &DEFAULTS,
    &ARTICLE,
    &RULE,
    &TEST,
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
