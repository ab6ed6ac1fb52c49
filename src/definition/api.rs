//! The typed view of a definition: its APIs with their parameters, bodies and responses.

use super::document::{Document, Node, NodeId};
use super::parameter::{ParameterPlace, ParameterStyle, is_ignored_header};
use super::route::{ApiRoute, NotRouted};
use crate::model::{Location, Method};

/// A definition that was read without errors: OpenAPI 3.0, 3.1 or 3.2.
#[derive(Debug)]
pub struct Definition {
    /// The version of the specification that it follows.
    pub specification: Specification,
    /// The title (`info.title`).
    pub title: String,
    /// The servers, in document order.
    pub servers: Vec<Server>,
    /// The security schemes, in document order.
    pub security_schemes: Vec<SecurityScheme>,
    /// The APIs, in document order.
    pub apis: Vec<Api>,
    /// Operations of methods without a field of their own, each after its method (OpenAPI 3.2, section 4.9). No gateway
    /// serves them, and the `method` of such an API stands for nothing.
    pub additional: Vec<(String, Api)>,
    pub(super) document: Document,
}

impl Definition {
    /// Returns the tree that the definition was read from.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Returns the node with a given id of this definition.
    #[must_use]
    pub fn node(&self, id: NodeId) -> Node<'_> {
        self.document.node(id)
    }

    /// Finds an API by its operation id, or by `METHOD path`.
    #[must_use]
    pub fn api(&self, name: &str) -> Option<&Api> {
        self.apis.iter().find(|api| api.name() == name || api.method_and_path() == name)
    }

    /// True if the values of a parameter are secret: its schema has the format `password` (OpenAPI 3.1, section 4.4.2),
    /// or it is an API key of a security scheme.
    #[must_use]
    pub fn is_secret(&self, parameter: &Parameter) -> bool {
        let schema = parameter.schema.or(parameter.media_type.as_ref().and_then(|content| content.schema));
        let schema = schema.and_then(|schema| self.node(schema).resolve());
        schema.and_then(|schema| schema.get("format")).and_then(Node::as_str) == Some("password")
            || self.keys(parameter.place).any(|key| match parameter.place {
                ParameterPlace::Header => key.eq_ignore_ascii_case(&parameter.name),
                _ => key == parameter.name,
            })
    }

    /// Lists the names of the API keys that callers send in a given place.
    pub fn keys(&self, place: ParameterPlace) -> impl Iterator<Item = &str> {
        self.security_schemes.iter().filter_map(move |scheme| match &scheme.kind {
            SecurityKind::ApiKey { place: at, name } if *at == place => Some(name.as_str()),
            _ => None,
        })
    }
}

/// The version of the OpenAPI Specification that a definition follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Specification {
    /// OpenAPI 3.0.x, with its own dialect of JSON Schema.
    V3_0,
    /// OpenAPI 3.1.x, with JSON Schema 2020-12.
    V3_1,
    /// OpenAPI 3.2.x, with JSON Schema 2020-12.
    V3_2,
}

impl std::fmt::Display for Specification {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.pad(match self {
            Self::V3_0 => "3.0",
            Self::V3_1 => "3.1",
            Self::V3_2 => "3.2",
        })
    }
}

/// A server of a definition (Server Object, section 4.8.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// The URL as written, with its variables.
    pub template: String,
    /// The URL with the default of each variable.
    pub url: String,
    /// The purpose of the server.
    pub description: Option<String>,
}

/// A security scheme (Security Scheme Object, section 4.8.27).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityScheme {
    /// The name used in security requirements.
    pub name: String,
    /// The kind of scheme.
    pub kind: SecurityKind,
    /// The Security Scheme Object.
    pub node: NodeId,
}

/// The kinds of security scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecurityKind {
    /// A secret in a header, a query parameter or a cookie.
    ApiKey {
        /// The place of the secret.
        place: ParameterPlace,
        /// The name of the header, parameter or cookie.
        name: String,
    },
    /// An HTTP authentication scheme, like `basic` or `bearer`.
    Http {
        /// The scheme in lower case; of a definition with a fault there, one that HTTP cannot have.
        scheme: String,
    },
    /// OAuth 2.0.
    OAuth2,
    /// `OpenID` Connect.
    OpenIdConnect,
    /// A client certificate.
    MutualTls,
    /// A kind that the specification does not define.
    Unknown,
}

impl SecurityKind {
    /// True if callers show a token in `Authorization`.
    #[must_use]
    pub fn is_token(&self) -> bool {
        match self {
            Self::OAuth2 | Self::OpenIdConnect => true,
            Self::Http { scheme } => scheme == "bearer",
            _ => false,
        }
    }
}

/// Schemes that must all be satisfied, each with its required scopes; empty if anonymous requests are allowed.
pub type SecurityRequirement = Vec<(String, Vec<String>)>;

