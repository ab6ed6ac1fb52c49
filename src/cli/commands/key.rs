//! `apigw key`.

mod create;
mod limit;
mod revoke;
mod show;
mod unnamed_issuer;
mod unused;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use clap_complete::engine::ArgValueCandidates;

use super::access::confirm_grants;
use crate::access::{Key, PathForm, SecretId};
use crate::cli::complete;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::written_path::written_path;
use crate::model::{KeyKind, KeyName, Lifetime, OwnerName, RateLimit, Timestamp};
use crate::workspace::Workspace;

/// Asks before a key may call more, or longer, in protected environments: by its grants or by those of its owner.
fn confirm_use(context: &Context<'_>, workspace: &Workspace, key: &Key) -> Result<(), CommandError> {
    let mut grants = key.grants.clone();
    if let Some(owner) = &key.owner {
        grants.extend(workspace.owner_grants(owner)?.0.grants);
    }
    confirm_grants(context, &[Vec::new()], &grants)
}

/// Create, rotate, revoke, limit, list and show the keys of callers
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum KeyCommand {
    Create(KeyCreateArguments),
    Rotate(RotateArguments),
    Revoke(KeyRevokeArguments),
    Limit(LimitArguments),
    List(KeyListArguments),
    Show(KeyShowArguments),
}

/// Create a key, and hand out its secret once
///
/// The secret is written to the file of --to, which only you can read, or to a terminal; apigw keeps its hash. The
/// secret of a signature key is also kept in .apigw/secrets, as a gateway needs it to verify; with --ed25519 or
/// --public-key it is not, since the public key is enough.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  apigw key create ci --kind subscription --to ~/ci.key\n  apigw key create shop --kind signature --owner web --expires 90d --to ~/shop.secret -m 'web shop'"
)]
pub(in crate::cli) struct KeyCreateArguments {
    /// The name of the key: lower-case letters, digits and hyphens
    #[arg(value_name = "NAME")]
    name: KeyName,
    /// Kind of authentication
    #[arg(long, value_enum)]
    kind: KindArgument,
    /// A team or customer; the key also has the owner's grants
    #[arg(long, value_name = "NAME")]
    owner: Option<OwnerName>,
    /// Description of the key
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Time at which the key expires: a lifetime like 90d or 12h, or a time
    #[arg(long, value_name = "TIME", value_parser = parse_end)]
    expires: Option<TimeArgument>,
    /// Time before which the key is not valid
    #[arg(long, value_name = "TIME", value_parser = parse_end)]
    not_before: Option<TimeArgument>,
    /// The region that signatures must name [default: any]
    #[arg(long, value_name = "REGION", value_parser = parse_text)]
    region: Option<String>,
    /// The service that signatures must name [default: any]
    #[arg(long, value_name = "SERVICE", value_parser = parse_text)]
    service: Option<String>,
    #[command(flatten)]
    pair: PairArguments,
    /// The issuer of its tokens, as they name it (`iss`)
    #[arg(long, value_name = "ISSUER", requires = "subject", value_parser = parse_text)]
    issuer: Option<String>,
    /// The subject of its tokens (`sub`)
    #[arg(long, value_name = "SUBJECT", requires = "issuer", value_parser = parse_text)]
    subject: Option<String>,
    /// Encoding by which its signer writes a path with `%` [default: sent]
    #[arg(long, value_name = "FORM", value_enum)]
    path: Option<PathArgument>,
    /// Limit of requests in each environment, like 60/minute or 1000/day; one for each window
    #[arg(long, value_name = "N/WINDOW", value_delimiter = ',')]
    limit: Vec<RateLimit>,
    #[command(flatten)]
    out: SecretOut,
    /// Reason, for the history
    #[arg(short, long, value_name = "WHY")]
    message: Option<String>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum KindArgument {
    /// Each request is signed (JDCLOUD2, JDCLOUD3, AWS4, RFC 9421)
    Signature,
    /// Each request carries the key in a header
    Subscription,
    /// Each request carries a token of an issuer
    Token,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum PathArgument {
    /// As sent
    Sent,
    /// Percent-encoded again
    Again,
}

/// The key pair of a caller who signs with Ed25519.
#[derive(Debug, Args)]
struct PairArguments {
    /// Generate an Ed25519 key pair, for signatures of RFC 9421: gateways need no secret
    #[arg(long)]
    ed25519: bool,
    /// Use the public key (PEM) of the caller's own pair
    #[arg(long, value_name = "FILE", conflicts_with = "ed25519", value_hint = clap::ValueHint::FilePath)]
    public_key: Option<PathBuf>,
}

/// Destination of a secret.
#[derive(Debug, Args)]
struct SecretOut {
    /// The file for the secret, which only you can read [default: the terminal]
    #[arg(long = "to", value_name = "FILE", value_parser = written_path(), value_hint = clap::ValueHint::FilePath)]
    file: Option<PathBuf>,
}

/// Give a key a new secret; the old one expires after an overlap
///
/// A leaked secret is revoked first (`key revoke`): a rotation can be undone, and Git can take it back.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  apigw key rotate ci --to ~/ci.key.new\n  apigw key rotate ci --overlap 1h --expires 90d --to ~/ci.key.new -m 'yearly'"
)]
pub(in crate::cli) struct RotateArguments {
    /// The key
    #[arg(value_name = "NAME", add = ArgValueCandidates::new(complete::keys))]
    name: KeyName,
    /// Time for which the old secret stays valid
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = parse_lifetime)]
    overlap: Lifetime,
    /// Another time at which the key expires: a lifetime like 90d or 12h, or a time [default: as before]
    #[arg(long, value_name = "TIME", value_parser = parse_end)]
    expires: Option<TimeArgument>,
    #[command(flatten)]
    pair: PairArguments,
    #[command(flatten)]
    out: SecretOut,
    /// Reason, for the history
    #[arg(short, long, value_name = "WHY")]
    message: Option<String>,
}

