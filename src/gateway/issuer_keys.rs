//! The public keys of issuers whose groups name an address: shared by all groups that name it, and due again in time.
//!
//! `server::key_fetcher` fetches them; here is the state, with the times handed in. The last good set counts while the
//! newer ones fail, for as long as a group says. A token of an unknown key has the set fetched sooner, but not each
//! time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use tokio::sync::Notify;

use super::config::KeyFetchTimes;
use crate::access::token::TokenKeySet;
use crate::model::HttpUrl;

/// The key sets that the served groups name by their addresses.
pub(crate) struct IssuerKeySets {
    times: KeyFetchTimes,
    known: Mutex<HashMap<HttpUrl, Weak<IssuerKeys>>>,
    wake: Arc<Notify>,
}

/// The keys of one issuer.
pub(crate) struct IssuerKeys {
    /// The address that they are fetched from.
    pub(crate) address: HttpUrl,
    times: KeyFetchTimes,
    fetched: ArcSwapOption<FetchedKeys>,
    last: Mutex<LastFetch>,
    /// True once a token named an unknown key, until the next fetch begins.
    is_wanted: AtomicBool,
    wake: Arc<Notify>,
}

/// The last good set, and when it came.
pub(crate) struct FetchedKeys {
    keys: TokenKeySet,
    at: Instant,
}

/// The last fetch that began, and why the last one that ended has failed.
#[derive(Default)]
struct LastFetch {
    begun: Option<Instant>,
    failure: Option<String>,
}

/// A key set as operators see it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct IssuerKeysStatus {
    address: HttpUrl,
    /// The seconds since the last good set came.
    age_s: Option<u64>,
    /// Reason why the last fetch has failed.
    error: Option<String>,
}

impl IssuerKeySets {
    pub(crate) fn new(times: KeyFetchTimes) -> Self {
        Self { times, known: Mutex::default(), wake: Arc::default() }
    }

    /// Returns the keys of an address, which are fetched for as long as somebody holds them.
    pub(crate) fn get(&self, address: &HttpUrl) -> Arc<IssuerKeys> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(issuer) = known.get(address).and_then(Weak::upgrade) {
            return issuer;
        }
        known.retain(|_, issuer| issuer.strong_count() > 0);
        let issuer = Arc::new(IssuerKeys {
            address: address.clone(),
            times: self.times,
            fetched: ArcSwapOption::empty(),
            last: Mutex::default(),
            is_wanted: AtomicBool::new(false),
            wake: Arc::clone(&self.wake),
        });
        known.insert(address.clone(), Arc::downgrade(&issuer));
        self.wake.notify_one();
        issuer
    }

    /// Lists the keys that somebody holds, by address.
    pub(crate) fn used(&self) -> Vec<Arc<IssuerKeys>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut used: Vec<_> = known.values().filter_map(Weak::upgrade).collect();
        used.sort_unstable_by(|one, other| one.address.as_str().cmp(other.address.as_str()));
        used
    }

    /// Lists the key sets for operators.
    pub(crate) fn statuses(&self) -> Vec<IssuerKeysStatus> {
        let now = Instant::now();
        self.used().iter().map(|issuer| issuer.status(now)).collect()
    }

    /// Begins the fetches that are due. Returns them, and when to look again unless [`Self::wanted`] comes first.
    pub(crate) fn begin_due(&self, now: Instant) -> (Vec<Arc<IssuerKeys>>, Instant) {
        let mut next = now + self.times.refresh;
        let mut due = Vec::new();
        for issuer in self.used() {
            if issuer.begin(now) {
                next = next.min(now + self.times.least_interval);
                due.push(issuer);
            } else {
                next = next.min(issuer.due_at().unwrap_or(now));
            }
        }
        (due, next)
    }

    /// Waits until a new set is to be fetched, or one sooner than it was due.
    pub(crate) async fn wanted(&self) {
        self.wake.notified().await;
    }

    /// Time-out of a fetch.
    pub(crate) fn timeout(&self) -> Duration {
        self.times.timeout
    }
}

impl IssuerKeys {
    /// Returns the last good set.
    pub(crate) fn fetched(&self) -> arc_swap::Guard<Option<Arc<FetchedKeys>>> {
        self.fetched.load()
    }

    /// Has the set fetched sooner, as a token names a key that is not in it.
    pub(crate) fn want(&self) {
        if !self.is_wanted.swap(true, Ordering::Relaxed) {
            self.wake.notify_one();
        }
    }

    /// Replaces the set by a fetched one.
    pub(crate) fn replace(&self, keys: TokenKeySet, now: Instant) {
        self.fetched.store(Some(Arc::new(FetchedKeys { keys, at: now })));
        self.last.lock().unwrap_or_else(PoisonError::into_inner).failure = None;
    }

