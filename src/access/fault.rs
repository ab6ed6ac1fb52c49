//! Reasons for which a signature is refused, for the operator alone: a caller gets one and the same 401 for each.

use crate::model::Timestamp;

/// Reason why a signed request is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureFault {
    /// Two headers `Authorization`.
    #[error("there are several Authorization headers")]
    SeveralAuthorizations,
    /// The header is longer than any signer makes it.
    #[error("the Authorization header is too long")]
    TooLong,
    /// The header does not have the fields of its scheme.
    #[error("the Authorization header is malformed")]
    Malformed,
    /// The list of signed headers is not in order, has too many names, or one that cannot be signed.
    #[error("SignedHeaders is not a sorted list of at most 64 names in lower case")]
    SignedHeaders,
    /// The date is missing or malformed.
    #[error("the date header is missing or malformed")]
    NoDate,
    /// The day of the scope differs from the date.
    #[error("the day of the scope is not that of the date header")]
    ScopeDate,
    /// The nonce is missing, too long, or not signed.
    #[error("the nonce is missing, longer than 256 bytes, contains whitespace, or is not a signed header")]
    NoNonce,
    /// The host is not signed, in a scheme without a nonce.
    #[error("the host is not among the signed headers")]
    NoHost,
    /// A header that has one value stands twice.
    #[error("the header {0} is repeated")]
    RepeatedHeader(&'static str),
    /// A signed header that `Connection` names, so that the backend would not get it.
    #[error("a signed header is named in Connection, and would not reach the backend")]
    SignedHopHeader,
    /// A header that is named as signed is not there.
    #[error("a signed header is missing")]
    SignedHeaderMissing,
    /// The clocks differ by more than is allowed.
    #[error("the signer's clock is {}", clock(*.ahead_ms))]
    Clock {
        /// The milliseconds by which the signer's clock is ahead; negative where it is behind.
        ahead_ms: i64,
    },
    /// The region or the service is not the one that the key is bound to.
    #[error("the region or the service of the scope is not that of the key (`signing`)")]
    Scope,
    /// The stated hash is not that of the body.
    #[error("the stated hash does not match the body")]
    BodyHash,
    /// The header with the digests of the body cannot be read.
    #[error("Content-Digest is malformed, or has no sha-256 or sha-512, or one of them twice")]
    ContentDigest,
    /// The headers of a message signature do not have its fields.
    #[error("Signature-Input or Signature is missing, malformed or too long")]
    SignatureInput,
    /// Several message signatures could be meant.
    #[error("there is not exactly one signature that is tagged \"apigw\", or one in all without a tag")]
    SeveralSignatures,
    /// A parameter of a message signature is missing or of another type.
    #[error("the parameter {0:?} of the signature is missing or malformed")]
    SignatureParameter(&'static str),
    /// No time is between the two dates of a message signature.
    #[error("the signature expires before it is created")]
    ExpiresBeforeCreated,
    /// A component that no signature may cover here.
    #[error("the component {0:?}, or a parameter of it, cannot be covered")]
    Component(String),
    /// A component that is covered twice.
    #[error("the component {0:?} is covered twice")]
    RepeatedComponent(String),
    /// A component that has to be covered.
    #[error("the signature does not cover {0:?}")]
    NotCovered(String),
    /// The stated algorithm is not the key's.
    #[error("the stated algorithm is not that of the key")]
    Algorithm,
    /// The key is of another algorithm than the scheme.
    #[error("the key is not one for this scheme")]
    OtherScheme,
    /// The time after which the client wants the request refused has passed.
    #[error("the signature expired at {0}")]
    Expired(Timestamp),
    /// The signature is wrong.
    #[error("the signature does not match the request")]
    MessageMismatch,
    /// No canonical form has this signature.
    #[error("the signature matches no canonical form of the request{}", path_hint(*.has_encoded_path))]
    Mismatch {
        /// True if the path holds a `%`, so that the form of the path was that of the key's setting alone.
        has_encoded_path: bool,
    },
}

fn clock(ahead_ms: i64) -> String {
    let seconds = ahead_ms.unsigned_abs() / 1000;
    let (minutes, rest) = (seconds / 60, seconds % 60);
    let direction = if ahead_ms > 0 { "ahead" } else { "behind" };
    format!("{minutes} min {rest} s {direction}")
}

/// Returns the part of a message that names the setting on which a verdict depended. The other form is not tried: the
/// time that it takes would tell.
const fn path_hint(has_encoded_path: bool) -> &'static str {
    if has_encoded_path {
        "; its path holds a `%`, so the key's `signing: {path: sent|again}` decides on the form"
    } else {
        ""
    }
}
