//! Texts that become values.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::*;
use crate::definition::{ParameterPlace, ParameterStyle};
use formats::allows_number;

const JSON: &str = "application/json";

fn compiled(schema: &Value) -> ValueSchema {
    ValueSchema::compile(schema.clone()).expect("a schema")
}

/// Reads a parameter named `color`; the texts are its own, or pairs of a query.
fn read(notation: ValueNotation, raw: &[&str], schema: &Value) -> Result<Option<Value>, UnreadableText> {
    let schema = compiled(schema);
    let mut written = WrittenTexts::default();
    for raw in raw {
        match raw.split_once('=').filter(|_| matches!(notation.place, TextPlace::Query | TextPlace::Cookie)) {
            Some(("color", value)) => written.own.push(Cow::Borrowed(value)),
            Some((name, value)) => {
                let pair = (crate::definition::percent::decode_query(name), Cow::Borrowed(value));
                written.others.extend(notation.gather("color", vec![pair], &schema, &[].into(), NameScope::Described));
            }
            None => written.own.push(Cow::Borrowed(raw)),
        }
    }
    let piece = notation.piece("color", &written, &schema)?;
    Ok(piece.map(|piece| schema.read(piece, 1).unwrap_or_else(|violations| json!({ "refused": violations[0].path }))))
}

#[test]
fn styles_of_the_specification() {
    use ParameterPlace::{Cookie, Header, Path, Query};
    use ParameterStyle::{DeepObject, Form, Label, Matrix, PipeDelimited, Simple, SpaceDelimited};

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
        (Cookie, "color=blue,black", Form, true, &array, &blue_black),
        (Query, "color=blue,black", Form, false, &array, &blue_black),
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
        let separator = if place == Query { '&' } else { '\0' };
        let notation = ValueNotation { place: place.into(), style, explode };
        let texts: Vec<&str> = raw.split(separator).collect();
        assert_eq!(read(notation, &texts, schema), Ok(Some(expected.clone())), "{place:?} {raw}");
    }
    for (place, style, explode, schema) in [
        (Query, Form, true, &array),
        (Query, Form, true, &object),
        (Query, DeepObject, true, &object),
        (Header, Simple, false, &array),
    ] {
        let notation = ValueNotation { place: place.into(), style, explode };
        assert_eq!(read(notation, &[], schema), Ok(None), "{place:?} {style:?}");
    }
}

/// Reads a multipart form with these parts: name, media type, content.
fn multipart(parts: &[(&str, &str, &str)], schema: &Value) -> Vec<String> {
    let mut body = String::new();
    for (name, media_type, content) in parts {
        let media_type = if media_type.is_empty() { String::new() } else { format!("Content-Type: {media_type}\r\n") };
        let _ = write!(body, "--B\r\nContent-Disposition: form-data; name={name}\r\n{media_type}\r\n{content}\r\n");
    }
    body.push_str("--B--");
    let schema = compiled(schema);
    let form = FormRules::default().multipart("multipart/form-data; boundary=B", body.as_bytes(), &schema);
    form.expect("a form").check(&schema, 9).into_iter().map(|violation| violation.path).collect()
}

#[test]
fn fields_of_a_form_in_parts_are_what_their_schemas_say() {
    let schema = json!({"properties": {
        "age": {"type": "integer"}, "file": {"type": "string"}, "tags": {"type": "array", "items": {"type": "integer"}},
        "owner": {"type": "object"}, "owners": {"type": "array", "items": {"type": "object"}}
    }});
    for (parts, violations) in [
        (&[("age", "", "3")][..], &[][..]),
        (&[("age", "", "3"), ("age", "", "x")], &["/age"]),
        (&[("file", JSON, "{}")], &[]),
        (&[("tags", "", "1")], &[]),
        (&[("tags", JSON, "3")], &[]),
        (&[("tags", "", "[1,2]")], &["/tags/0"]),
        (&[("tags", "", "1"), ("tags", "", "2")], &[]),
        (&[("tags", JSON, "[1,2]")], &[]),
        (&[("owner", "", "{\"a\":1}")], &[]),
        (&[("owner", JSON, "{")], &["/owner"]),
        (&[("owners", JSON, "{}"), ("owners", "", "{}")], &[]),
        (&[("owners", JSON, "{}"), ("owners", "", "x")], &["/owners/1"]),
    ] {
        assert_eq!(multipart(parts, &schema), violations, "{parts:?}");
    }
}

