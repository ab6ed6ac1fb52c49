//! From the texts that the router takes for parameters to the values of the path's parameters.
//!
//! The router takes parameters with nothing between them as one text; here it is split. And it knows no styles: here a
//! text that has to begin with `;name` or a dot is told from one that has not (RFC 6570, sections 3.2.5 and 3.2.7).

use crate::routes::{InQuery, PathParameter, PathPart, PathTemplate, SegmentTexts, ValuePrefix};

/// Longer texts are split as if each parameter took any text.
const LONGEST_SPLIT: usize = 128;

/// The parameters of an API's path.
#[derive(Debug, Default)]
pub(crate) struct PathValues {
    /// One for each text that the router takes.
    runs: Box<[Box<[PathParameter]>]>,
    /// The segments that begin with a parameter in the style `matrix`, counted from 0.
    matrix_segments: Box<[usize]>,
    /// Number of segments of the template.
    segments: usize,
    /// The parameters that the query behind the path names, each with its name in the query.
    in_query: Box<[InQuery]>,
}

impl PathValues {
    /// Compiles the parameters of a template.
    pub(crate) fn new(template: &PathTemplate) -> Self {
        let mut runs: Vec<Vec<PathParameter>> = Vec::new();
        let mut matrix_segments = Vec::new();
        let mut segment = 0;
        let mut before = "";
        let mut is_adjacent = false;
        for part in &template.parts {
            match part {
                PathPart::Text(text) => {
                    segment += text.matches('/').count();
                    before = text;
                    is_adjacent = false;
                }
                PathPart::Parameter(parameter) => {
                    if before.ends_with('/') && !is_adjacent && matches!(parameter.lead, ValuePrefix::Semicolon { .. })
                    {
                        // The text before the first segment is empty.
                        matrix_segments.push(segment - 1);
                    }
                    match runs.last_mut() {
                        Some(run) if is_adjacent => run.push(parameter.clone()),
                        _ => runs.push(vec![parameter.clone()]),
                    }
                    is_adjacent = true;
                }
            }
        }
        Self {
            runs: runs.into_iter().map(Vec::into_boxed_slice).collect(),
            matrix_segments: matrix_segments.into(),
            // Nothing of a path stands in the segment after a last slash but where an API matches by prefix.
            segments: segment - usize::from(segment > 0 && !is_adjacent && before.ends_with('/')),
            in_query: template.in_query.clone().into(),
        }
    }

    /// Counts the parameters that match only certain texts; of two APIs, the one with more is more exact.
    pub(crate) fn marks(&self) -> usize {
        let is_marked = |parameter: &&PathParameter| {
            !matches!(
                (&parameter.lead, &parameter.texts),
                (ValuePrefix::Nothing, SegmentTexts::Any | SegmentTexts::Integer | SegmentTexts::Number)
            )
        };
        self.runs.iter().flat_map(|run| run.iter().filter(is_marked)).count()
    }

    /// True if there are texts of the router that are none of these parameters.
    pub(crate) fn is_selective(&self) -> bool {
        let is_plain = |run: &[PathParameter]| matches!(run, [one] if matches!(one.lead, ValuePrefix::Nothing));
        !self.runs.iter().all(|run| is_plain(run))
    }

    /// True if the query behind the path names parameters of it.
    pub(crate) fn reads_query(&self) -> bool {
        !self.in_query.is_empty()
    }

