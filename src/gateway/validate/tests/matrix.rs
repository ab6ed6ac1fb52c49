//! Every place and style, with every kind of value, in every way of writing its schema: requests that are right and
//! requests that are wrong. The expected result comes from an independent reading, which lists all readings of a text,
//! blindly, and asks a validator whether one of them is valid.

use std::collections::BTreeMap;

use serde_json::{Map, json};

use super::*;

/// A value as its texts.
#[derive(Debug, Clone)]
enum ValueTexts {
    One(&'static str),
    List(&'static [&'static str]),
    Fields(&'static [(&'static str, &'static str)]),
}
use ValueTexts::{Fields, List, One};

/// A place with a style.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Written {
    place: &'static str,
    style: &'static str,
    explode: bool,
}

const fn written(place: &'static str, style: &'static str, explode: bool) -> Written {
    Written { place, style, explode }
}

const PLACES: &[Written] = &[
    written("query", "form", true),
    written("query", "form", false),
    written("query", "spaceDelimited", false),
    written("query", "pipeDelimited", false),
    written("query", "deepObject", true),
    written("path", "simple", false),
    written("path", "simple", true),
    written("path", "label", false),
    written("path", "label", true),
    written("path", "matrix", false),
    written("path", "matrix", true),
    written("header", "simple", false),
    written("header", "simple", true),
    written("cookie", "form", false),
    written("form", "form", true),
    written("form", "form", false),
    written("form", "pipeDelimited", false),
    written("form", "deepObject", true),
    written("form", "json", false),
    written("multipart", "json", false),
];

impl Written {
    /// True if the style has a notation for such a value.
    fn has(self, texts: &ValueTexts) -> bool {
        match (self.style, texts) {
            ("spaceDelimited" | "pipeDelimited", texts) => matches!(texts, List(_)),
            ("deepObject", texts) => matches!(texts, Fields(_)),
            _ => true,
        }
    }

    /// Writes a value named `p` by the table of styles (OpenAPI 3.1.1, Style Values).
    fn write(self, texts: &ValueTexts) -> String {
        let joined = |separator: &str, parts: &[String]| parts.join(separator);
        let (prefix, separator) = match (self.place, self.style) {
            ("path", "label") => (".", if self.explode { "." } else { "," }),
            ("path", "matrix") => (";p=", ","),
            ("query" | "cookie" | "form", "form") | (_, "json") => ("p=", ","),
            (_, "spaceDelimited") => ("p=", "%20"),
            (_, "pipeDelimited") => ("p=", "%7C"),
            _ => ("", ","),
        };
        let by_name = matches!(self.place, "query" | "form");
        match texts {
            One(text) => format!("{prefix}{text}"),
            List(items) => {
                let items: Vec<String> = items.iter().map(|item| (*item).to_owned()).collect();
                let named: Vec<String> = items.iter().map(|item| format!("p={item}")).collect();
                match (self.style, self.explode) {
                    ("form", true) if by_name => joined("&", &named),
                    ("json", _) => joined("&", &named),
                    ("matrix", true) => format!(";{}", joined(";", &named)),
                    _ => format!("{prefix}{}", joined(separator, &items)),
                }
            }
            Fields(fields) => {
                let pairs: Vec<String> = fields.iter().map(|(name, text)| format!("{name}={text}")).collect();
                let flat: Vec<String> =
                    fields.iter().flat_map(|(name, text)| [(*name).into(), (*text).into()]).collect();
                let deep: Vec<String> = fields.iter().map(|(name, text)| format!("p[{name}]={text}")).collect();
                match (self.style, self.explode) {
                    ("json", _) => {
                        let value = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
                        // A name is a text in JSON too, whatever it looks like.
                        let value = |name: &str, text: &str| if name == "name" { text.into() } else { value(text) };
                        let map: Map<String, Value> =
                            fields.iter().map(|(name, text)| ((*name).to_owned(), value(name, text))).collect();
                        format!("p={}", Value::Object(map))
                    }
                    ("deepObject", _) => joined("&", &deep),
                    ("form", true) if by_name => joined("&", &pairs),
                    ("matrix", true) => format!(";{}", joined(";", &pairs)),
                    (_, true) => format!("{}{}", prefix.trim_end_matches("p="), joined(separator, &pairs)),
                    _ => format!("{prefix}{}", joined(separator, &flat)),
                }
            }
        }
    }

