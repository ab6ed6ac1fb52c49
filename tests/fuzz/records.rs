//! The check of the records: any bytes in the place of any file that a workspace reads.
//!
//! An input replaces files of a workspace in which one version was published. So that changed bytes get behind the
//! checksums, `?` in the place of a digest, a checksum or an operation's id stands for the right one.

#![expect(clippy::expect_used, reason = "a check that cannot go on says so and fails")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use apigw::model::{Author, Digest, Environment, EnvironmentName, Finding, Manifest, OperationId};
use apigw::plan::{BackendChoice, GroupSelection, OfflineRequest, Plan, PublishRequest, ReleasePlan, offline, publish};
use apigw::workspace::{DiskFacts, Error, LockRequest, Workspace, init, read_release_plan, write_outside};

/// The file that an input is, where it names none.
pub(super) const FIRST: &str = DEPLOYMENTS;

const DEPLOYMENTS: &str = "deployments/test.yaml";
const OPERATION: &str = "operation.yaml";
const VERSION: &str = "groups/petstore/versions/0.0.1/version.yaml";
const VERSION_FOLDER: &str = "groups/petstore/versions/0.0.1/";
const PLAN: &str = "plan.yaml";
const GROUP_FOLDER: &str = "groups/petstore/";
const SETTINGS: &str = "schema: 1\nversion: \"0.0.1\"\nprefix: /v1\n";
const DEFINITION: &str = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {/a: {get: {responses: {'200': \
                          {description: d, content: {application/json: {example: 1}}}}}}}\n";
/// The files that an input can replace; its operation gets the name that its bytes ask for.
const REPLACED: [&str; 7] = [
    "apigw.toml",
    "groups/petstore/group.yaml",
    "groups/petstore/versions/0.0.1/group.yaml",
    VERSION,
    OPERATION,
    DEPLOYMENTS,
    PLAN,
];

/// Files by their path below the workspace's folder.
type Texts = BTreeMap<String, Vec<u8>>;

/// The workspace that inputs change.
static PUBLISHED: LazyLock<Texts> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    init(folder.path(), None).expect("a workspace");
    let group = [("group.yaml", SETTINGS), ("openapi.yaml", DEFINITION)];
    write(folder.path(), &group.map(|(name, text)| (format!("{GROUP_FOLDER}{name}"), text.into())).into());
    let workspace = Workspace::open(folder.path()).expect("the workspace");
    let request = PublishRequest {
        environment: test(),
        groups: GroupSelection::All,
        version: None,
        bump: None,
        backend: BackendChoice::Mock,
        if_current: None,
    };
    let mut plan = publish(&request, &DiskFacts::new(&workspace), &author()).expect("a plan");
    commit(&workspace, &mut plan).expect("a commit");
    let mut texts = Texts::new();
    collect(folder.path(), "", &mut texts);
    texts
});

/// Reading never panics and says where it fails; what is read and written again reads as the same.
pub(super) fn records(given: &BTreeMap<String, Arc<[u8]>>) {
    let texts = sealed(given);
    let folder = tempfile::tempdir().expect("a temporary folder");
    write(folder.path(), &texts);
    let (workspace, problems) = Workspace::open_draft(folder.path()).expect("the workspace is there");
    for finding in problems.iter().flatten() {
        assert_pointed(&texts, finding);
    }
    let told = |error: Error| assert_told(&texts, error);
    let (group, version) = ("petstore".parse().expect("a name"), "0.0.1".parse().expect("a version"));
    let _ = workspace.group_settings(&group).map_err(told);
    let _ = workspace.manifest(&group, &version).map_err(told);
    if given.contains_key(PLAN) {
        plan_again(&texts, &folder.path().join(PLAN));
    }
    if given.keys().any(|path| path.starts_with(VERSION_FOLDER)) {
        let _ = workspace.live_group(&test(), &group).map_err(told);
    }
    if [DEPLOYMENTS, OPERATION].iter().any(|path| given.contains_key(*path)) {
        offline_all(&texts, &workspace);
        write(folder.path(), &texts);
        repair(&texts, &workspace);
    }
}

