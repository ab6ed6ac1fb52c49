//! The context of a command: the workspace, the author, the output.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::process::Command as Subprocess;
use std::time::Duration;

use super::command_kind::CommandKind;
use super::display;
use super::duration::parse_duration;
use super::error::CommandError;
use super::global::GlobalOptions;
use super::output::Output;
use super::process::ProcessContext;
use super::reason::ChangeReason;
use super::shell::shell_word;
use super::user_settings::UserSettings;
use super::variables;
use crate::access::change::{ChangeError, PublicText};
use crate::access::contains_clear_secret;
use crate::model::{Author, EnvironmentName, Finding, Timestamp, is_secret_name};
use crate::workspace::{FinishedImport, LockGuard, LockRequest, UnreadSettings, Workspace};

const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// Variables in which CI systems say who started a job.
const CI_USERS: [&str; 10] = [
    "GITHUB_ACTOR",
    "GITLAB_USER_LOGIN",
    "BUILDKITE_BUILD_CREATOR",
    "BUILD_USER_ID",
    "CHANGE_AUTHOR",
    "CIRCLE_USERNAME",
    "BITBUCKET_STEP_TRIGGERER_UUID",
    "BUILD_REQUESTEDFOR",
    "DRONE_COMMIT_AUTHOR",
    "CI_COMMIT_AUTHOR",
];

/// The context of a command.
pub(super) struct Context<'a> {
    pub(super) process: &'a ProcessContext,
    pub(super) output: Output,
    pub(super) yes: bool,
    /// Makes the parser of arguments, which knows the help of every command.
    pub(super) parser: fn() -> clap::Command,
    folder: PathBuf,
    named_actor: Option<String>,
    actor: OnceCell<String>,
    lock_timeout: Duration,
    workspace: OnceCell<Workspace>,
}

impl<'a> Context<'a> {
    /// Puts flags, variables and user settings together; an error comes with what can show it.
    pub(super) fn new(
        process: &'a ProcessContext,
        parser: fn() -> clap::Command,
        global: GlobalOptions,
        kind: &CommandKind,
    ) -> Result<Self, (CommandError, Output)> {
        let failed = |error| (error, display::output_before_arguments(process));
        let settings = UserSettings::read(process.settings_folder.as_deref()).map_err(failed)?;
        let mut output = display::output(process, &global, &settings, kind).map_err(failed)?;
        output.directory = needed_directory(process, global.directory.as_deref());
        let (yes, lock_timeout) = if kind.writes_committed_files {
            change_options(process, &global, &settings).map_err(failed)?
        } else {
            (false, LOCK_TIMEOUT)
        };
        let directory = global.directory.or_else(|| process.variable(variables::DIRECTORY).map(PathBuf::from));
        Ok(Self {
            folder: directory.map_or_else(|| process.folder.clone(), |folder| process.folder.join(folder)),
            process,
            output,
            yes,
            parser,
            named_actor: global
                .actor
                .or_else(|| process.variable(variables::ACTOR).map(str::to_owned))
                .or(settings.actor),
            actor: OnceCell::new(),
            lock_timeout,
            workspace: OnceCell::new(),
        })
    }

    /// Returns the parts that show an error.
    pub(super) fn into_parts(self) -> (Output, Option<Workspace>) {
        (self.output, self.workspace.into_inner())
    }

    /// Returns the folder that the command runs in.
    pub(super) const fn folder(&self) -> &PathBuf {
        &self.folder
    }

    /// Returns the workspace, opened once.
    pub(super) fn workspace(&self) -> Result<&Workspace, CommandError> {
        if let Some(workspace) = self.workspace.get() {
            return Ok(workspace);
        }
        Ok(self.opened(Workspace::open(&self.absolute_folder())?))
    }

    /// Returns the workspace, opened once, with those of its settings that can be read: for views, and for the way
    /// back.
    pub(super) fn readable_workspace(&self) -> Result<&Workspace, CommandError> {
        if self.workspace.get().is_some() {
            return self.workspace();
        }
        let (workspace, error) = Workspace::open_readable(&self.absolute_folder())?;
        if let Some(error) = error {
            let unread = unread_text(workspace.unread_settings());
            self.output.warning(&format!("{}; only the readable settings are used{unread}", error.one_line()));
        }
        Ok(self.opened(workspace))
    }

