//! The cache of a gateway that follows a store: the objects of the last good state, and a workspace that is made of
//! them.
//!
//! `store/` has the objects and the pointer as they are in the store; `workspace/` the files that the gateway reads as
//! those of any workspace. The second follows from the first, so that an installation that was cut off is made again.
//! Secrets of this machine lie in `workspace/.apigw/secrets`, which no installation touches.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use super::access::{KEY_SETS_FOLDER, KEYS_FOLDER, OWNERS_FOLDER};
use super::durable::FileStage;
use super::error::{Error, PathContext};
use super::layout::{self, DEPLOYMENTS_FOLDER, GROUPS_FOLDER, TEMPORARY_FOLDER, WorkspaceRoot};
use super::object_folder::{ObjectFolder, ReadFault};
use super::push::is_served_settings;
use super::{folders, local_folder, settings};
use crate::check::rules::records::{CACHE_DAMAGED, PUSHED_SETTINGS};
use crate::model::{Digest, FileSet, GroupName, Location, Version};
use crate::store::{ObjectName, StateList, StatePlace};

/// The list of the state that was installed last.
pub(super) const INSTALLED_FILE: &str = ".apigw/installed";

/// The cache of one gateway, which has it for itself.
#[derive(Debug)]
pub struct Replica {
    folder: PathBuf,
    _lock: File,
}

impl Replica {
    /// Opens a cache, and makes it where it is missing. One that another process uses is refused.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).at("create", folder)?;
        let lock = File::open(folder).at("open", folder)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(Error::CacheInUse { folder: folder.to_owned() }),
            Err(fs::TryLockError::Error(error)) => return Ok(Err(error).at("lock", folder)?),
        }
        let replica = Self { folder: folder.to_owned(), _lock: lock };
        let workspace = replica.workspace_folder();
        fs::create_dir_all(&workspace).at("create", &workspace)?;
        Ok(replica)
    }

    /// Opens the objects.
    pub fn objects(&self) -> Result<ObjectFolder, Error> {
        ObjectFolder::create(&self.folder.join("store"))
    }

    /// Returns the folder of the workspace that is made of the objects.
    #[must_use]
    pub fn workspace_folder(&self) -> PathBuf {
        self.folder.join("workspace")
    }

    /// Makes the workspace of a state whose objects are all there. What is live changes by one rename an environment,
    /// after all that it needs. Versions that the state before needed stay: requests may be under way.
    pub fn install(&self, list: &StateList, objects: &ObjectFolder) -> Result<(), Error> {
        let root = WorkspaceRoot::new(&self.workspace_folder())?;
        local_folder::make_local_folder(&root)?;
        let temporary = root.locate(TEMPORARY_FOLDER)?;
        if temporary.exists() {
            folders::remove_all(&temporary).at("clear", &temporary)?;
        }
        let installation = Installation { root: &root, list, objects };
        let mut stage = FileStage::new(&root, &temporary);
        let before = installation.before();
        installation.remove_unused_versions(&mut stage, &before)?;
        installation.write_versions(&mut stage)?;
        let (environments, others): (Vec<_>, Vec<_>) = list
            .iter()
            .filter(|(place, _)| !matches!(place, StatePlace::VersionFile { .. }))
            .partition(|(place, _)| matches!(place, StatePlace::Environment(_)));
        for (place, digest) in others.into_iter().rev().chain(environments) {
            installation.write(&mut stage, place, digest)?;
        }
        installation.remove_unlisted(&mut stage)?;
        stage.write(INSTALLED_FILE, list.text().as_bytes())?;
        Ok(stage.sync()?)
    }
}

/// A file of a version: its path below the version's folder, its place and its digest.
type VersionEntry<'a> = (&'a str, &'a StatePlace, Digest);

/// The making of a workspace from a state.
struct Installation<'a> {
    root: &'a WorkspaceRoot,
    list: &'a StateList,
    objects: &'a ObjectFolder,
}

