//! Lines that change without anybody writing: view counters, "5 minutes ago", "12 comments". Pure.
//!
//! A line is volatile when it holds nothing but numbers, words of counters and clocks, and small words between them;
//! and at least one number or a word like "now". A line with any other word is text: "5 dead" is news.

/// Words of a line; a longer one is text.
const MOST: usize = 10;

/// Words beside a number: what is counted, units of time, and what stands between; in the languages seen most.
const WORDS: &[&str] = &[
    // English
    "views",
    "view",
    "reads",
    "read",
    "comments",
    "comment",
    "shares",
    "share",
    "likes",
    "like",
    "listens",
    "plays",
    "votes",
    "followers",
    "reactions",
    "replies",
    "reply",
    "people",
    "watching",
    "second",
    "seconds",
    "sec",
    "secs",
    "minute",
    "minutes",
    "min",
    "mins",
    "hour",
    "hours",
    "hr",
    "hrs",
    "h",
    "m",
    "s",
    "d",
    "day",
    "days",
    "week",
    "weeks",
    "ago",
    "updated",
    "update",
    "posted",
    "published",
    "last",
    "on",
    "at",
    "an",
    "a",
    "am",
    "pm",
    "just",
    "now",
    "today",
    "yesterday",
    "viewed",
    "times",
    "k",
    "utc",
    "gmt",
    "cet",
    "cest",
    "est",
    "edt",
    "bst",
    "by",
    // German
    "aufrufe",
    "kommentare",
    "kommentar",
    "vor",
    "minuten",
    "stunden",
    "stunde",
    "tagen",
    "sekunden",
    "aktualisiert",
    "uhr",
    "lesezeit",
    "teilen",
    "mal",
    "gelesen",
    "heute",
    "gestern",
    "am",
    "um",
    "gerade",
    "eben",
    // French
    "vues",
    "commentaires",
    "commentaire",
    "il",
    "y",
    "heures",
    "heure",
    "jours",
    "publié",
    "le",
    "mis",
    "à",
    "jour",
    "lecture",
    "partages",
    "de",
    "instant",
    // Spanish, Portuguese, Italian
    "vistas",
    "comentarios",
    "comentários",
    "hace",
    "há",
    "minutos",
    "minuto",
    "horas",
    "hora",
    "días",
    "dias",
    "actualizado",
    "atualizado",
    "visualizações",
    "visualizaciones",
    "compartidos",
    "leer",
    "lectura",
    "leitura",
    "lettura",
    "commenti",
    "fa",
    "minuti",
    "ore",
    "letto",
    "volte",
    // Russian
    "просмотров",
    "просмотра",
    "просмотры",
    "комментариев",
    "комментарии",
    "комментария",
    "назад",
    "минут",
    "минуты",
    "минуту",
    "часов",
    "часа",
    "час",
    "дней",
    "обновлено",
    "сегодня",
    "вчера",
    "в",
    // Arabic
    "مشاهدة",
    "مشاهدات",
    "تعليق",
    "تعليقات",
    "منذ",
    "دقيقة",
    "دقائق",
    "ساعة",
    "ساعات",
    "قبل",
    "آخر",
    "تحديث",
    // Chinese, Japanese, Korean: written together with their number
    "阅读",
    "浏览",
    "次",
    "评论",
    "条",
    "分钟前",
    "小时前",
    "閲覧",
    "回",
    "分前",
    "時間前",
    "コメント",
    "件",
    "조회",
    "조회수",
    "댓글",
    "개",
    "분",
    "전",
    "시간",
];

/// Words that make a line volatile without a number.
const ALONE: &[&str] = &["now", "eben", "instant"];

/// The words of a text that somebody wrote.
pub(super) fn lasting_words(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter(|line| !is_volatile(line))
        .flat_map(str::split_whitespace)
}

fn is_volatile(line: &str) -> bool {
    let (mut count, mut counted) = (0, false);
    for word in line.split(|c: char| {
        c.is_whitespace() || matches!(c, '|' | '·' | '•' | '/' | '-' | '–' | '—' | '(' | ')')
    }) {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        if word.is_empty() {
            continue;
        }
        count += 1;
        if count > MOST {
            return false;
        }
        // 1,234 and 12.5K and 14:05; 5分钟前
        let rest = word.trim_start_matches(|c: char| {
            c.is_numeric() || matches!(c, ',' | '.' | ':' | '\'' | '’' | '\u{a0}' | '\u{202f}')
        });
        if rest.len() < word.len() {
            counted = true;
            if rest.is_empty() {
                continue;
            }
        }
        let rest = rest.to_lowercase();
        counted |= ALONE.contains(&rest.as_str());
        if !WORDS.contains(&rest.as_str()) {
            return false;
        }
    }
    counted
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
        ] {
            assert!(is_volatile(line), "{line}");
        }
        for line in [
            "5 dead",
            "",
            "Views",
            "The bridge was closed 5 minutes ago",
            "3 people dead",
            "2026 budget",
            "24 November 2026",
            "Comments are closed",
            "Read on",
        ] {
            assert!(!is_volatile(line), "{line}");
        }
        assert!(lasting_words("A line.\n\n12 views\n\nMore 5.").eq(["A", "line.", "More", "5."]));
    }
}
