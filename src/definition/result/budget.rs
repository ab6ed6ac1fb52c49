//! The budget for building the results of one definition, shared by all its APIs.

use serde_json::Value;

/// The maximum number of steps.
const MOST_STEPS: usize = 4_000_000;
/// The maximum memory of the results, in bytes.
const MOST_BYTES: usize = 64 << 20;
/// The approximate memory of a value beside its texts, in bytes, including its entry in a map.
const BYTES_A_VALUE: usize = 80;
/// The approximate memory of a result beside its body and headers, and of a header beside its texts, in bytes.
const BYTES_A_RESULT: usize = 250;
const BYTES_A_HEADER: usize = 80;

/// The remaining budget. Once exceeded it is empty, so that only the order of requests decides which are refused.
#[derive(Debug, Clone, Copy)]
pub(in crate::definition) struct ResultBudget {
    pub(in crate::definition) steps: usize,
    pub(in crate::definition) bytes: usize,
}

/// The error for an exceeded budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BudgetExceeded;

impl ResultBudget {
    /// The budget of every definition.
    pub(in crate::definition) const USUAL: Self = Self { steps: MOST_STEPS, bytes: MOST_BYTES };

    pub(super) fn take_steps(&mut self, steps: usize) -> Result<(), BudgetExceeded> {
        self.take(steps, 0)
    }

    pub(super) fn take_bytes(&mut self, bytes: usize) -> Result<(), BudgetExceeded> {
        self.take(0, bytes)
    }

    fn take(&mut self, steps: usize, bytes: usize) -> Result<(), BudgetExceeded> {
        let left = (self.steps.checked_sub(steps), self.bytes.checked_sub(bytes));
        if let (Some(steps @ 1..), Some(bytes @ 1..)) = left {
            (self.steps, self.bytes) = (steps, bytes);
            return Ok(());
        }
        (self.steps, self.bytes) = (0, 0);
        Err(BudgetExceeded)
    }
}

/// Returns the approximate memory of a value, in bytes.
pub(super) fn size(value: &Value) -> usize {
    BYTES_A_VALUE
        + match value {
            Value::String(text) => text.len(),
            Value::Array(items) => items.iter().map(size).sum(),
            Value::Object(fields) => fields.iter().map(|(name, value)| name.len() + BYTES_A_VALUE + size(value)).sum(),
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        }
}

/// Returns the approximate memory of a result beside its body, in bytes.
pub(super) fn size_of_result(headers: &[(String, String)]) -> usize {
    headers.iter().map(|(name, value)| BYTES_A_HEADER + name.len() + value.len()).sum::<usize>() + BYTES_A_RESULT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_once_stays_refused() {
        let mut budget = ResultBudget { steps: 10, bytes: 10 };
        assert_eq!((budget.take_steps(4), budget.take_bytes(4)), (Ok(()), Ok(())));
        assert_eq!(budget.take_bytes(7), Err(BudgetExceeded));
        // Once exceeded, the budget refuses even amounts that would have fitted before.
        assert_eq!((budget.take_bytes(1), budget.take_steps(1)), (Err(BudgetExceeded), Err(BudgetExceeded)));
    }
}
