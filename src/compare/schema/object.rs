//! Compares the contents of objects, and the keywords that no other module handles.

use std::collections::{HashMap, HashSet};

use super::comparison::PairComparison;
use super::context::SchemaStep;
use super::dependent_required;
use super::items;
use super::proof::DefinitionSide;
use super::properties::{PropertyView, PropertyViews};
use super::scopes::{LeftOverJudge, blind_judges};
use super::undeclared::{LeftOver, UndeclaredProperties};
use super::view::SchemaView;
use crate::compare::excerpt;
use crate::compare::kinds::{self, Polarity};
use crate::definition::{Node, NodeId, ValueDirection};
use crate::model::Location;

pub(super) fn compare(comparing: &mut PairComparison<'_, '_>) {
    let mut steps = comparing.schemas.steps_left;
    let before = comparing.before.properties(&mut steps);
    let after = comparing.after.properties(&mut steps);
    comparing.schemas.steps_left = steps;
    if steps == 0 {
        return;
    }
    let moved = properties(comparing, &before, &after);
    required(comparing, (&before, &after), &moved);
    others(comparing);
}

/// Compares the properties; returns those that one side alone declares here, and that are declared there all the same.
fn properties<'d>(
    comparing: &mut PairComparison<'_, 'd>,
    before: &PropertyViews<'d>,
    after: &PropertyViews<'d>,
) -> HashSet<&'d str> {
    let mut moved = HashSet::new();
    let required: HashSet<&str> = comparing.after.required().into_iter().map(|(name, _)| name).collect();
    let (others, others_after) =
        (UndeclaredProperties::of(&comparing.before), UndeclaredProperties::of(&comparing.after));
    let closed = UndeclaredProperties::of(&comparing.before) == UndeclaredProperties::Refused
        || LeftOver::Properties.is_judged(&comparing.before);
    let is_judged_around = comparing.context.direction == ValueDirection::Response
        && !comparing.context.kept.no_more
        && comparing.is_judged_around(DefinitionSide::Before, LeftOver::Properties);
    let is_zero = |node: Node<'_>| node.as_number().and_then(serde_json::Number::as_f64) == Some(0.0);
    let has_none = comparing.before.keyword("maxProperties").any(is_zero);
    for old in &before.list {
        if let Some(new) = after.get(old.name) {
            if required.contains(old.name) {
                comparing.required_sent_at_last(old, new);
            }
            if old.undecided != new.undecided {
                let name = excerpt::quoted(old.name);
                let message = format!("no pattern tells whether the property {name} is described beside others");
                comparing.add(kinds::CONSTRAINT_CHANGED, message, Some(place(old)), Some(place(new)));
            }
            comparing.lead_to_property(old, new);
        } else if comparing.kept.is_all() && (comparing.context.polarity != Polarity::Same || has_none) {
            // Within `not` it is no property of the value, and none is where there may be none at all.
        } else if comparing.carries(&old.schemas, true) {
            if comparing.tell_moved(DefinitionSide::After, old, &others_after) {
                moved.insert(old.name);
                continue;
            }
            let message = format!("the property {} was removed", excerpt::quoted(old.name));
            comparing.add(kinds::PROPERTY_REMOVED, message, Some(place(old)), None);
            comparing.note_sunset(&old.schemas);
        }
    }
    for new in &after.list {
        let is_known = before.get(new.name).is_some() || (comparing.kept.is_all() && has_none);
        if is_known || !comparing.carries(&new.schemas, false) {
            continue;
        }
        if comparing.tell_moved(DefinitionSide::Before, new, &others) {
            moved.insert(new.name);
            continue;
        }
        if let UndeclaredProperties::Schemas(schemas) = &others {
            comparing.lead(SchemaStep::Property(new.name), schemas.clone(), new.schemas.clone(), Polarity::Same);
        }
        let name = excerpt::quoted(new.name);
        let is_required = required.contains(new.name);
        let (kind, message) = if comparing.context.polarity != Polarity::Same {
            (kinds::CONSTRAINT_CHANGED, format!("the property {name} was added"))
        } else if is_judged_around {
            let message = format!("the property {name} was added, in an object that allowed no others");
            let place = Some(place(new));
            comparing.add_beyond_values(kinds::PROPERTY_ADDED_TO_CLOSED_OBJECT, message, None, place);
            continue;
        } else if comparing.kept.is_all() {
            (kinds::PROPERTY_ADDED, format!("the property {name} was added, which could be there already"))
        } else if closed && comparing.context.direction == ValueDirection::Response {
            let message = format!("the property {name} was added, in an object that allowed no others");
            (kinds::PROPERTY_ADDED_TO_CLOSED_OBJECT, message)
        } else if is_required {
            (kinds::REQUIRED_PROPERTY_ADDED, format!("the required property {name} was added"))
        } else {
            (kinds::PROPERTY_ADDED, format!("the optional property {name} was added"))
        };
        comparing.add(kind, message, None, Some(place(new)));
    }
    moved
}

