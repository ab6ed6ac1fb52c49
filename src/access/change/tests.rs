use super::grants::grants_named;
use super::*;
use crate::access::{Grant, SecretProof, SigningSettings, SubjectRecord};
use crate::model::{Digest, KeyKind};

fn at(milliseconds: i64) -> Timestamp {
    Timestamp::from_milliseconds(1_800_000_000_000 + milliseconds)
}

fn author(now: i64) -> Author {
    Author {
        actor: "Ada".to_owned(),
        message: None,
        command: "apigw key create ci --to secret".to_owned(),
        now: at(now),
        allow_breaking: false,
    }
}

fn secret(id: &str) -> Secret {
    let proof = SecretProof::Sha256(Digest::of(id.as_bytes()));
    Secret { id: id.parse().unwrap(), created: at(0), retires: None, proof }
}

fn key() -> Key {
    Key {
        name: "ci".parse().unwrap(),
        kind: KeyKind::Subscription,
        owner: None,
        description: None,
        created: at(0),
        not_before: None,
        expires: None,
        signing: SigningSettings::default(),
        limits: RateLimits::default(),
        secrets: vec![secret("aaaa")],
        grants: Vec::new(),
    }
}

fn id(number: i64) -> OperationId {
    OperationId::new(at(number), &Digest::of(&number.to_be_bytes()))
}

fn scope(groups: &[&str], environments: &[&str], apis: &[&str]) -> GrantScope {
    GrantScope {
        groups: groups.iter().map(|name| name.parse().unwrap()).collect(),
        environments: environments.iter().map(|name| name.parse().unwrap()).collect(),
        apis: apis.iter().map(|&name| name.to_owned()).collect(),
        limits: None,
    }
}

fn key_of(operation: &AccessOperation) -> &Key {
    let SubjectState::Key(key) = &operation.after else { panic!("{operation:?}") };
    key
}

#[test]
fn a_key_that_never_lets_in_is_not_made() {
    let made = |not_before: Option<i64>, expires: Option<i64>| {
        let key = Key { not_before: not_before.map(at), expires: expires.map(at), ..key() };
        create(key, &author(10)).map(|_| ())
    };
    assert_eq!(made(None, None), Ok(()));
    assert_eq!(made(None, Some(11)), Ok(()));
    assert_eq!(made(None, Some(10)), Err(ChangeError::ExpiryPast { at: at(10) }));
    assert!(matches!(made(Some(30), Some(30)), Err(ChangeError::EndBeforeBegin { .. })));
    // The command could hold a secret; the operation has the fields instead.
    assert_eq!(create(key(), &author(10)).unwrap().summary, "kind subscription, secret aaaa");
}

#[test]
fn an_expired_key_is_rotated_with_another_end() {
    let expired = Key { expires: Some(at(50)), not_before: Some(at(10)), ..key() };
    let turn = |now: i64, expires: Option<i64>| {
        let next = NextSecret { secret: secret("bbbb"), overlap_ms: 0, expires: expires.map(at) };
        rotate((&expired, &id(1)), next, |_| false, &author(now))
    };
    assert_eq!(key_of(&turn(49, None).unwrap()).expires, Some(at(50)));
    let error = turn(50, None).unwrap_err();
    assert_eq!(error, ChangeError::KeyExpired { key: expired.name.clone(), at: at(50) });
    assert_eq!(turn(50, Some(50)).unwrap_err(), ChangeError::ExpiryPast { at: at(50) });
    let early = turn(5, Some(10)).unwrap_err();
    assert_eq!(early, ChangeError::EndBeforeBegin { expires: at(10), not_before: at(10) });
    let longer = turn(50, Some(90)).unwrap();
    assert_eq!(key_of(&longer).expires, Some(at(90)));
    assert!(longer.summary.ends_with(&format!(", expires {}", at(90))), "{}", longer.summary);
    // What has ended stays ended: no overlap gives the old secret another life.
    let next = NextSecret { secret: secret("bbbb"), overlap_ms: 100, expires: Some(at(90)) };
    let after_end = rotate((&expired, &id(1)), next, |_| false, &author(50)).unwrap();
    let ids: Vec<_> = key_of(&after_end).secrets.iter().map(|secret| secret.id.as_str()).collect();
    assert_eq!(ids, ["bbbb"]);
    assert!(after_end.summary.contains(&format!("aaaa ended at {}", at(50))), "{}", after_end.summary);
}

