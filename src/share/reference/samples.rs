//! Calls of the clients, as their READMEs would write them, by operation.

use std::collections::HashMap;

use crate::share::model::OperationModel;
use crate::share::sdk::{SampleBook, SampleSource, SdkLanguage, is_short_sample};

/// A call in a language.
#[derive(Debug)]
pub(super) struct ClientSample {
    /// The word for the language.
    pub(super) language: &'static str,
    /// The name of the language for readers.
    pub(super) name: &'static str,
    pub(super) code: String,
}

/// The calls of all operations.
#[derive(Debug, Default)]
pub(super) struct ClientSamples {
    of_operation: HashMap<String, Vec<ClientSample>>,
}

impl ClientSamples {
    /// Writes the calls of a version, without those that are too long for a page.
    pub(super) fn new(source: SampleSource<'_>) -> Self {
        let book = SampleBook::new(source);
        let mut of_operation: HashMap<String, Vec<ClientSample>> = HashMap::new();
        for language in SdkLanguage::ALL {
            for (operation, sample) in book.write(language) {
                if !is_short_sample(&sample.text) {
                    continue;
                }
                let sample = ClientSample { language: language.as_str(), name: language.name(), code: sample.text };
                of_operation.entry(operation.key.clone()).or_default().push(sample);
            }
        }
        Self { of_operation }
    }

    /// Returns the calls of an operation, one a language.
    pub(super) fn of(&self, operation: &OperationModel) -> &[ClientSample] {
        self.of_operation.get(&operation.key).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use crate::share::reference::tests::{definition, rendered, rendered_with, text_of};

    const LANGUAGES: [&str; 3] = ["python", "typescript", "java"];

    #[test]
    fn a_page_shows_no_call_that_is_too_long() {
        let page = |length: usize| {
            let text = format!(
                "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths:\n  /p:\n    post:\n      operationId: o\n\
                 \x20     requestBody: {{content: {{application/json: {{schema: {{type: object}}, example: {{a: {}}}}}}}}}\n\
                 \x20     responses: {{'204': {{description: d}}}}\n",
                "x".repeat(length)
            );
            text_of(&rendered(&definition(&text)), "index.html")
        };
        let (short, long) = (page(100), page(250_000));
        for language in LANGUAGES {
            let pane = format!("data-language=\"{language}\"");
            assert!(short.contains(&pane) && !long.contains(&pane), "{language}");
        }
        assert!(long.len() < short.len() + 50_000, "{} {}", short.len(), long.len());
    }

    #[test]
    fn all_calls_of_an_operation_show_the_fewest_credentials() {
        let scheme = |name: &str| format!("{name}: {{type: apiKey, in: header, name: x-{name}}}");
        let schemes = ["a", "b", "c"].map(scheme).join(", ");
        let text = format!(
            "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\ncomponents: {{securitySchemes: {{{schemes}}}}}\npaths: {{/p: {{get: \
             {{operationId: o, security: [{{a: [], b: []}}, {{c: []}}], responses: {{'204': {{description: d}}}}}}}}}}\n"
        );
        let files = rendered_with(&definition(&text), "mock: {check_security: true}\n");
        let page = text_of(&files, "index.html");
        assert_eq!([page.matches("x-c: YOUR_KEY").count(), page.matches("x-a: YOUR_KEY").count()], [1, 0], "{page}");
        let calls = |name: &str| page.matches(&format!("<span class=\"s\">&quot;{name}&quot;</span>")).count();
        assert_eq!([calls("x-c"), calls("x-a")], [LANGUAGES.len(), 0], "{page}");
    }
}
