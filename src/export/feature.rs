//! The features of a gateway that a group uses, each with the setting that asks for it.

use super::aspect::ReportAspect;
use super::options::CallerKeys;
use super::place::SettingPlace;
use crate::definition::StatusPattern;
use crate::model::{Location, ParameterReference, ResponseValidation};
use crate::routes::{
    GroupForwarding, GroupRoutes, MockResponses, PathPart, PathTemplate, RequestMapping, Responder, Route, RouteAccess,
    RouteForward, ValuePrefix,
};

/// A feature that not every target has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExportFeature {
    Signatures,
    Tokens,
    SubscriptionKeys,
    /// A mock that asks for credentials to be shown.
    ShownCredentials,
    /// The gateway's own signature of each request, by which a backend knows it.
    BackendSignature,
    /// Headers by which proxies tell of a caller, which a caller may not set.
    CallerClaims,
    IpRules,
    RateLimits {
        /// True if each caller of the group is asked for a key.
        asks_callers: bool,
    },
    /// Limits of keys, or of grants.
    CallerLimits,
    Validation,
    BodyLimit,
    CorsOfListedOrigins,
    CorsOfAnyOrigin,
    /// The constant response of a mock.
    MockResponse,
    /// A mock response that another than the usual request gets.
    ChosenResponse,
    /// A mock response that `Prefer` asks for by one of several codes.
    RangeOfCodes,
    MockWithoutConstant,
    /// A header of a mock response that has no value.
    EmptyResponseHeader,
    /// Bytes that are not text.
    BinaryBody,
    /// A redirect with a body.
    RedirectBody,
    /// A body of this many bytes.
    BodyBytes(usize),
    OptionsAndMethods,
    /// Paths in which letters are percent-encoded without need (RFC 3986, section 6.2.2.2).
    EncodedLetters,
    /// Targets that are no path, are malformed or long.
    UnusualTargets,
    /// Headers whose names have other characters than letters, digits and hyphens.
    UnusualHeaderNames,
    /// Semicolons within a segment of a template.
    Semicolons,
    AdjacentParameters,
    MarkedParameters,
    QueryRoute,
    EncodedSlashes,
    PathPrefix,
    SeveralTargets,
    DifferentBasePaths,
    Https,
    ClientCertificate,
    KeepHost,
    Retry,
    Timeouts,
    AddressGuard,
    Websocket,
    DynamicBackend,
    PathTemplate,
    PrefixReplacement,
    HeaderToHeader,
    HeaderConstant,
    QueryConstant,
    /// A header that is a constant without a value.
    EmptyConstant,
    /// A constant whose value begins with a colon.
    ColonConstant,
    /// A header that is a constant of this many bytes.
    ConstantBytes(usize),
    /// This many headers that are constants.
    ConstantCount(usize),
    /// A constant whose value Kong takes for a template.
    TemplateConstant,
    OtherMapping,
}

/// A feature that a group or an API uses.
pub(super) struct FeatureUse {
    pub(super) feature: ExportFeature,
    pub(super) place: SettingPlace,
}

impl ExportFeature {
    pub(super) const fn aspect(self) -> ReportAspect {
        match self {
            Self::Signatures
            | Self::Tokens
            | Self::SubscriptionKeys
            | Self::ShownCredentials
            | Self::BackendSignature
            | Self::CallerClaims => ReportAspect::Access,
            Self::IpRules => ReportAspect::IpRules,
            Self::Validation => ReportAspect::Validation,
            Self::BodyLimit | Self::RateLimits { .. } | Self::CallerLimits => ReportAspect::Limits,
            Self::CorsOfListedOrigins | Self::CorsOfAnyOrigin => ReportAspect::Cors,
            Self::MockResponse
            | Self::ChosenResponse
            | Self::RangeOfCodes
            | Self::MockWithoutConstant
            | Self::EmptyResponseHeader
            | Self::BinaryBody
            | Self::RedirectBody
            | Self::BodyBytes(_) => ReportAspect::Responses,
            Self::OptionsAndMethods
            | Self::EncodedLetters
            | Self::UnusualTargets
            | Self::UnusualHeaderNames
            | Self::Semicolons
            | Self::AdjacentParameters
            | Self::MarkedParameters
            | Self::QueryRoute
            | Self::EncodedSlashes
            | Self::PathPrefix
            | Self::Websocket => ReportAspect::Routing,
            Self::SeveralTargets => ReportAspect::Health,
            Self::Https | Self::ClientCertificate | Self::AddressGuard => ReportAspect::Tls,
            Self::Retry | Self::Timeouts => ReportAspect::Timeouts,
            Self::DifferentBasePaths
            | Self::KeepHost
            | Self::DynamicBackend
            | Self::PathTemplate
            | Self::PrefixReplacement
            | Self::HeaderToHeader
            | Self::HeaderConstant
            | Self::QueryConstant
            | Self::EmptyConstant
            | Self::ColonConstant
            | Self::ConstantBytes(_)
            | Self::ConstantCount(_)
            | Self::TemplateConstant
            | Self::OtherMapping => ReportAspect::Rewrites,
        }
    }

