//! Starting, changing and stopping a gateway.

mod error;
mod sockets;

use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::sync::watch;
use tokio_rustls::rustls::ServerConfig;

use super::access::AccessState;
use super::body_pace::BodyPace;
use super::compile::Compiler;
use super::compiled::CompiledSnapshot;
use super::config::Config;
use super::issuer_keys::{IssuerKeySets, IssuerKeysStatus};
use super::key_meter::KeyMeters;
use super::meter::{MeterName, Meters};
use super::rate_limits::RateLimiter;
use super::server::admin::AdminState;
use super::server::descriptors::{ConnectionLimits, most_node_connections, raise_open_files};
use super::server::discovery::serve_discovery;
use super::server::key_fetcher::fetch_key_sets;
use super::server::own_thread::on_a_thread;
use super::server::page_listener::serve_pages;
use super::server::worker::{LONGEST_TICK, ListeningSocket, SharedState, StopOrder, Worker};
use super::server::yielding::Yielding;
use super::service::context::{SharedContext, WorkerGauges};
use super::source_status::SourceStatus;
use super::upstream::identity::Identity;
use super::upstream::target::OriginSet;
use crate::access::{DayCounts, KeyDirectory, LatestDates};
use crate::model::{EnvironmentName, GroupName, OperationId};
use crate::snapshot::{NotServed, Snapshot};

pub use error::StartError;
use sockets::{bind_one, listen, listen_to_proxies};

/// A gateway that runs. When it is dropped, it stops at once.
pub struct Gateway {
    shared: Arc<SharedState>,
    /// Snapshots are compiled one after another, each beside the one before.
    compiler: Mutex<Compiler>,
    addresses: Vec<SocketAddr>,
    authorize_address: Option<SocketAddr>,
    admin_address: Option<SocketAddr>,
    pages_address: Option<SocketAddr>,
    discovery_address: Option<SocketAddr>,
    stop: watch::Sender<StopOrder>,
    workers: Vec<JoinHandle<()>>,
    /// The threads that respond to operators and to readers of pages.
    others: Vec<JoinHandle<()>>,
}

/// Time-out for threads to end once they are told to. One that does not is stuck, and nobody waits for it.
const LONGEST_END: Duration = Duration::from_secs(1);

impl Gateway {
    /// Starts to serve a snapshot. Groups that cannot be served are returned, too.
    pub fn start(config: Config, snapshot: &Snapshot) -> Result<(Self, Vec<NotServed>), StartError> {
        let workers = match config.workers {
            0 => std::thread::available_parallelism().map_or(1, NonZero::get),
            workers => workers,
        };
        let open_files = raise_open_files();
        let of_nodes = config.discovery.as_ref().map_or(0, |_| most_node_connections(open_files));
        let listeners = config.listen.len();
        let limits = ConnectionLimits::new(open_files, workers, (listeners, of_nodes), config.limits.connections);
        let meters = Arc::new(Meters::new(workers));
        let compiler = Compiler {
            base_domain: config.base_domain.clone(),
            allow_addresses: config.allow_addresses.clone(),
            origins: OriginSet::new(),
            meters: Arc::clone(&meters),
            rate_limiter: Arc::new(RateLimiter::new(config.gateways, config.day_counts.clone())),
            issuers: Arc::new(IssuerKeySets::new(config.key_fetch)),
        };
        let (compiled, not_served) = compiler.compile(snapshot, None);
        // Listening begins once everything is built, so that no client that connects is kept waiting.
        let (mut sockets, addresses) = listen(&config, workers)?;
        let authorize = config
            .authorize
            .map(|address| listen_to_proxies(address, config.authorize_tls.is_some(), &mut sockets))
            .transpose()?;
        let admin = config.admin.map(bind_one).transpose()?;
        let pages = config.pages.clone();
        let pages = pages.map(|(address, source)| Ok((bind_one(address)?, source))).transpose()?;
        let issuers = Arc::clone(&compiler.issuers);
        let discovery = config.discovery.clone();
        let discovery = discovery.map(|discovery| Ok((bind_one(discovery.address)?, discovery))).transpose()?;
        let limiter = Arc::clone(&compiler.rate_limiter);
        let access = AccessState::new(Arc::clone(&config.keys), limiter, config.signed_dates.clone());
        let shared = Arc::new(shared(config, (compiled, access, issuers), &meters, limits, workers));
        let (stop, stopped) = watch::channel(StopOrder::Not);
        let mut gateway = Self {
            shared,
            compiler: Mutex::new(compiler),
            addresses,
            authorize_address: authorize,
            admin_address: admin.as_ref().map(|(_, address)| *address),
            pages_address: pages.as_ref().map(|((_, address), _)| *address),
            discovery_address: discovery.as_ref().map(|((_, address), _)| *address),
            stop,
            workers: Vec::with_capacity(workers),
            others: Vec::new(),
        };
        for sockets in sockets {
            gateway.start_worker(sockets, stopped.clone())?;
        }
        let context = Arc::clone(&gateway.shared.context);
        let stop = stopped.clone();
        gateway.start_other("key-fetcher", move || async move {
            fetch_key_sets(context, stop).await;
        })?;
        if let Some((listener, _)) = admin {
            let admin = AdminState { shared: Arc::clone(&gateway.shared), meters };
            let stopped = stopped.clone();
            gateway.listen_alone("admin", listener, move |listener| admin.run(listener, stopped))?;
        }
        if let Some(((listener, _), source)) = pages {
            let stopped = stopped.clone();
            gateway.listen_alone("pages", listener, move |listener| serve_pages(source, listener, stopped))?;
        }
        if let Some(((listener, _), discovery)) = discovery {
            let serve = move |listener| serve_discovery(discovery, of_nodes, listener, stopped);
            gateway.listen_alone("nodes", listener, serve)?;
        }
        Ok((gateway, not_served))
    }

