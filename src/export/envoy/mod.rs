//! Envoy: a bootstrap, the routes and the clusters, as JSON that its file-based discovery reads.
//!
//! [`files`] writes them as files, [`NodeTranslator`] as the resources that a node polls for, with [`node_listener`]
//! and [`node_bootstrap`].
//!
//! Routes and clusters are files of their own, since Envoy takes them anew as soon as they are replaced by a rename.
//! The filters that routes rely on are in the bootstrap, which it reads when it starts: the names of the routes and
//! clusters of files end with the digest of the filters. A listener with others refuses the routes, and its old ones
//! lead nowhere from then on: they may be open where the new ones ask for a key. Values in headers and bodies go
//! through Envoy's formatter, in which a percent sign begins a command: [`literal`](protobuf::literal) doubles it.

mod address_rules;
mod bootstrap;
mod cluster;
mod forward;
mod json_text;
mod listener;
mod message;
mod node_translator;
mod protobuf;
mod route;

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::feature::ExportFeature;
use super::files::{ExportFile, has_secrets, origins};
use super::host_set::host_sets;
use super::node::NodeBootstrap;
use super::options::ExportOptions;
use super::verdict::{
    CUT_TIMEOUT, ENVOY_HEADER_CONDITION, FIRST_BASE_PATH, FeatureVerdict, LONG_CONDITION, LONG_CORS_LIST, LONG_NAME,
    LONG_PARAMETER, LONG_PATTERN, MANY_PATH_PARAMETERS, NO_ADDRESS_GUARD, NO_OWN_HEADER_CONDITION, NO_QUERY_CONSTANT,
    NO_RANGE_OF_CODES, NO_SEMICOLONS, NO_SHARED_SEGMENT_CONDITION, NOT_COUNTED, NOT_SIGNED, NOT_VALIDATED, ONE_SCHEME,
    ONE_TIMEOUT, ONE_VALUE_MOVES, OWN_HEADER_MOVES, PARAMETERS_STAY, RAW_LETTERS, SPLIT_BY_TYPE, USUAL_MEDIA_TYPE,
};
use crate::model::Digest;
use crate::routes::GroupRoutes;
use json_text::JsonText;
use node_translator::NODE_NAME_END;
pub use node_translator::NodeTranslator;
use protobuf::{MOST_HEADER_BYTES, MOST_HEADERS, MOST_INSTRUCTIONS, type_url};

/// The levels of a cluster that are written over several lines.
const CLUSTER_LEVELS: usize = 4;

/// Writes the files of some groups.
pub(super) fn files(groups: &[&GroupRoutes], options: &ExportOptions) -> Vec<ExportFile> {
    let is_private = groups.iter().any(|group| has_secrets(group));
    let tables = route::short_tables(groups, host_sets(groups));
    let (routes, upstreams) = route::configuration(&tables, &listener::name_end_of_filters());
    let clusters = upstreams.iter().map(|upstream| cluster::cluster(upstream, &options.secrets_folder));
    let clusters = [cluster::authorizer(options.authorizer)].into_iter().chain(clusters);
    let clusters = clusters.map(|cluster| JsonText::new(cluster, CLUSTER_LEVELS));
    let bootstrap = bootstrap::of_files(&origins(groups), options);
    vec![
        ExportFile::new("cds.json", discovery(clusters.collect()), false),
        ExportFile::new("envoy.json", text(&bootstrap), false),
        ExportFile::new("rds.json", discovery(vec![routes]), is_private),
    ]
}

/// Writes the listener of a node.
pub(super) fn node_listener(listen: SocketAddr) -> Value {
    let mut resource = json!({"@type": type_url("config.listener.v3.Listener")});
    let listener = listener::listener(listen, NODE_NAME_END, &bootstrap::control_plane());
    message::merge(&mut resource, listener);
    resource
}

/// Writes the bootstrap of a node.
pub(super) fn node_bootstrap(node: &NodeBootstrap) -> Value {
    bootstrap::of_node(node)
}

/// Writes a discovery response, whose version is the digest of its content.
fn discovery(resources: Vec<JsonText>) -> String {
    let resources = JsonText::List(resources);
    let version = Digest::of_pieces(|sink| resources.compact(sink)).short();
    JsonText::new(json!({"version_info": version}), 1).with("resources", resources).lines()
}

fn text(value: &Value) -> String {
    format!("{value:#}\n")
}

