//! Keys: what a key's file says, valid once it is parsed. No secret is in it.

use std::fmt;

use super::ed25519::PublicKey;
use super::grant::Grant;
use super::hmac_secret::HmacSecret;
use super::revoked::RevokedSecrets;
use super::secret_id::SecretId;
use crate::model::{Digest, KeyKind, KeyName, OwnerName, RateLimits, Timestamp};

/// The form of a path that holds a `%` in a canonical request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, schemars::JsonSchema, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PathForm {
    /// As sent.
    #[default]
    Sent,
    /// Percent-encoded again.
    Again,
}

impl fmt::Display for PathForm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Sent => "sent",
            Self::Again => "again",
        })
    }
}

/// Requirements for the signatures of a key.
#[derive(Debug, Clone, PartialEq, Eq, Default, schemars::JsonSchema, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigningSettings {
    /// The region of the scope; unset, any.
    #[serde(default)]
    pub region: Option<String>,
    /// The service of the scope; unset, any.
    #[serde(default)]
    pub service: Option<String>,
    /// The form of paths that hold a `%`.
    #[serde(default)]
    pub path: PathForm,
}

/// A secret of a key, as far as its file knows it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "SecretFields", into = "SecretFields")]
pub struct Secret {
    /// The id.
    pub id: SecretId,
    /// Time of its creation.
    pub created: Timestamp,
    /// Time at which it expires; `None` unless another replaced it.
    pub retires: Option<Timestamp>,
    /// Proof that a caller has the secret.
    pub proof: SecretProof,
}

/// The fields of a secret as they stand in a file.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretFields {
    id: SecretId,
    created: Timestamp,
    #[serde(default)]
    retires: Option<Timestamp>,
    #[serde(default)]
    sha256: Option<Digest>,
    #[serde(default)]
    fingerprint: Option<Digest>,
    #[serde(default)]
    public_key: Option<PublicKey>,
    #[serde(default)]
    issuer: Option<String>,
    #[serde(default)]
    subject: Option<String>,
}

impl TryFrom<SecretFields> for Secret {
    type Error = &'static str;

    fn try_from(fields: SecretFields) -> Result<Self, &'static str> {
        let SecretFields { id, created, retires, sha256, fingerprint, public_key, issuer, subject } = fields;
        let proof = match (sha256, fingerprint, public_key, issuer.zip(subject)) {
            (Some(digest), None, None, None) => SecretProof::Sha256(digest),
            (None, Some(digest), None, None) => SecretProof::Fingerprint(digest),
            (None, None, Some(key), None) => SecretProof::PublicKey(key),
            (None, None, None, Some((issuer, subject))) => SecretProof::Token(TokenBinding { issuer, subject }),
            _ => return Err("a secret has one of `sha256`, `fingerprint`, `public_key`, and `issuer` with `subject`"),
        };
        Ok(Self { id, created, retires, proof })
    }
}

impl From<Secret> for SecretFields {
    fn from(Secret { id, created, retires, proof }: Secret) -> Self {
        let fields = Self {
            id,
            created,
            retires,
            sha256: None,
            fingerprint: None,
            public_key: None,
            issuer: None,
            subject: None,
        };
        match proof {
            SecretProof::Sha256(digest) => Self { sha256: Some(digest), ..fields },
            SecretProof::Fingerprint(digest) => Self { fingerprint: Some(digest), ..fields },
            SecretProof::PublicKey(key) => Self { public_key: Some(key), ..fields },
            SecretProof::Token(TokenBinding { issuer, subject }) => {
                Self { issuer: Some(issuer), subject: Some(subject), ..fields }
            }
        }
    }
}

/// Proof that a caller has a secret; it does not reveal the secret, which has 256 bits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SecretProof {
    /// The SHA-256 of a subscription key's text.
    Sha256(Digest),
    /// The SHA-256 of the secret with which requests are signed, which this machine must have.
    Fingerprint(Digest),
    /// The public half of the pair with which requests are signed; the other half is the caller's alone.
    PublicKey(PublicKey),
    /// The subject of tokens, which their issuer signs.
    Token(TokenBinding),
}

/// The subject that an issuer names in tokens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TokenBinding {
    /// The issuer (`iss`).
    pub issuer: String,
    /// The subject (`sub`).
    pub subject: String,
}

impl SecretProof {
    /// Returns the kind of key that has such secrets.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        match self {
            Self::Sha256(_) => KeyKind::Subscription,
            Self::Fingerprint(_) | Self::PublicKey(_) => KeyKind::Signature,
            Self::Token(_) => KeyKind::Token,
        }
    }

    /// Returns the digest that a subscription key or a signing secret has; `None` for others.
    #[must_use]
    pub const fn digest(&self) -> Option<Digest> {
        match self {
            Self::Sha256(digest) | Self::Fingerprint(digest) => Some(*digest),
            Self::PublicKey(_) | Self::Token(_) => None,
        }
    }

    /// True if a gateway needs the secret itself to verify with it.
    #[must_use]
    pub const fn needs_secret(&self) -> bool {
        matches!(self, Self::Fingerprint(_))
    }

    /// True if the text of a secret is the one.
    #[must_use]
    pub fn is_proof_of(&self, secret: &HmacSecret) -> bool {
        match self {
            Self::Sha256(digest) | Self::Fingerprint(digest) => secret.fingerprint() == *digest,
            Self::PublicKey(key) => secret.private_key().is_some_and(|private| private.public() == *key),
            Self::Token(_) => false,
        }
    }
}

