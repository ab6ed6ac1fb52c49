//! `apigw serve`.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::cli::arguments::parse_duration;
use crate::cli::complete;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::gateway::{
    AccessLog, AccessRecord, Config, EnvironmentSnapshot, Gateway, GroupContent, GroupSnapshot, Rejected, Signal,
    Snapshot, StartError, signals, tls,
};
use crate::model::State;
use crate::workspace::{LiveEnvironment, LiveReader, Workspace, read_outside};

/// How often the files are looked at; a commit is served within this time and that of reading it.
const LOOK: Duration = Duration::from_millis(25);
/// How many lines of the access log may wait to be written; more are counted and left out.
const MOST_WAITING: usize = 16 * 1024;
/// The most bytes of a certificate or a key.
const LARGEST_PEM: u64 = 1 << 20;

/// Run what is published, on this machine
///
/// A change of any process is served within 100 ms. Without --env, every environment is served, by host name;
/// with one, a loopback host name reaches its groups by their prefix too.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  apigw serve --env test\n  apigw serve --env test --env online --listen 127.0.0.1:0"
)]
pub(in crate::cli) struct ServeArguments {
    /// An environment to serve; may be given more than once [default: all]
    #[arg(long, value_name = "ENV", add = ArgValueCandidates::new(complete::environments))]
    env: Vec<String>,
    /// Where to listen; with port 0 the system picks one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where to answer /-/healthz, /-/readyz, /-/status and /-/metrics [default: off]
    #[arg(long, value_name = "ADDR")]
    admin: Option<SocketAddr>,
    /// The certificate and its chain (PEM); with it, connections are encrypted
    #[arg(long, value_name = "FILE", requires = "tls_key", value_hint = clap::ValueHint::FilePath)]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert", value_hint = clap::ValueHint::FilePath)]
    tls_key: Option<PathBuf>,
    /// How long requests in flight may take when it is told to stop
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_duration)]
    drain: Duration,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &ServeArguments) -> Result<Exit, CommandError> {
    let workspace = context.workspace()?;
    let named: Result<Vec<_>, CommandError> = arguments.env.iter().map(|name| context.environment(name)).collect();
    let mut names = named?;
    if names.is_empty() {
        names = workspace.settings().environments();
    }
    names.dedup();
    let asked = signals()?;
    let mut reader = LiveReader::new(names);
    reader.has_changed(workspace);
    let (live, problems) = reader.read(workspace);
    let mut certificate = Certificate::of(context, arguments);
    let config = Config {
        base_domain: workspace.settings().base_domain.clone(),
        admin: arguments.admin,
        listen: vec![crate::gateway::Listen { address: arguments.listen, tls: certificate.is_some() }],
        tls: certificate.as_mut().map(Certificate::read).transpose()?.flatten(),
        access_log: Some(Arc::new(Log::start(context.process.stdout_is_terminal))),
        ..Config::new(arguments.listen)
    };
    let (gateway, rejected) =
        Gateway::start(config, snapshot(workspace, &live)).map_err(|error| cannot_start(&error))?;
    report(context, &problems, &rejected);
    announce(context, workspace, &gateway, &live, certificate.is_some());
    follow(context, workspace, &gateway, &mut reader, certificate.as_mut(), &asked)?;
    context.output.note("stopping: answering what is in flight");
    let drained = gateway.shutdown(arguments.drain);
    if drained {
        Ok(Exit::Done)
    } else {
        Err(CommandError::new("drain", Exit::Failed, "some requests were cut off")
            .hint("give them longer: `--drain 60s`"))
    }
}

/// Serves every change until a signal asks to stop.
fn follow(
    context: &Context<'_>,
    workspace: &Workspace,
    gateway: &Gateway,
    reader: &mut LiveReader,
    mut certificate: Option<&mut Certificate>,
    asked: &Receiver<Signal>,
) -> Result<(), CommandError> {
    loop {
        let must_read = match asked.recv_timeout(LOOK) {
            Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
            Ok(Signal::Reload) => true,
            Err(RecvTimeoutError::Timeout) => false,
        };
        if reader.has_changed(workspace) || must_read {
            let (live, problems) = reader.read(workspace);
            let rejected = gateway.replace(snapshot(workspace, &live));
            report(context, &problems, &rejected);
        }
        if let Some(certificate) = certificate.as_deref_mut() {
            // One that is half-way through being replaced cannot be used; the one before is shown on.
            match certificate.read() {
                Ok(Some(config)) => gateway.replace_tls(config),
                Err(error) if must_read => {
                    context.output.warning(&format!("{}; the one before is shown on", error.message));
                }
                _ => {}
            }
        }
    }
}

