//! The TypeScript package: ES modules with declarations beside them, so that nothing has to be compiled.

use serde::Serialize;

use super::archive::tar_gz;
use super::lowering::{DeclarationKind, TypeDeclaration, TypeUse};
use super::methods::{ClientMethod, MethodParameter, MethodPathPiece, MethodResult};
use super::names::{NameAllocator, camel, words};
use super::reserved::TYPESCRIPT;
use super::template::render;
use super::text::{comment_lines, javascript, property, quoted};
use super::{ARCHIVES, ClientPlan, SdkSource};
use crate::model::{GroupName, Version};
use crate::share::GeneratedFile;
use crate::share::model::{ContentKind, ContentModel, DefinitionModel, OperationModel};

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
    first_client: String,
    first_call: String,
    auth: Vec<String>,
}

#[derive(Debug, Serialize)]
struct EnvironmentContext {
    name: String,
    property: String,
    url: String,
}

#[derive(Debug, Serialize)]
struct MethodContext {
    name: String,
    key: String,
    verb: String,
    path: String,
    query: String,
    declared: Vec<String>,
    contents: Vec<String>,
    accept: String,
    values: Vec<String>,
    has_body: bool,
    has_input: bool,
    is_free: bool,
    fields: Vec<FieldContext>,
    result: String,
    comment: Vec<String>,
}

#[derive(Debug, Serialize)]
struct FieldContext {
    name: String,
    is_required: bool,
    value: String,
    comment: Vec<String>,
}

#[derive(Debug, Serialize)]
struct DeclarationContext {
    name: String,
    comment: Vec<String>,
    alias: Option<String>,
    is_open: bool,
    fields: Vec<FieldContext>,
}

/// A method with the names that it has in TypeScript.
struct TypescriptMethod<'p, 'm> {
    method: &'p ClientMethod<'m>,
    name: String,
    parameters: Vec<String>,
}

/// Generates the package.
pub(super) fn package(source: SdkSource<'_>, plan: &ClientPlan<'_>) -> Vec<GeneratedFile> {
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
        ("runtime.d.ts", include_str!("templates/typescript/runtime.d.ts").to_owned()),
        ("runtime.js", include_str!("templates/typescript/runtime.js").to_owned()),
    ];
    let packed: Vec<(String, Vec<u8>)> =
        files.iter().map(|(path, text)| (format!("package/{path}"), text.as_bytes().to_vec())).collect();
    let archive = GeneratedFile { path: format!("{ARCHIVES}{}", context.archive), bytes: tar_gz(&packed) };
    let files = files.into_iter().map(|(path, text)| GeneratedFile { path: path.to_owned(), bytes: text.into_bytes() });
    files.chain([archive]).collect()
}

/// Writes the calls of all operations.
pub(super) fn snippets<'m>(
    group: &GroupName,
    model: &DefinitionModel,
    plan: &ClientPlan<'m>,
) -> Vec<(&'m OperationModel, String)> {
    let (package, client) = (package_name(group), client_options(model));
    let snippet = |method: TypescriptMethod<'_, 'm>| {
        let call = method.call();
        let text = format!(
            "import {{ Client }} from \"{package}\";\n\nconst client = new Client({client});\nconst response = await {call};\n"
        );
        (method.method.operation, text)
    };
    methods(plan).into_iter().map(snippet).collect()
}

/// Writes the options of a client for the first environment of a model.
fn client_options(model: &DefinitionModel) -> String {
    let first = model.environments.iter().find(|servers| !servers.urls.is_empty());
    match first {
        Some(servers) => format!("{{ environment: {} }}", quoted(servers.environment.as_str())),
        None => "{ baseUrl: \"https://...\" }".to_owned(),
    }
}

/// Returns the name of the archive.
pub(super) fn archive_name(group: &GroupName, version: &Version) -> String {
    format!("{}-{version}.tgz", package_name(group))
}

fn package_name(group: &GroupName) -> String {
    format!("{group}-sdk")
}

