//! Markdown on a terminal: wrapped to its width, headings in bold.

use super::{MarkdownBlock, MarkdownSpan, TextStyle, parse};
use crate::cli::table;

const BOLD: &str = "\u{1b}[1m";
const CYAN: &str = "\u{1b}[36m";
const RESET: &str = "\u{1b}[0m";

/// Renders a document in lines of at most `width` columns; code blocks keep their lines. Without colours, code within a
/// sentence keeps its backticks.
pub(in crate::cli) fn terminal_text(markdown: &str, width: usize, color: bool) -> String {
    let mut text = String::new();
    TerminalPage { width, color }.blocks(&parse(markdown), "", &mut text);
    text
}

struct TerminalPage {
    width: usize,
    color: bool,
}

impl TerminalPage {
    fn blocks(&self, blocks: &[MarkdownBlock], indent: &str, text: &mut String) {
        for (number, block) in blocks.iter().enumerate() {
            if number > 0 {
                text.push('\n');
            }
            self.block(block, indent, text);
        }
    }

    fn block(&self, block: &MarkdownBlock, indent: &str, text: &mut String) {
        match block {
            MarkdownBlock::Heading { text: spans, .. } => {
                let heading: Vec<MarkdownSpan> = spans
                    .iter()
                    .map(|span| MarkdownSpan { text: span.text.clone(), style: TextStyle::Strong })
                    .collect();
                self.wrap(&heading, indent, text);
            }
            MarkdownBlock::Paragraph(spans) => self.wrap(spans, indent, text),
            MarkdownBlock::Code(code) => {
                for line in code.lines() {
                    text.push_str(if line.is_empty() { "" } else { indent });
                    text.push_str(if line.is_empty() { "" } else { "    " });
                    text.push_str(line);
                    text.push('\n');
                }
            }
            MarkdownBlock::List { first, items } => self.list(*first, items, indent, text),
            MarkdownBlock::Table { header, rows } => self.table(header, rows, indent, text),
        }
    }

    fn list(&self, first: Option<u64>, items: &[Vec<MarkdownBlock>], indent: &str, text: &mut String) {
        for (number, item) in (first.unwrap_or_default()..).zip(items) {
            let mark = if first.is_some() { format!("{number}. ") } else { "- ".to_owned() };
            let deeper = format!("{indent}{}", " ".repeat(mark.len()));
            let mut inner = String::new();
            self.blocks(item, &deeper, &mut inner);
            text.push_str(indent);
            text.push_str(&mark);
            text.push_str(inner.strip_prefix(deeper.as_str()).unwrap_or(&inner));
        }
    }

    fn table(&self, header: &[Vec<MarkdownSpan>], rows: &[Vec<Vec<MarkdownSpan>>], indent: &str, text: &mut String) {
        let cell = |spans: &Vec<MarkdownSpan>| spans.iter().map(|span| span.text.as_str()).collect::<String>();
        let header: Vec<String> = header.iter().map(cell).collect();
        let header: Vec<&str> = header.iter().map(String::as_str).collect();
        let width = u16::try_from(self.width.saturating_sub(indent.len())).unwrap_or(u16::MAX);
        let rows = rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>());
        for line in table::render(&header, rows, Some(width)).lines() {
            text.push_str(indent);
            text.push_str(line);
            text.push('\n');
        }
    }

    /// Writes runs of text in lines that are broken between words.
    fn wrap(&self, spans: &[MarkdownSpan], indent: &str, text: &mut String) {
        let mut column = 0;
        let mut is_after_space = false;
        text.push_str(indent);
        for word in words(&self.marked(spans)) {
            let length: usize = word.iter().map(|span| span.text.chars().count()).sum();
            if column > 0 && indent.len() + column + 1 + length > self.width {
                text.push('\n');
                text.push_str(indent);
                column = 0;
            } else if is_after_space {
                text.push(' ');
                column += 1;
            }
            for span in &word {
                self.paint(span, text);
            }
            column += length;
            is_after_space = true;
        }
        text.push('\n');
    }

    /// Puts backticks around code where no colour tells it from text.
    fn marked(&self, spans: &[MarkdownSpan]) -> Vec<MarkdownSpan> {
        let mark = |span: &MarkdownSpan| match span.style {
            TextStyle::Code if !self.color => MarkdownSpan { text: format!("`{}`", span.text), ..span.clone() },
            _ => span.clone(),
        };
        spans.iter().map(mark).collect()
    }

    fn paint(&self, span: &MarkdownSpan, text: &mut String) {
        let code = match span.style {
            TextStyle::Plain => "",
            TextStyle::Code => CYAN,
            TextStyle::Strong | TextStyle::Emphasis => BOLD,
        };
        if self.color && !code.is_empty() {
            text.push_str(code);
            text.push_str(&span.text);
            text.push_str(RESET);
        } else {
            text.push_str(&span.text);
        }
    }
}

/// Splits runs of text at blanks: a word may consist of several runs.
fn words(spans: &[MarkdownSpan]) -> Vec<Vec<MarkdownSpan>> {
    let mut words: Vec<Vec<MarkdownSpan>> = vec![Vec::new()];
    for span in spans {
        for (number, part) in span.text.split(' ').enumerate() {
            if number > 0 {
                words.push(Vec::new());
            }
            if !part.is_empty() {
                words
                    .last_mut()
                    .into_iter()
                    .for_each(|word| word.push(MarkdownSpan { text: part.to_owned(), ..span.clone() }));
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
