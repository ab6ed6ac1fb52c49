//! The rules of the reader of definitions.

use crate::model::Rule;

/// A group has a definition.
pub const DEFINITION_MISSING: Rule = Rule::error(
    "definition-missing",
    "A group's APIs come from its definition, the file openapi.yaml in its folder. Import one, or add \
     an API.",
);
/// A file of a definition is UTF-8 and well-formed YAML or JSON.
pub const SYNTAX: Rule = Rule::error(
    "definition-syntax",
    "A definition and every file that it refers to is UTF-8 text and one well-formed YAML or JSON document. The \
     finding names the first place that cannot be read.",
)
.example(
    "wrong:\n\
     \x20 summary: List pets: all of them\n\
     right:\n\
     \x20 summary: \"List pets: all of them\"",
);
/// A definition stays within the size limits.
pub const TOO_LARGE: Rule = Rule::error(
    "definition-too-large",
    "A definition has at most 20,000 files with 64 MiB together, 32 MiB in one file, 800,000 values and 200 levels of \
     nesting; schemas that mean something else under each dynamic scope have at most 100,000 values more. Real definitions stay below; split a larger one into several groups.",
);
/// The keys of a mapping are unique.
pub const DUPLICATE_KEY: Rule = Rule::error(
    "duplicate-key",
    "A mapping that has a key twice is read differently by different tools: some take the first, some the last. \
     Remove or rename one of the two.",
)
.example(
    "wrong:\n\
     \x20 get: {operationId: listPets}\n\
     \x20 get: {operationId: findPets}\n\
     right:\n\
     \x20 get: {operationId: listPets}\n\
     \x20 post: {operationId: findPets}",
);
/// The definition declares a supported version of OpenAPI.
pub const OPENAPI_VERSION: Rule = Rule::error(
    "openapi-version",
    "The field `openapi` names the version of the specification: 3.0.x, 3.1.x or 3.2.x. A document of OpenAPI 2.0 is \
     converted when it is imported.",
)
.example(
    "wrong:\n\
     \x20 openapi: \"3\"\n\
     right:\n\
     \x20 openapi: 3.1.0",
);
/// A reference resolves.
pub const REFERENCE_UNRESOLVED: Rule = Rule::error(
    "reference-unresolved",
    "A `$ref` names a file beside the definition, a place in it, or both: `schemas/pet.yaml#/Pet`. The finding \
     names the part that does not exist.",
)
.example(
    "wrong:\n\
     \x20 $ref: \"#/components/schema/Pet\"      the section is called `schemas`\n\
     right:\n\
     \x20 $ref: \"#/components/schemas/Pet\"",
);
/// A reference stays within the group's folder.
pub const REFERENCE_OUTSIDE: Rule = Rule::error(
    "reference-outside",
    "A version freezes everything that its definition says, so a `$ref` must not lead to the network, to another \
     scheme, or out of the group's folder. Copy what it names into the folder and refer to the copy.",
)
.example(
    "wrong:\n\
     \x20 $ref: https://example.com/schemas/pet.yaml\n\
     right:\n\
     \x20 $ref: schemas/pet.yaml",
);
/// A chain of references ends.
pub const REFERENCE_CIRCULAR: Rule = Rule::error(
    "reference-circular",
    "References that only name each other never arrive at a value. A schema may contain itself; a `$ref` must not \
     be itself.",
)
.example(
    "wrong:\n\
     \x20 Pet: {$ref: \"#/components/schemas/Animal\"}\n\
     \x20 Animal: {$ref: \"#/components/schemas/Pet\"}\n\
     right:\n\
     \x20 Pet: {$ref: \"#/components/schemas/Animal\"}\n\
     \x20 Animal: {type: object}",
);
/// A field has the type that the specification requires.
pub const STRUCTURE: Rule = Rule::error(
    "definition-structure",
    "A field holds another kind of value than the OpenAPI Specification asks for, so that its meaning cannot be \
     told.",
)
.example(
    "wrong:\n\
     \x20 parameters: {name: limit, in: query}\n\
     right:\n\
     \x20 parameters: [{name: limit, in: query}]",
);
/// A deviation from the specification has only one possible meaning.
pub const SLOPPY: Rule = Rule::warning(
    "definition-sloppy",
    "The OpenAPI Specification asks for another spelling here. apigw takes what is meant; other tools may not.",
)
.example(
    "wrong:\n\
     \x20 deprecated: \"yes\"\n\
     right:\n\
     \x20 deprecated: true",
);
/// A number is held exactly.
pub const NUMBER_ROUNDED: Rule = Rule::warning(
    "number-rounded",
    "Integers of 64 bits are exact; a larger one is held as the nearest double, as most readers of JSON do. A bound or \
     constant is then another number than the one written, and so is an example that is sent.",
)
.example(
    "wrong:\n\
     \x20 maximum: 18446744073709551617\n\
     right:\n\
     \x20 maximum: 18446744073709551615",
);
/// Fields beside a reference have no effect.
pub const REFERENCE_SIBLINGS: Rule = Rule::warning(
    "reference-siblings",
    "In OpenAPI 3.0 whatever stands beside a `$ref` is ignored. Move it to the target, or wrap the reference in \
     `allOf`.",
)
.example(
    "wrong:\n\
     \x20 $ref: \"#/components/schemas/Pet\"\n\
     \x20 description: The pet that was sold\n\
     right:\n\
     \x20 allOf: [{$ref: \"#/components/schemas/Pet\"}]\n\
     \x20 description: The pet that was sold",
);
/// No two APIs have the same method and path.
pub const DUPLICATE_API: Rule = Rule::warning(
    "duplicate-api",
    "Two APIs of a group must differ in method or path template; `/pets/{id}` and `/pets/{name}` are the same path, \
     and `/pets#mine` is `/pets`, as no request has a fragment. The first has the requests, or the one without a \
     fragment; the other is not served, which `/-/status` of a gateway shows, too. Remove one of the two.",
)
.example(
    "wrong:\n\
     \x20 /pets/{id}: {get: {}}\n\
     \x20 /pets/{name}: {get: {}}\n\
     right:\n\
     \x20 /pets/{id}: {get: {}}\n\
     \x20 /pets/by-name/{name}: {get: {}}",
);
/// The template of a path is valid and unambiguous.
pub const PATH_TEMPLATE: Rule = Rule::warning(
    "path-template",
    "Each `{name}` in a path is closed, has a name and no pattern behind it, does not touch the next one, and what \
     stands between is what a URI can have (OpenAPI 3.1, section 4.8.8; RFC 3986, section 3.3). An API whose braces \
     cannot be read is not served, alone; the others are, as the finding says.",
)
.example(
    "wrong:\n\
     \x20 /pets/{id\n\
     right:\n\
     \x20 /pets/{id}",
);
/// The constant result can be built.
pub const CONSTANT_RESULT: Rule = Rule::warning(
    "constant-result",
    "A mock publish answers with an API's constant result. It comes from `x-apigw-mock`, from an example (a file beside \
     the definition, too), or is built from the response's schema; where a schema cannot be satisfied by building, give \
     an example. Where no value fits one alternative of a `oneOf` alone, it is that of the first, or of the one that the \
     discriminator names first.",
)
.example(
    "wrong:\n\
     \x20 schema: {type: string, pattern: \"^a\", enum: [b]}\n\
     right:\n\
     \x20 schema: {type: string, pattern: \"^a\", enum: [ab]}",
);

