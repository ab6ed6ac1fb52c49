//! Follows the state of a store, into a cache that a restart finds again.
//!
//! A state counts once all of its objects are in the cache and verified; then its pointer is written there, which is
//! what the follower remembers: no pointer that is older, or not of its line, is taken after it.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::chain::{ChainFault, leads_to};
use super::destination::{DestinationError, read_list, read_pointer};
use super::error::StoreError;
use super::object_store::{FetchedObject, ObjectName, ObjectStore};
use super::pointer::{PointerFault, SignedPointer};
use super::state::StateList;
use super::transfer::{ContentFault, copy_all, find_unusable};
use crate::access::PublicKey;
use crate::model::Digest;

/// A state that is whole in the cache.
#[derive(Debug, Clone)]
pub struct FollowedState {
    /// Its pointer.
    pub pointer: SignedPointer,
    /// Its files.
    pub list: StateList,
}

/// Follows a store.
#[derive(Debug)]
pub struct StateFollower {
    store: Arc<dyn ObjectStore>,
    cache: Arc<dyn ObjectStore>,
    keys: Vec<PublicKey>,
    /// The newest pointer that was taken.
    newest: Option<SignedPointer>,
    /// The files of its state, where all of them are in the cache.
    list: Option<StateList>,
}

/// Reason why a state is not followed. The last good one stays.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
    /// Nothing was pushed to the store, or the pointer is gone.
    #[error("the store has no pointer")]
    NoPointer,
    /// The pointer is none, or nobody's who is trusted.
    #[error("the pointer is refused: {0}")]
    Pointer(PointerFault),
    /// The pointer is older than one that was taken.
    #[error("the pointer is refused: it is push {sequence}, and push {newest} was served already")]
    Older {
        /// Its sequence.
        sequence: u64,
        /// The highest sequence that was taken.
        newest: u64,
    },
    /// The pointer was not built upon the one that was taken.
    #[error("the pointer is refused: push {sequence} was not built upon push {newest}, which was served")]
    Forked {
        /// Its sequence.
        sequence: u64,
        /// The highest sequence that was taken.
        newest: u64,
    },
    /// The line of pushes cannot be followed back to the one that was taken.
    #[error("the pointer is refused: {0}")]
    Chain(ChainFault),
    /// A part of the state cannot be had.
    #[error("the state of push {sequence} cannot be read: {fault}")]
    State {
        /// The push.
        sequence: u64,
        /// Why.
        fault: DestinationError,
    },
    /// The cache cannot be used.
    #[error("the cache cannot be used: {0}")]
    Cache(DestinationError),
}

impl StateFollower {
    /// Makes a follower with nothing taken yet.
    pub(super) fn new(store: Arc<dyn ObjectStore>, cache: Arc<dyn ObjectStore>, keys: Vec<PublicKey>) -> Self {
        Self { store, cache, keys, newest: None, list: None }
    }

    /// Returns the state that is whole in the cache.
    #[must_use]
    pub fn state(&self) -> Option<FollowedState> {
        let (pointer, list) = (self.newest.clone()?, self.list.clone()?);
        Some(FollowedState { pointer, list })
    }

    /// Returns the newest pointer that was taken, whose state may be damaged in the cache.
    #[must_use]
    pub const fn newest(&self) -> Option<&SignedPointer> {
        self.newest.as_ref()
    }

    /// Takes the state that a process before has left in the cache, as far as it is whole.
    pub(super) async fn restore(&mut self) -> Result<(), FollowError> {
        let found = read_pointer(&*self.cache, &self.keys).await.map_err(FollowError::Cache)?;
        let Some((pointer, _)) = found else { return Ok(()) };
        let state = pointer.fields().state;
        self.newest = Some(pointer);
        // A damaged cache is filled from the store again, and remembers the sequence all the same.
        let Ok(list) = read_list(&*self.cache, state).await else { return Ok(()) };
        let unusable = find_unusable(&self.cache, list.objects()).await.map_err(in_cache)?;
        if unusable.is_empty() {
            self.list = Some(list);
        }
        Ok(())
    }

    /// Looks for another state. Returns true if there is one, whole in the cache.
    pub(super) async fn follow(&mut self) -> Result<bool, FollowError> {
        let fetched = self.store.get(ObjectName::Pointer, SignedPointer::LARGEST).await;
        let bytes = match fetched.map_err(FollowError::Store)? {
            FetchedObject::Missing => return Err(FollowError::NoPointer),
            FetchedObject::Found { bytes, .. } => bytes,
        };
        let pointer = SignedPointer::verify(&bytes, &self.keys).map_err(FollowError::Pointer)?;
        let is_new = self.newest.as_ref() != Some(&pointer);
        if is_new || self.list.is_none() {
            self.require_later(&pointer).await?;
            let list = self.take_state(&pointer).await?;
            let put = self.cache.put(ObjectName::Pointer, Bytes::copy_from_slice(pointer.bytes()));
            put.await.map_err(in_cache)?;
            (self.newest, self.list) = (Some(pointer), Some(list));
            return Ok(true);
        }
        Ok(false)
    }

    async fn require_later(&self, pointer: &SignedPointer) -> Result<(), FollowError> {
        let Some(known) = self.newest.as_ref().filter(|known| *known != pointer) else { return Ok(()) };
        let (sequence, newest) = (pointer.fields().sequence, known.fields().sequence);
        if sequence < newest {
            return Err(FollowError::Older { sequence, newest });
        }
        let is_later = sequence > newest
            && leads_to(&*self.store, pointer, (newest, known.digest())).await.map_err(FollowError::Chain)?;
        if is_later { Ok(()) } else { Err(FollowError::Forked { sequence, newest }) }
    }

    /// Brings all objects of a state into the cache.
    async fn take_state(&self, pointer: &SignedPointer) -> Result<StateList, FollowError> {
        let failed = |fault| FollowError::State { sequence: pointer.fields().sequence, fault };
        let state = pointer.fields().state;
        copy_all(&self.store, &self.cache, [(state, StateList::LARGEST)].into())
            .await
            .map_err(|fault| failed(fault.into()))?;
        let list = read_list(&*self.cache, state).await.map_err(failed)?;
        let mut objects: BTreeMap<Digest, u64> = list.objects();
        if let Some(present) = &self.list {
            // Verified when they were taken, or restored.
            let present = present.objects();
            objects.retain(|digest, _| !present.contains_key(digest));
        }
        let missing = find_unusable(&self.cache, objects).await.map_err(in_cache)?;
        copy_all(&self.store, &self.cache, missing).await.map_err(|fault| failed(fault.into()))?;
        Ok(list)
    }
}

fn in_cache(error: StoreError) -> FollowError {
    FollowError::Cache(ContentFault::Store(error).into())
}
