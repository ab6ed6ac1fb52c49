//! Pages of the documentation: static HTML of what is live where, of each version, and of what changed between them.
//!
//! - `page`: the frame of all pages, and the policy that lets nothing run that is not the project's own
//! - `matrix`: groups and environments
//! - `group_page`: the reference of a version in its `group_frame`, of `operation_view` and `type_view` (with its
//!   `facts`), with `code` (its `request`, its `form_parts`) in `panes` beside it and `parameter_input` for its forms,
//!   and the clients' calls of `samples`
//! - `access_words`, `scheme_view`: who may call an operation, and with which credentials of the API
//! - `callers`: who may call, with which keys, how often, and the clients
//! - `changes`: releases and their effect on callers
//! - `bundle` of `bundled_part` with `bundled_access`, `readable_yaml`, `machine`: the definition as one file, and
//!   Markdown
//! - `source`: the input of a reference
//! - `markdown`, `description_markdown`: descriptions, which others wrote and which never become an element that they
//!   name
//!
//! The same state gives the same bytes: times are absolute, and nothing here does I/O. The templates, the style sheet
//! and the script lie in `templates`, and are compiled in.

mod access_words;
mod anchors;
mod bundle;
mod bundled_access;
mod bundled_part;
mod callers;
mod changes;
mod code;
mod description_markdown;
mod facts;
mod form_parts;
mod group_frame;
mod group_page;
mod machine;
mod markdown;
mod matrix;
mod operation_view;
mod page;
mod panes;
mod parameter_input;
mod readable_yaml;
mod request;
mod samples;
mod scheme_view;
mod source;
mod type_view;

pub use changes::{ChangesSource, ReleaseEffect, ReleaseRecord, SourceChange, changes};
pub use group_page::reference;
pub use matrix::{MatrixEntry, MatrixEnvironment, MatrixGroup, MatrixSource, ServedState, matrix};
pub use page::RenderError;
pub use source::{LiveEntry, OtherEntry, ReferenceSource, ReleasedSource, ServingState};

#[cfg(test)]
mod tests;
