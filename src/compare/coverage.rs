//! The checks for breaking changes that oasdiff documents, each with the kinds of change here that say the same.
//!
//! [oasdiff](https://github.com/oasdiff/oasdiff) has an identifier for each of its checks; they are the facts that are
//! taken from there, as of its `messages.yaml` and `rules.go` in 2026. A name here may have alternatives in braces,
//! as in a shell. What is not covered says why.

/// Checks of oasdiff, and what becomes of them here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    /// Their identifiers, alternatives in braces: `request-{body,property}-pattern-added`.
    pub names: &'static str,
    /// The names of the kinds of change that cover them, in either direction; empty where none does.
    pub kinds: &'static [&'static str],
    /// Why none does, or what is judged in another way here; empty where there is nothing to say.
    pub note: &'static str,
}

impl Check {
    /// Returns the identifiers, written out.
    #[must_use]
    pub fn expanded(&self) -> Vec<String> {
        expand(self.names)
    }
}

/// Writes out the alternatives in braces; they do not stand within each other.
fn expand(pattern: &str) -> Vec<String> {
    let Some((before, rest)) = pattern.split_once('{') else { return vec![pattern.to_owned()] };
    let (choices, after) = rest.split_once('}').unwrap_or((rest, ""));
    let tails = expand(after);
    let with = |choice: &str| tails.iter().map(|tail| format!("{before}{choice}{tail}")).collect::<Vec<_>>();
    choices.split(',').flat_map(with).collect()
}

