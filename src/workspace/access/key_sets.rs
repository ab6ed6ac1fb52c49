//! The public keys of issuers of tokens: files below `keys/jwks`, which people and their tools write.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::error::Error;
use super::super::outside::{FileStamp, stamp_outside};
use super::super::{Workspace, layout};
use super::KEY_SETS_FOLDER;
use crate::access::token::TokenKeySet;
use crate::model::{Finding, GroupName, GroupSettings, Location, SETTINGS_FILE, Severity};

/// The most bytes of a key set.
const LARGEST_KEY_SET: u64 = 1 << 20;

/// The key sets that can be used, by the names of their files.
type KeySets = BTreeMap<String, Arc<TokenKeySet>>;

impl Workspace {
    /// Reads the key sets, by the names of their files. One that cannot be used hides none of the others.
    pub fn key_sets(&self) -> Result<(KeySets, Vec<Finding>), Error> {
        let (mut sets, mut problems) = (KeySets::new(), Vec::new());
        for name in self.key_set_names()? {
            match self.key_set(&name) {
                Ok(set) => drop(sets.insert(name, Arc::new(set))),
                Err(Error::Invalid(findings)) => problems.extend(findings),
                Err(error) => return Err(error),
            }
        }
        Ok((sets, problems))
    }

    /// Finds the groups whose settings name a key set that is not there.
    pub fn missing_key_set(&self, group: &GroupName, settings: &GroupSettings) -> Result<Option<Finding>, Error> {
        let Some(token) = &settings.auth.token else { return Ok(None) };
        if self.root.exists(&format!("{KEY_SETS_FOLDER}/{}", token.jwks))? {
            return Ok(None);
        }
        Ok(Some(Finding {
            rule: "key-set-missing",
            severity: Severity::Error,
            message: format!("the keys of {} are not there: {KEY_SETS_FOLDER}/{}", token.issuer, token.jwks),
            location: Location::file(layout::group_file(group, SETTINGS_FILE)),
            hint: "put the issuer's key set (JWKS) there; until then no token lets in".into(),
            count: 1,
        }))
    }

    /// Returns the stamps of the files, to see when one is written anew.
    pub(super) fn key_set_stamps(&self) -> Vec<Option<FileStamp>> {
        let names = self.key_set_names().unwrap_or_default();
        let place = |name: String| self.root.locate(&format!("{KEY_SETS_FOLDER}/{name}")).ok();
        names.into_iter().map(|name| place(name).and_then(|path| stamp_outside(&path))).collect()
    }

    fn key_set_names(&self) -> Result<Vec<String>, Error> {
        let mut names = self.root.list(KEY_SETS_FOLDER)?;
        names.retain(|name| name.strip_suffix(".json").is_some());
        Ok(names)
    }

    fn key_set(&self, name: &str) -> Result<TokenKeySet, Error> {
        let place = format!("{KEY_SETS_FOLDER}/{name}");
        let bytes = self.root.read(&place, LARGEST_KEY_SET)?.unwrap_or_default();
        TokenKeySet::parse(&layout::text(&place, bytes)?).map_err(|fault| {
            let hint = "take the set from the issuer's `jwks_uri`; until then no token of it lets in";
            Error::invalid("key-set", Location::file(&place), fault.to_string(), hint)
        })
    }
}
