//! Manages which version of which API group is live in which environment, as plain files.

mod cli;

pub mod check;
pub mod definition;
pub mod gateway;
pub mod model;
pub mod plan;
pub mod workspace;

pub use cli::{Process, complete, run};
