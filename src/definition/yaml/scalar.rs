//! Plain scalars in YAML 1.2's core schema (section 10.3.2).

use serde_json::Number;

/// The value of a plain scalar.
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Number(Number),
    Text,
}

/// Parses a plain scalar; a number with leading zeros stays a text, since authors mean one.
pub(super) fn plain(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "true" | "True" | "TRUE" => Scalar::Bool(true),
        "false" | "False" | "FALSE" => Scalar::Bool(false),
        _ => parse_number(text).map_or(Scalar::Text, Scalar::Number),
    }
}

/// Returns `true` if a number is surely the one that its text is. A double holds 15 digits, within its exponents.
pub(super) fn is_exact(number: &Number, text: &str) -> bool {
    const MOST_DIGITS: usize = 15;
    if number.is_i64() || number.is_u64() {
        return true;
    }
    let digits = text.split(['e', 'E']).next().unwrap_or_default();
    let digits = digits.trim_start_matches(['-', '+', '0', '.']).bytes().filter(u8::is_ascii_digit).count();
    digits <= MOST_DIGITS && (digits == 0 || number.as_f64().is_some_and(f64::is_normal))
}

/// Returns the integer that a number is rounded to, if its text is an integer that no number holds exactly: beyond 64
/// bits, only the ones are exact that a double has.
pub(super) fn rounded_integer(text: &str, number: &Number) -> Option<String> {
    let value = number.as_f64().filter(|_| !number.is_i64() && !number.is_u64())?;
    let digits = text.trim_start_matches('+');
    let is_integer = digits.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit());
    let rounded = format!("{value:.0}");
    (is_integer && rounded != digits).then_some(rounded)
}

fn parse_number(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return None;
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            let digits = digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(digits)?;
            return u64::from_str_radix(digits, radix).ok().map(Number::from);
        }
    }
    let mut digits = unsigned.bytes();
    if digits.next() == Some(b'0') && digits.next().is_some_and(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        let written = text.strip_prefix('+').unwrap_or(text);
        if let Ok(value) = written.parse::<u64>() {
            return Some(value.into());
        }
        if let Ok(value) = written.parse::<i64>() {
            return Some(value.into());
        }
    }
    let float_like = |byte: u8| byte.is_ascii_digit() || b".eE+-".contains(&byte);
    if !unsigned.bytes().all(float_like) || !unsigned.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse::<f64>().ok().and_then(Number::from_f64)
}
