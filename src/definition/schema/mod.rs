//! Schemas: validation, generation of sample values, conversion to plain JSON Schema.

mod choice;
mod collection;
mod fits;
mod format;
mod json_schema;
mod number;
mod pattern;
mod sample;
mod shape;
mod text;

pub(super) use fits::{FitTerms, fits};
pub use json_schema::Direction;
pub(super) use json_schema::json_schema;
pub(super) use pattern::Patterns;
pub(super) use sample::{Failure, Sampler};
pub(super) use shape::{Shape, Types};

#[cfg(test)]
mod tests;
