//! Reads the texts of a request as the values that its schemas describe, by trying the readings that each style allows.
//!
//! A parameter or a field of a form is text; the schema says what it means, and it may say so behind `$ref`, `allOf`,
//! `anyOf`, `oneOf`, `if`, in lists of types, or by `enum` and `const` alone. So this room never asks for *the* type:
//!
//! 1. `notation` takes a text apart as its style says (OpenAPI 3.1.1, "Style Values"), `form` does so with the fields of
//!    a form (Media Type Object, Encoding Object). Both give a `Piece`, in which each text has all its readings.
//! 2. `hints` walks the schema to put the likeliest reading first and to drop those that no value can have.
//! 3. `search` validates one reading after another, goes where the violations point, and stops at the first that is
//!    valid or at its bound; else `violations` says what is wrong with the closest.
//!
//! The gateway, `apigw call` and all that writes requests judge by it. It is pure, and bounded for any request and any
//! schema (`search`). A parameter with one plain type costs one reading and one validation.

mod encoding;
mod form;
mod formats;
mod hints;
mod multipart;
mod notation;
mod piece;
mod schema;
mod search;
mod violations;

pub(crate) use encoding::FormRules;
pub(crate) use form::text_body;
pub(crate) use formats::ENFORCED_FORMATS;
pub(in crate::definition) use formats::{allows_number, with_formats};
pub(crate) use hints::Structure;
pub(crate) use notation::{Notation, TextPlace, Unreadable, WrittenTexts};
pub(crate) use schema::ValueSchema;
pub(crate) use violations::ValueViolation;

#[cfg(test)]
mod tests;
