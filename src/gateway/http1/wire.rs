//! The bytes of a connection that are on their way in both directions.

use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWrite as _};

use crate::gateway::stream::Stream;

/// The least room that is made at once, in bytes; where more is wanted, no less is read into.
const LEAST_ROOM: usize = 4 * 1024;

/// The most room that is made at once, in bytes.
const MOST_ROOM: usize = 64 * 1024;

/// A stream with what has been read of it and not used, and what is to be written.
pub(crate) struct Wire {
    pub(crate) stream: Stream,
    /// What has been read and not used.
    pub(crate) read: BytesMut,
    /// What is to be written: heads, small bodies, and what stands between the parts of a chunked body.
    pub(crate) write: Vec<u8>,
    /// How much of it has been written.
    pub(crate) written: usize,
}

impl Wire {
    /// Makes a wire of a stream, of which some bytes may have been read.
    pub(crate) fn new(stream: Stream, read: BytesMut) -> Self {
        Self { stream, read, write: Vec::new(), written: 0 }
    }

    /// Reads more, and returns how many bytes came; none where the other side has closed the connection. `wanted` bytes have
    /// room, within bounds.
    pub(crate) fn poll_fill(&mut self, wanted: usize, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.read.capacity() - self.read.len() < wanted.min(LEAST_ROOM) {
            self.read.reserve(wanted.clamp(LEAST_ROOM, MOST_ROOM));
        }
        pin!(self.stream.read_buf(&mut self.read)).poll(context)
    }

    /// Returns how many bytes are to be written.
    pub(crate) fn unwritten(&self) -> usize {
        self.write.len() - self.written
    }

    /// Writes what is to be written, and `more` behind it; cuts off what of `more` has been written.
    pub(crate) fn poll_write(&mut self, more: &mut Bytes, context: &mut Context<'_>) -> Poll<io::Result<()>> {
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

    /// Writes what is to be written, and has the stream hand on what it keeps back.
    pub(crate) fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_write(&mut Bytes::new(), context))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }
}
