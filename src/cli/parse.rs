//! `cuttings parse --jsonl`: feeds in files to entries in JSON, a line for a line.

use std::io::{self, BufRead, Read, Write};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use crate::feed;
use crate::link;
use crate::model::{Entry, ParsedFeed, Precision, Timestamp};

/// Bytes read of one file: what a fetched feed may have.
const MAX_FILE: u64 = 10 << 20;

/// One line of input.
#[derive(Deserialize)]
struct Request {
    #[serde(default)]
    id: Value,
    path: String,
    #[serde(default)]
    base: Option<String>,
    #[serde(default)]
    headers: Option<serde_json::Map<String, Value>>,
}

/// One line of output.
#[derive(Default, Serialize)]
struct Answer {
    id: Value,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    entries: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    title: Option<String>,
    link: Option<String>,
    id: Option<String>,
    published: Option<String>,
    updated: Option<String>,
    summary: Option<String>,
    content: Option<String>,
    authors: Vec<String>,
}

/// Answers each line of `input` with one of `output`, in order. A bad line or file fails only itself; the error is that
/// of `input` or `output`.
pub(super) fn parse_jsonl(input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    for line in input.split(b'\n') {
        let line = line?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        serde_json::to_writer(&mut output, &answer(&line))?;
        output.write_all(b"\n")?;
        // Who gives line by line may wait for each answer.
        output.flush()?;
    }
    Ok(())
}

fn answer(line: &[u8]) -> Answer {
    let request: Request = match serde_json::from_slice(line) {
        Ok(request) => request,
        Err(error) => {
            return Answer {
                id: id_of(line),
                error: Some(format!(
                    "this line is no request: {error}; expected {{\"id\", \"path\", \"base\"?, \"headers\"?}}"
                )),
                ..Answer::default()
            };
        }
    };
    match parsed(&request) {
        Ok(feed) => Answer {
            id: request.id,
            ok: true,
            error: None,
            title: feed.title,
            entries: feed.entries.into_iter().map(Line::from).collect(),
        },
        Err(error) => Answer {
            id: request.id,
            error: Some(error),
            ..Answer::default()
        },
    }
}

fn parsed(request: &Request) -> Result<ParsedFeed, String> {
    let mut bytes = Vec::new();
    std::fs::File::open(&request.path)
        .and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes))
        .map_err(|error| format!("{}: {error}", request.path))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(format!(
            "{}: larger than 10 MiB, the most that is read of a feed",
            request.path
        ));
    }
    let header = |name: &str| {
        request
            .headers
            .iter()
            .flatten()
            .find_map(|(known, value)| known.eq_ignore_ascii_case(name).then_some(value.as_str())?)
    };
    let base = request.base.as_deref().and_then(link::web_url);
    let base: Option<Url> = match (header("content-location"), base) {
        (Some(location), Some(base)) => link::resolve(&base, location).or(Some(base)),
        (Some(location), None) => link::web_url(location),
        (None, base) => base,
    };
    feed::parse(&bytes, header("content-type"), base.as_ref()).map_err(|error| error.to_string())
}

/// The id of a line that is JSON but no request.
fn id_of(line: &[u8]) -> Value {
    serde_json::from_slice::<Value>(line)
        .ok()
        .and_then(|mut value| value.get_mut("id").map(Value::take))
        .unwrap_or_default()
}

impl From<Entry> for Line {
    fn from(entry: Entry) -> Self {
        Self {
            title: entry.title,
            link: entry.link.map(String::from),
            id: entry.id,
            published: entry.published.map(shown),
            updated: entry.updated.map(shown),
            summary: entry.summary,
            content: entry.content,
            authors: entry
                .details
                .map(Arc::unwrap_or_clone)
                .unwrap_or_default()
                .authors,
        }
    }
}

/// A moment as readers of JSON can take it: where the day is missing, the first of the month or year.
fn shown(at: Timestamp) -> String {
    match at.precision {
        Precision::Year | Precision::Month => at.local.format("%Y-%m-%d").to_string(),
        _ => at.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_line_or_file_fails_only_itself() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("feed.xml");
        std::fs::write(
            &path,
            "<rss><channel><title>T</title><item><title>A</title><link>/a</link></item></channel></rss>",
        )
        .unwrap();
        let good = |id: &str| {
            serde_json::json!({"id": id, "path": path, "base": "https://paper.example/feed"}).to_string()
        };
        let input = [
            good("first"),
            "{".to_owned(),
            r#"{"id": 7}"#.to_owned(),
            r#"{"id": "gone", "path": "no/such/file"}"#.to_owned(),
            String::new(),
            "\u{1f}".to_owned(),
            good("last"),
        ]
        .join("\n");
        let mut output = Vec::new();
        parse_jsonl(input.as_bytes(), &mut output).unwrap();
        let answers: Vec<Value> = output
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect();
        let ids: Vec<_> = answers.iter().map(|answer| answer["id"].to_string()).collect();
        assert_eq!(ids, ["\"first\"", "null", "7", "\"gone\"", "null", "\"last\""]);
        let ok: Vec<_> = answers.iter().map(|answer| answer["ok"] == true).collect();
        assert_eq!(ok, [true, false, false, false, false, true]);
        assert_eq!(answers[0]["entries"][0]["link"], "https://paper.example/a");
        assert_eq!(answers[0]["title"], "T");
    }
}
