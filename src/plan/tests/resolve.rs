//! Resolves as tables: a history and two sides, and their outcome.

use super::super::*;
use crate::model::{
    Author, Backend, Deployment, DeploymentState, Digest, GroupChange, GroupName, HeadChoice, Operation, OperationId,
    Release, ReleaseAction, Timestamp,
};

/// A history is written as operations in the order of their names: `a0:1` publishes release 1 of group a,
/// `a1=a0:2` builds upon it, and `a3=a1+a2:1` joins two.
struct History {
    operations: Operations,
    names: std::collections::BTreeMap<String, OperationId>,
}

fn parsed<T: std::str::FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("{text:?}"))
}

fn release(number: &str) -> Release {
    let version = parsed(&format!("0.0.{number}"));
    Release { state: DeploymentState::Live, version, digest: Digest::of(number.as_bytes()), backend: Backend::Mock }
}

fn author() -> Author {
    Author {
        actor: "me".into(),
        message: None,
        command: String::new(),
        now: Timestamp::from_milliseconds(5),
        allow_breaking: false,
    }
}

impl History {
    fn new(text: &str) -> Self {
        let mut history = Self { operations: Operations::new(), names: std::collections::BTreeMap::new() };
        for (index, word) in text.split_whitespace().enumerate() {
            let (head, number) = word.split_once(':').expect("a release");
            let (name, predecessors) = head.split_once('=').unwrap_or((head, ""));
            let group: GroupName = parsed(&name[..1]);
            let mut entries = predecessors.split('+').filter(|name| !name.is_empty()).map(|name| history.entry(name));
            let (before, merged) = (entries.next(), entries.collect::<Vec<_>>());
            let action = if merged.is_empty() { ReleaseAction::Publish } else { ReleaseAction::Resolve };
            let time = Timestamp::from_milliseconds(i64::try_from(index).expect("few") * 10);
            let id = OperationId::new(time, &Digest::of(name.as_bytes()));
            let operation = Operation {
                time,
                changes: [(group, GroupChange { action, before, merged, after: release(number) })].into(),
                ..Plan::new(&parsed("test"), &author()).operation
            };
            history.names.insert(name.to_owned(), id.clone());
            history.operations.insert(id, operation);
        }
        history
    }

    fn entry(&self, name: &str) -> Deployment {
        let id = &self.names[name];
        self.operations[id].entry(id, &parsed(&name[..1])).expect("an entry")
    }

    fn name(&self, id: &OperationId) -> &str {
        self.names.iter().find(|(_, known)| *known == id).map_or("new", |(name, _)| name)
    }

    fn side(&self, names: &str) -> Option<SideEntries> {
        let names = names.strip_prefix('!').map_or(Some(names), |_| None)?;
        let entry = |name: &str| (parsed(&name[..1]), self.names[name].clone());
        Some(names.split_whitespace().map(entry).collect())
    }

    /// Shows each group with the entry that it gets.
    fn shown(&self, outcome: Result<Resolution, ResolveError>) -> String {
        let resolution = match outcome {
            Ok(resolution) => resolution,
            Err(error) => return self.refused(&error),
        };
        let mut parts: Vec<String> =
            resolution.environment.deployments.values().map(|entry| self.name(&entry.operation).to_owned()).collect();
        for (group, change) in &resolution.operation.changes {
            let before = change.before.as_ref().map_or("nothing", |before| self.name(&before.operation));
            let merged: Vec<&str> = change.merged.iter().map(|merged| self.name(&merged.operation)).collect();
            let state = if change.after.state == DeploymentState::Offline { " offline" } else { "" };
            parts.push(format!("{group} keeps {before} over {}{state}", merged.join("+")));
            let latest = change.predecessors().map(|entry| entry.since).max();
            assert!(latest < Some(resolution.operation.time), "a resolve is later than what it joins");
        }
        parts.extend(resolution.unresolved.iter().map(|conflict| format!("{} open", conflict.group)));
        parts.join(", ")
    }

