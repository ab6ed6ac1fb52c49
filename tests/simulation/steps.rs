//! The steps of a simulation: data made from a seed, so that some can be left out and the others still mean the same.

use super::clones::SeededRandom;

/// The kind of a step, with how often it comes.
const WEIGHTS: &[(StepKind, usize)] = &[
    (StepKind::Publish, 20),
    (StepKind::PublishBump, 8),
    (StepKind::Switch, 6),
    (StepKind::Rollback, 6),
    (StepKind::RollbackTo, 4),
    (StepKind::RollbackAll, 2),
    (StepKind::UndoLast, 5),
    (StepKind::UndoNamed, 4),
    (StepKind::Offline, 5),
    (StepKind::Promote, 8),
    (StepKind::PromoteAll, 2),
    (StepKind::Apply, 3),
    (StepKind::AddApi, 6),
    (StepKind::Freeze, 2),
    (StepKind::Describe, 2),
    (StepKind::Repair, 3),
    (StepKind::Explain, 3),
    (StepKind::CleanLocal, 2),
    (StepKind::Commit, 5),
    (StepKind::Merge, 10),
    (StepKind::Rebase, 6),
    (StepKind::Push, 12),
    (StepKind::SetClock, 3),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepKind {
    Publish,
    PublishBump,
    Switch,
    Rollback,
    RollbackTo,
    RollbackAll,
    UndoLast,
    UndoNamed,
    Offline,
    Promote,
    PromoteAll,
    Apply,
    AddApi,
    Freeze,
    Describe,
    Repair,
    /// Explains the operations that no entry leads to.
    Explain,
    /// `git clean` of what is this machine's own.
    CleanLocal,
    Commit,
    Merge,
    Rebase,
    Push,
    SetClock,
}

/// A step: the person who takes it, and a seed for all that it chooses.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) person: usize,
    pub(crate) kind: StepKind,
    pub(crate) seed: u64,
}

/// Makes the steps of a seed.
pub(crate) fn steps(seed: u64, count: usize) -> Vec<Step> {
    let mut random = SeededRandom::new(seed);
    let total: usize = WEIGHTS.iter().map(|(_, weight)| weight).sum();
    let mut next = |number: usize| {
        let mut left = random.below(total);
        let kind = WEIGHTS.iter().find(|(_, weight)| {
            let is_it = left < *weight;
            left = left.saturating_sub(*weight);
            is_it
        });
        let kind = kind.map_or(StepKind::Publish, |(kind, _)| *kind);
        let number = u64::try_from(number).unwrap_or_default();
        Step { person: random.below(3), kind, seed: seed.wrapping_mul(1_000_003).wrapping_add(number) }
    };
    (0..count).map(&mut next).collect()
}
