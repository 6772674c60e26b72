//! The modes of tables (WHATWG HTML, 13.2.6.4.9 to 13.2.6.4.15). Content between rows, which the standard moves in
//! front of the table, makes the parser give up.

use super::super::tag::Tag;
use super::builder::{GiveUp, InsertionMode, Processed, RuleResult, TreeBuilder, TreeToken};
use super::element_groups::TABLE_PARTS;
use super::open_elements::ElementScope;

use Processed::{Done, Reprocess};

/// The table, table body and table row contexts of the standard: before a part is inserted, elements that were left
/// open are popped until the current node is one of these.
const TABLE_CONTEXT: [Tag; 3] = [Tag::Table, Tag::Template, Tag::Html];
const BODY_CONTEXT: [Tag; 5] = [Tag::Tbody, Tag::Tfoot, Tag::Thead, Tag::Template, Tag::Html];
const ROW_CONTEXT: [Tag; 3] = [Tag::Tr, Tag::Template, Tag::Html];

/// Parts of a table around rows, `<caption>` and columns included. In a row they end the row.
fn is_outside_rows(tag: Tag) -> bool {
    TABLE_PARTS.contains(tag) && !matches!(tag, Tag::Tr | Tag::Td | Tag::Th)
}

/// Table bodies, heads and feet.
fn is_row_group(tag: Tag) -> bool {
    matches!(tag, Tag::Tbody | Tag::Tfoot | Tag::Thead)
}

fn is_cell(tag: Tag) -> bool {
    matches!(tag, Tag::Td | Tag::Th)
}

