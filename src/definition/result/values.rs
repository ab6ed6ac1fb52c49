//! Values of results and their serialization, each copied, generated, validated and serialized once.
//!
//! Values referenced from several places of a definition are cached where possible; all work is charged to the budget
//! of the definition.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use super::budget::{BudgetExceeded, ResultBudget, size};
use crate::definition::api::{Definition, MediaType};
use crate::definition::document::{Node, NodeId, NodeMap};
use crate::definition::encode::{self, EncodedBody, EncodingFamily};
use crate::definition::encoding_budget::EncodingBudget;
use crate::definition::exact_json;
use crate::definition::schema::{SampleFailure, Sampler, ValueDirection};
use crate::definition::sequence::SequenceFraming;

/// The maximum number of values in a copied example; a long text counts as several.
pub(super) const MOST_COPIED: usize = 200_000;

/// The origin of a value, used as its cache key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum ValueSource {
    /// A value in the document.
    Written(NodeId),
    /// JSON in a text of the document.
    Meant(NodeId),
    /// A value generated from a schema.
    Built(NodeId),
    /// A sequence of one item that was generated from a schema.
    Sequence(NodeId, SequenceFraming),
    /// The value of a body without schema and example.
    Empty,
}

/// A value with its origin.
#[derive(Debug, Clone)]
pub(super) struct SourcedValue {
    pub(super) value: Arc<Value>,
    source: ValueSource,
}

/// An example with the result of its validation.
#[derive(Debug, Clone)]
pub(super) struct ValidatedExample {
    pub(super) example: SourcedValue,
    pub(super) fits: bool,
}

/// A generated value, with the schema that it fits only loosely, if any.
type Doubted<T> = (T, Option<SampleFailure>);

/// The values of one definition, with caches.
pub(super) struct ResultValues<'d> {
    definition: &'d Definition,
    sampler: Sampler,
    pub(super) budget: ResultBudget,
    copied: NodeMap<NodeId, Option<Arc<Value>>>,
    compared: NodeMap<(NodeId, Option<NodeId>, bool), Option<ValidatedExample>>,
    built: NodeMap<NodeId, Result<Doubted<Arc<Value>>, SampleFailure>>,
    /// The number of bodies and headers that may still need the value of a schema; it is cached only while that is
    /// above one.
    asked_for: NodeMap<NodeId, usize>,
    written: HashMap<(ValueSource, EncodingFamily, Option<NodeId>), Bytes>,
}

impl<'d> ResultValues<'d> {
    pub(super) fn new(definition: &'d Definition, budget: ResultBudget) -> Self {
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

    /// Copies a value of the document; `None` if it is too large.
    pub(super) fn copy(&mut self, node: Node<'d>) -> Result<Option<SourcedValue>, BudgetExceeded> {
        let sourced =
            |value: &Arc<Value>| SourcedValue { value: Arc::clone(value), source: ValueSource::Written(node.id()) };
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

    /// Returns an example of a media type with its validation; `None` if it is too large.
    ///
    /// An example that is JSON in a text is parsed if only the parsed value is valid.
    pub(super) fn example(
        &mut self,
        node: Node<'d>,
        media_type: &str,
        schema: Option<Node<'d>>,
    ) -> Result<Option<ValidatedExample>, BudgetExceeded> {
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
                Some(ValidatedExample { fits: self.allows(&written, schema)?, example: written })
            }
            None => None,
        };
        self.compared.insert(key, compared.clone());
        Ok(compared)
    }

    fn json_example(
        &mut self,
        written: SourcedValue,
        node: Node<'d>,
        schema: Option<Node<'d>>,
    ) -> Result<ValidatedExample, BudgetExceeded> {
        let fits = self.allows(&written, schema)?;
        let parsed = match written.value.as_str() {
            Some(text) if !fits || schema.is_none() => serde_json::from_str::<Value>(text).ok(),
            _ => None,
        };
        let Some(parsed) = parsed.filter(|parsed| schema.is_some() || parsed.is_object() || parsed.is_array()) else {
            return Ok(ValidatedExample { example: written, fits });
        };
        self.budget.take_bytes(size(&parsed))?;
        let example = SourcedValue { value: Arc::new(parsed), source: ValueSource::Meant(node.id()) };
        Ok(ValidatedExample { fits: self.allows(&example, schema)?, example })
    }

    /// True if a schema allows a value; without a schema every value is allowed.
    pub(super) fn allows(&mut self, value: &SourcedValue, schema: Option<Node<'d>>) -> Result<bool, BudgetExceeded> {
        let Some(schema) = schema else { return Ok(true) };
        let mut steps = 0;
        let fits = self.sampler.allows_within(&value.value, schema, Some(ValueDirection::Response), &mut steps);
        self.budget.take_steps(steps)?;
        Ok(fits)
    }

