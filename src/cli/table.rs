//! Tables for people.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use console::measure_text_width;

use super::width::elided;

/// Between two columns.
const GAP: u16 = 2;

/// What the first and the last column keep, however narrow it is.
const FIRST: usize = 14;
const LAST: usize = 20;

/// A table without frames, fit for a terminal and for `awk`; columns named in `right` are numbers.
pub(super) fn table(header: &[&str], right: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header);
    for row in rows {
        table.add_row(row);
    }
    for (index, name) in header.iter().enumerate() {
        if let Some(column) = table.column_mut(index) {
            column.set_padding((0, GAP));
            if right.contains(name) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
    table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect::<Vec<_>>()
        .join("\n")
}

/// The same for a terminal of that many columns: the last column is cut short, then those named in `spare` are left out
/// in that order, then the first is cut short.
pub(super) fn within(
    width: Option<usize>,
    header: &[&str],
    right: &[&str],
    spare: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> String {
    let Some(width) = width else {
        return table(header, right, rows);
    };
    let mut header = header.to_vec();
    let mut rows: Vec<Vec<String>> = rows.into_iter().collect();
    let mut spare = spare.iter();
    let (first, last) = loop {
        let wide = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            let widest = cells
                .map(|cell| measure_text_width(cell))
                .max()
                .unwrap_or_default();
            widest.max(header.get(column).map_or(0, |name| measure_text_width(name)))
        };
        let end = header.len().saturating_sub(1);
        let between: usize = (1..end).map(wide).sum::<usize>() + usize::from(GAP) * end;
        let room = width.saturating_sub(between);
        let (first, last) = (wide(0), wide(end).min(LAST));
        if first + last <= room {
            break (first, room - first);
        }
        let Some(column) = spare
            .next()
            .and_then(|name| header.iter().position(|other| other == name))
        else {
            break (room.saturating_sub(last).max(FIRST), last);
        };
        header.remove(column);
        for row in &mut rows {
            row.remove(column);
        }
    };
    for row in &mut rows {
        if let Some(cell) = row.first_mut() {
            *cell = elided(cell, Some(first));
        }
        if let Some(cell) = row.last_mut() {
            *cell = elided(cell, Some(last));
        }
    }
    // Where it is narrower than the least of everything.
    let lines = table(&header, right, rows);
    let lines = lines.lines().map(|line| elided(line, Some(width)));
    lines.collect::<Vec<_>>().join("\n")
}
