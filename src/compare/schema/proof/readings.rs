//! Texts as values: a text can be read in several ways, of which one has to satisfy the set.

use super::terms::{TermId, ValueTerm};
use super::{DEEPEST, ListWriting, Prover, TypeCase, ValueWriting, keywords};
use crate::definition::{Decimal, TypeSet};

impl<'d> Prover<'_, 'd> {
    /// Returns the limits that are left to a value by its text: an empty list has none, and neither has an empty object
    /// whose properties are texts (RFC 6570, section 3.2.1), unless an empty text is read as them.
    pub(super) fn written_sizes(&mut self, kind: TypeSet) -> Vec<Option<TermId>> {
        let limit = match kind {
            TypeSet::ARRAY if self.rules.writing.is_text() => "minItems",
            TypeSet::OBJECT if self.rules.writing == ValueWriting::Text => "minProperties",
            _ => return vec![None],
        };
        let empty = self.rules.has_empty_text.then(|| Some(self.empty_limit(kind)));
        [Some(self.number(ValueTerm::Limit(limit, Decimal::from(1))))].into_iter().chain(empty).collect()
    }

    fn empty_limit(&mut self, kind: TypeSet) -> TermId {
        let limit = if kind == TypeSet::ARRAY { "maxItems" } else { "maxProperties" };
        self.number(ValueTerm::Limit(limit, Decimal::from(0)))
    }

    /// Tells whether a case lies within a set, by one of the ways in which its text can be read. The whole set is asked
    /// for each of them: one part of it must not hold by the number, and another one by the text.
    pub(super) fn is_read(&mut self, case: &TypeCase<'d>, right: TermId) -> bool {
        let writing = self.rules.writing;
        if writing == ValueWriting::Json {
            return self.follows(case, right);
        }
        let is_scalar = !case.kind.meets(TypeSet::ARRAY.either(TypeSet::OBJECT));
        if is_scalar || self.readers(case.kind, right, 0).is_none_or(|readers| readers > 1) {
            self.rules.writing = ValueWriting::Json;
        }
        let follows = self.follows(case, right);
        self.rules.writing = writing;
        let is_number = case.kind.both(TypeSet::NUMBER.either(TypeSet::BOOLEAN)) == case.kind;
        follows
            || (writing.is_text() && is_number && self.takes_any_text(right, 0))
            || self.reads_otherwise(case, right)
            || self.reads_empty_text(case, right)
            || ((is_scalar || (case.kind == TypeSet::OBJECT && writing == ValueWriting::Field))
                && self.is_read_as_list(case, right))
    }

    /// Tells whether a case whose text is empty lies within a set by another reading of that: nothing, an empty list or
    /// an empty object.
    fn reads_empty_text(&mut self, case: &TypeCase<'d>, right: TermId) -> bool {
        if !self.rules.has_empty_text || !self.rules.writing.is_text() {
            return false;
        }
        let text = self.number(ValueTerm::Text("".into()));
        if case.value == Some(text) {
            return [TypeSet::ARRAY, TypeSet::OBJECT].into_iter().any(|kind| {
                let empty = [self.number(ValueTerm::Kind(kind)), self.empty_limit(kind)];
                self.prove(&empty, Some(right))
            });
        }
        let is_empty = case.kind.meets(TypeSet::ARRAY.either(TypeSet::OBJECT)) && {
            let empty = self.empty_limit(case.kind);
            case.facts.atoms.contains(&empty)
        };
        is_empty && self.prove(&[text], Some(right))
    }

    /// Tells whether a list of the value alone, which is written like it, lies within a set.
    fn is_read_as_list(&mut self, case: &TypeCase<'d>, right: TermId) -> bool {
        let Some(lists) = self.rules.single_lists.filter(|_| self.rules.writing.is_text()) else { return false };
        if case.kind == TypeSet::NULL || !self.is_one_item(case, lists) {
            return false;
        }
        let item = self.left_of(case);
        let list = self.number(ValueTerm::ListOf(item.into()));
        self.rules.single_lists = None;
        let proven = self.prove(&[list], Some(right));
        self.rules.single_lists = Some(lists);
        proven
    }

    /// True if the text of a value is one item of a list, with no separator in it.
    fn is_one_item(&self, case: &TypeCase<'d>, lists: ListWriting) -> bool {
        let text = case.value.map(|value| self.proofs.terms.get(value));
        match (lists, text) {
            (ListWriting::Json, _) => false,
            (ListWriting::Repeated, _) => true,
            (ListWriting::Separated(separator) | ListWriting::Segment(separator), Some(ValueTerm::Text(text))) => {
                !text.contains(separator)
            }
            (ListWriting::Separated(separator) | ListWriting::Segment(separator), _) => match case.kind {
                TypeSet::STRING => false,
                TypeSet::FRACTION => separator != '.',
                _ => true,
            },
        }
    }

    /// Counts the keywords of a set that look at the parts of a list or an object: where there is one, each part can be
    /// read in a way of its own. `None` where one of them depends on how the others are read.
    fn readers(&mut self, kind: TypeSet, right: TermId, nesting: usize) -> Option<usize> {
        if nesting > DEEPEST || !self.take(1) {
            return None;
        }
        match self.term(right) {
            ValueTerm::Schema(..) => {
                let parts = self.proofs.terms.parts(right, &mut self.fingerprints);
                self.readers(kind, parts, nesting + 1)
            }
            ValueTerm::All(parts) => {
                parts.iter().try_fold(0, |sum, part| Some(sum + self.readers(kind, *part, nesting + 1)?))
            }
            ValueTerm::Any(members) => {
                members.iter().try_fold(0, |most, member| Some(self.readers(kind, *member, nesting + 1)?.max(most)))
            }
            ValueTerm::Own(side, schema) => keywords::readers(self.proofs.terms.node(side, schema), kind),
            ValueTerm::Bound(..) => Some(1),
            ValueTerm::Kind(_) | ValueTerm::Has(_) | ValueTerm::Always | ValueTerm::Never | ValueTerm::Unknown => {
                Some(0)
            }
            _ => None,
        }
    }

    /// True if the text that a value is written as can also be read as a value of another type that lies within a set:
    /// `1` is a number and a text, `true` a flag and a text. Both texts of `null` are asked for: nothing, and its name.
    fn reads_otherwise(&mut self, case: &TypeCase<'d>, right: TermId) -> bool {
        let Some(value) = case.value.filter(|_| self.rules.writing.is_text()) else { return false };
        let other = match self.term(value) {
            ValueTerm::Null => {
                return ["", "null"].into_iter().all(|text| {
                    let text = self.number(ValueTerm::Text(text.into()));
                    self.prove(&[text], Some(right))
                });
            }
            ValueTerm::Number(number) => ValueTerm::Text(String::from(number).into()),
            ValueTerm::Flag(flag) => ValueTerm::Text(if flag { "true" } else { "false" }.into()),
            ValueTerm::Text(text) => match text.as_ref() {
                "true" => ValueTerm::Flag(true),
                "false" => ValueTerm::Flag(false),
                "" | "null" => ValueTerm::Null,
                text => match number_in(text) {
                    Some(number) => ValueTerm::Number(number.into()),
                    None => return false,
                },
            },
            _ => return false,
        };
        let other = self.number(other);
        self.prove(&[other], Some(right))
    }

    /// True if each text that a number or a flag can be written as is in a set, read as text.
    fn takes_any_text(&mut self, right: TermId, nesting: usize) -> bool {
        if nesting > DEEPEST {
            return false;
        }
        match self.term(right) {
            ValueTerm::Schema(..) => {
                let parts = self.proofs.terms.parts(right, &mut self.fingerprints);
                self.takes_any_text(parts, nesting + 1)
            }
            ValueTerm::All(parts) => parts.iter().all(|part| self.takes_any_text(*part, nesting + 1)),
            ValueTerm::Any(members) => members.iter().any(|member| self.takes_any_text(*member, nesting + 1)),
            ValueTerm::One(members) => (0..members.len()).any(|index| {
                members.iter().enumerate().all(|(other, member)| {
                    if other == index { self.takes_any_text(*member, nesting + 1) } else { self.takes_no_text(*member) }
                })
            }),
            ValueTerm::Not(refused) => self.takes_no_text(refused),
            ValueTerm::Own(side, schema) => keywords::takes_any_text(self.proofs.terms.node(side, schema)),
            ValueTerm::Always => true,
            _ => false,
        }
    }

    /// True if no text is in a set.
    fn takes_no_text(&mut self, right: TermId) -> bool {
        let text = self.number(ValueTerm::Kind(TypeSet::STRING));
        self.prove_of_value(&[text, right], None)
    }
}

/// Returns the canonical form of the number that a text is.
fn number_in(text: &str) -> Option<String> {
    let is_number = text.starts_with(|first: char| first == '-' || first.is_ascii_digit()) && !text.ends_with(' ');
    let _: serde_json::Number = serde_json::from_str(text).ok().filter(|_| is_number)?;
    Decimal::parse(text).map(|number| number.to_string())
}
