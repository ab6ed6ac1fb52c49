//! The features of a gateway that a group uses, each with the setting that asks for it.

use super::condition_uses::condition_uses;
use super::connection_uses::connection_uses;
use super::constant::{has_colon_of_kong, has_short_names, is_sent, is_template, last_constants};
use super::feature::ExportFeature;
use super::length::{MOST_HOST_BYTES, MOST_ORIGIN_BYTES, TextLength, is_short_list, is_short_name};
use super::long_pattern::longest_patterns;
use super::options::CallerKeys;
use super::pattern::has_many_captures;
use super::place::SettingPlace;
use super::seen_headers::is_own_header;
use super::table::LONGEST_MS;
use super::template::{is_marked, splits_run};
use super::wider::has_wider_paths;
use crate::definition::{PathPiece, StatusPattern, path_pieces};
use crate::model::{Location, Method, ParameterReference, ResponseValidation};
use crate::routes::{
    DynamicUpstream, FixedParameter, GroupForwarding, GroupRoutes, MissingCredentials, MockResponse, MockResponses,
    PathPart, PathTemplate, RequestMapping, Responder, Route, RouteAccess, RouteForward, Upstream,
};

/// A feature that a group or an API uses.
pub(super) struct FeatureUse {
    pub(super) feature: ExportFeature,
    pub(super) place: SettingPlace,
}

/// Lists the features that a group uses as a whole, and those of each of its routes.
pub(super) fn feature_uses(group: &GroupRoutes, callers: &CallerKeys) -> (Vec<FeatureUse>, Vec<Vec<FeatureUse>>) {
    let mut uses = FeatureUses::default();
    uses.group(group);
    uses.limits(group, callers);
    if let Some(forward) = &group.forward {
        uses.forward(group, forward);
    }
    let of_group = std::mem::take(&mut uses.list);
    let of_group_constants = group.forward.as_ref().map(|forward| forward.mappings.as_slice()).unwrap_or_default();
    let of_routes = group.routes.iter().zip(longest_patterns(group)).map(|(route, longest)| {
        uses.route(group, route, of_group_constants);
        uses.api(ExportFeature::PatternBytes(longest), &route.location);
        std::mem::take(&mut uses.list)
    });
    (of_group, of_routes.collect())
}

/// The uses so far.
#[derive(Default)]
struct FeatureUses {
    list: Vec<FeatureUse>,
}

impl FeatureUses {
    fn setting(&mut self, feature: ExportFeature, path: &[&str]) {
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
            if cors.allow_origins.iter().any(|origin| origin.len() > MOST_ORIGIN_BYTES) {
                self.setting(ExportFeature::LongCorsList, &["cors", "allow_origins"]);
            }
            for (list, key) in [(&cors.allow_headers, "allow_headers"), (&cors.expose_headers, "expose_headers")] {
                if !is_short_list(&list.join(", ")) {
                    self.setting(ExportFeature::LongCorsList, &["cors", key]);
                }
            }
        }
        if group.encoded_slashes {
            self.setting(ExportFeature::EncodedSlashes, &["forwarding", "encoded_slashes"]);
        }
        if group.hosts.iter().any(|host| host.len() > MOST_HOST_BYTES) {
            self.setting(ExportFeature::LongHost, &["domains"]);
        }
        self.setting(ExportFeature::OptionsAndMethods, &["prefix"]);
        self.setting(ExportFeature::EncodedLetters { has_wider_path: has_wider_paths(group) }, &["prefix"]);
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

    fn forward(&mut self, group: &GroupRoutes, forward: &GroupForwarding) {
        for (feature, path) in connection_uses(group, forward) {
            self.setting(feature, path);
        }
        self.setting(ExportFeature::CallerClaims, &["forwarding"]);
        if forward.sign.is_some() {
            self.setting(ExportFeature::BackendSignature, &["forwarding", "sign"]);
        }
        if forward.keep_host {
            self.setting(ExportFeature::KeepHost, &["forwarding", "keep_host"]);
        }
        self.dynamic(&forward.dynamic, &group.routes, &["forwarding", "routes"]);
        self.mappings(&forward.mappings, &group.routes, &["forwarding"]);
        self.constant_count(forward.mappings.iter(), &["forwarding", "constants"]);
        let keeps_path = |route: &&Route| matches!(&route.responder, Responder::Forward(own) if own.path.is_none());
        let mut varying = group.routes.iter().filter(keeps_path).filter(|route| has_many_paths(&route.path)).peekable();
        if varying.peek().is_none() {
            return;
        }
        for dynamic in &forward.dynamic {
            self.replacement(group, &dynamic.upstream, &["forwarding", "routes"]);
        }
        if varying.any(|route| matches!(&route.responder, Responder::Forward(own) if own.upstream.is_none())) {
            self.replacement(group, &forward.upstream, &["forwarding", "keep_prefix"]);
        }
    }