impl Secret {
    /// True if the secret has not retired yet.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.retires.is_none_or(|retires| now < retires)
    }
}

/// A caller's key.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// The name, by which it is known to people and to backends.
    pub name: KeyName,
    /// Kind of authentication.
    pub kind: KeyKind,
    /// The owner, whose grants it has too.
    #[serde(default)]
    pub owner: Option<OwnerName>,
    /// Description, in one line.
    #[serde(default)]
    pub description: Option<String>,
    /// Time of its creation.
    pub created: Timestamp,
    /// Time before which it is not valid.
    #[serde(default)]
    pub not_before: Option<Timestamp>,
    /// Until when it lets in.
    #[serde(default)]
    pub expires: Option<Timestamp>,
    /// Requirements for its signatures.
    #[serde(default)]
    pub signing: SigningSettings,
    /// The most requests with it in an environment, whatever the group.
    #[serde(default)]
    pub limits: RateLimits,
    /// Its secrets, the oldest first; two are live at most.
    pub secrets: Vec<Secret>,
    /// Its grants, sorted by group and id.
    #[serde(default)]
    pub grants: Vec<Grant>,
}

/// The most secrets of a key that are live at a time: one that is used, and one that takes its place.
pub(super) const MOST_LIVE_SECRETS: usize = 2;

impl Key {
    /// Returns the secrets that have not retired yet.
    pub fn live_secrets(&self, now: Timestamp) -> impl Iterator<Item = &Secret> {
        self.secrets.iter().filter(move |secret| secret.is_live(now))
    }

    /// Returns the time at which the key expired; `None` where it has not.
    #[must_use]
    pub fn past_end(&self, now: Timestamp) -> Option<Timestamp> {
        self.expires.filter(|at| *at <= now)
    }

    /// Names the secrets that let in where they are more than a rotation needs; `None` where they are not.
    #[must_use]
    pub fn third_secret_text(&self, revoked: &RevokedSecrets, now: Timestamp) -> Option<String> {
        let live = self.live_secrets(now).filter(|secret| !revoked.contains(&secret.id));
        let ids: Vec<&str> = live.map(|secret| secret.id.as_str()).collect();
        let is_third = ids.len() > MOST_LIVE_SECRETS && self.expires.is_none_or(|end| end > now);
        is_third.then(|| format!("{} secrets of key {} are live: {}", ids.len(), self.name, ids.join(", ")))
    }

    /// Finds what cannot be, each fault with the text that stands in the line that is at fault.
    #[must_use]
    pub fn faults(&self) -> Vec<KeyFault> {
        let mut faults = Vec::new();
        for (index, secret) in self.secrets.iter().enumerate() {
            if self.secrets.iter().take(index).any(|earlier| earlier.id.is_same_file(&secret.id)) {
                faults.push(KeyFault::RepeatedId(secret.id.clone()));
            }
            if secret.proof.kind() != self.kind {
                faults.push(KeyFault::OtherKind(secret.id.clone(), self.kind));
            }
        }
        let unretired: Vec<&Secret> = self.secrets.iter().filter(|secret| secret.retires.is_none()).collect();
        if let Some(third) = unretired.get(MOST_LIVE_SECRETS) {
            faults.push(KeyFault::ThirdSecret(third.id.clone()));
        }
        for (index, grant) in self.grants.iter().enumerate() {
            if self.grants.iter().take(index).any(|earlier| earlier.id == grant.id) {
                faults.push(KeyFault::RepeatedGrant(grant.id.to_string()));
            }
            if grant.environments.is_empty() {
                faults.push(KeyFault::NoEnvironment(grant.id.to_string()));
            }
        }
        faults
    }
}

/// Something in a key's file that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// Two secrets of one id.
    #[error("the id {0} is repeated")]
    RepeatedId(SecretId),
    /// A secret of another kind than its key.
    #[error("the secret {0} does not belong to a key of kind {1}")]
    OtherKind(SecretId, KeyKind),
    /// More live secrets than a rotation needs.
    #[error("the secret {0} is the third live one, and a key has {MOST_LIVE_SECRETS} at most")]
    ThirdSecret(SecretId),
    /// Two grants of one id.
    #[error("the grant {0} is repeated")]
    RepeatedGrant(String),
    /// A grant for nowhere.
    #[error("the grant {0} names no environment")]
    NoEnvironment(String),
}

impl KeyFault {
    /// Returns the id that is at fault, and the place of the line with it among those with the same text.
    #[must_use]
    pub fn place(&self) -> (&str, usize) {
        match self {
            Self::RepeatedId(id) => (id.as_str(), 1),
            Self::OtherKind(id, _) | Self::ThirdSecret(id) => (id.as_str(), 0),
            Self::RepeatedGrant(id) => (id, 1),
            Self::NoEnvironment(id) => (id, 0),
        }
    }
}

/// A secret that lets nobody in any more; never undone.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// The secret.
    pub secret: SecretId,
    /// The key that had it.
    pub key: KeyName,
    /// Time.
    pub time: Timestamp,
    /// The person or program that revoked it.
    pub by: String,
    /// Reason; `None` if none was given.
    #[serde(default)]
    pub why: Option<String>,
}
