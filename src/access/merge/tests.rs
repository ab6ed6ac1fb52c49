use super::*;
use crate::access::change::{ChangeError, GrantScope, GrantSelector, grant, limit, undo, ungrant};
use crate::access::{Grant, Key, OwnerGrants, Secret, SecretProof};
use crate::model::{Digest, KeyKind, RateLimits, Timestamp};

/// A history that is built without files: an operation's id is its number.
#[derive(Default)]
struct History {
    operations: AccessOperations,
    minute: i64,
}

impl History {
    fn author(&mut self) -> Author {
        self.minute += 1;
        let now = Timestamp::from_milliseconds(1_764_000_000_000 + self.minute * 60_000);
        Author { actor: "Ada".to_owned(), message: None, command: String::new(), now, allow_breaking: false }
    }

    fn commit(&mut self, operation: AccessOperation) -> OperationId {
        let id = OperationId::new(operation.time, &Digest::of(self.minute.to_string().as_bytes()));
        self.operations.insert(id.clone(), operation);
        id
    }

    fn begin(&mut self, state: SubjectState) -> OperationId {
        let operation = operation(AccessAction::Create, &self.author(), None, String::new(), state);
        self.commit(operation)
    }

    fn state(&self, id: &OperationId) -> SubjectState {
        self.operations[id].after.clone()
    }

    fn grant(&mut self, before: &OperationId, environments: &[&str], (apis, limits): (&[&str], &str)) -> OperationId {
        let scope = GrantScope {
            groups: vec!["shop".parse().unwrap()],
            environments: environments.iter().map(|name| name.parse().unwrap()).collect(),
            apis: apis.iter().map(|api| (*api).to_owned()).collect(),
            limits: (!limits.is_empty()).then(|| rate(limits)),
        };
        let author = self.author();
        let operation = grant(self.state(before), Some(before), &scope, &author).expect("a new grant");
        self.commit(operation)
    }

    fn ungrant(&mut self, before: &OperationId, environment: &str) -> OperationId {
        let removed = GrantSelector::Scope {
            groups: vec!["shop".parse().unwrap()],
            environments: vec![environment.parse().unwrap()],
        };
        let record = SubjectRecord { operation: before.clone(), state: self.state(before) };
        let author = self.author();
        let operation = ungrant(&record, &removed, &author).expect("a grant");
        self.commit(operation)
    }

    fn limit(&mut self, before: &OperationId, limits: &str) -> OperationId {
        let SubjectState::Key(key) = self.state(before) else { panic!("a key") };
        let author = self.author();
        let operation = limit((&key, before), &rate(limits), &author).expect("other limits");
        self.commit(operation)
    }

    /// Joins all heads; the first one is preferred.
    fn join(&mut self, preferred: &OperationId, is_chosen: bool) -> Result<JoinedHeads, JoinError> {
        let subject = self.state(preferred).subject();
        let heads = heads_of(&self.operations, &subject);
        let author = self.author();
        join(&subject, &heads, (preferred, is_chosen), &self.operations, &author)
    }
}

fn rate(limits: &str) -> RateLimits {
    RateLimits::new(limits.split(' ').map(|limit| limit.parse().unwrap()).collect()).unwrap()
}

fn secret(id: &str, minute: i64) -> Secret {
    let created = Timestamp::from_milliseconds(1_764_000_000_000 + minute * 60_000);
    let proof = SecretProof::Sha256(Digest::of(id.as_bytes()));
    Secret { id: id.parse().unwrap(), created, retires: None, proof }
}

fn key() -> Key {
    Key {
        name: "ci".parse().unwrap(),
        kind: KeyKind::Subscription,
        owner: None,
        description: None,
        created: Timestamp::from_milliseconds(1_764_000_000_000),
        not_before: None,
        expires: None,
        signing: crate::access::SigningSettings::default(),
        limits: RateLimits::default(),
        secrets: vec![secret("aaaa", 0)],
        grants: Vec::new(),
    }
}

