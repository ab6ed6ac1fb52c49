//! The request of an operation with its samples, as code shows it.

use serde_json::Value;

use super::code::{ExampleBody, ExampleRequest};
use super::facts::value_text;
use super::form_parts::form_parts;
use crate::definition::percent::{ValueDelimiter, encode, encode_but_reserved};
use crate::definition::{ParameterPlace, ParameterStyle};
use crate::routes::{Credential, RouteAccess};
use crate::share::model::{ContentKind, ContentModel, DefinitionModel, OperationModel, ParameterModel, PartModel};

/// The longest body of a sample, in bytes.
const MOST_BODY: usize = 4096;

/// Writes the request of an operation, with its required parameters and a body.
pub(super) fn sample_request(
    model: &DefinitionModel,
    operation: &OperationModel,
    base: &str,
    is_mock: bool,
) -> ExampleRequest {
    let mut path = operation.path.clone();
    let mut query: Vec<String> = Vec::new();
    let mut headers = Vec::new();
    let mut cookies = Vec::new();
    for parameter in &operation.parameters {
        let place = parameter.place;
        if !parameter.is_required && place != ParameterPlace::Path {
            continue;
        }
        let sample = parameter.sample.clone().unwrap_or_else(|| Value::from(parameter.name.clone()));
        match place {
            ParameterPlace::Path => {
                path = path.replace(&format!("{{{}}}", parameter.name), &path_text(parameter, &sample));
            }
            ParameterPlace::Query => query.extend(query_pairs(parameter, &sample)),
            ParameterPlace::Header => headers.push((parameter.name.clone(), plain_text(&sample))),
            ParameterPlace::Cookie => cookies.push(format!("{}={}", parameter.name, cookie_text(&sample))),
        }
    }
    add_credentials(operation, is_mock, &mut headers, &mut query, &mut cookies);
    if !cookies.is_empty() {
        headers.push(("Cookie".to_owned(), cookies.join("; ")));
    }
    let contents = operation.body.iter().flat_map(|body| &body.content);
    let body = contents.into_iter().find_map(|content| sample_body(model, content)).map(|(media_type, body)| {
        headers.extend(media_type.map(|name| ("Content-Type".to_owned(), name)));
        body
    });
    let variant = operation.variant.split('#').next().unwrap_or_default().trim_start_matches('?');
    if !variant.is_empty() {
        query.insert(0, variant.to_owned());
    }
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    ExampleRequest { method: operation.method.clone(), url: format!("{base}{path}{query}"), headers, body }
}

/// Writes the body of a content, with the media type that has to be named; a form of parts names its own.
pub(super) fn sample_body(model: &DefinitionModel, content: &ContentModel) -> Option<(Option<String>, ExampleBody)> {
    match (content.kind, &content.sample) {
        (ContentKind::Bytes, _) => {
            let media_type = if content.is_range() { "application/octet-stream" } else { &content.media_type };
            Some((Some(media_type.to_owned()), ExampleBody::File))
        }
        (ContentKind::Multipart, Some(Value::Object(fields))) => {
            let parts = form_parts(model, content, fields);
            let length: usize = parts.iter().map(|part| part.text.as_ref().map_or(0, String::len)).sum();
            (length <= MOST_BODY).then_some((None, ExampleBody::Form(parts)))
        }
        _ => {
            let text = body_text(content).filter(|text| text.len() <= MOST_BODY)?;
            Some((Some(content.media_type.clone()), ExampleBody::Text(text)))
        }
    }
}

/// Writes a body of a kind that is text; `None` for others, and where there is no sample.
pub(super) fn body_text(content: &ContentModel) -> Option<String> {
    let sample = content.sample.as_ref()?;
    match content.kind {
        ContentKind::Json => serde_json::to_string_pretty(sample).ok(),
        ContentKind::JsonLines => {
            let items = sample.as_array().map_or(std::slice::from_ref(sample), Vec::as_slice);
            Some(items.iter().flat_map(|item| [item.to_string(), "\n".to_owned()]).collect())
        }
        ContentKind::Text => (!sample.is_object() && !sample.is_array()).then(|| plain_text(sample)),
        ContentKind::Form => {
            let fields = sample.as_object()?.iter();
            let pairs = fields.flat_map(|(name, value)| form_pairs(content, name, value));
            Some(pairs.collect::<Vec<_>>().join("&"))
        }
        ContentKind::Multipart | ContentKind::EventStream | ContentKind::Bytes => None,
    }
}

