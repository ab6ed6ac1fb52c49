//! `<x.y.z>.yaml` beside a version's folder: who blocked, unblocked or deleted the version, when and why.
//!
//! Each statement is one line, so that two branches that say something of one version merge in Git: all lines of both
//! count. A file with conflict markers in it is read like that as well, and `verify` reports the markers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::error::Error;
use super::quote::quoted;
use super::{LockGuard, Workspace, layout, own_yaml};
use crate::check::rules::records::NOTE_DAMAGED;
use crate::model::{
    Author, Digest, FileSet, Finding, GroupName, Hint, Location, SCHEMA, SETTINGS_FILE, Timestamp, Version,
    VersionNote, VersionNotes, VersionRemark, VersionUnblock, conflict_marker,
};

/// The last line of the file.
const END: &str = "...";
/// The ending of the file's name, behind the version.
const ENDING: &str = ".yaml";
/// The most bytes that the file may have.
pub(super) const LARGEST_NOTE: u64 = 1 << 20;

/// The note on a version, as it lies beside the version's folder.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the shape of the file, for its schema; it is read line by line")]
pub struct VersionNoteFile {
    /// The schema of the file, 1.
    schema: u32,
    /// The version, as its folder is named.
    version: String,
    /// One line for each statement. After a merge there may be several of one kind.
    notes: Vec<NoteLine>,
}

/// One statement: `unblocked` with the block that it ends, else `blocked` or `deleted`, with the time at which it was
/// made.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct NoteLine {
    /// The time of a block: until `version unblock`, the version comes into no environment.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    blocked: Option<Timestamp>,
    /// The time at which the block of the time in `blocked` ended.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    unblocked: Option<Timestamp>,
    /// The time of a deletion: the number stands for the bytes of this digest alone, ever after.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    deleted: Option<Timestamp>,
    /// The digest of the version that was meant.
    #[schemars(with = "String")]
    digest: Digest,
    /// The person or program that said so.
    by: String,
    /// Reason.
    #[serde(default)]
    why: Option<String>,
}

/// A note as it was read.
pub(super) struct ReadNote {
    pub(super) note: VersionNote,
    /// The line of the first conflict marker, where a merge left one.
    pub(super) conflict: Option<usize>,
}

/// Returns the version that a file in a folder of versions is the note of; `None` where its name is no note's.
pub(super) fn noted_version(name: &str) -> Option<Version> {
    name.strip_suffix(ENDING)?.parse().ok()
}

pub(super) fn place(group: &GroupName, version: &Version) -> String {
    format!("{}{ENDING}", layout::version(group, version))
}

/// Returns the path of a version's note below its group's folder.
pub(super) fn group_path(version: &Version) -> String {
    format!("versions/{version}{ENDING}")
}

pub(super) fn render(group: &GroupName, version: &Version, note: &VersionNote) -> String {
    let mut text = format!(
        "# Version {version} of {group}: `apigw version block`, `unblock` and `delete` write this, a line each.\n\
         schema: {SCHEMA}\n\
         version: \"{version}\"\n\
         notes:\n"
    );
    let ended = note.unblocks.iter().map(|unblock| (Some(unblock.block), "unblocked", &unblock.remark));
    let blocks = note.blocks.iter().map(|remark| (None, "blocked", remark));
    let deletions = note.deletions.iter().map(|remark| (None, "deleted", remark));
    let mut statements: Vec<_> = blocks.chain(ended).chain(deletions).collect();
    statements.sort_by_key(|(.., remark)| remark.at);
    for (block, kind, VersionRemark { at, by, why, digest }) in statements {
        let block = block.map(|block| format!("blocked: {block}, ")).unwrap_or_default();
        let why = why.as_ref().map(|why| format!(", why: {}", quoted(why))).unwrap_or_default();
        let _ = writeln!(text, "- {{{block}{kind}: {at}, digest: \"{digest}\", by: {}{why}}}", quoted(by));
    }
    text.push_str(END);
    text.push('\n');
    text
}

