//! The insertion mode "in body" (WHATWG HTML, 13.2.6.4.7). Start tags are split into the groups of the standard.
//!
//! "frameset-ok" is kept exactly, because a `<frameset>` after it is cleared is ignored, while one before makes the
//! parser give up. Parse errors are not recorded: no rule depends on them.

use super::super::tag::Tag;
use super::builder::{GiveUp, InsertionMode, Processed, RuleResult, TreeBuilder, TreeToken};
use super::element_groups::{METADATA, PLAIN_BLOCKS, SPECIAL, TABLE_PARTS};
use super::open_elements::ElementScope;
use super::references;
use super::tokenizer::{RawContent, TagName};

use Processed::{Done, Reprocess};

impl TreeBuilder<'_> {
    /// The rules for all tokens. Text opens formatting elements again; white space does so, too, but leaves framesets
    /// possible.
    #[inline]
    pub(super) fn in_body(&mut self, token: TreeToken) -> RuleResult {
        match token {
            TreeToken::Space(span) => {
                self.reconstruct_formatting();
                self.append_text(span);
            }
            TreeToken::Text(span) => {
                self.reconstruct_formatting();
                self.append_body_text(span);
            }
            TreeToken::Comment => self.splits_text = true,
            TreeToken::Start { name, self_closing } => return self.start_in_body(name, self_closing, token),
            TreeToken::End(name) => return self.end_in_body(name, token),
            TreeToken::Eof if self.template_modes.is_empty() => {}
            TreeToken::Eof => return self.in_template(token),
        }
        Ok(Done)
    }

    /// The start tags, group by group in the order of the standard. Groups of more than a few lines have a function
    /// of their own.
    fn start_in_body(&mut self, name: TagName, self_closing: bool, token: TreeToken) -> RuleResult {
        match name.tag {
            tag if METADATA.contains(tag) => return self.in_head(token),
            Tag::Html | Tag::Body | Tag::Frameset => self.start_document_part(name.tag)?,
            tag if PLAIN_BLOCKS.contains(tag) || tag == Tag::P => {
                self.close_p();
                self.insert(name);
            }
            Tag::H1 | Tag::H2 | Tag::H3 | Tag::H4 | Tag::H5 | Tag::H6 => {
                self.close_p();
                if self.current_tag().heading().is_some() {
                    self.pop();
                }
                self.insert(name);
            }
            Tag::Pre | Tag::Listing => {
                self.close_p();
                self.insert(name);
                self.frameset_ok = false;
                self.skip_first_newline()?;
            }
            Tag::Form => self.start_form(name),
            Tag::Li | Tag::Dd | Tag::Dt => self.start_list_item(name),
            Tag::Plaintext | Tag::Math => return Err(GiveUp),
            tag if tag.is_formatting() => self.start_formatting(name)?,
            Tag::Button | Tag::Applet | Tag::Marquee | Tag::Object => self.start_scoped(name),
            Tag::Table => self.start_table(name)?,
            Tag::Area
            | Tag::Br
            | Tag::Embed
            | Tag::Img
            | Tag::Keygen
            | Tag::Wbr
            | Tag::Image
            | Tag::Input
            | Tag::Param
            | Tag::Source
            | Tag::Track
            | Tag::Hr => self.start_void(name),
            Tag::Textarea | Tag::Xmp | Tag::Iframe | Tag::Noembed | Tag::Noscript => self.start_raw(name)?,
            Tag::Select | Tag::Option | Tag::Optgroup => self.start_select_part(name),
            Tag::Rb | Tag::Rtc | Tag::Rp | Tag::Rt => {
                if self.has_in_scope(ElementScope::Default, Tag::Ruby) {
                    let is_rtc_content = matches!(name.tag, Tag::Rp | Tag::Rt);
                    self.generate_implied_ends(if is_rtc_content { Tag::Rtc } else { Tag::Text });
                }
                self.insert(name);
            }
            Tag::Svg => {
                self.reconstruct_formatting();
                self.insert_svg(name, self_closing);
            }
            tag if TABLE_PARTS.contains(tag) || matches!(tag, Tag::Frame | Tag::Head) => {}
            _ => {
                self.reconstruct_formatting();
                self.insert(name);
            }
        }
        Ok(Done)
    }

    /// `<html>`, `<body>` and `<frameset>` where a body is open. The first two may only add attributes.
    fn start_document_part(&mut self, tag: Tag) -> Result<(), GiveUp> {
        let has_attributes = !self.tokenizer.attributes.is_empty();
        match tag {
            Tag::Frameset if self.frameset_ok => return Err(GiveUp),
            Tag::Html if has_attributes && !self.has_open_template() => return Err(GiveUp),
            Tag::Body => {
                let has_body = self.open.get(1).is_some_and(|open| open.tag == Tag::Body);
                if has_body && !self.has_open_template() {
                    if has_attributes {
                        return Err(GiveUp);
                    }
                    self.frameset_ok = false;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// `<form>` is ignored in another form, unless a template is open: templates have no form pointer.
    fn start_form(&mut self, name: TagName) {
        let in_template = self.has_open_template();
        if self.form.is_some() && !in_template {
            return;
        }
        self.close_p();
        let form = self.insert(name);
        if !in_template {
            self.form = Some(form);
        }
    }

    /// `<li>`, `<dd>`, `<dt>`: closes the item before, if no other special element is open in it.
    fn start_list_item(&mut self, name: TagName) {
        self.frameset_ok = false;
        let is_same_kind = |tag: Tag| match name.tag {
            Tag::Li => tag == Tag::Li,
            _ => matches!(tag, Tag::Dd | Tag::Dt),
        };
        let stop = self.open.iter().rev().map(|open| open.tag).find(|tag| {
            is_same_kind(*tag) || (SPECIAL.contains(*tag) && !matches!(tag, Tag::Address | Tag::Div | Tag::P))
        });
        if let Some(tag) = stop.filter(|tag| is_same_kind(*tag)) {
            self.close(tag, tag);
        }
        self.close_p();
        self.insert(name);
    }

    /// `<a>`, `<nobr>` and the other formatting elements.
    fn start_formatting(&mut self, name: TagName) -> Result<(), GiveUp> {
        if name.tag == Tag::A
            && let Some((_, before)) = self.active_formatting(Tag::A)
        {
            self.close_formatting(name)?;
            self.formatting.retain(|entry| entry.is_none_or(|entry| entry.node != before.node));
            self.remove_open(before.node);
        }
        self.reconstruct_formatting();
        if name.tag == Tag::Nobr && self.has_in_scope(ElementScope::Default, Tag::Nobr) {
            self.close_formatting(name)?;
            self.reconstruct_formatting();
        }
        self.insert_formatting(name);
        Ok(())
    }

    /// `<button>`, which closes a button around it, and the elements that set a marker: `<applet>`, `<marquee>`,
    /// `<object>`.
    fn start_scoped(&mut self, name: TagName) {
        if name.tag == Tag::Button {
            self.close_in_scope(ElementScope::Default, Tag::Button, Tag::Text);
        }
        self.reconstruct_formatting();
        self.insert(name);
        if name.tag != Tag::Button {
            self.formatting.push(None);
        }
        self.frameset_ok = false;
    }

    /// `<table>` closes a paragraph unless the page is in quirks mode.
    fn start_table(&mut self, name: TagName) -> Result<(), GiveUp> {
        if self.has_p_in_button_scope() {
            match self.table_closes_p {
                Some(true) => self.close_p(),
                Some(false) => {}
                None => return Err(GiveUp),
            }
        }
        self.insert(name);
        self.frameset_ok = false;
        self.mode = InsertionMode::InTable;
        Ok(())
    }

    /// Elements without content. `<image>` is a misspelt `<img>`. Visible ones rule out a frameset; `<param>`,
    /// `<source>` and `<track>` belong to the element around them and reconstruct no formatting.
    fn start_void(&mut self, mut name: TagName) {
        let mut is_visible = true;
        match name.tag {
            Tag::Param | Tag::Source | Tag::Track => {
                self.insert_childless(name);
                return;
            }
            Tag::Hr => {
                self.close_p();
                if self.has_in_scope(ElementScope::Default, Tag::Select) {
                    self.generate_implied_ends(Tag::Text);
                }
            }
            Tag::Input => {
                if self.has_in_scope(ElementScope::Default, Tag::Select) {
                    self.pop_through(|open| open.tag == Tag::Select);
                }
                is_visible = !self.is_hidden_input();
                self.reconstruct_formatting();
            }
            Tag::Image => {
                name.tag = Tag::Img;
                self.reconstruct_formatting();
            }
            _ => self.reconstruct_formatting(),
        }
        self.insert_childless(name);
        self.frameset_ok &= !is_visible;
    }

    /// Elements whose content is no markup. `<noscript>` is one of them: the page is parsed as if scripts ran.
    fn start_raw(&mut self, name: TagName) -> Result<(), GiveUp> {
        match name.tag {
            Tag::Textarea => {
                self.frameset_ok = false;
                self.skip_first_newline()?;
                self.insert_raw(name, RawContent::Escapable);
                return Ok(());
            }
            Tag::Xmp => {
                self.close_p();
                self.reconstruct_formatting();
                self.frameset_ok = false;
            }
            Tag::Iframe => self.frameset_ok = false,
            _ => {}
        }
        self.insert_raw(name, RawContent::Verbatim);
        Ok(())
    }

    /// `<select>`, `<option>`, `<optgroup>`, as html5ever handles them since selects may hold other elements.
    fn start_select_part(&mut self, name: TagName) {
        let in_select = self.has_in_scope(ElementScope::Default, Tag::Select);
        if name.tag == Tag::Select {
            if in_select {
                self.pop_through(|open| open.tag == Tag::Select);
                return;
            }
            self.frameset_ok = false;
        } else if in_select {
            let is_option = name.tag == Tag::Option;
            self.generate_implied_ends(if is_option { Tag::Optgroup } else { Tag::Text });
        } else if self.current_tag() == Tag::Option {
            self.pop();
        }
        self.reconstruct_formatting();
        self.insert(name);
    }

    /// The end tags. Most close their element if it is in scope and ignore the tag otherwise.
    fn end_in_body(&mut self, name: TagName, token: TreeToken) -> RuleResult {
        match name.tag {
            Tag::Template => return self.in_head(token),
            Tag::Body | Tag::Html => {
                if self.has_in_scope(ElementScope::Default, Tag::Body) {
                    if name.tag == Tag::Html {
                        return Ok(Reprocess(InsertionMode::AfterBody));
                    }
                    self.mode = InsertionMode::AfterBody;
                }
            }
            tag if PLAIN_BLOCKS.contains(tag)
                || matches!(tag, Tag::Button | Tag::Listing | Tag::Pre | Tag::Select) =>
            {
                self.close_in_scope(ElementScope::Default, tag, Tag::Text);
            }
            Tag::Form => self.end_form(),
            Tag::P => {
                if !self.has_p_in_button_scope() {
                    self.insert_implied(Tag::P);
                }
                self.close_p();
            }
            Tag::Li => {
                self.close_in_scope(ElementScope::ListItem, Tag::Li, Tag::Li);
            }
            Tag::Dd | Tag::Dt => {
                self.close_in_scope(ElementScope::Default, name.tag, name.tag);
            }
            Tag::H1 | Tag::H2 | Tag::H3 | Tag::H4 | Tag::H5 | Tag::H6 => {
                if self.any_in_scope(ElementScope::Default, |open| open.tag.heading().is_some()) {
                    self.generate_implied_ends(Tag::Text);
                    self.pop_through(|open| open.tag.heading().is_some());
                }
            }
            tag if tag.is_formatting() => self.close_formatting(name)?,
            Tag::Applet | Tag::Marquee | Tag::Object => {
                if self.close_in_scope(ElementScope::Default, name.tag, Tag::Text) {
                    self.clear_to_marker();
                }
            }
            Tag::Br => {
                self.reconstruct_formatting();
                self.insert_implied(Tag::Br);
                self.pop();
                self.frameset_ok = false;
            }
            _ => self.close_any_other(name),
        }
        Ok(Done)
    }

    /// `</form>` removes the form from the stack; elements that were left open in it stay open.
    fn end_form(&mut self) {
        if self.has_open_template() {
            self.close_in_scope(ElementScope::Default, Tag::Form, Tag::Text);
        } else if let Some(form) = self.form.take()
            && self.any_in_scope(ElementScope::Default, |open| open.node == form)
        {
            self.generate_implied_ends(Tag::Text);
            self.remove_open(form);
        }
    }

    /// Skips a newline at the start of preformatted text, which the standard drops. Gives up where a reference may
    /// resolve to one, because references are resolved later here.
    fn skip_first_newline(&mut self) -> Result<(), GiveUp> {
        if self.tokenizer.skip_newline() { Err(GiveUp) } else { Ok(()) }
    }

    /// Whether the last start tag, an `<input>`, has `type=hidden` in any case. Such inputs are allowed between table
    /// rows and rule out no frameset.
    pub(super) fn is_hidden_input(&self) -> bool {
        let attributes = &self.tokenizer.attributes;
        let kind = attributes.iter().find(|attribute| self.str(attribute.name).eq_ignore_ascii_case("type"));
        kind.is_some_and(|kind| {
            let mut value = String::new();
            references::resolve(self.str(kind.value), true, &mut value);
            value.eq_ignore_ascii_case("hidden")
        })
    }
}
