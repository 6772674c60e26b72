//! The modes "in head", "after head" and "in template" (WHATWG HTML, 13.2.6.4.4 to 6 and 13.2.6.4.18).

use super::super::tag::Tag;
use super::builder::{
    GiveUp, InsertionMode, OpenIn, Processed, RuleResult, StackElement, TreeBuilder, TreeToken,
};
use super::element_groups::METADATA;
use super::tokenizer::RawContent;

use Processed::{Done, Reprocess};

impl TreeBuilder<'_> {
    /// "In head" (13.2.6.4.4). Also used for metadata in the body, in tables and in templates.
    pub(super) fn in_head(&mut self, token: TreeToken) -> RuleResult {
        match token {
            TreeToken::Space(span) => self.append_text(span),
            TreeToken::Comment => self.splits_text = true,
            TreeToken::Start { name, .. } => match name.tag {
                Tag::Html => return self.in_body(token),
                Tag::Base | Tag::Basefont | Tag::Bgsound | Tag::Link | Tag::Meta => {
                    self.insert_childless(name);
                }
                Tag::Title => self.insert_raw(name, RawContent::Escapable),
                // Without scripting a noscript in the head has markup; html5ever parses as with scripting.
                Tag::Noframes | Tag::Style | Tag::Noscript => self.insert_raw(name, RawContent::Verbatim),
                Tag::Script => self.insert_raw(name, RawContent::Script),
                Tag::Template => {
                    self.formatting.push(None);
                    self.frameset_ok = false;
                    self.mode = InsertionMode::InTemplate;
                    self.template_modes.push(InsertionMode::InTemplate);
                    self.insert(name);
                }
                Tag::Head => {}
                _ => return Ok(self.leave_head()),
            },
            TreeToken::End(name) => match name.tag {
                Tag::Head => {
                    self.leave_head();
                    self.mode = InsertionMode::AfterHead;
                }
                Tag::Body | Tag::Html | Tag::Br => return Ok(self.leave_head()),
                Tag::Template if self.has_open_template() => {
                    self.generate_all_implied_ends();
                    self.close_template();
                }
                _ => {}
            },
            TreeToken::Text(_) | TreeToken::Eof => return Ok(self.leave_head()),
        }
        Ok(Done)
    }

    /// Closes the head for a token that does not belong there.
    fn leave_head(&mut self) -> Processed {
        self.pop();
        Reprocess(InsertionMode::AfterHead)
    }

    /// Closes the innermost template and returns to the mode of what is open then.
    fn close_template(&mut self) {
        self.pop_through(|open| open.tag == Tag::Template);
        self.clear_to_marker();
        self.template_modes.pop();
        self.mode = self.appropriate_mode();
    }

    /// "After head" (13.2.6.4.6): between `</head>` and `<body>`.
    pub(super) fn after_head(&mut self, token: TreeToken) -> RuleResult {
        match token {
            TreeToken::Space(span) => {
                let after_comment = std::mem::take(&mut self.splits_text);
                self.space_after_head.push((span, after_comment));
            }
            TreeToken::Comment => self.splits_text = true,
            TreeToken::Start { name, .. } => match name.tag {
                Tag::Html => return self.in_body(token),
                Tag::Body => {
                    self.insert_space_after_head();
                    self.insert(name);
                    self.frameset_ok = false;
                    self.mode = InsertionMode::InBody;
                }
                Tag::Frameset => return Err(GiveUp),
                tag if METADATA.contains(tag) => return self.metadata_after_head(token),
                Tag::Head => {}
                _ => return Ok(self.begin_body()),
            },
            TreeToken::End(name) => match name.tag {
                Tag::Template => return self.in_head(token),
                Tag::Body | Tag::Html | Tag::Br => return Ok(self.begin_body()),
                _ => {}
            },
            TreeToken::Text(_) | TreeToken::Eof => return Ok(self.begin_body()),
        }
        Ok(Done)
    }

    /// Inserts an element of the head that comes after its end tag. The head is opened again for it. Nodes stay in
    /// document order because the body has not begun; its white space waits in `space_after_head`.
    fn metadata_after_head(&mut self, token: TreeToken) -> RuleResult {
        let head = self.head.ok_or(GiveUp)?;
        // Text after it continues text before it: the element is not between them.
        let splits_text = std::mem::replace(&mut self.splits_text, true);
        self.open.push(StackElement { node: head, tag: Tag::Head, namespace: OpenIn::Html });
        let processed = self.in_head(token);
        self.remove_open(head);
        self.splits_text = splits_text;
        processed
    }

    /// Inserts a `<body>` for which the page has no tag.
    fn begin_body(&mut self) -> Processed {
        self.insert_space_after_head();
        self.insert_implied(Tag::Body);
        Reprocess(InsertionMode::InBody)
    }

    /// Inserts the white space between head and body. A comment between two runs of it keeps them apart.
    fn insert_space_after_head(&mut self) {
        for (index, (span, after_comment)) in
            std::mem::take(&mut self.space_after_head).into_iter().enumerate()
        {
            self.splits_text = after_comment || index == 0;
            self.append_text(span);
        }
        self.splits_text = false;
    }

    /// "In template" (13.2.6.4.18): the first tag decides whether the content is rows, cells or a body.
    pub(super) fn in_template(&mut self, token: TreeToken) -> RuleResult {
        let mode = match token {
            TreeToken::Space(_) | TreeToken::Text(_) | TreeToken::Comment => return self.in_body(token),
            TreeToken::Start { name, .. } => match name.tag {
                tag if METADATA.contains(tag) => return self.in_head(token),
                Tag::Caption | Tag::Colgroup | Tag::Tbody | Tag::Tfoot | Tag::Thead => InsertionMode::InTable,
                Tag::Col => InsertionMode::InColumnGroup,
                Tag::Tr => InsertionMode::InTableBody,
                Tag::Td | Tag::Th => InsertionMode::InRow,
                _ => InsertionMode::InBody,
            },
            TreeToken::End(name) if name.tag == Tag::Template => return self.in_head(token),
            TreeToken::End(_) => return Ok(Done),
            TreeToken::Eof => {
                if !self.has_open_template() {
                    return Ok(Done);
                }
                self.close_template();
                return Ok(Reprocess(self.mode));
            }
        };
        self.template_modes.pop();
        self.template_modes.push(mode);
        Ok(Reprocess(mode))
    }
}