    /// True if its loss has to be allowed: it would let in callers that the gateway keeps out, or leave to a caller a value
    /// that a setting decides.
    pub(super) const fn guards_access(self) -> bool {
        let is_mapping = matches!(
            self,
            Self::HeaderToHeader
                | Self::HeaderConstant
                | Self::QueryConstant
                | Self::EmptyConstant
                | Self::ColonConstant
                | Self::ConstantBytes(_)
                | Self::ConstantCount(_)
                | Self::TemplateConstant
                | Self::OtherMapping
        );
        is_mapping || matches!(self.aspect(), ReportAspect::Access | ReportAspect::IpRules)
    }
}

/// Lists the features that a group uses as a whole, and those of each of its routes.
pub(super) fn feature_uses(group: &GroupRoutes, callers: &CallerKeys) -> (Vec<FeatureUse>, Vec<Vec<FeatureUse>>) {
    let mut uses = FeatureUses::default();
    uses.group(group);
    uses.limits(group, callers);
    if let Some(forward) = &group.forward {
        uses.forward(forward, group.prefix.before_path());
    }
    let of_group = std::mem::take(&mut uses.list);
    let of_group_constants = group.forward.as_ref().map(|forward| forward.mappings.as_slice()).unwrap_or_default();
    let of_routes = group.routes.iter().map(|route| {
        uses.route(route, of_group_constants);
        std::mem::take(&mut uses.list)
    });
    (of_group, of_routes.collect())
}

/// The uses so far.
#[derive(Default)]
pub(super) struct FeatureUses {
    list: Vec<FeatureUse>,
}

impl FeatureUses {
    pub(super) fn setting(&mut self, feature: ExportFeature, path: &[&str]) {
        let place = SettingPlace::Settings(path.iter().map(|key| (*key).to_owned()).collect());
        self.list.push(FeatureUse { feature, place });
    }

    fn group(&mut self, group: &GroupRoutes) {
        let first = group.routes.first();
        match first.map(|route| &route.access) {
            Some(RouteAccess::Key { signature: None, subscription: Some(_), token: None, .. }) => {
                self.setting(ExportFeature::SubscriptionKeys, &["auth"]);
            }
            // A subscription key beside others is none of a target's: none is let in for less.
            Some(RouteAccess::Key { signature, token, .. }) => {
                if token.is_some() {
                    self.setting(ExportFeature::Tokens, &["auth"]);
                }
                if signature.is_some() || token.is_none() {
                    self.setting(ExportFeature::Signatures, &["auth"]);
                }
            }
            _ if group.routes.iter().any(|route| matches!(route.access, RouteAccess::Presence { .. })) => {
                self.setting(ExportFeature::ShownCredentials, &["mock", "check_security"]);
            }
            _ => {}
        }
        if group.routes.iter().any(|route| route.validation.requests) {
            self.setting(ExportFeature::Validation, &["validate_requests"]);
        } else if group.routes.iter().any(|route| route.validation.responses != ResponseValidation::Off) {
            self.setting(ExportFeature::Validation, &["validate_responses"]);
        }
        if !group.ip_rules.is_empty() {
            self.setting(ExportFeature::IpRules, &["ip_rules"]);
        }
        self.setting(ExportFeature::BodyLimit, &["max_body_kib"]);
        if let Some(cors) = &group.cors {
            let has_any = cors.allow_origins.iter().any(|origin| origin == "*");
            let feature = if has_any { ExportFeature::CorsOfAnyOrigin } else { ExportFeature::CorsOfListedOrigins };
            self.setting(feature, &["cors", "allow_origins"]);
        }
        if group.encoded_slashes {
            self.setting(ExportFeature::EncodedSlashes, &["forwarding", "encoded_slashes"]);
        }
        self.setting(ExportFeature::OptionsAndMethods, &["prefix"]);
        self.setting(ExportFeature::EncodedLetters, &["prefix"]);
        self.setting(ExportFeature::UnusualTargets, &["prefix"]);
        self.setting(ExportFeature::UnusualHeaderNames, &["prefix"]);
    }

