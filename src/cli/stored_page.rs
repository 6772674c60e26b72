//! Pages as the database keeps them, for the commands that read them again.

use crate::store::RawPageRow;

/// A header line of the response that brought a page, by its name in any case; white space around the value is left out.
pub(super) fn header<'a>(page: &'a RawPageRow, name: &str) -> Option<&'a str> {
    page.headers
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(known, _)| known.trim().eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}
