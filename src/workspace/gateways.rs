//! The gateways that run on this machine. Each keeps one file in `.apigw/gateways` with the entries that it serves.
//!
//! The file is locked for as long as its gateway lives. The kernel frees the lock of a gateway that was killed, so its
//! file is known to be stale, and the next gateway that starts removes it. A change replaces the file by another one
//! that was locked before, so a reader sees a whole file that is locked, or knows that it has to read again. Nothing is
//! synced: after a loss of power no gateway runs.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::Read as _;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::durable::stage_beside;
use super::error::{Error, PathContext};
use super::layout::{self, WorkspaceRoot};
use super::{Workspace, folders, local_folder};
use crate::check::rules::files::SCHEMA_NEWER;
use crate::check::rules::records::GATEWAY_FILE;
use crate::model::{EnvironmentName, GroupName, Location, OperationId, SCHEMA, Timestamp};
use crate::snapshot::NotServed;

/// The age from which a temporary file counts as left by a killed gateway.
const ABANDONED: Duration = Duration::from_mins(1);
/// The number of times that a file is opened again if it was replaced while being read.
const ATTEMPTS: usize = 20;

/// A gateway's file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RunningGateway {
    /// The schema of the file, 1.
    pub schema: u32,
    /// Its process.
    pub pid: u32,
    /// Time of its start.
    pub since: Timestamp,
    /// Addresses that it listens on, like `http://127.0.0.1:8080`.
    pub addresses: Vec<String>,
    /// Address of its listener for operators.
    pub admin: Option<SocketAddr>,
    /// Where nodes poll it for what is live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discovery: Option<SocketAddr>,
    /// The workers that stand still, by number: their connections are answered by nobody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stuck_workers: Vec<usize>,
    /// The entries that it serves, by environment.
    pub environments: BTreeMap<EnvironmentName, ServedEnvironment>,
    /// The entries that are not in force in it.
    #[serde(default)]
    pub not_served: Vec<NotServed>,
}

/// The entries that a gateway serves of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct ServedEnvironment {
    /// The operation that is in force for each group, offline ones among them.
    pub serves: BTreeMap<GroupName, OperationId>,
}

/// The gateways that run on this machine, as far as their files can be read.
#[derive(Debug, Default)]
pub struct RunningGateways {
    /// The gateways, the oldest first.
    pub running: Vec<RunningGateway>,
    /// Errors of files that cannot be read, which hide none of the others.
    pub unreadable: Vec<Error>,
}

/// The file of a gateway that runs. Dropping it says that the gateway has ended.
#[derive(Debug)]
pub struct GatewayFile {
    root: WorkspaceRoot,
    place: String,
    written: Option<(File, Vec<u8>)>,
}

impl Workspace {
    /// Begins to tell about a gateway; nothing is told before the first [`GatewayFile::write`].
    pub fn gateway_file(&self, pid: u32, since: Timestamp) -> Result<GatewayFile, Error> {
        local_folder::make_local_folder(&self.root)?;
        let folder = make_folder(&self.root)?;
        remove_dead(&folder);
        let place = layout::gateway(&format!("{}-{pid}", since.compact()));
        Ok(GatewayFile { root: self.root.clone(), place, written: None })
    }

    /// Reads which gateways run on this machine. It fails only where their files cannot be listed.
    pub fn gateways(&self) -> Result<RunningGateways, Error> {
        let mut gateways = RunningGateways::default();
        for name in self.root.list(layout::GATEWAYS_FOLDER)? {
            let Some(id) = name.strip_suffix(".json").filter(|id| is_id(id)) else { continue };
            let place = layout::gateway(id);
            let read = self.root.locate(&place).and_then(|path| read_living(&path));
            match read.and_then(|bytes| bytes.map(|bytes| parse(&place, &bytes)).transpose()) {
                Ok(gateway) => gateways.running.extend(gateway),
                Err(error) => gateways.unreadable.push(error),
            }
        }
        Ok(gateways)
    }
}

impl RunningGateway {
    /// Returns the reason for which a group's entry is not in force here: its own, or that of the whole environment.
    #[must_use]
    pub fn not_served(&self, environment: &EnvironmentName, group: &GroupName) -> Option<&NotServed> {
        let of = |group: Option<&GroupName>| {
            self.not_served.iter().find(|entry| entry.environment == *environment && entry.group.as_ref() == group)
        };
        of(Some(group)).or_else(|| of(None))
    }

    /// Returns the operation that is in force for a group.
    #[must_use]
    pub fn serves(&self, environment: &EnvironmentName, group: &GroupName) -> Option<&OperationId> {
        self.environments.get(environment)?.serves.get(group)
    }
}

impl GatewayFile {
    /// Writes the gateway's file, unless it is in place with the same content.
    pub fn write(&mut self, gateway: &RunningGateway) -> Result<(), Error> {
        let path = self.root.locate(&self.place)?;
        let bytes = serde_json::to_vec(gateway).map_err(std::io::Error::other).at("write", &path)?;
        if self.written.as_ref().is_some_and(|(file, written)| *written == bytes && is_in_place(file, &path)) {
            return Ok(());
        }
        make_folder(&self.root)?;
        let temporary = stage_beside(&path, &bytes)?;
        temporary.as_file().lock().at("lock", &path)?;
        let file = temporary.persist(&path).map_err(|error| error.error).at("replace", &path)?;
        // Only now is the lock of the file before given up: at each moment the one in place is locked.
        self.written = Some((file, bytes));
        Ok(())
    }