/// Decides how well Envoy has a feature.
#[expect(clippy::too_many_lines, reason = "a table: a row for each feature")]
pub(super) const fn judge(feature: &ExportFeature) -> FeatureVerdict {
    match feature {
        ExportFeature::Signatures | ExportFeature::Tokens | ExportFeature::SubscriptionKeys => {
            FeatureVerdict::Near("decided by the authorizer of a gateway, over ext_authz")
        }
        ExportFeature::ShownCredentials => FeatureVerdict::Near(
            "several lines of a header are one with commas, where the gateway looks for a credential in the first; one with bytes that are no UTF-8 counts as shown",
        ),
        ExportFeature::BackendSignature => FeatureVerdict::Lost(NOT_SIGNED),
        ExportFeature::IpRules => FeatureVerdict::Near(
            "the address of the connection counts, and no proxy in front is believed; pages of other origins cannot read a refusal",
        ),
        ExportFeature::RateLimits { asks_callers: true } | ExportFeature::CallerLimits => {
            FeatureVerdict::Near("counted by the authorizer of a gateway, over ext_authz")
        }
        ExportFeature::RateLimits { asks_callers: false } => FeatureVerdict::Lost(NOT_COUNTED),
        ExportFeature::Validation => FeatureVerdict::Lost(NOT_VALIDATED),
        ExportFeature::BodyLimit => FeatureVerdict::Near("a larger body is refused in Envoy's own words"),
        ExportFeature::CorsOfAnyOrigin => FeatureVerdict::Near("a page's origin is repeated in the place of `*`"),
        ExportFeature::ChosenResponse => FeatureVerdict::Near(
            "weights in Accept are not compared; refusals do not repeat the preference; of one that is repeated, another may count",
        ),
        ExportFeature::RangeOfCodes => FeatureVerdict::Lost(NO_RANGE_OF_CODES),
        ExportFeature::ManyPathParameters => FeatureVerdict::Lost(MANY_PATH_PARAMETERS),
        ExportFeature::EncodedLetters { .. } => FeatureVerdict::Near(RAW_LETTERS),
        ExportFeature::RangeOfMediaTypes => FeatureVerdict::Near(USUAL_MEDIA_TYPE),
        ExportFeature::UnusualTargets => FeatureVerdict::Near(
            "targets with a fragment, absolute targets without a path and methods in lower case are refused, malformed ones in Envoy's own words; a port in `Host` that is none, another host in an absolute target, another scheme over HTTP/2 and folded lines are not refused",
        ),
        ExportFeature::Semicolons => FeatureVerdict::Near(NO_SEMICOLONS),
        ExportFeature::SplitParameters => FeatureVerdict::Near(SPLIT_BY_TYPE),
        ExportFeature::SeveralTargets(_) => {
            FeatureVerdict::Near("addresses that fail are left out by Envoy's outlier detection")
        }
        ExportFeature::DifferentBasePaths => FeatureVerdict::Lost(FIRST_BASE_PATH),
        ExportFeature::MixedSchemes => FeatureVerdict::Lost(ONE_SCHEME),
        ExportFeature::Timeouts => FeatureVerdict::Near(ONE_TIMEOUT),
        ExportFeature::LongTimeout => FeatureVerdict::Near(CUT_TIMEOUT),
        ExportFeature::Retry => FeatureVerdict::Near("repeated where nothing was sent or the connection was reset"),
        ExportFeature::AddressGuard => FeatureVerdict::Lost(NO_ADDRESS_GUARD),
        ExportFeature::Websocket => FeatureVerdict::Near(
            "where a backend declines, its response reaches the caller without the body and its type; one that is refused has the status 403",
        ),
        ExportFeature::Upgrades => FeatureVerdict::Near(
            "a request for another protocol than a declared websocket is refused, where the gateway passes it on without that wish",
        ),
        ExportFeature::ConnectionHeaders => FeatureVerdict::Near(
            "headers that a backend names in `Connection`, and its `Proxy-Authenticate`, are passed on",
        ),
        // Envoy's own change of the query decodes it and leaves it so: a caller's `%26` would begin a parameter.
        ExportFeature::QueryConstant => FeatureVerdict::Lost(NO_QUERY_CONSTANT),
        ExportFeature::LongName => FeatureVerdict::Lost(LONG_NAME),
        ExportFeature::LongParameter => FeatureVerdict::Lost(LONG_PARAMETER),
        ExportFeature::RepeatedCondition => FeatureVerdict::Near(
            "a header that is sent several times chooses no other backend; of several lines of `Cookie`, one does",
        ),
        ExportFeature::LongCondition => FeatureVerdict::Lost(LONG_CONDITION),
        ExportFeature::OwnHeaderCondition => FeatureVerdict::Lost(NO_OWN_HEADER_CONDITION),
        ExportFeature::EnvoyHeaderCondition => FeatureVerdict::Lost(ENVOY_HEADER_CONDITION),
        ExportFeature::SharedSegmentCondition => FeatureVerdict::Lost(NO_SHARED_SEGMENT_CONDITION),
        ExportFeature::OwnHeaderMove => FeatureVerdict::Near(OWN_HEADER_MOVES),
        ExportFeature::LongCorsList => FeatureVerdict::Lost(LONG_CORS_LIST),
        ExportFeature::ConstantBytes(length) if length.formatted > MOST_HEADER_BYTES => FeatureVerdict::Lost(
            "a constant over 16,384 bytes (a percent sign is two) is not sent, nor is a caller's own",
        ),
        ExportFeature::ResponseHeaderBytes(length) if length.formatted > MOST_HEADER_BYTES => {
            FeatureVerdict::Lost("a header over 16,384 bytes (a percent sign is two) is left out")
        }
        ExportFeature::ResponseHeaderCount(count) if *count > MOST_HEADERS => {
            FeatureVerdict::Lost("headers beyond 900 are left out")
        }
        ExportFeature::PatternBytes(length) if length.program > MOST_INSTRUCTIONS => FeatureVerdict::Lost(LONG_PATTERN),
        ExportFeature::HeaderToHeader => FeatureVerdict::Near(ONE_VALUE_MOVES),
        ExportFeature::OtherMapping => FeatureVerdict::Lost(PARAMETERS_STAY),
        ExportFeature::CallerClaims
        | ExportFeature::CorsOfListedOrigins
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
        | ExportFeature::HttpsByAddress
        | ExportFeature::ClientCertificate { .. }
        | ExportFeature::KeepHost
        | ExportFeature::UnusualHost
        | ExportFeature::LongHost
        | ExportFeature::DynamicBackend { .. }
        | ExportFeature::UnusualCondition
        | ExportFeature::PathTemplate { .. }
        | ExportFeature::PrefixReplacement
        | ExportFeature::BasePath
        | ExportFeature::TemplatePath
        | ExportFeature::HeaderConstant
        | ExportFeature::UnusualHeaderNames
        | ExportFeature::EmptyResponseHeader
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
