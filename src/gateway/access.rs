//! Access to a group with a real backend: authentication and authorization of a request.
//!
//! [`AccessState::check_head`] is the step between the route and the body. A signed body cannot be judged before it is
//! whole, so [`CallerCheck::AfterBody`] asks for [`AccessState::check_signed_body`] then; no backend sees a byte
//! before.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use http::header::{AUTHORIZATION, HOST};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method};

use super::access_rules::{AccessRules, bearer_token, credential_not_taken, subscription_key};
use super::clock::wall_clock;
use super::problem::{Kind, Problem};
use super::rate_limits::{AppliedLimit, LimitScope, RateLimiter};
use super::shown_credential::{LastingCredential, ShownCredential};
use super::signed_body_room::{BodyReservation, SignedBodyRoom};
use super::signing_key::SigningKey;
use super::token_rules::TokenRules;
use crate::access::sigv4::SignatureScheme;
use crate::access::token::{TokenCache, TokenClaims};
use crate::access::{
    ApiCall, BodyDigest, CallGrants, ClockReading, CredentialKind, Denial, Key, KeyDirectory, LatestDates, NonceTable,
    PresentedSecret, ReceivedRequest, RequestSignature, SignatureFault, SignedDates, shown_subject,
};
use crate::model::{BackendSigning, KeyName, Timestamp, TokenGrant};

/// A caller that may call, with the limits of its key and of the grant.
pub(crate) struct AdmittedCaller {
    /// None where the token of any subject lets in.
    pub(crate) key: Option<KeyName>,
    pub(crate) limits: Vec<AppliedLimit>,
    /// The credential that let it in, to be looked at again while the response lasts.
    pub(crate) credential: ShownCredential,
}

/// The verdict on a caller, as far as the head of its request tells.
pub(crate) enum CallerCheck {
    /// It may call.
    Passed(AdmittedCaller),
    /// Its body is signed, and has to be whole first.
    AfterBody,
}

/// State of access that all workers share.
pub(crate) struct AccessState {
    directory: ArcSwap<KeyDirectory>,
    nonces: NonceTable,
    tokens: TokenCache,
    limiter: Arc<RateLimiter>,
    started: Instant,
    signed_bodies: SignedBodyRoom,
}

impl AccessState {
    /// Begins with the keys of a directory.
    pub(crate) fn new(directory: Arc<KeyDirectory>, limiter: Arc<RateLimiter>, dates: Option<SignedDates>) -> Self {
        Self {
            directory: ArcSwap::new(directory),
            nonces: NonceTable::new(ClockReading { wall: wall_clock(), monotonic_ms: 0 }, dates),
            tokens: TokenCache::default(),
            limiter,
            started: Instant::now(),
            signed_bodies: SignedBodyRoom::default(),
        }
    }

    /// Returns the latest dates of signed requests that were let in.
    pub(crate) fn latest_dates(&self) -> LatestDates {
        self.nonces.latest_dates()
    }

    /// Returns the counters of limits.
    pub(crate) fn limiter(&self) -> &RateLimiter {
        &self.limiter
    }

    /// Replaces the keys from the next request on.
    pub(crate) fn replace(&self, directory: Arc<KeyDirectory>) {
        self.directory.store(directory);
    }

