use super::*;
use crate::access::{NewSecret, SecretId, SecretProof, SigningSettings};
use crate::model::{KeyKind, Timestamp};

fn at(milliseconds: i64) -> Timestamp {
    Timestamp::from_milliseconds(1_800_000_000_000 + milliseconds)
}

fn id() -> OperationId {
    OperationId::new(at(5), &Digest::of(b""))
}

fn limits(texts: &[&str]) -> RateLimits {
    RateLimits::new(texts.iter().map(|text| text.parse().unwrap()).collect()).unwrap()
}

fn grant(group_name: &str, apis: &[&str]) -> Grant {
    let (group, environment) = (group_name.parse().unwrap(), "test".parse().unwrap());
    let apis = apis.iter().map(|&api| api.to_owned()).collect();
    let grant = Grant::new("key ci", group, vec![environment], apis, (at(1), "Ada \"x\" #".to_owned()));
    Grant { limits: limits(if group_name == "a" { &["60/min", "9/s"] } else { &[] }), ..grant }
}

fn key() -> Key {
    let secret = |id: &str, retires| Secret {
        id: id.parse().unwrap(),
        created: at(0),
        retires,
        proof: SecretProof::Fingerprint(Digest::of(id.as_bytes())),
    };
    Key {
        name: "ci".parse().unwrap(),
        kind: KeyKind::Signature,
        owner: Some("shop".parse().unwrap()),
        description: Some("a: \"b\"\n- c".to_owned()),
        created: at(0),
        not_before: None,
        expires: Some(at(9)),
        signing: SigningSettings { region: Some("cn-north-1".to_owned()), service: None, path: PathForm::Again },
        limits: limits(&["1000/day"]),
        secrets: vec![secret("0123", Some(at(7))), secret("abcd1234", None)],
        grants: vec![grant("a", &["GET /pets/{id}", "no"]), grant("b", &[])],
    }
}

fn read(text: &str) -> Result<SubjectRecord, Error> {
    parse("keys/ci.yaml", &AccessSubject::Key("ci".parse().unwrap()), text)
}

fn states() -> Vec<SubjectState> {
    let revocation = Revocation {
        secret: "abcd1234".parse().unwrap(),
        key: "ci".parse().unwrap(),
        time: at(3),
        by: "Ada".to_owned(),
        why: None,
    };
    let owner = OwnerGrants { owner: "shop".parse().unwrap(), grants: vec![grant("a", &[])] };
    vec![SubjectState::Key(key()), SubjectState::Owner(owner), SubjectState::Revocation(revocation)]
}

#[test]
fn what_is_written_is_read_and_every_changed_byte_is_noticed() {
    for state in states() {
        let subject = state.subject();
        let text = render(&state, &id());
        let place = subject_place(&subject);
        assert_eq!(parse(&place, &subject, &text).unwrap(), SubjectRecord { operation: id(), state: state.clone() });
        for index in 0..text.len() {
            assert!(text.get(..index).is_none_or(|cut| parse(&place, &subject, cut).is_err()), "cut at {index}");
            for replacement in [b' ', b'#', text.as_bytes()[index] ^ 1] {
                let mut bytes = text.clone().into_bytes();
                if std::mem::replace(&mut bytes[index], replacement) == replacement {
                    continue;
                }
                let Ok(changed) = String::from_utf8(bytes) else { continue };
                assert!(parse(&place, &subject, &changed).is_err(), "{subject}: byte {index} became {replacement}");
            }
        }
    }
}

#[test]
fn other_programs_read_it_as_yaml() {
    let value: serde_json::Value = serde_yaml::from_str(&render(&SubjectState::Key(key()), &id())).unwrap();
    assert_eq!(value["secrets"][0]["id"], "0123");
    assert_eq!(value["grants"][0]["apis"][1], "no");
    assert_eq!(value["signing"]["path"], "again");
}

