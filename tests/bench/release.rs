//! What a release costs, as ratios measured in one run: `cargo bench --bench release`.
//!
//! Each pair is measured in turns, so that both sides meet the same noise, and the median counts.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark prints, and stops where it cannot go on")]

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const BINARY: &str = env!("CARGO_BIN_EXE_apigw");

fn apigw(folder: &Path, words: &str) {
    let mut command = Command::new(BINARY);
    command.args(words.split(' ')).current_dir(folder).env("HOME", folder).env("APIGW_ACTOR", "Ada");
    let output = command.stdin(Stdio::null()).output().expect("the command runs");
    assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
}

fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Measures two things in turns and returns the medians.
fn in_turns(rounds: usize, mut left: impl FnMut(usize), mut right: impl FnMut(usize)) -> (Duration, Duration) {
    let (mut one, mut other) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        one.push(time(|| left(round)));
        other.push(time(|| right(round)));
    }
    (median(one), median(other))
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn ratio(left: Duration, right: Duration) -> f64 {
    left.as_secs_f64() / right.as_secs_f64()
}

fn start_up() {
    let start = |program: &str, words: &[&str]| {
        let status = Command::new(program).args(words).stdout(Stdio::null()).status().expect("it runs");
        assert!(status.success());
    };
    let (version, nothing) = in_turns(300, |_| start(BINARY, &["--version"]), |_| start("true", &[]));
    println!(
        "start-up: apigw --version {:.2} ms, true {:.2} ms: {:.2}×",
        milliseconds(version),
        milliseconds(nothing),
        ratio(version, nothing)
    );
}

/// Writes, syncs and renames what a publish of a new version does, and nothing else.
fn bare_minimum(root: &Path, round: usize) {
    let sync = |folder: &Path| File::open(folder).expect("a folder").sync_all().expect("a sync");
    let write = |path: &Path, bytes: &[u8]| {
        let mut file = File::create(path).expect("a file");
        file.write_all(bytes).expect("bytes");
        file.sync_all().expect("a sync");
    };
    let version = root.join("temporary/version");
    fs::create_dir_all(&version).expect("a folder");
    for name in ["group.yaml", "openapi.yaml", "version.yaml"] {
        write(&version.join(name), &[b'x'; 600]);
    }
    sync(&version);
    fs::rename(&version, root.join(format!("groups/g/versions/{round}"))).expect("a rename");
    for folder in ["groups/g/versions", "groups/g", "groups", "."] {
        sync(&root.join(folder));
    }
    for (name, target, folders) in [
        ("operation", format!("history/test/{round}"), ["history/test", "history", "."].as_slice()),
        ("environment", "deployments/test".to_owned(), ["deployments", "."].as_slice()),
    ] {
        let temporary = root.join("temporary").join(name);
        write(&temporary, &[b'x'; 900]);
        fs::rename(&temporary, root.join(target)).expect("a rename");
        for folder in folders {
            sync(&root.join(folder));
        }
    }
}

/// Makes a folder on the disk that builds are on, outside of what Git sees: a run that is cut off leaves it behind.
fn new_folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder")
}

fn publish_against_bare_minimum() {
    let workspace = new_folder();
    let bare = new_folder();
    for folder in ["temporary", "groups/g/versions", "history/test", "deployments"] {
        fs::create_dir_all(bare.path().join(folder)).expect("a folder");
    }
    make_groups(workspace.path(), 1);
    apigw(workspace.path(), "publish --all --env test --mock");
    let (publish, minimum) = in_turns(
        60,
        |round| {
            edit(workspace.path(), round);
            apigw(workspace.path(), "publish g00000 --env test --mock --bump patch");
        },
        |round| bare_minimum(bare.path(), round),
    );
    println!(
        "publish of a new version {:.2} ms, the same writes and syncs alone {:.2} ms: {:.2}×",
        milliseconds(publish),
        milliseconds(minimum),
        ratio(publish, minimum)
    );
}

fn make_groups(root: &Path, count: usize) {
    apigw(root, "init");
    let definition = include_str!("../../examples/petstore/groups/petstore/openapi.yaml");
    for number in 0..count {
        let folder = root.join(format!("groups/g{number:05}"));
        fs::create_dir_all(&folder).expect("a folder");
        let settings = format!("schema: 1\nversion: \"0.0.1\"\nprefix: /g{number:05}\n");
        fs::write(folder.join("group.yaml"), settings).expect("a file");
        fs::write(folder.join("openapi.yaml"), definition).expect("a file");
    }
}

fn edit(root: &Path, round: usize) {
    let path = root.join("groups/g00000/openapi.yaml");
    let text = fs::read_to_string(&path).expect("a definition");
    let text = text.split("# round").next().unwrap_or_default().to_owned();
    fs::write(path, format!("{text}# round {round}\n")).expect("a file");
}

/// Measures how long commands take among a number of groups, all live in three environments.
fn among(count: usize) -> [Duration; 4] {
    let folder = new_folder();
    let root = folder.path();
    make_groups(root, count);
    apigw(root, "-q -y publish --all --env test --mock");
    apigw(root, "-q -y promote --all --from test --to pre-release");
    apigw(root, "-q -y promote --all --from test --to online");
    let repeat = |work: &dyn Fn(usize)| median((0..9).map(|round| time(|| work(round))).collect());
    let publish = repeat(&|round| {
        apigw(root, &format!("publish g00000 --env test --backend http://127.0.0.1:{}", round + 1));
    });
    let status = repeat(&|_| apigw(root, "status"));
    let json = repeat(&|_| apigw(root, "-o json status"));
    let verify = time(|| apigw(root, "verify"));
    [publish, status, json, verify]
}

fn growth() {
    println!("groups × 3 environments: publish of one, status, status -o json, verify (ms)");
    let mut one = None;
    for count in [1, 100, 1_000, 10_000] {
        let [publish, status, json, verify] = among(count);
        let first = *one.get_or_insert(publish);
        println!(
            "{count:>6}: {:.1} ({:.1}× that among 1), {:.1}, {:.1}, {:.1}",
            milliseconds(publish),
            ratio(publish, first),
            milliseconds(status),
            milliseconds(json),
            milliseconds(verify)
        );
    }
}

fn main() {
    start_up();
    publish_against_bare_minimum();
    growth();
}
