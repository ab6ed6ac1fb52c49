//! A store in memory, and a state to push.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;

use crate::model::Digest;
use crate::store::*;

/// How a store fails.
#[derive(Debug, Clone, Default)]
pub(super) enum StoreFailure {
    #[default]
    None,
    /// It answers so many calls, then none: the last one may be made all the same.
    After {
        calls: usize,
        is_made: bool,
    },
    /// It writes the pointer, and does not say so.
    LostPointerResponse {
        is_readable: bool,
    },
    /// It does not write the pointer, and says that it did, that the condition does not hold, or that something else is
    /// wrong.
    KeepsPointer(Option<PutOutcome>),
    /// It writes the pointer, and then that of somebody else.
    OvertakenBy(Bytes),
    /// It removes one object, and somebody else replaces the pointer.
    OvertakenInRemoval(Bytes),
    IgnoresIfMatch,
    IgnoresIfNoneMatch,
}

#[derive(Debug, Default)]
struct Inner {
    objects: BTreeMap<ObjectName, Bytes>,
    failure: StoreFailure,
    is_silent: bool,
}

/// A store in memory.
#[derive(Debug, Default)]
pub(super) struct MemoryStore(Mutex<Inner>);

impl MemoryStore {
    pub(super) fn fail(&self, failure: StoreFailure) {
        let mut inner = self.0.lock().unwrap();
        (inner.failure, inner.is_silent) = (failure, false);
    }

    pub(super) fn mend(&self) {
        self.fail(StoreFailure::None);
    }

    pub(super) fn copy(&self) -> BTreeMap<ObjectName, Bytes> {
        self.0.lock().unwrap().objects.clone()
    }

    pub(super) fn restore(&self, objects: &BTreeMap<ObjectName, Bytes>) {
        self.0.lock().unwrap().objects.clone_from(objects);
    }

    pub(super) fn insert(&self, name: ObjectName, bytes: Bytes) {
        self.0.lock().unwrap().objects.insert(name, bytes);
    }

    pub(super) fn remove(&self, name: ObjectName) {
        self.0.lock().unwrap().objects.remove(&name);
    }

    pub(super) fn names(&self) -> Vec<ObjectName> {
        self.0.lock().unwrap().objects.keys().copied().collect()
    }

    /// Makes a call, as far as the store does not fail.
    fn call<T>(&self, name: ObjectName, make: impl FnOnce(&mut Inner) -> T) -> Result<T, StoreError> {
        let error = |fault| StoreError { place: name.to_string(), fault };
        let refused = || error(StoreFault::Status { status: StatusCode::FORBIDDEN, code: None });
        let mut inner = self.0.lock().unwrap();
        if let StoreFailure::After { calls, is_made } = inner.failure {
            if calls == 0 {
                inner.failure = StoreFailure::After { calls, is_made: false };
                if is_made {
                    make(&mut inner);
                }
                return Err(refused());
            }
            inner.failure = StoreFailure::After { calls: calls - 1, is_made };
        }
        if inner.is_silent {
            return Err(refused());
        }
        Ok(make(&mut inner))
    }

    fn put_where(
        &self,
        name: ObjectName,
        bytes: Bytes,
        condition: impl FnOnce(&StoreFailure, Option<&Bytes>) -> bool,
    ) -> Result<PutOutcome, StoreError> {
        let outcome = self.call(name, |inner| {
            if name == ObjectName::Pointer && matches!(inner.failure, StoreFailure::KeepsPointer(_)) {
                return PutOutcome::Refused;
            }
            if !condition(&inner.failure, inner.objects.get(&name)) {
                return PutOutcome::Refused;
            }
            inner.objects.insert(name, bytes);
            PutOutcome::Written
        })?;
        let mut inner = self.0.lock().unwrap();
        let lost = Err(StoreError { place: name.to_string(), fault: StoreFault::Timeout(Duration::ZERO) });
        match inner.failure.clone() {
            StoreFailure::LostPointerResponse { is_readable } if name == ObjectName::Pointer => {
                inner.is_silent = !is_readable;
                lost
            }
            StoreFailure::KeepsPointer(said) if name == ObjectName::Pointer => {
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                let fault = StoreFault::Status { status, code: None };
                said.ok_or_else(|| StoreError { place: name.to_string(), fault })
            }
            StoreFailure::OvertakenBy(other) if name == ObjectName::Pointer => {
                inner.objects.insert(name, other);
                lost
            }
            _ => Ok(outcome),
        }
    }
}

