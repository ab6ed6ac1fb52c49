//! The body of a client's request: as it comes, counted and bounded.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::body_pace::{BodyArrears, BodyPace};
use super::clock::Ticks;
use super::headers::retain_trailers;
use super::http2_fields::has_blanks_around;
use super::watch::{ConnectionWatch, TimedExchange};

/// Progress of a request's body that is passed on.
pub(crate) struct BodyProgress {
    pub(crate) bytes: Cell<u64>,
    pub(crate) done: Cell<bool>,
    /// Fault for which no more of it is passed on.
    pub(crate) failed: Cell<Option<BodyFault>>,
    watch: Rc<ConnectionWatch>,
    pace: BodyPace,
    arrears: BodyArrears,
    /// Number of ticks in which the client may have had no room to send more.
    held_up: Cell<Ticks>,
    /// True while the client is waited for.
    waits: Cell<bool>,
    /// The way to wake the task that waits.
    waker: RefCell<Option<Waker>>,
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

impl BodyProgress {
    /// Begins to count a body on a connection.
    pub(crate) fn new(watch: Rc<ConnectionWatch>, pace: BodyPace) -> Rc<Self> {
        let arrears = BodyArrears::new(watch.now());
        Rc::new(Self {
            bytes: Cell::new(0),
            done: Cell::new(false),
            failed: Cell::new(None),
            watch,
            pace,
            arrears,
            held_up: Cell::new(0),
            waits: Cell::new(false),
            waker: RefCell::new(None),
        })
    }

    /// Counts bytes received; returns the fault of the body, if there is one.
    fn came(&self, count: u64, limit: u64) -> Option<BodyFault> {
        self.watch.progress();
        self.bytes.set(self.bytes.get() + count);
        self.arrears.came(count);
        self.waits.set(false);
        (self.bytes.get() > limit).then_some(BodyFault::TooLarge)
    }

    /// True if the client is waited for, and can send.
    pub(crate) fn awaits_client(&self) -> bool {
        !self.done.get() && self.waits.get() && !self.is_held_up()
    }

    /// True if it is still coming, where `before` bytes of it had come.
    pub(crate) fn is_coming(&self, before: u64) -> bool {
        !self.done.get() && (self.bytes.get() != before || self.waits.get() && self.is_held_up())
    }

    /// True if the client may have no room to send more. That is no excuse for ever, nor anew after each byte: a client
    /// that lets one body stand could let all others stand with it.
    fn is_held_up(&self) -> bool {
        const LONGEST: Ticks = 10;
        self.watch.has_held_bodies() && self.held_up.get() <= LONGEST * self.pace.ticks
    }

    fn wait_for_client(&self, waker: &Waker) {
        self.waits.set(true);
        self.waker.borrow_mut().get_or_insert_with(|| waker.clone()).clone_from(waker);
    }
}

/// On HTTP/1.1 the connection is watched; on HTTP/2 nobody else looks at a single body.
impl TimedExchange for BodyProgress {
    fn tick(self: Rc<Self>, _moved: bool) -> bool {
        if self.waits.get() && self.watch.has_held_bodies() {
            self.held_up.set(self.held_up.get() + 1);
        }
        let is_awaited = self.awaits_client() && self.failed.get().is_none();
        if self.arrears.tick(self.watch.now(), is_awaited, self.pace) && is_awaited {
            self.failed.set(Some(BodyFault::TooSlow));
            if let Some(waker) = self.waker.borrow().as_ref() {
                waker.wake_by_ref();
            }
        }
        // The reader of the body responds; others on the connection go on.
        false
    }
}

/// The body of a client's request, as it comes on a connection of HTTP/1.1 or a stream of HTTP/2.
pub(crate) struct IncomingBody {
    body: hyper::body::Incoming,
    watch: Rc<ConnectionWatch>,
    has_ended: bool,
    /// True if nothing is taken of it at the moment.
    is_held: bool,
}

impl IncomingBody {
    /// Makes the body of a request whose head has just come.
    pub(crate) fn new(body: hyper::body::Incoming, watch: Rc<ConnectionWatch>) -> Self {
        let has_ended = body.is_end_stream();
        watch.note_head(!has_ended);
        let mut incoming = Self { body, watch, has_ended, is_held: false };
        incoming.set_held(!has_ended);
        incoming
    }

