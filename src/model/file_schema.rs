//! The schema of the files that apigw writes.

/// The schema number in every file that this release of apigw writes.
pub const SCHEMA: u32 = 1;
