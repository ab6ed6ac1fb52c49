//! Where the rules and the official schemas differ on purpose, each with its reason.

use apigw::definition::Specification;
use apigw::model::Finding;

/// Says how the two differ over a document, unless they agree or differ for a listed reason.
pub(crate) fn between(specification: Specification, errors: &[String], found: &[Finding]) -> Option<String> {
    if errors.is_empty() {
        let unexplained = found.iter().find(|finding| !is_stricter(specification, finding))?;
        return Some(format!("taken, and a rule finds {}: {}", unexplained.rule, unexplained.message));
    }
    let error = errors.iter().find(|error| !is_looser(specification, error)).filter(|_| found.is_empty())?;
    let shown: String = error.chars().rev().take(300).collect::<Vec<_>>().into_iter().rev().collect();
    Some(format!("refused, and no rule finds anything: …{shown}"))
}

/// True if a rule may ask for more than the official schema, for the reasons at its lines.
fn is_stricter(specification: Specification, finding: &Finding) -> bool {
    let says = |part: &str| finding.message.contains(part);
    let is_3_1 = specification == Specification::V3_1;
    // Schemas are checked as plain JSON Schema, which does not know the objects that OpenAPI adds to it.
    let added = is_3_1 && ["Discriminator", "XML", "External Documentation"].iter().any(|name| says(name));
    match finding.rule {
        // Extensions alone are no response, which the schema of 3.1 takes for one.
        "responses-missing" => is_3_1,
        // The text of the specification says it (section 4.8.5), and no schema can.
        // So it does that a list has `items` (section 4.7.24.1 of 3.0).
        "specification-required" => says("declares no variable") || says("of a list has no `items`") || added,
        // Which components a reference may lead to is said by the text alone (section 4.8.7),
        // and so is what a style can write (section 4.8.12.4).
        "specification-value" => {
            says("is not one of its `enum`")
                || says("the reference leads to one of")
                || says("`deepObject` writes objects")
                || added
        }
        "specification-exclusive" => {
            // The text says that one of the two is there (section 4.7.20.1 of 3.0).
            says("neither `operationRef` nor")
                // Of tags, the text says that names are unique (section 4.8.1.1).
                || says("is declared twice")
                // The text says that they exclude each other (sections 4.8.14.1, 4.7.19.1).
                || says("`example` and `examples`") || says("`value` and `externalValue`")
        }
        "specification-unknown-field" => added,
        // The schemas leave these names to `format`, or say nothing of them.
        "specification-name" => says("`content`") || says("`headers`"),
        "schema-keyword" => {
            // Slips of the pen in names that JSON Schema would take for remarks.
            is_3_1 && (says("has no keyword") || says("has no meaning"))
                // JSON Schema (draft Wright 00, sections 5.22 to 5.24), on which 3.0 is built, asks for one at least.
                || says("at least one schema")
                // What the text says of `nullable` (3.0.3, section 4.7.24) and what no value can be, no schema of
                // schemas says.
                || says("counts only beside a `type`") || says("this value of `enum` is")
        }
        // Paths of which the schemas ask no more than a slash at the beginning.
        "definition-sloppy" => says("after it; its APIs are variants") || says("twice; its last value counts"),
        // Patterns are left to `format`, which is not asserted; paths to their first letter; and of two parameters 3.0
        // refuses only what is alike in every field, where the text says name and place (section 4.8.10.1). What no
        // value can be, no schema of schemas says.
        "schema-pattern"
        | "path-template"
        | "parameter-duplicate"
        | "schema-without-values"
        | "schema-part-of-itself" => true,
        _ => false,
    }
}

/// True if the official schema may ask for more than the rules, for the reasons at its lines.
fn is_looser(specification: Specification, error: &str) -> bool {
    // The text lets a parameter of a link be any value (section 4.8.20.1), the schema of 3.1 a text only.
    specification == Specification::V3_1 && error.contains("/links/") && error.contains("/parameters/")
}