    /// Tells of an import that was cut off, and that this command finished.
    fn warn_of_import(&self, FinishedImport { group, written, edited }: &FinishedImport) {
        let written = if written.is_empty() { "no file was left to write".to_owned() } else { written.join(", ") };
        self.output.warning(&format!("an import of {group} was cut off, and is finished now: {written}"));
        for (place, kept) in edited {
            self.output.warning(&format!("{place} was edited since that import: the edit is kept in {kept}"));
        }
    }

    fn absolute_folder(&self) -> PathBuf {
        std::path::absolute(&self.folder).unwrap_or_else(|_| self.folder.clone())
    }

    fn opened(&self, workspace: Workspace) -> &Workspace {
        self.output.detail(&format!("workspace: {}", workspace.folder().display()));
        if workspace.has_unfinished_import() {
            // Taking the lock finishes it. Where somebody holds the lock, or this user may not write, readers of the
            // group are refused.
            let guard = workspace.lock(&LockRequest { timeout: Duration::ZERO, ..self.lock_request() });
            if let Some(import) = guard.as_ref().ok().and_then(LockGuard::finished_import) {
                self.warn_of_import(import);
            }
        }
        self.workspace.get_or_init(|| workspace)
    }

    /// Returns the environment that was named.
    pub(super) fn environment(&self, text: &str) -> Result<EnvironmentName, CommandError> {
        Ok(self.workspace()?.environment_named(text)?)
    }

    pub(super) const fn now(&self) -> Timestamp {
        self.process.now
    }

    /// Returns the author, time and reason of a change. An override needs a reason; a secret in it is refused, since
    /// everybody who has the repository reads it.
    pub(super) fn author(&self, reason: &ChangeReason) -> Result<Author, CommandError> {
        self.output.detail(&format!("actor: {}", self.actor()));
        let message = reason.message.as_deref().or_else(|| self.process.variable(variables::MESSAGE));
        let message = message.map(str::to_owned).filter(|message| !message.trim().is_empty());
        if let Some(message) = &message {
            self.refuse_secrets(message, PublicText::Message)?;
        }
        if reason.allow_breaking && message.is_none() {
            return Err(CommandError::usage("--allow-breaking needs a reason for the history").hint("add `-m WHY`"));
        }
        Ok(Author {
            actor: self.actor().to_owned(),
            message,
            command: self.typed_command(),
            now: self.now(),
            allow_breaking: reason.allow_breaking,
        })
    }

    /// Refuses a text that everybody who has the repository reads, where it contains a secret.
    pub(super) fn refuse_secrets(&self, text: &str, field: PublicText) -> Result<(), CommandError> {
        let is_own = || self.workspace().is_ok_and(|found| found.contains_own_secret(text, &self.process.variables));
        if contains_clear_secret(text) || is_own() {
            return Err(ChangeError::ClearSecret { field }.into());
        }
        Ok(())
    }

    /// Warns where commits may have revocations that are not known here.
    pub(super) fn warn_of_unread_commits(&self, finding: Option<Finding>) {
        if let Some(finding) = finding {
            self.output.warning(&finding.message);
        }
    }

    pub(super) fn lock_request(&self) -> LockRequest {
        let holder = format!(
            "{} (process {}, since {}): {}",
            self.actor(),
            std::process::id(),
            self.now(),
            self.typed_command()
        );
        LockRequest { holder, timeout: self.lock_timeout }
    }

    /// Returns the user of the command, looked up once: it may take asking Git.
    fn actor(&self) -> &str {
        self.actor.get_or_init(|| self.find_actor())
    }