    /// Returns the parameters with their texts, percent-encoded; `None` where the texts are none of theirs.
    pub(crate) fn named<'v, 'p>(
        &'v self,
        texts: &[&'p str],
        query: Option<&'p str>,
    ) -> Option<Vec<(&'v str, &'p str)>> {
        let mut named = Vec::with_capacity(self.runs.len() + self.in_query.len());
        for (run, text) in self.runs.iter().zip(texts) {
            split(run, text, &mut named)?;
        }
        for InQuery { name, key } in &self.in_query {
            let mut pairs = query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
            named.extend(pairs.find(|(known, _)| known == key).map(|(_, value)| (name.as_str(), value)));
        }
        Some(named)
    }

    /// True if the template declares the semicolons of a path: one that begins a segment is that of a parameter in the
    /// style `matrix`, others are within the segments of the template. Below an API that matches by prefix, a backend
    /// may take them for path parameters, and see another path.
    pub(crate) fn takes_semicolons(&self, path: &str) -> bool {
        let segments = path.split('/').skip(1).enumerate();
        segments.filter(|(_, segment)| segment.contains(';')).all(|(at, segment)| {
            if segment.starts_with(';') { self.matrix_segments.contains(&at) } else { at < self.segments }
        })
    }
}

fn takes(parameter: &PathParameter, text: &str) -> bool {
    let PathParameter { lead, texts, .. } = parameter;
    !text.is_empty() && begins(lead, text) && (*lead != ValuePrefix::Nothing || contains(texts, text))
}

fn begins(lead: &ValuePrefix, text: &str) -> bool {
    match lead {
        ValuePrefix::Nothing => true,
        ValuePrefix::Dot { .. } => text.starts_with('.'),
        ValuePrefix::Semicolon { name: None, .. } => text.starts_with(';'),
        ValuePrefix::Semicolon { name: Some(name), .. } => text
            .strip_prefix(';')
            .and_then(|rest| rest.strip_prefix(&**name))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['=', ';'])),
    }
}

fn contains(texts: &SegmentTexts, text: &str) -> bool {
    match texts {
        SegmentTexts::Any => true,
        SegmentTexts::Integer => text.strip_prefix('-').unwrap_or(text).bytes().all(|byte| byte.is_ascii_digit()),
        SegmentTexts::Number => text.parse::<f64>().is_ok(),
        SegmentTexts::OneOf(values) => values.iter().any(|value| value == text),
    }
}

/// Splits a text among the parameters of a run: each takes as much as it can, the first before the others.
fn split<'v, 'p>(run: &'v [PathParameter], text: &'p str, named: &mut Vec<(&'v str, &'p str)>) -> Option<()> {
    match run {
        [] => Some(()),
        [one] if matches!(one.lead, ValuePrefix::Nothing) || begins(&one.lead, text) => {
            named.push((&one.name, text));
            Some(())
        }
        [_] => None,
        _ if run.len() > text.len() => None,
        _ => {
            let ends = if text.len() > LONGEST_SPLIT { None } else { ends(run, text, takes) };
            // Where the texts fit no split, a check of the request says so of a plain one.
            let ends = ends.or_else(|| ends_by_lead(run, text))?;
            let mut from = 0;
            for (parameter, to) in run.iter().zip(ends) {
                named.push((&parameter.name, text.get(from..to)?));
                from = to;
            }
            Some(())
        }
    }
}

/// Finds the ends of the texts of a run such that each parameter takes its own.
fn ends(run: &[PathParameter], text: &str, takes: impl Fn(&PathParameter, &str) -> bool) -> Option<Vec<usize>> {
    // From the last parameter on: the end of its text for each place where it may begin.
    let mut next: Vec<Vec<Option<usize>>> = vec![vec![None; text.len() + 1]; run.len()];
    for (index, parameter) in run.iter().enumerate().rev() {
        let last = index + 1 == run.len();
        for from in 0..text.len() {
            let to = candidates(parameter, from, text, last).find(|to| {
                let rest_fits = last || next.get(index + 1).and_then(|row| *row.get(*to)?).is_some();
                rest_fits && text.get(from..*to).is_some_and(|own| takes(parameter, own))
            });
            if let Some(slot) = next.get_mut(index).and_then(|row| row.get_mut(from)) {
                *slot = to;
            }
        }
    }
    let mut from = 0;
    let end = |row: &Vec<Option<usize>>| {
        from = (*row.get(from)?)?;
        Some(from)
    };
    next.iter().map(end).collect()
}

