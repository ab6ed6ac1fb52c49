//! Patterns whose matching can take the square of a text's length.
//!
//! A look-around with `*` or `+` in it reads up to the end of the text. At the beginning of an anchored pattern it does
//! so once; elsewhere wherever a match may begin: `(?=.*\d)(?=.*[a-z]).{8,}` took 4 s for 64 KB of letters, as much as
//! half of what one body may have. The steps that the engine counts say nothing of that. Such a pattern is matched
//! against short texts alone; a longer one does not match.

use fancy_regex::{Regex, RegexBuilder};
use jsonschema::{Keyword, ValidationError, ValidationOptions};
use serde_json::{Map, Value, json};

/// The maximum number of backtracking steps; a pattern that needs more counts as not matching.
pub(super) const BACKTRACK_LIMIT: usize = 100_000;
/// The keyword that such a pattern is checked by.
const FAR_PATTERN: &str = "x-apigw-far-pattern";
/// The maximum length of a text, in bytes: all texts of a body of 300 KiB take a second at most.
const LONGEST_TEXT: usize = 4 * 1024;

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

/// Replaces a translated `pattern` that reads far from more than one place.
pub(super) fn replace_far_pattern(fields: &mut Map<String, Value>, written: &str) {
    if fields.get("pattern").and_then(Value::as_str).is_some_and(reads_far)
        && let Some(regex) = fields.shift_remove("pattern")
    {
        fields.insert(FAR_PATTERN.to_owned(), json!({ "regex": regex, "written": written }));
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
fn reads_far(pattern: &str) -> bool {
    let bytes = pattern.as_bytes();
    let mut is_leading = pattern.starts_with('^');
    let (mut at, mut has_branches, mut has_leading, mut depth) = (usize::from(is_leading), false, false, 0_usize);
    while let Some(byte) = bytes.get(at) {
        let rest = pattern.get(at..).unwrap_or_default();
        let look_around = ["(?=", "(?!", "(?<=", "(?<!"].into_iter().find(|start| rest.starts_with(start));
        if let Some(start) = look_around {
            let end = at + group_length(rest);
            let body = pattern.get(at + start.len()..end).unwrap_or_default();
            if has_unbounded(body) {
                if !is_leading {
                    return true;
                }
                has_leading = true;
            }
            at = end;
            continue;
        }
        is_leading = false;
        match byte {
            b'\\' => at += 1,
            b'[' => at += class_length(rest) - 1,
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b'|' if depth == 0 => has_branches = true,
            _ => {}
        }
        at += 1;
    }
    // Another branch begins anywhere.
    has_leading && has_branches
}

/// True if a part of a pattern has a repetition without an upper bound.
fn has_unbounded(part: &str) -> bool {
    let mut at = 0;
    while let Some(byte) = part.as_bytes().get(at) {
        let rest = part.get(at..).unwrap_or_default();
        match byte {
            b'*' | b'+' => return true,
            b'{' if rest.split('}').next().is_some_and(|bounds| bounds.ends_with(',')) => return true,
            b'\\' => at += 1,
            b'[' => at += class_length(rest) - 1,
            _ => {}
        }
        at += 1;
    }
    false
}

/// Returns the length of the group that a text begins with, in bytes.
fn group_length(text: &str) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(byte) = text.as_bytes().get(at) {
        match byte {
            b'\\' => at += 1,
            b'[' => at += class_length(text.get(at..).unwrap_or_default()) - 1,
            b'(' => depth += 1,
            b')' if depth == 1 => return at + 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// Returns the length of the character class that a text begins with, in bytes; the engine's classes nest.
fn class_length(text: &str) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(byte) = text.as_bytes().get(at) {
        match byte {
            b'\\' => at += 1,
            b'[' => depth += 1,
            b']' if depth == 1 => return at + 1,
            b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    text.len().max(1)
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
}
