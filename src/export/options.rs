//! The settings of an export, and the keys of callers.

use std::net::SocketAddr;

use crate::access::{Grant, Key, OwnerGrants, RevokedSecrets};

/// The most bytes of a body where a group names no limit, as `apigw serve` has them.
pub(super) const USUAL_BODY_BYTES: u64 = 300 * 1024;

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

    /// True if a key that may call some of a group in an environment has limits, or the grant by which it may.
    pub(super) fn have_limits(&self, group: &str, environment: &str) -> bool {
        let is_there = |grant: &&Grant| {
            grant.group.as_str() == group && grant.environments.iter().any(|name| name.as_str() == environment)
        };
        let is_limited = |key: &Key| {
            self.grants(key).filter(is_there).any(|grant| !key.limits.is_empty() || !grant.limits.is_empty())
        };
        self.keys.iter().any(is_limited)
    }
}