fn place(property: &PropertyView<'_>) -> Location {
    property.declared.key_location(property.name)
}

/// Compares the names that an object must have, apart from properties that came or went.
fn required<'d>(
    comparing: &mut PairComparison<'_, 'd>,
    (before, after): (&PropertyViews<'d>, &PropertyViews<'d>),
    moved: &HashSet<&'d str>,
) {
    let (was, is) = (comparing.before.required(), comparing.after.required());
    let known: HashSet<&str> = was.iter().map(|(name, _)| *name).collect();
    let kept: HashSet<&str> = is.iter().map(|(name, _)| *name).collect();
    let declared = |properties: &PropertyViews<'d>, name: &str| properties.get(name).map(|found| found.schemas.clone());
    for (name, node) in is.iter().filter(|(name, _)| !known.contains(name)) {
        let (old, new) = (declared(before, name), declared(after, name));
        let is_new = old.is_none() && new.is_some() && !moved.contains(name);
        if !is_new && comparing.carries(&new.unwrap_or_default(), false) {
            let message = format!("the property {} could be missing and is required", excerpt::quoted(name));
            let place_before = before.get(name).map(place);
            comparing.add(kinds::PROPERTY_BECAME_REQUIRED, message, place_before, Some(node.location()));
        }
    }
    for (name, node) in is.iter().filter(|(name, _)| known.contains(name) && !moved.contains(name)) {
        match (before.get(name), after.get(name)) {
            (Some(old), None) if !comparing.carries(&old.schemas, true) => {
                comparing.declaration_removed(old, node.location());
            }
            (None, Some(new)) if !comparing.carries(&new.schemas, false) => comparing.declared_unsent(new),
            _ => {}
        }
    }
    for (name, node) in was.iter().filter(|(name, _)| !kept.contains(name)) {
        let (old, new) = (declared(before, name), declared(after, name));
        let is_gone = old.is_some() && new.is_none() && !moved.contains(name);
        if !is_gone && comparing.carries(&old.unwrap_or_default(), true) {
            let message = format!("the property {} was required and can be missing", excerpt::quoted(name));
            let place_after = after.get(name).map(place);
            comparing.add(kinds::PROPERTY_BECAME_OPTIONAL, message, Some(node.location()), place_after);
        }
    }
}

fn others(comparing: &mut PairComparison<'_, '_>) {
    let place = |view: &SchemaView<'_>| view.first("additionalProperties").map(|(_, node)| node.location());
    let places = (place(&comparing.before), place(&comparing.after));
    let (before, after) = (UndeclaredProperties::of(&comparing.before), UndeclaredProperties::of(&comparing.after));
    let is_judged = comparing.judges(DefinitionSide::Before, LeftOver::Properties)
        || comparing.judges(DefinitionSide::After, LeftOver::Properties);
    if places.0.is_some() != places.1.is_some() && is_judged {
        let message = "`additionalProperties` came or went, which decides what is left to `unevaluatedProperties`";
        comparing.add_to_whole(
            LeftOver::Properties,
            kinds::CONSTRAINT_CHANGED,
            message,
            places.0.clone(),
            places.1.clone(),
        );
    }
    let kind = match (&before, &after) {
        (UndeclaredProperties::Schemas(old), UndeclaredProperties::Schemas(new)) => {
            return comparing.lead(SchemaStep::Others, old.clone(), new.clone(), Polarity::Same);
        }
        (UndeclaredProperties::Anything, UndeclaredProperties::Anything)
        | (UndeclaredProperties::Refused, UndeclaredProperties::Refused) => return,
        (UndeclaredProperties::Anything, _) | (_, UndeclaredProperties::Refused) => {
            kinds::ADDITIONAL_PROPERTIES_NARROWED
        }
        (UndeclaredProperties::Refused, _) | (_, UndeclaredProperties::Anything) => {
            kinds::ADDITIONAL_PROPERTIES_WIDENED
        }
    };
    let message = format!("other properties were {} and are {}", before.shown(), after.shown());
    comparing.add(kind, message, places.0, places.1);
}

