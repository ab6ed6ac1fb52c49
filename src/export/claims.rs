//! The headers by which proxies tell of a caller. A caller's own reach no backend, as behind `apigw serve`.

/// A header that begins so is one of them.
pub(super) const CLAIM_PREFIX: &str = "x-forwarded-";
/// Those of other names.
pub(super) const CLAIMS: [&str; 4] = ["forwarded", "proxy-authorization", "x-apigw-key", "x-real-ip"];
/// Those that begin so and are well known, for a target that removes headers by their whole name, but for the ones that
/// proxies write themselves.
pub(super) const KNOWN_CLAIMS: [&str; 12] = [
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
