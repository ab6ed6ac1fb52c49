//! The body of a request, for who answers it.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::connection::Connection;
use crate::gateway::body::BodyError;

/// The body of a request, which comes on its client's connection.
pub(crate) struct Body {
    connection: Rc<RefCell<Connection>>,
}

impl Body {
    /// Makes the body of the last request of a connection; there is none where it has ended with its head.
    pub(super) fn of(connection: &Rc<RefCell<Connection>>) -> Option<Self> {
        (!connection.borrow().has_whole_request()).then(|| Self { connection: Rc::clone(connection) })
    }

    /// Reads on: a part of it, its trailers, or nothing at its end.
    pub(crate) fn poll_frame(&self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.connection.borrow_mut().poll_body(context)
    }

    /// Returns whether nothing more comes.
    pub(crate) fn is_end(&self) -> bool {
        self.connection.borrow().has_whole_request()
    }

    /// Returns how many bytes are still to come, as far as that is known.
    pub(crate) fn size_hint(&self) -> SizeHint {
        self.connection.borrow().body().size_hint()
    }
}
