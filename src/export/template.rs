//! Regular expressions over the paths of a template.
//!
//! The router takes parameters with nothing between them as one text: a *run*. The gateway splits it by the types of
//! the parameters, and takes each text that can be split by their styles.

use super::pattern::{BELOW, PathPattern, PathRewrite, RewritePiece, exact_pattern, quote, quote_path};
use crate::definition::percent::one_spelling;
use crate::definition::{PathPiece, path_pieces};
use crate::routes::{PathParameter, PathPart, PathTemplate, SegmentTexts, ValuePrefix};

/// The gateway splits no longer text of a run by types and styles.
const LONGEST_SPLIT: usize = 128;
/// The numbers that the gateway takes for one, in a text that it splits.
const NUMBER: &str =
    r"[-+]?(?:[iI][nN][fF](?:[iI][nN][iI][tT][yY])?|[nN][aA][nN]|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)";

/// The characters of values, as classes.
struct ValueCharacters {
    /// Those of a value without a semicolon before it.
    usual: &'static str,
    /// All but semicolons.
    plain: &'static str,
    all: &'static str,
}

const STYLED: ValueCharacters = ValueCharacters { usual: "[^/;]", plain: "[^/;]", all: "[^/]" };
/// Those of a run that is split by types: none that is percent-encoded, or that the gateway encodes.
const TYPED: ValueCharacters = ValueCharacters { usual: r"[^/;%|^\[\]]", plain: r"[^/;%|^\[\]]", all: r"[^/%|^\[\]]" };
/// Those of such a run with a parameter in the style `matrix`: the gateway takes its semicolons in the others, too.
const TYPED_WITH_SEMICOLONS: ValueCharacters = ValueCharacters { usual: TYPED.all, ..TYPED };

/// The way in which an expression tells the parameters of a run apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RunReading {
    /// By their styles: the expression matches all that the gateway takes.
    Styles,
    /// By their types too: each parameter has the value that the gateway gives it, and other texts do not match. Nor
    /// do those with percent-encoding, which a split may cut in two.
    Types,
}

/// The text that has the value of a parameter in the path of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ParameterText {
    /// There is none: the route has no such parameter.
    Missing,
    /// A text of its own.
    Own,
    /// A part of its segment that depends on other parameters, or a text in the query.
    Undecided,
}

/// A text of a template, or the parameters that share one.
pub(super) enum TemplateRun<'t> {
    Text(&'t str),
    Parameters(Vec<&'t PathParameter>),
}

pub(super) fn template_runs(path: &PathTemplate) -> Vec<TemplateRun<'_>> {
    let mut runs: Vec<TemplateRun<'_>> = Vec::new();
    for part in &path.parts {
        match (part, runs.last_mut()) {
            (PathPart::Text(text), _) => runs.push(TemplateRun::Text(text)),
            (PathPart::Parameter(parameter), Some(TemplateRun::Parameters(run))) => run.push(parameter),
            (PathPart::Parameter(parameter), _) => runs.push(TemplateRun::Parameters(vec![parameter])),
        }
    }
    runs
}

/// True if it is a parameter whose value begins with a semicolon.
pub(super) fn is_matrix(part: &PathPart) -> bool {
    matches!(part, PathPart::Parameter(parameter) if matches!(parameter.lead, ValuePrefix::Semicolon { .. }))
}

/// True if it is a parameter whose value begins with a mark.
pub(super) fn is_marked(part: &PathPart) -> bool {
    matches!(part, PathPart::Parameter(parameter) if parameter.lead != ValuePrefix::Nothing)
}

/// Returns the number of parameters in each run of a template: each has a character at least.
fn run_sizes(path: &PathTemplate) -> Vec<usize> {
    let size = |run| match run {
        TemplateRun::Text(_) => None,
        TemplateRun::Parameters(run) => Some(run.len()),
    };
    template_runs(path).into_iter().filter_map(size).collect()
}

/// The paths that the router takes for some templates which differ in the parameters of their runs alone.
pub(super) struct PathShape {
    /// The expression of the paths, with the prefix of the group.
    pub(super) pattern: String,
    sizes: Vec<usize>,
    has_semicolons: bool,
}

