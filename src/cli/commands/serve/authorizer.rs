//! The listener for proxies that ask for verdicts: `serve --authorize`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use clap::Args;

use super::certificates::CertificateFiles;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::gateway::tls;

/// The flags of the authorizer.
#[derive(Debug, Args)]
pub(super) struct AuthorizerArguments {
    /// Address of the authorizer for Envoy's `ext_authz`, over HTTP below /-/authorize [default: off]. A loopback address,
    /// unless proxies show certificates, since any client that can reach it can try keys
    #[arg(long, value_name = "ADDR")]
    pub(super) authorize: Option<SocketAddr>,
    /// The certificate of that listener (PEM)
    #[arg(long, value_name = "FILE", requires_all = ["authorize", "authorize_key", "authorize_client_ca"], value_hint = clap::ValueHint::FilePath)]
    authorize_cert: Option<PathBuf>,
    /// The private key of that certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "authorize_cert", value_hint = clap::ValueHint::FilePath)]
    authorize_key: Option<PathBuf>,
    /// The authorities that proxies' certificates are trusted by (PEM). A certificate names the environment that its proxy
    /// may ask about by the URI `spiffe://DOMAIN/apigw/ENV/NODE`
    #[arg(long, value_name = "FILE", requires = "authorize_cert", value_hint = clap::ValueHint::FilePath)]
    authorize_client_ca: Option<PathBuf>,
}

/// The certificate of the authorizer and the authorities of proxies, followed as the files change.
pub(super) struct AuthorizerCertificates {
    files: CertificateFiles,
    tls: Arc<ArcSwap<tls::ServerConfig>>,
}

impl AuthorizerCertificates {
    /// Reads the files, where there are some.
    pub(super) fn start(context: &Context<'_>, arguments: &AuthorizerArguments) -> Result<Option<Self>, CommandError> {
        let files = arguments.authorize_cert.as_deref().zip(arguments.authorize_key.as_deref());
        let files = CertificateFiles::of_nodes(context, files.zip(arguments.authorize_client_ca.as_deref()));
        if let Some(mut files) = files {
            let tls = Arc::new(ArcSwap::new(files.read()?));
            return Ok(Some(Self { files, tls }));
        }
        if let Some(address) = arguments.authorize.filter(|address| !address.ip().to_canonical().is_loopback()) {
            return Err(CommandError::usage(format!("--authorize {address} is not a loopback address"))
                .hint("have proxies show certificates: `--authorize-cert FILE --authorize-key FILE --authorize-client-ca FILE`")
                .hint("or give a loopback address, like 127.0.0.1:8081, and run Envoy beside it"));
        }
        Ok(None)
    }

    /// Returns the configuration that new connections have.
    pub(super) fn tls(&self) -> Arc<ArcSwap<tls::ServerConfig>> {
        Arc::clone(&self.tls)
    }

    /// Reads the files again where they changed.
    pub(super) fn look(&mut self, context: &Context<'_>) {
        match self.files.read_if_changed() {
            Ok(Some(config)) => {
                self.tls.store(config);
                context.output.note("certificates of the authorizer reloaded");
            }
            Ok(None) => {}
            Err(error) => context.output.warning(&format!("{}; the previous one stays in use", error.message)),
        }
    }
}