/// Gives the methods their names.
fn methods<'p, 'm>(plan: &'p ClientPlan<'m>) -> Vec<TypescriptMethod<'p, 'm>> {
    let mut names = NameAllocator::new(TYPESCRIPT, "");
    let named = plan.methods.iter().map(|method| {
        let name = names.give(camel(&method.words), "operation", &method.operation.key);
        let mut own = NameAllocator::new(TYPESCRIPT, "");
        let mut parameters: Vec<String> = Vec::new();
        for parameter in &method.parameters {
            let words = words(&parameter.name);
            let mut wanted = camel(&words);
            // The same name in two places: the later one says where it stands.
            if parameters.contains(&wanted) {
                wanted = camel(&[words, vec![parameter.place.as_str().to_owned()]].concat());
            }
            parameters.push(own.give(wanted, "parameter", &format!("{} {}", parameter.place.as_str(), parameter.name)));
        }
        TypescriptMethod { method, name, parameters }
    });
    named.collect()
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
        let named = methods(plan);
        let first = plan.first_method();
        let first = named.iter().find(|one| first.is_some_and(|first| std::ptr::eq(first, one.method)));
        let package = package_name(group);
        let ways = [
            model.auth.subscription.as_ref().map(|subscription| {
                let header = subscription.headers.first().map_or("x-api-key", String::as_str);
                format!("subscriptionKey(\"apk_...\", {})", quoted(header))
            }),
            model.auth.signature.as_ref().map(|_| "signature(\"key id\", \"secret\")".to_owned()),
        ];
        Self {
            group: group.to_string(),
            title: comment_lines(&[Some(&model.title)]).concat(),
            package,
            version: version.to_string(),
            digest: digest.to_string(),
            archive: archive_name(group, version),
            environments: environments.collect(),
            methods: named.iter().map(TypescriptMethod::context).collect(),
            declarations: plan.declarations.iter().map(DeclarationContext::new).collect(),
            first_client: client_options(model),
            first_call: first.map(TypescriptMethod::call).unwrap_or_default(),
            auth: ways.into_iter().flatten().collect(),
        }
    }
}

impl TypescriptMethod<'_, '_> {
    fn context(&self) -> MethodContext {
        let method = self.method;
        let operation = method.operation;
        let piece = |piece: &MethodPathPiece| match piece {
            MethodPathPiece::Text(text) => quoted(text),
            MethodPathPiece::Parameter(index) => index.to_string(),
        };
        let fields = self.fields();
        let contents = method.body.iter().flat_map(|body| &body.contents);
        MethodContext {
            name: self.name.clone(),
            key: quoted(&operation.key),
            verb: quoted(&operation.method),
            path: method.path.iter().map(piece).collect::<Vec<_>>().join(", "),
            query: quoted(&method.query),
            declared: method.parameters.iter().map(parameter_text).collect(),
            contents: contents.map(|(content, _)| content_text(content)).collect(),
            accept: quoted(&method.accept),
            values: self.parameters.iter().map(|name| format!("input.{name}")).collect(),
            has_body: method.body.is_some(),
            has_input: !fields.is_empty(),
            is_free: method.is_free(),
            fields,
            result: result_text(&method.results),
            comment: self.comment(),
        }
    }

    fn fields(&self) -> Vec<FieldContext> {
        let field = |(parameter, name): (&MethodParameter<'_>, &String)| FieldContext {
            name: name.clone(),
            is_required: parameter.is_required,
            value: type_text(&parameter.value),
            comment: comment(&[parameter.declared.and_then(|declared| declared.description.as_deref())]),
        };
        let mut fields: Vec<FieldContext> = self.method.parameters.iter().zip(&self.parameters).map(field).collect();
        fields.extend(self.method.body.as_ref().map(|body| FieldContext {
            name: "body".to_owned(),
            is_required: body.is_required,
            value: type_text(&TypeUse::union(body.contents.iter().map(|(_, value)| value.clone()))),
            comment: comment(&[body.description]),
        }));
        fields
    }

    fn comment(&self) -> Vec<String> {
        let operation = self.method.operation;
        let fallback = format!("{} {}", operation.method, operation.path);
        let summary = operation.summary.as_deref().or(operation.description.as_deref()).unwrap_or(&fallback);
        let description = operation.description.as_deref().filter(|description| *description != summary);
        let mut lines = comment(&[Some(summary), description]);
        lines.extend(operation.is_deprecated.then(|| "@deprecated".to_owned()));
        lines
    }

    /// Writes a call with values as they may look.
    fn call(&self) -> String {
        let mut fields: Vec<String> = Vec::new();
        for (parameter, name) in self.method.parameters.iter().zip(&self.parameters).filter(|(one, _)| one.is_required)
        {
            let sample = parameter.declared.and_then(|declared| declared.sample.as_ref());
            fields.push(format!("{name}: {}", sample.map_or_else(|| quoted("value"), javascript)));
        }
        if let Some(body) = self.method.body.as_ref().filter(|body| body.is_required) {
            let content = body.sample_content();
            fields.push(format!("body: {}", content.map_or_else(|| "null".to_owned(), sample_body)));
        }
        let input = if fields.is_empty() { String::new() } else { format!("{{ {} }}", fields.join(", ")) };
        format!("client.{}({input})", self.name)
    }
}

