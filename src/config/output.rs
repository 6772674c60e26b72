//! `[[output]]`: what the daemon keeps up to date for others.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::fault::quoted;
use super::files::folder_of;
use super::value::{Section, Value};

/// Something that gets what is new, soon after it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputConfig {
    /// Names it in messages, and its mark in the database.
    pub name: String,
    /// What it is.
    pub kind: OutputKind,
    /// Only articles of these sources; none: of all.
    pub sources: Vec<String>,
    /// Only articles of sources with one of these tags; none: of all.
    pub tags: Vec<String>,
    /// Only what a search finds.
    pub query: Option<String>,
    /// How long it waits for more, once something is new.
    pub debounce: Duration,
    /// `file:line` where it stands, for messages.
    pub at: String,
}

/// Sorts of outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutputKind {
    /// A folder of feeds.
    Feeds {
        /// Where.
        folder: PathBuf,
        /// A feed of what.
        per: FeedGrouping,
        /// Where the folder is served.
        url: Option<Url>,
        /// Entries of a feed.
        limit: u64,
    },
    /// A folder of JSON Lines, a file for each day.
    Jsonl {
        /// Where.
        folder: PathBuf,
    },
    /// A server that is told.
    Webhook {
        /// Its address.
        url: Url,
        /// What messages are signed with.
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

/// A text that is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Time an output waits for more.
const DEBOUNCE: Duration = Duration::from_secs(10);

/// Entries of a feed.
const ENTRIES: u64 = 50;

/// Reads all outputs.
pub(super) fn outputs<'a>(sections: impl IntoIterator<Item = Section<'a>>) -> Vec<OutputConfig> {
    let mut names = HashMap::new();
    sections
        .into_iter()
        .filter_map(|section| output(&section, &mut names))
        .collect()
}

fn output<'a>(section: &Section<'a>, names: &mut HashMap<&'a str, String>) -> Option<OutputConfig> {
    let name = section
        .need("name", "write name = \"my-output\"")
        .and_then(|value| named(&value, names));
    check_vain(section);
    let kind = kind(section);
    let strings = |key: &'static str, example: &str| {
        section
            .get(key)
            .and_then(|value| value.strings(example))
            .unwrap_or_default()
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
        debounce: section
            .get("debounce")
            .and_then(|value| value.duration("10s"))
            .unwrap_or(DEBOUNCE),
        at: section.text().place(section.at().start),
    })
}

/// A name nobody else has, which can be part of a file name.
fn named<'a>(value: &Value<'a>, names: &mut HashMap<&'a str, String>) -> Option<String> {
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

/// What it is: one of four keys says so.
fn kind(section: &Section<'_>) -> Option<OutputKind> {
    let mut kinds: Vec<Value<'_>> = ["feeds", "jsonl", "webhook", "command"]
        .into_iter()
        .filter_map(|key| section.get(key))
        .collect();
    if kinds.len() > 1
        && let Some(second) = kinds.pop()
    {
        second.fault_at_key(
            "an output is one thing, this is a second",
            "write another [[output]] for it",
        );
        return None;
    }
    let Some(value) = kinds.pop() else {
        section.text().fault(
            section.at(),
            "an output goes nowhere",
            "write one of feeds = \"FOLDER\", jsonl = \"FOLDER\", webhook = \"URL\", command = [\"PROGRAM\"]",
        );
        return None;
    };
    let folder = |example: &str| Some(folder_of(value.text().path()).join(value.string(example)?));
    match value.key() {
        "feeds" => Some(OutputKind::Feeds {
            folder: folder("feeds = \"/srv/feeds\"")?,
            per: section
                .get("per")
                .and_then(|value| {
                    value.one_of(&[
                        ("source", FeedGrouping::Source),
                        ("tag", FeedGrouping::Tag),
                        ("all", FeedGrouping::All),
                    ])
                })
                .unwrap_or_default(),
            url: section.get("url").and_then(|value| value.url()),
            limit: section
                .get("limit")
                .and_then(|value| value.number(1..=10_000))
                .map_or(ENTRIES, |limit| limit as u64),
        }),
        "jsonl" => Some(OutputKind::Jsonl {
            folder: folder("jsonl = \"/srv/articles\"")?,
        }),
        "webhook" => Some(OutputKind::Webhook {
            url: value.url()?,
            secret: secret(section),
        }),
        _ => {
            let words = value.strings("command = [\"/usr/local/bin/notify\", \"--new\"]")?;
            Some(OutputKind::Command { words })
        }
    }
}

/// From a file, so that it need not stand in the configuration: systemd's credentials are such files.
fn secret(section: &Section<'_>) -> Option<Secret> {
    let value = section.get("secret_file")?;
    let typed = value.string("secret_file = \"/etc/cuttings/hook.key\"")?;
    let path = folder_of(value.text().path()).join(typed);
    match std::fs::read_to_string(&path) {
        Ok(text) if text.len() <= 4096 && !text.trim().is_empty() => Some(Secret(text.trim().to_owned())),
        Ok(_) => {
            value.fault(
                "the secret is empty, or longer than 4 KiB",
                "write it on one line of the file",
            );
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

/// The keys that only some sorts of outputs have, checked here so that none is set in vain.
fn check_vain(section: &Section<'_>) {
    for (key, of) in [
        ("per", "feeds"),
        ("url", "feeds"),
        ("limit", "feeds"),
        ("secret_file", "webhook"),
    ] {
        if let Some(value) = section.get(key)
            && section.get(of).is_none()
        {
            value.fault_at_key(
                format!("`{key}` has no meaning here: it belongs to {of}"),
                "leave the line out",
            );
        }
    }
}
