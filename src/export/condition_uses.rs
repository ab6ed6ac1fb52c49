//! The features of dynamic routes that a group uses.

use super::feature::ExportFeature;
use super::length::is_short_condition;
use super::seen_headers::is_own_header;
use super::template::{ParameterText, parameter_text};
use crate::model::ParameterReference;
use crate::routes::{DynamicUpstream, Route};

/// Lists the features of the conditions by which a backend is chosen for the requests to some APIs.
pub(super) fn condition_uses(dynamic: &[DynamicUpstream], routes: &[Route]) -> Vec<ExportFeature> {
    if dynamic.is_empty() {
        return Vec::new();
    }
    let any = |is_used: &dyn Fn(&DynamicUpstream) -> bool| dynamic.iter().any(is_used);
    let any_header = |is_used: &dyn Fn(&str) -> bool| {
        any(&|one| matches!(&one.when, ParameterReference::Header(name) if is_used(name)))
    };
    let by_headers = dynamic.iter().all(|one| matches!(one.when, ParameterReference::Header(_)));
    let is_shared =
        |name: &str| routes.iter().any(|route| parameter_text(&route.path, name) == ParameterText::Undecided);
    let is_usual = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let is_short = |one: &DynamicUpstream| {
        is_short_condition(&one.when, "") && one.equals.iter().all(|value| is_short_condition(&one.when, value))
    };
    let uses = [
        (any(&|one| is_own_header(&one.when, routes)), ExportFeature::OwnHeaderCondition),
        (any_header(&|name| name.to_ascii_lowercase().starts_with("x-envoy-")), ExportFeature::EnvoyHeaderCondition),
        (
            any(&|one| matches!(&one.when, ParameterReference::Path(name) if is_shared(name))),
            ExportFeature::SharedSegmentCondition,
        ),
        (true, ExportFeature::DynamicBackend { by_headers }),
        (any_header(&|_| true), ExportFeature::RepeatedCondition),
        (any_header(&|name| !is_usual(name)), ExportFeature::UnusualCondition),
        (any(&|one| !is_short(one)), ExportFeature::LongCondition),
    ];
    uses.into_iter().filter_map(|(is_used, feature)| is_used.then_some(feature)).collect()
}
