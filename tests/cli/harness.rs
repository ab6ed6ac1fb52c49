//! One way to run the command: environment cleared, user fixed, a folder that goes away.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use serde_json::Value;

/// A folder with a workspace, and the command run in it.
pub(crate) struct Sandbox {
    folder: tempfile::TempDir,
    /// The secrets that were handed out into files.
    secrets: Mutex<Vec<String>>,
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) exit: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Sandbox {
    /// Makes an empty folder.
    pub(crate) fn empty() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder"), secrets: Mutex::default() }
    }

    /// Makes a workspace with the petstore in it.
    pub(crate) fn petstore() -> Self {
        let sandbox = Self::empty();
        sandbox.run("init --example petstore").expect_exit(0);
        sandbox
    }

    /// Makes a workspace whose groups `a` and `b` are live in test, as mocks.
    pub(crate) fn two_groups() -> Self {
        let sandbox = Self::empty();
        sandbox.run("init").expect_exit(0);
        for group in ["a", "b"] {
            sandbox.run(&format!("group create {group}")).expect_exit(0);
            sandbox.run(&format!("api add {group} GET /things")).expect_exit(0);
        }
        sandbox.run("publish --all --env test --mock").expect_exit(0);
        sandbox
    }

    /// Publishes the petstore with a backend and signed requests, and returns the id and the secret of a key that is
    /// granted it.
    pub(crate) fn sign_requests(&self, backend: &str) -> (String, String) {
        let outside = tempfile::tempdir().expect("a folder");
        let settings = self.read("groups/petstore/group.yaml");
        self.write("groups/petstore/group.yaml", &settings.replace("auth: none", "auth: signature"));
        self.run(&format!("publish --env test --backend {backend}")).expect_exit(0);
        let path = outside.path().join("secret");
        self.run(&format!("key create ci --kind signature --to {}", path.display())).expect_exit(0);
        self.run("access grant ci petstore --env test").expect_exit(0);
        let shown = self.run("-o json key show ci").expect_exit(0).json();
        let id = shown["secrets"][0]["id"].as_str().expect("an id").to_owned();
        let secret = fs::read_to_string(path).expect("the secret").trim().to_owned();
        (id, secret)
    }

    /// Writes the certificates of a control plane and of the node `edge-1`, and of their authority, into `tls`.
    pub(crate) fn write_node_certificates(&self) {
        for (name, text) in [
            ("ca.crt", include_str!("../certificates/nodes-ca.crt")),
            ("control.crt", include_str!("../certificates/control.crt")),
            ("control.key", include_str!("../certificates/control.key")),
            ("edge-1.crt", include_str!("../certificates/edge-1.crt")),
            ("edge-1.key", include_str!("../certificates/edge-1.key")),
        ] {
            self.write(&format!("tls/{name}"), text);
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn read(&self, place: &str) -> String {
        fs::read_to_string(self.path().join(place)).unwrap_or_else(|error| panic!("{place}: {error}"))
    }

    /// Lists the names in a folder, in order.
    pub(crate) fn read_folder(&self, place: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path().join(place)).expect("a folder");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    pub(crate) fn write(&self, place: &str, text: &str) {
        let path = self.path().join(place);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// Changes the working copy of the petstore, so that it differs from every version.
    pub(crate) fn edit(&self, mark: &str) {
        let place = "groups/petstore/openapi.yaml";
        let text = self.read(place);
        self.write(place, &format!("{text}\n# {mark}\n"));
    }

    /// Runs the command with these words, split at spaces.
    pub(crate) fn run(&self, words: &str) -> Outcome {
        self.run_words(&words.split(' ').collect::<Vec<_>>())
    }

    pub(crate) fn run_words(&self, words: &[&str]) -> Outcome {
        self.run_words_with(&[], words)
    }

    /// Runs the command with variables.
    pub(crate) fn run_with(&self, variables: &[(&str, &str)], words: &str) -> Outcome {
        self.run_words_with(variables, &words.split(' ').collect::<Vec<_>>())
    }

    fn run_words_with(&self, variables: &[(&str, &str)], words: &[&str]) -> Outcome {
        let mut command = Command::new(env!("CARGO_BIN_EXE_apigw"));
        command.args(words).current_dir(self.path()).stdin(Stdio::null());
        isolate(&mut command, self.path());
        command.envs(variables.iter().copied());
        let output = command.output().expect("the command runs");
        self.note_secret(words);
        Outcome {
            exit: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// Remembers the secret that a command has handed out.
    fn note_secret(&self, words: &[&str]) {
        let file = words.iter().skip_while(|word| **word != "--to").nth(1);
        if let (Some(file), Some(&"key")) = (file, words.iter().find(|word| !word.starts_with('-')))
            && let Ok(secret) = fs::read_to_string(self.path().join(file))
        {
            self.secrets.lock().expect("no panic").push(secret.trim().to_owned());
        }
    }

    /// Returns the secrets that were made: handed out, or kept for gateways.
    fn secrets(&self) -> Vec<String> {
        let kept = fs::read_dir(self.path().join(".apigw/secrets")).into_iter().flatten().flatten();
        let kept = kept.filter_map(|entry| fs::read_to_string(entry.path()).ok());
        let handed_out = self.secrets.lock().expect("no panic").clone();
        let all = kept.map(|text| text.trim().to_owned()).chain(handed_out);
        // Shorter ones were put there by a test, and may stand in other words.
        all.filter(|secret| secret.len() >= 32).collect()
    }

    /// Returns every file outside of the machine's own folder, with its bytes.
    pub(crate) fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        fn walk(folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
            for entry in fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.file_name().is_some_and(|name| name == ".apigw") {
                    continue;
                }
                if path.is_dir() {
                    walk(&path, files);
                } else {
                    let bytes = fs::read(&path).unwrap_or_default();
                    files.push((path, bytes));
                }
            }
        }
        let mut files = Vec::new();
        walk(self.path(), &mut files);
        files.sort();
        files
    }

    /// Returns the one entry of the petstore in an environment.
    pub(crate) fn entry(&self, environment: &str) -> Value {
        let status = self.run(&format!("-o json status petstore --env {environment}")).expect_exit(0).json();
        status["deployments"][0].clone()
    }
}

/// After each test, no file that Git would see holds a secret that was made in it.
impl Drop for Sandbox {
    fn drop(&mut self) {
        let secrets = self.secrets();
        if secrets.is_empty() || std::thread::panicking() {
            return;
        }
        for (path, bytes) in self.files() {
            let text = String::from_utf8_lossy(&bytes);
            assert!(!secrets.iter().any(|secret| text.contains(secret)), "{} holds a secret", path.display());
        }
    }
}

/// Clears the environment of a command and fixes who runs it.
pub(crate) fn isolate(command: &mut Command, home: &Path) {
    command.env_clear().env("HOME", home).env("APIGW_ACTOR", "Ada <ada@example.com>");
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
}

impl Outcome {
    #[track_caller]
    pub(crate) fn expect_exit(self, exit: i32) -> Self {
        assert_eq!(self.exit, exit, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }

    #[track_caller]
    pub(crate) fn expect_stdout(self, part: &str) -> Self {
        assert!(self.stdout.contains(part), "{part:?} is not in:\n{}", self.stdout);
        self
    }

    #[track_caller]
    pub(crate) fn expect_stderr(self, part: &str) -> Self {
        assert!(self.stderr.contains(part), "{part:?} is not in:\n{}", self.stderr);
        self
    }
}

/// Returns an address that nobody listens on.
pub(crate) fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").to_string()
}
