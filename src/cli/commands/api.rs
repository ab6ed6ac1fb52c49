//! `apigw api`.

use std::collections::HashSet;
use std::fmt::Write as _;

use clap::{Args, Subcommand};
use clap_complete::engine::ArgValueCandidates;
use serde_json::{Value, json};

use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::selection::unknown_api;
use crate::cli::views::{ApiChangeView, ApiListView, ApiShowView, MockResponseView};
use crate::cli::{change, complete, selection, table};
use crate::definition::{Api, Definition, Node, parameter_names, path_fault, template_shape};
use crate::model::{GroupName, Method, SCHEMA};
use crate::plan::PublishCandidate;
use crate::workspace::edit::ValueEdit;

/// Add, list, show and remove APIs of a group's working copy
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ApiCommand {
    Add(AddArguments),
    List(ApiListArguments),
    Show(ApiShowArguments),
    Remove(RemoveArguments),
}

/// Add an API with an empty response, to complete in the definition
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  apigw api add petstore GET /owners\n  apigw api add GET '/owners/{ownerId}' --operation-id getOwner"
)]
pub(in crate::cli) struct AddArguments {
    /// The group, unless it is the only one; then the method and the path
    #[arg(value_names = ["GROUP", "METHOD", "PATH"], num_args = 2..=3, required = true)]
    words: Vec<String>,
    /// Its operation id
    #[arg(long, value_name = "ID")]
    operation_id: Option<String>,
    /// Summary of the API
    #[arg(long, value_name = "TEXT")]
    summary: Option<String>,
}

/// List the APIs
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw api list\n  apigw api list petstore -o json")]
pub(in crate::cli) struct ApiListArguments {
    /// The group [default: the only one]
    #[arg(value_name = "GROUP", add = ArgValueCandidates::new(complete::groups))]
    group: Option<String>,
}

/// Show an API and its constant result
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw api show petstore getPet\n  apigw api show petstore GET '/pets/{petId}'")]
pub(in crate::cli) struct ApiShowArguments {
    /// The group, unless it is the only one; then the operation id, or the method and the path
    #[arg(value_names = ["GROUP", "API"], num_args = 1..=3, required = true)]
    words: Vec<String>,
}

/// Remove an API
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw api remove petstore GET /owners\n  apigw api remove DELETE '/pets/{petId}'")]
pub(in crate::cli) struct RemoveArguments {
    /// The group, unless it is the only one; then the method and the path
    #[arg(value_names = ["GROUP", "METHOD", "PATH"], num_args = 2..=3, required = true)]
    words: Vec<String>,
}

pub(in crate::cli) fn run(context: &Context<'_>, command: &ApiCommand) -> Result<Exit, CommandError> {
    match command {
        ApiCommand::Add(arguments) => add(context, arguments),
        ApiCommand::List(arguments) => list(context, arguments),
        ApiCommand::Show(arguments) => show(context, arguments),
        ApiCommand::Remove(arguments) => remove(context, arguments),
    }
}

/// Reads `[GROUP] METHOD PATH`.
fn method_and_path(context: &Context<'_>, words: &[String]) -> Result<(GroupName, Method, String), CommandError> {
    let (group, method, path) = match words {
        [group, method, path] => (Some(group.as_str()), method, path),
        [method, path] => (None, method, path),
        _ => return Err(CommandError::usage("give a method and a path")),
    };
    let method = method
        .parse::<Method>()
        .map_err(|error| CommandError::invalid("method", error.to_string()).hint("for example `GET /pets`"))?;
    if !path.starts_with('/') {
        return Err(CommandError::invalid("path", format!("{path:?} is not a path: it must begin with a slash")));
    }
    Ok((selection::group(context, group)?, method, path.clone()))
}

fn candidate(context: &Context<'_>, group: &GroupName) -> Result<PublishCandidate, CommandError> {
    Ok(context.workspace()?.working_copy(group, None)?)
}

fn definition(candidate: &PublishCandidate) -> Result<&Definition, CommandError> {
    candidate
        .definition
        .as_deref()
        .ok_or_else(|| CommandError::from(crate::workspace::Error::Invalid(candidate.findings.clone())))
}

fn add(context: &Context<'_>, arguments: &AddArguments) -> Result<Exit, CommandError> {
    let (group, method, path) = method_and_path(context, &arguments.words)?;
    let guard = context.workspace()?.lock(&context.lock_request())?;
    let candidate = candidate(context, &group)?;
    if let Some(fault) = path_fault(&path) {
        return Err(CommandError::new("path", Exit::Invalid, format!("the path {path:?} {fault}"))
            .hint("write it like \"/pets/{petId}\""));
    }
    let shape = template_shape(&path);
    let is_same = |api: &Api| api.method == method && api.variant.is_empty() && template_shape(&api.path) == shape;
    if definition(&candidate)?.apis.iter().any(is_same) {
        return Err(CommandError::new("exists", Exit::Conflict, format!("{group} already has {method} {path}"))
            .hint(format!("edit it in groups/{group}/{}", candidate.settings.definition.as_str())));
    }
    let mut operation = serde_json::Map::new();
    if let Some(id) = &arguments.operation_id {
        operation.insert("operationId".to_owned(), Value::from(id.as_str()));
    }
    if let Some(summary) = &arguments.summary {
        operation.insert("summary".to_owned(), Value::from(summary.as_str()));
    }
    let shared = shared_path_parameters(definition(&candidate)?, &path);
    let mut seen = HashSet::new();
    let mut parameters = parameter_names(&path);
    parameters.retain(|name| seen.insert(*name) && !shared.iter().any(|known| known == name));
    if !parameters.is_empty() {
        let parameter =
            |name: &&str| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}});
        operation.insert("parameters".to_owned(), parameters.iter().map(parameter).collect());
    }
    operation.insert("responses".to_owned(), json!({"200": {"description": "OK"}}));
    let edit = ValueEdit::set(["paths", path.as_str(), method.field()], Value::Object(operation));
    let file = candidate.settings.definition.as_str();
    guard.edit(&group, file, &[edit])?;
    let file = format!("groups/{group}/{file}");
    let text = format!("added {method} {path} to {file}\n");
    report(context, &ApiChangeView { schema: SCHEMA, group, method, path, file, added: true }, text);
    Ok(Exit::Done)
}

