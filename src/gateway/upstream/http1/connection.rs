//! A connection to a backend: a request on its way out, and the bytes of the response that have come.

use std::future::poll_fn;
use std::io::{self, Write as _};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf as _, Bytes, BytesMut};
use http::{HeaderMap, Method};
use http_body::{Body as _, Frame};
use tokio::io::{AsyncRead as _, AsyncReadExt as _, AsyncWrite as _, ReadBuf};

use super::BrokenExchange;
use super::body::BodyFraming;
use super::framing::{Framing, OtherLength};
use super::head::{self, ResponseHead};
use crate::gateway::request_body::{BodyFault, UpstreamBody};
use crate::gateway::stream::ClientStream;

/// Bytes read at once for the head of a response.
const HEAD_ROOM: usize = 16 * 1024;

/// Bytes read at once of a body of unknown length.
const BODY_ROOM: usize = 32 * 1024;

/// The largest head of a response with the interim ones before it, in bytes.
const LARGEST_HEAD: usize = 512 * 1024;

/// A connection to a backend.
pub(crate) struct UpstreamConnection {
    wire: BufferedStream,
    /// True if the backend has sent anything since the request was begun.
    heard: bool,
    /// Held while the connection is open, by which the open ones are counted.
    open: Rc<()>,
}

impl UpstreamConnection {
    /// Makes a connection of a stream that nothing has been written to.
    pub(crate) fn new(stream: ClientStream, open: Rc<()>) -> Self {
        Self { wire: BufferedStream::new(stream, BytesMut::new()), heard: false, open }
    }

    /// Begins a request, and returns the buffer for its head.
    pub(crate) fn begin(&mut self) -> &mut Vec<u8> {
        self.heard = false;
        self.wire.written = 0;
        self.wire.write.clear();
        &mut self.wire.write
    }

    /// True if the backend has sent anything since the request was begun.
    pub(crate) fn has_heard(&self) -> bool {
        self.heard
    }

    /// True if nothing is left of the last exchange, and the backend has neither closed the connection nor sent
    /// an unsolicited response.
    pub(crate) fn is_quiet(&mut self) -> bool {
        let mut space = [0; 1];
        let stream = &mut self.wire.stream;
        let read = poll_fn(|context| Pin::new(&mut *stream).poll_read(context, &mut ReadBuf::new(&mut space)));
        // Polling many idle connections in one go would use up the task's cooperative budget, and then report all of
        // them quiet.
        let mut read = pin!(tokio::task::unconstrained(read));
        self.wire.read.is_empty() && read.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending()
    }

    /// Sends the request, and waits for the head of its response. The request goes on while the response is waited for:
    /// a backend may respond before it has read all of it (RFC 9112, section 9.5).
    ///
    /// Interim responses are passed over, except for the one that goes on as another protocol (RFC 9110, section 15.2).
    pub(crate) async fn head(
        &mut self,
        sending: &mut PendingRequest,
        to_head: bool,
    ) -> Result<ResponseHead, BrokenExchange> {
        let (mut searched, mut passed) = (0, 0);
        poll_fn(|context| {
            if let Poll::Ready(Err(fault)) = sending.poll(self, context) {
                return Poll::Ready(Err(BrokenExchange::Request(fault)));
            }
            loop {
                while let Some(end) = head::head_end(&self.wire.read, searched) {
                    searched = 0;
                    let head = ResponseHead::parse(&self.wire.read.split_to(end).freeze(), to_head)?;
                    if !head.is_interim() {
                        return Poll::Ready(Ok(head));
                    }
                    passed += end;
                    if passed > LARGEST_HEAD {
                        return Poll::Ready(Err(BrokenExchange::Malformed("it has too many interim responses")));
                    }
                }
                searched = self.wire.read.len();
                if passed + searched > LARGEST_HEAD {
                    return Poll::Ready(Err(BrokenExchange::Malformed("its head is too large")));
                }
                if ready!(self.poll_fill(HEAD_ROOM, context))? == 0 {
                    return Poll::Ready(Err(sending
                        .take_failure()
                        .map_or(BrokenExchange::Closed, BrokenExchange::Connection)));
                }
            }
        })
        .await
    }

