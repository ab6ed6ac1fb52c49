//! Tables: as wide as the terminal on one, plain columns in a pipe.

use comfy_table::presets::NOTHING;
use comfy_table::{ColumnConstraint, ContentArrangement, Table};

use super::escape;
use super::wrap::wrapped;

/// The colour of a word in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CellColor {
    /// It breaks callers, or is damaged.
    Red,
    /// It asks for a look.
    Yellow,
    /// It is out of use.
    Dim,
}

/// Characters without a width mark the words to paint until the columns are laid out; in cells they are escaped.
const MARKS: [(CellColor, char, &str); 3] = [
    (CellColor::Red, '\u{2061}', "\u{1b}[1;31m"),
    (CellColor::Yellow, '\u{2062}', "\u{1b}[33m"),
    (CellColor::Dim, '\u{2063}', "\u{1b}[2m"),
];
const END: char = '\u{2064}';
const RESET: &str = "\u{1b}[0m";

/// The text of a cell, escaped, with the words that are painted.
#[derive(Debug, Clone, Default)]
pub(super) struct TableCell(String);

impl TableCell {
    /// Adds text that is painted.
    pub(super) fn painted(mut self, paint: CellColor, text: &str) -> Self {
        let mark = MARKS.iter().find(|(each, ..)| *each == paint).map(|(_, mark, _)| *mark);
        // Word by word, since a cell may be broken between words.
        for (number, word) in escape::line(text).split(' ').enumerate() {
            if number > 0 {
                self.0.push(' ');
            }
            self.0.extend(mark);
            self.0.push_str(word);
            self.0.push(END);
        }
        self
    }

    /// Adds plain text.
    pub(super) fn plain(mut self, text: &str) -> Self {
        self.0.push_str(&escape::line(text));
        self
    }
}

impl From<String> for TableCell {
    fn from(text: String) -> Self {
        Self::default().plain(&text)
    }
}

impl From<&str> for TableCell {
    fn from(text: &str) -> Self {
        Self::default().plain(text)
    }
}

/// The layout of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct TableLayout {
    /// The width of the terminal; `None` in a pipe.
    pub(super) width: Option<u16>,
    /// True if words are painted.
    pub(super) color: bool,
    /// The number of columns, from the first, whose cells are never broken.
    pub(super) unbroken: usize,
}

impl From<Option<u16>> for TableLayout {
    fn from(width: Option<u16>) -> Self {
        Self { width, color: false, unbroken: 0 }
    }
}

/// Renders rows under a header. Wide characters count for two columns.
pub(super) fn render<C: Into<TableCell>>(
    header: &[&str],
    rows: impl IntoIterator<Item = Vec<C>>,
    layout: impl Into<TableLayout>,
) -> String {
    let layout = layout.into();
    let rows: Vec<Vec<String>> =
        rows.into_iter().map(|row| row.into_iter().map(|cell| cell.into().0).collect()).collect();
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(header.iter().copied());
    table.add_rows(&rows);
    match layout.width {
        Some(width) => {
            // A cell is padded on both sides, and the first blank of a line is taken away.
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width.saturating_add(1));
            for column in table.column_iter_mut().take(layout.unbroken) {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        None => {
            table.set_content_arrangement(ContentArrangement::Disabled);
        }
    }
    let lines: Vec<String> =
        table.lines().map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned()).collect();
    let is_within = |width: u16| lines.iter().all(|line| columns(line) <= usize::from(width));
    let lines = match layout.width.filter(|width| !is_within(*width)) {
        Some(width) => records(header, &rows, width),
        None => lines,
    };
    lines.iter().map(|line| paint(line, layout.color) + "\n").collect()
}

/// Lists the cells one under another, for a terminal in which the unbroken ones do not stand side by side.
fn records(header: &[&str], rows: &[Vec<String>], width: u16) -> Vec<String> {
    let names = header.iter().map(|name| name.len()).max().unwrap_or_default();
    let mut lines = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        if number > 0 {
            lines.push(String::new());
        }
        for (name, cell) in header.iter().zip(row).filter(|(_, cell)| !cell.is_empty()) {
            let line = format!("{name:<names$}  {cell}");
            lines.extend(wrapped(&line, Some(width)).split('\n').map(str::to_owned));
        }
    }
    lines
}

