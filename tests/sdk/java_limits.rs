//! Generated Java at the limits of class files, and with names that Java or a file system takes for others.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::corpus::CorpusDefinition;
use crate::java::{compile_packages, sources};
use crate::served::Served;
use crate::tools::has_tool;

/// Names that mean something else in Java, as operations, parameters and fields.
const NAMES: &str = "getClass wait notify notifyAll hashCode toString clone finalize equals class fields has get with copy read \
                     find TYPE a\"b \\u0022 */ \\u002a\\u002f \u{1f980} Aa aA aa $ref 1st var record _ of at send body timeout \
                     environments";

/// Names of schemas that generated code means something else by, in the client and in the classes of calls and types.
const SCHEMAS: &str = "BigDecimal Call ClientPart1 Collections Deprecated IllegalArgumentException ItemStream JsonChoice JsonObject \
                       JsonType LinkedHashMap";

/// A description that would end a comment, or be a tag in it.
const HOSTILE: &str = "a */ } class X { \\u002a\\u002f {@link Y} <script>alert(1)</script> @deprecated \u{202e}\n@deprecated\n\
                       @see <a\n\\u000a \\uuuu000 \\\\u0022";

fn parameter(name: &str) -> Value {
    json!({
        "name": name, "in": "query", "required": true, "description": HOSTILE, "schema": {"type": "string"}, "example": "x",
    })
}

fn operation(id: &str, parameters: &[Value]) -> Value {
    let responses = json!({"204": {"description": HOSTILE}});
    let text = HOSTILE;
    json!({"get": {"operationId": id, "summary": text, "description": text, "parameters": parameters, "responses": responses}})
}

/// Adds operations and schemas of many parts, and of hostile names, to those of the file.
fn limits() -> CorpusDefinition {
    let mut root: Value = serde_saphyr::from_str(include_str!("limits.yaml")).expect("YAML");
    let described = json!({"type": "string", "description": HOSTILE});
    let names = || NAMES.split(' ').enumerate();
    let schemas = root["components"]["schemas"].as_object_mut().expect("schemas");
    for (_, name) in names() {
        schemas["PetOwner"]["properties"][name] = described.clone();
    }
    let many: serde_json::Map<_, _> = (0..1_200).map(|index| (format!("f{index}"), described.clone())).collect();
    schemas.insert("Many".to_owned(), json!({"type": "object", "properties": many}));
    let values: Vec<String> = (0..600).map(|index| format!("value {index}")).collect();
    schemas.insert("Values".to_owned(), json!({"enum": values}));
    for name in SCHEMAS.split(' ') {
        schemas.insert(name.to_owned(), json!({"type": "object", "properties": {"a": {"type": "string"}}}));
    }
    let paths = root["paths"].as_object_mut().expect("paths");
    for (index, name) in names() {
        paths.insert(format!("/names/{index}"), operation(name, &[parameter(name)]));
    }
    // More than a method has room for, as arguments and as code.
    for count in [300, 1_200] {
        let parameters: Vec<Value> = (0..count).map(|index| parameter(&format!("p{index}"))).collect();
        paths.insert(format!("/parameters/{count}"), operation(&format!("parameters{count}"), &parameters));
    }
    for index in 0..450 {
        paths.insert(format!("/many/{index}"), json!({"get": {"responses": {"204": {"description": "d"}}}}));
    }
    for name in SCHEMAS.split(' ') {
        let schema = json!({"$ref": format!("#/components/schemas/{name}")});
        let body = json!({"required": true, "content": {"application/json": {"schema": schema}}});
        let responses = json!({"204": {"description": "d"}});
        let id = format!("send{name}");
        let post = json!({"operationId": id, "requestBody": body, "responses": responses});
        paths.insert(format!("/schemas/{name}"), json!({"post": post}));
    }
    let text = root.to_string();
    let mut fetch = |file: &str| Ok((file == "openapi.yaml").then(|| Arc::from(text.as_bytes())));
    let reading = apigw::definition::read("g", &mut fetch);
    let definition = reading.definition.unwrap_or_else(|| panic!("{:#?}", reading.findings));
    CorpusDefinition { origin: "limits".to_owned(), definition }
}

#[test]
fn java_at_its_limits_compiles_without_a_warning() {
    if !has_tool("javac", "types of generated Java clients at the limits of class files") {
        return;
    }
    let served = Served::of(vec![limits()]);
    let folder = tempfile::tempdir().expect("a folder");
    compile_packages(&served, folder.path());
    let mut files: Vec<String> =
        sources(folder.path()).iter().map(|file| file.display().to_string().to_lowercase()).collect();
    let count = files.len();
    files.sort_unstable();
    files.dedup();
    assert_eq!(files.len(), count, "files differ by more than case");
    assert!(files.iter().all(|file| file.is_ascii()), "names of files are ASCII");
}
