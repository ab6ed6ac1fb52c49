//! Objects that are removed, and those that are not.

use super::*;

fn hours(hours: i64) -> Timestamp {
    Timestamp::from_milliseconds(now().milliseconds() + hours * 3_600_000)
}

impl Site {
    fn push_at(&self, source: &MemorySource, time: Timestamp) -> Result<CommitOutcome, PushError> {
        let keys = [self.key.public()];
        let before = self.destination().unwrap();
        let push = before.plan(source.list(), &self.key, time, None);
        self.remote.commit(&push, &before, source, &keys)
    }

    fn plan_prune(&self, limits: &PruneLimits) -> Result<StorePrune, PruneError> {
        self.remote.plan_prune(self.remote.pointer(&[self.key.public()])?, limits)
    }

    fn prune(&self, pushes: u64, before: Timestamp, now: Timestamp) -> Result<usize, PruneError> {
        let keys = [self.key.public()];
        let planned = self.plan_prune(&PruneLimits { pushes, before, now })?;
        self.remote.prune(&planned, &self.key, &keys, &|_, _| ())
    }

    /// True if all of a state is in the store.
    fn has_all(&self, source: &MemorySource) -> bool {
        let names = self.store.names();
        let objects = source.list().objects().into_keys().chain([source.list().digest()]);
        objects.into_iter().all(|digest| names.contains(&ObjectName::Content(digest)))
    }
}

/// Pushes five states, one an hour.
fn pushed() -> (Site, Vec<MemorySource>) {
    let site = Site::new(MemoryStore::default());
    let states: Vec<MemorySource> = ["a", "b", "c", "d", "e"].map(|mark| state(&[mark])).into();
    for (hour, state) in states.iter().enumerate() {
        site.push_at(state, hours(i64::try_from(hour).unwrap())).unwrap();
    }
    (site, states)
}

#[test]
fn states_of_the_last_pushes_and_of_slow_readers_stay() {
    for (pushes, before, kept) in [(1, 100, 1), (2, 100, 2), (10, 100, 5), (1, 4, 2), (1, 3, 3), (2, 1, 5), (1, 0, 5)] {
        let (site, states) = pushed();
        let removed = site.prune(pushes, hours(before), hours(100)).unwrap();
        // Of each state, its list and its environment are its own.
        assert_eq!(removed, 2 * (5 - kept), "{pushes} {before}");
        let whole = states.iter().filter(|state| site.has_all(state)).count();
        assert_eq!(whole, kept, "{pushes} {before}");
        assert_eq!(site.found().unwrap(), Some(states[4].list()));
    }
}

#[test]
fn what_is_younger_or_of_others_stays_and_readers_follow_on() {
    let (site, states) = pushed();
    let cache = Arc::default();
    let mut follower = site.follower(&cache);
    site.remote.follow(&mut follower).unwrap();
    // All objects of the store are of the first of January.
    assert_eq!(site.prune(1, "2025-12-31T00:00:00.000Z".parse().unwrap(), hours(100)).unwrap(), 0);
    let foreign = Bytes::from_static(b"damaged");
    let (needed, unneeded) = (states[4].list().digest(), states[0].list().digest());
    let good = site.store.copy()[&ObjectName::Content(needed)].clone();
    site.store.insert(ObjectName::Content(unneeded), foreign.clone());
    site.store.insert(ObjectName::Content(needed), foreign);
    let error = site.prune(1, hours(100), hours(100)).unwrap_err();
    assert!(matches!(error, PruneError::Destination(_)), "{error}");
    assert_eq!(states.iter().filter(|state| site.has_all(state)).count(), 5, "nothing is removed");
    site.store.insert(ObjectName::Content(needed), good);
    assert_eq!(site.prune(1, hours(100), hours(100)).unwrap(), 8);
    assert!(!site.store.names().contains(&ObjectName::Content(unneeded)), "a damaged object is removed like others");
    assert!(site.store.names().contains(&ObjectName::Probe));
    // The line of pushes is whole, with the two of the mark.
    assert!(site.remote.follow(&mut follower).unwrap());
    assert_eq!(follower.newest().unwrap().fields().sequence, 7);
    let mut late = site.follower(&Arc::default());
    assert!(site.remote.follow(&mut late).unwrap());
    // What is gone is no error of a later run, which keeps more.
    assert_eq!(site.prune(5, hours(100), hours(100)).unwrap(), 0);
}

#[test]
fn marks_are_no_pushes_and_states_that_are_gone_are_not_kept() {
    let (site, states) = pushed();
    for removed in [4, 0, 0] {
        assert_eq!(site.prune(3, hours(100), hours(100)).unwrap(), removed);
        assert_eq!(states.iter().filter(|state| site.has_all(state)).count(), 3);
    }
    let limits = PruneLimits { pushes: 10, before: hours(100), now: hours(100) };
    assert_eq!(site.plan_prune(&limits).unwrap().kept_pushes, 3, "two are gone");
}

#[test]
fn a_damaged_state_of_an_earlier_push_is_named_and_need_not_be_kept() {
    let (site, states) = pushed();
    let damaged = ObjectName::Content(states[2].list().digest());
    site.store.insert(damaged, Bytes::from_static(b"damaged"));
    let error = site.prune(3, hours(100), hours(100)).unwrap_err();
    assert!(matches!(error, PruneError::KeptState(_)), "{error}");
    assert_eq!(site.prune(2, hours(100), hours(100)).unwrap(), 6);
}

