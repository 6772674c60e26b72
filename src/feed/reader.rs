//! Tokens into entries.
//!
//! No tree is built. Open elements stand on a stack of bounded depth; while one of them is a field, what comes is its
//! text. A missing end tag is made up where the next entry or field begins, a stray one is passed by, so that damage
//! stays within one entry.

use std::borrow::Cow;
use std::rc::Rc;

use url::Url;

use super::capture::{Capture, Declared, declared, is_void};
use super::draft::{Draft, Piece, web};
use super::fields::{self, Field, Role, link_rank};
use super::names::{OpenNames, Space, Spaces};
use super::plain::{self, Kind};
use super::token::{Tag, Token, Tokens};
use super::{channel::Channel, limits, reference};
use crate::model::{ParsedFeed, SkippedEntry};

/// What a document turned out to be.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) feed: ParsedFeed,
    /// Whether anything in it makes it a feed.
    pub(super) is_feed: bool,
    /// Name of the first element, in lower case, without prefix.
    pub(super) root: Option<String>,
}

/// Reads a document of markup.
pub(super) fn read(text: &str, base: Option<&Url>, repair: bool) -> Outcome {
    let mut reader = Reader {
        base: base.cloned().map(Rc::new),
        repair,
        ..Reader::default()
    };
    for token in Tokens::new(text) {
        match token {
            Token::Start(tag) => reader.start(&tag),
            Token::End(name) => reader.end(name),
            Token::Text(text) => reader.text(&reference::decode(text)),
            Token::Verbatim(text) => reader.text(text),
        }
    }
    reader.finish()
}

/// An open element.
#[derive(Debug)]
struct Open<'a> {
    /// As written.
    name: &'a str,
    role: Role,
    /// Where relative links in it start from (`xml:base`).
    base: Option<Rc<Url>>,
    /// `xml:lang`, as written.
    language: Option<&'a str>,
    /// Whether it stands in something that is none of the entry's.
    closed: bool,
}

#[derive(Debug, Default)]
struct Person {
    name: Option<String>,
    email: Option<String>,
}

#[derive(Debug, Default)]
struct Reader<'a> {
    base: Option<Rc<Url>>,
    /// Whether text that was encoded twice is repaired.
    repair: bool,
    open: Vec<Open<'a>>,
    names: OpenNames<'a>,
    spaces: Spaces<'a>,
    capture: Option<Capture>,
    person: Person,
    /// The entry that is being read, and where it stands on the stack.
    draft: Option<(usize, Draft)>,
    channel: Channel,
    feed: ParsedFeed,
    /// Entries seen, taken or not.
    seen: usize,
    root: Option<String>,
    /// The root is Atom's `feed` or `entry`, whatever its name space.
    atom: bool,
    is_feed: bool,
}

impl<'a> Reader<'a> {
    fn start(&mut self, tag: &Tag<'a>) {
        self.spaces.declare(self.open.len() + 1, &tag.attributes);
        let (space, local) = self.spaces.resolve(tag.name);
        let mut role = fields::role(space, local);
        if self.root.is_none() {
            let root = local.to_ascii_lowercase();
            self.atom = matches!(root.as_str(), "feed" | "entry");
            self.root = Some(root);
        }
        self.end_what_cannot_hold(role, space);
        if let Some(capture) = &mut self.capture {
            capture.open_tag(tag, local);
            if is_void(local) {
                self.spaces.leave(self.open.len() + 1);
                return;
            }
            role = Role::Open;
        }
        if self.open.len() >= limits::DEPTH {
            self.spaces.leave(self.open.len() + 1);
            if let Some((_, draft)) = &mut self.draft {
                draft.remark("it is nested more than 256 deep; fields that lie deeper were left out");
            }
            return;
        }
        self.push(tag, role);
        if self.capture.is_none() {
            self.act(tag, role, space);
        }
        if tag.empty {
            self.close_to(self.open.len() - 1);
        }
    }

