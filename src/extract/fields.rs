//! The fields of an article that no rule gave: from JSON-LD, from the head, from what the page prints.

use url::Url;

use super::dates::{self, Reading};
use super::jsonld::Linked;
use super::meta::{Meta, fold, without_site};
use super::{authors, meta};
use crate::html::{At, Clip, Document, Tag, image_source, line, tidy};
use crate::link;
use crate::model::{Extraction, Field, Kind, Origin, Timestamp};

/// What the automatic has to go by.
pub(super) struct Automatic<'a> {
    pub(super) document: &'a Document,
    pub(super) meta: &'a Meta,
    pub(super) linked: &'a Linked,
    pub(super) base: &'a Url,
    pub(super) page: &'a Url,
    pub(super) reading: Reading<'a>,
}

impl Automatic<'_> {
    /// The headline without the name of the site.
    pub(super) fn title(&self, extraction: &mut Extraction) {
        if extraction.title.is_some() {
            return;
        }
        let Some((title, origin)) = self.printed_title() else {
            return;
        };
        extraction.title = Some(title);
        extraction.origins.insert(Field::Title, origin);
    }

    fn printed_title(&self) -> Option<(String, Origin)> {
        let host = link::host(self.page);
        let site = self.linked.site.as_deref().or_else(|| self.meta.site());
        let h1: Vec<&str> = self.meta.h1.iter().map(|(_, text)| text.as_str()).collect();
        let linked = self.linked.title.as_deref();
        let declared = self.meta.first(&[
            "og:title",
            "twitter:title",
            "dc.title",
            "dcterms.title",
            "title",
            "headline",
            "sailthru.title",
            "parsely-title",
        ]);
        let strip = |title: &str| without_site(title, site, &host, &h1);
        let declared = declared.map(strip);
        let head = self.meta.title.as_deref().map(strip);
        // A heading that is said elsewhere, too, is the headline as printed.
        let names_site = |title: &str| site.is_some_and(|site| fold(site) == fold(title));
        let said = |heading: &&str| {
            let printed = heading.trim();
            let heading = fold(heading);
            let like = |other: &str| {
                // A short one counts where it stands alone or parted from what follows.
                let rest = other.trim().strip_prefix(printed).map(str::trim_start);
                if rest.is_some_and(|rest| {
                    rest.is_empty() || rest.starts_with(['-', '–', '—', '|', '·', '•', '«', '»'])
                }) {
                    return !names_site(printed);
                }
                let other = fold(other);
                heading.len() > 8
                    && (other == heading
                        || other.starts_with(&heading)
                        || heading.starts_with(&other) && other.len() > 8)
            };
            [
                linked,
                declared.as_deref(),
                head.as_deref(),
                self.meta.title.as_deref(),
            ]
            .into_iter()
            .flatten()
            .any(like)
        };
        if let Some(heading) = h1.iter().find(|heading| said(heading)) {
            return Some(((*heading).to_owned(), Origin::Auto));
        }
        let only = (h1.len() == 1).then(|| h1.first()).flatten();
        if let Some(only) = only.filter(|only| !names_site(only) && only.chars().count() > 20) {
            return Some(((*only).to_owned(), Origin::Auto));
        }
        let declared = declared.filter(|title| !title.is_empty());
        linked
            .filter(|title| !title.is_empty() && !names_site(title))
            .map(|title| (strip(title), Origin::JsonLd))
            .or_else(|| declared.map(|title| (title, Origin::Meta)))
            .or_else(|| head.map(|title| (title, Origin::Meta)))
            .or_else(|| h1.first().map(|title| ((*title).to_owned(), Origin::Auto)))
    }

    /// Everything but headline and body.
    pub(super) fn rest(&self, extraction: &mut Extraction, body: &Clip) {
        let site = self.linked.site.clone();
        let (site, origin) = match self.meta.site() {
            Some(site) => (Some(site.to_owned()), Origin::Meta),
            None => (site, Origin::JsonLd),
        };
        set(
            &mut extraction.site,
            site,
            Field::Site,
            origin,
            &mut extraction.origins,
        );
        let language = declared_language(self.meta, self.linked);
        let detected = || detected_language(&extraction.text);
        let (language, origin) = match language {
            Some(language) => (Some(language), Origin::Meta),
            None => (detected(), Origin::Auto),
        };
        set(
            &mut extraction.language,
            language,
            Field::Language,
            origin,
            &mut extraction.origins,
        );
        if extraction.links.canonical.is_some() {
            extraction.origins.insert(Field::Canonical, Origin::Meta);
        }
        if extraction.links.short_link.is_none() && extraction.links.shortlink.is_some() {
            extraction.origins.insert(Field::ShortLink, Origin::Meta);
        }
        if extraction.byline.is_none() && extraction.authors.is_empty() {
            let site = extraction.site.clone();
            if let Some((printed, names, origin)) = self.authors(site.as_deref(), body) {
                extraction.byline = Some(printed);
                extraction.authors = names;
                extraction.origins.insert(Field::Byline, origin);
            }
        }
        if extraction.published.is_none()
            && let Some((at, origin)) = self.published(body)
        {
            extraction.published = Some(at);
            extraction.origins.insert(Field::Published, origin);
        }
        if extraction.modified.is_none()
            && let Some((at, origin)) = self.modified()
        {
            extraction.modified = Some(at);
            extraction.origins.insert(Field::Modified, origin);
        }
        if extraction.standfirst.is_none()
            && let Some((text, origin)) = self.standfirst(body)
        {
            extraction.standfirst = Some(text);
            extraction.origins.insert(Field::Standfirst, origin);
        }
        if extraction.image.is_none()
            && let Some((image, origin)) = self.image(body)
        {
            extraction.image = Some(image);
            extraction.origins.insert(Field::Image, origin);
        }
    }

    fn authors(&self, site: Option<&str>, body: &Clip) -> Option<(String, Vec<String>, Origin)> {
        let of = |printed: Vec<String>, origin| {
            let names = authors::clean(&printed, site);
            (!names.is_empty()).then(|| (printed.join(", "), names, origin))
        };
        let is_site =
            |names: &[String]| matches!(names, [name] if site.is_some_and(|site| fold(site) == fold(name)));
        let declared = || {
            [
                "author",
                "article:author",
                "dc.creator",
                "dcterms.creator",
                "byl",
                "sailthru.author",
                "parsely-author",
                "cxenseparse:author",
                "twitter:data1",
            ]
            .iter()
            .filter(|name| {
                **name != "twitter:data1"
                    || self
                        .meta
                        .first(&["twitter:label1"])
                        .is_some_and(|label| label.contains("ritten"))
            })
            .find_map(|name| of(self.meta.all(name).map(str::to_owned).collect(), Origin::Meta))
        };
        let printed = || of(self.printed_authors(body), Origin::Auto);
        let first = of(self.linked.authors.clone(), Origin::JsonLd);
        match first {
            Some(first) if !is_site(&first.1) => Some(first),
            first => declared()
                .filter(|found| !is_site(&found.1))
                .or_else(printed)
                .or(first)
                .or_else(declared),
        }
    }

    /// Names by the attributes and classes that bylines have, near the body.
    fn printed_authors(&self, body: &Clip) -> Vec<String> {
        let document = self.document;
        let mut found: Vec<(u8, At)> = Vec::new();
        let end = body.roots.last().map(|root| document.end(*root));
        for at in document.all() {
            if end.is_some_and(|end| at > end) {
                break;
            }
            let tag = document.tag(at);
            if tag.is_mute() || tag == Tag::Text {
                continue;
            }
            let has = |name: &str, value: &str| {
                document.attr(at, name).is_some_and(|known| {
                    known
                        .split_whitespace()
                        .any(|known| known.eq_ignore_ascii_case(value))
                })
            };
            let rank = if has("rel", "author") || has("itemprop", "author") {
                0
            } else if class_words(document, at).any(|word| {
                matches!(
                    word.as_str(),
                    "byline" | "author" | "authors" | "autor" | "auteur" | "source"
                )
            }) {
                1
            } else {
                continue;
            };
            found.push((rank, at));
        }
        let best = found.iter().map(|(rank, _)| *rank).min();
        let mut texts: Vec<String> = Vec::new();
        let mut end = None;
        for (rank, at) in found {
            if Some(rank) != best || end.is_some_and(|end| at < end) {
                continue;
            }
            let text = line(document, at);
            if (3..120).contains(&text.chars().count()) {
                end = Some(document.end(at));
                texts.push(text);
                if texts.len() > 3 || best == Some(1) {
                    break;
                }
            }
        }
        texts
    }

    fn date(&self, text: &str) -> Option<Timestamp> {
        dates::read(text, &self.reading).filter(|at| dates::is_possible(at, self.reading.now))
    }

    fn published(&self, body: &Clip) -> Option<(Timestamp, Origin)> {
        const NAMES: &[&str] = &[
            "article:published_time",
            "og:article:published_time",
            "datepublished",
            "og:published_time",
            "article.published",
            "published_at",
            "date",
            "dc.date.issued",
            "dcterms.created",
            "dc.date",
            "dc.date.created",
            "dcterms.date",
            "dcterms.issued",
            "parsely-pub-date",
            "sailthru.date",
            "pubdate",
            "publishdate",
            "publish-date",
            "publish_date",
            "cxenseparse:recs:publishtime",
            "cxenseparse:publishtime",
            "article_date_original",
            "displaydate",
            "ptime",
            "rnews:datepublished",
            "originalpublicationdate",
            "article:post_date",
            "last-modified",
        ];
        let linked = || Some((self.date(self.linked.published.as_deref()?)?, Origin::JsonLd));
        let declared = || {
            NAMES
                .iter()
                .flat_map(|name| self.meta.all(name))
                .find_map(|text| Some((self.date(text)?, Origin::Meta)))
        };
        let printed = || Some((self.printed_date(body)?, Origin::Auto));
        let in_url = || Some((dates::in_url(self.page, self.reading.now)?, Origin::Auto));
        let modified = || self.modified();
        linked()
            .or_else(declared)
            .or_else(printed)
            .or_else(in_url)
            .or_else(modified)
    }

    fn modified(&self) -> Option<(Timestamp, Origin)> {
        const NAMES: &[&str] = &[
            "article:modified_time",
            "og:updated_time",
            "datemodified",
            "article:updated_time",
            "dcterms.modified",
            "lastmod",
        ];
        let linked = || Some((self.date(self.linked.modified.as_deref()?)?, Origin::JsonLd));
        let declared = || {
            NAMES
                .iter()
                .flat_map(|name| self.meta.all(name))
                .find_map(|text| Some((self.date(text)?, Origin::Meta)))
        };
        linked().or_else(declared)
    }

    /// The date printed nearest to the headline: `itemprop`, `<time>`, else by the classes dates have.
    fn printed_date(&self, body: &Clip) -> Option<Timestamp> {
        let document = self.document;
        let end = body.roots.last().map(|root| document.end(*root));
        let mut best: Option<(u8, Timestamp)> = None;
        for at in document.all() {
            let tag = document.tag(at);
            if tag == Tag::Text {
                continue;
            }
            let attr = |name| document.attr(at, name);
            let is_published = attr("itemprop")
                .is_some_and(|name| name.eq_ignore_ascii_case("datePublished"))
                || attr("pubdate").is_some();
            let rank = if is_published {
                0
            } else if tag == Tag::Time {
                if class_words(document, at)
                    .any(|word| word.starts_with("updat") || word.starts_with("modif"))
                {
                    3
                } else {
                    1
                }
            } else if !tag.is_mute()
                && class_words(document, at).any(|word| {
                    word.contains("date") && !word.contains("update")
                        || word.contains("publish")
                        || matches!(
                            word.as_str(),
                            "time"
                                | "timestamp"
                                | "posted"
                                | "datum"
                                | "fecha"
                                | "source"
                                | "byline"
                                | "meta"
                                | "dateline"
                        )
                })
            {
                2
            } else {
                continue;
            };
            let late = u8::from(end.is_some_and(|end| at > end)) * 10;
            if best.as_ref().is_some_and(|(known, _)| *known <= rank + late) {
                continue;
            }
            let value = ["datetime", "content", "data-time", "data-date", "title"]
                .into_iter()
                .filter_map(attr)
                .find_map(|text| self.date(text));
            let value = value.or_else(|| {
                let text = line(document, at);
                (text.chars().count() < 200).then(|| self.date(&text))?
            });
            if let Some(value) = value {
                best = Some((rank + late, value));
                if rank == 0 {
                    break;
                }
            }
        }
        best.map(|(_, at)| at)
    }

    fn standfirst(&self, _body: &Clip) -> Option<(String, Origin)> {
        let long = |text: &&str| text.chars().count() > 20;
        let declared = self
            .meta
            .first(&[
                "og:description",
                "description",
                "twitter:description",
                "dc.description",
                "dcterms.description",
            ])
            .filter(long);
        let linked = self.linked.standfirst.as_deref().filter(long);
        linked
            .map(|text| (tidy(text), Origin::JsonLd))
            .or_else(|| declared.map(|text| (tidy(text), Origin::Meta)))
    }

    fn image(&self, body: &Clip) -> Option<(Url, Origin)> {
        let declared = self
            .meta
            .first(&[
                "og:image",
                "og:image:url",
                "og:image:secure_url",
                "twitter:image",
                "twitter:image:src",
                "image",
            ])
            .and_then(|src| link::resolve(self.base, src))
            .map(|url| (url, Origin::Meta));
        let linked = || {
            self.linked
                .images
                .iter()
                .find_map(|src| link::resolve(self.base, src))
                .map(|url| (url, Origin::JsonLd))
        };
        let printed = || {
            body.roots
                .iter()
                .flat_map(|root| self.document.within(*root))
                .filter(|at| matches!(self.document.tag(*at), Tag::Img | Tag::Amp))
                .find_map(|at| image_source(self.document, at, self.base))
                .map(|url| (url, Origin::Auto))
        };
        declared.or_else(linked).or_else(printed)
    }
}

