//! Every command that writes, killed at and failed with each call that changes the disk.
//!
//! What a command may leave is the old or the new state, and its exit code says which. Where the environment does not
//! ask for all (`APIGW_REQUIRE_TOOLS`), one call in several is taken.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use apigw::model::Digest;
use fancy_regex::Regex;
use tempfile::TempDir;

use crate::power::InterruptedCommand;
use crate::trace::{Call, Fault, Tracer};
use crate::workspace::{APIGW, State, copy, entries, new_folder, quiet, succeed, text};

/// The calls that change the disk or make a change last, and an error that each can give.
const CHANGES: &[(&str, &str)] = &[
    ("openat", "ENOSPC"),
    ("write", "ENOSPC"),
    ("fsync", "EIO"),
    ("rename", "EIO"),
    ("renameat", "EIO"),
    ("renameat2", "EIO"),
    ("mkdir", "ENOSPC"),
    ("unlink", "EIO"),
    ("rmdir", "EIO"),
    ("fchmod", "EIO"),
    ("close", "EIO"),
];
/// Where not all is asked for, one call in so many is taken.
const STEP: usize = 9;

/// A command that writes, and the workspace that it writes to.
pub(crate) struct Writer {
    pub(crate) name: &'static str,
    words: String,
    before: TempDir,
    old: Files,
    new: Files,
}

/// The files of a workspace but for what differs from run to run: times, ids, checksums.
type Files = BTreeMap<String, Vec<String>>;

/// Names, the commands before it, and the command. `edit` and `hand` are edits of files; `keep`, `aside`, `restore`,
/// `conflict` and `remove` are what a merge or a checkout does to the environment's file. Numbers stand for operations,
/// the first is `#1`.
const WRITERS: &[(&str, &[&str], &str)] = &[
    ("group set", &[], "group set pets description=other"),
    ("group create", &[], "group create other"),
    ("group import, new", &[], "group import other new/openapi.yaml"),
    ("group import, over another", &[], "group import pets new/openapi.yaml"),
    ("group delete", &[], "group delete shop --yes"),
    ("api add", &[], "api add pets GET /owners"),
    ("api remove", &["api add pets GET /owners"], "api remove pets GET /owners"),
    ("version create", &[], "version create pets"),
    ("version bump", &[], "version bump pets minor"),
    ("version delete", &["version create pets"], "version delete pets 0.0.1"),
    ("version block", &["version create pets"], "version block pets 0.0.1 -m bad"),
    (
        "version unblock",
        &["version create pets", "version block pets 0.0.1 -m bad"],
        "version unblock pets 0.0.1 -m mended",
    ),
    (
        "group delete, with notes",
        &["version create shop", "version block shop 0.0.1 -m bad"],
        "group delete shop --yes",
    ),
    (
        "publish of two, bumped",
        &["publish --all --env test --mock", "edit"],
        "publish --all --env test --mock --bump patch",
    ),
    ("promote", &["publish --all --env test --mock"], "promote --all --from test --to pre-release"),
    (
        "switch",
        &["publish pets --env test --mock", "edit", "version bump pets patch", "version create pets"],
        "switch pets --env test --version 0.0.2",
    ),
    ("offline", &["publish --all --env test --mock"], "offline --all --env test"),
    ("rollback", &["publish pets --env test --mock", "offline pets --env test"], "rollback pets --env test --to #1"),
    (
        "rollback of all",
        &["publish --all --env test --mock", "offline --all --env test"],
        "rollback --all --env test --to #1",
    ),
    ("undo", &["publish --all --env test --mock"], "undo --env test"),
    ("apply to three environments", &["publish --all --env test --mock", "edit"], "apply release.yaml --yes"),
    (
        "repair",
        &["publish pets --env test --mock", "edit", "publish pets --env test --mock --bump patch", "hand"],
        "verify --repair --yes",
    ),
    ("repair of a missing file", &["publish --all --env test --mock", "remove"], "verify --repair --yes"),
    (
        "resolve of one head",
        &["publish pets --env test --mock", "keep", "offline pets --env test", "restore"],
        "resolve --env test",
    ),
    ("publish beside a conflict", CONFLICT, "publish shop --env test --mock"),
    ("rollback beside a conflict", CONFLICT, "rollback shop --env test"),
    ("resolve of two heads", TWO_HEADS, "resolve --env test --take #2"),
    ("resolve that drops", TWO_HEADS, "resolve --env test --drop #2 -m bad"),
    ("undo of a resolve", RESOLVED, "undo --env test"),
    ("key limit", &[KEY], "key limit ci 60/minute"),
    ("access grant", &[KEY], "access grant ci pets --env test --limit 60/minute"),
    ("access grant to an owner", &[], "access grant owner:web pets --env test"),
    ("access revoke", &[KEY, "access grant ci pets --env test"], "access revoke ci pets --env test"),
    ("undo of a grant", &[KEY, "access grant ci pets --env test"], "undo --access"),
];

