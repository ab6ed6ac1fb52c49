//! All pairs of schemas that two definitions bring together, each once for each direction.

use std::rc::Rc;

use super::context::{Context, PairId, SchemaStep};
use super::extending_schemas::ExtendingSchemas;
use super::proof::{DefinitionSide, GoalRules, ProofTable, Prover, ValueWriting};
use super::property_mentions::PropertyMentions;
use super::sets::{SchemaSets, SetId};
use super::view::SchemaView;
use super::writing::{self, FormEncodings, ListWriting};
use crate::compare::fingerprint::Fingerprints;
use crate::compare::output::RawChange;
use crate::definition::TypeSet;
use crate::definition::{Definition, Node, NodeId, NodeMap, ValueDirection};
use crate::model::media_type_essence;

/// Limits of unfolding schemas; beyond them the comparison reports that it is incomplete.
#[derive(Debug, Clone, Copy)]
pub(in crate::compare) struct UnfoldingLimits {
    /// No more pairs of schemas are compared.
    pub(in crate::compare) pairs: usize,
    /// No more schemas and properties are looked at, counted each time.
    pub(in crate::compare) steps: usize,
    /// No more steps of proofs are tried.
    pub(in crate::compare) proofs: usize,
}

impl UnfoldingLimits {
    /// More than definitions of 10,000 APIs need, and little enough for an answer within two seconds.
    pub(in crate::compare) const USUAL: Self = Self { pairs: 250_000, steps: 4_000_000, proofs: 2_000_000 };
}

/// A pair of sets of schemas, and what was found between them.
pub(super) struct SchemaPair<'d> {
    pub(super) before: SetId,
    pub(super) after: SetId,
    pub(super) context: Context,
    pub(super) found: Box<[RawChange]>,
    pub(super) leads_to: Box<[(SchemaStep<'d>, PairId)]>,
    /// True if a change can be reached from here.
    pub(super) leads_to_change: bool,
    /// The last API whose changes were written from here.
    pub(super) written_for: usize,
}

/// All that is known of the schemas of two definitions.
pub(in crate::compare) struct SchemaTable<'d> {
    pub(super) before: SchemaSets<'d>,
    pub(super) after: SchemaSets<'d>,
    pub(super) proofs: ProofTable<'d>,
    pub(super) forms: Vec<(FormEncodings<'d>, FormEncodings<'d>)>,
    pub(super) pairs: Vec<SchemaPair<'d>>,
    pub(super) known: NodeMap<(SetId, SetId, Context), PairId>,
    pub(super) compared: usize,
    pub(super) most_pairs: usize,
    pub(super) steps_left: usize,
    pub(super) steps_to_write: usize,
    pub(super) incomplete: bool,
    pub(super) api: usize,
    /// The schemas of both sides that extend one with a discriminator; None before they are asked for.
    extending: (Option<Rc<ExtendingSchemas<'d>>>, Option<Rc<ExtendingSchemas<'d>>>),
}

impl<'d> SchemaTable<'d> {
    pub(in crate::compare) fn new(before: &'d Definition, after: &'d Definition, limits: UnfoldingLimits) -> Self {
        let mut table = Self {
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
            extending: (None, None),
        };
        table.learn_unchanged();
        table
    }

    /// Returns the fingerprints of the values of both sides.
    pub(in crate::compare) fn fingerprints(&mut self) -> (&mut Fingerprints, &mut Fingerprints) {
        (&mut self.before.fingerprints, &mut self.after.fingerprints)
    }

    /// Registers a pair of schemas to compare; `None` if neither side has one.
    pub(in crate::compare) fn pair(
        &mut self,
        before: Option<NodeId>,
        after: Option<NodeId>,
        direction: ValueDirection,
    ) -> Option<PairId> {
        self.root(before, after, Context::new(direction, ValueWriting::Json))
    }

