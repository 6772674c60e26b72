//! Reads RSS, Atom, RDF and CDF: tokens into entries.
//!
//! No tree is built. Open elements are on a stack of bounded depth; while one of them is a field, the tokens are its
//! text. A missing end tag is made up where the next entry or field begins, and a stray one is ignored, so that damage
//! stays within one entry.
//!
//! ```text
//! start tag ─ role_of ─┬─ Entry    opens an EntryDraft
//!                      ├─ Field    opens a FieldCapture; until it ends, tags and text are its content
//!                      └─ others   attributes only, or nothing
//! end tag ── closes its element and all that are open within it
//! ```

use std::borrow::Cow;

use url::Url;

use super::capture::{FieldCapture, is_void};
use super::channel::ChannelDraft;
use super::diagnosis::diagnose_markup;
use super::draft::{EntryDraft, FieldText};
use super::error::NotAFeed;
use super::fields::{ElementRole, FeedField, link_rank, rank_of_link, role_of};
use super::limits;
use super::mojibake::repair_latin1;
use super::open_elements::{OpenElement, OpenElements};
use super::plain_text::{TextKind, plain_line};
use super::reference::decode_references;
use super::token::{MarkupToken, MarkupTokens, StartTag};
use super::values::web_address;
use super::vocabulary::Vocabulary;
use crate::model::ParsedFeed;

/// Parses a document of markup. `base` resolves relative links; `repairs` says whether text that was encoded twice is
/// repaired.
pub(super) fn parse_markup(text: &str, base: Option<&Url>, repairs: bool) -> Result<ParsedFeed, NotAFeed> {
    let mut reader = FeedReader { repairs, open: OpenElements::new(base), ..FeedReader::default() };
    for token in MarkupTokens::new(text) {
        match token {
            MarkupToken::Start(tag) => reader.start(&tag),
            MarkupToken::End(name) => reader.end(name),
            MarkupToken::Text(text) => reader.text(&decode_references(text)),
            MarkupToken::CData(text) => reader.text(text),
        }
    }
    reader.finish().map_err(|root| diagnose_markup(text, root.as_deref(), base))
}

/// An entry whose element is open.
#[derive(Debug)]
struct OpenEntry {
    /// Index of its element on the stack.
    at: usize,
    draft: EntryDraft,
}

/// An author whose element is open.
#[derive(Debug, Default)]
struct Person {
    name: Option<String>,
    email: Option<String>,
}

/// The state between two tokens.
#[derive(Debug, Default)]
struct FeedReader<'a> {
    /// Whether text that was encoded twice is repaired.
    repairs: bool,
    open: OpenElements<'a>,
    /// The field that is being read.
    capture: Option<FieldCapture>,
    person: Person,
    entry: Option<OpenEntry>,
    channel: ChannelDraft,
    feed: ParsedFeed,
    /// Entries that have ended, kept or not.
    seen: usize,
    /// Name of the first element, in lower case, without prefix.
    root: Option<String>,
    /// The root is Atom's `feed` or `entry`, whatever its namespace.
    is_atom: bool,
    /// Whether an element of a feed was seen.
    is_feed: bool,
}

impl<'a> FeedReader<'a> {
    /// Opens the element of a start tag, as part of the open field if there is one.
    fn start(&mut self, tag: &StartTag<'a>) {
        let (vocabulary, local) = self.open.resolve(tag);
        let mut role = role_of(vocabulary, local);
        if self.root.is_none() {
            let root = local.to_ascii_lowercase();
            self.is_atom = matches!(root.as_str(), "feed" | "entry");
            self.root = Some(root);
        }
        // The body of a page around a feed. Of an entry it is the content.
        if self.entry.is_none() && role == ElementRole::Field(FeedField::Content, 1) {
            role = ElementRole::Transparent;
        }
        self.close_unended(role, vocabulary);
        if let Some(capture) = &mut self.capture {
            capture.push_start_tag(tag, local);
            if is_void(local) {
                self.open.drop_declarations();
                return;
            }
            role = ElementRole::Transparent;
        }
        if self.open.is_full() {
            self.open.drop_declarations();
            if let Some(entry) = &mut self.entry {
                let reason = "it is nested more than 256 deep; fields that lie deeper were left out";
                entry.draft.record_loss(reason);
            }
            return;
        }
        self.open.push(tag, role);
        if self.capture.is_none() {
            self.begin(tag, role, vocabulary);
        }
        if tag.is_empty {
            self.close_to(self.open.len() - 1);
        }
    }

