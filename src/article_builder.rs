//! Builds a [`CollectedArticle`]: the extracted fields, what the feed adds to them, and the keys that identify it.
//!
//! `collect` calls it inside its CPU-bound closures. Pure: no store, no network, no clock. [`field_choice`] decides between
//! the page and the entry of the feed.

use chrono::{DateTime, Utc};
use url::Url;

use crate::config::{Config, Retention, Source, SourceKind};
use crate::fetch::FetchedDocument;
use crate::field_choice::{self, ChoicePlace, FeedWords};
use crate::identity::{self, Identity, KeyRules, PageUrls};
use crate::model::{
    ClaimedEntry, CollectedArticle, Entry, Extraction, Failure, FetchStats, Field, FieldChoice, Grade,
    Method, Origin, RawPage, Validators,
};
use crate::{html, link, schedule};

/// The entry that an article is built for, and its configuration.
#[derive(Clone, Copy)]
pub(crate) struct ArticleBuilder<'a> {
    /// Zones, languages and key patterns.
    pub(crate) config: &'a Config,
    /// The source of the entry: its feed, and `keep_pages`.
    pub(crate) source: &'a Source,
    /// The entry under lease, with what the feed says.
    pub(crate) claim: &'a ClaimedEntry,
}

impl ArticleBuilder<'_> {
    /// An article from its page, or from its joined pages if it has several; `fetch` and `document` are those of the
    /// first. `missing` is why one of several could not be fetched: the rest is stored, and tried again soon. If no text
    /// was extracted, the feed's text is stored, and the page is tried again after a week.
    pub(crate) fn build_from_page(
        &self,
        fetch: &FetchStats,
        document: FetchedDocument,
        mut extraction: Extraction,
        missing: Option<Failure>,
        now: DateTime<Utc>,
    ) -> CollectedArticle {
        let mut method = match extraction.origins.get(&Field::Body) {
            Some(Origin::Rule) => Method::Rule,
            _ => Method::Auto,
        };
        let mut validators = document.validators.clone();
        let mut page_retry_at = None;
        if let Some(missing) = &missing {
            // With validators, a 304 for the first page would end the tries for the missing one.
            validators = Validators::default();
            if missing.grade != Grade::Permanent {
                page_retry_at = schedule::page_retry(self.claim.attempts, now);
            }
        }
        // A page without text says nothing about the article: it is as good as no page.
        let mut failure = missing;
        if extraction.text.is_empty() {
            self.fields_of_entry().add_text(&mut extraction, &fetch.url);
            method = Method::Feed;
            validators = Validators::default();
            failure = Some(Failure {
                code: "no-text",
                grade: Grade::Soft,
                message:
                    "no text was found in the page: the feed's own is kept; a `body` selector would help"
                        .into(),
                url: Some(link::mask_secrets(&fetch.url)),
                status: fetch.status,
            });
            let has_late_try = self.claim.text_state.has_late_try();
            page_retry_at = has_late_try.then(|| now + schedule::LAST_RETRY);
        }
        let redirects = fetch.redirects();
        // A feed that links to a further page means the same article.
        let urls = PageUrls {
            served: &fetch.url,
            asked: self.claim.entry.link.as_ref(),
            redirects: &redirects,
            joined: &extraction.pagination.joined,
        };
        let rules = self.key_rules(&fetch.url);
        let identity = identity::of_page(rules, &extraction.links, urls, &self.entry_key())
            .with_wrapper(rules, self.claim.entry.wrapper.as_deref());
        let url = identity::shown_url(&self.source.same_site, &extraction.links, &fetch.url);
        CollectedArticle {
            url: url.to_string(),
            served_url: fetch.url.to_string(),
            raw_page: self.raw_page(document, now),
            validators,
            failure,
            page_retry_at,
            ..self.article(extraction, method, &fetch.url, identity)
        }
    }

    /// An article with the feed's text. `failure` is why its page could not be fetched; `None` if it has none to fetch.
    pub(crate) fn build_from_feed(&self, failure: Option<Failure>, now: DateTime<Utc>) -> CollectedArticle {
        let mut extraction = Extraction::default();
        self.fields_of_entry().add_text(&mut extraction, self.base());
        self.without_text(extraction, failure, now)
    }

    /// As [`Self::build_from_feed`], with the text of `extraction`, which may be empty: for a feed's text that cannot be parsed.
    pub(crate) fn without_text(
        &self,
        extraction: Extraction,
        failure: Option<Failure>,
        now: DateTime<Utc>,
    ) -> CollectedArticle {
        let page_retry_at = failure.is_some().then(|| now + schedule::LAST_RETRY);
        // A link that several entries share is the key of none.
        let link = self.claim.entry.link.as_ref().filter(|_| !self.claim.own_text);
        let rules = self.key_rules(self.base());
        let wrapper = self.claim.entry.wrapper.as_deref().filter(|_| !self.claim.own_text);
        let identity = identity::of_entry(rules, link, &self.entry_key()).with_wrapper(rules, wrapper);
        CollectedArticle {
            failure,
            page_retry_at,
            awaits_page: self.claim.feed_text_only,
            ..self.article(extraction, Method::Feed, self.base(), identity)
        }
    }

    /// How keys are made of the URLs of a page.
    fn key_rules(&self, page: &Url) -> KeyRules<'_> {
        KeyRules {
            pattern: self.config.key_pattern_for(Some(self.source), page),
            same_site: &self.source.same_site,
            session: &self.claim.session_parameters,
        }
    }

    /// The base of relative links in the feed's text.
    fn base(&self) -> &Url {
        self.claim.entry.link.as_ref().unwrap_or(&self.source.feed)
    }

    /// The key that identifies the entry within its feed, for articles that no URL identifies. It stays when the entry gets
    /// another id, or the source another feed.
    fn entry_key(&self) -> String {
        let stored = self.claim.stored_key.clone();
        stored.unwrap_or_else(|| identity::entry_key(&self.source.feed, &self.claim.ident))
    }

    /// The parts that all articles share; without page, validators and failure. `page` selects the site's zone and language.
    fn article(
        &self,
        mut extraction: Extraction,
        method: Method,
        page: &Url,
        identity: Identity,
    ) -> CollectedArticle {
        let fields = match method {
            Method::Feed => self.fields_of_entry(),
            Method::Rule | Method::Auto => self.fields_of_page(page),
        };
        let choices = fields.add_to(&mut extraction, method, page);
        let zone = self.config.zone_for(Some(fields.source), page);
        let link = self.claim.entry.link.as_ref();
        CollectedArticle {
            published_at: extraction.published.map(|published| published.utc(zone)),
            method,
            url: link.map(|link| link::without_tracking(link).to_string()).unwrap_or_default(),
            served_url: link.map(Url::to_string).unwrap_or_default(),
            site: self.source.same_site.stored_names(page),
            own_feed: fields.is_of_site(page),
            page_key: identity.page_key,
            keys: identity.keys,
            claims: identity.claims,
            raw_page: None,
            validators: Validators::default(),
            failure: None,
            page_retry_at: None,
            awaits_page: false,
            contradictions: choices
                .iter()
                .filter(|choice| choice.contradiction.is_some())
                .map(|choice| choice.field)
                .collect(),
            extraction,
        }
    }

    /// The page as it is stored, if the source stores pages (`keep_pages`), and until when.
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

    /// The source whose rules read the page at `served`.
    pub(crate) fn page_source(&self, served: &Url) -> &Source {
        self.fields_of_page(served).source
    }

    /// What counts beside a page: the entry; where the page's text is of another source, what is known of that one's.
    fn fields_of_page(&self, served: &Url) -> EntryFields<'_> {
        let key = || identity::served_key(served, &self.claim.session_parameters);
        let owner = self.claim.owner.as_deref().filter(|owner| owner.page_key == key());
        let known = owner.and_then(|owner| Some((owner, self.config.source(&owner.source_name)?)));
        known.map_or_else(
            || self.fields_of_entry(),
            |(owner, source)| EntryFields { config: self.config, source, entry: &owner.recalled.entry },
        )
    }

    fn fields_of_entry(&self) -> EntryFields<'_> {
        EntryFields { config: self.config, source: self.source, entry: &self.claim.entry }
    }
}

