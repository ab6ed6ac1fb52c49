//! Conditions of the specification that the table of fields cannot express.

use std::collections::HashMap;

use super::form::Kind;
use super::{SpecificationWalk, rules};
use crate::check::rules::operations::{DISCRIMINATOR_UNKNOWN, ENCODING_UNKNOWN, RESPONSES_MISSING, SUNSET_INVALID};
use crate::definition::rules::MOCK_FIELD;
use crate::definition::{Node, Specification};
use crate::model::{Timestamp, is_header_name, nearest};

impl<'d> SpecificationWalk<'d> {
    pub(super) fn conditions(&mut self, node: Node<'d>, kind: Kind) {
        if !matches!(kind, Kind::Operation | Kind::PathItem) {
            self.misplaced_mock(node);
        }
        match kind {
            Kind::OpenApi => self.whole(node),
            Kind::License if self.specification >= Specification::V3_1 => self.exclude(node, "identifier", "url"),
            Kind::Server => self.server_variables(node),
            Kind::ServerVariable => self.server_variable(node),
            Kind::Operation => {
                self.sunset(node);
                self.responses(node);
            }
            Kind::Parameter => {
                self.sunset(node);
                self.parameter(node);
            }
            Kind::Header => self.schema_or_content(node, "Header Object"),
            Kind::MediaType => {
                self.exclude(node, "example", "examples");
                self.encodings(node);
            }
            Kind::Example => {
                self.exclude(node, "value", "externalValue");
                if self.specification >= Specification::V3_2 {
                    self.exclude(node, "value", "dataValue");
                    self.exclude(node, "value", "serializedValue");
                    self.exclude(node, "serializedValue", "externalValue");
                }
            }
            Kind::Link => {
                self.exclude(node, "operationRef", "operationId");
                if node.get("operationRef").is_none() && node.get("operationId").is_none() {
                    self.lacking(node, "the Link Object has neither `operationRef` nor `operationId`");
                }
            }
            Kind::SecurityScheme => self.security_scheme(node),
            Kind::Discriminator => self.discriminator(node),
            _ => {}
        }
    }

