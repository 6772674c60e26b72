//! Tables of words by which bylines are read, in lower case. None is of a single site.

/// Words that open a byline, before the name.
#[rustfmt::skip]
pub(super) const OPENINGS: &[&str] = &[
    "written by", "words by", "story by", "reported by", "posted by", "text by", "edited by", "published by",
    "by", "von", "par", "por", "di", "av", "af", "door", "przez", "author", "authors", "autor", "autorin",
    "autoren", "auteur", "escrito por", "publié par", "ein artikel von", "eine analyse von",
    "ein kommentar von", "text", "redacción", "автор", "текст", "oleh", "penulis", "yazan", "kirjoittaja", "od",
    "tekst", "foto", "γράφει", "του", "από", "بقلم", "كتب", "מאת", "from", "quelle", "source", "kolumne von",
    "ein beitrag von", "ein gastbeitrag von", "interview von", "analyse von", "kommentar von", "vom",
    "verfasst von", "veröffentlicht von", "erstellt von", "beitrag von", "article by", "analysis by",
    "opinion by", "reviewed by", "автор статьи", "автор:", "por:",
];

/// Phrases that end a name: what follows is a date, a place, a description.
#[rustfmt::skip]
pub(super) const ENDINGS: &[&str] = &[
    " updated", " published", " posted", " last updated", " aktualisiert", " in ", " aus ", " à ", " at ",
    " on ", " am ", " le ", " for ", " für ", " is a ", " ist ", " with ", " - ", " – ", " — ", " @", " [",
    " »",
];

/// Words before the names within a line: "Posted on Monday by Ada Lovelace".
pub(super) const WITHIN: &[&str] = &[" by ", " von ", " par "];

/// Beginnings of picture credits.
#[rustfmt::skip]
pub(super) const PICTURES: &[&str] = &[
    "image", "images", "photo", "photos", "foto", "fotos", "bild", "picture", "photograph", "illustration",
    "fotografía", "фото", "credit", "©",
];

/// News agencies, folded. They are authors only where no person is named.
#[rustfmt::skip]
pub(super) const AGENCIES: &[&str] = &[
    "reuters", "afp", "ap", "apnews", "associatedpress", "theassociatedpress", "dpa", "dpaafx", "apa", "ansa",
    "efe", "sid", "epd", "kna", "sda", "keystonesda", "ats", "ntb", "tt", "ritzau", "pti", "ani", "ians",
    "lusa", "belga", "anp", "tass", "interfax", "ria", "rianovosti", "xinhua", "新华社", "kyodo", "jiji", "yonhap",
    "cna", "bernama", "antara", "aap", "pa", "pamedia", "upi", "bloomberg", "dowjones", "agenturen", "agencies",
    "agencias", "agence", "agencefrancepresse", "europapress", "pap", "čtk", "ctk", "tasr", "mti", "agerpres",
    "mediafax", "bta", "hina", "tanjug", "fena", "sta", "bns", "elta", "leta", "stt", "anadoluagency",
    "anadoluajansı", "aa", "dha", "iha", "ukrinform", "unian", "thecanadianpress", "canadianpress", "wire",
    "newswire", "prnewswire", "afpcom", "news agencies",
];

/// Degrees and suffixes behind a name, folded.
pub(super) const DEGREES: &[&str] = &[
    "phd", "md", "mba", "ma", "msc", "bsc", "jd", "rn", "rd", "esq", "dds", "jr", "sr", "mph", "cpa", "cfp",
    "llm", "dvm",
];

/// What somebody is, and other texts where a name should be.
#[rustfmt::skip]
pub(super) const ROLES: &[&str] = &[
    "reporter", "staff reporter", "staff writer", "correspondent", "editor", "senior reporter", "senior editor",
    "writer", "contributor", "senior correspondent", "political correspondent", "news editor", "journalist",
    "redakteur", "redakteurin", "korrespondent", "admin", "administrator", "author", "authors", "null",
    "undefined", "none", "unknown", "guest", "anonymous", "n/a", "photographer", "updated", "published",
    "journaliste", "periodista", "redactor", "columnist", "follow", "twitter", "facebook", "email", "share",
    "no author", "staff", "newsroom", "correspondent", "freelance", "contributors", "online-redakteurin",
    "online-redakteur", "chefredakteur", "chefredakteurin", "redaktionsleiter", "redaktionsleiterin",
    "volontär", "volontärin", "autorin", "reporterin", "korrespondentin", "alle artikel", "more", "see all",
    "instagram", "linkedin", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
];

/// Endings of roles.
#[rustfmt::skip]
pub(super) const ROLE_ENDINGS: &[&str] = &[
    " reporter", " correspondent", " editor", " writer", " journalist", " contributor", " columnist",
    "redakteur", "redakteurin", "korrespondent", "korrespondentin", "journalistin", " attorney", " producer",
];

/// Words in the names of organisations and desks, which have the form of full names.
#[rustfmt::skip]
pub(super) const ORGANISATIONS: &[&str] = &[
    "agency", "board", "bureau", "company", "corp", "corporation", "council", "desk", "editors", "editorial", "foundation",
    "gmbh", "group", "holding", "inc", "institute", "limited", "ltd", "magazine", "media", "network", "news", "newsdesk",
    "newspaper", "newsroom", "office", "online", "press", "publishing", "radio", "report", "reporters", "service",
    "staff", "studio", "team", "times", "university", "verlag", "agentur", "redaktion", "nachrichten", "zeitung",
    "rédaction", "agence", "presse", "redacción", "agencia", "prensa", "noticias", "redazione", "agenzia", "redação",
    "agência", "redactie", "redakcja", "redakce", "редакция", "редакція", "агентство", "пресса", "новости",
    "تحرير", "التحرير", "وكالة", "هيئة", "מערכת", "tahrir",
];

/// Names of accounts, beside those that have the form of one.
#[rustfmt::skip]
pub(super) const ACCOUNTS: &[&str] = &[
    "superadmin", "siteadmin", "sysadmin", "webmaster", "root", "system", "user", "wordpress", "import", "importer",
    "feed", "rss", "cms", "bot", "api", "default", "test",
];

/// Words for "and" with the spaces around them.
#[rustfmt::skip]
pub(super) const CONJUNCTIONS: &[&str] = &[
    " and ", " und ", " et ", " y ", " e ", " og ", " och ", " en ", " ja ", " i ", " и ", " und\u{a0}", " & ",
    " + ", " și ", " và ", " ve ", " dan ", " και ", " та ",
];
