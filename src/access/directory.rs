//! All keys at one moment: who shows this secret, and may it call this API.
//!
//! An unknown id costs the work of a known one, with a secret that nobody has; the state of a key is looked at after
//! its secret. So neither time nor response tells which ids exist.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use foldhash::fast::RandomState;
use subtle::ConstantTimeEq as _;

use super::denial::{Denial, EndedPart, shown_subject};
use super::grant::{Grant, OwnerGrants};
use super::hmac_secret::HmacSecret;
use super::key::{Key, Secret, SecretProof, TokenBinding};
use super::request::ReceivedRequest;
use super::reused::{ReusedSecret, reused_secrets};
use super::revoked::RevokedSecrets;
use super::secret_id::SecretId;
use super::signature::{RequestSignature, SigningSecret};
use super::subscription::SubscriptionKey;
use super::token::TokenFault;
use super::token::TokenKeySet;
use crate::model::{Digest, KeyKind, KeyName, KeySetSource, OwnerName, Timestamp};

/// A call that somebody wants to make.
#[derive(Debug, Clone, Copy)]
pub struct ApiCall<'a> {
    /// The group.
    pub group: &'a str,
    /// The environment.
    pub environment: &'a str,
    /// The names of the API: its operation id, and its method and path.
    pub api_names: &'a [&'a str],
}

/// The secret that a request has shown to be its own, of a key that lets in at the moment. Borrowed, for workers that
/// all count references of one key would wait for each other.
#[derive(Debug, Clone, Copy)]
pub struct PresentedSecret<'d> {
    /// The key.
    pub key: &'d Arc<Key>,
    /// The secret's id.
    pub id: &'d SecretId,
}

/// All keys, owners and revocations at one moment, with the secrets that this machine has.
#[derive(Debug, Default)]
pub struct KeyDirectory {
    secrets: HashMap<SecretId, DirectoryEntry, RandomState>,
    /// The ids of the secrets by the subjects that they are bound to.
    subjects: HashMap<TokenBinding, SecretId, RandomState>,
    key_sets: BTreeMap<String, Arc<TokenKeySet>>,
    /// The secrets of each key, the oldest first.
    names: BTreeMap<KeyName, Vec<SecretId>>,
    owners: BTreeMap<OwnerName, OwnerGrants>,
    revoked: RevokedSecrets,
    /// The ids that do not identify one key: it, its secret or its subject belongs to two. None of them is accepted.
    ambiguous: BTreeSet<SecretId>,
    /// The secrets that stand under two ids.
    reused: Vec<ReusedSecret>,
}

#[derive(Debug)]
struct DirectoryEntry {
    key: Arc<Key>,
    secret: Secret,
    hmac: Option<HmacSecret>,
    is_revoked: bool,
}

impl KeyDirectory {
    /// Builds the directory. A secret whose id two keys have is refused. `past` has secrets that keys once had, as far
    /// as they were revoked.
    pub fn new(
        keys: impl IntoIterator<Item = Arc<Key>>,
        owners: impl IntoIterator<Item = OwnerGrants>,
        (revoked, past): (impl IntoIterator<Item = SecretId>, &[Secret]),
        hmac_secrets: &HashMap<SecretId, HmacSecret>,
    ) -> Self {
        let mut directory = Self {
            owners: owners.into_iter().map(|owner| (owner.owner.clone(), owner)).collect(),
            revoked: revoked.into_iter().collect(),
            ..Self::default()
        };
        let keys: Vec<Arc<Key>> = keys.into_iter().collect();
        // One that was revoked under another id is revoked, one that two keys have lets nobody in.
        directory.reused = reused_secrets(&keys.iter().map(|key| &**key), past.iter(), &directory.revoked);
        for ReusedSecret { secret, is_revoked, .. } in &directory.reused {
            if *is_revoked {
                directory.revoked.extend([secret.clone()]);
            } else {
                directory.ambiguous.insert(secret.clone());
            }
        }
        let mut seen: HashMap<String, SecretId> = HashMap::new();
        // A subject that was bound anew after its secret was revoked has one key.
        let mut subjects: HashMap<TokenBinding, SecretId, RandomState> = HashMap::default();
        for key in keys {
            for secret in &key.secrets {
                if let Some(other) = seen.insert(secret.id.as_str().to_ascii_lowercase(), secret.id.clone()) {
                    directory.ambiguous.extend([other, secret.id.clone()]);
                }
                let is_revoked = directory.is_revoked(&secret.id);
                if let SecretProof::Token(binding) = &secret.proof {
                    let other = subjects.get(binding).filter(|other| !directory.is_revoked(other)).cloned();
                    match other {
                        Some(other) if !is_revoked => directory.ambiguous.extend([other, secret.id.clone()]),
                        Some(_) => {}
                        None => drop(subjects.insert(binding.clone(), secret.id.clone())),
                    }
                }
                // A secret that is not the one of the file is none: a rotation has not come to this machine yet.
                let hmac = hmac_secrets.get(&secret.id).filter(|hmac| secret.proof.is_proof_of(hmac));
                let entry =
                    DirectoryEntry { key: Arc::clone(&key), secret: secret.clone(), hmac: hmac.cloned(), is_revoked };
                directory.secrets.insert(secret.id.clone(), entry);
                directory.names.entry(key.name.clone()).or_default().push(secret.id.clone());
            }
        }
        // A subject whose revoked key is gone is not any subject.
        for secret in past.iter().filter(|secret| directory.is_revoked(&secret.id)) {
            if let SecretProof::Token(binding) = &secret.proof {
                subjects.entry(binding.clone()).or_insert_with(|| secret.id.clone());
            }
        }
        for id in &directory.ambiguous {
            directory.secrets.remove(id);
        }
        directory.subjects = subjects;
        directory
    }