/// Turns what is live into what the gateway is handed.
fn snapshot(workspace: &Workspace, live: &[LiveEnvironment]) -> Snapshot {
    let environment = |live: &LiveEnvironment| EnvironmentSnapshot {
        name: live.name.clone(),
        variables: Arc::new(workspace.settings().environment(&live.name).variables),
        groups: live
            .groups
            .iter()
            .map(|(name, group)| {
                let release = &group.deployment.release;
                let content = group.content.as_ref().and_then(|content| {
                    Some(GroupContent {
                        settings: Arc::new(content.candidate.settings.clone()),
                        definition: content.candidate.definition.clone()?,
                        tls_files: Arc::new(content.secrets.clone()),
                    })
                });
                GroupSnapshot {
                    name: name.clone(),
                    version: release.version.clone(),
                    digest: release.digest,
                    operation: group.deployment.operation.clone(),
                    backend: release.backend.clone(),
                    content,
                }
            })
            .collect(),
    };
    Snapshot { environments: live.iter().map(environment).collect() }
}

fn report(context: &Context<'_>, problems: &[String], rejected: &[Rejected]) {
    for problem in problems {
        context.output.warning(problem);
    }
    for Rejected { environment, group, version, reason } in rejected {
        context.output.warning(&format!("{group} {version} cannot be served in {environment}: {reason}"));
    }
}

/// Says where callers reach each group, with the listener's real port.
fn announce(
    context: &Context<'_>,
    workspace: &Workspace,
    gateway: &Gateway,
    live: &[LiveEnvironment],
    is_encrypted: bool,
) {
    let scheme = if is_encrypted { "https" } else { "http" };
    let Some(address) = gateway.addresses().first() else { return };
    context.output.note(&format!("listening on {scheme}://{address}"));
    if let Some(admin) = gateway.admin_address() {
        context.output.note(&format!("operators: http://{admin}/-/status"));
    }
    let base = &workspace.settings().base_domain;
    for environment in live {
        for (name, group) in &environment.groups {
            let release = &group.deployment.release;
            let Some(content) = group.content.as_ref().filter(|_| release.state == State::Live) else { continue };
            let prefix = content.candidate.settings.prefix.before_path();
            let host = format!("{name}.{}.{base}", environment.name);
            context.output.note(&format!(
                "{}: {name} {} with {}: {scheme}://{host}:{}{prefix}",
                environment.name,
                release.version,
                release.backend,
                address.port()
            ));
            if live.len() == 1 {
                context.output.note(&format!("  or {scheme}://{address}{prefix}"));
            }
        }
    }
}

fn cannot_start(error: &StartError) -> CommandError {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    let mut shown =
        CommandError::new("listen", Exit::Failed, error.to_string()).hint("choose another address with `--listen`");
    shown.causes.extend(cause);
    shown
}

/// The certificate files, and what was in them last.
struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    last: Option<(Vec<u8>, Vec<u8>)>,
}

impl Certificate {
    fn of(context: &Context<'_>, arguments: &ServeArguments) -> Option<Self> {
        let (chain, key) = (arguments.tls_cert.as_ref()?, arguments.tls_key.as_ref()?);
        Some(Self { chain: context.folder().join(chain), key: context.folder().join(key), last: None })
    }

    /// Reads the files; nothing is returned where they are as they were.
    fn read(&mut self) -> Result<Option<Arc<tls::ServerConfig>>, CommandError> {
        let now = (read_outside(&self.chain, LARGEST_PEM)?, read_outside(&self.key, LARGEST_PEM)?);
        if self.last.as_ref() == Some(&now) {
            return Ok(None);
        }
        let certificate =
            tls::Certificate { domains: Vec::new(), chain: now.0.as_slice().into(), key: now.1.as_slice().into() };
        let config = tls::server_config(&[certificate]).map_err(|error| {
            CommandError::invalid("certificate", format!("{}: {error}", self.chain.display()))
                .hint("give a certificate and its own private key, both PEM")
        })?;
        self.last = Some(now);
        Ok(Some(config))
    }
}

/// The access log: workers put lines into a queue, one thread writes them.
struct Log {
    queue: SyncSender<String>,
    is_terminal: bool,
}

impl Log {
    fn start(is_terminal: bool) -> Self {
        let (queue, lines) = sync_channel::<String>(MOST_WAITING);
        std::thread::spawn(move || {
            for line in lines {
                let mut stdout = std::io::stdout().lock();
                // Requests are served on where nobody reads the log any more.
                if stdout.write_all(line.as_bytes()).and_then(|()| stdout.flush()).is_err() {
                    return;
                }
            }
        });
        Self { queue, is_terminal }
    }
}

impl AccessLog for Log {
    fn record(&self, record: &AccessRecord<'_>) {
        let milliseconds = record.took.as_secs_f64() * 1000.0;
        let line = if self.is_terminal {
            format!(
                "{} {} {}{} {} {} {milliseconds:.1} ms\n",
                record.status, record.method, record.host, record.path, record.version, record.backend
            )
        } else {
            serde_json::to_string(record).unwrap_or_default() + "\n"
        };
        // A log that nobody keeps up with must not hold up a request.
        let _ = self.queue.try_send(line);
    }
}
