use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::super::{DiskFacts, LockGuard, LockRequest};
use super::*;
use crate::access::{AccessAction, Secret, SecretProof, SigningSettings, change};
use crate::model::{Author, Digest, RateLimits};
use crate::plan::Facts as _;

fn workspace() -> (tempfile::TempDir, LockGuard) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("apigw.toml"), "schema = 1\n").unwrap();
    let request = LockRequest { holder: "Ada: a test".to_owned(), timeout: Duration::ZERO };
    let guard = Workspace::open(folder.path()).unwrap().lock(&request).unwrap();
    (folder, guard)
}

fn author() -> Author {
    let now = Timestamp::from_milliseconds(1_764_000_000_000);
    Author { actor: "Ada".to_owned(), message: None, command: String::new(), now, allow_breaking: false }
}

fn secret(id: &str, value: &str) -> Secret {
    let proof = SecretProof::Sha256(Digest::of(value.as_bytes()));
    Secret { id: id.parse().unwrap(), created: author().now, retires: None, proof }
}

fn key(name: &str, secrets: Vec<Secret>) -> Key {
    Key {
        name: name.parse().unwrap(),
        kind: KeyKind::Subscription,
        owner: None,
        description: None,
        created: author().now,
        not_before: None,
        expires: None,
        signing: SigningSettings::default(),
        limits: RateLimits::default(),
        secrets,
        grants: Vec::new(),
    }
}

fn commit(guard: &LockGuard, before: Option<OperationId>, key: Key) -> OperationId {
    let mut operation = AccessOperation {
        action: if before.is_some() { AccessAction::Rotate } else { AccessAction::Create },
        time: author().now,
        actor: author().actor,
        message: None,
        summary: "a test".to_owned(),
        before,
        merged: Vec::new(),
        after: SubjectState::Key(key),
    };
    guard.commit_access(&mut operation).unwrap().id
}

#[test]
fn a_secret_of_the_past_is_found_by_its_id_in_any_case() {
    let (_folder, guard) = workspace();
    let workspace = guard.workspace();
    let made = commit(&guard, None, key("shop", vec![secret("aaaa", "one")]));
    commit(&guard, Some(made), key("shop", vec![secret("bbbb", "two")]));
    commit(&guard, None, key("other", vec![secret("cccc", "one")]));
    let again: SecretId = "cccc".parse().unwrap();
    assert!(!workspace.revoked_secrets().unwrap().contains(&again));
    workspace.remember_revocations(std::iter::once(&"AAAA".parse().unwrap())).unwrap();
    assert!(workspace.revoked_secrets().unwrap().contains(&again));
    let mut reader = AccessReader::new(SecretSources::default());
    assert!(reader.read(workspace, std::time::Instant::now(), author().now).is_revoked(&again));
}

#[test]
fn a_revocation_is_forgotten_where_the_place_of_its_file_cannot_be_read() {
    let (folder, guard) = workspace();
    let outside = tempfile::NamedTempFile::new().unwrap();
    fs::create_dir_all(folder.path().join(REVOKED_FOLDER)).unwrap();
    symlink(outside.path(), folder.path().join(REVOKED_FOLDER).join("aaaa.yaml")).unwrap();
    let shop = key("shop", vec![secret("aaaa", "one")]);
    let mut operation = change::revoke(&shop, &shop.secrets[0].id, &author());
    assert!(guard.commit_access_after(&mut operation).is_err());
    assert_eq!(guard.workspace().remembered_revocations().unwrap(), BTreeSet::new());
}

#[test]
fn revocations_are_read_once_for_all_groups_that_sign() {
    let (folder, guard) = workspace();
    for group in ["one", "two"] {
        let text = format!("schema: 1\nversion: \"0.0.1\"\nprefix: /{group}\nforwarding: {{sign: {{key: shop}}}}\n");
        let group = folder.path().join("groups").join(group);
        fs::create_dir_all(&group).unwrap();
        fs::write(group.join("group.yaml"), text).unwrap();
        fs::write(group.join("openapi.yaml"), "openapi: 3.0.3\ninfo: {title: t, version: \"1\"}\npaths: {}\n").unwrap();
    }
    let proof = SecretProof::Fingerprint(Digest::of(b"one"));
    let secrets = vec![Secret { proof, ..secret("aaaa", "one") }];
    commit(&guard, None, Key { kind: KeyKind::Signature, ..key("shop", secrets) });
    let facts = DiskFacts::new(guard.workspace());
    let fault =
        |facts: &DiskFacts<'_>, group: &str| facts.working_copy(&group.parse().unwrap(), None).unwrap().signing_fault;
    assert_eq!(fault(&facts, "one"), None);
    guard.workspace().remember_revocations(std::iter::once(&"aaaa".parse().unwrap())).unwrap();
    assert_eq!(fault(&facts, "two"), None, "a plan sees one state");
    assert_eq!(fault(&DiskFacts::new(guard.workspace()), "two"), Some(SigningKeyFault::Revoked));
}

