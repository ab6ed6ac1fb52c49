//! Compares two groups as they could be published, and says of each change whether callers break.
//!
//! [`compare`] takes the settings and the definition of both sides and returns a [`Comparison`]. The direction of the
//! data decides whether a change breaks: a request that accepts less breaks its senders, a response that may hold more,
//! or lacks a promised part, breaks its readers. [`KINDS`] is the table of all kinds of change.
//!
//! Definitions are compared by their meaning, not by their text: a schema is the same behind a `$ref`, in `allOf`,
//! or written out; in the dialect of OpenAPI 3.0 or in JSON Schema 2020-12. Each pair of schemas is compared once for
//! each direction, however many APIs use it, so that time grows with the size of the definitions; a change that several
//! APIs share is one [`Change`]. Definitions that unfold beyond the limits are compared up to these, and the comparison
//! says so. Nothing here does I/O.

mod apis;
mod bodies;
mod comparer;
mod comparison;
mod documentation;
mod excerpt;
mod fingerprint;
mod headers;
mod kinds;
mod markdown;
mod media_partners;
mod media_types;
mod name_claims;
mod outgoing;
mod outgoing_bodies;
mod output;
mod parameters;
mod parts;
mod query_string;
mod same;
mod schema;
mod security;
mod settings;
mod taken_over;

use crate::definition::Definition;
use crate::model::GroupSettings;

use schema::UnfoldingLimits;

pub use comparison::{ApiName, CallerMessage, Change, ChangeRules, Comparison, Sunset};
pub use kinds::{ChangeEffect, Compatibility, KINDS, Kind, stands_for_others};
pub use markdown::markdown;

/// A group as it could be published.
#[derive(Debug, Clone, Copy)]
pub struct ComparedGroup<'a> {
    /// Its settings.
    pub settings: &'a GroupSettings,
    /// Its definition.
    pub definition: &'a Definition,
}

/// Compares two sides.
#[must_use]
pub fn compare(before: ComparedGroup<'_>, after: ComparedGroup<'_>) -> Comparison {
    compare_within(before, after, UnfoldingLimits::USUAL)
}

fn compare_within(before: ComparedGroup<'_>, after: ComparedGroup<'_>, limits: UnfoldingLimits) -> Comparison {
    let mut output = output::ChangeOutput::default();
    settings::compare(before.settings, after.settings, &mut output);
    if !same::definitions(before.definition, after.definition) {
        apis::compare(before.definition, after.definition, limits, &mut output);
    }
    let is_initial = before.settings.version.is_initial();
    Comparison { changes: output.into_changes(), is_initial }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod hostile;

#[cfg(test)]
mod soundness;
