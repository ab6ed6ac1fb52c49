//! The judgement after each step: every view says what the reference says, or names the truth.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::reference::{Ids, Place, release};
use super::world::{Person, World, operation_files};

/// The contents of files, by path.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

pub(crate) fn judge(world: &mut World, who: usize) -> Result<()> {
    let person = &world.people[who];
    let loose = loose(person)?;
    for id in &loose {
        ensure!(world.reference.get(id).is_some(), "nobody made operation {id}");
    }
    check_verify(person, &loose)?;
    check_entries(world, person)?;
    let history = person.clone.observe_under("", "-o json history -n 100000").json();
    let operations = history["operations"].as_array().context("no operations")?;
    let mut found = Ids::new();
    for operation in operations {
        let id = operation["operation"].as_str().context("no id")?.to_owned();
        let is_loose = loose.contains(&id);
        let is_marked = operation["loose_end"] == "unexplained";
        ensure!(is_loose == is_marked, "the history shows {operation}, and cut off are {loose:?}");
        if !is_loose {
            found.insert(id);
        }
    }
    let lost: Vec<_> = person.known.difference(&found).collect();
    let foreign: Vec<_> = found.difference(&person.known).collect();
    ensure!(lost.is_empty() && foreign.is_empty(), "the history has lost {lost:?}, and has {foreign:?} too many");
    Ok(())
}

/// Returns the operations whose files lie there and that were never committed.
pub(crate) fn loose(person: &Person) -> Result<Ids> {
    let files = operation_files(&person.clone.folder)?;
    let lost: Vec<_> = person.known.iter().filter(|id| !files.contains_key(*id)).collect();
    ensure!(lost.is_empty(), "the files of {lost:?} are gone");
    Ok(files.into_keys().filter(|id| !person.known.contains(id)).collect())
}

/// Returns the operations whose files lie there and that are not known to be committed. Within a rebase, commits of the
/// person's own are still to come.
pub(crate) fn unknown(person: &Person) -> Result<Ids> {
    Ok(operation_files(&person.clone.folder)?.into_keys().filter(|id| !person.known.contains(id)).collect())
}

/// Holds `verify` against the truth: all is whole but for operations that were cut off, each of which is named, and
/// versions that no operation names.
fn check_verify(person: &Person, loose: &Ids) -> Result<()> {
    let outcome = person.clone.observe_under("", "-o json verify");
    let view: Value = serde_json::from_str(&outcome.stdout).with_context(|| format!("{outcome:?}"))?;
    let problems = view["problems"].as_array().with_context(|| format!("{outcome:?}"))?;
    let mut is_unexplained = false;
    for problem in problems {
        let text = problem.to_string();
        let is_named = match problem["kind"].as_str().unwrap_or_default() {
            "leftover" => true,
            "abandoned" => loose.iter().any(|id| text.contains(id)),
            "unreferenced" => {
                let folder = problem["finding"]["file"].as_str().context("a folder")?;
                is_unreferenced(&person.clone.folder, folder)?
            }
            "unexplained" => {
                is_unexplained = true;
                loose.iter().any(|id| text.contains(id))
            }
            _ => false,
        };
        ensure!(is_named, "verify says {text}, and cut off are {loose:?}");
    }
    let all = view["problems"].to_string();
    let unnamed: Vec<_> = loose.iter().filter(|id| !all.contains(*id)).collect();
    ensure!(unnamed.is_empty(), "verify does not name {unnamed:?}: {outcome:?}");
    ensure!(outcome.code == if is_unexplained { 3 } else { 0 }, "{outcome:?}");
    Ok(())
}

/// True if no operation names the digest of a version.
fn is_unreferenced(clone: &Path, version: &str) -> Result<bool> {
    let note = fs::read_to_string(clone.join(version).join("version.yaml"))?;
    let digest = note.lines().find_map(|line| line.strip_prefix("digest: ")).context("a digest")?;
    for path in operation_files(clone)?.into_values() {
        if fs::read_to_string(path)?.contains(digest) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Holds the entries against the heads of what was acknowledged.
fn check_entries(world: &World, person: &Person) -> Result<()> {
    let outcome = person.clone.observe_under("", "-o json status");
    let view: Value = serde_json::from_str(&outcome.stdout).with_context(|| format!("{outcome:?}"))?;
    let mut entries: BTreeMap<Place, (String, Value)> = BTreeMap::new();
    for entry in view["deployments"].as_array().with_context(|| format!("{outcome:?}"))? {
        let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        ensure!(entry["problem"].is_null(), "{entry}");
        entries.insert((text("environment"), text("group")), (text("operation"), release(entry)));
    }
    let mut wanted = BTreeMap::new();
    for (place, heads) in world.reference.heads(&person.known) {
        ensure!(heads.len() == 1, "{place:?} has the heads {heads:?}");
        for id in heads {
            let release = world.reference.release_of(&id, &place.1).context("an unknown operation")?.clone();
            wanted.insert(place.clone(), (id, release));
        }
    }
    ensure!(entries == wanted, "live is {entries:#?}\nand must be {wanted:#?}");
    Ok(())
}

/// Reads every file of a workspace but for what is this machine's own, and Git's.
pub(crate) fn files(root: &Path) -> Result<Files> {
    let mut files = Files::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let name = path.strip_prefix(root)?.to_string_lossy().into_owned();
            if path.is_dir() {
                if name != ".apigw" && name != ".git" {
                    open.push(path);
                }
            } else {
                files.insert(name, fs::read(&path)?);
            }
        }
    }
    Ok(files)
}
