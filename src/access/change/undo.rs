//! The reversal of an operation.

use super::{ChangeError, operation};
use crate::access::grant::{Grant, OwnerGrants};
use crate::access::key::{Key, Revocation, Secret};
use crate::access::operation::{AccessAction, AccessOperation, SubjectRecord, SubjectState};
use crate::model::{Author, EnvironmentName, OperationId, Timestamp};

/// Reverses an operation that is the latest of its subject. `earlier` has the states that the operations before it
/// left, the kept branch's first; the undo of a resolve that kept that one puts the other in force.
///
/// The undo of a resolve brings back no grant that one of the branches had removed, and moves no end of a secret.
///
/// # Errors
///
/// Fails where the subject was changed since, for a creation and a revocation, and for a resolve that only closed.
pub fn undo(
    (id, undone): (&OperationId, &AccessOperation),
    present: &SubjectRecord,
    earlier: Vec<SubjectState>,
    author: &Author,
) -> Result<AccessOperation, ChangeError> {
    let AccessOperation { action, after: joined, .. } = undone;
    if let SubjectState::Revocation(Revocation { secret, key, .. }) = joined {
        return Err(ChangeError::RevocationUndone { id: secret.clone(), key: key.clone() });
    }
    if present.operation != *id {
        let later = present.operation.clone();
        return Err(ChangeError::ChangedSince { subject: joined.subject(), later });
    }
    let other = earlier.iter().find(|state| *state != joined).cloned();
    let after = match (other.or_else(|| earlier.into_iter().next()), joined) {
        (Some(state), _) => state,
        (None, SubjectState::Owner(owner)) => {
            SubjectState::Owner(OwnerGrants { owner: owner.owner.clone(), grants: Vec::new() })
        }
        (None, state) => return Err(ChangeError::CreationUndone { subject: state.subject() }),
    };
    let mut summary = format!("reverses {action} {id}");
    if *action != AccessAction::Resolve {
        return Ok(operation(AccessAction::Undo, author, Some(id.clone()), summary, after));
    }
    let closed = close(after.clone(), joined, author.now);
    if closed == *joined {
        return Err(ChangeError::NothingReversed { subject: joined.subject(), id: id.clone() });
    }
    if closed.grants() != after.grants() {
        summary.push_str(", without the grants that a branch removed");
    }
    Ok(operation(AccessAction::Undo, author, Some(id.clone()), summary, closed))
}

/// Leaves out of a branch's state all that the join of the branches had closed.
fn close(branch: SubjectState, joined: &SubjectState, now: Timestamp) -> SubjectState {
    let grants = common_grants(branch.grants(), joined.grants());
    let branch = match (branch, joined) {
        (SubjectState::Key(branch), SubjectState::Key(joined)) => SubjectState::Key(Key {
            secrets: secrets_of(&branch.secrets, &joined.secrets, now),
            expires: branch.expires.into_iter().chain(joined.expires).min(),
            ..branch
        }),
        (branch, _) => branch,
    };
    branch.with_grants(grants)
}

/// Returns the grants of a branch, each in the environments in which the join has one for the same APIs.
fn common_grants(branch: &[Grant], joined: &[Grant]) -> Vec<Grant> {
    let is_joined = |grant: &Grant, environment: &EnvironmentName| {
        let is_same = |other: &&Grant| other.group == grant.group && other.apis == grant.apis;
        joined.iter().filter(is_same).any(|other| other.environments.contains(environment))
    };
    let common = branch.iter().map(|grant| {
        let environments = grant.environments.iter().filter(|environment| is_joined(grant, environment));
        Grant { environments: environments.cloned().collect(), ..grant.clone() }
    });
    common.filter(|grant| !grant.environments.is_empty()).collect()
}

/// Returns the secrets of the join; where it left out a live one, for a choice was made, those of the branch, with the
/// earlier ends.
fn secrets_of(branch: &[Secret], joined: &[Secret], now: Timestamp) -> Vec<Secret> {
    let find = |secret: &Secret| joined.iter().find(|found| found.id.is_same_file(&secret.id));
    if branch.iter().all(|secret| find(secret).is_some() || !secret.is_live(now)) {
        return joined.to_vec();
    }
    let ended = |secret: &Secret| {
        let end = find(secret).and_then(|found| found.retires);
        Secret { retires: secret.retires.into_iter().chain(end).min(), ..secret.clone() }
    };
    branch.iter().map(ended).collect()
}
