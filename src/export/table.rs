//! Tables for spreadsheets: CSV (RFC 4180: CRLF, a header, quotes), and the same with tabs.

use super::fields::{ExportField, FieldKind, FieldValue, list};
use super::text::TextFormat;
use crate::store::ArticleRef;

/// A table with a header and a row for each article.
pub(super) struct Table {
    /// The columns in their order.
    pub(super) fields: Vec<&'static ExportField>,
    /// A comma or a tab. Cells are quoted in either case: spreadsheets and data-analysis libraries expect that.
    pub(super) separator: char,
}

impl TextFormat for Table {
    fn begin(&self, _first: Option<&ArticleRef<'_>>, out: &mut String) {
        let names: Vec<&str> = self.fields.iter().map(|field| field.name).collect();
        out.push_str(&names.join(&self.separator.to_string()));
        out.push_str("\r\n");
    }

    fn article(&self, article: &ArticleRef<'_>, out: &mut String) {
        for (at, field) in self.fields.iter().enumerate() {
            if at > 0 {
                out.push(self.separator);
            }
            match (field.value)(article) {
                FieldValue::Number(Some(number)) => out.push_str(&number.to_string()),
                FieldValue::Flag(flag) => out.push_str(&flag.to_string()),
                FieldValue::Number(None) | FieldValue::Text(None) => {}
                FieldValue::Json(json) if field.kind == FieldKind::List => {
                    cell(&list(json).join("; "), self.separator, out);
                }
                FieldValue::Text(Some(text)) | FieldValue::Json(text) => cell(text, self.separator, out),
            }
        }
        out.push_str("\r\n");
    }
}

/// Appends a cell. A text that a spreadsheet would run as a formula gets an apostrophe in front, which shows it as text
/// (OWASP, CSV injection). Some programs take full-width signs for the plain ones.
fn cell(text: &str, separator: char, out: &mut String) {
    let is_sign = |c: char| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '＝' | '＋' | '－' | '＠');
    let apostrophe = if text.starts_with(is_sign) { "'" } else { "" };
    if text.contains([separator, '"', '\n', '\r']) {
        out.extend(["\"", apostrophe, &text.replace('"', "\"\""), "\""]);
    } else {
        out.extend([apostrophe, text]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let mut out = String::new();
        cell(text, ',', &mut out);
        out
    }

    #[test]
    fn h17_cells_are_neutralised_and_quoted() {
        for (text, cell) in [
            ("plain", "plain"),
            ("", ""),
            ("=1+1", "'=1+1"),
            ("+49 30", "'+49 30"),
            ("-1", "'-1"),
            ("@sum(a)", "'@sum(a)"),
            ("\tx", "'\tx"),
            ("\rx", "\"'\rx\""),
            ("a,b", "\"a,b\""),
            ("say \"yes\"", "\"say \"\"yes\"\"\""),
            ("=a,\"b\"\nc", "\"'=a,\"\"b\"\"\nc\""),
            ("a=b", "a=b"),
        ] {
            assert_eq!(shown(text), cell, "{text:?}");
        }
    }
}