    /// Reads on in the body of a response: a part of it, its trailers, or nothing at its end.
    pub(crate) fn poll_frame(
        &mut self,
        framing: &mut BodyFraming,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenExchange>>> {
        loop {
            if framing.is_end() {
                return Poll::Ready(None);
            }
            match framing.take(&mut self.wire.read) {
                Ok(Some(frame)) => return Poll::Ready(Some(Ok(frame))),
                Ok(None) if framing.is_end() => continue,
                Ok(None) => {}
                Err(malformed) => return Poll::Ready(Some(Err(malformed.into()))),
            }
            let wanted = match framing {
                BodyFraming::Length(left) => usize::try_from(*left).unwrap_or(usize::MAX),
                _ => BODY_ROOM,
            };
            match ready!(self.poll_fill(wanted, context)) {
                Ok(0) if *framing == BodyFraming::UntilClose => *framing = BodyFraming::None,
                Ok(0) => return Poll::Ready(Some(Err(BrokenExchange::Closed))),
                Ok(_) => {}
                Err(error) => return Poll::Ready(Some(Err(error.into()))),
            }
        }
    }

    /// Reads more, and returns how many bytes came; none where the backend has closed the connection.
    fn poll_fill(&mut self, wanted: usize, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let count = ready!(self.wire.poll_fill(wanted, context))?;
        self.heard |= count > 0;
        Poll::Ready(Ok(count))
    }

    /// Returns the stream, the bytes read beyond the response's head, and the guard that counts it as open.
    pub(crate) fn into_parts(self) -> (ClientStream, BytesMut, Rc<()>) {
        (self.wire.stream, self.wire.read, self.open)
    }
}

/// The unsent rest of a request; it follows the head that has been written into the connection's buffer.
pub(crate) struct PendingRequest {
    /// The body, until it has ended.
    body: Option<UpstreamBody>,
    framing: Framing,
    /// The part of the body that is being written.
    part: Bytes,
    /// True if a byte of the request has been written, or a part of its body been taken.
    begun: bool,
    flushed: bool,
    /// Error for which no more of it is written.
    failure: Option<io::Error>,
}

impl PendingRequest {
    /// Begins to send a body, and writes its framing headers into the head (RFC 9112, section 6).
    pub(crate) fn new(body: UpstreamBody, method: &Method, head: &mut Vec<u8>) -> Self {
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
    /// Fails with the fault of the client's body.
    pub(crate) fn poll(
        &mut self,
        connection: &mut UpstreamConnection,
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
                // Flushes the bytes so far: the next part of the body may be long in coming.
                if let Poll::Ready(Err(error)) = connection.wire.poll_flush(context) {
                    self.fail(error);
                    return Poll::Ready(Ok(()));
                }
                return Poll::Pending;
            }
        }
    }

    /// Polls the next part of the body and buffers it.
    fn poll_part(
        &mut self,
        connection: &mut UpstreamConnection,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), BodyFault>> {
        let Some(body) = &mut self.body else { return Poll::Ready(Ok(())) };
        let taken = match ready!(Pin::new(body).poll_frame(context)) {
            None => self.end(None, &mut connection.wire.write),
            Some(Ok(frame)) => self.take(frame, &mut connection.wire.write),
            Some(Err(fault)) => Err(fault),
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

    /// True if all of the request has been sent.
    pub(crate) fn is_done(&self) -> bool {
        self.flushed || self.failure.is_some()
    }

    /// True if the request was sent in full, so that another may follow it.
    pub(crate) fn is_whole(&self) -> bool {
        self.flushed && self.failure.is_none()
    }

    /// Takes the error that stopped the request from being sent.
    pub(crate) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// Returns the body, where the backend cannot have seen a byte of the request.
    pub(crate) fn into_unsent(self) -> Option<UpstreamBody> {
        self.body.filter(|_| !self.begun)
    }

    /// Records that no more can be sent; the backend's response to it may still come.
    fn fail(&mut self, error: io::Error) {
        self.failure = Some(error);
    }
}

impl From<OtherLength> for BodyFault {
    fn from(OtherLength: OtherLength) -> Self {
        Self::Broken
    }
}

/// The least room that is made at once, in bytes; where more is wanted, no less is read into.
const LEAST_ROOM: usize = 4 * 1024;

/// The most room that is made at once, in bytes.
const MOST_ROOM: usize = 64 * 1024;

/// A stream with a read buffer and a write buffer.
pub(super) struct BufferedStream {
    stream: ClientStream,
    /// Bytes read and not used.
    pub(super) read: BytesMut,
    /// Bytes to be written: heads, small bodies, and the framing between the parts of a chunked body.
    write: Vec<u8>,
    /// Number of its bytes written so far.
    written: usize,
}

impl BufferedStream {
    /// Makes a wire of a stream, of which some bytes may have been read.
    fn new(stream: ClientStream, read: BytesMut) -> Self {
        Self { stream, read, write: Vec::new(), written: 0 }
    }

    /// Reads more, and returns how many bytes came; none where the other side has closed the connection. `wanted` bytes
    /// have room, within bounds.
    fn poll_fill(&mut self, wanted: usize, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.read.capacity() - self.read.len() < wanted.min(LEAST_ROOM) {
            self.read.reserve(wanted.clamp(LEAST_ROOM, MOST_ROOM));
        }
        pin!(self.stream.read_buf(&mut self.read)).poll(context)
    }

    /// Returns how many bytes are to be written.
    fn unwritten(&self) -> usize {
        self.write.len() - self.written
    }

    /// Writes the buffer, and `more` behind it; advances `more` past the bytes written.
    fn poll_write(&mut self, more: &mut Bytes, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let first = self.write.get(self.written..).unwrap_or_default();
            let count = if more.is_empty() {
                if first.is_empty() {
                    self.write.clear();
                    self.written = 0;
                    return Poll::Ready(Ok(()));
                }
                ready!(Pin::new(&mut self.stream).poll_write(context, first))?
            } else {
                let slices = [io::IoSlice::new(first), io::IoSlice::new(more)];
                ready!(Pin::new(&mut self.stream).poll_write_vectored(context, &slices))?
            };
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            let of_first = count.min(first.len());
            self.written += of_first;
            more.advance(count - of_first);
        }
    }

    /// Writes the buffer, and flushes the stream.
    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_write(&mut Bytes::new(), context))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }
}
