//! Interprets the texts of a request as values of a schema, by trying the readings that each style allows.
//!
//! A parameter or a field of a form is text. Its meaning depends on the schema, which may be behind `$ref`, `allOf`,
//! `anyOf`, `oneOf` or `if`, in lists of types, or implied by `enum` and `const`. So there is no single type to ask
//! for:
//!
//! 1. `notation` splits a text by its style (OpenAPI 3.1.1, "Style Values"), and `form` splits a form into fields
//!    (Media Type Object, Encoding Object). Both produce the parts of a `piece`, each with all readings of its text.
//! 2. `hints` walks the schema to put the likeliest reading first and to drop impossible ones.
//! 3. `search` validates one reading after another, guided by the violations, and stops at the first valid one or at
//!    its bound; `violations` then describes the closest one. `listing` bounds what the `validator` lists,
//!    `far_pattern` what patterns read.
//!
//! The gateway and `apigw call` share it. It is pure, and bounded for every request and schema (`search`, `listing`).
//! A parameter with one plain type costs one reading and one validation.

mod encoding;
mod exact;
mod far_pattern;
mod form;
pub(in crate::definition) mod formats;
mod hints;
mod listing;
mod multipart;
mod notation;
mod piece;
mod rewrite;
mod schema;
mod search;
mod typed;
mod validator;
mod violations;

pub(crate) use encoding::{FormRules, PartKind, object_of};
pub(crate) use far_pattern::{TOO_MANY_STEPS, with_pattern_budget};
pub(crate) use form::{NOT_UTF8, text_body};
pub(crate) use formats::{ENFORCED_FORMATS, integer_range, is_number_format};
pub(crate) use hints::ValueStructure;
pub(crate) use notation::{NameScope, TextPlace, UnreadableText, ValueNotation, WrittenTexts};
pub(crate) use schema::ValueSchema;
pub(crate) use violations::ValueViolation;

#[cfg(test)]
mod tests;
