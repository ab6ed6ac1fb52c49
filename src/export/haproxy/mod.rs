//! HAProxy: `haproxy.cfg`, the bodies of responses as files, and maps from hosts and paths to rules.
//!
//! The one frontend finds the rule of a path in maps, whose expressions are tried in order, then takes the first step
//! of the rule whose conditions hold. A step answers, or names a backend; the changes of a request come last, as they
//! change what conditions look at.

mod address_lists;
mod condition;
mod keys;
mod line;
mod step;
mod verdicts;

use std::fmt::Write as _;

use super::claims::claims_pattern;
use super::cors::{header_list, short_origins, varies};
use super::files::{ExportFile, has_secrets, origins};
use super::long_pattern::leave_out_long;
use super::lower::host_tables;
use super::options::ExportOptions;
use super::pattern::{AMBIGUOUS_QUERY, PathPattern};
use super::refusal::ProblemResponse;
use super::table::HostTable;
use crate::routes::GroupRoutes;
use line::{compared, formatted, quoted};
use step::{StepWriter, refusal_text};
use verdicts::is_short_pattern;
pub(super) use verdicts::judge;

/// The size of HAProxy's buffers unless they are set; a response from a file has to fit into one.
const USUAL_BUFFER_BYTES: usize = 16 * 1024;
/// The bytes of a buffer that are kept for a head.
const HEAD_BYTES: usize = 8 * 1024;

/// Writes the files of some groups.
pub(super) fn files(groups: &[&GroupRoutes], options: &ExportOptions) -> Vec<ExportFile> {
    let is_private = groups.iter().any(|group| has_secrets(group));
    let mut tables = host_tables(groups);
    leave_out_long(&mut tables, is_short_pattern);
    let mut writer = StepWriter::new(options);
    let mut files = Vec::new();
    let mut rules = String::new();
    let mut hosts = String::new();
    for (index, table) in tables.iter().enumerate() {
        for host in &table.hosts {
            let _ = writeln!(hosts, "{host} {index}");
        }
        files.push(ExportFile::new(&format!("paths-{index}.map"), path_map(table), false));
        table_rules(&mut rules, index, table, &mut writer);
    }
    let mut text = String::new();
    for origin in origins(groups) {
        let _ = writeln!(text, "# {origin}");
    }
    let longest = writer.longest_message();
    if longest > USUAL_BUFFER_BYTES - HEAD_BYTES {
        let _ = writeln!(text, "global\n    tune.bufsize {}", longest + HEAD_BYTES);
    }
    text.push_str(HEAD);
    for (status, refusal) in [(503, ProblemResponse::unreachable_backend()), (504, ProblemResponse::late_backend())] {
        let _ = writeln!(text, "    http-error status {status} {}", refusal_text(&refusal));
    }
    let _ = write!(text, "\nfrontend apigw\n    bind {}\n", options.listen);
    let claims = quoted(&format!("(?i)^(?:{})$", claims_pattern()));
    let _ = writeln!(text, "    http-request del-header {claims} -m reg");
    text.push_str(FRONTEND);
    let unknown = refusal_text(&ProblemResponse::unknown_host());
    let _ = writeln!(text, "    http-request return status 404 {unknown} unless {{ var(txn.table) -m found }}");
    target_rules(&mut text, &tables);
    let unknown = refusal_text(&ProblemResponse::unknown_path());
    let _ = writeln!(text, "    http-request return status 404 {unknown} unless {{ var(txn.rule) -m found }}");
    writer.write_headers(&mut text);
    writer.addresses.write(&mut text);
    text.push_str(&rules);
    writer.write_changes(&mut text);
    text.push_str("    use_backend %[var(txn.backend)]\n");
    writer.write_backends(&mut text);
    files.extend(writer.bodies());
    files.extend(writer.key_files());
    files.extend(writer.addresses.files());
    files.push(ExportFile::new("haproxy.cfg", text, is_private));
    files.push(ExportFile::new("hosts.map", hosts, false));
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}

