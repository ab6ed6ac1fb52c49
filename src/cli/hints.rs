//! The command lines of findings' hints.

use std::borrow::Cow;
use std::path::Path;

use super::shell::shell_word;
use crate::model::{EnvironmentName, Finding, GitGap, GroupName, Hint, OperationId, RestoreSource};
use crate::workspace::{HEAD, Workspace};

/// Returns the beginning of a Git command that works on a workspace from another folder; `None` where plain `git` does.
pub(super) fn git_in(folder: &Path, workspace: &Workspace) -> Option<String> {
    let path = shell_word(&workspace.folder().to_string_lossy());
    (!workspace.is_at(folder)).then(|| format!("git -C {path} "))
}

/// Makes the Git commands of findings' hints work from another folder.
pub(super) fn relocate<'f>(findings: impl IntoIterator<Item = &'f mut Finding>, git: &str) {
    for finding in findings {
        finding.hint = Hint::Text(relocated(&text(&finding.hint), git));
    }
}

/// Makes the Git commands in a text work from another folder.
pub(super) fn relocated(text: &str, git: &str) -> String {
    text.replace("`git ", &format!("`{git}")).replace("$(git ", &format!("$({git}"))
}

/// Commands that work anywhere, as they need no workspace.
const WITHOUT_WORKSPACE: [&str; 3] = ["help", "schema", "-"];

/// Makes the commands of this program in a text work where the workspace was named with `-C`.
pub(super) fn in_directory<'t>(text: &'t str, directory: &str) -> Cow<'t, str> {
    let mut result = String::new();
    for part in text.split_inclusive("apigw ") {
        let is_command = ["`apigw ", "next: apigw "].iter().any(|before| result.ends_with(before));
        if is_command && !WITHOUT_WORKSPACE.iter().any(|word| part.starts_with(word)) {
            result.push_str("-C ");
            result.push_str(directory);
            result.push(' ');
        }
        result.push_str(part);
    }
    if result.len() == text.len() { Cow::Borrowed(text) } else { Cow::Owned(result) }
}

/// The commands that ask before they change a protected environment.
const CONFIRMED_COMMANDS: [&str; 8] =
    ["publish", "switch", "offline", "promote", "rollback", "undo", "resolve", "access"];

/// Adds `--yes` to the commands in a text that change an environment for which it was typed.
pub(super) fn confirmed(text: &str, environment: &EnvironmentName) -> String {
    let changes_it = |command: &str| {
        let words: Vec<&str> = command.split(' ').collect();
        let names = |pair: &[&str]| ["--env", "--to"].contains(&pair[0]) && pair[1] == environment.as_str();
        words[0] == "apigw"
            && words.iter().any(|word| CONFIRMED_COMMANDS.contains(word))
            && words.windows(2).any(names)
            && !words.iter().any(|word| ["--yes", "-y"].contains(word))
    };
    let part = |part: &str| if changes_it(part) { format!("{part} --yes") } else { part.to_owned() };
    text.split('`').map(part).collect::<Vec<_>>().join("`")
}

