//! Calls in Java as they may look.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::ClientPlan;
use super::super::credentials::{CredentialCode, KeyPlace, SampleCredential};
use super::super::layout::{CodeLayout, CodePiece};
use super::super::lowering::TypeUse;
use super::super::samples::{SampleCall, SampleSource, is_streamed, text_sample};
use super::super::text::quoted;
use super::calls::parameter_origin;
use super::types::ClassScope;
use super::values::ValueWriter;
use super::{JavaMethod, JavaPlan, methods};
use crate::share::model::{ContentKind, ContentModel, OperationModel};

/// The layout of Java.
const LAYOUT: CodeLayout = CodeLayout { indent: 4, has_last_comma: false };

/// A call with the statements around it.
pub(super) struct JavaSample {
    pub(super) imports: String,
    call: String,
    pub(super) statements: String,
}

/// Writes the calls of all operations.
pub(in crate::share::sdk) fn samples<'m>(
    source: &SampleSource<'_>,
    plan: &ClientPlan<'m>,
) -> Vec<(&'m OperationModel, SampleCall)> {
    let java = JavaPlan::new(source.group, plan);
    let sample = |method: &JavaMethod<'_, 'm>| {
        let JavaSample { imports, call, statements } = java.sample(source, method, 0);
        (method.named.method.operation, SampleCall { call, text: format!("{imports}\n{statements}"), imports })
    };
    methods(plan).iter().map(sample).collect()
}

impl JavaPlan<'_> {
    /// Writes a call of a method, and the statements around it at a level.
    pub(super) fn sample(&self, source: &SampleSource<'_>, method: &JavaMethod<'_, '_>, level: usize) -> JavaSample {
        let (call, mut imports) = self.call(method);
        let package = &self.types.package;
        let credentials = source.credentials(method.named.method);
        let credentials: Vec<CredentialCode> = credentials.iter().map(credential).collect();
        let classes = credentials.iter().map(|credential| credential.import);
        let options = (!credentials.is_empty()).then_some("ClientOptions");
        imports.extend(["Client"].into_iter().chain(options).chain(classes).map(|class| format!("{package}.{class}")));
        let client = LAYOUT.statement(level, "var client = ", &client(source, credentials), ";");
        let result = LAYOUT.statement(level, "var response = ", &call, ";");
        let shown = if is_streamed(&method.named) {
            "response.data().forEachRemaining(System.out::println)"
        } else {
            "System.out.println(response.status() + \" \" + response.data())"
        };
        let shown = LAYOUT.statement(level, shown, &CodePiece::text(";"), "");
        let imports = imports.iter().fold(String::new(), |lines, class| lines + "import " + class + ";\n");
        JavaSample { imports, call: call.flat(), statements: format!("{client}{result}{shown}") }
    }

    /// Writes a call with values as they may look, and the classes that they need.
    fn call(&self, method: &JavaMethod<'_, '_>) -> (CodePiece, BTreeSet<String>) {
        let mut scope = method.write(self.scope(method)).scope;
        let mut writer = ValueWriter::new(&self.shapes, &self.types.package);
        let (positional, has_body) = method.positional();
        let mut arguments = Vec::new();
        let mut calls = Vec::new();
        for (index, (parameter, name)) in method.named.parameters().enumerate() {
            if !parameter.is_required {
                continue;
            }
            let value = parameter.declared.and_then(|declared| declared.sample.clone());
            let value = value.unwrap_or_else(|| Value::from("value"));
            let value = writer.argument(&value, &parameter.value, &mut scope, &parameter_origin(parameter));
            if positional.contains(&index) {
                arguments.push(value);
            } else {
                calls.push(CodePiece::list(format!(".{name}("), vec![value], ")"));
            }
        }
        if let Some(content) = method.named.method.sample_body() {
            let body = body_value(method, content, &mut writer, &mut scope);
            if has_body {
                arguments.push(body);
            } else {
                calls.push(CodePiece::list(".body(", vec![body], ")"));
            }
        }
        calls.push(CodePiece::text(".send()"));
        let call = CodePiece::list(format!("client.{}(", method.named.name), arguments, ")").followed_by(calls);
        (call, writer.imports)
    }
}

/// Writes the beginning of a client.
fn client(source: &SampleSource<'_>, credentials: Vec<CredentialCode>) -> CodePiece {
    let (open, address) = match source.environment() {
        Some(environment) => ("Client.of(", quoted(environment)),
        None => ("Client.at(", quoted("https://...")),
    };
    let mut arguments = vec![CodePiece::text(address)];
    if !credentials.is_empty() {
        let auth = |one: CredentialCode| CodePiece::list(".auth(", vec![CodePiece::text(one.code)], ")");
        let calls = credentials.into_iter().map(auth).collect();
        arguments.push(CodePiece::text("new ClientOptions()").followed_by(calls));
    }
    CodePiece::list(open, arguments, ")")
}

/// Writes credentials.
pub(super) fn credential(credential: &SampleCredential) -> CredentialCode {
    let (import, code) = match credential {
        SampleCredential::Subscription(header) => {
            ("SubscriptionKey", format!("new SubscriptionKey(\"apk_...\", {})", quoted(header)))
        }
        SampleCredential::Signature => ("Signature", "new Signature(\"key id\", \"secret\")".to_owned()),
        SampleCredential::Bearer => ("BearerToken", "new BearerToken(\"token\")".to_owned()),
        SampleCredential::Basic => ("BasicAuth", "new BasicAuth(\"user\", \"password\")".to_owned()),
        SampleCredential::Key { place, name } => {
            let place = match place {
                KeyPlace::Header => "inHeader",
                KeyPlace::Query => "inQuery",
                KeyPlace::Cookie => "inCookie",
            };
            ("ApiKey", format!("ApiKey.{place}({}, \"key\")", quoted(name)))
        }
    };
    CredentialCode { import, code }
}

/// Writes a body as it may look: files are texts.
fn body_value<'p>(
    method: &JavaMethod<'_, '_>,
    content: &ContentModel,
    writer: &mut ValueWriter<'_, 'p>,
    scope: &mut ClassScope<'_, 'p>,
) -> CodePiece {
    let contents = method.named.method.body.iter().flat_map(|body| &body.contents);
    let declared = contents.into_iter().find(|one| std::ptr::eq(one.content, content)).map(|one| &one.value);
    let declared = declared.unwrap_or(&TypeUse::Any);
    match (content.kind, &content.sample) {
        (ContentKind::Bytes, _) => writer.argument(&Value::from("..."), &TypeUse::File, scope, "body"),
        (ContentKind::Text | ContentKind::EventStream, sample) => {
            CodePiece::text(quoted(&text_sample(sample.as_ref())))
        }
        (_, Some(sample)) => writer.body(sample, declared, scope),
        (ContentKind::JsonLines, None) => writer.body(&json!([]), declared, scope),
        (_, None) => writer.body(&json!({}), declared, scope),
    }
}
