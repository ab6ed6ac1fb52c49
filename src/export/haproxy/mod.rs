//! HAProxy: `haproxy.cfg`, the bodies of responses as files, and maps from hosts and paths to rules.
//!
//! The one frontend finds the rule of a path in maps, whose expressions are tried in order, then takes the first step of the
//! rule whose conditions hold. A step answers, or names a backend; the changes of a request come last, as they change what
//! conditions look at.

mod address_lists;
mod condition;
mod keys;
mod line;
mod step;

use std::fmt::Write as _;

use super::claims::claims_pattern;
use super::cors::{header_list, short_origins, varies};
use super::feature::ExportFeature;
use super::files::{ExportFile, has_secrets, origins};
use super::length::PatternLength;
use super::long_pattern::leave_out_long;
use super::lower::host_tables;
use super::options::ExportOptions;
use super::pattern::{AMBIGUOUS_QUERY, PathPattern};
use super::refusal::ProblemResponse;
use super::table::HostTable;
use super::verdict::{
    ADDRESS_OF_CONNECTION, ADJACENT_BY_TYPE, CUT_TIMEOUT, FIRST_BASE_PATH, FeatureVerdict, LONG_CONDITION,
    LONG_CORS_LIST, LONG_NAME, LONG_PARAMETER, LONG_PATTERN, NO_ADDRESS_GUARD, NO_EMPTY_HEADER, NO_QUERY_CONSTANT,
    NO_RANGE_OF_CODES, NO_SEMICOLONS, NO_SIGNATURE_REQUIRED, NO_TOKEN_REQUIRED, NOT_COUNTED, NOT_COUNTED_BY_CALLER,
    NOT_SIGNED, NOT_VALIDATED, ONE_TIMEOUT, PARAMETERS_STAY, RAW_LETTERS, RETRY_UNCONNECTED, UNVERIFIED_ADDRESS,
};
use crate::routes::GroupRoutes;
use line::{MOST_BODY_BYTES, MOST_HEADER_BYTES, MOST_PATTERN_BYTES};
use line::{compared, formatted, quoted};
use step::{StepWriter, refusal_text};

/// The size of HAProxy's buffers unless they are set; a response from a file has to fit into one.
const USUAL_BUFFER_BYTES: usize = 16 * 1024;
/// The bytes of a buffer that are kept for a head.
const HEAD_BYTES: usize = 8 * 1024;

/// The most bytes of all expressions in a condition, each of which is a word of its line.
const MOST_PATTERNS_BYTES: usize = 40 * MOST_PATTERN_BYTES;

const fn is_short_pattern(length: PatternLength) -> bool {
    length.bytes <= MOST_PATTERN_BYTES && length.total <= MOST_PATTERNS_BYTES
}

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

/// The first rules of the frontend, behind those about headers that nobody may claim: the id of the request, host and path.
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

