//! Tables (WHATWG HTML, 13.2.6.4.9 to 13.2.6.4.15). What stands between rows and belongs in front of the table makes a
//! page unusual.

use super::super::tag::Tag;
use super::names::is_table_part;
use super::open::Scope;
use super::{Again, Builder, Done, Item, Mode, Outcome, Step, Unusual};

impl Builder<'_> {
    pub(super) fn in_table(&mut self, item: Item) -> Outcome<Step> {
        match item {
            Item::White(span) => {
                if !matches!(
                    self.current(),
                    Tag::Table | Tag::Tbody | Tag::Tfoot | Tag::Thead | Tag::Tr
                ) {
                    return Err(Unusual);
                }
                self.append_text(span);
                Ok(Done)
            }
            Item::Comment => {
                self.parted = true;
                Ok(Done)
            }
            Item::Eof => self.in_body(item),
            Item::Start(name, _) => match name.tag {
                Tag::Caption => {
                    self.pop_to(&[Tag::Table, Tag::Template, Tag::Html]);
                    self.formatting.push(None);
                    self.insert(name, true);
                    self.mode = Mode::InCaption;
                    Ok(Done)
                }
                Tag::Colgroup => {
                    self.pop_to(&[Tag::Table, Tag::Template, Tag::Html]);
                    self.insert(name, true);
                    self.mode = Mode::InColumnGroup;
                    Ok(Done)
                }
                Tag::Col => {
                    self.pop_to(&[Tag::Table, Tag::Template, Tag::Html]);
                    self.phantom(Tag::Colgroup);
                    Ok(Again(Mode::InColumnGroup))
                }
                Tag::Tbody | Tag::Tfoot | Tag::Thead => {
                    self.pop_to(&[Tag::Table, Tag::Template, Tag::Html]);
                    self.insert(name, true);
                    self.mode = Mode::InTableBody;
                    Ok(Done)
                }
                Tag::Td | Tag::Th | Tag::Tr => {
                    self.pop_to(&[Tag::Table, Tag::Template, Tag::Html]);
                    self.phantom(Tag::Tbody);
                    Ok(Again(Mode::InTableBody))
                }
                Tag::Table => {
                    if self.in_scope(Scope::Table, Tag::Table) {
                        self.pop_until(|open| open.tag == Tag::Table);
                        return Ok(Again(self.appropriate_mode()));
                    }
                    Ok(Done)
                }
                Tag::Style | Tag::Script | Tag::Template => self.in_head(item),
                Tag::Input if self.is_hidden_input() => {
                    self.insert(name, false);
                    Ok(Done)
                }
                Tag::Form => {
                    if self.templates == 0 && self.form.is_none() {
                        self.form = Some(self.insert(name, false));
                    }
                    Ok(Done)
                }
                _ => Err(Unusual),
            },
            Item::End(name) => match name.tag {
                Tag::Table => {
                    if self.in_scope(Scope::Table, Tag::Table) {
                        self.pop_until(|open| open.tag == Tag::Table);
                        self.mode = self.appropriate_mode();
                    }
                    Ok(Done)
                }
                Tag::Body
                | Tag::Caption
                | Tag::Col
                | Tag::Colgroup
                | Tag::Html
                | Tag::Tbody
                | Tag::Td
                | Tag::Tfoot
                | Tag::Th
                | Tag::Thead
                | Tag::Tr => Ok(Done),
                Tag::Template => self.in_head(item),
                _ => Err(Unusual),
            },
            Item::Text(_) => Err(Unusual),
        }
    }

    pub(super) fn in_caption(&mut self, item: Item) -> Outcome<Step> {
        let ends = match item {
            Item::Start(name, _) => is_table_part(name.tag),
            Item::End(name) if matches!(name.tag, Tag::Table | Tag::Caption) => true,
            Item::End(name) if is_table_part(name.tag) || matches!(name.tag, Tag::Body | Tag::Html) => {
                return Ok(Done);
            }
            _ => false,
        };
        if !ends {
            return self.in_body(item);
        }
        if !self.in_scope(Scope::Table, Tag::Caption) {
            return Ok(Done);
        }
        self.imply_ends(Tag::Text);
        self.pop_until(|open| open.tag == Tag::Caption);
        self.clear_formatting();
        if matches!(item, Item::End(name) if name.tag == Tag::Caption) {
            self.mode = Mode::InTable;
            return Ok(Done);
        }
        Ok(Again(Mode::InTable))
    }

    pub(super) fn in_column_group(&mut self, item: Item) -> Outcome<Step> {
        match item {
            Item::White(span) => {
                self.append_text(span);
                return Ok(Done);
            }
            Item::Comment => {
                self.parted = true;
                return Ok(Done);
            }
            Item::Start(name, _) => match name.tag {
                Tag::Html => return self.in_body(item),
                Tag::Col => {
                    self.insert(name, false);
                    return Ok(Done);
                }
                Tag::Template => return self.in_head(item),
                _ => {}
            },
            Item::End(name) => match name.tag {
                Tag::Colgroup => {
                    if self.current() == Tag::Colgroup {
                        self.pop();
                        self.mode = Mode::InTable;
                    }
                    return Ok(Done);
                }
                Tag::Col => return Ok(Done),
                Tag::Template => return self.in_head(item),
                _ => {}
            },
            Item::Eof => return self.in_body(item),
            // Behind the columns it would stand between the rows.
            Item::Text(_) => return Err(Unusual),
        }
        if self.current() == Tag::Colgroup {
            self.pop();
            return Ok(Again(Mode::InTable));
        }
        Ok(Done)
    }

    pub(super) fn in_table_body(&mut self, item: Item) -> Outcome<Step> {
        const CONTEXT: [Tag; 5] = [Tag::Tbody, Tag::Tfoot, Tag::Thead, Tag::Template, Tag::Html];
        match item {
            Item::Start(name, _) if name.tag == Tag::Tr => {
                self.pop_to(&CONTEXT);
                self.insert(name, true);
                self.mode = Mode::InRow;
                Ok(Done)
            }
            Item::Start(name, _) if matches!(name.tag, Tag::Th | Tag::Td) => {
                self.pop_to(&CONTEXT);
                self.phantom(Tag::Tr);
                Ok(Again(Mode::InRow))
            }
            Item::End(name) if matches!(name.tag, Tag::Tbody | Tag::Tfoot | Tag::Thead) => {
                if self.in_scope(Scope::Table, name.tag) {
                    self.pop_to(&CONTEXT);
                    self.pop();
                    self.mode = Mode::InTable;
                }
                Ok(Done)
            }
            Item::Start(name, _)
                if matches!(
                    name.tag,
                    Tag::Caption | Tag::Col | Tag::Colgroup | Tag::Tbody | Tag::Tfoot | Tag::Thead
                ) =>
            {
                Ok(self.leave_table_body(&CONTEXT))
            }
            Item::End(name) if name.tag == Tag::Table => Ok(self.leave_table_body(&CONTEXT)),
            Item::End(name)
                if matches!(
                    name.tag,
                    Tag::Body
                        | Tag::Caption
                        | Tag::Col
                        | Tag::Colgroup
                        | Tag::Html
                        | Tag::Td
                        | Tag::Th
                        | Tag::Tr
                ) =>
            {
                Ok(Done)
            }
            _ => self.in_table(item),
        }
    }

    pub(super) fn leave_table_body(&mut self, context: &[Tag]) -> Step {
        // `thead` is not among them in the implementation that this one follows.
        let is_in = self.finds_in_scope(Scope::Table, |open| {
            matches!(open.tag, Tag::Table | Tag::Tbody | Tag::Tfoot)
        });
        if !is_in {
            return Done;
        }
        self.pop_to(context);
        self.pop();
        Again(Mode::InTable)
    }

    pub(super) fn in_row(&mut self, item: Item) -> Outcome<Step> {
        const CONTEXT: [Tag; 3] = [Tag::Tr, Tag::Template, Tag::Html];
        let leaves = match item {
            Item::Start(name, _) if matches!(name.tag, Tag::Th | Tag::Td) => {
                self.pop_to(&CONTEXT);
                self.insert(name, true);
                self.mode = Mode::InCell;
                self.formatting.push(None);
                return Ok(Done);
            }
            Item::Start(name, _) => matches!(
                name.tag,
                Tag::Caption | Tag::Col | Tag::Colgroup | Tag::Tbody | Tag::Tfoot | Tag::Thead | Tag::Tr
            ),
            Item::End(name) => match name.tag {
                Tag::Tr | Tag::Table => true,
                Tag::Tbody | Tag::Tfoot | Tag::Thead => {
                    if !self.in_scope(Scope::Table, name.tag) {
                        return Ok(Done);
                    }
                    true
                }
                Tag::Body | Tag::Caption | Tag::Col | Tag::Colgroup | Tag::Html | Tag::Td | Tag::Th => {
                    return Ok(Done);
                }
                _ => false,
            },
            _ => false,
        };
        if !leaves {
            return self.in_table(item);
        }
        if !self.in_scope(Scope::Table, Tag::Tr) {
            return Ok(Done);
        }
        self.pop_to(&CONTEXT);
        self.pop();
        if matches!(item, Item::End(name) if name.tag == Tag::Tr) {
            self.mode = Mode::InTableBody;
            return Ok(Done);
        }
        Ok(Again(Mode::InTableBody))
    }

    pub(super) fn in_cell(&mut self, item: Item) -> Outcome<Step> {
        match item {
            Item::End(name) if matches!(name.tag, Tag::Td | Tag::Th) => {
                if self.in_scope(Scope::Table, name.tag) {
                    self.imply_ends(Tag::Text);
                    self.pop_until(|open| open.tag == name.tag);
                    self.clear_formatting();
                    self.mode = Mode::InRow;
                }
                Ok(Done)
            }
            Item::Start(name, _) if is_table_part(name.tag) => {
                if self.finds_in_scope(Scope::Table, |open| matches!(open.tag, Tag::Td | Tag::Th)) {
                    self.close_cell();
                    return Ok(Again(Mode::InRow));
                }
                Ok(Done)
            }
            Item::End(name)
                if matches!(
                    name.tag,
                    Tag::Body | Tag::Caption | Tag::Col | Tag::Colgroup | Tag::Html
                ) =>
            {
                Ok(Done)
            }
            Item::End(name)
                if matches!(
                    name.tag,
                    Tag::Table | Tag::Tbody | Tag::Tfoot | Tag::Thead | Tag::Tr
                ) =>
            {
                if self.in_scope(Scope::Table, name.tag) {
                    self.close_cell();
                    return Ok(Again(Mode::InRow));
                }
                Ok(Done)
            }
            _ => self.in_body(item),
        }
    }

    pub(super) fn close_cell(&mut self) {
        self.imply_ends(Tag::Text);
        self.pop_until(|open| matches!(open.tag, Tag::Td | Tag::Th));
        self.clear_formatting();
    }
}
