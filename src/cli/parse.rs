//! `cuttings parse --jsonl`: a filter from feeds in files to their entries as JSON.

use std::io::{self, BufRead, Write};

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::jsonl::{id_of, read_file, requests, write_line};
use crate::feed;
use crate::link;
use crate::model::ParsedFeed;
use crate::shapes::{EntryJson, ParseAnswerJson};

/// Largest file, in bytes: as large as a fetched feed may be.
const MAX_FILE: u64 = 10 << 20;

/// One line of input.
#[derive(Deserialize)]
struct ParseRequest {
    /// Any JSON; the answer has the same.
    #[serde(default)]
    id: Value,
    /// The file with the feed.
    path: String,
    /// The URL it came from, for relative links.
    #[serde(default)]
    base: Option<String>,
    /// Header lines of the response, by name; `Content-Type` and `Content-Location` are used.
    #[serde(default)]
    headers: Option<serde_json::Map<String, Value>>,
}

/// Answers each line of `input` with one of `output`, in order. Feeds are mended as
/// the daemon mends them at `now`; without it they are not. A bad line or file fails only itself; an error is one of
/// `input` or `output`.
pub(super) fn parse_jsonl(
    input: impl BufRead,
    mut output: impl Write,
    now: Option<DateTime<Utc>>,
) -> io::Result<()> {
    for line in requests(input) {
        write_line(&mut output, &serde_json::to_string(&answer(&line?, now))?)?;
    }
    Ok(())
}

fn answer(line: &[u8], now: Option<DateTime<Utc>>) -> ParseAnswerJson {
    let failed = |id, error| ParseAnswerJson { id, error: Some(error), ..ParseAnswerJson::default() };
    let request: ParseRequest = match serde_json::from_slice(line) {
        Ok(request) => request,
        Err(error) => {
            let error = format!(
                "this line is no request: {error}; expected {{\"id\", \"path\", \"base\"?, \"headers\"?}}"
            );
            return failed(id_of(line), error);
        }
    };
    match parse_file(&request, now) {
        Ok(feed) => ParseAnswerJson {
            id: request.id,
            ok: true,
            error: None,
            title: feed.title,
            entries: feed.entries.into_iter().map(EntryJson::from).collect(),
        },
        Err(error) => failed(request.id, error),
    }
}

fn parse_file(request: &ParseRequest, now: Option<DateTime<Utc>>) -> Result<ParsedFeed, String> {
    let bytes = read_file(&request.path, MAX_FILE, "10 MiB, the most that is read of a feed")?;
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
    let mut feed =
        feed::parse(&bytes, header("content-type"), base.as_ref()).map_err(|error| error.to_string())?;
    if let Some(now) = now {
        feed::mend(&mut feed, now);
    }
    Ok(feed)
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
        parse_jsonl(input.as_bytes(), &mut output, Some(Utc::now())).unwrap();
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