/// Writes the rules that refuse targets with more than one reading, and those that find the rule of a path.
fn target_rules(text: &mut String, tables: &[HostTable<'_>]) {
    let refused = refusal_text(&ProblemResponse::ambiguous_path());
    let query = quoted(AMBIGUOUS_QUERY);
    let _ = writeln!(
        text,
        "    http-request return status 400 {refused} if {{ url -m reg ^[^/] }} !{{ url -m reg -i ^https?:// }}\n    \
         http-request return status 400 {refused} if {{ query -m reg {query} }}"
    );
    for (index, table) in tables.iter().enumerate() {
        let ambiguous = quoted(&table.ambiguous);
        let _ = writeln!(
            text,
            "    http-request return status 400 {refused} if {{ var(txn.table) -m str {index} }} {{ path -m reg {ambiguous} }}\n    \
             http-request set-var(txn.rule) path,map_reg(paths-{index}.map) if {{ var(txn.table) -m str {index} }}"
        );
    }
}

const HEAD: &str = r#"
global
    default-path config
    log stdout len 65535 format raw local0
    tune.http.maxhdr 101
    # The key of `c.crt` is `c.key`.
    ssl-load-extra-del-ext

defaults
    mode http
    log global
    timeout client 75s
    timeout connect 5s
    timeout http-request 10s
    timeout server 30s
    log-format '{"time":"%[date,utime(%Y-%m-%dT%H:%M:%SZ)]","request_id":"%[var(txn.request_id)]","client":"%ci","host":"%[var(txn.host),json(utf8s)]","method":"%HM","path":"%[var(txn.path),json(utf8s)]","environment":"%[var(txn.environment)]","group":"%[var(txn.group)]","version":"%[var(txn.version)]","operation":"%[var(txn.operation)]","api":"%[var(txn.api),json(utf8s)]","backend":"%b","status":%ST,"bytes_in":%U,"bytes_out":%B,"duration_ms":%Ta}'
"#;

/// The first rules of the frontend, behind those about headers that nobody may claim: the id of the request, host and
/// path.
const FRONTEND: &str = "    \
    http-request set-var(txn.request_id) req.hdr(x-request-id) if { req.hdr(x-request-id) -m reg ^[A-Za-z0-9._-]{1,128}$ }
    http-request set-var(txn.request_id) uuid() unless { var(txn.request_id) -m found }
    http-request set-header x-request-id %[var(txn.request_id)]
    http-after-response set-header x-request-id %[var(txn.request_id)]
    http-request set-var(txn.host) req.hdr(host),lower
    http-request set-var(txn.path) path
    http-request set-var(txn.table) req.hdr(host),lower,field(1,:),regsub('\\.$',''),map_str(hosts.map)
";

/// Writes the map from a path to the number of its rule.
fn path_map(table: &HostTable<'_>) -> String {
    let mut map = String::new();
    for (rule, path) in table.paths.iter().enumerate() {
        let pattern = match &path.pattern {
            PathPattern::Exact(path) => super::pattern::quote(path),
            PathPattern::Regex(pattern) => pattern.clone(),
        };
        let _ = writeln!(map, "^(?:{pattern})$ {rule}");
    }
    map
}

fn table_rules<'r>(text: &mut String, index: usize, table: &HostTable<'r>, writer: &mut StepWriter<'r>) {
    for (rule, path) in table.paths.iter().enumerate() {
        let is_rule = format!("{{ var(txn.table) -m str {index} }} {{ var(txn.rule) -m str {rule} }}");
        let GroupRoutes { environment, group, version, operation, .. } = path.group;
        for (name, value) in [
            ("environment", environment.as_str()),
            ("group", group.as_str()),
            ("version", &version.to_string()),
            ("operation", &operation.to_string()),
        ] {
            let _ = writeln!(text, "    http-request set-var(txn.{name}) str({value}) if {is_rule}");
        }
        cors_rules(text, &is_rule, path.group);
        writer.steps(text, &format!("{index}-{rule}"), &is_rule, path);
    }
}

/// Writes the rules that let pages of other origins read a response.
fn cors_rules(text: &mut String, is_rule: &str, group: &GroupRoutes) {
    let Some(cors) = &group.cors else { return };
    let mut line = |rule: &str, condition: &str| {
        let _ = writeln!(text, "    {rule} if {is_rule} {condition}");
    };
    if cors.allow_origins.iter().any(|origin| origin == "*") {
        line("http-request set-var(txn.origin) str(*)", "{ req.fhdr(origin) -m found }");
    }
    for origin in short_origins(cors).filter(|origin| *origin != "*") {
        let is_origin = format!("{{ req.fhdr(origin) -m str {} }}", compared(origin));
        line("http-request set-var(txn.origin) req.fhdr(origin)", &is_origin);
        if cors.allow_credentials {
            line("http-request set-var(txn.credentials) str(true)", &is_origin);
        }
    }
    for name in ["allow-origin", "allow-credentials", "expose-headers"] {
        line(&format!("http-after-response del-header access-control-{name}"), "!{ var(txn.preflight) -m found }");
    }
    let has = "{ var(txn.origin) -m found } !{ var(txn.preflight) -m found }";
    line("http-after-response set-header access-control-allow-origin %[var(txn.origin)]", has);
    line(
        "http-after-response set-header access-control-allow-credentials true",
        "{ var(txn.credentials) -m found } !{ var(txn.preflight) -m found }",
    );
    let exposed = header_list(&cors.expose_headers);
    if !exposed.is_empty() {
        let exposed = quoted(&formatted(&exposed));
        line(&format!("http-after-response set-header access-control-expose-headers {exposed}"), has);
    }
    if varies(cors) {
        line("http-after-response add-header vary Origin", "!{ var(txn.preflight) -m found }");
    }
}
