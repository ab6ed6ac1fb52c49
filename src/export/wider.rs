//! The methods of wider paths, for targets that decide by path and method at once.
//!
//! The gateway decides by the path first, and refuses a method that the path lacks (405). Such a target would give the
//! request to a wider path: `DELETE /users/me` to `DELETE /users/{id}`.

use std::collections::{BTreeMap, BTreeSet};

use super::table::PathRule;
use crate::model::Method;
use crate::routes::{GroupRoutes, PathPart, PathTemplate};

/// True if a path of one API of a group is matched by another one's template.
pub(super) fn has_wider_paths(group: &GroupRoutes) -> bool {
    let key = |path: &'_ PathTemplate| (path.template.clone(), path.is_prefix);
    let numbers: BTreeMap<(String, bool), usize> =
        group.routes.iter().map(|route| key(&route.path)).collect::<BTreeSet<_>>().into_iter().zip(0..).collect();
    let number = |path: &PathTemplate| numbers.get(&key(path)).copied();
    let mut tree = PathTree::default();
    for route in &group.routes {
        tree.insert(&SegmentedPath::new("", &route.path), number(&route.path).unwrap_or_default());
    }
    group.routes.iter().any(|route| {
        let mut is_matched_by_other = false;
        let own = number(&route.path);
        tree.visit(&SegmentedPath::new("", &route.path), |other| is_matched_by_other |= Some(other) != own);
        is_matched_by_other
    })
}

/// Lists for each rule the methods that it lacks and a rule behind it takes, of those that match some of its paths.
pub(super) fn methods_of_wider_paths(rules: &[PathRule<'_>]) -> Vec<BTreeSet<Method>> {
    let paths: Vec<Option<SegmentedPath>> = rules.iter().map(SegmentedPath::of_rule).collect();
    let mut tree = PathTree::default();
    for (index, path) in paths.iter().enumerate() {
        if let Some(path) = path.as_ref().filter(|path| path.is_prefix || path.segments.contains(&PathSegment::Any)) {
            tree.insert(path, index);
        }
    }
    let of_rule: Vec<BTreeSet<Method>> = rules.iter().map(taken_methods).collect();
    let wider = paths.iter().enumerate().map(|(index, path)| {
        let Some(path) = path else { return BTreeSet::new() };
        let mut methods = BTreeSet::new();
        tree.visit(path, |other| {
            if other > index {
                methods.extend(of_rule.get(other).into_iter().flatten());
            }
        });
        let own = of_rule.get(index);
        methods.retain(|method| !own.is_some_and(|own| own.contains(method)));
        methods
    });
    wider.collect()
}

fn taken_methods(rule: &PathRule<'_>) -> BTreeSet<Method> {
    let mut methods: BTreeSet<Method> =
        rule.steps.iter().filter_map(|step| step.route).map(|route| route.method).collect();
    if methods.contains(&Method::Get) {
        methods.insert(Method::Head);
    }
    methods
}

/// A segment of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum PathSegment {
    Text(String),
    /// One with a parameter.
    Any,
}

/// The segments of a template with the prefix of its group.
pub(super) struct SegmentedPath {
    segments: Vec<PathSegment>,
    is_prefix: bool,
}

impl SegmentedPath {
    /// Reads the path of a rule; `None` if no API has it.
    fn of_rule(rule: &PathRule<'_>) -> Option<Self> {
        let route = rule.steps.iter().find_map(|step| step.route)?;
        Some(Self::new(rule.group.prefix.before_path(), &route.path))
    }

    /// Splits a template below a prefix.
    pub(super) fn new(prefix: &str, path: &PathTemplate) -> Self {
        let mut segments = vec![PathSegment::Text(String::new())];
        let mut add_text = |text: &str| {
            for (index, piece) in text.split('/').enumerate() {
                if index > 0 {
                    segments.push(PathSegment::Text(String::new()));
                }
                if let Some(PathSegment::Text(last)) = segments.last_mut() {
                    last.push_str(piece);
                }
            }
        };
        add_text(prefix);
        for part in &path.parts {
            match part {
                PathPart::Text(text) => add_text(text),
                PathPart::Parameter(_) => add_text("\0"),
            }
        }
        let is_any = |segment: &PathSegment| matches!(segment, PathSegment::Text(text) if text.contains('\0'));
        segments.iter_mut().filter(|segment| is_any(segment)).for_each(|segment| *segment = PathSegment::Any);
        if path.is_prefix && segments.last() == Some(&PathSegment::Text(String::new())) {
            segments.pop();
        }
        Self { segments, is_prefix: path.is_prefix }
    }
}

/// Paths by their segments.
pub(super) struct PathTree {
    nodes: Vec<PathNode>,
}

impl Default for PathTree {
    fn default() -> Self {
        Self { nodes: vec![PathNode::default()] }
    }
}

#[derive(Default)]
struct PathNode {
    children: BTreeMap<PathSegment, usize>,
    /// The paths that end here.
    ends: Vec<usize>,
    /// Those that match everything below, too.
    prefixes: Vec<usize>,
}

impl PathTree {
    /// Adds a path with its number.
    pub(super) fn insert(&mut self, path: &SegmentedPath, index: usize) {
        let mut at = 0;
        for segment in &path.segments {
            let next = self.nodes.len();
            let Some(node) = self.nodes.get_mut(at) else { return };
            at = *node.children.entry(segment.clone()).or_insert(next);
            if at == next {
                self.nodes.push(PathNode::default());
            }
        }
        let Some(node) = self.nodes.get_mut(at) else { return };
        if path.is_prefix { node.prefixes.push(index) } else { node.ends.push(index) }
    }

    /// Visits the paths that match some of the paths of another.
    pub(super) fn visit(&self, path: &SegmentedPath, mut visit: impl FnMut(usize)) {
        let mut open = vec![(0, 0)];
        while let Some((at, depth)) = open.pop() {
            let Some(node) = self.nodes.get(at) else { continue };
            node.prefixes.iter().for_each(|index| visit(*index));
            let all = || node.children.values().map(|child| (*child, depth + 1));
            match path.segments.get(depth) {
                None => {
                    node.ends.iter().for_each(|index| visit(*index));
                    open.extend(all().filter(|_| path.is_prefix));
                }
                Some(PathSegment::Any) => open.extend(all()),
                Some(text) => {
                    let matching = [text, &PathSegment::Any].into_iter().filter_map(|next| node.children.get(next));
                    open.extend(matching.map(|child| (*child, depth + 1)));
                }
            }
        }
    }
}
