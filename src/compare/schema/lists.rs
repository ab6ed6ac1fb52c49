//! A single value that became a list, or a list that became a single value, where both are written as text.

use super::comparison::PairComparison;
use super::context::KeptValues;
use super::proof::{DefinitionSide, GoalRules, ProofOperand};
use super::view::SchemaView;
use super::writing::ListWriting;
use crate::compare::kinds;
use crate::definition::TypeSet;
use crate::definition::{Node, NodeId, ValueDirection};

/// Compares one value with a list, where both are written as text: `a=1` is a list of one as well.
///
/// True if that is how the sides differ, and everything is said.
pub(super) fn compare_with_one(comparing: &mut PairComparison<'_, '_>) -> bool {
    let is_one = |view: &SchemaView<'_>| !view.types.meets(TypeSet::ARRAY.either(TypeSet::OBJECT));
    let is_list = |view: &SchemaView<'_>| view.types.without(TypeSet::NULL) == TypeSet::ARRAY;
    let (before, after) = (&comparing.before, &comparing.after);
    let list_is_after = is_one(before) && is_list(after);
    if !comparing.context.writing.is_text() || !(list_is_after || (is_list(before) && is_one(after))) {
        return false;
    }
    let (one_side, list_side) = if list_is_after {
        (DefinitionSide::Before, DefinitionSide::After)
    } else {
        (DefinitionSide::After, DefinitionSide::Before)
    };
    let (one, list) = if list_is_after { (before, after) } else { (after, before) };
    let (written_before, written_after) = comparing.context.lists;
    let writing = if list_is_after { written_after } else { written_before };
    let Some(shape) = ListShape::of(list) else { return false };
    if writing == ListWriting::Json {
        return false;
    }
    let is_split = writing.separator().is_some_and(|separator| can_contain(one, separator));
    let ones: Vec<NodeId> = one.schemas.iter().map(|schema| schema.id()).collect();
    // An item is one text, and no list of its own.
    let rules = GoalRules { single_lists: None, has_empty_text: false, ..comparing.rules() };
    let (ones, items) = (ProofOperand(one_side, &ones), ProofOperand(list_side, &shape.items));
    let one_is_item = comparing.includes(&[ones], items, rules);
    let item_is_one = comparing.includes(&[items], ones, rules);
    let holds_one = shape.least <= 1.0 && shape.most >= 1.0;
    let holds_any = |comparing: &mut PairComparison<'_, '_>| shape.takes_all() && takes_text(comparing, items, rules);
    let one_is_list = one_is_item && holds_one && (!is_split || holds_any(comparing));
    let empty_is_one =
        !writing.has_empty_text() || shape.least >= 1.0 || comparing.schemas.prover(rules).takes_empty_text(ones);
    let list_is_one =
        empty_is_one && item_is_one && (shape.most <= 1.0 || (is_split && takes_text(comparing, ones, rules)));
    tell(comparing, list_is_after, (one_is_list, list_is_one), is_split);
    true
}

fn tell(
    comparing: &mut PairComparison<'_, '_>,
    list_is_after: bool,
    (one_is_list, list_is_one): (bool, bool),
    is_split: bool,
) {
    let (before, after) = comparing.places();
    let (kept, kind, message) = if list_is_after {
        let kept = KeptValues { no_less: one_is_list, no_more: list_is_one };
        (kept, kinds::VALUE_BECAME_LIST, "the value was a single one and is a list")
    } else {
        let kept = KeptValues { no_less: list_is_one, no_more: one_is_list };
        (kept, kinds::LIST_BECAME_VALUE, "the value was a list and is a single one")
    };
    let is_right = if comparing.context.direction == ValueDirection::Request { kept.no_less } else { kept.no_more };
    comparing.add_known(kept, kind, message, before.clone(), after.clone());
    if is_split && is_right {
        let message =
            "a text with the separator of the list in it was one value and is several, or the other way round";
        comparing.add_beyond_values(kinds::VALUE_SPLIT, message, before, after);
    }
}

/// True if the schemas accept any text.
fn takes_text(comparing: &mut PairComparison<'_, '_>, schemas: ProofOperand<'_>, rules: GoalRules) -> bool {
    comparing.schemas.prover(rules).takes_any(TypeSet::STRING, schemas)
}

/// A list of which nothing is said but its items and how many there are.
struct ListShape {
    items: Vec<NodeId>,
    least: f64,
    most: f64,
    is_unique: bool,
}

impl ListShape {
    fn of(view: &SchemaView<'_>) -> Option<Self> {
        let is_simple = view.choices.is_empty()
            && view.schemas.iter().flat_map(|schema| schema.entries()).all(|(name, value)| match name {
                "items" => !value.is_array(),
                "prefixItems" | "contains" | "enum" | "const" | "not" | "if" | "unevaluatedItems" => false,
                _ => true,
            });
        let numbers =
            |name: &str| view.keyword(name).filter_map(|node| node.as_number()?.as_f64()).collect::<Vec<f64>>();
        is_simple.then(|| Self {
            items: view.keyword("items").map(Node::id).collect(),
            least: numbers("minItems").into_iter().fold(0.0, f64::max),
            most: numbers("maxItems").into_iter().fold(f64::INFINITY, f64::min),
            is_unique: view.flag("uniqueItems"),
        })
    }

    /// True if a list may be as long as it likes, and hold an item twice.
    fn takes_all(&self) -> bool {
        self.most.is_infinite() && !self.is_unique
    }
}

/// True if a value can be written with a character in it.
fn can_contain(view: &SchemaView<'_>, separator: char) -> bool {
    /// Texts of these formats have letters, digits, dashes and colons only.
    const PLAIN: [&str; 4] = ["uuid", "date", "ipv6", "duration"];
    if !view.types.meets(TypeSet::STRING) {
        return separator == '.' && view.types.meets(TypeSet::NUMBER.without(TypeSet::INTEGER));
    }
    let has = |value: Node<'_>| value.as_str().is_some_and(|text| text.contains(separator));
    let lists = view.keyword("enum").map(|list| list.items().any(has)).chain(view.keyword("const").map(has));
    let lists: Vec<bool> = lists.collect();
    if !lists.is_empty() {
        return lists.into_iter().all(|has| has);
    }
    !view.keyword("format").filter_map(Node::as_str).any(|format| PLAIN.contains(&format))
}