/// Commands that hand out or close secrets.
const SECRET_WRITERS: &[(&str, &[&str], &str)] = &[
    ("key create", &[], KEY),
    ("key create, signing", &[], "key create ci --kind signature --to .apigw/ci.key"),
    ("key rotate", &[KEY], "key rotate ci --to .apigw/ci.key"),
    ("key revoke", &[KEY], "key revoke ci"),
];

/// The commands whose acknowledged changes are looked for after a loss of power, beside a publish.
const DURABLE: &[&str] = &[
    "group import, new",
    "group import, over another",
    "version create",
    "publish beside a conflict",
    "access grant",
    "access grant to an owner",
];

const KEY: &str = "key create ci --kind subscription --to .apigw/ci.key";

/// Both take `pets` on from its first operation, as two branches do.
const TWO_HEADS: &[&str] = &[
    "publish --all --env test --mock",
    "keep",
    "offline pets --env test",
    "restore",
    "publish pets --env test --backend http://127.0.0.1:1",
];

/// Two branches changed `pets`, and a merge left both; `shop` has another release before the present one.
const CONFLICT: &[&str] = &[
    "publish --all --env test --mock",
    "publish shop --env test --backend http://127.0.0.1:1",
    "keep",
    "offline pets --env test",
    "aside",
    "restore",
    "publish pets --env test --backend http://127.0.0.1:1",
    "conflict",
];

const RESOLVED: &[&str] = &[
    "publish --all --env test --mock",
    "keep",
    "offline pets --env test",
    "restore",
    "publish pets --env test --backend http://127.0.0.1:1",
    "resolve --env test --take #2",
];

impl Writer {
    pub(crate) fn all() -> Result<Vec<Self>> {
        WRITERS.iter().map(|(name, before, words)| Self::new(name, before, words).context(*name)).collect()
    }

    /// Lists those of which every state is looked at that a loss of power may leave.
    pub(crate) fn durable() -> Result<Vec<Self>> {
        let durable = WRITERS.iter().filter(|(name, ..)| DURABLE.contains(name)).chain(SECRET_WRITERS);
        durable.map(|(name, before, words)| Self::new(name, before, words).context(*name)).collect()
    }

    fn new(name: &'static str, before: &[&str], words: &str) -> Result<Self> {
        let folder = new_folder()?;
        let root = folder.path();
        for (version, place) in [("1", "old"), ("2", "new")] {
            fs::create_dir_all(root.join(place))?;
            fs::write(root.join(place).join("openapi.yaml"), definition(version))?;
            fs::write(root.join(place).join("schemas.yaml"), format!("T{version}: {{type: integer}}\n"))?;
        }
        fs::write(root.join("release.yaml"), RELEASE)?;
        for words in
            ["init", "group import pets old/openapi.yaml", "group import shop old/openapi.yaml"].iter().chain(before)
        {
            let environment = root.join("deployments/test.yaml");
            match *words {
                "keep" => drop(fs::copy(&environment, root.join("kept.yaml"))?),
                "aside" => drop(fs::copy(&environment, root.join("aside.yaml"))?),
                "restore" => fs::rename(root.join("kept.yaml"), &environment)?,
                "remove" => fs::remove_file(&environment)?,
                "conflict" => {
                    let (other, own) =
                        (fs::read_to_string(root.join("aside.yaml"))?, fs::read_to_string(&environment)?);
                    fs::write(&environment, conflict_text(&own, &other)?)?;
                    fs::remove_file(root.join("aside.yaml"))?;
                }
                "edit" => ["pets", "shop"].iter().try_for_each(|group| {
                    let path = root.join("groups").join(group).join("schemas.yaml");
                    Ok::<_, anyhow::Error>(fs::write(&path, fs::read_to_string(&path)? + "# edited\n")?)
                })?,
                "hand" => {
                    fs::write(&environment, fs::read_to_string(&environment)?.replace("\"0.0.2\"", "\"0.0.1\""))?;
                }
                words => drop(succeed(root, &named(root, words)?.split(' ').collect::<Vec<_>>())?),
            }
        }
        if root.join(".apigw").exists() {
            fs::remove_dir_all(root.join(".apigw"))?;
        }
        let words = named(root, words)?;
        let after = new_folder()?;
        copy(root, after.path())?;
        succeed(after.path(), &words.split(' ').collect::<Vec<_>>())?;
        let (old, new) = (files(root)?, files(after.path())?);
        ensure!(old != new, "the command changes nothing");
        Ok(Self { name, words, before: folder, old, new })
    }

