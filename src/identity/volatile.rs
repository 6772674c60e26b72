//! Leaves out the words of a text that change without an edit: view counters, "5 minutes ago", "12 comments". Pure.
//!
//! `store` compares revisions without them, and `fingerprint` entries, so that a counter that moved is no correction. A line
//! is volatile when every word of it is a number, a word of counters and clocks, or a small word between them, and at least
//! one is a number or a word like "now". A line with any other word is text: "5 dead" is news. Within a text, a number with
//! the word that it counts readers by ("12 comments", "views: 7"), and a time that has passed ("5 minutes ago"), are volatile.

use std::collections::HashSet;
use std::sync::LazyLock;

/// A line with more words is text.
const MAX_WORDS: usize = 12;

/// Words beside a number, in lower case and separated by single spaces: what is counted, units of time, and what stands
/// between them, in the languages that are seen most.
const WORD_LISTS: &[&str] = &[
    // English
    "views view reads read comments comment shares share likes like listens plays votes followers",
    "reactions replies reply people watching second seconds sec secs minute minutes min mins hour hours",
    "hr hrs h m s d day days week weeks ago updated update posted published last on at an a am pm just",
    "now today yesterday viewed times k utc gmt cet cest est edt bst by",
    // German
    "aufrufe kommentare kommentar vor minuten stunden stunde tagen sekunden aktualisiert uhr lesezeit",
    "teilen mal gelesen heute gestern um gerade eben",
    // French
    "vues commentaires commentaire il y heures heure jours publié le mis à jour lecture partages de",
    "instant",
    // Spanish, Portuguese, Italian
    "vistas comentarios comentários hace há minutos minuto horas hora días dias actualizado atualizado",
    "visualizações visualizaciones compartidos leer lectura leitura lettura commenti fa minuti ore letto",
    "volte",
    // Russian
    "просмотров просмотра просмотры комментариев комментарии комментария назад минут минуты минуту часов",
    "часа час дней обновлено сегодня вчера в",
    // Arabic
    "مشاهدة مشاهدات تعليق تعليقات منذ دقيقة دقائق ساعة ساعات قبل آخر تحديث",
    // Chinese, Japanese, Korean: written together with their number
    "阅读 浏览 次 评论 条 分钟前 小时前 閲覧 回 分前 時間前 コメント 件 조회 조회수 댓글 개 분 전 시간",
];

static WORDS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| WORD_LISTS.iter().flat_map(|list| list.split(' ')).collect());

static DATES: LazyLock<HashSet<&str>> = LazyLock::new(|| DATE_WORDS.split_whitespace().collect());

/// Words that make a line volatile without a number.
const CLOCK_WORDS: &[&str] = &["now", "eben", "instant"];

/// What readers do, as numbers of them are printed beside or within a text.
const COUNTED: &[&str] = &[
    "views", "view", "reads", "comments", "comment", "shares", "likes", "replies", "reactions", "votes",
    "points", "followers", "aufrufe", "kommentare", "kommentar", "vues", "commentaires", "commentaire",
    "partages", "vistas", "visualizações", "visualizaciones", "comentarios", "comentários", "commenti",
    "просмотров", "просмотра", "комментариев", "комментария",
];

/// Words behind a number and a unit of time that make both a time that has passed.
const AGO: &[&str] = &["ago", "fa", "назад", "read"];

/// The same before a number.
const BEFORE: &[&str] = &["vor", "hace", "há", "منذ"];

/// Words of a line that says when something was made. With them a date is volatile, too.
const MADE: &[&str] = &[
    "updated", "generated", "built", "rendered", "aktualisiert", "erzeugt", "actualizado", "atualizado",
    "aggiornato",
];

/// Months and days of the week in the languages of most feeds, and the small words between them.
const DATE_WORDS: &str = "january jan february feb march mar april apr may june jun july jul august aug september sep sept      october oct november nov december dec monday mon tuesday tue wednesday wed thursday thu friday fri saturday sat sunday sun      th st nd rd t z pst pdt";

/// The words of a text that last.
pub fn lasting_words(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !is_volatile(line)).flat_map(lasting_words_of_line)
}

fn lasting_words_of_line(line: &str) -> Vec<&str> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut lasting = Vec::with_capacity(words.len());
    let mut rest = words.as_slice();
    while let [word, after @ ..] = rest {
        let volatile = volatile_words(rest);
        if volatile == 0 {
            lasting.push(*word);
            rest = after;
        } else {
            rest = rest.get(volatile..).unwrap_or_default();
        }
    }
    lasting
}

