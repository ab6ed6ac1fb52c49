//! Constants that a target may not send as they are.

use std::collections::BTreeSet;

use super::feature::{ExportFeature, FeatureUses};
use crate::model::ParameterReference;
use crate::routes::{FixedParameter, RequestMapping};

/// The mark that begins a template of Kong's.
pub(super) const TEMPLATE_MARK: &str = "$(";

impl FeatureUses {
    /// Notes the features of a constant's value.
    pub(super) fn constant(&mut self, constant: &FixedParameter, path: &[&str]) {
        let FixedParameter { to, value, .. } = constant;
        match to {
            ParameterReference::Header(_) if value.is_empty() => self.setting(ExportFeature::EmptyConstant, path),
            ParameterReference::Header(_) => self.setting(ExportFeature::ConstantBytes(value.len()), path),
            ParameterReference::Query(_) | ParameterReference::Path(_) => {}
        }
        if value.starts_with(':') {
            self.setting(ExportFeature::ColonConstant, path);
        }
        if value.contains(TEMPLATE_MARK) {
            self.setting(ExportFeature::TemplateConstant, path);
        }
    }

    /// Notes the number of headers that constants set.
    pub(super) fn constant_count<'m>(&mut self, mappings: impl Iterator<Item = &'m RequestMapping>, path: &[&str]) {
        let name = |mapping: &'m RequestMapping| match mapping {
            RequestMapping::Set(FixedParameter { to: ParameterReference::Header(name), .. }) => Some(name),
            RequestMapping::Set(_) | RequestMapping::Move(_) => None,
        };
        let names: BTreeSet<&String> = mappings.filter_map(name).collect();
        self.setting(ExportFeature::ConstantCount(names.len()), path);
    }
}
