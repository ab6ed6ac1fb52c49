//! The settings of an export, and the keys of callers.

use std::net::SocketAddr;

use super::place::SettingPlace;
use crate::access::{AccessSubject, Grant, Key, OwnerGrants, RevokedSecrets};
use crate::model::USUAL_BODY_KIB;

/// The most bytes of a body where a group names no limit, as `apigw serve` has them.
pub(super) const USUAL_BODY_BYTES: u64 = USUAL_BODY_KIB as u64 * 1024;

/// The settings of an export that are the engine's and not the environment's.
#[derive(Debug, Clone)]
pub struct ExportOptions {
    /// The address that the engine listens on.
    pub listen: SocketAddr,
    /// The folder in which the engine finds its files; `None` for the one that it is started in.
    pub folder: Option<String>,
    /// The folder in which the engine finds the files that `forwarding.tls` names.
    pub secrets_folder: String,
    /// The listener that decides on callers.
    pub authorizer: SocketAddr,
    /// The keys of callers, for a target that asks for them itself.
    pub callers: CallerKeys,
}

/// The keys of callers, with their grants.
#[derive(Debug, Clone, Default)]
pub struct CallerKeys {
    /// The keys.
    pub keys: Vec<Key>,
    /// The grants of owners.
    pub owners: Vec<OwnerGrants>,
    /// The secrets that let nobody in.
    pub revoked: RevokedSecrets,
}

impl CallerKeys {
    /// Lists the grants of a key: its own, and those of its owner.
    pub(super) fn grants<'k>(&'k self, key: &'k Key) -> impl Iterator<Item = &'k Grant> {
        let of_owner = self.owners.iter().filter(|owner| Some(&owner.owner) == key.owner.as_ref());
        key.grants.iter().chain(of_owner.flat_map(|owner| &owner.grants))
    }

    /// Finds the limits of a key that may call some of a group in an environment, or of the grant by which it may.
    pub(super) fn limits_place(&self, group: &str, environment: &str) -> Option<SettingPlace> {
        let is_there = |grant: &&Grant| {
            grant.group.as_str() == group && grant.environments.iter().any(|name| name.as_str() == environment)
        };
        let limited = |key: &Key| {
            let of_key = AccessSubject::Key(key.name.clone());
            let has_limits = |grant: &Grant| !grant.limits.is_empty();
            let mut grants = self.grants(key).filter(is_there).peekable();
            if !key.limits.is_empty() && grants.peek().is_some() {
                return Some((of_key, "limits"));
            }
            let grant = grants.find(|grant| has_limits(grant))?;
            let of_owner = key.owner.clone().filter(|_| !key.grants.contains(grant)).map(AccessSubject::Owner);
            Some((of_owner.unwrap_or(of_key), "grants"))
        };
        let (subject, setting) = self.keys.iter().find_map(limited)?;
        Some(SettingPlace::Subject(subject, setting))
    }
}
