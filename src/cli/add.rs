//! `cuttings add`: finds the feeds of a site, shows them, and writes one into the configuration.

use std::io::{BufRead, IsTerminal, Write as _};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::json;
use url::Url;

use super::{Exit, Global, Usage, say, table};
use crate::config::{self, Config, Names, NewSource};
use crate::feed::{self, Sitemap};
use crate::fetch::{self, Fetcher, Request, ResourceKind, ResponseContent};
use crate::link;
use crate::model::ParsedFeed;

/// Where feeds usually are, asked only where the page names none.
const USUAL: &[&str] = &[
    "/feed",
    "/rss",
    "/rss.xml",
    "/feed.xml",
    "/atom.xml",
    "/index.xml",
];

/// Feeds of one site that are looked at.
const MOST: usize = 8;

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
    /// A label; more than once for several
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A document that was read, and so can be polled.
struct Candidate {
    /// `feed` or `sitemap`.
    key: &'static str,
    url: Url,
    title: Option<String>,
    entries: usize,
    newest: Option<DateTime<Utc>>,
}

pub(super) fn add(global: &Global, args: &AddArgs) -> anyhow::Result<Exit> {
    let (path, config) = super::load_or_begin(global.config.as_deref())?;
    let typed = args.url.trim();
    let url = link::web_url(typed)
        .or_else(|| link::web_url(&format!("https://{typed}")).filter(|_| !typed.contains("://")))
        .ok_or_else(|| Usage(format!("{typed:?} is no http or https address")))?;
    let (candidates, remarks) = look(&config, &url)?;
    for remark in &remarks {
        super::complain(remark);
    }
    if candidates.is_empty() {
        if args.json {
            say(&as_json(&candidates, None))?;
        }
        super::complain(&format!(
            "no feed and no sitemap was found at {}\nA page that links to articles can be polled, too:\n  \
             listing = {{ url = \"{}\", links = \"h2 > a@href\" }}",
            link::mask_secrets(&url),
            link::mask_secrets(&url)
        ));
        return Ok(Exit::NeedsAPerson);
    }
    if !args.json {
        say(&as_text(&candidates))?;
    }
    let Some(chosen) = choose(args, &candidates)? else {
        if args.json {
            say(&as_json(&candidates, None))?;
        }
        super::complain("nothing was added; choose one with --feed N, or take the first with --yes");
        return Ok(Exit::NeedsAPerson);
    };
    if let Some(known) = config
        .sources
        .iter()
        .find(|source| link::key(&source.feed) == link::key(&chosen.url))
    {
        if args.json {
            say(&as_json(&candidates, None))?;
        }
        super::complain(&format!(
            "{} is polled already, by {:?} at {}",
            link::mask_secrets(&chosen.url),
            known.name,
            known.at
        ));
        return Ok(Exit::Done);
    }
    let mut names = Names::taken(config.sources.iter().map(|source| source.name.as_str()));
    let source = NewSource {
        name: args
            .name
            .clone()
            .unwrap_or_else(|| names.free(chosen.title.as_deref(), &chosen.url)),
        key: chosen.key,
        url: chosen.url.clone(),
        tags: args.tag.clone(),
    };
    config::append(&path, std::slice::from_ref(&source)).map_err(|error| Usage(error.to_string()))?;
    if args.json {
        say(&as_json(&candidates, Some(&source)))?;
    }
    super::complain(&format!(
        "added to {}:\n{}",
        path.display(),
        source.block().trim_end()
    ));
    Ok(Exit::Done)
}