impl PathShape {
    /// Writes the shape of some templates with the same texts.
    pub(super) fn new<'p>(prefix: &str, first: &PathTemplate, all: impl Iterator<Item = &'p PathTemplate>) -> Self {
        let (mut sizes, mut has_semicolons) = (run_sizes(first), false);
        for path in all {
            sizes = sizes.into_iter().zip(run_sizes(path)).map(|(one, other)| one.min(other)).collect();
            has_semicolons |= path.parts.iter().any(is_matrix);
        }
        let one = if has_semicolons { "[^/]" } else { "[^/;]" };
        let mut pattern = quote(prefix);
        let mut left = sizes.iter();
        for run in template_runs(first) {
            match run {
                TemplateRun::Text(text) => match exact_pattern(text) {
                    PathPattern::Exact(text) => pattern.push_str(&quote(&text)),
                    PathPattern::Regex(text) => pattern.push_str(&text),
                },
                TemplateRun::Parameters(_) => {
                    pattern.push_str(&one.repeat(left.next().copied().unwrap_or(1)));
                    pattern.push('+');
                }
            }
        }
        Self { pattern, sizes, has_semicolons }
    }

    /// True if one of its templates has fewer paths.
    pub(super) fn is_wider_than(&self, path: &PathTemplate) -> bool {
        let has_marks = path.parts.iter().any(is_marked);
        has_marks || self.has_semicolons || run_sizes(path) != self.sizes
    }
}

/// Writes the expression of the paths of a template, with the prefix of its group; of some parameters, the values can
/// be narrowed to an expression.
pub(super) fn path_pattern(
    prefix: &str,
    path: &PathTemplate,
    reading: RunReading,
    narrowed: &[(&str, &str)],
) -> String {
    captured_pattern(prefix, path, reading, narrowed, &[])
}

/// Writes the expression of a path, with groups for the parameters that are captured.
fn captured_pattern(
    prefix: &str,
    path: &PathTemplate,
    reading: RunReading,
    narrowed: &[(&str, &str)],
    captured: &[&str],
) -> String {
    pattern_of_runs(prefix, path, |_, run| {
        let mut pattern = String::new();
        for (index, parameter) in run.iter().enumerate() {
            let is_last = index + 1 == run.len();
            let of_type = || match reading {
                RunReading::Types if run.len() > 1 => {
                    let has_matrix = run.iter().any(|one| matches!(one.lead, ValuePrefix::Semicolon { .. }));
                    value_of_run(parameter, is_last, if has_matrix { &TYPED_WITH_SEMICOLONS } else { &TYPED })
                }
                _ => value_by_style(parameter, is_last),
            };
            let values = narrowed.iter().find(|(name, _)| *name == parameter.name);
            pattern.push_str(if captured.contains(&&*parameter.name) { "(" } else { "(?:" });
            pattern.push_str(&values.map_or_else(of_type, |(_, values)| (*values).to_owned()));
            pattern.push(')');
        }
        pattern
    })
}

/// Writes the expression of a path from those of its runs, which are counted from 0.
fn pattern_of_runs(prefix: &str, path: &PathTemplate, of_run: impl Fn(usize, &[&PathParameter]) -> String) -> String {
    let mut pattern = quote(prefix);
    let mut count = 0;
    for run in template_runs(path) {
        match run {
            TemplateRun::Text(text) => pattern.push_str(&quote_path(text)),
            TemplateRun::Parameters(run) => {
                pattern.push_str(&of_run(count, &run));
                count += 1;
            }
        }
    }
    if path.is_prefix {
        pattern.truncate(pattern.trim_end_matches('/').len());
        pattern.push_str(BELOW);
    }
    pattern
}

/// Writes the expression of the values that begin as a parameter's style says. A value that is written once ends before
/// the next mark of its kind.
pub(super) fn value_by_style(parameter: &PathParameter, is_last: bool) -> String {
    value_of_characters(parameter, is_last, &STYLED)
}

fn value_of_characters(parameter: &PathParameter, is_last: bool, characters: &ValueCharacters) -> String {
    let ValueCharacters { usual, plain, all } = characters;
    match &parameter.lead {
        ValuePrefix::Nothing => format!("{usual}+"),
        ValuePrefix::Dot { is_repeated: false } if !is_last => format!(r"\.{}*", usual.replacen("[^", "[^.", 1)),
        ValuePrefix::Dot { .. } => format!(r"\.{usual}*"),
        ValuePrefix::Semicolon { name, is_repeated } => {
            let is_one = !is_repeated && !is_last;
            let characters = if is_one { plain } else { all };
            match name {
                None => format!(";{characters}*"),
                Some(name) => {
                    let mark = if is_one { "=" } else { "[=;]" };
                    format!(";{}(?:{mark}{characters}*)?", quote_path(&one_spelling(name)))
                }
            }
        }
    }
}

