//! The properties of an object, each with all the schemas that apply to it.

use std::collections::HashMap;

use super::scopes::LeftOverJudge;
use super::view::SchemaView;
use crate::definition::{CompiledPatterns, Node, NodeId};

impl<'d> SchemaView<'d> {
    /// Lists the properties in the order in which they are first declared, each with its schemas.
    pub(super) fn properties(&self, steps: &mut usize) -> PropertyViews<'d> {
        let mut properties = PropertyViews::default();
        for declared in self.keyword("properties") {
            for (name, schema) in declared.entries() {
                *steps = steps.saturating_sub(1);
                let index = *properties.by_name.entry(name).or_insert(properties.list.len());
                match properties.list.get_mut(index) {
                    Some(property) => property.schemas.push(schema.id()),
                    None => {
                        properties.list.push(PropertyView { name, declared, schemas: vec![schema.id()], undecided: 0 });
                    }
                }
            }
        }
        // What one schema declares is left to the judges in others that do not see it.
        let judges = LeftOverJudge::list(self);
        let mut patterns = CompiledPatterns::default();
        for property in &mut properties.list {
            *steps = steps.saturating_sub(judges.len());
            for judge in &judges {
                match judge.sees(property.name, &mut patterns) {
                    Some(true) => {}
                    Some(false) => property.schemas.push(judge.verdict.id()),
                    None => property.undecided += 1,
                }
            }
        }
        properties
    }
}

/// The properties of an object.
#[derive(Default)]
pub(super) struct PropertyViews<'d> {
    pub(super) list: Vec<PropertyView<'d>>,
    by_name: HashMap<&'d str, usize>,
}

/// A property, and the schemas that apply to its value.
pub(super) struct PropertyView<'d> {
    pub(super) name: &'d str,
    /// The map that declares it, for its place.
    pub(super) declared: Node<'d>,
    pub(super) schemas: Vec<NodeId>,
    /// The number of judges of which a pattern does not tell whether they see it.
    pub(super) undecided: usize,
}

impl<'d> PropertyViews<'d> {
    pub(super) fn get(&self, name: &str) -> Option<&PropertyView<'d>> {
        self.by_name.get(name).and_then(|index| self.list.get(*index))
    }
}
