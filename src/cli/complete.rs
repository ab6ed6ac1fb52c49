//! Completion on the shell: names of groups, versions, environments and rules come from the workspace.

use clap_complete::CompleteEnv;
use clap_complete::engine::CompletionCandidate;

use super::arguments;
use crate::check;
use crate::compare::KINDS;
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

/// Offers the versions of every group: a completer is not told which group was typed.
pub(super) fn versions() -> Vec<CompletionCandidate> {
    let Some(workspace) = workspace() else {
        return Vec::new();
    };
    let groups = workspace.groups().unwrap_or_default();
    let versions = groups.iter().filter_map(|group| workspace.versions(group).ok()).flatten();
    let versions: std::collections::BTreeSet<String> = versions.map(|version| version.to_string()).collect();
    versions.into_iter().map(CompletionCandidate::new).collect()
}

pub(super) fn rules() -> Vec<CompletionCandidate> {
    check::all_rules().into_iter().map(|rule| CompletionCandidate::new(rule.name)).collect()
}

pub(super) fn changes() -> Vec<CompletionCandidate> {
    let kinds = KINDS.iter().map(|kind| kind.name);
    ["list", "oasdiff"].into_iter().chain(kinds).map(CompletionCandidate::new).collect()
}
