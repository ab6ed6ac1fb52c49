//! Markdown as a manual page of section 7 (`man 7 man-pages`).

use pulldown_cmark::HeadingLevel;
use roff::{Inline, Roff, bold, italic, roman};

use super::{MarkdownBlock, MarkdownSpan, TextStyle, parse};

/// Renders a document as the page `apigw-NAME(7)`. The title of the document is left out: the page has a name and a
/// summary.
pub(in crate::cli) fn manual_page(name: &str, summary: &str, markdown: &str) -> String {
    let mut page = Roff::new();
    let title = format!("apigw-{name}");
    page.control("TH", [title.as_str(), "7", "\"\"", concat!("apigw ", env!("CARGO_PKG_VERSION"))]);
    page.control("SH", ["NAME"]).text([roman(format!("{title} - {summary}"))]);
    page.control("SH", ["DESCRIPTION"]);
    for block in &parse(markdown) {
        add(&mut page, block);
    }
    page.control("SH", ["SEE ALSO"]).text([bold("apigw"), roman("(1)")]);
    page.render()
}

fn add(page: &mut Roff, block: &MarkdownBlock) {
    match block {
        MarkdownBlock::Heading { level: HeadingLevel::H1, .. } => {}
        MarkdownBlock::Heading { level: HeadingLevel::H2, text } => {
            page.control("SH", [plain(text).as_str()]);
        }
        MarkdownBlock::Heading { text, .. } => {
            page.control("SS", [plain(text).as_str()]);
        }
        MarkdownBlock::Paragraph(spans) => {
            page.control("PP", []).text(inlines(spans));
        }
        MarkdownBlock::Code(code) => {
            page.control("PP", []).control("RS", ["4"]).control("nf", []);
            for line in code.lines() {
                page.text([roman(line)]);
            }
            page.control("fi", []).control("RE", []);
        }
        MarkdownBlock::List { first, items } => {
            for (number, item) in (first.unwrap_or_default()..).zip(items) {
                let mark = if first.is_some() { format!("{number}.") } else { "\u{2022}".to_owned() };
                page.control("IP", [mark.as_str(), "3"]);
                add_item(page, item);
            }
        }
        // A terminal's manual pages have no tables without a preprocessor: each row is an entry.
        MarkdownBlock::Table { rows, .. } => {
            for row in rows {
                let mut cells = row.iter();
                page.control("TP", []).text(inlines(cells.next().map_or(&[], Vec::as_slice)));
                let rest: Vec<Inline> = cells.flat_map(|cell| [inlines(cell), vec![roman("  ")]].concat()).collect();
                page.text(rest);
            }
        }
    }
}

/// Adds the blocks of a list's item: the first paragraph stands beside its mark.
fn add_item(page: &mut Roff, item: &[MarkdownBlock]) {
    for (number, block) in item.iter().enumerate() {
        match block {
            MarkdownBlock::Paragraph(spans) if number == 0 => {
                page.text(inlines(spans));
            }
            block => add(page, block),
        }
    }
}

fn plain(spans: &[MarkdownSpan]) -> String {
    spans.iter().map(|span| span.text.as_str()).collect()
}

fn inlines(spans: &[MarkdownSpan]) -> Vec<Inline> {
    let inline = |span: &MarkdownSpan| match span.style {
        TextStyle::Plain => roman(span.text.as_str()),
        TextStyle::Code | TextStyle::Strong => bold(span.text.as_str()),
        TextStyle::Emphasis => italic(span.text.as_str()),
    };
    spans.iter().map(inline).collect()
}
