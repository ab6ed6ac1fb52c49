//! Builds the results of APIs, one API after another.

use super::budget::{BudgetExceeded, ResultBudget, size_of_result};
use super::declared::{
    ApiResults, ConstantResult, DeclaredResult, are_interim, constant_responses, in_order, is_bodiless,
};
use super::mock::MockExtension;
use super::values::{MOST_COPIED, ResultValues, SourcedValue, ValidatedExample};
use crate::definition::api::{Api, Definition, MediaType, Response, StatusPattern};
use crate::definition::document::Node;
use crate::definition::encode::{self, EncodedBody};
use crate::definition::rules;
use crate::definition::schema::SampleFailure;
use crate::definition::sequence::SequenceFraming;
use crate::model::{Finding, Rule};

pub(super) struct Builder<'d> {
    pub(super) definition: &'d Definition,
    pub(super) values: ResultValues<'d>,
    /// The findings about the current API.
    findings: Vec<Finding>,
}

/// A body, with the name of its example.
struct ResultBody<'d> {
    example: Option<String>,
    content: BodyContent<'d>,
}

/// The content of a body.
enum BodyContent<'d> {
    /// A value to be serialized in the media type.
    Value(SourcedValue),
    /// Bytes that are sent as they are: those of a file, or of a value that stands in the definition as it is sent.
    Written(&'d [u8]),
}

