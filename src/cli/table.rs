//! Tables: as wide as the terminal on one, plain columns in a pipe.

use comfy_table::presets::{NOTHING, UTF8_HORIZONTAL_ONLY};
use comfy_table::{ContentArrangement, Table};

/// Renders rows under a header. Wide characters count for two columns.
pub(super) fn render(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>, width: Option<u16>) -> String {
    let mut table = Table::new();
    table.set_header(header.iter().copied());
    match width {
        Some(width) => {
            table
                .load_style(UTF8_HORIZONTAL_ONLY)
                .set_content_arrangement(ContentArrangement::Dynamic)
                .set_width(width);
        }
        None => {
            table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        }
    }
    for row in rows {
        table.add_row(row);
    }
    let mut text = String::new();
    for line in table.lines() {
        // Cells are padded on both sides; at the edges of the table that is of no use.
        let line = line.trim_end();
        text.push_str(if width.is_none() { line.strip_prefix(' ').unwrap_or(line) } else { line });
        text.push('\n');
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
        let long = vec!["word ".repeat(30), "2".to_owned()];
        let text = render(&["NAME", "N"], [long], Some(40));
        assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
    }
}