    pub(crate) fn arguments(&self) -> Vec<&str> {
        self.words.split(' ').collect()
    }

    pub(crate) fn copy(&self) -> Result<TempDir> {
        let folder = new_folder()?;
        copy(self.before.path(), folder.path())?;
        Ok(folder)
    }

    /// Interrupts the command at its calls, and returns how often, and what went wrong.
    pub(crate) fn interrupt(&self, tracer: &Tracer, number: usize) -> Result<(usize, Vec<String>)> {
        let folder = self.copy()?;
        let calls = tracer.trace(&self.arguments(), folder.path())?;
        let locked = calls.iter().position(|call| call.name == "flock").context("no lock is taken")?;
        let is_change = |call: &&Call| match call.name.as_str() {
            "openat" => call.line.contains("O_CREAT"),
            "write" => !call.line.starts_with("write(1<") && !call.line.starts_with("write(2<"),
            name => CHANGES.iter().any(|(change, _)| *change == name),
        };
        let calls: Vec<&Call> = calls[locked..].iter().filter(is_change).collect();
        let step = step();
        let (mut injected, mut failures) = (0, Vec::new());
        // Each command begins at another call, so that together they meet calls of each kind.
        for call in calls.iter().skip(number % step).step_by(step) {
            let errno = CHANGES.iter().find(|(name, _)| *name == call.name).map_or("EIO", |(_, errno)| errno);
            for fault in [Fault::Kill, Fault::Fail(errno), Fault::FailFrom(errno)] {
                injected += 1;
                if let Err(error) = self.run(tracer, call, fault) {
                    failures.push(format!("{fault:?} at {} {}: {error:#}", call.ordinal, cut(&call.line)));
                }
            }
        }
        Ok((injected, failures))
    }

    fn run(&self, tracer: &Tracer, call: &Call, fault: Fault) -> Result<()> {
        let folder = self.copy()?;
        let root = folder.path();
        let output = tracer.inject(&self.arguments(), root, call, fault)?;
        let code = output.status.code();
        // Of a plan, the environments before the one that failed are committed.
        if code == Some(1) && !self.words.starts_with("apply") {
            let left = self.left_behind(root)?;
            match fault {
                // Nothing more has to happen for it to be as it was.
                Fault::Kill | Fault::Fail(_) => ensure!(left.is_empty(), "exit 1, and {left:?}: {}", text(&output)),
                // Where the system refuses to take a change back as well, its parts are named.
                Fault::FailFrom(_) => {
                    let unnamed: Vec<_> = left.iter().filter(|place| !text(&output).contains(*place)).collect();
                    ensure!(unnamed.is_empty(), "exit 1 without a word of {unnamed:?}: {}", text(&output));
                }
            }
        }
        // The next command ends what this one left; the hand edit of the scenario is repaired by it as well.
        let repaired = quiet(Command::new(APIGW).args(["verify", "--repair", "--yes", "-o", "json"]), root)?;
        let state = self.state(root, true).with_context(|| text(&output))?;
        // A merge that is not resolved yet is nothing that a repair mends.
        let is_unresolved = self.is_beside_conflict() || self.words.starts_with("resolve") && state == State::Old;
        let is_as_said = if is_unresolved { repaired.status.code() == Some(3) } else { repaired.status.success() };
        ensure!(is_as_said, "then: {}: {}", repaired.status, text(&repaired));
        match code {
            None => {}
            // The environments before the one that failed are committed, and it says so.
            Some(7) if self.words.starts_with("apply") => {}
            Some(0 | 7) => ensure!(state == State::New, "{:?} with the old state: {}", code, text(&output)),
            Some(1) if self.words.starts_with("verify") || self.words.starts_with("apply") => {}
            Some(1) => ensure!(state == State::Old, "exit 1 with the new state: {}", text(&output)),
            Some(_) => bail!("{}: {}", output.status, text(&output)),
        }
        if is_unresolved && state == State::Old {
            succeed(root, &self.arguments()).context("typed again")?;
            ensure!(self.state(root, true)? == State::New, "typed again, it left something else");
        }
        self.end_conflict(root)?;
        expect_clean(root)
    }

