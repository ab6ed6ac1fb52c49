//! Tries the readings of a request until one is valid.
//!
//! Readings multiply: twenty fields with two readings each have a million values. So no list of them is made. The first
//! value takes the likeliest reading of each piece; where it is not valid, its violations name the pieces to read in
//! another way or the constant to be, each alternative of `anyOf` and `oneOf` its own; then single pieces change, one at a time. No value is
//! tried twice. The bound is on the work: at most [`MOST_TRIES`] values, and at most [`MOST_PIECES`] pieces in all of
//! them, whatever the schema and the request are.

use std::collections::{HashSet, VecDeque};

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator};
use serde_json::Value;

use super::piece::{Choice, Piece, Reading};
use super::violations::closest;
use crate::definition::schema::Types;

/// No more values are validated for one parameter or body.
pub(super) const MOST_TRIES: usize = 128;
/// No more pieces are put together in all these values, but for the first few values.
pub(super) const MOST_PIECES: usize = 50_000;
/// So many values are tried, however large they are.
pub(super) const FIRST_TRIES: usize = 3;
/// No more violations of a value are looked at to find another.
const MOST_ERRORS: usize = 1_000;
/// No more alternatives of one combination are followed.
const MOST_ALTERNATIVES: usize = 16;
/// No more choices wait to be tried than this many times those that can be tried.
const MOST_WAITING: usize = 4;

/// How a search ended.
pub(super) struct Outcome {
    /// The valid value, else the closest one.
    pub(super) value: Value,
    pub(super) is_valid: bool,
    /// The number of values that were validated.
    #[cfg_attr(not(test), expect(dead_code, reason = "the tests hold the bound"))]
    pub(super) tries: usize,
}

/// Finds a reading of a piece that is valid.
pub(super) fn search(piece: &mut Piece, validator: &Validator) -> Outcome {
    let count = piece.number_all();
    let mut waiting = Waiting::new((MOST_PIECES / count).clamp(FIRST_TRIES, MOST_TRIES));
    waiting.add(vec![0; count], true);
    let mut best: Option<(usize, Value)> = None;
    let mut tries = 0;
    while let Some(choice) = waiting.next().filter(|_| tries < waiting.most) {
        tries += 1;
        let value = piece.value(&choice);
        if validator.is_valid(&value) {
            return Outcome { value, is_valid: true, tries };
        }
        let errors: Vec<ValidationError<'_>> = validator.iter_errors(&value).take(MOST_ERRORS).collect();
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
    Outcome { value, is_valid: false, tries }
}

/// The choices that are still to be tried.
struct Waiting {
    most: usize,
    seen: HashSet<Choice>,
    directed: VecDeque<Choice>,
    others: VecDeque<Choice>,
}

impl Waiting {
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

/// Proposes the choices that may do better than one with these violations.
fn propose(piece: &Piece, choice: &Choice, errors: &[ValidationError<'_>], waiting: &mut Waiting) {
    let alternatives = errors.iter().map(|error| branches(error).len()).max().unwrap_or_default();
    for alternative in 0..alternatives.clamp(1, MOST_ALTERNATIVES) {
        let mut flat = Vec::new();
        flatten(errors, alternative, &mut flat);
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

/// Returns the violations of each alternative of a combination.
pub(super) fn branches<'e>(error: &'e ValidationError<'_>) -> &'e [Vec<ValidationError<'static>>] {
    match error.kind() {
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => context,
        _ => &[],
    }
}

/// Lists violations with those of one alternative in place of each combination's.
fn flatten<'e>(errors: &'e [ValidationError<'_>], alternative: usize, flat: &mut Vec<&'e ValidationError<'e>>) {
    for error in errors {
        let branches = branches(error);
        match branches.get(alternative % branches.len().max(1)) {
            Some(branch) if flat.len() < MOST_ERRORS => flatten(branch, alternative, flat),
            Some(_) => {}
            None => flat.push(error),
        }
    }
}

/// Lists the constants one of which a value has to be.
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

/// Takes another reading of a piece: one that the violation asks for, else the one `turn` places on.
fn change(piece: &Piece, error: &ValidationError<'_>, turn: usize, choice: &[u8], next: &mut Choice) {
    let count = piece.readings().len();
    if count < 2 {
        return;
    }
    let wanted = |reading: &Reading| match error.kind() {
        ValidationErrorKind::Type { kind } => reading.types().meets(wanted_types(kind)),
        _ => false,
    };
    let current = usize::from(choice.get(piece.number()).copied().unwrap_or_default());
    let found = piece.readings().iter().position(wanted).filter(|found| *found != current && turn == 1);
    set(next, piece, found.unwrap_or((current + turn) % count));
}

fn set(choice: &mut Choice, piece: &Piece, index: usize) {
    if let (Some(slot), Ok(index)) = (choice.get_mut(piece.number()), u8::try_from(index)) {
        *slot = index;
    }
}

fn wanted_types(kind: &TypeKind) -> Types {
    let named = |kind: jsonschema::JsonType| Types::named(&kind.to_string()).unwrap_or(Types::NONE);
    match kind {
        TypeKind::Single(kind) => named(*kind),
        TypeKind::Multiple(kinds) => kinds.iter().map(named).fold(Types::NONE, Types::either),
    }
}

/// Returns the names on the way to the value that a violation is about.
fn path(error: &ValidationError<'_>) -> impl Iterator<Item = String> {
    let text = error.instance_path().as_str().to_owned();
    let names: Vec<String> = text.split('/').skip(1).map(|name| name.replace("~1", "/").replace("~0", "~")).collect();
    names.into_iter()
}