/// Returns the location and the message of the first finding.
fn first(text: &str) -> String {
    match read(text) {
        Err(Error::Invalid(findings)) => findings[0].one_line(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_cannot_be_is_named_with_its_line() {
    let text = render(&SubjectState::Key(key()), &id());
    let third = "- id: \"efgh\"\n  created: \"2027-01-15T08:00:00.000Z\"\n  fingerprint: sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n";
    let more = |what: &str| text.replace("grants:\n", &format!("{what}grants:\n"));
    let line = |part: &str| text.lines().position(|line| line.contains(part)).unwrap() + 1;
    let grants = line("grants:");
    for (changed, expected) in [
        (text.replace("\"abcd1234\"", "\"abcd/1234\""), format!("keys/ci.yaml:{}:", line("abcd1234"))),
        (text.replace("\"abcd1234\"", "\"..\""), format!("keys/ci.yaml:{}:", line("abcd1234"))),
        (
            text.replace("\"abcd1234\"", "\"0123\""),
            format!("keys/ci.yaml:{}:1: the id 0123 is repeated", line("abcd1234")),
        ),
        (
            text.replace("fingerprint: sha256:", "fingerprint: sha256:00"),
            format!("keys/ci.yaml:{}:", line("fingerprint")),
        ),
        (
            text.replace("fingerprint: ", "sha256: "),
            format!("keys/ci.yaml:{}:1: the secret 0123 does not belong to a key of kind", line("0123")),
        ),
        (
            more(&format!("{third}{}", third.replace("efgh", "ijkl"))),
            format!("keys/ci.yaml:{}:1: the secret ijkl is the third", grants + 3),
        ),
        (more("secret: \"hunter2\"\n"), format!("keys/ci.yaml:{grants}:1: a secret stands here in clear")),
        (
            text.replace("environments: [\"test\"]", "environments: []"),
            format!("keys/ci.yaml:{}:1: the grant", line("group: \"a\"") - 1),
        ),
        (text.replace("kind: signature", "kind: magic"), format!("keys/ci.yaml:{}:", line("kind:"))),
        (text.replace("owner: \"shop\"", "owner: \"Shop\""), format!("keys/ci.yaml:{}:", line("owner:"))),
        (text.replace("schema: 1", "schema: 2"), "keys/ci.yaml:2:1: the file has schema 2".to_owned()),
        (text.replace("name: \"ci\"", "name: \"cd\""), "keys/ci.yaml:1:1: this is not as apigw wrote it".to_owned()),
        (
            text.replace("expires: \"", "expires: null # \""),
            format!("keys/ci.yaml:{}:1: this is not as apigw wrote it", line("expires:")),
        ),
        (
            text.replace("owner:", "<<<<<<< HEAD\nowner:"),
            format!("keys/ci.yaml:{}:1: Git left a merge conflict", line("owner:")),
        ),
    ] {
        let message = first(&changed);
        assert!(message.starts_with(&expected), "{expected} is not {message}");
    }
}

#[test]
fn a_secret_in_clear_is_never_repeated() {
    let random = ring::rand::SystemRandom::new();
    let secret = NewSecret::for_subscription(&SecretId::generate(&random).unwrap(), &random).unwrap();
    let text = render(&SubjectState::Key(key()), &id()).replace("\"shop\"", &format!("\"{}\"", secret.reveal()));
    let error = read(&text).unwrap_err();
    assert!(error.to_string().contains("in clear"), "{error}");
    assert!(!format!("{error:?}").contains(secret.reveal()));
}

#[test]
fn a_value_that_may_be_a_secret_is_not_repeated() {
    for (message, shown) in [
        (
            "unknown field `limit`, expected one of `limits`, `grants`",
            "unknown field `limit`, expected one of `limits`, `grants`",
        ),
        ("invalid value \"0123456789abcdef\" of kind", "invalid value \"…\" of kind"),
        ("unknown variant `correct!horse#battery`, expected `token`", "unknown variant `…`, expected `token`"),
        ("found correct-horse-battery here", "found … here"),
        ("a `b\" correct!horse#battery, c\"", "a `b\"…\""),
    ] {
        let finding = KEY_FAULT.finding(super::at("keys/ci.yaml", 1), message, "");
        assert_eq!(without_values(finding).message, shown);
    }
}
