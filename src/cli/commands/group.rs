//! `apigw group`.

mod address;
mod deleted;
mod list;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use clap_complete::engine::ArgValueCandidates;
use serde_json::Value;

use crate::check;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::output::{self, MOST_WARNINGS};
use crate::cli::shell::shell_word;
use crate::cli::views::{ApiView, FindingView, GroupSetView, GroupShowView, GroupView};
use crate::cli::{change, complete, selection, table};
use crate::definition::{self, Definition, ImportRules};
use crate::model::{DEFINITION_FILE, Finding, GroupName, PathPrefix, PathPrefixError, SCHEMA, SETTINGS_FILE};
use crate::workspace::edit::ValueEdit;
use crate::workspace::{self, NewGroup, OutsideFolder, Workspace};

/// Create, list, show, change and delete API groups
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum GroupCommand {
    Create(GroupCreateArguments),
    Import(ImportArguments),
    List(GroupListArguments),
    Show(GroupShowArguments),
    Set(SetArguments),
    Delete(deleted::GroupDeleteArguments),
}

/// Create a group without APIs
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  apigw group create orders\n  apigw group create orders --prefix /orders/v1 --backend https://orders.example.com"
)]
pub(in crate::cli) struct GroupCreateArguments {
    /// Its name
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    settings: SettingsArguments,
}

#[derive(Debug, Args)]
struct SettingsArguments {
    /// Prefix of the paths of its APIs [default: that of the definition, else /NAME]
    #[arg(long, value_name = "PATH")]
    prefix: Option<String>,
    /// The address of its backend [default: that of the definition]
    #[arg(long, value_name = "URL")]
    backend: Option<String>,
    /// Purpose of the group, in a line
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

/// Create a group from an OpenAPI document, or replace a group's definition with it
///
/// Takes OpenAPI 2.0, 3.0, 3.1 and 3.2, YAML or JSON, with the files that the document refers to. 2.0 is converted to
/// 3.0; other documents are kept byte for byte, but for references to the document by its own file name, which become
/// `openapi.yaml`. A document that cannot be read is refused, and one that breaks a rule which `[rules]` makes an
/// error; other errors that `apigw check` finds are told, and keep it from being published.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  apigw group import orders orders.yaml\n  apigw group import orders swagger.json --prefix /orders"
)]
pub(in crate::cli) struct ImportArguments {
    /// The group's name
    #[arg(value_name = "NAME")]
    name: String,
    /// The document
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,
    #[command(flatten)]
    settings: SettingsArguments,
}

/// List the groups
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw group list\n  apigw group list -o json")]
pub(in crate::cli) struct GroupListArguments {}

/// Show a group's settings and APIs
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw group show\n  apigw group show petstore -o yaml")]
pub(in crate::cli) struct GroupShowArguments {
    /// The group [default: the only one]
    #[arg(value_name = "GROUP", add = ArgValueCandidates::new(complete::groups))]
    group: Option<String>,
}

/// Change settings of a group and keep the rest of the file as it is
///
/// A value is parsed as JSON if it is JSON, else taken as text; an empty value removes the setting.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  apigw group set petstore backend=https://pets.example.com\n  apigw group set petstore 'domains=[\"pets.example.com\"]'"
)]
pub(in crate::cli) struct SetArguments {
    /// The group
    #[arg(value_name = "NAME", add = ArgValueCandidates::new(complete::groups))]
    name: String,
    /// Settings, like prefix=/pets
    #[arg(value_name = "KEY=VALUE", required = true)]
    values: Vec<String>,
}

pub(in crate::cli) fn run(context: &Context<'_>, command: &GroupCommand) -> Result<Exit, CommandError> {
    match command {
        GroupCommand::Create(arguments) => create(context, arguments),
        GroupCommand::Import(arguments) => import(context, arguments),
        GroupCommand::List(_) => list::list(context),
        GroupCommand::Show(arguments) => show(context, arguments),
        GroupCommand::Set(arguments) => set(context, arguments),
        GroupCommand::Delete(arguments) => deleted::delete(context, arguments),
    }
}

fn parse_prefix(text: &str) -> Result<PathPrefix, CommandError> {
    text.parse().map_err(|error: PathPrefixError| CommandError::invalid("prefix", error.to_string()))
}

/// Builds the settings of a new group from the arguments, else from its definition.
fn new_group(
    group: &GroupName,
    given: &SettingsArguments,
    prefix: Option<PathPrefix>,
    backend: Option<String>,
    description: Option<String>,
) -> Result<NewGroup, CommandError> {
    let prefix = match (&given.prefix, prefix.filter(|prefix| prefix.as_str() != "/")) {
        (Some(text), _) => parse_prefix(text)?,
        (None, Some(prefix)) => prefix,
        (None, None) => parse_prefix(&format!("/{group}"))?,
    };
    if let Some(address) = &given.backend {
        address::check(address)?;
    }
    Ok(NewGroup {
        prefix,
        backend: given.backend.clone().or(backend),
        description: given.description.clone().or(description),
    })
}