/// The one to add; none where a person must choose and cannot be asked.
fn choose<'c>(args: &AddArgs, candidates: &'c [Candidate]) -> anyhow::Result<Option<&'c Candidate>> {
    let of = |number: usize| {
        number
            .checked_sub(1)
            .and_then(|index| candidates.get(index))
            .ok_or_else(|| {
                Usage(format!(
                    "there is no number {number}; there are 1 to {}",
                    candidates.len()
                ))
            })
    };
    if let Some(number) = args.feed {
        return Ok(Some(of(number)?));
    }
    if args.yes {
        return Ok(candidates.first());
    }
    if !std::io::stdin().is_terminal() || args.json {
        return Ok(None);
    }
    let mut talk = std::io::stderr().lock();
    write!(talk, "Which one? [1] (a number, or n for none) ")?;
    talk.flush()?;
    let mut answer = String::new();
    if std::io::stdin().lock().read_line(&mut answer)? == 0 {
        return Ok(None);
    }
    match answer.trim() {
        "" => Ok(candidates.first()),
        "n" | "no" | "q" => Ok(None),
        number => {
            let number = number
                .parse()
                .map_err(|_| Usage(format!("{number:?} is no number")))?;
            Ok(Some(of(number)?))
        }
    }
}

/// All that can be polled at a site, and what went wrong on the way.
fn look(config: &Config, url: &Url) -> anyhow::Result<(Vec<Candidate>, Vec<String>)> {
    fetch::install_crypto();
    let user_agent = fetch::user_agent(config.daemon.contact.as_deref());
    let fetcher = Fetcher::new(&config.fetch, &config.politeness, user_agent)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let mut search = Search {
        fetcher,
        found: Vec::new(),
        remarks: Vec::new(),
        sitemaps: Vec::new(),
        asked: vec![link::key(url)],
    };
    runtime.block_on(search.site(url))?;
    // Feeds of comments are announced as loudly as those of articles.
    search.found.sort_by_key(is_of_comments);
    Ok((search.found, search.remarks))
}

fn is_of_comments(candidate: &Candidate) -> bool {
    let title = candidate.title.as_deref().unwrap_or_default().to_lowercase();
    title.contains("comment") || candidate.url.path().contains("/comments/")
}

/// A walk through a site.
struct Search {
    fetcher: Fetcher,
    found: Vec<Candidate>,
    /// What went wrong, in sentences.
    remarks: Vec<String>,
    /// What robots.txt names.
    sitemaps: Vec<String>,
    /// Keys of what was asked already.
    asked: Vec<String>,
}

impl Search {
    async fn site(&mut self, url: &Url) -> anyhow::Result<()> {
        let (body, content_type, page) = self
            .get(Request::new(url.clone(), ResourceKind::Feed))
            .await
            .map_err(|error| anyhow::anyhow!("{}: {error}", link::mask_secrets(url)))?;
        self.asked.push(link::key(&page));
        if let Some(candidate) = read(&body, content_type.as_deref(), &page) {
            self.found.push(candidate);
            return Ok(());
        }
        let leads = feed::find_feeds(&body, content_type.as_deref(), &page);
        let (announced, linked): (Vec<_>, Vec<_>) = leads.into_iter().partition(|lead| lead.announced);
        for lead in announced.into_iter().take(MOST) {
            self.try_out(Request::new(lead.url, ResourceKind::Feed), true)
                .await;
        }
        if self.found.is_empty() {
            for lead in linked.into_iter().take(MOST) {
                self.try_out(Request::new(lead.url, ResourceKind::Feed), true)
                    .await;
            }
        }
        if self.found.is_empty() {
            for path in USUAL {
                if let Ok(guess) = page.join(path) {
                    // A guess is a visit nobody invited: robots.txt is asked, and names the sitemaps, too.
                    self.try_out(Request::new(guess, ResourceKind::Feed).obeying_robots(), false)
                        .await;
                }
                if !self.found.is_empty() {
                    break;
                }
            }
        }
        if self.found.is_empty() {
            let sitemaps = std::mem::take(&mut self.sitemaps);
            for sitemap in sitemaps.iter().take(MOST) {
                if let Some(url) = link::resolve(&page, sitemap) {
                    self.try_out(Request::new(url, ResourceKind::Sitemap), true).await;
                }
            }
        }
        Ok(())
    }

