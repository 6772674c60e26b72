//! Recognises lines of a text that change without an edit: view counters, "5 minutes ago", "12 comments". Pure.
//!
//! `articles` compares revisions without such lines, so that a page whose counter moved makes no revision. A line is
//! volatile when every word of it is a number, a word of counters and clocks, or a small word between them, and at least
//! one is a number or a word like "now". A line with any other word is text: "5 dead" is news.

use std::collections::HashSet;
use std::sync::LazyLock;

/// A line with more words is text.
const MAX_WORDS: usize = 10;

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

/// Words that make a line volatile without a number.
const CLOCK_WORDS: &[&str] = &["now", "eben", "instant"];

/// The words of all lines that are not volatile.
pub(super) fn lasting_words(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !is_volatile(line)).flat_map(str::split_whitespace)
}

fn is_volatile(line: &str) -> bool {
    let (mut count, mut has_value) = (0, false);
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
        if !WORDS.contains(unit.as_str()) {
            return false;
        }
    }
    has_value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_and_clocks_are_volatile_and_nothing_else_is() {
        for line in [
            "1,234 views", "Views: 345", "12 Comments | 3 shares", "5 min read", "Updated 5 minutes ago",
            "Just now", "Last updated at 14:05 GMT", "12.5K views · 3h ago", "vor 5 Minuten aktualisiert",
            "il y a 3 heures", "hace 10 minutos", "15 минут назад", "منذ 5 دقائق", "5分钟前", "阅读 1024",
            "조회수 12",
        ] {
            assert!(is_volatile(line), "{line}");
        }
        for line in [
            "5 dead", "", "Views", "The bridge was closed 5 minutes ago", "3 people dead", "2026 budget",
            "24 November 2026", "Comments are closed", "Read on",
        ] {
            assert!(!is_volatile(line), "{line}");
        }
        assert!(lasting_words("A line.\n\n12 views\n\nMore 5.").eq(["A", "line.", "More", "5."]));
    }
}