    /// Notes that a fetch failed; the last good set stays.
    pub(crate) fn note_failure(&self, error: &dyn std::error::Error) {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).failure = Some(error.to_string());
    }

    /// Begins a fetch if one is due.
    fn begin(&self, now: Instant) -> bool {
        if self.due_at().is_some_and(|at| now < at) {
            return false;
        }
        self.is_wanted.store(false, Ordering::Relaxed);
        self.last.lock().unwrap_or_else(PoisonError::into_inner).begun = Some(now);
        true
    }

    /// Returns when the next fetch is due; none where it is at once.
    fn due_at(&self) -> Option<Instant> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_soon = last.failure.is_some() || self.is_wanted.load(Ordering::Relaxed);
        let wait = if is_soon { self.times.least_interval } else { self.times.refresh };
        last.begun.map(|begun| begun + wait)
    }

    fn status(&self, now: Instant) -> IssuerKeysStatus {
        let age_s = self.fetched.load().as_ref().map(|fetched| now.saturating_duration_since(fetched.at).as_secs());
        let error = self.last.lock().unwrap_or_else(PoisonError::into_inner).failure.clone();
        IssuerKeysStatus { address: self.address.clone(), age_s, error }
    }
}

impl FetchedKeys {
    /// Returns the keys, unless the last good set is older than it may be.
    pub(crate) fn keys(&self, keep: Duration, now: Instant) -> Option<&TokenKeySet> {
        (now.saturating_duration_since(self.at) < keep).then_some(&self.keys)
    }
}

impl IssuerKeysStatus {
    /// Returns the sentence for operators, where the last fetch has failed.
    pub(crate) fn problem(&self) -> Option<String> {
        let error = self.error.as_ref()?;
        let rest = if self.age_s.is_some() {
            "the last good set is kept for now"
        } else {
            "no token of this issuer is accepted"
        };
        Some(format!("the key set {} cannot be fetched: {error}; {rest}", self.address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY_SET: &str = r#"{"keys": [{"kid": "1", "kty": "OKP", "crv": "Ed25519", "x": "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"}]}"#;

    fn good() -> TokenKeySet {
        TokenKeySet::parse(KEY_SET).unwrap()
    }

    fn sets() -> (IssuerKeySets, Arc<IssuerKeys>, Instant) {
        let sets = IssuerKeySets::new(KeyFetchTimes::default());
        let issuer = sets.get(&"https://id.example/jwks".parse().unwrap());
        (sets, issuer, Instant::now())
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_set_is_fetched_at_once_and_then_seldom() {
        let (sets, issuer, begin) = sets();
        let KeyFetchTimes { refresh, least_interval, .. } = KeyFetchTimes::default();
        let is_begun = |at| !sets.begin_due(at).0.is_empty();
        assert!(is_begun(begin) && !is_begun(begin), "one at a time");
        issuer.replace(good(), begin);
        assert_eq!(sets.begin_due(begin + seconds(1)).1, begin + refresh);
        assert!(is_begun(begin + refresh));
        issuer.note_failure(&std::fmt::Error);
        assert!(!is_begun(begin + refresh + seconds(1)), "one that fails is not asked at once");
        assert!(is_begun(begin + refresh + least_interval));
    }

    #[test]
    fn unknown_keys_have_a_set_fetched_sooner_but_not_each_time() {
        let (sets, issuer, begin) = sets();
        let least_interval = KeyFetchTimes::default().least_interval;
        sets.begin_due(begin);
        issuer.replace(good(), begin);
        for _ in 0..1000 {
            issuer.want();
        }
        assert!(sets.begin_due(begin + seconds(1)).0.is_empty());
        assert_eq!(sets.begin_due(begin + seconds(1)).1, begin + least_interval);
        assert_eq!(sets.begin_due(begin + least_interval).0.len(), 1);
        issuer.replace(good(), begin + least_interval);
        assert!(sets.begin_due(begin + 2 * least_interval).0.is_empty(), "nobody has asked since");
    }

    #[test]
    fn the_last_good_set_is_kept_while_others_fail_and_not_for_ever() {
        let (sets, issuer, begin) = sets();
        assert!(issuer.fetched().is_none());
        assert_eq!(sets.statuses()[0].problem(), None);
        issuer.note_failure(&std::fmt::Error);
        assert!(
            sets.statuses()[0]
                .problem()
                .is_some_and(|problem| problem.ends_with("no token of this issuer is accepted"))
        );
        issuer.replace(good(), begin);
        issuer.note_failure(&std::fmt::Error);
        let has_keys = |at| issuer.fetched().as_ref().is_some_and(|fetched| fetched.keys(seconds(600), at).is_some());
        assert!(has_keys(begin + seconds(599)) && !has_keys(begin + seconds(600)));
    }

    #[test]
    fn groups_share_a_set_and_one_that_nobody_uses_is_fetched_no_more() {
        let (sets, issuer, begin) = sets();
        assert!(Arc::ptr_eq(&issuer, &sets.get(&issuer.address)));
        drop(issuer);
        assert!(sets.begin_due(begin).0.is_empty() && sets.statuses().is_empty());
    }
}
