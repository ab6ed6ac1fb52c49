//! Served pages while the state cannot be read, and while no gateway responds.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::docs::{documented, send};
use crate::serving::{Serving, get};
use crate::tools::{has_tool, named_by};

#[test]
fn a_file_that_cannot_be_read_takes_no_served_page_away() {
    let sandbox = documented();
    let serving = Serving::start_with(&sandbox, "serve --listen 127.0.0.1:0 --docs 127.0.0.1:0");
    let documents = serving.documents();
    // Before anybody has read a page, and after.
    for place in ["apigw.toml", "deployments/test.yaml"] {
        let good = sandbox.read(place);
        for broken in [format!("<<<<<<< HEAD\n{good}"), "schema: [broken".to_owned()] {
            sandbox.write(place, &broken);
            let matrix = get(&documents, "/");
            assert!(matrix.contains(">0.1.0</a>") && matrix.contains(place), "{matrix}");
            assert!(get(&documents, "/test/petstore/").contains("at most 50"), "{broken}");
            assert!(get(&documents, "/test/petstore/0.0.1/llms.txt").starts_with("HTTP/1.1 200"), "{broken}");
            sandbox.write(place, &good);
            assert!(!get(&documents, "/").contains(place));
        }
    }
    // What is taken away in a file that can be read is gone.
    sandbox.run("offline petstore --env test --wait").expect_exit(0);
    assert!(get(&documents, "/test/petstore/").contains("Nothing is live now"));
}

#[test]
fn nothing_that_can_be_read_is_not_nothing_published() {
    let sandbox = documented();
    let good = sandbox.read("deployments/test.yaml");
    sandbox.write("deployments/test.yaml", "schema: [broken");
    let serving = Serving::start_with(&sandbox, "serve --listen 127.0.0.1:0 --docs 127.0.0.1:0");
    let matrix = get(&serving.documents(), "/");
    assert!(!matrix.contains("Nothing has been published"), "{matrix}");
    sandbox.write("deployments/test.yaml", &good);
    assert!(get(&serving.documents(), "/").contains(">0.1.0</a>"));
}

#[test]
fn a_release_of_one_group_loads_no_page_of_another_again() {
    let sandbox = documented();
    sandbox.run("group import other groups/petstore/openapi.yaml").expect_exit(0);
    sandbox.run("publish other --env test --mock").expect_exit(0);
    let serving = Serving::start_with(&sandbox, "serve --listen 127.0.0.1:0 --docs 127.0.0.1:0");
    let documents = serving.documents();
    let body = |path: &str| get(&documents, path).rsplit("\r\n\r\n").next().expect("a body").to_owned();
    let page = get(&documents, "/test/petstore/");
    assert!(page.contains("data-state-address=\"../../-/state/petstore\""), "{page}");
    let (state, all, other) = (body("/-/state/petstore"), body("/state"), body("/-/state/other"));
    assert!(page.contains(&format!("data-state=\"{state}\"")), "{state}: {page}");
    sandbox.run("offline other --env test --wait").expect_exit(0);
    assert_eq!(state, body("/-/state/petstore"));
    assert!(all != body("/state") && other != body("/-/state/other"));
    // A reader who has the page gets no other.
    let tag = page.lines().find_map(|line| line.strip_prefix("etag: ")).expect("a tag");
    let known = send(&documents, &format!("GET /test/petstore/ HTTP/1.1\r\nIf-None-Match: {tag}"));
    assert!(known.starts_with("HTTP/1.1 304") && known.ends_with("\r\n\r\n"), "{known}");
}

/// Keeps the matrix open in a headless browser while its gateway ends.
#[test]
fn a_page_says_that_its_gateway_no_longer_answers() {
    const MODULES: &str = "APIGW_BROWSER_MODULES";
    if !has_tool("node", "pages in a browser") || !has_tool("chromium", "pages in a browser") {
        return;
    }
    let Some(modules) = named_by(MODULES, "pages in a browser with playwright-core") else { return };
    let sandbox = documented();
    let serving = Serving::start_with(&sandbox, "serve --env test --listen 127.0.0.1:0 --admin 127.0.0.1:0");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages/follow.mjs");
    let mut browser = Command::new("node")
        .arg(script)
        .arg(modules)
        .arg(format!("http://{}/-/ui/", serving.operators()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node runs");
    let mut lines = BufReader::new(browser.stdout.take().expect("stdout")).lines().map_while(Result::ok);
    let first = lines.next().unwrap_or_default();
    assert_eq!(first, "served; ", "{first}");
    drop(serving);
    let mut stdin = browser.stdin.take().expect("stdin");
    stdin.write_all(b"gone\n").expect("a line");
    let second = lines.next().unwrap_or_default();
    assert!(second.starts_with("; The gateway has not answered since 20"), "{second}");
    assert!(browser.wait().expect("it ends").success());
}
