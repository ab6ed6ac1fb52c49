//! The values of results and how they are written: each copied, built, compared and written once.
//!
//! What many places of a definition refer to costs once, wherever that is possible; what is paid comes out of the
//! budget of the whole definition.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use super::budget::{Budget, Spent, size};
use crate::definition::api::Definition;
use crate::definition::document::{Node, NodeId, NodeMap};
use crate::definition::encode::{self, Encoded, Family};
use crate::definition::schema::{Direction, Failure, Sampler};

/// No example that is copied holds more values; a long text counts as several.
pub(super) const MOST_COPIED: usize = 200_000;

/// Where a value comes from, which is what it is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Source {
    /// It stands in the document.
    Written(NodeId),
    /// It stands in the document as a text of JSON.
    Meant(NodeId),
    /// It is built from a schema.
    Built(NodeId),
    /// It is the one of no schema and no example.
    Empty,
}

/// A value, and where it comes from.
#[derive(Debug, Clone)]
pub(super) struct Sourced {
    pub(super) value: Arc<Value>,
    source: Source,
}

/// An example, and whether its schema allows it.
#[derive(Debug, Clone)]
pub(super) struct Compared {
    pub(super) example: Sourced,
    pub(super) fits: bool,
}

/// A value that was built, and the schema that it does not fit strictly, if there is one.
type Doubted<T> = (T, Option<Failure>);

/// What is known of the values of one definition.
pub(super) struct Values<'d> {
    definition: &'d Definition,
    sampler: Sampler,
    pub(super) budget: Budget,
    copied: NodeMap<NodeId, Option<Arc<Value>>>,
    compared: NodeMap<(NodeId, Option<NodeId>, bool), Option<Compared>>,
    built: NodeMap<NodeId, Result<Doubted<Arc<Value>>, Failure>>,
    /// How many bodies and headers may still ask for the value of a schema: what none asks for is not kept.
    asked_for: NodeMap<NodeId, usize>,
    written: HashMap<(Source, Family, Option<NodeId>), Bytes>,
}

impl<'d> Values<'d> {
    pub(super) fn new(definition: &'d Definition, budget: Budget) -> Self {
        Self {
            definition,
            sampler: Sampler::new(definition.specification),
            budget,
            copied: NodeMap::default(),
            compared: NodeMap::default(),
            built: NodeMap::default(),
            asked_for: asked_for(definition),
            written: HashMap::new(),
        }
    }

    /// Copies a value of the document; `None` where it is too large.
    pub(super) fn copy(&mut self, node: Node<'d>) -> Result<Option<Sourced>, Spent> {
        let sourced = |value: &Arc<Value>| Sourced { value: Arc::clone(value), source: Source::Written(node.id()) };
        if let Some(known) = self.copied.get(&node.id()) {
            return Ok(known.as_ref().map(sourced));
        }
        let most = MOST_COPIED.min(self.budget.steps);
        let mut left = most;
        let value = node.to_value_within(&mut left).map(Arc::new);
        self.budget.take_steps(most - left)?;
        if let Some(value) = &value {
            self.budget.take_bytes(size(value))?;
        }
        let copied = value.as_ref().map(sourced);
        self.copied.insert(node.id(), value);
        Ok(copied)
    }

    /// Takes an example of a media type, and compares it with the schema; `None` where it is too large.
    ///
    /// An example that is JSON written as a text is taken for what it means, where only that keeps the schema.
    pub(super) fn example(
        &mut self,
        node: Node<'d>,
        media_type: &str,
        schema: Option<Node<'d>>,
    ) -> Result<Option<Compared>, Spent> {
        let is_json = encode::is_json(media_type);
        let schema = schema.map(meant);
        let key = (node.id(), schema.map(Node::id), is_json);
        if let Some(known) = self.compared.get(&key) {
            return Ok(known.clone());
        }
        let compared = match self.copy(node)? {
            Some(written) if is_json => Some(self.json_example(written, node, schema)?),
            Some(written) => {
                let schema = schema.filter(|_| !written.value.is_string());
                Some(Compared { fits: self.allows(&written, schema)?, example: written })
            }
            None => None,
        };
        self.compared.insert(key, compared.clone());
        Ok(compared)
    }