    /// Closes elements whose end tag is missing: those that cannot hold an element of this role.
    fn close_unended(&mut self, role: ElementRole, vocabulary: Vocabulary) {
        if role == ElementRole::Entry
            && let Some(entry) = &self.entry
        {
            self.close_to(entry.at);
        }
        let Some(capture) = &self.capture else {
            return;
        };
        let (at, field) = (capture.at, capture.field);
        let is_ended = match role {
            ElementRole::Entry => true,
            ElementRole::Field(FeedField::Name | FeedField::Email, _) => {
                if field == FeedField::Author {
                    // They take the place of the author's own text.
                    self.capture = None;
                }
                return;
            }
            ElementRole::Field(..) | ElementRole::Enclosure if field.is_line() => !capture.is_xhtml(),
            // In running text only what no HTML could be.
            ElementRole::Field(new, _) => {
                matches!(new, FeedField::Guid | FeedField::Published | FeedField::Updated)
                    || (new != field
                        && matches!(
                            vocabulary,
                            Vocabulary::DublinCore | Vocabulary::Content | Vocabulary::Itunes
                        ))
            }
            _ => false,
        };
        if is_ended {
            self.close_to(at);
        }
    }

    /// Acts on the start of an element that is not part of a field.
    fn begin(&mut self, tag: &StartTag<'a>, role: ElementRole, vocabulary: Vocabulary) {
        let Some(element) = self.open.innermost() else {
            return;
        };
        let (base, is_ignored) = (element.base.clone(), element.is_ignored);
        let base = base.as_deref();
        let value = |name: &str| tag.attribute(name).map(decode_references);
        match role {
            ElementRole::Feed => {
                if !self.is_feed && self.seen == 0 {
                    // What came before is of a page around the feed.
                    self.channel = ChannelDraft::default();
                }
                self.is_feed = true;
                self.channel.read_attributes(tag, base);
            }
            // RDF has many uses: without a channel it is a feed only if it declares RSS.
            ElementRole::Graph => self.is_feed |= self.open.declares_rss(),
            ElementRole::Entry => self.begin_entry(tag, base),
            ElementRole::Credit => {
                if let (Some(entry), Some(href)) = (&mut self.entry, value("url")) {
                    entry.draft.set_credited_address(&href, false, base);
                }
            }
            ElementRole::Field(field @ (FeedField::Title | FeedField::Link), rank)
                if self.open.is_in_credit() =>
            {
                self.begin_credit_field(tag, field, rank, base);
            }
            _ if is_ignored => {}
            ElementRole::Enclosure => {
                if let (Some(entry), Some(href)) = (&mut self.entry, value("url").or_else(|| value("href"))) {
                    let (mime, length) = (value("type"), value("length").or_else(|| value("fileSize")));
                    entry.draft.add_enclosure(&href, mime.as_deref(), length.as_deref(), base);
                }
            }
            ElementRole::Field(field, rank) => {
                self.read_attributes(tag, field, base);
                if field == FeedField::Author {
                    self.person = Person::default();
                }
                let is_atom =
                    vocabulary == Vocabulary::Atom || (self.is_atom && vocabulary == Vocabulary::Core);
                let mut capture = FieldCapture::new(self.open.len() - 1, field, rank, tag, is_atom);
                if field == FeedField::Link {
                    let has_address = tag.attribute("href").is_some_and(|href| !href.trim().is_empty());
                    let relation = value("rel");
                    let leads = relation.is_none() || rank_of_link(relation.as_deref(), None).is_some();
                    capture.is_mute = has_address || !leads;
                }
                self.capture = Some(capture);
            }
            ElementRole::Transparent | ElementRole::Ignored => {}
        }
    }

