//! One version number that was frozen with other bytes on several branches: who keeps it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Digest, Level, Version};

/// Gives each of the digests that one number was frozen with a number of its own.
///
/// One that is live in a protected environment keeps the number, else the smallest; the others get the next free
/// numbers, in their order. Everybody who resolves the same merge comes to the same.
#[must_use]
pub fn renumber(
    version: &Version,
    digests: &BTreeSet<Digest>,
    protected: &BTreeSet<Digest>,
    taken: &BTreeSet<Version>,
) -> BTreeMap<Digest, Version> {
    let keeper = digests.iter().find(|digest| protected.contains(digest)).or_else(|| digests.first());
    let mut numbers: BTreeMap<Digest, Version> = keeper.map(|digest| (*digest, version.clone())).into_iter().collect();
    let mut next = version.clone();
    for digest in digests.iter().filter(|digest| Some(*digest) != keeper) {
        next = next.next(Level::Patch);
        while taken.contains(&next) {
            next = next.next(Level::Patch);
        }
        numbers.insert(*digest, next.clone());
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_keeps_a_number_and_who_gets_which() {
        let mut digests = ["a", "b", "c"].map(|text| Digest::of(text.as_bytes()));
        digests.sort_unstable();
        let versions = |texts: &[&str]| -> BTreeSet<Version> {
            texts.iter().map(|text| text.parse().expect("a version")).collect()
        };
        for (version, protected, taken, expected) in [
            ("0.0.2", None, &["0.0.2"][..], ["0.0.2", "0.0.3", "0.0.4"]),
            ("0.0.2", Some(2), &["0.0.2"], ["0.0.3", "0.0.4", "0.0.2"]),
            ("0.0.2", None, &["0.0.2", "0.0.3", "0.0.5"], ["0.0.2", "0.0.4", "0.0.6"]),
            ("1.0.0-rc.1", None, &["1.0.0-rc.1", "1.0.0"], ["1.0.0-rc.1", "1.0.1", "1.0.2"]),
        ] {
            let protected = protected.map(|index: usize| digests[index]).into_iter().collect();
            let numbers = renumber(
                &version.parse().expect("a version"),
                &digests.into_iter().collect(),
                &protected,
                &versions(taken),
            );
            let numbers: Vec<String> = digests.iter().map(|digest| numbers[digest].to_string()).collect();
            assert_eq!(numbers, expected, "{version} {taken:?}");
        }
    }
}