/// An example in the definition.
#[derive(Clone, Copy)]
pub(super) enum DeclaredExample<'d> {
    /// Its value.
    Value(Node<'d>),
    /// The Example Object with a `serializedValue` (OpenAPI 3.2, section 4.19).
    Serialized(Node<'d>),
    /// The Example Object with an `externalValue`.
    External(Node<'d>),
}

/// The parts of a result other than its body.
struct ResultHead<'a> {
    response: Option<StatusPattern>,
    example: Option<String>,
    status: u16,
    headers: &'a [(String, String)],
}

impl<'d> Builder<'d> {
    pub(super) fn new(definition: &'d Definition, budget: ResultBudget) -> Self {
        Self { definition, values: ResultValues::new(definition, budget), findings: Vec::new() }
    }

    /// Builds the constant result of an API, and returns the number of its ordered responses that were tried.
    ///
    /// Also builds up to `most` results in total of the response that it comes from.
    pub(super) fn constant(&mut self, api: &'d Api, most: usize) -> (ApiResults, usize) {
        let mut results = ApiResults::default();
        let mut tried = 0;
        let built = self.mock(api).and_then(|mock| {
            results.declared.extend(mock);
            for response in constant_responses(api) {
                if !results.declared.is_empty() {
                    break;
                }
                tried += 1;
                self.response(api, response, most, &mut results.declared)?;
            }
            if results.declared.is_empty() && are_interim(api) {
                // A client waits for a final response, of which nothing is declared.
                let head = ResultHead { response: None, example: None, status: 200, headers: &[] };
                results.declared.push(self.declared(head, None)?);
            }
            Ok(())
        });
        results.constant_status = results.declared.first().map(|first| first.result.status);
        (self.finished(api, results, built), tried)
    }

    /// Adds the results of the API's other responses.
    pub(super) fn others(&mut self, api: &'d Api, mut results: ApiResults, tried: usize) -> ApiResults {
        if results.is_cut {
            return results;
        }
        let mut others = in_order(api).into_iter().skip(tried);
        let built = others.try_for_each(|response| self.response(api, response, usize::MAX, &mut results.declared));
        self.finished(api, results, built)
    }

    /// Completes the results of an API with its findings, and with another if the budget was exceeded.
    fn finished(&mut self, api: &Api, mut results: ApiResults, built: Result<(), BudgetExceeded>) -> ApiResults {
        if built == Err(BudgetExceeded) {
            results.is_cut = true;
            let node = self.definition.node(api.node);
            let left_out = if results.constant_status.is_some() { "not all results" } else { "no results" };
            let message = format!(
                "{left_out} of {} are built: those of the whole definition would take too much time or memory",
                api.name()
            );
            let location = node.key_location("responses");
            let hint = "ask for smaller values, give fewer or smaller examples, or split the definition into groups";
            self.findings.push(rules::CONSTANT_RESULT.finding(location, message, hint));
        }
        results.findings.append(&mut self.findings);
        results
    }

    /// Builds the result specified by `x-apigw-mock`.
    fn mock(&mut self, api: &'d Api) -> Result<Option<DeclaredResult>, BudgetExceeded> {
        let Some(node) = api.extension("x-apigw-mock").map(|node| self.definition.node(node)) else { return Ok(None) };
        let mock = MockExtension::read(node);
        if let Some((location, message)) = mock.doubt.clone() {
            let hint = "its fields are `status` (200 to 599), `headers`, `mediaType` and `body`; put a body that looks \
                        so under `body`";
            self.findings.push(rules::MOCK_FIELD.finding(location, message, hint));
        }
        let status = mock.status;
        let response = in_order(api)
            .into_iter()
            .find(|response| status.is_none_or(|status| response.status == StatusPattern::Code(status)));
        let status = status.unwrap_or_else(|| response.map_or(200, |response| response.status.code()));
        let body = self.sent_body(&mock, status);
        let value = match body {
            Some(body) => {
                let Some(value) = self.values.copy(body)? else {
                    let message = "the value of `x-apigw-mock` is too large";
                    self.finding(rules::CONSTANT_RESULT, node, message, "give a smaller body");
                    return Ok(None);
                };
                Some(value)
            }
            None => None,
        };
        let named = mock.field("mediaType").and_then(Node::as_str);
        let declared = response.and_then(|response| preferred(self.definition, &response.content).into_iter().next());
        let media_type = named.or_else(|| declared.map(|declared| declared.name.as_str()));
        let schema = declared.and_then(|declared| declared.schema).map(|schema| self.definition.node(schema));
        let is_declared = named.is_none_or(|named| declared.is_some_and(|declared| declared.name == named));
        if let (Some(value), Some(body), true) = (&value, body, is_declared)
            && (media_type.is_some_and(encode::is_json) || !value.value.is_string())
            && !self.values.allows(value, schema)?
        {
            let message = format!("the constant result of {} is not what the response's schema allows", api.name());
            let hint = "correct the body or the schema; a mock publish answers with the body";
            self.finding(rules::MOCK_MISMATCH, body, message, hint);
        }
        let mut headers = match response {
            Some(response) => self.headers(api, &response.headers)?,
            None => Vec::new(),
        };
        self.override_headers(&mut headers, mock.field("headers"));
        let media_type = media_type.or_else(|| {
            let is_text = value.as_ref().is_some_and(|value| value.value.is_string());
            Some(if is_text { "text/plain" } else { "application/json" })
        });
        let body = value.as_ref().zip(media_type).map(|(value, media_type)| (media_type, value, schema));
        self.declared(ResultHead { response: None, example: None, status, headers: &headers }, body).map(Some)
    }

    /// Returns the body that a response of a status has; reports one that is not sent.
    fn sent_body(&mut self, mock: &MockExtension<'d>, status: u16) -> Option<Node<'d>> {
        let body = mock.body()?;
        if !is_bodiless(status) {
            return Some(body);
        }
        let message = format!("the body of `x-apigw-mock` is not sent: a response of status {status} has none");
        self.finding(rules::MOCK_FIELD, body, message, "remove the body, or give another `status`");
        None
    }

    /// Adds results of a response, up to a total of `most`.
    fn response(
        &mut self,
        api: &Api,
        response: &'d Response,
        most: usize,
        results: &mut Vec<DeclaredResult>,
    ) -> Result<(), BudgetExceeded> {
        let status = response.status.code();
        let headers = self.headers(api, &response.headers)?;
        let head = |example| ResultHead { response: Some(response.status), example, status, headers: &headers };
        if response.content.is_empty() || is_bodiless(status) {
            results.push(self.declared(head(None), None)?);
            return Ok(());
        }
        for media_type in preferred(self.definition, &response.content) {
            let schema = media_type.schema.map(|schema| self.definition.node(schema));
            for ResultBody { example, content } in self.bodies(api, media_type)? {
                if results.len() >= most {
                    return Ok(());
                }
                results.push(match &content {
                    BodyContent::Value(value) => {
                        self.declared(head(example), Some((&media_type.name, value, schema)))?
                    }
                    BodyContent::Written(bytes) => self.written(head(example), &media_type.name, bytes)?,
                });
            }
        }
        Ok(())
    }

    /// Lists the bodies of a media type: its examples, valid ones first, or else a generated value.
    fn bodies(&mut self, api: &Api, media_type: &MediaType) -> Result<Vec<ResultBody<'d>>, BudgetExceeded> {
        let node = self.definition.node(media_type.node);
        let schema = media_type.schema.map(|schema| self.definition.node(schema));
        let mut fitting = Vec::new();
        let mut others = Vec::new();
        for (name, node) in examples(node) {
            self.values.budget.take_steps(1)?;
            let (value, written) = match node {
                DeclaredExample::Value(node) => (Some(node), None),
                DeclaredExample::Serialized(node) => serialized(node, &media_type.name),
                DeclaredExample::External(node) => (node.get("dataValue"), self.external(api, node)),
            };
            let Some(node) = value else {
                fitting.extend(written.map(|bytes| ResultBody { example: name, content: BodyContent::Written(bytes) }));
                continue;
            };
            let Some(ValidatedExample { example, fits }) = self.values.example(node, &media_type.name, schema)? else {
                let message = format!(
                    "this example of {} is not used as a mock response: it has more than {MOST_COPIED} values",
                    api.name()
                );
                self.finding(rules::CONSTANT_RESULT, node, message, "give a smaller example");
                continue;
            };
            let content = written.map_or(BodyContent::Value(example), BodyContent::Written);
            if fits {
                fitting.push(ResultBody { example: name, content });
            } else {
                let message = format!("this example of {} does not match its schema", api.name());
                let hint = "correct the example or the schema; a mock publish answers with the example";
                self.finding(rules::EXAMPLE_MISMATCH, node, message, hint);
                others.push(ResultBody { example: name, content });
            }
        }
        fitting.append(&mut others);
        if !fitting.is_empty() {
            return Ok(fitting);
        }
        let value = self.generated(api, media_type)?;
        Ok(value.map(|value| ResultBody { example: None, content: BodyContent::Value(value) }).into_iter().collect())
    }

    /// Generates the value of a body from its schema, or from that of the items of a sequence; `None` where there is
    /// none, which is reported.
    fn generated(&mut self, api: &Api, media_type: &MediaType) -> Result<Option<SourcedValue>, BudgetExceeded> {
        let whole = media_type.schema.map(|schema| (self.definition.node(schema), None));
        let of_items = || {
            let framing = SequenceFraming::of(&encode::concrete(&media_type.name))?;
            Some((self.definition.node(media_type.item_schema?), Some(framing)))
        };
        let Some((schema, framing)) = whole.or_else(of_items) else {
            return Ok(Some(ResultValues::empty(&media_type.name)));
        };
        let built = match framing {
            Some(framing) => self.values.build_sequence(schema, framing)?,
            None => self.values.build(schema)?,
        };
        match built {
            Ok((value, doubt)) => {
                self.doubted(api, schema, doubt);
                Ok(Some(value))
            }
            Err(failure) => {
                self.unbuilt(api, schema, failure);
                Ok(None)
            }
        }
    }

    /// Returns the contents of the file named by an example; reports a missing file.
    pub(super) fn external(&mut self, api: &Api, example: Node<'d>) -> Option<&'d [u8]> {
        let bytes = self.definition.document().external(example.id());
        if bytes.is_none() {
            let value = example.get("externalValue").unwrap_or(example);
            let text = value.as_str().unwrap_or_default();
            let message = format!(
                "this example of {} is not used as a mock response: its `externalValue` {text:?} is not a file beside the definition",
                api.name()
            );
            let hint = "an address is not fetched: put the file beside the definition, or write its `value`";
            self.finding(rules::CONSTANT_RESULT, value, message, hint);
        }
        bytes.map(|bytes| &**bytes)
    }

    /// Makes a result of bytes that are sent as they are.
    fn written(
        &mut self,
        head: ResultHead<'_>,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<DeclaredResult, BudgetExceeded> {
        self.values.budget.take_bytes(bytes.len())?;
        let mut declared = self.declared(head, None)?;
        declared.result.media_type = Some(encode::concrete(media_type));
        declared.result.media_range = encode::declared_range(media_type);
        declared.result.body = bytes::Bytes::copy_from_slice(bytes);
        if encode::is_json(media_type) {
            declared.value = serde_json::from_slice(bytes).ok().map(std::sync::Arc::new);
        }
        Ok(declared)
    }

    /// Builds a result, with a body if a value is given.
    fn declared(
        &mut self,
        ResultHead { response, example, status, headers }: ResultHead<'_>,
        body: Option<(&str, &SourcedValue, Option<Node<'d>>)>,
    ) -> Result<DeclaredResult, BudgetExceeded> {
        self.values.budget.take_bytes(size_of_result(headers))?;
        let mut result = ConstantResult { status, headers: headers.to_vec(), ..ConstantResult::default() };
        let mut value = None;
        if let Some((media_type, sourced, schema)) = body {
            result.media_range = encode::declared_range(media_type);
            let EncodedBody { media_type, bytes } = self.values.write(media_type, sourced, schema)?;
            (result.media_type, result.body) = (Some(media_type), bytes);
            value = Some(std::sync::Arc::clone(&sourced.value));
        }
        Ok(DeclaredResult { response, example, value, result })
    }

    fn unbuilt(&mut self, api: &Api, schema: Node<'d>, failure: SampleFailure) {
        let node = failure.node.map_or(schema, |node| self.definition.node(node));
        let message = format!("no result of {} can be built: this schema {}", api.name(), failure.reason);
        self.finding(rules::CONSTANT_RESULT, node, message, "give the response an `example`, or correct the schema");
    }

    /// Reports a generated value that several alternatives of a `oneOf` allow.
    fn doubted(&mut self, api: &Api, schema: Node<'d>, doubt: Option<SampleFailure>) {
        let Some(doubt) = doubt else { return };
        let node = doubt.node.map_or(schema, |node| self.definition.node(node));
        let message = format!("the result of {} fits several alternatives: this schema {}", api.name(), doubt.reason);
        let hint =
            "tell the alternatives apart by a required property with a `const`, write `anyOf`, or give an `example`";
        self.finding(rules::CONSTANT_RESULT, node, message, hint);
    }

    pub(super) fn finding(&mut self, rule: Rule, node: Node<'_>, message: impl Into<String>, hint: &str) {
        self.findings.push(rule.finding(node.location(), message, hint));
    }
}

/// Sorts media types: those with an example first, then JSON, then in document order.
fn preferred<'d>(definition: &Definition, content: &'d [MediaType]) -> Vec<&'d MediaType> {
    let mut list: Vec<&MediaType> = content.iter().collect();
    let is_there = |example: DeclaredExample<'_>| match example {
        DeclaredExample::Value(_) | DeclaredExample::Serialized(_) => true,
        DeclaredExample::External(node) => definition.document().external(node.id()).is_some(),
    };
    let has_example = |media_type: &MediaType| {
        examples(definition.node(media_type.node)).into_iter().any(|(_, example)| is_there(example))
    };
    list.sort_by_cached_key(|media_type| (!has_example(media_type), !encode::is_json(&media_type.name)));
    list
}

