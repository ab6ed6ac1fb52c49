//! The vocabulary of the table: objects, fields and their values.

/// The kind of value that a field may have.
#[derive(Debug, Clone, Copy)]
pub(super) enum FieldForm {
    /// Any value.
    Any,
    /// A string.
    Text,
    /// A boolean.
    Flag,
    /// One of an enumeration of strings.
    Word(&'static [&'static str]),
    /// An object of the specification.
    Object(Kind),
    /// An object of the specification, or a reference to one.
    OrReference(Kind),
    /// A list.
    List(&'static FieldForm),
    /// A mapping from names to values.
    Map(NameForm, &'static FieldForm),
    /// Media types.
    Content {
        /// True if exactly one media type is allowed.
        single: bool,
    },
}

/// The form of the names in a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameForm {
    /// Any string.
    Any,
    /// Letters, digits, `.`, `-` and `_` (Components Object).
    Component,
    /// A media type or range.
    MediaType,
    /// An HTTP token.
    Header,
}

/// The versions of the specification in which a field exists, or is required.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldVersions {
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
pub(super) struct SpecificationField {
    pub(super) name: &'static str,
    pub(super) form: FieldForm,
    pub(super) exists: FieldVersions,
    pub(super) needed: FieldVersions,
}

/// An object of the specification.
#[derive(Debug, Clone, Copy)]
pub(super) struct SpecificationObject {
    pub(super) name: &'static str,
    /// The last component of the number of its section.
    pub(super) section: u8,
    pub(super) fields: &'static [SpecificationField],
    pub(super) rest: OtherFields,
}

/// The fields that an object may have besides those in the table.
#[derive(Debug, Clone, Copy)]
pub(super) enum OtherFields {
    /// Extensions, whose names begin with `x-`.
    Extensions,
    /// None, not even extensions.
    Nothing,
    /// Any.
    Anything,
    /// Names chosen by the author, and extensions if `extensions` is set.
    Named { form: &'static FieldForm, extensions: bool },
}

/// The objects of the specification.
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
