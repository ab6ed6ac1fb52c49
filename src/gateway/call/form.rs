//! From the fields of a form to a body (OpenAPI 3.1.1, Encoding Object; RFC 7578).

use bytes::Bytes;

use super::styles::{StyleNotation, object, object_fields};
use crate::definition::percent::encode;
use crate::definition::values::{FormRules, PartKind, ValueSchema, object_of};
use crate::definition::{Api, Definition, MediaType, ParameterPlace, ParameterStyle, ValueDirection};
use crate::model::media_type_essence;

const URLENCODED: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";

/// A field of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormField {
    /// Its name.
    pub name: String,
    /// Its text, or the bytes of a file.
    pub content: Bytes,
    /// The name of the file, where it is one.
    pub file_name: Option<String>,
}

/// A form as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormBody {
    /// Its media type, with the boundary of its parts.
    pub content_type: String,
    /// The body.
    pub bytes: Bytes,
}

/// The reason why a form cannot be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormProblem {
    /// The API declares no form, or none of the media type that was asked for.
    Undeclared {
        /// The media types that it declares.
        declared: Vec<String>,
    },
    /// A field is not UTF-8, and the form has no place for bytes.
    Bytes {
        /// The name of the field.
        name: String,
    },
}

/// Writes a form in the media type that was asked for, else in one that the API declares: with files that of parts.
pub fn compose_form(
    definition: &Definition,
    api: &Api,
    content_type: Option<&str>,
    fields: &[FormField],
) -> Result<FormBody, FormProblem> {
    let declared = api.request_body.as_ref().map(|body| body.content.as_slice()).unwrap_or_default();
    let wanted = content_type.map(media_type_essence);
    let of = |kind: &str| declared.iter().find(|content| media_type_essence(&content.name) == kind);
    let is_wanted =
        |content: &&MediaType| wanted.as_ref().is_none_or(|wanted| *wanted == media_type_essence(&content.name));
    let has_file = fields.iter().any(|field| field.file_name.is_some());
    let kinds = if has_file { [MULTIPART, URLENCODED] } else { [URLENCODED, MULTIPART] };
    let Some(content) = kinds.into_iter().filter_map(of).find(is_wanted) else {
        let declared = declared.iter().map(|content| content.name.clone()).collect();
        return Err(FormProblem::Undeclared { declared });
    };
    let rules = FormRules::build(definition, content, ValueDirection::Request);
    let schema = ValueSchema::build(definition, content.schema);
    if media_type_essence(&content.name) == URLENCODED {
        let bytes = urlencoded(&rules, schema.as_ref(), fields)?.into();
        return Ok(FormBody { content_type: URLENCODED.to_owned(), bytes });
    }
    let boundary = boundary(fields);
    let bytes = multipart(&rules, schema.as_ref(), &boundary, fields).into();
    Ok(FormBody { content_type: format!("{MULTIPART}; boundary={boundary}"), bytes })
}

/// Writes fields as `application/x-www-form-urlencoded`: objects in their style, and those of one name as one where
/// their style does not explode.
fn urlencoded(rules: &FormRules, schema: Option<&ValueSchema>, fields: &[FormField]) -> Result<String, FormProblem> {
    let mut pairs: Vec<(&str, String)> = Vec::new();
    for field in fields {
        let text = std::str::from_utf8(&field.content).map_err(|_| FormProblem::Bytes { name: field.name.clone() })?;
        let name = encode(&field.name);
        let Some((style, explode)) = rules.style(&field.name) else {
            pairs.push((&field.name, format!("{name}={}", encode(text))));
            continue;
        };
        if let Some(value) = object_of(&field.name, text, schema) {
            let fields = object_fields(value, style).into_iter();
            let fields: Vec<_> = fields.map(|(name, text)| (encode(&name), encode(&text))).collect();
            let notation = StyleNotation { place: ParameterPlace::Query, style, explode };
            pairs.push((&field.name, object(notation, &name, &fields)));
            continue;
        }
        match pairs.iter_mut().find(|(known, _)| !explode && *known == field.name) {
            Some((_, written)) => {
                written.push_str(style.encoded_separator());
                written.push_str(&encode(text));
            }
            None => pairs.push((&field.name, format!("{name}={}", encode(text)))),
        }
    }
    Ok(pairs.into_iter().map(|(_, pair)| pair).collect::<Vec<_>>().join("&"))
}

/// Writes the fields with a style in it, as those of parts: nothing is percent-encoded in one (RFC 7578, section 2).
fn styled(rules: &FormRules, schema: Option<&ValueSchema>, fields: &[FormField]) -> Vec<FormField> {
    let mut written: Vec<FormField> = Vec::new();
    let part = |name: String, text: String| FormField { name, content: text.into(), file_name: None };
    for field in fields {
        let text = std::str::from_utf8(&field.content).ok().filter(|_| field.file_name.is_none());
        let (Some((style, explode)), Some(text)) = (rules.style(&field.name), text) else {
            written.push(field.clone());
            continue;
        };
        let separator = style.separator();
        if let Some(object) = object_of(&field.name, text, schema) {
            let fields = object_fields(object, style).into_iter();
            match (style, explode) {
                (ParameterStyle::DeepObject, _) => {
                    written.extend(fields.map(|(key, text)| part(format!("{}[{key}]", field.name), text)));
                }
                (ParameterStyle::Form, true) => written.extend(fields.map(|(key, text)| part(key, text))),
                _ => {
                    let texts: Vec<String> = fields.flat_map(|(key, text)| [key, text]).collect();
                    written.push(part(field.name.clone(), texts.join(separator)));
                }
            }
            continue;
        }
        match written.iter_mut().find(|known| !explode && known.name == field.name) {
            Some(known) => {
                known.content = [known.content.as_ref(), separator.as_bytes(), text.as_bytes()].concat().into();
            }
            None => written.push(field.clone()),
        }
    }
    written
}

