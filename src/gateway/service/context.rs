//! Context of the service beside a request: the gateway as a whole, the worker that it runs on, the client's
//! connection.

use std::cell::{Cell, OnceCell, RefCell};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use arc_swap::ArcSwap;
use http::{HeaderMap, HeaderValue};
use tokio::sync::watch;

use crate::fleet::NodeIdentity;
use crate::gateway::access::AccessState;
use crate::gateway::access_log::LoggedClient;
use crate::gateway::body_pace::BodyPace;
use crate::gateway::client_address::{UntoldAddress, client_address, described_address};
use crate::gateway::compiled::CompiledSnapshot;
use crate::gateway::config::Config;
use crate::gateway::issuer_keys::IssuerKeySets;
use crate::gateway::key_meter::KeyMeters;
use crate::gateway::meter::Meter;
use crate::gateway::mutual_tls::ShownCertificates;
use crate::gateway::problem::Problem;
use crate::gateway::upstream::identity::Identity;
use crate::gateway::upstream::pool::Pool;
use crate::gateway::upstream::websocket::WebsocketTunnel;
use crate::gateway::watch::ConnectionWatch;
use crate::model::{IpRange, hexadecimal_digits};

/// State of the service that all workers share.
pub(crate) struct SharedContext {
    pub(crate) config: Config,
    pub(crate) snapshot: ArcSwap<CompiledSnapshot>,
    /// Tells of each change of the snapshot, of the keys and of the key sets of issuers, after it was made.
    pub(crate) changes: watch::Sender<()>,
    /// The keys that let callers in, and the nonces that were seen.
    pub(crate) access: AccessState,
    /// The keys of issuers of tokens that are fetched.
    pub(crate) issuers: Arc<IssuerKeySets>,
    /// Counts requests by key, and refusals by reason.
    pub(crate) key_meters: KeyMeters,
    /// Counts requests of which no API is known.
    pub(crate) unrouted: Arc<Meter>,
    pub(crate) identity: Identity,
    /// The slowest pace of request bodies.
    pub(crate) pace: BodyPace,
    pub(crate) draining: AtomicBool,
    /// True if the requests in flight are cut off.
    pub(crate) stopped: AtomicBool,
    /// Load of each worker.
    pub(crate) gauges: Box<[WorkerGauges]>,
}

/// Counters of a worker. Each has cache lines of its own, since workers write to them all the time.
#[derive(Default)]
#[repr(align(128))]
pub(crate) struct WorkerGauges {
    /// Number of responses.
    pub(crate) responses: AtomicU64,
    /// Number of requests in flight, as of its last tick.
    pub(crate) in_flight: AtomicUsize,
    /// Number of open connections to backends, as of its last tick.
    pub(crate) backend_connections: AtomicUsize,
    /// Time of its last tick, in milliseconds since the gateway was started; `u64::MAX` once it has ended.
    pub(crate) ticked_ms: AtomicU64,
}

/// State of the service on one worker.
pub(crate) struct Context {
    /// The worker's number.
    pub(crate) index: usize,
    pub(crate) shared: Arc<SharedContext>,
    pub(crate) pool: Rc<Pool>,
    /// Prefix of the ids of requests.
    id: [u8; 16],
    requests: Cell<u64>,
    /// The memory of headers that were read or written, for those that come next.
    spare_headers: RefCell<Vec<HeaderMap>>,
}

/// The purpose of a listener and of the connections to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConnectionPurpose {
    /// Requests are served.
    Serve,
    /// A proxy asks whether requests that it describes are let in.
    Authorize,
}

/// A client's connection.
pub(crate) struct ClientConnection {
    pub(crate) watch: Rc<ConnectionWatch>,
    pub(crate) purpose: ConnectionPurpose,
    /// The certificates of a proxy with the names in them; unset where none have to be shown.
    proxy: OnceCell<(ShownCertificates, Vec<NodeIdentity>)>,
    /// The other end of a connection that is about to speak another protocol.
    pub(crate) tunnel: RefCell<Option<AgreedTunnel>>,
}

/// A websocket that the backend has agreed to.
pub(crate) struct AgreedTunnel {
    pub(crate) tunnel: WebsocketTunnel,
    /// Ends once the request that opened it would be refused.
    pub(crate) refusal: Pin<Box<dyn Future<Output = Problem>>>,
}

impl SharedContext {
    /// Returns the status and the reason under which an aborted request is counted.
    pub(crate) fn abort_status(&self) -> (u16, &'static str) {
        if self.stopped.load(Ordering::Relaxed) {
            (503, "the gateway was stopped before the end of the response")
        } else {
            (499, "the client left, or was too slow, before the end of the response")
        }
    }
}

