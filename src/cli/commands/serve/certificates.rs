//! The certificates that `serve` shows: looked at now and then, read when they are others.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::escape;
use crate::gateway::{MutualTls, RefusedClient, tls};
use crate::workspace::{FileStamp, read_outside, stamp_outside};

/// The most bytes of a certificate or a key.
const LARGEST_PEM: u64 = 1 << 20;

/// Certificates with their keys, and the stamps of their files when they were last read.
pub(super) struct CertificateFiles {
    pairs: Vec<CertificatePair>,
    /// The authorities of clients, where those have to show certificates.
    authorities: Option<PathBuf>,
    seen: Vec<Option<FileStamp>>,
    is_good: bool,
    reported: Option<String>,
}

struct CertificatePair {
    chain: PathBuf,
    key: PathBuf,
}

impl CertificateFiles {
    /// Pairs each certificate with the key in the same place; nothing where there is none.
    pub(super) fn of(
        context: &Context<'_>,
        chains: &[PathBuf],
        keys: &[PathBuf],
    ) -> Result<Option<Self>, CommandError> {
        if chains.len() != keys.len() {
            let counts = format!("there are {} certificates and {} keys", chains.len(), keys.len());
            return Err(CommandError::usage(counts).hint("give `--tls-cert` and `--tls-key` in pairs"));
        }
        let pair = |(chain, key): (&PathBuf, &PathBuf)| CertificatePair {
            chain: context.folder().join(chain),
            key: context.folder().join(key),
        };
        let pairs: Vec<CertificatePair> = chains.iter().zip(keys).map(pair).collect();
        let certificates = Self { pairs, authorities: None, seen: Vec::new(), is_good: false, reported: None };
        Ok(Some(certificates).filter(|certificates| !certificates.pairs.is_empty()))
    }

    /// Takes the certificate of the listener of nodes with its key, and the authorities of nodes.
    pub(super) fn of_nodes(context: &Context<'_>, files: Option<((&Path, &Path), &Path)>) -> Option<Self> {
        let ((chain, key), authorities) = files?;
        let [chain, key, authorities] = [chain, key, authorities].map(|file| context.folder().join(file));
        let pairs = vec![CertificatePair { chain, key }];
        Some(Self { pairs, authorities: Some(authorities), seen: Vec::new(), is_good: false, reported: None })
    }

    /// Reads the files.
    pub(super) fn read(&mut self) -> Result<tls::ListenerTls, CommandError> {
        self.seen = self.stamps();
        self.is_good = false;
        let mut certificates = Vec::with_capacity(self.pairs.len());
        for pair in &self.pairs {
            let certificate = tls::Certificate {
                domains: Vec::new(),
                chain: read_outside(&pair.chain, LARGEST_PEM)?.into(),
                key: read_outside(&pair.key, LARGEST_PEM)?.into(),
            };
            // One by one, so that the message names the one that is wrong.
            tls::server_config(std::slice::from_ref(&certificate)).map_err(|error| unusable(pair, &error))?;
            certificates.push(certificate);
        }
        let config = match (&self.authorities, certificates.as_slice()) {
            (Some(authorities), [certificate]) => {
                tls::node_server_config(certificate, &read_outside(authorities, LARGEST_PEM)?)
            }
            _ => tls::server_config(&certificates).map(tls::ListenerTls::open),
        };
        let config = config.map_err(|error| {
            CommandError::invalid("certificate", format!("the certificates cannot be used: {error}"))
        })?;
        self.is_good = true;
        Ok(config)
    }

    /// Reads the files if they have changed, or could not be used. Returns the error of files that cannot be used once.
    ///
    /// A pair that is half-way through being replaced does not fit together; the previous one stays in use then.
    pub(super) fn read_if_changed(&mut self) -> Result<Option<tls::ListenerTls>, CommandError> {
        if self.is_good && self.seen == self.stamps() {
            return Ok(None);
        }
        match self.read() {
            Ok(config) => {
                self.reported = None;
                Ok(Some(config))
            }
            Err(error) if self.reported.as_ref() == Some(&error.message) => Ok(None),
            Err(error) => {
                self.reported = Some(error.message.clone());
                Err(error)
            }
        }
    }

    fn stamps(&self) -> Vec<Option<FileStamp>> {
        let files = self.pairs.iter().flat_map(|pair| [&pair.chain, &pair.key]).chain(&self.authorities);
        files.map(|file| stamp_outside(file)).collect()
    }
}

/// The certificate of a listener and the authorities of its clients, which count for the next request of every client
/// as soon as their files have changed.
pub(super) struct FollowedCertificates {
    files: CertificateFiles,
    tls: Arc<MutualTls>,
    /// The listener, as a note names it.
    listener: &'static str,
    /// Its clients, as a note names one.
    client: &'static str,
}

impl FollowedCertificates {
    /// Reads the files.
    pub(super) fn start(
        mut files: CertificateFiles,
        listener: &'static str,
        client: &'static str,
    ) -> Result<Self, CommandError> {
        let tls = Arc::new(MutualTls::new(files.read()?));
        Ok(Self { files, tls, listener, client })
    }

    /// Returns the configuration that the listener has.
    pub(super) fn tls(&self) -> Arc<MutualTls> {
        Arc::clone(&self.tls)
    }

    /// Reads the files again where they changed, and names the clients that were refused.
    pub(super) fn look(&mut self, context: &Context<'_>) {
        match self.files.read_if_changed() {
            Ok(Some(tls)) => {
                self.tls.replace(tls);
                context.output.note(&format!("certificates {} reloaded", self.listener));
            }
            Ok(None) => {}
            Err(error) => context.output.warning(&format!("{}; the previous one stays in use", error.message)),
        }
        for RefusedClient { peer, reason, times } in self.tls.take_refused() {
            let peer = peer.map_or_else(|| "some more addresses".to_owned(), |peer| peer.to_string());
            let times = if times == 1 { String::new() } else { format!(" ({times} times)") };
            context.output.warning(&format!("{} at {peer} was refused{times}: {}", self.client, escape::line(&reason)));
        }
    }
}

fn unusable(pair: &CertificatePair, error: &tls::TlsError) -> CommandError {
    let cause = std::error::Error::source(error).map(|cause| format!(" ({cause})")).unwrap_or_default();
    let message = format!("{} with {}: {error}{cause}", pair.chain.display(), pair.key.display());
    CommandError::invalid("certificate", message).hint("give a certificate and its own private key, both PEM")
}