    /// Lists all values that a text can stand for.
    fn readings(self, raw: &str) -> Vec<Value> {
        let by_name = matches!(self.place, "query" | "form" | "multipart");
        let mut values = Vec::new();
        let (own, others): (Vec<&str>, Vec<&str>) = if by_name || self.place == "cookie" {
            raw.split('&').partition(|pair| pair.starts_with("p="))
        } else {
            (vec![raw], Vec::new())
        };
        let own: Vec<&str> = own.iter().map(|pair| pair.strip_prefix("p=").unwrap_or(pair)).collect();
        let (separator, prefix) = match (self.style, self.explode) {
            ("label", true) => (".", "."),
            ("label", false) => (",", "."),
            ("matrix", true) => (";", ";"),
            ("matrix", false) => (",", ";p="),
            ("spaceDelimited", _) => ("%20", ""),
            ("pipeDelimited", _) => ("%7C", ""),
            _ => (",", ""),
        };
        if let [only] = own.as_slice() {
            let prefix = if self.style == "matrix" { ";p=" } else { prefix };
            values.extend(only.strip_prefix(prefix).map(scalars).unwrap_or_default());
            if self.style == "json" {
                values.extend(serde_json::from_str::<Value>(only).ok().filter(Value::is_object));
            }
        }
        let is_each = self.style == "json" || by_name && self.style == "form" && self.explode;
        let items: Vec<&str> = match own.as_slice() {
            _ if is_each => own.clone(),
            [only] => only.strip_prefix(prefix).into_iter().flat_map(|rest| rest.split(separator)).collect(),
            _ => Vec::new(),
        };
        let unnamed: Vec<&str> = match (self.style, self.explode) {
            ("matrix", true) => items.iter().filter_map(|item| item.strip_prefix("p=")).collect(),
            _ => items.clone(),
        };
        if unnamed.len() == items.len() && !items.is_empty() {
            values.extend(products(&unnamed).into_iter().map(Value::Array));
        }
        let fields: Option<Vec<(&str, &str)>> = match (self.style, self.explode) {
            ("deepObject", _) => others.iter().map(|pair| pair.strip_prefix("p[")?.split_once("]=")).collect(),
            ("form", true) if by_name => others.iter().map(|pair| pair.split_once('=')).collect(),
            ("json", _) => None,
            (_, true) => items.iter().map(|item| item.split_once('=')).collect(),
            _ if items.len().is_multiple_of(2) => Some(items.chunks(2).map(|pair| (pair[0], pair[1])).collect()),
            _ => None,
        };
        if let Some(fields) = fields.filter(|fields| !fields.is_empty()) {
            let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
            let texts: Vec<&str> = fields.iter().map(|(_, text)| *text).collect();
            values.extend(
                products(&texts)
                    .into_iter()
                    .map(|list| Value::Object(names.iter().map(|name| (*name).to_owned()).zip(list).collect())),
            );
        }
        values
    }
}

/// Lists the values without parts that a text can stand for.
fn scalars(text: &str) -> Vec<Value> {
    let parsed = serde_json::from_str::<Value>(text).ok().filter(|value| !value.is_object() && !value.is_array());
    let parsed = parsed.filter(|value| !value.is_string());
    std::iter::once(Value::from(text)).chain(parsed).collect()
}

fn products(texts: &[&str]) -> Vec<Vec<Value>> {
    texts.iter().fold(vec![Vec::new()], |lists, text| {
        let longer = |list: &Vec<Value>| {
            let list = list.clone();
            scalars(text).into_iter().map(move |value| list.iter().cloned().chain([value]).collect())
        };
        lists.iter().flat_map(longer).collect()
    })
}

/// A kind of value: its schema, texts that it allows, and texts that it does not.
type KindOfValue = (Value, Vec<ValueTexts>, Vec<ValueTexts>);

