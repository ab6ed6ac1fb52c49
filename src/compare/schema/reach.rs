//! Walks from an API's schemas to the changes that they reach; the shortest route gives a change its path.

use super::context::PairId;
use super::table::SchemaTable;
use crate::compare::comparison::ApiName;
use crate::compare::kinds::Compatibility;
use crate::compare::output::ChangeOutput;
use crate::definition::NodeSet;

/// A path with more steps is written without those in its middle.
const MOST_STEPS_SHOWN: usize = 40;

/// A pair on the way from an API's schema, and the pair and step that it was reached by.
#[derive(Clone, Copy)]
struct PairVisit {
    pair: PairId,
    from: Option<(usize, usize)>,
}

impl SchemaTable<'_> {
    /// Writes the changes that a pair leads to, unless they are written for this API already.
    pub(in crate::compare) fn write(
        &mut self,
        root: PairId,
        path: &str,
        api: Option<&ApiName>,
        output: &mut ChangeOutput,
    ) {
        let mut visits = vec![PairVisit { pair: root, from: None }];
        let mut at = 0;
        while let Some(PairVisit { pair: id, .. }) = visits.get(at).copied() {
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
                    visits.push(PairVisit { pair: *next, from: Some((current, step)) });
                }
            }
        }
    }

    /// Returns the path and the message of each breaking change that a pair leads to.
    pub(in crate::compare) fn breaking(&mut self, root: PairId, path: &str) -> Vec<(String, String)> {
        let mut visits = vec![PairVisit { pair: root, from: None }];
        let mut seen: NodeSet<PairId> = NodeSet::default();
        let (mut at, mut breaking) = (0, Vec::new());
        while let Some(PairVisit { pair: id, .. }) = visits.get(at).copied() {
            let current = at;
            at += 1;
            let Some(pair) = self.pairs.get(id.index()).filter(|pair| pair.leads_to_change) else { continue };
            let Some(left) = self.steps_to_write.checked_sub(1 + pair.leads_to.len()) else {
                self.incomplete = true;
                return breaking;
            };
            self.steps_to_write = left;
            if !seen.insert(id) {
                continue;
            }
            let here = pair.found.iter().filter(|found| found.compatibility == Compatibility::Breaking);
            breaking.extend(here.map(|found| (self.path_of(&visits, current, path), found.message.clone())));
            visits.extend((0..pair.leads_to.len()).filter_map(|step| {
                let (_, next) = pair.leads_to.get(step)?;
                Some(PairVisit { pair: *next, from: Some((current, step)) })
            }));
        }
        breaking
    }

    /// Marks the pairs from which a change can be reached.
    pub(super) fn mark(&mut self) {
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
    fn path_of(&self, visits: &[PairVisit], at: usize, root: &str) -> String {
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