impl Context {
    /// Makes the context of a worker.
    pub(crate) fn new(index: usize, shared: Arc<SharedContext>, pool: Rc<Pool>) -> Self {
        Self {
            index,
            shared,
            pool,
            id: hexadecimal(RandomState::new().build_hasher().finish()),
            requests: Cell::new(0),
            spare_headers: RefCell::default(),
        }
    }

    /// Returns the id of a request: the client's if it is short and plain, else a new one.
    pub(crate) fn request_id(&self, given: Option<&HeaderValue>) -> HeaderValue {
        const LONGEST: usize = 128;
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if let Some(given) = given {
            let bytes = given.as_bytes();
            if (1..=LONGEST).contains(&bytes.len()) && bytes.iter().all(plain) {
                return given.clone();
            }
        }
        let number = self.requests.get().wrapping_add(1);
        self.requests.set(number);
        let mut text = [0; 32];
        let (worker, request) = text.split_at_mut(16);
        worker.copy_from_slice(&self.id);
        request.copy_from_slice(&hexadecimal(number));
        HeaderValue::from_bytes(&text).unwrap_or_else(|_| HeaderValue::from_static("0"))
    }

    /// Keeps the memory of unused headers for the next request.
    pub(crate) fn keep_headers(&self, mut headers: HeaderMap) {
        /// Maps with room for more are seldom needed.
        const MOST_ROOM: usize = 64;
        /// A request and its response have one each.
        const MOST_KEPT: usize = 2;
        let mut spare = self.spare_headers.borrow_mut();
        if headers.capacity() <= MOST_ROOM && spare.len() < MOST_KEPT {
            headers.clear();
            spare.push(headers);
        }
    }

    /// Returns an empty map, in memory that has been used before if there is some.
    pub(crate) fn kept_headers(&self) -> HeaderMap {
        self.spare_headers.borrow_mut().pop().unwrap_or_default()
    }

    /// Counts a response.
    pub(crate) fn note_response(&self) {
        if let Some(WorkerGauges { responses, .. }) = self.shared.gauges.get(self.index) {
            // Only this worker writes, so that reading and writing need not be one step.
            responses.store(responses.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        }
    }
}

impl ClientConnection {
    /// Makes a connection that is watched.
    pub(crate) fn new(watch: Rc<ConnectionWatch>, purpose: ConnectionPurpose) -> Rc<Self> {
        Rc::new(Self { watch, purpose, proxy: OnceCell::new(), tunnel: RefCell::default() })
    }

    /// Takes the certificates of a proxy.
    pub(crate) fn note_proxy(&self, shown: ShownCertificates) {
        let names = shown.identities();
        let _ = self.proxy.set((shown, names));
    }

    /// Returns true if the certificates of a proxy are still trusted, or none have to be shown.
    pub(crate) fn is_trusted(&self) -> bool {
        self.proxy.get().is_none_or(|(shown, _)| shown.verify(self.watch.peer.ip()).is_ok())
    }

    /// True if verdicts about an environment are given on it. Where proxies show certificates, those say so.
    pub(crate) fn may_ask_about(&self, environment: &str) -> bool {
        self.proxy.get().is_none_or(|(_, names)| names.iter().any(|name| name.environment.as_str() == environment))
    }

    /// True if a proxy asks on it for verdicts.
    pub(crate) fn is_authorizer(&self) -> bool {
        self.purpose == ConnectionPurpose::Authorize
    }

    /// Returns the address of the client of a request.
    pub(crate) fn address(&self, trusted: &[IpRange], headers: &HeaderMap) -> Result<IpAddr, UntoldAddress> {
        let peer = self.watch.peer.ip();
        if self.is_authorizer() {
            described_address(peer, headers, trusted)
        } else {
            client_address(peer, headers, trusted)
        }
    }

    /// Returns the address to which the work for a request is counted: that of the connection where no other is told.
    pub(crate) fn counted_address(&self, trusted: &[IpRange], headers: &HeaderMap) -> IpAddr {
        self.address(trusted, headers).unwrap_or_else(|_| self.watch.peer.ip())
    }

    /// Returns the client of a request and the proxy that tells it, for the access log. One that is not told is not
    /// known.
    pub(crate) fn logged_addresses(
        &self,
        trusted: &[IpRange],
        headers: &HeaderMap,
    ) -> (LoggedClient, Option<SocketAddr>) {
        let peer = self.watch.peer;
        match self.address(trusted, headers) {
            Ok(address) if address != peer.ip().to_canonical() => (LoggedClient::Told(address), Some(peer)),
            _ => (LoggedClient::Connected(peer), None),
        }
    }
}

fn hexadecimal(number: u64) -> [u8; 16] {
    let mut text = [0; 16];
    for (digits, byte) in text.as_chunks_mut::<2>().0.iter_mut().zip(number.to_be_bytes()) {
        *digits = hexadecimal_digits(byte);
    }
    text
}
