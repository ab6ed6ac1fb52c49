//! The objects of the OpenAPI Specification and their fields, in one table for 3.0, 3.1 and 3.2.
//!
//! Sections are those of 3.1.0, 4.8.1 to 4.8.30; in 3.0.3 the same objects are 4.7.1 to 4.7.30. Conditions beyond the
//! table, such as mutually exclusive fields, are in `conditions`; the keywords of schemas are in `schema`.

use super::form::{Field, Form, In, Kind, Names, Rest, Shape};

const fn field(name: &'static str, form: Form) -> Field {
    Field { name, form, exists: In::All, needed: In::Never }
}

const fn needed(name: &'static str, form: Form) -> Field {
    Field { name, form, exists: In::All, needed: In::All }
}

const fn new(name: &'static str, form: Form) -> Field {
    Field { name, form, exists: In::V3_1, needed: In::Never }
}

/// Declares a field that came with 3.2.
const fn newest(name: &'static str, form: Form) -> Field {
    Field { name, form, exists: In::V3_2, needed: In::Never }
}

const fn object(name: &'static str, section: u8, fields: &'static [Field]) -> Shape {
    Shape { name, section, fields, rest: Rest::Extensions }
}

use Form::{Any, Content, Flag, List, Map, Object, OrReference, Text, Word};

const TEXTS: Form = List(&Text);
const TEXT_MAP: Form = Map(Names::Any, &Text);
const DOCS: Field = field("externalDocs", Object(Kind::ExternalDocumentation));
const DESCRIPTION: Field = field("description", Text);
const SUMMARY: Field = field("summary", Text);
const SERVERS: Field = field("servers", List(&Object(Kind::Server)));
const SECURITY: Field = field("security", List(&Object(Kind::SecurityRequirement)));
const PARAMETERS: Field = field("parameters", List(&OrReference(Kind::Parameter)));
const EXAMPLE: Field = field("example", Any);
const EXAMPLES: Field = field("examples", Map(Names::Any, &OrReference(Kind::Example)));
const HEADERS: Form = Map(Names::Header, &OrReference(Kind::Header));
const SCHEMA: Form = Object(Kind::Schema);
const STYLES: &[&str] = &["form", "spaceDelimited", "pipeDelimited", "deepObject"];

const OPEN_API: Shape = object(
    "OpenAPI Object",
    1,
    &[
        needed("openapi", Text),
        needed("info", Object(Kind::Info)),
        new("jsonSchemaDialect", Text),
        newest("$self", Text),
        SERVERS,
        Field { name: "paths", form: Object(Kind::Paths), exists: In::All, needed: In::V3_0 },
        new("webhooks", Map(Names::Any, &Object(Kind::PathItem))),
        field("components", Object(Kind::Components)),
        SECURITY,
        field("tags", List(&Object(Kind::Tag))),
        DOCS,
    ],
);
const INFO: Shape = object(
    "Info Object",
    2,
    &[
        needed("title", Text),
        new("summary", Text),
        DESCRIPTION,
        field("termsOfService", Text),
        field("contact", Object(Kind::Contact)),
        field("license", Object(Kind::License)),
        needed("version", Text),
    ],
);
const CONTACT: Shape = object("Contact Object", 3, &[field("name", Text), field("url", Text), field("email", Text)]);
const LICENSE: Shape =
    object("License Object", 4, &[needed("name", Text), new("identifier", Text), field("url", Text)]);
const SERVER: Shape = object(
    "Server Object",
    5,
    &[
        needed("url", Text),
        newest("name", Text),
        DESCRIPTION,
        field("variables", Map(Names::Any, &Object(Kind::ServerVariable))),
    ],
);
const SERVER_VARIABLE: Shape =
    object("Server Variable Object", 6, &[field("enum", TEXTS), needed("default", Text), DESCRIPTION]);
