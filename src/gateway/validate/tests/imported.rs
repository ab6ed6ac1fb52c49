//! Requests that a definition of OpenAPI 2.0 allows, after its import.

use super::*;
use crate::definition::ImportRules;
use crate::model::DEFINITION_FILE;

/// Imports an operation of OpenAPI 2.0 with these parameters, and makes the rules of its requests.
fn imported(parameters: &str) -> RequestRules {
    let text = format!(
        "swagger: '2.0'\ninfo: {{title: t, version: '1'}}\npaths: {{/a: {{post: {{parameters: [{parameters}], responses: {{'200': {{description: d}}}}}}}}}}\n"
    );
    let mut fetch = |path: &str| Ok((path == "api.yaml").then(|| Arc::from(text.as_bytes())));
    let imported =
        crate::definition::import("api.yaml", &[], &ImportRules::default(), &mut fetch).expect("it is imported");
    let mut fetch = |path: &str| Ok(imported.files.get(path).cloned());
    assert!(imported.files.get(DEFINITION_FILE).is_some(), "{parameters}");
    let definition = crate::definition::read("g", &mut fetch).definition.expect("a definition");
    RequestRules::build(&definition, &definition.apis[0]).expect("rules")
}

#[test]
fn what_2_0_allows_is_not_refused_after_the_import() {
    let list = |place: &str, format: &str, items: &str| {
        format!("{{name: t, in: {place}, type: array, collectionFormat: {format}, items: {items}}}")
    };
    let integer = "{type: integer}";
    let inner = |format: &str| format!("{{type: array, collectionFormat: {format}, items: {integer}}}");
    let empty = "{name: t, in: formData, type: integer, allowEmptyValue: true}".to_owned();
    for (parameter, sent, is_right) in [
        (empty.clone(), "t=", true),
        (empty.clone(), "t=5", true),
        (empty, "t=x", false),
        (list("formData", "tsv", integer), "t=1%092", true),
        (list("query", "tsv", integer), "t=1%092", true),
        (list("query", "csv", &inner("pipes")), "t=1|2,3|4", true),
        (list("query", "multi", &inner("csv")), "t=1,2&t=3,4", true),
        (list("query", "csv", &inner("csv")), "t=1,2,3", true),
        (list("formData", "csv", &inner("pipes")), "t=1%7C2,3%7C4", true),
        (list("query", "pipes", integer), "t=1|x", false),
    ] {
        let rules = imported(&parameter);
        let checked = if parameter.contains("formData") {
            let sent_headers = headers(&[("content-type", "application/x-www-form-urlencoded")]);
            rules.check_body(&sent_headers, &Bytes::from(sent))
        } else {
            rules.check_parameters(&[], Some(sent), &headers(&[]))
        };
        assert_eq!(checked.is_ok(), is_right, "{parameter}: {sent}");
    }
}
