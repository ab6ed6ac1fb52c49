//! Losing power after each call of a command, on a disk that keeps no more than it must.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use apigw::model::Digest;
use serde_json::Value;
use tempfile::TempDir;

use crate::Outcome;
use crate::disk::{Disk, Event, Tree};
use crate::trace::{Call, Tracer};
use crate::workspace::{State, entries, new_folder};

/// Calls that the disk does not know; a command that uses one needs more of this test.
const UNKNOWN: [&str; 8] =
    ["pwrite64", "writev", "copy_file_range", "sendfile", "symlink", "symlinkat", "fallocate", "mmap"];

/// The command as it is, or with a defect that must be noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variant {
    AsBuilt,
    NoFileSync,
    NoFolderSync,
    WriteInPlace,
}

/// A command that changes a workspace, and the judgement on the workspace that a loss of power leaves.
pub(crate) trait InterruptedCommand {
    fn arguments(&self) -> Vec<&str>;

    /// Copies the workspace as it is before the command.
    fn copy(&self) -> Result<TempDir>;

    /// Says which state a workspace is in that the command or the loss of power left; any but the two is an error.
    fn judge_power_loss(&self, root: &Path) -> Result<State>;
}

/// Checks the states that a power loss may leave, one in so many; of a broken variant only up to the first failure.
pub(crate) fn lose_power(
    command: &impl InterruptedCommand,
    tracer: &Tracer,
    variant: Variant,
    step: usize,
) -> Result<Outcome> {
    let folder = command.copy()?;
    let before = read(folder.path())?;
    let calls = tracer.trace(&command.arguments(), folder.path())?;
    let after = read(folder.path())?;
    let events = vary(events(&calls, folder.path(), &before)?, &before, &after, variant)?;

    let mut disk = Disk::new(&before)?;
    let mut seen = BTreeSet::new();
    let mut outcome = Outcome::default();
    for (number, event) in events.iter().enumerate() {
        disk.apply(event).with_context(|| format!("{event:?}"))?;
        let acknowledged = number + 1 == events.len();
        for tree in disk.after_power_loss()? {
            if !seen.insert((acknowledged, tree.clone())) || (seen.len() % step != 0 && !acknowledged) {
                continue;
            }
            outcome.injected += 1;
            match check(command, &tree, acknowledged) {
                Ok(State::New) => outcome.committed += 1,
                Ok(State::Old) => {}
                Err(error) => outcome.failures.push(format!("power lost after {}: {error:#}", name(event))),
            }
            if variant != Variant::AsBuilt && !outcome.failures.is_empty() {
                return Ok(outcome);
            }
        }
    }
    Ok(outcome)
}

fn check(command: &impl InterruptedCommand, tree: &Tree, acknowledged: bool) -> Result<State> {
    let folder = new_folder()?;
    for (name, bytes) in tree {
        let path = folder.path().join(name);
        match bytes {
            None => fs::create_dir_all(&path)?,
            Some(bytes) => fs::write(&path, bytes)?,
        }
        if bytes.is_some() && name.starts_with(".apigw/secrets/") {
            // It is created with them.
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        }
    }
    keep_identity(folder.path())?;
    let state = command.judge_power_loss(folder.path())?;
    ensure!(!acknowledged || state == State::New, "an acknowledged operation is gone");
    Ok(state)
}

/// Makes an intent name the file that it is to replace as it lies in the tree that was built anew. A file keeps its
/// inode and its times over a loss of power, and no two that are written here have the same bytes.
fn keep_identity(root: &Path) -> Result<()> {
    let note = root.join(".apigw/intent.json");
    let Some(mut intent) = fs::read(&note).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok()) else {
        return Ok(());
    };
    let place = match (&intent["place"], &intent["environment"]) {
        (Value::String(place), _) => place.clone(),
        (_, Value::String(environment)) => format!("deployments/{environment}.yaml"),
        _ => return Ok(()),
    };
    let file = root.join(place);
    let Ok(bytes) = fs::read(&file) else { return Ok(()) };
    if intent["file"]["sha256"] == Digest::of(&bytes).to_string() {
        let now = fs::metadata(&file)?;
        intent["file"]["device"] = now.dev().into();
        intent["file"]["inode"] = now.ino().into();
        intent["file"]["changed"] = vec![now.ctime(), now.ctime_nsec()].into();
        fs::write(&note, serde_json::to_vec(&intent)?)?;
    }
    Ok(())
}

/// Returns the events of a variant.
fn vary(events: Vec<Event>, before: &Tree, after: &Tree, variant: Variant) -> Result<Vec<Event>> {
    let count = events.len();
    let mut varied = Vec::new();
    for event in events {
        match (variant, event) {
            (Variant::NoFileSync, Event::SyncFile(_)) | (Variant::NoFolderSync, Event::SyncFolder(_)) => {}
            (Variant::WriteInPlace, Event::Rename(_, to)) if to.starts_with("deployments/") => {
                let bytes = after.get(&to).cloned().flatten().context("nothing was written")?;
                let first = if before.contains_key(&to) { Event::Truncate } else { Event::Create };
                varied.extend([first(to.clone()), Event::Write(to.clone(), bytes), Event::SyncFile(to)]);
            }
            (_, event) => varied.push(event),
        }
    }
    ensure!(variant == Variant::AsBuilt || varied.len() != count, "{variant:?} changed nothing");
    Ok(varied)
}

