//! A folder as a store of objects: each is replaced by a rename, and writers take turns.
//!
//! It belongs to pushes, or to the cache of a gateway: a folder that holds something else is refused. Temporary files
//! lie in a folder of their own, which the next writer clears.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use rustix::fs::OFlags;

use super::durable::sync_folder;
use super::error::{Error, PathContext, PathError};
use super::layout::absent_is_fine;
use super::own_places::require_foreign;
use super::{folders, layout};
use crate::model::{Digest, Timestamp};
use crate::store::{
    EntityTag, FetchedObject, ListedObject, ObjectName, ObjectStore, PutOutcome, StoreError, StoreFault, StoreFuture,
};

/// The folder of temporary files.
const TEMPORARY: &str = ".tmp";
/// All that lies in such a folder.
const OWN_NAMES: [&str; 5] = ["objects", "pointer", "probe", TEMPORARY, ".gitkeep"];

/// A folder of objects.
#[derive(Debug)]
pub struct ObjectFolder {
    path: PathBuf,
}

impl ObjectFolder {
    /// Opens a folder to read it.
    #[must_use]
    pub fn open(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Opens a folder to write into it; the first write makes one that is missing. One that holds something else is
    /// refused.
    pub fn create(path: &Path) -> Result<Self, Error> {
        require_foreign(path)?;
        let names = match folders::names(path) {
            Err(error) if layout::is_absent(&error) && !path.exists() => Vec::new(),
            names => names.at("list", path)?,
        };
        let foreign = names.iter().find(|name| !OWN_NAMES.iter().any(|own| name == own));
        if let Some(foreign) = foreign {
            let entry = foreign.to_string_lossy().into_owned();
            return Err(Error::FolderTaken { folder: path.to_owned(), entry });
        }
        Ok(Self { path: path.to_owned() })
    }

    /// Removes the objects that are none of these.
    pub fn retain(&self, kept: &BTreeSet<Digest>) -> Result<(), Error> {
        let folder = self.path.join(ObjectName::CONTENTS);
        let _lock = self.lock()?;
        for name in folders::names(&folder).at("list", &folder)? {
            let digest = name.to_str().and_then(|name| format!("sha256:{name}").parse().ok());
            if digest.is_some_and(|digest| !kept.contains(&digest)) {
                let path = folder.join(name);
                fs::remove_file(&path).at("remove", &path)?;
            }
        }
        Ok(())
    }

    /// Reads an object; `None` where there is none.
    pub(super) fn read(&self, name: ObjectName, most: u64) -> Result<Option<Vec<u8>>, ReadFault> {
        let path = self.path.join(name.to_string());
        // Opening a pipe would wait for a writer.
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        let file = match OpenOptions::new().read(true).custom_flags(flags).open(&path) {
            Err(error) if layout::is_absent(&error) => return Ok(None),
            file => file.at("read", &path)?,
        };
        if !file.metadata().at("read", &path)?.is_file() {
            return Err(io::Error::other("it is not a file")).at("read", &path)?;
        }
        let mut bytes = Vec::new();
        file.take(most + 1).read_to_end(&mut bytes).at("read", &path)?;
        if bytes.len() as u64 > most { Err(ReadFault::TooLarge) } else { Ok(Some(bytes)) }
    }

    /// Lists the objects under their digests.
    fn contents(&self) -> Result<Vec<ListedObject>, PathError> {
        let folder = self.path.join(ObjectName::CONTENTS);
        let names = match folders::names(&folder) {
            Err(error) if layout::is_absent(&error) => Vec::new(),
            names => names.at("list", &folder)?,
        };
        let mut objects = Vec::new();
        for name in names {
            let digest = name.to_str().and_then(|name| format!("sha256:{name}").parse().ok());
            let path = folder.join(&name);
            let metadata = fs::symlink_metadata(&path).at("read", &path)?;
            let Some(digest) = digest.filter(|_| metadata.is_file()) else { continue };
            let modified = metadata.modified().at("read", &path)?;
            let modified = Timestamp::from_unix_time(modified.duration_since(UNIX_EPOCH).unwrap_or_default());
            objects.push(ListedObject { digest, bytes: metadata.len(), modified });
        }
        Ok(objects)
    }

    fn remove_content(&self, digest: Digest) -> Result<(), PathError> {
        let path = self.path.join(ObjectName::Content(digest).to_string());
        let _lock = self.lock()?;
        fs::remove_file(&path).or_else(absent_is_fine).at("remove", &path)
    }

    /// Writes an object if the present one, as its tag, is as it should be.
    fn write(
        &self,
        name: ObjectName,
        bytes: &[u8],
        condition: impl Fn(Option<&str>) -> bool,
    ) -> Result<PutOutcome, ReadFault> {
        let target = self.path.join(name.to_string());
        let lock = self.lock()?;
        // The bytes of an object that is only replaced or made need not be read.
        let present = match name {
            ObjectName::Content(_) => target.exists().then(String::new),
            ObjectName::Pointer | ObjectName::Probe => self.read(name, LARGEST_CHANGING)?.map(|bytes| tag_of(&bytes)),
        };
        if !condition(present.as_deref()) {
            return Ok(PutOutcome::Refused);
        }
        self.replace(&target, bytes)?;
        drop(lock);
        Ok(PutOutcome::Written)
    }

    fn replace(&self, target: &Path, bytes: &[u8]) -> Result<(), PathError> {
        let temporary = self.path.join(TEMPORARY);
        folders::remove_all(&temporary).or_else(absent_is_fine).at("clear", &temporary)?;
        fs::create_dir(&temporary).at("create", &temporary)?;
        let parent = target.parent().unwrap_or(&self.path);
        fs::create_dir_all(parent).at("create", parent)?;
        // The kernel applies the umask to this.
        let permissions = fs::Permissions::from_mode(0o666);
        let mut file =
            tempfile::Builder::new().permissions(permissions).tempfile_in(&temporary).at("write in", &temporary)?;
        file.write_all(bytes).at("write", target)?;
        file.as_file().sync_all().at("sync", target)?;
        file.persist(target).map_err(|error| error.error).at("replace", target)?;
        // Each folder up to the own one: another process may have died before it did so.
        for folder in target.ancestors().skip(1).take_while(|folder| folder.starts_with(&self.path)) {
            sync_folder(folder)?;
        }
        Ok(())
    }

    /// Locks the folder until the lock is dropped; the kernel queues those who wait.
    fn lock(&self) -> Result<File, PathError> {
        fs::create_dir_all(&self.path).at("create", &self.path)?;
        let folder = File::open(&self.path).at("open", &self.path)?;
        folder.lock().at("lock", &self.path)?;
        Ok(folder)
    }

    fn failed(&self, name: ObjectName, fault: ReadFault, most: u64) -> StoreError {
        let fault = match fault {
            ReadFault::TooLarge => StoreFault::TooLarge(most),
            ReadFault::Path(error) => StoreFault::Folder(Box::new(error)),
        };
        StoreError { place: self.path.join(name.to_string()).display().to_string(), fault }
    }

    fn put_where(
        &self,
        name: ObjectName,
        bytes: &[u8],
        condition: impl Fn(Option<&str>) -> bool,
    ) -> StoreFuture<'static, PutOutcome> {
        let outcome = self.write(name, bytes, condition).map_err(|fault| self.failed(name, fault, LARGEST_CHANGING));
        Box::pin(std::future::ready(outcome))
    }
}

