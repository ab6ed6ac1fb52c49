//! A request's body on its way to a backend.

use std::io::{self, Write as _};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderMap, Method};
use http_body::{Body as _, Frame};

use super::connection::Connection;
use crate::gateway::body::{BodyError, BodyFault, RequestBody};
use crate::gateway::http1::writing::{Framing, OtherLength};

/// What is still to be sent of a request; it goes on behind the head that has been written into the connection's buffer.
pub(crate) struct Sending {
    /// The body, until it has ended.
    body: Option<RequestBody>,
    framing: Framing,
    /// The part of the body that is being written.
    part: Bytes,
    /// Whether a byte of the request has been written, or a part of its body been taken.
    begun: bool,
    flushed: bool,
    /// Why no more of it is written.
    failure: Option<io::Error>,
}

impl Sending {
    /// Begins to send a body, and writes into the head what says how long it is (RFC 9112, section 6).
    pub(crate) fn new(body: RequestBody, method: &Method, head: &mut Vec<u8>) -> Self {
        let length = body.size_hint().exact();
        match length {
            // Where a body is expected, its absence is said (RFC 9110, section 8.6).
            Some(0) if ![Method::POST, Method::PUT, Method::PATCH].contains(method) => {}
            // Writing into memory does not fail.
            Some(length) => write!(head, "content-length: {length}\r\n").unwrap_or_default(),
            None => head.extend_from_slice(b"transfer-encoding: chunked\r\n"),
        }
        let framing = length.map_or(Framing::Chunked(false), Framing::Length);
        Self { body: Some(body), framing, part: Bytes::new(), begun: false, flushed: false, failure: None }
    }

    /// Sends on, and is ready when there is nothing left to send, or nothing more can be sent.
    ///
    /// Fails with what is wrong with the body that the caller sends.
    pub(crate) fn poll(
        &mut self,
        connection: &mut Connection,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), BodyFault>> {
        if self.is_done() {
            return Poll::Ready(Ok(()));
        }
        loop {
            let before = (connection.wire.unwritten(), self.part.len());
            let written = connection.wire.poll_write(&mut self.part, context);
            self.begun |= (connection.wire.unwritten(), self.part.len()) != before;
            match written {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => {
                    self.fail(error);
                    return Poll::Ready(Ok(()));
                }
                Poll::Pending => return Poll::Pending,
            }
            if self.body.is_none() {
                if let Err(error) = ready!(connection.wire.poll_flush(context)) {
                    self.fail(error);
                }
                self.flushed = true;
                return Poll::Ready(Ok(()));
            }
            self.begun = true;
            if self.poll_part(connection, context)?.is_pending() {
                // What is there goes out, though more is to come.
                if let Poll::Ready(Err(error)) = connection.wire.poll_flush(context) {
                    self.fail(error);
                    return Poll::Ready(Ok(()));
                }
                return Poll::Pending;
            }
        }
    }

    /// Takes the next part of the body.
    fn poll_part(&mut self, connection: &mut Connection, context: &mut Context<'_>) -> Poll<Result<(), BodyFault>> {
        let Some(body) = &mut self.body else { return Poll::Ready(Ok(())) };
        let taken = match ready!(Pin::new(body).poll_frame(context)) {
            None => self.end(None, &mut connection.wire.write),
            Some(Ok(frame)) => self.take(frame, &mut connection.wire.write),
            Some(Err(error)) => Err(match error {
                BodyError::TooLarge => BodyFault::TooLarge,
                BodyError::TooSlow => BodyFault::TooSlow,
                _ => BodyFault::Broken,
            }),
        };
        Poll::Ready(taken)
    }

    fn take(&mut self, frame: Frame<Bytes>, write: &mut Vec<u8>) -> Result<(), BodyFault> {
        let data = match frame.into_data() {
            Ok(data) => data,
            Err(frame) => return self.end(frame.trailers_ref(), write),
        };
        self.framing.part(data.len(), write)?;
        self.part = data;
        Ok(())
    }

    fn end(&mut self, trailers: Option<&HeaderMap>, write: &mut Vec<u8>) -> Result<(), BodyFault> {
        self.framing.end(trailers, write)?;
        self.body = None;
        Ok(())
    }

    /// Returns whether all of the request has been sent.
    pub(crate) fn is_done(&self) -> bool {
        self.flushed || self.failure.is_some()
    }

    /// Returns whether the request was sent in full, so that another may follow it.
    pub(crate) fn is_whole(&self) -> bool {
        self.flushed && self.failure.is_none()
    }

    /// Takes why no more was sent.
    pub(crate) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// Returns the body, where the backend cannot have seen a byte of the request.
    pub(crate) fn into_unsent(self) -> Option<RequestBody> {
        self.body.filter(|_| !self.begun)
    }

    /// Notes that no more can be sent; what the backend has to say to it may still come.
    fn fail(&mut self, error: io::Error) {
        self.failure = Some(error);
    }
}

impl From<OtherLength> for BodyFault {
    fn from(OtherLength: OtherLength) -> Self {
        Self::Broken
    }
}
