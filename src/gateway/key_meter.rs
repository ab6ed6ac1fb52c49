//! Counts requests by the key that let them in, and refusals by their reason.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use foldhash::fast::RandomState;

use super::refusal_reason::RefusalReason;
use crate::model::KeyName;

/// The most keys that are told apart; the requests of all others are counted together, so that metrics stay bounded.
const MOST_KEYS: usize = 1000;
/// The name under which the others are counted; it is not a valid name of a key.
const OTHERS: &str = "(others)";

/// Counts the requests of one key by the hundred of their status.
#[derive(Debug, Default)]
pub(crate) struct KeyMeter([AtomicU64; 5]);

impl KeyMeter {
    /// Counts a request.
    pub(crate) fn record(&self, status: u16) {
        let class = usize::from(status / 100).saturating_sub(1);
        if let Some(counter) = self.0.get(class) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The meters of all keys, and the refusals.
#[derive(Debug, Default)]
pub(crate) struct KeyMeters {
    keys: ArcSwap<HashMap<KeyName, Arc<KeyMeter>, RandomState>>,
    /// Held while a key is added.
    adding: Mutex<()>,
    others: Arc<KeyMeter>,
    /// In the order of [`RefusalReason::ALL`].
    refusals: [AtomicU64; RefusalReason::ALL.len()],
}

impl KeyMeters {
    /// Returns the meter of a key.
    pub(crate) fn get(&self, key: &KeyName) -> Arc<KeyMeter> {
        let keys = self.keys.load();
        if let Some(meter) = keys.get(key) {
            return Arc::clone(meter);
        }
        if keys.len() >= MOST_KEYS {
            // No key is ever taken out: none of the others waits for the lock.
            return Arc::clone(&self.others);
        }
        let _adding = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = self.keys.load();
        match keys.get(key) {
            Some(meter) => Arc::clone(meter),
            None if keys.len() >= MOST_KEYS => Arc::clone(&self.others),
            None => {
                let meter = Arc::<KeyMeter>::default();
                let mut next = HashMap::clone(&keys);
                next.insert(key.clone(), Arc::clone(&meter));
                self.keys.store(Arc::new(next));
                meter
            }
        }
    }

    /// Counts a refusal.
    pub(crate) fn refuse(&self, reason: RefusalReason) {
        if let Some(counter) = self.refusals.get(reason as usize) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Goes through the counts of keys, by name and the hundred of the status.
    pub(crate) fn for_each_key(&self, mut visit: impl FnMut(&str, usize, u64)) {
        let keys = self.keys.load();
        let mut sorted: Vec<(&str, &KeyMeter)> = keys.iter().map(|(key, meter)| (key.as_str(), &**meter)).collect();
        sorted.push((OTHERS, &self.others));
        sorted.sort_unstable_by_key(|(key, _)| *key);
        for (key, meter) in sorted {
            for (class, counter) in meter.0.iter().enumerate() {
                let count = counter.load(Ordering::Relaxed);
                if count > 0 {
                    visit(key, class + 1, count);
                }
            }
        }
    }

    /// Goes through the counts of refusals, by the word of each reason.
    pub(crate) fn for_each_refusal(&self, mut visit: impl FnMut(&'static str, u64)) {
        for (reason, counter) in RefusalReason::ALL.iter().zip(&self.refusals) {
            let count = counter.load(Ordering::Relaxed);
            if count > 0 {
                visit(reason.label(), count);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn keys_beyond_the_most_are_counted_together() {
        let meters = KeyMeters::default();
        for number in 0..MOST_KEYS + 7 {
            let key: KeyName = format!("key-{number}").parse().expect("a name");
            meters.get(&key).record(200);
            meters.get(&key).record(429);
        }
        let mut counts: BTreeMap<(String, usize), u64> = BTreeMap::new();
        meters.for_each_key(|key, class, count| {
            counts.insert((key.to_owned(), class), count);
        });
        assert_eq!(counts.len(), 2 * (MOST_KEYS + 1));
        assert_eq!([counts[&(OTHERS.to_owned(), 2)], counts[&("key-0".to_owned(), 4)]], [7, 1]);
        assert!(OTHERS.parse::<KeyName>().is_err(), "a key could have this name");
    }

    #[test]
    fn refusals_are_counted_by_reason() {
        let meters = KeyMeters::default();
        for reason in [RefusalReason::Nonce, RefusalReason::Clock, RefusalReason::Nonce] {
            meters.refuse(reason);
        }
        let mut counts = Vec::new();
        meters.for_each_refusal(|reason, count| counts.push((reason, count)));
        assert_eq!(counts, [("clock", 1), ("nonce", 2)]);
    }
}
