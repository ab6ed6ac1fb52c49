//! `apigw push`.

mod attempts;
mod key;
mod plan;
mod prune;

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::access::{PrivateKey, PublicKey};
use crate::cli::complete;
use crate::cli::context::Context;
use crate::cli::duration::parse_duration;
use crate::cli::error::{CommandError, Exit};
use crate::cli::hints;
use crate::cli::output::counted;
use crate::cli::published::published_environments;
use crate::cli::shell::shell_word;
use crate::cli::stores::{DESTINATION_AND_KEY, create_store, destination_error, push_error};
use crate::cli::views::{PushDocument, PushRepairView, PushView};
use crate::cli::written_path::written_path;
use crate::model::{Digest, Lifetime, SCHEMA};
use crate::store::{
    ContentFault, DestinationError, PushError, RemoteStore, RepairError, SignedPointer, StoreUrl, TaggedPointer,
};
use crate::workspace::{PushedState, ReplacedPointer, Workspace, read_signing_key, stamp_outside};

use attempts::PushAttempts;
use key::make_key;
use plan::PlannedPush;
use prune::PushPruneArguments;

/// Carry what is live to a store that gateways on other machines follow
///
/// The store gets the files that serving needs, each under its digest, and one signed pointer last; `serve --from`
/// follows it. A push goes forward only: each entry and key of the destination must be an earlier one of this
/// workspace, else nothing is pushed (4). Publishing never waits for a push. Credentials of an S3-compatible store are
/// those of AWS tools: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION`,
/// `AWS_ENDPOINT_URL`, or a profile (`AWS_PROFILE`).
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  apigw push --make-key ../push.pem\n  apigw push s3://gateway-state/online --env online --key ../push.pem"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(in crate::cli) struct PushArguments {
    /// Where to: `s3://BUCKET/PREFIX`, or a folder
    #[arg(value_name = "DESTINATION", required_unless_present = "make_key")]
    destination: Option<StoreUrl>,
    /// The private key that signs the pointer: a PEM file of Ed25519 that nobody else can read, outside of Git
    #[arg(long, value_name = "FILE", required_unless_present = "make_key", value_hint = clap::ValueHint::FilePath)]
    key: Option<PathBuf>,
    /// Make a private key in this file, print the public one, and push nothing
    #[arg(long, value_name = "FILE", value_parser = written_path(), conflicts_with_all = ["destination", "key", "env", "expires", "dry_run", "repair", "after_restore", "prune"], value_hint = clap::ValueHint::FilePath)]
    make_key: Option<PathBuf>,
    /// An environment to push; may be given more than once [default: all to which something was published]
    #[arg(long, value_name = "ENV", value_delimiter = ',', add = ArgValueCandidates::new(complete::environments))]
    env: Vec<String>,
    /// Take in environments to which nothing was published, as empty ones
    #[arg(long)]
    allow_empty: bool,
    /// The public key of another signer whose pushes may be there; may be given more than once
    #[arg(long, value_name = "KEY")]
    public_key: Vec<PublicKey>,
    /// Time after which readers are not ready unless another push comes, like 7d; pushed again when half of it is over
    #[arg(long, value_name = "TIME", value_parser = parse_expiry)]
    expires: Option<Lifetime>,
    /// Time-out for each request to the store; those with large bodies get more
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = parse_duration)]
    store_timeout: Duration,
    /// Show what would be pushed; write nothing
    #[arg(long)]
    dry_run: bool,
    /// Write objects again that the store has lost or damaged, of the state that it names and this workspace has; where
    /// the list of another state is lost, of a push with this key, push the whole state over it
    #[arg(long, conflicts_with_all = ["dry_run", "expires"])]
    repair: bool,
    /// Push to a store that was put back to an earlier push: gateways that have seen a later one refuse it until each
    /// has an empty cache
    #[arg(long, conflicts_with_all = ["repair", "prune"])]
    after_restore: bool,
    #[command(flatten)]
    prune: PushPruneArguments,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &PushArguments) -> Result<Exit, CommandError> {
    if let Some(file) = &arguments.make_key {
        return make_key(context, file);
    }
    let (Some(url), Some(file)) = (&arguments.destination, &arguments.key) else {
        return Err(CommandError::usage("a push needs a destination and `--key FILE`"));
    };
    let workspace = context.workspace()?;
    let path = context.folder().join(file);
    let key = read_signing_key(&path).map_err(|error| match stamp_outside(&path) {
        Some(_) => error.into(),
        None => CommandError::from(error).hint("make one, outside of Git: `apigw push --make-key FILE`"),
    })?;
    let mut keys = vec![key.public()];
    keys.extend(&arguments.public_key);
    let remote = RemoteStore::new(create_store(context, url, arguments.store_timeout)?)?;
    let push = Push { context, arguments, workspace, url, key, keys, remote };
    let outcome = match (arguments.repair, arguments.prune.prune) {
        (true, _) => push.repair(),
        (_, true) => push.prune(),
        (false, false) => push.run(),
    };
    outcome.map_err(|mut error| {
        let typed = format!("{} --key {}", push.typed_destination(), shell_word(&file.display().to_string()));
        error.hints.iter_mut().for_each(|hint| *hint = hint.replace(DESTINATION_AND_KEY, &typed));
        error
    })
}