fn parse(place: &str, version: &Version, text: &str) -> Result<ReadNote, Error> {
    own_yaml::check_schema(place, text, SCHEMA)?;
    let damaged = |index: usize| {
        let location = Location { file: place.into(), line: index + 1, column: 1 };
        let message = "apigw never writes this: edited by hand, or damaged".to_owned();
        let hint = Hint::RestoreNote { file: place.to_owned(), is_tracked: false };
        Error::invalid(&NOTE_DAMAGED, location, message, hint)
    };
    let mut read = ReadNote { note: VersionNote::default(), conflict: None };
    let (own, mut is_named) = (format!("version: \"{version}\""), false);
    for (index, line) in text.lines().enumerate() {
        if let Some(statement) = line.strip_prefix("- ") {
            let line = own_yaml::parse(place, statement).map_err(|_| damaged(index))?;
            add_statement(&mut read.note, line).ok_or_else(|| damaged(index))?;
        } else if conflict_marker(line).is_some() {
            read.conflict.get_or_insert(index + 1);
        } else if line == own {
            is_named = true;
        } else if line != "notes:" && line != END && line != format!("schema: {SCHEMA}") && !line.starts_with('#') {
            return Err(damaged(index));
        }
    }
    let is_whole = is_named && text.lines().any(|line| line == END) && text.ends_with('\n');
    if !is_whole || read.note.is_empty() {
        return Err(damaged(text.lines().count().saturating_sub(1)));
    }
    read.note.blocks.sort_by_key(|remark| remark.at);
    read.note.unblocks.sort_by_key(|unblock| unblock.remark.at);
    read.note.deletions.sort_by_key(|remark| remark.at);
    Ok(read)
}

/// Adds a statement that a note does not have yet; `None` where its fields are no statement.
fn add_statement(note: &mut VersionNote, line: NoteLine) -> Option<()> {
    let NoteLine { blocked, unblocked, deleted, digest, by, why } = line;
    let remark = |at| VersionRemark { at, by, why, digest };
    match (blocked, unblocked, deleted) {
        (Some(block), Some(at), None) => push_new(&mut note.unblocks, VersionUnblock { block, remark: remark(at) }),
        (Some(at), None, None) => push_new(&mut note.blocks, remark(at)),
        (None, None, Some(at)) => push_new(&mut note.deletions, remark(at)),
        _ => return None,
    }
    Some(())
}

fn push_new<T: PartialEq>(list: &mut Vec<T>, statement: T) {
    if !list.contains(&statement) {
        list.push(statement);
    }
}

impl Workspace {
    /// Reads the note on a version.
    pub(super) fn read_note(&self, group: &GroupName, version: &Version) -> Result<Option<ReadNote>, Error> {
        let place = place(group, version);
        let Some(bytes) = self.root.read(&place, LARGEST_NOTE)? else { return Ok(None) };
        parse(&place, version, &layout::text(&place, bytes)?).map(Some)
    }

    /// Reads the notes on all versions of a group. A block whose version got another number by a merge is found at
    /// that one.
    ///
    /// # Errors
    ///
    /// Fails where one of them cannot be read: it may keep out the version in question.
    pub fn version_notes(&self, group: &GroupName) -> Result<VersionNotes, Error> {
        let mut notes = VersionNotes::default();
        for version in self.noted_versions(group)? {
            self.add_note(group, &version, &mut notes)?;
        }
        Ok(notes)
    }

    /// Reads the notes on the versions of a group as far as they can be read, and lists the faults of the others.
    pub fn readable_notes(&self, group: &GroupName) -> Result<(VersionNotes, Vec<Finding>), Error> {
        let (mut notes, mut findings) = (VersionNotes::default(), Vec::new());
        for version in self.noted_versions(group)? {
            if let Err(error) = self.add_note(group, &version, &mut notes) {
                findings.extend(error.file_findings(&place(group, &version)));
            }
        }
        self.check_hints(&mut findings);
        Ok((notes, findings))
    }

    /// Lists the versions of a group whose notes cannot be read.
    pub fn unreadable_notes(&self, group: &GroupName) -> Result<BTreeSet<Version>, Error> {
        let noted = self.noted_versions(group)?.into_iter();
        Ok(noted.filter(|version| self.check_note(group, version).is_err()).collect())
    }

    /// Fails where the note on a version cannot be read.
    pub fn check_note(&self, group: &GroupName, version: &Version) -> Result<(), Error> {
        self.read_note(group, version).map(drop)
    }

