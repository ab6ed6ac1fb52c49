//! Keys with more live secrets than a rotation needs.

use super::{AccessSnapshot, subject_place};
use crate::access::{AccessSubject, Key, RevokedSecrets};
use crate::check::THIRD_SECRET;
use crate::model::{Finding, Location, Timestamp};

impl AccessSnapshot {
    /// Finds keys of which more secrets let in than a rotation needs: both sides of a merge had rotated them.
    #[must_use]
    pub fn third_secret_findings(&self, now: Timestamp) -> Vec<Finding> {
        self.keys().filter_map(|key| third_secret_finding(key, &self.revoked, now)).collect()
    }
}

fn third_secret_finding(key: &Key, revoked: &RevokedSecrets, now: Timestamp) -> Option<Finding> {
    let message = key.third_secret_text(revoked, now)?;
    let hint = "revoke one that nobody uses, or wait until one retires";
    let place = subject_place(&AccessSubject::Key(key.name.clone()));
    Some(THIRD_SECRET.finding(Location::file(place), message, hint))
}
