//! Keys with more live secrets than a rotation needs.

use super::super::Workspace;
use super::super::error::Error;
use super::subject_place;
use crate::access::{MOST_LIVE_SECRETS, SubjectState};
use crate::check::THIRD_SECRET;
use crate::model::{Finding, Location, Timestamp};

impl Workspace {
    /// Finds keys of which more secrets let in than a rotation needs: both sides of a merge had rotated them.
    pub fn third_secret_findings(&self, now: Timestamp) -> Result<Vec<Finding>, Error> {
        let revoked = self.revoked_secrets()?;
        let finding = |state: &SubjectState| {
            let SubjectState::Key(key) = state else { return None };
            let live: Vec<_> = key.live_secrets(now).filter(|secret| !revoked.contains(&secret.id)).collect();
            if live.len() <= MOST_LIVE_SECRETS || key.expires.is_some_and(|end| end <= now) {
                return None;
            }
            let ids: Vec<String> = live.iter().map(|secret| secret.id.to_string()).collect();
            let message = format!("{} secrets of key {} are live: {}", ids.len(), key.name, ids.join(", "));
            let hint = "revoke one that nobody uses, or wait until one retires";
            Some(THIRD_SECRET.finding(Location::file(subject_place(&state.subject())), message, hint))
        };
        Ok(self.access_records()?.0.iter().filter_map(|record| finding(&record.state)).collect())
    }
}
