//! Scripts that do nothing but lead to an address that they name: `location = "…"`, `location.replace("…")` and kin.
//!
//! No script is run. A script is read as a list of the few statements that such scripts have; where it has any other, it is not
//! understood, and no address is taken from it. What is written in a comment, a text or a regular expression is no statement.

use std::collections::HashMap;

use super::script_tokens::{Token, tokens};
use crate::link::MAX_URL;

/// Bytes: a longer script does more.
const LONGEST: usize = 16 << 10;

/// Functions within functions.
const DEEPEST: usize = 4;

/// Longest time after which a script leads on, in milliseconds; see `meta_refresh`.
const MOST_MILLISECONDS: f64 = 5000.0;

/// The address that a script leads to, as written; `None` for a script that does anything else.
pub(super) fn target(script: &str) -> Option<String> {
    if script.len() > LONGEST || !script.contains("location") {
        return None;
    }
    let mut reader =
        ScriptReader { tokens: tokens(script)?, next: 0, values: HashMap::new(), inner_bytes: LONGEST };
    match reader.statements(0)? {
        Effect::LeadsTo(target) if reader.next == reader.tokens.len() => Some(target),
        _ => None,
    }
}

/// Whether a script, whatever else it does, leads on, reloads the page or sends a form. O(bytes).
pub(super) fn leads_on(script: &str) -> bool {
    const ACTIONS: &[&str] = &["replace(", "assign(", "reload("];
    script.contains(".submit()")
        || script.match_indices("location").any(|(at, name)| {
            let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '-');
            let before = script.get(..at).and_then(|before| before.chars().next_back());
            let after = script.get(at + name.len()..).unwrap_or_default();
            let after = after.strip_prefix(".href").unwrap_or(after);
            let after = after.trim_start_matches([' ', '\t', '\n']);
            let sets = after.strip_prefix('=').is_some_and(|value| !value.starts_with('='));
            let acts = || {
                after
                    .strip_prefix('.')
                    .is_some_and(|rest| ACTIONS.iter().any(|action| rest.starts_with(action)))
            };
            !before.is_some_and(is_word) && (sets || acts())
        })
}

/// What a name stands for.
#[derive(Clone)]
enum Value {
    Text(String),
    Function(Effect),
}

/// What a statement does, or a function when it is called.
#[derive(Clone)]
enum Effect {
    Nothing,
    LeadsTo(String),
}

/// Reads statements. Each method takes what it reads, and returns `None` where it understands nothing.
struct ScriptReader {
    tokens: Vec<Token>,
    next: usize,
    values: HashMap<String, Value>,
    /// Bytes of scripts within texts that may still be read: such a script may stand in a value that is used many times.
    inner_bytes: usize,
}

impl ScriptReader {
    /// Statements up to the end or a `}`: the address that the first of them leads to.
    fn statements(&mut self, depth: usize) -> Option<Effect> {
        if depth > DEEPEST {
            return None;
        }
        let mut found = Effect::Nothing;
        loop {
            while self.take(';') {}
            match self.tokens.get(self.next) {
                None | Some(Token::Mark('}')) => return Some(found),
                _ => {
                    let effect = self.statement(depth)?;
                    if matches!(found, Effect::Nothing) {
                        found = effect;
                    }
                }
            }
        }
    }

    fn statement(&mut self, depth: usize) -> Option<Effect> {
        match self.tokens.get(self.next)?.clone() {
            // "use strict".
            Token::Text(_) => {
                self.next += 1;
                Some(Effect::Nothing)
            }
            Token::Mark('(' | '!') => {
                // (function () { … })(), (function () { … }()), !function () { … }()
                let is_open = self.take('(');
                if !is_open {
                    self.take('!');
                }
                let effect = self.function(depth)?;
                let is_called = self.take_all("()");
                if is_open {
                    self.need(')')?;
                }
                (is_called || self.take_all("()")).then_some(effect)
            }
            Token::Name(name) => match &*name {
                "var" | "let" | "const" => {
                    self.next += 1;
                    let name = self.name()?;
                    self.need('=')?;
                    let value = self.value(depth)?;
                    self.values.insert(name, value);
                    Some(Effect::Nothing)
                }
                "return" => {
                    self.next += 1;
                    let is_word = |token: &Token| matches!(token, Token::Name(word) if matches!(&**word, "true" | "false"));
                    self.next += usize::from(self.tokens.get(self.next).is_some_and(is_word));
                    Some(Effect::Nothing)
                }
                "function" => {
                    let name = match self.tokens.get(self.next + 1) {
                        Some(Token::Name(name)) => name.clone(),
                        _ => return None,
                    };
                    let effect = self.function(depth)?;
                    self.values.insert(name, Value::Function(effect));
                    Some(Effect::Nothing)
                }
                _ => self.path_statement(depth),
            },
            _ => None,
        }
    }

