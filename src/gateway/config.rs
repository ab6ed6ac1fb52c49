//! Settings of a gateway: its listeners, limits and time-outs.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::ServerConfig;

use super::access_log::AccessLog;
use super::fleet_control::FleetControl;
use super::mutual_tls::MutualTls;
use super::pages::PageSource;
use super::source_status::SourceStatus;
use crate::access::{DayCounts, KeyDirectory, SignedDates};
use crate::model::{DomainName, IpRange, USUAL_BODY_KIB};

/// The settings of a gateway.
#[derive(Clone)]
pub struct Config {
    /// Addresses that it listens on.
    pub listen: Vec<BindAddress>,
    /// Address of `/-/healthz`, `/-/readyz`, `/-/status` and `/-/metrics`; none if unset.
    pub admin: Option<SocketAddr>,
    /// Address of the authorizer, which proxies ask about requests; none if unset. Without `authorize_tls` it trusts
    /// every client.
    pub authorize: Option<SocketAddr>,
    /// The certificate of the authorizer and the authorities of proxies, see [`super::tls::node_server_config`]. A
    /// proxy may ask about the environments that its certificate names.
    pub authorize_tls: Option<Arc<MutualTls>>,
    /// Where nodes poll for what is live, and the fleets that they are of.
    pub discovery: Option<DiscoveryConfig>,
    /// The pages below `/-/ui/` of that listener.
    pub admin_pages: Option<Arc<dyn PageSource>>,
    /// Address of the pages, and their source.
    pub pages: Option<(SocketAddr, Arc<dyn PageSource>)>,
    /// Number of workers, each with a thread of its own; 0 for one a core.
    pub workers: usize,
    /// The domain under which each group has its secondary domain.
    pub base_domain: DomainName,
    /// The certificates of encrypted listeners, see [`super::tls::server_config`].
    pub tls: Option<Arc<ServerConfig>>,
    /// Its limits.
    pub limits: GatewayLimits,
    /// Its time-outs.
    pub timeouts: GatewayTimeouts,
    /// The times of fetching the public keys of issuers.
    pub key_fetch: KeyFetchTimes,
    /// Link-local and metadata addresses that backends may have all the same, for every group.
    pub allow_addresses: Vec<IpAddr>,
    /// Proxies in front whose `Forwarded` and `X-Forwarded-*` are believed and added to.
    pub trusted_proxies: Vec<IpRange>,
    /// The keys that let callers in, until [`replace_access`](super::Gateway::replace_access) brings others.
    pub keys: Arc<KeyDirectory>,
    /// The number of gateways that share the limits of groups, keys and grants.
    pub gateways: NonZeroU32,
    /// The requests that a process before has let in today, as [`day_counts`](super::Gateway::day_counts) returned
    /// them.
    pub day_counts: DayCounts,
    /// The dates of signed requests that a process before has let in, and the journal for the process after. Without
    /// them a request that is dated ahead of the clock may be let in once more after a restart.
    pub signed_dates: Option<SignedDates>,
    /// Receiver of the access records.
    pub access_log: Option<Arc<dyn AccessLog>>,
    /// The store that the gateway follows, until [`note_source`](super::Gateway::note_source) says more.
    pub source: Option<SourceStatus>,
}

/// The listener of nodes.
#[derive(Clone)]
pub struct DiscoveryConfig {
    /// Its address.
    pub address: SocketAddr,
    /// The fleets.
    pub control: Arc<FleetControl>,
    /// Its certificates and the authorities of nodes, see [`super::tls::node_server_config`]; `None` where nodes are
    /// believed.
    pub tls: Option<Arc<MutualTls>>,
}

/// An address to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BindAddress {
    /// The address; with port 0 the system picks one.
    pub address: SocketAddr,
    /// True if connections are encrypted.
    pub tls: bool,
}

/// The limits of a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GatewayLimits {
    /// The largest head of a request, in bytes.
    pub head_bytes: usize,
    /// The largest body of a request, in bytes, where a group does not say otherwise.
    pub body_bytes: u64,
    /// The most connections at a time.
    pub connections: usize,
    /// The most requests at a time on one HTTP/2 connection.
    pub streams: u32,
}

/// The time-outs of a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GatewayTimeouts {
    /// For a TLS handshake, and for a head from its first byte.
    pub head: Duration,
    /// For the next request on a connection.
    pub keep_alive: Duration,
    /// For a body that stands still. One that comes more slowly than [`Self::BODY_BYTES_A_SECOND`] uses it up, too.
    pub body: Duration,
    /// For a client to take the bytes written.
    pub write: Duration,
    /// For anything to move while a request is in flight.
    pub stall: Duration,
}

/// The times of fetching the public keys of issuers from their addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyFetchTimes {
    /// From one fetch to the next.
    pub refresh: Duration,
    /// From one fetch to the next where it has failed, or a token names an unknown key; longer than the time-out.
    pub least_interval: Duration,
    /// Time-out for a whole fetch.
    pub timeout: Duration,
}

impl GatewayTimeouts {
    /// The least rate at which a body must come in the long run.
    pub const BODY_BYTES_A_SECOND: u64 = 1024;
}

impl Config {
    /// Makes the settings of a gateway that listens on an address, everything else as usual.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self {
            listen: vec![BindAddress { address, tls: false }],
            admin: None,
            authorize: None,
            authorize_tls: None,
            discovery: None,
            admin_pages: None,
            pages: None,
            workers: 0,
            base_domain: DomainName::local(),
            tls: None,
            limits: GatewayLimits::default(),
            timeouts: GatewayTimeouts::default(),
            key_fetch: KeyFetchTimes::default(),
            allow_addresses: Vec::new(),
            trusted_proxies: Vec::new(),
            keys: Arc::default(),
            gateways: NonZeroU32::MIN,
            day_counts: DayCounts::default(),
            signed_dates: None,
            access_log: None,
            source: None,
        }
    }
}

impl Default for GatewayLimits {
    fn default() -> Self {
        Self {
            head_bytes: 32 * 1024,
            body_bytes: u64::from(USUAL_BODY_KIB) * 1024,
            connections: 16 * 1024,
            streams: 128,
        }
    }
}

impl Default for KeyFetchTimes {
    fn default() -> Self {
        Self {
            refresh: Duration::from_mins(5),
            least_interval: Duration::from_secs(15),
            timeout: Duration::from_secs(10),
        }
    }
}

impl Default for GatewayTimeouts {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            keep_alive: Duration::from_secs(75),
            body: Duration::from_secs(30),
            write: Duration::from_secs(30),
            stall: Duration::from_mins(5),
        }
    }
}
