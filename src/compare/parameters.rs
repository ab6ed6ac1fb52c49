//! Compares the parameters of an API.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::Hash;

use super::comparer::{ApiReport, Comparer, field_place};
use super::kinds;
use super::output::RawChange;
use super::schema::ListWriting;
use crate::definition::{Api, Node, Parameter, ParameterPlace, ParameterStyle, ValueDirection, parameter_names};
use crate::model::Location;

pub(super) fn compare(comparer: &mut Comparer<'_>, before: &Api, after: &Api, report: &mut ApiReport) {
    let old_names = parameter_names(&before.path);
    let new_names = parameter_names(&after.path);
    for (old, new) in old_names.iter().zip(&new_names).filter(|(old, new)| old != new) {
        let message = format!("the parameter {old:?} of the path is called {new:?}");
        let found = RawChange::new(kinds::PATH_PARAMETER_RENAMED, message);
        report.add(
            &format!("request path parameter {new}"),
            found.at(Some(before.location.clone()), Some(after.location.clone())),
        );
    }
    let renamed: HashMap<&str, &str> = old_names.iter().copied().zip(new_names.iter().copied()).collect();
    let old = counted(before).map(|old| {
        let name = renamed.get(old.name.as_str()).filter(|_| old.place == ParameterPlace::Path);
        (identity(old.place, name.unwrap_or(&old.name.as_str())), old)
    });
    let same = pair(old, counted(after).map(|new| (identity(new.place, &new.name), new)));
    for (old, new) in same.both {
        comparer.parameter(old, new, report);
    }
    // A parameter removed from one location and added in another has moved; within one location, another case is
    // another name.
    let named = |parameter: &'_ Parameter| parameter.name.to_ascii_lowercase();
    let gone = same.old.into_iter().map(|old| (named(old), old));
    let moved = pair(gone, same.new.into_iter().map(|new| (named(new), new)));
    for (old, new) in moved.both {
        if old.place == new.place {
            comparer.gone_parameter(old, None, report);
            comparer.fresh_parameter(new, report);
        } else {
            comparer.gone_parameter(old, Some(new), report);
        }
    }
    for old in moved.old {
        comparer.gone_parameter(old, None, report);
    }
    for new in moved.new {
        comparer.fresh_parameter(new, report);
    }
}

/// The common part of two lists.
struct PairedLists<T> {
    both: Vec<(T, T)>,
    old: Vec<T>,
    new: Vec<T>,
}

/// Pairs the elements of equal keys, each once and in the order of the first list. The time grows with the lists, and
/// not with their product.
fn pair<K: Eq + Hash, T: Copy>(
    before: impl Iterator<Item = (K, T)>,
    after: impl Iterator<Item = (K, T)>,
) -> PairedLists<T> {
    let mut offered: Vec<Option<T>> = Vec::new();
    // For each key the first and the last place that is offered, and for each place the next one of its key.
    let mut by_key: HashMap<K, (Option<usize>, usize)> = HashMap::new();
    let mut next_alike: Vec<Option<usize>> = Vec::new();
    for (key, new) in after {
        let at = offered.len();
        let (_, last) = by_key.entry(key).or_insert((Some(at), at));
        if let Some(next) = next_alike.get_mut(*last) {
            *next = Some(at);
        }
        *last = at;
        next_alike.push(None);
        offered.push(Some(new));
    }
    let mut paired = PairedLists { both: Vec::new(), old: Vec::new(), new: Vec::new() };
    for (key, old) in before {
        let place = by_key.get_mut(&key).and_then(|(first, _)| {
            let place = (*first)?;
            *first = next_alike.get(place).copied().flatten();
            Some(place)
        });
        match place.and_then(|place| offered.get_mut(place)?.take()) {
            Some(new) => paired.both.push((old, new)),
            None => paired.old.push(old),
        }
    }
    paired.new = offered.into_iter().flatten().collect();
    paired
}

fn counted(api: &Api) -> impl Iterator<Item = &Parameter> {
    api.parameters.iter().filter(|parameter| !parameter.is_ignored_header())
}

/// Returns the key of a parameter within an API; names of headers are case-insensitive.
fn identity(place: ParameterPlace, name: &str) -> (ParameterPlace, Cow<'_, str>) {
    let name = if place == ParameterPlace::Header { name.to_ascii_lowercase().into() } else { name.into() };
    (place, name)
}

