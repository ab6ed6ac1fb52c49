//! The connection that a response comes on: closed where its client takes nothing for too long, and where the response
//! lasts and its caller would not be let in any more.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Waker;
use std::time::Duration;

use tokio::task::AbortHandle;

use super::pool::Lease;
use super::relay_error::RelayError;
use crate::gateway::clock::{TICKS_A_SECOND, Ticks, ticks};
use crate::gateway::problem::Problem;
use crate::gateway::request_body::BodyProgress;
use crate::gateway::watch::TimedExchange;

/// Age from which a response lasts: one that is shorter is left to come to its end.
const LASTING: Ticks = TICKS_A_SECOND;

/// The kind of a call that lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LastingKind {
    /// A connection that was upgraded.
    Websocket,
    /// A sequence of items, like server-sent events, that has no end of its own.
    Stream,
    /// A response that comes to its end, however large it is.
    Transfer,
}

/// The caller of a response that lasts.
pub(crate) trait LastingCaller {
    /// Waits until the caller has to be cut off, and returns the reason.
    fn end(self: Box<Self>, kind: LastingKind) -> Pin<Box<dyn Future<Output = Problem>>>;
}

/// The connection that a response comes on. hyper does not ask for more of a body while it has bytes to write, so that
/// others than the body's reader have to be able to close it.
pub(super) struct RelayedConnection {
    /// `None` once the response has ended or broken off.
    pub(super) lease: RefCell<Option<Lease>>,
    /// Progress of the request's body.
    progress: Option<Rc<BodyProgress>>,
    /// True if a part of the response was passed on since the last tick.
    pub(super) moved: Cell<bool>,
    /// Bytes of the request passed on, as of the last tick.
    sent: Cell<u64>,
    /// Number of ticks without progress.
    still: Cell<Ticks>,
    limit: Ticks,
    /// Number of ticks since the response began.
    age: Cell<Ticks>,
    /// The caller, until the response lasts.
    caller: Cell<Option<Box<dyn LastingCaller>>>,
    /// The task that waits for the end of the caller.
    asking: Cell<Option<AbortHandle>>,
    /// The age at which the caller was refused.
    refused_at: Cell<Option<Ticks>>,
    /// The reason for which it was closed, until the body's reader takes it.
    fault: Cell<Option<Box<RelayError>>>,
    /// Wakes the body's reader, where it waits for the backend.
    waker: RefCell<Option<Waker>>,
}

impl RelayedConnection {
    pub(super) fn new(lease: Lease, progress: Option<Rc<BodyProgress>>, idle_timeout: Duration) -> Rc<Self> {
        Rc::new(Self {
            lease: RefCell::new(Some(lease)),
            progress,
            moved: Cell::new(true),
            sent: Cell::new(0),
            still: Cell::new(0),
            // A backend that is silent is noticed sooner, by the timer.
            limit: ticks(idle_timeout) + 1,
            age: Cell::new(0),
            caller: Cell::default(),
            asking: Cell::default(),
            refused_at: Cell::new(None),
            fault: Cell::default(),
            waker: RefCell::default(),
        })
    }

    /// Returns the bytes of the request's body that were passed on.
    pub(super) fn sent(&self) -> u64 {
        self.progress.as_ref().map_or(0, |progress| progress.bytes.get())
    }

    /// Takes the caller, which is asked again once the response lasts; a stream does from its start.
    pub(super) fn set_caller(self: &Rc<Self>, caller: Box<dyn LastingCaller>, kind: LastingKind) {
        self.caller.set(Some(caller));
        if kind == LastingKind::Stream {
            self.ask_caller(kind);
        }
    }

    /// Returns the reason for which it was closed by others than the body's reader.
    pub(super) fn take_fault(&self) -> Option<RelayError> {
        self.fault.take().map(|fault| *fault)
    }

    /// Remembers the body's reader, which waits for the backend.
    pub(super) fn woken_by(&self, waker: &Waker) {
        let mut known = self.waker.borrow_mut();
        if !known.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *known = Some(waker.clone());
        }
    }

    fn ask_caller(self: &Rc<Self>, kind: LastingKind) {
        let Some(caller) = self.caller.take() else { return };
        let connection = Rc::downgrade(self);
        let asking = tokio::task::spawn_local(async move {
            let problem = caller.end(kind).await;
            if let Some(connection) = connection.upgrade() {
                connection.refuse(problem.reason());
            }
        });
        self.asking.set(Some(asking.abort_handle()));
    }

    fn refuse(&self, reason: String) {
        if self.lease.take().is_none() {
            return;
        }
        self.refused_at.set(Some(self.age.get()));
        self.fault.set(Some(Box::new(RelayError::CallerRefused(reason))));
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl TimedExchange for RelayedConnection {
    fn tick(self: Rc<Self>, moved: bool) -> bool {
        self.age.set(self.age.get() + 1);
        if self.age.get() == LASTING {
            self.ask_caller(LastingKind::Transfer);
        }
        if let Some(refused_at) = self.refused_at.get() {
            // A client that takes nothing would not learn of it.
            return self.age.get() > refused_at + 1;
        }
        let sent = self.sent();
        let has_moved = self.moved.replace(false) | (self.sent.replace(sent) != sent) | moved;
        self.still.set(if has_moved { 0 } else { self.still.get() + 1 });
        if self.still.get() <= self.limit {
            return false;
        }
        let lease = self.lease.take();
        if lease.is_some() {
            self.fault.set(Some(Box::new(RelayError::Untaken)));
        }
        lease.is_some()
    }
}

impl Drop for RelayedConnection {
    fn drop(&mut self) {
        if let Some(asking) = self.asking.take() {
            asking.abort();
        }
    }
}
