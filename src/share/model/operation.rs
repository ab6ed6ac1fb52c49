//! Operations with their parameters, bodies and responses.

use std::collections::HashSet;

use serde_json::Value;

use super::content::{ContentKind, ContentModel, NamedExample, examples};
use super::query_string::QueryString;
use super::security::BackendCredential;
use super::type_reader::TypeReader;
use super::types::{NamedType, TypeModel};
use super::{ModelSource, is_set, text};
use crate::definition::{
    Api, ApiResults, Definition, MediaType, Node, NodeId, Parameter, ParameterPlace, ParameterStyle, RequestBody,
    RequestSamples, Response, StatusPattern,
};
use crate::routes::{Credential, MockResponse, MockResponses, RouteAccess};

/// An operation.
#[derive(Debug, Clone)]
pub struct OperationModel {
    /// The stable identifier: the operation id, or method and path where there is none or another operation has the
    /// same.
    pub key: String,
    /// The operation id.
    pub operation_id: Option<String>,
    /// The method as written in a request.
    pub method: String,
    /// The path template below the group's prefix, beginning with `/`; the expression of a callback, the name of a
    /// webhook.
    pub path: String,
    /// The suffix of the path by which some definitions tell two operations of one path apart, like `?beta=true`.
    pub variant: String,
    /// The tags.
    pub tags: Vec<String>,
    /// A short summary.
    pub summary: Option<String>,
    /// A description.
    pub description: Option<String>,
    /// True if callers should no longer use it.
    pub is_deprecated: bool,
    /// The reason why the gateway serves it nowhere.
    pub not_served: Option<String>,
    /// The parameters, in the order of the definition.
    pub parameters: Vec<ParameterModel>,
    /// The request body.
    pub body: Option<BodyModel>,
    /// The responses, in the order of the definition.
    pub responses: Vec<ResponseModel>,
    /// The mock response to a request that asks for no other.
    pub mock: Option<MockResponse>,
    /// Callers of a real backend, as the gateway decides on them.
    pub access: RouteAccess,
    /// Callers of a mock.
    pub mock_access: RouteAccess,
    /// Credentials that a real backend asks for beyond the gateway: alternatives, of which one suffices.
    pub backend_credentials: Vec<Vec<BackendCredential>>,
    /// The requests that it makes the API send.
    pub callbacks: Vec<CallbackModel>,
}

/// A parameter.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the Parameter Object")]
pub struct ParameterModel {
    /// The name; for a header, in any case.
    pub name: String,
    /// The place in the request.
    pub place: ParameterPlace,
    /// True if a request must have it.
    pub is_required: bool,
    /// True if callers should no longer use it.
    pub is_deprecated: bool,
    /// True if its values are secret.
    pub is_secret: bool,
    /// A description.
    pub description: Option<String>,
    /// The serialization of a list or an object.
    pub style: ParameterStyle,
    /// True if each item of a list, or field of an object, is serialized by itself.
    pub explode: bool,
    /// True if reserved characters are sent as they are.
    pub allows_reserved: bool,
    /// The media type in which the whole value is serialized, instead of a style.
    pub media_type: Option<String>,
    /// True if its text is the whole query, without its name.
    pub is_whole: bool,
    /// The type of the value.
    pub value: TypeModel,
    /// The declared examples.
    pub examples: Vec<NamedExample>,
    /// A value as it may look: the first valid example, else one built from the schema.
    pub sample: Option<Value>,
}

/// A request body.
#[derive(Debug, Clone, PartialEq)]
pub struct BodyModel {
    /// True if a request must have it.
    pub is_required: bool,
    /// A description.
    pub description: Option<String>,
    /// The contents by media type, in the order of the definition.
    pub content: Vec<ContentModel>,
}

/// A response.
#[derive(Debug, Clone)]
pub struct ResponseModel {
    /// The status codes that it is declared for.
    pub status: StatusPattern,
    /// A description.
    pub description: Option<String>,
    /// The headers.
    pub headers: Vec<HeaderModel>,
    /// The contents by media type, in the order of the definition; empty if there is no body.
    pub content: Vec<ContentModel>,
    /// The mock responses that a gateway gives for it, each asked for by its [`prefer`](MockResponse::prefer).
    pub mocks: Vec<MockResponse>,
}

/// A header of a response.
#[derive(Debug, Clone, PartialEq)]
pub struct HeaderModel {
    /// The name, in any case.
    pub name: String,
    /// True if the response always has it.
    pub is_required: bool,
    /// A description.
    pub description: Option<String>,
    /// The type of its value.
    pub value: TypeModel,
}

/// Requests that an operation makes the API send to an address of the caller.
#[derive(Debug, Clone)]
pub struct CallbackModel {
    /// The name.
    pub name: String,
    /// The requests; the path of each is the expression of its address.
    pub operations: Vec<OperationModel>,
}

