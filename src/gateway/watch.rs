//! The state of one connection of a client: the requests in flight, the pending waits and their start.
//!
//! The connection, the service and the worker's clock share it on one thread. No request pays for a timer: the clock
//! ticks a few times a second, and looks at every connection once a tick.

mod waits;

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::{Rc, Weak};
use std::task::Waker;

use super::body_pace::BodyArrears;
use super::clock::{Clock, Ticks};
use super::headers::HopHeaders;
use super::routing::host::RequestedHost;
pub(crate) use waits::{ClientWait, ConnectionTimeouts, TimedExchange};

/// State of one connection.
pub(crate) struct ConnectionWatch {
    /// The client's address.
    pub(crate) peer: SocketAddr,
    /// True if the connection is encrypted.
    pub(crate) encrypted: bool,
    /// The host that the last request asked for.
    host: RefCell<Option<Rc<RequestedHost>>>,
    /// True if it carries many requests at a time (HTTP/2).
    multiplexed: Cell<bool>,
    clock: Clock,
    in_flight: Cell<u32>,
    /// Number of them that wait for the client to take data.
    untaken: Cell<u32>,
    /// Number of requests that the client has given up, less those whose response began.
    given_up: Cell<u32>,
    reading: Cell<ClientWait>,
    reading_since: Cell<Ticks>,
    /// True if the last attempt to read found nothing, so that the client is the one to be waited for.
    starved: Cell<bool>,
    /// The bytes that the client is behind with a body.
    arrears: BodyArrears,
    /// Since when the body is too slow.
    late_since: Cell<Option<Ticks>>,
    /// Number of bodies of which the gateway takes nothing at the moment.
    held_bodies: Cell<u32>,
    write_blocked_since: Cell<Option<Ticks>>,
    progress: Cell<Ticks>,
    /// True if the client has taken bytes since the last tick.
    taken: Cell<bool>,
    /// The exchanges with backends whose responses are passed on.
    exchanges: RefCell<Vec<Weak<dyn TimedExchange>>>,
    cut: Cell<bool>,
    /// Start of the drain, if the connection is to be closed after the requests in flight.
    draining_since: Cell<Option<Ticks>>,
    /// True if the client has sent a header block that could not be followed.
    distrusted: Cell<bool>,
    /// Wakes the task of the connection.
    waker: RefCell<Option<Waker>>,
    /// Wakes the task that waits for a request's body.
    body_waker: RefCell<Option<Waker>>,
}

impl ConnectionWatch {
    /// Begins to watch a connection, from which a head or a handshake has to come first.
    pub(crate) fn new(peer: SocketAddr, encrypted: bool, clock: Clock) -> Self {
        let now = clock.get();
        Self {
            peer,
            encrypted,
            host: RefCell::default(),
            multiplexed: Cell::new(false),
            clock,
            in_flight: Cell::new(0),
            untaken: Cell::new(0),
            given_up: Cell::new(0),
            reading: Cell::new(ClientWait::Head),
            reading_since: Cell::new(now),
            starved: Cell::new(true),
            arrears: BodyArrears::new(now),
            late_since: Cell::new(None),
            held_bodies: Cell::new(0),
            write_blocked_since: Cell::new(None),
            progress: Cell::new(now),
            taken: Cell::new(false),
            exchanges: RefCell::default(),
            cut: Cell::new(false),
            draining_since: Cell::new(None),
            distrusted: Cell::new(false),
            waker: RefCell::new(None),
            body_waker: RefCell::new(None),
        }
    }

    /// Notes that the connection carries many requests at a time.
    pub(crate) fn note_multiplexed(&self) {
        self.multiplexed.set(true);
    }

    /// Parses the host of a request, or returns the last one if it is the same; `None` if it is malformed.
    pub(crate) fn host(&self, authority: &str) -> Option<Rc<RequestedHost>> {
        let mut kept = self.host.borrow_mut();
        if kept.as_ref().is_none_or(|host| host.authority() != authority) {
            *kept = Some(Rc::new(RequestedHost::parse(authority)?));
        }
        kept.clone()
    }

