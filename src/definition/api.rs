//! What a definition says, as types: its APIs with their parameters, bodies and responses.

use serde_json::Value;

use super::document::{Document, Node, NodeId};
use super::result::{self, ApiResults, Budget};
use super::routing::{ApiRoute, NotRouted};
use super::schema::{self, Direction};
use crate::model::{Location, Method};

/// A definition that could be read: OpenAPI 3.0 or 3.1.
#[derive(Debug)]
pub struct Definition {
    /// The version of the specification that it follows.
    pub specification: Specification,
    /// The title of the whole (`info.title`).
    pub title: String,
    /// The addresses that it names, in document order.
    pub servers: Vec<Server>,
    /// The ways in which callers can prove who they are, in document order.
    pub security_schemes: Vec<SecurityScheme>,
    /// The APIs, in document order.
    pub apis: Vec<Api>,
    pub(super) document: Document,
}

impl Definition {
    /// Returns the tree that it was read from.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Returns the node of an identity that this definition gave out.
    #[must_use]
    pub fn node(&self, id: NodeId) -> Node<'_> {
        self.document.node(id)
    }

    /// Finds an API by its operation id, or by `METHOD path`.
    #[must_use]
    pub fn api(&self, name: &str) -> Option<&Api> {
        self.apis.iter().find(|api| api.name() == name || api.method_and_path() == name)
    }

    /// Tells whether a parameter is a secret: its schema has the format `password` (OpenAPI 3.1, section 4.4.2), or a
    /// caller proves with it who they are.
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

    /// Lists the names of the keys by which callers prove who they are, as far as they stand in a place.
    pub fn keys(&self, place: ParameterPlace) -> impl Iterator<Item = &str> {
        self.security_schemes.iter().filter_map(move |scheme| match &scheme.kind {
            SecurityKind::ApiKey { place: at, name } if *at == place => Some(name.as_str()),
            _ => None,
        })
    }

    /// Builds the results of all APIs, in their order: for each response, media type and named example.
    ///
    /// The first of an API is what a mock publish answers: `x-apigw-mock` if given, else the lowest 2xx response (else
    /// `default`, else the lowest of any): its example, else a value built from its schema. The same definition always
    /// gives the same bytes.
    #[must_use]
    pub fn results(&self) -> Vec<ApiResults> {
        result::build(self, Budget::USUAL)
    }

    /// Builds the [`results`](Self::results) of all APIs and keeps none: what is left says what stood in the way.
    #[must_use]
    pub fn try_results(&self) -> Vec<ApiResults> {
        result::try_out(self, Budget::USUAL)
    }

    /// Builds the constant result of one of the APIs, and no more of the others than decides whether there is one.
    ///
    /// It is what [`results`](Self::results) gives as the constant one of this API.
    #[must_use]
    pub fn constant_result(&self, api: &Api) -> ApiResults {
        result::constant(self, api, Budget::USUAL)
    }

    /// Writes a schema as JSON Schema 2020-12 that stands alone, for a validator.
    ///
    /// `None` where it and what it refers to are too large to be validated against.
    #[must_use]
    pub fn json_schema(&self, schema: NodeId, direction: Direction) -> Option<Value> {
        schema::json_schema(self.node(schema), self.specification, direction)
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

/// An address that a definition names (Server Object, section 4.8.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// The address as it is written, with its variables.
    pub template: String,
    /// The address with each variable's default in place.
    pub url: String,
    /// What it is for.
    pub description: Option<String>,
}

/// A way in which callers can prove who they are (Security Scheme Object, section 4.8.27).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityScheme {
    /// The name by which APIs require it.
    pub name: String,
    /// What kind it is.
    pub kind: SecurityKind,
    /// The Security Scheme Object.
    pub node: NodeId,
}

/// The kinds of security scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecurityKind {
    /// A secret in a header, a query parameter or a cookie.
    ApiKey {
        /// Where the secret stands.
        place: ParameterPlace,
        /// The name of the header, parameter or cookie.
        name: String,
    },
    /// A scheme of HTTP's own, like `basic` or `bearer`, in lower case.
    Http {
        /// The scheme.
        scheme: String,
    },
    /// OAuth 2.0.
    OAuth2,
    /// `OpenID` Connect.
    OpenIdConnect,
    /// A client certificate.
    MutualTls,
    /// A kind that the specification does not know.
    Unknown,
}

/// Schemes that must all be satisfied, each with the scopes that it needs; empty where nothing is needed.
pub type SecurityRequirement = Vec<(String, Vec<String>)>;

