//! The language of an article: declared by its page, else detected from its text.
//!
//! Languages are BCP 47 tags with the primary tag in lower case: `de`, `en-GB`. Detection (whatlang) is by trigrams and is
//! reliable for texts of some hundred characters; it gives primary tags only.

use std::sync::LazyLock;

use whatlang::Lang;

use super::jsonld::JsonLd;
use super::page_meta::PageMeta;
use super::words::is_unspaced;
use crate::model::Origin;

/// The language that a page declares (BCP 47, primary tag in lower case): by `<html lang>`, JSON-LD, `<meta>`.
pub(super) fn declared_language(meta: &PageMeta, json_ld: &JsonLd) -> Option<String> {
    let declared = [
        meta.language.as_deref(),
        json_ld.language.as_deref(),
        meta.first(&["content-language", "og:locale", "dc.language", "language"]),
    ];
    declared.into_iter().flatten().find_map(|tag| {
        let tag = tag.trim().replace('_', "-");
        let (primary, rest) = tag.split_once('-').unwrap_or((&tag, ""));
        let is_tag = (2..=3).contains(&primary.len()) && primary.chars().all(|c| c.is_ascii_alphabetic());
        let has_subtags = !rest.is_empty()
            && rest.len() < 20
            && rest.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        let primary = primary.to_ascii_lowercase();
        is_tag.then(|| if has_subtags { format!("{primary}-{rest}") } else { primary })
    })
}

/// Characters by which a language is detected.
const SAMPLE: usize = 2000;

/// Characters that a text must have before its declared language is doubted.
const LEAST_TEXT: usize = 300;

/// Characters by which a declared language is confirmed: nearly every page is in the language that it declares.
const FIRST_SAMPLE: usize = 500;

/// The language of a text: the declared one, else the detected one. Templates are copied with their `lang`, so a long
/// text that is certainly in another language overrules it, unless the two are easily confused.
pub(super) fn language_of_text(declared: Option<String>, text: &str) -> Option<(String, Origin)> {
    // Nothing is declared: whatever is detected counts.
    let Some(declared) = declared else {
        return Some((detect_language(text)?, Origin::Auto));
    };
    let primary = declared.split('-').next().unwrap_or_default();
    // A language that cannot be detected cannot be refuted.
    let is_detectable = Lang::all().iter().any(|lang| code(*lang) == primary);
    let is_other = |found: &String| found != primary && !are_close(found, primary);
    let is_doubtful =
        || !is_plainly(primary, text) && detect(text, FIRST_SAMPLE).is_none_or(|found| is_other(&found));
    let is_long = text.chars().take(LEAST_TEXT).count() == LEAST_TEXT;
    let other =
        (is_detectable && is_long && is_doubtful()).then(|| detect_language(text)).flatten().filter(is_other);
    Some(match other {
        Some(found) => (found, Origin::Auto),
        None => (declared, Origin::Meta),
    })
}

/// Words from which on the language of a text is told by the text itself.
const ENOUGH_WORDS: usize = 50;

/// True if a text is long enough to tell its own language. In scripts without spaces a letter counts as half a word.
pub(crate) fn is_enough(text: &str) -> bool {
    let (mut halves, mut is_within) = (0, false);
    for c in text.chars() {
        if is_unspaced(c) {
            (halves, is_within) = (halves + 1, false);
        } else if !c.is_alphanumeric() {
            is_within = false;
        } else if !is_within {
            (halves, is_within) = (halves + 2, true);
        }
        if halves >= ENOUGH_WORDS * 2 {
            return true;
        }
    }
    false
}

/// The language of a text, where that is long enough and the detection is reliable.
pub(crate) fn detected_language(text: &str) -> Option<String> {
    is_enough(text).then(|| detect_language(text)).flatten()
}

/// True if two tags (BCP 47) are of different languages, and of such as are not easily confused.
pub(crate) fn are_apart(one: &str, other: &str) -> bool {
    let primary = |tag: &str| tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    let (one, other) = (primary(one), primary(other));
    one != other && !are_close(&one, &other)
}

/// True if two languages are easily confused by their words, or are two names of one.
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
    FAMILIES.iter().any(|family| family.contains(&one) && family.contains(&other))
}

/// Words that are common in one language and in none but near relatives of it.
static COMMON: LazyLock<Vec<(&str, Vec<&str>)>> = LazyLock::new(|| {
    let of = |code, words: &'static str| (code, words.split(' ').collect());
    vec![
        of(
            "en",
            "the and that was with from have has this which they their will would been were are but not his her its said",
        ),
        of(
            "de",
            "der die und das den des nicht mit sich auf für ist im dem ein eine einen auch nach wird bei von zu sind aus dass zum zur",
        ),
        of(
            "fr",
            "les des et du une est dans qui pour sur au avec sont pas plus par aux cette ses mais elle ils été leur",
        ),
        of(
            "es",
            "el los las del y por con una su para como más pero fue sus al este esta sobre entre desde también",
        ),
        of(
            "it",
            "il di che della gli nel alla dei delle con non sono più ha dal anche ma nella degli sul questo",
        ),
        of(
            "pt",
            "do da em não os um uma com para dos das no ao pela pelo mais foi são seu sua também ou se sobre",
        ),
        of(
            "nl",
            "het van een dat niet zijn voor met aan ook naar bij wordt heeft maar werd uit deze hij zij door",
        ),
    ]
});

/// Words of a text among which the common ones are counted, at least and at most.
const COUNTED: std::ops::RangeInclusive<usize> = 40..=100;

