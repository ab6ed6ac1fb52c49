//! With `-o json` and `-o yaml`, each command prints one document, in success and in failure, and it is the one that
//! `apigw schema output-<command>` describes.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::harness::{Outcome, Sandbox};
use crate::serving::Serving;

/// A sandbox whose commands' documents are validated.
struct Validated {
    sandbox: Sandbox,
    schemas: RefCell<BTreeMap<String, Value>>,
    failures: RefCell<Vec<String>>,
    /// The commands that printed their document.
    printed: RefCell<BTreeSet<String>>,
}

impl Validated {
    fn new() -> Self {
        let sandbox = Sandbox::empty();
        Self { sandbox, schemas: RefCell::default(), failures: RefCell::default(), printed: RefCell::default() }
    }

    /// Runs a command, and validates all that it prints.
    fn run(&self, kind: &str, exit: i32, words: &str) -> Value {
        let outcome = self.sandbox.run(&format!("-o json {words}"));
        let (stdout, stderr) = self.documents(kind, exit, words, &outcome, |text| {
            serde_json::from_str(text).map_err(|error| error.to_string())
        });
        stdout.or(stderr).unwrap_or_default()
    }

    /// Runs a command that changes nothing in both formats, which say the same.
    fn read(&self, kind: &str, exit: i32, words: &str) -> Value {
        let json = self.run(kind, exit, words);
        let outcome = self.sandbox.run(&format!("-o yaml {words}"));
        let (stdout, stderr) = self.documents(kind, exit, words, &outcome, |text| {
            serde_saphyr::from_str(text).map_err(|error| error.to_string())
        });
        let mut yaml = stdout.or(stderr).unwrap_or_default();
        let mut same = json.clone();
        for document in [&mut yaml, &mut same] {
            if let Some(fields) = document.as_object_mut() {
                fields.remove("time_ms");
                // A gateway that is started for a call gives its response a date.
                fields.remove("headers");
            }
        }
        if yaml != same {
            self.failures.borrow_mut().push(format!("{words}: YAML says something else: {yaml:#}\n{same:#}"));
        }
        json
    }

    /// Reads what stands on both streams, and notes all that is wrong with it.
    fn documents(
        &self,
        kind: &str,
        exit: i32,
        words: &str,
        outcome: &Outcome,
        parse: impl Fn(&str) -> Result<Value, String>,
    ) -> (Option<Value>, Option<Value>) {
        let Outcome { stdout, stderr, .. } = outcome;
        let fail = |why: &str| {
            let failure = format!("{words}: {why}\nexit {}\nstdout:\n{stdout}\nstderr:\n{stderr}", outcome.exit);
            self.failures.borrow_mut().push(failure);
        };
        if outcome.exit != exit {
            fail(&format!("exit {exit} was expected"));
        }
        let document = |text: &str, kind: &str| {
            if text.is_empty() {
                return None;
            }
            let document = parse(text).map_err(|error| fail(&format!("not one document: {error}"))).ok()?;
            for error in self.errors(kind, &document) {
                fail(&format!("no {kind}: {error}"));
            }
            if document["schema"] != 1 && !document["$schema"].is_string() {
                fail("without a schema");
            }
            Some(document)
        };
        let documents = (document(stdout, kind), document(stderr, "error"));
        match &documents {
            (None, None) => fail("nothing was printed"),
            (Some(_), None) if exit == 64 => fail("wrong usage without an error"),
            (_, Some(error)) if error["error"]["exit"] != exit => fail("the error has another exit code"),
            _ => {}
        }
        if documents.0.is_some() {
            self.printed.borrow_mut().insert(kind.to_owned());
        }
        documents
    }

    /// Notes a value that is another one than was expected.
    #[track_caller]
    fn equal(&self, value: &Value, expected: &Value) {
        if value != expected {
            let place = std::panic::Location::caller();
            self.failures.borrow_mut().push(format!("{place}: {value} instead of {expected}"));
        }
    }

    /// Fails where anything was wrong.
    fn finish(self) {
        let failures = self.failures.into_inner();
        assert!(failures.is_empty(), "{} failures:\n\n{}", failures.len(), failures.join("\n\n"));
    }

