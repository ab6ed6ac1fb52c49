//! Compares schemas: all pairs that two definitions bring together, each once for each direction.
//!
//! What is compared are sets of schemas that apply to one value together, as `allOf` and `$ref` bring them
//! together; [`view`] opens them. A pair of sets has its own changes, and leads to the pairs of what it holds:
//! properties, items, alternatives. So the pairs form a graph, in which a schema that holds itself is a circle and
//! not an endless tree. First all pairs are found and compared, then [`Schemas::write`] goes from an API's schemas
//! to the changes that it reaches; the shortest way gives a change its path.

mod bounds;
mod choice;
mod object;
mod pair;
mod sets;
mod types;
mod view;

use std::fmt;

use super::ApiName;
use super::fingerprint::Fingerprints;
use super::kinds::Polarity;
use super::output::{Found, Output};
use crate::definition::{Definition, Direction, NodeId, NodeMap};
use sets::{SetId, Sets};
use types::Types;
use view::View;

/// How far schemas are unfolded before the comparison says that it is incomplete.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// No more pairs of schemas are compared.
    pub(super) pairs: usize,
    /// No more schemas and properties are looked at, counted each time.
    pub(super) steps: usize,
}

impl Limits {
    /// More than definitions of 10,000 APIs need, and little enough for an answer within two seconds.
    pub(super) const USUAL: Self = Self { pairs: 250_000, steps: 4_000_000 };
}

/// A path with more steps is written without those in its middle.
const MOST_STEPS_SHOWN: usize = 40;

/// A pair of sets of schemas that was, or will be, compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct PairId(u32);

/// How a pair came about; it decides what a change of it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Context {
    direction: Direction,
    polarity: Polarity,
    /// Whether values are written as text, in which a number is a text as well.
    text: bool,
    /// Whether it was said already what becomes of `null`.
    null_told: bool,
}