fn set<T>(
    slot: &mut Option<T>,
    value: Option<T>,
    field: Field,
    origin: Origin,
    origins: &mut std::collections::BTreeMap<Field, Origin>,
) {
    if slot.is_none() && value.is_some() {
        *slot = value;
        origins.insert(field, origin);
    }
}

/// The words of an element's classes and id, in lower case.
pub(super) fn class_words(document: &Document, at: At) -> impl Iterator<Item = String> {
    ["class", "id"]
        .into_iter()
        .filter_map(move |name| document.attr(at, name))
        .flat_map(|value| value.split(|c: char| !c.is_alphanumeric()))
        .filter(|word| !word.is_empty() && word.len() < 40)
        .map(str::to_lowercase)
}

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
fn detected_language(text: &str) -> Option<String> {
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

/// What kind of page it was, with evidence only: anything else is an article.
pub(super) fn kind(document: &Document, linked: &Linked, extraction: &Extraction) -> Kind {
    let length = extraction.text.chars().count();
    if length < 600 && is_challenge(document) {
        return Kind::Challenge;
    }
    if linked.free == Some(false) && length < 1500 {
        return Kind::Paywalled;
    }
    Kind::Article
}

/// Whether a page loads what asks visitors to prove they are human.
fn is_challenge(document: &Document) -> bool {
    const MARKS: &[&str] = &[
        "_cf_chl_opt",
        "cf-challenge",
        "captcha-delivery.com",
        "px-captcha",
        "_Incapsula_Resource",
        "geo.captcha-delivery",
        "awswaf",
    ];
    let marked = |text: &str| MARKS.iter().any(|mark| text.contains(mark));
    document.all().any(|at| match document.tag(at) {
        Tag::Script | Tag::Iframe => {
            document.attr(at, "src").is_some_and(marked)
                || document
                    .children(at)
                    .filter_map(|child| document.text_of(child))
                    .any(marked)
        }
        Tag::Div => {
            document.attr(at, "id").is_some_and(marked) || document.attr(at, "class").is_some_and(marked)
        }
        _ => false,
    })
}

#[allow(unused_imports, reason = "temp")]
use meta as _;
