//! From the arguments to the request to send.

use std::path::Path;

use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::{CallArguments, CalledApi};
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::typed_body::{LARGEST_BODY, read_body};
use crate::definition::{Api, Definition, ParameterPlace};
use crate::gateway::call::{
    ComposeProblem, ComposedParameters, FormBody, FormField, FormProblem, Given, MISSING, OutgoingCall, Violation,
    check_request, compose, compose_form, pick_media_type,
};
use crate::model::{GroupHosts, is_secret_name, nearest, trim_blanks};
use crate::workspace::{Workspace, read_outside};

/// A request that is ready to be sent.
pub(super) struct PreparedCall {
    pub(super) outgoing: OutgoingCall,
    /// The URL as a caller would write it, without the secrets in its path.
    pub(super) url: String,
    /// The names of headers and parameters whose values are secrets.
    pub(super) secrets: Vec<String>,
}

/// Builds a request from the definition, and checks it unless that is not wanted.
pub(super) fn prepare(
    context: &Context<'_>,
    workspace: &Workspace,
    arguments: &CallArguments,
    called: &CalledApi,
    api: &Api,
    values: &[String],
) -> Result<PreparedCall, CommandError> {
    let definition = &called.definition;
    let given = values.iter().map(|word| given(word)).collect::<Result<Vec<_>, _>>()?;
    let form = if arguments.form.is_empty() { None } else { Some(form(context, arguments, definition, api)?) };
    let body = match &form {
        Some(form) => form.bytes.clone(),
        None => read_body(context, arguments.body.as_deref())?,
    };
    let composed = compose(definition, api, &given, arguments.no_check).map_err(|problems| {
        refused(definition, api, problems.iter().map(|problem| sentence(definition, api, problem)))
    })?;
    let secrets = secrets(definition, api);
    let mut headers = headers(arguments, &composed)?;
    if let Some(form) = &form {
        // Only it knows the boundary of the parts.
        headers.insert(CONTENT_TYPE, value("the media type", &form.content_type)?);
    }
    let host = headers.remove(HOST);
    if let Some(media_type) = pick_media_type(api, &body).filter(|_| !body.is_empty())
        && !headers.contains_key(CONTENT_TYPE)
    {
        headers.insert(CONTENT_TYPE, value("the media type", &media_type)?);
    }
    if !arguments.no_check {
        let encoded_slashes = called.content.settings.forwarding.encoded_slashes;
        let mut problems: Vec<String> = check_request(definition, api, &composed, &headers, &body, encoded_slashes)
            .into_iter()
            .map(|Violation { place, message }| violation(&secrets, &place, &message))
            .collect();
        if api.request_body.is_none() && !body.is_empty() {
            problems.push("body: the API takes none".to_owned());
        }
        if !problems.is_empty() {
            return Err(refused(definition, api, problems));
        }
    }
    let base = &workspace.settings().base_domain;
    let own_host = GroupHosts::new(&called.live.name, &called.environment, base, &[]).secondary;
    let authority = match arguments.url.as_ref().and_then(|url| url.as_str().parse::<http::Uri>().ok()?.port_u16()) {
        Some(port) => format!("{own_host}:{port}"),
        None => own_host,
    };
    let host = host.map_or_else(|| value("the host", &authority), Ok)?;
    let prefix = called.content.settings.prefix.before_path();
    let query = if composed.query.is_empty() { String::new() } else { format!("?{}", composed.query) };
    let target = |path: &str| format!("{prefix}{path}{query}");
    let scheme = match &arguments.url {
        Some(url) if url.as_str().starts_with("https:") => "https",
        _ => "http",
    };
    let url = format!("{scheme}://{}{}", String::from_utf8_lossy(host.as_bytes()), target(&composed.shown_path));
    let method =
        Method::from_bytes(api.method.as_str().as_bytes()).map_err(|error| CommandError::usage(error.to_string()))?;
    let outgoing = OutgoingCall { method, target: target(&composed.path), host, headers, body };
    Ok(PreparedCall { outgoing, url, secrets })
}

