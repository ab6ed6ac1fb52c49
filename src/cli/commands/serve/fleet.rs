//! Nodes that follow what is live: `serve --xds`.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;

use super::certificates::{CertificateFiles, FollowedCertificates};
use crate::cli::context::Context;
use crate::cli::deviation_places::DeviationPlaces;
use crate::cli::error::CommandError;
use crate::cli::process::wall_clock;
use crate::export::{CallerKeys, ExportTarget, NodeCluster, NodeTranslator, ReportAspect, node_listener, report};
use crate::fleet::{ClusterResource, EnvironmentFleet, FleetRelease, WithheldGroup};
use crate::gateway::{DiscoveryConfig, FleetControl};
use crate::model::{Deployment, DeploymentState, EnvironmentName, GroupName, OperationId};
use crate::routes::{GroupRoutes, build_environment};
use crate::snapshot::{EnvironmentSnapshot, NotServed, Snapshot};
use crate::workspace::{self, FleetLock, LiveReader, Workspace};

/// The pause between two looks for nodes that are to be forgotten; the times at which nodes were seen are saved then
/// too.
const FORGET_PAUSE: Duration = Duration::from_secs(2);

/// The flags of a control plane.
#[derive(Debug, Args)]
pub(super) struct FleetArguments {
    /// Where Envoys poll for what is live, over REST (`apigw help fleets`) [default: off]. A loopback address, unless
    /// nodes show certificates
    #[arg(long, value_name = "ADDR")]
    pub(super) xds: Option<SocketAddr>,
    /// The certificate of that listener (PEM)
    #[arg(long, value_name = "FILE", requires_all = ["xds", "xds_key", "xds_client_ca"], value_hint = clap::ValueHint::FilePath)]
    xds_cert: Option<PathBuf>,
    /// The private key of that certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "xds_cert", value_hint = clap::ValueHint::FilePath)]
    xds_key: Option<PathBuf>,
    /// The authorities that nodes' certificates are trusted by (PEM). A certificate names its node by the URI
    /// `spiffe://DOMAIN/apigw/ENV/NODE`
    #[arg(long, value_name = "FILE", requires = "xds_cert", value_hint = clap::ValueHint::FilePath)]
    xds_client_ca: Option<PathBuf>,
    /// The folder where nodes find certificates and keys for backends
    #[arg(
        long,
        value_name = "PATH",
        requires = "xds",
        default_value_if("xds", clap::builder::ArgPredicate::IsPresent, "/etc/apigw/secrets")
    )]
    xds_secrets: Option<String>,
    /// Give nodes a group even if Envoy loses this; may be given more than once
    #[arg(long, value_name = "NAME", requires = "xds", value_delimiter = ',', value_enum)]
    allow_loss: Vec<ReportAspect>,
}

/// Hands each change to the nodes, and remembers them.
pub(super) struct FleetPublisher {
    control: Arc<FleetControl>,
    certificates: Option<FollowedCertificates>,
    secrets_folder: String,
    allow_loss: Vec<ReportAspect>,
    environments: BTreeMap<EnvironmentName, PublishedEnvironment>,
    forget_at: Instant,
    was_saved: bool,
}

/// An environment as nodes were given it last.
struct PublishedEnvironment {
    /// `None` before the first release.
    snapshot: Option<Arc<EnvironmentSnapshot>>,
    /// The groups, each by its entry: one that cannot be given to nodes any more stays as it was.
    groups: BTreeMap<GroupName, (Deployment, Arc<GroupRoutes>)>,
    translator: NodeTranslator,
    /// The groups whose newest entry nodes do not get, with the reason.
    withheld: BTreeMap<GroupName, WithheldGroup>,
    /// The problems that were reported.
    reported: BTreeSet<String>,
    /// The revision that was saved.
    revision: u64,
    _lock: FleetLock,
}

impl FleetPublisher {
    /// Begins with the nodes that are remembered; nothing where there is no listener for them.
    pub(super) fn start(
        context: &Context<'_>,
        workspace: &Workspace,
        arguments: &FleetArguments,
        environments: &[EnvironmentName],
    ) -> Result<Option<(Self, DiscoveryConfig)>, CommandError> {
        let Some(address) = arguments.xds else { return Ok(None) };
        let certificates = CertificateFiles::of_nodes(
            context,
            arguments.xds_cert.as_deref().zip(arguments.xds_key.as_deref()).zip(arguments.xds_client_ca.as_deref()),
        );
        if certificates.is_none() && !address.ip().to_canonical().is_loopback() {
            return Err(CommandError::usage(format!("--xds {address} could be reached from other machines"))
                .hint("have nodes show certificates: `--xds-cert FILE --xds-key FILE --xds-client-ca FILE`")
                .hint("or give a loopback address, like 127.0.0.1:18000"));
        }
        let follow = |files| FollowedCertificates::start(files, "for nodes", "a node");
        let mut publisher = Self {
            control: Arc::default(),
            certificates: certificates.map(follow).transpose()?,
            secrets_folder: arguments.xds_secrets.clone().unwrap_or_default(),
            allow_loss: arguments.allow_loss.clone(),
            environments: BTreeMap::new(),
            forget_at: Instant::now(),
            was_saved: true,
        };
        for environment in environments {
            publisher.open(context, workspace, environment)?;
        }
        let tls = publisher.certificates.as_ref().map(FollowedCertificates::tls);
        let config = DiscoveryConfig { address, control: Arc::clone(&publisher.control), tls };
        Ok(Some((publisher, config)))
    }

