//! The files of the TypeScript package, and its archive.

use serde::Serialize;

use super::super::archive::tar_gz;
use super::super::credentials::CredentialsContext;
use super::super::naming::NamedMethod;
use super::super::samples::{SampleSource, is_short_sample};
use super::super::template::render;
use super::super::text::{comment_lines, property, quoted};
use super::super::{ARCHIVES, ClientPlan, SdkSource, first_call_rank};
use super::samples::{credential, sample};
use super::types::DeclarationContext;
use super::{MethodContext, NAMES};
use crate::model::{GroupName, Version};
use crate::share::GeneratedFile;

/// The package as the templates see it.
#[derive(Debug, Serialize)]
struct TypescriptContext {
    group: String,
    title: String,
    package: String,
    version: String,
    digest: String,
    archive: String,
    environments: Vec<EnvironmentContext>,
    methods: Vec<MethodContext>,
    declarations: Vec<DeclarationContext>,
    first_call: String,
    credentials: CredentialsContext,
}

#[derive(Debug, Serialize)]
struct EnvironmentContext {
    name: String,
    property: String,
    url: String,
}

/// Generates the package.
pub(in crate::share::sdk) fn package(source: SdkSource<'_>, plan: &ClientPlan<'_>) -> Vec<GeneratedFile> {
    let context = TypescriptContext::new(source, plan);
    let manifest = serde_json::json!({
        "name": context.package,
        "version": context.version,
        "description": format!("Client of {} {}", context.group, context.version),
        "type": "module",
        "main": "./index.js",
        "types": "./index.d.ts",
        "exports": { ".": { "types": "./index.d.ts", "default": "./index.js" } },
        "files": ["*.js", "*.d.ts"],
        "sideEffects": false,
        "engines": { "node": ">=18" },
    });
    let manifest = serde_json::to_string_pretty(&manifest).unwrap_or_default() + "\n";
    let files = [
        ("README.md", render("typescript/README.md", &context)),
        ("index.d.ts", render("typescript/index.d.ts", &context)),
        ("index.js", render("typescript/index.js", &context)),
        ("package.json", manifest),
        ("runtime.d.ts", include_str!("../templates/typescript/runtime.d.ts").to_owned()),
        ("runtime.js", include_str!("../templates/typescript/runtime.js").to_owned()),
    ];
    let packed: Vec<(String, Vec<u8>)> =
        files.iter().map(|(path, text)| (format!("package/{path}"), text.as_bytes().to_vec())).collect();
    let archive = GeneratedFile { path: format!("{ARCHIVES}{}", context.archive), bytes: tar_gz(&packed) };
    let files = files.into_iter().map(|(path, text)| GeneratedFile { path: path.to_owned(), bytes: text.into_bytes() });
    files.chain([archive]).collect()
}

/// Returns the name of the archive.
pub(in crate::share::sdk) fn archive_name(group: &GroupName, version: &Version) -> String {
    format!("{}-{version}.tgz", package_name(group))
}

/// Returns the name of the package.
pub(super) fn package_name(group: &GroupName) -> String {
    format!("{group}-sdk")
}

impl TypescriptContext {
    fn new(source: SdkSource<'_>, plan: &ClientPlan<'_>) -> Self {
        let SdkSource { group, version, digest, model } = source;
        let environments = model.environments.iter().filter_map(|servers| {
            let name = servers.environment.as_str();
            Some(EnvironmentContext {
                name: quoted(name),
                property: property(name),
                url: quoted(servers.urls.first()?),
            })
        });
        let named = NamedMethod::list(plan, NAMES);
        let first = named.iter().min_by_key(|named| first_call_rank(named.method));
        let samples = SampleSource { group, model, is_mock: false };
        Self {
            group: group.to_string(),
            title: comment_lines(&[Some(&model.title)]).concat(),
            package: package_name(group),
            version: version.to_string(),
            digest: digest.to_string(),
            archive: archive_name(group, version),
            environments: environments.collect(),
            methods: named.iter().map(MethodContext::new).collect(),
            declarations: plan.declarations.iter().map(DeclarationContext::new).collect(),
            first_call: first
                .map(|first| sample(&samples, first).text)
                .filter(|text| is_short_sample(text))
                .unwrap_or_default(),
            credentials: CredentialsContext::new(model, credential),
        }
    }
}
