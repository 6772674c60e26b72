//! Likeness and choices by example; tests/it/fields has whole pages.

use chrono::DateTime;
use chrono_tz::Tz;

use super::likeness::{is_alike, is_same, is_same_person, shares_no_word};
use super::{ChoicePlace, FeedWords, choose, take_from_feed};
use crate::model::{
    Candidate, Entry, Extraction, Field, NamedByline, Origin, PageEvidence, Reason, Standing, Timestamp,
};

fn at(text: &str) -> Timestamp {
    Timestamp::instant(DateTime::parse_from_rfc3339(text).unwrap())
}

fn place() -> ChoicePlace<'static> {
    ChoicePlace { zone: Tz::Europe__Berlin, host: "paper.example", language: None }
}

#[test]
fn titles_are_alike_in_any_script_and_spelling() {
    for (one, other) in [
        ("Straße gesperrt", "STRASSE GESPERRT"),
        ("Ψήφος για τον λιμένα", "ΨΗΦΟΣ ΓΙΑ ΤΟΝ ΛΙΜΕΝΑ"),
        ("Café “Zürich” — don’t", "Cafe Zurich: don't"),
        ("İstanbul'da ılık kış", "istanbulda ilik kış"),
        ("ＮＨＫ　ニュース", "NHK ニュース"),
        ("مَدِينَة", "مدينة"),
        ("שָׁלוֹם", "שלום"),
    ] {
        assert!(is_same(one, other), "{one} {other}");
    }
    assert!(!is_same("", "–"));
    for (one, other) in [
        ("The Lindmouth Courier", "Council votes to rebuild the breakwater"),
        ("Порт и город", "Совет и волнорез"),
        ("朝刊購読のお申し込み", "防波堤の再建"),
        ("สมัครรับข่าว", "ลงมติ"),
        ("아침 신문", "방파제 재건"),
    ] {
        assert!(shares_no_word(one, other) && !is_alike(one, other), "{one} {other}");
    }
    for (one, other) in [
        ("港务委员会投票决定", "委员会的决定"),
        ("방파제 재건 가결", "방파제 가결"),
        ("To be or not", "Not to be"),
        ("Bridge closed", "Bridge over the river closed until autumn"),
    ] {
        assert!(!shares_no_word(one, other), "{one} {other}");
    }
}

#[test]
fn a_person_is_known_by_initials_and_in_any_order() {
    for (one, other) in [
        ("Ada Holm", "A. Holm"),
        ("HOLM, Ada", "Ada Maria Holm"),
        ("김철수", "김철수"),
        ("Ådå Hølm", "Ada Hølm"),
    ] {
        assert!(is_same_person(one, other), "{one} {other}");
    }
    for (one, other) in [("Ada Holm", "Ida Holm"), ("", "Ada"), ("Ada Holm", "Ines Holt")] {
        assert!(!is_same_person(one, other), "{one} {other}");
    }
}

/// An extraction with a title, a date and authors that were guessed.
fn guessed() -> Extraction {
    let mut page = Extraction {
        title: Some("Subscribers read more".into()),
        published: Some(at("2020-01-01T10:00:00Z")),
        authors: vec!["Ida Falk".into()],
        byline: Some("Ida Falk".into()),
        text: "Text.".into(),
        ..Extraction::default()
    };
    for field in [Field::Title, Field::Published, Field::Byline, Field::Body] {
        page.origins.insert(field, Origin::Auto);
    }
    page
}

fn said(authors: &[String]) -> FeedWords<'_> {
    FeedWords {
        title: Some("Council votes"),
        published: Some(at("2026-03-04T18:20:00Z")),
        has_own_date: true,
        modified: None,
        authors,
        language: Some("en"),
        may_overrule: true,
    }
}