    /// Begins with the nodes of an environment.
    fn open(
        &mut self,
        context: &Context<'_>,
        workspace: &Workspace,
        environment: &EnvironmentName,
    ) -> Result<(), workspace::Error> {
        let lock = workspace.lock_fleet(environment)?;
        let remembered = workspace.fleet_record(environment).unwrap_or_else(|error| {
            context.output.warning(&format!(
                "the remembered nodes of {environment} cannot be read, and are collected again: {}",
                error.one_line()
            ));
            None
        });
        let fleet = remembered.map(|record| EnvironmentFleet::remembered(record, wall_clock()));
        self.control.open(environment, fleet.unwrap_or_else(|| EnvironmentFleet::new(environment.clone())));
        let published = PublishedEnvironment::new(NodeTranslator::new(self.secrets_folder.clone()), lock);
        self.environments.insert(environment.clone(), published);
        Ok(())
    }

    /// Gives the nodes of each environment that has changed its newest release.
    pub(super) fn publish(
        &mut self,
        context: &Context<'_>,
        workspace: &Workspace,
        live: &Snapshot,
        reader: &LiveReader,
    ) {
        for snapshot in &live.environments {
            if !self.environments.contains_key(&snapshot.name) {
                let opened = self.open(context, workspace, &snapshot.name);
                if let Err(error) = opened {
                    context.output.warning(&format!(
                        "no node of {} is served here: {}",
                        snapshot.name,
                        error.one_line()
                    ));
                }
            }
            let Some(published) = self.environments.get_mut(&snapshot.name) else { continue };
            if published.snapshot.as_ref().is_some_and(|before| Arc::ptr_eq(before, snapshot)) {
                continue;
            }
            if published.snapshot.is_none() && published.is_incomplete(context, snapshot, reader) {
                continue;
            }
            published.snapshot = Some(Arc::clone(snapshot));
            published.take_groups(context, workspace, snapshot, &self.allow_loss);
            let release = published.release(snapshot);
            if let Some(record) = self.control.announce(&snapshot.name, &release) {
                // Before any node has its clusters: they are needed for the release after it.
                self.was_saved = saved(context, self.was_saved, &workspace.save_fleet(&record, true));
            }
            self.control.replace(&snapshot.name, release);
        }
    }

    /// Saves the nodes where something about them has changed, forgets those that are gone, and reads certificates
    /// again.
    pub(super) fn tick(&mut self, context: &Context<'_>, workspace: &Workspace) {
        let forgets = Instant::now() >= self.forget_at;
        if forgets {
            self.forget_at = Instant::now() + FORGET_PAUSE;
            if let Some(certificates) = &mut self.certificates {
                certificates.look(context);
            }
        }
        for (name, published) in &mut self.environments {
            let mut requests = Vec::new();
            if forgets {
                let settings = workspace.settings().environment(name).fleet;
                self.control.forget(name, settings.forget_after_ms(), |node| settings.nodes.contains(node));
                requests = workspace.forget_requests(name).unwrap_or_default();
                for node in requests.iter().filter(|node| !settings.nodes.contains(node)) {
                    if self.control.forget_node(name, node) {
                        context.output.note(&format!("{name}: node {node} is forgotten, by `apigw node forget`"));
                    }
                }
            }
            if let Some((revision, record)) = self.control.record_since(name, published.revision) {
                published.revision = revision;
                self.was_saved = saved(context, self.was_saved, &workspace.save_fleet(&record, false));
            }
            // The command reads then which nodes are left.
            for node in requests {
                if let Err(error) = workspace.close_forget_request(name, &node) {
                    published
                        .warn_once(context, format!("{name}: `apigw node forget` will time out: {}", error.one_line()));
                }
            }
        }
    }
}

