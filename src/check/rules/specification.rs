//! Documentation of the rules that check a definition against the OpenAPI Specification.

use crate::model::Rule;

/// An object has its required fields.
pub(in crate::check) const SPECIFICATION_REQUIRED: Rule = Rule::warning(
    "specification-required",
    "The OpenAPI Specification says which fields each object must have. apigw can do without most of them, other \
     tools refuse the document. Add the field that the finding names; its section of the specification is named \
     too.",
)
.example(
    "wrong:\n\
     \x20 info: {title: Pets}\n\
     right:\n\
     \x20 info: {title: Pets, version: \"1.0\"}",
);
/// An object has no unknown fields.
pub(in crate::check) const SPECIFICATION_UNKNOWN: Rule = Rule::warning(
    "specification-unknown-field",
    "A field that the OpenAPI Specification does not know has no effect: often it is a typo, or stands \
     one level too high or too low. Correct or move it; what is meant for a tool of yours begins with `x-`.",
)
.example(
    "wrong:\n\
     \x20 get: {operationID: listPets}\n\
     right:\n\
     \x20 get: {operationId: listPets, x-team: animals}",
);
/// A field has a valid value.
pub(in crate::check) const SPECIFICATION_VALUE: Rule = Rule::warning(
    "specification-value",
    "The OpenAPI Specification says what each field holds: a text, a flag, a list, one of some words. What has \
     another kind is ignored by some tools and refused by others. Quote texts that look like numbers, and write \
     flags as `true` or `false`.",
)
.example(
    "wrong:\n\
     \x20 tags: animals\n\
     right:\n\
     \x20 tags: [animals]",
);
/// A name has a valid form.
pub(in crate::check) const SPECIFICATION_NAME: Rule = Rule::warning(
    "specification-name",
    "Components are named with letters, digits, `.`, `-` and `_`; bodies by a media type like `application/json`; \
     responses by a code from 100 to 599, a class like `4XX`, or `default`; headers by a token of HTTP (RFC 9110, \
     section 5.1).",
)
.example(
    "wrong:\n\
     \x20 content: {json: {}}\n\
     right:\n\
     \x20 content: {application/json: {}}",
);
/// An object has only one of mutually exclusive fields.
pub(in crate::check) const SPECIFICATION_EXCLUSIVE: Rule = Rule::warning(
    "specification-exclusive",
    "Some fields exclude each other, and of some pairs one must be there: `schema` or `content` of a parameter, \
     `example` or `examples`, `value` or `externalValue`, `operationId` or `operationRef` of a link. With both, \
     tools disagree on which one counts. Keep the one that is meant.",
)
.example(
    "wrong:\n\
     \x20 {name: limit, in: query}\n\
     right:\n\
     \x20 {name: limit, in: query, schema: {type: integer}}",
);
/// The keywords of a schema are known and have valid values.
pub(in crate::check) const SCHEMA_KEYWORD: Rule = Rule::warning(
    "schema-keyword",
    "A schema's keyword with a value of the wrong kind, or one that its dialect does not know, does not restrict \
     anything: callers see a promise that nobody keeps. OpenAPI 3.0 has a dialect of its own (section 4.7.24); \
     3.1 has JSON Schema 2020-12.",
)
.example(
    "wrong:\n\
     \x20 {type: object, required: true, minimun: \"1\"}\n\
     right:\n\
     \x20 {type: object, required: [id], properties: {id: {type: integer, minimum: 1}}}",
);
/// The type of a schema exists.
pub(in crate::check) const SCHEMA_TYPE: Rule = Rule::error(
    "schema-type",
    "`type` is one of array, boolean, integer, number, object and string, and in OpenAPI 3.1 also null. Of any \
     other word nobody can tell which values it allows, so neither a mock nor the checking of requests could be \
     right.",
)
.example(
    "wrong:\n\
     \x20 {type: strnig}\n\
     right:\n\
     \x20 {type: string}",
);
/// The pattern of a schema is a valid regular expression.
pub(in crate::check) const SCHEMA_PATTERN: Rule = Rule::warning(
    "schema-pattern",
    "`pattern` and the names in `patternProperties` are regular expressions in the dialect of ECMA-262. One that \
     cannot be read restricts nothing. Other dialects differ: `(?i)`, `\\A`, `\\Z`, `[[:alpha:]]` and possessive \
     `++` are not part of it.",
)
.example(
    "wrong:\n\
     \x20 pattern: \"^[a-z\"\n\
     right:\n\
     \x20 pattern: \"^[a-z]+$\"",
);
/// Some value satisfies a schema.
pub(in crate::check) const SCHEMA_WITHOUT_VALUES: Rule = Rule::warning(
    "schema-without-values",
    "A schema whose least bound is above its greatest one refuses every value: no request with it can be right, and no \
     response. Correct one of the two.",
)
.example(
    "wrong:\n\
     \x20 {type: integer, minimum: 10, maximum: 1}\n\
     right:\n\
     \x20 {type: integer, minimum: 1, maximum: 10}",
);
/// A schema is no part of itself.
pub(in crate::check) const SCHEMA_PART_OF_ITSELF: Rule = Rule::warning(
    "schema-part-of-itself",
    "A schema that its own `allOf` refers to adds nothing to itself, and tools that merge the parts of `allOf` never come \
     to an end (JSON Schema 2020-12, Core 9.4.1). A property or an item may be of the same schema.",
)
.example(
    "wrong:\n\
     \x20 Pet: {allOf: [{$ref: '#/components/schemas/Pet'}]}\n\
     right:\n\
     \x20 Pet: {properties: {parent: {$ref: '#/components/schemas/Pet'}}}",
);

/// The rules in this file.
pub(super) const RULES: [Rule; 10] = [
    SPECIFICATION_REQUIRED,
    SPECIFICATION_UNKNOWN,
    SPECIFICATION_VALUE,
    SPECIFICATION_NAME,
    SPECIFICATION_EXCLUSIVE,
    SCHEMA_KEYWORD,
    SCHEMA_TYPE,
    SCHEMA_PATTERN,
    SCHEMA_WITHOUT_VALUES,
    SCHEMA_PART_OF_ITSELF,
];
