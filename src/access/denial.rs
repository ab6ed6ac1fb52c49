//! The reasons for which a call is refused.

use std::fmt;

use super::fault::SignatureFault;
use super::nonces::NonceFault;
use super::secret_id::SecretId;
use super::token::TokenFault;
use crate::model::{KeyKind, KeyName, Timestamp};

/// Reason why a call is refused, for the operator. A caller learns no more than the status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// The request shows no key of a kind that the group takes.
    #[error("the request has no key")]
    NoKey,
    /// The request shows a credential of a kind that the group does not take.
    #[error("the request has {0}, which the group does not take")]
    NotTaken(CredentialKind),
    /// A header that must stand once stands twice, or holds no key.
    #[error("the key is malformed")]
    Malformed,
    /// No key has the id.
    #[error("no key has this id")]
    UnknownId,
    /// The id is of a key of another kind.
    #[error("key {0} is of kind {1}, and shown as another one")]
    OtherKind(KeyName, KeyKind),
    /// The secret is wrong.
    #[error("key {0}: the secret is wrong")]
    WrongSecret(KeyName),
    /// The signature does not hold.
    #[error("{}{fault}", named(.key.as_ref()))]
    Signature {
        /// The key, where its id is known.
        key: Option<KeyName>,
        /// Fault of the signature.
        fault: SignatureFault,
    },
    /// The token lets nobody in.
    #[error("{0}")]
    Token(TokenFault),
    /// No key is bound to the subject of a good token.
    #[error("no key is bound to the subject {subject:?} of {issuer:?}")]
    UnboundSubject {
        /// The issuer.
        issuer: String,
        /// The subject, cut short where it is long.
        subject: String,
    },
    /// A good token lacks the scopes of the API.
    #[error("the token of {subject:?} lacks a scope that the API asks for")]
    NoScope {
        /// The subject, cut short where it is long.
        subject: String,
    },
    /// The secret is not on this machine, so that no signature can be verified.
    #[error("key {0}: its secret is not on this machine")]
    NoSecretHere(KeyName),
    /// The secret was revoked.
    #[error("key {0}: the secret was revoked")]
    Revoked(KeyName),
    /// The secret of this id was revoked, and no key has it any more.
    #[error("the secret {0} was revoked, and no key has it any more")]
    RevokedBefore(SecretId),
    /// The secret retired, or the key expired.
    #[error("key {key}: the {part} ended at {at}")]
    Ended {
        /// The key.
        key: KeyName,
        /// The part of it that ended.
        part: EndedPart,
        /// Time at which it ended.
        at: Timestamp,
    },
    /// The key is not yet valid.
    #[error("key {0}: not valid before {1}")]
    NotYet(KeyName, Timestamp),
    /// No grant of the key or of its owner allows the call.
    #[error("key {0}: no grant for this API in this environment")]
    NoGrant(KeyName),
    /// The same request was let in before, or there is no room to remember it.
    #[error("key {0}: {1}")]
    Nonce(KeyName, NonceFault),
}

/// A credential of a kind that a group does not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialKind {
    /// A signed request.
    Signature,
    /// A token of an issuer.
    Token,
    /// A subscription key in a header that the group does not name.
    OtherHeader,
}

impl fmt::Display for CredentialKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Signature => "a signature",
            Self::Token => "a token",
            Self::OtherHeader => "a subscription key in another header",
        })
    }
}

/// The part of a key that has an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedPart {
    /// The secret, which retired.
    Secret,
    /// The whole key, which expired.
    Key,
}

impl fmt::Display for EndedPart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Secret => "secret",
            Self::Key => "key",
        })
    }
}

/// Cuts a subject short for the operator.
#[must_use]
pub fn shown_subject(subject: &str) -> String {
    subject.chars().take(64).collect()
}

fn named(key: Option<&KeyName>) -> String {
    key.map(|key| format!("key {key}: ")).unwrap_or_default()
}