    /// Returns the headers that tell a backend the origin of the connection's requests for a host.
    pub(crate) fn hop<'h>(&self, host: &'h RequestedHost) -> &'h HopHeaders {
        host.hop(|| HopHeaders::new(self.peer, self.encrypted, host.authority()))
    }

    /// Counts a request in, until the guard is dropped.
    pub(crate) fn begin(self: &Rc<Self>) -> InFlight {
        self.in_flight.set(self.in_flight.get() + 1);
        self.progress();
        InFlight { watch: Rc::clone(self), untaken: Cell::new(false) }
    }

    /// Notes that the client has given up a request before its response had begun. Where a client that multiplexes does
    /// hardly anything else, it only makes work (as in CVE-2023-44487), and is cut off.
    pub(crate) fn note_given_up(&self) {
        const MOST_GIVEN_UP: u32 = 100;
        self.given_up.set(self.given_up.get() + 1);
        if self.multiplexed.get() && self.given_up.get() > MOST_GIVEN_UP {
            self.cut.set(true);
            self.wake();
        }
    }

    /// Notes that the response to a request begins.
    pub(crate) fn note_response(&self) {
        self.given_up.set(self.given_up.get().saturating_sub(1));
    }

    /// Returns the worker's time.
    pub(crate) fn now(&self) -> Ticks {
        self.clock.get()
    }

    /// Returns how many requests are in flight.
    pub(crate) fn in_flight(&self) -> u32 {
        self.in_flight.get()
    }

    /// Notes that something moved for a request in flight.
    pub(crate) fn progress(&self) {
        self.progress.set(self.clock.get());
    }

    /// Records the part that is read from the client next, and whether the last attempt to read found nothing.
    pub(crate) fn set_reading(&self, reading: ClientWait, starved: bool) {
        self.starved.set(starved);
        if self.reading.replace(reading) != reading {
            self.reading_since.set(self.clock.get());
            self.arrears.begin(self.clock.get());
            self.late_since.set(None);
        }
    }

    /// Notes that a head has come to its end, and whether a body follows.
    pub(crate) fn note_head(&self, has_body: bool) {
        if !self.multiplexed.get() {
            self.set_reading(if has_body { ClientWait::Body } else { ClientWait::Idle }, false);
        }
    }

    /// Notes that nothing more of a request's body is waited for.
    pub(crate) fn note_body_end(&self) {
        if self.reading.get() == ClientWait::Body {
            self.set_reading(ClientWait::Idle, false);
        }
    }

    /// Notes that bytes have come. Where no request is in flight, they begin a head.
    ///
    /// The start of a head that came with the request before it is not seen here: it is waited for as the next request
    /// is, until more of it comes.
    pub(crate) fn came(&self, count: usize) {
        self.starved.set(false);
        match self.reading.get() {
            ClientWait::Body => self.arrears.came(count as u64),
            ClientWait::Idle if self.in_flight.get() == 0 && count > 0 => self.set_reading(ClientWait::Head, false),
            _ => {}
        }
    }

    /// Notes that an attempt to read found nothing.
    pub(crate) fn note_starved(&self) {
        self.starved.set(true);
    }

    /// True if the last attempt to read found nothing.
    pub(crate) fn is_starved(&self) -> bool {
        self.starved.get()
    }

    /// True if the body of the request comes too slowly.
    pub(crate) fn is_body_late(&self) -> bool {
        self.late_since.get().is_some()
    }

    /// Counts a body of which the gateway takes nothing, or no longer counts it.
    pub(crate) fn holds_body(&self, is_held: bool) {
        let count = self.held_bodies.get();
        self.held_bodies.set(if is_held { count + 1 } else { count.saturating_sub(1) });
    }

    /// True if the client may not be able to send a body, since another one fills the room that the gateway gives to
    /// all bodies of the connection (RFC 9113, section 5.2).
    pub(crate) fn has_held_bodies(&self) -> bool {
        self.held_bodies.get() > 0
    }

    /// Records whether the client takes the bytes written.
    pub(crate) fn write_blocked(&self, blocked: bool) {
        if !blocked {
            self.taken.set(true);
            self.write_blocked_since.set(None);
        } else if self.write_blocked_since.get().is_none() {
            self.write_blocked_since.set(Some(self.clock.get()));
        }
    }

    /// Remembers how the connection's task is woken.
    pub(crate) fn woken_by(&self, waker: &Waker) {
        remember(&self.waker, waker);
    }

    /// Remembers how the task is woken that waits for a request's body.
    pub(crate) fn body_woken_by(&self, waker: &Waker) {
        if !self.multiplexed.get() {
            remember(&self.body_waker, waker);
        }
    }

    /// True if the connection carries many requests at a time.
    pub(crate) fn is_multiplexed(&self) -> bool {
        self.multiplexed.get()
    }

    /// True if a response is awaited or being sent, on a connection that carries one request at a time.
    pub(crate) fn is_awaiting_response(&self) -> bool {
        !self.multiplexed.get() && self.in_flight.get() > 0 && self.reading.get() == ClientWait::Idle
    }

    /// True if a connection that carries one request at a time has none in flight, and nothing left to be written.
    pub(crate) fn is_unused(&self) -> bool {
        !self.multiplexed.get() && self.in_flight.get() == 0 && self.write_blocked_since.get().is_none()
    }

    /// Has the connection closed after the requests in flight.
    pub(crate) fn drain(&self) {
        if self.draining_since.get().is_none() {
            self.draining_since.set(Some(self.clock.get()));
        }
        self.wake();
    }

    /// Has all further requests refused, and the connection closed after those in flight.
    pub(crate) fn distrust(&self) {
        self.distrusted.set(true);
        self.drain();
    }

    /// True if further requests are refused.
    pub(crate) fn is_distrusted(&self) -> bool {
        self.distrusted.get()
    }

    /// True if the connection is to be closed after the requests in flight.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining_since.get().is_some()
    }

    /// True if the connection is to be closed now.
    pub(crate) fn is_cut(&self) -> bool {
        self.cut.get()
    }

    /// Cuts the connection off if it has made its worker wait too long.
    pub(crate) fn tick(&self, timeouts: &ConnectionTimeouts) {
        let now = self.clock.get();
        let since = |then: Ticks| now.saturating_sub(then);
        let waited = since(self.reading_since.get());
        let multiplexed = self.multiplexed.get();
        let busy = self.in_flight.get() > 0;
        let idle = !busy && since(self.progress.get()) > timeouts.keep_alive;
        let too_long = match self.reading.get() {
            ClientWait::Idle => idle && waited > timeouts.keep_alive,
            ClientWait::Head => waited > timeouts.head,
            ClientWait::Body => {
                // Where the last attempt to read found something, it is the backend that takes its time, not the
                // client.
                let late = self.arrears.tick(now, self.starved.get(), timeouts.body);
                if late && self.late_since.get().is_none() {
                    // The body's reader responds with 408.
                    self.late_since.set(Some(now));
                    wake(&self.body_waker);
                }
                self.late_since.get().is_some_and(|then| since(then) > timeouts.write)
            }
            ClientWait::Tunnel => multiplexed && idle,
        };
        let tunnel = self.reading.get() == ClientWait::Tunnel && !multiplexed;
        // A client that multiplexes can leave responses unread without a single write that waits (RFC 9113, section
        // 5.2).
        let untaken = multiplexed && busy && self.untaken.get() == self.in_flight.get();
        let blocked = self.write_blocked_since.get().is_some_and(|then| since(then) > timeouts.write)
            || untaken && since(self.progress.get()) > timeouts.write;
        let stalled = busy && since(self.progress.get()) > timeouts.stall && !tunnel;
        // hyper closes a connection of HTTP/2 once the client has acknowledged that no more requests are taken (RFC
        // 9113, section 6.8), which a client that is gone never does.
        let is_quiet = multiplexed && !busy && self.write_blocked_since.get().is_none();
        let drained = is_quiet
            && self.draining_since.get().is_some_and(|then| since(then.max(self.progress.get())) > timeouts.drain);
        if too_long || blocked || stalled || drained || self.breaks_off_exchange() {
            self.cut.set(true);
            self.wake();
        }
    }

    /// Counts a tick of the exchanges with backends; returns `true` if one was broken off whose response can only end
    /// with the connection. A client that multiplexes may leave one response and read others.
    fn breaks_off_exchange(&self) -> bool {
        let multiplexed = self.multiplexed.get();
        let moved = self.taken.replace(false) && !multiplexed;
        let mut broken = false;
        self.exchanges.borrow_mut().retain(|exchange| match exchange.upgrade() {
            Some(exchange) => {
                broken |= exchange.tick(moved);
                true
            }
            None => false,
        });
        broken && !multiplexed
    }

    fn wake(&self) {
        wake(&self.waker);
    }
}