/// An operation of a definition: a method and a path, with its request and responses.
#[derive(Debug, Clone)]
pub struct Api {
    /// The method.
    pub method: Method,
    /// The path template, beginning with `/`.
    pub path: String,
    /// The suffix of the path, like `?beta=true`, by which some definitions distinguish two APIs of the same path.
    ///
    /// The specification has no such paths, but real definitions do. With a query, requests that have these parameters
    /// match this API rather than the one without; a fragment never reaches a server, so the API without one gets the
    /// requests of both.
    pub variant: String,
    /// The operation id, if any.
    pub operation_id: Option<String>,
    /// A short summary.
    pub summary: Option<String>,
    /// A description.
    pub description: Option<String>,
    /// The tags.
    pub tags: Vec<String>,
    /// True if callers should no longer use it.
    pub deprecated: bool,
    /// The parameters, including those of the path item that the operation does not override.
    pub parameters: Vec<Parameter>,
    /// The whole query string as one value, if it is declared so (OpenAPI 3.2, section 4.12.1).
    pub query_string: Option<RequestBody>,
    /// The request body, if any.
    pub request_body: Option<RequestBody>,
    /// The responses, in document order.
    pub responses: Vec<Response>,
    /// Alternative security requirements, of which one must be satisfied: the operation's, else the definition's; empty
    /// if there are none.
    pub security: Vec<SecurityRequirement>,
    /// The location of the method in the path item.
    pub location: Location,
    /// The `x-` extensions, including those of the path item that the operation does not override.
    pub extensions: Vec<(String, NodeId)>,
    /// The Operation Object.
    pub node: NodeId,
    /// The route of requests to this API, or the reason why it has none.
    pub route: Result<ApiRoute, NotRouted>,
}

impl Api {
    /// Returns the operation id, or `METHOD path` if there is none.
    #[must_use]
    pub fn name(&self) -> String {
        self.operation_id.clone().unwrap_or_else(|| self.method_and_path())
    }

    /// Returns the value of an extension.
    #[must_use]
    pub fn extension(&self, name: &str) -> Option<NodeId> {
        self.extensions.iter().find(|(known, _)| known == name).map(|(_, node)| *node)
    }

    /// True if a response with a code is declared.
    #[must_use]
    pub fn declares(&self, code: u16) -> bool {
        self.responses.iter().any(|response| response.status == StatusPattern::Code(code))
    }

    /// Returns the method and the path with its variant.
    #[must_use]
    pub fn method_and_path(&self) -> String {
        format!("{} {}{}", self.method, self.path, self.variant)
    }
}

/// A parameter of an API.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// The name; for a header, in any case.
    pub name: String,
    /// The place in the request.
    pub place: ParameterPlace,
    /// True if a request must have it.
    pub required: bool,
    /// True if callers should no longer use it.
    pub deprecated: bool,
    /// The serialization of its value.
    pub style: ParameterStyle,
    /// True if each item of a list, or field of an object, is serialized as a separate parameter.
    pub explode: bool,
    /// The schema, unless the whole value is in `media_type`.
    pub schema: Option<NodeId>,
    /// The media type of the value, with its schema.
    pub media_type: Option<MediaType>,
    /// The Parameter Object.
    pub node: NodeId,
}

impl Parameter {
    /// True for a header that HTTP defines and other parts of a definition describe: as a parameter it is ignored
    /// (OpenAPI 3.1, section 4.8.12.2).
    #[must_use]
    pub fn is_ignored_header(&self) -> bool {
        self.place == ParameterPlace::Header && is_ignored_header(&self.name)
    }
}

/// The request body of an API.
#[derive(Debug, Clone)]
pub struct RequestBody {
    /// True if a request must have a body.
    pub required: bool,
    /// The media types, in document order.
    pub content: Vec<MediaType>,
    /// The Request Body Object.
    pub node: NodeId,
}

/// A media type with the schema of its bodies.
#[derive(Debug, Clone)]
pub struct MediaType {
    /// The media type or range, like `application/json` or `text/*`.
    pub name: String,
    /// The schema of the body.
    pub schema: Option<NodeId>,
    /// The schema of each item of a sequence (OpenAPI 3.2, `itemSchema`).
    pub item_schema: Option<NodeId>,
    /// The Media Type Object.
    pub node: NodeId,
}

/// The status codes for which a response is declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StatusPattern {
    /// A single code.
    Code(u16),
    /// All codes that begin with a digit, like `2XX`.
    Class(u8),
    /// All codes without a declared response.
    Default,
}

impl StatusPattern {
    /// Returns a representative code: the first of a class, 200 for the default.
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Self::Code(code) => code,
            Self::Class(digit) => u16::from(digit) * 100,
            Self::Default => 200,
        }
    }
}

impl std::fmt::Display for StatusPattern {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Code(code) => formatter.pad(&code.to_string()),
            Self::Class(digit) => formatter.pad(&format!("{digit}XX")),
            Self::Default => formatter.pad("default"),
        }
    }
}

/// A response of an API.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status codes that it is declared for.
    pub status: StatusPattern,
    /// The description.
    pub description: Option<String>,
    /// The declared headers, in document order.
    pub headers: Vec<Header>,
    /// The media types, in document order; empty if the response has no body.
    pub content: Vec<MediaType>,
    /// The Response Object.
    pub node: NodeId,
}

/// A header of a response.
#[derive(Debug, Clone)]
pub struct Header {
    /// The name, in any case.
    pub name: String,
    /// True if the response always has it.
    pub required: bool,
    /// Its schema.
    pub schema: Option<NodeId>,
    /// The Header Object.
    pub node: NodeId,
}
