//! The last good contents of files, each kept for a minute once its file cannot be used.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Time for which the last good content of a broken or missing file is kept.
pub(super) const KEEP_BROKEN: Duration = Duration::from_mins(1);

/// Contents of files, by name.
#[derive(Debug)]
pub(super) struct LastGood<K, T>(BTreeMap<K, GoodContent<T>>);

#[derive(Debug)]
struct GoodContent<T> {
    content: T,
    /// Since when its file is broken.
    broken_since: Option<Instant>,
}

impl<K, T> Default for LastGood<K, T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord, T> LastGood<K, T> {
    /// Takes the content of a file that is good.
    pub(super) fn note_good(&mut self, name: K, content: T) {
        self.0.insert(name, GoodContent { content, broken_since: None });
    }

    /// Notes that a file is broken or gone, and returns true as long as what was good is kept.
    pub(super) fn note_broken(&mut self, name: &K, now: Instant) -> bool {
        let since = self.0.get_mut(name).map(|known| *known.broken_since.get_or_insert(now));
        let is_kept = since.is_some_and(|since| now < since + KEEP_BROKEN);
        if !is_kept {
            self.0.remove(name);
        }
        is_kept
    }

    /// True if something is kept whose time is over.
    pub(super) fn is_any_over(&self, now: Instant) -> bool {
        self.0.values().filter_map(|known| known.broken_since).any(|since| now >= since + KEEP_BROKEN)
    }

    /// Keeps only the contents of files with such names.
    pub(super) fn retain(&mut self, is_wanted: impl Fn(&K) -> bool) {
        self.0.retain(|name, _| is_wanted(name));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &K> {
        self.0.keys()
    }

    pub(super) fn contents(&self) -> impl Iterator<Item = &T> {
        self.0.values().map(|known| &known.content)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &T)> {
        self.0.iter().map(|(name, known)| (name, &known.content))
    }
}
