//! Pushes and followers over a store in memory, which fails where a test wants it to.

mod memory;
mod prune;

use std::sync::Arc;

use bytes::Bytes;

use super::*;
use crate::access::PrivateKey;
use crate::model::{Digest, SCHEMA, Timestamp};

use memory::{MemorySource, MemoryStore, StoreFailure};

fn key() -> PrivateKey {
    PrivateKey::generate(&ring::rand::SystemRandom::new()).unwrap()
}

fn now() -> Timestamp {
    "2026-11-29T12:00:00.000Z".parse().unwrap()
}

/// A store with a key that pushes to it.
struct Site {
    store: Arc<MemoryStore>,
    remote: RemoteStore,
    key: PrivateKey,
}

impl Site {
    fn new(store: MemoryStore) -> Self {
        let store = Arc::new(store);
        Self { remote: RemoteStore::new(Arc::<MemoryStore>::clone(&store)).unwrap(), store, key: key() }
    }

    fn destination(&self) -> Result<Destination, DestinationError> {
        self.remote.destination(self.remote.pointer(&[self.key.public()])?)
    }

    fn repair(&self, source: &MemorySource) -> Result<usize, RepairError> {
        self.remote.repair(self.remote.pointer(&[self.key.public()])?, &source.list(), source)
    }

    /// Pushes a state over the one that is there.
    fn push(&self, source: &MemorySource) -> Result<CommitOutcome, PushError> {
        let keys = [self.key.public()];
        let before = self.destination().map_err(PushError::Unknown)?;
        let push = before.plan(source.list(), &self.key, now(), None);
        self.remote.commit(&push, &before, source, &keys)
    }

    fn follower(&self, cache: &Arc<MemoryStore>) -> StateFollower {
        self.remote.follower(Arc::<MemoryStore>::clone(cache), vec![self.key.public()]).unwrap()
    }

    /// Returns the state that a reader with nothing in its cache finds.
    fn found(&self) -> Result<Option<StateList>, FollowError> {
        let mut follower = self.follower(&Arc::default());
        match self.remote.follow(&mut follower) {
            Err(FollowError::NoPointer) => Ok(None),
            Err(error) => Err(error),
            Ok(_) => Ok(follower.state().map(|state| state.list)),
        }
    }
}

fn state(marks: &[&str]) -> MemorySource {
    let mut files = vec![("apigw.toml".to_owned(), "schema = 1\n".to_owned())];
    for mark in marks {
        files.push((format!("deployments/{mark}.yaml"), format!("of {mark}")));
    }
    MemorySource::new(&files)
}

#[test]
fn a_push_that_is_cut_off_leaves_the_old_state_or_the_new() {
    let mut cuts = 0;
    for base in [None, Some(state(&["a"]))] {
        let next = state(&["a", "b"]);
        for call in 0.. {
            let mut was_cut = false;
            for is_made in [false, true] {
                let site = Site::new(MemoryStore::default());
                if let Some(base) = &base {
                    site.push(base).unwrap();
                }
                site.store.fail(StoreFailure::After { calls: call, is_made });
                let outcome = site.push(&next);
                was_cut |= outcome.is_err();
                cuts += usize::from(outcome.is_err());
                site.store.mend();
                let found = site.found().unwrap_or_else(|error| panic!("call {call}: {error}"));
                let is_new = found == Some(next.list());
                assert!(is_new || found == base.as_ref().map(MemorySource::list), "call {call}: {found:?}");
                assert!(is_new || outcome.is_err(), "call {call}: a push that is said to be in force is");
                assert_eq!(site.push(&next).unwrap(), CommitOutcome::Present, "call {call}");
                assert_eq!(site.found().unwrap(), Some(next.list()));
            }
            if !was_cut {
                break;
            }
        }
    }
    assert_eq!(cuts, 56, "each call was cut off, made or not");
}

#[test]
fn a_lost_response_to_the_pointer_is_looked_up() {
    let site = Site::new(MemoryStore::default());
    site.push(&state(&["a"])).unwrap();
    site.store.fail(StoreFailure::LostPointerResponse { is_readable: true });
    assert_eq!(site.push(&state(&["b"])).unwrap(), CommitOutcome::Present);
    site.store.fail(StoreFailure::LostPointerResponse { is_readable: false });
    let error = site.push(&state(&["c"])).unwrap_err();
    assert!(matches!(error, PushError::Unknown(_)), "{error}");
    site.store.mend();
    assert_eq!(site.found().unwrap(), Some(state(&["c"]).list()));
}

