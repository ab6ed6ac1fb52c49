//! Rules over the paths of one group: their parameters, and paths that match the same requests.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::rules::operations as rules;
use crate::definition::template_index::{MOST_STEPS, Template, TemplateIndex, common_path, covers, template};
use crate::definition::{Api, Definition, Node, NotRouted, ParameterPlace, PathPrecedence, bare_name, parameter_names};
use crate::model::{Finding, Location};

pub(super) fn findings(definition: &Definition) -> Vec<Finding> {
    let paths = paths(definition);
    let mut findings = Vec::new();
    for path in &paths {
        undeclared(path, &mut findings);
        findings.extend(unreachable(path));
        let lists = path.layers.iter().chain(path.apis.iter().map(|(_, node)| node));
        for list in lists.filter_map(|node| node.get("parameters")) {
            declared(path, list, &mut findings);
        }
    }
    alike(&paths, &mut findings);
    findings
}

/// A path with its APIs.
struct PathApis<'d> {
    text: &'d str,
    variant: &'d str,
    location: Location,
    apis: Vec<(&'d Api, Node<'d>)>,
    /// The Path Item Object, and those along its chain of `$ref`.
    layers: Vec<Node<'d>>,
    template: Template,
    /// True if an API matches the exact path, not only as a prefix.
    is_whole: bool,
}

fn paths(definition: &Definition) -> Vec<PathApis<'_>> {
    let written = definition.document().root().and_then(|root| root.get("paths")).and_then(Node::resolve);
    let mut paths: Vec<PathApis<'_>> = Vec::new();
    let mut known: HashMap<(&str, &str), usize> = HashMap::new();
    for api in &definition.apis {
        let next = paths.len();
        let at = *known.entry((&api.path, &api.variant)).or_insert(next);
        if at == next {
            let name = format!("{}{}", api.path, api.variant);
            // A path written without its leading slash is treated as if it had one.
            let names = [name.as_str(), name.trim_start_matches('/')];
            let found = names.iter().find_map(|name| Some((*name, written?.get(name)?)));
            let location = match (written, found) {
                (Some(written), Some((name, _))) => written.key_location(name),
                _ => api.location.clone(),
            };
            paths.push(PathApis {
                text: &api.path,
                variant: &api.variant,
                location,
                apis: Vec::new(),
                layers: found.map(|(_, node)| layers(node)).unwrap_or_default(),
                template: template(&api.path),
                is_whole: false,
            });
        }
        if let Some(path) = paths.get_mut(at) {
            path.apis.push((api, definition.node(api.node)));
            path.is_whole |= api.route.as_ref().is_ok_and(|route| !route.is_prefix);
        }
    }
    paths
}