/// Adds placeholders for what callers must show, to the gateway and to the API behind it.
fn add_credentials(
    operation: &OperationModel,
    is_mock: bool,
    headers: &mut Vec<(String, String)>,
    query: &mut Vec<String>,
    cookies: &mut Vec<String>,
) {
    let access = operation.gateway_access(is_mock);
    match access {
        RouteAccess::Anyone | RouteAccess::Presence { .. } => {}
        RouteAccess::Key { subscription: Some(subscription), .. } => {
            headers.push((subscription.first_header().to_owned(), "YOUR_KEY".to_owned()));
        }
        RouteAccess::Key { signature: Some(_), .. } => {
            headers.push(("Authorization".to_owned(), "SIGNATURE".to_owned()));
        }
        RouteAccess::Key { .. } => headers.push(("Authorization".to_owned(), "Bearer YOUR_TOKEN".to_owned())),
    }
    let beyond = operation.fewest_credentials_beyond(is_mock);
    for credential in access.fewest_credentials().iter().chain(&beyond) {
        match credential {
            Credential::Header(name) => headers.push((name.clone(), "YOUR_KEY".to_owned())),
            Credential::Query(name) => query.push(format!("{}=YOUR_KEY", encode(name))),
            Credential::Cookie(name) => cookies.push(format!("{name}=YOUR_KEY")),
            Credential::Authorization(scheme) => {
                headers.push(("Authorization".to_owned(), format!("{} YOUR_TOKEN", scheme_name(scheme))));
            }
        }
    }
}

/// Writes a scheme as its RFC does: backends may compare its case.
fn scheme_name(scheme: &str) -> &str {
    match scheme {
        "basic" => "Basic",
        "bearer" => "Bearer",
        "digest" => "Digest",
        other => other,
    }
}

/// Writes a value as the text of a header: lists and objects with commas.
fn plain_text(value: &Value) -> String {
    match value {
        Value::Array(items) => items.iter().map(value_text).collect::<Vec<_>>().join(","),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| format!("{name},{}", value_text(value))).collect::<Vec<_>>().join(",")
        }
        other => value_text(other),
    }
}

/// Writes a value as the text of a cookie: as it is, unless it would end there.
fn cookie_text(value: &Value) -> String {
    let text = plain_text(value);
    if text.contains(|character: char| character == ';' || character.is_control()) { encode(&text) } else { text }
}

fn path_text(parameter: &ParameterModel, value: &Value) -> String {
    let joined = |separator: &str| match value {
        Value::Array(items) => items.iter().map(|item| encode(&value_text(item))).collect::<Vec<_>>().join(separator),
        Value::Object(fields) => {
            let between = if parameter.explode { "=" } else { "," };
            let field =
                |(name, value): (&String, &Value)| format!("{}{between}{}", encode(name), encode(&value_text(value)));
            fields.iter().map(field).collect::<Vec<_>>().join(separator)
        }
        other => encode(&value_text(other)),
    };
    match parameter.style {
        ParameterStyle::Label => format!(".{}", joined(if parameter.explode { "." } else { "," })),
        ParameterStyle::Matrix if parameter.explode && value.is_object() => format!(";{}", joined(";")),
        ParameterStyle::Matrix if parameter.explode => {
            format!(";{}={}", parameter.name, joined(&format!(";{}=", parameter.name)))
        }
        ParameterStyle::Matrix => format!(";{}={}", parameter.name, joined(",")),
        _ => joined(","),
    }
}

fn query_pairs(parameter: &ParameterModel, value: &Value) -> Vec<String> {
    let (style, explode) = (parameter.style, parameter.explode);
    let is_joined = style == ParameterStyle::Form && !explode;
    let delimiter = if is_joined { ValueDelimiter::Comma } else { ValueDelimiter::Equals };
    let reserved = |text: &str| encode_but_reserved(text, delimiter);
    let encode: TextEncoder<'_> = if parameter.allows_reserved { &reserved } else { &encode };
    if parameter.media_type.is_some() {
        let text = encode(&if parameter.is_json() { value.to_string() } else { value_text(value) });
        return vec![if parameter.is_whole { text } else { format!("{}={text}", encode(&parameter.name)) }];
    }
    styled_pairs(&parameter.name, value, (style, explode), encode)
}

/// Writes a text in the characters that may stand in a query.
type TextEncoder<'e> = &'e dyn Fn(&str) -> String;