    /// A statement that begins with a path: an assignment or a call.
    fn path_statement(&mut self, depth: usize) -> Option<Effect> {
        let path = self.path()?;
        let short = short_path(&path);
        if self.take('=') {
            return match short {
                "location" | "location.href" => self.text().map(Effect::LeadsTo),
                "onload" | "document.onload" | "body.onload" => match self.value(depth)? {
                    Value::Function(effect) => Some(effect),
                    Value::Text(_) => None,
                },
                _ if path.contains("location") || path == "document.cookie" => None,
                _ => self.plain().then_some(Effect::Nothing),
            };
        }
        self.need('(')?;
        let effect = match short {
            "location.replace" | "location.assign" => Effect::LeadsTo(self.text()?),
            "setTimeout" => {
                let effect = match self.value(depth)? {
                    Value::Function(effect) => effect,
                    Value::Text(script) => self.inner_script(&script, depth)?,
                };
                if self.take(',') {
                    match self.tokens.get(self.next)? {
                        Token::Number(wait) if *wait <= MOST_MILLISECONDS => self.next += 1,
                        _ => return None,
                    }
                }
                effect
            }
            "addEventListener" | "document.addEventListener" => {
                let event = self.text()?;
                self.need(',')?;
                let Value::Function(effect) = self.value(depth)? else { return None };
                matches!(&*event, "load" | "DOMContentLoaded").then_some(effect)?
            }
            name => match self.values.get(name).cloned() {
                Some(Value::Function(effect)) => effect,
                _ => return None,
            },
        };
        self.need(')')?;
        Some(effect)
    }

    /// The text of a script, which has the names of the script around it.
    fn inner_script(&mut self, script: &str, depth: usize) -> Option<Effect> {
        self.inner_bytes = self.inner_bytes.checked_sub(script.len() + 1)?;
        let outer = std::mem::replace(&mut self.tokens, tokens(script)?);
        let next = std::mem::take(&mut self.next);
        let effect = self.statements(depth + 1)?;
        let is_all = self.next == self.tokens.len();
        (self.tokens, self.next) = (outer, next);
        is_all.then_some(effect)
    }

    /// A function: the address that it leads to.
    fn function(&mut self, depth: usize) -> Option<Effect> {
        if depth > DEEPEST {
            return None;
        }
        if matches!(self.tokens.get(self.next), Some(Token::Name(word)) if word == "function") {
            self.next += 1;
            self.name();
            self.parameters()?;
        } else {
            // () => …, event => …
            if self.name().is_none() {
                self.parameters()?;
            }
            self.need('>')?;
            if !matches!(self.tokens.get(self.next), Some(Token::Mark('{'))) {
                return self.statement(depth + 1);
            }
        }
        self.need('{')?;
        let effect = self.statements(depth + 1)?;
        self.need('}')?;
        Some(effect)
    }

    fn parameters(&mut self) -> Option<()> {
        self.need('(')?;
        while self.name().is_some() {
            self.take(',');
        }
        self.need(')')
    }

    /// A function, a known name, or a text.
    fn value(&mut self, depth: usize) -> Option<Value> {
        let start = self.next;
        if let Some(effect) = self.function(depth) {
            return Some(Value::Function(effect));
        }
        self.next = start;
        if let Some(Token::Name(name)) = self.tokens.get(self.next)
            && let Some(Value::Function(effect)) = self.values.get(name)
        {
            self.next += 1;
            return Some(Value::Function(effect.clone()));
        }
        self.text().map(Value::Text)
    }

    /// A text, or several joined by `+`; a name may stand for one.
    fn text(&mut self) -> Option<String> {
        let mut whole = String::new();
        loop {
            match self.tokens.get(self.next)? {
                Token::Text(text) => whole.push_str(text),
                Token::Name(name) => match self.values.get(name)? {
                    Value::Text(text) => whole.push_str(text),
                    Value::Function(_) => return None,
                },
                _ => return None,
            }
            self.next += 1;
            if whole.len() > MAX_URL {
                return None;
            }
            if !self.take('+') {
                // What goes on is no plain text: `"a".concat(b)`, `"a" ? b : c`.
                let is_end = match self.tokens.get(self.next) {
                    None | Some(Token::Name(_) | Token::Text(_)) => true,
                    Some(Token::Mark(mark)) => matches!(mark, ';' | ')' | '}' | ','),
                    Some(Token::Number(_)) => false,
                };
                return is_end.then_some(whole);
            }
        }
    }

