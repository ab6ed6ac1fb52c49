//! Plans over entries that were edited by hand: an edit never bars the way back.

use super::error::Error;
use super::facts::Facts;
use super::outcome::Plan;
use crate::model::{Author, EnvironmentName};

impl Plan {
    /// Starts a plan without changes that replaces entries edited by hand: an edit never bars the way back.
    pub(super) fn over_edits<E>(
        environment: &EnvironmentName,
        facts: &dyn Facts<Error = E>,
        author: &Author,
    ) -> Result<Self, Error<E>> {
        let edits = facts.edited_entries(environment).map_err(Error::Facts)?;
        Ok(Self { replaced_edits: (*edits).clone(), ..Self::new(environment, author) })
    }
}