/// Writes a value of a query or of a form by its style (OpenAPI 3.1, "Style Values").
fn styled_pairs(
    name: &str,
    value: &Value,
    (style, explode): (ParameterStyle, bool),
    encode: TextEncoder<'_>,
) -> Vec<String> {
    let name = encode(name);
    let pair = |name: &str, text: &str| format!("{name}={text}");
    let separator = style.encoded_separator();
    match value {
        Value::Array(items) if explode && style == ParameterStyle::Form => {
            items.iter().map(|item| pair(&name, &encode(&value_text(item)))).collect()
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| encode(&value_text(item))).collect();
            vec![pair(&name, &items.join(separator))]
        }
        Value::Object(_) if style == ParameterStyle::DeepObject => deep_pairs(&name, value, encode),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| (encode(key), encode(&value_text(value))));
            if explode {
                return fields.map(|(key, value)| pair(&key, &value)).collect();
            }
            let flat: Vec<String> = fields.flat_map(|(key, value)| [key, value]).collect();
            vec![pair(&name, &flat.join(separator))]
        }
        other => vec![pair(&name, &encode(&value_text(other)))],
    }
}

/// Writes an object with the path to each field in brackets; a list is written item by item.
fn deep_pairs(name: &str, value: &Value, encode: TextEncoder<'_>) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(|item| deep_pairs(name, item, encode)).collect(),
        Value::Object(fields) => {
            let field =
                |(key, field): (&String, &Value)| deep_pairs(&format!("{name}%5B{}%5D", encode(key)), field, encode);
            fields.iter().flat_map(field).collect()
        }
        other => vec![format!("{name}={}", encode(&value_text(other)))],
    }
}

/// Writes a field of a form: a list item by item, an object as JSON, unless its encoding says otherwise.
fn form_pairs(content: &ContentModel, name: &str, value: &Value) -> Vec<String> {
    let part = content.parts.iter().find(|part| part.name == name);
    match part {
        Some(PartModel { style: Some((style, explode)), .. }) => styled_pairs(name, value, (*style, *explode), &encode),
        Some(part) if !part.media_types.is_empty() => vec![format!("{}={}", encode(name), encode(&value_text(value)))],
        _ if value.is_array() => styled_pairs(name, value, (ParameterStyle::Form, true), &encode),
        _ => vec![format!("{}={}", encode(name), encode(&value_text(value)))],
    }
}

#[cfg(test)]
mod tests {
    use crate::share::reference::tests::{definition, rendered, text_of};

    /// Returns the Markdown of the only operation.
    fn operation_of(operation: &str) -> String {
        let text = format!(
            "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths: {{/p: {{post: {{operationId: o, {operation}, responses: {{'204': \
             {{description: d}}}}}}}}}}\n"
        );
        text_of(&rendered(&definition(&text)), "operations/op-o.md")
    }

    #[test]
    fn curl_sends_parts_of_values_as_the_clients_do() {
        for (parameter, expected) in [
            (
                "style: deepObject, schema: {type: object}, example: {a: 1, b: [2, 3], c: {d: 4}}",
                "?q%5Ba%5D=1&q%5Bb%5D=2&q%5Bb%5D=3&q%5Bc%5D%5Bd%5D=4'",
            ),
            ("content: {application/json: {schema: {type: object}, example: {a: true}}}", "?q=%7B%22a%22%3Atrue%7D'"),
            ("content: {text/plain: {schema: {type: string}, example: 'a b'}}", "?q=a%20b'"),
            ("schema: {type: array}, example: [1, 2]", "?q=1&q=2'"),
            ("schema: {type: string}, example: '[1,2]'", "?q=%5B1%2C2%5D'"),
            ("allowReserved: true, schema: {type: string}, example: 'a/b?c,d=e&f'", "?q=a/b?c,d%3De%26f'"),
            ("allowReserved: true, explode: false, schema: {type: array}, example: ['a/,', b=c]", "?q=a/%2C,b=c'"),
            ("allowReserved: true, style: deepObject, schema: {type: object}, example: {a: 'b:c'}", "?q%5Ba%5D=b:c'"),
        ] {
            let text = operation_of(&format!("parameters: [{{name: q, in: query, required: true, {parameter}}}]"));
            assert!(text.contains(expected), "{parameter}: {text}");
        }
    }

