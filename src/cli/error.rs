//! The one error of the command line: code, message, hints, exit code.

mod access;
mod files;
mod several;
mod state;

pub(super) use several::several;

use std::iter;

use super::advice;
use super::hints;
use super::short_ids::shorten_findings;
use crate::model::{
    EnvironmentName, Finding, GroupName, Hint, Operation, OperationId, Timestamp, Version, VersionRemark,
};
use crate::plan::{BreakingChange, StaleReason};
use crate::snapshot::DefinitionError;
use crate::workspace::{OutsideFolder, ShortIds, UnknownName};
use crate::{plan, workspace};

/// The outcome of a command. The numbers are a promise to scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    Done = 0,
    Failed = 1,
    ChangesPending = 2,
    Invalid = 3,
    Conflict = 4,
    Refused = 5,
    Locked = 6,
    DurabilityUnknown = 7,
    Usage = 64,
}

/// The failure of a command, as it is shown.
#[derive(Debug)]
pub(super) struct CommandError {
    /// A word for programs, stable.
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) hints: Vec<String>,
    /// Each reason, where there are several.
    pub(super) reasons: Vec<String>,
    /// The changes that break callers, where a policy refuses them.
    pub(super) breaking: Vec<BreakingChange>,
    /// Findings in files, shown with their lines.
    pub(super) findings: Vec<Finding>,
    /// The folder of the findings' files if not in the workspace, and the beginning of their names.
    outside: Option<(String, OutsideFolder)>,
    /// The system's errors, for `Io` and the like.
    pub(super) causes: Vec<String>,
    pub(super) exit: Exit,
}

impl CommandError {
    pub(super) fn new(code: &'static str, exit: Exit, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hints: Vec::new(),
            reasons: Vec::new(),
            breaking: Vec::new(),
            findings: Vec::new(),
            outside: None,
            causes: Vec::new(),
            exit,
        }
    }

    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::new("usage", Exit::Usage, message)
    }

    pub(super) fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Exit::Invalid, message)
    }

    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    #[must_use]
    pub(super) fn causes(mut self, error: &dyn std::error::Error) -> Self {
        let mut source = error.source();
        while let Some(cause) = source {
            self.causes.push(cause.to_string());
            source = cause.source();
        }
        self
    }

    /// Shortens the ids of operations in all that is said.
    #[must_use]
    pub(super) fn with_short_ids(self, short: &ShortIds) -> Self {
        let all = |texts: Vec<String>| texts.iter().map(|text| short.shorten(text)).collect();
        Self {
            message: short.shorten(&self.message),
            hints: all(self.hints),
            reasons: all(self.reasons),
            causes: all(self.causes),
            findings: shorten_findings(short, self.findings),
            ..self
        }
    }

    /// Makes the commands in all that is said work where they are read: `text` does so for one text.
    #[must_use]
    pub(super) fn located(self, text: impl Fn(&str) -> String) -> Self {
        let all = |texts: Vec<String>| texts.iter().map(|hint| text(hint)).collect();
        let finding = |finding: Finding| {
            let hint = Hint::Text(text(&hints::text(&finding.hint)));
            Finding { hint, ..finding }
        };
        Self {
            message: text(&self.message),
            hints: all(self.hints),
            reasons: all(self.reasons),
            causes: all(self.causes),
            findings: self.findings.into_iter().map(finding).collect(),
            ..self
        }
    }

    /// Marks the findings as lying in a folder of the user's, and their names as beginning with `shown`.
    #[must_use]
    pub(super) fn outside(mut self, shown: String, folder: OutsideFolder) -> Self {
        self.outside = Some((shown, folder));
        self
    }

    /// Reads a file that findings are in and that does not lie in the workspace.
    pub(super) fn source(&self, file: &str) -> Option<String> {
        let (shown, folder) = self.outside.as_ref()?;
        let bytes = folder.read(file.strip_prefix(shown.as_str())?).ok()??;
        String::from_utf8(bytes.to_vec()).ok()
    }

    fn unknown(name: &UnknownName, message: String) -> Self {
        let (code, hint) = match name {
            UnknownName::Environment(_) => (
                "unknown-environment",
                "`apigw status` shows the environments; declare others in apigw.toml".to_owned(),
            ),
            UnknownName::Group(_) => ("unknown-group", "`apigw group list` shows the groups".to_owned()),
            UnknownName::Version { group, .. } | UnknownName::Release { group, .. } => {
                ("unknown-version", format!("list them: `apigw version list {group}`"))
            }
            UnknownName::Operation(_) => (
                "unknown-operation",
                "`apigw history` shows the operations, `apigw history --access` those on keys and grants".to_owned(),
            ),
            UnknownName::AccessOperation(_) => {
                ("unknown-operation", "`apigw history --access` shows the operations on keys and grants".to_owned())
            }
            UnknownName::Key(_) => ("unknown-key", "`apigw key list` shows the keys".to_owned()),
        };
        Self::invalid(code, message).hint(hint)
    }

    /// Names the ways back that need no release before the present one.
    fn other_ways_back(self, group: &str, environment: &str) -> Self {
        self.hint(format!(
            "or name a version, of those in `apigw version list {group}`: \
             `apigw switch {group} --env {environment} --version V`"
        ))
        .hint(format!("or take it offline: `apigw offline {group} --env {environment}`"))
    }

    fn findings(mut self, findings: Vec<Finding>) -> Self {
        self.findings = findings;
        self
    }
}

