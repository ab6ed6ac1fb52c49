//! Requirements of a route for tokens, and the keys of the issuer that verify them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::issuer_keys::{IssuerKeySets, IssuerKeys};
use crate::access::token::{TokenCache, TokenClaims, TokenFault, TokenKeySet};
use crate::access::{ClockReading, Denial, KeyDirectory};
use crate::model::{KeySetSource, TokenGrant};
use crate::routes::TokenAccess;

/// Requirements of a route for tokens.
pub(crate) struct TokenRules {
    access: TokenAccess,
    keys: VerifyingKeys,
}

/// The keys of the issuer.
enum VerifyingKeys {
    /// Those of a file of the directory, by its name.
    File(String),
    /// Those that are fetched from an address.
    Fetched(Arc<IssuerKeys>),
}

impl TokenRules {
    /// Compiles the requirements; from then on the keys of the issuer are fetched.
    pub(crate) fn new(access: &TokenAccess, issuers: &IssuerKeySets) -> Self {
        let keys = match &access.auth.jwks {
            KeySetSource::File(name) => VerifyingKeys::File(name.clone()),
            KeySetSource::Address(address) => VerifyingKeys::Fetched(issuers.get(address)),
        };
        Self { access: access.clone(), keys }
    }

    /// Verifies a token of the issuer, for the audience and the time.
    pub(crate) fn verify(
        &self,
        token: &str,
        directory: &KeyDirectory,
        cache: &TokenCache,
        now: ClockReading,
    ) -> Result<Arc<TokenClaims>, Denial> {
        let auth = &self.access.auth;
        let verify = |keys: &TokenKeySet| cache.verify(keys, token, now.monotonic_ms);
        let claims = match &self.keys {
            VerifyingKeys::File(name) => verify(directory.key_set(name)?),
            VerifyingKeys::Fetched(issuer) => {
                let keep = Duration::from_secs(auth.jwks_keep_s.into());
                let fetched = issuer.fetched();
                let keys = fetched.as_ref().and_then(|fetched| fetched.keys(keep, Instant::now()));
                let claims = keys.ok_or_else(|| TokenFault::NoKeySet(auth.jwks.clone())).and_then(verify);
                if matches!(claims, Err(TokenFault::UnknownKey)) {
                    issuer.want();
                }
                claims
            }
        };
        let claims = claims.map_err(Denial::Token)?;
        claims.check(auth, now.wall).map_err(Denial::Token)?;
        Ok(claims)
    }

    /// Returns who is let in with a good token.
    pub(crate) fn grant(&self) -> TokenGrant {
        self.access.auth.grant
    }

    /// Returns the lists of scopes, of which a token must have all of one.
    pub(crate) fn scopes(&self) -> &[Vec<String>] {
        &self.access.scopes
    }
}