fn kinds() -> Vec<KindOfValue> {
    let word = json!({"type": "string", "enum": ["all", "none"]});
    let cat = json!({"type": "object", "properties": {"kind": {"const": "cat"}, "lives": {"type": "integer"}},
                     "required": ["kind", "lives"]});
    let dog = json!({"type": "object", "properties": {"kind": {"const": "dog"}, "name": {"type": "string"}},
                     "required": ["kind", "name"]});
    let of_object = |properties: Value| json!({"type": "object", "properties": properties});
    vec![
        (json!({"type": "integer", "minimum": 2}), vec![One("5"), One("2")], vec![One("x"), One("1"), One("true")]),
        (json!({"type": "number"}), vec![One("2.5"), One("1e3")], vec![One("0x10"), One("one")]),
        (json!({"type": "boolean"}), vec![One("true"), One("false")], vec![One("yes"), One("1")]),
        (json!({"const": 7}), vec![One("7")], vec![One("8"), One("seven")]),
        (
            json!({"enum": [1, true, "a"]}),
            vec![One("1"), One("true"), One("a")],
            vec![One("2"), One("false"), One("b")],
        ),
        (word.clone(), vec![One("all")], vec![One("5"), One("some")]),
        (json!({"type": "string", "format": "date"}), vec![One("2026-01-31")], vec![One("2026-02-31"), One("5")]),
        (json!({"type": "string", "maxLength": 4}), vec![One("5"), One("true")], vec![One("55555")]),
        (json!({"oneOf": [{"type": "integer"}, word.clone()]}), vec![One("5"), One("all")], vec![One("some")]),
        (
            json!({"type": "array", "items": {"type": "integer"}, "minItems": 2}),
            vec![List(&["1", "2"])],
            vec![List(&["1", "x"]), List(&["1"])],
        ),
        (
            json!({"type": "array", "items": {"oneOf": [{"type": "integer"}, word]}, "uniqueItems": true}),
            vec![List(&["1", "all", "2"]), List(&["all"])],
            vec![List(&["1", "some"]), List(&["1", "1"])],
        ),
        (
            json!({"type": "array", "prefixItems": [{"type": "boolean"}, {"type": "string"}], "items": {"const": 3}}),
            vec![List(&["true", "5", "3"])],
            vec![List(&["5", "5", "3"]), List(&["true", "5", "4"])],
        ),
        (
            json!({"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "boolean"}}, "required": ["a"]}),
            vec![Fields(&[("a", "1"), ("b", "true")]), Fields(&[("a", "2")])],
            vec![Fields(&[("a", "x"), ("b", "true")]), Fields(&[("a", "1"), ("b", "2")]), Fields(&[("b", "true")])],
        ),
        (
            json!({"type": "object", "additionalProperties": {"type": "integer"}}),
            vec![Fields(&[("any", "1"), ("other", "2")])],
            vec![Fields(&[("any", "1"), ("other", "x")])],
        ),
        (
            json!({"type": "object", "patternProperties": {"^n_": {"type": "integer"}}}),
            vec![Fields(&[("n_a", "1")])],
            vec![Fields(&[("n_a", "x")])],
        ),
        (
            json!({"allOf": [of_object(json!({"a": {"type": "integer"}})), of_object(json!({"b": {"const": true}}))]}),
            vec![Fields(&[("a", "1"), ("b", "true")])],
            vec![Fields(&[("a", "1"), ("b", "false")]), Fields(&[("a", "x"), ("b", "true")])],
        ),
        (
            json!({"oneOf": [cat, dog]}),
            vec![Fields(&[("kind", "cat"), ("lives", "9")]), Fields(&[("kind", "dog"), ("name", "9")])],
            vec![Fields(&[("kind", "dog"), ("lives", "9")]), Fields(&[("kind", "cat"), ("lives", "x")])],
        ),
    ]
}

/// Writes a schema in other ways, each with the same values but for `null`.
fn ways(schema: &Value) -> Vec<Value> {
    let reference = json!({"$ref": "#/components/schemas/S"});
    let nothing = json!({"type": "null"});
    let mut ways = vec![
        schema.clone(),
        reference.clone(),
        json!({"allOf": [schema]}),
        json!({"anyOf": [schema, nothing]}),
        json!({"oneOf": [nothing, reference]}),
        json!({"allOf": [{"anyOf": [nothing, {"allOf": [reference]}]}, {"description": "any"}]}),
        json!({"if": {"const": "never"}, "then": false, "else": reference}),
        json!({"oneOf": [{"const": "zz"}, reference]}),
        json!({"$ref": "#/components/schemas/Maybe"}),
    ];
    if let Some(Value::String(name)) = schema.get("type") {
        let mut typed = schema.clone();
        typed["type"] = json!([name, "null"]);
        ways.extend(typed.get("enum").is_none().then_some(typed));
    }
    ways
}

/// Makes a definition with one API for each place.
fn definition(schema: &Value, way: &Value) -> crate::definition::Definition {
    let api = |written: &Written| {
        let mut operation = json!({"responses": {"204": {"description": "taken"}}});
        if matches!(written.place, "form" | "multipart") {
            let name =
                if written.place == "form" { "application/x-www-form-urlencoded" } else { "multipart/form-data" };
            let mut content = json!({"schema": {"type": "object", "properties": {"p": way}}});
            if written.style != "json" {
                content["encoding"] = json!({"p": {"style": written.style, "explode": written.explode}});
            }
            operation["requestBody"] = json!({"content": {name: content}});
        } else {
            operation["parameters"] = json!([{"name": "p", "in": written.place, "required": true, "schema": way,
                                              "style": written.style, "explode": written.explode}]);
        }
        let path = if written.place == "path" { "/{p}" } else { "" };
        (format!("/{}-{}-{}{path}", written.place, written.style, written.explode), json!({"post": operation}))
    };
    let paths: Map<String, Value> = PLACES.iter().map(api).collect();
    let maybe = json!({"anyOf": [{"$ref": "#/components/schemas/S"}, {"type": "null"}]});
    let text = json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths,
                      "components": {"schemas": {"S": schema, "Maybe": maybe}}});
    let text = text.to_string();
    let mut fetch = |file: &str| Ok((file == "openapi.yaml").then(|| Arc::from(text.as_bytes())));
    crate::definition::read("g", &mut fetch).definition.expect("a definition")
}