/// A step from a value to one that it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step<'d> {
    Property(&'d str),
    Items,
    Item(usize),
    /// Properties that are not declared.
    Others,
    Pattern(&'d str),
    Alternative(&'static str, usize),
    Keyword(&'static str),
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Property(name) => write!(formatter, "/{name}"),
            Self::Items => formatter.write_str("[]"),
            Self::Item(index) => write!(formatter, "[{index}]"),
            Self::Others => formatter.write_str("/*"),
            Self::Pattern(pattern) => write!(formatter, "/({pattern})"),
            Self::Alternative(keyword, index) => write!(formatter, "({keyword} {})", index + 1),
            Self::Keyword(keyword) => write!(formatter, "({keyword})"),
        }
    }
}

struct Pair<'d> {
    before: SetId,
    after: SetId,
    context: Context,
    found: Box<[Found]>,
    leads_to: Box<[(Step<'d>, PairId)]>,
    /// Whether a change can be reached from here.
    leads_to_change: bool,
    /// The last API whose changes were written from here.
    written_for: usize,
}

/// All that is known of the schemas of two definitions.
pub(super) struct Schemas<'d> {
    before: Sets<'d>,
    after: Sets<'d>,
    pairs: Vec<Pair<'d>>,
    known: NodeMap<(SetId, SetId, Context), PairId>,
    compared: usize,
    most_pairs: usize,
    steps_left: usize,
    steps_to_write: usize,
    incomplete: bool,
    api: usize,
}

impl<'d> Schemas<'d> {
    pub(super) fn new(before: &'d Definition, after: &'d Definition, limits: Limits) -> Self {
        Self {
            before: Sets::new(before),
            after: Sets::new(after),
            pairs: Vec::new(),
            known: NodeMap::default(),
            compared: 0,
            most_pairs: limits.pairs,
            steps_left: limits.steps,
            steps_to_write: limits.steps,
            incomplete: false,
            api: 1,
        }
    }

    /// Returns what is known of the values of both sides.
    pub(super) fn fingerprints(&mut self) -> (&mut Fingerprints, &mut Fingerprints) {
        (&mut self.before.fingerprints, &mut self.after.fingerprints)
    }

    /// Brings two schemas together; `None` where neither side has one.
    pub(super) fn pair(
        &mut self,
        before: Option<NodeId>,
        after: Option<NodeId>,
        direction: Direction,
    ) -> Option<PairId> {
        self.root(before, after, Context { direction, polarity: Polarity::Same, text: false, null_told: false })
    }

    /// Brings two schemas of values together that are written as text.
    pub(super) fn text_pair(
        &mut self,
        before: Option<NodeId>,
        after: Option<NodeId>,
        direction: Direction,
    ) -> Option<PairId> {
        self.root(before, after, Context { direction, polarity: Polarity::Same, text: true, null_told: false })
    }

    /// Tells whether a value can be a list or an object on either side.
    pub(super) fn is_structured(&mut self, before: Option<NodeId>, after: Option<NodeId>) -> bool {
        let structured = Types::ARRAY.either(Types::OBJECT);
        let before: Vec<NodeId> = before.into_iter().collect();
        let after: Vec<NodeId> = after.into_iter().collect();
        let mut steps = self.steps_left;
        let before = View::open(self.before.definition, &before, &mut steps).types;
        let after = View::open(self.after.definition, &after, &mut steps).types;
        self.steps_left = steps;
        before.meets(structured) || after.meets(structured)
    }

    /// Compares all pairs that were brought together, and those that they lead to.
    pub(super) fn finish(&mut self) {
        while self.compared < self.pairs.len() {
            pair::compare(self, PairId(u32::try_from(self.compared).unwrap_or(u32::MAX)));
            self.compared += 1;
        }
        self.incomplete |= self.steps_left == 0;
        // Nothing is brought together any more, and what remains to be done takes room itself.
        self.known = NodeMap::default();
        self.before.forget();
        self.after.forget();
        self.mark();
    }

    /// Writes the changes that a pair leads to, unless they are written for this API already.
    pub(super) fn write(&mut self, root: PairId, path: &str, api: Option<&ApiName>, output: &mut Output) {
        let mut visits = vec![Visit { pair: root, from: None }];
        let mut at = 0;
        while let Some(Visit { pair: id, .. }) = visits.get(at).copied() {
            let current = at;
            at += 1;
            let Some(pair) = self.pairs.get_mut(id.index()) else { continue };
            if pair.written_for == self.api || !pair.leads_to_change {
                continue;
            }
            pair.written_for = self.api;
            let Some(left) = self.steps_to_write.checked_sub(1 + pair.leads_to.len()) else {
                self.incomplete = true;
                return;
            };
            self.steps_to_write = left;
            let Some(pair) = self.pairs.get(id.index()) else { continue };
            if !pair.found.is_empty() {
                let path = self.path_of(&visits, current, path);
                for found in &pair.found {
                    output.add(found.clone(), &path, api);
                }
            }
            for (step, (_, next)) in pair.leads_to.iter().enumerate() {
                let next_pair = self.pairs.get(next.index());
                if next_pair.is_some_and(|next| next.leads_to_change && next.written_for != self.api) {
                    visits.push(Visit { pair: *next, from: Some((current, step)) });
                }
            }
        }
    }

    /// Begins the next API: what it reaches is written anew.
    pub(super) fn next_api(&mut self) {
        self.api += 1;
    }

    /// Tells whether a bound was hit.
    pub(super) fn is_incomplete(&self) -> bool {
        self.incomplete
    }

    fn root(&mut self, before: Option<NodeId>, after: Option<NodeId>, context: Context) -> Option<PairId> {
        if before.is_none() && after.is_none() {
            return None;
        }
        self.meet(before.into_iter().collect(), after.into_iter().collect(), context)
    }

    /// Brings two sets together; `None` where there is nothing to find, or there are too many pairs already.
    fn meet(&mut self, before: Vec<NodeId>, after: Vec<NodeId>, context: Context) -> Option<PairId> {
        if self.are_the_same(&before, &after) {
            return None;
        }
        let (before, after) = (self.before.number(before), self.after.number(after));
        if let Some(known) = self.known.get(&(before, after, context)) {
            return Some(*known);
        }
        let id = u32::try_from(self.pairs.len()).ok().filter(|_| self.pairs.len() < self.most_pairs).map(PairId);
        let Some(id) = id else {
            self.incomplete = true;
            return None;
        };
        self.pairs.push(Pair {
            before,
            after,
            context,
            found: Box::default(),
            leads_to: Box::default(),
            leads_to_change: false,
            written_for: 0,
        });
        self.known.insert((before, after, context), id);
        Some(id)
    }

    /// Tells at once that two schemas are written alike, where neither refers to another one.
    fn are_the_same(&mut self, before: &[NodeId], after: &[NodeId]) -> bool {
        let (old, new) = (&mut self.before, &mut self.after);
        let ([one], [other]) = (before, after) else { return false };
        if old.definition.specification != new.definition.specification {
            return false;
        }
        let number = old.fingerprints.of_closed(old.definition.node(*one));
        number.is_some() && number == new.fingerprints.of_closed(new.definition.node(*other))
    }

    /// Marks the pairs from which a change can be reached.
    fn mark(&mut self) {
        // For each pair the last of the ways that lead to it, and for each way the one before.
        let mut last: Vec<Option<usize>> = vec![None; self.pairs.len()];
        let mut ways: Vec<(PairId, Option<usize>)> = Vec::new();
        let mut pending: Vec<PairId> = Vec::new();
        for (index, pair) in self.pairs.iter().enumerate() {
            let id = PairId(u32::try_from(index).unwrap_or(u32::MAX));
            for (_, next) in &pair.leads_to {
                if let Some(last) = last.get_mut(next.index()) {
                    ways.push((id, last.replace(ways.len())));
                }
            }
            if !pair.found.is_empty() {
                pending.push(id);
            }
        }
        while let Some(id) = pending.pop() {
            let Some(pair) = self.pairs.get_mut(id.index()).filter(|pair| !pair.leads_to_change) else { continue };
            pair.leads_to_change = true;
            let mut way = last.get(id.index()).copied().flatten();
            while let Some((source, before)) = way.and_then(|way| ways.get(way)) {
                pending.push(*source);
                way = *before;
            }
        }
    }

    /// Writes the way from an API's schema to a pair.
    fn path_of(&self, visits: &[Visit], at: usize, root: &str) -> String {
        let mut steps: Vec<String> = Vec::new();
        let mut from = visits.get(at).and_then(|visit| visit.from);
        while let Some((source, step)) = from {
            let Some(visit) = visits.get(source) else { break };
            let taken = self.pairs.get(visit.pair.index()).and_then(|pair| pair.leads_to.get(step));
            steps.extend(taken.map(|(step, _)| step.to_string()));
            from = visit.from;
        }
        if steps.is_empty() {
            return root.to_owned();
        }
        if steps.len() > MOST_STEPS_SHOWN {
            let middle = MOST_STEPS_SHOWN / 2;
            steps.splice(middle..steps.len() - middle, ["/…".to_owned()]);
        }
        steps.reverse();
        format!("{root} {}", steps.concat())
    }
}

impl PairId {
    fn index(self) -> usize {
        self.0 as usize
    }
}

/// A pair on the way from an API's schema, and the pair and step that it was reached by.
#[derive(Clone, Copy)]
struct Visit {
    pair: PairId,
    from: Option<(usize, usize)>,
}
