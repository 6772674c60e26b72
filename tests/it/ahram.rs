//! The page this program was first asked for, with the shipped site rule; and a page of our own in the same markup.

use std::path::Path;

use serde_json::{Value, json};

use crate::desk::{Desk, shared};

/// The shipped configuration, so that its site rules are used as they are.
fn desk() -> Desk {
    let desk = Desk::new("sites = \"sites\"\n");
    let sites = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/sites");
    std::fs::create_dir(desk.path().join("sites")).unwrap();
    for file in std::fs::read_dir(sites).unwrap().map(Result::unwrap) {
        std::fs::copy(file.path(), desk.path().join("sites").join(file.file_name())).unwrap();
    }
    desk
}

#[test]
fn the_three_forms_of_the_page_give_the_article_word_for_word() {
    let Some(folder) = shared("pages/ahram") else {
        return;
    };
    let expected: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("expected.json")).unwrap()).unwrap();
    let forms = ["article.html", "article-old-ids.html", "print.html"];
    let lines: Vec<Value> = forms
        .iter()
        .map(|form| json!({"id": form, "path": folder.join(form), "url": expected["url"]}))
        .collect();
    let (ended, answers) = desk().filter(&["extract", "--jsonl"], &lines);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(answers.len(), forms.len());
    for (form, answer) in forms.iter().zip(&answers) {
        assert_eq!(answer["ok"], true, "{form}: {answer}");
        for field in ["title", "standfirst", "published"] {
            assert_eq!(answer[field], expected[field], "{form}: {field}");
        }
        assert_eq!(answer["authors"], json!([expected["byline"]]), "{form}");
        assert_eq!(answer["short_link"], expected["short_link"][form], "{form}");
        let text = answer["text"].as_str().unwrap();
        let paragraphs: Vec<&str> = text.split("\n\n").collect();
        let words: Vec<&str> = expected["paragraphs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|text| text.as_str().unwrap())
            .collect();
        assert_eq!(paragraphs, words, "{form}");
        for absent in expected["absent"].as_array().unwrap() {
            assert!(!text.contains(absent.as_str().unwrap()), "{form}: {absent}");
        }
    }
}

/// What is expected, and what each form of the page gives without any rule; nothing where the pages are not here.
fn without_rules() -> Option<(Value, Vec<(&'static str, Value)>)> {
    let folder = shared("pages/ahram")?;
    let expected: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("expected.json")).unwrap()).unwrap();
    let forms = ["article.html", "article-old-ids.html", "print.html"];
    let lines: Vec<Value> = forms
        .iter()
        .map(|form| json!({"id": form, "path": folder.join(form), "url": expected["url"]}))
        .collect();
    let (ended, answers) = Desk::new("").filter(&["extract", "--jsonl", "--no-rules"], &lines);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(answers.len(), forms.len());
    Some((expected, forms.into_iter().zip(answers).collect()))
}

/// Nothing in the automatic extraction is named after this site.
#[test]
fn without_any_rule_the_pages_give_the_same_title_author_date_and_short_link() {
    let Some((expected, answers)) = without_rules() else {
        return;
    };
    for (form, answer) in &answers {
        for field in ["title", "published", "standfirst", "language"] {
            assert_eq!(answer[field], expected[field], "{form}: {field}");
        }
        assert_eq!(answer["authors"], json!([expected["byline"]]), "{form}");
        assert_eq!(answer["short_link"], expected["short_link"][form], "{form}");
    }
}

#[test]
fn without_any_rule_the_pages_give_the_same_body() {
    let Some((expected, answers)) = without_rules() else {
        return;
    };
    for (form, answer) in &answers {
        let paragraphs: Vec<&str> = answer["text"].as_str().unwrap().split("\n\n").collect();
        assert_eq!(json!(paragraphs), expected["paragraphs"], "{form}");
    }
}