/// Asks the code under test.
fn is_taken(rules: &RequestRules, written: Written, raw: &str) -> bool {
    let checked = match written.place {
        "path" => rules.check_parameters(&[("p", raw)], None, &HeaderMap::new()),
        "query" => rules.check_parameters(&[], Some(raw), &HeaderMap::new()),
        "header" => {
            rules.check_parameters(&[], None, &HeaderMap::from_iter([("p".parse().unwrap(), raw.parse().unwrap())]))
        }
        "cookie" => {
            let cookie = (http::header::COOKIE, format!("x=1; {}", raw.replace('&', "; ")).parse().unwrap());
            rules.check_parameters(&[], None, &HeaderMap::from_iter([cookie]))
        }
        "form" => rules.check_body(
            &headers(&[("content-type", "application/x-www-form-urlencoded")]),
            &Bytes::from(raw.to_owned()),
        ),
        _ => {
            let part = |pair: &str| {
                let content = pair.strip_prefix("p=").expect("the name");
                format!("--B\r\nContent-Disposition: form-data; name=p\r\n\r\n{content}\r\n")
            };
            let body: String = raw.split('&').map(part).collect();
            let headers = headers(&[("content-type", "multipart/form-data; boundary=B")]);
            rules.check_body(&headers, &Bytes::from(format!("{body}--B--")))
        }
    };
    checked.is_ok()
}

#[test]
fn no_request_of_the_matrix_is_wrongly_judged() {
    let mut counts: BTreeMap<bool, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (schema, valid, invalid) in kinds() {
        for way in ways(&schema) {
            let definition = definition(&schema, &way);
            let mut whole = way.clone();
            let maybe = json!({"anyOf": [{"$ref": "#/components/schemas/S"}, {"type": "null"}]});
            whole["components"] = json!({"schemas": {"S": schema, "Maybe": maybe}});
            let options =
                jsonschema::options().with_draft(jsonschema::Draft::Draft202012).should_validate_formats(true);
            let judge = options.build(&whole).expect("a schema");
            for (written, api) in PLACES.iter().zip(&definition.apis) {
                let rules = RequestRules::build(&definition, api).expect("rules");
                let requests =
                    valid.iter().map(|texts| (texts, true)).chain(invalid.iter().map(|texts| (texts, false)));
                for (texts, meant) in requests.filter(|(texts, _)| written.has(texts)) {
                    let raw = written.write(texts);
                    let is_right = written.readings(&raw).iter().any(|value| judge.is_valid(value));
                    assert!(is_right || !meant, "the test itself: {written:?} {raw} {way}");
                    *counts.entry(is_right).or_default() += 1;
                    if is_taken(&rules, *written, &raw) != is_right {
                        wrong.push(format!("{written:?} {raw} should be {is_right}: {way}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong of {counts:?}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(counts.values().all(|count| *count >= 600) && counts.len() == 2, "{counts:?}");
}