    /// Brings the schemas of two media types together, of which one can be XML.
    pub(in crate::compare) fn xml_pair(
        &mut self,
        before: Option<NodeId>,
        after: Option<NodeId>,
        direction: ValueDirection,
    ) -> Option<PairId> {
        self.root(before, after, Context { is_xml: true, ..Context::new(direction, ValueWriting::Json) })
    }

    /// Brings the schemas of two values together that are written in media types.
    pub(in crate::compare) fn value_pair(
        &mut self,
        (before, after): (Option<NodeId>, Option<NodeId>),
        (old, new): (&str, &str),
        direction: ValueDirection,
    ) -> Option<PairId> {
        // All of it is one text.
        let is_text = |media_type: &str| media_type_essence(media_type) == "text/plain";
        if is_text(old) && is_text(new) {
            return self.text_pair(before, after, (ListWriting::Json, ListWriting::Json), direction);
        }
        self.pair(before, after, direction)
    }

    /// Brings two schemas of values together that are written as text, and says how lists of them are written.
    pub(in crate::compare) fn text_pair(
        &mut self,
        before: Option<NodeId>,
        after: Option<NodeId>,
        lists: (ListWriting, ListWriting),
        direction: ValueDirection,
    ) -> Option<PairId> {
        self.root(before, after, Context { lists, ..Context::new(direction, ValueWriting::Text) })
    }

    /// Brings two schemas of forms together.
    pub(in crate::compare) fn form_pair(
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

    pub(super) fn sets(&self, side: DefinitionSide) -> &SchemaSets<'d> {
        match side {
            DefinitionSide::Before => &self.before,
            DefinitionSide::After => &self.after,
        }
    }

