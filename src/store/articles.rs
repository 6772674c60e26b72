//! Articles, their pages and revisions. Which pages are one article is decided in [`super::grouping`].
//!
//! A page is what one final URL serves, and has revisions of its own: the latest is the text it is judged by, whatever
//! article it belongs to. An article shows one revision of its pages. A page whose text changed always shows the new
//! one; another page of the same article only where it says more, so that a print version does not take turns with
//! the page it was printed from. The feed's own text never replaces a page's, and any page's replaces it.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::columns::{Columns, clean};
use super::error::StoreError;
use super::grouping::{self, ComparedText};
use super::page_id::{PageId, article_of};
use super::similarity::TextSignature;
use super::text_index;
use super::{changes, time, volatile};
use crate::model::{ArticleId, CollectedArticle, Key, Method, SourceId, StoreOutcome};

/// What is compared of two revisions of a page: what a reader would call a change. Pictures, markup and the like are
/// stored with a revision but do not make one.
struct Told {
    title: Option<String>,
    standfirst: Option<String>,
    byline: Option<String>,
    published: Option<String>,
    text: String,
    method: String,
}

/// Stores a cutting: its page, the keys by which it is known, and a revision where it says something new.
pub(super) fn record(
    db: &Connection,
    source: SourceId,
    cutting: &CollectedArticle,
    keys: &[Key],
    now: DateTime<Utc>,
) -> Result<(PageId, StoreOutcome), StoreError> {
    let told = Told::of(cutting);
    let kept = Kept::by(db, source)?;
    let page = page_by_key(db, &cutting.page_key)?;
    let before = page.map(|page| last_told(db, page)).transpose()?.flatten();
    let is_news = before
        .as_ref()
        .is_none_or(|before| told.is_news_after(before, kept));
    let reading = match (told.is_judged(), before.is_some()) {
        (true, _) => ComparedText::New(&told.text),
        (false, true) => ComparedText::Stored,
        (false, false) => ComparedText::Nothing,
    };
    let rejudge = is_news && before.is_some();
    let group = grouping::assign_article(db, page, reading, keys, rejudge, source, now)?;
    // A new article's number: its revision is written with it. To change a row as large as that afterwards is to write it
    // twice.
    let (article, seq) = if let Some(article) = group.article {
        (article, None)
    } else {
        let (article, seq) = changes::insert_article(db, Some(source), &time::text(now), now)?;
        (article, Some(seq))
    };
    let is_new = seq.is_some();
    let page = match page {
        Some(page) => page,
        None => insert_page(db, article, source, cutting, now)?,
    };
    grouping::write_keys(db, page, keys, &group, now)?;
    if !is_news || (!is_new && is_deleted(db, article)?) {
        return Ok((page, StoreOutcome::Known(article)));
    }
    let announced =
        is_new || before.is_some() || outdoes_current(db, article, (&told.text, told.is_of_feed()))?;
    let columns = Columns::of(
        &cutting.extraction,
        cutting.method,
        cutting.published_at,
        &cutting.url,
    );
    let revision = columns.insert(db, page, source, now, seq)?;
    if is_new {
        changes::set_first_revision(db, article, revision)?;
        return Ok((page, StoreOutcome::New(article)));
    }
    if announced {
        changes::revise(db, article, revision, now)?;
    }
    if kept == Kept::Latest {
        drop_older(db, page, revision)?;
    }
    Ok(if announced {
        (page, StoreOutcome::Revised(article))
    } else {
        (page, StoreOutcome::Known(article))
    })
}

/// Drops what a page said before, but for what readers see still.
fn drop_older(db: &Connection, page: PageId, revision: i64) -> Result<(), StoreError> {
    let article = article_of(db, page)?;
    let is_indexed = db
        .prepare_cached(
            "SELECT 1 FROM article JOIN revision ON revision.id = article.indexed_id \
             WHERE article.id = ?1 AND revision.page_id = ?2 AND revision.id < ?3",
        )?
        .exists(params![article.0, page.0, revision])?;
    if is_indexed {
        text_index::remove(db, article.0)?;
        text_index::mark_changed(db, article)?;
    }
    db.prepare_cached(
        "DELETE FROM revision WHERE page_id = ?1 AND id < ?2 \
         AND NOT EXISTS (SELECT 1 FROM article WHERE article.revision_id = revision.id)",
    )?
    .execute(params![page.0, revision])?;
    Ok(())
}

/// Stores another cutting of a page that was fetched at `fetched_at`, in the place of what was cut out of it before.
pub(super) fn replace(
    db: &Connection,
    page: PageId,
    source: SourceId,
    columns: &Columns,
    fetched_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let article = article_of(db, page)?;
    let is_shown = db
        .prepare_cached(
            "SELECT 1 FROM article JOIN revision ON revision.id = article.revision_id \
             WHERE article.id = ?1 AND revision.page_id = ?2",
        )?
        .exists(params![article.0, page.0])?;
    let announced = is_shown || outdoes_current(db, article, columns.told())?;
    let revision = columns.insert(db, page, source, fetched_at, None)?;
    if announced {
        changes::revise(db, article, revision, now)?;
    }
    if Kept::by(db, source)? != Kept::All {
        drop_older(db, page, revision)?;
    }
    Ok(())
}

/// Adds keys that were found to lead to a page.
pub(super) fn attach(
    db: &Connection,
    page: PageId,
    keys: &[Key],
    source: SourceId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut unknown = Vec::new();
    for key in keys {
        let known = db
            .prepare_cached("SELECT 1 FROM alias WHERE key = ?1 AND shared IN (0, 1) AND page_id = ?2")?
            .exists(params![key.key, page.0])?;
        if !known {
            unknown.push(key.clone());
        }
    }
    if unknown.is_empty() {
        return Ok(());
    }
    let group = grouping::assign_article(db, Some(page), ComparedText::Stored, &unknown, false, source, now)?;
    grouping::write_keys(db, page, &unknown, &group, now)
}

