//! Expressions that are too long for a target: paths and steps that have one are left out.

use std::collections::BTreeMap;

use super::length::PatternLength;
use super::lower::path_rules;
use super::pattern::{PathPattern, PathRewrite, RewritePiece};
use super::table::{DecisionStep, HostTable, PathRule, StepOutcome, TextTest};
use crate::routes::{GroupRoutes, PathPart, Responder, Route, SegmentTexts, Upstream};

/// Texts of a route that are shorter together become no expression that is too long for a target.
const SHORT_BYTES: usize = 300;

/// Leaves out the paths and the steps whose expressions are too long.
pub(super) fn leave_out_long(tables: &mut [HostTable<'_>], is_short: impl Fn(PatternLength) -> bool) {
    for table in tables {
        table.paths.retain(|path| is_short(path_length(path)));
        for path in &mut table.paths {
            path.steps.retain(|step| is_short(step_length(step)));
        }
    }
}

/// Returns the length of the longest expression of each route, in order.
pub(super) fn longest_patterns(group: &GroupRoutes) -> Vec<PatternLength> {
    if !group.routes.iter().any(|route| may_be_long(group, route)) {
        return vec![PatternLength::default(); group.routes.len()];
    }
    let mut lengths: BTreeMap<*const Route, PatternLength> = BTreeMap::new();
    for path in path_rules(group) {
        let of_path = path_length(&path);
        for step in &path.steps {
            let Some(route) = step.route else { continue };
            let longest = lengths.entry(std::ptr::from_ref(route)).or_default();
            *longest = longest.max(of_path).max(step_length(step));
        }
    }
    group.routes.iter().map(|route| lengths.remove(&std::ptr::from_ref(route)).unwrap_or_default()).collect()
}

fn may_be_long(group: &GroupRoutes, route: &Route) -> bool {
    let texts = |part: &PathPart| match part {
        PathPart::Parameter(parameter) => match &parameter.texts {
            SegmentTexts::OneOf(values) => values.iter().map(String::len).sum(),
            SegmentTexts::Any | SegmentTexts::Integer | SegmentTexts::Number => 0,
        },
        PathPart::Text(_) => 0,
    };
    let of_parameters: usize = route.path.parts.iter().map(texts).sum();
    let url = |upstream: &Upstream| upstream.targets.first().map_or(0, |url| url.as_str().len());
    let (has_dynamic, of_backend) = match &route.responder {
        Responder::Forward(own) => {
            let own_url = own.upstream.as_ref().map_or(0, url);
            (!own.dynamic.is_empty(), own_url + own.path.as_ref().map_or(0, String::len))
        }
        Responder::Mock(_) => (false, 0),
    };
    let of_backend = of_backend + group.forward.as_ref().map_or(0, |forward| url(&forward.upstream));
    has_dynamic
        || group.forward.as_ref().is_some_and(|forward| !forward.dynamic.is_empty())
        || group.prefix.as_str().len() + route.path.template.len() + of_parameters + of_backend > SHORT_BYTES
}

fn path_length(path: &PathRule<'_>) -> PatternLength {
    match &path.pattern {
        PathPattern::Exact(text) => PatternLength::of(&super::pattern::quote(text)),
        PathPattern::Regex(pattern) => PatternLength::of(pattern),
    }
}

fn rewrite_length(PathRewrite { pattern, pieces }: &PathRewrite) -> PatternLength {
    let text = |piece: &RewritePiece| match piece {
        RewritePiece::Text(text) => text.len(),
        RewritePiece::Capture(_) => 0,
    };
    PatternLength { replaced: pieces.iter().map(text).sum(), ..PatternLength::of_named(pattern) }
}

fn step_length(step: &DecisionStep<'_>) -> PatternLength {
    let of_condition = |test: &TextTest| match test {
        TextTest::Present | TextTest::Equals(_) => PatternLength::default(),
        TextTest::Matches(pattern) => PatternLength::of(pattern),
        TextTest::MatchesAny(patterns) => {
            let lengths = || patterns.iter().map(|pattern| PatternLength::of(pattern));
            let longest = lengths().reduce(PatternLength::max).unwrap_or_default();
            let total = lengths().map(|length| length.total + 1).sum();
            PatternLength { total, program: lengths().map(|length| length.program + 1).sum(), ..longest }
        }
    };
    let of_rewrite = match &step.action {
        StepOutcome::Forward(action) => action.rewrite.as_ref().map(rewrite_length),
        StepOutcome::Respond(_) | StepOutcome::Refuse(_) => None,
    };
    let of_conditions = step.conditions.iter().map(|condition| of_condition(&condition.test));
    of_conditions.chain(of_rewrite).reduce(PatternLength::max).unwrap_or_default()
}
