//! Requests that have to wait for their body or for a backend.

use std::cell::OnceCell;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use http::{Method, Uri};

use super::context::Context;
use crate::access::ApiCall;
use crate::gateway::access::{AdmittedCaller, CallerCheck};
use crate::gateway::client_address::UntoldAddress;
use crate::gateway::compiled::CompiledGroup;
use crate::gateway::request_head::CheckedHead;

/// State of a request that has to wait for its body or for a backend.
pub(super) struct WaitingRequest {
    pub(super) context: Rc<Context>,
    pub(super) group: Arc<CompiledGroup>,
    /// The API's place in the group.
    pub(super) api: usize,
    pub(super) head: CheckedHead,
    pub(super) method: Method,
    pub(super) uri: Uri,
    /// The client's address.
    pub(super) address: Result<IpAddr, UntoldAddress>,
    /// The path below the group's prefix.
    pub(super) path: String,
    /// The texts in the path's parameters, percent-encoded.
    pub(super) texts: Vec<String>,
    pub(super) body_limit: u64,
    /// The verdict on the caller, where the API asks for one.
    pub(super) caller: Option<CallerCheck>,
    /// The caller whose signature was verified with the body.
    pub(super) signed_caller: OnceCell<AdmittedCaller>,
}

impl WaitingRequest {
    /// Returns the caller that was let in.
    pub(super) fn admitted(&self) -> Option<&AdmittedCaller> {
        match &self.caller {
            Some(CallerCheck::Passed(caller)) => Some(caller),
            Some(CallerCheck::AfterBody) => self.signed_caller.get(),
            None => None,
        }
    }
}

/// Names a call, for the search of its grant.
pub(super) fn api_call<'a>(group: &'a CompiledGroup, api_names: &'a [&'a str]) -> ApiCall<'a> {
    ApiCall { group: &group.name, environment: &group.environment, api_names }
}
