//! The gateway in a process of its own.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::io::BufRead as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use apigw::gateway::{Config, EnvironmentSnapshot, Gateway, GroupContent, GroupSnapshot, Snapshot};
use apigw::model::{Backend, Digest, OperationId, Timestamp};

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

/// Serves until it is killed.
pub(crate) fn run(groups: usize, apis: usize, backend: &str) -> Result<(), Box<dyn Error>> {
    let backend = if backend == "mock" { Backend::Mock } else { Backend::Http { url: backend.parse()? } };
    let megabytes = || crate::measure::memory(&[std::process::id()]).map(|kib| kib / 1024);
    let started = Instant::now();
    let groups = (0..groups).map(|group| self::group(group, apis, &backend)).collect::<Result<Vec<_>, _>>()?;
    let read = started.elapsed();
    let with_definitions = megabytes()?;
    let environment = EnvironmentSnapshot { name: "test".parse()?, groups, variables: Arc::default() };
    let snapshot = Snapshot { environments: vec![environment] };
    let (gateway, rejected) = Gateway::start(Config::new(([127, 0, 0, 1], PORT).into()), snapshot.clone())?;
    assert!(rejected.is_empty(), "{rejected:?}");
    let ready = started.elapsed().saturating_sub(read);
    let with_routes = megabytes()?;
    let started = Instant::now();
    gateway.replace(snapshot);
    println!(
        "definitions read in {read:.0?} ({with_definitions} MiB), served after {ready:.0?} ({with_routes} MiB), replaced by the \
         same in {:.0?} ({} MiB)",
        started.elapsed(),
        megabytes()?
    );
    loop {
        std::thread::park();
    }
}

fn group(number: usize, apis: usize, backend: &Backend) -> Result<GroupSnapshot, Box<dyn Error>> {
    let mut definition = "openapi: 3.1.0\ninfo: {title: bench, version: '1'}\npaths:\n".to_owned();
    for api in 0..apis {
        write!(
            definition,
            "  /r{api}:\n    get:\n      operationId: r{api}\n      responses:\n        '200':\n          \
             description: ok\n          content: {{application/json: {{example: {BODY}}}}}\n"
        )?;
    }
    let settings = format!("schema: 1\nversion: \"0.0.1\"\nprefix: /g{number}\n");
    let mut fetch = |path: &str| Ok((path == "openapi.yaml").then(|| Arc::from(definition.as_bytes())));
    let reading = apigw::definition::read("g", &mut fetch);
    let digest = Digest::of(settings.as_bytes());
    Ok(GroupSnapshot {
        name: format!("g{number}").parse()?,
        version: "0.0.1".parse()?,
        digest,
        operation: OperationId::new(Timestamp::from_milliseconds(0), &digest),
        backend: backend.clone(),
        content: Some(GroupContent {
            settings: Arc::new(serde_yaml::from_str(&settings)?),
            definition: Arc::new(reading.definition.ok_or("a definition")?),
            tls_files: Arc::new(BTreeMap::new()),
        }),
    })
}