/// A release plan that is written as `apigw plan --out` writes it reads as the same.
fn plan_again(texts: &Texts, path: &Path) {
    let plan = match read_release_plan(path) {
        Ok(plan) => plan,
        Err(error) => return assert_told(texts, error),
    };
    let value = serde_json::to_value(&plan).expect("a plan can be written");
    write_outside(path, &serde_saphyr::to_string(&value).expect("a plan can be written")).expect("written");
    let again: ReleasePlan = read_release_plan(path).expect("what was written is read");
    assert_eq!(again, plan);
}

/// A commit keeps every entry that it does not name, and history gives back what was committed.
fn offline_all(texts: &Texts, workspace: &Workspace) {
    let before = match workspace.environment(&test()) {
        Ok(environment) => environment,
        Err(error) => return assert_told(texts, error),
    };
    let request = OfflineRequest { environment: test(), groups: GroupSelection::All, if_current: None };
    let Ok(mut plan) = offline(&request, &DiskFacts::new(workspace), &author()) else { return };
    let id = match commit(workspace, &mut plan) {
        Ok(Some(id)) => id,
        Ok(None) => return,
        Err(error) => {
            assert_eq!(workspace.environment(&test()).expect("as before"), before, "{error}");
            return;
        }
    };
    let after = workspace.environment(&test()).expect("what was committed is read");
    assert_eq!(after, outcome(&before, &plan, &id));
    let committed = workspace.find_operation(id.as_str()).expect("what was committed is read");
    assert_eq!(committed.operation, plan.operation);
}

fn outcome(before: &Environment, plan: &Plan, id: &OperationId) -> Environment {
    let mut after = before.clone();
    for (group, change) in &plan.operation.changes {
        let entry = after.deployments.get_mut(group).expect("only what is live is taken offline");
        entry.release = change.after.clone();
        entry.since = plan.operation.time;
        entry.operation = id.clone();
    }
    after
}

/// What is repaired is whole, and needs no repair.
fn repair(texts: &Texts, workspace: &Workspace) {
    let repair = || workspace.repair(&[test()], &author(), &lock()).map(|made| made.done);
    match repair() {
        Ok(done) if done.is_empty() => {}
        Ok(done) => {
            workspace.environment(&test()).unwrap_or_else(|error| panic!("{done:?}, and then {error}"));
            assert_eq!(repair().expect("a repair"), Vec::<String>::new(), "{done:?} is not enough");
        }
        Err(error) => assert_told(texts, error),
    }
}

/// Takes what an input gives for the files that it may replace, with the right digest for each `?`.
fn sealed(given: &BTreeMap<String, Arc<[u8]>>) -> Texts {
    let mut texts = PUBLISHED.clone();
    let replaced = REPLACED.iter().filter_map(|path| Some(((*path).to_owned(), given.get(*path)?.to_vec())));
    texts.extend(replaced);
    for (path, bytes) in texts.clone() {
        let Some(name) = path.strip_prefix(VERSION_FOLDER) else { continue };
        replace(&mut texts, VERSION, &format!("\"{name}\": ?"), &format!("\"{name}\": {}", Digest::of(&bytes)));
    }
    let version = String::from_utf8_lossy(texts.get(VERSION).expect("the version")).into_owned();
    let digest = format!("digest: {}", manifest(&version).digest());
    for path in [VERSION, OPERATION, DEPLOYMENTS] {
        replace(&mut texts, path, "digest: ?", &digest);
    }
    if let Some(bytes) = texts.remove(OPERATION) {
        let id = operation_id(&bytes);
        replace(&mut texts, DEPLOYMENTS, "operation: \"?\"", &format!("operation: \"{id}\""));
        texts.insert(format!("history/test/{id}.yaml"), bytes);
    }
    let deployments = texts.get_mut(DEPLOYMENTS).expect("the deployments");
    if let Ok(text) = std::str::from_utf8(deployments) {
        *deployments = with_checksums(text).into_bytes();
    }
    texts
}

