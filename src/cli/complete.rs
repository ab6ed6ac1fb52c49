//! Completion on the shell: names of groups, versions, environments and rules come from the workspace.

use clap_complete::CompleteEnv;
use clap_complete::engine::CompletionCandidate;

use super::arguments;
use crate::check;
use crate::model::GroupName;
use crate::workspace::Workspace;

/// Answers a shell that asks for completions, and ends the process then; else does nothing.
pub fn complete() {
    CompleteEnv::with_factory(arguments::command).complete();
}

fn workspace() -> Option<Workspace> {
    Workspace::open(&std::env::current_dir().ok()?).ok()
}

pub(super) fn groups() -> Vec<CompletionCandidate> {
    let groups = workspace().and_then(|workspace| workspace.groups().ok()).unwrap_or_default();
    groups.into_iter().map(|group| CompletionCandidate::new(group.to_string())).collect()
}

pub(super) fn environments() -> Vec<CompletionCandidate> {
    let names = workspace().map(|workspace| workspace.settings().environments()).unwrap_or_default();
    names.into_iter().map(|name| CompletionCandidate::new(name.to_string())).collect()
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
    let versions: std::collections::BTreeSet<String> = versions.map(|version| version.to_string()).collect();
    versions.into_iter().map(CompletionCandidate::new).collect()
}

pub(super) fn rules() -> Vec<CompletionCandidate> {
    check::all_rules().into_iter().map(|rule| CompletionCandidate::new(rule.name)).collect()
}
