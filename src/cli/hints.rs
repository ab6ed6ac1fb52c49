//! The command lines of findings' hints.

use std::borrow::Cow;

use crate::model::Hint;

/// Writes a hint of a finding for people and programs.
pub(super) fn text(hint: &Hint) -> Cow<'_, str> {
    let written = match hint {
        Hint::Text(text) => return Cow::Borrowed(text),
        Hint::ImportDefinition => "import one with `apigw group import`".to_owned(),
        Hint::ConvertDefinition => "import the document with `apigw group import`, which converts it".to_owned(),
        Hint::AddApi { group } => format!("add one: `apigw api add {group} GET /path`"),
        Hint::ListApis { group } => format!("`apigw api list {group}` lists them"),
        Hint::ListRules => "`apigw check --explain list` lists the rules".to_owned(),
        Hint::ListChangeKinds => "`apigw diff --explain list` lists the kinds of change".to_owned(),
        Hint::CreateGroup { group } => format!("create it: `apigw group create {group}`; or remove the line"),
        Hint::SetPrefix { group } => format!("give {group} another prefix: `apigw group set {group} prefix=/…`"),
        Hint::PublishForDomains { group, environment } => {
            format!("publish it: `apigw publish {group} --env {environment}`; or remove `domains`")
        }
        Hint::CorrectFile { schema } => format!("correct it; `apigw schema {schema}` shows the valid keys and values"),
        Hint::InspectEdit => "`apigw verify` and `git diff` show the change".to_owned(),
        Hint::RecordEdit => "`apigw verify` shows the change, and `apigw verify --repair` records it".to_owned(),
        Hint::RecordOrRestoreEdit { file } => {
            format!("`apigw verify --repair` records it as an operation; `git checkout -- {file}` takes it back")
        }
        Hint::RevertEdit => {
            "take the edit back, then resolve; make the change with `apigw publish` or `apigw switch` afterwards"
                .to_owned()
        }
        Hint::RestoreLayout => "`apigw verify --repair` restores its layout".to_owned(),
        Hint::RemoveLeftovers => "the next change removes them; so does `apigw verify --repair`".to_owned(),
        Hint::RemoveAbandoned => {
            "the next change of the environment removes it; so does `apigw verify --repair`".to_owned()
        }
        Hint::RebuildEnvironment => "`apigw verify --repair` builds it from its history".to_owned(),
        Hint::ResolveEnvironment { environment } => {
            format!("`apigw resolve --env {environment}` builds it from its history")
        }
        Hint::ResolveConflict { environment } => format!(
            "`apigw resolve --env {environment}` joins both sides; do not take one side whole, it would lose the \
             other's releases"
        ),
        Hint::RenumberVersions => {
            "`apigw resolve --env ENV` gives the version of each side a number of its own".to_owned()
        }
        Hint::ResolveOperation { environment, operation } => format!(
            "`apigw resolve --env {environment}` joins it with what is live; where it counts for nothing, \
             `apigw resolve --env {environment} --drop {operation} -m WHY` says so"
        ),
        Hint::LeaveBlockedVersion { group, environment, version } => format!(
            "go back with `apigw rollback {group} --env {environment}`, or `apigw version unblock {group} {version}`"
        ),
        Hint::RestoreDeletedVersion { group, environment, folder, removed_file } => format!(
            "restore it: `git checkout \"$(git log -1 --format=%H --diff-filter=D -- {removed_file})^\" -- {folder}`; \
             or go back: `apigw rollback {group} --env {environment}`"
        ),
    };
    Cow::Owned(written)
}
