//! Compares the names that an object must have where it has another one, of all the schemas together.

use std::collections::BTreeSet;

use super::comparison::PairComparison;
use super::view::SchemaView;
use crate::compare::excerpt;
use crate::compare::kinds;
use crate::definition::Node;

pub(super) fn compare(comparing: &mut PairComparison<'_, '_>) {
    const KEYWORD: &str = "dependentRequired";
    let of = |view: &SchemaView<'_>| -> BTreeSet<(String, String)> {
        let lists = view.keyword(KEYWORD).flat_map(Node::entries);
        let pairs = lists.flat_map(|(name, list)| list.items().filter_map(move |item| Some((name, item.as_str()?))));
        pairs.map(|(name, needed)| (name.to_owned(), needed.to_owned())).collect()
    };
    let (before, after) = (of(&comparing.before), of(&comparing.after));
    let kind = match (after.is_superset(&before), before.is_superset(&after)) {
        (true, true) => return,
        (true, false) => kinds::CONSTRAINT_ADDED,
        (false, true) => kinds::CONSTRAINT_REMOVED,
        (false, false) => kinds::CONSTRAINT_CHANGED,
    };
    let values = |view: &SchemaView<'_>| view.first(KEYWORD).map(|(_, node)| node.location());
    let places = (values(&comparing.before), values(&comparing.after));
    let names: Vec<&str> = before.iter().chain(&after).map(|(_, needed)| needed.as_str()).collect();
    let listed = |pairs: &mut dyn Iterator<Item = &(String, String)>| -> Vec<String> {
        let shown = |needed: &str| excerpt::quoted_among(needed, names.iter().copied());
        pairs.map(|(name, needed)| format!("{} beside {}", shown(needed), excerpt::quoted(name))).collect()
    };
    let gone = listed(&mut before.difference(&after));
    let fresh = listed(&mut after.difference(&before));
    let lifted = (!gone.is_empty()).then(|| format!("the object need not have {}", gone.join(", ")));
    let added = (!fresh.is_empty()).then(|| format!("the object must have {}", fresh.join(", ")));
    let message = [lifted, added].into_iter().flatten().collect::<Vec<_>>().join(", and ");
    comparing.add(kind, message, places.0, places.1);
}
