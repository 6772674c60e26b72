//! The readers' contract under other programs, with the daemon stopped and running: Python's own library, Datasette,
//! DuckDB. Where one of them is not there a line says so.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::{Value, json};

use crate::service::Manager;
use crate::support::newsroom::Newsroom;
use crate::workspace::Workspace;

const SCHEMA: &str = include_str!("../../docs/schema.md");

/// Says that something is missing.
const MISSING: i32 = 77;

/// The blocks of docs/schema.md in this language.
fn blocks(language: &str) -> Vec<&'static str> {
    SCHEMA.split(&format!("```{language}\n")).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// Views, and the types of their columns as `as_type` has them.
fn views(
    as_type: fn(&'static str) -> &'static str,
) -> BTreeMap<&'static str, Vec<(&'static str, &'static str)>> {
    SCHEMA
        .split("\n## `")
        .skip(1)
        .map(|section| {
            let (name, rest) = section.split_once('`').unwrap();
            let columns = rest.lines().filter_map(|line| {
                let (column, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
                Some((column, as_type(rest.split(' ').next()?)))
            });
            (name, columns.collect())
        })
        .collect()
}

/// Runs a script over the newsroom's database, before and while a daemon has it; gives what it printed each time. Nothing
/// where the script misses something.
fn read_by(script: &str, asked: &Value) -> Option<[Value; 2]> {
    let newsroom = Newsroom::start();
    let workspace = Workspace::new(&newsroom.config_toml());
    workspace.run(&["run", "--once", "--all", "--wait", "20s"]);
    let articles = newsroom.served().len();
    assert_eq!(workspace.one("SELECT count(*) FROM articles"), articles.to_string());
    let stopped = said_by(&workspace, script, asked)?;
    let daemon = Manager::start(&workspace, None);
    daemon.until("READY=1");
    let running = said_by(&workspace, script, asked)?;
    assert_eq!(daemon.stop().0, Some(0));
    for said in [&stopped, &running] {
        assert_eq!(said["rows"]["articles"], articles, "{said}");
    }
    Some([stopped, running])
}

fn said_by(workspace: &Workspace, script: &str, asked: &Value) -> Option<Value> {
    let python = Command::new("python3")
        .args(["-c", script])
        .arg(workspace.database())
        .arg(asked.to_string())
        .output();
    let Ok(python) = python else {
        println!("skipped: there is no python3 here");
        return None;
    };
    let stderr = String::from_utf8_lossy(&python.stderr);
    if python.status.code() == Some(MISSING) {
        println!("skipped: {stderr}");
        return None;
    }
    assert!(python.status.success(), "{stderr}");
    Some(serde_json::from_slice(&python.stdout).unwrap())
}

#[test]
fn python_reads_every_view_as_it_is_and_asks_the_index_of_words() {
    let script = r#"
import sqlite3, sys, json
db = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
asked = json.loads(sys.argv[2])
rows = {view: len(db.execute(f"SELECT * FROM {view}").fetchall()) for view in asked["views"]}
for recipe in asked["recipes"]:
    db.execute(recipe, {"seen": 0, "article": 1}).fetchall()
found = db.execute("SELECT count(*) FROM search WHERE search MATCH 'the OR der OR la'").fetchone()[0]
print(json.dumps({"rows": rows, "found": found}))
"#;
    let asked = json!({"views": views(|kind| kind), "recipes": blocks("sql")});
    for said in read_by(script, &asked).into_iter().flatten() {
        assert!(said["found"].as_u64() > Some(0), "{said}");
    }
}

#[test]
fn datasette_shows_every_view_and_answers_every_recipe() {
    let script = r#"
import asyncio, json, pathlib, sys
try:
    from datasette.app import Datasette
except ImportError as error:
    print(error, file=sys.stderr)
    sys.exit(77)
asked = json.loads(sys.argv[2])
name = pathlib.Path(sys.argv[1]).stem
async def main():
    site = Datasette([sys.argv[1]])
    await site.invoke_startup()
    async def get(path, **params):
        answer = await site.client.get(f"/{name}{path}", params=params, follow_redirects=True)
        assert answer.status_code == 200, f"{path} {params}: {answer.status_code} {answer.text[:500]}"
        return answer
    rows = {}
    for view in asked["views"]:
        await get(f"/{view}")
        rows[view] = len((await get(f"/{view}.json", _shape="array", _size="max")).json())
    for recipe in asked["recipes"]:
        await get(".json", sql=recipe, seen="0", article="1", _shape="array")
    print(json.dumps({"rows": rows}))
asyncio.run(main())
"#;
    let asked = json!({"views": views(|kind| kind), "recipes": blocks("sql")});
    read_by(script, &asked);
}

#[test]
fn duckdb_reads_every_view_with_its_types_and_answers_its_own_recipes() {
    let script = r#"
import json, pathlib, sys
try:
    import duckdb
    db = duckdb.connect()
    try:
        import duckdb_extension_sqlite_scanner as bundled
        extension = next(pathlib.Path(bundled.__file__).parent.glob("extensions/*/*.duckdb_extension"))
        db.execute(f"LOAD '{extension}'")
    except ImportError:
        db.execute("LOAD sqlite")
except Exception as error:
    print(error, file=sys.stderr)
    sys.exit(77)
asked = json.loads(sys.argv[2])
# The first says how to open it.
for line in asked["recipes"][0].split(";"):
    if not line.strip().startswith(("INSTALL", "LOAD")):
        db.execute(line.replace("news.db", sys.argv[1]))
types, rows = {}, {}
for view in asked["views"]:
    found = db.execute(f"SELECT * FROM {view}")
    types[view] = [[column[0], str(column[1])] for column in found.description]
    rows[view] = len(found.fetchall())
found = [len(db.execute(recipe).fetchall()) for recipe in asked["recipes"][1:]]
print(json.dumps({"rows": rows, "types": types, "found": found}))
"#;
    let views = views(|kind| match kind {
        "integer" => "BIGINT",
        "real" => "DOUBLE",
        _ => "VARCHAR",
    });
    let asked = json!({"views": views, "recipes": blocks("duckdb")});
    for said in read_by(script, &asked).into_iter().flatten() {
        assert_eq!(said["types"], asked["views"], "{said}");
        assert!(said["found"].as_array().is_some_and(|found| found.len() >= 3), "{said}");
    }
}
