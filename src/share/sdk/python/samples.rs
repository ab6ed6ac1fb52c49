//! Calls in Python as they may look.

use super::super::ClientPlan;
use super::super::credentials::{CredentialCode, KeyPlace, SampleCredential};
use super::super::layout::CodePiece;
use super::super::naming::NamedMethod;
use super::super::samples::{SampleCall, SampleSource, auth_value, form_fields, is_streamed, plain_body};
use super::super::text::{python, python_object, quoted};
use super::{LAYOUT, NAMES, module_name};
use crate::definition::ParameterPlace;
use crate::share::model::{ContentModel, OperationModel};

/// Writes the calls of all operations.
pub(in crate::share::sdk) fn samples<'m>(
    source: &SampleSource<'_>,
    plan: &ClientPlan<'m>,
) -> Vec<(&'m OperationModel, SampleCall)> {
    let named = NamedMethod::list(plan, NAMES);
    named.iter().map(|named| (named.method.operation, sample(source, named))).collect()
}

/// Writes a call of a method, and all that it needs.
pub(super) fn sample(source: &SampleSource<'_>, named: &NamedMethod<'_, '_>) -> SampleCall {
    let credentials = source.credentials(named.method);
    let credentials: Vec<CredentialCode> = credentials.iter().map(credential).collect();
    let mut classes = vec!["Client"];
    classes.extend(credentials.iter().map(|credential| credential.import));
    classes.sort_unstable();
    classes.dedup();
    let imports = format!("from {} import {}\n", module_name(source.group), classes.join(", "));
    let call = call(source, named);
    let client = CodePiece::list("Client(", client_arguments(source, credentials), ")");
    let client = LAYOUT.statement(0, "with ", &client, " as client:");
    let result = LAYOUT.statement(1, "response = ", &call, "");
    let shown = if is_streamed(named) {
        "    for item in response.data:\n        print(item)\n"
    } else {
        "    print(response.status, response.data)\n"
    };
    SampleCall { call: call.flat(), text: format!("{imports}\n{client}{result}{shown}"), imports }
}

fn client_arguments(source: &SampleSource<'_>, credentials: Vec<CredentialCode>) -> Vec<CodePiece> {
    let address = match source.environment() {
        Some(environment) => CodePiece::text(quoted(environment)),
        None => CodePiece::text("base_url=\"https://...\""),
    };
    [address].into_iter().chain(auth_value(credentials).map(|auth| auth.named("auth="))).collect()
}

/// Writes credentials.
pub(super) fn credential(credential: &SampleCredential) -> CredentialCode {
    let (import, code) = match credential {
        SampleCredential::Subscription(header) => {
            ("SubscriptionKey", format!("SubscriptionKey(\"apk_...\", header={})", quoted(header)))
        }
        SampleCredential::Signature => ("Signature", "Signature(\"key id\", \"secret\")".to_owned()),
        SampleCredential::Bearer => ("BearerToken", "BearerToken(\"token\")".to_owned()),
        SampleCredential::Basic => ("BasicAuth", "BasicAuth(\"user\", \"password\")".to_owned()),
        SampleCredential::Key { place: KeyPlace::Header, name } => {
            ("ApiKey", format!("ApiKey({}, \"key\")", quoted(name)))
        }
        SampleCredential::Key { place, name } => {
            ("ApiKey", format!("ApiKey({}, \"key\", {})", quoted(name), quoted(place.as_str())))
        }
    };
    CredentialCode { import, code }
}

fn call(source: &SampleSource<'_>, named: &NamedMethod<'_, '_>) -> CodePiece {
    let mut arguments: Vec<CodePiece> = Vec::new();
    for (parameter, name) in named.parameters().filter(|(parameter, _)| parameter.is_required) {
        let sample = parameter.declared.and_then(|declared| declared.sample.as_ref());
        let value = sample.map_or_else(|| CodePiece::text(quoted("value")), python);
        let is_by_name = parameter.place != ParameterPlace::Path;
        arguments.push(if is_by_name { value.named(format!("{name}=")) } else { value });
    }
    let body = named.method.sample_body();
    arguments.extend(body.map(|content| body_value(source, content).named("body=")));
    CodePiece::list(format!("client.{}(", named.name), arguments, ")")
}

/// Writes a body as it may look: files of a form are bytes.
fn body_value(source: &SampleSource<'_>, content: &ContentModel) -> CodePiece {
    const FILE: &str = "b\"...\"";
    if let Some(fields) = form_fields(source, content, python, FILE) {
        return python_object(fields);
    }
    plain_body(content, python, FILE)
}
