//! Regular expressions of schemas: matching, and generation of matching texts.
//!
//! Schemas use the dialect of ECMA-262 (see [`super::ecma`]). Expressions are matched by an engine that gives up after
//! a bounded number of steps. Texts are generated from the structure of the expression, the shortest first; for
//! constructs without a structure, like look-arounds, a few choices of letters are tried. Every text is matched before
//! it is used.

use std::collections::HashMap;

use fancy_regex::{Regex, RegexBuilder};
use jsonschema_regex::RepeatedClass;
use regex_syntax::hir::{Class, Hir, HirKind};
use serde_json::Value;

use super::ecma::translated_pattern;
use super::expression::{with_groups_repeated, with_look_behind, without_look_around};
use crate::definition::values::formats::with_formats;

/// The maximum length of a pattern, in bytes; longer ones are not enforced.
const LONGEST_PATTERN: usize = 10_000;
/// The maximum length of a generated text, in characters.
const LONGEST_TEXT: usize = 10_000;
/// The maximum number of steps of a match.
const MOST_STEPS: usize = 50_000;
/// The maximum number of states of an expression. Larger ones are refused before they are compiled, which bounds their
/// cost.
const LARGEST: usize = 100_000;

/// The compiled patterns and formats of a definition.
#[derive(Debug, Default)]
pub(crate) struct CompiledPatterns {
    expressions: HashMap<String, Option<CompiledPattern>>,
    /// The approximate total of the states of cached expressions.
    kept: usize,
    formats: HashMap<String, Option<jsonschema::Validator>>,
    /// The number of steps since the last call of `taken`.
    steps: usize,
}

/// The number of bytes of a text that cost one step to match.
const BYTES_A_STEP: usize = 32;
/// The cost of compiling a state, in steps, and the minimum cost of an expression, in states.
const STEPS_A_STATE: usize = 4;
const COMPILED_AT_LEAST: usize = 50;
/// The maximum number of cached states; each takes some hundred bytes.
const MOST_KEPT: usize = 100_000;

impl CompiledPatterns {
    /// Returns the number of steps since the last call.
    pub(super) fn taken(&mut self) -> usize {
        std::mem::take(&mut self.steps)
    }

    /// True if a text matches a pattern, or the pattern is unusable.
    pub(super) fn matches(&mut self, pattern: &str, text: &str) -> bool {
        self.steps += 1 + text.len() / BYTES_A_STEP;
        self.regex(pattern).is_none_or(|compiled| compiled.is_match(text).unwrap_or(false))
    }

    /// True if a text matches a pattern; `None` if the pattern is unusable, or a match takes too long.
    pub(crate) fn is_match(&mut self, pattern: &str, text: &str) -> Option<bool> {
        self.regex(pattern)?.is_match(text)
    }

    /// True if a pattern can be compiled.
    pub(super) fn is_usable(&mut self, pattern: &str) -> bool {
        self.regex(pattern).is_some()
    }

    fn regex(&mut self, pattern: &str) -> Option<&CompiledPattern> {
        if !self.expressions.contains_key(pattern) {
            let compiled = compile(pattern);
            let size = match &compiled {
                Some(CompiledPattern::Repeated(_)) => COMPILED_AT_LEAST,
                _ => COMPILED_AT_LEAST + structure(pattern).map_or(pattern.len(), |hir| size(&hir)),
            };
            self.steps += size * STEPS_A_STATE;
            self.kept += size;
            if self.kept > MOST_KEPT {
                self.expressions.clear();
                self.kept = size;
            }
            self.expressions.insert(pattern.to_owned(), compiled);
        }
        self.expressions.get(pattern).and_then(Option::as_ref)
    }

    /// True if a text has a format, or the format is unknown.
    pub(super) fn is_format(&mut self, format: &str, text: &Value) -> bool {
        if !self.formats.contains_key(format) {
            let options = with_formats(jsonschema::options());
            let validator = options.build(&serde_json::json!({ "format": format })).ok();
            self.formats.insert(format.to_owned(), validator);
        }
        let validator = self.formats.get(format).and_then(Option::as_ref);
        validator.is_none_or(|validator| validator.is_valid(text))
    }