fn count(findings: &[Finding]) -> String {
    match findings.iter().map(|finding| finding.count).sum() {
        1 => "1 problem was found".to_owned(),
        count => format!("{count} problems were found"),
    }
}

/// Reason why a request has no plan on the facts of a workspace.
pub(super) type PlanError = plan::Error<workspace::Error>;

impl From<PlanError> for CommandError {
    fn from(error: PlanError) -> Self {
        use plan::Error;
        let message = error.to_string();
        match error {
            Error::Facts(source) => source.into(),
            Error::PastUnreadable { group, environment, source } => {
                Self { message, ..Self::from(source) }.other_ways_back(group.as_str(), environment.as_str())
            }
            Error::Invalid { findings, .. } => Self::invalid("invalid", message).findings(findings),
            Error::State(error) => Self { hints: state::hints(&error), ..Self::invalid("state", message) },
            Error::FrozenDiffers { group, version, is_blocked } => {
                let next = format!(
                    "give the working copy the next version: `apigw version bump {group} patch`, or publish with `--bump patch`"
                );
                let as_it_is = format!("or publish the frozen version as it is: `--version {version}`");
                // A blocked version is refused on every way in.
                let ways = iter::once(next).chain((!is_blocked).then_some(as_it_is));
                Self { hints: ways.collect(), ..Self::new("frozen-differs", Exit::Conflict, message) }
            }
            Error::Renumbered { group, number, is_blocked, .. } => {
                let by_number = format!("publish it by that number: `--version {number}`");
                let next = format!(
                    "to go on working, give the working copy the next version: `apigw version bump {group} patch`"
                );
                let ways = (!is_blocked).then_some(by_number).into_iter().chain([next]);
                Self { hints: ways.collect(), ..Self::new("frozen-differs", Exit::Conflict, message) }
            }
            Error::DeletedDiffers { ref group, ref version, ref deletion } => {
                deleted(Self::new("version-deleted", Exit::Conflict, message), group, version, deletion)
            }
            Error::NumberShared { environment, .. } => Self::new("version-shared", Exit::Conflict, message)
                .hint(format!("after a merge, `apigw resolve --env {environment}` gives each a number of its own"))
                .hint("see what is missing: `apigw verify`"),
            Error::NumberNamed { group, version, .. } => Self::new("version-named", Exit::Conflict, message)
                .hint(format!(
                    "give the working copy the next version: `apigw version bump {group} patch`, or publish with \
                     `--bump patch`"
                ))
                .hint(format!("list what is missing of {version}: `apigw verify`")),
            Error::NotCurrent { group, environment, .. } => Self::new("not-current", Exit::Conflict, message)
                .hint(format!("see its changes: `apigw history {group} --env {environment}`")),
            Error::Stale(StaleReason::Edited { .. }) => Self::new("stale", Exit::Conflict, message)
                .hint("nothing was written; see the edit, and how to revert it: `apigw verify`; then apply the plan again")
                .hint("or make a new plan, which replaces the edit: `apigw plan FILE --out FILE`"),
            Error::Stale(_) => Self::new("stale", Exit::Conflict, message)
                .hint("nothing was written; make a new plan with `apigw plan FILE --out FILE`"),
            Error::Overtaken { operation, environment, changed, total, before } => overtaken(
                Self::new("overtaken", Exit::Conflict, message),
                &operation,
                &environment,
                &changed,
                (total, before),
            ),
            Error::Refused { environment, refusals, plan } => {
                let Operation { command, message: reason, .. } = &plan.operation;
                Self {
                    reasons: advice::reasons(&environment, &refusals),
                    breaking: advice::breaking(&refusals),
                    hints: [
                        advice::refusal_hints(
                            &environment,
                            &refusals,
                            (command, reason.is_some()),
                            (&advice::new_versions(&plan), advice::records_edits(&plan)),
                        ),
                        advice::offline_hints(&plan, &refusals),
                    ]
                    .concat(),
                    ..Self::new("refused", Exit::Refused, message)
                }
            }
            Error::Several(errors) | Error::Steps(errors) => several::several(message, errors),
        }
    }
}