/// Which texts of a page its source keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    All,
    Latest,
    First,
}

impl Kept {
    fn by(db: &Connection, source: SourceId) -> Result<Self, StoreError> {
        let word: String = db
            .prepare_cached("SELECT revisions FROM source WHERE id = ?1")?
            .query_row([source.0], |row| row.get(0))?;
        Ok(match word.as_str() {
            "latest" => Self::Latest,
            "first" => Self::First,
            _ => Self::All,
        })
    }
}

impl Told {
    fn of(cutting: &CollectedArticle) -> Self {
        let fields = &cutting.extraction;
        Self {
            title: fields.title.as_deref().map(clean),
            standfirst: fields.standfirst.as_deref().map(clean),
            byline: fields.byline.as_deref().map(clean),
            published: fields.published.as_ref().map(ToString::to_string),
            text: clean(&fields.text),
            method: cutting.method.as_str().to_owned(),
        }
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            title: row.get(0)?,
            standfirst: row.get(1)?,
            byline: row.get(2)?,
            published: row.get(3)?,
            text: row.get(4)?,
            method: row.get(5)?,
        })
    }

    fn is_of_feed(&self) -> bool {
        self.method == Method::Feed.as_str()
    }

    /// The feed's text may be a summary of somebody else's: it proves nothing about the page.
    fn is_judged(&self) -> bool {
        !self.is_of_feed()
    }

    /// Whether this makes a revision of the page that said `before`.
    fn is_news_after(&self, before: &Self, kept: Kept) -> bool {
        if self.is_of_feed() && !before.is_of_feed() {
            return false;
        }
        self.is_of_feed() != before.is_of_feed() || (kept != Kept::First && !self.reads_like(before))
    }

    /// Whether a reader would see no difference.
    fn reads_like(&self, other: &Self) -> bool {
        let same = |a: &Option<String>, b: &Option<String>| {
            folds_to(a.as_deref().unwrap_or_default(), b.as_deref().unwrap_or_default())
        };
        same(&self.title, &other.title)
            && same(&self.standfirst, &other.standfirst)
            && same(&self.byline, &other.byline)
            && self.published == other.published
            && volatile::lasting_words(&self.text).eq(volatile::lasting_words(&other.text))
    }
}

/// Whether two texts are the same but for white space.
fn folds_to(a: &str, b: &str) -> bool {
    a.split_whitespace().eq(b.split_whitespace())
}

/// Whether another page of an article has more to say than what readers see of it.
fn outdoes_current(
    db: &Connection,
    article: ArticleId,
    (text, is_of_feed): (&str, bool),
) -> Result<bool, StoreError> {
    let current = db
        .prepare_cached(
            "SELECT title, standfirst, byline, published, text, method FROM revision \
             WHERE id = (SELECT revision_id FROM article WHERE id = ?1)",
        )?
        .query_row([article.0], Told::read)
        .optional()?;
    let Some(current) = current else {
        return Ok(true);
    };
    if is_of_feed {
        return Ok(false);
    }
    if current.is_of_feed() {
        return Ok(true);
    }
    let (ours, theirs) = (TextSignature::of(text), TextSignature::of(&current.text));
    // The second page of an article that is had whole says nothing that is not there.
    Ok(!folds_to(text, &current.text) && !ours.is_equivalent_to(&theirs) && !ours.is_contained_in(&theirs))
}

/// The page served under a normalised URL.
fn page_by_key(db: &Connection, page_key: &str) -> Result<Option<PageId>, StoreError> {
    Ok(db
        .prepare_cached("SELECT id FROM page WHERE page_key = ?1")?
        .query_row([page_key], |row| row.get(0).map(PageId))
        .optional()?)
}

/// The latest revision of a page; none where its article was deleted before it came.
fn last_told(db: &Connection, page: PageId) -> Result<Option<Told>, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT title, standfirst, byline, published, text, method FROM revision \
             WHERE page_id = ?1 ORDER BY id DESC LIMIT 1",
        )?
        .query_row([page.0], Told::read)
        .optional()?)
}

/// A deleted article takes in aliases, so that nothing of it is fetched again, and no text.
fn is_deleted(db: &Connection, article: ArticleId) -> Result<bool, StoreError> {
    Ok(db
        .prepare_cached("SELECT 1 FROM article WHERE id = ?1 AND deleted_at IS NOT NULL")?
        .exists([article.0])?)
}

/// The same of the article that a page belongs to.
pub(super) fn is_page_of_deleted(db: &Connection, page: PageId) -> Result<bool, StoreError> {
    is_deleted(db, article_of(db, page)?)
}

fn insert_page(
    db: &Connection,
    article: ArticleId,
    source: SourceId,
    cutting: &CollectedArticle,
    now: DateTime<Utc>,
) -> Result<PageId, StoreError> {
    // As `revisits::asked` would leave it.
    let is_asked = cutting.method != Method::Feed;
    let validators = Some(&cutting.validators).filter(|_| is_asked);
    let has_some = validators.is_some_and(|validators| !validators.is_empty());
    db.prepare_cached(
        "INSERT INTO page (article_id, source_id, page_key, url, first_seen, asked_at, etag, last_modified, validators_url) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        article.0,
        source.0,
        cutting.page_key,
        cutting.url,
        time::text(now),
        is_asked.then(|| time::ms(now)),
        validators.and_then(|validators| validators.etag.as_ref()),
        validators.and_then(|validators| validators.last_modified.as_ref()),
        has_some.then_some(&cutting.url)
    ])?;
    Ok(PageId(db.last_insert_rowid()))
}
