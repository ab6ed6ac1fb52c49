//! The enforced formats: in requests, by the gateway and `apigw call`; in examples, by `apigw check`.
//!
//! All other formats are annotations (JSON Schema 2020-12 Validation, section 7; OpenAPI 3.1.1, "Data Type Format";
//! OpenAPI Format Registry).

use jsonschema::ValidationOptions;
use serde_json::{Map, Number, Value, json};

use super::exact;

/// A format that is enforced.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EnforcedFormat {
    /// The name.
    pub(crate) name: &'static str,
    /// A description of the values that have the format.
    pub(crate) meaning: &'static str,
    /// The condition to enforce.
    rule: FormatRule,
}

#[derive(Debug, Clone, Copy)]
enum FormatRule {
    /// An integer in a range.
    Integers(i64, u64),
    /// A number up to an absolute value.
    Size(f64),
    /// A text with a format of JSON Schema.
    JsonSchema,
    /// A text with a format of OpenAPI.
    Text(fn(&str) -> bool),
}

/// The first integer that a double shares with the next one, 2^53.
const FIRST_ROUNDED: f64 = 9_007_199_254_740_992.0;

const fn number(name: &'static str, low: i64, high: u64, meaning: &'static str) -> EnforcedFormat {
    EnforcedFormat { name, meaning, rule: FormatRule::Integers(low, high) }
}

const fn text(name: &'static str, meaning: &'static str) -> EnforcedFormat {
    EnforcedFormat { name, meaning, rule: FormatRule::JsonSchema }
}

/// The enforced formats.
pub(crate) const ENFORCED_FORMATS: &[EnforcedFormat] = &[
    number("int8", i8::MIN as i64, i8::MAX as u64, "a number from -128 to 127"),
    number("int16", i16::MIN as i64, i16::MAX as u64, "a number from -32768 to 32767"),
    number("int32", i32::MIN as i64, i32::MAX as u64, "a number from -2147483648 to 2147483647"),
    number("int64", i64::MIN, i64::MAX as u64, "a number of 64 bits with a sign"),
    number("uint8", 0, u8::MAX as u64, "a number from 0 to 255"),
    number("uint16", 0, u16::MAX as u64, "a number from 0 to 65535"),
    number("uint32", 0, u32::MAX as u64, "a number from 0 to 4294967295"),
    number("uint64", 0, u64::MAX, "a number of 64 bits without a sign"),
    EnforcedFormat { name: "float", meaning: "a number of 32 bits", rule: FormatRule::Size(f32::MAX as f64) },
    EnforcedFormat { name: "double", meaning: "a number of 64 bits", rule: FormatRule::Size(f64::MAX) },
    EnforcedFormat { name: "byte", meaning: "base64 (RFC 4648, section 4)", rule: FormatRule::Text(is_base64) },
    EnforcedFormat {
        name: "base64url",
        meaning: "base64url (RFC 4648, section 5)",
        rule: FormatRule::Text(is_base64url),
    },
    EnforcedFormat { name: "char", meaning: "a single character", rule: FormatRule::Text(is_character) },
    text("date", "a date (RFC 3339, full-date)"),
    text("date-time", "a date with time and offset (RFC 3339, date-time)"),
    text("time", "a time with offset (RFC 3339, full-time)"),
    text("duration", "a duration (RFC 3339, appendix A)"),
    text("email", "an email address (RFC 5321)"),
    text("hostname", "a host name (RFC 1123)"),
    text("ipv4", "an IPv4 address (RFC 2673)"),
    text("ipv6", "an IPv6 address (RFC 4291)"),
    text("uri", "a URI (RFC 3986)"),
    text("uri-reference", "a URI or a relative reference (RFC 3986)"),
    text("uri-template", "a URI template (RFC 6570)"),
    text("iri", "an IRI (RFC 3987)"),
    text("iri-reference", "an IRI or a relative reference (RFC 3987)"),
    text("uuid", "a UUID (RFC 4122)"),
    text("json-pointer", "a JSON Pointer (RFC 6901)"),
    text("relative-json-pointer", "a relative JSON Pointer"),
    text("regex", "a regular expression (ECMA-262)"),
];

