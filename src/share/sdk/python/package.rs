//! The files of the Python package, its wheel and its sdist.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use super::super::archive::{tar_gz, zip};
use super::super::credentials::CredentialsContext;
use super::super::naming::NamedMethod;
use super::super::samples::{SampleSource, is_short_sample};
use super::super::template::render;
use super::super::text::{comment_lines, quoted};
use super::super::{ARCHIVES, ClientPlan, SdkSource, first_call_rank};
use super::samples::{credential, sample};
use super::types::DeclarationContext;
use super::{MethodContext, NAMES};
use crate::model::{GroupName, Version};
use crate::share::GeneratedFile;

/// The package as the templates see it.
#[derive(Debug, Serialize)]
struct PackageContext {
    group: String,
    title: String,
    description: Vec<String>,
    distribution: String,
    module: String,
    version: String,
    package_version: String,
    digest: String,
    environments: Vec<EnvironmentContext>,
    methods: Vec<MethodContext>,
    declarations: Vec<DeclarationContext>,
    first_call: String,
    credentials: CredentialsContext,
}

/// An environment as the templates see it.
#[derive(Debug, Serialize)]
struct EnvironmentContext {
    name: String,
    url: String,
}

/// The name of the module for a group, no keyword in any language.
pub(in crate::share::sdk) fn module_name(group: &GroupName) -> String {
    let name = group.as_str().replace('-', "_");
    let before = if name.starts_with(|first: char| first.is_ascii_digit()) { "api_" } else { "" };
    format!("{before}{name}_sdk")
}

/// Returns the name of an archive of the package, without what tells its form.
pub(in crate::share::sdk) fn archive_stem(group: &GroupName, version: &Version) -> String {
    format!("{}-{}", module_name(group), package_version(version))
}

/// Generates the package.
pub(in crate::share::sdk) fn package(source: SdkSource<'_>, plan: &ClientPlan<'_>) -> Vec<GeneratedFile> {
    let context = PackageContext::new(source, plan);
    let module = &context.module;
    let readme = render("python/README.md", &context);
    let code = [
        ("__init__.py", render("python/init.py", &context)),
        ("client.py", render("python/client.py", &context)),
        ("types.py", render("python/types.py", &context)),
        ("runtime.py", include_str!("../templates/python/runtime.py").to_owned()),
        ("py.typed", String::new()),
    ];
    let code: Vec<(String, Vec<u8>)> =
        code.into_iter().map(|(name, text)| (format!("{module}/{name}"), text.into_bytes())).collect();
    let metadata = context.metadata(&readme);
    let mut project = vec![
        ("PKG-INFO".to_owned(), metadata.clone().into_bytes()),
        ("README.md".to_owned(), readme.into_bytes()),
        ("build_backend.py".to_owned(), render("python/build_backend.py", &context).into_bytes()),
        ("pyproject.toml".to_owned(), render("python/pyproject.toml", &context).into_bytes()),
    ];
    project.extend(code.iter().cloned());
    let stem = archive_stem(source.group, source.version);
    let in_folder: Vec<_> = project.iter().map(|(path, bytes)| (format!("{stem}/{path}"), bytes.clone())).collect();
    let sdist = GeneratedFile { path: format!("{ARCHIVES}{stem}.tar.gz"), bytes: tar_gz(&in_folder) };
    let wheel =
        GeneratedFile { path: format!("{ARCHIVES}{stem}-py3-none-any.whl"), bytes: wheel(&stem, code, &metadata) };
    project.into_iter().map(|(path, bytes)| GeneratedFile { path, bytes }).chain([sdist, wheel]).collect()
}

/// Packs a wheel (PEP 427).
fn wheel(stem: &str, mut files: Vec<(String, Vec<u8>)>, metadata: &str) -> Vec<u8> {
    let about = "Wheel-Version: 1.0\nGenerator: apigw\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
    files.push((format!("{stem}.dist-info/METADATA"), metadata.as_bytes().to_vec()));
    files.push((format!("{stem}.dist-info/WHEEL"), about.as_bytes().to_vec()));
    let line = |(path, bytes): &(String, Vec<u8>)| {
        let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
        format!("{path},sha256={},{}\n", URL_SAFE_NO_PAD.encode(digest), bytes.len())
    };
    let record: String = files.iter().map(line).collect();
    files.push((format!("{stem}.dist-info/RECORD"), format!("{record}{stem}.dist-info/RECORD,,\n").into_bytes()));
    zip(&files)
}

impl PackageContext {
    fn new(source: SdkSource<'_>, plan: &ClientPlan<'_>) -> Self {
        let model = source.model;
        let environments = model.environments.iter().filter_map(|servers| {
            Some(EnvironmentContext { name: quoted(servers.environment.as_str()), url: quoted(servers.urls.first()?) })
        });
        let named = NamedMethod::list(plan, NAMES);
        let first = named.iter().min_by_key(|named| first_call_rank(named.method));
        let samples = SampleSource { group: source.group, model, is_mock: false };
        let module = module_name(source.group);
        Self {
            group: source.group.to_string(),
            title: comment_lines(&[Some(&model.title)]).concat(),
            description: comment_lines(&[model.summary.as_deref(), model.description.as_deref()]),
            distribution: module.replace('_', "-"),
            version: source.version.to_string(),
            package_version: package_version(source.version),
            digest: source.digest.to_string(),
            environments: environments.collect(),
            methods: named.iter().map(MethodContext::new).collect(),
            declarations: plan.declarations.iter().map(DeclarationContext::new).collect(),
            first_call: first
                .map(|first| sample(&samples, first).text)
                .filter(|text| is_short_sample(text))
                .unwrap_or_default(),
            credentials: CredentialsContext::new(model, credential),
            module,
        }
    }

    /// Writes the metadata of the distribution (PEP 566).
    fn metadata(&self, readme: &str) -> String {
        format!(
            "Metadata-Version: 2.1\nName: {}\nVersion: {}\nSummary: Client of {} {}\nRequires-Python: >=3.9\n\
             Description-Content-Type: text/markdown\n\n{readme}",
            self.distribution, self.package_version, self.group, self.version
        )
    }
}

/// Writes a version as PEP 440 has it.
fn package_version(version: &Version) -> String {
    let text = version.to_string();
    let Some((core, pre)) = text.split_once('-') else { return text };
    let mut parts = pre.split('.');
    let letter = match parts.next() {
        Some("alpha" | "a") => Some("a"),
        Some("beta" | "b") => Some("b"),
        Some("rc" | "c") => Some("rc"),
        _ => None,
    };
    let number = parts.next().map_or(Some(0), |number| number.parse::<u64>().ok());
    match (letter, number, parts.next()) {
        (Some(letter), Some(number), None) => format!("{core}{letter}{number}"),
        _ => format!("{core}.dev0+{}", pre.replace('-', ".").to_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_written_for_pip() {
        for (version, expected) in [
            ("1.2.3", "1.2.3"),
            ("1.2.3-rc.1", "1.2.3rc1"),
            ("1.2.3-beta", "1.2.3b0"),
            ("1.2.3-preview.2", "1.2.3.dev0+preview.2"),
        ] {
            assert_eq!(package_version(&version.parse().expect("a version")), expected);
        }
    }
}
