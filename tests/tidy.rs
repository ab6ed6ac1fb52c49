//! The invariants of the house, which no compiler holds.

#![expect(clippy::expect_used, reason = "a test that cannot go on says so and fails")]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Lists the Rust files below a folder of `src`.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, files: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, files);
            } else if path
                .file_name()
                .is_some_and(|name| ["tests.rs", "corpus.rs", "soundness.rs"].iter().any(|tests| name == *tests))
            {
                // Unit tests in a file of their own.
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source");
                files.push((path, text));
            }
        }
    }
    let mut files = Vec::new();
    let base = root().join("src");
    let file = base.join(format!("{folder}.rs"));
    if file.exists() {
        files.push((file.clone(), fs::read_to_string(&file).expect("a source")));
    }
    if base.join(folder).is_dir() {
        walk(&base.join(folder), &mut files);
    }
    assert!(!files.is_empty(), "there is nothing in src/{folder}");
    files
}

/// Returns the lines of a source that are code of the product: no comments, no unit tests.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    product.lines().filter(|line| !line.trim_start().starts_with("//"))
}

fn refuse(folder: &str, patterns: &[&str]) {
    for (path, text) in sources(folder) {
        for line in code(&text) {
            for pattern in patterns {
                assert!(!line.contains(pattern), "{}: {pattern:?} in {line:?}", path.display());
            }
        }
    }
}

const PARTS: [&str; 11] =
    ["access", "definition", "compare", "check", "plan", "snapshot", "routes", "workspace", "gateway", "cli", "model"];

#[test]
fn model_knows_nothing_of_the_project() {
    for part in PARTS.iter().filter(|part| **part != "model") {
        refuse("model", &[&format!("crate::{part}")]);
    }
}

#[test]
fn nothing_knows_the_command_line() {
    for part in PARTS.iter().filter(|part| **part != "cli") {
        refuse(part, &["crate::cli"]);
    }
}

#[test]
fn pure_parts_do_no_input_or_output_and_read_no_clock() {
    for part in ["access", "model", "definition", "compare", "check", "plan", "snapshot", "routes"] {
        refuse(
            part,
            &[
                "std::fs",
                "std::net::Tcp",
                "std::net::Udp",
                "ToSocketAddrs",
                "std::process",
                "std::env",
                "File::",
                "SystemTime",
                "Instant::now",
                "Utc::now",
            ],
        );
        refuse(part, &["crate::workspace"]);
    }
}

#[test]
fn the_gateway_is_handed_what_it_serves() {
    refuse("gateway", &["crate::workspace", "std::fs", "tokio::fs"]);
}

#[test]
fn routes_are_data_that_no_connection_needs() {
    refuse("routes", &["crate::gateway", "tokio", "hyper", "http_body", "crate::plan", "crate::check"]);
    // What a gateway routes by is read in one place.
    for file in ["compile", "compiled", "credentials", "mock", "cors"] {
        let path = root().join(format!("src/gateway/{file}.rs"));
        let text = fs::read_to_string(&path).expect("a source");
        for pattern in ["GroupSettings", ".settings", "SecurityKind", "path_pieces", "ApiRoute"] {
            assert!(code(&text).all(|line| !line.contains(pattern)), "{}: {pattern:?}", path.display());
        }
    }
}

/// The modules of the gateway, each of which knows those before it alone: upstream, then service, then server.
const GATEWAY: [&str; 28] = [
    "access_log",
    "config",
    "clock",
    "headers",
    "media_type",
    "stream",
    "tls",
    "signals",
    "routing",
    "watch",
    "request_body",
    "problem",
    "request_head",
    "parameters",
    "cors",
    "credentials",
    "access",
    "mock",
    "validate",
    "validate_response",
    "meter",
    "upstream",
    "compiled",
    "compile",
    "call",
    "service",
    "server",
    "run",
];

/// Returns `true` if a line has a path that ends in a name, or goes on behind it.
fn has_path(line: &str, path: &str) -> bool {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    line.match_indices(path).any(|(at, _)| !line[at + path.len()..].starts_with(is_word))
}

#[test]
fn the_gateway_goes_in_one_direction() {
    let folder = root().join("src/gateway");
    for entry in fs::read_dir(&folder).expect("the gateway") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned();
        assert!(name == "mod" || GATEWAY.contains(&name.as_str()), "{name} has no place in the order of the gateway");
    }
    for (place, module) in GATEWAY.iter().enumerate() {
        for (path, text) in sources(&format!("gateway/{module}")) {
            // Of a file of the module's own folder, `super` is the module.
            let is_outer = path.parent() == Some(&folder);
            for line in code(&text) {
                for above in GATEWAY.iter().skip(place + 1) {
                    let is_named = has_path(line, &format!("crate::gateway::{above}"))
                        || is_outer && has_path(line, &format!("super::{above}"));
                    assert!(!is_named, "{}: {above} is above {module}: {line:?}", path.display());
                }
            }
        }
    }
}

#[test]
fn only_the_workspace_touches_files() {
    refuse("cli", &["std::fs", "fs::", "File::", "OpenOptions"]);
}

#[test]
fn a_dry_run_ends_in_the_command_line() {
    for part in ["model", "definition", "check", "plan", "workspace"] {
        refuse(part, &["dry_run"]);
    }
}

#[test]
fn main_is_short() {
    let text = fs::read_to_string(root().join("src/main.rs")).expect("main");
    assert!(text.lines().count() <= 15);
}

#[test]
fn the_top_level_stays_small() {
    let allowed = ["Cargo.toml", "Cargo.lock", "src", "tests", "examples", "README.md", "LICENSE", "target"];
    for entry in fs::read_dir(root()).expect("the repository") {
        let name = entry.expect("an entry").file_name().into_string().expect("UTF-8");
        assert!(name.starts_with('.') || allowed.contains(&name.as_str()), "{name}");
    }
}

#[test]
fn every_fallible_output_is_the_commands_own() {
    for part in PARTS {
        refuse(part, &["println!", "eprintln!", "print!("]);
    }
}

#[test]
fn no_leftovers_of_merges_and_editors_lie_in_the_tree() {
    fn walk(folder: &Path, leftovers: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder of the tree") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, leftovers);
            } else if path
                .extension()
                .is_some_and(|extension| ["orig", "rej", "bak", "swp"].iter().any(|leftover| extension == *leftover))
            {
                leftovers.push(path);
            }
        }
    }
    let mut leftovers = Vec::new();
    for folder in ["src", "tests", "examples"] {
        walk(&root().join(folder), &mut leftovers);
    }
    assert!(leftovers.is_empty(), "{leftovers:?}");
}