    /// Finds out who makes a request, and whether it may.
    pub(crate) fn check_head(
        &self,
        rules: &AccessRules,
        call: &ApiCall<'_>,
        parts: &Parts,
        has_body: bool,
    ) -> Result<CallerCheck, Problem> {
        let verdict = || {
            let now = self.now();
            if let Some(tolerance_ms) = rules.tolerance_ms
                && let Some(signature) = request_signature(&parts.headers)?
            {
                if has_body {
                    // A body is not read for a date that lets nobody in.
                    let fault = |fault| Denial::Signature { key: None, fault };
                    signature.check_date(now.wall, tolerance_ms).map_err(fault)?;
                }
                if has_body && !rules.flags.unsigned_body {
                    return Ok(CallerCheck::AfterBody);
                }
                let body = BodyDigest::of(&parts.headers, b"");
                return match self.check_signed(&signature, tolerance_ms, call, parts, &body) {
                    // It may cover the body nevertheless. One of an unknown id is told as late as a wrong one.
                    Err(
                        Denial::Signature { .. }
                        | Denial::UnknownId
                        | Denial::RevokedBefore(_)
                        | Denial::OtherKind(..)
                        | Denial::NoSecretHere(_),
                    ) if has_body => Ok(CallerCheck::AfterBody),
                    checked => checked.map(CallerCheck::Passed),
                };
            }
            let directory = self.directory.load();
            if let Some(token) = rules.token.as_ref().filter(|_| rules.shows_token(&parts.headers)) {
                let mut values = parts.headers.get_all(AUTHORIZATION).iter();
                let (Some(value), None) = (values.next(), values.next()) else { return Err(Denial::Malformed) };
                let AdmittedToken { claims, presented, grants } =
                    self.verify_token(token, call, value, &directory, now)?;
                let credential = ShownCredential::Token(value.clone(), claims, token.grant());
                return Ok(CallerCheck::Passed(match presented {
                    Some(PresentedSecret { key, .. }) => self.admitted(key, grants, call, credential),
                    None => AdmittedCaller { key: None, limits: Vec::new(), credential },
                }));
            }
            let (place, value) = subscription_key(&parts.headers, &rules.key_headers)?
                .ok_or_else(|| credential_not_taken(&parts.headers).map_or(Denial::NoKey, Denial::NotTaken))?;
            let (presented, grants) = check_subscription(&directory, value, call, now)?;
            let credential = ShownCredential::Subscription(place, value.clone());
            Ok(CallerCheck::Passed(self.admitted(presented.key, grants, call, credential)))
        };
        verdict().map_err(|denial: Denial| rules.refusal(&denial))
    }

    /// Checks that a request would still be let in by its credential, and returns the time until which it would if
    /// nothing changes. A signature is not verified again: its date and its nonce were for one request.
    pub(crate) fn check_again(
        &self,
        rules: &AccessRules,
        call: &ApiCall<'_>,
        credential: Option<&LastingCredential>,
    ) -> Result<Option<Timestamp>, Problem> {
        let verdict = || {
            let now = self.now();
            let directory = self.directory.load();
            match credential.ok_or(Denial::NoKey)? {
                LastingCredential::Signer(id) => {
                    rules.tolerance_ms.ok_or(Denial::NotTaken(CredentialKind::Signature))?;
                    let presented = directory.check_secret(id, now.wall)?;
                    directory.check_grants(presented.key, call)?;
                    Ok(directory.end_of(presented))
                }
                LastingCredential::Subscription(header, value) => {
                    if !rules.key_headers.contains(header) {
                        return Err(Denial::NotTaken(CredentialKind::OtherHeader));
                    }
                    let (presented, _) = check_subscription(&directory, value, call, now)?;
                    Ok(directory.end_of(presented))
                }
                LastingCredential::Token(value, ..) => {
                    let token = rules.token.as_ref().ok_or(Denial::NotTaken(CredentialKind::Token))?;
                    let verified = self.verify_token(token, call, value, &directory, now)?;
                    let of_key = verified.presented.and_then(|presented| directory.end_of(presented));
                    let of_token = verified.claims.expires();
                    Ok(Some(of_key.map_or(of_token, |end| end.min(of_token))))
                }
            }
        };
        verdict().map_err(|denial: Denial| rules.refusal(&denial))
    }