/// Writes a hint of a finding for people and programs.
pub(super) fn text(hint: &Hint) -> Cow<'_, str> {
    let written = match hint {
        Hint::Text(text) => return Cow::Borrowed(text),
        Hint::ImportDefinition => "import one: `apigw group import GROUP FILE`".to_owned(),
        Hint::ConvertDefinition => {
            "import the document with `apigw group import GROUP FILE`, which converts it".to_owned()
        }
        Hint::AddApi { group } => format!("add one: `apigw api add {group} GET /path`"),
        Hint::ListApis { group } => format!("`apigw api list {group}` lists them"),
        Hint::ListRules => "`apigw check --explain list` lists the rules".to_owned(),
        Hint::ListChangeKinds => "`apigw diff --explain list` lists the kinds of change".to_owned(),
        Hint::CreateGroup { group } => format!("create it: `apigw group create {group}`; or remove the line"),
        Hint::SetPrefix { group } => format!("give {group} another prefix: `apigw group set {group} prefix=/…`"),
        Hint::PublishForDomains { group, has_backend } => {
            let environment = EnvironmentName::WITH_CUSTOM_DOMAINS;
            let backend = if *has_backend { "" } else { " --backend URL" };
            format!("publish it: `apigw publish {group} --env {environment}{backend}`; or remove `domains`")
        }
        Hint::CorrectFile { schema } => format!("correct it; `apigw schema {schema}` shows the valid keys and values"),
        Hint::InspectEdit => {
            "`apigw verify` shows the edit, and how to revert it; `apigw verify --repair` records it".to_owned()
        }
        Hint::InspectLayout => "`apigw verify` says how to restore it".to_owned(),
        Hint::RecordEdit => "`apigw verify` shows the change, and `apigw verify --repair` records it".to_owned(),
        Hint::RecordOrRestoreEdit { file } => {
            format!("`apigw verify --repair` records it as an operation; `git checkout -- {file}` reverts it")
        }
        Hint::RecordOrRebuildEdit { file } => format!(
            "`apigw verify --repair` records it as an operation; to revert it, remove {file}, and \
             `apigw verify --repair` builds it from its history"
        ),
        Hint::RestoreFile { file } => format!("restore it, for example with `git checkout -- {file}`"),
        Hint::RestoreMissing { file } => {
            format!("restore it from a commit that has it: `git log --all -- {file}` lists those that changed it")
        }
        Hint::RestoreFromRevision { file, revision } => format!("restore it: `git checkout {revision} -- {file}`"),
        Hint::RestoreFrozen { file, revision } => {
            format!("`apigw verify --repair` restores it from Git; so does `git checkout {revision} -- {file}`")
        }
        Hint::RestoreGroup { folder, commit, .. } => {
            format!("restore its working copy: `git checkout {commit} -- {folder} ':!{folder}/versions'`")
        }
        Hint::RewriteSubject { subject } => {
            format!("`apigw resolve --access {subject}` writes it again from its operations")
        }
        Hint::RevokeAgain { key, secret } => {
            format!("restore it where a commit has it, else revoke the secret again: `apigw key revoke {key} {secret}`")
        }
        Hint::RestoreBackup => "restore it from a backup: Git does not have it".to_owned(),
        Hint::RestoreUntold { gap } => untold(*gap).to_owned(),
        Hint::RebuildRemovedEnvironment { file } => format!(
            "remove {file}, then `apigw verify --repair` builds it from its history; a copy from before lacks operations"
        ),
        Hint::RevertEdit { environment, file } => format!(
            "to revert the edit, committed or not, remove {file}: `apigw resolve --env {environment}` builds it from its \
             history; make the change with `apigw publish` or `apigw switch` afterwards"
        ),
        Hint::RestoreLayout => "`apigw verify --repair` restores its layout".to_owned(),
        Hint::RemoveLeftovers => "the next change removes them; so does `apigw verify --repair`".to_owned(),
        Hint::RemoveAbandoned => "the next change there removes it; so does `apigw verify --repair`".to_owned(),
        Hint::RebuildEnvironment => "`apigw verify --repair` builds it from its history".to_owned(),
        Hint::ResolveEnvironment { environment } => {
            format!("`apigw resolve --env {environment}` builds it from its history")
        }
        Hint::ResolveConflict { environment } => format!(
            "`apigw resolve --env {environment}` joins both sides; do not take one side whole, it would lose the \
             other's releases"
        ),
        Hint::EditConflict { file } => format!(
            "edit it: keep what is right of both sides, without the lines of `<<<<<<<`, `=======` and `>>>>>>>`; then \
             `git add {}`",
            shell_word(file)
        ),
        Hint::RenumberVersions { environment } => format!(
            "`apigw resolve --env {}` gives the version of each side a number of its own, in all environments",
            environment.as_ref().map_or("ENV", EnvironmentName::as_str)
        ),
        Hint::ResolveOperation { environment, operation } => format!(
            "`apigw resolve --env {environment}` joins it with what is live, and puts its release in force where nothing \
             else changed the group since; to discard it instead: \
             `apigw resolve --env {environment} --drop {operation} -m WHY`"
        ),
        Hint::ResolveAccess { subject, operation } => format!(
            "`apigw resolve --access {subject}` joins it with the file; to discard it instead: \
             `apigw resolve --access --drop {operation} -m WHY`"
        ),
        Hint::ResolveAccessConflict { subject } => format!(
            "`apigw resolve --access {subject}` joins both sides; do not take one side whole, it would lose the other's \
             changes"
        ),
        Hint::MergeAgain { environment, operation, restore } => merge_again(environment, operation, restore),
        Hint::PruneVersions => "`apigw prune` removes it".to_owned(),
        Hint::RestoreNote { file, is_tracked } => note_hint(file, *is_tracked),
        Hint::LeaveBlockedVersion { group, environment, version, has_way_back } => {
            format!("{}, or `apigw version unblock {group} {version} -m WHY`", leave(group, environment, *has_way_back))
        }
        Hint::RestoreDeletedVersion { group, environment, folder, removed_file, source, has_way_back } => {
            restore_version(folder, removed_file, *source) + &leave(group, environment, *has_way_back)
        }
    };
    Cow::Owned(written)
}

