//! Selectors of a source or site, applied: each field of the strongest rule that gives a value.

use url::Url;

use super::dates::{self, Reading};
use crate::config::{ArticleRules, FieldRule};
use crate::html::{
    Css, Document, NodeId, Selection, blocks, collapse_whitespace, count_printed, join_blocks, text_line,
};
use crate::link;
use crate::model::{Field, SelectorOutcome, Timestamp};

/// Matches of one selector that are looked at for one value.
const MATCHES: usize = 50;

/// Applies rules to one page and keeps account of what was tried.
pub(super) struct Applied<'a> {
    pub(super) document: &'a Document,
    /// Strongest first.
    pub(super) layers: &'a [&'a ArticleRules],
    pub(super) base: &'a Url,
    pub(super) reading: Reading<'a>,
    pub(super) tried: Vec<SelectorOutcome>,
}

/// The selectors of one field in one layer.
type Of = fn(&ArticleRules) -> &[FieldRule];

impl<'a> Applied<'a> {
    /// The first text any rule gives.
    pub(super) fn text(&mut self, field: Field, of: Of) -> Option<String> {
        self.first(field, of, |_, text| Some((text.chars().count(), text)))
    }

    /// The texts of all matches of the first rule that has any, each once.
    pub(super) fn texts(&mut self, field: Field, of: Of) -> Vec<String> {
        self.first_of(field, of, |applied, rule| {
            let mut texts: Vec<String> = Vec::new();
            for text in applied.values(rule) {
                if !texts.contains(&text) {
                    texts.push(text);
                }
            }
            let length = texts.iter().map(|text| text.chars().count()).sum();
            (!texts.is_empty()).then_some((length, texts))
        })
        .unwrap_or_default()
    }

    /// The first text any rule gives that is a date.
    pub(super) fn date(&mut self, field: Field, of: Of) -> Option<Timestamp> {
        self.first(field, of, |(rule, reading), text| {
            let at = match &rule.format {
                Some(format) => dates::formatted(&text, format, reading),
                None => dates::read(&text, reading),
            };
            Some((text.chars().count(), at?))
        })
    }

    /// The first text any rule gives that is a link, made absolute.
    pub(super) fn url(&mut self, field: Field, of: Of) -> Option<Url> {
        let base = self.base;
        self.first(field, of, |_, text| {
            Some((text.len(), link::resolve(base, &text)?))
        })
    }

    /// The body: all matches of the first rule that gives text, without what any layer removes.
    pub(super) fn body(&mut self) -> Option<Selection> {
        self.first_of(
            Field::Body,
            |rules| &rules.body,
            |applied, rule| {
                let found = applied.document.select(&rule.css);
                let mut clip = Selection::of_all(applied.document, &found);
                applied.cut(&mut clip);
                let text = match (&rule.attr, &rule.matches) {
                    (None, None) => clip
                        .texts(applied.document)
                        .any(|(_, text)| !collapse_whitespace(text).is_empty()),
                    // A body is elements: its `match` decides whether it is one, an attribute holds none.
                    (None, Some(pattern)) => pattern.is_match(&join_blocks(&blocks(applied.document, &clip))),
                    (Some(_), _) => false,
                };
                text.then(|| {
                    let texts = clip.texts(applied.document);
                    let length = texts.map(|(_, text)| count_printed(text)).sum();
                    (length, clip)
                })
            },
        )
    }

    /// Takes out what the rules remove, and ends a clip where they say.
    pub(super) fn cut(&self, clip: &mut Selection) {
        let removed: Vec<&Css> = self.layers.iter().flat_map(|rules| &rules.remove).collect();
        for css in removed {
            if self.document.is_overrun() {
                return;
            }
            for at in self.document.select(css) {
                clip.excluded.insert(at);
            }
        }
        let phrases: Vec<String> = self
            .layers
            .iter()
            .flat_map(|rules| &rules.cut_after)
            .cloned()
            .collect();
        clip.end_before_phrase(self.document, &phrases);
    }

    /// Whether the page has a text that tells it is no article.
    pub(super) fn rejects(&self, page: &Selection) -> bool {
        let mut phrases = self
            .layers
            .iter()
            .flat_map(|rules| &rules.reject_if_contains)
            .peekable();
        if phrases.peek().is_none() {
            return false;
        }
        let text = join_blocks(&blocks(self.document, page));
        phrases.any(|phrase| text.contains(phrase.as_str()))
    }

    fn first<T>(
        &mut self,
        field: Field,
        of: Of,
        read: impl Fn((&FieldRule, &Reading<'_>), String) -> Option<(usize, T)>,
    ) -> Option<T> {
        self.first_of(field, of, |applied, rule| {
            let reading = applied.reading;
            applied.values(rule).find_map(|text| read((rule, &reading), text))
        })
    }

    /// The first value any rule gives, with its length in characters.
    fn first_of<T>(
        &mut self,
        field: Field,
        of: Of,
        mut read: impl FnMut(&Self, &'a FieldRule) -> Option<(usize, T)>,
    ) -> Option<T> {
        let layers = self.layers;
        let rules = layers
            .iter()
            .flat_map(|layer| of(layer).iter().map(|rule| (&layer.layer, rule)));
        for (layer, rule) in rules {
            if self.document.is_overrun() {
                return None;
            }
            let value = read(self, rule);
            self.tried.push(SelectorOutcome {
                field,
                selector: rule.typed.clone(),
                matched: value.is_some(),
                length: value.as_ref().map_or(0, |(length, _)| *length),
                defined_in: layer.clone(),
            });
            if let Some((_, value)) = value {
                return Some(value);
            }
        }
        None
    }

    /// What a rule finds, each match in document order, without empty ones.
    fn values<'r>(&'r self, rule: &'r FieldRule) -> impl Iterator<Item = String> + 'r {
        self.document
            .select(&rule.css)
            .into_iter()
            .take(MATCHES)
            .filter_map(|at| self.value(rule, at))
    }

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
