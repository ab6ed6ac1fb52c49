//! Bounded retries of calls that may succeed a moment later.

use std::time::{Duration, Instant};

use ring::rand::{SecureRandom as _, SystemRandom};

use super::error::StoreError;

/// The most calls for one outcome.
const MOST_ATTEMPTS: u32 = 4;
/// The pause before the second call; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Calls until an outcome that is final, or until a further call would begin later than `limit` after the first.
pub(super) async fn retry<T, F>(limit: Duration, mut call: impl FnMut() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let deadline = Instant::now() + limit;
    let mut pause = FIRST_PAUSE;
    let mut left = MOST_ATTEMPTS;
    loop {
        left -= 1;
        match call().await {
            Err(error) if left > 0 && error.is_transient() && Instant::now() + pause < deadline => {}
            outcome => return outcome,
        }
        tokio::time::sleep(jittered(pause)).await;
        pause *= 2;
    }
}

/// Returns between half of a pause and all of it, so that several writers do not meet again and again.
#[must_use]
pub fn jittered(pause: Duration) -> Duration {
    let mut random = [0];
    // Without randomness the pause is a whole one.
    let part = SystemRandom::new().fill(&mut random).map_or(255, |()| u32::from(random[0]));
    pause / 2 + pause / 2 * part / 255
}