    /// Checks that the values of a mapping that name a schema of the definition itself, by its name or a reference to
    /// its component, name one that is there.
    fn discriminator(&mut self, node: Node<'d>) {
        let Some(root) = self.root.filter(|root| root.location().file == node.location().file) else { return };
        let schemas = root.get("components").and_then(|components| components.get("schemas"));
        for (_, target) in node.get("mapping").into_iter().flat_map(Node::entries) {
            let Some(text) = target.as_str() else { continue };
            let name = text.strip_prefix("#/components/schemas/").unwrap_or(text);
            let is_name = name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter));
            if is_name && schemas.is_none_or(|schemas| schemas.get(name).is_none()) {
                let message = format!("the mapping of the discriminator names a schema {name:?}, which is not there");
                self.add(DISCRIMINATOR_UNKNOWN, target, message, "correct the name, or add the schema");
            }
        }
    }

    /// Checks that encodings are of properties, where the schema lists all of those that it speaks of.
    fn encodings(&mut self, node: Node<'d>) {
        let Some(schema) = node.get("schema").and_then(Node::resolve) else { return };
        let Some(properties) = schema.get("properties").filter(|properties| properties.is_object()) else { return };
        let lists_all = schema.entries().all(|(keyword, value)| match keyword {
            "type" | "properties" | "required" | "title" | "description" | "example" | "examples" | "default" => true,
            "additionalProperties" => value.as_bool() == Some(false),
            _ => keyword.starts_with("x-"),
        });
        for (name, _) in node.get("encoding").filter(|_| lists_all).into_iter().flat_map(Node::entries) {
            if properties.get(name).is_none() {
                let encodings = node.get("encoding").unwrap_or(node);
                let message = format!("`encoding` names {name:?}, which is not a property of the schema");
                let names: Vec<&str> = properties.entries().map(|(name, _)| name).collect();
                let hint = match nearest(name, names) {
                    Some(near) => format!("did you mean {near:?}?"),
                    None => "declare the property, or remove the encoding".to_owned(),
                };
                self.findings.add(ENCODING_UNKNOWN.finding(encodings.key_location(name), message, hint));
            }
        }
    }

    /// Checks that a value is an object whose style is `deepObject`: no other value has a serialization in it (OpenAPI
    /// 3.1, section 4.8.12.4).
    fn deep_object(&mut self, node: Node<'d>) {
        let style = node.get("style").filter(|style| style.as_str() == Some("deepObject"));
        let kind = node.get("schema").and_then(Node::resolve).and_then(|schema| schema.get("type")?.as_str());
        if let (Some(style), Some(kind @ ("string" | "number" | "integer" | "boolean"))) = (style, kind) {
            let message = format!("the style `deepObject` writes objects, and the schema's type is {kind}");
            self.add(rules::SPECIFICATION_VALUE, style, message, "remove the style, or correct the schema");
        }
    }

    /// Checks the date after which a deprecated part may go: one that cannot be read lets nothing go.
    pub(super) fn sunset(&mut self, node: Node<'d>) {
        let Some(date) = node.get("x-sunset") else { return };
        if date.as_str().and_then(Timestamp::from_sunset).is_none() {
            let hint = "write a date like 2026-12-31, or one of HTTP like Thu, 31 Dec 2026 23:59:59 GMT";
            self.add(SUNSET_INVALID, date, "`x-sunset` is not a date", hint);
        } else if node.get("deprecated").and_then(Node::as_bool) != Some(true) {
            let message = "`x-sunset` has no effect on a part that is not deprecated";
            self.add(SUNSET_INVALID, date, message, "add `deprecated: true`");
        }
    }

    /// Reports a mock response where none is looked for.
    fn misplaced_mock(&mut self, node: Node<'d>) {
        let Some(mock) = node.get("x-apigw-mock") else { return };
        let hint = "move it to the operation, with the `status` of the response, or give the response an `example`";
        self.add(MOCK_FIELD, mock, "`x-apigw-mock` has an effect in an operation or a path item alone", hint);
    }

    fn whole(&mut self, node: Node<'d>) {
        let parts = ["paths", "components", "webhooks"];
        if self.specification >= Specification::V3_1 && parts.iter().all(|part| node.get(part).is_none()) {
            self.lacking(node, "the OpenAPI Object has none of `paths`, `components` and `webhooks`");
        }
        let mut known: HashMap<&str, usize> = HashMap::new();
        for name in node.get("tags").into_iter().flat_map(Node::items).filter_map(|tag| tag.get("name")) {
            let Some(text) = name.as_str() else { continue };
            let location = name.location();
            if let Some(line) = known.get(text) {
                let message = format!("the tag {text:?} is declared twice, first on line {line}");
                self.add(rules::SPECIFICATION_EXCLUSIVE, name, message, "remove one of the two");
            } else {
                known.insert(text, location.line);
            }
        }
    }

    fn server_variables(&mut self, node: Node<'d>) {
        let Some(url) = node.get("url") else { return };
        let names = url.as_str().unwrap_or_default().split('{').skip(1).filter_map(|rest| rest.split_once('}'));
        for (name, _) in names {
            let variable = node.get("variables").and_then(|variables| variables.get(name));
            if variable.is_none() {
                let message = format!("the Server Object declares no variable {name:?}, which its `url` has");
                let hint = format!("declare it: `variables: {{{name}: {{default: …}}}}`");
                self.add(rules::SPECIFICATION_REQUIRED, url, message, hint);
            }
        }
    }

    fn server_variable(&mut self, node: Node<'d>) {
        let Some(words) = node.get("enum").filter(|words| words.is_array()) else { return };
        if words.items().next().is_none() {
            self.wrong_kind(words, "`enum` of the Server Variable Object", "has at least one text");
            return;
        }
        let Some(default) = node.get("default").filter(|default| default.as_str().is_some()) else { return };
        if !words.items().any(|word| word.as_str() == default.as_str()) {
            let message = "the default of the Server Variable Object is not one of its `enum`";
            self.add(rules::SPECIFICATION_VALUE, default, message, "add it to `enum`, or write one that is there");
        }
    }

    fn responses(&mut self, node: Node<'d>) {
        let responses = node.get("responses");
        let is_empty = |responses: Node<'_>| responses.entries().all(|(name, _)| name.starts_with("x-"));
        let location = match responses {
            Some(responses) if !responses.is_object() || !is_empty(responses) => return,
            Some(_) => node.key_location("responses"),
            None if self.specification == Specification::V3_0 => node.location(),
            // The field may be left out since OpenAPI 3.1 (section 4.8.10).
            None => return,
        };
        let hint = "add at least what a successful call gives: `responses: {\"200\": {description: …}}`";
        self.findings.add(RESPONSES_MISSING.finding(location, "the operation names no response", hint));
    }

    fn parameter(&mut self, node: Node<'d>) {
        self.schema_or_content(node, "Parameter Object");
        let Some(written) = node.get("in") else { return };
        let Some(place) = written.as_str() else { return };
        let name = node.get("name").filter(|_| ["header", "cookie"].contains(&place));
        if let Some((name, text)) = name.and_then(|name| Some((name, name.as_str()?)))
            && !is_header_name(text)
        {
            let message = format!("{text:?} cannot be the name of a {place} parameter: it is no token");
            let hint = "write letters, digits and dashes alone (RFC 9110, section 5.6.2)";
            self.add(rules::SPECIFICATION_VALUE, name, message, hint);
        }
        if self.specification < Specification::V3_2 && place == "querystring" {
            self.word(written, &["query", "header", "path", "cookie"], &|| "`in` of the Parameter Object".to_owned());
        }
        if place == "path" && node.get("required").and_then(crate::definition::Node::as_bool) != Some(true) {
            match node.get("required") {
                Some(required) if required.as_bool().is_some() => {
                    let message = "a path parameter is always required, and this one says `false`";
                    self.add(rules::SPECIFICATION_VALUE, required, message, "write `required: true`");
                }
                Some(_) => {}
                None => {
                    let message = "the Parameter Object has no `required`, which a path parameter needs";
                    self.add(rules::SPECIFICATION_REQUIRED, node, message, "add `required: true`");
                }
            }
        }
        let styles: &[&str] = match place {
            "path" => &["matrix", "label", "simple"],
            "query" => &["form", "spaceDelimited", "pipeDelimited", "deepObject"],
            "cookie" if self.specification >= Specification::V3_2 => &["form", "cookie"],
            "header" => &["simple"],
            _ => &["form"],
        };
        if let Some(style) = node.get("style").filter(|style| style.as_str().is_some()) {
            self.word(style, styles, &|| format!("`style` of a {place} parameter"));
        }
        self.deep_object(node);
        if self.specification >= Specification::V3_1 && place != "query" {
            for name in ["allowEmptyValue", "allowReserved"] {
                self.misplaced(node, name, &format!("a {place} parameter"), "a query parameter");
            }
        }
    }

    /// Checks that exactly one of `schema` and `content` describes a value.
    fn schema_or_content(&mut self, node: Node<'d>, owner: &str) {
        self.exclude(node, "schema", "content");
        self.exclude(node, "example", "examples");
        match (node.get("schema"), node.get("content")) {
            (None, None) => self.lacking(node, &format!("the {owner} has neither `schema` nor `content`")),
            (None, Some(_)) => {
                for name in ["style", "explode", "allowReserved", "example", "examples"] {
                    self.misplaced(node, name, &format!("a {owner} with `content`"), "one with `schema`");
                }
            }
            _ => {}
        }
    }

    fn security_scheme(&mut self, node: Node<'d>) {
        let Some(written) = node.get("type") else { return };
        let fields: &[&str] = match written.as_str() {
            Some("apiKey") => &["name", "in"],
            Some("http") => &["scheme"],
            Some("oauth2") => &["flows"],
            Some("openIdConnect") => &["openIdConnectUrl"],
            Some("mutualTLS") if self.specification >= Specification::V3_1 => &[],
            Some(_) => {
                let known: &[&str] = match self.specification {
                    Specification::V3_0 => &["apiKey", "http", "oauth2", "openIdConnect"],
                    Specification::V3_1 | Specification::V3_2 => {
                        &["apiKey", "http", "mutualTLS", "oauth2", "openIdConnect"]
                    }
                };
                self.word(written, known, &|| "`type` of the Security Scheme Object".to_owned());
                return;
            }
            None => return,
        };
        let kind = written.as_str().unwrap_or_default();
        for name in fields.iter().filter(|name| node.get(name).is_none()) {
            let message = format!("the Security Scheme Object has no `{name}`, which the type {kind} needs");
            self.add(rules::SPECIFICATION_REQUIRED, node, message, format!("add `{name}`"));
        }
        for name in ["name", "in", "scheme", "flows", "openIdConnectUrl"].iter().filter(|name| !fields.contains(name)) {
            self.misplaced(node, name, &format!("a Security Scheme Object of the type {kind}"), "another type");
        }
        let scheme = node.get("scheme").and_then(Node::as_str).filter(|_| kind == "http").unwrap_or_default();
        if !scheme.eq_ignore_ascii_case("bearer") {
            let owner = "a Security Scheme Object that is not of the type http with the scheme bearer";
            self.misplaced(node, "bearerFormat", owner, "the scheme bearer");
        }
    }

    /// Reports two mutually exclusive fields that are both present.
    fn exclude(&mut self, node: Node<'d>, one: &str, other: &str) {
        if node.get(one).is_some() && node.get(other).is_some() {
            let message = format!("`{one}` and `{other}` exclude each other");
            let location = node.key_location(other);
            self.findings.add(rules::SPECIFICATION_EXCLUSIVE.finding(location, message, "keep the one that is meant"));
        }
    }

    fn lacking(&mut self, node: Node<'d>, message: &str) {
        self.add(rules::SPECIFICATION_EXCLUSIVE, node, message, "add the one that is meant");
    }

    fn misplaced(&mut self, node: Node<'d>, name: &str, owner: &str, of: &str) {
        if node.get(name).is_some() {
            let message = format!("{owner} has no field {name:?}");
            let hint = format!("remove it; it belongs to {of}");
            self.findings.add(rules::SPECIFICATION_UNKNOWN.finding(node.key_location(name), message, hint));
        }
    }
}
