//! Removes objects that no reader needs any more.
//!
//! The states of the last pushes are kept, each that was in force within the age that is asked for, and the pointers
//! that readers follow back. A push may count on an old object that it finds in the store, so none may be made while
//! objects are removed: the pointer is replaced by one with the same state and a mark first, which makes each push fail
//! that was planned before, and by one without the mark last.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::chain::{ChainFault, MOST_STEPS, read_previous};
use super::destination::{Destination, DestinationError, TaggedPointer, read_list, read_pointer};
use super::error::StoreError;
use super::object_store::{EntityTag, ListedObject, ObjectName, ObjectStore};
use super::pointer::{Pointer, SignedPointer};
use super::push::{probe, unchanged};
use super::state::StateList;
use super::transfer::{ContentFault, each, put_content};
use crate::access::{PrivateKey, PublicKey};
use crate::model::{Digest, Timestamp};

/// The time of a mark, by the clock of whoever removes. A machine whose clock is ahead by the difference to the time of
/// the removals still waits for their end; stores refuse requests of clocks that are further ahead.
const MARK_MS: i64 = 30 * 60 * 1000;
/// The longest time of the removals of one run; what is left is for the next.
const LONGEST_REMOVAL: Duration = Duration::from_mins(10);
/// The objects that are removed before the time and the pointer are looked at.
const BATCH: usize = 32;

/// The limits of what is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PruneLimits {
    /// The number of the last pushes whose states are kept.
    pub pushes: u64,
    /// The time before which an object was written that is removed, and a state replaced.
    pub before: Timestamp,
    /// The time of the run.
    pub now: Timestamp,
}

impl PruneLimits {
    /// True if a push's state is kept, by how many came after it and when the next one came.
    fn keep(&self, later: u64, replaced: Option<Timestamp>) -> bool {
        later < self.pushes.max(1) || replaced.is_none_or(|time| time >= self.before)
    }
}

/// Objects that are about to be removed.
#[derive(Debug)]
pub struct StorePrune {
    /// The objects.
    pub unneeded: Vec<ListedObject>,
    /// The number of pushes whose states are kept.
    pub kept_pushes: u64,
    pointer: SignedPointer,
    tag: EntityTag,
    now: Timestamp,
}

