//! Verdicts about features.

/// The deviation of targets that decide by the address of a connection, as `apigw serve` does without a trusted proxy.
pub(super) const ADDRESS_OF_CONNECTION: &str =
    "the address of the connection counts, and no proxy in front is believed";

/// The deviation of targets whose expressions take no semicolons but in the style `matrix`.
pub(super) const NO_SEMICOLONS: &str = "a semicolon within a segment is refused";

/// The deviation of targets that match paths as they were sent.
pub(super) const RAW_LETTERS: &str = "a letter that is percent-encoded without need matches nothing";

/// The deviation of all targets for names that are too long.
pub(super) const LONG_NAME: &str = "a header, a media type or an example whose name has over 256 bytes is left out";

/// The deviation of all targets for mapped headers whose names are too long.
pub(super) const LONG_PARAMETER: &str =
    "a header whose name has over 256 bytes is neither moved nor set, and a caller's own value stays";

/// The deviation of all targets for dynamic routes by long texts.
pub(super) const LONG_CONDITION: &str = "a name and value of over 256 bytes together choose no other backend";

/// The deviation of all targets for long lists in headers about pages of other origins.
pub(super) const LONG_CORS_LIST: &str = "a list of headers over 16 KiB, or an origin over 512 bytes, is left out";

/// The deviation of targets that hold no expression of this length.
pub(super) const LONG_PATTERN: &str =
    "a path, or a rule by which a backend is chosen, that is too long for an expression is left out";

/// The verdict about a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FeatureVerdict {
    Exact,
    Near(&'static str),
    Lost(&'static str),
}
