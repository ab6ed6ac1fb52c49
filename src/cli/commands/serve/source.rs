//! A store that a gateway follows instead of a workspace: looked at now and then, by a thread of its own.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use clap::Args;

use crate::access::PublicKey;
use crate::cli::context::Context;
use crate::cli::duration::parse_duration;
use crate::cli::error::{CommandError, Exit};
use crate::cli::process::wall_clock;
use crate::cli::stores::{follow_error, open_store, refusal_hint};
use crate::gateway::SourceStatus;
use crate::model::{Digest, EnvironmentName, Timestamp};
use crate::store::{FollowError, FollowedState, RemoteStore, SignedPointer, StateFollower, StoreUrl, jittered};
use crate::workspace::{ObjectFolder, Replica, Workspace};

/// The flags about a store that is followed.
#[derive(Debug, Args)]
pub(super) struct SourceArguments {
    /// Follow a store that `apigw push` writes, instead of a workspace: `https://…`, `s3://BUCKET/PREFIX`, `file:///…`,
    /// or `http://…` on loopback
    #[arg(long, value_name = "URL", requires = "public_key")]
    from: Option<StoreUrl>,
    /// The public key of whoever pushes there (`push --make-key`); may be given more than once
    #[arg(long, value_name = "KEY", requires = "from")]
    public_key: Vec<PublicKey>,
    /// Where the last good state of the store is kept, for one gateway [default: a folder below the user's state
    /// folder]
    #[arg(long, value_name = "DIR", requires = "from", value_hint = clap::ValueHint::DirPath)]
    cache: Option<PathBuf>,
    /// Poll interval of the store, less up to half of it as jitter
    #[arg(long, value_name = "TIME", requires = "from", default_value = "10s", value_parser = parse_duration)]
    interval: Duration,
    /// Time-out for each request to the store; those with large bodies get more
    #[arg(long, value_name = "TIME", requires = "from", default_value = "15s", value_parser = parse_duration)]
    store_timeout: Duration,
}

/// The most by which the clocks of whoever pushed and of this machine may differ unsaid.
const MOST_AHEAD_MS: i64 = 60_000;

/// A store that is followed.
pub(super) struct FollowedSource {
    workspace: Workspace,
    /// The environments that are served, where some were named.
    named: Vec<EnvironmentName>,
    /// The environments of the push that is served.
    pushed: Vec<EnvironmentName>,
    status: SourceStatus,
    reports: Receiver<SourceReport>,
}

/// The outcome of a look at the store.
enum SourceReport {
    /// There is nothing newer.
    Current(Timestamp),
    /// Another state is in place, with these environments.
    Changed(Timestamp, Box<SignedPointer>, Vec<EnvironmentName>),
    /// The store fails, or is refused.
    Failed(Timestamp, SourceFailure),
}

/// The reason of a failure, and the way out where waiting is none.
struct SourceFailure {
    reason: String,
    hint: Option<String>,
}

impl SourceFailure {
    fn of(error: &FollowError) -> Self {
        Self { reason: error.to_string(), hint: refusal_hint(error) }
    }
}

/// The effects of new reports.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct SourceChange {
    /// True if the status changed.
    pub(super) of_status: bool,
    /// True if another state is in place.
    pub(super) of_state: bool,
}

