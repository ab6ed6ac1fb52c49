//! Imports of the sources, read from `use` trees and paths instead of lines of text.

mod tokens;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use tokens::Token;

/// A module of the product, without its unit tests.
pub(crate) struct Module {
    /// The path from the crate's root, like `cli::commands::diff`.
    pub(crate) name: String,
    /// The paths that it names, those of the project from the crate's root.
    pub(crate) paths: BTreeSet<String>,
    /// The string literals.
    pub(crate) texts: Vec<String>,
}

/// Reads all modules below a folder of sources.
pub(crate) fn modules(source: &Path) -> Vec<Module> {
    let mut files = BTreeMap::new();
    read_folder(source, "", &mut files);
    let is_test = |name: &str| {
        let (parent, own) = name.rsplit_once("::").unwrap_or(("", name));
        files.get(parent).is_some_and(|tokens| tokens::test_modules(tokens).contains(own))
    };
    let within_tests = |name: &str| {
        let ends = name.match_indices("::").map(|(at, _)| at).chain([name.len()]);
        ends.into_iter().any(|end| is_test(&name[..end]))
    };
    let product = files.iter().filter(|(name, _)| !within_tests(name));
    let module = |(name, tokens): (&String, &Vec<Token>)| {
        let tokens = tokens::without_tests(tokens);
        let children = tokens::child_modules(&tokens);
        let paths = tokens::paths(&tokens).into_iter().map(|path| resolve(name, &children, &path));
        Module { name: name.clone(), paths: paths.collect(), texts: tokens::texts(&tokens) }
    };
    product.map(module).collect()
}

fn read_folder(folder: &Path, name: &str, files: &mut BTreeMap<String, Vec<Token>>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("UTF-8");
        let below = if name.is_empty() { stem.to_owned() } else { format!("{name}::{stem}") };
        if path.is_dir() {
            read_folder(&path, &below, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let own = if ["mod", "lib", "main"].contains(&stem) { name.to_owned() } else { below };
            let text = fs::read_to_string(&path).expect("a source");
            files.entry(own).or_default().extend(tokens::tokens(&text));
        }
    }
}

/// Makes a path of the project one from the crate's root, marked by `crate`.
fn resolve(module: &str, children: &BTreeSet<String>, path: &[String]) -> String {
    let mut base: Vec<&str> = module.split("::").filter(|part| !part.is_empty()).collect();
    let mut rest = path.iter().map(String::as_str).peekable();
    match path[0].as_str() {
        "crate" => {
            base.clear();
            rest.next();
        }
        "self" => {
            rest.next();
        }
        "super" => {
            while rest.next_if_eq(&"super").is_some() {
                base.pop();
            }
        }
        first if children.contains(first) => {}
        _ => return path.join("::"),
    }
    std::iter::once("crate").chain(base).chain(rest).collect::<Vec<_>>().join("::")
}

/// Lists the modules that each module uses: of each path, the longest beginning that is a module.
pub(crate) fn uses(modules: &[Module]) -> BTreeMap<&str, BTreeSet<&str>> {
    let names: BTreeSet<&str> = modules.iter().map(|module| module.name.as_str()).collect();
    let used = |path: &String| {
        let path = path.strip_prefix("crate::")?;
        let ends = path.match_indices("::").map(|(at, _)| at).chain([path.len()]);
        ends.filter_map(|end| names.get(&path[..end]).copied()).last()
    };
    let of = |module: &'_ Module| module.paths.iter().filter_map(used).collect::<BTreeSet<_>>();
    modules.iter().map(|module| (module.name.as_str(), of(module))).collect()
}

/// Returns the nodes of a graph that lie on circles, or between two of them.
pub(crate) fn circles(edges: &BTreeMap<String, BTreeSet<String>>) -> BTreeMap<String, BTreeSet<String>> {
    let mut left = edges.clone();
    loop {
        let names: BTreeSet<String> = left.keys().cloned().collect();
        let used: BTreeSet<String> = left.values().flatten().cloned().collect();
        left.retain(|name, uses| {
            uses.retain(|used| names.contains(used));
            !uses.is_empty() && used.contains(name)
        });
        if left.len() == names.len() {
            return left;
        }
    }
}
