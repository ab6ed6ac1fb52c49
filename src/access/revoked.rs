//! The secrets that were revoked.

use std::collections::BTreeMap;

use super::secret_id::SecretId;

/// The secrets that let nobody in any more. Two ids that differ in case are one: some file systems take them for the
/// same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RevokedSecrets(BTreeMap<String, SecretId>);

impl RevokedSecrets {
    /// True if a secret was revoked.
    #[must_use]
    pub fn contains(&self, id: &SecretId) -> bool {
        self.0.contains_key(&id.as_str().to_ascii_lowercase())
    }

    /// True if none was.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Iterates over the ids.
    pub fn iter(&self) -> impl Iterator<Item = &SecretId> {
        self.0.values()
    }
}

impl Extend<SecretId> for RevokedSecrets {
    fn extend<I: IntoIterator<Item = SecretId>>(&mut self, ids: I) {
        self.0.extend(ids.into_iter().map(|id| (id.as_str().to_ascii_lowercase(), id)));
    }
}

impl FromIterator<SecretId> for RevokedSecrets {
    fn from_iter<I: IntoIterator<Item = SecretId>>(ids: I) -> Self {
        let mut revoked = Self::default();
        revoked.extend(ids);
        revoked
    }
}
