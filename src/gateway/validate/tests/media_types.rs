//! The media type as which a body is judged.

use super::*;

const SCHEMA: &str = "{type: object, required: [z], properties: {z: {type: integer}}}";

/// The media types of a body that a definition of ASP.NET declares, and ranges, with bodies that one of each sends.
#[rustfmt::skip]
const BODIES: &[(&str, &[&str], &str, &str)] = &[
    // What is declared; what the body says; the outcome of one that is wrong; and of one that is no JSON.
    ("application/json, text/json, application/*+json", &["application/json", "text/json", "application/merge-patch+json", "Text/JSON; charset=utf-8"], "INVALID_BODY body/z", "INVALID_REQUEST"),
    ("application/x-json, text/x-json", &["application/x-json", "text/x-json"], "INVALID_BODY body/z", "INVALID_REQUEST"),
    ("application/*+json", &["application/json", "text/a+json"], "UNSUPPORTED_MEDIA_TYPE", "UNSUPPORTED_MEDIA_TYPE"),
    // A browser calls a string plain text, and some clients say nothing.
    ("'*/*'", &["", "text/plain;charset=UTF-8", "application/json", "a/b+json"], "INVALID_BODY body/z", "INVALID_REQUEST"),
    ("application/*", &["", "application/json"], "INVALID_BODY body/z", "INVALID_REQUEST"),
    ("'*/*'", &["application/xml", "image/png", "application/octet-stream"], "", ""),
    ("text/plain", &["text/plain"], "", ""),
];

fn sent_as(media_type: &'static str) -> HeaderMap {
    headers(&[("content-type", media_type)][..usize::from(!media_type.is_empty())])
}

#[test]
fn json_is_judged_whatever_it_is_called() {
    for (declared, sent, wrong, broken) in BODIES {
        let content: Vec<String> = declared.split(", ").map(|name| format!("{name}: {{schema: {SCHEMA}}}")).collect();
        let rules = rules_of("[]", &format!("{{required: true, content: {{{}}}}}", content.join(", ")));
        for sent in *sent {
            let headers = sent_as(sent);
            let check = |body: &'static str| {
                let (code, places) = places(rules.check_body(&headers, &Bytes::from(body)));
                format!("{code} {}", places.join(" ")).trim().to_owned()
            };
            let expected = if wrong.starts_with("UNSUPPORTED") { *wrong } else { "" };
            assert_eq!(check(r#"{"z":1}"#), expected, "{declared}: {sent}");
            assert_eq!((&*check(r#"{"z":"x"}"#), &*check(r#"{"z":"#)), (*wrong, *broken), "{declared}: {sent}");
        }
    }
}

#[test]
fn bytes_and_texts_of_a_range_are_taken_as_they_are() {
    for schema in ["{type: string, format: binary}", "{type: string}", "{}"] {
        let rules = rules_of("[]", &format!("{{content: {{'*/*': {{schema: {schema}}}}}}}"));
        for sent in ["", "text/plain", "image/png"] {
            let headers = sent_as(sent);
            assert_eq!(places(rules.check_body(&headers, &Bytes::from("a"))).0, "", "{schema} {sent}");
        }
    }
}

#[test]
fn a_place_and_a_message_are_cut_where_a_caller_wrote_them() {
    let map = "{additionalProperties: {type: array, items: {type: integer}}}";
    let rules = rules_of("[]", &format!("{{content: {{application/json: {{schema: {map}}}}}}}"));
    let body = format!("{{\"{}\": [\"{}\"]}}", "k".repeat(5_000), "x".repeat(5_000));
    let checked = rules.check_body(&headers(&[("content-type", "application/json")]), &Bytes::from(body));
    let found = checked.expect_err("a wrong item").violations.remove(0);
    assert!(found.place.starts_with("body/kkk") && found.place.ends_with("kkk/0"), "{}", found.place);
    assert!(found.message.ends_with("x\" is not of type \"integer\""), "{}", found.message);
    assert!(found.place.chars().count() < 500 && found.message.chars().count() < 500);
}

/// Frameworks decode by the charset, which is no parameter of JSON: they read another value than was judged.
#[test]
fn a_body_in_another_charset_is_refused() {
    const FIELDS: &str = "{type: object, properties: {a: {type: string}}}";
    for media_type in ["application/json", "text/json", "application/a+json"] {
        let rules = rules_of("[]", &format!("{{content: {{'{media_type}': {{schema: {FIELDS}}}}}}}"));
        check_charsets(&rules, media_type, r#"{"a":"b"}"#, r#"{"a":"ü"}"#);
    }
    let rules = rules_of("[]", &format!("{{content: {{application/x-www-form-urlencoded: {{schema: {FIELDS}}}}}}}"));
    check_charsets(&rules, "application/x-www-form-urlencoded", "a=b", "a=%C3%BC");
    let rules = rules_of("[]", &format!("{{content: {{application/jsonl: {{itemSchema: {FIELDS}}}}}}}"));
    check_charsets(&rules, "application/jsonl", r#"{"a":"b"}"#, r#"{"a":"ü"}"#);
    // A text is not looked into, nor are bodies without a schema.
    for content in ["text/plain: {schema: {type: string}}", "text/plain: {}"] {
        let rules = rules_of("[]", &format!("{{content: {{{content}}}}}"));
        let sent = headers(&[("content-type", "text/plain; charset=utf-16")]);
        assert_eq!(places(rules.check_body(&sent, &Bytes::from("a"))).0, "");
    }
}

fn check_charsets(rules: &RequestRules, media_type: &str, ascii: &'static str, letters: &'static str) {
    for (parameters, of_ascii, of_letters) in [
        ("", true, true),
        ("; charset=UTF-8", true, true),
        ("; charset=\"utf8\"", true, true),
        ("; charset=us-ascii", true, true),
        ("; charset=ISO-8859-1", true, false),
        ("; charset=utf-7", false, false),
        ("; charset=utf-16", false, false),
        ("; charset=", false, false),
        ("; charset*=utf-8''utf-7", false, false),
        ("; charset*0=utf-7", false, false),
    ] {
        let mut sent = HeaderMap::new();
        sent.insert(CONTENT_TYPE, format!("{media_type}{parameters}").parse().expect("a value"));
        for (body, is_taken) in [(ascii, of_ascii), (letters, of_letters)] {
            let expected = if is_taken { "" } else { "UNSUPPORTED_MEDIA_TYPE" };
            assert_eq!(places(rules.check_body(&sent, &Bytes::from(body))).0, expected, "{sent:?} {body}");
        }
    }
}
