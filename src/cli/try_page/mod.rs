//! `cuttings try`: what would be extracted from a page, and by which rules. Nothing is stored.

mod fields;
mod html_report;
mod text_report;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::Utc;
use clap::Args;
use url::Url;

use super::client;
use super::exit::{ConfigError, Exit, UsageError};
use super::options::GlobalOptions;
use super::print::{print_json, print_result};
use super::trial::TryContext;
use crate::config;
use crate::link;
use crate::model::PageKind;
use crate::shapes::{TrialJson, TrialParts};

#[derive(Debug, Args)]
pub(super) struct TryArgs {
    /// A page on the web, or a file
    #[arg(value_name = "URL|FILE")]
    page: String,
    /// Use the rules of this source, and what its feed says of the page
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Use the rules of this file before any other; its keys are those of a file of sites/
    #[arg(long, value_name = "FILE")]
    rule: Option<PathBuf>,
    /// With a file: the URL it came from, for links and site rules
    #[arg(long, value_name = "URL")]
    url: Option<Url>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Write a page that shows in colours what is kept and what is not
    #[arg(long, value_name = "OUT")]
    html: Option<PathBuf>,
}

/// Exit code 1 where the page is no article, has no text, or a further page of it is missing.
pub(super) fn try_page(global: &GlobalOptions, args: &TryArgs) -> anyhow::Result<Exit> {
    let config = global.load_if_any()?;
    let source = match &args.source {
        Some(name) => Some(config.source(name).ok_or_else(|| {
            let names = config.sources.iter().map(|source| source.name.as_str());
            UsageError::unknown("source", name, names, "cuttings list")
        })?),
        None => None,
    };
    let rules = args
        .rule
        .as_deref()
        .map(config::load_rules)
        .transpose()
        .map_err(|faults| ConfigError::from(&faults))?;
    let context = TryContext { config: &config, source, extra_rules: rules.as_ref(), now: Utc::now() };
    let trial = match link::web_url(&args.page) {
        Some(url) => client::block_on_with_programs(context.try_url(url))??,
        None => context.try_file(Path::new(&args.page), args.url.clone())?,
    };
    if let Some(path) = &args.html {
        let page = html_report::page(&trial);
        std::fs::write(path, page).with_context(|| format!("{}: cannot be written", path.display()))?;
    }
    if args.json {
        print_json(&TrialJson::from(TrialParts {
            url: &trial.response.url,
            extraction: &trial.extraction,
            identity: &trial.identity,
            pages: trial.pages,
            missing: trial.missing.as_ref(),
            choices: &trial.choices,
        }))?;
    } else {
        print_result(&text_report::render(&trial))?;
    }
    Ok(Exit::done_if(
        trial.extraction.kind != PageKind::NotArticle
            && !trial.extraction.text.is_empty()
            && trial.missing.is_none(),
    ))
}
