//! Patterns whose matching can take the square of a text's length.
//!
//! A look-around with `*` or `+` in it reads up to the end of the text. At the beginning of an anchored pattern it does
//! so once; elsewhere wherever a match may begin: `(?=.*\d)(?=.*[a-z]).{8,}` took 4 s for 64 KB of letters, as much as
//! half of what one body may have. The steps that the engine counts say nothing of that. Such a pattern is matched
//! against short texts alone; a longer one does not match.
//!
//! A pattern that the engine backtracks for may take all steps of its limit for each of many short texts: 1,000 of 20
//! letters against `^([a-z0-9]+-?)+(?<!-)$` took 13 s. So the long matches of one request have a budget.

use std::cell::Cell;

use fancy_regex::{Regex, RegexBuilder};
use jsonschema::{Keyword, ValidationError, ValidationOptions};
use serde_json::{Value, json};

use crate::definition::schema::{LOOK_AROUND, group_length, syntax_characters};

/// The maximum number of backtracking steps; a pattern that needs more counts as not matching.
pub(super) const BACKTRACK_LIMIT: usize = 100_000;
/// The number of steps of a match that counts as short, as almost all are.
const QUICK_LIMIT: usize = 500;
/// The maximum number of longer matches for the parameters, the body or the response that is judged.
const MOST_LONG_MATCHES: usize = 50;
/// The message for a text that is not matched any more.
pub(crate) const TOO_MANY_STEPS: &str = "the patterns need too many steps";
/// The keyword that such a pattern is checked by.
const FAR_PATTERN: &str = "x-apigw-far-pattern";
/// The maximum length of a text, in bytes: all texts of a body of 300 KiB take a second at most.
pub(super) const LONGEST_TEXT: usize = 4 * 1024;

thread_local! {
    /// The number of long matches left, and one; `Some(0)` if one more was needed, `None` without a budget.
    static LONG_MATCHES: Cell<Option<usize>> = const { Cell::new(None) };
}

struct FarPattern {
    /// The pattern with the limit of a short match.
    quick: Regex,
    regex: Regex,
    reads_far: bool,
    /// The pattern as the schema has it.
    written: String,
}

/// Runs a function that judges a part of a message with a budget of long matches; also returns true if it was spent: a
/// pattern may have counted as not matching then.
pub(crate) fn with_pattern_budget<T>(run: impl FnOnce() -> T) -> (T, bool) {
    LONG_MATCHES.set(Some(MOST_LONG_MATCHES + 1));
    let outcome = run();
    (outcome, LONG_MATCHES.replace(None) == Some(0))
}

fn is_budget_spent() -> bool {
    LONG_MATCHES.get() == Some(0)
}

/// Takes a long match from the budget; false if none is left.
fn take_long_match() -> bool {
    LONG_MATCHES.set(LONG_MATCHES.get().map(|left| left.saturating_sub(1)));
    !is_budget_spent()
}

/// Makes a validator know the keyword.
pub(super) fn with_far_patterns(options: ValidationOptions<'_>) -> ValidationOptions<'_> {
    options.with_keyword(FAR_PATTERN, |_, pattern, _| {
        let text = |name| pattern.get(name).and_then(Value::as_str).unwrap_or_default();
        let compile = |limit| {
            let compiled = RegexBuilder::new(text("regex")).backtrack_limit(limit).build();
            compiled.map_err(|fault| ValidationError::custom(fault.to_string()))
        };
        let (quick, regex) = (compile(QUICK_LIMIT)?, compile(BACKTRACK_LIMIT)?);
        Ok(Box::new(FarPattern {
            quick,
            regex,
            reads_far: reads_far(text("regex")),
            written: text("written").to_owned(),
        }))
    })
}

/// Returns the keyword that checks a pattern, with its value; `regex` is the pattern in the dialect of the engine.
pub(super) fn pattern_keyword(written: &str, regex: &str) -> (&'static str, Value) {
    if is_backtracking(regex) {
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
        let is_long = instance.as_str().is_some_and(|text| self.is_too_long(text));
        Err(ValidationError::custom(if is_budget_spent() {
            format!("is not matched against \"{pattern}\": {TOO_MANY_STEPS}")
        } else if is_long {
            format!("has more than {LONGEST_TEXT} bytes, too many for the look-arounds of \"{pattern}\"")
        } else {
            format!("does not match \"{pattern}\"")
        }))
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        instance.as_str().is_none_or(|text| self.matches(text))
    }
}

impl FarPattern {
    fn is_too_long(&self, text: &str) -> bool {
        self.reads_far && text.len() > LONGEST_TEXT
    }

    fn matches(&self, text: &str) -> bool {
        if self.is_too_long(text) || is_budget_spent() {
            return false;
        }
        self.quick.is_match(text).unwrap_or_else(|_| take_long_match() && self.regex.is_match(text).unwrap_or(false))
    }
}

/// True if the engine may go back for a match: the pattern has a look-around or a reference to a group, which an engine
/// of linear time does not know.
fn is_backtracking(pattern: &str) -> bool {
    regex_syntax::ast::parse::Parser::new().parse(pattern).is_err()
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
        assert_eq!(found("abcdefgh".to_owned()), [format!("does not match \"{pattern}\"")]);
        assert!(found("a1".repeat(LONGEST_TEXT / 2)).is_empty());
        let long = found("a1".repeat(LONGEST_TEXT));
        assert!(long.len() == 1 && long[0].contains("4096 bytes"), "{long:?}");
        let anchored = ValueSchema::compile(json!({ "pattern": format!("^{pattern}$") })).expect("a schema");
        assert!(anchored.check(&json!("a1".repeat(100_000)), 9).is_empty());
    }

    #[test]
    fn many_texts_take_no_more_steps_than_the_budget() {
        const SLUG: &str = "^([a-z0-9]+-?)+(?<!-)$";
        let list = |pattern: &str| ValueSchema::compile(json!({ "items": { "pattern": pattern } })).expect("a schema");
        let texts = |count: usize| -> Value { (0..count).map(|index| format!("{}!{index}", "a".repeat(20))).collect() };
        let check = |pattern: &str, value: &Value| {
            let (found, is_spent) = with_pattern_budget(|| list(pattern).check(value, usize::MAX));
            (found.len(), found.last().is_some_and(|last| last.message.contains(TOO_MANY_STEPS)), is_spent)
        };
        let begun = std::time::Instant::now();
        assert_eq!(check(SLUG, &texts(5_000)), (5_000, true, true));
        assert_eq!(check("^(?:([\"'])?([a-z]+,?)+\\1)$", &texts(1_000)), (1_000, true, true));
        assert!(begun.elapsed().as_secs() < 30);
        // Each part has a budget of its own; matches in few steps, and those without going back, take none of it.
        let words: Value = (0..5_000).map(|index| format!("a-b-{index}")).collect();
        assert_eq!(check(SLUG, &words), (0, false, false));
        assert_eq!(check("^([a-z0-9]+-?)+$", &texts(5_000)), (5_000, false, false));
        let long: Value = (0..40).map(|_| "ab".repeat(2_000)).collect();
        assert_eq!(check("^(?:(?!bar).)*$", &long), (0, false, false));
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
