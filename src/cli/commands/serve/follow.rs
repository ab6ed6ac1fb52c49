//! Serves every change of the files, and publishes the served state to other processes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::access_log::LogQueue;
use super::announce::{self, AnnouncedListener};
use super::certificates::{CertificateFiles, FollowedCertificates};
use super::environments;
use super::fleet::FleetPublisher;
use super::saved_counts::SavedCounts;
use super::secrets::PendingSecrets;
use super::signed_dates::SavedDates;
use super::source::FollowedSource;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::process::wall_clock;
use crate::cli::views::ServeView;
use crate::gateway::{Gateway, Signal};
use crate::model::{EnvironmentName, SCHEMA};
use crate::snapshot::{NotServed, Snapshot};
use crate::workspace::{AccessReader, GatewayFile, LiveReader, RunningGateway, ServedEnvironment, Workspace};

/// The interval at which the files are read; a commit is served within this time and that of reading it.
const POLL_INTERVAL: Duration = Duration::from_millis(25);
/// The number of polls after which certificates, and the file that tells about the gateway, are polled too.
const SELDOM_EVERY: u32 = 20;

/// A gateway with its served state and the source of that.
pub(super) struct Follower<'a> {
    context: &'a Context<'a>,
    workspace: Workspace,
    read: GatewayInputs,
    gateway: Gateway,
    listeners: Vec<AnnouncedListener>,
    log: Option<Arc<LogQueue>>,
    file: Option<GatewayFile>,
    is_unpublished: bool,
    /// The state published last.
    published: RunningGateway,
    was_incomplete: bool,
    key_set_problems: Vec<String>,
    /// Time at which freed memory is returned to the system.
    trim_memory_at: Option<Instant>,
    polls: u32,
}

/// The inputs of a gateway: environments, their reader, certificates, keys, counts of limits, the store.
pub(super) struct GatewayInputs {
    /// The environments that were named, none for all.
    pub(super) named: Vec<EnvironmentName>,
    pub(super) reader: LiveReader,
    pub(super) certificates: Option<CertificateFiles>,
    /// The certificates of the listener for proxies, where it has some.
    pub(super) authorizer: Option<FollowedCertificates>,
    pub(super) access: AccessReader,
    pub(super) saved_counts: SavedCounts,
    pub(super) saved_dates: SavedDates,
    pub(super) secrets: PendingSecrets,
    pub(super) source: Option<FollowedSource>,
    /// The nodes that follow, where there is a listener for them.
    pub(super) fleet: Option<FleetPublisher>,
}

impl<'a> Follower<'a> {
    pub(super) fn new(
        context: &'a Context<'a>,
        workspace: Workspace,
        gateway: Gateway,
        encrypted: &[bool],
        read: GatewayInputs,
        log: Option<Arc<LogQueue>>,
    ) -> Self {
        let listeners = gateway.addresses().iter().zip(encrypted);
        let listeners =
            listeners.map(|(&address, &encrypted)| AnnouncedListener { address, encrypted }).collect::<Vec<_>>();
        let published = RunningGateway {
            schema: SCHEMA,
            pid: std::process::id(),
            since: context.now(),
            addresses: listeners.iter().map(|listener| listener.url()).collect(),
            admin: gateway.admin_address(),
            discovery: gateway.discovery_address(),
            stuck_workers: Vec::new(),
            environments: BTreeMap::new(),
            not_served: Vec::new(),
        };
        let file = workspace.gateway_file(published.pid, published.since);
        let file = file.map_err(|error| warn_of_unpublished(context, &error)).ok();
        let is_unpublished = file.is_none();
        Self {
            context,
            workspace,
            read,
            gateway,
            listeners,
            log,
            file,
            is_unpublished,
            published,
            was_incomplete: false,
            key_set_problems: Vec::new(),
            trim_memory_at: None,
            polls: 0,
        }
    }

    /// Announces the addresses and the served groups.
    pub(super) fn begin(&mut self, live: &Snapshot, not_served: Vec<NotServed>) -> Result<(), CommandError> {
        let view = ServeView {
            schema: SCHEMA,
            pid: self.published.pid,
            listening: self.listeners.iter().map(|listener| listener.url()).collect(),
            admin: self.gateway.admin_address(),
            authorize: self.gateway.authorize_address(),
            docs: self.gateway.pages_address(),
            xds: self.gateway.discovery_address(),
            environments: live.environments.iter().map(|environment| environment.name.clone()).collect(),
        };
        self.context.output.data(&view, String::new)?;
        announce::listeners(self.context, &self.listeners, self.gateway.admin_address());
        if let Some(address) = self.gateway.authorize_address() {
            let protocol = if self.read.authorizer.is_some() { "https" } else { "http" };
            self.context.output.note(&format!("verdicts for proxies: {protocol}://{address}/-/authorize"));
        }
        announce::documents(self.context, self.gateway.pages_address());
        self.publish_to_nodes(live);
        if let Some(address) = self.gateway.discovery_address() {
            self.context.output.note(&format!("nodes: {address}"));
        }
        self.published = self.note_not_served(live, not_served);
        self.release_definitions();
        let is_followed = self.read.source.is_some();
        announce::groups(self.context, &self.workspace, &self.listeners, live, &self.published, is_followed);
        self.report_access();
        self.tell();
        announce::gateway_counts(self.context, &self.workspace, live);
        Ok(())
    }

