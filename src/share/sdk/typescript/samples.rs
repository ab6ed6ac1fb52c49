//! Calls in TypeScript as they may look.

use super::super::ClientPlan;
use super::super::credentials::{CredentialCode, KeyPlace, SampleCredential};
use super::super::layout::CodePiece;
use super::super::naming::NamedMethod;
use super::super::samples::{SampleCall, SampleSource, auth_value, form_fields, is_streamed, plain_body};
use super::super::text::{javascript, javascript_object, property, quoted};
use super::package::package_name;
use super::{LAYOUT, NAMES};
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
    let mut imported = vec!["Client"];
    imported.extend(credentials.iter().map(|credential| credential.import));
    imported.sort_unstable();
    imported.dedup();
    let imports = format!("import {{ {} }} from \"{}\";\n", imported.join(", "), package_name(source.group));
    let call = call(source, named);
    let client = CodePiece::list("new Client(", vec![client_options(source, credentials)], ")");
    let client = LAYOUT.statement(0, "const client = ", &client, ";");
    let result = LAYOUT.statement(0, "const response = await ", &call, ";");
    let shown = if is_streamed(named) {
        "for await (const item of response.data) {\n  console.log(item);\n}\n"
    } else {
        "console.log(response.status, response.data);\n"
    };
    SampleCall { call: call.flat(), text: format!("{imports}\n{client}{result}{shown}"), imports }
}

fn client_options(source: &SampleSource<'_>, credentials: Vec<CredentialCode>) -> CodePiece {
    let address = match source.environment() {
        Some(environment) => ("environment", quoted(environment)),
        None => ("baseUrl", quoted("https://...")),
    };
    let mut options = vec![(address.0.to_owned(), CodePiece::text(address.1))];
    options.extend(auth_value(credentials).map(|auth| ("auth".to_owned(), auth)));
    javascript_object(options)
}

/// Writes credentials.
pub(super) fn credential(credential: &SampleCredential) -> CredentialCode {
    let (import, code) = match credential {
        SampleCredential::Subscription(header) => {
            ("subscriptionKey", format!("subscriptionKey(\"apk_...\", {})", quoted(header)))
        }
        SampleCredential::Signature => ("signature", "signature(\"key id\", \"secret\")".to_owned()),
        SampleCredential::Bearer => ("bearerToken", "bearerToken(\"token\")".to_owned()),
        SampleCredential::Basic => ("basicAuth", "basicAuth(\"user\", \"password\")".to_owned()),
        SampleCredential::Key { place: KeyPlace::Header, name } => {
            ("apiKey", format!("apiKey({}, \"key\")", quoted(name)))
        }
        SampleCredential::Key { place, name } => {
            ("apiKey", format!("apiKey({}, \"key\", {})", quoted(name), quoted(place.as_str())))
        }
    };
    CredentialCode { import, code }
}

fn call(source: &SampleSource<'_>, named: &NamedMethod<'_, '_>) -> CodePiece {
    let mut fields: Vec<(String, CodePiece)> = Vec::new();
    for (parameter, name) in named.parameters().filter(|(parameter, _)| parameter.is_required) {
        let sample = parameter.declared.and_then(|declared| declared.sample.as_ref());
        fields.push((name.clone(), sample.map_or_else(|| CodePiece::text(quoted("value")), javascript)));
    }
    fields.extend(named.method.sample_body().map(|content| ("body".to_owned(), body_value(source, content))));
    let input = if fields.is_empty() { Vec::new() } else { vec![javascript_object(fields)] };
    CodePiece::list(format!("client.{}(", named.name), input, ")")
}

fn body_value(source: &SampleSource<'_>, content: &ContentModel) -> CodePiece {
    const FILE: &str = "new Blob([\"...\"])";
    if let Some(fields) = form_fields(source, content, javascript, FILE) {
        return javascript_object(fields.into_iter().map(|(name, value)| (property(&name), value)).collect());
    }
    plain_body(content, javascript, FILE)
}
