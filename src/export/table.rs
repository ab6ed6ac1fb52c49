//! The decisions of a gateway as an ordered list, which is the part that every target has in common.
//!
//! A [`HostTable`] has the paths of some hosts in the order in which they are matched, and a [`PathRule`] the steps of
//! a path, of which the first whose conditions all hold decides. The last step of a path has no conditions.

use super::pattern::query_pattern;
use super::pattern::{PathPattern, PathRewrite};
use super::refusal::ProblemResponse;
use crate::model::IpRules;
use crate::routes::{GroupForwarding, GroupRoutes, Route, RouteForward, Upstream};

/// The paths of some hosts.
pub(super) struct HostTable<'r> {
    /// The hosts, which all lead to the same groups.
    pub(super) hosts: Vec<&'r str>,
    /// The expression of paths that are refused before anything else.
    pub(super) ambiguous: String,
    /// The paths, in the order in which they are matched.
    pub(super) paths: Vec<PathRule<'r>>,
}

/// A path with its steps.
pub(super) struct PathRule<'r> {
    pub(super) group: &'r GroupRoutes,
    pub(super) pattern: PathPattern,
    pub(super) steps: Vec<DecisionStep<'r>>,
}

/// A step: taken if all its conditions hold.
pub(super) struct DecisionStep<'r> {
    pub(super) conditions: Vec<RequestCondition>,
    /// The rules that refuse the addresses that it is for; `None` where it is for all.
    pub(super) refused_by: Option<&'r IpRules>,
    pub(super) action: StepOutcome<'r>,
    /// The API that it belongs to.
    pub(super) route: Option<&'r Route>,
}

/// A condition on a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RequestCondition {
    pub(super) subject: RequestPart,
    pub(super) test: TextTest,
}

/// The part of a request that a condition is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RequestPart {
    Method,
    Path,
    /// The raw query, without its question mark; empty where there is none.
    Query,
    /// A header, its name in lower case; empty where it is missing.
    Header(String),
}

/// A test of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TextTest {
    /// It is there.
    Present,
    Equals(String),
    /// A regular expression matches all of it.
    Matches(String),
    /// One of some regular expressions does.
    MatchesAny(Vec<String>),
}

/// The outcome of a step.
#[derive(Clone)]
pub(super) enum StepOutcome<'r> {
    Respond(FixedResponse<'r>),
    Refuse(ProblemResponse),
    Forward(Box<ForwardAction<'r>>),
}

/// A response that is always the same, but for headers that repeat one of the request.
#[derive(Clone)]
pub(super) struct FixedResponse<'r> {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, HeaderText)>,
    pub(super) media_type: Option<&'r str>,
    pub(super) body: &'r [u8],
}

/// The value of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum HeaderText {
    Literal(String),
    /// The value of a header of the request.
    OfRequest(&'static str),
}

/// A request that goes on to a backend.
#[derive(Clone)]
pub(super) struct ForwardAction<'r> {
    pub(super) forward: &'r GroupForwarding,
    pub(super) own: &'r RouteForward,
    pub(super) upstream: &'r Upstream,
    pub(super) route: &'r Route,
    /// The change of its path; `None` where it stays.
    pub(super) rewrite: Option<PathRewrite>,
}

/// The longest time-out of an engine, in milliseconds: Kong takes no longer one. None takes a time-out of zero for one.
pub(super) const LONGEST_MS: u32 = i32::MAX as u32 - 1;

impl ForwardAction<'_> {
    /// Returns the time-out for a connection, in milliseconds.
    pub(super) fn connect_ms(&self) -> u32 {
        self.forward.timeouts.connect_ms.clamp(1, LONGEST_MS)
    }

    /// Returns the time-out for the head of a response, in milliseconds.
    pub(super) fn response_ms(&self) -> u32 {
        let own = self.own.response_timeout_ms;
        own.unwrap_or(self.forward.timeouts.response_ms).clamp(1, LONGEST_MS)
    }

    /// Returns the time-out for silence in both directions, in milliseconds.
    pub(super) fn idle_ms(&self) -> u32 {
        let of_websockets = self.forward.timeouts.websocket_idle_ms.clamp(1, LONGEST_MS);
        if self.route.websocket { of_websockets } else { self.response_ms() }
    }
}

impl RequestCondition {
    pub(super) const fn new(subject: RequestPart, test: TextTest) -> Self {
        Self { subject, test }
    }

    pub(super) fn method(method: &str) -> Self {
        Self::new(RequestPart::Method, TextTest::Equals(method.to_owned()))
    }

    /// Writes the condition that an expression matches the whole path.
    pub(super) const fn path(pattern: String) -> Self {
        Self::new(RequestPart::Path, TextTest::Matches(pattern))
    }

    pub(super) fn header(name: &str, test: TextTest) -> Self {
        Self::new(RequestPart::Header(name.to_ascii_lowercase()), test)
    }

    pub(super) fn query(name: &str, value: Option<&str>) -> Self {
        Self::new(RequestPart::Query, TextTest::Matches(query_pattern(name, value)))
    }
}
