//! Numbers that were given to several versions on several branches: each version gets one of its own.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{BumpLevel, Digest, Version};

/// The frozen versions of a group after a merge, and the numbers that its branches gave them.
#[derive(Debug, Default)]
pub struct NumberClaims {
    /// The versions that lie there whole, by number.
    pub present: BTreeMap<Version, Digest>,
    /// The versions that must lie there and do not, each with the numbers that branches have it under.
    pub missing: BTreeMap<Digest, BTreeSet<Version>>,
    /// The numbers that stay with their versions: a rebase or a cherry-pick puts others upon the branch that has them.
    pub settled: BTreeMap<Version, Digest>,
    /// The numbers of deleted versions, each with the digests that it stands for, ever after.
    pub reserved: BTreeMap<Version, BTreeSet<Digest>>,
    /// The versions that are live in a protected environment.
    pub protected: BTreeSet<Digest>,
    /// The numbers that no version can get any more: frozen on some branch, blocked or deleted.
    pub taken: BTreeSet<Version>,
}

/// Returns the number of each version that has to be written.
///
/// A number whose version was deleted stays with that. Of several versions with one number, that which was there before
/// a rebase or a cherry-pick keeps it. In a merge it is that which is live in a protected environment, else the one
/// with the smallest digest; the others get the next free numbers, in the order of their digests. Everybody who
/// resolves the same merge comes to the same, whichever side lies there.
#[must_use]
pub fn renumber(claims: &NumberClaims) -> BTreeMap<Digest, Version> {
    let contested = contested_numbers(claims);
    let mut numbers: BTreeMap<Digest, Version> = BTreeMap::new();
    for (number, digests) in &contested {
        let open = || digests.iter().filter(|digest| !numbers.contains_key(digest));
        let settled = open().find(|digest| claims.settled.get(number) == Some(digest));
        let protected = || open().find(|digest| claims.protected.contains(digest));
        let keeper = match claims.reserved.get(number) {
            Some(own) => open().find(|digest| own.contains(digest)),
            None => settled.or_else(protected).or_else(|| open().next()),
        };
        if let Some(keeper) = keeper.copied() {
            numbers.insert(keeper, number.clone());
        }
    }
    let mut taken: BTreeSet<Version> = claims.taken.iter().chain(claims.present.keys()).cloned().collect();
    taken.extend(contested.keys().cloned());
    let has_home = |digest: &Digest| {
        claims.present.iter().any(|(number, present)| present == digest && !contested.contains_key(number))
    };
    for (number, digests) in &contested {
        for digest in digests.iter().filter(|digest| !has_home(digest)) {
            if numbers.contains_key(digest) {
                continue;
            }
            let mut next = number.next(BumpLevel::Patch);
            while taken.contains(&next) {
                next = next.next(BumpLevel::Patch);
            }
            taken.insert(next.clone());
            numbers.insert(*digest, next);
        }
    }
    numbers.retain(|digest, number| claims.present.get(number) != Some(digest));
    numbers
}

