//! Writes objects again that a store has lost, or has with other bytes.

use std::error::Error;
use std::sync::Arc;

use bytes::Bytes;

use super::destination::{DestinationError, TaggedPointer};
use super::error::StoreError;
use super::object_store::{ObjectName, ObjectStore};
use super::pointer::SignedPointer;
use super::push::StateSource;
use super::state::StateList;
use super::transfer::find_unusable;
use crate::model::Digest;

/// Reason why a store cannot be repaired.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// The store failed, or its pointer cannot be used.
    #[error(transparent)]
    Destination(#[from] DestinationError),
    /// Nothing was ever pushed.
    #[error("nothing was pushed there yet")]
    Empty,
    /// The pointer names another state than the one at hand.
    #[error("push {sequence} is another state than that of this workspace")]
    OtherState {
        /// The push.
        sequence: u64,
    },
    /// Bytes of the state cannot be read.
    #[error("{0}")]
    Source(Box<dyn Error + Send + Sync>),
}

impl From<StoreError> for RepairError {
    fn from(error: StoreError) -> Self {
        Self::Destination(error.into())
    }
}

/// Writes the missing and damaged objects of a store whose pointer names this state. Returns their number.
pub(super) async fn repair(
    store: &Arc<dyn ObjectStore>,
    pointer: Option<TaggedPointer>,
    list: &StateList,
    source: &dyn StateSource,
) -> Result<usize, RepairError> {
    let (pointer, _) = pointer.ok_or(RepairError::Empty)?;
    if pointer.fields().state != list.digest() {
        return Err(RepairError::OtherState { sequence: pointer.fields().sequence });
    }
    let mut objects = list.objects();
    objects.insert(list.digest(), StateList::LARGEST);
    objects.insert(pointer.digest(), SignedPointer::LARGEST);
    let unusable = find_unusable(store, objects).await?;
    for digest in unusable.keys() {
        let bytes = object_bytes(*digest, &pointer, list, source).map_err(RepairError::Source)?;
        store.put(ObjectName::Content(*digest), bytes).await?;
    }
    Ok(unusable.len())
}

/// Returns the bytes of an object of a state, its list and its pointer among them.
pub(super) fn object_bytes(
    digest: Digest,
    pointer: &SignedPointer,
    list: &StateList,
    source: &dyn StateSource,
) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
    if digest == list.digest() {
        Ok(list.text().into())
    } else if digest == pointer.digest() {
        Ok(Bytes::copy_from_slice(pointer.bytes()))
    } else {
        source.object(digest)
    }
}
