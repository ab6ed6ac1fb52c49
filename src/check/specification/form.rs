//! The words of the table: what an object, a field and its value are.

/// What may stand in a field.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    /// Anything.
    Any,
    /// A text.
    Text,
    /// `true` or `false`.
    Flag,
    /// One of some words.
    Word(&'static [&'static str]),
    /// An object of the specification.
    Object(Kind),
    /// An object of the specification, or a reference to one.
    OrReference(Kind),
    /// A list.
    List(&'static Form),
    /// A mapping from names to values.
    Map(Names, &'static Form),
    /// Media types, at most one where that is asked for.
    Content {
        /// Whether there is exactly one.
        single: bool,
    },
}

/// What names in a mapping look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// Any text.
    Any,
    /// Letters, digits, `.`, `-` and `_` (Components Object).
    Component,
    /// A media type or range.
    MediaType,
    /// A token of HTTP.
    Header,
}

/// In which versions of the specification a field exists, or is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum In {
    Never,
    V3_0,
    /// 3.1 and later.
    V3_1,
    /// 3.2 and later.
    V3_2,
    BeforeV3_2,
    All,
}

/// A field of an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) form: Form,
    pub(super) exists: In,
    pub(super) needed: In,
}

/// An object of the specification.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) name: &'static str,
    /// The last part of its section's number.
    pub(super) section: u8,
    pub(super) fields: &'static [Field],
    pub(super) rest: Rest,
}

/// What fields that the table does not name may be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rest {
    /// Extensions only, which begin with `x-`.
    Extensions,
    /// Nothing, not even extensions.
    Nothing,
    /// Anything.
    Anything,
    /// Names that people choose, beside extensions where `extensions` says so.
    Named { form: &'static Form, extensions: bool },
}

/// The kinds of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    OpenApi,
    Info,
    Contact,
    License,
    Server,
    ServerVariable,
    Components,
    Paths,
    PathItem,
    Operation,
    ExternalDocumentation,
    Parameter,
    RequestBody,
    MediaType,
    Encoding,
    Responses,
    Response,
    Callback,
    Example,
    Link,
    Header,
    Tag,
    Schema,
    Discriminator,
    Xml,
    SecurityScheme,
    OAuthFlows,
    ImplicitFlow,
    TokenFlow,
    CodeFlow,
    DeviceFlow,
    SecurityRequirement,
}

impl Kind {
    /// Returns the field of the Components Object that holds objects of this kind (OpenAPI 3.1, section 4.8.7).
    pub(super) const fn section(self) -> Option<&'static str> {
        match self {
            Self::Schema => Some("schemas"),
            Self::Response => Some("responses"),
            Self::Parameter => Some("parameters"),
            Self::Example => Some("examples"),
            Self::RequestBody => Some("requestBodies"),
            Self::Header => Some("headers"),
            Self::SecurityScheme => Some("securitySchemes"),
            Self::Link => Some("links"),
            Self::Callback => Some("callbacks"),
            Self::PathItem => Some("pathItems"),
            Self::MediaType => Some("mediaTypes"),
            _ => None,
        }
    }
}
