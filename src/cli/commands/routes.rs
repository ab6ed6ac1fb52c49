//! `apigw routes`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::live_routes::live_routes;
use crate::cli::table::{self, TableLayout};
use crate::cli::views::RoutesView;
use crate::cli::wrap::wrapped;
use crate::cli::{complete, selection};
use crate::model::{IpRange, IpRules, SCHEMA};
use crate::routes::{
    Credential, DynamicUpstream, EnvironmentRoutes, GroupForwarding, GroupRoutes, MockResponses, RequestMapping,
    Responder, Route, RouteAccess, RouteForward,
};
use crate::snapshot::NotServed;

/// Show the routes of a gateway: requests matched, mocked, forwarded and rewritten
///
/// Each live API is listed with its method and path, its access, and its mock response or backend address.
/// The first path that matches takes a request: exact paths stand before templates, and templates before prefixes
/// (`/*`). With `-o yaml` or `-o json`, every mock
/// response, rule and time-out is printed; values of secrets are blanked.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  apigw routes --env test\n  apigw routes petstore --env test -o yaml")]
pub(in crate::cli) struct RoutesArguments {
    /// Only these groups
    #[arg(value_name = "GROUP", add = ArgValueCandidates::new(complete::groups))]
    groups: Vec<String>,
    /// An environment; may be given more than once [default: all]
    #[arg(long, value_name = "ENV", value_delimiter = ',', add = ArgValueCandidates::new(complete::environments))]
    env: Vec<String>,
}

pub(in crate::cli) fn run(context: &Context<'_>, arguments: &RoutesArguments) -> Result<Exit, CommandError> {
    let workspace = context.readable_workspace()?;
    let named = arguments.env.iter().map(|name| context.environment(name)).collect::<Result<BTreeSet<_>, _>>()?;
    let mut environments = workspace.settings().environments();
    environments.retain(|name| named.is_empty() || named.contains(name));
    let groups = arguments.groups.iter().map(|name| selection::parse(name)).collect::<Result<BTreeSet<_>, _>>()?;
    let routes = live_routes(workspace, environments, &groups);
    for group in &groups {
        let is_live = |environment: &EnvironmentRoutes| environment.groups.iter().any(|live| live.group == *group);
        if !routes.iter().any(is_live) {
            selection::require_group(context, group)?;
            context.output.note(&format!("{group} is not live there"));
        }
    }
    let layout = TableLayout { width: context.output.width, color: context.output.color, unbroken: 1 };
    context.output.painted(&RoutesView { schema: SCHEMA, environments: &routes }, || {
        wrapped(&text(&routes, layout), context.output.width).into_owned()
    })?;
    // Hosts depend on the settings.
    let mut is_complete = workspace.unread_settings().is_none();
    for NotServed { environment, group, reason, .. } in routes.iter().flat_map(|environment| &environment.not_served) {
        is_complete = false;
        let subject =
            group.as_ref().map_or_else(|| environment.to_string(), |group| format!("{group} in {environment}"));
        context.output.warning(&format!("{subject} is not served: {reason}"));
    }
    Ok(if is_complete { Exit::Done } else { Exit::Invalid })
}

fn text(routes: &[EnvironmentRoutes], layout: TableLayout) -> String {
    let groups = routes.iter().flat_map(|environment| &environment.groups);
    let texts: Vec<String> = groups.map(|group| group_text(group, layout)).collect();
    let is_known = routes.iter().all(|environment| environment.not_served.is_empty());
    if texts.is_empty() && is_known { "nothing is live\n".to_owned() } else { texts.join("\n") }
}

fn group_text(group: &GroupRoutes, layout: TableLayout) -> String {
    let GroupRoutes { environment, group: name, version, hosts, forward, cors, .. } = group;
    let mut text = format!("{environment}: {name} {version}\n");
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(text, "  {name:<9}{value}");
        }
    };
    line("hosts", &hosts.iter().collect::<Vec<_>>().join(", "));
    match forward {
        None => line("backend", "mock"),
        Some(forward) => {
            line("backend", &forward.upstream.to_string());
            line("requests", &settings_text(forward));
            line("dynamic", &dynamic_text(&forward.dynamic));
            line("rewrites", &mappings_text(&forward.mappings));
        }
    }
    line("from", &addresses_text(&group.ip_rules));
    line("at most", &group.rate_limits.to_string());
    line("cors", &cors.as_ref().map(|cors| cors.allow_origins.join(", ")).unwrap_or_default());
    let mut routes: Vec<&Route> = group.routes.iter().collect();
    routes.sort_by_cached_key(|route| route.path.precedence());
    let rows = routes.into_iter().map(|route| {
        vec![
            route.method.to_string(),
            path_text(group, route),
            route.api.clone(),
            access_text(&route.access),
            responder_text(group, route),
        ]
    });
    text.push_str(&table::render(&["METHOD", "PATH", "API", "ACCESS", "RESPONSE"], rows, layout));
    for api in &group.not_served {
        let _ = writeln!(text, "not served: {}: {}", api.api, api.reason);
    }
    text
}

fn addresses_text(rules: &IpRules) -> String {
    let list = |ranges: &[IpRange]| ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let IpRules { allow, deny } = rules;
    match (allow.is_empty(), deny.is_empty()) {
        (true, true) => String::new(),
        (true, false) => format!("all but {}", list(deny)),
        (false, true) => list(allow),
        (false, false) => format!("{}, but not {}", list(allow), list(deny)),
    }
}