    /// A number, a text, or a word of the language: what is assigned to something that is no address.
    fn plain(&mut self) -> bool {
        let is_plain = match self.tokens.get(self.next) {
            Some(Token::Number(_)) => true,
            Some(Token::Name(word)) => matches!(&**word, "true" | "false" | "null"),
            _ => return self.text().is_some(),
        };
        self.next += usize::from(is_plain);
        is_plain
    }

    /// Names joined by points.
    fn path(&mut self) -> Option<String> {
        let mut path = self.name()?;
        while self.take('.') {
            path.push('.');
            path.push_str(&self.name()?);
        }
        Some(path)
    }

    fn name(&mut self) -> Option<String> {
        let Some(Token::Name(name)) = self.tokens.get(self.next) else { return None };
        self.next += 1;
        Some(name.clone())
    }

    fn take(&mut self, mark: char) -> bool {
        let is_there = self.tokens.get(self.next) == Some(&Token::Mark(mark));
        self.next += usize::from(is_there);
        is_there
    }

    fn take_all(&mut self, marks: &str) -> bool {
        let start = self.next;
        let are_there = marks.chars().all(|mark| self.take(mark));
        if !are_there {
            self.next = start;
        }
        are_there
    }

    fn need(&mut self, mark: char) -> Option<()> {
        self.take(mark).then_some(())
    }
}

