//! Calls that go on after their request was let in: websockets, streams of events, long downloads and uploads.
//!
//! Websockets and streams go on only as long as the same request would be let in. That is asked again at each change of
//! the snapshot, of the keys and of the key sets of issuers, and when the credential ends. Which backend it would go to
//! makes no difference: a publish that changes nothing else leaves it alone. A download and an upload have an end of
//! their own: they are cut off only where their caller's right to call is withdrawn, as by a revocation.

use std::net::IpAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, Method};
use tokio::time::timeout;

use super::context::Context;
use super::lookup::{check_address, find_path, match_api};
use super::waiting_request::{WaitingRequest, api_call};
use crate::access::{ApiCall, Denial};
use crate::definition::SequenceFraming;
use crate::definition::percent::one_spelling;
use crate::gateway::client_address::UntoldAddress;
use crate::gateway::clock::wall_clock;
use crate::gateway::compiled::{AccessRule, CompiledResponder, CompiledSnapshot};
use crate::gateway::problem::{Kind, Problem};
use crate::gateway::refusal_reason::RefusalReason;
use crate::gateway::request_body::BodyProgress;
use crate::gateway::request_head::CheckedHead;
use crate::gateway::shown_credential::LastingCredential;
use crate::gateway::upstream::relayed_connection::{LastingCaller, LastingKind};
use crate::model::Timestamp;

/// The longest wait for the end of a credential: a clock that is set forward reaches it sooner.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Age from which a body lasts: one that is shorter is left to come to its end.
const LASTING_BODY: Duration = Duration::from_secs(1);

/// A request that was let in, in memory of its own.
pub(super) struct OngoingCall {
    context: Rc<Context>,
    head: CheckedHead,
    method: Method,
    path: String,
    query: Option<String>,
    address: Result<IpAddr, UntoldAddress>,
    group: String,
    environment: String,
    /// The names of the API.
    api_names: [String; 2],
    kind: LastingKind,
    credential: Option<LastingCredential>,
}

impl OngoingCall {
    pub(super) fn of(wait: &WaitingRequest, kind: LastingKind) -> Self {
        let api = wait.group.apis.get(wait.api);
        let credential = match (api.map(|api| &api.access), wait.admitted()) {
            (Some(AccessRule::Key(rules)), Some(caller)) => caller.credential.outlive_request(rules),
            _ => None,
        };
        let api_names = api.map(|api| [&*api.name, &*api.method_and_path].map(str::to_owned)).unwrap_or_default();
        Self {
            context: Rc::clone(&wait.context),
            head: wait.head.clone(),
            method: wait.method.clone(),
            path: one_spelling(wait.uri.path()).into_owned(),
            query: wait.uri.query().map(str::to_owned),
            address: wait.address.clone(),
            group: wait.group.name.clone(),
            environment: wait.group.environment.clone(),
            api_names,
            kind,
            credential,
        }
    }

    /// Waits until the call has to be cut off, counts that, and returns the reason.
    pub(super) async fn end(self) -> Problem {
        let problem = self.refusal().await;
        if let Some(reason) = problem.refused_for {
            self.context.shared.key_meters.refuse(reason);
        }
        problem
    }

    async fn refusal(&self) -> Problem {
        if self.kind == LastingKind::Transfer {
            let denial = self.withdrawal().await;
            let mut problem = Problem::new(Kind::Unauthenticated, "The caller may call no more.");
            problem.refused_for = Some(RefusalReason::from(&denial));
            problem.operator_reason = Some(denial.to_string());
            return problem;
        }
        let shared = &self.context.shared;
        let mut changes = shared.changes.subscribe();
        loop {
            match self.check(&shared.snapshot.load()) {
                // Woken by a change or by the end: both are looked at again.
                Ok(Some(end)) => {
                    let _ = timeout(wait_until(end, wall_clock()), changes.changed()).await;
                }
                Ok(None) => {
                    let _ = changes.changed().await;
                }
                Err(problem) => return problem,
            }
        }
    }