    /// Notes the change of the prefix of paths on their way to a backend.
    fn replacement(&mut self, group: &GroupRoutes, upstream: &Upstream, path: &[&str]) {
        let Some((base, replacement)) = replaced_prefix(group, upstream) else { return };
        if replacement != group.prefix.before_path() {
            let feature = if base.is_empty() { ExportFeature::PrefixReplacement } else { ExportFeature::BasePath };
            self.setting(feature, path);
        }
    }

    fn mappings(&mut self, mappings: &[RequestMapping], routes: &[Route], below: &[&str]) {
        for mapping in mappings.iter().filter(|mapping| is_sent(mapping)) {
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
            // The name of the caller's key is there by then.
            let is_own = |from: &ParameterReference| is_own_header(from, routes) && !from.names_caller();
            if matches!(mapping, RequestMapping::Move(moved) if is_own(&moved.from)) {
                self.setting(ExportFeature::OwnHeaderMove, &path);
            }
            if !has_short_names(mapping) {
                self.setting(ExportFeature::LongParameter, &path);
            }
        }
        let constants = mappings.iter().filter_map(|mapping| match mapping {
            RequestMapping::Set(constant) => Some((constant, is_sent(mapping))),
            RequestMapping::Move(_) => None,
        });
        for (index, (constant, _)) in constants.enumerate().filter(|(_, (_, is_sent))| *is_sent) {
            let index = index.to_string();
            let path: Vec<&str> = below.iter().copied().chain(["constants", &index]).collect();
            self.constant(constant, &path);
        }
    }

    /// Notes the features of a constant's value.
    fn constant(&mut self, constant: &FixedParameter, path: &[&str]) {
        let FixedParameter { to, value, .. } = constant;
        match to {
            ParameterReference::Header(_) if value.is_empty() => self.setting(ExportFeature::EmptyConstant, path),
            ParameterReference::Header(_) => self.setting(ExportFeature::ConstantBytes(TextLength::of(value)), path),
            ParameterReference::Query(_) if value.is_empty() => self.setting(ExportFeature::EmptyQueryConstant, path),
            ParameterReference::Query(_) | ParameterReference::Path(_) => {}
        }
        if has_colon_of_kong(constant) {
            self.setting(ExportFeature::ColonConstant, path);
        }
        if is_template(value) {
            self.setting(ExportFeature::TemplateConstant, path);
        }
    }