#[test]
fn a_guess_yields_to_the_feed_of_its_site_and_to_no_other() {
    let authors = ["Ines Holt".to_owned()];
    let mut page = guessed();
    let choices = choose(&mut page, &said(&authors), place());
    assert_eq!((page.title.as_deref(), page.authors.as_slice()), (Some("Council votes"), &authors[..]));
    assert_eq!(page.byline, None, "it is of somebody else");
    assert_eq!(page.published, Some(at("2026-03-04T18:20:00Z")));
    assert!(choices.iter().filter(|choice| choice.field != Field::Language).all(|choice| {
        choice.reason == Reason::Feed && choice.origin == Some(Origin::Feed) && choice.contradiction.is_some()
    }));
    let mut page = guessed();
    let choices = choose(&mut page, &FeedWords { may_overrule: false, ..said(&authors) }, place());
    let expected = Extraction { language: Some("en".into()), ..guessed() };
    assert_eq!(
        (&page.title, &page.published, &page.authors),
        (&expected.title, &expected.published, &expected.authors)
    );
    assert!(choices.iter().all(|choice| choice.contradiction.is_none()));
}

#[test]
fn of_what_is_stored_of_a_page_what_its_feed_told_counts_and_what_the_page_declares() {
    let recalled = |told: &[Field]| Entry {
        title: Some("Council votes".into()),
        published: Some(at("2026-03-04T18:20:00Z")),
        recalled: Some(told.to_vec()),
        ..Entry::default()
    };
    let mut evidence = PageEvidence::default();
    let entry = recalled(&[]);
    let words = FeedWords::of(&entry, true, &evidence);
    assert_eq!((words.title, words.published), (None, None), "found on the page");
    let told = recalled(&[Field::Title, Field::Published]);
    let words = FeedWords::of(&told, true, &evidence);
    assert_eq!((words.title, words.published), (Some("Council votes"), told.published));
    evidence.titles = vec![Candidate {
        value: "Council votes".into(),
        origin: Origin::Meta,
        standing: Standing::Structured,
    }];
    assert_eq!(FeedWords::of(&entry, true, &evidence).title, Some("Council votes"));
}

#[test]
fn nothing_outweighs_a_rule() {
    let authors = ["Ines Holt".to_owned()];
    let mut page = guessed();
    for field in [Field::Title, Field::Published, Field::Byline] {
        page.origins.insert(field, Origin::Rule);
    }
    let before = page.clone();
    let choices = choose(&mut page, &said(&authors), place());
    assert_eq!((page.title, page.published, page.authors), (before.title, before.published, before.authors));
    assert_eq!(choices.iter().filter(|choice| choice.reason == Reason::Rule).count(), 3);
}

#[test]
fn a_text_of_the_feed_takes_nothing_of_its_page_but_what_rules_gave() {
    let authors = [];
    let mut page =
        Extraction { standfirst: Some("We value you".into()), tags: vec!["consent".into()], ..guessed() };
    page.origins.insert(Field::Standfirst, Origin::Meta);
    page.origins.insert(Field::Byline, Origin::Rule);
    take_from_feed(&mut page, &said(&authors), place());
    assert_eq!(page.title.as_deref(), Some("Council votes"));
    assert_eq!(page.authors, ["Ida Falk"], "by rule, and the feed names nobody");
    assert_eq!((page.standfirst, page.tags.len()), (None, 0));
    assert!(!page.origins.contains_key(&Field::Standfirst));
}

#[test]
fn a_printed_byline_of_people_goes_before_structured_data_and_accounts() {
    let byline = |names: &[&str], origin, standing, are_people| Candidate {
        value: NamedByline {
            printed: names.join(", "),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            are_people,
        },
        origin,
        standing,
    };
    let account = ["jdoe42".to_owned()];
    let mut page = guessed();
    page.origins.insert(Field::Byline, Origin::JsonLd);
    page.evidence.bylines = vec![
        byline(&["Ida Falk"], Origin::JsonLd, Standing::Structured, true),
        byline(&["Ines Holt"], Origin::Auto, Standing::Printed, true),
    ];
    let mut other = page.clone();
    choose(&mut page, &said(&account), place());
    assert_eq!(
        (page.authors.as_slice(), page.byline.as_deref()),
        (&["Ines Holt".to_owned()][..], Some("Ines Holt"))
    );
    let person = ["Ida Falk".to_owned()];
    choose(&mut other, &said(&person), place());
    assert_eq!(other.authors, person, "the feed and structured data agree");
    other.evidence.bylines[1] = byline(&["Reuters"], Origin::Auto, Standing::Printed, false);
    choose(&mut other, &said(&account), place());
    assert_eq!(other.authors, person, "an agency is nobody");
}