fn given(word: &str) -> Result<Given, CommandError> {
    let (name, value) = word.split_once('=').ok_or_else(|| {
        CommandError::usage(format!("{word:?} is not a parameter")).hint("write parameters as `name=value`")
    })?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Writes the fields of a form that were typed.
fn form(
    context: &Context<'_>,
    arguments: &CallArguments,
    definition: &Definition,
    api: &Api,
) -> Result<FormBody, CommandError> {
    let field = |word: &String| {
        let (name, text) = word.split_once('=').ok_or_else(|| {
            CommandError::usage(format!("{word:?} is not a field of a form"))
                .hint("write fields as `--form name=value`")
        })?;
        let (content, file_name) = match text.strip_prefix('@') {
            Some(path) => {
                let bytes = read_outside(&context.folder().join(path), LARGEST_BODY)?;
                let file_name = Path::new(path).file_name().map(|name| name.to_string_lossy().into_owned());
                (bytes.into(), Some(file_name.unwrap_or_default()))
            }
            None => (text.to_owned().into(), None),
        };
        Ok(FormField { name: name.to_owned(), content, file_name })
    };
    let fields = arguments.form.iter().map(field).collect::<Result<Vec<_>, CommandError>>()?;
    compose_form(definition, api, arguments.content_type.as_deref(), &fields).map_err(|problem| match problem {
        FormProblem::Undeclared { declared } if declared.is_empty() => {
            CommandError::invalid("request", format!("{} takes no body", api.name()))
        }
        FormProblem::Undeclared { declared } => {
            let wanted = arguments.content_type.as_deref().unwrap_or("form");
            let message = format!("{} takes no body that is a {wanted}", api.name());
            let hint = format!("it takes {}; `--body` gives a body as it is", declared.join(", "));
            CommandError::invalid("request", message).hint(hint)
        }
        FormProblem::Bytes { name } => {
            let message = format!("the field {name:?} is not UTF-8, and the form is plain text");
            CommandError::invalid("request", message)
                .hint("`--content-type multipart/form-data` sends it as a file, where that is declared")
        }
    })
}

/// Puts together the headers of the definition's parameters and those that were typed, which win.
fn headers(arguments: &CallArguments, composed: &ComposedParameters) -> Result<HeaderMap, CommandError> {
    let mut headers = HeaderMap::new();
    let name = |text: &str| {
        // The text after a blank may be a secret, if the colon was forgotten.
        let shown = text.split_whitespace().next().unwrap_or_default();
        HeaderName::try_from(text)
            .map_err(|_| CommandError::invalid("header", format!("{shown:?} is not a valid header name")))
    };
    for (header, text) in &composed.headers {
        headers.append(name(header)?, value(header, text)?);
    }
    for (header, text) in [(ACCEPT, &arguments.accept), (CONTENT_TYPE, &arguments.content_type)] {
        if let Some(text) = text {
            headers.insert(header.clone(), value(header.as_str(), text)?);
        }
    }
    let mut typed = HeaderMap::new();
    for line in &arguments.header {
        let (header, text) = line.split_once(':').ok_or_else(|| {
            let shown = line.split_whitespace().next().unwrap_or_default();
            CommandError::usage(format!("the header {shown:?} has no colon after its name"))
                .hint("write it like `--header 'X-Trace: 7'`")
        })?;
        let header = name(trim_blanks(header))?;
        if [CONTENT_LENGTH, TRANSFER_ENCODING].contains(&header) {
            // The receiver would wait for bytes that never come, or take some for another request.
            return Err(CommandError::invalid("header", format!("{header} follows from the body"))
                .hint("leave it out; `--body` gives the body"));
        }
        let text = value(header.as_str(), trim_blanks(text))?;
        typed.append(header, text);
    }
    for header in typed.keys().filter(|header| **header != COOKIE) {
        headers.remove(header);
    }
    for (header, text) in &typed {
        headers.append(header, text.clone());
    }
    join_cookies(&mut headers)?;
    Ok(headers)
}

/// Makes one header of all cookies: a request has at most one (RFC 6265, section 5.4).
fn join_cookies(headers: &mut HeaderMap) -> Result<(), CommandError> {
    let cookies: Vec<&[u8]> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if cookies.len() > 1 {
        let joined = HeaderValue::from_bytes(&cookies.join(&b"; "[..]))
            .map_err(|error| CommandError::invalid("header", error.to_string()))?;
        headers.insert(COOKIE, joined);
    }
    Ok(())
}

fn value(name: &str, text: &str) -> Result<HeaderValue, CommandError> {
    // The text itself may be a secret.
    HeaderValue::try_from(text)
        .map_err(|_| CommandError::invalid("header", format!("the value of {name} is not a valid header value")))
}

/// Returns the message on a violation of the definition, with secret values blanked.
fn violation(secrets: &[String], place: &str, message: &str) -> String {
    let name = place.split_once('.').map_or("", |(_, name)| name);
    let is_secret = secrets.contains(&name.to_ascii_lowercase()) || is_secret_name(name);
    let message = if is_secret && message != MISSING { "is not allowed by the definition" } else { message };
    format!("{place}: {message}")
}

fn sentence(definition: &Definition, api: &Api, problem: &ComposeProblem) -> String {
    match problem {
        ComposeProblem::Unfit { place, fault } => format!("{place}: {fault}"),
        ComposeProblem::Unknown { name } => {
            let parameters = api.parameters.iter().map(|parameter| parameter.name.as_str());
            let near = nearest(name, parameters.chain(definition.keys(ParameterPlace::Query)));
            let near = near.map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
            format!("there is no parameter {name:?}{near}")
        }
    }
}

/// Returns one error with everything that is wrong with a request.
fn refused(definition: &Definition, api: &Api, problems: impl IntoIterator<Item = String>) -> CommandError {
    let mut error =
        CommandError::invalid("request", format!("the request does not follow the definition of {}", api.name()));
    error.reasons.extend(problems);
    let is_declared =
        |key: &str| api.parameters.iter().any(|found| found.place == ParameterPlace::Query && found.name == key);
    let keys = definition.keys(ParameterPlace::Query).filter(|key| !is_declared(key));
    let keys = keys.map(|key| format!("{key} (query, a key)"));
    let takes: Vec<String> = api.parameters.iter().map(described).chain(keys).collect();
    let takes = if takes.is_empty() { "no parameters".to_owned() } else { takes.join(", ") };
    let body =
        api.request_body.as_ref().map_or("", |body| if body.required { ", and a body" } else { ", and maybe a body" });
    error.hint(format!("it takes {takes}{body}")).hint("`--no-check` sends it anyway, as far as it can be encoded")
}

fn described(parameter: &crate::definition::Parameter) -> String {
    let required = if parameter.required { ", required" } else { "" };
    format!("{} ({}{required})", parameter.name, parameter.place.as_str())
}

/// Lists the headers and parameters that the definition marks as secrets, in lower case.
fn secrets(definition: &Definition, api: &Api) -> Vec<String> {
    let keys = [ParameterPlace::Header, ParameterPlace::Query].into_iter().flat_map(|place| definition.keys(place));
    let marked = api.parameters.iter().filter(|parameter| definition.is_secret(parameter));
    keys.chain(marked.map(|parameter| parameter.name.as_str())).map(str::to_ascii_lowercase).collect()
}
