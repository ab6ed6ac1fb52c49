//! Compares alternatives: finds which of `oneOf` and `anyOf` belong together.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::alternative::{NamedSchema, alternative_name, named_alternative, reference_name};
use super::comparison::PairComparison;
use super::context::{KeptValues, SchemaStep};
use super::proof::{DefinitionSide, ProofOperand};
use super::sets::SchemaSets;
use super::table::SchemaTable;
use super::undeclared::LeftOver;
use super::view::{AlternativeSet, SchemaView};
use super::{discriminator, overlap};
use crate::compare::kinds;
use crate::definition::TypeSet;
use crate::definition::{Node, NodeId};

/// Recognises a schema that became an alternative, or an alternative that became the schema.
///
/// True if everything there is to say of the pair was said.
pub(super) fn wrapped(comparing: &mut PairComparison<'_, '_>) -> bool {
    if comparing.judged_around().is_some() {
        // The schemas around tell the whole from an alternative, by what each describes.
        return false;
    }
    let is_only_choice = |view: &SchemaView<'_>| view.choices.len() == 1 && !view.says_anything_itself();
    let has_none = |view: &SchemaView<'_>| view.choices.is_empty();
    if has_none(&comparing.before) && is_only_choice(&comparing.after) {
        became(comparing, true);
        return true;
    }
    if is_only_choice(&comparing.before) && has_none(&comparing.after) {
        became(comparing, false);
        return true;
    }
    false
}

/// Compares a schema with the alternatives that it became, or with those that became it.
fn became(comparing: &mut PairComparison<'_, '_>, whole_is_before: bool) {
    let sides = (&comparing.before, &comparing.after);
    let (single, choosing) = if whole_is_before { sides } else { (sides.1, sides.0) };
    let whole: Vec<NodeId> = single.schemas.iter().map(|schema| schema.id()).collect();
    let types = single.types;
    let Some(choice) = choosing.choices.first().cloned() else { return };
    if choice.nullable {
        comparing.tell_null();
    }
    let partner = partner_of_whole(comparing, &whole, &choice, whole_is_before);
    for (index, alternative) in choice.alternatives.iter().enumerate() {
        let name = named_alternative(*alternative, index);
        let place = Some(alternative.location());
        if partner == Some(index) {
            let step = SchemaStep::Alternative(choice.keyword, alternative_name(*alternative, index));
            let (whole, one) = (whole.clone(), vec![alternative.id()]);
            let (old, new) = if whole_is_before { (whole, one) } else { (one, whole) };
            let side = if whole_is_before { DefinitionSide::After } else { DefinitionSide::Before };
            let by_value = overlap::is_reading_ambiguous(comparing, side, &choice, *alternative);
            comparing.lead_to_whole(step, old, new, choice.nullable, by_value);
        } else if whole_is_before {
            comparing.add(kinds::ALTERNATIVE_ADDED, format!("{name} was added"), None, place);
        } else {
            comparing.add(kinds::ALTERNATIVE_REMOVED, format!("{name} was removed"), place, None);
        }
    }
    if let Some(partner) = partner {
        return overlap::with_whole(comparing, &choice, partner, whole_is_before);
    }
    let (before, after) = comparing.places();
    let keyword = choice.keyword;
    let message = if whole_is_before {
        format!("{types} was allowed, now only what satisfies `{keyword}`, of which no schema is like it")
    } else {
        format!("what satisfies `{keyword}` was allowed, now only {types}, which is like none of its schemas")
    };
    comparing.add(kinds::TYPE_CHANGED, message, before, after);
}

/// Compares the choices of both sides, in order; as many as there are on both.
pub(super) fn compare(comparing: &mut PairComparison<'_, '_>) {
    let before = std::mem::take(&mut comparing.before.choices);
    let after = std::mem::take(&mut comparing.after.choices);
    comparing.has_further_choices = before.len() > 1 || after.len() > 1;
    let mut pairs = Vec::new();
    for (old, new) in before.iter().zip(&after) {
        pairs.extend(alternatives(comparing, old, new));
    }
    // The schemas of a choice also describe parts of the value, which are judged otherwise if nothing does.
    let left = [LeftOver::Properties, LeftOver::Items]
        .into_iter()
        .find(|left| comparing.judges(DefinitionSide::Before, *left) || comparing.judges(DefinitionSide::After, *left));
    for gone in before.iter().skip(after.len()) {
        let message = format!("none of the schemas of `{}` need be satisfied any longer", gone.keyword);
        let place = Some(gone.node.location());
        match left {
            Some(left) => comparing.add_to_whole(left, kinds::CONSTRAINT_CHANGED, message, place, None),
            None => comparing.add(kinds::CHOICE_REMOVED, message, place, None),
        }
    }
    for fresh in after.iter().skip(before.len()) {
        let message = format!("one of the schemas of `{}` must be satisfied", fresh.keyword);
        let place = Some(fresh.node.location());
        match left {
            Some(left) => comparing.add_to_whole(left, kinds::CONSTRAINT_CHANGED, message, None, place),
            None => comparing.add(kinds::CHOICE_ADDED, message, None, place),
        }
    }
    if !before.is_empty() || !after.is_empty() {
        discriminator::compare(comparing, &pairs);
    }
}

