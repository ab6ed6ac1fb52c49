//! Secrets that stand under two ids: revoked ones that a merge or an edit by hand brought back, and ones of two keys.

use std::collections::{BTreeMap, HashMap};

use super::key::{Key, Secret, SecretProof};
use super::revoked::RevokedSecrets;
use super::secret_id::SecretId;
use crate::model::{KeyName, Timestamp};

/// A secret of a key that is also another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReusedSecret {
    /// The key.
    pub key: KeyName,
    /// The secret.
    pub secret: SecretId,
    /// The id that it has besides.
    pub other: SecretId,
    /// True if the other one was revoked; else both are valid, of two keys.
    pub is_revoked: bool,
    /// True if it is the subject of tokens, which may be bound again after it was revoked.
    pub is_subject: bool,
}

/// Finds the secrets of keys that are a revoked one under another id, and those that two keys have at a time. `past`
/// has secrets that keys once had. The subject of a token is none: it may be bound again.
pub fn reused_secrets<'k>(
    keys: &(impl Iterator<Item = &'k Key> + Clone),
    past: impl Iterator<Item = &'k Secret>,
    revoked: &RevokedSecrets,
) -> Vec<ReusedSecret> {
    let present = || keys.clone().flat_map(|key| key.secrets.iter().map(move |secret| (key, secret)));
    let is_secret = |secret: &&Secret| !matches!(secret.proof, SecretProof::Token(_));
    let of_revoked: HashMap<&SecretProof, &SecretId> = present()
        .map(|(_, secret)| secret)
        .chain(past)
        .filter(|secret| revoked.contains(&secret.id))
        .filter(is_secret)
        .map(|secret| (&secret.proof, &secret.id))
        .collect();
    let valid = || present().filter(|(_, secret)| is_secret(secret) && !revoked.contains(&secret.id));
    let mut unretired: HashMap<&SecretProof, Vec<(&KeyName, &SecretId)>> = HashMap::new();
    for (key, secret) in valid().filter(|(_, secret)| secret.retires.is_none()) {
        unretired.entry(&secret.proof).or_default().push((&key.name, &secret.id));
    }
    let of_another_key = |key: &Key, secret: &Secret| {
        let mut same = unretired.get(&secret.proof).filter(|_| secret.retires.is_none())?.iter();
        same.find(|(name, _)| **name != key.name).map(|(_, other)| *other)
    };
    let reused = |(key, secret): (&Key, &Secret)| {
        let of_revoked = of_revoked.get(&secret.proof).map(|other| (*other, true));
        let (other, is_revoked) = of_revoked.or_else(|| Some((of_another_key(key, secret)?, false)))?;
        Some(ReusedSecret {
            key: key.name.clone(),
            secret: secret.id.clone(),
            other: other.clone(),
            is_revoked,
            is_subject: false,
        })
    };
    valid().filter_map(reused).collect()
}

/// Finds the keys that were bound to a subject of tokens before another binding of it was revoked, as the merge of a
/// branch brings them. `past` has secrets that keys once had, `revoked_at` the known times of revocations.
pub fn early_bindings<'k>(
    keys: &(impl Iterator<Item = &'k Key> + Clone),
    past: impl Iterator<Item = &'k Secret>,
    revoked: &RevokedSecrets,
    revoked_at: &BTreeMap<&SecretId, Timestamp>,
) -> Vec<ReusedSecret> {
    let present = || keys.clone().flat_map(|key| key.secrets.iter().map(move |secret| (key, secret)));
    let is_subject = |secret: &&Secret| matches!(secret.proof, SecretProof::Token(_));
    let mut ends: HashMap<&SecretProof, (Timestamp, &SecretId)> = HashMap::new();
    for secret in present().map(|(_, secret)| secret).chain(past).filter(is_subject) {
        if let Some(time) = revoked_at.get(&secret.id) {
            let end = ends.entry(&secret.proof).or_insert((*time, &secret.id));
            *end = (*end).max((*time, &secret.id));
        }
    }
    let valid = present().filter(|(_, secret)| is_subject(secret) && !revoked.contains(&secret.id));
    let early = valid.filter_map(|(key, secret)| {
        let (_, other) = ends.get(&secret.proof).filter(|(time, _)| secret.created < *time)?;
        Some(ReusedSecret {
            key: key.name.clone(),
            secret: secret.id.clone(),
            other: (*other).clone(),
            is_revoked: true,
            is_subject: true,
        })
    });
    early.collect()
}

