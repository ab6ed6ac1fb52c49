//! The commands to type, for the ways out that plans advise.

use std::collections::BTreeMap;

use crate::compare::stands_for_others;
use crate::model::{DeploymentState, EnvironmentName, GroupChange, GroupName, ReleaseAction, Version};
use crate::plan::{BreakingChange, ComparedVersions, NextVersion, Plan, PolicyRefusal, UnprovenRelease};
use crate::workspace::NeededState;

/// Writes each reason of a refusal in a line.
pub(super) fn reasons(environment: &EnvironmentName, refusals: &[PolicyRefusal]) -> Vec<String> {
    let mut lines = Vec::new();
    for refusal in refusals {
        match refusal {
            PolicyRefusal::Mock { groups } => {
                lines.extend(groups.iter().map(|group| format!("{group} would get a mock")));
            }
            PolicyRefusal::Breaking { changes, unknown, .. } => {
                lines.extend(unknown.iter().map(crate::plan::IncomparableGroup::text));
                lines.extend(changes.iter().map(crate::plan::BreakingChange::text));
            }
            PolicyRefusal::Blocked { releases } => {
                lines.extend(releases.iter().map(crate::plan::BlockedRelease::text));
            }
            PolicyRefusal::Source { source, releases } => {
                lines.extend(releases.iter().map(|release| release.text(source, environment)));
            }
        }
    }
    lines
}

/// Collects the changes that break callers.
pub(super) fn breaking(refusals: &[PolicyRefusal]) -> Vec<BreakingChange> {
    let changes = refusals.iter().filter_map(|refusal| match refusal {
        PolicyRefusal::Breaking { changes, .. } => Some(changes),
        _ => None,
    });
    changes.flatten().cloned().collect()
}

/// The versions that a refused plan would have frozen, by group: true for one that it would have bumped to.
pub(super) type NewVersions = BTreeMap<GroupName, bool>;

/// Lists the versions that a plan freezes.
pub(super) fn new_versions(plan: &Plan) -> NewVersions {
    let is_bumped = |group: &GroupName| plan.edits.contains_key(group);
    plan.freezes.keys().map(|group| (group.clone(), is_bumped(group))).collect()
}

/// True if a plan records edits by hand, as a repair does.
pub(super) fn records_edits(plan: &Plan) -> bool {
    plan.operation.changes.values().any(|change| change.action == ReleaseAction::Accept)
}

/// Returns the hints for a refusal; `command` is the command line as typed.
pub(super) fn refusal_hints(
    environment: &EnvironmentName,
    refusals: &[PolicyRefusal],
    (command, has_message): (&str, bool),
    (new_versions, records_edits): (&NewVersions, bool),
) -> Vec<String> {
    let mut hints = Vec::new();
    for refusal in refusals {
        let policy = match refusal {
            PolicyRefusal::Mock { groups } => {
                hints.push(match groups.as_slice() {
                    // A publish refuses the edit as well.
                    _ if records_edits => "see the edit, and how to revert it: `apigw verify`".to_owned(),
                    [group] => format!("publish it with a real backend: `apigw publish {group} --env {environment}`"),
                    _ => "publish them with a real backend".to_owned(),
                });
                "mock"
            }
            PolicyRefusal::Breaking { changes, unknown, on_way_back } => {
                if !unknown.is_empty() {
                    hints.push("list missing and damaged files: `apigw verify`".to_owned());
                }
                hints.extend(diffs(changes));
                hints.push(override_hint(command, has_message));
                hints.extend(level_hint(changes));
                if *on_way_back { "breaking_rollback" } else { "breaking" }
            }
            PolicyRefusal::Blocked { releases } => {
                hints.extend(releases.iter().take(MOST_COMMANDS).map(|release| {
                    let (group, version) = (&release.group, &release.version);
                    format!("to allow it again: `apigw version unblock {group} {version} -m WHY`")
                }));
                continue;
            }
            PolicyRefusal::Source { source, releases } => {
                // A mock that is denied here is of no use there.
                let is_denied = |release: &&UnprovenRelease| {
                    release.is_mock && refusals.iter().any(|refusal| matches!(refusal, PolicyRefusal::Mock { .. }))
                };
                let needed = releases.iter().filter(|release| !is_denied(release));
                hints.extend(needed.take(MOST_COMMANDS).map(|release| {
                    let mock = if release.is_mock { " --mock" } else { "" };
                    let (group, version) = (&release.group, &release.version);
                    // A number that is not frozen yet is none to name.
                    let which = match new_versions.get(group) {
                        None => format!(" --version {version}"),
                        Some(true) => " --bump patch".to_owned(),
                        Some(false) => String::new(),
                    };
                    format!("publish it there first: `apigw publish {group} --env {source}{which}{mock}`")
                }));
                "promote_from"
            }
        };
        hints.push(format!("the policy is `{policy}` under `[environments.{environment}]` in apigw.toml"));
    }
    hints
}

