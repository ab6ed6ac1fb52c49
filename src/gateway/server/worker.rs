//! A worker: one thread, one runtime, one listening socket an address, one pool of connections to backends.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::rustls::ServerConfig;

use super::connection::{ConnectionTls, serve};
use super::descriptors::ConnectionLimits;
use super::yielding::{Trial, Yielding};
use crate::gateway::body_pace::BodyPace;
use crate::gateway::clock::{Clock, TICK, TICKS_A_SECOND, Ticks, ticks};
use crate::gateway::config::GatewayTimeouts;
use crate::gateway::service::context::{ClientConnection, ConnectionPurpose, Context, SharedContext, WorkerGauges};
use crate::gateway::source_status::SourceStatus;
use crate::gateway::upstream::pool::Pool;
use crate::gateway::watch::{ConnectionTimeouts, ConnectionWatch};
use crate::snapshot::NotServed;

/// Time for which an idle connection to a backend is kept: less than servers usually keep one.
const KEEP_BACKEND: Ticks = TICKS_A_SECOND * 20;

/// State that all workers share.
pub(crate) struct SharedState {
    pub(crate) context: Arc<SharedContext>,
    pub(crate) tls: ArcSwapOption<ServerConfig>,
    /// Parts of the files that are not served.
    pub(crate) not_served: ArcSwap<Vec<NotServed>>,
    /// Problems of keys and revocations, each a sentence without a full stop.
    pub(crate) access_problems: ArcSwap<Vec<String>>,
    /// The store that the gateway follows, if it follows one.
    pub(crate) source: ArcSwapOption<SourceStatus>,
    /// The most connections at a time.
    pub(crate) limits: ConnectionLimits,
    /// Number of open connections.
    pub(crate) connections: AtomicUsize,
    /// Number of connections closed at once, as there were too many.
    pub(crate) refused: AtomicU64,
    pub(crate) started: Instant,
    /// Yielding of the workers.
    pub(crate) yielding: Yielding,
}

/// The last tick of a worker that has ended.
const ENDED: u64 = u64::MAX;

/// Longest time since the last tick of a worker that works: a few ticks, since the system may be busy.
pub(crate) const LONGEST_TICK: Duration = Duration::from_secs(1);

/// The load of the workers.
pub(crate) struct OnHand {
    /// Requests in flight.
    pub(crate) requests: usize,
    /// Open connections to backends.
    pub(crate) backend_connections: usize,
}

impl SharedState {
    /// Adds up the load of all workers.
    pub(crate) fn on_hand(&self) -> OnHand {
        let sum = |gauge: fn(&WorkerGauges) -> &AtomicUsize| {
            self.context.gauges.iter().map(|gauges| gauge(gauges).load(Ordering::Relaxed)).sum()
        };
        OnHand {
            requests: sum(|gauges| &gauges.in_flight),
            backend_connections: sum(|gauges| &gauges.backend_connections),
        }
    }

    /// Returns the workers that have not ticked for so long. They serve no requests: something blocks their thread.
    pub(crate) fn stuck_workers(&self, longest: Duration) -> Vec<usize> {
        let now = milliseconds(self.started.elapsed());
        let is_stuck = |gauges: &WorkerGauges| {
            now.saturating_sub(gauges.ticked_ms.load(Ordering::Relaxed)) > milliseconds(longest)
        };
        self.context.gauges.iter().enumerate().filter(|(_, gauges)| is_stuck(gauges)).map(|(index, _)| index).collect()
    }

    /// Returns the number of responses of all workers.
    fn responses(&self) -> u64 {
        self.context.gauges.iter().map(|gauges| gauges.responses.load(Ordering::Relaxed)).sum()
    }
}

/// State that the tasks of one worker share.
pub(crate) struct Worker {
    shared: Arc<SharedState>,
    context: Rc<Context>,
    clock: Clock,
    watches: RefCell<Vec<Weak<ConnectionWatch>>>,
    open: Cell<usize>,
}

/// A socket to listen on.
pub(crate) struct ListeningSocket {
    pub(crate) listener: std::net::TcpListener,
    pub(crate) tls: bool,
    pub(crate) purpose: ConnectionPurpose,
}

impl Worker {
    /// Makes a worker.
    pub(crate) fn new(index: usize, shared: Arc<SharedState>) -> Rc<Self> {
        let clock = Clock::default();
        let pool = Pool::new(Rc::clone(&clock), shared.limits.backends_a_worker, index);
        let context = Rc::new(Context::new(index, Arc::clone(&shared.context), pool));
        Rc::new(Self { shared, context, clock, watches: RefCell::default(), open: Cell::new(0) })
    }

