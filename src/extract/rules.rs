//! Applies the selectors of a source and its site to a page.
//!
//! Rules come in layers, strongest first: the source's own, then those of site files. For each field the first selector
//! that gives a value wins. Every selector that was tried is recorded with its outcome, for `try` and for the hit rates
//! in the store. When the page's budget of steps is spent, no further selector is tried; the caller then gives the page up.

use url::Url;

use super::dates::{DateContext, parse_date, parse_with_format};
use crate::config::{ArticleRules, FieldRule};
use crate::html::{
    Document, NodeId, Selection, blocks, collapse_whitespace, count_printed, join_blocks, text_line,
};
use crate::link;
use crate::model::{Field, SelectorOutcome, Timestamp};

/// Matches of one selector that are looked at for one value.
const MOST_MATCHES: usize = 50;

/// The rules for one page, and what became of them.
pub(super) struct RuleMatcher<'a> {
    pub(super) document: &'a Document,
    /// Strongest first.
    pub(super) layers: &'a [&'a ArticleRules],
    /// Base of relative links.
    pub(super) base: &'a Url,
    dates: DateContext<'a>,
    /// The selectors that were tried, in order.
    pub(super) outcomes: Vec<SelectorOutcome>,
}

/// Gives the selectors of one field in a layer.
type FieldSelectors = fn(&ArticleRules) -> &[FieldRule];

/// A value and its length in characters.
struct Measured<T> {
    value: T,
    length: usize,
}

impl<'a> RuleMatcher<'a> {
    pub(super) fn new(
        document: &'a Document,
        layers: &'a [&'a ArticleRules],
        base: &'a Url,
        dates: DateContext<'a>,
    ) -> Self {
        Self { document, layers, base, dates, outcomes: Vec::new() }
    }

    /// The first text of any rule.
    pub(super) fn text(&mut self, field: Field, selectors: FieldSelectors) -> Option<String> {
        self.first_value(field, selectors, |_, _, text| Some(text))
    }

    /// The texts of all matches of the first rule that has any, each once.
    pub(super) fn texts(&mut self, field: Field, selectors: FieldSelectors) -> Vec<String> {
        self.first_match(field, selectors, |matcher, rule| {
            let mut texts: Vec<String> = Vec::new();
            for text in matcher.values(rule) {
                if !texts.contains(&text) {
                    texts.push(text);
                }
            }
            let length = texts.iter().map(|text| text.chars().count()).sum();
            (!texts.is_empty()).then_some(Measured { value: texts, length })
        })
        .unwrap_or_default()
    }

    /// The first date of any rule, by its `format` if it has one.
    pub(super) fn date(&mut self, field: Field, selectors: FieldSelectors) -> Option<Timestamp> {
        self.first_value(field, selectors, |matcher, rule, text| match &rule.format {
            Some(format) => parse_with_format(&text, format, &matcher.dates),
            None => parse_date(&text, &matcher.dates),
        })
    }

    /// The first link of any rule, made absolute.
    pub(super) fn url(&mut self, field: Field, selectors: FieldSelectors) -> Option<Url> {
        self.first_value(field, selectors, |matcher, _, text| link::resolve(matcher.base, &text))
    }

    /// The body: all matches of the first rule that gives text, without what any layer removes. A body is elements: its
    /// `match` decides whether it is one, and a rule with `@attr` gives none.
    pub(super) fn body(&mut self) -> Option<Selection> {
        self.first_match(
            Field::Body,
            |rules| &rules.body,
            |matcher, rule| {
                let document = matcher.document;
                let mut selection = Selection::of_all(document, &document.select(&rule.css));
                matcher.cut(&mut selection);
                let is_body = match (&rule.attr, &rule.matches) {
                    (None, None) => {
                        selection.texts(document).any(|(_, text)| !collapse_whitespace(text).is_empty())
                    }
                    (None, Some(pattern)) => pattern.is_match(&join_blocks(&blocks(document, &selection))),
                    (Some(_), _) => false,
                };
                is_body.then(|| Measured {
                    length: selection.texts(document).map(|(_, text)| count_printed(text)).sum(),
                    value: selection,
                })
            },
        )
    }

    /// Leaves out of a selection what the rules of `remove` match, and ends it at a text of `cut_after`.
    pub(super) fn cut(&self, selection: &mut Selection) {
        for css in self.layers.iter().flat_map(|rules| &rules.remove) {
            if self.document.is_overrun() {
                return;
            }
            // What is within a match is excluded with it.
            for at in self.document.select(css) {
                selection.excluded.insert(at);
            }
        }
        let phrases = self.layers.iter().flat_map(|rules| &rules.cut_after);
        let phrases: Vec<String> = phrases.cloned().collect();
        selection.end_before_phrase(self.document, &phrases);
    }

    /// True if the page has a text of `reject_if_contains`.
    pub(super) fn rejects_page(&self) -> bool {
        let mut phrases = self.layers.iter().flat_map(|rules| &rules.reject_if_contains).peekable();
        if phrases.peek().is_none() {
            return false;
        }
        let root: Vec<NodeId> = self.document.nodes().take(1).collect();
        let page = Selection::of_all(self.document, &root);
        let text = join_blocks(&blocks(self.document, &page));
        phrases.any(|phrase| text.contains(phrase.as_str()))
    }

    /// The first value that `read` accepts of any match of any rule.
    fn first_value<T>(
        &mut self,
        field: Field,
        selectors: FieldSelectors,
        read: impl Fn(&Self, &FieldRule, String) -> Option<T>,
    ) -> Option<T> {
        self.first_match(field, selectors, |matcher, rule| {
            matcher.values(rule).find_map(|text| {
                let length = text.chars().count();
                let value = read(matcher, rule, text)?;
                Some(Measured { value, length })
            })
        })
    }

    /// The value of the first rule that has one by `read`. Records the outcome of each rule.
    fn first_match<T>(
        &mut self,
        field: Field,
        selectors: FieldSelectors,
        read: impl Fn(&Self, &FieldRule) -> Option<Measured<T>>,
    ) -> Option<T> {
        let layers = self.layers;
        for layer in layers {
            for rule in selectors(layer) {
                if self.document.is_overrun() {
                    return None;
                }
                let found = read(self, rule);
                self.outcomes.push(SelectorOutcome {
                    field,
                    selector: rule.typed.clone(),
                    matched: found.is_some(),
                    length: found.as_ref().map_or(0, |found| found.length),
                    defined_in: layer.layer.clone(),
                });
                if let Some(found) = found {
                    return Some(found.value);
                }
            }
        }
        None
    }

    /// The values of a rule's matches in document order, without empty ones.
    fn values<'r>(&'r self, rule: &'r FieldRule) -> impl Iterator<Item = String> + 'r {
        self.document.select(&rule.css).into_iter().take(MOST_MATCHES).filter_map(|at| self.value(rule, at))
    }

    /// The value of one match: the element's text or its `@attr`, of that the first group of `match`, else all of it.
    fn value(&self, rule: &FieldRule, at: NodeId) -> Option<String> {
        let whole = match &rule.attr {
            Some(attr) => collapse_whitespace(self.document.attr(at, attr)?),
            None => text_line(self.document, at),
        };
        let value = match &rule.matches {
            Some(pattern) => {
                let found = pattern.captures(&whole)?;
                let part = found.get(1).or_else(|| found.get(0))?;
                collapse_whitespace(part.as_str())
            }
            None => whole,
        };
        (!value.is_empty()).then_some(value)
    }
}
