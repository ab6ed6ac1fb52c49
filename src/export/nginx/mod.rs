//! nginx: one file, `nginx.conf`.
//!
//! nginx decodes and merges paths before it matches them, so everything is matched against the raw target in maps:
//! `map` takes the first expression that matches, in order, and gives the number of a rule. Each rule and each response
//! is an internal location whose name has a space, which no request can name. Conditions are maps too, evaluated when
//! they are needed and once a request.

mod address_lists;
mod condition;
mod cors_headers;
mod location;
mod text;
mod verdicts;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::cors::{header_list, short_origins};
use super::files::{ExportFile, has_secrets, origins};
use super::long_pattern::leave_out_long;
use super::lower::host_tables;
use super::options::{ExportOptions, USUAL_BODY_BYTES};
use super::pattern::PathPattern;
use super::refusal::ProblemResponse;
use super::table::HostTable;
use crate::routes::GroupRoutes;
use cors_headers::variable_name;
use location::{LocationWriter, body_limit, error_pages, refusal_text};
use text::{pieces, quoted, quoted_name, quoted_pattern};
use verdicts::is_short_pattern;
pub(super) use verdicts::judge;

/// Writes the files of some groups.
pub(super) fn files(groups: &[&GroupRoutes], options: &ExportOptions) -> Vec<ExportFile> {
    let is_private = groups.iter().any(|group| has_secrets(group));
    let mut tables = host_tables(groups);
    leave_out_long(&mut tables, is_short_pattern);
    let mut writer = LocationWriter::new(options);
    let servers: Vec<String> =
        tables.iter().enumerate().map(|(index, table)| server(index, table, &mut writer)).collect();
    let mut text = String::new();
    for origin in origins(groups) {
        let _ = writeln!(text, "# {origin}");
    }
    text.push_str(HEAD);
    for (index, table) in tables.iter().enumerate() {
        rule_map(&mut text, index, table);
    }
    for group in groups {
        cors_maps(&mut text, group);
    }
    writer.write_maps(&mut text);
    writer.write_upstreams(&mut text);
    let listen = options.listen;
    let errors = error_pages(USUAL_BODY_BYTES, "        ") + &error_locations(&BTreeSet::from([USUAL_BODY_BYTES]));
    let unknown = refusal_text(&ProblemResponse::unknown_host(), None);
    let _ = write!(
        text,
        "\n    server {{\n        listen {listen} default_server;\n{VARIABLES}{TRACES}        location / {{\n{unknown}        }}\n        location @trace {{\n{unknown}        }}\n{errors}    }}\n",
    );
    for server in servers {
        text.push_str(&server);
    }
    text.push_str("}\n");
    vec![ExportFile::new("nginx.conf", text, is_private)]
}

const HEAD: &str = r#"
worker_processes auto;
error_log stderr warn;
pid nginx.pid;

events {
    worker_connections 4096;
}

