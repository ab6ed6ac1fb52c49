//! The ways of operations through Git: pulls, conflicts, and what was built upon what.

use super::{Id, Ids, Operation, State, bit};
use crate::rules::Rule;

impl State {
    /// Git, or `git clean`, takes away what tells an operation that was cut off from one that was committed.
    pub(super) fn excuse(&mut self) {
        self.excused |= self.history & !self.acknowledged;
        self.excused |= self.workers.iter().flatten().fold(0, |ids, worker| ids | bit(worker.operation)) & !1;
    }

    pub(super) fn pull(&mut self) {
        self.budget.pulls -= 1;
        self.history |= self.remote_history & !self.removed;
        self.excuse();
        for environment in [0_u8, 1] {
            let ours = self.files[usize::from(environment)].operation;
            let theirs = self.remote[usize::from(environment)];
            if self.leads(theirs, ours) && theirs != ours {
                self.replace_file(environment, theirs, 0);
            } else if !self.leads(ours, theirs) {
                self.replace_file(environment, ours, theirs);
            }
        }
        let live = self.reached(0) | self.reached(1);
        self.acknowledged |= live & self.remote_history & !1;
    }

    pub(super) fn resolve(&mut self, environment: u8, rule: Option<Rule>) {
        let file = self.files[usize::from(environment)];
        let merged = if rule == Some(Rule::ForgetOtherSide) { 0 } else { file.theirs };
        let kept = self.operations[usize::from(file.operation)];
        let id = self.new_operation(Operation { environment, before: file.operation, merged, ..kept });
        self.history |= bit(id);
        self.acknowledged |= bit(id);
        self.replace_file(environment, id, 0);
    }

    pub(super) fn is_behind(&self) -> bool {
        let is_newer = |environment: usize| {
            let (ours, theirs) = (self.files[environment].operation, self.remote[environment]);
            theirs != ours && !self.leads(ours, theirs)
        };
        is_newer(0) || is_newer(1)
    }

    /// True if an operation was built upon another, or is it.
    pub(super) fn leads(&self, from: Id, to: Id) -> bool {
        to == 0 || self.ancestors(from) & bit(to) != 0
    }

    pub(super) fn ancestors(&self, id: Id) -> Ids {
        if id == 0 {
            return 0;
        }
        let operation = self.operations[usize::from(id)];
        bit(id) | self.ancestors(operation.before) | self.ancestors(operation.merged)
    }

    pub(super) fn reached(&self, environment: u8) -> Ids {
        let file = self.files[usize::from(environment)];
        self.ancestors(file.operation) | self.ancestors(file.theirs)
    }
}
