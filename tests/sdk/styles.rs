//! One table of parameters and fields of forms, and of the texts that they become, for `call` and for the clients
//! (OpenAPI 3.1, sections 4.8.12.4 and 4.8.15.1).

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use apigw::definition::Definition;
use apigw::gateway::call::{FormField, compose, compose_form};
use apigw::share::sdk::SdkLanguage;
use serde_json::{Value, json};

use crate::corpus::CorpusDefinition;
use crate::java;
use crate::served::{Served, write_packages};
use crate::tools::has_tool;
use crate::{run, text};

/// Calls of the clients, each of which prints the target, the header, the cookies and the body that were sent.
const PYTHON: &str = r#"
import json, sys, threading, importlib
from http.server import BaseHTTPRequestHandler, HTTPServer

seen = []

class Recorder(BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        seen.append([self.path, self.headers.get("x-p"), self.headers.get("cookie"), body])
        self.send_response(204)
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *args):
        pass

server = HTTPServer(("127.0.0.1", 0), Recorder)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = importlib.import_module("g0_sdk").Client(base_url=f"http://127.0.0.1:{server.server_port}/g0", retries=0)
for call in json.load(open(sys.argv[1])):
    eval(call)
print(json.dumps(seen))
"#;

const NODE: &str = r#"
import { readFileSync } from "node:fs";
const { Client } = await import(`${process.cwd()}/g0/index.js`);
const seen = [];
const record = async (url, options) => {
  const headers = new Headers(options?.headers ?? url.headers);
  const { pathname, search } = new URL(url.url ?? url);
  const body = await new Response(options?.body ?? url.body).text();
  seen.push([pathname + search, headers.get("x-p"), headers.get("cookie"), body]);
  return new Response(null, { status: 204 });
};
const client = new Client({ baseUrl: "http://127.0.0.1:1/g0", fetch: record, retries: 0 });
for (const call of JSON.parse(readFileSync(process.argv[1], "utf8"))) await new Function("client", `return ${call}`)(client);
console.log(JSON.stringify(seen));
"#;

const JAVA: &str = r#"
import com.sun.net.httpserver.HttpServer;
import g0_sdk.Client;
import g0_sdk.ClientOptions;
import g0_sdk.Json;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
IMPORTS

public final class Styles {
    public static void main(String[] arguments) throws Exception {
        List<Object> seen = new ArrayList<>();
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/", exchange -> {
            var headers = exchange.getRequestHeaders();
            String target = exchange.getRequestURI().toString();
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            seen.add(Arrays.asList(target, headers.getFirst("x-p"), headers.getFirst("cookie"), body));
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
        });
        server.start();
        // A name that resolvers need not know.
        String address = "http://test.localhost:" + server.getAddress().getPort() + "/g0";
        Client client = Client.at(address, new ClientOptions().retries(0));
        CALLS
        System.out.println(Json.write(seen));
        server.stop(0);
    }
}
"#;

fn table() -> Vec<Value> {
    serde_json::from_str(include_str!("styles.json")).expect("a table")
}

fn schema(value: &Value) -> Value {
    match value {
        Value::Bool(_) => json!({"type": "boolean"}),
        Value::Number(_) => json!({"type": "number"}),
        Value::Array(items) => json!({"type": "array", "items": items.first().map(schema)}),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| (name.clone(), schema(value)));
            json!({"type": "object", "properties": fields.collect::<serde_json::Map<_, _>>()})
        }
        _ => json!({"type": "string"}),
    }
}

fn name(case: &Value) -> &'static str {
    if case["in"] == "header" { "x-p" } else { "p" }
}

