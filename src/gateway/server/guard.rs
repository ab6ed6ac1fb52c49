//! The client's stream as hyper sees it: only whole heads that [`super::framing`] let pass.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::framing::{Place, Scanner};
use super::watch::{Reading, Watch};

/// What hyper reads in place of a head that is refused, so that the service can say why.
const SUBSTITUTE: &[u8] = b"GET / HTTP/1.1\r\nhost: refused\r\n\r\n";

/// A client's stream that hands on only what is well-formed.
pub(crate) struct Guard<S> {
    stream: S,
    scanner: Scanner,
    watch: Rc<Watch>,
    /// What has been read and not handed on: first `ready` bytes that may be, then the start of a head.
    held: Vec<u8>,
    ready: usize,
    /// Whether a body that hyper reads is not well-formed behind what is ready.
    broken: bool,
}

impl<S: AsyncRead + Unpin> Guard<S> {
    /// Guards a stream of which some bytes have been read.
    pub(crate) fn new(stream: S, already_read: Vec<u8>, head_limit: usize, watch: Rc<Watch>) -> Self {
        let mut guard =
            Self { stream, scanner: Scanner::new(head_limit), watch, held: already_read, ready: 0, broken: false };
        guard.scan_held();
        guard.note_wait(false);
        guard
    }

    /// Makes a stream that hands on everything, beginning with what has been read.
    pub(crate) fn tunnel(stream: S, already_read: Vec<u8>, watch: Rc<Watch>) -> Self {
        Self { stream, scanner: Scanner::new(0), watch, held: already_read, ready: 0, broken: false }.into_tunnel()
    }

    /// Lets everything pass from now on: the connection speaks another protocol.
    pub(crate) fn into_tunnel(mut self) -> Self {
        self.scanner.tunnel();
        self.ready = self.held.len();
        self.watch.reads(Reading::Tunnel, true);
        self
    }

    /// Reads what the client still sends, and forgets it.
    pub(crate) fn poll_discard(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut space = [0; 4096];
        let mut buffer = ReadBuf::new(&mut space);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer))?;
        Poll::Ready(Ok(buffer.filled().len()))
    }

    /// Finds out how much of what is held may be handed on.
    fn scan_held(&mut self) {
        match self.scanner.advance(&self.held) {
            Ok((used, heads)) => {
                self.watch.heads_passed(heads);
                self.ready = used;
            }
            // hyper reads a body: its request has been handed on, and the error ends it.
            Err(_) if self.scanner.place() != Place::Head => self.broken = true,
            Err(refusal) => {
                self.watch.refuse(refusal);
                self.held.clear();
                self.held.extend_from_slice(SUBSTITUTE);
                self.ready = self.held.len();
            }
        }
    }

    fn hand_on(&mut self, buffer: &mut ReadBuf<'_>) {
        let count = self.ready.min(buffer.remaining());
        buffer.put_slice(self.held.get(..count).unwrap_or_default());
        self.held.drain(..count);
        self.ready -= count;
        if self.held.is_empty() {
            self.held = Vec::new();
        } else if self.ready == 0 && !self.watch.is_refused() {
            // A head that was refused behind well-formed ones comes up only now.
            self.scan_held();
        }
        self.note_wait(false);
    }

    /// Reads straight into the caller's buffer, and keeps back the start of an unfinished head.
    fn poll_read_through(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<bool>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let new = buffer.filled().get(before..).unwrap_or_default();
        if new.is_empty() {
            return Poll::Ready(Ok(true));
        }
        if matches!(self.scanner.place(), Place::Length(_) | Place::Chunked(_)) {
            self.watch.body_bytes(new.len());
        }
        let used = match self.scanner.advance(new) {
            Ok((used, heads)) => {
                self.watch.heads_passed(heads);
                used
            }
            Err(_) => 0,
        };
        if used < new.len() {
            self.held.extend_from_slice(new.get(used..).unwrap_or_default());
            buffer.set_filled(before + used);
            self.scan_held();
        }
        Poll::Ready(Ok(used > 0))
    }

    /// Reads more of what is held back.
    fn poll_read_more(&mut self, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let mut space = [0; 4096];
        let mut more = ReadBuf::new(&mut space);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut more))?;
        if more.filled().is_empty() {
            return Poll::Ready(Ok(false));
        }
        self.held.extend_from_slice(more.filled());
        self.scan_held();
        Poll::Ready(Ok(true))
    }

    fn note_wait(&self, starved: bool) {
        let reading = match self.scanner.place() {
            Place::Head if self.held.len() == self.ready => Reading::Idle,
            Place::Head => Reading::Head,
            Place::Length(_) | Place::Chunked(_) => Reading::Body,
            Place::Tunnel => Reading::Tunnel,
        };
        self.watch.reads(reading, starved);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guard<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let guard = self.get_mut();
        loop {
            if guard.ready > 0 {
                guard.hand_on(buffer);
                return Poll::Ready(Ok(()));
            }
            if guard.broken {
                return Poll::Ready(Err(io::Error::from(io::ErrorKind::InvalidData)));
            }
            if guard.watch.is_refused() {
                // Nothing behind a refused head is read; its answer closes the connection.
                return Poll::Pending;
            }
            let read = if guard.held.is_empty() {
                guard.poll_read_through(context, buffer)
            } else {
                match guard.poll_read_more(context) {
                    Poll::Ready(Ok(false)) => return Poll::Ready(Ok(())),
                    Poll::Ready(Ok(true)) => continue,
                    other => other,
                }
            };
            guard.note_wait(read.is_pending());
            match read {
                Poll::Ready(Ok(true)) => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(false)) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guard<S> {
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
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