http {
    server_tokens off;
    absolute_redirect off;
    client_header_buffer_size 4k;
    large_client_header_buffers 4 16k;
    keepalive_timeout 75s;
    variables_hash_max_size 65536;
    variables_hash_bucket_size 512;
    proxy_headers_hash_max_size 8192;
    proxy_headers_hash_bucket_size 512;
    map_hash_bucket_size 256;
    map_hash_max_size 65536;
    server_names_hash_bucket_size 256;
    server_names_hash_max_size 65536;
    log_format apigw escape=json '{"time":"$time_iso8601","request_id":"$apigw_request_id","client":"$remote_addr","host":"$host",'
        '"method":"$request_method","path":"$apigw_path","environment":"$apigw_environment","group":"$apigw_group",'
        '"version":"$apigw_version","operation":"$apigw_operation","api":"$apigw_api","backend":"$upstream_addr","status":$status,'
        '"bytes_in":$request_length,"bytes_out":$body_bytes_sent,"duration_s":$request_time}';
    access_log /dev/stdout apigw;

    # Headers of a backend that nginx would take for orders to itself, or leave out.
    proxy_ignore_headers X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Charset;
    proxy_pass_header X-Accel-Redirect;
    proxy_pass_header X-Accel-Expires;
    proxy_pass_header X-Accel-Limit-Rate;
    proxy_pass_header X-Accel-Charset;
    proxy_pass_header X-Accel-Buffering;
    proxy_pass_header X-Pad;
    proxy_pass_header Date;
    proxy_pass_header Server;

    # A dollar sign in a text, which has no other spelling.
    geo $apigw_dollar {
        default "$";
    }
    # A body without a byte: nginx writes a page of its own where there is no text at all.
    geo $apigw_nothing {
        default "";
    }
    map $request_uri $apigw_path {
        "~^(?<apigw_raw_path>[^?]*)" $apigw_raw_path;
    }
    map $request_uri $apigw_matched_path {
        default $apigw_path;
        # A query with characters that have to be encoded is refused as an ambiguous path is.
        "~[?].*(?:[^!-~]|[\"<>])" //;
    }
    # The one protocol that a request may ask for.
    map $request_method:$http_upgrade $apigw_upgrade {
        default "";
        "~*^GET:(?:.*,)?[ \t]*websocket[ \t]*(?:,|$)" websocket;
    }
    map $apigw_upgrade $apigw_connection {
        default "";
        websocket upgrade;
    }
    map $http_x_request_id $apigw_request_id {
        default $request_id;
        "~^[A-Za-z0-9._-]{1,128}$" $http_x_request_id;
    }
"#;

/// The variables of the access log, for requests that no rule takes.
const VARIABLES: &str = "        set $apigw_environment \"\";\n        set $apigw_group \"\";\n        set $apigw_version \"\";\n        \
                         set $apigw_operation \"\";\n        set $apigw_api \"\";\n";

/// The way back to the rules for requests with `TRACE`, which nginx refuses by itself before it looks at any.
const TRACES: &str = "        error_page 405 = @trace;\n";

/// Writes the refusals of nginx's own as problem details. No named location can be told of a target that was not read.
fn error_locations(limits: &BTreeSet<u64>) -> String {
    let large = limits.iter().map(|limit| (format!("413/{limit}"), ProblemResponse::large_body(*limit)));
    let others = [
        ("400".to_owned(), ProblemResponse::ambiguous_path()),
        ("502".to_owned(), ProblemResponse::unreachable_backend()),
        ("504".to_owned(), ProblemResponse::late_backend()),
    ];
    let mut text = String::new();
    for (page, refusal) in large.chain(others) {
        let refusal = refusal_text(&refusal, None);
        let _ = write!(text, "        location = \"/ error/{page}\" {{\n            internal;\n{refusal}        }}\n");
    }
    text
}

/// Writes the map from a raw path to a rule.
fn rule_map(text: &mut String, index: usize, table: &HostTable<'_>) {
    let _ = writeln!(text, "    map $apigw_matched_path $apigw_rule_{index} {{\n        default unknown;");
    let _ = writeln!(text, "        {} ambiguous;", quoted_pattern(&table.ambiguous, false));
    for (rule, path) in table.paths.iter().enumerate() {
        // Texts in a map are compared without regard to case.
        let pattern = match &path.pattern {
            PathPattern::Exact(path) => super::pattern::quote(path),
            PathPattern::Regex(pattern) => pattern.clone(),
        };
        let _ = writeln!(text, "        {} {rule};", quoted_pattern(&pattern, true));
    }
    text.push_str("    }\n");
}

/// Writes the maps from the origin of a page to the headers that let it read.
fn cors_maps(text: &mut String, group: &GroupRoutes) {
    let Some(cors) = &group.cors else { return };
    let name = variable_name(group);
    let _ = writeln!(text, "    map $http_origin $apigw_origin_{name} {{\n        default \"\";");
    let listed = || short_origins(cors).filter(|origin| *origin != "*");
    for origin in listed() {
        let _ = writeln!(text, "        {} $http_origin;", quoted_pattern(&super::pattern::quote(origin), true));
    }
    if cors.allow_origins.iter().any(|origin| origin == "*") {
        text.push_str("        \"~.\" \"*\";\n");
    }
    let _ = writeln!(text, "    }}\n    map $http_origin $apigw_credentials_{name} {{\n        default \"\";");
    for origin in listed().filter(|_| cors.allow_credentials) {
        let _ = writeln!(text, "        {} \"true\";", quoted_pattern(&super::pattern::quote(origin), true));
    }
    text.push_str("    }\n");
    let exposed = exposed_headers(text, &name, &header_list(&cors.expose_headers));
    let _ = writeln!(
        text,
        "    map $apigw_origin_{name} $apigw_exposed_{name} {{\n        default {exposed};\n        \"\" \"\";\n    }}"
    );
}

/// Writes the list of headers that a page may read, by variables where it is long. Those of a `geo` are of the whole
/// file, and their values are taken as they are.
fn exposed_headers(text: &mut String, name: &str, list: &str) -> String {
    let pieces = pieces(list);
    if pieces.len() < 2 {
        return quoted(list);
    }
    let mut variables = String::new();
    for (index, piece) in pieces.iter().enumerate() {
        let variable = format!("apigw_exposed_{name}_{index}");
        let _ = writeln!(text, "    geo ${variable} {{\n        default {};\n    }}", quoted_name(piece));
        let _ = write!(variables, "${{{variable}}}");
    }
    format!("\"{variables}\"")
}

fn server<'r>(index: usize, table: &HostTable<'r>, writer: &mut LocationWriter<'r>) -> String {
    let mut text = String::new();
    let names = table.hosts.join(" ");
    let listen = writer.options.listen;
    // nginx holds a body against the limit of each location that it passes through, the first of which knows no API.
    let mut limits: BTreeSet<u64> = table.paths.iter().flat_map(|path| &path.steps).filter_map(body_limit).collect();
    writer.server_limit = limits.last().copied().unwrap_or(USUAL_BODY_BYTES);
    limits.insert(writer.server_limit);
    let _ = write!(text, "\n    server {{\n        listen {listen};\n        server_name {names};\n{VARIABLES}");
    text.push_str(&error_pages(writer.server_limit, "        "));
    text.push_str(TRACES);
    for place in ["/", "@trace"] {
        let _ = writeln!(
            text,
            "        location {place} {{\n            rewrite ^ \"/ {index}/$apigw_rule_{index}\" last;\n        }}"
        );
    }
    for (rule, refusal) in
        [("ambiguous", ProblemResponse::ambiguous_path()), ("unknown", ProblemResponse::unknown_path())]
    {
        let refusal = refusal_text(&refusal, None);
        let _ =
            writeln!(text, "        location = \"/ {index}/{rule}\" {{\n            internal;\n{refusal}        }}");
    }
    for (rule, path) in table.paths.iter().enumerate() {
        writer.rule(&mut text, &format!("{index}/{rule}"), path);
    }
    text.push_str(&error_locations(&limits));
    text.push_str("    }\n");
    text
}
