//! A client's connection: what has been read of its requests, and what is to be written of their answers.

use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::Frame;

use super::head::{Head, Refusal};
use super::requests::Requests;
use crate::gateway::body::BodyError;
use crate::gateway::http1::coding::Coding;
use crate::gateway::http1::wire::Wire;
use crate::gateway::server::watch::{Reading, Watch};
use crate::gateway::stream::Stream;

/// How much is read at once where a head is expected, in bytes.
const HEAD_ROOM: usize = 1024;

/// How much is read at once of a body whose length is not known, in bytes.
const BODY_ROOM: usize = 32 * 1024;

/// How much is read of requests whose turn has not come, in bytes.
const MOST_AHEAD: usize = 64 * 1024;

/// How much of a body that nobody wants is read for the sake of the next request, in bytes.
const MOST_UNWANTED: usize = 64 * 1024;

/// The most memory that an idle connection keeps for the next request, in bytes.
const MOST_KEPT: usize = 16 * 1024;

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// A client's connection.
pub(super) struct Connection {
    pub(super) wire: Wire,
    requests: Requests,
    watch: Rc<Watch>,
    /// Whether the client waits for `100 Continue` before it sends a body.
    owes_continue: bool,
}

impl Connection {
    /// Makes a connection of a stream, of which some bytes have been read.
    pub(super) fn new(stream: Stream, read: BytesMut, head_limit: usize, watch: Rc<Watch>) -> Self {
        Self { wire: Wire::new(stream, read), requests: Requests::new(head_limit), watch, owes_continue: false }
    }

    /// Waits for the next request; there is none where the client has closed the connection, or where it is to be closed.
    ///
    /// What has been written goes out first, unless a request has come already.
    pub(super) fn poll_head(
        &mut self,
        headers: impl Fn() -> HeaderMap,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<Option<Result<Head, Refusal>>>> {
        loop {
            match self.requests.take_head(&mut self.wire.read, &headers) {
                Ok(Some(head)) => {
                    self.owes_continue = head.awaits_continue;
                    self.note_request(false);
                    return Poll::Ready(Ok(Some(Ok(head))));
                }
                Ok(None) => {}
                Err(refusal) => return Poll::Ready(Ok(Some(Err(refusal)))),
            }
            ready!(self.poll_flush(context))?;
            if self.watch.is_draining() {
                return Poll::Ready(Ok(None));
            }
            match self.wire.poll_fill(HEAD_ROOM, context)? {
                Poll::Ready(0) => return Poll::Ready(Ok(None)),
                Poll::Ready(_) => {}
                Poll::Pending => {
                    let reading = if self.wire.read.is_empty() { Reading::Idle } else { Reading::Head };
                    self.watch.reads(reading, true);
                    self.give_memory_back();
                    return Poll::Pending;
                }
            }
        }
    }

    /// Reads on in the body of the last request: a part of it, its trailers, or nothing at its end.
    pub(super) fn poll_body(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        loop {
            match self.requests.take_body(&mut self.wire.read) {
                Ok(None) if self.has_whole_request() => {
                    self.note_request(false);
                    return Poll::Ready(None);
                }
                Ok(None) => {}
                Ok(Some(frame)) => {
                    self.note_request(false);
                    return Poll::Ready(Some(Ok(frame)));
                }
                Err(malformed) => return Poll::Ready(Some(Err(malformed.into()))),
            }
            if std::mem::take(&mut self.owes_continue) {
                // It goes out when the connection's task finds that there is nothing to do but wait.
                self.wire.write.extend_from_slice(CONTINUE);
            }
            let wanted = match self.requests.body() {
                Coding::Length(left) => usize::try_from(*left).unwrap_or(usize::MAX),
                _ => BODY_ROOM,
            };
            match self.wire.poll_fill(wanted, context) {
                Poll::Ready(Ok(0)) => {
                    return Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::UnexpectedEof).into())));
                }
                Poll::Ready(Ok(count)) => self.watch.body_bytes(count),
                Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                Poll::Pending => {
                    self.note_request(true);
                    return Poll::Pending;
                }
            }
        }
    }

    /// Sends what is to be written while a request is being answered, and is ready when the client is found to have left.
    pub(super) fn poll_wait(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        if self.wire.unwritten() > 0
            && let Poll::Ready(Err(error)) = self.poll_flush(context)
        {
            return Poll::Ready(error);
        }
        self.poll_left(context).map(|()| io::ErrorKind::ConnectionReset.into())
    }

    /// Is ready when the client is found to have left. Reads ahead for it, which ends where the last request's body is still
    /// to come, whose reader will find out.
    pub(super) fn poll_left(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while self.has_whole_request() && self.wire.read.len() < MOST_AHEAD {
            match ready!(self.wire.poll_fill(HEAD_ROOM, context)) {
                Ok(0) | Err(_) => return Poll::Ready(()),
                Ok(_) => {}
            }
        }
        Poll::Pending
    }

    /// Writes what is to be written, and `more` behind it; cuts off what of `more` has been written.
    pub(super) fn poll_write(&mut self, more: &mut Bytes, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let written = self.wire.poll_write(more, context);
        self.watch.write_blocked(written.is_pending());
        written
    }

    /// Writes what is to be written, and has the stream hand on what it keeps back.
    pub(super) fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = self.wire.poll_flush(context);
        self.watch.write_blocked(flushed.is_pending());
        flushed
    }

    /// Returns whether the last request has come to its end.
    pub(super) fn has_whole_request(&self) -> bool {
        self.requests.body().is_end()
    }

    /// Returns what is still to come of the last request's body.
    pub(super) fn body(&self) -> &Coding {
        self.requests.body()
    }

    /// Skips what of the last request's body has come and nobody wants; returns whether that was all of it.
    pub(super) fn skip_body(&mut self, context: &mut Context<'_>) -> bool {
        let mut skipped = 0;
        while !self.has_whole_request() {
            match self.requests.take_body(&mut self.wire.read) {
                Ok(Some(frame)) => skipped += frame.data_ref().map_or(0, Bytes::len),
                Ok(None) if self.has_whole_request() => {}
                Ok(None) if skipped < MOST_UNWANTED => match self.wire.poll_fill(BODY_ROOM, context) {
                    Poll::Ready(Ok(1..)) => {}
                    _ => return false,
                },
                _ => return false,
            }
        }
        true
    }

    /// Notes that the last request is being read or answered.
    fn note_request(&self, starved: bool) {
        // What has come of the next request is not waited for yet.
        self.watch.reads(if self.has_whole_request() { Reading::Idle } else { Reading::Body }, starved);
    }

    /// Gives memory back that only a large request or answer needed.
    fn give_memory_back(&mut self) {
        if self.wire.read.is_empty() && self.wire.read.capacity() > MOST_KEPT {
            self.wire.read = BytesMut::new();
        }
        if self.wire.write.capacity() > MOST_KEPT {
            self.wire.write = Vec::new();
        }
    }
}