    /// Closes what has no end tag but cannot hold an element of this role.
    fn end_what_cannot_hold(&mut self, role: Role, space: Space) {
        if role == Role::Entry
            && let Some((at, _)) = self.draft
        {
            self.close_to(at);
        }
        let Some(capture) = &self.capture else {
            return;
        };
        let (at, field) = (capture.at, capture.field);
        let ends = match role {
            Role::Entry => true,
            Role::Field(Field::Name | Field::Email, _) => field == Field::Author,
            Role::Field(..) | Role::Enclosure if field.is_line() => capture.declared != Declared::Xhtml,
            // In running text only what no HTML could be.
            Role::Field(new, _) => {
                matches!(new, Field::Guid | Field::Published | Field::Updated)
                    || (matches!(space, Space::Dc | Space::Content | Space::Itunes) && new != field)
            }
            _ => false,
        };
        if !ends {
            return;
        }
        if field == Field::Author && role != Role::Entry {
            // `name` and `email` take the place of the author's own text.
            if matches!(role, Role::Field(Field::Name | Field::Email, _)) {
                self.capture = None;
                return;
            }
        }
        self.close_to(at);
    }

    fn push(&mut self, tag: &Tag<'a>, role: Role) {
        let parent = self.open.last();
        let inherited = parent.map_or_else(|| self.base.clone(), |open| open.base.clone());
        let attribute = match role {
            // CDF has no xml:base.
            Role::Feed => tag.raw("xml:base").or_else(|| tag.raw("base")),
            _ => tag.raw("xml:base"),
        };
        let base = match attribute {
            Some(href) => web(&reference::decode(href), inherited.as_deref())
                .map(Rc::new)
                .or(inherited),
            None => inherited,
        };
        let open = Open {
            name: tag.name,
            role,
            base,
            language: tag
                .raw("xml:lang")
                .or_else(|| parent.and_then(|open| open.language)),
            closed: role != Role::Entry
                && (matches!(role, Role::Closed | Role::Credit) || parent.is_some_and(|open| open.closed)),
        };
        self.names.open(tag.name);
        self.open.push(open);
    }

    /// Does what the start of an element asks for, outside of any field.
    fn act(&mut self, tag: &Tag<'a>, role: Role, space: Space) {
        let Some(open) = self.open.last() else {
            return;
        };
        let (base, closed, language) = (open.base.clone(), open.closed, open.language);
        let value = |name: &str| tag.raw(name).map(reference::decode);
        match role {
            Role::Feed => {
                self.is_feed = true;
                self.channel.start(tag, base.as_deref());
            }
            // RDF is used for much else: only one that speaks RSS is a feed without having a channel.
            Role::Graph => self.is_feed |= self.spaces.speaks_rss(),
            Role::Entry => {
                let mut draft = Draft::default();
                if let Some(about) = tag
                    .attributes
                    .iter()
                    .find(|(name, _)| name.eq_ignore_ascii_case("rdf:about") || *name == "about")
                {
                    let about = reference::decode(about.1);
                    draft.id(&about);
                    draft.link(link_rank::ABOUT, &about, None);
                }
                // CDF keeps the link and the date of an item in attributes.
                if let Some(href) = value("href") {
                    draft.link(link_rank::PAGE, &href, base.as_deref());
                }
                if let Some(at) = value("lastmod") {
                    draft.take(Field::Updated, &attribute(at));
                }
                if let Some(language) = language {
                    draft.default_language(language);
                }
                self.draft = Some((self.open.len() - 1, draft));
            }
            Role::Credit => {
                if let (Some((_, draft)), Some(href)) = (&mut self.draft, value("url")) {
                    draft.credit(&href, false, base.as_deref());
                }
            }
            // Of the feed that an entry was taken over from, its title and its address.
            Role::Field(field @ (Field::Title | Field::Link), rank) if self.stands_in_credit() => {
                let relation = value("rel").unwrap_or(Cow::Borrowed("alternate"));
                let href = value("href").filter(|_| matches!(&*relation, "alternate" | "self"));
                match (field, &mut self.draft, href) {
                    (Field::Title, Some(_), _) => {
                        self.capture = Some(Capture {
                            at: self.open.len() - 1,
                            field: Field::Credit,
                            rank,
                            text: String::new(),
                            declared: declared(tag, true),
                            marked_up: false,
                            permalink: None,
                        });
                    }
                    (Field::Link, Some((_, draft)), Some(href)) => {
                        draft.credit(&href, relation == "alternate", base.as_deref());
                    }
                    _ => {}
                }
            }
            _ if closed => {}
            Role::Enclosure => {
                if let (Some((_, draft)), Some(href)) =
                    (&mut self.draft, value("url").or_else(|| value("href")))
                {
                    let (mime, length) = (value("type"), value("length").or_else(|| value("fileSize")));
                    draft.enclosure(&href, mime.as_deref(), length.as_deref(), base.as_deref());
                }
            }
            Role::Field(field, rank) => {
                self.attributes(tag, field, base.as_deref());
                let atom = space == Space::Atom || (self.atom && space == Space::Core);
                if field == Field::Author {
                    self.person = Person::default();
                }
                self.capture = Some(Capture {
                    at: self.open.len() - 1,
                    field,
                    rank,
                    text: String::new(),
                    declared: declared(tag, atom),
                    marked_up: false,
                    permalink: value("ispermalink").map(|value| !value.trim().eq_ignore_ascii_case("false")),
                });
            }
            Role::Open | Role::Closed => {}
        }
    }