/// Counts the characters of a line that take room.
fn columns(line: &str) -> usize {
    let is_mark = |character: char| character == END || MARKS.iter().any(|(_, mark, _)| *mark == character);
    line.chars().filter(|character| !is_mark(*character)).count()
}

/// Replaces the marks of a line by colours, or takes them away.
fn paint(line: &str, color: bool) -> String {
    let mut text = String::with_capacity(line.len());
    let mut is_open = false;
    for character in line.chars() {
        let code = MARKS.iter().find(|(_, mark, _)| *mark == character).map(|(.., code)| *code);
        if code.is_none() && character != END {
            text.push(character);
            continue;
        }
        if color {
            text.push_str(code.unwrap_or(RESET));
        }
        is_open = code.is_some();
    }
    if color && is_open {
        text.push_str(RESET);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_gets_plain_columns_and_a_terminal_its_width() {
        let rows = || [vec!["漢字".to_owned(), "1".to_owned()], vec!["abcd".to_owned(), "2".to_owned()]];
        assert_eq!(render(&["NAME", "N"], rows(), None), "NAME  N\n漢字  1\nabcd  2\n");
        assert_eq!(render(&["NAME", "N"], rows(), Some(80)), "NAME  N\n漢字  1\nabcd  2\n", "no rules between rows");
        let long = vec!["word ".repeat(30), "2".to_owned()];
        let text = render(&["NAME", "N"], [long], Some(40));
        assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
    }

    #[test]
    fn ids_are_not_broken_and_lines_fit() {
        let row = || vec!["0123456789abcdef".to_owned(), "text ".repeat(20), "unbreakable".repeat(8)];
        for width in [40, 60, 80, 200] {
            let text = render(
                &["ID", "A", "B"],
                [row(), row()],
                TableLayout { width: Some(width), color: false, unbroken: 1 },
            );
            assert_eq!(text.matches("0123456789abcdef").count(), 2, "{width}:\n{text}");
            assert!(text.lines().all(|line| line.chars().count() <= usize::from(width)), "{width}:\n{text}");
        }
    }

    #[test]
    fn cells_that_do_not_fit_side_by_side_stand_one_under_another() {
        let row = |id: &str, why: &str| vec![id.to_owned(), "pre-release".to_owned(), why.to_owned()];
        let rows = [row("62881675", "publish petstore with mock"), row("ef5e2d64", "")];
        let layout = TableLayout { width: Some(22), color: false, unbroken: 2 };
        let text = render(&["OPERATION", "ENVIRONMENT", "WHY"], rows, layout);
        assert_eq!(
            text,
            "OPERATION    62881675\nENVIRONMENT  \n  pre-release\nWHY          publish\n  petstore with mock\n\n\
             OPERATION    ef5e2d64\nENVIRONMENT  \n  pre-release\n"
                .replace("ENVIRONMENT  \n", "ENVIRONMENT\n")
        );
    }

    #[test]
    fn words_are_painted_without_taking_room_and_cells_are_escaped() {
        let row = || {
            vec![
                TableCell::from("0.0.1 ").painted(CellColor::Red, "is damaged"),
                TableCell::from("a\u{1b}[2J\u{2061}\nb"),
            ]
        };
        let plain = render(&["STATE", "WHY"], [row()], TableLayout { width: Some(80), color: false, unbroken: 0 });
        assert_eq!(plain, "STATE             WHY\n0.0.1 is damaged  a\\u{1b}[2J\\u{2061}\\nb\n");
        let painted = render(&["STATE", "WHY"], [row()], TableLayout { width: Some(80), color: true, unbroken: 0 });
        let expected = plain.replace("is damaged", "\u{1b}[1;31mis\u{1b}[0m \u{1b}[1;31mdamaged\u{1b}[0m");
        assert_eq!(painted, expected);
    }
}
