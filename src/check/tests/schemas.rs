//! Schemas, and the values that they describe, in the words of each version of the specification.

use super::{OPEN_3_0, OPEN_3_1, PATHS, WorkspaceCase, hint_text};

#[test]
fn what_no_value_can_be_is_told_with_the_keywords_of_each_version() {
    let schema = |schema: &str| "paths: {}\ncomponents: {schemas: {A: SCHEMA}}\n".replace("SCHEMA", schema);
    let parameter = |schema: &str| {
        let text = "paths: {/a: {get: {parameters: [{name: a, in: query, style: deepObject, schema: SCHEMA}], responses: {default: {description: d}}}}}\n";
        text.replace("SCHEMA", schema)
    };
    let operation = "paths: {/a: {get: {x-apigw-mock: {status: 204}}}}\n".to_owned();
    for (head, text, rule) in [
        (OPEN_3_0, schema("{type: array}"), Some("specification-required")),
        (OPEN_3_0, schema("{type: array, items: {}}"), None),
        (OPEN_3_0, schema("{allOf: [{type: object}], properties: {a: {type: array}}}"), Some("specification-required")),
        (OPEN_3_1, schema("{type: array}"), None),
        (
            OPEN_3_0,
            schema("{type: number, minimum: 2, exclusiveMinimum: true, maximum: 2}"),
            Some("schema-without-values"),
        ),
        (OPEN_3_0, schema("{type: number, minimum: 2, maximum: 1, nullable: true}"), None),
        (OPEN_3_1, schema("{type: array, minItems: 2, maxItems: 1}"), Some("schema-without-values")),
        (OPEN_3_1, schema("{type: object, minProperties: 2, maxProperties: 1}"), Some("schema-without-values")),
        (OPEN_3_1, schema("{type: [object, 'null'], minProperties: 2, maxProperties: 1}"), None),
        (OPEN_3_1, schema("{type: number, exclusiveMinimum: 1, exclusiveMaximum: 2}"), None),
        (OPEN_3_0, schema("{allOf: [{allOf: [{$ref: '#/components/schemas/A'}]}]}"), Some("schema-part-of-itself")),
        (OPEN_3_0, schema("{anyOf: [{$ref: '#/components/schemas/A'}]}"), None),
        (OPEN_3_0, parameter("{type: string}"), Some("specification-value")),
        (OPEN_3_1, parameter("{type: object}"), None),
        (OPEN_3_1, parameter("{type: [object, string]}"), None),
        (OPEN_3_1, parameter("{}"), None),
        (OPEN_3_0, operation.clone(), Some("responses-missing")),
        (OPEN_3_1, operation, None),
    ] {
        let case = WorkspaceCase::definition(&format!("{head}{text}"));
        let rules = [
            "specification-required",
            "specification-value",
            "schema-without-values",
            "schema-part-of-itself",
            "responses-missing",
        ];
        let told: Vec<&str> =
            case.findings().into_iter().map(|finding| finding.rule).filter(|rule| rules.contains(rule)).collect();
        assert_eq!(told.first().copied(), rule, "{text}: {told:?}");
    }
}

#[test]
fn nullable_in_3_1_says_what_to_write_in_its_place() {
    for (schema, hint) in [
        ("{type: integer, nullable: true}", "write `type: [integer, \"null\"]`"),
        ("{type: integer, nullable: false}", "remove it: a schema allows null only where it says so"),
        ("{type: [integer, string], nullable: true}", "add null to the list of `type`"),
        ("{oneOf: [{}], nullable: true}", "add `{type: \"null\"}` to the alternatives"),
        ("{$ref: \"#/components/schemas/B\", nullable: true}", "put `$ref` into `anyOf: […, {type: \"null\"}]`"),
        ("{nullable: true}", "remove it: a schema without a type allows null"),
    ] {
        let case =
            WorkspaceCase::definition(&format!("{OPEN_3_1}{PATHS}components: {{schemas: {{A: {schema}, B: {{}}}}}}\n"));
        let hints: Vec<String> = case.findings().into_iter().map(|finding| hint_text(&finding.hint)).collect();
        assert!(hints.iter().any(|each| each == hint), "{schema}: {hints:?}");
    }
}
