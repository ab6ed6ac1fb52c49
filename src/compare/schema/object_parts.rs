//! The properties of objects that are written under names of their own, as an exploded parameter is.

use super::context::{Context, PairId};
use super::proof::{DefinitionSide, ValueWriting};
use super::property_mentions::PropertyMentions;
use super::table::SchemaTable;
use super::view::SchemaView;
use super::writing::ListWriting;
use crate::definition::{CompiledPatterns, Node, NodeId, TypeSet, ValueDirection};

/// A property of an object, as far as its schema describes it.
#[derive(Debug, Default)]
pub(in crate::compare) struct ObjectPart {
    /// None at all where it may have any value.
    pub(in crate::compare) schemas: Vec<NodeId>,
    pub(in crate::compare) is_required: bool,
    /// The other properties that the object must have.
    pub(in crate::compare) others_required: Vec<String>,
}

impl<'d> SchemaTable<'d> {
    /// Lists the names of the properties that a schema declares for objects.
    pub(in crate::compare) fn part_names(&mut self, side: DefinitionSide, schema: NodeId) -> Vec<&'d str> {
        let view = self.view_of(side, schema);
        view.properties(&mut self.steps_left).list.into_iter().map(|property| property.name).collect()
    }

    /// Returns a property of the objects that a schema allows; `None` where the schema does not speak of it.
    pub(in crate::compare) fn part(&mut self, side: DefinitionSide, schema: NodeId, name: &str) -> Option<ObjectPart> {
        let view = self.view_of(side, schema);
        if !view.types.meets(TypeSet::OBJECT) {
            return None;
        }
        let declared = view.properties(&mut self.steps_left).get(name).map(|property| property.schemas.clone());
        let schemas = declared.or_else(|| left_over(&view, name)).or_else(|| {
            let choices = view.choices.iter().flat_map(|choice| &choice.alternatives).map(|node| node.id());
            let definition = self.sets(side).definition;
            let mentions = PropertyMentions::of(definition, &choices.collect::<Vec<_>>(), None, &mut self.steps_left);
            mentions.may_have(name).then(Vec::new)
        })?;
        let required = view.required();
        let others = required.iter().map(|(other, _)| *other).filter(|other| *other != name);
        Some(ObjectPart {
            schemas,
            is_required: required.iter().any(|(other, _)| *other == name),
            others_required: others.map(str::to_owned).collect(),
        })
    }

    /// Brings the schemas of a name together that one more parameter reads.
    pub(in crate::compare) fn part_pair(
        &mut self,
        before: Vec<NodeId>,
        after: Vec<NodeId>,
        lists: (ListWriting, ListWriting),
    ) -> Option<PairId> {
        let context = Context { lists, ..Context::new(ValueDirection::Request, ValueWriting::Text) };
        self.meet(before, after, context)
    }

    fn view_of(&mut self, side: DefinitionSide, schema: NodeId) -> SchemaView<'d> {
        let definition = self.sets(side).definition;
        SchemaView::open(definition, &[schema], &mut self.steps_left)
    }
}

/// Returns the schemas of a property that no schema declares by its name.
fn left_over(view: &SchemaView<'_>, name: &str) -> Option<Vec<NodeId>> {
    let mut patterns = CompiledPatterns::default();
    let matching = view.keyword("patternProperties").flat_map(Node::entries);
    let matching: Vec<NodeId> = matching
        .filter(|(pattern, _)| patterns.is_match(pattern, name) == Some(true))
        .map(|(_, schema)| schema.id())
        .collect();
    if !matching.is_empty() {
        return Some(matching);
    }
    let others: Vec<Node<'_>> = view.keyword("additionalProperties").collect();
    let is_refused = others.iter().any(|node| node.as_bool() == Some(false));
    (!others.is_empty() && !is_refused).then(|| others.into_iter().map(Node::id).collect())
}