/// Writes each grant in a line: environments, APIs, limits.
fn shown(state: &SubjectState) -> Vec<String> {
    let line = |grant: &Grant| {
        let environments: Vec<&str> = grant.environments.iter().map(crate::model::EnvironmentName::as_str).collect();
        format!("{} [{}] {}", environments.join("+"), grant.apis.join("+"), grants::shown_limits(&grant.limits))
    };
    let mut lines: Vec<String> = state.grants().iter().map(line).collect();
    lines.sort();
    lines
}

#[test]
fn what_each_side_granted_and_removed_counts() {
    let mut history = History::default();
    let first = history.begin(SubjectState::Key(key()));
    let base = history.grant(&first, &["test", "online"], (&[], ""));
    let ours = history.ungrant(&base, "online");
    let ours = history.grant(&ours, &["pre-release"], (&["listPets"], "5/second"));
    let theirs = history.grant(&base, &["pre-release"], (&[], ""));
    let theirs = history.grant(&theirs, &["test"], (&[], "9/minute"));
    let joined = history.join(&ours, false).unwrap();
    let expected = ["pre-release [] none", "pre-release [listPets] 5/second", "test [] 9/minute"];
    assert_eq!(shown(&joined.operation.after), expected);
    assert_eq!(
        (joined.operation.before.clone(), joined.operation.merged.clone()),
        (Some(ours.clone()), vec![theirs.clone()])
    );
    assert_eq!(joined.withheld, Vec::<String>::new());
    // From the other side it is the same.
    assert_eq!(shown(&history.join(&theirs, false).unwrap().operation.after), expected);
    // Once it is joined there is one head, and the undo puts back the state of the kept branch.
    let id = history.commit(joined.operation);
    assert_eq!(heads_of(&history.operations, &history.state(&id).subject()), std::slice::from_ref(&id));
    let record = SubjectRecord { operation: id.clone(), state: history.state(&id) };
    let earlier = vec![history.state(&ours), history.state(&theirs)];
    let undone = undo((&id, &history.operations[&id].clone()), &record, earlier, &history.author()).unwrap();
    assert_eq!(undone.after, history.state(&ours));
}

#[test]
fn a_removal_wins_over_other_limits_and_over_grants_beside_it() {
    let mut history = History::default();
    let first = history.begin(SubjectState::Key(key()));
    let base = history.grant(&first, &["test"], (&[], ""));
    let ours = history.grant(&base, &["test"], (&[], "5/second"));
    let ours = history.grant(&ours, &["test"], (&["listPets"], "1/second"));
    let theirs = history.ungrant(&base, "test");
    for preferred in [&ours, &theirs] {
        let joined = history.join(preferred, false).unwrap();
        assert_eq!(shown(&joined.operation.after), Vec::<String>::new());
        assert_eq!(joined.withheld.len(), 1, "{:?}", joined.withheld);
    }
}

/// Undoes a join of two branches, of which the first is kept.
fn undo_join(history: &mut History, [kept, other]: [&OperationId; 2]) -> Result<AccessOperation, ChangeError> {
    let joined = history.join(kept, true).unwrap().operation;
    let id = history.commit(joined);
    let record = SubjectRecord { operation: id.clone(), state: history.state(&id) };
    let earlier = vec![history.state(kept), history.state(other)];
    undo((&id, &history.operations[&id].clone()), &record, earlier, &history.author())
}

#[test]
fn the_undo_of_a_join_brings_back_no_grant_that_a_branch_removed() {
    let begin = |history: &mut History| {
        let first = history.begin(SubjectState::Key(key()));
        history.grant(&first, &["test", "online"], (&[], ""))
    };
    let mut history = History::default();
    let base = begin(&mut history);
    let ours = history.grant(&base, &["test"], (&["listPets"], "5/second"));
    let theirs = history.ungrant(&base, "online");
    let theirs = history.grant(&theirs, &["pre-release"], (&[], ""));
    let undone = undo_join(&mut history, [&ours, &theirs]).unwrap();
    assert_eq!(shown(&undone.after), ["test [] none", "test [listPets] 5/second"]);
    assert!(undone.summary.ends_with(", without the grants that a branch removed"), "{}", undone.summary);
    // The other branch only removed.
    let mut history = History::default();
    let base = begin(&mut history);
    let ours = history.grant(&base, &["test"], (&["listPets"], "5/second"));
    let theirs = history.ungrant(&base, "online");
    let refused = undo_join(&mut history, [&ours, &theirs]);
    assert!(matches!(refused, Err(ChangeError::NothingReversed { .. })), "{refused:?}");
    // The other branch changed nothing but the limits of what this one removed, so that this one's state was kept.
    let mut history = History::default();
    let base = begin(&mut history);
    let ours = history.ungrant(&base, "online");
    let theirs = history.grant(&base, &["online"], (&[], "5/second"));
    let refused = undo_join(&mut history, [&ours, &theirs]);
    assert!(matches!(refused, Err(ChangeError::NothingReversed { .. })), "{refused:?}");
}

