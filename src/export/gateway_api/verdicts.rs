//! Verdicts about the features of the standard Gateway API.

use super::super::feature::ExportFeature;
use super::super::length::PatternLength;
use super::super::verdict::{
    CUT_TIMEOUT, ENVOY_HEADER_CONDITION, FIRST_BASE_PATH, FeatureVerdict, KNOWN_CLAIMS_REMOVED, LONG_CONDITION,
    LONG_PARAMETER, LONG_PATTERN, NO_ADDRESS_GUARD, NO_CLIENT_CERTIFICATE, NO_KEY_REQUIRED, NO_OWN_HEADER_CONDITION,
    NO_SEMICOLONS, NO_SHARED_SEGMENT_CONDITION, NO_SIGNATURE_REQUIRED, NO_SPLIT, NO_TOKEN_REQUIRED, NOT_COUNTED,
    NOT_COUNTED_BY_CALLER, NOT_SIGNED, NOT_TOLD_APART, NOT_VALIDATED, ONE_SCHEME, OPEN_UPGRADES, OWN_HEADER_MOVES,
    UNVERIFIED_ADDRESS,
};

/// The most headers that a rule sets, by the schema of the resource.
pub(super) const MOST_HEADERS: usize = 16;
/// The most bytes of an expression, by the schema of the resource: of a path, between its anchors.
const MOST_PATTERN_BYTES: usize = 1_000;
/// The longest value of a header, by the schema of the resource.
pub(super) const MOST_VALUE_BYTES: usize = 4096;

/// The most backends of a rule, by the schema of the resource.
pub(super) const MOST_BACKENDS: usize = 16;
/// The most bytes of a path at a backend, by the schema of the resource.
const MOST_REPLACED_BYTES: usize = 1_024;

const OWN_HEADER_RULES: &str =
    "headers that `Connection` names are passed on, or not, by the implementation's own rules";

/// True if a rule can have an expression and a rewrite of this length.
pub(super) const fn is_short_pattern(length: PatternLength) -> bool {
    length.total <= MOST_PATTERN_BYTES && length.replaced <= MOST_REPLACED_BYTES
}