/// Writes a definition with an operation for each row.
fn definition(table: &[Value]) -> Definition {
    let mut paths = serde_json::Map::new();
    for (index, case) in table.iter().enumerate() {
        if is_form(case) {
            paths.insert(format!("/c{index}"), json!({"post": form_operation(index, case)}));
            continue;
        }
        let mut parameter = json!({"name": name(case), "in": case["in"], "required": true, "example": case["value"]});
        if let Some(media_type) = case["content"].as_str() {
            parameter["content"] = json!({media_type: {"schema": schema(&case["value"])}});
        } else {
            parameter["schema"] = schema(&case["value"]);
            for field in ["style", "explode"] {
                parameter[field] = case[field].clone();
            }
            parameter["allowReserved"] = json!(case["reserved"] == true);
        }
        if case["in"] != "query" {
            parameter.as_object_mut().expect("an object").remove("allowReserved");
        }
        let path = if case["in"] == "path" { format!("/c{index}/{{p}}") } else { format!("/c{index}") };
        let operation = json!({
            "operationId": format!("case{index}"),
            "parameters": [parameter],
            "responses": {"204": {"description": "d"}},
        });
        paths.insert(path, json!({"get": operation}));
    }
    let text = json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths}).to_string();
    let mut fetch = |file: &str| Ok((file == "openapi.yaml").then(|| Arc::from(text.as_bytes())));
    let reading = apigw::definition::read("g", &mut fetch);
    reading.definition.unwrap_or_else(|| panic!("{:#?}", reading.findings))
}

/// True if the value is a field of a form.
fn is_form(case: &Value) -> bool {
    case["in"] == "form" || case["in"] == "parts"
}

/// Writes an operation whose body is a form with the value as its one field.
fn form_operation(index: usize, case: &Value) -> Value {
    let content = json!({
        "schema": {"type": "object", "required": ["p"], "properties": {"p": schema(&case["value"])}},
        "encoding": {"p": {"style": case["style"], "explode": case["explode"]}},
        "example": {"p": case["value"]},
    });
    let media_type = if case["in"] == "parts" { "multipart/form-data" } else { "application/x-www-form-urlencoded" };
    json!({
        "operationId": format!("case{index}"),
        "requestBody": {"required": true, "content": {media_type: content}},
        "responses": {"204": {"description": "d"}},
    })
}

/// Returns the text of a parameter or of a form in what was sent.
fn sent(case: &Value, index: usize, target: &str, header: Option<&str>, cookies: Option<&str>, body: &str) -> String {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    match case["in"].as_str() {
        Some("path") => path.split_once(&format!("/c{index}/")).map_or("", |(_, text)| text).to_owned(),
        Some("query") => query.to_owned(),
        Some("form") => body.to_owned(),
        Some("parts") => parts(body),
        Some("header") => header.unwrap_or_default().to_owned(),
        _ => cookies.unwrap_or_default().to_owned(),
    }
}

/// Lists the parts of a form with their texts.
fn parts(body: &str) -> String {
    let boundary = body.split("\r\n").next().filter(|line| !line.is_empty()).expect("a boundary");
    let part = |part: &str| {
        let (head, text) = part.strip_prefix("\r\n")?.split_once("\r\n\r\n")?;
        let name = head.split_once("name=\"")?.1.split_once('"')?.0;
        Some(format!("{name}={}", text.strip_suffix("\r\n")?))
    };
    body.split(boundary).filter_map(part).collect::<Vec<_>>().join("&")
}

fn differences<'t>(table: &[Value], texts: impl Iterator<Item = String> + 't) -> String {
    let mut differences = String::new();
    let mut count = 0;
    for (case, found) in table.iter().zip(texts) {
        count += 1;
        if case["text"] != found {
            let _ = writeln!(differences, "{case}: {found}");
        }
    }
    assert_eq!(count, table.len());
    differences
}