    /// Whether the innermost element stands directly in one of [`Role::Credit`].
    fn stands_in_credit(&self) -> bool {
        let mut open = self.open.iter().rev().skip(1);
        open.next().is_some_and(|parent| parent.role == Role::Credit)
    }

    /// Takes what a field keeps in attributes.
    fn attributes(&mut self, tag: &Tag<'a>, field: Field, base: Option<&Url>) {
        let value = |name: &str| tag.raw(name).map(reference::decode);
        match field {
            Field::Link => {
                let Some(href) = value("href") else {
                    return;
                };
                let (relation, mime) = (value("rel"), value("type"));
                let rank = fields::rank_of_link(relation.as_deref(), mime.as_deref());
                match (&mut self.draft, rank) {
                    (Some((_, draft)), Some(link_rank::ENCLOSURE)) => {
                        draft.enclosure(&href, mime.as_deref(), value("length").as_deref(), base);
                    }
                    (Some((_, draft)), Some(rank)) => draft.link(rank, &href, base),
                    (None, Some(link_rank::PAGE)) => self.channel.link(&href, base),
                    (None, None) => {
                        for relation in relation.iter().flat_map(|relation| relation.split_whitespace()) {
                            self.channel.relation(&relation.to_ascii_lowercase(), &href, base);
                        }
                    }
                    _ => {}
                }
            }
            Field::Content => {
                if let (Some((_, draft)), Some(href)) = (&mut self.draft, value("src")) {
                    draft.link(link_rank::RELATED, &href, base);
                }
            }
            Field::Category => {
                let name = ["label", "term", "text"]
                    .iter()
                    .find_map(|name| value(name).filter(|value| !value.trim().is_empty()));
                if let (Some((_, draft)), Some(name)) = (&mut self.draft, name) {
                    draft.take(Field::Category, &attribute(name));
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &'a str) {
        // Without the count a stray end tag would cost a look at every open element. The others pay for their search:
        // it ends all they look at.
        let found = self.names.contains(name).then(|| {
            self.open
                .iter()
                .rposition(|open| open.name.eq_ignore_ascii_case(name))
        });
        let found = found.flatten();
        match (found, &mut self.capture) {
            (Some(at), _) => self.close_to(at),
            // The end of what was too deep to be kept open.
            (None, Some(capture)) if self.open.len() >= limits::DEPTH => capture.close_tag(name),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(capture) = &mut self.capture
            && !capture.push(text)
            && let Some((_, draft)) = &mut self.draft
        {
            draft.remark("a text is longer than 1 MiB and was cut");
        }
        // The text of RSS's `source` is the title of that feed.
        if self.capture.is_none()
            && !text.trim_ascii().is_empty()
            && self.open.last().is_some_and(|open| open.role == Role::Credit)
            && let Some((_, draft)) = &mut self.draft
        {
            draft.take(Field::Credit, &attribute(Cow::Borrowed(text)));
        }
    }

    /// Closes elements from the innermost on, down to and with the one at `at`.
    fn close_to(&mut self, at: usize) {
        while self.open.len() > at {
            let Some(open) = self.open.pop() else {
                return;
            };
            let depth = self.open.len();
            self.spaces.leave(depth + 1);
            self.names.close(open.name);
            match self.capture.take() {
                Some(capture) if capture.at == depth => self.take(capture, &open),
                Some(mut capture) => {
                    capture.close_tag(open.name);
                    self.capture = Some(capture);
                }
                None => {}
            }
            if let Role::Field(Field::Author, _) = open.role
                && let Some(name) = self.person.name.take().or_else(|| self.person.email.take())
            {
                match &mut self.draft {
                    Some((_, draft)) => draft.author(&name),
                    None => self.channel.author(name),
                }
            }
            if let Some((_, draft)) = self.draft.take_if(|(at, _)| *at == depth) {
                self.take_entry(draft);
            }
        }
    }

    /// Takes a field whose element has ended.
    fn take(&mut self, capture: Capture, open: &Open<'a>) {
        let (at, field, rank, permalink) = (capture.at, capture.field, capture.rank, capture.permalink);
        let Some((text, kind)) = capture.finish() else {
            return;
        };
        let text = if self.repair { plain::repair(text) } else { text };
        if matches!(field, Field::Name | Field::Email) {
            let name = Some(plain::line(&text, kind, limits::LINE).0).filter(|name| !name.is_empty());
            match field {
                Field::Name => self.person.name = name,
                _ => self.person.email = name,
            }
            return;
        }
        let base = open.base.as_deref();
        let Some((entry_at, draft)) = &mut self.draft else {
            self.channel.take(field, &text, kind, base);
            return;
        };
        let piece = Piece {
            text: Cow::Owned(text),
            kind,
            rank,
            depth: at.saturating_sub(*entry_at),
            base,
        };
        match field {
            Field::Link => draft.link(rank, &piece.text, base),
            Field::Guid => {
                draft.take(field, &piece);
                draft.permalink(permalink.unwrap_or_else(|| web(&piece.text, None).is_some()));
                // A whole address is a permalink unless it says no, a part of one only if it says yes.
                match permalink {
                    Some(true) => draft.link(link_rank::PERMALINK, &piece.text, base),
                    None => draft.link(link_rank::PERMALINK, &piece.text, None),
                    Some(false) => draft.link(link_rank::ID, &piece.text, None),
                }
            }
            Field::Id => {
                draft.take(field, &piece);
                draft.link(link_rank::ID, &piece.text, None);
            }
            _ => draft.take(field, &piece),
        }
    }

    fn take_entry(&mut self, mut draft: Draft) {
        let position = self.seen;
        self.seen += 1;
        if self.feed.entries.len() >= limits::ENTRIES {
            return;
        }
        for reason in std::mem::take(&mut draft.remarks) {
            self.remark(position, reason);
        }
        self.feed.entries.push(draft.finish());
    }

    fn remark(&mut self, position: usize, reason: String) {
        if self.feed.skipped.len() < limits::REMARKS {
            self.feed.skipped.push(SkippedEntry { position, reason });
        }
    }

    fn finish(mut self) -> Outcome {
        if let Some((_, draft)) = &mut self.draft {
            draft.remark("the document ends within it; what came so far was taken");
            // The last field may be cut in the middle: half a link leads nowhere.
            if self
                .capture
                .as_ref()
                .is_some_and(|capture| capture.field.is_line())
            {
                self.capture = None;
            }
        }
        self.close_to(0);
        if self.seen > self.feed.entries.len() {
            let reason = format!(
                "the feed has {} entries; those beyond the first {} were left out",
                self.seen,
                limits::ENTRIES
            );
            self.remark(limits::ENTRIES, reason);
        }
        let is_page = self.root.as_deref() == Some("html");
        let has_entries = !self.feed.entries.is_empty();
        let is_feed = if is_page {
            // A whole feed within a page; less is part of the page.
            self.is_feed && has_entries
        } else {
            self.is_feed || has_entries
        };
        self.channel.fill(&mut self.feed);
        Outcome {
            feed: self.feed,
            is_feed,
            root: self.root,
        }
    }
}

/// A value that stood in an attribute.
fn attribute(text: Cow<'_, str>) -> Piece<'_> {
    Piece {
        text,
        kind: Kind::Text,
        rank: 0,
        depth: 0,
        base: None,
    }
}
