//! A worker: one thread, one runtime, one listening socket an address, one pool of connections to backends.

use std::cell::{Cell, RefCell};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, ArcSwapOption};
use http::{HeaderMap, HeaderValue};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::rustls::ServerConfig;

use super::connection::serve;
use super::descriptors::ConnectionLimits;
use super::watch::{Patience, Ticks, Watch};
use super::yielding::{Trial, Yielding};
use crate::gateway::body::Pace;
use crate::gateway::compiled::CompiledSnapshot;
use crate::gateway::config::{Config, Timeouts};
use crate::gateway::telemetry::meter::Meter;
use crate::gateway::upstream::pool::Pool;
use crate::snapshot::NotServed;

/// The time between two ticks of a worker's clock.
const TICK: Duration = Duration::from_millis(250);

/// How many of them there are in a second.
pub(crate) const TICKS_A_SECOND: Ticks = 4;

/// How long a connection to a backend is kept while nobody uses it: less than servers usually keep one.
const KEEP_BACKEND: Ticks = TICKS_A_SECOND * 20;

/// What all workers share.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) snapshot: ArcSwap<CompiledSnapshot>,
    pub(crate) tls: ArcSwapOption<ServerConfig>,
    /// What the files say and is not served.
    pub(crate) not_served: ArcSwap<Vec<NotServed>>,
    /// Counts requests of which no API is known.
    pub(crate) unrouted: Arc<Meter>,
    /// The most connections at a time.
    pub(crate) limits: ConnectionLimits,
    /// How many connections are open.
    pub(crate) connections: AtomicUsize,
    /// How many connections were closed at once, as there were too many.
    pub(crate) refused: AtomicU64,
    pub(crate) draining: AtomicBool,
    pub(crate) started: Instant,
    /// Whether what is in flight is cut off.
    pub(crate) stopped: AtomicBool,
    /// What each worker has on its hands.
    pub(crate) gauges: Box<[Gauges]>,
    /// Whether workers let others run before they sleep.
    pub(crate) yielding: Yielding,
    /// Who the gateway is in `Via`.
    pub(crate) pseudonym: String,
    pub(crate) via_http_1: HeaderValue,
    pub(crate) via_http_2: HeaderValue,
    /// How slowly the bodies of requests may come.
    pub(crate) pace: Pace,
}

/// What a worker has done and has on its hands. Each has cache lines of its own, since workers write to them all the time.
#[derive(Default)]
#[repr(align(128))]
pub(crate) struct Gauges {
    /// How many requests it has answered.
    answered: AtomicU64,
    /// How many requests are in flight, as of its last tick.
    pub(crate) in_flight: AtomicUsize,
    /// How many connections to backends are open, as of its last tick.
    pub(crate) backend_connections: AtomicUsize,
    /// When it ticked last, in milliseconds since the gateway was started; [`ENDED`] once it has ended.
    ticked_ms: AtomicU64,
}

/// The last tick of a worker that has ended.
const ENDED: u64 = u64::MAX;

/// How long ago a worker that works has ticked at most: a few ticks, since the system may be busy.
pub(crate) const LONGEST_TICK: Duration = Duration::from_secs(1);

impl Shared {
    /// Adds up what all workers have on their hands: requests in flight, and open connections to backends.
    pub(crate) fn on_hand(&self) -> (usize, usize) {
        let sum = |gauge: fn(&Gauges) -> &AtomicUsize| {
            self.gauges.iter().map(|gauges| gauge(gauges).load(Ordering::Relaxed)).sum()
        };
        (sum(|gauges| &gauges.in_flight), sum(|gauges| &gauges.backend_connections))
    }

    /// Returns under which status a request counts of which nobody hears the answer, and why nobody does.
    pub(crate) fn unheard(&self) -> (u16, &'static str) {
        if self.stopped.load(Ordering::Relaxed) {
            (503, "the gateway was stopped before the end of the answer")
        } else {
            (499, "the client left, or was too slow, before the end of the answer")
        }
    }

    /// Returns the workers that have not ticked for so long. They answer nobody: something holds up their thread.
    pub(crate) fn stuck_workers(&self, longest: Duration) -> Vec<usize> {
        let now = milliseconds(self.started.elapsed());
        let is_stuck =
            |gauges: &Gauges| now.saturating_sub(gauges.ticked_ms.load(Ordering::Relaxed)) > milliseconds(longest);
        self.gauges.iter().enumerate().filter(|(_, gauges)| is_stuck(gauges)).map(|(index, _)| index).collect()
    }

    /// Returns how many requests all workers have answered.
    fn answered(&self) -> u64 {
        self.gauges.iter().map(|gauges| gauges.answered.load(Ordering::Relaxed)).sum()
    }
}