    /// Generates a value that a schema allows, or returns the reason why there is none.
    pub(super) fn build(
        &mut self,
        schema: Node<'d>,
    ) -> Result<Result<Doubted<SourcedValue>, SampleFailure>, BudgetExceeded> {
        let schema = meant(schema);
        let source = ValueSource::Built(schema.id());
        let is_asked_for_again = self.asked_for.get_mut(&schema.id()).is_some_and(|left| {
            *left = left.saturating_sub(1);
            *left > 0
        });
        let known =
            if is_asked_for_again { self.built.get(&schema.id()).cloned() } else { self.built.remove(&schema.id()) };
        if let Some(known) = known {
            return Ok(known.map(|(value, doubt)| (SourcedValue { value, source }, doubt)));
        }
        let mut steps = 0;
        let built = self.sampler.build(schema, ValueDirection::Response, self.budget.steps, &mut steps);
        let built = built.map(|built| (Arc::new(built.value), built.doubt));
        self.budget.take_steps(steps)?;
        if let Ok((value, _)) = &built {
            self.budget.take_bytes(size(value))?;
        }
        if is_asked_for_again {
            self.built.insert(schema.id(), built.clone());
        }
        Ok(built.map(|(value, doubt)| (SourcedValue { value, source }, doubt)))
    }

    /// Generates a sequence of one item that a schema allows.
    pub(super) fn build_sequence(
        &mut self,
        item: Node<'d>,
        framing: SequenceFraming,
    ) -> Result<Result<Doubted<SourcedValue>, SampleFailure>, BudgetExceeded> {
        let built = match self.build(item)? {
            Ok((built, doubt)) => (framing.of_one(&built.value), doubt),
            Err(failure) => return Ok(Err(failure)),
        };
        self.budget.take_bytes(size(&built.0))?;
        let source = ValueSource::Sequence(meant(item).id(), framing);
        Ok(Ok((SourcedValue { value: Arc::new(built.0), source }, built.1)))
    }

    /// Returns the value of a body without schema and example.
    pub(super) fn empty(media_type: &str) -> SourcedValue {
        let value = if encode::is_json(media_type) {
            Value::Object(serde_json::Map::new())
        } else {
            Value::String(String::new())
        };
        SourcedValue { value: Arc::new(value), source: ValueSource::Empty }
    }

    /// Serializes a value in a media type.
    pub(super) fn write(
        &mut self,
        media_type: &str,
        SourcedValue { value, source }: &SourcedValue,
        schema: Option<Node<'d>>,
    ) -> Result<EncodedBody, BudgetExceeded> {
        let (media_type, family) = encode::sent_as(media_type, value, schema);
        // Only the serialization of XML depends on the schema.
        let schema = schema.filter(|_| family == EncodingFamily::Xml);
        let key = (*source, family, schema.map(Node::id));
        if let Some(bytes) = self.written.get(&key) {
            return Ok(EncodedBody { media_type, bytes: bytes.clone() });
        }
        let mut limits = EncodingBudget { steps: self.budget.steps, bytes: self.budget.bytes };
        let is_plain_number = family == EncodingFamily::Other && value.is_number();
        let exact = self.inexact_source(*source).filter(|_| family == EncodingFamily::Json || is_plain_number);
        let written = match exact {
            Some(node) => Some(exact_json::write(value, node).into_bytes()),
            None => encode::write(family, value, schema, self.definition.specification, &mut limits),
        };
        self.budget.take_steps(self.budget.steps - limits.steps)?;
        let bytes = Bytes::from(written.ok_or(BudgetExceeded)?);
        self.budget.take_bytes(bytes.len())?;
        self.written.insert(key, bytes.clone());
        Ok(EncodedBody { media_type, bytes })
    }

    /// Returns the digits of a number that the document has and the value only nearly is.
    pub(super) fn exact_number(&self, value: &SourcedValue) -> Option<&'d str> {
        self.inexact_source(value.source).and_then(exact_json::number)
    }

    /// Returns the node that a value was copied from, in a document with numbers that are not exact.
    fn inexact_source(&self, source: ValueSource) -> Option<Node<'d>> {
        match source {
            ValueSource::Written(node) => Some(self.definition.node(node)).filter(|node| node.is_in_inexact_document()),
            ValueSource::Meant(_) | ValueSource::Built(_) | ValueSource::Sequence(..) | ValueSource::Empty => None,
        }
    }
}

/// Counts, for each schema, the bodies and headers that may need its value.
fn asked_for(definition: &Definition) -> NodeMap<NodeId, usize> {
    let mut asked_for = NodeMap::default();
    for api in &definition.apis {
        // The headers of a response are also built beside `x-apigw-mock`.
        let times = if api.extension("x-apigw-mock").is_some() { 2 } else { 1 };
        for response in &api.responses {
            let schema = |media_type: &MediaType| media_type.schema.or(media_type.item_schema);
            let bodies = response.content.iter().filter_map(|media_type| Some((schema(media_type)?, 1)));
            let headers = response.headers.iter().filter_map(|header| Some((header.schema?, times)));
            for (schema, times) in bodies.chain(headers) {
                *asked_for.entry(meant(definition.node(schema)).id()).or_insert(0) += times;
            }
        }
    }
    asked_for
}

/// Returns the target of a bare reference, so that all references to a schema share a cache entry.
fn meant(schema: Node<'_>) -> Node<'_> {
    schema.followed().filter(|_| schema.is_bare_reference()).unwrap_or(schema)
}