    /// Opens an entry; some formats have its id, link, date or language in attributes.
    fn begin_entry(&mut self, tag: &StartTag<'a>, base: Option<&Url>) {
        let mut draft = EntryDraft::default();
        let mut attributes = tag.attributes.iter();
        let about = attributes.find(|(name, _)| name.eq_ignore_ascii_case("rdf:about") || *name == "about");
        if let Some((_, about)) = about {
            let about = decode_references(about);
            draft.set_attribute_id(&about);
            draft.add_link(link_rank::ABOUT, &about, None);
        }
        // CDF has the link and the date of an item in attributes.
        if let Some(href) = tag.attribute("href") {
            draft.add_link(link_rank::PAGE, &decode_references(href), base);
        }
        if let Some(at) = tag.attribute("lastmod") {
            draft.add(FeedField::Updated, &FieldText::of_attribute(decode_references(at)));
        }
        if let Some(language) = self.open.innermost().and_then(|element| element.language) {
            draft.set_default_language(language);
        }
        let at = self.open.len() - 1;
        self.entry = Some(OpenEntry { at, draft });
    }

    /// Reads the title or the link of the feed that an entry was taken from.
    fn begin_credit_field(&mut self, tag: &StartTag<'a>, field: FeedField, rank: u8, base: Option<&Url>) {
        let Some(entry) = &mut self.entry else {
            return;
        };
        if field == FeedField::Title {
            let capture = FieldCapture::new(self.open.len() - 1, FeedField::Credit, rank, tag, true);
            self.capture = Some(capture);
            return;
        }
        let relation = tag.attribute("rel").map_or(Cow::Borrowed("alternate"), decode_references);
        if let Some(href) = tag.attribute("href")
            && matches!(&*relation, "alternate" | "self")
        {
            let is_site = relation == "alternate";
            entry.draft.set_credited_address(&decode_references(href), is_site, base);
        }
    }

    /// Reads what a field has in attributes.
    fn read_attributes(&mut self, tag: &StartTag<'a>, field: FeedField, base: Option<&Url>) {
        let value = |name: &str| tag.attribute(name).map(decode_references);
        let draft = self.entry.as_mut().map(|entry| &mut entry.draft);
        match field {
            FeedField::Link => {
                let Some(href) = value("href") else {
                    return;
                };
                let (relation, mime) = (value("rel"), value("type"));
                let rank = rank_of_link(relation.as_deref(), mime.as_deref());
                match (draft, rank) {
                    (Some(draft), Some(link_rank::ENCLOSURE)) => {
                        draft.add_enclosure(&href, mime.as_deref(), value("length").as_deref(), base);
                    }
                    (Some(draft), Some(rank)) => draft.add_href(rank, &href, base),
                    (None, Some(link_rank::PAGE)) => self.channel.set_link(&href, base),
                    (None, None) => {
                        for relation in relation.iter().flat_map(|relation| relation.split_whitespace()) {
                            self.channel.add_relation(&relation.to_ascii_lowercase(), &href, base);
                        }
                    }
                    _ => {}
                }
            }
            FeedField::Content => {
                if let (Some(draft), Some(href)) = (draft, value("src")) {
                    draft.add_link(link_rank::RELATED, &href, base);
                }
            }
            FeedField::Category => {
                let name = ["label", "term", "text"]
                    .iter()
                    .find_map(|name| value(name).filter(|value| !value.trim().is_empty()));
                if let (Some(draft), Some(name)) = (draft, name) {
                    draft.add(FeedField::Category, &FieldText::of_attribute(name));
                }
            }
            _ => {}
        }
    }

    /// Closes the innermost element of this name, with all that are open within it. A stray end tag does nothing.
    fn end(&mut self, name: &'a str) {
        match (self.open.position_of(name), &mut self.capture) {
            (Some(at), _) => self.close_to(at),
            // The end of an element that was too deep to be pushed.
            (None, Some(capture)) if self.open.is_full() => capture.push_end_tag(name),
            _ => {}
        }
    }

    /// Adds text to the open field; elsewhere text has no meaning, except in RSS's `source`.
    fn text(&mut self, text: &str) {
        let draft = self.entry.as_mut().map(|entry| &mut entry.draft);
        if let Some(capture) = &mut self.capture {
            if !capture.push_text(text)
                && let Some(draft) = draft
            {
                draft.record_loss("a text is longer than 1 MiB and was cut");
            }
        } else if let Some(draft) = draft
            && !text.trim_ascii().is_empty()
            && self.open.innermost().is_some_and(|element| element.role == ElementRole::Credit)
        {
            // The text of RSS's `source` is the title of that feed.
            draft.add(FeedField::Credit, &FieldText::of_attribute(text));
        }
    }

