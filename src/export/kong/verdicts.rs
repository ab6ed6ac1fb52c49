//! Verdicts about the features of Kong.

use super::super::feature::ExportFeature;
use super::super::verdict::{
    FeatureVerdict, LONG_CONDITION, LONG_CORS_LIST, LONG_NAME, LONG_PARAMETER, LONG_PATTERN, NO_SEMICOLONS,
};

/// The most bytes of an expression: PCRE compiles it to 64 KiB at most, and a part of it becomes eight times as long.
pub(super) const MOST_PATTERN_BYTES: usize = 8 * 1024;

/// Decides how well Kong has a feature.
pub(in crate::export) const fn judge(feature: &ExportFeature) -> FeatureVerdict {
    match feature {
        ExportFeature::Signatures => FeatureVerdict::Lost("callers are not asked for a signature"),
        ExportFeature::Tokens => FeatureVerdict::Lost("callers are not asked for a token"),
        ExportFeature::SubscriptionKeys => FeatureVerdict::Lost("callers are not asked for a key"),
        ExportFeature::ShownCredentials => FeatureVerdict::Lost("a mock does not ask for credentials"),
        ExportFeature::CallerClaims => {
            FeatureVerdict::Near("of a caller's `X-Forwarded-` headers, the well-known ones are removed")
        }
        ExportFeature::BackendSignature => FeatureVerdict::Lost("requests are not signed for the backend"),
        ExportFeature::IpRules => FeatureVerdict::Near(
            "other addresses are refused in Kong's own words; a proxy is believed that Kong itself trusts",
        ),
        ExportFeature::RateLimits { .. } => FeatureVerdict::Lost("requests are not counted"),
        ExportFeature::CallerLimits => FeatureVerdict::Lost("requests of a key or grant are not counted"),
        ExportFeature::Validation => FeatureVerdict::Lost("requests and responses are not held against the definition"),
        ExportFeature::BodyLimit => FeatureVerdict::Near("a larger body is refused in Kong's own words"),
        ExportFeature::CorsOfListedOrigins => FeatureVerdict::Near("preflights are answered by Kong's plugin"),
        ExportFeature::CorsOfAnyOrigin => {
            FeatureVerdict::Near("preflights are answered by Kong's plugin, and no origin gets credentials")
        }
        ExportFeature::MockResponse => FeatureVerdict::Near("headers of the response are left out"),
        ExportFeature::ChosenResponse => FeatureVerdict::Lost("Accept and Prefer choose no other response"),
        ExportFeature::RangeOfCodes => FeatureVerdict::Lost("Prefer cannot ask for a code of a range"),
        ExportFeature::MockWithoutConstant => FeatureVerdict::Lost("an API without a constant result is left out"),
        ExportFeature::BinaryBody => FeatureVerdict::Lost("a body that is not text is damaged"),
        ExportFeature::OptionsAndMethods => {
            FeatureVerdict::Lost("404, 405 and OPTIONS are Kong's own; ambiguous paths are not refused")
        }
        ExportFeature::Semicolons => FeatureVerdict::Near(NO_SEMICOLONS),
        ExportFeature::UnusualTargets => {
            FeatureVerdict::Near("malformed and long targets are refused, or not, by Kong's own rules")
        }
        ExportFeature::AdjacentParameters => {
            FeatureVerdict::Near("parameters side by side are told apart by type alone")
        }
        ExportFeature::MarkedParameters | ExportFeature::QueryRoute => {
            FeatureVerdict::Lost("an API told apart by query or style is left out")
        }
        ExportFeature::SeveralTargets => {
            FeatureVerdict::Near("addresses that fail are left out by Kong's passive health checks")
        }
        ExportFeature::DifferentBasePaths => FeatureVerdict::Lost("all addresses get the base path of the first"),
        ExportFeature::Https => {
            FeatureVerdict::Lost("certificates of backends are held against those that Kong itself trusts")
        }
        ExportFeature::ClientCertificate => FeatureVerdict::Lost("no certificate is shown to backends"),
        ExportFeature::Timeouts => {
            FeatureVerdict::Near("one time-out for silence before and after the head of a response")
        }
        ExportFeature::Retry => FeatureVerdict::Near("repeated where no connection was made"),
        ExportFeature::AddressGuard => FeatureVerdict::Lost("link-local and metadata addresses are not refused"),
        ExportFeature::DynamicBackend { .. } => FeatureVerdict::Lost("all requests go to the usual backend"),
        ExportFeature::TemplatePath => {
            FeatureVerdict::Lost("a path at the backend with `$(` stays that of the request")
        }
        ExportFeature::TemplateConstant => FeatureVerdict::Lost(
            "a constant with `$(` or with a line that begins with `#` is not sent, nor is a caller's own",
        ),
        ExportFeature::ColonConstant => FeatureVerdict::Lost(
            "a constant that begins with a colon, or whose name has one, is not sent, nor is a caller's own",
        ),
        ExportFeature::EmptyConstant => {
            FeatureVerdict::Near("a constant without a value is not sent, nor is a caller's own")
        }
        ExportFeature::UnusualHeaderNames => {
            FeatureVerdict::Near("headers with unusual names are read, or dropped, by Kong's own rules")
        }
        ExportFeature::LongName => FeatureVerdict::Lost(LONG_NAME),
        ExportFeature::LongParameter => FeatureVerdict::Lost(LONG_PARAMETER),
        ExportFeature::LongCondition => FeatureVerdict::Lost(LONG_CONDITION),
        ExportFeature::LongCorsList => FeatureVerdict::Lost(LONG_CORS_LIST),
        ExportFeature::PatternBytes(length) if length.total > MOST_PATTERN_BYTES => FeatureVerdict::Lost(LONG_PATTERN),
        ExportFeature::EmptyQueryConstant => {
            FeatureVerdict::Lost("a constant of the query without a value is not sent, nor is a caller's own")
        }
        ExportFeature::OtherMapping => FeatureVerdict::Lost("parameters do not move between path, query and headers"),
        // Kong decodes them before it matches.
        ExportFeature::EncodedLetters
        | ExportFeature::RedirectBody
        | ExportFeature::BodyBytes(_)
        | ExportFeature::EncodedSlashes
        | ExportFeature::PathPrefix
        | ExportFeature::KeepHost
        | ExportFeature::Websocket
        | ExportFeature::PathTemplate { .. }
        | ExportFeature::PrefixReplacement
        | ExportFeature::BasePath
        | ExportFeature::HeaderToHeader
        | ExportFeature::HeaderConstant
        | ExportFeature::UnusualCondition
        | ExportFeature::EmptyResponseHeader
        | ExportFeature::ConstantBytes(_)
        | ExportFeature::ConstantCount(_)
        | ExportFeature::ResponseHeaderBytes(_)
        | ExportFeature::ResponseHeaderCount(_)
        | ExportFeature::PatternBytes(_)
        | ExportFeature::QueryMethod
        | ExportFeature::QueryConstant => FeatureVerdict::Exact,
    }
}
