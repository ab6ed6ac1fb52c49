//! The bodies that pass through the gateway: what callers send, counted and limited, and what they are sent.

use std::cell::Cell;
use std::collections::VecDeque;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

use super::headers::retain_trailers;
use super::http1::coding::Coding;
use super::server::watch::{InFlight, Ticks, Watch};
use super::telemetry::record::Record;
use super::upstream::http1::body::poll_frame;
use super::upstream::http1::connection::Broken;
use super::upstream::http1::sending::Sending;
use super::upstream::pool::Lease;

/// Why a body broke off.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    /// It is larger than is allowed.
    #[error("the body is larger than is allowed")]
    TooLarge,
    /// The client takes too long to send it.
    #[error("the body comes too slowly")]
    TooSlow,
    /// The other side stopped sending.
    #[error("the backend sent nothing for too long")]
    Idle,
    /// Its trailers are malformed, too many or too large.
    #[error("the request's trailers have a pseudo-field, or are too many or too large")]
    Trailers,
    /// The client's connection broke, or its body is not well-formed.
    #[error("the request's body broke off: {0}")]
    Request(#[from] hyper::Error),
    /// The backend's answer broke off.
    #[error("the backend's answer broke off: {0}")]
    Backend(#[from] Broken),
}

/// How much of a request's body has been passed on.
pub(crate) struct Progress {
    pub(crate) bytes: Cell<u64>,
    pub(crate) done: Cell<bool>,
    /// Why no more of it is passed on, if so.
    pub(crate) failed: Cell<Option<BodyFault>>,
    watch: Rc<Watch>,
    /// How long the client has been waited for, and since when it is being waited for.
    waited: Cell<Ticks>,
    waits_since: Cell<Option<Ticks>>,
}

/// What is wrong with a request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyFault {
    /// It is larger than is allowed.
    TooLarge,
    /// The client takes too long to send it.
    TooSlow,
    /// It broke off or is not well-formed.
    Broken,
}

/// How slowly a body may come: a time after which its rate is looked at, and the least rate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// How long a client may be waited for before the rate counts.
    pub(crate) ticks: Ticks,
    /// The least bytes in a tick after that.
    pub(crate) bytes_a_tick: u64,
}

impl Progress {
    /// Begins to count a body on a connection.
    pub(crate) fn new(watch: Rc<Watch>) -> Rc<Self> {
        Rc::new(Self {
            bytes: Cell::new(0),
            done: Cell::new(false),
            failed: Cell::new(None),
            watch,
            waited: Cell::new(0),
            waits_since: Cell::new(None),
        })
    }

    /// Counts what came; returns what is wrong with it.
    fn came(&self, count: u64, limit: u64, pace: Pace) -> Option<BodyFault> {
        self.watch.progress();
        self.bytes.set(self.bytes.get() + count);
        if let Some(since) = self.waits_since.take() {
            self.waited.set(self.waited.get() + self.watch.now().saturating_sub(since));
        }
        let late = self.waited.get().saturating_sub(pace.ticks);
        if self.bytes.get() > limit {
            Some(BodyFault::TooLarge)
        } else if self.bytes.get() < late.saturating_mul(pace.bytes_a_tick) {
            // On HTTP/1.1 the connection is watched; on HTTP/2 nobody else looks at a single body.
            Some(BodyFault::TooSlow)
        } else {
            None
        }
    }

    /// Returns whether the client is waited for.
    pub(crate) fn awaits_client(&self) -> bool {
        !self.done.get() && self.waits_since.get().is_some()
    }

    fn waits(&self) {
        if self.waits_since.get().is_none() {
            self.waits_since.set(Some(self.watch.now()));
        }
    }
}

/// The body of a client's request, as it comes on a connection of HTTP/1.1 or a stream of HTTP/2.
pub(crate) struct Incoming {
    body: hyper::body::Incoming,
    watch: Rc<Watch>,
    has_ended: bool,
}

impl Incoming {
    /// Makes the body of a request whose head has just come.
    pub(crate) fn new(body: hyper::body::Incoming, watch: Rc<Watch>) -> Self {
        let has_ended = body.is_end_stream();
        watch.head_came(!has_ended);
        Self { body, watch, has_ended }
    }

    fn end(&mut self) {
        if !std::mem::replace(&mut self.has_ended, true) {
            self.watch.body_ended();
        }
    }
}

