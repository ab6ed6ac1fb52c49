//! The body of a backend's response on its way to the client.

use std::collections::VecDeque;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use tokio::time::Sleep;

use super::http1::BrokenExchange;
use super::http1::body::BodyFraming;
use super::http1::connection::PendingRequest;
use super::pool::Lease;
use super::relay_error::RelayError;
use super::relayed_connection::{LastingCaller, LastingKind, RelayedConnection};
use crate::gateway::request_body::BodyProgress;
use crate::gateway::watch::TimedExchange;

/// A backend's response on its way to the caller.
pub(crate) struct ResponseRelay {
    coding: BodyFraming,
    connection: Rc<RelayedConnection>,
    /// The unsent rest of the request.
    sending: PendingRequest,
    /// True if the connection may have another request after this one.
    persists: bool,
    idle_timeout: Duration,
    idle: Option<IdleTimer>,
    /// Frames read before they are passed on.
    ahead: VecDeque<Frame<Bytes>>,
    /// The fault by which it ended behind them.
    fault_ahead: Option<RelayError>,
}

/// The carrier of a backend's response: its connection, and the request that may still be on its way.
pub(crate) struct ResponseCarrier {
    pub(crate) lease: Lease,
    pub(crate) sending: PendingRequest,
    /// Progress of the request's body, where it is passed on while it comes.
    pub(crate) progress: Option<Rc<BodyProgress>>,
}

/// The time for which nothing has moved.
struct IdleTimer {
    sleep: Pin<Box<Sleep>>,
    /// Bytes of the request passed on when it began.
    sent: u64,
}

impl ResponseRelay {
    /// Makes the relay of a response that comes on a connection, while the rest of its request may still go out.
    pub(crate) fn new(coding: BodyFraming, carrier: ResponseCarrier, persists: bool, idle_timeout: Duration) -> Self {
        let ResponseCarrier { lease, sending, progress } = carrier;
        let connection = RelayedConnection::new(lease, progress, idle_timeout);
        let ahead = VecDeque::new();
        let mut relay =
            Self { coding, connection, sending, persists, idle_timeout, idle: None, ahead, fault_ahead: None };
        relay.release_at_end();
        relay
    }

    /// Returns the exchange, which is ended if the client reads nothing for too long.
    pub(crate) fn timed_exchange(&self) -> Rc<dyn TimedExchange> {
        Rc::clone(&self.connection) as Rc<dyn TimedExchange>
    }

    /// Has the caller asked again once the response lasts; a stream does from its start.
    pub(crate) fn set_caller(&self, caller: Box<dyn LastingCaller>, kind: LastingKind) {
        if !self.is_end() {
            self.connection.set_caller(caller, kind);
        }
    }

    /// Returns the reason for which the response was ended, if nobody has been told.
    pub(crate) fn take_fault(&self) -> Option<RelayError> {
        self.connection.take_fault()
    }

    /// Reads the body before it is passed on, and returns it where it ends within so many bytes, and not by a fault.
    pub(crate) async fn read_ahead(&mut self, most: usize) -> Option<Bytes> {
        let mut read = BytesMut::new();
        if self.coding.size_hint().lower() > most as u64 {
            return None;
        }
        while let Some(frame) = std::future::poll_fn(|context| self.poll_backend(context)).await {
            let frame = match frame {
                Ok(frame) => frame,
                Err(fault) => {
                    self.fault_ahead = Some(fault);
                    return None;
                }
            };
            if let Some(data) = frame.data_ref() {
                read.extend_from_slice(data);
            }
            self.ahead.push_back(frame);
            if read.len() > most {
                return None;
            }
        }
        Some(read.freeze())
    }

    /// Returns the fault by which a body that was read ahead has ended; it is not passed on then.
    pub(crate) fn take_fault_ahead(&mut self) -> Option<RelayError> {
        self.fault_ahead.take()
    }

    pub(crate) fn is_end(&self) -> bool {
        self.ahead.is_empty() && self.fault_ahead.is_none() && self.coding.is_end()
    }

    pub(crate) fn size_hint(&self) -> SizeHint {
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

    pub(crate) fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, RelayError>>> {
        if let Some(fault) = self.connection.take_fault() {
            return Poll::Ready(Some(Err(fault)));
        }
        match self.ahead.pop_front() {
            Some(frame) => Poll::Ready(Some(Ok(frame))),
            None if self.fault_ahead.is_some() => Poll::Ready(self.fault_ahead.take().map(Err)),
            None => self.poll_backend(context),
        }
    }

    fn poll_backend(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, RelayError>>> {
        let connection = Rc::clone(&self.connection);
        let mut lease_slot = connection.lease.borrow_mut();
        let Some(lease) = &mut *lease_slot else { return Poll::Ready(None) };
        if let Poll::Ready(Err(fault)) = self.sending.poll(&mut lease.connection, context) {
            *lease_slot = None;
            return Poll::Ready(Some(Err(BrokenExchange::Request(fault).into())));
        }
        let polled = lease.connection.poll_frame(&mut self.coding, context);
        match &polled {
            Poll::Ready(Some(Err(_))) => *lease_slot = None,
            Poll::Ready(_) => {
                drop(lease_slot);
                connection.moved.set(true);
                self.idle = None;
                self.release_at_end();
            }
            Poll::Pending => {
                connection.woken_by(context.waker());
                ready!(self.poll_idle(context));
                return Poll::Ready(Some(Err(RelayError::Idle)));
            }
        }
        polled.map(|frame| frame.map(|frame| frame.map_err(RelayError::from)))
    }

    /// Is ready when nothing has moved for too long, neither of the response nor of the request, which may still be on
    /// its way.
    fn poll_idle(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let sent = self.connection.sent();
        let timeout = self.idle_timeout;
        let begin = || IdleTimer { sleep: Box::pin(tokio::time::sleep(timeout)), sent };
        let mut idle = self.idle.take().filter(|idle| idle.sent == sent).unwrap_or_else(begin);
        let over = idle.sleep.as_mut().poll(context);
        self.idle = Some(idle);
        over
    }

    /// Gives the connection back at the end of the response, if it can have another request; else it is closed.
    fn release_at_end(&mut self) {
        if !self.coding.is_end() {
            return;
        }
        if let Some(lease) = self.connection.lease.take().filter(|_| self.persists && self.sending.is_whole()) {
            lease.release();
        }
    }
}