    fn is_beside_conflict(&self) -> bool {
        self.name.ends_with("beside a conflict")
    }

    /// Resolves the conflict that a command left as it was.
    fn end_conflict(&self, root: &Path) -> Result<()> {
        if self.is_beside_conflict() {
            succeed(root, &["resolve", "--env", "test", "--ours"]).context("resolving")?;
        }
        Ok(())
    }

    /// Lists the files that are not as they were before the command; of a frozen version, its folder.
    fn left_behind(&self, root: &Path) -> Result<BTreeSet<String>> {
        let (before, now) = (contents(self.before.path())?, contents(root)?);
        let names = before.keys().chain(now.keys()).filter(|name| before.get(*name) != now.get(*name));
        let folder = |name: &String| match name.split('/').collect::<Vec<_>>()[..] {
            ["groups", group, "versions", version, _, ..] => format!("groups/{group}/versions/{version}"),
            _ => name.clone(),
        };
        Ok(names.map(folder).collect())
    }

    /// Says which state a workspace is in; a frozen version that nothing names may be left of one that was cut off.
    fn state(&self, root: &Path, may_have_frozen: bool) -> Result<State> {
        let mut now = files(root)?;
        if now == self.new {
            return Ok(State::New);
        }
        if may_have_frozen && !self.words.starts_with("version") {
            now.retain(|path, _| !path.contains("/versions/") || self.old.contains_key(path));
        }
        if now == self.old {
            return Ok(State::Old);
        }
        if self.words.starts_with("apply") {
            return self.partial(&now);
        }
        let differing =
            now.iter().find(|(path, text)| self.old.get(*path) != Some(text) && self.new.get(*path) != Some(text));
        let missing = self.old.keys().find(|path| !now.contains_key(*path));
        bail!("neither the old nor the new state: {differing:?}, missing {missing:?}")
    }

    /// A plan over several environments commits one after another, each whole.
    fn partial(&self, now: &Files) -> Result<State> {
        for place in ["deployments/test.yaml", "deployments/pre-release.yaml", "deployments/online.yaml"] {
            let text = now.get(place);
            ensure!(text == self.old.get(place) || text == self.new.get(place), "{place} is neither old nor new");
        }
        Ok(State::Old)
    }
}

impl InterruptedCommand for Writer {
    fn arguments(&self) -> Vec<&str> {
        self.arguments()
    }

    fn copy(&self) -> Result<TempDir> {
        self.copy()
    }

    fn judge_power_loss(&self, root: &Path) -> Result<State> {
        // The next command ends what this one left.
        let repaired = quiet(Command::new(APIGW).args(["verify", "--repair", "--yes"]), root)?;
        let state = self.state(root, true)?;
        // A revocation is remembered before it is committed, and asked for until it is.
        let is_open = state == State::Old && self.words.starts_with("key revoke") || self.is_beside_conflict();
        ensure!(repaired.status.success() || is_open, "after the loss of power: {}", text(&repaired));
        let secret = root.join(".apigw/ci.key");
        if self.words.contains(".apigw/ci.key") {
            match state {
                State::New => has_secret(root, &fs::read_to_string(&secret)?)?,
                // Nobody has it: a secret without a key lets nobody in.
                State::Old if secret.exists() => fs::remove_file(&secret)?,
                State::Old => {}
            }
        }
        if state == State::Old {
            succeed(root, &self.arguments()).context("typed again")?;
            ensure!(self.state(root, true)? == State::New, "typed again, it left something else");
        }
        self.end_conflict(root)?;
        expect_clean(root)?;
        Ok(state)
    }
}

/// Looks whether a workspace has no problem, and nothing of a command is left.
fn expect_clean(root: &Path) -> Result<()> {
    let verified = succeed(root, &["verify", "-o", "json"])?;
    let verified: serde_json::Value = serde_json::from_slice(&verified.stdout)?;
    ensure!(verified["problems"].as_array().is_some_and(Vec::is_empty), "{verified}");
    for left in [".apigw/tmp", ".apigw/import"] {
        ensure!(entries(&root.join(left))?.is_empty(), "left behind in {left}");
    }
    ensure!(!root.join(".apigw/intent.json").exists(), "an intent is left");
    Ok(())
}

