//! Documents: a folder of pages that follows what is live, and nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use crate::harness::Sandbox;
use crate::serving::{Serving, get};
use crate::tools::{has_tool, named_by};

/// Makes a workspace with two versions in test, and documents of it.
pub(crate) fn documented() -> Sandbox {
    let sandbox = Sandbox::petstore();
    sandbox.run_words(&["publish", "--env", "test", "--mock", "-m", "first <b>try</b>"]).expect_exit(0);
    let definition = sandbox.read("groups/petstore/openapi.yaml");
    sandbox.write("groups/petstore/openapi.yaml", &definition.replace("maximum: 100", "maximum: 50"));
    sandbox.run("publish --env test --mock --bump minor").expect_exit(0);
    sandbox.run("docs --all --out public").expect_exit(0);
    sandbox
}

/// Returns the links of a page.
fn links(page: &str) -> BTreeSet<String> {
    let mut links = BTreeSet::new();
    for token in html5gum::Tokenizer::new(page) {
        let Ok(html5gum::Token::StartTag(tag)) = token else { continue };
        let href = tag.attributes.iter().find(|(name, _)| name.as_slice() == b"href");
        links.extend(href.map(|(_, value)| String::from_utf8_lossy(value.as_slice()).into_owned()));
    }
    links
}

/// Checks that every link of the pages leads to a file, and to a place that it has. Returns the number of pages.
fn check_links(sandbox: &Sandbox) -> usize {
    let mut pages = 0;
    for (path, bytes) in sandbox.files() {
        if path.extension().is_none_or(|extension| extension != "html") {
            continue;
        }
        pages += 1;
        let page = String::from_utf8(bytes).expect("UTF-8");
        for link in links(&page) {
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if file.is_empty() { path.clone() } else { path.parent().expect("a folder").join(file) };
            let bytes = fs::read(&target).unwrap_or_else(|error| panic!("{}: {link}: {error}", path.display()));
            let text = String::from_utf8_lossy(&bytes);
            assert!(anchor.is_empty() || text.contains(&format!("id=\"{anchor}\"")), "{}: {link}", path.display());
        }
    }
    pages
}

#[test]
fn every_link_of_the_pages_leads_to_a_file() {
    let sandbox = documented();
    sandbox.run("promote --from test --to pre-release").expect_exit(0);
    sandbox.run("offline --env pre-release").expect_exit(0);
    sandbox.run("docs --all --out public").expect_exit(0);
    assert_eq!(check_links(&sandbox), 8);
}

