//! JSON whose objects have each member once.
//!
//! Of a member that is there twice, one parser takes the first value and another the last (RFC 8259, section 4): what
//! was judged would not be what a backend reads.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// The beginning of the message for a member that is there twice.
const REPEATED: &str = "has a member more than once";

/// A parsed value.
struct UniqueValue(Value);

struct UniqueVisitor;

/// Parses JSON; fails for a member that is there twice as well.
pub(crate) fn parse(text: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_slice::<UniqueValue>(text).map(|parsed| parsed.0)
}

/// True if a text is JSON, but has a member twice.
pub(crate) fn is_repeated(error: &serde_json::Error) -> bool {
    error.is_data() && error.to_string().starts_with(REPEATED)
}

impl<'de> Deserialize<'de> for UniqueValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Self)
    }
}

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(UniqueValue(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((name, UniqueValue(value))) = members.next_entry::<String, _>()? {
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom(REPEATED));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_parsed_as_by_serde_json_but_for_members_that_are_there_twice() {
        for text in [
            r#"{"a": [1, -1, 1.5, 1e400, 18446744073709551615, true, null, "\u0061"], "b": {"a": {}}}"#,
            "[1,]",
            "",
            "1 2",
            r#""x""#,
            "{}",
        ] {
            let expected = serde_json::from_str::<Value>(text);
            let found = parse(text.as_bytes());
            assert_eq!(found.map_err(|error| error.to_string()), expected.map_err(|error| error.to_string()), "{text}");
        }
        for text in [r#"{"role": "admin", "role": "user"}"#, r#"[{"a": {"role": 1, "r\u006fle": 1}}]"#] {
            assert!(parse(text.as_bytes()).is_err_and(|error| is_repeated(&error)), "{text}");
        }
        assert!(!parse(b"[1").is_err_and(|error| is_repeated(&error)));
    }
}
