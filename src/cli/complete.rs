//! Completion on the shell: names of groups, versions, environments and rules come from the workspace.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::OnceLock;

use clap_complete::CompleteEnv;
use clap_complete::engine::CompletionCandidate;

use super::topics::TOPICS;
use crate::check;
use crate::compare::KINDS;
use crate::definition::{Api, ParameterPlace};
use crate::model::GroupName;
use crate::workspace::Workspace;

/// The parser of arguments, for candidates: the engine calls their functions with nothing but the word that was begun.
static PARSER: OnceLock<fn() -> clap::Command> = OnceLock::new();

/// Answers a shell that asks for completions, and ends the process then; else does nothing.
pub(super) fn answer_shell(parser: fn() -> clap::Command) {
    // It is set before the engine asks for candidates, and once.
    let parser = PARSER.get_or_init(|| parser);
    CompleteEnv::with_factory(parser).complete();
}

fn workspace() -> Option<Workspace> {
    let folder = std::env::current_dir().ok()?;
    let folder =
        directory(PARSER.get()?(), std::env::args_os()).map_or_else(|| folder.clone(), |typed| folder.join(typed));
    Workspace::open(&folder).ok()
}

/// Returns the folder of `-C` on the line that a shell hands over behind `--`, or of its variable.
///
/// The line is not finished, so whatever is wrong with the rest of it is no matter.
fn directory(parser: clap::Command, arguments: impl Iterator<Item = OsString>) -> Option<PathBuf> {
    let line = arguments.skip_while(|word| word != "--").skip(1);
    let matches = parser.ignore_errors(true).try_get_matches_from(line).ok()?;
    matches.get_one::<PathBuf>("directory").cloned()
}

pub(super) fn groups() -> Vec<CompletionCandidate> {
    let groups = workspace().and_then(|workspace| workspace.groups().ok()).unwrap_or_default();
    groups.into_iter().map(|group| CompletionCandidate::new(group.to_string())).collect()
}

pub(super) fn environments() -> Vec<CompletionCandidate> {
    let names = workspace().map(|workspace| workspace.settings().environments()).unwrap_or_default();
    names.into_iter().map(|name| CompletionCandidate::new(name.to_string())).collect()
}

pub(super) fn keys() -> Vec<CompletionCandidate> {
    let keys = workspace().and_then(|workspace| workspace.key_names().ok()).unwrap_or_default();
    keys.iter().map(|key| CompletionCandidate::new(key.as_str())).collect()
}

/// Offers the nodes that are remembered.
pub(super) fn nodes() -> Vec<CompletionCandidate> {
    let Some(workspace) = workspace() else { return Vec::new() };
    let environments = workspace.settings().environments();
    let reports = environments.iter().filter_map(|environment| workspace.fleet_report(environment).ok().flatten());
    let names: BTreeSet<String> = reports.flat_map(|report| report.nodes).map(|node| node.node.to_string()).collect();
    names.into_iter().map(CompletionCandidate::new).collect()
}

/// Offers the versions of the groups that were typed, and those of every group where none was.
pub(super) fn versions() -> Vec<CompletionCandidate> {
    let Some(workspace) = workspace() else {
        return Vec::new();
    };
    let mut groups = workspace.groups().unwrap_or_default();
    // The shell hands over the whole line, which a completer sees as the words of this process.
    let typed: Vec<String> = std::env::args().collect();
    let is_typed = |group: &GroupName| typed.iter().any(|word| word == group.as_str());
    if groups.iter().any(is_typed) {
        groups.retain(is_typed);
    }
    let versions = groups.iter().filter_map(|group| workspace.versions(group).ok()).flatten();
    let versions: BTreeSet<String> = versions.map(|version| version.to_string()).collect();
    versions.into_iter().map(CompletionCandidate::new).collect()
}

/// Completes the words of `call`: a group, an API, then the names of its parameters.
///
/// The earlier words are read from the arguments of the process, which are those of the shell.
pub(super) fn call_words(current: &OsStr) -> Vec<CompletionCandidate> {
    let current = current.to_string_lossy();
    let words: Vec<String> = std::env::args().skip_while(|word| word != "call").skip(1).collect();
    let typed = words.iter().map(String::as_str).filter(|word| *word != current);
    let names = call_names(workspace(), &typed.collect::<Vec<_>>());
    names.into_iter().filter(|name| name.starts_with(&*current)).map(CompletionCandidate::new).collect()
}

fn call_names(workspace: Option<Workspace>, typed: &[&str]) -> Vec<String> {
    let Some(workspace) = workspace else {
        return Vec::new();
    };
    let groups = workspace.groups().unwrap_or_default();
    let named = groups.iter().find(|group| typed.contains(&group.as_str()));
    let only = if let [only] = groups.as_slice() { Some(only) } else { None };
    let group = named.or(workspace.settings().default_group.as_ref()).or(only);
    let definition = group.and_then(|group| workspace.working_copy(group, None).ok()?.definition);
    let api = definition.as_ref().and_then(|definition| {
        let is_typed = |method: &str, path: &str| typed.windows(2).any(|pair| pair == [method, path]);
        let mut apis = definition.apis.iter();
        apis.find(|api| typed.contains(&api.name().as_str()) || is_typed(api.method.as_str(), &api.path))
    });
    if let Some(api) = api {
        let keys = definition.iter().flat_map(|definition| definition.keys(ParameterPlace::Query));
        let parameters = || api.parameters.iter().map(|parameter| parameter.name.as_str());
        let others = keys.filter(|key| !parameters().any(|name| name == *key));
        return parameters().chain(others).map(|name| format!("{name}=")).collect();
    }
    let apis = definition.iter().flat_map(|definition| definition.apis.iter().map(Api::name));
    let groups = groups.iter().filter(|_| named.is_none()).map(ToString::to_string);
    apis.chain(groups).collect()
}

/// Offers the commands and the topics of `help`.
pub(super) fn help_names() -> Vec<CompletionCandidate> {
    let parser = PARSER.get().map(|parser| parser());
    let commands = parser.iter().flat_map(clap::Command::get_subcommands);
    let commands = commands.map(|command| command.get_name().to_owned());
    commands.chain(TOPICS.iter().map(|topic| topic.name.to_owned())).map(CompletionCandidate::new).collect()
}

pub(super) fn rules() -> Vec<CompletionCandidate> {
    check::all_rules().into_iter().map(|rule| CompletionCandidate::new(rule.name)).collect()
}

pub(super) fn changes() -> Vec<CompletionCandidate> {
    let kinds = KINDS.iter().map(|kind| kind.name);
    std::iter::once("list").chain(kinds).map(CompletionCandidate::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_the_one_on_the_line() {
        for (line, expected) in [
            ("apigw -- apigw -C shop publish ", Some("shop")),
            ("apigw -- apigw publish -C shop --env ", Some("shop")),
            ("apigw -- apigw publish --directory=shop --enviro ", Some("shop")),
            ("apigw -- apigw -yCshop call ", Some("shop")),
            ("apigw -- apigw version list -C shop ", Some("shop")),
            ("apigw -- apigw nothing -C ", None),
            ("apigw -- apigw publish ", None),
            ("apigw -C shop", None),
        ] {
            let found = directory(crate::cli::arguments::command(), line.split(' ').map(OsString::from));
            assert_eq!(found, expected.map(PathBuf::from), "{line}");
        }
    }
}
