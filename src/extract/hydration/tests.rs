//! Text in the JSON of frameworks.

use super::*;
use crate::html::ParseLimits;

const SENTENCES: [&str; 3] = [
    "The ferry that was to replace the bridge came in on Monday morning, and nobody was on the pier to see it.",
    "Its captain, who had been told that a band would play, waited for an hour & then went to look for the mayor.",
    "The mayor was found in bed. He had been told that the ferry would come on Tuesday, with the other one.",
];

fn found(script: &str) -> Option<String> {
    let html = format!("<title>The ferry came early</title><div id=root></div>{script}");
    let document = Document::parse(&html, &ParseLimits::default()).unwrap();
    find_text(&document, Some("The ferry came early")).map(|html| plain_text(&html))
}

#[test]
fn text_is_found_in_the_state_of_frameworks() {
    let [a, b, c] = SENTENCES;
    let html = format!("<p>{a}</p><p>{b}</p><p>{c}</p>");
    let whole = serde_json::json!({"props": {"pageProps": {"article": {"title": "The ferry came early", "body": html},
        "more": [{"title": "Another", "url": "/b", "body": html.replace("ferry", "boat").repeat(2)}]}}});
    let blocks = serde_json::json!({"content": {"blocks": [
        {"type": "header", "data": {"text": "At the pier"}},
        {"type": "paragraph", "data": {"text": a}},
        {"type": "paragraph", "data": {"text": b}},
        {"type": "paragraph", "data": {"text": c}}]}});
    let rich = serde_json::json!({"doc": {"type": "doc", "content": [
        {"type": "paragraph", "content": [{"type": "text", "text": a}]},
        {"type": "paragraph", "content": [{"type": "text", "text": b}, {"type": "text", "text": " "}]},
        {"type": "paragraph", "content": [{"type": "text", "text": c}]}]}});
    let quoted = serde_json::Value::String(rich.to_string()).to_string();
    for (what, script) in [
        ("Next", format!("<script id=__NEXT_DATA__ type='application/json'>{whole}</script>")),
        ("blocks", format!("<script type='application/json'>{blocks}</script>")),
        ("Apollo", format!("<script>window.__APOLLO_STATE__ = {rich};\nmore()</script>")),
        ("a quoted state", format!("<script>window.__INITIAL_STATE__ = JSON.parse({quoted})</script>")),
        ("Nuxt 3", format!("<script type=application/json id=__NUXT_DATA__>[[1],{whole}]</script>")),
    ] {
        let text = found(&script).unwrap_or_default();
        for sentence in SENTENCES {
            assert!(text.contains(sentence), "{what}: {text}");
        }
        assert!(!text.contains("boat"), "{what}: {text}");
    }
}

#[test]
fn text_is_found_behind_references() {
    let [a, b, c] = SENTENCES;
    let another = format!("<p>{a}</p><p>{b}</p><p>{c}</p>").replace("ferry", "boat").repeat(2);
    let paragraph = |id: &str, text: &str| serde_json::json!({"__typename": "Paragraph", "id": id, "text": text, "of": {"__ref": "Article:1"}});
    let apollo = serde_json::json!({
        "ROOT_QUERY": {"article({\"slug\":\"ferry\"})": {"__ref": "Article:1"}},
        "Article:1": {"title": "The ferry came early", "content": {"__ref": "Content:1"}, "more": [{"__ref": "Article:2"}]},
        "Article:2": {"title": "The boat came late", "content": another},
        "Content:1": {"blocks": [{"__ref": "P:1"}, {"type": "id", "generated": false, "id": "P:2"}, {"__ref": "P:3"}]},
        "P:1": paragraph("1", a),
        "P:2": paragraph("2", b),
        "P:3": paragraph("3", c)
    });
    let next = serde_json::json!({"props": {"pageProps": {"__APOLLO_STATE__": apollo}}});
    let nuxt = serde_json::json!([
        ["ShallowReactive", 1], {"data": 2, "state": 14}, {"article": 3, "others": 12},
        {"title": 4, "paragraphs": 5}, "The ferry came early", [6, 8, 10],
        {"text": 7}, a, {"text": 9}, b, {"text": 11}, c,
        [13], another, {"user": -1, "itself": 1}
    ]);
    for (what, script) in [
        ("Apollo", format!("<script>window.__APOLLO_STATE__={apollo}</script>")),
        ("Apollo in Next", format!("<script id=__NEXT_DATA__ type='application/json'>{next}</script>")),
        ("Nuxt 3", format!("<script type=application/json id=__NUXT_DATA__>{nuxt}</script>")),
    ] {
        let text = found(&script).unwrap_or_default();
        let mut from = 0;
        for sentence in SENTENCES {
            let at = text.get(from..).and_then(|rest| rest.find(sentence));
            from += at.unwrap_or_else(|| panic!("{what}: {sentence} in {text}"));
        }
        assert!(!text.contains("boat"), "{what}: {text}");
    }
}

#[test]
fn references_in_a_circle_come_to_an_end() {
    let wide: Vec<_> = (0..40).map(|n| serde_json::json!({"__ref": format!("A:{n}")})).collect();
    let mut cache = serde_json::Map::new();
    for n in 0..40 {
        cache.insert(
            format!("A:{n}"),
            serde_json::json!({"title": "The ferry came early", "content": wide, "blocks": wide}),
        );
    }
    let cache = serde_json::Value::Object(cache);
    assert_eq!(found(&format!("<script>window.__APOLLO_STATE__={cache}</script>")), None);
}

#[test]
fn what_is_no_prose_is_not_taken() {
    let words = "menu.item.label ".repeat(40);
    for json in [
        serde_json::json!({"config": words}),
        serde_json::json!({"css": ".a { color: red; } .b { margin: 0; } ".repeat(20)}),
        serde_json::json!({"list": (0..50).map(|n| format!("Item {n}")).collect::<Vec<_>>()}),
        serde_json::json!({"comments": SENTENCES}),
    ] {
        assert_eq!(found(&format!("<script type='application/json'>{json}</script>")), None);
    }
    assert_eq!(found("<script type='application/json'>{\"a\": </script>"), None);
    assert_eq!(found("<script>window.__NUXT__=(function(a){return {}}(1))</script>"), None);
    let deep = format!("<script type='application/json'>{}</script>", "[".repeat(100_000));
    assert_eq!(found(&deep), None);
}
