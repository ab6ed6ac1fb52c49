//! Rules over a definition, of 3.1 and of 3.0.

use super::{OPEN_3_0, OPEN_3_1, PATHS, WorkspaceCase, compare};

/// Definitions of 3.1: the rule, the text after the head with the location of its violation, and a valid text.
pub(super) const DEFINITIONS_3_1: &[(&str, &str, &[&str], &str)] = &[
    ("definition-missing", "none", &["openapi.yaml"], PATHS),
    ("definition-syntax", "paths: [\n", &["openapi.yaml:3:8"], PATHS),
    ("definition-too-large", "DEEP", &["openapi.yaml:3:209"], PATHS),
    ("duplicate-key", "paths: {}\ncomponents: {}\npaths: {}\n", &["openapi.yaml:5:1"], "paths: {}\ncomponents: {}\n"),
    ("openapi-version", "OPEN 4.0.0", &["openapi.yaml:1:10"], PATHS),
    (
        "reference-unresolved",
        "components: {schemas: {A: {$ref: \"#/components/schemas/B\"}}}\npaths: {}\n",
        &["openapi.yaml:3:34"],
        "components: {schemas: {A: {$ref: \"#/components/schemas/B\"}, B: {}}}\npaths: {}\n",
    ),
    (
        "reference-outside",
        "components: {schemas: {A: {$ref: \"https://a.example/b\"}}}\npaths: {}\n",
        &["openapi.yaml:3:34"],
        "components: {schemas: {A: {$ref: \"beside.yaml\"}}}\npaths: {}\n",
    ),
    (
        "reference-circular",
        "paths: {}\ncomponents:\n  schemas:\n    A: {$ref: \"#/components/schemas/A\"}\n",
        &["openapi.yaml:6:15"],
        "paths: {}\ncomponents:\n  schemas:\n    A: {properties: {a: {$ref: \"#/components/schemas/A\"}}}\n",
    ),
    (
        "definition-structure",
        "paths: {/a: {get: {parameters: {name: a}, responses: {\"200\": {description: d}}}}}\n",
        &["openapi.yaml:3:32"],
        "paths: {/a: {get: {parameters: [], responses: {\"200\": {description: d}}}}}\n",
    ),
    (
        "definition-sloppy",
        "paths: {/a: {get: {deprecated: \"yes\", responses: {\"200\": {description: d}}}}}\n",
        &["openapi.yaml:3:32"],
        "paths: {/a: {get: {deprecated: true, responses: {\"200\": {description: d}}}}}\n",
    ),
    (
        "number-rounded",
        "paths: {}\ncomponents:\n  schemas:\n    A: {type: integer, maximum: 18446744073709551617}\n    B: {enum: [-9223372036854775809]}\n",
        &["openapi.yaml:6:33", "openapi.yaml:7:16"],
        "paths: {}\ncomponents:\n  schemas:\n    A: {type: integer, maximum: 18446744073709551616}\n    B: {enum: [-9223372036854775808, 1.5, 1e30]}\n",
    ),
    (
        "duplicate-api",
        "paths:\n  /a/{b}: {get: {}}\n  /a/{c}: {get: {}}\n  /d#e: {get: {}}\n  /d: {get: {}}\n",
        &["openapi.yaml:5:12", "openapi.yaml:6:10"],
        "paths:\n  /a/{b}: {get: {}}\n  /a/{c}: {put: {}}\n  /d#e: {put: {}}\n  /d: {get: {}}\n",
    ),
    (
        "path-template",
        "paths:\n  /a/{b: {get: {}}\n  /a/{b}{c}: {get: {}}\n  /<d>: {get: {}}\n  '/e/{f:\\d{2}}': {get: {}}\n  /g h: {get: {}}\n",
        &["openapi.yaml:4:3", "openapi.yaml:5:3", "openapi.yaml:6:3", "openapi.yaml:7:3", "openapi.yaml:8:3"],
        "paths:\n  /a/{b}: {get: {}}\n  /a/{b}-{c}: {get: {}}\n",
    ),
    (
        "constant-result",
        "paths: {/a: {get: {responses: {\"200\": {description: d, content: {a/json: {schema:\n  {type: integer, minimum: 2, maximum: 1}}}}}}}}\n",
        &["openapi.yaml:4:3"],
        "paths: {/a: {get: {responses: {\"200\": {description: d, content: {a/json: {schema:\n  {type: integer, minimum: 1, maximum: 1}}}}}}}}\n",
    ),
    (
        "example-contradicts-schema",
        "paths: {/a: {get: {responses: {\"200\": {description: d, content: {application/json: {\n  schema: {type: array, items: {type: integer, default: x}},\n  example: [1, x]}}}}}}}\n",
        &["openapi.yaml:4:57", "openapi.yaml:5:16"],
        "paths: {/a: {get: {responses: {\"200\": {description: d, content: {application/json: {\n  schema: {type: array, items: {type: integer, default: 1}},\n  example: \"[2]\"}}}}}}}\n",
    ),
    (
        "constant-result-field",
        "paths:\n  /a:\n    get: {x-apigw-mock: {status: 201, boby: {}}}\n    put: {x-apigw-mock: {bodi: {}}}\n    post: {x-apigw-mock: {headers: {a: b}}}\n    patch: {x-apigw-mock: {status: 7, body: 1}}\n    delete: {x-apigw-mock: {status: available}}\n    head: {x-apigw-mock: {status: 201, colour: red}}\n",
        &[
            "openapi.yaml:5:39",
            "openapi.yaml:6:26",
            "openapi.yaml:7:27",
            "openapi.yaml:8:28",
            "openapi.yaml:9:29",
            "openapi.yaml:10:40",
        ],
        "paths:\n  /a:\n    get: {x-apigw-mock: {status: 201, mediaType: a/b}}\n    put: {x-apigw-mock: {name: Rex}}\n    post: {x-apigw-mock: {body: {status: available}}}\n    patch: {x-apigw-mock: []}\n    delete: {x-apigw-mock: status}\n",
    ),
    (
        "constant-result-field",
        "paths:\n  /a:\n    get: {x-apigw-mock: {status: 205, body: x}}\n    put: {x-apigw-mock: {status: 600, body: x}}\n",
        &["openapi.yaml:5:45", "openapi.yaml:6:26"],
        "paths:\n  /a:\n    get: {x-apigw-mock: {status: 205}}\n    put: {x-apigw-mock: {status: 599, body: x}}\n",
    ),
    (
        "constant-result-field",
        "paths: {/a: {get: {responses: {\"200\": {\n  x-apigw-mock: {status: 404},\n  description: d, content: {a/b: {\n  x-apigw-mock: x}}}}}}}\n",
        &["openapi.yaml:4:17", "openapi.yaml:6:17"],
        "paths: {/a: {\n  x-apigw-mock: x, get: {responses: {\"200\": {description: d, content: {a/b: {}}}}}}}\n",
    ),
    (
        "constant-result-contradicts-schema",
        "paths: {/a: {get: {x-apigw-mock: {body: x}, responses: {\"200\": {description: d, content: {application/json: {\n  schema: {type: integer}}}}}}}}\n",
        &["openapi.yaml:3:41"],
        "paths: {/a: {get: {x-apigw-mock: {status: 404, body: x}, responses: {\"200\": {description: d, content: {application/json: {\n  schema: {type: integer}}}}}}}}\n",
    ),
    (
        "specification-required",
        "paths:\n  /a:\n    get:\n      responses:\n        \"200\": {summary: d}\n",
        &["openapi.yaml:7:16"],
        "paths:\n  /a:\n    get:\n      responses:\n        \"200\": {$ref: \"#/components/responses/R\", summary: d}\ncomponents: {responses: {R: {description: d}}}\n",
    ),
    (
        "specification-unknown-field",
        "paths:\n  /a:\n    get:\n      operationID: a\n      responses: {\"200\": {description: d}}\n",
        &["openapi.yaml:6:7"],
        "paths:\n  /a:\n    get:\n      x-operationID: a\n      responses: {\"200\": {description: d}}\n",
    ),
    (
        "specification-value",
        "paths: {}\ntags:\n  - name: a\n    externalDocs: {url: [a]}\n",
        &["openapi.yaml:6:25"],
        "paths: {}\ntags:\n  - name: a\n    externalDocs: {url: a, x-list: [a]}\n",
    ),
    (
        "specification-name",
        "paths: {}\ncomponents:\n  schemas:\n    A b: {}\n  responses:\n    R: {description: d, content: {\"text/plain; a b=c\": {}}}\n",
        &["openapi.yaml:6:5", "openapi.yaml:8:35"],
        "paths: {}\ncomponents:\n  schemas:\n    A.b-c_d: {properties: {\"e f\": {}}}\n  responses:\n    R: {description: d, content: {'text/plain; a=\"b c\"': {}}}\n",
    ),
    (
        "specification-exclusive",
        "paths: {/a: {get: {responses: {\"200\": {description: d}}, parameters: [\n  {name: a, in: query, schema: {}, content: {a/b: {}}}]}}}\n",
        &["openapi.yaml:4:36"],
        "paths: {/a: {get: {responses: {\"200\": {description: d}}, parameters: [\n  {name: a, in: query, content: {a/b: {}}}]}}}\n",
    ),
    (
        "schema-keyword",
        "paths: {}\ncomponents:\n  schemas:\n    A: {type: integer, minimum: \"1\"}\n    B: {tpye: integer}\n    C: {required: true}\n",
        &["openapi.yaml:6:33", "openapi.yaml:7:9", "openapi.yaml:8:19"],
        "paths: {}\ncomponents:\n  schemas:\n    A: {type: [integer, \"null\"], minimum: 1, kind: a}\n    B: {properties: {tpye: {}}}\n    C: true\n",
    ),
    (
        "schema-type",
        "paths: {}\ncomponents:\n  schemas:\n    A: {type: strnig}\n    B: {type: [string, nul]}\n",
        &["openapi.yaml:6:15", "openapi.yaml:7:24"],
        "paths: {}\ncomponents:\n  schemas:\n    A: {type: string, enum: [strnig]}\n    B: {type: any}\n",
    ),
    (
        "schema-pattern",
        "paths: {}\ncomponents:\n  schemas:\n    A: {pattern: \"^[a\"}\n    B: {patternProperties: {\"(\": {}}}\n",
        &["openapi.yaml:6:18", "openapi.yaml:7:29"],
        "paths: {}\ncomponents:\n  schemas:\n    A: {pattern: \"^[a](?=b)\\\\d$\"}\n    B: {patternProperties: {\"()\": {}}}\n",
    ),
    (
        "schema-pattern",
        "paths: {}\ncomponents:\n  schemas:\n    A: {pattern: \"(?i)a\"}\n    B: {patternProperties: {\"^a\\\\Z\": {}}}\n",
        &["openapi.yaml:6:18", "openapi.yaml:7:29"],
        "paths: {}\ncomponents:\n  schemas:\n    A: {pattern: \"[Aa]\"}\n    B: {patternProperties: {\"^a$\": {}}}\n",
    ),
    (
        "schema-keyword",
        "paths: {}\ncomponents:\n  schemas:\n    A: {type: string, enum: [a, 1]}\n    B: {type: [integer, string], enum: [1, null, 1.5]}\n",
        &["openapi.yaml:6:33", "openapi.yaml:7:44", "openapi.yaml:7:50"],
        "paths: {}\ncomponents:\n  schemas:\n    A: {type: string, enum: [a, \"1\"]}\n    B: {type: [integer, \"null\"], enum: [1, null, 1.0]}\n    C: {enum: [1, a]}\n",
    ),
    (
        "specification-value",
        "paths: {}\ncomponents:\n  schemas: {A: {$ref: \"#/components/parameters/P\"}}\n  responses: {R: {$ref: \"#/components/schemas/A\"}}\n  parameters: {P: {name: p, in: query, schema: {}}}\n",
        &["openapi.yaml:5:23", "openapi.yaml:6:25"],
        "paths: {}\ncomponents:\n  schemas: {A: {$ref: \"#/components/parameters/P/schema\"}}\n  parameters: {P: {name: p, in: query, schema: {}}}\n",
    ),
    ("no-api", "paths: {}\n", &["openapi.yaml:3:1"], PATHS),
    ("no-api", "paths: {}\nwebhooks: {w: {post: {}}}\n", &["openapi.yaml:4:1"], PATHS),
    ("no-api", "webhooks: {}\npaths: {}\n", &["openapi.yaml:4:1"], PATHS),
    ("no-api", "components: {}\n", &["openapi.yaml"], PATHS),
    (
        "constant-result-missing",
        "paths:\n  /a: {get: {}}\n",
        &["openapi.yaml:4:8"],
        "paths:\n  /a: {get: {x-apigw-mock: 1}}\n",
    ),
    (
        "schema-without-values",
        "paths: {}\ncomponents:\n  schemas:\n    A: {type: integer, minimum: 3, maximum: 2}\n    B: {type: [integer, number], exclusiveMinimum: 2, maximum: 2}\n    C: {type: string, minLength: 2, maxLength: 1}\n",
        &["openapi.yaml:6:24", "openapi.yaml:7:34", "openapi.yaml:8:23"],
        "paths: {}\ncomponents:\n  schemas:\n    A: {type: [integer, string], minimum: 3, maximum: 2}\n    B: {minLength: 2, maxLength: 1}\n    C: {type: number, minimum: 2, maximum: 2}\n",
    ),
    (
        "schema-part-of-itself",
        "paths: {}\ncomponents:\n  schemas:\n    A: {allOf: [{$ref: \"#/components/schemas/A\"}]}\n",
        &["openapi.yaml:6:9"],
        "paths: {}\ncomponents:\n  schemas:\n    A: {allOf: [{properties: {a: {$ref: \"#/components/schemas/A\"}}}]}\n",
    ),
    (
        "encoding-unknown",
        "paths:\n  /a:\n    post:\n      requestBody: {content: {multipart/form-data: {schema: {properties: {a: {}}}, encoding: {b: {}}}}}\n",
        &["openapi.yaml:6:95"],
        "paths:\n  /a:\n    post:\n      requestBody: {content: {multipart/form-data: {schema: {properties: {a: {}}}, encoding: {a: {}}}}}\n",
    ),
    (
        "responses-missing",
        "paths:\n  /a:\n    get: {operationId: a}\n    put: {responses: {}}\n",
        &["openapi.yaml:6:11"],
        "paths:\n  /a:\n    get: {responses: {default: {description: d}}}\n",
    ),
    (
        "sunset-invalid",
        "paths:\n  /a:\n    get:\n      deprecated: true\n      x-sunset: soon\n      parameters: [{name: a, in: query, x-sunset: 2020-12-31, schema: {type: string, x-sunset: 7}}]\n      responses: {\"200\": {description: d}}\n",
        &["openapi.yaml:7:17", "openapi.yaml:8:51", "openapi.yaml:8:96"],
        "paths:\n  /a:\n    get:\n      deprecated: true\n      x-sunset: Sat, 31 Dec 2018 23:59:59 GMT\n      parameters: [{name: a, in: query, deprecated: true, x-sunset: 2020-12-31, schema: {type: string}}]\n      responses: {\"200\": {description: d}}\n",
    ),
    (
        "success-response-missing",
        "paths:\n  /a:\n    get:\n      responses: {\"404\": {description: d}}\n",
        &["openapi.yaml:6:7"],
        "paths:\n  /a:\n    get:\n      responses: {\"404\": {description: d}, \"303\": {description: d}}\n",
    ),
    (
        "path-parameter-undeclared",
        "paths:\n  /a/{b}:\n    get: {}\n    put: {}\n  /c/{d}:\n    parameters: [{name: d, in: path, required: true, schema: {}}]\n    get: {}\n  /e/{f}:\n    get: {parameters: [{name: f, in: path, required: true, schema: {}}]}\n    put: {parameters: [{name: f, in: query, schema: {}}]}\n",
        &["openapi.yaml:4:3", "openapi.yaml:12:5"],
        "paths:\n  /a/{b}:\n    get: {parameters: [{$ref: \"#/components/parameters/P\"}]}\ncomponents: {parameters: {P: {name: b, in: path, required: true, schema: {}}}}\n",
    ),
    (
        "path-parameter-unused",
        "paths:\n  /a/{b}:\n    get: {parameters: [{name: B, in: path, required: true, schema: {}}]}\n",
        &["openapi.yaml:5:31"],
        "paths:\n  /a/{b}:\n    get: {parameters: [{name: c, in: query, schema: {}}]}\n  /a?d={d}:\n    get: {parameters: [{name: d, in: path, required: true, schema: {}}]}\n",
    ),
    (
        "parameter-duplicate",
        "paths:\n  /a:\n    get:\n      parameters:\n        - {name: X-B, in: header, schema: {}}\n        - {name: x-b, in: header, schema: {}}\n",
        &["openapi.yaml:8:18"],
        "paths:\n  /a:\n    parameters: [{name: b, in: query, schema: {}}]\n    get:\n      parameters:\n        - {name: b, in: query, schema: {}}\n        - {name: b, in: header, schema: {}}\n        - {name: B, in: query, schema: {}}\n",
    ),
    (
        "path-unreachable",
        "paths:\n  /a//b: {get: {}}\n  /{c}%2F: {get: {}}\n  /d/;{e}:\n    get: {parameters: [{name: e, in: path, required: true, style: matrix, schema: {}}]}\n",
        &["openapi.yaml:4:3", "openapi.yaml:5:3", "openapi.yaml:6:3"],
        "paths:\n  /a/b/: {get: {}}\n  /{c}%2C: {get: {}}\n  /d/{e}:\n    get: {parameters: [{name: e, in: path, required: true, style: matrix, schema: {}}]}\n",
    ),
    (
        "path-equal",
        "paths:\n  /a/{b}: {get: {}}\n  /a/{c}: {put: {}}\n",
        &["openapi.yaml:5:3"],
        "paths:\n  /a/{b}: {get: {}}\n  /a/{b}/{c}: {put: {}}\n  /a/{b}?c=d: {get: {}}\n",
    ),
    (
        "path-ambiguous",
        "paths:\n  /{a}/mine: {get: {}}\n  /books/{b}: {get: {}}\n  /x/{c}/y: {get: {}}\n  /x/z/{d}: {put: {}}\n",
        &["openapi.yaml:5:3", "openapi.yaml:7:3"],
        "paths:\n  /{a}/mine: {get: {}}\n  /books/{b}: {put: {}}\n  /books/mine: {get: {}}\n  /{c}/{d}: {get: {}}\n  /books/{b}.json: {get: {}}\n",
    ),
    (
        "path-value-slash",
        "paths:\n  /a/{b}/{c}:\n    parameters: [{name: b, in: path, required: true, schema: {enum: [d, e/f]}}, {name: c, in: path, required: true, example: [g, h/i], schema: {}}]\n    get: {}\n    put: {}\n",
        &["openapi.yaml:5:73", "openapi.yaml:5:130"],
        "paths:\n  /a/{b}:\n    parameters: [{name: b, in: path, required: true, example: e-f, schema: {enum: [d, e-f]}}, {name: c, in: query, example: g/h}]\n    get: {}\n",
    ),
    (
        "operation-id-duplicate",
        "paths:\n  /a: {get: {operationId: a}}\n  /b: {get: {operationId: a}}\n",
        &["openapi.yaml:5:27"],
        "paths:\n  /a: {get: {operationId: a}}\n  /b: {$ref: \"#/paths/~1a\"}\n",
    ),
    (
        "operation-id-similar",
        "paths:\n  /a: {get: {operationId: getPet}}\n  /b: {get: {operationId: getpet}}\n",
        &["openapi.yaml:5:27"],
        "paths:\n  /a: {get: {operationId: getPet}}\n  /b: {get: {operationId: getPets}}\n",
    ),
    (
        "link-operation-unknown",
        "paths:\n  /a: {get: {operationId: getPet, responses: {\"200\": {description: d, links: {l: {operationId: getpet}, m: {operationRef: \"#/paths/~1b/get\"}}}}}}\n",
        &["openapi.yaml:4:96", "openapi.yaml:4:123"],
        "paths:\n  /a: {get: {operationId: getPet, responses: {\"200\": {description: d, links: {l: {operationId: getPet}, m: {operationRef: \"#/paths/~1b/get\"}}}}}}\n  /b: {$ref: \"#/components/pathItems/B\"}\ncomponents: {pathItems: {B: {get: {}}}}\n",
    ),
    (
        "link-parameter-unknown",
        "paths:\n  /a/{id}: {get: {operationId: getPet, parameters: [{name: id, in: path, required: true, schema: {}}, {name: q, in: query, schema: {}}], responses: {\"200\": {description: d, links: {l: {operationId: getPet, parameters: {ID2: 1, query.id: 1, path.id: 1}}, m: {operationRef: \"#/paths/~1a~1%7Bid%7D/get\", parameters: {id: 1, x: 1}}}}}}}\n",
        &["openapi.yaml:4:220", "openapi.yaml:4:228", "openapi.yaml:4:322"],
        "paths:\n  /a/{id}: {get: {operationId: getPet, parameters: [{name: id, in: path, required: true, schema: {}}, {name: q, in: query, schema: {}}], responses: {\"200\": {description: d, links: {l: {operationId: getPet, parameters: {id: 1, query.q: 1}}, m: {operationRef: \"#/paths/~1a~1%7Bid%7D/get\", parameters: {path.id: 1}}, n: {operationRef: \"https://x.example/#/paths/~1b/get\", parameters: {x: 1}}}}}}}\n",
    ),
    (
        "discriminator-schema-unknown",
        "paths: {/a: {get: {}}}\ncomponents:\n  schemas:\n    Cat: {type: object}\n    Pet: {type: object, discriminator: {propertyName: p, mapping: {a: Kat, b: \"#/components/schemas/Kat\"}}}\n",
        &["openapi.yaml:7:71", "openapi.yaml:7:79"],
        "paths: {/a: {get: {}}}\ncomponents:\n  schemas:\n    Cat: {type: object}\n    Pet: {type: object, discriminator: {propertyName: p, mapping: {a: Cat, b: \"#/components/schemas/Cat\", c: ./kat.yaml, d: \"#/Kat\"}}}\n",
    ),
    (
        "websocket-invalid",
        "paths:\n  /a: {post: {x-apigw-websocket: true}}\n  /b: {get: {x-apigw-websocket: yes please}}\n",
        &["openapi.yaml:4:34", "openapi.yaml:5:33"],
        "paths:\n  /a: {x-apigw-websocket: true, post: {}, get: {}}\n  /b: {get: {x-apigw-websocket: false}}\n",
    ),
    (
        "unsigned-body-invalid",
        "paths:\n  /a: {post: {x-apigw-unsigned-body: yes please}}\n",
        &["openapi.yaml:4:38"],
        "paths:\n  /a: {x-apigw-unsigned-body: true, post: {}}\n",
    ),
    (
        "security-undeclared",
        "security: [{}, {key: []}]\npaths: {/a: {get: {security: [{other: []}]}}}\n",
        &["openapi.yaml:3:17", "openapi.yaml:4:32"],
        "security: [{}, {key: []}]\ncomponents: {securitySchemes: {key: {type: http, scheme: basic}}}\npaths: {/a: {get: {security: []}}}\n",
    ),
    (
        "security-scope",
        "security: [{key: [read, write]}]\ncomponents: {securitySchemes: {key: {type: oauth2, flows: {password: {tokenUrl: u, scopes: {read: r}}}}}}\npaths: {}\n",
        &["openapi.yaml:3:25"],
        "security: [{key: [role]}]\ncomponents: {securitySchemes: {key: {type: http, scheme: basic}}}\npaths: {}\n",
    ),
];