    /// Accepts connections until `stop` says so, then waits for those that are open, at most until it says so again.
    pub(crate) async fn run(
        self: Rc<Self>,
        sockets: Vec<ListeningSocket>,
        mut stop: watch::Receiver<StopOrder>,
    ) -> std::io::Result<()> {
        for socket in sockets {
            let listener = TcpListener::from_std(socket.listener)?;
            let accepting = Rc::clone(&self).accept(listener, (socket.tls, socket.purpose), stop.clone());
            tokio::task::spawn_local(accepting);
        }
        let ticking = tokio::task::spawn_local(Rc::clone(&self).tick());
        stop.wait_for(|stop| *stop != StopOrder::Not).await.ok();
        self.each_watch(ConnectionWatch::drain);
        let drained = async {
            while self.open.get() > 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
                // Those that were accepted while the listeners closed are told as well.
                self.each_watch(ConnectionWatch::drain);
            }
        };
        tokio::select! {
            () = drained => {}
            _ = stop.wait_for(|stop| *stop == StopOrder::Now) => {}
        }
        ticking.abort();
        self.note_tick(ENDED);
        Ok(())
    }

    async fn accept(
        self: Rc<Self>,
        listener: TcpListener,
        kind: (bool, ConnectionPurpose),
        mut stop: watch::Receiver<StopOrder>,
    ) {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = stop.wait_for(|stop| *stop != StopOrder::Not) => return,
            };
            match accepted {
                Ok((stream, peer)) => {
                    if let Some(open) = OpenConnection::count(&self) {
                        tokio::task::spawn_local(Rc::clone(&self).serve_counted(stream, peer, kind, open));
                    }
                }
                // The system as a whole may have too many open files; trying again at once would only burn time.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    async fn serve_counted(
        self: Rc<Self>,
        stream: TcpStream,
        peer: std::net::SocketAddr,
        (tls, purpose): (bool, ConnectionPurpose),
        _open: OpenConnection,
    ) {
        // A proxy's own connection says nothing of the one on which its caller sent the request.
        let is_caller = purpose == ConnectionPurpose::Serve;
        let watch = Rc::new(ConnectionWatch::new(peer, tls && is_caller, Rc::clone(&self.clock)));
        self.watches.borrow_mut().push(Rc::downgrade(&watch));
        let certificates = match purpose {
            _ if !tls => None,
            ConnectionPurpose::Serve => self.shared.tls.load_full().map(ConnectionTls::Open),
            ConnectionPurpose::Authorize => self.shared.context.config.authorize_tls.clone().map(ConnectionTls::Mutual),
        };
        if !tls || certificates.is_some() {
            serve(Rc::clone(&self.context), ClientConnection::new(watch, purpose), stream, certificates).await;
        }
    }

    fn note_tick(&self, ticked_ms: u64) {
        if let Some(gauges) = self.shared.context.gauges.get(self.context.index) {
            gauges.ticked_ms.store(ticked_ms, Ordering::Relaxed);
        }
    }

    async fn tick(self: Rc<Self>) {
        let mut interval = tokio::time::interval(TICK);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // One worker measures for all.
        let mut response_rate = (self.context.index == 0).then(|| ResponseRate::new(&self.shared));
        loop {
            interval.tick().await;
            self.note_tick(milliseconds(self.shared.started.elapsed()));
            if let Some(rate) = &mut response_rate {
                rate.tick(&self.shared);
            }
            self.clock.set(self.clock.get() + 1);
            let timeouts = connection_timeouts(
                &self.shared.context.config.timeouts,
                self.shared.context.snapshot.load().longest_wait,
            );
            let mut in_flight = 0;
            self.each_watch(|watch| {
                watch.tick(&timeouts);
                in_flight += watch.in_flight() as usize;
            });
            self.context.pool.tick(KEEP_BACKEND);
            if let Some(gauges) = self.shared.context.gauges.get(self.context.index) {
                gauges.in_flight.store(in_flight, Ordering::Relaxed);
                gauges.backend_connections.store(self.context.pool.open(), Ordering::Relaxed);
            }
        }
    }

    fn each_watch(&self, mut visit: impl FnMut(&ConnectionWatch)) {
        self.watches.borrow_mut().retain(|watch| match watch.upgrade() {
            Some(watch) => {
                visit(&watch);
                true
            }
            None => false,
        });
    }
}

/// Follows how many responses are sent, to find out whether workers do well to yield.
struct ResponseRate {
    trial: Trial,
    responses: u64,
    since: Instant,
}

impl ResponseRate {
    fn new(shared: &SharedState) -> Self {
        Self { trial: Trial::default(), responses: shared.responses(), since: Instant::now() }
    }

    fn tick(&mut self, shared: &SharedState) {
        let (responses, now) = (shared.responses(), Instant::now());
        let milliseconds = u64::try_from((now - self.since).as_millis()).unwrap_or(u64::MAX).max(1);
        let rate = responses.wrapping_sub(self.responses).saturating_mul(1000) / milliseconds;
        shared.yielding.set(self.trial.next(rate));
        (self.responses, self.since) = (responses, now);
    }
}

/// Order to stop a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StopOrder {
    /// Keep serving.
    Not,
    /// Stop once the requests in flight are finished.
    Drain,
    /// At once.
    Now,
}

/// A connection that is open, counted until it is dropped.
struct OpenConnection(Rc<Worker>);

impl OpenConnection {
    /// Counts a connection, or returns nothing where there are too many.
    fn count(worker: &Rc<Worker>) -> Option<Self> {
        let connections = &worker.shared.connections;
        if connections.fetch_add(1, Ordering::Relaxed) >= worker.shared.limits.clients {
            connections.fetch_sub(1, Ordering::Relaxed);
            worker.shared.refused.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        worker.open.set(worker.open.get() + 1);
        Some(Self(Rc::clone(worker)))
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.shared.connections.fetch_sub(1, Ordering::Relaxed);
        self.0.open.set(self.0.open.get().saturating_sub(1));
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn connection_timeouts(timeouts: &GatewayTimeouts, longest_wait: Duration) -> ConnectionTimeouts {
    ConnectionTimeouts {
        head: ticks(timeouts.head),
        keep_alive: ticks(timeouts.keep_alive),
        body: BodyPace::new(timeouts),
        write: ticks(timeouts.write),
        // A backend may be silent for as long as its group says.
        stall: ticks(timeouts.stall.max(longest_wait)) + 1,
        drain: TICKS_A_SECOND,
    }
}