#[test]
fn a_gateway_keeps_to_a_revocation_that_the_history_alone_has() {
    let (folder, guard) = workspace();
    let shop = key("shop", vec![secret("aaaa", "one")]);
    commit(&guard, None, shop.clone());
    let _committed = guard.commit_access(&mut change::revoke(&shop, &shop.secrets[0].id, &author())).unwrap();
    let file = folder.path().join(subject_place(&AccessSubject::Secret(shop.secrets[0].id.clone())));
    for lost in [file, folder.path().join(REVOKED_FILE)] {
        fs::remove_file(lost).unwrap();
    }
    let (workspace, begin) = (guard.workspace(), std::time::Instant::now());
    let findings = workspace.access_snapshot().unwrap().missing_revocation_findings();
    assert_eq!(findings.len(), 1, "{findings:?}");
    let mut reader = AccessReader::new(SecretSources::default());
    assert!(reader.read(workspace, begin, author().now).is_revoked(&shop.secrets[0].id));
    assert_eq!(workspace.remembered_revocations().unwrap().len(), 1);
}

fn git(folder: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").arg("-C").arg(folder).args(identity).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A clone that is made after a revert of the revocation of the secret `aaaa` of the key `shop`.
fn clone_of_reverted_revocation() -> (tempfile::TempDir, Workspace) {
    let (folder, guard) = workspace();
    let shop = key("shop", vec![secret("aaaa", "one")]);
    commit(&guard, None, shop.clone());
    git(folder.path(), &["init", "-q"]);
    let save = |message| {
        git(folder.path(), &["add", "-A"]);
        git(folder.path(), &["commit", "-q", "-m", message]);
    };
    save("a key");
    let _committed = guard.commit_access(&mut change::revoke(&shop, &shop.secrets[0].id, &author())).unwrap();
    save("revoke");
    git(folder.path(), &["revert", "--no-edit", "HEAD"]);
    let clone = tempfile::tempdir().unwrap();
    git(clone.path(), &["clone", "-q", &folder.path().display().to_string(), "."]);
    for setting in ["log.showRoot=false", "log.diffMerges=off"] {
        let (key, value) = setting.split_once('=').unwrap();
        git(clone.path(), &["config", key, value]);
    }
    let workspace = Workspace::open(clone.path()).unwrap();
    (clone, workspace)
}

#[test]
fn a_clone_keeps_to_a_revocation_that_was_reverted() {
    let (clone, workspace) = clone_of_reverted_revocation();
    let id: SecretId = "aaaa".parse().unwrap();
    let mut reader = AccessReader::new(SecretSources::default());
    assert!(reader.read(&workspace, std::time::Instant::now(), author().now).is_revoked(&id));
    for place in [REVOKED_FILE, COMMITTED_REVOCATIONS_FILE] {
        // The second time, the note says that there is no commit to read.
        let snapshot = workspace.access_snapshot().unwrap();
        assert!(snapshot.revoked.contains(&id));
        let findings = snapshot.missing_revocation_findings();
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].message.contains("a commit has it"), "{findings:?}");
        let _ = fs::remove_file(clone.path().join(place));
    }
}

/// A note that came with a commit could say that all commits were read, and that none has a revocation.
#[test]
fn a_note_of_commits_that_git_has_is_not_believed() {
    let (clone, workspace) = clone_of_reverted_revocation();
    let head = Command::new("git").arg("-C").arg(clone.path()).args(["rev-parse", "HEAD"]).output().unwrap().stdout;
    let note = format!(
        r#"{{"schema":1,"commits":["{}"],"revoked":[],"secrets":[]}}"#,
        String::from_utf8(head).unwrap().trim()
    );
    fs::create_dir_all(clone.path().join(".apigw")).unwrap();
    fs::write(clone.path().join(COMMITTED_REVOCATIONS_FILE), note).unwrap();
    let id: SecretId = "aaaa".parse().unwrap();
    assert!(!workspace.access_snapshot().unwrap().revoked.contains(&id), "the note of this machine counts");
    assert_eq!(workspace.tracked_local_files(), []);
    git(clone.path(), &["add", "-f", COMMITTED_REVOCATIONS_FILE]);
    assert!(workspace.access_snapshot().unwrap().revoked.contains(&id));
    let findings = workspace.tracked_local_files();
    assert_eq!(&*findings[0].location.file, COMMITTED_REVOCATIONS_FILE);
}