/// How many of the first words of a line are a counter or a time that has passed.
fn volatile_words(words: &[&str]) -> usize {
    let is_one_of = |word: &str, list: &[&str]| list.contains(&letters(word).to_lowercase().as_str());
    let is_unit = |word: &str| WORDS.contains(letters(word).to_lowercase().as_str());
    match words {
        [number, unit, ago, ..] if is_number(number) && is_unit(unit) && is_one_of(ago, AGO) => 3,
        [number, counted, ..] if is_number(number) && is_one_of(counted, COUNTED) => 2,
        [counted, number, ..]
            if is_number(number) && marks_a_number(counted, number) && is_one_of(counted, COUNTED) =>
        {
            2
        }
        [before, number, unit, ..] if is_number(number) && is_one_of(before, BEFORE) && is_unit(unit) => 3,
        _ => 0,
    }
}

/// `views: 7`, `comments (7)`
fn marks_a_number(counted: &str, number: &str) -> bool {
    counted.ends_with(':') || number.starts_with('(') || number.starts_with('[')
}

fn letters(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

/// `1,234` and `1.2k`
fn is_number(word: &str) -> bool {
    let word = letters(word);
    let word = word.strip_suffix(['k', 'K', 'm', 'M']).unwrap_or(word);
    word.starts_with(|c: char| c.is_ascii_digit())
        && word.chars().all(|c| c.is_ascii_digit() || matches!(c, ',' | '.' | '\u{a0}' | '\u{202f}'))
}

fn is_volatile(line: &str) -> bool {
    let (mut count, mut has_value, mut has_date) = (0, false, false);
    let mut is_made = false;
    let is_separator =
        |c: char| c.is_whitespace() || matches!(c, '|' | '·' | '•' | '/' | '-' | '–' | '—' | '(' | ')');
    // 1,234 and 12.5K and 14:05; 5分钟前
    let is_of_number =
        |c: char| c.is_numeric() || matches!(c, ',' | '.' | ':' | '\'' | '’' | '\u{a0}' | '\u{202f}');
    for word in line.split(is_separator) {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        if word.is_empty() {
            continue;
        }
        count += 1;
        if count > MAX_WORDS {
            return false;
        }
        let unit = word.trim_start_matches(is_of_number);
        has_value |= unit.len() < word.len();
        if unit.is_empty() {
            continue;
        }
        let unit = unit.to_lowercase();
        has_value |= CLOCK_WORDS.contains(&unit.as_str());
        is_made |= MADE.contains(&unit.as_str());
        if !WORDS.contains(unit.as_str()) && !MADE.contains(&unit.as_str()) {
            if !DATES.contains(unit.as_str()) {
                return false;
            }
            has_date = true;
        }
    }
    has_value && (is_made || !has_date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_and_clocks_are_volatile_and_nothing_else_is() {
        for line in [
            "1,234 views",
            "Views: 345",
            "12 Comments | 3 shares",
            "5 min read",
            "Updated 5 minutes ago",
            "Just now",
            "Last updated at 14:05 GMT",
            "12.5K views · 3h ago",
            "vor 5 Minuten aktualisiert",
            "il y a 3 heures",
            "hace 10 minutos",
            "15 минут назад",
            "منذ 5 دقائق",
            "5分钟前",
            "阅读 1024",
            "조회수 12",
            "Last updated: Mon, 30 Nov 2026 10:00:01 GMT",
            "Generated on 2026-11-30 at 10:00",
        ] {
            assert!(is_volatile(line), "{line}");
        }
        for line in [
            "5 dead", "", "Views", "The bridge was closed 5 minutes ago", "3 people dead", "2026 budget",
            "24 November 2026", "Comments are closed", "Read on", "Mon, 30 Nov 2026 10:00:01 GMT",
            "Updated by the mayor in May",
        ] {
            assert!(!is_volatile(line), "{line}");
        }
        assert!(lasting_words("A line.\n\n12 views\n\nMore 5.").eq(["A", "line.", "More", "5."]));
    }

    #[test]
    fn counters_within_a_text_are_volatile_and_other_numbers_are_not() {
        let lasting = |text: &str| lasting_words(text).collect::<Vec<_>>().join(" ");
        for (text, lasts) in [
            ("The bridge is open. (12 comments)", "The bridge is open."),
            ("The bridge is open [1,234 views] again", "The bridge is open again"),
            ("The bridge is open. Comments: 12", "The bridge is open."),
            ("Posted 5 minutes ago by Ann: the bridge", "Posted by Ann: the bridge"),
            ("Die Brücke, vor 5 Minuten gemeldet, steht", "Die Brücke, gemeldet, steht"),
        ] {
            assert_eq!(lasting(text), lasts);
        }
        for text in [
            "The strike lasts 3 days", "It read 12 times", "In 5 minutes it was over", "5 people saw it",
            "Comments 12 and more", "vor 5 Jahren", "Open 5 hours a day",
        ] {
            assert_eq!(lasting(text), text);
        }
    }
}
