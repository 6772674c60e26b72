//! Reads stored raw pages: for `reextract` and for WARC exports.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension as _, Row, params};

use super::error::StoreError;
use super::reader::{Reader, timestamp};
use super::time;
use crate::content_coding;

/// A stored page as it was received, without transfer and content codings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawPageRow {
    /// Row id of the page; pages are read in its order.
    pub page_id: i64,
    /// The article it belongs to now.
    pub article_id: i64,
    /// The URL that served it.
    pub url: String,
    /// Name of the source whose rules read it.
    pub source: Option<String>,
    /// When it was fetched.
    pub fetched_at: DateTime<Utc>,
    /// HTTP status.
    pub status: u16,
    /// Response headers as lines of `name: value`; `content-encoding` and `content-length` describe the body as sent.
    pub headers: String,
    /// The body, before charset decoding.
    pub body: Vec<u8>,
}

/// Selects raw pages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawPages {
    /// Only of articles that belong to this source.
    pub source: Option<String>,
    /// Only fetched then or later.
    pub since: Option<DateTime<Utc>>,
}

impl Reader {
    /// Up to `limit` raw pages whose `page_id` is larger than `after`, in that order. Ten are well under 50 MiB; each
    /// is one page, whatever its size.
    pub fn raw_pages_after(
        &self,
        which: &RawPages,
        after: i64,
        limit: usize,
    ) -> Result<Vec<RawPageRow>, StoreError> {
        let doing = |error: rusqlite::Error| StoreError::from(error).while_doing("read the stored pages");
        let rows: Vec<EncodedRawPage> = self
            .db
            .prepare_cached(&format!(
                "SELECT {BODY}, {COLUMNS} FROM raw_page {JOINED} {TEXT_OF_PAGE} {WHICH} ORDER BY raw_page.page_id LIMIT ?4"
            ))
            .and_then(|mut query| {
                query
                    .query_map(
                        params![
                            after,
                            which.source,
                            which.since.map(time::text),
                            i64::try_from(limit).unwrap_or(i64::MAX)
                        ],
                        raw_page,
                    )?
                    .collect()
            })
            .map_err(doing)?;
        rows.into_iter().map(EncodedRawPage::decoded).collect()
    }

    /// The raw page that a key of a URL names; none where it was not kept, or was never fetched.
    pub fn raw_page_of(&self, key: &str) -> Result<Option<RawPageRow>, StoreError> {
        let row = self
            .db
            .prepare_cached(&format!(
                "SELECT {BODY}, {COLUMNS} FROM raw_page {JOINED} {TEXT_OF_PAGE} \
                 WHERE page.id IN (SELECT page_id FROM alias WHERE key = ?1 AND shared = 0) \
                 ORDER BY page.id LIMIT 1"
            ))?
            .query_row([key], raw_page)
            .optional()?;
        row.map(EncodedRawPage::decoded).transpose()
    }

    /// How many raw pages there are.
    pub fn raw_pages_count(&self, which: &RawPages) -> Result<u64, StoreError> {
        let count: i64 = self.db.query_row(
            &format!("SELECT count(*) FROM raw_page {JOINED} {TEXT_OF_PAGE} {WHICH}"),
            params![0, which.source, which.since.map(time::text)],
            |row| row.get(0),
        )?;
        Ok(count.unsigned_abs())
    }
}

/// The columns of a [`RawPageRow`], after those of its [`StoredBody`].
const COLUMNS: &str = "page.id, page.article_id, revision.url, source.name, raw_page.fetched_at, raw_page.status, raw_page.headers";

/// The latest text of a page; that of the page itself, or else of the feed that led to it first.
pub(super) const TEXT_OF_PAGE: &str = "(SELECT revision.id FROM revision WHERE revision.page_id = page.id \
     ORDER BY revision.method = 'feed', revision.source_id IS NOT page.source_id, revision.id DESC LIMIT 1)";

/// Before [`TEXT_OF_PAGE`]. A page without a revision is of a deleted article, and its raw page was dropped.
const JOINED: &str = "JOIN page ON page.id = raw_page.page_id LEFT JOIN source ON source.id = page.source_id \
     JOIN revision ON revision.id =";

/// The selection of [`RawPages`], of pages later than ?1.
const WHICH: &str = "WHERE raw_page.page_id > ?1 AND (?2 IS NULL OR EXISTS (SELECT 1 FROM membership \
         JOIN source ON source.id = membership.source_id WHERE membership.article_id = page.article_id AND source.name = ?2)) \
     AND (?3 IS NULL OR raw_page.fetched_at >= ?3)";

/// A raw page with its body still encoded.
struct EncodedRawPage {
    page: RawPageRow,
    body: StoredBody,
}

impl EncodedRawPage {
    fn decoded(mut self) -> Result<RawPageRow, StoreError> {
        self.page.body = self.body.decoded()?;
        Ok(self.page)
    }
}

fn raw_page(row: &Row<'_>) -> rusqlite::Result<EncodedRawPage> {
    Ok(EncodedRawPage {
        body: StoredBody::read(row)?,
        page: RawPageRow {
            page_id: row.get(3)?,
            article_id: row.get(4)?,
            url: row.get(5)?,
            source: row.get(6)?,
            fetched_at: timestamp(row, 7)?,
            status: row.get(8)?,
            headers: row.get(9)?,
            body: Vec::new(),
        },
    })
}

/// The columns of a [`StoredBody`].
pub(super) const BODY: &str = "raw_page.codings, raw_page.body, raw_page.length";

/// The body of a raw page as it is stored.
#[derive(Clone, Debug)]
pub(super) struct StoredBody {
    /// Content codings in the order they were applied.
    codings: String,
    /// The body with these codings.
    bytes: Vec<u8>,
    /// Number of bytes after decoding.
    length: i64,
}

impl StoredBody {
    /// Reads the first columns of a row.
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { codings: row.get(0)?, bytes: row.get(1)?, length: row.get(2)? })
    }

    /// Decodes the body.
    pub(super) fn decoded(&self) -> Result<Vec<u8>, StoreError> {
        let length = usize::try_from(self.length).map_err(|_| StoreError::damaged("raw_page.length"))?;
        content_coding::decode_body(&self.codings, &self.bytes, length)
            .map_err(|error| StoreError::damaged(format!("raw_page.body: {error}")))
    }
}
