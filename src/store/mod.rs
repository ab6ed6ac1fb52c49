//! Carries what is live to other machines, through a store of objects: an S3-compatible one, a folder, any web server.
//!
//! Asynchronous, as the gateway is, and without knowledge of files: whoever pushes hands in the bytes
//! ([`StateSource`]), and a folder is a store that [`crate::workspace`] gives.
//!
//! - A state is a list of files ([`StateList`]), each by its place ([`StatePlace`]) and its digest. Objects lie under
//!   their digests, and so does the list.
//! - The pointer ([`SignedPointer`]) names the list, a sequence and the pointer before it, and is signed. It is written
//!   last, by `If-Match`: the commit protocol of a workspace once more.
//! - [`RemoteStore`] pushes ([`RemoteStore::commit`]), and follows ([`StateFollower`]): it verifies each digest, and
//!   refuses a pointer that is older than one that it has seen, or beside its line.
//! - [`StorePrune`] removes objects that no reader needs; its mark in the pointer keeps pushes out meanwhile.
//!
//! The modules point one way: pointer and state are data; client ← s3, web ← destination, push, follow ← remote.

mod chain;
mod client;
mod credentials;
mod destination;
mod error;
mod follow;
mod object_store;
mod pointer;
mod prune;
mod push;
mod remote;
mod repair;
mod retry;
mod s3;
mod s3_list;
mod state;
mod state_push;
mod transfer;
mod url;
mod web;

#[cfg(test)]
mod tests;

pub use chain::ChainFault;
pub use credentials::{AwsCredentials, AwsProfile, AwsSettings, AwsSettingsError};
pub use destination::{Destination, DestinationError, TaggedPointer};
pub use error::{StoreError, StoreFault};
pub use follow::{FollowError, FollowedState, StateFollower};
pub use object_store::{EntityTag, FetchedObject, ListedObject, ObjectName, ObjectStore, PutOutcome, StoreFuture};
pub use pointer::{Pointer, PointerFault, SignedPointer};
pub use prune::{PruneError, PruneLimits, StorePrune};
pub use push::{CommitOutcome, PushError, StateSource};
pub use remote::RemoteStore;
pub use repair::RepairError;
pub use retry::jittered;
pub use s3::S3Store;
pub use state::{StateList, StateListFault, StatePlace};
pub use state_push::StatePush;
pub use transfer::ContentFault;
pub use url::{StoreUrl, StoreUrlError, WebUrl};
pub use web::WebStore;
