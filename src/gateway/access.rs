//! Access to a group with a real backend: authentication and authorization of a request.
//!
//! [`AccessState::check_head`] is the step between the route and the body. A signed body cannot be judged before it is whole,
//! so [`CallerCheck::AfterBody`] asks for [`AccessState::check_signed_body`] then; no backend sees a byte before.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use http::header::{AUTHORIZATION, HOST};
use http::request::Parts;
use http::{HeaderMap, Method};
use tokio::sync::watch;
use tokio::time::timeout;

use super::access_rules::{AccessRules, bearer_token, credential_not_taken, subscription_key};
use super::caller_session::{CallerSession, wait_until};
use super::clock::wall_clock;
use super::problem::{Kind, Problem};
use super::rate_limits::{AppliedLimit, LimitScope, RateLimiter};
use super::signed_body_room::{BodyReservation, SignedBodyRoom};
use super::signing_key::SigningKey;
use super::token_rules::TokenRules;
use crate::access::sigv4::SignatureScheme;
use crate::access::token::TokenCache;
use crate::access::{
    ApiCall, BodyDigest, ClockReading, Denial, Grant, Key, KeyDirectory, LatestDates, NonceTable, PresentedSecret,
    ReceivedRequest, RequestSignature, SignatureFault, SignedDates, shown_subject,
};
use crate::model::{BackendSigning, KeyName, TokenGrant};

/// A caller that may call, with the limits of its key and of the grant.
#[derive(Debug, Clone)]
pub(crate) struct AdmittedCaller {
    /// None where the token of any subject lets in.
    pub(crate) key: Option<KeyName>,
    pub(crate) limits: Vec<AppliedLimit>,
    /// Set where the request asks for a connection that outlives it.
    pub(crate) session: Option<Box<CallerSession>>,
}

/// The verdict on a caller, as far as the head of its request tells.
#[derive(Debug)]
pub(crate) enum CallerCheck {
    /// It may call.
    Passed(AdmittedCaller),
    /// Its body is signed, and has to be whole first.
    AfterBody,
}

/// State of access that all workers share.
pub(crate) struct AccessState {
    directory: ArcSwap<KeyDirectory>,
    /// Tells open websockets that the directory was replaced.
    replaced: watch::Sender<()>,
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
            replaced: watch::Sender::new(()),
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
        self.replaced.send_replace(());
    }

    /// Waits until the caller of an open connection may no longer call, and returns the reason for the operator.
    pub(crate) async fn session_end(&self, session: &CallerSession) -> Denial {
        let mut replaced = self.replaced.subscribe();
        loop {
            let now = wall_clock();
            let until = match session.check(&self.directory.load(), now) {
                Ok(until) => until,
                Err(denial) => return denial,
            };
            // Woken by a change or by the end: both are looked at again.
            if let Some(until) = until {
                let _ = timeout(wait_until(until, now), replaced.changed()).await;
            } else {
                let _ = replaced.changed().await;
            }
        }
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
                        Denial::Signature { .. } | Denial::UnknownId | Denial::OtherKind(..) | Denial::NoSecretHere(_),
                    ) if has_body => Ok(CallerCheck::AfterBody),
                    checked => checked.map(CallerCheck::Passed),
                };
            }
            if let Some(token) = rules.token.as_ref().filter(|_| rules.shows_token(&parts.headers)) {
                return self.check_token(token, call, parts, now).map(CallerCheck::Passed);
            }
            let text = subscription_key(&parts.headers, &rules.key_headers)?
                .ok_or_else(|| credential_not_taken(&parts.headers).map_or(Denial::NoKey, Denial::NotTaken))?;
            let directory = self.directory.load();
            let presented = directory.check_subscription(text, now.wall)?;
            let grant = directory.check_grant(presented.key, call)?;
            let mut admitted = self.admitted(presented.key, Some(grant), call);
            admitted.session = CallerSession::of_secret(parts, presented.id, call);
            Ok(CallerCheck::Passed(admitted))
        };
        verdict().map_err(|denial: Denial| rules.refusal(&denial))
    }

    /// Finds out whose token a request has, and whether its subject may.
    fn check_token(
        &self,
        token: &TokenRules,
        call: &ApiCall<'_>,
        parts: &Parts,
        now: ClockReading,
    ) -> Result<AdmittedCaller, Denial> {
        let mut values = parts.headers.get_all(AUTHORIZATION).iter();
        let (Some(text), None) = (values.next().and_then(bearer_token), values.next()) else {
            return Err(Denial::Malformed);
        };
        let directory = self.directory.load();
        let claims = token.verify(text, &directory, &self.tokens, now)?;
        let mut admitted = match directory.check_subject(&claims.binding, now.wall) {
            // A subject whose key was revoked or expired is not any subject.
            Err(Denial::UnboundSubject { .. }) if token.grant() == TokenGrant::Any => {
                AdmittedCaller { key: None, limits: Vec::new(), session: None }
            }
            presented => {
                let PresentedSecret { key, .. } = presented?;
                let grant = match token.grant() {
                    TokenGrant::Key => Some(directory.check_grant(key, call)?),
                    TokenGrant::Any => None,
                };
                self.admitted(key, grant, call)
            }
        };
        if !claims.has_scopes(token.scopes()) {
            return Err(Denial::NoScope { subject: shown_subject(&claims.binding.subject) });
        }
        admitted.session = CallerSession::of_token(parts, claims, token.grant(), call);
        Ok(admitted)
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
        let grant = directory.check_grant(key, call)?;
        let (mark, is_nonce) = signature.replay_mark();
        // Without a nonce, two equal requests within a second have one signature: harmless ones may repeat.
        if is_nonce || !matches!(parts.method, Method::GET | Method::HEAD) {
            let claimed = self.nonces.claim(id, mark, signature.time(), now, 2 * tolerance_ms);
            claimed.map_err(|fault| Denial::Nonce(key.name.clone(), fault))?;
        }
        let mut admitted = self.admitted(key, Some(grant), call);
        admitted.session = CallerSession::of_secret(parts, id, call);
        Ok(admitted)
    }

    fn admitted(&self, key: &Key, grant: Option<&Grant>, call: &ApiCall<'_>) -> AdmittedCaller {
        let applied = |limits, scope, name| self.limiter.applied(limits, call.environment, scope, name);
        let of_key = applied(&key.limits, LimitScope::Key, key.name.as_str());
        let of_grant = grant.map(|grant| applied(&grant.limits, LimitScope::Grant, grant.id.as_str()));
        let limits = of_key.chain(of_grant.into_iter().flatten()).collect();
        AdmittedCaller { key: Some(key.name.clone()), limits, session: None }
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
    pub(crate) fn reserve_body(&self, headers: &HeaderMap, client: IpAddr) -> BodyReservation<'_> {
        let signature = request_signature(headers).ok().flatten();
        let is_known = signature.is_some_and(|signature| self.directory.load().has_signer(signature.key_id()));
        self.signed_bodies.reserve(client, is_known)
    }

    fn now(&self) -> ClockReading {
        ClockReading { wall: wall_clock(), monotonic_ms: milliseconds(self.started.elapsed()) }
    }
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
