//! Values and options of TypeScript that are `undefined`, forms of parts, and texts in other charsets.

use std::process::Command;
use std::sync::Arc;

use apigw::share::sdk::SdkLanguage;

use crate::corpus::CorpusDefinition;
use crate::served::{Served, write_packages};
use crate::tools::has_tool;
use crate::{run, text};

const DEFINITION: &str = "\
openapi: 3.1.0
info: {title: Values, version: '1'}
paths:
  /read: {get: {operationId: read, parameters: [
    {name: deep, in: query, style: deepObject, explode: true, schema: {type: object}},
    {name: list, in: query, schema: {type: array, items: {}}},
    {name: form, in: query, schema: {type: object}}], responses: {'204': {description: d}}}}
  /form: {post: {operationId: form, requestBody: {content: {application/x-www-form-urlencoded: {
    schema: {type: object},
    encoding: {deep: {style: deepObject}, list: {style: form, explode: false}, open: {style: form}}}}}, responses: {'204': {description: d}}}}
  /parts: {post: {operationId: parts, requestBody: {content: {multipart/form-data: {
    schema: {type: object, properties: {file: {type: string, format: binary}}},
    encoding: {table: {contentType: text/csv}, text: {contentType: \"text/plain\\r\\nX-Evil: 1\"}}}}}, responses: {'204': {description: d}}}}
  /text: {get: {operationId: text, responses: {'200': {description: d, content: {text/plain: {schema: {type: string}}}}}}}
";

const EXPECTED: &str = r#"GET ?deep%5Bc%5D=1&list=1&e=%5B2%2Cnull%5D
POST  deep%5By%5D=1&list=1&p=1
retried: 204 0
POST  --B|Content-Disposition: form-data; name="text"||1
2|--B|Content-Disposition: form-data; name="object"|Content-Type: application/json||{"b":1}|--B|Content-Disposition: form-data; name="table"|Content-Type: text/csv||a,b|--B|Content-Disposition: form-data; name="file"; filename="a%22.txt"|Content-Type: text/plain||<a>|--B|Content-Disposition: form-data; name="constructor"||c|--B--|
"cé" "cé" "c" "é" ""
"#;

#[test]
fn typescript_clients_send_and_read_what_is_there() {
    if !has_tool("node", "values of generated JavaScript clients") {
        return;
    }
    let mut fetch = |file: &str| Ok((file == "openapi.yaml").then(|| Arc::from(DEFINITION.as_bytes())));
    let definition = apigw::definition::read("g", &mut fetch).definition.expect("a definition");
    let served = Served::of(vec![CorpusDefinition { origin: "values".to_owned(), definition }]);
    let folder = tempfile::tempdir().expect("a folder");
    write_packages(&served, SdkLanguage::TypeScript, folder.path());
    let script = include_str!("typescript_values.mjs");
    let output = run(Command::new("node").args(["--input-type=module", "-e", script]).current_dir(folder.path()));
    assert_eq!(String::from_utf8_lossy(&output.stdout), EXPECTED, "{}", text(&output));
}
