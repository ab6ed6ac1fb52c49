//! A body in pieces that other responses share.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use crate::fleet::DiscoveryBody;

/// The pieces of a response that are still to be sent.
pub(super) struct PiecesBody {
    body: DiscoveryBody,
    next: usize,
}

impl PiecesBody {
    pub(super) const fn new(body: DiscoveryBody) -> Self {
        Self { body, next: 0 }
    }

    fn rest(&self) -> &[Bytes] {
        self.body.pieces().get(self.next..).unwrap_or_default()
    }
}

impl Body for PiecesBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = self.rest().first().cloned();
        self.next += 1;
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest().is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest().iter().map(|piece| piece.len() as u64).sum())
    }
}
