//! Tokens whose signature was verified, by the SHA-256 of the whole token.
//!
//! An entry counts with the key set that verified it, and for five minutes at most; times, audience and grants are
//! looked at anew for each request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::fast::RandomState;

use super::key_set::TokenKeySet;
use super::{TokenClaims, TokenFault};
use crate::model::Digest;

/// The number of shards: more than threads that serve requests.
const SHARDS: usize = 16;
/// The most tokens of a shard, about 16 MB in all.
const MOST_OF_A_SHARD: usize = 2048;
/// The longest that an entry counts.
const LONGEST_MS: i64 = 5 * 60 * 1000;

/// The verified tokens.
#[derive(Debug, Default)]
pub struct TokenCache {
    shards: [Mutex<HashMap<Digest, VerifiedToken, RandomState>>; SHARDS],
}

#[derive(Debug)]
struct VerifiedToken {
    claims: Arc<TokenClaims>,
    key_set: Digest,
    until_ms: i64,
}

impl TokenCache {
    /// Returns the claims of a token, verified now or not long ago by the same keys. The clock never goes back.
    ///
    /// # Errors
    ///
    /// Fails with the reason for the operator.
    pub fn verify(
        &self,
        key_set: &TokenKeySet,
        token: &str,
        monotonic_ms: i64,
    ) -> Result<Arc<TokenClaims>, TokenFault> {
        let hash = Digest::of(token.as_bytes());
        let shard = &self.shards[usize::from(hash.bytes()[0]) % SHARDS];
        let is_valid = |entry: &VerifiedToken| entry.key_set == key_set.digest() && monotonic_ms < entry.until_ms;
        {
            let entries = shard.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(entry) = entries.get(&hash).filter(|entry| is_valid(entry)) {
                return Ok(Arc::clone(&entry.claims));
            }
        }
        // Verified outside of the lock: others need not wait for it.
        let claims = Arc::new(key_set.verify(token)?);
        let mut entries = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MOST_OF_A_SHARD {
            entries.retain(|_, entry| is_valid(entry));
        }
        if entries.len() >= MOST_OF_A_SHARD {
            entries.clear();
        }
        let until_ms = monotonic_ms.saturating_add(LONGEST_MS);
        entries.insert(hash, VerifiedToken { claims: Arc::clone(&claims), key_set: key_set.digest(), until_ms });
        Ok(claims)
    }
}
