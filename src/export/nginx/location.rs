//! Locations: the steps of a rule, and what each of them comes to.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::claims::removed_by_name;
use super::super::options::{ExportOptions, USUAL_BODY_BYTES};
use super::super::pattern::PathRewrite;
use super::super::refusal::ProblemResponse;
use super::super::seen_headers::applied_mappings;
use super::super::table::{DecisionStep, FixedResponse, ForwardAction, HeaderText, PathRule, StepOutcome};
use super::super::upstream::ConnectedUpstream;
use super::address_lists::AddressLists;
use super::condition::{condition_map, header_variable, named_groups, rewrite_piece};
use super::cors_headers::cors_headers;
use super::text::{
    joined_variables, quoted, quoted_inside, quoted_name, quoted_pattern, quoted_value, value_inside, variables_inside,
};
use crate::model::{ParameterReference, is_reserved_for_gateway};
use crate::routes::{GroupRoutes, RequestMapping};

/// The certificates that a system trusts, on Debian and its children.
const SYSTEM_CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";
/// The headers that tell a backend of the caller.
const HOP_HEADERS: [(&str, &str); 3] =
    [("x-forwarded-for", "$remote_addr"), ("x-forwarded-host", "$http_host"), ("x-forwarded-proto", "$scheme")];
/// A header that is not sent.
const NOTHING: &str = "\"\"";
const REQUEST_ID: &str = "${apigw_request_id}";

/// Writes locations, and collects the conditions and backends that they name.
pub(super) struct LocationWriter<'r> {
    pub(super) options: &'r ExportOptions,
    /// The largest body that the server of the present table takes.
    pub(super) server_limit: u64,
    /// The map of each condition, by its text, with the number in its variable.
    conditions: BTreeMap<String, usize>,
    /// The maps from headers to headers, by their text.
    headers: BTreeMap<String, usize>,
    upstreams: BTreeMap<String, ConnectedUpstream<'r>>,
    addresses: AddressLists,
}

impl<'r> LocationWriter<'r> {
    pub(super) const fn new(options: &'r ExportOptions) -> Self {
        Self {
            options,
            server_limit: USUAL_BODY_BYTES,
            conditions: BTreeMap::new(),
            headers: BTreeMap::new(),
            upstreams: BTreeMap::new(),
            addresses: AddressLists::new(),
        }
    }

    /// Writes the location of a rule and those of its steps.
    pub(super) fn rule(&mut self, text: &mut String, name: &str, path: &PathRule<'r>) {
        let GroupRoutes { environment, group, version, operation, .. } = path.group;
        let _ = writeln!(text, "        location = \"/ {name}\" {{\n            internal;");
        for (variable, value) in [
            ("environment", environment.as_str()),
            ("group", group.as_str()),
            ("version", &version.to_string()),
            ("operation", &operation.to_string()),
        ] {
            let _ = writeln!(text, "            set $apigw_{variable} {};", quoted(value));
        }
        let mut locations = String::new();
        for (index, step) in path.steps.iter().enumerate() {
            let target = format!("/ {name}/{index}");
            let flags = self.flags(step);
            let expected = "1".repeat(flags.len());
            let (settings, flags) = joined_variables("flags", flags);
            write_settings(text, &settings);
            let own_limit = body_limit(step).filter(|limit| *limit != self.server_limit);
            if flags.is_empty() {
                let _ = writeln!(text, "            rewrite ^ \"{target}\" last;");
            } else {
                let _ = writeln!(
                    text,
                    "            set $apigw_flags \"{flags}\";\n            if ($apigw_flags = \"{expected}\") {{\n                rewrite ^ \"{target}\" last;\n            }}"
                );
            }
            let _ = writeln!(locations, "        location = \"{target}\" {{\n            internal;");
            if let Some(route) = step.route {
                let api = written_value(&mut locations, "api_name", &route.api);
                let _ = writeln!(locations, "            set $apigw_api {api};");
            }
            let redirect = redirect_status(step);
            if let Some(limit) = own_limit.or(redirect.map(|_| self.server_limit)) {
                // Pages of its own are all that a location has.
                locations.push_str(&error_pages(limit, "            "));
            }
            if let Some(status) = redirect {
                // Of a redirect that is returned, page and `Location` are nginx's own.
                let _ = write!(
                    locations,
                    "            error_page 418 ={status} @{name}/{index};\n            return 418;\n        }}\n        location @{name}/{index} {{\n"
                );
            }
            locations.push_str(&self.action(path.group, step));
            locations.push_str("        }\n");
        }
        text.push_str("        }\n");
        text.push_str(&locations);
    }

