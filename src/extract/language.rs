//! The language of an article: as its page declares it, else as its words tell.

use whatlang::Lang;

use super::jsonld::Linked;
use super::meta::Meta;
use crate::model::Origin;

/// The language a page declares: BCP 47, primary tag in lower case.
pub(super) fn declared_language(meta: &Meta, linked: &Linked) -> Option<String> {
    let declared = [
        meta.language.as_deref(),
        linked.language.as_deref(),
        meta.first(&["content-language", "og:locale", "dc.language", "language"]),
    ];
    declared.into_iter().flatten().find_map(|tag| {
        let tag = tag.trim().replace('_', "-");
        let (primary, rest) = tag.split_once('-').unwrap_or((&tag, ""));
        let good = (2..=3).contains(&primary.len()) && primary.chars().all(|c| c.is_ascii_alphabetic());
        let rest_good = rest.len() < 20 && rest.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        let primary = primary.to_ascii_lowercase();
        good.then(|| {
            if rest.is_empty() || !rest_good {
                primary.clone()
            } else {
                format!("{primary}-{rest}")
            }
        })
    })
}

/// Characters of a text by which its language is told, and how many it takes to doubt what is declared.
const SAMPLE: usize = 2000;
const ENOUGH: usize = 300;

/// Characters that are enough to believe what is declared.
const FIRST: usize = 500;

/// The language of a text that declares one. Templates are copied with their `lang`, so a long text that is plainly in
/// another language counts, unless the two are hardly told apart.
pub(super) fn of_text(declared: Option<String>, text: &str) -> Option<(String, Origin)> {
    let Some(declared) = declared else {
        return Some((detected_language(text)?, Origin::Auto));
    };
    let primary = declared.split('-').next().unwrap_or_default();
    let comparable = Lang::all().iter().any(|lang| code(*lang) == primary);
    let is_other = |found: &String| found != primary && !are_close(found, primary);
    // Nearly every page is in the language it declares, and that shows early.
    let doubtful = || told(text, FIRST).is_none_or(|found| is_other(&found));
    let other = (comparable && text.chars().take(ENOUGH).count() == ENOUGH && doubtful())
        .then(|| detected_language(text))
        .flatten()
        .filter(is_other);
    Some(match other {
        Some(found) => (found, Origin::Auto),
        None => (declared, Origin::Meta),
    })
}

/// Whether two languages are hardly told apart by their words, or are two names of one.
fn are_close(one: &str, other: &str) -> bool {
    const FAMILIES: &[&[&str]] = &[
        &["nb", "no", "nn", "da", "sv"],
        &["hr", "sr", "bs", "sl", "mk", "bg"],
        &["id", "ms", "jv"],
        &["cs", "sk"],
        &["es", "pt", "ca", "gl", "it"],
        &["nl", "af"],
        &["ru", "uk", "be"],
        &["tr", "az", "tk"],
        &["fa", "ur", "ar"],
        &["hi", "mr", "ne"],
        &["zh", "ja"],
    ];
    FAMILIES
        .iter()
        .any(|family| family.contains(&one) && family.contains(&other))
}

/// The language a text is written in, where that is certain.
pub(super) fn detected_language(text: &str) -> Option<String> {
    told(text, SAMPLE)
}

/// The same by the first characters.
fn told(text: &str, sample: usize) -> Option<String> {
    let sample: String = text.chars().take(sample).collect();
    let info = whatlang::detect(&sample).filter(whatlang::Info::is_reliable)?;
    Some(code(info.lang()).to_owned())
}

/// BCP 47.
fn code(lang: Lang) -> &'static str {
    match lang.code() {
        "eng" => "en",
        "deu" => "de",
        "fra" => "fr",
        "spa" => "es",
        "por" => "pt",
        "ita" => "it",
        "nld" => "nl",
        "swe" => "sv",
        "dan" => "da",
        "nob" => "nb",
        "fin" => "fi",
        "pol" => "pl",
        "ces" => "cs",
        "slk" => "sk",
        "hun" => "hu",
        "ron" => "ro",
        "hrv" => "hr",
        "slv" => "sl",
        "srp" => "sr",
        "bul" => "bg",
        "mkd" => "mk",
        "rus" => "ru",
        "ukr" => "uk",
        "bel" => "be",
        "ell" => "el",
        "tur" => "tr",
        "ara" => "ar",
        "pes" => "fa",
        "urd" => "ur",
        "heb" => "he",
        "hin" => "hi",
        "ben" => "bn",
        "tha" => "th",
        "vie" => "vi",
        "ind" => "id",
        "jpn" => "ja",
        "kor" => "ko",
        "cmn" => "zh",
        "est" => "et",
        "lav" => "lv",
        "lit" => "lt",
        "cat" => "ca",
        "aze" => "az",
        "kat" => "ka",
        "hye" => "hy",
        "tam" => "ta",
        "tel" => "te",
        "afr" => "af",
        "epo" => "eo",
        "mal" => "ml",
        "guj" => "gu",
        "kan" => "kn",
        "mar" => "mr",
        "nep" => "ne",
        "pan" => "pa",
        "sin" => "si",
        "mya" => "my",
        "khm" => "km",
        "jav" => "jv",
        "amh" => "am",
        "tgl" => "tl",
        "tuk" => "tk",
        "yid" => "yi",
        "zul" => "zu",
        "sna" => "sn",
        "aka" => "ak",
        "lat" => "la",
        "uzb" => "uz",
        "ori" => "or",
        "cym" => "cy",
        code => code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GERMAN: &str = "Die Brücke über den Fluss wurde am Montag für den Verkehr gesperrt, weil die Stadt den Belag \
        erneuern lässt. Bis zum Herbst müssen die Bewohner der Insel einen Umweg von zwölf Kilometern fahren, sagte eine \
        Sprecherin der Verwaltung. Die Fähre soll in dieser Zeit öfter verkehren und auch am Abend noch Gäste übersetzen.";

    #[test]
    fn every_language_that_is_told_has_its_two_letters() {
        for lang in Lang::all() {
            assert_eq!(code(*lang).len(), 2, "{}", lang.code());
        }
    }

    #[test]
    fn what_is_declared_counts_unless_the_text_is_plainly_in_another() {
        for (declared, text, expected) in [
            (Some("de-AT"), GERMAN, Some("de-AT")),
            (Some("en"), GERMAN, Some("de")),
            (None, GERMAN, Some("de")),
            (Some("en"), "Kurz.", Some("en")),
            (Some("xx"), GERMAN, Some("xx")),
            (None, "", None),
        ] {
            let found = of_text(declared.map(str::to_owned), text).map(|(language, _)| language);
            assert_eq!(found.as_deref(), expected, "{declared:?}");
        }
    }
}