impl Installation<'_> {
    /// Returns the state that was installed last, as far as it is known.
    fn before(&self) -> StateList {
        let bytes = self.root.read(INSTALLED_FILE, StateList::LARGEST).ok().flatten().unwrap_or_default();
        StateList::parse(&String::from_utf8_lossy(&bytes)).unwrap_or_default()
    }

    fn object(&self, place: &StatePlace, digest: Digest) -> Result<Vec<u8>, Error> {
        let damaged = || {
            let message = "its object in the cache is missing or damaged".to_owned();
            let hint = "it is read from the store again";
            Error::invalid(&CACHE_DAMAGED, Location::file(place.to_string()), message, hint)
        };
        match self.objects.read(ObjectName::Content(digest), place.largest()) {
            Ok(Some(bytes)) if Digest::of(&bytes) == digest => Ok(bytes),
            Ok(_) | Err(ReadFault::TooLarge) => Err(damaged()),
            Err(ReadFault::Path(error)) => Err(error.into()),
        }
    }

    fn write(&self, stage: &mut FileStage<'_>, place: &StatePlace, digest: Digest) -> Result<(), Error> {
        let path = place.to_string();
        let present = self.root.read(&path, place.largest()).ok().flatten();
        if present.is_some_and(|present| Digest::of(&present) == digest) {
            return Ok(());
        }
        let bytes = self.object(place, digest)?;
        if *place == StatePlace::Settings {
            check_settings(&path, bytes.clone())?;
        }
        stage.write(&path, &bytes)
    }

    fn write_versions(&self, stage: &mut FileStage<'_>) -> Result<(), Error> {
        let mut versions: BTreeMap<(&GroupName, &Version), Vec<VersionEntry<'_>>> = BTreeMap::new();
        for (place, digest) in self.list.iter() {
            if let StatePlace::VersionFile { group, version, path } = place {
                versions.entry((group, version)).or_default().push((path, place, digest));
            }
        }
        for ((group, version), files) in versions {
            let folder = layout::version(group, version);
            let is_present = |(_, place, digest): &VersionEntry<'_>| {
                let present = self.root.read(&place.to_string(), place.largest()).ok().flatten();
                present.is_some_and(|present| Digest::of(&present) == *digest)
            };
            if files.iter().all(is_present) {
                continue;
            }
            let mut set = FileSet::default();
            for (path, place, digest) in files {
                set.insert(path, self.object(place, digest)?);
            }
            if self.root.exists(&folder)? {
                let replaced = stage.exchange_folder(&folder, &set, true)?;
                // A leftover is removed by the next installation.
                let _ = folders::remove_all(&replaced);
            } else {
                stage.write_folder(&folder, &set, true)?;
            }
        }
        Ok(())
    }

    /// Removes the versions that neither this state nor the one before needs.
    fn remove_unused_versions(&self, stage: &mut FileStage<'_>, before: &StateList) -> Result<(), Error> {
        let folder = |place: &StatePlace| match place {
            StatePlace::VersionFile { group, version, .. } => Some(layout::version(group, version)),
            _ => None,
        };
        let both = self.list.iter().chain(before.iter());
        let needed: BTreeSet<String> = both.filter_map(|(place, _)| folder(place)).collect();
        for group in self.root.list(GROUPS_FOLDER)? {
            let Ok(group) = group.parse::<GroupName>() else { continue };
            for version in self.root.list(&layout::versions(&group))? {
                let folder = format!("{}/{version}", layout::versions(&group));
                if !needed.contains(&folder) {
                    stage.remove_folder(&folder)?;
                }
            }
        }
        Ok(())
    }

    /// Removes what the state does not have; a revocation stays whatever it says.
    fn remove_unlisted(&self, stage: &mut FileStage<'_>) -> Result<(), Error> {
        for folder in [DEPLOYMENTS_FOLDER, KEYS_FOLDER, OWNERS_FOLDER, KEY_SETS_FOLDER] {
            for name in self.root.list(folder)? {
                let path = format!("{folder}/{name}");
                let Ok(place) = path.parse::<StatePlace>() else { continue };
                if self.list.get(&place).is_none() {
                    stage.remove(&path)?;
                }
            }
        }
        Ok(())
    }
}