/// A path without what only names the window: `window.top.location` is `location`.
fn short_path(path: &str) -> &str {
    let mut rest = path;
    loop {
        let (first, after) = rest.split_once('.').unwrap_or((rest, ""));
        let is_window =
            matches!(first, "window" | "self" | "top" | "parent" | "globalThis" | "this" | "frames");
        let is_document = first == "document" && after.starts_with("location");
        if after.is_empty() || !(is_window || is_document) {
            return rest;
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_script_that_only_names_an_address_leads_there() {
        for script in [
            "location = \"/real\"",
            "location='/real';",
            "location.href=\"/real\"",
            "location.replace(\"/real\")",
            "location.assign('/real');",
            "window.location = '/real';",
            "window.location.href = '/real' ;",
            "window.location.replace('/real');",
            "document.location = '/real'",
            "document.location.href='/real'",
            "self.location='/real'",
            "top.location.href = '/real'",
            "window.top.location.replace(\"/real\");",
            "parent.location = `/real`",
            "<!--\nlocation.href='/real';\n//-->",
            "//<![CDATA[\nlocation.href='/real';\n//]]>",
            "/* a */ 'use strict'; /* b */ location /* c */ . href = /* d */ '/real'",
            "location.href = '\\/real'",
            "location.href = '\\x2freal'",
            "location.href = '\\u002freal'",
            "location.href = '\\u{2f}real'",
            "location.href = '/re' + 'al'",
            "var url = '/real'; window.location = url;",
            "const url = \"/real\"\nlocation.replace(url)",
            "setTimeout(function () { location.href = '/real' }, 100);",
            "setTimeout(() => location.replace('/real'), 5000)",
            "setTimeout(() => { location = '/real'; }, 0)",
            "window.setTimeout(\"location.href='/real'\", 1000)",
            "setTimeout(\"window.location='/real';\")",
            "window.onload = function() { window.location.href = '/real'; };",
            "onload = () => location.replace('/real')",
            "document.addEventListener('DOMContentLoaded', function(e) { location = '/real'; });",
            "window.addEventListener(\"load\", () => { location = '/real' })",
            "(function(){location.replace('/real')})();",
            "(function(){location.replace('/real')}())",
            "!function(){location.replace('/real')}()",
            "(() => { location.replace('/real') })()",
            "function go() { location.href = '/real'; return false; } setTimeout(go, 500);",
            "function go() { location.href = '/real'; } go();",
            "function go() { location.href = '/real'; } window.onload = go;",
            "function go() { location.href = '/real'; } setTimeout('go()', 500);",
            "window.googleJavaScriptRedirect=1; window.location='/real'",
            "window.name = null; location = '/real'; location = '/other'",
        ] {
            assert_eq!(target(script).as_deref(), Some("/real"), "{script}");
        }
    }

    #[test]
    fn a_script_that_computes_or_only_mentions_an_address_leads_nowhere() {
        for script in [
            "",
            "location.href",
            "location.href == '/real'",
            "if (a) location.href = '/real'",
            "a && (location.href = '/real')",
            "location.href = '/real?' + Math.random()",
            "location.href = '/real?' + document.referrer",
            "location.href = url",
            "location.href = `/real/${id}`",
            "location.href = '/real'.concat(x)",
            "location.href = x ? '/real' : '/other'",
            "location.href = '/real' ? a : b",
            "location.href = ['/real'][0]",
            "location.href += '/real'",
            "location.hash = 'real'",
            "location.search = '?real'",
            "location.reload()",
            "location.replace(decodeURIComponent('%2Freal'))",
            "location = atob('L3JlYWw=')",
            "var text = \"location = '/real'\";",
            "var text = 'x'; // location = '/real'",
            "/* location = '/real' */ var text = 'x';",
            "var pattern = /location='/; var real = '/real';",
            "data = {\"html\": \"location='/real'\"}",
            "{\"location\": \"/real\"}",
            "my.location = '/real'",
            "mylocation = '/real'",
            "location_ = '/real'",
            "document.cookie = 'a=b'; location = '/real'",
            "setTimeout(function () { location.href = '/real' }, 6000);",
            "setTimeout(function () { location.href = '/real' }, wait);",
            "setInterval(function () { location.href = '/real' }, 100);",
            "function go() { location.href = '/real'; }",
            "button.onclick = function() { location.href = '/real'; }",
            "addEventListener('click', () => { location = '/real' })",
            "fetch('/x'); location = '/real'",
            "location = '/real",
            "location = '/real\n'",
            "location = '\\ud83d'",
            "location = '/real' }",
            "location('/real')",
            "location = 5",
        ] {
            assert_eq!(target(script), None, "{script}");
        }
    }

    #[test]
    fn a_script_may_lead_on_in_a_way_that_is_not_understood() {
        for (script, expected) in [
            ("if (a) { location.href = '/real?' + a }", true),
            ("window.location.replace(n)", true),
            ("location\n.replace(n)", true),
            ("setTimeout(function(){location.reload()}, 5)", true),
            ("document.forms[0].submit()", true),
            ("n.location.assign (x)", false),
            ("var here = location.href; track(location.pathname)", false),
            ("if (location.href == 'x') {}", false),
            ("geolocation = x; data-location = y; allocation=3", false),
            ("{\"location\": 1}", false),
        ] {
            assert_eq!(leads_on(script), expected, "{script}");
        }
    }

    #[test]
    fn hostile_scripts_take_linear_time() {
        let begun = Instant::now();
        for (piece, closing) in [
            ("(", ""),
            ("function(){", "}"),
            ("()=>", ""),
            ("location", ""),
            ("location=", ""),
            ("'a'+", ""),
            ("a.", ""),
            ("/*", ""),
            ("//", ""),
            ("<!--", ""),
            ("'\\", ""),
            ("setTimeout('", "')"),
            ("setTimeout(()=>", ")"),
            ("var location='a';", ""),
            ("location='", ""),
            ("`${", ""),
            ("location \n", ""),
        ] {
            for size in [15_000, 1_000_000] {
                let count = size / piece.len();
                let script = format!("x='location';{}{}", piece.repeat(count), closing.repeat(count));
                let _ = target(&script);
                leads_on(&script);
            }
        }
        // A script in a text is used many times, by one that is used many times, and so on.
        let mut script = String::new();
        for n in 1..4 {
            let call = format!("setTimeout(a{});", n - 1);
            script.push_str(&format!("var a{n}='{}';", call.repeat(3500 / call.len())));
        }
        let script = format!("var a0='';{script}setTimeout(a3);location='/real'");
        assert_eq!(target(&script), None);
        // Many names with long values, and many small scripts.
        let mut script = format!("var a='{}';", "a".repeat(4000));
        for n in 0..400 {
            script.push_str(&format!("var b{n}=a;"));
        }
        script.push_str(&"setTimeout('');".repeat(400));
        script.push_str("location='/real'");
        for _ in 0..50 {
            assert_eq!(target(&script).as_deref(), Some("/real"));
        }
        // Each name is twice as long as the one before it.
        let mut script = String::from("var a0='aaaaaaaaaaaaaaaa';");
        for n in 1..200 {
            script.push_str(&format!("var a{n}=a{0}+a{0};", n - 1));
        }
        script.push_str("location=a199");
        assert_eq!(target(&script), None);
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}
