//! The language of an article: as its page declares it, else as its words tell.

use super::jsonld::Linked;
use super::meta::Meta;

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

/// The language a text is written in, where that is certain.
pub(super) fn detected_language(text: &str) -> Option<String> {
    let sample: String = text.chars().take(2000).collect();
    let info = whatlang::detect(&sample).filter(whatlang::Info::is_reliable)?;
    let code = match info.lang().code() {
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
        code => code,
    };
    Some(code.to_owned())
}
