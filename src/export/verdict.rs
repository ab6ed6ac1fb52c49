//! Verdicts about features.

/// The verdict about a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FeatureVerdict {
    Exact,
    Near(&'static str),
    Lost(&'static str),
}