    /// Serves every change until a signal asks to stop.
    pub(super) fn follow(&mut self, asked: &Receiver<Signal>) {
        loop {
            match asked.recv_timeout(POLL_INTERVAL) {
                Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(Signal::Reload) => self.reload(),
                Err(RecvTimeoutError::Timeout) => {}
            }
            self.poll_source();
            if self.read.reader.must_read(&self.workspace, Instant::now()) {
                let live = self.read.reader.read(&self.workspace);
                let not_served = self.gateway.replace(&live);
                self.publish_to_nodes(&live);
                let served = self.note_not_served(&live, not_served);
                self.release_definitions();
                announce::changes(self.context, &self.workspace, &live, &self.published, &served);
                self.published = served;
                self.tell();
            }
            if let Some(fleet) = &mut self.read.fleet {
                fleet.tick(self.context, &self.workspace);
            }
            self.poll_access();
            self.poll_workers();
            self.read.saved_counts.save_in_time(self.context, &self.workspace, &self.gateway);
            self.read.saved_dates.save_in_time(self.context, &self.workspace, &self.gateway);
            if self.trim_memory_at.is_some_and(|at| Instant::now() >= at) {
                self.trim_memory_at = None;
                trim_memory();
            }
            self.polls = self.polls.wrapping_add(1);
            if self.polls.is_multiple_of(SELDOM_EVERY) {
                self.poll_certificates();
                self.poll_log();
                self.poll_key_sets();
                // Whoever cleans up `.apigw` takes the file along.
                if self.file.as_ref().is_some_and(|file| !file.is_in_place()) && self.workspace.folder().is_dir() {
                    self.tell();
                }
            }
        }
    }

    /// Gives nodes what has changed.
    fn publish_to_nodes(&mut self, live: &Snapshot) {
        if let Some(fleet) = &mut self.read.fleet {
            fleet.publish(self.context, &self.workspace, live, &self.read.reader);
        }
    }

    /// Lets go of definitions that the gateway has built on.
    fn release_definitions(&mut self) {
        /// Longer than the allocator waits for somebody who wants the memory again.
        const WAIT: Duration = Duration::from_secs(1);
        self.read.reader.release_definitions();
        self.trim_memory_at = Some(Instant::now() + WAIT);
    }

    /// Ends to follow, and says so to others; the gateway still runs.
    pub(super) fn into_gateway(mut self) -> Gateway {
        self.read.saved_counts.save(self.context, &self.workspace, &self.gateway);
        self.read.saved_dates.save(self.context, &self.workspace, &self.gateway);
        self.gateway
    }

    /// Takes what is new of the store that is followed; its files are read as those of any workspace.
    fn poll_source(&mut self) {
        let Some(source) = &mut self.read.source else { return };
        let change = source.look(self.context);
        if change.of_status {
            self.gateway.note_source(source.status().clone());
        }
        let has_settings = |workspace: Workspace| workspace.settings() != self.workspace.settings();
        if change.of_state && Workspace::open(self.workspace.folder()).is_ok_and(has_settings) {
            self.reopen();
        }
    }

    /// Reads all again: the settings, every version, the files beside them, the certificates.
    fn reload(&mut self) {
        self.reopen();
        self.poll_certificates();
        self.read.access.read_again();
        if let Err(error) = self.read.secrets.begin(&self.workspace, &self.context.process.variables) {
            self.context.output.warning(&format!("cannot read the secrets: {error}; they stay as they were"));
        }
        if let Some(log) = &self.log {
            log.reopen();
        }
        self.context.output.note("reloaded on SIGHUP");
    }

    /// Reads the settings again, and every version.
    fn reopen(&mut self) {
        match Workspace::open(self.workspace.folder()) {
            Ok(workspace) => {
                if workspace.settings().base_domain != self.workspace.settings().base_domain {
                    self.context.output.warning("the new base_domain takes effect only after a restart");
                }
                if workspace.settings().access.gateways != self.workspace.settings().access.gateways {
                    self.context.output.warning("the new number of `gateways` takes effect only after a restart");
                }
                self.workspace = workspace;
            }
            Err(error) => self.context.output.warning(&format!("{}; keeping the previous settings", error.one_line())),
        }
        self.read.reader.read_anew(environments(&self.workspace, &self.read.named));
    }

    /// Has callers let in by the keys as they are now, and says what is wrong with some the first time.
    fn poll_access(&mut self) {
        let now = Instant::now();
        match self.read.secrets.take() {
            Ok(Some(sources)) => self.read.access.take_secrets(sources),
            Ok(None) => {}
            Err(_) => {
                self.context
                    .output
                    .warning("cannot read the secrets: the thread that read them panicked; they stay as they were");
            }
        }
        if self.read.access.must_read(&self.workspace, now) {
            self.gateway.replace_access(self.read.access.read(&self.workspace, now, wall_clock()));
            self.report_access();
        }
    }