const COMPONENTS: Shape = object(
    "Components Object",
    7,
    &[
        field("schemas", Map(Names::Component, &SCHEMA)),
        field("responses", Map(Names::Component, &OrReference(Kind::Response))),
        field("parameters", Map(Names::Component, &OrReference(Kind::Parameter))),
        field("examples", Map(Names::Component, &OrReference(Kind::Example))),
        field("requestBodies", Map(Names::Component, &OrReference(Kind::RequestBody))),
        field("headers", Map(Names::Component, &OrReference(Kind::Header))),
        field("securitySchemes", Map(Names::Component, &OrReference(Kind::SecurityScheme))),
        field("links", Map(Names::Component, &OrReference(Kind::Link))),
        field("callbacks", Map(Names::Component, &OrReference(Kind::Callback))),
        new("pathItems", Map(Names::Component, &Object(Kind::PathItem))),
        newest("mediaTypes", Map(Names::Component, &OrReference(Kind::MediaType))),
    ],
);
const PATHS: Shape = Shape {
    name: "Paths Object",
    section: 8,
    fields: &[],
    rest: Rest::Named { form: &Object(Kind::PathItem), extensions: true },
};
const PATH_ITEM: Shape = object(
    "Path Item Object",
    9,
    &[
        field("$ref", Text),
        SUMMARY,
        DESCRIPTION,
        field("get", Object(Kind::Operation)),
        field("put", Object(Kind::Operation)),
        field("post", Object(Kind::Operation)),
        field("delete", Object(Kind::Operation)),
        field("options", Object(Kind::Operation)),
        field("head", Object(Kind::Operation)),
        field("patch", Object(Kind::Operation)),
        field("trace", Object(Kind::Operation)),
        newest("query", Object(Kind::Operation)),
        newest("additionalOperations", Map(Names::Any, &Object(Kind::Operation))),
        SERVERS,
        PARAMETERS,
    ],
);
const OPERATION: Shape = object(
    "Operation Object",
    10,
    &[
        field("tags", TEXTS),
        SUMMARY,
        DESCRIPTION,
        DOCS,
        field("operationId", Text),
        PARAMETERS,
        field("requestBody", OrReference(Kind::RequestBody)),
        // A missing `responses` is reported by `responses-missing`, so the table does not require it.
        field("responses", Object(Kind::Responses)),
        field("callbacks", Map(Names::Any, &OrReference(Kind::Callback))),
        field("deprecated", Flag),
        SECURITY,
        SERVERS,
    ],
);
const EXTERNAL_DOCUMENTATION: Shape = object("External Documentation Object", 11, &[DESCRIPTION, needed("url", Text)]);
const PARAMETER: Shape = object(
    "Parameter Object",
    12,
    &[
        needed("name", Text),
        needed("in", Word(&["query", "header", "path", "cookie", "querystring"])),
        DESCRIPTION,
        field("required", Flag),
        field("deprecated", Flag),
        field("allowEmptyValue", Flag),
        field("style", Text),
        field("explode", Flag),
        field("allowReserved", Flag),
        field("schema", SCHEMA),
        EXAMPLE,
        EXAMPLES,
        field("content", Content { single: true }),
    ],
);
const REQUEST_BODY: Shape = object(
    "Request Body Object",
    13,
    &[DESCRIPTION, needed("content", Content { single: false }), field("required", Flag)],
);
const MEDIA_TYPE: Shape = object(
    "Media Type Object",
    14,
    &[
        field("schema", SCHEMA),
        newest("itemSchema", SCHEMA),
        EXAMPLE,
        EXAMPLES,
        field("encoding", Map(Names::Any, &Object(Kind::Encoding))),
        newest("prefixEncoding", List(&Object(Kind::Encoding))),
        newest("itemEncoding", Object(Kind::Encoding)),
    ],
);
const ENCODING: Shape = object(
    "Encoding Object",
    15,
    &[
        field("contentType", Text),
        field("headers", HEADERS),
        field("style", Word(STYLES)),
        field("explode", Flag),
        field("allowReserved", Flag),
        newest("encoding", Map(Names::Any, &Object(Kind::Encoding))),
        newest("prefixEncoding", List(&Object(Kind::Encoding))),
        newest("itemEncoding", Object(Kind::Encoding)),
    ],
);
const RESPONSES: Shape = Shape {
    name: "Responses Object",
    section: 16,
    fields: &[field("default", OrReference(Kind::Response))],
    rest: Rest::Named { form: &OrReference(Kind::Response), extensions: true },
};
const RESPONSE: Shape = object(
    "Response Object",
    17,
    &[
        newest("summary", Text),
        Field { name: "description", form: Text, exists: In::All, needed: In::BeforeV3_2 },
        field("headers", HEADERS),
        field("content", Content { single: false }),
        field("links", Map(Names::Any, &OrReference(Kind::Link))),
    ],
);
const CALLBACK: Shape = Shape {
    name: "Callback Object",
    section: 18,
    fields: &[],
    rest: Rest::Named { form: &Object(Kind::PathItem), extensions: true },
};
const EXAMPLE_OBJECT: Shape = object(
    "Example Object",
    19,
    &[
        SUMMARY,
        DESCRIPTION,
        field("value", Any),
        newest("dataValue", Any),
        newest("serializedValue", Text),
        field("externalValue", Text),
    ],
);
const LINK: Shape = object(
    "Link Object",
    20,
    &[
        field("operationRef", Text),
        field("operationId", Text),
        field("parameters", Map(Names::Any, &Any)),
        field("requestBody", Any),
        DESCRIPTION,
        field("server", Object(Kind::Server)),
    ],
);
const HEADER: Shape = object(
    "Header Object",
    21,
    &[
        DESCRIPTION,
        field("required", Flag),
        field("deprecated", Flag),
        Field { name: "allowEmptyValue", form: Flag, exists: In::V3_0, needed: In::Never },
        field("style", Word(&["simple"])),
        field("explode", Flag),
        Field { name: "allowReserved", form: Flag, exists: In::V3_0, needed: In::Never },
        field("schema", SCHEMA),
        EXAMPLE,
        EXAMPLES,
        field("content", Content { single: true }),
    ],
);
const TAG: Shape = object(
    "Tag Object",
    22,
    &[needed("name", Text), newest("summary", Text), DESCRIPTION, DOCS, newest("parent", Text), newest("kind", Text)],
);
/// The Reference Object of 3.1; in 3.0, fields beside `$ref` are ignored.
pub(super) const REFERENCE: Shape = Shape {
    name: "Reference Object",
    section: 23,
    fields: &[needed("$ref", Text), SUMMARY, DESCRIPTION],
    rest: Rest::Nothing,
};
/// The keywords of schemas are in `schema`.
const SCHEMA_OBJECT: Shape = Shape { name: "Schema Object", section: 24, fields: &[], rest: Rest::Anything };
const DISCRIMINATOR: Shape = Shape {
    name: "Discriminator Object",
    section: 25,
    fields: &[needed("propertyName", Text), field("mapping", TEXT_MAP), newest("defaultMapping", Text)],
    rest: Rest::Anything,
};
const XML: Shape = object(
    "XML Object",
    26,
    &[
        field("name", Text),
        field("namespace", Text),
        field("prefix", Text),
        field("attribute", Flag),
        field("wrapped", Flag),
        newest("nodeType", Word(&["element", "attribute", "text", "cdata", "none"])),
    ],
);
/// The fields required by each `type` are in `conditions`.
const SECURITY_SCHEME: Shape = object(
    "Security Scheme Object",
    27,
    &[
        needed("type", Text),
        DESCRIPTION,
        field("name", Text),
        field("in", Word(&["query", "header", "cookie"])),
        field("scheme", Text),
        field("bearerFormat", Text),
        field("flows", Object(Kind::OAuthFlows)),
        field("openIdConnectUrl", Text),
        newest("oauth2MetadataUrl", Text),
        newest("deprecated", Flag),
    ],
);
const OAUTH_FLOWS: Shape = object(
    "OAuth Flows Object",
    28,
    &[
        field("implicit", Object(Kind::ImplicitFlow)),
        field("password", Object(Kind::TokenFlow)),
        field("clientCredentials", Object(Kind::TokenFlow)),
        field("authorizationCode", Object(Kind::CodeFlow)),
        newest("deviceAuthorization", Object(Kind::DeviceFlow)),
    ],
);
const AUTHORIZATION_URL: Field = needed("authorizationUrl", Text);
const TOKEN_URL: Field = needed("tokenUrl", Text);
const REFRESH_URL: Field = field("refreshUrl", Text);
const SCOPES: Field = needed("scopes", TEXT_MAP);
const IMPLICIT_FLOW: Shape = object("OAuth Flow Object", 29, &[AUTHORIZATION_URL, REFRESH_URL, SCOPES]);
const TOKEN_FLOW: Shape = object("OAuth Flow Object", 29, &[TOKEN_URL, REFRESH_URL, SCOPES]);
const CODE_FLOW: Shape = object("OAuth Flow Object", 29, &[AUTHORIZATION_URL, TOKEN_URL, REFRESH_URL, SCOPES]);
const DEVICE_FLOW: Shape =
    object("OAuth Flow Object", 29, &[needed("deviceAuthorizationUrl", Text), TOKEN_URL, REFRESH_URL, SCOPES]);
