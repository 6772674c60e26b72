//! `cuttings add`: finds the feeds of a site, shows them, and adds one to the configuration.
//!
//! On a terminal it asks which one; elsewhere `--feed` or `--yes` must say it. A feed that is polled already is not added
//! again, whatever it is called. The search itself is in [`feed_search`](super::feed_search).

use std::io::{BufRead, IsTerminal, Write as _};

use chrono::{DateTime, Utc};
use clap::Args;
use url::Url;

use super::client;
use super::exit::{Exit, UsageError};
use super::feed_search::FeedSearch;
use super::options::GlobalOptions;
use super::print::{print_json, print_message, print_result};
use super::table;
use crate::config::{self, Config, NewSource, SourceNames};
use crate::link;
use crate::shapes::{AddJson, CandidateJson, UtcSeconds};

#[derive(Debug, Args)]
pub(super) struct AddArgs {
    /// A site, a page of it, or a feed
    #[arg(value_name = "URL")]
    url: String,
    /// Add this one of the feeds that are shown
    #[arg(long, value_name = "N", conflicts_with = "yes")]
    feed: Option<usize>,
    /// Add the first one without asking
    #[arg(long)]
    yes: bool,
    /// Name of the source [default: from the title of the feed]
    #[arg(long)]
    name: Option<String>,
    /// A label; may be repeated
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Exit code 1 where nothing can be polled, or none was chosen; 0 where the feed is polled already.
pub(super) fn add(global: &GlobalOptions, args: &AddArgs) -> anyhow::Result<Exit> {
    let (path, config) = global.load_to_extend()?;
    let typed = args.url.trim();
    let url = link::web_url(typed)
        .or_else(|| link::web_url(&format!("https://{typed}")).filter(|_| !typed.contains("://")))
        .ok_or_else(|| {
            let hint = if typed.starts_with("file:") {
                "; a feed in a file is written into the configuration by hand, with allow_files in [fetch]"
            } else {
                ""
            };
            UsageError(format!("{typed:?} is no http or https address{hint}"))
        })?;
    let (candidates, remarks) = find_feeds(&config, &url)?;
    for remark in &remarks {
        print_message(remark);
    }
    if !args.json && !candidates.is_empty() {
        print_result(&candidate_table(&candidates))?;
    }
    let (source, exit, message) = match choose(args, &candidates)? {
        Some(chosen) => {
            if let Some(message) = known_as(&config, chosen) {
                (None, Exit::Done, message)
            } else {
                let source = new_source(args, &config, chosen);
                config::append(&path, std::slice::from_ref(&source))
                    .map_err(|error| UsageError(error.to_string()))?;
                let message = format!("added to {}:\n{}", path.display(), source.block().trim_end());
                (Some(source), Exit::Done, message)
            }
        }
        None if candidates.is_empty() => {
            let shown = link::mask_secrets(&url);
            let message = format!(
                "no feed and no sitemap was found at {shown}\nA page that links to articles can be polled, too:\n  \
                 listing = {{ url = \"{shown}\", links = \"h2 > a@href\" }}"
            );
            (None, Exit::NeedsAPerson, message)
        }
        None => (
            None,
            Exit::NeedsAPerson,
            "nothing was added; choose one with --feed N, or take the first with --yes".to_owned(),
        ),
    };
    if args.json {
        print_json(&AddJson::new(&candidates, source.as_ref()))?;
    }
    print_message(&message);
    Ok(exit)
}

/// Says that a feed is polled already, where it is.
fn known_as(config: &Config, chosen: &CandidateJson) -> Option<String> {
    let key = link::key(&chosen.url);
    let known = config.sources.iter().find(|source| link::key(&source.feed) == key)?;
    Some(format!(
        "{} is polled already, by {:?} at {}",
        link::mask_secrets(&chosen.url),
        known.name,
        known.at
    ))
}

/// The section to be written; without `--name` its name comes from the title.
fn new_source(args: &AddArgs, config: &Config, chosen: &CandidateJson) -> NewSource {
    let mut names = SourceNames::taken(config.sources.iter().map(|source| source.name.as_str()));
    NewSource {
        name: args.name.clone().unwrap_or_else(|| names.free(chosen.title.as_deref(), &chosen.url)),
        key: chosen.kind,
        url: chosen.url.clone(),
        tags: args.tag.clone(),
    }
}

/// The one to add; `None` where there is none, or a person must choose and cannot be asked.
fn choose<'c>(args: &AddArgs, candidates: &'c [CandidateJson]) -> anyhow::Result<Option<&'c CandidateJson>> {
    if candidates.is_empty() {
        return Ok(None);
    }
    let numbered = |number: usize| {
        number.checked_sub(1).and_then(|index| candidates.get(index)).ok_or_else(|| {
            UsageError(format!("there is no number {number}; there are 1 to {}", candidates.len()))
        })
    };
    if let Some(number) = args.feed {
        return Ok(Some(numbered(number)?));
    }
    if args.yes {
        return Ok(candidates.first());
    }
    if !std::io::stdin().is_terminal() || args.json {
        return Ok(None);
    }
    let mut stderr = std::io::stderr().lock();
    write!(stderr, "Which one? [1] (a number, or n for none) ")?;
    stderr.flush()?;
    let mut answer = String::new();
    if std::io::stdin().lock().read_line(&mut answer)? == 0 {
        return Ok(None);
    }
    match answer.trim() {
        "" => Ok(candidates.first()),
        "n" | "no" | "q" => Ok(None),
        number => {
            let number = number.parse().map_err(|_| UsageError(format!("{number:?} is no number")))?;
            Ok(Some(numbered(number)?))
        }
    }
}

/// What can be polled at a site, and what went wrong meanwhile, in sentences.
fn find_feeds(config: &Config, url: &Url) -> anyhow::Result<(Vec<CandidateJson>, Vec<String>)> {
    let mut search = FeedSearch::new(client::fetcher(config)?, url);
    client::block_on(search.search_site(url))??;
    let (mut candidates, remarks) = search.done();
    // Feeds of comments last: sites announce them like those of articles.
    candidates.sort_by_key(is_of_comments);
    Ok((candidates, remarks))
}

/// By its title or, as WordPress has it, its path.
fn is_of_comments(candidate: &CandidateJson) -> bool {
    let title = candidate.title.as_deref().unwrap_or_default().to_lowercase();
    title.contains("comment") || candidate.url.path().contains("/comments/")
}

/// A date as the table shows it.
fn day(at: Option<UtcSeconds>) -> String {
    let day = |at: DateTime<Utc>| at.format("%Y-%m-%d").to_string();
    at.map_or_else(|| "-".to_owned(), |at| day(at.0))
}

/// Numbered from 1, as `--feed` and the question count.
fn candidate_table(candidates: &[CandidateJson]) -> String {
    let rows = candidates.iter().enumerate().map(|(index, candidate)| {
        vec![
            (index + 1).to_string(),
            candidate.kind.to_owned(),
            candidate.title.clone().unwrap_or_else(|| "-".to_owned()),
            candidate.entries.to_string(),
            day(candidate.newest),
            link::mask_secrets(&candidate.url),
        ]
    });
    table::table(&["no", "kind", "title", "entries", "newest", "address"], &["no", "entries"], rows)
}
