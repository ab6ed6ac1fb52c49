//! The address of a backend, as it is typed.

use crate::check;
use crate::cli::error::CommandError;

/// Refuses what is not the address of a backend; an empty one removes the setting.
pub(super) fn check(text: &str) -> Result<(), CommandError> {
    // As in JSON, the text may stand between quotes.
    let text = serde_json::from_str::<String>(text).unwrap_or_else(|_| text.to_owned());
    let Some(message) = check::address_error(&text).filter(|_| !text.is_empty()) else { return Ok(()) };
    let error = CommandError::invalid("invalid-setting", format!("nothing was changed: {message}"));
    let with_scheme = format!("http://{text}");
    let is_without_scheme = !text.contains("://") && check::address_error(&with_scheme).is_none();
    Err(if is_without_scheme { error.hint(format!("did you mean {with_scheme:?}?")) } else { error })
}
