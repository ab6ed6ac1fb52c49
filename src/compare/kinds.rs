//! The kinds of change, each with its effect on callers.

use std::fmt;

use crate::definition::ValueDirection;

/// Effect of a change on callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, schemars::JsonSchema, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Compatibility {
    /// Callers that keep to the old declaration may fail.
    Breaking,
    /// Nothing that was right is refused, but it may mean something else.
    Warning,
    /// They keep working.
    Compatible,
}

/// A kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// Its name, in kebab-case.
    pub name: &'static str,
    /// Effect on callers.
    pub effect: ChangeEffect,
    /// Explanation in one line.
    pub explanation: &'static str,
}

/// Effect of a kind of change on callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeEffect {
    /// Callers break, whichever way the data goes.
    Breaks,
    /// Nothing is refused that was right, but it may mean something else.
    Warns,
    /// Callers keep working, and can see it.
    Keeps,
    /// Nothing that a request or a response consists of changes.
    Describes,
    /// Fewer values are allowed: breaks requests, keeps responses.
    Narrows,
    /// More values are allowed: breaks responses, keeps requests.
    Widens,
    /// Some values are no longer allowed and others are, or it cannot be told: breaks both.
    Replaces,
}

/// True if a kind stands for changes of any kind, which are not listed: a level for it would let all of them pass.
#[must_use]
pub fn stands_for_others(kind: &str) -> bool {
    [COMPARISON_INCOMPLETE, CHANGES_LEFT_OUT, BREAKING_CHANGES_LEFT_OUT].iter().any(|known| known.name == kind)
}

impl Compatibility {
    /// Returns the word for output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Breaking => "breaking",
            Self::Warning => "warning",
            Self::Compatible => "compatible",
        }
    }
}

impl fmt::Display for Compatibility {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// Relation between the values that a subschema allows and those that its parent allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Polarity {
    /// The parent allows the values that the subschema allows.
    Same,
    /// The parent refuses the values that the subschema allows: `not`.
    Opposite,
    /// Either, as in a condition: `if`.
    Unknown,
}

impl ChangeEffect {
    /// True if it breaks callers when the data flows in this direction.
    #[must_use]
    pub fn breaks(self, direction: ValueDirection) -> bool {
        match self {
            Self::Breaks | Self::Replaces => true,
            Self::Warns | Self::Keeps | Self::Describes => false,
            Self::Narrows => direction == ValueDirection::Request,
            Self::Widens => direction == ValueDirection::Response,
        }
    }

    /// Returns the effect on callers; without a direction, the one that holds for both.
    pub(super) fn compatibility(self, direction: Option<ValueDirection>) -> Compatibility {
        let is_breaking = match direction {
            Some(direction) => self.breaks(direction),
            None => matches!(self, Self::Breaks | Self::Replaces),
        };
        match self {
            _ if is_breaking => Compatibility::Breaking,
            Self::Warns => Compatibility::Warning,
            _ => Compatibility::Compatible,
        }
    }

    pub(super) fn under(self, polarity: Polarity) -> Self {
        match (self, polarity) {
            (Self::Breaks | Self::Warns | Self::Keeps | Self::Describes, _) | (_, Polarity::Same) => self,
            (Self::Narrows, Polarity::Opposite) => Self::Widens,
            (Self::Widens, Polarity::Opposite) => Self::Narrows,
            (Self::Replaces, _) | (_, Polarity::Unknown) => Self::Replaces,
        }
    }
}

impl Polarity {
    pub(super) fn within(self, outer: Self) -> Self {
        match (self, outer) {
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Same, other) | (other, Self::Same) => other,
            (Self::Opposite, Self::Opposite) => Self::Same,
        }
    }
}

macro_rules! kinds {
    ($($constant:ident $name:literal $effect:ident $explanation:literal)*) => {
        $(pub(super) const $constant: Kind =
            Kind { name: $name, effect: ChangeEffect::$effect, explanation: $explanation };)*

        /// All kinds of change.
        pub const KINDS: &[Kind] = &[$($constant),*];
    };
}

