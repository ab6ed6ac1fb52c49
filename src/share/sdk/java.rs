//! The Java package: sources for `javac` and Maven, a class for each type and for each call.

mod calls;
mod choices;
mod objects;
mod package;
mod results;
mod runtime;
mod samples;
mod text;
mod types;
mod values;

use super::ClientPlan;
use super::names::{NameAllocator, camel, pascal, words};
use super::naming::{NameStyle, NamedMethod};
use super::reserved::JAVA;
use crate::model::GroupName;

pub(super) use package::{archive_name, package};
pub(super) use samples::samples;

use objects::ObjectShapes;
use text::class_name;
use types::{ClassScope, JavaTypes};

/// The names of Java.
const NAMES: NameStyle = NameStyle { join: camel, joint: "", reserved: JAVA };

/// A method with the class of its calls.
struct JavaMethod<'c, 'm> {
    named: NamedMethod<'c, 'm>,
    call: String,
}

/// Gives the methods their names.
fn methods<'c, 'm>(plan: &'c ClientPlan<'m>) -> Vec<JavaMethod<'c, 'm>> {
    let mut classes = NameAllocator::new(&[], "").ignoring_case();
    let named = NamedMethod::list(plan, NAMES);
    let wanted = |named: &NamedMethod<'_, 'm>| class_name(&pascal(&words(&named.name)));
    let pairs = named.iter().map(|named| (wanted(named), named.method.operation.key.as_str()));
    let calls = classes.give_all(pairs, "Operation");
    named.into_iter().zip(calls).map(|(named, call)| JavaMethod { named, call: format!("{call}Call") }).collect()
}

/// The types of a client and the objects among them.
struct JavaPlan<'p> {
    types: JavaTypes<'p>,
    shapes: ObjectShapes<'p>,
}

impl<'p> JavaPlan<'p> {
    fn new(group: &GroupName, plan: &'p ClientPlan<'_>) -> Self {
        let types = JavaTypes::new(super::python::module_name(group), &plan.declarations);
        let shapes = ObjectShapes::new(&types, &plan.declarations);
        Self { types, shapes }
    }

    fn scope(&self, method: &JavaMethod<'_, '_>) -> ClassScope<'_, 'p> {
        let import = format!("{}.calls.{}", self.types.package, method.call);
        ClassScope::new(&self.types, &method.call, Some(import))
    }
}