/// Compares the alternatives of two choices; returns those that belong together.
fn alternatives<'d>(
    comparing: &mut PairComparison<'_, 'd>,
    old: &AlternativeSet<'d>,
    new: &AlternativeSet<'d>,
) -> Vec<(NamedSchema<'d>, NamedSchema<'d>)> {
    let mut pairs = Vec::new();
    let left = comparing.judged_around();
    let partners = partners(comparing, &old.alternatives, &new.alternatives);
    overlap::compare(comparing, old, new, &partners);
    for (index, alternative) in old.alternatives.iter().enumerate() {
        let partner = partners.get(index).copied().flatten().and_then(|partner| new.alternatives.get(partner));
        if let Some(partner) = partner {
            pairs.push((NamedSchema::of_reference(*alternative), NamedSchema::of_reference(*partner)));
            let step = SchemaStep::Alternative(old.keyword, alternative_name(*partner, index));
            let is_known = left.is_none();
            let kept = KeptValues {
                no_less: is_known && is_kept(comparing, *alternative, DefinitionSide::Before),
                no_more: is_known && is_kept(comparing, *partner, DefinitionSide::After),
            };
            let by_value = overlap::depends_on_reading(comparing, (old, *alternative), (new, *partner));
            comparing.lead_to_alternative(step, vec![alternative.id()], vec![partner.id()], kept, by_value);
        } else {
            let message = format!("{} was removed", named_alternative(*alternative, index));
            let place = Some(alternative.location());
            if let Some(left) = left {
                comparing.add_to_whole(left, kinds::ALTERNATIVE_REMOVED, message, place, None);
                continue;
            }
            let kept = KeptValues { no_less: is_kept(comparing, *alternative, DefinitionSide::Before), no_more: false };
            comparing.add_known(kept, kinds::ALTERNATIVE_REMOVED, message, place, None);
        }
    }
    let taken: std::collections::HashSet<usize> = partners.into_iter().flatten().collect();
    for (index, alternative) in new.alternatives.iter().enumerate().filter(|(index, _)| !taken.contains(index)) {
        let message = format!("{} was added", named_alternative(*alternative, index));
        let place = Some(alternative.location());
        if let Some(left) = left {
            comparing.add_to_whole(left, kinds::ALTERNATIVE_ADDED, message, None, place);
            continue;
        }
        let kept = KeptValues { no_less: false, no_more: is_kept(comparing, *alternative, DefinitionSide::After) };
        comparing.add_known(kept, kinds::ALTERNATIVE_ADDED, message, None, place);
    }
    pairs
}

/// True if the values of one side's schemas and one of their alternatives satisfy the other side too.
fn is_kept<'d>(comparing: &mut PairComparison<'_, 'd>, alternative: Node<'d>, side: DefinitionSide) -> bool {
    if comparing.kept.is_all() {
        return true;
    }
    let (before, after) = comparing.schemas_of_sides();
    let (here, there, other) = match side {
        DefinitionSide::Before => (&before, &after, DefinitionSide::After),
        DefinitionSide::After => (&after, &before, DefinitionSide::Before),
    };
    let one = [alternative.id()];
    let rules = comparing.rules();
    comparing.includes(&[ProofOperand(side, here), ProofOperand(side, &one)], ProofOperand(other, there), rules)
}

/// Finds for each alternative of before the one that it became.
///
/// The surest criteria come first: its identity, its name, its discriminating constants, its contents, its type.
fn partners<'d>(comparing: &mut PairComparison<'_, 'd>, before: &[Node<'d>], after: &[Node<'d>]) -> Vec<Option<usize>> {
    let mut matching = AlternativeMatching::new(before.len(), after.len());
    let keys = |nodes: &[Node<'d>], key: &mut dyn FnMut(Node<'d>) -> Option<u64>| -> Vec<Option<u64>> {
        nodes.iter().map(|node| key(*node)).collect()
    };
    let by_value = (
        keys(before, &mut |node| Some(comparing.fingerprint_before(node))),
        keys(after, &mut |node| Some(comparing.fingerprint_after(node))),
    );
    matching.apply(&by_value.0, &by_value.1);
    let mut by_name = |node: Node<'d>| {
        let title = || node.get("title").and_then(Node::as_str);
        reference_name(node).or_else(title).map(hash)
    };
    matching.apply(&keys(before, &mut by_name), &keys(after, &mut by_name));
    if matching.is_done() {
        return matching.partners;
    }
    let SchemaTable { before: old, after: new, steps_left: steps, .. } = &mut *comparing.schemas;
    let before: Vec<AlternativeSignature> = before.iter().map(|node| signature(old, &[node.id()], steps)).collect();
    let after: Vec<AlternativeSignature> = after.iter().map(|node| signature(new, &[node.id()], steps)).collect();
    let keys: [fn(&AlternativeSignature) -> Option<u64>; 3] =
        [|signature| signature.tag, |signature| Some(signature.shape), |signature| signature.types];
    for key in keys {
        let list = |signatures: &[AlternativeSignature]| -> Vec<Option<u64>> { signatures.iter().map(key).collect() };
        matching.apply(&list(&before), &list(&after));
    }
    matching.partners
}