    /// Reads what may be a feed. What a page promised and does not keep is said; a guess that misses is not.
    async fn try_out(&mut self, request: Request, promised: bool) {
        let url = request.url.clone();
        if self.asked.contains(&link::key(&url)) {
            return;
        }
        self.asked.push(link::key(&url));
        let remark = match self.get(request).await {
            Ok((body, content_type, at)) => match read(&body, content_type.as_deref(), &url) {
                Some(candidate) => {
                    // Two ways to one feed are one.
                    let key = link::key(&at);
                    if key == link::key(&url) || !self.asked.contains(&key) {
                        self.asked.push(key);
                        self.found.push(candidate);
                    }
                    return;
                }
                None => "is named as a feed, but is none".to_owned(),
            },
            Err(error) => error,
        };
        if promised {
            self.remarks
                .push(format!("{}: {remark}", link::mask_secrets(&url)));
        }
    }

    async fn get(&mut self, request: Request) -> Result<(Vec<u8>, Option<String>, Url), String> {
        let (outcome, url, robots) = match self.fetcher.get(request, Utc::now()).await {
            Ok(fetched) => (Ok(fetched.content), fetched.fetch.url, fetched.fetch.robots),
            Err(failed) => (
                Err(failed.error.to_string()),
                failed.fetch.url,
                failed.fetch.robots,
            ),
        };
        for note in robots {
            self.sitemaps.extend(note.sitemaps);
        }
        match outcome? {
            ResponseContent::Document(document) => Ok((document.body, document.content_type, url)),
            ResponseContent::NotModified(_) => Err("answered 304 to an unconditional request".to_owned()),
        }
    }
}

/// A document that can be polled.
fn read(body: &[u8], content_type: Option<&str>, url: &Url) -> Option<Candidate> {
    if let Ok(mut feed) = feed::parse(body, content_type, Some(url)) {
        feed::repair_mojibake(&mut feed);
        return Some(candidate("feed", url, &feed));
    }
    match feed::parse_sitemap(body, content_type, Some(url)).ok()? {
        Sitemap::Pages(pages) => Some(candidate("sitemap", url, &pages)),
        Sitemap::Index(children) => Some(Candidate {
            key: "sitemap",
            url: url.clone(),
            title: None,
            entries: children.len(),
            newest: children.iter().filter_map(feed::SitemapLink::changed_at).max(),
        }),
    }
}

fn candidate(key: &'static str, url: &Url, feed: &ParsedFeed) -> Candidate {
    let dates = feed
        .entries
        .iter()
        .filter_map(|entry| entry.published.or(entry.updated));
    Candidate {
        key,
        url: url.clone(),
        title: feed.title.clone(),
        entries: feed.entries.len(),
        newest: dates.map(|at| at.utc(chrono_tz::UTC)).max(),
    }
}

fn day(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(|| "-".to_owned(), |at| at.format("%Y-%m-%d").to_string())
}

fn as_text(candidates: &[Candidate]) -> String {
    let rows = candidates.iter().enumerate().map(|(index, candidate)| {
        vec![
            (index + 1).to_string(),
            candidate.key.to_owned(),
            candidate.title.clone().unwrap_or_else(|| "-".to_owned()),
            candidate.entries.to_string(),
            day(candidate.newest),
            link::mask_secrets(&candidate.url),
        ]
    });
    table::table(
        &["no", "kind", "title", "entries", "newest", "address"],
        &["no", "entries"],
        rows,
    )
}

fn as_json(candidates: &[Candidate], added: Option<&NewSource>) -> String {
    let found: Vec<_> = candidates
        .iter()
        .map(|candidate| {
            json!({"kind": candidate.key, "url": candidate.url, "title": candidate.title, "entries": candidate.entries,
                   "newest": candidate.newest.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))})
        })
        .collect();
    let added = added.map(
        |source| json!({"source": source.name, "kind": source.key, "url": source.url, "tags": source.tags}),
    );
    json!({"found": found, "added": added}).to_string()
}
