//! Hints for requests that the state does not allow.

use crate::model::{EnvironmentName, GroupName, VariableError, Version};
use crate::plan::{StateError, StepFault};

/// Returns the ways out of a state that does not allow a request.
pub(super) fn hints(error: &StateError) -> Vec<String> {
    match error {
        StateError::SameEnvironment { .. } => vec!["name two environments".to_owned()],
        StateError::NeverPublished { group, environment } => {
            vec!["see live versions: `apigw status`".to_owned(), publish(group, environment)]
        }
        StateError::LostEntry { environment, .. } => {
            vec![format!("bring it back: `apigw resolve --env {environment}`")]
        }
        StateError::NothingToSwitch { group, environment, was_live: true } => vec![
            format!("bring back what was live last: `apigw rollback {group} --env {environment}`"),
            publish(group, environment),
        ],
        StateError::NotLive { group, environment }
        | StateError::NothingToSwitch { group, environment, was_live: false } => {
            vec![publish(group, environment)]
        }
        StateError::NotLiveThen { group, environment } | StateError::JoinedHistories { group, environment, .. } => {
            vec![group_history(group, environment)]
        }
        StateError::NeverLive { group, version, environment } => vec![
            group_history(group, environment),
            format!("publish it: `apigw publish {group} --env {environment} --version {version}`"),
        ],
        StateError::NoFrozenVersion { group, environment, .. } => vec![versions(group), publish(group, environment)],
        StateError::NoOtherVersion { group, environment } => {
            vec![format!("name a version: `apigw switch {group} --env {environment} --version V`")]
        }
        StateError::UnknownVersion { group, newest, .. } => unknown_version(group, newest),
        StateError::DeletedVersion { group, deletion, .. } => vec![
            versions(group),
            format!(
                "the number may come back with the same bytes alone, {}, restored from Git for example",
                deletion.digest
            ),
        ],
        StateError::UnreadableVersion { .. } => vec!["name the part to bump: patch, minor or major".to_owned()],
        StateError::MissingVersion { .. } => vec!["list missing and damaged files: `apigw verify`".to_owned()],
        StateError::NoStateNamed { environment } => vec![
            "name the state to which all groups go back: `--to OPERATION` or `--to TIME`".to_owned(),
            history(environment),
        ],
        StateError::NothingLiveThen { environment } | StateError::UnknownOperation { environment, .. } => {
            vec![history(environment)]
        }
        StateError::LostOperation { environment, .. } => vec![
            format!("join it with what is live: `apigw resolve --env {environment}`"),
            "see what else was lost: `apigw verify`".to_owned(),
        ],
        StateError::UncommittedOperation { environment, .. } => vec![
            "remove what it left: `apigw verify --repair`; the next change of the environment does so too".to_owned(),
            history(environment),
        ],
        StateError::NotYetPublished { group, environment }
        | StateError::NothingBefore { group, environment, is_live: true, .. } => vec![
            group_history(group, environment),
            format!("take it offline: `apigw offline {group} --env {environment}`"),
        ],
        StateError::NothingBefore { group, environment, is_live: false, undo, made_live } => {
            let back = made_live.as_ref().map(|operation| {
                format!("bring it back alone: `apigw rollback {group} --env {environment} --to {operation}`")
            });
            let undo = undo
                .as_ref()
                .map(|undo| format!("bring back all that {undo} took back: `apigw undo {undo} --env {environment}`"));
            let ways = back.into_iter().chain(undo).chain([publish(group, environment)]);
            [group_history(group, environment)].into_iter().chain(ways).collect()
        }
        StateError::NoBackend { group } => vec![format!(
            "set one: `apigw group set {group} backend=https://…`; or publish with `--backend URL` or `--mock`"
        )],
        StateError::VersionWithoutBackend { group, version, environment } => vec![
            format!(
                "a version is frozen with its settings; name the address: `apigw publish {group} --env {environment} --version {version} --backend URL`"
            ),
            format!(
                "or make a version with one: `apigw group set {group} backend=https://…`, then publish with `--bump patch`"
            ),
        ],
        StateError::Variable { error: VariableError::Unclosed(_), .. } => {
            vec!["write a variable like ${NAME}".to_owned()]
        }
        StateError::Variable { error: VariableError::Unknown(name), environment, .. } => {
            vec![format!("set it in apigw.toml: `[environments.{environment}.variables]`, then `{name} = \"…\"`")]
        }
        StateError::Address { .. } => vec!["write it like \"https://host:port/path\"".to_owned()],
        StateError::Step { fault, .. } => vec![step_hint(fault)],
    }
}

fn step_hint(fault: &StepFault) -> String {
    let fixed = match fault {
        StepFault::NoEnvironment => "add `environment: …`",
        StepFault::UnknownEnvironment { declared, .. } => {
            let names: Vec<&str> = declared.iter().map(EnvironmentName::as_str).collect();
            return format!("there are {}; declare others in apigw.toml", names.join(", "));
        }
        StepFault::GroupsOrAll => "write `groups: […]` or `all: true`",
        StepFault::NoReason => "add `message: …` to the plan, or give `-m WHY`",
        StepFault::MockAndBackend | StepFault::VersionAndOperation => "leave one out",
        StepFault::NotOneGroup => "write `groups: [NAME]`",
        StepFault::VersionOrPrevious => "add one",
        StepFault::NoSource => "add `from: …`",
        StepFault::RepeatedGroup { .. } => "an environment commits once: leave one of the two steps out",
        StepFault::ScatteredSteps { .. } => "an environment commits once: put its steps together, or make two plans",
    };
    fixed.to_owned()
}

fn unknown_version(group: &GroupName, newest: &[Version]) -> Vec<String> {
    if newest.is_empty() {
        return vec![format!("no version of {group} is frozen yet: leave `--version` out to freeze the working copy")];
    }
    let newest: Vec<String> = newest.iter().map(ToString::to_string).collect();
    vec![format!("the newest are {}", newest.join(", ")), versions(group)]
}

fn publish(group: &GroupName, environment: &EnvironmentName) -> String {
    format!("publish it: `apigw publish {group} --env {environment}`")
}

fn history(environment: &EnvironmentName) -> String {
    format!("see the operations: `apigw history --env {environment}`")
}

fn group_history(group: &GroupName, environment: &EnvironmentName) -> String {
    format!("see its operations: `apigw history {group} --env {environment}`")
}

fn versions(group: &GroupName) -> String {
    format!("see its versions: `apigw version list {group}`")
}