/// Adds hints to the error about a number that was deleted with other bytes.
fn deleted(error: CommandError, group: &GroupName, version: &Version, deletion: &VersionRemark) -> CommandError {
    error.hint(format!("the bytes of {} may come back under {version}", deletion.digest)).hint(format!(
        "give the working copy another number: `apigw version bump {group} X.Y.Z`, or publish with `--bump patch`"
    ))
}

/// The most groups that a command to type names.
const MOST_GROUPS: usize = 5;

/// Adds hints to the error about an operation that cannot be undone for all its groups.
fn overtaken(
    error: CommandError,
    operation: &OperationId,
    environment: &EnvironmentName,
    changed: &[(GroupName, OperationId)],
    (total, before): (usize, Option<Timestamp>),
) -> CommandError {
    let mut error = error;
    if changed.len() < total {
        error = error
            .hint(format!("undo it for the other groups: `apigw undo {operation} --env {environment} --skip-changed`"));
    }
    // Undoing the later operations first would be another change since.
    let groups: Vec<&str> = changed.iter().map(|(group, _)| group.as_str()).collect();
    let groups = if groups.len() > MOST_GROUPS { "GROUP…".to_owned() } else { groups.join(" ") };
    error.hint(match before {
        Some(before) => format!(
            "to restore what was live before it, without the later changes: `apigw rollback {groups} --env {environment} --to {before}`"
        ),
        None if changed.len() == 1 => {
            format!("nothing was live before it: `apigw offline {groups} --env {environment}`")
        }
        None => format!(
            "of some of them nothing was live before it: `apigw offline GROUP --env {environment}` takes one out"
        ),
    })
}

impl From<DefinitionError> for CommandError {
    fn from(error: DefinitionError) -> Self {
        match error {
            DefinitionError::Invalid(findings) => workspace::Error::Invalid(findings).into(),
            DefinitionError::Unreadable(_) => Self::new("definition", Exit::Failed, error.to_string()),
        }
    }
}

impl From<std::io::Error> for CommandError {
    fn from(error: std::io::Error) -> Self {
        Self { causes: vec![error.to_string()], ..Self::new("io", Exit::Failed, "cannot write the output") }
    }
}