    #[test]
    fn curl_sends_cookies_as_the_clients_do() {
        for (example, expected) in [("'a b/c'", "q=a b/c'"), ("[a, b]", "q=a,b'"), ("'a; b=c'", "q=a%3B%20b%3Dc'")] {
            let text = operation_of(&format!(
                "parameters: [{{name: q, in: cookie, required: true, schema: {{}}, example: {example}}}]"
            ));
            assert!(text.contains(expected), "{example}: {text}");
        }
    }

    #[test]
    fn curl_sends_the_fields_of_a_form_as_their_encoding_says() {
        let form = |encoding: &str| {
            let schema = "schema: {type: object, properties: {l: {type: array, items: {type: string}}, o: {type: object}}}, \
                          example: {a: x, l: ['1', '2'], o: {b: 1}}";
            operation_of(&format!(
                "requestBody: {{content: {{application/x-www-form-urlencoded: {{{schema}{encoding}}}}}}}"
            ))
        };
        let plain = form("");
        assert!(plain.contains("'a=x&l=1&l=2&o=%7B%22b%22%3A1%7D'"), "{plain}");
        let styled = form(", encoding: {l: {style: form, explode: false}, o: {style: deepObject, explode: true}}");
        assert!(styled.contains("'a=x&l=1,2&o%5Bb%5D=1'"), "{styled}");
    }

    #[test]
    fn a_file_that_the_example_leaves_out_has_its_place_in_the_form() {
        let schema = "schema: {type: object, properties: {f: {type: string, format: binary}}}, example: {a: x}";
        let text = operation_of(&format!("requestBody: {{content: {{multipart/form-data: {{{schema}}}}}}}"));
        assert!(text.contains("-F 'f=@file;type=application/octet-stream'"), "{text}");
    }

    #[test]
    fn curl_sends_the_parts_of_a_form_in_their_style() {
        let schema = "schema: {type: object, properties: {l: {type: array}, o: {type: object}}}, example: {l: [1, 2], o: {a: x, b: [y]}}";
        let form = |encoding: &str| {
            let encoding = format!("encoding: {{l: {encoding}, o: {encoding}}}");
            operation_of(&format!("requestBody: {{content: {{multipart/form-data: {{{schema}, {encoding}}}}}}}"))
        };
        for (encoding, expected) in [
            ("{style: pipeDelimited, explode: false}", "--form-string 'l=1|2' \\\n  --form-string 'o=a|x|b|[\"y\"]'"),
            (
                "{style: deepObject, explode: true}",
                "--form-string 'l=2' \\\n  --form-string 'o[a]=x' \\\n  --form-string 'o[b]=y'",
            ),
            ("{style: form}", "--form-string 'l=2' \\\n  --form-string 'a=x' \\\n  --form-string 'b=[\"y\"]'"),
        ] {
            let text = form(encoding);
            assert!(text.contains(expected), "{encoding}: {text}");
        }
    }

    #[test]
    fn curl_sends_items_of_lines_each_on_its_own() {
        let body = |schema: &str| {
            operation_of(&format!("requestBody: {{required: true, content: {{application/jsonl: {{{schema}}}}}}}"))
        };
        let item = "{type: object, required: [n], properties: {n: {const: 5}}}";
        for schema in [format!("itemSchema: {item}"), format!("schema: {{type: array, minItems: 1, items: {item}}}")] {
            let text = body(&schema);
            assert!(text.contains("--data-binary '{\"n\":5}\n'"), "{schema}: {text}");
            assert!(text.contains("body=[{\"n\": 5}]"), "{schema}: {text}");
        }
    }

    #[test]
    fn a_part_has_a_media_type_that_is_declared_for_it() {
        let schema = "schema: {type: object, properties: {f: {type: string, format: binary}, o: {type: object}}}, example: {o: {a: 1}}";
        let form = |file: &str, object: &str| {
            let encoding = format!("encoding: {{f: {{contentType: '{file}'}}, o: {{contentType: '{object}'}}}}");
            operation_of(&format!("requestBody: {{content: {{multipart/form-data: {{{schema}, {encoding}}}}}}}"))
        };
        let text = form("image/png, image/jpeg", "application/xml, application/json");
        let [file, object] = ["-F 'f=@file;type=image/png'", "-F 'o={\"a\":1};type=application/json'"];
        assert!(text.contains(file) && text.contains(object), "{text}");
        assert!(text.contains("- `f`: file (binary), image/png or image/jpeg\n"), "{text}");
        assert!(form("image/*", "text/csv").contains(file));
    }
}
