//! Values that are written differently: styles of parameters and fields, and bodies and headers that come or go.

use super::{around, compared, definition, kinds, whole};

/// The paths and webhooks of a definition before and after; the changes expected there and back.
#[rustfmt::skip]
pub(super) const OUTGOING: &[(&str, &str, &str, &str)] = &[
    ("webhooks: {w: {post: {requestBody: {required: true, content: {a/b: {}}}}}}", "webhooks: {w: {post: {}}}", "outgoing-body-removed breaks", "outgoing-body-added"),
    ("webhooks: {w: {post: {requestBody: {content: {a/b: {}}}}}}", "webhooks: {w: {post: {}}}", "outgoing-optional-body-removed", "outgoing-body-added"),
    ("paths: {/a: {get: {callbacks: {c: {'{x}': {post: {requestBody: {required: true, content: {a/b: {}}}}}}}}}}", "paths: {/a: {get: {callbacks: {c: {'{x}': {post: {}}}}}}}", "outgoing-body-removed breaks", "outgoing-body-added"),
    ("webhooks: {w: {post: {responses: {'200': {}}}}}", "webhooks: {w: {post: {responses: {'200': {content: {a/b: {}}}}}}}", "outgoing-response-body-added breaks", "outgoing-response-body-removed"),
    ("webhooks: {w: {post: {responses: {'200': {}}}}}", "webhooks: {w: {post: {responses: {'200': {headers: {X: {required: true}}}}}}}", "outgoing-header-required breaks", "outgoing-header-removed breaks"),
    ("webhooks: {w: {post: {responses: {'200': {}}}}}", "webhooks: {w: {post: {responses: {'200': {headers: {X: {}, Content-Type: {required: true}}}}}}}", "outgoing-header-added", "outgoing-header-removed breaks"),
    ("webhooks: {w: {post: {responses: {'200': {headers: {X: {}}}}}}}", "webhooks: {w: {post: {responses: {'200': {headers: {x: {required: true}}}}}}}", "outgoing-header-required breaks", "outgoing-header-optional"),
    ("webhooks: {w: {post: {responses: {'200': {headers: {X: {schema: {type: integer}}}}}}}}", "webhooks: {w: {post: {responses: {'200': {headers: {X: {schema: {type: number}}}}}}}}", "type-widened", "type-narrowed breaks"),
    ("webhooks: {w: {post: {responses: {default: {headers: {X: {}}}}}}}", "webhooks: {w: {post: {responses: {default: {headers: {X: {}}}, '400': {headers: {X: {required: true}}}}}}}", "outgoing-changed breaks", "outgoing-header-optional"),
    // Headers and outgoing parameters, by a media type or by a style
    ("paths: {/a: {get: {responses: {'200': {headers: {X: {content: {application/json: {schema: {type: string}}}}}}}}}}", "paths: {/a: {get: {responses: {'200': {headers: {X: {schema: {type: string}}}}}}}}", "header-style-changed breaks", "header-style-changed breaks"),
    ("paths: {/a: {get: {responses: {'200': {headers: {X: {content: {application/json: {schema: {type: integer}}}}}}}}}}", "paths: {/a: {get: {responses: {'200': {headers: {X: {schema: {type: integer}}}}}}}}", "", ""),
    ("paths: {/a: {get: {responses: {'200': {headers: {X: {content: {text/plain: {schema: {type: string}}}}}}}}}}", "paths: {/a: {get: {responses: {'200': {headers: {X: {schema: {type: string}}}}}}}}", "", ""),
    ("paths: {/a: {get: {responses: {'200': {headers: {X: {content: {application/json: {schema: {type: object}}}}}}}}}}", "paths: {/a: {get: {responses: {'200': {headers: {X: {schema: {type: string}}}}}}}}", "header-style-changed breaks, type-changed breaks", "header-style-changed breaks, type-changed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {multipart/form-data: {encoding: {x: {headers: {X: {content: {application/json: {schema: {type: string}}}}}}}, schema: {properties: {x: {}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {multipart/form-data: {encoding: {x: {headers: {X: {schema: {type: string}}}}}, schema: {properties: {x: {}}}}}}}}}", "header-style-changed breaks", "header-style-changed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {multipart/form-data: {encoding: {x: {headers: {X: {content: {application/json: {schema: {type: string}}}}}}}, schema: {properties: {x: {}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {multipart/form-data: {encoding: {x: {headers: {X: {content: {application/json: {schema: {type: integer}}}}}}}, schema: {properties: {x: {}}}}}}}}}", "type-changed breaks", "type-changed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {multipart/form-data: {encoding: {x: {headers: {X: {required: true, schema: {type: string}}}}}, schema: {properties: {x: {}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {multipart/form-data: {encoding: {x: {headers: {X: {schema: {type: integer}}}}}, schema: {properties: {x: {}}}}}}}}}", "part-header-became-optional, type-narrowed breaks", "part-header-became-required breaks, type-widened"),
    ("webhooks: {w: {post: {responses: {'200': {headers: {X: {content: {application/json: {schema: {type: string}}}}}}}}}}", "webhooks: {w: {post: {responses: {'200': {headers: {X: {schema: {type: string}}}}}}}}", "header-style-changed breaks", "header-style-changed breaks"),
    ("webhooks: {w: {post: {parameters: [{in: query, name: q, content: {application/json: {schema: {type: string}}}}]}}}", "webhooks: {w: {post: {parameters: [{in: query, name: q, schema: {type: string}}]}}}", "outgoing-changed breaks", "outgoing-changed breaks"),
    ("webhooks: {w: {post: {parameters: [{in: query, name: q, content: {application/json: {schema: {type: integer}}}}]}}}", "webhooks: {w: {post: {parameters: [{in: query, name: q, schema: {type: integer}}]}}}", "", ""),
    // Dates and scopes
    ("paths: {/a: {get: {deprecated: true, x-sunset: '2099-01-01', parameters: [{in: query, name: q, deprecated: true, x-sunset: '2099-01-01'}]}}}", "paths: {/a: {get: {deprecated: true, x-sunset: '2020-01-01', parameters: [{in: query, name: q, deprecated: true, x-sunset: '2098-01-01'}]}}}", "extension-changed, sunset-brought-forward warns, sunset-brought-forward warns", "extension-changed"),
    ("paths: {/a: {get: {security: [{o: [r]}]}}}\ncomponents: {securitySchemes: {o: {type: oauth2, flows: {implicit: {scopes: {r: x, w: x}}}}}}", "paths: {/a: {get: {security: [{o: [r]}]}}}\ncomponents: {securitySchemes: {o: {type: oauth2, flows: {implicit: {scopes: {w: x}}}}}}", "security-scheme-updated, security-scope-withdrawn breaks", "security-scheme-updated"),
    ("paths: {/a: {get: {security: [{o: [r]}]}}}\ncomponents: {securitySchemes: {o: {type: oauth2, flows: {implicit: {scopes: {r: x, w: x}}}}}}", "paths: {/a: {get: {security: [{o: [r]}]}}}\ncomponents: {securitySchemes: {o: {type: oauth2, flows: {implicit: {scopes: {r: x}}}}}}", "security-scheme-updated", "security-scheme-updated"),
    // Responses
    ("paths: {/a: {get: {responses: {'302': {}}}}}", "paths: {/a: {get: {responses: {'200': {}}}}}", "response-added, success-response-removed breaks", "response-added, success-response-removed breaks"),
    ("paths: {/a: {get: {responses: {'200': {}, '302': {}}}}}", "paths: {/a: {get: {responses: {'200': {}}}}}", "error-response-removed", "response-added"),
    ("paths: {/a: {get: {responses: {'302': {}}}}}", "paths: {/a: {get: {responses: {3XX: {}}}}}", "response-widened breaks", "response-narrowed"),
    ("paths: {/a: {get: {responses: {'200': {headers: {X: {content: {application/json: {schema: {type: string}}}}}}}}}}", "paths: {/a: {get: {responses: {'200': {headers: {X: {content: {text/plain: {schema: {type: string}}}}}}}}}}", "header-style-changed breaks", "header-style-changed breaks"),
];