impl FollowedSource {
    /// Begins to follow the store that was named, if one was. Where it fails, the state in the cache is served.
    pub(super) fn start(context: &Context<'_>, arguments: &SourceArguments) -> Result<Option<Self>, CommandError> {
        let Some(url) = &arguments.from else { return Ok(None) };
        let remote = RemoteStore::new(open_store(context, url, arguments.store_timeout)?)?;
        let replica = Replica::open(&cache_folder(context, arguments, url)?)?;
        let objects = Arc::new(replica.objects()?);
        let follower = remote.follower(Arc::<ObjectFolder>::clone(&objects), arguments.public_key.clone());
        let mut source = SourceThread {
            follower: follower.map_err(|error| follow_error(&error))?,
            remote,
            replica,
            objects,
            is_installed: false,
        };
        let followed = source.remote.follow(&mut source.follower);
        let Some(state) = source.follower.state() else {
            let error = followed.err().as_ref().map(follow_error);
            return Err(error.unwrap_or_else(|| CommandError::new("store", Exit::Failed, "the store has no state")));
        };
        source.install(&state)?;
        let now = wall_clock();
        let fields = state.pointer.fields();
        let mut status = SourceStatus {
            url: url.to_string(),
            sequence: fields.sequence,
            pushed: fields.time,
            expires: fields.expires,
            expired: state.pointer.has_expired(now),
            missing_environments: Vec::new(),
            checked: followed.is_ok().then_some(now),
            failing_since: None,
            reason: None,
        };
        let push = format!("push {} of {}", status.sequence, status.pushed);
        match followed {
            Ok(_) => context.output.note(&format!("following {url}: {push}")),
            Err(error) => {
                context.output.note(&format!("serving the last good state of the cache: {push}"));
                fail(context, &mut status, now, SourceFailure::of(&error));
            }
        }
        warn_of_clock(context, &status, now);
        warn_of_expiry(context, &status);
        let workspace = Workspace::open(&source.replica.workspace_folder())?;
        let (sender, reports) = channel();
        let interval = arguments.interval;
        thread::spawn(move || source.run(&sender, interval));
        let pushed = state.list.environments().cloned().collect();
        Ok(Some(Self { workspace, named: Vec::new(), pushed, status, reports }))
    }

    /// Takes the environments that were named, and says which of them the state does not have.
    pub(super) fn require(&mut self, context: &Context<'_>, named: &[EnvironmentName]) {
        named.clone_into(&mut self.named);
        self.poll_environments(context);
    }

    fn poll_environments(&mut self, context: &Context<'_>) {
        let missing: Vec<_> = self.named.iter().filter(|name| !self.pushed.contains(name)).cloned().collect();
        if missing == self.status.missing_environments {
            return;
        }
        let names =
            |names: &[EnvironmentName]| names.iter().map(EnvironmentName::as_str).collect::<Vec<_>>().join(", ");
        if !missing.is_empty() {
            let SourceStatus { url, sequence, .. } = &self.status;
            context.output.warning(&format!(
                "push {sequence} of {url} does not have {}; it has {}: the gateway is not ready until a push has all that \
                 `--env` names",
                names(&missing),
                names(&self.pushed)
            ));
        }
        self.status.missing_environments = missing;
    }

    /// Returns the workspace that is made of the state.
    pub(super) const fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    pub(super) const fn status(&self) -> &SourceStatus {
        &self.status
    }

    /// Takes the reports that have come, and says what is new.
    pub(super) fn look(&mut self, context: &Context<'_>) -> SourceChange {
        let mut change = SourceChange::default();
        for report in self.reports.try_iter() {
            let status = &mut self.status;
            change.of_status = true;
            let at = match report {
                SourceReport::Failed(at, failure) => {
                    fail(context, status, at, failure);
                    continue;
                }
                SourceReport::Changed(at, pointer, pushed) => {
                    self.pushed = pushed;
                    let fields = pointer.fields();
                    (status.sequence, status.pushed, status.expires) = (fields.sequence, fields.time, fields.expires);
                    context.output.note(&format!("{}: push {} of {}", status.url, status.sequence, status.pushed));
                    warn_of_clock(context, status, at);
                    change.of_state = true;
                    at
                }
                SourceReport::Current(at) => at,
            };
            if let Some(since) = status.failing_since.take() {
                status.reason = None;
                context.output.note(&format!("{} can be followed again, after {since}", status.url));
            }
            status.checked = Some(at);
        }
        if change.of_state {
            self.poll_environments(context);
        }
        let expired = self.status.expires.is_some_and(|expires| expires <= wall_clock());
        if expired != self.status.expired {
            self.status.expired = expired;
            change.of_status = true;
            warn_of_expiry(context, &self.status);
        }
        change
    }
}

