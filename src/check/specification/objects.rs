//! The objects of the OpenAPI Specification and their fields, in one table for 3.0, 3.1 and 3.2.
//!
//! Sections are those of 3.1.0, 4.8.1 to 4.8.30; in 3.0.3 the same objects are 4.7.1 to 4.7.30. Conditions beyond the
//! table, such as mutually exclusive fields, are in `conditions`; the keywords of schemas are in `schema`.

use super::form::{FieldForm, FieldVersions, Kind, NameForm, OtherFields, SpecificationField, SpecificationObject};

const fn field(name: &'static str, form: FieldForm) -> SpecificationField {
    SpecificationField { name, form, exists: FieldVersions::All, needed: FieldVersions::Never }
}

const fn needed(name: &'static str, form: FieldForm) -> SpecificationField {
    SpecificationField { name, form, exists: FieldVersions::All, needed: FieldVersions::All }
}

const fn new(name: &'static str, form: FieldForm) -> SpecificationField {
    SpecificationField { name, form, exists: FieldVersions::V3_1, needed: FieldVersions::Never }
}

/// Declares a field that came with 3.2.
const fn newest(name: &'static str, form: FieldForm) -> SpecificationField {
    SpecificationField { name, form, exists: FieldVersions::V3_2, needed: FieldVersions::Never }
}

const fn object(name: &'static str, section: u8, fields: &'static [SpecificationField]) -> SpecificationObject {
    SpecificationObject { name, section, fields, rest: OtherFields::Extensions }
}

use FieldForm::{Any, Content, Flag, List, Map, Object, OrReference, Text, Word};

const TEXTS: FieldForm = List(&Text);
const TEXT_MAP: FieldForm = Map(NameForm::Any, &Text);
const DOCS: SpecificationField = field("externalDocs", Object(Kind::ExternalDocumentation));
const DESCRIPTION: SpecificationField = field("description", Text);
const SUMMARY: SpecificationField = field("summary", Text);
const SERVERS: SpecificationField = field("servers", List(&Object(Kind::Server)));
const SECURITY: SpecificationField = field("security", List(&Object(Kind::SecurityRequirement)));
const PARAMETERS: SpecificationField = field("parameters", List(&OrReference(Kind::Parameter)));
const EXAMPLE: SpecificationField = field("example", Any);
const EXAMPLES: SpecificationField = field("examples", Map(NameForm::Any, &OrReference(Kind::Example)));
const HEADERS: FieldForm = Map(NameForm::Header, &OrReference(Kind::Header));
const SCHEMA: FieldForm = Object(Kind::Schema);
const STYLES: &[&str] = &["form", "spaceDelimited", "pipeDelimited", "deepObject"];

