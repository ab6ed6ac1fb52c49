//! Manages which version of which API group is live in which environment, as plain files.

pub mod definition;
pub mod model;
