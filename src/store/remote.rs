//! A store, for those who wait for it: a runtime of its own, and one call after another.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use tokio::runtime::Runtime;

use super::destination::{Destination, DestinationError, TaggedPointer, read_pointer};
use super::follow::{FollowError, StateFollower};
use super::object_store::ObjectStore;
use super::pointer::SignedPointer;
use super::prune::{PruneError, PruneLimits, StorePrune};
use super::push::{CommitOutcome, PushError, StateSource};
use super::repair::{RepairError, repair};
use super::state::{StateList, StatePlace};
use super::state_push::StatePush;
use super::transfer::ContentFault;
use crate::access::{PrivateKey, PublicKey};

/// A store, with a runtime for its calls.
#[derive(Debug)]
pub struct RemoteStore {
    runtime: Runtime,
    store: Arc<dyn ObjectStore>,
}

impl RemoteStore {
    /// Makes a runtime for a store.
    pub fn new(store: Arc<dyn ObjectStore>) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { runtime, store })
    }

    /// Returns the address of the store: the same one however it was typed.
    #[must_use]
    pub fn address(&self) -> String {
        self.store.address()
    }

    /// Reads the pointer of the store, which one of the keys must have signed; `None` where nothing was ever pushed.
    pub fn pointer(&self, keys: &[PublicKey]) -> Result<Option<TaggedPointer>, DestinationError> {
        self.runtime.block_on(read_pointer(&*self.store, keys))
    }

    /// Reads the state that the pointer of the store names.
    pub fn destination(&self, pointer: Option<TaggedPointer>) -> Result<Destination, DestinationError> {
        self.runtime.block_on(Destination::read(&*self.store, pointer))
    }

    /// Returns the state of a store whose list is lost.
    pub fn destination_of_lost_list(&self, pointer: TaggedPointer) -> Result<Destination, DestinationError> {
        self.runtime.block_on(Destination::of_lost_list(&*self.store, pointer))
    }

    /// Reads some files of a state; those that it does not have are left out.
    pub fn files(
        &self,
        destination: &Destination,
        places: &[StatePlace],
    ) -> Result<BTreeMap<StatePlace, Bytes>, ContentFault> {
        self.runtime.block_on(destination.files(&self.store, places))
    }

    /// Makes a push over the state that it was planned from.
    pub fn commit(
        &self,
        push: &StatePush,
        before: &Destination,
        source: &dyn StateSource,
        keys: &[PublicKey],
    ) -> Result<CommitOutcome, PushError> {
        self.runtime.block_on(push.commit(&self.store, before, source, keys))
    }

    /// Writes the missing and damaged objects of this state again, which the pointer must name, and returns their
    /// number.
    pub fn repair(
        &self,
        pointer: Option<TaggedPointer>,
        list: &StateList,
        source: &dyn StateSource,
    ) -> Result<usize, RepairError> {
        self.runtime.block_on(repair(&self.store, pointer, list, source))
    }

    /// Finds the objects that can be removed from the store with this pointer.
    pub fn plan_prune(&self, pointer: Option<TaggedPointer>, limits: &PruneLimits) -> Result<StorePrune, PruneError> {
        self.runtime.block_on(StorePrune::plan(&self.store, pointer, limits))
    }

    /// Removes them, and returns their number. Calls `replaced` with each pointer that is replaced and the one in its
    /// place.
    pub fn prune(
        &self,
        prune: &StorePrune,
        key: &PrivateKey,
        keys: &[PublicKey],
        replaced: &dyn Fn(&SignedPointer, &SignedPointer),
    ) -> Result<usize, PruneError> {
        self.runtime.block_on(prune.commit(&self.store, key, keys, replaced))
    }

    /// Makes a follower of the store with a cache, and takes the state that a process before has left there.
    pub fn follower(&self, cache: Arc<dyn ObjectStore>, keys: Vec<PublicKey>) -> Result<StateFollower, FollowError> {
        let mut follower = StateFollower::new(Arc::clone(&self.store), cache, keys);
        self.runtime.block_on(follower.restore())?;
        Ok(follower)
    }

    /// Looks for another state. Returns true if there is one.
    pub fn follow(&self, follower: &mut StateFollower) -> Result<bool, FollowError> {
        self.runtime.block_on(follower.follow())
    }
}
