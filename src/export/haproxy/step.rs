//! Steps: conditions and what they come to.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::files::ExportFile;
use super::super::options::{ExportOptions, USUAL_BODY_BYTES};
use super::super::pattern::{PathRewrite, RewritePiece, joined};
use super::super::refusal::ProblemResponse;
use super::super::seen_headers::applied_mappings;
use super::super::table::{
    FixedResponse, ForwardAction, HeaderText, PathRule, RequestCondition, RequestPart, StepOutcome, TextTest,
};
use super::super::upstream::{ConnectedUpstream, has_key_beside};
use super::address_lists::AddressLists;
use super::condition::{MOST_HEADERS_OF_A_LINE, step_condition};
use super::keys::{KeyMaps, subscription};
use super::line::{MOST_BODY_BYTES, MOST_HEADER_BYTES, MOST_PATTERN_BYTES};
use super::line::{compared, formatted, header_sample, header_value, host_sample, quoted, sample_word};
use crate::model::{Digest, ParameterReference, is_reserved_for_gateway};
use crate::routes::{GroupRoutes, RequestMapping};

/// The rule that gives a backend the path of a target that named a host too.
const ORIGIN_FORM: &str = "    http-request set-uri %[pathq] unless { url -m beg / }\n";

/// The rules that let a request ask for a websocket where one is declared, and for no other protocol: HAProxy passes on
/// any, and all bytes behind a backend that agrees.
const UPGRADES: &str = "    \
    http-request unset-var(txn.websocket) unless { method GET } { req.hdr(upgrade) -i websocket } { req.hdr(connection) -i upgrade }
    http-request del-header upgrade
    http-request del-header connection
    http-request set-header connection upgrade if { var(txn.websocket) -m found }
    http-request set-header upgrade websocket if { var(txn.websocket) -m found }
";

/// The rules that pass on no header of one connection (RFC 9110, section 7.6.1), as far as their names are well known.
/// A websocket begins with one.
const CONNECTION_HEADERS: &str = "    \
    http-request del-header keep-alive
    http-request del-header proxy-connection
    http-response del-header connection unless { status 101 }
    http-response del-header keep-alive
    http-response del-header proxy-authenticate
    http-response del-header proxy-connection
";

/// A backend with its time-out for websockets.
struct HaproxyBackend<'r> {
    upstream: ConnectedUpstream<'r>,
    /// The time-out for silence of a websocket; `None` where none leads there. A frontend has no such setting.
    tunnel_ms: Option<u32>,
}

/// Writes steps, and collects the bodies and backends that they name.
pub(super) struct StepWriter<'r> {
    options: &'r ExportOptions,
    bodies: BTreeMap<String, &'r [u8]>,
    /// The headers that expressions are held against, with the numbers of their variables.
    headers: BTreeMap<String, usize>,
    backends: BTreeMap<String, HaproxyBackend<'r>>,
    keys: KeyMaps<'r>,
    pub(super) addresses: AddressLists,
    /// True if a step asks for a key.
    asks_keys: bool,
    /// The changes of forwarded requests, and the headers of responses that need lines of their own.
    changes: String,
    /// The bytes of the longest head that is written.
    longest_head: usize,
}

impl<'r> StepWriter<'r> {
    pub(super) const fn new(options: &'r ExportOptions) -> Self {
        Self {
            options,
            bodies: BTreeMap::new(),
            headers: BTreeMap::new(),
            backends: BTreeMap::new(),
            keys: KeyMaps::new(&options.callers),
            addresses: AddressLists::new(),
            asks_keys: false,
            changes: String::new(),
            longest_head: 0,
        }
    }

