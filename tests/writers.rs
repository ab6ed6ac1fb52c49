//! Every verb that writes, at once, in one environment and in several: what was acknowledged is never lost, and every
//! exit code is true.

#![expect(clippy::expect_used, reason = "a test that cannot go on says so and fails")]

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};
use std::thread;

use serde_json::Value;

const WORKERS: usize = 6;
const ROUNDS: usize = 4;

/// What one worker was told is done.
#[derive(Debug, Default)]
struct Acknowledged {
    operations: Vec<String>,
    /// Paths that were added to the definition of the shared group.
    apis: Vec<String>,
    /// The description that its own group was given last.
    description: String,
    created: BTreeSet<String>,
    deleted: BTreeSet<String>,
    /// True if its temporary group was made last, and false if it was deleted.
    has_temporary: bool,
    commands: usize,
    conflicts: usize,
}

struct Worker<'a> {
    folder: &'a Path,
    number: usize,
    acknowledged: Acknowledged,
}

fn apigw(folder: &Path, words: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_apigw"));
    command.args(words.split(' ')).current_dir(folder).env_clear().env("HOME", folder).env("APIGW_ACTOR", "Ada");
    command.output().expect("the command runs")
}

fn json(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn succeed(folder: &Path, words: &str) -> Output {
    let output = apigw(folder, words);
    assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

impl Worker<'_> {
    /// Runs a command, and returns its output where it was acknowledged. Another worker may have been first: a conflict
    /// (4), something that is not there any more (3), or, for what puts a version in force, a block (5). Nothing else
    /// may keep a command from its end.
    fn run(&mut self, words: &str) -> Option<Output> {
        let output = apigw(self.folder, &format!("-o json --lock-timeout 120s {words}"));
        self.acknowledged.commands += 1;
        let is_releasing =
            ["publish", "promote", "apply", "switch", "rollback", "undo"].iter().any(|verb| words.starts_with(verb));
        match output.status.code() {
            Some(0) => Some(output),
            Some(code) if code == 3 || code == 4 || code == 5 && is_releasing => {
                self.acknowledged.conflicts += 1;
                None
            }
            other => panic!("{words}: {other:?}: {}", String::from_utf8_lossy(&output.stderr)),
        }
    }

    fn change(&mut self, words: &str) {
        let output = self.run(words);
        let operation = output.and_then(|output| json(&output)["operation"].as_str().map(str::to_owned));
        self.acknowledged.operations.extend(operation);
    }

    fn work(mut self) -> Acknowledged {
        for round in 0..ROUNDS {
            // Each begins elsewhere, so that all verbs meet all others.
            for verb in 0..VERBS.len() {
                VERBS[(verb + self.number + round) % VERBS.len()](&mut self, round);
            }
        }
        self.acknowledged
    }
}

/// The verbs that write, each with a round.
const VERBS: [fn(&mut Worker<'_>, usize); 9] = [
    |worker, round| {
        let path = format!("/w{}-r{round}", worker.number);
        if worker.run(&format!("api add shared GET {path}")).is_some() {
            worker.acknowledged.apis.push(path);
        }
    },
    |worker, round| {
        let description = format!("w{}-r{round}", worker.number);
        if worker.run(&format!("group set own-{} description={description}", worker.number)).is_some() {
            worker.acknowledged.description = description;
        }
    },
    |worker, round| {
        // A neighbour writes the version of the same settings file.
        let neighbour = (worker.number + 1) % WORKERS;
        worker.change(&format!(
            "publish own-{neighbour} --env test --bump patch --backend http://127.0.0.1:{}",
            2000 + round
        ));
    },
    |worker, round| {
        worker.run(&format!("version bump shared 9.{}.{round}", worker.number));
        let Some(output) = worker.run("version create shared") else { return };
        let version = json(&output)["version"].as_str().expect("a version").to_owned();
        worker.acknowledged.created.insert(version.clone());
        if round % 2 == 0 && worker.run(&format!("version delete shared {version}")).is_some() {
            worker.acknowledged.deleted.insert(version);
        }
    },
    |worker, round| {
        // A version of its own, which no other worker publishes.
        let group = format!("own-{}", worker.number);
        worker.run(&format!("version create {group}"));
        let Some(output) = worker.run(&format!("version list {group}")) else { return };
        let Some(version) = json(&output)["versions"][0]["version"].as_str().map(str::to_owned) else { return };
        if worker.run(&format!("version block {group} {version} -m round-{round}")).is_some() {
            let note = worker.folder.join(format!("groups/{group}/versions/{version}.yaml"));
            assert!(note.exists(), "the block of {group} {version} is lost");
            worker.run(&format!("version unblock {group} {version} -m round-{round}"));
        }
    },
    |worker, _| worker.change("publish shared --env test --bump patch --mock"),
    |worker, _| {
        worker.change("promote shared --from test --to pre-release");
        worker.change("promote shared --from pre-release --to online --yes");
    },
    |worker, _| {
        let group = format!("temporary-{}", worker.number);
        if worker.acknowledged.has_temporary {
            worker.change(&format!("offline {group} --env test"));
            if worker.run(&format!("group delete {group} --yes --force")).is_some() {
                worker.acknowledged.has_temporary = false;
            }
        } else if worker.run(&format!("group import {group} other/openapi.yaml")).is_some() {
            worker.acknowledged.has_temporary = true;
            worker.run(&format!("group import {group} first/openapi.yaml"));
            worker.change(&format!("publish {group} --env test --mock"));
        }
    },
    |worker, _| {
        if let Some(output) = worker.run("apply release.yaml --yes") {
            let plans = json(&output)["plans"].as_array().cloned().unwrap_or_default();
            let operations = plans.iter().filter_map(|plan| plan["operation"].as_str().map(str::to_owned));
            worker.acknowledged.operations.extend(operations);
        }
        worker.run("verify --repair --yes");
    },
];

fn prepare(folder: &Path) {
    succeed(folder, "init");
    for (place, number) in [("first", 1), ("other", 2)] {
        fs::create_dir_all(folder.join(place)).expect("a folder");
        fs::write(folder.join(place).join("openapi.yaml"), definition(number)).expect("a file");
        fs::write(folder.join(place).join("schemas.yaml"), format!("T{number}: {{type: integer}}\n")).expect("a file");
    }
    fs::write(folder.join("release.yaml"), RELEASE).expect("a file");
    let groups = (0..WORKERS).map(|number| format!("own-{number}")).chain(["shared".to_owned()]);
    for group in groups {
        succeed(folder, &format!("group create {group}"));
        succeed(folder, &format!("api add {group} GET /things"));
    }
}

const RELEASE: &str = "schema: 1
steps:
- publish: {environment: test, groups: [own-0, own-1], bump: patch, mock: true}
- promote: {from: test, to: pre-release, groups: [own-0, own-1]}
";

fn definition(number: usize) -> String {
    format!(
        "openapi: 3.0.3\ninfo: {{title: v{number}, version: \"1\"}}\npaths:\n  /things:\n    get:\n      responses:\n        \
         \"200\": {{description: ok, content: {{application/json: {{schema: {{$ref: \"schemas.yaml#/T{number}\"}}}}}}}}\n"
    )
}

#[test]
fn no_verb_loses_what_another_was_told_is_done() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    prepare(folder);
    let all: Vec<Acknowledged> = thread::scope(|scope| {
        let start = |number| {
            let worker = Worker { folder, number, acknowledged: Acknowledged::default() };
            scope.spawn(move || worker.work())
        };
        let workers: Vec<_> = (0..WORKERS).map(start).collect();
        workers.into_iter().map(|worker| worker.join().expect("a worker")).collect()
    });
    let verified = json(&succeed(folder, "-o json verify"));
    // Versions that a command froze and none published are named.
    let problems = verified["problems"].as_array().expect("problems").iter();
    let problems: Vec<_> = problems.filter(|problem| problem["kind"] != "unreferenced").collect();
    assert_eq!(problems, Vec::<&Value>::new(), "{verified}");
    let history = json(&succeed(folder, "-o json history -n 100000"));
    let operations = history["operations"].as_array().expect("operations");
    let operations: BTreeSet<&str> =
        operations.iter().filter_map(|operation| operation["operation"].as_str()).collect();
    let shared = fs::read_to_string(folder.join("groups/shared/openapi.yaml")).expect("the definition");
    let deleted: BTreeSet<&String> = all.iter().flat_map(|worker| &worker.deleted).collect();
    for (number, worker) in all.iter().enumerate() {
        let lost: Vec<_> = worker.operations.iter().filter(|id| !operations.contains(id.as_str())).collect();
        assert!(lost.is_empty(), "worker {number} lost {lost:?}");
        let lost: Vec<_> = worker.apis.iter().filter(|path| !shared.contains(&format!("{path}:"))).collect();
        assert!(lost.is_empty(), "worker {number} lost {lost:?} of\n{shared}");
        let settings = fs::read_to_string(folder.join(format!("groups/own-{number}/group.yaml"))).expect("settings");
        assert!(settings.contains(&worker.description), "{} is not in\n{settings}", worker.description);
        for version in worker.created.iter().filter(|version| !deleted.contains(version)) {
            assert!(folder.join("groups/shared/versions").join(version).is_dir(), "version {version} is lost");
        }
        // Notes on the versions of a deleted group stay in its folder.
        let temporary = folder.join(format!("groups/temporary-{number}/group.yaml"));
        assert_eq!(temporary.is_file(), worker.has_temporary, "{}", temporary.display());
    }
    let count = |what: fn(&Acknowledged) -> usize| all.iter().map(what).sum::<usize>();
    let (commands, conflicts) = (count(|worker| worker.commands), count(|worker| worker.conflicts));
    let report = format!("{commands} commands, {conflicts} conflicts, {} operations, 0 lost\n", operations.len());
    std::io::stderr().write_all(report.as_bytes()).expect("stderr");
    assert!(count(|worker| worker.operations.len()) > 10 && conflicts < commands / 2, "{report}");
}
