//! Tries the readings of a request until one is valid.
//!
//! Readings multiply: twenty fields with two readings each have a million values, so they are not enumerated. The first
//! value takes the likeliest reading of each piece. If it is invalid, its violations indicate the pieces to read
//! differently or the constants to match, separately for each alternative of `anyOf` and `oneOf`; then single pieces
//! are varied. No value is tried twice. The work is bounded by [`MOST_TRIES`] values with [`MOST_PIECES`] pieces in
//! total, for every schema and request.

use std::collections::{HashSet, VecDeque};

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value;

use super::listing::{is_same_tag, with_budget};
use super::piece::{Choice, PieceReading, ValuePiece};
use super::validator::ValueValidator;
use super::violations::branches;
use super::violations::closest;
use crate::definition::schema::types::TypeSet;

/// The maximum number of values validated for one parameter or body.
pub(super) const MOST_TRIES: usize = 128;
/// The maximum number of pieces in all these values, not counting the first few values.
pub(super) const MOST_PIECES: usize = 50_000;
/// The number of values that are tried regardless of their size.
pub(super) const FIRST_TRIES: usize = 3;
/// The maximum number of violations considered for the next value.
const MOST_ERRORS: usize = 1_000;
/// The maximum number of pieces in the choices that one value's violations propose, not counting the first few.
const MOST_PROPOSED: usize = 200_000;
/// The number of violations that are considered regardless of the value's size.
const FIRST_ERRORS: usize = 16;
/// The maximum number of alternatives of one combination.
const MOST_ALTERNATIVES: usize = 16;
/// The maximum number of waiting choices, as a multiple of the number of tries.
const MOST_WAITING: usize = 4;

/// The result of a search.
pub(super) struct SearchOutcome {
    /// The valid value, or else the closest one.
    pub(super) value: Value,
    pub(super) is_valid: bool,
    /// The number of validated values.
    #[cfg_attr(not(test), expect(dead_code, reason = "the tests hold the bound"))]
    pub(super) tries: usize,
}

/// Searches for a valid reading of a piece. The violations of all values that are tried share one budget.
pub(super) fn search(piece: &mut ValuePiece, validator: &ValueValidator) -> SearchOutcome {
    with_budget(|| search_within(piece, validator))
}

fn search_within(piece: &mut ValuePiece, validator: &ValueValidator) -> SearchOutcome {
    let count = piece.number_all();
    let mut waiting = ChoiceQueue::new((MOST_PIECES / count).clamp(FIRST_TRIES, MOST_TRIES));
    waiting.add(vec![0; count], true);
    let mut best: Option<(usize, Value)> = None;
    let mut tries = 0;
    while let Some(choice) = waiting.next().filter(|_| tries < waiting.most) {
        tries += 1;
        let value = piece.value(&choice);
        if validator.is_valid(&value) {
            return SearchOutcome { value, is_valid: true, tries };
        }
        let mut errors = validator.errors(&value);
        errors.truncate(MOST_ERRORS);
        let distance = closest(&errors).len();
        if count > 1 || piece.readings().len() > 1 {
            propose(piece, &choice, &errors, &mut waiting);
        }
        drop(errors);
        if best.as_ref().is_none_or(|(known, _)| distance < *known) {
            best = Some((distance, value));
        }
    }
    let value = best.map(|(_, value)| value).unwrap_or_default();
    SearchOutcome { value, is_valid: false, tries }
}

/// The queue of choices to be tried.
struct ChoiceQueue {
    most: usize,
    seen: HashSet<Choice>,
    directed: VecDeque<Choice>,
    others: VecDeque<Choice>,
}

impl ChoiceQueue {
    fn new(most: usize) -> Self {
        Self { most, seen: HashSet::new(), directed: VecDeque::new(), others: VecDeque::new() }
    }

    fn next(&mut self) -> Option<Choice> {
        self.directed.pop_front().or_else(|| self.others.pop_front())
    }

    fn is_full(&self) -> bool {
        self.seen.len() >= self.most * MOST_WAITING
    }

    fn add(&mut self, choice: Choice, is_directed: bool) {
        if self.is_full() || !self.seen.insert(choice.clone()) {
            return;
        }
        if is_directed { self.directed.push_back(choice) } else { self.others.push_back(choice) }
    }
}