/// Returns the hints for ways back that lead to blocked versions: other groups go back without theirs, and one alone
/// may go offline.
pub(super) fn offline_hints(plan: &Plan, refusals: &[PolicyRefusal]) -> Vec<String> {
    let is_live_way_back = |group: &GroupName| {
        plan.operation.changes.get(group).is_some_and(|change| {
            let is_live = change.before.as_ref().is_some_and(|before| before.release.state == DeploymentState::Live);
            is_live && change.action == ReleaseAction::Rollback
        })
    };
    let blocked = refusals.iter().filter_map(|refusal| match refusal {
        PolicyRefusal::Blocked { releases } => Some(releases),
        _ => None,
    });
    let groups: Vec<_> = blocked.flatten().map(|release| &release.group).collect();
    if !groups.is_empty()
        && let Some(hint) = skip_hint(plan)
    {
        return vec![hint];
    }
    let environment = &plan.operation.environment;
    let hint = |group: &GroupName| format!("or take it offline: `apigw offline {group} --env {environment}`");
    groups.into_iter().filter(|group| is_live_way_back(group)).take(MOST_COMMANDS).map(hint).collect()
}

/// Returns the hint for a rollback of several groups, of which one has no version to go back to.
pub(super) fn skip_hint(plan: &Plan) -> Option<String> {
    let is_rollback = |change: &GroupChange| change.action == ReleaseAction::Rollback;
    let changes = &plan.operation.changes;
    (changes.len() > 1 && changes.values().all(is_rollback))
        .then(|| "or leave such groups as they are, and take the others back: add `--skip-unavailable`".to_owned())
}

/// Names the rollback that is lost with a version, in one line.
pub(super) fn lost_state(group: &GroupName, version: &Version, state: &NeededState) -> String {
    let NeededState { environment, operation, .. } = state;
    format!("{group} {version} was live in {environment} by {operation}: `rollback --to {operation}` needs it")
}

/// The most commands of one kind that are written out.
const MOST_COMMANDS: usize = 5;

/// Writes the commands that show all that differs, one for each two versions.
fn diffs(changes: &[BreakingChange]) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    for change in changes {
        let group = &change.group;
        let Some(ComparedVersions { before, next }) = &change.versions else { continue };
        let next = match next {
            NextVersion::Frozen(version) => format!("{group}@{version}"),
            NextVersion::WorkingCopy => group.to_string(),
        };
        let command = format!("see all that differs: `apigw diff {group}@{before} {next}`");
        if commands.last() != Some(&command) {
            commands.push(command);
        }
    }
    commands.truncate(MOST_COMMANDS);
    commands
}

/// Names the setting that lets kinds of change pass which break nobody here.
fn level_hint(changes: &[crate::plan::BreakingChange]) -> Option<String> {
    let kind = changes.iter().filter_map(|change| change.kind).find(|kind| !stands_for_others(kind))?;
    Some(format!("or, if such a change breaks nobody here: `{kind} = \"compatible\"` under `[changes]` in apigw.toml"))
}