    /// Adds the keys of issuers of tokens, by the names of their files.
    #[must_use]
    pub fn with_key_sets(self, key_sets: BTreeMap<String, Arc<TokenKeySet>>) -> Self {
        Self { key_sets, ..self }
    }

    /// Finds the keys of an issuer of tokens.
    ///
    /// # Errors
    ///
    /// Fails where they are not there.
    pub fn key_set(&self, name: &str) -> Result<&TokenKeySet, Denial> {
        let found = self.key_sets.get(name).map(|set| &**set);
        found.ok_or_else(|| Denial::Token(TokenFault::NoKeySet(KeySetSource::File(name.to_owned()))))
    }

    /// Finds the key that is bound to the subject of a good token.
    ///
    /// # Errors
    ///
    /// Fails with the reason for the operator.
    pub fn check_subject(&self, binding: &TokenBinding, now: Timestamp) -> Result<PresentedSecret<'_>, Denial> {
        let TokenBinding { issuer, subject } = binding;
        let unbound = || Denial::UnboundSubject { issuer: issuer.clone(), subject: shown_subject(subject) };
        let id = self.subjects.get(binding).ok_or_else(unbound)?;
        // One that two keys are bound to lets nobody in, not even where any subject may call.
        self.secrets.get(id).ok_or_else(|| self.unknown(id.as_str()))?.presented(now)
    }

    /// Looks at the state of a secret that has signed a request before.
    ///
    /// # Errors
    ///
    /// Fails with the reason for the operator.
    pub fn check_secret(&self, id: &str, now: Timestamp) -> Result<PresentedSecret<'_>, Denial> {
        self.secrets.get(id).ok_or(Denial::UnknownId)?.presented(now)
    }

    /// Returns the time at which a secret lets in no more, if that is known: it retires, or its key expires.
    #[must_use]
    pub fn end_of(&self, presented: PresentedSecret<'_>) -> Option<Timestamp> {
        let retires = self.secrets.get(presented.id).and_then(|entry| entry.secret.retires);
        [presented.key.expires, retires].into_iter().flatten().min()
    }

    /// Lists the ids that do not identify one key, since it, its secret or its subject belongs to two.
    pub fn ambiguous_ids(&self) -> impl Iterator<Item = &SecretId> {
        self.ambiguous.iter()
    }

    /// Lists the secrets that were revoked under another id.
    pub fn revoked_again(&self) -> impl Iterator<Item = &ReusedSecret> {
        self.reused.iter().filter(|reused| reused.is_revoked)
    }

    /// Lists the live secrets for signing that are not on this machine, each with its key.
    pub fn missing_secrets(&self, now: Timestamp) -> impl Iterator<Item = (&Key, &SecretId)> {
        let is_missing = move |entry: &&DirectoryEntry| {
            entry.secret.proof.needs_secret() && entry.hmac.is_none() && entry.secret.is_live(now) && !entry.is_revoked
        };
        self.secrets.values().filter(is_missing).map(|entry| (&*entry.key, &entry.secret.id))
    }

    /// True if two keys have the id of a secret, or its subject, so that neither lets in.
    #[must_use]
    pub fn is_repeated(&self, id: &SecretId) -> bool {
        self.ambiguous.iter().any(|repeated| repeated.is_same_file(id))
    }

    /// Returns the latest secret with which a key may sign now, as far as it is on this machine.
    #[must_use]
    pub fn signing_secret(&self, key: &KeyName, now: Timestamp) -> Option<(PresentedSecret<'_>, HmacSecret)> {
        let entries = self.names.get(key)?.iter().rev().filter_map(|id| self.secrets.get(id));
        let entries = entries.filter(|entry| entry.secret.proof.needs_secret());
        let mut usable = entries.filter_map(|entry| Some((entry.presented(now).ok()?, entry.hmac.clone()?)));
        usable.next()
    }

    /// True if a secret was revoked.
    #[must_use]
    pub fn is_revoked(&self, id: &SecretId) -> bool {
        self.revoked.contains(id)
    }

    /// Finds the secret that a subscription key's text is.
    ///
    /// # Errors
    ///
    /// Fails with the reason for the operator.
    pub fn check_subscription(&self, text: &str, now: Timestamp) -> Result<PresentedSecret<'_>, Denial> {
        let shown = SubscriptionKey::parse(text).ok_or(Denial::Malformed)?;
        let entry = self.secrets.get(shown.id).filter(|entry| entry.key.kind == KeyKind::Subscription);
        let expected = entry.and_then(|entry| entry.secret.proof.digest()).unwrap_or_else(|| Digest::of(b""));
        let is_equal = bool::from(shown.digest().bytes().ct_eq(expected.bytes()));
        match entry {
            Some(entry) if is_equal => entry.presented(now),
            _ if !shown.has_right_checksum() => Err(Denial::Malformed),
            Some(entry) => Err(Denial::WrongSecret(entry.key.name.clone())),
            None => Err(self.unknown(shown.id)),
        }
    }

    /// Returns the reason for which no key of the shown kind has an id.
    fn unknown(&self, id: &str) -> Denial {
        if let Some(DirectoryEntry { key, .. }) = self.secrets.get(id) {
            return Denial::OtherKind(key.name.clone(), key.kind);
        }
        // Whoever still uses a leaked key is looked for after its rotation, too.
        let revoked = id.parse().ok().filter(|id| self.revoked.contains(id));
        revoked.map_or(Denial::UnknownId, Denial::RevokedBefore)
    }

    /// Finds the secret that a request is signed with. Its nonce is not looked at.
    ///
    /// # Errors
    ///
    /// Fails with the reason for the operator.
    pub fn check_signature(
        &self,
        signature: &RequestSignature<'_>,
        request: &ReceivedRequest<'_>,
        now: Timestamp,
        tolerance_ms: i64,
    ) -> Result<PresentedSecret<'_>, Denial> {
        let entry = self.secrets.get(signature.key_id()).filter(|entry| entry.key.kind == KeyKind::Signature);
        let signer =
            entry.map(|DirectoryEntry { key, secret, hmac, .. }| SigningSecret { key, secret, hmac: hmac.as_ref() });
        let verified = signature.verify(request, signer);
        let name = entry.map(|entry| entry.key.name.clone());
        let fault = |fault| Denial::Signature { key: name.clone(), fault };
        signature.check_date(now, tolerance_ms).map_err(fault)?;
        let Some(entry) = entry else { return Err(self.unknown(signature.key_id())) };
        if entry.hmac.is_none() && entry.secret.proof.needs_secret() {
            return Err(Denial::NoSecretHere(entry.key.name.clone()));
        }
        verified.and_then(|()| signature.check_connection(request.headers)).map_err(fault)?;
        entry.presented(now)
    }

    /// Finds the grants that allow a call: one of the key, one of its owner, or one of each.
    ///
    /// # Errors
    ///
    /// Fails where there is none.
    pub fn check_grants<'k>(&'k self, key: &'k Key, call: &ApiCall<'_>) -> Result<CallGrants<'k>, Denial> {
        let owner = key.owner.as_ref().and_then(|owner| self.owners.get(owner));
        let of_owner = owner.and_then(|owner| narrowest_grant(&owner.grants, call));
        let of_key = narrowest_grant(&key.grants, call);
        if of_key.or(of_owner).is_none() {
            return Err(Denial::NoGrant(key.name.clone()));
        }
        Ok(CallGrants { of_key, of_owner })
    }
}

