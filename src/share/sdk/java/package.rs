//! The files of the Java package, and the archive of them.

use std::collections::BTreeSet;

use serde::Serialize;

use super::super::archive::tar_gz;
use super::super::credentials::CredentialsContext;
use super::super::samples::{SampleSource, is_short_sample};
use super::super::template::render;
use super::super::text::{comment_lines, quoted};
use super::super::{ARCHIVES, ClientPlan, SdkSource, first_call_rank};
use super::calls::MethodContext;
use super::objects::type_file;
use super::runtime::RUNTIME;
use super::samples::credential;
use super::text::javadoc;
use super::{JavaMethod, JavaPlan, methods};
use crate::model::{GroupName, Version};
use crate::share::GeneratedFile;

/// The most methods of a class: all that its file names has room for 65,535 entries (JVM specification, section 4.1).
const MOST_METHODS: usize = 400;

/// The package as the templates see it.
#[derive(Debug, Serialize)]
struct PackageContext {
    group: String,
    title: String,
    comment: Vec<String>,
    package: String,
    artifact: String,
    version: String,
    digest: String,
    archive: String,
    stem: String,
    environments: Vec<EnvironmentContext>,
    first_call: String,
    first_imports: String,
    credentials: CredentialsContext,
}

#[derive(Debug, Serialize)]
struct EnvironmentContext {
    name: String,
    url: String,
}

/// The client, or a class that it inherits methods from.
#[derive(Debug, Serialize)]
struct ClientContext<'c> {
    #[serde(flatten)]
    package: &'c PackageContext,
    class: String,
    /// The class that it extends.
    base: String,
    imports: BTreeSet<String>,
    methods: String,
}

/// Returns the name of the package's project.
fn artifact_name(group: &GroupName) -> String {
    format!("{group}-sdk")
}

/// Returns the name of the archive.
pub(in crate::share::sdk) fn archive_name(group: &GroupName, version: &Version) -> String {
    format!("{}-{version}-java.tar.gz", artifact_name(group))
}

/// Generates the package.
pub(in crate::share::sdk) fn package(source: SdkSource<'_>, plan: &ClientPlan<'_>) -> Vec<GeneratedFile> {
    let java = JavaPlan::new(source.group, plan);
    let methods = methods(plan);
    let context = PackageContext::new(source, &methods, &java);
    let folder = format!("src/main/java/{}", context.package);
    let mut code: Vec<(String, String)> = Vec::new();
    for (name, text) in RUNTIME {
        let text = text.replacen("package sdk_runtime;", &format!("package {};", context.package), 1);
        code.push((format!("{folder}/{name}.java"), text));
    }
    let files = plan.declarations.iter().filter_map(|declaration| type_file(&java.types, &java.shapes, declaration));
    code.extend(files.map(|(name, text)| (format!("{folder}/types/{name}.java"), text)));
    for (name, text) in client_files(&context, &methods, &java) {
        code.push((format!("{folder}/{name}.java"), text));
    }
    code.sort();
    let list = code.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>().join("\n");
    let mut files = vec![
        ("README.md".to_owned(), render("java/README.md", &context)),
        ("javac.args".to_owned(), format!("-encoding UTF-8\n--release 17\n-d target/classes\n{list}\n")),
        ("pom.xml".to_owned(), render("java/pom.xml", &context)),
    ];
    files.extend(code);
    let stem = &context.stem;
    let packed: Vec<(String, Vec<u8>)> =
        files.iter().map(|(path, text)| (format!("{stem}/{path}"), text.as_bytes().to_vec())).collect();
    let archive = GeneratedFile { path: format!("{ARCHIVES}{}", context.archive), bytes: tar_gz(&packed) };
    let files = files.into_iter().map(|(path, text)| GeneratedFile { path, bytes: text.into_bytes() });
    files.chain([archive]).collect()
}

/// Writes the classes of the calls and of the client, which has its methods in several where there are many.
fn client_files(context: &PackageContext, named: &[JavaMethod<'_, '_>], java: &JavaPlan<'_>) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut parts: Vec<(BTreeSet<String>, Vec<MethodContext>)> = Vec::new();
    for part in named.chunks(MOST_METHODS) {
        let (mut imports, mut methods) = (BTreeSet::new(), Vec::new());
        for method in part {
            let written = method.write(java.scope(method));
            files.push((format!("calls/{}", method.call), render("java/Call.java", &written.call)));
            imports.extend(written.imports);
            methods.push(written.method);
        }
        parts.push((imports, methods));
    }
    let (own_imports, own_methods) = parts.pop().unwrap_or_default();
    let mut base = "BaseClient".to_owned();
    let mut write = |template: &str, class: String, imports, methods: Vec<MethodContext>| {
        let methods = render("java/Methods.java", serde_json::json!({ "methods": methods }));
        let client = ClientContext { package: context, class: class.clone(), base: base.clone(), imports, methods };
        files.push((class.clone(), render(template, &client)));
        base = class;
    };
    for (index, (imports, methods)) in parts.into_iter().enumerate() {
        write("java/ClientPart.java", format!("ClientPart{}", index + 1), imports, methods);
    }
    write("java/Client.java", "Client".to_owned(), own_imports, own_methods);
    files
}

impl PackageContext {
    fn new(source: SdkSource<'_>, named: &[JavaMethod<'_, '_>], java: &JavaPlan<'_>) -> Self {
        let SdkSource { group, version, digest, model } = source;
        let environments = model.environments.iter().filter_map(|servers| {
            Some(EnvironmentContext { name: quoted(servers.environment.as_str()), url: quoted(servers.urls.first()?) })
        });
        let first = named.iter().min_by_key(|method| first_call_rank(method.named.method));
        let samples = SampleSource { group, model, is_mock: false };
        let first =
            first.map(|first| java.sample(&samples, first, 2)).filter(|first| is_short_sample(&first.statements));
        let (first_imports, first_call) = first.map(|sample| (sample.imports, sample.statements)).unwrap_or_default();
        let artifact = artifact_name(group);
        Self {
            group: group.to_string(),
            title: comment_lines(&[Some(&model.title)]).concat(),
            comment: javadoc(&[model.summary.as_deref(), model.description.as_deref()]),
            package: java.types.package.clone(),
            stem: format!("{artifact}-{version}"),
            artifact,
            version: version.to_string(),
            digest: digest.to_string(),
            archive: archive_name(group, version),
            environments: environments.collect(),
            first_call,
            first_imports,
            credentials: CredentialsContext::new(model, credential),
        }
    }
}
