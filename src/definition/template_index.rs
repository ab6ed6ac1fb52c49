//! Path templates as sets of paths, with intersection and containment.
//!
//! A parameter matches one or more characters within one segment, as in the gateway's router.

use std::collections::HashMap;

use super::template::{PathPiece, path_pieces};

/// Represents a parameter within a segment. The reader refuses paths with this character.
const PARAMETER: char = '\u{1}';
/// Segments longer than this, in characters, are compared only as text.
const LONGEST: usize = 200;

/// A segment of a path template, without the names of its parameters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct TemplateSegment(Vec<char>);

/// A path template, segment by segment.
pub(crate) type Template = Vec<TemplateSegment>;

/// Splits a path template into segments.
pub(crate) fn template(path: &str) -> Template {
    let mut shape = String::with_capacity(path.len());
    for piece in path_pieces(path) {
        match piece {
            PathPiece::Text(text) => shape.push_str(text),
            PathPiece::Parameter(_) => shape.push(PARAMETER),
        }
    }
    shape.trim_start_matches('/').split('/').map(|segment| TemplateSegment(segment.chars().collect())).collect()
}

/// True if the first template matches every path of the second.
pub(crate) fn covers(general: &[TemplateSegment], special: &[TemplateSegment]) -> bool {
    general.len() == special.len() && general.iter().zip(special).all(|(general, special)| general.covers(special))
}

/// Returns a path that matches both templates, if one is easily found.
pub(crate) fn common_path(one: &[TemplateSegment], other: &[TemplateSegment]) -> Option<String> {
    let mut path = String::new();
    for (one, other) in one.iter().zip(other) {
        let more_exact = match (one.is_parameter(), other.is_parameter()) {
            (true, _) => other,
            (_, true) => one,
            _ if one == other => one,
            _ if !one.has_parameter() => one,
            _ if !other.has_parameter() => other,
            _ => return None,
        };
        path.push('/');
        path.extend(more_exact.0.iter().map(|each| if *each == PARAMETER { '1' } else { *each }));
    }
    Some(path)
}

impl TemplateSegment {
    /// Creates a segment without parameters.
    pub(crate) fn text(text: &str) -> Self {
        Self(text.chars().collect())
    }

    fn is_parameter(&self) -> bool {
        self.0 == [PARAMETER]
    }

    fn has_parameter(&self) -> bool {
        self.0.contains(&PARAMETER)
    }

    /// True if this segment matches every text that the other does.
    fn covers(&self, other: &Self) -> bool {
        if self == other {
            return true;
        }
        if !self.has_parameter() || self.0.len() > LONGEST || other.0.len() > LONGEST {
            return false;
        }
        // Dynamic programming over the other's characters: `row[n]` is true if the first `n` pieces of this segment
        // match the characters so far.
        let mut row = vec![false; self.0.len() + 1];
        row[0] = true;
        for each in &other.0 {
            let mut next = vec![false; self.0.len() + 1];
            for (index, own) in self.0.iter().enumerate() {
                let may = row[index] || *own == PARAMETER && row[index + 1];
                next[index + 1] = may && (*own == PARAMETER || own == each);
            }
            row = next;
        }
        row.last().copied().unwrap_or_default()
    }

    /// True if some text matches both segments.
    fn meets(&self, other: &Self) -> bool {
        if self.is_parameter() || other.is_parameter() {
            return !self.0.is_empty() && !other.0.is_empty();
        }
        if !self.has_parameter() || !other.has_parameter() {
            return self.covers(other) || other.covers(self);
        }
        if self.0.len() > LONGEST || other.0.len() > LONGEST {
            return false;
        }
        let (own, others) = (self.steps(), other.steps());
        let mut reached = vec![vec![false; others.len() + 1]; own.len() + 1];
        reached[0][0] = true;
        for one in 0..=own.len() {
            for two in 0..=others.len() {
                if !reached[one][two] {
                    continue;
                }
                let (left, right) = (own.get(one), others.get(two));
                if left == Some(&TemplateStep::Repeat) {
                    reached[one + 1][two] = true;
                }
                if right == Some(&TemplateStep::Repeat) {
                    reached[one][two + 1] = true;
                }
                match (left, right) {
                    (Some(TemplateStep::Repeat), Some(_)) => reached[one][two + 1] = true,
                    (Some(_), Some(TemplateStep::Repeat)) => reached[one + 1][two] = true,
                    (Some(left), Some(right)) if left.meets(*right) => reached[one + 1][two + 1] = true,
                    _ => {}
                }
            }
        }
        reached.last().and_then(|row| row.last()).copied().unwrap_or_default()
    }

