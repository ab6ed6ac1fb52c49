//! A push: objects first, the pointer last.

use std::error::Error;
use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;

use super::chain::leads_to;
use super::destination::{Destination, DestinationError, read_pointer};
use super::error::{StoreError, StoreFault};
use super::object_store::{EntityTag, ObjectName, ObjectStore, PutOutcome};
use super::pointer::SignedPointer;
use super::repair::object_bytes;
use super::state::StateList;
use super::state_push::StatePush;
use super::transfer::{each, find_unusable, put_content};
use crate::access::PublicKey;
use crate::model::{Digest, Timestamp};

/// A tag that no object has.
const WRONG_TAG: &str = "\"00000000000000000000000000000000\"";
const PROBE: &[u8] = b"apigw tries here whether the store refuses a write whose condition does not hold\n";

/// Gives the bytes of the objects that are pushed.
pub trait StateSource {
    /// Returns the bytes of an object.
    fn object(&self, digest: Digest) -> Result<Bytes, Box<dyn Error + Send + Sync>>;
}

/// The outcome of a push that is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitOutcome {
    /// It is the state of the store.
    Present,
    /// A later push was built upon it.
    BuiltUpon,
}

/// Reason why a push is not in force, or not known to be.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The store failed before the pointer was written.
    #[error("nothing was pushed: {0}")]
    Store(StoreError),
    /// Bytes of the state cannot be read.
    #[error("nothing was pushed: {0}")]
    Source(Box<dyn Error + Send + Sync>),
    /// Another push came first.
    #[error("another push came first")]
    Moved,
    /// The pointer could not be written, and the one before it is still there.
    #[error("nothing was pushed: the pointer was not written ({0})")]
    Unwritten(StoreError),
    /// The store has a pointer again that was replaced.
    #[error("the store was put back to push {sequence}, which push {by} had replaced")]
    PutBack {
        /// The push of its pointer.
        sequence: u64,
        /// The one that had replaced it.
        by: u64,
    },
    /// Objects are being removed.
    #[error("objects are being removed there until {0}")]
    Pruning(Timestamp),
    /// The pointer may have been written, and the store does not say.
    #[error("it is not known whether the push is in force: {0}")]
    Unknown(DestinationError),
}

impl PushError {
    /// True if another attempt, from the state as it is then, may succeed at once: others write there too.
    #[must_use]
    pub fn is_contention(&self) -> bool {
        match self {
            // A store may show for a moment what was there before.
            Self::Moved | Self::PutBack { .. } => true,
            Self::Unwritten(StoreError { fault, .. }) => match fault {
                StoreFault::Unchanged { put } => *put == PutOutcome::Refused,
                StoreFault::Status { status, .. } => *status == StatusCode::CONFLICT,
                _ => false,
            },
            _ => false,
        }
    }
}

impl From<StoreError> for PushError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl StatePush {
    /// Pushes over the state that it was planned from.
    pub(super) async fn commit(
        &self,
        store: &Arc<dyn ObjectStore>,
        before: &Destination,
        source: &dyn StateSource,
        keys: &[PublicKey],
    ) -> Result<CommitOutcome, PushError> {
        let planned = self.pointer.fields().time;
        if let Some(until) = before.pointer().and_then(|present| present.pruned_until(planned)) {
            return Err(PushError::Pruning(until));
        }
        probe(&**store).await?;
        self.put_objects(store, source).await?;
        put_content(&**store, self.list.text().into()).await?;
        // Under its digest too, so that the line of pushes can be followed back.
        put_content(&**store, self.pointer_bytes()).await?;
        self.read_back(store, source).await?;
        let put = match &before.pointer {
            None => store.put_if_absent(ObjectName::Pointer, self.pointer_bytes()).await,
            Some(present) => store.put_if_match(ObjectName::Pointer, self.pointer_bytes(), &present.tag).await,
        };
        match put {
            Err(error) if !error.is_transient() => Err(error.into()),
            // A refusal may be that of a second attempt, whose first one was written; and what a store says that it has
            // written it may not have.
            put => self.outcome(&**store, before, put, keys).await,
        }
    }

    fn pointer_bytes(&self) -> Bytes {
        Bytes::copy_from_slice(self.pointer.bytes())
    }

