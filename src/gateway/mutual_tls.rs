//! Listeners whose clients show certificates: nodes that poll, and proxies that ask for verdicts.
//!
//! A certificate that ends soon is the only revocation that there is, and connections live long: hence the certificates
//! of a client are verified with each of its requests, by the authorities that are trusted now, and not in the
//! handshake alone.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, UnixTime};
use tokio_rustls::rustls::{CertificateError, Error, ServerConfig};
use tokio_rustls::server::TlsStream;

use super::tls::{ListenerTls, node_identities};
use crate::fleet::NodeIdentity;

/// The pause between two lines of a log about one client and one reason.
const LOG_PAUSE: Duration = Duration::from_mins(1);
/// The most clients with reasons that are told apart.
const MOST_TOLD_APART: usize = 16;

/// A listener's own certificate and the authorities of its clients, which may be replaced, and the clients that it
/// refused.
#[derive(Debug)]
pub struct MutualTls {
    present: ArcSwap<ListenerTls>,
    refused: Mutex<RefusedClients>,
}

/// A client that was refused, some times since it was told of last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedClient {
    /// Its address; `None` for all those that are not told apart.
    pub peer: Option<IpAddr>,
    /// The reason.
    pub reason: String,
    /// The number of times.
    pub times: u64,
}

/// Reason why the certificates of a client are refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum CertificateFault {
    #[error("it showed no certificate")]
    Missing,
    #[error("its certificate has expired")]
    Expired,
    #[error("its certificate is not valid yet")]
    NotYetValid,
    #[error("its certificate was issued by no authority that is trusted")]
    UnknownIssuer,
    #[error("its certificate cannot be used: {0}")]
    Unusable(Error),
    #[error("the TLS handshake failed: {0}")]
    Handshake(Error),
}

impl From<Error> for CertificateFault {
    fn from(error: Error) -> Self {
        match error {
            Error::NoCertificatesPresented => Self::Missing,
            Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
                Self::Expired
            }
            Error::InvalidCertificate(CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. }) => {
                Self::NotYetValid
            }
            Error::InvalidCertificate(CertificateError::UnknownIssuer) => Self::UnknownIssuer,
            Error::InvalidCertificate(_) => Self::Unusable(error),
            _ => Self::Handshake(error),
        }
    }
}

/// Reason why a handshake failed.
#[derive(Debug)]
pub(crate) enum HandshakeFailure {
    /// The client left.
    Left,
    /// The client was refused.
    Refused(CertificateFault),
}

impl From<io::Error> for HandshakeFailure {
    fn from(error: io::Error) -> Self {
        let fault = error.get_ref().and_then(|fault| fault.downcast_ref::<Error>());
        fault.map_or(Self::Left, |fault| Self::Refused(fault.clone().into()))
    }
}

/// The certificates that a client showed.
#[derive(Debug)]
pub(crate) struct ShownCertificates {
    tls: Arc<MutualTls>,
    chain: Vec<CertificateDer<'static>>,
    /// The second in which they were verified last, with the authorities that they were verified by: the times in
    /// certificates are whole seconds, so that nothing changes within one.
    verified: Mutex<Option<(u64, Arc<ListenerTls>)>>,
}

impl MutualTls {
    /// Begins with a certificate and authorities.
    #[must_use]
    pub fn new(tls: ListenerTls) -> Self {
        Self { present: ArcSwap::from_pointee(tls), refused: Mutex::default() }
    }

    /// Replaces the certificate and the authorities.
    pub fn replace(&self, tls: ListenerTls) {
        self.present.store(Arc::new(tls));
    }

    /// Takes the clients that a log is to name now.
    #[must_use]
    pub fn take_refused(&self) -> Vec<RefusedClient> {
        self.refused().take(Instant::now())
    }

    /// Returns the configuration for a handshake.
    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(self.present.load().config())
    }

    /// Makes the handshake of a connection; a client that is refused is counted, and the reason returned.
    pub(crate) async fn accept<S>(
        self: &Arc<Self>,
        stream: S,
        peer: IpAddr,
    ) -> Result<(TlsStream<S>, ShownCertificates), HandshakeFailure>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        match TlsAcceptor::from(self.config()).accept(stream).await {
            Ok(stream) => {
                let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
                let chain = chain.iter().map(|certificate| certificate.clone().into_owned()).collect();
                let shown = ShownCertificates { tls: Arc::clone(self), chain, verified: Mutex::default() };
                Ok((stream, shown))
            }
            Err(error) => {
                let failure = HandshakeFailure::from(error);
                if let HandshakeFailure::Refused(fault) = &failure {
                    self.note_refused(peer, &fault.to_string());
                }
                Err(failure)
            }
        }
    }

    /// Counts a client that was refused.
    pub(crate) fn note_refused(&self, peer: IpAddr, reason: &str) {
        self.refused().note(peer, reason);
    }

    fn refused(&self) -> MutexGuard<'_, RefusedClients> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ShownCertificates {
    /// Returns the nodes that the client's own certificate names.
    pub(crate) fn identities(&self) -> Vec<NodeIdentity> {
        self.chain.first().map(|own| node_identities(own)).unwrap_or_default()
    }

    /// Verifies the certificates by the authorities and the time as they are now, and counts a client that is refused.
    pub(crate) fn verify(&self, peer: IpAddr) -> Result<(), CertificateFault> {
        self.verify_at(UnixTime::now()).map_err(|error| {
            let fault = CertificateFault::from(error);
            self.tls.note_refused(peer, &fault.to_string());
            fault
        })
    }

    fn verify_at(&self, now: UnixTime) -> Result<(), Error> {
        let present = self.tls.present.load_full();
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        let is_verified =
            |(second, by): &(u64, Arc<ListenerTls>)| *second == now.as_secs() && Arc::ptr_eq(by, &present);
        if !verified.as_ref().is_some_and(is_verified) {
            present.verify_client(&self.chain, now)?;
            *verified = Some((now.as_secs(), present));
        }
        Ok(())
    }
}