const fn covered(names: &'static str, kinds: &'static [&'static str]) -> Check {
    Check { names, kinds, note: "" }
}

const fn noted(names: &'static str, kinds: &'static [&'static str], note: &'static str) -> Check {
    Check { names, kinds, note }
}

const fn not(names: &'static str, note: &'static str) -> Check {
    Check { names, kinds: &[], note }
}

const SUNSET: &str = "Sunset dates are a rule of how a team takes leave of an API; `sunset = \"allow\"` of an \
                      environment lets a removal pass after its date.";
const SUNSET_REMOVED: &str = "It breaks who still calls it; `sunset = \"allow\"` of an environment makes it a warning \
                              after its date.";
const BY_MEANING: &str = "`allOf` is opened: what the schemas say together is compared, so the change is that of the \
                          keywords within.";
const WRITE_ONLY: &str = "In a response it never travels, so that it is told of the requests alone.";

/// All checks that oasdiff documents.
#[rustfmt::skip]
pub const CHECKS: &[Check] = &[
    // APIs
    covered("endpoint-added", &["api-added"]),
    covered("api-{path-,}removed-without-deprecation", &["api-removed"]),
    noted("api-{path-,}removed-with-deprecation", &["deprecated-api-removed"], "It breaks who still calls it: whether nobody does, no definition tells."),
    noted("api-{path-,}removed-before-sunset", &["api-removed", "deprecated-api-removed"], SUNSET_REMOVED),
    covered("endpoint-deprecated{,-with-sunset}", &["api-deprecated"]),
    covered("endpoint-reactivated", &["api-reactivated"]),
    not("api-path-sunset-parse", SUNSET),
    not("api-deprecated-sunset-{parse,missing}", SUNSET),
    not("api-sunset-date-{too-small,changed-too-small}", SUNSET),
    not("sunset-deleted", SUNSET),
    noted("api-stability-{decreased,increased}", &["extension-changed"], "Told as a change of the extension, which promises nothing that a request or a response consists of."),
    not("api-invalid-stability-level", "Stability levels are an extension of oasdiff's own."),
    not("{request,response}-property-stability-{decreased,increased}", "Stability levels are an extension of oasdiff's own."),
    covered("api-operation-id-{added,removed}", &["operation-id-changed"]),
    covered("api-tag-{added,removed}", &["tags-changed"]),
    not("api-schema-removed", "A schema that no API uses is nothing to callers; where one does, the change is told there."),
    not("api-version-{not-bumped,decreased}", "A group's version is its own, not `info.version`; `apigw version bump auto` takes the advice of the comparison."),
    not("api-major-version-not-bumped", "A group's version is its own, not `info.version`; `apigw version bump auto` takes the advice of the comparison."),
    covered("webhook-added", &["webhook-added"]),
    covered("webhook-removed", &["webhook-removed"]),
    // Security
    noted("api-{,global-}security-added", &["security-alternative-added", "security-required"], "Where callers needed nothing before, it breaks."),
    covered("api-{,global-}security-removed", &["security-alternative-removed", "security-lifted"]),
    covered("api-{,global-}security-scope-added", &["security-scope-added"]),
    covered("api-{,global-}security-scope-removed", &["security-scope-removed"]),
    not("api-security-component-{added,removed}", "A scheme concerns callers once an API asks for it, and then the change is told there."),
    noted("api-security-component-type-changed", &["security-scheme-changed"], "It breaks: callers prove who they are in another way."),
    covered("api-security-component-oauth-{url,token-url}-changed", &["security-scheme-updated"]),
    covered("api-security-component-oauth-scope-{added,removed,changed}", &["security-scheme-updated"]),
    // Parameters
    covered("new-required-request-{parameter,default-parameter-to-existing-path}", &["required-parameter-added"]),
    covered("new-optional-request-{parameter,default-parameter-to-existing-path}", &["parameter-added"]),
    noted("new-request-path-parameter", &["api-removed", "api-added"], "A path with one more parameter is another path."),
    noted("request-parameter-removed{,-with-deprecation,-before-sunset}", &["parameter-removed"], "It breaks, deprecated or not: what callers ask for by it no longer happens."),
    not("request-parameter-{sunset-parse,deprecated-sunset-missing,sunset-date-too-small,sunset-deleted,sunset-date-changed-too-small}", SUNSET),
    covered("request-parameter-became-required", &["parameter-became-required"]),
    covered("request-parameter-became-optional", &["parameter-became-optional"]),
    covered("request-parameter-deprecated", &["parameter-deprecated"]),
    covered("request-parameter-reactivated", &["parameter-reactivated"]),
    covered("request-parameter-became-enum", &["enum-added"]),
    covered("request-parameter-{,property-}enum-value-added", &["enum-value-added"]),
    covered("request-parameter-{,property-}enum-value-removed", &["enum-value-removed"]),
    covered("request-parameter-{,property-}became-nullable", &["null-allowed"]),
    covered("request-parameter-{,property-}became-not-nullable", &["null-refused"]),
    covered("request-{parameter,property}-x-extensible-enum-value-removed", &["extensible-value-removed"]),
    covered("request-parameter-{max,min,exclusive-max,exclusive-min}-{decreased,increased,set}", &["range-narrowed", "range-widened"]),
    covered("request-parameter-max-length-{decreased,increased,set}", &["length-narrowed", "length-widened"]),
    covered("request-parameter-min-length-{decreased,increased}", &["length-narrowed", "length-widened"]),
    covered("request-parameter-max-items-{decreased,increased}", &["item-count-narrowed", "item-count-widened"]),
    covered("request-parameter-min-items-{decreased,increased,set}", &["item-count-narrowed", "item-count-widened"]),
    covered("request-parameter-default-value-{added,changed,removed}", &["request-default-changed"]),
    noted("request-parameter-type-{changed,generalized}", &["type-changed", "type-widened", "format-changed", "format-widened"], "In a parameter each number is also a text."),
    covered("request-parameter-property-type-{changed,generalized,specialized}", &["type-changed", "type-widened", "type-narrowed", "format-changed"]),
    covered("request-parameter-{,property-}list-of-types-{widened,narrowed}", &["type-widened", "type-narrowed"]),
    covered("request-header-property-became-required", &["property-became-required"]),
    covered("request-header-property-became-enum", &["enum-added"]),
    covered("new-required-request-header-property", &["required-property-added"]),
    // Request bodies
    covered("request-body-added-required", &["required-request-body-added"]),
    covered("request-body-added-optional", &["request-body-added"]),
    covered("request-body-removed", &["request-body-removed"]),
    covered("request-body-became-required", &["request-body-became-required"]),
    covered("request-body-became-optional", &["request-body-became-optional"]),
    covered("request-body-media-type-added", &["media-type-added"]),
    covered("request-body-media-type-removed", &["media-type-removed"]),
    covered("{request,response}-body-media-type-schema-added", &["schema-added"]),
    covered("{request,response}-body-media-type-schema-removed", &["schema-removed"]),
    not("{request,response}-body-media-type-item-schema-{added,removed}", "`itemSchema` is of OpenAPI 3.2, which is not read."),
    not("response-body-media-type-item-schema-removed-untyped", "`itemSchema` is of OpenAPI 3.2, which is not read."),
    // Responses
    covered("response-success-status-added", &["response-added"]),
    covered("response-non-success-status-added", &["response-added"]),
    covered("response-success-status-removed", &["success-response-removed"]),
    covered("response-non-success-status-removed", &["error-response-removed"]),
    covered("response-media-type-added", &["media-type-added"]),
    covered("response-media-type-removed", &["media-type-removed"]),
    noted("response-media-type-name-generalized", &["media-type-widened"], "Callers say in `Accept` which of the range they take: it keeps them working."),
    covered("response-media-type-name-specialized", &["media-type-narrowed"]),
    noted("response-media-type-name-changed", &["media-type-added", "media-type-removed"], "Parameters of a media type, such as `charset`, count where both sides of it stand beside each other."),
    covered("response-header-added", &["header-added"]),
    noted("{required,optional}-response-header-removed", &["header-removed"], "It breaks where it was optional as well: no response has it any longer."),
    covered("response-header-became-optional", &["header-became-optional"]),
    covered("response-header-became-nullable", &["null-allowed"]),
    covered("response-header-became-not-nullable", &["null-refused"]),
    noted("response-header-type-{changed,generalized,specialized,compatible}", &["type-changed", "type-widened", "type-narrowed"], "In a header each number is also a text."),
    // Types and values
    noted("request-{body,property}-type-{changed,generalized,compatible}", &["type-changed", "type-widened", "format-changed", "format-widened"], "A type counts the same in each media type, XML included."),
    noted("response-{body,property}-type-{changed,generalized,specialized,compatible}", &["type-changed", "type-widened", "type-narrowed", "format-changed"], "A type counts the same in each media type, XML included."),
    covered("{request,response}-{body,property}-list-of-types-{widened,narrowed}", &["type-widened", "type-narrowed"]),
    covered("{request,response}-{body,property}-became-nullable", &["null-allowed"]),
    covered("{request,response}-{body,property}-became-not-nullable", &["null-refused"]),
    covered("request-{body,property}-became-enum", &["enum-added"]),
    covered("request-body-enum-value-removed", &["enum-value-removed"]),
    covered("{request,response}-property-enum-value-added", &["enum-value-added"]),
    covered("{request,response}-property-enum-value-removed", &["enum-value-removed"]),
    covered("response-mediatype-enum-value-removed", &["enum-value-removed"]),
    noted("request-read-only-property-enum-value-removed", &["enum-value-removed"], "Told of the responses alone, where it keeps callers working."),
    noted("response-write-only-property-enum-value-added", &["enum-value-added"], WRITE_ONLY),
    covered("{request,response}-{body,property}-const-{added,removed,changed}", &["enum-added", "enum-removed", "const-changed"]),
    covered("{request,response}-{body,property}-default-value-{added,changed,removed}", &["default-changed", "request-default-changed"]),
    // Bounds
    covered("request-{body,property}-{max,min,exclusive-max,exclusive-min}-{decreased,increased,set}", &["range-narrowed", "range-widened"]),
    covered("response-{body,property}-{max,exclusive-max}-increased", &["range-widened"]),
    covered("response-{body,property}-{min,exclusive-min}-decreased", &["range-widened"]),
    noted("request-read-only-property-{max,exclusive-max}-decreased", &["range-narrowed"], "Told of the responses alone, where it keeps callers working."),
    noted("request-read-only-property-{min,exclusive-min}-increased", &["range-narrowed"], "Told of the responses alone, where it keeps callers working."),
    covered("request-{body,property}-max-length-{decreased,increased,set}", &["length-narrowed", "length-widened"]),
    covered("request-{body,property}-min-length-{decreased,increased}", &["length-narrowed", "length-widened"]),
    noted("request-read-only-property-max-length-decreased", &["length-narrowed"], "Told of the responses alone, where it keeps callers working."),
    covered("response-{body,property}-max-length-{increased,unset}", &["length-widened"]),
    covered("response-{body,property}-min-length-decreased", &["length-widened"]),
    covered("request-{body,property}-max-items-{decreased,increased,set}", &["item-count-narrowed", "item-count-widened"]),
    covered("request-{body,property}-min-items-{decreased,increased,set}", &["item-count-narrowed", "item-count-widened"]),
    noted("request-read-only-property-max-items-decreased", &["item-count-narrowed"], "Told of the responses alone, where it keeps callers working."),
    covered("response-{body,property}-max-items-increased", &["item-count-widened"]),
    covered("response-{body,property}-min-items-{decreased,unset}", &["item-count-widened"]),
    covered("request-{body,property}-max-properties-{decreased,increased,set}", &["property-count-narrowed", "property-count-widened"]),
    covered("request-{body,property}-min-properties-increased", &["property-count-narrowed"]),
    noted("request-read-only-property-max-properties-decreased", &["property-count-narrowed"], "Told of the responses alone, where it keeps callers working."),
    covered("response-{body,property}-max-properties-increased", &["property-count-widened"]),
    covered("response-{body,property}-min-properties-decreased", &["property-count-widened"]),
    covered("{request,response}-{body,property}-unique-items-unset", &["unique-items-lifted"]),
    covered("request-{body,property}-unique-items-set", &["unique-items-required"]),
    covered("request-{body,property}-multiple-of-{set,unset,changed,generalized}", &["multiple-narrowed", "multiple-widened", "multiple-changed"]),
    covered("response-{body,property}-multiple-of-{unset,changed,specialized}", &["multiple-narrowed", "multiple-widened", "multiple-changed"]),
    covered("request-{parameter,property}-pattern-{added,removed,changed}", &["pattern-added", "pattern-removed", "pattern-changed"]),
    covered("response-property-pattern-{added,removed,changed}", &["pattern-added", "pattern-removed", "pattern-changed"]),
    noted("request-{parameter,property}-pattern-generalized", &["pattern-removed", "pattern-changed"], "A pattern that matches any text counts as none; of two others it cannot be told which allows more."),
    // Objects
    noted("new-optional-request-property", &["property-added"], ""),
    covered("new-required-request-property{,-with-default}", &["required-property-added"]),
    noted("request-property-removed", &["property-removed"], "It breaks: what callers ask for by it no longer happens."),
    covered("request-property-became-required{,-with-default}", &["property-became-required"]),
    covered("request-property-became-optional", &["property-became-optional"]),
    covered("response-{optional,required}-property-added", &["property-added", "property-added-to-closed-object"]),
    covered("response-{optional,required}-property-removed", &["property-removed"]),
    covered("response-property-became-optional", &["property-became-optional"]),
    covered("response-property-became-required", &["property-became-required"]),
    noted("response-{optional,required}-write-only-property-{added,removed}", &["property-added", "property-removed"], WRITE_ONLY),
    noted("response-write-only-property-became-{optional,required}", &["property-became-optional", "property-became-required"], WRITE_ONLY),
    noted("{request,response}-{required,optional}-property-became-{read-only,not-read-only}", &["read-only-added", "read-only-removed", "property-became-required"], "A required property that can be sent at last must be sent: that breaks requests."),
    covered("{request,response}-{required,optional}-property-became-{write-only,not-write-only}", &["write-only-added", "write-only-removed"]),
    covered("{request,response}-property-deprecated{,-with-sunset}", &["schema-deprecated"]),
    covered("{request,response}-property-reactivated", &["schema-reactivated"]),
    not("{request,response}-property-{deprecated-sunset-missing,deprecated-sunset-invalid,sunset-date-too-small}", SUNSET),
    // Composition
    covered("{request,response}-{body,property}-{any-of,one-of}-added", &["alternative-added"]),
    covered("{request,response}-{body,property}-{any-of,one-of}-removed", &["alternative-removed"]),
    noted("{request,response}-{body,property}-all-of-{added,removed}", &["type-changed", "required-property-added", "property-added", "property-removed", "length-narrowed", "length-widened"], BY_MEANING),
    noted("{request,response}-{body,property}-all-of-{added,removed}-annotation-only", &["documentation-changed", "example-changed", "default-changed"], BY_MEANING),
    covered("{request,response}-body-wrapped-in-one-of", &["type-changed", "alternative-added"]),
    covered("{request,response}-body-wrapped-in-one-of-original-preserved", &["alternative-added"]),
    covered("{request,response}-{body,property}-discriminator-added", &["discriminator-added"]),
    covered("{request,response}-{body,property}-discriminator-removed", &["discriminator-removed"]),
    covered("{request,response}-{body,property}-discriminator-property-name-changed", &["discriminator-changed"]),
    covered("{request,response}-{body,property}-discriminator-mapping-added", &["discriminator-value-added"]),
    covered("{request,response}-{body,property}-discriminator-mapping-deleted", &["discriminator-value-removed"]),
    covered("{request,response}-{body,property}-discriminator-mapping-changed", &["discriminator-changed"]),
    // JSON Schema 2020-12
    covered("{request,response}-{body,property}-prefix-items-{added,removed}", &["schema-added", "schema-removed"]),
    covered("{request,response}-{body,property}-{if,then,else,contains}-added", &["constraint-added"]),
    covered("{request,response}-{body,property}-{if,then,else,contains}-removed", &["constraint-removed"]),
    covered("{request,response}-{body,property}-{min-contains,max-contains}-{increased,decreased}", &["constraint-added", "constraint-removed"]),
    covered("{request,response}-{body,property}-dependent-required-{added,removed,changed}", &["constraint-added", "constraint-removed", "constraint-changed"]),
    covered("{request,response}-{body,property}-{dependent-schema,pattern-property,property-names,content-schema}-{added,removed}", &["constraint-added", "constraint-removed"]),
    covered("{request,response}-{body,property}-{unevaluated-items,unevaluated-properties}-{added,removed}", &["constraint-added", "constraint-removed"]),
    covered("{request,response}-{body,property}-{content-media-type,content-encoding}-changed", &["constraint-added", "constraint-removed", "constraint-changed"]),
];