    /// Returns the schemas of a side that extend one with a discriminator, collected once.
    pub(super) fn extending(&mut self, side: DefinitionSide) -> Rc<ExtendingSchemas<'d>> {
        let definition = self.sets(side).definition;
        let known = match side {
            DefinitionSide::Before => &mut self.extending.0,
            DefinitionSide::After => &mut self.extending.1,
        };
        Rc::clone(known.get_or_insert_with(|| Rc::new(ExtendingSchemas::of(definition, &mut self.steps_left))))
    }

    pub(super) fn prover(&mut self, rules: GoalRules) -> Prover<'_, 'd> {
        self.proofs.prover((&mut self.before.fingerprints, &mut self.after.fingerprints), rules)
    }

    /// Returns for each side whether a value can be a list or an object.
    pub(in crate::compare) fn are_structured(&mut self, before: Option<NodeId>, after: Option<NodeId>) -> (bool, bool) {
        let structured = TypeSet::ARRAY.either(TypeSet::OBJECT);
        let before: Vec<NodeId> = before.into_iter().collect();
        let after: Vec<NodeId> = after.into_iter().collect();
        let mut steps = self.steps_left;
        let before = SchemaView::open(self.before.definition, &before, &mut steps).types;
        let after = SchemaView::open(self.after.definition, &after, &mut steps).types;
        self.steps_left = steps;
        (before.meets(structured), after.meets(structured))
    }

    /// True if all values of both sides are numbers and booleans.
    pub(in crate::compare) fn are_bare(&mut self, before: Option<NodeId>, after: Option<NodeId>) -> bool {
        let bare = TypeSet::NUMBER.either(TypeSet::BOOLEAN);
        let steps = &mut self.steps_left;
        let mut is_bare = |definition: &'d Definition, schema: Option<NodeId>| {
            let schemas: Vec<NodeId> = schema.into_iter().collect();
            bare.includes(SchemaView::open(definition, &schemas, steps).types)
        };
        is_bare(self.before.definition, before) && is_bare(self.after.definition, after)
    }

    /// True if the schemas of a side speak of a property, or there are none that could.
    pub(in crate::compare) fn mention(
        &mut self,
        (before, after): (Option<NodeId>, Option<NodeId>),
        name: &str,
    ) -> bool {
        let steps = &mut self.steps_left;
        let mut speaks = |definition: &'d Definition, schema: Option<NodeId>| {
            schema.is_none_or(|schema| PropertyMentions::of(definition, &[schema], None, steps).may_have(name))
        };
        speaks(self.before.definition, before) || speaks(self.after.definition, after)
    }

    /// Tells whether no value of either side can be an object.
    pub(in crate::compare) fn are_without_objects(&mut self, before: Option<NodeId>, after: Option<NodeId>) -> bool {
        let steps = &mut self.steps_left;
        let mut is_without = |definition: &'d Definition, schema: Option<NodeId>| {
            let schemas: Vec<NodeId> = schema.into_iter().collect();
            let view = SchemaView::open(definition, &schemas, steps);
            !view.types.meets(TypeSet::OBJECT)
        };
        is_without(self.before.definition, before) && is_without(self.after.definition, after)
    }

    /// Returns for each side the media type that a part of a form has by its schema.
    pub(in crate::compare) fn default_media_types(
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

    /// Begins the next API: the changes that it reaches are written again.
    pub(in crate::compare) fn next_api(&mut self) {
        self.api += 1;
    }

    /// True if a bound was hit.
    pub(in crate::compare) fn is_incomplete(&self) -> bool {
        self.incomplete
    }

    fn root(&mut self, before: Option<NodeId>, after: Option<NodeId>, context: Context) -> Option<PairId> {
        if before.is_none() && after.is_none() {
            return None;
        }
        self.meet(before.into_iter().collect(), after.into_iter().collect(), context)
    }

    /// Brings two sets together; `None` where there is nothing to find, or there are too many pairs already.
    pub(super) fn meet(&mut self, before: Vec<NodeId>, after: Vec<NodeId>, context: Context) -> Option<PairId> {
        if self.are_the_same(&before, &after) {
            return None;
        }
        if let ([before], [after]) = (before.as_slice(), after.as_slice()) {
            self.is_unchanged(self.before.definition.node(*before), self.after.definition.node(*after));
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

    /// True if two schemas are the same but for their words.
    pub(super) fn is_unchanged(&mut self, before: Node<'d>, after: Node<'d>) -> bool {
        let specification = self.before.definition.specification;
        if specification != self.after.definition.specification {
            return false;
        }
        let (old, new) = (&mut self.before, &mut self.after);
        let fingerprints = (&mut old.fingerprints, &mut new.fingerprints);
        self.proofs.unchanged().is_same((before, after), specification, fingerprints)
    }

    /// Looks for components that are the same but for their words.
    fn learn_unchanged(&mut self) {
        let specification = self.before.definition.specification;
        if specification != self.after.definition.specification {
            return;
        }
        let components = |definition: &'d Definition| definition.document().root()?.get("components")?.get("schemas");
        let (old, new) = (components(self.before.definition), components(self.after.definition));
        let named = old.into_iter().flat_map(Node::entries);
        let pairs = named.filter_map(|(name, old)| Some((old, new?.get(name)?))).collect();
        let fingerprints = (&mut self.before.fingerprints, &mut self.after.fingerprints);
        self.proofs.unchanged().learn(pairs, specification, fingerprints);
    }

    /// True if two schemas are written alike and neither refers to another one, which needs no walk.
    fn are_the_same(&mut self, before: &[NodeId], after: &[NodeId]) -> bool {
        let (old, new) = (&mut self.before, &mut self.after);
        let ([one], [other]) = (before, after) else { return false };
        // A discriminator chooses among schemas that refer to its own.
        let chooses = old.definition.node(*one).get("discriminator").is_some();
        if chooses || old.definition.specification != new.definition.specification {
            return false;
        }
        let number = old.fingerprints.of_closed(old.definition.node(*one));
        number.is_some() && number == new.fingerprints.of_closed(new.definition.node(*other))
    }
}
