//! `cuttings check --live` and `--stored`: whether the rules of the sources still find the passages of `[[source.test]]`.
//!
//! `--live` fetches each page, `--stored` takes it from the database; with both, each test runs twice.

use chrono::Utc;
use clap::Args;

use super::client;
use super::exit::{Exit, UsageError};
use super::options::GlobalOptions;
use super::print::{one_line, print_json, print_result};
use super::stored_page::header;
use super::trial::{PageResponse, TryContext};
use crate::config::{Config, Source, SourceTest};
use crate::extract::Pagination;
use crate::link;
use crate::shapes::{RuleTestJson, RuleTestsJson};
use crate::store::{RawPageRow, Reader};

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("tests").args(["live", "stored"]).multiple(true)))]
pub(super) struct RuleTestArgs {
    /// Fetch the page of each [[source.test]] and look for its passage
    #[arg(long)]
    pub(super) live: bool,
    /// The same with the stored pages: nothing is fetched
    #[arg(long)]
    pub(super) stored: bool,
    /// Only the tests of this source
    #[arg(long, value_name = "NAME", requires = "tests")]
    source: Option<String>,
    /// Print the results as JSON
    #[arg(long, requires = "tests")]
    pub(super) json: bool,
}

/// A test and its source.
type Test<'a> = (&'a Source, &'a SourceTest);

/// Exit code 1 where a test fails, 2 where there is none.
pub(super) fn run(global: &GlobalOptions, args: &RuleTestArgs) -> anyhow::Result<Exit> {
    let config = global.load()?;
    let is_chosen = |source: &&Source| args.source.as_ref().is_none_or(|name| source.name == *name);
    let tests: Vec<Test<'_>> = config
        .sources
        .iter()
        .map(AsRef::as_ref)
        .filter(is_chosen)
        .flat_map(|source| source.tests.iter().map(move |test| (source, test)))
        .collect();
    if tests.is_empty() {
        let of = args.source.as_ref().map_or(String::new(), |name| format!(" of the source {name:?}"));
        return Err(UsageError(format!(
            "there is no [[source.test]]{of}: add one with `url` and `contains`"
        ))
        .into());
    }
    let mut results = Vec::new();
    if args.live {
        results.extend(test_live(&config, &tests)?);
    }
    if args.stored {
        results.extend(test_stored(global, &config, &tests)?);
    }
    let ok = results.iter().all(|result| result.ok);
    if args.json {
        print_json(&RuleTestsJson { tests: results })?;
    } else {
        print_result(&as_text(&results))?;
    }
    Ok(Exit::done_if(ok))
}

/// Fetches the pages one after the other as the daemon would: with its gaps, its limits and robots.txt.
fn test_live(config: &Config, tests: &[Test<'_>]) -> anyhow::Result<Vec<RuleTestJson>> {
    let fetcher = client::fetcher(config)?;
    client::block_on_with_programs(async {
        let mut results = Vec::new();
        for (source, test) in tests {
            let error = match context(config, source).fetch_article(&fetcher, &test.url).await {
                Ok(article) => missing_passage(&article.text, source, test),
                Err(failure) => Some(failure.message),
            };
            results.push(result(source, test, error));
        }
        results
    })
}

/// Reads the stored pages, by the rules of the day on which they were fetched.
fn test_stored(
    global: &GlobalOptions,
    config: &Config,
    tests: &[Test<'_>],
) -> anyhow::Result<Vec<RuleTestJson>> {
    let reader = Reader::open(&global.database(config)?)?;
    tests
        .iter()
        .map(|(source, test)| {
            let error = match reader.raw_page_of(&link::key(&test.url))? {
                Some(page) => test_page(config, source, test, page),
                None => Some("no page of this URL is kept; `keep_pages` says how long they are".to_owned()),
            };
            Ok(result(source, test, error))
        })
        .collect()
}

/// Why a stored page fails a test, if it does.
fn test_page(config: &Config, source: &Source, test: &SourceTest, page: RawPageRow) -> Option<String> {
    let response = PageResponse {
        content_type: header(&page, "content-type").map(str::to_owned),
        link_header: header(&page, "link").map(str::to_owned),
        refresh: header(&page, "refresh").map(str::to_owned),
        url: link::web_url(&page.url).unwrap_or_else(|| test.url.clone()),
        hops: Vec::new(),
        body: page.body,
    };
    let context = TryContext { now: page.fetched_at, ..context(config, source) };
    match context.extract(&response) {
        Ok((article, _)) => {
            let goes_on = Pagination::new(&response.url, article.clone()).next_url().is_some();
            let also = "; of an article over several pages only the first is kept, use --live";
            missing_passage(&article.text, source, test)
                .map(|error| if goes_on { format!("{error}{also}") } else { error })
        }
        Err(error) => Some(error.to_string()),
    }
}

/// The rules of a source as they are today.
fn context<'a>(config: &'a Config, source: &'a Source) -> TryContext<'a> {
    TryContext { config, source: Some(source), extra_rules: None, now: Utc::now() }
}

/// Says that a text lacks the passage of a test, where it does. White space makes no difference.
fn missing_passage(text: &str, source: &Source, test: &SourceTest) -> Option<String> {
    let (text, passage) = (one_line(text), one_line(&test.contains));
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

/// The result of a test; `error` is why it failed.
fn result(source: &Source, test: &SourceTest, error: Option<String>) -> RuleTestJson {
    RuleTestJson {
        source: source.name.clone(),
        url: link::mask_secrets(&test.url),
        at: test.at.clone(),
        ok: error.is_none(),
        error,
    }
}

/// A line for each test, and their number.
fn as_text(results: &[RuleTestJson]) -> String {
    let mut lines: Vec<String> = results
        .iter()
        .map(|result| match &result.error {
            None => format!("ok      {}  {}", result.source, result.url),
            Some(error) => format!("failed  {}  {}  ({}): {error}", result.source, result.url, result.at),
        })
        .collect();
    let failed = results.iter().filter(|result| !result.ok).count();
    lines.push(format!("{} tests, {failed} failed", results.len()));
    lines.join("\n")
}
