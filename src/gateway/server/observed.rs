//! A client's stream, of which the watch learns when bytes come and whether bytes are taken.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::header_filter::{FilteredBytes, HeaderBlockFilter};
use crate::gateway::stream::ClientStream;
use crate::gateway::watch::ConnectionWatch;

/// A client's stream whose watch is told of each read and write.
pub(crate) struct ObservedStream {
    stream: ClientStream,
    /// Bytes that were read before and come again.
    first: BytesMut,
    /// Filters the bytes read, on a connection of HTTP/2.
    header_blocks: Option<Box<HeaderBlockFilter>>,
    watch: Rc<ConnectionWatch>,
}

impl ObservedStream {
    /// Begins to observe a stream, of which some bytes have been read.
    pub(crate) fn new(stream: ClientStream, first: BytesMut, watch: Rc<ConnectionWatch>) -> Self {
        Self { stream, first, header_blocks: None, watch }
    }

    /// Filters the header blocks of HTTP/2, of which hyper mends some without a word. Trailers have at most so many
    /// bytes.
    pub(crate) fn filtering_header_blocks(self, most_trailer_bytes: usize) -> Self {
        Self { header_blocks: Some(Box::new(HeaderBlockFilter::new(most_trailer_bytes))), ..self }
    }

    /// Returns the stream itself.
    pub(crate) fn into_stream(self) -> ClientStream {
        self.stream
    }

    /// Reads bytes of the client, and tells the watch of them.
    fn poll_client(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if !self.first.is_empty() {
            give(&mut self.first, buffer);
        } else if Pin::new(&mut self.stream).poll_read(context, buffer)?.is_pending() {
            self.watch.note_starved();
            return Poll::Pending;
        }
        self.watch.came(buffer.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

/// Moves bytes into a buffer, as many as it has room for. The memory goes with the last byte.
fn give(bytes: &mut BytesMut, buffer: &mut ReadBuf<'_>) {
    let count = bytes.len().min(buffer.remaining());
    buffer.put_slice(bytes.get(..count).unwrap_or_default());
    bytes.advance(count);
    if bytes.is_empty() {
        *bytes = BytesMut::new();
    }
}

impl AsyncRead for ObservedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if let Some(filter) = &mut this.header_blocks
                && !filter.ready().is_empty()
            {
                give(filter.ready(), buffer);
                return Poll::Ready(Ok(()));
            }
            let before = buffer.filled().len();
            ready!(this.poll_client(context, buffer))?;
            let came = buffer.filled().get(before..).unwrap_or_default();
            let Some(filter) = this.header_blocks.as_mut().filter(|_| !came.is_empty()) else {
                return Poll::Ready(Ok(()));
            };
            match filter.filter(came) {
                FilteredBytes::Unchanged => return Poll::Ready(Ok(())),
                FilteredBytes::Held => {}
                // The service refuses all further requests, and the connection ends with those in flight.
                FilteredBytes::Unreadable => this.watch.distrust(),
            }
            buffer.set_filled(before);
        }
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
        // Half-closed clients get their responses, so that hyper reads nothing while a request is in flight, and sees
        // no reset.
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
