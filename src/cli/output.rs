//! What a command shows: data on stdout, talk on stderr, in the format that was asked for.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};
use serde::Serialize;

use super::error::CommandError;
use super::views::ErrorView;
use crate::model::{Finding, Severity};

/// The format of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    /// Tables and sentences, for people
    #[default]
    Table,
    /// JSON, for programs
    Json,
    /// YAML, for both
    Yaml,
    /// Annotations for GitHub Actions (`check` only)
    Github,
    /// SARIF 2.1.0, for code scanning (`check` only)
    Sarif,
    /// For the comment of a pull request (`diff` only)
    Markdown,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Where output goes and what it may look like.
#[expect(clippy::struct_excessive_bools, reason = "each says one thing about one stream, and none excludes another")]
pub(super) struct Output {
    pub(super) format: Format,
    /// Whether stdout takes colours.
    pub(super) color: bool,
    /// Whether stderr takes colours.
    pub(super) color_talk: bool,
    /// The width of the terminal in columns; `None` in a pipe.
    pub(super) width: Option<u16>,
    pub(super) quiet: bool,
    pub(super) verbose: bool,
    /// Whether stderr is a terminal, where progress can be shown.
    pub(super) progress: bool,
}

const RED: &str = "\u{1b}[1;31m";
const YELLOW: &str = "\u{1b}[1;33m";
const CYAN: &str = "\u{1b}[36m";
const RESET: &str = "\u{1b}[0m";

impl Output {
    /// Shows data: as the text in the table format, else as the value.
    pub(super) fn data(&self, value: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), CommandError> {
        let rendered = match self.format {
            Format::Table | Format::Github | Format::Sarif | Format::Markdown => text(),
            Format::Json => json(value)?,
            Format::Yaml => yaml(value)?,
        };
        self.raw(rendered.as_bytes())
    }

    /// Writes to stdout. A reader that has gone away is no failure: it has what it wanted.
    #[expect(clippy::unused_self, reason = "writing goes through the one value that knows where output goes")]
    pub(super) fn raw(&self, bytes: &[u8]) -> Result<(), CommandError> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Says something that is worth knowing and is no data.
    pub(super) fn note(&self, text: &str) {
        if !self.quiet {
            say(text);
        }
    }

    /// Says something for those who want to know more.
    pub(super) fn detail(&self, text: &str) {
        if self.verbose {
            say(text);
        }
    }

    /// Shows a warning. Programs get warnings with the data.
    pub(super) fn warning(&self, text: &str) {
        if !self.quiet {
            say(&format!("{}: {text}", self.paint(YELLOW, "warning")));
        }
    }

    /// Shows why a command failed.
    pub(super) fn error(&self, error: &CommandError, sources: &Sources<'_>) {
        match self.format {
            Format::Table | Format::Github | Format::Sarif | Format::Markdown => {
                say(self.error_text(error, sources).trim_end());
            }
            Format::Json => say(json(&ErrorView::new(error)).unwrap_or_default().trim_end()),
            Format::Yaml => say(yaml(&ErrorView::new(error)).unwrap_or_default().trim_end()),
        }
    }

    fn error_text(&self, error: &CommandError, sources: &Sources<'_>) -> String {
        let mut text = findings(&error.findings, sources, self.color_talk);
        let _ = writeln!(text, "{}: {}", self.paint(RED, "error"), error.message);
        for cause in &error.causes {
            let _ = writeln!(text, "  because: {cause}");
        }
        for hint in &error.hints {
            let _ = writeln!(text, "  {}: {hint}", self.paint(CYAN, "hint"));
        }
        text
    }

    fn paint(&self, color: &str, text: &str) -> String {
        if self.color_talk { format!("{color}{text}{RESET}") } else { text.to_owned() }
    }
}

/// Writes a line to stderr. Where nobody listens there, there is nobody to tell.
fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

pub(super) fn json(value: &impl Serialize) -> Result<String, CommandError> {
    let text = serde_json::to_string_pretty(value).map_err(io::Error::other)?;
    Ok(text + "\n")
}

pub(super) fn yaml(value: &impl Serialize) -> Result<String, CommandError> {
    // Through JSON, so that both formats say the same.
    let value = serde_json::to_value(value).map_err(io::Error::other)?;
    let text = serde_saphyr::to_string(&value).map_err(io::Error::other)?;
    Ok(text.trim_end().to_owned() + "\n")
}

/// The texts of the files in which something was found, for showing their lines.
pub(super) struct Sources<'a> {
    read: &'a dyn Fn(&str) -> Option<String>,
}

impl<'a> Sources<'a> {
    pub(super) fn new(read: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { read }
    }
}

/// Renders findings with the lines that they are about.
pub(super) fn findings(findings: &[Finding], sources: &Sources<'_>, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let mut texts: BTreeMap<&str, Option<String>> = BTreeMap::new();
    let mut result = String::new();
    for finding in findings {
        let file = finding.location.file.as_str();
        let source = texts.entry(file).or_insert_with(|| (sources.read)(file)).as_deref();
        let level = match finding.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(finding.message.as_str()).id(finding.rule);
        let position = source.and_then(|source| Some((source, span(source, &finding.location)?)));
        let group = match position {
            Some((source, span)) => {
                title.element(Snippet::source(source).path(file).annotation(AnnotationKind::Primary.span(span)))
            }
            None if finding.location.line > 0 => title
                .element(Origin::path(file).line(finding.location.line).char_column(finding.location.column.max(1))),
            None => title.element(Origin::path(file)),
        };
        let group =
            if finding.hint.is_empty() { group } else { group.element(Level::HELP.message(finding.hint.as_str())) };
        result.push_str(&renderer.render(&[group]));
        result.push_str("\n\n");
    }
    result
}

/// Returns the bytes of the token that begins at a place.
fn span(source: &str, location: &crate::model::Location) -> Option<std::ops::Range<usize>> {
    let line_start: usize = source.split_inclusive('\n').take(location.line.checked_sub(1)?).map(str::len).sum();
    let line = source.get(line_start..)?.lines().next().unwrap_or_default();
    let column = location.column.max(1) - 1;
    let offset = line.char_indices().nth(column).map_or(line.len(), |(offset, _)| offset);
    let rest = &line[offset..];
    let end = rest.char_indices().skip(1).find(|(_, character)| character.is_whitespace() || *character == ':');
    let length = end.map_or(rest.len(), |(length, _)| length);
    Some(line_start + offset..line_start + offset + length)
}
