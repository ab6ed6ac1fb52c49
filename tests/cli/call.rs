//! `apigw call`: the request that a definition describes, and what a gateway answers to it.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use crate::harness::{Sandbox, isolate};
use crate::serving::Serving;

/// Answers one request with these bytes, and returns what it was and where to send it.
fn backend(answer: &'static [u8]) -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let received = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut bytes = Vec::new();
        let mut space = [0; 4096];
        while !bytes.windows(4).any(|window| window == b"\r\n\r\n") {
            let count = stream.read(&mut space).expect("a request");
            bytes.extend_from_slice(&space[..count]);
        }
        stream.write_all(answer).expect("an answer");
        String::from_utf8_lossy(&bytes).into_owned()
    });
    (url, received)
}

#[test]
fn a_mock_is_called_without_a_gateway_that_runs() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    let outcome = sandbox.run("call getPet --env test petId=1").expect_exit(0);
    assert_eq!(outcome.stdout, r#"{"id":1,"name":"Bello","species":"dog"}"#, "the body alone is data");
    for part in
        ["GET http://petstore.test.apigw.localhost/petstore/pets/1\n", "200 OK in ", "content-type: application/json\n"]
    {
        assert!(outcome.stderr.contains(part), "{}", outcome.stderr);
    }
    for words in [
        "call petstore listPets --env test limit=5",
        "call GET /pets --env test query.limit=5",
        "call petstore get /pets/{petId} --env test petId=7 --header Prefer:example=cat",
    ] {
        sandbox.run(words).expect_exit(0);
    }
    let pet = r#"{"name": "Rex", "species": "dog"}"#;
    sandbox.write("pet.json", pet);
    for body in [pet, "@pet.json"] {
        sandbox.run_words(&["call", "addPet", "--env", "test", "--body", body]).expect_exit(0);
    }
    let json = sandbox.run("-o json call getPet --env test petId=2 -H Authorization:hush").expect_exit(0);
    assert!(!json.stdout.contains("hush") && !json.stderr.contains("hush"), "a secret is shown: {}", json.stdout);
    for header in ["Cookie:a=hush", "Proxy-Authorization:hush", "X-Api-Token:hush"] {
        let shown = sandbox.run(&format!("-o json call getPet --env test petId=2 -H {header}")).expect_exit(0).json();
        assert_eq!(shown["request"]["headers"][0]["value"], "***", "{header}");
    }
    let json = json.json();
    assert_eq!((&json["status"], &json["schema"]), (&200.into(), &1.into()));
    assert_eq!(json["request"]["url"], "http://petstore.test.apigw.localhost/petstore/pets/2");
    assert_eq!(json["request"]["headers"][0]["value"], "***");
    assert_eq!(json["body"], r#"{"id":1,"name":"Bello","species":"dog"}"#);
    assert!(json["time_ms"].as_f64().is_some_and(|time| time > 0.0));
}

#[test]
fn what_does_not_follow_the_definition_is_not_sent() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    for (words, parts) in [
        ("call getPets --env test", &["did you mean \"getPet\"?"][..]),
        ("call getPet --env test", &["path.petId: is missing", "petId (path, required)"]),
        ("call getPet --env test petId=0", &["path.petId: 0 is less than the minimum of 1", "--no-check"]),
        ("call getPet --env test petid=1", &["no parameter \"petid\"; did you mean \"petId\"?"]),
        ("call listPets --env test limit=many", &["query.limit: \"many\" is not of type \"integer\""]),
        ("call addPet --env test", &["body: is missing"]),
        // Nothing comes on stdin here.
        ("call addPet --env test --body -", &["body: is missing"]),
        ("call addPet --env test --body @-", &["body: is missing"]),
        ("call addPet --env test --body {\"name\":\"x\"}", &["body: \"species\" is a required property"]),
        ("call getPet --env test petId=1 -H Content-Length:5", &["content-length follows from the body"]),
        ("call getPet --env test petId=1 -H Transfer-Encoding:chunked", &["transfer-encoding follows from the body"]),
        ("call listPets --env test --body x", &["body: the API takes none"]),
        ("call listPets --env tset", &["did you mean \"test\"?"]),
        (
            "call listPets --env online",
            &["petstore was never published to online", "apigw publish petstore --env online"],
        ),
    ] {
        let outcome = sandbox.run(words).expect_exit(3);
        for part in parts {
            assert!(outcome.stderr.contains(part), "{words}: {}", outcome.stderr);
        }
    }
    sandbox.run("call getPet petId --env test").expect_exit(3);
    sandbox.run("call getPet --env test petId=1 --url http://127.0.0.1:1/x").expect_exit(64);
    // Sent all the same, it is the gateway that refuses it; an answer of 400 is no success.
    let outcome = sandbox.run("call getPet --env test petId=0 other=1 --no-check").expect_exit(1);
    assert!(outcome.stdout.contains("INVALID_REQUEST"), "{}", outcome.stdout);
    let outcome = outcome.expect_stderr("/petstore/pets/0?other=1");
    outcome.expect_stderr("the response is 400 Bad Request");
    sandbox.run("offline --env test").expect_exit(0);
    sandbox.run("call listPets --env test").expect_exit(3).expect_stderr("petstore is offline in test");
}

