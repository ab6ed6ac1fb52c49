//! The body of a client's request: as it comes, counted and bounded.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::clock::{TICKS_A_SECOND, Ticks, ticks};
use super::config::GatewayTimeouts;
use super::headers::retain_trailers;
use super::watch::ConnectionWatch;

/// Progress of a request's body that is passed on.
pub(crate) struct BodyProgress {
    pub(crate) bytes: Cell<u64>,
    pub(crate) done: Cell<bool>,
    /// Fault for which no more of it is passed on.
    pub(crate) failed: Cell<Option<BodyFault>>,
    watch: Rc<ConnectionWatch>,
    /// Time spent waiting for the client, and the start of the current wait.
    waited: Cell<Ticks>,
    waits_since: Cell<Option<Ticks>>,
}

/// Fault of a request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyFault {
    /// It is larger than is allowed.
    #[error("the body is larger than is allowed")]
    TooLarge,
    /// The client takes too long to send it.
    #[error("the body comes too slowly")]
    TooSlow,
    /// It broke off, or it or its trailers are not well-formed.
    #[error("the body ended early")]
    Broken,
}

/// The slowest pace of a body: a grace period, and the least rate after it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyPace {
    /// Time spent waiting for a client before the rate counts.
    pub(crate) ticks: Ticks,
    /// The least bytes in a tick after that.
    pub(crate) bytes_a_tick: u64,
}

impl BodyPace {
    /// Returns the slowest pace of request bodies by the settings of a gateway.
    pub(crate) fn new(timeouts: &GatewayTimeouts) -> Self {
        Self { ticks: ticks(timeouts.body), bytes_a_tick: GatewayTimeouts::BODY_BYTES_A_SECOND / TICKS_A_SECOND }
    }
}

impl BodyProgress {
    /// Begins to count a body on a connection.
    pub(crate) fn new(watch: Rc<ConnectionWatch>) -> Rc<Self> {
        Rc::new(Self {
            bytes: Cell::new(0),
            done: Cell::new(false),
            failed: Cell::new(None),
            watch,
            waited: Cell::new(0),
            waits_since: Cell::new(None),
        })
    }

    /// Counts bytes received; returns the fault of the body, if there is one.
    fn came(&self, count: u64, limit: u64, pace: BodyPace) -> Option<BodyFault> {
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

    /// True if the client is waited for.
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
pub(crate) struct IncomingBody {
    body: hyper::body::Incoming,
    watch: Rc<ConnectionWatch>,
    has_ended: bool,
}

impl IncomingBody {
    /// Makes the body of a request whose head has just come.
    pub(crate) fn new(body: hyper::body::Incoming, watch: Rc<ConnectionWatch>) -> Self {
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

impl Body for IncomingBody {
    type Data = Bytes;
    type Error = BodyFault;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyFault>>> {
        let incoming = self.get_mut();
        if incoming.has_ended {
            return Poll::Ready(None);
        }
        let frame = match Pin::new(&mut incoming.body).poll_frame(context) {
            Poll::Pending if incoming.watch.is_body_late() => Some(Err(BodyFault::TooSlow)),
            Poll::Pending => {
                incoming.watch.body_woken_by(context.waker());
                return Poll::Pending;
            }
            Poll::Ready(Some(Ok(frame))) => match frame.into_trailers() {
                Ok(_) if incoming.watch.is_distrusted() => Some(Err(BodyFault::Broken)),
                Ok(mut trailers) => {
                    retain_trailers(&mut trailers);
                    incoming.end();
                    (!trailers.is_empty()).then(|| Ok(Frame::trailers(trailers)))
                }
                Err(frame) => Some(Ok(frame)),
            },
            Poll::Ready(Some(Err(_))) => Some(Err(BodyFault::Broken)),
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

impl Drop for IncomingBody {
    fn drop(&mut self) {
        self.end();
    }
}

/// The body of a request on its way to a backend.
pub(crate) enum UpstreamBody {
    /// There is none.
    Empty,
    /// The client's body as it comes, up to a limit.
    Stream { incoming: IncomingBody, limit: u64, pace: BodyPace, progress: Rc<BodyProgress> },
    /// The client's whole body, read before to be checked.
    Whole(Option<Bytes>),
}

impl UpstreamBody {
    /// Returns the bytes that are there already; of a body that comes, none.
    pub(crate) fn whole(&self) -> Bytes {
        match self {
            Self::Whole(Some(bytes)) => bytes.clone(),
            Self::Empty | Self::Whole(None) | Self::Stream { .. } => Bytes::new(),
        }
    }
}

impl Body for UpstreamBody {
    type Data = Bytes;
    type Error = BodyFault;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyFault>>> {
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
                        if let Some(fault) = fault {
                            return Poll::Ready(Some(Err(fault)));
                        }
                    }
                    Poll::Ready(Some(Err(fault))) => progress.failed.set(Some(*fault)),
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

impl UpstreamBody {
    /// Makes a copy for a second attempt, where that can be had.
    pub(crate) fn again(&self) -> Option<Self> {
        match self {
            Self::Empty => Some(Self::Empty),
            Self::Whole(bytes) => Some(Self::Whole(bytes.clone())),
            Self::Stream { .. } => None,
        }
    }

    /// Returns its progress if it is streamed.
    pub(crate) fn progress(&self) -> Option<Rc<BodyProgress>> {
        if let Self::Stream { progress, .. } = self { Some(Rc::clone(progress)) } else { None }
    }
}