#[test]
fn the_undo_of_a_join_moves_no_end_of_a_secret() {
    let mut history = History::default();
    let base = history.begin(SubjectState::Key(key()));
    let ours = history.grant(&base, &["test"], (&[], ""));
    let mut old = secret("aaaa", 0);
    old.retires = Some(Timestamp::from_milliseconds(1_764_000_000_000 + 86_400_000));
    let state = SubjectState::Key(Key { secrets: vec![old, secret("bbbb", 1)], ..key() });
    let author = history.author();
    let rotated = operation(AccessAction::Rotate, &author, Some(base), String::new(), state.clone());
    let theirs = history.commit(rotated);
    let SubjectState::Key(undone) = undo_join(&mut history, [&theirs, &ours]).unwrap().after else { panic!("a key") };
    assert_eq!((SubjectState::Key(undone.clone()), undone.grants.len()), (state.clone(), 0));
    history.operations.retain(|_, operation| operation.action != AccessAction::Resolve);
    let refused = undo_join(&mut history, [&ours, &theirs]);
    assert!(matches!(refused, Err(ChangeError::NothingReversed { .. })), "{refused:?}");
}

#[test]
fn one_field_of_both_needs_a_choice() {
    let mut history = History::default();
    let base = history.begin(SubjectState::Key(key()));
    let ours = history.limit(&base, "5/second");
    let theirs = history.limit(&base, "9/second");
    let theirs = history.grant(&theirs, &["test"], (&[], ""));
    let refused = history.join(&ours, false).unwrap_err();
    assert_eq!(refused.to_string(), "key ci: both branches changed limits");
    let joined = history.join(&theirs, true).unwrap().operation;
    assert!(joined.summary.contains("keeps limits"), "{}", joined.summary);
    assert_eq!(shown(&joined.after), ["test [] none"]);
    let SubjectState::Key(key) = joined.after else { panic!("a key") };
    assert_eq!(key.limits, rate("9/second"));
    // Equal values are none.
    let ours = history.limit(&ours, "9/second");
    assert!(history.join(&ours, false).is_ok());
}

#[test]
fn two_keys_of_one_name_are_never_mixed() {
    let mut history = History::default();
    let ours = history.begin(SubjectState::Key(key()));
    let theirs = history.begin(SubjectState::Key(Key { secrets: vec![secret("bbbb", 1)], ..key() }));
    let theirs = history.grant(&theirs, &["online"], (&[], ""));
    assert!(history.join(&ours, false).unwrap_err().to_string().contains("the whole key"));
    let SubjectState::Key(kept) = history.join(&ours, true).unwrap().operation.after else { panic!("a key") };
    assert_eq!((kept.secrets.len(), kept.secrets[0].id.as_str(), kept.grants.len()), (1, "aaaa", 0));
    let SubjectState::Key(kept) = history.join(&theirs, true).unwrap().operation.after else { panic!("a key") };
    assert_eq!((kept.secrets.len(), kept.secrets[0].id.as_str(), kept.grants.len()), (1, "bbbb", 1));
}

#[test]
fn owners_that_both_branches_began_have_the_grants_of_both() {
    let mut history = History::default();
    let owner = || SubjectState::Owner(OwnerGrants { owner: "web".parse().unwrap(), grants: Vec::new() });
    let mut heads = Vec::new();
    for environment in ["test", "online"] {
        let scope = GrantScope {
            groups: vec!["shop".parse().unwrap()],
            environments: vec![environment.parse().unwrap()],
            apis: Vec::new(),
            limits: None,
        };
        let author = history.author();
        let operation = grant(owner(), None, &scope, &author).unwrap();
        heads.push(history.commit(operation));
    }
    assert_eq!(shown(&history.join(&heads[0], false).unwrap().operation.after), ["online [] none", "test [] none"]);
}