const OPEN_API: SpecificationObject = object(
    "OpenAPI Object",
    1,
    &[
        needed("openapi", Text),
        needed("info", Object(Kind::Info)),
        new("jsonSchemaDialect", Text),
        newest("$self", Text),
        SERVERS,
        SpecificationField {
            name: "paths",
            form: Object(Kind::Paths),
            exists: FieldVersions::All,
            needed: FieldVersions::V3_0,
        },
        new("webhooks", Map(NameForm::Any, &Object(Kind::PathItem))),
        field("components", Object(Kind::Components)),
        SECURITY,
        field("tags", List(&Object(Kind::Tag))),
        DOCS,
    ],
);
const INFO: SpecificationObject = object(
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
const CONTACT: SpecificationObject =
    object("Contact Object", 3, &[field("name", Text), field("url", Text), field("email", Text)]);
const LICENSE: SpecificationObject =
    object("License Object", 4, &[needed("name", Text), new("identifier", Text), field("url", Text)]);
const SERVER: SpecificationObject = object(
    "Server Object",
    5,
    &[
        needed("url", Text),
        newest("name", Text),
        DESCRIPTION,
        field("variables", Map(NameForm::Any, &Object(Kind::ServerVariable))),
    ],
);
const SERVER_VARIABLE: SpecificationObject =
    object("Server Variable Object", 6, &[field("enum", TEXTS), needed("default", Text), DESCRIPTION]);
const COMPONENTS: SpecificationObject = object(
    "Components Object",
    7,
    &[
        field("schemas", Map(NameForm::Component, &SCHEMA)),
        field("responses", Map(NameForm::Component, &OrReference(Kind::Response))),
        field("parameters", Map(NameForm::Component, &OrReference(Kind::Parameter))),
        field("examples", Map(NameForm::Component, &OrReference(Kind::Example))),
        field("requestBodies", Map(NameForm::Component, &OrReference(Kind::RequestBody))),
        field("headers", Map(NameForm::Component, &OrReference(Kind::Header))),
        field("securitySchemes", Map(NameForm::Component, &OrReference(Kind::SecurityScheme))),
        field("links", Map(NameForm::Component, &OrReference(Kind::Link))),
        field("callbacks", Map(NameForm::Component, &OrReference(Kind::Callback))),
        new("pathItems", Map(NameForm::Component, &Object(Kind::PathItem))),
        newest("mediaTypes", Map(NameForm::Component, &OrReference(Kind::MediaType))),
    ],
);
const PATHS: SpecificationObject = SpecificationObject {
    name: "Paths Object",
    section: 8,
    fields: &[],
    rest: OtherFields::Named { form: &Object(Kind::PathItem), extensions: true },
};
const PATH_ITEM: SpecificationObject = object(
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
        newest("additionalOperations", Map(NameForm::Any, &Object(Kind::Operation))),
        SERVERS,
        PARAMETERS,
    ],
);
const OPERATION: SpecificationObject = object(
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
        field("callbacks", Map(NameForm::Any, &OrReference(Kind::Callback))),
        field("deprecated", Flag),
        SECURITY,
        SERVERS,
    ],
);
const EXTERNAL_DOCUMENTATION: SpecificationObject =
    object("External Documentation Object", 11, &[DESCRIPTION, needed("url", Text)]);
