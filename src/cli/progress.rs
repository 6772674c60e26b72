//! Progress bars on stderr, hidden where that is not a terminal.
//!
//! Templates are those of `indicatif`, such as `{spinner} {pos} articles`.

use std::io::{self, IsTerminal};

use indicatif::{ProgressBar, ProgressStyle};

/// Progress of unknown length.
pub(super) fn spinner(template: &str) -> ProgressBar {
    styled(ProgressBar::new_spinner(), template)
}

/// Progress of `length` steps.
pub(super) fn bar(length: u64, template: &str) -> ProgressBar {
    styled(ProgressBar::new(length), template)
}

fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
