//! Connections to backends: kept open between requests, by each worker for itself, but not for ever: a name is resolved
//! anew for each new connection, so that the addresses of a backend are followed where they change.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::connect::{ConnectError, connect};
use super::http1::connection::UpstreamConnection;
use super::target::UpstreamOrigin;
use crate::gateway::clock::{Clock, TICKS_A_SECOND, Ticks};

/// The most connections that are kept open to an origin while nobody uses them.
const MOST_IDLE: usize = 128;

/// Age after which a connection takes no further request.
const LONGEST_LIFE: Ticks = TICKS_A_SECOND * 60;

/// The connections of one worker that nobody uses.
pub(crate) struct Pool {
    idle: RefCell<HashMap<u64, IdleConnections>>,
    clock: Clock,
    /// Held by each open connection, which counts them.
    open: Rc<()>,
    /// The most open connections.
    most_open: usize,
    /// Grows with every request, by which requests are spread over the addresses of a backend.
    turn: Cell<usize>,
}

/// The connections to one origin that nobody uses.
struct IdleConnections {
    origin: Weak<UpstreamOrigin>,
    idle: Vec<IdleConnection>,
}

struct IdleConnection {
    connection: UpstreamConnection,
    opened: Ticks,
    since: Ticks,
    /// For how many ticks the backend keeps it open while nobody uses it, if it has said so.
    kept_for: Option<Ticks>,
}

/// A connection that is used for one request. It is closed when it is dropped.
pub(crate) struct Lease {
    pub(crate) connection: UpstreamConnection,
    origin: Arc<UpstreamOrigin>,
    pool: Rc<Pool>,
    is_fresh: bool,
    opened: Ticks,
    kept_for: Option<Ticks>,
}

/// The connections that a request may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConnectionDemand {
    /// A kept one, or else a new one.
    Any,
    /// A kept one that was used a moment ago, or else a new one: for a request that cannot be repeated, since a backend
    /// may close a connection while a request is on its way.
    Lively,
    /// A new one.
    Fresh,
}

/// Longest time since the last use of a lively connection.
const LIVELY: Ticks = 4;

impl Pool {
    /// Makes an empty pool, of which so many connections may be open at a time.
    ///
    /// The pools of several workers begin with turns of their own.
    pub(crate) fn new(clock: Clock, most_open: usize, first_turn: usize) -> Rc<Self> {
        let turn = Cell::new(first_turn);
        Rc::new(Self { idle: RefCell::default(), clock, open: Rc::default(), most_open, turn })
    }

    /// Returns the turn of the next request.
    pub(crate) fn next_turn(&self) -> usize {
        let turn = self.turn.get();
        self.turn.set(turn.wrapping_add(1));
        turn
    }

    /// Returns a connection that is open, or opens one.
    pub(crate) async fn lease(
        self: &Rc<Self>,
        origin: &Arc<UpstreamOrigin>,
        wanted: ConnectionDemand,
        timeout: Duration,
    ) -> Result<Lease, ConnectError> {
        let longest = match wanted {
            ConnectionDemand::Any => Some(Ticks::MAX),
            ConnectionDemand::Lively => Some(LIVELY),
            ConnectionDemand::Fresh => None,
        };
        let kept = longest.and_then(|longest| self.take(origin.id, longest));
        let is_fresh = kept.is_none();
        let (connection, opened, kept_for) = if let Some(idle) = kept {
            (idle.connection, idle.opened, idle.kept_for)
        } else {
            // Counted while it is being opened.
            let open = self.make_room().ok_or(ConnectError::NoneLeft)?;
            let stream = connect(origin, timeout).await?;
            (UpstreamConnection::new(stream, open), self.clock.get(), None)
        };
        Ok(Lease { connection, origin: Arc::clone(origin), pool: Rc::clone(self), is_fresh, opened, kept_for })
    }

    /// Returns how many connections to backends are open.
    pub(crate) fn open(&self) -> usize {
        Rc::strong_count(&self.open) - 1
    }

