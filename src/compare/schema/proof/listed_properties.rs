//! The properties of a set of values for which it lists the values.

use std::collections::HashSet;

use super::terms::TermId;
use crate::definition::TypeSet;

/// The types of a set of values, and the properties whose values it lists.
pub(super) struct ListedProperties<'d> {
    pub(super) types: TypeSet,
    pub(super) required: HashSet<&'d str>,
    pub(super) values: Vec<(&'d str, HashSet<TermId>)>,
}

impl ListedProperties<'_> {
    /// True if no value satisfies both.
    pub(super) fn is_apart(&self, other: &Self) -> bool {
        let common = self.types.both(other.types);
        let told_by = |name: &str, values: &HashSet<TermId>| {
            let is_required = self.required.contains(name) || other.required.contains(name);
            is_required && other.values_of(name).is_some_and(|others| values.is_disjoint(others))
        };
        TypeSet::OBJECT.includes(common)
            && (common == TypeSet::NONE || self.values.iter().any(|(name, values)| told_by(name, values)))
    }

    fn values_of(&self, name: &str) -> Option<&HashSet<TermId>> {
        self.values.iter().find(|(known, _)| *known == name).map(|(_, values)| values)
    }
}
