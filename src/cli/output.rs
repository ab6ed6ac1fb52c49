//! The output of a command: data on stdout, messages on stderr, in the chosen format.

mod findings;

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write};

pub(super) use findings::{SourceTexts, findings};
use serde::Serialize;
use serde_json::Value;

use super::error::{CommandError, Exit};
use super::views::{ErrorView, OutputDocument};
use super::wrap::wrapped;
use super::yaml::yaml;
use super::{escape, hints};
use crate::model::{EnvironmentName, Finding};
use crate::workspace::Workspace;

/// The format of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum OutputFormat {
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

impl OutputFormat {
    /// True if programs read it, as one document.
    pub(super) const fn is_document(self) -> bool {
        matches!(self, Self::Json | Self::Yaml)
    }
}

/// Choice of colours.
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

/// The streams of the output, and their capabilities.
#[expect(clippy::struct_excessive_bools, reason = "each says one thing about one stream, and none excludes another")]
pub(super) struct Output {
    pub(super) format: OutputFormat,
    /// True if stdout takes colours.
    pub(super) color: bool,
    /// True if stderr takes colours.
    pub(super) color_talk: bool,
    /// The width of the terminal in columns; `None` in a pipe.
    pub(super) width: Option<u16>,
    pub(super) quiet: bool,
    pub(super) verbose: bool,
    /// True if stderr is a terminal, where progress can be shown.
    pub(super) progress: bool,
    /// The warnings for programs, which come with the document or with the error; `None` where they are shown at once.
    pub(super) held_warnings: Option<RefCell<Vec<String>>>,
    /// The warnings that were shown: none is shown twice.
    pub(super) shown_warnings: RefCell<BTreeSet<String>>,
    /// The workspace as it was named with `-C`, quoted for a shell; `None` where commands find it without.
    pub(super) directory: Option<String>,
    /// The environment that was typed beside `--yes`: commands to type for it take the flag too.
    pub(super) confirmed: Option<EnvironmentName>,
}

/// The most warnings that are shown to people at once.
pub(super) const MOST_WARNINGS: usize = 10;

const RED: &str = "\u{1b}[1;31m";
const YELLOW: &str = "\u{1b}[1;33m";
const CYAN: &str = "\u{1b}[36m";
const RESET: &str = "\u{1b}[0m";

impl Output {
    /// Returns where warnings are held for programs in a format.
    pub(super) fn held_warnings(format: OutputFormat) -> Option<RefCell<Vec<String>>> {
        format.is_document().then(RefCell::default)
    }