    fn report_access(&mut self) {
        for problem in self.read.access.new_problems() {
            self.context.output.warning(&problem);
        }
        self.gateway.note_access_problems(self.read.access.problems().cloned().collect());
    }

    /// Reports when the keys of an issuer cannot be fetched.
    fn poll_key_sets(&mut self) {
        let problems = self.gateway.key_set_problems();
        for problem in problems.iter().filter(|problem| !self.key_set_problems.contains(problem)) {
            self.context.output.warning(problem);
        }
        self.key_set_problems = problems;
    }

    /// Reports when a worker is stuck, and when it has recovered.
    fn poll_workers(&mut self) {
        let stuck = self.gateway.stuck_workers();
        if stuck == self.published.stuck_workers {
            return;
        }
        let mut changed = Vec::new();
        for worker in &stuck {
            if !self.published.stuck_workers.contains(worker) {
                changed.push((worker, "is stuck and serves no requests; restart the gateway if it does not recover"));
            }
        }
        for worker in &self.published.stuck_workers {
            if !stuck.contains(worker) {
                changed.push((worker, "has recovered"));
            }
        }
        for (worker, what) in changed {
            self.context.output.warning(&format!("worker {worker} {what}"));
        }
        self.published.stuck_workers = stuck;
        self.tell();
    }

    fn poll_certificates(&mut self) {
        if let Some(authorizer) = &mut self.read.authorizer {
            authorizer.look(self.context);
        }
        match self.read.certificates.as_mut().map(CertificateFiles::read_if_changed) {
            Some(Ok(Some(tls))) => {
                self.gateway.replace_tls(Arc::clone(tls.config()));
                self.context.output.note("certificates reloaded");
            }
            Some(Err(error)) => {
                self.context.output.warning(&format!("{}; the previous one stays in use", error.message));
            }
            _ => {}
        }
    }

    /// Warns when lines of the access log begin to be dropped.
    fn poll_log(&self) {
        if let Some(count) = self.log.as_ref().and_then(|log| log.begins_to_drop()) {
            self.context.output.warning(&format!(
                "lines of the access log were dropped ({count} so far): it cannot keep up with the requests; \
                 write it to a file with `--access-log FILE`, or turn it off with `--access-log off`"
            ));
        }
    }

    /// Records the entries that are not served, and reports each once. Returns the served state.
    fn note_not_served(&mut self, live: &Snapshot, not_served: Vec<NotServed>) -> RunningGateway {
        for mut entry in not_served {
            let environment = live.environments.iter().find(|environment| environment.name == entry.environment);
            let group = environment.zip(entry.group.as_ref()).and_then(|(environment, group)| environment.group(group));
            if let Some(group) = group {
                let version = &group.deployment.release.version;
                entry.reason = format!("version {version} cannot be served: {}", entry.reason);
            }
            self.read.reader.reconsider(entry);
        }
        let served = self.served(live);
        announce::not_served(self.context, &self.read.reader.newly_not_served(), &served);
        self.gateway.note_not_served(served.not_served.clone());
        if self.was_incomplete && served.not_served.is_empty() {
            self.context.output.note("recovered: all groups are served up to date");
        }
        self.was_incomplete = !served.not_served.is_empty();
        served
    }

    /// Builds the served state, with the entries that are not served.
    fn served(&self, live: &Snapshot) -> RunningGateway {
        let mut environments: BTreeMap<EnvironmentName, ServedEnvironment> =
            live.environments.iter().map(|live| (live.name.clone(), ServedEnvironment::default())).collect();
        self.gateway.for_each_served(|environment, group, operation| {
            if let Some(environment) = environments.get_mut(environment) {
                environment.serves.insert(group.clone(), operation.clone());
            }
        });
        let published = &self.published;
        let (addresses, stuck_workers) = (published.addresses.clone(), published.stuck_workers.clone());
        let not_served = self.read.reader.not_served().cloned().collect();
        RunningGateway { addresses, stuck_workers, environments, not_served, ..*published }
    }

    /// Publishes the served state to other processes. Requests are served even if that fails.
    fn tell(&mut self) {
        let Some(file) = &mut self.file else { return };
        match file.write(&self.published) {
            Ok(()) => self.is_unpublished = false,
            Err(_) if self.is_unpublished => {}
            Err(error) => {
                warn_of_unpublished(self.context, &error);
                self.is_unpublished = true;
            }
        }
    }
}

/// Makes the allocator return free memory to the system, as it does on a request for a large piece: `main.rs` has the
/// figure.
fn trim_memory() {
    const LARGE: usize = 64 << 20;
    std::hint::black_box(Vec::<u8>::with_capacity(LARGE));
}

fn warn_of_unpublished(context: &Context<'_>, error: &crate::workspace::Error) {
    context.output.warning(&format!("`apigw status` and `--wait` will not see this gateway: {}", error.one_line()));
}
