//! The bootstrap of a node: `export envoy --bootstrap`.

use clap::Args;

use super::ExportArguments;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::views::{BootstrapView, ExportDocument};
use crate::export::{ExportTarget, NodeBootstrap, NodeTls, node_bootstrap};
use crate::model::{NodeName, SCHEMA};

/// The flags of a bootstrap.
#[derive(Debug, Args)]
pub(super) struct BootstrapArguments {
    /// Print the bootstrap of a node, an Envoy that follows `serve --xds`, instead of writing what is live
    #[arg(long, requires_all = ["control", "node"], conflicts_with_all = ["out", "check", "allow_loss", "at", "groups"])]
    pub(super) bootstrap: bool,
    /// Where the node polls: the address of `serve --xds`
    #[arg(long, value_name = "HOST:PORT", requires = "bootstrap")]
    control: Option<String>,
    /// The name of the node
    #[arg(long, value_name = "NAME", requires = "bootstrap")]
    node: Option<NodeName>,
    /// The node's certificate, where the node finds it; it has the URI `spiffe://DOMAIN/apigw/ENV/NODE`
    #[arg(long, value_name = "PATH", requires_all = ["bootstrap", "tls_key", "tls_ca"])]
    tls_cert: Option<String>,
    /// The private key of that certificate
    #[arg(long, value_name = "PATH", requires = "tls_cert")]
    tls_key: Option<String>,
    /// The authorities that the control plane's certificate is trusted by
    #[arg(long, value_name = "PATH", requires = "tls_cert")]
    tls_ca: Option<String>,
}

/// Prints the bootstrap of a node.
pub(super) fn run(context: &Context<'_>, arguments: &ExportArguments) -> Result<Exit, CommandError> {
    let BootstrapArguments { control, node, tls_cert, tls_key, tls_ca, .. } = &arguments.bootstrap;
    if arguments.target != ExportTarget::Envoy {
        return Err(CommandError::usage("a bootstrap is for envoy alone"));
    }
    let [environment] = arguments.env.as_slice() else {
        return Err(CommandError::usage("a node follows one environment").hint("give one `--env`"));
    };
    let (Some(control), Some(node)) = (control, node) else {
        return Err(CommandError::usage("a bootstrap needs `--control HOST:PORT` and `--node NAME`"));
    };
    let (control_host, control_port) = parse_control(control)?;
    let tls = tls_cert.clone().zip(tls_key.clone()).zip(tls_ca.clone());
    let bootstrap = NodeBootstrap {
        node: node.clone(),
        environment: context.environment(environment)?,
        listen: arguments.listen,
        control_host,
        control_port,
        tls: tls.map(|((certificate, key), trusted)| NodeTls { certificate, key, trusted }),
        authorizer: arguments.authorizer,
    };
    let bootstrap = node_bootstrap(&bootstrap);
    let text = format!("{bootstrap:#}\n");
    context.output.data(&ExportDocument::Bootstrap(BootstrapView { schema: SCHEMA, bootstrap }), || text)?;
    Ok(Exit::Done)
}

/// Takes an address apart, whose host may be a name or an IPv6 address in brackets.
fn parse_control(text: &str) -> Result<(String, u16), CommandError> {
    let malformed = || {
        CommandError::usage(format!("--control {text:?} is not an address"))
            .hint("write it like control.example.com:18000")
    };
    let (host, port) = text.rsplit_once(':').ok_or_else(malformed)?;
    let port = port.parse().map_err(|_| malformed())?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let is_host = bare.parse::<std::net::IpAddr>().is_ok()
        || (!bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte)));
    if is_host { Ok((bare.to_owned(), port)) } else { Err(malformed()) }
}