/// Returns the command line with the flags that override the policy. A blanked secret cannot be typed again.
fn override_hint(command: &str, has_message: bool) -> String {
    let message = if has_message { "" } else { " -m WHY" };
    // A dry run says the same as the real one.
    let command = command.replace(" --dry-run", "").replace(" --detailed-exitcode", "");
    if command.contains("***") {
        return format!("to override the policy, add `--allow-breaking{message}` to the command");
    }
    format!("to override the policy: `{command} --allow-breaking{message}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_is_not_frozen_is_not_named() {
        let group: GroupName = "g".parse().unwrap();
        let release = UnprovenRelease {
            group: group.clone(),
            version: "0.0.2".parse().unwrap(),
            is_mock: false,
            had_other_backend: false,
        };
        let refusal = PolicyRefusal::Source { source: "test".parse().unwrap(), releases: vec![release] };
        for (is_bumped, expected) in [(true, "--bump patch`"), (false, "--env test`")] {
            let new = NewVersions::from([(group.clone(), is_bumped)]);
            let hints = refusal_hints(
                &"online".parse().unwrap(),
                std::slice::from_ref(&refusal),
                ("apigw", false),
                (&new, false),
            );
            assert!(hints[0].ends_with(expected), "{hints:?}");
        }
    }

    #[test]
    fn a_refusal_names_the_command_that_overrides_it() {
        let versions = |next| ComparedVersions { before: "0.0.1".parse().unwrap(), next };
        let change = |next: Option<NextVersion>| BreakingChange {
            group: "g".parse().unwrap(),
            place: "GET /a".to_owned(),
            kind: Some("api-removed"),
            message: "the API was removed".to_owned(),
            versions: next.map(versions),
        };
        let online = "online".parse().unwrap();
        let breaking = |next, on_way_back| PolicyRefusal::Breaking {
            changes: vec![change(next)],
            unknown: Vec::new(),
            on_way_back,
        };
        let frozen = Some(NextVersion::Frozen("0.0.2".parse().unwrap()));
        for (refusal, command, has_message, expected) in [
            (
                breaking(frozen, false),
                "apigw switch g --dry-run --env online --version 0.0.2",
                false,
                vec![
                    "see all that differs: `apigw diff g@0.0.1 g@0.0.2`",
                    "to override the policy: `apigw switch g --env online --version 0.0.2 --allow-breaking -m WHY`",
                    "or, if such a change breaks nobody here: `api-removed = \"compatible\"` under `[changes]` in apigw.toml",
                    "the policy is `breaking` under `[environments.online]` in apigw.toml",
                ],
            ),
            (
                breaking(Some(NextVersion::WorkingCopy), true),
                "apigw rollback g --env online -m why",
                true,
                vec![
                    "see all that differs: `apigw diff g@0.0.1 g`",
                    "to override the policy: `apigw rollback g --env online -m why --allow-breaking`",
                    "or, if such a change breaks nobody here: `api-removed = \"compatible\"` under `[changes]` in apigw.toml",
                    "the policy is `breaking_rollback` under `[environments.online]` in apigw.toml",
                ],
            ),
            (
                PolicyRefusal::Breaking {
                    changes: vec![BreakingChange { kind: Some("breaking-changes-left-out"), ..change(None) }],
                    unknown: Vec::new(),
                    on_way_back: false,
                },
                "apigw publish",
                false,
                vec![
                    "to override the policy: `apigw publish --allow-breaking -m WHY`",
                    "the policy is `breaking` under `[environments.online]` in apigw.toml",
                ],
            ),
            (
                breaking(None, false),
                "apigw publish --env online --backend https://***@b.example",
                false,
                vec![
                    "to override the policy, add `--allow-breaking -m WHY` to the command",
                    "or, if such a change breaks nobody here: `api-removed = \"compatible\"` under `[changes]` in apigw.toml",
                    "the policy is `breaking` under `[environments.online]` in apigw.toml",
                ],
            ),
            (
                PolicyRefusal::Source {
                    source: "test".parse().unwrap(),
                    releases: vec![UnprovenRelease {
                        group: "g".parse().unwrap(),
                        version: "0.0.2".parse().unwrap(),
                        is_mock: true,
                        had_other_backend: false,
                    }],
                },
                "apigw publish g --env online --mock",
                false,
                vec![
                    "publish it there first: `apigw publish g --env test --version 0.0.2 --mock`",
                    "the policy is `promote_from` under `[environments.online]` in apigw.toml",
                ],
            ),
        ] {
            let new = NewVersions::from([("other".parse().unwrap(), true)]);
            assert_eq!(refusal_hints(&online, &[refusal], (command, has_message), (&new, false)), expected);
        }
    }
}