    /// Closes connections that nobody has used for so many ticks, those that are too old, those that lead where no
    /// group's requests go any more, and those that the backend has closed.
    pub(crate) fn tick(&self, keep: Ticks) {
        let now = self.clock.get();
        self.idle.borrow_mut().retain(|_, IdleConnections { origin, idle }| {
            idle.retain_mut(|idle| {
                let keep = idle.kept_for.map_or(keep, |said| said.min(keep));
                let is_old = now.saturating_sub(idle.opened) > LONGEST_LIFE;
                !is_old && now.saturating_sub(idle.since) <= keep && idle.connection.is_quiet()
            });
            !idle.is_empty() && origin.strong_count() > 0
        });
    }

    /// Counts one more open connection, for which the one that nobody has used for the longest time is closed where
    /// there are too many. `None` where all are in use.
    fn make_room(&self) -> Option<Rc<()>> {
        if self.open() >= self.most_open {
            let mut pool = self.idle.borrow_mut();
            // Those of an origin are in the order in which they were given back.
            let longest = pool.values_mut().filter(|kept| !kept.idle.is_empty());
            longest.min_by_key(|kept| kept.idle.first().map(|idle| idle.since))?.idle.remove(0);
        }
        Some(Rc::clone(&self.open))
    }

    /// Takes the connection that was used last. Those that the backend has closed meanwhile are closed on the way.
    fn take(&self, origin: u64, longest: Ticks) -> Option<IdleConnection> {
        let now = self.clock.get();
        let mut pool = self.idle.borrow_mut();
        let idle = &mut pool.get_mut(&origin)?.idle;
        while let Some(mut newest) = idle.pop_if(|newest| now.saturating_sub(newest.since) <= longest) {
            if newest.connection.is_quiet() {
                return Some(newest);
            }
        }
        None
    }
}

impl Lease {
    /// True if the connection was not used before.
    pub(crate) fn is_fresh(&self) -> bool {
        self.is_fresh
    }

    /// Notes for how many seconds the backend says that it keeps the connection, which is less than the gateway would.
    pub(crate) fn note_kept_for(&mut self, seconds: u64) {
        // A second less, for requests on their way.
        self.kept_for = Some(seconds.saturating_sub(1).saturating_mul(TICKS_A_SECOND));
    }

