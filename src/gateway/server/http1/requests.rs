//! Where one request ends and the next begins, whatever pieces their bytes come in.

use bytes::{Buf as _, Bytes, BytesMut};
use http::HeaderMap;
use http_body::Frame;

use super::head::{Head, Refusal, head_length};
use crate::gateway::http1::Malformed;
use crate::gateway::http1::coding::Coding;

/// Follows the requests on one connection.
#[derive(Debug)]
pub(super) struct Requests {
    /// What is still to come of the body of the last request whose head was read.
    body: Coding,
    /// How much of an unfinished head has been searched for its end.
    searched: usize,
    head_limit: usize,
}

impl Requests {
    /// Expects a head of at most so many bytes.
    pub(super) fn new(head_limit: usize) -> Self {
        Self { body: Coding::None, searched: 0, head_limit }
    }

    /// Takes the next head, or returns nothing where it has not come to its end. `headers` gives the map that its fields go
    /// into.
    ///
    /// The body of the request before it must have been taken.
    pub(super) fn take_head(
        &mut self,
        read: &mut BytesMut,
        headers: impl FnOnce() -> HeaderMap,
    ) -> Result<Option<Head>, Refusal> {
        // At least one empty line before a request line is to be ignored (RFC 9112, section 2.2).
        let blank = if read.starts_with(b"\r\n") { 2 } else { 0 };
        let head = read.get(blank..).unwrap_or_default();
        let length = head_length(head, self.searched)?;
        if length.unwrap_or(head.len()) > self.head_limit {
            return Err(Refusal::TooLarge);
        }
        let Some(length) = length else {
            self.searched = head.len();
            return Ok(None);
        };
        self.searched = 0;
        read.advance(blank);
        let mut head = Head::parse(&read.split_to(length).freeze(), headers())?;
        self.body = std::mem::replace(&mut head.coding, Coding::None);
        Ok(Some(head))
    }

    /// Takes a part of the body or its trailers; nothing where more has to come first, or at its end.
    pub(super) fn take_body(&mut self, read: &mut BytesMut) -> Result<Option<Frame<Bytes>>, Malformed> {
        self.body.take(read)
    }

    /// Returns what is still to come of the body of the last request.
    pub(super) fn body(&self) -> &Coding {
        &self.body
    }
}
