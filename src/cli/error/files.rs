//! Errors of the workspace's files, with the ways out of them.

use super::{CommandError, Exit, advice, count, deleted};
use crate::model::{EnvironmentName, GroupName};
use crate::workspace::{self, DeniedPath, Leftovers};

impl From<workspace::Error> for CommandError {
    fn from(error: workspace::Error) -> Self {
        use workspace::Error;
        let message = error.to_string();
        match error {
            Error::NoWorkspace { ref folder } if !folder.exists() => {
                Self::invalid("no-workspace", format!("there is no folder {}", folder.display()))
                    .hint("check the path of `-C`, or the variable `APIGW_DIRECTORY`")
            }
            Error::NoWorkspace { .. } => Self::invalid("no-workspace", message)
                .hint("create one with `apigw init`, or name its folder with `-C DIR`"),
            Error::NoFile { .. } => Self::invalid("no-file", message)
                .hint("check the path: a relative one starts at the folder of `-C`, else at the current one"),
            Error::NoCheckout { .. } => Self::invalid("no-checkout", message)
                .hint("create one with `git init`, or go to the clone that you merge in"),
            Error::FolderTaken { .. } | Error::FolderOfOtherKind { .. } | Error::FileForFolder { .. } => {
                Self::new("folder-taken", Exit::Refused, message)
                    .hint("nothing was written; name a folder that is empty or does not exist, with `--out DIR`")
            }
            Error::CacheInUse { .. } => Self::new("cache-in-use", Exit::Locked, message)
                .hint("name another folder with `--cache DIR`: each gateway has its own"),
            Error::FleetInUse { .. } => Self::new("fleet-in-use", Exit::Locked, message)
                .hint("`apigw status` shows it; leave out `--xds`, or name other environments with `--env`"),
            Error::Unknown { name, .. } => Self::unknown(&name, message),
            Error::Ambiguous { .. } => Self::invalid("ambiguous", message).hint("give more characters of the id"),
            Error::Exists(_) => Self::new("exists", Exit::Conflict, message).hint("choose another name"),
            Error::Invalid(findings) => Self::invalid("invalid", count(&findings)).findings(findings),
            Error::FrozenDiffers { group, .. } => Self::new("frozen-differs", Exit::Conflict, message)
                .hint(format!("give the working copy the next version: `apigw version bump {group} patch`")),
            Error::VersionCase { ref group, .. } => Self::new("version-case", Exit::Conflict, message).hint(format!(
                "some file systems treat the two as the same; choose another: `apigw version bump {group} X.Y.Z`"
            )),
            Error::VersionDeleted { ref group, ref version, ref deletion } => {
                deleted(Self::new("version-deleted", Exit::Conflict, message), group, version, deletion)
            }
            Error::ShallowClone { .. } => Self::invalid("shallow-clone", message)
                .hint("nothing was written; fetch the rest of the history with `git fetch --unshallow`, then run the command again"),
            Error::VersionNeeded { ref group, ref version, ref states } => Self {
                reasons: states.iter().map(|state| advice::lost_state(group, version, state)).collect(),
                ..Self::new("version-needed", Exit::Conflict, message)
            }
            .hint(format!("to delete it anyway: `apigw version delete {group} {version} --force`"))
            .hint(format!("to keep it out and still be able to roll back: `apigw version block {group} {version} -m WHY`")),
            Error::GroupNeeded { ref group, ref states } => Self {
                reasons: states.iter().map(|(version, state)| advice::lost_state(group, version, state)).collect(),
                ..Self::new("version-needed", Exit::Conflict, message)
            }
            .hint(format!("to delete it anyway: `apigw group delete {group} --yes --force`"))
            .hint(format!("to keep a version out and still be able to roll back: `apigw version block {group} VERSION -m WHY`")),
            Error::VersionLive { ref group, ref environments, .. } => Self::new("live", Exit::Conflict, message)
                .hint(format!("take it offline or switch first: {}", offline_commands(group, environments))),
            Error::GroupLive { ref group, ref environments } => Self::new("live", Exit::Conflict, message)
                .hint(format!("take it offline first: {}", offline_commands(group, environments))),
            Error::Stale(_) => Self::new("stale", Exit::Conflict, message)
                .hint("nothing was written; look at `apigw status`, then run the command again"),
            Error::Locked { holder, has_ended, .. } => {
                let held = match holder {
                    None => "another process holds it".to_owned(),
                    Some(holder) if has_ended => {
                        format!("another process holds it; the last known holder has ended: {holder}")
                    }
                    Some(holder) => format!("held by {holder}"),
                };
                Self::new("locked", Exit::Locked, message).hint(held).hint("wait longer with `--lock-timeout 60s`")
            }
            Error::DurabilityUnknown { ref operation, .. } => {
                let committed = operation.as_ref().map(|operation| format!("operation {operation} is committed; "));
                let hint = committed.unwrap_or_default() + "check the disk, then run `apigw verify`";
                Self::new("durability-unknown", Exit::DurabilityUnknown, message).causes(&error).hint(hint)
            }
            Error::NotTakenBack { leftovers, cause } => not_taken_back(&leftovers).into_iter().fold((*cause).into(), Self::hint),
            Error::OutsideLink { ref path } => Self::invalid("outside-link", message).hint(format!(
                "replace the link by its target, inside of the workspace: {} is one, or a folder above it",
                path.display()
            )),
            Error::ImportUnfinished { ref group } => Self::new("import-unfinished", Exit::Conflict, message)
                .hint(format!("run it again, or finish it with `apigw verify --repair`; `git diff groups/{group}` shows how far it came")),
            Error::Io(ref source) => {
                let failed = Self::new("io", Exit::Failed, message).causes(&error);
                if let Some(DeniedPath { path, owner, is_own }) = source.denied() {
                    let path = path.display();
                    if is_own {
                        return failed.hint(format!(
                            "{path} is yours, and closed to you, or a folder above it: `chmod u+rwX` it"
                        ));
                    }
                    failed.hint(format!("{path} belongs to user {owner}; people who share a workspace need a common group, with `chmod -R g+rwX,g+s` on it"))
                } else if source.is_read_only() {
                    let path = &source.path;
                    let folder = path.parent().filter(|_| !path.is_dir()).unwrap_or(path).display();
                    Self { message: format!("cannot write in {folder}: its file system is read-only"), ..failed }
                        .hint("mount it writable, or work in a clone elsewhere; views, as `apigw status`, work as they are")
                        .hint("a file system that was writable turns read-only after an error of its disk: see `dmesg`")
                } else if source.is_other_file_system() {
                    failed.hint("`.apigw`, and every folder that apigw writes, must be on the file system of the workspace: a change commits by a rename (an overlay cannot rename folders of its lower layer)")
                } else {
                    failed
                }
            }
        }
    }
}