    /// Notes the number of headers that constants set.
    fn constant_count<'m>(&mut self, mappings: impl Iterator<Item = &'m RequestMapping>, path: &[&str]) {
        let is_header = |constant: &&FixedParameter| matches!(constant.to, ParameterReference::Header(_));
        let count = last_constants(mappings).into_iter().filter(is_header).count();
        self.setting(ExportFeature::ConstantCount(count), path);
    }

    fn dynamic(&mut self, dynamic: &[DynamicUpstream], routes: &[Route], path: &[&str]) {
        for feature in condition_uses(dynamic, routes) {
            self.setting(feature, path);
        }
    }

    fn route(&mut self, group: &GroupRoutes, route: &Route, of_group: &[RequestMapping]) {
        self.path(&route.path, &route.location);
        if route.method == Method::Query && matches!(route.responder, Responder::Forward(_)) {
            self.api(ExportFeature::QueryMethod, &route.location);
        }
        if route.websocket {
            self.api(ExportFeature::Websocket, &route.location);
        }
        let challenge = match &route.access {
            RouteAccess::Presence { any_of } => {
                if any_of.iter().flatten().any(|one| !is_short_name(one.name())) {
                    self.api(ExportFeature::LongName, &route.location);
                }
                MissingCredentials::new(any_of).challenge
            }
            _ => String::new(),
        };
        match &route.responder {
            Responder::Mock(responses) => self.mock(responses, &challenge, &route.location),
            Responder::Forward(own) => {
                self.route_forward(own, route, of_group);
                self.route_path(group, route, own);
            }
        }
    }

    fn api(&mut self, feature: ExportFeature, api: &Location) {
        self.list.push(FeatureUse { feature, place: SettingPlace::Api(api.clone()) });
    }

    fn path(&mut self, path: &PathTemplate, api: &Location) {
        let is_parameter = |part: &PathPart| matches!(part, PathPart::Parameter(_));
        if path.parts.iter().any(is_parameter) {
            self.api(ExportFeature::Semicolons, api);
        }
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

    fn mock(&mut self, responses: &MockResponses, challenge: &str, api: &Location) {
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
        if responses.responses.iter().any(|response| response.media_range.is_some()) {
            self.api(ExportFeature::RangeOfMediaTypes, api);
        }
        if responses.responses.iter().any(|response| response.headers.iter().any(|(_, value)| value.is_empty())) {
            self.api(ExportFeature::EmptyResponseHeader, api);
        }
        if responses.responses.iter().any(has_long_name) {
            self.api(ExportFeature::LongName, api);
        }
        let values = responses.responses.iter().flat_map(|response| &response.headers).map(|(_, value)| value.as_str());
        let longest = values.chain([challenge]).map(TextLength::of).reduce(TextLength::max);
        self.api(ExportFeature::ResponseHeaderBytes(longest.unwrap_or_default()), api);
        let most = responses.responses.iter().map(|response| response.headers.len()).max();
        self.api(ExportFeature::ResponseHeaderCount(most.unwrap_or_default()), api);
        let is_text = |body: &[u8]| std::str::from_utf8(body).is_ok_and(|text| !text.contains('\0'));
        if responses.responses.iter().any(|response| !is_text(&response.body)) {
            self.api(ExportFeature::BinaryBody, api);
        }
        let longest = responses.responses.iter().map(|response| response.body.len()).max();
        self.api(ExportFeature::BodyBytes(longest.unwrap_or_default()), api);
    }

    /// Notes the change of a route's path on its way to its backends.
    fn route_path(&mut self, group: &GroupRoutes, route: &Route, own: &RouteForward) {
        let of_api = |key: &'static str| ["forwarding", "apis", route.api.as_str(), key];
        match &own.path {
            Some(path) => {
                let pieces = path_pieces(path);
                let names = pieces.iter().filter_map(|piece| match piece {
                    PathPiece::Parameter(name) => Some(*name),
                    PathPiece::Text(_) => None,
                });
                let has_parameters = names.clone().next().is_some();
                self.setting(ExportFeature::PathTemplate { has_parameters }, &of_api("path"));
                if splits_run(&route.path, path) {
                    self.setting(ExportFeature::SplitParameters, &of_api("path"));
                }
                if has_many_captures(names) {
                    self.setting(ExportFeature::ManyPathParameters, &of_api("path"));
                }
            }
            None if has_many_paths(&route.path) => {
                if let Some(upstream) = &own.upstream {
                    self.replacement(group, upstream, &of_api("backend"));
                }
                for dynamic in &own.dynamic {
                    self.replacement(group, &dynamic.upstream, &of_api("routes"));
                }
            }
            None => {}
        }
        let usual = own.upstream.as_ref().or(group.forward.as_ref().map(|forward| &forward.upstream));
        let Some((base, replacement)) = usual.and_then(|upstream| replaced_prefix(group, upstream)) else { return };
        let prefix = group.prefix.before_path();
        let is_one = match &own.path {
            Some(path) => is_template(&base) || is_template(path),
            None => replacement != prefix && (is_template(&replacement) || is_template(&route.path.template)),
        };
        if is_one {
            self.api(ExportFeature::TemplatePath, &route.location);
        }
    }

    fn route_forward(&mut self, own: &RouteForward, route: &Route, of_group: &[RequestMapping]) {
        let api = route.api.as_str();
        let below = ["forwarding", "apis", api];
        if own.response_timeout_ms.is_some_and(|milliseconds| milliseconds > LONGEST_MS) {
            self.setting(ExportFeature::LongTimeout, &["forwarding", "apis", api, "response_timeout_ms"]);
        }
        let this = std::slice::from_ref(route);
        self.dynamic(&own.dynamic, this, &["forwarding", "apis", api, "routes"]);
        self.mappings(&own.mappings, this, &below);
        if !own.mappings.is_empty() {
            let all = of_group.iter().chain(&own.mappings);
            self.constant_count(all, &["forwarding", "apis", api, "constants"]);
        }
    }
}

/// Returns the base path of a backend, and the text that replaces the group's prefix there.
fn replaced_prefix(group: &GroupRoutes, upstream: &Upstream) -> Option<(String, String)> {
    let base = upstream.targets.first().map(super::upstream::base_path)?;
    let keeps_prefix = group.forward.as_ref()?.keep_prefix;
    let replacement = format!("{base}{}", if keeps_prefix { group.prefix.before_path() } else { "" });
    Some((base, replacement))
}

/// True if the requests of a route may have several paths.
fn has_many_paths(path: &PathTemplate) -> bool {
    let is_one = |part: &PathPart| matches!(part, PathPart::Text(text) if !text.contains('%'));
    path.is_prefix || !path.parts.iter().all(is_one)
}

/// True if a name of a mock response is too long for an export.
fn has_long_name(response: &MockResponse) -> bool {
    let headers = response.headers.iter().map(|(name, _)| name);
    headers.chain(&response.media_type).chain(&response.example).any(|name| !is_short_name(name))
}