fn replace(texts: &mut Texts, path: &str, from: &str, to: &str) {
    let Some(bytes) = texts.get_mut(path) else { return };
    if let Ok(text) = std::str::from_utf8(bytes) {
        *bytes = text.replace(from, to).into_bytes();
    }
}

fn with_checksums(text: &str) -> String {
    text.split_inclusive('\n').fold(String::new(), |before, line| {
        let entry = before.get(entry_start(&before)..).unwrap_or_default();
        let checksum = Digest::of(format!("test\n{entry}").as_bytes());
        let line = line.replace("checksum: ?", &format!("checksum: {checksum}"));
        before + &line
    })
}

/// Finds where the last entry begins: the last line that is indented by two spaces and no more.
fn entry_start(text: &str) -> usize {
    let starts = text.match_indices("\n  ").map(|(at, _)| at + 1);
    starts.filter(|at| text.as_bytes().get(at + 2) != Some(&b' ')).last().unwrap_or_default()
}

fn manifest(text: &str) -> Manifest {
    let entry = |line: &str| {
        let (path, digest) = line.strip_prefix("  ")?.rsplit_once(": ")?;
        Some((serde_json::from_str(path).ok()?, digest.parse().ok()?))
    };
    Manifest(text.lines().filter_map(entry).collect())
}

fn operation_id(bytes: &[u8]) -> OperationId {
    let text = String::from_utf8_lossy(bytes);
    let time = text.lines().find_map(|line| line.strip_prefix("time: \"")?.strip_suffix('"')?.parse().ok());
    OperationId::new(time.unwrap_or(author().now), &Digest::of(bytes))
}

fn collect(folder: &Path, below: &str, texts: &mut Texts) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let path = format!("{below}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{path}/"), texts);
        } else if !path.starts_with('.') {
            texts.insert(path, fs::read(entry.path()).expect("a file"));
        }
    }
}

fn write(folder: &Path, texts: &Texts) {
    for (path, bytes) in texts {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        let _ = fs::remove_file(&path);
        fs::write(&path, bytes).expect("written");
    }
}

fn assert_told(texts: &Texts, error: Error) {
    assert!(!error.to_string().is_empty(), "{error:?}");
    if let Error::Invalid(findings) = error {
        assert!(!findings.is_empty(), "nothing says why");
        for finding in &findings {
            assert_pointed(texts, finding);
        }
    }
}

fn assert_pointed(texts: &Texts, finding: &Finding) {
    assert!(!finding.message.is_empty() && !finding.hint.is_empty(), "{finding:?}");
    let bytes = texts.iter().find(|(path, _)| finding.location.file.ends_with(*path)).map(|(_, bytes)| bytes);
    let lines = bytes.map_or(0, |bytes| bytes.split(|byte| matches!(byte, b'\n' | b'\r')).count());
    assert!(finding.location.line <= lines + 1, "{finding:?} of {lines} lines");
}

fn commit(workspace: &Workspace, plan: &mut Plan) -> Result<Option<OperationId>, Error> {
    Ok(workspace.lock(&lock())?.commit(plan)?.id)
}

fn lock() -> LockRequest {
    LockRequest { holder: "a check".to_owned(), timeout: Duration::from_secs(1) }
}

fn test() -> EnvironmentName {
    "test".parse().expect("a name")
}

fn author() -> Author {
    Author {
        actor: "Ada".to_owned(),
        message: None,
        command: "apigw publish".to_owned(),
        now: "2026-11-23T18:00:00.000Z".parse().expect("a time"),
        allow_breaking: false,
    }
}