    /// Writes the new objects, some at a time, so that few of them are in memory.
    async fn put_objects(&self, store: &Arc<dyn ObjectStore>, source: &dyn StateSource) -> Result<(), PushError> {
        let mut objects = self.new.iter().copied();
        loop {
            let mut batch = Vec::new();
            let mut bytes_in_batch = 0;
            while bytes_in_batch < MOST_BATCH
                && let Some(digest) = objects.next()
            {
                let bytes = source.object(digest).map_err(PushError::Source)?;
                bytes_in_batch += bytes.len();
                batch.push(bytes);
            }
            if batch.is_empty() {
                return Ok(());
            }
            let call = |bytes| {
                let store = Arc::clone(store);
                async move { put_content(&*store, bytes).await }
            };
            each(batch, call, |_| ()).await?;
        }
    }

    /// Reads the objects that were written: a store may say that it has written one and have none. One that was there
    /// with other bytes is written again.
    async fn read_back(&self, store: &Arc<dyn ObjectStore>, source: &dyn StateSource) -> Result<(), PushError> {
        let mut written = self.list.objects();
        written.retain(|digest, _| self.new.contains(digest));
        written.insert(self.list.digest(), StateList::LARGEST);
        written.insert(self.pointer.digest(), SignedPointer::LARGEST);
        let unusable = find_unusable(store, written).await?;
        for digest in unusable.keys() {
            let bytes = object_bytes(*digest, &self.pointer, &self.list, source).map_err(PushError::Source)?;
            store.put(ObjectName::Content(*digest), bytes).await?;
        }
        match find_unusable(store, unusable).await?.into_keys().next() {
            None => Ok(()),
            Some(digest) => {
                let place = ObjectName::Content(digest).to_string();
                Err(StoreError { place, fault: StoreFault::NotKept }.into())
            }
        }
    }

    /// Looks which push is in force after the pointer was written, or was not.
    async fn outcome(
        &self,
        store: &dyn ObjectStore,
        before: &Destination,
        put: Result<PutOutcome, StoreError>,
        keys: &[PublicKey],
    ) -> Result<CommitOutcome, PushError> {
        let found = read_pointer(store, keys).await.map_err(PushError::Unknown)?.map(|(found, _)| found);
        let digest = found.as_ref().map(SignedPointer::digest);
        let (own, sequence) = (self.pointer.digest(), self.pointer.fields().sequence);
        if digest == Some(own) {
            return Ok(CommitOutcome::Present);
        }
        if digest == before.pointer().map(SignedPointer::digest) {
            return Err(PushError::Unwritten(unchanged(put)));
        }
        let Some(found) = found else { return Err(PushError::Moved) };
        match leads_to(store, &found, (sequence, own)).await {
            Ok(true) => Ok(CommitOutcome::BuiltUpon),
            // Of a line that cannot be followed, the next attempt looks at the heads.
            Ok(false) | Err(_) => Err(PushError::Moved),
        }
    }
}

/// Makes the error of a pointer that was not written, whatever the store said.
pub(super) fn unchanged(put: Result<PutOutcome, StoreError>) -> StoreError {
    put.map_or_else(
        |error| error,
        |put| StoreError { place: ObjectName::Pointer.to_string(), fault: StoreFault::Unchanged { put } },
    )
}

/// The bytes of objects that are written at a time.
const MOST_BATCH: usize = 32 << 20;

/// Tries whether the store refuses writes whose condition does not hold. Without that, two pushes could undo one
/// another.
pub(super) async fn probe(store: &dyn ObjectStore) -> Result<(), StoreError> {
    let bytes = || Bytes::from_static(PROBE);
    let unconditional = |condition| StoreError {
        place: ObjectName::Probe.to_string(),
        fault: StoreFault::Unconditional { condition, response: "success".to_owned() },
    };
    // The first of them makes the object, where nobody has pushed yet.
    if store.put_if_absent(ObjectName::Probe, bytes()).await? == PutOutcome::Written
        && store.put_if_absent(ObjectName::Probe, bytes()).await? == PutOutcome::Written
    {
        return Err(unconditional("If-None-Match"));
    }
    match store.put_if_match(ObjectName::Probe, bytes(), &EntityTag(WRONG_TAG.to_owned())).await? {
        PutOutcome::Refused => Ok(()),
        PutOutcome::Written => Err(unconditional("If-Match")),
    }
}