/// Finds the alternative that a whole schema is, or became: the most like it, else the first of its type.
fn partner_of_whole<'d>(
    comparing: &mut PairComparison<'_, 'd>,
    whole: &[NodeId],
    choice: &AlternativeSet<'d>,
    whole_is_before: bool,
) -> Option<usize> {
    let SchemaTable { before, after, steps_left: steps, .. } = &mut *comparing.schemas;
    let (of_whole, of_choice) = if whole_is_before { (before, after) } else { (after, before) };
    let wanted = signature(of_whole, whole, steps);
    let offered: Vec<AlternativeSignature> =
        choice.alternatives.iter().map(|node| signature(of_choice, &[node.id()], steps)).collect();
    let by_shape = offered.iter().position(|one| one.shape == wanted.shape && one.tag == wanted.tag);
    let by_tag = || offered.iter().position(|one| one.tag.is_some() && one.tag == wanted.tag);
    let by_type = || offered.iter().position(|one| one.types.is_some() && one.types == wanted.types);
    by_shape.or_else(by_tag).or_else(by_type)
}

pub(super) struct AlternativeMatching {
    pub(super) partners: Vec<Option<usize>>,
    taken: Vec<bool>,
}

impl AlternativeMatching {
    pub(super) fn new(before: usize, after: usize) -> Self {
        Self { partners: vec![None; before], taken: vec![false; after] }
    }

    /// Pairs the alternatives that have no partner yet and share a key, in order.
    pub(super) fn apply<K: Copy + Eq + Hash>(&mut self, before: &[Option<K>], after: &[Option<K>]) {
        let mut waiting: HashMap<K, Vec<usize>> = HashMap::new();
        for (index, key) in after.iter().enumerate().rev() {
            if let (Some(key), Some(false)) = (key, self.taken.get(index)) {
                waiting.entry(*key).or_default().push(index);
            }
        }
        for (partner, key) in self.partners.iter_mut().zip(before) {
            let Some(key) = key.filter(|_| partner.is_none()) else { continue };
            if let Some(index) = waiting.get_mut(&key).and_then(Vec::pop) {
                *partner = Some(index);
                if let Some(taken) = self.taken.get_mut(index) {
                    *taken = true;
                }
            }
        }
    }

    fn is_done(&self) -> bool {
        self.partners.iter().all(Option::is_some) || self.taken.iter().all(|taken| *taken)
    }
}

/// Criterion by which a schema is recognised on the other side.
pub(super) struct AlternativeSignature {
    /// The constants among its properties, which tell it apart.
    pub(super) tag: Option<u64>,
    /// Its types, the names of its properties and its listed values.
    shape: u64,
    types: Option<u64>,
}

pub(super) fn signature(side: &mut SchemaSets<'_>, schemas: &[NodeId], steps: &mut usize) -> AlternativeSignature {
    let SchemaSets { definition, fingerprints, .. } = side;
    let view = SchemaView::open(definition, schemas, steps);
    let mut tags: Vec<(&str, u64)> = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for property in view.properties(steps).list {
        names.push(property.name);
        let constant = property.schemas.iter().find_map(|id| {
            let schema = definition.node(*id);
            let listed = schema.get("enum").filter(|list| list.items().nth(1).is_none());
            schema.get("const").or_else(|| listed.and_then(|list| list.items().next()))
        });
        tags.extend(constant.map(|value| (property.name, fingerprints.of(value))));
    }
    tags.sort_unstable();
    names.sort_unstable();
    let types = view.types.without(TypeSet::NULL);
    let values: Option<Vec<u64>> =
        view.values(|node| fingerprints.of(node)).map(|values| values.into_iter().map(|(number, _)| number).collect());
    let items: Vec<TypeSet> = view.keyword("items").map(TypeSet::of_keyword).collect();
    AlternativeSignature {
        tag: (!tags.is_empty()).then(|| hash(&tags)),
        shape: hash(&(types, names, values, items)),
        types: (types != TypeSet::ANY).then(|| hash(types)),
    }
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
