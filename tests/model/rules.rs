//! The rules of the protocol that can be broken, one at a time.

use super::state::Budget;

/// A rule, named after the way in which it is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Rule {
    /// Writers do not wait for each other.
    NoLock,
    /// The lock is a file among those that `git clean` removes.
    LockInLocalFolder,
    /// The base of a plan is not compared under the lock.
    NoCheck,
    /// `group set` reads before it has the lock.
    ReadBeforeLock,
    /// The operation is written after the rename that commits it.
    OperationAfterRename,
    /// The intent is removed before the rename.
    ForgetBeforeRename,
    /// A commit that fails leaves what it did.
    NoTakeBack,
    /// A commit that fails takes back what the note says, which `git clean` may have removed.
    TakeBackByNote,
    /// The next command forgets an intent and takes nothing back.
    NoRecovery,
    /// Recovery takes back what no entry names, whatever Git has.
    CompareEntries,
    /// Recovery takes back what no chain leads to, whatever Git has.
    LookAlongChains,
    /// Recovery takes back what Git has already.
    RemovePushed,
    /// `version delete` does not ask whether the version is live, or needed to go back.
    DeleteNeeded,
    /// A deletion leaves no note.
    NoNote,
    /// A resolve does not name the operation that lost.
    ForgetOtherSide,
}

/// All that happens around two commands.
pub(crate) const EVERYTHING: Budget =
    Budget { commands: 2, crashes: 1, failures: 1, cleans: 1, pushes: 1, pulls: 1, colleagues: 1, checkouts: 1 };

/// Commands of one clone alone.
pub(crate) const ALONE: Budget =
    Budget { commands: 3, crashes: 1, failures: 0, cleans: 0, pushes: 0, pulls: 0, colleagues: 0, checkouts: 0 };

/// The rules, and all that has to happen for a break to be seen.
pub(crate) const RULES: &[(Rule, Budget)] = &[
    (Rule::NoLock, ALONE),
    (Rule::LockInLocalFolder, Budget { cleans: 1, ..ALONE }),
    (Rule::NoCheck, ALONE),
    (Rule::ReadBeforeLock, ALONE),
    (Rule::OperationAfterRename, ALONE),
    (Rule::ForgetBeforeRename, ALONE),
    (Rule::NoTakeBack, EVERYTHING),
    (Rule::TakeBackByNote, EVERYTHING),
    (Rule::NoRecovery, ALONE),
    (Rule::CompareEntries, EVERYTHING),
    (Rule::LookAlongChains, EVERYTHING),
    (Rule::RemovePushed, EVERYTHING),
    (Rule::DeleteNeeded, ALONE),
    (Rule::NoNote, Budget { commands: 4, ..ALONE }),
    (Rule::ForgetOtherSide, EVERYTHING),
];