    /// Writes the steps of a rule.
    pub(super) fn steps(&mut self, text: &mut String, name: &str, is_rule: &str, path: &PathRule<'r>) {
        for (index, step) in path.steps.iter().enumerate() {
            for condition in &step.conditions {
                if let (RequestPart::Header(name), TextTest::Matches(_)) = (&condition.subject, &condition.test) {
                    let next = self.headers.len();
                    self.headers.entry(name.clone()).or_insert(next);
                }
            }
            let conditions = step.conditions.iter().map(|one| condition(one, &self.headers));
            let is_refused = step.refused_by.map(|rules| self.addresses.refusal_condition(rules));
            let conditions: Vec<String> = conditions.chain(is_refused).collect();
            let conditions = match &step.action {
                StepOutcome::Respond(response) => {
                    step_condition(text, is_rule, &conditions, Some(response.headers.len()))
                }
                StepOutcome::Refuse(_) | StepOutcome::Forward(_) => step_condition(text, is_rule, &conditions, None),
            };
            if let Some(route) = step.route {
                let api = quoted(&formatted(&route.api));
                let _ = writeln!(text, "    http-request set-var-fmt(txn.api) {api} {conditions}");
            }
            if let Some(route) = step.route.filter(|_| step.refused_by.is_none()) {
                let limit = route.limits.body_bytes.unwrap_or(USUAL_BODY_BYTES);
                let refusal = refusal_text(&ProblemResponse::large_body(limit));
                let _ = writeln!(
                    text,
                    "    http-request return status 413 {refusal} {conditions} {{ req.hdr_val(content-length) gt {limit} }}"
                );
            }
            match &step.action {
                StepOutcome::Respond(response) => {
                    if step.route.is_none() && path.group.cors.is_some() {
                        let _ = writeln!(text, "    http-request set-var(txn.preflight) bool(true) {conditions}");
                    }
                    self.note_head(&response.headers);
                    let (head, others) = response.headers.split_at(response.headers.len().min(MOST_HEADERS_OF_A_LINE));
                    if !others.is_empty() {
                        let step = format!("{name}-{index}");
                        let _ = writeln!(text, "    http-request set-var(txn.response) str({step}) {conditions}");
                        self.later_headers(&step, others);
                    }
                    let response = self.response(response, head);
                    let _ = writeln!(text, "    http-request return {response} {conditions}");
                }
                StepOutcome::Refuse(refusal) => {
                    let status = refusal.status;
                    let refusal = refusal_text(refusal);
                    let _ = writeln!(text, "    http-request return status {status} {refusal} {conditions}");
                }
                StepOutcome::Forward(forward) => {
                    let step = format!("{name}-{index}");
                    let route = forward.route;
                    let mut keys = std::mem::replace(&mut self.keys, KeyMaps::new(&self.options.callers));
                    text.push_str(&keys.rules(path.group, route, &step, &conditions, refusal_text));
                    self.keys = keys;
                    self.asks_keys |= subscription(route).is_some();
                    let backend = self.forward(path.group, forward, &step);
                    let _ = writeln!(text, "    http-request set-var(txn.step) str({step}) {conditions}");
                    let _ = writeln!(text, "    http-request set-var(txn.backend) str({backend}) {conditions}");
                }
            }
        }
    }

    fn note_head(&mut self, headers: &[(String, HeaderText)]) {
        let length = |(name, value): &(String, HeaderText)| match value {
            HeaderText::Literal(text) if text.len() <= MOST_HEADER_BYTES => name.len() + text.len(),
            HeaderText::Literal(_) | HeaderText::OfRequest(_) => 0,
        };
        self.longest_head = self.longest_head.max(headers.iter().map(length).sum());
    }

    /// Adds headers to the response of a step once it is made.
    fn later_headers(&mut self, step: &str, headers: &[(String, HeaderText)]) {
        for (name, value) in headers {
            if let Some(value) = header_text(value) {
                let name = quoted(name);
                let _ = writeln!(
                    self.changes,
                    "    http-after-response add-header {name} {value} if {{ var(txn.response) -m str {step} }}"
                );
            }
        }
    }

    /// Writes a response with some of its headers.
    fn response(&mut self, response: &FixedResponse<'r>, headers: &[(String, HeaderText)]) -> String {
        let FixedResponse { status, media_type, body, .. } = response;
        let mut text = format!("status {status}");
        if !body.is_empty() && body.len() <= MOST_BODY_BYTES {
            let name = format!("bodies/{}", Digest::of(body).short());
            let media_type = quoted(media_type.unwrap_or("application/octet-stream"));
            let _ = write!(text, " content-type {media_type} file {name}");
            self.bodies.insert(name, body);
        }
        for (name, value) in headers {
            if let Some(value) = header_text(value) {
                let _ = write!(text, " hdr {} {value}", quoted(name));
            }
        }
        text
    }

