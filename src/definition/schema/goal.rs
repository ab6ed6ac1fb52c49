//! Goals of a generated value, and the options for it.

use serde_json::Value;

use super::fits::{FitTerms, fits};
use super::pattern::CompiledPatterns;
use super::shape::SchemaShape;
use crate::definition::api::Specification;
use crate::definition::document::{Node, NodeId};

/// The error for a schema without a generated value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::definition) struct SampleFailure {
    /// The schema that could not be satisfied.
    pub(in crate::definition) node: Option<NodeId>,
    /// The reason.
    pub(in crate::definition) reason: &'static str,
}

/// The options for a generated value.
#[derive(Debug, Clone, Copy)]
pub(super) struct SampleRequest {
    /// The index among the possible values.
    pub(super) variant: usize,
    /// True if optional parts are included.
    pub(super) optional: bool,
    /// True if the caller can do without the value.
    pub(super) dispensable: bool,
    pub(super) level: usize,
}

/// The constraints on a value.
#[derive(Debug, Clone)]
pub(super) struct SampleGoal<'d> {
    pub(super) schemas: Vec<Node<'d>>,
    /// The lists of alternatives with a chosen one.
    pub(super) settled: Vec<NodeId>,
    /// The discriminator's property for the chosen alternative, with its value.
    pub(super) discriminated: Option<(String, String)>,
    /// The other alternatives of a `oneOf`, which must not allow the value.
    pub(super) others: Vec<Node<'d>>,
}

impl<'d> SampleGoal<'d> {
    /// A value that satisfies all schemas.
    pub(super) fn of(schemas: Vec<Node<'d>>) -> Self {
        Self { schemas, settled: Vec::new(), discriminated: None, others: Vec::new() }
    }

    /// Lists the schemas that must not allow the value.
    pub(super) fn negated(&self, shape: &SchemaShape<'d>) -> Vec<Node<'d>> {
        let negated = shape.keyword("not").chain(self.others.iter().copied());
        negated.map(|schema| schema.resolve().unwrap_or(schema)).collect()
    }
}

/// The maximum number of values within a value.
pub(super) const MOST_VALUES: usize = 50_000;
/// The depth down to which optional parts are included.
pub(super) const GENEROUS_LEVELS: usize = 8;
/// The maximum nesting of a value.
pub(super) const MOST_LEVELS: usize = 100;

pub(super) const NO_LIST: &str = "allows no list that could be found, by its items and length";
pub(super) const FORBIDDEN: &str =
    "requires a property that an `additionalProperties: false` around or beside it forbids";
pub(super) const TOO_LARGE: &str = "allows no value that is small enough to build";
pub(super) const CONTRADICTION: &str = "allows no value that could be found";

pub(super) const NO_SINGLE: &str = "has a `oneOf`, and no value was found that exactly one of its alternatives allows";

/// The number of steps and values after which optional parts are left out.
const GENEROUS_STEPS: usize = 30_000;

const GENEROUS_VALUES: usize = 1_500;

/// The maximum total length of the texts in a value, in bytes.
const MOST_BYTES: usize = 4 << 20;

/// The state of generating a value.
pub(super) struct SampleState<'s, 'd> {
    pub(super) specification: Specification,
    pub(super) terms: FitTerms,
    pub(super) patterns: &'s mut CompiledPatterns,
    /// The schemas whose values are under construction, from the outermost.
    pub(super) stack: Vec<NodeId>,
    pub(super) depth: usize,
    pub(super) most_steps: usize,
    pub(super) steps: usize,
    pub(super) values: usize,
    /// The total length of the generated texts.
    pub(super) bytes: usize,
    /// The first schema without a value, with the reason.
    pub(super) fault: Option<(NodeId, &'static str)>,
    /// The first schema with overlapping alternatives.
    pub(super) overlap: Option<NodeId>,
    pub(super) root: Node<'d>,
}

impl<'d> SampleState<'_, 'd> {
    pub(super) fn fits(&mut self, value: &Value, schemas: &[Node<'d>]) -> bool {
        fits(value, schemas, self.terms, self.patterns, &mut self.steps)
    }

    /// True if the budget of steps or texts is exhausted.
    pub(super) fn is_spent(&mut self) -> bool {
        self.steps += self.patterns.taken();
        self.steps > self.most_steps || self.bytes > MOST_BYTES
    }

    /// True if the budget allows optional parts.
    pub(super) fn is_generous(&self) -> bool {
        self.steps < GENEROUS_STEPS && self.values < GENEROUS_VALUES
    }

    /// Counts a generated text.
    pub(super) fn made(&mut self, text: &str) {
        self.bytes += text.len();
    }

    pub(super) fn blame(&mut self, node: Option<NodeId>, reason: &'static str) {
        if let (None, Some(node)) = (self.fault, node) {
            self.fault = Some((node, reason));
        }
    }

    pub(super) fn times_on_stack(&self, id: NodeId) -> usize {
        self.stack.iter().filter(|known| **known == id).count()
    }
}