/// Decides how well the standard Gateway API has a feature.
#[expect(clippy::too_many_lines, reason = "a table: a row for each feature")]
pub(in crate::export) const fn judge(feature: &ExportFeature) -> FeatureVerdict {
    match feature {
        ExportFeature::Signatures => FeatureVerdict::Lost(NO_SIGNATURE_REQUIRED),
        ExportFeature::Tokens => FeatureVerdict::Lost(NO_TOKEN_REQUIRED),
        ExportFeature::SubscriptionKeys => FeatureVerdict::Lost(NO_KEY_REQUIRED),
        ExportFeature::CallerClaims => FeatureVerdict::Near(KNOWN_CLAIMS_REMOVED),
        ExportFeature::BackendSignature => FeatureVerdict::Lost(NOT_SIGNED),
        ExportFeature::IpRules => FeatureVerdict::Lost("addresses that may not call are let in"),
        ExportFeature::RateLimits { .. } => FeatureVerdict::Lost(NOT_COUNTED),
        ExportFeature::CallerLimits => FeatureVerdict::Lost(NOT_COUNTED_BY_CALLER),
        ExportFeature::Validation => FeatureVerdict::Lost(NOT_VALIDATED),
        ExportFeature::BodyLimit => FeatureVerdict::Lost("bodies have the limit of the implementation"),
        ExportFeature::CorsOfListedOrigins | ExportFeature::CorsOfAnyOrigin | ExportFeature::LongCorsList => {
            FeatureVerdict::Lost("pages of other origins are not told apart")
        }
        ExportFeature::MockResponse => FeatureVerdict::Lost("a mock is not routed: the API has no response of its own"),
        ExportFeature::ShownCredentials
        | ExportFeature::ChosenResponse
        | ExportFeature::RangeOfCodes
        | ExportFeature::RangeOfMediaTypes
        | ExportFeature::MockWithoutConstant
        | ExportFeature::BinaryBody
        | ExportFeature::EmptyResponseHeader
        | ExportFeature::LongName
        | ExportFeature::ResponseHeaderBytes(_)
        | ExportFeature::ResponseHeaderCount(_)
        | ExportFeature::BodyBytes(_) => FeatureVerdict::Near("a mock is not routed"),
        ExportFeature::UnusualHeaderNames | ExportFeature::RepeatedCondition => {
            FeatureVerdict::Near("headers with unusual names, or sent several times, are the implementation's to read")
        }
        ExportFeature::EmptyConstant => {
            FeatureVerdict::Lost("a constant without a value is left out, and a caller's own value stays")
        }
        ExportFeature::ConstantBytes(length) if length.bytes > MOST_VALUE_BYTES => {
            FeatureVerdict::Lost("a constant over 4,096 bytes is left out, and a caller's own value stays")
        }
        // One is the prefix.
        ExportFeature::ConstantCount(count) if *count >= MOST_HEADERS => {
            FeatureVerdict::Lost("constants beyond 15 are left out, and a caller's own values stay")
        }
        ExportFeature::OptionsAndMethods => {
            FeatureVerdict::Lost("404, 405 and OPTIONS are the implementation's own; ambiguous paths are not refused")
        }
        ExportFeature::EncodedLetters { has_wider_path: true } => FeatureVerdict::Lost(
            "a path with a letter that is percent-encoded without need may reach a wider path of the group",
        ),
        ExportFeature::EncodedLetters { has_wider_path: false } | ExportFeature::UnusualTargets => {
            FeatureVerdict::Near("targets are read as the implementation reads them")
        }
        ExportFeature::Semicolons => FeatureVerdict::Near(NO_SEMICOLONS),
        ExportFeature::PathPrefix | ExportFeature::EncodedSlashes => {
            FeatureVerdict::Near("matched by an expression, as far as the implementation takes those")
        }
        ExportFeature::SplitParameters => FeatureVerdict::Lost(NO_SPLIT),
        ExportFeature::MarkedParameters | ExportFeature::QueryRoute => FeatureVerdict::Lost(NOT_TOLD_APART),
        ExportFeature::QueryMethod => FeatureVerdict::Lost("an API with the method QUERY is left out"),
        ExportFeature::SeveralTargets(count) if *count > MOST_BACKENDS => {
            FeatureVerdict::Lost("an address that fails stays in use, and those beyond 16 get no request")
        }
        ExportFeature::SeveralTargets(_) => FeatureVerdict::Lost("an address that fails stays in use"),
        ExportFeature::UnusualHost => FeatureVerdict::Lost("a backend that is not a host (RFC 1123) gets no request"),
        ExportFeature::LongHost => FeatureVerdict::Lost("a host over 253 bytes is not routed"),
        ExportFeature::DifferentBasePaths => FeatureVerdict::Lost(FIRST_BASE_PATH),
        ExportFeature::MixedSchemes => FeatureVerdict::Lost(ONE_SCHEME),
        ExportFeature::Https => {
            FeatureVerdict::Lost("backends are called without TLS unless a BackendTLSPolicy is added")
        }
        ExportFeature::ClientCertificate { .. } => FeatureVerdict::Lost(NO_CLIENT_CERTIFICATE),
        ExportFeature::Timeouts => FeatureVerdict::Near("one time-out for the whole response"),
        ExportFeature::LongTimeout => FeatureVerdict::Near(CUT_TIMEOUT),
        ExportFeature::Retry => FeatureVerdict::Lost("nothing is repeated"),
        ExportFeature::HttpsByAddress => FeatureVerdict::Lost(UNVERIFIED_ADDRESS),
        ExportFeature::AddressGuard => FeatureVerdict::Lost(NO_ADDRESS_GUARD),
        ExportFeature::ConnectionHeaders => FeatureVerdict::Near(OWN_HEADER_RULES),
        ExportFeature::Upgrades => FeatureVerdict::Lost(OPEN_UPGRADES),
        ExportFeature::Websocket => FeatureVerdict::Near("as far as the implementation takes upgrades"),
        ExportFeature::DynamicBackend { by_headers: false } => {
            FeatureVerdict::Lost("backends are chosen by header alone")
        }
        ExportFeature::PathTemplate { has_parameters: true } | ExportFeature::ManyPathParameters => {
            FeatureVerdict::Lost("a path with parameters is not rewritten")
        }
        ExportFeature::BasePath => {
            FeatureVerdict::Lost("a path with parameters is not put below the base path of its backend")
        }
        ExportFeature::PrefixReplacement => {
            FeatureVerdict::Lost("the prefix of a path with parameters is not replaced")
        }
        ExportFeature::LongParameter => FeatureVerdict::Lost(LONG_PARAMETER),
        ExportFeature::LongCondition => FeatureVerdict::Lost(LONG_CONDITION),
        ExportFeature::OwnHeaderCondition => FeatureVerdict::Lost(NO_OWN_HEADER_CONDITION),
        ExportFeature::EnvoyHeaderCondition => FeatureVerdict::Lost(ENVOY_HEADER_CONDITION),
        ExportFeature::SharedSegmentCondition => FeatureVerdict::Lost(NO_SHARED_SEGMENT_CONDITION),
        ExportFeature::OwnHeaderMove => FeatureVerdict::Near(OWN_HEADER_MOVES),
        ExportFeature::PatternBytes(length) if !is_short_pattern(*length) => FeatureVerdict::Lost(LONG_PATTERN),
        ExportFeature::HeaderToHeader | ExportFeature::QueryConstant | ExportFeature::OtherMapping => {
            FeatureVerdict::Lost("parameters do not move, and only headers are added")
        }
        ExportFeature::KeepHost
        | ExportFeature::DynamicBackend { by_headers: true }
        | ExportFeature::PathTemplate { has_parameters: false }
        | ExportFeature::TemplatePath
        | ExportFeature::HeaderConstant
        | ExportFeature::UnusualCondition
        | ExportFeature::ColonConstant
        | ExportFeature::ConstantBytes(_)
        | ExportFeature::ConstantCount(_)
        | ExportFeature::PatternBytes(_)
        | ExportFeature::EmptyQueryConstant
        | ExportFeature::TemplateConstant => FeatureVerdict::Exact,
    }
}