    /// True if the file is still where it was written.
    #[must_use]
    pub fn is_in_place(&self) -> bool {
        let path = self.root.locate(&self.place);
        path.is_ok_and(|path| self.written.as_ref().is_some_and(|(file, _)| is_in_place(file, &path)))
    }
}

impl Drop for GatewayFile {
    fn drop(&mut self) {
        if self.is_in_place()
            && let Ok(path) = self.root.locate(&self.place)
        {
            // Where it cannot be removed, the lock says that it is of no use.
            let _ = fs::remove_file(path);
        }
    }
}

/// Makes the folder of the files, but never the workspace's own: one that is gone must not come back empty.
fn make_folder(root: &WorkspaceRoot) -> Result<PathBuf, Error> {
    let folder = root.locate(layout::GATEWAYS_FOLDER)?;
    folders::make(&root.locate(layout::LOCAL_FOLDER)?)?;
    folders::make(&folder)?;
    Ok(folder)
}

/// Removes the files of killed gateways. One that cannot be removed does no harm.
fn remove_dead(folder: &Path) {
    for name in folders::names(folder).unwrap_or_default() {
        let path = folder.join(&name);
        let is_temporary = name.to_string_lossy().starts_with('.');
        let age = fs::symlink_metadata(&path)
            .and_then(|metadata| metadata.modified())
            .map(|modified| SystemTime::now().duration_since(modified).unwrap_or_default());
        if is_temporary && age.is_ok_and(|age| age < ABANDONED) {
            continue;
        }
        if File::open(&path).is_ok_and(|file| is_dead(&file, &path)) {
            let _ = fs::remove_file(path);
        }
    }
}

/// True if no process holds the file at a path any longer.
///
/// One that was replaced since it was opened is free as well, and in its place stands that of one that lives. The lock
/// is shared with whoever asks the same: an exclusive one would look to them like that of a gateway.
fn is_dead(file: &File, path: &Path) -> bool {
    file.try_lock_shared().is_ok() && is_in_place(file, path)
}

/// Reads the file of a gateway that runs; nothing where it has ended.
fn read_living(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    for _ in 0..ATTEMPTS {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).at("read", path).map_err(Error::Io),
        };
        let mut bytes = Vec::new();
        (&file).take(layout::LARGEST_RECORD).read_to_end(&mut bytes).at("read", path)?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => return Ok(Some(bytes)),
            Err(TryLockError::Error(error)) => return Err(error).at("lock", path).map_err(Error::Io),
            Ok(()) if is_in_place(&file, path) => return Ok(None),
            // It was replaced in the meantime, and the file before was let go.
            Ok(()) => {}
        }
    }
    Ok(None)
}

fn is_in_place(file: &File, path: &Path) -> bool {
    let there = fs::symlink_metadata(path).map(|metadata| (metadata.dev(), metadata.ino()));
    file.metadata().is_ok_and(|own| there.is_ok_and(|there| there == (own.dev(), own.ino())))
}

/// True if a text is the name of a gateway's file: a time and a number.
fn is_id(text: &str) -> bool {
    text.len() <= 64
        && text.bytes().all(|byte| byte.is_ascii_digit() || b"TZ.-".contains(&byte))
        && !text.contains("..")
}

