//! The engines: how each is started on an export.

use std::fs::File;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Sandbox, free_address};
use crate::tools::has_tool;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EngineKind {
    Envoy,
    Nginx,
    Haproxy,
}

impl EngineKind {
    pub(super) const fn target(self) -> &'static str {
        match self {
            Self::Envoy => "envoy",
            Self::Nginx => "nginx",
            Self::Haproxy => "haproxy",
        }
    }

    pub(super) fn is_there(self) -> bool {
        has_tool(self.target(), "exports in the engine that they are for")
    }

    /// Returns the command that runs the engine in the folder of an export, or that only loads its files.
    fn command(self, folder: &PathBuf, is_validation: bool) -> Command {
        let mut command = Command::new(self.target());
        match self {
            Self::Envoy => {
                command.args(["-c", "envoy.json", "--log-level", "warning", "--concurrency", "1"]);
                command.args(["--disable-hot-restart"]);
                if is_validation {
                    command.args(["--mode", "validate"]);
                }
            }
            Self::Nginx => {
                let prefix = folder.parent().unwrap_or(folder).to_str().expect("a path").to_owned() + "/";
                let configuration = folder.join("nginx.conf");
                command.args(["-p", &prefix, "-c", configuration.to_str().expect("a path")]);
                // Workers would outlive a master that is killed.
                command.args(["-g", "daemon off; master_process off;"]);
                if is_validation {
                    command.arg("-t");
                }
            }
            Self::Haproxy => {
                command.args([if is_validation { "-c" } else { "-db" }, "-f", "haproxy.cfg"]);
            }
        }
        command.current_dir(folder).stdin(Stdio::null());
        command
    }

    /// Lets the engine load the files of a folder.
    fn validate(self, folder: &PathBuf) {
        let loaded = self.command(folder, true).output().expect("the engine runs");
        let text = [loaded.stdout, loaded.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        assert!(loaded.status.success(), "{} does not load the export: {text}", self.target());
    }
}

/// Writes the bootstrap of an export for Envoy with the routes and clusters in it that it would discover.
fn with_discovery(folder: &Path) -> String {
    let read = |file: &str| -> Value {
        let text = std::fs::read_to_string(folder.join(file)).expect("a file of the export");
        serde_json::from_str(&text).expect("JSON")
    };
    let resources = |file: &str| -> Vec<Value> {
        let mut resources = read(file)["resources"].as_array().expect("resources").clone();
        for resource in &mut resources {
            resource.as_object_mut().expect("a message").remove("@type");
        }
        resources
    };
    let mut bootstrap = read("envoy.json");
    bootstrap.as_object_mut().expect("a bootstrap").remove("dynamic_resources");
    bootstrap["static_resources"]["clusters"] = resources("cds.json").into();
    let filters = bootstrap.pointer_mut("/static_resources/listeners/0/filter_chains/0/filters/0/typed_config");
    let connections = filters.and_then(Value::as_object_mut).expect("an HTTP connection manager");
    connections.remove("rds").expect("discovered routes");
    connections.insert("route_config".to_owned(), resources("rds.json").remove(0));
    bootstrap.to_string()
}

/// A running engine.
pub(super) struct Engine {
    process: Child,
    pub(super) address: String,
}

impl Engine {
    /// Exports what is live in test, and lets the engine load it.
    pub(super) fn load(sandbox: &Sandbox, kind: EngineKind, address: &str) -> PathBuf {
        Self::load_with(sandbox, kind, address, "")
    }

    /// Exports what is live in test with these flags, and lets the engine load it.
    pub(super) fn load_with(sandbox: &Sandbox, kind: EngineKind, address: &str, flags: &str) -> PathBuf {
        let target = kind.target();
        let secrets = sandbox.path().join(".apigw/secrets");
        let secrets = secrets.to_str().expect("a path");
        let words = format!(
            "export {target} --env test --out {target} --listen {address} --allow-loss access,rewrites,routing --secrets {secrets}{flags}"
        );
        sandbox.run(&words).expect_exit(0);
        let folder = sandbox.path().join(target);
        kind.validate(&folder);
        if kind == EngineKind::Envoy {
            // Envoy's validation reads no discovery files.
            let inline = tempfile::tempdir().expect("a folder");
            std::fs::write(inline.path().join("envoy.json"), with_discovery(&folder)).expect("a bootstrap");
            kind.validate(&inline.path().to_owned());
        }
        folder
    }

    /// Exports what is live in test, and starts the engine on it.
    pub(super) fn start(sandbox: &Sandbox, kind: EngineKind) -> Self {
        Self::start_with(sandbox, kind, "")
    }

    /// Starts the engine on an export with these flags.
    pub(super) fn start_with(sandbox: &Sandbox, kind: EngineKind, flags: &str) -> Self {
        let address = free_address();
        Self::load_with(sandbox, kind, &address, flags);
        Self::start_at(sandbox, kind, address)
    }

    /// Starts the engine on the files in its folder, which listens on this address by them.
    pub(super) fn start_at(sandbox: &Sandbox, kind: EngineKind, address: String) -> Self {
        let target = kind.target();
        let folder = sandbox.path().join(target);
        let log_path = sandbox.path().join(format!("{target}.log"));
        let log = File::create(&log_path).expect("a log");
        let mut command = kind.command(&folder, false);
        command.stdout(log.try_clone().expect("a log")).stderr(log);
        let mut process = command.spawn().expect("the engine starts");
        let start = Instant::now();
        while TcpStream::connect(&address).is_err() {
            let has_ended = process.try_wait().expect("a process").is_some();
            let log = || std::fs::read_to_string(&log_path).unwrap_or_default();
            assert!(!has_ended && start.elapsed() < Duration::from_mins(1), "{target} does not listen: {}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { process, address }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
