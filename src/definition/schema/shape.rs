//! The set of schemas that apply to one value, with references followed and `allOf` flattened.

use std::collections::{HashMap, HashSet};

use super::types::TypeSet;
use crate::definition::api::Specification;
use crate::definition::document::{Node, SeenNodes};

/// True if a schema refers to another; in OpenAPI 3.0 there is no `$dynamicRef`.
pub(super) fn is_reference(schema: Node<'_>, specification: Specification) -> bool {
    schema.reference().is_some() || specification != Specification::V3_0 && schema.get("$dynamicRef").is_some()
}

/// The schemas that apply to one value together.
#[derive(Debug, Clone)]
pub(crate) struct SchemaShape<'d> {
    /// Schema objects, with references and `allOf` replaced by their targets and parts.
    pub(crate) schemas: Vec<Node<'d>>,
    /// True if one of them is `false`, which no value satisfies.
    pub(super) never: bool,
    pub(super) specification: Specification,
}

/// A property, with the schemas that apply to its value.
pub(crate) struct ShapeProperty<'d> {
    pub(crate) name: &'d str,
    pub(crate) schemas: Vec<Node<'d>>,
}

impl<'d> SchemaShape<'d> {
    /// Flattens schemas. Each is taken once, so repetition costs nothing.
    pub(crate) fn of(schemas: &[Node<'d>], specification: Specification) -> Self {
        let mut shape = Self { schemas: Vec::new(), never: false, specification };
        let mut seen = SeenNodes::default();
        let mut open: Vec<Node<'d>> = schemas.iter().rev().copied().collect();
        while let Some(schema) = open.pop() {
            if !seen.insert(schema.id()) {
                continue;
            }
            if schema.as_bool() == Some(false) {
                shape.never = true;
            }
            if schema.reference().is_some() && specification == Specification::V3_0 {
                open.extend(schema.resolve());
                continue;
            }
            if let Some(parts) = schema.get("allOf") {
                let from = open.len();
                open.extend(parts.items());
                open.get_mut(from..).unwrap_or_default().reverse();
            }
            open.extend(schema.followed());
            if schema.is_object() && !schema.is_bare_reference() {
                shape.schemas.push(schema);
            }
        }
        shape
    }

    /// True if no value satisfies the schemas.
    pub(crate) fn is_never(&self) -> bool {
        self.never
    }

    /// Iterates over the values of a keyword in all schemas.
    pub(crate) fn keyword(&self, name: &'static str) -> impl Iterator<Item = Node<'d>> {
        self.schemas.iter().filter_map(move |schema| schema.get(name))
    }

    /// Returns the largest value of a keyword with a lower limit.
    pub(super) fn at_least(&self, name: &'static str) -> usize {
        self.keyword(name).filter_map(count).max().unwrap_or(0)
    }

    /// Returns the smallest value of a keyword with an upper limit.
    pub(super) fn at_most(&self, name: &'static str) -> Option<usize> {
        self.keyword(name).filter_map(count).min()
    }

    pub(crate) fn types(&self) -> TypeSet {
        let declared = self.schemas.iter().map(|schema| TypeSet::declared(*schema, self.specification));
        declared.fold(TypeSet::ANY, TypeSet::both)
    }

    /// Lists the types to try: declared ones in order with `null` last, else those that other keywords suggest.
    pub(crate) fn type_order(&self) -> Vec<TypeSet> {
        let allowed = self.types();
        let declared = self.keyword("type").flat_map(TypeSet::each_named);
        let hinted = [
            (
                TypeSet::OBJECT,
                &["properties", "required", "additionalProperties", "patternProperties", "minProperties"][..],
            ),
            (TypeSet::ARRAY, &["items", "prefixItems", "minItems", "maxItems", "uniqueItems"][..]),
            (TypeSet::NUMBER, &["minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum"][..]),
            (TypeSet::STRING, &["pattern", "format", "minLength", "maxLength"][..]),
        ];
        let speaks = |keywords: &[&str]| {
            self.schemas.iter().any(|schema| keywords.iter().any(|keyword| schema.get(keyword).is_some()))
        };
        let hinted = hinted.into_iter().filter(|(_, keywords)| speaks(keywords)).map(|(types, _)| types);
        let rest = [TypeSet::OBJECT, TypeSet::STRING, TypeSet::NUMBER, TypeSet::BOOLEAN, TypeSet::ARRAY];
        let mut order: Vec<TypeSet> = Vec::new();
        let mut add = |types: TypeSet| {
            let types = if types == TypeSet::NUMBER { types.both(allowed) } else { types };
            if types.meets(allowed) && types != TypeSet::NULL && !order.contains(&types) {
                order.push(types);
            }
        };
        let named = declared.fold(TypeSet::NONE, |named, types| {
            add(types);
            named.either(types)
        });
        // If the declared types are all that is allowed, the others cannot add any.
        if named.either(TypeSet::NULL).both(allowed) != allowed {
            hinted.chain(rest).for_each(add);
        }
        if TypeSet::NULL.meets(allowed) {
            order.push(TypeSet::NULL);
        }
        order
    }

    /// Lists the properties in the order of their first declaration.
    pub(crate) fn properties(&self) -> Vec<ShapeProperty<'d>> {
        let mut properties: Vec<ShapeProperty<'d>> = Vec::new();
        let mut known: HashMap<&'d str, usize> = HashMap::new();
        for (name, schema) in self.keyword("properties").flat_map(Node::entries) {
            let index = *known.entry(name).or_insert(properties.len());
            match properties.get_mut(index) {
                Some(property) => property.schemas.push(schema),
                None => properties.push(ShapeProperty { name, schemas: vec![schema] }),
            }
        }
        properties
    }

    /// Lists the required properties, in order and without duplicates.
    pub(crate) fn required(&self) -> Vec<&'d str> {
        let mut seen = HashSet::new();
        self.keyword("required")
            .flat_map(Node::items)
            .filter_map(Node::as_str)
            .filter(|name| seen.insert(*name))
            .collect()
    }

    /// Returns the schemas of a list's items.
    pub(crate) fn items(&self) -> Vec<Node<'d>> {
        self.keyword("items").filter(|items| !items.is_array()).collect()
    }
}

/// True for a keyword that allows every value.
pub(super) fn is_annotation(keyword: &str) -> bool {
    const ANNOTATIONS: [&str; 10] = [
        "title",
        "description",
        "default",
        "example",
        "examples",
        "deprecated",
        "readOnly",
        "writeOnly",
        "externalDocs",
        "$comment",
    ];
    ANNOTATIONS.contains(&keyword) || keyword.starts_with("x-")
}

/// Returns a count; a zero fraction is dropped, as JSON Schema allows.
pub(super) fn count(node: Node<'_>) -> Option<usize> {
    let number = node.as_number()?;
    if let Some(value) = number.as_u64() {
        return Some(usize::try_from(value).unwrap_or(usize::MAX));
    }
    let value = number.as_f64().filter(|value| *value >= 0.0 && value.fract() == 0.0)?;
    format!("{value:.0}").parse().ok()
}