    /// Finds out whether a caller that was let in may call no more since its right was withdrawn: its secret was
    /// revoked or removed, or its grant was. All else that would refuse it now counts for nothing.
    pub(crate) fn withdrawal(&self, call: &ApiCall<'_>, credential: &LastingCredential) -> Option<Denial> {
        let now = self.now();
        let directory = self.directory.load();
        let is_granted = |presented: PresentedSecret<'_>| directory.check_grants(presented.key, call).map(drop);
        let checked = match credential {
            LastingCredential::Signer(id) => directory.check_secret(id, now.wall).and_then(is_granted),
            LastingCredential::Subscription(_, value) => check_subscription(&directory, value, call, now).map(drop),
            LastingCredential::Token(_, claims, grant) => {
                match (directory.check_subject(&claims.binding, now.wall), grant) {
                    (Err(Denial::UnboundSubject { .. }) | Ok(_), TokenGrant::Any) => Ok(()),
                    (presented, _) => presented.and_then(is_granted),
                }
            }
        };
        let is_withdrawal = |denial: &Denial| {
            let granted = matches!(denial, Denial::NoGrant(_) | Denial::UnboundSubject { .. });
            granted || matches!(denial, Denial::Revoked(_) | Denial::RevokedBefore(_) | Denial::UnknownId)
        };
        checked.err().filter(is_withdrawal)
    }

