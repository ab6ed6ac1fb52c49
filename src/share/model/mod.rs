//! The operations of a definition as callers see them: requests, responses, types of values, access and servers.
//!
//! [`DefinitionModel::build`] takes everything from the one reading of a definition (`definition`), so that OpenAPI
//! 2.0, 3.0, 3.1 and 3.2 look alike here, and from `routes`, so that the mock responses and the access are those of the
//! gateway.
//!
//! - `operation`: operations with their parameters, bodies and responses
//! - `query_string`: the query as one value
//! - `security`: credentials that the API behind a gateway asks for
//! - `types`: the types of values, each with its notes and constraints
//! - `type_reader`: from schemas to types

mod alternatives;
mod constraint;
mod content;
mod keywords;
mod operation;
mod query_string;
mod security;
mod type_reader;
mod types;

use std::collections::HashSet;

use crate::definition::{Definition, Node, NodeId, SecurityKind, scalar_text};
use crate::model::{Auth, EnvironmentName, GroupSettings};

pub use constraint::Constraint;
pub use content::{ContentKind, ContentModel, NamedExample, PartModel};
pub use operation::{
    BodyModel, CallbackModel, HeaderModel, OperationModel, ParameterModel, ResponseModel, WebhookModel,
};
pub use security::BackendCredential;
pub use types::{
    AdditionalProperties, NamedType, ObjectType, PropertyModel, SchemaNotes, TypeId, TypeKind, TypeModel,
    UnionDiscriminator,
};

use operation::OperationReader;

/// The sources of a model.
#[derive(Debug, Clone, Copy)]
pub struct ModelSource<'a> {
    /// The definition.
    pub definition: &'a Definition,
    /// The settings of its group.
    pub settings: &'a GroupSettings,
    /// The environments whose servers callers may use, the usual one first.
    pub environments: &'a [EnvironmentServers],
}

/// The addresses of a group in an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentServers {
    /// The environment.
    pub environment: EnvironmentName,
    /// The addresses with the group's prefix and without a slash at the end, the preferred one first.
    pub urls: Vec<String>,
}

/// The content of a definition for its callers.
#[derive(Debug, Clone)]
pub struct DefinitionModel {
    /// The title; empty if the definition has none.
    pub title: String,
    /// The version that the definition gives itself (`info.version`), which is not the version of the group.
    pub declared_version: Option<String>,
    /// A short summary.
    pub summary: Option<String>,
    /// A description.
    pub description: Option<String>,
    /// Whoever runs the API (`info.contact`).
    pub contact: ContactModel,
    /// The tags: declared ones in their order, then others in the order of their use.
    pub tags: Vec<TagModel>,
    /// The servers of the environments.
    pub environments: Vec<EnvironmentServers>,
    /// The kinds of authentication that a real backend accepts.
    pub auth: Auth,
    /// The security schemes that the definition declares.
    pub security_schemes: Vec<SecuritySchemeModel>,
    /// The operations, in the order of the definition.
    pub operations: Vec<OperationModel>,
    /// The requests that the API sends to its callers.
    pub webhooks: Vec<WebhookModel>,
    /// The types that a reference names; a [`TypeId`] is an index into it.
    pub types: Vec<NamedType>,
    /// The names of all schemas among the components, those that no operation uses too.
    pub schema_names: Vec<String>,
}

/// A contact, as far as the definition names one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContactModel {
    /// Its name.
    pub name: Option<String>,
    /// The address of a page.
    pub url: Option<String>,
    /// An address of mail.
    pub email: Option<String>,
}

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagModel {
    /// The name.
    pub name: String,
    /// A description.
    pub description: Option<String>,
}

/// A declared security scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecuritySchemeModel {
    /// The name used in security requirements.
    pub name: String,
    /// The kind.
    pub kind: SecurityKind,
    /// A description.
    pub description: Option<String>,
    /// The addresses at which callers get credentials, each with the field that it stands in, and the flow.
    pub addresses: Vec<(String, String)>,
    /// The scopes, each with its description.
    pub scopes: Vec<(String, String)>,
}

impl DefinitionModel {
    /// Builds the model of a definition.
    #[must_use]
    pub fn build(source: ModelSource<'_>) -> Self {
        let definition = source.definition;
        let mut reader = OperationReader::new(source);
        let mut operations = reader.operations();
        let webhooks = reader.webhooks();
        let types = reader.finish(&mut operations);
        let root = definition.document().root();
        let info = |name: &str| root.and_then(|root| root.get("info")?.get(name)).and_then(scalar_text);
        Self {
            title: definition.title.clone(),
            declared_version: info("version"),
            summary: info("summary"),
            description: info("description"),
            contact: contact(root),
            tags: tags(root, &operations),
            environments: source.environments.to_vec(),
            auth: source.settings.auth.clone(),
            security_schemes: SecuritySchemeModel::list(definition),
            operations,
            webhooks,
            types,
            schema_names: schema_names(root),
        }
    }

    /// Returns the named type that a reference means.
    #[must_use]
    pub fn named_type(&self, id: TypeId) -> Option<&NamedType> {
        self.types.get(id.index())
    }

    /// Finds an operation by its key.
    #[must_use]
    pub fn operation(&self, key: &str) -> Option<&OperationModel> {
        self.operations.iter().find(|operation| operation.key == key)
    }
}

fn schema_names(root: Option<Node<'_>>) -> Vec<String> {
    let schemas = root.and_then(|root| root.get("components")?.get("schemas"));
    schemas.into_iter().flat_map(Node::entries).map(|(name, _)| name.to_owned()).collect()
}

fn contact(root: Option<Node<'_>>) -> ContactModel {
    let Some(contact) = root.and_then(|root| root.get("info")?.get("contact")) else { return ContactModel::default() };
    ContactModel { name: text(contact, "name"), url: text(contact, "url"), email: text(contact, "email") }
}

fn tags(root: Option<Node<'_>>, operations: &[OperationModel]) -> Vec<TagModel> {
    let mut seen = HashSet::new();
    let declared = root.and_then(|root| root.get("tags")).into_iter().flat_map(Node::items);
    let declared = declared.filter_map(|tag| {
        Some(TagModel { name: tag.get("name").and_then(scalar_text)?, description: text(tag, "description") })
    });
    let used = operations.iter().flat_map(|operation| &operation.tags);
    let used = used.map(|name| TagModel { name: name.clone(), description: None });
    declared.chain(used).filter(|tag| seen.insert(tag.name.clone())).collect()
}

/// Returns the text of a field, unless it is empty.
fn text(node: Node<'_>, name: &str) -> Option<String> {
    node.get(name).and_then(scalar_text).filter(|text| !text.trim().is_empty())
}

/// True if a field of a node is `true`.
fn is_set(definition: &Definition, node: NodeId, name: &str) -> bool {
    definition.node(node).get(name).and_then(Node::as_bool) == Some(true)
}

#[cfg(test)]
mod tests;
