//! Tools that some tests need and a fresh clone may lack.

#![allow(dead_code, reason = "each test needs some of them")]

use std::ffi::OsString;
use std::io::Write as _;
use std::process::Command;

/// True if a tool is there. Where it is missing, tells what is skipped, past the harness, which hides what a test that
/// passes prints; fails where `APIGW_REQUIRE_TOOLS` is set, as in `.ci/run`.
pub(crate) fn has(is_there: bool, tool: &str, skipped: &str) -> bool {
    assert!(is_there || std::env::var_os("APIGW_REQUIRE_TOOLS").is_none(), "{tool} is missing");
    if !is_there {
        let _ = writeln!(std::io::stderr(), "skipped, since {tool} is missing: {skipped}");
    }
    is_there
}

/// Like [`has`], for a program.
pub(crate) fn has_tool(program: &str, skipped: &str) -> bool {
    has(Command::new(program).arg("--version").output().is_ok(), program, skipped)
}

/// Like [`has`], for a program that must end well with some words.
pub(crate) fn has_working(program: &str, words: &[&str], skipped: &str) -> bool {
    let works = Command::new(program).args(words).output().is_ok_and(|output| output.status.success());
    has(works, &format!("{program} that works"), skipped)
}

/// Like [`has`], for a folder that a variable names.
pub(crate) fn named_by(variable: &str, skipped: &str) -> Option<OsString> {
    let named = std::env::var_os(variable);
    has(named.is_some(), variable, skipped);
    named
}