/// What the tasks of one worker share.
pub(crate) struct Worker {
    pub(crate) index: usize,
    pub(crate) shared: Arc<Shared>,
    pub(crate) pool: Rc<Pool>,
    pub(crate) clock: Rc<Cell<Ticks>>,
    turn: Cell<usize>,
    /// What the ids of its requests begin with.
    id: [u8; 16],
    requests: Cell<u64>,
    /// The memory of headers that were read or written, for those that come next.
    spare_headers: RefCell<Vec<HeaderMap>>,
    watches: RefCell<Vec<Weak<Watch>>>,
    open: Cell<usize>,
}

/// A socket to listen on.
pub(crate) struct Socket {
    pub(crate) listener: std::net::TcpListener,
    pub(crate) tls: bool,
}

impl Worker {
    /// Makes a worker.
    pub(crate) fn new(index: usize, shared: Arc<Shared>) -> Rc<Self> {
        let clock = Rc::new(Cell::new(0));
        let pool = Pool::new(Rc::clone(&clock), shared.limits.backends_a_worker);
        Rc::new(Self {
            index,
            shared,
            pool,
            clock,
            turn: Cell::new(index),
            id: hexadecimal(RandomState::new().build_hasher().finish()),
            requests: Cell::new(0),
            spare_headers: RefCell::default(),
            watches: RefCell::default(),
            open: Cell::new(0),
        })
    }

    /// Accepts connections until `stop` says so, then waits for those that are open, at most until it says so again.
    pub(crate) async fn run(
        self: Rc<Self>,
        sockets: Vec<Socket>,
        mut stop: watch::Receiver<Stop>,
    ) -> std::io::Result<()> {
        for socket in sockets {
            let listener = TcpListener::from_std(socket.listener)?;
            let accepting = Rc::clone(&self).accept(listener, socket.tls, stop.clone());
            tokio::task::spawn_local(accepting);
        }
        let ticking = tokio::task::spawn_local(Rc::clone(&self).tick());
        stop.wait_for(|stop| *stop != Stop::Not).await.ok();
        self.each_watch(Watch::drain);
        let drained = async {
            while self.open.get() > 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
                // Those that were accepted while the listeners closed are told as well.
                self.each_watch(Watch::drain);
            }
        };
        tokio::select! {
            () = drained => {}
            _ = stop.wait_for(|stop| *stop == Stop::Now) => {}
        }
        ticking.abort();
        self.note_tick(ENDED);
        Ok(())
    }

    /// Returns the id of a request: the caller's where it is harmless, else a new one.
    pub(crate) fn request_id(&self, given: Option<&HeaderValue>) -> HeaderValue {
        const LONGEST: usize = 128;
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if let Some(given) = given {
            let bytes = given.as_bytes();
            if (1..=LONGEST).contains(&bytes.len()) && bytes.iter().all(plain) {
                return given.clone();
            }
        }
        let number = self.requests.get().wrapping_add(1);
        self.requests.set(number);
        let mut text = [0; 32];
        let (worker, request) = text.split_at_mut(16);
        worker.copy_from_slice(&self.id);
        request.copy_from_slice(&hexadecimal(number));
        HeaderValue::from_bytes(&text).unwrap_or_else(|_| HeaderValue::from_static("0"))
    }

    /// Takes headers that nobody needs any more, for the memory that they are in.
    pub(crate) fn keep_headers(&self, mut headers: HeaderMap) {
        /// Maps with room for more are seldom needed.
        const MOST_ROOM: usize = 64;
        /// A request and its answer have one each.
        const MOST_KEPT: usize = 2;
        let mut spare = self.spare_headers.borrow_mut();
        if headers.capacity() <= MOST_ROOM && spare.len() < MOST_KEPT {
            headers.clear();
            spare.push(headers);
        }
    }

    /// Returns an empty map, in memory that has been used before if there is some.
    pub(crate) fn kept_headers(&self) -> HeaderMap {
        self.spare_headers.borrow_mut().pop().unwrap_or_default()
    }

    /// Returns a number that grows with every request that goes to a backend.
    pub(crate) fn turn(&self) -> usize {
        let turn = self.turn.get();
        self.turn.set(turn.wrapping_add(1));
        turn
    }

    /// Has a connection watched for as long as it is open.
    pub(crate) fn watch(&self, watch: &Rc<Watch>) {
        self.watches.borrow_mut().push(Rc::downgrade(watch));
    }

    async fn accept(self: Rc<Self>, listener: TcpListener, tls: bool, mut stop: watch::Receiver<Stop>) {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = stop.wait_for(|stop| *stop != Stop::Not) => return,
            };
            match accepted {
                Ok((stream, peer)) => {
                    if let Some(open) = Open::count(&self) {
                        tokio::task::spawn_local(Rc::clone(&self).serve_counted(stream, peer, tls, open));
                    }
                }
                // The system as a whole may have too many open files; trying again at once would only burn time.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    async fn serve_counted(self: Rc<Self>, stream: TcpStream, peer: std::net::SocketAddr, tls: bool, _open: Open) {
        serve(self, stream, peer, tls).await;
    }

    /// Counts an answer.
    pub(crate) fn answered(&self) {
        if let Some(Gauges { answered, .. }) = self.shared.gauges.get(self.index) {
            // Only this worker writes, so that reading and writing need not be one step.
            answered.store(answered.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        }
    }

    fn note_tick(&self, ticked_ms: u64) {
        if let Some(gauges) = self.shared.gauges.get(self.index) {
            gauges.ticked_ms.store(ticked_ms, Ordering::Relaxed);
        }
    }

    async fn tick(self: Rc<Self>) {
        let mut interval = tokio::time::interval(TICK);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // What holds for all workers is tried out by one.
        let mut pace_of_answers = (self.index == 0).then(|| PaceOfAnswers::new(&self.shared));
        loop {
            interval.tick().await;
            self.note_tick(milliseconds(self.shared.started.elapsed()));
            if let Some(pace) = &mut pace_of_answers {
                pace.tick(&self.shared);
            }
            self.clock.set(self.clock.get() + 1);
            let patience = patience(&self.shared.config.timeouts, self.shared.snapshot.load().longest_wait);
            let mut in_flight = 0;
            self.each_watch(|watch| {
                watch.tick(&patience);
                in_flight += watch.in_flight() as usize;
            });
            self.pool.tick(KEEP_BACKEND);
            if let Some(gauges) = self.shared.gauges.get(self.index) {
                gauges.in_flight.store(in_flight, Ordering::Relaxed);
                gauges.backend_connections.store(self.pool.open(), Ordering::Relaxed);
            }
        }
    }

    fn each_watch(&self, mut visit: impl FnMut(&Watch)) {
        self.watches.borrow_mut().retain(|watch| match watch.upgrade() {
            Some(watch) => {
                visit(&watch);
                true
            }
            None => false,
        });
    }
}