/// Returns the ids of revoked secrets that keys do not have, or not any more.
pub fn absent_revoked<'k>(keys: impl Iterator<Item = &'k Key>, revoked: &RevokedSecrets) -> RevokedSecrets {
    let present: RevokedSecrets = keys.flat_map(|key| &key.secrets).map(|secret| secret.id.clone()).collect();
    revoked.iter().filter(|id| !present.contains(id)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{KeyDirectory, SigningSettings};
    use crate::model::{Digest, KeyKind, RateLimits};

    fn now() -> Timestamp {
        Timestamp::from_milliseconds(1_000)
    }

    fn secret(id: &str, value: &str) -> Secret {
        let proof = SecretProof::Fingerprint(Digest::of(value.as_bytes()));
        Secret { id: id.parse().unwrap(), created: now(), retires: None, proof }
    }

    fn key(name: &str, secrets: Vec<Secret>) -> Key {
        Key {
            name: name.parse().unwrap(),
            kind: KeyKind::Signature,
            owner: None,
            description: None,
            created: now(),
            not_before: None,
            expires: None,
            signing: SigningSettings::default(),
            limits: RateLimits::default(),
            secrets,
            grants: Vec::new(),
        }
    }

    /// Returns which secrets are refused as revoked, and which because two keys have them.
    fn closed(keys: &[Key], past: &[Secret], revoked: &[&str]) -> (String, String) {
        let revoked: Vec<SecretId> = revoked.iter().map(|id| id.parse().unwrap()).collect();
        let shared = keys.iter().cloned().map(std::sync::Arc::new);
        let directory =
            KeyDirectory::new(shared, [], (revoked.iter().cloned(), past), &std::collections::HashMap::new());
        let ids = |is_closed: &dyn Fn(&SecretId) -> bool| {
            let all = keys.iter().flat_map(|key| &key.secrets).map(|secret| &secret.id);
            all.filter(|id| is_closed(id)).map(SecretId::as_str).collect::<Vec<_>>().join(" ")
        };
        (ids(&|id| directory.is_revoked(id)), ids(&|id| directory.is_repeated(id)))
    }

    #[test]
    fn a_revoked_secret_is_closed_under_another_id_too() {
        let shop = key("shop", vec![secret("aaaa", "one"), secret("bbbb", "two")]);
        let other = key("other", vec![secret("cccc", "one")]);
        let both = [shop.clone(), other.clone()];
        assert_eq!(closed(&both, &[], &["AAAA"]), ("aaaa cccc".to_owned(), String::new()));
        // The key has rotated since: the history has the secret.
        let rotated = key("shop", vec![secret("bbbb", "two")]);
        assert_eq!(closed(&[rotated.clone(), other.clone()], &[secret("aaaa", "one")], &["aaaa"]).0, "cccc");
        assert_eq!(closed(&[rotated, other], &[secret("aaaa", "one")], &[]).0, "");
        assert_eq!(
            closed(&[key("shop", vec![secret("aaaa", "one"), secret("dddd", "one")])], &[], &["aaaa"]).0,
            "aaaa dddd"
        );
    }

    #[test]
    fn a_secret_of_two_keys_lets_nobody_in_until_one_of_them_ends() {
        let shop = key("shop", vec![secret("aaaa", "one"), secret("bbbb", "two")]);
        let other = key("other", vec![secret("cccc", "one")]);
        assert_eq!(closed(&[shop.clone(), other.clone()], &[], &[]).1, "aaaa cccc");
        let mut retired = shop;
        retired.secrets[0].retires = Some(now());
        assert_eq!(closed(&[retired, other.clone()], &[], &[]).1, "");
        // Both ids of one key: the same caller has both.
        assert_eq!(closed(&[key("shop", vec![secret("aaaa", "one"), secret("dddd", "one")])], &[], &[]).1, "");
        // They are more than two: of each key that has two ids, both are closed.
        let twice = key("shop", vec![secret("aaaa", "one"), secret("dddd", "one")]);
        assert_eq!(closed(&[twice.clone(), other.clone()], &[], &[]).1, "aaaa dddd cccc");
        assert_eq!(closed(&[other, twice], &[], &[]).1, "cccc aaaa dddd");
        let bound = |id: &str| {
            let proof =
                SecretProof::Token(crate::access::TokenBinding { issuer: "i".to_owned(), subject: "s".to_owned() });
            Secret { proof, ..secret(id, "") }
        };
        // One whose key is gone is not any subject.
        let revoked = "aaaa".parse().unwrap();
        let gone = KeyDirectory::new([], [], ([revoked], &[bound("aaaa")]), &std::collections::HashMap::new());
        let binding = crate::access::TokenBinding { issuer: "i".to_owned(), subject: "s".to_owned() };
        let denial = gone.check_subject(&binding, now()).unwrap_err();
        assert!(matches!(denial, crate::access::Denial::RevokedBefore(_)), "{denial}");
        // A subject is bound again after its first key was revoked.
        let keys = [key("shop", vec![bound("aaaa")]), key("other", vec![bound("bbbb")])];
        assert_eq!(closed(&keys, &[], &["aaaa"]).0, "aaaa");
    }
}
