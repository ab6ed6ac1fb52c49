//! `apigw sign`.

use std::collections::BTreeSet;

use clap::Args;
use clap_complete::engine::ArgValueCandidates;
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};

use crate::access::SigningRequest;
use crate::cli::complete;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::signing::{SchemeArgument, sign_with_key};
use crate::cli::typed_body::read_body;
use crate::cli::views::{SignView, SignedHeaderView};
use crate::model::{KeyName, PathReading, SCHEMA, is_canonical_but_for_slashes, path_reading};

/// Print the headers with which a request is signed
///
/// They are valid once, for five minutes. The headers of -H are printed too, as they are signed and must be sent as
/// they are. For curl: `apigw sign … > headers; curl -H @headers URL`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  apigw sign GET 'http://petstore.test.apigw.localhost:8080/petstore/pets' --key shop\n  apigw sign POST http://127.0.0.1:8080/petstore/pets --key shop --body @pet.json -H 'content-type: application/json'"
)]
pub(in crate::cli) struct SignArguments {
    /// The method
    #[arg(value_name = "METHOD")]
    method: String,
    /// The address, with its query
    #[arg(value_name = "URL", value_parser = parse_url)]
    url: http::Uri,
    /// The key; its secret must be on this machine
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(complete::keys))]
    key: KeyName,
    /// The scheme [default: jdcloud2; with an Ed25519 key, rfc9421]
    #[arg(long, value_name = "SCHEME", value_enum)]
    scheme: Option<SchemeArgument>,
    /// The body: a text, @FILE, or - for stdin
    #[arg(long, value_name = "TEXT|@FILE|-", allow_hyphen_values = true)]
    body: Option<String>,
    /// A header that is sent, and signed too; may be given more than once
    #[arg(long, short = 'H', value_name = "NAME: VALUE")]
    header: Vec<String>,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &SignArguments) -> Result<Exit, CommandError> {
    let uri = &arguments.url;
    let method = arguments.method.to_ascii_uppercase();
    http::Method::from_bytes(method.as_bytes())
        .map_err(|_| CommandError::usage(format!("{:?} is not a method", arguments.method)))?;
    let body = read_body(context, arguments.body.as_deref())?;
    let headers = arguments.header.iter().map(|line| header(line)).collect::<Result<Vec<_>, _>>()?;
    check_repetition(&headers)?;
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let input = SigningRequest {
        method: &method,
        path: uri.path(),
        query: uri.query().unwrap_or_default(),
        authority: uri.authority().map_or("", http::uri::Authority::as_str),
        headers: &headers,
        body: &body,
    };
    let signed = sign_with_key(context, &arguments.key, arguments.scheme, &input)?;
    // Those that were signed belong to the request as much as the signature does: `curl -H @FILE` sends all of them.
    let given = headers.iter().map(|(name, value)| (*name, *value));
    let all = given.chain(signed.iter().map(|(name, value)| (*name, value.as_str())));
    let view = |(name, value): (&str, &str)| SignedHeaderView { name: name.to_owned(), value: value.to_owned() };
    let document = SignView { schema: SCHEMA, headers: all.map(view).collect() };
    let line = |header: &SignedHeaderView| format!("{}: {}\n", header.name, header.value);
    let lines = || document.headers.iter().map(line).collect::<Vec<_>>().concat();
    context.output.data(&document, lines)?;
    Ok(Exit::Done)
}

fn parse_url(text: &str) -> Result<http::Uri, String> {
    let uri: http::Uri = text.parse().map_err(|error: http::uri::InvalidUri| error.to_string())?;
    let is_whole =
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty());
    if !is_whole {
        return Err("write it like http://host:8080/path?name=value".to_owned());
    }
    if path_reading(uri.path()) == PathReading::Several && !is_canonical_but_for_slashes(uri.path()) {
        return Err(
            "a gateway refuses this path: it has an empty, \".\" or \"..\" segment, an encoded backslash or control \
                    character, or another second reading"
                .to_owned(),
        );
    }
    Ok(uri)
}

/// Refuses a header that is given twice: signers and proxies join such ones in different ways.
fn check_repetition(headers: &[(String, &str)]) -> Result<(), CommandError> {
    let mut seen = BTreeSet::new();
    match headers.iter().find(|(name, _)| !seen.insert(name)) {
        Some((name, _)) => Err(CommandError::usage(format!("the header {name:?} is given twice"))
            .hint("write its values into one, with \", \" between them")),
        None => Ok(()),
    }
}

fn header(line: &str) -> Result<(String, &str), CommandError> {
    let (name, value) = line.split_once(':').ok_or_else(|| {
        CommandError::usage(format!(
            "the header {:?} has no colon after its name",
            line.split_whitespace().next().unwrap_or_default()
        ))
        .hint("write it like `--header 'X-Trace: 7'`")
    })?;
    let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
    let is_valid = HeaderName::from_bytes(name.as_bytes()).is_ok() && HeaderValue::from_str(value).is_ok();
    if !is_valid {
        return Err(CommandError::usage(format!("the header {name:?} has an invalid name or value")));
    }
    if name == AUTHORIZATION.as_str() {
        return Err(CommandError::usage(
            "the header \"authorization\" holds the signature, and a request has one of it",
        )
        .hint("leave it out"));
    }
    if name == "host" {
        return Err(CommandError::usage("the header \"host\" comes from the URL").hint("write the host into the URL"));
    }
    Ok((name, value))
}
