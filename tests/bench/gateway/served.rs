//! The gateway in a process of its own.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::BufRead as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use apigw::gateway::{Config, Gateway};
use apigw::model::{Backend, Deployment, DeploymentState, Digest, OperationId, Release, Timestamp};
use apigw::snapshot::{EnvironmentSnapshot, GroupContent, GroupSnapshot, Snapshot};

use crate::measure::Process;

/// What every route answers.
pub(crate) const BODY: &str =
    r#"{"id":10,"name":"doggie","category":{"id":1,"name":"Dogs"},"photoUrls":[],"status":"available"}"#;

const PORT: u16 = 18_083;

/// Starts this program again, as a gateway.
pub(crate) fn start(groups: usize, apis: usize, backend: &str) -> Result<Process, Box<dyn Error>> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["serve", &groups.to_string(), &apis.to_string(), backend])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut said = String::new();
    if let Some(stdout) = child.stdout.take() {
        std::io::BufReader::new(stdout).read_line(&mut said)?;
    }
    let mut process = crate::listening(child, PORT)?;
    said.trim_end().clone_into(&mut process.said);
    Ok(process)
}

/// Publishes groups in a workspace of their own and runs `apigw serve` there, with its log in a file.
pub(crate) fn command(groups: usize, apis: usize, log: &Path) -> Result<Process, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("apigw.toml"), "schema = 1\n")?;
    for number in 0..groups {
        let group = folder.path().join(format!("groups/g{number}"));
        std::fs::create_dir_all(&group)?;
        std::fs::write(group.join("openapi.yaml"), definition(apis))?;
        std::fs::write(group.join("group.yaml"), settings(number))?;
    }
    let mut publish = apigw(&folder);
    let publish = publish.args(["publish", "--all", "--env", "test", "--mock", "-y"]).output()?;
    if !publish.status.success() {
        return Err(String::from_utf8_lossy(&publish.stderr).into_owned().into());
    }
    let started = Instant::now();
    let address = format!("127.0.0.1:{PORT}");
    let child = apigw(&folder)
        .args(["serve", "--env", "test", "--listen", &address])
        .stdout(std::fs::File::create(log)?)
        .stderr(Stdio::null())
        .spawn()?;
    let mut process = crate::listening(child, PORT)?;
    process.said = format!("ready {:.0?} after its start", started.elapsed());
    process.folder = Some(folder);
    Ok(process)
}

/// Runs `apigw serve` without a log in a workspace where something is published.
pub(crate) fn serve(workspace: &tempfile::TempDir) -> Result<Process, Box<dyn Error>> {
    let address = format!("127.0.0.1:{PORT}");
    let child = apigw(workspace)
        .args(["serve", "--env", "test", "--access-log", "off", "--listen", &address])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    crate::listening(child, PORT)
}

pub(crate) fn apigw(folder: &tempfile::TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_apigw"));
    command.arg("-C").arg(folder.path());
    command
}

/// Serves until it is killed.
pub(crate) fn run(groups: usize, apis: usize, backend: &str) -> Result<(), Box<dyn Error>> {
    let backend = if backend == "mock" {
        Backend::Mock
    } else {
        Backend::Http { url: backend.parse()?, variables: BTreeMap::new() }
    };
    let megabytes = || crate::measure::memory(&[std::process::id()]).map(|kib| kib / 1024);
    let started = Instant::now();
    let groups = (0..groups).map(|group| self::group(group, apis, &backend)).collect::<Result<Vec<_>, _>>()?;
    let read = started.elapsed();
    let with_definitions = megabytes()?;
    let environment = Arc::new(EnvironmentSnapshot::new("test".parse()?, groups));
    let snapshot = Snapshot { environments: vec![environment] };
    let (gateway, rejected) = Gateway::start(Config::new(([127, 0, 0, 1], PORT).into()), &snapshot)?;
    assert!(rejected.is_empty(), "{rejected:?}");
    let ready = started.elapsed().saturating_sub(read);
    let with_routes = megabytes()?;
    let started = Instant::now();
    gateway.replace(&snapshot);
    let replaced = started.elapsed();
    // As `serve` does not keep many definitions that a gateway has built its groups of.
    drop(snapshot);
    println!(
        "definitions read in {read:.0?} ({with_definitions} MiB), served after {ready:.0?} ({with_routes} MiB), replaced by the \
         same in {:.0?} ({} MiB)",
        replaced,
        megabytes()?
    );
    loop {
        std::thread::park();
    }
}

pub(crate) fn definition(apis: usize) -> String {
    let mut definition = "openapi: 3.1.0\ninfo: {title: bench, version: '1'}\npaths:\n".to_owned();
    for api in 0..apis {
        let answer = format!("{{description: ok, content: {{application/json: {{example: {BODY}}}}}}}");
        let get = format!("      operationId: r{api}\n      responses:\n        '200': {answer}\n");
        for part in [&format!("  /r{api}:\n    get:\n"), &get] {
            definition.push_str(part);
        }
    }
    definition
}

fn settings(group: usize) -> String {
    format!("schema: 1\nversion: \"0.0.1\"\nprefix: /g{group}\n")
}

fn group(number: usize, apis: usize, backend: &Backend) -> Result<GroupSnapshot, Box<dyn Error>> {
    let (definition, settings) = (definition(apis), settings(number));
    let mut fetch = |path: &str| Ok((path == "openapi.yaml").then(|| Arc::from(definition.as_bytes())));
    let reading = apigw::definition::read("g", &mut fetch);
    let digest = Digest::of(settings.as_bytes());
    Ok(GroupSnapshot {
        name: format!("g{number}").parse()?,
        deployment: Deployment {
            release: Release {
                state: DeploymentState::Live,
                version: "0.0.1".parse()?,
                digest,
                backend: backend.clone(),
            },
            since: Timestamp::from_milliseconds(0),
            operation: OperationId::new(Timestamp::from_milliseconds(0), &digest),
        },
        content: Some(Arc::new(GroupContent {
            settings: Arc::new(serde_yaml::from_str(&settings)?),
            definition: Arc::new(reading.definition.ok_or("a definition")?).into(),
            tls_files: Arc::new(BTreeMap::new()),
        })),
    })
}
