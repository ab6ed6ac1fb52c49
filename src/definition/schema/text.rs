//! Generation of texts with a given format, pattern and length.

use serde_json::Value;

use super::format;
use super::pattern::CompiledPatterns;
use super::shape::{SchemaShape, count, is_annotation};
use crate::definition::document::Node;

/// The number of words tried after one that a negation forbids.
const NEXT_WORDS: usize = 2;
/// The maximum length of a generated text, in characters.
const LONGEST: usize = 100_000;
/// The maximum length of a text that is completed to one of a format, in characters, and of samples that complete it.
const LONGEST_CORE: usize = 200;
const MOST_SAMPLES: usize = 8;

/// The demands on a text.
struct TextDemands<'d> {
    least: usize,
    most: usize,
    expressions: Vec<&'d str>,
    negated: Vec<Node<'d>>,
}

impl TextDemands<'_> {
    fn are_met(&self, text: &str, patterns: &mut CompiledPatterns) -> bool {
        let length = text.chars().count();
        length >= self.least
            && length <= self.most
            && self.expressions.iter().all(|each| patterns.matches(each, text))
            && !self.negated.iter().any(|not| meets(text, length, *not, patterns))
    }

    /// Generates a text of a format.
    fn formatted(&self, format: &str, variant: usize, patterns: &mut CompiledPatterns) -> Option<String> {
        let text = format::text(format, variant)?;
        if self.are_met(&text, patterns) {
            return Some(text);
        }
        if let Some(short) = format::short_text(format).filter(|short| variant == 0 && self.are_met(short, patterns)) {
            return Some(short.to_owned());
        }
        let missing = self.least.checked_sub(text.chars().count()).filter(|missing| *missing > 0);
        let longer = missing.and_then(|missing| format::lengthened(format, &text, missing));
        if let Some(longer) = longer.filter(|text| self.are_met(text, patterns)) {
            return Some(longer);
        }
        let others = format::other_texts(format);
        if let Some(other) = others.iter().filter(|text| self.are_met(text, patterns)).nth(variant) {
            return Some(other.clone());
        }
        self.completed(format, &[vec![text], others].concat(), variant, patterns)
    }

    /// Completes a text that matches the patterns, which may be open at an end, with a part of a sample of the format.
    fn completed(
        &self,
        format: &str,
        samples: &[String],
        variant: usize,
        patterns: &mut CompiledPatterns,
    ) -> Option<String> {
        if self.expressions.is_empty() {
            return None;
        }
        let core = patterns.build(&self.expressions, 0, LONGEST_CORE, 0)?;
        let parts = samples.iter().take(MOST_SAMPLES).filter(|sample| sample.is_ascii()).flat_map(|sample| {
            let halves = (0..=sample.len()).filter_map(|at| sample.split_at_checked(at));
            halves.flat_map(|(start, end)| [format!("{core}{end}"), format!("{start}{core}")])
        });
        let mut fits =
            |text: &String| self.are_met(text, patterns) && patterns.is_format(format, &Value::String(text.clone()));
        parts.filter(|text| fits(text)).nth(variant)
    }
}

