//! The body of a backend's answer (RFC 9112, sections 6 and 7).

use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::Frame;

use super::connection::{Broken, Connection};
use crate::gateway::http1::coding::Coding;

/// How much is read at once of a body whose length is not known, in bytes.
const ROOM: usize = 32 * 1024;

/// Reads on in a body: a part of it, its trailers, or nothing at its end.
pub(crate) fn poll_frame(
    coding: &mut Coding,
    connection: &mut Connection,
    context: &mut Context<'_>,
) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
    loop {
        if coding.is_end() {
            return Poll::Ready(None);
        }
        match coding.take(&mut connection.wire.read) {
            Ok(Some(frame)) => return Poll::Ready(Some(Ok(frame))),
            Ok(None) if coding.is_end() => continue,
            Ok(None) => {}
            Err(malformed) => return Poll::Ready(Some(Err(malformed.into()))),
        }
        let wanted = match coding {
            Coding::Length(left) => usize::try_from(*left).unwrap_or(usize::MAX),
            _ => ROOM,
        };
        match ready!(connection.poll_fill(wanted, context)) {
            Ok(0) if *coding == Coding::UntilClose => *coding = Coding::None,
            Ok(0) => return Poll::Ready(Some(Err(Broken::Closed))),
            Ok(_) => {}
            Err(error) => return Poll::Ready(Some(Err(error.into()))),
        }
    }
}