fn create(context: &Context<'_>, arguments: &GroupCreateArguments) -> Result<Exit, CommandError> {
    let group = selection::parse(&arguments.name)?;
    let settings = new_group(&group, &arguments.settings, None, None, None)?;
    context.workspace()?.lock(&context.lock_request())?.create(&group, &settings)?;
    report(context, &group, "created", 0, (&[], &[]))
}

fn import(context: &Context<'_>, arguments: &ImportArguments) -> Result<Exit, CommandError> {
    let group = selection::parse(&arguments.name)?;
    let workspace = context.workspace()?;
    let folder = OutsideFolder::of(&context.folder().join(&arguments.file)).map_err(|error| {
        let typed = arguments.file.to_string_lossy();
        if !typed.contains("://") {
            return error.into();
        }
        CommandError::invalid("no-file", format!("{typed} is an address, and a file is read"))
            .hint(format!("download it first: `curl -fLo openapi.yaml {}`", shell_word(&typed)))
    })?;
    let shown = shown_before(&arguments.file, folder.name());
    let errors = |definition: &Definition| check::errors(&group, definition, workspace.settings());
    let rules = ImportRules { levels: workspace.settings().rules.clone(), further: Some(&errors) };
    let imported = match definition::import(folder.name(), &folder.above(), &rules, &mut |path| folder.read(path)) {
        Ok(imported) => {
            let (errors, findings) = (shown_at(&shown, imported.errors), shown_at(&shown, imported.findings));
            definition::ImportedDefinition { findings, errors, ..imported }
        }
        Err(findings) => {
            let findings = shown_at(&shown, findings);
            return Err(CommandError::from(workspace::Error::Invalid(findings)).outside(shown, folder));
        }
    };
    let guard = workspace.lock(&context.lock_request())?;
    let prefix = imported.prefix.clone();
    let backend = imported.backend.clone().map(String::from);
    let settings = new_group(&group, &arguments.settings, prefix, backend, imported.description.clone())?;
    let what = if guard.workspace().groups()?.contains(&group) {
        if arguments.settings.prefix.is_some() || arguments.settings.backend.is_some() {
            return Err(CommandError::usage(format!("the group {group} already has settings"))
                .hint(format!("change them with `apigw group set {group} key=value`")));
        }
        guard.replace_definition(&group, &imported)?;
        "replaced the definition of"
    } else {
        guard.create_from(&group, &settings, &imported)?;
        "created"
    };
    if imported.renamed > 0 {
        context.output.note(&format!(
            "the document is stored as {DEFINITION_FILE:?}; references to {:?} were changed to match: {}",
            folder.name(),
            imported.renamed,
        ));
    }
    report(context, &group, what, imported.apis, (&imported.errors, &imported.findings))
}

/// Returns the part that the user wrote before the name of a file: its folder, with a slash at the end, or nothing.
fn shown_before(file: &Path, name: &str) -> String {
    let written = file.to_string_lossy();
    written.strip_suffix(name).unwrap_or_default().to_owned()
}

/// Names the files of findings as the user would, who stands in another folder.
fn shown_at(shown: &str, mut findings: Vec<Finding>) -> Vec<Finding> {
    for finding in &mut findings {
        finding.location.file = format!("{shown}{}", finding.location.file).into();
    }
    findings
}

/// Reports an import with the number of APIs in the definition, the errors that keep it from being published, and the
/// other findings.
fn report(
    context: &Context<'_>,
    group: &GroupName,
    done: &str,
    apis: usize,
    (errors, findings): (&[Finding], &[Finding]),
) -> Result<Exit, CommandError> {
    let unpublished = errors.iter().map(|error| format!("{}; it cannot be published so", error.one_line()));
    let warnings: Vec<String> = unpublished.chain(findings.iter().map(Finding::one_line)).collect();
    let more = errors.iter().chain(findings).skip(MOST_WARNINGS).map(|finding| finding.count).sum();
    context.output.warnings(&warnings, more, &format!("`apigw check {group}` shows all"));
    let settings = match context.workspace()?.group_settings(group) {
        Ok(settings) => settings,
        // The group is there, and its settings were valid when it was made.
        Err(error) => {
            change::shown_after_commit(context, Err(error.into()));
            return Ok(Exit::Done);
        }
    };
    let view = GroupView {
        schema: SCHEMA,
        group: group.clone(),
        apis,
        prefix: settings.prefix.clone(),
        backend: settings.backend,
        version: settings.version,
        warnings,
    };
    let shown = context.output.data(&view, || {
        let next = if apis == 0 {
            format!("apigw api add {group} GET /path")
        } else if !errors.is_empty() {
            format!("apigw check {group}")
        } else {
            format!("apigw publish {group} --env test --mock")
        };
        let count = output::counted(apis, "API", "APIs");
        format!("{done} group {group}: {count} under {}\nnext: {next}\n", settings.prefix)
    });
    change::shown_after_commit(context, shown);
    Ok(Exit::Done)
}

