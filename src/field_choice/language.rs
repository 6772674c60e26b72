//! The language.
//!
//! A text of fifty words tells its language itself, by detection. The language of a shorter one is what the feed says, else
//! what the page declares. The feed's is mostly that of its channel.

use super::feed_words::{FeedWords, settled};
use crate::extract::{are_apart, detected_language, is_enough};
use crate::model::{Contradiction, Extraction, Field, FieldChoice, Origin, Reason};

/// Chooses the language of a page's text. Extraction has compared what the page declares with a long text.
pub(super) fn choose(
    extraction: &mut Extraction,
    feed: &FeedWords<'_>,
    configured: Option<&str>,
) -> FieldChoice {
    let Some(own) = extraction.language.clone() else {
        return fill(extraction, feed, configured);
    };
    let Some(said) = feed.language else {
        return settled(extraction, Field::Language, Reason::PageAlone);
    };
    if !feed.may_overrule {
        return settled(extraction, Field::Language, Reason::OnlyFills);
    }
    if is_one_language(&own, said) {
        return settled(extraction, Field::Language, Reason::Agreed);
    }
    let contradiction =
        are_apart(&own, said).then(|| Contradiction { page: own.clone(), feed: said.to_owned() });
    let reason = if is_enough(&extraction.text) {
        // Extraction doubts a declared language only where the text is longer still.
        match detected_language(&extraction.text) {
            Some(found) if are_apart(&found, &own) && !are_apart(&found, said) => {
                set(extraction, said, Origin::Feed);
            }
            Some(found) if are_apart(&found, &own) => set(extraction, &found, Origin::Auto),
            _ => {}
        }
        Reason::TextItself
    } else {
        set(extraction, said, Origin::Feed);
        Reason::Feed
    };
    FieldChoice { contradiction, ..settled(extraction, Field::Language, reason) }
}

/// Chooses the language of a feed's text.
pub(super) fn choose_for_feed_text(
    extraction: &mut Extraction,
    feed: &FeedWords<'_>,
    configured: Option<&str>,
) -> FieldChoice {
    match detected_language(&extraction.text) {
        Some(found) if feed.language.is_none_or(|said| are_apart(&found, said)) => {
            set(extraction, &found, Origin::Auto);
            settled(extraction, Field::Language, Reason::TextItself)
        }
        _ => fill(extraction, feed, configured),
    }
}

/// Fills the language of a text that declares none and does not tell its own.
fn fill(extraction: &mut Extraction, feed: &FeedWords<'_>, configured: Option<&str>) -> FieldChoice {
    let mut reason = Reason::FeedAlone;
    if let Some(said) = feed.language {
        set(extraction, said, Origin::Feed);
    } else if let Some(configured) = configured {
        set(extraction, configured, Origin::Rule);
        reason = Reason::Configured;
    }
    settled(extraction, Field::Language, reason)
}

fn set(extraction: &mut Extraction, tag: &str, origin: Origin) {
    extraction.language = Some(tag.to_owned());
    extraction.origins.insert(Field::Language, origin);
}

/// True if two tags (BCP 47) have the same primary tag.
fn is_one_language(one: &str, other: &str) -> bool {
    let primary = |tag: &str| tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    primary(one) == primary(other)
}
