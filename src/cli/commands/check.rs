//! `apigw check`.

use std::fmt::Write as _;

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::check::{self, Subject};
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::output::{self, Format, Sources};
use crate::cli::views::FindingsView;
use crate::cli::{complete, sarif, selection};
use crate::model::{Finding, GroupName, Location, Severity};
use crate::plan::Candidate;
use crate::workspace::{self, Workspace};

/// Check settings and definitions: all findings, each with its place
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw check\n  apigw check petstore -o github")]
pub(in crate::cli) struct CheckArguments {
    /// The groups [default: all]
    #[arg(value_name = "GROUP", add = ArgValueCandidates::new(complete::groups))]
    groups: Vec<String>,
    /// Explain a rule
    #[arg(long, value_name = "RULE", exclusive = true, add = ArgValueCandidates::new(complete::rules))]
    explain: Option<String>,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &CheckArguments) -> Result<Exit, CommandError> {
    if let Some(rule) = &arguments.explain {
        return explain(context, rule);
    }
    let workspace = context.workspace()?;
    let findings = find(context, workspace, &arguments.groups)?;
    let read = |file: &str| workspace.source(file);
    match context.output.format {
        Format::Github => context.output.raw(github(&findings).as_bytes())?,
        Format::Sarif => context.output.raw(output::json(&sarif::log(&findings))?.as_bytes())?,
        Format::Table | Format::Json | Format::Yaml | Format::Markdown => {
            let text = || output::findings(&findings, &Sources::new(&read), context.output.color);
            context.output.data(&FindingsView::new(&findings), text)?;
        }
    }
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    context.output.note(&format!("{errors} error(s), {} warning(s)", findings.len() - errors));
    Ok(if errors == 0 { Exit::Done } else { Exit::Invalid })
}

fn find(context: &Context<'_>, workspace: &Workspace, named: &[String]) -> Result<Vec<Finding>, CommandError> {
    for name in named {
        selection::group(context, Some(name))?;
    }
    let mut findings = Vec::new();
    let mut candidates: Vec<(GroupName, Candidate)> = Vec::new();
    for group in workspace.groups()? {
        match workspace.working_copy(&group, None) {
            Ok(candidate) => candidates.push((group, candidate)),
            Err(workspace::Error::Invalid(found)) => findings.extend(found),
            Err(other) => return Err(other.into()),
        }
    }
    let settings = workspace.settings();
    let subjects: Vec<Subject<'_>> = candidates.iter().map(|(group, candidate)| candidate.subject(group)).collect();
    findings.extend(check::workspace(&subjects, settings));
    findings.extend(check::unknown_rules(settings).into_iter().map(|name| Finding {
        rule: "unknown-rule",
        severity: Severity::Warning,
        message: format!("there is no rule {name:?}"),
        location: Location::file("apigw.toml"),
        hint: "`apigw check --explain list` lists the rules".to_owned(),
    }));
    if !named.is_empty() {
        let folders: Vec<String> = named.iter().map(|name| format!("groups/{name}/")).collect();
        findings.retain(|finding| folders.iter().any(|folder| finding.location.file.starts_with(folder)));
    }
    Ok(findings)
}

fn explain(context: &Context<'_>, name: &str) -> Result<Exit, CommandError> {
    let rules = check::all_rules();
    if name == "list" {
        let mut text = String::new();
        for rule in &rules {
            let _ = writeln!(text, "{} ({})", rule.name, rule.severity);
        }
        context.output.raw(text.as_bytes())?;
        return Ok(Exit::Done);
    }
    let Some(rule) = rules.iter().find(|rule| rule.name == name) else {
        return Err(CommandError::invalid("unknown-rule", format!("there is no rule {name:?}"))
            .hint("`apigw check --explain list` lists the rules"));
    };
    let text = format!("{} ({})\n\n{}\n", rule.name, rule.severity, rule.explanation);
    context.output.raw(text.as_bytes())?;
    Ok(Exit::Done)
}

/// Renders findings as workflow commands, which GitHub Actions shows beside the lines.
fn github(findings: &[Finding]) -> String {
    let property = |text: &str| escape(text).replace(':', "%3A").replace(',', "%2C");
    let mut text = String::new();
    for finding in findings {
        let Finding { rule, severity, message, location, hint } = finding;
        let _ = write!(text, "::{severity} file={}", property(&location.file));
        if location.line > 0 {
            let _ = write!(text, ",line={},col={}", location.line, location.column.max(1));
        }
        let _ = writeln!(text, ",title={}::{}", property(rule), escape(&format!("{message}\n{hint}")));
    }
    text
}

fn escape(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}
