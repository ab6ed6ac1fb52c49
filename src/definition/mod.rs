//! OpenAPI documents: reads them with all they refer to, converts 2.0, lists the APIs, builds constant results.
//!
//! This is the room for what a definition *says*. Whether it says it well is for `check`, what differs between
//! two of them for `compare`. Nothing here does I/O: whoever calls hands in a function that gives the bytes of a
//! file, and gets back the files that were asked for, which are the ones a version freezes.
//!
//! - [`read()`] takes a group's definition, OpenAPI 3.0 or 3.1, and gives a [`Reading`]: the [`Definition`] with its
//!   APIs, and every [`Finding`] with the place of the exact token.
//! - [`import()`] takes a document of any version and gives the files of a group.
//! - [`Definition::results`] gives what a mock publish answers.
//! - [`Document`] and [`Node`] are the tree underneath, for whoever needs more than the APIs.

mod api;
mod control;
mod document;
mod encode;
mod examples;
mod fields;
mod findings;
mod import;
mod local_path;
mod operation;
pub(crate) mod percent;
mod read;
mod reference;
mod result;
mod routing;
pub mod rules;
mod schema;
mod swagger;
mod template;
pub(crate) mod values;
mod xml;
mod yaml;

use std::sync::Arc;

use crate::model::{DEFINITION_FILE, FileSet, Finding};
use reference::RootFile;

pub use api::{
    Api, Definition, Header, MediaType, Parameter, ParameterPlace, RequestBody, Response, SecurityKind,
    SecurityRequirement, SecurityScheme, Server, Specification, StatusPattern, Style,
};
pub use document::{Document, Node, NodeId, NodeKind, NodeMap, NodeSet, SeenNodes};
pub use examples::ExampleCheck;
pub(crate) use fields::scalar_text;
pub use import::{Imported, import};
pub use result::{ApiResults, ConstantResult, DeclaredResult};
pub use routing::{ApiRoute, NotRouted, QueryCondition};
pub use rules::{RULES, Rule};
pub use schema::Direction;
pub use template::{PathPiece, bare_name, parameter_names, path_fault, path_pieces, template_shape};

/// What reading a group's definition gave.
#[derive(Debug)]
pub struct Reading {
    /// The definition's file and every file that it refers to, also through others.
    pub files: FileSet,
    /// The definition, unless it could not be told what it says; the findings then say why.
    pub definition: Option<Definition>,
    /// What is wrong, sorted by place. With an error among them the definition must not be published.
    pub findings: Vec<Finding>,
}

/// Gives the bytes of a file by its path below the group's folder.
///
/// `None` where there is no such file; an error where it must not or cannot be read.
pub type Fetch<'f> = dyn FnMut(&str) -> Result<Option<Arc<[u8]>>, FetchError> + 'f;

/// The reason why the bytes of a file are not to be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The file has more bytes than are read, which the message counts.
    #[error("{0}")]
    TooLarge(String),
    /// It must not be read, or the system does not let it.
    #[error("{0}")]
    Refused(String),
}

/// Reads the definition of a group that lies at `openapi.yaml`; see [`read_root`].
pub fn read(folder: &str, fetch: &mut Fetch<'_>) -> Reading {
    read_root(folder, DEFINITION_FILE, fetch)
}

/// Reads the definition of a group.
///
/// `folder` is the group's folder, like `groups/petstore`; it only stands before the files' names in findings.
/// `root` is the path of the definition's root file below it (`openapi.yaml` unless the group's settings name another).
/// `fetch` gives the bytes of a file by its path below that folder, `None` where there is no such file, or says
/// why it will not: it is where links that lead out of the folder are refused.
pub fn read_root(folder: &str, root: &str, fetch: &mut Fetch<'_>) -> Reading {
    let root = RootFile { folder, path: root, above: &[] };
    let reference::Loaded { document, files, mut findings, .. } = reference::load(root, fetch);
    let definition = read::definition(document, &mut findings);
    Reading { files, definition, findings: findings.into_vec() }
}

/// Reads one YAML or JSON file into a tree, for the places of what stands in it.
///
/// `file` is its path below `folder`. What cannot be read is not in the tree, and nothing is said about it.
#[must_use]
pub fn tree(folder: &str, file: &str, bytes: &[u8]) -> Document {
    let mut document = Document::new(folder);
    yaml::read(&mut document, file, bytes, &mut findings::Findings::default());
    document
}

#[cfg(test)]
mod hostile;

#[cfg(test)]
mod tests;