/// Notes a failure. It is logged when it begins, and when its reason changes.
fn fail(context: &Context<'_>, status: &mut SourceStatus, at: Timestamp, failure: SourceFailure) {
    let SourceFailure { reason, hint } = failure;
    let since = *status.failing_since.get_or_insert(at);
    if status.reason.as_ref() != Some(&reason) {
        let stays = format!("push {} stays served", status.sequence);
        context.output.warning(&format!("{} cannot be followed since {since}: {reason}; {stays}", status.url));
        if let Some(hint) = hint {
            context.output.note(&hint);
        }
        status.reason = Some(reason);
    }
}

/// Says when the clocks differ: by the one of this machine the expiry is judged.
fn warn_of_clock(context: &Context<'_>, status: &SourceStatus, now: Timestamp) {
    let ahead_ms = status.pushed.ms_since(now);
    if ahead_ms > MOST_AHEAD_MS {
        context.output.warning(&format!(
            "push {} of {} is {} s ahead of this machine's clock, by which its expiry is judged: set the clocks, for example with NTP",
            status.sequence,
            status.url,
            ahead_ms / 1000
        ));
    }
}

fn warn_of_expiry(context: &Context<'_>, status: &SourceStatus) {
    if let Some(expires) = status.expires.filter(|_| status.expired) {
        context.output.warning(&format!(
            "push {} of {} expired at {expires}: it stays served, and the gateway is not ready until another comes",
            status.sequence, status.url
        ));
    }
}

/// Returns the folder of the cache: the one that was named, else one for this store.
fn cache_folder(context: &Context<'_>, arguments: &SourceArguments, url: &StoreUrl) -> Result<PathBuf, CommandError> {
    if let Some(folder) = &arguments.cache {
        return Ok(context.folder().join(folder));
    }
    let own = Digest::of(url.to_string().as_bytes()).short();
    let folder = context.process.state_folder.as_ref().map(|folder| folder.join("apigw").join("from").join(own));
    folder.ok_or_else(|| {
        CommandError::usage("this user has no state folder")
            .hint("name a folder for the last good state: `--cache DIR`")
    })
}

/// All that the thread needs.
struct SourceThread {
    remote: RemoteStore,
    follower: StateFollower,
    replica: Replica,
    objects: Arc<ObjectFolder>,
    /// True if the newest state is in place.
    is_installed: bool,
}

impl SourceThread {
    /// Looks at the store again and again, until nobody listens.
    fn run(mut self, reports: &Sender<SourceReport>, interval: Duration) {
        loop {
            thread::sleep(jittered(interval));
            if reports.send(self.look()).is_err() {
                return;
            }
        }
    }

    fn look(&mut self) -> SourceReport {
        let followed = self.remote.follow(&mut self.follower);
        self.is_installed &= !matches!(followed, Ok(true));
        let state = self.follower.state().filter(|_| !self.is_installed);
        let installed = state.map(|state| self.install(&state).map(|()| state)).transpose();
        let now = wall_clock();
        match (installed, followed) {
            (Err(error), _) => {
                let reason = format!("the state cannot be put in place: {}", error.one_line());
                SourceReport::Failed(now, SourceFailure { reason, hint: None })
            }
            (Ok(_), Err(error)) => SourceReport::Failed(now, SourceFailure::of(&error)),
            (Ok(Some(state)), Ok(_)) => {
                let environments = state.list.environments().cloned().collect();
                SourceReport::Changed(now, Box::new(state.pointer), environments)
            }
            (Ok(None), Ok(_)) => SourceReport::Current(now),
        }
    }

    /// Puts a state in place, and removes the objects of those before.
    fn install(&mut self, state: &FollowedState) -> Result<(), crate::workspace::Error> {
        self.replica.install(&state.list, &self.objects)?;
        self.is_installed = true;
        let mut kept: std::collections::BTreeSet<Digest> = state.list.objects().into_keys().collect();
        kept.insert(state.list.digest());
        self.objects.retain(&kept)
    }
}
