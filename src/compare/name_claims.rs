//! Names of the query and of cookies that one more parameter reads: an object with a name for each of its parts reads
//! those of its properties, unless they are parameters of their own (RFC 6570, section 3.2.8; OpenAPI 3.1.1, section
//! 4.8.12).
//!
//! A caller that sends such a name for one parameter sends it for the other one too, which may refuse its value.

use std::collections::BTreeSet;

use super::comparer::{ApiReport, Comparer};
use super::excerpt::quoted;
use super::kinds;
use super::output::RawChange;
use super::schema::{DefinitionSide, ListWriting, ObjectPart};
use crate::definition::{Api, NodeId, Parameter, ParameterPlace, ParameterStyle};

/// A parameter that reads a name.
struct NameReader<'a> {
    parameter: &'a Parameter,
    part: ObjectPart,
    is_whole: bool,
}

pub(super) fn compare(comparer: &mut Comparer<'_>, before: &Api, after: &Api, report: &mut ApiReport) {
    for new in after.parameters.iter().filter(|parameter| is_named(parameter)) {
        for name in names(comparer, new) {
            comparer.claimed_name((before, after), new, &name, report);
        }
    }
}

/// True if the parts of a parameter, where it is an object, have names of their own.
fn gathers(parameter: &Parameter) -> bool {
    let is_form = parameter.style == ParameterStyle::Form && parameter.explode;
    is_named(parameter) && (is_form || parameter.style == ParameterStyle::DeepObject) && parameter.media_type.is_none()
}

fn is_named(parameter: &Parameter) -> bool {
    matches!(parameter.place, ParameterPlace::Query | ParameterPlace::Cookie)
}

/// Lists the names that a parameter of after reads: its own, and those of its properties.
fn names(comparer: &mut Comparer<'_>, parameter: &Parameter) -> BTreeSet<String> {
    let mut names = BTreeSet::from([parameter.name.clone()]);
    if let Some(schema) = parameter.schema.filter(|_| gathers(parameter)) {
        let parts = comparer.schemas.part_names(DefinitionSide::After, schema);
        names.extend(parts.into_iter().map(|part| name_of_part(parameter, part)));
    }
    names
}

fn name_of_part(parameter: &Parameter, part: &str) -> String {
    if parameter.style == ParameterStyle::DeepObject { format!("{}[{part}]", parameter.name) } else { part.to_owned() }
}

/// Returns the property of an object that a name stands for.
fn part_of_name<'n>(parameter: &Parameter, name: &'n str) -> Option<&'n str> {
    if parameter.style != ParameterStyle::DeepObject {
        return Some(name);
    }
    name.strip_prefix(parameter.name.as_str())?.strip_prefix('[')?.strip_suffix(']').filter(|part| !part.contains('['))
}

impl Comparer<'_> {
    /// Compares a name that a parameter reads, and did not, with those that read it before.
    fn claimed_name(&mut self, (before, after): (&Api, &Api), new: &Parameter, name: &str, report: &mut ApiReport) {
        let was = self.readers(DefinitionSide::Before, before, new.place, name);
        if was.is_empty() || was.iter().any(|old| old.is_whole || is_same(old.parameter, new)) {
            return;
        }
        let is = self.readers(DefinitionSide::After, after, new.place, name);
        let Some(reader) = is.iter().find(|reader| is_same(reader.parameter, new)) else { return };
        let path = format!("request {} parameter {}", new.place.as_str(), new.name);
        let place = Some(self.after.node(new.node).location());
        for old in &was {
            let reads_on = is.iter().any(|reader| is_same(reader.parameter, old.parameter));
            if old.part.is_required && !reads_on {
                let message = format!(
                    "the property {} of {}, which must be there, is a parameter of its own",
                    quoted(name),
                    quoted(&old.parameter.name)
                );
                let found = RawChange::new(kinds::PROPERTY_REMOVED, message);
                report.add(&path, found.at(Some(self.before.node(old.parameter.node).location()), place.clone()));
            }
        }
        let known: Vec<NodeId> = was.iter().flat_map(|old| old.part.schemas.iter().copied()).collect();
        if let Some(media_type) = &new.media_type {
            let message = format!("the value was a text, and is written as {}", media_type.name);
            report.add(&path, RawChange::new(kinds::PARAMETER_MEDIA_TYPE_CHANGED, message).at(None, place));
            return;
        }
        let writing = if reader.is_whole { ListWriting::of_style(new.style, new.explode) } else { ListWriting::Json };
        let pair = self.schemas.part_pair(known, reader.part.schemas.clone(), (ListWriting::Json, writing));
        report.add_schema(&path, pair);
        let missing = reader.part.others_required.iter().find(|other| {
            let other = name_of_part(new, other);
            self.readers(DefinitionSide::Before, before, new.place, &other).is_empty()
        });
        if let Some(missing) = missing.filter(|_| before.parameters.iter().all(|old| !is_same(old, new))) {
            let message = format!("where {} is sent, {} must be sent as well", quoted(name), quoted(missing));
            report.add(&path, RawChange::new(kinds::REQUIRED_PARAMETER_ADDED, message).at(None, place));
        }
    }

    /// Lists the parameters that read a name: the one that has it, or all objects with a property of it.
    fn readers<'a>(
        &mut self,
        side: DefinitionSide,
        api: &'a Api,
        place: ParameterPlace,
        name: &str,
    ) -> Vec<NameReader<'a>> {
        let in_place = || api.parameters.iter().filter(|parameter| parameter.place == place);
        if let Some(parameter) = in_place().find(|parameter| parameter.name == name) {
            let part = ObjectPart { schemas: parameter.schema.into_iter().collect(), ..ObjectPart::default() };
            return vec![NameReader { parameter, part, is_whole: true }];
        }
        let objects = in_place().filter(|parameter| gathers(parameter));
        let reader = |parameter: &'a Parameter| {
            let part = self.schemas.part(side, parameter.schema?, part_of_name(parameter, name)?)?;
            Some(NameReader { parameter, part, is_whole: false })
        };
        objects.filter_map(reader).collect()
    }
}

fn is_same(one: &Parameter, other: &Parameter) -> bool {
    one.place == other.place && one.name == other.name
}