/// Lists the path parameters that a path item declares for all its operations.
fn shared_path_parameters(definition: &Definition, path: &str) -> Vec<String> {
    let root = definition.document().root();
    let written = root.and_then(|root| root.get("paths")?.get(path));
    let layers = [written.and_then(Node::resolve), written];
    let declared = layers.into_iter().flatten().find_map(|layer| layer.get("parameters"));
    let parameters = declared.into_iter().flat_map(Node::items);
    let in_path = parameters.filter_map(Node::resolve).filter(|node| text(*node, "in") == Some("path"));
    in_path.filter_map(|node| text(node, "name").map(str::to_owned)).collect()
}

fn text<'d>(node: Node<'d>, field: &str) -> Option<&'d str> {
    node.get(field).and_then(Node::as_str)
}

fn remove(context: &Context<'_>, arguments: &RemoveArguments) -> Result<Exit, CommandError> {
    let (group, method, path) = method_and_path(context, &arguments.words)?;
    let guard = context.workspace()?.lock(&context.lock_request())?;
    let candidate = candidate(context, &group)?;
    let definition = definition(&candidate)?;
    if !definition.apis.iter().any(|api| api.method == method && api.path == path) {
        return Err(unknown_api(&group, &format!("{method} {path}"), definition));
    }
    // A path without methods is of no use to anybody.
    let others = definition.apis.iter().any(|api| api.method != method && api.path == path);
    let edit =
        if others { ValueEdit::remove(["paths", &path, method.field()]) } else { ValueEdit::remove(["paths", &path]) };
    let file = candidate.settings.definition.as_str();
    guard.edit(&group, file, &[edit])?;
    let file = format!("groups/{group}/{file}");
    let text = format!("removed {method} {path} from {file}\n");
    report(context, &ApiChangeView { schema: SCHEMA, group, method, path, file, added: false }, text);
    Ok(Exit::Done)
}

fn report(context: &Context<'_>, view: &ApiChangeView, text: String) {
    change::shown_after_commit(context, context.output.data(view, || text));
}

fn list(context: &Context<'_>, arguments: &ApiListArguments) -> Result<Exit, CommandError> {
    context.readable_workspace()?;
    let group = selection::group(context, arguments.group.as_deref())?;
    let candidate = candidate(context, &group)?;
    let apis = &definition(&candidate)?.apis;
    context.output.data(&ApiListView::new(group, apis), || {
        let row = |api: &Api| {
            vec![
                api.method.to_string(),
                format!("{}{}", api.path, api.variant),
                api.operation_id.clone().unwrap_or_default(),
                api.summary.clone().unwrap_or_default(),
            ]
        };
        table::render(&["METHOD", "PATH", "OPERATION ID", "SUMMARY"], apis.iter().map(row), context.output.width)
    })?;
    Ok(Exit::Done)
}

fn show(context: &Context<'_>, arguments: &ApiShowArguments) -> Result<Exit, CommandError> {
    context.readable_workspace()?;
    let (group, name) = selection::group_and_api(&arguments.words)?;
    let group = selection::group(context, group)?;
    let candidate = candidate(context, &group)?;
    let definition = definition(&candidate)?;
    let api = definition.api(&name).ok_or_else(|| unknown_api(&group, &name, definition))?;
    let results = definition.constant_result(api);
    let result = results.constant();
    let response = result.map(|result| {
        MockResponseView::new(result.status, result.headers.clone(), result.media_type.clone(), &result.body)
    });
    context.output.data(&ApiShowView::new(group, api, response), || {
        let mut text = format!("{} {}{}\n", api.method, api.path, api.variant);
        if let Some(summary) = &api.summary {
            let _ = writeln!(text, "{summary}");
        }
        match result {
            None if results.is_cut => {
                text.push_str(
                    "\nno constant result: those of the definition are too large together; see `apigw check`\n",
                );
            }
            None => {
                text.push_str("\nno constant result: give a response an example, or the operation an `x-apigw-mock`\n");
            }
            Some(result) => {
                let media_type = result.media_type.as_deref().unwrap_or("no content");
                let _ = writeln!(text, "\nconstant result: {} {media_type}", result.status);
                text.push_str(String::from_utf8_lossy(&result.body).trim_end());
                text.push('\n');
            }
        }
        text
    })?;
    Ok(Exit::Done)
}
