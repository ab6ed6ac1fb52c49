//! Documentation of the rules over APIs: paths, names, results and security.

use crate::model::Rule;

/// A group has APIs.
pub(in crate::check) const NO_API: Rule = Rule::error(
    "no-api",
    "A group without APIs serves nothing, so publishing it is a mistake. Add one, or import \
     a definition. To publish the pages of webhooks alone, set `no-api = \"warning\"` in `[rules]` of `apigw.toml`.",
);
/// Every API has a constant result.
pub(in crate::check) const NO_RESULT: Rule = Rule::warning(
    "constant-result-missing",
    "A mock publish answers with the constant result of the definition: `x-apigw-mock`, an example, or a value \
     built from a schema. An API that declares none of them answers with 501. Give a response an \
     example or a schema, or the operation `x-apigw-mock`.",
)
.example(
    "wrong:\n\
     \x20 responses: {}\n\
     right:\n\
     \x20 responses: {\"200\": {description: The pets, content: {application/json: {example: []}}}}",
);
/// Every operation has responses.
pub(in crate::check) const RESPONSES_MISSING: Rule = Rule::warning(
    "responses-missing",
    "An operation whose `responses` name none promises nothing: callers cannot know what comes back, and a mock \
     answers with 501. Name at least the response of a successful call (OpenAPI 3.1, section \
     4.8.16). OpenAPI 3.0 requires the field itself too.",
)
.example(
    "wrong:\n\
     \x20 get: {operationId: listPets, responses: {}}\n\
     right:\n\
     \x20 get: {operationId: listPets, responses: {\"200\": {description: The pets}}}",
);
/// Every operation declares a successful response.
pub(in crate::check) const NO_SUCCESS: Rule = Rule::warning(
    "success-response-missing",
    "The responses should have that of a successful call: a 2xx, a redirection 3xx, 101 or `default`. With errors \
     only, callers cannot know what they get when all goes well, and a mock answers with an error.",
)
.example(
    "wrong:\n\
     \x20 responses: {\"404\": {description: No such pet}}\n\
     right:\n\
     \x20 responses: {\"200\": {description: The pet}, \"404\": {description: No such pet}}",
);
/// The date of a sunset can be read.
pub(in crate::check) const SUNSET_INVALID: Rule = Rule::warning(
    "sunset-invalid",
    "`x-sunset` names the date after which a deprecated operation, parameter or property may go: a day, a time of RFC \
     3339, or a date of HTTP (RFC 8594, section 3). Nothing else is read as one, nor a date of a part that is not \
     deprecated, so that a removal breaks callers for ever.",
)
.example(
    "wrong:\n\
     \x20 get: {deprecated: true, x-sunset: soon}\n\
     right:\n\
     \x20 get: {deprecated: true, x-sunset: 2026-12-31}",
);
/// Each parameter of a path template is declared.
pub(in crate::check) const PATH_PARAMETER_UNDECLARED: Rule = Rule::warning(
    "path-parameter-undeclared",
    "Each `{name}` in a path has a parameter with that name and `in: path`, on the operation or on its path item \
     (OpenAPI 3.1, section 4.8.12). Without it the value is a text of any kind, and SDKs and docs lack it. Names \
     count letter by letter: `petId` is not `petid`.",
)
.example(
    "wrong:\n\
     \x20 /pets/{petId}: {get: {parameters: []}}\n\
     right:\n\
     \x20 /pets/{petId}: {get: {parameters: [{name: petId, in: path, required: true, schema: {type: string}}]}}",
);
/// Each declared path parameter is in the path template.
pub(in crate::check) const PATH_PARAMETER_UNUSED: Rule = Rule::warning(
    "path-parameter-unused",
    "A parameter with `in: path` that the path does not have can never be sent, though it is required. Add \
     `{name}` to the path, or remove the parameter; perhaps `in: query` is meant.",
)
.example(
    "wrong:\n\
     \x20 /pets: {get: {parameters: [{name: petId, in: path, required: true, schema: {type: string}}]}}\n\
     right:\n\
     \x20 /pets/{petId}: {get: {parameters: [{name: petId, in: path, required: true, schema: {type: string}}]}}",
);
/// No list of parameters has the same name and place twice.
pub(in crate::check) const PARAMETER_DUPLICATE: Rule = Rule::warning(
    "parameter-duplicate",
    "A list of parameters must not have two with the same `name` and `in` (OpenAPI 3.1, section 4.8.10.1): tools \
     disagree on which one counts. Names of headers are alike in any case. An operation may repeat a parameter of \
     its path item, to change it.",
)
.example(
    "wrong:\n\
     \x20 parameters: [{name: limit, in: query}, {name: limit, in: query, required: true}]\n\
     right:\n\
     \x20 parameters: [{name: limit, in: query, required: true}]",
);
/// Each path can be reached by a request.
pub(in crate::check) const PATH_UNREACHABLE: Rule = Rule::warning(
    "path-unreachable",
    "A gateway refuses requests whose path is read in more than one way, since whoever is behind it may take another \
     one than is meant (RFC 3986, section 6.2.2): paths with an empty, `.` or `..` segment, with a slash, a backslash or \
     a control character behind a percent sign, or with a segment that begins with a semicolon where no parameter \
     with `style: matrix` does. An API with such a path is not served; the others are.",
)
.example(
    "wrong:\n\
     \x20 /pets//{id}: {get: {}}\n\
     right:\n\
     \x20 /pets/{id}: {get: {}}",
);
/// No two paths differ only in the names of their parameters.
pub(in crate::check) const PATH_EQUAL: Rule = Rule::warning(
    "path-equal",
    "`/pets/{id}` and `/pets/{name}` are the same path, since no request tells them apart (OpenAPI 3.1, section \
     4.8.8.1). apigw serves the methods of both; other tools refuse the document or lose one. Put all methods \
     under one of the two.",
)
.example(
    "wrong:\n\
     \x20 /pets/{id}: {get: {}}\n\
     \x20 /pets/{name}: {delete: {}}\n\
     right:\n\
     \x20 /pets/{id}: {get: {}, delete: {}}",
);
/// A request has one best match among the paths.
pub(in crate::check) const PATH_AMBIGUOUS: Rule = Rule::warning(
    "path-ambiguous",
    "Where a request fits two path templates and neither is the more exact one, the specification leaves open \
     which is meant (OpenAPI 3.1, section 4.8.8.2). apigw takes the one that is exact earlier in the path, and \
     refuses a method that it lacks (405); another gateway may take the other. Let the paths differ in a segment that both write out.",
)
.example(
    "wrong:\n\
     \x20 /{kind}/mine: {get: {}}\n\
     \x20 /books/{id}: {get: {}}       GET /books/mine fits both\n\
     right:\n\
     \x20 /mine/{kind}: {get: {}}\n\
     \x20 /books/{id}: {get: {}}",
);
/// The declared values of path parameters can be sent.
pub(in crate::check) const PATH_VALUE_SLASH: Rule = Rule::warning(
    "path-value-slash",
    "A slash in the value of a path parameter is sent as `%2F`. Proxies and servers read that in two ways, as part of \
     the value or as the end of a segment, so the gateway answers with 400, mocks included. \
     `forwarding.encoded_slashes: true` in group.yaml lets encoded slashes through, where the backend takes them for \
     part of the value.",
)
.example(
    "wrong:\n\
     \x20 /refs/{ref}: {get: {parameters: [{name: ref, in: path, required: true, schema: {type: string}, example: heads/main}]}}\n\
     right, in group.yaml:\n\
     \x20 forwarding: {encoded_slashes: true}",
);
/// No group shadows the APIs of another on a shared host.
pub(in crate::check) const ROUTE_SHADOWED: Rule = Rule::warning(
    "route-shadowed",
    "With one `--env`, a loopback host name reaches all groups of the environment by their prefixes. The longest \
     prefix goes first; of equal ones, the group whose name comes first. An API whose every request another group \
     answers first is never reached there; it still is on the group's own host name. Give one of the groups \
     another prefix.",
)
.example(
    "wrong:\n\
     \x20 shop:  prefix /shop, path /admin/users\n\
     \x20 admin: prefix /shop/admin, path /users\n\
     right:\n\
     \x20 admin: prefix /admin, path /users",
);
/// No two operations have the same id.
pub(in crate::check) const OPERATION_ID_DUPLICATE: Rule = Rule::error(
    "operation-id-duplicate",
    "An operation id names one operation of the whole definition (OpenAPI 3.1, section 4.8.10.1). Commands, \
     `forwarding.apis` in group.yaml, SDKs and links go by it, so with two of a name it cannot be told \
     which is meant. Rename one.",
)
.example(
    "wrong:\n\
     \x20 /pets: {get: {operationId: list}}\n\
     \x20 /toys: {get: {operationId: list}}\n\
     right:\n\
     \x20 /pets: {get: {operationId: listPets}}\n\
     \x20 /toys: {get: {operationId: listToys}}",
);
/// Operation ids differ in more than case.
pub(in crate::check) const OPERATION_ID_SIMILAR: Rule = Rule::warning(
    "operation-id-similar",
    "Ids that differ only in capital and small letters are easily taken for each other, and collide where an SDK \
     makes one file or name of each. Rename one.",
)
.example(
    "wrong:\n\
     \x20 getPet, getpet\n\
     right:\n\
     \x20 getPet, getPetByName",
);
/// A link leads to an operation.
pub(in crate::check) const LINK_UNKNOWN: Rule = Rule::warning(
    "link-operation-unknown",
    "A link names the operation that a caller can go on with, by its id or by a reference (OpenAPI 3.1, section \
     4.8.20). One that no operation has leads nowhere, in documents as in SDKs. Correct it, or remove the link.",
)
.example(
    "wrong:\n\
     \x20 links: {pet: {operationId: getpet}}\n\
     right:\n\
     \x20 links: {pet: {operationId: getPet}}",
);
/// The parameters of a link are those of its operation.
pub(in crate::check) const LINK_PARAMETER_UNKNOWN: Rule = Rule::warning(
    "link-parameter-unknown",
    "The `parameters` of a link are named as the operation that it leads to declares them, alone or with their place, \
     like `path.id` (OpenAPI 3.1, section 4.8.20). One that is none has nowhere to go. Correct the name, or declare \
     the parameter.",
)
.example(
    "wrong:\n\
     \x20 links: {pet: {operationId: getPet, parameters: {petid: $response.body#/id}}}\n\
     right:\n\
     \x20 links: {pet: {operationId: getPet, parameters: {id: $response.body#/id}}}",
);
/// A discriminator's mapping leads to schemas.
pub(in crate::check) const DISCRIMINATOR_UNKNOWN: Rule = Rule::warning(
    "discriminator-schema-unknown",
    "The values of a discriminator's `mapping` are references or names of schemas (OpenAPI 3.1, section 4.8.25). One \
     that is neither can be of no use: constant results and SDKs go by the other values alone. Correct it, or add the \
     schema.",
)
.example(
    "wrong:\n\
     \x20 mapping: {cat: '#/components/schemas/Kat'}\n\
     right:\n\
     \x20 mapping: {cat: '#/components/schemas/Cat'}",
);
/// The encoding of a body is that of its properties.
pub(in crate::check) const ENCODING_UNKNOWN: Rule = Rule::warning(
    "encoding-unknown",
    "The names in `encoding` are those of the schema's properties (OpenAPI 3.1, section 4.8.14.1). One that is none tells \
     nothing of any field. Correct it, or declare the property.",
)
.example(
    "wrong:\n\
     \x20 {schema: {properties: {photo: {}}}, encoding: {foto: {contentType: image/png}}}\n\
     right:\n\
     \x20 {schema: {properties: {photo: {}}}, encoding: {photo: {contentType: image/png}}}",
);
/// Each required security scheme is declared.
pub(in crate::check) const SECURITY_UNDECLARED: Rule = Rule::warning(
    "security-undeclared",
    "A security requirement names schemes of `components.securitySchemes` (OpenAPI 3.1, section 4.8.30). One that \
     is not declared there cannot be satisfied: nobody can tell what a caller has to send. Declare it, or correct \
     the name.",
)
.example(
    "wrong:\n\
     \x20 security: [{apikey: []}]\n\
     \x20 components: {securitySchemes: {apiKey: {type: apiKey, name: X-Key, in: header}}}\n\
     right:\n\
     \x20 security: [{apiKey: []}]\n\
     \x20 components: {securitySchemes: {apiKey: {type: apiKey, name: X-Key, in: header}}}",
);
/// Scopes are used only with schemes that declare them.
pub(in crate::check) const SECURITY_SCOPE: Rule = Rule::warning(
    "security-scope",
    "Scopes belong to schemes of the types oauth2 and openIdConnect; for others the list is empty in OpenAPI 3.0, \
     and in 3.1 holds names of roles. A scope of oauth2 is declared by one of the scheme's flows.",
)
.example(
    "wrong:\n\
     \x20 security: [{apiKey: [\"read:pets\"]}]\n\
     right:\n\
     \x20 security: [{apiKey: []}]",
);
/// A connection can go on as a websocket where the definition says so.
pub(in crate::check) const WEBSOCKET_INVALID: Rule = Rule::warning(
    "websocket-invalid",
    "`x-apigw-websocket` is true or false, and stands on a GET: a websocket is opened by no other method (RFC 6455, \
     section 4.1). Anything else has no effect, and the request is forwarded without its upgrade.",
)
.example(
    "wrong:\n\
     \x20 post: {operationId: live, x-apigw-websocket: true}\n\
     right:\n\
     \x20 get: {operationId: live, x-apigw-websocket: true}",
);
/// A definition says true or false of unsigned bodies.
pub(in crate::check) const UNSIGNED_BODY_INVALID: Rule = Rule::warning(
    "unsigned-body-invalid",
    "`x-apigw-unsigned-body: true` lets the gateway take signatures that do not cover the body, like those that some signers \
     make for uploads: anybody on the way could exchange the body. Anything but true and false has no effect.",
)
.example(
    "wrong:\n\
     \x20 put: {operationId: upload, x-apigw-unsigned-body: always}\n\
     right:\n\
     \x20 put: {operationId: upload, x-apigw-unsigned-body: true}",
);
/// Extensions of apigw are known, and have a value that is.
pub(in crate::check) const EXTENSION_UNKNOWN: Rule = Rule::warning(
    "extension-unknown",
    "An extension that begins with `x-apigw-` is read by apigw alone. One that is misspelled, stands elsewhere than in a \
     path item or an operation, or has another value than those that are known has no effect. \
     The help topic on definitions lists them.",
)
.example(
    "wrong:\n\
     \x20 /files: {x-apigw-match: prefx, get: {}}\n\
     right:\n\
     \x20 /files: {x-apigw-match: prefix, get: {}}",
);