    /// Generates a text of one part a pattern, for patterns that say something of a part each, in the order that
    /// matches all.
    fn joined(&mut self, patterns: &[&str], least: usize, most: usize, variant: usize) -> Option<String> {
        const MOST_PARTS: usize = 4;
        if !(2..=MOST_PARTS).contains(&patterns.len()) {
            return None;
        }
        for choice in ChoiceStrategy::all(variant).into_iter().step_by(8) {
            let parts: Vec<String> =
                patterns.iter().filter_map(|pattern| Some(part(&structure(pattern)?, choice, 0)?.text)).collect();
            for order in orders(parts.len()) {
                let text: String = order.iter().filter_map(|at| parts.get(*at)).map(String::as_str).collect();
                // Parts that may stand anywhere may stand there again.
                let length = text.chars().count().max(least.min(LONGEST_TEXT));
                let text: String = text.chars().cycle().take(length).collect();
                if length >= least && length <= most && patterns.iter().all(|each| self.matches(each, &text)) {
                    return Some(text);
                }
            }
        }
        None
    }

    /// Generates a text that matches all patterns, with a length within the bounds, in characters.
    ///
    /// The text differs for each `variant` as far as the pattern allows.
    pub(super) fn build(&mut self, patterns: &[&str], least: usize, most: usize, variant: usize) -> Option<String> {
        let usual = if variant > 0 { self.build(patterns, least, most, 0) } else { None };
        let tries = ChoiceStrategy::all(variant);
        if let Some(text) = self.joined(patterns, least, most, variant) {
            return Some(text);
        }
        for pattern in patterns {
            self.steps += pattern.len();
            let structures: Vec<Hir> =
                structure(pattern).into_iter().chain(structure_with_look_behind(pattern)).collect();
            for (hir, choice) in structures.iter().flat_map(|hir| tries.iter().map(move |choice| (hir, choice))) {
                let Some(builder) = part(hir, *choice, least) else { continue };
                let text = builder.padded(least, pattern);
                // An expression that leaves no choice may leave its end open.
                let numbered = (variant > 0).then(|| format!("{text}{variant}"));
                for text in numbered.into_iter().chain([text]) {
                    self.steps += 1 + text.len() / BYTES_A_STEP;
                    let length = text.chars().count();
                    let is_within = length >= least && length <= most;
                    if is_within
                        && usual.as_ref() != Some(&text)
                        && patterns.iter().all(|each| self.matches(each, &text))
                    {
                        return Some(text);
                    }
                }
            }
        }
        // There may be but one.
        usual
    }
}

/// Generates a text for an expression by a strategy.
fn part(hir: &Hir, choice: ChoiceStrategy, least: usize) -> Option<Builder> {
    let mut builder = Builder { text: String::new(), length: 0, missing: least, choice };
    builder.add(hir).is_ok().then_some(builder)
}

/// Lists the orders of so many parts.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let mut orders = vec![Vec::new()];
    for _ in 0..count {
        let longer = |order: &Vec<usize>| {
            let order = order.clone();
            (0..count).filter(|at| !order.contains(at)).map(|at| [order.as_slice(), &[at]].concat()).collect::<Vec<_>>()
        };
        orders = orders.iter().flat_map(longer).collect();
    }
    orders
}

/// True if a pattern can be compiled.
pub(super) fn is_usable(pattern: &str) -> bool {
    compile(pattern).is_some()
}

/// True if a pattern has the syntax of a regular expression, whether or not it is small enough to be compiled.
pub(crate) fn is_regular_expression(pattern: &str) -> bool {
    translated_pattern(pattern).is_some_and(|translated| fancy_regex::Expr::parse_tree(&translated).is_ok())
}

