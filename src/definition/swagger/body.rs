//! Request bodies: a `body` parameter, or the fields of a form.

use serde_json::{Map, Value, json};

use super::super::document::Node;
use super::super::fields::scalar_text;
use super::converter::{OperationMediaTypes, SwaggerConverter, USUAL_MEDIA_TYPE};
use super::left_out::SwaggerObject;
use super::parameter_kind;

const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";

impl<'d> SwaggerConverter<'d, '_> {
    /// Converts the parameters that form the body, if any.
    pub(super) fn request_body(
        &mut self,
        parameters: &[Node<'d>],
        speech: &OperationMediaTypes,
        into: &mut Map<String, Value>,
    ) -> Option<()> {
        if let Some(body) = parameters.iter().copied().find(|parameter| parameter_kind::is_body(*parameter)) {
            if let Some(other) = parameters.iter().find(|other| other.id() != body.id()) {
                self.loses(*other, "a request has either one body or a form; the body is taken", "remove the other");
            }
            into.insert("requestBody".to_owned(), self.body(body, speech)?);
            return Some(());
        }
        let fields: Vec<Node<'d>> = parameters.iter().filter_map(|field| field.resolve()).collect();
        if !fields.is_empty() {
            into.insert("requestBody".to_owned(), self.form(&fields, speech)?);
        }
        Some(())
    }

    fn body(&mut self, written: Node<'d>, speech: &OperationMediaTypes) -> Option<Value> {
        let node = written.resolve()?;
        if written.reference().is_some()
            && speech.consumes == self.consumes
            && let Some(reference) = self.components.body(node)
        {
            return Some(json!({ "$ref": reference }));
        }
        self.body_object(node, speech)
    }

    pub(super) fn body_object(&mut self, node: Node<'d>, speech: &OperationMediaTypes) -> Option<Value> {
        self.tell_left_out(node, SwaggerObject::Body);
        let mut body = Map::new();
        self.copy(node, &mut body, &["description"])?;
        let mut content = Map::new();
        for media_type in media_types(&speech.consumes) {
            let mut object = Map::new();
            object.insert("schema".to_owned(), self.inline_schema(node)?);
            match node.get("x-examples").and_then(|examples| examples.get(&media_type)) {
                Some(example) => {
                    object.insert("example".to_owned(), self.value(example)?);
                }
                None => self.examples_of(node, &mut object)?,
            }
            content.insert(media_type, Value::Object(object));
        }
        body.insert("content".to_owned(), Value::Object(content));
        self.copy(node, &mut body, &["required"])?;
        self.extensions(node, &mut body)?;
        for moved in ["x-example", "x-examples"] {
            body.shift_remove(moved);
        }
        Some(Value::Object(body))
    }

    fn form(&mut self, fields: &[Node<'d>], speech: &OperationMediaTypes) -> Option<Value> {
        let mut properties = Map::new();
        let mut required: Vec<Value> = Vec::new();
        let mut encoding = Map::new();
        let mut has_file = false;
        for field in fields {
            let Some(name) = field.get("name").and_then(scalar_text) else { continue };
            has_file |= field.get("type").and_then(Node::as_str) == Some("file");
            if field.get("required").and_then(Node::as_bool) == Some(true) {
                required.push(name.clone().into());
            }
            let (own, style) = self.written_schema(*field, "formData")?;
            if let Some((style, explode)) = style {
                encoding.insert(name.clone(), json!({ "style": style, "explode": explode }));
            }
            let may_be_empty = field.get("allowEmptyValue").and_then(Node::as_bool) == Some(true);
            let own = if may_be_empty { or_empty(own) } else { own };
            let mut schema = if let Value::Object(own) = own { own } else { Map::new() };
            self.copy(*field, &mut schema, &["description"])?;
            if let Some(example) = field.get("x-example") {
                schema.insert("example".to_owned(), self.value(example)?);
            }
            self.extensions(*field, &mut schema)?;
            schema.shift_remove("x-example");
            properties.insert(name, Value::Object(schema));
        }
        let is_form = |media_type: &&String| media_type.starts_with(FORM) || media_type.starts_with("multipart/");
        let mut names: Vec<String> = speech.consumes.iter().filter(is_form).cloned().collect();
        if has_file {
            names.retain(|name| name.starts_with("multipart/"));
        }
        if names.is_empty() {
            names.push(if has_file { MULTIPART } else { FORM }.to_owned());
        }
        let mut schema = Map::new();
        schema.insert("type".to_owned(), "object".into());
        schema.insert("properties".to_owned(), Value::Object(properties));
        let needed = !required.is_empty();
        if needed {
            schema.insert("required".to_owned(), Value::Array(required));
        }
        let mut object = Map::new();
        object.insert("schema".to_owned(), Value::Object(schema));
        if !encoding.is_empty() {
            object.insert("encoding".to_owned(), Value::Object(encoding));
        }
        let content: Map<String, Value> = names.into_iter().map(|name| (name, Value::Object(object.clone()))).collect();
        let mut body = Map::new();
        body.insert("content".to_owned(), Value::Object(content));
        if needed {
            body.insert("required".to_owned(), true.into());
        }
        Some(Value::Object(body))
    }
}

/// Allows the value of a field to be empty.
fn or_empty(schema: Value) -> Value {
    let says = |keyword: &str| schema.get(keyword).is_some();
    let is_free_text = schema.get("type").and_then(Value::as_str) == Some("string")
        && !["enum", "minLength", "pattern"].into_iter().any(says)
        && schema.get("format").is_none_or(|format| format == "binary");
    if is_free_text { schema } else { json!({ "anyOf": [schema, { "type": "string", "enum": [""] }] }) }
}

/// Returns the media types of a body, the default one if none is named.
pub(super) fn media_types(named: &[String]) -> Vec<String> {
    if named.is_empty() { vec![USUAL_MEDIA_TYPE.to_owned()] } else { named.to_vec() }
}