fn show(context: &Context<'_>, arguments: &GroupShowArguments) -> Result<Exit, CommandError> {
    let workspace = context.readable_workspace()?;
    let group = selection::group(context, arguments.group.as_deref())?;
    let candidate = workspace.working_copy(&group, None)?;
    let unreadable = if candidate.definition.is_none() { candidate.findings.as_slice() } else { &[] };
    let settings = &candidate.settings;
    let apis: Vec<_> = candidate.definition.iter().flat_map(|definition| &definition.apis).collect();
    let view = GroupShowView {
        schema: SCHEMA,
        group: group.clone(),
        description: settings.description.clone(),
        version: settings.version.clone(),
        prefix: settings.prefix.clone(),
        auth: settings.auth.clone(),
        backend: settings.backend.clone(),
        domains: settings.domains.iter().map(ToString::to_string).collect(),
        apis: apis.iter().map(|api| ApiView::new(api)).collect(),
        problems: unreadable.iter().map(FindingView::new).collect(),
    };
    context.output.lines(&view, || {
        let rows = apis
            .iter()
            .map(|api| vec![api.method.to_string(), api.path.clone(), api.operation_id.clone().unwrap_or_default()]);
        let apis = table::render(&["METHOD", "PATH", "OPERATION ID"], rows, context.output.width);
        format!(
            "{group}: {}\nversion  {}\nprefix   {}\nbackend  {}\n\n{apis}",
            settings.description.as_deref().unwrap_or("(no description)"),
            settings.version,
            settings.prefix,
            settings.backend.as_deref().unwrap_or("(none)"),
        )
    })?;
    Ok(context.output.unreadable(workspace, unreadable))
}

fn set(context: &Context<'_>, arguments: &SetArguments) -> Result<Exit, CommandError> {
    let group = selection::group(context, Some(&arguments.name))?;
    let edits: Result<Vec<ValueEdit>, CommandError> = arguments.values.iter().map(|text| parse_edit(text)).collect();
    if let Some(address) = arguments.values.iter().find_map(|text| text.strip_prefix("backend=")) {
        address::check(address)?;
    }
    let guard = context.workspace()?.lock(&context.lock_request())?;
    let changed = guard.edit(&group, SETTINGS_FILE, &edits?);
    let changed = changed.map_err(|error| faulty_edit(guard.workspace(), &group, error))?;
    let view = GroupSetView::new(group.clone(), format!("groups/{group}/{SETTINGS_FILE}"), changed);
    let text = if changed { "changed; publish it to make it live\n" } else { "nothing to change\n" };
    change::shown_after_commit(context, context.output.data(&view, || text.to_owned()));
    Ok(Exit::Done)
}

/// Explains an edit that the settings cannot have. What is wrong lies in no file, unless it lay there before.
fn faulty_edit(workspace: &Workspace, group: &GroupName, error: workspace::Error) -> CommandError {
    match error {
        workspace::Error::Invalid(findings) if workspace.group_settings(group).is_ok() => {
            let messages: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
            CommandError::invalid("invalid-setting", format!("nothing was changed: {}", messages.join("; ")))
                .hint("`apigw schema group` shows the valid keys and values, `apigw help settings` explains them")
        }
        error => error.into(),
    }
}

fn parse_edit(text: &str) -> Result<ValueEdit, CommandError> {
    let Some((key, value)) = text.split_once('=') else {
        return Err(CommandError::usage(format!("{text:?} is not key=value")).hint("for example `prefix=/pets`"));
    };
    let path = key.split('.').map(str::to_owned).collect::<Vec<_>>();
    if value.is_empty() {
        return Ok(ValueEdit::remove(path));
    }
    // A version looks like a number and is text, and a description may look like anything.
    let parsed = match key {
        "version" | "description" => None,
        _ => serde_json::from_str::<Value>(value).ok().or_else(|| flow_value(value)),
    };
    Ok(ValueEdit::set(path, parsed.unwrap_or_else(|| Value::from(value))))
}

/// Reads a list or a map as people write it in YAML, without the quotes of JSON.
fn flow_value(text: &str) -> Option<Value> {
    let is_flow = text.starts_with('[') && text.ends_with(']') || text.starts_with('{') && text.ends_with('}');
    is_flow.then(|| serde_saphyr::from_str(text).ok()).flatten()
}
