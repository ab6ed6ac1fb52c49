//! What is wrong with a name of a media type.

use crate::model::{MediaRange, media_type_parameter, split_unquoted, token_or_quoted};

/// Returns a hint for the name of a media type or a range; `None` if it is valid.
pub(super) fn media_type_hint(text: &str) -> Option<String> {
    let mut parts = split_unquoted(text, ';').into_iter();
    let essence = parts.next().filter(|essence| essence.contains('/')).and_then(MediaRange::of_name);
    let Some(mut media_type) = essence else {
        return Some("write a media type like \"application/json\", or a range like \"text/*\"".to_owned());
    };
    parts.filter(|part| !part.is_empty()).find_map(|part| {
        if media_type.add(part).is_some() {
            return None;
        }
        if let Some((name, _)) = media_type_parameter(part) {
            return Some(format!("a parameter is given twice: {name}"));
        }
        Some(quoted_parameter(part).map_or_else(
            || "write a parameter as name=value without blanks, or as name=\"value\"".to_owned(),
            |quoted| format!("quote the parameter's value: `{quoted}`"),
        ))
    })
}

/// Returns a parameter with its value in quotes, where that is all that it lacks.
fn quoted_parameter(part: &str) -> Option<String> {
    let (name, value) = part.split_once('=')?;
    let is_bare = !value.starts_with([' ', '\t', '"']) && !value.contains(char::is_control);
    let quoted = format!("{name}={}", token_or_quoted(value));
    (is_bare && media_type_parameter(&quoted).is_some()).then_some(quoted)
}