    fn refused(&self, error: &ResolveError) -> String {
        let sides = |conflicts: &[GroupConflict]| {
            let head = |head: &HeadEntry| format!("{} {:?}", self.name(&head.entry.operation), head.side);
            let heads = conflicts.iter().flat_map(|conflict| conflict.heads.iter().map(head));
            heads.collect::<Vec<_>>().join(", ")
        };
        match error {
            ResolveError::NeedsChoice { conflicts, .. } => format!("choose: {}", sides(conflicts)),
            ResolveError::UnknownSide { conflicts, .. } => format!("unknown: {}", sides(conflicts)),
            ResolveError::NotHead { operation, .. } => format!("no head: {}", self.name(operation)),
            ResolveError::InForce { operation, .. } => format!("in force: {}", self.name(operation)),
            ResolveError::PredecessorMissing { operation, .. } => format!("cut off: {}", self.name(operation)),
            ResolveError::OperationMissing { operation, .. } => format!("missing: {}", self.name(operation)),
        }
    }
}

/// A history; the entries outside of any conflict; ours and theirs, where "!" is a side that is not known; the groups
/// and the choice; the outcome.
#[rustfmt::skip]
const RESOLVES: &[(&str, &str, &str, &str, &str, &str)] = &[
    // One head: its entry, without an operation.
    ("a0:1 b1:1", "", "a0", "b1", "", "a0, b1"),
    ("a0:1 a1=a0:2 b2:1", "", "a0 b2", "a1", "", "a1, b2"),
    ("a0:1 a1=a0:2", "a0", "!", "!", "", "a1"),
    ("a0:1 a1=a0:2", "a1", "!", "!", "", "a1"),
    // Joined before.
    ("a0:1 a1=a0:2 a2=a0:3 a3=a1+a2:2", "", "a1", "a2", "", "a3"),
    // Both changed it.
    ("a0:1 a1=a0:2 a2=a0:3", "", "a1", "a2", "", "choose: a1 Some(Ours), a2 Some(Theirs)"),
    ("a0:1 a1=a0:2 a2=a0:3", "", "a1", "a2", "ours", "a keeps a1 over a2"),
    ("a0:1 a1=a0:2 a2=a0:3", "", "a1", "a2", "theirs", "a keeps a2 over a1"),
    ("a0:1 a1=a0:2 a2=a0:3", "", "a2", "a1", "ours", "a keeps a2 over a1"),
    ("a0:1 a1=a0:2 a2=a0:3", "a1", "!", "!", "take a2", "a keeps a2 over a1"),
    ("a0:1 a1=a0:2 a2=a0:3", "a1", "!", "!", "ours", "unknown: a1 None, a2 None"),
    // The side of a branch that is behind its head follows from operations built upon it alone.
    ("a0:1 a1=a0:2 a2=a1:4 a3=a0:3", "", "a1", "a3", "ours", "a keeps a2 over a3"),
    ("a0:1 a1=a0:2 a2=a0:3", "", "a0", "a2", "ours", "unknown: a1 None, a2 Some(Theirs)"),
    // First publishes of one group, and of another beside it.
    ("a0:1 a1:2 b2:1", "", "a0", "a1 b2", "ours", "b2, a keeps a0 over a1"),
    // Equal releases need no choice.
    ("a0:1 a1=a0:2 a2=a0:2", "", "a1", "a2", "", "a keeps a1 over a2"),
    ("a0:1 a1=a0:2 a2=a0:2", "", "!", "!", "", "a keeps a2 over a1"),
    ("a0:1 a1=a0:2 a2=a0:2", "a1", "!", "!", "", "a keeps a1 over a2"),
    ("a0:1 a1=a0:2 a2=a0:2 b3:1 b4:2", "", "a1 b3", "a2 b4", "", "choose: b3 Some(Ours), b4 Some(Theirs)"),
    // Three heads; the merged entries are sorted.
    ("a0:1 a1:2 a2:3", "", "a0", "a2", "ours", "a keeps a0 over a1+a2"),
    ("a0:1 a1:2 a2:3", "", "!", "!", "take a1", "a keeps a1 over a0+a2"),
    // By group: the others stay as they are.
    ("a0:1 a1:2 b2:1 b3:2", "", "a0 b2", "a1 b3", "[a] ours", "a keeps a0 over a1, b open"),
    ("a0:1 a1:2 b2:1 b3:2", "", "a0 b2", "a1 b3", "take a1", "a keeps a1 over a0, b open"),
    ("a0:1 a1:2 b2:1 b3:2", "", "a0 b2", "a1 b3", "take a1 b2", "a keeps a1 over a0, b keeps b2 over b3"),
    ("a0:1 a1:2 b2:1 b3:2", "", "a0 b2", "a1 b3", "[a b] take a1", "unknown: b2 Some(Ours), b3 Some(Theirs)"),
    ("a0:1 a1=a0:2 a2=a0:3", "", "a1", "a2", "take a0", "no head: a0"),
    // An operation that counts for nothing.
    ("a0:1 a1=a0:2", "a0", "!", "!", "drop a1", "a keeps a0 over a1"),
    ("a0:1 a1=a0:2 a2=a0:3", "", "a1", "a2", "drop a1", "a keeps a2 over a1"),
    ("a0:1", "", "!", "!", "drop a0", "a keeps nothing over a0 offline"),
    ("a0:1 a1=a0:2", "a1", "!", "!", "drop a1", "in force: a1"),
    ("a0:1 a1=a0:2", "a1", "!", "!", "drop a0", "no head: a0"),
    ("a0:1 a1:2 a2:3", "", "!", "!", "drop a0", "choose: a0 None, a1 None, a2 None"),
    ("a0:1 a1=a0:2 b2:1", "a0", "!", "!", "drop a1", "b2, a keeps a0 over a1"),
];

