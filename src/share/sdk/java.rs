//! The Java package: sources for `javac` and Maven, a class for each type and for each call.

mod calls;
mod choices;
mod objects;
mod package;
mod results;
mod runtime;
mod samples;
mod text;
mod types;

use std::fmt::Write as _;

use super::ClientPlan;
use super::lowering::TypeUse;
use super::methods::{ClientMethod, MethodBody};
use super::names::{NameAllocator, camel, pascal, words};
use super::reserved::JAVA;
use super::text::quoted;
use crate::model::GroupName;
use crate::share::model::{ContentKind, DefinitionModel, OperationModel};

pub(super) use package::{archive_name, package};

use calls::parameter_origin;
use objects::ObjectShapes;
use samples::SampleWriter;
use text::class_name;
use types::{ClassScope, JavaTypes};

/// A method with the names that it has in Java.
struct JavaMethod<'c, 'm> {
    method: &'c ClientMethod<'m>,
    name: String,
    /// The class of its calls.
    call: String,
    /// The names of its parameters, in their order.
    parameters: Vec<String>,
}

/// Gives the methods their names.
fn methods<'c, 'm>(plan: &'c ClientPlan<'m>) -> Vec<JavaMethod<'c, 'm>> {
    let mut names = NameAllocator::new(JAVA, "");
    let mut classes = NameAllocator::new(&[], "").ignoring_case();
    let named = plan.methods.iter().map(|method| {
        let key = &method.operation.key;
        let name = names.give(camel(&method.words), "operation", key);
        let call = classes.give(class_name(&pascal(&words(&name))), "Operation", key);
        let mut own = NameAllocator::new(JAVA, "");
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
        JavaMethod { method, name, call: format!("{call}Call"), parameters }
    });
    named.collect()
}

/// The types of a client and the objects among them.
struct JavaPlan<'p> {
    types: JavaTypes<'p>,
    shapes: ObjectShapes<'p>,
}

impl<'p> JavaPlan<'p> {
    fn new(group: &GroupName, plan: &'p ClientPlan<'_>) -> Self {
        let types = JavaTypes::new(super::python::module_name(group), &plan.declarations);
        let shapes = ObjectShapes::new(&types, &plan.declarations);
        Self { types, shapes }
    }

    fn scope(&self, method: &JavaMethod<'_, '_>) -> ClassScope<'_, 'p> {
        let import = format!("{}.calls.{}", self.types.package, method.call);
        ClassScope::new(&self.types, &method.call, Some(import))
    }

    /// Writes a call with values as they may look, and the classes that they need.
    fn call(&self, method: &JavaMethod<'_, '_>) -> (String, Vec<String>) {
        let mut scope = method.write(self.scope(method)).scope;
        let mut writer = SampleWriter::new(&self.shapes, &self.types.package);
        let (positional, has_body) = method.positional();
        let mut arguments = Vec::new();
        let mut setters = String::new();
        for (index, (parameter, name)) in method.method.parameters.iter().zip(&method.parameters).enumerate() {
            if !parameter.is_required {
                continue;
            }
            let value = parameter.declared.and_then(|declared| declared.sample.clone());
            let value = value.unwrap_or_else(|| serde_json::Value::from("value"));
            let text = writer.argument(&value, &parameter.value, &mut scope, &parameter_origin(parameter));
            if positional.contains(&index) {
                arguments.push(text);
            } else {
                let _ = write!(setters, ".{name}({text})");
            }
        }
        if let Some(body) = method.method.body.as_ref().filter(|_| has_body) {
            arguments.push(sample_body(body, &mut writer, &mut scope));
        }
        let call = format!("client.{}({}){setters}.send()", method.name, arguments.join(", "));
        (call, writer.imports.into_iter().collect())
    }
}

/// Writes a body as it may look: files are texts.
fn sample_body<'p>(body: &MethodBody<'_>, writer: &mut SampleWriter<'_, 'p>, scope: &mut ClassScope<'_, 'p>) -> String {
    let Some(content) = body.sample_content() else { return "null".to_owned() };
    let declared = body.contents.iter().find(|(one, _)| std::ptr::eq(*one, content)).map(|(_, value)| value);
    let any = TypeUse::Any;
    let declared = declared.unwrap_or(&any);
    match (content.kind, &content.sample) {
        (ContentKind::Bytes, _) => writer.argument(&serde_json::Value::from("..."), &TypeUse::File, scope, "body"),
        (ContentKind::Text | ContentKind::EventStream, _) => quoted("text"),
        (_, Some(sample)) => writer.body(sample, declared, scope),
        (_, None) => writer.body(&serde_json::json!({}), declared, scope),
    }
}

/// Writes the beginning of a client for the first environment of a model.
fn client_text(model: &DefinitionModel) -> String {
    let first = model.environments.iter().find(|servers| !servers.urls.is_empty());
    match first {
        Some(servers) => format!("Client.of({})", quoted(servers.environment.as_str())),
        None => "Client.at(\"https://...\")".to_owned(),
    }
}

/// Writes the calls of all operations.
pub(super) fn snippets<'m>(
    group: &GroupName,
    model: &DefinitionModel,
    plan: &ClientPlan<'m>,
) -> Vec<(&'m OperationModel, String)> {
    let java = JavaPlan::new(group, plan);
    let client = client_text(model);
    let snippet = |method: JavaMethod<'_, 'm>| {
        let (call, mut imports) = java.call(&method);
        imports.push(format!("{}.Client", java.types.package));
        let imports = import_lines(imports);
        (method.method.operation, format!("{imports}\nvar client = {client};\nvar response = {call};\n"))
    };
    methods(plan).into_iter().map(snippet).collect()
}

/// Writes the lines that import classes.
fn import_lines(mut classes: Vec<String>) -> String {
    classes.sort_unstable();
    let mut lines = String::new();
    for class in classes {
        let _ = writeln!(lines, "import {class};");
    }
    lines
}