fn remember(slot: &RefCell<Option<Waker>>, waker: &Waker) {
    let mut slot = slot.borrow_mut();
    if !slot.as_ref().is_some_and(|known| known.will_wake(waker)) {
        *slot = Some(waker.clone());
    }
}

fn wake(slot: &RefCell<Option<Waker>>) {
    if let Some(waker) = slot.borrow().as_ref() {
        waker.wake_by_ref();
    }
}

/// A request in flight.
pub(crate) struct InFlight {
    watch: Rc<ConnectionWatch>,
    untaken: Cell<bool>,
}

impl InFlight {
    /// Notes that something moved for the request.
    pub(crate) fn progress(&self) {
        self.watch.progress();
    }

    /// Watches an exchange with a backend, which is ended if it makes no progress.
    pub(crate) fn follow(&self, exchange: &Rc<dyn TimedExchange>) {
        let mut exchanges = self.watch.exchanges.borrow_mut();
        exchanges.retain(|exchange| exchange.strong_count() > 0);
        exchanges.push(Rc::downgrade(exchange));
    }

    /// Notes whether there is something that the client has not taken yet.
    pub(crate) fn untaken(&self, untaken: bool) {
        if self.untaken.replace(untaken) != untaken {
            let count = self.watch.untaken.get();
            self.watch.untaken.set(if untaken { count + 1 } else { count.saturating_sub(1) });
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.untaken(false);
        let watch = &self.watch;
        watch.in_flight.set(watch.in_flight.get().saturating_sub(1));
        watch.progress();
        // The wait for the next request begins now, not when the last one had been read.
        if watch.reading.get() == ClientWait::Idle {
            watch.reading_since.set(watch.clock.get());
        }
    }
}

#[cfg(test)]
mod tests;