/// A subscription key stands in a header of its own.
pub(in crate::check) const KEY_HEADER: Rule = Rule::error(
    "key-header",
    "A header of `auth.subscription.headers` has a meaning of its own, as `host` or `cookie`: clients and proxies write it, or \
     the gateway does not read a key from it, so that callers get 401. Name another header.",
)
.example("auth: {subscription: {headers: [x-api-key]}}");

/// The security requirements of the definition match the group's `auth`.
pub(in crate::check) const SECURITY_UNCOVERED: Rule = Rule::warning(
    "security-uncovered",
    "A definition says how callers authenticate, and `auth` in group.yaml says what the gateway checks \
     before a real backend is called. With `auth: none` nothing is checked: the backend must do it itself. With \
     `auth: signature` callers sign each request in the header Authorization, which the definition should say and \
     which leaves no room there for another scheme. If the backend checks the credentials, turn this rule off.",
)
.example(
    "checked by the backend, in apigw.toml:\n\
     \x20 [rules]\n\
     \x20 security-uncovered = \"off\"",
);

/// The rules in this file.
pub(super) const RULES: [Rule; 26] = [
    NO_API,
    NO_RESULT,
    RESPONSES_MISSING,
    NO_SUCCESS,
    PATH_PARAMETER_UNDECLARED,
    PATH_PARAMETER_UNUSED,
    PARAMETER_DUPLICATE,
    PATH_UNREACHABLE,
    PATH_EQUAL,
    PATH_AMBIGUOUS,
    PATH_VALUE_SLASH,
    ROUTE_SHADOWED,
    OPERATION_ID_DUPLICATE,
    OPERATION_ID_SIMILAR,
    LINK_UNKNOWN,
    LINK_PARAMETER_UNKNOWN,
    DISCRIMINATOR_UNKNOWN,
    ENCODING_UNKNOWN,
    SECURITY_UNDECLARED,
    SECURITY_SCOPE,
    WEBSOCKET_INVALID,
    UNSIGNED_BODY_INVALID,
    EXTENSION_UNKNOWN,
    KEY_HEADER,
    SECURITY_UNCOVERED,
    SUNSET_INVALID,
];
