//! Documents and SDKs for callers: one pure model of a definition's operations, and all that is generated from it.
//!
//! - [`model`]: the operations of a version with their types, as readers and generators need them
//! - [`sdk`]: packages in the callers' languages
//! - [`mod@reference`]: pages of the documentation
//!
//! Nothing here does I/O: what is generated is handed on as file names with bytes.

mod file;
pub mod model;
pub mod reference;
pub mod sdk;

pub use file::{GeneratedFile, checksums};
