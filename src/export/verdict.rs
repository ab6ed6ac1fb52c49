//! Verdicts about features.

/// The deviation of targets that decide by the address of a connection, as `apigw serve` does without a trusted proxy.
pub(super) const ADDRESS_OF_CONNECTION: &str =
    "the address of the connection counts, and no proxy in front is believed";

/// The deviation of targets whose expressions take no semicolons but in the style `matrix`.
pub(super) const NO_SEMICOLONS: &str = "a semicolon within a segment is refused";

/// The deviation of targets that match paths as they were sent.
pub(super) const RAW_LETTERS: &str = "a letter that is percent-encoded without need matches nothing";

/// The verdict about a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FeatureVerdict {
    Exact,
    Near(&'static str),
    Lost(&'static str),
}
