//! `[[output]]`: folders, webhooks and programs that receive new articles.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::fault::quoted;
use super::value::{ConfigValue, Section};

/// An output: it receives new articles soon after they are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputConfig {
    /// Names it in messages and in the database.
    pub name: String,
    /// What it is.
    pub kind: OutputKind,
    /// Only articles of these sources; none: of all.
    pub sources: Vec<String>,
    /// Only articles of sources with one of these tags; none: of all.
    pub tags: Vec<String>,
    /// Only what a search finds.
    pub query: Option<String>,
    /// Whether articles wait until they are settled: their page came or was given up.
    pub settled: bool,
    /// How long to wait for more, once something is new.
    pub debounce: Duration,
    /// `file:line` of the section, for messages.
    pub at: String,
}

/// Kinds of outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutputKind {
    /// A folder of feeds.
    Feeds {
        /// Where.
        folder: PathBuf,
        /// What each feed is of.
        per: FeedGrouping,
        /// URL at which the folder is served; `None`: not known.
        url: Option<Url>,
        /// Most entries of a feed.
        limit: u64,
    },
    /// A folder of JSON Lines, a file for each day.
    Jsonl {
        /// Where.
        folder: PathBuf,
    },
    /// A server that receives POST requests.
    Webhook {
        /// Its address.
        url: Url,
        /// Key that messages are signed with.
        secret: Option<Secret>,
    },
    /// A program that gets JSON Lines on stdin; no shell.
    Command {
        /// The program and its arguments.
        words: Vec<String>,
    },
}

/// What each feed of a folder is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FeedGrouping {
    /// A source.
    #[default]
    Source,
    /// A tag.
    Tag,
    /// All that is selected: one feed.
    All,
}

/// A secret; `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Default of `debounce`.
const DEBOUNCE: Duration = Duration::from_secs(10);

/// Default of `limit`.
const ENTRIES: u64 = 50;

/// Reads all outputs.
pub(super) fn outputs<'a>(sections: impl IntoIterator<Item = Section<'a>>) -> Vec<OutputConfig> {
    let mut names = HashMap::new();
    sections.into_iter().filter_map(|section| output(&section, &mut names)).collect()
}

fn output<'a>(section: &Section<'a>, names: &mut HashMap<&'a str, String>) -> Option<OutputConfig> {
    let name = section.need("name", "write name = \"my-output\"").and_then(|value| named(&value, names));
    report_misplaced_options(section);
    let kind = kind(section);
    let strings = |key: &'static str, example: &str| {
        section.get(key).and_then(|value| value.strings(example)).unwrap_or_default()
    };
    Some(OutputConfig {
        name: name?,
        kind: kind?,
        sources: strings("source", "source = [\"my-paper\"]"),
        tags: strings("tag", "tag = [\"news\"]"),
        query: section
            .get("query")
            .and_then(|value| value.string("query = \"bridge AND river\""))
            .map(str::to_owned),
        settled: section.get("settled").and_then(|value| value.boolean()).unwrap_or(false),
        debounce: section.get("debounce").and_then(|value| value.duration("10s")).unwrap_or(DEBOUNCE),
        at: section.file().place(section.at().start),
    })
}

/// A name that no other output has, and that can be part of a file name.
fn named<'a>(value: &ConfigValue<'a>, names: &mut HashMap<&'a str, String>) -> Option<String> {
    let name = value.string("name = \"my-output\"")?;
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name.len() > 50 || !name.chars().all(fits) {
        value.fault(
            "`name` is no name of an output",
            "at most 50 letters, digits, - and _: it is part of a file name",
        );
        return None;
    }
    if let Some(first) = names.get(name) {
        value.fault(
            format!("there is an output {} already, at {first}", quoted(name)),
            "each output has a name of its own: what it has had is remembered under it",
        );
        return None;
    }
    names.insert(name, value.place());
    Some(name.to_owned())
}

/// A row of [`OUTPUT_KINDS`]: all that the configuration knows of a kind of output, except its keys in `keys::OUTPUT`. The room `deliver`
/// sends to it.
struct OutputKindRow {
    /// Key that names the kind and says where the output goes.
    key: &'static str,
    /// Keys that only this kind has.
    options: &'static [&'static str],
    /// The key as it is written.
    example: &'static str,
    /// Its line in docs/exports.md, in Markdown.
    #[cfg_attr(not(test), expect(dead_code, reason = "a test holds docs/exports.md to it"))]
    docs: &'static str,
    /// Reads the value of `key` and the options.
    read: fn(&Section<'_>, &ConfigValue<'_>) -> Option<OutputKind>,
}