/// A push with all that it needs.
struct Push<'a> {
    context: &'a Context<'a>,
    arguments: &'a PushArguments,
    workspace: &'a Workspace,
    url: &'a StoreUrl,
    key: PrivateKey,
    /// The keys whose pointers are taken.
    keys: Vec<PublicKey>,
    remote: RemoteStore,
}

impl Push<'_> {
    fn run(&self) -> Result<Exit, CommandError> {
        let mut attempts = PushAttempts::default();
        loop {
            let error = match self.attempt()? {
                Ok(view) => return self.show(view),
                Err(error) => error,
            };
            let Some(pause) = attempts.pause_after(&error) else { return Err(push_error(&error)) };
            thread::sleep(pause);
        }
    }

    /// Plans the push, and makes it unless there is nothing to do.
    fn attempt(&self) -> Result<Result<PushView, PushError>, CommandError> {
        // The destination first: all that was pushed to it from here is in the files that are read after it.
        let pointer = self.pointer()?;
        let put_back = self.put_back(pointer.as_ref());
        let was_put_back = put_back.is_some();
        if let Some(error) = put_back.filter(|_| !self.arguments.after_restore) {
            return Ok(Err(error));
        }
        if !was_put_back && !self.arguments.dry_run {
            self.remember_previous(pointer.as_ref());
        }
        let before = self.remote.destination(pointer).map_err(|error| destination_error(&error))?;
        let state = self.state()?;
        for warning in &state.warnings {
            let hint = hints::text(&warning.hint);
            self.context.output.warning(&format!("{}; {hint}", warning.one_line()));
        }
        let planned = PlannedPush::new(self, state, before, was_put_back)?;
        if !planned.view.up_to_date
            && !self.arguments.dry_run
            && let Err(error) = self.commit(&planned)
        {
            return Ok(Err(error));
        }
        Ok(Ok(planned.view))
    }

    /// Makes a push, and remembers the pointer that it replaced.
    fn commit(&self, planned: &PlannedPush) -> Result<(), PushError> {
        self.remote.commit(&planned.push, &planned.before, &planned.state, &self.keys)?;
        if let Some(before) = planned.before.pointer() {
            self.remember(before.digest(), &planned.push.pointer);
        }
        Ok(())
    }

    fn pointer(&self) -> Result<Option<TaggedPointer>, CommandError> {
        self.remote.pointer(&self.keys).map_err(|error| destination_error(&error))
    }

    /// Reads the pointer of a store that was not put back. Before anything else of it: the state of an old pointer may
    /// be gone.
    fn current_pointer(&self) -> Result<Option<TaggedPointer>, CommandError> {
        let mut attempts = PushAttempts::default();
        loop {
            let pointer = self.pointer()?;
            let Some(error) = self.put_back(pointer.as_ref()) else {
                self.remember_previous(pointer.as_ref());
                return Ok(pointer);
            };
            let Some(pause) = attempts.pause_after(&error) else { return Err(push_error(&error)) };
            thread::sleep(pause);
        }
    }

    /// Returns the error of a store that has a pointer again which was replaced.
    fn put_back(&self, pointer: Option<&TaggedPointer>) -> Option<PushError> {
        let (pointer, _) = pointer?;
        // What is remembered is not synced: after a loss of power it may be damaged, and the next push writes it again.
        let by = self.workspace.replaced_by(&self.remote.address(), pointer.digest()).unwrap_or_else(|error| {
            let error = error.one_line();
            self.context.output.warning(&format!("earlier pushes from here are not remembered: {error}"));
            None
        });
        Some(PushError::PutBack { sequence: pointer.fields().sequence, by: by? })
    }

    /// Remembers the pointer that the present one replaced: by another machine, or by a push from here of which the
    /// store did not say that it is in force.
    fn remember_previous(&self, present: Option<&TaggedPointer>) {
        let Some((present, _)) = present else { return };
        let Some(previous) = present.fields().previous else { return };
        let known = self.workspace.replaced_by(&self.remote.address(), previous);
        if !matches!(known, Ok(Some(by)) if by == present.fields().sequence) {
            self.remember(previous, present);
        }
    }

    /// Remembers a pointer that was replaced. What replaced it is in force without that.
    fn remember(&self, pointer: Digest, next: &SignedPointer) {
        let replaced = ReplacedPointer { pointer, by: next.fields().sequence };
        if let Err(error) = self.workspace.remember_replaced(&self.remote.address(), &replaced) {
            let error = error.one_line();
            self.context.output.warning(&format!("the replaced pointer is not remembered here: {error}"));
        }
    }

    fn show(&self, view: PushView) -> Result<Exit, CommandError> {
        let text = plan::text(&view);
        self.context.output.data(&PushDocument::Push(view), || text)?;
        Ok(Exit::Done)
    }

    fn repair(&self) -> Result<Exit, CommandError> {
        let pointer = self.current_pointer()?;
        let state = self.state()?;
        let repaired = match (self.remote.repair(pointer.clone(), &state.list, &state), pointer) {
            (Ok(repaired), _) => repaired,
            (Err(RepairError::OtherState { .. }), Some(pointer)) if self.is_own_without_list(&pointer) => {
                return self.push_anew(state, pointer);
            }
            (Err(error), _) => return Err(repair_error(&error)),
        };
        let view = PushRepairView { schema: SCHEMA, destination: self.url.to_string(), repaired_objects: repaired };
        let text = format!("{}: {} written again\n", view.destination, counted(repaired, "object", "objects"));
        self.context.output.data(&PushDocument::Repair(view), || text)?;
        Ok(Exit::Done)
    }

    /// Reads the state that is carried.
    fn state(&self) -> Result<PushedState, CommandError> {
        let PushArguments { env, allow_empty, .. } = self.arguments;
        Ok(self.workspace.pushed_state(&published_environments(self.context, env, *allow_empty)?)?)
    }

    /// True if a pointer was signed with the key of this push, and the list of the state that it names is lost or
    /// damaged.
    fn is_own_without_list(&self, pointer: &TaggedPointer) -> bool {
        let is_own = SignedPointer::verify(pointer.0.bytes(), &[self.key.public()]).is_ok();
        let is_lost = |error: &DestinationError| {
            use DestinationError::{Content, List};
            matches!(error, Content(ContentFault::Missing(_) | ContentFault::Damaged(_)) | List(_))
        };
        is_own && self.remote.destination(Some(pointer.clone())).is_err_and(|error| is_lost(&error))
    }

    /// Pushes the whole state over one whose list is lost, which it cannot be compared with.
    fn push_anew(&self, state: PushedState, pointer: TaggedPointer) -> Result<Exit, CommandError> {
        let before = self.remote.destination_of_lost_list(pointer).map_err(|error| destination_error(&error))?;
        let planned = PlannedPush::new(self, state, before, true)?;
        self.commit(&planned).map_err(|error| push_error(&error))?;
        self.show(planned.view)
    }

    /// Returns the destination as a word to type.
    fn typed_destination(&self) -> String {
        shell_word(&self.url.to_string())
    }
}

fn parse_expiry(text: &str) -> Result<Lifetime, String> {
    let lifetime = text.parse::<Lifetime>().map_err(|error| error.to_string())?;
    if lifetime.milliseconds() == 0 { Err("readers would never be ready".to_owned()) } else { Ok(lifetime) }
}

fn repair_error(error: &RepairError) -> CommandError {
    match error {
        RepairError::Destination(error) => destination_error(error),
        RepairError::Empty => CommandError::invalid("store-empty", error.to_string()).hint("push without `--repair`"),
        RepairError::OtherState { .. } => CommandError::new("state", Exit::Conflict, error.to_string())
            .hint("check out the commit that was pushed, with the same `--env`, and repair from there"),
        RepairError::Source(_) => CommandError::invalid("damaged", error.to_string()).hint("see `apigw verify`"),
    }
}