fn tag_of(bytes: &Bytes) -> EntityTag {
    EntityTag(Digest::of(bytes).to_string())
}

impl ObjectStore for MemoryStore {
    fn address(&self) -> String {
        "memory".to_owned()
    }

    fn get(&self, name: ObjectName, most: u64) -> StoreFuture<'_, FetchedObject> {
        let fetched = self.call(name, |inner| match inner.objects.get(&name) {
            None => FetchedObject::Missing,
            Some(bytes) => FetchedObject::Found { bytes: bytes.clone(), tag: Some(tag_of(bytes)) },
        });
        let bounded = fetched.and_then(|fetched| match &fetched {
            FetchedObject::Found { bytes, .. } if bytes.len() as u64 > most => {
                Err(StoreError { place: name.to_string(), fault: StoreFault::TooLarge(most) })
            }
            _ => Ok(fetched),
        });
        Box::pin(std::future::ready(bounded))
    }

    fn put_if_absent(&self, name: ObjectName, bytes: Bytes) -> StoreFuture<'_, PutOutcome> {
        Box::pin(std::future::ready(self.put_where(name, bytes, |failure, present| {
            present.is_none() || matches!(failure, StoreFailure::IgnoresIfNoneMatch)
        })))
    }

    fn put_if_match<'a>(&'a self, name: ObjectName, bytes: Bytes, tag: &'a EntityTag) -> StoreFuture<'a, PutOutcome> {
        Box::pin(std::future::ready(self.put_where(name, bytes, |failure, present| {
            present.map(tag_of).as_ref() == Some(tag) || matches!(failure, StoreFailure::IgnoresIfMatch)
        })))
    }

    fn put(&self, name: ObjectName, bytes: Bytes) -> StoreFuture<'_, ()> {
        let put = self.put_where(name, bytes, |_, _| true).map(|_| ());
        Box::pin(std::future::ready(put))
    }

    fn list(&self) -> StoreFuture<'_, Vec<ListedObject>> {
        let listed = self.call(ObjectName::Pointer, |inner| {
            let contents = inner.objects.iter().filter_map(|(name, bytes)| match name {
                // All were written at one time, long before the tests' own.
                ObjectName::Content(digest) => {
                    let modified = "2026-01-01T00:00:00.000Z".parse().unwrap();
                    Some(ListedObject { digest: *digest, bytes: bytes.len() as u64, modified })
                }
                _ => None,
            });
            contents.collect()
        });
        Box::pin(std::future::ready(listed))
    }

    fn remove(&self, digest: Digest) -> StoreFuture<'_, ()> {
        let name = ObjectName::Content(digest);
        Box::pin(std::future::ready(self.call(name, |inner| {
            inner.objects.remove(&name);
            if let StoreFailure::OvertakenInRemoval(other) = &inner.failure {
                inner.objects.insert(ObjectName::Pointer, other.clone());
            }
        })))
    }
}

/// A state whose files are in memory.
#[derive(Debug)]
pub(super) struct MemorySource {
    list: StateList,
    objects: BTreeMap<Digest, Bytes>,
}

impl MemorySource {
    pub(super) fn new(files: &[(String, String)]) -> Self {
        let digest = |text: &String| Digest::of(text.as_bytes());
        let list = StateList::new(files.iter().map(|(place, text)| (place.parse().unwrap(), digest(text))));
        let objects = files.iter().map(|(_, text)| (digest(text), Bytes::from(text.clone()))).collect();
        Self { list, objects }
    }

    pub(super) fn list(&self) -> StateList {
        self.list.clone()
    }
}

impl StateSource for MemorySource {
    fn object(&self, digest: Digest) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
        self.objects.get(&digest).cloned().ok_or_else(|| "no such object".into())
    }
}