#[test]
fn rules_over_definitions() {
    let deep = format!("x-deep: {}", "[".repeat(300));
    let mut failures = String::new();
    for (rule, wrong, places, right) in DEFINITIONS_3_1 {
        let text = |part: &str| match part {
            "none" => "none".to_owned(),
            "DEEP" => format!("{OPEN_3_1}{deep}"),
            "OPEN 4.0.0" => OPEN_3_1.replace("3.1.0", "4.0.0") + PATHS,
            part => format!("{OPEN_3_1}{part}"),
        };
        let case = |part| WorkspaceCase::definition(&text(part)).beside("beside.yaml", "type: string\n");
        failures.extend(compare(rule, &case(wrong), places, &case(right)));
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn openapi_3_0_has_rules_of_its_own() {
    let mut failures = String::new();
    for (rule, wrong, places, right) in [
        (
            "reference-siblings",
            "paths: {}\ncomponents: {schemas: {A: {$ref: \"#/components/schemas/B\", type: string}, B: {}}}\n",
            &["openapi.yaml:4:60"][..],
            "paths: {}\ncomponents: {schemas: {A: {$ref: \"#/components/schemas/B\"}, B: {}}}\n",
        ),
        (
            "schema-keyword",
            "paths: {}\ncomponents:\n  schemas:\n    A: {nullable: true}\n    B: {type: string, enum: [a, null]}\n    C: {nullable: true, allOf: [{type: object}]}\n",
            &["openapi.yaml:6:9", "openapi.yaml:7:33", "openapi.yaml:8:9"],
            "paths: {}\ncomponents:\n  schemas:\n    A: {nullable: false}\n    B: {type: string, nullable: true, enum: [a, null]}\n    C: {type: object, nullable: true, allOf: [{type: object}]}\n",
        ),
        (
            "schema-keyword",
            "paths: {}\ncomponents:\n  schemas:\n    A: {const: 1}\n    B: {type: [string, \"null\"]}\n    C: {items: [{}]}\n    D: {exclusiveMinimum: 1}\n",
            &["openapi.yaml:6:9", "openapi.yaml:7:15", "openapi.yaml:8:16", "openapi.yaml:9:27"],
            "paths: {}\ncomponents:\n  schemas:\n    A: {type: integer, enum: [1, null], nullable: true}\n    B: {additionalProperties: false}\n    D: {minimum: 1, exclusiveMinimum: true}\n",
        ),
        (
            "specification-unknown-field",
            "paths: {}\nwebhooks: {}\n",
            &["openapi.yaml:4:1"],
            "paths: {}\nx-webhooks: {}\n",
        ),
        (
            "security-scope",
            "security: [{key: [role]}]\ncomponents: {securitySchemes: {key: {type: http, scheme: basic}}}\npaths: {}\n",
            &["openapi.yaml:3:19"],
            "security: [{key: []}]\ncomponents: {securitySchemes: {key: {type: http, scheme: basic}}}\npaths: {}\n",
        ),
        ("specification-required", "x-paths: {}\n", &["openapi.yaml:1:1"], "paths: {}\n"),
    ] {
        let case = |part: &str| WorkspaceCase::definition(&format!("{OPEN_3_0}{part}"));
        failures.extend(compare(rule, &case(wrong), places, &case(right)));
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn examples_that_contradict_say_what_was_asked_for() {
    for (schema, reason) in [
        ("{type: string, example: 1}", "it is a number, and the type is string"),
        ("{type: object, example: []}", "it is an array, and the type is object"),
        ("{type: string, format: uuid, minimum: 1, example: a}", "it breaks `format: uuid`"),
        ("{type: string, enum: [a, b], example: c}", "it breaks `enum: a, b`"),
        ("{type: integer, minLength: 2, maximum: 5, example: 6}", "it breaks `maximum: 5`"),
        ("{type: string, pattern: ^a$, maxLength: 1, example: bb}", "it breaks one of `pattern: ^a$`, `maxLength: 1`"),
        ("{enum: [{a: 1}], example: 1}", "it breaks `enum`"),
    ] {
        let case = WorkspaceCase::definition(&format!("{OPEN_3_0}{PATHS}components: {{schemas: {{A: {schema}}}}}\n"));
        let told: Vec<String> = case.findings().into_iter().map(|finding| finding.message).collect();
        let expected = format!("this example is not what its schema allows: {reason}");
        assert!(told.contains(&expected), "{schema}: {told:?}");
    }
}

#[test]
fn an_operation_that_can_only_fail_says_what_its_mock_answers() {
    for (answer, word) in [("", ", so its mock answers 404"), ("x-apigw-mock: {status: 201}, ", "successful call")] {
        let operation = format!("{{{answer}responses: {{\"404\": {{description: d}}}}}}");
        let case = WorkspaceCase::definition(&format!("{OPEN_3_0}paths: {{/a: {{get: {operation}}}}}\n"));
        let told: Vec<String> = case.findings().into_iter().map(|finding| finding.message).collect();
        assert!(told.iter().any(|message| message.ends_with(word)), "{told:?}");
    }
}
