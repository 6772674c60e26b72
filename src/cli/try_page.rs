//! `cuttings try`: what would be cut out of a page, and by what.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use chrono::Utc;
use clap::Args;
use serde_json::json;
use url::Url;

use super::{Exit, Global, Usage, say};
use crate::config::{Config, Source};
use crate::extract::{self, Page};
use crate::fetch::{self, Fetcher, Outcome, Request, Want};
use crate::model::{Extraction, Field, Origin};
use crate::{html, identity, link};

#[derive(Debug, Args)]
pub(super) struct TryArgs {
    /// A page on the web, or a file
    #[arg(value_name = "URL|FILE")]
    page: String,
    /// Use the rules of this source
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// With a file: the URL it came from, for links and site rules
    #[arg(long, value_name = "URL")]
    url: Option<Url>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A page at hand: bytes, what they were called, and where they came from.
struct Got {
    body: Vec<u8>,
    content_type: Option<String>,
    link_header: Option<String>,
    url: Url,
    hops: Vec<Url>,
}

pub(super) fn try_page(global: &Global, args: &TryArgs) -> anyhow::Result<Exit> {
    // Rules are welcome but not needed: without any configuration the page is read automatically.
    let config = match crate::config::find(global.config.as_deref()) {
        Ok(path) => super::load_from(&path)?,
        Err(error) if global.config.is_some() => return Err(Usage(error.to_string()).into()),
        Err(_) => Config::default(),
    };
    let source = args
        .source
        .as_deref()
        .map(|name| source_named(&config, name))
        .transpose()?;
    let got = match link::web_url(&args.page) {
        Some(url) => fetch_page(&config, url)?,
        None => read_page(Path::new(&args.page), args.url.clone())?,
    };
    let page_html = html::decode(&got.body, got.content_type.as_deref());
    let page = Page {
        html: &page_html,
        url: &got.url,
        link_header: got.link_header.as_deref(),
    };
    let rules = config.rules_for(source, &got.url, Utc::now());
    let extraction = extract::article(&page, &rules, config.zone_for(source, &got.url), Utc::now())?;
    let keys = identity::of_page(
        config.key_pattern_for(source, &got.url),
        &extraction.links,
        &got.url,
        &got.hops,
        "",
    );
    say(&if args.json {
        as_json(&got, &extraction, &keys)
    } else {
        as_text(&got, &extraction, &keys)
    })?;
    Ok(if extraction.text.is_empty() {
        Exit::NeedsAPerson
    } else {
        Exit::Done
    })
}

fn source_named<'a>(config: &'a Config, name: &str) -> anyhow::Result<&'a Source> {
    let known = || {
        config
            .sources
            .iter()
            .map(|source| source.name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    config
        .sources
        .iter()
        .find(|source| source.name == name)
        .ok_or_else(|| Usage(format!("no source is named {name:?}; there are: {}", known())).into())
}

fn fetch_page(config: &Config, url: Url) -> anyhow::Result<Got> {
    fetch::install_crypto();
    let user_agent = fetch::user_agent(config.daemon.contact.as_deref());
    let fetcher = Fetcher::new(&config.fetch, &config.politeness, user_agent)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let fetched = runtime
        .block_on(fetcher.get(Request::new(url.clone(), Want::Page), Utc::now()))
        .map_err(|failed| anyhow::anyhow!("{}: {}", link::masked(&url), failed.error))?;
    let Outcome::Document(document) = fetched.outcome else {
        bail!("{}: answered 304 to an unconditional request", link::masked(&url));
    };
    Ok(Got {
        link_header: document.headers.get_str("link"),
        content_type: document.content_type,
        body: document.body,
        url: fetched.url,
        hops: std::iter::once(url)
            .chain(fetched.hops.into_iter().map(|hop| hop.from))
            .collect(),
    })
}

fn read_page(path: &Path, url: Option<Url>) -> anyhow::Result<Got> {
    let body = std::fs::read(path)
        .with_context(|| format!("{}: cannot be read, and is no http(s) URL", path.display()))?;
    let url = match url {
        Some(url) => url,
        None => Url::from_file_path(path.canonicalize().unwrap_or_else(|_| PathBuf::from(path)))
            .ok()
            .context("the path of the file cannot be written as a URL; pass --url")?,
    };
    Ok(Got {
        body,
        content_type: None,
        link_header: None,
        url,
        hops: Vec::new(),
    })
}

/// The fields a person looks for, each with its origin.
fn fields(extraction: &Extraction) -> Vec<(Field, Option<String>)> {
    let show = |url: &Option<Url>| url.as_ref().map(Url::to_string);
    vec![
        (Field::Title, extraction.title.clone()),
        (Field::Standfirst, extraction.standfirst.clone()),
        (
            Field::Byline,
            (!extraction.authors.is_empty()).then(|| extraction.authors.join("; ")),
        ),
        (Field::Published, extraction.published.map(|at| at.to_string())),
        (Field::Modified, extraction.modified.map(|at| at.to_string())),
        (Field::Image, show(&extraction.image)),
        (Field::ShortLink, show(&extraction.links.short_link)),
        (Field::Canonical, show(&extraction.links.canonical)),
        (Field::Language, extraction.language.clone()),
        (Field::Site, extraction.site.clone()),
    ]
}

fn as_text(got: &Got, extraction: &Extraction, keys: &identity::Identity) -> String {
    let mut lines = vec![
        format!("{:<11} {}", "url", link::masked(&got.url)),
        format!("{:<11} {}", "kind", extraction.kind.as_str()),
    ];
    for (field, value) in fields(extraction) {
        let origin = extraction
            .origins
            .get(&field)
            .map_or("", |origin: &Origin| origin.as_str());
        lines.push(format!(
            "{:<11} {:<8} {}",
            field.as_str(),
            origin,
            value.as_deref().unwrap_or("-")
        ));
    }
    for tried in &extraction.tried {
        let verdict = if tried.hit { "hit" } else { "missed" };
        lines.push(format!(
            "{:<11} {:<8} {}",
            tried.field.as_str(),
            verdict,
            tried.selector
        ));
    }
    for key in &keys.keys {
        lines.push(format!("{:<11} {:<8} {}", "key", key.kind.as_str(), key.key));
    }
    let origin = extraction
        .origins
        .get(&Field::Body)
        .map_or("none", |origin| origin.as_str());
    let paragraphs = extraction
        .text
        .split("\n\n")
        .filter(|paragraph| !paragraph.is_empty())
        .count();
    lines.push(format!(
        "{:<11} {origin:<8} {paragraphs} paragraphs\n\n{}",
        "body", extraction.text
    ));
    lines.join("\n")
}

fn as_json(got: &Got, extraction: &Extraction, keys: &identity::Identity) -> String {
    let tried: Vec<_> = extraction
        .tried
        .iter()
        .map(|tried| json!({"field": tried.field.as_str(), "selector": tried.selector, "hit": tried.hit}))
        .collect();
    let keys: Vec<_> = keys
        .keys
        .iter()
        .map(|key| json!({"kind": key.kind.as_str(), "key": key.key}))
        .collect();
    let mut all = super::extract::fields_json(extraction);
    if let Some(all) = all.as_object_mut() {
        all.insert("url".into(), json!(link::masked(&got.url)));
        all.insert("tried".into(), json!(tried));
        all.insert("keys".into(), json!(keys));
    }
    all.to_string()
}