#[test]
fn a_rotation_leaves_two_live_secrets_at_most() {
    let turn = |key: &Key, new: &str, overlap: i64, now: i64, revoked: &[&str]| {
        let next = NextSecret { secret: secret(new), overlap_ms: overlap, expires: None };
        rotate((key, &id(1)), next, |id| revoked.contains(&id.as_str()), &author(now))
    };
    let first = turn(&key(), "bbbb", 100, 10, &[]).unwrap();
    let retires: Vec<_> = key_of(&first).secrets.iter().map(|secret| secret.retires).collect();
    assert_eq!(retires, [Some(at(110)), None]);
    let refused = turn(key_of(&first), "cccc", 100, 109, &[]);
    assert!(
        matches!(refused, Err(ChangeError::ThirdSecret { secrets, .. }) if secrets.iter().map(SecretId::as_str).eq(["aaaa", "bbbb"]))
    );
    // A retired or a revoked one makes room, and leaves the file.
    for (now, revoked) in [(110, &[][..]), (50, &["aaaa"][..])] {
        let second = turn(key_of(&first), "cccc", 0, now, revoked).unwrap();
        let ids: Vec<_> = key_of(&second).secrets.iter().map(|secret| secret.id.as_str()).collect();
        assert_eq!(ids, ["bbbb", "cccc"]);
    }
    // An end is never moved away.
    let mut ending = key();
    ending.secrets[0].retires = Some(at(20));
    let turned = turn(&ending, "bbbb", 100, 10, &[]).unwrap();
    assert_eq!(key_of(&turned).secrets[0].retires, Some(at(20)));
}

