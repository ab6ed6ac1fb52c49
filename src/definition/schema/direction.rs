//! The direction in which a value travels.

/// The direction of a value, which decides which properties may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueDirection {
    /// From the caller to the API; read-only properties may be missing.
    Request,
    /// From the API to the caller; write-only properties may be missing.
    Response,
}
