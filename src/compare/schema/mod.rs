//! Compares schemas: all pairs that two definitions bring together, each once for each direction.
//!
//! The unit of comparison is a set of schemas that apply to one value together, as `allOf` and `$ref` combine them;
//! [`view`] opens such sets. A pair of sets has changes of its own, and leads to the pairs of its parts: properties,
//! items, alternatives. The pairs form a graph, in which a recursive schema is a cycle and not an infinite tree. First
//! all pairs are collected and compared, then [`SchemaTable::write`] walks from an API's schemas to the changes that they
//! reach; the shortest route gives a change its path.

mod bounds;
mod choice;
mod object;
mod overlap;
mod pair;
mod proof;
mod reach;
mod sets;
mod types;
mod values;
mod view;
mod writing;

use std::fmt;

use super::fingerprint::Fingerprints;
use super::kinds::Polarity;
use super::output::RawChange;
use crate::definition::{Definition, NodeId, NodeMap, ValueDirection};
use proof::{GoalRules, ProofTable, Prover, ValueWriting};
use sets::{SchemaSets, SetId};
use types::TypeView;
use view::SchemaView;
pub(super) use writing::{FormEncodings, ListWriting, PartEncoding};

/// Limits of unfolding schemas; beyond them the comparison reports that it is incomplete.
#[derive(Debug, Clone, Copy)]
pub(super) struct UnfoldingLimits {
    /// No more pairs of schemas are compared.
    pub(super) pairs: usize,
    /// No more schemas and properties are looked at, counted each time.
    pub(super) steps: usize,
    /// No more steps of proofs are tried.
    pub(super) proofs: usize,
}

impl UnfoldingLimits {
    /// More than definitions of 10,000 APIs need, and little enough for an answer within two seconds.
    pub(super) const USUAL: Self = Self { pairs: 250_000, steps: 4_000_000, proofs: 2_000_000 };
}

/// A path with more steps is written without those in its middle.
const MOST_STEPS_SHOWN: usize = 40;

/// A pair of sets of schemas that was, or will be, compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct PairId(u32);

/// Origin of a pair, which decides the meaning of its changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Context {
    direction: ValueDirection,
    polarity: Polarity,
    writing: ValueWriting,
    /// Serialization of lists, before and after.
    lists: (ListWriting, ListWriting),
    /// The encodings of the form that the value is, by their number.
    form: Option<u32>,
    /// True if the change of `null` was reported already.
    null_told: bool,
    /// True where the value can travel as XML.
    is_xml: bool,
    kept: KeptValues,
}

/// The values that are known to be kept, by a proof of the schemas themselves or of those around them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct KeptValues {
    /// True where each value that was allowed is allowed.
    no_less: bool,
    /// True where each value that is allowed was allowed.
    no_more: bool,
}

impl KeptValues {
    fn either(self, other: Self) -> Self {
        Self { no_less: self.no_less || other.no_less, no_more: self.no_more || other.no_more }
    }

    /// Returns the guarantees for the whole that follow from those of a schema within it.
    fn under(self, polarity: Polarity) -> Self {
        match polarity {
            Polarity::Same => self,
            Polarity::Opposite => Self { no_less: self.no_more, no_more: self.no_less },
            Polarity::Unknown if self.no_less && self.no_more => self,
            Polarity::Unknown => Self::default(),
        }
    }

    fn is_all(self) -> bool {
        self.no_less && self.no_more
    }
}

impl Context {
    fn new(direction: ValueDirection, writing: ValueWriting) -> Self {
        let lists = (ListWriting::Json, ListWriting::Json);
        Self {
            direction,
            polarity: Polarity::Same,
            writing,
            lists,
            form: None,
            null_told: false,
            is_xml: false,
            kept: KeptValues::default(),
        }
    }
}