    /// Returns the variables of conditions, each `1` where its condition holds.
    fn flags(&mut self, step: &DecisionStep<'_>) -> Vec<String> {
        let conditions = step.conditions.iter().map(condition_map).collect::<Vec<_>>();
        let addresses = step.refused_by.map(|rules| self.addresses.refusal_map(rules));
        let known = &mut self.conditions;
        let variable = |map| {
            let next = known.len();
            format!("${{apigw_is_{}}}", known.entry(map).or_insert(next))
        };
        conditions.into_iter().chain(addresses).map(variable).collect()
    }

    fn action(&mut self, group: &'r GroupRoutes, step: &DecisionStep<'r>) -> String {
        let is_preflight = step.route.is_none() && matches!(step.action, StepOutcome::Respond(_));
        match &step.action {
            StepOutcome::Respond(response) => response_text(response, Some(group).filter(|_| !is_preflight)),
            StepOutcome::Refuse(refusal) => refusal_text(refusal, Some(group)),
            StepOutcome::Forward(forward) => self.forward(group, forward),
        }
    }

    fn forward(&mut self, group: &'r GroupRoutes, action: &ForwardAction<'r>) -> String {
        let ForwardAction { forward, route, rewrite, .. } = action;
        let connected = ConnectedUpstream::new(group, action);
        let mut text = headers_text(Some(group));
        let mut line = |setting: &str| {
            let _ = writeln!(text, "            {setting};");
        };
        match rewrite {
            None => line("set $apigw_target $apigw_path"),
            Some(PathRewrite { pattern, pieces }) => {
                let (settings, pieces): (Vec<Vec<String>>, Vec<String>) =
                    pieces.iter().enumerate().map(|(index, piece)| rewrite_piece(index, piece)).unzip();
                let target = pieces.concat();
                settings.iter().flatten().for_each(|setting| line(setting));
                line("set $apigw_target $apigw_path");
                let pattern = quoted_pattern(&named_groups(pattern), true).replacen('~', "", 1);
                let _ = writeln!(
                    text,
                    "            if ($apigw_path ~ {pattern}) {{\n                set $apigw_target \"{target}\";\n            }}"
                );
            }
        }
        let mut line = |setting: &str| {
            let _ = writeln!(text, "            {setting};");
        };
        let first = connected.endpoints.first();
        let authority = first.map_or("", |endpoint| endpoint.authority.as_str());
        let scheme = if connected.tls.is_some() { "https" } else { "http" };
        let host = if forward.keep_host { "$http_host".to_owned() } else { quoted(authority) };
        line("proxy_http_version 1.1");
        line(&format!("proxy_connect_timeout {}ms", connected.connect_timeout_ms));
        let idle = action.idle_ms();
        line(&format!("proxy_read_timeout {idle}ms"));
        line(&format!("proxy_send_timeout {idle}ms"));
        line(&format!("proxy_set_header Host {host}"));
        line("proxy_set_header X-Request-Id $apigw_request_id");
        line("proxy_set_header Via \"1.1 apigw\"");
        let (upgrade, connection) =
            if route.websocket { ("$apigw_upgrade", "$apigw_connection") } else { (NOTHING, NOTHING) };
        line(&format!("proxy_set_header Upgrade {upgrade}"));
        line(&format!("proxy_set_header Connection {connection}"));
        line(&format!("proxy_set_header Proxy-Connection {NOTHING}"));
        for header in self.sent_headers(group, action) {
            line(&header);
        }
        line("proxy_redirect off");
        line("proxy_hide_header X-Request-Id");
        line("proxy_hide_header Proxy-Authenticate");
        line("proxy_hide_header Proxy-Connection");
        if group.cors.is_some() {
            for name in ["Allow-Origin", "Allow-Credentials", "Expose-Headers"] {
                line(&format!("proxy_hide_header Access-Control-{name}"));
            }
        }
        line(if forward.retry && connected.endpoints.len() > 1 {
            "proxy_next_upstream error timeout"
        } else {
            "proxy_next_upstream off"
        });
        for setting in self.tls_settings(&connected) {
            line(&setting);
        }
        line(&format!("proxy_pass {scheme}://{}$apigw_target$is_args$args", connected.name));
        self.upstreams.entry(connected.name.clone()).or_insert(connected);
        text
    }

