//! Paths that are those of other APIs once the semicolons are removed from their segments, as some backends remove
//! them: `/users;id=5` of `/users{id}`, whose parameter has the style `matrix`, is `/users`. The gateway refuses them
//! where the other one is served.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::pattern::{PathPattern, quote_path};
use super::refusal::ProblemResponse;
use super::table::{DecisionStep, PathRule, RequestCondition, StepOutcome};
use super::template::{TemplateRun, is_marked, is_matrix, template_runs, value_by_style};
use super::wider::{PathTree, SegmentedPath};
use crate::routes::{PathPart, PathTemplate, Route, ValuePrefix};

/// Adds the steps that refuse such paths to the rules of a host.
pub(super) fn refuse_paths_of_others(paths: &mut [PathRule<'_>]) {
    if !paths.iter().flat_map(rule_routes).any(|route| plain_template(&route.path).is_some()) {
        return;
    }
    let mut tree = PathTree::default();
    for (index, rule) in paths.iter().enumerate() {
        let Some(route) = rule_routes(rule).next() else { continue };
        let prefix = rule.group.prefix.before_path();
        // The prefix alone is the group's root.
        let is_bare = matches!(&rule.pattern, PathPattern::Exact(path) if path == prefix);
        let bare = || PathTemplate { parts: Vec::new(), ..route.path.clone() };
        let path = if is_bare { &bare() } else { &route.path };
        tree.insert(&SegmentedPath::new(prefix, path), index);
    }
    let patterns: Vec<BTreeSet<String>> =
        paths.iter().enumerate().map(|(index, rule)| patterns_of_others(paths, &tree, index, rule)).collect();
    for (rule, patterns) in paths.iter_mut().zip(patterns) {
        let step = |pattern| DecisionStep {
            conditions: vec![RequestCondition::path(pattern)],
            refused_by: None,
            action: StepOutcome::Refuse(ProblemResponse::ambiguous_path()),
            route: None,
        };
        rule.steps.splice(0..0, patterns.into_iter().map(step));
    }
}

/// Lists the expressions of the paths of a rule that are those of others without their semicolons.
fn patterns_of_others(paths: &[PathRule<'_>], tree: &PathTree, index: usize, rule: &PathRule<'_>) -> BTreeSet<String> {
    let mut others = BTreeSet::new();
    for plain in rule_routes(rule).filter_map(|route| plain_template(&route.path)) {
        // The first of all that match takes the plain path.
        let is_own = |route: &Route| plain_template(&route.path).is_none() && is_same_path(&route.path, &plain);
        let last = if rule_routes(rule).any(is_own) { index } else { paths.len() };
        tree.visit(&SegmentedPath::new(rule.group.prefix.before_path(), &plain), |other| {
            others.extend(Some(other).filter(|other| *other < last && *other != index));
        });
    }
    let others = others.into_iter().filter_map(|other| paths.get(other));
    let patterns = others.flat_map(|other| {
        let prefix = other.group.prefix.before_path();
        let plain = rule_routes(other).filter(|route| plain_template(&route.path).is_none());
        plain.map(move |route| pattern_with_semicolons(prefix, &route.path))
    });
    patterns.collect()
}

fn rule_routes<'r>(rule: &PathRule<'r>) -> impl Iterator<Item = &'r Route> {
    rule.steps.iter().filter_map(|step| step.route)
}

/// True if a template takes all paths of another one.
fn is_same_path(path: &PathTemplate, other: &PathTemplate) -> bool {
    path.precedence() == other.precedence() && !path.parts.iter().any(is_marked)
}

/// Returns a template without what a semicolon and the rest of its segment are; `None` if that is nothing. A segment
/// that begins with a semicolon stays.
fn plain_template(path: &PathTemplate) -> Option<PathTemplate> {
    let mut parts: Vec<PathPart> = Vec::new();
    let (mut is_cut, mut was_cut) = (false, false);
    let mut keeps = false;
    for part in &path.parts {
        match part {
            PathPart::Text(text) => {
                let text =
                    if is_cut { text.get(text.find('/').unwrap_or(text.len())..).unwrap_or_default() } else { text };
                is_cut &= text.is_empty();
                keeps &= !text.contains('/');
                match parts.last_mut() {
                    _ if text.is_empty() => {}
                    Some(PathPart::Text(before)) => before.push_str(text),
                    _ => parts.push(PathPart::Text(text.to_owned())),
                }
            }
            PathPart::Parameter(_) if is_cut => {}
            PathPart::Parameter(_) => {
                let begins = matches!(parts.last(), Some(PathPart::Text(text)) if text.ends_with('/'));
                keeps |= begins && is_matrix(part);
                is_cut = is_matrix(part) && !keeps;
                was_cut |= is_cut;
                if !is_cut {
                    parts.push(part.clone());
                }
            }
        }
    }
    was_cut.then(|| PathTemplate { parts, ..path.clone() })
}

