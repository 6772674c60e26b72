//! `fetch_command` and `feed_command`: a program of the user's that prints the document of a URL.

use std::ffi::OsString;
use std::fmt;

use toml::de::DeValue;
use url::Url;

use super::fault::quoted;
use super::files::folder_of;
use super::value::ConfigValue;

/// What stands for the URL in an argument.
const URL: &str = "{url}";

/// Programs that read one of their arguments as code: a URL in it would be code, too.
const INTERPRETERS: &[&str] = &[
    "ash", "bash", "busybox", "csh", "dash", "fish", "ksh", "lua", "mksh", "node", "nodejs", "perl", "php",
    "python", "python2", "python3", "ruby", "sh", "su", "tcsh", "zsh",
];

/// Programs that give all of their arguments to a shell.
const REMOTE_SHELLS: &[&str] = &["mosh", "rsh", "ssh"];

/// A program and its arguments. `Debug` shows no arguments: they may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct UrlCommand {
    program: String,
    arguments: Vec<String>,
}

impl UrlCommand {
    /// The program: a path, or a name that is looked up in `PATH`.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// `None` if it has no program: an empty list takes away what `[defaults]` says.
    pub(super) fn or_none(self) -> Option<Self> {
        Some(self).filter(|command| !command.program.is_empty())
    }

    /// The arguments, with the URL where `{url}` stands.
    pub fn arguments_for(&self, url: &Url) -> Vec<OsString> {
        self.arguments.iter().map(|word| word.replace(URL, url.as_str()).into()).collect()
    }

    /// Whether the program is told the URL as an argument.
    pub fn takes_url(&self) -> bool {
        self.arguments.iter().any(|word| word.contains(URL))
    }
}

impl fmt::Debug for UrlCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UrlCommand({:?}, …)", self.program)
    }
}

/// Reads a command; an empty list has no program. Pages need `{url}` in an argument; a feed does not.
pub(super) fn read(value: &ConfigValue<'_>, needs_url: bool) -> Option<UrlCommand> {
    let example = format!("{} = [\"/usr/local/bin/get-page\", \"{URL}\"]", value.key());
    if !matches!(value.parsed(), DeValue::Array(_)) {
        let example = typed_as_one_word(value, value.parsed()).unwrap_or(example);
        value.expected("a list of the program and each of its arguments", &example);
        return None;
    }
    if value.each().is_empty() {
        return Some(UrlCommand { program: String::new(), arguments: Vec::new() });
    }
    let own = example.clone();
    let words = value.strings(&example)?;
    let (typed, arguments) = words.split_first()?;
    if typed.contains(URL) || (arguments.is_empty() && typed.contains(' ')) {
        let example = value.each().first().and_then(|word| typed_as_one_word(value, word.parsed()));
        value.fault(
            format!("the program of `{}` is {}", value.key(), quoted(typed)),
            format!("write the program and each argument by itself: {}", example.unwrap_or(own)),
        );
        return None;
    }
    let program = if typed.contains('/') {
        folder_of(value.file().path()).join(typed).to_string_lossy().into_owned()
    } else {
        typed.clone()
    };
    let command = UrlCommand { program, arguments: arguments.to_vec() };
    if needs_url && !command.takes_url() {
        value.fault(
            format!(
                "no argument of `{}` holds {URL}, so the program would print the same page for all",
                value.key()
            ),
            format!("write {example}"),
        );
        return None;
    }
    if reads_url_as_code(&words) {
        value.fault(
            format!("`{}` gives the address to a shell or interpreter as code: whoever writes a link could run programs", value.key()),
            "read it from the variable: [\"sh\", \"-c\", 'get-page \"$CUTTINGS_URL\"', \"sh\", \"{url}\"], or write a script",
        );
        return None;
    }
    Some(command)
}

/// The line for a command that was typed as one text, where it has no quotes.
fn typed_as_one_word(value: &ConfigValue<'_>, parsed: &DeValue<'_>) -> Option<String> {
    let DeValue::String(typed) = parsed else { return None };
    if typed.contains(['"', '\'', '\\', '|', ';', '&', '$', '\n']) || !typed.contains(' ') {
        return None;
    }
    let words: Vec<String> = typed.split_whitespace().map(|word| format!("\"{word}\"")).collect();
    Some(format!("{} = [{}]", value.key(), words.join(", ")))
}