#[test]
fn a_pointer_that_the_store_did_not_write_is_no_conflict() {
    for base in [None, Some(state(&["a"]))] {
        for said in [None, Some(PutOutcome::Refused), Some(PutOutcome::Written)] {
            let site = Site::new(MemoryStore::default());
            if let Some(base) = &base {
                site.push(base).unwrap();
            }
            site.store.fail(StoreFailure::KeepsPointer(said));
            let error = site.push(&state(&["b"])).unwrap_err();
            assert!(matches!(error, PushError::Unwritten(_)), "{said:?}: {error}");
            assert_eq!(error.is_contention(), said == Some(PutOutcome::Refused));
            site.store.mend();
            assert_eq!(site.found().unwrap(), base.as_ref().map(MemorySource::list));
        }
    }
}

#[test]
fn a_push_that_others_built_upon_is_in_force_and_one_that_was_overtaken_is_not() {
    for is_built_upon in [true, false] {
        let site = Site::new(MemoryStore::default());
        site.push(&state(&["a"])).unwrap();
        let keys = [site.key.public()];
        let before = site.destination().unwrap();
        let own = before.plan(state(&["b"]).list(), &site.key, now(), None);
        let parent = if is_built_upon { &own.pointer } else { before.pointer().unwrap() };
        let fields = Pointer {
            schema: SCHEMA,
            sequence: parent.fields().sequence + 1,
            previous: Some(parent.digest()),
            time: now(),
            expires: None,
            state: Digest::of(b"of others"),
            pruning: None,
        };
        let other = SignedPointer::sign(fields, &site.key);
        site.store.fail(StoreFailure::OvertakenBy(Bytes::copy_from_slice(other.bytes())));
        let outcome = site.remote.commit(&own, &before, &state(&["b"]), &keys);
        if is_built_upon {
            assert_eq!(outcome.unwrap(), CommitOutcome::BuiltUpon);
        } else {
            assert!(matches!(outcome, Err(PushError::Moved)), "{outcome:?}");
        }
    }
}

#[test]
fn a_push_over_another_state_than_it_was_planned_from_is_refused() {
    let site = Site::new(MemoryStore::default());
    let keys = [site.key.public()];
    let empty = site.destination().unwrap();
    site.push(&state(&["a"])).unwrap();
    let first = site.destination().unwrap();
    site.push(&state(&["b"])).unwrap();
    for before in [&empty, &first] {
        let push = before.plan(state(&["c"]).list(), &site.key, now(), None);
        let outcome = site.remote.commit(&push, before, &state(&["c"]), &keys);
        assert!(matches!(outcome, Err(PushError::Moved)), "{outcome:?}");
    }
    assert_eq!(site.found().unwrap(), Some(state(&["b"]).list()));
}

#[test]
fn a_store_that_ignores_conditions_is_refused_before_anything_is_written() {
    for failure in [StoreFailure::IgnoresIfMatch, StoreFailure::IgnoresIfNoneMatch] {
        let site = Site::new(MemoryStore::default());
        site.store.fail(failure.clone());
        let error = site.push(&state(&["a"])).unwrap_err();
        assert!(error.to_string().contains("does not refuse a write"), "{failure:?}: {error}");
        assert_eq!(site.store.names(), [ObjectName::Probe]);
    }
}

#[test]
fn a_pointer_of_another_key_is_neither_followed_nor_replaced() {
    let mut site = Site::new(MemoryStore::default());
    site.push(&state(&["a"])).unwrap();
    site.key = key();
    assert!(matches!(
        site.push(&state(&["b"])),
        Err(PushError::Unknown(DestinationError::Pointer(PointerFault::Signature)))
    ));
    assert!(matches!(site.found(), Err(FollowError::Pointer(PointerFault::Signature))));
}

#[test]
fn old_and_forked_pointers_are_refused() {
    let site = Site::new(MemoryStore::default());
    site.push(&state(&["a"])).unwrap();
    let first = site.store.copy();
    site.push(&state(&["b"])).unwrap();
    let cache = Arc::default();
    let mut follower = site.follower(&cache);
    assert!(site.remote.follow(&mut follower).unwrap());
    assert!(!site.remote.follow(&mut follower).unwrap(), "nothing is new");
    // The store is put back.
    site.store.restore(&first);
    let error = site.remote.follow(&mut follower).unwrap_err();
    assert!(matches!(error, FollowError::Older { sequence: 1, newest: 2 }), "{error}");
    // A restart does not forget.
    let mut restarted = site.follower(&cache);
    assert!(matches!(site.remote.follow(&mut restarted), Err(FollowError::Older { .. })));
    // Others push on, from there.
    for mark in ["c", "d", "e"] {
        site.push(&state(&[mark])).unwrap();
        let error = site.remote.follow(&mut follower).unwrap_err();
        assert!(matches!(error, FollowError::Forked { newest: 2, .. }), "{mark}: {error}");
    }
    assert_eq!(follower.state().map(|state| state.list), Some(state(&["b"]).list()));
}

