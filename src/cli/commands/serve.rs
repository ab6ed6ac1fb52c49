//! `apigw serve`.

mod access_log;
mod announce;
mod authorizer;
mod certificates;
mod documents;
mod fleet;
mod follow;
mod options;
mod page_cache;
mod page_response;
mod periodic_save;
mod saved_counts;
mod secrets;
mod served_state;
mod signed_dates;
mod source;
mod try_it;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::cli::complete;
use crate::cli::context::Context;
use crate::cli::duration::parse_duration;
use crate::cli::error::{CommandError, Exit};
use crate::cli::process::wall_clock;
use crate::gateway::{
    AccessLog, Config, ConnectionLimits, Gateway, GatewayLimits, PageSource, Signal, StartError, signals,
};
use crate::model::{EnvironmentName, IpRange, PublicOrigin};
use crate::workspace::{AccessReader, LiveReader, SecretSources, Workspace};

use access_log::LogQueue;
use authorizer::{AuthorizerArguments, authorizer_certificates};
use certificates::{CertificateFiles, FollowedCertificates};
use documents::ServedDocuments;
use fleet::{FleetArguments, FleetPublisher};
use follow::{Follower, GatewayInputs};
use options::{ListenAddress, LogTarget, parse_size};
use saved_counts::{SavedCounts, read_saved_counts};
use secrets::PendingSecrets;
use signed_dates::{SavedDates, begin_signed_dates};
use source::{FollowedSource, SourceArguments};

