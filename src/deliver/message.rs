//! The changes that an output has not received yet, as messages of JSON Lines for webhooks and commands.

use std::ops::ControlFlow;
use std::path::Path;

use crate::config::OutputConfig;
use crate::export::{ExportError, append_line};
use crate::store::{ArticleQuery, ExportItem, Reader, StoreError};

/// Changes in one message.
const MAX_CHANGES: u64 = 100;

/// Bytes of text and HTML after which a message takes no more changes.
const MAX_BYTES: usize = 1 << 20;

/// A message.
pub(super) struct Message {
    /// A line for each change, as `export --format jsonl` writes it.
    pub(super) body: Vec<u8>,
    /// Lines in `body`.
    pub(super) changes: u64,
    /// It has all changes after the message before it up to this `seq`.
    pub(super) upto: i64,
    /// Nothing is left after it.
    pub(super) is_last: bool,
}

impl Message {
    /// Reads the next message after the change `since`.
    pub(super) fn read(output: &OutputConfig, database: &Path, since: i64) -> Result<Self, StoreError> {
        let reader = Reader::open(database)?;
        let (mut changes, mut bytes, mut last) = (0, 0, since);
        let mut is_full = false;
        let mut body = Vec::new();
        let read = reader.for_each(&query_of(output, since), |item| {
            is_full = changes >= MAX_CHANGES || bytes >= MAX_BYTES;
            if is_full {
                return Ok::<_, ExportError>(ControlFlow::Break(()));
            }
            if let ExportItem::Article(article) = item {
                bytes += article.text.len() + article.html.len();
            }
            last = item.change();
            changes += 1;
            append_line(&item, &mut body)?;
            Ok(ControlFlow::Continue(()))
        });
        let upto = read.map_err(|error| match error {
            ExportError::Store(error) => error,
            other => StoreError::Damaged { doing: "read the articles", what: other.to_string() },
        })?;
        Ok(Self { body, changes, upto: if is_full { last } else { upto }, is_last: !is_full })
    }
}

/// The changes of an output after `since_seq`, removals included.
pub(super) fn query_of(output: &OutputConfig, since_seq: i64) -> ArticleQuery {
    ArticleQuery {
        since_seq,
        sources: output.sources.clone(),
        tags: output.tags.clone(),
        query: output.query.clone(),
        settled: output.settled,
        gone: true,
        ..ArticleQuery::default()
    }
}