/// A compiled pattern.
#[derive(Debug)]
enum CompiledPattern {
    /// `^X{m,n}$` for a class `X`, whose characters are counted: an expression has a copy of the class for each.
    Repeated(RepeatedClass),
    Expression(Regex),
}

impl CompiledPattern {
    /// True if it matches a text; `None` if that takes too long.
    fn is_match(&self, text: &str) -> Option<bool> {
        match self {
            Self::Repeated(class) => Some(class.is_match(text)),
            Self::Expression(regex) => regex.is_match(text).ok(),
        }
    }
}

fn compile(pattern: &str) -> Option<CompiledPattern> {
    let translated = translated_pattern(pattern).filter(|_| pattern.len() <= LONGEST_PATTERN)?;
    if let Some(class) = RepeatedClass::from_translated(&translated) {
        return Some(CompiledPattern::Repeated(class));
    }
    RegexBuilder::new(&translated)
        .backtrack_limit(MOST_STEPS)
        .delegate_size_limit(1 << 20)
        .delegate_dfa_size_limit(1 << 20)
        .build()
        .ok()
        .map(CompiledPattern::Expression)
}

fn structure(pattern: &str) -> Option<Hir> {
    let translated = translated_pattern(pattern).filter(|_| pattern.len() <= LONGEST_PATTERN)?;
    parsed(&without_look_around(&translated))
}

fn structure_with_look_behind(pattern: &str) -> Option<Hir> {
    let translated = translated_pattern(pattern).filter(|_| pattern.len() <= LONGEST_PATTERN)?;
    parsed(&with_look_behind(&translated)?)
}

fn parsed(plain: &str) -> Option<Hir> {
    regex_syntax::ParserBuilder::new().nest_limit(100).build().parse(&with_groups_repeated(plain)).ok()
}

/// Returns the approximate number of states of an expression, which is also the cost of compiling it.
fn size(hir: &Hir) -> usize {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(Class::Unicode(class)) => class.ranges().len(),
        HirKind::Class(Class::Bytes(class)) => class.ranges().len(),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min).max(repetition.min).max(1);
            size(&repetition.sub).saturating_mul(times as usize)
        }
        HirKind::Capture(capture) => size(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().fold(1, |sum: usize, part| sum.saturating_add(size(part)))
        }
    }
    .min(LARGEST)
}

/// A strategy for the choices that an expression leaves open.
#[derive(Debug, Clone, Copy)]
struct ChoiceStrategy {
    /// Letters to use in turn where they are allowed.
    letters: &'static str,
    /// The alternative to take.
    alternative: usize,
    /// An offset into the letters, for a different text.
    shift: usize,
    /// True if repetitions fill up the missing length; false for the minimum.
    fills: bool,
}

impl ChoiceStrategy {
    fn all(variant: usize) -> Vec<Self> {
        let mut choices = Vec::new();
        for letters in ["a", "A", "0", "aA0!", "A0a-", "abcdefghijklmnopqrstuvwxyz", "0123456789"] {
            for alternative in 0..4 {
                for fills in [true, false] {
                    choices.push(Self { letters, alternative: alternative + variant, shift: variant, fills });
                }
            }
        }
        if variant > 0 {
            choices.sort_by_key(|choice| choice.letters.len() < 10);
        }
        choices
    }
}

/// The error for a text that became too long.
struct TooLong;

struct Builder {
    text: String,
    length: usize,
    missing: usize,
    choice: ChoiceStrategy,
}