/// Keywords with one subschema, and the effect of that on the set of allowed values.
const APPLICATORS: [(&str, Polarity); 9] = [
    ("not", Polarity::Opposite),
    ("if", Polarity::Unknown),
    ("then", Polarity::Same),
    ("else", Polarity::Same),
    ("contains", Polarity::Same),
    ("propertyNames", Polarity::Same),
    ("unevaluatedItems", Polarity::Same),
    ("unevaluatedProperties", Polarity::Same),
    ("contentSchema", Polarity::Same),
];
/// Keywords that map names to schemas.
const MAPS: [&str; 2] = ["patternProperties", "dependentSchemas"];
/// Keywords with a value that says more or less as a whole.
const VALUES: [&str; 2] = ["contentEncoding", "contentMediaType"];

/// Compares the media types of texts that hold something else.
pub(super) fn content_media_type(comparing: &mut PairComparison<'_, '_>) {
    value(comparing, "contentMediaType");
}

/// Compares the keywords that are rare in definitions.
pub(super) fn constraints(comparing: &mut PairComparison<'_, '_>) {
    for (keyword, polarity) in APPLICATORS {
        let bounded = keyword == "contains"
            && (comparing.before.first("maxContains").is_some() || comparing.after.first("maxContains").is_some());
        let polarity = if bounded { Polarity::Unknown } else { polarity };
        applicator(comparing, keyword, polarity);
    }
    for keyword in MAPS {
        map(comparing, keyword);
    }
    for keyword in VALUES {
        value(comparing, keyword);
    }
    dependent_required::compare(comparing);
    items::counts(comparing);
    for left in [LeftOver::Properties, LeftOver::Items] {
        if blind_judges(&comparing.before, left) != blind_judges(&comparing.after, left) {
            let keyword = left.keyword();
            let place = |view: &SchemaView<'_>| view.first(keyword).map(|(_, node)| node.location());
            let places = (place(&comparing.before), place(&comparing.after));
            let message = format!("`{keyword}` stands beside other schemas, which decides what is left to it");
            comparing.add_to_whole(left, kinds::CONSTRAINT_CHANGED, message, places.0, places.1);
        }
    }
}

fn applicator<'d>(comparing: &mut PairComparison<'_, 'd>, keyword: &'static str, polarity: Polarity) {
    let left = described_parts(keyword).find(|left| comparing.is_judged_beside(*left, keyword));
    let schemas = |view: &SchemaView<'d>| -> Vec<Node<'d>> {
        let is_trivial = |node: &Node<'d>| {
            node.as_bool() == Some(true) && polarity == Polarity::Same && left.is_none() && keyword != "contains"
        };
        view.keyword(keyword).filter(|node| !is_trivial(node)).collect()
    };
    let (before, after) = (schemas(&comparing.before), schemas(&comparing.after));
    // Several of one keyword, from `allOf`, are taken in order; as many as there are on both sides.
    for (old, new) in before.iter().zip(&after) {
        comparing.lead(SchemaStep::Keyword(keyword), vec![old.id()], vec![new.id()], polarity);
    }
    for gone in before.iter().skip(after.len()) {
        let message = format!("there is no `{keyword}` any longer");
        let place = Some(gone.location());
        match left {
            Some(left) => comparing.add_to_whole(left, kinds::CONSTRAINT_CHANGED, message, place, None),
            None => comparing.add(kinds::CONSTRAINT_REMOVED, message, place, None),
        }
    }
    for fresh in after.iter().skip(before.len()) {
        let message = format!("there is a new `{keyword}`");
        let place = Some(fresh.location());
        match left {
            Some(left) => comparing.add_to_whole(left, kinds::CONSTRAINT_CHANGED, message, None, place),
            None => comparing.add(kinds::CONSTRAINT_ADDED, message, None, place),
        }
    }
}

