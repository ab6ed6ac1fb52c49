//! The invariants of the house, which no compiler holds.

#![expect(clippy::expect_used, reason = "a test that cannot go on says so and fails")]

mod imports;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use imports::{Module, circles, modules, uses};

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
            } else if path.file_name().is_some_and(|name| {
                ["tests.rs", "corpus.rs", "hostile.rs", "soundness.rs"].iter().any(|tests| name == *tests)
            }) {
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

/// The rooms that each room may use. The command line may use all.
const ROOMS: [(&str, &[&str]); 15] = [
    ("model", &[]),
    ("spread", &[]),
    ("access", &["model"]),
    ("definition", &["model", "spread"]),
    ("compare", &["definition", "model", "spread"]),
    ("check", &["access", "compare", "definition", "model", "spread"]),
    ("plan", &["check", "compare", "definition", "model", "spread"]),
    ("snapshot", &["definition", "model"]),
    ("routes", &["definition", "model", "snapshot", "spread"]),
    ("share", &["compare", "definition", "model", "routes", "snapshot", "spread"]),
    ("export", &["access", "definition", "model", "routes", "snapshot", "spread"]),
    ("fleet", &["model"]),
    (
        "workspace",
        &["access", "check", "compare", "definition", "fleet", "model", "plan", "snapshot", "spread", "store"],
    ),
    ("gateway", &["access", "definition", "fleet", "model", "routes", "snapshot", "spread"]),
    ("store", &["access", "gateway", "model"]),
];

/// The modules of the product, read once.
static PRODUCT: LazyLock<Vec<Module>> = LazyLock::new(|| modules(&root().join("src")));

/// Returns the room that a module lies in.
fn room(module: &str) -> &str {
    module.split("::").next().unwrap_or_default()
}

#[test]
fn rooms_use_only_those_below_them() {
    for (module, used) in uses(&PRODUCT) {
        let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room(module)) else {
            assert!(["", "cli"].contains(&room(module)), "{module} is in no known room: give it a line in `ROOMS`");
            continue;
        };
        let refused = |used: &&&str| room(used) != room(module) && !allowed.contains(&room(used));
        let refused: Vec<_> = used.iter().filter(refused).collect();
        assert!(refused.is_empty(), "{module} uses {refused:?}");
    }
}

/// Asserts that no module of a room names a path in which one of these is.
fn refuse_paths(room_name: &str, refused: &[&str]) {
    for Module { name, paths, .. } in PRODUCT.iter().filter(|module| room(&module.name) == room_name) {
        for path in paths {
            let is_refused = |part: &&&str| format!("::{path}::").contains(&format!("::{part}::"));
            assert!(!refused.iter().any(|part| is_refused(&part)), "{name} names {path}");
        }
    }
}

#[test]
fn pure_parts_do_no_input_or_output_and_read_no_clock() {
    for part in
        ["access", "model", "definition", "compare", "check", "plan", "snapshot", "routes", "share", "export", "fleet"]
    {
        refuse_paths(
            part,
            &[
                "std::fs",
                "std::net::TcpStream",
                "std::net::TcpListener",
                "std::net::UdpSocket",
                "ToSocketAddrs",
                "std::process",
                "std::env",
                "SystemTime",
                "Instant::now",
                "Utc::now",
            ],
        );
    }
}

#[test]
fn only_the_workspace_touches_files() {
    refuse_paths("gateway", &["std::fs", "tokio::fs"]);
    refuse_paths("store", &["std::fs", "tokio::fs"]);
    refuse_paths("cli", &["std::fs", "fs", "OpenOptions"]);
    // The standard library panics where the system cannot close a folder that it listed.
    refuse("workspace", &["read_dir("]);
}

/// The rooms whose files never use each other in a circle.
const STRAIGHT: [&str; 8] = ["check", "compare", "definition", "export", "gateway", "model", "plan", "routes"];

#[test]
fn the_files_of_a_room_point_one_way() {
    for name in STRAIGHT {
        let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (module, used) in uses(&PRODUCT).into_iter().filter(|(module, _)| room(module) == name) {
            let used = used.into_iter().filter(|used| room(used) == name && *used != module).map(str::to_owned);
            edges.entry(module.to_owned()).or_default().extend(used);
        }
        assert!(edges.values().any(|used| !used.is_empty()), "{name}: {edges:?}");
        let circles = circles(&edges);
        assert!(circles.is_empty(), "{name}: {circles:#?}");
    }
}

/// A module with the files below it; the commands are one each.
fn unit(module: &str) -> String {
    let parts: Vec<&str> = module.split("::").collect();
    let length = if parts.starts_with(&["cli", "commands"]) { 3 } else { 2 };
    parts[..parts.len().min(length)].join("::")
}

