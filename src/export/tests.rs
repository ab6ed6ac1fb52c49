//! A table of every feature: the targets that lose it, and the requests that its loss lets in.

use super::ExportTarget;
use super::ExportTarget::{Envoy, GatewayApi, Haproxy, Kong, Nginx};
use super::feature::ExportFeature;
use super::length::{PatternLength, TextLength};
use super::verdict::FeatureVerdict;

/// The consequence of a loss, beside `apigw serve`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loss {
    /// It lets in callers or addresses that are refused, leaves to a caller a value that a setting decides, or sends
    /// requests to another backend, or to paths of one that the settings keep them from, or lets a caller do more than
    /// was granted. It has to be allowed.
    Opens,
    /// It takes more of the callers who may call: more requests, larger ones, or malformed ones. The report says so.
    Unbounds,
    /// Requests are refused, or answered otherwise; none is let in that would be refused.
    Closed,
}

const ALL: &[ExportTarget] = &ExportTarget::ALL;
const NONE: &[ExportTarget] = &[];
const LENGTH: TextLength = TextLength { bytes: usize::MAX, formatted: usize::MAX };
const PATTERN: PatternLength = PatternLength {
    bytes: usize::MAX,
    total: usize::MAX,
    program: usize::MAX,
    quoted: usize::MAX,
    replaced: usize::MAX,
};

/// Writes the table, and a match of its patterns that lacks no feature.
macro_rules! losses {
    ($($pattern:pat => $feature:ident $({ $field:ident: $value:expr })? $(($length:expr))?, $targets:expr, $loss:ident;)*) => {
        const LOSSES: &[(ExportFeature, &[ExportTarget], Loss)] =
            &[$((ExportFeature::$feature $({ $field: $value })? $(($length))?, $targets, Loss::$loss)),*];

        const fn require_row(feature: ExportFeature) {
            use ExportFeature as F;
            match feature {
                $($pattern => {})*
            }
        }
    };
}