#[test]
fn a_pointer_further_back_than_readers_follow_may_be_gone() {
    let site = Site::new(MemoryStore::default());
    let states: Vec<MemorySource> = ["a", "b"].map(|mark| state(&[mark])).into();
    for hour in 0..1010 {
        site.push_at(&states[usize::from(hour % 2 == 0)], hours(hour)).unwrap();
    }
    assert_eq!(
        site.prune(1, hours(1010), hours(1010)).unwrap(),
        11,
        "pointers, and the list and environment of a state"
    );
    assert_eq!(site.prune(1, hours(0), hours(1010)).unwrap(), 0);
}

#[test]
fn a_prune_that_goes_on_after_the_next_push_removes_no_more() {
    let site = Site::new(MemoryStore::default());
    let marks: Vec<String> = (0..100).map(|number| format!("e{number}")).collect();
    let large = state(&marks.iter().map(String::as_str).collect::<Vec<_>>());
    site.push(&large).unwrap();
    site.push(&state(&["a"])).unwrap();
    let fields = site.destination().unwrap().pointer().unwrap().fields().clone();
    let next = SignedPointer::sign(Pointer { sequence: fields.sequence + 2, ..fields }, &site.key);
    let next = Bytes::copy_from_slice(next.bytes());
    site.store.fail(StoreFailure::OvertakenInRemoval(next.clone()));
    let before = site.store.names().len();
    let error = site.prune(1, hours(1), hours(1)).unwrap_err();
    site.store.mend();
    assert!(matches!(error, PruneError::Overtaken), "{error}");
    let removed = before - site.store.names().len();
    assert!((1..50).contains(&removed), "{removed}");
    assert_eq!(site.store.copy()[&ObjectName::Pointer], next);
}

#[test]
fn a_push_that_was_planned_before_is_not_made_upon_what_is_removed() {
    let (site, states) = pushed();
    let keys = [site.key.public()];
    // It goes back to an old state, whose objects it finds in the store.
    let before = site.destination().unwrap();
    let push = before.plan(states[0].list(), &site.key, hours(6), None);
    assert_eq!(site.prune(1, hours(100), hours(100)).unwrap(), 8);
    let outcome = site.remote.commit(&push, &before, &states[0], &keys);
    assert!(matches!(outcome, Err(PushError::Moved)), "{outcome:?}");
    site.push_at(&states[0], hours(7)).unwrap();
    assert_eq!(site.found().unwrap(), Some(states[0].list()));
    // A prune that was planned before a push removes nothing.
    let limits = PruneLimits { pushes: 1, before: hours(100), now: hours(100) };
    let planned = site.plan_prune(&limits).unwrap();
    site.push_at(&states[4], hours(8)).unwrap();
    let objects = site.store.names().len();
    assert!(matches!(site.remote.prune(&planned, &site.key, &keys, &|_, _| ()), Err(PruneError::Moved)));
    assert_eq!(site.store.names().len(), objects + 1, "but for the pointer that is not in force");
}

#[test]
fn a_prune_that_is_cut_off_leaves_a_whole_state_and_keeps_pushes_out() {
    let mut cuts = 0;
    for call in 0.. {
        let mut was_cut = false;
        for is_made in [false, true] {
            let (site, states) = pushed();
            site.store.fail(StoreFailure::After { calls: call, is_made });
            let outcome = site.prune(2, hours(100), hours(100));
            site.store.mend();
            was_cut |= outcome.is_err();
            cuts += usize::from(outcome.is_err());
            assert!(site.has_all(&states[3]) && site.has_all(&states[4]), "call {call}");
            assert_eq!(site.found().unwrap(), Some(states[4].list()), "call {call}");
            let pointer = site.destination().unwrap();
            let is_marked = pointer.pointer().unwrap().pruned_until(hours(100)).is_some();
            let is_whole = states.iter().all(|state| site.has_all(state));
            assert!(is_marked || is_whole || states[..3].iter().all(|state| !site.has_all(state)), "call {call}");
            if is_marked {
                let pushed = site.push_at(&states[0], hours(100));
                assert!(matches!(pushed, Err(PushError::Pruning(_))), "call {call}: {pushed:?}");
                let busy = site.prune(2, hours(100), hours(100));
                assert!(matches!(busy, Err(PruneError::Busy(_))), "{busy:?}");
            }
            site.prune(2, hours(200), hours(200)).unwrap();
            assert!(states[..3].iter().all(|state| !site.has_all(state)), "call {call}");
            assert!(site.has_all(&states[3]), "call {call}: marks are no pushes");
            assert_eq!(site.push_at(&states[0], hours(201)).unwrap(), CommitOutcome::Present);
            assert_eq!(site.found().unwrap(), Some(states[0].list()), "call {call}");
        }
        if !was_cut {
            break;
        }
    }
    assert!(cuts > 30, "{cuts}");
}

#[test]
fn a_mark_that_the_store_did_not_write_is_no_push_that_came_first() {
    for said in [None, Some(PutOutcome::Refused), Some(PutOutcome::Written)] {
        let (site, states) = pushed();
        site.store.fail(StoreFailure::KeepsPointer(said));
        let error = site.prune(1, hours(100), hours(100)).unwrap_err();
        assert!(matches!(error, PruneError::Destination(_)), "{said:?}: {error}");
        site.store.mend();
        assert!(states.iter().all(|state| site.has_all(state)), "nothing was removed");
    }
}
