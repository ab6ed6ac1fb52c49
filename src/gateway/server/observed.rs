//! A client's stream, of which the watch learns when bytes come and whether bytes are taken.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::header_blocks::{HeaderBlockFollower, HeaderBlockRefusal};
use crate::gateway::stream::ClientStream;
use crate::gateway::watch::ConnectionWatch;

/// A client's stream whose watch is told of each read and write.
pub(crate) struct ObservedStream {
    stream: ClientStream,
    /// Bytes that were read before and come again.
    first: BytesMut,
    /// Follows the bytes read, on a connection of HTTP/2.
    header_blocks: Option<Box<HeaderBlockFollower>>,
    watch: Rc<ConnectionWatch>,
}

impl ObservedStream {
    /// Begins to observe a stream, of which some bytes have been read.
    pub(crate) fn new(stream: ClientStream, first: BytesMut, watch: Rc<ConnectionWatch>) -> Self {
        Self { stream, first, header_blocks: None, watch }
    }

    /// Follows the header blocks of HTTP/2, of which hyper mends some without a word. Trailers have at most so many bytes.
    pub(crate) fn following_header_blocks(self, most_trailer_bytes: usize) -> Self {
        Self { header_blocks: Some(Box::new(HeaderBlockFollower::new(most_trailer_bytes))), ..self }
    }

    /// Returns the stream itself.
    pub(crate) fn into_stream(self) -> ClientStream {
        self.stream
    }
}

impl AsyncRead for ObservedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if !self.first.is_empty() {
            let count = self.first.len().min(buffer.remaining());
            buffer.put_slice(self.first.get(..count).unwrap_or_default());
            self.first.advance(count);
            if self.first.is_empty() {
                // The memory goes with the last byte.
                self.first = BytesMut::new();
            }
        } else if Pin::new(&mut self.stream).poll_read(context, buffer)?.is_pending() {
            self.watch.starves();
            return Poll::Pending;
        }
        let came = buffer.filled().get(before..).unwrap_or_default();
        self.watch.came(came.len());
        if let Some(follower) = &mut self.header_blocks
            && let Err(HeaderBlockRefusal) = follower.follow(came)
        {
            // The service refuses all further requests, and the connection ends with those in flight.
            self.header_blocks = None;
            self.watch.distrust();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ObservedStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch.write_blocked(written.is_pending());
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.watch.write_blocked(written.is_pending());
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Half-closed clients are answered, so that hyper reads nothing while a request is in flight, and sees no reset.
        if self.watch.is_awaiting_response()
            && let Poll::Ready(error) = self.stream.poll_reset(context)
        {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
