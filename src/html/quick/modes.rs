//! Dispatches tokens to the rules of the insertion mode, and the short modes (WHATWG HTML, 13.2.6, 13.2.6.4.1 to 3,
//! 13.2.6.4.19 and 22, 13.2.6.5).

use super::super::node::Span;
use super::super::tag::Tag;
use super::builder::{GiveUp, InsertionMode, OpenIn, Processed, RuleResult, TreeBuilder, TreeToken};
use super::element_groups::END_FOREIGN_CONTENT;
use super::tokenizer::{Doctype, HtmlToken};

use Processed::{Done, Reprocess};

impl TreeBuilder<'_> {
    /// Processes a token of the tokenizer.
    pub(super) fn process(&mut self, token: HtmlToken) -> Result<(), GiveUp> {
        match token {
            HtmlToken::Text { span, has_references } => {
                let span = if has_references { self.resolve(span, false) } else { span };
                self.process_text(span)
            }
            HtmlToken::Doctype(doctype) => {
                // It counts only before anything else.
                if self.mode == InsertionMode::Initial {
                    self.table_closes_p = (doctype == Doctype::Html).then_some(true);
                    self.mode = InsertionMode::BeforeHtml;
                }
                Ok(())
            }
            HtmlToken::Start { name, self_closing } => self.dispatch(TreeToken::Start { name, self_closing }),
            HtmlToken::End(name) => self.dispatch(TreeToken::End(name)),
            HtmlToken::Comment => self.dispatch(TreeToken::Comment),
            HtmlToken::Eof => self.dispatch(TreeToken::Eof),
        }
    }

    /// Splits text into leading white space and the rest where the mode tells them apart. The standard looks at each
    /// character; after the first other one, white space is text in all modes that accept text.
    fn process_text(&mut self, span: Span) -> Result<(), GiveUp> {
        use InsertionMode::{InBody, InCaption, InCell, InRow, InTable, InTableBody, InTemplate};

        if span.len == 0 {
            return Ok(());
        }
        if matches!(self.mode, InBody | InCell | InCaption | InTemplate) || self.is_foreign() {
            return self.dispatch(TreeToken::Text(span));
        }
        let text = self.str(span);
        let space = text.len() - text.trim_start_matches(|c: char| c.is_ascii_whitespace()).len();
        let (space, rest) = span.split(space);
        // The white space of a text between rows moves with the text.
        if rest.len > 0 && matches!(self.mode, InTable | InTableBody | InRow) {
            return Err(GiveUp);
        }
        if space.len > 0 {
            self.dispatch(TreeToken::Space(space))?;
        }
        if rest.len > 0 {
            self.dispatch(TreeToken::Text(rest))?;
        }
        Ok(())
    }

    /// Processes a token in the current mode, and in others for as long as rules ask for it.
    #[inline]
    fn dispatch(&mut self, token: TreeToken) -> Result<(), GiveUp> {
        // Nearly all tokens of a page end here.
        if self.mode == InsertionMode::InBody && !self.is_foreign() {
            match self.in_body(token)? {
                Done => return Ok(()),
                Reprocess(mode) => self.mode = mode,
            }
        }
        self.dispatch_by_mode(token)
    }

    #[inline(never)]
    fn dispatch_by_mode(&mut self, token: TreeToken) -> Result<(), GiveUp> {
        loop {
            let processed = if self.is_foreign_content(token) {
                self.in_foreign_content(token)?
            } else {
                self.by_mode(token)?
            };
            match processed {
                Done => return Ok(()),
                Reprocess(mode) => self.mode = mode,
            }
        }
    }

    /// Applies the rules of the current mode.
    fn by_mode(&mut self, token: TreeToken) -> RuleResult {
        match self.mode {
            InsertionMode::Initial => match token {
                TreeToken::Space(_) | TreeToken::Comment => Ok(Done),
                _ => Ok(Reprocess(InsertionMode::BeforeHtml)),
            },
            InsertionMode::BeforeHtml => Ok(self.before_html(token)),
            InsertionMode::BeforeHead => self.before_head(token),
            InsertionMode::InHead => self.in_head(token),
            InsertionMode::AfterHead => self.after_head(token),
            InsertionMode::InBody => self.in_body(token),
            InsertionMode::InTable => self.in_table(token),
            InsertionMode::InCaption => self.in_caption(token),
            InsertionMode::InColumnGroup => self.in_column_group(token),
            InsertionMode::InTableBody => self.in_table_body(token),
            InsertionMode::InRow => self.in_row(token),
            InsertionMode::InCell => self.in_cell(token),
            InsertionMode::InTemplate => self.in_template(token),
            InsertionMode::AfterBody | InsertionMode::AfterAfterBody => self.after_body(token),
        }
    }

    /// "Before html" (13.2.6.4.2).
    fn before_html(&mut self, token: TreeToken) -> Processed {
        match token {
            TreeToken::Space(_) | TreeToken::Comment => Done,
            TreeToken::Start { name, .. } if name.tag == Tag::Html => {
                self.insert(name);
                self.mode = InsertionMode::BeforeHead;
                Done
            }
            TreeToken::End(name) if !matches!(name.tag, Tag::Head | Tag::Body | Tag::Html | Tag::Br) => Done,
            _ => {
                self.insert_implied(Tag::Html);
                Reprocess(InsertionMode::BeforeHead)
            }
        }
    }

    /// "Before head" (13.2.6.4.3).
    fn before_head(&mut self, token: TreeToken) -> RuleResult {
        match token {
            TreeToken::Space(_) | TreeToken::Comment => Ok(Done),
            TreeToken::Start { name, .. } if name.tag == Tag::Html => self.in_body(token),
            TreeToken::Start { name, .. } if name.tag == Tag::Head => {
                self.head = Some(self.insert(name));
                self.mode = InsertionMode::InHead;
                Ok(Done)
            }
            TreeToken::End(name) if !matches!(name.tag, Tag::Head | Tag::Body | Tag::Html | Tag::Br) => {
                Ok(Done)
            }
            _ => {
                self.head = Some(self.insert_implied(Tag::Head));
                Ok(Reprocess(InsertionMode::InHead))
            }
        }
    }

    /// "After body" and "after after body" (13.2.6.4.19 and 22). Content after the end continues the body.
    fn after_body(&mut self, token: TreeToken) -> RuleResult {
        match token {
            // White space goes into the body and leaves the mode as it is.
            TreeToken::Space(_) => self.in_body(token),
            // A comment goes to the root or the document, where no text is.
            TreeToken::Comment | TreeToken::Eof => Ok(Done),
            TreeToken::Start { name, .. } if name.tag == Tag::Html => self.in_body(token),
            TreeToken::End(name) if name.tag == Tag::Html && self.mode == InsertionMode::AfterBody => {
                self.mode = InsertionMode::AfterAfterBody;
                Ok(Done)
            }
            _ => Ok(Reprocess(InsertionMode::InBody)),
        }
    }

    /// Whether the rules for foreign content apply to a token (13.2.6, tree construction dispatcher).
    fn is_foreign_content(&self, token: TreeToken) -> bool {
        match self.open.last().map(|open| open.namespace) {
            None | Some(OpenIn::Html) => false,
            Some(OpenIn::Svg) => !matches!(token, TreeToken::Eof),
            Some(OpenIn::SvgIntegrationPoint) => matches!(token, TreeToken::End(_) | TreeToken::Comment),
        }
    }

    /// The rules for parsing tokens in foreign content (13.2.6.5).
    fn in_foreign_content(&mut self, token: TreeToken) -> RuleResult {
        match token {
            TreeToken::Space(span) | TreeToken::Text(span) => self.append_body_text(span),
            TreeToken::Comment => self.splits_text = true,
            TreeToken::Start { name, .. }
                if END_FOREIGN_CONTENT.contains(name.tag)
                    || (name.tag == Tag::Font && self.is_html_font()) =>
            {
                return self.leave_foreign_content(token);
            }
            TreeToken::Start { name, self_closing } => self.insert_svg(name, self_closing),
            TreeToken::End(name) if matches!(name.tag, Tag::Br | Tag::P) => {
                return self.leave_foreign_content(token);
            }
            TreeToken::End(name) => {
                let written = self.written(name.written);
                let current = self.open.len().saturating_sub(1);
                for place in (1..=current).rev() {
                    let Some(open) = self.open.get(place) else { break };
                    if place < current && open.namespace == OpenIn::Html {
                        return self.by_mode(token);
                    }
                    if self.name_of(open.node).eq_ignore_ascii_case(written) {
                        self.truncate_open(place);
                        break;
                    }
                }
            }
            TreeToken::Eof => {}
        }
        Ok(Done)
    }

    /// Whether the last start tag, a `<font>`, has an attribute that only HTML's has.
    fn is_html_font(&self) -> bool {
        self.tokenizer.attributes.iter().any(|attribute| {
            let name = self.str(attribute.name);
            ["color", "face", "size"].iter().any(|known| name.eq_ignore_ascii_case(known))
        })
    }

    /// A tag of HTML ends SVG: pops up to the next HTML element or integration point.
    fn leave_foreign_content(&mut self, token: TreeToken) -> RuleResult {
        while self.open.last().is_some_and(|open| open.namespace == OpenIn::Svg) {
            self.pop();
        }
        self.by_mode(token)
    }

    /// The mode for what is open ("reset the insertion mode appropriately", 13.2.4.1).
    pub(super) fn appropriate_mode(&self) -> InsertionMode {
        for (place, open) in self.open.iter().enumerate().rev() {
            return match open.tag {
                Tag::Td | Tag::Th if place > 0 => InsertionMode::InCell,
                Tag::Tr => InsertionMode::InRow,
                Tag::Tbody | Tag::Thead | Tag::Tfoot => InsertionMode::InTableBody,
                Tag::Caption => InsertionMode::InCaption,
                Tag::Colgroup => InsertionMode::InColumnGroup,
                Tag::Table => InsertionMode::InTable,
                Tag::Template => self.template_modes.last().copied().unwrap_or(InsertionMode::InTemplate),
                Tag::Head if place > 0 => InsertionMode::InHead,
                Tag::Body => InsertionMode::InBody,
                Tag::Html if self.head.is_none() => InsertionMode::BeforeHead,
                Tag::Html => InsertionMode::AfterHead,
                _ => continue,
            };
        }
        InsertionMode::InBody
    }
}
