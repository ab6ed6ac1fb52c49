//! Compares the values that `enum` and `const` list.

use super::comparison::PairComparison;
use super::view::SchemaView;
use crate::compare::excerpt;
use crate::compare::fingerprint::Fingerprints;
use crate::compare::kinds;
use crate::definition::Node;
use crate::definition::TypeSet;
use crate::model::Location;

/// Values that are listed, each after its fingerprint.
type Listed<'d> = Vec<(u64, Node<'d>)>;

pub(super) fn compare(comparing: &mut PairComparison<'_, '_>) {
    comparing.compare_values();
}

/// Compares the values that `x-extensible-enum` lists: callers are told to expect others as well.
pub(super) fn compare_extensible(comparing: &mut PairComparison<'_, '_>) {
    let of = |view: &SchemaView<'_>| view.first(EXTENSIBLE).map(|(_, list)| list.id());
    let (Some(before), Some(after)) = (of(&comparing.before), of(&comparing.after)) else { return };
    let before: Vec<Node<'_>> = comparing.schemas.before.definition.node(before).items().collect();
    let after: Vec<Node<'_>> = comparing.schemas.after.definition.node(after).items().collect();
    let was: Vec<u64> = before.iter().map(|value| comparing.fingerprint_before(*value)).collect();
    let is: Vec<u64> = after.iter().map(|value| comparing.fingerprint_after(*value)).collect();
    let shown = |value| excerpt::shown_among(value, before.iter().chain(&after).take(MOST_OTHERS).copied());
    for (value, _) in before.iter().zip(&was).filter(|(_, number)| !is.contains(number)) {
        let message = format!("the value {} was removed from `{EXTENSIBLE}`", shown(*value));
        comparing.add_beyond_values(kinds::EXTENSIBLE_VALUE_REMOVED, message, Some(value.location()), None);
    }
    for (value, _) in after.iter().zip(&is).filter(|(_, number)| !was.contains(number)) {
        let message = format!("the value {} was added to `{EXTENSIBLE}`", shown(*value));
        comparing.add_beyond_values(kinds::EXTENSIBLE_VALUE_ADDED, message, None, Some(value.location()));
    }
}

/// A value is told from so many others where it is long.
const MOST_OTHERS: usize = 50;

fn all<'v, 'd>(values: &'v [(u64, Node<'d>)]) -> impl Iterator<Item = Node<'d>> + use<'v, 'd> {
    values.iter().map(|(_, node)| *node)
}

/// The extension that lists values, or says that those of `enum` are not all.
const EXTENSIBLE: &str = "x-extensible-enum";

impl<'d> PairComparison<'_, 'd> {
    fn compare_values(&mut self) {
        let number = if self.context.writing.is_text() { Fingerprints::of_text } else { Fingerprints::of };
        // Lists that hold together leave the same values in text as elsewhere: `1` and `"1"` are none.
        let of_side = |view: &SchemaView<'d>, fingerprints: &mut Fingerprints| -> Option<Listed<'d>> {
            let values = view.values(|node| fingerprints.of(node))?;
            Some(values.into_iter().map(|(_, node)| (number(fingerprints, node), node)).collect())
        };
        let before = of_side(&self.before, &mut self.schemas.before.fingerprints);
        let after = of_side(&self.after, &mut self.schemas.after.fingerprints);
        let keyword = |view: &SchemaView<'d>| {
            let schema = view.first("enum").or_else(|| view.first("const"));
            schema.map(|(_, list)| list.location())
        };
        let places = (keyword(&self.before), keyword(&self.after));
        let list = |values: &[(u64, Node<'d>)]| {
            if values.is_empty() {
                return "null".to_owned();
            }
            let shown = values.iter().take(5).map(|(_, node)| excerpt::shown_among(*node, all(values)));
            let more = if values.len() > 5 { ", …" } else { "" };
            format!("{}{more}", shown.collect::<Vec<_>>().join(", "))
        };
        match (before, after) {
            (None, None) => {}
            (None, Some(after)) if lists_all(self.before.types, &after) => {}
            (Some(before), None) if lists_all(self.after.types, &before) => {}
            (None, Some(after)) => {
                let message = format!("any value was allowed, now only {}", list(&after));
                self.add(kinds::ENUM_ADDED, message, None, places.1);
            }
            (Some(before), None) => {
                let message = format!("only {} was allowed, now any value is", list(&before));
                self.add(kinds::ENUM_REMOVED, message, places.0, None);
            }
            (Some(before), Some(after)) => {
                let (before, after) = self.fitting(before, after);
                self.listed_values(&before, &after, places);
            }
        }
    }

    /// Leaves out the values that the types refuse; where that is all of them, it is the type that is written wrongly.
    fn fitting(&self, before: Listed<'d>, after: Listed<'d>) -> (Listed<'d>, Listed<'d>) {
        let fits = |types: TypeSet| move |(_, value): &(u64, Node<'d>)| types.meets(TypeSet::of_node(*value));
        let (was, is) = (fits(self.before.types), fits(self.after.types));
        if before.iter().any(was) || after.iter().any(is) {
            (before.into_iter().filter(was).collect(), after.into_iter().filter(is).collect())
        } else {
            (before, after)
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "a pair that is made for the call reads best by value")]
    fn listed_values(
        &mut self,
        before: &[(u64, Node<'d>)],
        after: &[(u64, Node<'d>)],
        places: (Option<Location>, Option<Location>),
    ) {
        if let ([(was, old)], [(is, new)]) = (before, after) {
            if was != is {
                let (old_text, new_text) = excerpt::shown_both(*old, *new, self.schemas.fingerprints());
                let message = format!("the value was {old_text} and is {new_text}");
                self.add(kinds::CONST_CHANGED, message, Some(old.location()), Some(new.location()));
            }
            return;
        }
        let others: Vec<Node<'d>> = all(before).chain(all(after)).take(MOST_OTHERS).collect();
        let shown = |value: Node<'d>| excerpt::shown_among(value, others.iter().copied());
        let known: std::collections::HashSet<u64> = before.iter().map(|(number, _)| *number).collect();
        let kept: std::collections::HashSet<u64> = after.iter().map(|(number, _)| *number).collect();
        for (_, value) in before.iter().filter(|(number, _)| !kept.contains(number)) {
            let message = format!("the value {} is no longer allowed", shown(*value));
            self.add(kinds::ENUM_VALUE_REMOVED, message, Some(value.location()), places.1.clone());
        }
        for (_, value) in after.iter().filter(|(number, _)| !known.contains(number)) {
            let message = format!("the value {} is allowed", shown(*value));
            if self.before.flag(EXTENSIBLE) {
                self.add_beyond_values(kinds::EXTENSIBLE_VALUE_ADDED, message, None, Some(value.location()));
            } else {
                self.add(kinds::ENUM_VALUE_ADDED, message, places.0.clone(), Some(value.location()));
            }
        }
    }
}

/// True if the values, with `null`, are all values of the types: listing them is no change.
fn lists_all(types: TypeSet, values: &[(u64, Node<'_>)]) -> bool {
    match types.without(TypeSet::NULL) {
        TypeSet::NONE => true,
        TypeSet::BOOLEAN => {
            [true, false].iter().all(|flag| values.iter().any(|(_, value)| value.as_bool() == Some(*flag)))
        }
        _ => false,
    }
}