#[test]
fn grants_are_added_once_and_removed_by_environment_or_id() {
    let first = grant(SubjectState::Key(key()), Some(&id(1)), &scope(&["b", "a"], &["test"], &[]), &author(1)).unwrap();
    assert_eq!(first.summary, "b in test; a in test");
    assert_eq!(key_of(&first).grants.iter().map(|grant| grant.group.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let again = |scope| grant(first.after.clone(), Some(&id(2)), &scope, &author(2));
    assert_eq!(again(scope(&["a"], &["test"], &[])), None);
    assert_eq!(again(scope(&["a"], &["test"], &["GET /pets"])), None, "all APIs are granted already");
    let second = again(scope(&["a"], &["test", "online"], &[])).unwrap();
    assert_eq!(second.summary, "a in online");
    let record = SubjectRecord { operation: id(2), state: second.after };
    let remove = |removed| ungrant(&record, &removed, &author(3));
    let by_scope = |group: &str, environment: &str| GrantSelector::Scope {
        groups: vec![group.parse().unwrap()],
        environments: vec![environment.parse().unwrap()],
    };
    let removed = remove(by_scope("a", "test")).unwrap();
    assert_eq!((removed.summary.as_str(), removed.after.grants().len()), ("a in test", 2));
    assert!(matches!(remove(by_scope("a", "pre-release")), Err(ChangeError::NoGrant { .. })));
    let by_id = GrantSelector::Id(record.state.grants()[0].id.to_string());
    assert_eq!(remove(by_id).unwrap().after.grants().len(), 2);
    let remove_named = |typed: &str| remove(GrantSelector::Id(typed.to_owned()));
    for nothing in ["zz", ""] {
        assert!(matches!(remove_named(nothing), Err(ChangeError::NoGrant { .. })), "{nothing:?}");
    }
    let ids: Vec<&str> = record.state.grants().iter().map(|grant| grant.id.as_str()).collect();
    assert_eq!(grants_named(record.state.grants(), ids[0]), [ids[0]]);
}

#[test]
fn the_beginning_of_several_grants_removes_none() {
    // An id is hexadecimal: of 17, two begin with the same digit.
    let groups: Vec<String> = (0..17).map(|number| format!("group-{number}")).collect();
    let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
    let granted = grant(SubjectState::Key(key()), Some(&id(1)), &scope(&groups, &["test"], &[]), &author(1)).unwrap();
    let record = SubjectRecord { operation: id(2), state: granted.after };
    let ids: Vec<&str> = record.state.grants().iter().map(|grant| grant.id.as_str()).collect();
    assert_eq!(ids.len(), 17);
    let is_shared = |digit: &&str| ids.iter().filter(|id| id.starts_with(*digit)).count() > 1;
    let shared = ids.iter().map(|id| &id[..1]).find(is_shared).expect("two begin alike");
    let refused = ungrant(&record, &GrantSelector::Id(shared.to_owned()), &author(2));
    assert!(matches!(&refused, Err(ChangeError::AmbiguousGrant { ids, .. }) if ids.len() > 1), "{refused:?}");
}

#[test]
fn a_grant_of_some_apis_does_not_cover_all() {
    let some = grant(SubjectState::Key(key()), None, &scope(&["a"], &["test"], &["GET /x"]), &author(1)).unwrap();
    let all = grant(some.after, None, &scope(&["a"], &["test"], &[]), &author(2)).unwrap();
    assert_eq!(all.after.grants().len(), 2);
}

#[test]
fn an_undo_reverses_the_latest_operation_alone_and_no_revocation() {
    let granted = grant(SubjectState::Key(key()), Some(&id(1)), &scope(&["a"], &["test"], &[]), &author(2)).unwrap();
    let present = SubjectRecord { operation: id(2), state: granted.after.clone() };
    let earlier = || vec![SubjectState::Key(key())];
    let undone = undo((&id(2), &granted), &present, earlier(), &author(3)).unwrap();
    assert!(undone.after.grants().is_empty() && undone.before == Some(id(2)));
    let later = SubjectRecord { operation: id(3), ..present.clone() };
    let refused = undo((&id(2), &granted), &later, earlier(), &author(4));
    assert!(matches!(refused, Err(ChangeError::ChangedSince { later, .. }) if later == id(3)));
    let made = create(key(), &author(1)).unwrap();
    let refused = undo((&id(2), &made), &present, Vec::new(), &author(4));
    assert!(matches!(refused, Err(ChangeError::CreationUndone { .. })));
    let revoked = revoke(&key(), &"aaaa".parse().unwrap(), &author(5));
    let record = SubjectRecord { operation: id(5), state: revoked.after.clone() };
    assert!(matches!(
        undo((&id(5), &revoked), &record, Vec::new(), &author(6)),
        Err(ChangeError::RevocationUndone { .. })
    ));
}

fn limits(text: &str) -> RateLimits {
    RateLimits::new(text.split(' ').map(|limit| limit.parse().unwrap()).collect()).unwrap()
}

#[test]
fn limits_of_a_grant_take_the_place_of_those_before() {
    let limited = |text: &str, environments: &[&str]| GrantScope {
        limits: Some(limits(text)),
        ..scope(&["a"], environments, &[])
    };
    let first = grant(SubjectState::Key(key()), None, &scope(&["a"], &["test", "online"], &[]), &author(1)).unwrap();
    let second = grant(first.after, None, &limited("60/min 9/s", &["test"]), &author(2)).unwrap();
    assert_eq!(second.summary, "a in test, at most 9/second, 60/minute");
    let said = |state: &SubjectState| -> Vec<(String, String)> {
        let line = |grant: &Grant| (grant.environments[0].to_string(), grant.limits.to_string());
        let mut lines: Vec<_> = state.grants().iter().map(line).collect();
        lines.sort();
        lines
    };
    let entry = |environment: &str, limits: &str| (environment.to_owned(), limits.to_owned());
    assert_eq!(said(&second.after), [entry("online", ""), entry("test", "9/second, 60/minute")]);
    assert_eq!(grant(second.after.clone(), None, &limited("9/s 60/minute", &["test"]), &author(3)), None);
    assert_eq!(
        grant(second.after.clone(), None, &scope(&["a"], &["test"], &[]), &author(3)),
        None,
        "no limit was named"
    );
    let unlimited = GrantScope { limits: Some(RateLimits::default()), ..scope(&["a"], &["test"], &[]) };
    let lifted = grant(second.after.clone(), None, &unlimited, &author(3)).unwrap();
    assert_eq!(said(&lifted.after), [entry("online", ""), entry("test", "")]);
    assert_eq!(grant(lifted.after, None, &unlimited, &author(4)), None);
    let third = grant(second.after, None, &limited("1/s", &["test", "online"]), &author(4)).unwrap();
    assert_eq!(said(&third.after), [entry("online", "1/second")], "both environments are in one grant");
}

#[test]
fn limits_of_a_grant_for_fewer_apis_are_not_hidden_by_one_for_all() {
    let limited =
        |text: &str, apis: &[&str]| GrantScope { limits: Some(limits(text)), ..scope(&["a"], &["test"], apis) };
    let all = grant(SubjectState::Key(key()), None, &limited("60/min", &[]), &author(1)).unwrap();
    let one = grant(all.after, None, &limited("5/min", &["getA"]), &author(2)).unwrap();
    assert_eq!(one.after.grants().len(), 2);
    let raised = grant(one.after, None, &limited("60/min", &["getA"]), &author(3)).unwrap();
    let own = raised.after.grants().iter().find(|grant| !grant.apis.is_empty()).unwrap();
    assert_eq!(own.limits, limits("60/min"));
    assert_eq!(grant(raised.after.clone(), None, &limited("60/min", &["getA"]), &author(4)), None);
}

#[test]
fn a_key_has_the_limits_that_were_set_last_and_none_above_a_groups() {
    let set = limit((&key(), &id(1)), &limits("60/min"), &author(2)).unwrap();
    assert_eq!((set.summary.as_str(), set.action), ("at most 60/minute", AccessAction::Limit));
    assert_eq!(limit((key_of(&set), &id(2)), &limits("60/minute"), &author(3)), None);
    let lifted = limit((key_of(&set), &id(2)), &RateLimits::default(), &author(3)).unwrap();
    assert_eq!((lifted.summary.as_str(), key_of(&lifted)), ("lifted", &key()));
    let group: GroupName = "a".parse().unwrap();
    assert_eq!(check_limits(&limits("60/min"), &group, &limits("60/min 1/s")), Ok(()));
    let refused = check_limits(&limits("61/min"), &group, &limits("60/min")).unwrap_err().to_string();
    assert_eq!(refused, "61/minute is above 60/minute, the limit of a for all callers together");
}