/// Per cent of common words from which on a text is in a language.
const PLAINLY: usize = 16;

/// True if a text has so many common words of a language that it cannot be in another. Of the seven languages in
/// [`COMMON`] this saves the detection, which takes a twentieth of the whole extraction.
fn is_plainly(primary: &str, text: &str) -> bool {
    let Some((_, common)) = COMMON.iter().find(|(code, _)| *code == primary) else {
        return false;
    };
    let (mut words, mut common_words) = (0, 0);
    let split = text.split(|c: char| !c.is_alphanumeric());
    for word in split.filter(|word| !word.is_empty()).take(*COUNTED.end()) {
        words += 1;
        common_words += usize::from(common.iter().any(|common| common.eq_ignore_ascii_case(word)));
        // Enough for any number of words up to the most.
        if words >= *COUNTED.start() && common_words * 100 >= PLAINLY * COUNTED.end() {
            return true;
        }
    }
    words >= *COUNTED.start() && common_words * 100 >= PLAINLY * words
}

/// The language of a text, where the detection is reliable.
fn detect_language(text: &str) -> Option<String> {
    detect(text, SAMPLE)
}

/// The same by the first `sample` characters.
fn detect(text: &str, sample: usize) -> Option<String> {
    let sample: String = text.chars().take(sample).collect();
    let info = whatlang::detect(&sample).filter(whatlang::Info::is_reliable)?;
    Some(code(info.lang()).to_owned())
}

/// The BCP 47 code of a language.
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

    const PLAIN: &[(&str, &str)] = &[
        (
            "en",
            "The bridge over the river was closed on Monday because the town has the road laid anew. Those who live on the \
             island will have to go round by twelve kilometres until autumn, said a speaker of the council, and the ferry \
             is to run more often in that time.",
        ),
        ("de", GERMAN),
        (
            "fr",
            "Le pont sur la rivière est fermé depuis lundi, car la ville fait refaire la chaussée. Les habitants de l'île \
             devront faire un détour de douze kilomètres jusqu'à l'automne, a dit une porte-parole de la mairie, et le bac \
             passera plus souvent pour les gens qui rentrent avec leurs courses ou qui vont au travail dans la vallée.",
        ),
        (
            "es",
            "El puente sobre el río está cerrado desde el lunes porque la ciudad renueva el pavimento. Los vecinos de la \
             isla tendrán que dar un rodeo de doce kilómetros hasta el otoño, dijo una portavoz del ayuntamiento, y el \
             transbordador pasará más a menudo para los que vuelven por la noche con sus compras.",
        ),
        (
            "it",
            "Il ponte sul fiume è chiuso da lunedì perché il comune fa rifare il manto della strada. Gli abitanti dell'isola \
             dovranno fare un giro di dodici chilometri fino all'autunno, ha detto una portavoce del sindaco, e il \
             traghetto passerà più spesso anche di sera con i pendolari che tornano dal lavoro.",
        ),
        (
            "pt",
            "A ponte sobre o rio está fechada desde segunda-feira porque a cidade renova o pavimento da estrada. Os moradores \
             da ilha terão de fazer um desvio de doze quilómetros até ao outono, disse uma porta-voz da câmara, e o barco \
             vai passar com mais frequência no fim do dia para os que voltam do trabalho.",
        ),
        (
            "nl",
            "De brug over de rivier is sinds maandag dicht omdat de stad het wegdek laat vernieuwen. De bewoners van het \
             eiland moeten tot de herfst een omweg van twaalf kilometer maken, zei een woordvoerder van de gemeente, en \
             de pont gaat vaker varen voor wie met de fiets naar het werk gaat of niet zo lang wil wachten.",
        ),
        (
            "pl",
            "Most na rzece jest zamknięty od poniedziałku, bo miasto wymienia nawierzchnię drogi. Mieszkańcy wyspy do jesieni \
             będą musieli jeździć objazdem o długości dwunastu kilometrów, powiedziała rzeczniczka urzędu, a prom ma w tym \
             czasie pływać częściej, także wieczorem, żeby nikt nie musiał czekać na brzegu do rana.",
        ),
        (
            "da",
            "Broen over åen har været lukket siden mandag, fordi byen lægger ny belægning på vejen. Beboerne på øen må køre \
             en omvej på tolv kilometer indtil efteråret, sagde en talsmand for kommunen, og færgen skal sejle oftere i den \
             tid, så ingen behøver at vente på stranden, når det er koldt og vinden kommer fra øst.",
        ),
        (
            "ca",
            "El pont sobre el riu és tancat des de dilluns perquè la ciutat fa refer el paviment de la carretera. Els veïns \
             de l'illa hauran de fer una volta de dotze quilòmetres fins a la tardor, va dir una portaveu de l'ajuntament, i \
             el transbordador passarà més sovint per als qui tornen al vespre amb les compres.",
        ),
    ];

    #[test]
    fn a_text_is_plainly_in_its_own_language_alone() {
        for (language, text) in PLAIN {
            let taken: Vec<&str> =
                COMMON.iter().map(|(code, _)| *code).filter(|code| is_plainly(code, text)).collect();
            let expected: Vec<&str> =
                COMMON.iter().map(|(code, _)| *code).filter(|code| code == language).collect();
            assert_eq!(taken, expected, "{language}");
        }
        assert!(!is_plainly("en", "The ferry and the bridge."), "too short");
    }

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
            let found = language_of_text(declared.map(str::to_owned), text).map(|(language, _)| language);
            assert_eq!(found.as_deref(), expected, "{declared:?}");
        }
    }
}