/// Generates a text that fits all schemas and no negated one, a different one for each `variant`.
pub(super) fn build(
    shape: &SchemaShape<'_>,
    negated: &[Node<'_>],
    variant: usize,
    patterns: &mut CompiledPatterns,
) -> Option<String> {
    let least = shape.at_least("minLength");
    let most = shape.at_most("maxLength").unwrap_or(usize::MAX);
    if least > most || least > LONGEST {
        return None;
    }
    let expressions: Vec<&str> = shape.keyword("pattern").filter_map(Node::as_str).collect();
    let negated: Vec<Node<'_>> = negated.iter().copied().filter(|not| is_textual(*not)).collect();
    let formats: Vec<&str> = shape.keyword("format").filter_map(Node::as_str).collect();
    let demands = TextDemands { least, most, expressions, negated };
    let format = formats.first().copied().or_else(|| encoding(shape));
    if let Some(text) = format.and_then(|format| demands.formatted(format, variant, patterns)) {
        return Some(text);
    }
    let plain = plain(variant, least, most);
    if demands.are_met(&plain, patterns) {
        return Some(plain);
    }
    // A negation may leave the next word, which people read more easily than letters in a row.
    let words = variant + 1..variant + 1 + if demands.negated.is_empty() { 0 } else { NEXT_WORDS };
    let mut words = words.map(|variant| self::plain(variant, least, most));
    if let Some(word) = words.find(|text| demands.are_met(text, patterns)) {
        return Some(word);
    }
    let other = others(&demands.negated, least, most).filter(|text| demands.are_met(text, patterns)).nth(variant);
    other.or_else(|| patterns.build(&demands.expressions, least, most, variant))
}

/// True if it is a schema that says of a text all that it says.
fn is_textual(schema: Node<'_>) -> bool {
    const KEYWORDS: [&str; 7] = ["type", "enum", "const", "pattern", "format", "minLength", "maxLength"];
    schema.is_object() && schema.entries().all(|(name, _)| KEYWORDS.contains(&name) || is_annotation(name))
}

/// True if a text is valid against such a schema.
fn meets(text: &str, length: usize, schema: Node<'_>, patterns: &mut CompiledPatterns) -> bool {
    let mut types = schema
        .get("type")
        .into_iter()
        .flat_map(|node| node.as_str().into_iter().chain(node.items().filter_map(Node::as_str)));
    let is_text = |node: Node<'_>| node.as_str() == Some(text);
    (schema.get("type").is_none() || types.any(|name| name == "string"))
        && schema.get("enum").is_none_or(|list| list.items().any(is_text))
        && schema.get("const").is_none_or(is_text)
        && schema
            .get("format")
            .and_then(Node::as_str)
            .is_none_or(|format| patterns.is_format(format, &Value::String(text.to_owned())))
        && schema.get("minLength").and_then(count).is_none_or(|least| length >= least)
        && schema.get("maxLength").and_then(count).is_none_or(|most| length <= most)
        && schema.get("pattern").and_then(Node::as_str).is_none_or(|pattern| patterns.matches(pattern, text))
}

/// Iterates over texts of other letters and lengths, for schemas that say what a text is not.
fn others(negated: &[Node<'_>], least: usize, most: usize) -> impl Iterator<Item = String> {
    let bounds = negated.iter().flat_map(|not| {
        let below = not.get("minLength").and_then(count).and_then(|least| least.checked_sub(1));
        let above = not.get("maxLength").and_then(count).and_then(|most| most.checked_add(1));
        below.into_iter().chain(above)
    });
    let mut lengths: Vec<usize> = bounds
        .chain([6, 1, 0])
        .map(|length| length.clamp(least, most.max(least)))
        .filter(|length| *length <= LONGEST)
        .collect();
    lengths.dedup();
    let letters = if negated.is_empty() { &[][..] } else { &['a', 'A', '0', '-', ' ', 'é'][..] };
    lengths
        .into_iter()
        .flat_map(move |length| letters.iter().map(move |letter| std::iter::repeat_n(*letter, length).collect()))
}

/// Returns an encoding of OpenAPI 3.1 as the equivalent format of 3.0.
fn encoding<'d>(shape: &SchemaShape<'d>) -> Option<&'d str> {
    let mut encodings = shape.keyword("contentEncoding").filter_map(Node::as_str);
    encodings.find(|encoding| encoding.starts_with("base64"))
}

/// Generates a text of plain words within the bounds.
fn plain(variant: usize, least: usize, most: usize) -> String {
    let word = if variant == 0 { "string".to_owned() } else { format!("string{variant}") };
    let length = word.len().clamp(least, most.max(least));
    let text: String = word.chars().cycle().take(length).collect();
    if variant > 0 && length < word.len() {
        // A truncated text keeps its distinguishing part, the end of the number.
        return letters(variant, length);
    }
    text
}

fn letters(mut number: usize, length: usize) -> String {
    let mut letters = vec!['a'; length];
    for letter in letters.iter_mut().rev() {
        let digit = u32::try_from(number % 36).unwrap_or(0);
        *letter = char::from_digit(digit, 36).unwrap_or('a');
        number /= 36;
    }
    letters.into_iter().collect()
}
