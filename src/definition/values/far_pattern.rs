//! Patterns whose matching can take the square of a text's length.
//!
//! A look-around with `*` or `+` in it reads up to the end of the text. At the beginning of an anchored pattern it does
//! so once; elsewhere wherever a match may begin: `(?=.*\d)(?=.*[a-z]).{8,}` took 4 s for 64 KB of letters, as much as
//! half of what one body may have. The steps that the engine counts say nothing of that. Such a pattern is matched
//! against short texts alone; a longer one does not match.

use fancy_regex::{Regex, RegexBuilder};
use jsonschema::{Keyword, ValidationError, ValidationOptions};
use serde_json::{Value, json};

use crate::definition::schema::{LOOK_AROUND, group_length, syntax_characters};

/// The maximum number of backtracking steps; a pattern that needs more counts as not matching.
pub(super) const BACKTRACK_LIMIT: usize = 100_000;
/// The keyword that such a pattern is checked by.
const FAR_PATTERN: &str = "x-apigw-far-pattern";
/// The maximum length of a text, in bytes: all texts of a body of 300 KiB take a second at most.
pub(super) const LONGEST_TEXT: usize = 4 * 1024;

struct FarPattern {
    regex: Regex,
    /// The pattern as the schema has it.
    written: String,
}

/// Makes a validator know the keyword.
pub(super) fn with_far_patterns(options: ValidationOptions<'_>) -> ValidationOptions<'_> {
    options.with_keyword(FAR_PATTERN, |_, pattern, _| {
        let text = |name| pattern.get(name).and_then(Value::as_str).unwrap_or_default();
        match RegexBuilder::new(text("regex")).backtrack_limit(BACKTRACK_LIMIT).build() {
            Ok(regex) => Ok(Box::new(FarPattern { regex, written: text("written").to_owned() })),
            Err(fault) => Err(ValidationError::custom(fault.to_string())),
        }
    })
}

/// Returns the keyword that checks a pattern, with its value; `regex` is the pattern in the dialect of the engine.
pub(super) fn pattern_keyword(written: &str, regex: &str) -> (&'static str, Value) {
    if reads_far(regex) {
        (FAR_PATTERN, json!({ "regex": regex, "written": written }))
    } else {
        ("pattern", Value::from(regex))
    }
}

/// True unless an object in a value has a name that is longer than the texts which such patterns are matched against.
pub(super) fn has_short_names(value: &Value) -> bool {
    match value {
        Value::Object(fields) => {
            fields.iter().all(|(name, field)| name.len() <= LONGEST_TEXT && has_short_names(field))
        }
        Value::Array(items) => items.iter().all(has_short_names),
        _ => true,
    }
}

impl<'i> Keyword<'i> for FarPattern {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        if self.is_valid(instance) {
            return Ok(());
        }
        let pattern = &self.written;
        let is_long = instance.as_str().is_some_and(|text| text.len() > LONGEST_TEXT);
        Err(ValidationError::custom(if is_long {
            format!("has more than {LONGEST_TEXT} bytes, too many for the look-arounds of {pattern:?}")
        } else {
            format!("does not match {pattern:?}")
        }))
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        let matches = |text: &str| text.len() <= LONGEST_TEXT && self.regex.is_match(text).unwrap_or(false);
        instance.as_str().is_none_or(matches)
    }
}

/// True if a look-around reads without bound, and is not among those at the beginning of an anchored pattern.
pub(super) fn reads_far(pattern: &str) -> bool {
    // The end of the look-arounds that the pattern begins with.
    let mut leading = pattern.starts_with('^').then_some(1);
    let (mut inner, mut has_branches, mut has_leading, mut depth) = (0, false, false, 0_usize);
    for (at, each) in syntax_characters(pattern).filter(|(_, each)| "(|)".contains(*each)) {
        let rest = pattern.get(at..).unwrap_or_default();
        let start = LOOK_AROUND.into_iter().find(|start| rest.starts_with(start));
        match (each, start) {
            _ if at < inner => {}
            ('(', Some(start)) => {
                inner = at + group_length(rest);
                let is_leading = leading == Some(at);
                if is_leading {
                    leading = Some(inner);
                }
                if has_unbounded(pattern.get(at + start.len()..inner).unwrap_or_default()) {
                    if !is_leading {
                        return true;
                    }
                    has_leading = true;
                }
            }
            ('(', None) => depth += 1,
            (')', _) => depth = depth.saturating_sub(1),
            _ => has_branches |= depth == 0,
        }
    }
    // Another branch begins anywhere.
    has_leading && has_branches
}

