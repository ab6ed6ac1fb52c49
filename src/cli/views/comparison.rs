//! The documents of `diff`.

use schemars::JsonSchema;
use serde::Serialize;

use super::{EntryView, OutputDocument, ViewProblemView};
use crate::compare::Compatibility;
use crate::model::{BumpLevel, GroupName};

/// The comparison, or the rule that `--explain` asks for.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::cli) enum DiffDocument {
    Groups {
        schema: u32,
        breaking: bool,
        groups: Vec<GroupDiffView>,
        /// The entries that cannot be read, so that their groups are not compared.
        problems: Vec<ViewProblemView>,
    },
    Kinds {
        schema: u32,
        kinds: Vec<KindView>,
    },
    Kind {
        schema: u32,
        #[serde(flatten)]
        kind: KindView,
    },
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct GroupDiffView {
    pub(in crate::cli) group: GroupName,
    /// `added` or `removed` where one side has the group alone, `unreadable` where a live version cannot be read, else
    /// `compared`.
    pub(in crate::cli) state: &'static str,
    pub(in crate::cli) before: Option<EntryView>,
    pub(in crate::cli) after: Option<EntryView>,
    pub(in crate::cli) breaking: bool,
    /// The level by which the version should be bumped; none where nothing changed.
    pub(in crate::cli) advice: Option<BumpLevel>,
    pub(in crate::cli) counts: ChangeCountsView,
    pub(in crate::cli) changes: Vec<CompatibilityChangeView>,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct ChangeCountsView {
    pub(in crate::cli) breaking: usize,
    pub(in crate::cli) warning: usize,
    pub(in crate::cli) compatible: usize,
}

/// A change between two definitions.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct CompatibilityChangeView {
    pub(in crate::cli) kind: &'static str,
    pub(in crate::cli) compatibility: Compatibility,
    pub(in crate::cli) method: Option<String>,
    pub(in crate::cli) path: Option<String>,
    /// The other APIs that have the same change.
    pub(in crate::cli) also: Vec<String>,
    #[serde(rename = "where")]
    pub(in crate::cli) place: String,
    pub(in crate::cli) message: String,
    /// The place in the old definition.
    pub(in crate::cli) before: Option<String>,
    /// The place in the new definition.
    pub(in crate::cli) after: Option<String>,
}

/// A kind of change.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct KindView {
    pub(in crate::cli) kind: &'static str,
    pub(in crate::cli) explanation: &'static str,
    pub(in crate::cli) breaks_requests: bool,
    pub(in crate::cli) breaks_responses: bool,
}

impl OutputDocument for DiffDocument {}