#[test]
fn a_reader_that_slept_follows_the_line_of_pushes() {
    let site = Site::new(MemoryStore::default());
    site.push(&state(&["a"])).unwrap();
    let mut follower = site.follower(&Arc::default());
    site.remote.follow(&mut follower).unwrap();
    for mark in ["b", "c", "d", "e"] {
        site.push(&state(&[mark])).unwrap();
    }
    let third = site.store.copy().into_iter().find(|(name, bytes)| {
        matches!(name, ObjectName::Content(_)) && bytes.starts_with(b"{\"schema\":1,\"sequence\":3,")
    });
    let (name, bytes) = third.unwrap();
    site.store.insert(name, bytes.slice(1..));
    let error = site.remote.follow(&mut follower).unwrap_err();
    assert!(matches!(error, FollowError::Chain(ChainFault::Content(ContentFault::Damaged(_)))), "{error}");
    site.store.insert(name, bytes);
    assert!(site.remote.follow(&mut follower).unwrap());
    assert_eq!(follower.newest().map(|pointer| pointer.fields().sequence), Some(5));
}

#[test]
fn every_damaged_byte_of_a_store_is_noticed_and_the_last_good_state_stays() {
    let site = Site::new(MemoryStore::default());
    let mut pointers = Vec::new();
    let mut push = |marks: &[&str]| {
        site.push(&state(marks)).unwrap();
        let pushed = site.destination().unwrap();
        pointers.push(ObjectName::Content(pushed.pointer().unwrap().digest()));
    };
    push(&["a"]);
    let cache = Arc::new(MemoryStore::default());
    site.remote.follow(&mut site.follower(&cache)).unwrap();
    let known = cache.copy();
    push(&["a", "b"]);
    let good = site.store.copy();
    let mut damaged = 0;
    for (name, bytes) in good.iter().filter(|(name, _)| !known.contains_key(name) || **name == ObjectName::Pointer) {
        // Pointers under their digests are only read by those that slept: the one before is named by this one.
        if *name == ObjectName::Probe || pointers.contains(name) {
            continue;
        }
        for at in 0..=bytes.len() {
            let mut changed = bytes.to_vec();
            match changed.get_mut(at) {
                Some(byte) => *byte ^= 1,
                None => changed.push(b'\n'),
            }
            site.store.restore(&good);
            site.store.insert(*name, changed.into());
            cache.restore(&known);
            let mut follower = site.follower(&cache);
            assert!(site.remote.follow(&mut follower).is_err(), "byte {at} of {name} was damaged unseen");
            assert_eq!(follower.state().map(|state| state.list), Some(state(&["a"]).list()), "{name} at {at}");
            damaged += 1;
        }
        site.store.restore(&good);
        site.store.remove(*name);
        cache.restore(&known);
        let mut follower = site.follower(&cache);
        assert!(site.remote.follow(&mut follower).is_err(), "{name} is gone");
    }
    assert!(damaged > 300, "{damaged} bytes were damaged");
}

#[test]
fn a_damaged_cache_is_filled_again_and_remembers_the_sequence() {
    let site = Site::new(MemoryStore::default());
    site.push(&state(&["a"])).unwrap();
    let first = site.store.copy();
    site.push(&state(&["a", "b"])).unwrap();
    let cache = Arc::new(MemoryStore::default());
    site.remote.follow(&mut site.follower(&cache)).unwrap();
    let whole = cache.copy();
    for (name, bytes) in whole.iter().filter(|(name, _)| **name != ObjectName::Pointer) {
        cache.restore(&whole);
        cache.insert(*name, [bytes, &b"x"[..]].concat().into());
        let mut follower = site.follower(&cache);
        assert!(follower.state().is_none() && follower.newest().is_some(), "{name}");
        let present = site.store.copy();
        site.store.restore(&first);
        assert!(matches!(site.remote.follow(&mut follower), Err(FollowError::Older { .. })), "{name}");
        site.store.restore(&present);
        assert!(site.remote.follow(&mut follower).unwrap(), "{name}");
        assert_eq!(cache.copy(), whole, "{name}");
    }
}

#[test]
fn lost_and_damaged_objects_are_written_again() {
    let site = Site::new(MemoryStore::default());
    let source = state(&["a", "b"]);
    assert!(matches!(site.repair(&source), Err(RepairError::Empty)));
    site.push(&source).unwrap();
    let whole = site.store.copy();
    for (name, bytes) in whole.iter().filter(|(name, _)| matches!(name, ObjectName::Content(_))) {
        site.store.insert(*name, bytes.slice(1..));
        assert_eq!(site.repair(&source).unwrap(), 1, "{name}");
        site.store.remove(*name);
        assert_eq!(site.repair(&source).unwrap(), 1, "{name}");
        assert_eq!(site.store.copy(), whole);
    }
    assert_eq!(site.repair(&source).unwrap(), 0);
    let other = site.repair(&state(&["a"]));
    assert!(matches!(other, Err(RepairError::OtherState { sequence: 1 })));
}