/// One operation of a definition: a method and a path, what it takes and what it returns.
#[derive(Debug, Clone)]
pub struct Api {
    /// The method.
    pub method: Method,
    /// The path template, beginning with `/`.
    pub path: String,
    /// What stands after the path, like `?beta=true`, where a definition tells two APIs of one path apart by it.
    ///
    /// The specification knows no such paths, real definitions have them. A query means that requests with these
    /// parameters are for this API rather than for the one without; a fragment never reaches a server, so that the API
    /// without one has the requests of both.
    pub variant: String,
    /// The operation id, where there is one.
    pub operation_id: Option<String>,
    /// What it does, in short.
    pub summary: Option<String>,
    /// What it does.
    pub description: Option<String>,
    /// The tags that group it with others.
    pub tags: Vec<String>,
    /// Whether callers should stop using it.
    pub deprecated: bool,
    /// Its parameters, those of its path item first unless it declares them anew.
    pub parameters: Vec<Parameter>,
    /// The body that it takes.
    pub request_body: Option<RequestBody>,
    /// Its responses, in document order.
    pub responses: Vec<Response>,
    /// The requirements of which one must be satisfied: its own, else the definition's; empty where none is asked for.
    pub security: Vec<SecurityRequirement>,
    /// Where its method stands in its path item.
    pub location: Location,
    /// Its `x-` extensions, those of its path item first unless it declares them anew.
    pub extensions: Vec<(String, NodeId)>,
    /// The Operation Object.
    pub node: NodeId,
    /// How requests get to it, or why none does.
    pub route: Result<ApiRoute, NotRouted>,
}

impl Api {
    /// Returns the name that people call it by: the operation id, else `METHOD path`.
    #[must_use]
    pub fn name(&self) -> String {
        self.operation_id.clone().unwrap_or_else(|| self.method_and_path())
    }

    /// Returns the extension of a name.
    #[must_use]
    pub fn extension(&self, name: &str) -> Option<NodeId> {
        self.extensions.iter().find(|(known, _)| known == name).map(|(_, node)| *node)
    }

    /// Returns the method, and the path with its variant.
    #[must_use]
    pub fn method_and_path(&self) -> String {
        format!("{} {}{}", self.method, self.path, self.variant)
    }
}

/// Where a parameter stands in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ParameterPlace {
    /// In the path, as a part of its template.
    Path,
    /// In the query.
    Query,
    /// In a header.
    Header,
    /// In a cookie.
    Cookie,
}

impl ParameterPlace {
    /// Returns the place as a definition writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
        }
    }
}

/// How a list or an object is written into a parameter (section 4.8.12.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are those of the specification's table of styles")]
pub enum Style {
    Simple,
    Label,
    Matrix,
    Form,
    SpaceDelimited,
    PipeDelimited,
    DeepObject,
}

impl Style {
    /// Returns the style of a name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "simple" => Self::Simple,
            "label" => Self::Label,
            "matrix" => Self::Matrix,
            "form" => Self::Form,
            "spaceDelimited" => Self::SpaceDelimited,
            "pipeDelimited" => Self::PipeDelimited,
            "deepObject" => Self::DeepObject,
            _ => return None,
        })
    }

    /// Returns the name of a style.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Label => "label",
            Self::Matrix => "matrix",
            Self::Form => "form",
            Self::SpaceDelimited => "spaceDelimited",
            Self::PipeDelimited => "pipeDelimited",
            Self::DeepObject => "deepObject",
        }
    }
}

/// A parameter of an API.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Its name; of a header in any case.
    pub name: String,
    /// Where it stands.
    pub place: ParameterPlace,
    /// Whether a request must have it.
    pub required: bool,
    /// Whether callers should stop using it.
    pub deprecated: bool,
    /// How its value is written.
    pub style: Style,
    /// Whether each item of a list, or field of an object, is written as a parameter of its own.
    pub explode: bool,
    /// Its schema, unless `media_type` says how its whole value is written.
    pub schema: Option<NodeId>,
    /// The media type that its value is written in, with the schema of that.
    pub media_type: Option<MediaType>,
    /// The Parameter Object.
    pub node: NodeId,
}

/// The body that an API takes.
#[derive(Debug, Clone)]
pub struct RequestBody {
    /// Whether a request must have it.
    pub required: bool,
    /// Its media types, in document order.
    pub content: Vec<MediaType>,
    /// The Request Body Object.
    pub node: NodeId,
}

/// A media type, and what a body in it looks like.
#[derive(Debug, Clone)]
pub struct MediaType {
    /// The media type or range, like `application/json` or `text/*`.
    pub name: String,
    /// The schema of the body.
    pub schema: Option<NodeId>,
    /// The Media Type Object.
    pub node: NodeId,
}

/// For which status codes a response is declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StatusPattern {
    /// One code.
    Code(u16),
    /// All codes that begin with a digit: `2XX`.
    Class(u8),
    /// All codes that nothing else is declared for.
    Default,
}

impl StatusPattern {
    /// Returns the code that stands for it: of a class the first, of the default 200.
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
    /// For which status codes it is declared.
    pub status: StatusPattern,
    /// What it means.
    pub description: Option<String>,
    /// The headers that it has, in document order.
    pub headers: Vec<Header>,
    /// Its media types, in document order; none where it has no body.
    pub content: Vec<MediaType>,
    /// The Response Object.
    pub node: NodeId,
}

/// A header of a response.
#[derive(Debug, Clone)]
pub struct Header {
    /// Its name, in any case.
    pub name: String,
    /// Whether the response always has it.
    pub required: bool,
    /// Its schema.
    pub schema: Option<NodeId>,
    /// The Header Object.
    pub node: NodeId,
}