/// Lists the parts of a value that the schema of a keyword describes, so that they are not left to
/// `unevaluatedProperties` or `unevaluatedItems` (JSON Schema 2020-12, Core 11).
fn described_parts(keyword: &str) -> impl Iterator<Item = LeftOver> {
    let parts: &[LeftOver] = match keyword {
        "if" | "then" | "else" => &[LeftOver::Properties, LeftOver::Items],
        "unevaluatedProperties" => &[LeftOver::Properties],
        "unevaluatedItems" => &[LeftOver::Items],
        _ => &[],
    };
    parts.iter().copied()
}

/// Names in their order, each with its schemas and the place of the first.
type Named<'d> = (Vec<&'d str>, HashMap<&'d str, (Vec<NodeId>, Location)>);

fn map<'d>(comparing: &mut PairComparison<'_, 'd>, keyword: &'static str) {
    // Where other properties are restricted, a pattern also admits the properties that match it, and a schema that
    // depends on a property those that it describes.
    let is_pattern = keyword == "patternProperties";
    let [before_lets_in, after_lets_in] = [DefinitionSide::Before, DefinitionSide::After].map(|side| {
        if is_pattern { comparing.bounds_others(side) } else { comparing.judges(side, LeftOver::Properties) }
    });
    let gone = if after_lets_in { kinds::CONSTRAINT_CHANGED } else { kinds::CONSTRAINT_REMOVED };
    let fresh = if before_lets_in { kinds::CONSTRAINT_CHANGED } else { kinds::CONSTRAINT_ADDED };
    let named = |view: &SchemaView<'d>| -> Named<'d> {
        let mut order = Vec::new();
        let mut known: HashMap<&'d str, (Vec<NodeId>, Location)> = HashMap::new();
        for (name, schema) in view.keyword(keyword).flat_map(Node::entries) {
            let entry = known.entry(name).or_insert_with(|| {
                order.push(name);
                (Vec::new(), schema.location())
            });
            entry.0.push(schema.id());
        }
        if is_pattern {
            for judge in LeftOverJudge::list(view) {
                let left = known.iter_mut().filter(|(pattern, _)| !judge.sees_pattern(pattern));
                left.for_each(|(_, (schemas, _))| schemas.push(judge.verdict.id()));
            }
        }
        (order, known)
    };
    let ((old_names, before), (new_names, after)) = (named(&comparing.before), named(&comparing.after));
    for name in old_names {
        let Some((old, place)) = before.get(name) else { continue };
        if let Some((new, _)) = after.get(name) {
            let step = if is_pattern { SchemaStep::Pattern(name) } else { SchemaStep::Keyword(keyword) };
            comparing.lead(step, old.clone(), new.clone(), Polarity::Same);
        } else {
            let message = format!("there is no `{keyword}` for {} any longer", excerpt::quoted(name));
            comparing.add_to_whole(LeftOver::Properties, gone, message, Some(place.clone()), None);
        }
    }
    for name in new_names.into_iter().filter(|name| !before.contains_key(name)) {
        let message = format!("there is a new `{keyword}` for {}", excerpt::quoted(name));
        let place = after.get(name).map(|(_, place)| place.clone());
        comparing.add_to_whole(LeftOver::Properties, fresh, message, None, place);
    }
}

