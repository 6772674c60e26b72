//! What the program says about its data as JSON: one struct per noun, one file per noun.
//!
//! `cuttings … --json` prints these structs; a web API is to answer with the same ones. They are an interface: scripts
//! read them, so a field keeps its name and meaning, and new fields are only added.
//!
//! Conventions, unless a field says otherwise:
//!
//! - A moment is UTC to the second, `2026-11-24T08:00:00Z` ([`UtcSeconds`]).
//! - `null` means that the value is not known or does not apply. A list is empty rather than `null`.
//! - A field that is left out, rather than `null`, has `skip_serializing_if`.
//! - A URL that may carry a password or token is masked.
//!
//! The structs borrow from what they show and live for one answer.

mod article;
mod consumer;
mod diff;
mod doctor;
mod explanation;
mod export;
mod feed;
mod import;
mod poll;
mod reextraction;
mod rule_test;
mod run;
mod search;
mod source;
mod status;
mod time;
mod trial;
mod url;

pub(crate) use article::{ArticleJson, ExtractAnswerJson};
pub(crate) use consumer::ConsumersJson;
pub(crate) use diff::{DiffJson, FieldDiffJson, SentenceChange};
pub(crate) use doctor::{DoctorJson, FindingJson};
pub(crate) use explanation::{ArticleExplanationJson, ExplanationJson, LinkExplanationJson};
pub(crate) use export::ExportJson;
pub(crate) use feed::{EntryJson, ParseAnswerJson};
pub(crate) use import::{FeedImportJson, SkippedFeedJson};
pub(crate) use reextraction::ReextractedJson;
pub(crate) use rule_test::{RuleTestJson, RuleTestsJson};
pub(crate) use run::{FailureJson, RunJson, SourceRunJson};
pub(crate) use search::SearchHitJson;
pub(crate) use source::{AddJson, CandidateJson, SourceListJson};
pub(crate) use status::{SourceHistoryJson, StatusJson};
pub(crate) use time::UtcSeconds;
pub(crate) use trial::{TrialJson, TrialParts};
pub(crate) use url::masked_url;

use serde::Serialize;

/// A shape on one line, without a line break at its end. Keys stand in alphabetical order, so that the order of the
/// fields in a struct, and `flatten`, do not show. Fails only where a shape cannot be JSON, such as a number beyond 64 bits.
pub(crate) fn to_line(shape: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_value(shape).map(|value| value.to_string())
}
