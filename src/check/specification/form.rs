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
    V3_1,
    Both,
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
    SecurityRequirement,
}
