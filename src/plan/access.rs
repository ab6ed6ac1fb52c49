//! Warnings about the access to a group that is about to be live.

use super::candidate::PublishCandidate;
use super::error::Error;
use super::facts::{Facts, HeldGrant};
use crate::definition::Definition;
use crate::model::{Backend, EnvironmentName, GroupName};

/// Warns of a group that nobody can call, since it asks callers for a key and no key may call it; and of grants for
/// APIs that it does not have. A mock asks nobody.
pub(super) fn access_warnings<E>(
    facts: &dyn Facts<Error = E>,
    group: &GroupName,
    environment: &EnvironmentName,
    candidate: &PublishCandidate,
    backend: &Backend,
) -> Result<Vec<String>, Error<E>> {
    let auth = &candidate.settings.auth;
    if auth.is_none() || backend.is_mock() {
        return Ok(Vec::new());
    }
    let grants = facts.grants(environment, group).map_err(Error::Facts)?;
    if grants.is_empty() {
        return Ok(vec![format!(
            "{group} in {environment}: `auth: {auth}` requires a key, but no key has a grant: every request gets 401 or 403"
        )]);
    }
    let Some(definition) = candidate.definition.as_deref() else { return Ok(Vec::new()) };
    let warning = |held: &HeldGrant| {
        let gone = missing_apis(&held.apis, definition).join(", ");
        let HeldGrant { holder, id, .. } = held;
        (!gone.is_empty())
            .then(|| format!("{group} in {environment}: grant {id} of {holder} is for {gone}, which it does not have"))
    };
    Ok(grants.iter().filter_map(warning).collect())
}

/// Lists the APIs of a grant that a definition does not have.
#[must_use]
pub fn missing_apis<'a>(apis: &'a [String], definition: &Definition) -> Vec<&'a str> {
    apis.iter().map(String::as_str).filter(|api| definition.api(api).is_none()).collect()
}