    /// Gives the connection back, for the next request; one that is too old is closed.
    pub(crate) fn release(self) {
        let now = self.pool.clock.get();
        if now.saturating_sub(self.opened) > LONGEST_LIFE {
            return;
        }
        let mut pool = self.pool.idle.borrow_mut();
        let kept = || IdleConnections { origin: Arc::downgrade(&self.origin), idle: Vec::new() };
        let idle = &mut pool.entry(self.origin.id).or_insert_with(kept).idle;
        if idle.len() < MOST_IDLE {
            let Self { connection, opened, kept_for, .. } = self;
            idle.push(IdleConnection { connection, opened, since: now, kept_for });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::net::TcpListener;
    use std::time::Instant;

    use super::*;
    use crate::gateway::upstream::target::{OriginSet, OriginSettings};
    use crate::model::Digest;

    const LONG: Ticks = 1000;

    /// A pool with its clock, and a backend that accepts connections.
    struct Setting {
        pool: Rc<Pool>,
        clock: Clock,
        backend: TcpListener,
        origin: Arc<UpstreamOrigin>,
    }

    impl Setting {
        fn new() -> Self {
            Self::of(usize::MAX)
        }

        /// Builds a pool of at most `most_open` connections.
        fn of(most_open: usize) -> Self {
            let backend = TcpListener::bind("127.0.0.1:0").expect("a free port");
            let url = format!("http://{}", backend.local_addr().expect("an address"));
            let settings = Arc::new(OriginSettings { tls: None, tls_identity: Digest::of(b""), allow: Vec::new() });
            let target = OriginSet::new().target(&url.parse().expect("an address"), &mut |_| Ok(Arc::clone(&settings)));
            let clock = Rc::new(Cell::new(0));
            Self {
                pool: Pool::new(Rc::clone(&clock), most_open, 0),
                clock,
                backend,
                origin: target.expect("a target").origin,
            }
        }

        async fn lease(&self) -> Lease {
            let lease = self.pool.lease(&self.origin, ConnectionDemand::Fresh, Duration::from_secs(30)).await;
            lease.expect("a connection")
        }

        /// Returns how many connections are open after a tick at a time.
        fn open_at(&self, now: Ticks, keep: Ticks) -> usize {
            self.clock.set(now);
            self.pool.tick(keep);
            self.pool.open()
        }
    }

    fn block_on(task: impl Future<Output = ()>) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(task);
    }

    #[test]
    fn a_connection_is_closed_before_the_backend_closes_it() {
        block_on(async {
            for (said, keep, last) in [(Some(3), LONG, 2 * TICKS_A_SECOND), (Some(1000), 5, 5), (None, 5, 5)] {
                let setting = Setting::new();
                let mut lease = setting.lease().await;
                if let Some(seconds) = said {
                    lease.note_kept_for(seconds);
                }
                lease.release();
                assert_eq!((setting.open_at(last, keep), setting.open_at(last + 1, keep)), (1, 0), "{said:?}");
            }
        });
    }

    #[test]
    fn connections_that_are_of_no_use_are_closed() {
        block_on(async {
            let setting = Setting::new();
            setting.lease().await.release();
            drop(setting.backend.accept().expect("a connection"));
            let deadline = Instant::now() + Duration::from_mins(1);
            while setting.open_at(0, LONG) > 0 {
                assert!(Instant::now() < deadline, "one that the backend has closed is kept");
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let mut setting = Setting::new();
            setting.lease().await.release();
            setting.origin = Setting::new().origin;
            assert_eq!(setting.open_at(0, LONG), 0, "no group's requests go there any more");
        });
    }

    #[test]
    fn a_connection_is_not_kept_for_ever_however_often_it_is_used() {
        block_on(async {
            let setting = Setting::new();
            let mut lease = setting.lease().await;
            for now in [LONGEST_LIFE / 2, LONGEST_LIFE] {
                setting.clock.set(now);
                lease.release();
                assert_eq!(setting.open_at(now, LONG), 1, "at {now}");
                let again = setting.pool.lease(&setting.origin, ConnectionDemand::Any, Duration::from_secs(30)).await;
                lease = again.expect("a connection");
                assert!(!lease.is_fresh(), "at {now}");
            }
            setting.clock.set(LONGEST_LIFE + 1);
            lease.release();
            assert_eq!(setting.pool.open(), 0, "one that is too old is not given back");
            setting.clock.set(0);
            setting.lease().await.release();
            assert_eq!((setting.open_at(LONGEST_LIFE, LONG), setting.open_at(LONGEST_LIFE + 1, LONG)), (1, 0));
        });
    }

    #[test]
    fn an_idle_connection_makes_room_and_one_in_use_does_not() {
        block_on(async {
            let setting = Setting::of(2);
            let (first, second) = (setting.lease().await, setting.lease().await);
            let third = setting.pool.lease(&setting.origin, ConnectionDemand::Fresh, Duration::from_secs(30)).await;
            assert!(matches!(third.err(), Some(ConnectError::NoneLeft)));
            first.release();
            let third = setting.lease().await;
            assert_eq!(setting.pool.open(), 2);
            drop((second, third));
            assert_eq!(setting.pool.open(), 0);
        });
    }

    #[test]
    fn only_so_many_connections_are_kept() {
        block_on(async {
            let setting = Setting::new();
            let mut accepted = Vec::new();
            let mut leases = Vec::new();
            for _ in 0..=MOST_IDLE {
                leases.push(setting.lease().await);
                accepted.push(setting.backend.accept().expect("a connection"));
            }
            assert_eq!(setting.pool.open(), MOST_IDLE + 1);
            leases.into_iter().for_each(Lease::release);
            assert_eq!(setting.pool.open(), MOST_IDLE);
        });
    }
}