impl PublishedEnvironment {
    fn new(translator: NodeTranslator, lock: FleetLock) -> Self {
        Self {
            snapshot: None,
            groups: BTreeMap::new(),
            translator,
            withheld: BTreeMap::new(),
            reported: BTreeSet::new(),
            revision: 0,
            _lock: lock,
        }
    }

    /// True if a part of an environment that was never given to nodes cannot be read: they keep what they have from
    /// before, rather than lose a group.
    fn is_incomplete(&mut self, context: &Context<'_>, snapshot: &EnvironmentSnapshot, reader: &LiveReader) -> bool {
        let is_missing = |entry: &&NotServed| {
            entry.environment == snapshot.name
                && entry.group.as_ref().is_none_or(|group| snapshot.group(group).is_none())
        };
        let missing: Vec<&NotServed> = reader.not_served().filter(is_missing).collect();
        for NotServed { reason, .. } in &missing {
            let text = format!("{}: nodes are given nothing until this is mended: {reason}", snapshot.name);
            self.warn_once(context, text);
        }
        !missing.is_empty()
    }

    /// Builds the groups whose entries have changed.
    fn take_groups(
        &mut self,
        context: &Context<'_>,
        workspace: &Workspace,
        snapshot: &EnvironmentSnapshot,
        allow_loss: &[ReportAspect],
    ) {
        let is_live = |group: &GroupName| {
            let entry = snapshot.group(group);
            entry.is_some_and(|entry| entry.deployment.release.state == DeploymentState::Live)
        };
        self.groups.retain(|group, _| is_live(group));
        let is_changed = |group: &GroupName| {
            let known = self.groups.get(group).map(|(deployment, _)| deployment);
            known != snapshot.group(group).map(|entry| &entry.deployment)
        };
        let routes = build_environment(snapshot, &workspace.settings().base_domain, is_changed);
        let not_served = routes.not_served.into_iter().filter_map(|NotServed { group, operation, reason, .. }| {
            Some((group?, WithheldGroup { operation: operation?, reason }))
        });
        self.withheld = not_served.collect();
        for routes in routes.groups {
            let report = report(&routes, ExportTarget::Envoy, &CallerKeys::default());
            let Some(entry) = snapshot.group(&routes.group) else { continue };
            if let Some((_, lost)) = report.lost_access(allow_loss).next() {
                let (aspect, detail) = (lost.aspect.as_str(), lost.detail);
                let place = DeviationPlaces::read(workspace, &report).shown(&lost.place);
                let reason =
                    format!("access would be lost in Envoy: {detail} ({place}; allow it with `--allow-loss {aspect}`)");
                let withheld = WithheldGroup { operation: routes.operation, reason };
                self.withheld.insert(routes.group, withheld);
                continue;
            }
            self.groups.insert(routes.group.clone(), (entry.deployment.clone(), Arc::new(routes)));
        }
        for (group, WithheldGroup { reason, .. }) in self.withheld.clone() {
            self.warn_once(context, format!("{group} in {}: nodes do not get it: {reason}", snapshot.name));
        }
    }

    /// Makes the release of the groups.
    fn release(&mut self, snapshot: &EnvironmentSnapshot) -> FleetRelease {
        let groups: Vec<Arc<GroupRoutes>> = self.groups.values().map(|(_, routes)| Arc::clone(routes)).collect();
        let resources = self.translator.translate(&groups);
        let cluster = |cluster: &Arc<NodeCluster>| {
            let NodeCluster { name, message, resolves_names } = &**cluster;
            (name.as_str().into(), ClusterResource::new(message, *resolves_names))
        };
        let clusters = resources.clusters.iter().map(cluster).collect();
        let mut serves: BTreeMap<GroupName, OperationId> = BTreeMap::new();
        for entry in snapshot.groups() {
            let is_offline = entry.deployment.release.state == DeploymentState::Offline;
            let given = self.groups.get(&entry.name).map(|(deployment, _)| deployment);
            if let Some(deployment) = given.or_else(|| is_offline.then_some(&entry.deployment)) {
                serves.insert(entry.name.clone(), deployment.operation.clone());
            }
        }
        FleetRelease::new(serves, self.withheld.clone(), &resources.routes, clusters, node_listener)
    }

    fn warn_once(&mut self, context: &Context<'_>, text: String) {
        if !self.reported.contains(&text) {
            context.output.warning(&text);
            self.reported.insert(text);
        }
    }
}

/// Says once that nodes cannot be remembered.
fn saved(context: &Context<'_>, was_saved: bool, saved: &Result<(), crate::workspace::Error>) -> bool {
    if let Err(error) = saved
        && was_saved
    {
        let error = error.one_line();
        context.output.warning(&format!("nodes are not remembered, and `--wait` does not see them: {error}"));
    }
    saved.is_ok()
}
