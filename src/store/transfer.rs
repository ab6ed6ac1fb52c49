//! Objects to and from a store, some at a time, each compared with its digest.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::JoinSet;

use super::error::StoreError;
use super::object_store::{FetchedObject, ObjectName, ObjectStore, PutOutcome};
use crate::model::Digest;

/// The most calls at a time.
const MOST_AT_A_TIME: usize = 8;

/// Reason why an object cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ContentFault {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It is not there.
    #[error("{} is not in the store, though the state names it", ObjectName::Content(*.0))]
    Missing(Digest),
    /// Its bytes are others.
    #[error("{} is damaged: its bytes have another digest", ObjectName::Content(*.0))]
    Damaged(Digest),
}

/// Reads an object of at most `most` bytes and compares it with its digest.
pub(super) async fn fetch(store: &dyn ObjectStore, digest: Digest, most: u64) -> Result<Bytes, ContentFault> {
    match store.get(ObjectName::Content(digest), most).await? {
        FetchedObject::Found { bytes, .. } if Digest::of(&bytes) == digest => Ok(bytes),
        FetchedObject::Found { .. } => Err(ContentFault::Damaged(digest)),
        FetchedObject::Missing => Err(ContentFault::Missing(digest)),
    }
}

/// Reads objects, each with the most bytes that it may have.
pub(super) async fn fetch_all(
    store: &Arc<dyn ObjectStore>,
    objects: BTreeMap<Digest, u64>,
) -> Result<BTreeMap<Digest, Bytes>, ContentFault> {
    let call = |(digest, most)| {
        let store = Arc::clone(store);
        async move { fetch(&*store, digest, most).await.map(|bytes| (digest, bytes)) }
    };
    let mut fetched = BTreeMap::new();
    each(objects, call, |(digest, bytes)| drop(fetched.insert(digest, bytes))).await?;
    Ok(fetched)
}

/// Copies objects from one store to another, each compared with its digest.
pub(super) async fn copy_all(
    from: &Arc<dyn ObjectStore>,
    to: &Arc<dyn ObjectStore>,
    objects: BTreeMap<Digest, u64>,
) -> Result<(), ContentFault> {
    let call = |(digest, most)| {
        let (from, to) = (Arc::clone(from), Arc::clone(to));
        async move {
            let bytes = fetch(&*from, digest, most).await?;
            Ok::<(), ContentFault>(to.put(ObjectName::Content(digest), bytes).await?)
        }
    };
    each(objects, call, drop).await
}

/// Returns those of the objects that a store does not have, or has with other bytes.
pub(super) async fn find_unusable(
    store: &Arc<dyn ObjectStore>,
    objects: BTreeMap<Digest, u64>,
) -> Result<BTreeMap<Digest, u64>, StoreError> {
    let call = |(digest, most)| {
        let store = Arc::clone(store);
        async move {
            match fetch(&*store, digest, most).await {
                Ok(_) => Ok(None),
                Err(ContentFault::Store(error)) => Err(error),
                Err(ContentFault::Missing(_) | ContentFault::Damaged(_)) => Ok(Some((digest, most))),
            }
        }
    };
    let mut unusable = BTreeMap::new();
    each(objects, call, |found: Option<(Digest, u64)>| unusable.extend(found)).await?;
    Ok(unusable)
}

/// Writes an object where there is none; one that is there has the same bytes, by its name.
pub(super) async fn put_content(store: &dyn ObjectStore, bytes: Bytes) -> Result<PutOutcome, StoreError> {
    store.put_if_absent(ObjectName::Content(Digest::of(&bytes)), bytes).await
}

/// Makes some calls at a time, until one fails or all have succeeded.
pub(super) async fn each<I, T, E, F>(
    items: impl IntoIterator<Item = I>,
    call: impl Fn(I) -> F,
    mut take: impl FnMut(T),
) -> Result<(), E>
where
    F: Future<Output = Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: Send + 'static,
{
    let mut calls = JoinSet::new();
    let mut items = items.into_iter();
    loop {
        while calls.len() < MOST_AT_A_TIME
            && let Some(item) = items.next()
        {
            calls.spawn(call(item));
        }
        match calls.join_next().await {
            None => return Ok(()),
            Some(Ok(outcome)) => take(outcome?),
            Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // Nobody aborts a call but the drop of all of them.
            Some(Err(_)) => {}
        }
    }
}