fn value<'d>(comparing: &mut PairComparison<'_, 'd>, keyword: &'static str) {
    let of = |view: &SchemaView<'d>| view.first(keyword).map(|(_, node)| node);
    let (before, after) = (of(&comparing.before), of(&comparing.after));
    let numbers =
        (before.map(|node| comparing.fingerprint_before(node)), after.map(|node| comparing.fingerprint_after(node)));
    let kind = match numbers {
        (None, None) => return,
        (Some(was), Some(is)) if was == is => return,
        // It tells of values, and refuses none (JSON Schema 2020-12, Validation 8.1).
        (None, _) | (_, None) if keyword == "contentMediaType" => return,
        (None, Some(_)) => kinds::CONSTRAINT_ADDED,
        (Some(_), None) => kinds::CONSTRAINT_REMOVED,
        (Some(_), Some(_)) => kinds::CONSTRAINT_CHANGED,
    };
    let shown = |node: Option<Node<'d>>, other: Option<Node<'d>>| {
        node.map_or_else(|| "absent".to_owned(), |node| excerpt::shown_among(node, other))
    };
    let message = format!("`{keyword}` was {} and is {}", shown(before, after), shown(after, before));
    comparing.add(kind, message, before.map(Node::location), after.map(Node::location));
}

impl PairComparison<'_, '_> {
    /// True if a side restricts the properties that are not declared, here or in the schemas around.
    fn bounds_others(&mut self, side: DefinitionSide) -> bool {
        let view = match side {
            DefinitionSide::Before => &self.before,
            DefinitionSide::After => &self.after,
        };
        UndeclaredProperties::of(view) != UndeclaredProperties::Anything || self.judges(side, LeftOver::Properties)
    }

    /// True if what the schema of a keyword does not describe is judged: by the schemas around, or by another keyword
    /// here.
    fn is_judged_beside(&mut self, left: LeftOver, keyword: &str) -> bool {
        let judges =
            |view: &SchemaView<'_>| view.keyword(left.keyword()).count() > usize::from(left.keyword() == keyword);
        judges(&self.before)
            || judges(&self.after)
            || self.is_judged_around(DefinitionSide::Before, left)
            || self.is_judged_around(DefinitionSide::After, left)
    }

    /// Reports a required property that was read-only, so never sent, and must be sent now.
    fn required_sent_at_last(&mut self, old: &PropertyView<'_>, new: &PropertyView<'_>) {
        let is_request = self.context.direction == ValueDirection::Request;
        if is_request && !self.carries(&old.schemas, true) && self.carries(&new.schemas, false) {
            let name = excerpt::quoted(old.name);
            let message = format!("the property {name} was read-only, and requests must have it now");
            self.add_beyond_values(kinds::PROPERTY_BECAME_REQUIRED, message, Some(place(old)), Some(place(new)));
        }
    }

    /// Reports a required property whose declaration went, which alone said that it does not travel in this direction.
    fn declaration_removed(&mut self, old: &PropertyView<'_>, required: Location) {
        let name = excerpt::quoted(old.name);
        let (kind, message) = match self.context.direction {
            ValueDirection::Request => (
                kinds::PROPERTY_BECAME_REQUIRED,
                format!("the property {name} was read-only, and requests must have it now, as nothing declares it"),
            ),
            ValueDirection::Response => (
                kinds::WRITE_ONLY_REMOVED,
                format!("the property {name} was write-only, and responses have it now, as nothing declares it"),
            ),
        };
        self.add_beyond_values(kind, message, Some(place(old)), Some(required));
    }

    /// Reports a required property that nothing declared, and whose declaration says that it does not travel in this
    /// direction.
    fn declared_unsent(&mut self, new: &PropertyView<'_>) {
        let kind = match self.context.direction {
            ValueDirection::Request => kinds::READ_ONLY_ADDED,
            ValueDirection::Response => kinds::WRITE_ONLY_ADDED,
        };
        let message =
            format!("the property {}, which was required, became {}", excerpt::quoted(new.name), self.unsent_flag());
        self.add_beyond_values(kind, message, None, Some(place(new)));
    }

    /// True if a property travels in this direction at all.
    fn carries(&mut self, schemas: &[NodeId], is_before: bool) -> bool {
        let flag = self.unsent_flag();
        let definition = if is_before { self.schemas.before.definition } else { self.schemas.after.definition };
        !SchemaView::open(definition, schemas, &mut self.schemas.steps_left).flag(flag)
    }
}
