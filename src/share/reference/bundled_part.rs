//! The parts of a definition, as far as they decide which of their fields a bundle has.
//!
//! A definition tells its owners more than its callers: addresses of backends (`servers`), notes to gateways and
//! generators (`x-…`), comments of schemas. Only a walk that knows where it is can tell those from the data of an
//! example, and from names that an author chose for a property or a header.

use crate::definition::is_for_callers;

/// A part of a definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BundledPart {
    /// The OpenAPI Object.
    Root,
    /// The Components Object.
    Components,
    /// A Path Item Object of requests that the API receives.
    PathItem,
    /// An operation of those.
    Operation,
    /// A Link Object.
    Link,
    /// Any other object of the specification, a schema among them.
    Object,
    /// A mapping from names that the author chose.
    Names {
        of: &'static BundledPart,
        /// True if `x-…` is no such name.
        has_extensions: bool,
    },
    /// The `security` of the root, or of an operation.
    Security,
    /// The mapping of a discriminator, or a value in it.
    DiscriminatorMapping,
    /// Data, whatever its fields are called.
    Data,
}

const fn names(of: &'static BundledPart) -> BundledPart {
    BundledPart::Names { of, has_extensions: false }
}

const fn names_and_extensions(of: &'static BundledPart) -> BundledPart {
    BundledPart::Names { of, has_extensions: true }
}

impl BundledPart {
    /// Returns the part in a field; `None` if a bundle leaves it out. A list is the same part as its items.
    pub(super) fn field(self, name: &str, is_list: bool) -> Option<Self> {
        match self {
            Self::Data | Self::Security => return Some(Self::Data),
            Self::DiscriminatorMapping => return Some(self),
            Self::Names { has_extensions: true, .. } if name.starts_with("x-") => return kept_extension(name),
            Self::Names { of, .. } => return Some(*of),
            _ if name.starts_with("x-") => return kept_extension(name),
            _ => {}
        }
        match (self, name) {
            (_, "servers" | "$comment") | (Self::Link, "server") => None,
            (Self::Root, "paths") => Some(names_and_extensions(&Self::PathItem)),
            (Self::Root, "components") => Some(Self::Components),
            (Self::Root | Self::Operation, "security") => Some(Self::Security),
            (Self::Components, "pathItems") => Some(names(&Self::PathItem)),
            (Self::Components, "responses") => Some(names(&Self::Object)),
            (Self::PathItem, "additionalOperations") => Some(names(&Self::Operation)),
            (Self::PathItem, "parameters") => Some(Self::Object),
            (Self::PathItem, _) => Some(Self::Operation),
            (_, "links") => Some(names(&Self::Link)),
            (_, "responses") => Some(names_and_extensions(&Self::Object)),
            (_, "mapping") => Some(Self::DiscriminatorMapping),
            (Self::Link, "parameters" | "requestBody")
            | (_, "const" | "dataValue" | "default" | "enum" | "example" | "security" | "value") => Some(Self::Data),
            (_, "examples") if is_list => Some(Self::Data),
            (_, "parameters") if is_list => Some(Self::Object),
            (
                _,
                "$defs"
                | "additionalOperations"
                | "callbacks"
                | "content"
                | "definitions"
                | "dependentRequired"
                | "dependentSchemas"
                | "encoding"
                | "examples"
                | "headers"
                | "mediaTypes"
                | "parameters"
                | "patternProperties"
                | "properties"
                | "requestBodies"
                | "schemas"
                | "scopes"
                | "securitySchemes"
                | "webhooks",
            ) => Some(names(&Self::Object)),
            _ => Some(Self::Object),
        }
    }

    /// True if a bundle leaves out the part of the root that a pointer names.
    pub(super) fn leaves_out(pointer: &str) -> bool {
        let mut part = Some(Self::Root);
        for token in pointer.split('/').skip(1) {
            part = part.and_then(|part| part.field(token, false));
        }
        part.is_none()
    }
}

fn kept_extension(name: &str) -> Option<BundledPart> {
    is_for_callers(name).then_some(BundledPart::Data)
}