#[test]
fn outgoing_data_is_judged_the_other_way_round() {
    for (before, after, there, back) in OUTGOING {
        let of = |text: &str| {
            whole(&if text.starts_with("paths") { text.to_owned() } else { format!("paths: {{}}\n{text}") })
        };
        let (old, new) = (of(before), of(after));
        assert_eq!(kinds(&compared(&old, &new)).join(", "), *there, "{before} → {after}");
        assert_eq!(kinds(&compared(&new, &old)).join(", "), *back, "{after} → {before}");
    }
}

#[test]
fn a_value_in_a_path_is_written_in_the_marks_of_its_style() {
    let path = |name: &str, style: &str, schema: &str| {
        whole(&format!(
            "paths: {{'/a/{{{name}}}': {{get: {{parameters: [{{in: path, name: {name}, required: true, style: {style}, schema: {schema}}}]}}}}}}"
        ))
    };
    for schema in ["{type: string}", "{type: integer}", "{type: array, items: {type: string}}", "{}"] {
        for (before, after) in [("simple", "matrix"), ("simple", "label"), ("matrix", "label")] {
            for (before, after) in [(before, after), (after, before)] {
                let found = kinds(&compared(&path("p", before, schema), &path("p", after, schema)));
                assert!(found.contains(&"parameter-style-changed breaks".to_owned()), "{before} → {after}: {found:?}");
            }
        }
        for (style, expected) in [
            ("simple", "path-parameter-renamed"),
            ("label", "path-parameter-renamed"),
            ("matrix", "parameter-style-changed breaks, path-parameter-renamed"),
        ] {
            let found = kinds(&compared(&path("p", style, schema), &path("q", style, schema)));
            assert_eq!(found.join(", "), expected, "{style} {schema}");
        }
    }
}