    /// Notes the limits of the group, and those of the keys and grants that it lets in by.
    fn limits(&mut self, group: &GroupRoutes, callers: &CallerKeys) {
        let asks_callers = group.routes.iter().all(|route| matches!(route.access, RouteAccess::Key { .. }));
        if !group.rate_limits.is_empty() {
            self.setting(ExportFeature::RateLimits { asks_callers }, &["limits"]);
        }
        if asks_callers && let Some(place) = callers.limits_place(group.group.as_str(), group.environment.as_str()) {
            self.list.push(FeatureUse { feature: ExportFeature::CallerLimits, place });
        }
    }

    fn forward(&mut self, forward: &GroupForwarding, prefix: &str) {
        let targets = &forward.upstream.targets;
        if targets.len() > 1 {
            self.setting(ExportFeature::SeveralTargets, &["forwarding", "more_addresses"]);
        }
        let mut bases = targets.iter().map(super::upstream::base_path);
        let first = bases.next().unwrap_or_default();
        if bases.any(|base| base != first) {
            self.setting(ExportFeature::DifferentBasePaths, &["forwarding", "more_addresses"]);
        }
        if targets.iter().any(|url| super::upstream::UpstreamEndpoint::new(url).is_https) {
            self.setting(ExportFeature::Https, &["forwarding", "tls"]);
        }
        if forward.tls.certificate.is_some() {
            self.setting(ExportFeature::ClientCertificate, &["forwarding", "tls", "certificate"]);
        }
        self.setting(ExportFeature::CallerClaims, &["forwarding"]);
        if forward.sign.is_some() {
            self.setting(ExportFeature::BackendSignature, &["forwarding", "sign"]);
        }
        if forward.keep_host {
            self.setting(ExportFeature::KeepHost, &["forwarding", "keep_host"]);
        }
        if forward.retry {
            self.setting(ExportFeature::Retry, &["forwarding", "retry"]);
        }
        self.setting(ExportFeature::Timeouts, &["forwarding", "response_timeout_ms"]);
        self.setting(ExportFeature::AddressGuard, &["forwarding", "allow_addresses"]);
        if !forward.dynamic.is_empty() {
            self.setting(ExportFeature::DynamicBackend, &["forwarding", "routes"]);
        }
        self.mappings(&forward.mappings, &["forwarding"]);
        self.constant_count(forward.mappings.iter(), &["forwarding", "constants"]);
        let replacement = format!("{first}{}", if forward.keep_prefix { prefix } else { "" });
        if replacement != prefix {
            self.setting(ExportFeature::PrefixReplacement, &["forwarding", "keep_prefix"]);
        }
    }

    fn mappings(&mut self, mappings: &[RequestMapping], below: &[&str]) {
        for mapping in mappings {
            let (feature, key) = match mapping {
                RequestMapping::Move(mapping) => match (&mapping.from, &mapping.to) {
                    (ParameterReference::Header(_), ParameterReference::Header(_)) => {
                        (ExportFeature::HeaderToHeader, "parameters")
                    }
                    _ => (ExportFeature::OtherMapping, "parameters"),
                },
                RequestMapping::Set(constant) => match constant.to {
                    ParameterReference::Header(_) => (ExportFeature::HeaderConstant, "constants"),
                    ParameterReference::Query(_) => (ExportFeature::QueryConstant, "constants"),
                    ParameterReference::Path(_) => (ExportFeature::OtherMapping, "constants"),
                },
            };
            let path: Vec<&str> = below.iter().copied().chain([key]).collect();
            self.setting(feature, &path);
            if let RequestMapping::Set(constant) = mapping {
                self.constant(constant, &path);
            }
        }
    }

