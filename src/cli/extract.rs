//! `cuttings extract --jsonl`: pages in files to articles in JSON, a line for a line.

use std::io::{self, BufRead, BufWriter, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, mpsc};

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{Exit, Global, Usage};
use crate::config::{self, Config};
use crate::extract::{self, PageInput};
use crate::model::{Extraction, Timestamp};
use crate::{html, link};

/// Bytes read of one file: more than a fetched page may have, so that what is refused is refused by the extractor.
const MAX_FILE: u64 = 32 << 20;

/// Threads that extract. Answers wait for those before them, so more would only hold more memory.
const THREADS: usize = 2;

/// Lines taken in ahead of the answers.
const AHEAD: usize = 16;

#[derive(Debug, Args)]
pub(super) struct ExtractArgs {
    /// One JSON object a line, on stdin and stdout: {"id", "path", "url"?, "source"?}
    #[arg(long, required = true)]
    jsonl: bool,
    /// Leave the rules of sources and sites aside
    #[arg(long)]
    no_rules: bool,
    /// Add the text as `markdown`
    #[arg(long)]
    markdown: bool,
}

/// One line of input.
#[derive(Deserialize)]
struct Request {
    #[serde(default)]
    id: Value,
    path: String,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    source: Option<String>,
}

pub(super) fn extract(global: &Global, args: &ExtractArgs) -> anyhow::Result<Exit> {
    let config = if args.no_rules {
        Config::default()
    } else {
        // Rules are welcome but not needed, as in `try`.
        match config::find(global.config.as_deref()) {
            Ok(path) => super::load_from(&path)?,
            Err(error) if global.config.is_some() => return Err(Usage(error.to_string()).into()),
            Err(_) => Config::default(),
        }
    };
    let desk = Desk {
        config: &config,
        no_rules: args.no_rules,
        markdown: args.markdown,
        now: Utc::now(),
    };
    desk.answer_all(
        io::BufReader::new(io::stdin()),
        BufWriter::new(io::stdout().lock()),
    )?;
    Ok(Exit::Done)
}

/// What is the same for every line.
struct Desk<'a> {
    config: &'a Config,
    no_rules: bool,
    markdown: bool,
    now: DateTime<Utc>,
}

/// A line on its way to an answer.
type Job = (Vec<u8>, mpsc::SyncSender<Value>);

impl Desk<'_> {
    /// Answers each line with one, in order; a bad line, file or page fails only itself. The error is that of `input`
    /// or `output`.
    fn answer_all(&self, input: impl BufRead + Send, mut output: impl Write) -> io::Result<()> {
        let (jobs, waiting) = mpsc::sync_channel::<Job>(AHEAD);
        let (promises, answers) = mpsc::sync_channel::<mpsc::Receiver<Value>>(AHEAD);
        let waiting = Mutex::new(waiting);
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    loop {
                        let Ok((line, answer)) = waiting
                            .lock()
                            .map_err(|_| ())
                            .and_then(|jobs| jobs.recv().map_err(|_| ()))
                        else {
                            return;
                        };
                        // Nobody listens where the output went away.
                        let _ = answer.send(self.answer(&line));
                    }
                });
            }
            let reader = scope.spawn(move || -> io::Result<()> {
                for line in input.split(b'\n') {
                    let line = line?;
                    if line.trim_ascii().is_empty() {
                        continue;
                    }
                    let (answer, promise) = mpsc::sync_channel(1);
                    if promises.send(promise).is_err() || jobs.send((line, answer)).is_err() {
                        return Ok(());
                    }
                }
                Ok(())
            });
            let mut written = Ok(());
            for promise in answers {
                let answer = promise.recv().unwrap_or_else(
                    |_| json!({"id": null, "ok": false, "error": "the extractor stopped; please report it"}),
                );
                written = serde_json::to_writer(&mut output, &answer)
                    .map_err(io::Error::from)
                    .and_then(|()| output.write_all(b"\n"))
                    // Who gives line by line may wait for each answer.
                    .and_then(|()| output.flush());
                if written.is_err() {
                    break;
                }
            }
            written?;
            reader.join().unwrap_or(Ok(()))
        })
    }

    fn answer(&self, line: &[u8]) -> Value {
        let request: Request = match serde_json::from_slice(line) {
            Ok(request) => request,
            Err(error) => {
                let id = serde_json::from_slice::<Value>(line)
                    .ok()
                    .and_then(|mut value| value.get_mut("id").map(Value::take))
                    .unwrap_or_default();
                let error = format!(
                    "this line is no request: {error}; expected {{\"id\", \"path\", \"url\"?, \"source\"?}}"
                );
                return json!({"id": id, "ok": false, "error": error});
            }
        };
        let extracted = catch_unwind(AssertUnwindSafe(|| self.extracted(&request))).unwrap_or_else(|_| {
            Err(format!(
                "{}: the page made the extractor panic; please report it",
                request.path
            ))
        });
        let mut answer = json!({"id": request.id});
        let fields = match extracted {
            Ok(extraction) => {
                let mut fields = fields_json(&extraction);
                if let Some(fields) = fields.as_object_mut() {
                    fields.insert("ok".into(), true.into());
                    if self.markdown {
                        fields.insert("markdown".into(), html::markdown(&extraction.html).into());
                    }
                }
                fields
            }
            Err(error) => json!({"ok": false, "error": error}),
        };
        if let (Some(answer), Value::Object(fields)) = (answer.as_object_mut(), fields) {
            answer.extend(fields);
        }
        answer
    }

    fn extracted(&self, request: &Request) -> Result<Extraction, String> {
        let bytes = read(&request.path).map_err(|error| format!("{}: {error}", request.path))?;
        if bytes.len() as u64 > MAX_FILE {
            return Err(format!(
                "{}: larger than 32 MiB, the most that is read of a page",
                request.path
            ));
        }
        // A name that is no address of the web still has a page to be read.
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
        let page = PageInput {
            html: &page_html,
            url: &url,
            link_header: None,
        };
        let rules = self.config.rules_for(source, &url, self.now);
        extract::article(&page, &rules, self.config.zone_for(source, &url), self.now)
            .map_err(|error| format!("{}: {error}", request.path))
    }
}

/// A file, no further than one byte more than it may have.
fn read(path: &str) -> io::Result<Vec<u8>> {
    let file = std::fs::File::open(path)?;
    let length = file.metadata()?.len().min(MAX_FILE) + 1;
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    file.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The fields of an article, as `extract --jsonl` and `try --json` print them.
pub(super) fn fields_json(extraction: &Extraction) -> Value {
    let at = |at: Option<Timestamp>| at.map(|at| at.to_string());
    let url = |url: &Option<Url>| url.as_ref().map(Url::to_string);
    let origins: serde_json::Map<String, Value> = extraction
        .origins
        .iter()
        .map(|(field, origin)| (field.as_str().to_owned(), origin.as_str().into()))
        .collect();
    let links = &extraction.links;
    json!({
        "title": extraction.title,
        "authors": extraction.authors,
        "published": at(extraction.published),
        "modified": at(extraction.modified),
        "standfirst": extraction.standfirst,
        "text": extraction.text,
        "html": extraction.html,
        "image": url(&extraction.image),
        "image_width": extraction.image_size.width,
        "image_height": extraction.image_size.height,
        "language": extraction.language,
        "site": extraction.site,
        "section": extraction.section,
        "tags": extraction.tags,
        "short_link": url(&links.short_link).or_else(|| url(&links.shortlink)),
        "canonical": url(&links.canonical),
        "kind": extraction.kind.as_str(),
        "origins": origins,
    })
}
