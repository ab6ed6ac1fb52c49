//! The body of a response, as hyper takes it from the service.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::request_record::RequestRecord;
use crate::gateway::upstream::relay::ResponseRelay;
use crate::gateway::upstream::relay_error::RelayError;
use crate::gateway::upstream::relayed_connection::{LastingCaller, LastingKind};
use crate::gateway::watch::InFlight;

/// The body of a response. The access record and the meter are written when it is dropped.
pub(crate) struct ResponsePayload {
    source: PayloadSource,
    /// Error at which the source ended, until the parts before have been written.
    broken: Option<RelayError>,
    bytes_out: u64,
    record: Option<Box<RequestRecord>>,
    in_flight: InFlight,
}

enum PayloadSource {
    Bytes(Bytes),
    Backend(Box<ResponseRelay>),
}

impl ResponsePayload {
    /// Makes a body of bytes that are there.
    pub(crate) fn bytes(bytes: Bytes, in_flight: InFlight) -> Self {
        in_flight.untaken(true);
        Self { source: PayloadSource::Bytes(bytes), broken: None, bytes_out: 0, record: None, in_flight }
    }

    /// Makes a body of a backend's response.
    pub(crate) fn relay(relay: Box<ResponseRelay>, in_flight: InFlight) -> Self {
        in_flight.untaken(true);
        if !relay.is_end() {
            in_flight.follow(&relay.timed_exchange());
        }
        Self { source: PayloadSource::Backend(relay), broken: None, bytes_out: 0, record: None, in_flight }
    }

    /// Has a record told when the body has ended.
    pub(crate) fn recorded(mut self, record: Box<RequestRecord>) -> Self {
        self.record = Some(record);
        self
    }

    /// Has the caller asked again once a backend's response lasts; a stream does from its start.
    pub(crate) fn set_caller(&self, caller: Box<dyn LastingCaller>, kind: LastingKind) {
        if let PayloadSource::Backend(relay) = &self.source {
            relay.set_caller(caller, kind);
        }
    }
}

impl Body for ResponsePayload {
    type Data = Bytes;
    type Error = RelayError;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, RelayError>>> {
        let payload = self.get_mut();
        if let Some(error) = payload.broken.take() {
            return Poll::Ready(Some(Err(error)));
        }
        let polled = match &mut payload.source {
            PayloadSource::Bytes(bytes) if bytes.is_empty() => Poll::Ready(None),
            PayloadSource::Bytes(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            PayloadSource::Backend(relay) => relay.poll_frame(context),
        };
        payload.in_flight.untaken(polled.is_ready());
        if let Poll::Ready(Some(Err(error))) = polled {
            if let Some(record) = &mut payload.record {
                record.broke_off(&error);
            }
            // hyper drops its unwritten bytes when a body fails; while it waits for one, it writes them.
            payload.broken = Some(error);
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            payload.bytes_out += frame.data_ref().map_or(0, |data| data.len() as u64);
            payload.in_flight.progress();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            PayloadSource::Bytes(bytes) => bytes.is_empty(),
            PayloadSource::Backend(relay) => relay.is_end(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            PayloadSource::Bytes(bytes) => SizeHint::with_exact(bytes.len() as u64),
            PayloadSource::Backend(relay) => relay.size_hint(),
        }
    }
}

impl Drop for ResponsePayload {
    fn drop(&mut self) {
        if let Some(mut record) = self.record.take() {
            if let PayloadSource::Backend(relay) = &self.source
                && !relay.is_end()
            {
                if let Some(fault) = relay.take_fault() {
                    record.broke_off(&fault);
                }
                let (_, reason) = record.context.shared.abort_status();
                record.broke_off(&reason);
            }
            record.write(self.bytes_out);
        }
    }
}
