//! Media types of bodies and of the parts of forms, as clients choose them, and queries as one value: the same calls in
//! each language print the same lines.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use apigw::share::sdk::SdkLanguage;

use crate::corpus::CorpusDefinition;
use crate::java::{compile_packages, run_source};
use crate::served::{Served, write_packages};
use crate::tools::has_tool;
use crate::{run, text};

const DEFINITION: &str = "\
openapi: 3.2.0
info: {title: Bodies, version: '1'}
paths:
  /form: {post: {operationId: form, requestBody: {content: {multipart/form-data: {schema: {type: object, properties: {f: {type: string, format: binary}, r: {type: string, format: binary}, o: {type: object, properties: {a: {type: integer}}}}}, encoding: {f: {contentType: 'image/png, image/jpeg'}, r: {contentType: image/*}, o: {contentType: 'application/xml, application/json'}}}}}, responses: {'200': {$ref: '#/components/responses/R'}}}}
  /file: {post: {operationId: file, requestBody: {content: {'*/*': {schema: {type: string, format: binary}}, image/png: {schema: {type: string, format: binary}}}}, responses: {'200': {$ref: '#/components/responses/R'}}}}
  /patch: {post: {operationId: patch, requestBody: {content: {application/merge-patch+json: {schema: {type: object, properties: {a: {type: integer}}}}, application/json-patch+json: {schema: {type: array, items: {type: object, properties: {op: {type: string}}}}}}}, responses: {'200': {$ref: '#/components/responses/R'}}}}
  /seq: {post: {operationId: seq, requestBody: {content: {application/json-seq: {itemSchema: {type: object, properties: {n: {type: integer}}}}}}, responses: {'200': {$ref: '#/components/responses/R'}}}}
  /records: {get: {operationId: records, parameters: [{name: a, in: query, schema: {type: string}}], responses: {'200': {description: d, content: {application/json-seq: {itemSchema: {type: object, properties: {n: {type: integer}}}}}}}}}
  /geo: {post: {operationId: geo, requestBody: {content: {application/geo+json-seq: {itemSchema: {type: object, properties: {n: {type: integer}}}}}}, responses: {'200': {$ref: '#/components/responses/R'}}}}
  /lines: {post: {operationId: lines, requestBody: {content: {application/jsonl: {itemSchema: {type: object, properties: {n: {type: integer}}}}}}, responses: {'200': {$ref: '#/components/responses/R'}}}}
  /whole: {get: {operationId: whole, parameters: [{name: q, in: querystring, content: {application/json: {schema: {type: object, properties: {a: {type: integer}}}}}}], responses: {'200': {$ref: '#/components/responses/R'}}}}
  /find: {get: {operationId: find, parameters: [{name: q, in: querystring, content: {application/x-www-form-urlencoded: {schema: {type: object, properties: {a: {type: string}, l: {type: array, items: {type: string}}}}}}}], responses: {'200': {$ref: '#/components/responses/R'}}}}
components: {responses: {R: {description: d, content: {text/plain: {schema: {type: string}}}}}}
";

/// The lines that each client prints: the media types of a form's parts, or those of a body with what was sent.
const EXPECTED: &str = "\
image/png
image/jpeg
image/gif
image/png
application/json
image/png x
application/octet-stream x
application/merge-patch+json {\"a\":1}
application/json-patch+json [{\"op\":\"add\"}]
application/merge-patch+json [{\"op\":\"add\"}]
application/json-seq RS{\"n\":1}|RS{\"n\":2}|
application/geo+json-seq RS{\"n\":1}|
application/jsonl {\"n\":1}|
/g0/whole?%7B%22a%22%3A1%7D
/g0/find?a=x&l=1&l=2
1 2 3 4
";

const PYTHON: &str = r#"
import sys
import g0_sdk
from g0_sdk import Upload

client = g0_sdk.Client(base_url=sys.argv[1], retries=0)
operations = [{"op": "add"}]
for response in (
    client.form({"f": b"x"}),
    client.form({"f": Upload(b"x", "a.JPG")}),
    client.form({"f": Upload(b"x", "a.png", "image/gif")}),
    client.form({"r": b"x"}),
    client.form({"o": {"a": 1}}),
    client.file(Upload(b"x", "a", "image/png")),
    client.file(b"x"),
    client.patch({"a": 1}),
    client.patch(operations),
    client.patch(operations, options={"content_type": "application/merge-patch+json"}),
    client.seq([{"n": 1}, {"n": 2}]),
    client.geo([{"n": 1}]),
    client.lines([{"n": 1}]),
    client.whole(q={"a": 1}),
    client.find(a="x", l=["1", "2"]),
):
    print(response.data)
print(*(item["n"] for item in client.records(a="x").data))
"#;

const NODE: &str = r#"
const { Client, Upload } = await import(`${process.cwd()}/g0/index.js`);
const client = new Client({ baseUrl: process.argv.at(-1), retries: 0 });
const bytes = new Uint8Array([120]);
const body = [{ op: "add" }];
for (const response of [
  await client.form({ body: { f: bytes } }),
  await client.form({ body: { f: new Upload(bytes, "a.JPG") } }),
  await client.form({ body: { f: new Upload(bytes, "a.png", "image/gif") } }),
  await client.form({ body: { r: bytes } }),
  await client.form({ body: { o: { a: 1 } } }),
  await client.file({ body: new Blob(["x"], { type: "image/png" }) }),
  await client.file({ body: bytes }),
  await client.patch({ body: { a: 1 } }),
  await client.patch({ body }),
  await client.patch({ body }, { contentType: "application/merge-patch+json" }),
  await client.seq({ body: [{ n: 1 }, { n: 2 }] }),
  await client.geo({ body: [{ n: 1 }] }),
  await client.lines({ body: [{ n: 1 }] }),
  await client.whole({ q: { a: 1 } }),
  await client.find({ a: "x", l: ["1", "2"] }),
]) {
  console.log(response.data);
}
const items = [];
for await (const { n } of (await client.records({ a: "x" })).data) items.push(n);
console.log(...items);
// A part has the type of its blob where the definition takes it.
for (const [type, expected] of [["image/jpeg", "image/jpeg"], ["image/gif", "image/png"]]) {
  const { data } = await client.form({ body: { f: new Blob(["x"], { type }) } });
  if (data !== expected) console.log(type, data);
}
"#;

const JAVA: &str = r#"
import g0_sdk.Client;
import g0_sdk.ClientOptions;
import g0_sdk.Response;
import g0_sdk.Upload;
import g0_sdk.types.Form__Body;
import g0_sdk.types.Form__Body_O;
import g0_sdk.types.Geo__BodyItem;
import g0_sdk.types.Lines__BodyItem;
import g0_sdk.types.Patch__Body;
import g0_sdk.types.Patch__Body_Item;
import g0_sdk.types.Seq__BodyItem;
import g0_sdk.types.Whole__Q;
import java.util.List;

public final class Bodies {
    public static void main(String[] arguments) throws Exception {
        Client client = Client.at(arguments[0], new ClientOptions().retries(0));
        Upload file = Upload.of("x");
        var operations = List.of(new Patch__Body_Item().withOp("add"));
        for (Response<String> response : List.of(
                client.form().body(new Form__Body().withF(file)).send(),
                client.form().body(new Form__Body().withF(file.named("a.JPG"))).send(),
                client.form().body(new Form__Body().withF(file.named("a.png").as("image/gif"))).send(),
                client.form().body(new Form__Body().withR(file)).send(),
                client.form().body(new Form__Body().withO(new Form__Body_O().withA(1))).send(),
                client.file().body(file.as("image/png")).send(),
                client.file().body(file).send(),
                client.patch().body(new Patch__Body().withA(1)).send(),
                client.patch().body(operations).send(),
                client.patch().body(operations).contentType("application/merge-patch+json").send(),
                client.seq().body(List.of(new Seq__BodyItem().withN(1), new Seq__BodyItem().withN(2))).send(),
                client.geo().body(List.of(new Geo__BodyItem().withN(1))).send(),
                client.lines().body(List.of(new Lines__BodyItem().withN(1))).send(),
                client.whole().q(new Whole__Q().withA(1)).send(),
                client.find().a("x").l(List.of("1", "2")).send())) {
            System.out.println(response.data());
        }
        var items = client.records().a("x").send().data().stream().map(item -> item.n().get().toString());
        System.out.println(String.join(" ", items.toList()));
    }
}
"#;

/// Answers each request with the media types that it has.
fn start_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}/g0", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || while respond(&stream).is_some() {});
        }
    });
    address
}

/// Responds to the next request of a connection; `None` at its end.
fn respond(mut stream: &TcpStream) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let head: Vec<String> = reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let field = |name: &str| {
        let mut pairs = head.iter().filter_map(|line| line.split_once(':'));
        pairs.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    };
    let target = head.first()?.split(' ').nth(1).filter(|target| target.contains('?'));
    let media_type = field("content-type").unwrap_or_default();
    let mut body = Vec::new();
    match field("content-length").or_else(|| target.map(|_| "0".to_owned())) {
        Some(length) => {
            reader.take(length.parse().ok()?).read_to_end(&mut body).ok()?;
        }
        None => loop {
            let mut size = String::new();
            reader.read_line(&mut size).ok()?;
            let size = u64::from_str_radix(size.trim(), 16).ok()?;
            reader.by_ref().take(size).read_to_end(&mut body).ok()?;
            reader.read_line(&mut String::new()).ok()?;
            if size == 0 {
                break;
            }
        },
    }
    let body = String::from_utf8(body).ok()?;
    if target.is_some_and(|target| target.starts_with("/g0/records")) {
        // An item of several lines, two in one line, and one that ends with the body.
        let body = "\u{1e}{\"n\":\n1}\n\u{1e}{\"n\":2}\u{1e}{\"n\":3}\n\u{1e}{\"n\":4}";
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json-seq\r\ncontent-length";
        return write!(stream, "{head}: {}\r\n\r\n{body}", body.len()).ok();
    }
    let said = if let Some(target) = target {
        target.to_owned()
    } else if media_type.starts_with("multipart/") {
        body.lines().find_map(|line| line.strip_prefix("Content-Type: ")).unwrap_or("none").to_owned()
    } else {
        format!("{media_type} {}", body.replace('\u{1e}', "RS").replace('\n', "|"))
    };
    let response =
        format!("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n{said}", said.len());
    stream.write_all(response.as_bytes()).ok()
}

fn served() -> Served {
    let mut fetch = |file: &str| Ok((file == "openapi.yaml").then(|| Arc::from(DEFINITION.as_bytes())));
    let definition = apigw::definition::read("g", &mut fetch).definition.expect("a definition");
    Served::of(vec![CorpusDefinition { origin: "bodies".to_owned(), definition }])
}

fn expect_lines(output: &Output) {
    assert_eq!(String::from_utf8_lossy(&output.stdout).replace("\": ", "\":"), EXPECTED, "{}", text(output));
}

fn clients_print_the_lines(language: SdkLanguage, program: &str, flags: &[&str], script: &str) {
    if !has_tool(program, "bodies of generated clients") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    write_packages(&served(), language, folder.path());
    let mut command = Command::new(program);
    expect_lines(&run(command.args(flags).arg(script).arg(start_server()).current_dir(folder.path())));
}

#[test]
fn python_clients_send_bodies_in_the_types_that_are_declared() {
    clients_print_the_lines(SdkLanguage::Python, "python3", &["-c"], PYTHON);
}

#[test]
fn typescript_clients_send_bodies_in_the_types_that_are_declared() {
    clients_print_the_lines(SdkLanguage::TypeScript, "node", &["--input-type=module", "-e"], NODE);
}

#[test]
fn java_clients_send_bodies_in_the_types_that_are_declared() {
    if !has_tool("javac", "bodies of generated Java clients") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    compile_packages(&served(), folder.path());
    expect_lines(&run_source(folder.path(), "Bodies.java", JAVA, Path::new(&start_server())));
}