/// All kinds of outputs, in the order of the documentation.
const OUTPUT_KINDS: &[OutputKindRow] = &[
    OutputKindRow {
        key: "feeds",
        options: &["per", "url", "limit"],
        example: "feeds = \"FOLDER\"",
        docs: "`NAME.rss`, `.atom` and `.json` with the newest `limit` articles of each source, of each tag (`per = \"tag\"`) or of all (`per = \"all\"`), and a `.gz` copy of each. A feed in which nothing changed keeps its file and its time of modification",
        read: feeds,
    },
    OutputKindRow {
        key: "jsonl",
        options: &[],
        example: "jsonl = \"FOLDER\"",
        docs: "`2026-11-24.jsonl`, one file a day; lines are appended and never written twice, even after a crash",
        read: |_, value| Some(OutputKind::Jsonl { folder: value.path("jsonl = \"/srv/articles\"")? }),
    },
    OutputKindRow {
        key: "webhook",
        options: &["secret_file"],
        example: "webhook = \"URL\"",
        docs: "up to 100 changes as JSON Lines in a POST; at least once, in order",
        read: |section, value| Some(OutputKind::Webhook { url: value.url()?, secret: secret(section) }),
    },
    OutputKindRow {
        key: "command",
        options: &[],
        example: "command = [\"PROGRAM\"]",
        docs: "the same on stdin. Exit with 0 to confirm; any other code means the batch is sent again. No shell is involved, and a run may take 5 minutes",
        read: |_, value| {
            let words = value.strings("command = [\"/usr/local/bin/notify\", \"--new\"]")?;
            Some(OutputKind::Command { words })
        },
    },
];

/// Reads the kind of an output; exactly one key of [`OUTPUT_KINDS`] must be there.
fn kind(section: &Section<'_>) -> Option<OutputKind> {
    let mut kinds: Vec<(&OutputKindRow, ConfigValue<'_>)> =
        OUTPUT_KINDS.iter().filter_map(|row| Some((row, section.get(row.key)?))).collect();
    match kinds.pop() {
        None => {
            let examples: Vec<&str> = OUTPUT_KINDS.iter().map(|row| row.example).collect();
            section.file().fault(
                section.at(),
                "an output goes nowhere",
                format!("write one of {}", examples.join(", ")),
            );
            None
        }
        Some((row, value)) if kinds.is_empty() => (row.read)(section, &value),
        Some((_, second)) => {
            second
                .fault_at_key("an output is one thing, this is a second", "write another [[output]] for it");
            None
        }
    }
}

fn feeds(section: &Section<'_>, value: &ConfigValue<'_>) -> Option<OutputKind> {
    let groupings =
        &[("source", FeedGrouping::Source), ("tag", FeedGrouping::Tag), ("all", FeedGrouping::All)];
    Some(OutputKind::Feeds {
        folder: value.path("feeds = \"/srv/feeds\"")?,
        per: section.get("per").and_then(|value| value.one_of(groupings)).unwrap_or_default(),
        url: section.get("url").and_then(|value| value.url()),
        limit: section
            .get("limit")
            .and_then(|value| value.number(1..=10_000))
            .map_or(ENTRIES, |limit| limit as u64),
    })
}

/// The key of a webhook, from a file, such as a credential of systemd.
fn secret(section: &Section<'_>) -> Option<Secret> {
    let value = section.get("secret_file")?;
    let path = value.path("secret_file = \"/etc/cuttings/hook.key\"")?;
    match std::fs::read_to_string(&path) {
        Ok(text) if text.len() <= 4096 && !text.trim().is_empty() => Some(Secret(text.trim().to_owned())),
        Ok(_) => {
            value.fault("the secret is empty, or longer than 4 KiB", "write it on one line of the file");
            None
        }
        Err(error) => {
            value.fault(
                format!("the secret cannot be read: {error}"),
                "name a file that holds the secret on one line",
            );
            None
        }
    }
}

/// Reports keys that the output's kind does not have.
fn report_misplaced_options(section: &Section<'_>) {
    for row in OUTPUT_KINDS {
        for &key in row.options {
            if let Some(value) = section.get(key)
                && section.get(row.key).is_none()
            {
                value.fault_at_key(
                    format!("`{key}` has no meaning here: it belongs to {}", row.key),
                    "leave the line out",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::keys;

    #[test]
    fn keys_and_docs_have_every_kind_of_output() {
        let docs = include_str!("../../docs/exports.md");
        let mut lines = String::new();
        for row in OUTPUT_KINDS {
            for key in row.options.iter().chain([&row.key]) {
                assert!(keys::OUTPUT.contains(key), "{key}");
            }
            lines += &format!("| `{}` | {} |\n", row.example, row.docs);
        }
        assert!(docs.contains(&lines), "docs/exports.md needs the lines\n{lines}");
    }
}
