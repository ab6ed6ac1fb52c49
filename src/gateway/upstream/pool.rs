//! Connections to backends: kept open between requests, by each worker for itself.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;

use super::connect::{ConnectError, Connected, connect};
use super::target::Origin;
use crate::gateway::body::RequestBody;
use crate::gateway::server::watch::Ticks;

/// The most connections that are kept open to an origin while nobody uses them.
const MOST_IDLE: usize = 128;

/// The connections of one worker that nobody uses.
pub(crate) struct Pool {
    idle: RefCell<HashMap<u64, Vec<Idle>>>,
    clock: Rc<Cell<Ticks>>,
}

struct Idle {
    connection: Connection,
    since: Ticks,
}

struct Connection {
    sender: SendRequest<RequestBody>,
    received: Rc<Cell<u64>>,
}

/// A connection that is used for one request.
pub(crate) struct Lease {
    connection: Connection,
    origin: u64,
    pool: Rc<Pool>,
}

impl Pool {
    /// Makes an empty pool.
    pub(crate) fn new(clock: Rc<Cell<Ticks>>) -> Rc<Self> {
        Rc::new(Self { idle: RefCell::default(), clock })
    }

    /// Returns a connection that is open, or opens one.
    pub(crate) async fn lease(
        self: &Rc<Self>,
        origin: &Origin,
        fresh: bool,
        timeout: Duration,
    ) -> Result<Lease, ConnectError> {
        let kept = if fresh { None } else { self.take(origin.id) };
        let connection = match kept {
            Some(connection) => connection,
            None => open(connect(origin, timeout).await?).await?,
        };
        Ok(Lease { connection, origin: origin.id, pool: Rc::clone(self) })
    }

    /// Closes connections that nobody has used for so many ticks, and those that are closed.
    pub(crate) fn tick(&self, keep: Ticks) {
        let now = self.clock.get();
        self.idle.borrow_mut().retain(|_, idle| {
            idle.retain(|idle| !idle.connection.sender.is_closed() && now.saturating_sub(idle.since) <= keep);
            !idle.is_empty()
        });
    }

    fn take(&self, origin: u64) -> Option<Connection> {
        let mut pool = self.idle.borrow_mut();
        let idle = pool.get_mut(&origin)?;
        let mut busy = Vec::new();
        let mut found = None;
        while let Some(candidate) = idle.pop() {
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

    /// Gives the connection back, for the next request.
    pub(crate) fn release(self) {
        if self.connection.sender.is_closed() {
            return;
        }
        let mut pool = self.pool.idle.borrow_mut();
        let idle = pool.entry(self.origin).or_default();
        if idle.len() < MOST_IDLE {
            idle.push(Idle { connection: self.connection, since: self.pool.clock.get() });
        }
    }
}

async fn open(connected: Connected) -> Result<Connection, ConnectError> {
    let received = connected.received();
    let mut builder = http1::Builder::new();
    builder.max_headers(200).max_buf_size(512 * 1024);
    let (sender, connection) =
        builder.handshake(TokioIo::new(connected)).await.map_err(|error| ConnectError::Failed(error.to_string()))?;
    // How it ended is seen by the request that was on it, if there was one.
    tokio::task::spawn_local(async move { connection.await.ok() });
    Ok(Connection { sender, received })
}
