//! Two states of a subject and the one that both come from, merged field by field.

use super::ContestedField;
use super::grants::{merge_grants, shown_limits};
use crate::access::grant::{Grant, OwnerGrants};
use crate::access::key::{Key, MOST_LIVE_SECRETS, Secret};
use crate::access::operation::SubjectState;
use crate::model::{OwnerName, Timestamp};

/// A merged state, with what it had to leave out.
pub(super) struct StateMerge {
    pub(super) state: SubjectState,
    /// Fields that both sides changed; the state has the first side's values.
    pub(super) contested: Vec<ContestedField>,
    /// Grants of one side that the other side's revocation removes.
    pub(super) withheld: Vec<String>,
}

/// Merges the changes of two sides since a common state; `None` where they have none.
pub(super) fn merge_states(base: Option<&SubjectState>, one: &SubjectState, other: &SubjectState) -> StateMerge {
    let mut fields = FieldMerge::default();
    let state = match (one, other) {
        (SubjectState::Key(one), SubjectState::Key(other)) => {
            let base = base.and_then(SubjectState::key);
            SubjectState::Key(fields.merge_keys(base, one, other))
        }
        (SubjectState::Owner(one), SubjectState::Owner(other)) => {
            let base = base.map_or(&[][..], SubjectState::grants);
            let grants = fields.merge_grants(base, &one.grants, &other.grants);
            SubjectState::Owner(OwnerGrants { owner: one.owner.clone(), grants })
        }
        // A secret that both sides revoked has been so since the earlier time.
        (SubjectState::Revocation(one), SubjectState::Revocation(other)) => {
            SubjectState::Revocation(if one.time <= other.time { one.clone() } else { other.clone() })
        }
        _ => one.clone(),
    };
    let grants = state.grants().to_vec();
    StateMerge { state: state.with_grants(grants), contested: fields.contested, withheld: fields.withheld }
}

/// The fields that were merged so far.
#[derive(Default)]
struct FieldMerge {
    contested: Vec<ContestedField>,
    withheld: Vec<String>,
}

impl FieldMerge {
    /// Takes the value of the side that changed it; where both did, the first one's, and notes the field.
    fn merge<T: Clone + PartialEq>(
        &mut self,
        field: &str,
        (base, one, other): (&T, &T, &T),
        shown: impl Fn(&T) -> String,
    ) -> T {
        if one == other || other == base {
            return one.clone();
        }
        if one == base {
            return other.clone();
        }
        self.contested.push(ContestedField { field: field.to_owned(), one: shown(one), other: shown(other) });
        one.clone()
    }

    fn merge_keys(&mut self, base: Option<&Key>, one: &Key, other: &Key) -> Key {
        let Some(base) = base else {
            // Two keys of one name: to mix them would give the secret of each the grants of both.
            if one != other {
                self.contested.push(ContestedField {
                    field: "the whole key".to_owned(),
                    one: created(one),
                    other: created(other),
                });
            }
            return one.clone();
        };
        let time = |time: &Option<Timestamp>| time.map_or_else(|| "none".to_owned(), |time| time.to_string());
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
        let owner = |owner: &Option<OwnerName>| owner.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string);
        Key {
            name: one.name.clone(),
            kind: one.kind,
            owner: self.merge("owner", (&base.owner, &one.owner, &other.owner), owner),
            description: self.merge("description", (&base.description, &one.description, &other.description), text),
            created: one.created,
            not_before: self.merge("not_before", (&base.not_before, &one.not_before, &other.not_before), time),
            expires: self.merge("expires", (&base.expires, &one.expires, &other.expires), time),
            signing: self.merge("signing", (&base.signing, &one.signing, &other.signing), |signing| {
                format!("region {}, service {}, path {}", text(&signing.region), text(&signing.service), signing.path)
            }),
            limits: self.merge("limits", (&base.limits, &one.limits, &other.limits), shown_limits),
            secrets: self.merge_secrets(&base.secrets, &one.secrets, &other.secrets),
            grants: self.merge_grants(&base.grants, &one.grants, &other.grants),
        }
    }

    /// Keeps the secrets that no side removed, and those that either side made. Where both rotated, both new secrets
    /// let in, and the one before ends at the earlier time.
    fn merge_secrets(&mut self, base: &[Secret], one: &[Secret], other: &[Secret]) -> Vec<Secret> {
        fn find<'s>(secrets: &'s [Secret], secret: &Secret) -> Option<&'s Secret> {
            secrets.iter().find(|found| found.id.is_same_file(&secret.id))
        }
        let is_kept =
            |secret: &&Secret, there: &[Secret]| find(base, secret).is_none() || find(there, secret).is_some();
        let mut merged: Vec<Secret> = Vec::new();
        for secret in one.iter().filter(|secret| is_kept(secret, other)) {
            let mut secret = secret.clone();
            if let Some(there) = find(other, &secret) {
                let before = find(base, &secret).and_then(|base| base.retires);
                secret.retires = match (secret.retires, there.retires) {
                    (here, there) if here == before => there,
                    (here, there) if there == before => here,
                    (here, there) => here.into_iter().chain(there).min(),
                };
            }
            merged.push(secret);
        }
        merged.extend(other.iter().filter(|secret| find(one, secret).is_none() && is_kept(secret, one)).cloned());
        merged.sort_by(|one, other| (one.created, &one.id).cmp(&(other.created, &other.id)));
        let unretired = merged.iter().filter(|secret| secret.retires.is_none()).count();
        if unretired <= MOST_LIVE_SECRETS && !merged.is_empty() {
            return merged;
        }
        let ids =
            |secrets: &[Secret]| secrets.iter().map(|secret| secret.id.to_string()).collect::<Vec<_>>().join(", ");
        self.contested.push(ContestedField { field: "secrets".to_owned(), one: ids(one), other: ids(other) });
        merged.retain(|secret| find(one, secret).is_some());
        merged
    }

    fn merge_grants(&mut self, base: &[Grant], one: &[Grant], other: &[Grant]) -> Vec<Grant> {
        let merged = merge_grants(base, one, other);
        self.contested.extend(merged.contested);
        self.withheld.extend(merged.withheld);
        merged.grants
    }
}

fn created(key: &Key) -> String {
    let ids: Vec<&str> = key.secrets.iter().map(|secret| secret.id.as_str()).collect();
    format!("kind {}, created {}, secret {}", key.kind, key.created, ids.join(", "))
}
