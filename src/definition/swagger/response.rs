//! Responses and their headers.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::super::document::Node;
use super::body::media_types;
use super::converter::{OperationMediaTypes, SwaggerConverter};
use super::left_out::SwaggerObject;

impl<'d> SwaggerConverter<'d, '_> {
    pub(super) fn responses(&mut self, list: Node<'d>, speech: &OperationMediaTypes) -> Option<Value> {
        let mut responses = Map::new();
        for (status, node) in list.entries() {
            let converted = if status.starts_with("x-") { self.value(node)? } else { self.response(node, speech)? };
            responses.insert(status.to_owned(), converted);
        }
        Some(Value::Object(responses))
    }

    fn response(&mut self, written: Node<'d>, speech: &OperationMediaTypes) -> Option<Value> {
        let Some(node) = written.resolve() else { return self.value(written) };
        if written.reference().is_some()
            && speech.produces == self.produces
            && let Some(reference) = self.components.response(node)
        {
            return Some(json!({ "$ref": reference }));
        }
        self.response_object(node, speech)
    }

    pub(super) fn response_object(&mut self, written: Node<'d>, speech: &OperationMediaTypes) -> Option<Value> {
        let Some(node) = written.resolve() else { return self.value(written) };
        self.tell_left_out(node, SwaggerObject::Response);
        let mut response = Map::new();
        self.copy(node, &mut response, &["description"])?;
        if !response.contains_key("description") {
            response.insert("description".to_owned(), "".into());
        }
        let mut headers = Map::new();
        for (name, header) in node.get("headers").into_iter().flat_map(Node::entries) {
            headers.insert(name.to_owned(), self.header(header)?);
        }
        if !headers.is_empty() {
            response.insert("headers".to_owned(), Value::Object(headers));
        }
        let content = self.response_content(node, speech)?;
        if !content.is_empty() {
            response.insert("content".to_owned(), Value::Object(content));
        }
        self.extensions(node, &mut response)?;
        Some(Value::Object(response))
    }

    fn header(&mut self, node: Node<'d>) -> Option<Value> {
        let mut header = Map::new();
        self.copy(node, &mut header, &["description"])?;
        let (schema, _) = self.written_schema(node, "header")?;
        header.insert("schema".to_owned(), schema);
        self.examples_of(node, &mut header)?;
        self.extensions(node, &mut header)?;
        header.shift_remove("x-example");
        Some(Value::Object(header))
    }

    /// Adds the schema for each media type that the operation produces, and each example for its own media type.
    fn response_content(&mut self, node: Node<'d>, speech: &OperationMediaTypes) -> Option<Map<String, Value>> {
        let schema = node.get("schema");
        let examples = node.get("examples").filter(|examples| examples.entries().next().is_some());
        let example_names = || examples.into_iter().flat_map(Node::entries).map(|(name, _)| name);
        let mut names = Vec::new();
        if let Some(schema) = schema {
            let is_file = schema.get("type").and_then(Node::as_str) == Some("file");
            let octets = is_file && speech.produces.is_empty();
            names = if octets { vec!["application/octet-stream".to_owned()] } else { media_types(&speech.produces) };
        }
        let mut known: HashSet<String> = names.iter().cloned().collect();
        let by_media_type = example_names().filter(|name| name.contains('/') && known.insert((*name).to_owned()));
        names.extend(by_media_type.map(str::to_owned));
        if names.is_empty() && examples.is_some() {
            names = media_types(&speech.produces);
        }
        let nameless = example_names().all(|name| !name.contains('/'));
        let mut content = Map::new();
        for name in names {
            let mut object = Map::new();
            if let Some(schema) = schema {
                object.insert("schema".to_owned(), self.schema(schema)?);
            }
            if let Some(example) = examples.and_then(|examples| examples.get(&name)) {
                object.insert("example".to_owned(), self.value(example)?);
            } else if let Some(examples) = examples.filter(|_| nameless) {
                // Some authors do not key examples by media type as 2.0 requires; then they are named examples, or a
                // single example.
                let by_name: Map<String, Value> = match self.value(examples)? {
                    Value::Object(list) => {
                        list.into_iter().map(|(name, value)| (name, json!({ "value": value }))).collect()
                    }
                    _ => Map::new(),
                };
                object.insert("examples".to_owned(), Value::Object(by_name));
            }
            content.insert(name, Value::Object(object));
        }
        Some(content)
    }
}