fn label(parameter: &Parameter) -> String {
    format!("request {} parameter {}", parameter.place.as_str(), parameter.name)
}

impl Comparer<'_> {
    fn gone_parameter(&self, old: &Parameter, new: Option<&Parameter>, report: &mut ApiReport) {
        let place = Some(self.before.node(old.node).location());
        let (path, found) = if let Some(new) = new {
            let message =
                format!("the parameter stood in the {} and stands in the {}", old.place.as_str(), new.place.as_str());
            let found = RawChange::new(kinds::PARAMETER_MOVED, message);
            (label(new), found.at(place, Some(self.after.node(new.node).location())))
        } else {
            let was = if old.deprecated { "; it was deprecated" } else { "" };
            let found = RawChange::new(kinds::PARAMETER_REMOVED, format!("the parameter was removed{was}"));
            (label(old), found.at(place, None).with_sunset(self.before.node(old.node)))
        };
        report.add(&path, found);
    }

    fn fresh_parameter(&self, new: &Parameter, report: &mut ApiReport) {
        let (kind, message) = if new.required {
            (kinds::REQUIRED_PARAMETER_ADDED, "a required parameter was added")
        } else {
            (kinds::PARAMETER_ADDED, "an optional parameter was added")
        };
        let place = Some(self.after.node(new.node).location());
        report.add(&label(new), RawChange::new(kind, message).at(None, place));
    }

    fn parameter(&mut self, old: &Parameter, new: &Parameter, report: &mut ApiReport) {
        let path = label(new);
        let (before, after) = (self.before.node(old.node), self.after.node(new.node));
        let mut add = |kind, field: &str, message: &str| {
            let (was, is) = (place_of(before, field), place_of(after, field));
            report.add(&path, RawChange::new(kind, message).at(Some(was), Some(is)));
        };
        match (old.required, new.required) {
            (false, true) => {
                add(kinds::PARAMETER_BECAME_REQUIRED, "required", "the parameter was optional and is required");
            }
            (true, false) => {
                add(kinds::PARAMETER_BECAME_OPTIONAL, "required", "the parameter was required and is optional");
            }
            _ => {}
        }
        match (old.deprecated, new.deprecated) {
            (false, true) => add(kinds::PARAMETER_DEPRECATED, "deprecated", "the parameter is deprecated"),
            (true, false) => add(kinds::PARAMETER_REACTIVATED, "deprecated", "the parameter is no longer deprecated"),
            _ => {}
        }
        for (field, what) in [("allowReserved", "reserved characters are"), ("allowEmptyValue", "an empty value is")] {
            let flag = |node: Node<'_>| node.get(field).and_then(Node::as_bool) == Some(true);
            match (flag(before), flag(after)) {
                (false, true) => add(kinds::PARAMETER_ACCEPTS_MORE, field, &format!("{what} accepted")),
                (true, false) => add(kinds::PARAMETER_ACCEPTS_LESS, field, &format!("{what} no longer accepted")),
                _ => {}
            }
        }
        report.add_sunset((before, after), &path);
        for found in self.describe(&["description"], before, after) {
            report.add(&path, found);
        }
        self.examples(before, after, &path, report);
        self.parameter_value(old, new, &path, report);
    }

    /// Compares how the value is written, and its schema.
    fn parameter_value(&mut self, old: &Parameter, new: &Parameter, path: &str, report: &mut ApiReport) {
        let (before, after) = (self.before.node(old.node), self.after.node(new.node));
        let media_type =
            |parameter: &Parameter| parameter.media_type.as_ref().map(|media_type| media_type.name.clone());
        let (was, is) = (media_type(old), media_type(new));
        if was != is {
            let shown = |name: Option<String>| name.unwrap_or_else(|| "a style".to_owned());
            let message = format!("the value was written as {} and is written as {}", shown(was), shown(is));
            let found = RawChange::new(kinds::PARAMETER_MEDIA_TYPE_CHANGED, message);
            report.add(path, found.at(Some(before.location()), Some(after.location())));
            return;
        }
        if let (Some(old), Some(new)) = (&old.media_type, &new.media_type) {
            let names = (old.name.as_str(), new.name.as_str());
            let pair = self.schemas.value_pair((old.schema, new.schema), names, ValueDirection::Request);
            report.add_schema(path, pair);
            return;
        }
        // Outside of paths a single value is serialized alike in all styles; where only one side is a list, the schemas
        // tell the difference.
        let lists = |parameter: &Parameter| match ListWriting::of_style(parameter.style, parameter.explode) {
            ListWriting::Separated(separator)
                if parameter.style == ParameterStyle::Simple && parameter.place == ParameterPlace::Path =>
            {
                ListWriting::Segment(separator)
            }
            writing => writing,
        };
        let is_other_text = new.place == ParameterPlace::Path && old.style != new.style;
        if is_other_text || self.schemas.are_structured(old.schema, new.schema) == (true, true) {
            let (was, is) = (written(old), written(new));
            // Lists of one style may be written alike, exploded or not; objects never are.
            let is_alike = old.style == new.style
                && lists(old) == lists(new)
                && self.schemas.are_without_objects(old.schema, new.schema);
            if was != is && !is_alike {
                let message = format!("the value was written in the style {was} and is written in the style {is}");
                let found = RawChange::new(kinds::PARAMETER_STYLE_CHANGED, message);
                report.add(path, found.at(Some(place_of(before, "style")), Some(place_of(after, "style"))));
            }
        }
        // The name stands before the value (RFC 6570, section 3.2.7).
        if old.name != new.name && [old.style, new.style] == [ParameterStyle::Matrix; 2] {
            let message = format!("the value was written after ;{} and is written after ;{}", old.name, new.name);
            let found = RawChange::new(kinds::PARAMETER_STYLE_CHANGED, message);
            report.add(path, found.at(Some(place_of(before, "name")), Some(place_of(after, "name"))));
        }
        let pair = self.schemas.text_pair(old.schema, new.schema, (lists(old), lists(new)), ValueDirection::Request);
        report.add_schema(path, pair);
    }

    /// Compares the examples of a parameter, header or media type.
    pub(super) fn examples(&mut self, before: Node<'_>, after: Node<'_>, path: &str, report: &mut ApiReport) {
        for name in ["example", "examples"] {
            if let Some(change) = self.change(name, before.get(name), after.get(name)) {
                let found = RawChange::of_field(kinds::EXAMPLE_CHANGED, change);
                report.add(path, found.at(field_place(before, name), field_place(after, name)));
            }
        }
    }
}