#[test]
fn the_modules_of_the_command_line_point_one_way() {
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (module, used) in uses(&PRODUCT).into_iter().filter(|(module, _)| room(module) == "cli") {
        let used = used.into_iter().filter(|used| room(used) == "cli").map(unit).filter(|used| *used != unit(module));
        edges.entry(unit(module)).or_default().extend(used);
    }
    assert!(edges.len() > 40 && edges["cli::arguments"].contains("cli::commands"), "{edges:?}");
    let circles = circles(&edges);
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn commands_to_type_are_written_in_the_command_line_alone() {
    for Module { name, texts, .. } in PRODUCT.iter().filter(|module| room(&module.name) != "cli") {
        for text in texts {
            // Files that apigw writes say in their first line how they are changed.
            let is_file = text.starts_with("# ");
            assert!(is_file || !text.contains("`apigw "), "{name}: {text:?}");
            // Explanations of rules are pages of the manual.
            let is_manual = name.starts_with("check::rules");
            assert!(is_manual || ["`--", "`-m "].iter().all(|option| !text.contains(option)), "{name}: {text:?}");
            // Other programs have options as well: Git, curl.
            let is_foreign = ["workspace", "share", "gateway"].contains(&room(name));
            let is_option =
                text.strip_prefix("--").is_some_and(|name| name.starts_with(|c: char| c.is_ascii_lowercase()));
            assert!(is_foreign || !is_option, "{name}: {text:?}");
        }
    }
}

#[test]
fn routes_are_data_that_no_connection_needs() {
    refuse_paths("routes", &["tokio", "hyper", "http_body"]);
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
const GATEWAY: [&str; 47] = [
    "access_log",
    "headers",
    "http2_fields",
    "routing",
    "pages",
    "source_status",
    "clock",
    "fleet_control",
    "tls",
    "mutual_tls",
    "config",
    "body_pace",
    "client_address",
    "media_type",
    "stream",
    "signals",
    "watch",
    "request_body",
    "refusal_reason",
    "problem",
    "rate_limits",
    "request_head",
    "parameters",
    "cors",
    "credentials",
    "signed_body_room",
    "signing_key",
    "issuer_keys",
    "token_rules",
    "access_rules",
    "shown_credential",
    "access",
    "key_meter",
    "preference",
    "mock",
    "content_rule",
    "charset",
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

#[test]
fn the_gateway_goes_in_one_direction() {
    let place = |module: &str| {
        let name = module.strip_prefix("gateway::")?.split("::").next()?;
        let place = GATEWAY.iter().position(|known| *known == name);
        Some(place.unwrap_or_else(|| panic!("{name} has no place in the order of the gateway")))
    };
    for (module, used) in uses(&PRODUCT) {
        let Some(own) = place(module) else { continue };
        let above: Vec<_> = used.into_iter().filter(|used| place(used) > Some(own)).collect();
        assert!(above.is_empty(), "{module} uses {above:?}, which are above it");
    }
}

#[test]
fn a_dry_run_ends_in_the_command_line() {
    for part in ["model", "definition", "check", "plan", "workspace"] {
        refuse(part, &["dry_run"]);
    }
}

/// Each finding names a rule that `check --explain` documents, since a finding is made of one.
#[test]
fn every_rule_explains_itself() {
    let known: BTreeSet<&str> = apigw::check::all_rules().iter().map(|rule| rule.name).collect();
    for part in ROOMS.map(|(name, _)| name).into_iter().chain(["cli"]) {
        let is_test = |path: &Path| path.components().any(|folder| folder.as_os_str() == "tests");
        for (path, text) in sources(part).into_iter().filter(|(path, _)| !is_test(path)) {
            let product: String = code(&text).collect::<Vec<_>>().join(" ");
            assert!(!product.contains("rule: \""), "{}: a finding without a rule", path.display());
            for constructor in ["Rule::error(", "Rule::warning("] {
                for declared in product.split(constructor).skip(1) {
                    let name = declared.split('"').nth(1).unwrap_or_default();
                    assert!(known.contains(name), "{}: {name:?} is not in `all_rules`", path.display());
                }
            }
        }
    }
}

#[test]
fn comments_fit_the_width_of_the_code() {
    let long = |line: &&str| {
        let text = line.trim_start().trim_start_matches(['/', '!']).trim_start();
        line.trim_start().starts_with("//") && line.chars().count() > 120 && !text.starts_with('|')
    };
    for (path, text) in sources("") {
        let found: Vec<&str> = text.lines().filter(long).collect();
        assert!(found.is_empty(), "{}: {found:#?}", path.display());
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