/// Refuses settings that would have this machine start a program, or read a folder, that somebody else has named.
fn check_settings(path: &str, bytes: Vec<u8>) -> Result<(), Error> {
    let settings = settings::workspace(&layout::text(path, bytes)?)?;
    if is_served_settings(&settings) {
        return Ok(());
    }
    let message = "settings that came from a store name a program or a folder for secrets".to_owned();
    Err(Error::invalid(&PUSHED_SETTINGS, Location::file(path), message, "find out who pushed them"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ObjectStore as _;

    const SETTINGS: &str = "schema = 1\n";

    /// Puts files into the objects of a cache, and returns their list.
    fn state(objects: &ObjectFolder, files: &[(&str, &str)]) -> StateList {
        let file = |(place, text): &(&str, &str)| {
            let digest = Digest::of(text.as_bytes());
            // The folder has written it when the call returns.
            drop(objects.put(ObjectName::Content(digest), (*text).to_owned().into()));
            (place.parse().unwrap(), digest)
        };
        StateList::new(files.iter().map(file))
    }

    #[test]
    fn a_cache_is_made_like_its_state_and_mended() {
        let place = tempfile::tempdir().unwrap();
        let replica = Replica::open(place.path()).unwrap();
        assert!(matches!(Replica::open(place.path()), Err(Error::CacheInUse { .. })));
        let objects = replica.objects().unwrap();
        let version = |number: &str| format!("groups/a/versions/{number}/version.yaml");
        let (first, second) = (version("0.0.1"), version("0.0.2"));
        let old =
            [("apigw.toml", SETTINGS), (first.as_str(), "1"), ("keys/old.yaml", "k"), ("keys/revoked/k1AB.yaml", "r")];
        replica.install(&state(&objects, &old), &objects).unwrap();
        let new = [("apigw.toml", SETTINGS), (second.as_str(), "2"), ("deployments/test.yaml", "d")];
        let list = state(&objects, &new);
        let folder = replica.workspace_folder();
        fs::create_dir_all(folder.join(".apigw/secrets")).unwrap();
        fs::write(folder.join(".apigw/secrets/k1AB"), "s").unwrap();
        let has = |place: &str| folder.join(place).exists();
        for is_needed in [true, false] {
            replica.install(&list, &objects).unwrap();
            assert!(has(&second) && has("deployments/test.yaml") && has(".apigw/secrets/k1AB"));
            assert_eq!(has(&first), is_needed, "the version of the state before stays for one more");
            assert!(!has("keys/old.yaml") && has("keys/revoked/k1AB.yaml"), "a revocation stays");
        }
        fs::write(folder.join("deployments/test.yaml"), "damaged").unwrap();
        fs::remove_file(folder.join(&second)).unwrap();
        replica.install(&list, &objects).unwrap();
        assert_eq!(fs::read(folder.join("deployments/test.yaml")).unwrap(), b"d");
        assert_eq!(fs::read(folder.join(&second)).unwrap(), b"2");
    }

    #[test]
    fn settings_that_name_a_program_are_refused() {
        let place = tempfile::tempdir().unwrap();
        let replica = Replica::open(place.path()).unwrap();
        let objects = replica.objects().unwrap();
        for access in ["secrets_command = [\"sh\", \"-c\", \"id\"]", "secrets_dir = \"/etc\""] {
            let text = format!("{SETTINGS}[access]\n{access}\n");
            let list = state(&objects, &[("apigw.toml", &text), ("deployments/test.yaml", "d")]);
            let refused = replica.install(&list, &objects).unwrap_err().one_line();
            assert!(refused.contains("name a program or a folder"), "{refused}");
            assert!(!replica.workspace_folder().join("deployments/test.yaml").exists());
        }
    }
}
