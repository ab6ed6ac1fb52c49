//! The path of the file that a reference names, within the group's folder or not at all.

use super::reference::Problem;
use crate::model::{SETTINGS_FILE, VERSION_FILE};

/// Joins a relative reference to the folder of the file that it stands in (RFC 3986, section 5.2).
pub(super) fn local_path(from: &str, base: &str) -> Result<String, Problem> {
    let scheme = base.split_once(':').map(|(scheme, _)| scheme);
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.chars().all(|each| each.is_ascii_alphanumeric() || "+-.".contains(each))
    };
    if scheme.is_some_and(is_scheme) || base.starts_with("//") {
        return Err(Problem::outside(format!("the reference {base:?} leads out of the workspace")));
    }
    let decoded = percent_decoded(base);
    if decoded.starts_with('/') {
        return Err(Problem::outside(format!("the reference {base:?} is an absolute path")));
    }
    if decoded.contains(['\\', '\0', '?']) {
        return Err(Problem::outside(format!("the reference {base:?} has a character that a path here cannot have")));
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in decoded.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return Err(Problem::outside(format!("the reference {base:?} leads out of the group's folder")));
                }
            }
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    if path == SETTINGS_FILE || path == VERSION_FILE || parts.first() == Some(&"versions") {
        let message = format!("the reference {base:?} leads to {path:?}, which belongs to apigw");
        return Err(Problem { hint: "give the file another name".to_owned(), ..Problem::outside(message) });
    }
    Ok(path)
}

/// Decodes `%xx`; what is no such triplet, or no UTF-8 afterwards, stays as it is.
pub(super) fn percent_decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let triplet = (*first == b'%').then(|| after.get(..2)).flatten();
        let value = triplet.and_then(|digits| std::str::from_utf8(digits).ok());
        if let Some(byte) = value.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            decoded.push(byte);
            rest = after.get(2..).unwrap_or_default();
        } else {
            decoded.push(*first);
            rest = after;
        }
    }
    String::from_utf8(decoded).unwrap_or_else(|_| text.to_owned())
}