/// Requests that the API sends to callers who asked for them elsewhere.
#[derive(Debug, Clone)]
pub struct WebhookModel {
    /// The name.
    pub name: String,
    /// The requests.
    pub operations: Vec<OperationModel>,
}

impl OperationModel {
    /// Lists the parameters of a place.
    pub(in crate::share) fn parameters_in(&self, place: ParameterPlace) -> impl Iterator<Item = &ParameterModel> {
        self.parameters.iter().filter(move |parameter| parameter.place == place)
    }

    /// Returns the response of a successful request: the lowest 2xx, else the default one.
    #[must_use]
    pub fn success(&self) -> Option<&ResponseModel> {
        let lowest =
            self.responses.iter().filter(|response| response.is_success()).min_by_key(|found| found.status.code());
        lowest.or_else(|| self.responses.iter().find(|response| response.status == StatusPattern::Default))
    }
}

impl ParameterModel {
    /// True if its value is written as JSON.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.media_type.as_deref().is_some_and(|media_type| ContentKind::of(media_type) == ContentKind::Json)
    }
}

impl OperationModel {
    /// Returns the callers as the gateway decides on them, where a mock or a real backend responds.
    pub(in crate::share) const fn gateway_access(&self, is_mock: bool) -> &RouteAccess {
        if is_mock { &self.mock_access } else { &self.access }
    }

    /// Returns the alternatives of credentials that are shown beyond the gateway; a mock asks for none.
    pub(in crate::share) fn credentials_beyond(&self, is_mock: bool) -> &[Vec<BackendCredential>] {
        if is_mock { &[] } else { &self.backend_credentials }
    }

    /// Lists the credentials of requests beyond the gateway that need the least of a caller.
    pub(in crate::share) fn fewest_credentials_beyond(&self, is_mock: bool) -> Vec<Credential> {
        let unseen = |list: &[BackendCredential]| list.iter().filter(|one| one.credential().is_none()).count();
        let alternatives = self.credentials_beyond(is_mock).iter();
        let fewest = alternatives.min_by_key(|list| (unseen(list), list.len()));
        fewest.into_iter().flatten().filter_map(BackendCredential::credential).collect()
    }
}

impl ResponseModel {
    /// True if it is declared for codes of success.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status != StatusPattern::Default && self.status.code() / 100 == 2
    }
}

/// Reads the operations of a definition.
pub(super) struct OperationReader<'d> {
    definition: &'d Definition,
    settings: &'d crate::model::GroupSettings,
    types: TypeReader<'d>,
    samples: RequestSamples<'d>,
    /// The query strings, each with the index of its operation.
    query_strings: Vec<(usize, QueryString)>,
}

impl<'d> OperationReader<'d> {
    pub(super) fn new(source: ModelSource<'d>) -> Self {
        let ModelSource { definition, settings, .. } = source;
        let (types, samples) = (TypeReader::new(definition), RequestSamples::new(definition));
        Self { definition, settings, types, samples, query_strings: Vec::new() }
    }

    /// Reads the operations of all paths.
    pub(super) fn operations(&mut self) -> Vec<OperationModel> {
        let definition = self.definition;
        let mut keys = HashSet::new();
        let mut operations = Vec::with_capacity(definition.apis.len());
        for (api, results) in definition.apis.iter().zip(definition.results()) {
            let mut operation = self.operation(api, api.method.as_str(), results);
            if !keys.insert(operation.key.clone()) {
                operation.key = api.method_and_path();
                keys.insert(operation.key.clone());
            }
            operation.callbacks = self.callbacks(definition.node(api.node));
            let query_string = api.query_string.as_ref().and_then(|declared| self.query_string(declared));
            self.query_strings.extend(query_string.map(|found| (operations.len(), found)));
            operations.push(operation);
        }
        operations
    }

    /// Reads the webhooks of the root.
    pub(super) fn webhooks(&mut self) -> Vec<WebhookModel> {
        let root = self.definition.document().root();
        let webhooks = root.and_then(|root| root.get("webhooks")).into_iter().flat_map(Node::entries);
        let named: Vec<_> = webhooks.filter(|(name, _)| !name.starts_with("x-")).collect();
        let webhook = |(name, item): (&str, Node<'_>)| {
            let operations = self.item_operations(item.id(), name);
            WebhookModel { name: name.to_owned(), operations }
        };
        named.into_iter().map(webhook).collect()
    }

    /// Returns the types, and adds to operations the parameters that only they tell.
    pub(super) fn finish(self, operations: &mut [OperationModel]) -> Vec<NamedType> {
        let types = self.types.into_types();
        for (index, query_string) in self.query_strings {
            if let Some(operation) = operations.get_mut(index) {
                operation.parameters.extend(query_string.parameters(&types));
            }
        }
        types
    }