/// Looks again and again as a gateway does, for at most a minute: commits are read beside all else.
fn is_revoked_soon(reader: &mut AccessReader, workspace: &Workspace, id: &SecretId) -> bool {
    let begin = std::time::Instant::now();
    while begin.elapsed() < Duration::from_mins(1) {
        if reader.read(workspace, std::time::Instant::now(), author().now).is_revoked(id) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    false
}

#[test]
fn a_gateway_reads_a_revocation_and_its_revert_that_come_together() {
    let (clone, workspace) = clone_of_reverted_revocation();
    fs::create_dir_all(clone.path().join(".apigw")).unwrap();
    git(clone.path(), &["remote", "remove", "origin"]);
    git(clone.path(), &["reset", "-q", "--hard", "HEAD~2"]);
    let (id, mut now): (SecretId, _) = ("aaaa".parse().unwrap(), std::time::Instant::now());
    let mut reader = AccessReader::new(SecretSources::default());
    assert!(!reader.read(&workspace, now, author().now).is_revoked(&id));
    now += std::time::Duration::from_secs(10);
    while reader.must_read(&workspace, now) {
        now += std::time::Duration::from_secs(10);
    }
    // No file of the workspace changes.
    git(clone.path(), &["merge", "-q", "--ff-only", "ORIG_HEAD"]);
    assert!(reader.must_read(&workspace, now));
    assert!(is_revoked_soon(&mut reader, &workspace, &id));
    let note = fs::read_to_string(clone.path().join(COMMITTED_REVOCATIONS_FILE)).unwrap();
    assert!(note.contains("aaaa"), "{note}");
}

/// Neither the worktree's own files nor the folder of its branch change.
#[test]
fn a_gateway_in_a_worktree_notices_what_others_fetch_and_commit() {
    let (clone, _) = clone_of_reverted_revocation();
    let revoked = "ORIG_HEAD";
    git(clone.path(), &["remote", "remove", "origin"]);
    git(clone.path(), &["reset", "-q", "--hard", "HEAD~2"]);
    git(clone.path(), &["branch", "team/other"]);
    git(clone.path(), &["update-ref", "refs/remotes/other/team/main", "HEAD"]);
    let folder = clone.path().join(".git/worktree-of-a-gateway");
    git(clone.path(), &["worktree", "add", "-q", "--detach", &folder.display().to_string()]);
    let workspace = Workspace::open(&folder).unwrap();
    let id: SecretId = "aaaa".parse().unwrap();
    for branch in ["refs/heads/team/other", "refs/remotes/other/team/main"] {
        let mut reader = AccessReader::new(SecretSources::default());
        let mut now = std::time::Instant::now();
        assert!(!reader.read(&workspace, now, author().now).is_revoked(&id));
        now += Duration::from_secs(10);
        while reader.must_read(&workspace, now) {
            now += Duration::from_secs(10);
        }
        git(clone.path(), &["update-ref", branch, revoked]);
        assert!(reader.must_read(&workspace, now), "{branch}");
        assert!(is_revoked_soon(&mut reader, &workspace, &id), "{branch}");
        git(clone.path(), &["update-ref", branch, "HEAD"]);
        let _ = fs::remove_dir_all(folder.join(".apigw"));
    }
}

#[test]
fn a_checkout_of_a_commit_before_a_revocation_keeps_to_it_wherever_the_workspace_lay() {
    let (clone, workspace) = clone_of_reverted_revocation();
    let id: SecretId = "aaaa".parse().unwrap();
    git(clone.path(), &["checkout", "-q", "HEAD~2"]);
    assert!(workspace.access_snapshot().unwrap().revoked.contains(&id));
    git(clone.path(), &["checkout", "-q", "-"]);
    let moved = clone.path().join("gateway");
    fs::create_dir(&moved).unwrap();
    git(clone.path(), &["mv", "-k", "keys", "history", "apigw.toml", "gateway"]);
    git(clone.path(), &["commit", "-q", "-m", "move"]);
    let moved = Workspace::open(&moved).unwrap();
    assert!(moved.access_snapshot().unwrap().revoked.contains(&id));
}

#[test]
fn a_gateway_says_that_it_cannot_know_of_reverted_revocations() {
    let (clone, workspace) = clone_of_reverted_revocation();
    let now = std::time::Instant::now();
    let mut reader = AccessReader::new(SecretSources::default());
    fs::write(clone.path().join(".git/shallow"), "").unwrap();
    reader.read(&workspace, now, author().now);
    assert!(reader.new_problems().iter().any(|problem| problem.contains("lacks earlier commits")));
    fs::write(clone.path().join(".git/config"), "[core").unwrap();
    let mut reader = AccessReader::new(SecretSources::default());
    reader.read(&workspace, now, author().now);
    assert!(reader.new_problems().iter().any(|problem| problem.contains("Git cannot be asked")));
}

#[test]
fn a_checkout_without_keys_is_not_read_at_each_look() {
    let (folder, guard) = workspace();
    git(folder.path(), &["init", "-q"]);
    let workspace = guard.workspace();
    let mut now = std::time::Instant::now();
    let mut reader = AccessReader::new(SecretSources::default());
    let mut reads = 0;
    for _ in 0..20 {
        if reader.must_read(workspace, now) {
            reader.read(workspace, now, author().now);
            reads += 1;
        }
        now += Duration::from_secs(10);
    }
    assert!(reads < 5, "{reads} of 20 looks are reads");
}
