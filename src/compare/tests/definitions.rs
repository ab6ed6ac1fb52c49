//! Each kind of change of a definition and of a group's settings.

use super::{compared, definition, kinds, settings, whole};
use crate::compare::{ComparedGroup, Comparison, compare};
use crate::model::BumpLevel;

/// The paths and other parts of a definition before and after; the changes expected there and back.
#[rustfmt::skip]
pub(super) const DEFINITIONS: &[(&str, &str, &str, &str)] = &[
    // APIs
    ("paths: {/a: {get: {}}}", "paths: {/a: {get: {}, put: {}}}", "api-added", "api-removed breaks"),
    ("paths: {/a: {get: {}}}", "paths: {/a: {get: {}}, /b: {get: {deprecated: true}}}", "api-added", "deprecated-api-removed breaks"),
    ("paths: {/a: {get: {}}}", "paths: {'/a?x=1': {get: {}}, /a: {get: {}}}", "api-added, path-taken-over warns", "api-removed breaks"),
    ("paths: {/a: {get: {}}}", "paths: {/a: {get: {}}, '/a?x=1': {put: {}}}", "api-added", "api-removed breaks"),
    ("paths: {/a: {get: {parameters: [{in: query, name: x, schema: {enum: [1, 2]}}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: x, schema: {enum: [1, 2]}}]}}, '/a?x=1': {get: {}}}", "api-added, listed-path-taken-over breaks", "api-removed breaks"),
    ("paths: {/a: {get: {parameters: [{in: query, name: x, schema: {type: boolean}}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: x, schema: {type: boolean}}]}}, '/a?x=true': {get: {}}}", "api-added, listed-path-taken-over breaks", "api-removed breaks"),
    ("paths: {/a: {get: {parameters: [{in: query, name: x}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: x}]}}, '/a?x': {get: {}}}", "api-added, listed-path-taken-over breaks", "api-removed breaks"),
    ("paths: {/a: {get: {}}, '/a?x=1': {get: {}}}", "paths: {/a: {get: {}}, '/a?x=1': {get: {}}, '/a?x=2': {get: {}}}", "api-added, path-taken-over warns", "api-removed breaks"),
    ("paths: {/a: {get: {}}, '/a?x=1': {get: {}}}", "paths: {/a: {get: {}}, '/a?x=1': {get: {}}, '/a?x=1&y=2': {get: {}}}", "api-added, path-taken-over warns", "api-removed breaks"),
    ("paths: {'/a/{id}': {get: {parameters: [{in: path, name: id, required: true, schema: {enum: [1]}}]}}}", "paths: {'/a/{id}': {get: {parameters: [{in: path, name: id, required: true, schema: {enum: [1]}}]}}, /a/1: {get: {}}}", "api-added, listed-path-taken-over breaks", "api-removed breaks"),
    ("paths: {/a: {get: {}}}", "paths: {/a: {get: {deprecated: true}}}", "api-deprecated", "api-reactivated"),
    ("paths: {/a: {get: {operationId: x}}}", "paths: {/a: {get: {operationId: y}}}", "operation-id-changed", "operation-id-changed"),
    ("paths: {/a: {get: {}}}", "paths: {/a: {get: {operationId: y}}}", "operation-id-changed", "operation-id-changed"),
    ("paths: {/a: {get: {tags: [x]}}}", "paths: {/a: {get: {tags: [y]}}}", "tags-changed", "tags-changed"),
    ("paths: {/a: {get: {summary: x}}}", "paths: {/a: {get: {summary: y}}}", "documentation-changed", "documentation-changed"),
    ("paths: {/a: {get: {}}}", "paths: {/a: {get: {x-apigw-mock: {status: 201}}}}", "example-changed", "example-changed"),
    ("paths: {/a: {get: {}}}", "paths: {/a: {get: {x-owner: me}}}", "extension-changed", "extension-changed"),
    ("paths: {/a: {get: {}}}", "paths: {/a: {get: {x-apigw-match: prefix}}}", "match-widened", "match-narrowed breaks"),
    ("paths: {/a: {get: {}}}", "paths: {/a: {get: {x-apigw-websocket: true}}}", "extension-changed, websocket-added", "extension-changed, websocket-removed breaks"),
    ("paths: {/a: {get: {}}}", "paths: {/a: {get: {responses: {'101': {}}}}}", "response-added, websocket-added", "error-response-removed, websocket-removed breaks"),
    ("paths: {'/a/{id}': {get: {}}}", "paths: {'/a/{id}': {get: {}}, /a/me: {get: {}}}", "api-added, path-taken-over warns", "api-removed breaks"),
    ("paths: {/a: {x-apigw-match: prefix, get: {}}}", "paths: {/a: {x-apigw-match: prefix, get: {}}, /a/b: {post: {}}}", "api-added, listed-path-taken-over breaks", "api-removed breaks"),
    ("paths: {/a: {x-apigw-match: prefix, get: {}}}", "paths: {/a: {x-apigw-match: prefix, get: {}}, /a/b: {get: {}}}", "api-added, path-taken-over warns", "api-removed breaks"),
    ("paths: {/a: {x-apigw-match: prefix, get: {}}, /a/b: {post: {}}}", "paths: {/a: {x-apigw-match: prefix, get: {}}, /a/b: {x-apigw-match: prefix, post: {}}}", "listed-path-taken-over breaks, match-widened", "listed-path-taken-over breaks, match-narrowed breaks"),
    ("paths: {'/f/{n}.json': {get: {}}}", "paths: {'/f/{n}.json': {get: {}}, /f/index.json: {post: {}}}", "api-added, path-taken-over warns", "api-removed breaks"),
    ("paths: {'/f/{n}.json': {get: {parameters: [{in: path, name: n, required: true, schema: {enum: [index]}}]}}}", "paths: {'/f/{n}.json': {get: {parameters: [{in: path, name: n, required: true, schema: {enum: [index]}}]}}, /f/index.json: {post: {}}}", "api-added, listed-path-taken-over breaks", "api-removed breaks"),
    ("paths: {'/f/v{n}': {get: {}}}", "paths: {'/f/v{n}': {get: {}}, /f/v1: {post: {}}}", "api-added, path-taken-over warns", "api-removed breaks"),
    ("paths: {'/f/{n}.{e}': {get: {}}}", "paths: {'/f/{n}.{e}': {get: {}}, '/f/{n}.json': {post: {}}}", "api-added, path-taken-over warns", "api-removed breaks"),
    ("paths: {'/f/{n}.json': {get: {}}}", "paths: {'/f/{n}.json': {get: {}}, '/f/{n}.{e}': {post: {}}}", "api-added", "api-removed breaks"),
    ("paths: {'/{a}/x': {get: {}}}", "paths: {'/{a}/x': {get: {}}, '/y/{b}': {post: {}}}", "api-added, path-taken-over warns", "api-removed breaks"),
    ("paths: {'/y/{b}': {get: {}}}", "paths: {'/y/{b}': {get: {}}, '/{a}/x': {post: {}}}", "api-added", "api-removed breaks"),
    ("paths: {'/u/{a}/x': {get: {}}}", "paths: {'/u/{a}/x': {get: {}}, '/u/y/{b}': {post: {}}}", "api-added, path-taken-over warns", "api-removed breaks"),
    ("paths: {/a: {get: {}}}", "paths: {/a: {get: {}, head: {}}}", "api-added, path-taken-over warns", "api-removed breaks"),
    ("paths: {/a: {post: {}}}", "paths: {/a: {post: {}, head: {}}}", "api-added", "api-removed breaks"),
    ("paths: {/a: {get: {}}}", "paths: {/a: {get: {}, options: {}}}", "api-added, path-taken-over warns", "api-removed breaks"),
    ("paths: {/a: {x-apigw-match: prefix, get: {}}}", "paths: {/a: {x-apigw-match: prefix, get: {}}, /b/a: {post: {}}}", "api-added", "api-removed breaks"),
    ("paths: {'/a/{id}': {get: {}}}", "paths: {'/a/{id}': {get: {}}, '/a/{id}.json': {post: {}}}", "api-added, path-taken-over warns", "api-removed breaks"),
    ("paths: {'/a/{id}': {get: {parameters: [{in: path, name: id, required: true, schema: {enum: [x.json]}}]}}}", "paths: {'/a/{id}': {get: {parameters: [{in: path, name: id, required: true, schema: {enum: [x.json]}}]}}, '/a/{id}.json': {post: {}}}", "api-added, listed-path-taken-over breaks", "api-removed breaks"),
    ("paths: {'/a/{id}': {get: {}, put: {}}}", "paths: {'/a/{id}': {get: {}, put: {}}, /a/me: {get: {}, post: {}}}", "api-added, api-added, path-taken-over warns, path-taken-over warns", "api-removed breaks, api-removed breaks"),
    ("paths: {'/a/{id}': {get: {parameters: [{in: path, name: id, required: true, schema: {enum: [me]}}]}}}", "paths: {'/a/{id}': {get: {parameters: [{in: path, name: id, required: true, schema: {enum: [me]}}]}}, /a/me: {post: {}}}", "api-added, listed-path-taken-over breaks", "api-removed breaks"),
    ("paths: {'/a/{id}': {get: {}}, /a/me: {get: {}}}", "paths: {'/a/{id}': {get: {}}, /a/me: {get: {}, put: {}}}", "api-added", "api-removed breaks"),
    ("paths: {'/a/{id}/b': {get: {}}}", "paths: {'/a/{id}/b': {get: {}}, /a/me/c: {get: {}}}", "api-added", "api-removed breaks"),
    (
        "paths: {/a: {put: {}}}",
        "paths: {/a: {put: {x-apigw-unsigned-body: true}}}",
        "extension-changed",
        "body-signature-required breaks",
    ),
    ("paths: {/a: {get: {}}}", "paths: {/a: {get: {callbacks: {c: {}}}}}", "callback-added", "callback-removed breaks"),
    ("paths: {/a: {get: {callbacks: {c: {'{x}': {}, x-owner: {post: {}}}}}}}", "paths: {/a: {get: {callbacks: {c: {'{x}': {}, x-team: a}}}}}", "", ""),
    ("paths: {/a: {get: {callbacks: {c: {'{x}': {post: {}}}}}}}", "paths: {/a: {get: {callbacks: {d: {'{x}': {post: {}}}}}}}", "callback-renamed", "callback-renamed"),
    ("paths: {/a: {get: {callbacks: {c: {'{x}': {post: {}}}}}}}", "paths: {/a: {get: {callbacks: {d: {'{x}': {put: {}}}}}}}", "callback-renamed, outgoing-changed breaks, outgoing-changed breaks", "callback-renamed, outgoing-changed breaks, outgoing-changed breaks"),
    ("paths: {/a: {get: {callbacks: {c: {'{x}': {post: {}}}}}}}", "paths: {/a: {get: {callbacks: {d: {'{y}': {post: {}}}}}}}", "callback-added, callback-removed breaks", "callback-added, callback-removed breaks"),
    ("paths: {/a: {get: {callbacks: {c: {'{x}': {}}, b: {'{x}': {}}}}}}", "paths: {/a: {get: {callbacks: {d: {'{x}': {}}}}}}", "callback-added, callback-removed breaks, callback-removed breaks", "callback-added, callback-added, callback-removed breaks"),
    ("paths: {}\nwebhooks: {}", "paths: {}\nwebhooks: {w: {}}", "webhook-added", "webhook-removed breaks"),
    ("paths: {}", "paths: {}\nservers: [{url: http://x}]", "servers-changed", "servers-changed"),
    ("paths: {}", "paths: {}\ntags: [{name: x}]", "documentation-changed", "documentation-changed"),
    ("paths: {}\nwebhooks: {w: {post: {}}}", "paths: {}\nwebhooks: {w: {put: {}}}", "outgoing-changed breaks, outgoing-changed breaks", "outgoing-changed breaks, outgoing-changed breaks"),
    ("paths: {}\nwebhooks: {w: {post: {requestBody: {content: {a/b: {schema: {type: integer}}}}}}}", "paths: {}\nwebhooks: {w: {post: {requestBody: {content: {a/b: {schema: {type: number}}}}}}}", "type-widened breaks", "type-narrowed"),
    ("paths: {}\nwebhooks: {w: {post: {responses: {'200': {content: {a/b: {schema: {type: integer}}}}}}}}", "paths: {}\nwebhooks: {w: {post: {responses: {'200': {content: {a/b: {schema: {type: number}}}}}}}}", "type-widened", "type-narrowed breaks"),
    ("paths: {/a: {get: {callbacks: {c: {'{x}': {post: {requestBody: {content: {a/b: {}}}}}}}}}}", "paths: {/a: {get: {callbacks: {c: {'{x}': {post: {summary: s, requestBody: {content: {a/c: {}}}}}}}}}}", "documentation-changed, outgoing-media-type-added breaks, outgoing-media-type-removed", "documentation-changed, outgoing-media-type-added breaks, outgoing-media-type-removed"),
    ("paths: {}\nwebhooks: {w: {post: {requestBody: {required: true, content: {a/b: {}}}}}}", "paths: {}\nwebhooks: {w: {post: {requestBody: {content: {a/b: {}}}}}}", "outgoing-became-optional breaks", "outgoing-became-required"),
    ("paths: {/a: {get: {callbacks: {c: {'{x}': {post: {requestBody: {required: true, content: {a/b: {}}}}}}}}}}", "paths: {/a: {get: {callbacks: {c: {'{x}': {post: {requestBody: {content: {a/b: {}}}}}}}}}}", "outgoing-became-optional breaks", "outgoing-became-required"),
    ("paths: {}\nwebhooks: {w: {parameters: [{in: header, name: X-B, schema: {type: string}}], post: {}}}", "paths: {}\nwebhooks: {w: {post: {}}}", "outgoing-changed breaks", "outgoing-parameter-added"),
    ("paths: {}\nwebhooks: {w: {parameters: [{in: header, name: X-B}], post: {}}}", "paths: {}\nwebhooks: {w: {post: {parameters: [{in: header, name: x-b}]}}}", "", ""),
    ("paths: {}\nwebhooks: {w: {parameters: [{in: query, name: b, required: true}], post: {}}}", "paths: {}\nwebhooks: {w: {parameters: [{in: query, name: b, required: true}], post: {parameters: [{in: query, name: b}]}}}", "outgoing-became-optional breaks", "outgoing-became-required"),
    ("paths: {/a: {get: {callbacks: {c: {'{x}': {parameters: [{in: query, name: b, schema: {type: integer}}], post: {}}}}}}}", "paths: {/a: {get: {callbacks: {c: {'{x}': {parameters: [{in: query, name: b, schema: {type: number}}], post: {}}}}}}}", "type-widened breaks", "type-narrowed"),
    ("paths: {}\nwebhooks: {w: {post: {parameters: [{in: query, name: b, explode: true}]}}}", "paths: {}\nwebhooks: {w: {post: {parameters: [{in: query, name: b, style: form}]}}}", "", ""),
    ("paths: {}\nwebhooks: {w: {post: {parameters: [{in: query, name: b}]}}}", "paths: {}\nwebhooks: {w: {post: {parameters: [{in: query, name: b, explode: false}]}}}", "outgoing-changed breaks", "outgoing-changed breaks"),
    ("paths: {}\nwebhooks: {w: {post: {parameters: [{in: query, name: b, content: {a/b: {schema: {type: integer}}}}]}}}", "paths: {}\nwebhooks: {w: {post: {parameters: [{in: query, name: b, content: {a/b: {schema: {type: number}}}}]}}}", "type-widened breaks", "type-narrowed"),
    ("paths: {'/a/{b}': {get: {parameters: [{in: path, name: b, required: true}, {in: query, name: b}]}}}", "paths: {'/a/{c}': {get: {parameters: [{in: path, name: c, required: true}, {in: query, name: b}]}}}", "path-parameter-renamed", "path-parameter-renamed"),
    ("paths: {/a: {get: {responses: {'200': {headers: {Content-Type: {}}}}}}}", "paths: {/a: {get: {responses: {'200': {}}}}}", "", ""),
    ("paths: {/a: {get: {responses: {'200': {content: {a/b: {schema: {type: integer}}}}, 2XX: {content: {a/b: {schema: {type: integer}}}}}}}}", "paths: {/a: {get: {responses: {2XX: {content: {a/b: {schema: {type: integer}}}}}}}}", "response-widened", "response-added"),
    ("paths: {/a: {get: {responses: {'200': {content: {a/b: {schema: {type: integer}}}}, 2XX: {content: {a/b: {schema: {type: number}}}}}}}}", "paths: {/a: {get: {responses: {2XX: {content: {a/b: {schema: {type: number}}}}}}}}", "response-widened, type-widened breaks", "response-added, type-narrowed"),
    ("paths: {/a: {get: {responses: {'200': {content: {a/b: {schema: {type: integer}}}}, '404': {content: {a/b: {schema: {type: integer}}}}, 4XX: {content: {a/b: {schema: {type: integer}}}}}}}}", "paths: {/a: {get: {responses: {'200': {content: {a/b: {schema: {type: integer}}}}, 4XX: {content: {a/b: {schema: {type: integer}}}}}}}}", "error-response-widened", "error-response-declared"),
    ("paths: {/a: {get: {responses: {'200': {content: {a/b: {schema: {type: integer}}}}, default: {content: {a/b: {schema: {type: integer}}}}}}}}", "paths: {/a: {get: {responses: {default: {content: {a/b: {schema: {type: integer}}}}}}}}", "response-widened breaks", "response-added"),
    ("paths: {/a: {put: {requestBody: {content: {multipart/form-data: {schema: {type: object, properties: {a: {type: string}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {multipart/form-data: {schema: {type: object, properties: {a: {type: string}}}, encoding: {z: {contentType: a/b}}}}}}}}", "", ""),
    ("paths: {/a: {put: {requestBody: {content: {multipart/form-data: {schema: {allOf: [{type: object, properties: {z: {type: string}}}]}}}}}}}", "paths: {/a: {put: {requestBody: {content: {multipart/form-data: {schema: {allOf: [{type: object, properties: {z: {type: string}}}]}, encoding: {z: {contentType: a/b}}}}}}}}", "encoding-changed breaks", "encoding-changed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {multipart/form-data: {schema: {type: object, additionalProperties: {type: string}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {multipart/form-data: {schema: {type: object, additionalProperties: {type: string}}, encoding: {z: {contentType: a/b}}}}}}}}", "encoding-changed breaks", "encoding-changed breaks"),
    // Parameters
    ("paths: {'/a/{b}': {get: {parameters: [{in: path, name: b, required: true, schema: {type: string}}]}}}", "paths: {'/a/{c}': {get: {parameters: [{in: path, name: c, required: true, schema: {type: string}}]}}}", "path-parameter-renamed", "path-parameter-renamed"),
    ("paths: {'/a/{b}': {get: {parameters: [{in: path, name: b, required: true, schema: {type: integer}}]}}}", "paths: {'/a/{c}': {get: {parameters: [{in: path, name: c, required: true, schema: {type: string}}]}}}", "path-parameter-renamed, type-widened", "path-parameter-renamed, type-narrowed breaks"),
    ("paths: {/a: {get: {}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: string}}]}}}", "parameter-added", "parameter-removed breaks"),
    ("paths: {/a: {get: {}}}", "paths: {/a: {parameters: [{in: header, name: b, required: true, schema: {type: string}}], get: {}}}", "required-parameter-added breaks", "parameter-removed breaks"),
    ("paths: {/a: {get: {}}}", "paths: {/a: {get: {parameters: [{in: header, name: Accept, schema: {type: string}}]}}}", "", ""),
    ("paths: {/a: {get: {parameters: [{in: header, name: x-b}]}}}", "paths: {/a: {get: {parameters: [{in: header, name: X-B}]}}}", "", ""),
    ("paths: {/a: {get: {parameters: [{in: query, name: b}]}}}", "paths: {/a: {get: {parameters: [{in: cookie, name: b}]}}}", "parameter-moved breaks", "parameter-moved breaks"),
    ("paths: {/a: {get: {parameters: [{in: query, name: b}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: B}]}}}", "parameter-added, parameter-removed breaks", "parameter-added, parameter-removed breaks"),
    ("paths: {/a: {get: {parameters: [{in: query, name: b}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, required: true}]}}}", "parameter-became-required breaks", "parameter-became-optional"),
    ("paths: {/a: {get: {parameters: [{in: query, name: b}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, deprecated: true}]}}}", "parameter-deprecated", "parameter-reactivated"),
    ("paths: {/a: {get: {parameters: [{in: query, name: b}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, allowReserved: true}]}}}", "parameter-accepts-more", "parameter-accepts-less breaks"),
    ("paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: array}}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, explode: false, schema: {type: array}}]}}}", "parameter-style-changed breaks", "parameter-style-changed breaks"),
    ("paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: array}}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, style: pipeDelimited, schema: {type: array}}]}}}", "parameter-style-changed breaks", "parameter-style-changed breaks"),
    ("paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: string}}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, explode: false, style: pipeDelimited, schema: {type: string}}]}}}", "", ""),
    ("paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: string}}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, content: {application/json: {schema: {type: string}}}}]}}}", "parameter-media-type-changed breaks", "parameter-media-type-changed breaks"),
    ("paths: {/a: {get: {parameters: [{in: query, name: b, content: {application/json: {schema: {type: integer}}}}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, content: {application/json: {schema: {type: string}}}}]}}}", "type-changed breaks", "type-changed breaks"),
    ("paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: integer}}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: string}}]}}}", "type-widened", "type-narrowed breaks"),
    ("paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: integer, default: 1}}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: integer, default: 2, maximum: 9}}]}}}", "range-narrowed breaks, request-default-changed warns", "range-widened, request-default-changed warns"),
    ("paths: {/a: {get: {parameters: [{in: query, name: b, example: 1}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, example: 2}]}}}", "example-changed", "example-changed"),
    // Request bodies
    ("paths: {/a: {put: {}}}", "paths: {/a: {put: {requestBody: {content: {a/b: {}}}}}}", "request-body-added", "request-body-removed breaks"),
    ("paths: {/a: {put: {}}}", "paths: {/a: {put: {requestBody: {required: true, content: {a/b: {}}}}}}", "required-request-body-added breaks", "request-body-removed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {a/b: {}}}}}}", "paths: {/a: {put: {requestBody: {required: true, content: {a/b: {}}}}}}", "request-body-became-required breaks", "request-body-became-optional"),
    ("paths: {/a: {put: {requestBody: {content: {a/b: {}}}}}}", "paths: {/a: {put: {requestBody: {content: {a/b: {}, a/c: {}}}}}}", "media-type-added", "media-type-removed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {a/b: {}}}}}}", "paths: {/a: {put: {requestBody: {content: {A/b; c=d: {}}}}}}", "", ""),
    ("paths: {/a: {put: {requestBody: {content: {a/b: {}}}}}}", "paths: {/a: {put: {requestBody: {content: {a/*: {}}}}}}", "media-type-widened", "media-type-narrowed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {a/b: {}}}}}}", "paths: {/a: {put: {requestBody: {content: {a/b: {schema: {type: object}}}}}}}", "schema-added breaks", "schema-removed"),
    // Values that are written as text
    ("paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: integer}}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: array, items: {type: integer}}}]}}}", "value-became-list", "list-became-value breaks"),
    ("paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: integer}}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: array, items: {type: integer}, minItems: 2}}]}}}", "value-became-list breaks", "list-became-value breaks"),
    ("paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: integer}}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, explode: false, schema: {type: array, items: {type: string}}}]}}}", "value-became-list", "list-became-value breaks"),
    ("paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: string}}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, explode: false, schema: {type: array, items: {type: string}}}]}}}", "value-split warns", "value-split warns"),
    ("paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: string}}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, explode: false, schema: {type: array, maxItems: 1, items: {type: string}}}]}}}", "value-became-list breaks", "list-became-value, value-split warns"),
    ("paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: string, enum: [x, y]}}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, explode: false, schema: {type: array, items: {type: string}}}]}}}", "value-became-list", "list-became-value breaks"),
    ("paths: {'/a/{b}': {get: {parameters: [{in: path, name: b, required: true, schema: {type: integer}}]}}}", "paths: {'/a/{b}': {get: {parameters: [{in: path, name: b, required: true, schema: {type: array, maxItems: 1, items: {type: integer}}}]}}}", "", ""),
    ("paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: integer}}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, schema: {oneOf: [{type: integer}, {type: array, items: {type: integer}}]}}]}}}", "alternative-added", "alternative-removed breaks"),
    ("paths: {/a: {get: {responses: {'200': {headers: {X: {schema: {type: integer}}}}}}}}", "paths: {/a: {get: {responses: {'200': {headers: {X: {schema: {type: array, items: {type: integer}}}}}}}}}", "value-became-list breaks", "list-became-value"),
    ("paths: {/a: {put: {requestBody: {content: {application/x-www-form-urlencoded: {schema: {properties: {x: {type: integer}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {application/x-www-form-urlencoded: {schema: {properties: {x: {type: string}}}}}}}}}", "type-widened", "type-narrowed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {application/x-www-form-urlencoded: {schema: {properties: {x: {type: integer}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {application/x-www-form-urlencoded: {schema: {properties: {x: {type: array, items: {type: string}}}}}}}}}}", "value-became-list", "list-became-value breaks"),
    ("paths: {/a: {put: {requestBody: {content: {multipart/form-data: {schema: {properties: {x: {type: integer}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {multipart/form-data: {schema: {properties: {x: {type: string}}}}}}}}}", "type-widened", "type-narrowed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {multipart/form-data: {encoding: {x: {contentType: application/json}}, schema: {properties: {x: {type: integer}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {multipart/form-data: {encoding: {x: {contentType: application/json}}, schema: {properties: {x: {type: string}}}}}}}}}", "type-changed breaks", "type-changed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {application/x-www-form-urlencoded: {schema: {properties: {x: {type: array}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {application/x-www-form-urlencoded: {encoding: {x: {style: form, explode: true}}, schema: {properties: {x: {type: array}}}}}}}}}", "", ""),
    ("paths: {/a: {put: {requestBody: {content: {application/x-www-form-urlencoded: {schema: {properties: {x: {type: array}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {application/x-www-form-urlencoded: {encoding: {x: {explode: false}}, schema: {properties: {x: {type: array}}}}}}}}}", "encoding-changed breaks", "encoding-changed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {multipart/form-data: {}}}}}}", "paths: {/a: {put: {requestBody: {content: {multipart/form-data: {encoding: {x: {contentType: image/png}}}}}}}}", "encoding-changed breaks", "encoding-changed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {multipart/form-data: {schema: {properties: {x: {type: object}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {multipart/form-data: {encoding: {x: {contentType: application/json}}, schema: {properties: {x: {type: object}}}}}}}}}", "", ""),
    ("paths: {/a: {put: {requestBody: {content: {multipart/form-data: {schema: {properties: {x: {type: integer}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {multipart/form-data: {encoding: {x: {contentType: text/plain}}, schema: {properties: {x: {type: integer}}}}}}}}}", "", ""),
    ("paths: {/a: {put: {requestBody: {content: {multipart/form-data: {schema: {properties: {x: {type: array, items: {type: string}}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {multipart/form-data: {encoding: {x: {contentType: text/plain}}, schema: {properties: {x: {type: array, items: {type: string}}}}}}}}}}", "", ""),
    ("paths: {/a: {put: {requestBody: {content: {multipart/form-data: {schema: {properties: {x: {type: array, items: {type: object}}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {multipart/form-data: {encoding: {x: {contentType: application/json}}, schema: {properties: {x: {type: array, items: {type: object}}}}}}}}}}", "", ""),
    ("paths: {/a: {put: {requestBody: {content: {multipart/form-data: {schema: {properties: {x: {type: string, contentEncoding: base64}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {multipart/form-data: {encoding: {x: {contentType: application/octet-stream}}, schema: {properties: {x: {type: string, contentEncoding: base64}}}}}}}}}", "", ""),
    ("paths: {/a: {put: {requestBody: {content: {multipart/form-data: {schema: {properties: {x: {type: string, format: binary}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {multipart/form-data: {encoding: {x: {contentType: application/octet-stream}}, schema: {properties: {x: {type: string, format: binary}}}}}}}}}", "", ""),
    ("paths: {/a: {put: {requestBody: {content: {multipart/form-data: {schema: {properties: {x: {}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {multipart/form-data: {encoding: {x: {contentType: application/octet-stream}}, schema: {properties: {x: {}}}}}}}}}", "", ""),
    ("paths: {/a: {put: {requestBody: {content: {multipart/form-data: {schema: {properties: {x: {type: object}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {multipart/form-data: {encoding: {x: {contentType: text/plain}}, schema: {properties: {x: {type: object}}}}}}}}}", "encoding-changed breaks", "encoding-changed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {multipart/form-data: {schema: {properties: {x: {type: [object, string]}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {multipart/form-data: {encoding: {x: {contentType: text/plain}}, schema: {properties: {x: {type: [object, string]}}}}}}}}}", "encoding-changed breaks", "encoding-changed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {multipart/form-data: {encoding: {x: {contentType: image/png}}, schema: {properties: {x: {}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {multipart/form-data: {encoding: {x: {contentType: 'image/jpeg, image/png'}}, schema: {properties: {x: {}}}}}}}}}", "encoding-changed", "encoding-changed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {multipart/form-data: {encoding: {x: {contentType: image/png}}, schema: {properties: {x: {}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {multipart/form-data: {encoding: {x: {contentType: image/*}}, schema: {properties: {x: {}}}}}}}}}", "encoding-changed", "encoding-changed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {multipart/form-data: {encoding: {x: {contentType: image/png}}, schema: {properties: {x: {}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {multipart/form-data: {encoding: {x: {contentType: image/png, headers: {X: {}}}}, schema: {properties: {x: {}}}}}}}}}", "part-header-added", "part-header-removed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {multipart/form-data: {encoding: {x: {contentType: image/png}}, schema: {properties: {x: {}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {multipart/form-data: {encoding: {x: {contentType: image/png, headers: {X: {required: true}}}}, schema: {properties: {x: {}}}}}}}}}", "part-header-became-required breaks", "part-header-removed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {multipart/form-data: {encoding: {x: {headers: {X: {}}}}, schema: {properties: {x: {}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {multipart/form-data: {encoding: {x: {headers: {x: {required: true}}}}, schema: {properties: {x: {}}}}}}}}}", "part-header-became-required breaks", "part-header-became-optional"),
    ("paths: {/a: {put: {requestBody: {content: {multipart/form-data: {encoding: {x: {headers: {X: {schema: {type: integer}}}}}, schema: {properties: {x: {}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {multipart/form-data: {encoding: {x: {headers: {X: {schema: {type: string}}}}}, schema: {properties: {x: {}}}}}}}}}", "type-widened", "type-narrowed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {a/b: {schema: {properties: {x: {}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {a/b: {encoding: {x: {contentType: image/png}}, schema: {properties: {x: {}}}}}}}}}", "", ""),
    ("paths: {/a: {put: {requestBody: {content: {a/b;v=1: {}, a/b;v=2: {}}}}}}", "paths: {/a: {put: {requestBody: {content: {a/b;v=1: {}}}}}}", "media-type-removed breaks", "media-type-added"),
    ("paths: {/a: {put: {requestBody: {content: {'*/*': {schema: {type: object}}}}}}}", "paths: {/a: {put: {requestBody: {content: {'*/*': {schema: {type: object}}, a/b: {schema: {type: object, required: [a]}}}}}}}", "media-type-declared, property-became-required breaks", "media-type-widened, property-became-optional"),
    ("paths: {/a: {put: {requestBody: {content: {a/b: {schema: {type: integer}}}}}}}", "paths: {/a: {put: {requestBody: {content: {'*/*': {schema: {type: string}}, a/*: {schema: {type: integer}}}}}}}", "media-type-added, media-type-widened", "media-type-narrowed breaks, media-type-narrowed breaks, type-changed breaks"),
    ("paths: {}\nwebhooks: {w: {post: {requestBody: {content: {a/*: {}}}, responses: {'200': {content: {a/b: {}}}}}}}", "paths: {}\nwebhooks: {w: {post: {requestBody: {content: {a/b: {}}}, responses: {'200': {content: {a/*: {}}}}}}}", "outgoing-media-type-added, outgoing-media-type-removed", "outgoing-media-type-added breaks, outgoing-media-type-removed breaks"),
    ("paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: integer, enum: [1, 2]}}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: string, enum: ['1', '2']}}]}}}", "", ""),
    ("paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: boolean}}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: string, enum: ['true', 'false']}}]}}}", "", ""),
    ("paths: {/a: {get: {parameters: [{in: query, name: b, schema: {const: 1.5}}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, schema: {const: '1.5'}}]}}}", "", ""),
    ("paths: {/a: {get: {responses: {'200': {headers: {X: {schema: {type: integer, enum: [1, 2]}}}}}}}}", "paths: {/a: {get: {responses: {'200': {headers: {X: {schema: {type: string, enum: ['1', '2']}}}}}}}}", "", ""),
    ("paths: {/a: {get: {responses: {'200': {headers: {X: {schema: {type: boolean}}}}}}}}", "paths: {/a: {get: {responses: {'200': {headers: {X: {schema: {type: string, enum: ['true', 'false']}}}}}}}}", "", ""),
    ("paths: {/a: {get: {responses: {'200': {headers: {X: {schema: {const: 1.5}}}}}}}}", "paths: {/a: {get: {responses: {'200': {headers: {X: {schema: {const: '1.5'}}}}}}}}", "", ""),
    ("paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: integer, enum: [1, 2]}}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: string, enum: ['1', '2', x]}}]}}}", "enum-value-added", "enum-value-removed breaks"),
    ("paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: string, enum: ['1', '-2']}}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: integer}}]}}}", "type-changed", "type-changed breaks"),
    ("paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: string, enum: ['01']}}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: integer}}]}}}", "type-changed breaks", "type-changed breaks"),
    ("paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: array, items: {type: integer, enum: [1]}}}]}}}", "paths: {/a: {get: {parameters: [{in: query, name: b, schema: {type: array, items: {type: string, enum: ['1']}}}]}}}", "", ""),
    ("paths: {/a: {put: {requestBody: {content: {application/x-www-form-urlencoded: {schema: {properties: {x: {enum: [true]}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {application/x-www-form-urlencoded: {schema: {properties: {x: {enum: ['true']}}}}}}}}}", "", ""),
    ("paths: {/a: {put: {requestBody: {content: {application/xml: {schema: {type: object, properties: {a: {type: string}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {application/xml: {schema: {type: object, properties: {a: {type: string, xml: {name: a}}}}}}}}}}", "xml-changed", "xml-changed"),
    ("paths: {/a: {put: {requestBody: {content: {application/xml: {schema: {type: object, properties: {a: {type: string}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {application/xml: {schema: {type: object, properties: {a: {type: string, xml: {name: b}}}}}}}}}}", "xml-changed breaks", "xml-changed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {application/xml: {schema: {type: object, properties: {a: {anyOf: [{type: string, xml: {name: b}}]}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {application/xml: {schema: {type: object, properties: {a: {anyOf: [{type: string, xml: {name: c}}]}}}}}}}}}", "xml-changed breaks", "xml-changed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {application/xml: {schema: {type: object, properties: {a: {type: array, items: {type: string}}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {application/xml: {schema: {type: object, properties: {a: {type: array, items: {type: string, xml: {name: a}}}}}}}}}}}", "xml-changed breaks", "xml-changed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {application/xml: {schema: {type: object, properties: {a: {type: array, items: {type: string}}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {application/xml: {schema: {type: object, properties: {a: {type: array, items: {type: string}, xml: {wrapped: false}}}}}}}}}}", "xml-changed", "xml-changed"),
    ("paths: {/a: {put: {requestBody: {content: {application/xml: {schema: {type: object, properties: {a: {type: array, items: {type: string}}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {application/xml: {schema: {type: object, properties: {a: {type: array, items: {type: string}, xml: {wrapped: true}}}}}}}}}}", "xml-changed breaks", "xml-changed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {application/xml: {schema: {xml: {namespace: n, prefix: p}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {application/xml: {schema: {xml: {namespace: n, prefix: q}}}}}}}}", "xml-changed", "xml-changed"),
    ("paths: {/a: {put: {requestBody: {content: {application/xml: {schema: {xml: {namespace: n, prefix: p}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {application/xml: {schema: {xml: {namespace: m, prefix: p}}}}}}}}", "xml-changed breaks", "xml-changed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {application/xml: {schema: {xml: {namespace: n}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {application/xml: {schema: {xml: {namespace: n, prefix: q}}}}}}}}", "xml-changed breaks", "xml-changed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {application/xml: {schema: {type: object, properties: {a: {xml: {prefix: p}}}, xml: {namespace: n, prefix: p}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {application/xml: {schema: {type: object, properties: {a: {xml: {prefix: p}}}, xml: {namespace: n, prefix: q}}}}}}}}", "xml-changed breaks", "xml-changed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {application/xml: {schema: {xml: {name: a}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {application/xml: {schema: {xml: {name: b}}}}}}}}", "xml-changed breaks", "xml-changed breaks"),
    // Responses
    ("paths: {/a: {get: {responses: {'200': {description: d}}}}}", "paths: {/a: {get: {responses: {'200': {description: d}, '201': {description: d}}}}}", "response-added", "success-response-removed breaks"),
    ("paths: {/a: {get: {responses: {'200': {description: d}}}}}", "paths: {/a: {get: {responses: {'200': {description: d}, '404': {description: d}}}}}", "response-added", "error-response-removed"),
    ("paths: {/a: {get: {responses: {'200': {description: d}}}}}", "paths: {/a: {get: {responses: {'200': {description: d}, default: {description: d}}}}}", "response-added", "error-response-removed"),
    ("paths: {/a: {get: {responses: {'404': {description: d}}}}}", "paths: {/a: {get: {responses: {'404': {description: d}, default: {description: d}}}}}", "response-added", "success-response-removed breaks"),
    ("paths: {/a: {get: {responses: {'200': {description: d}}}}}", "paths: {/a: {get: {responses: {2XX: {description: d}}}}}", "response-widened breaks", "response-narrowed"),
    ("paths: {/a: {get: {responses: {'404': {description: d}}}}}", "paths: {/a: {get: {responses: {default: {description: d}}}}}", "error-response-widened", "response-narrowed"),
    ("paths: {/a: {get: {responses: {2XX: {content: {a/b: {schema: {type: integer}}}}}}}}", "paths: {/a: {get: {responses: {'200': {content: {a/b: {schema: {type: number}}}}}}}}", "response-narrowed, type-widened breaks", "response-widened breaks, type-narrowed"),
    ("paths: {/a: {get: {responses: {default: {content: {a/b: {schema: {type: integer}}}}}}}}", "paths: {/a: {get: {responses: {'404': {content: {a/b: {schema: {type: number}}}}, default: {content: {a/b: {schema: {type: integer}}}}}}}}", "error-response-declared breaks", "error-response-widened, type-narrowed"),
    ("paths: {/a: {get: {responses: {'200': {content: {a/b: {schema: {type: string}}}}}}}}", "paths: {/a: {get: {responses: {'200': {content: {a/b: {schema: {type: string, default: x}}}}}}}}", "default-changed", "default-changed"),
    // The default beside codes
    ("paths: {/a: {get: {responses: {'200': {}, default: {content: {a/b: {schema: {type: integer}}}}}}}}", "paths: {/a: {get: {responses: {'200': {}, '202': {content: {a/b: {schema: {type: string}}}}, default: {content: {a/b: {schema: {type: integer}}}}}}}}", "success-response-added warns", "success-response-removed breaks"),
    ("paths: {/a: {get: {responses: {'200': {}, default: {content: {a/b: {schema: {type: integer}}}}}}}}", "paths: {/a: {get: {responses: {'200': {}, '202': {content: {a/b: {schema: {type: string}}}}}}}}", "error-response-removed, success-response-added warns", "response-added, success-response-removed breaks"),
    ("paths: {/a: {get: {responses: {'200': {}, 4XX: {content: {a/b: {schema: {type: integer}}}}}}}}", "paths: {/a: {get: {responses: {'200': {}, '404': {content: {a/b: {schema: {type: integer, minimum: 1}}}}, 4XX: {content: {a/b: {schema: {type: integer}}}}}}}}", "error-response-declared", "error-response-widened, range-widened breaks"),
    ("paths: {/a: {get: {responses: {default: {content: {a/b: {schema: {type: integer}}}}}}}}", "paths: {/a: {get: {responses: {'200': {content: {a/b: {schema: {type: string}}}}, default: {content: {a/b: {schema: {type: integer}}}}}}}}", "response-added, type-changed breaks", "response-widened breaks, type-changed breaks"),
    ("paths: {}\nwebhooks: {w: {post: {responses: {'200': {}}}}}", "paths: {}\nwebhooks: {w: {post: {responses: {'200': {}, '202': {}}}}}", "outgoing-response-added", "outgoing-changed breaks"),
    ("paths: {}\nwebhooks: {w: {post: {responses: {'200': {}, default: {content: {a/b: {schema: {type: integer}}}}}}}}", "paths: {}\nwebhooks: {w: {post: {responses: {'200': {}, '202': {}, '404': {content: {a/b: {schema: {type: string}}}}, default: {content: {a/b: {schema: {type: integer}}}}}}}}", "outgoing-changed breaks, outgoing-response-added", "outgoing-changed breaks, type-changed breaks"),
    ("paths: {/a: {get: {responses: {'200': {description: d}}}}}", "paths: {/a: {get: {responses: {'200': {description: e}}}}}", "documentation-changed", "documentation-changed"),
    ("paths: {/a: {get: {responses: {'200': {content: {a/b: {}}}}}}}", "paths: {/a: {get: {responses: {'200': {content: {a/b: {}, a/c: {}}}}}}}", "media-type-added", "media-type-removed breaks"),
    ("paths: {/a: {get: {responses: {'200': {content: {a/b: {}}}}}}}", "paths: {/a: {get: {responses: {'200': {content: {'*/*': {}}}}}}}", "media-type-widened", "media-type-narrowed"),
    ("paths: {/a: {get: {responses: {'200': {content: {a/b: {}}}}}}}", "paths: {/a: {get: {responses: {'200': {content: {a/b: {schema: {type: object}}}}}}}}", "schema-added", "schema-removed breaks"),
    ("paths: {/a: {get: {responses: {'200': {headers: {}}}}}}", "paths: {/a: {get: {responses: {'200': {headers: {X: {schema: {type: string}}}}}}}}", "header-added", "header-removed breaks"),
    ("paths: {/a: {get: {responses: {'200': {headers: {X: {}}}}}}}", "paths: {/a: {get: {responses: {'200': {headers: {x: {required: true}}}}}}}", "header-became-required", "header-became-optional breaks"),
    ("paths: {/a: {get: {responses: {'200': {headers: {X: {schema: {type: object, properties: {a: {type: integer}}}}}}}}}}", "paths: {/a: {get: {responses: {'200': {headers: {X: {explode: true, schema: {type: object, properties: {a: {type: integer}}}}}}}}}}", "header-style-changed breaks", "header-style-changed breaks"),
    ("paths: {/a: {get: {responses: {'200': {headers: {X: {schema: {type: array}}}}}}}}", "paths: {/a: {get: {responses: {'200': {headers: {X: {explode: true, schema: {type: array}}}}}}}}", "", ""),
    ("paths: {/a: {put: {requestBody: {content: {multipart/form-data: {encoding: {x: {headers: {X: {schema: {type: object, properties: {a: {type: integer}}}}}}}, schema: {properties: {x: {}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {multipart/form-data: {encoding: {x: {headers: {X: {explode: true, schema: {type: object, properties: {a: {type: integer}}}}}}}, schema: {properties: {x: {}}}}}}}}}", "header-style-changed breaks", "header-style-changed breaks"),
    ("paths: {/a: {get: {responses: {'200': {headers: {X: {schema: {type: integer}}}}}}}}", "paths: {/a: {get: {responses: {'200': {headers: {X: {schema: {type: string}}}}}}}}", "type-widened breaks", "type-narrowed"),
    ("paths: {/a: {get: {responses: {'200': {headers: {X: {content: {a/b: {schema: {type: integer}}}}}}}}}}", "paths: {/a: {get: {responses: {'200': {headers: {X: {content: {a/b: {schema: {type: string}}}}}}}}}}", "type-changed breaks", "type-changed breaks"),
    // Objects that allow no others
    ("paths: {/a: {get: {responses: {'200': {content: {a/b: {schema: {type: object, additionalProperties: false}}}}}}}}", "paths: {/a: {get: {responses: {'200': {content: {a/b: {schema: {type: object, additionalProperties: false, properties: {a: {}}}}}}}}}}", "property-added-to-closed-object breaks", "property-removed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {a/b: {schema: {type: object, additionalProperties: false}}}}}}}", "paths: {/a: {put: {requestBody: {content: {a/b: {schema: {type: object, additionalProperties: false, properties: {a: {}}}}}}}}}", "property-added", "property-removed breaks"),
    // Read-only and write-only
    ("paths: {/a: {put: {requestBody: {content: {a/b: {schema: {type: object}}}}}}}", "paths: {/a: {put: {requestBody: {content: {a/b: {schema: {type: object, required: [a], properties: {a: {readOnly: true}}}}}}}}}", "", ""),
    ("paths: {/a: {put: {requestBody: {content: {a/b: {schema: {properties: {a: {readOnly: true, type: string}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {a/b: {schema: {properties: {a: {readOnly: true, type: integer}}}}}}}}}", "", ""),
    ("paths: {/a: {get: {responses: {'200': {content: {a/b: {schema: {type: object}}}}}}}}", "paths: {/a: {get: {responses: {'200': {content: {a/b: {schema: {type: object, required: [a], properties: {a: {writeOnly: true}}}}}}}}}}", "", ""),
    ("paths: {/a: {put: {requestBody: {content: {a/b: {schema: {allOf: [{readOnly: true, properties: {a: {}}}, {properties: {c: {}}}]}}}}}}}", "paths: {/a: {put: {requestBody: {content: {a/b: {schema: {allOf: [{readOnly: true, properties: {a: {}}}, {properties: {c: {}}, required: [c]}]}}}}}}}", "property-became-required breaks", "property-became-optional"),
    ("paths: {/a: {put: {requestBody: {content: {a/b: {schema: {readOnly: true, type: object, properties: {b: {type: string}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {a/b: {schema: {readOnly: true, type: object, properties: {b: {type: integer}}}}}}}}}", "type-changed breaks", "type-changed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {a/b: {schema: {type: array, items: {readOnly: true, type: object}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {a/b: {schema: {type: array, items: {readOnly: true, type: object, required: [a]}}}}}}}}", "property-became-required breaks", "property-became-optional"),
    ("paths: {/a: {put: {requestBody: {content: {a/b: {schema: {oneOf: [{readOnly: true, type: object}, {type: string}]}}}}}}}", "paths: {/a: {put: {requestBody: {content: {a/b: {schema: {oneOf: [{readOnly: true, type: object, required: [a]}, {type: string}]}}}}}}}", "property-became-required breaks", "property-became-optional"),
    ("paths: {/a: {put: {requestBody: {content: {a/b: {schema: {additionalProperties: {readOnly: true, type: string}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {a/b: {schema: {additionalProperties: {readOnly: true, type: integer}}}}}}}}", "type-changed breaks", "type-changed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {a/b: {schema: {properties: {p: {allOf: [{readOnly: true, type: object}, {properties: {c: {}}}]}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {a/b: {schema: {properties: {p: {allOf: [{readOnly: true, type: object}, {required: [c]}]}}}}}}}}}", "", ""),
    ("paths: {/a: {get: {responses: {'200': {content: {a/b: {schema: {writeOnly: true, type: object, required: [b]}}}}}}}}", "paths: {/a: {get: {responses: {'200': {content: {a/b: {schema: {writeOnly: true, type: object}}}}}}}}", "property-became-optional breaks", "property-became-required"),
    ("paths: {/a: {put: {requestBody: {content: {a/b: {schema: {properties: {id: {readOnly: true}}, required: [id]}}}}}}}", "paths: {/a: {put: {requestBody: {content: {a/b: {schema: {required: [id]}}}}}}}", "property-became-required breaks", "read-only-added breaks"),
    ("paths: {/a: {get: {responses: {'200': {content: {a/b: {schema: {properties: {id: {writeOnly: true}}, required: [id]}}}}}}}}", "paths: {/a: {get: {responses: {'200': {content: {a/b: {schema: {required: [id]}}}}}}}}", "write-only-removed", "write-only-added breaks"),
    ("paths: {/a: {put: {requestBody: {content: {a/b: {schema: {required: [a], properties: {a: {readOnly: true}}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {a/b: {schema: {required: [a], properties: {a: {}}}}}}}}}", "property-became-required breaks, read-only-removed", "read-only-added breaks"),
    // Security
    ("paths: {/a: {get: {}}}", "paths: {/a: {get: {security: [{k: []}]}}}", "security-required breaks", "security-lifted"),
    ("paths: {/a: {get: {security: [{k: []}]}}}", "paths: {/a: {get: {security: [{k: []}, {}]}}}", "security-lifted", "security-required breaks"),
    ("paths: {/a: {get: {security: [{k: []}]}}}", "paths: {/a: {get: {security: [{k: []}, {o: [r]}]}}}", "security-alternative-added", "security-alternative-removed breaks"),
    ("paths: {/a: {get: {security: [{k: []}]}}}", "paths: {/a: {get: {security: [{k: [], o: [r]}]}}}", "security-alternative-added, security-alternative-removed breaks", "security-alternative-added"),
    ("paths: {/a: {get: {security: [{o: [r]}]}}}", "paths: {/a: {get: {security: [{o: [r, w]}]}}}", "security-scope-added breaks", "security-scope-removed"),
    ("paths: {/a: {get: {security: [{k: []}]}}}\ncomponents: {securitySchemes: {k: {type: apiKey, in: header, name: X}}}", "paths: {/a: {get: {security: [{l: []}]}}}\ncomponents: {securitySchemes: {l: {type: apiKey, in: header, name: x}}}", "", ""),
    ("paths: {}\ncomponents: {securitySchemes: {k: {type: apiKey, in: header, name: X}}}", "paths: {}\ncomponents: {securitySchemes: {k: {type: apiKey, in: header, name: Y}}}", "security-scheme-changed breaks", "security-scheme-changed breaks"),
    ("paths: {/a: {get: {security: [{o: [r]}]}}}", "paths: {/a: {get: {security: [{o: [r]}, {o: [w]}]}}}", "security-alternative-added", "security-alternative-removed breaks"),
    ("paths: {/a: {get: {security: [{k: [], o: [w]}]}}}", "paths: {/a: {get: {security: [{o: [r]}]}}}", "security-alternative-added, security-alternative-removed breaks", "security-alternative-added, security-alternative-removed breaks"),
    ("paths: {/a: {get: {security: [{k: [], o: [r]}]}}}", "paths: {/a: {get: {security: [{o: [r]}]}}}", "security-alternative-added", "security-alternative-added, security-alternative-removed breaks"),
    ("paths: {/a: {get: {security: [{k: []}]}}}\ncomponents: {securitySchemes: {k: {type: apiKey, in: header, name: X}, l: {type: http, scheme: basic}}}", "paths: {/a: {get: {security: [{l: []}]}}}\ncomponents: {securitySchemes: {k: {type: apiKey, in: header, name: X}, l: {type: http, scheme: basic}}}", "security-alternative-added, security-alternative-removed breaks", "security-alternative-added, security-alternative-removed breaks"),
    ("paths: {}\ncomponents: {securitySchemes: {k: {type: apiKey, in: header, name: X}, l: {type: http, scheme: basic}}}", "paths: {}\ncomponents: {securitySchemes: {l: {type: http, scheme: basic}, k: {type: apiKey, in: header, name: X}}}", "", ""),
    ("paths: {}\ncomponents: {securitySchemes: {k: {type: apiKey, in: query, name: X}}}", "paths: {}\ncomponents: {securitySchemes: {k: {type: apiKey, in: query, name: x}}}", "security-scheme-changed breaks", "security-scheme-changed breaks"),
    ("paths: {/a: {get: {responses: {'200': {content: {a/json: {schema: {oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}], discriminator: {propertyName: t}}}}}}}}}\ncomponents: {schemas: {Cat: {type: object, required: [t], properties: {t: {}, m: {}}}, Dog: {type: object, required: [t], properties: {t: {}, w: {}}}}}", "paths: {/a: {get: {responses: {'200': {content: {a/json: {schema: {oneOf: [{$ref: '#/components/schemas/Feline'}, {$ref: '#/components/schemas/Dog'}], discriminator: {propertyName: t}}}}}}}}}\ncomponents: {schemas: {Feline: {type: object, required: [t], properties: {t: {}, m: {}}}, Dog: {type: object, required: [t], properties: {t: {}, w: {}}}}}", "discriminator-value-added breaks, discriminator-value-removed", "discriminator-value-added breaks, discriminator-value-removed"),
    ("paths: {/a: {get: {responses: {'200': {content: {a/json: {schema: {oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}], discriminator: {propertyName: t, mapping: {c: Cat}}}}}}}}}}\ncomponents: {schemas: {Cat: {type: object, required: [t], properties: {t: {}, m: {}}}, Dog: {type: object, required: [t], properties: {t: {}, w: {}}}}}", "paths: {/a: {get: {responses: {'200': {content: {a/json: {schema: {oneOf: [{$ref: '#/components/schemas/Feline'}, {$ref: '#/components/schemas/Dog'}], discriminator: {propertyName: t, mapping: {c: Feline}}}}}}}}}}\ncomponents: {schemas: {Feline: {type: object, required: [t], properties: {t: {}, m: {}}}, Dog: {type: object, required: [t], properties: {t: {}, w: {}}}}}", "", ""),
    ("paths: {/a: {get: {responses: {'200': {content: {a/json: {schema: {oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}], discriminator: {propertyName: t}}}}}}}}}\ncomponents: {schemas: {Cat: {type: object, required: [t], properties: {t: {}, m: {}}}, Dog: {type: object, required: [t], properties: {t: {}, w: {}}}}}", "paths: {/a: {get: {responses: {'200': {content: {a/json: {schema: {oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog2'}], discriminator: {propertyName: t, mapping: {Dog: Dog2}}}}}}}}}}\ncomponents: {schemas: {Cat: {type: object, required: [t], properties: {t: {}, m: {}}}, Dog2: {type: object, required: [t], properties: {t: {}, w: {}}}}}", "", ""),
    ("paths: {/a: {get: {responses: {'200': {content: {a/json: {schema: {oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}], discriminator: {propertyName: t}}}}}}}}}\ncomponents: {schemas: {Cat: {type: object, required: [t], properties: {t: {const: c}, m: {}}}, Dog: {type: object, required: [t], properties: {t: {}, w: {}}}}}", "paths: {/a: {get: {responses: {'200': {content: {a/json: {schema: {oneOf: [{$ref: '#/components/schemas/Feline'}, {$ref: '#/components/schemas/Dog'}], discriminator: {propertyName: t}}}}}}}}}\ncomponents: {schemas: {Feline: {type: object, required: [t], properties: {t: {const: c}, m: {}}}, Dog: {type: object, required: [t], properties: {t: {}, w: {}}}}}", "", ""),
    ("paths: {/a: {get: {responses: {'200': {content: {a/json: {schema: {oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}], discriminator: {propertyName: t, mapping: {c: Cat, d: Dog}}}}}}}}}}\ncomponents: {schemas: {Cat: {type: object, required: [t], properties: {t: {}, m: {}}}, Dog: {type: object, required: [t], properties: {t: {}, w: {}}}}}", "paths: {/a: {get: {responses: {'200': {content: {a/json: {schema: {oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}], discriminator: {propertyName: t, mapping: {c: Dog, d: Cat}}}}}}}}}}\ncomponents: {schemas: {Cat: {type: object, required: [t], properties: {t: {}, m: {}}}, Dog: {type: object, required: [t], properties: {t: {}, w: {}}}}}", "discriminator-changed breaks, discriminator-changed breaks", "discriminator-changed breaks, discriminator-changed breaks"),
    ("paths: {}\ncomponents: {securitySchemes: {k: {type: oauth2, flows: {}}}}", "paths: {}\ncomponents: {securitySchemes: {k: {type: oauth2, flows: {implicit: {}}}}}", "security-scheme-updated", "security-flow-removed breaks, security-scheme-updated"),
];

