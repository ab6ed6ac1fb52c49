//! The listener for proxies that ask for verdicts: `serve --authorize`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::certificates::{CertificateFiles, FollowedCertificates};
use crate::cli::context::Context;
use crate::cli::error::CommandError;

/// The flags of the authorizer.
#[derive(Debug, Args)]
pub(super) struct AuthorizerArguments {
    /// Address of the authorizer for Envoy's `ext_authz`, over HTTP below /-/authorize [default: off]. A loopback
    /// address, unless proxies show certificates, since any client that can reach it can try keys
    #[arg(long, value_name = "ADDR")]
    pub(super) authorize: Option<SocketAddr>,
    /// The certificate of that listener (PEM)
    #[arg(long, value_name = "FILE", requires_all = ["authorize", "authorize_key", "authorize_client_ca"], value_hint = clap::ValueHint::FilePath)]
    authorize_cert: Option<PathBuf>,
    /// The private key of that certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "authorize_cert", value_hint = clap::ValueHint::FilePath)]
    authorize_key: Option<PathBuf>,
    /// The authorities that proxies' certificates are trusted by (PEM). A certificate names the environment that its
    /// proxy may ask about by the URI `spiffe://DOMAIN/apigw/ENV/NODE`
    #[arg(long, value_name = "FILE", requires = "authorize_cert", value_hint = clap::ValueHint::FilePath)]
    authorize_client_ca: Option<PathBuf>,
}

/// Reads the certificate of the authorizer and the authorities of proxies, where there are some.
pub(super) fn authorizer_certificates(
    context: &Context<'_>,
    arguments: &AuthorizerArguments,
) -> Result<Option<FollowedCertificates>, CommandError> {
    let files = arguments.authorize_cert.as_deref().zip(arguments.authorize_key.as_deref());
    let files = CertificateFiles::of_nodes(context, files.zip(arguments.authorize_client_ca.as_deref()));
    if let Some(files) = files {
        return FollowedCertificates::start(files, "of the authorizer", "a proxy").map(Some);
    }
    if let Some(address) = arguments.authorize.filter(|address| !address.ip().to_canonical().is_loopback()) {
        return Err(CommandError::usage(format!("--authorize {address} is not a loopback address"))
            .hint(
                "have proxies show certificates: `--authorize-cert FILE --authorize-key FILE --authorize-client-ca FILE`",
            )
            .hint("or give a loopback address, like 127.0.0.1:8081, and run Envoy beside it"));
    }
    Ok(None)
}