    /// Lists the settings of TLS to a backend.
    fn tls_settings(&self, upstream: &ConnectedUpstream<'_>) -> Vec<String> {
        let Some(tls) = upstream.tls else { return Vec::new() };
        let place = |name: &str| format!("{}/{name}", self.options.secrets_folder.trim_end_matches('/'));
        let path = |name: &str| quoted(&place(name));
        let name = upstream.endpoints.first().map_or("", |endpoint| endpoint.host.as_str());
        let trusted = tls.ca.as_deref().map_or_else(|| quoted(SYSTEM_CERTIFICATES), |name| quoted_name(&place(name)));
        let mut settings = vec![
            "proxy_ssl_server_name on".to_owned(),
            format!("proxy_ssl_name {}", quoted(name)),
            "proxy_ssl_verify on".to_owned(),
            "proxy_ssl_verify_depth 5".to_owned(),
            format!("proxy_ssl_trusted_certificate {trusted}"),
        ];
        if let (Some(certificate), Some(key)) = (&tls.certificate, &tls.key) {
            settings.push(format!("proxy_ssl_certificate {}", path(certificate)));
            settings.push(format!("proxy_ssl_certificate_key {}", path(key)));
        }
        settings
    }

    /// Lists the headers that tell of the caller, and the changes of a request's headers. nginx sends a header as often
    /// as it is set, so that each is set once, to the value that it has after all changes.
    fn sent_headers(&mut self, group: &GroupRoutes, action: &ForwardAction<'_>) -> Vec<String> {
        let mut settings = Vec::new();
        let hops = HOP_HEADERS.map(|(name, value)| (name, value.to_owned()));
        let claims = removed_by_name(|_| false).into_iter().map(|name| (name, NOTHING.to_owned()));
        let prefix = ("x-forwarded-prefix", quoted(group.prefix.as_str()));
        let own: Vec<(&str, String)> = hops.into_iter().chain(claims).chain([prefix]).collect();
        let mut values: Vec<(&str, String)> = Vec::new();
        for mapping in applied_mappings(action) {
            match mapping {
                RequestMapping::Move(mapping) => {
                    if let (ParameterReference::Header(from), ParameterReference::Header(to)) =
                        (&mapping.from, &mapping.to)
                    {
                        // A caller's own is none.
                        let is_own = own.iter().any(|(name, _)| name == from);
                        let received = || if is_own { NOTHING.to_owned() } else { header_variable(from) };
                        let moved = value_of(&values, from).unwrap_or_else(received);
                        let kept = value_of(&values, to).or_else(|| value_of(&own, to));
                        let map = format!(
                            "map {moved} $HERE {{\n        default {moved};\n        \"\" {};\n    }}",
                            kept.unwrap_or_else(|| header_variable(to))
                        );
                        let next = self.headers.len();
                        let number = *self.headers.entry(map).or_insert(next);
                        if !is_reserved_for_gateway(from) {
                            set_value(&mut values, from, NOTHING.to_owned());
                        }
                        if !is_reserved_for_gateway(to) {
                            set_value(&mut values, to, format!("$apigw_header_{number}"));
                        }
                    }
                }
                RequestMapping::Set(constant) => {
                    if let ParameterReference::Header(name) = &constant.to {
                        let variable = format!("constant_{}", settings.len() + values.len());
                        let (of_constant, value) = quoted_value(&variable, &constant.value);
                        settings.extend(of_constant);
                        set_value(&mut values, name, value);
                    }
                }
            }
        }
        let is_kept = |(name, _): &&(&str, String)| !values.iter().any(|(changed, _)| changed == name);
        let lines = own.iter().filter(is_kept).chain(&values);
        let lines = lines.map(|(name, value)| format!("proxy_set_header {} {value}", quoted_name(name)));
        settings.into_iter().chain(lines).collect()
    }

    /// Writes the maps of all conditions that were named.
    pub(super) fn write_maps(&self, text: &mut String) {
        self.addresses.write(text);
        for (map, number) in &self.conditions {
            let _ = writeln!(text, "    {}", map.replacen("$HERE", &format!("$apigw_is_{number}"), 1));
        }
        for (map, number) in &self.headers {
            let _ = writeln!(text, "    {}", map.replacen("$HERE", &format!("$apigw_header_{number}"), 1));
        }
    }