/// Parts that came with OpenAPI 3.2, as above.
#[rustfmt::skip]
const NEWER: &[(&str, &str, &str, &str)] = &[
    ("paths: {/a: {get: {}}}", "paths: {/a: {get: {}, query: {}}}", "api-added", "api-removed breaks"),
    ("paths: {/a: {query: {requestBody: {content: {a/b: {schema: {type: number}}}}}}}", "paths: {/a: {query: {requestBody: {content: {a/b: {schema: {type: integer}}}}}}}", "type-narrowed breaks", "type-widened"),
    ("paths: {/a: {get: {}}}", "paths: {/a: {get: {}, additionalOperations: {COPY: {}}}}", "api-added", "api-removed breaks"),
    ("paths: {/a: {get: {}}}", "paths: {/a: {get: {}, additionalOperations: {COPY: {deprecated: true}}}}", "api-added", "deprecated-api-removed breaks"),
    ("paths: {/a: {additionalOperations: {COPY: {}}}}", "paths: {/a: {parameters: [{in: query, name: q, required: true}], additionalOperations: {COPY: {}}}}", "required-parameter-added breaks", "parameter-removed breaks"),
    ("paths: {/a: {additionalOperations: {COPY: {responses: {'200': {content: {a/b: {schema: {type: integer}}}}}}}}}", "paths: {/a: {additionalOperations: {COPY: {responses: {'200': {content: {a/b: {schema: {type: number}}}}}}}}}", "type-widened breaks", "type-narrowed"),
    ("paths: {/a: {get: {}}}", "paths: {/a: {get: {parameters: [{in: querystring, name: q, content: {a/b: {}}}]}}}", "parameter-added", "parameter-removed breaks"),
    ("paths: {/a: {get: {}}}", "paths: {/a: {parameters: [{in: querystring, name: q, required: true, content: {a/b: {}}}], get: {}}}", "required-parameter-added breaks", "parameter-removed breaks"),
    ("paths: {/a: {get: {parameters: [{in: querystring, name: q, content: {application/x-www-form-urlencoded: {schema: {properties: {x: {type: integer}}}}}}]}}}", "paths: {/a: {get: {parameters: [{in: querystring, name: other, required: true, content: {application/x-www-form-urlencoded: {schema: {properties: {x: {type: string}}}}}}]}}}", "parameter-became-required breaks, type-widened", "parameter-became-optional, type-narrowed breaks"),
    ("paths: {/a: {get: {responses: {'200': {content: {text/event-stream: {itemSchema: {type: integer}}}}}}}}", "paths: {/a: {get: {responses: {'200': {content: {text/event-stream: {itemSchema: {type: number}}}}}}}}", "type-widened breaks", "type-narrowed"),
    ("paths: {/a: {put: {requestBody: {content: {application/jsonl: {}}}}}}", "paths: {/a: {put: {requestBody: {content: {application/jsonl: {itemSchema: {type: number}}}}}}}", "schema-added breaks", "schema-removed"),
    ("paths: {/a: {put: {requestBody: {content: {multipart/mixed: {prefixEncoding: [{contentType: a/b}]}}}}}}", "paths: {/a: {put: {requestBody: {content: {multipart/mixed: {prefixEncoding: [{contentType: a/c}]}}}}}}", "encoding-changed breaks", "encoding-changed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {multipart/mixed: {itemEncoding: {contentType: a/b}}}}}}}", "paths: {/a: {put: {requestBody: {content: {multipart/mixed: {itemEncoding: {contentType: a/*}}}}}}}", "encoding-changed", "encoding-changed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {multipart/mixed: {schema: {items: {type: object}}}}}}}}", "paths: {/a: {put: {requestBody: {content: {multipart/mixed: {itemEncoding: {contentType: application/json}, schema: {items: {type: object}}}}}}}}", "", ""),
    ("paths: {/a: {put: {requestBody: {content: {application/json: {schema: {oneOf: [{$ref: '#/components/schemas/C'}, {$ref: '#/components/schemas/D'}], discriminator: {propertyName: t, defaultMapping: C}}}}}}}}\ncomponents: {schemas: {C: {properties: {t: {const: c}}}, D: {properties: {t: {const: d}}}}}", "paths: {/a: {put: {requestBody: {content: {application/json: {schema: {oneOf: [{$ref: '#/components/schemas/C'}, {$ref: '#/components/schemas/D'}], discriminator: {propertyName: t, defaultMapping: D}}}}}}}}\ncomponents: {schemas: {C: {properties: {t: {const: c}}}, D: {properties: {t: {const: d}}}}}", "discriminator-changed breaks", "discriminator-changed breaks"),
    ("paths: {/a: {put: {requestBody: {content: {application/json: {schema: {oneOf: [{$ref: '#/components/schemas/C'}, {$ref: '#/components/schemas/D'}], discriminator: {propertyName: t, defaultMapping: C}}}}}}}}\ncomponents: {schemas: {C: {properties: {t: {const: c}}}, D: {properties: {t: {const: d}}}}}", "paths: {/a: {put: {requestBody: {content: {application/json: {schema: {oneOf: [{$ref: '#/components/schemas/C'}, {$ref: '#/components/schemas/D'}], discriminator: {propertyName: t}}}}}}}}\ncomponents: {schemas: {C: {properties: {t: {const: c}}}, D: {properties: {t: {const: d}}}}}", "discriminator-value-removed breaks", "discriminator-value-added"),
    ("paths: {}\nwebhooks: {w: {query: {}}}", "paths: {}\nwebhooks: {w: {additionalOperations: {COPY: {}}}}", "outgoing-changed breaks, outgoing-changed breaks", "outgoing-changed breaks, outgoing-changed breaks"),
];