/// Proposes choices that may fix the given violations.
fn propose(piece: &ValuePiece, choice: &Choice, errors: &[ValidationError<'_>], waiting: &mut ChoiceQueue) {
    let most = (MOST_PROPOSED / choice.len().max(1)).clamp(FIRST_ERRORS, MOST_ERRORS);
    let alternatives = errors.iter().map(|error| branches(error).len()).max().unwrap_or_default();
    for alternative in 0..alternatives.clamp(1, MOST_ALTERNATIVES) {
        let mut flat = Vec::new();
        flatten(errors, alternative, most, &mut flat);
        for turn in 1..=2 {
            let mut next = choice.clone();
            for error in &flat {
                change(piece.at(choice, path(error)), error, turn, choice, &mut next);
            }
            waiting.add(next, true);
        }
        for error in &flat {
            for wanted in wanted_values(error) {
                let mut next = choice.clone();
                if piece.at(choice, path(error)).choose(wanted, &mut next) {
                    waiting.add(next, true);
                }
            }
            let mut next = choice.clone();
            change(piece.at(choice, path(error)), error, 1, choice, &mut next);
            waiting.add(next, true);
            if waiting.is_full() {
                return;
            }
        }
    }
    let mut open = Vec::new();
    piece.open(choice, waiting.most, &mut open);
    for piece in open {
        for index in 0..piece.readings().len() {
            let mut next = choice.clone();
            set(&mut next, piece, index);
            waiting.add(next, false);
        }
    }
}

/// Lists at most `most` violations, with each combination replaced by the violations of one alternative.
fn flatten<'e>(
    errors: &'e [ValidationError<'_>],
    alternative: usize,
    most: usize,
    flat: &mut Vec<&'e ValidationError<'e>>,
) {
    for error in errors {
        if flat.len() >= most {
            return;
        }
        let branches = branches(error);
        match branches.get(alternative % branches.len().max(1)) {
            Some(branch) => flatten(branch, alternative, most, flat),
            None if is_same_tag(error) => {}
            None => flat.push(error),
        }
    }
}

/// Lists the constants that a value may equal.
fn wanted_values<'e>(error: &'e ValidationError<'_>) -> &'e [Value] {
    match error.kind() {
        ValidationErrorKind::Constant { expected_value } => std::slice::from_ref(expected_value.as_ref()),
        ValidationErrorKind::Enum { options } => {
            let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
            options.get(..MOST_ALTERNATIVES).unwrap_or(options)
        }
        _ => &[],
    }
}

/// Selects another reading of a piece: one that fixes the violation, or else the one `turn` places further.
fn change(piece: &ValuePiece, error: &ValidationError<'_>, turn: usize, choice: &[u8], next: &mut Choice) {
    let count = piece.readings().len();
    if count < 2 {
        return;
    }
    let wanted = |reading: &PieceReading| match error.kind() {
        ValidationErrorKind::Type { kind } => reading.types().meets(wanted_types(kind)),
        _ => false,
    };
    let current = usize::from(choice.get(piece.number()).copied().unwrap_or_default());
    let found = piece.readings().iter().position(wanted).filter(|found| *found != current && turn == 1);
    set(next, piece, found.unwrap_or((current + turn) % count));
}

fn set(choice: &mut Choice, piece: &ValuePiece, index: usize) {
    if let (Some(slot), Ok(index)) = (choice.get_mut(piece.number()), u8::try_from(index)) {
        *slot = index;
    }
}

fn wanted_types(kind: &TypeKind) -> TypeSet {
    let named = |kind: jsonschema::JsonType| TypeSet::named(&kind.to_string()).unwrap_or(TypeSet::NONE);
    match kind {
        TypeKind::Single(kind) => named(*kind),
        TypeKind::Multiple(kinds) => kinds.iter().map(named).fold(TypeSet::NONE, TypeSet::either),
    }
}

/// Returns the path to the value that a violation is about.
fn path(error: &ValidationError<'_>) -> impl Iterator<Item = String> {
    let text = error.instance_path().as_str().to_owned();
    let names: Vec<String> = text.split('/').skip(1).map(|name| name.replace("~1", "/").replace("~0", "~")).collect();
    names.into_iter()
}
