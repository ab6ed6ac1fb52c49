//! Compares the items of lists.

use std::cmp::Ordering;

use super::comparison::PairComparison;
use super::context::SchemaStep;
use super::proof::DefinitionSide;
use super::scopes::ItemJudge;
use super::undeclared::LeftOver;
use super::view::SchemaView;
use crate::compare::kinds::{self, Kind, Polarity};
use crate::definition::{Node, NodeId};
use crate::model::Location;

/// Compares the items of lists, those at the beginning by their position.
pub(super) fn compare(comparing: &mut PairComparison<'_, '_>) {
    let (before, after) = (DescribedItems::of(&comparing.before), DescribedItems::of(&comparing.after));
    for index in 0..before.first_count().max(after.first_count()) {
        comparing.lead(SchemaStep::Item(index), before.at(index), after.at(index), Polarity::Same);
    }
    let (rest_before, rest_after) = (before.rest(), after.rest());
    if !rest_before.is_empty() || !rest_after.is_empty() {
        comparing.lead(SchemaStep::Items, rest_before, rest_after, Polarity::Same);
    }
    left_over(comparing);
}

/// The items that each of the schemas of a list describes, and those that are left over to judges which do not see all
/// of them.
struct DescribedItems<'d> {
    schemas: Vec<SchemaItems<'d>>,
    judges: Vec<ItemJudge<'d>>,
}

/// The items that a schema describes: the first ones by position, and the rest.
#[derive(Clone)]
struct SchemaItems<'d> {
    first: Vec<Node<'d>>,
    rest: Option<Node<'d>>,
}

impl<'d> DescribedItems<'d> {
    fn of(view: &SchemaView<'d>) -> Self {
        let schemas = view.schemas.iter().map(|schema| SchemaItems::of(*schema)).collect();
        Self { schemas, judges: ItemJudge::list(view) }
    }

    fn first_count(&self) -> usize {
        let described = self.schemas.iter().map(|schema| schema.first.len());
        described.chain(self.judges.iter().map(|judge| judge.seen)).max().unwrap_or_default()
    }

    /// Lists the schemas of the item at a position.
    fn at(&self, index: usize) -> Vec<NodeId> {
        let described = self.schemas.iter().filter_map(|schema| schema.first.get(index).copied().or(schema.rest));
        let left = self.judges.iter().filter(|judge| index >= judge.seen).map(|judge| judge.verdict);
        described.chain(left).map(Node::id).collect()
    }

    /// Lists the schemas of the items after all that have a position.
    fn rest(&self) -> Vec<NodeId> {
        let described = self.schemas.iter().filter_map(|schema| schema.rest);
        described.chain(self.judges.iter().map(|judge| judge.verdict)).map(Node::id).collect()
    }
}

impl<'d> SchemaItems<'d> {
    fn of(schema: Node<'d>) -> Self {
        // Before 2020-12, a list in `items` had the meaning of `prefixItems`.
        let list = schema.get("items").filter(|items| items.is_array());
        let first = schema.get("prefixItems").or(list).into_iter().flat_map(Node::items).collect();
        Self { first, rest: schema.get("items").filter(|items| !items.is_array()) }
    }
}

/// Reports items that are left to `unevaluatedItems`, or no longer, as the keywords that describe them came or went
/// (JSON Schema 2020-12, Core 11.2).
fn left_over(comparing: &mut PairComparison<'_, '_>) {
    let has_rest = |view: &SchemaView<'_>| view.first("items").is_some();
    if has_rest(&comparing.before) && has_rest(&comparing.after) {
        return;
    }
    for keyword in ["items", "prefixItems", "contains"] {
        let of = |view: &SchemaView<'_>| {
            let sizes = view.keyword(keyword).map(|node| if node.is_array() { node.items().count() } else { 1 });
            // Of lists the longest decides; each `contains` describes items of its own.
            let count = if keyword == "contains" { sizes.sum() } else { sizes.max().unwrap_or_default() };
            view.first(keyword).map(|(_, node)| (count, node.location()))
        };
        let (before, after) = (of(&comparing.before), of(&comparing.after));
        let count = |found: &Option<(usize, Location)>| found.as_ref().map_or(0, |(count, _)| *count);
        let is_judged = match count(&before).cmp(&count(&after)) {
            Ordering::Equal => false,
            Ordering::Greater => comparing.judges(DefinitionSide::After, LeftOver::Items),
            Ordering::Less => comparing.judges(DefinitionSide::Before, LeftOver::Items),
        };
        if is_judged {
            let message =
                format!("`{keyword}` describes other items, which decides what is left to `unevaluatedItems`");
            let place = |found: Option<(usize, Location)>| found.map(|(_, place)| place);
            comparing.add_to_whole(LeftOver::Items, kinds::CONSTRAINT_CHANGED, message, place(before), place(after));
        }
    }
}

/// Compares how many items of a list `contains` must, and may, apply to.
pub(super) fn counts(comparing: &mut PairComparison<'_, '_>) {
    contained(comparing, "minContains", true);
    contained(comparing, "maxContains", false);
}

/// Compares how many items of a list each `contains` must, or may, apply to; several are taken in order, as their
/// schemas are.
fn contained(comparing: &mut PairComparison<'_, '_>, keyword: &str, least: bool) {
    let of = |view: &SchemaView<'_>| -> Vec<(f64, Option<Location>)> {
        let by_default = if least { 1.0 } else { f64::INFINITY };
        let limit = |schema: Node<'_>| {
            let node = schema.get(keyword)?;
            Some((node.as_number()?.as_f64()?, Some(node.location())))
        };
        view.located("contains").map(|(schema, _)| limit(schema).unwrap_or((by_default, None))).collect()
    };
    let (before, after) = (of(&comparing.before), of(&comparing.after));
    for (old, new) in before.into_iter().zip(after) {
        limit_of_contained(comparing, keyword, least, (old, new));
    }
}

fn limit_of_contained(
    comparing: &mut PairComparison<'_, '_>,
    keyword: &str,
    least: bool,
    ((was, before), (is, after)): ((f64, Option<Location>), (f64, Option<Location>)),
) {
    let kind: Kind = match was.total_cmp(&is) {
        std::cmp::Ordering::Equal => return,
        std::cmp::Ordering::Less if least => kinds::CONSTRAINT_ADDED,
        std::cmp::Ordering::Greater if !least => kinds::CONSTRAINT_ADDED,
        _ => kinds::CONSTRAINT_REMOVED,
    };
    let shown = |number: f64| if number.is_finite() { number.to_string() } else { "unlimited".to_owned() };
    comparing.add(kind, format!("`{keyword}` was {} and is {}", shown(was), shown(is)), before, after);
}