/// Writes the expression of the paths that are those of a template once all semicolons are removed, each with the rest
/// of its segment. One at the beginning of its segment stays.
fn pattern_with_semicolons(prefix: &str, path: &PathTemplate) -> String {
    const REMOVED: &str = "(?:;[^/]*)?";
    let mut pattern = String::new();
    // A segment that is empty so far, or begins with a semicolon, has nothing to remove.
    let mut may_end = false;
    let add_text = |pattern: &mut String, may_end: &mut bool, text: &str| {
        for (index, piece) in text.split('/').enumerate() {
            if index > 0 {
                pattern.push_str(if std::mem::take(may_end) { REMOVED } else { "" });
                pattern.push('/');
            }
            pattern.push_str(&quote_path(piece));
            *may_end |= !piece.is_empty();
        }
    };
    add_text(&mut pattern, &mut may_end, prefix);
    for run in template_runs(path) {
        match run {
            TemplateRun::Text(text) => add_text(&mut pattern, &mut may_end, text),
            TemplateRun::Parameters(run) => {
                may_end |= run.iter().any(|one| !matches!(one.lead, ValuePrefix::Semicolon { .. }));
                for (index, parameter) in run.iter().enumerate() {
                    let _ = write!(pattern, "(?:{})", value_by_style(parameter, index + 1 == run.len()));
                }
            }
        }
    }
    let is_root = path.parts.len() == 1 && pattern.len() > 1 && path.template == "/";
    if path.is_prefix || is_root {
        pattern.truncate(pattern.trim_end_matches('/').len());
    }
    pattern.push_str(if may_end { REMOVED } else { "" });
    pattern.push_str(if path.is_prefix {
        "(?:/.*)?"
    } else if is_root {
        "/?"
    } else {
        ""
    });
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::PathParameter;

    /// Reads a template in which a parameter whose name begins with `m` has the style `matrix`.
    fn template(text: &str) -> PathTemplate {
        let mut path = PathTemplate::of_text(text, false);
        for part in &mut path.parts {
            if let PathPart::Parameter(PathParameter { name, lead, .. }) = part
                && name.starts_with('m')
            {
                *lead = ValuePrefix::Semicolon { name: Some(name.clone()), is_repeated: false };
            }
        }
        path
    }

    #[test]
    fn a_path_is_told_from_others_with_semicolons() {
        for (prefix, written, is_prefix, path, expected) in [
            ("", "/users", false, "/users;id=5", true),
            ("", "/users", false, "/users", true),
            ("", "/users", false, "/usersx;id=5", false),
            ("", "/users/{x}", false, "/users;id=5/x;y", true),
            ("", "/users/{x}", false, "/users;id=5/;y", false),
            ("", "/users/{m}", false, "/users;id=5/;m=1;n", true),
            ("/g", "/", false, "/g;x", true),
            ("/g", "/", false, "/g;x/", true),
            ("/g", "/a/", true, "/g/a;b/c;d/;e", true),
            ("/g", "/a", true, "/g/ab", false),
            ("", "/", true, "/a;b", true),
        ] {
            let path_template = PathTemplate { is_prefix, ..template(written) };
            let pattern = format!("^(?:{})$", pattern_with_semicolons(prefix, &path_template));
            let pattern = fancy_regex::Regex::new(&pattern).expect("an expression");
            assert_eq!(pattern.is_match(path).expect("a match"), expected, "{path} of {prefix}{written}");
        }
    }

    #[test]
    fn segments_end_where_a_semicolon_is_within() {
        for (written, plain) in [
            ("/users{m}", Some("/users")),
            ("/users{m}/x", Some("/users/x")),
            ("/users{m}.json/{x}", Some("/users/{x}")),
            ("/{x}{m}/{y}", Some("/{x}/{y}")),
            ("/a{m1}{m2}/b{m3}", Some("/a/b")),
            ("/{m}", None),
            ("/{m1}{m2}", None),
            ("/{m1}-{m2}/x", None),
            ("/{m1}/b{m2}", Some("/{m1}/b")),
            ("/{x}/y", None),
        ] {
            let found = plain_template(&template(written)).map(|found| format!("{:?}", found.parts));
            let expected = plain.map(|plain| format!("{:?}", template(plain).parts));
            assert_eq!(found, expected, "{written}");
        }
    }
}