#[test]
fn a_real_backend_is_called_through_the_gateway() {
    let sandbox = Sandbox::petstore();
    let (url, received) =
        backend(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 4\r\n\r\n\xff\xfe\xfd\xfc");
    sandbox.run_words(&["publish", "--env", "test", "--backend", &url]).expect_exit(0);
    let outcome = sandbox.run("-o json call getPet --env test petId=7 -H X-Trace:9").expect_exit(0);
    assert_eq!(outcome.json()["body_base64"], "//79/A==");
    let received = received.join().expect("a request").to_ascii_lowercase();
    assert!(received.starts_with("get /pets/7 ") && received.contains("x-trace: 9"), "{received}");
    // Nobody answers any more.
    sandbox.run("call getPet --env test petId=7").expect_exit(1).expect_stderr("the response is 503");
}

const SECRETS: &str = "openapi: 3.1.0
info: {title: t, version: '1'}
components: {securitySchemes: {k: {type: apiKey, in: query, name: pass}}}
paths:
  /a/{card}:
    put:
      operationId: pay
      parameters:
        - {name: card, in: path, required: true, schema: {type: string, format: password, maxLength: 9}}
        - {name: Pin, in: query, schema: {type: string, format: password, maxLength: 9}}
        - {name: pass, in: query, schema: {type: string, maxLength: 9}}
        - {name: deep, in: query, style: deepObject, schema: {type: object, format: password}}
        - {name: seen, in: cookie, schema: {type: string}}
      requestBody: {content: {application/json: {schema: {properties: {word: {type: string, format: password, maxLength: 9}}}}}}
      responses: {'200': {description: d}}
  /b: {get: {operationId: look, responses: {'200': {description: d}}}}
";

#[test]
fn what_the_definition_marks_as_a_secret_is_never_shown() {
    let sandbox = Sandbox::petstore();
    sandbox.write("groups/petstore/openapi.yaml", SECRETS);
    let (url, received) = backend(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    sandbox.run_words(&["publish", "--env", "test", "--backend", &url]).expect_exit(0);
    let call = "-o json call pay --env test card=hush-1 Pin=hush-2 pass=hush-3 deep={\"a\":\"hush-4\"} seen=1 -H Cookie:more=2";
    let outcome = sandbox.run(call).expect_exit(0);
    let shown = format!("{}{}", outcome.stdout, outcome.stderr);
    assert!(!shown.contains("hush"), "a secret is shown: {shown}");
    assert!(shown.contains("/petstore/a/***?Pin=***&pass=***&deep%5Ba%5D=***"), "{shown}");
    let received = received.join().expect("a request");
    assert!(received.starts_with("PUT /a/hush-1?Pin=hush-2&pass=hush-3&deep%5Ba%5D=hush-4 "), "{received}");
    let cookies: Vec<&str> = received.lines().filter(|line| line.to_ascii_lowercase().starts_with("cookie:")).collect();
    assert!(matches!(cookies.as_slice(), [one] if one.ends_with("seen=1; more=2")), "{cookies:?}");
    // Nor is it repeated where it is refused.
    for (words, place) in [
        ("card=hush-hush-1", "path.card: "),
        ("card=1 Pin=hush-hush-2", "query.Pin: "),
        ("card=1 pass=hush-hush-3", "query.pass: is not allowed by the definition"),
        ("card=1 --body {\"word\":\"hush-hush-4\"}", "body/word: "),
    ] {
        let outcome = sandbox.run(&format!("call pay --env test {words}")).expect_exit(3);
        assert!(outcome.stderr.contains(place) && !outcome.stderr.contains("hush-"), "{words}: {}", outcome.stderr);
    }
    for header in ["Authorization hush", "Authorization hush: a"] {
        let outcome = sandbox.run_words(&["call", "pay", "--env", "test", "card=1", "-H", header]);
        assert!(outcome.stderr.contains("\"Authorization\"") && !outcome.stderr.contains("hush"), "{}", outcome.stderr);
    }
    let outcome = sandbox.run("call look --env test pas=1").expect_exit(3);
    let outcome = outcome.expect_stderr("did you mean \"pass\"?");
    outcome.expect_stderr("it takes pass (query, a key)");
}

#[test]
fn a_gateway_that_runs_is_called_by_its_address() {
    let sandbox = Sandbox::petstore();
    sandbox.run("publish --env test --mock").expect_exit(0);
    sandbox.write("a.crt", crate::tls::SHOP_CERTIFICATE);
    sandbox.write("a.key", crate::tls::SHOP_KEY);
    let serving = Serving::start_with(&sandbox, "serve --listen http://127.0.0.1:0");
    let outcome =
        sandbox.run(&format!("call getPet --env test petId=1 --url http://{}", serving.address)).expect_exit(0);
    assert!(outcome.stdout.contains("Bello"));
    let address = serving.address.clone();
    serving.kill();
    let dead = format!("call getPet --env test petId=1 --url http://{address}");
    sandbox.run(&dead).expect_exit(1).expect_stderr("cannot connect to 127.0.0.1:");
    let serving = Serving::start_with(&sandbox, "serve --listen 127.0.0.1:0 --tls-cert a.crt --tls-key a.key");
    let secure = format!("call getPet --env test petId=1 --url https://{}", serving.address);
    sandbox.run(&secure).expect_exit(1).expect_stderr("cannot encrypt the connection");
    let outcome = sandbox.run(&format!("{secure} --ca a.crt")).expect_exit(0);
    assert!(outcome.stdout.contains("Bello"));
}

#[test]
fn a_shell_is_offered_apis_and_their_parameters() {
    let sandbox = Sandbox::petstore();
    let offered = |words: &str| {
        let words: Vec<&str> = words.split(' ').collect();
        let mut command = Command::new(env!("CARGO_BIN_EXE_apigw"));
        command.args(["--", "apigw"]).args(&words).current_dir(sandbox.path()).stdin(Stdio::null());
        isolate(&mut command, sandbox.path());
        command.env("COMPLETE", "bash").env("_CLAP_IFS", "\n").env("_CLAP_COMPLETE_INDEX", words.len().to_string());
        command.env("_CLAP_COMPLETE_COMP_TYPE", "9").env("_CLAP_COMPLETE_SPACE", "false");
        String::from_utf8(command.output().expect("it runs").stdout).expect("UTF-8")
    };
    for (words, expected) in [
        ("call petstore get", "getPet"),
        ("call list", "listPets"),
        ("call pet", "petstore"),
        ("call petstore getPet pe", "petId="),
        ("call GET /pets li", "limit="),
    ] {
        assert_eq!(offered(words).trim(), expected, "{words}");
    }
}

#[test]
fn a_form_is_written_as_the_definition_says() {
    let sandbox = Sandbox::petstore();
    let form = "schema: {type: object, required: [name], properties: {name: {type: string}, ages: {type: array, items: {type: integer}}, \
                photo: {type: string, format: binary}}}, encoding: {ages: {explode: false}}";
    let definition = format!(
        "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths: {{/a: {{post: {{operationId: upload, requestBody: {{content: {{\
         application/x-www-form-urlencoded: {{{form}}}, multipart/form-data: {{{form}}}}}}}, responses: {{'204': {{description: d}}}}}}}}}}\n"
    );
    std::fs::write(sandbox.path().join("forms.yaml"), definition).expect("a file");
    std::fs::write(sandbox.path().join("a.png"), b"\xff\r\n--").expect("a file");
    sandbox.run("group import forms forms.yaml").expect_exit(0);
    sandbox.run("publish forms --env test --mock").expect_exit(0);
    for (words, exit, shown) in [
        ("--form name=Rex --form ages=1 --form ages=2", 0, "204 No Content"),
        ("-F name=Rex -F photo=@a.png", 0, "204 No Content"),
        ("--form ages=x", 3, "body: \"name\" is a required property"),
        ("--form photo=@a.png --form name=x --form ages=y", 3, "body/ages/0: "),
        ("--form name", 64, "write fields as `--form name=value`"),
        ("--form name=x --body y", 64, "--body"),
        ("--form photo=@missing.png", 3, "missing.png"),
        ("--form name=x --content-type text/plain", 3, "takes no body that is a text/plain"),
        ("--form photo=@a.png --content-type application/x-www-form-urlencoded", 3, "the field \"photo\" is not UTF-8"),
    ] {
        sandbox.run(&format!("call forms upload --env test {words}")).expect_exit(exit).expect_stderr(shown);
    }
}