    /// Reads the notes of one group or of all, deleted ones too, as [`readable_notes`](Self::readable_notes) does.
    pub fn all_notes(
        &self,
        group: Option<&GroupName>,
    ) -> Result<(BTreeMap<GroupName, VersionNotes>, Vec<Finding>), Error> {
        let groups = match group {
            Some(group) => vec![group.clone()],
            None => self.root.list(layout::GROUPS_FOLDER)?.iter().filter_map(|name| name.parse().ok()).collect(),
        };
        let (mut all, mut findings) = (BTreeMap::new(), Vec::new());
        for group in groups {
            let (notes, unreadable) = self.readable_notes(&group)?;
            findings.extend(unreadable);
            all.insert(group, notes);
        }
        Ok((all, findings))
    }

    /// Lists the versions of a group that have a note, whether or not it can be read.
    pub(super) fn noted_versions(&self, group: &GroupName) -> Result<Vec<Version>, Error> {
        Ok(self.root.list(&layout::versions(group))?.iter().filter_map(|name| noted_version(name)).collect())
    }

    fn add_note(&self, group: &GroupName, version: &Version, notes: &mut VersionNotes) -> Result<(), Error> {
        let Some(ReadNote { note, .. }) = self.read_note(group, version)? else { return Ok(()) };
        let meant = |digest| self.meant_version(group, version, digest);
        for block in note.blocks {
            notes.0.entry(meant(block.digest)).or_default().blocks.push(block);
        }
        for unblock in note.unblocks {
            notes.0.entry(meant(unblock.remark.digest)).or_default().unblocks.push(unblock);
        }
        if !note.deletions.is_empty() {
            notes.0.entry(version.clone()).or_default().deletions = note.deletions;
        }
        Ok(())
    }

    /// Returns the version that a statement means: the number under which its digest lies, else the one under which it
    /// was deleted, else the one that the note is named by.
    fn meant_version(&self, group: &GroupName, noted: &Version, digest: Digest) -> Version {
        if let Ok(Some(number)) = self.locate_release(group, noted, digest) {
            return number;
        }
        let is_deleted = |number: &Version| {
            let read = self.read_note(group, number).ok().flatten();
            read.is_some_and(|read| read.note.deletions.iter().any(|deletion| deletion.digest == digest))
        };
        let deleted = || self.noted_versions(group).ok()?.into_iter().find(is_deleted);
        Some(noted.clone()).filter(is_deleted).or_else(deleted).unwrap_or_else(|| noted.clone())
    }

    /// Refuses to freeze a number with other bytes than those that it was deleted with.
    pub(super) fn check_not_deleted(&self, group: &GroupName, version: &Version, digest: Digest) -> Result<(), Error> {
        let note = self.read_note(group, version)?.map(|read| read.note).unwrap_or_default();
        let notes = VersionNotes([(version.clone(), note)].into());
        notes.deletion_barring(version, &digest).map_or(Ok(()), |deletion| {
            let deletion = Box::new(deletion.clone());
            Err(Error::VersionDeleted { group: group.clone(), version: version.clone(), deletion })
        })
    }

    /// True if a folder is a group; false if it holds only notes on versions of a deleted one.
    pub(super) fn is_group(&self, group: &GroupName) -> Result<bool, Error> {
        if self.root.exists(&layout::group_file(group, SETTINGS_FILE))? {
            return Ok(true);
        }
        if !self.root.exists(&layout::group(group))? {
            return Ok(false);
        }
        let has_only_versions = self.root.list(&layout::group(group))?.iter().all(|name| name == "versions");
        let versions = self.root.list(&layout::versions(group))?;
        Ok(!has_only_versions || versions.is_empty() || versions.iter().any(|name| noted_version(name).is_none()))
    }

    /// Reads the notes of a group as the files that they are, by their paths in the group's folder.
    pub(super) fn note_files(&self, group: &GroupName) -> Result<FileSet, Error> {
        let mut files = FileSet::default();
        for name in self.root.list(&layout::versions(group))? {
            let path = format!("versions/{name}");
            if noted_version(&name).is_some()
                && let Some(bytes) = self.root.read(&layout::group_file(group, &path), LARGEST_NOTE)?
            {
                files.insert(path, bytes);
            }
        }
        Ok(files)
    }
}