    /// Writes the backends that were named.
    pub(super) fn write_upstreams(&self, text: &mut String) {
        for (name, upstream) in &self.upstreams {
            let _ = writeln!(text, "    upstream {name} {{");
            for endpoint in &upstream.endpoints {
                let _ =
                    writeln!(text, "        server {} max_fails=1 fail_timeout=1s;", quoted_name(&endpoint.address()));
            }
            text.push_str("        keepalive 32;\n    }\n");
        }
    }
}

/// Returns the value of a header after some changes, as an expression.
fn value_of(values: &[(&str, String)], name: &str) -> Option<String> {
    values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
}

/// Sets the value of a header after some changes.
fn set_value<'n>(values: &mut Vec<(&'n str, String)>, name: &'n str, value: String) {
    match values.iter_mut().find(|(known, _)| *known == name) {
        Some((_, known)) => *known = value,
        None => values.push((name, value)),
    }
}

/// Writes the headers of every response: the id of the request, and those for pages of other origins.
fn headers_text(group: Option<&GroupRoutes>) -> String {
    let mut text = "            add_header X-Request-Id $apigw_request_id always;\n".to_owned();
    for header in group.map(cors_headers).unwrap_or_default() {
        let _ = writeln!(text, "            add_header {header} always;");
    }
    text
}

/// Returns the most bytes of a body in a step of an API.
pub(super) fn body_limit(step: &DecisionStep<'_>) -> Option<u64> {
    step.route.filter(|_| step.refused_by.is_none()).map(|route| route.limits.body_bytes.unwrap_or(USUAL_BODY_BYTES))
}

/// Returns the status of a step that is a redirect.
fn redirect_status(step: &DecisionStep<'_>) -> Option<u16> {
    match &step.action {
        StepOutcome::Respond(response) => Some(response.status).filter(|status| is_redirect(*status)),
        StepOutcome::Refuse(_) | StepOutcome::Forward(_) => None,
    }
}

const fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// Writes a limit of bodies, and the pages of errors where it holds.
pub(super) fn error_pages(limit: u64, indent: &str) -> String {
    // Zero is no limit to nginx.
    let mut text = format!("{indent}client_max_body_size {};\n", limit.max(1));
    for (status, page) in [(400, "400"), (413, &*format!("413/{limit}")), (502, "502"), (504, "504")] {
        let _ = writeln!(text, "{indent}error_page {status} = \"/ error/{page}\";");
    }
    text
}

/// Writes a refusal; one about a group has the headers for pages of other origins.
pub(super) fn refusal_text(refusal: &ProblemResponse, group: Option<&GroupRoutes>) -> String {
    const MARK: &str = "apigw-request-id-mark";
    let mut text = headers_text(group);
    for (index, (name, value)) in refusal.headers().into_iter().enumerate() {
        let value = written_value(&mut text, &format!("problem_header_{index}"), &value);
        let _ = writeln!(text, "            add_header {name} {value} always;");
    }
    let body = refusal.body(MARK);
    let (before, after) = body.rsplit_once(MARK).unwrap_or_default();
    let (settings, before) = value_inside("problem", before);
    write_settings(&mut text, &settings);
    let _ = writeln!(
        text,
        "            default_type application/problem+json;\n            return {} \"{before}{REQUEST_ID}{}\";",
        refusal.status,
        quoted_inside(after)
    );
    text
}

fn response_text(response: &FixedResponse<'_>, group: Option<&GroupRoutes>) -> String {
    let FixedResponse { status, headers, media_type, body } = response;
    let mut text = headers_text(group);
    for (index, (name, value)) in headers.iter().enumerate() {
        let value = match value {
            HeaderText::Literal(value) => written_value(&mut text, &format!("value_{index}"), value),
            HeaderText::OfRequest(name) => header_variable(name),
        };
        let _ = writeln!(text, "            add_header {} {value} always;", quoted_name(name));
    }
    let _ = writeln!(text, "            default_type {};", quoted_name(media_type.unwrap_or_default()));
    let status = if is_redirect(*status) { 200 } else { *status };
    let (settings, body) = variables_inside("body", std::str::from_utf8(body).unwrap_or_default());
    write_settings(&mut text, &settings);
    let _ = writeln!(text, "            return {status} \"${{apigw_nothing}}{body}\";");
    text
}

/// Writes a value, by variables that are set before it where it is long.
fn written_value(text: &mut String, name: &str, value: &str) -> String {
    let (settings, value) = quoted_value(name, value);
    write_settings(text, &settings);
    value
}

fn write_settings(text: &mut String, settings: &[String]) {
    for setting in settings {
        let _ = writeln!(text, "            {setting};");
    }
}