    fn route(&mut self, route: &Route, of_group: &[RequestMapping]) {
        self.path(&route.path, &route.location);
        if route.websocket {
            self.api(ExportFeature::Websocket, &route.location);
        }
        match &route.responder {
            Responder::Mock(responses) => self.mock(responses, &route.location),
            Responder::Forward(own) => self.route_forward(own, &route.api, of_group),
        }
    }

    fn api(&mut self, feature: ExportFeature, api: &Location) {
        self.list.push(FeatureUse { feature, place: SettingPlace::Api(api.clone()) });
    }

    fn path(&mut self, path: &PathTemplate, api: &Location) {
        let parameters = path.parts.windows(2);
        let is_parameter = |part: &PathPart| matches!(part, PathPart::Parameter(_));
        if parameters.into_iter().any(|pair| pair.iter().all(is_parameter)) {
            self.api(ExportFeature::AdjacentParameters, api);
        }
        if path.parts.iter().any(is_parameter) {
            self.api(ExportFeature::Semicolons, api);
        }
        let is_marked = |part: &PathPart| matches!(part, PathPart::Parameter(one) if one.lead != ValuePrefix::Nothing);
        if path.parts.iter().any(is_marked) {
            self.api(ExportFeature::MarkedParameters, api);
        }
        if !path.query.is_empty() {
            self.api(ExportFeature::QueryRoute, api);
        }
        if path.is_prefix {
            self.api(ExportFeature::PathPrefix, api);
        }
    }

    fn mock(&mut self, responses: &MockResponses, api: &Location) {
        self.api(ExportFeature::MockResponse, api);
        if responses.constant().is_none() {
            self.api(ExportFeature::MockWithoutConstant, api);
        }
        if responses.responses.len() > 1 {
            self.api(ExportFeature::ChosenResponse, api);
        }
        let is_range =
            |pattern: Option<StatusPattern>| matches!(pattern, Some(StatusPattern::Class(_) | StatusPattern::Default));
        if responses.responses.iter().any(|response| is_range(response.declared_for)) {
            self.api(ExportFeature::RangeOfCodes, api);
        }
        if responses.responses.iter().any(|response| response.headers.iter().any(|(_, value)| value.is_empty())) {
            self.api(ExportFeature::EmptyResponseHeader, api);
        }
        let is_text = |body: &[u8]| std::str::from_utf8(body).is_ok_and(|text| !text.contains('\0'));
        if responses.responses.iter().any(|response| !is_text(&response.body)) {
            self.api(ExportFeature::BinaryBody, api);
        }
        let is_redirect = |status: u16| matches!(status, 301 | 302 | 303 | 307 | 308);
        if responses.responses.iter().any(|response| is_redirect(response.status) && !response.body.is_empty()) {
            self.api(ExportFeature::RedirectBody, api);
        }
        let longest = responses.responses.iter().map(|response| response.body.len()).max();
        self.api(ExportFeature::BodyBytes(longest.unwrap_or_default()), api);
    }

    fn route_forward(&mut self, own: &RouteForward, api: &str, of_group: &[RequestMapping]) {
        let below = ["forwarding", "apis", api];
        if own.path.is_some() {
            self.setting(ExportFeature::PathTemplate, &["forwarding", "apis", api, "path"]);
        }
        if !own.dynamic.is_empty() {
            self.setting(ExportFeature::DynamicBackend, &["forwarding", "apis", api, "routes"]);
        }
        self.mappings(&own.mappings, &below);
        if !own.mappings.is_empty() {
            let all = of_group.iter().chain(&own.mappings);
            self.constant_count(all, &["forwarding", "apis", api, "constants"]);
        }
    }
}
