//! Extensions of our own that have no effect.

use super::{OPEN_3_1, WorkspaceCase};

#[test]
fn an_extension_that_has_no_effect_is_found() {
    for (text, places) in [
        ("paths:\n  /a: {get: {x-apigw-match: prefx}}\n", &["openapi.yaml:4:29"][..]),
        ("paths:\n  /a: {get: {x-apigw-match: true}}\n", &["openapi.yaml:4:29"]),
        ("paths:\n  /a: {x-apigw-match: Prefix, get: {}, put: {}}\n", &["openapi.yaml:4:23"]),
        ("paths:\n  /a: {get: {x-apigw-prefix: true}}\n", &["openapi.yaml:4:30"]),
        ("paths: {/a: {get: {}}}\nx-apigw-match: prefix\n", &["openapi.yaml:4:1"]),
        ("paths:\n  /a: {x-apigw-match: prefix, get: {x-apigw-mock: {}, x-other: 1}}\nx-any: 1\n", &[]),
    ] {
        let case = WorkspaceCase::definition(&format!("{OPEN_3_1}{text}"));
        assert_eq!(case.places("extension-unknown"), places, "{text}");
    }
}