/// Whether a word with `{url}` is one that an interpreter among the words before it reads as code: `sh -c "get {url}"`.
fn reads_url_as_code(words: &[String]) -> bool {
    let is_one_of = |word: &String, names: &[&str]| {
        let name = word.rsplit('/').next().unwrap_or_default();
        names.contains(&name) || (name.starts_with("python3.") && names.contains(&"python3"))
    };
    let (mut interpreter, mut remote, mut is_code) = (false, false, false);
    for word in words {
        if word.contains(URL) && (is_code || remote) {
            return true;
        }
        // `-c`, `-ec`, `-e`, `-r` of PHP, `--eval`, `--command`
        let is_short = word.starts_with('-') && !word.starts_with("--");
        is_code = interpreter
            && ((is_short && word.ends_with(['c', 'e', 'E', 'r', 'p']))
                || matches!(word.as_str(), "--eval" | "--command" | "--print"));
        // After the name of a script its own options follow.
        let is_script = !word.starts_with('-') && word.contains(['/', '.']);
        interpreter = is_one_of(word, INTERPRETERS) || (interpreter && !is_script);
        remote = remote || is_one_of(word, REMOTE_SHELLS);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::load_text;
    use super::*;

    fn loaded(line: &str) -> Result<(Option<UrlCommand>, Option<UrlCommand>), String> {
        let text =
            format!("daemon.contact = 'x'\n[[source]]\nname = 'a'\nfeed = 'https://a.example/'\n{line}\n");
        let config = load_text("d/cuttings.toml", &text).map_err(|faults| faults.render(false))?.config;
        Ok((config.sources[0].fetch_command.clone(), config.sources[0].feed_command.clone()))
    }

    #[test]
    fn the_url_stands_where_it_is_asked_for_and_the_arguments_are_not_shown() {
        let (command, _) =
            loaded("fetch_command = ['bin/get', '--user=me:hush', '{url}', '--at={url}']").unwrap();
        let command = command.unwrap();
        assert_eq!(command.program(), "d/bin/get");
        let url = Url::parse("https://a.example/1?a=$(x)").unwrap();
        assert_eq!(
            command.arguments_for(&url),
            ["--user=me:hush", "https://a.example/1?a=$(x)", "--at=https://a.example/1?a=$(x)"]
        );
        assert!(!format!("{command:?}").contains("hush"));
        let (_, feed) = loaded("feed_command = ['mail-to-rss']").unwrap();
        assert!(!feed.unwrap().takes_url());
        let (none, _) = loaded("fetch_command = []").unwrap();
        assert_eq!(none, None);
    }

    #[test]
    fn what_would_run_a_link_as_code_is_a_mistake() {
        for words in [
            "'sh', '-c', 'curl {url}'",
            "'/bin/bash', '-ec', '{url}'",
            "'env', 'A=b', 'dash', '-c', 'x {url}'",
            "'python3', '-c', 'get(\"{url}\")'",
            "'python3.12', '-c', '{url}'",
            "'perl', '-e', 'get(q({url}))'",
            "'ssh', 'box', 'get', '{url}'",
            "'sh', '-o', 'errexit', '-c', 'curl {url}'",
            "'timeout', '20', 'sh', '-c', 'curl {url}'",
            "'node', '--eval', '{url}'",
        ] {
            let faults = loaded(&format!("fetch_command = [{words}]")).unwrap_err();
            assert!(
                faults.contains("could run programs") && faults.contains("cuttings.toml:5"),
                "{words}: {faults}"
            );
        }
        for words in [
            "'sh', '-c', 'curl \"$1\"', 'sh', '{url}'",
            "'curl', '-c', '{url}'",
            "'python3', 'get.py', '-c', '{url}'",
            "'sh', '/srv/get.sh', '{url}'",
        ] {
            loaded(&format!("fetch_command = [{words}]")).unwrap();
        }
    }

    #[test]
    fn a_command_with_a_mistake_is_said_with_its_line() {
        for (line, said) in [
            ("fetch_command = 'get {url}'", "a list of the program and each of its arguments is expected"),
            ("fetch_command = 'get -x {url}'", r#"write fetch_command = ["get", "-x", "{url}"]"#),
            ("fetch_command = ['get -x {url}']", r#"by itself: fetch_command = ["get", "-x", "{url}"]"#),
            ("fetch_command = 'get \"{url}\"'", r#"["/usr/local/bin/get-page", "{url}"]"#),
            ("feed_command = ['get all']", r#"by itself: feed_command = ["get", "all"]"#),
            ("fetch_command = ['get', '{URL}']", "no argument of `fetch_command` holds {url}"),
            ("fetch_command = ['get']", "no argument of `fetch_command` holds {url}"),
            ("fetch_command = ['{url}', '{url}']", "the program of `fetch_command` is"),
            ("fetch_command = ['get', 5]", "`fetch_command` is a number"),
            ("feed_command = 'get'", "is expected"),
        ] {
            let faults = loaded(line).unwrap_err();
            assert!(faults.contains(said) && faults.contains("cuttings.toml:5"), "{line}: {faults}");
        }
    }
}