/// Follows how many requests are answered, to find out whether workers do well to yield.
struct PaceOfAnswers {
    trial: Trial,
    answered: u64,
    since: Instant,
}

impl PaceOfAnswers {
    fn new(shared: &Shared) -> Self {
        Self { trial: Trial::default(), answered: shared.answered(), since: Instant::now() }
    }

    fn tick(&mut self, shared: &Shared) {
        let (answered, now) = (shared.answered(), Instant::now());
        let milliseconds = u64::try_from((now - self.since).as_millis()).unwrap_or(u64::MAX).max(1);
        let rate = answered.wrapping_sub(self.answered).saturating_mul(1000) / milliseconds;
        shared.yielding.set(self.trial.next(rate));
        (self.answered, self.since) = (answered, now);
    }
}

/// Whether a gateway is to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It is not.
    Not,
    /// As soon as what is in flight has been answered.
    Drain,
    /// At once.
    Now,
}

/// A connection that is open, counted until it is dropped.
struct Open(Rc<Worker>);

impl Open {
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

impl Drop for Open {
    fn drop(&mut self) {
        self.0.shared.connections.fetch_sub(1, Ordering::Relaxed);
        self.0.open.set(self.0.open.get().saturating_sub(1));
    }
}

fn hexadecimal(number: u64) -> [u8; 16] {
    let mut text = [0; 16];
    for (digits, byte) in text.as_chunks_mut::<2>().0.iter_mut().zip(number.to_be_bytes()) {
        *digits = [byte >> 4, byte & 15].map(|digit| if digit < 10 { b'0' + digit } else { b'a' - 10 + digit });
    }
    text
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn ticks(duration: Duration) -> Ticks {
    u64::try_from(duration.as_millis().div_ceil(TICK.as_millis())).unwrap_or(u64::MAX).max(1)
}

/// Returns how slowly the bodies of requests may come.
pub(crate) fn pace(timeouts: &Timeouts) -> Pace {
    Pace { ticks: ticks(timeouts.body), bytes_a_tick: Timeouts::BODY_BYTES_A_SECOND / TICKS_A_SECOND }
}

fn patience(timeouts: &Timeouts, longest_wait: Duration) -> Patience {
    let pace = pace(timeouts);
    Patience {
        head: ticks(timeouts.head),
        keep_alive: ticks(timeouts.keep_alive),
        body: pace.ticks,
        body_bytes_a_tick: pace.bytes_a_tick,
        write: ticks(timeouts.write),
        // A backend may be silent for as long as its group says.
        stall: ticks(timeouts.stall.max(longest_wait)) + 1,
    }
}