const SECURITY_REQUIREMENT: Shape = Shape {
    name: "Security Requirement Object",
    section: 30,
    fields: &[],
    rest: Rest::Named { form: &TEXTS, extensions: false },
};

impl Kind {
    /// Returns the row of the table.
    pub(super) const fn shape(self) -> &'static Shape {
        match self {
            Self::OpenApi => &OPEN_API,
            Self::Info => &INFO,
            Self::Contact => &CONTACT,
            Self::License => &LICENSE,
            Self::Server => &SERVER,
            Self::ServerVariable => &SERVER_VARIABLE,
            Self::Components => &COMPONENTS,
            Self::Paths => &PATHS,
            Self::PathItem => &PATH_ITEM,
            Self::Operation => &OPERATION,
            Self::ExternalDocumentation => &EXTERNAL_DOCUMENTATION,
            Self::Parameter => &PARAMETER,
            Self::RequestBody => &REQUEST_BODY,
            Self::MediaType => &MEDIA_TYPE,
            Self::Encoding => &ENCODING,
            Self::Responses => &RESPONSES,
            Self::Response => &RESPONSE,
            Self::Callback => &CALLBACK,
            Self::Example => &EXAMPLE_OBJECT,
            Self::Link => &LINK,
            Self::Header => &HEADER,
            Self::Tag => &TAG,
            Self::Schema => &SCHEMA_OBJECT,
            Self::Discriminator => &DISCRIMINATOR,
            Self::Xml => &XML,
            Self::SecurityScheme => &SECURITY_SCHEME,
            Self::OAuthFlows => &OAUTH_FLOWS,
            Self::ImplicitFlow => &IMPLICIT_FLOW,
            Self::TokenFlow => &TOKEN_FLOW,
            Self::CodeFlow => &CODE_FLOW,
            Self::DeviceFlow => &DEVICE_FLOW,
            Self::SecurityRequirement => &SECURITY_REQUIREMENT,
        }
    }
}