impl Body for Incoming {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let incoming = self.get_mut();
        if incoming.has_ended {
            return Poll::Ready(None);
        }
        let frame = match Pin::new(&mut incoming.body).poll_frame(context) {
            Poll::Pending if incoming.watch.is_body_late() => Some(Err(BodyError::TooSlow)),
            Poll::Pending => {
                incoming.watch.body_woken_by(context.waker());
                return Poll::Pending;
            }
            Poll::Ready(Some(Ok(frame))) => match frame.into_trailers() {
                Ok(_) if incoming.watch.is_distrusted() => Some(Err(BodyError::Trailers)),
                Ok(mut trailers) => {
                    retain_trailers(&mut trailers);
                    incoming.end();
                    (!trailers.is_empty()).then(|| Ok(Frame::trailers(trailers)))
                }
                Err(frame) => Some(Ok(frame)),
            },
            Poll::Ready(Some(Err(error))) => Some(Err(error.into())),
            Poll::Ready(None) => None,
        };
        if !matches!(frame, Some(Ok(_))) {
            incoming.end();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.has_ended || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.has_ended { SizeHint::with_exact(0) } else { self.body.size_hint() }
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        self.end();
    }
}

/// The body of a request on its way to a backend.
pub(crate) enum RequestBody {
    /// There is none.
    Empty,
    /// What the caller sends, up to a limit.
    Stream { incoming: Incoming, limit: u64, pace: Pace, progress: Rc<Progress> },
    /// What the caller has sent, read before to be checked.
    Whole(Option<Bytes>),
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            Self::Empty => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Stream { incoming, limit, pace, progress } => {
                let polled = Pin::new(incoming).poll_frame(context);
                match &polled {
                    Poll::Ready(Some(Ok(frame))) => {
                        let count = frame.data_ref().map_or(0, |data| data.len() as u64);
                        let fault = progress.came(count, *limit, *pace);
                        progress.failed.set(fault);
                        match fault {
                            Some(BodyFault::TooSlow) => return Poll::Ready(Some(Err(BodyError::TooSlow))),
                            Some(_) => return Poll::Ready(Some(Err(BodyError::TooLarge))),
                            None => {}
                        }
                    }
                    Poll::Ready(Some(Err(BodyError::TooSlow))) => progress.failed.set(Some(BodyFault::TooSlow)),
                    Poll::Ready(Some(Err(_))) => progress.failed.set(Some(BodyFault::Broken)),
                    Poll::Ready(None) => progress.done.set(true),
                    Poll::Pending => progress.waits(),
                }
                polled
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Whole(bytes) => bytes.is_none(),
            Self::Stream { incoming, .. } => incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Stream { incoming, .. } => incoming.size_hint(),
        }
    }
}

impl RequestBody {
    /// Makes a copy for a second attempt, where that can be had.
    pub(crate) fn again(&self) -> Option<Self> {
        match self {
            Self::Empty => Some(Self::Empty),
            Self::Whole(bytes) => Some(Self::Whole(bytes.clone())),
            Self::Stream { .. } => None,
        }
    }

    /// Returns what is counted of it, where it is passed on while it comes.
    pub(crate) fn progress(&self) -> Option<Rc<Progress>> {
        if let Self::Stream { progress, .. } = self { Some(Rc::clone(progress)) } else { None }
    }
}

/// The body of an answer. What is told of the request is told when it is dropped.
pub(crate) struct Payload {
    source: Source,
    /// Why the source broke off, until the parts before have been written.
    broken: Option<BodyError>,
    bytes_out: u64,
    record: Option<Box<Record>>,
    in_flight: InFlight,
}

enum Source {
    Bytes(Bytes),
    Backend(Box<Relay>),
}

/// A backend's answer on its way to the caller.
pub(crate) struct Relay {
    coding: Coding,
    /// The connection that it comes on, until the answer has ended.
    lease: Option<Lease>,
    /// What is still to be sent of the request.
    sending: Sending,
    /// How much of the request's body has been passed on.
    progress: Option<Rc<Progress>>,
    /// Whether the connection may have another request after this one.
    persists: bool,
    idle_timeout: Duration,
    idle: Option<IdleTimer>,
    /// What was read before it is passed on.
    ahead: VecDeque<Frame<Bytes>>,
}

/// What carries a backend's answer: its connection, and the request that may still be on its way.
pub(crate) struct Carrier {
    pub(crate) lease: Lease,
    pub(crate) sending: Sending,
    /// How much of the request's body has been passed on, where it is passed on while it comes.
    pub(crate) progress: Option<Rc<Progress>>,
}

/// The time for which nothing has moved.
struct IdleTimer {
    sleep: Pin<Box<Sleep>>,
    /// How much of the request had been passed on when it began.
    sent: u64,
}

impl Relay {
    /// Makes the relay of an answer that comes on a connection, while the rest of its request may still go out.
    pub(crate) fn new(coding: Coding, carrier: Carrier, persists: bool, idle_timeout: Duration) -> Self {
        let Carrier { lease, sending, progress } = carrier;
        let ahead = VecDeque::new();
        let mut relay =
            Self { coding, lease: Some(lease), sending, progress, persists, idle_timeout, idle: None, ahead };
        relay.release_at_end();
        relay
    }

