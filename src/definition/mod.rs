//! OpenAPI documents: parses them with all files that they refer to, converts 2.0, lists APIs, builds mock responses.
//!
//! This module covers the content of a definition; `check` judges its quality, and `compare` the difference between two
//! of them. It does no I/O: the caller passes a function that returns the contents of a file, and gets the list of the
//! files that were read, which are those that a version freezes.
//!
//! - [`read()`] parses a group's definition, OpenAPI 3.x, into a [`DefinitionReading`]: the [`Definition`] with its
//!   APIs, and every [`Finding`] with the location of the exact token.
//! - [`import()`] converts a document of any version into the files of a group.
//! - [`Definition::results`] builds the mock responses.
//! - [`Document`] and [`Node`] are the underlying tree, for access beyond the APIs.

mod api;
mod caller_extensions;
mod control;
mod decimal;
mod document;
mod encode;
mod encoding_budget;
mod exact_json;
mod examples;
mod fetch;
mod fields;
mod findings;
mod import;
mod local_path;
mod operation;
mod parameter;
pub(crate) mod percent;
mod precedence;
mod read;
mod reference;
mod result;
mod route;
mod routing;
pub mod rules;
mod samples;
mod schema;
mod sequence;
mod swagger;
mod template;
pub(crate) mod template_index;
pub(crate) mod unique_json;
pub(crate) mod values;
mod xml;
mod yaml;

use crate::model::{DEFINITION_FILE, FileSet, Finding};
use reference::RootFile;

pub use api::{
    Api, Definition, Header, MediaType, Parameter, RequestBody, Response, SecurityKind, SecurityRequirement,
    SecurityScheme, Server, Specification, StatusPattern,
};
pub(crate) use caller_extensions::is_for_callers;
pub(crate) use decimal::Decimal;
pub use document::{Document, Node, NodeId, NodeKind, NodeMap, NodeSet, SeenNodes};
pub(crate) use encode::is_written_alike;
pub use examples::ExampleCheck;
pub use fetch::{Fetch, FetchError};
pub(crate) use fields::scalar_text;
pub use import::{FurtherRules, ImportRules, ImportedDefinition, import};
pub(crate) use parameter::is_ignored_header;
pub use parameter::{ParameterPlace, ParameterStyle};
pub(crate) use precedence::PathPrecedence;
pub use result::declared::{ApiResults, ConstantResult, DeclaredResult, is_bodiless};
pub use route::{ApiRoute, NotRouted, QueryCondition};
pub use rules::RULES;
pub use samples::RequestSamples;
pub use schema::ValueDirection;
pub(crate) use schema::{
    CompiledPatterns, SchemaShape, TypeSet, foreign_construct, is_nullable, is_regular_expression, legacy_construct,
};
pub(crate) use sequence::{SequenceFraming, UnreadableItem};
pub(crate) use template::has_one_reading;
pub use template::{PathPiece, bare_name, parameter_names, path_fault, path_pieces, template_shape};

/// The result of reading a group's definition.
#[derive(Debug)]
pub struct DefinitionReading {
    /// The definition's file and every file that it refers to, directly or indirectly.
    pub files: FileSet,
    /// The definition; `None` if it cannot be interpreted, for the reason in the findings.
    pub definition: Option<Definition>,
    /// The findings, sorted by location. A definition with an error must not be published.
    pub findings: Vec<Finding>,
}

/// Reads the definition of a group at `openapi.yaml`; see [`read_root`].
pub fn read(folder: &str, fetch: &mut Fetch<'_>) -> DefinitionReading {
    read_root(folder, DEFINITION_FILE, fetch)
}

/// Reads the definition of a group.
///
/// `folder` is the group's folder, like `groups/petstore`, used only as the prefix of file names in findings. `root` is
/// the path of the definition's root file below it. `fetch` returns the contents of a file by its path below that
/// folder; it must refuse links that lead out of the folder.
pub fn read_root(folder: &str, root: &str, fetch: &mut Fetch<'_>) -> DefinitionReading {
    let root = RootFile { folder, path: root, above: &[] };
    let reference::LoadedTree { document, files, mut findings, .. } = reference::load(root, fetch);
    let definition = read::definition(document, &mut findings);
    DefinitionReading { files, definition, findings: findings.into_vec() }
}

/// Parses one YAML or JSON file into a tree, for the locations of its values.
///
/// `file` is its path below `folder`. Parts that cannot be parsed are missing from the tree, without a finding.
#[must_use]
pub fn tree(folder: &str, file: &str, bytes: &[u8]) -> Document {
    let mut document = Document::new(folder);
    yaml::read(&mut document, file, bytes, &mut findings::ReadFindings::default());
    document
}

#[cfg(test)]
mod hostile;

#[cfg(test)]
mod tests;
