//! Path templates: what is wrong with one, and which are the same.

use std::collections::HashSet;

/// Says what is wrong with a path template, if anything.
pub(super) fn template_fault(path: &str) -> Option<&'static str> {
    if path.contains(|each: char| each.is_control() || each == ' ' || each == '\\') {
        return Some("has a space, a backslash or a control character");
    }
    let mut rest = path;
    while let Some(at) = rest.find(['{', '}']) {
        let from = rest.get(at..).unwrap_or_default();
        let Some(inner) = from.strip_prefix('{') else { return Some("closes a brace that is not open") };
        let Some((name, after)) = inner.split_once('}') else { return Some("has a brace that is not closed") };
        if name.is_empty() || name.contains(['{', '/']) {
            return Some("has a parameter without a proper name");
        }
        rest = after;
    }
    None
}

/// Returns the first parameter that a well-formed path template has twice.
pub(super) fn repeated_name(path: &str) -> Option<&str> {
    let mut names = HashSet::new();
    path.split('{').skip(1).filter_map(|part| part.split('}').next()).find(|name| !names.insert(*name))
}

/// Returns a path template without the names of its parameters, under which equal templates are equal.
pub(super) fn shape(path: &str) -> String {
    let mut shape = String::with_capacity(path.len());
    let mut inside = false;
    for each in path.chars() {
        match each {
            '{' => inside = true,
            '}' => inside = false,
            _ if inside => continue,
            _ => {}
        }
        shape.push(each);
    }
    shape
}
