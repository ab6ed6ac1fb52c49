//! The rule over `max_body_kib` in `group.yaml`.

use super::places::SettingsPlaces;
use super::rules::settings::SIGNED_BODY_LIMIT;
use super::subject::CheckedGroup;
use crate::model::{Finding, KeyKind, MOST_SIGNED_BODY_BYTES};

/// Finds a limit above what a signed body may have.
pub(super) fn finding(subject: &CheckedGroup<'_>, places: &SettingsPlaces) -> Option<Finding> {
    let most_kib = MOST_SIGNED_BODY_BYTES / 1024;
    let group = subject.settings.filter(|group| group.auth.takes(KeyKind::Signature))?;
    let kib = group.max_body_kib.filter(|kib| u64::from(*kib) > most_kib)?;
    let message = format!("a signed body may have {most_kib} KiB, and `max_body_kib` allows {kib}");
    let hint = format!("write `max_body_kib: {most_kib}`; APIs with `x-apigw-unsigned-body: true` stream larger ones");
    Some(SIGNED_BODY_LIMIT.finding(places.value(&["max_body_kib"]), message, hint))
}