/// Looks whether the key's file has the hash of a secret that was handed out.
fn has_secret(root: &Path, text: &str) -> Result<()> {
    let key = fs::read_to_string(root.join("keys/ci.yaml"))?;
    let is_known = text.lines().any(|line| key.contains(&Digest::of(line.as_bytes()).to_string()));
    ensure!(is_known, "the secret that was handed out is none of the key's: {text:?}");
    Ok(())
}

/// Returns how many calls or states are taken: one in so many.
pub(crate) fn step() -> usize {
    if std::env::var_os("APIGW_REQUIRE_TOOLS").is_some() { 1 } else { STEP }
}

pub(crate) fn finish(writer: &Writer, (injected, failures): &(usize, Vec<String>)) -> Result<()> {
    crate::say(&format!("{}: injected {injected}, failed {}", writer.name, failures.len()));
    let shown: Vec<&str> = failures.iter().take(20).map(String::as_str).collect();
    ensure!(failures.is_empty(), "{}: {} of {injected} failed:\n{}", writer.name, failures.len(), shown.join("\n"));
    Ok(())
}

const RELEASE: &str = "schema: 1
steps:
- publish: {environment: test, groups: [pets, shop], mock: true, bump: patch}
- promote: {from: test, to: pre-release, groups: [pets, shop]}
- promote: {from: pre-release, to: online, groups: [pets, shop]}
";

fn definition(version: &str) -> String {
    format!(
        "openapi: 3.0.3\ninfo: {{title: v{version}, version: \"1\"}}\npaths:\n  /things:\n    get:\n      responses:\n        \
         \"200\": {{description: ok, content: {{application/json: {{schema: {{$ref: \"schemas.yaml#/T{version}\"}}}}}}}}\n"
    )
}

/// Joins an environment's file of two branches as Git does where the first entry differs.
fn conflict_text(own: &str, other: &str) -> Result<String> {
    let parts = |text: &str| {
        let (head, rest) = text.split_once("  pets:\n").context("no entry")?;
        let (entry, rest) = rest.split_once("  shop:\n").context("no other entry")?;
        Ok::<_, anyhow::Error>([head.to_owned(), entry.to_owned(), rest.to_owned()])
    };
    let ([head, own, rest], [_, other, _]) = (parts(own)?, parts(other)?);
    Ok(format!("{head}  pets:\n<<<<<<< HEAD\n{own}=======\n{other}>>>>>>> other\n  shop:\n{rest}"))
}

/// Puts the ids of operations in the place of their numbers.
fn named(root: &Path, words: &str) -> Result<String> {
    let Some((_, after)) = words.split_once('#') else { return Ok(words.to_owned()) };
    let number = after.split(' ').next().unwrap_or_default();
    let mut operations = entries(&root.join("history/test"))?;
    operations.sort();
    let operation = operations.get(number.parse::<usize>()? - 1).and_then(|path| path.file_stem()?.to_str());
    Ok(words.replace(&format!("#{number}"), operation.context("no such operation")?))
}

/// Reads every file of a workspace but for those of the machine's own folder.
fn contents(root: &Path) -> Result<BTreeMap<String, String>> {
    let mut contents = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for path in entries(&folder)? {
            let name = path.strip_prefix(root)?.to_str().context("a name that is no text")?.to_owned();
            if !path.is_dir() {
                contents.insert(name, fs::read_to_string(&path)?);
            } else if name != ".apigw" {
                open.push(path);
            }
        }
    }
    Ok(contents)
}

fn files(root: &Path) -> Result<Files> {
    // Of keys, the ids of secrets and grants and what secrets are compared with, too.
    let varying = Regex::new(concat!(
        r"\d{8}T\d{6}\.\d{3}Z(-[0-9a-f]{12})?|\d{4}-\d\d-\d\dT[0-9:.]+Z|checksum: sha256:[0-9a-f]+|command: .*",
        r#"|(?<=id: ")[0-9a-z]{12,16}(?=")|(?<=secret )[0-9a-z]{16}"#,
        r"|(sha256|fingerprint): sha256:[0-9a-f]+",
    ))?;
    let mut files = Files::new();
    for (name, text) in contents(root)? {
        // It says nothing, and comes before the first operation.
        if !text.ends_with("deployments: {}\n...\n") {
            let name = varying.replace_all(&name, "*").into_owned();
            files.entry(name).or_default().push(varying.replace_all(&text, "*").into_owned());
        }
    }
    for texts in files.values_mut() {
        texts.sort();
    }
    Ok(files)
}

fn cut(line: &str) -> String {
    line.chars().take(160).collect()
}