#[test]
fn a_version_by_itself_has_documents_whatever_is_live() {
    let sandbox = Sandbox::petstore();
    let settings = "schema: 1\nversion: \"0.0.1\"\nprefix: /petstore\nbackend: http://127.0.0.1:9000\nauth: [subscription]\n\
                    ip_rules: {environments: {online: {allow: [10.1.2.0/24]}}}\n";
    sandbox.write("groups/petstore/group.yaml", settings);
    sandbox.run("version create petstore").expect_exit(0);
    let words = "docs --version 0.0.1 --out preview";
    sandbox.run(words).expect_exit(0);
    assert_eq!(check_links(&sandbox), 1);
    let page = sandbox.read("preview/petstore/index.html");
    let index = sandbox.read("preview/petstore/llms.txt");
    for (text, expected) in [
        (&page, "This is 0.0.1 by itself"),
        (&page, "noindex"),
        (&page, "connect-src &#39;none&#39;"),
        (&page, "<dt>Address in online</dt><dd><code>http://petstore.online.apigw.localhost/petstore</code>"),
        (&page, "jdcloud-apim-subscription-key: YOUR_KEY"),
        (&page, "href=\"sdk/petstore_sdk-0.0.1-py3-none-any.whl\""),
        (&page, "In online only some addresses may call"),
        (&index, "Version 0.0.1 of petstore by itself"),
        (&index, "- Address in test: http://petstore.test.apigw.localhost/petstore\n"),
        (&sandbox.read("preview/petstore/openapi.yaml"), "url: http://petstore.pre-release.apigw.localhost/petstore"),
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    for refused in ["Live since", "Draft", "What changed", "data-try>", "10.1.2.0"] {
        assert!(!page.contains(refused), "{refused}: {page}");
    }
    assert!(!index.contains("Changes"), "{index}");
    let bundled: serde_json::Value =
        serde_json::from_str(&sandbox.read("preview/petstore/openapi.json")).expect("JSON");
    let release = bundled["x-apigw-release"].as_object().expect("the version");
    assert_eq!(release.keys().collect::<Vec<_>>(), ["version", "digest"]);
    // The clients are those of the version, and no release changes a byte.
    sandbox.run("sdk --version 0.0.1 --language typescript --out clients").expect_exit(0);
    let archive = |path: &str| fs::read(sandbox.path().join(path)).expect("an archive");
    let packed = archive("preview/petstore/sdk/petstore-sdk-0.0.1.tgz");
    assert!(packed == archive("clients/petstore/typescript/dist/petstore-sdk-0.0.1.tgz"));
    sandbox.run("publish petstore --env test --mock").expect_exit(0);
    sandbox.run(&format!("{words} --check")).expect_exit(0);
    // An environment without documents is not shown; nor are versions that do not exist.
    let settings = sandbox.read("apigw.toml");
    sandbox.write("apigw.toml", &settings.replace("[environments.online]", "[environments.online]\ndocs = \"off\""));
    sandbox.run(&format!("{words} --check")).expect_exit(2).expect_stdout("out of date  petstore/index.html");
    sandbox.run("docs --version 9.9.9 --out other").expect_exit(3).expect_stderr("petstore has no version 9.9.9");
    sandbox.run("docs nobody --version 0.0.1 --out other").expect_exit(3);
    for others in ["--env test", "--all"] {
        let refused = sandbox.run(&format!("{words} {others}")).expect_exit(64);
        refused.expect_stderr("'--version <VERSION>' cannot be used with");
    }
    assert!(!sandbox.path().join("other").exists());
}

#[test]
fn callers_read_no_address_behind_the_gateway() {
    let sandbox = documented();
    for (backend, rules) in [("http://10.1.2.3:8081", "10.77.0.0/16"), ("http://10.1.2.4:8081", "10.78.0.0/16")] {
        sandbox.run(&format!("group set petstore backend={backend}")).expect_exit(0);
        let settings = sandbox.read("groups/petstore/group.yaml");
        let kept = settings.split("ip_rules:").next().expect("a beginning");
        sandbox.write("groups/petstore/group.yaml", &format!("{kept}ip_rules: {{allow: [{rules}]}}\n"));
        sandbox.run("publish petstore --env test --bump patch").expect_exit(0);
    }
    sandbox.run("docs --all --out public").expect_exit(0);
    for page in ["changes.html", "changes.md", "changes.atom", "index.html", "llms.txt", "openapi.yaml"] {
        let text = sandbox.read(&format!("public/test/petstore/{page}"));
        assert!(["10.1.2.", "10.77.", "10.78."].iter().all(|address| !text.contains(address)), "{page}: {text}");
    }
    assert!(sandbox.read("public/test/petstore/changes.md").contains("other addresses may call"));
}

#[test]
fn the_pages_say_what_is_live_and_what_changed() {
    let sandbox = documented();
    let matrix = sandbox.read("public/index.html");
    for expected in ["test/petstore/index.html\">0.1.0</a>", "<span class=\"badge odd\">mock</span>", "by Ada"] {
        assert!(matrix.contains(expected), "{expected}: {matrix}");
    }
    assert!(!matrix.contains("ada@example.com"), "an address of mail is nobody's business");
    let reference = sandbox.read("public/test/petstore/index.html");
    for expected in ["List the pets", "at most 50", "0.1.0", "noindex", "Draft", "data-try", "Bello"] {
        assert!(reference.contains(expected), "{expected}");
    }
    let old = sandbox.read("public/test/petstore/0.0.1/index.html");
    assert!(old.contains("<a href=\"../index.html\">0.1.0 is live now</a>") && !old.contains("data-try>"), "{old}");
    let changes = sandbox.read("public/test/petstore/changes.html");
    for expected in ["the maximum was 100 and is 50", "Callers may break", "first &lt;b&gt;try&lt;/b&gt;"] {
        assert!(changes.contains(expected), "{expected}: {changes}");
    }
    assert!(sandbox.read("public/test/petstore/changes.md").contains("- GET /pets: the maximum was 100 and is 50"));
    assert!(sandbox.read("public/test/petstore/changes.atom").contains("<title>0.1.0: 1 breaking</title>"));
    let llms = sandbox.read("public/test/petstore/llms.txt");
    assert!(llms.contains("[GET /petstore/pets](operations/op-listPets.md): List the pets"), "{llms}");
    let definition = sandbox.read("public/test/petstore/openapi.yaml");
    assert!(definition.contains("url: http://petstore.test.apigw.localhost/petstore"), "{definition}");
}

#[test]
fn a_check_notices_every_change_and_writes_nothing() {
    let sandbox = documented();
    sandbox.run("docs --all --out public --check").expect_exit(0).expect_stdout("public is up to date: ");
    sandbox.run("switch petstore --env test --version 0.0.1").expect_exit(0);
    let before = sandbox.files();
    sandbox.run("docs --all --out public --check").expect_exit(2).expect_stdout("out of date  index.html");
    assert_eq!(before, sandbox.files());
    sandbox.run("docs --all --out public").expect_exit(0).expect_stdout("written  index.html");
    sandbox.run("docs --all --out public --check").expect_exit(0);
    sandbox
        .run("docs petstore --env online --out other")
        .expect_exit(3)
        .expect_stderr("nothing was published to online yet");
    // Documents that are off are removed.
    let settings = sandbox.read("apigw.toml");
    sandbox.write("apigw.toml", &settings.replace("[environments.test]", "[environments.test]\ndocs = \"off\""));
    sandbox.run("docs --all --out public").expect_exit(0).expect_stdout("removed  test/petstore/0.0.1/index.html");
    assert!(!sandbox.path().join("public/test").exists());
    assert!(!sandbox.read("public/index.html").contains("test/petstore/"));
}

#[test]
fn a_folder_that_holds_something_else_is_left_alone() {
    let sandbox = documented();
    sandbox.write("mine/notes.txt", "keep me");
    sandbox.run("docs --all --out mine").expect_exit(5).expect_stderr("notes.txt");
    for out in ["mine/notes.txt", "mine/notes.txt/below"] {
        let refused = sandbox.run(&format!("docs --all --out {out}")).expect_exit(5);
        refused.expect_stderr("notes.txt is a file, and not a folder").expect_stderr("with `--out DIR`");
    }
    // Which environments is asked in one go.
    for words in ["docs --out x", "docs --all --env test --out x"] {
        sandbox.run(words).expect_exit(64).expect_stderr("<--env <ENV>|--all|--version <VERSION>>");
    }
    assert_eq!(fs::read_dir(sandbox.path().join("mine")).expect("a folder").count(), 1);
    sandbox.write("public/notes.txt", "keep me");
    sandbox.run("docs --all --out public").expect_exit(5);
    // What another command wrote is something else too, for each of them.
    fs::remove_file(sandbox.path().join("public/notes.txt")).expect("it is removed");
    let commands = [
        ("docs --all", "public"),
        ("sdk --env test --language python", "clients"),
        ("export envoy --env test", "envoy"),
        ("export nginx --env test", "nginx"),
    ];
    for (command, own) in commands {
        sandbox.run(&format!("{command} --out {own}")).expect_exit(0);
    }
    let before = sandbox.files();
    for (command, own) in commands {
        for (_, other) in commands.iter().filter(|(_, other)| *other != own) {
            sandbox.run(&format!("{command} --out {other}")).expect_exit(5).expect_stderr("nothing was written");
        }
    }
    assert_eq!(before, sandbox.files());
    sandbox.run("docs --all").expect_exit(64);
    sandbox.run("docs --out public").expect_exit(64);
}

#[test]
fn the_reference_tells_callers_what_is_asked_of_them() {
    let sandbox = Sandbox::petstore();
    let definition = sandbox.read("groups/petstore/openapi.yaml");
    let settings = "schema: 1\nversion: \"0.0.1\"\nprefix: /petstore\nbackend: http://127.0.0.1:9000\n\
                    auth: [signature, subscription]\nlimits: [10/second, 50000/day]\nmax_body_kib: 64\n\
                    ip_rules: {allow: [10.1.2.0/24]}\n";
    sandbox.write("groups/petstore/group.yaml", settings);
    let contact = "info:\n  contact: {name: Pets & Co, url: 'javascript:alert(1)', email: keys@pets.example}\n";
    sandbox.write("groups/petstore/openapi.yaml", &definition.replacen("info:\n", contact, 1));
    sandbox.run("publish petstore --env test").expect_exit(0);
    sandbox.run("docs --all --out public").expect_exit(0);
    let page = sandbox.read("public/test/petstore/index.html");
    let index = sandbox.read("public/test/petstore/llms.txt");
    for expected in [
        "JDCLOUD3-HMAC-SHA256",
        "in the header jdcloud-apim-subscription-key or x-api-key",
        "One of these suffices",
        "10 requests a second, 50,000 requests a day",
        "with the seconds to wait in Retry-After",
        "64 KiB at most",
        "Only some addresses may call",
        "mailto:keys@pets.example",
    ] {
        assert!(page.contains(expected), "{expected}: {page}");
        assert!(index.contains(expected), "{expected}: {index}");
    }
    assert!(page.contains("Pets &amp; Co gives you one") && !page.contains("javascript:alert"), "{page}");
    assert!(!page.contains("10.1.2.0"), "the network of others is nobody's business");
    // A mock asks for no key, and has the same addresses and limits.
    sandbox.run("publish petstore --env pre-release --mock").expect_exit(0);
    sandbox.run("docs --all --out public").expect_exit(0);
    let mock = sandbox.read("public/pre-release/petstore/index.html");
    assert!(mock.contains("Only some addresses may call") && !mock.contains("JDCLOUD3-HMAC-SHA256"), "{mock}");
}

#[test]
fn the_clients_of_each_version_lie_beside_its_page() {
    let sandbox = documented();
    for version in ["0.0.1", "0.1.0"] {
        let out = format!("clients-{version}");
        let words = format!("sdk petstore --version {version} --language python,typescript,java --out {out}");
        sandbox.run(&words).expect_exit(0);
        let beside = sandbox.path().join(format!("public/test/petstore/{version}/sdk"));
        let mut archives = 0;
        for language in ["python", "typescript", "java"] {
            let folder = sandbox.path().join(format!("{out}/petstore/{language}/dist"));
            for entry in fs::read_dir(folder).expect("archives") {
                let entry = entry.expect("an archive");
                let same = fs::read(beside.join(entry.file_name())).expect("the archive beside the page");
                assert!(same == fs::read(entry.path()).expect("the archive"), "{}", entry.path().display());
                archives += 1;
            }
        }
        assert_eq!(archives, 4);
        let sums = sandbox.read(&format!("public/test/petstore/{version}/sdk/SHA256SUMS"));
        assert_eq!(sums.lines().count(), archives, "{sums}");
    }
    let page = sandbox.read("public/test/petstore/index.html");
    assert!(page.contains("href=\"0.1.0/sdk/petstore_sdk-0.1.0-py3-none-any.whl\""), "{page}");
    let serving = Serving::start_with(&sandbox, "serve --env test --listen 127.0.0.1:0 --docs 127.0.0.1:0");
    let sums = get(&serving.documents(), "/test/petstore/0.0.1/sdk/SHA256SUMS");
    let archive = send(&serving.documents(), "HEAD /test/petstore/0.0.1/sdk/petstore-sdk-0.0.1.tgz HTTP/1.1");
    assert!(sums.contains(" 200 ") && sums.contains("  petstore-sdk-0.0.1.tgz\n"), "{sums}");
    assert!(archive.contains(" 200 ") && archive.contains("application/gzip"), "{archive}");
    assert!(get(&serving.documents(), "/test/petstore/0.0.1/sdk/other.tgz").contains(" 404 "));
}

#[test]
fn official_documents_say_so_by_silence() {
    let sandbox = documented();
    sandbox.run("publish --env online --backend https://api.example.com -y").expect_exit(0);
    sandbox.run("docs --env online --out official").expect_exit(0);
    let page = sandbox.read("official/online/petstore/index.html");
    for refused in ["noindex", "Draft", "data-try>", "api.example.com"] {
        assert!(!page.contains(refused), "{refused}");
    }
    assert!(!Path::new(&sandbox.path().join("official/test")).exists());
}

/// Sends a request from a page, which says where it comes from as browsers do.
pub(crate) fn send(address: &str, head: &str) -> String {
    send_to(address, address, head)
}

/// Sends a request for a host.
fn send_to(address: &str, host: &str, head: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("a connection");
    let request = format!("{head}\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("a request");
    let mut response = String::new();
    stream.read_to_string(&mut response).expect("a response");
    response
}

#[test]
fn served_pages_are_of_what_is_live() {
    let sandbox = documented();
    let words = "serve --listen 127.0.0.1:0 --docs 127.0.0.1:0 --admin 127.0.0.1:0";
    let serving = Serving::start_with(&sandbox, words);
    let documents = serving.documents();
    let matrix = get(&documents, "/");
    for expected in
        ["HTTP/1.1 200", "text/html", "x-content-type-options: nosniff", "frame-ancestors 'none'", ">0.1.0</a>"]
    {
        assert!(matrix.contains(expected), "{expected}: {matrix}");
    }
    let led = get(&documents, "//test/petstore");
    assert!(led.starts_with("HTTP/1.1 308") && led.contains("location: petstore/\r\n"), "{led}");
    assert!(get(&documents, "/test/petstore/").contains("at most 50"));
    assert!(get(&documents, "/test/petstore/0.0.1/index.html").contains("0.1.0 is live now"));
    assert!(get(&documents, "/test/petstore/openapi.json").contains("application/json"));
    assert!(get(&documents, "/test/petstore/operations/op-listPets.md").contains("# GET /petstore/pets"));
    let state = get(&documents, "/state");
    sandbox.run("switch petstore --env test --version 0.0.1 --wait").expect_exit(0);
    assert!(get(&documents, "/").contains(">0.0.1</a>"));
    assert!(get(&documents, "/test/petstore/").contains("at most 100"));
    assert_ne!(state, get(&documents, "/state"));
    sandbox.run("offline petstore --env test --wait").expect_exit(0);
    assert!(get(&documents, "/test/petstore/").contains("Nothing is live now"));
    for path in [
        "/nothing",
        "/test/nothing/",
        "/../apigw.toml",
        "/test/../../apigw.toml",
        "/%2e%2e/apigw.toml",
        "/online/petstore/",
    ] {
        assert!(get(&documents, path).starts_with("HTTP/1.1 404"), "{path}");
    }
    let operators = serving.operators();
    assert!(get(&operators, "/-/ui").starts_with("HTTP/1.1 308"));
    assert!(get(&operators, "/-/ui/").contains("href=\"test/petstore/index.html\""));
    assert!(get(&operators, "/-/ui/test/petstore/changes.html").contains("the maximum was 100 and is 50"));
}

#[test]
fn a_page_sends_requests_through_the_gateway_and_others_do_not() {
    let sandbox = documented();
    let serving = Serving::start_with(&sandbox, "serve --listen 127.0.0.1:0 --docs 127.0.0.1:0");
    let documents = serving.documents();
    assert!(get(&documents, "/test/petstore/").contains("data-through=\"../../-"));
    let tried = "GET /-/try/test/petstore/petstore/pets/1 HTTP/1.1";
    let own = send(&documents, &format!("{tried}\r\nSec-Fetch-Site: same-origin"));
    assert!(own.starts_with("HTTP/1.1 200") && own.contains("\"Bello\""), "{own}");
    let foreign = send(&documents, &format!("{tried}\r\nSec-Fetch-Site: cross-site"));
    assert!(foreign.starts_with("HTTP/1.1 403"), "{foreign}");
    let own_origin = send(&documents, &format!("{tried}\r\nOrigin: http://{documents}"));
    assert!(own_origin.starts_with("HTTP/1.1 200"), "{own_origin}");
    let own_header = send(&documents, &format!("{tried}\r\nX-Apigw-Try: 1"));
    assert!(own_header.starts_with("HTTP/1.1 200"), "{own_header}");
    let preflight = tried.replace("GET", "OPTIONS");
    let asked = "Origin: http://evil.example\r\nAccess-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: x-apigw-try";
    let asked = send(&documents, &format!("{preflight}\r\n{asked}"));
    assert!(asked.starts_with("HTTP/1.1 403") && !asked.contains("access-control"), "{asked}");
    for more in [
        "",
        "\r\nOrigin: http://evil.example",
        "\r\nOrigin: null",
        "\r\nSec-Fetch-Site: none",
        "\r\nX-Apigw-Try: 1\r\nOrigin: http://evil.example",
        "\r\nX-Apigw-Try: 1\r\nSec-Fetch-Site: cross-site",
    ] {
        let refused = send(&documents, &format!("{tried}{more}"));
        assert!(refused.starts_with("HTTP/1.1 403") && refused.contains("application/problem+json"), "{refused}");
    }
    // Nobody waits for a body that says nothing.
    let half_sent = send(&documents, "GET /test/petstore/ HTTP/1.1\r\nContent-Length: 5");
    assert!(half_sent.starts_with("HTTP/1.1 200"), "{half_sent}");
    // What is official sends nothing unless it is allowed to.
    sandbox.run("publish --env online --version 0.0.1 --backend http://127.0.0.1:1 -y --wait").expect_exit(0);
    assert!(!get(&documents, "/online/petstore/").contains("data-through"));
    let official =
        send(&documents, "GET /-/try/online/petstore/petstore/pets/1 HTTP/1.1\r\nSec-Fetch-Site: same-origin");
    assert!(official.starts_with("HTTP/1.1 404"), "{official}");
}

#[test]
fn a_foreign_name_that_leads_here_gets_no_page_and_sends_nothing() {
    let sandbox = documented();
    let words = "serve --listen 127.0.0.1:0 --docs 127.0.0.1:0 --admin 127.0.0.1:0";
    let serving = Serving::start_with(&sandbox, words);
    let (documents, operators) = (serving.documents(), serving.operators());
    let own = "Sec-Fetch-Site: same-origin\r\nX-Apigw-Try: 1";
    let tried = format!("GET /-/try/test/petstore/petstore/pets/1 HTTP/1.1\r\n{own}");
    let page = "GET /test/petstore/ HTTP/1.1".to_owned();
    let operators_page = "GET /-/ui/test/petstore/ HTTP/1.1".to_owned();
    for (address, head) in [(&documents, &tried), (&documents, &page), (&operators, &operators_page)] {
        let port = address.rsplit(':').next().expect("a port");
        for (host, status) in [("evil.example", 421), ("localhost", 200), ("docs.apigw.localhost", 200)] {
            let response = send_to(address, &format!("{host}:{port}"), head);
            assert!(response.starts_with(&format!("HTTP/1.1 {status}")), "{host} {head}: {response}");
        }
    }
}

#[test]
fn a_page_is_no_way_round_the_rules_for_addresses() {
    let sandbox = documented();
    let settings = sandbox.read("groups/petstore/group.yaml");
    sandbox.write("groups/petstore/group.yaml", &format!("{settings}ip_rules: {{allow: [127.0.0.1]}}\n"));
    sandbox.run("publish petstore --env test --mock --bump minor").expect_exit(0);
    let serving = Serving::start_with(&sandbox, "serve --listen 127.0.0.1:0 --docs 127.0.0.1:0");
    let documents = serving.documents();
    let page = get(&documents, "/test/petstore/");
    assert!(page.contains("0.2.0") && !page.contains("data-through") && !page.contains("data-try>"), "{page}");
    let tried = "GET /-/try/test/petstore/petstore/pets/1 HTTP/1.1\r\nSec-Fetch-Site: same-origin";
    let refused = send(&documents, tried);
    for expected in ["HTTP/1.1 403", "application/problem+json", "`ip_rules`"] {
        assert!(refused.contains(expected), "{refused}");
    }
}

#[test]
fn documents_that_are_off_send_nothing() {
    let sandbox = documented();
    let settings = sandbox.read("apigw.toml");
    let off = settings.replace("[environments.test]", "[environments.test]\ndocs = \"off\"\ndocs_try_it = true");
    sandbox.write("apigw.toml", &off);
    let serving = Serving::start_with(&sandbox, "serve --listen 127.0.0.1:0 --docs 127.0.0.1:0");
    let tried = "GET /-/try/test/petstore/petstore/pets/1 HTTP/1.1\r\nSec-Fetch-Site: same-origin";
    let refused = send(&serving.documents(), tried);
    assert!(refused.starts_with("HTTP/1.1 404"), "{refused}");
}

#[test]
fn a_live_version_that_is_damaged_takes_no_page_away() {
    let sandbox = documented();
    let before = fs::read_to_string(sandbox.path().join("public/SHA256SUMS")).expect("a file");
    let file = "groups/petstore/versions/0.1.0/openapi.yaml";
    let definition = sandbox.read(file);
    sandbox.write(file, &format!("{definition}# changed by hand\n"));
    sandbox.run("sdk --env test --language python --out sdk").expect_exit(3);
    for words in ["docs --all --out public", "docs --all --out public --check", "docs --all --out fresh"] {
        sandbox.run(words).expect_exit(3).expect_stderr("0.1.0");
    }
    assert!(sandbox.read("public/SHA256SUMS") == before && !sandbox.path().join("fresh").exists());
    let serving = Serving::start_with(&sandbox, "serve --listen 127.0.0.1:0 --docs 127.0.0.1:0");
    let documents = serving.documents();
    let matrix = get(&documents, "/");
    assert!(matrix.contains(">damaged<") && !matrix.contains("petstore/index.html"), "{matrix}");
    assert!(get(&documents, "/test/petstore/").starts_with("HTTP/1.1 500"));
    sandbox.write(file, &definition);
    assert!(get(&documents, "/").contains("petstore/index.html"));
    assert!(get(&documents, "/test/petstore/").contains("at most 50"));
}

/// Opens pages in a headless browser: axe finds nothing, no request leaves them, links lead somewhere, search and "try
/// it" work.
///
/// It needs node, Chromium, and a folder with `axe-core` and `playwright-core`, which a variable names; `.ci/run` has
/// them.
#[test]
fn a_browser_finds_no_fault_in_the_pages() {
    const MODULES: &str = "APIGW_BROWSER_MODULES";
    if !has_tool("node", "pages in a browser") || !has_tool("chromium", "pages in a browser") {
        return;
    }
    let Some(modules) = named_by(MODULES, "pages in a browser with axe-core and playwright-core") else { return };
    let sandbox = documented();
    let mut pages = vec!["index.html".to_owned(), "test/petstore/changes.html".to_owned()];
    for (group, definition) in corpus() {
        sandbox.run_words(&["group", "import", &group, &definition]).expect_exit(0);
        sandbox.run(&format!("publish {group} --env test --mock")).expect_exit(0);
        pages.push(format!("test/{group}/index.html"));
    }
    // A list of operations that is longer than a screen.
    let path = |index: i32| format!("  /a{index}: {{get: {{responses: {{'204': {{description: d}}}}}}}}\n");
    let paths = (0..80).map(path).collect::<Vec<_>>().concat();
    sandbox.write("many.yaml", &format!("openapi: 3.1.0\ninfo: {{title: Many, version: '1'}}\npaths:\n{paths}"));
    sandbox.run("group import many many.yaml").expect_exit(0);
    sandbox.run("publish many --env test --mock").expect_exit(0);
    pages.push("test/many/index.html".to_owned());
    sandbox.run("docs --all --out public").expect_exit(0);
    let folder = sandbox.path().join("public");
    let mut addresses: Vec<String> =
        pages.iter().map(|page| format!("file://{}", folder.join(page).display())).collect();
    let serving = Serving::start_with(&sandbox, "serve --env test --listen 127.0.0.1:0 --docs 127.0.0.1:0");
    addresses.push(format!("http://{}/test/petstore/index.html?try", serving.documents()));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages/browser.mjs");
    let shots = std::env::var_os("APIGW_BROWSER_SHOTS").unwrap_or_else(|| "-".into());
    let output = Command::new("node").arg(script).arg(modules).arg(shots).args(&addresses).output().expect("node runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains(&format!("checked {} pages", addresses.len())), "{text}");
}

/// Lists definitions that a browser is shown, each with the name of a group for it.
fn corpus() -> Vec<(String, String)> {
    const NAMES: [&str; 11] = [
        "3.1/train-travel.yaml",
        "3.1/schema-encoding-style.yaml",
        "3.1/schema-types.yaml",
        "3.1/security.yaml",
        "3.0/polymorphism.yaml",
        "3.0/discriminators.yaml",
        "3.0/parameters-style.yaml",
        "3.0/callbacks.yaml",
        "3.0/complex-nesting.yaml",
        "3.0/readme-extensions.yaml",
        "2.0/petstore.json",
    ];
    let Some(folder) = std::env::var_os("APIGW_CORPUS") else { return Vec::new() };
    let path = |name: &str| Path::new(&folder).join(name).display().to_string();
    NAMES.into_iter().enumerate().map(|(index, name)| (format!("group-{index}"), path(name))).collect()
}

#[test]
fn a_token_is_handed_out_as_a_bearer_scheme() {
    let sandbox = Sandbox::petstore();
    let auth = "auth={token: {issuer: i, audience: a, jwks: 'https://id.example/jwks'}}";
    sandbox.run_words(&["group", "set", "petstore", auth]).expect_exit(0);
    sandbox.run("publish --env test --backend http://127.0.0.1:1").expect_exit(0);
    sandbox.run("docs --env test --out handed").expect_exit(0);
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
    let bundled = read(&sandbox.read("handed/test/petstore/openapi.json"));
    let expected = serde_json::json!({"type": "http", "scheme": "bearer", "bearerFormat": "JWT"});
    assert_eq!(bundled["components"]["securitySchemes"]["gateway_token"], expected);
}