    /// Waits until the right of the caller is withdrawn, whatever else changes.
    async fn withdrawal(&self) -> Denial {
        let api_names = self.api_names.each_ref().map(String::as_str);
        let call = ApiCall { group: &self.group, environment: &self.environment, api_names: &api_names };
        let shared = &self.context.shared;
        let mut changes = shared.changes.subscribe();
        loop {
            let withdrawal = |credential| shared.access.withdrawal(&call, credential);
            if let Some(denial) = self.credential.as_ref().and_then(withdrawal) {
                return denial;
            }
            let _ = changes.changed().await;
        }
    }

    /// Takes the steps of a request up to its access; returns the time until which it is let in if nothing changes.
    fn check(&self, snapshot: &CompiledSnapshot) -> Result<Option<Timestamp>, Problem> {
        let not_served = || Problem::new(Kind::NotFound, "The group no longer serves this API here.");
        let found = find_path(snapshot, &self.head, &self.path).map_err(|_| not_served())?;
        let group = found.group;
        let matched = match_api(&found, &self.method, self.query.as_deref(), false).map_err(|_| not_served())?;
        let (_, api) = matched.ok_or_else(not_served)?;
        if group.name != self.group
            || group.environment != self.environment
            || self.kind == LastingKind::Websocket && !api.websocket
        {
            return Err(not_served());
        }
        check_address(group, || self.address.clone())?;
        if matches!(group.responder, CompiledResponder::Mock) {
            return Err(Problem::new(Kind::NotFound, "A mock responds to this API now."));
        }
        match &api.access {
            AccessRule::Key(rules) => {
                let names = [&*api.name, &*api.method_and_path];
                let access = &self.context.shared.access;
                access.check_again(rules, &api_call(group, &names), self.credential.as_ref())
            }
            AccessRule::Anyone | AccessRule::Presence(_) => Ok(None),
        }
    }
}

impl WaitingRequest {
    /// Does work that takes in the request's body, unless the caller's right is withdrawn while the body is still
    /// coming. Once all of it has come, the work is left to come to its end.
    pub(super) async fn unless_withdrawn<T, E: From<Problem>>(
        &self,
        body: &BodyProgress,
        mut work: Pin<&mut impl Future<Output = Result<T, E>>>,
    ) -> Result<T, E> {
        let rules = match self.group.apis.get(self.api).map(|api| &api.access) {
            Some(AccessRule::Key(rules)) if self.admitted().is_some() => rules,
            _ => return work.await,
        };
        if let Ok(outcome) = timeout(LASTING_BODY, work.as_mut()).await {
            return outcome;
        }
        let call = OngoingCall::of(self, LastingKind::Transfer);
        tokio::select! {
            biased;
            outcome = work.as_mut() => outcome,
            denial = call.withdrawal() => if body.done.get() { work.await } else { Err(rules.refusal(&denial).into()) },
        }
    }
}

impl LastingCaller for WaitingRequest {
    fn end(self: Box<Self>, kind: LastingKind) -> Pin<Box<dyn Future<Output = Problem>>> {
        // Without the group of its start, which a later publish replaces.
        Box::pin(OngoingCall::of(&self, kind).end())
    }
}

/// Returns the kind of a response, were it to last.
pub(super) fn lasting_kind(headers: &HeaderMap) -> LastingKind {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_stream =
        !headers.contains_key(CONTENT_LENGTH) && value.is_some_and(|text| SequenceFraming::of(text).is_some());
    if is_stream { LastingKind::Stream } else { LastingKind::Transfer }
}

/// Returns the time to wait for an end, rounded up to a millisecond that has passed it.
fn wait_until(end: Timestamp, now: Timestamp) -> Duration {
    let milliseconds = end.ms_since(now).max(1);
    Duration::from_millis(milliseconds.unsigned_abs()).min(LONGEST_WAIT)
}