/// The grants that allow a call, of which none lifts a limit of the other.
#[derive(Debug, Clone, Copy, Default)]
pub struct CallGrants<'k> {
    /// The grant of the key.
    pub of_key: Option<&'k Grant>,
    /// The grant of its owner.
    pub of_owner: Option<&'k Grant>,
}

/// Finds the grant of a holder by which it makes a call: the one that names the fewest APIs, so that it can lift or
/// lower the limits of one for more; of equal ones the strictest, whatever their ids are.
fn narrowest_grant<'g>(grants: &'g [Grant], call: &ApiCall<'_>) -> Option<&'g Grant> {
    let allowing = grants.iter().filter(|grant| grant.allows(call.group, call.environment, call.api_names));
    allowing
        .min_by_key(|grant| (grant.apis.is_empty(), grant.apis.len(), grant.limits.most_requests_a_day(), grant.since))
}

impl DirectoryEntry {
    /// Looks at the state of a key whose secret was right.
    fn presented(&self, now: Timestamp) -> Result<PresentedSecret<'_>, Denial> {
        let Self { key, secret, is_revoked, .. } = self;
        let name = || key.name.clone();
        if *is_revoked {
            return Err(Denial::Revoked(name()));
        }
        if let Some(at) = secret.retires.filter(|at| now >= *at) {
            return Err(Denial::Ended { key: name(), part: EndedPart::Secret, at });
        }
        if let Some(at) = key.expires.filter(|at| now >= *at) {
            return Err(Denial::Ended { key: name(), part: EndedPart::Key, at });
        }
        if let Some(from) = key.not_before.filter(|from| now < *from) {
            return Err(Denial::NotYet(name(), from));
        }
        Ok(PresentedSecret { key, id: &secret.id })
    }
}