/// Finds the numbers that a missing version or a deleted one claims, with all versions that claim them.
fn contested_numbers(claims: &NumberClaims) -> BTreeMap<Version, BTreeSet<Digest>> {
    let mut contested: BTreeMap<Version, BTreeSet<Digest>> = BTreeMap::new();
    for (digest, numbers) in &claims.missing {
        for number in numbers {
            contested.entry(number.clone()).or_default().insert(*digest);
        }
    }
    for (number, present) in &claims.present {
        let is_foreign = claims.reserved.get(number).is_some_and(|own| !own.contains(present));
        if is_foreign || contested.contains_key(number) {
            contested.entry(number.clone()).or_default().insert(*present);
        }
    }
    contested
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `0.0.2=a 0.0.3=b` with digests that are ordered like their names.
    fn pairs(text: &str, digests: &[Digest]) -> Vec<(Version, Digest)> {
        let pair = |word: &str| {
            let (number, name) = word.split_once('=').expect("a pair");
            (number.parse().expect("a version"), digests[usize::from(name.as_bytes()[0] - b'a')])
        };
        text.split_whitespace().map(pair).collect()
    }

    #[test]
    fn every_version_gets_one_number() {
        let mut digests = ["a", "b", "c", "d"].map(|text| Digest::of(text.as_bytes()));
        digests.sort_unstable();
        for (present, missing, protected, taken, expected) in [
            // Two branches froze one number: the smaller digest keeps it, or the protected one.
            ("", "0.0.2=a 0.0.2=b", "", "0.0.2", "a=0.0.2 b=0.0.3"),
            ("", "0.0.2=a 0.0.2=b", "0=b", "0.0.2", "a=0.0.3 b=0.0.2"),
            ("", "0.0.2=a 0.0.2=b 0.0.2=c", "", "0.0.2 0.0.3 0.0.5", "a=0.0.2 b=0.0.4 c=0.0.6"),
            ("", "1.0.0-rc.1=a 1.0.0-rc.1=b", "", "1.0.0-rc.1 1.0.0", "a=1.0.0-rc.1 b=1.0.1"),
            // What was there before a rebase keeps its number, whatever is live.
            ("0.0.2=b", "0.0.2=a", "!0.0.2=b 0=a", "0.0.2", "a=0.0.3"),
            ("", "0.0.2=a 0.0.2=b", "!0.0.2=b", "0.0.2", "a=0.0.3 b=0.0.2"),
            // A deleted version keeps its number for good.
            ("0.0.2=b", "", "x0.0.2=a", "0.0.2", "b=0.0.3"),
            ("0.0.2=b", "", "x0.0.2=b x0.0.2=a", "0.0.2", ""),
            ("0.0.2=b", "0.0.2=a", "x0.0.2=a 0=b", "0.0.2", "a=0.0.2 b=0.0.3"),
            ("0.0.2=b 0.0.4=b", "", "x0.0.2=a", "0.0.2 0.0.4", ""),
            // One side lies there already, whichever it is.
            ("0.0.2=a", "0.0.2=b", "", "0.0.2", "b=0.0.3"),
            ("0.0.2=b", "0.0.2=a", "", "0.0.2", "a=0.0.2 b=0.0.3"),
            // A third branch froze the number that an earlier resolve gave out.
            ("0.0.2=a 0.0.3=b", "0.0.2=c 0.0.3=d", "", "0.0.2 0.0.3", "c=0.0.4 d=0.0.5"),
            ("0.0.2=b 0.0.3=d", "0.0.2=c 0.0.3=a", "", "0.0.2 0.0.3", "a=0.0.3 c=0.0.4 d=0.0.5"),
            ("0.0.2=a", "0.0.3=b 0.0.3=c", "0=c", "0.0.2 0.0.3", "b=0.0.4 c=0.0.3"),
            // Two branches renumbered one version, each in its way: it keeps one number.
            ("0.0.2=a", "0.0.3=b 0.0.4=b 0.0.3=c", "", "0.0.2 0.0.3 0.0.4", "b=0.0.3 c=0.0.5"),
            ("0.0.3=b 0.0.4=b", "0.0.3=a", "", "0.0.3 0.0.4", "a=0.0.3"),
            ("0.0.2=a 0.0.3=b", "", "", "", ""),
        ] {
            let mut claims =
                NumberClaims { present: pairs(present, &digests).into_iter().collect(), ..Default::default() };
            for (number, digest) in pairs(missing, &digests) {
                claims.missing.entry(digest).or_default().insert(number);
            }
            let settled = protected.split_whitespace().filter_map(|word| word.strip_prefix('!'));
            claims.settled = settled.flat_map(|word| pairs(word, &digests)).collect();
            let reserved = protected.split_whitespace().filter_map(|word| word.strip_prefix('x'));
            for (number, digest) in reserved.flat_map(|word| pairs(word, &digests)) {
                claims.reserved.entry(number).or_default().insert(digest);
            }
            let protected = protected.split_whitespace().filter(|word| word.starts_with("0="));
            let names = protected.map(|word| word.replace("0=", "0.0.0="));
            claims.protected = names.flat_map(|word| pairs(&word, &digests)).map(|(_, digest)| digest).collect();
            claims.taken = taken.split_whitespace().map(|text| text.parse().expect("a version")).collect();
            let numbers = renumber(&claims);
            let named = digests.iter().zip(["a", "b", "c", "d"]);
            let shown: Vec<String> =
                named.filter_map(|(digest, name)| Some(format!("{name}={}", numbers.get(digest)?))).collect();
            assert_eq!(shown.join(" "), expected, "{present} | {missing}");
        }
    }
}
