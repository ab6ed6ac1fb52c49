//! Names that are typed for a value: each is parsed once, and the help lists them.

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::export::{ExportTarget, ReportAspect};
use crate::share::sdk::SdkLanguage;

impl ValueEnum for ExportTarget {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.as_str()))
    }
}

impl ValueEnum for ReportAspect {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::LOSSES
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.as_str()))
    }
}

impl ValueEnum for SdkLanguage {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.as_str()))
    }
}