/// Describes the serialization of a list or an object.
fn written(parameter: &Parameter) -> String {
    let name = parameter.style.as_str();
    // An object in this style is written in one way.
    let is_exploded = parameter.explode && parameter.style != ParameterStyle::DeepObject;
    if is_exploded { format!("{name}, exploded") } else { name.to_owned() }
}

/// Returns the location of a field, or of its object if the field is missing.
fn place_of(node: Node<'_>, field: &str) -> Location {
    node.key_location(field)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::hash::Hasher;

    use super::*;

    /// A key that counts how often it is compared with another one.
    struct Counted<'c>(usize, &'c Cell<usize>);

    impl PartialEq for Counted<'_> {
        fn eq(&self, other: &Self) -> bool {
            self.1.set(self.1.get() + 1);
            self.0 == other.0
        }
    }

    impl Eq for Counted<'_> {}

    impl Hash for Counted<'_> {
        fn hash<H: Hasher>(&self, state: &mut H) {
            self.0.hash(state);
        }
    }

    #[test]
    fn pairing_compares_each_key_a_few_times_only() {
        let comparisons = Cell::new(0);
        let keys = |range: std::ops::Range<usize>| range.map(|key| (Counted(key, &comparisons), key));
        let paired = pair(keys(0..10_000), keys(5_000..15_000));
        assert_eq!((paired.both.len(), paired.old.len(), paired.new.len()), (5_000, 5_000, 5_000));
        assert!(paired.both.iter().all(|(old, new)| old == new));
        assert!(comparisons.get() < 40_000, "{} comparisons", comparisons.get());
    }

    #[test]
    fn what_has_a_key_twice_is_paired_in_order() {
        let list = |text: &'static str| text.char_indices().map(|(index, key)| (key, (index, key)));
        let paired = pair(list("aba"), list("caad"));
        assert_eq!(paired.both, [((0, 'a'), (1, 'a')), ((2, 'a'), (2, 'a'))]);
        assert_eq!((paired.old, paired.new), (vec![(1, 'b')], vec![(0, 'c'), (3, 'd')]));
    }
}