/// Returns the path of a route as callers use it, with the query parameters that it requires.
fn path_text(group: &GroupRoutes, route: &Route) -> String {
    let path = &route.path;
    let mut text = format!("{}{}", group.prefix.before_path(), path.template);
    if path.is_prefix {
        text.truncate(text.trim_end_matches('/').len());
        text.push_str("/*");
    }
    for (index, condition) in path.query.iter().enumerate() {
        text.push(if index == 0 { '?' } else { '&' });
        text.push_str(&condition.name);
        if let Some(value) = &condition.value {
            text.push('=');
            text.push_str(value);
        }
    }
    text
}

fn access_text(access: &RouteAccess) -> String {
    let credential = |credential: &Credential| match credential {
        Credential::Header(name) => format!("header {name}"),
        Credential::Query(name) => format!("query {name}"),
        Credential::Cookie(name) => format!("cookie {name}"),
        Credential::Authorization(scheme) => format!("{scheme} credentials"),
    };
    match access {
        RouteAccess::Anyone => "anyone".to_owned(),
        RouteAccess::Key { signature, subscription, token, unsigned_body, .. } => {
            let signed = if *unsigned_body { "signature (the body may be unsigned)" } else { "signature" };
            let ways = [
                signature.as_ref().map(|_| signed),
                subscription.as_ref().map(|_| "subscription key"),
                token.as_ref().map(|_| "token"),
            ];
            ways.into_iter().flatten().collect::<Vec<_>>().join(" or ")
        }
        RouteAccess::Presence { any_of } => {
            let list = |list: &Vec<Credential>| list.iter().map(credential).collect::<Vec<_>>().join(" and ");
            any_of.iter().map(list).collect::<Vec<_>>().join(", or ")
        }
    }
}

fn responder_text(group: &GroupRoutes, route: &Route) -> String {
    match (&route.responder, &group.forward) {
        (Responder::Mock(responses), _) => mock_text(responses),
        (Responder::Forward(own), Some(forward)) => forward_text(group, forward, own, route),
        (Responder::Forward(_), None) => String::new(),
    }
}

fn mock_text(responses: &MockResponses) -> String {
    let others = responses.responses.len().saturating_sub(usize::from(responses.has_constant));
    let others = if others == 0 { String::new() } else { format!("{others} on request") };
    match responses.constant() {
        None if others.is_empty() => "501: no mock response".to_owned(),
        None => format!("501: no mock response; {others}"),
        Some(constant) => {
            let media_type = constant.media_type.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
            let others = if others.is_empty() { others } else { format!("; {others}") };
            format!("{}{media_type}{others}", constant.status)
        }
    }
}

/// Returns the address that a request is forwarded to, and the differences from the group's settings.
fn forward_text(group: &GroupRoutes, forward: &GroupForwarding, own: &RouteForward, route: &Route) -> String {
    let upstream = own.upstream.as_ref().unwrap_or(&forward.upstream);
    let address = upstream.targets.first().map_or("", |url| url.as_str()).trim_end_matches('/');
    let kept = if forward.keep_prefix { group.prefix.before_path() } else { "" };
    let path = own.path.clone().unwrap_or_else(|| format!("{kept}{}", route.path.template));
    let more = match upstream.targets.len() {
        0 | 1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    let rest = if route.path.is_prefix && own.path.is_none() { "/*" } else { "" };
    let websocket = if route.websocket { "; websocket" } else { "" };
    let timeout = own.response_timeout_ms.map(|ms| format!("; within {ms} ms")).unwrap_or_default();
    let mut text = format!("{address}{path}{rest}{more}{websocket}{timeout}");
    for part in [dynamic_text(&own.dynamic), mappings_text(&own.mappings)] {
        if !part.is_empty() {
            text.push_str("; ");
            text.push_str(&part);
        }
    }
    text
}

fn settings_text(forward: &GroupForwarding) -> String {
    let timeouts = &forward.timeouts;
    let mut parts = vec![format!(
        "connect {} ms, response {} ms, idle {} ms, websocket idle {} ms",
        timeouts.connect_ms, timeouts.response_ms, timeouts.idle_ms, timeouts.websocket_idle_ms
    )];
    parts.extend(forward.keep_prefix.then(|| "prefix kept".to_owned()));
    parts.extend(forward.keep_host.then(|| "client's host kept".to_owned()));
    parts.push(if forward.retry { "retried once" } else { "not retried" }.to_owned());
    parts.extend(forward.sign.as_ref().map(|sign| format!("signed by key {} ({})", sign.key, sign.scheme.as_str())));
    parts.extend(forward.tls.files().map(|(field, name)| format!("{field} {name}")));
    parts.join("; ")
}

fn dynamic_text(dynamic: &[DynamicUpstream]) -> String {
    let rule = |rule: &DynamicUpstream| {
        let values = rule.shown_values().collect::<Vec<_>>().join(" or ");
        let condition = if values.is_empty() { "present".to_owned() } else { format!("is {values}") };
        format!("{} {condition} → {}", rule.when, rule.upstream)
    };
    dynamic.iter().map(rule).collect::<Vec<_>>().join("; ")
}

fn mappings_text(mappings: &[RequestMapping]) -> String {
    let mapping = |mapping: &RequestMapping| match mapping {
        RequestMapping::Move(mapping) => format!("{} → {}", mapping.from, mapping.to),
        RequestMapping::Set(constant) => format!("{} = {}", constant.to, constant.shown_value()),
    };
    mappings.iter().map(mapping).collect::<Vec<_>>().join("; ")
}