losses! {
    F::Signatures => Signatures, &[Nginx, Haproxy, GatewayApi, Kong], Opens;
    F::Tokens => Tokens, &[Nginx, Haproxy, GatewayApi, Kong], Opens;
    F::SubscriptionKeys => SubscriptionKeys, &[Nginx, GatewayApi, Kong], Opens;
    F::ShownCredentials => ShownCredentials, &[Kong], Opens;
    F::BackendSignature => BackendSignature, ALL, Opens;
    F::CallerClaims => CallerClaims, NONE, Opens;
    F::IpRules => IpRules, &[GatewayApi], Opens;
    F::RateLimits { asks_callers: false } => RateLimits { asks_callers: false }, ALL, Unbounds;
    F::RateLimits { asks_callers: true } => RateLimits { asks_callers: true }, &[Nginx, Haproxy, GatewayApi, Kong], Unbounds;
    F::CallerLimits => CallerLimits, &[Nginx, Haproxy, GatewayApi, Kong], Opens;
    F::Validation => Validation, ALL, Unbounds;
    F::BodyLimit => BodyLimit, &[GatewayApi], Unbounds;
    F::CorsOfListedOrigins => CorsOfListedOrigins, &[GatewayApi], Closed;
    F::CorsOfAnyOrigin => CorsOfAnyOrigin, &[GatewayApi], Closed;
    F::LongCorsList => LongCorsList, ALL, Closed;
    F::MockResponse => MockResponse, &[GatewayApi], Closed;
    F::ChosenResponse => ChosenResponse, &[Kong], Closed;
    F::RangeOfCodes => RangeOfCodes, &[Envoy, Nginx, Haproxy, Kong], Closed;
    F::RangeOfMediaTypes => RangeOfMediaTypes, NONE, Closed;
    F::MockWithoutConstant => MockWithoutConstant, &[Kong], Closed;
    F::EmptyResponseHeader => EmptyResponseHeader, NONE, Closed;
    F::LongName => LongName, &[Envoy, Nginx, Haproxy, Kong], Closed;
    F::ResponseHeaderBytes(_) => ResponseHeaderBytes(LENGTH), &[Envoy, Haproxy], Closed;
    F::ResponseHeaderCount(_) => ResponseHeaderCount(usize::MAX), &[Envoy], Closed;
    F::BinaryBody => BinaryBody, &[Nginx, Kong], Closed;
    F::BodyBytes(_) => BodyBytes(usize::MAX), &[Haproxy], Closed;
    // The methods of wider paths are refused by routes of their own.
    F::OptionsAndMethods => OptionsAndMethods, &[GatewayApi, Kong], Closed;
    F::EncodedLetters { has_wider_path: true } => EncodedLetters { has_wider_path: true }, &[GatewayApi], Opens;
    F::EncodedLetters { has_wider_path: false } => EncodedLetters { has_wider_path: false }, NONE, Closed;
    F::UnusualTargets => UnusualTargets, NONE, Closed;
    F::UnusualHeaderNames => UnusualHeaderNames, NONE, Closed;
    F::Semicolons => Semicolons, NONE, Closed;
    F::PatternBytes(_) => PatternBytes(PATTERN), ALL, Opens;
    F::MarkedParameters => MarkedParameters, &[GatewayApi, Kong], Opens;
    F::QueryRoute => QueryRoute, &[GatewayApi, Kong], Opens;
    F::QueryMethod => QueryMethod, &[GatewayApi], Closed;
    F::EncodedSlashes => EncodedSlashes, NONE, Closed;
    F::PathPrefix => PathPrefix, NONE, Closed;
    F::SeveralTargets(_) => SeveralTargets(usize::MAX), &[GatewayApi], Closed;
    F::UnusualHost => UnusualHost, &[GatewayApi], Closed;
    F::LongHost => LongHost, &[GatewayApi], Closed;
    F::DifferentBasePaths => DifferentBasePaths, ALL, Closed;
    F::MixedSchemes => MixedSchemes, ALL, Closed;
    F::Https => Https, &[GatewayApi, Kong], Closed;
    F::HttpsByAddress => HttpsByAddress, &[Nginx, Haproxy, GatewayApi, Kong], Closed;
    F::ClientCertificate { is_key_beside: true } => ClientCertificate { is_key_beside: true }, &[GatewayApi, Kong], Closed;
    F::ClientCertificate { is_key_beside: false } => ClientCertificate { is_key_beside: false }, &[Haproxy, GatewayApi, Kong], Closed;
    F::KeepHost => KeepHost, NONE, Closed;
    F::Retry => Retry, &[GatewayApi], Closed;
    F::Timeouts => Timeouts, NONE, Closed;
    F::LongTimeout => LongTimeout, NONE, Closed;
    F::AddressGuard => AddressGuard, ALL, Closed;
    F::Websocket => Websocket, NONE, Closed;
    // The backend has to agree to what it is asked for.
    F::Upgrades => Upgrades, &[GatewayApi, Kong], Closed;
    F::ConnectionHeaders => ConnectionHeaders, NONE, Closed;
    F::DynamicBackend { by_headers: true } => DynamicBackend { by_headers: true }, &[Kong], Opens;
    F::DynamicBackend { by_headers: false } => DynamicBackend { by_headers: false }, &[GatewayApi, Kong], Opens;
    F::PathTemplate { has_parameters: true } => PathTemplate { has_parameters: true }, &[GatewayApi], Opens;
    F::PathTemplate { has_parameters: false } => PathTemplate { has_parameters: false }, NONE, Opens;
    F::SplitParameters => SplitParameters, &[GatewayApi, Kong], Opens;
    F::ManyPathParameters => ManyPathParameters, &[Envoy, Haproxy, GatewayApi], Opens;
    F::PrefixReplacement => PrefixReplacement, &[GatewayApi], Closed;
    F::BasePath => BasePath, &[GatewayApi], Opens;
    F::TemplatePath => TemplatePath, &[Kong], Opens;
    F::HeaderToHeader => HeaderToHeader, &[GatewayApi], Opens;
    F::HeaderConstant => HeaderConstant, NONE, Opens;
    F::QueryConstant => QueryConstant, &[Envoy, Nginx, Haproxy, GatewayApi], Opens;
    F::EmptyConstant => EmptyConstant, &[GatewayApi], Opens;
    F::EmptyQueryConstant => EmptyQueryConstant, &[Kong], Opens;
    F::ColonConstant => ColonConstant, &[Kong], Opens;
    F::ConstantBytes(_) => ConstantBytes(LENGTH), &[Envoy, Haproxy, GatewayApi], Opens;
    F::ConstantCount(_) => ConstantCount(usize::MAX), &[GatewayApi], Opens;
    F::TemplateConstant => TemplateConstant, &[Kong], Opens;
    F::LongParameter => LongParameter, ALL, Opens;
    F::LongCondition => LongCondition, ALL, Opens;
    F::RepeatedCondition => RepeatedCondition, NONE, Opens;
    F::OwnHeaderCondition => OwnHeaderCondition, ALL, Opens;
    F::EnvoyHeaderCondition => EnvoyHeaderCondition, &[Envoy, GatewayApi], Opens;
    F::SharedSegmentCondition => SharedSegmentCondition, ALL, Opens;
    // Either value is the caller's, or the target's.
    F::OwnHeaderMove => OwnHeaderMove, NONE, Closed;
    F::UnusualCondition => UnusualCondition, &[Nginx], Opens;
    F::OtherMapping => OtherMapping, ALL, Opens;
}

#[test]
fn a_loss_that_opens_something_has_to_be_allowed() {
    for (feature, targets, loss) in LOSSES {
        require_row(*feature);
        for target in ExportTarget::ALL {
            let is_lost = matches!(target.judge(feature), FeatureVerdict::Lost(_));
            assert_eq!(is_lost, targets.contains(&target), "{feature:?} on {target}");
        }
        assert_eq!(feature.guards_access(), *loss == Loss::Opens, "{feature:?}");
        let is_bound = matches!(feature.aspect().as_str(), "limits" | "validation");
        assert_eq!(is_bound && !feature.guards_access(), *loss == Loss::Unbounds, "{feature:?}");
    }
}