/// The most bytes of an object that changes.
const LARGEST_CHANGING: u64 = 1 << 20;

/// Reason why an object cannot be read.
pub(super) enum ReadFault {
    TooLarge,
    Path(PathError),
}

impl From<PathError> for ReadFault {
    fn from(error: PathError) -> Self {
        Self::Path(error)
    }
}

impl ObjectStore for ObjectFolder {
    fn address(&self) -> String {
        // Where it is missing, there is nothing in it that could be remembered.
        fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone()).display().to_string()
    }

    fn get(&self, name: ObjectName, most: u64) -> StoreFuture<'_, FetchedObject> {
        let fetched = match self.read(name, most) {
            Ok(None) => Ok(FetchedObject::Missing),
            Ok(Some(bytes)) => {
                let tag = EntityTag(tag_of(&bytes));
                Ok(FetchedObject::Found { bytes: bytes.into(), tag: Some(tag) })
            }
            Err(fault) => Err(self.failed(name, fault, most)),
        };
        Box::pin(std::future::ready(fetched))
    }

    fn put_if_absent(&self, name: ObjectName, bytes: Bytes) -> StoreFuture<'_, PutOutcome> {
        self.put_where(name, &bytes, |present| present.is_none())
    }

    fn put_if_match<'a>(&'a self, name: ObjectName, bytes: Bytes, tag: &'a EntityTag) -> StoreFuture<'a, PutOutcome> {
        self.put_where(name, &bytes, |present| present == Some(&tag.0))
    }

    fn put(&self, name: ObjectName, bytes: Bytes) -> StoreFuture<'_, ()> {
        let written = self.put_where(name, &bytes, |_| true);
        Box::pin(async move { written.await.map(|_| ()) })
    }

    fn list(&self) -> StoreFuture<'_, Vec<ListedObject>> {
        let place = || self.path.join(ObjectName::CONTENTS).display().to_string();
        let fault = |error| StoreError { place: place(), fault: StoreFault::Folder(Box::new(error)) };
        Box::pin(std::future::ready(self.contents().map_err(fault)))
    }

    fn remove(&self, digest: Digest) -> StoreFuture<'_, ()> {
        let removed = self.remove_content(digest);
        let failed = |error| self.failed(ObjectName::Content(digest), ReadFault::Path(error), 0);
        Box::pin(std::future::ready(removed.map_err(failed)))
    }
}

