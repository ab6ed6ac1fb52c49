//! The output of a call: the request without its secrets, and the response.

use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, LOCATION, PROXY_AUTHORIZATION};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::CalledApi;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::escape;
use crate::cli::output::OutputFormat;
use crate::cli::views::{CallView, HeaderView, SentView};
use crate::definition::Api;
use crate::gateway::call::{BLANK, CallResponse, OutgoingCall, decode_query};
use crate::model::{SCHEMA, is_secret_name};

/// The request as shown.
pub(super) struct ShownRequest {
    /// The URL, with secret values blanked.
    pub(super) url: String,
    view: SentView,
}

impl ShownRequest {
    pub(super) fn new(called: &CalledApi, api: &Api, outgoing: &OutgoingCall, url: &str, secrets: &[String]) -> Self {
        let is_secret = |name: &str| {
            let whole = name.split('[').next().unwrap_or_default();
            secrets.contains(&whole.to_ascii_lowercase()) || is_secret_name(name)
        };
        let header = |(name, value): (&HeaderName, &HeaderValue)| {
            let secret = [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE].contains(name) || is_secret(name.as_str());
            let value = if secret { BLANK.into() } else { String::from_utf8_lossy(value.as_bytes()) };
            HeaderView { name: name.as_str().to_owned(), value: value.into_owned() }
        };
        let url = blanked(url, is_secret);
        let view = SentView {
            environment: called.environment.clone(),
            group: called.live.name.clone(),
            version: called.live.deployment.release.version.clone(),
            operation: called.live.deployment.operation.clone(),
            api: api.name(),
            method: outgoing.method.as_str().to_owned(),
            url: url.clone(),
            headers: outgoing.headers.iter().map(header).collect(),
            body_bytes: outgoing.body.len(),
        };
        Self { url, view }
    }
}

/// Blanks the values of a query whose names say that they are secrets.
fn blanked(url: &str, is_secret: impl Fn(&str) -> bool) -> String {
    let Some((address, query)) = url.split_once('?') else { return url.to_owned() };
    let pair = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if is_secret(&decode_query(name)) => format!("{name}={BLANK}"),
        _ => pair.to_owned(),
    };
    format!("{address}?{}", query.split('&').map(pair).collect::<Vec<_>>().join("&"))
}

/// Shows an answer: its head as talk, its body as data; or all as one value.
pub(super) fn show(context: &Context<'_>, sent: &ShownRequest, answer: &CallResponse) -> Result<(), CommandError> {
    let took_ms = (answer.took.as_secs_f64() * 1_000_000.0).round() / 1000.0;
    if context.output.format != OutputFormat::Table {
        return context.output.data(&view(sent, answer, took_ms), String::new);
    }
    context.output.note(&format!("{} in {took_ms:.1} ms", answer.status));
    for (name, value) in &answer.headers {
        context.output.note(&format!("{name}: {}", escape::line(&String::from_utf8_lossy(value.as_bytes()))));
    }
    if answer.status.is_redirection()
        && let Some(location) = answer.headers.get(LOCATION)
    {
        let location = String::from_utf8_lossy(location.as_bytes());
        context.output.note(&format!("redirects are not followed: the location is {}", escape::line(&location)));
    }
    let text = std::str::from_utf8(&answer.body).ok().filter(|text| is_text(text));
    if text.is_none() && context.process.stdout_is_terminal {
        let kind = media_type(&answer.headers).unwrap_or_else(|| "data".to_owned());
        context.output.note(&format!(
            "{} bytes of {} are not text; redirect stdout to keep them",
            answer.body.len(),
            escape::line(&kind)
        ));
        return Ok(());
    }
    context.output.note("");
    context.output.raw(&answer.body)?;
    // The next prompt begins on a line of its own.
    if context.process.stdout_is_terminal && !answer.body.is_empty() && !answer.body.ends_with(b"\n") {
        context.output.raw(b"\n")?;
    }
    Ok(())
}

fn view(sent: &ShownRequest, answer: &CallResponse, took_ms: f64) -> CallView {
    let header = |(name, value): (&HeaderName, &HeaderValue)| HeaderView {
        name: name.as_str().to_owned(),
        value: String::from_utf8_lossy(value.as_bytes()).into_owned(),
    };
    let text = std::str::from_utf8(&answer.body).ok();
    CallView {
        schema: SCHEMA,
        request: sent.view.clone(),
        status: answer.status.as_u16(),
        headers: answer.headers.iter().map(header).collect(),
        body: text.map(str::to_owned),
        body_base64: text.is_none().then(|| base64(&answer.body)),
        time_ms: took_ms,
    }
}

fn media_type(headers: &HeaderMap) -> Option<String> {
    Some(headers.get(CONTENT_TYPE)?.to_str().ok()?.to_owned())
}

/// True if a body can be shown on a terminal without doing anything to it.
fn is_text(text: &str) -> bool {
    text.chars().all(|character| !escape::is_control(character) || matches!(character, '\n' | '\r' | '\t'))
}

/// Writes bytes as base64 (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| usize::from(chunk.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = DIGITS.get(bits >> (18 - 6 * place) & 63).copied().unwrap_or(b'=');
            text.push(char::from(if place <= chunk.len() { digit } else { b'=' }));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_as_base64() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "Zg=="),
            (b"fo", "Zm8="),
            (b"foo", "Zm9v"),
            (b"foobar", "Zm9vYmFy"),
            (b"\xff\xfe\xfd\xfc", "//79/A=="),
        ] {
            assert_eq!(base64(bytes), text);
        }
    }

    #[test]
    fn secrets_in_a_query_are_blanked() {
        let blank = |url: &str| blanked(url, |name| ["key", "my[key]"].contains(&name));
        assert_eq!(blank("http://a/b?x=1&key=2&y"), "http://a/b?x=1&key=***&y");
        assert_eq!(blank("http://a/b?my%5Bkey%5D=2&k%65y=3"), "http://a/b?my%5Bkey%5D=***&k%65y=***");
        assert_eq!(blank("http://a/b"), "http://a/b");
    }

    #[test]
    fn what_does_something_to_a_terminal_is_no_text() {
        assert!(is_text("a\n\tb\r\n"));
        assert!(!is_text("a\u{1b}[2Jb"));
        assert!(!is_text("a\u{202e}b"));
    }
}