    fn set_held(&mut self, is_held: bool) {
        if std::mem::replace(&mut self.is_held, is_held) != is_held {
            self.watch.holds_body(is_held);
        }
    }

    fn end(&mut self) {
        self.set_held(false);
        if !std::mem::replace(&mut self.has_ended, true) {
            self.watch.note_body_end();
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
                incoming.set_held(false);
                incoming.watch.body_woken_by(context.waker());
                return Poll::Pending;
            }
            Poll::Ready(Some(Ok(frame))) => match frame.into_trailers() {
                Ok(_) if incoming.watch.is_distrusted() => Some(Err(BodyFault::Broken)),
                Ok(trailers) if incoming.watch.is_multiplexed() && has_blanks_around(&trailers) => {
                    Some(Err(BodyFault::Broken))
                }
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
        if matches!(frame, Some(Ok(_))) {
            incoming.set_held(!incoming.has_ended);
        } else {
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
    Stream { incoming: IncomingBody, limit: u64, progress: Rc<BodyProgress> },
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
            Self::Stream { incoming, limit, progress } => {
                let polled = Pin::new(&mut *incoming).poll_frame(context);
                match &polled {
                    Poll::Ready(Some(Ok(frame))) => {
                        let count = frame.data_ref().map_or(0, |data| data.len() as u64);
                        // Nobody asks for more after the trailers, nor before a backend takes what came last.
                        progress.done.set(frame.is_trailers() || incoming.is_end_stream());
                        let fault = progress.came(count, *limit);
                        progress.failed.set(fault);
                        if let Some(fault) = fault {
                            return Poll::Ready(Some(Err(fault)));
                        }
                    }
                    Poll::Ready(Some(Err(fault))) => progress.failed.set(Some(*fault)),
                    Poll::Ready(None) => progress.done.set(true),
                    Poll::Pending => match progress.failed.get() {
                        Some(fault) => return Poll::Ready(Some(Err(fault))),
                        None => progress.wait_for_client(context.waker()),
                    },
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_without_room_may_stand_still_for_longer_but_not_for_ever() {
        for (is_held, late) in [(false, 3), (true, 23)] {
            let clock = Rc::new(Cell::new(0));
            let watch = Rc::new(ConnectionWatch::new(([127, 0, 0, 1], 1).into(), false, Rc::clone(&clock)));
            let body = BodyProgress::new(Rc::clone(&watch), BodyPace { ticks: 2, bytes_a_tick: 100 });
            assert!(body.came(100, 1000).is_none());
            if is_held {
                watch.holds_body(true);
            }
            body.wait_for_client(Waker::noop());
            let late_at = (1..100).find(|&now| {
                assert_eq!(body.is_coming(100), is_held && body.failed.get().is_none() && now <= 21, "{now}");
                clock.set(now);
                Rc::clone(&body).tick(false);
                body.failed.get() == Some(BodyFault::TooSlow)
            });
            assert_eq!(late_at, Some(late), "{is_held}");
        }
    }

    #[test]
    fn a_byte_now_and_then_makes_no_new_excuse() {
        let clock = Rc::new(Cell::new(0));
        let watch = Rc::new(ConnectionWatch::new(([127, 0, 0, 1], 1).into(), false, Rc::clone(&clock)));
        let body = BodyProgress::new(Rc::clone(&watch), BodyPace { ticks: 2, bytes_a_tick: 100 });
        watch.holds_body(true);
        let late_at = (1..500).find(|&now| {
            if now % 10 == 0 {
                assert!(body.came(1, 1000).is_none());
            }
            body.wait_for_client(Waker::noop());
            clock.set(now);
            Rc::clone(&body).tick(false);
            body.failed.get() == Some(BodyFault::TooSlow)
        });
        assert!(late_at.is_some_and(|now| now < 40), "{late_at:?}");
    }
}