impl LockGuard {
    /// Blocks a version: it comes into no environment any more. Returns the statement that holds, and whether it is
    /// new.
    pub fn block_version(
        &self,
        group: &GroupName,
        version: &Version,
        author: &Author,
    ) -> Result<(VersionRemark, bool), Error> {
        let mut note = self.workspace().read_note(group, version)?.map(|read| read.note).unwrap_or_default();
        let manifest = self.workspace().manifest(group, version)?;
        let deleted = note.deletions.last().map(|deletion| deletion.digest);
        let Some(digest) = manifest.map(|manifest| manifest.digest()).or(deleted) else {
            return Err(self.workspace().unknown_version(group, version)?);
        };
        if let Some(block) = note.blocks_in_force().find(|block| block.digest == digest) {
            return Ok((block.clone(), false));
        }
        let block = next_remark(&note, author, digest);
        note.blocks.push(block.clone());
        let mut stage = self.stage();
        let place = place(group, version);
        stage.write(&place, render(group, version, &note).as_bytes())?;
        stage.settle(&place)?;
        Ok((block, true))
    }

    /// Lets a blocked version in again, and returns the blocks that kept it out.
    pub fn unblock_version(
        &self,
        group: &GroupName,
        version: &Version,
        author: &Author,
    ) -> Result<Vec<VersionRemark>, Error> {
        let workspace = self.workspace();
        let digest = workspace.manifest(group, version)?.map(|manifest| manifest.digest());
        let mut unblocked = Vec::new();
        let mut changed = BTreeMap::new();
        for noted in workspace.noted_versions(group)? {
            let Some(ReadNote { mut note, .. }) = workspace.read_note(group, &noted)? else { continue };
            // After a merge, the note of a number may speak of a version that has another number now.
            let is_meant = |block: &&VersionRemark| workspace.meant_version(group, &noted, block.digest) == *version;
            let meant: Vec<_> = note.blocks_in_force().filter(is_meant).cloned().collect();
            for block in meant {
                let remark = next_remark(&note, author, block.digest);
                note.unblocks.push(VersionUnblock { block: block.at, remark });
                changed.insert(group_path(&noted), render(group, &noted, &note));
                unblocked.push(block);
            }
        }
        if unblocked.is_empty() && digest.is_none() {
            return Err(workspace.unknown_version(group, version)?);
        }
        if !unblocked.is_empty() {
            let files: Vec<_> = changed.iter().map(|(path, text)| (path.as_str(), text.as_bytes())).collect();
            let what = format!("the block of version {version} of {group}");
            self.replace_together(group, &files, what)?;
        }
        Ok(unblocked)
    }
}

/// Returns an author's remark, later than all that a note has: a clock that is set back reorders nothing.
fn next_remark(note: &VersionNote, author: &Author, digest: Digest) -> VersionRemark {
    let latest = note.remarks().last().map(|(_, remark)| remark.at.successor());
    let remark = author.remark(digest);
    VersionRemark { at: latest.map_or(remark.at, |latest| latest.max(remark.at)), ..remark }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remark(at: i64, why: &str) -> VersionRemark {
        let at = Timestamp::from_milliseconds(at);
        VersionRemark { at, by: "Ada \"x\"".to_owned(), why: Some(why.to_owned()), digest: Digest::of(b"1") }
    }

    fn note(blocks: &[(i64, &str)]) -> VersionNote {
        let blocks = blocks.iter().map(|(at, why)| remark(*at, why)).collect();
        let unblocks = vec![VersionUnblock { block: Timestamp::from_milliseconds(2), remark: remark(5, "c") }];
        VersionNote { blocks, unblocks, deletions: vec![VersionRemark { why: None, ..remark(9, "") }] }
    }

    fn read(text: &str) -> Result<ReadNote, Error> {
        parse("n", &Version::first(), text)
    }

    #[test]
    fn what_is_written_is_read_and_a_cut_file_is_refused() {
        let written = note(&[(1, "a: b} \u{1b}\n- {"), (2, "")]);
        let text = render(&"g".parse().unwrap(), &Version::first(), &written);
        assert_eq!(read(&text).unwrap().note, written);
        for index in 0..text.len() {
            assert!(text.get(..index).is_none_or(|cut| read(cut).is_err()), "cut at {index}");
        }
    }

    #[test]
    fn all_statements_of_both_sides_of_a_merge_count() {
        let of = |blocks| render(&"g".parse().unwrap(), &Version::first(), &note(blocks));
        let (ours, theirs) = (of(&[(2, "b")]), of(&[(1, "a")]));
        for base in ["", "||||||| base\n"] {
            let text = format!("<<<<<<< HEAD\n{ours}{base}=======\n{theirs}>>>>>>> other\n");
            let merged = read(&text).unwrap();
            assert_eq!((merged.note, merged.conflict), (note(&[(1, "a"), (2, "b")]), Some(1)));
        }
    }
}
