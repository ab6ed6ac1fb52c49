//! `apigw call`.

mod request;
mod show;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter};
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue};

use crate::access::SigningRequest;
use crate::cli::complete;
use crate::cli::context::Context;
use crate::cli::duration::parse_duration;
use crate::cli::error::{CommandError, Exit};
use crate::cli::selection::{self, unknown_api};
use crate::cli::signing::{self, SchemeArgument};
use crate::definition::Definition;
use crate::gateway::call::{CallDestination, CallError, CallResponse, OutgoingCall, send};
use crate::gateway::{Config, Gateway};
use crate::model::{EnvironmentName, GroupName, HttpUrl, KeyKind, KeyName};
use crate::snapshot::{EnvironmentSnapshot, GroupContent, GroupSnapshot, Snapshot};
use crate::workspace::{AccessReader, SecretSources, Workspace, read_outside};

use request::PreparedCall;

/// The most bytes of a file with certificates.
const LARGEST_PEM: u64 = 1 << 20;

/// Call an API as it is live in an environment
///
/// The request is built from the live definition, validated, and sent through a private gateway, or with --url to a
/// running one. The body of the response goes to stdout, everything else to stderr. It exits with 1 if there is no
/// response, or if its status is 400 or above; redirects are not followed.
#[derive(Debug, Args)]
#[command(
    override_usage = "apigw call [OPTIONS] --env <ENV> [GROUP] <API> [NAME=VALUE]...",
    after_help = "Examples:\n  apigw call petstore getPet --env test petId=1\n  apigw call POST /pets --env test --body '{\"name\": \"Rex\", \"species\": \"dog\"}' --url http://127.0.0.1:8080"
)]
pub(in crate::cli) struct CallArguments {
    /// The group (may be left out if it is the only one), then the operation id or method and path, then parameters
    /// as `name=value`; use `query.name` if several parameters share a name. Repeat the name for each item of a list;
    /// write a field of an object as `name[field]=value`
    #[arg(value_name = "API", required = true, add = ArgValueCompleter::new(complete::call_words))]
    words: Vec<String>,
    /// The environment
    #[arg(long, value_name = "ENV", required = true, add = ArgValueCandidates::new(complete::environments))]
    env: String,
    /// The body: a text, @FILE, or - for stdin
    #[arg(long, value_name = "TEXT|@FILE|-", allow_hyphen_values = true)]
    body: Option<String>,
    /// A field of a form as the body: NAME=TEXT, or NAME=@FILE; may be given more than once
    #[arg(long, short = 'F', value_name = "NAME=TEXT|NAME=@FILE", conflicts_with = "body")]
    form: Vec<String>,
    /// The media type of the body [default: one that the API declares]
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,
    /// Accepted media types of the response
    #[arg(long, value_name = "TYPES")]
    accept: Option<String>,
    /// Additional header, like 'X-Request-Id: 7'; may be given more than once
    #[arg(long, short = 'H', value_name = "NAME: VALUE")]
    header: Vec<String>,
    /// Authenticate with this key: by a signature or a header, according to its kind; its secret must be on this
    /// machine
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(complete::keys))]
    key: Option<KeyName>,
    /// The signature scheme [default: jdcloud2; with an Ed25519 key, rfc9421]
    #[arg(long, value_name = "SCHEME", value_enum, requires = "key")]
    scheme: Option<SchemeArgument>,
    /// Send it to a running gateway, with the host name of the group
    #[arg(long, value_name = "URL")]
    url: Option<HttpUrl>,
    /// Trusted certificates for an https URL, instead of the system's (PEM)
    #[arg(long, value_name = "FILE", requires = "url", value_hint = clap::ValueHint::FilePath)]
    ca: Option<PathBuf>,
    /// Send it even if it does not follow the definition
    #[arg(long)]
    no_check: bool,
    /// Time to wait for the whole response
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_duration)]
    timeout: Duration,
}

/// The API that is called, with its live deployment.
struct CalledApi {
    environment: EnvironmentName,
    live: GroupSnapshot,
    content: Arc<GroupContent>,
    definition: Arc<Definition>,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &CallArguments) -> Result<Exit, CommandError> {
    let workspace = context.workspace()?;
    let is_name = |word: &&String| word.starts_with('/') || !word.contains('=');
    let names: Vec<String> = arguments.words.iter().take_while(is_name).cloned().collect();
    let values = arguments.words.get(names.len()..).unwrap_or_default();
    let (group, api) = selection::group_and_api(&names)?;
    let called = find(workspace, context.environment(&arguments.env)?, &selection::group(context, group)?)?;
    let definition = &called.definition;
    let api = definition.api(&api).ok_or_else(|| unknown_api(&called.live.name, &api, definition))?;
    let mut prepared = request::prepare(context, workspace, arguments, &called, api, values)?;
    if let Some(key) = &arguments.key {
        present_key(context, key, arguments.scheme, &called, &mut prepared)?;
    }
    let PreparedCall { outgoing, url, secrets } = prepared;
    let sent = show::ShownRequest::new(&called, api, &outgoing, &url, &secrets);
    context.output.note(&format!("{} {}", outgoing.method, sent.url));
    let answer = deliver(context, workspace, arguments, &called, outgoing)?;
    show::show(context, &sent, &answer)?;
    if answer.status.as_u16() < 400 {
        return Ok(Exit::Done);
    }
    Err(CommandError::new("answer", Exit::Failed, format!("the response is {}", answer.status)))
}