fn parse(place: &str, bytes: &[u8]) -> Result<RunningGateway, Error> {
    let damaged =
        |message: String| Error::invalid(&GATEWAY_FILE, Location::file(place), message, "restart the gateway");
    let gateway: RunningGateway = serde_json::from_slice(bytes)
        .map_err(|error| damaged(format!("the file of a gateway cannot be read: {error}")))?;
    if gateway.schema > SCHEMA {
        let message = format!("a gateway's file has schema {}, and this apigw knows {SCHEMA}", gateway.schema);
        return Err(Error::invalid(
            &SCHEMA_NEWER,
            Location::file(place),
            message,
            "a newer apigw runs it: use that one",
        ));
    }
    Ok(gateway)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway(pid: u32) -> RunningGateway {
        let served = ServedEnvironment {
            serves: [(
                "petstore".parse().expect("a name"),
                "20261123T180000.123Z-e3b0c44298fc".parse().expect("an id"),
            )]
            .into(),
        };
        RunningGateway {
            schema: SCHEMA,
            pid,
            since: Timestamp::from_milliseconds(0),
            addresses: vec!["http://127.0.0.1:1".to_owned()],
            admin: None,
            discovery: None,
            stuck_workers: Vec::new(),
            environments: [("test".parse().expect("a name"), served)].into(),
            not_served: Vec::new(),
        }
    }

    fn workspace() -> (tempfile::TempDir, Workspace) {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("apigw.toml"), "schema = 1\n").expect("a file");
        let workspace = Workspace::open(folder.path()).expect("a workspace");
        (folder, workspace)
    }

    fn pids(workspace: &Workspace) -> Vec<u32> {
        workspace.gateways().expect("a list").running.iter().map(|gateway| gateway.pid).collect()
    }

    #[test]
    fn a_gateway_is_seen_while_it_runs() {
        let (_folder, workspace) = workspace();
        assert_eq!(pids(&workspace), [0; 0]);
        let since = Timestamp::from_milliseconds(0);
        let mut one = workspace.gateway_file(1, since).expect("a file");
        let mut two = workspace.gateway_file(2, since).expect("a file");
        one.write(&gateway(1)).expect("written");
        two.write(&gateway(2)).expect("written");
        assert_eq!(pids(&workspace), [1, 2]);
        let mut changed = gateway(1);
        changed.environments.clear();
        one.write(&changed).expect("written again");
        assert_eq!(workspace.gateways().expect("a list").running, [changed, gateway(2)]);
        drop(one);
        assert_eq!(pids(&workspace), [2]);
    }

    #[test]
    fn what_a_killed_gateway_left_is_not_believed_and_goes_away() {
        let (folder, workspace) = workspace();
        let since = Timestamp::from_milliseconds(0);
        let mut dead = workspace.gateway_file(1, since).expect("a file");
        dead.write(&gateway(1)).expect("written");
        let path = folder.path().join(&dead.place);
        // Closing the file frees its lock, as the death of a process does, and leaves the file in place.
        dead.written = None;
        assert!(path.exists());
        assert_eq!(pids(&workspace), [0; 0]);
        let mut next = workspace.gateway_file(2, since).expect("a file");
        next.write(&gateway(2)).expect("written");
        assert!(!path.exists());
        assert_eq!(pids(&workspace), [2]);
    }

    #[test]
    fn a_damaged_file_hides_no_other_gateway() {
        let (folder, workspace) = workspace();
        let since = Timestamp::from_milliseconds(0);
        let mut one = workspace.gateway_file(1, since).expect("a file");
        let mut two = workspace.gateway_file(2, since).expect("a file");
        one.write(&gateway(1)).expect("written");
        two.write(&gateway(2)).expect("written");
        for damaged in ["{\"schema\": 1", "{\"schema\": 1}"] {
            fs::write(folder.path().join(&one.place), damaged).expect("damaged");
            let gateways = workspace.gateways().expect("a list");
            assert_eq!(gateways.running, [gateway(2)], "{damaged}");
            let [error] = gateways.unreadable.as_slice() else { panic!("{:?}", gateways.unreadable) };
            assert!(error.to_string().contains(&one.place), "{error}");
        }
    }

    #[test]
    fn who_looks_for_dead_gateways_does_not_look_like_a_living_one() {
        let (folder, workspace) = workspace();
        let mut dead = workspace.gateway_file(1, Timestamp::from_milliseconds(0)).expect("a file");
        dead.write(&gateway(1)).expect("written");
        dead.written = None;
        let path = folder.path().join(&dead.place);
        let file = File::open(&path).expect("the file");
        assert!(is_dead(&file, &path));
        assert_eq!(pids(&workspace), [0; 0]);
    }

    #[test]
    fn a_reader_never_misses_a_gateway_that_changes() {
        let (_folder, workspace) = workspace();
        let mut file = workspace.gateway_file(1, Timestamp::from_milliseconds(0)).expect("a file");
        file.write(&gateway(1)).expect("written");
        let is_done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let is_seen = (0..2000).all(|_| workspace.gateways().is_ok_and(|list| list.running.len() == 1));
                // The others end before this fails.
                is_done.store(true, std::sync::atomic::Ordering::Relaxed);
                assert!(is_seen, "the gateway was missed");
            });
            // Gateways that start remove the files of killed ones.
            scope.spawn(|| {
                while !is_done.load(std::sync::atomic::Ordering::Relaxed) {
                    remove_dead(&workspace.root.locate(layout::GATEWAYS_FOLDER).expect("a path"));
                }
            });
            let mut admin = 1;
            while !is_done.load(std::sync::atomic::Ordering::Relaxed) {
                admin = admin % 60_000 + 1;
                let changed = RunningGateway { admin: Some(([127, 0, 0, 1], admin).into()), ..gateway(1) };
                file.write(&changed).expect("written");
            }
        });
    }

    #[test]
    fn a_workspace_that_is_gone_does_not_come_back() {
        let (folder, workspace) = workspace();
        let mut file = workspace.gateway_file(1, Timestamp::from_milliseconds(0)).expect("a file");
        file.write(&gateway(1)).expect("written");
        let path = folder.path().to_owned();
        folder.close().expect("removed");
        assert!(file.write(&gateway(2)).is_err());
        assert!(!path.exists());
    }

    #[test]
    fn only_names_of_our_own_are_read() {
        for (name, expected) in [("20261123T180000.123Z-4711", true), ("..", false), ("a", false), ("1/2", false)] {
            assert_eq!(is_id(name), expected, "{name}");
        }
    }
}
