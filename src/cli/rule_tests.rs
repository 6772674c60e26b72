//! `cuttings check --live` and `--stored`: whether the rules of the sources still find what `[[source.test]]` says.

use chrono::Utc;
use serde_json::json;

use super::check::CheckArgs;
use super::try_page::{self, Desk, Got};
use super::{Exit, Global, Usage, say};
use crate::config::{Config, Source, SourceTest};
use crate::extract::Pagination;
use crate::link;
use crate::store::{RawPageRow, Reader};

/// What a test came to.
struct Outcome {
    source: String,
    url: String,
    at: String,
    /// Why it failed; `None`: it did not.
    failed: Option<String>,
}

pub(super) fn run(global: &Global, args: &CheckArgs) -> anyhow::Result<Exit> {
    let config = global.load()?;
    let named = |source: &&Source| args.source.as_ref().is_none_or(|name| source.name == *name);
    let tests: Vec<(&Source, &SourceTest)> = config
        .sources
        .iter()
        .map(AsRef::as_ref)
        .filter(named)
        .flat_map(|source| source.tests.iter().map(move |test| (source, test)))
        .collect();
    if tests.is_empty() {
        let of = args
            .source
            .as_ref()
            .map_or(String::new(), |name| format!(" of the source {name:?}"));
        return Err(Usage(format!(
            "there is no [[source.test]]{of}: add one with `url` and `contains`"
        ))
        .into());
    }
    let mut results = Vec::new();
    if args.live {
        results.extend(live(&config, &tests)?);
    }
    if args.stored {
        results.extend(stored(global, &config, &tests)?);
    }
    say(&if args.json {
        as_json(&results)
    } else {
        as_text(&results)
    })?;
    let failed = results.iter().any(|result| result.failed.is_some());
    Ok(if failed { Exit::NeedsAPerson } else { Exit::Done })
}

/// One after the other, each page by the way the daemon takes: its gaps, its limits, robots.txt.
fn live(config: &Config, tests: &[(&Source, &SourceTest)]) -> anyhow::Result<Vec<Outcome>> {
    let fetcher = try_page::fetcher(config)?;
    try_page::block_on(async {
        let mut results = Vec::new();
        for (source, test) in tests {
            let failed = match desk(config, source).article(&fetcher, &test.url).await {
                Ok(article) => lacks(&article.text, source, test),
                Err(failure) => Some(failure.message),
            };
            results.push(result(source, test, failed));
        }
        results
    })
}

/// Pages as they were kept, by the rules of the day they were fetched.
fn stored(
    global: &Global,
    config: &Config,
    tests: &[(&Source, &SourceTest)],
) -> anyhow::Result<Vec<Outcome>> {
    let reader = Reader::open(&global.database(config)?)?;
    tests
        .iter()
        .map(|(source, test)| {
            let failed = match reader.raw_page_of(&link::key(&test.url))? {
                Some(page) => passage_of(config, source, test, page),
                None => Some("no page of this URL is kept; `keep_pages` says how long they are".to_owned()),
            };
            Ok(result(source, test, failed))
        })
        .collect()
}

fn passage_of(config: &Config, source: &Source, test: &SourceTest, page: RawPageRow) -> Option<String> {
    let header = |name: &str| {
        page.headers.lines().find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known
                .trim()
                .eq_ignore_ascii_case(name)
                .then(|| value.trim().to_owned())
        })
    };
    let got = Got {
        content_type: header("content-type"),
        link_header: header("link"),
        url: link::web_url(&page.url).unwrap_or_else(|| test.url.clone()),
        hops: Vec::new(),
        body: page.body,
    };
    let desk = Desk {
        now: page.fetched_at,
        ..desk(config, source)
    };
    match desk.explained(&got) {
        Ok((article, _)) => {
            let goes_on = Pagination::new(&got.url, article.clone()).wanted().is_some();
            let also = "; of an article over several pages only the first is kept, use --live";
            lacks(&article.text, source, test).map(|why| if goes_on { format!("{why}{also}") } else { why })
        }
        Err(error) => Some(error.to_string()),
    }
}

fn desk<'a>(config: &'a Config, source: &'a Source) -> Desk<'a> {
    Desk {
        config,
        source: Some(source),
        rule: None,
        now: Utc::now(),
    }
}

/// What is wrong with a text; white space does not count.
fn lacks(text: &str, source: &Source, test: &SourceTest) -> Option<String> {
    let folded = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (text, passage) = (folded(text), folded(&test.contains));
    if text.contains(&passage) {
        None
    } else if text.is_empty() {
        Some("no text was found".to_owned())
    } else {
        let beginning: String = text.chars().take(60).collect();
        Some(format!(
            "the text lacks {passage:?}; it begins {beginning:?}: look with `cuttings try {} --source {}`",
            link::mask_secrets(&test.url),
            source.name
        ))
    }
}

fn result(source: &Source, test: &SourceTest, failed: Option<String>) -> Outcome {
    Outcome {
        source: source.name.clone(),
        url: link::mask_secrets(&test.url),
        at: test.at.clone(),
        failed,
    }
}

fn as_text(results: &[Outcome]) -> String {
    let mut lines: Vec<String> = results
        .iter()
        .map(|result| match &result.failed {
            None => format!("ok      {}  {}", result.source, result.url),
            Some(why) => format!(
                "failed  {}  {}  ({}): {why}",
                result.source, result.url, result.at
            ),
        })
        .collect();
    let failed = results.iter().filter(|result| result.failed.is_some()).count();
    lines.push(format!("{} tests, {failed} failed", results.len()));
    lines.join("\n")
}

fn as_json(results: &[Outcome]) -> String {
    let results: Vec<_> = results
        .iter()
        .map(|result| {
            json!({"source": result.source, "url": result.url, "at": result.at, "ok": result.failed.is_none(),
                   "error": result.failed})
        })
        .collect();
    json!({ "tests": results }).to_string()
}