/// Serve published groups on this machine
///
/// A change of any process is served within 100 ms. Without --env, every environment is served, by host name;
/// with one, a loopback host name reaches its groups by their prefix too. `apigw.toml` is read when it starts and on
/// SIGHUP, which also reloads certificates and secrets and reopens the access log.
///
/// Some malformed requests are accepted as RFC 9112 allows (2.2, 6.1, 6.3, 7.1.1) and rewritten for backends: repeated
/// equal content lengths; a content length beside chunks (the chunks win, and the connection is closed); bare line
/// feeds and leading empty lines; whitespace and unknown chunk extensions after a chunk size, and leading zeros; a
/// fragment, which is dropped. Other malformed heads get 400, and oversized ones 431, without a body. A client that has
/// half-closed its connection still gets its response.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  apigw serve --env test\n  apigw serve --env online --listen http://127.0.0.1:8080 --listen https://127.0.0.1:8443 --tls-cert a.crt --tls-key a.key"
)]
pub(in crate::cli) struct ServeArguments {
    /// An environment to serve; may be given more than once [default: all]
    #[arg(long, value_name = "ENV", value_delimiter = ',', add = ArgValueCandidates::new(complete::environments))]
    env: Vec<String>,
    /// Address to listen on; with port 0 the system picks one; may be given more than once. Prefix it with `http://` or
    /// `https://`; the default is https if a certificate is given
    #[arg(long, value_name = "ADDR", value_delimiter = ',', default_value = "127.0.0.1:8080")]
    listen: Vec<ListenAddress>,
    /// Address for operators: /-/healthz, /-/readyz, /-/status, /-/metrics and the pages of /-/ui/ [default: off]. Not
    /// ready while it drains, a worker has been stuck for a second, or an environment cannot be served; not healthy
    /// while a worker has been stuck for ten
    #[arg(long, value_name = "ADDR")]
    admin: Option<SocketAddr>,
    #[command(flatten)]
    authorizer: AuthorizerArguments,
    #[command(flatten)]
    fleet: FleetArguments,
    /// Address for the documents: pages of the live versions, with "Try it" where they are drafts (`apigw help docs`)
    /// [default: off]
    #[arg(long, value_name = "ADDR")]
    docs: Option<SocketAddr>,
    /// A certificate and its chain (PEM); may be given more than once, each with its key. Clients get the one that was
    /// issued for the name that they ask for (SNI), else the first
    #[arg(long, value_name = "FILE", requires = "tls_key", value_hint = clap::ValueHint::FilePath)]
    tls_cert: Vec<PathBuf>,
    /// The private key (PEM) of the certificate at the same position
    #[arg(long, value_name = "FILE", requires = "tls_cert", value_hint = clap::ValueHint::FilePath)]
    tls_key: Vec<PathBuf>,
    /// A proxy, or a network of proxies, whose `Forwarded` and `X-Forwarded-*` are trusted; may be given more than
    /// once. IP rules apply to the last address in `X-Forwarded-For` that is not a trusted proxy
    #[arg(long, value_name = "IP|CIDR", value_delimiter = ',')]
    trusted_proxy: Vec<IpRange>,
    /// A link-local or metadata address that backends may have; may be given more than once
    #[arg(long, value_name = "IP", value_delimiter = ',')]
    allow_address: Vec<IpAddr>,
    /// The largest body of a request, like 500k or 2m, unless a group sets its own limit [default: 300k]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    max_body: Option<u64>,
    /// The most concurrent connections [default: 16384]; fewer if the limit of open files leaves too few for backends,
    /// operators and reloads
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_connections: Option<u32>,
    /// Threads that serve requests [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    workers: Option<u16>,
    /// Destination of the access log: - for stdout (stderr with `-o json|yaml`), as text on a terminal and as JSON
    /// lines in a pipe; a file, to which JSON lines are appended, reopened on SIGHUP; or off
    #[arg(long, value_name = "-|FILE|off", default_value = "-", value_hint = clap::ValueHint::FilePath)]
    access_log: LogTarget,
    /// Time for requests in flight to finish after a signal to stop; a second signal aborts them
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_duration)]
    drain: Duration,
    #[command(flatten)]
    source: SourceArguments,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &ServeArguments) -> Result<Exit, CommandError> {
    let mut source = FollowedSource::start(context, &arguments.source)?;
    let workspace = source.as_ref().map_or_else(|| context.workspace(), |source| Ok(source.workspace()))?.clone();
    let named = arguments.env.iter().map(|name| workspace.environment_named(name)).collect::<Result<Vec<_>, _>>()?;
    if let Some(source) = &mut source {
        source.require(context, &named);
    }
    let asked = signals()?;
    let mut certificates = CertificateFiles::of(context, &arguments.tls_cert, &arguments.tls_key)?;
    let authorizer = authorizer_certificates(context, &arguments.authorizer)?;
    let log = LogQueue::start(context, &arguments.access_log)?;
    let operators = ServedDocuments::new(&workspace, &named, false);
    let documents = Arc::new(ServedDocuments::new(&workspace, &named, true));
    let fleet = FleetPublisher::start(context, &workspace, &arguments.fleet, &environments(&workspace, &named))?;
    let (fleet, discovery) = fleet.unzip();
    let config = Config {
        discovery,
        authorize_tls: authorizer.as_ref().map(FollowedCertificates::tls),
        admin_pages: Some(Arc::new(operators)),
        pages: arguments.docs.map(|address| (address, Arc::clone(&documents) as Arc<dyn PageSource>)),
        access_log: log.clone().map(|log| log as Arc<dyn AccessLog>),
        source: source.as_ref().map(|source| source.status().clone()),
        ..config(&workspace, arguments, certificates.as_mut())?
    };
    let mut reader = LiveReader::new(environments(&workspace, &named));
    reader.must_read(&workspace, Instant::now());
    let live = reader.read(&workspace);
    // Read before anybody can connect: a command for secrets may take its time.
    let mut access = AccessReader::new(SecretSources::read(&workspace, &context.process.variables));
    access.must_read(&workspace, Instant::now());
    let keys = access.read(&workspace, Instant::now(), wall_clock());
    let day_counts = read_saved_counts(context, &workspace);
    let saved_counts = SavedCounts::new(day_counts.clone());
    let signed_dates = Some(begin_signed_dates(context, &workspace)?);
    let saved_dates = SavedDates::new();
    let config = Config { keys, day_counts, signed_dates, ..config };
    let encrypted: Vec<bool> = config.listen.iter().map(|listen| listen.tls).collect();
    let most_connections = config.limits.connections;
    let (gateway, not_served) = Gateway::start(config, &live).map_err(|error| cannot_start(arguments, &error))?;
    let listeners = || gateway.addresses().iter().copied().zip(encrypted.iter().copied());
    if let Some((address, https)) = listeners().next() {
        let plain = listeners().find(|(_, encrypted)| !encrypted).map(|(address, _)| address);
        documents.begin(PublicOrigin { https, port: Some(address.port()) }, plain);
    }
    let secrets = PendingSecrets::default();
    let read = GatewayInputs {
        named,
        reader,
        certificates,
        authorizer,
        access,
        saved_counts,
        saved_dates,
        secrets,
        source,
        fleet,
    };
    warn_of_few_open_files(context, gateway.connection_limits(), most_connections);
    let mut follower = Follower::new(context, workspace, gateway, &encrypted, read, log);
    follower.begin(&live, not_served)?;
    // A later change replaces this snapshot, which must not stay in memory until the gateway stops.
    drop(live);
    follower.follow(&asked);
    shut_down(context, follower.into_gateway(), &asked, arguments.drain)
}

