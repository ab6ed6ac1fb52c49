//! The reasons for which access refuses a request, for metrics: a closed list.

use crate::access::{Denial, SignatureFault};

/// The reason for which access refuses a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefusalReason {
    Address,
    Clock,
    Ended,
    Limit,
    Malformed,
    NoGrant,
    NoKey,
    NoScope,
    NoSecretHere,
    Nonce,
    NotYetValid,
    Revoked,
    Signature,
    Token,
    UnboundSubject,
    UnknownId,
    WrongSecret,
}

impl RefusalReason {
    /// All reasons, in the order of their words.
    pub(crate) const ALL: [Self; 17] = [
        Self::Address,
        Self::Clock,
        Self::Ended,
        Self::Limit,
        Self::Malformed,
        Self::NoGrant,
        Self::NoKey,
        Self::NoScope,
        Self::NoSecretHere,
        Self::Nonce,
        Self::NotYetValid,
        Self::Revoked,
        Self::Signature,
        Self::Token,
        Self::UnboundSubject,
        Self::UnknownId,
        Self::WrongSecret,
    ];

    /// Returns the reason as a word.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Clock => "clock",
            Self::Ended => "ended",
            Self::Limit => "limit",
            Self::Malformed => "malformed",
            Self::NoGrant => "no_grant",
            Self::NoKey => "no_key",
            Self::NoScope => "no_scope",
            Self::NoSecretHere => "no_secret_here",
            Self::Nonce => "nonce",
            Self::NotYetValid => "not_yet_valid",
            Self::Revoked => "revoked",
            Self::Signature => "signature",
            Self::Token => "token",
            Self::UnboundSubject => "unbound_subject",
            Self::UnknownId => "unknown_id",
            Self::WrongSecret => "wrong_secret",
        }
    }
}

impl From<&Denial> for RefusalReason {
    fn from(denial: &Denial) -> Self {
        match denial {
            Denial::Signature { fault: SignatureFault::Clock { .. }, .. } => Self::Clock,
            Denial::Ended { .. } => Self::Ended,
            Denial::Malformed => Self::Malformed,
            Denial::NoGrant(_) => Self::NoGrant,
            Denial::NoKey | Denial::NotTaken(_) => Self::NoKey,
            Denial::NoScope { .. } => Self::NoScope,
            Denial::NoSecretHere(_) => Self::NoSecretHere,
            Denial::Nonce(..) => Self::Nonce,
            Denial::NotYet(..) => Self::NotYetValid,
            Denial::Revoked(_) | Denial::RevokedBefore(_) => Self::Revoked,
            Denial::Signature { .. } => Self::Signature,
            Denial::Token(_) => Self::Token,
            Denial::UnboundSubject { .. } => Self::UnboundSubject,
            Denial::UnknownId | Denial::OtherKind(..) => Self::UnknownId,
            Denial::WrongSecret(_) => Self::WrongSecret,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_its_own_place() {
        for (place, reason) in RefusalReason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, place, "{}", reason.label());
        }
        assert!(RefusalReason::ALL.is_sorted_by_key(|reason| reason.label()));
    }
}