    fn json_example(&mut self, written: Sourced, node: Node<'d>, schema: Option<Node<'d>>) -> Result<Compared, Spent> {
        let fits = self.allows(&written, schema)?;
        let parsed = match written.value.as_str() {
            Some(text) if !fits || schema.is_none() => serde_json::from_str::<Value>(text).ok(),
            _ => None,
        };
        let Some(parsed) = parsed.filter(|parsed| schema.is_some() || parsed.is_object() || parsed.is_array()) else {
            return Ok(Compared { example: written, fits });
        };
        self.budget.take_bytes(size(&parsed))?;
        let example = Sourced { value: Arc::new(parsed), source: Source::Meant(node.id()) };
        Ok(Compared { fits: self.allows(&example, schema)?, example })
    }

    /// Tells whether a schema allows a value; without one everything is allowed.
    pub(super) fn allows(&mut self, value: &Sourced, schema: Option<Node<'d>>) -> Result<bool, Spent> {
        let Some(schema) = schema else { return Ok(true) };
        let mut steps = 0;
        let fits = self.sampler.allows_within(&value.value, schema, Some(Direction::Response), &mut steps);
        self.budget.take_steps(steps)?;
        Ok(fits)
    }

    /// Builds a value that a schema allows, with the reason why not strictly, or says why there is none.
    pub(super) fn build(&mut self, schema: Node<'d>) -> Result<Result<Doubted<Sourced>, Failure>, Spent> {
        let schema = meant(schema);
        let source = Source::Built(schema.id());
        let is_asked_for_again = self.asked_for.get_mut(&schema.id()).is_some_and(|left| {
            *left = left.saturating_sub(1);
            *left > 0
        });
        let known =
            if is_asked_for_again { self.built.get(&schema.id()).cloned() } else { self.built.remove(&schema.id()) };
        if let Some(known) = known {
            return Ok(known.map(|(value, doubt)| (Sourced { value, source }, doubt)));
        }
        let mut steps = 0;
        let built = self.sampler.build(schema, self.budget.steps, &mut steps);
        let built = built.map(|built| (Arc::new(built.value), built.doubt));
        self.budget.take_steps(steps)?;
        if let Ok((value, _)) = &built {
            self.budget.take_bytes(size(value))?;
        }
        if is_asked_for_again {
            self.built.insert(schema.id(), built.clone());
        }
        Ok(built.map(|(value, doubt)| (Sourced { value, source }, doubt)))
    }

    /// Returns the value of a body of which nothing is known.
    pub(super) fn empty(media_type: &str) -> Sourced {
        let value = if encode::is_json(media_type) {
            Value::Object(serde_json::Map::new())
        } else {
            Value::String(String::new())
        };
        Sourced { value: Arc::new(value), source: Source::Empty }
    }

    /// Writes a value in a media type.
    pub(super) fn write(
        &mut self,
        media_type: &str,
        Sourced { value, source }: &Sourced,
        schema: Option<Node<'d>>,
    ) -> Result<Encoded, Spent> {
        let (media_type, family) = encode::answered_as(media_type, value, schema);
        // Only XML is written by what the schema says.
        let schema = schema.filter(|_| family == Family::Xml);
        let key = (*source, family, schema.map(Node::id));
        if let Some(bytes) = self.written.get(&key) {
            return Ok(Encoded { media_type, bytes: bytes.clone() });
        }
        let mut limits = encode::Limits { steps: self.budget.steps, bytes: self.budget.bytes };
        let written = encode::write(family, value, schema, self.definition.specification, &mut limits);
        self.budget.take_steps(self.budget.steps - limits.steps)?;
        let bytes = Bytes::from(written.ok_or(Spent)?);
        self.budget.take_bytes(bytes.len())?;
        self.written.insert(key, bytes.clone());
        Ok(Encoded { media_type, bytes })
    }
}

/// Counts for each schema the bodies and headers whose value it may give.
fn asked_for(definition: &Definition) -> NodeMap<NodeId, usize> {
    let mut asked_for = NodeMap::default();
    for api in &definition.apis {
        // The headers of a response stand beside `x-apigw-mock` as well.
        let times = if api.extension("x-apigw-mock").is_some() { 2 } else { 1 };
        for response in &api.responses {
            let bodies = response.content.iter().filter_map(|media_type| Some((media_type.schema?, 1)));
            let headers = response.headers.iter().filter_map(|header| Some((header.schema?, times)));
            for (schema, times) in bodies.chain(headers) {
                *asked_for.entry(meant(definition.node(schema)).id()).or_insert(0) += times;
            }
        }
    }
    asked_for
}

/// Returns the schema that a bare reference means, by which it is known.
fn meant(schema: Node<'_>) -> Node<'_> {
    schema.followed().filter(|_| schema.is_bare_reference()).unwrap_or(schema)
}