    /// Closes elements from the innermost on, down to and including the one at `at`.
    fn close_to(&mut self, at: usize) {
        while self.open.len() > at {
            let Some(element) = self.open.pop() else {
                return;
            };
            let index = self.open.len();
            if let Some(capture) = self.capture.take_if(|capture| capture.at == index) {
                self.end_field(capture, &element);
            } else if let Some(capture) = &mut self.capture {
                capture.push_end_tag(element.name);
            }
            if let ElementRole::Field(FeedField::Author, _) = element.role
                && let Some(name) = self.person.name.take().or_else(|| self.person.email.take())
            {
                match &mut self.entry {
                    Some(entry) => entry.draft.add_author(&name),
                    None => self.channel.set_author(name),
                }
            }
            if let Some(entry) = self.entry.take_if(|entry| entry.at == index) {
                self.end_entry(entry.draft);
            }
        }
    }

    /// Adds a field to its entry, or to the feed if it is outside of all entries.
    fn end_field(&mut self, capture: FieldCapture, element: &OpenElement<'a>) {
        let (at, field, rank, permalink) = (capture.at, capture.field, capture.rank, capture.permalink);
        if capture.is_mute {
            return;
        }
        let Some((mut text, kind)) = capture.finish() else {
            return;
        };
        if field == FeedField::Link && text.contains('<') {
            // An address within markup: `<a>http://…</a>`.
            text = plain_line(&text, TextKind::Html, limits::LINE).unwrap_or_default();
        }
        let text = if self.repairs { repair_latin1(text) } else { text };
        match field {
            FeedField::Name => {
                self.person.name = plain_line(&text, kind, limits::LINE);
                return;
            }
            FeedField::Email => {
                self.person.email = plain_line(&text, kind, limits::LINE);
                return;
            }
            _ => {}
        }
        let base = element.base.as_deref();
        let Some(OpenEntry { at: entry_at, draft }) = &mut self.entry else {
            self.channel.add(field, &text, kind, base);
            return;
        };
        if field == FeedField::Link {
            draft.add_link(rank, &text, base);
            return;
        }
        let value = FieldText { text: text.into(), kind, rank, depth: at.saturating_sub(*entry_at), base };
        draft.add(field, &value);
        match field {
            FeedField::Guid => {
                draft.set_permalink(permalink.unwrap_or_else(|| web_address(&value.text, None).is_some()));
                // A whole address is a permalink unless it says no, a part of one only if it says yes.
                match permalink {
                    Some(true) if !value.text.trim().contains(char::is_whitespace) => {
                        draft.add_href(link_rank::PERMALINK, &value.text, base);
                    }
                    Some(true) => draft.add_link(link_rank::PERMALINK, &value.text, base),
                    None => draft.add_link(link_rank::PERMALINK, &value.text, None),
                    Some(false) => draft.add_link(link_rank::ID, &value.text, None),
                }
            }
            FeedField::Id => draft.add_link(link_rank::ID, &value.text, None),
            _ => {}
        }
    }

    /// Adds a finished entry to the feed, up to [`limits::ENTRIES`].
    fn end_entry(&mut self, draft: EntryDraft) {
        if self.feed.entries.len() < limits::ENTRIES {
            for reason in &draft.losses {
                limits::record_loss(&mut self.feed.skipped, self.seen, reason);
            }
            self.feed.entries.push(draft.finish());
        }
        self.seen += 1;
    }

    /// The feed; the error is the name of the root of a document that is none.
    fn finish(mut self) -> Result<ParsedFeed, Option<String>> {
        self.feed.is_cut = self.open.is_feed_open();
        if self.entry.take().is_some() {
            // It comes whole with the next poll; half a link leads nowhere, and half a text is none.
            self.capture = None;
            self.is_feed = true;
        }
        self.close_to(0);
        limits::record_surplus(&mut self.feed.skipped, self.seen);
        let has_entries = !self.feed.entries.is_empty();
        // Within a web page less than a whole feed is part of the page.
        let is_feed = match self.root.as_deref() {
            Some("html") => self.is_feed && has_entries,
            _ => self.is_feed || has_entries,
        };
        self.channel.finish(&mut self.feed);
        if is_feed { Ok(self.feed) } else { Err(self.root) }
    }
}
