//! The pages of one state, in the units in which they are made.
//!
//! A path that is no page must cost no page: the names of all units of a group are noted when one of them is made for
//! the first time, so that a unit is made once a state, and nothing is made for a path that leads to none.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use crate::model::{EnvironmentName, GroupName};
use crate::share::GeneratedFile;

/// The pages of a group that are made together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct PageUnit {
    pub(super) environment: EnvironmentName,
    pub(super) group: GroupName,
    /// The page that the others lie beside, below the folder of the group.
    pub(super) name: String,
}

/// The pages of a unit, with the names of all units of its group.
pub(super) struct MadePages {
    pub(super) files: Vec<GeneratedFile>,
    pub(super) units: BTreeSet<String>,
}

/// Pages of one state.
#[derive(Default)]
pub(super) struct PageCache(Mutex<CachedState>);

#[derive(Default)]
struct CachedState {
    name: String,
    matrix: Option<Bytes>,
    pages: HashMap<String, Bytes>,
    made: HashSet<PageUnit>,
    units: HashMap<(EnvironmentName, GroupName), BTreeSet<String>>,
}

impl PageUnit {
    /// Finds the unit of a path.
    pub(super) fn of(path: &str) -> Option<Self> {
        let mut parts = path.splitn(3, '/');
        let (environment, group, below) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?);
        let folder = below.split('/').next().filter(|first| first.starts_with(|each: char| each.is_ascii_digit()));
        let name = match folder {
            _ if below.starts_with("changes.") => "changes.html".to_owned(),
            Some(version) if below.starts_with(&format!("{version}/sdk/")) => format!("{version}/sdk"),
            Some(version) => format!("{version}/index.html"),
            None => "index.html".to_owned(),
        };
        Some(Self { environment, group, name })
    }
}

impl PageCache {
    /// Returns the matrix of a state, if it has been made.
    pub(super) fn matrix(&self, state: &str) -> Option<Bytes> {
        self.with(state, |cached| cached.matrix.clone())
    }

    /// Keeps the matrix of a state.
    pub(super) fn keep_matrix(&self, state: &str, matrix: &Bytes) {
        self.with(state, |cached| cached.matrix = Some(matrix.clone()));
    }

    /// Returns a page of a unit; makes the unit if it is one that has not been made in this state.
    pub(super) fn page<E>(
        &self,
        state: &str,
        path: &str,
        unit: &PageUnit,
        make: impl FnOnce() -> Result<MadePages, E>,
    ) -> Result<Option<Bytes>, E> {
        let group = (unit.environment.clone(), unit.group.clone());
        let found = self.with(state, |cached| {
            let is_none = cached.units.get(&group).is_some_and(|units| !units.contains(&unit.name));
            let is_made = is_none || cached.made.contains(unit);
            is_made.then(|| cached.pages.get(path).cloned())
        });
        if let Some(found) = found {
            return Ok(found);
        }
        let MadePages { files, units } = make()?;
        Ok(self.with(state, |cached| {
            if units.contains(&unit.name) {
                cached.made.insert(unit.clone());
            }
            cached.units.insert(group, units);
            cached.pages.extend(files.into_iter().map(|file| (file.path, Bytes::from(file.bytes))));
            cached.pages.get(path).cloned()
        }))
    }

    /// Reads or changes what is kept of a state; that of another state is dropped.
    fn with<T>(&self, state: &str, read: impl FnOnce(&mut CachedState) -> T) -> T {
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cached.name != state {
            *cached = CachedState { name: state.to_owned(), ..CachedState::default() };
        }
        read(&mut cached)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::convert::Infallible;

    use super::*;

    const UNITS: [&str; 4] = ["changes.html", "index.html", "0.1.0/index.html", "0.1.0/sdk"];

    /// Asks for paths in a state, and returns those that are pages, with the number of units that were made.
    fn ask<'p>(cache: &PageCache, state: &str, paths: &[&'p str]) -> (Vec<&'p str>, usize) {
        let made = Cell::new(0);
        let is_page = |path: &str| {
            let Some(unit) = PageUnit::of(path) else { return false };
            let make = || {
                made.set(made.get() + 1);
                let folder = format!("{}/{}", unit.environment, unit.group);
                let is_unit = UNITS.contains(&unit.name.as_str());
                let page = GeneratedFile { path: format!("{folder}/{}", unit.name), bytes: Vec::new() };
                Ok::<_, Infallible>(MadePages {
                    files: is_unit.then_some(page).into_iter().collect(),
                    units: UNITS.map(str::to_owned).into(),
                })
            };
            cache.page(state, path, &unit, make).is_ok_and(|page| page.is_some())
        };
        let pages = paths.iter().copied().filter(|path| is_page(path)).collect();
        (pages, made.get())
    }

    #[test]
    fn a_path_that_is_no_page_makes_none() {
        let cache = PageCache::default();
        let names: Vec<String> = (0..200)
            .flat_map(|each| {
                [
                    format!("test/g/{each}x"),
                    format!("test/g/9.9.{each}/a"),
                    format!("test/g/9.9.{each}/sdk/a"),
                    format!("test/g/a{each}/index.html"),
                    format!("test/g/changes.{each}"),
                ]
            })
            .collect();
        let paths: Vec<&str> = names.iter().map(String::as_str).collect();
        // The first tells which units there are; `changes.` and `index.html` are units themselves.
        let (pages, made) = ask(&cache, "one", &paths);
        assert!(pages.is_empty() && made == 3, "{pages:?} {made}");
        assert_eq!(ask(&cache, "one", &paths), (Vec::new(), 0));
    }

    #[test]
    fn a_unit_is_made_once_a_state() {
        let cache = PageCache::default();
        let paths = [
            "test/g/index.html",
            "test/g/0.1.0/index.html",
            "test/g/index.html",
            "test/h/index.html",
            "test",
            "test/g",
        ];
        let (pages, made) = ask(&cache, "one", &paths);
        assert_eq!((pages.len(), made), (4, 3));
        assert_eq!(ask(&cache, "one", &paths).1, 0);
        assert_eq!(ask(&cache, "two", &paths).1, 3);
    }
}
