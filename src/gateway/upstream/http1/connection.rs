//! A connection to a backend: the bytes that are on their way in both directions.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use bytes::BytesMut;
use tokio::io::{AsyncRead as _, ReadBuf};

use super::answer::{self, Head};
use super::sending::Sending;
use crate::gateway::body::BodyFault;
use crate::gateway::http1::Malformed;
use crate::gateway::http1::wire::Wire;
use crate::gateway::stream::Stream;

/// How much room is made for an answer whose length is not known, in bytes.
const ROOM: usize = 16 * 1024;

/// The largest head of an answer with the interim ones before it, in bytes.
const LARGEST_HEAD: usize = 512 * 1024;

/// Why an exchange with a backend broke off.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    /// The connection is gone.
    #[error("the connection broke: {0}")]
    Connection(#[from] io::Error),
    /// The backend closed the connection before it had answered.
    #[error("the connection was closed before the answer was complete")]
    Closed,
    /// What the backend sent is not an answer.
    #[error("the answer is not HTTP: {0}")]
    Malformed(&'static str),
    /// What the caller sends is at fault.
    #[error("the request's body broke off")]
    Request(BodyFault),
}

impl From<Malformed> for Broken {
    fn from(Malformed(reason): Malformed) -> Self {
        Self::Malformed(reason)
    }
}

/// A connection to a backend.
pub(crate) struct Connection {
    pub(super) wire: Wire,
    /// Whether the backend has sent anything since the request was begun.
    heard: bool,
    /// Held while the connection is open, by which the open ones are counted.
    open: Rc<()>,
}

impl Connection {
    /// Makes a connection of a stream that nothing has been written to.
    pub(crate) fn new(stream: Stream, open: Rc<()>) -> Self {
        Self { wire: Wire::new(stream, BytesMut::new()), heard: false, open }
    }

    /// Begins a request, whose head is to be written into what is returned.
    pub(crate) fn begin(&mut self) -> &mut Vec<u8> {
        self.heard = false;
        self.wire.written = 0;
        self.wire.write.clear();
        &mut self.wire.write
    }

    /// Returns whether the backend has sent anything since the request was begun.
    pub(crate) fn has_heard(&self) -> bool {
        self.heard
    }

    /// Returns whether nothing is left of the last exchange, and the backend has neither closed the connection nor sent
    /// what nobody asked for.
    pub(crate) fn is_quiet(&mut self) -> bool {
        let mut space = [0; 1];
        let stream = &mut self.wire.stream;
        let read = poll_fn(|context| Pin::new(&mut *stream).poll_read(context, &mut ReadBuf::new(&mut space)));
        // A look at many connections in one go is not what a task's share of work is meant for.
        let mut read = pin!(tokio::task::unconstrained(read));
        self.wire.read.is_empty() && read.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending()
    }

    /// Sends the request, and waits for the head of its answer. The request goes on while the answer is waited for: a
    /// backend may answer before it has read all of it (RFC 9112, section 9.5).
    ///
    /// Interim answers are passed over, except for the one that goes on as another protocol (RFC 9110, section 15.2).
    pub(crate) async fn head(&mut self, sending: &mut Sending, to_head: bool) -> Result<Head, Broken> {
        let (mut searched, mut passed) = (0, 0);
        poll_fn(|context| {
            if let Poll::Ready(Err(fault)) = sending.poll(self, context) {
                return Poll::Ready(Err(Broken::Request(fault)));
            }
            loop {
                while let Some(end) = answer::head_end(&self.wire.read, searched) {
                    searched = 0;
                    let head = Head::parse(&self.wire.read.split_to(end).freeze(), to_head)?;
                    if !head.is_interim() {
                        return Poll::Ready(Ok(head));
                    }
                    passed += end;
                    if passed > LARGEST_HEAD {
                        return Poll::Ready(Err(Broken::Malformed("it has too many interim responses")));
                    }
                }
                searched = self.wire.read.len();
                if passed + searched > LARGEST_HEAD {
                    return Poll::Ready(Err(Broken::Malformed("its head is too large")));
                }
                if ready!(self.poll_fill(ROOM, context))? == 0 {
                    return Poll::Ready(Err(sending.take_failure().map_or(Broken::Closed, Broken::Connection)));
                }
            }
        })
        .await
    }

    /// Reads more, and returns how many bytes came; none where the backend has closed the connection.
    pub(super) fn poll_fill(&mut self, wanted: usize, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let count = ready!(self.wire.poll_fill(wanted, context))?;
        self.heard |= count > 0;
        Poll::Ready(Ok(count))
    }

    /// Gives out the stream, what has been read of what follows the answer's head, and what counts it as open.
    pub(crate) fn into_parts(self) -> (Stream, BytesMut, Rc<()>) {
        (self.wire.stream, self.wire.read, self.open)
    }
}
