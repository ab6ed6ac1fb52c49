//! The line of pointers, each of which names the one before by its digest.

use super::object_store::ObjectStore;
use super::pointer::{Pointer, PointerFault, SignedPointer};
use super::transfer::{ContentFault, fetch};
use crate::model::Digest;

/// The most steps back: beyond them the sequence alone counts.
pub(super) const MOST_STEPS: u64 = 1000;

/// Reason why the line cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum ChainFault {
    /// A pointer of the line cannot be had.
    #[error("the line of pushes cannot be followed: {0}")]
    Content(#[from] ContentFault),
    /// An object is no pointer.
    #[error("the line of pushes cannot be followed: {0}")]
    Pointer(#[from] PointerFault),
}

/// Reads the pointer before another one; `None` where there is none, or one that is not of its line.
pub(super) async fn read_previous(
    store: &dyn ObjectStore,
    pointer: &Pointer,
) -> Result<Option<(Digest, Pointer)>, ChainFault> {
    let Some(previous) = pointer.previous else { return Ok(None) };
    let before = Pointer::parse_named(&fetch(store, previous, SignedPointer::LARGEST).await?)?;
    Ok((before.sequence + 1 == pointer.sequence).then_some((previous, before)))
}

/// Returns true if a pointer is, or was built upon, the one with a sequence and a digest.
pub(super) async fn leads_to(
    store: &dyn ObjectStore,
    from: &SignedPointer,
    (sequence, digest): (u64, Digest),
) -> Result<bool, ChainFault> {
    let (mut at, mut pointer) = (from.digest(), from.fields().clone());
    if pointer.sequence.saturating_sub(sequence) > MOST_STEPS {
        return Ok(true);
    }
    while pointer.sequence > sequence {
        let Some(previous) = pointer.previous else { return Ok(false) };
        if pointer.sequence == sequence + 1 {
            return Ok(previous == digest);
        }
        let Some(before) = read_previous(store, &pointer).await? else { return Ok(false) };
        (at, pointer) = before;
    }
    Ok(at == digest)
}