fn tag_of(bytes: &[u8]) -> String {
    format!("\"{}\"", Digest::of(bytes))
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    const OLD: &[u8] = b"old";
    const NEW: &[u8] = b"new";

    fn written(folder: &ObjectFolder, name: ObjectName, bytes: &[u8], tag: Option<&[u8]>) -> bool {
        let tag = tag.map(tag_of);
        let outcome = folder.write(name, bytes, |present| present == tag.as_deref());
        outcome.unwrap_or_else(|_| panic!("{name} cannot be written")) == PutOutcome::Written
    }

    #[test]
    fn the_pointer_is_replaced_where_it_is_as_it_was() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("state");
        let folder = ObjectFolder::create(&path).unwrap();
        assert!(!path.exists(), "nothing is made before the first write");
        assert!(!written(&folder, ObjectName::Pointer, NEW, Some(OLD)), "there is none");
        assert!(written(&folder, ObjectName::Pointer, OLD, None));
        assert!(!written(&folder, ObjectName::Pointer, NEW, None), "there is one");
        assert!(!written(&folder, ObjectName::Pointer, NEW, Some(NEW)), "it is another one");
        assert!(written(&folder, ObjectName::Pointer, NEW, Some(OLD)));
        assert_eq!(fs::read(path.join("pointer")).unwrap(), NEW);
        // What a writer that was killed has left is cleared by the next.
        fs::write(path.join(TEMPORARY).join("left"), OLD).unwrap();
        assert!(written(&folder, ObjectName::Content(Digest::of(OLD)), OLD, None));
        assert_eq!(fs::read_dir(path.join(TEMPORARY)).unwrap().count(), 0);
        folder.retain(&BTreeSet::new()).unwrap();
        assert_eq!(fs::read_dir(path.join(ObjectName::CONTENTS)).unwrap().count(), 0);
    }

    #[test]
    fn one_of_many_writers_at_once_wins() {
        let place = tempfile::tempdir().unwrap();
        let folder = ObjectFolder::create(place.path()).unwrap();
        let start = Barrier::new(8);
        let write = &|number: u8| {
            start.wait();
            written(&folder, ObjectName::Pointer, &[number], Some(OLD))
        };
        for round in 0..20 {
            fs::write(place.path().join("pointer"), OLD).unwrap();
            let won: Vec<bool> = std::thread::scope(|scope| {
                let writers: Vec<_> = (0..8).map(|number| scope.spawn(move || write(number))).collect();
                writers.into_iter().map(|writer| writer.join().unwrap()).collect()
            });
            assert_eq!(won.iter().filter(|won| **won).count(), 1, "round {round}");
        }
    }

    #[test]
    fn a_folder_with_something_else_is_refused() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("thesis.txt"), OLD).unwrap();
        let refused = ObjectFolder::create(place.path()).unwrap_err();
        assert!(matches!(refused, Error::FolderTaken { entry, .. } if entry == "thesis.txt"));
    }
}
