//! Calls as they may look: in the README of a package, and beside each operation of the documentation.

use serde_json::Value;

use super::credentials::{CredentialCode, SampleCredential};
use super::layout::CodePiece;
use super::methods::{ClientMethod, MethodResult};
use super::naming::NamedMethod;
use super::text::quoted;
use super::{ClientPlan, SdkLanguage, java, python, typescript};
use crate::model::GroupName;
use crate::share::model::{ContentKind, ContentModel, DefinitionModel, OperationModel};

/// The version of a group that calls are written for.
#[derive(Debug, Clone, Copy)]
pub struct SampleSource<'a> {
    /// The group.
    pub group: &'a GroupName,
    /// Its content, with the environment of the calls first.
    pub model: &'a DefinitionModel,
    /// True if a mock responds there.
    pub is_mock: bool,
}

/// The longest code that readers are shown, in bytes: four times the longest body in a request of the documentation.
const LONGEST_SHOWN: usize = 16 * 1024;

/// A call of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleCall {
    /// The names that the call needs, as lines of code.
    pub imports: String,
    /// The call alone, on one line, as an expression.
    pub call: String,
    /// The whole: imports, a client, the call, its result.
    pub text: String,
}

/// Writes a call of each operation that an SDK has, in the order of the model.
#[must_use]
pub fn samples(source: SampleSource<'_>, language: SdkLanguage) -> Vec<(&OperationModel, SampleCall)> {
    SampleBook::new(source).write(language)
}

/// The methods of a version, of which calls are written in several languages.
pub struct SampleBook<'m> {
    source: SampleSource<'m>,
    plan: ClientPlan<'m>,
}

impl<'m> SampleBook<'m> {
    /// Plans the methods of a version.
    #[must_use]
    pub fn new(source: SampleSource<'m>) -> Self {
        Self { source, plan: ClientPlan::new(source.model) }
    }

    /// Writes a call of each operation that an SDK has, in the order of the model.
    #[must_use]
    pub fn write(&self, language: SdkLanguage) -> Vec<(&'m OperationModel, SampleCall)> {
        match language {
            SdkLanguage::Python => python::samples(&self.source, &self.plan),
            SdkLanguage::TypeScript => typescript::samples(&self.source, &self.plan),
            SdkLanguage::Java => java::samples(&self.source, &self.plan),
        }
    }
}

/// True if code is short enough to be shown: a body may be as long as an example in the definition.
#[must_use]
pub(in crate::share) const fn is_short_sample(code: &str) -> bool {
    code.len() <= LONGEST_SHOWN
}

impl SampleSource<'_> {
    /// Returns the environment of the calls.
    pub(super) fn environment(&self) -> Option<&str> {
        let first = self.model.environments.iter().find(|servers| !servers.urls.is_empty());
        first.map(|servers| servers.environment.as_str())
    }

    /// Lists the credentials for a call of a method.
    pub(super) fn credentials(&self, method: &ClientMethod<'_>) -> Vec<SampleCredential> {
        SampleCredential::of_operation(method.operation, self.is_mock)
    }
}

/// Writes the credentials of a client: one alone, several as a list.
pub(super) fn auth_value(mut credentials: Vec<CredentialCode>) -> Option<CodePiece> {
    match credentials.len() {
        0 => None,
        1 => credentials.pop().map(|only| CodePiece::text(only.code)),
        _ => Some(CodePiece::list("[", credentials.into_iter().map(|one| CodePiece::text(one.code)).collect(), "]")),
    }
}

/// Writes a body that is no form: a file by its own code, other values as literals of the language.
pub(super) fn plain_body(content: &ContentModel, literal: fn(&Value) -> CodePiece, file: &str) -> CodePiece {
    match (content.kind, &content.sample) {
        (ContentKind::Bytes, _) => CodePiece::text(file),
        (ContentKind::Text | ContentKind::EventStream, sample) => {
            CodePiece::text(quoted(&text_sample(sample.as_ref())))
        }
        (_, Some(sample)) => literal(sample),
        (ContentKind::JsonLines, None) => CodePiece::text("[]"),
        (_, None) => CodePiece::text("{}"),
    }
}

/// Returns a text as it may look: that of a number or a boolean, where a body is one.
pub(super) fn text_sample(sample: Option<&Value>) -> String {
    let scalar = sample.filter(|sample| sample.is_number() || sample.is_boolean());
    scalar.map_or_else(|| "text".to_owned(), Value::to_string)
}

/// Writes the fields of a form: files by their own code, other values as literals of the language.
pub(super) fn form_fields(
    source: &SampleSource<'_>,
    content: &ContentModel,
    literal: fn(&Value) -> CodePiece,
    file: &str,
) -> Option<Vec<(String, CodePiece)>> {
    let sample = content.sample.as_ref().filter(|_| content.kind.is_form())?.as_object()?;
    let files = content.file_fields(&source.model.types);
    let is_file = |name: &str| files.contains(&name);
    let value = |(name, value): (&String, &Value)| {
        let piece = match value {
            Value::Array(items) if is_file(name) => {
                CodePiece::list("[", items.iter().map(|_| CodePiece::text(file)).collect(), "]")
            }
            _ if is_file(name) => CodePiece::text(file),
            value => literal(value),
        };
        (name.clone(), piece)
    };
    Some(sample.iter().map(value).collect())
}

/// True if the data of a response are items that arrive one after the other.
pub(super) fn is_streamed(named: &NamedMethod<'_, '_>) -> bool {
    named.method.results.iter().all(|result| matches!(result, MethodResult::JsonLines(_) | MethodResult::Events(_)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::GroupSettings;
    use crate::share::model::ModelSource;

    #[test]
    fn each_name_is_imported_once() {
        let text = "openapi: 3.1.0\n\
            info: {title: t, version: '1'}\n\
            components: {securitySchemes: {a: {type: apiKey, in: header, name: x-a}, b: {type: http, scheme: basic}, \
            c: {type: apiKey, in: query, name: c}}}\n\
            paths: {/p: {get: {operationId: o, security: [{a: [], b: [], c: []}], responses: {'204': {description: d}}}}}\n";
        let mut fetch = |file: &str| Ok((file == "openapi.yaml").then(|| Arc::from(text.as_bytes())));
        let definition = crate::definition::read("g", &mut fetch).definition.unwrap();
        let settings = "schema: 1\nversion: '0.0.1'\nprefix: /g\nmock: {check_security: true}\n";
        let settings: GroupSettings = serde_saphyr::from_str(settings).unwrap();
        let source = ModelSource { definition: &definition, settings: &settings, environments: &[] };
        let (group, model) = ("g".parse().unwrap(), DefinitionModel::build(source));
        for language in [SdkLanguage::Python, SdkLanguage::TypeScript, SdkLanguage::Java] {
            let written = samples(SampleSource { group: &group, model: &model, is_mock: true }, language);
            let imports = &written[0].1.imports;
            let names: Vec<&str> = imports.split(|letter: char| !letter.is_alphanumeric()).collect();
            let count = |wanted: &str| names.iter().filter(|name| name.eq_ignore_ascii_case(wanted)).count();
            assert_eq!([count("apiKey"), count("basicAuth")], [1, 1], "{imports}");
        }
    }
}
