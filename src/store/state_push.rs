//! A push as it is planned.

use std::collections::BTreeSet;

use super::pointer::SignedPointer;
use super::state::StateList;
use crate::model::Digest;

/// A push that is about to be made: the whole outcome.
#[derive(Debug)]
pub struct StatePush {
    /// The pointer that commits it.
    pub pointer: SignedPointer,
    /// The files of the state.
    pub list: StateList,
    /// The objects that the store's state does not name.
    pub new: BTreeSet<Digest>,
}
