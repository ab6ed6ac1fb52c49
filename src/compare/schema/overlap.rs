//! Finds values that satisfy more than one schema of `oneOf`, which refuses them (JSON Schema 2020-12, Core 10.2.1.3).

use super::alternative::named_alternative;
use super::comparison::PairComparison;
use super::proof::{DefinitionSide, GoalRules, ProofOperand, ValueWriting};
use super::view::AlternativeSet;
use crate::compare::kinds;
use crate::definition::{Node, NodeId};

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
    let rules = GoalRules { declared_only: true, ..GoalRules::JSON };
    for (index, taking) in there.alternatives.iter().enumerate() {
        let partner = pairs.iter().find(|(_, to)| *to == index).map(|(from, _)| *from);
        let mut is_same = |one: &Node<'d>| match side {
            DefinitionSide::Before => comparing.is_same(*one, *taking),
            DefinitionSide::After => comparing.is_same(*taking, *one),
        };
        if partner.and_then(|from| here.alternatives.get(from)).is_some_and(&mut is_same) {
            continue;
        }
        let taking = [taking.id()];
        let own: Option<[NodeId; 1]> = partner.and_then(|from| here.alternatives.get(from)).map(|node| [node.id()]);
        let own = own.as_ref().map(|own| ProofOperand(side, own));
        if own.is_some_and(|own| comparing.includes(&[ProofOperand(other_side, &taking)], own, rules)) {
            continue;
        }
        for (from, to) in pairs.iter().filter(|(from, _)| Some(*from) != partner) {
            let Some(holding) = here.alternatives.get(*from) else { continue };
            let holding = [holding.id()];
            if !comparing.is_empty(&[ProofOperand(side, &holding), ProofOperand(other_side, &taking)], own) {
                return Some((index, *to));
            }
        }
    }
    None
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