    fn query_string(&mut self, declared: &RequestBody) -> Option<QueryString> {
        let node = self.definition.node(declared.node);
        Some(QueryString {
            name: text(node, "name").unwrap_or_else(|| "query".to_owned()),
            is_required: declared.required,
            description: text(node, "description"),
            content: self.content(&declared.content).into_iter().next()?,
        })
    }

    /// Reads the callbacks of an operation; those of callbacks are not followed, as they may lead back to it.
    fn callbacks(&mut self, operation: Node<'_>) -> Vec<CallbackModel> {
        let mut callbacks = Vec::new();
        for (name, node) in operation.get("callbacks").into_iter().flat_map(Node::entries) {
            let Some(node) = node.resolve() else { continue };
            let mut operations = Vec::new();
            for (expression, item) in node.entries().filter(|(expression, _)| !expression.starts_with("x-")) {
                operations.extend(self.item_operations(item.id(), expression));
            }
            callbacks.push(CallbackModel { name: name.to_owned(), operations });
        }
        callbacks
    }

    fn item_operations(&mut self, item: NodeId, expression: &str) -> Vec<OperationModel> {
        let apis = self.definition.path_item_apis(item, expression);
        apis.iter().map(|api| self.operation(api, api.method.as_str(), ApiResults::default())).collect()
    }

    fn operation(&mut self, api: &Api, method: &str, results: ApiResults) -> OperationModel {
        let definition = self.definition;
        let mocks = MockResponses::new(results);
        let access = RouteAccess::new(definition, api, self.settings, false);
        let body = api.request_body.as_ref().map(|body| BodyModel {
            is_required: body.required,
            description: text(definition.node(body.node), "description"),
            content: self.content(&body.content),
        });
        OperationModel {
            key: api.name(),
            operation_id: api.operation_id.clone(),
            method: method.to_owned(),
            path: api.path.clone(),
            variant: api.variant.clone(),
            tags: api.tags.clone(),
            summary: api.summary.clone(),
            description: api.description.clone(),
            is_deprecated: api.deprecated,
            not_served: api.route.as_ref().err().map(ToString::to_string),
            parameters: api.parameters.iter().map(|parameter| self.parameter(parameter)).collect(),
            body,
            responses: api.responses.iter().map(|response| self.response(response, &mocks)).collect(),
            mock: mocks.constant().cloned(),
            backend_credentials: BackendCredential::alternatives(definition, api, &access),
            access,
            mock_access: RouteAccess::new(definition, api, self.settings, true),
            callbacks: Vec::new(),
        }
    }

    fn parameter(&mut self, parameter: &Parameter) -> ParameterModel {
        let definition = self.definition;
        let node = definition.node(parameter.node);
        let content = parameter.media_type.as_ref();
        let schema = content.and_then(|content| content.schema).or(parameter.schema);
        let mut examples = examples(node);
        if let Some(content) = content.filter(|_| examples.is_empty()) {
            examples = super::content::examples(definition.node(content.node));
        }
        ParameterModel {
            name: parameter.name.clone(),
            place: parameter.place,
            is_required: parameter.required,
            is_deprecated: parameter.deprecated,
            is_secret: definition.is_secret(parameter),
            description: text(node, "description"),
            style: parameter.style,
            explode: parameter.explode,
            allows_reserved: is_set(definition, parameter.node, "allowReserved"),
            media_type: content.map(|content| content.name.clone()),
            is_whole: false,
            value: schema.map_or_else(TypeModel::any, |schema| self.types.read(schema)),
            sample: self.samples.choose(examples.iter().map(|example| &example.value), schema),
            examples,
        }
    }

    fn content(&mut self, content: &[MediaType]) -> Vec<ContentModel> {
        let read = |content| ContentModel::read(self.definition, &mut self.types, &mut self.samples, content);
        content.iter().map(read).collect()
    }

    fn response(&mut self, response: &Response, mocks: &MockResponses) -> ResponseModel {
        let definition = self.definition;
        let header = |header: &crate::definition::Header| HeaderModel {
            name: header.name.clone(),
            is_required: header.required,
            description: text(definition.node(header.node), "description"),
            value: header.schema.map_or_else(TypeModel::any, |schema| self.types.read(schema)),
        };
        ResponseModel {
            status: response.status,
            description: response.description.clone(),
            headers: response.headers.iter().map(header).collect(),
            content: self.content(&response.content),
            mocks: mocks.responses.iter().filter(|mock| mock.declared_for == Some(response.status)).cloned().collect(),
        }
    }
}