#[test]
fn secrets_of_two_rotations_let_in_and_a_third_needs_a_choice() {
    let rotated = |ids: &[(&str, i64)], retires: i64| {
        let mut first = secret("aaaa", 0);
        first.retires = Some(Timestamp::from_milliseconds(retires));
        let secrets = std::iter::once(first).chain(ids.iter().map(|(id, minute)| secret(id, *minute))).collect();
        SubjectState::Key(Key { secrets, ..key() })
    };
    let mut history = History::default();
    let base = history.begin(SubjectState::Key(key()));
    let mut heads = Vec::new();
    for (id, retires) in [("bbbb", 2000), ("cccc", 1000), ("dddd", 3000)] {
        let author = history.author();
        let state = rotated(&[(id, 1)], retires);
        heads.push(history.commit(operation(AccessAction::Rotate, &author, Some(base.clone()), String::new(), state)));
        let joined = history.join(&heads[0], false);
        match heads.len() {
            2 => {
                let SubjectState::Key(key) = joined.unwrap().operation.after else { panic!("a key") };
                let ids: Vec<_> = key.secrets.iter().map(|secret| (secret.id.as_str(), secret.retires)).collect();
                let earlier = Some(Timestamp::from_milliseconds(1000));
                assert_eq!(ids, [("aaaa", earlier), ("bbbb", None), ("cccc", None)]);
                assert_eq!(key.faults(), []);
            }
            3 => assert!(joined.unwrap_err().to_string().contains("secrets")),
            _ => {}
        }
    }
}

#[test]
fn a_choice_between_rotations_keeps_the_earliest_end_of_the_secret_before() {
    let mut history = History::default();
    let base = history.begin(SubjectState::Key(key()));
    let mut heads = Vec::new();
    for (id, retires) in [("bbbb", 2000), ("cccc", 3000), ("dddd", 1000)] {
        let mut first = secret("aaaa", 0);
        first.retires = Some(Timestamp::from_milliseconds(retires));
        let state = SubjectState::Key(Key { secrets: vec![first, secret(id, 1)], ..key() });
        let author = history.author();
        heads.push(history.commit(operation(AccessAction::Rotate, &author, Some(base.clone()), String::new(), state)));
    }
    let joined = history.join(&heads[0], true).unwrap().operation;
    assert!(joined.summary.contains("keeps secrets"), "{}", joined.summary);
    let SubjectState::Key(key) = joined.after else { panic!("a key") };
    let ids: Vec<_> = key.secrets.iter().map(|secret| (secret.id.as_str(), secret.retires)).collect();
    assert_eq!(ids, [("aaaa", Some(Timestamp::from_milliseconds(1000))), ("bbbb", None), ("cccc", None)]);
}

#[test]
fn an_operation_is_dropped_once_and_never_the_one_in_force() {
    let mut history = History::default();
    let base = history.begin(SubjectState::Key(key()));
    let ours = history.limit(&base, "5/second");
    let theirs = history.limit(&base, "9/second");
    let present = SubjectRecord { operation: ours.clone(), state: history.state(&ours) };
    let author = history.author();
    for in_force in [&base, &ours] {
        let refused = drop_head(in_force, &present, &history.operations, &author);
        assert!(matches!(refused, Err(JoinError::InForce { .. })), "{refused:?}");
    }
    let dropped = drop_head(&theirs, &present, &history.operations, &author).unwrap();
    assert_eq!((&dropped.after, &dropped.merged), (&present.state, &vec![theirs.clone()]));
    let id = history.commit(dropped);
    assert_eq!(heads_of(&history.operations, &present.state.subject()), [id]);
    // A predecessor without a file: what it removed is not known.
    history.operations.remove(&base);
    let ours = history.limit(&ours, "1/second");
    assert!(matches!(history.join(&ours, true), Err(JoinError::PredecessorMissing { .. })));
}
