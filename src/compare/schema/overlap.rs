//! Finds values that satisfy more than one schema of `oneOf`, which refuses them (JSON Schema 2020-12, Core 10.2.1.3).

use std::collections::{BTreeMap, BTreeSet};

use super::alternative::named_alternative;
use super::comparison::PairComparison;
use super::proof::{DefinitionSide, GoalRules, ProofOperand, ValueWriting};
use super::property_mentions::PropertyMentions;
use super::view::{AlternativeSet, SchemaView};
use crate::compare::kinds;
use crate::definition::{Node, NodeId, TypeSet};

/// Reports values that began or ceased to satisfy exactly one schema.
pub(super) fn compare<'d>(
    comparing: &mut PairComparison<'_, 'd>,
    old: &AlternativeSet<'d>,
    new: &AlternativeSet<'d>,
    partners: &[Option<usize>],
) {
    let places = (Some(old.node.location()), Some(new.node.location()));
    match (old.keyword, new.keyword) {
        ("anyOf", "oneOf") if !are_disjoint(comparing, DefinitionSide::After, &new.alternatives) => {
            let message = "one or more schemas had to be satisfied, now exactly one";
            comparing.add(kinds::CHOICE_NARROWED, message, places.0, places.1);
        }
        ("oneOf", "anyOf") if !are_disjoint(comparing, DefinitionSide::Before, &old.alternatives) => {
            let message = "exactly one schema had to be satisfied, now one or more";
            comparing.add(kinds::CHOICE_WIDENED, message, places.0, places.1);
        }
        ("oneOf", "oneOf") if !comparing.kept.is_all() => {
            let pairs = |(from, to): (usize, &Option<usize>)| Some((from, (*to)?));
            let there: Vec<(usize, usize)> = partners.iter().enumerate().filter_map(pairs).collect();
            let back: Vec<(usize, usize)> = there.iter().map(|(from, to)| (*to, *from)).collect();
            if let Some((index, other)) =
                overlap(comparing, (DefinitionSide::Before, old), (DefinitionSide::After, new), &there)
            {
                let message = overlapping(new, index, other, "now a value that satisfied one can satisfy both");
                comparing.add(kinds::OVERLAP_ADDED, message, places.0.clone(), places.1.clone());
            }
            if let Some((index, other)) =
                overlap(comparing, (DefinitionSide::After, new), (DefinitionSide::Before, old), &back)
            {
                let message =
                    overlapping(old, index, other, "a value that satisfied both was refused, and can be right now");
                comparing.add(kinds::OVERLAP_REMOVED, message, places.0, places.1);
            }
        }
        _ => {}
    }
}

fn overlapping(choice: &AlternativeSet<'_>, index: usize, other: usize, what: &str) -> String {
    let name =
        |index: usize| choice.alternatives.get(index).map_or_else(String::new, |node| named_alternative(*node, index));
    format!("{} and {} overlap: {what}", name(index), name(other))
}

