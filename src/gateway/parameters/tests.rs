//! Texts that become values.

use super::*;
use serde_json::json;

#[test]
fn styles_of_the_specification() {
    use ParameterPlace::{Cookie, Header, Path, Query};
    use Style::{DeepObject, Form, Label, Matrix, PipeDelimited, Simple, SpaceDelimited};

    let array = json!({"type": "array", "items": {"type": "string"}});
    let object = json!({"type": "object", "properties": {"R": {"type": "integer"}, "G": {"type": "integer"}}});
    let color = json!({"type": "string"});
    let blue_black = json!(["blue", "black"]);
    let colors = json!({"R": 100, "G": 200});
    for (place, raw, style, explode, schema, expected) in [
        (Path, ";color=blue", Matrix, false, &color, &json!("blue")),
        (Path, ";color=blue,black", Matrix, false, &array, &blue_black),
        (Path, ";color=blue;color=black", Matrix, true, &array, &blue_black),
        (Path, ";color=R,100,G,200", Matrix, false, &object, &colors),
        (Path, ";R=100;G=200", Matrix, true, &object, &colors),
        (Path, ".blue", Label, false, &color, &json!("blue")),
        (Path, ".blue.black", Label, true, &array, &blue_black),
        (Path, ".R=100.G=200", Label, true, &object, &colors),
        (Path, "blue,black", Simple, false, &array, &blue_black),
        (Path, "R,100,G,200", Simple, false, &object, &colors),
        (Path, "R=100,G=200", Simple, true, &object, &colors),
        (Path, "bl%75e", Simple, false, &color, &json!("blue")),
        (Header, "blue, black", Simple, false, &array, &blue_black),
        (Path, "blue+black", Simple, false, &color, &json!("blue+black")),
        (Path, ".blue,black", Label, false, &array, &blue_black),
        (Cookie, "a=b; color=blue,black", Form, true, &array, &blue_black),
        (Query, "c%6Flor=blue,black", Form, false, &array, &blue_black),
        (Query, "color=", Form, false, &array, &json!([])),
        (Query, "color=blue%20black", SpaceDelimited, true, &array, &blue_black),
        (Query, "color=blue+black", SpaceDelimited, false, &array, &blue_black),
        (Query, "color=blue|black", PipeDelimited, false, &array, &blue_black),
        (Query, "color=blue%7cblack", PipeDelimited, false, &array, &blue_black),
        (Query, "color=blue,black", Form, false, &array, &blue_black),
        (Query, "color=blue&color=black", Form, true, &array, &blue_black),
        (Query, "R=100&G=200&x=1", Form, true, &object, &colors),
        (Query, "color=blue%20black", SpaceDelimited, false, &array, &blue_black),
        (Query, "color=blue%7Cblack", PipeDelimited, false, &array, &blue_black),
        (Query, "color[R]=100&color%5BG%5D=200", DeepObject, true, &object, &colors),
    ] {
        let mut headers = HeaderMap::new();
        let path_parameters = if place == Path { vec![("color", raw)] } else { Vec::new() };
        if matches!(place, Header | Cookie) {
            let name = if place == Header { "color" } else { "cookie" };
            headers.insert(name, raw.parse().expect("a value"));
        }
        let query = if place == Query { raw } else { "" };
        let sent = Sent { path_parameters: &path_parameters, query, headers: &headers };
        let value = sent.value(place, "color", Shape { style, explode }, schema);
        assert_eq!(value, Ok(Some(expected.clone())), "{place:?} {raw}");
    }
    let sent = Sent { path_parameters: &[], query: "", headers: &HeaderMap::new() };
    for (place, style, explode, schema) in [
        (Query, Form, true, &array),
        (Query, Form, true, &object),
        (Query, DeepObject, true, &object),
        (Header, Simple, false, &array),
    ] {
        assert_eq!(sent.value(place, "color", Shape { style, explode }, schema), Ok(None), "{place:?} {style:?}");
    }
}

#[test]
fn fields_of_a_form_in_parts_are_what_their_schemas_say() {
    let schema = json!({"properties": {
        "age": {"type": "integer"}, "file": {"type": "string"}, "tags": {"type": "array", "items": {"type": "integer"}},
        "owner": {"type": "object"}, "owners": {"type": "array", "items": {"type": "object"}}
    }});
    for (parts, expected) in [
        (&[("age", "3", false)][..], json!({"age": 3})),
        (&[("age", "3", false), ("age", "x", false)], json!({"age": [3, "x"]})),
        (&[("file", "{}", true)], json!({"file": "{}"})),
        (&[("file", "[1]", true)], json!({"file": "[1]"})),
        (&[("tags", "1", false)], json!({"tags": [1]})),
        (&[("tags", "3", true)], json!({"tags": [3]})),
        (&[("tags", "[1,2]", false)], json!({"tags": ["[1,2]"]})),
        (&[("tags", "1", false), ("tags", "2", false)], json!({"tags": [1, 2]})),
        (&[("tags", "[1,2]", true)], json!({"tags": [1, 2]})),
        (&[("owner", "{\"a\":1}", false)], json!({"owner": {"a": 1}})),
        (&[("owner", "{", true)], json!({"owner": "{"})),
        (&[("owners", "{}", true), ("owners", "{}", false)], json!({"owners": [{}, {}]})),
    ] {
        let part = |&(name, content, is_json): &(&str, &'static str, bool)| Part {
            name: name.to_owned(),
            is_json,
            content: content.as_bytes(),
        };
        let parts: Vec<Part<'_>> = parts.iter().map(part).collect();
        assert_eq!(multipart_object(&parts, &schema), expected);
    }
}

#[test]
fn the_lines_of_a_header_are_one_list() {
    let mut headers = HeaderMap::new();
    for value in ["blue", "black"] {
        headers.append("color", value.parse().expect("a value"));
    }
    let sent = Sent { path_parameters: &[], query: "", headers: &headers };
    let shape = Shape { style: Style::Simple, explode: false };
    let value = sent.value(ParameterPlace::Header, "color", shape, &json!({"type": "array"}));
    assert_eq!(value, Ok(Some(json!(["blue", "black"]))));
}

#[test]
fn a_text_becomes_only_what_its_schema_allows() {
    for (text, schema, expected) in [
        ("3", json!({}), json!("3")),
        ("3", json!({"type": ["integer", "string"]}), json!("3")),
        ("3", json!({"type": ["integer", "null"]}), json!(3)),
        ("", json!({"type": ["integer", "null"]}), json!(null)),
        ("", json!({"type": "integer"}), json!("")),
        ("3", json!({"type": "boolean"}), json!("3")),
        ("true", json!({"type": "integer"}), json!("true")),
        ("false", json!({"type": "integer"}), json!("false")),
        ("3", json!({"anyOf": [{"type": "integer"}]}), json!(3)),
        ("3", json!({"oneOf": [{"type": "integer"}]}), json!(3)),
        ("3", json!({"allOf": [{"$ref": "#"}]}), json!("3")),
        ("3", json!({"$ref": "#"}), json!("3")),
    ] {
        assert_eq!(text_value(text, &schema), Some(expected), "{text:?} {schema}");
    }
    assert_eq!(text_value("{}", &json!({"type": "object"})), None);
}