    fn find_actor(&self) -> String {
        let variable = |name: &str| self.process.variable(name).map(str::to_owned);
        let found = self.named_actor.clone().filter(|actor| !actor.trim().is_empty());
        found
            .or_else(|| CI_USERS.iter().find_map(|name| variable(name)))
            .or_else(|| self.git_user())
            .or_else(|| ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| variable(name)))
            .unwrap_or_else(|| "unknown".to_owned())
    }

    /// Asks Git for its user, as a commit here would have it.
    fn git_user(&self) -> Option<String> {
        let keys = ["config", "--get-regexp", "^user\\.(name|email)$"];
        let answer = Subprocess::new("git").arg("-C").arg(&self.folder).args(keys).output().ok()?;
        let text = String::from_utf8(answer.stdout).ok()?;
        // A more local setting comes after a more general one, and wins.
        let value = |key: &str| text.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix(' ')).next_back();
        let name = value("user.name").filter(|name| !name.is_empty())?;
        Some(value("user.email").map_or_else(|| name.to_owned(), |email| format!("{name} <{email}>")))
    }

    /// Returns the command as it was typed, with likely secrets blanked.
    fn typed_command(&self) -> String {
        let words = self.process.arguments.iter().skip(1).map(|word| word.to_string_lossy().into_owned());
        let mut typed = vec!["apigw".to_owned()];
        let mut blank_next = false;
        for word in words {
            let shown = if blank_next { "***".to_owned() } else { blank_secret(&word) };
            blank_next = is_secret_name(&word) && word.starts_with('-') && !word.contains('=');
            typed.push(shell_word(&shown));
        }
        typed.join(" ")
    }
}

/// Returns the typed folder of the workspace if commands without it would not find that workspace.
fn needed_directory(process: &ProcessContext, typed: Option<&Path>) -> Option<String> {
    let typed = typed?;
    let folder = process.variable(variables::DIRECTORY).map_or_else(PathBuf::new, PathBuf::from);
    let [with, without] = [typed, folder.as_path()].map(|folder| Workspace::root_above(&process.folder.join(folder)));
    (with.is_none() || with != without).then(|| shell_word(&typed.to_string_lossy()))
}

/// Says which values are not known, so that nobody takes a default for what is set.
fn unread_text(unread: Option<&UnreadSettings>) -> String {
    let unread = unread.cloned().unwrap_or_default();
    let base_domain = unread.base_domain.then_some("; the addresses below `base_domain` are not known");
    let changes = unread.changes.then_some("; changes are judged without the levels that `[changes]` may have");
    base_domain.into_iter().chain(changes).collect()
}

/// Returns whether questions are answered with yes, and how long to wait for a lock.
fn change_options(
    process: &ProcessContext,
    global: &GlobalOptions,
    settings: &UserSettings,
) -> Result<(bool, Duration), CommandError> {
    let yes = global.yes || variables::flag(process, variables::YES)?;
    let timeout = match global.lock_timeout {
        Some(timeout) => Some(timeout),
        None => variables::duration(process, variables::LOCK_TIMEOUT)?,
    };
    let from_settings = || {
        let text = settings.lock_timeout.as_deref()?;
        Some(
            parse_duration(text)
                .map_err(|error| CommandError::invalid("user-settings", format!("lock_timeout: {error}"))),
        )
    };
    let timeout = timeout.map(Ok).or_else(from_settings).transpose()?;
    Ok((yes, timeout.unwrap_or(LOCK_TIMEOUT)))
}

/// Blanks the value in `name=value` where the name says that it is a secret, and user information in an address.
fn blank_secret(word: &str) -> String {
    if let Some((name, _)) = word.split_once('=')
        && is_secret_name(name)
    {
        return format!("{name}=***");
    }
    if let Some((scheme, rest)) = word.split_once("://") {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if let Some((_, host)) = authority.rsplit_once('@') {
            return format!("{scheme}://***@{host}{}", &rest[authority.len()..]);
        }
        if let Some((address, _)) = word.split_once('?') {
            return format!("{address}?***");
        }
    }
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_blanked() {
        for (word, shown) in [
            ("--backend", "--backend"),
            ("https://a.example/x", "https://a.example/x"),
            ("https://me:pass@a.example/x", "https://***@a.example/x"),
            ("https://a.example/x?token=1", "https://a.example/x?token=***"),
            ("https://a.example/x?page=1", "https://a.example/x?***"),
            ("--api-key=1", "--api-key=***"),
            ("clientSecret=1", "clientSecret=***"),
            ("prefix=/a", "prefix=/a"),
        ] {
            assert_eq!(blank_secret(word), shown);
        }
    }
}
