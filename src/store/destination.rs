//! The state that a store holds: its pointer and its list.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::error::StoreError;
use super::object_store::{EntityTag, FetchedObject, ObjectName, ObjectStore};
use super::pointer::{Pointer, PointerFault, SignedPointer};
use super::state::{StateList, StateListFault, StatePlace};
use super::state_push::StatePush;
use super::transfer::{ContentFault, fetch, fetch_all, put_content};
use crate::access::{PrivateKey, PublicKey};
use crate::model::{Digest, SCHEMA, Timestamp};

/// The state of a store that is pushed to.
#[derive(Debug, Default)]
pub struct Destination {
    pub(super) pointer: Option<PresentPointer>,
    list: StateList,
}

/// The pointer of a store, and the tag by which it is replaced.
#[derive(Debug)]
pub(super) struct PresentPointer {
    pub(super) signed: SignedPointer,
    pub(super) tag: EntityTag,
}

/// A pointer as a store has it, with its tag where the store sends one.
pub type TaggedPointer = (SignedPointer, Option<EntityTag>);

/// Reason why the state of a store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DestinationError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The pointer is none, or nobody's who is trusted.
    #[error("the pointer cannot be used: {0}")]
    Pointer(#[from] PointerFault),
    /// An object cannot be had.
    #[error(transparent)]
    Content(#[from] ContentFault),
    /// The list is none.
    #[error("the state of the store cannot be read: {0}")]
    List(#[from] StateListFault),
    /// The store sent no tag with the pointer.
    #[error("the store sends no ETag with the pointer, so that it cannot be replaced safely")]
    NoTag,
}

impl Destination {
    /// Reads the state that the pointer of a store names; it is empty where nothing was ever pushed.
    pub(super) async fn read(
        store: &dyn ObjectStore,
        pointer: Option<TaggedPointer>,
    ) -> Result<Self, DestinationError> {
        let Some((signed, tag)) = pointer else { return Ok(Self::default()) };
        let tag = tag.ok_or(DestinationError::NoTag)?;
        let list = read_list(store, signed.fields().state).await?;
        Ok(Self { pointer: Some(PresentPointer { signed, tag }), list })
    }

    /// Returns the state of a store whose list is lost: its pointer, and no file. The pointer is written under its
    /// digest, where readers that follow the pushes back look for it.
    pub(super) async fn of_lost_list(
        store: &dyn ObjectStore,
        (signed, tag): TaggedPointer,
    ) -> Result<Self, DestinationError> {
        let tag = tag.ok_or(DestinationError::NoTag)?;
        put_content(store, Bytes::copy_from_slice(signed.bytes())).await?;
        Ok(Self { pointer: Some(PresentPointer { signed, tag }), list: StateList::default() })
    }

    /// Returns the pointer; `None` where nothing was ever pushed.
    #[must_use]
    pub fn pointer(&self) -> Option<&SignedPointer> {
        self.pointer.as_ref().map(|present| &present.signed)
    }

    /// Returns the files of the state.
    #[must_use]
    pub const fn list(&self) -> &StateList {
        &self.list
    }

    /// Plans the push of a state over this one.
    #[must_use]
    pub fn plan(&self, list: StateList, key: &PrivateKey, now: Timestamp, expires: Option<Timestamp>) -> StatePush {
        let before = self.pointer();
        let present = self.list.objects();
        let new = list.objects().into_keys().filter(|digest| !present.contains_key(digest)).collect();
        let pointer = Pointer {
            schema: SCHEMA,
            sequence: before.map_or(0, |before| before.fields().sequence) + 1,
            previous: before.map(SignedPointer::digest),
            time: now,
            expires,
            state: list.digest(),
            pruning: None,
        };
        StatePush { pointer: SignedPointer::sign(pointer, key), list, new }
    }

    /// Reads some files of the state.
    pub(super) async fn files(
        &self,
        store: &Arc<dyn ObjectStore>,
        places: &[StatePlace],
    ) -> Result<BTreeMap<StatePlace, Bytes>, ContentFault> {
        let digest_of = |place: &StatePlace| Some((place.clone(), self.list.get(place)?));
        let wanted: BTreeMap<StatePlace, Digest> = places.iter().filter_map(digest_of).collect();
        let objects = StateList::new(wanted.clone()).objects();
        let bytes = fetch_all(store, objects).await?;
        let file = |(place, digest): (StatePlace, Digest)| Some((place, bytes.get(&digest)?.clone()));
        Ok(wanted.into_iter().filter_map(file).collect())
    }
}

/// Reads the pointer of a store with its tag.
pub(super) async fn read_pointer(
    store: &dyn ObjectStore,
    keys: &[PublicKey],
) -> Result<Option<TaggedPointer>, DestinationError> {
    match store.get(ObjectName::Pointer, SignedPointer::LARGEST).await? {
        FetchedObject::Found { bytes, tag } => Ok(Some((SignedPointer::verify(&bytes, keys)?, tag))),
        FetchedObject::Missing => Ok(None),
    }
}

/// Reads a list of files.
pub(super) async fn read_list(store: &dyn ObjectStore, digest: Digest) -> Result<StateList, DestinationError> {
    let bytes = fetch(store, digest, StateList::LARGEST).await?;
    let text = std::str::from_utf8(&bytes).map_err(|_| StateListFault::Form)?;
    Ok(StateList::parse(text)?)
}
