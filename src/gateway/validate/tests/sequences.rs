//! Bodies that are sequences (OpenAPI 3.2, section 4.14.3).

use std::sync::Arc;

use super::*;

const SEQUENCES: &str = r"
openapi: 3.2.0
info: {title: t, version: '1'}
paths:
  /a:
    post:
      requestBody:
        content:
          application/jsonl: {itemSchema: {type: object, required: [x], properties: {x: {type: integer}}}}
          application/json-seq: {itemSchema: {type: integer}}
          application/x-ndjson: {schema: {type: array, items: {type: integer}, maxItems: 2}}
          application/ndjson: {schema: {type: object}}
          text/event-stream: {itemSchema: {type: object, required: [data]}}
      responses: {'204': {description: d}}
";

#[test]
fn each_item_of_a_sequence_follows_its_schema() {
    let mut fetch = |path: &str| Ok((path == "openapi.yaml").then(|| Arc::from(SEQUENCES.as_bytes())));
    let definition = crate::definition::read("g", &mut fetch).definition.expect("a definition");
    let rules = RequestRules::build(&definition, &definition.apis[0]).expect("rules");
    for (media_type, body, code, expected) in [
        ("application/jsonl", "{\"x\":1}\n{\"x\":2}\n", "", &[][..]),
        ("application/jsonl; charset=utf-8", "{\"x\":1}\r\n\r\n{\"x\":2}", "", &[]),
        ("application/jsonl", "{\"x\":1}\n{\"y\":1}\n{\"x\":\"1\"}\n", "INVALID_BODY", &["body/1", "body/2/x"]),
        ("application/jsonl", "{\"x\":1}\n{\"x\":", "INVALID_REQUEST", &[]),
        ("application/json-seq", "\u{1e}1\n\u{1e}2\n", "", &[]),
        ("application/json-seq", "\u{1e}1\n\u{1e}\"2\"\n", "INVALID_BODY", &["body/1"]),
        ("application/json-seq", "1\n2\n", "INVALID_REQUEST", &[]),
        ("application/x-ndjson", "1\n2\n", "", &[]),
        ("application/x-ndjson", "1\nx\n", "INVALID_REQUEST", &[]),
        ("application/x-ndjson", "1\n2\n3\n", "INVALID_BODY", &["body"]),
        ("application/x-ndjson", "1\n\"2\"\n", "INVALID_BODY", &["body/1"]),
        ("application/ndjson", "{}\n1\n", "", &[]),
        ("text/event-stream", "data: x\n\n", "", &[]),
    ] {
        let headers: HeaderMap =
            [("content-type".parse().expect("a name"), media_type.parse().expect("a value"))].into_iter().collect();
        let checked = rules.check_body(&headers, &Bytes::copy_from_slice(body.as_bytes()));
        let expected = expected.iter().map(|place| (*place).to_owned()).collect();
        assert_eq!(places(checked), (code.to_owned(), expected), "{media_type} {body:?}");
    }
}
