//! The attempts of a push: which errors are worth another one, and when.

use std::time::Duration;

use crate::store::{PushError, jittered};

/// How often a push is made at most where others come first, or objects are being removed.
const MOST_ATTEMPTS: u32 = 20;
/// How often in a row the store may refuse the pointer while it has the one before. That of a push that came first may
/// be seen a moment later; but there are stores, and programs before them, that refuse each.
const MOST_REFUSALS: u32 = 4;
/// The pause before the second attempt; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// The pause where objects are being removed.
const PRUNE_PAUSE: Duration = Duration::from_secs(1);

/// The attempts of a push that were made.
#[derive(Debug, Default)]
pub(super) struct PushAttempts {
    made: u32,
    /// The last ones that the store refused, in a row.
    refused: u32,
}

impl PushAttempts {
    /// Counts an attempt that failed, and returns the pause before the next one; `None` where none is worth it.
    pub(super) fn pause_after(&mut self, error: &PushError) -> Option<Duration> {
        self.made += 1;
        self.refused = match error {
            PushError::Moved | PushError::Pruning(_) => 0,
            error if error.is_contention() => self.refused + 1,
            _ => return None,
        };
        if self.made >= MOST_ATTEMPTS || self.refused > MOST_REFUSALS {
            return None;
        }
        if matches!(error, PushError::Pruning(_)) {
            return Some(PRUNE_PAUSE);
        }
        Some(jittered((FIRST_PAUSE * (1 << (self.made - 1))).min(LONGEST_PAUSE)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{PutOutcome, StoreError, StoreFault};

    fn refused() -> PushError {
        let fault = StoreFault::Unchanged { put: PutOutcome::Refused };
        PushError::Unwritten(StoreError { place: "pointer".to_owned(), fault })
    }

    fn count(errors: impl Iterator<Item = PushError>) -> usize {
        let mut attempts = PushAttempts::default();
        errors.take_while(|error| attempts.pause_after(error).is_some()).count() + 1
    }

    #[test]
    fn a_push_that_others_overtake_is_tried_on_after_refusals_too() {
        let moved = || std::iter::repeat_with(|| PushError::Moved);
        let refusals = |number| std::iter::repeat_with(refused).take(number);
        assert_eq!(count(moved()), 20);
        assert_eq!(count(refusals(2).chain(moved())), 20, "what was refused has moved on");
        let mixed = (0..).map(|number| if number % 3 == 2 { PushError::Moved } else { refused() });
        assert_eq!(count(mixed), 20);
        assert_eq!(count(refusals(100)), 5, "a store that refuses each");
        let fault = StoreFault::Unchanged { put: PutOutcome::Written };
        let lost = PushError::Unwritten(StoreError { place: "pointer".to_owned(), fault });
        assert_eq!(count(std::iter::once(lost)), 1, "a store that writes nothing");
    }

    #[test]
    fn pauses_grow_up_to_a_limit() {
        let mut attempts = PushAttempts::default();
        for longest in [50, 100, 200, 400, 800, 1600, 2000, 2000] {
            let pause = attempts.pause_after(&PushError::Moved).expect("another attempt").as_millis();
            assert!((longest / 2..=longest).contains(&pause), "{pause} of {longest}");
        }
    }
}