fn offline_commands(group: &GroupName, environments: &[EnvironmentName]) -> String {
    let commands = environments.iter().map(|environment| format!("`apigw offline {group} --env {environment}`"));
    commands.collect::<Vec<_>>().join(", ")
}

/// Names the parts of a failed change that stay, and what becomes of them.
fn not_taken_back(leftovers: &Leftovers) -> Vec<String> {
    let Leftovers { files, empty, versions, secrets, revocations } = leftovers;
    let mut hints = Vec::new();
    if !files.is_empty() {
        hints.push(format!(
            "not taken back, as the system refused that too: {}; nothing is in force, and the next command that changes \
             the workspace takes them back, as does `apigw verify --repair`",
            files.join(", ")
        ));
    }
    if !empty.is_empty() {
        hints.push(format!("{} stays, without an entry: it means the same as no file", empty.join(", ")));
    }
    if !versions.is_empty() {
        hints.push(format!(
            "frozen, and in force nowhere: {}; the next publish uses it if its bytes are those of the working copy, else \
             `apigw prune` removes it",
            versions.join(", ")
        ));
    }
    if !secrets.is_empty() {
        hints
            .push(format!("remove by hand what the system refused to: the secret of no key in {}", secrets.join(", ")));
    }
    if !revocations.is_empty() {
        hints.push(format!(
            "this machine refuses {} from now on, others do not: run the command again",
            revocations.join(", ")
        ));
    }
    hints
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::workspace::PathError;

    #[test]
    fn a_read_only_file_system_is_named_and_not_the_file_that_was_to_go() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().join(".apigw-intent"), folder.path().to_owned()] {
            let source = io::Error::from(io::ErrorKind::ReadOnlyFilesystem);
            let error = CommandError::from(workspace::Error::Io(PathError { action: "remove", path, source }));
            let message = format!("cannot write in {}: its file system is read-only", folder.path().display());
            assert_eq!((error.message, error.exit), (message, Exit::Failed));
            assert!(error.hints[0].contains("mount it writable"), "{:?}", error.hints);
        }
    }
}