/// Reads the changes of the disk from the calls of a command.
fn events(calls: &[Call], root: &Path, before: &Tree) -> Result<Vec<Event>> {
    let mut disk = Disk::new(before)?;
    let mut events = Vec::new();
    // Bytes are not in the trace. A file has those that it ends with, at the name that it ends with.
    for call in calls.iter().filter(|call| !call.line.contains(" = -1 ")) {
        if let Some(event) = event(call, root, &disk).with_context(|| call.line.clone())? {
            disk.apply(&event).with_context(|| call.line.clone())?;
            events.push(event);
        }
    }
    Ok(events)
}

fn event(call: &Call, root: &Path, disk: &Disk) -> Result<Option<Event>> {
    let path = |number: usize| quoted(call, number).and_then(|path| below(path, root));
    let open = descriptor(call).and_then(|path| below(path, root));
    let event = match call.name.as_str() {
        "openat" => match path(0) {
            Some(path) if call.line.contains("O_CREAT") && !disk.has(&path) => Some(Event::Create(path)),
            Some(path) if call.line.contains("O_TRUNC") => Some(Event::Truncate(path)),
            _ => None,
        },
        "mkdir" => path(0).map(Event::MakeFolder),
        "unlink" | "rmdir" => path(0).map(Event::Remove),
        "unlinkat" => bail!("this test does not know unlinkat"),
        "rename" | "renameat" | "renameat2" => names(call, root).map(|(from, to)| Event::Rename(from, to)),
        "link" | "linkat" => names(call, root).map(|(from, to)| Event::Link(from, to)),
        "ftruncate" => open.map(Event::Truncate),
        "fsync" | "fdatasync" => {
            open.map(|path| if disk.is_folder(&path) { Event::SyncFolder(path) } else { Event::SyncFile(path) })
        }
        "write" => match open {
            Some(path) => {
                let bytes = written(call).context("no bytes")?;
                let whole = call.line.ends_with(&format!(" = {}", bytes.len()));
                ensure!(whole, "this test knows only calls that write all their bytes");
                Some(Event::Write(path, bytes))
            }
            None => None,
        },
        name if UNKNOWN.contains(&name) && open.is_some() => bail!("this test does not know {name}"),
        _ => None,
    };
    Ok(event)
}

/// Returns the two names of a call that succeeded.
fn names(call: &Call, root: &Path) -> Option<(String, String)> {
    if call.line.contains(" = -1 ") {
        return None;
    }
    Some((below(quoted(call, 0)?, root)?, below(quoted(call, 1)?, root)?))
}

/// Returns the bytes that a call wrote, which `strace` shows as C writes a string.
fn written(call: &Call) -> Option<Vec<u8>> {
    let (text, _) = call.line.split_once(", \"")?.1.rsplit_once("\", ")?;
    let mut bytes = Vec::new();
    let mut rest = text.bytes().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match rest.next()? {
            b'n' => bytes.push(b'\n'),
            b't' => bytes.push(b'\t'),
            b'r' => bytes.push(b'\r'),
            digit @ b'0'..=b'7' => {
                let mut value = u32::from(digit - b'0');
                for _ in 0..2 {
                    let Some(next) = rest.next_if(|next| (b'0'..=b'7').contains(next)) else { break };
                    value = value * 8 + u32::from(next - b'0');
                }
                bytes.push(u8::try_from(value).ok()?);
            }
            other => bytes.push(other),
        }
    }
    Some(bytes)
}

/// Returns a path in quotes.
fn quoted(call: &Call, number: usize) -> Option<&str> {
    call.line.split('"').nth(number * 2 + 1)
}

/// Returns what `strace` says that the descriptor of the first argument stands for.
fn descriptor(call: &Call) -> Option<&str> {
    let first = call.line.split_once('(')?.1.split([',', ')']).next()?;
    first.split_once('<')?.1.strip_suffix('>')
}

/// Returns a path below the workspace, with the workspace itself as the empty one.
fn below(path: &str, root: &Path) -> Option<String> {
    Path::new(path).strip_prefix(root).ok()?.to_str().map(str::to_owned)
}

fn name(event: &Event) -> String {
    match event {
        Event::Write(path, bytes) => format!("Write({path:?}, {} bytes)", bytes.len()),
        event => format!("{event:?}"),
    }
}

fn read(root: &Path) -> Result<Tree> {
    let mut tree = Tree::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for path in entries(&folder)? {
            let name = path.strip_prefix(root)?.to_str().context("a name that is no text")?.to_owned();
            if path.is_dir() {
                tree.insert(name, None);
                open.push(path);
            } else {
                tree.insert(name, Some(fs::read(&path)?));
            }
        }
    }
    Ok(tree)
}