#[test]
fn call_writes_parameters_as_the_table_says() {
    let table = table();
    let definition = definition(&table);
    let texts = table.iter().enumerate().map(|(index, case)| {
        let id = format!("case{index}");
        let api = definition.apis.iter().find(|api| api.operation_id.as_deref() == Some(&id)).expect("an API");
        let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if is_form(case) {
            let items = case["value"].as_array().map_or(std::slice::from_ref(&case["value"]), Vec::as_slice);
            let field = |item| FormField { name: "p".to_owned(), content: plain(item).into(), file_name: None };
            let fields: Vec<FormField> = items.iter().map(field).collect();
            let form = compose_form(&definition, api, None, &fields).expect("a form");
            return sent(case, index, "", None, None, std::str::from_utf8(&form.bytes).expect("UTF-8"));
        }
        let value = plain(&case["value"]);
        let composed = compose(&definition, api, &[(name(case).to_owned(), value)], false).expect("a request");
        let header = |name: &str| {
            composed.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
        };
        let target = format!("{}?{}", composed.path, composed.query);
        sent(case, index, &target, header("x-p"), header("cookie"), "")
    });
    let texts: Vec<String> = texts.collect();
    let differences = differences(&table, texts.into_iter());
    assert!(differences.is_empty(), "{differences}");
}

/// Serves the definition of the table.
fn served(table: &[Value]) -> Served {
    Served::of(vec![CorpusDefinition { origin: "styles".to_owned(), definition: definition(table) }])
}

/// Lists the calls of the rows in their order.
fn in_order<'c>(table: &[Value], calls: &'c [Value]) -> Vec<&'c Value> {
    let of_row = |index: usize| {
        let key = format!("case{index}");
        calls.iter().find(|call| call["key"].as_str() == Some(key.as_str())).expect("a call")
    };
    (0..table.len()).map(of_row).collect()
}

fn clients_write_as_the_table_says(language: SdkLanguage, program: &str, flags: &[&str], script: &str) {
    if !has_tool(program, "parameters of generated clients") {
        return;
    }
    let table = table();
    let served = served(&table);
    let folder = tempfile::tempdir().expect("a folder");
    write_packages(&served, language, folder.path());
    let calls = Served::expected(&served.groups[0], language);
    let calls: Vec<&Value> = in_order(&table, &calls).into_iter().map(|call| &call["call"]).collect();
    let file = folder.path().join("calls.json");
    std::fs::write(&file, json!(calls).to_string()).expect("a file");
    let output = run(Command::new(program).args(flags).arg(script).arg(&file).current_dir(folder.path() as &Path));
    expect_as_the_table_says(&table, &output);
}

fn expect_as_the_table_says(table: &[Value], output: &Output) {
    let seen: Vec<[Option<String>; 4]> =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(output)));
    assert_eq!(seen.len(), table.len());
    let texts = table.iter().zip(&seen).enumerate().map(|(index, (case, [target, header, cookies, body]))| {
        let [target, body] = [target, body].map(|text| text.as_deref().unwrap_or_default());
        sent(case, index, target, header.as_deref(), cookies.as_deref(), body)
    });
    let texts: Vec<String> = texts.collect();
    let differences = differences(table, texts.into_iter());
    assert!(differences.is_empty(), "{differences}");
}

#[test]
fn java_clients_write_parameters_as_the_table_says() {
    if !has_tool("javac", "parameters of generated Java clients") {
        return;
    }
    let table = table();
    let served = served(&table);
    let folder = tempfile::tempdir().expect("a folder");
    java::compile_packages(&served, folder.path());
    let calls = Served::expected(&served.groups[0], SdkLanguage::Java);
    let calls = in_order(&table, &calls);
    let lines = calls.iter().filter_map(|call| call["call"].as_str()).collect::<Vec<_>>().join(";\n") + ";";
    let source = JAVA.replace("IMPORTS", &java::imports(&calls)).replace("CALLS", &lines);
    expect_as_the_table_says(&table, &java::run_source(folder.path(), "Styles.java", &source, Path::new("-")));
}

#[test]
fn python_clients_write_parameters_as_the_table_says() {
    clients_write_as_the_table_says(SdkLanguage::Python, "python3", &["-c"], PYTHON);
}

#[test]
fn typescript_clients_write_parameters_as_the_table_says() {
    clients_write_as_the_table_says(SdkLanguage::TypeScript, "node", &["--input-type=module", "-e"], NODE);
}
