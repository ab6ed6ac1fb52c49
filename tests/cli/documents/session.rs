//! One document's session: a home folder, a current folder, and the programs that run in the background.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::isolate;
use crate::tools::has_tool;

const DEFINITION: &str = include_str!("../../../examples/petstore/groups/petstore/openapi.yaml");

/// The ports that the documents name; each session gets others in their place.
const PORTS: [&str; 3] = ["127.0.0.1:8080", "127.0.0.1:9090", "127.0.0.1:18000"];

pub(super) struct Session {
    name: String,
    home: tempfile::TempDir,
    folder: PathBuf,
    addresses: Vec<String>,
    background: Vec<Child>,
}

impl Session {
    pub(super) fn new(name: &str) -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        fs::write(home.path().join("petstore.yaml"), DEFINITION).expect("a definition");
        let listeners: Vec<TcpListener> =
            PORTS.iter().map(|_| TcpListener::bind("127.0.0.1:0").expect("a free port")).collect();
        let addresses =
            listeners.iter().map(|listener| listener.local_addr().expect("an address").to_string()).collect();
        Self { name: name.to_owned(), folder: home.path().to_owned(), home, addresses, background: Vec::new() }
    }

    pub(super) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.folder.join(path)).expect("a file of the session")
    }

    /// Writes a file; `~/` stands for the home folder.
    pub(super) fn write(&self, path: &str, text: &str) {
        let path = match path.strip_prefix("~/") {
            Some(path) => self.home.path().join(path),
            None => self.folder.join(path),
        };
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// Runs a script that has to succeed, and returns what it printed.
    pub(super) fn script(&mut self, script: &str) -> String {
        if self.is_skipped(script) {
            return String::new();
        }
        let (succeeded, printed) = self.shell(&format!("set -e\n{script}"));
        assert!(succeeded, "{}: failed:\n{script}\n{printed}", self.name);
        printed
    }

    /// Runs the commands of a recording, and compares what each prints.
    pub(super) fn recording(&mut self, text: &str) {
        let mut commands: Vec<(&str, Vec<&str>)> = Vec::new();
        for line in text.lines() {
            match (line.strip_prefix("$ "), commands.last_mut()) {
                (Some(command), _) => commands.push((command, Vec::new())),
                (None, Some((_, printed))) => printed.push(line),
                (None, None) => panic!("{}: a recording begins with output", self.name),
            }
        }
        for (command, expected) in commands {
            if self.is_skipped(command) {
                continue;
            }
            if let Some(command) = command.strip_suffix(" &") {
                self.start(command);
                continue;
            }
            let (succeeded, printed) = self.shell(command);
            let must_fail = expected.iter().any(|line| line.starts_with("error: ")) && !command.contains(" || ");
            assert_eq!(succeeded, !must_fail, "{}: $ {command}\n{printed}", self.name);
            let expected = normalize(&expected.join("\n"));
            let actual = normalize(&printed);
            assert!(
                matches(&expected, &actual),
                "{}: $ {command}\n{printed}\nexpected:\n{}",
                self.name,
                expected.join("\n")
            );
        }
    }

    /// True if a command needs a program that is not there.
    fn is_skipped(&self, command: &str) -> bool {
        let tools = [("curl", "curl "), ("git", "git "), ("git", "merge-driver")];
        let mut needed = tools.iter().filter(|(_, word)| command.contains(word));
        needed.any(|(program, _)| !has_tool(program, &format!("{}: {command}", self.name)))
    }

    /// Runs a script in the current folder, and remembers the folder in which it ends.
    fn shell(&mut self, script: &str) -> (bool, String) {
        let last = self.home.path().join(".last-folder");
        let script =
            format!("{{ {}\n}} 2>&1\ncode=$?\npwd > {}\nexit $code", self.with_addresses(script), last.display());
        let output = self.command(&script).output().expect("a shell");
        if let Ok(folder) = fs::read_to_string(&last) {
            self.folder = PathBuf::from(folder.trim_end());
        }
        let mut printed = String::from_utf8(output.stdout).expect("UTF-8");
        for (name, address) in PORTS.iter().zip(&self.addresses) {
            printed = printed.replace(address, name);
        }
        (output.status.success(), printed)
    }

    /// Starts a server, and waits until it listens on each address that its command names.
    fn start(&mut self, command: &str) {
        let named: Vec<String> = PORTS
            .iter()
            .zip(&self.addresses)
            .filter(|(name, _)| command.contains(**name))
            .map(|(_, address)| address.clone())
            .collect();
        let script = format!("exec {}", self.with_addresses(command));
        let child = self.command(&script).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a server");
        self.background.push(child);
        let deadline = Instant::now() + Duration::from_mins(1);
        for address in named {
            while TcpStream::connect(&address).is_err() {
                assert!(Instant::now() < deadline, "{}: nothing listens after: {command}", self.name);
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }

    fn with_addresses(&self, text: &str) -> String {
        PORTS.iter().zip(&self.addresses).fold(text.to_owned(), |text, (name, address)| text.replace(name, address))
    }

    fn command(&self, script: &str) -> Command {
        let programs = Path::new(env!("CARGO_BIN_EXE_apigw")).parent().expect("a folder");
        let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap_or_default());
        let mut shell = Command::new("sh");
        shell.args(["-c", script]).current_dir(&self.folder).stdin(Stdio::null());
        isolate(&mut shell, self.home.path());
        shell.env("PATH", path).env("CI_COMMIT_MESSAGE", "why");
        shell
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        for child in &mut self.background {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// True if the printed lines are the expected ones, where an expected `…` stands for any number of lines.
fn matches(expected: &[String], actual: &[String]) -> bool {
    match expected {
        [] => actual.is_empty(),
        [any, rest @ ..] if any == "…" => (0..=actual.len()).any(|skipped| matches(rest, &actual[skipped..])),
        [first, rest @ ..] => actual.first() == Some(first) && matches(rest, &actual[1..]),
    }
}

/// Replaces what differs from run to run: ids, digests, ages, the width of columns.
fn normalize(text: &str) -> Vec<String> {
    let word = |word: &str| {
        let bare = word.trim_end_matches([',', ')']).trim_start_matches('(');
        let is_age = bare.strip_suffix('s').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        let is_hexadecimal =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        if (bare.len() == 33 && bare.contains("Z-")) || (bare.len() == 8 && is_hexadecimal(bare)) {
            "OPERATION".to_owned()
        } else if bare.starts_with("sha256:") {
            "DIGEST".to_owned()
        } else if is_age && !bare.is_empty() {
            word.replace(bare, "AGE")
        } else {
            word.to_owned()
        }
    };
    let line = |line: &str| line.split_whitespace().map(word).collect::<Vec<_>>().join(" ");
    // The names that can be resolved depend on the network of the machine.
    let is_shown = |line: &&str| !line.trim().is_empty() && !line.contains("cannot be resolved from here");
    text.lines().filter(is_shown).map(line).collect()
}

#[test]
fn an_ellipsis_stands_for_any_lines_and_nothing_else_does() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert!(matches(&lines("a\n…\nd"), &lines("a\nb\nc\nd")));
    assert!(matches(&lines("a\n…"), &lines("a")));
    assert!(!matches(&lines("a\n…\nd"), &lines("a\nb\nc")));
    assert!(!matches(&lines("a"), &lines("a\nb")));
}
