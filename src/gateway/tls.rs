//! The certificates that the gateway shows: a usual one, and one for each domain that has its own.

use std::collections::HashMap;
use std::sync::Arc;

use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::crypto;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert, WebPkiClientVerifier};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{Error, RootCertStore};

pub use tokio_rustls::rustls::ServerConfig;

use crate::fleet::NodeIdentity;
use crate::model::DomainName;

/// A certificate with its chain and its private key, each PEM.
#[derive(Clone)]
pub struct Certificate {
    /// The domains that are shown it; with none, those are that it was issued for, and the first such certificate is
    /// shown where no other is.
    pub domains: Vec<DomainName>,
    /// The certificate and those above it.
    pub chain: Arc<[u8]>,
    /// Its private key.
    pub key: Arc<[u8]>,
}

/// Reason why certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The chain is not PEM or holds no certificate.
    #[error("the certificate is not PEM, or the file holds none")]
    Chain,
    /// The key is not PEM or of an unknown kind.
    #[error("the private key is not PEM, or the file holds none")]
    Key,
    /// The key is of a kind that is not known, or another certificate's.
    #[error("the certificate and its private key cannot be used")]
    Pair(#[source] tokio_rustls::rustls::Error),
    /// The authorities of clients are not PEM, or there are none.
    #[error("the authorities of clients are not PEM, or the file holds none")]
    Authorities,
}

/// The configuration of an encrypted listener, with the verifier of its clients' certificates where they have to show
/// some.
#[derive(Debug, Clone)]
pub struct ListenerTls {
    config: Arc<ServerConfig>,
    clients: Option<Arc<dyn ClientCertVerifier>>,
}

impl ListenerTls {
    /// Takes the configuration of a listener for any client.
    #[must_use]
    pub const fn open(config: Arc<ServerConfig>) -> Self {
        Self { config, clients: None }
    }

    /// Returns the configuration.
    #[must_use]
    pub const fn config(&self) -> &Arc<ServerConfig> {
        &self.config
    }

    /// Verifies the certificates that a client showed, its own first.
    pub(crate) fn verify_client(&self, chain: &[CertificateDer<'_>], now: UnixTime) -> Result<(), Error> {
        let Some(clients) = &self.clients else { return Ok(()) };
        let (own, others) = chain.split_first().ok_or(Error::NoCertificatesPresented)?;
        clients.verify_client_cert(own, others, now).map(drop)
    }
}

/// Builds the configuration of encrypted listeners, for HTTP/2 and HTTP/1.1 (RFC 7301).
pub fn server_config(certificates: &[Certificate]) -> Result<Arc<ServerConfig>, TlsError> {
    let provider = Arc::new(crypto::ring::default_provider());
    let mut resolver = CertificateResolver { by_own_names: Vec::new(), by_domain: HashMap::new() };
    for certificate in certificates {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&certificate.chain).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or(TlsError::Chain)?;
        let key = PrivateKeyDer::from_pem_slice(&certificate.key).map_err(|_| TlsError::Key)?;
        let certified = Arc::new(CertifiedKey::from_der(chain, key, &provider).map_err(TlsError::Pair)?);
        if certificate.domains.is_empty() {
            resolver.by_own_names.push(Arc::clone(&certified));
        }
        for domain in &certificate.domains {
            resolver.by_domain.insert(domain.as_str().to_owned(), Arc::clone(&certified));
        }
    }
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = builder.map_err(TlsError::Pair)?.with_no_client_auth().with_cert_resolver(Arc::new(resolver));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Builds the configuration of the listener of nodes: HTTP/1.1, and a certificate of one of these authorities (PEM)
/// from each.
pub fn node_server_config(certificate: &Certificate, authorities: &[u8]) -> Result<ListenerTls, TlsError> {
    let provider = Arc::new(crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    for authority in CertificateDer::pem_slice_iter(authorities) {
        roots.add(authority.map_err(|_| TlsError::Authorities)?).map_err(|_| TlsError::Authorities)?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let verifier = verifier.build().map_err(|_| TlsError::Authorities)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&certificate.chain).collect();
    let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or(TlsError::Chain)?;
    let key = PrivateKeyDer::from_pem_slice(&certificate.key).map_err(|_| TlsError::Key)?;
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(TlsError::Pair)?.with_client_cert_verifier(Arc::clone(&verifier));
    let mut config = builder.with_single_cert(chain, key).map_err(TlsError::Pair)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(ListenerTls { config: Arc::new(config), clients: Some(verifier) })
}

/// Returns the nodes that a certificate names.
pub(crate) fn node_identities(certificate: &CertificateDer<'_>) -> Vec<NodeIdentity> {
    let Ok(certificate) = webpki::EndEntityCert::try_from(certificate) else { return Vec::new() };
    certificate.valid_uri_names().filter_map(NodeIdentity::from_uri).collect()
}

#[derive(Debug)]
struct CertificateResolver {
    /// Those that were issued for the names that they are shown for; there are few.
    by_own_names: Vec<Arc<CertifiedKey>>,
    by_domain: HashMap<String, Arc<CertifiedKey>>,
}

impl ResolvesServerCert for CertificateResolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name().map(str::to_ascii_lowercase);
        let named = name.as_ref().and_then(|name| self.by_domain.get(name));
        let usual = self.by_own_names.first();
        let own = || {
            let name = ServerName::try_from(name.as_deref()?).ok()?;
            self.by_own_names.iter().find(|certified| is_issued_for(certified, &name))
        };
        named.or_else(|| usual.filter(|_| self.by_own_names.len() == 1)).or_else(own).or(usual).cloned()
    }
}

/// True if a certificate was issued for a name, by itself or by a wildcard (RFC 9525, section 6).
fn is_issued_for(certified: &CertifiedKey, name: &ServerName<'_>) -> bool {
    let own = certified.cert.first().and_then(|certificate| ParsedCertificate::try_from(certificate).ok());
    own.is_some_and(|own| verify_server_name(&own, name).is_ok())
}
