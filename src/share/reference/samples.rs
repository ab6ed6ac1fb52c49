//! Calls of the clients, as their READMEs would write them, by operation.

use std::collections::HashMap;

use crate::share::model::OperationModel;
use crate::share::sdk::{SampleBook, SampleSource, SdkLanguage};

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
    /// Writes the calls of a version.
    pub(super) fn new(source: SampleSource<'_>) -> Self {
        let book = SampleBook::new(source);
        let mut of_operation: HashMap<String, Vec<ClientSample>> = HashMap::new();
        for language in SdkLanguage::ALL {
            for (operation, sample) in book.write(language) {
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