/// What the feed of a source says of an entry, as fields of an article.
#[derive(Clone, Copy)]
pub(crate) struct EntryFields<'a> {
    /// Zones and languages.
    pub(crate) config: &'a Config,
    /// The source of the entry.
    pub(crate) source: &'a Source,
    pub(crate) entry: &'a Entry,
}

impl EntryFields<'_> {
    /// Sets text and sanitised HTML from the full text of the feed, else from its summary; both stay empty if it has neither.
    /// Relative links start from the entry's `xml:base`, else from `base`.
    pub(crate) fn add_text(&self, extraction: &mut Extraction, base: &Url) {
        let entry = self.entry;
        let mut texts = [&entry.content, &entry.summary].into_iter().flatten();
        if let Some(text) = texts.find(|text| !text.trim().is_empty()) {
            (extraction.text, extraction.html) =
                html::text_and_html(text, entry.base.as_deref().unwrap_or(base));
        }
        extraction.origins.insert(Field::Body, Origin::Feed);
    }

    /// Whether the feed is of the site of a page.
    fn is_of_site(&self, page: &Url) -> bool {
        self.source.same_site.is_same(page, &self.source.feed)
    }

    /// Takes what the feed says of the entry: all fields for the feed's own text, else those that it has better than the
    /// page. Rights and media files come from the feed alone.
    pub(crate) fn add_to(&self, extraction: &mut Extraction, method: Method, page: &Url) -> Vec<FieldChoice> {
        let entry = self.entry;
        // A feed of another site must not say what a page is about. The text of a link in a list is no title.
        let is_list = matches!(self.source.kind, SourceKind::Listing(_));
        let may_overrule = self.is_of_site(page) && !is_list;
        let feed = FeedWords::of(entry, may_overrule, &extraction.evidence);
        let host = link::host(page);
        let place = ChoicePlace {
            zone: self.config.zone_for(Some(self.source), page),
            host: &host,
            language: self.config.language_for(Some(self.source), page),
        };
        let choices = match method {
            Method::Feed => field_choice::take_from_feed(extraction, &feed, place),
            Method::Rule | Method::Auto => field_choice::choose(extraction, &feed, place),
        };
        let details = entry.details();
        if extraction.tags.is_empty() && !details.categories.is_empty() {
            extraction.tags.clone_from(&details.categories);
            extraction.origins.insert(Field::Tags, Origin::Feed);
        }
        extraction.rights = details.rights.as_deref().map(str::to_owned);
        extraction.enclosures.clone_from(&details.enclosures);
        choices
    }
}
