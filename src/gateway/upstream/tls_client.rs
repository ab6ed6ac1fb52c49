//! TLS towards backends: trusted roots, and the gateway's own client certificate.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore, crypto};

use crate::model::BackendTls;

/// The TLS settings of a group's backends cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum ClientTlsError {
    /// A file is not on this machine.
    #[error("there is no file .apigw/secrets/{0}, which forwarding.tls names")]
    MissingFile(String),
    /// A file holds no certificate.
    #[error("the file {0:?} contains no certificate")]
    NoCertificate(String),
    /// A file is not PEM.
    #[error("the file {name:?} is not PEM: {source}")]
    Pem {
        /// The file.
        name: String,
        /// The fault.
        source: Arc<pem::Error>,
    },
    /// A file holds no private key.
    #[error("the file {name:?} contains no private key: {source}")]
    Key {
        /// The file.
        name: String,
        /// The fault.
        source: Arc<pem::Error>,
    },
    /// A certificate that should be trusted is not valid.
    #[error("a certificate in {name:?} is not valid: {source}")]
    Authority {
        /// The file.
        name: String,
        /// The fault.
        source: rustls::Error,
    },
    /// The client's certificate and key do not go together.
    #[error("the client certificate cannot be used: {0}")]
    ClientCertificate(rustls::Error),
    /// One of the client's certificate and key is not named.
    #[error("forwarding.tls needs both certificate and key, or neither")]
    HalfIdentity,
    /// TLS itself is not to be had.
    #[error(transparent)]
    Provider(rustls::Error),
}

/// Builds the TLS settings of a group's backends from the files that it names.
pub(crate) fn client_config(
    settings: &BackendTls,
    files: &BTreeMap<String, Arc<[u8]>>,
) -> Result<Arc<ClientConfig>, ClientTlsError> {
    if *settings == BackendTls::default() {
        return system_config();
    }
    let file = |name: &String| files.get(name).ok_or_else(|| ClientTlsError::MissingFile(name.clone()));
    let roots = match &settings.ca {
        Some(name) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(file(name)?, name)? {
                roots.add(certificate).map_err(|source| ClientTlsError::Authority { name: name.clone(), source })?;
            }
            Arc::new(roots)
        }
        None => system_roots(),
    };
    let builder = builder()?.with_root_certificates(roots);
    match (&settings.certificate, &settings.key) {
        (Some(certificate), Some(key)) => {
            let chain = certificates(file(certificate)?, certificate)?;
            let key_bytes = PrivateKeyDer::from_pem_slice(file(key)?)
                .map_err(|source| ClientTlsError::Key { name: key.clone(), source: Arc::new(source) })?;
            let config = builder.with_client_auth_cert(chain, key_bytes);
            config.map(Arc::new).map_err(ClientTlsError::ClientCertificate)
        }
        (None, None) => Ok(Arc::new(builder.with_no_client_auth())),
        _ => Err(ClientTlsError::HalfIdentity),
    }
}

fn system_config() -> Result<Arc<ClientConfig>, ClientTlsError> {
    static CONFIG: OnceLock<Result<Arc<ClientConfig>, ClientTlsError>> = OnceLock::new();
    CONFIG.get_or_init(|| Ok(Arc::new(builder()?.with_root_certificates(system_roots()).with_no_client_auth()))).clone()
}

fn builder()
-> Result<tokio_rustls::rustls::ConfigBuilder<ClientConfig, tokio_rustls::rustls::WantsVerifier>, ClientTlsError> {
    ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(ClientTlsError::Provider)
}

/// The certificates that the system trusts. Those that cannot be read are left out: a backend that needs one
/// of them is then refused by name.
fn system_roots() -> Arc<RootCertStore> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let load = || {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Arc::new(roots)
    };
    Arc::clone(ROOTS.get_or_init(load))
}

fn certificates(bytes: &[u8], name: &str) -> Result<Vec<CertificateDer<'static>>, ClientTlsError> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => Err(ClientTlsError::NoCertificate(name.to_owned())),
        Err(source) => Err(ClientTlsError::Pem { name: name.to_owned(), source: Arc::new(source) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_would_trust_or_show_nobody_are_refused() {
        let certificate = include_bytes!("../../../tests/certificates/shop.crt");
        let named = |name: &str| Some(name.to_owned());
        let files: BTreeMap<String, Arc<[u8]>> =
            [("good".to_owned(), Arc::from(&certificate[..])), ("empty".to_owned(), Arc::from(&b"no PEM"[..]))].into();
        let usual = BackendTls::default();
        for (settings, expected) in [
            (BackendTls { certificate: named("good"), ..usual.clone() }, "both certificate and key"),
            (BackendTls { key: named("good"), ..usual.clone() }, "both certificate and key"),
            (BackendTls { ca: named("empty"), ..usual.clone() }, "\"empty\" contains no certificate"),
            (BackendTls { ca: named("gone"), ..usual.clone() }, "no file .apigw/secrets/gone"),
        ] {
            let refused = client_config(&settings, &files).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(refused.contains(expected), "{settings:?}: {refused}");
        }
        assert!(client_config(&BackendTls { ca: named("good"), ..usual }, &files).is_ok());
    }
}
