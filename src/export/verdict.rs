//! Verdicts about features.

/// The deviation of targets that decide by the address of a connection, as `apigw serve` does without a trusted proxy.
pub(super) const ADDRESS_OF_CONNECTION: &str =
    "the address of the connection counts, and no proxy in front is believed";

/// The verdict about a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FeatureVerdict {
    Exact,
    Near(&'static str),
    Lost(&'static str),
}