/// Begins the hint for a deleted version that Git may have.
fn restore_version(folder: &str, removed_file: &str, source: RestoreSource) -> String {
    match source {
        RestoreSource::Index => format!("restore it: `git checkout -- {folder}`; or "),
        RestoreSource::Commit => format!(
            "restore it: `git checkout \"$(git log -1 --format=%H --diff-filter=D -- {removed_file})^\" -- {folder}`; or "
        ),
        RestoreSource::Nowhere => String::new(),
    }
}

/// Returns the hint for an operation that builds upon one without a file: a merge was aborted, or a commit was reverted
/// or picked without those before it.
fn merge_again(environment: &EnvironmentName, operation: &OperationId, restore: &Hint) -> String {
    let restored = text(restore);
    // Both are of the branch that is checked out.
    if matches!(restore, Hint::RestoreFromRevision { revision, .. } if revision == HEAD) {
        return restored.into_owned();
    }
    format!(
        "{restored}; or, if it came with a merge that was aborted for good, remove \
         history/{environment}/{operation}.yaml: no entry leads to it"
    )
}

/// Names the command by which a group leaves its live version.
fn leave(group: &GroupName, environment: &EnvironmentName, has_way_back: bool) -> String {
    if has_way_back {
        format!("go back with `apigw rollback {group} --env {environment}`")
    } else {
        format!("publish another version, or take it offline with `apigw offline {group} --env {environment}`")
    }
}

/// Says what the note on a version may hold, and how it is made again.
fn note_hint(file: &str, is_tracked: bool) -> String {
    let restored = if is_tracked { format!("restore it: `git checkout -- {file}`; or ") } else { String::new() };
    let path = file.strip_prefix("groups/").and_then(|path| path.strip_suffix(".yaml"));
    let (group, version) = path.and_then(|path| path.split_once("/versions/")).unwrap_or(("GROUP", "VERSION"));
    format!(
        "{restored}remove the file: it says that the version is blocked or was deleted, by whom and why, and without it \
         the version may come in; to keep it out, `apigw version block {group} {version} -m WHY` afterwards"
    )
}

/// Words the ways to bytes that Git may have.
const fn untold(gap: GitGap) -> &'static str {
    match gap {
        GitGap::Unasked => {
            "Git may have it, and cannot be asked here, as `git status` shows: ask again where it can, else restore it \
             from a backup"
        }
        GitGap::Slow => {
            "Git may have it, and did not answer in time: ask again once the remote of this clone can be reached, else \
             restore it from a backup"
        }
        GitGap::Partial => {
            "its bytes are not in this partial clone: ask again where the remote can be reached, or in a whole clone, else \
             restore it from a backup"
        }
        GitGap::Shallow => {
            "it is not in this shallow clone: `git fetch --unshallow` brings older commits, which may have it; else restore \
             it from a backup"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_work_where_the_workspace_was_named() {
        for (text, expected) in [
            ("list them: `apigw key list`", "list them: `apigw -C 'my shop' key list`"),
            ("`apigw a`, or `apigw b`", "`apigw -C 'my shop' a`, or `apigw -C 'my shop' b`"),
            ("`apigw help json` and `apigw schema plan`", "`apigw help json` and `apigw schema plan`"),
            ("made it\nnext: apigw check", "made it\nnext: apigw -C 'my shop' check"),
            ("apigw is not quoted", "apigw is not quoted"),
        ] {
            assert_eq!(in_directory(text, "'my shop'"), expected);
            assert_eq!(in_directory(expected, "'my shop'"), expected, "twice");
        }
    }

    #[test]
    fn commands_for_a_confirmed_environment_are_confirmed_too() {
        let online = "online".parse().unwrap();
        for (text, expected) in [
            ("go: `apigw undo x --env online --skip-changed`", "go: `apigw undo x --env online --skip-changed --yes`"),
            ("`apigw -C d promote --from test --to online`", "`apigw -C d promote --from test --to online --yes`"),
            ("`apigw offline a --env online --yes`", "`apigw offline a --env online --yes`"),
            ("`apigw publish a --env test`, or `git diff`", "`apigw publish a --env test`, or `git diff`"),
            ("`apigw history a --env online`", "`apigw history a --env online`"),
        ] {
            assert_eq!(confirmed(text, &online), expected);
        }
    }
}
