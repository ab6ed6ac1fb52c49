//! Fields that OpenAPI 2.0 does not have where they stand: the conversion leaves them out, and says so.

use super::super::document::Node;
use super::super::rules;
use super::converter::SwaggerConverter;
use super::parameter_kind::SCHEMA_FIELDS;
use crate::model::Method;

const DOCUMENT: &[&str] = &[
    "swagger",
    "info",
    "host",
    "basePath",
    "schemes",
    "consumes",
    "produces",
    "paths",
    "definitions",
    "parameters",
    "responses",
    "securityDefinitions",
    "security",
    "tags",
    "externalDocs",
];
const OPERATION: &[&str] = &[
    "tags",
    "summary",
    "description",
    "externalDocs",
    "operationId",
    "consumes",
    "produces",
    "parameters",
    "responses",
    "schemes",
    "deprecated",
    "security",
];
const VALUE: &[&str] =
    &["name", "in", "description", "required", "deprecated", "allowEmptyValue", "collectionFormat", "schema"];
const BODY: &[&str] = &["name", "in", "description", "required", "schema"];
const RESPONSE: &[&str] = &["description", "schema", "headers", "examples"];

/// An object of a document.
#[derive(Clone, Copy)]
pub(super) enum SwaggerObject {
    Document,
    PathItem,
    Operation,
    /// A parameter, a field of a form, or a header.
    Value,
    Body,
    Response,
}

impl SwaggerObject {
    fn has(self, field: &str) -> bool {
        match self {
            Self::Document => DOCUMENT.contains(&field),
            Self::PathItem => {
                field == "parameters" || Method::ALL.iter().any(|method| method.field().eq_ignore_ascii_case(field))
            }
            Self::Operation => OPERATION.contains(&field),
            Self::Value => VALUE.contains(&field) || SCHEMA_FIELDS.contains(&field),
            Self::Body => BODY.contains(&field),
            Self::Response => RESPONSE.contains(&field),
        }
    }
}

impl<'d> SwaggerConverter<'d, '_> {
    /// Names the fields of an object that are left out, as it has none of that name, or a schema says the same.
    pub(super) fn tell_left_out(&mut self, node: Node<'d>, object: SwaggerObject) {
        if !self.told.insert(node.id()) {
            return;
        }
        let is_doubled = |field: &str| {
            matches!(object, SwaggerObject::Value) && SCHEMA_FIELDS.contains(&field) && node.get("schema").is_some()
        };
        for (field, _) in node.entries().filter(|(field, _)| !field.starts_with("x-") && *field != "$ref") {
            if is_doubled(field) {
                let message = format!("{field:?} stands beside `schema`, which is taken; it is left out");
                let hint = "write it in the schema, or leave `schema` out";
                self.findings.add(rules::CONVERSION, node.key_location(field), message, hint);
            } else if !object.has(field) {
                let message = format!("OpenAPI 2.0 has no {field:?} here; it is left out");
                let hint = "write it as 2.0 has it, or the whole document as OpenAPI 3.0";
                self.findings.add(rules::CONVERSION, node.key_location(field), message, hint);
            }
        }
    }
}
