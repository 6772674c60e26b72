//! `cuttings try`: what would be cut out of a page, and by what.

mod coloured;
mod show;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::json;
use url::Url;

use super::{Exit, Global, Usage, faulty, say};
use crate::config::{self, ArticleRules, Config, Source};
use crate::extract::{self, ExtractError, PageInput, Pagination, Segment};
use crate::fetch::{self, Fetcher, Request, ResourceKind, ResponseContent};
use crate::identity::Identity;
use crate::model::{Extraction, Failure, Field, Grade, ImageSize, PageKind};
use crate::{html, identity, link};

#[derive(Debug, Args)]
pub(super) struct TryArgs {
    /// A page on the web, or a file
    #[arg(value_name = "URL|FILE")]
    page: String,
    /// Use the rules of this source
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
    /// Write a page that shows what is kept and what is not, in colours
    #[arg(long, value_name = "OUT")]
    html: Option<PathBuf>,
}

/// A page at hand: bytes, what they were called, and where they came from.
pub(super) struct Got {
    pub(super) body: Vec<u8>,
    pub(super) content_type: Option<String>,
    pub(super) link_header: Option<String>,
    pub(super) url: Url,
    pub(super) hops: Vec<Url>,
}

/// What is the same for every page.
#[derive(Clone, Copy)]
pub(super) struct Desk<'a> {
    pub(super) config: &'a Config,
    pub(super) source: Option<&'a Source>,
    /// Before all others.
    pub(super) rule: Option<&'a ArticleRules>,
    pub(super) now: DateTime<Utc>,
}

/// What came of it.
struct Tried {
    got: Got,
    extraction: Extraction,
    keys: Identity,
    /// Of each page of the article.
    parts: Vec<(Url, Vec<Segment>)>,
    pages: usize,
    missing: Option<Failure>,
}

pub(super) fn try_page(global: &Global, args: &TryArgs) -> anyhow::Result<Exit> {
    // Rules are welcome but not needed: without any configuration the page is read automatically.
    let config = match config::find(global.config.as_deref()) {
        Ok(path) => super::load_from(&path)?,
        Err(error) if global.config.is_some() => return Err(Usage(error.to_string()).into()),
        Err(_) => Config::default(),
    };
    let source = args
        .source
        .as_deref()
        .map(|name| source_named(&config, name))
        .transpose()?;
    let rule = args
        .rule
        .as_deref()
        .map(config::load_rules)
        .transpose()
        .map_err(|faults| faulty(&faults))?;
    let desk = Desk {
        config: &config,
        source,
        rule: rule.as_ref(),
        now: Utc::now(),
    };
    let tried = match link::web_url(&args.page) {
        Some(url) => block_on(desk.fetched(url))??,
        None => desk.of_file(Path::new(&args.page), args.url.clone())?,
    };
    if let Some(path) = &args.html {
        let page = coloured::page(&tried.got.url, &tried.extraction, &tried.parts);
        std::fs::write(path, page).with_context(|| format!("{}: cannot be written", path.display()))?;
    }
    say(&if args.json {
        as_json(&tried)
    } else {
        show::text(&tried)
    })?;
    let done = tried.extraction.kind != PageKind::NotArticle
        && !tried.extraction.text.is_empty()
        && tried.missing.is_none();
    Ok(if done { Exit::Done } else { Exit::NeedsAPerson })
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
        .source(name)
        .ok_or_else(|| Usage(format!("no source is named {name:?}; there are: {}", known())).into())
}

/// Runs one task to its end.
pub(super) fn block_on<T>(task: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    Ok(runtime.block_on(task))
}

/// A client that observes what the daemon's does.
pub(super) fn fetcher(config: &Config) -> anyhow::Result<Fetcher> {
    fetch::install_crypto();
    let user_agent = fetch::user_agent(config.daemon.contact.as_deref());
    Ok(Fetcher::new(&config.fetch, &config.politeness, user_agent)?)
}