fn layers(node: Node<'_>) -> Vec<Node<'_>> {
    let mut seen = HashSet::from([node.id()]);
    let mut layers = vec![node];
    let mut at = node;
    while let Some(next) = at.referenced().filter(|next| seen.insert(next.id())) {
        layers.push(next);
        at = next;
    }
    layers
}

/// Finds parameters of a path template that no Parameter Object declares.
fn undeclared(path: &PathApis<'_>, findings: &mut Vec<Finding>) {
    let mut names = parameter_names(path.text);
    names.dedup();
    for name in names {
        let is_declared =
            |api: &Api| api.parameters.iter().any(|known| known.place == ParameterPlace::Path && known.name == name);
        let lacking: Vec<&Api> = path.apis.iter().map(|(api, _)| *api).filter(|api| !is_declared(api)).collect();
        let inner = bare_name(name);
        let has_bare = |api: &Api| api.parameters.iter().any(|known| known.name == inner);
        let hint = if inner != name && path.apis.iter().any(|(api, _)| has_bare(api)) {
            format!("write {{{inner}}}: what its values look like is said by the parameter's `schema`")
        } else {
            format!("declare it: `{{name: {name}, in: path, required: true, schema: {{type: string}}}}`")
        };
        if lacking.len() == path.apis.len() {
            let message = format!("no parameter declares {{{name}}} of the path {:?}", path.text);
            findings.push(rules::PATH_PARAMETER_UNDECLARED.finding(path.location.clone(), message, hint));
        } else {
            findings.extend(lacking.into_iter().map(|api| {
                let message = format!("no parameter of {} declares {{{name}}} of its path {:?}", api.name(), path.text);
                rules::PATH_PARAMETER_UNDECLARED.finding(api.location.clone(), message, hint.clone())
            }));
        }
    }
}

/// Finds a path that no request can reach, since all its requests are refused.
fn unreachable(path: &PathApis<'_>) -> Option<Finding> {
    path.apis.iter().find(|(api, _)| api.route == Err(NotRouted::Unreachable)).map(|_| {
        let message = format!("no request reaches the path {:?}: it is read in more than one way", path.text);
        let hint = "write it without an empty, `.` or `..` segment, without `%2f` and its like, and with a semicolon at \
                    the beginning of a segment only as `style: matrix` writes it";
        rules::PATH_UNREACHABLE.finding(path.location.clone(), message, hint)
    })
}

/// Finds declared path parameters that are missing from the template, and duplicate parameters in one list.
fn declared(path: &PathApis<'_>, list: Node<'_>, findings: &mut Vec<Finding>) {
    // A template in the query part counts, since its author takes it for a part of the path.
    let names: HashSet<&str> = [path.text, path.variant].into_iter().flat_map(parameter_names).collect();
    let mut known: BTreeMap<(&str, String), Location> = BTreeMap::new();
    for written in list.items() {
        let Some(node) = written.resolve() else { continue };
        let text = |field: &str| node.get(field).and_then(Node::as_str);
        let (Some(name), Some(place)) = (text("name"), text("in")) else { continue };
        let location = match node.get("name") {
            Some(name) if written.id() == node.id() => name.location(),
            _ => written.location(),
        };
        if place == "path" && !names.contains(name) {
            let near = |like: &dyn Fn(&str) -> bool| names.iter().find(|other| like(other)).copied();
            let hint = if let Some(near) = near(&|other| other.eq_ignore_ascii_case(name)) {
                format!("the path has {{{near}}}: write the name alike")
            } else if let Some(near) = near(&|other| bare_name(other) == name) {
                format!("write {{{name}}} in the path instead of {{{near}}}")
            } else {
                format!("add {{{name}}} to the path, or remove the parameter")
            };
            let message = format!("the path {:?} has no {{{name}}}, which this parameter declares", path.text);
            findings.push(rules::PATH_PARAMETER_UNUSED.finding(location.clone(), message, hint));
        }
        let folded = if place == "header" { name.to_ascii_lowercase() } else { name.to_owned() };
        if let Some(first) = known.get(&(place, folded.clone())) {
            let message = format!(
                "the {place} parameter {name:?} is given twice in this list, first on line {}; the last one counts",
                first.line
            );
            findings.push(rules::PARAMETER_DUPLICATE.finding(location, message, "remove one of the two"));
        } else {
            known.insert((place, folded), location);
        }
    }
}

/// Compares the templates of all paths with each other.
fn alike(paths: &[PathApis<'_>], findings: &mut Vec<Finding>) {
    let exact: HashSet<&str> = paths.iter().filter(|path| !path.text.contains('{')).map(|path| path.text).collect();
    let is_exact = |path: &str| exact.contains(path);
    let mut templates = TemplateIndex::new();
    let mut left = MOST_STEPS;
    for (number, path) in paths.iter().enumerate() {
        // An exact path precedes templates, and a path with a query precedes the one without.
        if !path.is_whole || !path.text.contains('{') || !path.variant.is_empty() {
            continue;
        }
        let meeting = templates.meeting(&path.template, &mut left);
        let others: Vec<&PathApis<'_>> = meeting.into_iter().filter_map(|other| paths.get(other)).collect();
        // One finding for each path is enough, since fixing it changes the comparison.
        if let Some(other) = others.iter().find(|other| path.template == other.template) {
            findings.push(equal(path, other));
        }
        let crosses = |other: &&PathApis<'_>| {
            !covers(&path.template, &other.template) && !covers(&other.template, &path.template)
        };
        let crossing = || others.iter().copied().filter(|other| crosses(other));
        let found = crossing().find_map(|other| ambiguous(path, other));
        findings.extend(found.or_else(|| crossing().find_map(|other| refused(path, other, &is_exact))));
        if left == 0 {
            let message = format!(
                "the path {:?} and those after it are not all compared with the others: comparing took {MOST_STEPS} steps",
                path.text
            );
            let hint = "split the definition into several groups";
            findings.push(rules::PATH_AMBIGUOUS.finding(path.location.clone(), message, hint));
            break;
        }
        templates.add(&path.template, number, false);
    }
}

fn equal(path: &PathApis<'_>, other: &PathApis<'_>) -> Finding {
    let message = format!(
        "the path {:?} is the same as {:?} on line {}, with other names of parameters",
        path.text, other.text, other.location.line
    );
    let hint = "put the methods of both under one of them";
    rules::PATH_EQUAL.finding(path.location.clone(), message, hint)
}

fn ambiguous(path: &PathApis<'_>, other: &PathApis<'_>) -> Option<Finding> {
    let methods = || other.apis.iter().map(|(api, _)| api.method);
    let method = path.apis.iter().map(|(api, _)| api.method).find(|method| methods().any(|known| known == *method))?;
    let request = common_path(&path.template, &other.template);
    let request = request.map_or_else(|| "some requests fit".to_owned(), |path| format!("`{method} {path}` fits"));
    let message =
        format!("{request} the path {:?} and {:?} on line {} alike", path.text, other.text, other.location.line);
    let hint = "let them differ in a segment that both write out, since gateways choose differently";
    Some(rules::PATH_AMBIGUOUS.finding(path.location.clone(), message, hint))
}

/// Finds a request that the path which takes it refuses by its method, while the other one has that.
fn refused(path: &PathApis<'_>, other: &PathApis<'_>, is_exact: &dyn Fn(&str) -> bool) -> Option<Finding> {
    let place = |path: &PathApis<'_>| PathPrecedence::of_path(path.text, false);
    let (first, second) = if place(path) < place(other) { (path, other) } else { (other, path) };
    let method = second.apis.first()?.0.method;
    let request = common_path(&path.template, &other.template).filter(|request| !is_exact(request))?;
    let message = format!(
        "`{method} {request}` fits the path {:?}, and {:?} takes it, which has no {method}: it is refused with 405 (the \
         other path is on line {})",
        second.text, first.text, other.location.line
    );
    let hint = "let them differ in a segment that both write out, or declare the method for both";
    Some(rules::PATH_AMBIGUOUS.finding(path.location.clone(), message, hint))
}
