//! `cuttings extract --jsonl`: a filter from pages in files to their articles as JSON.
//!
//! Two threads extract; answers are written in the order of the requests.

use std::io::{self, BufRead, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, mpsc};

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::exit::Exit;
use super::jsonl::{filter_stdin, id_of, read_file, requests, write_line};
use super::options::GlobalOptions;
use crate::config::Config;
use crate::extract::{self, PageInput};
use crate::model::Extraction;
use crate::shapes::{self, ArticleJson, ExtractAnswerJson};
use crate::{html, link};

/// Largest file, in bytes. More than a fetched page may have, so that it is the extractor that refuses large pages.
const MAX_FILE: u64 = 32 << 20;

/// Threads that extract. Answers wait for those before them, so more threads would mostly hold more memory.
const THREADS: usize = 2;

/// Requests read ahead of the answers.
const READ_AHEAD: usize = 16;

#[derive(Debug, Args)]
pub(super) struct ExtractArgs {
    /// One JSON object per line, on stdin and stdout: {"id", "path", "url"?, "source"?}
    #[arg(long, required = true)]
    jsonl: bool,
    /// Ignore the rules of sources and sites
    #[arg(long)]
    no_rules: bool,
    /// Add the text as `markdown`
    #[arg(long)]
    markdown: bool,
}

/// One line of input.
#[derive(Deserialize)]
struct ExtractRequest {
    /// Any JSON; the answer has the same.
    #[serde(default)]
    id: Value,
    /// The file with the page.
    path: String,
    /// The URL it came from, for links and site rules.
    #[serde(default)]
    url: Option<String>,
    /// The source whose rules apply.
    #[serde(default)]
    source: Option<String>,
}

pub(super) fn extract(global: &GlobalOptions, args: &ExtractArgs) -> anyhow::Result<Exit> {
    let config = if args.no_rules { Config::default() } else { global.load_if_any()? };
    let context =
        ExtractContext { config: &config, no_rules: args.no_rules, markdown: args.markdown, now: Utc::now() };
    filter_stdin(|input, output| context.answer_all(input, output))
}

/// What is the same for every line.
struct ExtractContext<'a> {
    config: &'a Config,
    no_rules: bool,
    markdown: bool,
    now: DateTime<Utc>,
}

/// A request and where its answer goes.
type ExtractJob = (Vec<u8>, mpsc::SyncSender<String>);

impl ExtractContext<'_> {
    /// Answers each line with one, in order. A bad line, file or page fails only itself; an error is one of `input` or
    /// `output`.
    fn answer_all(&self, input: impl BufRead + Send, mut output: impl Write) -> io::Result<()> {
        let (jobs, waiting) = mpsc::sync_channel::<ExtractJob>(READ_AHEAD);
        let (promises, answers) = mpsc::sync_channel::<mpsc::Receiver<String>>(READ_AHEAD);
        let waiting = Mutex::new(waiting);
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    while let Some((line, answer)) = waiting.lock().ok().and_then(|jobs| jobs.recv().ok()) {
                        // Fails where the output was closed, which ends everything.
                        let _ = answer.send(self.answer(&line));
                    }
                });
            }
            let reader = scope.spawn(move || -> io::Result<()> {
                for line in requests(input) {
                    let line = line?;
                    let (answer, promise) = mpsc::sync_channel(1);
                    if promises.send(promise).is_err() || jobs.send((line, answer)).is_err() {
                        break;
                    }
                }
                Ok(())
            });
            for promise in answers {
                let answer = promise.recv().unwrap_or_else(|_| {
                    error_line(Value::Null, "the extractor stopped; please report it".into())
                });
                write_line(&mut output, &answer)?;
            }
            reader.join().unwrap_or(Ok(()))
        })
    }

    /// One line of output.
    fn answer(&self, line: &[u8]) -> String {
        let request: ExtractRequest = match serde_json::from_slice(line) {
            Ok(request) => request,
            Err(error) => {
                let error = format!(
                    "this line is no request: {error}; expected {{\"id\", \"path\", \"url\"?, \"source\"?}}"
                );
                return error_line(id_of(line), error);
            }
        };
        let extracted = catch_unwind(AssertUnwindSafe(|| self.extract_file(&request))).unwrap_or_else(|_| {
            Err(format!("{}: the page made the extractor panic; please report it", request.path))
        });
        match extracted {
            Ok(extraction) => answer_line(&ExtractAnswerJson {
                id: request.id,
                ok: true,
                error: None,
                article: Some(ArticleJson::from(&extraction)),
                markdown: self.markdown.then(|| html::markdown(&extraction.html)),
            }),
            Err(error) => error_line(request.id, error),
        }
    }

    fn extract_file(&self, request: &ExtractRequest) -> Result<Extraction, String> {
        let bytes = read_file(&request.path, MAX_FILE, "32 MiB, the most that is read of a page")?;
        // Without a web address the page is extracted all the same, and its relative links are of no use.
        let url = match request.url.as_deref().and_then(link::web_url) {
            Some(url) => url,
            None => Url::parse("https://page.invalid/").map_err(|error| error.to_string())?,
        };
        let source = match &request.source {
            Some(name) if !self.no_rules => Some(
                self.config
                    .source(name)
                    .ok_or_else(|| format!("no source is named {name:?} in the configuration"))?,
            ),
            _ => None,
        };
        let page_html = html::decode(&bytes, None);
        let page = PageInput { html: &page_html, url: &url, link_header: None };
        let rules = self.config.rules_for(source, &url, self.now);
        extract::article(&page, &rules, self.config.zone_for(source, &url), self.now)
            .map_err(|error| format!("{}: {error}", request.path))
    }
}

/// The answer to a request that failed.
fn error_line(id: Value, error: String) -> String {
    answer_line(&ExtractAnswerJson { id, ok: false, error: Some(error), article: None, markdown: None })
}

fn answer_line(answer: &ExtractAnswerJson<'_>) -> String {
    // Texts, numbers and an `id` that was JSON: no part of it can fail.
    shapes::to_line(answer).unwrap_or_default()
}
