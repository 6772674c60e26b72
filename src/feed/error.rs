//! The error of every reader of this room.

/// Why a document is no feed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}{}", hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default())]
pub struct NotAFeed {
    /// What it is instead, as a sentence.
    pub reason: String,
    /// What the user can do about it.
    pub hint: Option<String>,
}

impl NotAFeed {
    pub(super) fn because(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), hint: None }
    }

    pub(super) fn with_hint(reason: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { reason: reason.into(), hint: Some(hint.into()) }
    }

    /// XML with a root that is neither expected nor known; `expected` is `feed` or `sitemap`.
    pub(super) fn unknown_root(root: &str, expected: &str) -> Self {
        let root: String = root.chars().filter(|c| !c.is_control()).take(40).collect();
        Self::because(format!("this is XML with the root <{root}>, which is no {expected}"))
    }
}
