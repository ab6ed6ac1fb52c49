//! Names of methods and of their parameters in a language.

use super::ClientPlan;
use super::methods::{ClientMethod, MethodParameter};
use super::names::{NameAllocator, words};

/// The names of a language.
#[derive(Debug, Clone, Copy)]
pub(super) struct NameStyle {
    /// Joins the words of a name.
    pub(super) join: fn(&[String]) -> String,
    /// The text before an ending.
    pub(super) joint: &'static str,
    /// The names that nothing of a definition gets.
    pub(super) reserved: &'static [&'static str],
}

/// A method with the names that it has in a language.
pub(super) struct NamedMethod<'p, 'm> {
    pub(super) method: &'p ClientMethod<'m>,
    pub(super) name: String,
    /// The names of its parameters, in their order.
    pub(super) parameters: Vec<String>,
}

impl<'p, 'm> NamedMethod<'p, 'm> {
    /// Gives the methods of a client their names.
    pub(super) fn list(plan: &'p ClientPlan<'m>, style: NameStyle) -> Vec<Self> {
        let mut names = NameAllocator::new(style.reserved, style.joint);
        let wanted = plan.methods.iter().map(|method| ((style.join)(&method.words), method.operation.key.as_str()));
        let given = names.give_all(wanted, "operation");
        let named = plan.methods.iter().zip(given).map(|(method, name)| Self {
            method,
            name,
            parameters: parameters(method, style),
        });
        named.collect()
    }

    /// Returns the parameters with their names.
    pub(super) fn parameters(&self) -> impl Iterator<Item = (&'p MethodParameter<'m>, &String)> {
        self.method.parameters.iter().zip(&self.parameters)
    }
}

fn parameters(method: &ClientMethod<'_>, style: NameStyle) -> Vec<String> {
    let mut names = NameAllocator::new(style.reserved, style.joint);
    let mut given: Vec<String> = Vec::new();
    for parameter in &method.parameters {
        let (words, place) = (words(&parameter.name), parameter.place.as_str());
        let mut wanted = (style.join)(&words);
        // The same name in two places: the later one says where it stands.
        if given.contains(&wanted) {
            wanted = (style.join)(&[words, vec![place.to_owned()]].concat());
        }
        given.push(names.give(wanted, "parameter", &format!("{place} {}", parameter.name)));
    }
    given
}