kinds! {
    PREFIX_CHANGED "prefix-changed" Breaks "The path prefix changed: every address changes."
    AUTH_REQUIRED "auth-required" Breaks "Requests must now be signed."
    AUTH_LIFTED "auth-lifted" Keeps "Requests need not be signed any longer."
    AUTH_SETTINGS_CHANGED "auth-settings-changed" Warns "A kind of key is still taken, and a setting of it is another: the place of an issuer's keys."
    AUTH_SETTINGS_NARROWED "auth-settings-narrowed" Breaks "A kind of key is still taken, and callers who show it are shut out: a header for keys, an issuer or an audience is taken no longer, subjects need a key, or clocks have to be closer."
    AUTH_SETTINGS_WIDENED "auth-settings-widened" Keeps "A kind of key is still taken, and more callers who show it are let in: by one more header or audience, without a key of their own, or with a clock further apart."
    LIMITS_NARROWED "limits-narrowed" Warns "All callers together may send fewer requests in a window."
    LIMITS_WIDENED "limits-widened" Keeps "All callers together may send more requests in each window that was limited."
    IP_RULES_CHANGED "ip-rules-changed" Warns "Other addresses may call."
    WEBSOCKETS_ADDED "websockets-added" Keeps "Every GET may go on as a websocket."
    WEBSOCKETS_REMOVED "websockets-removed" Breaks "Only operations that say so may still go on as websockets."
    BODY_LIMIT_NARROWED "body-limit-narrowed" Breaks "Bodies are refused that were not: the group's limit is lower."
    BODY_LIMIT_WIDENED "body-limit-widened" Keeps "The group's limit of bodies is higher."
    BODY_LIMIT_CHANGED "body-limit-changed" Warns "The group's limit of bodies is now the usual one of the gateway, or that written out."
    REQUEST_VALIDATION_CHANGED "request-validation-changed" Warns "Requests that do not follow the definition are refused, or no longer."
    RESPONSE_VALIDATION_CHANGED "response-validation-changed" Warns "Responses of the backend that do not follow the definition become errors, or no longer."
    MOCK_SECURITY_CHANGED "mock-security-changed" Warns "A mock asks for the credentials that the definition declares, or no longer."
    ENCODED_SLASHES_ALLOWED "encoded-slashes-allowed" Keeps "A path parameter may have an encoded slash."
    ENCODED_SLASHES_REFUSED "encoded-slashes-refused" Breaks "A path parameter may no longer have an encoded slash."
    CORS_NARROWED "cors-narrowed" Breaks "Pages of an origin can no longer call, send a header, read one, or send credentials."
    CORS_WIDENED "cors-widened" Keeps "Pages of more origins can call, or with more headers; or browsers cache that for another time."
    DOMAIN_ADDED "domain-added" Keeps "The group has one more custom domain."
    DOMAIN_REMOVED "domain-removed" Breaks "A custom domain no longer reaches the group."
    BACKEND_CHANGED "backend-changed" Describes "Requests go to another address; callers do not see it."
    FORWARDING_CHANGED "forwarding-changed" Describes "Requests reach the backend in another way; callers do not see it."
    GROUP_DESCRIPTION_CHANGED "group-description-changed" Describes "The description of the group changed."
    DOCUMENTATION_CHANGED "documentation-changed" Describes "A title, summary, description or link to documentation."
    SERVERS_CHANGED "servers-changed" Describes "The definition's servers; a group's address comes from its settings."
    TAGS_CHANGED "tags-changed" Describes "The tags that group an API with others."
    EXAMPLE_CHANGED "example-changed" Describes "An example was added, removed or changed; constant results may change with it."
    EXTENSION_CHANGED "extension-changed" Describes "An `x-` extension of an API was added, removed or changed."

    API_ADDED "api-added" Keeps "There is a new API."
    API_REMOVED "api-removed" Breaks "An API was removed without having been deprecated."
    DEPRECATED_API_REMOVED "deprecated-api-removed" Breaks "A deprecated API was removed; remaining callers break."
    API_DEPRECATED "api-deprecated" Keeps "An API was deprecated."
    SUNSET_BROUGHT_FORWARD "sunset-brought-forward" Warns "A deprecated API or parameter may go earlier than its `x-sunset` said."
    API_REACTIVATED "api-reactivated" Keeps "An API is no longer deprecated."
    OPERATION_ID_CHANGED "operation-id-changed" Keeps "The operation id: requests stay as they are, generated clients change."
    PATH_PARAMETER_RENAMED "path-parameter-renamed" Keeps "A parameter of the path has another name: addresses stay as they are."
    MATCH_NARROWED "match-narrowed" Breaks "An API no longer matches the paths below its own."
    MATCH_WIDENED "match-widened" Keeps "An API also matches the paths below its own."
    PATH_TAKEN_OVER "path-taken-over" Warns "A new path, or method, takes requests that another one matched too: a path with a parameter, one without its query, or one that is served with all below it."
    LISTED_PATH_TAKEN_OVER "listed-path-taken-over" Breaks "A new path takes the requests of one whose parameter lists its text, or the value in its query, or refuses those of one that is served with all below it."
    WEBSOCKET_ADDED "websocket-added" Keeps "An API can go on as a websocket."
    WEBSOCKET_REMOVED "websocket-removed" Breaks "An API no longer goes on as a websocket."
    BODY_SIGNATURE_REQUIRED "body-signature-required" Breaks "Signatures have to cover the body, which some callers do not sign."
    CALLBACK_ADDED "callback-added" Keeps "An API has a new callback."
    CALLBACK_REMOVED "callback-removed" Breaks "A callback that callers may wait for is gone."
    CALLBACK_RENAMED "callback-renamed" Keeps "A callback has another name, which is never sent: its addresses stay as they are."
    WEBHOOK_ADDED "webhook-added" Keeps "There is a new webhook."
    WEBHOOK_REMOVED "webhook-removed" Breaks "A webhook that callers may wait for is gone."

    OUTGOING_CHANGED "outgoing-changed" Breaks "A webhook or callback has another method, address, parameter, media type or response."
    OUTGOING_PARAMETER_ADDED "outgoing-parameter-added" Keeps "A webhook or callback can have one more parameter."
    OUTGOING_RESPONSE_ADDED "outgoing-response-added" Keeps "Callers can respond to a webhook or callback with one more status code."
    OUTGOING_BODY_ADDED "outgoing-body-added" Keeps "A webhook or callback has a body, and had none."
    OUTGOING_BODY_REMOVED "outgoing-body-removed" Breaks "A webhook or callback lacks the body that it always had."
    OUTGOING_OPTIONAL_BODY_REMOVED "outgoing-optional-body-removed" Keeps "A webhook or callback never has the body that it could have."
    OUTGOING_RESPONSE_BODY_ADDED "outgoing-response-body-added" Breaks "The response to a webhook or callback must have a body."
    OUTGOING_RESPONSE_BODY_REMOVED "outgoing-response-body-removed" Keeps "The response to a webhook or callback need not have a body any longer."
    OUTGOING_HEADER_ADDED "outgoing-header-added" Keeps "The response to a webhook or callback can have one more header."
    OUTGOING_HEADER_REMOVED "outgoing-header-removed" Breaks "A header of the response to a webhook or callback has no effect any longer."
    OUTGOING_HEADER_REQUIRED "outgoing-header-required" Breaks "The response to a webhook or callback must have a header that it could lack."
    OUTGOING_HEADER_OPTIONAL "outgoing-header-optional" Keeps "The response to a webhook or callback can lack a header that it had to have."
    OUTGOING_MEDIA_TYPE_ADDED "outgoing-media-type-added" Widens "A webhook or callback, or a response to it, can have one more media type."
    OUTGOING_MEDIA_TYPE_REMOVED "outgoing-media-type-removed" Narrows "A webhook or callback, or a response to it, can no longer have a media type."
    OUTGOING_BECAME_OPTIONAL "outgoing-became-optional" Breaks "A webhook or callback may lack a body or parameter that it always had."
    OUTGOING_BECAME_REQUIRED "outgoing-became-required" Keeps "A webhook or callback always has a body or parameter that it could lack."
    PARAMETER_ADDED "parameter-added" Keeps "A request can have one more parameter."
    REQUIRED_PARAMETER_ADDED "required-parameter-added" Breaks "A request must have one more parameter."
    PARAMETER_REMOVED "parameter-removed" Breaks "A parameter has no effect any longer."
    PARAMETER_MOVED "parameter-moved" Breaks "A parameter moved to another part of the request."
    PARAMETER_BECAME_REQUIRED "parameter-became-required" Breaks "A request must have a parameter that it could leave out."
    PARAMETER_BECAME_OPTIONAL "parameter-became-optional" Keeps "A request can leave a parameter out."
    PARAMETER_DEPRECATED "parameter-deprecated" Keeps "A parameter was deprecated."
    PARAMETER_REACTIVATED "parameter-reactivated" Keeps "A parameter is no longer deprecated."
    PARAMETER_STYLE_CHANGED "parameter-style-changed" Breaks "A parameter's value is serialized differently."
    PARAMETER_MEDIA_TYPE_CHANGED "parameter-media-type-changed" Breaks "A parameter's value is serialized in another media type."
    PARAMETER_ACCEPTS_LESS "parameter-accepts-less" Breaks "Reserved characters, or an empty value, are no longer accepted."
    PARAMETER_ACCEPTS_MORE "parameter-accepts-more" Keeps "Reserved characters, or an empty value, are accepted."

    REQUEST_BODY_ADDED "request-body-added" Keeps "A request can have a body."
    REQUIRED_REQUEST_BODY_ADDED "required-request-body-added" Breaks "A request must have a body."
    REQUEST_BODY_REMOVED "request-body-removed" Breaks "The body of a request has no effect any longer."
    REQUEST_BODY_BECAME_REQUIRED "request-body-became-required" Breaks "A request must have the body that it could leave out."
    REQUEST_BODY_BECAME_OPTIONAL "request-body-became-optional" Keeps "A request can leave its body out."
    MEDIA_TYPE_ADDED "media-type-added" Keeps "A body can have one more media type."
    MEDIA_TYPE_REMOVED "media-type-removed" Breaks "A body can no longer have a media type."
    MEDIA_TYPE_DECLARED "media-type-declared" Keeps "A media type that a range covered is declared by itself."
    MEDIA_TYPE_WIDENED "media-type-widened" Keeps "A media type became a range of them; callers say which of them they take."
    MEDIA_TYPE_NARROWED "media-type-narrowed" Narrows "A range of media types became one of them."
    ENCODING_CHANGED "encoding-changed" Replaces "The parts of a form are encoded differently, or in other media types."
    PART_HEADER_ADDED "part-header-added" Keeps "A part of a multipart body can have one more header."
    PART_HEADER_REMOVED "part-header-removed" Breaks "A header of a part of a multipart body is no longer declared."
    PART_HEADER_BECAME_REQUIRED "part-header-became-required" Narrows "A part of a multipart body must have a header that it could lack."
    PART_HEADER_BECAME_OPTIONAL "part-header-became-optional" Widens "A part of a multipart body can lack a header that it had to have."
    RESPONSE_ADDED "response-added" Keeps "One more status code is declared."
    SUCCESS_RESPONSE_ADDED "success-response-added" Warns "One more status code of success is declared, beside others; the default, which covered it by the letter, is there for errors."
    ERROR_RESPONSE_DECLARED "error-response-declared" Widens "A status code that a class or the default covered is declared by itself; it breaks callers where its headers or body do."
    SUCCESS_RESPONSE_REMOVED "success-response-removed" Breaks "A status code of success, or of a redirection where there is none of success, is no longer declared."
    ERROR_RESPONSE_REMOVED "error-response-removed" Keeps "A status code other than those of success is no longer declared."
    RESPONSE_WIDENED "response-widened" Breaks "A status code of success became a class of codes, or the default."
    ERROR_RESPONSE_WIDENED "error-response-widened" Keeps "Another status code became a class of codes, or the default."
    RESPONSE_NARROWED "response-narrowed" Keeps "A class of status codes, or the default, became single codes."
    HEADER_ADDED "header-added" Keeps "A response has one more header."
    HEADER_REMOVED "header-removed" Breaks "A header of a response is no longer declared."
    HEADER_BECAME_REQUIRED "header-became-required" Keeps "A response always has a header."
    HEADER_BECAME_OPTIONAL "header-became-optional" Breaks "A response may lack a header that it always had."
    HEADER_STYLE_CHANGED "header-style-changed" Breaks "A header's value is serialized differently, or in another media type, in a response or a part of a multipart body."

    SECURITY_REQUIRED "security-required" Breaks "Callers must authenticate."
    SECURITY_LIFTED "security-lifted" Keeps "Callers need not authenticate any longer."
    SECURITY_ALTERNATIVE_ADDED "security-alternative-added" Keeps "One more authentication alternative is accepted."
    SECURITY_ALTERNATIVE_REMOVED "security-alternative-removed" Breaks "An authentication alternative is no longer accepted."
    SECURITY_SCOPE_ADDED "security-scope-added" Breaks "One more scope is required."
    SECURITY_SCOPE_REMOVED "security-scope-removed" Keeps "One scope fewer is required."
    SECURITY_SCHEME_CHANGED "security-scheme-changed" Breaks "A security scheme changed its type."
    SECURITY_FLOW_REMOVED "security-flow-removed" Breaks "A flow of OAuth 2.0 is gone, by which callers could get their tokens."
    SECURITY_SCOPE_WITHDRAWN "security-scope-withdrawn" Breaks "A scope that an API requires is no longer offered by its security scheme."
    SECURITY_SCHEME_UPDATED "security-scheme-updated" Keeps "The addresses, flows or offered scopes of a security scheme."

    SCHEMA_ADDED "schema-added" Narrows "A value that was unrestricted has a schema."
    SCHEMA_REMOVED "schema-removed" Widens "A value that had a schema is unrestricted."
    TYPE_CHANGED "type-changed" Replaces "The type changed."
    VALUE_BECAME_LIST "value-became-list" Replaces "A single value, written as text, became a list of them."
    LIST_BECAME_VALUE "list-became-value" Replaces "A list of values, written as text, became a single one."
    VALUE_SPLIT "value-split" Warns "A text that was one value is several now, at its separators, or the other way round."
    TYPE_NARROWED "type-narrowed" Narrows "Fewer types are allowed."
    TYPE_WIDENED "type-widened" Widens "More types are allowed."
    NULL_REFUSED "null-refused" Narrows "`null` is no longer allowed."
    NULL_ALLOWED "null-allowed" Widens "`null` is allowed."
    FORMAT_CHANGED "format-changed" Replaces "The format changed."
    FORMAT_NARROWED "format-narrowed" Narrows "There is a format, or a narrower one."
    FORMAT_WIDENED "format-widened" Widens "There is no format any longer, or a wider one."
    ENUM_ADDED "enum-added" Narrows "Only listed values are allowed."
    ENUM_REMOVED "enum-removed" Widens "Other values than the listed ones are allowed."
    ENUM_VALUE_ADDED "enum-value-added" Widens "One more value is listed."
    ENUM_VALUE_REMOVED "enum-value-removed" Narrows "A value is no longer listed."
    EXTENSIBLE_VALUE_ADDED "extensible-value-added" Keeps "One more value of `x-extensible-enum`, an enumeration that callers must expect to grow."
    EXTENSIBLE_VALUE_REMOVED "extensible-value-removed" Narrows "A value of `x-extensible-enum` is no longer listed: in a request it may be refused."
    CONST_CHANGED "const-changed" Replaces "The only allowed value changed."
    RANGE_NARROWED "range-narrowed" Narrows "A number's least or greatest value allows fewer values."
    RANGE_WIDENED "range-widened" Widens "A number's least or greatest value allows more values."
    MULTIPLE_NARROWED "multiple-narrowed" Narrows "A number must be a multiple of a step, or of a larger one."
    MULTIPLE_WIDENED "multiple-widened" Widens "A number need not be a multiple of a step, or only of a smaller one."
    MULTIPLE_CHANGED "multiple-changed" Replaces "A number must be a multiple of another step."
    LENGTH_NARROWED "length-narrowed" Narrows "A text's least or greatest length allows fewer values."
    LENGTH_WIDENED "length-widened" Widens "A text's least or greatest length allows more values."
    PATTERN_ADDED "pattern-added" Narrows "A text must match a pattern."
    PATTERN_REMOVED "pattern-removed" Widens "A text need not match a pattern."
    PATTERN_CHANGED "pattern-changed" Replaces "A text must match another pattern; whether it allows more is unknown."
    ITEM_COUNT_NARROWED "item-count-narrowed" Narrows "A list's least or greatest length allows fewer values."
    ITEM_COUNT_WIDENED "item-count-widened" Widens "A list's least or greatest length allows more values."
    UNIQUE_ITEMS_REQUIRED "unique-items-required" Narrows "A list must not hold a value twice."
    UNIQUE_ITEMS_LIFTED "unique-items-lifted" Widens "A list can hold a value twice."
    PROPERTY_COUNT_NARROWED "property-count-narrowed" Narrows "The least or greatest number of properties allows fewer values."
    PROPERTY_COUNT_WIDENED "property-count-widened" Widens "The least or greatest number of properties allows more values."
    PROPERTY_ADDED "property-added" Keeps "An object can have one more property."
    REQUIRED_PROPERTY_ADDED "required-property-added" Narrows "An object must have one more property."
    PROPERTY_ADDED_TO_CLOSED_OBJECT "property-added-to-closed-object" Widens "An object that allowed no others can have one more property."
    PROPERTY_REMOVED "property-removed" Breaks "A property is no longer declared: in a request it has no effect, in a response it may be missing."
    PROPERTY_BECAME_REQUIRED "property-became-required" Narrows "An object must have a property that it could lack."
    PROPERTY_BECAME_OPTIONAL "property-became-optional" Widens "An object can lack a property that it had to have."
    ADDITIONAL_PROPERTIES_NARROWED "additional-properties-narrowed" Narrows "Properties that are not declared are refused, or have a schema."
    ADDITIONAL_PROPERTIES_WIDENED "additional-properties-widened" Widens "Properties that are not declared are allowed, or have no schema."
    READ_ONLY_ADDED "read-only-added" Narrows "A value can no longer be sent."
    READ_ONLY_REMOVED "read-only-removed" Keeps "A value can be sent."
    WRITE_ONLY_ADDED "write-only-added" Widens "A value is no longer returned."
    WRITE_ONLY_REMOVED "write-only-removed" Keeps "A value is returned."
    ALTERNATIVE_ADDED "alternative-added" Widens "One more schema of `oneOf` or `anyOf` can be satisfied."
    ALTERNATIVE_REMOVED "alternative-removed" Narrows "A schema of `oneOf` or `anyOf` can no longer be satisfied."
    CHOICE_ADDED "choice-added" Narrows "One of several schemas must be satisfied as well."
    CHOICE_REMOVED "choice-removed" Widens "None of several schemas need be satisfied any longer."
    CHOICE_NARROWED "choice-narrowed" Narrows "`anyOf` became `oneOf`: exactly one schema must be satisfied."
    CHOICE_WIDENED "choice-widened" Widens "`oneOf` became `anyOf`: more than one schema can be satisfied."
    OVERLAP_ADDED "overlap-added" Narrows "A value that satisfied one schema of `oneOf` can satisfy two, and is refused then."
    OVERLAP_REMOVED "overlap-removed" Widens "A value that satisfied two schemas of `oneOf`, and was refused, can satisfy one."
    CONSTRAINT_ADDED "constraint-added" Narrows "Another keyword of JSON Schema refuses values."
    CONSTRAINT_REMOVED "constraint-removed" Widens "Another keyword of JSON Schema no longer refuses values."
    CONSTRAINT_CHANGED "constraint-changed" Replaces "Another keyword of JSON Schema changed."
    DISCRIMINATOR_ADDED "discriminator-added" Keeps "A property was declared as the discriminator."
    DISCRIMINATOR_REMOVED "discriminator-removed" Keeps "No property is the discriminator any longer."
    DISCRIMINATOR_CHANGED "discriminator-changed" Breaks "The discriminator is another property, or one of its values maps to another schema."
    DISCRIMINATOR_VALUE_ADDED "discriminator-value-added" Widens "The discriminator maps one more value."
    DISCRIMINATOR_VALUE_REMOVED "discriminator-value-removed" Narrows "The discriminator no longer maps a value."
    DEFAULT_CHANGED "default-changed" Keeps "The default of a value that is read."
    REQUEST_DEFAULT_CHANGED "request-default-changed" Warns "The default of a value that is sent: a request that leaves it out may mean something else."
    SCHEMA_DEPRECATED "schema-deprecated" Keeps "A value was deprecated."
    SCHEMA_REACTIVATED "schema-reactivated" Keeps "A value is no longer deprecated."
    XML_CHANGED "xml-changed" Replaces "A value is serialized to XML differently."

    COMPARISON_INCOMPLETE "comparison-incomplete" Breaks "The schemas are too large to compare in full; the rest may break callers."
    CHANGES_LEFT_OUT "changes-left-out" Keeps "There are more changes than are listed, and none of them breaks callers."
    BREAKING_CHANGES_LEFT_OUT "breaking-changes-left-out" Breaks "There are more changes than are listed, and some of them break callers."
}