#[test]
fn each_resolve_comes_to_what_it_must() {
    for (operations, entries, ours, theirs, request, expected) in RESOLVES {
        let history = History::new(operations);
        let entries = entries.split_whitespace().map(|name| (parsed(&name[..1]), history.entry(name))).collect();
        let sides = MergeSides { ours: history.side(ours), theirs: history.side(theirs) };
        let environment = parsed("test");
        let state = MergedState {
            environment: &environment,
            entries: &entries,
            sides: &sides,
            operations: &history.operations,
        };
        let (groups, choice) = match request.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
            Some((groups, choice)) => (groups.split(' ').map(parsed).collect(), choice),
            None => (Vec::new(), *request),
        };
        let words: Vec<&str> = choice.split_whitespace().collect();
        let choice = match *words.as_slice() {
            ["drop", name] => {
                let outcome = drop_operation(&history.names[name], &state, &author());
                assert_eq!(history.shown(outcome), *expected, "{operations} | {request}");
                continue;
            }
            ["ours"] => Some(HeadChoice::Ours),
            ["theirs"] => Some(HeadChoice::Theirs),
            ["take", ref names @ ..] => {
                Some(HeadChoice::Operations(names.iter().map(|name| history.names[*name].clone()).collect()))
            }
            _ => None,
        };
        let outcome = resolve(&ResolveRequest { groups, choice }, &state, &author());
        assert_eq!(history.shown(outcome), *expected, "{operations} | {request}");
    }
}

#[test]
fn an_entry_whose_operation_is_missing_is_never_replaced() {
    let history = History::new("a0:1 a1=a0:2");
    let lost = Deployment { operation: parsed("20261123T180000.000Z-0123456789ab"), ..history.entry("a1") };
    let entries = [(parsed("a"), lost)].into();
    let environment = parsed("test");
    let state = MergedState {
        environment: &environment,
        entries: &entries,
        sides: &MergeSides::default(),
        operations: &history.operations,
    };
    let request = ResolveRequest { groups: Vec::new(), choice: None };
    let error = resolve(&request, &state, &author()).expect_err("a missing operation");
    assert!(matches!(error, ResolveError::OperationMissing { .. }), "{error}");
}