    /// Finds out whose token a header has, and whether its subject may.
    fn verify_token<'d>(
        &self,
        token: &TokenRules,
        call: &ApiCall<'_>,
        value: &HeaderValue,
        directory: &'d KeyDirectory,
        now: ClockReading,
    ) -> Result<AdmittedToken<'d>, Denial> {
        let text = bearer_token(value).ok_or(Denial::Malformed)?;
        let claims = token.verify(text, directory, &self.tokens, now)?;
        let (presented, grants) = match directory.check_subject(&claims.binding, now.wall) {
            // A subject whose key was revoked or expired is not any subject.
            Err(Denial::UnboundSubject { .. }) if token.grant() == TokenGrant::Any => (None, CallGrants::default()),
            presented => {
                let presented = presented?;
                let grants = match token.grant() {
                    TokenGrant::Key => directory.check_grants(presented.key, call)?,
                    TokenGrant::Any => CallGrants::default(),
                };
                (Some(presented), grants)
            }
        };
        if !claims.has_scopes(token.scopes()) {
            return Err(Denial::NoScope { subject: shown_subject(&claims.binding.subject) });
        }
        Ok(AdmittedToken { claims, presented, grants })
    }

    /// Finds out who has signed a request with a body, and whether it may.
    pub(crate) fn check_signed_body(
        &self,
        rules: &AccessRules,
        call: &ApiCall<'_>,
        parts: &Parts,
        body: &BodyDigest,
    ) -> Result<AdmittedCaller, Problem> {
        let verdict = || {
            let tolerance_ms = rules.tolerance_ms.unwrap_or_default();
            let signature = request_signature(&parts.headers)?.ok_or(Denial::NoKey)?;
            self.check_signed(&signature, tolerance_ms, call, parts, body)
        };
        verdict().map_err(|denial| rules.refusal(&denial))
    }

    fn check_signed(
        &self,
        signature: &RequestSignature<'_>,
        tolerance_ms: i64,
        call: &ApiCall<'_>,
        parts: &Parts,
        body: &BodyDigest,
    ) -> Result<AdmittedCaller, Denial> {
        let now = self.now();
        let request = ReceivedRequest {
            method: parts.method.as_str(),
            path: parts.uri.path(),
            query: parts.uri.query().unwrap_or_default(),
            authority: authority(parts),
            headers: &parts.headers,
            body,
        };
        let directory = self.directory.load();
        let PresentedSecret { key, id } = directory.check_signature(signature, &request, now.wall, tolerance_ms)?;
        let grants = directory.check_grants(key, call)?;
        let (mark, is_nonce) = signature.replay_mark();
        // Without a nonce, two equal requests within a second have one signature: harmless ones may repeat.
        if is_nonce || !matches!(parts.method, Method::GET | Method::HEAD) {
            let claimed = self.nonces.claim(id, mark, signature.time(), now, 2 * tolerance_ms);
            claimed.map_err(|fault| Denial::Nonce(key.name.clone(), fault))?;
        }
        Ok(self.admitted(key, grants, call, ShownCredential::Signer(id.as_str().into())))
    }

    fn admitted(
        &self,
        key: &Key,
        grants: CallGrants<'_>,
        call: &ApiCall<'_>,
        credential: ShownCredential,
    ) -> AdmittedCaller {
        let applied = |limits, scope, name| self.limiter.applied(limits, call.environment, scope, name);
        let of_key = applied(&key.limits, LimitScope::Key, key.name.as_str());
        let CallGrants { of_key: of_grant, of_owner } = grants;
        let granted = [(of_grant, LimitScope::Grant), (of_owner, LimitScope::Owner)].into_iter();
        let granted = granted.filter_map(|(grant, scope)| Some((grant?, scope)));
        let of_grants = granted.flat_map(|(grant, scope)| applied(&grant.limits, scope, grant.id.as_str()));
        let limits = of_key.chain(of_grants).collect();
        AdmittedCaller { key: Some(key.name.clone()), limits, credential }
    }

    /// Finds the key that signs requests to a backend, with a secret of it.
    pub(crate) fn signing_key(&self, signing: &BackendSigning) -> Result<SigningKey, Problem> {
        let directory = self.directory.load();
        let found = directory.signing_secret(&signing.key, wall_clock());
        let (PresentedSecret { key, id }, secret) = found.ok_or_else(|| {
            let mut problem =
                Problem::new(Kind::AccessUnavailable, "The request cannot be signed for the backend at the moment.");
            let reason = format!("no secret of key {}, which signs for the backend, is on this machine", signing.key);
            problem.operator_reason = Some(reason);
            problem
        })?;
        Ok(SigningKey { scheme: SignatureScheme::of(signing.scheme), key: Arc::clone(key), id: id.clone(), secret })
    }

    /// Lists the live secrets of keys that are not on this machine, each as the key's name and the id.
    pub(crate) fn missing_secrets(&self) -> Vec<(String, String)> {
        let directory = self.directory.load();
        let missing = directory.missing_secrets(wall_clock());
        let mut missing: Vec<_> = missing.map(|(key, id)| (key.name.to_string(), id.to_string())).collect();
        missing.sort_unstable();
        missing
    }

    /// Begins to set room aside for a signed body from an address.
    pub(crate) fn reserve_body(&self, client: IpAddr) -> BodyReservation<'_> {
        self.signed_bodies.reserve(client)
    }

    fn now(&self) -> ClockReading {
        ClockReading { wall: wall_clock(), monotonic_ms: milliseconds(self.started.elapsed()) }
    }
}

/// A good token whose subject may call.
struct AdmittedToken<'d> {
    claims: Arc<TokenClaims>,
    /// The key that is bound to the subject; `None` where any subject may call and none is bound to this one.
    presented: Option<PresentedSecret<'d>>,
    grants: CallGrants<'d>,
}

/// Finds the key of a header that holds a subscription key, and the grants by which it may call.
fn check_subscription<'d>(
    directory: &'d KeyDirectory,
    value: &HeaderValue,
    call: &ApiCall<'_>,
    now: ClockReading,
) -> Result<(PresentedSecret<'d>, CallGrants<'d>), Denial> {
    let text = value.to_str().map_err(|_| Denial::Malformed)?;
    let presented = directory.check_subscription(text, now.wall)?;
    Ok((presented, directory.check_grants(presented.key, call)?))
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

fn request_signature(headers: &HeaderMap) -> Result<Option<RequestSignature<'_>>, Denial> {
    RequestSignature::parse(headers).map_err(|fault: SignatureFault| Denial::Signature { key: None, fault })
}

/// Returns the requested host and port: of the `Host` header, or of the target on HTTP/2.
fn authority(parts: &Parts) -> &str {
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
    host.or_else(|| parts.uri.authority().map(http::uri::Authority::as_str)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