/// A step from a value to one that it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum SchemaStep<'d> {
    Property(&'d str),
    Items,
    Item(usize),
    /// Properties that are not declared.
    Others,
    Pattern(&'d str),
    Alternative(&'static str, AlternativeName<'d>),
    Keyword(&'static str),
}

/// An alternative of `oneOf` or `anyOf`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AlternativeName<'d> {
    Number(usize),
    Name(&'d str),
}

impl fmt::Display for SchemaStep<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Property(name) => write!(formatter, "/{name}"),
            Self::Items => formatter.write_str("[]"),
            Self::Item(index) => write!(formatter, "[{index}]"),
            Self::Others => formatter.write_str("/*"),
            Self::Pattern(pattern) => write!(formatter, "/({pattern})"),
            Self::Alternative(keyword, AlternativeName::Number(index)) => {
                write!(formatter, "({keyword} {})", index + 1)
            }
            Self::Alternative(keyword, AlternativeName::Name(name)) => write!(formatter, "({keyword} {name})"),
            Self::Keyword(keyword) => write!(formatter, "({keyword})"),
        }
    }
}

struct SchemaPair<'d> {
    before: SetId,
    after: SetId,
    context: Context,
    found: Box<[RawChange]>,
    leads_to: Box<[(SchemaStep<'d>, PairId)]>,
    /// True if a change can be reached from here.
    leads_to_change: bool,
    /// The last API whose changes were written from here.
    written_for: usize,
}

/// All that is known of the schemas of two definitions.
pub(super) struct SchemaTable<'d> {
    before: SchemaSets<'d>,
    after: SchemaSets<'d>,
    proofs: ProofTable<'d>,
    forms: Vec<(FormEncodings<'d>, FormEncodings<'d>)>,
    pairs: Vec<SchemaPair<'d>>,
    known: NodeMap<(SetId, SetId, Context), PairId>,
    compared: usize,
    most_pairs: usize,
    steps_left: usize,
    steps_to_write: usize,
    incomplete: bool,
    api: usize,
}

impl<'d> SchemaTable<'d> {
    pub(super) fn new(before: &'d Definition, after: &'d Definition, limits: UnfoldingLimits) -> Self {
        Self {
            before: SchemaSets::new(before),
            after: SchemaSets::new(after),
            proofs: ProofTable::new(before, after, limits.proofs),
            forms: Vec::new(),
            pairs: Vec::new(),
            known: NodeMap::default(),
            compared: 0,
            most_pairs: limits.pairs,
            steps_left: limits.steps,
            steps_to_write: limits.steps,
            incomplete: false,
            api: 1,
        }
    }

    /// Returns the fingerprints of the values of both sides.
    pub(super) fn fingerprints(&mut self) -> (&mut Fingerprints, &mut Fingerprints) {
        (&mut self.before.fingerprints, &mut self.after.fingerprints)
    }

    /// Brings two schemas together; `None` where neither side has one.
    pub(super) fn pair(
        &mut self,
        before: Option<NodeId>,
        after: Option<NodeId>,
        direction: ValueDirection,
    ) -> Option<PairId> {
        self.root(before, after, Context::new(direction, ValueWriting::Json))
    }

    /// Brings the schemas of two media types together.
    pub(super) fn body_pair(
        &mut self,
        before: Option<NodeId>,
        after: Option<NodeId>,
        is_xml: bool,
        direction: ValueDirection,
    ) -> Option<PairId> {
        self.root(before, after, Context { is_xml, ..Context::new(direction, ValueWriting::Json) })
    }

    /// Brings two schemas of values together that are written as text, and says how lists of them are written.
    pub(super) fn text_pair(
        &mut self,
        before: Option<NodeId>,
        after: Option<NodeId>,
        lists: (ListWriting, ListWriting),
        direction: ValueDirection,
    ) -> Option<PairId> {
        self.root(before, after, Context { lists, ..Context::new(direction, ValueWriting::Text) })
    }

    /// Brings two schemas of forms together.
    pub(super) fn form_pair(
        &mut self,
        before: Option<NodeId>,
        after: Option<NodeId>,
        form: (FormEncodings<'d>, FormEncodings<'d>),
        direction: ValueDirection,
    ) -> Option<PairId> {
        let number = u32::try_from(self.forms.len()).ok();
        self.forms.push(form);
        self.root(before, after, Context { form: number, ..Context::new(direction, ValueWriting::Form) })
    }