/// Returns the least and the greatest integer of a format; `None` where it is none of integers.
pub(crate) fn integer_range(name: &str) -> Option<(i64, u64)> {
    match find(name)?.rule {
        FormatRule::Integers(least, most) => Some((least, most)),
        _ => None,
    }
}

/// True if a format is one of numbers.
pub(crate) fn is_number_format(name: &str) -> bool {
    find(name).is_some_and(|format| matches!(format.rule, FormatRule::Integers(..) | FormatRule::Size(_)))
}

fn find(name: &str) -> Option<&'static EnforcedFormat> {
    ENFORCED_FORMATS.iter().find(|format| format.name == name)
}

/// Makes a validator enforce the formats of texts.
pub(in crate::definition) fn with_formats(options: ValidationOptions<'_>) -> ValidationOptions<'_> {
    let options = options.should_validate_formats(true).should_ignore_unknown_formats(true);
    ENFORCED_FORMATS.iter().fold(options, |options, format| match format.rule {
        FormatRule::Text(rule) => options.with_format(format.name, rule),
        _ => options,
    })
}

/// Returns the least and the greatest number of a format.
fn number_range(format: &str) -> Option<(Number, Number)> {
    match find(format)?.rule {
        FormatRule::Integers(low, high) => Some((low.into(), high.into())),
        FormatRule::Size(size) => Some((Number::from_f64(-size)?, Number::from_f64(size)?)),
        FormatRule::JsonSchema | FormatRule::Text(_) => None,
    }
}

/// True if a number is within the range of a format.
pub(in crate::definition) fn allows_number(format: &str, number: &Number) -> bool {
    match (find(format).map(|format| format.rule), number.as_i64(), number.as_u64(), number.as_f64()) {
        (Some(FormatRule::Integers(low, _)), Some(number), None, _) => number >= low,
        (Some(FormatRule::Integers(_, high)), _, Some(number), _) => number <= high,
        // The number is written with a fraction, or it is beyond 64 bits and was rounded, maybe to the bound itself.
        #[expect(clippy::cast_precision_loss, reason = "the bounds are next to powers of two")]
        (Some(FormatRule::Integers(low, high)), None, None, Some(number)) => {
            let (low, high) = (low as f64, high as f64);
            let is_exact = number.abs() < FIRST_ROUNDED;
            if is_exact { number >= low && number <= high } else { number > low && number < high }
        }
        (Some(FormatRule::Size(size)), .., Some(number)) => number.abs() <= size,
        _ => true,
    }
}

/// Adds the range of a number format to a schema, since validators enforce formats of texts only.
pub(super) fn add_number_range(fields: &mut Map<String, Value>) {
    let Some((low, high)) = fields.get("format").and_then(Value::as_str).and_then(number_range) else { return };
    let mut range = json!({ "minimum": low, "maximum": high });
    if low.as_i64() == Some(i64::MIN) {
        range[exact::ROUNDED_MINIMUM] = Value::Bool(true);
    }
    match fields.entry("allOf").or_insert_with(|| json!([])) {
        Value::Array(parts) => parts.push(range),
        other => *other = json!([range]),
    }
}

/// True if it is an `allOf` that consists of the range of a number format.
pub(super) fn is_number_range(parts: &Value) -> bool {
    let is_range = |part: &Value| part.as_object().is_some_and(|part| part.keys().all(|key| key.ends_with("imum")));
    parts.as_array().is_some_and(|parts| parts.iter().all(is_range))
}

fn is_base64(text: &str) -> bool {
    is_encoded(text, b'+', b'/') && text.len().is_multiple_of(4)
}

fn is_base64url(text: &str) -> bool {
    is_encoded(text, b'-', b'_') && (text.len().is_multiple_of(4) || !text.ends_with('=') && text.len() % 4 != 1)
}

/// True if a text has only base64 letters, with up to two padding characters at its end.
fn is_encoded(text: &str, second_last: u8, last: u8) -> bool {
    let letters = text.trim_end_matches('=');
    text.len() - letters.len() <= 2
        && letters.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == second_last || byte == last)
}

fn is_character(text: &str) -> bool {
    text.chars().count() == 1
}