/// Finds an alternative there that takes values which satisfied another one alone here: its number, and that of the
/// other one there.
fn overlap<'d>(
    comparing: &mut PairComparison<'_, 'd>,
    (side, here): (DefinitionSide, &AlternativeSet<'d>),
    (other_side, there): (DefinitionSide, &AlternativeSet<'d>),
    pairs: &[(usize, usize)],
) -> Option<(usize, usize)> {
    let mut mentions = None;
    for (index, taking) in there.alternatives.iter().enumerate() {
        let partner = pairs.iter().find(|(_, to)| *to == index).map(|(from, _)| *from);
        let mut is_same = |one: &Node<'d>| match side {
            DefinitionSide::Before => comparing.schemas.is_unchanged(*one, *taking),
            DefinitionSide::After => comparing.schemas.is_unchanged(*taking, *one),
        };
        if partner.and_then(|from| here.alternatives.get(from)).is_some_and(&mut is_same) {
            continue;
        }
        let taking = [taking.id()];
        // Those that a property tells apart are the most, and need no proof.
        let mut rivals: Vec<(NodeId, usize)> = Vec::new();
        for (from, to) in pairs.iter().filter(|(from, _)| Some(*from) != partner) {
            let Some(holding) = here.alternatives.get(*from).map(|node| node.id()) else { continue };
            let (one, other) = (ProofOperand(side, &[holding]), ProofOperand(other_side, &taking));
            if !comparing.schemas.prover(GoalRules::JSON).are_apart(one, other) {
                rivals.push((holding, *to));
            }
        }
        if rivals.is_empty() {
            continue;
        }
        let own: Option<[NodeId; 1]> = partner.and_then(|from| here.alternatives.get(from)).map(|node| [node.id()]);
        let own = own.as_ref().map(|own| ProofOperand(side, own));
        if own
            .is_some_and(|own| is_within(comparing, (side, here), (other_side, &taking), own, (partner, &mut mentions)))
        {
            continue;
        }
        for (holding, to) in rivals {
            if !comparing.is_empty(&[ProofOperand(side, &[holding]), ProofOperand(other_side, &taking)], own) {
                return Some((index, to));
            }
        }
    }
    None
}

/// True if an alternative there takes values of its partner here alone, those without properties that nothing else here
/// speaks of.
fn is_within<'d>(
    comparing: &mut PairComparison<'_, 'd>,
    (side, here): (DefinitionSide, &AlternativeSet<'d>),
    (other_side, taking_schemas): (DefinitionSide, &[NodeId]),
    own: ProofOperand<'_>,
    (partner, mentions): (Option<usize>, &mut Option<Mentions<'d>>),
) -> bool {
    let taking = [ProofOperand(other_side, taking_schemas)];
    if comparing.includes(&taking, own, GoalRules::JSON) {
        return true;
    }
    if !comparing.schemas.prover(GoalRules::JSON).can_be(TypeSet::OBJECT, &taking) {
        return false;
    }
    let mentions = mentions.get_or_insert_with(|| Mentions::of(comparing, side, here));
    // One that describes nothing takes all that its partner speaks of.
    let view = SchemaView::open(comparing.definition(other_side), taking_schemas, &mut comparing.schemas.steps_left);
    let own_names = partner.filter(|_| !view.allows_anything());
    let Some(names) = mentions.beside(own_names) else { return false };
    let declared_only = Some(comparing.schemas.proofs.number_names(names));
    comparing.includes(&taking, own, GoalRules { declared_only, ..GoalRules::JSON })
}

/// Properties that the alternatives of a choice speak of, each with the number of alternatives that do.
struct Mentions<'d> {
    of_each: Vec<PropertyMentions<'d>>,
    counts: BTreeMap<&'d str, usize>,
    /// Those that the schemas around the choice speak of.
    around: PropertyMentions<'d>,
}

impl<'d> Mentions<'d> {
    fn of(comparing: &mut PairComparison<'_, 'd>, side: DefinitionSide, choice: &AlternativeSet<'d>) -> Self {
        let definition = comparing.definition(side);
        let whole = comparing.whole_of(side);
        let steps = &mut comparing.schemas.steps_left;
        let around = PropertyMentions::of(definition, &whole, Some(choice.node.id()), steps);
        let of_one = |node: &Node<'d>| PropertyMentions::of(definition, &[node.id()], None, steps);
        let of_each: Vec<PropertyMentions<'d>> = choice.alternatives.iter().map(of_one).collect();
        let mut counts = BTreeMap::new();
        for name in of_each.iter().flat_map(|mentions| &mentions.names) {
            *counts.entry(*name).or_insert(0) += 1;
        }
        Self { of_each, counts, around }
    }