/// Puts what shows a key into a request: a signature, or the text of the key.
fn present_key(
    context: &Context<'_>,
    name: &KeyName,
    scheme: Option<SchemeArgument>,
    called: &CalledApi,
    prepared: &mut PreparedCall,
) -> Result<(), CommandError> {
    let (key, id, secret) = signing::key_with_secret(context, name)?;
    let outgoing = &mut prepared.outgoing;
    let shown = match key.kind {
        KeyKind::Subscription => {
            let subscription = called.content.settings.auth.subscription.clone().unwrap_or_default();
            let header = subscription.headers.into_iter().next().unwrap_or_default().to_ascii_lowercase();
            vec![(header, String::from_utf8_lossy(secret.reveal()).into_owned())]
        }
        // It has no secret, so that none was found.
        KeyKind::Token => Vec::new(),
        KeyKind::Signature => {
            let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
            let (path, query) = outgoing.target.split_once('?').unwrap_or((&outgoing.target, ""));
            let content_type = outgoing.headers.get(CONTENT_TYPE).map(text);
            let headers: Vec<(&str, &str)> =
                content_type.iter().map(|value| ("content-type", value.as_str())).collect();
            let request = SigningRequest {
                method: outgoing.method.as_str(),
                path,
                query,
                authority: &text(&outgoing.host),
                headers: &headers,
                body: &outgoing.body,
            };
            let signed = signing::sign(context, (&key, &id, &secret), scheme, &request)?;
            signed.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
        }
    };
    for (name, value) in shown {
        let unfit = |_| {
            CommandError::invalid("secret", format!("the credentials of key {} are not a valid header value", key.name))
        };
        let header = HeaderName::try_from(name.as_str()).map_err(|error| CommandError::usage(error.to_string()))?;
        outgoing.headers.insert(header, HeaderValue::try_from(value).map_err(unfit)?);
        prepared.secrets.push(name);
    }
    Ok(())
}

/// Sends a request to the gateway that was named, else to one that is started for it.
fn deliver(
    context: &Context<'_>,
    workspace: &Workspace,
    arguments: &CallArguments,
    called: &CalledApi,
    outgoing: OutgoingCall,
) -> Result<CallResponse, CommandError> {
    let failed = |error: CallError| CommandError::new("call", Exit::Failed, error.to_string()).causes(&error);
    if let Some(url) = &arguments.url {
        let to = destination(context, url, arguments.ca.as_ref())?;
        let answer = send(&to, outgoing, arguments.timeout);
        return answer.map_err(|error| failed(error).hint("see which gateways run: `apigw status`"));
    }
    // It ends when the answer is there: nobody else is served.
    let gateway = start(workspace, called)?;
    let mut access = AccessReader::new(SecretSources::read(workspace, &context.process.variables));
    gateway.replace_access(access.read(workspace, Instant::now(), context.now()));
    let address = gateway.addresses().first().copied().unwrap_or_else(|| ([127, 0, 0, 1], 0).into());
    let (host, port) = (address.ip().to_string(), address.port());
    send(&CallDestination { host, port, encrypted: false, authority: None }, outgoing, arguments.timeout)
        .map_err(failed)
}

/// Finds the live deployment of a group.
fn find(workspace: &Workspace, environment: EnvironmentName, group: &GroupName) -> Result<CalledApi, CommandError> {
    let hint = format!("publish it: `apigw publish {group} --env {environment}`, with `--mock` for constant results");
    let absent = |what: &str| {
        CommandError::invalid("not-live", format!("{group} {what} {environment}: no deployment to call"))
            .hint(hint.clone())
    };
    let live = workspace.live_group(&environment, group)?.ok_or_else(|| absent("was never published to"))?;
    let content = live.content.clone().ok_or_else(|| absent("is offline in"))?;
    let definition = content.definition.get()?;
    Ok(CalledApi { environment, live, content, definition })
}

/// Starts a gateway that serves this group alone.
fn start(workspace: &Workspace, called: &CalledApi) -> Result<Gateway, CommandError> {
    let environment = EnvironmentSnapshot::new(called.environment.clone(), vec![called.live.clone()]);
    let snapshot = Snapshot { environments: vec![Arc::new(environment)] };
    let config = Config {
        workers: 1,
        base_domain: workspace.settings().base_domain.clone(),
        ..Config::new(([127, 0, 0, 1], 0).into())
    };
    let started = Gateway::start(config, &snapshot);
    let (gateway, not_served) =
        started.map_err(|error| CommandError::new("call", Exit::Failed, error.to_string()).causes(&error))?;
    let GroupSnapshot { name, deployment, .. } = &called.live;
    match not_served.first() {
        None => Ok(gateway),
        Some(not_served) => Err(CommandError::new(
            "not-served",
            Exit::Failed,
            format!("{name} {} cannot be served: {}", deployment.release.version, not_served.reason),
        )),
    }
}

fn destination(
    context: &Context<'_>,
    url: &HttpUrl,
    authority: Option<&PathBuf>,
) -> Result<CallDestination, CommandError> {
    let uri: http::Uri =
        url.as_str().parse().map_err(|error: http::uri::InvalidUri| CommandError::usage(error.to_string()))?;
    if uri.path_and_query().is_some_and(|path| path.as_str() != "/") {
        return Err(CommandError::usage(format!("{url} has a path, which the definition sets"))
            .hint("give the address alone, like `--url http://127.0.0.1:8080`"));
    }
    let encrypted = uri.scheme() == Some(&http::uri::Scheme::HTTPS);
    let read = |path: &PathBuf| read_outside(&context.folder().join(path), LARGEST_PEM);
    Ok(CallDestination {
        host: uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned(),
        port: uri.port_u16().unwrap_or(if encrypted { 443 } else { 80 }),
        encrypted,
        authority: authority.map(read).transpose()?.map(Arc::from),
    })
}