    fn prover(&mut self, rules: GoalRules) -> Prover<'_, 'd> {
        self.proofs.prover((&mut self.before.fingerprints, &mut self.after.fingerprints), rules)
    }

    /// Tells for each side whether a value can be a list or an object.
    pub(super) fn are_structured(&mut self, before: Option<NodeId>, after: Option<NodeId>) -> (bool, bool) {
        let structured = TypeView::ARRAY.either(TypeView::OBJECT);
        let before: Vec<NodeId> = before.into_iter().collect();
        let after: Vec<NodeId> = after.into_iter().collect();
        let mut steps = self.steps_left;
        let before = SchemaView::open(self.before.definition, &before, &mut steps).types;
        let after = SchemaView::open(self.after.definition, &after, &mut steps).types;
        self.steps_left = steps;
        (before.meets(structured), after.meets(structured))
    }

    /// Returns for each side the media type that a part of a form has by its schema.
    pub(super) fn default_media_types(
        &mut self,
        before: Option<NodeId>,
        after: Option<NodeId>,
    ) -> (Option<&'static str>, Option<&'static str>) {
        let before: Vec<NodeId> = before.into_iter().collect();
        let after: Vec<NodeId> = after.into_iter().collect();
        let steps = &mut self.steps_left;
        (
            writing::default_media_type(self.before.definition, &before, steps),
            writing::default_media_type(self.after.definition, &after, steps),
        )
    }

    /// Compares all pairs that were brought together, and those that they lead to.
    pub(super) fn finish(&mut self) {
        while self.compared < self.pairs.len() {
            pair::compare(self, PairId(u32::try_from(self.compared).unwrap_or(u32::MAX)));
            self.compared += 1;
        }
        self.incomplete |= self.steps_left == 0;
        // No pair is added any more, and the remaining work needs memory of its own.
        self.known = NodeMap::default();
        self.before.forget();
        self.after.forget();
        self.mark();
    }

    /// Begins the next API: the changes that it reaches are written again.
    pub(super) fn next_api(&mut self) {
        self.api += 1;
    }

    /// Tells whether a bound was hit.
    pub(super) fn is_incomplete(&self) -> bool {
        self.incomplete
    }

    fn root(&mut self, before: Option<NodeId>, after: Option<NodeId>, context: Context) -> Option<PairId> {
        if before.is_none() && after.is_none() {
            return None;
        }
        self.meet(before.into_iter().collect(), after.into_iter().collect(), context)
    }

    /// Brings two sets together; `None` where there is nothing to find, or there are too many pairs already.
    fn meet(&mut self, before: Vec<NodeId>, after: Vec<NodeId>, context: Context) -> Option<PairId> {
        if self.are_the_same(&before, &after) {
            return None;
        }
        let (before, after) = (self.before.number(before), self.after.number(after));
        if let Some(known) = self.known.get(&(before, after, context)) {
            return Some(*known);
        }
        let id = u32::try_from(self.pairs.len()).ok().filter(|_| self.pairs.len() < self.most_pairs).map(PairId);
        let Some(id) = id else {
            self.incomplete = true;
            return None;
        };
        self.pairs.push(SchemaPair {
            before,
            after,
            context,
            found: Box::default(),
            leads_to: Box::default(),
            leads_to_change: false,
            written_for: 0,
        });
        self.known.insert((before, after, context), id);
        Some(id)
    }

    /// Tells at once that two schemas are written alike, where neither refers to another one.
    fn are_the_same(&mut self, before: &[NodeId], after: &[NodeId]) -> bool {
        let (old, new) = (&mut self.before, &mut self.after);
        let ([one], [other]) = (before, after) else { return false };
        if old.definition.specification != new.definition.specification {
            return false;
        }
        let number = old.fingerprints.of_closed(old.definition.node(*one));
        number.is_some() && number == new.fingerprints.of_closed(new.definition.node(*other))
    }
}

impl PairId {
    fn index(self) -> usize {
        self.0 as usize
    }
}
