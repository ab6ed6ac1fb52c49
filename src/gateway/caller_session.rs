//! Callers of connections that outlive their request: a websocket is open only as long as its caller may call.

use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;

use super::request_head::wants_websocket;
use crate::access::token::TokenClaims;
use crate::access::{ApiCall, Denial, KeyDirectory, PresentedSecret, SecretId};
use crate::model::{Timestamp, TokenGrant};

/// The longest wait for an end: a clock that is set forward reaches it sooner.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// The credential with which a connection was opened, and the call that it was opened for.
#[derive(Debug, Clone)]
pub(crate) struct CallerSession {
    group: String,
    environment: String,
    api_names: Vec<String>,
    credential: SessionCredential,
}

#[derive(Debug, Clone)]
enum SessionCredential {
    /// A subscription key, or a secret or a pair by which the request was signed.
    Secret(SecretId),
    /// A token, with the rule that says who is let in with a good one.
    Token(Arc<TokenClaims>, TokenGrant),
}

impl CallerSession {
    /// Remembers the secret of a request that asks for a websocket; `None` for other requests.
    pub(super) fn of_secret(parts: &Parts, id: &SecretId, call: &ApiCall<'_>) -> Option<Box<Self>> {
        wants_websocket(parts).then(|| Box::new(Self::new(SessionCredential::Secret(id.clone()), call)))
    }

    /// Remembers the token of a request that asks for a websocket; `None` for other requests.
    pub(super) fn of_token(
        parts: &Parts,
        claims: Arc<TokenClaims>,
        grant: TokenGrant,
        call: &ApiCall<'_>,
    ) -> Option<Box<Self>> {
        wants_websocket(parts).then(|| Box::new(Self::new(SessionCredential::Token(claims, grant), call)))
    }

    fn new(credential: SessionCredential, call: &ApiCall<'_>) -> Self {
        Self {
            group: call.group.to_owned(),
            environment: call.environment.to_owned(),
            api_names: call.api_names.iter().map(|&name| name.to_owned()).collect(),
            credential,
        }
    }

    /// Checks that the caller may still call, and returns the time until which it may if no key changes.
    pub(super) fn check(&self, directory: &KeyDirectory, now: Timestamp) -> Result<Option<Timestamp>, Denial> {
        let api_names: Vec<&str> = self.api_names.iter().map(String::as_str).collect();
        let call = ApiCall { group: &self.group, environment: &self.environment, api_names: &api_names };
        match &self.credential {
            SessionCredential::Secret(id) => {
                let presented = directory.check_secret(id, now)?;
                directory.check_grant(presented.key, &call)?;
                Ok(end_of(directory, presented))
            }
            SessionCredential::Token(claims, grant) => {
                let expires = claims.check_expiry(now).map_err(Denial::Token)?;
                let of_key = match (directory.check_subject(&claims.binding, now), grant) {
                    (Err(Denial::UnboundSubject { .. }), TokenGrant::Any) => None,
                    (presented, grant) => {
                        let presented = presented?;
                        if *grant == TokenGrant::Key {
                            directory.check_grant(presented.key, &call)?;
                        }
                        end_of(directory, presented)
                    }
                };
                Ok(Some(of_key.map_or(expires, |end| end.min(expires))))
            }
        }
    }
}

fn end_of(directory: &KeyDirectory, presented: PresentedSecret<'_>) -> Option<Timestamp> {
    let retires = directory.retirement(presented.id);
    [presented.key.expires, retires].into_iter().flatten().min()
}

/// Returns the time to wait for an end, rounded up to a millisecond that has passed it.
pub(super) fn wait_until(end: Timestamp, now: Timestamp) -> Duration {
    let milliseconds = end.milliseconds().saturating_sub(now.milliseconds()).max(1);
    Duration::from_millis(milliseconds.unsigned_abs()).min(LONGEST_WAIT)
}
