//! The page that this program was first asked to extract, in three forms, with and without the shipped site rule.

use std::path::Path;

use serde_json::{Value, json};

use crate::workspace::{Workspace, shared};

/// The shipped configuration, so that its site rules are used as they are.
fn workspace() -> Workspace {
    let workspace = Workspace::new("sites = \"sites\"\n");
    let sites = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/sites");
    std::fs::create_dir(workspace.path().join("sites")).unwrap();
    for file in std::fs::read_dir(sites).unwrap().map(Result::unwrap) {
        std::fs::copy(file.path(), workspace.path().join("sites").join(file.file_name())).unwrap();
    }
    workspace
}

/// The expected article, and the answer for each form of the page by a command; none where the pages are not there.
fn answers(workspace: &Workspace, command: &[&str]) -> Option<(Value, Vec<(&'static str, Value)>)> {
    let folder = shared("pages/ahram")?;
    let expected: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("expected.json")).unwrap()).unwrap();
    let forms = ["article.html", "article-old-ids.html", "print.html"];
    let lines: Vec<Value> = forms
        .iter()
        .map(|form| json!({"id": form, "path": folder.join(form), "url": expected["url"]}))
        .collect();
    let (ended, answers) = workspace.filter(command, &lines);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(answers.len(), forms.len());
    Some((expected, forms.into_iter().zip(answers).collect()))
}

fn without_rules() -> Option<(Value, Vec<(&'static str, Value)>)> {
    answers(&Workspace::new(""), &["extract", "--jsonl", "--no-rules"])
}

#[test]
fn the_three_forms_of_the_page_give_the_article_word_for_word() {
    let Some((expected, answers)) = answers(&workspace(), &["extract", "--jsonl"]) else {
        return;
    };
    for (form, answer) in &answers {
        assert_eq!(answer["ok"], true, "{form}: {answer}");
        for field in ["title", "standfirst", "published"] {
            assert_eq!(answer[field], expected[field], "{form}: {field}");
        }
        assert_eq!(answer["authors"], json!([expected["byline"]]), "{form}");
        assert_eq!(answer["short_link"], expected["short_link"][form], "{form}");
        let text = answer["text"].as_str().unwrap();
        let paragraphs: Vec<&str> = text.split("\n\n").collect();
        assert_eq!(json!(paragraphs), expected["paragraphs"], "{form}");
        for absent in expected["absent"].as_array().unwrap() {
            assert!(!text.contains(absent.as_str().unwrap()), "{form}: {absent}");
        }
    }
}

/// Nothing in extraction without rules is named after this site.
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
