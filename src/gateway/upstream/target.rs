//! The addresses of backends, and whether they are up.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use http::HeaderValue;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use super::tls_client::ClientTlsError;
use crate::model::HttpUrl;

/// Time for which a failed address is passed over while others are up.
const DOWN_FOR: Duration = Duration::from_secs(5);

/// Target of connections: a scheme, a host and a port, and the trust in them.
pub(crate) struct UpstreamOrigin {
    /// Id of the origin in the workers' pools.
    pub(crate) id: u64,
    /// The host, without the brackets of an IPv6 address.
    pub(crate) host: String,
    /// The port.
    pub(crate) port: u16,
    /// The `Host` of its requests.
    pub(crate) authority: HeaderValue,
    /// TLS with it; `None` for plain HTTP.
    pub(crate) tls: Option<TlsClient>,
    /// Addresses that are refused otherwise.
    pub(crate) allow: Vec<IpAddr>,
    /// Until when it is passed over, in milliseconds since [`OriginSet::epoch`]; 0 while it is up.
    down_until_ms: AtomicU64,
    epoch: Instant,
}

/// TLS with an origin.
#[derive(Clone)]
pub(crate) struct TlsClient {
    pub(crate) config: Arc<ClientConfig>,
    pub(crate) name: ServerName<'static>,
}

/// An origin, and the path below which requests go there.
#[derive(Clone)]
pub(crate) struct UpstreamTarget {
    pub(crate) origin: Arc<UpstreamOrigin>,
    /// The path of the address without a slash at the end.
    pub(crate) base_path: String,
}

/// One backend: one or several targets that serve the same.
#[derive(Clone)]
pub(crate) struct TargetSet {
    pub(crate) targets: Vec<UpstreamTarget>,
    /// The address, as the access log names it.
    pub(crate) name: Arc<str>,
}

impl TargetSet {
    /// Picks a target: one of those that are up and not the one to avoid, else one that is not the one to avoid, else
    /// any.
    ///
    /// Turns are spread evenly over the ones to pick from, so that the share of one that is down goes to all others.
    pub(crate) fn pick(&self, turn: usize, avoid: Option<u64>) -> Option<&UpstreamTarget> {
        if let [only] = &self.targets[..] {
            return Some(only);
        }
        let is_other = |target: &&UpstreamTarget| Some(target.origin.id) != avoid;
        let is_up = |target: &&UpstreamTarget| target.origin.is_up() && is_other(target);
        spread(turn, || self.targets.iter().filter(is_up))
            .or_else(|| spread(turn, || self.targets.iter().filter(is_other)))
            .or_else(|| spread(turn, || self.targets.iter()))
    }
}

/// Picks an item by a turn. A worker's turns are drawn by the requests of all its groups: multiplied by the golden
/// ratio, those of one group are spread evenly, whichever of them it draws.
fn spread<T, I: Iterator<Item = T>>(turn: usize, items: impl Fn() -> I) -> Option<T> {
    const GOLDEN_RATIO: u64 = 0x9e37_79b9_7f4a_7c15;
    let count = items().count() as u128;
    let share = u128::from((turn as u64).wrapping_mul(GOLDEN_RATIO));
    items().nth(usize::try_from((share * count) >> u64::BITS).ok()?)
}

impl UpstreamOrigin {
    /// True if the last attempt to use it went well, or was long enough ago.
    pub(crate) fn is_up(&self) -> bool {
        let until = self.down_until_ms.load(Ordering::Relaxed);
        until == 0 || self.now_ms() >= until
    }

    /// Notes that it responded.
    pub(crate) fn note_response(&self) {
        if self.down_until_ms.load(Ordering::Relaxed) != 0 {
            self.down_until_ms.store(0, Ordering::Relaxed);
        }
    }