    /// Validates a document, and refuses fields that its schema does not name.
    fn errors(&self, kind: &str, document: &Value) -> Vec<String> {
        let mut schemas = self.schemas.borrow_mut();
        let schema = schemas.entry(kind.to_owned()).or_insert_with(|| {
            let mut schema = self.sandbox.run(&format!("schema output-{kind}")).expect_exit(0).json();
            if kind != "schema" {
                close(&mut schema);
            }
            schema
        });
        let validator = jsonschema::validator_for(schema).expect("a schema");
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }
}

/// Refuses unknown fields in every object of a schema. The parts of a choice at the root leave that to the root.
fn close(schema: &mut Value) {
    let reference = |part: &Value| Some(part["$ref"].as_str()?.trim_start_matches("#/$defs/").to_owned());
    let parts: Vec<String> = schema["anyOf"].as_array().into_iter().flatten().filter_map(reference).collect();
    let fields = |part: &mut Value| {
        let properties = part.get_mut("properties").and_then(Value::as_object_mut);
        properties.into_iter().flatten().for_each(|(_, field)| close_below(field));
    };
    let definitions = schema.get_mut("$defs").and_then(Value::as_object_mut);
    for (name, definition) in definitions.into_iter().flatten() {
        if parts.contains(name) { fields(definition) } else { close_below(definition) }
    }
    schema.get_mut("anyOf").and_then(Value::as_array_mut).into_iter().flatten().for_each(fields);
    fields(schema);
    schema["unevaluatedProperties"] = json!(false);
}