const PARAMETER: SpecificationObject = object(
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
const REQUEST_BODY: SpecificationObject = object(
    "Request Body Object",
    13,
    &[DESCRIPTION, needed("content", Content { single: false }), field("required", Flag)],
);
const MEDIA_TYPE: SpecificationObject = object(
    "Media Type Object",
    14,
    &[
        field("schema", SCHEMA),
        newest("itemSchema", SCHEMA),
        EXAMPLE,
        EXAMPLES,
        field("encoding", Map(NameForm::Any, &Object(Kind::Encoding))),
        newest("prefixEncoding", List(&Object(Kind::Encoding))),
        newest("itemEncoding", Object(Kind::Encoding)),
    ],
);
const ENCODING: SpecificationObject = object(
    "Encoding Object",
    15,
    &[
        field("contentType", Text),
        field("headers", HEADERS),
        field("style", Word(STYLES)),
        field("explode", Flag),
        field("allowReserved", Flag),
        newest("encoding", Map(NameForm::Any, &Object(Kind::Encoding))),
        newest("prefixEncoding", List(&Object(Kind::Encoding))),
        newest("itemEncoding", Object(Kind::Encoding)),
    ],
);
const RESPONSES: SpecificationObject = SpecificationObject {
    name: "Responses Object",
    section: 16,
    fields: &[field("default", OrReference(Kind::Response))],
    rest: OtherFields::Named { form: &OrReference(Kind::Response), extensions: true },
};
const RESPONSE: SpecificationObject = object(
    "Response Object",
    17,
    &[
        newest("summary", Text),
        SpecificationField {
            name: "description",
            form: Text,
            exists: FieldVersions::All,
            needed: FieldVersions::BeforeV3_2,
        },
        field("headers", HEADERS),
        field("content", Content { single: false }),
        field("links", Map(NameForm::Any, &OrReference(Kind::Link))),
    ],
);
const CALLBACK: SpecificationObject = SpecificationObject {
    name: "Callback Object",
    section: 18,
    fields: &[],
    rest: OtherFields::Named { form: &Object(Kind::PathItem), extensions: true },
};
const EXAMPLE_OBJECT: SpecificationObject = object(
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
const LINK: SpecificationObject = object(
    "Link Object",
    20,
    &[
        field("operationRef", Text),
        field("operationId", Text),
        field("parameters", Map(NameForm::Any, &Any)),
        field("requestBody", Any),
        DESCRIPTION,
        field("server", Object(Kind::Server)),
    ],
);
const HEADER: SpecificationObject = object(
    "Header Object",
    21,
    &[
        DESCRIPTION,
        field("required", Flag),
        field("deprecated", Flag),
        SpecificationField {
            name: "allowEmptyValue",
            form: Flag,
            exists: FieldVersions::V3_0,
            needed: FieldVersions::Never,
        },
        field("style", Word(&["simple"])),
        field("explode", Flag),
        SpecificationField {
            name: "allowReserved",
            form: Flag,
            exists: FieldVersions::V3_0,
            needed: FieldVersions::Never,
        },
        field("schema", SCHEMA),
        EXAMPLE,
        EXAMPLES,
        field("content", Content { single: true }),
    ],
);
const TAG: SpecificationObject = object(
    "Tag Object",
    22,
    &[needed("name", Text), newest("summary", Text), DESCRIPTION, DOCS, newest("parent", Text), newest("kind", Text)],
);
/// The Reference Object of 3.1; in 3.0, fields beside `$ref` are ignored.
pub(super) const REFERENCE: SpecificationObject = SpecificationObject {
    name: "Reference Object",
    section: 23,
    fields: &[needed("$ref", Text), SUMMARY, DESCRIPTION],
    rest: OtherFields::Nothing,
};
/// The keywords of schemas are in `schema`.
const SCHEMA_OBJECT: SpecificationObject =
    SpecificationObject { name: "Schema Object", section: 24, fields: &[], rest: OtherFields::Anything };
const DISCRIMINATOR: SpecificationObject = SpecificationObject {
    name: "Discriminator Object",
    section: 25,
    fields: &[needed("propertyName", Text), field("mapping", TEXT_MAP), newest("defaultMapping", Text)],
    rest: OtherFields::Anything,
};
const XML: SpecificationObject = object(
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
const SECURITY_SCHEME: SpecificationObject = object(
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
const OAUTH_FLOWS: SpecificationObject = object(
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
const AUTHORIZATION_URL: SpecificationField = needed("authorizationUrl", Text);
const TOKEN_URL: SpecificationField = needed("tokenUrl", Text);
const REFRESH_URL: SpecificationField = field("refreshUrl", Text);
const SCOPES: SpecificationField = needed("scopes", TEXT_MAP);
const IMPLICIT_FLOW: SpecificationObject = object("OAuth Flow Object", 29, &[AUTHORIZATION_URL, REFRESH_URL, SCOPES]);
const TOKEN_FLOW: SpecificationObject = object("OAuth Flow Object", 29, &[TOKEN_URL, REFRESH_URL, SCOPES]);
const CODE_FLOW: SpecificationObject =
    object("OAuth Flow Object", 29, &[AUTHORIZATION_URL, TOKEN_URL, REFRESH_URL, SCOPES]);
const DEVICE_FLOW: SpecificationObject =
    object("OAuth Flow Object", 29, &[needed("deviceAuthorizationUrl", Text), TOKEN_URL, REFRESH_URL, SCOPES]);
const SECURITY_REQUIREMENT: SpecificationObject = SpecificationObject {
    name: "Security Requirement Object",
    section: 30,
    fields: &[],
    rest: OtherFields::Named { form: &TEXTS, extensions: false },
};

impl Kind {
    /// Returns the row of the table.
    pub(super) const fn shape(self) -> &'static SpecificationObject {
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
