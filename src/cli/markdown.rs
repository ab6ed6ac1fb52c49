//! Markdown as blocks of text, for the terminal and for manual pages.
//!
//! The texts are the project's own, so only the constructs that they use are known: headings, paragraphs, lists, code
//! blocks and tables (`CommonMark` 0.31, and the tables of GitHub's dialect).

mod manual;
mod terminal;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

pub(super) use manual::manual_page;
pub(super) use terminal::terminal_text;

/// A part of a document that stands on lines of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
enum MarkdownBlock {
    Heading {
        level: HeadingLevel,
        text: Vec<MarkdownSpan>,
    },
    Paragraph(Vec<MarkdownSpan>),
    Code(String),
    /// Items of a list, each with its blocks; the number of the first where the list is numbered.
    List {
        first: Option<u64>,
        items: Vec<Vec<MarkdownBlock>>,
    },
    Table {
        header: Vec<Vec<MarkdownSpan>>,
        rows: Vec<Vec<Vec<MarkdownSpan>>>,
    },
}

/// A run of text in one style.
#[derive(Debug, Clone, PartialEq, Eq)]
struct MarkdownSpan {
    text: String,
    style: TextStyle,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TextStyle {
    Plain,
    Code,
    Strong,
    Emphasis,
}

/// Parses a document. Comments (`<!-- … -->`) and other HTML are left out.
fn parse(markdown: &str) -> Vec<MarkdownBlock> {
    let mut events = Parser::new_ext(markdown, Options::ENABLE_TABLES);
    blocks(&mut events, None)
}

/// Reads blocks up to the end of the one that they stand in, or of the document.
fn blocks<'a>(events: &mut impl Iterator<Item = Event<'a>>, end: Option<TagEnd>) -> Vec<MarkdownBlock> {
    let mut blocks = Vec::new();
    let mut loose = Vec::new();
    while let Some(event) = events.next() {
        if let Event::Start(tag) = event {
            match tag {
                Tag::Heading { level, .. } => {
                    blocks.push(MarkdownBlock::Heading { level, text: spans(events, TagEnd::Heading(level)) });
                }
                Tag::Paragraph => blocks.push(MarkdownBlock::Paragraph(spans(events, TagEnd::Paragraph))),
                Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented) => {
                    blocks.push(MarkdownBlock::Code(
                        spans(events, TagEnd::CodeBlock).into_iter().map(|span| span.text).collect(),
                    ));
                }
                Tag::List(first) => {
                    if !loose.is_empty() {
                        blocks.push(MarkdownBlock::Paragraph(std::mem::take(&mut loose)));
                    }
                    blocks.push(list(events, first));
                }
                Tag::Table(_) => blocks.push(table(events)),
                // The text of an item without blank lines has no paragraph of its own.
                tag => loose.extend(styled(events, &tag)),
            }
        } else if matches!((&event, end), (Event::End(ended), Some(end)) if *ended == end) {
            break;
        } else {
            loose.extend(span(event));
        }
    }
    if !loose.is_empty() {
        blocks.push(MarkdownBlock::Paragraph(loose));
    }
    blocks
}

fn list<'a>(events: &mut impl Iterator<Item = Event<'a>>, first: Option<u64>) -> MarkdownBlock {
    let mut items = Vec::new();
    while let Some(event) = events.next() {
        match event {
            Event::Start(Tag::Item) => items.push(blocks(events, Some(TagEnd::Item))),
            Event::End(TagEnd::List(_)) => break,
            _ => {}
        }
    }
    MarkdownBlock::List { first, items }
}

fn table<'a>(events: &mut impl Iterator<Item = Event<'a>>) -> MarkdownBlock {
    let mut rows: Vec<Vec<Vec<MarkdownSpan>>> = Vec::new();
    while let Some(event) = events.next() {
        match event {
            Event::Start(Tag::TableHead | Tag::TableRow) => rows.push(Vec::new()),
            Event::Start(Tag::TableCell) => {
                let cell = spans(events, TagEnd::TableCell);
                rows.last_mut().into_iter().for_each(|row| row.push(cell.clone()));
            }
            Event::End(TagEnd::Table) => break,
            _ => {}
        }
    }
    let mut rows = rows.into_iter();
    MarkdownBlock::Table { header: rows.next().unwrap_or_default(), rows: rows.collect() }
}

/// Reads runs of text up to the end of the block that they stand in.
fn spans<'a>(events: &mut impl Iterator<Item = Event<'a>>, end: TagEnd) -> Vec<MarkdownSpan> {
    let mut spans = Vec::new();
    while let Some(event) = events.next() {
        match event {
            Event::End(ended) if ended == end => break,
            Event::Start(tag) => spans.extend(styled(events, &tag)),
            event => spans.extend(span(event)),
        }
    }
    spans
}

/// Reads an inline element: its text in its style, and a link's address where the link leads out of the texts.
fn styled<'a>(events: &mut impl Iterator<Item = Event<'a>>, tag: &Tag<'a>) -> Vec<MarkdownSpan> {
    let mut inner = spans(events, tag.to_end());
    let style = match tag {
        Tag::Strong => TextStyle::Strong,
        Tag::Emphasis => TextStyle::Emphasis,
        Tag::Link { dest_url, .. } if dest_url.contains("://") => {
            inner.push(MarkdownSpan { text: format!(" ({dest_url})"), style: TextStyle::Plain });
            return inner;
        }
        _ => return inner,
    };
    inner.into_iter().map(|span| MarkdownSpan { style, ..span }).collect()
}

fn span(event: Event<'_>) -> Option<MarkdownSpan> {
    match event {
        Event::Text(text) => Some(MarkdownSpan { text: text.into_string(), style: TextStyle::Plain }),
        Event::Code(text) => Some(MarkdownSpan { text: text.into_string(), style: TextStyle::Code }),
        Event::SoftBreak | Event::HardBreak => Some(MarkdownSpan { text: " ".to_owned(), style: TextStyle::Plain }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "# Title\n\nOne `code` and **strong**\nwords, [here](other.md), [there](https://example.com).\n\n\
                            <!-- file x -->\n```sh\napigw check\n```\n\n- first\n- second\n\n| a | b |\n|---|---|\n| `1` | two |\n";

    #[test]
    fn a_terminal_shows_text_code_lists_and_tables() {
        let text = terminal_text(DOCUMENT, 40, false);
        let expected = "Title\n\nOne `code` and strong words, here, there\n(https://example.com).\n\n    apigw check\n\n- first\n- second\n\n\
                        a  b\n1  two\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn colours_take_no_room() {
        let plain = terminal_text(DOCUMENT, 40, false);
        let colored = terminal_text(DOCUMENT, 40, true);
        assert!(colored.contains("\u{1b}[1mTitle\u{1b}[0m"), "{colored}");
        let mut bare = colored;
        for code in ["\u{1b}[1m", "\u{1b}[36m", "\u{1b}[0m"] {
            bare = bare.replace(code, "");
        }
        assert_eq!(bare, plain.replace('`', ""));
    }

    #[test]
    fn a_manual_page_has_a_title_sections_and_code() {
        let page = manual_page("plans", "Release plans", DOCUMENT);
        for part in [
            ".TH apigw-plans 7",
            ".SH NAME",
            "apigw\\-plans \\- Release plans",
            "\\fBcode\\fR",
            ".nf",
            "apigw check",
            ".IP",
        ] {
            assert!(page.contains(part), "{part:?} is not in:\n{page}");
        }
    }
}