/// Finishes the requests in flight.
fn shut_down(
    context: &Context<'_>,
    gateway: Gateway,
    asked: &Receiver<Signal>,
    drain: Duration,
) -> Result<Exit, CommandError> {
    context.output.note("stopping: finishing requests in flight; another signal aborts them");
    let mut hurried = false;
    let drained = gateway.shutdown(drain, || {
        hurried |= matches!(asked.try_recv(), Ok(Signal::Stop));
        hurried
    });
    if drained {
        return Ok(Exit::Done);
    }
    let cut_off = CommandError::new("drain", Exit::Failed, "some requests were cut off");
    Err(if hurried { cut_off } else { cut_off.hint("allow more time: `--drain 60s`") })
}

/// Returns the environments that are served: those that were named, each once, else all.
fn environments(workspace: &Workspace, named: &[EnvironmentName]) -> Vec<EnvironmentName> {
    if named.is_empty() {
        return workspace.settings().environments();
    }
    let mut names: Vec<EnvironmentName> = Vec::with_capacity(named.len());
    for name in named {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

fn config(
    workspace: &Workspace,
    arguments: &ServeArguments,
    certificates: Option<&mut CertificateFiles>,
) -> Result<Config, CommandError> {
    let has_certificate = certificates.is_some();
    let listen: Vec<_> = arguments.listen.iter().map(|address| address.resolve(has_certificate)).collect();
    if !has_certificate && listen.iter().any(|listen| listen.tls) {
        return Err(
            CommandError::usage("https needs a certificate").hint("give one with `--tls-cert FILE --tls-key FILE`")
        );
    }
    let usual = GatewayLimits::default();
    Ok(Config {
        listen,
        admin: arguments.admin,
        authorize: arguments.authorizer.authorize,
        workers: arguments.workers.map_or(0, usize::from),
        base_domain: workspace.settings().base_domain.clone(),
        tls: certificates.map(CertificateFiles::read).transpose()?.map(|tls| Arc::clone(tls.config())),
        limits: GatewayLimits {
            body_bytes: arguments.max_body.unwrap_or(usual.body_bytes),
            connections: arguments.max_connections.map_or(usual.connections, |count| count as usize),
            ..usual
        },
        allow_addresses: arguments.allow_address.clone(),
        trusted_proxies: arguments.trusted_proxy.clone(),
        gateways: workspace.settings().access.gateways,
        ..Config::new(([127, 0, 0, 1], 0).into())
    })
}

fn warn_of_few_open_files(context: &Context<'_>, limits: ConnectionLimits, most_connections: usize) {
    let Some(open_files) = limits.open_files.filter(|_| limits.clients < most_connections) else { return };
    context.output.warning(&format!(
        "the limit of {open_files} open files allows {} connections at a time, not {most_connections}: raise it to {} with \
         `ulimit -n` or systemd's `LimitNOFILE`, or set fewer with `--max-connections`",
        limits.clients, limits.wanted_open_files
    ));
}

fn cannot_start(arguments: &ServeArguments, error: &StartError) -> CommandError {
    let mut shown = CommandError::new("listen", Exit::Failed, error.to_string());
    if let StartError::Listen { address, .. } = error {
        let flag = match Some(*address) {
            address if address == arguments.admin => "--admin",
            address if address == arguments.authorizer.authorize => "--authorize",
            address if address == arguments.docs => "--docs",
            address if address == arguments.fleet.xds => "--xds",
            _ => "--listen",
        };
        shown = shown.hint(format!("choose another address with `{flag}`"));
    }
    shown.causes.extend(std::error::Error::source(error).map(ToString::to_string));
    shown
}
