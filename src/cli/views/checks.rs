//! The documents of `check` and `verify`.

use schemars::JsonSchema;
use serde::Serialize;

use super::{FindingView, FindingsView, OutputDocument, PlanView};
use crate::check::can_be_set;
use crate::model::{Rule, SCHEMA, Severity};
use crate::workspace::{ProblemKind, WorkspaceVerification};

/// The findings, or the rule that `--explain` asks for.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::cli) enum CheckDocument<'a> {
    Findings(FindingsView<'a>),
    Rules {
        schema: u32,
        rules: Vec<RuleView>,
    },
    Rule {
        schema: u32,
        #[serde(flatten)]
        rule: RuleView,
    },
    Formats {
        schema: u32,
        formats: Vec<FormatView>,
    },
}

/// A rule of `check`.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct RuleView {
    rule: &'static str,
    severity: Severity,
    explanation: &'static str,
    /// A breach of it and its correction. None when the explanation is enough.
    example: Option<&'static str>,
    /// True if `apigw.toml` can give it another severity.
    can_be_set: bool,
}

impl RuleView {
    pub(in crate::cli) fn new(rule: &Rule) -> Self {
        Self {
            rule: rule.name,
            severity: rule.severity,
            explanation: rule.explanation,
            example: Some(rule.example).filter(|example| !example.is_empty()),
            can_be_set: can_be_set(rule.name),
        }
    }
}

/// A format that is enforced.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct FormatView {
    pub(in crate::cli) name: &'static str,
    pub(in crate::cli) meaning: &'static str,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct VerifyView<'a> {
    schema: u32,
    entries: usize,
    operations: usize,
    versions: usize,
    problems: Vec<ProblemView<'a>>,
    /// The repairs that were made.
    repairs: &'a [String],
    /// The edits by hand that were recorded, and those that policies refuse, one plan an environment.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    plans: Vec<PlanView<'a>>,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct ProblemView<'a> {
    kind: ProblemKind,
    repairable: bool,
    finding: FindingView<'a>,
}

impl<'a> VerifyView<'a> {
    pub(in crate::cli) fn new(
        found: &'a WorkspaceVerification,
        repairs: &'a [String],
        plans: Vec<PlanView<'a>>,
    ) -> Self {
        let problems = found.problems.iter().map(|problem| ProblemView {
            kind: problem.kind,
            repairable: problem.repairable,
            finding: FindingView::new(&problem.finding),
        });
        Self {
            schema: SCHEMA,
            entries: found.entries,
            operations: found.operations,
            versions: found.versions,
            problems: problems.collect(),
            repairs,
            plans,
        }
    }
}

impl OutputDocument for CheckDocument<'_> {}
impl OutputDocument for VerifyView<'_> {}