/// The clients that were refused lately, each with a reason.
#[derive(Debug, Default)]
struct RefusedClients {
    told_apart: BTreeMap<(IpAddr, String), RefusalCount>,
    others: RefusalCount,
}

#[derive(Debug, Default)]
struct RefusalCount {
    /// The number of times since a log named it.
    times: u64,
    told_at: Option<Instant>,
}

impl RefusedClients {
    fn note(&mut self, peer: IpAddr, reason: &str) {
        let key = (peer, reason.to_owned());
        let is_full = self.told_apart.len() >= MOST_TOLD_APART && !self.told_apart.contains_key(&key);
        let count = if is_full { &mut self.others } else { self.told_apart.entry(key).or_default() };
        count.times += 1;
    }

    fn take(&mut self, now: Instant) -> Vec<RefusedClient> {
        let mut taken = Vec::new();
        for ((peer, reason), count) in &mut self.told_apart {
            if let Some(times) = count.take(now) {
                taken.push(RefusedClient { peer: Some(*peer), reason: reason.clone(), times });
            }
        }
        self.told_apart.retain(|_, count| count.times > 0 || !count.may_be_told(now));
        if let Some(times) = self.others.take(now) {
            taken.push(RefusedClient { peer: None, reason: "for various reasons".to_owned(), times });
        }
        taken
    }
}

impl RefusalCount {
    fn may_be_told(&self, now: Instant) -> bool {
        self.told_at.is_none_or(|told_at| now.duration_since(told_at) >= LOG_PAUSE)
    }

    fn take(&mut self, now: Instant) -> Option<u64> {
        if self.times == 0 || !self.may_be_told(now) {
            return None;
        }
        self.told_at = Some(now);
        Some(std::mem::take(&mut self.times))
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio_rustls::rustls::pki_types::pem::PemObject as _;

    use super::super::tls::{Certificate, node_server_config};
    use super::*;

    const NODES: &[u8] = include_bytes!("../../tests/certificates/nodes-ca.crt");
    const OTHERS: &[u8] = include_bytes!("../../tests/certificates/shop.crt");

    fn tls(authorities: &[u8]) -> ListenerTls {
        let control = Certificate {
            domains: Vec::new(),
            chain: include_bytes!("../../tests/certificates/control.crt").as_slice().into(),
            key: include_bytes!("../../tests/certificates/control.key").as_slice().into(),
        };
        node_server_config(&control, authorities).expect("certificates")
    }

    fn edge(tls: &Arc<MutualTls>) -> ShownCertificates {
        let own = CertificateDer::from_pem_slice(include_bytes!("../../tests/certificates/edge-1.crt"));
        ShownCertificates { tls: Arc::clone(tls), chain: vec![own.expect("a certificate")], verified: Mutex::default() }
    }

    fn fault(shown: &ShownCertificates, seconds: u64) -> Option<String> {
        let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        shown.verify_at(now).err().map(|error| CertificateFault::from(error).to_string())
    }

    #[test]
    fn a_certificate_is_verified_by_the_time_and_the_trust_of_each_request() {
        let listener = Arc::new(MutualTls::new(tls(NODES)));
        let shown = edge(&listener);
        let now = UnixTime::now().as_secs();
        assert_eq!(fault(&shown, now), None);
        assert_eq!(fault(&shown, 0).as_deref(), Some("its certificate is not valid yet"));
        assert_eq!(fault(&shown, 1 << 40).as_deref(), Some("its certificate has expired"));
        listener.replace(tls(OTHERS));
        let foreign = Some("its certificate was issued by no authority that is trusted");
        assert_eq!(fault(&shown, now).as_deref(), foreign, "within the same second, too");
        listener.replace(tls(NODES));
        assert_eq!(fault(&shown, now), None);
    }

    #[test]
    fn a_log_names_each_refused_client_seldom_and_counts_the_rest() {
        let mut refused = RefusedClients::default();
        let peer = |number| IpAddr::from(Ipv4Addr::new(192, 0, 2, number));
        let told = |refused: &mut RefusedClients, now| -> Vec<(Option<IpAddr>, u64)> {
            refused.take(now).into_iter().map(|client| (client.peer, client.times)).collect()
        };
        let start = Instant::now();
        refused.note(peer(1), "why");
        assert_eq!(told(&mut refused, start), [(Some(peer(1)), 1)]);
        for _ in 0..5 {
            refused.note(peer(1), "why");
        }
        refused.note(peer(1), "why else");
        assert_eq!(told(&mut refused, start + LOG_PAUSE / 2), [(Some(peer(1)), 1)], "another reason");
        assert_eq!(told(&mut refused, start + LOG_PAUSE), [(Some(peer(1)), 5)]);
        assert_eq!(told(&mut refused, start + LOG_PAUSE * 3), []);
        for number in 0..=255 {
            refused.note(peer(number), "why");
        }
        let many = told(&mut refused, start + LOG_PAUSE * 4);
        assert_eq!((many.len(), many.last()), (MOST_TOLD_APART + 1, Some(&(None, 256 - MOST_TOLD_APART as u64))));
        assert_eq!(refused.told_apart.len(), MOST_TOLD_APART);
        assert_eq!(told(&mut refused, start + LOG_PAUSE * 6), []);
        assert!(refused.told_apart.is_empty(), "they are forgotten");
    }
}