/// Revoke secrets of a key, permanently
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  apigw key revoke ci -m 'laptop was stolen'\n  apigw key revoke ci k3yw2qpx7abcdefg -m 'only the old one'"
)]
pub(in crate::cli) struct KeyRevokeArguments {
    /// The key
    #[arg(value_name = "NAME", add = ArgValueCandidates::new(complete::keys))]
    name: KeyName,
    /// The ids of its secrets [default: all that are valid]
    #[arg(value_name = "SECRET")]
    secrets: Vec<SecretId>,
    /// Reason, for the history
    #[arg(short, long, value_name = "WHY")]
    message: Option<String>,
}

/// Limit the requests with a key
///
/// Each environment counts separately. A limit cannot exceed those of the groups that the key may call; the limits of
/// its grants apply too.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  apigw key limit ci 60/minute 1000/day\n  apigw key limit ci --none -m 'trusted by now'"
)]
pub(in crate::cli) struct LimitArguments {
    /// The key
    #[arg(value_name = "NAME", add = ArgValueCandidates::new(complete::keys))]
    name: KeyName,
    /// The new limits, one for each window: second, minute or day
    #[arg(value_name = "N/WINDOW", required_unless_present = "none")]
    limits: Vec<RateLimit>,
    /// Remove all limits
    #[arg(long, conflicts_with = "limits")]
    none: bool,
    /// Reason, for the history
    #[arg(short, long, value_name = "WHY")]
    message: Option<String>,
}

/// List the keys
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw key list\n  apigw key list -o json")]
pub(in crate::cli) struct KeyListArguments {}

/// Show a key: its state, the ids of its secrets, and its grants
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw key show ci\n  apigw key show ci -o json")]
pub(in crate::cli) struct KeyShowArguments {
    /// The key
    #[arg(value_name = "NAME", add = ArgValueCandidates::new(complete::keys))]
    name: KeyName,
}

pub(in crate::cli) fn run(context: &Context<'_>, command: &KeyCommand) -> Result<Exit, CommandError> {
    match command {
        KeyCommand::Create(arguments) => create::create(context, arguments),
        KeyCommand::Rotate(arguments) => create::rotate(context, arguments),
        KeyCommand::Revoke(arguments) => revoke::revoke(context, arguments),
        KeyCommand::Limit(arguments) => limit::limit(context, arguments),
        KeyCommand::List(KeyListArguments {}) => show::list(context),
        KeyCommand::Show(arguments) => show::show(context, &arguments.name),
    }
}

/// An end or a beginning as it was typed.
#[derive(Debug, Clone, Copy)]
enum TimeArgument {
    /// So many milliseconds from now.
    After(i64),
    At(Timestamp),
}

impl TimeArgument {
    fn resolve(self, now: Timestamp) -> Timestamp {
        match self {
            Self::After(milliseconds) => now.plus_ms(milliseconds),
            Self::At(time) => time,
        }
    }
}

/// The longest lifetime in days: a hundred years.
const MOST_DAYS: i64 = 36_500;

/// Takes a lifetime that a calendar has room for.
fn parse_lifetime(text: &str) -> Result<Lifetime, String> {
    within_calendar(text.parse::<Lifetime>().map_err(|error| error.to_string())?)
}

fn within_calendar(lifetime: Lifetime) -> Result<Lifetime, String> {
    if lifetime.milliseconds() > MOST_DAYS * 86_400_000 {
        return Err(format!("it is longer than {MOST_DAYS}d"));
    }
    Ok(lifetime)
}

fn parse_end(text: &str) -> Result<TimeArgument, String> {
    if let Ok(lifetime) = text.parse::<Lifetime>() {
        return within_calendar(lifetime).map(|lifetime| TimeArgument::After(lifetime.milliseconds()));
    }
    Timestamp::from_input(text)
        .map(TimeArgument::At)
        .map_err(|_| "write a lifetime like 90d or 12h, or a time like 2027-01-31".to_owned())
}

/// Takes a text that is compared with one in a request: one that is empty or has control characters never fits.
fn parse_text(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("it is empty, and would fit no request".to_owned());
    }
    if text.contains(char::is_control) {
        return Err("it has control characters, and would fit no request".to_owned());
    }
    Ok(text.to_owned())
}

impl From<KindArgument> for KeyKind {
    fn from(kind: KindArgument) -> Self {
        match kind {
            KindArgument::Signature => Self::Signature,
            KindArgument::Subscription => Self::Subscription,
            KindArgument::Token => Self::Token,
        }
    }
}

impl From<PathArgument> for PathForm {
    fn from(form: PathArgument) -> Self {
        match form {
            PathArgument::Sent => Self::Sent,
            PathArgument::Again => Self::Again,
        }
    }
}