/// Writes the expression of a parameter's values in a run that is split by types, as the gateway takes them: the
/// longest first.
fn value_of_run(parameter: &PathParameter, is_last: bool, characters: &ValueCharacters) -> String {
    match (&parameter.lead, &parameter.texts) {
        (ValuePrefix::Nothing, SegmentTexts::Integer) => "-[0-9]*|[0-9]+".to_owned(),
        (ValuePrefix::Nothing, SegmentTexts::Number) => NUMBER.to_owned(),
        (ValuePrefix::Nothing, SegmentTexts::OneOf(values)) => {
            // The gateway compares them with the text as it was sent.
            let is_sent =
                |value: &&String| !value.is_empty() && one_spelling(value) == **value && !value.contains(['%', '/']);
            let mut values: Vec<&String> = values.iter().filter(is_sent).collect();
            values.sort_by_key(|value| std::cmp::Reverse(value.len()));
            let values: Vec<String> = values.into_iter().map(|value| quote(value)).collect();
            // A value of none is that of no path: two slashes are refused.
            if values.is_empty() { "//".to_owned() } else { values.join("|") }
        }
        _ => value_of_characters(parameter, is_last, characters),
    }
}

/// Lists the expressions of paths with a run that is too long to be split: one with a parameter whose value begins with
/// a mark, or any.
pub(super) fn long_run_patterns(prefix: &str, path: &PathTemplate, is_split: bool) -> Vec<String> {
    let is_long = |run: &[&PathParameter]| {
        let has_marks = || run.iter().any(|parameter| parameter.lead != ValuePrefix::Nothing);
        run.len() > 1 && (is_split || has_marks())
    };
    let runs = template_runs(path).into_iter().filter_map(|run| match run {
        TemplateRun::Text(_) => None,
        TemplateRun::Parameters(run) => Some(is_long(&run)),
    });
    let pattern = |long: usize| {
        pattern_of_runs(prefix, path, |index, _| {
            if index == long { format!("[^/]{{{},}}", LONGEST_SPLIT + 1) } else { "[^/]+".to_owned() }
        })
    };
    runs.enumerate().filter(|(_, is_long)| *is_long).map(|(index, _)| pattern(index)).collect()
}

/// Finds the text of a parameter in the paths of a route.
pub(super) fn parameter_text(path: &PathTemplate, name: &str) -> ParameterText {
    if path.in_query.iter().any(|one| one.name == name) {
        return ParameterText::Undecided;
    }
    let mut segments: Vec<Vec<&str>> = vec![Vec::new()];
    for part in &path.parts {
        match part {
            PathPart::Text(text) => segments.extend(text.matches('/').map(|_| Vec::new())),
            PathPart::Parameter(parameter) => segments.last_mut().into_iter().for_each(|one| one.push(&parameter.name)),
        }
    }
    let mut of_name = segments.iter().filter(|names| names.contains(&name));
    match (of_name.next(), of_name.next()) {
        (None, _) => ParameterText::Missing,
        (Some(names), None) if names.len() == 1 => ParameterText::Own,
        _ => ParameterText::Undecided,
    }
}

/// True if a path at the backend has a parameter of a run, whose text in the request has to be split for it.
pub(super) fn splits_run(path: &PathTemplate, target: &str) -> bool {
    let runs = template_runs(path);
    path_pieces(target).into_iter().any(|piece| {
        let PathPiece::Parameter(name) = piece else { return false };
        let has_name = |run: &Vec<&PathParameter>| run.len() > 1 && run.iter().any(|one| one.name == name);
        runs.iter().any(|run| matches!(run, TemplateRun::Parameters(run) if has_name(run)))
    })
}

/// Returns the rewriting of a path with a template at the backend, whose parameters are those of the route.
pub(super) fn template_rewrite(prefix: &str, path: &PathTemplate, base: &str, target: &str) -> PathRewrite {
    let reading = if splits_run(path, target) { RunReading::Types } else { RunReading::Styles };
    let target = path_pieces(target);
    // Most engines number few groups.
    let is_used = |name: &str| target.iter().any(|piece| matches!(piece, PathPiece::Parameter(used) if *used == name));
    let names = path.parts.iter().filter_map(|part| match part {
        PathPart::Text(_) => None,
        PathPart::Parameter(parameter) => Some(parameter.name.as_str()).filter(|name| is_used(name)),
    });
    let names: Vec<&str> = names.collect();
    let mut pieces = vec![RewritePiece::Text(base.to_owned())];
    for piece in &target {
        match piece {
            PathPiece::Text(text) => pieces.push(RewritePiece::Text(one_spelling(text).into_owned())),
            PathPiece::Parameter(name) => {
                let group = names.iter().position(|known| known == name);
                pieces.extend(group.map(|group| RewritePiece::Capture(group + 1)));
            }
        }
    }
    PathRewrite { pattern: captured_pattern(prefix, path, reading, &[], &names), pieces }
}

#[cfg(test)]
mod tests;