/// True if a part of a pattern has a repetition without an upper bound.
fn has_unbounded(part: &str) -> bool {
    let bounds = |at: usize| part.get(at..).and_then(|rest| rest.split('}').next());
    syntax_characters(part).any(|(at, each)| match each {
        '*' | '+' => true,
        '{' => bounds(at).is_some_and(|bounds| bounds.ends_with(',')),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::super::schema::ValueSchema;
    use super::*;

    #[test]
    fn patterns_that_read_far_from_many_places_are_told() {
        for (pattern, expected) in [
            (r"^\S+$", false),
            (r"^(?=.*\d)(?=.*[a-z])(?!.*\s$).{8,}$", false),
            (r"^(?!.*(.)\1)[a-z]+$", false),
            (r"^(?:(?!bar).)*$", false),
            (r"foo(?=bar|[*+])", false),
            (r"(?<!\\)x", false),
            (r"a(?=b{2})c", false),
            (r"(?=.*\d)(?=.*[a-z]).{8,}", true),
            (r"foo(?!.*bar)", true),
            (r"^(?:(?=.*a).)*$", true),
            (r"^a(?=b{2,})", true),
            (r"^(?=.*\d)x|y", true),
            (r"^(?=.*\d)(x|y)", false),
            (r"\S(?=\s*$)", true),
            (r"[(?=.*](?!.+)", true),
            (r"^\d(?=.*a)", true),
            (r"^(?=a)(?!.*b)c", false),
        ] {
            assert_eq!(reads_far(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn a_long_text_does_not_match_a_pattern_that_reads_far() {
        let pattern = r"(?=.*\d)(?=.*[a-z]).{8,}";
        let schema = ValueSchema::compile(json!({ "pattern": pattern })).expect("a schema");
        let found =
            |text: String| schema.check(&json!(text), 9).into_iter().map(|found| found.message).collect::<Vec<_>>();
        assert!(found("abcdefg1".to_owned()).is_empty());
        assert_eq!(found("abcdefgh".to_owned()), [format!("does not match {pattern:?}")]);
        assert!(found("a1".repeat(LONGEST_TEXT / 2)).is_empty());
        let long = found("a1".repeat(LONGEST_TEXT));
        assert!(long.len() == 1 && long[0].contains("4096 bytes"), "{long:?}");
        let anchored = ValueSchema::compile(json!({ "pattern": format!("^{pattern}$") })).expect("a schema");
        assert!(anchored.check(&json!("a1".repeat(100_000)), 9).is_empty());
    }

    #[test]
    fn patterns_of_other_dialects_and_of_names_are_bounded_too() {
        let foreign = ValueSchema::compile(json!({ "pattern": r"(?i)(?=.*\d)(?=.*[a-z])x" })).expect("a schema");
        assert!(foreign.check(&json!("X1a"), 9).is_empty());
        assert!(!foreign.check(&json!("x1a".repeat(LONGEST_TEXT)), 9).is_empty());
        let named = json!({ "patternProperties": { r"(?=.*\d)(?=.*[a-z])x": false } });
        let named = ValueSchema::compile(named).expect("a schema");
        let found = |name: String| named.check(&json!([{ (name): 1 }]), 9);
        assert!(found("y".to_owned()).is_empty());
        let long = found("y".repeat(LONGEST_TEXT + 1));
        assert!(long.len() == 1 && long[0].message.contains("4096 bytes"), "{long:?}");
    }
}