impl TreeBuilder<'_> {
    /// "In table" (13.2.6.4.9): directly in `<table>`. Also the fallback of the modes of bodies and rows.
    pub(super) fn in_table(&mut self, token: TreeToken) -> RuleResult {
        match token {
            TreeToken::Space(span) => {
                let current = self.current_tag();
                if !(matches!(current, Tag::Table | Tag::Tr) || is_row_group(current)) {
                    return Err(GiveUp);
                }
                self.append_text(span);
            }
            TreeToken::Comment => self.splits_text = true,
            TreeToken::Eof => return self.in_body(token),
            TreeToken::Text(_) => return Err(GiveUp),
            TreeToken::Start { name, .. } if TABLE_PARTS.contains(name.tag) => {
                self.pop_to(&TABLE_CONTEXT);
                let (mode, implied) = match name.tag {
                    Tag::Caption => (InsertionMode::InCaption, None),
                    Tag::Colgroup => (InsertionMode::InColumnGroup, None),
                    Tag::Col => (InsertionMode::InColumnGroup, Some(Tag::Colgroup)),
                    Tag::Td | Tag::Th | Tag::Tr => (InsertionMode::InTableBody, Some(Tag::Tbody)),
                    _ => (InsertionMode::InTableBody, None),
                };
                if let Some(implied) = implied {
                    self.insert_implied(implied);
                    return Ok(Reprocess(mode));
                }
                if name.tag == Tag::Caption {
                    self.formatting.push(None);
                }
                self.insert(name);
                self.mode = mode;
            }
            TreeToken::Start { name, .. } => match name.tag {
                Tag::Table => {
                    if self.close_table() {
                        return Ok(Reprocess(self.mode));
                    }
                }
                Tag::Style | Tag::Script | Tag::Template => return self.in_head(token),
                Tag::Input if self.is_hidden_input() => {
                    self.insert_childless(name);
                }
                Tag::Form => {
                    if self.form.is_none() && !self.has_open_template() {
                        self.form = Some(self.insert_childless(name));
                    }
                }
                _ => return Err(GiveUp),
            },
            TreeToken::End(name) => match name.tag {
                Tag::Table => {
                    self.close_table();
                }
                Tag::Template => return self.in_head(token),
                tag if TABLE_PARTS.contains(tag) || matches!(tag, Tag::Body | Tag::Html) => {}
                _ => return Err(GiveUp),
            },
        }
        Ok(Done)
    }

    /// Closes the table in scope. Returns whether there was one.
    fn close_table(&mut self) -> bool {
        let is_open = self.has_in_scope(ElementScope::Table, Tag::Table);
        if is_open {
            self.pop_through(|open| open.tag == Tag::Table);
            self.mode = self.appropriate_mode();
        }
        is_open
    }

    /// "In caption" (13.2.6.4.11): as in the body until the caption ends.
    pub(super) fn in_caption(&mut self, token: TreeToken) -> RuleResult {
        let is_own_end = match token {
            TreeToken::End(name) if name.tag == Tag::Caption => true,
            TreeToken::End(name) if name.tag == Tag::Table => false,
            TreeToken::Start { name, .. } if TABLE_PARTS.contains(name.tag) => false,
            TreeToken::End(name)
                if TABLE_PARTS.contains(name.tag) || matches!(name.tag, Tag::Body | Tag::Html) =>
            {
                return Ok(Done);
            }
            _ => return self.in_body(token),
        };
        if !self.close_in_scope(ElementScope::Table, Tag::Caption, Tag::Text) {
            return Ok(Done);
        }
        self.clear_to_marker();
        Ok(self.go_to(InsertionMode::InTable, is_own_end))
    }

    /// Switches to a mode. The token that led there is done if it was the end tag of what was closed.
    fn go_to(&mut self, mode: InsertionMode, is_own_end: bool) -> Processed {
        if !is_own_end {
            return Reprocess(mode);
        }
        self.mode = mode;
        Done
    }

    /// "In column group" (13.2.6.4.12): only `<col>` and white space.
    pub(super) fn in_column_group(&mut self, token: TreeToken) -> RuleResult {
        let mut is_own_end = false;
        match token {
            TreeToken::Space(span) => {
                self.append_text(span);
                return Ok(Done);
            }
            TreeToken::Comment => {
                self.splits_text = true;
                return Ok(Done);
            }
            TreeToken::Start { name, .. } if name.tag == Tag::Col => {
                self.insert_childless(name);
                return Ok(Done);
            }
            TreeToken::Start { name, .. } if name.tag == Tag::Html => return self.in_body(token),
            TreeToken::Start { name, .. } | TreeToken::End(name) if name.tag == Tag::Template => {
                return self.in_head(token);
            }
            TreeToken::End(name) if name.tag == Tag::Col => return Ok(Done),
            TreeToken::End(name) => is_own_end = name.tag == Tag::Colgroup,
            TreeToken::Start { .. } => {}
            TreeToken::Eof => return self.in_body(token),
            // After the columns it would be between rows.
            TreeToken::Text(_) => return Err(GiveUp),
        }
        if self.current_tag() != Tag::Colgroup {
            return Ok(Done);
        }
        self.pop();
        Ok(self.go_to(InsertionMode::InTable, is_own_end))
    }

    /// "In table body" (13.2.6.4.13): rows. A cell without a row gets one.
    pub(super) fn in_table_body(&mut self, token: TreeToken) -> RuleResult {
        match token {
            TreeToken::Start { name, .. } if name.tag == Tag::Tr => {
                self.pop_to(&BODY_CONTEXT);
                self.insert(name);
                self.mode = InsertionMode::InRow;
            }
            TreeToken::Start { name, .. } if is_cell(name.tag) => {
                self.pop_to(&BODY_CONTEXT);
                self.insert_implied(Tag::Tr);
                return Ok(Reprocess(InsertionMode::InRow));
            }
            TreeToken::End(name) if is_row_group(name.tag) => {
                if self.has_in_scope(ElementScope::Table, name.tag) {
                    self.pop_to(&BODY_CONTEXT);
                    self.pop();
                    self.mode = InsertionMode::InTable;
                }
            }
            TreeToken::Start { name, .. } if is_outside_rows(name.tag) => return Ok(self.leave_table_body()),
            TreeToken::End(name) if name.tag == Tag::Table => return Ok(self.leave_table_body()),
            TreeToken::End(name)
                if TABLE_PARTS.contains(name.tag) || matches!(name.tag, Tag::Body | Tag::Html) => {}
            _ => return self.in_table(token),
        }
        Ok(Done)
    }

    /// Closes the table body for a tag that belongs outside of it.
    fn leave_table_body(&mut self) -> Processed {
        // html5ever does not look for `<thead>`.
        let is_open = self.any_in_scope(ElementScope::Table, |open| {
            matches!(open.tag, Tag::Table | Tag::Tbody | Tag::Tfoot)
        });
        if !is_open {
            return Done;
        }
        self.pop_to(&BODY_CONTEXT);
        self.pop();
        Reprocess(InsertionMode::InTable)
    }

    /// "In row" (13.2.6.4.14): cells. Each sets a marker in the list of formatting elements.
    pub(super) fn in_row(&mut self, token: TreeToken) -> RuleResult {
        match token {
            TreeToken::Start { name, .. } if is_cell(name.tag) => {
                self.pop_to(&ROW_CONTEXT);
                self.insert(name);
                self.mode = InsertionMode::InCell;
                self.formatting.push(None);
                return Ok(Done);
            }
            TreeToken::Start { name, .. } if TABLE_PARTS.contains(name.tag) => {}
            TreeToken::End(name) if matches!(name.tag, Tag::Tr | Tag::Table) => {}
            TreeToken::End(name) if is_row_group(name.tag) => {
                if !self.has_in_scope(ElementScope::Table, name.tag) {
                    return Ok(Done);
                }
            }
            TreeToken::End(name)
                if TABLE_PARTS.contains(name.tag) || matches!(name.tag, Tag::Body | Tag::Html) =>
            {
                return Ok(Done);
            }
            _ => return self.in_table(token),
        }
        if !self.has_in_scope(ElementScope::Table, Tag::Tr) {
            return Ok(Done);
        }
        self.pop_to(&ROW_CONTEXT);
        self.pop();
        let is_own_end = matches!(token, TreeToken::End(name) if name.tag == Tag::Tr);
        Ok(self.go_to(InsertionMode::InTableBody, is_own_end))
    }

    /// "In cell" (13.2.6.4.15): as in the body until the cell ends.
    pub(super) fn in_cell(&mut self, token: TreeToken) -> RuleResult {
        let closes = match token {
            TreeToken::End(name) if is_cell(name.tag) => {
                if self.close_in_scope(ElementScope::Table, name.tag, Tag::Text) {
                    self.clear_to_marker();
                    self.mode = InsertionMode::InRow;
                }
                false
            }
            TreeToken::Start { name, .. } if TABLE_PARTS.contains(name.tag) => {
                self.any_in_scope(ElementScope::Table, |open| is_cell(open.tag))
            }
            TreeToken::End(name) if matches!(name.tag, Tag::Table | Tag::Tr) || is_row_group(name.tag) => {
                self.has_in_scope(ElementScope::Table, name.tag)
            }
            TreeToken::End(name)
                if TABLE_PARTS.contains(name.tag) || matches!(name.tag, Tag::Body | Tag::Html) =>
            {
                false
            }
            _ => return self.in_body(token),
        };
        if !closes {
            return Ok(Done);
        }
        self.generate_implied_ends(Tag::Text);
        self.pop_through(|open| is_cell(open.tag));
        self.clear_to_marker();
        Ok(Reprocess(InsertionMode::InRow))
    }
}
