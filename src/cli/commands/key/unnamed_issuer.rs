//! Issuers of tokens that no group names: a key that is bound to one of their subjects lets nobody in yet.

use crate::model::nearest;
use crate::workspace::{Error, Workspace};

/// Returns the warning where no group's settings name an issuer. A group may name it later.
pub(super) fn unnamed_issuer(workspace: &Workspace, issuer: &str) -> Result<Option<String>, Error> {
    let groups = workspace.groups()?;
    // Settings that cannot be read may name it; `check` reports them.
    let settings: Vec<_> = groups.iter().map(|group| workspace.group_settings(group)).collect();
    let named = settings.iter().flatten().filter_map(|settings| settings.auth.token.as_ref());
    let named: Vec<&str> = named.map(|token| token.issuer.as_str()).collect();
    if named.contains(&issuer) || settings.iter().any(Result::is_err) {
        return Ok(None);
    }
    let meant = nearest(issuer, named).map(|meant| format!(", the nearest is {meant:?}")).unwrap_or_default();
    Ok(Some(format!(
        "no group takes tokens of {issuer:?}{meant}: the key is not accepted until `auth.token.issuer` of a group.yaml is exactly this"
    )))
}
