//! Resolution of a reference to the path of a file in the group's folder.

use super::reference::error::ReferenceError;
use crate::model::is_reserved_file;

/// Resolves a relative reference against the folder of its file (RFC 3986, section 5.2).
///
/// `above` lists the folders that contain the definition's folder, from the outermost to its own: a path may lead up
/// through as many of them, and then begins with as many `..`. A definition in its group has none.
pub(super) fn local_path(from: &str, base: &str, above: &[String]) -> Result<String, ReferenceError> {
    let scheme = base.split_once(':').map(|(scheme, _)| scheme);
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.chars().all(|each| each.is_ascii_alphanumeric() || "+-.".contains(each))
    };
    if scheme.is_some_and(is_scheme) || base.starts_with("//") {
        return Err(ReferenceError::outside(format!("the reference {base:?} leads out of the workspace")));
    }
    let decoded = percent_decoded(base);
    if decoded.starts_with('/') {
        return Err(ReferenceError::outside(format!("the reference {base:?} is an absolute path")));
    }
    if decoded.contains(['\\', '\0', '?']) {
        return Err(ReferenceError::outside(format!(
            "the reference {base:?} has a character that a path here cannot have"
        )));
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in decoded.split('/') {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(&last) if last != ".." => drop(parts.pop()),
                _ if parts.len() < above.len() => parts.push(".."),
                _ => {
                    return Err(ReferenceError::outside(format!(
                        "the reference {base:?} leads out of the group's folder"
                    )));
                }
            },
            part => {
                // Back down into a folder that the path has just left: both steps cancel, so that each file has one
                // name.
                let depth = parts.iter().take_while(|part| **part == "..").count();
                let passed = above.len().checked_sub(depth).and_then(|index| above.get(index));
                if depth == parts.len() && depth > 0 && passed.is_some_and(|folder| folder == part) {
                    parts.pop();
                } else {
                    parts.push(part);
                }
            }
        }
    }
    let path = parts.join("/");
    if parts.iter().any(|part| part.starts_with('.') && *part != "..") && parts.first() == Some(&"..") {
        let message = format!("the reference {base:?} leads to {path:?}, which is hidden");
        return Err(ReferenceError::outside(message));
    }
    if parts.iter().any(|part| part.eq_ignore_ascii_case(".git")) {
        return Err(ReferenceError::outside(format!("the reference {base:?} leads to {path:?}, which belongs to Git")));
    }
    if above.is_empty() && is_reserved_file(&path) {
        let message = format!("the reference {base:?} leads to {path:?}, which belongs to apigw");
        return Err(ReferenceError {
            hint: "give the file another name".to_owned(),
            ..ReferenceError::outside(message)
        });
    }
    Ok(path)
}

/// Decodes `%xx`; invalid triplets are kept, and so is a text that would not be UTF-8.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_up_as_far_as_there_are_folders_and_has_one_spelling() {
        let above: Vec<String> = ["w", "specs", "api"].map(str::to_owned).into();
        for (from, base, above, expected) in [
            ("a.yaml", "b/c.yaml", &[][..], Some("b/c.yaml")),
            ("b/c.yaml", "../a.yaml", &[], Some("a.yaml")),
            ("a.yaml", "../c.yaml", &[], None),
            ("a.yaml", "group.yaml", &[], None),
            ("a.yaml", "group.yaml", &above, Some("group.yaml")),
            ("a.yaml", "../common/c.yaml", &above, Some("../common/c.yaml")),
            ("../common/c.yaml", "d.yaml", &above, Some("../common/d.yaml")),
            ("../common/c.yaml", "../api/a.yaml", &above, Some("a.yaml")),
            ("../common/c.yaml", "../../e.yaml", &above, Some("../../e.yaml")),
            ("../../e.yaml", "specs/api/a.yaml", &above, Some("a.yaml")),
            ("../../e.yaml", "specs/common/c.yaml", &above, Some("../common/c.yaml")),
            ("../../e.yaml", "api/a.yaml", &above, Some("../../api/a.yaml")),
            ("a.yaml", "../../../e.yaml", &above, Some("../../../e.yaml")),
            ("a.yaml", "../../../../e.yaml", &above, None),
            ("a.yaml", "../.ssh/id", &above, None),
            ("a.yaml", ".shared/id", &above, Some(".shared/id")),
            ("a.yaml", ".git/id", &above, None),
            ("a.yaml", "b/.GIT/id", &[], None),
            ("a.yaml", "b.git/id", &[], Some("b.git/id")),
        ] {
            let path = local_path(from, base, above).ok();
            assert_eq!(path.as_deref(), expected, "{base} in {from}");
        }
    }
}
