//! Connections to backends: kept open between requests, by each worker for itself.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, Weak};
use std::time::Duration;

use http::HeaderMap;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;

use super::connect::{ConnectError, Connected, connect};
use super::target::Origin;
use crate::gateway::body::RequestBody;
use crate::gateway::headers::KEEP_ALIVE;
use crate::gateway::server::watch::Ticks;
use crate::gateway::server::worker::TICKS_A_SECOND;

/// The most connections that are kept open to an origin while nobody uses them.
const MOST_IDLE: usize = 128;

/// The connections of one worker that nobody uses.
pub(crate) struct Pool {
    idle: RefCell<HashMap<u64, Kept>>,
    clock: Rc<Cell<Ticks>>,
    /// Held by each open connection, which counts them.
    open: Rc<()>,
}

/// The connections to one origin that nobody uses.
struct Kept {
    origin: Weak<Origin>,
    idle: Vec<Idle>,
}

struct Idle {
    connection: Connection,
    since: Ticks,
}

struct Connection {
    sender: SendRequest<RequestBody>,
    received: Rc<Cell<u64>>,
    /// For how many ticks the backend keeps it open while nobody uses it, if it has said so.
    kept_for: Option<Ticks>,
}

/// A connection that is used for one request.
pub(crate) struct Lease {
    connection: Connection,
    origin: Arc<Origin>,
    pool: Rc<Pool>,
    is_fresh: bool,
}

/// Which connections a request may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// A kept one, or else a new one.
    Any,
    /// A kept one that was used a moment ago, or else a new one: for a request that cannot be repeated, since a backend may
    /// close a connection while a request is on its way.
    Lively,
    /// A new one.
    Fresh,
}

/// How long ago a lively connection has been used at most.
const LIVELY: Ticks = 4;

impl Pool {
    /// Makes an empty pool.
    pub(crate) fn new(clock: Rc<Cell<Ticks>>) -> Rc<Self> {
        Rc::new(Self { idle: RefCell::default(), clock, open: Rc::default() })
    }

    /// Returns a connection that is open, or opens one.
    pub(crate) async fn lease(
        self: &Rc<Self>,
        origin: &Arc<Origin>,
        wanted: Wanted,
        timeout: Duration,
    ) -> Result<Lease, ConnectError> {
        let longest = match wanted {
            Wanted::Any => Some(Ticks::MAX),
            Wanted::Lively => Some(LIVELY),
            Wanted::Fresh => None,
        };
        let kept = longest.and_then(|longest| self.take(origin.id, longest));
        let is_fresh = kept.is_none();
        let connection = match kept {
            Some(connection) => connection,
            None => open(connect(origin, timeout).await?, self.count()).await?,
        };
        Ok(Lease { connection, origin: Arc::clone(origin), pool: Rc::clone(self), is_fresh })
    }

    /// Counts a connection to a backend that is not the pool's, for as long as the value is held.
    pub(crate) fn count(&self) -> Rc<()> {
        Rc::clone(&self.open)
    }

    /// Returns how many connections to backends are open.
    pub(crate) fn open(&self) -> usize {
        Rc::strong_count(&self.open) - 1
    }

    /// Closes connections that nobody has used for so many ticks, those that lead where no group's requests go any
    /// more, and those that are closed.
    pub(crate) fn tick(&self, keep: Ticks) {
        let now = self.clock.get();
        self.idle.borrow_mut().retain(|_, Kept { origin, idle }| {
            idle.retain(|idle| {
                let keep = idle.connection.kept_for.map_or(keep, |said| said.min(keep));
                !idle.connection.sender.is_closed() && now.saturating_sub(idle.since) <= keep
            });
            !idle.is_empty() && origin.strong_count() > 0
        });
    }

    fn take(&self, origin: u64, longest: Ticks) -> Option<Connection> {
        let now = self.clock.get();
        let mut pool = self.idle.borrow_mut();
        let idle = &mut pool.get_mut(&origin)?.idle;
        let mut busy = Vec::new();
        let mut found = None;
        while let Some(candidate) = idle.pop_if(|newest| now.saturating_sub(newest.since) <= longest) {
            if candidate.connection.sender.is_ready() {
                found = Some(candidate.connection);
                break;
            }
            if !candidate.connection.sender.is_closed() {
                busy.push(candidate);
            }
        }
        idle.append(&mut busy);
        found
    }
}

impl Lease {
    /// Returns what sends a request on the connection.
    pub(crate) fn sender(&mut self) -> &mut SendRequest<RequestBody> {
        &mut self.connection.sender
    }

    /// Returns how many bytes the backend has sent on it so far.
    pub(crate) fn received(&self) -> u64 {
        self.connection.received.get()
    }

    /// Returns whether nobody has used the connection before.
    pub(crate) fn is_fresh(&self) -> bool {
        self.is_fresh
    }

    /// Notes for how long the backend says that it keeps the connection, which is less than the gateway would
    /// (`Keep-Alive: timeout=5`, RFC 2068, section 19.7.1).
    pub(crate) fn note_keep_alive(&mut self, headers: &HeaderMap) {
        let Some(said) = headers.get(KEEP_ALIVE).and_then(|value| value.to_str().ok()) else { return };
        let seconds = said.split(',').find_map(|word| word.trim().strip_prefix("timeout=")?.parse::<Ticks>().ok());
        if let Some(seconds) = seconds {
            // A second less, for what is on its way.
            self.connection.kept_for = Some(seconds.saturating_sub(1).saturating_mul(TICKS_A_SECOND));
        }
    }

    /// Gives the connection back, for the next request.
    pub(crate) fn release(self) {
        if self.connection.sender.is_closed() {
            return;
        }
        let mut pool = self.pool.idle.borrow_mut();
        let kept = || Kept { origin: Arc::downgrade(&self.origin), idle: Vec::new() };
        let idle = &mut pool.entry(self.origin.id).or_insert_with(kept).idle;
        if idle.len() < MOST_IDLE {
            idle.push(Idle { connection: self.connection, since: self.pool.clock.get() });
        }
    }
}

async fn open(connected: Connected, open: Rc<()>) -> Result<Connection, ConnectError> {
    let received = connected.received();
    let mut builder = http1::Builder::new();
    builder.max_buf_size(512 * 1024);
    let (sender, connection) =
        builder.handshake(TokioIo::new(connected)).await.map_err(|error| ConnectError::Failed(error.to_string()))?;
    // How it ended is seen by the request that was on it, if there was one.
    tokio::task::spawn_local(async move {
        connection.await.ok();
        drop(open);
    });
    Ok(Connection { sender, received, kept_for: None })
}