    /// Notes a backend and the changes of its requests, and returns its name.
    fn forward(&mut self, group: &GroupRoutes, action: &ForwardAction<'r>, step: &str) -> String {
        let ForwardAction { forward, route, rewrite, .. } = action;
        let connected = ConnectedUpstream::new(group, action);
        let name = connected.name.clone();
        let host = connected.endpoints.first().map_or("", |endpoint| endpoint.authority.as_str()).to_owned();
        let backend = self.backends.entry(name.clone());
        let backend = backend.or_insert(HaproxyBackend { upstream: connected, tunnel_ms: None });
        backend.tunnel_ms = backend.tunnel_ms.or(route.websocket.then(|| action.idle_ms()));
        let is_step = format!("if {{ var(txn.step) -m str {step} }}");
        // Before the settings have their turn, which may move the name of the key, or send one of the backend in its
        // place.
        self.changes.push_str(&KeyMaps::changes(route, &is_step));
        let mut constants = 0;
        let mut line = |rule: &str, condition: &str| {
            let _ = writeln!(self.changes, "    http-request {rule} {is_step} {condition}");
        };
        line("set-header x-forwarded-for %[src]", "");
        line("set-header x-forwarded-host %[req.hdr(host)]", "");
        line("set-header x-forwarded-proto http", "");
        line(&format!("set-header x-forwarded-prefix {}", quoted(&formatted(group.prefix.as_str()))), "");
        line("add-header via '1.1 apigw'", "");
        if route.websocket {
            line("set-var(txn.websocket) bool(true)", "");
        }
        if !forward.keep_host {
            line(&format!("set-header host {}", quoted(&formatted(&host))), "");
        }
        for mapping in applied_mappings(action) {
            match mapping {
                RequestMapping::Move(mapping) => {
                    if let (ParameterReference::Header(from), ParameterReference::Header(to)) =
                        (&mapping.from, &mapping.to)
                    {
                        let value = sample_word(&format!("%[{}]", header_sample(from)));
                        let is_there = format!("{{ {} -m found }}", sample_word(&header_sample(from)));
                        if !is_reserved_for_gateway(to) {
                            line(&format!("set-header {} {value}", quoted(to)), &is_there);
                        }
                        if !is_reserved_for_gateway(from) {
                            line(&format!("del-header {}", quoted(from)), "");
                        }
                    }
                }
                RequestMapping::Set(constant) => {
                    if let ParameterReference::Header(name) = &constant.to {
                        let name = quoted(name);
                        let is_short = constant.value.len() <= MOST_HEADER_BYTES;
                        let set = || format!("set-header {name} {}", header_value(&constant.value));
                        line(&if is_short { set() } else { format!("del-header {name}") }, "");
                        constants += if is_short { name.len() + constant.value.len() } else { 0 };
                    }
                }
            }
        }
        self.longest_head = self.longest_head.max(constants);
        if let Some(PathRewrite { pattern, pieces }) = rewrite.as_ref().filter(|rewrite| rewrite.has_numbered_groups())
        {
            let target: String = pieces.iter().map(rewrite_piece).collect();
            let pattern = quoted(&format!("^(?:{pattern})$"));
            line(&format!("replace-path {pattern} {}", quoted(&target)), "");
        }
        name
    }

    /// Returns the length of the longest response, or of the constants of a request where they are longer.
    pub(super) fn longest_message(&self) -> usize {
        self.bodies.values().map(|body| body.len()).max().unwrap_or_default() + self.longest_head
    }

    /// Returns the files of the bodies.
    pub(super) fn bodies(&self) -> Vec<ExportFile> {
        let file = |(name, body): (&String, &&[u8])| ExportFile {
            path: name.clone(),
            bytes: body.to_vec(),
            is_private: false,
        };
        self.bodies.iter().map(file).collect()
    }

    /// Returns the maps of keys.
    pub(super) fn key_files(&self) -> Vec<ExportFile> {
        self.keys.files(self.asks_keys)
    }

    /// Writes the variables of headers.
    pub(super) fn write_headers(&self, text: &mut String) {
        for (name, number) in &self.headers {
            // Of several lines the first counts, as where the gateway looks for credentials.
            let sample = header_sample(name);
            let first = sample.strip_suffix(')').unwrap_or(&sample);
            let value = sample_word(&format!("%[{first},1)]"));
            let _ = writeln!(text, "    http-request set-var-fmt(txn.header_{number}) {value}");
        }
    }

    /// Writes the changes of forwarded requests.
    pub(super) fn write_changes(&self, text: &mut String) {
        text.push_str(&self.changes);
        text.push_str(ORIGIN_FORM);
        text.push_str(UPGRADES);
        text.push_str(CONNECTION_HEADERS);
    }

