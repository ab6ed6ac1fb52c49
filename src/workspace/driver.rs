//! The merge driver that Git calls for environments' files, and its installation.
//!
//! It sees three versions of a file and nothing else: history is not merged yet, and it writes none.

use std::fs;
use std::path::Path;

use super::error::{Error, PathContext};
use super::git::GitCheckout;
use super::record::conflict::{ConflictEntry, render_conflict, split_conflict};
use super::record::values::{FileValues, parse_values};
use super::{Workspace, init, layout, record};
use crate::model::{Environment, EnvironmentName};
use crate::plan::merge_entries;

/// The name that `.gitattributes` gives the driver.
const DRIVER: &str = "apigw";

/// The three versions of a file that Git hands to a merge driver.
#[derive(Debug, Clone, Copy)]
pub struct MergeFiles<'a> {
    /// The version that both branches began from.
    pub base: &'a Path,
    /// The version of the branch that is checked out; the result is written over it.
    pub ours: &'a Path,
    /// The version of the other branch.
    pub theirs: &'a Path,
}

/// Merges an environment's file by its entries, and returns true where no group is in conflict.
///
/// The entries of groups in conflict are written between markers; where a version cannot be read, the whole file is.
pub fn merge_environment_files(files: &MergeFiles<'_>) -> Result<bool, Error> {
    let read = |path: &Path| fs::read_to_string(path).at("read", path);
    let (base, ours, theirs) = (read(files.base)?, read(files.ours)?, read(files.theirs)?);
    let parsed = || Some((parse(&ours)?, parse(&theirs)?));
    let (text, is_clean) = match parsed() {
        Some((left, right)) if left.name == right.name => {
            let base = parse(&base).unwrap_or_else(|| Environment::empty(left.name.clone()));
            let (merged, conflicts) = merge_entries(&base, &left, &right);
            let is_clean = conflicts.is_empty();
            let entry = |(group, (head, other))| ConflictEntry { group, head, other };
            let conflicts: Vec<ConflictEntry> = conflicts.into_iter().map(entry).collect();
            (render_conflict(&merged, &conflicts), is_clean)
        }
        _ => (whole_conflict(&ours, &theirs), false),
    };
    fs::write(files.ours, text).at("write", files.ours)?;
    Ok(is_clean)
}

/// Reads a whole and sound environment's file, whichever environment's it is, and in any layout but one without its
/// end: no history tells whether that is cut short.
fn parse(text: &str) -> Option<Environment> {
    let stated = text.lines().find_map(|line| line.strip_prefix("environment: "));
    let stated = stated.and_then(|name| name.parse::<EnvironmentName>().ok());
    let written = stated.and_then(|name| record::parse(&layout::environment(&name), &name, text).ok()?.whole().ok());
    written.or_else(|| {
        let name = FileValues::read("", text)?.environment().clone();
        let reading = parse_values(&layout::environment(&name), &name, text)?;
        let is_ended = reading.layout.as_ref().is_some_and(|layout| !layout.lacks_end);
        is_ended.then(|| reading.whole().ok()).flatten()
    })
}

/// Puts two versions between markers that neither has in it.
fn whole_conflict(ours: &str, theirs: &str) -> String {
    let has_markers = [ours, theirs].iter().any(|text| split_conflict(text).is_some());
    let marker = |character: &str| character.repeat(if has_markers { 15 } else { 7 });
    let ended =
        |text: &str| if text.is_empty() || text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") };
    format!("{} ours\n{}{}\n{}{} theirs\n", marker("<"), ended(ours), marker("="), ended(theirs), marker(">"))
}

impl Workspace {
    /// Names the driver in the Git settings of the workspace's checkout and in its `.gitattributes`.
    ///
    /// # Errors
    ///
    /// Fails where the workspace is not in a Git checkout.
    pub fn install_merge_driver(&self, program: &Path) -> Result<(), Error> {
        let checkout =
            GitCheckout::find(self.folder()).ok_or_else(|| Error::NoCheckout { folder: self.folder().to_owned() })?;
        let program = program.display().to_string().replace('\'', "'\\''");
        checkout.set(&format!("merge.{DRIVER}.name"), "environments of apigw, entry by entry")?;
        checkout.set(&format!("merge.{DRIVER}.driver"), &format!("'{program}' merge-driver %O %A %B"))?;
        // Frozen files are much alike: Git takes one that a branch removed for one that it added, and merges changes of
        // the other branch into that. No attribute of a file keeps it from that, and Git before 2.50 not even this.
        checkout.set("merge.renames", "false")?;
        init::add_attributes(self.folder())
    }
}

#[cfg(test)]
mod tests {
    use super::record::tests::example;
    use super::*;

    fn merged(base: &str, ours: &str, theirs: &str) -> (bool, String) {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["base", "ours", "theirs"].map(|name| folder.path().join(name));
        for (path, text) in paths.iter().zip([base, ours, theirs]) {
            fs::write(path, text).unwrap();
        }
        let files = MergeFiles { base: &paths[0], ours: &paths[1], theirs: &paths[2] };
        let is_clean = merge_environment_files(&files).unwrap();
        (is_clean, fs::read_to_string(&paths[1]).unwrap())
    }

    #[test]
    fn versions_in_other_layouts_are_merged_by_their_values() {
        let [base, ours, theirs] = [&["orders"][..], &["orders", "petstore"], &["coffee", "orders"]].map(|groups| {
            let mut environment = example();
            let entry = environment.deployments.values().next().unwrap().clone();
            environment.deployments = groups.iter().map(|group| (group.parse().unwrap(), entry.clone())).collect();
            record::render(&environment)
        });
        let (is_clean, expected) = merged(&base, &ours, &theirs);
        assert!(is_clean && expected.contains("  coffee:\n") && expected.contains("  petstore:\n"), "{expected}");
        let relaid = |text: &str| {
            let text = text.replace("  orders:", "\n  'orders':").replace("environment: test", "environment: 'test'");
            text.replace("state: live", "state: \"live\"")
        };
        assert_eq!(merged(&relaid(&base), &relaid(&ours), &theirs), (true, expected.clone()));
        assert_eq!(merged(&base, &ours, &relaid(&theirs)), (true, expected));
        let edited = relaid(&theirs).replace("\"1.10.0\"", "\"1.11.0\"");
        assert!(!merged(&base, &ours, &edited).0);
    }

    #[test]
    fn a_version_that_cannot_be_read_is_never_merged() {
        let empty = record::render(&Environment::empty("test".parse().unwrap()));
        assert_eq!(merged("", &empty, &empty), (true, empty.clone()));
        let cut = &empty[..empty.len() - 4];
        let newer = empty.replace("schema: 1", "schema: 2");
        let other = record::render(&Environment::empty("online".parse().unwrap()));
        let relaid = format!("\n{cut}");
        for text in [cut, relaid.as_str(), newer.as_str(), other.as_str(), ""] {
            let (is_clean, result) = merged(&empty, &empty, text);
            let sides = split_conflict(&result).unwrap();
            assert!(!is_clean && sides.head == empty && sides.other.trim_end() == text.trim_end(), "{result}");
        }
        let (_, result) = merged(&empty, &merged(&empty, &empty, cut).1, &empty);
        assert!(result.starts_with("<<<<<<<<<<<<<<< ours\n<<<<<<< ours\n"), "{result}");
    }
}