    /// Starts the next worker, on a thread of its own.
    fn start_worker(
        &mut self,
        sockets: Vec<ListeningSocket>,
        stopped: watch::Receiver<StopOrder>,
    ) -> Result<(), StartError> {
        let index = self.workers.len();
        let shared = Arc::clone(&self.shared);
        let before_sleep = {
            let shared = Arc::clone(&shared);
            move || shared.yielding.before_sleep()
        };
        let worker = on_a_thread(format!("worker-{index}"), before_sleep, move || async move {
            Worker::new(index, shared).run(sockets, stopped).await.ok();
        });
        self.workers.push(worker.map_err(StartError::Worker)?);
        Ok(())
    }

    /// Starts a thread that serves no requests of callers.
    fn start_other<F, Task>(&mut self, name: &str, task: F) -> Result<(), StartError>
    where
        F: FnOnce() -> Task + Send + 'static,
        Task: Future<Output = ()>,
    {
        self.others.push(on_a_thread(name.to_owned(), || (), task).map_err(StartError::Worker)?);
        Ok(())
    }

    /// Serves a listener of the gateway's own on a thread of its own.
    fn listen_alone<F, Task>(&mut self, name: &str, listener: std::net::TcpListener, serve: F) -> Result<(), StartError>
    where
        F: FnOnce(tokio::net::TcpListener) -> Task + Send + 'static,
        Task: Future<Output = ()>,
    {
        self.start_other(name, move || async move {
            if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
                serve(listener).await;
            }
        })?;
        Ok(())
    }

    /// Serves another snapshot from the next request on. Groups that cannot be served are served as before, and
    /// returned.
    pub fn replace(&self, snapshot: &Snapshot) -> Vec<NotServed> {
        let compiler = self.compiler.lock().unwrap_or_else(PoisonError::into_inner);
        let (compiled, not_served) = compiler.compile(snapshot, Some(&self.shared.context.snapshot.load()));
        self.shared.context.snapshot.store(Arc::new(compiled));
        self.shared.context.changes.send_replace(());
        not_served
    }

    /// Lets callers in by these keys from the next request on; before the first, none is let in that needs one.
    pub fn replace_access(&self, directory: Arc<KeyDirectory>) {
        self.shared.context.access.replace(directory);
        self.shared.context.changes.send_replace(());
    }

    /// Lists the key sets of issuers whose last fetch has failed, each as a sentence without a full stop.
    #[must_use]
    pub fn key_set_problems(&self) -> Vec<String> {
        self.shared.context.issuers.statuses().iter().filter_map(IssuerKeysStatus::problem).collect()
    }

    /// Returns the requests that limits a day have let in today, for the process after this one.
    #[must_use]
    pub fn day_counts(&self) -> DayCounts {
        self.shared.context.access.limiter().day_counts()
    }

    /// Returns the latest dates of signed requests that were let in, for the process after this one.
    #[must_use]
    pub fn latest_dates(&self) -> LatestDates {
        self.shared.context.access.latest_dates()
    }

    /// Records the parts that are not served, for operators.
    pub fn note_not_served(&self, not_served: Vec<NotServed>) {
        self.shared.not_served.store(Arc::new(not_served));
    }

    /// Records the problems of keys and revocations, for operators.
    pub fn note_access_problems(&self, problems: Vec<String>) {
        self.shared.access_problems.store(Arc::new(problems));
    }

    /// Records how the gateway stands with the store that it follows, for operators.
    pub fn note_source(&self, source: SourceStatus) {
        self.shared.source.store(Some(Arc::new(source)));
    }

    /// Goes through the groups of all environments, each with the operation that is in force.
    pub fn for_each_served(&self, mut visit: impl FnMut(&EnvironmentName, &GroupName, &OperationId)) {
        for environment in &self.shared.context.snapshot.load().environments {
            for entry in &environment.entries {
                if let Some(serving) = &entry.serving {
                    visit(&environment.name, &entry.group, serving);
                }
            }
        }
    }

    /// Replaces the certificates from the next connection on.
    pub fn replace_tls(&self, tls: Arc<ServerConfig>) {
        self.shared.tls.store(Some(tls));
    }

    /// Returns where it listens, in the order of the configuration, with the ports that the system picked.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Returns the address of the authorizer.
    #[must_use]
    pub fn authorize_address(&self) -> Option<SocketAddr> {
        self.authorize_address
    }

    /// Returns the address for operators.
    #[must_use]
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin_address
    }

    /// Returns the address of the pages.
    #[must_use]
    pub fn pages_address(&self) -> Option<SocketAddr> {
        self.pages_address
    }

    /// Returns where nodes poll.
    #[must_use]
    pub fn discovery_address(&self) -> Option<SocketAddr> {
        self.discovery_address
    }

    /// Returns how many connections of callers are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// Returns how many connections are allowed at a time, by the settings and by the system's limit of open files.
    #[must_use]
    pub fn connection_limits(&self) -> ConnectionLimits {
        self.shared.limits
    }

    /// Returns how many requests are in flight, as of a moment ago.
    #[must_use]
    pub fn requests_in_flight(&self) -> usize {
        self.shared.on_hand().requests
    }

    /// Returns how many connections to backends are open, as of a moment ago; those of websockets are not among them.
    #[must_use]
    pub fn backend_connections(&self) -> usize {
        self.shared.on_hand().backend_connections
    }

    /// Returns the workers, by number, that have stood still for a second: something holds up their thread, and their
    /// connections are not served.
    #[must_use]
    pub fn stuck_workers(&self) -> Vec<usize> {
        self.shared.stuck_workers(LONGEST_TICK)
    }

    /// Stops: accepts no more, finishes the requests in flight, and returns when all are done, the time is over, or
    /// `hurry`, which is polled, returns true. Returns true if all were finished. A stuck worker is left behind, and
    /// ends with the process.
    pub fn shutdown(mut self, limit: Duration, mut hurry: impl FnMut() -> bool) -> bool {
        self.shared.context.draining.store(true, Ordering::Relaxed);
        self.stop.send_replace(StopOrder::Drain);
        let deadline = Instant::now() + limit;
        while Instant::now() < deadline && !self.workers.iter().all(JoinHandle::is_finished) && !hurry() {
            std::thread::sleep(Duration::from_millis(5));
        }
        let drained = self.workers.iter().all(JoinHandle::is_finished);
        self.stop_now();
        drained
    }

    fn stop_now(&mut self) {
        self.shared.context.stopped.store(true, Ordering::Relaxed);
        self.stop.send_replace(StopOrder::Now);
        let deadline = Instant::now() + LONGEST_END;
        for thread in self.workers.drain(..).chain(self.others.drain(..)) {
            while !thread.is_finished() && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(1));
            }
            if thread.is_finished() {
                // A worker that panicked has said so; there is nothing more to stop.
                thread.join().ok();
            }
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.stop_now();
    }
}

fn shared(
    config: Config,
    (snapshot, access, issuers): (CompiledSnapshot, AccessState, Arc<IssuerKeySets>),
    meters: &Meters,
    limits: ConnectionLimits,
    workers: usize,
) -> SharedState {
    let nobody = MeterName { environment: "".into(), group: "".into(), version: "".into(), api: "".into() };
    SharedState {
        tls: ArcSwapOption::new(config.tls.clone()),
        not_served: ArcSwap::default(),
        access_problems: ArcSwap::default(),
        source: ArcSwapOption::new(config.source.clone().map(Arc::new)),
        connections: AtomicUsize::new(0),
        limits,
        refused: AtomicU64::new(0),
        started: Instant::now(),
        yielding: Yielding::default(),
        context: Arc::new(SharedContext {
            snapshot: ArcSwap::from_pointee(snapshot),
            changes: watch::Sender::new(()),
            access,
            issuers,
            key_meters: KeyMeters::default(),
            unrouted: meters.get(nobody),
            identity: Identity::random(),
            pace: BodyPace::new(&config.timeouts),
            draining: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            gauges: (0..workers).map(|_| WorkerGauges::default()).collect(),
            config,
        }),
    }
}