    /// Makes the commands in a text work where the user stands, as confirmed as the one that was typed.
    pub(super) fn located<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let located = match &self.directory {
            None => Cow::Borrowed(text),
            Some(directory) => hints::in_directory(text, directory),
        };
        match &self.confirmed {
            None => located,
            Some(environment) => Cow::Owned(hints::confirmed(&located, environment)),
        }
    }

    /// Shows data: as the text in the table format, else as the document.
    pub(super) fn data(
        &self,
        document: &impl OutputDocument,
        text: impl FnOnce() -> String,
    ) -> Result<(), CommandError> {
        self.painted(document, || self.located(&escape::text(&text())).into_owned())
    }

    /// Shows data as [`Output::data`] does, in lines no wider than the terminal.
    pub(super) fn lines(
        &self,
        document: &impl OutputDocument,
        text: impl FnOnce() -> String,
    ) -> Result<(), CommandError> {
        self.painted(document, || wrapped(&self.located(&escape::text(&text())), self.width).into_owned())
    }

    /// Shows data whose text has colours, and whose parts were escaped before they were painted.
    pub(super) fn painted(
        &self,
        document: &impl OutputDocument,
        text: impl FnOnce() -> String,
    ) -> Result<(), CommandError> {
        let rendered = match self.format {
            OutputFormat::Table | OutputFormat::Github | OutputFormat::Sarif | OutputFormat::Markdown => {
                escape::runner_commands(&text()).into_owned()
            }
            OutputFormat::Json | OutputFormat::Yaml => self.rendered(document)?,
        };
        self.raw(rendered.as_bytes())
    }

    /// Renders a document with the warnings that were held so far.
    fn rendered(&self, document: &impl OutputDocument) -> Result<String, CommandError> {
        let mut value = serde_json::to_value(document).map_err(io::Error::other)?;
        let held = self.held_warnings.as_ref().map(RefCell::take).unwrap_or_default();
        if let Some(fields) = value.as_object_mut().filter(|_| !held.is_empty()) {
            let warnings = fields.entry("warnings").or_insert_with(|| Value::Array(Vec::new()));
            if let Some(warnings) = warnings.as_array_mut() {
                for warning in held.into_iter().map(Value::String) {
                    if !warnings.contains(&warning) {
                        warnings.push(warning);
                    }
                }
            }
        }
        if self.format == OutputFormat::Yaml { yaml(&value) } else { json(&value) }
    }

    /// Shows files that cannot be read, which programs have in the document, and returns how the command ends.
    pub(super) fn unreadable(&self, workspace: &Workspace, problems: &[Finding]) -> Exit {
        if problems.is_empty() {
            return Exit::Done;
        }
        if !self.format.is_document() {
            let read = |file: &str| workspace.source(file);
            say(self
                .located(&findings(problems, &SourceTexts::new(&read), (self.color_talk, self.talk_width())))
                .trim_end());
        }
        Exit::Invalid
    }

    /// Shows text of a format of its own.
    pub(super) fn text(&self, text: &str) -> Result<(), CommandError> {
        let text = escape::text(text);
        let text = match self.format {
            // Its lines are commands.
            OutputFormat::Github => escape::runner_marks(&text),
            _ => escape::runner_commands(&text),
        };
        self.raw(text.as_bytes())
    }

    /// Writes bytes to stdout unchanged: a document for programs, or the body of a response. A reader that has gone
    /// away is no failure: it has all that it wanted.
    #[expect(clippy::unused_self, reason = "writing goes through the one value that knows where output goes")]
    pub(super) fn raw(&self, bytes: &[u8]) -> Result<(), CommandError> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Prints a note on stderr. Programs get the document alone.
    pub(super) fn note(&self, text: &str) {
        if !self.quiet && self.held_warnings.is_none() {
            say(&wrapped(&self.located(&escape::text(text)), self.talk_width()));
        }
    }

    /// Prints a note that has its colours and needs no escaping.
    pub(super) fn styled_note(&self, text: &str) {
        say(&self.located(text));
    }

    /// Prints a detail, with `--verbose` only. Programs get the document alone.
    pub(super) fn detail(&self, text: &str) {
        if self.verbose && self.held_warnings.is_none() {
            say(&escape::text(text));
        }
    }

    /// Shows a warning. Programs get it with the document.
    pub(super) fn warning(&self, text: &str) {
        let text = &*self.located(text);
        if let Some(held) = &self.held_warnings {
            held.borrow_mut().push(text.to_owned());
        } else if !self.quiet && self.shown_warnings.borrow_mut().insert(text.to_owned()) {
            let text = format!("{}: {}", self.paint(YELLOW, "warning"), escape::text(text));
            say(&wrapped(&text, self.talk_width()));
        }
    }

    /// Shows the first `MOST_WARNINGS` of many warnings, and how many more there are; programs get them all.
    pub(super) fn warnings(&self, warnings: &[String], more: usize, all: &str) {
        let is_held = self.held_warnings.is_some();
        let most = if is_held { warnings.len() } else { MOST_WARNINGS };
        for warning in warnings.iter().take(most) {
            self.warning(warning);
        }
        if more > 0 && !is_held {
            self.warning(&format!("and {more} more; {all}"));
        }
    }

    /// Shows why a command failed.
    pub(super) fn error(&self, error: &CommandError, sources: &SourceTexts<'_>) {
        match self.format {
            OutputFormat::Table | OutputFormat::Github | OutputFormat::Sarif | OutputFormat::Markdown => {
                say(self.error_text(error, sources).trim_end());
            }
            OutputFormat::Json | OutputFormat::Yaml => {
                say(self.rendered(&ErrorView::new(error)).unwrap_or_default().trim_end());
            }
        }
    }

    fn error_text(&self, error: &CommandError, sources: &SourceTexts<'_>) -> String {
        let mut text = String::new();
        let _ = writeln!(text, "{}: {}", self.paint(RED, "error"), indented(&error.message));
        for cause in &error.causes {
            let _ = writeln!(text, "  because: {}", indented(cause));
        }
        // The message of a refusal with few reasons has them in it already; programs find them in one place.
        let reasons: Vec<&String> = error.reasons.iter().filter(|reason| !error.message.contains(*reason)).collect();
        for reason in reasons.iter().take(MOST_REASONS) {
            let _ = writeln!(text, "  {}", indented(reason));
        }
        if reasons.len() > MOST_REASONS {
            let _ = writeln!(text, "  and {} more; `-o json` has all", reasons.len() - MOST_REASONS);
        }
        for hint in &error.hints {
            let _ = writeln!(text, "  {}: {}", self.paint(CYAN, "hint"), indented(hint));
        }
        findings(&error.findings, sources, (self.color_talk, self.talk_width())) + &wrapped(&text, self.talk_width())
    }

    /// Returns the width of the terminal that stderr is.
    fn talk_width(&self) -> Option<u16> {
        self.width.filter(|_| self.progress)
    }

    fn paint(&self, color: &str, text: &str) -> String {
        if self.color_talk { format!("{color}{text}{RESET}") } else { text.to_owned() }
    }
}

/// Returns a count with its noun in the right number.
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// The most reasons of an error that are shown to people.
const MOST_REASONS: usize = 10;

/// Escapes a part of an error; lines below its first are indented, so that none looks like another part.
fn indented(text: &str) -> String {
    escape::text(text).replace('\n', "\n    ")
}

/// Writes a line to stderr. Where nobody listens there, there is nobody to tell.
fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", escape::runner_commands(text));
}

pub(super) fn json(value: &impl Serialize) -> Result<String, CommandError> {
    let text = serde_json::to_string_pretty(value).map_err(io::Error::other)?;
    Ok(escape::json(&text).into_owned() + "\n")
}
