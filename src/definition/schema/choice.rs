//! Takes one of several alternatives: `oneOf` and `anyOf`, told apart by a discriminator where there is one.

use serde_json::Value;

use super::sample::{Building, CONTRADICTION, Goal, Want};
use super::shape::Shape;
use crate::definition::document::Node;

const NO_SINGLE: &str = "has a `oneOf`, and no value was found that exactly one of its alternatives allows";

impl<'d> Building<'_, 'd> {
    /// Takes one of several alternatives: the first whose value fits the whole.
    pub(super) fn chosen(
        &mut self,
        goal: &Goal<'d>,
        schema: Node<'d>,
        keyword: &str,
        list: Node<'d>,
        want: Want,
    ) -> Option<Value> {
        let discriminator = Discriminator::of(schema);
        for optional in [want.optional, false] {
            for variant in want.variant..want.variant + 2 {
                for branch in list.items() {
                    let mut next = goal.clone();
                    next.settled.push(list.id());
                    next.schemas.push(branch);
                    let told = discriminator.as_ref().and_then(|discriminator| discriminator.value_for(branch));
                    for discriminated in told.map(Some).into_iter().chain([None]) {
                        next.discriminated = discriminated.or_else(|| goal.discriminated.clone());
                        let value = self.value(&next, Want { variant, optional, ..want });
                        if let Some(value) = value.filter(|value| self.fits(value, &goal.schemas)) {
                            return Some(value);
                        }
                    }
                    if self.is_spent() {
                        return None;
                    }
                }
                if keyword == "anyOf" {
                    break;
                }
            }
            if !optional {
                break;
            }
        }
        self.blame(Some(schema.id()), if keyword == "oneOf" { NO_SINGLE } else { CONTRADICTION });
        None
    }
}

/// Which property tells alternatives apart, and by which values (Discriminator Object, section 4.8.25).
struct Discriminator<'d> {
    property: &'d str,
    mapping: Vec<(&'d str, &'d str)>,
}

impl<'d> Discriminator<'d> {
    fn of(schema: Node<'d>) -> Option<Self> {
        let discriminator = schema.get("discriminator")?;
        let property = discriminator.get("propertyName")?.as_str()?;
        let mapping = discriminator.get("mapping").into_iter().flat_map(Node::entries);
        Some(Self { property, mapping: mapping.filter_map(|(name, target)| Some((name, target.as_str()?))).collect() })
    }

    fn value_for(&self, branch: Node<'d>) -> Option<(String, String)> {
        let reference = branch.reference()?;
        let name = reference.rsplit('/').next()?;
        let mapped = self.mapping.iter().find(|(_, target)| *target == reference || *target == name);
        Some((self.property.to_owned(), mapped.map_or(name, |(value, _)| value).to_owned()))
    }
}

pub(super) fn meets_discriminator(goal: &Goal<'_>, value: &Value) -> bool {
    let Some((name, wanted)) = &goal.discriminated else { return true };
    value.as_object().is_none_or(|map| map.get(name).and_then(Value::as_str) == Some(wanted))
}

/// Returns the next list of alternatives of which none is taken yet.
pub(super) fn next_choice<'d>(goal: &Goal<'d>, shape: &Shape<'d>) -> Option<(Node<'d>, &'static str, Node<'d>)> {
    shape.schemas.iter().find_map(|schema| {
        ["oneOf", "anyOf"].into_iter().find_map(|keyword| {
            let list = schema.get(keyword).filter(|list| list.items().next().is_some())?;
            (!goal.settled.contains(&list.id())).then_some((*schema, keyword, list))
        })
    })
}
