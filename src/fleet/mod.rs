//! The nodes that follow an environment: Envoys that poll for listeners, clusters and routes, over REST.
//!
//! Pure: a poll and the time go in, a response comes out. `gateway` listens, `workspace` remembers the nodes, and
//! `export` writes the resources.
//!
//! - `resources`: a release of an environment, as a node is given it
//! - `request`: a poll, as it is parsed
//! - `kind`: a node's versions of one kind of resource: the applied one, and the one that was sent
//! - `held`: the clusters that a node has, or may have
//! - `node`: the state of a node, which decides the response to a poll
//! - `environment`: the nodes of an environment, with the release that they follow
//! - `report`: the state as others are told it
//! - `record`: the state as it is remembered
//!
//! # The protocol
//!
//! Envoy polls each kind by itself, one poll at a time, with the version that it applied. It says nothing of a refusal:
//! it polls with the old version again. Of clusters with a bad one it applies the others all the same, and a route to a
//! cluster that it does not have is applied and answered with 503. Hence:
//!
//! - A version is the digest of its content, so that a control plane that is started again finds every node up to date.
//! - A cluster is named by its digest and never changes. A node has those of the routes that it applied beside those of
//!   the next ones, and loses one a while after it polled with routes that do not lead to it: requests may still be on
//!   their way there.
//! - A node is given routes once it polled with a version that has their clusters. A poll names a version before the
//!   names of its backends are resolved, and until then requests to them fail (seen in Envoy 1.40), so those settle
//!   first.
//! - Routes rely on the filters of the listener, so that a node whose listener is of another form is given that first.
//! - A version that was sent twice and is polled as old is refused. It is sent again in growing intervals.
//! - A poll with nothing new is held, where the node's bootstrap allows for it: a release reaches it at once.

mod environment;
mod held;
mod kind;
mod node;
mod record;
mod report;
mod request;
mod resources;
#[cfg(test)]
mod tests;

pub use environment::{EnvironmentFleet, FullFleet};
pub use node::PollStep;
pub use record::FleetRecord;
pub use report::{
    FleetReport, KindReport, NodeReport, NodeTrouble, RefusedClient, RefusedPoll, ReleaseReport, SentReport,
};
pub use request::{DiscoveryPoll, NodeIdentity, RequestError};
pub use resources::{
    ClusterResource, DiscoveryBody, FleetRelease, ListenerBuilder, ReleaseSummary, ResourceKind, WithheldGroup,
};