/// Reason why nothing is removed, or not all.
#[derive(Debug, thiserror::Error)]
pub enum PruneError {
    /// The store failed, or its state cannot be used.
    #[error(transparent)]
    Destination(#[from] DestinationError),
    /// Nothing was ever pushed.
    #[error("nothing was pushed there yet")]
    Empty,
    /// The pushes that are kept cannot be followed.
    #[error(transparent)]
    Chain(#[from] ChainFault),
    /// The list of an earlier push that is kept cannot be read.
    #[error("the state of an earlier push cannot be kept: {0}")]
    KeptState(DestinationError),
    /// Another run removes objects.
    #[error("objects are being removed there until {0}")]
    Busy(Timestamp),
    /// A push came first.
    #[error("another push came first")]
    Moved,
    /// A push came after the end of the mark, while objects were still removed.
    #[error("not all was removed: it took longer than pushes wait, and another push came")]
    Overtaken,
    /// The mark is in the pointer, and the store failed.
    #[error("not all was removed, and pushes wait until {until}: {source}")]
    Unfinished {
        /// The end of the mark.
        until: Timestamp,
        /// The failure.
        source: DestinationError,
    },
}

impl From<StoreError> for PruneError {
    fn from(error: StoreError) -> Self {
        Self::Destination(error.into())
    }
}

impl StorePrune {
    /// Finds the objects that can be removed.
    pub(super) async fn plan(
        store: &Arc<dyn ObjectStore>,
        pointer: Option<TaggedPointer>,
        limits: &PruneLimits,
    ) -> Result<Self, PruneError> {
        let before = Destination::read(&**store, pointer).await?;
        let present = before.pointer.as_ref().ok_or(PruneError::Empty)?;
        if let Some(until) = present.signed.pruned_until(limits.now) {
            return Err(PruneError::Busy(until));
        }
        let needed = NeededObjects::read(&**store, &present.signed, before.list(), limits).await?;
        let mut unneeded = store.list().await?;
        unneeded.retain(|object| !needed.objects.contains(&object.digest) && object.modified < limits.before);
        unneeded.sort_by_key(|object| object.digest);
        let (pointer, tag) = (present.signed.clone(), present.tag.clone());
        Ok(Self { unneeded, kept_pushes: needed.pushes, pointer, tag, now: limits.now })
    }

    /// Removes the objects, and returns the number of those that are gone. Calls `replaced` with each pointer that it
    /// has replaced and the one in its place, at once: removals may be cut off.
    pub(super) async fn commit(
        &self,
        store: &Arc<dyn ObjectStore>,
        key: &PrivateKey,
        keys: &[PublicKey],
        replaced: &dyn Fn(&SignedPointer, &SignedPointer),
    ) -> Result<usize, PruneError> {
        if self.unneeded.is_empty() {
            return Ok(0);
        }
        probe(&**store).await?;
        let until = self.now.plus_ms(MARK_MS);
        let mark = self.successor(&self.pointer, Some(until), key);
        let tag = replace_pointer(&**store, &mark, (&self.pointer, &self.tag), keys).await?;
        let tag = tag.ok_or(PruneError::Moved)?;
        replaced(&self.pointer, &mark);
        let unfinished = |source| PruneError::Unfinished { until, source };
        let removed = match self.remove(store, &mark, keys).await {
            Ok(Some(removed)) => removed,
            Ok(None) => return Err(PruneError::Overtaken),
            Err(error) => return Err(unfinished(error)),
        };
        let end = self.successor(&mark, None, key);
        // Of another pointer, somebody has gone on after the end of the mark.
        if replace_pointer(&**store, &end, (&mark, &tag), keys).await.map_err(unfinished)?.is_some() {
            replaced(&mark, &end);
        }
        Ok(removed)
    }

    /// Removes the objects while the mark is in force, and returns their number; `None` where another pointer is.
    async fn remove(
        &self,
        store: &Arc<dyn ObjectStore>,
        mark: &SignedPointer,
        keys: &[PublicKey],
    ) -> Result<Option<usize>, DestinationError> {
        let start = Instant::now();
        let mut removed = 0;
        for batch in self.unneeded.chunks(BATCH) {
            if start.elapsed() > LONGEST_REMOVAL {
                break;
            }
            // This process or its machine may have been asleep since.
            if read_pointer(&**store, keys).await?.is_none_or(|(found, _)| found != *mark) {
                return Ok(None);
            }
            let call = |digest| {
                let store = Arc::clone(store);
                async move { store.remove(digest).await }
            };
            each(batch.iter().map(|object| object.digest), call, |()| removed += 1).await?;
        }
        Ok(Some(removed))
    }

    /// Makes the pointer after another one, with the same state.
    fn successor(&self, before: &SignedPointer, pruning: Option<Timestamp>, key: &PrivateKey) -> SignedPointer {
        let (fields, previous) = (before.fields().clone(), Some(before.digest()));
        SignedPointer::sign(Pointer { sequence: fields.sequence + 1, previous, time: self.now, pruning, ..fields }, key)
    }
}

/// Replaces a pointer with a tag, and returns the tag of the new one; `None` where a third one is in force.
async fn replace_pointer(
    store: &dyn ObjectStore,
    next: &SignedPointer,
    (before, tag): (&SignedPointer, &EntityTag),
    keys: &[PublicKey],
) -> Result<Option<EntityTag>, DestinationError> {
    let bytes = || Bytes::copy_from_slice(next.bytes());
    put_content(store, bytes()).await?;
    let put = match store.put_if_match(ObjectName::Pointer, bytes(), tag).await {
        Err(error) if !error.is_transient() => return Err(error.into()),
        // A refusal may be that of a second attempt, whose first one was written.
        put => put,
    };
    let found = read_pointer(store, keys).await?;
    if found.as_ref().is_some_and(|(found, _)| found == before) {
        return Err(unchanged(put).into());
    }
    found.filter(|(found, _)| found == next).map(|(_, tag)| tag.ok_or(DestinationError::NoTag)).transpose()
}

/// The objects that readers may need.
struct NeededObjects {
    objects: BTreeSet<Digest>,
    pushes: u64,
}

impl NeededObjects {
    /// Follows the line of pointers back from the present one, with its list.
    async fn read(
        store: &dyn ObjectStore,
        pointer: &SignedPointer,
        list: &StateList,
        limits: &PruneLimits,
    ) -> Result<Self, PruneError> {
        let mut at = (pointer.digest(), pointer.fields().clone());
        let mut needed = Self { objects: BTreeSet::from([at.0, at.1.state]), pushes: 1 };
        needed.objects.extend(list.objects().into_keys());
        // The number of pushes after the one that is looked at: a mark and its end have the state of the pointer
        // before.
        let mut later = 0;
        for step in 1_u64.. {
            let is_beyond_readers = step > MOST_STEPS;
            if is_beyond_readers && !limits.keep(later + 1, Some(at.1.time)) {
                break;
            }
            let before = match read_previous(store, &at.1).await {
                Ok(Some(before)) => before,
                Ok(None) => break,
                // An earlier run has removed it.
                Err(ChainFault::Content(ContentFault::Missing(_))) if is_beyond_readers => break,
                Err(error) => return Err(error.into()),
            };
            needed.objects.insert(before.0);
            if before.1.state != at.1.state {
                later += 1;
                if limits.keep(later, Some(at.1.time)) {
                    needed.add_state(store, before.1.state).await?;
                }
            }
            at = before;
        }
        Ok(needed)
    }

    /// Adds a state before the present one, which an earlier run may have removed.
    async fn add_state(&mut self, store: &dyn ObjectStore, state: Digest) -> Result<(), PruneError> {
        if !self.objects.contains(&state) {
            let list = match read_list(store, state).await {
                Err(DestinationError::Content(ContentFault::Missing(_))) => return Ok(()),
                Err(fault @ (DestinationError::Content(ContentFault::Damaged(_)) | DestinationError::List(_))) => {
                    return Err(PruneError::KeptState(fault));
                }
                list => list?,
            };
            self.objects.insert(state);
            self.objects.extend(list.objects().into_keys());
        }
        self.pushes += 1;
        Ok(())
    }
}
