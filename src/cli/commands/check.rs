//! `apigw check`.

use std::fmt::Write as _;

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::check;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::hints;
use crate::cli::output::{self, OutputFormat, SourceTexts};
use crate::cli::progress::ProgressLine;
use crate::cli::views::{CheckDocument, FindingsView, FormatView, RuleView};
use crate::cli::{complete, sarif, selection, workflow};
use crate::definition::values::ENFORCED_FORMATS;
use crate::model::{Finding, GroupName, Rule, SCHEMA, Severity, nearest};
use crate::workspace::{CheckScope, Workspace};

/// Check settings and definitions: all findings, each with its location
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw check\n  apigw check petstore -o github")]
pub(in crate::cli) struct CheckArguments {
    /// The groups [default: all]
    #[arg(value_name = "GROUP", add = ArgValueCandidates::new(complete::groups))]
    groups: Vec<String>,
    /// Explain a rule; `list` shows all rules, `formats` the formats that are enforced
    #[arg(long, value_name = "RULE", conflicts_with = "groups", add = ArgValueCandidates::new(complete::rules))]
    explain: Option<String>,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &CheckArguments) -> Result<Exit, CommandError> {
    if let Some(rule) = &arguments.explain {
        return explain(context, rule);
    }
    let folder = std::path::absolute(context.folder()).unwrap_or_else(|_| context.folder().clone());
    let (workspace, problems) = Workspace::open_draft(&folder)?;
    let named: Vec<GroupName> = arguments.groups.iter().map(|name| selection::parse(name)).collect::<Result<_, _>>()?;
    named.iter().try_for_each(|group| workspace.require_group(group))?;
    let progress = ProgressLine::start(context.output.progress, "checking");
    let scope = CheckScope {
        groups: &named,
        settings_problems: problems.unwrap_or_default(),
        variables: &context.process.variables,
        now: context.now(),
    };
    let findings = workspace.check(scope, &mut |group| progress.say(group.as_str()))?;
    drop(progress);
    let read = |file: &str| workspace.source(file);
    let sources = SourceTexts::new(&read);
    match context.output.format {
        OutputFormat::Github => context.output.text(&github(&findings))?,
        OutputFormat::Sarif => context.output.raw(output::json(&sarif::log(&findings, &sources))?.as_bytes())?,
        OutputFormat::Table | OutputFormat::Json | OutputFormat::Yaml | OutputFormat::Markdown => {
            let findings_text = || output::findings(&findings, &sources, (context.output.color, context.output.width));
            let text = || context.output.located(&findings_text()).into_owned();
            context.output.painted(&CheckDocument::Findings(FindingsView::new(&findings)), text)?;
        }
    }
    let count = |severity| -> usize {
        findings.iter().filter(|finding| finding.severity == severity).map(|finding| finding.count).sum()
    };
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    context.output.note(&totals(errors, warnings));
    Ok(if errors == 0 { Exit::Done } else { Exit::Invalid })
}

fn totals(errors: usize, warnings: usize) -> String {
    let counts = [(errors, "error", "errors"), (warnings, "warning", "warnings")];
    let parts: Vec<String> = counts
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| output::counted(count, one, many))
        .collect();
    if parts.is_empty() { "no findings".to_owned() } else { parts.join(", ") }
}

fn explain(context: &Context<'_>, name: &str) -> Result<Exit, CommandError> {
    let rules = check::all_rules();
    if name == "list" {
        let view = CheckDocument::Rules { schema: SCHEMA, rules: rules.iter().map(RuleView::new).collect() };
        let line = |rule: &Rule| format!("{} ({})\n", rule.name, rule.severity);
        context.output.data(&view, || rules.iter().map(line).collect())?;
        return Ok(Exit::Done);
    }
    if name == "formats" {
        let formats = ENFORCED_FORMATS.iter().map(|format| FormatView { name: format.name, meaning: format.meaning });
        let view = CheckDocument::Formats { schema: SCHEMA, formats: formats.collect() };
        context.output.data(&view, formats_page)?;
        return Ok(Exit::Done);
    }
    let Some(rule) = rules.iter().find(|rule| rule.name == name) else {
        let error = CommandError::invalid("unknown-rule", format!("there is no rule {name:?}"));
        let near = nearest(name, rules.iter().map(|rule| rule.name));
        return Err(match near {
            Some(near) => error.hint(format!("did you mean {near:?}?")),
            None => error.hint("`apigw check --explain list` lists the rules"),
        });
    };
    let view = CheckDocument::Rule { schema: SCHEMA, rule: RuleView::new(rule) };
    context.output.data(&view, || page(rule, context.output.width))?;
    Ok(Exit::Done)
}

/// Writes the page of the formats.
fn formats_page() -> String {
    let mut text =
        "Formats that are enforced: in requests, by the gateway and by `apigw call`; in examples and defaults, by \
                    `apigw check`.\nAny other format is documentation only.\n\n"
            .to_owned();
    for format in ENFORCED_FORMATS {
        let _ = writeln!(text, "{:<22} {}", format.name, format.meaning);
    }
    text.push_str(
        "\nIntegers of 64 bits are compared exactly. Larger ones, and numbers with a fraction, are the nearest double of 64 \
         bits,\nin a request as in a definition: one next to a bound or constant beyond 64 bits may pass for it. `check` \
         warns\nof those in a definition (number-rounded).\n",
    );
    text
}

/// Writes the page of a rule.
fn page(rule: &Rule, width: Option<u16>) -> String {
    let mut text = format!("{} ({})\n\n", rule.name, rule.severity);
    let width = usize::from(width.unwrap_or(80)).clamp(40, 100);
    let mut column = 0;
    for word in rule.explanation.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            text.push('\n');
            column = 0;
        } else if column > 0 {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += length;
    }
    text.push('\n');
    if !rule.example.is_empty() {
        let _ = writeln!(text, "\n{}", rule.example);
    }
    if check::can_be_set(rule.name) {
        let _ =
            write!(text, "\nin apigw.toml, \"off\", \"warning\" or \"error\":\n  [rules]\n  {} = \"off\"\n", rule.name);
    }
    text
}

/// Renders findings as workflow commands, which GitHub Actions shows beside the lines.
fn github(findings: &[Finding]) -> String {
    let command = |finding: &Finding| {
        let Finding { rule, severity, message, location, hint, .. } = finding;
        workflow::command(&severity.to_string(), Some(location), rule, &format!("{message}\n{}", hints::text(hint)))
    };
    findings.iter().map(command).collect()
}
