//! Reads the request and the responses of an operation.

use super::api::{Header, MediaType, Parameter, RequestBody, Response, Specification, StatusPattern};
use super::document::{Node, NodeKind};
use super::fields::FieldReader;
use super::parameter::{ParameterPlace, ParameterStyle};
use super::rules;

impl FieldReader<'_> {
    pub(super) fn parameters(&mut self, list: Node<'_>) -> Vec<Parameter> {
        let mut parameters = Vec::new();
        for item in list.items() {
            if !self.keeps(size_of::<Parameter>()) {
                break;
            }
            parameters.extend(self.parameter(item));
        }
        parameters
    }

    fn parameter(&mut self, written: Node<'_>) -> Option<Parameter> {
        let node = written.resolve()?;
        let at = faulty_part(written, node, "parameters");
        if !node.is_object() {
            self.structure(at, "a parameter is a mapping");
            return None;
        }
        let Some(name) = self.field_text(node, "name") else {
            if node.get("name").is_none() {
                let is_own = at.id() == node.id();
                let fault =
                    if is_own { "the parameter has no `name`" } else { "this names something that is not a parameter" };
                self.structure(at, fault);
            }
            return None;
        };
        let Some(written) = node.get("in") else {
            self.structure(at, &format!("the parameter {name:?} has no `in`: path, query, header or cookie"));
            return None;
        };
        if written.as_str() == Some("querystring") && self.specification >= Specification::V3_2 {
            // It has a media type in the place of a style, like a body (`query_string_of`).
            return None;
        }
        let Some(place) = written.as_str().and_then(parameter_place) else {
            self.structure(written, &format!("`in` of the parameter {name:?} is path, query, header or cookie"));
            return None;
        };
        let media_type = self.content(node).into_iter().next();
        let style = self.style(node, place);
        let explode = node.get("explode").map_or(style == ParameterStyle::Form, |_| self.flag(node, "explode"));
        Some(Parameter {
            name,
            place,
            required: place == ParameterPlace::Path || self.flag(node, "required"),
            deprecated: self.flag(node, "deprecated"),
            style,
            explode,
            schema: self.schema(node),
            media_type,
            node: node.id(),
        })
    }

    /// Reads the parameter of a list that is the whole query string.
    pub(super) fn query_string_of(&mut self, list: Node<'_>) -> Option<RequestBody> {
        if self.specification < Specification::V3_2 {
            return None;
        }
        let is_query_string = |node: &Node<'_>| node.get("in").and_then(Node::as_str) == Some("querystring");
        let node = list.items().filter_map(Node::resolve).find(is_query_string)?;
        Some(RequestBody { required: self.flag(node, "required"), content: self.content(node), node: node.id() })
    }

    fn style(&mut self, node: Node<'_>, place: ParameterPlace) -> ParameterStyle {
        let by_default = match place {
            ParameterPlace::Path | ParameterPlace::Header => ParameterStyle::Simple,
            ParameterPlace::Query | ParameterPlace::Cookie => ParameterStyle::Form,
        };
        let Some(written) = node.get("style") else { return by_default };
        if written.as_str() == Some("cookie") && self.specification >= Specification::V3_2 {
            // Like `form`, but without percent-encoding, which cookies do not use (OpenAPI 3.2, section 4.12.3).
            return ParameterStyle::Form;
        }
        written.as_str().and_then(ParameterStyle::named).unwrap_or_else(|| {
            self.structure(written, "the specification has no such parameter style");
            by_default
        })
    }

    pub(super) fn request_body(&mut self, operation: Node<'_>) -> Option<RequestBody> {
        let written = operation.get("requestBody")?;
        let node = written.resolve()?;
        if matches!(node.kind(), NodeKind::Null) {
            return None;
        }
        if !node.is_object() {
            self.structure(faulty_part(written, node, "requestBodies"), "a request body is a mapping");
            return None;
        }
        Some(RequestBody { required: self.flag(node, "required"), content: self.content(node), node: node.id() })
    }

    pub(super) fn responses(&mut self, operation: Node<'_>) -> Vec<Response> {
        let Some(list) = self.object(operation, "responses") else { return Vec::new() };
        let mut responses: Vec<Response> = Vec::new();
        for (code, node) in list.entries() {
            if code.starts_with("x-") {
                continue;
            }
            let Some(status) = self.status(list, code) else { continue };
            let Some(node) = node.resolve() else { continue };
            if !self.keeps(size_of::<Response>()) {
                break;
            }
            let headers = self.object(node, "headers");
            responses.push(Response {
                status,
                description: self.prose(node, "description"),
                headers: headers.map(|headers| self.headers(headers)).unwrap_or_default(),
                content: self.content(node),
                node: node.id(),
            });
        }
        responses
    }

    fn status(&mut self, list: Node<'_>, code: &str) -> Option<StatusPattern> {
        let bytes = code.as_bytes();
        match bytes {
            b"default" => return Some(StatusPattern::Default),
            [digit @ b'1'..=b'5', b'X', b'X'] => return Some(StatusPattern::Class(digit - b'0')),
            [digit @ b'1'..=b'5', b'x', b'x'] => {
                let message = format!("the response {code:?} is taken as \"{}XX\"", char::from(*digit));
                self.findings.add(rules::SLOPPY, list.key_location(code), message, "write the `X` in capitals");
                return Some(StatusPattern::Class(digit - b'0'));
            }
            [b'1'..=b'9', b'0'..=b'9', b'0'..=b'9'] => {
                if let Ok(code) = code.parse() {
                    return Some(StatusPattern::Code(code));
                }
            }
            _ => {}
        }
        let message = format!("{code:?} is not a status code");
        let hint = "name a response by a code like \"200\", a class like \"4XX\", or `default`";
        self.findings.add(rules::STRUCTURE, list.key_location(code), message, hint);
        None
    }

    fn headers(&mut self, headers: Node<'_>) -> Vec<Header> {
        let mut list = Vec::new();
        for (name, written) in headers.entries() {
            let Some(node) = written.resolve() else { continue };
            if !self.keeps(size_of::<Header>() + name.len()) {
                break;
            }
            list.push(Header {
                name: name.to_owned(),
                required: self.flag(node, "required"),
                schema: self.schema(node),
                node: node.id(),
            });
        }
        list
    }

    fn content(&mut self, node: Node<'_>) -> Vec<MediaType> {
        let Some(content) = self.object(node, "content") else { return Vec::new() };
        let mut list = Vec::new();
        for (name, node) in content.entries() {
            let Some(node) = node.resolve() else { continue };
            if !self.keeps(size_of::<MediaType>() + name.len()) {
                break;
            }
            let item_schema = node.get("itemSchema").map(Node::id);
            list.push(MediaType { name: name.to_owned(), schema: self.schema(node), item_schema, node: node.id() });
        }
        list
    }
}

/// Returns the part of a document at which something is wrong: the reference, where it leads to a component of another
/// kind, in which nothing is wrong; else the object itself.
fn faulty_part<'d>(written: Node<'d>, node: Node<'d>, section: &str) -> Node<'d> {
    let leads_to = written.reference().and_then(|reference| reference.split_once("#/components/")?.1.split('/').next());
    if leads_to.is_some_and(|other| other != section) { written.get("$ref").unwrap_or(node) } else { node }
}

pub(super) fn parameter_place(text: &str) -> Option<ParameterPlace> {
    [ParameterPlace::Path, ParameterPlace::Query, ParameterPlace::Header, ParameterPlace::Cookie]
        .into_iter()
        .find(|place| place.as_str() == text)
}