    /// Reads the body before it is passed on, and returns it where it ends within so many bytes.
    pub(crate) async fn read_ahead(&mut self, most: usize) -> Result<Option<Bytes>, BodyError> {
        let mut read = BytesMut::new();
        if self.coding.size_hint().lower() > most as u64 {
            return Ok(None);
        }
        while let Some(frame) = std::future::poll_fn(|context| self.poll_backend(context)).await {
            let frame = frame?;
            if let Some(data) = frame.data_ref() {
                read.extend_from_slice(data);
            }
            self.ahead.push_back(frame);
            if read.len() > most {
                return Ok(None);
            }
        }
        Ok(Some(read.freeze()))
    }

    fn is_end(&self) -> bool {
        self.ahead.is_empty() && self.coding.is_end()
    }

    fn size_hint(&self) -> SizeHint {
        let hint = self.coding.size_hint();
        let ahead: u64 = self.ahead.iter().filter_map(Frame::data_ref).map(|data| data.len() as u64).sum();
        let has_trailers = self.ahead.iter().any(Frame::is_trailers);
        let mut sum = SizeHint::new();
        sum.set_lower(hint.lower() + ahead);
        match hint.exact().filter(|_| !has_trailers) {
            Some(exact) => SizeHint::with_exact(exact + ahead),
            None => sum,
        }
    }

    fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.ahead.pop_front() {
            Some(frame) => Poll::Ready(Some(Ok(frame))),
            None => self.poll_backend(context),
        }
    }

    fn poll_backend(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Some(lease) = &mut self.lease else { return Poll::Ready(None) };
        if let Poll::Ready(Err(fault)) = self.sending.poll(&mut lease.connection, context) {
            self.lease = None;
            return Poll::Ready(Some(Err(Broken::Request(fault).into())));
        }
        let polled = poll_frame(&mut self.coding, &mut lease.connection, context);
        match &polled {
            Poll::Ready(Some(Err(_))) => self.lease = None,
            Poll::Ready(_) => {
                self.idle = None;
                self.release_at_end();
            }
            Poll::Pending => {
                ready!(self.poll_idle(context));
                return Poll::Ready(Some(Err(BodyError::Idle)));
            }
        }
        polled.map(|frame| frame.map(|frame| frame.map_err(BodyError::from)))
    }

    /// Is ready when nothing has moved for too long, neither of the answer nor of the request, which may still be on its way.
    fn poll_idle(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let sent = self.progress.as_ref().map_or(0, |progress| progress.bytes.get());
        let timeout = self.idle_timeout;
        let begin = || IdleTimer { sleep: Box::pin(tokio::time::sleep(timeout)), sent };
        let mut idle = self.idle.take().filter(|idle| idle.sent == sent).unwrap_or_else(begin);
        let over = idle.sleep.as_mut().poll(context);
        self.idle = Some(idle);
        over
    }

    /// Gives the connection back at the end of the answer, if it can have another request; else it is closed.
    fn release_at_end(&mut self) {
        if !self.coding.is_end() {
            return;
        }
        if let Some(lease) = self.lease.take().filter(|_| self.persists && self.sending.is_whole()) {
            lease.release();
        }
    }
}

impl Payload {
    /// Makes a body of bytes that are there.
    pub(crate) fn bytes(bytes: Bytes, in_flight: InFlight) -> Self {
        in_flight.untaken(true);
        Self { source: Source::Bytes(bytes), broken: None, bytes_out: 0, record: None, in_flight }
    }

    /// Makes a body of a backend's answer.
    pub(crate) fn relay(relay: Box<Relay>, in_flight: InFlight) -> Self {
        in_flight.untaken(true);
        Self { source: Source::Backend(relay), broken: None, bytes_out: 0, record: None, in_flight }
    }

    /// Has a record told when the body has ended.
    pub(crate) fn recorded(mut self, record: Box<Record>) -> Self {
        self.record = Some(record);
        self
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let payload = self.get_mut();
        if let Some(error) = payload.broken.take() {
            return Poll::Ready(Some(Err(error)));
        }
        let polled = match &mut payload.source {
            Source::Bytes(bytes) if bytes.is_empty() => Poll::Ready(None),
            Source::Bytes(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Source::Backend(relay) => relay.poll_frame(context),
        };
        payload.in_flight.untaken(polled.is_ready());
        if let Poll::Ready(Some(Err(error))) = polled {
            if let Some(record) = &mut payload.record {
                record.broke_off(&error);
            }
            // hyper drops what it has not written yet where a body fails; while it waits for one, it writes.
            payload.broken = Some(error);
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            payload.bytes_out += frame.data_ref().map_or(0, |data| data.len() as u64);
            payload.in_flight.progress();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Bytes(bytes) => bytes.is_empty(),
            Source::Backend(relay) => relay.is_end(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Bytes(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Source::Backend(relay) => relay.size_hint(),
        }
    }
}

impl Drop for Payload {
    fn drop(&mut self) {
        if let Some(mut record) = self.record.take() {
            if matches!(&self.source, Source::Backend(relay) if !relay.is_end()) {
                let (_, reason) = record.worker.shared.unheard();
                record.broke_off(&reason);
            }
            record.tell(self.bytes_out);
        }
    }
}