    /// Expands each parameter to one arbitrary character followed by any number of them.
    fn steps(&self) -> Vec<TemplateStep> {
        let step = |each: &char| match *each {
            PARAMETER => vec![TemplateStep::Any, TemplateStep::Repeat],
            each => vec![TemplateStep::One(each)],
        };
        self.0.iter().flat_map(step).collect()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TemplateStep {
    One(char),
    Any,
    Repeat,
}

impl TemplateStep {
    fn meets(self, other: Self) -> bool {
        match (self, other) {
            (Self::One(one), Self::One(other)) => one == other,
            _ => true,
        }
    }
}

/// An index of templates, for finding those that intersect or cover another without comparing each.
#[derive(Debug)]
pub(crate) struct TemplateIndex {
    nodes: Vec<TemplateBranch>,
}

#[derive(Debug, Default)]
struct TemplateBranch {
    texts: HashMap<TemplateSegment, usize>,
    patterns: Vec<(TemplateSegment, usize)>,
    /// The numbers of the templates that end here.
    ends: Vec<usize>,
    /// The numbers of the templates that match everything below.
    open: Vec<usize>,
}

/// The maximum number of steps over all searches; matches beyond it are missed.
pub(crate) const MOST_STEPS: usize = 1_000_000;

impl TemplateIndex {
    pub(crate) fn new() -> Self {
        Self { nodes: vec![TemplateBranch::default()] }
    }

    /// Adds a template under a number; an open one also matches everything below it.
    pub(crate) fn add(&mut self, template: &[TemplateSegment], number: usize, open: bool) {
        let mut at = 0;
        for segment in template {
            let next = self.nodes.len();
            let branch = &mut self.nodes[at];
            at = if !segment.has_parameter() {
                *branch.texts.entry(segment.clone()).or_insert(next)
            } else if let Some((_, known)) = branch.patterns.iter().find(|(known, _)| known == segment) {
                *known
            } else {
                branch.patterns.push((segment.clone(), next));
                next
            };
            if at == next {
                self.nodes.push(TemplateBranch::default());
            }
        }
        let branch = &mut self.nodes[at];
        branch.ends.push(number);
        if open {
            branch.open.push(number);
        }
    }

    /// Lists the templates that intersect the given one, in the order in which they were added.
    ///
    /// `left` is the remaining number of steps.
    pub(crate) fn meeting(&self, template: &[TemplateSegment], left: &mut usize) -> Vec<usize> {
        let mut found = Vec::new();
        self.walk(template, left, &|known, segment| known.meets(segment), &mut |branch, at_end| {
            if at_end {
                found.extend(branch.ends.iter().copied());
            }
        });
        found.sort_unstable();
        found
    }

    /// Lists the templates that intersect the given one, or whose paths below do, in the order in which they were
    /// added.
    ///
    /// `left` is the remaining number of steps.
    pub(crate) fn meeting_or_above(&self, template: &[TemplateSegment], left: &mut usize) -> Vec<usize> {
        let mut found = Vec::new();
        self.walk(template, left, &|known, segment| known.meets(segment), &mut |branch, at_end| {
            found.extend(if at_end { &branch.ends } else { &branch.open });
        });
        found.sort_unstable();
        found
    }

    /// Returns the first template that covers the given one, and everything below it if that is open.
    pub(crate) fn covering(&self, template: &[TemplateSegment], open: bool, left: &mut usize) -> Option<usize> {
        let mut found: Option<usize> = None;
        self.walk(template, left, &TemplateSegment::covers, &mut |branch, at_end| {
            let ends = if at_end && !open { &branch.ends } else { &branch.open };
            found = found.into_iter().chain(ends.iter().copied()).min();
        });
        found
    }

    /// Visits every branch that matches the beginning of a template.
    fn walk(
        &self,
        template: &[TemplateSegment],
        left: &mut usize,
        fits: &dyn Fn(&TemplateSegment, &TemplateSegment) -> bool,
        visit: &mut dyn FnMut(&TemplateBranch, bool),
    ) {
        let mut pending = vec![(0, 0)];
        while let Some((at, level)) = pending.pop() {
            if *left == 0 {
                return;
            }
            *left -= 1;
            let Some(branch) = self.nodes.get(at) else { continue };
            let segment = template.get(level);
            visit(branch, segment.is_none());
            let Some(segment) = segment else { continue };
            if segment.has_parameter() {
                let texts = branch.texts.iter().take(*left).filter(|(known, _)| fits(known, segment));
                pending.extend(texts.map(|(_, next)| (*next, level + 1)));
                *left = left.saturating_sub(branch.texts.len());
            } else {
                pending.extend(branch.texts.get(segment).map(|next| (*next, level + 1)));
            }
            let patterns = branch.patterns.iter().filter(|(known, _)| fits(known, segment));
            pending.extend(patterns.map(|(_, next)| (*next, level + 1)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_meet_and_cover() {
        for (one, other, meets, covers) in [
            ("a", "a", true, true),
            ("a", "b", false, false),
            ("{x}", "a", true, true),
            ("a", "{x}", true, false),
            ("{x}", "{y}", true, true),
            ("{x}", "", false, false),
            ("{x}.json", "a.json", true, true),
            ("{x}.json", ".json", false, false),
            ("{x}.json", "{y}", true, false),
            ("{x}", "{y}.json", true, true),
            ("{x}-{y}", "{z}.json", true, false),
            ("a{x}", "{y}b", true, false),
            ("a{x}", "b{y}", false, false),
            ("{a}...{b}", "{a}..{b}", true, false),
            ("{a}..{b}", "{a}...{b}", true, true),
        ] {
            let (left, right) = (&template(one)[0], &template(other)[0]);
            assert_eq!(left.meets(right), meets, "{one} meets {other}");
            assert_eq!(right.meets(left), meets, "{other} meets {one}");
            assert_eq!(left.covers(right), covers, "{one} covers {other}");
        }
    }

    #[test]
    fn templates_are_found() {
        let paths = ["/a/b", "/a/{x}", "/{y}/b", "/a/b/c", "/files"];
        let mut templates = TemplateIndex::new();
        for (number, path) in paths.iter().enumerate() {
            templates.add(&template(path), number, number == 4);
        }
        let left = &mut 1_000;
        assert_eq!(templates.meeting(&template("/a/{z}"), left), [0, 1, 2]);
        assert_eq!(templates.meeting(&template("/c/{z}"), left), [2]);
        assert_eq!(templates.covering(&template("/a/b"), false, left), Some(0));
        assert_eq!(templates.covering(&template("/a/{z}"), false, left), Some(1));
        assert_eq!(templates.covering(&template("/{z}/{z}"), false, left), None);
        assert_eq!(templates.covering(&template("/files/a/b"), false, left), Some(4));
        assert_eq!(templates.covering(&template("/files/a"), true, left), Some(4));
        assert_eq!(templates.covering(&template("/a/b"), true, left), None);
        assert_eq!(templates.meeting(&template("/a/{z}"), &mut 0), [0; 0]);
    }

    #[test]
    fn a_common_path_is_named_where_it_is_plain() {
        let common = |one: &str, other: &str| common_path(&template(one), &template(other));
        assert_eq!(common("/{kind}/mine", "/books/{id}").as_deref(), Some("/books/mine"));
        assert_eq!(common("/{kind}/x{a}", "/books/{id}").as_deref(), Some("/books/x1"));
        assert_eq!(common("/a{x}", "/{y}b"), None);
    }
}
