//! `cuttings import` of a list of feeds (OPML): each becomes a source in the configuration.
//!
//! Feeds that are polled already, that are in the list twice, that cannot be fetched, or whose service has shut down are
//! left out and named with the reason. Folders of the list become tags.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use anyhow::Context as _;
use url::Url;

use super::exit::{Exit, UsageError};
use super::options::GlobalOptions;
use super::print::{print_json, print_message, print_result};
use crate::config::{self, Config, NewSource, SourceNames};
use crate::feed::OpmlFeed;
use crate::shapes::{FeedImportJson, SkippedFeedJson};
use crate::{feed, link};

/// Bytes read of a list; a hundred thousand feeds take less.
const MAX_BYTES: u64 = 32 << 20;

/// Hosts of services that have shut down, whose feeds lists still name, and what became of them.
const DEAD_HOSTS: &[(&str, &str)] = &[
    ("feedproxy.google.com", "feeds.feedburner.com has it under the same path, if it lives"),
    ("pipes.yahoo.com", "the service ended in 2015"),
    ("pipes.yahooapis.com", "the service ended in 2015"),
    ("gdata.youtube.com", "the service ended in 2015; channels have feeds under www.youtube.com/feeds/"),
    ("api.twitter.com", "there have been no feeds since 2013"),
    ("twitter.com", "there have been no feeds since 2013"),
    ("search.twitter.com", "there have been no feeds since 2013"),
    ("reader.google.com", "the service ended in 2013"),
    ("blogsearch.google.com", "the service ended in 2014"),
    ("feeds.delicious.com", "the service ended in 2017"),
];

/// Reads the feeds of a list.
pub(super) fn read(file: &Path, input: &mut dyn Read) -> anyhow::Result<Vec<OpmlFeed>> {
    let mut bytes = Vec::new();
    input.take(MAX_BYTES).read_to_end(&mut bytes).with_context(|| file.display().to_string())?;
    feed::parse_opml(&bytes).map_err(|error| UsageError(format!("{}: {error}", file.display())).into())
}

/// Adds the feeds to the configuration, unless `dry_run`, and prints which.
pub(super) fn import(
    global: &GlobalOptions,
    outlines: Vec<OpmlFeed>,
    dry_run: bool,
    json: bool,
) -> anyhow::Result<Exit> {
    let (path, config) = global.load_to_extend()?;
    let (sources, skipped) = choose(&config, outlines);
    if !dry_run && !sources.is_empty() {
        config::append(&path, &sources).map_err(|error| UsageError(error.to_string()))?;
    }
    if json {
        print_json(&FeedImportJson::new(&sources, &skipped, dry_run))?;
        return Ok(Exit::Done);
    }
    for source in &sources {
        print_result(&format!("{}  {}", source.name, link::mask_secrets(&source.url)))?;
    }
    for feed in &skipped {
        print_message(&format!("left out: {}: {}", feed.feed, feed.why));
    }
    let verb = if dry_run { "would be added" } else { "added" };
    print_message(&format!(
        "{} sources {verb} to {}, {} left out",
        sources.len(),
        path.display(),
        skipped.len()
    ));
    Ok(Exit::Done)
}

/// Splits the feeds of a list into new sources and those that are unusable, known or there twice.
fn choose(config: &Config, outlines: Vec<OpmlFeed>) -> (Vec<NewSource>, Vec<SkippedFeedJson>) {
    let mut names = SourceNames::taken(config.sources.iter().map(|source| source.name.as_str()));
    // Why a feed is known, by its key.
    let mut known: HashMap<String, String> = config
        .sources
        .iter()
        .map(|source| {
            (link::key(&source.feed), format!("polled already, by {:?} at {}", source.name, source.at))
        })
        .collect();
    let (mut sources, mut skipped) = (Vec::new(), Vec::new());
    for outline in outlines {
        let url = match usable_url(&outline.feed) {
            Ok(url) => url,
            Err(why) => {
                skipped.push(SkippedFeedJson { feed: outline.feed, why });
                continue;
            }
        };
        let key = link::key(&url);
        if let Some(why) = known.get(&key) {
            skipped.push(SkippedFeedJson { feed: link::mask_secrets(&url), why: why.clone() });
            continue;
        }
        let name = names.free(outline.title.as_deref(), &url);
        known.insert(key, format!("twice in the list; it is {name:?} now"));
        sources.push(NewSource { name, key: "feed", url, tags: outline.tags });
    }
    (sources, skipped)
}

/// The URL of a feed as it can be polled, or why it cannot.
fn usable_url(typed: &str) -> Result<Url, String> {
    // Browsers used to open readers with `feed://host/` and `feed:https://host/`.
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
    match DEAD_HOSTS.iter().find(|(dead, _)| *dead == host) {
        Some((_, why)) => Err(format!("{host} is dead: {why}")),
        None => Ok(url),
    }
}
