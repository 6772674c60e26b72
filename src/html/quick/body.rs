//! The body (WHATWG HTML, 13.2.6.4.7).

use super::super::tag::Tag;
use super::names::{is_of_head, is_plain_block, is_table_part};
use super::open::{Open, Scope, Space};
use super::tokens::{Name, Raw};
use super::{Again, Builder, Done, Item, Mode, Outcome, Step, Unusual, references};

impl Builder<'_> {
    #[inline]
    pub(super) fn in_body(&mut self, item: Item) -> Outcome<Step> {
        match item {
            Item::White(span) => {
                self.reconstruct();
                self.append_text(span);
                Ok(Done)
            }
            Item::Text(span) => {
                self.reconstruct();
                self.append_visible(span);
                Ok(Done)
            }
            Item::Comment => {
                self.parted = true;
                Ok(Done)
            }
            Item::Start(name, self_closing) => self.start_in_body(name, self_closing, item),
            Item::End(name) => self.end_in_body(name, item),
            Item::Eof if self.template_modes.is_empty() => Ok(Done),
            Item::Eof => self.in_template(item),
        }
    }

    // Apart from the other: neither pays for what the other keeps on the stack.
    #[inline(never)]
    fn start_in_body(&mut self, name: Name, self_closing: bool, item: Item) -> Outcome<Step> {
        match name.tag {
            Tag::Html => {
                if self.templates == 0 && !self.tokens.attributes.is_empty() {
                    return Err(Unusual);
                }
            }
            tag if is_of_head(tag) => return self.in_head(item),
            Tag::Body => {
                let has_body = self.open.get(1).is_some_and(|open| open.tag == Tag::Body);
                if has_body && self.templates == 0 {
                    if !self.tokens.attributes.is_empty() {
                        return Err(Unusual);
                    }
                    self.frameset_ok = false;
                }
            }
            Tag::Frameset => {
                if self.frameset_ok {
                    return Err(Unusual);
                }
            }
            tag if is_plain_block(tag) || tag == Tag::P => {
                self.close_p();
                self.insert(name, true);
            }
            Tag::H1 | Tag::H2 | Tag::H3 | Tag::H4 | Tag::H5 | Tag::H6 => {
                self.close_p();
                if self.current().heading().is_some() {
                    self.pop();
                }
                self.insert(name, true);
            }
            Tag::Pre | Tag::Listing => {
                self.close_p();
                self.insert(name, true);
                self.frameset_ok = false;
                if self.tokens.skip_line_end() {
                    return Err(Unusual);
                }
            }
            Tag::Form => {
                if self.form.is_none() || self.templates > 0 {
                    self.close_p();
                    let form = self.insert(name, true);
                    if self.templates == 0 {
                        self.form = Some(form);
                    }
                }
            }
            Tag::Li | Tag::Dd | Tag::Dt => {
                self.frameset_ok = false;
                let closes = |tag: Tag| match name.tag {
                    Tag::Li => tag == Tag::Li,
                    _ => matches!(tag, Tag::Dd | Tag::Dt),
                };
                let stop = self.open.iter().rev().find(|open| {
                    let tag = open.tag;
                    closes(tag) || (open.is_special() && !matches!(tag, Tag::Address | Tag::Div | Tag::P))
                });
                let found = stop.map(|open| open.tag).filter(|tag| closes(*tag));
                if let Some(tag) = found {
                    self.imply_ends(tag);
                    self.pop_until(|open| open.tag == tag);
                }
                self.close_p();
                self.insert(name, true);
            }
            Tag::Plaintext | Tag::Math => return Err(Unusual),
            Tag::Button => {
                if self.in_scope(Scope::Default, Tag::Button) {
                    self.imply_ends(Tag::Text);
                    self.pop_until(|open| open.tag == Tag::Button);
                }
                self.reconstruct();
                self.insert(name, true);
                self.frameset_ok = false;
            }
            Tag::A => {
                let active = self.formatting.iter().rev().map_while(Option::as_ref);
                let found = active.copied().find(|active| active.tag == Tag::A);
                if let Some(before) = found {
                    self.adopt(name)?;
                    self.formatting
                        .retain(|active| active.is_none_or(|active| active.at != before.at));
                    self.remove(before.at);
                }
                self.reconstruct();
                self.format(name);
            }
            Tag::Nobr => {
                self.reconstruct();
                if self.in_scope(Scope::Default, Tag::Nobr) {
                    self.adopt(name)?;
                    self.reconstruct();
                }
                self.format(name);
            }
            tag if tag.is_formatting() => {
                self.reconstruct();
                self.format(name);
            }
            Tag::Applet | Tag::Marquee | Tag::Object => {
                self.reconstruct();
                self.insert(name, true);
                self.formatting.push(None);
                self.frameset_ok = false;
            }
            Tag::Table => {
                if self.p_in_button_scope() {
                    match self.table_ends_p {
                        Some(true) => self.close_p(),
                        Some(false) => {}
                        None => return Err(Unusual),
                    }
                }
                self.insert(name, true);
                self.frameset_ok = false;
                self.mode = Mode::InTable;
            }
            Tag::Area | Tag::Br | Tag::Embed | Tag::Img | Tag::Keygen | Tag::Wbr => {
                self.reconstruct();
                self.insert(name, false);
                self.frameset_ok = false;
            }
            Tag::Image => {
                let image = Name {
                    tag: Tag::Img,
                    written: name.written,
                };
                self.reconstruct();
                self.insert(image, false);
                self.frameset_ok = false;
            }
            Tag::Input => {
                if self.in_scope(Scope::Default, Tag::Select) {
                    self.pop_until(|open| open.tag == Tag::Select);
                }
                let is_hidden = self.is_hidden_input();
                self.reconstruct();
                self.insert(name, false);
                self.frameset_ok &= is_hidden;
            }
            Tag::Param | Tag::Source | Tag::Track => {
                self.insert(name, false);
            }
            Tag::Hr => {
                self.close_p();
                if self.in_scope(Scope::Default, Tag::Select) {
                    self.imply_ends(Tag::Text);
                }
                self.insert(name, false);
                self.frameset_ok = false;
            }
            Tag::Textarea => {
                self.frameset_ok = false;
                if self.tokens.skip_line_end() {
                    return Err(Unusual);
                }
                self.raw(name, Raw::Escapable);
            }
            Tag::Xmp => {
                self.close_p();
                self.reconstruct();
                self.frameset_ok = false;
                self.raw(name, Raw::Verbatim);
            }
            Tag::Iframe => {
                self.frameset_ok = false;
                self.raw(name, Raw::Verbatim);
            }
            Tag::Noembed | Tag::Noscript => self.raw(name, Raw::Verbatim),
            Tag::Select => {
                if self.in_scope(Scope::Default, Tag::Select) {
                    self.pop_until(|open| open.tag == Tag::Select);
                } else {
                    self.reconstruct();
                    self.insert(name, true);
                    self.frameset_ok = false;
                }
            }
            Tag::Option | Tag::Optgroup => {
                if self.in_scope(Scope::Default, Tag::Select) {
                    self.imply_ends(if name.tag == Tag::Option {
                        Tag::Optgroup
                    } else {
                        Tag::Text
                    });
                } else if self.current() == Tag::Option {
                    self.pop();
                }
                self.reconstruct();
                self.insert(name, true);
            }
            Tag::Rb | Tag::Rtc | Tag::Rp | Tag::Rt => {
                if self.in_scope(Scope::Default, Tag::Ruby) {
                    self.imply_ends(match name.tag {
                        Tag::Rp | Tag::Rt => Tag::Rtc,
                        _ => Tag::Text,
                    });
                }
                self.insert(name, true);
            }
            Tag::Svg => {
                self.reconstruct();
                self.insert_foreign(name, self_closing);
            }
            tag if is_table_part(tag) || matches!(tag, Tag::Frame | Tag::Head) => {}
            _ => {
                self.reconstruct();
                self.insert(name, true);
            }
        }
        Ok(Done)
    }

    #[inline(never)]
    fn end_in_body(&mut self, name: Name, item: Item) -> Outcome<Step> {
        match name.tag {
            Tag::Template => return self.in_head(item),
            Tag::Body => {
                if self.in_scope(Scope::Default, Tag::Body) {
                    self.mode = Mode::AfterBody;
                }
            }
            Tag::Html => {
                if self.in_scope(Scope::Default, Tag::Body) {
                    return Ok(Again(Mode::AfterBody));
                }
            }
            tag if is_plain_block(tag)
                || matches!(tag, Tag::Button | Tag::Listing | Tag::Pre | Tag::Select) =>
            {
                if self.in_scope(Scope::Default, name.tag) {
                    self.imply_ends(Tag::Text);
                    self.pop_until(|open| open.tag == name.tag);
                }
            }
            Tag::Form => {
                if self.templates > 0 {
                    if self.in_scope(Scope::Default, Tag::Form) {
                        self.imply_ends(Tag::Text);
                        self.pop_until(|open| open.tag == Tag::Form);
                    }
                } else if let Some(form) = self.form.take()
                    && self.finds_in_scope(Scope::Default, |open| open.at == form)
                {
                    self.imply_ends(Tag::Text);
                    self.remove(form);
                }
            }
            Tag::P => {
                if !self.p_in_button_scope() {
                    self.phantom(Tag::P);
                }
                self.close_p();
            }
            Tag::Li | Tag::Dd | Tag::Dt => {
                let scope = if name.tag == Tag::Li {
                    Scope::List
                } else {
                    Scope::Default
                };
                if self.in_scope(scope, name.tag) {
                    self.imply_ends(name.tag);
                    self.pop_until(|open| open.tag == name.tag);
                }
            }
            Tag::H1 | Tag::H2 | Tag::H3 | Tag::H4 | Tag::H5 | Tag::H6 => {
                if self.finds_in_scope(Scope::Default, |open| open.tag.heading().is_some()) {
                    self.imply_ends(Tag::Text);
                    self.pop_until(|open| open.tag.heading().is_some());
                }
            }
            tag if tag.is_formatting() => self.adopt(name)?,
            Tag::Applet | Tag::Marquee | Tag::Object => {
                if self.in_scope(Scope::Default, name.tag) {
                    self.imply_ends(Tag::Text);
                    self.pop_until(|open| open.tag == name.tag);
                    self.clear_formatting();
                }
            }
            Tag::Br => {
                self.reconstruct();
                self.phantom(Tag::Br);
                self.pop();
                self.frameset_ok = false;
            }
            _ => self.end_of_any(name),
        }
        Ok(Done)
    }

    /// Any other end tag (13.2.6.4.7).
    pub(super) fn end_of_any(&mut self, name: Name) {
        let found = self
            .open
            .iter()
            .rposition(|open| self.is_named(*open, name) || open.is_special());
        let Some(found) = found else {
            return;
        };
        if !self
            .open
            .get(found)
            .is_some_and(|open| self.is_named(*open, name))
        {
            return;
        }
        self.imply_ends(name.tag);
        self.truncate(found);
    }

    /// Whether an open element is HTML's of that name.
    pub(super) fn is_named(&self, open: Open, name: Name) -> bool {
        open.space == Space::Html
            && open.tag == name.tag
            && (name.tag != Tag::Other
                || self
                    .name_of(open.at)
                    .eq_ignore_ascii_case(name.written.of(self.page, "")))
    }

    pub(super) fn is_hidden_input(&self) -> bool {
        let kind = self
            .tokens
            .attributes
            .iter()
            .find(|attribute| self.str(attribute.name).eq_ignore_ascii_case("type"));
        kind.is_some_and(|kind| {
            let mut value = String::new();
            references::resolve(self.str(kind.value), true, &mut value);
            value.eq_ignore_ascii_case("hidden")
        })
    }
}