#[test]
fn the_lines_of_a_header_are_one_list() {
    let notation = ValueNotation { place: TextPlace::Header, style: ParameterStyle::Simple, explode: false };
    let value = read(notation, &["blue", "black"], &json!({"type": "array"}));
    assert_eq!(value, Ok(Some(json!(["blue", "black"]))));
}

#[test]
fn a_text_becomes_only_what_its_schema_allows() {
    let refused = json!({ "refused": "" });
    for (text, schema, expected) in [
        ("3", json!({}), json!("3")),
        ("3", json!({"type": ["integer", "string"]}), json!("3")),
        ("3", json!({"type": ["integer", "null"]}), json!(3)),
        ("", json!({"type": ["integer", "null"]}), json!(null)),
        ("", json!({"type": "integer"}), refused.clone()),
        ("3", json!({"type": "boolean"}), refused.clone()),
        ("true", json!({"type": "integer"}), refused.clone()),
        ("3", json!({"anyOf": [{"type": "integer"}]}), json!(3)),
        ("3", json!({"oneOf": [{"type": "integer"}]}), json!(3)),
        ("3", json!({"allOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"const": 3}}}), json!(3)),
        ("3", json!({"not": {"type": "string"}}), json!(3)),
        ("x", json!({"not": {"type": "string"}}), refused),
    ] {
        let schema = compiled(&schema);
        let value = schema.read(text_body(text, &schema).expect("a scalar"), 1);
        let value = value.unwrap_or_else(|violations| json!({ "refused": violations[0].path }));
        assert_eq!(value, expected, "{text:?}");
    }
    assert!(text_body("{}", &compiled(&json!({"type": "object"}))).is_none());
}

#[test]
fn a_search_ends_whatever_the_schema_and_the_request_are() {
    let either = json!({"oneOf": [{"type": "integer"}, {"type": "string"}, {"const": true}]});
    // Every field has several readings, and no value is valid.
    let never = json!({"type": "object", "additionalProperties": either, "not": {"type": "object"}});
    let nested = (0..6).fold(either.clone(), |schema, _| json!({"anyOf": [schema, {"allOf": [schema]}]}));
    let nested = json!({"type": "object", "additionalProperties": nested, "maxProperties": 0});
    for (schema, fields) in [(&never, 1), (&never, 5), (&never, 300), (&never, 20_000), (&nested, 1), (&nested, 200)] {
        let schema = compiled(schema);
        let body: Vec<String> = (0..fields).map(|index| format!("f{index}=5")).collect();
        let form = FormRules::default().urlencoded(&body.join("&"), &schema);
        let (found, pieces) = form.search(&schema);
        let most = (search::MOST_PIECES / pieces).clamp(search::FIRST_TRIES, search::MOST_TRIES);
        assert!(!found.is_valid && found.tries <= most, "{fields} fields: {} tries of {pieces} pieces", found.tries);
        if fields == 5 {
            assert_eq!(found.tries, 32, "where there are few readings, all are tried");
        }
    }
}

#[test]
fn readings_that_depend_on_each_other_are_found() {
    // Of 2^7 readings one is right, and no violation points at a field.
    let properties: Vec<String> = (0..7).map(|index| format!("f{index}")).collect();
    let right: serde_json::Map<String, Value> = properties
        .iter()
        .enumerate()
        .map(|(index, name)| (name.clone(), if index % 2 == 0 { json!(1) } else { json!("1") }))
        .collect();
    let body: Vec<String> = properties.iter().map(|name| format!("{name}=1")).collect();
    let check = |schema: Value| {
        let schema = compiled(&schema);
        FormRules::default().urlencoded(&body.join("&"), &schema).check(&schema, 9)
    };
    assert_eq!(check(json!({"enum": [{}, right]})), []);
    assert_eq!(check(json!({"anyOf": [{"const": {}}, {"allOf": [{"const": right}]}]})), []);
    // Nor does one say which value is right.
    let number = |index: usize| json!({"properties": {properties[index].clone(): {"type": "number"}}});
    assert_eq!(check(json!({"not": {"not": {"allOf": [number(0), number(3), number(6)]}}})), []);
    let wrong = json!({"enum": [{"f0": 1}]});
    assert_eq!(check(wrong).len(), 1);
}

#[test]
fn the_violation_is_that_of_the_closest_alternative() {
    let notation = ValueNotation { place: TextPlace::Query, style: ParameterStyle::Form, explode: true };
    let integers = json!({"type": "array", "items": {"type": "integer"}});
    let cat = json!({"type": "object", "properties": {"kind": {"const": "cat"}, "lives": {"type": "integer"}}, "required": ["lives"]});
    let dog = json!({"type": "object", "properties": {"kind": {"const": "dog"}, "name": {"type": "string"}}, "required": ["name"]});
    let needs_two = json!({"type": "object", "required": ["b", "c"]});
    for (texts, schema, expected) in [
        (
            &["color=1", "color=x"][..],
            json!({"anyOf": [integers, {"type": "null"}]}),
            ("/1", "\"x\" is not of type \"integer\""),
        ),
        (
            &["color=x"],
            json!({"anyOf": [{"type": "integer"}, {"type": "null"}]}),
            ("", "\"x\" is not of type \"integer\""),
        ),
        (&["kind=dog", "lives=9"], json!({"oneOf": [cat, dog]}), ("", "\"name\" is a required property")),
        (&["kind=cat", "lives=x"], json!({"oneOf": [dog, cat]}), ("/lives", "\"x\" is not of type \"integer\"")),
        // A property that is known and wrong is nearer than others that are missing.
        (&["lives=x", "a=1"], json!({"anyOf": [needs_two, cat]}), ("/lives", "\"x\" is not of type \"integer\"")),
        (
            &["lives=9", "a=1"],
            json!({"anyOf": [{"properties": {"z": true}, "additionalProperties": false}, dog]}),
            ("", "\"name\" is a required property"),
        ),
        (
            &["lives=x"],
            json!({"anyOf": [{"oneOf": [dog, needs_two]}, {"allOf": [{"oneOf": [cat, needs_two]}]}]}),
            ("/lives", "\"x\" is not of type \"integer\""),
        ),
    ] {
        let schema = compiled(&schema);
        let pairs = texts.iter().map(|text| text.split_once('=').expect("a pair"));
        let (own, others): (Vec<_>, Vec<_>) = pairs.partition(|(name, _)| *name == "color");
        let others = others.into_iter().map(|(name, text)| (name.to_owned(), Cow::Borrowed(text))).collect();
        let own = own.into_iter().map(|(_, text)| Cow::Borrowed(text)).collect();
        let piece = notation.piece("color", &WrittenTexts { own, others }, &schema).expect("texts").expect("a value");
        let violations = schema.read(piece, 9).expect_err("a violation");
        let found: Vec<_> = violations.iter().map(|found| (found.path.as_str(), found.message.as_str())).collect();
        assert_eq!(found, [expected], "{texts:?}");
    }
}

#[test]
fn integers_of_64_bits_are_compared_exactly() {
    for (schema, number, is_right) in [
        (r#"{"format": "int64"}"#, "-9223372036854775808", true),
        (r#"{"format": "int64"}"#, "-9223372036854775809", false),
        (r#"{"format": "int64"}"#, "9223372036854775808", false),
        (r#"{"format": "int32"}"#, "2147483647.0", true),
        (r#"{"multipleOf": 9007199254740993}"#, "9007199254740993", true),
        (r#"{"multipleOf": 9007199254740993}"#, "9007199254740992", false),
        (r#"{"multipleOf": 9007199254740993}"#, "18014398509481986", true),
        (r#"{"multipleOf": 3}"#, "9007199254740993", true),
        (r#"{"multipleOf": 3}"#, "9007199254740992", false),
        (r#"{"maximum": 9007199254740993}"#, "9007199254740994", false),
        (r#"{"enum": [9007199254740993]}"#, "9007199254740992", false),
        (r#"{"enum": [9007199254740993]}"#, "9007199254740993", true),
        (r#"{"const": 18446744073709551615}"#, "18446744073709551614", false),
        (r#"{"exclusiveMinimum": 18446744073709551614}"#, "18446744073709551615", true),
    ] {
        let parsed = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
        let compiled = compiled(&parsed(schema));
        assert_eq!(compiled.check(&parsed(number), 9).is_empty(), is_right, "{schema} {number}");
    }
}

#[test]
fn each_enforced_format_refuses_a_value() {
    for (format, right, wrong) in [
        ("int8", json!([-128, 127, "text"]), json!([-129, 128])),
        ("int16", json!([-32768, 32767]), json!([-32769, 32768])),
        ("int32", json!([i32::MIN, i32::MAX]), json!([i64::from(i32::MIN) - 1, i64::from(i32::MAX) + 1])),
        ("int64", json!([i64::MIN, i64::MAX]), json!([9_223_372_036_854_775_808_u64, 1e19])),
        ("uint8", json!([0, 255]), json!([-1, 256])),
        ("uint16", json!([0, 65535]), json!([-1, 65536])),
        ("uint32", json!([0, u32::MAX]), json!([-1, u64::from(u32::MAX) + 1])),
        ("uint64", json!([0, u64::MAX]), json!([-1, 1e20, 18_446_744_073_709_551_616_f64])),
        ("float", json!([3.4e38, -3.4e38, 0.1]), json!([3.5e38, -1e39])),
        ("double", json!([1.7e308, -1.7e308]), json!([])),
        ("byte", json!(["", "YQ==", "c3RyaW5n", 5]), json!(["YQ", "c3R=aW5n", "a b="])),
        ("base64url", json!(["YQ", "YQ==", "_-8"]), json!(["a", "a+b=", "YQ="])),
        ("char", json!(["ä"]), json!(["", "ab"])),
        ("date", json!(["2026-02-28"]), json!(["2026-02-29", "someday"])),
        ("date-time", json!(["2026-01-01T12:00:00Z"]), json!(["2026-01-01", "2026-01-01T25:00:00Z"])),
        ("time", json!(["12:00:00Z"]), json!(["12:00"])),
        ("duration", json!(["P1D"]), json!(["1 day"])),
        ("email", json!(["a@b.co"]), json!(["a"])),
        ("hostname", json!(["a.example"]), json!(["-a"])),
        ("ipv4", json!(["192.0.2.1"]), json!(["192.0.2.256"])),
        ("ipv6", json!(["::1"]), json!(["::g"])),
        ("uri", json!(["a:b"]), json!(["a b"])),
        ("uri-reference", json!(["/a"]), json!(["a b"])),
        ("uri-template", json!(["/{a}"]), json!(["/{a"])),
        ("iri", json!(["a:ä"]), json!(["a b"])),
        ("iri-reference", json!(["/ä"]), json!(["a b"])),
        ("uuid", json!(["00000000-0000-4000-8000-000000000000"]), json!(["0"])),
        ("json-pointer", json!(["/a"]), json!(["a"])),
        ("relative-json-pointer", json!(["1/a"]), json!(["/a"])),
        ("regex", json!(["^a$"]), json!(["("])),
    ] {
        let schema = compiled(&json!({ "format": format }));
        for value in right.as_array().expect("a list") {
            assert_eq!(schema.check(value, 1), [], "{format} {value}");
        }
        for value in wrong.as_array().expect("a list") {
            assert_eq!(schema.check(value, 1).len(), 1, "{format} {value}");
            if let Value::Number(number) = value {
                assert!(!allows_number(format, number), "{format} {value}");
            }
        }
        assert!(ENFORCED_FORMATS.iter().any(|known| known.name == format), "{format}");
    }
    assert_eq!(ENFORCED_FORMATS.len(), 30, "each format is in this test");
    assert_eq!(compiled(&json!({"format": "password"})).check(&json!("any"), 1), []);
    // A format stands beside other bounds, and a property may be called `format`.
    let both = compiled(&json!({"type": "integer", "format": "int32", "maximum": 5, "allOf": [{"minimum": 1}]}));
    assert_eq!([0, 1, 5, 6].map(|number| both.check(&json!(number), 1).len()), [1, 0, 0, 1]);
    let named = compiled(&json!({"properties": {"format": {"const": {"format": "int32"}}}}));
    assert_eq!(named.check(&json!({"format": {"format": "int32"}}), 1), []);
}
