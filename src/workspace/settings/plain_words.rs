//! Errors of parsers in the terms of the files that people write: no word of a library, and the name that was meant.

use crate::model::nearest;

/// Rewrites an error of the YAML parser.
pub(super) fn of_yaml(error: &serde_saphyr::Error) -> String {
    use serde_saphyr::Error;
    match error {
        Error::Unexpected { expected, .. } => expected_value(expected, YAML_FIELD),
        Error::SerdeInvalidType { expected, .. }
        | Error::SerdeInvalidValue { expected, .. }
        | Error::SerdeInvalidLength { expected, .. } => expected_value(expected, YAML_FIELD),
        Error::InvalidScalar { ty, .. } => expected_value(ty, YAML_FIELD),
        Error::InvalidBooleanStrict { .. } => expected_value("bool", YAML_FIELD),
        Error::SerdeUnknownField { field, expected, .. } => unknown_field(field, expected),
        Error::SerdeMissingField { field, .. } => missing_field(field),
        Error::SerdeUnknownVariant { variant, expected, .. } => unknown_value(variant, expected),
        Error::NullIntoString { .. } | Error::UnexpectedSequenceEnd { .. } | Error::UnexpectedMappingEnd { .. } => {
            "a value is missing here".to_owned()
        }
        Error::MultipleDocuments { .. } => "the file holds several documents, and one is expected".to_owned(),
        Error::UnknownAnchor { .. } => "an alias is used here, and its anchor is missing".to_owned(),
        Error::DuplicateMappingKey { key: Some(key), .. } => format!("the key `{key}` is repeated"),
        Error::DuplicateMappingKey { key: None, .. } => REPEATED_KEY.to_owned(),
        Error::Eof { .. } => "the file ends too early".to_owned(),
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            "the file is larger, or nested more deeply, than any such file".to_owned()
        }
        other => {
            let text = other.to_string();
            let line = text.lines().next().unwrap_or("the file cannot be read");
            // The place is said with it.
            line.rsplit_once(" at line ").map_or(line, |(message, _)| message).to_owned()
        }
    }
}

/// Rewrites a message of the TOML parser, which has the facts in its text alone: those of serde, whose form is fixed.
pub(super) fn of_toml(message: &str) -> String {
    let expected = || message.split_once(", expected ").map_or("", |(_, expected)| expected);
    let names: Vec<&str> = quoted(expected()).collect();
    let subject = quoted(message).next().unwrap_or_default();
    if message.starts_with("unknown field ") {
        unknown_field(subject, &names)
    } else if message.starts_with("unknown variant ") {
        unknown_value(subject, &names)
    } else if message.starts_with("missing field ") {
        missing_field(subject)
    } else if message.starts_with("duplicate key") {
        REPEATED_KEY.to_owned()
    } else if ["invalid type: ", "invalid value: ", "invalid length "].iter().any(|start| message.starts_with(start)) {
        expected_value(expected(), "name = value")
    } else {
        message.to_owned()
    }
}

const REPEATED_KEY: &str = "a key is repeated";

/// Lists the names between backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn missing_field(field: &str) -> String {
    format!("the field `{field}` is missing")
}

fn unknown_field(field: &str, known: &[&str]) -> String {
    match nearest(field, known.iter().copied()) {
        Some(near) => format!("unknown field `{field}`: did you mean `{near}`?"),
        None if known.is_empty() => format!("unknown field `{field}`: there are none here"),
        None => format!("unknown field `{field}`: the fields here are {}", known.join(", ")),
    }
}

fn unknown_value(value: &str, known: &[&str]) -> String {
    match nearest(value, known.iter().copied()) {
        Some(near) => format!("`{value}` is unknown: did you mean `{near}`?"),
        None => format!("`{value}` is unknown: it is one of {}", known.join(", ")),
    }
}

/// A field as YAML writes it.
const YAML_FIELD: &str = "name: value";

/// Names an expected value; `field` is an example of a field. The parser names it by a type of its own or of the
/// program's.
fn expected_value(expected: &str, field: &str) -> String {
    let is_number = expected.starts_with(['i', 'u']) && expected[1..].parse::<u8>().is_ok() || expected == "usize";
    match expected {
        _ if expected.contains("sequence") => "a list is expected here, like `[one, two]`".to_owned(),
        _ if expected.contains("mapping") || expected.starts_with("struct ") || expected.contains("map") => {
            format!("fields are expected here, like `{field}`")
        }
        _ if expected.contains("scalar") => "a single value is expected here".to_owned(),
        _ if is_number => "a whole number is expected here".to_owned(),
        "f32" | "f64" => "a number is expected here".to_owned(),
        "bool" | "boolean" | "a boolean" => "`true` or `false` is expected here".to_owned(),
        "str" | "string" | "a string" => "text is expected here".to_owned(),
        other => format!("{other} is expected here"),
    }
}
