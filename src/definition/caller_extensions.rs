//! The extensions of a definition that tell callers something.

/// Extensions for callers; all others are notes of those who run the API.
const FOR_CALLERS: [&str; 12] = [
    "x-apigw-match",
    "x-apigw-unsigned-body",
    "x-apigw-websocket",
    "x-code-samples",
    "x-codeSamples",
    "x-displayName",
    "x-enum-descriptions",
    "x-enum-varnames",
    "x-enumDescriptions",
    "x-enumNames",
    "x-sunset",
    "x-tagGroups",
];

/// True if callers are told of an extension: it is in bundled definitions, and its changes are in theirs.
pub(crate) fn is_for_callers(extension: &str) -> bool {
    FOR_CALLERS.contains(&extension)
}