#[test]
fn an_object_in_the_deep_style_is_written_in_one_way() {
    let query = |explode: &str| {
        whole(&format!(
            "paths: {{/a: {{get: {{parameters: [{{in: query, name: p, style: deepObject{explode}, schema: {{type: object}}}}]}}}}}}"
        ))
    };
    let form = |explode: &str| {
        whole(&format!(
            "paths: {{/a: {{post: {{requestBody: {{content: {{application/x-www-form-urlencoded: {{schema: {{properties: {{n: {{type: object}}}}}}, encoding: {{n: {{style: deepObject{explode}}}}}}}}}}}}}}}}}"
        ))
    };
    for of in [&query as &dyn Fn(&str) -> crate::definition::Definition, &form] {
        for (before, after) in [("", ", explode: true"), (", explode: false", ", explode: true")] {
            assert_eq!(kinds(&compared(&of(before), &of(after))), [""; 0], "{before} → {after}");
        }
    }
}

#[test]
fn a_style_of_a_field_is_compared_with_its_media_type() {
    let (form, multipart) = ("application/x-www-form-urlencoded", "multipart/form-data");
    let (object, list, text) = ("{type: object}", "{type: array, items: {type: integer}}", "{type: string}");
    let (breaks, same) = ("encoding-changed breaks", "");
    #[rustfmt::skip]
    let rows = [
        ("3.1.0", form, object, "", "style: form", breaks),
        ("3.1.0", form, object, "", "explode: true", breaks),
        ("3.1.0", form, object, "", "allowReserved: true", breaks),
        ("3.1.0", form, object, "contentType: application/json", "style: form", breaks),
        ("3.1.0", form, object, "contentType: application/json", "", same),
        ("3.1.0", form, list, "contentType: text/plain", "style: spaceDelimited", breaks),
        ("3.1.0", form, list, "contentType: text/plain", "style: pipeDelimited", breaks),
        ("3.1.0", form, list, "contentType: text/plain", "explode: false", breaks),
        ("3.1.0", form, list, "contentType: text/plain", "style: form", same),
        ("3.1.0", form, list, "", "explode: false", breaks),
        ("3.1.0", form, list, "", "style: form", same),
        ("3.1.0", form, text, "", "style: pipeDelimited", same),
        ("3.1.0", form, text, "contentType: text/plain", "style: form", same),
        ("3.1.0", form, text, "contentType: application/json", "style: form", breaks),
        ("3.1.0", multipart, object, "", "style: form", breaks),
        ("3.1.0", multipart, object, "", "explode: true", breaks),
        ("3.1.0", multipart, object, "contentType: application/json", "contentType: application/json, style: form", breaks),
        ("3.0.3", multipart, object, "", "style: form", same),
        ("3.0.3", multipart, object, "contentType: application/json", "contentType: application/json, explode: false", same),
        ("3.0.3", form, object, "", "style: form", breaks),
    ];
    for (version, media_type, schema, before, after, expected) in rows {
        let of = |encoding: &str| {
            definition(&format!(
                "openapi: {version}\ninfo: {{title: t, version: '1'}}\npaths: {{/a: {{post: {{requestBody: {{content: {{{media_type}: {{schema: {{type: object, properties: {{n: {schema}}}}}, encoding: {{n: {{{encoding}}}}}}}}}}}, responses: {{'200': {{description: d}}}}}}}}}}"
            ))
        };
        for (before, after) in [(before, after), (after, before)] {
            let found = kinds(&compared(&of(before), &of(after))).join(", ");
            assert_eq!(found, expected, "{version} {media_type} {schema}: {before} → {after}");
        }
    }
}

#[test]
fn alternatives_that_are_the_same_in_other_words_overlap_as_before() {
    let union = |words: &str, more: &str| {
        let one = |name: &str| {
            format!(
                "{name}: {{type: object, properties: {{x: {{$ref: '#/components/schemas/All'}}, y: {{$ref: '#/components/schemas/Tool'}}}}}}"
            )
        };
        let components = format!(
            "components: {{schemas: {{All: {{oneOf: [{{$ref: '#/components/schemas/A'}}, {{$ref: '#/components/schemas/B'}}]}}, {}, {}, Tool: {{{words} type: object, properties: {{all: {{$ref: '#/components/schemas/All'}}{more}}}}}}}}}",
            one("A"),
            one("B"),
        );
        around("3.1.0", "{$ref: '#/components/schemas/All'}", true, &components)
    };
    let (old, new) = (union("description: a,", ""), union("title: t, description: b,", ""));
    assert_eq!(kinds(&compared(&old, &new)), ["documentation-changed", "documentation-changed"]);
    let gains = kinds(&compared(&old, &union("description: a,", ", v: {type: string}")));
    assert_eq!(gains, ["property-added"]);
}
