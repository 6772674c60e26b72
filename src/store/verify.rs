//! `cuttings verify`: SQLite's integrity check, the invariants between the tables, and whether stored pages decompress.

use super::error::StoreError;
use super::raw_pages::{BODY, StoredBody};
use super::reader::Reader;

/// Findings of one kind that are listed.
const MAX_LISTED: usize = 10;

/// Each invariant as the sentence for a violation, and a query that lists violations. What follows a `;` in a sentence is
/// advice.
const RULES: &[(&str, &str)] = &[
    (
        "a row refers to one that is not there",
        "SELECT \"table\" || ' ' || ifnull(rowid, '') || ' → ' || parent FROM pragma_foreign_key_check",
    ),
    (
        "a number of a change is missing or was given twice",
        "SELECT 'sequence ' || seq || ', changes ' || (SELECT count(*) FROM change) || ', last ' || \
         (SELECT ifnull(max(seq), 0) FROM change) FROM sequence \
         WHERE seq <> (SELECT count(*) FROM change) OR seq <> (SELECT ifnull(max(seq), 0) FROM change)",
    ),
    (
        "an article is there for readers without a text of its own",
        "SELECT 'article ' || article.id FROM article LEFT JOIN revision ON revision.id = article.revision_id \
         LEFT JOIN page ON page.id = revision.page_id \
         WHERE article.merged_into IS NULL AND article.deleted_at IS NULL \
         AND (page.article_id IS NOT article.id OR revision.seq IS NULL)",
    ),
    (
        "an article's number is not that of its last change",
        "SELECT 'article ' || article.id FROM article LEFT JOIN (SELECT article_id, max(seq) AS last FROM change \
         WHERE op <> 'joined' GROUP BY article_id) AS own ON own.article_id = article.id WHERE article.seq IS NOT own.last",
    ),
    (
        "an article does not belong to a source that named it",
        "SELECT 'entry ' || entry.id FROM entry JOIN page ON page.id = entry.page_id \
         JOIN article ON article.id = page.article_id WHERE article.merged_into IS NULL AND article.deleted_at IS NULL \
         AND NOT EXISTS (SELECT 1 FROM membership \
             WHERE membership.article_id = article.id AND membership.source_id = entry.source_id)",
    ),
    (
        "an article belongs to a source that did not name it",
        "SELECT 'article ' || article.id FROM membership JOIN article ON article.id = membership.article_id \
         WHERE membership.imported = 0 AND article.merged_into IS NULL AND article.deleted_at IS NULL \
         AND NOT EXISTS (SELECT 1 FROM page JOIN entry ON entry.page_id = page.id \
             WHERE page.article_id = article.id AND entry.source_id = membership.source_id)",
    ),
    (
        "a source counts an article that is gone, or leaves out one that is not",
        "SELECT 'article ' || article.id FROM membership JOIN article ON article.id = membership.article_id \
         WHERE membership.gone <> (article.merged_into IS NOT NULL OR article.deleted_at IS NOT NULL)",
    ),
    (
        "the list of an article's sources is not that of its memberships",
        "SELECT 'article ' || article.id FROM article WHERE merged_into IS NULL AND deleted_at IS NULL \
         AND sources <> (SELECT json_group_array(name) FROM (SELECT source.name FROM membership \
             JOIN source ON source.id = membership.source_id WHERE membership.article_id = article.id ORDER BY source.name))",
    ),
    (
        "a merged article leads to another merged one",
        "SELECT 'article ' || article.id FROM article JOIN article AS into_ ON into_.id = article.merged_into \
         WHERE into_.merged_into IS NOT NULL",
    ),
    (
        "a deleted article still has a text or a stored page",
        "SELECT 'article ' || article.id FROM article JOIN page ON page.article_id = article.id \
         WHERE article.deleted_at IS NOT NULL AND (EXISTS (SELECT 1 FROM revision WHERE page_id = page.id) \
         OR EXISTS (SELECT 1 FROM raw_page WHERE page_id = page.id))",
    ),
    ("a page's own URL counts as shared", "SELECT key FROM alias WHERE kind = 'final-url' AND shared = 1"),
    (
        "a page has no article of its own",
        "SELECT 'page ' || page.id FROM page JOIN article ON article.id = page.article_id \
         WHERE article.merged_into IS NOT NULL",
    ),
    (
        "a collected entry has no page",
        "SELECT 'entry ' || id FROM entry WHERE state IN ('done', 'known') AND page_id IS NULL",
    ),
    (
        "an entry waits for its page without what its feed said",
        "SELECT 'entry ' || id FROM entry WHERE state = 'pending' AND payload IS NULL",
    ),
    (
        "the index of words lacks an article, or has one that is gone; `cuttings verify --rebuild-search` mends it",
        "SELECT 'article ' || id FROM article WHERE merged_into IS NULL AND deleted_at IS NULL \
         AND id NOT IN (SELECT id FROM search_docsize) \
         UNION ALL SELECT 'article ' || id FROM search_docsize WHERE id NOT IN \
         (SELECT id FROM article WHERE merged_into IS NULL AND deleted_at IS NULL)",
    ),
    (
        "an article waits to be indexed though its transaction is over",
        "SELECT 'article ' || article_id FROM search_due",
    ),
];

impl Reader {
    /// Everything that is wrong, as sentences. Calls `step` with what is checked next.
    pub fn verify(&self, mut step: impl FnMut(&str)) -> Result<Vec<String>, StoreError> {
        let doing = |error: rusqlite::Error| StoreError::from(error).while_doing("verify the database");
        let snapshot = self.db.unchecked_transaction().map_err(doing)?;
        step("the pages of the file and its indexes");
        let mut wrong: Vec<String> = self
            .strings("PRAGMA integrity_check(20)")
            .map_err(doing)?
            .into_iter()
            .filter(|line| line != "ok")
            .collect();
        for (sentence, sql) in RULES {
            step(sentence.split(';').next().unwrap_or_default());
            let found = self.strings(&format!("{sql} LIMIT {}", MAX_LISTED + 1)).map_err(doing)?;
            if found.is_empty() {
                continue;
            }
            let more = if found.len() > MAX_LISTED { " and more" } else { "" };
            let named: Vec<&str> = found.iter().take(MAX_LISTED).map(String::as_str).collect();
            wrong.push(format!("{sentence}: {}{more}", named.join(", ")));
        }
        step("the stored pages");
        wrong.extend(self.broken_pages()?);
        snapshot.finish().map_err(doing)?;
        Ok(wrong)
    }

    fn strings(&self, sql: &str) -> rusqlite::Result<Vec<String>> {
        self.db.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
    }

    /// Stored pages that cannot be decompressed.
    fn broken_pages(&self) -> Result<Vec<String>, StoreError> {
        let mut broken = Vec::new();
        let sql = format!("SELECT {BODY}, page_id FROM raw_page ORDER BY page_id");
        let mut query = self.db.prepare(&sql)?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            if StoredBody::read(row)?.decoded().is_err() && broken.len() < MAX_LISTED {
                let page: i64 = row.get(3)?;
                broken.push(format!("the stored page {page} cannot be unpacked"));
            }
        }
        Ok(broken)
    }
}
