//! Puts an article together: what the page gave, what only the feed knew, and the keys that name it. Pure.

use chrono::{DateTime, Utc};
use url::Url;

use crate::config::{Config, Retention, Source};
use crate::fetch::{FetchedDocument, Response};
use crate::identity::{self, Identity};
use crate::model::{
    ClaimedEntry, CollectedArticle, Extraction, Failure, Field, Grade, Method, Origin, RawPage, Validators,
};
use crate::{html, link, schedule};

/// What an article is put together for.
#[derive(Clone, Copy, Debug)]
pub struct ArticleBuilder<'a> {
    /// Rules, zones and patterns.
    pub config: &'a Config,
    /// The source of the entry.
    pub source: &'a Source,
    /// The entry.
    pub claim: &'a ClaimedEntry,
}

impl ArticleBuilder<'_> {
    /// An article from its page or pages. Where no text was found, the feed's own is kept and the page tried again later;
    /// where one of several pages is `missing`, what there is is kept and the rest tried again soon.
    pub fn from_page(
        &self,
        fetched: &Response,
        document: FetchedDocument,
        mut extraction: Extraction,
        missing: Option<Failure>,
        now: DateTime<Utc>,
    ) -> CollectedArticle {
        let mut method = match extraction.origins.get(&Field::Body) {
            Some(Origin::Rule) => Method::Rule,
            _ => Method::Auto,
        };
        let retry_at = missing
            .as_ref()
            .filter(|missing| missing.grade != Grade::Permanent)
            .and_then(|_| schedule::page_retry(self.claim.attempts, now));
        let mut upgrade_at = retry_at.filter(|_| !extraction.text.is_empty());
        // With those of an article that is not all there, the rest would never be had.
        let mut validators = if missing.is_none() {
            document.validators.clone()
        } else {
            Validators::default()
        };
        let mut failure = missing;
        if extraction.text.is_empty() {
            self.take_feed_text(&mut extraction, &fetched.fetch.url);
            method = Method::Feed;
            validators = Validators::default();
            failure = Some(Failure {
                code: "no-text",
                grade: Grade::Soft,
                message:
                    "no text was found in the page: the feed's own is kept; a `body` selector would help"
                        .into(),
                url: Some(link::mask_secrets(&fetched.fetch.url)),
                status: fetched.fetch.status,
            });
            upgrade_at = self
                .claim
                .text_state
                .has_late_try()
                .then(|| now + schedule::LAST_RETRY);
        }
        let hops = fetched.fetch.hops.iter().map(|hop| hop.from.clone());
        // A feed that names its second page means the same article.
        let joined = extraction.pagination.joined.iter().cloned();
        let ways: Vec<Url> = self
            .claim
            .entry
            .link
            .iter()
            .cloned()
            .chain(hops)
            .chain(joined)
            .collect();
        let pattern = self.config.key_pattern_for(Some(self.source), &fetched.fetch.url);
        let identity = identity::of_page(
            pattern,
            &extraction.links,
            &fetched.fetch.url,
            &ways,
            &self.own_key(),
        );
        let raw = self.raw_page(document, now);
        let cutting = self.cutting(extraction, method, &fetched.fetch.url, identity);
        CollectedArticle {
            url: fetched.fetch.url.to_string(),
            raw_page: raw,
            validators,
            failure,
            page_retry_at: upgrade_at,
            ..cutting
        }
    }

    /// An article of the feed's own text; `failure` tells why, where there should have been a page.
    pub fn from_feed(&self, failure: Option<Failure>, now: DateTime<Utc>) -> CollectedArticle {
        let mut extraction = Extraction::default();
        self.take_feed_text(&mut extraction, self.base());
        self.without_text(extraction, failure, now)
    }

    /// The same without any text: what is left where even the feed's cannot be read.
    pub fn without_text(
        &self,
        extraction: Extraction,
        failure: Option<Failure>,
        now: DateTime<Utc>,
    ) -> CollectedArticle {
        let upgrade_at = failure.is_some().then(|| now + schedule::LAST_RETRY);
        let pattern = self.config.key_pattern_for(Some(self.source), self.base());
        let identity = identity::of_entry(pattern, &self.claim.entry, &self.own_key());
        CollectedArticle {
            failure,
            page_retry_at: upgrade_at,
            ..self.cutting(extraction, Method::Feed, self.base(), identity)
        }
    }

    /// What the entry's relative links start from.
    fn base(&self) -> &Url {
        self.claim.entry.link.as_ref().unwrap_or(&self.source.feed)
    }

    fn own_key(&self) -> String {
        identity::entry_key(&self.source.name, &self.claim.ident)
    }

    fn cutting(
        &self,
        mut extraction: Extraction,
        method: Method,
        page: &Url,
        identity: Identity,
    ) -> CollectedArticle {
        self.fill_from_entry(&mut extraction, page);
        let zone = self.config.zone_for(Some(self.source), page);
        CollectedArticle {
            published_at: extraction.published.map(|published| published.utc(zone)),
            method,
            url: self
                .claim
                .entry
                .link
                .as_ref()
                .map(Url::to_string)
                .unwrap_or_default(),
            page_key: identity.page_key,
            keys: identity.keys,
            raw_page: None,
            validators: Validators::default(),
            failure: None,
            page_retry_at: None,
            extraction,
        }
    }

    fn raw_page(&self, document: FetchedDocument, now: DateTime<Utc>) -> Option<RawPage> {
        let expires = match self.source.keep_pages {
            Retention::Never => return None,
            Retention::For(time) => Some(now + time),
            Retention::Forever => None,
        };
        Some(RawPage {
            status: document.status,
            headers: document.headers.to_lines(),
            body: document.body,
            encoded: document.encoded,
            expires,
        })
    }

    /// The text of the feed: the full one, else the summary.
    fn take_feed_text(&self, extraction: &mut Extraction, base: &Url) {
        let entry = &self.claim.entry;
        let filled = |text: &&str| !text.trim().is_empty();
        let text = entry
            .content
            .as_deref()
            .filter(filled)
            .or(entry.summary.as_deref().filter(filled));
        if let Some(text) = text {
            (extraction.text, extraction.html) =
                html::text_and_html(text, entry.base.as_deref().unwrap_or(base));
        }
        extraction.origins.insert(Field::Body, Origin::Feed);
    }

    /// What the page did not say and the feed did.
    fn fill_from_entry(&self, extraction: &mut Extraction, page: &Url) {
        let entry = &self.claim.entry;
        let origins = &mut extraction.origins;
        let mut fill = |field, filled| {
            if filled {
                origins.insert(field, Origin::Feed);
            }
        };
        if extraction.title.is_none() {
            extraction.title.clone_from(&entry.title);
            fill(Field::Title, entry.title.is_some());
        }
        if extraction.published.is_none() {
            extraction.published = entry.published;
            fill(Field::Published, entry.published.is_some());
        }
        if extraction.modified.is_none() && entry.updated != entry.published {
            extraction.modified = entry.updated;
            fill(Field::Modified, entry.updated.is_some());
        }
        let details = entry.details();
        if extraction.authors.is_empty() {
            extraction.authors.clone_from(&details.authors);
            fill(Field::Byline, !details.authors.is_empty());
        }
        if extraction.tags.is_empty() {
            extraction.tags.clone_from(&details.categories);
        }
        extraction.rights = details.rights.as_deref().map(str::to_owned);
        extraction.enclosures.clone_from(&details.enclosures);
        if extraction.language.is_none() {
            let configured = || {
                self.config
                    .language_for(Some(self.source), page)
                    .map(str::to_owned)
            };
            extraction.language = details.language.clone().or_else(configured);
            fill(Field::Language, extraction.language.is_some());
        }
    }
}