/// Writes each field as a part.
fn multipart(rules: &FormRules, schema: Option<&ValueSchema>, boundary: &str, fields: &[FormField]) -> Vec<u8> {
    let mut body = Vec::new();
    for field in &styled(rules, schema, fields) {
        let media_type = rules.part_media_type(&field.name, part_kind(field, schema));
        let file_name = field.file_name.as_ref().map(|name| format!("; filename=\"{}\"", quoted(name)));
        let media_type = media_type.map(|media_type| format!("\r\nContent-Type: {media_type}"));
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"{}{}",
            quoted(&field.name),
            file_name.unwrap_or_default(),
            media_type.unwrap_or_default()
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(b"\r\n\r\n");
        body.extend_from_slice(&field.content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    body
}

/// Returns the kind of a part; one that is no text is a file without a name.
fn part_kind<'f>(field: &'f FormField, schema: Option<&ValueSchema>) -> PartKind<'f> {
    let text = std::str::from_utf8(&field.content).ok().filter(|_| field.file_name.is_none());
    match text.map(|text| object_of(&field.name, text, schema)) {
        None => PartKind::File { name: field.file_name.as_deref().unwrap_or_default() },
        Some(Some(_)) => PartKind::Object,
        Some(None) => PartKind::Text,
    }
}

/// Writes a name between quotes as browsers do (HTML, "multipart/form-data encoding algorithm").
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

/// Returns a boundary that is in no field.
fn boundary(fields: &[FormField]) -> String {
    let is_in = |boundary: &String| {
        fields.iter().any(|field| field.content.windows(boundary.len()).any(|window| window == boundary.as_bytes()))
    };
    let mut boundaries = (0_u64..).map(|number| format!("apigw-form-{number}"));
    boundaries.find(|boundary| !is_in(boundary)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http::header::CONTENT_TYPE;
    use http::{HeaderMap, HeaderValue};

    use super::*;
    use crate::gateway::call::{ComposedParameters, check_request};

    fn definition(content: &str) -> Definition {
        let text = format!(
            "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths: {{/a: {{post: {{requestBody: {{content: {{{content}}}}}, \
             responses: {{'204': {{description: d}}}}}}}}}}\n"
        );
        let mut fetch = |file: &str| Ok((file == "openapi.yaml").then(|| Arc::from(text.as_bytes())));
        crate::definition::read("g", &mut fetch).definition.expect("a definition")
    }

    const SCHEMA: &str = "schema: {type: object, additionalProperties: false, properties: {n: {type: integer}, s: {type: string}, \
                          l: {type: array, items: {type: integer}}, f: {type: string, format: binary}, \
                          o: {type: object, required: [a], properties: {a: {type: integer}}}}}";

    #[test]
    fn forms_are_written_as_they_are_read() {
        let encoding = "encoding: {l: {style: pipeDelimited, explode: false}, f: {contentType: image/png}}";
        let both = format!("{URLENCODED}: {{{SCHEMA}, {encoding}}}, {MULTIPART}: {{{SCHEMA}, {encoding}}}");
        let definition = definition(&both);
        let field = |name: &str, content: &[u8], file: Option<&str>| FormField {
            name: name.to_owned(),
            content: Bytes::copy_from_slice(content),
            file_name: file.map(str::to_owned),
        };
        let text = |name: &str, content: &str| field(name, content.as_bytes(), None);
        let plain =
            vec![text("n", "5"), text("s", "a b&\u{e9}"), text("l", "1"), text("l", "2"), text("o", "{\"a\":1}")];
        let with_file =
            vec![text("o", "{\"a\":1}"), text("s", "--apigw-form-0"), field("f", b"\xff\r\n", Some("a\"b.png"))];
        for (fields, content_type, expected) in [
            (&plain, None, "n=5&s=a%20b%26%C3%A9&l=1%7C2&o=%7B%22a%22%3A1%7D"),
            (&with_file, None, "filename=\"a%22b.png\"\r\nContent-Type: image/png\r\n\r\n"),
            (&vec![text("l", "1"), text("l", "2")], Some(MULTIPART), "name=\"l\"\r\n\r\n1|2\r\n"),
            (&vec![text("n", "5")], Some("Multipart/form-data"), "name=\"n\"\r\n\r\n5\r\n--apigw-form-0--"),
        ] {
            let body = compose_form(&definition, &definition.apis[0], content_type, fields).expect("a form");
            let written = String::from_utf8_lossy(&body.bytes);
            assert!(written.contains(expected), "{written}");
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::try_from(&body.content_type).expect("a media type"));
            let composed = ComposedParameters { path: "/a".to_owned(), ..ComposedParameters::default() };
            let found = check_request(&definition, &definition.apis[0], &composed, &headers, &body.bytes, false);
            assert_eq!(found, [], "{written}");
        }
        let wrong = compose_form(&definition, &definition.apis[0], Some(URLENCODED), &with_file);
        assert_eq!(wrong, Err(FormProblem::Bytes { name: "f".to_owned() }));
    }

    #[test]
    fn a_form_that_is_not_declared_is_refused() {
        let definition = definition("application/json: {}");
        let found = compose_form(&definition, &definition.apis[0], None, &[]);
        assert_eq!(found, Err(FormProblem::Undeclared { declared: vec!["application/json".to_owned()] }));
    }
}
