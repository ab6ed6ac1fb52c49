//! SDKs: packages in the callers' languages, generated from the model of a definition.
//!
//! A package is a hand-written runtime, which is the same for every definition, and the generated client over it: one
//! method an operation and the types of its values. Templates and runtimes lie in `templates/<language>/` and are
//! compiled in. The same version gives the same bytes: nothing here knows a time.
//!
//! - `lowering`, `methods`, `naming`: names and shapes that all languages share
//! - `json_shapes`: the choice among several JSON bodies
//! - `samples`, `credentials`, `layout`: calls as they may look, in packages and in the documentation
//! - `python`, `typescript`, `java`: a language each
//! - `archive`: zip and tar with fixed times

mod archive;
mod credentials;
mod java;
mod json_shapes;
mod layout;
mod lowering;
mod methods;
mod names;
mod naming;
mod python;
mod reserved;
mod samples;
mod template;
mod text;
mod typescript;

use serde::Serialize;

use crate::model::{Digest, GroupName, Version};
use crate::share::model::DefinitionModel;
use crate::share::{GeneratedFile, checksums};

use lowering::{TypeDeclaration, TypeLowering};
use methods::ClientMethod;

pub(super) use samples::is_short_sample;
pub use samples::{SampleBook, SampleCall, SampleSource, samples};

/// The version of a group that SDKs are made of.
#[derive(Debug, Clone, Copy)]
pub struct SdkSource<'a> {
    /// The group.
    pub group: &'a GroupName,
    /// The version.
    pub version: &'a Version,
    /// The digest of its files.
    pub digest: Digest,
    /// Its content.
    pub model: &'a DefinitionModel,
}

/// A language of an SDK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SdkLanguage {
    /// Python 3.9 or newer.
    Python,
    /// TypeScript and JavaScript: Node 18 or newer, browsers, Deno.
    TypeScript,
    /// Java 17 or newer.
    Java,
}

impl SdkLanguage {
    /// All languages.
    pub const ALL: [Self; 3] = [Self::Python, Self::TypeScript, Self::Java];

    /// Returns the word for the language.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::TypeScript => "typescript",
            Self::Java => "java",
        }
    }

    /// Returns the name of the language for readers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Python => "Python",
            Self::TypeScript => "TypeScript",
            Self::Java => "Java",
        }
    }
}

/// The folder of a package in which its archives lie.
const ARCHIVES: &str = "dist/";

/// The methods and types of a client, shared by the languages.
struct ClientPlan<'m> {
    methods: Vec<ClientMethod<'m>>,
    declarations: Vec<TypeDeclaration>,
}

impl<'m> ClientPlan<'m> {
    fn new(model: &'m DefinitionModel) -> Self {
        let mut types = TypeLowering::new(model);
        types.declare_named();
        let methods = ClientMethod::list(model, &mut types);
        Self { methods, declarations: types.into_declarations() }
    }
}

/// Ranks the method of a first call: one that reads, and needs the fewest values, comes first.
fn first_call_rank(method: &ClientMethod<'_>) -> (bool, bool, usize, bool) {
    let needed = method.parameters.iter().filter(|parameter| parameter.is_required).count();
    (method.operation.is_deprecated, method.operation.method != "GET", needed, method.body.is_some())
}

/// Generates the packages of a version, with their archives and a list of checksums.
#[must_use]
pub fn generate(source: SdkSource<'_>, languages: &[SdkLanguage]) -> Vec<GeneratedFile> {
    let plan = ClientPlan::new(source.model);
    let mut files = Vec::new();
    for language in languages {
        let generated = match language {
            SdkLanguage::Python => python::package(source, &plan),
            SdkLanguage::TypeScript => typescript::package(source, &plan),
            SdkLanguage::Java => java::package(source, &plan),
        };
        let folder = language.as_str();
        files.extend(
            generated.into_iter().map(|file| GeneratedFile { path: format!("{folder}/{}", file.path), ..file }),
        );
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files.push(checksums(&files));
    files
}

/// An archive that callers install.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClientArchive {
    /// Its language and form.
    pub label: &'static str,
    /// Its file name.
    pub file: String,
}

/// Names the archives of a version.
#[must_use]
pub(in crate::share) fn archive_names(group: &GroupName, version: &Version) -> Vec<ClientArchive> {
    let stem = python::archive_stem(group, version);
    vec![
        ClientArchive { label: "Python (wheel)", file: format!("{stem}-py3-none-any.whl") },
        ClientArchive { label: "Python (source)", file: format!("{stem}.tar.gz") },
        ClientArchive { label: "TypeScript (npm)", file: typescript::archive_name(group, version) },
        ClientArchive { label: "Java (sources)", file: java::archive_name(group, version) },
    ]
}

/// Packs the archives of a version alone, with a list of their checksums.
#[must_use]
pub fn archives(source: SdkSource<'_>) -> Vec<GeneratedFile> {
    let plan = ClientPlan::new(source.model);
    let packed = [python::package, typescript::package, java::package].into_iter().flat_map(|pack| pack(source, &plan));
    let archive = |file: GeneratedFile| {
        let path = file.path.strip_prefix(ARCHIVES)?.to_owned();
        Some(GeneratedFile { path, ..file })
    };
    let mut files: Vec<GeneratedFile> = packed.filter_map(archive).collect();
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files.push(checksums(&files));
    files
}

#[cfg(test)]
mod tests;
