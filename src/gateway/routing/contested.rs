//! Templates that the router does not try in their order.
//!
//! It gives a parameter as much of its segment as it can before it looks at what follows: of `/f/{x}-{y}-{z}` and
//! `/f/{x}-{y}` it would take the second for `/f/1-2-3`. Such templates have a router of their own each.

use std::collections::{BTreeMap, HashMap, HashSet};

/// A template from the end of the first parameter of a segment on.
struct TemplateRest<'t> {
    index: usize,
    /// The rest of the segment.
    segment: &'t str,
    /// The segments behind it, each with its slash.
    segments: &'t str,
}

/// Returns the places of the templates which share paths with another one that the router may try in another order,
/// depending on the path.
pub(super) fn contested(templates: &[&str]) -> HashSet<usize> {
    let mut by_beginning: HashMap<&str, BTreeMap<&str, Vec<TemplateRest<'_>>>> = HashMap::new();
    for (index, template) in templates.iter().enumerate() {
        let mut start = 0;
        while let Some(slash) = template.get(start..).and_then(|rest| rest.find('/')) {
            let from = start + slash + 1;
            let end =
                template.get(from..).and_then(|rest| rest.find('/')).map_or(template.len(), |length| from + length);
            start = end;
            let first = template.get(from..end).and_then(|segment| segment.find('>'));
            let Some((beginning, rest)) = first.and_then(|first| template.split_at_checked(from + first + 1)) else {
                continue;
            };
            let (segment, segments) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let alike = by_beginning.entry(beginning).or_default();
            alike.entry(segment).or_default().push(TemplateRest { index, segment, segments });
        }
    }
    let mut found = HashSet::new();
    for alike in by_beginning.values() {
        let alike: Vec<&Vec<TemplateRest<'_>>> = alike.values().collect();
        for (place, rests) in alike.iter().enumerate() {
            let others = alike.iter().skip(place + 1).flat_map(|others| others.iter());
            for (one, other) in others.flat_map(|other| rests.iter().map(move |one| (one, other))) {
                if is_contested(one, other) {
                    found.extend([one.index, other.index]);
                }
            }
        }
    }
    found
}

/// True if two templates share paths, unless one of them ends with the parameter: what follows is tried before.
fn is_contested(one: &TemplateRest<'_>, other: &TemplateRest<'_>) -> bool {
    let ends = |rest: &TemplateRest<'_>| rest.segment.is_empty() && rest.segments.is_empty();
    !ends(one)
        && !ends(other)
        && share_texts(&format!("<>{}", one.segment), &format!("<>{}", other.segment))
        && share_paths(one.segments, other.segments)
}

/// True unless two ends of templates have no path in common for certain.
fn share_paths(one: &str, other: &str) -> bool {
    let mut ones = one.split('/').skip(1);
    let mut others = other.split('/').skip(1);
    loop {
        match (ones.next(), others.next()) {
            (None, None) => return true,
            (Some(rest), Some(_)) | (Some(_), Some(rest)) if rest.starts_with("<*") => return true,
            (Some(one), Some(other)) if share_texts(one, other) => {}
            _ => return false,
        }
    }
}

/// True unless two segments have no text in common for certain: they begin or end otherwise.
fn share_texts(one: &str, other: &str) -> bool {
    let (Some(begin), Some(other_begin)) = (one.split_once('<'), other.split_once('<')) else {
        return if one.contains('<') || other.contains('<') { is_expansion(one, other) } else { one == other };
    };
    let end = |segment: &'_ str| segment.len() - segment.rfind('>').map_or(0, |last| last + 1);
    let common_end = end(one).min(end(other));
    begin.0.bytes().zip(other_begin.0.bytes()).all(|(one, other)| one == other)
        && one.bytes().rev().zip(other.bytes().rev()).take(common_end).all(|(one, other)| one == other)
}

/// True unless a text, which one of the two is, begins or ends otherwise than the template that the other one is.
fn is_expansion(one: &str, other: &str) -> bool {
    let (text, template) = if one.contains('<') { (other, one) } else { (one, other) };
    let begin = template.split('<').next().unwrap_or_default();
    let end = template.rsplit('>').next().unwrap_or_default();
    text.len() > begin.len() + end.len() && text.starts_with(begin) && text.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_that_differ_behind_a_parameter_within_its_segment_are_contested() {
        for (templates, expected) in [
            (&["/f/<0>-<1>-<2>", "/f/<0>-<1>"][..], 2),
            (&["/f/<0>-<1>", "/f/<0>.<1>"], 2),
            (&["/<0>/b", "/<0>-<1>/<2>"], 2),
            (&["/<0>/<1>-<2>", "/<0>-<1>/a-<2>"], 2),
            (&["/<0>.json", "/<0>.min.json"], 2),
            (&["/<0>-<1>", "/<0>/<*rest>"], 0),
            (&["/<0>-<1>/<*rest>", "/<0>/<*rest>"], 2),
            (&["/v/<0>", "/v/<0>.json", "/v/<0>:cancel", "/v/<0>:run", "/v/<0>/runs"], 0),
            (&["/c/<0>...<1>", "/c/<0>...<1>/files", "/c/<0>...<1>/<2>"], 0),
            (&["/a-<0>", "/<0>", "/<0>/x", "/y/<0>"], 0),
            (&["/<0>-<1>/b", "/<0>.<1>/c"], 0),
        ] {
            assert_eq!(contested(templates).len(), expected, "{templates:?}");
        }
    }
}
