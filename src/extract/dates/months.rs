//! Names of months in the languages of the pages: a table, and the look-up by word.
//!
//! The same word can be another month in another language: `listopada` is October in Croatian and November in Polish.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Primary language tag, then the names of the months from January on: full, inflected and short forms separated by
/// spaces, in lower case, without the final dot of an abbreviation. `_` stands for a space within a name.
#[rustfmt::skip]
const MONTHS: &[(&str, [&str; 12])] = &[
    ("en", ["january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul",
        "august aug", "september sep sept", "october oct", "november nov", "december dec"]),
    ("de", ["januar jan jänner jän", "februar feb feber", "märz mär maerz mrz", "april apr", "mai", "juni jun",
        "juli jul", "august aug", "september sep sept", "oktober okt", "november nov", "dezember dez"]),
    ("fr", ["janvier janv jan", "février févr fév fevrier", "mars", "avril avr", "mai", "juin", "juillet juil",
        "août aout", "septembre sept", "octobre oct", "novembre nov", "décembre déc decembre"]),
    ("es", ["enero ene", "febrero feb", "marzo mar", "abril abr", "mayo may", "junio jun", "julio jul",
        "agosto ago", "septiembre setiembre sep sept set", "octubre oct", "noviembre nov", "diciembre dic"]),
    ("pt", ["janeiro jan", "fevereiro fev", "março mar marco", "abril abr", "maio mai", "junho jun",
        "julho jul", "agosto ago", "setembro set", "outubro out", "novembro nov", "dezembro dez"]),
    ("it", ["gennaio gen", "febbraio feb", "marzo mar", "aprile apr", "maggio mag", "giugno giu", "luglio lug",
        "agosto ago", "settembre set sett", "ottobre ott", "novembre nov", "dicembre dic"]),
    ("nl", ["januari jan", "februari feb", "maart mrt", "april apr", "mei", "juni jun", "juli jul",
        "augustus aug", "september sep sept", "oktober okt", "november nov", "december dec"]),
    ("sv", ["januari jan", "februari feb febr", "mars", "april apr", "maj", "juni", "juli", "augusti aug",
        "september sep sept", "oktober okt", "november nov", "december dec"]),
    ("da", ["januar jan", "februar feb", "marts mar", "april apr", "maj", "juni jun", "juli jul", "august aug",
        "september sep sept", "oktober okt", "november nov", "december dec"]),
    ("no", ["januar jan", "februar feb", "mars", "april apr", "mai", "juni jun", "juli jul", "august aug",
        "september sep sept", "oktober okt", "november nov", "desember des"]),
    ("fi", ["tammikuu tammikuuta tammi", "helmikuu helmikuuta helmi", "maaliskuu maaliskuuta maalis",
        "huhtikuu huhtikuuta huhti", "toukokuu toukokuuta touko", "kesäkuu kesäkuuta kesä",
        "heinäkuu heinäkuuta heinä", "elokuu elokuuta elo", "syyskuu syyskuuta syys", "lokakuu lokakuuta loka",
        "marraskuu marraskuuta marras", "joulukuu joulukuuta joulu"]),
    ("is", ["janúar", "febrúar", "mars", "apríl", "maí", "júní", "júlí", "ágúst", "september", "október",
        "nóvember", "desember"]),
    ("et", ["jaanuar", "veebruar", "märts", "aprill", "mai", "juuni", "juuli", "august", "september",
        "oktoober", "november", "detsember"]),
    ("lv", ["janvāris janvārī janvāra", "februāris februārī februāra", "marts martā", "aprīlis aprīlī aprīļa",
        "maijs maijā maija", "jūnijs jūnijā jūnija", "jūlijs jūlijā jūlija", "augusts augustā augusta",
        "septembris septembrī septembra", "oktobris oktobrī oktobra", "novembris novembrī novembra",
        "decembris decembrī decembra"]),
    ("lt", ["sausis sausio", "vasaris vasario", "kovas kovo", "balandis balandžio", "gegužė gegužės",
        "birželis birželio", "liepa liepos", "rugpjūtis rugpjūčio", "rugsėjis rugsėjo", "spalis spalio",
        "lapkritis lapkričio", "gruodis gruodžio"]),
    ("pl", ["styczeń stycznia sty", "luty lutego lut", "marzec marca mar", "kwiecień kwietnia kwi", "maj maja",
        "czerwiec czerwca cze", "lipiec lipca lip", "sierpień sierpnia sie", "wrzesień września wrz",
        "październik października paź", "listopad listopada lis", "grudzień grudnia gru"]),
    ("cs", ["leden ledna", "únor února", "březen března", "duben dubna", "květen května", "červen června",
        "červenec července", "srpen srpna", "září", "říjen října", "listopad listopadu", "prosinec prosince"]),
    ("sk", ["január januára", "február februára", "marec marca", "apríl apríla", "máj mája", "jún júna",
        "júl júla", "august augusta", "september septembra", "október októbra", "november novembra",
        "december decembra"]),
    ("hu", ["január jan", "február febr", "március márc", "április ápr", "május máj", "június jún",
        "július júl", "augusztus aug", "szeptember szept", "október okt", "november nov", "december dec"]),
    ("ro", ["ianuarie ian", "februarie feb", "martie mar", "aprilie apr", "mai", "iunie iun", "iulie iul",
        "august aug", "septembrie sep sept", "octombrie oct", "noiembrie noi nov", "decembrie dec"]),
    ("hr", ["siječanj siječnja sij", "veljača veljače velj", "ožujak ožujka ožu", "travanj travnja tra",
        "svibanj svibnja svi", "lipanj lipnja lip", "srpanj srpnja srp", "kolovoz kolovoza kol",
        "rujan rujna ruj", "listopad listopada lis", "studeni studenoga studenog stu", "prosinac prosinca pro"]),
    ("sl", ["januar januarja", "februar februarja", "marec marca", "april aprila", "maj maja", "junij junija",
        "julij julija", "avgust avgusta", "september septembra", "oktober oktobra", "november novembra",
        "december decembra"]),
    ("sr", ["januar januara јануар јануара", "februar februara фебруар фебруара", "mart marta март марта",
        "april aprila април априла", "maj maja мај маја", "jun juni juna јун јуни јуна",
        "jul juli jula јул јули јула", "avgust avgusta август августа",
        "septembar septembra септембар септембра", "oktobar oktobra октобар октобра",
        "novembar novembra новембар новембра", "decembar decembra децембар децембра"]),
    ("bg", ["януари", "февруари", "март", "април", "май", "юни", "юли", "август", "септември", "октомври",
        "ноември", "декември"]),
    ("mk", ["јануари", "февруари", "март", "април", "мај", "јуни", "јули", "август", "септември", "октомври",
        "ноември", "декември"]),
    ("ru", ["январь января янв", "февраль февраля фев февр", "март марта мар", "апрель апреля апр", "май мая",
        "июнь июня июн", "июль июля июл", "август августа авг", "сентябрь сентября сен сент",
        "октябрь октября окт", "ноябрь ноября ноя нояб", "декабрь декабря дек"]),
    ("uk", ["січень січня січ", "лютий лютого лют", "березень березня бер", "квітень квітня кві",
        "травень травня тра", "червень червня чер", "липень липня лип", "серпень серпня сер",
        "вересень вересня вер", "жовтень жовтня жов", "листопад листопада лис", "грудень грудня гру"]),
    ("be", ["студзень студзеня", "люты лютага", "сакавік сакавіка", "красавік красавіка", "май мая",
        "чэрвень чэрвеня", "ліпень ліпеня", "жнівень жніўня", "верасень верасня", "кастрычнік кастрычніка",
        "лістапад лістапада", "снежань снежня"]),
    ("el", ["ιανουάριος ιανουαρίου ιαν", "φεβρουάριος φεβρουαρίου φεβ", "μάρτιος μαρτίου μαρ",
        "απρίλιος απριλίου απρ", "μάιος μαΐου μαϊ", "ιούνιος ιουνίου ιουν", "ιούλιος ιουλίου ιουλ",
        "αύγουστος αυγούστου αυγ", "σεπτέμβριος σεπτεμβρίου σεπ", "οκτώβριος οκτωβρίου οκτ",
        "νοέμβριος νοεμβρίου νοε", "δεκέμβριος δεκεμβρίου δεκ"]),
    ("tr", ["ocak oca", "şubat şub", "mart", "nisan nis", "mayıs", "haziran haz", "temmuz tem", "ağustos ağu",
        "eylül eyl", "ekim eki", "kasım kas", "aralık ara"]),
    ("az", ["yanvar", "fevral", "mart", "aprel", "may", "iyun", "iyul", "avqust", "sentyabr", "oktyabr",
        "noyabr", "dekabr"]),
    ("id", ["januari jan", "februari feb", "maret mar", "april apr", "mei", "juni jun", "juli jul",
        "agustus agu agt", "september sep", "oktober okt", "november nov nopember", "desember des"]),
    ("ms", ["januari jan", "februari feb", "mac", "april apr", "mei", "jun", "julai jul", "ogos",
        "september sep", "oktober okt", "november nov", "disember dis"]),
    ("ca", ["gener gen", "febrer febr", "març", "abril abr", "maig", "juny", "juliol", "agost ag",
        "setembre set", "octubre oct", "novembre nov", "desembre des"]),
    ("eu", ["urtarrila urtarrilaren", "otsaila otsailaren", "martxoa martxoaren", "apirila apirilaren",
        "maiatza maiatzaren", "ekaina ekainaren", "uztaila uztailaren", "abuztua abuztuaren",
        "iraila irailaren", "urria urriaren", "azaroa azaroaren", "abendua abenduaren"]),
    ("ar", ["يناير كانون_الثاني جانفي", "فبراير شباط فيفري", "مارس آذار", "أبريل ابريل إبريل نيسان أفريل",
        "مايو أيار ماي", "يونيو يونيه حزيران جوان", "يوليو يوليه تموز جويلية", "أغسطس اغسطس آب أوت",
        "سبتمبر أيلول", "أكتوبر اكتوبر تشرين_الأول", "نوفمبر تشرين_الثاني", "ديسمبر كانون_الأول"]),
    ("fa", ["ژانویه", "فوریه", "مارس", "آوریل", "مه", "ژوئن", "ژوئیه جولای", "اوت", "سپتامبر", "اکتبر",
        "نوامبر", "دسامبر"]),
    ("ur", ["جنوری", "فروری", "مارچ", "اپریل", "مئی", "جون", "جولائی", "اگست", "ستمبر", "اکتوبر", "نومبر",
        "دسمبر"]),
    ("he", ["ינואר בינואר", "פברואר בפברואר", "מרץ במרץ", "אפריל באפריל", "מאי במאי", "יוני ביוני",
        "יולי ביולי", "אוגוסט באוגוסט", "ספטמבר בספטמבר", "אוקטובר באוקטובר", "נובמבר בנובמבר", "דצמבר בדצמבר"]),
    ("hi", ["जनवरी", "फरवरी फ़रवरी", "मार्च", "अप्रैल", "मई", "जून", "जुलाई", "अगस्त", "सितंबर सितम्बर",
        "अक्टूबर अक्तूबर", "नवंबर नवम्बर", "दिसंबर दिसम्बर"]),
    ("bn", ["জানুয়ারি জানুয়ারী", "ফেব্রুয়ারি ফেব্রুয়ারী", "মার্চ", "এপ্রিল", "মে", "জুন", "জুলাই", "আগস্ট",
        "সেপ্টেম্বর", "অক্টোবর", "নভেম্বর", "ডিসেম্বর"]),
    ("th", ["มกราคม ม.ค", "กุมภาพันธ์ ก.พ", "มีนาคม มี.ค", "เมษายน เม.ย", "พฤษภาคม พ.ค", "มิถุนายน มิ.ย",
        "กรกฎาคม ก.ค", "สิงหาคม ส.ค", "กันยายน ก.ย", "ตุลาคม ต.ค", "พฤศจิกายน พ.ย", "ธันวาคม ธ.ค"]),
];

/// The month of each name, in each language that has it (in the order of the table).
static BY_WORD: LazyLock<HashMap<&'static str, Vec<(&'static str, u32)>>> = LazyLock::new(|| {
    let mut by_word: HashMap<_, Vec<_>> = HashMap::new();
    for (language, months) in MONTHS {
        for (month, names) in (1..).zip(months) {
            for name in names.split(' ') {
                by_word.entry(name).or_default().push((*language, month));
            }
        }
    }
    by_word
});

/// The month (1 to 12) that a lower-case word names: in `language` (a primary tag) if it has the word, else in the first
/// language of the table that has it.
pub(super) fn month(word: &str, language: Option<&str>) -> Option<u32> {
    let known = BY_WORD.get(word)?;
    known.iter().find(|(of, _)| Some(*of) == language).or_else(|| known.first()).map(|(_, month)| *month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_differs_between_languages_is_read_in_the_given_one() {
        assert_eq!(month("listopada", Some("hr")), Some(10));
        assert_eq!(month("listopada", Some("pl")), Some(11));
        assert_eq!(month("lipca", None), Some(7));
        assert_eq!(month("мая", Some("en")), Some(5));
        assert_eq!(month("monday", None), None);
    }
}
