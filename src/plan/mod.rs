//! From a request and the state on disk to the complete outcome: a [`Plan`].
//!
//! One file a verb. A function here decides everything that a commit does; committing makes no choice, and a dry run is
//! the same plan, shown and dropped. Nothing here touches a file or reads a clock: the state comes through [`Facts`],
//! time and user through [`Author`](crate::model::Author).

mod accept;
mod access;
mod backend;
mod bump;
mod candidate;
mod edited;
mod error;
mod facts;
mod heads;
mod join;
mod offline;
mod outcome;
mod overlay;
mod past_state;
mod policy;
mod promote;
mod publish;
mod refusal;
mod release;
mod renumber;
mod resolve;
mod rollback;
mod selection;
mod switch;
mod three_way;
mod undo;

pub use accept::accept;
pub use access::missing_apis;
pub use backend::BackendChoice;
pub use bump::{BumpRequest, advice, bump_target};
pub use candidate::{PublishCandidate, ReadableCandidate};
pub use error::{AddressOrigin, Error, StaleReason, StateError, StepFault};
pub use facts::{Facts, HeldGrant, LooseOperation, NamedVersions, PastEntry};
pub use heads::{GroupHeads, Operations, missing_predecessor};
pub use join::join_plan;
pub use offline::{OfflineRequest, offline};
pub use outcome::{EditedEntry, Freeze, Plan, SettingsEdit};
pub use past_state::PastState;
pub use promote::{PromoteRequest, PromotedRelease, promote};
pub use publish::{PublishRequest, check_number, publish};
pub use refusal::{
    BlockedRelease, BreakingChange, ComparedVersions, ComparisonFault, IncomparableGroup, NextVersion, PolicyRefusal,
    UnprovenRelease,
};
pub use release::{
    BoundChange, BoundPlan, OfflineStep, PlanStep, PromoteStep, PublishStep, ReleasePlan, SwitchStep, bind,
    check_bound, release,
};
pub use renumber::{NumberClaims, renumber};
pub use resolve::{
    GroupConflict, HeadEntry, MergeSide, MergeSides, MergedState, Resolution, ResolveError, ResolveRequest,
    SideEntries, drop_operation, resolve, single_heads,
};
pub use rollback::{RollbackRequest, deployments_before, rollback};
pub use selection::GroupSelection;
pub use switch::{SwitchRequest, SwitchTo, switch};
pub use three_way::{SidePair, merge_entries};
pub use undo::{UndoRequest, undo};

#[cfg(test)]
mod tests;