/// An example is valid against its schema.
pub const EXAMPLE_MISMATCH: Rule = Rule::warning(
    "example-contradicts-schema",
    "An example that its own schema refuses misleads whoever reads it, and a mock publish answers with it. Correct \
     the example or the schema.",
)
.example(
    "wrong:\n\
     \x20 schema: {type: integer}\n\
     \x20 example: twelve\n\
     right:\n\
     \x20 schema: {type: integer}\n\
     \x20 example: 12",
);

/// The body of `x-apigw-mock` is valid against the response's schema.
pub const MOCK_MISMATCH: Rule = Rule::warning(
    "constant-result-contradicts-schema",
    "A mock publish answers with the body of `x-apigw-mock`, whatever the schema of the response says. Callers that \
     are built against the schema cannot read a body that the schema refuses. Correct the body or the schema, or name \
     the `status` that the body belongs to.",
)
.example(
    "wrong:\n\
     \x20 x-apigw-mock: {status: 200, body: {id: one}}      the schema asks for a number\n\
     right:\n\
     \x20 x-apigw-mock: {status: 200, body: {id: 1}}",
);

/// The fields of `x-apigw-mock` are known.
pub const MOCK_FIELD: Rule = Rule::warning(
    "constant-result-field",
    "The value of `x-apigw-mock` is an object with any of `status` (a code from 200 to 599), `headers`, `mediaType` and \
     `body`, with at least a `status` or a `body`; or anything else, which is then the body itself. One that has \
     another field as well, or a misspelt one, is taken as the body. Correct the field, or put a body that looks so \
     under `body`. A response of status 204, 205 or 304 has no body. It stands in an operation, or in a path item for all \
     of its operations; elsewhere it has no effect.",
)
.example(
    "wrong:\n\
     \x20 x-apigw-mock: {status: 404, boby: {reason: gone}}\n\
     right:\n\
     \x20 x-apigw-mock: {status: 404, body: {reason: gone}}\n\
     a body that looks so:\n\
     \x20 x-apigw-mock: {body: {status: available, name: Rex}}",
);

/// A document of OpenAPI 2.0 can be expressed in 3.0.
pub const CONVERSION: Rule = Rule::warning(
    "conversion-loss",
    "OpenAPI 2.0 can say a few things that 3.0 has no words for. The import names each, and what was written instead.",
);

/// A document of OpenAPI 2.0 can be converted.
pub const CONVERSION_FAILED: Rule = Rule::error(
    "conversion-failed",
    "A document of OpenAPI 2.0 is written as 3.0 and read again; what would not come back the same is refused rather \
     than guessed.",
);

/// The rules of reading and converting a definition.
pub const RULES: &[Rule] = &[
    DEFINITION_MISSING,
    SYNTAX,
    TOO_LARGE,
    DUPLICATE_KEY,
    OPENAPI_VERSION,
    REFERENCE_UNRESOLVED,
    REFERENCE_OUTSIDE,
    REFERENCE_CIRCULAR,
    STRUCTURE,
    SLOPPY,
    NUMBER_ROUNDED,
    REFERENCE_SIBLINGS,
    DUPLICATE_API,
    PATH_TEMPLATE,
    CONSTANT_RESULT,
    EXAMPLE_MISMATCH,
    MOCK_MISMATCH,
    MOCK_FIELD,
    CONVERSION,
    CONVERSION_FAILED,
];