    /// Leaves it out for a while, since it could not be reached or its response ended early.
    pub(crate) fn mark_down(&self) {
        let until = self.now_ms().saturating_add(u64::try_from(DOWN_FOR.as_millis()).unwrap_or(u64::MAX));
        self.down_until_ms.store(until, Ordering::Relaxed);
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// A backend cannot be called.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpstreamError {
    /// Its address is not one.
    #[error("{0} is not a backend's address")]
    Address(HttpUrl),
    /// Its TLS settings cannot be used.
    #[error(transparent)]
    Tls(#[from] ClientTlsError),
}

/// Key of an origin.
#[derive(Clone, PartialEq, Eq, Hash)]
struct OriginKey {
    https: bool,
    host: String,
    port: u16,
    /// The identity of the TLS settings.
    tls: Option<crate::model::Digest>,
    allow: Vec<IpAddr>,
}

/// The origins of a gateway: one that several groups use, or that is used on, is one, with one pool a worker.
pub(crate) struct OriginSet {
    epoch: Instant,
    known: Mutex<(u64, HashMap<OriginKey, Weak<UpstreamOrigin>>)>,
}

/// Settings that the origins of one group share.
pub(crate) struct OriginSettings {
    /// TLS, if the address is `https`.
    pub(crate) tls: Option<Arc<ClientConfig>>,
    /// The identity of the TLS settings.
    pub(crate) tls_identity: crate::model::Digest,
    pub(crate) allow: Vec<IpAddr>,
}

impl OriginSet {
    /// Makes an empty list.
    pub(crate) fn new() -> Self {
        Self { epoch: Instant::now(), known: Mutex::default() }
    }

    /// Returns the target of an address. TLS settings are asked for only where the address is `https`.
    pub(crate) fn target(
        &self,
        url: &HttpUrl,
        settings: &mut dyn FnMut(bool) -> Result<Arc<OriginSettings>, ClientTlsError>,
    ) -> Result<UpstreamTarget, UpstreamError> {
        let malformed = || UpstreamError::Address(url.clone());
        let uri: http::Uri = url.as_str().parse().map_err(|_| malformed())?;
        let https = uri.scheme() == Some(&http::uri::Scheme::HTTPS);
        let host = uri.host().ok_or_else(malformed)?.to_ascii_lowercase();
        let port = uri.port_u16().unwrap_or(if https { 443 } else { 80 });
        let authority = match uri.port_u16() {
            Some(port) => format!("{host}:{port}"),
            None => host.clone(),
        };
        let authority = HeaderValue::try_from(authority).map_err(|_| malformed())?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let settings = settings(https)?;
        let tls = match &settings.tls {
            Some(config) => {
                let name = ServerName::try_from(host.clone()).map_err(|_| malformed())?;
                Some(TlsClient { config: Arc::clone(config), name })
            }
            None => None,
        };
        let key = OriginKey {
            https,
            host: host.clone(),
            port,
            tls: tls.as_ref().map(|_| settings.tls_identity),
            allow: settings.allow.clone(),
        };
        let base_path = uri.path().trim_end_matches('/').to_owned();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (next_id, origins) = &mut *known;
        if let Some(origin) = origins.get(&key).and_then(Weak::upgrade) {
            return Ok(UpstreamTarget { origin, base_path });
        }
        origins.retain(|_, origin| origin.strong_count() > 0);
        *next_id += 1;
        let origin = Arc::new(UpstreamOrigin {
            id: *next_id,
            host,
            port,
            authority,
            tls,
            allow: settings.allow.clone(),
            down_until_ms: AtomicU64::new(0),
            epoch: self.epoch,
        });
        origins.insert(key, Arc::downgrade(&origin));
        Ok(UpstreamTarget { origin, base_path })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::Digest;

    fn backend(origins: &OriginSet, urls: &[&str]) -> TargetSet {
        let settings = Arc::new(OriginSettings { tls: None, tls_identity: Digest::of(b""), allow: Vec::new() });
        let target = |url: &&str| {
            origins.target(&url.parse().expect("an address"), &mut |_| Ok(Arc::clone(&settings))).expect("a target")
        };
        TargetSet { targets: urls.iter().map(target).collect(), name: "".into() }
    }

    #[test]
    fn an_address_that_failed_is_passed_over() {
        let origins = OriginSet::new();
        let backend = backend(&origins, &["http://a.example", "http://b.example/base/", "http://a.example:80/other"]);
        let [a, b, again] = &backend.targets[..] else { panic!("three targets") };
        assert_eq!(a.origin.id, again.origin.id);
        assert_eq!((b.base_path.as_str(), a.base_path.as_str()), ("/base", ""));
        let host = |turn, avoid| backend.pick(turn, avoid).map(|target| target.origin.host.clone()).expect("a target");
        assert_eq!((host(0, None), host(1, None)), ("a.example".to_owned(), "b.example".to_owned()));
        assert_eq!(host(0, Some(a.origin.id)), "b.example");
        b.origin.mark_down();
        assert_eq!(host(1, None), "a.example");
        assert_eq!(host(1, Some(a.origin.id)), "b.example");
        b.origin.note_response();
        assert_eq!(host(1, None), "b.example");
    }

    #[test]
    fn the_share_of_an_address_that_is_down_goes_to_all_others() {
        const TURNS: usize = 1200;
        let origins = OriginSet::new();
        let all = ["http://a.example", "http://b.example", "http://c.example", "http://d.example"];
        let backend = backend(&origins, &all);
        // Where other groups draw turns between, one group has every second, third or fourth of them.
        for stride in 1..=4 {
            let shares = || {
                let mut shares = BTreeMap::<String, usize>::new();
                for turn in (0..TURNS).map(|request| request * stride) {
                    let picked = backend.pick(turn, None).expect("a target");
                    *shares.entry(picked.origin.host.clone()).or_default() += 1;
                }
                shares
            };
            for down in [0, 1, 2] {
                let up = all.len() - down;
                backend.targets.iter().take(down).for_each(|target| target.origin.mark_down());
                let shares = shares();
                assert_eq!(shares.len(), up, "{shares:?}");
                let even = TURNS / up;
                for share in shares.values() {
                    assert!(share.abs_diff(even) <= even / 20, "one in {stride}, {down} down: {shares:?}");
                }
                backend.targets.iter().for_each(|target| target.origin.note_response());
            }
        }
    }

    #[test]
    fn an_address_that_is_down_is_asked_rather_than_the_one_that_failed_just_now() {
        let origins = OriginSet::new();
        let two = backend(&origins, &["http://a.example", "http://b.example"]);
        let [a, b] = &two.targets[..] else { panic!("two targets") };
        b.origin.mark_down();
        assert_eq!(two.pick(0, Some(a.origin.id)).map(|target| target.origin.id), Some(b.origin.id));
        let one = backend(&origins, &["http://a.example/v1", "http://a.example/v2"]);
        assert!(one.pick(0, Some(a.origin.id)).is_some(), "there is no other");
    }

    #[test]
    fn an_address_is_down_for_a_while() {
        let origins = OriginSet::new();
        let backend = backend(&origins, &["http://a.example"]);
        let origin = &backend.targets[0].origin;
        origin.mark_down();
        assert!(!origin.is_up());
        std::thread::sleep(Duration::from_millis(2));
        origin.down_until_ms.store(1, Ordering::Relaxed);
        assert!(origin.is_up());
    }

    #[test]
    fn only_who_trusts_alike_shares_connections() {
        let origins = OriginSet::new();
        let config =
            crate::gateway::upstream::tls_client::client_config(&crate::model::BackendTls::default(), &BTreeMap::new());
        let config = config.expect("the system's settings");
        let target = |url: &str, allow: &[&str], identity: &[u8]| {
            let allow = allow.iter().map(|address| address.parse().expect("an address")).collect();
            let tls = url.starts_with("https").then(|| Arc::clone(&config));
            let settings = Arc::new(OriginSettings { tls, tls_identity: Digest::of(identity), allow });
            origins.target(&url.parse().expect("an address"), &mut |_| Ok(Arc::clone(&settings))).expect("a target")
        };
        let plain = target("http://a.example:443", &[], b"");
        assert_eq!(plain.origin.id, target("http://A.example:443", &[], b"another").origin.id);
        let encrypted = target("https://a.example", &[], b"");
        assert_eq!(
            (encrypted.origin.port, encrypted.origin.id),
            (443, target("https://a.example:443", &[], b"").origin.id)
        );
        for other in [
            encrypted.clone(),
            target("http://a.example:443", &["169.254.169.254"], b""),
            target("https://a.example", &[], b"another"),
        ] {
            assert_ne!(other.origin.id, plain.origin.id);
        }
        assert_ne!(target("https://a.example", &[], b"another").origin.id, encrypted.origin.id);
    }

    #[test]
    fn origins_that_nobody_uses_are_forgotten() {
        let origins = OriginSet::new();
        for number in 0..10 {
            backend(&origins, &[&format!("http://{number}.example")]);
        }
        assert_eq!(origins.known.lock().expect("nobody panics").1.len(), 1);
    }
}