/// Lists the ends that a parameter's text may have, the longest first; one that is written once ends at its own next
/// mark.
fn candidates(parameter: &PathParameter, from: usize, text: &str, last: bool) -> Box<dyn Iterator<Item = usize>> {
    if last {
        return Box::new(std::iter::once(text.len()));
    }
    let mark = match parameter.lead {
        ValuePrefix::Dot { is_repeated: false } => '.',
        ValuePrefix::Semicolon { is_repeated: false, .. } => ';',
        _ => return Box::new((from + 1..text.len()).rev()),
    };
    let behind = text.get(from + 1..).and_then(|rest| rest.find(mark)).map_or(text.len(), |at| from + 1 + at);
    Box::new((from + 1..=behind.min(text.len().saturating_sub(1))).rev())
}

/// Splits by the styles alone, and gives every parameter without one a character at least.
fn ends_by_lead(run: &[PathParameter], text: &str) -> Option<Vec<usize>> {
    if text.len() > LONGEST_SPLIT && run.iter().all(|parameter| matches!(parameter.lead, ValuePrefix::Nothing)) {
        let first = text.len() - (run.len() - 1);
        return (first > 0).then(|| (first..=text.len()).collect());
    }
    let short = text.len() <= LONGEST_SPLIT;
    short.then(|| ends(run, text, |parameter, own| !own.is_empty() && begins(&parameter.lead, own)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(path: &str, parameters: &str) -> PathValues {
        let text = format!(
            "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths: {{'{path}': {{get: {{parameters: [{parameters}], responses: {{}}}}}}}}"
        );
        let mut fetch = |path: &str| Ok((path == "openapi.yaml").then(|| std::sync::Arc::from(text.as_bytes())));
        let definition = crate::definition::read("g", &mut fetch).definition.expect("a definition");
        PathValues::new(&PathTemplate::new(&definition, &definition.apis[0]))
    }

    fn parameter(name: &str, more: &str) -> String {
        format!("{{name: {name}, in: path, required: true, {more}}}")
    }

    #[test]
    fn texts_are_split_among_adjacent_parameters_and_by_style() {
        let text = "schema: {type: string}";
        let two = |one: &str, other: &str| format!("{}, {}", parameter("a", one), parameter("b", other));
        for (path, parameters, texts, expected) in [
            ("/{a}", parameter("a", text), &["x"][..], Some("a=x")),
            ("/{a:[0-9]+}", parameter("a", text), &["x"], Some("a=x")),
            ("/{a}{b}", two(text, text), &["xyz"], Some("a=xy b=z")),
            ("/{a}{b}", two(text, text), &["x"], None),
            ("/{a}{b}", two("schema: {type: integer}", text), &["12ab3"], Some("a=12 b=ab3")),
            ("/{a}{b}", two(text, "schema: {enum: [.json, .xml]}"), &["x.y.json"], Some("a=x.y b=.json")),
            ("/{a}{b}", two(text, "style: label, schema: {type: string}"), &["x.y.json"], Some("a=x.y b=.json")),
            ("/{a}{b}", two(text, "style: label, schema: {type: string}"), &["x"], None),
            ("/{a}{b}", two(text, "style: matrix, schema: {type: string}"), &["x;b=1"], Some("a=x b=;b=1")),
            ("/{a}{b}", two("style: matrix", "style: matrix"), &[";a=1;b=2"], Some("a=;a=1 b=;b=2")),
            ("/{a}{b}", two("style: matrix", "style: matrix"), &[";b=1;a=2"], None),
            ("/{a}", parameter("a", "style: matrix, schema: {type: integer}"), &[";a=5"], Some("a=;a=5")),
            ("/{a}", parameter("a", "style: matrix, schema: {type: integer}"), &[";ab=5"], None),
            ("/{a}", parameter("a", "style: matrix, schema: {type: integer}"), &["5"], None),
            ("/{a}", parameter("a", "style: matrix, explode: true, schema: {type: object}"), &[";x=5"], Some("a=;x=5")),
            ("/{a}", parameter("a", "style: matrix, explode: true, schema: {type: array}"), &[";x=5"], None),
            (
                "/{a}{b}",
                two("style: matrix, explode: true, schema: {type: array}", "style: matrix"),
                &[";a=1;a=2;b=3"],
                Some("a=;a=1;a=2 b=;b=3"),
            ),
            (
                "/{a}{b}",
                two("style: label, explode: true, schema: {anyOf: [{type: array}]}", "style: label"),
                &[".1.2.3"],
                Some("a=.1.2 b=.3"),
            ),
            (
                "/{a}{b}",
                two("style: label, explode: true, schema: {type: integer}", "style: label, explode: true"),
                &[".1.2.3"],
                Some("a=.1 b=.2.3"),
            ),
            ("/{a}", parameter("a", "style: label, schema: {type: integer}"), &[".5"], Some("a=.5")),
            ("/{a}", parameter("a", "style: label, schema: {type: integer}"), &["5"], None),
        ] {
            let values = values(path, &parameters);
            let named = values.named(texts, None);
            let named = named.map(|named| named.iter().map(|(a, b)| format!("{a}={b}")).collect::<Vec<_>>().join(" "));
            assert_eq!(named.as_deref(), expected, "{path} {parameters} {texts:?}");
        }
        let long = "x".repeat(1_000);
        let values = values("/{a}{b}", &two(text, text));
        assert_eq!(values.named(&[&long], None).expect("it is split")[1], ("b", "x"));
    }

    #[test]
    fn an_object_is_known_by_all_that_its_schema_says() {
        let object = "{type: object, properties: {x: {type: integer}}}";
        for schema in [
            format!("{{allOf: [{object}]}}"),
            format!("{{anyOf: [{object}, {{type: object}}]}}"),
            format!("{{oneOf: [{{type: integer}}, {{allOf: [{object}]}}]}}"),
            "{type: [object, 'null']}".to_owned(),
            "{additionalProperties: {type: integer}}".to_owned(),
        ] {
            let parameters = parameter("a", &format!("style: matrix, explode: true, schema: {schema}"));
            assert_eq!(
                values("/{a}", &parameters).named(&[";x=5;y=1"], None),
                Some(vec![("a", ";x=5;y=1")]),
                "{schema}"
            );
        }
        for schema in ["{allOf: [{type: integer}]}", "{anyOf: [{type: array}, {type: string}]}"] {
            let parameters = parameter("a", &format!("style: matrix, explode: true, schema: {schema}"));
            assert_eq!(values("/{a}", &parameters).named(&[";x=5"], None), None, "{schema}");
        }
    }

    #[test]
    fn a_parameter_that_the_query_behind_the_path_names_is_taken_from_there() {
        let values = values("/a?x={id}&y=1", &parameter("id", "schema: {type: string}"));
        assert_eq!(values.named(&[], Some("y=1&x=5")), Some(vec![("id", "5")]));
        assert_eq!(values.named(&[], None), Some(vec![]));
    }

    #[test]
    fn semicolons_begin_the_segments_of_matrix_parameters_alone() {
        let values = values("/a/{a}/{b}", &format!("{}, {}", parameter("a", "style: matrix"), parameter("b", "")));
        for (path, expected) in [
            ("/a/;a=1/x", true),
            ("/a/x/x", true),
            ("/a/;a=1/;b=1", false),
            ("/;a/x/x", false),
            ("/a/;a=1/b;c", true),
            ("/a/;a=1/b/c;d", false),
            ("/a/;a=1/b/;d", false),
        ] {
            assert_eq!(values.takes_semicolons(path), expected, "{path}");
        }
    }
}