fn sample_body(content: &ContentModel) -> String {
    match (content.kind, &content.sample) {
        (ContentKind::Bytes, _) => "new Blob([\"...\"])".to_owned(),
        (ContentKind::Text | ContentKind::EventStream, _) => quoted("text"),
        (_, Some(sample)) => javascript(sample),
        (_, None) => "{}".to_owned(),
    }
}

impl DeclarationContext {
    fn new(declaration: &TypeDeclaration) -> Self {
        let notes = &declaration.notes;
        let mut context = Self {
            name: declaration.name.clone(),
            comment: comment(&[notes.title.as_deref(), notes.description.as_deref()]),
            alias: None,
            is_open: false,
            fields: Vec::new(),
        };
        match &declaration.kind {
            DeclarationKind::Alias(value) => context.alias = Some(type_text(value)),
            DeclarationKind::Object(fields, is_open) => {
                context.is_open = *is_open;
                context.fields.extend(fields.iter().map(|field| FieldContext {
                    name: property(&field.name),
                    is_required: field.is_required,
                    value: type_text(&field.value),
                    comment: comment(&[field.notes.description.as_deref()]),
                }));
            }
        }
        context
    }
}

/// Returns the lines of a comment, which no text in it ends.
fn comment(texts: &[Option<&str>]) -> Vec<String> {
    comment_lines(texts).into_iter().map(|line| line.replace("*/", "*\\/")).collect()
}

fn parameter_text(parameter: &MethodParameter<'_>) -> String {
    let is_reserved = parameter.declared.is_some_and(|declared| declared.allows_reserved);
    let is_json = parameter.declared.is_some_and(|declared| declared.media_type.is_some());
    format!(
        "[{}, {}, {}, {}, {is_reserved}, {is_json}]",
        quoted(&parameter.name),
        quoted(parameter.place.as_str()),
        quoted(parameter.style().as_str()),
        parameter.explodes(),
    )
}

fn content_text(content: &ContentModel) -> String {
    let parts = content.parts.iter().map(|part| {
        let media_type = part.media_type.as_deref().map_or_else(|| "null".to_owned(), quoted);
        let style = part.style.map_or_else(|| "null".to_owned(), |(style, _)| quoted(style.as_str()));
        let explodes = part.style.is_none_or(|(_, explodes)| explodes);
        format!("{}: [{media_type}, {style}, {explodes}]", quoted(&part.name))
    });
    let parts = parts.collect::<Vec<_>>().join(", ");
    format!("[{}, {}, {{{parts}}}]", quoted(&content.media_type), quoted(content.kind.as_str()))
}

fn result_text(results: &[MethodResult]) -> String {
    let text = |result: &MethodResult| match result {
        MethodResult::Nothing => "null".to_owned(),
        MethodResult::Json(value) => type_text(value),
        MethodResult::Text => "string".to_owned(),
        MethodResult::Bytes => "Blob".to_owned(),
        MethodResult::JsonLines(item) => format!("AsyncIterable<{}>", type_text(item)),
        MethodResult::Events(item) => format!("AsyncIterable<ServerEvent<{}>>", type_text(item)),
    };
    let mut texts: Vec<String> = Vec::new();
    for text in results.iter().map(text) {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts.join(" | ")
}

/// Writes a type.
fn type_text(value: &TypeUse) -> String {
    match value {
        TypeUse::Any => "any".to_owned(),
        TypeUse::Null => "null".to_owned(),
        TypeUse::Boolean => "boolean".to_owned(),
        TypeUse::Integer | TypeUse::Number => "number".to_owned(),
        TypeUse::Text => "string".to_owned(),
        TypeUse::File => "FileInput".to_owned(),
        TypeUse::Literal(values) => values.iter().map(literal_text).collect::<Vec<_>>().join(" | "),
        TypeUse::Array(item) => format!("Array<{}>", type_text(item)),
        TypeUse::Tuple(first, rest) => {
            let first = first.iter().map(type_text);
            let rest = rest.as_ref().map(|rest| format!("...Array<{}>", type_text(rest)));
            format!("[{}]", first.chain(rest).collect::<Vec<_>>().join(", "))
        }
        TypeUse::Map(item) => format!("Record<string, {}>", type_text(item)),
        TypeUse::Union(members) => members.iter().map(type_text).collect::<Vec<_>>().join(" | "),
        TypeUse::Named(name) => name.clone(),
    }
}

fn literal_text(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Array(_) => "Array<any>".to_owned(),
        serde_json::Value::Object(_) => "Record<string, any>".to_owned(),
        scalar => javascript(scalar),
    }
}
