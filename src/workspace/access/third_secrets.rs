//! Keys with more live secrets than a rotation needs.

use super::super::Workspace;
use super::super::error::Error;
use super::subject_place;
use crate::access::SubjectState;
use crate::check::THIRD_SECRET;
use crate::model::{Finding, Location, Timestamp};

impl Workspace {
    /// Finds keys of which more secrets let in than a rotation needs: both sides of a merge had rotated them.
    pub fn third_secret_findings(&self, now: Timestamp) -> Result<Vec<Finding>, Error> {
        let revoked = self.revoked_secrets()?;
        let finding = |state: &SubjectState| {
            let SubjectState::Key(key) = state else { return None };
            let message = key.third_secret_text(&revoked, now)?;
            let hint = "revoke one that nobody uses, or wait until one retires";
            Some(THIRD_SECRET.finding(Location::file(subject_place(&state.subject())), message, hint))
        };
        Ok(self.access_records()?.0.iter().filter_map(|record| finding(&record.state)).collect())
    }
}