impl Builder {
    fn add(&mut self, hir: &Hir) -> Result<(), TooLong> {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => Ok(()),
            HirKind::Literal(literal) => {
                let text = String::from_utf8_lossy(&literal.0).into_owned();
                text.chars().try_for_each(|each| self.push(each))
            }
            HirKind::Class(class) => {
                let letter = self.letter(class).ok_or(TooLong)?;
                self.push(letter)
            }
            HirKind::Repetition(repetition) => {
                let most = repetition.max.map_or(usize::MAX, |most| most as usize);
                let mut count = 0;
                while count < repetition.min as usize {
                    self.add(&repetition.sub)?;
                    count += 1;
                }
                let never_empty = repetition.sub.properties().minimum_len().is_some_and(|least| least > 0);
                while self.choice.fills && never_empty && self.length < self.missing && count < most {
                    self.add(&repetition.sub)?;
                    count += 1;
                }
                Ok(())
            }
            HirKind::Capture(capture) => self.add(&capture.sub),
            HirKind::Concat(parts) => {
                let total = self.missing;
                for (index, part) in parts.iter().enumerate() {
                    let rest = parts.iter().skip(index + 1);
                    let after: usize = rest.filter_map(|part| part.properties().minimum_len()).sum();
                    self.missing = total.saturating_sub(after);
                    self.add(part)?;
                }
                self.missing = total;
                Ok(())
            }
            HirKind::Alternation(parts) => {
                let index = self.choice.alternative.checked_rem(parts.len()).unwrap_or(0);
                parts.get(index).map_or(Ok(()), |part| self.add(part))
            }
        }
    }

    fn push(&mut self, letter: char) -> Result<(), TooLong> {
        if self.length >= LONGEST_TEXT {
            return Err(TooLong);
        }
        self.text.push(letter);
        self.length += 1;
        Ok(())
    }

    /// Picks a letter of a class: the next in turn, else a printable one, else the first.
    fn letter(&self, class: &Class) -> Option<char> {
        let ranges: Vec<(char, char)> = match class {
            Class::Unicode(class) => class.iter().map(|range| (range.start(), range.end())).collect(),
            Class::Bytes(class) => class.iter().map(|range| (range.start().into(), range.end().into())).collect(),
        };
        let allowed = |letter: &char| ranges.iter().any(|(start, end)| (start..=end).contains(&letter));
        let turn = self.choice.letters.chars().count();
        let start = if turn > 9 { self.choice.shift / (self.length + 1) } else { 0 };
        let in_turn = self.choice.letters.chars().cycle().skip((self.length + start) % turn.max(1)).take(turn);
        let usual = "aA0 -_.~!@#$%&*+,:;=?/'\"()[]{}<>|^`\\".chars();
        let mut printable = ranges.iter().map(|(start, _)| *start).filter(|letter| !letter.is_control());
        let first = ranges.first().map(|(start, _)| *start);
        in_turn.chain(usual).find(allowed).or_else(|| printable.next()).or(first)
    }

    /// Pads a text that is too short at an end where the pattern is not anchored.
    fn padded(self, least: usize, pattern: &str) -> String {
        let missing = least.saturating_sub(self.length).min(LONGEST_TEXT);
        let letter = self.choice.letters.chars().next().unwrap_or('a').to_string();
        match missing {
            0 => self.text,
            missing if !pattern.ends_with('$') => self.text + &letter.repeat(missing),
            missing => letter.repeat(missing) + &self.text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_compiled_is_bounded() {
        let mut patterns = CompiledPatterns::default();
        let pattern = |index: usize| format!("^[a-z]{{1,300}}{index}$");
        // A pattern that takes long to compile costs steps, once.
        assert!(patterns.is_usable(&pattern(0)) && patterns.taken() > 300 * STEPS_A_STATE);
        assert!(patterns.is_usable(&pattern(0)) && patterns.taken() == 0);
        for index in 0..600 {
            assert!(patterns.matches(&pattern(index), &format!("a{index}")), "{index}");
            assert!(patterns.kept <= MOST_KEPT, "{index}: {} states", patterns.kept);
        }
        assert!((1..400).contains(&patterns.expressions.len()), "{} are kept", patterns.expressions.len());
        // One that was let go is compiled again when it is asked for.
        assert!(!patterns.matches(&pattern(0), "a1") && patterns.matches(&pattern(0), "a0"));
    }
}
