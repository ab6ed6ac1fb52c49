//! Limits of the work on one encoded value.

/// The remaining budget for serialization.
#[derive(Debug, Clone, Copy)]
pub(super) struct EncodingBudget {
    /// Steps for choosing the alternative of a schema that a value matches.
    pub(super) steps: usize,
    /// Bytes of output.
    pub(super) bytes: usize,
}
