//! Keywords that judge what the schemas that they see leave undescribed, where `allOf` brings several together.
//!
//! `additionalProperties` sees its own schema object alone (JSON Schema 2020-12, Core 10.3.2.3), and
//! `unevaluatedProperties` those below its own as well (11.3): what a schema beside it describes is left over to it.

use super::undeclared::LeftOver;
use super::view::SchemaView;
use crate::definition::CompiledPatterns;
use crate::definition::Node;

/// Keywords whose schemas may describe parts that no name tells.
const CONDITIONAL: [&str; 4] = ["anyOf", "oneOf", "if", "dependentSchemas"];

/// A keyword that refuses the properties that it sees undescribed, or binds them to a schema.
pub(super) struct LeftOverJudge<'d> {
    /// `false`, or the schema.
    pub(super) verdict: Node<'d>,
    /// The schemas that it sees, its own first.
    seen: Vec<Node<'d>>,
    /// True for `unevaluatedProperties`.
    is_last: bool,
}

impl<'d> LeftOverJudge<'d> {
    /// Lists the judges of properties in a view.
    pub(super) fn list(view: &SchemaView<'d>) -> Vec<Self> {
        let mut judges = Vec::new();
        for (index, schema) in view.schemas.iter().enumerate() {
            if let Some(verdict) = schema.get("additionalProperties").filter(|node| judges_anything(*node)) {
                judges.push(Self { verdict, seen: vec![*schema], is_last: false });
            }
            if let Some(verdict) = schema.get(LeftOver::Properties.keyword()).filter(|node| judges_anything(*node)) {
                judges.push(Self { verdict, seen: view.below(index), is_last: true });
            }
        }
        judges
    }

    /// Tells whether a schema that it sees describes a property, or may; `None` where a pattern cannot be decided.
    pub(super) fn sees(&self, name: &str, patterns: &mut CompiledPatterns) -> Option<bool> {
        let declares = |schema: &Node<'d>| schema.get("properties").is_some_and(|own| own.get(name).is_some());
        if self.may_see_any() || self.seen.iter().any(declares) {
            return Some(true);
        }
        let of_seen = self.seen.iter().flat_map(|schema| entries(*schema, "patternProperties"));
        let matches: Vec<Option<bool>> = of_seen.map(|(pattern, _)| patterns.is_match(pattern, name)).collect();
        if matches.contains(&Some(true)) {
            return Some(true);
        }
        if matches.contains(&None) { None } else { Some(false) }
    }

    /// True if a schema that it sees has a pattern for properties, or may describe those that match it.
    pub(super) fn sees_pattern(&self, pattern: &str) -> bool {
        let has = |schema: &Node<'d>| schema.get("patternProperties").is_some_and(|own| own.get(pattern).is_some());
        self.may_see_any() || self.seen.iter().any(has)
    }

    /// True if schemas that it sees may describe any property.
    fn may_see_any(&self) -> bool {
        let others = ["additionalProperties", LeftOver::Properties.keyword()];
        let describes = |(index, schema): (usize, &Node<'d>)| {
            let is_other = |keyword: &str| (index, keyword) != (0, LeftOver::Properties.keyword());
            CONDITIONAL.iter().any(|keyword| schema.get(keyword).is_some())
                || others.iter().any(|keyword| is_other(keyword) && schema.get(keyword).is_some())
        };
        self.is_last && self.seen.iter().enumerate().any(describes)
    }
}

/// An `unevaluatedItems` that does not see all the schemas by which items are described.
pub(super) struct ItemJudge<'d> {
    /// `false`, or the schema.
    pub(super) verdict: Node<'d>,
    /// The number of the first items that it sees described.
    pub(super) seen: usize,
}

impl<'d> ItemJudge<'d> {
    /// Lists those in a view to which items are left over, as far as positions tell.
    pub(super) fn list(view: &SchemaView<'d>) -> Vec<Self> {
        let has = |schema: &Node<'d>, keywords: &[&str]| keywords.iter().any(|keyword| schema.get(keyword).is_some());
        let mut judges = Vec::new();
        for (index, schema) in view.schemas.iter().enumerate() {
            let keyword = LeftOver::Items.keyword();
            let Some(verdict) = schema.get(keyword).filter(|node| judges_anything(*node)) else { continue };
            let below = view.below(index);
            let is_below = |schema: &Node<'d>| below.iter().any(|seen| seen.id() == schema.id());
            let describes = |schema: &Node<'d>| has(schema, &["prefixItems", "items"]);
            let is_blind = view.schemas.iter().any(|schema| describes(schema) && !is_below(schema));
            let other_judges = below.iter().skip(1).any(|schema| has(schema, &[keyword]));
            let may_see_any =
                below.iter().any(|schema| has(schema, &["items", "contains"]) || has(schema, &CONDITIONAL));
            if is_blind && !other_judges && !may_see_any {
                let first = |schema: &Node<'d>| schema.get("prefixItems").map_or(0, |list| list.items().count());
                judges.push(Self { verdict, seen: below.iter().map(first).max().unwrap_or_default() });
            }
        }
        judges
    }
}

/// Counts the judges of left over parts in a view that do not see all the schemas by which such parts may be described.
pub(super) fn blind_judges(view: &SchemaView<'_>, left: LeftOver) -> usize {
    let own: &[&str] = match left {
        LeftOver::Properties => &[],
        LeftOver::Items => &["prefixItems", "items", "contains"],
    };
    let describes = |schema: &Node<'_>| own.iter().chain(&CONDITIONAL).any(|keyword| schema.get(keyword).is_some());
    let is_blind = |index: usize| {
        let seen = view.below(index);
        view.schemas.iter().any(|schema| describes(schema) && seen.iter().all(|seen| seen.id() != schema.id()))
    };
    let judges =
        view.schemas.iter().enumerate().filter(|(_, schema)| schema.get(left.keyword()).is_some_and(judges_anything));
    judges.filter(|(index, _)| is_blind(*index)).count()
}

fn judges_anything(verdict: Node<'_>) -> bool {
    verdict.as_bool() == Some(false) || verdict.entries().next().is_some()
}

fn entries<'d>(schema: Node<'d>, keyword: &str) -> impl Iterator<Item = (&'d str, Node<'d>)> {
    schema.get(keyword).into_iter().flat_map(Node::entries)
}