    /// Writes the backends.
    pub(super) fn write_backends(&self, text: &mut String) {
        for (name, HaproxyBackend { upstream, tunnel_ms }) in &self.backends {
            let _ = writeln!(text, "\nbackend {name}\n    balance roundrobin");
            let _ = writeln!(text, "    timeout connect {}ms", upstream.connect_timeout_ms);
            let _ = writeln!(text, "    timeout server {}ms", upstream.response_timeout_ms);
            if let Some(milliseconds) = tunnel_ms {
                let _ = writeln!(text, "    timeout tunnel {milliseconds}ms");
            }
            // Where no connection was made, nothing was sent: the request goes to the other addresses, whatever its
            // method. HAProxy avoids the last one alone.
            let retries = Some(upstream.endpoints.len()).filter(|count| *count > 1).unwrap_or_default();
            let _ = writeln!(
                text,
                "    retries {retries}\n    option redispatch 1\n    option http-restrict-req-hdr-names preserve"
            );
            let tls = self.tls(upstream);
            for (index, endpoint) in upstream.endpoints.iter().enumerate() {
                let tls = if upstream.tls.is_some() {
                    format!("{tls} sni {} verifyhost {}", quoted(&host_sample(&endpoint.host)), quoted(&endpoint.host))
                } else {
                    String::new()
                };
                let _ =
                    writeln!(text, "    server s{index} {} init-addr last,libc,none{tls}", quoted(&endpoint.address()));
            }
        }
    }

    fn tls(&self, upstream: &ConnectedUpstream<'_>) -> String {
        let Some(tls) = upstream.tls else { return String::new() };
        let path = |name: &str| quoted(&format!("{}/{name}", self.options.secrets_folder.trim_end_matches('/')));
        let trusted = tls.ca.as_deref().map_or_else(|| "@system-ca".to_owned(), path);
        // The key has no setting of its own.
        let certificate = tls.certificate.as_deref().filter(|_| has_key_beside(tls));
        let own = certificate.map(|name| format!(" crt {}", path(name))).unwrap_or_default();
        format!(" ssl verify required ca-file {trusted}{own}")
    }
}

/// Writes a refusal, without its status.
pub(super) fn refusal_text(refusal: &ProblemResponse) -> String {
    const MARK: &str = "apigw-request-id-mark";
    let body = quoted(&formatted(&refusal.body(MARK))).replace(MARK, "%[var(txn.request_id)]");
    let mut text = format!("content-type application/problem+json lf-string {body}");
    for (name, value) in refusal.headers() {
        let _ = write!(text, " hdr {name} {}", quoted(&formatted(&value)));
    }
    text
}

/// Writes the value of a response's header; `None` where it is too long or empty: HAProxy refuses to load one that is
/// empty, and sends none of an expression that is.
fn header_text(value: &HeaderText) -> Option<String> {
    match value {
        HeaderText::Literal(text) if text.is_empty() || text.len() > MOST_HEADER_BYTES => None,
        HeaderText::Literal(text) => Some(quoted(&formatted(text))),
        HeaderText::OfRequest(name) => Some(format!("%[req.fhdr({name})]")),
    }
}

/// Writes a condition as an anonymous one. A header that one expression is held against is in a variable, which is
/// empty where the header is missing; of others, each value is looked at that a request has.
fn condition(condition: &RequestCondition, headers: &BTreeMap<String, usize>) -> String {
    let sample = match &condition.subject {
        RequestPart::Method => "method".to_owned(),
        RequestPart::Path => "var(txn.path)".to_owned(),
        RequestPart::Query => "query".to_owned(),
        RequestPart::Header(name) => match (&condition.test, headers.get(name)) {
            (TextTest::Matches(_), Some(number)) => format!("var(txn.header_{number})"),
            _ => sample_word(&header_sample(name)),
        },
    };
    match &condition.test {
        TextTest::Present => format!("{{ {sample} -m found }}"),
        TextTest::Equals(text) => format!("{{ {sample} -m str {} }}", compared(text)),
        TextTest::Matches(pattern) => format!("{{ {sample} -m reg {} }}", whole(pattern)),
        TextTest::MatchesAny(patterns) => {
            let words: Vec<String> =
                joined(patterns, MOST_PATTERN_BYTES).iter().map(|pattern| whole(pattern)).collect();
            format!("{{ {sample} -m reg {} }}", words.join(" "))
        }
    }
}

/// Writes an expression that matches a whole text.
fn whole(pattern: &str) -> String {
    quoted(&format!("^(?:{pattern})$"))
}

fn rewrite_piece(piece: &RewritePiece) -> String {
    match piece {
        RewritePiece::Text(text) => formatted(&text.replace('\\', "\\\\")),
        RewritePiece::Capture(group) => format!("\\{group}"),
    }
}