fn close_below(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.values_mut().for_each(close_below);
            if fields.contains_key("properties") && !fields.contains_key("additionalProperties") {
                fields.insert("additionalProperties".to_owned(), json!(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close_below),
        _ => {}
    }
}

const CATS: &str = "openapi: 3.0.3\ninfo: {title: Cats, version: '1'}\npaths:\n  /cats:\n    get:\n      operationId: listCats\n      \
                    responses:\n        '200': {description: d}\n";

#[test]
fn every_command_prints_the_document_of_its_schema() {
    let validated = Validated::new();
    working_copies(&validated);
    versions(&validated);
    changes(&validated);
    plans(&validated);
    views(&validated);
    access(&validated);
    exports(&validated);
    pushes(&validated);
    nodes(&validated);
    merges(&validated);
    others(&validated);
    let names = validated.read("schema", 0, "schema");
    let names = names["names"].as_array().expect("names").iter().filter_map(|each| each["name"].as_str());
    let mut expected: BTreeSet<String> =
        names.filter_map(|name| Some(name.strip_prefix("output-")?.to_owned())).collect();
    // It stands on stderr, and that of `serve` is read where one is started.
    expected.remove("error");
    expected.remove("serve");
    let printed = validated.printed.take();
    validated.finish();
    assert_eq!(printed, expected);
}

fn working_copies(validated: &Validated) {
    validated.read("status", 3, "status");
    validated.run("init", 0, "init --example petstore");
    validated.run("init", 4, "init");
    validated.run("init", 64, "init --example unknown");
    validated.run("group-create", 0, "group create orders --prefix /orders");
    validated.run("group-create", 4, "group create orders");
    validated.run("group-create", 3, "group create No_Name");
    validated.sandbox.write("cats.yaml", CATS);
    validated.equal(&validated.run("group-import", 0, "group import cats cats.yaml")["apis"], &json!(1));
    validated.run("group-import", 0, "group import cats cats.yaml");
    validated.sandbox.write("bad.yaml", "openapi: 3.0.3\npaths: []\n");
    let refused = validated.run("group-import", 3, "group import cats bad.yaml");
    validated.equal(&json!(!refused["error"]["findings"].as_array().expect("findings").is_empty()), &json!(true));
    validated.run("group-import", 3, "group import cats missing.yaml");
    validated.read("group-list", 0, "group list");
    validated.read("group-show", 0, "group show petstore");
    validated.read("group-show", 3, "group show nobody");
    validated.equal(&validated.run("group-set", 0, "group set petstore description=Pets")["changed"], &json!(true));
    validated.equal(&validated.run("group-set", 0, "group set petstore description=Pets")["changed"], &json!(false));
    validated.run("group-set", 3, "group set petstore nonsense=1");
    validated.run("group-set", 64, "group set petstore description");
    let added = validated.run("api-add", 0, "api add petstore GET /owners --operation-id listOwners");
    validated.equal(&added["file"], &json!("groups/petstore/openapi.yaml"));
    validated.run("api-add", 4, "api add petstore GET /owners");
    validated.run("api-add", 3, "api add petstore GET owners");
    validated.read("api-list", 0, "api list petstore");
    let shown = validated.read("api-show", 0, "api show petstore getPet");
    validated.equal(&shown["operation_id"], &shown["operationId"]);
    validated.equal(&shown["constant_result"]["media_type"], &shown["constantResult"]["mediaType"]);
    validated.read("api-show", 0, "api show petstore listOwners");
    validated.read("api-show", 3, "api show petstore nothing");
    validated.run("api-remove", 0, "api remove petstore GET /owners");
    validated.run("api-remove", 3, "api remove petstore GET /owners");
    validated.read("check", 3, "check");
    validated.read("check", 0, "check petstore");
    validated.read("check", 0, "check --explain list");
    validated.read("check", 0, "check --explain formats");
    let rules = validated.run("check", 0, "check --explain list");
    validated.read("check", 0, &format!("check --explain {}", rules["rules"][0]["rule"].as_str().expect("a rule")));
    validated.read("check", 3, "check --explain nonsense");
    validated.sandbox.write("groups/cats/group.yaml", "prefix: [\n");
    validated.read("check", 3, "check");
    validated.read("group-list", 3, "group list");
    validated.run("group-delete", 5, "group delete cats");
    validated.run("group-delete", 0, "group delete cats --yes");
    validated.run("group-delete", 0, "group delete orders --yes");
    validated.run("group-delete", 3, "group delete cats --yes");
}

fn versions(validated: &Validated) {
    validated.read("version-list", 0, "version list petstore");
    validated.equal(&validated.run("version-create", 0, "version create petstore")["created"], &json!(true));
    validated.equal(&validated.run("version-create", 0, "version create petstore")["created"], &json!(false));
    validated.run("version-bump", 0, "version bump petstore patch");
    validated.run("version-bump", 4, "version bump petstore 0.0.1");
    validated.run("version-bump", 3, "version bump petstore nonsense");
    validated.run("version-bump", 0, "version bump petstore auto");
    validated.run("version-create", 0, "version create petstore");
    validated.run("version-delete", 0, "version delete petstore 0.0.2");
    validated.run("version-delete", 3, "version delete petstore 0.0.2");
    validated.read("prune", 0, "prune --dry-run");
    validated.run("prune", 0, "prune");
    validated.run("prune", 3, "prune nobody");
    validated.run("version-block", 64, "version block petstore 0.0.1");
    validated.run("version-block", 0, "version block petstore 0.0.1 -m bad");
    validated.run("version-block", 0, "version block petstore 0.0.1 -m bad");
    validated.read("version-list", 0, "version list petstore");
    validated.run("version-unblock", 0, "version unblock petstore 0.0.1 -m mended");
    validated.run("version-unblock", 0, "version unblock petstore 0.0.1 -m mended");
    validated.read("version-show", 0, "version show petstore 0.0.1");
    validated.read("version-show", 3, "version show petstore 9.9.9");
}

fn changes(validated: &Validated) {
    let publish = "publish petstore --env test --mock --version 0.0.1";
    validated.run("publish", 0, &format!("{publish} --dry-run"));
    validated.run("publish", 2, &format!("{publish} --dry-run --detailed-exitcode"));
    let published = validated.run("publish", 0, publish);
    let unchanged = validated.run("publish", 0, publish);
    validated.equal(&unchanged["unchanged"], &json!(["petstore"]));
    validated.run("publish", 5, "publish petstore --env online --mock");
    validated.run("publish", 64, "publish");
    validated.run("publish", 3, "publish petstore --env nowhere --mock");
    validated.run("publish", 1, "publish petstore --env test --mock --bump patch --wait=10ms");
    validated.run("switch", 0, "switch petstore --env test --version 0.0.1");
    validated.run("switch", 0, "switch petstore --env test --previous --dry-run");
    validated.run("switch", 3, "switch petstore --env online --version 0.0.1");
    validated.run("rollback", 0, "rollback petstore --env test");
    validated.run("rollback", 3, "rollback petstore --env online");
    validated.run("promote", 0, "promote petstore --from test --to pre-release");
    validated.run("promote", 0, "promote petstore --from test --to pre-release");
    validated.run("promote", 3, "promote petstore --from online --to test");
    validated.run("undo", 0, "undo --env test --dry-run");
    validated.run("undo", 0, "undo --env test");
    let id = published["operation"].as_str().expect("an operation");
    validated.run("undo", 4, &format!("undo {id} --env test"));
    validated.run("undo", 3, "undo nothing --env test");
    validated.run("offline", 0, "offline petstore --env pre-release --dry-run");
    validated.run("offline", 0, "offline petstore --env pre-release");
    validated.run("offline", 0, "offline petstore --env pre-release");
    validated.run("version-block", 0, "version block petstore 0.0.1 -m bad");
    validated.run("version-unblock", 0, "version unblock petstore 0.0.1 -m mended");
    validated.run("version-delete", 4, "version delete petstore 0.0.1");
    validated.run("group-delete", 4, "group delete petstore --yes");
}

/// A change that the policy refuses is shown, beside the error.
#[test]
fn a_refused_plan_is_one_document_and_its_error_another() {
    let validated = Validated::new();
    validated.run("init", 0, "init --example petstore");
    let settings = validated.sandbox.read("apigw.toml");
    validated
        .sandbox
        .write("apigw.toml", &settings.replace("[environments.test]", "[environments.test]\nbreaking = \"deny\""));
    validated.run("publish", 0, "publish petstore --env test --mock");
    validated.run("offline", 5, "offline petstore --env test");
    validated.equal(&json!(validated.printed.borrow().contains("offline")), &json!(true));
    validated.run("offline", 64, "offline petstore --env test --allow-breaking");
    let done = validated.run("offline", 0, "offline petstore --env test --allow-breaking -m gone");
    validated.equal(&done["override"], &json!(["breaking"]));
    validated.finish();
}

/// The access log, which goes to stdout else, does not stand behind the document.
#[test]
fn a_gateway_prints_one_document_as_it_begins_to_serve() {
    let validated = Validated::new();
    validated.run("init", 0, "init --example petstore");
    validated.run("publish", 0, "publish petstore --env test --mock");
    let serving = Serving::start_into(&validated.sandbox, "out.json", "-o json serve --env test --listen 127.0.0.1:0");
    serving.get("/petstore/pets");
    serving.wait_to_hear("\"status\":");
    let address = serving.address.clone();
    serving.kill();
    let document: Value = serde_json::from_str(&validated.sandbox.read("out.json")).expect("one document");
    assert_eq!(validated.errors("serve", &document), Vec::<String>::new());
    assert_eq!(document["listening"], json!([format!("http://{address}")]));
    validated.finish();
}

fn plans(validated: &Validated) {
    let plan = "schema: 1\nenvironment: pre-release\nsteps:\n  - publish: {groups: [petstore], version: \"0.0.1\", mock: true}\n";
    validated.sandbox.write("release.yaml", plan);
    validated.run("plan", 0, "plan release.yaml");
    validated.run("plan", 2, "plan release.yaml --detailed-exitcode");
    validated.equal(
        &json!(validated.run("plan", 0, "plan release.yaml --out bound.yaml")["file"].is_string()),
        &json!(true),
    );
    validated.read("plan", 3, "plan missing.yaml");
    validated.run("apply", 0, "apply bound.yaml --dry-run");
    validated.run("apply", 4, "apply bound.yaml --env test");
    validated.run("apply", 0, "apply release.yaml");
    validated.run("apply", 0, "apply release.yaml");
    validated.run("publish", 0, "publish petstore --env pre-release --mock");
    validated.run("apply", 4, "apply bound.yaml");
    validated.sandbox.write("release.yaml", "schema: 1\nsteps: 1\n");
    validated.run("apply", 3, "apply release.yaml");
}

fn views(validated: &Validated) {
    validated.read("status", 0, "status");
    validated.read("status", 0, "status petstore --env test");
    validated.read("status", 3, "status nobody");
    validated.read("status", 0, "status --fleet");
    validated.read("status", 1, "status --fleet --control http://127.0.0.1:1");
    let history = validated.read("history", 0, "history");
    validated.read("history", 0, "history petstore -n 2");
    let id = history["operations"][0]["operation"].as_str().expect("an operation").to_owned();
    validated.read("show", 0, &format!("show {id}"));
    validated.read("show", 3, "show ffffffff");
    validated.read("diff", 0, "diff petstore petstore@test");
    validated.read("diff", 0, "diff @test @pre-release");
    validated.read("diff", 2, "diff @test @pre-release --detailed-exitcode");
    validated.read("diff", 0, "diff --explain list");
    validated.read("diff", 0, "diff --explain api-removed");
    validated.read("diff", 3, "diff --explain nonsense");
    validated.read("diff", 64, "diff petstore");
    validated.read("docs", 64, "docs --all");
    validated.run("docs", 0, "docs --all --out public");
    validated.read("docs", 0, "docs --all --out public --check");
    validated.read("docs", 3, "docs nobody --all --out public");
    validated.run("docs", 0, "docs petstore --version 0.0.1 --out preview");
    validated.read("docs", 64, "docs --version 0.0.1 --all --out preview");
    validated.read("routes", 0, "routes --env test");
    validated.read("routes", 0, "routes petstore");
    validated.read("routes", 3, "routes nobody");
    validated.run("sdk", 2, "sdk --env test --language python --out sdk --check");
    validated.run("sdk", 0, "sdk petstore --env test --language python,typescript,java --out sdk");
    validated.run("sdk", 0, "sdk petstore --env test --language python,typescript,java --out sdk --check");
    validated.run("sdk", 3, "sdk petstore --version 9.9.9 --language python --out sdk");
    validated.read("call", 0, "call petstore getPet --env test petId=1");
    validated.read("call", 3, "call petstore nothing --env test");
    validated.read("call", 1, "call petstore getPet --env test petId=1 --url http://127.0.0.1:9");
    validated.read("verify", 0, "verify");
    let place = "deployments/test.yaml";
    let text = validated.sandbox.read(place);
    validated.sandbox.write(place, &text.replace("state: live", "state: offline"));
    validated.read("verify", 3, "verify");
    validated.read("status", 3, "status");
    let settings = validated.sandbox.read("apigw.toml");
    let denied = settings.replace("[environments.test]", "[environments.test]\nbreaking = \"deny\"");
    validated.sandbox.write("apigw.toml", &denied);
    validated.run("verify", 5, "verify --repair");
    validated.sandbox.write("apigw.toml", &settings);
    validated.run("verify", 0, "verify --repair -m mended");
    validated.run("verify", 0, "verify --repair");
    validated.run("switch", 3, "switch petstore --env test --version 0.0.1 --if-current ffffffff");
}

fn access(validated: &Validated) {
    validated.read("key-list", 0, "key list");
    validated.read("access-list", 0, "access list");
    let made = validated.run("key-create", 0, "key create ci --kind signature --owner web --to .apigw/ci.secret");
    validated.equal(&made["file"], &json!(".apigw/ci.secret"));
    validated.run("key-create", 4, "key create ci --kind signature --to .apigw/other.secret");
    validated.run("key-create", 64, "key create other --kind signature");
    validated.run("key-rotate", 0, "key rotate ci --to .apigw/ci.second");
    validated.run("key-rotate", 4, "key rotate ci --to .apigw/ci.third");
    validated.run("key-limit", 0, "key limit ci 60/minute 1000/day");
    validated.run("access-grant", 0, "access grant ci petstore --env test --api listPets");
    validated.run("access-grant", 0, "access grant ci petstore --env test --api listPets");
    validated.run("access-grant", 0, "access grant owner:web petstore --env online -y");
    validated.run("access-grant", 3, "access grant nobody petstore --env test");
    validated.read("access-list", 0, "access list");
    validated.read("access-test", 0, "access test ci petstore listPets --env pre-release");
    validated.read("access-test", 5, "access test ci petstore listPets --env online");
    validated.read("key-list", 0, "key list");
    validated.read("key-show", 0, "key show ci");
    validated.read("key-show", 3, "key show nobody");
    validated.run("sign", 0, "sign GET http://127.0.0.1/petstore/pets --key ci");
    validated.run("sign", 3, "sign GET http://127.0.0.1/petstore/pets --key nobody");
    let history = validated.read("history", 0, "history --access");
    let newest = &history["operations"][0];
    validated.equal(&newest["state_after"]["owner"]["grants"][0]["group"], &json!("petstore"));
    validated.equal(&newest["state_before"], &json!(null));
    validated.read("show", 0, &format!("show {}", newest["operation"].as_str().expect("an id")));
    validated.run("undo", 0, "undo --access --dry-run");
    validated.run("undo", 0, "undo --access -y");
    validated.run("access-revoke", 0, "access revoke ci petstore --env test");
    validated.run("access-revoke", 3, "access revoke ci petstore --env test");
    validated.run("key-revoke", 0, "key revoke ci");
    validated.run("key-revoke", 0, "key revoke ci");
    validated.run("undo", 5, "undo --access");
    let text = validated.sandbox.read("keys/ci.yaml");
    validated.sandbox.write("keys/ci.yaml", &text.replace("kind: signature", "kind: magic"));
    for (kind, words) in [("key-list", "key list"), ("access-list", "access list"), ("verify", "verify")] {
        validated.read(kind, 3, words);
    }
    validated.sandbox.write("keys/ci.yaml", &text);
}

fn merges(validated: &Validated) {
    validated.run("resolve", 0, "resolve --env test");
    validated.run("resolve", 3, "resolve --env nowhere");
    validated.run("resolve", 64, "resolve --env test --drop ffffffff");
    validated.run("resolve", 0, "resolve --access");
    validated.run("resolve", 3, "resolve --access nobody");
    let file = validated.sandbox.read("deployments/test.yaml");
    for name in ["base.yaml", "ours.yaml", "theirs.yaml"] {
        validated.sandbox.write(name, &file);
    }
    validated.run("merge-driver", 0, "merge-driver base.yaml ours.yaml theirs.yaml");
    validated.run("merge-driver", 3, "merge-driver --install");
    validated.run("merge-driver", 64, "merge-driver base.yaml");
}

fn others(validated: &Validated) {
    validated.read("schema", 0, "schema plan");
    validated.read("schema", 0, "schema output-publish");
    validated.read("schema", 64, "schema nonsense");
    for shell in ["bash", "zsh", "fish", "powershell"] {
        validated.read("completions", 0, &format!("completions {shell}"));
    }
    validated.read("completions", 64, "completions csh");
    validated.read("man", 0, "man group set");
    validated.read("man", 0, "man plans");
    validated.read("man", 64, "man nonsense");
    validated.read("help", 0, "help publish");
    validated.read("help", 0, "help plans");
    validated.read("help", 64, "help nonsense");
    validated.read("error", 64, "nonsense");
}

fn pushes(validated: &Validated) {
    validated.run("push", 0, "push --make-key .apigw/push.pem");
    validated.run("push", 4, "push --make-key .apigw/push.pem");
    validated.run("push", 0, "push .apigw/state --key .apigw/push.pem --dry-run");
    validated.run("push", 0, "push .apigw/state --key .apigw/push.pem");
    validated.read("push", 0, "push .apigw/state --key .apigw/push.pem");
    validated.read("push", 0, "push .apigw/state --key .apigw/push.pem --repair");
    validated.read("push", 0, "push .apigw/state --key .apigw/push.pem --prune --older-than 0s --dry-run");
    validated.read("push", 64, "push .apigw/state --key .apigw/push.pem --prune --keep 0");
    validated.read("push", 3, "push .apigw/state --key .apigw/nonsense.pem");
    validated.read("push", 3, "push groups --key .apigw/push.pem");
    validated.read("push", 64, "push");
}

fn exports(validated: &Validated) {
    validated.read("export", 5, "export envoy --env test --out exported");
    validated.run("export", 0, "export envoy --env test --out exported --allow-empty");
    validated.read("export", 0, "export envoy --env test --out exported --check --allow-empty");
    validated.run("export", 2, "export envoy --env test --out missing --check --allow-empty");
    validated.read("export", 3, "export envoy --env nonsense --out exported");
    validated.read("export", 3, "export envoy --env test --out groups --allow-empty");
    validated.read("export", 64, "export nonsense --env test --out exported");
    validated.read("export", 0, "export envoy --env test --bootstrap --node edge-1 --control 127.0.0.1:18000");
    validated.read("export", 64, "export nginx --env test --bootstrap --node edge-1 --control 127.0.0.1:18000");
}

fn nodes(validated: &Validated) {
    let time = "2026-01-01T00:00:00.000Z";
    let node = json!({"node": "edge-1", "listen": "127.0.0.1:80", "joined": time, "seen": time, "since": time, "listens": true,
        "serves": null, "trouble": null, "kinds": []});
    let record = json!({"schema": 1, "environment": "test", "time": time, "release": null, "releases": [], "nodes": [node],
        "refused_polls": [], "release_clusters": {}, "node_clusters": {}, "clusters": {}});
    validated.sandbox.write(".apigw/fleet/test.json", &record.to_string());
    validated.run("node-forget", 0, "node forget edge-1 --env test");
    validated.read("node-forget", 3, "node forget edge-1 --env test");
    validated.read("node-forget", 64, "node forget --env test");
}
