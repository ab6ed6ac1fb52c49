use std::fs;
use std::os::unix::fs::symlink;

use super::super::last_good::KEEP_BROKEN;
use super::*;
use crate::access::{Revocation, Secret, SecretProof, SigningSettings, TokenBinding};
use crate::model::RateLimits;

const KEY_SET: &str =
    r#"{"keys": [{"kid": "1", "kty": "OKP", "crv": "Ed25519", "x": "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"}]}"#;

/// A workspace with the key sets `a.json` and `b.json`, its reader and the moment in which it begins.
fn begin() -> (tempfile::TempDir, Workspace, AccessReader, Instant) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("apigw.toml"), "schema = 1\n").unwrap();
    for place in [".apigw", KEY_SETS_FOLDER] {
        fs::create_dir_all(folder.path().join(place)).unwrap();
    }
    let workspace = Workspace::open(folder.path()).unwrap();
    for name in ["a.json", "b.json"] {
        fs::write(folder.path().join(KEY_SETS_FOLDER).join(name), KEY_SET).unwrap();
    }
    (folder, workspace, AccessReader::new(SecretSources::default()), Instant::now())
}

fn key_sets(reader: &mut AccessReader, workspace: &Workspace, now: Instant) -> Vec<&'static str> {
    let directory = reader.read(workspace, now, Timestamp::from_milliseconds(0));
    ["a.json", "b.json"].into_iter().filter(|name| directory.key_set(name).is_ok()).collect()
}

#[test]
fn a_broken_key_set_keeps_its_keys_for_a_minute() {
    let (folder, workspace, mut reader, begin) = begin();
    assert_eq!(key_sets(&mut reader, &workspace, begin), ["a.json", "b.json"]);
    fs::write(folder.path().join(KEY_SETS_FOLDER).join("a.json"), "{").unwrap();
    let broken = begin + Duration::from_secs(5);
    assert_eq!(key_sets(&mut reader, &workspace, broken), ["a.json", "b.json"]);
    // Nothing has changed since, and yet it is time to read.
    let (seen, end) = (broken + SELDOM, broken + KEEP_BROKEN);
    assert!(reader.must_read(&workspace, seen), "folders");
    assert!(reader.must_read(&workspace, seen + SELDOM), "files");
    assert!(!reader.must_read(&workspace, seen + 2 * SELDOM));
    assert!(reader.must_read(&workspace, end), "nobody reads that its time is over");
    assert_eq!(key_sets(&mut reader, &workspace, end), ["b.json"]);
    assert!(reader.new_problems().iter().any(|problem| problem.contains("keys/jwks/a.json")));
}

#[test]
fn a_key_set_that_cannot_be_read_hides_no_other() {
    let (folder, workspace, mut reader, begin) = begin();
    let outside = tempfile::NamedTempFile::new().unwrap();
    fs::remove_file(folder.path().join(KEY_SETS_FOLDER).join("a.json")).unwrap();
    symlink(outside.path(), folder.path().join(KEY_SETS_FOLDER).join("a.json")).unwrap();
    assert_eq!(key_sets(&mut reader, &workspace, begin), ["b.json"]);
    let (sets, problems) = workspace.key_sets().unwrap();
    assert!(sets.contains_key("b.json") && &*problems[0].location.file == "keys/jwks/a.json", "{problems:?}");
}

#[test]
fn a_folder_that_cannot_be_listed_is_tried_again() {
    let (folder, workspace, mut reader, begin) = begin();
    assert_eq!(key_sets(&mut reader, &workspace, begin), ["a.json", "b.json"]);
    fs::remove_dir_all(folder.path().join(KEY_SETS_FOLDER)).unwrap();
    fs::write(folder.path().join(KEY_SETS_FOLDER), "").unwrap();
    assert_eq!(key_sets(&mut reader, &workspace, begin), ["a.json", "b.json"]);
    assert!(reader.must_retry);
    assert_eq!(key_sets(&mut reader, &workspace, begin + KEEP_BROKEN), [""; 0]);
}

#[test]
fn a_subject_is_closed_that_was_bound_before_its_revocation() {
    let (folder, workspace, mut reader, begin) = begin();
    let write = |state: &SubjectState| {
        let place = folder.path().join(subject_place(&state.subject()));
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        let operation = "20260101T000000.000Z-e3b0c44298fc".parse().unwrap();
        fs::write(place, super::super::subject_file::render(state, &operation)).unwrap();
    };
    for (name, created) in [("ours", 1), ("theirs", 2), ("anew", 4)] {
        let created = Timestamp::from_milliseconds(created);
        let proof = TokenBinding { issuer: "https://id.example".to_owned(), subject: "robot".to_owned() };
        let id = format!("secret{name}").parse().unwrap();
        let secret = Secret { id, created, retires: None, proof: SecretProof::Token(proof) };
        write(&SubjectState::Key(Key {
            name: name.parse().unwrap(),
            kind: KeyKind::Token,
            owner: None,
            description: None,
            created,
            not_before: None,
            expires: None,
            signing: SigningSettings::default(),
            limits: RateLimits::default(),
            secrets: vec![secret],
            grants: Vec::new(),
        }));
    }
    let closed = |reader: &mut AccessReader| {
        let directory = reader.read(&workspace, begin, Timestamp::from_milliseconds(0));
        ["ours", "theirs", "anew"].map(|name| directory.is_revoked(&format!("secret{name}").parse().unwrap()))
    };
    assert_eq!(closed(&mut reader), [false; 3]);
    write(&SubjectState::Revocation(Revocation {
        secret: "secretours".parse().unwrap(),
        key: "ours".parse().unwrap(),
        time: Timestamp::from_milliseconds(3),
        by: "ann".to_owned(),
        why: None,
    }));
    assert_eq!(closed(&mut reader), [true, true, false]);
}

#[test]
fn a_key_file_that_cannot_be_read_hides_no_other() {
    let (folder, workspace, ..) = begin();
    let outside = tempfile::NamedTempFile::new().unwrap();
    symlink(outside.path(), folder.path().join("keys/linked.yaml")).unwrap();
    fs::write(folder.path().join("keys/broken.yaml"), "owner: [").unwrap();
    let (records, problems) = workspace.access_records().unwrap();
    let places: Vec<&str> = problems.iter().map(|problem| &*problem.location.file).collect();
    assert_eq!((records.len(), places), (0, vec!["keys/broken.yaml", "keys/linked.yaml"]));
}
