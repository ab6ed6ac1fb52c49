//! Findings for people, with the lines that they are about.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};

use crate::cli::wrap::wrapped;
use crate::cli::{escape, hints};
use crate::model::{Finding, Location, Severity};

/// The texts of the files in which something was found, each read once, for showing their lines.
pub(in crate::cli) struct SourceTexts<'a> {
    read: &'a dyn Fn(&str) -> Option<String>,
    texts: RefCell<BTreeMap<Arc<str>, Option<SourceText>>>,
}

struct SourceText {
    text: String,
    /// The offset at which each line begins.
    lines: Vec<usize>,
}

/// A line of a file, and the token in it that is meant.
pub(in crate::cli) struct SourceLine {
    pub(in crate::cli) text: String,
    pub(in crate::cli) token: Range<usize>,
}

impl SourceLine {
    /// Escapes control characters but tabs, which are shown as blanks.
    fn escaped(self) -> Self {
        let part = |range: Range<usize>| {
            let part = self.text.get(range).unwrap_or_default();
            part.split('\t').map(escape::line).collect::<Vec<_>>().join("\t")
        };
        let [before, token, after] =
            [0..self.token.start, self.token.clone(), self.token.end..self.text.len()].map(part);
        let token_range = before.len()..before.len() + token.len();
        Self { text: before + &token + &after, token: token_range }
    }
}

impl<'a> SourceTexts<'a> {
    pub(in crate::cli) fn new(read: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { read, texts: RefCell::default() }
    }

    /// Returns the line of a place, where there is one.
    pub(in crate::cli) fn line(&self, location: &Location) -> Option<SourceLine> {
        let number = location.line.checked_sub(1)?;
        let mut texts = self.texts.borrow_mut();
        let source =
            texts.entry(Arc::clone(&location.file)).or_insert_with(|| (self.read)(&location.file).map(SourceText::new));
        let source = source.as_ref()?;
        let start = *source.lines.get(number)?;
        let line = source.text.get(start..)?.lines().next().unwrap_or_default();
        Some(SourceLine { text: line.to_owned(), token: token(line, location.column) })
    }
}

impl SourceText {
    fn new(text: String) -> Self {
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, lines }
    }
}

/// Renders findings with the lines that they are about, within the width of a terminal.
pub(in crate::cli) fn findings(
    findings: &[Finding],
    sources: &SourceTexts<'_>,
    (color, width): (bool, Option<u16>),
) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let renderer = match width {
        Some(width) => renderer.term_width(usize::from(width)),
        None => renderer,
    };
    let mut result = String::new();
    for finding in findings {
        let file = &*escape::line(&finding.location.file);
        let line = sources.line(&finding.location).map(SourceLine::escaped);
        let hint = hints::text(&finding.hint);
        let (message, hint) = (escape::text(&finding.message), escape::text(&hint));
        let level = match finding.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(&*message).id(finding.rule);
        let group = match &line {
            // Only the line is passed: the renderer would search the whole file each time.
            Some(SourceLine { text, token }) => title.element(
                Snippet::source(text)
                    .path(file)
                    .line_start(finding.location.line)
                    .annotation(AnnotationKind::Primary.span(token.clone())),
            ),
            None if finding.location.line > 0 => title
                .element(Origin::path(file).line(finding.location.line).char_column(finding.location.column.max(1))),
            None => title.element(Origin::path(file)),
        };
        let group = if hint.is_empty() { group } else { group.element(Level::HELP.message(&*hint)) };
        result.push_str(&wrapped_talk(&renderer.render(&[group]), width));
        result.push_str("\n\n");
    }
    result
}

/// Breaks the message and the hint of a rendered finding. The lines between are the file's own.
fn wrapped_talk(rendered: &str, width: Option<u16>) -> String {
    let mut is_hint = false;
    let lines = rendered.split('\n').enumerate().map(|(number, line)| {
        is_hint |= line.contains("= ") && line.contains("help");
        if number == 0 || is_hint { wrapped(line, width) } else { Cow::Borrowed(line) }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the bytes of the token that begins at a column: a quoted text as a whole, else up to the next delimiter.
fn token(line: &str, column: usize) -> Range<usize> {
    let start = line.char_indices().nth(column.max(1) - 1).map_or(line.len(), |(offset, _)| offset);
    let rest = line.get(start..).unwrap_or_default();
    let quote = rest.chars().next().filter(|first| ['"', '\''].contains(first));
    let end = quote.map_or_else(|| plain_end(rest), |quote| quoted_end(rest, quote));
    start..start + end.unwrap_or(rest.len())
}

fn quoted_end(rest: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    let closes = |(_, each): &(usize, char)| {
        let closes = *each == quote && !escaped;
        escaped = *each == '\\' && quote == '"' && !escaped;
        closes
    };
    rest.char_indices().skip(1).find(closes).map(|(at, _)| at + 1)
}

fn plain_end(rest: &str) -> Option<usize> {
    let ends = |(at, each): &(usize, char)| {
        let next = rest.get(at + each.len_utf8()..).and_then(|after| after.chars().next());
        let closes = next.is_none_or(|next| next.is_whitespace() || ",]}".contains(next));
        each.is_whitespace() || ",]}".contains(*each) && closes || *each == ':' && next.is_none_or(char::is_whitespace)
    };
    rest.char_indices().skip(1).find(ends).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_escape_file_message_line_and_hint() {
        let finding = Finding {
            rule: "rule",
            severity: Severity::Error,
            message: "says\u{202e}".to_owned(),
            location: Location { line: 1, column: 3, ..Location::file("a\u{1b}b.yaml") },
            hint: "do\u{9b}".into(),
            count: 1,
        };
        let read = |_: &str| Some("\u{1b} tok\u{7}en\tx\u{85}".to_owned());
        let text = findings(&[finding], &SourceTexts::new(&read), (false, None));
        assert!(text.chars().all(|character| character == '\n' || !escape::is_control(character)), "{text:?}");
        for part in ["a\\u{1b}b.yaml", "says\\u{202e}", "do\\u{9b}", "\\u{1b} tok\\u{7}en", "^^^^^^^^^^"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn tokens_end_where_they_end() {
        for (line, column, expected) in [
            ("backend: https://host:80/a # comment", 10, "https://host:80/a"),
            ("  get: {operationId: \"a \\\"b\\\" c\", tags: [x]}", 22, "\"a \\\"b\\\" c\""),
            ("domains: [a.example, b.example]", 11, "a.example"),
            ("domains: [a.example, b.example]", 22, "b.example"),
            ("  /pets/{id}: {get: {}}", 3, "/pets/{id}"),
            ("'it''s'", 1, "'it'"),
            ("ü: 1", 1, "ü"),
            ("short", 40, ""),
            ("{}", 1, "{"),
        ] {
            assert_eq!(&line[token(line, column)], expected, "{line}");
        }
    }
}
