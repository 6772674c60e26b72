//! The head, what follows it, and templates (WHATWG HTML, 13.2.6.4.4 to 13.2.6.4.6 and 13.2.6.4.16).

use super::super::tag::Tag;
use super::names::is_of_head;
use super::open::{Open, Space};
use super::tokens::Raw;
use super::{Again, Builder, Done, Item, Mode, Outcome, Step, Unusual};

impl Builder<'_> {
    pub(super) fn in_head(&mut self, item: Item) -> Outcome<Step> {
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
                Tag::Base | Tag::Basefont | Tag::Bgsound | Tag::Link | Tag::Meta => {
                    self.insert(name, false);
                    return Ok(Done);
                }
                Tag::Title => {
                    self.raw(name, Raw::Escapable);
                    return Ok(Done);
                }
                Tag::Noframes | Tag::Style | Tag::Noscript => {
                    self.raw(name, Raw::Verbatim);
                    return Ok(Done);
                }
                Tag::Script => {
                    self.raw(name, Raw::Script);
                    return Ok(Done);
                }
                Tag::Template => {
                    self.formatting.push(None);
                    self.frameset_ok = false;
                    self.mode = Mode::InTemplate;
                    self.template_modes.push(Mode::InTemplate);
                    self.insert(name, true);
                    return Ok(Done);
                }
                Tag::Head => return Ok(Done),
                _ => {}
            },
            Item::End(name) => match name.tag {
                Tag::Head => {
                    self.pop();
                    self.mode = Mode::AfterHead;
                    return Ok(Done);
                }
                Tag::Body | Tag::Html | Tag::Br => {}
                Tag::Template => {
                    if self.templates > 0 {
                        self.imply_ends_thoroughly();
                        self.close_template();
                    }
                    return Ok(Done);
                }
                _ => return Ok(Done),
            },
            Item::Text(_) | Item::Eof => {}
        }
        self.pop();
        Ok(Again(Mode::AfterHead))
    }

    pub(super) fn close_template(&mut self) {
        self.pop_until(|open| open.tag == Tag::Template);
        self.clear_formatting();
        self.template_modes.pop();
        self.mode = self.appropriate_mode();
    }

    pub(super) fn after_head(&mut self, item: Item) -> Outcome<Step> {
        match item {
            Item::White(span) => {
                self.pending.push((span, std::mem::take(&mut self.parted)));
                return Ok(Done);
            }
            Item::Comment => {
                self.parted = true;
                return Ok(Done);
            }
            Item::Start(name, _) => match name.tag {
                Tag::Html => return self.in_body(item),
                Tag::Body => {
                    self.flush();
                    self.insert(name, true);
                    self.frameset_ok = false;
                    self.mode = Mode::InBody;
                    return Ok(Done);
                }
                Tag::Frameset => return Err(Unusual),
                tag if is_of_head(tag) => {
                    let Some(head) = self.head else {
                        return Err(Unusual);
                    };
                    // It goes into the head; what text comes behind it is not told from the one before by it.
                    let parted = std::mem::replace(&mut self.parted, true);
                    self.open.push(Open {
                        at: head,
                        tag: Tag::Head,
                        space: Space::Html,
                    });
                    let step = self.in_head(item);
                    self.remove(head);
                    self.parted = parted;
                    return step;
                }
                Tag::Head => return Ok(Done),
                _ => {}
            },
            Item::End(name) => match name.tag {
                Tag::Template => return self.in_head(item),
                Tag::Body | Tag::Html | Tag::Br => {}
                _ => return Ok(Done),
            },
            Item::Text(_) | Item::Eof => {}
        }
        self.flush();
        self.phantom(Tag::Body);
        Ok(Again(Mode::InBody))
    }

    /// Puts down the white space between head and body.
    pub(super) fn flush(&mut self) {
        for (at, (span, parted)) in std::mem::take(&mut self.pending).into_iter().enumerate() {
            self.parted = parted || at == 0;
            self.append_text(span);
        }
        self.parted = false;
    }

    pub(super) fn in_template(&mut self, item: Item) -> Outcome<Step> {
        let mode = match item {
            Item::White(_) | Item::Text(_) | Item::Comment => return self.in_body(item),
            Item::Start(name, _) => match name.tag {
                tag if is_of_head(tag) => return self.in_head(item),
                Tag::Caption | Tag::Colgroup | Tag::Tbody | Tag::Tfoot | Tag::Thead => Mode::InTable,
                Tag::Col => Mode::InColumnGroup,
                Tag::Tr => Mode::InTableBody,
                Tag::Td | Tag::Th => Mode::InRow,
                _ => Mode::InBody,
            },
            Item::End(name) if name.tag == Tag::Template => return self.in_head(item),
            Item::End(_) => return Ok(Done),
            Item::Eof => {
                if self.templates == 0 {
                    return Ok(Done);
                }
                self.close_template();
                return Ok(Again(self.mode));
            }
        };
        self.template_modes.pop();
        self.template_modes.push(mode);
        Ok(Again(mode))
    }
}