#[test]
fn newer_definitions_there_and_back() {
    let newer = |text: &str| definition(&format!("openapi: 3.2.0\ninfo: {{title: t, version: '1'}}\n{text}\n"));
    let mut wrong = Vec::new();
    for (before, after, there, back) in NEWER {
        for (before, after, expected) in [(before, after, there), (after, before, back)] {
            let found = kinds(&compared(&newer(before), &newer(after))).join(", ");
            if found != *expected {
                wrong.push(format!("{before} → {after}: {found}, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn definitions_there_and_back() {
    let mut wrong = Vec::new();
    for (before, after, there, back) in DEFINITIONS {
        for (before, after, expected) in [(before, after, there), (after, before, back)] {
            let comparison = compared(&whole(before), &whole(after));
            let found = kinds(&comparison).join(", ");
            if found != *expected {
                wrong.push(format!("{before} → {after}: {found}, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// An API has its own requirements, else those of the whole definition.
#[test]
fn what_is_required_is_named_where_it_stands() {
    let free = whole("paths: {/a: {get: {}}}");
    for (after, message, place) in [
        ("security: [{k: []}]\npaths: {/a: {get: {}}}", "the scheme k", "openapi.yaml:3:1"),
        ("security: []\npaths: {/a: {get: {security: [{o: [r, w]}]}}}", "the scheme o (r, w)", "openapi.yaml:4:20"),
    ] {
        let after = whole(after);
        for (before, after, forth) in [(&free, &after, true), (&after, &free, false)] {
            let changes = compared(before, after).changes;
            let [change] = changes.as_slice() else { panic!("{changes:#?}") };
            let (there, elsewhere) =
                if forth { (&change.after, &change.before) } else { (&change.before, &change.after) };
            assert!(!forth || change.message.ends_with(&format!("now {message}")), "{}", change.message);
            let shown = there.as_ref().map(ToString::to_string).unwrap_or_default();
            assert!(shown.ends_with(place), "{shown}");
            let shown = elsewhere.as_ref().map(ToString::to_string).unwrap_or_default();
            assert!(shown.ends_with("openapi.yaml:3:14"), "{shown}");
        }
    }
}

#[rustfmt::skip]
pub(super) const SETTINGS: &[(&str, &str, &str, &str)] = &[
    ("prefix: /a", "prefix: /b", "prefix-changed breaks", "prefix-changed breaks"),
    ("prefix: /a", "prefix: /a, auth: signature", "auth-required breaks", "auth-lifted"),
    ("prefix: /a, auth: {subscription: {headers: [a]}}", "prefix: /a, auth: {subscription: {headers: [b]}}", "auth-settings-narrowed breaks", "auth-settings-narrowed breaks"),
    ("prefix: /a, auth: {subscription: {headers: [a]}}", "prefix: /a, auth: {subscription: {headers: [a, b]}}", "auth-settings-widened", "auth-settings-narrowed breaks"),
    ("prefix: /a, auth: {signature: {tolerance_s: 300}}", "prefix: /a, auth: {signature: {tolerance_s: 9}}", "auth-settings-narrowed breaks", "auth-settings-widened"),
    ("prefix: /a, auth: {token: {issuer: 'https://a', audience: [a, b], jwks: 'https://a/j'}}", "prefix: /a, auth: {token: {issuer: 'https://a', audience: [a], jwks: 'https://a/j'}}", "auth-settings-narrowed breaks", "auth-settings-widened"),
    ("prefix: /a, auth: {token: {issuer: 'https://a', audience: a, jwks: 'https://a/j'}}", "prefix: /a, auth: {token: {issuer: 'https://b', audience: a, jwks: 'https://a/j'}}", "auth-settings-narrowed breaks", "auth-settings-narrowed breaks"),
    ("prefix: /a, auth: {token: {issuer: 'https://a', audience: a, jwks: 'https://a/j'}}", "prefix: /a, auth: {token: {issuer: 'https://a', audience: a, jwks: 'https://a/k'}}", "auth-settings-changed warns", "auth-settings-changed warns"),
    ("prefix: /a, auth: {subscription: {headers: [a]}}", "prefix: /a, auth: {subscription: {headers: [b]}, signature: {}}", "auth-lifted, auth-settings-narrowed breaks", "auth-required breaks, auth-settings-narrowed breaks"),
    ("prefix: /a, auth: {signature: {tolerance_s: 300}}", "prefix: /a, auth: {signature: {tolerance_s: 9}, subscription: {}}", "auth-lifted, auth-settings-narrowed breaks", "auth-required breaks, auth-settings-widened"),
    ("prefix: /a, auth: subscription", "prefix: /a, auth: [subscription, signature]", "auth-lifted", "auth-required breaks"),
    ("prefix: /a, auth: subscription", "prefix: /a, auth: signature", "auth-required breaks", "auth-required breaks"),
    ("prefix: /a", "prefix: /a, limits: 5/minute", "limits-narrowed warns", "limits-widened"),
    ("prefix: /a, limits: [5/minute, 9/day]", "prefix: /a, limits: [4/minute, 10/day]", "limits-narrowed warns", "limits-narrowed warns"),
    ("prefix: /a, limits: [5/minute, 9/day]", "prefix: /a, limits: 6/minute", "limits-widened", "limits-narrowed warns"),
    ("prefix: /a", "prefix: /a, ip_rules: {environments: {online: {deny: [10.0.0.1]}}}", "ip-rules-changed warns", "ip-rules-changed warns"),
    ("prefix: /a", "prefix: /a, forwarding: {websockets: true}", "websockets-added", "websockets-removed breaks"),
    ("prefix: /a, max_body_kib: 9", "prefix: /a, max_body_kib: 8", "body-limit-narrowed breaks", "body-limit-widened"),
    ("prefix: /a", "prefix: /a, max_body_kib: 8", "body-limit-narrowed breaks", "body-limit-widened"),
    ("prefix: /a", "prefix: /a, max_body_kib: 301", "body-limit-widened", "body-limit-narrowed breaks"),
    ("prefix: /a", "prefix: /a, max_body_kib: 300", "body-limit-changed warns", "body-limit-changed warns"),
    ("prefix: /a", "prefix: /a, validate_requests: true", "request-validation-changed warns", "request-validation-changed warns"),
    ("prefix: /a", "prefix: /a, validate_responses: fail", "response-validation-changed warns", "response-validation-changed warns"),
    ("prefix: /a", "prefix: /a, mock: {check_security: true}", "mock-security-changed warns", "mock-security-changed warns"),
    ("prefix: /a", "prefix: /a, forwarding: {encoded_slashes: true}", "encoded-slashes-allowed", "encoded-slashes-refused breaks"),
    ("prefix: /a", "prefix: /a, cors: {allow_origins: [a]}", "cors-widened", "cors-narrowed breaks"),
    ("prefix: /a, cors: {allow_origins: [a]}", "prefix: /a, cors: {allow_origins: ['*']}", "cors-widened", "cors-narrowed breaks"),
    ("prefix: /a, cors: {allow_origins: [a]}", "prefix: /a, cors: {allow_origins: [a], allow_headers: [x]}", "cors-narrowed breaks", "cors-widened"),
    ("prefix: /a, cors: {allow_origins: [a], allow_headers: [x]}", "prefix: /a, cors: {allow_origins: [a], allow_headers: [X, y]}", "cors-widened", "cors-narrowed breaks"),
    ("prefix: /a, cors: {allow_origins: [a]}", "prefix: /a, cors: {allow_origins: [a], expose_headers: [x], allow_credentials: true}", "cors-widened", "cors-narrowed breaks"),
    ("prefix: /a, cors: {allow_origins: [a]}", "prefix: /a, cors: {allow_origins: [a], max_age_seconds: 5}", "cors-widened", "cors-widened"),
    ("prefix: /a", "prefix: /a, forwarding: {keep_host: true}", "forwarding-changed", "forwarding-changed"),
    ("prefix: /a", "prefix: /a, domains: [a.example.com]", "domain-added", "domain-removed breaks"),
    ("prefix: /a", "prefix: /a, backend: 'http://x'", "backend-changed", "backend-changed"),
    ("prefix: /a", "prefix: /a, description: d", "group-description-changed", "group-description-changed"),
];

#[test]
fn settings_there_and_back() {
    let definition = whole("paths: {}");
    for (before, after, there, back) in SETTINGS {
        for (before, after, expected) in [(before, after, there), (after, before, back)] {
            let (before, after) = (settings(before), settings(after));
            let comparison = compare(
                ComparedGroup { settings: &before, definition: &definition },
                ComparedGroup { settings: &after, definition: &definition },
            );
            assert_eq!(kinds(&comparison).join(", "), *expected);
        }
    }
    let (before, mut after) = (settings("prefix: /"), settings("prefix: /"));
    after.version = before.version.next(BumpLevel::Major);
    let comparison = compare(
        ComparedGroup { settings: &before, definition: &definition },
        ComparedGroup { settings: &after, definition: &definition },
    );
    assert_eq!(comparison, Comparison::default());
}
