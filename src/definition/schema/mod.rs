//! Schemas: validation, generation of sample values, conversion to plain JSON Schema.

mod choice;
mod collection;
mod dialect;
mod direction;
mod ecma;
mod equality;
mod expression;
mod fits;
mod format;
mod goal;
mod json_schema;
pub(in crate::definition) mod number;
mod pattern;
mod sample;
mod shape;
mod text;
pub(in crate::definition) mod types;
mod unsent;

pub(crate) use dialect::foreign_construct;
pub use direction::ValueDirection;
pub(crate) use ecma::legacy_construct;
pub(super) use ecma::translated_pattern;
pub(super) use expression::{LOOK_AROUND, group_length, syntax_characters};
pub(super) use fits::{FitTerms, fits};
pub(super) use goal::SampleFailure;
pub(crate) use pattern::{CompiledPatterns, is_regular_expression};
pub(super) use sample::Sampler;
pub(crate) use shape::SchemaShape;
pub(crate) use types::{TypeSet, is_nullable};

#[cfg(test)]
mod tests;