impl Desk<'_> {
    /// A page and those that follow it.
    async fn fetched(&self, url: Url) -> anyhow::Result<Tried> {
        let fetcher = fetcher(self.config)?;
        let got = self
            .get(&fetcher, url.clone())
            .await
            .map_err(|failure| anyhow::anyhow!("{}: {}", link::mask_secrets(&url), failure.message))?;
        let (extraction, parts) = self.explained(&got)?;
        let mut all = vec![(got.url.clone(), parts)];
        let mut series = Pagination::new(&got.url, extraction);
        while let Some(url) = series.wanted().cloned() {
            match self.follow(&fetcher, url).await {
                Ok((url, extraction, parts)) => {
                    series.add(&url, extraction);
                    all.push((url, parts));
                }
                Err(failure) => series.missed(failure),
            }
        }
        Ok(self.tried(got, series, all))
    }

    /// The article of a page and those that follow it, as the daemon would have it.
    pub(super) async fn article(&self, fetcher: &Fetcher, url: &Url) -> Result<Extraction, Failure> {
        let got = self.get(fetcher, url.clone()).await?;
        let (extraction, _) = self.explained(&got).map_err(|error| own(&got.url, &error))?;
        let mut series = Pagination::new(&got.url, extraction);
        while let Some(url) = series.wanted().cloned() {
            match self.follow(fetcher, url).await {
                Ok((url, extraction, _)) => series.add(&url, extraction),
                Err(failure) => series.missed(failure),
            }
        }
        match series.done() {
            (article, None) => Ok(article),
            (_, Some(missing)) => Err(missing),
        }
    }

    /// A page as the daemon would ask for it: what its source configures is sent, by the way that it configures.
    async fn get(&self, fetcher: &Fetcher, url: Url) -> Result<Got, Failure> {
        let mut request = Request::new(url.clone(), ResourceKind::Page).obeying_robots();
        if let Some(source) = self.source {
            request.robots = !source.ignore_robots;
            request = request
                .for_source(source)
                .await
                .map_err(|error| error.failure(&url))?;
        }
        get(fetcher, request, self.now).await
    }

    async fn follow(&self, fetcher: &Fetcher, url: Url) -> Result<(Url, Extraction, Vec<Segment>), Failure> {
        let got = self.get(fetcher, url).await?;
        let (extraction, parts) = self.explained(&got).map_err(|error| own(&got.url, &error))?;
        Ok((got.url, extraction, parts))
    }

    fn of_file(&self, path: &Path, url: Option<Url>) -> anyhow::Result<Tried> {
        let got = read_page(path, url)?;
        let (extraction, parts) = self.explained(&got)?;
        let series = Pagination::new(&got.url, extraction).alone();
        let parts = vec![(got.url.clone(), parts)];
        Ok(self.tried(got, series, parts))
    }

    fn tried(&self, got: Got, series: Pagination, parts: Vec<(Url, Vec<Segment>)>) -> Tried {
        let pages = series.pages();
        let (extraction, missing) = series.done();
        let keys = identity::of_page(
            self.config.key_pattern_for(self.source, &got.url),
            &extraction.links,
            &got.url,
            &got.hops,
            "",
        );
        Tried {
            got,
            extraction,
            keys,
            parts,
            pages,
            missing,
        }
    }

    pub(super) fn explained(&self, got: &Got) -> Result<(Extraction, Vec<Segment>), ExtractError> {
        let page_html = html::decode(&got.body, got.content_type.as_deref());
        let page = PageInput {
            html: &page_html,
            url: &got.url,
            link_header: got.link_header.as_deref(),
        };
        let mut rules: Vec<&ArticleRules> = self.rule.into_iter().collect();
        rules.extend(self.config.rules_for(self.source, &got.url, self.now));
        let zone = self
            .rule
            .and_then(|rule| rule.timezone)
            .unwrap_or_else(|| self.config.zone_for(self.source, &got.url));
        extract::explained(&page, &rules, zone, self.now)
    }
}

/// A page that could be fetched and not be read.
fn own(url: &Url, error: &ExtractError) -> Failure {
    Failure {
        code: error.code(),
        grade: Grade::Soft,
        message: error.to_string(),
        url: Some(link::mask_secrets(url)),
        status: None,
    }
}

