//! Schemas that are the same on both sides but for their words: they allow the same values, so that nothing about them
//! has to be proven.
//!
//! Two schemas are the same where their keywords are, and the schemas in them and those that they refer to are. All
//! pairs that a pair leads to are collected first; then those that differ make the pairs differ that hold them.
//! Recursive schemas are the same, as no difference is found in them.

use crate::compare::fingerprint::Fingerprints;
use crate::definition::{Node, NodeId, NodeMap, Specification};

/// Of more pairs than these at once, none is looked at.
const MOST_PAIRS: usize = 1_000_000;

/// The schemas of two definitions that allow the same values.
#[derive(Default)]
pub(super) struct UnchangedSchemas {
    /// All pairs that were looked at; true if they are the same.
    known: NodeMap<(NodeId, NodeId), bool>,
    /// The schemas of before, by their partners.
    partners: NodeMap<NodeId, NodeId>,
}

/// A schema before and after.
pub(super) type SchemaNodes<'d> = (Node<'d>, Node<'d>);

/// The fingerprints of the values before and after.
type SideFingerprints<'f> = (&'f mut Fingerprints, &'f mut Fingerprints);

impl UnchangedSchemas {
    /// Returns the schema of before that allows the same values as one of after.
    pub(super) fn partner(&self, after: NodeId) -> Option<NodeId> {
        self.partners.get(&after).copied()
    }

    /// True if two schemas are the same but for their words.
    pub(super) fn is_same(
        &mut self,
        (before, after): SchemaNodes<'_>,
        specification: Specification,
        fingerprints: SideFingerprints<'_>,
    ) -> bool {
        let ids = (before.id(), after.id());
        if !self.known.contains_key(&ids) {
            self.learn(vec![(before, after)], specification, fingerprints);
        }
        self.known.get(&ids) == Some(&true)
    }

    /// Looks at pairs of schemas, and at those that they lead to.
    pub(super) fn learn<'d>(
        &mut self,
        pairs: Vec<SchemaNodes<'d>>,
        specification: Specification,
        (old, new): SideFingerprints<'_>,
    ) {
        let mut pairs: Vec<SchemaNodes<'d>> =
            pairs.into_iter().filter(|(before, after)| !self.known.contains_key(&(before.id(), after.id()))).collect();
        let mut places: NodeMap<(NodeId, NodeId), usize> = NodeMap::default();
        places.extend(pairs.iter().enumerate().map(|(place, (before, after))| ((before.id(), after.id()), place)));
        // For each pair those that hold it.
        let mut holders: Vec<Vec<usize>> = vec![Vec::new(); pairs.len()];
        let mut differing = Vec::new();
        let mut place = 0;
        while let Some(pair) = pairs.get(place).copied() {
            let mut parts = Vec::new();
            if !push_parts(pair, specification, (&mut *old, &mut *new), &mut parts) {
                differing.push(place);
            }
            for part in parts {
                let ids = (part.0.id(), part.1.id());
                match self.known.get(&ids) {
                    Some(true) => {}
                    Some(false) => differing.push(place),
                    None => {
                        let next = pairs.len();
                        let known = *places.entry(ids).or_insert(next);
                        if known == next {
                            pairs.push(part);
                            holders.push(Vec::new());
                        }
                        holders.get_mut(known).into_iter().for_each(|holders| holders.push(place));
                    }
                }
            }
            place += 1;
            if pairs.len() > MOST_PAIRS {
                return;
            }
        }
        let mut are_same = vec![true; pairs.len()];
        while let Some(place) = differing.pop() {
            if are_same.get_mut(place).is_some_and(std::mem::take) {
                differing.extend(holders.get(place).into_iter().flatten());
            }
        }
        for ((before, after), is_same) in pairs.into_iter().zip(are_same) {
            self.known.insert((before.id(), after.id()), is_same);
            if is_same {
                self.partners.entry(after.id()).or_insert(before.id());
            }
        }
    }
}

/// Role of a keyword for the values that a schema allows.
#[derive(PartialEq, Eq)]
enum KeywordRole {
    /// None.
    Words,
    /// That of its own value.
    Plain,
    /// That of a schema, of a list of schemas, or of schemas by name.
    Schemas,
    Reference,
}

fn role(keyword: &str) -> KeywordRole {
    match keyword {
        "title" | "description" | "example" | "examples" | "externalDocs" | "$comment" | "deprecated" | "default"
        | "xml" | "$defs" | "definitions" => KeywordRole::Words,
        "properties"
        | "patternProperties"
        | "dependentSchemas"
        | "allOf"
        | "anyOf"
        | "oneOf"
        | "prefixItems"
        | "items"
        | "additionalItems"
        | "additionalProperties"
        | "not"
        | "if"
        | "then"
        | "else"
        | "contains"
        | "propertyNames"
        | "unevaluatedItems"
        | "unevaluatedProperties" => KeywordRole::Schemas,
        "$ref" => KeywordRole::Reference,
        extension if extension.starts_with("x-") => KeywordRole::Words,
        _ => KeywordRole::Plain,
    }
}

/// Lists the schemas that two schemas hold in the same places; false if they differ themselves.
fn push_parts<'d>(
    (before, after): SchemaNodes<'d>,
    specification: Specification,
    (old, new): SideFingerprints<'_>,
    parts: &mut Vec<SchemaNodes<'d>>,
) -> bool {
    if !before.is_object() || !after.is_object() {
        return old.of(before) == new.of(after);
    }
    if before.reference().is_some() || after.reference().is_some() {
        let (Some(old_target), Some(new_target)) = (before.referenced(), after.referenced()) else { return false };
        parts.push((old_target, new_target));
        // OpenAPI 3.0 ignores the siblings of a `$ref`.
        if specification == Specification::V3_0 {
            return before.reference().is_some() && after.reference().is_some();
        }
    }
    // Its target depends on the schemas that lead here.
    let is_dynamic = |node: Node<'_>| node.get("$dynamicRef").is_some();
    let mut are_alike = !is_dynamic(before) && !is_dynamic(after);
    for (keyword, was) in before.entries() {
        let Some(is) = after.get(keyword) else {
            are_alike &= role(keyword) == KeywordRole::Words;
            continue;
        };
        are_alike &= match role(keyword) {
            KeywordRole::Words | KeywordRole::Reference => true,
            KeywordRole::Plain => old.of(was) == new.of(is),
            KeywordRole::Schemas if was.is_array() && is.is_array() => {
                let is_as_long = was.items().count() == is.items().count();
                parts.extend(was.items().zip(is.items()).filter(|_| is_as_long));
                is_as_long
            }
            KeywordRole::Schemas if was.is_array() || is.is_array() => false,
            KeywordRole::Schemas if ["properties", "patternProperties", "dependentSchemas"].contains(&keyword) => {
                parts.extend(was.entries().filter_map(|(name, was)| Some((was, is.get(name)?))));
                let names = was.entries().filter(|(name, _)| is.get(name).is_some()).count();
                names == was.entries().count() && names == is.entries().count()
            }
            KeywordRole::Schemas => {
                parts.push((was, is));
                true
            }
        };
    }
    let is_fresh =
        |(keyword, _): (&str, Node<'_>)| before.get(keyword).is_none() && role(keyword) != KeywordRole::Words;
    are_alike && !after.entries().any(is_fresh)
}
