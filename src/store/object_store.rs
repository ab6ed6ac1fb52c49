//! A store of objects, as far as pushing and following need it.

use std::fmt;
use std::pin::Pin;

use bytes::Bytes;

use super::error::StoreError;
use crate::model::{Digest, Timestamp};

/// A call to a store that is under way.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// The name of an object: one of a closed set, so that no other text ever becomes a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectName {
    /// The pointer.
    Pointer,
    /// An object without meaning, on which conditional writes are tried.
    Probe,
    /// An object under its digest.
    Content(Digest),
}

impl ObjectName {
    /// The path above the objects under their digests.
    pub(crate) const CONTENTS: &'static str = "objects/sha256/";
}

impl fmt::Display for ObjectName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pointer => formatter.write_str("pointer"),
            Self::Probe => formatter.write_str("probe"),
            Self::Content(digest) => write!(formatter, "objects/{}", digest.to_string().replace(':', "/")),
        }
    }
}

/// The `ETag` of an object (RFC 9110, section 8.8.3), as it was sent. Writes name it. Reads are never conditional: web
/// servers make tags of the time and the length, which two pointers of one second have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityTag(pub String);

/// The outcome of a read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchedObject {
    /// There is no such object.
    Missing,
    /// Its bytes.
    Found {
        /// The bytes.
        bytes: Bytes,
        /// Their tag, where the store sends one.
        tag: Option<EntityTag>,
    },
}

/// The outcome of a conditional write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutOutcome {
    /// The object is written.
    Written,
    /// The condition does not hold (412).
    Refused,
}

/// An object under its digest, as a store lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedObject {
    /// The digest that is its name.
    pub digest: Digest,
    /// Its length.
    pub bytes: u64,
    /// The time at which it was written.
    pub modified: Timestamp,
}

/// A store of objects.
pub trait ObjectStore: fmt::Debug + Send + Sync {
    /// Returns the address of the store: the same one however it was typed, and no other store's.
    fn address(&self) -> String;

    /// Reads an object of at most `most` bytes.
    fn get(&self, name: ObjectName, most: u64) -> StoreFuture<'_, FetchedObject>;

    /// Writes an object where there is none (`If-None-Match: *`).
    fn put_if_absent(&self, name: ObjectName, bytes: Bytes) -> StoreFuture<'_, PutOutcome>;

    /// Writes an object over the one with a tag (`If-Match`).
    fn put_if_match<'a>(&'a self, name: ObjectName, bytes: Bytes, tag: &'a EntityTag) -> StoreFuture<'a, PutOutcome>;

    /// Writes an object, whatever is there.
    fn put(&self, name: ObjectName, bytes: Bytes) -> StoreFuture<'_, ()>;

    /// Lists the objects under their digests; whatever else lies there is left out.
    fn list(&self) -> StoreFuture<'_, Vec<ListedObject>>;

    /// Removes an object under its digest, if it is there.
    fn remove(&self, digest: Digest) -> StoreFuture<'_, ()>;
}