async fn get(fetcher: &Fetcher, request: Request, now: DateTime<Utc>) -> Result<Got, Failure> {
    let url = request.url.clone();
    let fetched = fetcher
        .get(request, now)
        .await
        .map_err(|failed| failed.failure())?;
    let ResponseContent::Document(document) = fetched.content else {
        return Err(Failure {
            code: "http-304",
            grade: Grade::Soft,
            message: "answered 304 to an unconditional request".into(),
            url: Some(link::mask_secrets(&url)),
            status: Some(304),
        });
    };
    Ok(Got {
        link_header: document.headers.get_str("link"),
        content_type: document.content_type,
        body: document.body,
        url: fetched.fetch.url,
        hops: std::iter::once(url)
            .chain(fetched.fetch.hops.into_iter().map(|hop| hop.from))
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
    if !matches!(url.scheme(), "http" | "https" | "file") {
        bail!(Usage(format!(
            "{url}: --url is the http(s) URL that the file came from"
        )));
    }
    Ok(Got {
        body,
        content_type: None,
        link_header: None,
        url,
        hops: Vec::new(),
    })
}

/// The fields a person looks for.
fn fields(extraction: &Extraction) -> Vec<(Field, Option<String>)> {
    let show = |url: &Option<Url>| url.as_ref().map(Url::to_string);
    let links = &extraction.links;
    vec![
        (Field::Title, extraction.title.clone()),
        (Field::Standfirst, extraction.standfirst.clone()),
        (
            Field::Byline,
            (!extraction.authors.is_empty()).then(|| extraction.authors.join("; ")),
        ),
        (Field::Published, extraction.published.map(|at| at.to_string())),
        (Field::Modified, extraction.modified.map(|at| at.to_string())),
        (Field::Image, image(extraction)),
        (
            Field::ShortLink,
            show(&links.short_link).or_else(|| show(&links.shortlink)),
        ),
        (Field::Canonical, show(&links.canonical)),
        (Field::Language, extraction.language.clone()),
        (Field::Site, extraction.site.clone()),
        (Field::Section, extraction.section.clone()),
        (
            Field::Tags,
            (!extraction.tags.is_empty()).then(|| extraction.tags.join(", ")),
        ),
        (Field::NextPage, show(&extraction.pagination.next)),
        (Field::SinglePage, show(&extraction.pagination.single)),
    ]
}

/// The lead image, with its size where that is known.
fn image(extraction: &Extraction) -> Option<String> {
    let url = extraction.image.as_ref()?;
    let side = |pixels: Option<u32>| pixels.map_or_else(|| "?".to_owned(), |pixels| pixels.to_string());
    let ImageSize { width, height } = extraction.image_size;
    if (width, height) == (None, None) {
        return Some(url.to_string());
    }
    Some(format!("{url} ({} x {} pixels)", side(width), side(height)))
}

fn as_json(tried: &Tried) -> String {
    let selectors: Vec<_> = tried
        .extraction
        .selectors
        .iter()
        .map(|tried| {
            json!({"field": tried.field.as_str(), "selector": tried.selector, "hit": tried.matched,
                   "length": tried.length, "layer": tried.defined_in})
        })
        .collect();
    let keys: Vec<_> = tried
        .keys
        .keys
        .iter()
        .map(|key| json!({"kind": key.kind.as_str(), "key": key.key}))
        .collect();
    let mut all = super::extract::fields_json(&tried.extraction);
    if let Some(all) = all.as_object_mut() {
        all.insert("url".into(), json!(link::mask_secrets(&tried.got.url)));
        all.insert("tried".into(), json!(selectors));
        all.insert("keys".into(), json!(keys));
        all.insert("pages".into(), json!(tried.pages));
        all.insert(
            "next_page".into(),
            json!(tried.extraction.pagination.next.as_ref().map(Url::as_str)),
        );
        all.insert(
            "single_page".into(),
            json!(tried.extraction.pagination.single.as_ref().map(Url::as_str)),
        );
        if let Some(missing) = &tried.missing {
            all.insert(
                "missing".into(),
                json!({"code": missing.code, "message": missing.message, "url": missing.url}),
            );
        }
    }
    all.to_string()
}
