//! Served pages while the state cannot be read, and while no gateway responds.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::docs::documented;
use crate::serving::Serving;
use crate::tools::{has_tool, named_by};

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
