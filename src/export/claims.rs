//! The headers by which proxies tell of a caller. A caller's own reach no backend, as behind `apigw serve`.

/// A header that begins so is one of them.
const CLAIM_PREFIX: &str = "x-forwarded-";
/// Those of other names.
const CLAIMS: [&str; 4] = ["forwarded", "proxy-authorization", "x-apigw-key", "x-real-ip"];
/// Those that begin so and are well known, for a target that removes headers by their whole name, but for the ones that
/// proxies write themselves.
const KNOWN_CLAIMS: [&str; 12] = [
    "x-forwarded-access-token",
    "x-forwarded-client-cert",
    "x-forwarded-email",
    "x-forwarded-groups",
    "x-forwarded-port",
    "x-forwarded-preferred-username",
    "x-forwarded-roles",
    "x-forwarded-scheme",
    "x-forwarded-server",
    "x-forwarded-ssl",
    "x-forwarded-uri",
    "x-forwarded-user",
];

/// Lists the headers that a target removes by name, but for those that settings write.
pub(super) fn removed_by_name(is_written: impl Fn(&str) -> bool) -> Vec<&'static str> {
    CLAIMS.into_iter().chain(KNOWN_CLAIMS).filter(|name| !is_written(name)).collect()
}

/// Headers that become others, which the gateway writes, where underscores are hyphens.
const OWN_WITH_UNDERSCORES: [&str; 5] =
    ["content_length", "transfer_encoding", "x-request_id", "x_request-id", "x_request_id"];

/// Writes the expression of all of them, in lower case. An underscore counts as a hyphen: a backend behind CGI sees
/// `X_Apigw_Key` and `X-Apigw-Key` under one name.
pub(super) fn claims_pattern() -> String {
    let either = |name: &str| name.replace('-', "[-_]");
    let names: Vec<String> = CLAIMS.into_iter().map(either).chain(OWN_WITH_UNDERSCORES.map(str::to_owned)).collect();
    format!("{}.*|{}", either(CLAIM_PREFIX), names.join("|"))
}