    /// Lists the properties that all but one alternative, if one is given, speak of; `None` where not all are told by
    /// their names.
    fn beside(&self, own: Option<usize>) -> Option<BTreeSet<&'d str>> {
        let others = self.of_each.iter().enumerate().filter(|(index, _)| Some(*index) != own);
        let has_unnamed = |mentions: &PropertyMentions<'_>| mentions.has_others || mentions.has_additional;
        if has_unnamed(&self.around) || others.into_iter().any(|(_, mentions)| has_unnamed(mentions)) {
            return None;
        }
        let own = own.and_then(|own| self.of_each.get(own));
        let is_other = |name: &str, count: usize| count > usize::from(own.is_some_and(|own| own.names.contains(name)));
        let others = self.counts.iter().filter(|(name, count)| is_other(name, **count)).map(|(name, _)| *name);
        Some(others.chain(self.around.names.iter().copied()).collect())
    }
}

/// Reports where a schema that became alternatives, or alternatives that became a schema, overlap with the others.
pub(super) fn with_whole<'d>(
    comparing: &mut PairComparison<'_, 'd>,
    choice: &AlternativeSet<'d>,
    partner: usize,
    whole_is_before: bool,
) {
    if choice.keyword != "oneOf" {
        return;
    }
    let (before, after) = comparing.schemas_of_sides();
    let (side, other_side) = if whole_is_before {
        (DefinitionSide::Before, DefinitionSide::After)
    } else {
        (DefinitionSide::After, DefinitionSide::Before)
    };
    let whole = if whole_is_before { before } else { after };
    let others = choice.alternatives.iter().enumerate().filter(|(index, _)| *index != partner);
    let mut overlapping_ones = others.filter(|(_, other)| {
        let other = [other.id()];
        !comparing.is_empty(&[ProofOperand(side, &whole), ProofOperand(other_side, &other)], None)
    });
    let Some((index, other)) = overlapping_ones.next() else { return };
    drop(overlapping_ones);
    let place = Some(other.location());
    if whole_is_before {
        let message = overlapping(choice, index, partner, "now a value that was right can satisfy both");
        comparing.add(kinds::OVERLAP_ADDED, message, None, place);
    } else {
        let message =
            overlapping(choice, index, partner, "a value that satisfied both was refused, and can be right now");
        comparing.add(kinds::OVERLAP_REMOVED, message, place, None);
    }
}

/// True if a pair of alternatives has to be compared by value: a text that the one allows can be read as a value that
/// the other allows, and a further alternative too.
pub(super) fn depends_on_reading<'d>(
    comparing: &mut PairComparison<'_, 'd>,
    (old, before): (&AlternativeSet<'d>, Node<'d>),
    (new, after): (&AlternativeSet<'d>, Node<'d>),
) -> bool {
    is_reading_ambiguous(comparing, DefinitionSide::Before, old, before)
        || is_reading_ambiguous(comparing, DefinitionSide::After, new, after)
}

/// True if a value that is written as text can satisfy an alternative of `oneOf` and a further one.
pub(super) fn is_reading_ambiguous<'d>(
    comparing: &mut PairComparison<'_, 'd>,
    side: DefinitionSide,
    choice: &AlternativeSet<'d>,
    alternative: Node<'d>,
) -> bool {
    let is_read = choice.keyword == "oneOf" && comparing.rules().writing != ValueWriting::Json;
    let one = [alternative.id()];
    is_read
        && choice.alternatives.iter().filter(|other| other.id() != alternative.id()).any(|other| {
            let other = [other.id()];
            !comparing.is_empty(&[ProofOperand(side, &one), ProofOperand(side, &other)], None)
        })
}

fn are_disjoint<'d>(comparing: &mut PairComparison<'_, 'd>, side: DefinitionSide, alternatives: &[Node<'d>]) -> bool {
    alternatives.iter().enumerate().all(|(index, one)| {
        alternatives.iter().skip(index + 1).all(|other| {
            let (one, other) = ([one.id()], [other.id()]);
            comparing.is_empty(&[ProofOperand(side, &one), ProofOperand(side, &other)], None)
        })
    })
}