/// Lists the examples of a Media Type, Parameter or Header Object, with their names.
pub(super) fn examples(node: Node<'_>) -> Vec<(Option<String>, DeclaredExample<'_>)> {
    let mut list: Vec<(Option<String>, DeclaredExample<'_>)> =
        node.get("example").map(|example| (None, DeclaredExample::Value(example))).into_iter().collect();
    if let Some(named) = node.get("examples") {
        list.extend(named.items().map(|value| (None, DeclaredExample::Value(value))));
        let values = named.entries().filter_map(|(name, example)| {
            let example = example.resolve()?;
            let is_serialized = example.get("serializedValue").is_some_and(|text| text.as_str().is_some());
            let has_file = example.document().external(example.id()).is_some();
            let found = match (example.get("value"), example.get("dataValue")) {
                (Some(value), _) => DeclaredExample::Value(value),
                _ if is_serialized => DeclaredExample::Serialized(example),
                (None, Some(value)) if !has_file => DeclaredExample::Value(value),
                _ => example.get("externalValue").map(|_| DeclaredExample::External(example))?,
            };
            Some((name, found))
        });
        list.extend(values.map(|(name, value)| (Some(name.to_owned()), value)));
    }
    list
}

/// Returns the value of an example and the bytes that it is sent as; no value where only the bytes are known.
fn serialized<'d>(example: Node<'d>, media_type: &str) -> (Option<Node<'d>>, Option<&'d [u8]>) {
    let text = example.get("serializedValue");
    let value = example.get("dataValue").or(text.filter(|_| encode::is_json(media_type)));
    (value, text.and_then(Node::as_str).map(str::as_bytes))
}
