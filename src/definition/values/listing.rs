//! The violations of a value, within bounds of work and memory.
//!
//! The validator lists the violations of every alternative of `anyOf` and `oneOf`, each with a copy of the value that
//! it is about, before any of them is read. In a schema that contains itself that doubles with each level of the
//! value: 750 bytes took nine seconds and 1.1 GB. Whether a value is valid costs no more than the value, since results
//! are remembered there.
//!
//! So it is where a map has a long name before many wrong items: each violation has the whole path of its part. 300 KB
//! took more than 20 seconds and 5 GB.
//!
//! Violations are listed by a validator of their own (`bounds`): its schema asks before each alternative, each invalid
//! item and property of a map, and each invalid part that a cycle of references leads to, if there is budget left for
//! it, and lists nothing more of an alternative that the value of a property speaks against.

mod bounds;
mod keywords;
#[cfg(test)]
mod tests;

pub(super) use bounds::bounded;
pub(super) use keywords::{begin_listing, is_same_tag, is_unlisted, unlisted, with_budget, with_keywords};
