//! The promises, each of which holds in every state.

use super::{NUMBERS, State, Violation, bit};

impl State {
    /// Once the next command has recovered, nothing is left of one that was cut off.
    pub(super) fn check_recovered(&self) -> Result<(), Violation> {
        let reached = self.reached(0) | self.reached(1);
        let left = self.history & !(reached | self.acknowledged | self.excused | self.set_back);
        if left == 0 { Ok(()) } else { Err("recovery removes what was never committed") }
    }

    /// Holds every promise that must hold at any moment.
    pub(super) fn check(&self) -> Result<(), Violation> {
        let reached = self.reached(0) | self.reached(1);
        if self.acknowledged & !self.history != 0 {
            return Err("no acknowledged operation loses its file");
        }
        if self.acknowledged & !(reached | self.set_back) != 0 {
            return Err("every acknowledged operation is in the history of an entry");
        }
        for file in self.files.iter().filter(|file| file.operation != 0) {
            if self.history & bit(file.operation) == 0 {
                return Err("an entry's operation has its file");
            }
            let operation = self.operations[usize::from(file.operation)];
            let bytes = self.frozen[usize::from(operation.version)];
            // Deleted on one branch and put in force on another: `verify` names it, and no order of locks prevents it.
            let is_named = self.deleted[usize::from(operation.version)] == operation.bytes
                && self.remote_history & bit(file.operation) != 0;
            if operation.version != 0 && bytes != operation.bytes && !is_named {
                return Err("a live version keeps its bytes");
            }
        }
        if self.settings != self.written {
            return Err("no edit of the settings is lost");
        }
        let came_back = |number: &usize| {
            let (deleted, bytes) = (self.deleted[*number], self.frozen[*number]);
            deleted != 0 && bytes != 0 && bytes != deleted
        };
        if (0..NUMBERS).any(|number| came_back(&number)) {
            return Err("a deleted number never comes back with other bytes");
        }
        Ok(())
    }
}
