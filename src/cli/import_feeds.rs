//! `cuttings import` of a list of feeds: they become sources.

use std::collections::HashMap;
use std::io::Read;

use anyhow::Context as _;
use serde_json::json;
use url::Url;

use super::import::ImportArgs;
use super::{Exit, Global, Usage, say};
use crate::config::{self, Config, Names, NewSource};
use crate::{feed, link};

/// Bytes of a list; a hundred thousand feeds stay below.
const LONGEST: u64 = 32 << 20;

/// Services that are gone; what they gave was a feed once.
const DEAD: &[(&str, &str)] = &[
    (
        "feedproxy.google.com",
        "feeds.feedburner.com has it under the same path, if it lives",
    ),
    ("pipes.yahoo.com", "the service ended in 2015"),
    ("pipes.yahooapis.com", "the service ended in 2015"),
    (
        "gdata.youtube.com",
        "the service ended in 2015; channels have feeds under www.youtube.com/feeds/",
    ),
    ("api.twitter.com", "there have been no feeds since 2013"),
    ("twitter.com", "there have been no feeds since 2013"),
    ("search.twitter.com", "there have been no feeds since 2013"),
    ("reader.google.com", "the service ended in 2013"),
    ("blogsearch.google.com", "the service ended in 2014"),
    ("feeds.delicious.com", "the service ended in 2017"),
];

/// A feed that was not taken over, and why.
struct Left {
    feed: String,
    why: String,
}

/// Feeds of a list become sources.
pub(super) fn import(global: &Global, args: &ImportArgs, input: &mut dyn Read) -> anyhow::Result<Exit> {
    let mut bytes = Vec::new();
    input
        .take(LONGEST)
        .read_to_end(&mut bytes)
        .with_context(|| args.file.display().to_string())?;
    let (path, config) = super::load_or_begin(global.config.as_deref())?;
    let outlines =
        feed::parse_opml(&bytes).map_err(|error| Usage(format!("{}: {error}", args.file.display())))?;
    let (sources, left) = sort(&config, outlines);
    if !args.dry_run && !sources.is_empty() {
        config::append(&path, &sources).map_err(|error| Usage(error.to_string()))?;
    }
    if args.json {
        let added: Vec<_> = sources
            .iter()
            .map(|source| json!({"source": source.name, "feed": source.url, "tags": source.tags}))
            .collect();
        let left: Vec<_> = left
            .iter()
            .map(|left| json!({"feed": left.feed, "why": left.why}))
            .collect();
        say(&json!({"added": added, "left": left, "dry_run": args.dry_run}).to_string())?;
    } else {
        for source in &sources {
            say(&format!("{}  {}", source.name, link::mask_secrets(&source.url)))?;
        }
        for left in &left {
            super::complain(&format!("left out: {}: {}", left.feed, left.why));
        }
        let verb = if args.dry_run { "would be added" } else { "added" };
        super::complain(&format!(
            "{} sources {verb} to {}, {} left out",
            sources.len(),
            path.display(),
            left.len()
        ));
    }
    Ok(Exit::Done)
}

fn sort(config: &Config, outlines: Vec<feed::OpmlFeed>) -> (Vec<NewSource>, Vec<Left>) {
    let mut names = Names::taken(config.sources.iter().map(|source| source.name.as_str()));
    // Keys of feeds, and who has them.
    let mut known: HashMap<String, String> = config
        .sources
        .iter()
        .map(|source| {
            (
                link::key(&source.feed),
                format!("polled already, by {:?} at {}", source.name, source.at),
            )
        })
        .collect();
    let (mut sources, mut left) = (Vec::new(), Vec::new());
    for outline in outlines {
        let url = match usable(&outline.feed) {
            Ok(url) => url,
            Err(why) => {
                left.push(Left {
                    feed: outline.feed,
                    why,
                });
                continue;
            }
        };
        let key = link::key(&url);
        if let Some(why) = known.get(&key) {
            left.push(Left {
                feed: link::mask_secrets(&url),
                why: why.clone(),
            });
            continue;
        }
        let name = names.free(outline.title.as_deref(), &url);
        known.insert(key, format!("twice in the list; it is {name:?} now"));
        sources.push(NewSource {
            name,
            key: "feed",
            url,
            tags: outline.tags,
        });
    }
    (sources, left)
}

/// The address of a feed as it can be polled, or why it cannot.
fn usable(typed: &str) -> Result<Url, String> {
    // `feed://host/` and `feed:https://host/` are how readers were once called from a browser.
    let plain = match typed.strip_prefix("feed:") {
        Some(rest) if rest.starts_with("http") => rest.to_owned(),
        Some(rest) => format!("http:{rest}"),
        None => typed.to_owned(),
    };
    let url = link::web_url(&plain).ok_or_else(|| "no http or https address".to_owned())?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it carries a password, which would not be sent".to_owned());
    }
    let host = link::host(&url);
    let host = host.strip_prefix("www.").unwrap_or(&host);
    match DEAD.iter().find(|(dead, _)| *dead == host) {
        Some((_, why)) => Err(format!("{host} is dead: {why}")),
        None => Ok(url),
    }
}
