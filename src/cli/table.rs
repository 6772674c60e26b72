//! Tables without frames, which both people and `awk` can read.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use console::measure_text_width;

use super::terminal::elided;

/// Spaces between two columns.
const GAP: u16 = 2;

/// Least width of the first column.
const MIN_FIRST: usize = 14;

/// Least width of the last column.
const MIN_LAST: usize = 20;

/// A table as wide as its cells; columns named in `right` are aligned to the right.
pub(super) fn table(header: &[&str], right: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
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
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// The same for a terminal of `width` columns: first the last column is cut, then those named in `spare` are left out in
/// that order, then the first is cut.
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
    // One round for each column that is left out.
    let (first, last) = loop {
        let wide = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            let widest = cells.map(|cell| measure_text_width(cell)).max().unwrap_or_default();
            widest.max(header.get(column).map_or(0, |name| measure_text_width(name)))
        };
        let end = header.len().saturating_sub(1);
        let between: usize = (1..end).map(wide).sum::<usize>() + usize::from(GAP) * end;
        let room = width.saturating_sub(between);
        let (first, last) = (wide(0), wide(end).min(MIN_LAST));
        if first + last <= room {
            break (first, room - first);
        }
        let Some(column) = spare.next().and_then(|name| header.iter().position(|other| other == name)) else {
            break (room.saturating_sub(last).max(MIN_FIRST), last);
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
    // The least widths together may still be too wide.
    let lines = table(&header, right, rows);
    let lines = lines.lines().map(|line| elided(line, Some(width)));
    lines.collect::<Vec<_>>().join("\n")
}
