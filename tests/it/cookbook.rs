//! The cookbook, docs/sources.md: each recipe is run by the real binary and gives what it says.

use serde_json::Value;

use crate::workspace::Workspace;

const COOKBOOK: &str = include_str!("../../docs/sources.md");

/// The fenced blocks of a section, with their languages.
fn blocks(section: &str) -> Vec<(&str, String)> {
    let mut blocks = Vec::new();
    let mut lines = section.lines();
    while let Some(line) = lines.next() {
        let indent = line.len() - line.trim_start().len();
        if let Some(language) = line.trim_start().strip_prefix("```") {
            let inside = lines.by_ref().take_while(|line| line.trim_start() != "```");
            let text: String =
                inside.map(|line| format!("{}\n", line.get(indent..).unwrap_or_default())).collect();
            blocks.push((language, text));
        }
    }
    blocks
}

#[test]
fn each_recipe_gives_what_it_says() {
    let workspace = Workspace::new("[daemon]\ncontact = 'x'\n");
    let recipes: Vec<&str> = COOKBOOK.split("\n### ").skip(1).collect();
    assert!(recipes.len() >= 10, "{} recipes", recipes.len());
    for recipe in recipes {
        let name = recipe.lines().next().unwrap();
        let [("html", html), ("toml", rule), ("json", expected)] = &blocks(recipe)[..] else {
            panic!("{name}: not html, toml and json");
        };
        let (page, file) = (workspace.path().join("page.html"), workspace.path().join("rule.toml"));
        std::fs::write(&page, html).unwrap();
        std::fs::write(&file, rule).unwrap();
        let ended = workspace.run(&[
            "try",
            page.to_str().unwrap(),
            "--url",
            "https://paper.example/s/8121",
            "--rule",
            file.to_str().unwrap(),
            "--json",
        ]);
        let told: Value = serde_json::from_str(&ended.stdout)
            .unwrap_or_else(|error| panic!("{name}: {error}: {}{}", ended.stdout, ended.stderr));
        let expected: Value =
            serde_json::from_str(expected).unwrap_or_else(|error| panic!("{name}: {error}"));
        for (field, value) in expected.as_object().unwrap() {
            assert_eq!(&told[field], value, "{name}: {field}");
        }
    }
}

#[test]
fn the_other_blocks_of_the_cookbook_are_configuration() {
    let head = COOKBOOK.split("\n### ").next().unwrap();
    let toml: String =
        blocks(head).into_iter().filter(|(language, _)| *language == "toml").map(|(_, text)| text).collect();
    assert!(toml.contains("[[source.rules]]") && toml.contains("[[source.test]]"), "{toml}");
    let workspace = Workspace::new("");
    let secret = workspace.path().join("secret");
    std::fs::write(&secret, "hush").unwrap();
    let toml = toml.replace("/run/secrets/paper", secret.to_str().unwrap());
    workspace.configure(&format!(
        "[daemon]\ncontact = 'x'\n[[source]]\nname = 'a'\nfeed = 'https://paper.example/feed'\n{toml}"
    ));
    let ended = workspace.run(&["check"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}