/// Decides how well HAProxy has a feature.
pub(super) const fn judge(feature: &ExportFeature) -> FeatureVerdict {
    match feature {
        ExportFeature::Signatures => FeatureVerdict::Lost(NO_SIGNATURE_REQUIRED),
        ExportFeature::Tokens => FeatureVerdict::Lost(NO_TOKEN_REQUIRED),
        ExportFeature::SubscriptionKeys => {
            FeatureVerdict::Near("a key that is granted, rotated or revoked later counts after the next export")
        }
        ExportFeature::BackendSignature => FeatureVerdict::Lost(NOT_SIGNED),
        ExportFeature::IpRules => FeatureVerdict::Near(ADDRESS_OF_CONNECTION),
        ExportFeature::RateLimits { .. } => FeatureVerdict::Lost(NOT_COUNTED),
        ExportFeature::CallerLimits => FeatureVerdict::Lost(NOT_COUNTED_BY_CALLER),
        ExportFeature::Validation => FeatureVerdict::Lost(NOT_VALIDATED),
        ExportFeature::BodyLimit => FeatureVerdict::Near("a body that does not state its length has no limit"),
        ExportFeature::ChosenResponse => FeatureVerdict::Near(
            "weights in Accept are not compared; refusals do not repeat the preference; of several lines of Accept and Prefer, the last counts, and of a repeated preference another may",
        ),
        ExportFeature::RangeOfCodes => FeatureVerdict::Lost(NO_RANGE_OF_CODES),
        ExportFeature::BodyBytes(bytes) if *bytes > MOST_BODY_BYTES => {
            FeatureVerdict::Lost("a body over 256 KiB is left out")
        }
        ExportFeature::EncodedLetters => FeatureVerdict::Near(RAW_LETTERS),
        ExportFeature::UnusualTargets => FeatureVerdict::Near(
            "targets with a fragment, absolute targets without a path and long heads (over 16 KiB) are refused, and a request over HTTP/1.0 reaches a backend as such",
        ),
        ExportFeature::Semicolons => FeatureVerdict::Near(NO_SEMICOLONS),
        ExportFeature::EmptyResponseHeader => FeatureVerdict::Near(NO_EMPTY_HEADER),
        ExportFeature::AdjacentParameters => FeatureVerdict::Near(ADJACENT_BY_TYPE),
        ExportFeature::SeveralTargets(_) => {
            FeatureVerdict::Near("a request goes to another address after a failed connection")
        }
        ExportFeature::DifferentBasePaths => FeatureVerdict::Lost(FIRST_BASE_PATH),
        ExportFeature::Timeouts => FeatureVerdict::Near(ONE_TIMEOUT),
        ExportFeature::LongTimeout => FeatureVerdict::Near(CUT_TIMEOUT),
        ExportFeature::Retry => FeatureVerdict::Near(RETRY_UNCONNECTED),
        ExportFeature::HttpsByAddress => FeatureVerdict::Lost(UNVERIFIED_ADDRESS),
        ExportFeature::ClientCertificate { is_key_beside: false } => FeatureVerdict::Lost(
            "a certificate is not shown to backends unless its key is in the same file, or in that of its name with `.key` in the place of `.crt`, or else behind it",
        ),
        ExportFeature::AddressGuard => FeatureVerdict::Lost(NO_ADDRESS_GUARD),
        ExportFeature::QueryConstant => FeatureVerdict::Lost(NO_QUERY_CONSTANT),
        ExportFeature::LongName => FeatureVerdict::Lost(LONG_NAME),
        ExportFeature::LongParameter => FeatureVerdict::Lost(LONG_PARAMETER),
        ExportFeature::LongCondition => FeatureVerdict::Lost(LONG_CONDITION),
        ExportFeature::LongCorsList => FeatureVerdict::Lost(LONG_CORS_LIST),
        ExportFeature::ConstantBytes(length) if length.bytes > MOST_HEADER_BYTES => {
            FeatureVerdict::Lost("a constant over 64 KiB is not sent, nor is a caller's own")
        }
        ExportFeature::ResponseHeaderBytes(length) if length.bytes > MOST_HEADER_BYTES => {
            FeatureVerdict::Lost("a header over 64 KiB is left out")
        }
        ExportFeature::PatternBytes(length) if !is_short_pattern(*length) => FeatureVerdict::Lost(LONG_PATTERN),
        ExportFeature::OtherMapping => FeatureVerdict::Lost(PARAMETERS_STAY),
        ExportFeature::ShownCredentials
        | ExportFeature::CallerClaims
        | ExportFeature::CorsOfListedOrigins
        | ExportFeature::CorsOfAnyOrigin
        | ExportFeature::MockResponse
        | ExportFeature::MockWithoutConstant
        | ExportFeature::BinaryBody
        | ExportFeature::BodyBytes(_)
        | ExportFeature::OptionsAndMethods
        | ExportFeature::MarkedParameters
        | ExportFeature::QueryRoute
        | ExportFeature::QueryMethod
        | ExportFeature::EncodedSlashes
        | ExportFeature::PathPrefix
        | ExportFeature::Https
        | ExportFeature::ClientCertificate { is_key_beside: true }
        | ExportFeature::KeepHost
        | ExportFeature::UnusualHost
        | ExportFeature::LongHost
        | ExportFeature::Websocket
        | ExportFeature::Upgrades
        | ExportFeature::DynamicBackend { .. }
        | ExportFeature::RepeatedCondition
        | ExportFeature::UnusualCondition
        | ExportFeature::PathTemplate { .. }
        | ExportFeature::PrefixReplacement
        | ExportFeature::BasePath
        | ExportFeature::TemplatePath
        | ExportFeature::HeaderToHeader
        | ExportFeature::HeaderConstant
        | ExportFeature::UnusualHeaderNames
        | ExportFeature::EmptyConstant
        | ExportFeature::ColonConstant
        | ExportFeature::ConstantBytes(_)
        | ExportFeature::ConstantCount(_)
        | ExportFeature::ResponseHeaderBytes(_)
        | ExportFeature::ResponseHeaderCount(_)
        | ExportFeature::PatternBytes(_)
        | ExportFeature::EmptyQueryConstant
        | ExportFeature::TemplateConstant => FeatureVerdict::Exact,
    }
}
