//! The public keys of issuers of tokens: files below `keys/jwks`, which people and their tools write.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::error::Error;
use super::super::outside::{FileStamp, stamp_outside};
use super::super::{Workspace, layout};
use super::KEY_SETS_FOLDER;
use crate::access::token::{LARGEST_KEY_SET, TokenKeySet};
use crate::check::rules::access::{KEY_SET, KEY_SET_MISSING};
use crate::model::{Finding, GroupName, GroupSettings, KeySetSource, Location, SETTINGS_FILE, TokenAuth};

/// The key sets that can be used, by the names of their files.
type KeySets = BTreeMap<String, Arc<TokenKeySet>>;
/// All files of key sets by name, each read or with its error.
type ReadKeySets = Vec<(String, Result<TokenKeySet, Error>)>;

impl Workspace {
    /// Reads the key sets, by the names of their files. One that cannot be used hides none of the others.
    pub fn key_sets(&self) -> Result<(KeySets, Vec<Finding>), Error> {
        let (mut sets, mut problems) = (KeySets::new(), Vec::new());
        for (name, read) in self.read_key_sets()? {
            match read {
                Ok(set) => drop(sets.insert(name, Arc::new(set))),
                Err(error) => problems.extend(error.file_findings(&key_set_place(&name))),
            }
        }
        Ok((sets, problems))
    }

    /// Reads each file of a key set.
    pub(super) fn read_key_sets(&self) -> Result<ReadKeySets, Error> {
        let read = |name: String| {
            let set = self.key_set(&name);
            (name, set)
        };
        Ok(self.key_set_names()?.into_iter().map(read).collect())
    }

    /// Finds that the key set which a group's settings name is not there. One that cannot be read is a finding of
    /// [`Self::key_sets`].
    pub(in crate::workspace) fn missing_key_set(
        &self,
        group: &GroupName,
        settings: &GroupSettings,
    ) -> Result<Option<Finding>, Error> {
        let Some((TokenAuth { issuer, .. }, place)) = settings.auth.token.as_ref().zip(key_set_file(settings)) else {
            return Ok(None);
        };
        match self.root.exists(&place) {
            Ok(false) => {}
            Ok(true) | Err(Error::OutsideLink { .. }) => return Ok(None),
            Err(error) => return Err(error),
        }
        Ok(Some(KEY_SET_MISSING.finding(
            Location::file(layout::group_file(group, SETTINGS_FILE)),
            format!("the keys of {issuer} are not there: {place}"),
            "put the issuer's key set (JWKS) there; until then no token is accepted",
        )))
    }

    /// Returns the stamps of the files, which show when one was rewritten.
    pub(super) fn key_set_stamps(&self) -> Vec<Option<FileStamp>> {
        let names = self.key_set_names().unwrap_or_default();
        let place = |name: String| self.root.locate(&key_set_place(&name)).ok();
        names.into_iter().map(|name| place(name).and_then(|path| stamp_outside(&path))).collect()
    }

    pub(in crate::workspace) fn key_set_names(&self) -> Result<Vec<String>, Error> {
        let mut names = self.root.list(KEY_SETS_FOLDER)?;
        names.retain(|name| name.strip_suffix(".json").is_some());
        Ok(names)
    }

    fn key_set(&self, name: &str) -> Result<TokenKeySet, Error> {
        let place = key_set_place(name);
        let bytes = self.root.read(&place, LARGEST_KEY_SET as u64)?.unwrap_or_default();
        TokenKeySet::parse(&layout::text(&place, bytes)?).map_err(|fault| {
            let hint = "take the set from the issuer's `jwks_uri`; a running gateway keeps the set before it for a minute, then, \
                        as one that starts, accepts no token of it";
            Error::invalid(&KEY_SET, Location::file(&place), fault.to_string(), hint)
        })
    }
}

/// Returns the file with the keys of the issuer that a group's settings name.
#[must_use]
pub(in crate::workspace) fn key_set_file(settings: &GroupSettings) -> Option<String> {
    match settings.auth.token.as_ref()?.jwks {
        KeySetSource::File(ref name) => Some(key_set_place(name)),
        KeySetSource::Address(_) => None,
    }
}

pub(super) fn key_set_place(name: &str) -> String {
    format!("{KEY_SETS_FOLDER}/{name}")
}
