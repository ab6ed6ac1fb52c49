//! The waits of a connection, and their time-outs.

use std::rc::Rc;

use crate::gateway::body_pace::BodyPace;
use crate::gateway::clock::Ticks;

/// Wait of a connection for its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientWait {
    /// The first byte of a request.
    Idle,
    /// The rest of a head.
    Head,
    /// The rest of a body.
    Body,
    /// Whatever another protocol sends.
    Tunnel,
}

/// An exchange with a backend that may not stand still for too long.
pub(crate) trait TimedExchange {
    /// Counts a tick, in which something may have moved on the client's connection; returns `true` where that was one
    /// too many, and the exchange has been broken off.
    fn tick(self: Rc<Self>, moved: bool) -> bool;
}

/// Time-outs of a connection, in ticks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConnectionTimeouts {
    /// For a head, from its first byte.
    pub(crate) head: Ticks,
    /// For the first byte of the next request.
    pub(crate) keep_alive: Ticks,
    /// For a body.
    pub(crate) body: BodyPace,
    /// For the client to take the bytes written.
    pub(crate) write: Ticks,
    /// For anything to move while a request is in flight.
    pub(crate) stall: Ticks,
    /// For a connection without requests to end, once it is to be closed.
    pub(crate) drain: Ticks,
}
